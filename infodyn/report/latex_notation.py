"""The first section of the document: conventions, the rules of calculation, and the notations that claims use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from proofs_checks.claim import Claim
from theory.kernel.index.bracket import Channel
from theory.language.definitions import UNFOLD
from theory.language.terms import Term, make, walk
from theory.typeset.latex import term_latex
from theory.typeset.sums import element_term
from theory.typeset.tidy import product, quotient, tidy


@dataclass(frozen=True)
class Row:
    """A formula and the words beside it (both LaTeX)."""

    formula: str
    words: str


CONVENTIONS = (
    r"The data $X_0$ in $\mathbb{R}^D$ have the law $p_0$, a density against the law's own base measure (counting"
    r" measure for atoms). The forward process $dX_t = a X_t\,dt + g\,dW_t$ is linear, with functions $a$ and $g > 0$"
    r" of the time $t$; given $X_0$ it is Gaussian, $X_t = \alpha X_0 + \sigma\varepsilon$, with density"
    r" $k(x \mid X_0)$, and $p_t$ is the density of $X_t$. Generative time runs backwards. Entropies are in nats.",
    r"$\mathbb{E}[\,\cdot\,]$ averages over $X_0$ and $X_t$ together, $\langle\,\cdot\,\rangle ="
    r" \mathbb{E}[\,\cdot \mid x]$ over $X_0$ given $X_t = x$; $Z$ is the label of a mixture's component, with weight"
    r" $w_Z$. $\nabla v$ is the Jacobian $(\partial_j v_i)$, $u \otimes v$ the matrix $(u_i v_j)$, and $\partial_t$ is"
    r" taken at fixed $x$ and $X_0$. A rate $d/dt$ is along the process. $I$ is the identity matrix.",
)


def _rules() -> tuple[Row, ...]:
    rate = term_latex(element_term(Channel().kernel_rate))
    return (
        Row(r"\alpha' = a\alpha, \qquad (\sigma^2)' = 2a\sigma^2 + g^2", "the schedule"),
        Row(r"p_t(x) = \int p_0(X_0)\, k(x \mid X_0)\, dX_0", "the marginal"),
        Row(r"\nabla\log k(x \mid X_0) = \frac{\alpha X_0 - x}{\sigma^2}", "the kernel is Gaussian"),
        Row(rf"\partial_t \log k(x \mid X_0) = {rate}", "and moves with the schedule"),
        Row(r"\partial\log p_t = \langle\partial\log k\rangle", r"for $\partial = \nabla$ or $\partial_t$"),
        Row(
            r"\partial\langle w\rangle = \langle\partial w\rangle + \langle w\,\partial\ell\rangle"
            r" - \langle w\rangle\langle\partial\ell\rangle, \qquad \ell = \log k",
            "posterior averages",
        ),
        Row(r"\partial_t\,\mathbb{E}[w] = \mathbb{E}[\partial_t w + w\,\partial_t\log k]", "averages"),
        Row(r"\mathbb{E}[w] = \mathbb{E}\langle w\rangle", "the tower property"),
        Row(
            r"\mathbb{E}[\nabla\cdot V + V\cdot\nabla\log k(x \mid X_0)] = 0",
            r"integration by parts, if the flux $V k p_0$ decays",
        ),
    )


RULES = _rules()

_WORDS = {
    "entropy": "entropy", "information": "mutual information", "mmse": "least mean squared error", "score": "score",
    "score_c": "conditional score", "score_z": "score of a component", "post_mean": "posterior mean",
    "posterior": "posterior density (Bayes)", "posterior_z": "posterior of the label",
    "snr": "signal-to-noise ratio", "nu": "noise-to-signal ratio", "cov_post": "posterior covariance",
    "var_post": "posterior variance", "var": "variance", "covar": "covariance", "rate": "rate in another clock",
    "qv": "quadratic variation, as a rate", "cov": "covariance",
    "drift": r"It\^o drift", "noise": r"It\^o noise, a row vector",
}  # fmt: skip
_SPELLED = {
    "posterior": quotient(product([make("p0"), make("kern")]), make("p")),
    "posterior_z": quotient(product([make("wz"), make("pz")]), make("p")), "post_mean": make("post", (make("X0"),)),
}  # fmt: skip
_SKIP = frozenset({"sub", "neg", "quot", "div", "jac", "lap", "normsq", "frobsq"})


def notation_rows(claims: Sequence[Claim]) -> list[Row]:
    """What each notation used in ``claims`` stands for, typeset from the table of definitions."""
    used: dict[tuple[str, Any], Term] = {}
    for claim in claims:
        for term in _terms(tuple(claim.statements.values())):
            for node in walk(term):
                if node.op in UNFOLD and node.op not in _SKIP and not (node.op == "rate" and node.data == "t"):
                    used.setdefault((node.op, node.data), _sample(node))
    order = list(_WORDS)
    keys = sorted(used, key=lambda key: (order.index(key[0]) if key[0] in order else 99, str(key[1])))
    rows = {}
    for key in keys:
        node = used[key]
        stands = _SPELLED.get(node.op)
        if stands is None:
            stands = tidy(UNFOLD[node.op](node.args, node.data), frozenset(node.args))
        formula = f"{term_latex(node)} = {term_latex(stands)}"
        rows[formula] = Row(formula, _WORDS.get(node.op, node.op.replace("_", " ")))
    return list(rows.values())


def _sample(node: Term) -> Term:
    """The notation applied to plain letters: drift[F], Var(F), rather than to what a claim happens to put in."""
    plain = tuple(_letter(t) for t in node.args)
    return node if node.op in ("cov_post",) else make(node.op, plain, node.data)


def _letter(term: Term) -> Term:
    if term.op in ("num", "sym"):
        return make("sym", (), "lambda")
    return make("field", (), ("F" if term.rank == 0 else "v", min(term.rank, 1)))


def _terms(value: Any) -> Iterator[Term]:
    if isinstance(value, Term):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _terms(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for f in fields(value):
            yield from _terms(getattr(value, f.name))
