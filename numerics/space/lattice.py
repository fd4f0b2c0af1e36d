"""Points of a lattice h Z^d near given centres, and what Gaussians leave on all other points.

Steps, centres and radii are integers in units of 2^-30, so which point lies in which ball is decided exactly. A point
that is left out lies outside *every* ball, so a Gaussian about a centre is bounded there by its tail.

The tail. Let q(t) = (A + t/2)^m with A >= 0 and 0 < eta < 1. Where (A + R^2/2)(1 - eta) >= m, q(t) e^(-(1 - eta) t/2)
falls for t >= R^2, hence for |y| >= R: q(|y|^2) e^(-|y|^2/2) <= q(R^2) e^(-(1 - eta) R^2/2) e^(-eta |y|^2/2), and

    h_1..h_d sum over lattice points with |y| >= R of q(|y|^2) N(y; 0, I)
        <= (2 pi)^(-d/2) q(R^2) e^(-(1 - eta) R^2/2) prod_i (sqrt(2 pi/eta) + h_i),

because h sum_n g(y + n h) <= integral g + h max g for a unimodal g. With h = 0 it bounds the integral.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from numerics.balls import Ball, arb, ball, natural_power

UNIT_BITS = 30
UNIT = 1 << UNIT_BITS


def on_grid(value: float) -> int:
    """A float in units of 2^-30, rounded."""
    return round(value * UNIT)


@dataclass(frozen=True)
class Disc:
    """A ball of ``radius`` about ``centre``, in units of 2^-30."""

    centre: tuple[int, ...]
    radius: int

    def certified(self, true_centre: Sequence[Ball]) -> Ball:
        """A lower bound of the distance from ``true_centre`` to every point outside, as an exact ball >= 0."""
        offset = arb(0)
        for u, v in zip(self.centre, true_centre, strict=True):
            offset = offset + abs(ball(Fraction(u, UNIT)) - v)
        distance = (ball(Fraction(self.radius, UNIT)) - offset).lower()
        return distance if distance > 0 else arb(0)


def rows_of(steps: Sequence[int], discs: Sequence[Disc]) -> Iterator[tuple[tuple[int, ...], list[tuple[int, int]]]]:
    """(indices of all axes but the last, intervals [first, last] of the last index) of lattice points in the discs.

    Intervals of a row are disjoint and in order; rows come in lexicographic order.
    """
    yield from _rows(steps, [(d.centre, d.radius * d.radius) for d in discs], ())


def _rows(
    steps: Sequence[int], balls: list[tuple[tuple[int, ...], int]], prefix: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], list[tuple[int, int]]]]:
    axis, step = len(prefix), steps[len(prefix)]
    spans: list[tuple[int, int]] = []
    for centre, square in balls:
        half, place = math.isqrt(square), centre[axis]
        first, last = -((half - place) // step), (place + half) // step
        if first <= last:
            spans.append((first, last))
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    if axis == len(steps) - 1:
        if merged:
            yield prefix, merged
        return
    for first, last in merged:
        for index in range(first, last + 1):
            there = [(c, left) for c, s in balls if (left := s - (index * step - c[axis]) ** 2) >= 0]
            if there:
                yield from _rows(steps, there, (*prefix, index))


def tail_outside(distance: Ball, offset: Ball, power: int, steps: Sequence[Ball]) -> Ball:
    """An upper bound of the lattice sum of (offset + |y|^2/2)^power N(y; 0, I) over |y| >= distance (exact, >= 0)."""
    size = len(steps)
    square = distance * distance
    chosen = min(0.9, max(size + 2 * power, 1) / max(float(square), 1e-9))
    eta = ball(Fraction(chosen))
    inside = offset + square / 2
    if power and not inside * (1 - eta) >= power:  # the polynomial has not begun to lose: move the offset up
        offset = offset + ball(power) / (1 - eta)
        inside = offset + square / 2
    result = natural_power(inside, power) * (-(1 - eta) * square / 2).exp()
    for h in steps:
        result = result * (1 / eta.sqrt() + h / (2 * arb.pi()).sqrt())
    return result.upper()


def radius_for(log_goal: float, dimension: int, power: int, log_mass: float) -> float:
    """A radius where :func:`tail_outside` times exp(log_mass) is about exp(log_goal) (floats)."""
    need = log_mass - log_goal
    if need <= 0:
        return 0.0
    square = 2 * need + 4
    for _ in range(4):
        square = 2 * need + (dimension + 2 * power) * math.log(max(square / 2, 2.0)) + dimension
    return math.sqrt(square)
