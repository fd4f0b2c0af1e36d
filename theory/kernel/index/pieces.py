"""Non-negative pieces: what an inequality A >= B is a sum of. Trusted; standard library and theory.language only.

A >= B holds if A - B = sum_i c_i N_i exactly, with coefficients c_i >= 0 by their form and N_i >= 0 by a named rule.
A :class:`Piece` names the rule and gives the terms it speaks of; the kernel writes N_i down itself. Whoever proves the
equation answers for it, and for the existence of the averages in it; here only c_i N_i >= 0 is decided.

An average <.> is E (over the joint law of X0, Z and X_t), post (over the posterior at x), or none: the point itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from theory.kernel.errors import KernelError
from theory.kernel.index.nonneg import is_nonnegative
from theory.language.definitions import log, minus, plus, power, times
from theory.language.instances import DISCRETE, Law, Setting
from theory.language.terms import Term, TermError, from_data, make, to_data, walk

OVER = ("E", "post", "point")
_AVERAGES = ("E", "post")
MAX_NODES = 4_000


@dataclass(frozen=True)
class Piece:
    """``coefficient`` times the non-negative term that ``rule`` makes of ``terms``, averaged as ``over`` says."""

    rule: str
    coefficient: Term
    terms: tuple[Term, ...]
    over: str = "point"


@dataclass(frozen=True)
class _Reading:
    """What signs are known where a piece is read."""

    positive: frozenset[str]
    nonnegative: frozenset[str]
    discrete: bool


Rule = Callable[[Piece, _Reading], Term]


def nonnegative(piece: Piece, positive: frozenset[str], weak: frozenset[str], setting: Setting) -> Term:
    """The term c N of a piece. Raises KernelError naming what is refused.

        c >= 0 by its form, a number or a function of t      N >= 0 by the piece's rule
        -------------------------------------------------------------------------------
                                        c N >= 0

    ``positive`` and ``weak`` name the symbols that are positive and non-negative in ``setting``.
    """
    rule = RULES.get(piece.rule)
    if rule is None:
        raise KernelError(f"no rule for a non-negative piece is called {piece.rule!r}")
    if sum(1 for t in (piece.coefficient, *piece.terms) for _ in walk(t)) > MAX_NODES:
        raise KernelError(f"{piece.rule}: the terms have more than {MAX_NODES} nodes")
    law = setting.law
    discrete = law.is_discrete if isinstance(law, Law) else law == DISCRETE
    reading = _Reading(positive, weak | positive, discrete)
    coefficient = piece.coefficient
    if coefficient.rank or coefficient.free:
        raise KernelError(f"{piece.rule}: the coefficient is not a number or a function of t")
    if not is_nonnegative(coefficient, reading.positive, reading.nonnegative):
        raise KernelError(f"{piece.rule}: the coefficient is not non-negative by its form")
    try:
        found = rule(piece, reading)
        if found.rank:
            raise KernelError(f"{piece.rule}: the piece is not a scalar")
        return times(coefficient, found)
    except TermError as error:
        raise KernelError(f"{piece.rule}: {error}") from error


# -- rules -------------------------------------------------------------------------------------------------------------
def _square(piece: Piece, reading: _Reading) -> Term:
    """
    N is a sum of squares, norms, variances, .. by its authored form
    -----------------------------------------------------------------
    <N> >= 0

    Because every summand is, and averages of what is non-negative are.
    """
    (term,) = _terms(piece, 1)
    if not is_nonnegative(term, reading.positive, reading.nonnegative):
        raise KernelError("square: the term is not non-negative by its form")
    return _average(piece.over, term)


def _cauchy_schwarz(piece: Piece, reading: _Reading) -> Term:
    """
    u, v of one rank
    -------------------------------------
    <u . u> <v . v> - <u . v>^2 >= 0

    Because <|u - c v|^2> >= 0 at c = <u . v>/<v . v>; for matrices u . v = tr(u v^T).
    """
    u, v = _terms(piece, 2)
    if u.rank != v.rank:
        raise KernelError(f"cauchy-schwarz: the terms have ranks {u.rank} and {v.rank}")
    uu, vv, uv = (_average(piece.over, _inner(a, b)) for a, b in ((u, u), (v, v), (u, v)))
    return plus(times(uu, vv), minus(power(uv, 2)))


def _covariance(piece: Piece, reading: _Reading) -> Term:
    """
    u a vector,  C = <u u^T>
    --------------------------
    (tr C)^2 - tr(C C^T) >= 0

    Because C has eigenvalues l_i >= 0, and (sum l_i)^2 - sum l_i^2 = sum over i != j of l_i l_j.
    """
    (u,) = _terms(piece, 1)
    if u.rank != 1:
        raise KernelError("covariance: the term is not a vector")
    matrix = _average(piece.over, make("outer", (u, u)))
    trace = _average(piece.over, make("dot", (u, u)))
    return plus(power(trace, 2), minus(_inner(matrix, matrix)))


def _jensen(piece: Piece, reading: _Reading) -> Term:
    """
    w a scalar, vector or matrix,  <.> an average
    ----------------------------------------------
    <w . w> - <w> . <w> >= 0

    Because it is <|w - <w>|^2>, as <1> = 1.
    """
    (w,) = _terms(piece, 1)
    over = _averaged(piece)
    mean = _average(over, w)
    return plus(_average(over, _inner(w, w)), minus(_inner(mean, mean)))


def _relative_entropy(piece: Piece, reading: _Reading) -> Term:
    """
    the average is over a law whose density (given the rest) is, up to a factor that cancels, the numerator;
    the denominator, with that factor, is a probability density too:  (numerator, denominator, <.>) is in the table
    ----------------------------------------------------------------------------------------------------------------
    <log numerator - log denominator> >= 0

    Because log(v/u) <= v/u - 1, and the average of v/u under the density u is at most 1 (Gibbs).
    """
    above, below = _terms(piece, 2)
    name = f"<log {above.op} - log {below.op}>"
    for leaf in (above, below):
        if leaf.args or leaf.data is not None:
            raise KernelError("relative entropy: the terms are densities by their names")
    if piece.over not in RELATIVE_ENTROPIES.get((above.op, below.op), ()):
        raise KernelError(f"relative entropy: {name} over {piece.over} is none")
    return _average(piece.over, plus(log(above), minus(log(below))))


def _surprisal(piece: Piece, reading: _Reading) -> Term:
    """
    P is the probability of a value of the label Z, or of X0 if it is discrete
    ---------------------------------------------------------------------------
    <-log P> >= 0

    Because a probability is at most 1. A density may be larger.
    """
    (term,) = _terms(piece, 1)
    allowed = _PROBABILITIES | (_ATOM_PROBABILITIES if reading.discrete else frozenset())
    if term.op not in allowed:
        raise KernelError(f"surprisal: {term.op} is not the probability of a discrete value here")
    return _average(piece.over, minus(log(term)))


RELATIVE_ENTROPIES: dict[tuple[str, str], tuple[str, ...]] = {
    ("kern", "p"): _AVERAGES, ("pz", "p"): _AVERAGES, ("kern", "pz"): _AVERAGES,
    ("p", "q"): ("E",), ("pz", "q"): ("E",), ("kern", "q"): ("E",),
}  # fmt: skip
"""(numerator, denominator) and the averages under which their log ratio is a relative entropy.

Under E: X_t has the density p, given Z the density pz, given X0 (and Z) the density k; p, q and pz are densities in x.
At a point: P(X0|x) = p0 k/p and P(Z|x) = w_Z pz/p against the prior laws of X0 and Z, which gives k/p and pz/p; and
P(X0, Z|x) against P(Z|x) times the law of X0 given Z, which gives k/pz.
"""
_PROBABILITIES = frozenset({"posterior_z", "wz"})
_ATOM_PROBABILITIES = frozenset({"posterior", "p0"})

RULES: dict[str, Rule] = {
    "square": _square, "cauchy-schwarz": _cauchy_schwarz, "covariance": _covariance,
    "jensen": _jensen, "relative entropy": _relative_entropy, "surprisal": _surprisal,
}  # fmt: skip


def _terms(piece: Piece, count: int) -> tuple[Term, ...]:
    if len(piece.terms) != count:
        raise KernelError(f"{piece.rule}: takes {count} term(s), got {len(piece.terms)}")
    return piece.terms


def _average(over: str, term: Term) -> Term:
    if over not in OVER:
        raise KernelError(f"no average over {over!r}; known: {', '.join(OVER)}")
    return term if over == "point" else make(over, (term,))


def _averaged(piece: Piece) -> str:
    """The average of a rule that says nothing at a point."""
    if piece.over not in _AVERAGES:
        raise KernelError(f"{piece.rule}: needs an average, E or post")
    return piece.over


def _inner(left: Term, right: Term) -> Term:
    if left.rank == 0:
        return power(left, 2) if left == right else times(left, right)
    product = make("dot", (left, right if left.rank == 1 else make("transpose", (right,))))
    return product if left.rank == 1 else make("tr", (product,))


# -- inert data --------------------------------------------------------------------------------------------------------
def piece_data(piece: Piece) -> dict[str, Any]:
    """A piece as inert JSON data."""
    return {
        "rule": piece.rule, "coefficient": to_data(piece.coefficient), "terms": [to_data(t) for t in piece.terms],
        "over": piece.over,
    }  # fmt: skip


def piece_from_data(data: Any) -> Piece:
    """The piece that :func:`piece_data` wrote. Raises KernelError on anything else."""
    if not isinstance(data, dict) or set(data) != {"rule", "coefficient", "terms", "over"}:
        raise KernelError("not a piece: expected the fields rule, coefficient, terms, over")
    rule, terms, over = data["rule"], data["terms"], data["over"]
    if not isinstance(rule, str) or rule not in RULES:
        raise KernelError(f"not a piece: no rule {str(rule)[:40]!r}; known: {', '.join(RULES)}")
    if not isinstance(over, str) or over not in OVER:
        raise KernelError(f"not a piece: no average over {str(over)[:40]!r}; known: {', '.join(OVER)}")
    if not isinstance(terms, list) or not 1 <= len(terms) <= 2:
        raise KernelError("not a piece: terms are a list of one or two terms")
    try:
        return Piece(rule, from_data(data["coefficient"]), tuple(from_data(t) for t in terms), over)
    except TermError as error:
        raise KernelError(f"not a piece: {error}") from error
    except RecursionError:
        raise KernelError("not a piece: the term is nested too deeply") from None
