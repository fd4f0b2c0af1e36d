"""Non-negativity that can be read off the authored form of a term. Trusted; standard library only.

Squares and norms are recognised before they are unfolded. "Unknown" is never "negative": False means that no sign can
be read off.
"""

from __future__ import annotations

from fractions import Fraction

from theory.language.terms import Term

_POSITIVE = frozenset({"p", "kern", "p0", "pz", "wz", "posterior", "posterior_z", "dim", "pi", "exp", "snr", "nu"})
_SQUARES = frozenset({"normsq", "frobsq", "var", "var_post", "mmse"})


def is_positive(term: Term, positive: frozenset[str]) -> bool:
    """Whether ``term`` > 0 can be read off; ``positive`` names the symbols declared positive."""
    if term.op in _POSITIVE:
        return True
    if term.op == "tfun":
        return term.data in ("alpha", "sigma", "g")
    if term.op == "num":
        return isinstance(term.data, Fraction) and term.data > 0
    if term.op == "sym":
        return term.data in positive
    return term.op in ("add", "mul", "quot", "pow") and all(is_positive(t, positive) for t in term.args)


def is_nonnegative(
    term: Term, positive: frozenset[str] = frozenset(), nonnegative: frozenset[str] = frozenset()
) -> bool:
    """Whether ``term`` >= 0 can be read off: sums and products of squares, norms, variances, and their averages."""

    def sign(t: Term) -> bool:
        return is_nonnegative(t, positive, nonnegative)

    if term.rank:
        return False
    if term.op in _SQUARES or is_positive(term, positive):
        return True
    if term.op == "num":
        return isinstance(term.data, Fraction) and term.data >= 0
    if term.op == "sym":
        return term.data in nonnegative
    if term.op in ("E", "post", "add"):
        return all(sign(t) for t in term.args)
    if term.op == "mul":
        rest = [t for t in term.args if not sign(t)]
        return all(rest.count(t) % 2 == 0 for t in rest)
    if term.op == "quot":
        return sign(term.args[0]) and is_positive(term.args[1], positive)
    if term.op == "pow":
        exponent = Fraction(str(term.data))
        if exponent.denominator == 1 and exponent > 0:
            return exponent % 2 == 0 or sign(term.args[0])
        return is_positive(term.args[0], positive)
    if term.op == "dot":
        return term.args[0].rank == 1 and term.args[0] == term.args[1]
    return term.op == "tr" and term.args[0].op == "cov_post"
