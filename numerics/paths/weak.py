"""The weak form: a pointwise statement about a posterior average, tested against functions of x.

X0 is drawn first and X_t by integrating the forward SDE. One linearly occurring posterior average <w> is replaced by
w(X0); then E[phi(X_t) (lhs - rhs)] = 0 for every phi. (Drawing X0 from the responsibilities at X_t would be circular.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from numerics.estimates import certain
from numerics.mixtures import Array, Drawn, mixture_of
from numerics.path_forms import Weak, limit_of
from numerics.paths.averages import NotReadableError, has_average
from numerics.paths.controls import noise_powers
from numerics.paths.decide import Observed, Test
from numerics.paths.ensembles import rarest_of
from numerics.paths.reading import Key, fields
from numerics.schedules import LinearProcess, transition
from numerics.simulate import CHUNK
from theory.language.definitions import minus, plus, unfold_linear
from theory.language.instances import Law
from theory.language.statements import Rel
from theory.language.terms import Term, as_term, rebuild

LEVEL = 0.8
"""The noise level at which pointwise statements are tested: that of the standing germ."""
STEPS = 4


def release(term: Term) -> Term | None:
    """``term`` with its first linearly occurring posterior average <w> replaced by w; None if there is none."""
    if term.op == "post":
        return term.args[0]
    if term.op not in ("add", "mul", "dot", "outer", "tr", "transpose", "coord"):
        return None
    for i, argument in enumerate(term.args):
        freed = release(argument)
        if freed is not None:
            return rebuild(term, (*term.args[:i], freed, *term.args[i + 1 :]))
    return None


def released(statement: Rel) -> Term:
    """lhs - rhs with one posterior average released. Raises NotReadableError with the reason."""
    if statement.free != {"x"}:
        raise NotReadableError("the weak form needs a statement about every point x, with no free end point or label")
    lhs, rhs = unfold_linear(statement.lhs), unfold_linear(statement.rhs)
    if has_average(lhs) or has_average(rhs):
        raise NotReadableError("an average over the joint law occurs beside the posterior one")
    freed = release(plus(lhs, minus(rhs)))
    if freed is None:
        raise NotReadableError("no posterior average occurs linearly in the statement")
    if statement.relation != "=":
        raise NotReadableError("a pointwise inequality has no weak form")
    return freed


def times_up_to(level: float, process: LinearProcess) -> tuple[float, ...]:
    """The times through which forward paths are moved to noise level ``level``."""
    last = process.time_of_sigma(level)
    return (*(process.time_of_sigma(level * i / STEPS) for i in range(1, STEPS)), last)


def forward_pairs(
    law: Law, process: LinearProcess, times: Sequence[float], count: int, rng: np.random.Generator
) -> tuple[Drawn, Array]:
    """``count`` draws of X0 and of X_t at the last of ``times``, (count, D), by exact transitions."""
    drawn = mixture_of(law).draw(count, rng)
    x0 = drawn.x0
    x = process.alpha(times[0]) * x0 + process.sigma(times[0]) * rng.standard_normal(x0.shape)
    for earlier, later in pairwise(times):
        factor, sd = transition(process, earlier, later)
        x = factor * x + sd * rng.standard_normal(x0.shape)
    return drawn, x


@dataclass(frozen=True)
class WeakEnsemble:
    """Forward pairs (X0, X_t) at one level; observable i is component ``keys[i]`` of field times test function."""

    law: Law
    process: LinearProcess
    times: tuple[float, ...]
    observables: tuple[tuple[Term, Key, Term, Key], ...]

    @property
    def rarest(self) -> float:
        """The probability of the rarest components."""
        return rarest_of(mixture_of(self.law).weights)

    def observe(self, wanted: Sequence[int], count: int, rng: np.random.Generator) -> Observed:
        """Draw ``count`` pairs and read phi (lhs - rhs) for every wanted observable."""
        drawn, x = forward_pairs(self.law, self.process, self.times, count, rng)
        t = self.times[-1]
        rows = [self.observables[i] for i in wanted]
        terms = list(dict.fromkeys(term for field, _, phi, _ in rows for term in (field, phi)))
        read = dict(zip(terms, fields(self.law, self.process, t, terms, x, drawn), strict=True))
        values = np.array([read[field][key] * read[phi][place] for field, key, phi, place in rows])
        alpha, sigma = self.process.alpha(t), self.process.sigma(t)
        controls = noise_powers((x - alpha * drawn.x0) / sigma, drawn, mixture_of(self.law).noised(alpha, sigma))
        return Observed(values, np.zeros_like(values), controls)


def plan(
    statements: dict[str, Rel], form: Weak, law: Law, process: LinearProcess, rng: np.random.Generator
) -> tuple[WeakEnsemble | None, list[Test], dict[str, str], dict[str, dict[str, str]]]:
    """The ensemble for all readable statements, their tests, and the reasons of the others."""
    times = times_up_to(LEVEL, process)
    last = times[-1]
    reasons: dict[str, str] = {}
    fields_of: dict[str, Term] = {}
    for name, statement in statements.items():
        try:
            fields_of[name] = released(statement)
        except NotReadableError as why:
            reasons[name] = str(why)
    phis = [unfold_linear(as_term(phi)) for phi in form.phi]
    x0 = mixture_of(law).sample(CHUNK, rng)
    x = process.alpha(last) * x0 + process.sigma(last) * rng.standard_normal(x0.shape)
    weights = fields(law, process, last, phis, x, None)
    observables: list[tuple[Term, Key, Term, Key]] = []
    tests: list[Test] = []
    for name, field in fields_of.items():
        statement = statements[name]
        sides = fields(law, process, last, [unfold_linear(statement.lhs), unfold_linear(statement.rhs)], x, None)
        size = max(_norm(side) for side in sides)
        for number, (phi, weight) in enumerate(zip(phis, weights, strict=True), 1):
            for place, values in weight.items():
                for key in sides[0]:
                    margin = float(form.margin) * _certain(np.abs(values)) * size
                    observables.append((field, key, phi, place))
                    component = f", component{_index(key)}" if key else ""
                    part = f"test function {number}{_index(place)}{component}"
                    tests.append(Test(name, part, "=", margin, limit=limit_of(form), smooth=True))
    if not tests:
        return None, [], reasons, {}
    return WeakEnsemble(law, process, times, tuple(observables)), tests, reasons, {}


def _index(key: Key) -> str:
    return f" {', '.join(str(i + 1) for i in key)}" if key else ""


def _norm(side: dict[Key, Array]) -> float:
    total = np.zeros_like(next(iter(side.values())))
    for values in side.values():
        total = total + values**2
    return _certain(np.sqrt(total))


def _certain(values: Array) -> float:
    return float(certain(values, np.zeros((0, len(values)))))
