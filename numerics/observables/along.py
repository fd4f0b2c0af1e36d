"""Functionals (see :mod:`numerics.functionals`) as observables: their end value plus their integral along the path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from numerics.functionals import Functional
from numerics.mixtures import Array
from numerics.observables.fields import Field
from numerics.observables.path import Path
from numerics.sde.posterior import Posterior


@dataclass(frozen=True)
class Along:
    """A functional from the first to the last node; the integral by the trapezoidal rule in eta, of order 2."""

    functional: Functional
    rows: int = 1
    extrapolated: bool = True
    order: float | None = None

    def read(self, path: Path) -> Sequence[Array]:
        """The functional of the paths."""
        posterior, total, before = path.posterior, np.zeros(len(path.ys[0])), None
        for i, (y, eta) in enumerate(zip(path.ys, path.etas, strict=True)):
            rate = self.functional.running(posterior, y, eta)
            if rate is None:
                break
            if before is not None:
                total += (path.etas[i] - path.etas[i - 1]) / 2 * (before + rate)
            before = rate
        end = self.functional.terminal(posterior, path.ys[-1], path.etas[-1])
        return [total if end is None else total + end]


@dataclass(frozen=True)
class Ending:
    """A field at the end as a functional."""

    field: Field

    @property
    def name(self) -> str:
        """That of the field."""
        return self.field.name

    def terminal(self, posterior: Posterior, y: Array, eta: float) -> Array | None:
        """The field."""
        return self.field(posterior, y, eta)

    def running(self, posterior: Posterior, y: Array, eta: float) -> Array | None:
        """None: nothing along the path."""
        return None
