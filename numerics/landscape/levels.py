"""Noise levels beyond which no fixed point of a law on the line bifurcates (proved in ``critical``'s docstring)."""

from __future__ import annotations

import itertools

from numerics.balls import Ball, arb, working
from numerics.landscape.reduction import Collinear
from numerics.landscape.scalars import ball_of

_BITS = 128


def highest_noise(line: Collinear) -> Ball:
    """A ball nu: nothing happens above its upper end (0 or less: nothing happens at any level)."""
    with working(_BITS):
        means = [ball_of(m) for _, m, _ in line.parts]
        spread = _spread(means)
        variances = [ball_of(S) for _, _, S in line.parts]
        unit = ball_of(line.unit)
        if all(part[2] == line.parts[0][2] for part in line.parts):
            return arb((spread * spread * unit / 4 - variances[0]).upper())
        least, most = variances[0], variances[0]
        for v in variances[1:]:
            least, most = least.min(v), most.max(v)
        # the larger root u = least + nu of 4 u^2 = D^2 (u + most - least); beyond it the left side stays the larger
        square = spread * spread * unit
        root = (square * square + 16 * square * (most - least)).sqrt()
        return arb(((square + root) / 8 - least).upper())


def lowest_noise(line: Collinear) -> Ball:
    """A ball nu: nothing happens below its upper end (0 for laws with several variances)."""
    with working(_BITS):
        if not all(part[2] == line.parts[0][2] for part in line.parts):
            return arb(0)
        means = [ball_of(m) for m in dict.fromkeys(m for _, m, _ in line.parts)]
        if len(means) < 2:
            return arb(0)
        spread, gap = _spread(means), _gap(means)
        least = ball_of(line.parts[0][0])
        for w, _, _ in line.parts[1:]:
            least = least.min(ball_of(w))
        v = gap * gap / 4
        for _ in range(4000):
            v = (v * arb("0.9")).mid()
            close = 4 * v * spread < gap * gap * gap and v < gap * gap / 4
            if close and (2 * spread / gap - gap * gap / (2 * v)).exp() / least < v / (spread * spread):
                return (v * ball_of(line.unit) - ball_of(line.parts[0][2])).max(arb(0))
    return arb(0)


def _spread(means: list[Ball]) -> Ball:
    low = high = means[0]
    for m in means[1:]:
        low, high = low.min(m), high.max(m)
    return high - low


def _gap(means: list[Ball]) -> Ball:
    """The least distance of means next to each other (a ball that may hold 0 where they cannot be told apart)."""
    ordered = sorted(means, key=lambda m: float(m.mid()))
    gaps = [v - u for u, v in itertools.pairwise(ordered)]
    least = gaps[0]
    for g in gaps[1:]:
        least = least.min(g)
    return least
