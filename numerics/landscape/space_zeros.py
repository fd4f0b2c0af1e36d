"""All zeros of the score in two or three coordinates, to any digits, and the signs of its Jacobian's eigenvalues."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from numerics.balls import Ball, arb, bits_of, relative_digits, working
from numerics.landscape.krawczyk import Box, Region, sharpened
from numerics.landscape.line import outward
from numerics.landscape.space import Matrix, SpaceField, Vector
from numerics.landscape.zoom import zoomed_cover
from numerics.rings import Unsupported

MAX_COORDINATES = 3


@dataclass(frozen=True)
class SpaceZero:
    """A regular zero: its region of uniqueness, its balls, and jac s there."""

    region: tuple[tuple[float, float], ...]
    place: tuple[Ball, ...]
    jacobian: Matrix


@dataclass(frozen=True)
class SpaceZeros:
    """The zeros; ``open`` are boxes that stayed undecided (then the count is unknown)."""

    zeros: tuple[SpaceZero, ...]
    open: tuple[tuple[tuple[float, float], ...], ...]
    boxes: int


class _Score:
    """The score as a system for Krawczyk's test."""

    def __init__(self, field: SpaceField) -> None:
        self.field = field

    def value(self, point: Sequence[Ball]) -> Vector:
        return self.field.at(point, jacobian=False)[0]

    def near(self, point: Sequence[Ball]) -> tuple[Vector, Matrix]:
        return self.field.at(point)

    def over(self, box: Sequence[Ball]) -> tuple[Vector, Matrix | None]:
        return self.field.over(box)

    def excluded(self, box: Sequence[Ball]) -> bool:
        return False


def space_zeros(
    build: Callable[[], SpaceField],
    *,
    digits: int = 20,
    centre: Sequence[Ball] | None = None,
    max_boxes: int = 50_000,
) -> SpaceZeros:
    """All zeros of the score that ``build`` makes at the working precision, each to ``digits`` relative digits.

    ``centre``: a point about which the score is odd. Raises Unsupported beyond three coordinates.
    """
    with working(64):
        field = build()
        if field.n > MAX_COORDINATES:
            raise Unsupported(
                f"fixed points in {field.n} coordinates are not enclosed (at most {MAX_COORDINATES} after the exact "
                "reduction); give a line"
            )
        base = 96 + _magnitude(field)
    with working(base):
        field = build()
        box = _box(field)
        found = zoomed_cover(_Score(field), box, _starts(field), max_boxes)
    zeros = tuple(_refined(build, region, digits, base, centre) for region in found.regions)
    zeros = tuple(sorted(zeros, key=lambda z: [float(v.mid()) for v in z.place]))
    return SpaceZeros(zeros, found.open, found.boxes)


def _magnitude(field: SpaceField) -> int:
    """Bits by which the exponents exceed 1."""
    size = 1.0
    for c in field.c:
        for other, P in zip(field.c, field.P, strict=True):
            gap = [u - v for u, v in zip(c, other, strict=True)]
            for i in range(field.n):
                size += float((P[i][i] * gap[i] * gap[i]).abs_upper())
    offset = max(float(abs(v).abs_upper()) for c in field.c for v in c)
    return (math.frexp(size)[1] if math.isfinite(size) else 1000) + 2 * math.frexp(1 + offset)[1]


def _box(field: SpaceField) -> Box:
    sides = [outward(low, high) for low, high in field.box()]
    widest = max(high - low for low, high in sides)
    margin = widest * 2.0**-10  # zeros on the boundary of the hull come into the interior
    return [(low - margin, high + margin) for low, high in sides]


def _starts(field: SpaceField) -> list[list[float]]:
    """Where floats look for zeros: the means, their midpoints, their common centre, and centres of triples."""
    means = [[float(v.mid()) for v in c] for c in field.c]
    out = list(means)
    groups = [group for size in (2, 3) for group in combinations(range(len(means)), size)][:200]
    groups.append(tuple(range(len(means))))
    for group in groups:
        out.append([sum(means[k][i] for k in group) / len(group) for i in range(field.n)])
    return out


def _refined(
    build: Callable[[], SpaceField], region: Region, digits: int, base: int, centre: Sequence[Ball] | None
) -> SpaceZero:
    """The zero of a region to so many relative digits: Newton steps at points, then one Krawczyk step.

    K(X) over the region encloses it wherever the steps ended; about a point close to the zero, over a small box that
    holds the known enclosure, the enclosure is as narrow as the precision.
    """
    bits = base + bits_of(digits)
    odd = centre is not None and all(arb(a) < v and v < arb(b) for (a, b), v in zip(region.box, centre, strict=True))
    while True:
        with working(bits):
            field = build()
            if odd and centre is not None:  # the mirror image of the only zero in the region is this zero
                return SpaceZero(region.box, tuple(centre), field.at(centre)[1])
            place = sharpened(_Score(field), region)
            enough = all(v.contains(0) or relative_digits(v) > digits for v in place)
            if enough or bits > 6 * (base + bits_of(digits)):
                return SpaceZero(region.box, tuple(place), field.at(place)[1])
        bits *= 2


def inertia(matrix: Matrix) -> int | None:
    """The number of positive eigenvalues of a symmetric matrix; None if a sign is not certain.

    Congruence by elimination keeps the signs (Sylvester); a 2 x 2 block of negative determinant has one of each.
    """
    rows = [list(row) for row in matrix]
    positive = 0
    while rows:
        size = len(rows)
        best = max(range(size), key=lambda i: float(abs(rows[i][i]).abs_lower()))
        pivot = rows[best][best]
        if not (pivot > 0 or pivot < 0):
            if size == 2 and rows[0][0] * rows[1][1] - rows[0][1] * rows[1][0] < 0:
                return positive + 1
            return None
        positive += int(pivot > 0)
        others = [i for i in range(size) if i != best]
        rows = [[rows[i][j] - rows[i][best] * rows[best][j] / pivot for j in others] for i in others]
    return positive
