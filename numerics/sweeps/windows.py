"""Where an integrand lives, and the nodes of the trapezoidal rule there, for all noise levels at once.

Integrands are of two sorts. In *bulk* they follow the largest component u_(1)(x) (entropy, Fisher information); in the
*overlap* the second largest u_(2)(x) (class entropy, posterior variances at small noise). Bisection keeps the cells on
which the maximum of u_(1), or u_(2), over the cell reaches e^-46 times its largest value: exact for a quadratic
exponent, and a bump of width v/|M_i - M_j| between two far modes is found at any noise. The nodes i h of the rule on
the whole line that lie in kept cells are the rule up to 1e-20 of its value.

The step h: p has zeros at distance a = pi/|l_i' - l_j'| from the line where components i and j cross (l = log u), and a
Gaussian of variance v costs e^(-2 pi^2 v/h^2). So 2 h is the largest step at which exp(-2 pi a/2h), times what the
integrand is worth there, and the Gaussian's error are below e^-36.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from numerics.sweeps.noise import Array
from numerics.sweeps.parts import Index, Line

DEPTH = 46.0
"""Exponents further below the largest one are left out: e^-46 = 1e-20."""
PRECISION = 36.0
"""The first step aims at e^-36 = 2e-16."""
ROUNDS = 60
RIVAL = 3.0
"""A zero of p needs other components whose sum is as large as the largest: the few at most this far below it."""


@dataclass(frozen=True)
class Windows:
    """Cells (low, high, level), sorted by level and place, and the step of every level."""

    low: Array
    high: Array
    level: Index
    step: Array

    def counts(self) -> Array:
        """Nodes a level, (n,)."""
        width: Array = np.bincount(self.level, self.high - self.low, len(self.step)) / self.step
        return width

    def refined(self, index: Index) -> Windows:
        """The cells of the levels ``index`` alone, with half the step."""
        place = np.full(len(self.step), -1)
        place[index] = np.arange(len(index))
        kept = place[self.level] >= 0
        return Windows(self.low[kept], self.high[kept], place[self.level[kept]], self.step[index] / 2)


def _exponents(line: Line, x: Array, level: Index) -> Array:
    """log u_k, (K, N)."""
    away = x - line.centres.T[:, level]
    height: Array = line.heights.T[:, level] - away * away / (2 * line.variances.T[:, level])
    return height


def _rank(values: Array, overlap: bool) -> Array:
    if not overlap or len(values) == 1:
        return np.asarray(values.max(axis=0))
    return np.asarray(np.partition(values, -2, axis=0)[-2])


def windows_of(line: Line, overlap: bool) -> Windows:
    """The kept cells and first steps for an integrand in bulk or in the overlap."""
    n = len(line.noise.levels)
    reach = np.sqrt(2 * DEPTH * line.variances.max(axis=1))
    left, right = line.centres.min(axis=1) - reach, line.centres.max(axis=1) + reach
    pieces = 16
    edges = left[:, None] + (right - left)[:, None] * np.arange(pieces + 1) / pieces
    low, high = edges[:, :-1].ravel(), edges[:, 1:].ravel()
    level = np.repeat(np.arange(n), pieces)
    best = np.full(n, -np.inf)
    done: list[tuple[Array, Array, Index]] = []
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        np.maximum.at(best, level, _rank(_exponents(line, middle, level), overlap))
        nearest = np.clip(line.centres.T[:, level], low, high)
        above = _rank(line.heights.T[:, level] - (nearest - line.centres.T[:, level]) ** 2
                      / (2 * line.variances.T[:, level]), overlap)  # fmt: skip
        ends = np.minimum(_rank(_exponents(line, low, level), overlap), _rank(_exponents(line, high, level), overlap))
        kept = above >= best[level] - DEPTH
        split = kept & (above - ends > 12) & (high - low > 1e-13 * (right - left)[level])
        settled = kept & ~split
        done.append((low[settled], high[settled], level[settled]))
        if not split.any():
            break
        low, middle, high, level = low[split], middle[split], high[split], level[split]
        low, high, level = np.concatenate([low, middle]), np.concatenate([middle, high]), np.concatenate([level, level])
    low, high, level = (np.concatenate(columns) for columns in zip(*done, strict=True))
    order = np.lexsort((low, level))
    low, high, level = low[order], high[order], level[order]
    return Windows(low, high, level, _steps(line, low, high, level, best, overlap))


def _steps(line: Line, low: Array, high: Array, level: Index, best: Array, overlap: bool) -> Array:
    """The first step of every level: a number of 6 bits times a power of 2, so that nodes i h are exact."""
    n, v = len(best), line.variances.T[:, level]
    step = np.full(n, np.inf)
    centres = line.centres.T[:, level]
    nearest = np.clip(centres, low, high)
    above = line.heights.T[:, level] - (nearest - centres) ** 2 / (2 * v)
    live = above >= best[level] - DEPTH
    width = np.where(live, v, np.inf).min(axis=0)
    np.minimum.at(step, level, np.sqrt(2 * np.pi**2 / PRECISION * width))
    for share in np.linspace(0.0, 1.0, 5) if line.K > 1 else ():
        x = low + share * (high - low)
        logs = _exponents(line, x, level)
        slopes = -(x - centres) / v
        top = np.argmax(logs, axis=0), np.arange(len(x))
        needed = np.maximum(PRECISION + np.minimum(logs - best[level], 0.0), 0.0)
        rival = np.where(logs > logs[top] - RIVAL, np.abs(slopes - slopes[top]) * needed, 0.0).max(axis=0)
        np.minimum.at(step, level, 2 * np.pi**2 / np.maximum(rival, 1e-300))
    mantissa, exponent = np.frexp(step / 2)
    rounded: Array = np.ldexp(np.floor(mantissa * 64) / 64, exponent)
    return rounded


def nodes(windows: Windows, chunk: int) -> Iterator[tuple[Array, Index, Index]]:
    """(x, parity, level) of the nodes i h in the cells, in blocks of about ``chunk`` nodes, level by level.

    A node on the edge of two cells belongs to the upper one.
    """
    h = windows.step[windows.level]
    first, last = np.ceil(windows.low / h), np.ceil(windows.high / h)
    pieces = np.maximum(np.ceil((last - first) / chunk), 1).astype(np.int64)
    inner = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    levels = np.repeat(windows.level, pieces)
    first = np.repeat(first, pieces) + inner * chunk
    counts = np.minimum(np.repeat(last, pieces) - first, chunk).astype(np.int64)
    start = 0
    totals = np.cumsum(counts)
    while start < len(counts):
        base = totals[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(totals, base + chunk, side="right")))
        block = counts[start:stop]
        inside = np.arange(block.sum()) - np.repeat(np.cumsum(block) - block, block)
        index = np.repeat(first[start:stop], block) + inside
        where = np.repeat(levels[start:stop], block)
        yield index * windows.step[where], (index % 2).astype(np.intp), where
        start = stop
