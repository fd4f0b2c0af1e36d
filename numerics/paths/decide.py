"""Tests on an ensemble: many observables on the same paths, each decided as soon as it can be.

A path form turns a statement into one or more :class:`Test` and supplies an :class:`Ensemble` that observes them. This
module runs the chunks, applies control variates and decides; it knows nothing about statements.

The error rate of a test is split once more: ``1 - BIAS_SHARE`` of it bounds the mean of the observable, ``BIAS_SHARE``
the mean of its step bias. An observable with exact bounds is decided by betting (:mod:`numerics.betting`), any other by
the asymptotic sequence, and then only if enough paths carry its mean, seen on four rows: the observable with and
without its controls, centred and not (a control may cover with ordinary noise that the mean is ruled by few paths), and
the row of step biases where it matters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from numerics.betting import Betting, fraction, log_gains
from numerics.estimates import Sums, controlled, sums_of
from numerics.mixtures import Array
from numerics.paths.ensembles import Ensemble, Observed, Test
from numerics.paths.pilot import PILOT, Pilot, pilot_of
from numerics.sequential import EFFECTIVE, Decision, Outcome, asymptotic, decide, normal_mixture_radius
from numerics.simulate import CHUNK, Progress, StoppedError, looks, simulate
from numerics.streams import stream

if TYPE_CHECKING:
    from numerics.saved import Saved

__all__ = ["BIAS_SHARE", "PILOT", "Ensemble", "Observed", "Result", "StoppedTestsError", "Test", "run_tests"]

BIAS_SHARE = 0.1
"""The part of a test's error rate that goes to its step bias."""
FAINT = 1e-3
"""A step bias whose root mean square is below so many margins cannot matter, however few paths carry it."""


@dataclass(frozen=True)
class Result:
    """One test's decision and what it rests on: ``effective`` is the least of the rows that are looked at."""

    test: Test
    decision: Decision
    paths: int
    effective: float


class StoppedTestsError(StoppedError):
    """A run that was stopped: ``results`` by the chunks that are in. The bounds hold, at this number as at any."""

    def __init__(self, done: int, chunks: int, results: list[Result]) -> None:
        super().__init__(done, chunks)
        self.results = results


@dataclass(frozen=True)
class _Wager:
    """What a stage needs to bet on a bounded observable."""

    nodes: Array
    bet: float
    bounds: tuple[float, float]


@dataclass(frozen=True, eq=False)
class _Counting:
    """The task of one stage: the wanted observables on one chunk, as sums of three rows each, and gains of wagers.

    Rows: observables less their controls, step biases less theirs, and the bare observables.
    """

    ensemble: Ensemble
    wanted: tuple[int, ...]
    weights: Array
    centres: Array
    wagers: tuple[_Wager | None, ...]
    first: int
    count: int
    seed: int
    claim_id: str
    experiment: str

    def run(self, chunk: int) -> tuple[Sums, tuple[Array | None, ...]]:
        rng = stream(self.seed, self.claim_id, self.experiment, self.first + chunk)
        with np.errstate(all="ignore"):  # what is not finite is reported by the sums, by name
            seen = self.ensemble.observe(self.wanted, self.count, rng)
        rows = controlled(np.concatenate([seen.values, seen.biases]), seen.controls, self.weights)
        sums = sums_of(np.concatenate([rows, seen.values]), self.centres)
        gains = tuple(
            None if w is None else log_gains(row, w.nodes, w.bet, w.bounds)
            for w, row in zip(self.wagers, seen.values, strict=True)
        )
        return sums, gains


@dataclass(frozen=True)
class _Rule:
    """The error rate of one test, the number of paths its sequence is tuned to, the greatest number, and the
    probability of the rarest components.
    """

    share: float
    tuned: int
    most: int
    rarest: float = 1.0

    @property
    def value(self) -> float:
        return self.share * (1 - BIAS_SHARE)

    @property
    def bias(self) -> float:
        return self.share * BIAS_SHARE


def _planned(sds: Array, tests: Sequence[Test], share: float, most: int, size: int) -> int:
    """The number of chunks at which the hardest test should be decided, for tuning the sequences."""
    for chunks in looks(most):
        count = chunks * size
        radii = [normal_mixture_radius(count, float(sd), share, count) for sd in sds]
        if all(1.4 * radius <= test.margin for radius, test in zip(radii, tests, strict=True)):
            return chunks
    return most


def run_tests(
    ensemble: Ensemble, tests: Sequence[Test], *, seed: int, claim_id: str, experiment: str, share: float,
    max_paths: int, executor: Executor | None = None, ahead: int = 4, pilot: Pilot | None = None, chunk: int = CHUNK,
    progress: Progress | None = None, saved: Saved | None = None,
) -> list[Result]:  # fmt: skip
    """Decide every test on chunks of ``chunk`` paths; ``share`` is split evenly over them.

    The bits do not depend on the executor.

    A statement's tests stop as soon as one of them is refuted or all are decided. ``saved`` keeps every chunk, so that
    a run which was stopped goes on. Raises StoppedTestsError at Ctrl-C, with what is known by then; FloatingPointError
    if an observable is not finite, BoundsError if one breaks the bounds of its test.
    """
    everything = tuple(range(len(tests)))
    if pilot is None:
        pilot = pilot_of(ensemble, tests, seed=seed, claim_id=claim_id, experiment=experiment, count=chunk)
    each, most = share / len(tests), max(1, max_paths // chunk)
    rarest = float(getattr(ensemble, "rarest", 1.0))
    rule = _Rule(each, chunk * _planned(pilot.sds, tests, each, most, chunk), most * chunk, rarest)
    bettors = [None if t.bounds is None else Betting(t.bounds, rule.value, t.margin) for t in tests]
    variances = [float(sd) ** 2 for sd in pilot.sds]
    sums: dict[int, Sums] = {}
    results: dict[int, Result] = {}
    open_tests, done = everything, 0
    for look in looks(most):
        size = len(tests)
        rows = np.array([*open_tests, *(i + size for i in open_tests)])
        places = np.array([*rows, *(i + 2 * size for i in open_tests)])
        task = _Counting(
            ensemble, open_tests, pilot.weights[rows], pilot.centres[places],
            tuple(_wager(bettors[i], variances[i], rule) for i in open_tests), done, chunk, seed, claim_id, experiment,
        )  # fmt: skip
        told = None if progress is None else _counted(progress, done, most)
        try:
            for stage, gains in simulate(task, look - done, executor, ahead, progress=told, saved=saved):
                for i, part, gain in zip(open_tests, _split(stage), gains, strict=True):
                    sums[i] = sums[i] + part if i in sums else part
                    bettor = bettors[i]
                    if bettor is not None and gain is not None:
                        bettor.add(gain)
        except StoppedError as stop:
            results |= {i: _decide(tests[i], sums[i], rule, bettors[i]) for i in open_tests if i in sums}
            raise StoppedTestsError(done + stop.done, most, [results[i] for i in everything if i in results]) from None
        done = look
        for i in open_tests:
            variances[i] = float(sums[i].variance[0])
            results[i] = _decide(tests[i], sums[i], rule, bettors[i])
        hopeful = tuple(i for i in open_tests if _may_decide(results[i], sums[i], rule))
        open_tests = _still_open(hopeful, tests, results)
        if not open_tests:
            break
    return [results[i] for i in everything]


def _counted(progress: Progress, done: int, most: int) -> Progress:
    """The progress of one stage as that of the run, which may need up to ``most`` chunks."""

    def tell(now: int, chunks: int, left: float | None) -> None:
        pace = None if left is None or chunks == now else left / (chunks - now)
        progress(done + now, most, None if pace is None else pace * (most - done - now))

    return tell


def _wager(bettor: Betting | None, variance: float, rule: _Rule) -> _Wager | None:
    if bettor is None:
        return None
    bounds = bettor.lower, bettor.upper
    return _Wager(bettor.nodes, fraction(variance, rule.value, rule.tuned, bounds[1] - bounds[0]), bounds)


def _split(stage: Sums) -> list[Sums]:
    """The sums of each test: (observable less controls, step bias less controls, bare observable)."""
    size = len(stage.centres) // 3
    return [
        Sums(
            stage.count, *(np.array([row[i], row[i + size], row[i + 2 * size]])
            for row in (stage.centres, stage.total, stage.square, stage.absolute, stage.absolute_raw)),
        )
        for i in range(size)
    ]  # fmt: skip


def _decide(test: Test, sums: Sums, rule: _Rule, bettor: Betting | None) -> Result:
    mean, sd, carrying = sums.mean, np.sqrt(sums.variance), sums.carrying
    effective = float(min(carrying[0], carrying[2], sums.count * rule.rarest))
    # the mean of the step bias is an estimate too
    bias = abs(float(mean[1])) + normal_mixture_radius(sums.count, float(sd[1]), rule.bias, rule.tuned) + test.bias
    faint = float(np.hypot(mean[1], sd[1])) <= FAINT * test.margin
    if bettor is not None:
        decision = bettor.decision(bias=bias, margin=test.margin, relation=test.relation)
    else:
        decision = asymptotic(
            float(mean[0]), float(sd[0]), sums.count, effective, bias=bias, margin=test.margin, share=rule.value,
            tuned=rule.tuned, relation=test.relation,
        )  # fmt: skip
        if not (test.smooth or sums.spread[2] > 0):
            reason = "no path differs from another: a rare event may be unseen; state bounds"
            decision = replace(decision, outcome=Outcome.UNDECIDED, reason=reason)
    if not faint and carrying[1] < EFFECTIVE:
        effective = min(effective, float(carrying[1]))
        reason = f"rare event in the step bias: {carrying[1]:.0f} effective paths of {sums.count}"
        decision = replace(decision, outcome=Outcome.UNDECIDED, reason=f"{reason}, {EFFECTIVE:.0f} are needed")
    if decision.outcome is Outcome.REFUTED and not test.refutes:
        reason = "the relation that would support the statement does not hold, but the statement does not imply it"
        decision = replace(decision, outcome=Outcome.UNDECIDED, reason=reason)
    return Result(test, decision, sums.count, effective)


def _may_decide(result: Result, sums: Sums, rule: _Rule) -> bool:
    """Whether some difference inside the present bound would be decided with the whole budget.

    Where none could be accepted then, only gross contradictions are looked for, with a sixteenth of the budget.
    """
    d = result.decision
    if not math.isfinite(d.radius):
        return True
    sd = np.sqrt(sums.variance)
    last = normal_mixture_radius(rule.most, float(sd[0]), rule.value, rule.tuned)
    now, later = (normal_mixture_radius(n, float(sd[1]), rule.bias, rule.tuned) for n in (sums.count, rule.most))
    bias = max(d.bias - 2 * now, result.test.bias) + later  # the least it may come to
    guesses = [d.difference + d.radius * step / 8 for step in range(-8, 9)] + [0.0] * (abs(d.difference) <= d.radius)
    outcomes = {decide(guess, last, bias, d.margin, result.test.relation).outcome for guess in guesses}
    if Outcome.EQUIVALENT in outcomes:
        return True
    return result.test.refutes and Outcome.REFUTED in outcomes and d.radius > 4 * last


def _still_open(open_tests: tuple[int, ...], tests: Sequence[Test], results: dict[int, Result]) -> tuple[int, ...]:
    refuted = {r.test.statement for r in results.values() if r.decision.outcome is Outcome.REFUTED}
    undecided = {i for i in open_tests if results[i].decision.outcome is Outcome.UNDECIDED}
    return tuple(i for i in open_tests if i in undecided and tests[i].statement not in refuted)
