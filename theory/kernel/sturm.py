"""Exact polynomials in one variable over the rationals: Sturm sequences, numbers of zeros, signs on intervals. Trusted.

A polynomial is the tuple of its coefficients from the constant upwards, without leading zeros; () is 0. Intervals are
open, with rational ends or None for an infinite one. Standard library only.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import gcd, lcm

from theory.kernel.errors import BudgetError, KernelError

Poly = tuple[Fraction, ...]
End = Fraction | None
MAX_DEGREE, MAX_BITS = 40, 50_000


def poly(*coefficients: Fraction | int) -> Poly:
    """The polynomial with these coefficients, constant first. Raises BudgetError beyond the degree that is read."""
    values = [Fraction(c) for c in coefficients]
    while values and not values[-1]:
        values.pop()
    if len(values) > MAX_DEGREE + 1:
        raise BudgetError(f"a polynomial of degree {len(values) - 1}, beyond {MAX_DEGREE}")
    if any(max(v.numerator.bit_length(), v.denominator.bit_length()) > MAX_BITS for v in values):
        raise BudgetError("a polynomial with coefficients that are too long")
    return tuple(values)


def value(of: Poly, at: Fraction) -> Fraction:
    """The value at a rational place (Horner)."""
    total = Fraction(0)
    for coefficient in reversed(of):
        total = total * at + coefficient
    return total


def derivative(of: Poly) -> Poly:
    """The derivative."""
    return poly(*(n * c for n, c in enumerate(of) if n))


def divided(top: Poly, bottom: Poly) -> tuple[Poly, Poly]:
    """(quotient, remainder), the remainder of lower degree than ``bottom``. Raises KernelError for a division by 0."""
    if not bottom:
        raise KernelError("a polynomial is divided by 0")
    rest = list(top)
    quotient = [Fraction(0)] * max(0, len(top) - len(bottom) + 1)
    for shift in range(len(quotient) - 1, -1, -1):
        factor = quotient[shift] = rest[shift + len(bottom) - 1] / bottom[-1]
        for n, coefficient in enumerate(bottom):
            rest[shift + n] -= factor * coefficient
    return poly(*quotient), poly(*rest[: len(bottom) - 1])


def common_divisor(left: Poly, right: Poly) -> Poly:
    """The greatest common divisor, up to a rational factor (Euclid)."""
    left, right = _primitive(left), _primitive(right)
    while right:
        left, right = right, _primitive(divided(left, right)[1])
    return left


def square_free(of: Poly) -> Poly:
    """A polynomial with the zeros of ``of``, all of them simple: P / gcd(P, P')."""
    return divided(of, common_divisor(of, derivative(of)))[0] if of else of


def count_zeros(of: Poly, lo: End = None, hi: End = None) -> int:
    """How many different real zeros lie in the open interval (lo, hi).

    Sturm's theorem on the square-free part P: with P_0 = P, P_1 = P', P_{n+1} = -(P_{n-1} mod P_n) and V(a) the number
    of changes of sign along P_0(a), P_1(a), .., zeros skipped, V(lo) - V(hi) zeros lie in (lo, hi]; a zero at hi is
    taken off. Raises KernelError for P = 0 and for an interval that is empty.
    """
    if not of:
        raise KernelError("the polynomial 0 vanishes everywhere")
    if lo is not None and hi is not None and lo >= hi:
        raise KernelError("an interval whose ends are not in order")
    sequence = [_primitive(square_free(of))]
    sequence.append(_primitive(derivative(sequence[0])))
    while sequence[-1]:
        rest = divided(sequence[-2], sequence[-1])[1]
        sequence.append(_primitive(tuple(-c for c in rest)))
    sequence.pop()
    at_end = hi is not None and value(of, hi) == 0
    return _variations(sequence, lo, -1) - _variations(sequence, hi, 1) - at_end


def has_zero(of: Poly, at: Fraction) -> bool:
    """Whether ``at`` is a zero."""
    return value(of, at) == 0


def sign_beside(of: Poly, lo: End = None, hi: End = None) -> int:
    """The sign (1 or -1) of a polynomial that is not 0, at a place of the open interval (lo, hi) that is no zero."""
    if not of:
        raise KernelError("the polynomial 0 has no sign")
    if lo is None:
        lo = (hi if hi is not None else Fraction(0)) - 1 - len(of)
    if hi is None:
        hi = lo + 1 + len(of)
    for n in range(1, len(of) + 1):  # one more place than there can be zeros
        found = value(of, lo + (hi - lo) * Fraction(n, len(of) + 1))
        if found:
            return 1 if found > 0 else -1
    raise KernelError("no place off the zeros was found")  # cannot happen


def crossings(of: Poly) -> Poly:
    """A square-free polynomial whose zeros are the zeros of odd multiplicity: those where the sign changes.

    With G_0 = P, G_n = gcd(G_{n-1}, G_{n-1}') and S_n = G_{n-1} / G_n (the zeros of multiplicity >= n, each once), the
    zeros of multiplicity exactly n are those of S_n / S_{n+1}; the product runs over odd n.
    """
    parts, rest = [], of
    while len(rest) > 1:
        lower = common_divisor(rest, derivative(rest))
        parts.append(divided(rest, lower)[0])
        rest = lower
    parts.append(poly(1))
    total = poly(1)
    for n in range(0, len(parts) - 1, 2):
        total = _product(total, divided(parts[n], parts[n + 1])[0])
    return total


def constant_sign(of: Poly, lo: End = None, hi: End = None) -> tuple[int, bool]:
    """(sign, strict) of ``of`` on the open interval: 1 for >= 0 there, -1 for <= 0, 0 if it changes; strict: no zero.

    The polynomial 0 counts as (1, False).
    """
    if not of:
        return 1, False
    odd = crossings(of)
    if len(odd) > 1 and count_zeros(odd, lo, hi):
        return 0, False
    return sign_beside(of, lo, hi), len(of) == 1 or not count_zeros(of, lo, hi)


def _product(left: Poly, right: Poly) -> Poly:
    total = [Fraction(0)] * max(0, len(left) + len(right) - 1)
    for n, c in enumerate(left):
        for m, d in enumerate(right):
            total[n + m] += c * d
    return poly(*total)


def _primitive(of: Poly) -> Poly:
    """``of`` times a positive rational, with coprime integer coefficients: keeps remainders short, and all signs."""
    if not of:
        return of
    bottom = lcm(*(c.denominator for c in of))
    top = gcd(*(int(c * bottom) for c in of))
    return poly(*(c * bottom / top for c in of))


def _variations(sequence: list[Poly], at: End, side: int) -> int:
    """Changes of sign along the sequence at ``at``; at infinity, on the given side, by the leading terms."""
    if at is None:
        values = [p[-1] * (side if len(p) % 2 == 0 else 1) for p in sequence]
    else:
        values = [value(p, at) for p in sequence]
    signs = [v > 0 for v in values if v]
    return sum(u != v for u, v in pairwise(signs))
