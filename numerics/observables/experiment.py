"""Experiments: what is observed on which paths and what it must be, decided at a stated error rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from numerics.mixtures import Mixture
from numerics.observables.observable import Control, Level, Observable, Reader
from numerics.observables.record import Line, Record, versions
from numerics.observables.walks import Walk
from numerics.paths.decide import StoppedTestsError, run_tests
from numerics.paths.ensembles import Test
from numerics.paths.pilot import pilot_of
from numerics.sequential import EFFECTIVE, FAMILY_RATE, Outcome, normal_mixture_radius
from numerics.simulate import CHUNK, Progress

if TYPE_CHECKING:
    from numerics.saved import Saved

MARGIN = 0.01
"""The widest margin, as a part of the observable's scale; variances are given three times that."""
STREAM = "observables"
"""The name under which experiments draw their random streams."""


@dataclass(frozen=True)
class Check:
    """One row of an experiment: its mean is ``relation`` ``target`` up to ``margin`` (both in units of the row).

    ``heavy`` says why normal theory must not be trusted with it: its outcome is then UNDECIDED, whatever is seen.
    """

    statement: str
    part: str
    target: float
    margin: float
    relation: str = "="
    bounds: tuple[float, float] | None = None
    refutes: bool = True
    heavy: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.target) and self.margin > 0):
            raise ValueError(f"{self.statement}: a check needs a finite target and a margin above 0, "
                             f"got {self.target} and {self.margin}")  # fmt: skip

    @property
    def test(self) -> Test:
        """The same about the row less its target."""
        bounds = None if self.bounds is None else (self.bounds[0] - self.target, self.bounds[1] - self.target)
        return Test(self.statement, self.part, self.relation, self.margin, refutes=self.refutes, bounds=bounds,
                    smooth=True)  # fmt: skip


@dataclass(frozen=True)
class Experiment:
    """Observables on the paths of a walk with one check a row. Picklable data."""

    name: str
    walk: Walk
    observables: tuple[Observable, ...]
    checks: tuple[Check, ...]
    controls: tuple[Control, ...] = ()

    def __post_init__(self) -> None:
        rows = sum(o.rows for o in self.observables)
        if rows != len(self.checks) or not rows:
            raise ValueError(f"{self.name}: {rows} rows and {len(self.checks)} checks; give each row one check")

    @property
    def data(self) -> Mixture:
        """The law."""
        return self.walk.data

    @property
    def ensemble(self) -> Reader:
        """What draws and reads the paths."""
        return Reader(self.walk, self.observables, tuple(c.target for c in self.checks), self.controls)

    @property
    def tests(self) -> list[Test]:
        """What is decided."""
        return [c.test for c in self.checks]

    def on(self, walk: Walk, name: str = "") -> Experiment:
        """The same targets on other paths: a false variant, or another scheme."""
        if walk.marks != self.walk.marks:
            raise ValueError(f"{self.name}: the paths have {walk.marks} marks, {self.walk.marks} are read")
        return replace(self, walk=walk, name=name or self.name)


def run(
    experiment: Experiment, *, seed: int, share: float = FAMILY_RATE, max_paths: int = 1 << 22,
    executor: Executor | None = None, progress: Progress | None = None, saved: Saved | None = None,
) -> Record:  # fmt: skip
    """Decide every check; ``share`` bounds the chance of any wrong decision and is split evenly.

    The bits depend on the experiment and the seed only. Ctrl-C gives a record of the paths that are in, which says so
    (``stopped``). Raises FloatingPointError for a value that is not finite, StoppedError if no paths are in.
    """
    stopped = ""
    try:
        results = run_tests(
            experiment.ensemble, experiment.tests, seed=seed, claim_id=STREAM, experiment=experiment.name, share=share,
            max_paths=max_paths, executor=executor, progress=progress, saved=saved,
        )  # fmt: skip
    except StoppedTestsError as stop:
        if len(stop.results) < len(experiment.checks):
            raise
        results, stopped = stop.results, str(stop)
    lines = tuple(
        Line(
            c.statement, c.part, c.relation, c.target, c.target + r.decision.difference, r.decision.radius,
            r.decision.bias, c.margin, Outcome.UNDECIDED if c.heavy else r.decision.outcome, r.effective, r.paths,
            c.heavy or r.decision.reason,
        )
        for c, r in zip(experiment.checks, results, strict=True)
    )  # fmt: skip
    return Record(experiment.name, experiment, seed, share, max_paths, CHUNK, versions(), lines, stopped)


@dataclass(frozen=True)
class Power:
    """How many paths a check should take, judged by one pilot chunk: by its spread, step bias and, if false, distance.

    ``paths`` is inf if the step bias leaves no room, or too few paths carry the row; ``outcome`` what it would be.
    """

    check: Check
    paths: float
    outcome: str
    distance: float
    sd: float
    bias: float


def paths_to_decide(experiment: Experiment, *, seed: int = 0, share: float = FAMILY_RATE) -> tuple[Power, ...]:
    """The expected number of paths to a decision on each check, by normal theory from one pilot chunk.

    A row whose pilot mean is within two standard errors and margins of its target is taken to be true.
    """
    tests, name = experiment.tests, experiment.name
    pilot = pilot_of(experiment.ensemble, tests, seed=seed, claim_id=STREAM, experiment=name)
    each, out = share / len(tests), []
    for i, (check, sd) in enumerate(zip(experiment.checks, pilot.sds, strict=True)):
        mean, bias = float(pilot.centres[i]), abs(float(pilot.centres[len(tests) + i]))
        excess = {"=": abs(mean), "<=": mean, "<": mean}.get(check.relation, -mean)
        false = excess > check.margin + 2 * float(sd) / math.sqrt(CHUNK) + bias
        room = excess - check.margin if false else check.margin - max(excess if check.relation != "=" else 0.0, 0.0)
        room = room - bias if room > bias and not check.heavy else 0.0
        out.append(Power(check, _paths(float(sd), each, room), "refuted" if false else "equivalent", mean, float(sd),
                         bias))  # fmt: skip
    return tuple(out)


def _paths(sd: float, share: float, room: float) -> float:
    """The number, by steps of 2^(1/4), at which the tuned sequence is narrower than ``room``; EFFECTIVE at least."""
    if room <= 0:
        return math.inf
    count = EFFECTIVE
    while normal_mixture_radius(int(count), sd, share, int(count)) > room:
        count *= 2**0.25
        if count > 1e18:
            return math.inf
    return float(int(count))


def level_checks(
    walk: Walk, fields: Sequence[Level], *, margin: float = MARGIN, prefix: str = ""
) -> tuple[tuple[Level, ...], tuple[Check, ...]]:
    """Fields at marks with their targets under the forward law; those without an independent target are left out,
    and all at eta = 0."""
    from numerics.observables.targets import NoTargetError

    kept, checks = [], []
    for level in fields:
        eta = walk.eta(level.mark)
        if not eta > 0:
            continue
        try:
            target, scale = level.field.target(walk.data, eta), level.field.scale(walk.data, eta)
        except NoTargetError:
            continue
        part = f"sigma = {eta**-0.5:.4g}"
        checks.append(Check(f"{prefix}{level.field.name}, {part}", part, target, margin * scale,
                            bounds=level.field.bounds))  # fmt: skip
        kept.append(level)
    return tuple(kept), tuple(checks)
