"""All local extrema of a curve over a range of its parameter, by polynomial pieces with proved remainders.

The range is covered by pieces (:mod:`numerics.peaks.pieces`), and these by cells on which the slope or the curvature
has one sign. A run of neighbouring cells with one sign of the curvature holds a zero of the slope exactly if the
slopes at its two ends differ; the zero is then simple, and there is no other. Each is refined by Newton's method at
exact places: with |f'(x)| <= e, the zero lies within e/min |f''| of x, and the value there within e^2/min |f''| of
f(x).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from numerics.balls import Ball, arb, ball, bits_of, hull, midpoint, sign, upper, working
from numerics.peaks.curves import ROUGH, Curve
from numerics.peaks.pieces import Cell, Piece, interpolated, nodes, rests

NODES = 18
"""Values that a piece rests on."""
STEP = Fraction(7, 5)
"""The ratio of the ends of a first piece."""
HOPELESS = Fraction(1, 1000)
"""Wider pieces are halved unseen where their remainder looks too large."""
NARROWEST = Fraction(1, 10**6)
"""A piece is not halved below this part of its place."""
RADII = tuple(Fraction(n, 200) for n in (160, 140, 120, 90, 66, 50, 40, 32, 25, 20, 16, 13, 10, 8, 6, 4, 3, 2, 1))
"""Radii of discs, relative to their centre."""


@dataclass(frozen=True)
class Found:
    """A simple zero of the slope: its place (a ball), the value there, and the sign of the curvature."""

    place: Ball
    value: Ball
    bend: int


@dataclass
class Search:
    """The state of one search over [low, high], 0 < low < high."""

    curve: Curve
    low: Fraction
    high: Fraction
    digits: int
    most: int = 2000
    pieces: int = 0
    found: list[Found] = field(default_factory=list)
    unresolved: list[tuple[Fraction, Fraction]] = field(default_factory=list)
    directions: list[tuple[Fraction, Fraction, int]] = field(default_factory=list)
    _start: int = 0
    _known: list[float] = field(default_factory=list)

    def run(self) -> None:
        """Cover the range; ``found``, ``unresolved`` and the slopes' signs in ``directions`` are filled in."""
        cells = self._cover()
        self._collect(cells)

    # -- covering ---
    def _cover(self) -> list[Cell]:
        edges = [self.low]
        while edges[-1] * STEP * STEP < self.high:
            edges.append(_short(edges[-1] * STEP))
        edges.append(self.high)
        stack, cells = list(pairwise(edges))[::-1], []
        while stack:
            low, high = stack.pop()
            self.pieces += 1
            piece = self._piece(low, high) if self.pieces <= self.most else None
            with working(ROUGH):
                fresh = [] if piece is None else list(piece.cells())
            if fresh and all(c.slope or c.bend for c in fresh):
                cells += fresh
            elif high - low > NARROWEST * high and self.pieces <= self.most:
                middle = _short((low + high) / 2)
                stack += [(middle, high), (low, middle)]
            else:
                cells.append(Cell(low, high, None, None, arb("nan")))
        return cells

    def _piece(self, low: Fraction, high: Fraction) -> Piece | None:
        """The piece with its polynomial, None if no disc reaches beyond it."""
        centre, reach = (low + high) / 2, (high - low) / 2
        discs: list[tuple[Ball, Ball, list[Ball]]] = []
        for i in range(max(self._start - 1, 0), len(RADII)):
            radius = _short(centre * RADII[i])
            if radius * 4 < reach * 5:
                break
            bound = self.curve.bound(centre, radius, reach)
            if bound is not None and bound[0].is_finite():
                if not discs:
                    self._start = i
                with working(ROUGH):
                    scaled = [v * ball(reach**s) for s, v in enumerate(bound[1])]
                    discs.append((ball(radius / reach), bound[0], scaled))
                if len(discs) == 3:
                    break
        if not discs:
            self._start = max(self._start - 1, 0)
            return None
        with working(ROUGH):
            lost = rests(NODES, discs)
        if high - low > HOPELESS * high and not self._promising(lost, reach):
            return None
        self.curve.prepare(low, high)
        narrow = max(len(str(int(centre / reach))) - 3, 0)  # curvature loses two digits for every one of these
        values = [self.curve.taylor(centre + reach * t, 0, 20 + 2 * narrow)[0] for t in nodes(NODES)]
        with working(160 + 7 * narrow):
            piece = Piece(low, high, interpolated(values), lost)
            self._known = [float(abs(c).upper()) / float(reach) ** s for s, c in enumerate(piece.coefficients[:3])]
            return piece

    def _promising(self, lost: Sequence[Ball], reach: Fraction) -> bool:
        """Whether a sign could be seen if the curve is like the piece before; saves time, decides nothing."""
        if not self._known:
            return True
        return any(float(lost[s]) < 2 * self._known[s] * float(reach) ** s for s in (1, 2))

    # -- zeros of the slope ---
    def _collect(self, cells: Sequence[Cell]) -> None:
        i = 0
        while i < len(cells):
            j = i + 1
            first = cells[i]
            if first.slope:
                while j < len(cells) and cells[j].slope == first.slope:
                    j += 1
                self._monotone(first.low, cells[j - 1].high, first.slope)
            elif first.bend:
                while j < len(cells) and not cells[j].slope and cells[j].bend == first.bend:
                    j += 1
                self._run(cells[i:j], cells[i - 1] if i else None, cells[j] if j < len(cells) else None)
            else:
                self._unknown(first.low, first.high)
            i = j

    def _monotone(self, low: Fraction, high: Fraction, slope: int) -> None:
        if self.directions and self.directions[-1][1] == low and self.directions[-1][2] == slope:
            low = self.directions.pop()[0]
        self.directions.append((low, high, slope))

    def _unknown(self, low: Fraction, high: Fraction) -> None:
        if self.unresolved and self.unresolved[-1][1] == low:
            low = self.unresolved.pop()[0]
        self.unresolved.append((low, high))

    def _run(self, run: Sequence[Cell], before: Cell | None, after: Cell | None) -> None:
        """A run of cells with one sign of the curvature."""
        low, high, bend = run[0].low, run[-1].high, run[0].bend
        assert bend is not None
        left = before.slope if before is not None and before.slope else self._slope(low)
        right = after.slope if after is not None and after.slope else self._slope(high)
        if not left or not right:
            self._unknown(low, high)
        elif left == right:
            self._monotone(low, high, left)
        else:
            zero = self._refined(low, high, bend, run)
            if zero is None:
                self._unknown(low, high)
                return
            self.found.append(zero)
            middle = midpoint(zero.place)
            self._monotone(low, middle, left)
            self._monotone(middle, high, right)

    def _slope(self, place: Fraction) -> int | None:
        for digits in (15, 30, 60):
            found = sign(self.curve.taylor(place, 1, digits)[1])
            if found:
                return found
        return None

    def _refined(self, low: Fraction, high: Fraction, bend: int, run: Sequence[Cell]) -> Found | None:
        with working(ROUGH):
            steep = min((abs(c.curvature).lower() for c in run), key=float)
        bits = bits_of(self.digits) + 40
        goal = Fraction(1, 10 ** (self.digits + 1))
        place, ask, a, b = (low + high) / 2, 15, low, high
        for _ in range(80):
            place = _short(place, bits)
            value, slope, half_bend = self.curve.taylor(place, 2, ask)
            with working(bits + 60):
                error = upper(abs(slope) / steep)
                noise = upper(slope.rad() / steep)
                if error <= goal * place and _good(value, goal):
                    inside = ball(place) + arb(0, ball(error).upper())
                    inside = _clipped(inside, a, b)
                    return Found(inside, value + arb(0, (abs(slope) * ball(error)).upper()), bend)
                direction = sign(slope)
                if direction:
                    a, b = (place, b) if direction != bend else (a, place)
                if not direction or noise * 4 > goal * place:
                    if ask > 4 * self.digits + 120:
                        return None
                    if not direction or noise * 8 > error:
                        ask = ask + max(8, ask // 3)
                step = slope / (2 * half_bend)
                ahead = place - midpoint(step) if step.is_finite() else a - 1
            place = ahead if a < ahead < b else (a + b) / 2
            if noise * 100 < error:
                ask = max(ask, min(2 * ask, self.digits + 6))
        return None


def _good(value: Ball, goal: Fraction) -> bool:
    """Whether the value has the digits asked for, or is as small as they are."""
    size = abs(midpoint(value))
    return upper(value.rad()) <= goal * max(size, Fraction(0)) if size else value.is_exact()


def _clipped(place: Ball, low: Fraction, high: Fraction) -> Ball:
    inner = hull(low, high)
    return inner if place.contains(inner) else place


def _short(value: Fraction, bits: int = 24) -> Fraction:
    """About ``value``, with few bits: a dyadic number of this relative accuracy."""
    scale, size = Fraction(1), value
    exponent = bits - (size.numerator.bit_length() - size.denominator.bit_length())
    scale = Fraction(2) ** exponent
    return Fraction(round(size * scale)) / scale


__all__ = ["Found", "Search"]
