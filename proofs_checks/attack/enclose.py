"""Rational intervals for logarithms, exponentials and pi: the oracle's own, for its final verdicts. Stdlib only."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import floor

_BITS, _GUARD = 320, 32
_GRID = 1 << _BITS
_FINE = _BITS + _GUARD
"""Series are summed in integers over 2^352; every step is off by less than 2 units, far less than the guard bits."""


class Interval:
    """A closed interval with rational ends, rounded outward to a grid of 2^-320."""

    __slots__ = ("lo", "hi")

    def __init__(self, lo: Fraction | int, hi: Fraction | int) -> None:
        self.lo = Fraction(floor(lo * _GRID), _GRID) if lo else Fraction(0)
        self.hi = Fraction(-floor(-hi * _GRID), _GRID) if hi else Fraction(0)

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.lo + other.lo, self.hi + other.hi)

    def __mul__(self, other: Interval) -> Interval:
        ends = [u * v for u in (self.lo, self.hi) for v in (other.lo, other.hi)]
        return Interval(min(ends), max(ends))

    def scaled(self, factor: Fraction) -> Interval:
        """Times a rational."""
        return self * Interval(factor, factor)

    @property
    def sign(self) -> int:
        """1 or -1 if 0 is excluded, else 0."""
        return 1 if self.lo > 0 else -1 if self.hi < 0 else 0

    def power(self, exponent: Fraction) -> Interval:
        """A whole power >= 0 of anything, any rational power of what is positive."""
        if exponent.denominator == 1 and exponent >= 0:
            out = Interval(1, 1)
            for _ in range(int(exponent)):
                out = out * self
            return out
        if self.lo <= 0:
            raise ArithmeticError("a negative or broken power of an interval that touches 0")
        return exp(log(self).scaled(exponent))


def point(value: Fraction | int) -> Interval:
    """The interval of one number."""
    return Interval(value, value)


def _around(units: int, steps: int) -> Interval:
    """The interval of 8 units a step about a fixed-point sum."""
    slack = 8 * (steps + 2)
    return Interval(Fraction(units - slack, 1 << _FINE), Fraction(units + slack, 1 << _FINE))


def _atanh(z: Fraction) -> Interval:
    """atanh z for 0 <= z <= 1/2 (where its slope is at most 4/3) by its series, to the last unit."""
    first = floor(z * (1 << _FINE))
    square, term, total, n = (first * first) >> _FINE, first, 0, 0
    while term:
        total += term // (2 * n + 1)
        term, n = (term * square) >> _FINE, n + 1
    return _around(total, n)


@lru_cache(maxsize=1 << 12)
def _log(value: Fraction) -> Interval:
    halvings = 0
    while value > Fraction(4, 3):
        value, halvings = value / 2, halvings + 1
    while value < Fraction(2, 3):
        value, halvings = value * 2, halvings - 1
    below = value < 1
    z = (value - 1) / (value + 1)
    part = _atanh(-z).scaled(Fraction(-2)) if below else _atanh(z).scaled(Fraction(2))
    return part + _atanh(Fraction(1, 3)).scaled(Fraction(2 * halvings))


def log(value: Interval) -> Interval:
    """log of a positive interval."""
    if value.lo <= 0:
        raise ArithmeticError("the logarithm of an interval that touches 0")
    return Interval(_log(value.lo).lo, _log(value.hi).hi)


@lru_cache(maxsize=1 << 12)
def _exp(value: Fraction) -> Interval:
    halvings = 0
    while abs(value) > Fraction(1, 2):
        value, halvings = value / 2, halvings + 1
    first = floor(value * (1 << _FINE))
    total, term, n = 0, 1 << _FINE, 0
    while term not in (0, -1):
        total, n = total + term, n + 1
        term = (term * first) // (n << _FINE)
    out = _around(total, n)
    for _ in range(halvings):
        out = out * out
    return out


def exp(value: Interval) -> Interval:
    """exp of an interval."""
    return Interval(_exp(value.lo).lo, _exp(value.hi).hi)


def _arctan_inverse(n: int) -> Interval:
    term, total, k = (1 << _FINE) // n, 0, 0
    while term:
        total += (-1) ** k * (term // (2 * k + 1))
        term, k = term // (n * n), k + 1
    return _around(total, k)


PI = _arctan_inverse(5).scaled(Fraction(16)) + _arctan_inverse(239).scaled(Fraction(-4))
"""pi by Machin's formula."""
