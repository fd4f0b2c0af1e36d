"""Brownian paths from scrambled Sobol points, the directions of largest variance first.

Pays for smooth averages of few modes: the first coordinates of a low-discrepancy set are its best, and the principal
components of a Brownian path put most of its variance there (Acworth, Broadie and Glasserman 1998). It does not pay for
averages that live on rare paths. One set gives one estimate; the spread over independent scramblings is its error.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from numerics.mixtures import Array
from numerics.sde.grids import Grid
from numerics.sde.noise import NEEDS, Noise

BLOCK = 1 << 18
"""Multiply-adds of one matrix product: OpenBLAS does it in one thread."""
MODES = 16
"""Modes of each coordinate that are taken from the points, unless said otherwise; they hold 98 % of the variance."""
TINY = 2.0**-33
"""Half a unit of the 32 bits of a point: keeps 0 away from the inverse of the normal distribution function."""


@lru_cache(maxsize=64)
def principal(grid: Grid) -> Array:
    """The matrix (steps, steps) from independent normals to increments: column j belongs to the j-th largest mode."""
    times = np.cumsum(grid.widths)
    values, vectors = np.linalg.eigh(np.minimum.outer(times, times))
    modes = vectors[:, ::-1] * np.sqrt(np.maximum(values[::-1], 0.0))
    out: Array = np.ascontiguousarray(np.diff(modes, axis=0, prepend=0.0))
    return out


def sobol_noises(
    needs: str, grid: Grid, count: int, D: int, rng: np.random.Generator, modes: int = MODES
) -> list[Noise]:
    """The noise of all steps for ``count`` paths, a power of two; as :func:`numerics.sde.noise.draws`, but correlated.

    The first ``modes`` of each coordinate come from the points; further ones and the second variates are independent.
    Raises ValueError for another count, an unknown kind of noise, or more than the
    21,201 dimensions for which there are Sobol points.
    """
    from scipy.special import ndtri
    from scipy.stats import qmc

    if needs not in NEEDS:
        raise ValueError(f"noise is one of {', '.join(NEEDS)}, got {needs!r}")
    if count < 2 or count & (count - 1):
        raise ValueError(f"Sobol points come in powers of two, got {count}; take {1 << max(count, 2).bit_length()}")
    steps = grid.steps
    first = min(modes, steps)
    points = qmc.Sobol(first * D, scramble=True, rng=rng).random(count)
    # the j-th mode of every coordinate before the next mode
    normals = np.empty((steps, D * count))
    ndtri(np.ascontiguousarray(points.T).reshape(first, D * count) + TINY, out=normals[:first])
    rng.standard_normal(out=normals[first:])
    matrix, increments = principal(grid), np.empty((steps, D * count))
    width = max(2, BLOCK // steps**2)
    for at in range(0, D * count, width):
        np.matmul(matrix, normals[:, at : at + width], out=increments[:, at : at + width])
    return [Noise(row.reshape(D, count).T, second) for row, second in zip(
        increments, _second(needs, grid, count, D, rng), strict=True)]  # fmt: skip


def _second(needs: str, grid: Grid, count: int, D: int, rng: np.random.Generator) -> list[Array | None]:
    if needs == "W":
        return [None] * grid.steps
    if needs == "W,H":
        return [rng.standard_normal((D, count)).T * math.sqrt(width / 12) for width in grid.widths]
    return [(2 * rng.integers(0, 2, (D, count)) - 1).astype(np.float64).T for _ in grid.widths]
