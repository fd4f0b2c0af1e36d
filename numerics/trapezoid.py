"""The trapezoidal rule on the line in balls, with its error: f = sum_k u_k f_k against a Gaussian mixture.

If f is analytic for |Im z| < a, tends to zero there as |Re z| grows, and M bounds the integral of |f(x + iy)| over x
for every |y| < a, then h sum_j f(jh) differs from the integral by at most 2 M/(exp(2 pi a/h) - 1) (Trefethen and
Weideman 2014, theorem 5.1). With bounds |f_k| <= sum_i b_ki |x|^i on the strip (:mod:`numerics.strips`),
u_k = w_k N(x; M_k, v_k),

    M = sum_k w_k exp(a^2/2v_k) sum_i b_ki E_k |x|^i,      |x| <= |M_k| + |x - M_k|,

and absolute Gaussian moments are in closed form. The points left out have |x - M_k| > d_k for every k. As
(|M_k| + r)^i exp(-r^2/2v_k) falls for r^2 >= i v_k, the sum over those beyond d_k >= (i v_k)^(1/2) is at most h times
twice its value at d_k plus the integral beyond.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

from numerics.balls import Ball, arb, natural_power
from numerics.rings import Unsupported
from numerics.strips import bound_of
from numerics.tails import tail_beyond

Bounds = Sequence[Sequence[Any]]
"""For every entry of the integrand, for every component, the bound of f_k on the strip (``None`` for zero)."""


@dataclass(frozen=True)
class Peaks:
    """The components: weights w_k, places M_k and variances v_k as balls."""

    weights: Sequence[Ball]
    means: Sequence[Ball]
    variances: Sequence[Ball]


@dataclass(frozen=True)
class Rule:
    """Points j ``step`` for j in ``ranges`` (ends included); ``errors`` bound what is missing, one for each entry."""

    width: Ball
    step: Ball
    ranges: tuple[tuple[int, int], ...]
    distances: tuple[Ball, ...]
    errors: tuple[Ball, ...]

    @property
    def points(self) -> int:
        """How many."""
        return sum(high - low + 1 for low, high in self.ranges)


def make_rule(peaks: Peaks, width: Ball, bounds: Bounds, bits: int) -> Rule:
    """The rule on the strip of this width whose errors are below 2^-bits. Raises Unsupported if there is none."""
    goal = arb(2) ** (-bits - 1)
    rows = [[[] if b is None else bound_of(b) for b in entry] for entry in bounds]
    masses = [_mass(peaks, width, entry) for entry in rows]
    if not all(m.is_finite() for m in masses):
        raise Unsupported("no finite bound on the strip")
    largest = max((float((m.upper() + 1e-300).log()) for m in masses), default=0.0)
    nats = max(bits * math.log(2) + 2 * math.log(2) + 0.1 + largest, 1.0)
    step = arb(float((2 * arb.pi() * width).lower()) / nats)
    distances = _distances(peaks, rows, step, goal, bits)
    ranges = _ranges(peaks, distances, step)
    return Rule(width, step, ranges, distances, errors_of(peaks, width, step, distances, bounds))


def errors_of(peaks: Peaks, width: Ball, step: Ball, distances: Sequence[Ball], bounds: Bounds) -> tuple[Ball, ...]:
    """Upper bounds of what a rule misses of each entry: discretisation and the points left out."""
    rows = [[[] if b is None else bound_of(b) for b in entry] for entry in bounds]
    gain = (2 * arb.pi() * width / step).exp() - 1
    return tuple((2 * _mass(peaks, width, e) / gain + _outside(peaks, e, step, distances)).upper() for e in rows)


def summed(rule: Rule, values: Callable[[Ball], Sequence[Any]]) -> list[Any]:
    """step times the sum of each of the values over the points of the rule."""
    totals: list[Any] | None = None
    for low, high in rule.ranges:
        for j in range(low, high + 1):
            row = values(rule.step * j)
            totals = list(row) if totals is None else [u + v for u, v in zip(totals, row, strict=True)]
    return [] if totals is None else [rule.step * v for v in totals]


def _moments(variance: Ball, count: int) -> list[Ball]:
    """E|Y|^i of a centred Gaussian, i < count."""
    found = [arb(1), (2 * variance / arb.pi()).sqrt()]
    while len(found) < count:
        found.append((len(found) - 1) * variance * found[-2])
    return found[:count]


def _mass(peaks: Peaks, width: Ball, entry: Sequence[Sequence[Ball]]) -> Ball:
    """M of one entry."""
    result = arb(0)
    for row, w, m, v in zip(entry, peaks.weights, peaks.means, peaks.variances, strict=True):
        if row:
            about, centre = _moments(v, len(row)), abs(m)
            share = sum((_moment(i, centre, about) * b for i, b in enumerate(row)), arb(0))
            result = result + w * (width * width / (2 * v)).exp() * share
    return result.upper()


def _moment(i: int, centre: Ball, about: Sequence[Ball]) -> Ball:
    return sum((comb(i, n) * natural_power(centre, i - n) * about[n] for n in range(i + 1)), arb(0))


def _outside(peaks: Peaks, entry: Sequence[Sequence[Ball]], step: Ball, distances: Sequence[Ball]) -> Ball:
    """A bound of step times the sum of |f| over the points with |x - M_k| > d_k for every k."""
    result = arb(0)
    for row, w, m, v, d in zip(entry, peaks.weights, peaks.means, peaks.variances, distances, strict=True):
        if not row:
            continue
        if not d * d >= (len(row) - 1) * v:
            raise Unsupported("the cut is too near for the degree of the bound")
        edge = (-d * d / (2 * v)).exp() / (2 * arb.pi() * v).sqrt()
        polynomial = sum((b * natural_power(abs(m) + d, i) for i, b in enumerate(row)), arb(0))
        result = result + w * (2 * step * edge * polynomial + tail_beyond(row, m, v, d))
    return result.upper()


def _distances(
    peaks: Peaks, rows: Sequence[Sequence[Sequence[Ball]]], step: Ball, goal: Ball, bits: int
) -> tuple[Ball, ...]:
    degree = max((len(row) for entry in rows for row in entry), default=1)
    reach = max(math.sqrt(2 * math.log(2) * bits), math.sqrt(degree) + 0.1)
    for _ in range(40):
        distances = tuple((arb(reach) * v.sqrt()).upper() for v in peaks.variances)
        missing = [_outside(peaks, entry, step, distances) for entry in rows]
        if all(m < goal for m in missing):
            return distances
        excess = max((float((m / goal).log().upper()) for m in missing if m.is_finite()), default=0.0)
        reach = math.sqrt(reach * reach + 2 * max(excess, 0.2) + 0.2)
    raise Unsupported("the tails do not become small")


def _ranges(peaks: Peaks, distances: Sequence[Ball], step: Ball) -> tuple[tuple[int, int], ...]:
    """The least ranges of indices that hold all points with |x - M_k| <= d_k for some k."""
    ranges = []
    for m, d in zip(peaks.means, distances, strict=True):
        low, high = ((m - d) / step).lower().floor().unique_fmpz(), ((m + d) / step).upper().ceil().unique_fmpz()
        if low is None or high is None:
            raise Unsupported("more points than the precision can number")
        ranges.append((int(low), int(high)))
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


__all__ = ["Peaks", "Rule", "errors_of", "make_rule", "summed"]
