"""Certificates of the matrix-word kernel and the one gate through which they become theorems. Trusted.

A certificate is inert JSON data::

    {"version": 1, "kind": "matrix", "statement": .., "setting": .., "links": [{"square": term or null}, ..]}

with one link for a relation, and one for each relation of a chain. A link A = B is accepted if A - B lowers to zero. A
link A >= B needs a ``square`` S with A - B = S in the same sense and S >= 0 by its form; null stands for A - B itself,
which may then be non-negative as it is written or after lowering. The kernel lowers the statement itself and never
searches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.index.hypotheses import ASSUMED, DISCHARGED, Hypothesis
from theory.kernel.words.algebra import Algebra
from theory.kernel.words.elements import matrix_words
from theory.kernel.words.inverses import is_definite
from theory.kernel.words.lower import Lowering
from theory.kernel.words.motion import LINEAR_PROCESSES
from theory.kernel.words.signs import Signs, element_is_nonnegative
from theory.language.definitions import minus, num, plus
from theory.language.instances import Law, LawError, Setting
from theory.language.serial import setting_data, setting_from_data, statement_from_data
from theory.language.statements import Chain, Rel, statement_data
from theory.language.terms import Term, TermError, from_data, to_data, walk

VERSION, KIND = 1, "matrix"
LINK_LIMIT, NODE_LIMIT = 200, 20_000


@dataclass(frozen=True)
class MatrixTheorem:
    """An accepted statement, where it holds and under which named hypotheses; ``steps`` says how each link went."""

    statement: Rel | Chain
    setting: Setting
    scope: str
    hypotheses: tuple[Hypothesis, ...]
    steps: tuple[str, ...]


def certificate(statement: Rel | Chain, setting: Setting, squares: tuple[Term | None, ...]) -> dict[str, Any]:
    """The certificate as inert data; ``squares`` holds one entry a relation."""
    return {
        "version": VERSION, "kind": KIND, "statement": statement_data(statement), "setting": setting_data(setting),
        "links": [{"square": None if square is None else to_data(square)} for square in squares],
    }  # fmt: skip


def check(data: Any) -> MatrixTheorem:
    """The theorem that a certificate proves. Raises KernelError naming the step that is refused."""
    statement, setting, squares = _read(data)
    relations = statement.links if isinstance(statement, Chain) else (statement,)
    if len(relations) != len(squares):
        raise KernelError(f"{len(squares)} links for {len(relations)} relations")
    lowering = lowering_for(setting)
    steps = []
    for number, (relation, square) in enumerate(zip(relations, squares, strict=True), 1):
        try:
            steps.append(_check_link(relation, square, lowering, setting))
        except KernelError as error:
            raise type(error)(f"link {number}: {error}") from error
        except RecursionError:
            raise KernelError(f"link {number}: the term is nested too deeply") from None
    terms = [t for r in relations for t in (r.lhs, r.rhs)] + [square for square in squares if square is not None]
    hypotheses = _hypotheses(terms, lowering)
    return MatrixTheorem(statement, setting, scope_of(setting, terms, lowering), hypotheses, tuple(steps))


def lowering_for(setting: Setting) -> Lowering:
    """The reading of statements in a setting. Raises UnsupportedError unless the law is the class of Gaussian laws."""
    if isinstance(setting.law, Law) or setting.law.name != "gaussian":
        raise UnsupportedError("the matrix-word kernel reads statements about any Gaussian law")
    return Lowering(Algebra(setting.process.name, frozenset(str(t.data) for t in setting.positive)))


def scope_of(setting: Setting, terms: list[Term], lowering: Lowering) -> str:
    """For what a proof in this kernel holds."""
    size = "every dimension D" if setting.D is None else f"D = {setting.D}"
    other = any(n.op == "q" for t in terms for n in walk(lowering.core(t)))
    named = ", q the density of X_t started from another Gaussian law" if other else ""
    law = setting.law
    assert not isinstance(law, Law)
    return ", ".join([size, law.text + named, *setting.signs, setting.process.text])


def _read(data: Any) -> tuple[Rel | Chain, Setting, list[Term | None]]:
    names = {"version", "kind", "statement", "setting", "links"}
    if not isinstance(data, dict) or set(data) != names:
        raise KernelError(f"not a certificate: expected the fields {', '.join(sorted(names))}")
    if type(data["version"]) is not int or data["version"] != VERSION or data["kind"] != KIND:
        raise KernelError(f"not a certificate of kind {KIND!r}, version {VERSION}")
    if not isinstance(data["links"], list) or len(data["links"]) > LINK_LIMIT:
        raise KernelError(f"not a certificate: links is a list of at most {LINK_LIMIT}")
    try:
        statement, setting = statement_from_data(data["statement"]), setting_from_data(data["setting"])
        squares = [_read_link(item) for item in data["links"]]
    except (TermError, LawError) as error:
        raise KernelError(f"the certificate does not parse: {error}") from error
    except RecursionError:
        raise KernelError("the certificate is nested too deeply") from None
    relations = statement.links if isinstance(statement, Chain) else (statement,)
    size = sum(1 for r in relations for side in (r.lhs, r.rhs) for _ in walk(side))
    if size > NODE_LIMIT:
        raise KernelError(f"the statement has more than {NODE_LIMIT} nodes")
    return statement, setting, squares


def _read_link(data: Any) -> Term | None:
    if not isinstance(data, dict) or set(data) != {"square"}:
        raise KernelError("not a link: expected the field square")
    return None if data["square"] is None else from_data(data["square"])


def _check_link(relation: Rel, square: Term | None, lowering: Lowering, setting: Setting) -> str:
    left, right = relation.lhs, relation.rhs
    if relation.relation in ("<", ">"):
        raise UnsupportedError("strict inequalities need an enclosure, not a square")
    if relation.relation == "<=":
        left, right = right, left
    indices = tuple(range(1, left.rank + 1))
    difference = lowering.element(left, indices) - lowering.element(right, indices)
    if relation.relation == "=":
        if square is not None:
            raise KernelError("an equation takes no square")
        if not lowering.vanishes(difference, setting.D):
            raise KernelError(f"the residual does not vanish ({len(difference.terms)} monomials are left)")
        return "equal as sums of words"
    signs = Signs(lowering.algebra.positive, frozenset(str(t.data) for t in setting.nonnegative))
    if square is None:
        as_written = left if right == num(0) else plus(left, minus(right))
        if not signs.scalar(as_written) and not element_is_nonnegative(difference, lowering.algebra):
            raise KernelError("the difference is not non-negative by its form")
        return "the difference is non-negative by its form"
    if square.rank:
        raise KernelError("the square is not a scalar")
    if not signs.scalar(square):
        raise KernelError("the square is not non-negative by its form")
    if not lowering.vanishes(difference - lowering.element(square), setting.D):
        raise KernelError("the difference of the sides is not the square")
    return "the difference is non-negative by its form"


def _hypotheses(terms: list[Term], lowering: Lowering) -> tuple[Hypothesis, ...]:
    """Every hypothesis that a proof about ``terms`` rests on."""
    linear = lowering.algebra.process in LINEAR_PROCESSES
    nodes = [n for t in terms for n in walk(lowering.core(t))]
    ops = {n.op for n in nodes}
    found: list[Hypothesis] = []
    inverted = [n.args[0] for n in nodes if n.op in ("inv", "logdet")]
    bare = all(is_definite(matrix_words(lowering.element(t, (1, 2))), lowering.algebra, bare=True) for t in inverted)
    name = "non-singular covariance"
    if linear:
        if "p0" in ops or not bare:
            found.append(Hypothesis(name, "the covariance of X0 is non-singular", ASSUMED))
        if ops & {"p", "q", "post"} or inverted:
            text = "alpha^2 S + sigma^2 I, the covariance of X_t, is non-singular"
            found.append(Hypothesis(name, text, DISCHARGED, "S is positive semi-definite, and sigma > 0"))
    else:
        if ops & {"p"} or not bare:
            found.append(Hypothesis(name, "the covariance of X_t is non-singular", ASSUMED))
        if "q" in ops:
            text = "the covariance of X_t started from the other Gaussian law is non-singular"
            found.append(Hypothesis(name, text, ASSUMED))
        if "dt" in ops:
            text = "A and G are differentiable as often as the statement differentiates them"
            found.append(Hypothesis("smooth coefficients", text, ASSUMED))
            text = "X_t is Gaussian with mu' = A mu and C' = A C + C A^T + G"
            found.append(Hypothesis("moment equations", text, DISCHARGED, "variation of constants for a linear SDE"))
    if ops & {"p", "q", "kern", "p0"}:
        text = "the densities are positive"
        found.append(Hypothesis("positivity", text, DISCHARGED, "a non-singular Gaussian density is positive"))
    if "E" in ops:
        text = "every average that occurs converges absolutely"
        found.append(Hypothesis("finite averages", text, DISCHARGED, "polynomials against a Gaussian law"))
    for term in lowering.inverses.values():
        text = f"the denominator {term!r}, the rate of a clock, is not 0"
        found.append(Hypothesis("non-zero denominator", text, ASSUMED))
    return tuple(found)


__all__ = ["KIND", "MatrixTheorem", "certificate", "check", "lowering_for"]
