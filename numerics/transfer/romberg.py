"""Extrapolation in the step, with an error statement that is meant to be kept.

From levels with N, 2N, 4N, .. steps and an error expansion in given powers of the step (Richardson 1911, Romberg 1955).
The step error is the larger of what the last column and what the last level changed: an error of the level before.
The quadrature error is the same combination of the absolute changes seen at each level when lattices are moved, times
a factor of safety.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from numerics.mixtures import Array

SAFETY = 4.0
"""The changes seen on moved lattices are times this: errors of many steps cancel by chance. A law and its mirror image
differ by quadrature alone, and without the factor 4 % of such differences were larger than stated, by up to 1.7."""

ALONE = 3.0
"""So is the step error of three levels, which no earlier extrapolation confirms: their one ratio may be right by chance
(for rare components up to 2.2 times the error was seen)."""


@dataclass(frozen=True, eq=False)
class Extrapolated:
    """Values (M,), their step errors and quadrature errors."""

    values: Array
    step: Array
    quadrature: Array


def extrapolate(levels: list[Array], moved: list[Array], powers: tuple[int, ...], rounding: Array) -> Extrapolated:
    """``levels`` (M,) from coarse to fine, at least two; ``moved``: those but the finest on moved lattices.

    The finest lattices are the finest, so their error is put at that of the level before. ``rounding`` (M,): what is
    lost in float64. Where the last two changes of the levels are not in the ratio of the leading power, give or take a
    factor 2 (of three levels: its root), there is no expansion yet, and the step error is the farthest level from the
    value.
    """
    best, column, level = _best(levels, powers)
    step = np.maximum(np.abs(best - column), np.abs(best - level))
    if len(levels) > 3:
        before, _, sooner = _best(levels[:-1], powers)
        # two levels may agree by chance, seldom twice, and errors fall by little more than the last power says
        step = np.maximum(step, np.abs(before - sooner) / 2 ** (powers[min(len(levels) - 2, len(powers) - 1)] - 2))
    if len(levels) == 3:
        step = step * ALONE
    if len(levels) > 2:
        early, late = np.abs(levels[-2] - levels[-3]), np.abs(levels[-1] - levels[-2])
        slack = 0.5 if len(levels) == 3 else 1.0
        tame = (early >= 2 ** (powers[0] - slack) * late) & (early <= 2 ** (powers[0] + slack) * late)
        farthest = np.max([np.abs(level - best) for level in levels], axis=0)
        step = np.where(tame, step, np.maximum(step, farthest))
    changes = [np.abs(a - b) for a, b in zip(levels, moved, strict=False)]
    changes.append(changes[-1])
    shares = _weights(len(levels), powers)
    quadrature = sum((abs(w) * c for w, c in zip(shares, changes, strict=True)), np.zeros_like(best))
    return Extrapolated(best, step, SAFETY * quadrature + rounding)


def _best(levels: list[Array], powers: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """The extrapolated value of all levels, the one of a column less, and the one of a level less."""
    table = [list(levels)]
    for power in powers[: len(levels) - 1]:
        table.append([b + (b - a) / (2**power - 1) for a, b in pairwise(table[-1])])
    return table[-1][-1], table[-2][-1], (table[-1] if len(table[-1]) > 1 else table[-2])[-2]


def _weights(count: int, powers: tuple[int, ...]) -> Array:
    """The weights of the levels in the extrapolated value, (count,)."""
    table = list(np.eye(count))
    for power in powers[: count - 1]:
        table = [b + (b - a) / (2**power - 1) for a, b in pairwise(table)]
    return table[-1]
