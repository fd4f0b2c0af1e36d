"""A piece of a range: a Taylor polynomial with a remainder, and the signs of its derivatives.

About a centre c the curve is f(c+u) = n_0 + .. + n_(N-1) u^(N-1) + rest. Where f is analytic and |f - k| <= M on the disc of
radius R, Cauchy's estimate |n_j| <= M/R^j (j >= 1) bounds the rest: with q = |u|/R < 1 and s = 0, 1, 2, 3,

    |rest^(s)(u)| <= M R^-s N(N-1)..(N-s+1) q^(N-s)/(1-q)^(s+1)

(as (N+i)..(N+i-s+1)/(N..(N-s+1)) <= binomial(i+s, s)). A part of f that is smooth only on the real piece, with its N-th
coefficient at most T on the whole piece, adds N..(N-s+1) T |u|^(N-s) by Taylor's theorem.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from numerics.balls import Ball, arb, ball, hull, natural_power, sign

MOST_HALVINGS = 6


@dataclass(frozen=True)
class Cell:
    """low <= theta <= high: the sign of the slope there if it is one sign, else that of the curvature, else None."""

    low: Fraction
    high: Fraction
    slope: int | None
    bend: int | None
    curvature: Ball
    third: Ball


@dataclass(frozen=True)
class Piece:
    """The curve on [low, high]; ``discs`` are pairs (R, M) of which any may be used, ``extra`` is T."""

    low: Fraction
    high: Fraction
    centre: Fraction
    coefficients: Sequence[Ball]
    discs: Sequence[tuple[Ball, Ball]]
    extra: Ball

    def rest(self, order: int, reach: Ball) -> Ball:
        """A bound of the order-th derivative of the rest for |u| <= reach."""
        N = len(self.coefficients)
        factor = 1
        for i in range(order):
            factor *= N - i
        best = None
        for R, M in self.discs:
            q = (reach / R).upper()
            if not q < 1:
                continue
            found = (M / natural_power(R, order) * factor * q ** (N - order) / natural_power(1 - q, order + 1)).upper()
            if best is None or found < best:
                best = found
        if best is None:
            return arb("inf")
        return (best + factor * self.extra * natural_power(reach, N - order)).upper()

    def derivative(self, order: int, u: Ball, rest: Ball) -> Ball:
        """The order-th derivative for all offsets of the ball u."""
        total = arb(0)
        for j in range(len(self.coefficients) - 1, order - 1, -1):
            factor = 1
            for i in range(order):
                factor *= j - i
            total = total * u + factor * self.coefficients[j]
        return total + arb(0, rest)

    def cells(self) -> Iterator[Cell]:
        """The piece cut into cells, each with a sure slope or curvature where possible."""
        reach = max(abs(ball(self.low - self.centre)), abs(ball(self.high - self.centre)), key=float).upper()
        rests = [self.rest(s, reach) for s in range(4)]
        yield from self._cells(self.low, self.high, rests, 0)

    def _cells(self, low: Fraction, high: Fraction, rests: Sequence[Ball], depth: int) -> Iterator[Cell]:
        middle = (low + high) / 2
        offset, width = ball(middle - self.centre), hull(low - middle, high - middle)
        wide = hull(low - self.centre, high - self.centre)
        third = self.derivative(3, wide, rests[3])
        curvature = self.derivative(2, offset, rests[2]) + third * width
        curvature = _meet(curvature, self.derivative(2, wide, rests[2]))
        slope = sign(self.derivative(1, offset, rests[1]) + curvature * width)
        bend = sign(curvature)
        if slope or bend or depth >= MOST_HALVINGS:
            yield Cell(low, high, slope or None, bend or None, curvature, third)
            return
        yield from self._cells(low, middle, rests, depth + 1)
        yield from self._cells(middle, high, rests, depth + 1)


def _meet(left: Ball, right: Ball) -> Ball:
    """A ball for what lies in both."""
    return left if left.rad() < right.rad() else right
