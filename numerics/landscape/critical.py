"""Certified bifurcation points of the fixed points: where a zero of the drift meets another one.

Bifurcation points solve F = F_y = 0 in (y, parameter), F as in :mod:`numerics.landscape.family`. A regular solution has
F_lambda F_yy != 0 (the determinant of the system): a saddle-node, in which two zeros meet.

*Odd F* (a mirror symmetric law, centred). y = 0 is a zero throughout and the system is singular where it loses
stability. So y = 0 is treated apart: F_y(0, lambda) = 0 with F_yl(0) != 0 and F_yyy(0) != 0 is a pitchfork,
supercritical iff F_yyy < 0. A box [0, y1] x L holds no other solution if F_yyy has one sign on it: by
y F_y(y) - F(y) = int_0^y t F_tt dt and F_yy(0) = 0 this is not 0. Solutions with y > 0 come with their mirror images.

*All noise levels.* With one variance v = S + nu, D the spread of the means, delta their least distance, w the least
weight: F_y = (Var(m)/v - 1)/v, and Var <= D^2/4: nothing happens above v = D^2/4. Below, let y be a fixed point
with Var = v < delta^2/4, k the likeliest component, eps = 1 - r_k. Var >= delta^2 (1 - sum r^2)/2 >= eps delta^2/2, so
eps <= 2v/delta^2 (and eps < 1/2), |y - m_k| <= eps D, and eps >= Var/D^2 = v/D^2; but
eps <= sum_j r_j/r_k <= exp(-delta (delta - 2 eps D)/2v)/w if 2 eps D < delta. So nothing happens where
exp(2D/delta - delta^2/2v)/w < v/D^2 with 4 v D < delta^3 and v < delta^2/4, nor below such a v (the left side over v
increases). With several variances Var(s_k) <= (D/v_min)^2/4, so nothing happens where 4 v_min^2 > D^2 v_max,
nor at any noise above.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from numerics.balls import Ball, arb, bits_of, relative_digits, working
from numerics.landscape.family import Family
from numerics.landscape.krawczyk import Box, Region, sharpened
from numerics.landscape.line import outward
from numerics.landscape.zoom import zoomed_cover
from numerics.quantities.printing import printed

_ZERO = arb(0)
_SLICES, _DEEPEST = 5, 13


@dataclass(frozen=True)
class Critical:
    """A bifurcation point: ``parameter`` and ``place`` (balls; place in x), and how the zeros change there.

    ``kind``: saddle-node, pitchfork (``supercritical`` or not) or eigenvalue (of the Jacobian at a persistent centre).
    ``opens``: on which side of the parameter there are more zeros, "below" or "above" (for an eigenvalue: where it is
    positive, whatever becomes of the zeros beside the centre). ``exact``: the parameter in
    closed form, where that is proved. In a product of blocks the coordinates of the others are not finite: they are
    those of any fixed point.
    """

    kind: str
    parameter: Ball
    place: tuple[Ball, ...]
    opens: str
    supercritical: bool | None = None
    exact: str | None = None
    inner: Ball | None = None


@dataclass(frozen=True)
class Criticals:
    """All bifurcation points in a range of the parameter; ``complete`` is certified, else ``detail`` says why not."""

    parameter: str
    drift: str
    within: tuple[Ball, Ball]
    points: tuple[Critical, ...]
    complete: bool
    detail: str
    open: tuple[tuple[tuple[float, float], ...], ...]
    method: str
    boxes: int
    digits: int
    whole: bool = False
    uses: tuple[str, ...] = ()
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Inert data; numbers as decimal strings."""
        points = []
        for p in self.points:
            value, half = printed(p.parameter, self.digits)
            known = [printed(v, self.digits) if v.is_finite() else (None, None) for v in p.place]
            points.append({
                "kind": p.kind, "parameter": value, "radius": half, "x": [v for v, _ in known],
                "x_radius": [v for _, v in known], "opens": p.opens,
                "supercritical": p.supercritical, "exact": p.exact,
            })  # fmt: skip
        low, high = (printed(v, self.digits)[0] for v in self.within)
        return {
            "version": 1, "parameter": self.parameter, "drift": self.drift, "within": [low, high],
            "all_levels": self.whole, "complete": self.complete, "criticals": points,
            "unresolved": [[[repr(u), repr(v)] for u, v in box] for box in self.open], "detail": self.detail,
            "method": self.method, "uses": list(self.uses), "boxes": self.boxes, "guarantee": "rigorous",
            "seconds": round(self.seconds, 3),
        }  # fmt: skip


class _Meeting:
    """(F, F_y) as a system in (y, parameter)."""

    def __init__(self, family: Family) -> None:
        self.family = family

    def value(self, point: Sequence[Ball]) -> list[Ball]:
        jet = self.family.jet(*point)
        return [jet.F, jet.y]

    def near(self, point: Sequence[Ball]) -> tuple[list[Ball], list[list[Ball]]]:
        jet = self.family.jet(*point)
        return [jet.F, jet.y], [[jet.y, jet.l], [jet.yy, jet.yl]]

    def over(self, box: Sequence[Ball]) -> tuple[list[Ball], list[list[Ball]] | None]:
        """F_y and F in mean value form too: near a cusp F_yy is small, and so is the error then."""
        wide, middle = self.family.jet(*box), [v.mid() for v in box]
        if not wide.yy.is_finite():
            return [wide.F, wide.y], [[wide.y, wide.l], [wide.yy, wide.yl]]
        at = self.family.jet(*middle)
        dy, dp = (u - v for u, v in zip(box, middle, strict=True))
        first = _both(wide.y, at.y + wide.yy * dy + wide.yl * dp)
        value = _both(wide.F, at.F + first * dy + wide.l * dp)
        return [value, first], [[first, wide.l], [wide.yy, wide.yl]]

    def excluded(self, box: Sequence[Ball]) -> bool:
        """No zero at these parameters; or, for odd F at y = 0, nothing else as F_yyy has one sign."""
        hull = self.family.hull(box[1])
        if hull is not None and not hull.overlaps(box[0]):
            return True
        if not (self.family.odd and box[0].contains(0)):
            return False
        bend = self.family.cubic(*box)
        return bool(bend > 0 or bend < 0)


def _both(left: Ball, right: Ball) -> Ball:
    """The intersection of two enclosures of one range."""
    return left.intersection(right) if right.is_finite() and left.overlaps(right) else left


class _Centre:
    """F_y(0, parameter) = 0 in one unknown."""

    def __init__(self, family: Family) -> None:
        self.family = family

    def value(self, point: Sequence[Ball]) -> list[Ball]:
        return [self.family.jet(_ZERO, point[0]).y]

    def near(self, point: Sequence[Ball]) -> tuple[list[Ball], list[list[Ball]]]:
        jet = self.family.jet(_ZERO, point[0])
        return [jet.y], [[jet.yl]]

    def over(self, box: Sequence[Ball]) -> tuple[list[Ball], list[list[Ball]] | None]:
        return self.near(box)

    def excluded(self, box: Sequence[Ball]) -> bool:
        return False


@dataclass(frozen=True)
class Found:
    """A bifurcation point in the family's own coordinates (y, parameter)."""

    kind: str
    y: Ball
    parameter: Ball
    rising: bool
    supercritical: bool | None


@dataclass(frozen=True)
class Search:
    """What :func:`search` found; ``open`` holds boxes in (y, parameter)."""

    found: tuple[Found, ...]
    open: tuple[tuple[tuple[float, float], ...], ...]
    boxes: int
    detail: str = ""


def search(build: Callable[[], Family], low: Ball, high: Ball, digits: int, max_boxes: int) -> Search:
    """All bifurcation points of a family for parameters in [low, high], each to ``digits`` relative digits."""
    with working(128):
        family = build()
        first, last = outward(low, high)
        reach = _reach(family, first, last)
        if reach is None:
            return Search(
                (),
                (((-math.inf, math.inf), (first, last)),),
                0,
                "no interval is known to hold the zeros over the whole range",
            )
        left, right = reach
        margin = (right - left) * 2.0**-10 + 1e-30
        centre = zoomed_cover(_Centre(family), [(first, last)], [], max_boxes) if family.odd else None
        box: Box = [(0.0 if family.odd else left - margin, right + margin), (first, last)]
        met = zoomed_cover(_Meeting(family), box, [], max_boxes)
    out: list[Found] = []
    undecided = list(met.open) + [((0.0, 0.0), side[0]) for side in (centre.open if centre else ())]
    for region in met.regions:
        _take(out, undecided, *_saddle_node(build, region, digits), low, high)
    for region in centre.regions if centre else ():
        _take(out, undecided, *_pitchfork(build, region, digits), low, high)
    boxes = met.boxes + (centre.boxes if centre else 0)
    out.sort(key=lambda f: (float(f.parameter.mid()), float(f.y.mid())))
    detail = f"{len(undecided)} box(es) could not be settled" if undecided else ""
    return Search(tuple(out), tuple(undecided), boxes, detail)


def _take(
    out: list[Found], undecided: list[tuple[tuple[float, float], ...]], found: list[Found], region: Region, low: Ball,
    high: Ball,
) -> None:  # fmt: skip
    """Keep what certainly lies in the range; what may lie outside stays open, what does is left out."""
    box = tuple(outward(v, v) for v in region.place)
    box = box if len(box) > 1 else ((0.0, 0.0), *box)  # a level at which y = 0 is singular
    if not found:
        undecided.append(box)
        return
    place = found[0].parameter
    if place < low or place > high:
        return
    if place >= low and place <= high:
        out += found
    else:
        undecided.append(box)


def _reach(family: Family, low: float, high: float, depth: int = 0) -> tuple[float, float] | None:
    """An interval that holds all zeros y for all parameters in [low, high]; the range is cut where balls are wide."""
    if depth >= _SLICES:
        hull = family.hull(arb(low).union(arb(high)))
        if hull is not None:
            return outward(hull, hull)
    if depth > _DEEPEST:
        return None
    cut = math.sqrt(low * high) if low > 0 and high > 2 * low else (low + high) / 2
    left = _reach(family, low, cut, depth + 1)
    right = None if left is None else _reach(family, cut, high, depth + 1)
    if left is None or right is None:
        return None
    return min(left[0], right[0]), max(left[1], right[1])


def _at_precision(
    build: Callable[[], Family], digits: int, system: Callable[[Family], Any], region: Region
) -> tuple[Family, list[Ball], int]:
    bits = 128 + bits_of(digits)
    while True:
        with working(bits):
            family = build()
            place = sharpened(system(family), region)
            good = all(relative_digits(v) > digits or (v.contains(0) and v.rad() < arb(10) ** -digits) for v in place)
        if good or bits > 4000 + 8 * bits_of(digits):
            return family, place, bits
        bits *= 2


def _saddle_node(build: Callable[[], Family], region: Region, digits: int) -> tuple[list[Found], Region]:
    family, (y, parameter), bits = _at_precision(build, digits, _Meeting, region)
    with working(bits):
        jet = family.jet(y, parameter)
        turn = jet.yy * jet.l
        if not (turn > 0 or turn < 0):
            return [], region
        # near the point F = F_l dl + F_yy dy^2/2: two zeros where F_l dl and F_yy have opposite signs
        one = Found("saddle-node", y, parameter, bool(turn < 0), None)
        if not family.odd:
            return [one], region
        if not y > 0:
            return [], region
        return [replace(one, y=-y), one], region


def _pitchfork(build: Callable[[], Family], region: Region, digits: int) -> tuple[list[Found], Region]:
    family, (parameter,), bits = _at_precision(build, digits, _Centre, region)
    with working(bits):
        cross, bend = family.jet(_ZERO, parameter).yl, family.cubic(_ZERO, parameter)
        if not ((cross > 0 or cross < 0) and (bend > 0 or bend < 0)):
            return [], region
        # F/y = F_yl dl + F_yyy y^2/6: two more zeros where these have opposite signs
        return [Found("pitchfork", _ZERO, parameter, bool(cross * bend < 0), bool(bend < 0))], region
