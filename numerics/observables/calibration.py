"""Posteriors along reverse paths: they are martingales, and they are the committor (chance to end in a component).

Both are asked in bins of the earlier posterior. The bins are hats, so that a path moves between them gradually when the
step is refined; they add up to one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from numerics.mixtures import Array
from numerics.observables.experiment import MARGIN, Check, Experiment
from numerics.observables.observable import Observable
from numerics.observables.path import Path
from numerics.observables.units import sampled
from numerics.observables.walks import Walk, marks_at

CENTRES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Of the bins; below the first and above the last the outer bins go on."""


LEAST = 0.05


def hats_at(r: Array) -> list[Array]:
    """The hats at responsibilities r, each (n,)."""
    place = np.clip((r - CENTRES[0]) / (CENTRES[1] - CENTRES[0]), 0.0, len(CENTRES) - 1.0)
    return [np.maximum(0.0, 1.0 - np.abs(place - k)) for k in range(len(CENTRES))]


@dataclass(frozen=True)
class Martingale:
    """bin(r_k early) (r_k late - r_k early) for some bins of component k: within [-1, 1]."""

    component: int
    early: int
    late: int
    bins: tuple[int, ...]
    extrapolated: bool = False
    order: float | None = None

    @property
    def rows(self) -> int:
        """A row a bin."""
        return len(self.bins)

    def read(self, path: Path) -> Sequence[Array]:
        """A row a bin."""
        before, after = (np.exp(path.logs(path.node(mark))[self.component]) for mark in (self.early, self.late))
        hats = hats_at(before)
        return [hats[b] * (after - before) for b in self.bins]


@dataclass(frozen=True)
class Committor:
    """bin(r_k early) (1{the path ends in k} - r_k early) for some bins of component k: within [-1, 1]."""

    component: int
    early: int
    bins: tuple[int, ...]
    extrapolated: bool = False
    order: float | None = None

    @property
    def rows(self) -> int:
        """A row a bin."""
        return len(self.bins)

    def read(self, path: Path) -> Sequence[Array]:
        """A row a bin."""
        before = np.exp(path.logs(path.node(self.early))[self.component])
        ended = path.ends() == self.component
        hats = hats_at(before)
        return [hats[b] * (ended - before) for b in self.bins]


@dataclass(frozen=True)
class _Masses:
    component: int
    early: int

    def read(self, path: Path) -> Sequence[Array]:
        return hats_at(np.exp(path.logs(path.node(self.early))[self.component]))


def calibration(walk: Walk, *, at: Sequence[float] = (0.5,), margin: float = MARGIN,
                name: str = "calibration") -> Experiment:  # fmt: skip
    """Martingale and committor of every component but one, from the parts ``at`` of the grid to its end.

    The margin is that of a conditional probability; bins that hold fewer than ``LEAST`` of the paths are left out.
    False for the flow and for a wrong drift.
    """
    observables: list[Observable] = []
    checks: list[Check] = []
    for mark in marks_at(walk, at):
        level = f"sigma = {walk.eta(mark) ** -0.5:.4g}" if walk.eta(mark) > 0 else "the start"
        for k in range(max(walk.data.K - 1, 1)):
            masses = sampled(walk, _Masses(k, mark))
            filled = tuple(b for b, mass in enumerate(masses) if mass >= LEAST)
            martingale, committor = Martingale(k, mark, -1, filled), Committor(k, mark, filled)
            for claim, observable in (("posterior martingale", martingale), ("committor", committor)):
                observables.append(observable)
                checks += [
                    Check(f"{claim} of component {k} from {level}", f"about {CENTRES[b]:g}", 0.0, margin * masses[b],
                          bounds=(-1.0, 1.0))
                    for b in filled
                ]  # fmt: skip
    return Experiment(name, walk, tuple(observables), tuple(checks))
