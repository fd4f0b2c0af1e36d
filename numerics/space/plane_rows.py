"""Sums of an integrand over the lattice points of a region of the plane, row by row, in balls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import accumulate, repeat
from operator import add, mul

from numerics.balls import Ball, arb, ball
from numerics.space.choices import CELL, Choice
from numerics.space.lattice import UNIT
from numerics.space.planar import Part, minus


class PlaneSum:
    """The sum over the lattice points in Omega."""

    def __init__(self, name: str, parts: list[Part], choice: Choice) -> None:
        self.name, self.parts, self.choice = name, parts, choice
        self.h = [ball(Fraction(step, UNIT)) for step in choice.steps]

    def value(self) -> Ball:
        """The ball of h_1 h_2 sum f."""
        total = arb(0)
        first = min(cell[0] for cell in self.choice.cells) * CELL
        last = (max(cell[0] for cell in self.choice.cells) + 1) * CELL
        xs = [self.h[0] * i for i in range(first, last)]
        along = [[(-part.precision[0][0] * (x - part.mean[0]) * (x - part.mean[0]) / 2).exp() for x in xs]
                 for part in self.parts]  # fmt: skip
        kernel = _KERNELS[self.name]
        for row, runs in self.choice.runs():
            for j in range(row * CELL, (row + 1) * CELL):
                x2 = self.h[1] * j
                for start, end in runs:
                    low, high = start * CELL, end * CELL
                    us = [self._line(part, along[k], x2, low, high, first) for k, part in enumerate(self.parts)]
                    total = total + kernel(self, us, xs[low - first : high - first], x2)
        return total * self.h[0] * self.h[1]

    def _line(self, part: Part, along: list[Ball], x2: Ball, low: int, high: int, first: int) -> list[Ball]:
        """u_k at x1 = low h .. (high - 1) h: e^(..x1^2) times a geometric progression."""
        y = x2 - part.mean[1]
        cross = part.precision[0][1] * y
        rate = (-cross * self.h[0]).exp()
        start = part.top - part.precision[1][1] * y * y / 2 - cross * (self.h[0] * low - part.mean[0])
        powers = accumulate(repeat(rate, high - low - 1), mul, initial=start.exp())
        return list(map(mul, along[low - first : high - first], powers))

    def logs(self, xs: list[Ball], x2: Ball) -> list[list[Ball]]:
        """log u_k along a row."""
        out = []
        for part in self.parts:
            (p11, p12), (_, p22) = part.precision
            y = x2 - part.mean[1]
            a, b, c = -p11 / 2, -p12 * y, part.top - p22 * y * y / 2
            m = part.mean[0]
            out.append([((t := x - m) * a + b) * t + c for x in xs])
        return out

    def squares(self, j: int, k: int, xs: list[Ball], x2: Ball) -> list[Ball]:
        """|b_j - b_k|^2 along a row."""
        B = minus(self.parts[j].slope, self.parts[k].slope)
        shift = [u - v for u, v in zip(self.parts[j].shift, self.parts[k].shift, strict=True)]
        u0, v0 = shift[0] - B[0][1] * x2, shift[1] - B[1][1] * x2
        b0, b1 = B[0][0], B[1][0]
        c2, c1, c0 = b0 * b0 + b1 * b1, -2 * (b0 * u0 + b1 * v0), u0 * u0 + v0 * v0
        return [(c2 * x + c1) * x + c0 for x in xs]


# -- sums along a row ---
def _density(us: list[list[Ball]]) -> list[Ball]:
    p = us[0]
    for u in us[1:]:
        p = list(map(add, p, u))
    return p


def _dot(left: Sequence[Ball], right: Sequence[Ball]) -> Ball:
    return sum(map(mul, left, right), arb(0))


def _row_log(s: PlaneSum, us: list[list[Ball]], xs: list[Ball], x2: Ball) -> Ball:
    p = _density(us)
    return _dot(p, list(map(arb.log, p)))


def _row_log2(s: PlaneSum, us: list[list[Ball]], xs: list[Ball], x2: Ball) -> Ball:
    p = _density(us)
    logs = list(map(arb.log, p))
    return _dot(list(map(mul, p, logs)), logs)


def _row_gap(s: PlaneSum, us: list[list[Ball]], xs: list[Ball], x2: Ball) -> Ball:
    p, total = _density(us), arb(0)
    pairs = [arb(0)] * len(xs)
    for k in range(len(us)):
        for j in range(k):
            pairs = list(map(add, pairs, map(mul, map(mul, us[j], us[k]), s.squares(j, k, xs, x2))))
    for n, d in zip(pairs, p, strict=True):
        total = total + n / d
    return total


def _surprise_rows(s: PlaneSum, us: list[list[Ball]], xs: list[Ball], x2: Ball) -> tuple[list[Ball], list[list[Ball]]]:
    p = _density(us)
    log_p = list(map(arb.log, p))
    return p, [[u - v for u, v in zip(log_p, row, strict=True)] for row in s.logs(xs, x2)]


def _row_label(s: PlaneSum, us: list[list[Ball]], xs: list[Ball], x2: Ball) -> Ball:
    _, rows = _surprise_rows(s, us, xs, x2)
    return sum((_dot(u, row) for u, row in zip(us, rows, strict=True)), arb(0))


def _row_label2(s: PlaneSum, us: list[list[Ball]], xs: list[Ball], x2: Ball) -> Ball:
    _, rows = _surprise_rows(s, us, xs, x2)
    return sum((_dot(u, list(map(mul, row, row))) for u, row in zip(us, rows, strict=True)), arb(0))


def _row_mean2(s: PlaneSum, us: list[list[Ball]], xs: list[Ball], x2: Ball) -> Ball:
    p, rows = _surprise_rows(s, us, xs, x2)
    first = [arb(0)] * len(xs)
    for u, row in zip(us, rows, strict=True):
        first = list(map(add, first, map(mul, u, row)))
    return sum((v * v / m for v, m in zip(first, p, strict=True)), arb(0))


_KERNELS: dict[str, Callable[[PlaneSum, list[list[Ball]], list[Ball], Ball], Ball]] = {
    "log": _row_log, "log2": _row_log2, "gap": _row_gap, "label": _row_label, "label2": _row_label2,
    "mean2": _row_mean2,
}  # fmt: skip
