"""The law of any one-step scheme of :mod:`numerics.sde.schemes` on the line, computed backwards without sampling.

u_n(y) = E u_(n+1)(Psi(y, xi)), with the scheme's own step Psi: Gauss-Hermite nodes for its noise, and a quintic spline
for u between the points of a lattice. Integrals along the path are taken by the trapezoidal rule at the nodes of the
grid. This shows the weak error of a scheme without statistical noise; for averages the splitting
(:mod:`numerics.transfer.splitting`) is far better.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from numerics.mixtures import Array
from numerics.sde.grids import Grid
from numerics.sde.noise import Noise, draws
from numerics.sde.schemes import Scheme
from numerics.streams import stream
from numerics.transfer.lattice import Axis, Resolution, axes, resolved
from numerics.transfer.problem import Problem

SECOND = 7
"""Gauss-Hermite nodes for a second Gaussian variate: it enters by a twelfth of the variance."""


@dataclass(frozen=True)
class OneStep:
    """The operator of ``scheme``; one dimension."""

    scheme: Scheme

    @property
    def name(self) -> str:
        """The scheme's."""
        return self.scheme.name

    @property
    def powers(self) -> tuple[int, ...]:
        """Of the step in the error of averages."""
        first = self.scheme.weak_order
        return (first, first + 1, first + 2)

    def resolves(self, problem: Problem, nodes: Array, resolution: Resolution) -> bool:
        """Whether all lattices are dense enough for their error to show."""
        return all(
            resolved(problem.data, eta, math.sqrt(later - eta), resolution, (_axis(problem, eta, later, resolution),))
            for eta, later in pairwise(nodes.tolist()) if eta > 0
        )  # fmt: skip

    def values(self, problem: Problem, nodes: Array, resolution: Resolution) -> Array:
        """The expected functionals (M,) on the grid ``nodes``. Raises ValueError in more dimensions, or for memory."""
        if problem.data.D > 1:
            raise ValueError(f"the law of {self.name} is computed on the line only; use the splitting scheme")
        _check_memory(self.scheme, problem)
        count, runs = resolution.hermite, problem.runs
        read: Callable[[Array], Array] = problem.terminal
        for n in range(len(nodes) - 2, -1, -1):
            eta, later = float(nodes[n]), float(nodes[n + 1])
            axis = None if n == 0 else _axis(problem, eta, later, resolution)
            y = np.zeros((1, 1)) if axis is None else axis.points[:, None]
            noise, weights = _noise(self.scheme.needs, later - eta, count)
            moved = _step(self.scheme, problem, y, eta, later, noise)
            reached = read(moved)
            if runs:
                reached += (later - eta) / 2 * problem.running(moved, later)
            values = np.einsum("q,nqm->nm", weights, reached.reshape(len(y), len(weights), -1))
            if runs:
                values += (later - eta) / 2 * problem.running(y, eta)
            if axis is None:
                first: Array = values[0]
                return first
            read = _interpolant(y[:, 0], values)
        raise ValueError("a grid has at least one step")


def _axis(problem: Problem, eta: float, later: float, resolution: Resolution) -> Axis:
    return axes(problem.data, eta, math.sqrt(later - eta), resolution, strength=problem.strength)[0]


def _interpolant(points: Array, values: Array) -> Callable[[Array], Array]:
    """y (n, 1) -> (n, M) through ``values`` (points, M); constant beyond the ends."""
    from scipy.interpolate import make_interp_spline

    spline = make_interp_spline(points, values, k=5)
    return lambda y: np.asarray(spline(np.clip(y[:, 0], points[0], points[-1])), dtype=np.float64)


def _noise(needs: str, width: float, count: int) -> tuple[Noise, Array]:
    """Nodes of the noise of one step, (q, 1) each, and their weights (q,)."""
    places, weights = _hermite(count)
    W = math.sqrt(width) * places
    if needs == "W":
        return Noise(W[:, None]), weights
    if needs == "W,H":
        others, shares = _hermite(SECOND)
        others = math.sqrt(width / 12) * others
    else:
        others, shares = np.array([-1.0, 1.0]), np.array([0.5, 0.5])
    both = np.repeat(W, len(others))[:, None], np.tile(others, len(W))[:, None]
    return Noise(*both), np.repeat(weights, len(shares)) * np.tile(shares, len(weights))


def _hermite(count: int) -> tuple[Array, Array]:
    places, weights = np.polynomial.hermite_e.hermegauss(count)
    return places, weights / weights.sum()


def _step(scheme: Scheme, problem: Problem, y: Array, eta: float, later: float, noise: Noise) -> Array:
    """Psi(y_i, xi_q) for all pairs, (n q, 1), q fastest."""
    q = len(noise.W)
    start = np.repeat(y, q, axis=0)
    W = np.tile(noise.W, (len(y), 1))
    second = None if noise.second is None else np.tile(noise.second, (len(y), 1))
    *_, moved = scheme.walk(problem.sde, Grid((eta, later)), start, [Noise(W, second)])
    return moved


def _check_memory(scheme: Scheme, problem: Problem) -> None:
    """Raise ValueError if two steps are not one step after another."""
    grid = Grid((0.0, problem.last / 4, problem.last / 2))
    noises = list(draws(scheme.needs, grid, 8, 1, stream(0, "transfer", "memory", 0)))
    start = np.zeros((8, 1))
    *_, both = scheme.walk(problem.sde, grid, start, noises)
    *_, first = scheme.walk(problem.sde, Grid(grid.nodes[:2]), start, noises[:1])
    *_, second = scheme.walk(problem.sde, Grid(grid.nodes[1:]), first, noises[1:])
    if not np.array_equal(both, second):
        raise ValueError(f"{scheme.name} remembers the step before, so its law is not carried by points on the line; "
                         "use a scheme without memory")  # fmt: skip
