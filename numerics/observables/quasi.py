"""Randomised quasi-Monte Carlo: scrambled Sobol points, the Brownian path built from its principal components.

The largest modes of the path get the first coordinates of the points (Acworth, Broadie, Glasserman 1998), which is
where Sobol points are good. It pays for smooth averages with few decisions, like E|s|^2 of two atoms, and loses where
paths branch often. Independent scramblings are replicates; their t-interval is of fixed size, not a sequence: it is
looked at once. That replicate means are normal is an assumption, hence at least ``LEAST`` of them.
"""

from __future__ import annotations

import math
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from numerics.mixtures import Array
from numerics.observables.experiment import STREAM, Experiment
from numerics.observables.observable import extrapolate
from numerics.observables.record import Line, Record, versions
from numerics.observables.walks import Drawing, Simulated
from numerics.sde.grids import Grid
from numerics.sde.noise import Noise
from numerics.sequential import FAMILY_RATE, decide
from numerics.simulate import simulate
from numerics.streams import stream

LEAST = 16
BLOCK = 1 << 14
"""Paths moved at once."""


@lru_cache(maxsize=16)
def modes(grid: Grid) -> Array:
    """(N, N): unit normals, most important first, to Brownian increments of the steps; a covariance square root."""
    times = np.cumsum(np.array(grid.widths))
    values, vectors = np.linalg.eigh(np.minimum(times[:, None], times[None, :]))
    path = vectors[:, ::-1] * np.sqrt(np.maximum(values[::-1], 0.0))
    out: Array = np.diff(path, axis=0, prepend=0.0)
    return out


def sobol_paths(walk: Simulated, points: int, rng: np.random.Generator) -> list[Drawing]:
    """``points`` (a power of 2) paths from one scrambling, in blocks. Raises ValueError for a start that is drawn."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    if walk.eta(0) > 0 and walk.point is None:
        raise ValueError("Sobol paths start from a point; use localisation coordinates from eta = 0")
    if points < 2 or points & (points - 1):
        raise ValueError(f"Sobol points come in powers of 2, got {points}")
    N, D, needs = walk.grid.steps, walk.data.D, walk.scheme.needs
    extra = 0 if needs == "W" else N * D
    sampler = qmc.Sobol(N * D + extra + 1, scramble=True, seed=rng)
    u = sampler.random(points)
    u = np.clip(u, 2.0**-54, 1 - 2.0**-54)
    mixing, out = modes(walk.grid), []
    for first in range(0, points, BLOCK):
        block = np.ascontiguousarray(u[first : first + BLOCK].T)
        z = ndtri(block[: N * D]).reshape(N, D, -1)
        W = np.zeros_like(z)
        for m in range(N):
            W += mixing[:, m][:, None, None] * z[m]
        noises = []
        for i, h in enumerate(walk.grid.widths):
            second = block[N * D + i * D : N * D + (i + 1) * D]
            if needs == "W,H":
                noises.append(Noise(W[i].T, (math.sqrt(h / 12) * ndtri(second)).T))
            else:
                noises.append(Noise(W[i].T, np.where(second < 0.5, -1.0, 1.0).T if extra else None))
        out.append(walk.moved(None, None, noises, block[-1]))
    return out


@dataclass(frozen=True)
class _Replicate:
    """Means of values and step biases over one scrambling, (2, T)."""

    experiment: Experiment
    points: int
    seed: int

    def run(self, chunk: int) -> Array:
        walk = self.experiment.walk
        assert isinstance(walk, Simulated)
        drawings = sobol_paths(walk, self.points, stream(self.seed, STREAM, f"{self.experiment.name}/sobol", chunk))
        total = np.zeros((2, len(self.experiment.checks)))
        for drawing in drawings:
            row = 0
            for observable in self.experiment.observables:
                order = walk.order if observable.order is None else observable.order
                seen = [observable.read(path) for path in (drawing.levels if order else drawing.levels[:1])]
                for k in range(observable.rows):
                    pair = extrapolate([level[k] for level in seen], order, observable.extrapolated)
                    total[:, row] += [float(v.sum()) for v in pair]
                    row += 1
        return total / self.points


def run_sobol(
    experiment: Experiment, *, seed: int, points: int = 1 << 12, randomisations: int = LEAST,
    share: float = FAMILY_RATE, executor: Executor | None = None,
) -> Record:  # fmt: skip
    """Decide every check once, from ``randomisations`` scramblings of ``points`` paths; no controls are used.

    Raises ValueError for fewer than LEAST scramblings, or paths that do not start from a point.
    """
    from scipy.stats import t as student

    if randomisations < LEAST:
        raise ValueError(f"a t-interval over scramblings needs at least {LEAST} of them, got {randomisations}")
    if not isinstance(experiment.walk, Simulated):
        raise ValueError("Sobol points drive simulated paths; the walk of this experiment is not simulated")
    task = _Replicate(experiment, points, seed)
    means = np.array(list(simulate(task, randomisations, executor)))
    if not np.isfinite(means).all():
        raise FloatingPointError("an observable is not finite on a simulated path")
    each = share / len(experiment.checks)
    reach = float(student.isf(each * 0.45, randomisations - 1)), float(student.isf(each * 0.05, randomisations - 1))
    spread = means.std(axis=0, ddof=1) / math.sqrt(randomisations)
    lines = []
    for i, check in enumerate(experiment.checks):
        value, bias = (float(v) for v in means[:, :, i].mean(axis=0))
        around, slack = reach[0] * float(spread[0, i]), abs(bias) + reach[1] * float(spread[1, i])
        made = decide(value - check.target, around, slack, check.margin, check.relation)
        lines.append(Line(check.statement, check.part, check.relation, check.target, value, around, slack, check.margin,
                          made.outcome, float(randomisations), randomisations * points, made.reason))  # fmt: skip
    return Record(experiment.name, experiment, seed, share, randomisations * points, points, versions(), tuple(lines))
