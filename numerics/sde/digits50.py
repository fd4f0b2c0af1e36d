"""A run repeated with 50 digits on the same Brownian increments: how far float64 rounding moves states and scores.

The scheme's own code walks over arrays of mpmath numbers; only the posterior mean is written a second time, from the
plain formula and with matrices inverted at full precision. The float64 increments, nodes and data are taken as exact
numbers, so all that differs is rounding. Beside a separatrix the difference is amplified as every perturbation is: the
median says how good the arithmetic is, the largest value how ill-conditioned the worst path.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import numpy as np

from numerics.mixtures import Array, Mixture
from numerics.sde.grids import Grid
from numerics.sde.noise import Noise
from numerics.sde.posterior import Posterior
from numerics.sde.problems import Localised
from numerics.sde.schemes import Scheme


@dataclass(frozen=True)
class Difference:
    """Between a float64 run and its repetition; of each path the largest over the nodes, then over the paths.

    States y are measured against their root mean square over the paths at the node, squared scores |eta D - y|^2
    against their mean there; ``average`` is the relative difference of that mean at the last node.
    """

    digits: int
    paths: int
    steps: int
    state_median: float
    state_largest: float
    score_median: float
    score_largest: float
    average: float


def rerun(scheme: Scheme, data: Mixture, grid: Grid, noises: Sequence[Noise], *, digits: int = 50) -> Difference:
    """Walk ``scheme`` from y = 0 at eta = 0 in localisation coordinates twice, in float64 and with ``digits`` digits.

    Raises ValueError for a grid that does not start at 0, noise that does not fit it, or fewer than 17 digits.
    """
    from mpmath import MPContext

    if grid.nodes[0] != 0 or grid.nodes[-1] < 0:
        raise ValueError(f"the run starts at eta = 0, and this grid at {grid.nodes[0]:g}; take one from the origin")
    if len(noises) != grid.steps:
        raise ValueError(f"{grid.steps} steps need as many noises, got {len(noises)}")
    if digits < 17:
        raise ValueError(f"float64 has 17 digits already; ask for more than {digits}")
    context = MPContext()
    context.dps = digits
    fine = _Fine(data, context)
    start = np.zeros(noises[0].W.shape)
    plain = list(scheme.walk(Localised(data), grid, start, noises))
    precise = _Nodes(tuple(context.mpf(s) for s in grid.nodes))
    kicks = [_noise(n, scheme.needs, h, context) for n, h in zip(noises, precise.widths, strict=True)]
    exact = list(scheme.walk(fine, precise, _numbers(start, context), kicks))  # type: ignore[arg-type]
    return _compared(fine, grid, plain, exact, digits)


def _compared(fine: _Fine, grid: Grid, plain: list[Array], exact: list[Array], digits: int) -> Difference:
    states, scores, average = [], [], 0.0
    for eta, ours, other in list(zip(grid.nodes, plain, exact, strict=True))[1:]:
        # differences are taken with all digits, then rounded
        away = _floats(_numbers(ours, fine.context) - other)
        size = np.sqrt((ours**2).sum(axis=1).mean())
        states.append(np.sqrt((away**2).sum(axis=1)) / size)
        squared = (Posterior(fine.data).score(ours, eta) ** 2).sum(axis=1)
        score = fine.drift(other, fine.context.mpf(eta)) * eta - other
        gaps = _floats(_numbers(squared, fine.context) - (score**2).sum(axis=1))
        scores.append(np.abs(gaps) / squared.mean())
        average = abs(float(gaps.mean() / squared.mean()))
    state, score = np.max(states, axis=0), np.max(scores, axis=0)
    return Difference(
        digits, len(state), grid.steps, float(np.median(state)), float(state.max()), float(np.median(score)),
        float(score.max()), average,
    )  # fmt: skip


@dataclass(frozen=True)
class _Nodes:
    """The nodes of a grid as mpmath numbers."""

    nodes: tuple[Any, ...]

    @property
    def widths(self) -> list[Any]:
        """The lengths of all steps."""
        return [later - s for s, later in pairwise(self.nodes)]


def _noise(noise: Noise, needs: str, width: Any, context: Any) -> Noise:
    second = None if noise.second is None else _numbers(noise.second, context)
    if second is not None and needs == "W,sign":
        # the scheme takes the root of the width in float64; the sign carries the digits that it lacks
        second = second * (context.sqrt(width) / math.sqrt(width))
    return Noise(_numbers(noise.W, context), second)


def _numbers(values: Array, context: Any) -> Array:
    """An array of mpmath numbers, exactly those of ``values``."""
    out = np.empty(values.shape, dtype=object)
    for place in np.ndindex(values.shape):
        out[place] = context.mpf(float(values[place]))
    return cast(Array, out)


def _floats(values: Array) -> Array:
    rounded: Array = values.astype(np.float64)
    return rounded


class _Fine:
    """dy = D d eta + dW with the posterior mean at the precision of ``context``; points are arrays of its numbers."""

    def __init__(self, data: Mixture, context: Any) -> None:
        self.data, self.context = data, context
        self._parts: dict[Any, list[tuple[Any, list[Any], list[list[Any]]]]] = {}

    def drift(self, x: Array, s: Any) -> Array:
        """The posterior mean at points (n, D)."""
        out = np.empty(x.shape, dtype=object)
        for i, y in enumerate(x):
            out[i] = self._mean(list(y), s)
        return cast(Array, out)

    def diffusion(self, s: Any) -> Any:
        """One."""
        return self.context.mpf(1)

    def _components(self, eta: Any) -> list[tuple[Any, list[Any], list[list[Any]]]]:
        """(log weight at y = 0, Q m, rows of C Q, none for an atom) of each component."""
        if eta not in self._parts:
            mp, parts, one = self.context, [], self.context.eye(self.data.D)
            for w, mean, cov in zip(self.data.weights, self.data.means, self.data.covs, strict=True):
                m, C = mp.matrix([mp.mpf(v) for v in mean]), mp.matrix([[mp.mpf(v) for v in row] for row in cov])
                Q = mp.inverse(one + eta * C)
                pull = Q * m
                logs = mp.log(mp.mpf(w)) + mp.log(mp.det(Q)) / 2 - eta / 2 * (m.T * pull)[0]
                spread = (C * Q).tolist() if any(v for row in cov for v in row) else []
                parts.append((logs, list(pull), spread))
            self._parts[eta] = parts
        return self._parts[eta]

    def _mean(self, y: list[Any], eta: Any) -> list[Any]:
        dot, logs, means = self.context.fdot, [], []
        for constant, pull, spread in self._components(eta):
            mean = [p + dot(row, y) for p, row in zip(pull, spread, strict=True)] if spread else pull
            # pull . y + y . C Q y/2, with C Q y = mean - pull
            logs.append(constant + dot([p + m for p, m in zip(pull, mean, strict=True)], y) / 2)
            means.append(mean)
        top = max(logs)
        weights = [self.context.exp(v - top) for v in logs]
        total = self.context.fsum(weights)
        return [dot(weights, column) / total for column in zip(*means, strict=True)]
