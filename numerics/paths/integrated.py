"""The integrated form: d/dt A = B becomes A(t2) - A(t1) against the time integral of B on forward paths.

X0 is drawn first, and X_t moves by the exact Gaussian transitions of the linear forward SDE through the nodes of a
Clenshaw-Curtis rule in log sigma. Every average E[u] is read as u on each path; the rule with half the nodes gives
the measured bias of the quadrature. Controls are functions of the driving noise and of the draw of X0 alone: their
means are zero by construction, so no claim about the process is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from numerics.estimates import digits
from numerics.mixtures import Array, mixture_of
from numerics.path_forms import Integrated
from numerics.paths.averages import (
    NotReadableError,
    Polynomial,
    difference,
    generators,
    has_average,
    polynomial,
)
from numerics.paths.controls import Controls
from numerics.paths.decide import Observed, Test
from numerics.paths.reading import closed, fields, scalars, tangent
from numerics.schedules import LinearProcess, transition
from numerics.simulate import CHUNK
from theory.language.definitions import grad
from theory.language.instances import Law
from theory.language.statements import Rel
from theory.language.terms import Term, walk

CONTROLS = 2
"""At most so many gradients, and so many integrands, are made into controls."""
FLIPPED = {"=": "=", "<=": ">=", "<": ">", ">=": "<=", ">": "<"}


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


@dataclass(frozen=True)
class Plan:
    """The nodes, and for every test the weights of each average's inside at each node.

    ``weights[i][(term, node)]`` and ``coarse`` (for the rule with half the nodes) are linear functionals of the paths;
    ``constants`` what does not depend on them. ``drives`` are insides whose gradients make a control, ``guides``
    insides that are multiplied by noise to make one; both are read whatever is wanted.
    """

    law: Law
    process: LinearProcess
    times: tuple[float, ...]
    weights: tuple[tuple[tuple[Term, int, float, float], ...], ...]
    constants: tuple[tuple[float, float], ...]
    drives: tuple[Term, ...]
    guides: tuple[Term, ...]

    def observe(self, wanted: Sequence[int], count: int, rng: np.random.Generator) -> Observed:
        """Walk ``count`` forward paths through the nodes and read every wanted functional."""
        return self.walk(wanted, count, rng)[0]

    def walk(self, wanted: Sequence[int], count: int, rng: np.random.Generator) -> tuple[Observed, Array, Array]:
        """What :meth:`observe` sees, the draws of X0 and the states at the last node, each (n, D)."""
        data, D = mixture_of(self.law), self.law.D
        x0 = data.sample(count, rng)
        needed = [self._needed(wanted, node) for node in range(len(self.times))]
        values = np.array([np.full(count, self.constants[i][0]) for i in wanted])
        biases = np.array([np.full(count, self.constants[i][1]) for i in wanted])
        tally = Controls(count, len(self.drives) + len(self.guides), 1 + len(self.guides))
        x, read = np.zeros_like(x0), dict[Term, Array]()
        for node, t in enumerate(self.times):
            if node == 0:
                noise = self.process.sigma(t) * rng.standard_normal((count, D))
                x = self.process.alpha(t) * x0 + noise
            else:
                earlier = self.times[node - 1]
                factor, sd = transition(self.process, earlier, t)
                xi = rng.standard_normal((count, D))
                guides = [np.full(count, 1 / self.process.sigma(earlier) ** 2), *(read[u] for u in self.guides)]
                tally.step(sd * xi, sd, self._slopes(earlier, x, x0), guides)
                x = factor * x + sd * xi
            alpha, sigma = self.process.alpha(t), self.process.sigma(t)
            eps = (x - alpha * x0) / sigma
            if node == 0:
                tally.start(eps, x0, data.noised(alpha, sigma))
            else:
                tally.kernel(eps)
            terms = needed[node]
            read = dict(zip(terms, scalars(self.law, self.process, t, terms, x, x0), strict=True))
            for row, i in enumerate(wanted):
                for term, at, weight, coarse in self.weights[i]:
                    if at == node:
                        values[row] += weight * read[term]
                        biases[row] += (coarse - weight) * read[term]
        return Observed(values, biases, tally.rows(x0, self.law)), x0, x

    def _needed(self, wanted: Sequence[int], node: int) -> list[Term]:
        wanted_terms = [term for i in wanted for term, at, _, _ in self.weights[i] if at == node]
        return list(dict.fromkeys((*wanted_terms, *self.guides)))

    def _slopes(self, t: float, x: Array, x0: Array) -> list[list[Array]]:
        """The gradients at t, by components, of the drives, and of the guides times the time that is left."""
        terms = [grad(u) for u in (*self.drives, *self.guides)]
        left = [1.0] * len(self.drives) + [self.times[-1] - t] * len(self.guides)
        read = fields(self.law, self.process, t, terms, x, x0)
        return [[weight * part[(i,)] for i in range(self.law.D)] for part, weight in zip(read, left, strict=True)]


def plan(
    statements: dict[str, Rel], form: Integrated, law: Law, process: LinearProcess, rng: np.random.Generator
) -> tuple[Plan | None, list[Test], dict[str, str], dict[str, dict[str, str]]]:
    """The plan of all readable statements, their tests, the reasons of the others, and first figures.

    Raises OutOfRange if the process never has the noise levels of the form.
    """
    rule = rule_between(form.lower, form.upper, process)
    reasons: dict[str, str] = {}
    forms: dict[str, RateForm] = {}
    for name, statement in statements.items():
        try:
            forms[name] = rate_form(statement, law, process, rule.times)
        except NotReadableError as why:
            reasons[name] = str(why)
    if not forms:
        return None, [], reasons, {}
    pilot = Pilot(law, process, rule, forms.values(), rng)
    weights, constants, tests, figures = [], [], [], {}
    for name, rate in forms.items():
        row, constant, sizes, remainder = pilot.functional(rate)
        margin = float(form.margin) * sizes[2]
        if margin == 0:
            reasons[name] = "both sides vanish on the whole range: there is no scale to compare with"
            continue
        weights.append(row)
        constants.append(constant)
        tests.append(Test(name, "", rate.relation, margin, remainder))
        figures[name] = {"pilot change": digits(sizes[0], 3), "pilot integral": digits(sizes[1], 3)}
    chosen = Plan(law, process, rule.times, tuple(weights), tuple(constants), *steering(forms.values()))
    return chosen, tests, reasons, figures


def steering(forms: Iterable[RateForm], most: int = CONTROLS) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
    """(drives, guides): the insides of the averages, at most ``most`` of each, that are made into controls."""
    rates = list(forms)
    drives = dict.fromkeys(g.args[0] for r in rates for _, poly in r.numbers for g in generators(poly))
    guides = dict.fromkeys(g.args[0] for r in rates for g in generators(r.rest))
    return tuple(drives)[:most], tuple(guides)[:most]


class Pilot:
    """Averages at every node on one ensemble of its own: where polynomials in averages are made linear."""

    def __init__(
        self, law: Law, process: LinearProcess, rule: Rule, forms: Iterable[RateForm], rng: np.random.Generator
    ) -> None:
        self.law, self.process, self.rule, times = law, process, rule, rule.times
        rates = list(forms)
        x0 = mixture_of(law).sample(CHUNK, rng)
        eps = rng.standard_normal(x0.shape)
        ends = (0, len(times) - 1)
        self.means: list[dict[Term, float]] = []
        self.errors: list[dict[Term, float]] = []
        for node, t in enumerate(times):
            polys = [f.rest for f in rates]
            polys += [poly for f in rates for _, poly in f.numbers] if node in ends else []
            wanted = generators(*polys)
            x = process.alpha(t) * x0 + process.sigma(t) * eps
            read = scalars(law, process, t, [g.args[0] for g in wanted], x, x0)
            self.means.append({g: float(v.mean()) for g, v in zip(wanted, read, strict=True)})
            self.errors.append({g: float(v.std()) / math.sqrt(CHUNK) for g, v in zip(wanted, read, strict=True)})

    def functional(
        self, form: RateForm
    ) -> tuple[tuple[tuple[Term, int, float, float], ...], tuple[float, float], tuple[float, float, float], float]:
        """(weights, constants, (change of A, integral of B, scale), second-order remainder) of one statement."""
        table: dict[tuple[Term, int], list[float]] = {}
        constant, change, integral, size, remainder = [0.0, 0.0], 0.0, 0.0, 0.0, 0.0
        times, fine, coarse = self.rule.times, self.rule.fine, self.rule.coarse
        last = len(times) - 1
        for (_, poly), ratio in zip(form.numbers, form.ratios, strict=True):
            for node, sign in ((0, -1.0), (last, 1.0)):
                value, left = self._linear(poly, node, (sign * ratio, sign * ratio), table, constant)
                change, remainder = change + sign * ratio * value, remainder + abs(ratio) * left
                size = max(size, abs(ratio * value))
        for node, t in enumerate(times):
            lead = closed(self.law, self.process, t, form.lead)
            w = (fine[node] / lead, coarse[node] / lead)
            value, left = self._linear(form.rest, node, w, table, constant)
            integral, remainder = integral + w[0] * value, remainder + abs(w[0]) * left
        scale = max(abs(change), abs(integral)) if form.rest else size
        rows = tuple((term, node, w[0], w[1]) for (term, node), w in table.items())
        return rows, (constant[0], constant[1] - constant[0]), (change, integral, scale), remainder

    def _linear(
        self, poly: Polynomial, node: int, weights: tuple[float, float], table: dict[tuple[Term, int], list[float]],
        constant: list[float],
    ) -> tuple[float, float]:  # fmt: skip
        """Add weights times the tangent of ``poly`` at the pilot's averages; returns its value and the remainder."""
        line = tangent(poly, self.means[node], self.errors[node], self.law, self.process, self.rule.times[node])
        for inside, slope in line.parts:
            entry = table.setdefault((inside, node), [0.0, 0.0])
            for k in (0, 1):
                entry[k] += weights[k] * slope
        for k in (0, 1):
            constant[k] += weights[k] * line.constant
        return line.value, line.remainder
