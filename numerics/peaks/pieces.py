"""A piece of a range: an interpolating polynomial with a proved remainder, and the signs of its derivatives.

On [c-r, c+r] write theta = c + r t. Values f(c + r t_i) at N exact nodes, symmetric about 0 and near Chebyshev's,
give a polynomial p in t. Where f is analytic and |f - k| <= M for a constant k on the disc |t| <= R (R > 1), the
error e = f - p is, with w(t) = prod (t - t_i) (Hermite's formula; constants are interpolated exactly),

    |e(t)| = |w(t)/(2 pi i) integral over |s|=R of (f-k)(s)/(w(s)(s-t)) ds| <= M R/(R-b) W/prod (R^2-t_i^2)

for all t within d = b - 1 of [-1, 1], b < R (product over pairs +-t_i), W = sup|w| there. Cauchy's estimate bounds the
derivatives on [-1, 1]: |e^(s)| <= s! sup|e|/d^s. By the maximum principle and symmetry W is reached on the segment
from id to 1 + id or on the arc from there to 1 + d, on which every |t - t_i| grows: at 1 + d. On the segment w is
bounded part by part. Values of order zero are far cheaper than high Taylor coefficients, and do not cancel.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from numerics.balls import Ball, arb, ball, hull, natural_power, sign, working

MOST_HALVINGS = 7
_BEYOND = tuple(1 + Fraction(n, 64) for n in (1, 2, 3, 4, 6, 8, 12, 16, 32, 64))


@lru_cache(maxsize=8)
def nodes(count: int) -> tuple[Fraction, ...]:
    """An even number of dyadic nodes in (-1, 1), symmetric, near Chebyshev's."""
    half = [Fraction(round(math.cos((2 * i + 1) * math.pi / (2 * count)) * 1024), 1024) for i in range(count // 2)]
    return (*half, *(-t for t in reversed(half)))


@lru_cache(maxsize=8)
def _basis(count: int) -> list[list[Ball]]:
    """Row j: the coefficients of t^j of Lagrange's polynomials."""
    places, columns = nodes(count), []
    for i, at in enumerate(places):
        row, scale = [Fraction(1)], Fraction(1)
        for k, other in enumerate(places):
            if k != i:
                row = [u - other * v for u, v in zip([Fraction(0), *row], [*row, Fraction(0)], strict=True)]
                scale *= at - other
        columns.append([v / scale for v in row])
    with working(256):
        return [[ball(column[j]) for column in columns] for j in range(count)]


def interpolated(values: Sequence[Ball]) -> list[Ball]:
    """The coefficients in t of the polynomial through ``values`` at the nodes."""
    return [sum((b * v for b, v in zip(row, values, strict=True)), arb(0)) for row in _basis(len(values))]


@lru_cache(maxsize=8)
def _amplified(count: int) -> list[Ball]:
    """|p^(s)| on [-1, 1] is at most this times the largest of the values that p goes through, s = 0 .. 3."""
    sums = [sum((abs(b) for b in row), arb(0)) for row in _basis(count)]
    return [sum((math.perm(j, s) * v for j, v in enumerate(sums)), arb(0)).upper() for s in range(4)]


@lru_cache(maxsize=64)
def _largest(count: int, beyond: Fraction) -> Ball:
    """sup prod |t - t_i| over all t within ``beyond`` - 1 of [-1, 1]."""
    d, places = beyond - 1, nodes(count)
    with working(64):
        result = arb(1)
        for at in places:
            result = result * ball(beyond - at)
        parts = math.ceil(4 / d)
        for i in range(parts):
            square = arb(1)
            for at in places:
                reach = max(abs(Fraction(i, parts) - at), abs(Fraction(i + 1, parts) - at))
                square = square * ball(reach * reach + d * d)
            result = result.max(square.sqrt())
        return result.upper()


def rests(count: int, discs: Sequence[tuple[Ball, Ball, Sequence[Ball]]]) -> list[Ball]:
    """Bounds of the error and its first three derivatives in t on [-1, 1].

    Discs are triples (R, M, out) in t: besides a part bounded by M on the disc there is one whose s-th derivative is at
    most s! out_s on [-1, 1]; it adds itself and its interpolating polynomial.
    """
    squares = [ball(t * t) for t in nodes(count)[: count // 2]]
    best = [arb("inf")] * 4
    for R, M, out in discs:
        below = arb(1)
        for square in squares:
            below = below * (R * R - square)
        for beyond in _BEYOND:
            b = ball(beyond)
            if not b < R:
                break
            above = M * R / (R - b) * _largest(count, beyond) / below
            for s in range(4):
                found = above * math.factorial(s) / natural_power(b - 1, s)
                found = (found + math.factorial(s) * out[s] + _amplified(count)[s] * out[0]).upper()
                if found < best[s]:
                    best[s] = found
    return best


@dataclass(frozen=True)
class Cell:
    """low <= theta <= high: the sign of the slope there if it is one sign, else that of the curvature, else None.

    ``curvature`` is a ball of the second derivative in theta.
    """

    low: Fraction
    high: Fraction
    slope: int | None
    bend: int | None
    curvature: Ball


@dataclass(frozen=True)
class Piece:
    """The curve on [low, high]: coefficients in t of the polynomial, and what its derivatives may be off by."""

    low: Fraction
    high: Fraction
    coefficients: Sequence[Ball]
    rests: Sequence[Ball]

    def derivative(self, order: int, t: Ball) -> Ball:
        """The order-th derivative in t for all t of a ball within [-1, 1]."""
        total = arb(0)
        for j in range(len(self.coefficients) - 1, order - 1, -1):
            total = total * t + math.perm(j, order) * self.coefficients[j]
        return total + arb(0, self.rests[order])

    def cells(self) -> Iterator[Cell]:
        """The piece cut into cells, each with a sure slope or curvature where possible."""
        yield from self._cells(Fraction(-1), Fraction(1), 0)

    def _cells(self, low: Fraction, high: Fraction, depth: int) -> Iterator[Cell]:
        middle = (low + high) / 2
        offset, width, wide = ball(middle), hull(low - middle, high - middle), hull(low, high)
        curvature = self.derivative(2, offset) + self.derivative(3, wide) * width
        slope = sign(self.derivative(1, offset) + curvature * width)
        bend = sign(curvature)
        if slope or bend or depth >= MOST_HALVINGS:
            c, r = (self.low + self.high) / 2, (self.high - self.low) / 2
            yield Cell(c + r * low, c + r * high, slope or None, bend or None, curvature / ball(r * r))
            return
        yield from self._cells(low, middle, depth + 1)
        yield from self._cells(middle, high, depth + 1)
