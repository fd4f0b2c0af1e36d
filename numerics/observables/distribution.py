"""The whole distribution on the line: the Kolmogorov-Smirnov distance to the exact one, decided by a bound that holds
for every law and every sample size (Dvoretzky, Kiefer, Wolfowitz 1956 with Massart's constant 1990).

P(sup |F_n - F| > e) <= 2 exp(-2 n e^2); over the looks at 1, 2, 4, .. chunks the error rate is split as 6/(pi k)^2. The
samples are counted in ``CELLS`` cells of equal exact probability, so the supremum is known to 1/CELLS at any number of
paths in the same memory. The step bias is the largest change of the distribution under refinement.
"""

from __future__ import annotations

import math
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from numerics.mixtures import Array
from numerics.observables.experiment import STREAM
from numerics.observables.record import Line, Record, versions
from numerics.observables.targets import distribution
from numerics.observables.walks import Walk
from numerics.saved import Saved
from numerics.sequential import FAMILY_RATE, Outcome
from numerics.simulate import CHUNK, Progress, StoppedError, looks, simulate
from numerics.streams import stream

CELLS = 1 << 14
MARGIN = 0.01


@dataclass(frozen=True)
class Distances:
    """The Kolmogorov-Smirnov distance at ``mark`` of a walk on the line; ``margin`` is a probability."""

    name: str
    walk: Walk
    mark: int = -1
    margin: float = MARGIN


@dataclass(frozen=True)
class _Counting:
    """Counts in the cells, a row a level, of one chunk."""

    setting: Distances
    seed: int

    def run(self, chunk: int) -> Array:
        rng = stream(self.seed, STREAM, self.setting.name, chunk)
        with np.errstate(all="ignore"):
            drawing = self.setting.walk.draw(CHUNK, rng)
        rows = []
        for path in drawing.levels:
            i = path.node(self.setting.mark)
            u = distribution(path.data, path.etas[i], path.ys[i])
            if not np.isfinite(u).all():
                raise FloatingPointError("a simulated path is not finite")
            cells = np.minimum((u * CELLS).astype(np.intp), CELLS - 1)
            rows.append(np.bincount(cells, minlength=CELLS).astype(np.float64))
        return np.array(rows)


def radius(count: int, share: float, look: int) -> float:
    """Half-width at the ``look``-th look (1, 2, ..) after ``count`` paths."""
    rate = share * 6 / (math.pi * look) ** 2
    return math.sqrt(math.log(2 / rate) / (2 * count))


def run_distances(
    setting: Distances, *, seed: int, share: float = FAMILY_RATE, max_paths: int = 1 << 22,
    executor: Executor | None = None, progress: Progress | None = None, saved: Saved | None = None,
) -> Record:  # fmt: skip
    """Decide whether the distance is below the margin. Raises NoTargetError above one dimension.

    Ctrl-C gives a record of the paths up to the last look, which says so; ``saved`` keeps the counts of every chunk.
    Raises StoppedError before the first look.
    """
    task, most = _Counting(setting, seed), max(1, max_paths // CHUNK)
    order, name, stopped = setting.walk.order, f"counts of {setting.name}", ""
    state: tuple[int, Array | None] = (0, None) if saved is None else saved.get(name)
    done, counts = state
    line: Line | None = None
    for k, look in enumerate(looks(most), start=1):
        if look < done:
            continue  # an earlier run looked there and went on
        try:
            for part in simulate(task, look, executor, first=done, progress=progress):
                counts = part if counts is None else counts + part
                done += 1
                if saved is not None:
                    saved.put(name, done, counts)
        except StoppedError as stop:
            if line is None:
                raise
            stopped = str(StoppedError(stop.done, most))
            break
        assert counts is not None
        line = _line(setting, counts, order, share, k)
        if line.outcome is not Outcome.UNDECIDED:
            break
    assert line is not None
    return Record(setting.name, setting, seed, share, max_paths, CHUNK, versions(), (line,), stopped)


def _line(setting: Distances, counts: Array, order: int, share: float, look: int) -> Line:
    paths = int(counts[0].sum())
    seen = np.cumsum(counts, axis=1)[:, :-1] / paths
    exact = np.arange(1, CELLS) / CELLS
    distance = float(np.abs(seen[0] - exact).max())
    bias = 1 / CELLS
    if len(seen) > 1 and order:
        bias += float(np.abs(seen[0] - seen[1]).max()) / (2**order - 1)
    around = radius(paths, share, look)
    outcome = Outcome.UNDECIDED
    if distance - around - bias > setting.margin:
        outcome = Outcome.REFUTED
    elif distance + around + bias <= setting.margin:
        outcome = Outcome.EQUIVALENT
    eta = setting.walk.eta(setting.mark)
    return Line(
        f"distribution, sigma = {eta**-0.5:.4g}", "Kolmogorov-Smirnov", "=", 0.0, distance, around, bias,
        setting.margin, outcome, float(paths), paths,
        "" if outcome is not Outcome.UNDECIDED else "the budget of paths is spent",
    )  # fmt: skip
