"""All zeros of a field on the line, counted with certainty.

Floats propose cuts: next to every approximate zero, and around the humps between them. Balls decide each piece: no zero
(F has one sign on it), or one or none (F' has one sign, and F is of certain sign at both ends); a piece that is
undecided is halved. Cuts are taken only where the sign of F is certain, so a zero is never counted twice. A zero z in a
piece I with F' != 0 satisfies z = m - F(m)/F'(xi) for any m in I and some xi in I: one evaluation at a good m encloses
it to the working precision.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from numerics.balls import Ball, arb, bits_of, precision, relative_digits, sign, working
from numerics.landscape.line import LineField, outward

_SMALLEST = 2.0**-44
_CUTS = (0.5, 0.4375, 0.578125, 0.34375, 0.65625)


@dataclass(frozen=True)
class LineZero:
    """A simple zero: a piece that isolates it (doubles), its ball, and F' there."""

    piece: tuple[float, float]
    place: Ball
    slope: Ball


@dataclass(frozen=True)
class LineZeros:
    """Zeros in order; ``open`` are pieces that stayed undecided (then the count is unknown); ``boxes``: evaluations."""

    zeros: tuple[LineZero, ...]
    open: tuple[tuple[float, float], ...]
    boxes: int


def line_zeros(
    build: Callable[[], LineField],
    *,
    digits: int = 20,
    within: tuple[float, float] | None = None,
    centre: Ball | None = None,
    max_boxes: int = 20_000,
) -> LineZeros:
    """All zeros (in ``within`` if given), each to ``digits`` relative digits.

    ``build`` makes the field at the working precision. ``centre``: a point about which F is odd; a zero whose piece
    holds it is this point. Raises Unsupported where no interval is known to hold all zeros.
    """
    base = 96 + _magnitude(build)
    with working(base):
        field = build()
        low, high = within or _box(field)
        if low == high:  # all zeros of all terms agree
            return LineZeros((_only(field, low),), (), 0)
        search = _Search(field, max_boxes)
        search.run(low, high)
    zeros = tuple(_refined(build, piece, digits, base, centre) for piece in sorted(search.found))
    return LineZeros(zeros, tuple(_joined(search.open)), search.boxes)


def _magnitude(build: Callable[[], LineField]) -> int:
    """Bits by which the exponents exceed 1."""
    with working(64):
        field = build()
        spread = field.c[-1] - field.c[0]
        size = max(float((q * spread * spread).abs_upper()) for q in field.q)
        offset = max(float(abs(c).abs_upper()) for c in field.c) / max(float(abs(spread).abs_upper()), 1e-300)
    return (math.frexp(1 + size)[1] if math.isfinite(size) else 1000) + 2 * math.frexp(1 + min(offset, 1e300))[1]


def _box(field: LineField) -> tuple[float, float]:
    first, last = field.hull()
    if first.is_exact() and last.is_exact() and first == last and float(first) == first:
        return float(first), float(first)
    low, high = outward(first, last)
    margin = (high - low) * 2.0**-20
    return low - margin, high + margin


def _only(field: LineField, place: float) -> LineZero:
    centre = arb(place)
    return LineZero((place, place), centre, field.jet(centre, 1)[1])


class _Search:
    """Pieces and what became of them."""

    def __init__(self, field: LineField, max_boxes: int) -> None:
        self.field, self.max_boxes = field, max_boxes
        self.found: list[tuple[float, float]] = []
        self.open: list[tuple[float, float]] = []
        self.boxes = 0
        self.narrow = math.inf
        self._values: dict[float, Ball] = {}

    def at(self, x: float) -> Ball:
        if x not in self._values:
            self._values[x] = self.field.value(arb(x))
        return self._values[x]

    def sign_at(self, x: float) -> int | None:
        return sign(self.at(x))

    def run(self, low: float, high: float) -> None:
        smallest = (high - low) * _SMALLEST
        cuts = [x for x in _proposed(self.field, low, high) if low < x < high and self.sign_at(x)]
        ends = [low, *cuts, high]
        self.narrow = (high - low) / 64
        queue = deque(itertools.pairwise(ends))  # the widest first: what stays open at the end is narrow
        while queue:
            piece = queue.popleft()
            if self.boxes >= self.max_boxes:
                self.open.append(piece)
            elif not self._settled(*piece):
                queue += self._halves(*piece, smallest)

    def _settled(self, low: float, high: float) -> bool:
        self.boxes += 1
        value, slope, r = self.field.over(low, high)
        if sign(value):
            return True
        left, right = self.sign_at(low), self.sign_at(high)
        if not left or not right:
            return False
        if not sign(slope) and slope.is_finite() and high - low < self.narrow:
            slope = _sharper(self.field, low, high, slope, r)
        if not sign(slope):
            return left == right and self._keeps_away(low, high, slope)
        if left != right:
            self.found.append((low, high))
        return True

    def _keeps_away(self, low: float, high: float, slope: Ball) -> bool:
        """Whether |F| cannot come down to 0 from both ends at slopes within the ball: the lines meet above 0."""
        if not slope.is_finite():
            return False
        left, right = self.at(low), self.at(high)
        if left < 0:
            left, right, slope = -left, -right, -slope
        down, up = slope.lower(), slope.upper()
        return bool(up * left - down * right + up * down * (arb(high) - arb(low)) > 0)

    def _halves(self, low: float, high: float, smallest: float) -> list[tuple[float, float]]:
        if high - low > smallest:
            for share in _CUTS:
                cut = low + (high - low) * share
                if low < cut < high and self.sign_at(cut):
                    return [(low, cut), (cut, high)]
        self.open.append((low, high))
        return []


def _both(left: Ball, right: Ball) -> Ball:
    """The intersection of two enclosures of one range."""
    return left.intersection(right) if right.is_finite() and left.overlaps(right) else left


def _sharper(field: LineField, low: float, high: float, slope: Ball, r: list[Ball]) -> Ball:
    """F' over a piece in mean value form: near a multiple zero F'' is small, and so is the error then."""
    middle = arb(0.5 * (low + high))
    change = field.bend(low, high, r) * (arb(low).union(arb(high)) - middle)
    return _both(slope, field.jet(middle, 1)[1] + change)


# -- what floats propose -----------------------------------------------------------------------------------------------
def _proposed(field: LineField, low: float, high: float) -> list[float]:
    """Cuts half-way between approximate zeros and the extrema of F beside them."""
    if field.K == 1:
        return []
    c, q, A = (np.array([float(v.mid()) for v in values]) for values in (field.c, field.q, field.A))
    kappa = float(field.kappa.mid())
    if not (np.isfinite(A).all() and np.isfinite(c).all() and np.isfinite(q).all() and q.all()):
        return []  # beyond doubles: halving alone decides
    with np.errstate(all="ignore"):
        x = _grid(A, c, q, low, high)
        F = _float(A, c, q, kappa, x)
    places = np.flatnonzero((F[:-1] > 0) != (F[1:] > 0))
    a, b = x[places], x[places + 1]
    up = F[places] > 0
    for _ in range(40):
        middle = (a + b) / 2
        with np.errstate(all="ignore"):
            left = (_float(A, c, q, kappa, middle) > 0) == up
        a, b = np.where(left, middle, a), np.where(left, b, middle)
    roots = (a + b) / 2
    cuts: list[float] = []
    borders = np.concatenate([[0], places + 1, [len(x)]])
    for i, (start, end) in enumerate(itertools.pairwise(borders)):
        if end <= start:
            continue
        top = float(x[start + int(np.argmax(np.abs(F[start:end])))])
        if i > 0:
            cuts.append(float(roots[i - 1]) + (top - float(roots[i - 1])) * 0.5)
        if i < len(roots):
            cuts.append(float(roots[i]) + (top - float(roots[i])) * 0.5)
    return sorted(set(cuts))


def _grid(A: np.ndarray, c: np.ndarray, q: np.ndarray, low: float, high: float) -> np.ndarray:
    """Even points, points at the scale of every component, and around the places where two of them balance."""
    parts = [np.linspace(low, high, 65 + 8 * len(c))]
    steps = np.array([-4, -2, -1, -0.5, 0, 0.5, 1, 2, 4])
    parts += [centre + steps / math.sqrt(abs(p)) for centre, p in zip(c, q, strict=True)]
    for i in range(min(len(c), 24)):
        for j in range(i):
            C, B = (q[j] - q[i]) / 2, q[i] * c[i] - q[j] * c[j]
            poly = [C, B, A[i] - A[j] + (q[j] * c[j] ** 2 - q[i] * c[i] ** 2) / 2]
            roots: Any = np.roots(poly) if (B or C) and np.isfinite(poly).all() else []
            for z in np.real(roots):
                slope = abs(q[i] * (c[i] - z) - q[j] * (c[j] - z))
                parts.append(z + steps / slope if slope > 0 else np.array([z]))
    x = np.unique(np.concatenate(parts))
    return x[(x >= low) & (x <= high) & np.isfinite(x)]


def _float(A: np.ndarray, c: np.ndarray, q: np.ndarray, kappa: float, x: np.ndarray) -> np.ndarray:
    logs = A[:, None] - q[:, None] * (x - c[:, None]) ** 2 / 2
    u = np.exp(logs - logs.max(axis=0))
    return np.asarray((u * q[:, None] * (c[:, None] - x)).sum(axis=0) / u.sum(axis=0) + kappa * x)


# -- digits ------------------------------------------------------------------------------------------------------------
def _refined(
    build: Callable[[], LineField], piece: tuple[float, float], digits: int, base: int, centre: Ball | None
) -> LineZero:
    """The zero in a piece on which F' has one sign, to so many relative digits."""
    low, high = piece
    bits = base + bits_of(digits)
    while True:
        with working(bits):
            field = build()
            if centre is not None and arb(low) < centre < arb(high):
                return LineZero(piece, centre, field.jet(centre, 1)[1])
            _, slope, r = field.over(low, high)
            if not sign(slope):
                slope = _sharper(field, low, high, slope, r)
            place = _newton(field, low, high)
            place = place - field.value(place) / slope
            if relative_digits(place) > digits or bits > 8 * (base + bits_of(digits)):
                return LineZero(piece, place, field.jet(place, 1)[1])
        bits *= 2


def _newton(field: LineField, low: float, high: float) -> Ball:
    """A thin point in (low, high) close to the zero."""
    a, b = arb(low), arb(high)
    left = sign(field.value(a))
    x = (a + b) / 2
    goal = arb(2) ** (-precision() // 2)
    for _ in range(100):
        x = x.mid()
        value, slope = field.jet(x, 1)
        if sign(value) == left:
            a = x
        elif sign(value):
            b = x
        else:
            return x
        step = (x - value / slope).mid()
        if not (step.is_finite() and a < step < b):
            step = ((a + b) / 2).mid()
        moved, x = abs(step - x), step
        if moved < goal * (b - a + abs(x)):
            return x.mid()  # the next step would be at the working precision
    return x.mid()


def _joined(pieces: list[tuple[float, float]]) -> list[tuple[float, float]]:
    out: list[tuple[float, float]] = []
    for low, high in sorted(pieces):
        if out and low <= out[-1][1]:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return out
