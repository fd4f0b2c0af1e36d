"""What is averaged, on which paths: the reverse SDE from y = 0 at eta = 0, and functionals of it, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from numerics.functionals import Functional
from numerics.mixtures import Array, Mixture
from numerics.sde.posterior import Posterior
from numerics.sde.problems import Localised


@dataclass(frozen=True)
class Problem:
    """dy = strength D(y, eta) d eta + dW up to ``last``, y = 0 at the start; M functionals of a path."""

    data: Mixture
    last: float
    functionals: tuple[Functional, ...]
    strength: float = 1.0

    @property
    def sde(self) -> Localised:
        """The reverse SDE in localisation coordinates."""
        return Localised(self.data, strength=self.strength)

    def terminal(self, y: Array) -> Array:
        """The end values, (n, M); zero where a functional has none."""
        out = np.zeros((len(y), len(self.functionals)))
        for m, functional in enumerate(self.functionals):
            value = functional.terminal(Posterior(self.data), y, self.last)
            if value is not None:
                out[:, m] = value
        return out

    def running(self, y: Array, eta: float) -> Array:
        """The rates along the path, (n, M); zero where a functional has none."""
        out = np.zeros((len(y), len(self.functionals)))
        for m, functional in enumerate(self.functionals):
            value = functional.running(Posterior(self.data), y, eta)
            if value is not None:
                out[:, m] = value
        return out

    @property
    def runs(self) -> bool:
        """Whether any functional has a part along the path."""
        place = np.zeros((1, self.data.D))
        middle = self.last / 2
        return any(f.running(Posterior(self.data), place, middle) is not None for f in self.functionals)
