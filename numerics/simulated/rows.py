"""The row that a plan reads off paths, and the ensemble that draws them block by block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from numerics.functionals import Functional
from numerics.mixtures import Array
from numerics.observables.along import Along
from numerics.observables.observable import Control, Reader
from numerics.observables.path import Path
from numerics.observables.walks import Walk
from numerics.paths.ensembles import Observed, rarest_of

FLOATS = 1 << 22
"""Numbers that a block may hold: 32 MiB."""
FEWEST = 64


@dataclass(frozen=True)
class Rows:
    """One row: E mean + Var spread. A variance is read off pairs of paths, (a - b)^2/2: no mean is assumed known."""

    mean: Functional | None
    spread: Functional | None = None
    rows: int = 1
    extrapolated: bool = True
    order: float | None = None

    def read(self, path: Path) -> Sequence[Array]:
        """(n,), or (n/2,) for pairs."""
        mean = None if self.mean is None else Along(self.mean).read(path)[0]
        if self.spread is None:
            assert mean is not None
            return [mean]
        ends = Along(self.spread).read(path)[0]
        half = len(ends) // 2
        out = (ends[:half] - ends[half:]) ** 2 / 2
        if mean is not None:
            out += (mean[:half] + mean[half:]) / 2
        return [out]


@dataclass(frozen=True)
class Blocks:
    """A reader in blocks of ``size`` values, from ``paths`` paths each value: memory is bounded whatever is read."""

    reader: Reader
    size: int
    paths: int

    @property
    def rarest(self) -> float:
        """The probability of the rarest components, that of ``paths`` paths."""
        return self.paths * rarest_of(self.reader.walk.data.weights)

    def observe(self, wanted: Sequence[int], count: int, rng: np.random.Generator) -> Observed:
        """The wanted rows, on ``count`` paths or pairs of paths."""
        parts = []
        for first in range(0, count, self.size):
            size = min(self.size, count - first)
            parts.append(self.reader.observe(wanted, self.paths * size, rng))
        controls = [p.controls for p in parts] if self.reader.controls else [np.zeros((0, count))]
        return Observed(
            np.concatenate([p.values for p in parts], axis=1), np.concatenate([p.biases for p in parts], axis=1),
            np.concatenate(controls, axis=1),
        )  # fmt: skip


def ensemble(walk: Walk, rows: Rows, target: float, controls: tuple[Control, ...] = ()) -> Blocks:
    """What draws the paths of ``walk`` and reads ``rows`` less ``target``. Pairs take no controls."""
    D, paths = walk.data.D, 1 if rows.spread is None else 2
    each = paths * D * (6 * max(getattr(walk, "levels", 1) * walk.marks, 1) + 4 * D + 8)
    size = 1 << max(FEWEST, FLOATS // each).bit_length() - 1
    return Blocks(Reader(walk, (rows,), (target,), controls if paths == 1 else ()), size, paths)
