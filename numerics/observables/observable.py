"""Observables: what is read off paths, each a few rows of numbers, and the ensemble that reads them on every level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from numerics.mixtures import Array
from numerics.observables.fields import Field
from numerics.observables.path import Path
from numerics.observables.walks import Drawing, Walk
from numerics.paths.ensembles import Observed, rarest_of


class Observable(Protocol):
    """Frozen data that reads rows off paths."""

    @property
    def rows(self) -> int:
        """How many."""

    @property
    def extrapolated(self) -> bool:
        """Whether Richardson's value is used; not for bounded rows, which it would lead outside."""

    @property
    def order(self) -> float | None:
        """The order in the step; None: that of the walk; 0: it has no step error, or is about this very step."""

    def read(self, path: Path) -> Sequence[Array]:
        """Its rows on the paths, each (n,)."""


class Control(Protocol):
    """Frozen data that makes rows of mean zero from the driving noise, whatever the truth of any claim."""

    def read(self, drawing: Drawing) -> Sequence[Array]:
        """Its rows, each (n,)."""


@dataclass(frozen=True)
class Level:
    """A field at one mark."""

    field: Field
    mark: int = -1

    rows: int = 1
    order: float | None = None

    @property
    def extrapolated(self) -> bool:
        """Unless the field is bounded."""
        return self.field.bounds is None

    def read(self, path: Path) -> Sequence[Array]:
        """The field there."""
        i = path.node(self.mark)
        return [self.field(path.posterior, path.ys[i], path.etas[i])]


@dataclass(frozen=True)
class Reader:
    """An ensemble (see :mod:`numerics.paths.decide`): observables on the drawings of a walk, less their targets.

    With two levels the bias row is Richardson's difference, with three the change of the extrapolated value.
    """

    walk: Walk
    observables: tuple[Observable, ...]
    targets: tuple[float, ...]
    controls: tuple[Control, ...] = ()

    @property
    def rarest(self) -> float:
        """The probability of the rarest components."""
        return rarest_of(self.walk.data.weights)

    def observe(self, wanted: Sequence[int], count: int, rng: np.random.Generator) -> Observed:
        """The wanted rows, counted through all observables."""
        drawing = self.walk.draw(count, rng)
        values, biases, first = [], [], 0
        rows = set(wanted)
        for observable in self.observables:
            mine = range(first, first + observable.rows)
            first += observable.rows
            if not rows.intersection(mine):
                continue
            order = self.walk.order if observable.order is None else observable.order
            levels = drawing.levels if order else drawing.levels[:1]
            seen = [observable.read(path) for path in levels]
            for k, i in enumerate(mine):
                if i in rows:
                    value, bias = extrapolate([level[k] for level in seen], order, observable.extrapolated)
                    values.append(value - self.targets[i])
                    biases.append(bias)
        controls = [row for control in self.controls for row in control.read(drawing)]
        return Observed(np.array(values), np.array(biases), np.array(controls).reshape(len(controls), count))


def extrapolate(levels: Sequence[Array], order: float, extrapolated: bool) -> tuple[Array, Array]:
    """(value, step bias) from the rows of nested levels, finest first, of an error of the given order."""
    if len(levels) == 1 or order == 0:
        return levels[0], np.zeros_like(levels[0])
    change = (levels[0] - levels[1]) / (2**order - 1)
    if not extrapolated:
        return levels[0], change
    value = levels[0] + change
    if len(levels) == 2:
        return value, change
    return value, value - (levels[1] + (levels[1] - levels[2]) / (2**order - 1))
