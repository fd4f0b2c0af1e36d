"""Strips certified on boxes, with the constants of the bounds (:mod:`numerics.line.strip` proves them)."""

from __future__ import annotations

from numerics.balls import arb
from numerics.line.bounds import Bounds
from numerics.line.strip import Strip
from numerics.zero_free import zero_free_strip


def verified_strip(bounds: Bounds) -> Strip:
    """A strip that is certified on boxes. Raises Unsupported if none could be."""
    shared = bounds.components.shared
    kinds = [0] * len(bounds.places) if shared else None
    widest = (12 * min(bounds.variances, key=lambda v: float(v.mid())).sqrt()).lower() if shared else None
    width, floor = zero_free_strip(
        bounds.weights, bounds.places, bounds.variances, kinds=kinds, widest=widest, by_boxes=shared
    )
    turn = arb(0)
    slopes = [(-m / v, 1 / v) for m, v in zip(bounds.places, bounds.variances, strict=True)]
    for k, (o, s) in enumerate(slopes):
        for p, q in slopes[:k]:
            steep = arb(0) if shared else s - q
            turn = turn.max((abs(o - p + steep * bounds.centre) + abs(steep) * bounds.scale).upper())
    size = (-floor.log() + arb.pi() / 2 + width * turn).upper()
    return Strip(width, floor, (1 + size * 1.5).upper(), (4.4 + 3 * size * size).upper(), 0 if shared else 1)
