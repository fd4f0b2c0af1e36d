"""What is averaged, on which paths: the reverse SDE from y = 0 at eta = 0, and functionals of it, as columns."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from numerics.functionals import Functional, Reducible
from numerics.mixtures import Array, Mixture
from numerics.sde.posterior import Posterior
from numerics.sde.problems import Localised
from numerics.transfer.lattice import Resolution, axes, lattice_points


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


def largest(problem: Problem, resolution: Resolution) -> Array:
    """The size (M,) of the functionals where paths go: rounding is relative to it, however rare large values are."""
    axis = axes(problem.data, problem.last, math.sqrt(problem.last), replace(resolution, per_strip=1.0),
                strength=problem.strength)  # fmt: skip
    y = lattice_points(axis)
    sizes: Array = np.abs(problem.terminal(y)).max(axis=0)
    if problem.runs:
        sizes = sizes + problem.last * np.abs(problem.running(y, problem.last)).max(axis=0)
    return sizes


def centred(problem: Problem) -> Problem:
    """The same averages of X_0 less its mean, if every functional is known not to mind translations."""
    kept: list[Functional] = []
    data = problem.data
    mean = (np.array(data.weights)[:, None] * np.array(data.means)).sum(axis=0)
    for functional in problem.functionals:
        if not isinstance(functional, Reducible):
            return problem
        kept.append(functional.reduced([_moved(law, mean) for law in functional.laws]))
    return replace(problem, data=_moved(data, mean), functionals=tuple(kept))


def _moved(law: Mixture, by: Array) -> Mixture:
    return replace(law, means=tuple(tuple(m) for m in (np.array(law.means) - by).tolist()))
