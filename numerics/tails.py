"""Polynomial enclosures on the whole line, the tails of integrals against Gaussians, and signs far out.

An element of :class:`LineRing` is sum_i c_i x^i with real balls c_i, and stands for every function of the form
sum_i c_i(x) x^i with c_i(x) in c_i for *all* real x. Posterior weights lie in [0, 1] and sum to 1, so a posterior
average lies in the hull of what is averaged; log p lies between the largest log-component and that plus log K. So every
term that the interpreter reads over this ring has a polynomial bound on the line, found by the same code that
evaluates it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb
from typing import Any

from numerics.balls import ArbRing, Ball, arb, ball, hull, natural_power
from numerics.polynomials import Poly
from numerics.rings import Difference, Normalised, Unsupported


class Line:
    """A polynomial in x with ball coefficients, lowest first, that encloses a function on the line."""

    __slots__ = ("c",)

    def __init__(self, coefficients: list[Ball]) -> None:
        self.c = coefficients

    @property
    def constant(self) -> Ball | None:
        """The enclosing ball, if no power of x occurs."""
        return self.c[0] if len(self.c) == 1 else None

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Poly):
            return NotImplemented  # a line is a coefficient of such a polynomial
        right = other.c if isinstance(other, Line) else [other]
        low, high = sorted((self.c, right), key=len)
        return Line([u + v for u, v in zip(low, high)] + list(high[len(low) :]))

    __radd__ = __add__

    def __neg__(self) -> Line:
        return Line([-v for v in self.c])

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Poly):
            return NotImplemented
        if not isinstance(other, Line):
            return Line([v * other for v in self.c])
        out = [arb(0)] * (len(self.c) + len(other.c) - 1)
        for i, u in enumerate(self.c):
            for j, v in enumerate(other.c):
                out[i + j] = out[i + j] + u * v
        return Line(out)

    __rmul__ = __mul__

    def __truediv__(self, divisor: int) -> Line:
        return Line([v / divisor for v in self.c])


def _line(value: Any) -> list[Ball]:
    return value.c if isinstance(value, Line) else [value]


def _hull(values: Sequence[Any]) -> Line:
    rows = [_line(v) for v in values]
    size = max(len(r) for r in rows)
    zero = arb(0)
    columns = ([r[i] if i < len(r) else zero for r in rows] for i in range(size))
    out = []
    for column in columns:
        result = column[0]
        for value in column[1:]:
            result = result.union(value)
        out.append(result)
    return Line(out)


class LineRing(ArbRing):
    """Polynomial enclosures; a function that leaves them raises :class:`Unsupported`."""

    def _constant(self, value: Any, what: str) -> Ball:
        if not isinstance(value, Line):
            return value
        if value.constant is None:
            raise Unsupported(f"no bound on the line for the {what} of a function that grows")
        return value.constant

    def exp(self, value: Any) -> Any:
        """exp of a bounded function, or of one below a downward parabola."""
        if isinstance(value, Line) and len(value.c) == 3 and value.c[2] < 0:
            top = value.c[0] - value.c[1] * value.c[1] / (4 * value.c[2])
            return hull(arb(0), top.exp())
        return super().exp(self._constant(value, "exponential"))

    def log(self, value: Any) -> Any:
        """Logarithm of a bounded function."""
        return super().log(self._constant(value, "logarithm"))

    def inv(self, value: Any) -> Any:
        """Reciprocal of a bounded function."""
        return super().inv(self._constant(value, "reciprocal"))

    def sqrt(self, value: Any) -> Any:
        """Square root of a bounded function."""
        return super().sqrt(self._constant(value, "square root"))

    def tanh(self, value: Any) -> Any:
        """A number between -1 and 1."""
        return super().tanh(value) if not isinstance(value, Line) else hull(arb(-1), arb(1))

    def softmax(self, logs: Sequence[Any], difference: Difference) -> Normalised:
        """The largest of the logarithms plus [0, log K]; weights in [0, 1]."""
        unit = hull(arb(0), arb(1))
        excess = hull(arb(0), arb(len(logs)).log())
        rest = _hull([arb(0), *(difference(k, 0) for k in range(1, len(logs)))]) + excess
        return _hull(logs) + excess, 0, rest, [unit] * len(logs)

    def mix(self, weights: Sequence[Any], values: Sequence[Any]) -> Any:
        """The hull: the weights are not negative and sum to 1."""
        return _hull([arb(0) if v is None else v for v in values])


def gaussian_tail(coefficients: Sequence[Ball], mean: Ball, variance: Ball, cut: Ball) -> Ball:
    """An upper bound of the integral of sum_i |c_i| |x|^i N(x; mean, variance) over |x| > cut.

    There |x - mean| > cut - |mean|. Raises Unsupported if the cut lies below |mean|.
    """
    distance = cut - abs(mean)
    if not distance > 0:
        raise Unsupported("the cut does not clear the mean")
    return tail_beyond(coefficients, mean, variance, distance)


def tail_beyond(coefficients: Sequence[Ball], mean: Ball, variance: Ball, distance: Ball) -> Ball:
    """An upper bound of the integral of sum_i |c_i| |x|^i N(x; mean, variance) over |x - mean| > distance > 0.

    With y = x - mean, |x| <= |mean| + |y|; the half moments T_i of |y| obey
    T_i = c^(i-1) sqrt(v/2pi) exp(-c^2/2v) + (i-1) v T_(i-2).
    """
    centre = abs(mean)
    edge = (variance / (2 * arb.pi())).sqrt() * (-distance * distance / (2 * variance)).exp()
    moments = [(distance / (2 * variance).sqrt()).erfc() / 2, edge]
    for i in range(2, len(coefficients)):
        moments.append(natural_power(distance, i - 1) * edge + (i - 1) * variance * moments[i - 2])
    result = arb(0)
    for n, coefficient in enumerate(coefficients):
        power = arb(0)
        for i in range(n + 1):
            power = power + comb(n, i) * natural_power(centre, n - i) * 2 * moments[i]
        result = result + abs(coefficient) * power
    return result.upper()


def widened(value: Ball, error: Ball) -> Ball:
    """``value`` with ``error`` (an upper bound) added to its radius."""
    return value + arb(0, error.upper())


def sign_beyond(value: Any, cut: Fraction, side: int) -> int | None:
    """The sign of an enclosed function for all x with side * x >= cut > 0, or None if its polynomial does not tell.

    The leading coefficient with a sure sign must outweigh the rest at the cut: below the leading power, |c_i| x^i / x^n
    falls with |x|; above it there must be nothing.
    """
    coefficients = list(_line(value))
    while len(coefficients) > 1 and coefficients[-1].is_zero():
        coefficients.pop()
    if not all(c.is_finite() for c in coefficients):
        return None
    top, degree = coefficients[-1], len(coefficients) - 1
    place = ball(cut)
    rest = sum((abs(c) * natural_power(place, i) for i, c in enumerate(coefficients[:-1])), arb(0))
    lead = top * natural_power(place, degree) * (side**degree)
    if lead > rest:
        return 1
    return -1 if -lead > rest else None


__all__ = ["Line", "LineRing", "gaussian_tail", "sign_beyond", "tail_beyond", "widened"]
