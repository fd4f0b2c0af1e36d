"""Choices for the trapezoidal rule in the plane, in floats: the region, the steps, the heights of the strips.

Nothing here certifies anything; a poor choice makes a wide ball (:mod:`numerics.space.plane` bounds what was chosen).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.balls import midpoint
from numerics.rings import Unsupported
from numerics.space.lattice import UNIT, radius_for

CELL = 8
"""Lattice points along the edge of a cell."""
LEVELS, ROUNDS = 20, 6

Array = NDArray[np.float64]
Cell = tuple[int, int]


@dataclass(frozen=True)
class Choice:
    """Steps in units of 2^-30, cells (I, J) of CELL x CELL points, strip heights per axis and cell, log of the size."""

    steps: tuple[int, int]
    cells: frozenset[Cell]
    heights: tuple[dict[Cell, float], dict[Cell, float]]
    scale: float

    @property
    def count(self) -> int:
        """The number of lattice points."""
        return len(self.cells) * CELL * CELL

    def runs(self) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """(J, runs [start, end) of I) in order."""
        rows: dict[int, list[int]] = {}
        for i, j in self.cells:
            rows.setdefault(j, []).append(i)
        for j in sorted(rows):
            runs: list[tuple[int, int]] = []
            for i in sorted(rows[j]):
                if runs and runs[-1][1] == i:
                    runs[-1] = (runs[-1][0], i + 1)
                else:
                    runs.append((i, i + 1))
            yield j, runs


@dataclass(frozen=True)
class Floats:
    """The components in float64: weights (K), tops (K), means (K, 2), precisions (K, 2, 2), b's shift and slope."""

    weights: Array
    tops: Array
    means: Array
    precisions: Array
    shifts: Array
    slopes: Array

    @classmethod
    def of(cls, parts: Sequence[Any]) -> Floats:
        """From balls."""

        def numbers(value: Any) -> Any:
            return [numbers(v) for v in value] if isinstance(value, tuple) else float(midpoint(value))

        fields = ("weight", "top", "mean", "precision", "shift", "slope")
        return cls(*(np.array([numbers(getattr(part, name)) for part in parts]) for name in fields))

    @property
    def K(self) -> int:
        """The number of components."""
        return len(self.weights)

    def logs(self, x: Array) -> tuple[Array, Array]:
        """(log u_k (K, n), P_k(x - M_k) (K, n, 2)) at points (n, 2)."""
        away = x[None] - self.means[:, None]
        pulls = np.einsum("kij,knj->kni", self.precisions, away)
        return self.tops[:, None] - 0.5 * (away * pulls).sum(axis=2), pulls

    def size(self, name: str, radii: Array) -> float:
        """log of the integral, roughly."""
        if name in ("log", "log2"):
            return 0.0
        low, high = self._frame(np.minimum(radii, 12.0))
        counts = [max(40, min(600, int((high[i] - low[i]) / 0.3))) for i in range(2)]
        axes = [np.linspace(low[i], high[i], counts[i]) for i in range(2)]
        x = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
        area = float(np.prod([(high[i] - low[i]) / (counts[i] - 1) for i in range(2)]))
        logs, _ = self.logs(x)
        top = logs.max(axis=0)
        total = top + np.log(np.exp(logs - top).sum(axis=0))
        r = np.exp(logs - total)
        surprise = total - logs
        if name == "gap":
            b = self.shifts[:, None] - np.einsum("kij,nj->kni", self.slopes, x)
            mean = (r[..., None] * b).sum(axis=0)
            values = (r * ((b - mean) ** 2).sum(axis=2)).sum(axis=0)
        elif name == "label2":
            values = (r * surprise**2).sum(axis=0)
        else:
            values = (r * surprise).sum(axis=0) ** (2 if name == "mean2" else 1)
        return math.log(max(float((np.exp(total) * values).sum() * area), 1e-280))

    def _frame(self, radii: Array) -> tuple[Array, Array]:
        """The box around the ellipses."""
        spread = np.sqrt(np.diagonal(np.linalg.inv(self.precisions), axis1=1, axis2=2)) * radii[:, None]
        return (self.means - spread).min(axis=0), (self.means + spread).max(axis=0)

    def choose(self, name: str, goal: float, most_points: int, most_cells: int) -> Choice:
        """Region, steps and heights for an error of about e^-goal times the size. Raises Unsupported."""
        wide = np.array([radius_for(-goal, 2, 1, math.log(w)) for w in self.weights])
        scale = self.size(name, wide)
        aim = scale - goal
        degree = {"log": 1, "log2": 2, "gap": 1}.get(name, 0)
        radii = np.array([radius_for(aim - math.log(8 * self.K), 2, degree, math.log(w) + 1) for w in self.weights])
        radii = np.maximum(radii, 1.0)
        low, high = self._frame(radii)
        widest = 1 / np.sqrt(np.linalg.eigvalsh(self.precisions).max())
        h = np.full(2, 2 * math.pi * widest / (goal + 4))
        heights: list[Array] = []
        cells, centres = self._cells(h, radii, low, high, most_points, most_cells)
        for _ in range(ROUNDS):
            errors, heights = [], []
            for axis in range(2):
                found, error = self._heights(name, centres, h * CELL / 2, axis, h)
                heights.append(found)
                errors.append(error)
            wanted = aim - 0.5
            factors = [max(0.35, min(1.6, (e - 3) / (wanted - 3))) for e in errors]
            if all(0.97 < f <= 1.05 for f in factors):
                break
            h = h * np.array([f * (0.985 if f < 1 else 0.97) for f in factors])
            cells, centres = self._cells(h, radii, low, high, most_points, most_cells)
            heights = []
        if not heights:
            heights = [self._heights(name, centres, h * CELL / 2, axis, h)[0] for axis in range(2)]
        keys = [(int(i), int(j)) for i, j in cells]
        maps = [dict(zip(keys, map(float, heights[axis]), strict=True)) for axis in range(2)]
        steps = (max(int(h[0] * UNIT), 1), max(int(h[1] * UNIT), 1))
        return Choice(steps, frozenset(keys), (maps[0], maps[1]), scale)

    def _cells(
        self, h: Array, radii: Array, low: Array, high: Array, most_points: int, most_cells: int
    ) -> tuple[NDArray[np.int64], Array]:
        ranges = [np.arange(math.floor(low[i] / (h[i] * CELL)) - 1, math.ceil(high[i] / (h[i] * CELL)) + 2)
                  for i in range(2)]  # fmt: skip
        if len(ranges[0]) * len(ranges[1]) > 50 * most_cells:
            raise Unsupported("too many points of a lattice in the plane")
        cells = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 2)
        centres = (cells * CELL + (CELL - 1) / 2) * h
        keep = np.zeros(len(cells), dtype=bool)
        half = h * CELL / 2
        for k in range(self.K):
            away = centres - self.means[k]
            near = np.maximum(np.abs(away) - half, 0) * np.sign(away)
            pull = away @ self.precisions[k]
            square = (away * pull).sum(axis=1)
            lower = square - 2 * (np.abs(pull) * half).sum(axis=1)
            del near
            home = (np.abs(away) <= half).all(axis=1)
            keep |= (lower <= radii[k] ** 2) | home
        if keep.sum() > most_cells or keep.sum() * CELL * CELL > most_points:
            raise Unsupported(f"more than {most_points} points of a lattice in the plane")
        return cells[keep], centres[keep]

    def _heights(self, name: str, x: Array, half: Array, axis: int, h: Array) -> tuple[Array, float]:
        """The best height for every cell, and the log of the whole error (the bound of ``plane``, in floats)."""
        logs, pulls = self.logs(x)
        m = logs.argmax(axis=0)
        at = np.arange(len(x))
        P_m, pull_m = self.precisions[m], pulls[m, at]
        most = 3.0 * math.sqrt(80 / self.precisions[:, axis, axis].min())
        top = min(most, 1.5 * math.sqrt(-2 * math.log(1e-300) / self.precisions[:, axis, axis].min()))
        reach = h[axis] * 14
        a = (np.arange(1, LEVELS + 1) / LEVELS * min(top, reach))[:, None]
        grow = P_m[:, axis, axis] * a**2 / 2
        quad_m = 0.5 * (np.abs(P_m) * np.multiply.outer(half, half)).sum(axis=(1, 2))
        log_top = logs[m, at] + (np.abs(pull_m) * half).sum(axis=1) + quad_m * 0.5 + grow
        lost, least, q_sum = np.zeros_like(grow), np.ones_like(grow), np.zeros_like(grow)
        for k in range(self.K):
            P, pull = self.precisions[k] - P_m, pulls[k] - pull_m
            other = (k != m).astype(float)
            drift = (np.abs(pull) * half).sum(axis=1)
            drift = drift + 0.5 * (np.abs(P) * np.multiply.outer(half, half)).sum(axis=(1, 2))
            d = logs[k] - logs[m, at] + drift + np.maximum(P[:, axis, axis], 0) * a**2 / 2
            theta = a * (np.abs(pull[:, axis]) + (np.abs(P[:, axis]) * half).sum(axis=1))
            q = np.exp(np.minimum(d, 600)) * other
            cos = np.where(theta < math.pi, np.cos(theta), -1.0)
            lost += (1 - cos) * q / (1 + q)
            least = np.where(other > 0, np.minimum(least, cos), least)
            q_sum += q
        c = np.maximum(1 - lost, least)
        size = log_top + (np.log1p(q_sum) + 3 if name in ("log", "log2") else np.log(np.minimum(q_sum, 1) + 1e-300) + 4
                          + np.log1p(q_sum))  # fmt: skip
        exponent = size - np.log(np.maximum(c, 1e-12)) - 2 * math.pi * a / h[axis]
        exponent = np.where(c > 0.05, exponent, np.inf)
        best = exponent.argmin(axis=0)
        worst = exponent[best, at]
        worst = np.where(np.isfinite(worst), worst, log_top[0])
        area = math.log(float(np.prod(half)) * 8)
        peak = float(worst.max())
        return a[best, 0], peak + math.log(float(np.exp(worst - peak).sum())) + area
