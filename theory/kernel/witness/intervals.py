"""Closed intervals with rational ends: an enclosure of a real number. Standard library only.

Rational arithmetic on point intervals stays exact. Other results are rounded outwards to ``BITS`` significant bits, so
the ends stay short. exp, log, sqrt and pi come from series with explicit remainders.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_UP, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import Union

from theory.kernel.errors import KernelError

BITS = 160
Rational = Union[int, Fraction]
_EXP_LIMIT = 1 << 20


@dataclass(frozen=True)
class Interval:
    """The set lo <= v <= hi. Raises KernelError if lo > hi."""

    lo: Fraction
    hi: Fraction

    def __post_init__(self) -> None:
        if self.lo > self.hi:
            raise KernelError(f"no interval: {self.lo} > {self.hi}")

    @property
    def is_point(self) -> bool:
        """Whether the enclosure is an exact rational."""
        return self.lo == self.hi

    @property
    def width(self) -> Fraction:
        """hi - lo."""
        return self.hi - self.lo

    def sign(self) -> int | None:
        """1, -1 or 0 if that is the sign of every member; None if the interval does not decide it."""
        if self.lo > 0:
            return 1
        if self.hi < 0:
            return -1
        return 0 if self.lo == self.hi else None

    def __contains__(self, value: Rational) -> bool:
        return self.lo <= value <= self.hi

    def __neg__(self) -> Interval:
        return Interval(-self.hi, -self.lo)

    def __add__(self, other: Interval | Rational) -> Interval:
        other = as_interval(other)
        return _outward(self.lo + other.lo, self.hi + other.hi)

    __radd__ = __add__

    def __sub__(self, other: Interval | Rational) -> Interval:
        return self + (-as_interval(other))

    def __rsub__(self, other: Interval | Rational) -> Interval:
        return as_interval(other) + (-self)

    def __mul__(self, other: Interval | Rational) -> Interval:
        other = as_interval(other)
        ends = (self.lo * other.lo, self.lo * other.hi, self.hi * other.lo, self.hi * other.hi)
        return _outward(min(ends), max(ends))

    __rmul__ = __mul__

    def inverse(self) -> Interval:
        """Raises KernelError if 0 is inside."""
        if self.lo <= 0 <= self.hi:
            raise KernelError("division by an interval that contains 0")
        return _outward(1 / self.hi, 1 / self.lo)

    def __truediv__(self, other: Interval | Rational) -> Interval:
        return self * as_interval(other).inverse()

    def __rtruediv__(self, other: Interval | Rational) -> Interval:
        return as_interval(other) * self.inverse()

    def __pow__(self, exponent: int) -> Interval:
        if exponent < 0:
            return (self**-exponent).inverse()
        if exponent == 0:
            return Interval(Fraction(1), Fraction(1))
        low, high = self.lo**exponent, self.hi**exponent
        if exponent % 2:
            return _outward(low, high)
        least = Fraction(0) if self.lo < 0 < self.hi else min(low, high)
        return _outward(least, max(low, high))

    def __str__(self) -> str:
        if self.is_point:
            return str(self.lo)
        middle = _decimal((self.lo + self.hi) / 2, 20, ROUND_HALF_EVEN)
        exact = Fraction(middle)
        radius = _decimal(max(self.hi - exact, exact - self.lo), 2, ROUND_UP)
        return f"{middle:e} +/- {radius:e}"


def _decimal(value: Fraction, digits: int, rounding: str) -> Decimal:
    context = Context(prec=digits, rounding=rounding)
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))


def as_interval(value: Interval | Rational) -> Interval:
    """An exact number as a point interval."""
    if isinstance(value, Interval):
        return value
    exact = Fraction(value)
    return Interval(exact, exact)


def round_down(value: Fraction, bits: int = BITS) -> Fraction:
    """A dyadic number <= value with about ``bits`` significant bits."""
    if not value:
        return value
    shift = bits - (abs(value.numerator).bit_length() - value.denominator.bit_length())
    if shift >= 0:
        return Fraction((value.numerator << shift) // value.denominator, 1 << shift)
    return Fraction((value.numerator // (value.denominator << -shift)) << -shift)


def _outward(lo: Fraction, hi: Fraction) -> Interval:
    if lo == hi:
        return Interval(lo, hi)
    return Interval(round_down(lo), -round_down(-hi))


@lru_cache(maxsize=4096)
def _exp_point(value: Fraction) -> Interval:
    """exp of a rational: exp(v) = exp(v / 2^n)^(2^n) with |v| / 2^n <= 1/16 and a Taylor sum.

    For |r| <= 1/16 the tail after the term r^m/m! is at most |r|^(m+1)/(m+1)! * 16/15 in size.
    """
    if abs(value) > _EXP_LIMIT:
        raise KernelError(f"exp of a number beyond {_EXP_LIMIT} is refused")
    halvings = 0
    while abs(value) > Fraction(1, 16) * 2**halvings:
        halvings += 1
    bits = BITS + 16 + 2 * halvings
    reduced = round_down(value / 2**halvings, bits)
    slack = Fraction(1, 1 << bits)
    total, term, order = Fraction(1), Fraction(1), 0
    while abs(term) > slack:
        order += 1
        term = term * reduced / order
        total += term
    # 2 slack: the argument was moved by at most slack, and exp' <= 1.07 there; the tail is below slack / 8.
    result = Interval(round_down(total - 2 * slack, bits), -round_down(-(total + 2 * slack), bits))
    for _ in range(halvings):
        lo, hi = result.lo * result.lo, result.hi * result.hi
        result = Interval(round_down(lo, bits), -round_down(-hi, bits))
    return _outward(result.lo, result.hi)


def exp(value: Interval | Rational) -> Interval:
    """An enclosure of the exponential."""
    value = as_interval(value)
    if value.lo == value.hi == 0:
        return as_interval(1)
    return Interval(_exp_point(value.lo).lo, _exp_point(value.hi).hi)


def _atanh_series(z: Fraction) -> Interval:
    """2 atanh(z) for 0 <= z <= 1/3: 2 sum z^(2n+1)/(2n+1); the tail is below the next term times 9/8."""
    z = round_down(z, BITS + 32)
    slack = Fraction(1, 1 << (BITS + 24))
    square, power, total, order = z * z, z, Fraction(0), 1
    while power / order > slack:
        total += power / order
        power = round_down(power * square, BITS + 64)
        order += 2
    # Each rounding of a power loses less than a slack in relative size; there are fewer than 256 of them.
    return Interval(2 * total, 2 * (total + 512 * slack))


@lru_cache(maxsize=1)
def _log_two() -> Interval:
    return _atanh_series(Fraction(1, 3))


@lru_cache(maxsize=4096)
def _log_point(value: Fraction) -> Interval:
    if value <= 0:
        raise KernelError(f"log of {value}: the argument must be positive")
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    mantissa = value / Fraction(2) ** exponent
    if mantissa < 1:
        mantissa, exponent = mantissa * 2, exponent - 1
    # 1 <= mantissa < 2, so z = (m - 1)/(m + 1) lies in [0, 1/3); z is rounded by less than 2^-(BITS+31).
    part = _atanh_series((mantissa - 1) / (mantissa + 1))
    return _outward(*_ends(as_interval(exponent) * _log_two() + part))


def _ends(value: Interval) -> tuple[Fraction, Fraction]:
    return value.lo, value.hi


def log(value: Interval | Rational) -> Interval:
    """An enclosure of the natural logarithm. Raises KernelError unless the argument is positive."""
    value = as_interval(value)
    if value.lo == value.hi == 1:
        return as_interval(0)
    return Interval(_log_point(value.lo).lo, _log_point(value.hi).hi)


def _root_down(value: Fraction) -> Fraction:
    scale = 2 * BITS + max(0, value.denominator.bit_length() - value.numerator.bit_length())
    scale += scale % 2
    return Fraction(isqrt((value.numerator << scale) // value.denominator), 1 << (scale // 2))


def sqrt(value: Interval | Rational) -> Interval:
    """An enclosure of the square root; exact on squares of rationals. Raises KernelError below 0."""
    value = as_interval(value)
    if value.lo < 0:
        raise KernelError("square root of an interval below 0")
    if value.is_point:
        n, d = isqrt(value.lo.numerator), isqrt(value.lo.denominator)
        if n * n == value.lo.numerator and d * d == value.lo.denominator:
            return as_interval(Fraction(n, d))
    high = _root_down(value.hi)
    ulp = high * Fraction(1, 1 << (BITS - 2)) + Fraction(1, 1 << (2 * BITS))
    upper = high + ulp
    if upper * upper < value.hi or _root_down(value.lo) ** 2 > value.lo:
        raise KernelError("the square root did not certify itself")
    return Interval(_root_down(value.lo), upper)


def _arctan_inverse(n: int) -> Interval:
    """arctan(1/n): an alternating series, so consecutive partial sums enclose it."""
    total, power, order = Fraction(0), Fraction(1, n), 1
    slack = Fraction(1, 1 << (BITS + 24))
    previous = total
    while power / order > slack:
        previous = total
        total += power / order if order % 4 == 1 else -power / order
        power /= n * n
        order += 2
    return Interval(min(previous, total), max(previous, total))


@lru_cache(maxsize=1)
def pi() -> Interval:
    """Machin: pi = 16 arctan(1/5) - 4 arctan(1/239)."""
    return 16 * _arctan_inverse(5) - 4 * _arctan_inverse(239)


SHOWN_BITS = 2000


def shown(value: Fraction | Interval) -> str:
    """The exact rational or the enclosure in words; a rational of hundreds of digits is shown as an enclosure."""
    ball = as_interval(value)
    low, high = ball.lo, ball.hi
    if ball.is_point and low.numerator.bit_length() + low.denominator.bit_length() > SHOWN_BITS:
        low, high = round_down(low), -round_down(-high)
    return str(Interval(low, high))
