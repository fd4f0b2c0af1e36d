"""One side of a statement, unfolded stage by stage: definitions, Bayes' rule, derivatives, the Gaussian kernel.

Untrusted: each stage is a term that says the same as the one before, and the tests ask the kernel about every pair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from theory.kernel.errors import KernelError
from theory.kernel.index.lower import Lowering
from theory.kernel.index.monomials import Element
from theory.language.definitions import LINEAR_DRIFT, UNFOLD, split_log, unfold
from theory.language.terms import Term, TermError, make, rebuild, walk
from theory.typeset import derivatives
from theory.typeset.contractions import NoVectorFormError
from theory.typeset.sums import element_term
from theory.typeset.tidy import ONE, quotient, signed_sum, summands, tidy

Rule = Callable[[Term], "Term | None"]


@dataclass(frozen=True)
class Why:
    """A justification, as plain text and as LaTeX (words, with formulas in dollars)."""

    text: str
    latex: str = ""

    @property
    def tex(self) -> str:
        """The LaTeX form."""
        return self.latex or self.text


@dataclass(frozen=True)
class Line:
    """A term, and why it equals the line before."""

    term: Term
    why: tuple[Why, ...]


BAYES = Why("Bayes' rule; the logarithm of a product")
UNDER_E = Why(
    "differentiation under E: dt E[w] = E[dt w + w dt log k]",
    r"differentiation under $\mathbb{E}$: $\partial_t \mathbb{E}[w] = \mathbb{E}[\partial_t w + w\,\partial_t\log k]$",
)
UNDER_P = Why(
    "d log p = E[d log k|x], for p is the average of k",
    r"$\partial \log p_t = \mathbb{E}[\partial \log k \mid x]$, for $p_t$ is the average of $k$",
)
UNDER_POST = Why(
    "posterior averages: d<w> = <dw> + <w dl> - <w><dl>, l = log k",
    r"posterior averages: $\partial\langle w\rangle = \langle \partial w\rangle + \langle w\,\partial\ell\rangle"
    r" - \langle w\rangle\langle\partial\ell\rangle$, $\ell = \log k$",
)
GAUSSIAN = Why("the kernel k is Gaussian", "the kernel $k$ is Gaussian")
FORWARD_EQUATION = Why("k solves the forward equation", "$k$ solves the forward equation")
TOWER = Why(
    "linearity; the tower property E[<w>] = E[w]",
    r"linearity; the tower property $\mathbb{E}\langle w\rangle = \mathbb{E}[w]$",
)
LINEAR = Why("linearity of the averages")
RULES = Why(
    "derivatives by d<w> = <dw> + <w dl> - <w><dl>, l = log k",
    r"derivatives by $\partial\langle w\rangle = \langle \partial w\rangle + \langle w\,\partial\ell\rangle"
    r" - \langle w\rangle\langle\partial\ell\rangle$",
)
SCHEDULE = Why(
    "alpha' = a alpha, (sigma^2)' = 2 a sigma^2 + g^2",
    r"$\alpha' = a\alpha$, $(\sigma^2)' = 2a\sigma^2 + g^2$",
)
EXPANDED = Why("expanded and collected")

_WORDS = {
    "rate": "the rate in this clock", "entropy": "definition of the entropy",
    "drift": "Ito's formula", "qv": "definition of the quadratic variation", "cov": "definition of the covariance",
    "noise": "Ito's formula: the noise is g grad F",
    "information": "definition of the mutual information", "mmse": "definition of the mmse",
    "var": "definition of the variance", "covar": "definition of the covariance",
    "cov_post": "definition of the posterior covariance", "var_post": "definition of the posterior variance",
    "posterior_z": "Bayes' rule for the label", "f": "the drift f = a x", "score": "definition of the score",
    "score_c": "definition of the conditional score", "score_z": "definition of the score of a component",
    "snr": "definition of the signal-to-noise ratio", "nu": "definition of nu",
}  # fmt: skip
_TEX_WORDS = {
    "drift": r"It\^o's formula", "noise": r"It\^o's formula: the noise is $g \nabla F$",
    "f": "the drift $f = a x$", "nu": r"definition of $\nu$", "mmse": r"definition of the $\mathrm{mmse}$",
}  # fmt: skip
_ORDER = (
    "rate", "drift", "qv", "noise", "entropy", "information", "mmse", "var", "covar", "cov_post", "var_post", "cov",
    "snr", "nu", "score", "score_c", "score_z", "posterior_z", "f",
)  # fmt: skip
_DEPTH = 6
_STAY = frozenset({"sub", "neg", "quot", "div", "jac", "lap", "normsq", "frobsq", "post_mean", "posterior"})


def rewritten(term: Term, rule: Rule) -> Term:
    """``term`` with ``rule`` applied once wherever it fits, inner nodes first."""
    node = rebuild(term, tuple(rewritten(t, rule) for t in term.args))
    made = rule(node)
    return node if made is None or made.rank != node.rank else made


def definitions(term: Term, split: bool = True, linear: bool = False) -> list[Line]:
    """One notation after the other replaced by what it stands for; at last, logarithms of products are split.

    ``linear``: the drift f is a x.
    """
    lines: list[Line] = []
    while True:
        found = {node.op for node in walk(term)}
        waiting = [op for op in _ORDER if op in found and (linear or op != "f")]
        waiting += sorted(op for op in found if op in UNFOLD and op not in _ORDER and op not in _STAY)
        if waiting:
            op = waiting[0]
            new, why = rewritten(term, _definition(op)), Why(_words(op), _TEX_WORDS.get(op, ""))
            if op == "rate" and all(n.data == "t" for n in walk(term) if n.op == "rate"):
                term = new  # d/dt of a number is already the derivative: no line of its own
                continue
        elif split:
            new, why = _split_all(term), BAYES
        else:
            return lines
        if new == term:
            return lines
        term = new
        lines.append(Line(term, (why,)))


def _words(op: str) -> str:
    return _WORDS.get(op) or f"definition of {op.replace('_', ' ')}"


def _definition(op: str) -> Rule:
    def rule(node: Term) -> Term | None:
        if node.op != op:
            return None
        if op == "f":
            return LINEAR_DRIFT
        return tidy(UNFOLD[op](node.args, node.data), frozenset(t for t in node.args if t.op not in ("add", "mul")))

    return rule


def _split(node: Term) -> Term | None:
    if node.op != "log":
        return None
    inner = unfold(node.args[0])
    return tidy(split_log(make("log", (inner,)))) if inner.op in ("mul", "pow") else None


def _spread(node: Term) -> Term | None:
    """-(u - v) as v - u."""
    if node.op != "neg" or node.args[0].op not in ("add", "sub"):
        return None
    return signed_sum([(-s, t) for s, t in summands(node.args[0])])


def _in_front(node: Term) -> Term | None:
    """E[w]/c as (1/c) E[w], which may break across lines."""
    if node.op != "quot" or node.args[0].op != "E":
        return None
    return make("mul", (quotient(ONE, node.args[1]), node.args[0]))


def _split_all(term: Term) -> Term:
    split = rewritten(term, _split)
    return split if split == term else rewritten(split, _spread)


def stages(side: Term, lowering: Lowering, indices: tuple[int, ...]) -> tuple[list[Line], Element]:
    """The lines from ``side`` (not included) to its expanded form, and its element. Raises KernelError."""
    element = lowering.element(side, indices)
    lines = definitions(side, linear=lowering.channel.process != "diffusion")
    term = lines[-1].term if lines else side
    written = derivatives.of_kernel(lowering.channel)
    steps: tuple[tuple[Rule, Why], ...] = (
        (derivatives.of_average, UNDER_E), (derivatives.of_density, UNDER_P), (derivatives.of_posterior, UNDER_POST),
        (written.get, GAUSSIAN if lowering.channel.is_linear else FORWARD_EQUATION),
    )  # fmt: skip
    derived = False
    for rule, why in steps:
        try:
            new = _fixpoint(term, rule)
        except (TermError, KernelError, NoVectorFormError):
            continue
        if new != term:
            term, derived = rewritten(new, _in_front), True
            lines.append(Line(term, (why,)))
    try:
        final = element_term(element, indices)
    except NoVectorFormError:
        return lines, element
    if final != term:
        lines.append(Line(final, _final_reasons(term, derived)))
    return lines, element


def _fixpoint(term: Term, rule: Rule) -> Term:
    """The rule applied until nothing changes (a derivative moves inwards one node at a time)."""
    for _ in range(_DEPTH):
        new = rewritten(term, rule)
        if new == term:
            break
        term = new
    return term


def _final_reasons(term: Term, derived: bool) -> tuple[Why, ...]:
    """What the kernel still did between ``term`` and its expanded form."""
    nodes = list(walk(term))
    left = [n for n in nodes if n.op in ("grad", "jac", "div", "lap", "dt")]
    averages = {"p", "post", "post_mean", "posterior", "kern"}
    why: list[Why] = []
    if any(averages & {m.op for m in walk(n)} for n in left):
        why.append(RULES)
    if any(n.op == "dt" and any(m.op == "tfun" for m in walk(n)) for n in left):
        why.append(SCHEDULE)
    if any(n.op == "E" for n in nodes):
        why.append(TOWER)
    elif any(n.op in ("post", "post_mean") for n in nodes):
        why.append(LINEAR)
    return tuple(why) or (EXPANDED,)
