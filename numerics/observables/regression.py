"""Regression of reverse increments on their claimed mean, along exact forward paths: no step error at any step.

In the view x = y/eta, nu = 1/eta the reverse kernel of a mixture has the mean

    E[x_b | x_a] - x_a = (1 - nu_b/nu_a)(D(x_a) - x_a) =: G_a,      nu_b < nu_a,

and by Bayes a forward path, read backwards, has that kernel. So sum G.(x_b - x_a - kappa G)/(nu_a - nu_b) has mean zero
for kappa = 1 alone, on any grid. A claimed reverse drift -a x + factor g^power s has kappa = factor g^(power - 2).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from numerics.mixtures import Array, Mixture
from numerics.observables.controls import Displacement
from numerics.observables.experiment import Check, Experiment
from numerics.observables.path import Path, products, squares
from numerics.observables.units import sampled
from numerics.observables.walks import Channel, Drawing
from numerics.schedules import LinearProcess

MARGIN = 2.5e-3
"""A quarter of the smallest error that is to be told from the truth, one per cent of the drift."""


def _steps(path: Path) -> Iterator[tuple[int, float, float, Array]]:
    """(node, nu before, nu after, G) of each step."""
    for i, (a, b) in enumerate(zip(path.etas, path.etas[1:])):
        yield i, 1 / a, 1 / b, (1 - a / b) * (path.mean(i) - path.ys[i] / a)


@dataclass(frozen=True)
class KernelRegression:
    """sum G.(dx - kappa_i G)/(nu_a - nu_b) over ``unit``: the relative error of the claimed drift."""

    kappas: tuple[float, ...]
    unit: float = 1.0
    rows: int = 1
    extrapolated: bool = False
    order: float | None = 0

    def read(self, path: Path) -> Sequence[Array]:
        """The row."""
        total = np.zeros(len(path.ys[0]))
        for (i, nu, later, pull), kappa in zip(_steps(path), self.kappas, strict=True):
            move = path.ys[i + 1] * later - path.ys[i] * nu
            total += products(pull, move - kappa * pull) / ((nu - later) * self.unit)
        return [total]


@dataclass(frozen=True)
class Strength:
    """sum |G|^2/(nu_a - nu_b): what the regression divides by."""

    def read(self, path: Path) -> Sequence[Array]:
        """The row."""
        total = np.zeros(len(path.ys[0]))
        for _, nu, later, pull in _steps(path):
            total += squares(pull) / (nu - later)
        return [total]


@dataclass(frozen=True)
class Innovations:
    """A control: sum G.W_i/(eta_b (nu_a - nu_b)), the noise of each step against what was known before it."""

    def read(self, drawing: Drawing) -> Sequence[Array]:
        """The row."""
        path = drawing.levels[0]
        total = np.zeros(len(path.ys[0]))
        for (i, nu, later, pull), kick in zip(_steps(path), drawing.kicks, strict=True):
            width = path.etas[i + 1] - path.etas[i]
            total += products(pull, kick) * (math.sqrt(width) * later / (nu - later))
        return [total]


def kernel_regression(
    data: Mixture, process: LinearProcess, first: float, last: float, *, steps: int = 8, factor: float = 1.0,
    power: int = 2, margin: float = MARGIN, name: str = "kernel regression",
) -> Experiment:  # fmt: skip
    """Whether the reverse drift is -a x + factor g^power s, from sigma = ``first`` to ``last``; any dimension.

    Raises OutOfRangeError for a noise level that the process never has.
    """
    levels = [first * (last / first) ** (i / steps) for i in range(steps + 1)]
    times = [process.time_of_sigma(level) for level in levels]
    etas = tuple((process.alpha(t) / process.sigma(t)) ** 2 for t in times)
    middles = (process.time_of_sigma(math.sqrt(a * b)) for a, b in pairwise(levels))
    kappas = tuple(factor * math.pow(process.g2(t), (power - 2) / 2) for t in middles)
    walk = Channel(data, etas)
    unit = sampled(walk, Strength())[0]
    claim = "the reverse drift is -a x + g^2 s" if (factor, power) == (1.0, 2) else (
        f"the reverse drift is -a x + {factor:g} g^{power} s")  # fmt: skip
    check = Check(claim, "relative error of the drift", 0.0, margin)
    return Experiment(name, walk, (KernelRegression(kappas, unit),), (check,), (Innovations(), Displacement()))
