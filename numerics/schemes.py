"""One-step schemes for SDEs with additive noise, and the grids they walk on.

A scheme declares the noise it can treat and its orders. The Brownian path lives in the forward time t: a step from t0
to t1 gets dW of variance exactly |t1 - t0|, so halving the step with the same path is summing increments. The drift is
integrated in the clock of the grid (log sigma, say): dX = b (dt/du) du.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from numerics.problems import SDE, Array, LinearProcess


@dataclass(frozen=True)
class Grid:
    """Times t_0, .., t_n at equal steps ``step`` of a clock u, and the speeds |dt/du| at them."""

    times: tuple[float, ...]
    speeds: tuple[float, ...]
    step: float

    @property
    def steps(self) -> int:
        """Their number."""
        return len(self.times) - 1

    def coarser(self, factor: int) -> Grid:
        """Every ``factor``-th time. Raises ValueError if the steps do not divide."""
        if self.steps % factor:
            raise ValueError(f"{self.steps} steps cannot be coarsened by {factor}")
        return Grid(self.times[::factor], self.speeds[::factor], self.step * factor)


def uniform_grid(start: float, end: float, steps: int) -> Grid:
    """Equal steps of t, in either direction."""
    step = (end - start) / steps
    return Grid((*(start + step * i for i in range(steps)), end), (1.0,) * (steps + 1), abs(step))


def log_sigma_grid(process: LinearProcess, first: float, last: float, steps: int) -> Grid:
    """Equal steps of log sigma from noise level ``first`` to ``last`` (either may be larger)."""
    span = math.log(last / first)
    levels = [first * math.exp(span * i / steps) for i in range(steps)] + [last]
    times = tuple(process.time_of_sigma(level) for level in levels)
    # d log sigma / dt = a + g^2 / (2 sigma^2)
    speeds = tuple(1 / abs(process.a(t) + process.g2(t) / (2 * level**2)) for t, level in zip(times, levels))
    return Grid(times, speeds, abs(span) / steps)


class Scheme(Protocol):
    """How one step is made. ``weak_order`` and ``strong_order`` hold for smooth drifts and the stated noise."""

    @property
    def name(self) -> str:
        """What the literature calls it."""

    @property
    def noise(self) -> str:
        """The noise that it treats."""

    @property
    def weak_order(self) -> int:
        """Power of the step in the error of averages."""

    @property
    def strong_order(self) -> float:
        """Power of the step in the error of paths."""

    def step(self, sde: SDE, x: Array, grid: Grid, i: int, dW: Array) -> Array:
        """The state at node i + 1 from the state ``x`` at node i and the increment dW (n, D)."""


@dataclass(frozen=True)
class EulerMaruyama:
    """X + b(X, t) dt + g(t) dW."""

    name: str = "Euler-Maruyama"
    noise: str = "additive"
    weak_order: int = 1
    strong_order: float = 1.0

    def step(self, sde: SDE, x: Array, grid: Grid, i: int, dW: Array) -> Array:
        """One step of the scheme."""
        t = grid.times[i]
        return x + sde.drift(x, t) * (grid.speeds[i] * grid.step) + sde.diffusion(t) * dW


@dataclass(frozen=True)
class StochasticHeun:
    """Predictor by Euler, then the mean of the drifts at both ends; the noise once, with the mean of g^2."""

    name: str = "stochastic Heun"
    noise: str = "additive"
    weak_order: int = 2
    strong_order: float = 1.0

    def step(self, sde: SDE, x: Array, grid: Grid, i: int, dW: Array) -> Array:
        """One step of the scheme."""
        t, later = grid.times[i], grid.times[i + 1]
        g = math.sqrt((sde.diffusion(t) ** 2 + sde.diffusion(later) ** 2) / 2)
        kicked = x + g * dW
        first = sde.drift(x, t) * (grid.speeds[i] * grid.step)
        second = sde.drift(kicked + first, later) * (grid.speeds[i + 1] * grid.step)
        return kicked + 0.5 * (first + second)


EULER_MARUYAMA, STOCHASTIC_HEUN = EulerMaruyama(), StochasticHeun()


def increments(grid: Grid, shape: tuple[int, ...], rng: np.random.Generator) -> list[Array]:
    """Brownian increments in t over every step of ``grid``, each of the given shape."""
    spans = [abs(u - v) for u, v in zip(grid.times, grid.times[1:])]
    return [math.sqrt(span) * rng.standard_normal(shape) for span in spans]


def coarsened(dW: list[Array], factor: int) -> list[Array]:
    """The increments of the same Brownian path over ``factor`` steps at once."""
    out = []
    for i in range(0, len(dW), factor):
        total = dW[i]
        for further in dW[i + 1 : i + factor]:
            total = total + further
        out.append(total)
    return out


def walk(scheme: Scheme, sde: SDE, grid: Grid, x: Array, dW: list[Array]) -> Iterator[Array]:
    """The states at every node of ``grid``, the start included."""
    yield x
    for i in range(grid.steps):
        x = scheme.step(sde, x, grid, i, dW[i])
        yield x
