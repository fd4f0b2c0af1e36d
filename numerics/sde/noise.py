"""The noise of one step, and how two small steps make a large one on the same Brownian path.

A step of width h gets W ~ N(0, h). Some schemes want a second variate:

* ``W,H``: the space-time Levy area H = (1/h) int (W_s - s W/h) ds ~ N(0, h/12), independent of W;
* ``W,sign``: an independent sign. With the bridge z = (W_half - W/2)/(sqrt(h)/2) of the Brownian path it is the sign of
  z, so that refinements stay coupled while the law of the coarse scheme is that of the fine one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from numerics.mixtures import Array
from numerics.sde.grids import Grid

NEEDS = ("W", "W,H", "W,sign")


@dataclass(frozen=True, eq=False)
class Noise:
    """The increment W, shape (n, D), and the second variate of the scheme's kind, or None."""

    W: Array
    second: Array | None = None


def draw(needs: str, width: float, count: int, D: int, rng: np.random.Generator) -> Noise:
    """The noise of one step of ``count`` paths. Raises ValueError for an unknown kind."""
    if needs not in NEEDS:
        raise ValueError(f"noise is one of {', '.join(NEEDS)}, got {needs!r}")
    W = rng.standard_normal((D, count))
    W *= math.sqrt(width)
    if needs == "W":
        return Noise(W.T)
    if needs == "W,H":
        H = rng.standard_normal((D, count))
        H *= math.sqrt(width / 12)
        return Noise(W.T, H.T)
    return Noise(W.T, _signs(count, D, rng))


def _signs(count: int, D: int, rng: np.random.Generator) -> Array:
    """Independent signs, one bit each."""
    bits = np.unpackbits(np.frombuffer(rng.bytes((D * count + 7) // 8), dtype=np.uint8), count=D * count)
    signs = bits.astype(np.float64)
    signs *= 2
    signs -= 1
    return signs.reshape(D, count).T


def draws(needs: str, grid: Grid, count: int, D: int, rng: np.random.Generator) -> Iterator[Noise]:
    """The noise of all steps of ``grid``, one after the other: nothing is kept."""
    for i in range(grid.steps):
        yield draw(needs, grid.width(i), count, D, rng)


def joined(needs: str, first: Noise, second: Noise, w1: float, w2: float) -> Noise:
    """The noise of one step over two steps of widths ``w1``, ``w2``, on the same Brownian path."""
    width, W = w1 + w2, first.W + second.W
    if needs == "W":
        return Noise(W)
    if needs == "W,H":
        assert first.second is not None
        assert second.second is not None
        area = w1 * (first.W / 2 + first.second) + w2 * (first.W + second.W / 2 + second.second)
        return Noise(W, area / width - W / 2)
    return Noise(W, np.where(first.W * w2 >= second.W * w1, 1.0, -1.0))


def coarsened(needs: str, noises: Sequence[Noise], grid: Grid, factor: int) -> list[Noise]:
    """The noise of ``grid.coarser(factor)`` on the same Brownian path. Raises ValueError if the steps do not divide."""
    widths = grid.widths

    def merged(low: int, high: int) -> Noise:
        # by halves, so that coarsening by 4 is coarsening by 2 twice, in every bit and sign
        if high - low == 1:
            return noises[low]
        middle = (low + high) // 2
        return joined(
            needs, merged(low, middle), merged(middle, high), sum(widths[low:middle]), sum(widths[middle:high])
        )

    return [merged(k * factor, (k + 1) * factor) for k in range(grid.coarser(factor).steps)]
