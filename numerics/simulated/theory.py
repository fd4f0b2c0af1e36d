"""The number that a simulated quantity must be, by a route that simulates nothing.

Rigorous integrals where they exist (:mod:`numerics.quantities`), quadrature for relative entropies of endpoint laws,
and else averages over exact samples of the forward law X_t = alpha X_0 + sigma eps, which know nothing of any SDE.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from numerics.estimates import Sums, sums_of
from numerics.mixtures import Mixture
from numerics.observables.along import Ending
from numerics.observables.divergence import LogRatio, endpoint_divergence
from numerics.observables.fields import Field
from numerics.observables.targets import NoTargetError
from numerics.observables.walks import Channel
from numerics.quantities import value
from numerics.rings import Unsupported
from numerics.sequential import EFFECTIVE, normal_mixture_radius
from numerics.simulate import CHUNK, simulate
from numerics.simulated.plans import PATH_DIVERGENCE, Plan
from numerics.simulated.rows import Rows, ensemble
from numerics.simulated.setting import Problem, Setting, problem_of
from numerics.streams import stream
from theory.language.instances import Germ, Scalar
from theory.places import Place
from theory.processes import Process

DIGITS = 8
SAMPLES = 1 << 21
"""Forward samples where nothing better is known."""


@dataclass(frozen=True)
class Target:
    """The number, in the view of the schedule, and how far it may be off. ``share``: of the error rate, spent on it."""

    value: float
    radius: float
    text: tuple[str, str]
    guarantee: str
    method: str
    uses: tuple[str, ...] = ()
    share: float = 0.0


def target_of(
    plan: Plan, setting: Setting, process: Process | Germ, place: Place, *, share: float, seed: int,
    executor: Executor | None = None,
) -> Target:  # fmt: skip
    """The target; half of ``share`` is spent if it has to be sampled."""
    honest = problem_of(plan, setting.mixture, setting.eta, 1.0)
    if plan.name == PATH_DIVERGENCE:
        assert honest.other is not None
        try:
            number = endpoint_divergence(honest.data, honest.other, setting.eta) + honest.added
        except NoTargetError:
            return _sampled(honest, setting, share / 2, seed, executor)
        radius = 1e-7 * abs(number)
        method = "relative entropy of the laws of X_t, by quadrature"
        return Target(number, radius, (f"{number:.10g}", f"{radius:.1e}"), "float", method)
    try:
        found = value(plan.name, setting.law, process, replace(place, symbols=_used(place, process)), digits=DIGITS)
    except Unsupported:
        return _sampled(honest, setting, share / 2, seed, executor)
    return Target(
        float(found.value), float(found.radius), (found.value, found.radius), found.guarantee, found.method, found.uses
    )


def _used(place: Place, process: Process | Germ) -> tuple[tuple[str, Scalar], ...]:
    """The symbols of the process; those of the law are bound already."""
    known = process.free_symbols() if isinstance(process, Process) else frozenset()
    return tuple((name, number) for name, number in place.symbols if name in known)


@dataclass(frozen=True, eq=False)
class _Forward:
    """Forward samples of the rows of a plan, a chunk at a time."""

    rows: Rows
    data: Mixture
    eta: float
    seed: int
    centres: tuple[float, ...]

    def run(self, chunk: int) -> Sums:
        reader = ensemble(Channel(self.data, (self.eta,)), self.rows, 0.0)
        seen = reader.observe((0,), CHUNK, stream(self.seed, "simulated", "forward", chunk))
        return sums_of(seen.values, np.array(self.centres))


def _sampled(problem: Problem, setting: Setting, share: float, seed: int, executor: Executor | None) -> Target:
    plan = problem.plan
    mean, factor, constant = plan.forward(problem.eta, problem.data.D)
    if problem.other is not None:
        mean = Ending(Field("log p/q", LogRatio(problem.other)))
    rows = Rows(mean, plan.spread)
    pilot = _Forward(rows, problem.data, problem.eta, seed, (0.0,)).run(SAMPLES // CHUNK)
    task = _Forward(rows, problem.data, problem.eta, seed, (float(pilot.mean[0]),))
    sums = _added(simulate(task, SAMPLES // CHUNK, executor))
    found = factor * float(sums.mean[0]) + constant + problem.added
    radius = normal_mixture_radius(sums.count, math.sqrt(float(sums.variance[0])), share, sums.count)
    if sums.carrying[0] < EFFECTIVE:
        radius = math.inf
    number = problem.plan.seen(found, setting.alpha, setting.mixture.D)
    radius *= setting.alpha**problem.plan.power
    method = f"average over {sums.count:,} exact samples of the forward law"
    return Target(number, radius, (f"{number:.8g}", f"{radius:.1e}"), "statistical", method, (), share)


def _added(parts: Iterator[Sums]) -> Sums:
    total = next(parts)
    for part in parts:
        total = total + part
    return total
