"""The integrated form: d/dt A = B becomes A(t2) - A(t1) against the time integral of B on forward paths.

X0 is drawn first, and X_t moves by the exact Gaussian transitions of the linear forward SDE through the nodes of a
Clenshaw-Curtis rule in log sigma. Every average E[u] is read as u on each path; the rule with half the nodes gives
the measured bias of the quadrature. Controls are functions of the driving noise and of the draw of X0 alone: their
means are zero by construction, so no claim about the process is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from numerics.estimates import digits
from numerics.mixtures import Array, Drawn, mixture_of
from numerics.path_forms import Integrated, limit_of
from numerics.paths.averages import NotReadableError, generators
from numerics.paths.controls import Controls
from numerics.paths.decide import Observed, Test
from numerics.paths.ensembles import rarest_of
from numerics.paths.rates import Pilot, RateForm, Row, rate_form, rule_between
from numerics.paths.reading import fields, scalars
from numerics.schedules import LinearProcess, transition
from theory.language.definitions import grad
from theory.language.instances import Law
from theory.language.statements import Rel
from theory.language.terms import Term

CONTROLS = 2
"""At most so many gradients, and so many integrands, are made into controls."""


@dataclass(frozen=True)
class Plan:
    """The nodes, and for every test the weights of each average's inside at each node.

    ``weights[i]`` is a linear functional of the paths, ``constants[i]`` what does not depend on them. ``drives`` are
    insides whose gradients make a control, ``guides`` insides that are multiplied by noise to make one; both are read
    whatever is wanted.
    """

    law: Law
    process: LinearProcess
    times: tuple[float, ...]
    weights: tuple[Row, ...]
    constants: tuple[float, ...]
    drives: tuple[Term, ...]
    guides: tuple[Term, ...]

    @property
    def rarest(self) -> float:
        """The probability of the rarest components."""
        return rarest_of(mixture_of(self.law).weights)

    def observe(self, wanted: Sequence[int], count: int, rng: np.random.Generator) -> Observed:
        """Walk ``count`` forward paths through the nodes and read every wanted functional."""
        return self.walk(wanted, count, rng)[0]

    def walk(self, wanted: Sequence[int], count: int, rng: np.random.Generator) -> tuple[Observed, Array, Array]:
        """What :meth:`observe` sees, the draws of X0 and the states at the last node, each (n, D)."""
        data, D = mixture_of(self.law), self.law.D
        drawn = data.draw(count, rng)
        x0 = drawn.x0
        needed = [self._needed(wanted, node) for node in range(len(self.times))]
        values = np.array([np.full(count, self.constants[i]) for i in wanted])
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
                tally.step(sd * xi, sd, self._slopes(earlier, x, drawn), guides)
                x = factor * x + sd * xi
            alpha, sigma = self.process.alpha(t), self.process.sigma(t)
            eps = (x - alpha * x0) / sigma
            if node == 0:
                tally.start(eps, drawn, data.noised(alpha, sigma))
            else:
                tally.kernel(eps)
            terms = needed[node]
            read = dict(zip(terms, scalars(self.law, self.process, t, terms, x, drawn), strict=True))
            for row, i in enumerate(wanted):
                for term, at, weight in self.weights[i]:
                    if at == node:
                        values[row] += weight * read[term]
        return Observed(values, np.zeros_like(values), tally.rows(drawn, self.law)), x0, x

    def _needed(self, wanted: Sequence[int], node: int) -> list[Term]:
        wanted_terms = [term for i in wanted for term, at, _ in self.weights[i] if at == node]
        return list(dict.fromkeys((*wanted_terms, *self.guides)))

    def _slopes(self, t: float, x: Array, x0: Drawn) -> list[list[Array]]:
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
        found = pilot.functional(rate)
        margin = float(form.margin) * found.scale
        if found.vanishes:
            reasons[name] = "both sides vanish on the whole range: there is no scale to compare with"
            continue
        weights.append(found.row)
        constants.append(found.constant)
        tests.append(Test(name, "", rate.relation, margin, found.bias, limit=limit_of(form), smooth=True))
        figures[name] = {"pilot change": digits(found.change, 3), "pilot integral": digits(found.integral, 3)}
    chosen = Plan(law, process, rule.times, tuple(weights), tuple(constants), *steering(forms.values()))
    return chosen, tests, reasons, figures


def steering(forms: Iterable[RateForm], most: int = CONTROLS) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
    """(drives, guides): the insides of the averages, at most ``most`` of each, that are made into controls."""
    rates = list(forms)
    drives = dict.fromkeys(g.args[0] for r in rates for _, poly in r.numbers for g in generators(poly))
    guides = dict.fromkeys(g.args[0] for r in rates for g in generators(r.rest))
    return tuple(drives)[:most], tuple(guides)[:most]
