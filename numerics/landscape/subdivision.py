"""All zeros of a smooth map in a box of a few dimensions, counted with certainty: subdivision with Krawczyk's test.

Zeros that floats find are confirmed in boxes as large as the test allows, regions of uniqueness; the rest of the search
box is covered by boxes without zero and boxes inside such a region. Two regions share a zero if the enclosure of one's
zero lies in the other region; if that cannot be told, the region counts as open.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from numerics.balls import Ball, arb
from numerics.landscape.krawczyk import Box, Floats, Region, System, balls_of, contracted, newton, step

_SMALLEST = 2.0**-40
_LONGEST = 4096
"""A side is not cut while it is so many times shorter, relative to the search box, than the longest."""


@dataclass(frozen=True)
class Cover:
    """The regions found, the boxes that stayed undecided, and how many boxes were looked at."""

    regions: tuple[Region, ...]
    open: tuple[tuple[tuple[float, float], ...], ...]
    boxes: int


def cover(
    system: System, box: Box, starts: Iterable[Sequence[float]], max_boxes: int, smallest: float = _SMALLEST
) -> Cover:
    """All zeros of ``system`` in ``box``; a region may reach beyond the box by a little.

    Boxes are halved down to ``smallest`` times the sides of ``box``.
    """
    widths = [high - low for low, high in box]
    regions: list[Region] = []
    queue, boxes = deque([box]), 0
    left: list[tuple[tuple[float, float], ...]] = []
    for start in starts:
        if not any(_inside_point(start, r.box) for r in regions):
            found = confirmed(system, start, widths)
            if found is not None and not _keep(regions, found):
                left.append(found.box)
    while queue:
        current = queue.popleft()
        if any(_inside(current, r.box) for r in regions):
            continue
        boxes += 1
        if boxes > max_boxes:
            left.append(tuple(current))
            continue
        balls = balls_of(current)
        if system.excluded(balls):
            continue
        verdict, K, J = step(system, balls)
        if verdict == "none":
            continue
        if verdict == "one":
            if not _keep(regions, Region(tuple(current), contracted(system, K))):
                left.append(tuple(current))
            continue
        if J is not None:
            sides = [h - low for low, h in current]
            found = confirmed(system, [float(v.mid()) for v in balls], sides, regions)
            if found is not None and not _keep(regions, found):
                left.append(found.box)
            if found is not None and _inside(current, found.box):
                continue
        if K:
            current, shrunk = _sides(K, current)
            if shrunk:
                queue.append(current)
                continue
        axis = _widest(current, widths, J)
        low, high = current[axis]
        cut = math.sqrt(low * high) if low > 0 and high > 4 * low else low + (high - low) * 0.5
        if high - low <= widths[axis] * smallest or not low < cut < high:
            left.append(tuple(current))
            continue
        for piece in ((low, cut), (cut, high)):
            queue.append([piece if i == axis else side for i, side in enumerate(current)])
    return Cover(tuple(regions), tuple(left), boxes)


def confirmed(
    system: System, start: Sequence[float], widths: Sequence[float], known: Sequence[Region] = ()
) -> Region | None:
    """The largest box about an approximate zero for which the test succeeds, or None.

    The zero of a small box inside it is its zero, and is enclosed better.
    """
    point = newton(system, start, widths)
    if point is None or any(_inside_point(point, r.box) for r in known):
        return None
    small: tuple[Ball, ...] | None = None
    for power in range(26, 36, 4):  # as small as floats follow
        verdict, K, _ = step(system, balls_of(_about(point, widths, power)))
        if verdict == "one":
            small = contracted(system, K)
            break
    if small is None:
        return None
    for power in range(2, 26, 2):
        box = _about(point, widths, power)
        if step(system, balls_of(box))[0] == "one":
            return Region(tuple(box), small)
    return Region(tuple(_about(point, widths, 26)), small)


def _about(point: Sequence[float], widths: Sequence[float], power: int) -> Box:
    return [(x - w * 2.0**-power, x + w * 2.0**-power) for x, w in zip(point, widths, strict=True)]


def _sides(place: Sequence[Ball], box: Box) -> tuple[Box, bool]:
    """Doubles around balls within a box, and whether this is a much smaller box."""
    out, share = [], 1.0
    for v, (low, high) in zip(place, box, strict=True):
        left, right = float(v.lower()), float(v.upper())
        left = max(low, left - abs(left) * 2.0**-51)
        right = min(high, right + abs(right) * 2.0**-51)
        share *= (right - left) / (high - low) if high > low else 1.0
        out.append((left, right))
    return out, share < 0.5


def _keep(regions: list[Region], new: Region) -> bool:
    """Add a region unless its zero is known (the larger of two regions with one zero stays).

    False if it cannot be told whether its zero is a known one.
    """
    for number, old in enumerate(regions):
        if _holds(old.box, new.place) or _holds(new.box, old.place):
            if _volume(new.box) > _volume(old.box):
                regions[number] = new
            return True
        if all(u.overlaps(v) for u, v in zip(new.place, old.place, strict=True)):
            return False
    regions.append(new)
    return True


def _holds(box: Sequence[tuple[float, float]], place: Sequence[Ball]) -> bool:
    return all(arb(low) <= v and v <= arb(high) for (low, high), v in zip(box, place, strict=True))


def _volume(box: Sequence[tuple[float, float]]) -> float:
    return math.prod(high - low for low, high in box)


def _inside(inner: Sequence[tuple[float, float]], outer: Sequence[tuple[float, float]]) -> bool:
    return all(a <= u and v <= b for (u, v), (a, b) in zip(inner, outer, strict=True))


def _inside_point(point: Sequence[float], box: Sequence[tuple[float, float]]) -> bool:
    return all(a <= v <= b for v, (a, b) in zip(point, box, strict=True))


def _widest(box: Box, widths: Sequence[float], J: Floats | None) -> int:
    """The side along which f varies most, among sides that are not much shorter than the widest."""
    shares = [(high - low) / w if w else 0.0 for (low, high), w in zip(box, widths, strict=True)]
    if J is None:
        return max(range(len(box)), key=lambda i: shares[i])
    smear = [max(row[i] for row in J) * (high - low) for i, (low, high) in enumerate(box)]
    return max(range(len(box)), key=lambda i: smear[i] if shares[i] * _LONGEST > max(shares) else -1.0)
