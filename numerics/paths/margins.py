"""Margins narrowed where an authored mutant is near: at most a quarter of the distance to the nearest one.

A statement and its mutants are read on the same paths. The distance of a mutant from its statement, on a test that both
have (the same part), is the size of the mean difference of their observables; if one of them is an inequality, it is
how far the mutant is from holding. Every mutant is told apart by its best part, and that part's margin is capped. A
mutant that has no part in common is measured in margins of its own tests, and caps all parts alike.

Distances are estimates from pilot paths, lowered by ``CERTAIN`` standard errors and by the step bias: noise can make a
margin narrower, never wider. Pilots grow until every mutant is either far enough or known well enough. A mutant whose
distance cannot be told from zero on any part caps nothing, and the record names it as not told apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from numerics.estimates import CERTAIN, Sums, controlled, sums_of
from numerics.mixtures import Array
from numerics.paths.ensembles import Ensemble, Test
from numerics.paths.pilot import PILOT, Pilot
from numerics.simulate import CHUNK, looks, simulate
from numerics.streams import stream

QUARTER = 0.25
CHUNKS = 16
"""Most chunks of a pilot."""
SHARP = 0.8
"""The part of a distance that its lower bound should reach before it caps a margin."""
EXACT = 1e-9
"""Distances below so many margins are rounding."""
Place = tuple[int, int]
"""(group, index of a test in it)."""


@dataclass(frozen=True)
class Group:
    """An ensemble with its tests, its pilot, and the name of its experiment."""

    ensemble: Ensemble
    tests: tuple[Test, ...]
    pilot: Pilot
    experiment: str


@dataclass(frozen=True)
class Capped:
    """The tests of each group with their margins, and for statements the mutants that are not told apart."""

    tests: list[list[Test]]
    blind: dict[str, list[str]]


@dataclass(frozen=True)
class _Pair:
    """A mutant's test, and the test of its statement that it is measured against; ``paired``: path by path."""

    mutant: Place
    statement: Place | None
    paired: bool


@dataclass(frozen=True, eq=False)
class _Reading:
    """The task of a group's pilot: its tests' observables and the differences of pairs, and the biases of both."""

    group: Group
    pairs: tuple[tuple[int, int], ...]
    first: int
    seed: int
    claim_id: str

    def run(self, chunk: int) -> Sums:
        g = self.group
        wanted = tuple(range(len(g.tests)))
        rng = stream(self.seed, self.claim_id, f"{g.experiment}/{PILOT}", 1 + self.first + chunk)
        with np.errstate(all="ignore"):
            seen = g.ensemble.observe(wanted, CHUNK, rng)
        both = controlled(np.concatenate([seen.values, seen.biases]), seen.controls, g.pilot.weights)
        size = len(wanted)
        rows = [both[:size], both[size:]]
        for part in (both[:size], both[size:]):
            rows += [part[i : i + 1] - part[j : j + 1] for i, j in self.pairs]
        values = np.concatenate(rows)
        return sums_of(values, np.zeros(len(values)))


def capped(
    groups: Sequence[Group], mutants: Mapping[str, str], *, seed: int, claim_id: str, executor: Executor | None = None,
    ahead: int = 4,
) -> Capped:  # fmt: skip
    """The tests of ``groups`` with margins capped by the ``mutants`` (their names, and the statement each is of)."""
    pairs = {name: _pairs(groups, name, of) for name, of in mutants.items()}
    pairs = {name: found for name, found in pairs.items() if found}
    distances = _Distances(groups, [p for found in pairs.values() for p in found], seed, claim_id, executor, ahead)
    open_mutants = list(pairs)
    for chunks in looks(CHUNKS):
        involved = {p.mutant[0] for name in open_mutants for p in pairs[name]}
        involved |= {p.statement[0] for name in open_mutants for p in pairs[name] if p.statement is not None}
        if not involved:
            break
        distances.extend(involved, chunks)
        open_mutants = [name for name in open_mutants if not distances.settled(pairs[name])]
    tests = [list(g.tests) for g in groups]
    blind: dict[str, list[str]] = {}
    for name, found in pairs.items():
        best = max(found, key=distances.ratio)
        if distances.ratio(best) <= 0:
            blind.setdefault(mutants[name], []).append(name)
        elif distances.ratio(best) < 1:
            _narrow(tests, best, distances.ratio(best), mutants[name], f"a quarter of the distance to {name!r}")
    _share(tests, mutants)
    return Capped(tests, blind)


def _pairs(groups: Sequence[Group], name: str, of: str) -> list[_Pair]:
    places = [(g, i) for g, group in enumerate(groups) for i in range(len(group.tests))]
    own = [p for p in places if _at(groups, p).statement == name]
    theirs = [p for p in places if _at(groups, p).statement == of]
    if not theirs:
        return []
    out = []
    for place in own:
        test = _at(groups, place)
        for other in theirs:
            if _at(groups, other).part == test.part:
                equal = test.relation == "=" and _at(groups, other).relation == "="
                out.append(_Pair(place, other, equal and other[0] == place[0]))
    return out or [_Pair(place, None, False) for place in own]


def _at(groups: Sequence[Group], place: Place) -> Test:
    return groups[place[0]].tests[place[1]]


def _narrow(tests: list[list[Test]], pair: _Pair, factor: float, statement: str, limit: str) -> None:
    """Multiply the margin of the pair's test by ``factor``, or of all tests of the statement if it has none."""
    for row in tests:
        for i, test in enumerate(row):
            here = pair.statement is not None and row is tests[pair.statement[0]] and i == pair.statement[1]
            if here or (pair.statement is None and test.statement == statement):
                row[i] = _no_wider(test, test.margin * factor, limit)


def _no_wider(test: Test, margin: float, limit: str) -> Test:
    return replace(test, margin=margin, limit=limit) if margin < test.margin else test


def _share(tests: list[list[Test]], mutants: Mapping[str, str]) -> None:
    """A mutant is held to the margins of its statement, part by part."""
    narrow = {(t.statement, t.part): t for row in tests for t in row if t.statement not in mutants}
    for row in tests:
        for i, test in enumerate(row):
            other = narrow.get((mutants.get(test.statement, ""), test.part))
            if other is not None and test.relation == other.relation:
                row[i] = _no_wider(test, other.margin, other.limit)


class _Distances:
    """What the pilots say so far about the distances of pairs."""

    def __init__(
        self, groups: Sequence[Group], pairs: Sequence[_Pair], seed: int, claim_id: str, executor: Executor | None,
        ahead: int,
    ) -> None:  # fmt: skip
        self.groups, self.seed, self.claim_id, self.executor, self.ahead = groups, seed, claim_id, executor, ahead
        self.joint: list[list[tuple[int, int]]] = [[] for _ in groups]
        for p in pairs:
            if p.paired and p.statement is not None:
                self.joint[p.mutant[0]].append((p.mutant[1], p.statement[1]))
        self.sums: dict[int, Sums] = {}

    def extend(self, involved: set[int], chunks: int) -> None:
        """Bring the pilots of the ``involved`` groups to ``chunks`` chunks."""
        for g in sorted(involved):
            done = self.sums[g].count // CHUNK if g in self.sums else 0
            task = _Reading(self.groups[g], tuple(self.joint[g]), done, self.seed, self.claim_id)
            for part in simulate(task, chunks - done, self.executor, self.ahead):
                self.sums[g] = self.sums[g] + part if g in self.sums else part

    def _estimate(self, pair: _Pair) -> tuple[float, float]:
        """(the distance, what must be taken off it)."""
        g, i = pair.mutant
        test, sums, size = self.groups[g].tests[i], self.sums[g], len(self.groups[g].tests)
        if pair.paired and pair.statement is not None:
            row = 2 * size + self.joint[g].index((i, pair.statement[1]))
            mean, error, bias = _row(sums, row, row + len(self.joint[g]))
            return abs(mean), CERTAIN * error + bias
        mean, error, bias = _row(sums, i, i + size)
        off = CERTAIN * error + bias
        if test.relation == "=":
            other = None if pair.statement is None else self.groups[pair.statement[0]].tests[pair.statement[1]]
            if pair.statement is None or other is None or other.relation != "=":
                return abs(mean), off
            h, j = pair.statement
            second = _row(self.sums[h], j, j + len(self.groups[h].tests))
            return abs(mean - second[0]), off + CERTAIN * second[1] + second[2]
        return max(0.0, mean if test.relation in ("<=", "<") else -mean), off

    def ratio(self, pair: _Pair) -> float:
        """A lower bound of a quarter of the distance, in margins of the test it may cap; zero: not told apart."""
        distance, off = self._estimate(pair)
        margin = self._margin(pair)
        if distance <= EXACT * margin:
            return 0.0
        least = distance - off
        return float("inf") if margin == 0 and least > 0 else max(0.0, QUARTER * least / margin) if margin else 0.0

    def _margin(self, pair: _Pair) -> float:
        g, i = pair.mutant if pair.statement is None else pair.statement
        return self.groups[g].tests[i].margin

    def settled(self, pairs: Sequence[_Pair]) -> bool:
        """Whether a mutant is far enough, the same statement to rounding, or near at a distance that is well known."""
        if max(self.ratio(p) for p in pairs) >= 1:
            return True
        estimates = [(self._estimate(p), self._margin(p)) for p in pairs]
        if all(distance + off <= EXACT * margin for (distance, off), margin in estimates):
            return True
        (distance, off), _ = max(estimates, key=lambda e: (e[0][0] - e[0][1]) / e[1] if e[1] else 0.0)
        return distance > 0 and distance - off >= SHARP * distance


def _row(sums: Sums, value: int, bias: int) -> tuple[float, float, float]:
    """(mean, standard error, size of the mean step bias) of a row."""
    mean: Array = sums.mean
    return float(mean[value]), float(sums.standard_error[value]), abs(float(mean[bias]))
