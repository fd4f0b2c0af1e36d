"""The two ways to an average over reverse paths: the transfer operator, and paths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np

from numerics.estimates import certain
from numerics.functionals import Functional
from numerics.mixtures import Mixture
from numerics.observables.controls import Displacement, Guided
from numerics.observables.observable import Control
from numerics.observables.walks import Simulated as Walked
from numerics.observables.walks import localised
from numerics.paths.decide import Result, StoppedTestsError, run_tests
from numerics.paths.ensembles import Test
from numerics.saved import Saved
from numerics.sde.grids import Grid, information_grid, log_snr
from numerics.sde.schemes import SRA_1, Scheme
from numerics.sequential import Decision, decide
from numerics.simulate import CHUNK, Progress
from numerics.simulated.rows import Blocks, Rows, ensemble
from numerics.simulated.setting import Problem
from numerics.streams import stream
from numerics.transfer import Variance, averages

SCHEME: Scheme = SRA_1
STEPS = 64
FINE = 5e-3
"""Margins below this take three levels of steps."""
MOST_STEPS = {1: 512, 2: 32}
WIDEST_GRID, WIDEST = 16, 64
"""Dimensions up to which the information grid is found by common draws, and up to which paths are simulated."""
STREAM = "simulated"


@dataclass(frozen=True)
class Found:
    """What a route found, of the reduced problem: ``value`` +- (``step_error`` + ``other_error``), and how.

    ``other_error`` is that of the quadrature, or of the sampling. ``decision`` is about value less target.
    """

    value: float
    step_error: float
    other_error: float
    decision: Decision | None
    scheme: str
    grid: str
    steps: int
    levels: int
    paths: int = 0
    effective: float = math.inf
    stopped: str = ""
    figures: dict[str, str] = field(default_factory=dict)

    @property
    def error(self) -> float:
        """Both errors."""
        return self.step_error + self.other_error


def by_transfer(problem: Problem, tolerance: float) -> Found:
    """The scheme's own law without sampling. Raises ValueError above two reduced dimensions."""
    plan = problem.plan
    asked: tuple[Functional | Variance, ...] = ()
    if plan.mean is not None:
        asked += (plan.mean,)
    if plan.spread is not None:
        asked += (Variance(plan.spread),)
    parts = averages(
        asked, problem.data, problem.eta, tolerance=tolerance, strength=problem.strength,
        most_steps=MOST_STEPS.get(problem.data.D),
    )  # fmt: skip
    return Found(
        math.fsum(p.value for p in parts) + problem.added, math.fsum(p.step_error for p in parts),
        math.fsum(p.quadrature_error for p in parts), None, parts[0].figures["scheme"], "information grid",
        parts[0].steps, round(math.log2(parts[0].steps / (16 if problem.data.D == 1 else 8))) + 1,
    )  # fmt: skip


def decided(found: Found, target: float, radius: float, margin: float) -> Decision:
    """The decision without sampling: all errors are bounds."""
    return decide(found.value - target, 0.0, found.error + radius, margin)


@dataclass(frozen=True)
class Paths:
    """A problem on paths: the ensemble of its row less ``target`` (of the reduced problem)."""

    problem: Problem
    target: float
    levels: int

    def __post_init__(self) -> None:
        if self.problem.data.D > WIDEST:
            raise ValueError(f"paths are simulated in up to {WIDEST} dimensions; {self.problem.reason}")

    @property
    def rows(self) -> Rows:
        """What is read."""
        return Rows(self.problem.plan.mean, self.problem.plan.spread)

    @property
    def walk(self) -> Walked:
        """Who draws the paths."""
        problem = self.problem
        return localised(problem.data, grid_for(problem.data, problem.eta)[0], SCHEME, strength=problem.strength,
                         levels=self.levels)  # fmt: skip

    @property
    def ensemble(self) -> Blocks:
        """Paths with controls made of the noise alone."""
        return ensemble(self.walk, self.rows, self.target, self._controls())

    def _controls(self) -> tuple[Control, ...]:
        data, mean = self.problem.data, self.problem.plan.mean
        if data.D > WIDEST_GRID:
            return ()
        controls: tuple[Control, ...] = (Displacement(4 if data.D <= 4 else 2),)
        if data.D == 1 and mean is not None:
            controls += (Guided(mean, data, self.walk.grid.nodes),)
        return controls


def grid_for(data: Mixture, eta: float) -> tuple[Grid, str]:
    """The steps and their name."""
    spread = np.ptp(np.array(data.means), axis=0).any() or np.array(data.covs).any()
    if data.D <= WIDEST_GRID and spread:
        return information_grid(data, eta, STEPS), "information grid"
    return log_snr(eta * 1e-4, eta, STEPS), "log-SNR grid"


def by_paths(
    paths: Paths, *, margin: float, target_radius: float, share: float, seed: int, max_paths: int, name: str,
    executor: Executor | None = None, progress: Progress | None = None, saved: Saved | None = None,
) -> Found:  # fmt: skip
    """Paths of the reverse SDE, decided as they come in; stopped by Ctrl-C it says what is known by then.

    Raises StoppedTestsError if nothing is known yet, FloatingPointError for a value that is not finite.
    """
    test = Test(name, "", "=", margin, bias=target_radius, smooth=True)
    stopped = ""
    try:
        result = run_tests(
            paths.ensemble, [test], seed=seed, claim_id=STREAM, experiment=name, share=share,
            max_paths=max_paths // paths.ensemble.paths, executor=executor, progress=progress, saved=saved,
        )[0]  # fmt: skip
    except StoppedTestsError as stop:
        if not stop.results:
            raise
        result, stopped = stop.results[0], f"stopped after {stop.done} of at most {stop.chunks} chunks"
    return _found(paths, result, target_radius, stopped)


def _found(paths: Paths, result: Result, target_radius: float, stopped: str) -> Found:
    decision, walk = result.decision, paths.walk
    return Found(
        paths.target + decision.difference + paths.problem.added, max(decision.bias - target_radius, 0.0),
        decision.radius, decision, SCHEME.name, grid_for(paths.problem.data, paths.problem.eta)[1], walk.grid.steps,
        paths.levels, result.paths * paths.ensemble.paths, result.effective, stopped,
    )  # fmt: skip


def distance_on_paths(true: Paths, wrong: Paths, name: str, seed: int) -> float:
    """How far a wrong drift moves the row for certain, from one chunk of the same noise."""
    rows: list[np.ndarray] = []
    for paths in (true, wrong):
        seen = paths.ensemble.observe((0,), CHUNK, stream(seed, STREAM, f"{name}/drift", 0))
        rows.append(seen.values[0])
    return float(certain(rows[1] - rows[0], np.zeros((0, CHUNK))))


__all__: Sequence[str] = ("Found", "Paths", "by_paths", "by_transfer", "decided", "distance_on_paths", "grid_for")
