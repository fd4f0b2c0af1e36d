"""Clusters of undecided boxes, looked at through a magnifying glass.

Near an almost degenerate zero (the fold of an imperfect pitchfork, say) the boxes that a cover leaves open shrink
towards it, faster in one direction than in another, and below what doubles resolve. Each cluster of open boxes is
covered again in coordinates u, x = centre + scale u with an exact centre and a power of two for each axis: again a
system of smooth equations, whose boxes are doubles of the size of 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from numerics.balls import Ball, arb, precision, working
from numerics.landscape.krawczyk import Box, Region, System
from numerics.landscape.subdivision import Cover, cover

_COARSE = 2.0**-14
MAX_DEPTH = 9
_NOWHERE = (math.inf, -math.inf)


class Zoomed:
    """``inner`` in the coordinates u."""

    def __init__(self, inner: System, centre: Sequence[Ball], scale: Sequence[float]) -> None:
        self.inner, self.centre, self.scale = inner, list(centre), [arb(v) for v in scale]

    def out(self, u: Sequence[Ball]) -> list[Ball]:
        """x of u."""
        return [c + k * v for c, k, v in zip(self.centre, self.scale, u, strict=True)]

    def value(self, point: Sequence[Ball]) -> Sequence[Ball]:
        """f at thin balls."""
        return self.inner.value(self.out(point))

    def near(self, point: Sequence[Ball]) -> tuple[Sequence[Ball], Sequence[Sequence[Ball]]]:
        """(f, jac f) at thin balls."""
        value, jacobian = self.inner.near(self.out(point))
        return value, self._scaled(jacobian)

    def over(self, box: Sequence[Ball]) -> tuple[Sequence[Ball], Sequence[Sequence[Ball]] | None]:
        """(f, jac f) over a box."""
        value, jacobian = self.inner.over(self.out(box))
        return value, None if jacobian is None else self._scaled(jacobian)

    def excluded(self, box: Sequence[Ball]) -> bool:
        """A further proof that there is no zero."""
        return self.inner.excluded(self.out(box))

    def _scaled(self, jacobian: Sequence[Sequence[Ball]]) -> list[list[Ball]]:
        return [[v * k for v, k in zip(row, self.scale, strict=True)] for row in jacobian]


@dataclass
class _Budget:
    boxes: int


def zoomed_cover(system: System, box: Box, starts: Iterable[Sequence[float]], max_boxes: int) -> Cover:
    """All zeros of ``system`` in ``box``, as :func:`cover`, also where they are almost degenerate."""
    return _cover(system, box, starts, _Budget(max_boxes), 0)


def _cover(system: System, box: Box, starts: Iterable[Sequence[float]], budget: _Budget, depth: int) -> Cover:
    share = budget.boxes if depth == 0 else min(budget.boxes, 12_000)
    first = cover(system, box, starts, share, _COARSE)
    budget.boxes -= first.boxes
    if not first.open or depth >= MAX_DEPTH:
        return first
    regions, left, boxes = list(first.regions), [], first.boxes
    for cluster in clusters(first.open):
        small = all(v - u < (b - a) / 8 for (u, v), (a, b) in zip(cluster, box, strict=True))
        narrow = any(v - u < (b - a) / 64 for (u, v), (a, b) in zip(cluster, box, strict=True))
        if not (small or narrow) or budget.boxes <= 0:
            left.append(tuple(cluster))
            continue
        glass, inside = _glass(system, cluster)
        with working(precision() + 40):
            found = _cover(glass, inside, [], budget, depth + 1)
            boxes += found.boxes
            for region in found.regions:
                place = tuple(glass.out(region.place))
                if not _known(first.regions, place):
                    regions.append(Region(tuple(_NOWHERE for _ in place), place))
            left += [_outward(glass, piece) for piece in found.open]
    if not _apart(regions):
        left.append(tuple(box))
    return Cover(tuple(regions), tuple(left), boxes)


def clusters(pieces: Iterable[Sequence[tuple[float, float]]]) -> list[Box]:
    """Disjoint boxes that hold the pieces."""
    out: list[Box] = []
    for piece in pieces:
        current = list(piece)
        while True:
            touching = [b for b in out if all(u <= d and c <= v for (u, v), (c, d) in zip(b, current, strict=True))]
            if not touching:
                break
            out = [b for b in out if b not in touching]
            for b in touching:
                current = [(min(u, c), max(v, d)) for (u, v), (c, d) in zip(b, current, strict=True)]
        out.append(current)
    return out


def _glass(system: System, box: Box) -> tuple[Zoomed, Box]:
    centre = [arb((low + high) / 2) for low, high in box]
    scale = [2.0 ** math.ceil(math.log2(max(high - low, 1e-300))) for low, high in box]
    inside = []
    for c, k, (low, high) in zip(centre, scale, box, strict=True):
        u, v = (arb(low) - c) / arb(k), (arb(high) - c) / arb(k)
        inside.append((float(u.lower()) - 2.0**-8, float(v.upper()) + 2.0**-8))
    return Zoomed(system, centre, scale), inside


def _outward(glass: Zoomed, piece: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    balls = glass.out([arb(low).union(arb(high)) for low, high in piece])
    return tuple((float(v.lower()), float(v.upper())) for v in balls)


def _known(regions: Iterable[Region], place: Sequence[Ball]) -> bool:
    """Whether a zero lies in a region of uniqueness, so is its zero."""
    return any(all(arb(u) <= v and v <= arb(w) for (u, w), v in zip(r.box, place, strict=True)) for r in regions)


def _apart(regions: Sequence[Region]) -> bool:
    """Whether all zeros are certainly different."""
    for number, first in enumerate(regions):
        for second in regions[:number]:
            if all(u.overlaps(v) for u, v in zip(first.place, second.place, strict=True)):
                return False
    return True
