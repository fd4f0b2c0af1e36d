"""Grids that know the process time of every node, for readings of terms along paths.

The terms of a statement are read at times t of the process, and its noise is that of t, while the schemes of
``numerics.sde`` move paths in the clock u of the grid. A :class:`TimedGrid` is both: nodes u_i = i step with the times
t_i and the speeds |dt/du| there. Increments dW have variance exactly |t_{i+1} - t_i|.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from numerics.mixtures import Array
from numerics.schedules import LinearProcess
from numerics.sde.clocks import LogSigma
from numerics.sde.grids import Grid
from numerics.sde.noise import Noise
from numerics.sde.problems import SDE, Clocked
from numerics.sde.schemes import Scheme


@dataclass(frozen=True)
class TimedGrid:
    """Times t_0, .., t_n at equal steps ``step`` of a clock u, and the speeds |dt/du| at them: a clock at its nodes."""

    times: tuple[float, ...]
    speeds: tuple[float, ...]
    step: float

    @property
    def steps(self) -> int:
        """Their number."""
        return len(self.times) - 1

    def coarser(self, factor: int) -> TimedGrid:
        """Every ``factor``-th time. Raises ValueError if the steps do not divide."""
        if self.steps % factor:
            raise ValueError(f"{self.steps} steps cannot be coarsened by {factor}")
        return TimedGrid(self.times[::factor], self.speeds[::factor], self.step * factor)

    def time(self, u: float) -> float:
        """The time of the node at u."""
        return self.times[self._node(u)]

    def speed(self, u: float) -> float:
        """|dt/du| at the node at u."""
        return self.speeds[self._node(u)]

    def _node(self, u: float) -> int:
        node = round(u / self.step)
        if not (0 <= node <= self.steps and abs(u - node * self.step) <= 1e-9 * self.step):
            raise ValueError("this clock is known at the nodes of its grid only; use a scheme that stays on them")
        return node

    @property
    def nodes(self) -> Grid:
        """The grid in the clock u."""
        return Grid(tuple(self.step * i for i in range(self.steps + 1)))


def log_sigma_times(process: LinearProcess, first: float, last: float, steps: int) -> TimedGrid:
    """Equal steps of log sigma from noise level ``first`` to ``last`` (either may be larger)."""
    span = math.log(last / first)
    clock = LogSigma(process)
    nodes = [math.log(first) + span * i / steps for i in range(steps)] + [math.log(last)]
    times = (process.time_of_sigma(first), *(clock.time(u) for u in nodes[1:-1]), process.time_of_sigma(last))
    return TimedGrid(times, tuple(abs(clock.speed(u)) for u in nodes), abs(span) / steps)


def increments(grid: TimedGrid, shape: tuple[int, ...], rng: np.random.Generator) -> list[Array]:
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


def walk(scheme: Scheme, sde: SDE, grid: TimedGrid, x: Array, dW: list[Array]) -> Iterator[Array]:
    """The states at every node of ``grid``, the start included, for a scheme that needs nothing but the increments."""
    spans = [abs(u - v) for u, v in zip(grid.times, grid.times[1:])]
    noises = (Noise(kick * math.sqrt(grid.step / span)) for kick, span in zip(dW, spans, strict=True))
    return scheme.walk(Clocked(sde, grid), grid.nodes, x, noises)
