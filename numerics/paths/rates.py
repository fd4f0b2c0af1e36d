"""Statements about rates of numbers: solved for their rates, the quadrature rule in time, and their linear functionals.

Averages that occur in products are made linear at those of a pilot with X0 and the noise common to all nodes of the
rule. Only the law at each node enters them, which is exact; but what is smooth in time is so on every such path, so the
change of the integral under half the nodes, and the size of the sides, are known sharply.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from numerics.estimates import CERTAIN, SURE, certain
from numerics.mixtures import Array, mixture_of
from numerics.paths.averages import NotReadableError, Polynomial, difference, generators, has_average, polynomial
from numerics.paths.controls import noise_powers, powers
from numerics.paths.reading import closed, scalars, tangent
from numerics.schedules import LinearProcess
from numerics.simulate import CHUNK
from theory.language.instances import Law
from theory.language.statements import Rel
from theory.language.terms import Term, walk

FLIPPED = {"=": "=", "<=": ">=", "<": ">", ">=": "<=", ">": "<"}
Row = tuple[tuple[Term, int, float], ...]
"""A linear functional of paths: (inside of an average, node, weight) entries."""


@dataclass(frozen=True)
class RateForm:
    """sum_i ratio_i dA_i/dt + scale(t) B relation 0, with A_i and B polynomials in averages."""

    relation: str
    numbers: tuple[tuple[Term, Polynomial], ...]
    ratios: tuple[float, ...]
    rest: Polynomial
    lead: Term


def clenshaw_curtis(intervals: int) -> tuple[Array, Array]:
    """Nodes and weights on [-1, 1], ends included; every second node is the rule with half the intervals."""
    k = np.arange(intervals + 1)
    weights = np.zeros(intervals + 1)
    for j in range(intervals // 2 + 1):
        factor = 1 if j == 0 or 2 * j == intervals else 2
        weights += factor / (1 - 4 * j * j) * np.cos(2 * j * math.pi * k / intervals)
    weights *= np.where((k == 0) | (k == intervals), 1, 2) / intervals
    return -np.cos(math.pi * k / intervals), weights


@dataclass(frozen=True)
class Rule:
    """A Clenshaw-Curtis rule in log sigma: times, weights of dt, and weights of the rule with half the nodes."""

    times: tuple[float, ...]
    fine: tuple[float, ...]
    coarse: tuple[float, ...]


def rule_between(lower: Fraction, upper: Fraction, process: LinearProcess) -> Rule:
    """The rule between two noise levels. Raises OutOfRangeError if the process never has one of them."""
    intervals = 8 if upper <= 2 * lower else 16
    nodes, weights = clenshaw_curtis(intervals)
    low, span = math.log(lower), math.log(upper / lower)
    ends = process.time_of_sigma(float(lower)), process.time_of_sigma(float(upper))  # so an error names the end itself
    inner = (process.time_of_sigma(math.exp(low + span * (node + 1) / 2)) for node in nodes[1:-1])
    times = (ends[0], *inner, ends[1])
    speed = [1 / (process.a(t) + process.g2(t) / (2 * process.sigma(t) ** 2)) for t in times]
    fine = tuple(float(w) * span / 2 * v for w, v in zip(weights, speed))
    half = clenshaw_curtis(intervals // 2)[1]
    return Rule(times, fine, tuple(float(half[i // 2]) * span / 2 * v * (i % 2 == 0) for i, v in enumerate(speed)))


def rate_form(statement: Rel, law: Law, process: LinearProcess, times: Sequence[float]) -> RateForm:
    """The statement solved for its rates. Raises NotReadableError if it has none, or they do not share one factor."""
    if statement.free:
        raise NotReadableError("the statement is about points, not a rate of a number")
    poly = difference(statement.lhs, statement.rhs)
    rates = [g for g in generators(poly) if g.op == "dt"]
    if not rates:
        raise NotReadableError("no rate of a number occurs in the statement")
    rest: Polynomial = {}
    leading: dict[Term, Term] = {}
    for monomial, coefficient in poly.items():
        inside = [g for g in monomial if g.op == "dt"]
        if not inside:
            rest[monomial] = coefficient
        elif len(monomial) == 1:
            leading[inside[0]] = coefficient
        else:
            raise NotReadableError("a rate is multiplied by an average: the right side is not affine")
    numbers = []
    for rate in leading:
        inner = rate.args[0]
        if any(node.op == "dt" and has_average(node) for node in walk(inner)):
            raise NotReadableError("a second derivative in time has no integrated form here")
        numbers.append((rate, polynomial(inner)))
    factors = np.array([[closed(law, process, t, c) for t in times] for c in leading.values()])
    if not (np.all(factors[0] > 0) or np.all(factors[0] < 0)):
        raise NotReadableError("the factor of the rate changes its sign or vanishes on the range")
    ratios = factors / factors[0]
    if not np.allclose(ratios, ratios[:, :1], rtol=1e-9, atol=0):
        raise NotReadableError("several rates with different functions of time as factors")
    relation = statement.relation if factors[0][0] > 0 else FLIPPED[statement.relation]
    return RateForm(relation, tuple(numbers), tuple(map(float, ratios[:, 0])), rest, next(iter(leading.values())))


MANY = 8
"""Chunks of the pilot where averages occur in products."""


@dataclass(frozen=True)
class Functional:
    """A statement about rates as ``constant`` + ``row``.

    ``change`` and ``integral``: the pilot's two sides; ``scale``: the larger side, ``integrated`` and ``moved``: the
    size of the integral and the mean size of the change path by path, all less what chance may have added; ``bias``:
    bounds of the remainder of second order and of the error of the rule; ``vanishes``: the sides are zero on all paths.
    """

    row: Row
    constant: float
    change: float
    integral: float
    scale: float
    integrated: float
    moved: float
    bias: float
    vanishes: bool


class Pilot:
    """Averages at every node on one ensemble of its own: where polynomials in averages are made linear."""

    def __init__(
        self, law: Law, process: LinearProcess, rule: Rule, forms: Iterable[RateForm], rng: np.random.Generator
    ) -> None:
        self.law, self.process, self.rule, times = law, process, rule, rule.times
        rates, data = list(forms), mixture_of(law)
        products = any(len(m) > 1 for f in rates for poly in (f.rest, *(n for _, n in f.numbers)) for m in poly)
        self.count = MANY * CHUNK if products else CHUNK  # the remainder of second order falls with their number
        drawn = data.draw(self.count, rng)
        x0 = drawn.x0
        eps = rng.standard_normal(x0.shape)
        ends, middle = (0, len(times) - 1), times[len(times) // 2]
        noisy = data.noised(process.alpha(middle), process.sigma(middle))
        controls = np.concatenate([noise_powers(eps, drawn, noisy), np.array(powers(x0, law))])
        self.shift = controls.mean(axis=1)
        self.solver = np.linalg.pinv((controls - self.shift[:, None]).T, rcond=1e-8)
        self.controls = controls
        self.read: list[dict[Term, Array]] = []
        self.means: list[dict[Term, float]] = []
        self.errors: list[dict[Term, float]] = []
        for node, t in enumerate(times):
            polys = [f.rest for f in rates]
            polys += [poly for f in rates for _, poly in f.numbers] if node in ends else []
            wanted = generators(*polys)
            x = process.alpha(t) * x0 + process.sigma(t) * eps
            read = scalars(law, process, t, [g.args[0] for g in wanted], x, drawn)
            self.read.append({g.args[0]: v for g, v in zip(wanted, read, strict=True)})
            self.means.append({g: float(v.mean()) for g, v in zip(wanted, read, strict=True)})
            self.errors.append({g: float(v.std()) / math.sqrt(self.count) for g, v in zip(wanted, read, strict=True)})

    def functional(self, form: RateForm) -> Functional:
        """One statement as a linear functional."""
        fine, coarse, last = self.rule.fine, self.rule.coarse, len(self.rule.times) - 1
        change, integral, half = (_Line(self) for _ in range(3))
        at_ends, changes = list[_Line](), list[_Line]()
        for (_, poly), ratio in zip(form.numbers, form.ratios, strict=True):
            changes.append(_Line(self))
            for node, sign in ((0, -1.0), (last, 1.0)):
                change.add(poly, node, sign * ratio)
                changes[-1].add(poly, node, sign * ratio)
                at_ends.append(_Line(self))
                at_ends[-1].add(poly, node, ratio)
        for node, t in enumerate(self.rule.times):
            lead = closed(self.law, self.process, t, form.lead)
            integral.add(form.rest, node, fine[node] / lead)
            half.add(form.rest, node, (coarse[node] - fine[node]) / lead)
        sides = [change, integral] if form.rest else changes  # of several rates, the change of each is a side
        scale = max(self._certain(side.values) for side in sides)
        if not form.rest and (len(changes) == 1 or scale == 0):
            sides = at_ends  # a number that does not change has no scale but its own size
            scale = max(self._certain(side.values) for side in sides)
        integrated = self._certain(integral.values)
        moved = float(certain(np.abs(change.values), np.zeros((0, self.count))))
        mean, error = self._mean(half.values)
        bias = change.remainder + integral.remainder + abs(mean) + SURE * error
        entries: dict[tuple[Term, int], float] = {}
        for line in (change, integral):
            for key, weight in line.entries.items():
                entries[key] = entries.get(key, 0.0) + weight
        row = tuple((term, node, weight) for (term, node), weight in entries.items())
        constant = change.constant + integral.constant
        means = float(change.values.mean()), float(integral.values.mean())
        vanishes = not any(side.values.any() for side in sides)
        return Functional(row, constant, *means, scale, integrated, moved, bias, vanishes)

    def _certain(self, values: Array) -> float:
        mean, error = self._mean(values)
        return max(0.0, abs(mean) - CERTAIN * error)

    def _mean(self, values: Array) -> tuple[float, float]:
        """The mean of ``values`` and its standard error, with the controls taken off."""
        rest = values - (self.solver @ values) @ self.controls
        return float(rest.mean()), float(rest.std()) / math.sqrt(self.count)


class _Line:
    """A linear functional that grows: its entries, constant, remainder, and its values on the pilot's paths."""

    def __init__(self, pilot: Pilot) -> None:
        self.pilot = pilot
        self.entries: dict[tuple[Term, int], float] = {}
        self.constant, self.remainder = 0.0, 0.0
        self.values: Array = np.zeros(pilot.count)

    def add(self, poly: Polynomial, node: int, weight: float) -> None:
        """Add weight times the tangent of ``poly`` at the pilot's averages."""
        p = self.pilot
        line = tangent(poly, p.means[node], p.errors[node], p.law, p.process, p.rule.times[node])
        for inside, slope in line.parts:
            self.entries[inside, node] = self.entries.get((inside, node), 0.0) + weight * slope
            self.values = self.values + weight * slope * p.read[node][inside]
        self.values = self.values + weight * line.constant
        self.constant += weight * line.constant
        self.remainder += abs(weight) * line.remainder
