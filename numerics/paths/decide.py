"""Tests on an ensemble: many observables on the same paths, each decided as soon as it can be.

A path form turns a statement into one or more :class:`Test` and supplies an :class:`Ensemble` that observes them. This
module runs the chunks, applies control variates and decides; it knows nothing about statements.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from numerics.estimates import Sums, control_weights, controlled, sums_of
from numerics.mixtures import Array
from numerics.sequential import Decision, Outcome, asymptotic, decide, normal_mixture_radius
from numerics.simulate import CHUNK, looks, simulate
from numerics.streams import stream

PILOT = "pilot"


@dataclass(frozen=True)
class Test:
    """Whether the mean of observable ``index`` is ``relation`` 0 up to ``margin``.

    ``statement`` names what is tested, ``part`` the component or test function; ``bias`` is a constant added to the
    measured step bias. If not ``refutes``, the statement does not imply the relation: it can support, never refute.
    """

    __test__ = False

    statement: str
    part: str
    relation: str
    margin: float
    bias: float = 0.0
    refutes: bool = True

    def __post_init__(self) -> None:
        if not math.isfinite(self.margin + self.bias):
            raise FloatingPointError("a side is not finite on the simulated paths")


@dataclass(frozen=True)
class Observed:
    """What an ensemble saw on n paths: observables (T, n), their step biases (T, n) and controls (C, n).

    The controls have mean zero exactly, whatever the truth of any claim. A bias row is the change of the observable
    under refinement of the step.
    """

    values: Array
    biases: Array
    controls: Array


class Ensemble(Protocol):
    """Picklable data that draws paths and evaluates the wanted observables on them."""

    def observe(self, wanted: Sequence[int], count: int, rng: np.random.Generator) -> Observed:
        """The observables with the indices ``wanted`` on ``count`` paths drawn with ``rng``."""


@dataclass(frozen=True)
class Result:
    """One test's decision and what it rests on."""

    test: Test
    decision: Decision
    paths: int
    effective: float


@dataclass(frozen=True, eq=False)
class _Counting:
    """The task of one stage: the wanted observables on one chunk, controlled, as sums."""

    ensemble: Ensemble
    wanted: tuple[int, ...]
    weights: Array
    centres: Array
    first: int
    count: int
    seed: int
    claim_id: str
    experiment: str

    def run(self, chunk: int) -> Sums:
        rng = stream(self.seed, self.claim_id, self.experiment, self.first + chunk)
        with np.errstate(all="ignore"):  # what is not finite is reported by the sums, by name
            seen = self.ensemble.observe(self.wanted, self.count, rng)
        values = controlled(seen.values, seen.controls, self.weights)
        return sums_of(np.concatenate([values, seen.biases]), self.centres)


def _planned(sds: Array, tests: Sequence[Test], share: float, most: int) -> int:
    """The number of chunks at which the hardest test should be decided, for tuning the sequences."""
    for chunks in looks(most):
        count = chunks * CHUNK
        radii = [normal_mixture_radius(count, float(sd), share, count) for sd in sds]
        if all(1.4 * radius <= test.margin for radius, test in zip(radii, tests, strict=True)):
            return chunks
    return most


def run_tests(
    ensemble: Ensemble, tests: Sequence[Test], *, seed: int, claim_id: str, experiment: str, share: float,
    max_paths: int, executor: Executor | None = None, ahead: int = 4,
) -> list[Result]:  # fmt: skip
    """Decide every test; ``share`` is split evenly over them. The bits do not depend on the executor.

    A statement's tests stop as soon as one of them is refuted or all are decided. Raises FloatingPointError if an
    observable is not finite.
    """
    everything = tuple(range(len(tests)))
    pilot = ensemble.observe(everything, CHUNK, stream(seed, claim_id, f"{experiment}/{PILOT}", 0))
    if not all(np.isfinite(rows).all() for rows in (pilot.values, pilot.biases, pilot.controls)):
        raise FloatingPointError("an observable is not finite on a simulated path")
    weights = control_weights(pilot.values, pilot.controls)
    sharpened = controlled(pilot.values, pilot.controls, weights)
    centres, sds = sharpened.mean(axis=1), sharpened.std(axis=1)
    bias_centres = pilot.biases.mean(axis=1)
    each, most = share / len(tests), max(1, max_paths // CHUNK)
    tuned = CHUNK * _planned(sds, tests, each, most)
    sums: dict[int, Sums] = {}
    results: dict[int, Result] = {}
    open_tests, done = everything, 0
    for look in looks(most):
        index = np.array(open_tests)
        task = _Counting(
            ensemble, open_tests, weights[index], np.concatenate([centres[index], bias_centres[index]]), done, CHUNK,
            seed, claim_id, experiment,
        )  # fmt: skip
        for stage in simulate(task, look - done, executor, ahead):
            for i, part in zip(open_tests, _split(stage), strict=True):
                sums[i] = sums[i] + part if i in sums else part
        done = look
        for i in open_tests:
            results[i] = _decide(tests[i], sums[i], each, tuned)
        hopeful = tuple(i for i in open_tests if _may_decide(results[i], sums[i], each, tuned, most * CHUNK))
        open_tests = _still_open(hopeful, tests, results)
        if not open_tests:
            break
    return [results[i] for i in everything]


def _split(stage: Sums) -> list[Sums]:
    """The sums of each test as (value, bias) pairs."""
    size = len(stage.centres) // 2
    return [
        Sums(
            stage.count, *(np.array([row[i], row[i + size]])
            for row in (stage.centres, stage.total, stage.square, stage.absolute, stage.absolute_raw)),
        )
        for i in range(size)
    ]  # fmt: skip


def _decide(test: Test, sums: Sums, share: float, tuned: int) -> Result:
    mean, sd, effective = sums.mean, np.sqrt(sums.variance), float(sums.effective[0])
    bias = abs(float(mean[1])) + test.bias
    decision = asymptotic(
        float(mean[0]), float(sd[0]), sums.count, effective, bias=bias, margin=test.margin, share=share, tuned=tuned,
        relation=test.relation,
    )  # fmt: skip
    if decision.outcome is Outcome.REFUTED and not test.refutes:
        reason = "the relation that would support the statement does not hold, but the statement does not imply it"
        decision = replace(decision, outcome=Outcome.UNDECIDED, reason=reason)
    return Result(test, decision, sums.count, effective)


def _may_decide(result: Result, sums: Sums, share: float, tuned: int, most: int) -> bool:
    """Whether some difference inside the present bound would be decided with the whole budget."""
    d = result.decision
    if not math.isfinite(d.radius):
        return True
    last = normal_mixture_radius(most, float(np.sqrt(sums.variance[0])), share, tuned)
    guesses = [d.difference + d.radius * step / 8 for step in range(-8, 9)] + [0.0] * (abs(d.difference) <= d.radius)
    outcomes = {decide(guess, last, d.bias, d.margin, result.test.relation).outcome for guess in guesses}
    useful = {Outcome.EQUIVALENT, Outcome.REFUTED} if result.test.refutes else {Outcome.EQUIVALENT}
    return bool(outcomes & useful)


def _still_open(open_tests: tuple[int, ...], tests: Sequence[Test], results: dict[int, Result]) -> tuple[int, ...]:
    refuted = {r.test.statement for r in results.values() if r.decision.outcome is Outcome.REFUTED}
    undecided = {i for i in open_tests if results[i].decision.outcome is Outcome.UNDECIDED}
    return tuple(i for i in open_tests if i in undecided and tests[i].statement not in refuted)
