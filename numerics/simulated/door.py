"""``simulated``: a quantity from the reverse SDE, held against the number that theory gives for it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from numerics.mixtures import Mixture
from numerics.observables.record import versions
from numerics.saved import Saved
from numerics.sequential import FAMILY_RATE, Decision, Outcome
from numerics.simulate import CHUNK, Progress
from numerics.simulated.plans import Plan, SimulationError, plan_of
from numerics.simulated.record import Simulated
from numerics.simulated.routes import FINE, Found, Paths, by_paths, by_transfer, decided, distance_on_paths
from numerics.simulated.setting import Problem, Setting, floats, problem_of, setting_of
from numerics.simulated.theory import Target, target_of
from theory.language.instances import Law
from theory.laws import parse_law
from theory.places import Place, parse_at
from theory.processes import Process, parse_process
from theory.typeset.text import law_text

ROUTES = ("auto", "transfer", "paths")
MAX_PATHS = 1 << 22
NEAR = 1.01
"""The wrong drift that a margin must tell apart: 1 % too strong."""
TOLERANCES = 1e-7, 1e-4
SLOWEST_RATE = 0.05


def simulated(
    quantity: str, law: Law | str, process: Process | str = "ve", at: Place | str = "", *,
    against: Law | str | None = None, route: str = "auto", margin: float | None = None, rate: float = FAMILY_RATE,
    seed: int = 0, max_paths: int = MAX_PATHS, strength: float = 1.0, executor: Executor | None = None,
    resume: Path | str | None = None, progress: Progress | None = None,
) -> Simulated:  # fmt: skip
    """The quantity as an average over paths of the reverse SDE, against the number that theory gives.

    Paths start exactly at signal-to-noise ratio 0 and end at the level in ``at``. ``route``: "transfer" (the scheme's
    own law by quadrature, one or two reduced dimensions), "paths", or "auto". ``margin`` is relative; by default 1 %
    (variances 3 %), or less: a quarter of what a drift 1 % too strong would change, where that is known. ``rate``
    bounds the chance of a wrong outcome. ``strength`` other than 1 is a wrong drift. ``resume`` names a file that keeps
    the chunks of a run on paths. Results depend on what was asked for and the seed, never on the executor. Nats.
    Raises ValueError (LawError, SimulationError, SavedError) with the place and the remedy, StoppedError at Ctrl-C
    before anything is known.
    """
    began = time.perf_counter()
    _check(route, rate, strength, max_paths)
    law = parse_law(law) if isinstance(law, str) else law
    process = parse_process(process) if isinstance(process, str) else process
    place = parse_at(at) if isinstance(at, str) else at
    setting = setting_of(law, process, place)
    plan = plan_of(quantity, setting.law, _other(against, setting))
    _check_margin(plan, margin)
    ask = _Ask(plan, setting, route, margin, rate, seed, max_paths, strength, executor, resume, progress)
    target = target_of(plan, setting, process, place, share=rate, seed=seed, executor=executor)
    done = _Run(ask, target, f"{law_text(law)} {process.text} {at} {against}").done()
    found, decision = done.found, done.decision
    D, alpha, power = setting.mixture.D, setting.alpha, setting.alpha**plan.power
    stopped = found.stopped
    outcome = Outcome.UNDECIDED if stopped else decision.outcome
    return Simulated(
        plan.name, plan.words, plan.unit, law_text(law), process.text, at if isinstance(at, str) else str(at),
        "" if against is None else against if isinstance(against, str) else law_text(against), strength,
        plan.seen(found.value, alpha, D), power * found.step_error, power * found.other_error,
        target.value, target.radius, target.text, target.guarantee, target.method, target.uses,
        done.margin, done.relative, done.margin_reason, rate, outcome, stopped or decision.reason, done.route,
        done.reason, done.problem.data.D, setting.eta, found.scheme, found.grid, found.steps, found.levels, found.paths,
        max_paths, found.effective, seed, stopped, time.perf_counter() - began, versions(),
    )  # fmt: skip


@dataclass(frozen=True)
class _Ask:
    """What was asked for."""

    plan: Plan
    setting: Setting
    route: str
    margin: float | None
    rate: float
    seed: int
    max_paths: int
    strength: float
    executor: Executor | None
    resume: Path | str | None
    progress: Progress | None


@dataclass(frozen=True)
class _Done:
    """What came of it; ``margin`` in the view of the schedule."""

    found: Found
    decision: Decision
    problem: Problem
    margin: float
    relative: float
    margin_reason: str
    route: str
    reason: str


UNRESOLVED = "has no grid fine enough for the narrowest components here"


@dataclass(frozen=True)
class _Run:
    """One quantity on its way."""

    ask: _Ask
    target: Target
    key: str

    def done(self) -> _Done:
        """By the route that was asked for, or the one that fits."""
        ask, problem = self.ask, self._problem(self.ask.strength)
        if ask.route == "paths" or (ask.route == "auto" and problem.data.D > 2):
            return self._by_paths(problem, problem.reason)
        if problem.data.D > 2:
            raise SimulationError(f"{problem.reason}; that is too many for the transfer operator, take --route paths")
        done = self._by_transfer(problem)
        if ask.route == "auto" and done.decision.outcome is Outcome.UNDECIDED and math.isfinite(self.target.radius):
            reach = done.found.error * self._factor / max(self._scale, 1e-300)
            if self.target.radius < done.margin and reach > 1e-9:
                off = f"may be off by {percent(reach)} here" if math.isfinite(reach) else UNRESOLVED
                return self._by_paths(problem, f"{problem.reason}, but the transfer operator {off}")
        return done

    def _problem(self, strength: float) -> Problem:
        return problem_of(self.ask.plan, self.ask.setting.mixture, self.ask.setting.eta, strength)

    @property
    def _factor(self) -> float:
        return self.ask.setting.alpha**self.ask.plan.power

    @property
    def _scale(self) -> float:
        return self.ask.plan.scale(self.target.value, self.ask.setting.mixture.D)

    @property
    def _inner(self) -> float:
        """The target in the view of the paths."""
        return self.ask.plan.unseen(self.target.value, self.ask.setting.alpha, self.ask.setting.mixture.D)

    def _by_transfer(self, problem: Problem) -> _Done:
        margin = self.ask.margin
        tolerance = TOLERANCES[1] if margin is None else min(max(margin / 20, TOLERANCES[0]), TOLERANCES[1])
        found = by_transfer(problem, tolerance)
        relative, why = self._margin(self._distance(problem, found, tolerance), found.error)
        if margin is None and found.error * self._factor > relative * self._scale / 4 and relative > 4 * TOLERANCES[0]:
            found = by_transfer(problem, max(relative / 20, TOLERANCES[0]))
        decision = decided(found, self._inner, self.target.radius / self._factor, relative * self._scale / self._factor)
        if decision.outcome is Outcome.UNDECIDED:
            decision = replace(decision, reason=self._too_small(found, relative))
        return _Done(found, decision, problem, relative * self._scale, relative, why, "transfer", problem.reason)

    def _too_small(self, found: Found, relative: float) -> str:
        """Why a route without sampling does not decide."""
        if not self.target.value and self.target.text[0] != "0":
            return f"the number, {self.target.text[0]}, is below what float64 holds; give a place with more noise"
        if not math.isfinite(found.error):
            return f"the transfer operator {UNRESOLVED}; take --route paths"
        bound = found.error * self._factor + self.target.radius
        return f"the errors add up to {bound:.2g}, which leaves no room in the margin {relative * self._scale:.2g}"

    def _distance(self, problem: Problem, found: Found, tolerance: float) -> float | None:
        """How far the nearest wrong drift is away for certain, in the view of the paths; None: not measured."""
        if self.ask.margin is not None or found.error * self._factor > self.ask.plan.widest * self._scale:
            return None
        other = self._problem(NEAR if problem.strength == 1 else 1.0)
        if other.data.D > 2:
            return None
        moved = by_transfer(other, tolerance)
        return max(abs(moved.value - found.value) - moved.error - found.error, 0.0)

    def _by_paths(self, problem: Problem, reason: str) -> _Done:
        ask, factor = self.ask, self._factor
        target = self._inner - problem.added
        fine = ask.margin is not None and ask.margin < FINE
        paths = Paths(problem, target, 3 if fine else 2)
        distance = None
        if ask.margin is None and ask.strength != 1:
            honest = replace(problem, strength=1.0)
            distance = distance_on_paths(Paths(honest, target, paths.levels), paths, ask.plan.name, ask.seed)
        relative, why = self._margin(distance)
        margin, radius = relative * self._scale / factor, self.target.radius / factor
        if not math.isfinite(radius):
            raise SimulationError("no number to compare with: too few samples of the forward law carry the average "
                                  "(a rare event); give a place with more noise")  # fmt: skip
        with self._kept(relative) as saved, _finite():
            found = by_paths(
                paths, margin=margin, target_radius=radius, share=ask.rate - self.target.share, seed=ask.seed,
                max_paths=ask.max_paths, name=ask.plan.name, executor=ask.executor, progress=ask.progress, saved=saved,
            )  # fmt: skip
        decision = found.decision
        assert decision is not None
        if decision.outcome is Outcome.UNDECIDED and decision.reason.startswith("the budget"):
            off, bound = decision.difference * factor, (decision.radius + decision.bias) * factor
            decision = replace(decision, reason=f"{ask.max_paths:,} paths are too few: after {found.paths:,} the "
                               f"difference is {off:.2g} +/- {bound:.2g}, and the margin "
                               f"{relative * self._scale:.2g}")  # fmt: skip
        return _Done(found, decision, problem, relative * self._scale, relative, why, "paths", reason)

    def _kept(self, relative: float) -> Saved | nullcontext[None]:
        ask = self.ask
        if ask.resume is None:
            return nullcontext()
        return Saved(ask.resume, {
            "quantity": ask.plan.name, "setting": self.key, "seed": str(ask.seed), "strength": repr(ask.strength),
            "margin": repr(relative), "rate": repr(ask.rate),
        })  # fmt: skip

    def _margin(self, distance: float | None, error: float = 0.0) -> tuple[float, str]:
        """The relative margin and where it comes from; a distance below the ``error`` says nothing."""
        ask = self.ask
        if ask.margin is not None:
            return ask.margin, "as asked for"
        widest, share = ask.plan.widest, "1 %" if ask.strength == 1 else percent(abs(ask.strength - 1))
        if distance is None or not self._scale:
            return widest, "the widest allowed"
        quarter = distance * self._factor / self._scale / 4
        if quarter >= widest:
            return widest, "the widest allowed"
        if distance <= 8 * error or quarter <= TOLERANCES[0]:
            return widest, f"the widest allowed; a drift wrong by {share} hardly shows in this number"
        return quarter, f"a quarter of what a drift wrong by {share} changes"


@contextmanager
def _finite() -> Iterator[None]:
    """A value that is not finite is the fault of the drift that was asked for, or of the level."""
    try:
        yield
    except FloatingPointError:
        raise SimulationError("a simulated path runs out of float64; give a drift nearer to 1 or more noise") from None


def percent(share: float) -> str:
    """A share in words."""
    return f"{100 * share:.2g} %" if share >= 1e-4 else f"{share:.1e} of it"


def _other(against: Law | str | None, setting: Setting) -> Mixture | None:
    if against is None:
        return None
    law = parse_law(against) if isinstance(against, str) else against
    if law.D != setting.law.D:
        raise SimulationError(f"the laws live in D = {setting.law.D} and D = {law.D}; give laws on one space")
    other = floats(law)
    if other == setting.mixture:
        raise SimulationError("the two laws are the same, so nothing is to be told apart; name another one")
    return other


def _check(route: str, rate: float, strength: float, max_paths: int) -> None:
    if route not in ROUTES:
        raise SimulationError(f"the route is one of {', '.join(ROUTES)}, got {route!r}")
    if not 0 < rate <= SLOWEST_RATE:
        raise SimulationError(f"the error rate lies between 0 and {SLOWEST_RATE}, got {rate:g}")
    if not 0 < strength < 100:
        raise SimulationError(f"the factor of the drift lies between 0 and 100, got {strength:g}")
    if max_paths < 1:
        raise SimulationError(f"at least one path is needed, got {max_paths}; they come in chunks of {CHUNK:,}")


def _check_margin(plan: Plan, margin: float | None) -> None:
    if margin is not None and not 0 < margin <= plan.widest:
        raise SimulationError(f"a margin is a part of the number, above 0 and at most {plan.widest:g} "
                              f"for {plan.name}, got {margin:g}")  # fmt: skip
