"""The bracketed form: a located maximum or minimum, by ordering a quantity at three noise levels.

X0 and the noise are common to all levels (X_t = alpha X0 + sigma eps), so differences between levels are sharp. The
middle level is the stated place; a statement that names none is ordered at the middle of the form and never refuted by
it (its extremum may lie between two levels). A stated extremal value is compared too, at the stated place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from numerics.estimates import digits
from numerics.mixtures import mixture_of
from numerics.path_forms import Bracketed, limit_of
from numerics.paths.averages import (
    NotReadableError,
    Polynomial,
    generators,
    polynomial,
)
from numerics.paths.controls import noise_powers
from numerics.paths.decide import Observed, Test
from numerics.paths.ensembles import rarest_of
from numerics.paths.reading import Tangent, closed, scalars, tangent
from numerics.schedules import LinearProcess
from numerics.simulate import CHUNK
from theory.language.definitions import unfold_linear
from theory.language.instances import Law
from theory.language.statements import Digits, Located
from theory.language.terms import Term

PILOT = 8 * CHUNK
"""Paths of the pilot: the remainder of second order falls with their number."""
Part = tuple[int, Term, float]
"""(level, inside of an average, weight): an observable is a sum of these plus a constant."""


@dataclass(frozen=True)
class LevelEnsemble:
    """Exact forward states at several noise levels with common X0 and noise."""

    law: Law
    process: LinearProcess
    times: tuple[float, ...]
    parts: tuple[tuple[Part, ...], ...]
    constants: tuple[float, ...]

    @property
    def rarest(self) -> float:
        """The probability of the rarest components."""
        return rarest_of(mixture_of(self.law).weights)

    def observe(self, wanted: Sequence[int], count: int, rng: np.random.Generator) -> Observed:
        """Draw ``count`` pairs (X0, eps) and read the wanted observables."""
        x0 = mixture_of(self.law).sample(count, rng)
        eps = rng.standard_normal(x0.shape)
        values = np.array([np.full(count, self.constants[i]) for i in wanted])
        for level, t in enumerate(self.times):
            terms = list(dict.fromkeys(u for i in wanted for at, u, _ in self.parts[i] if at == level))
            if not terms:
                continue
            x = self.process.alpha(t) * x0 + self.process.sigma(t) * eps
            read = dict(zip(terms, scalars(self.law, self.process, t, terms, x, x0), strict=True))
            for row, i in enumerate(wanted):
                for at, u, weight in self.parts[i]:
                    if at == level:
                        values[row] += weight * read[u]
        t = self.times[len(self.times) // 2]
        middle = mixture_of(self.law).noised(self.process.alpha(t), self.process.sigma(t))
        return Observed(values, np.zeros_like(values), noise_powers(eps, x0, middle))


def number_of(statement: Located) -> Polynomial:
    """The located number as a polynomial in averages. Raises NotReadableError with the reason."""
    what = statement.what
    if what.kind == "zeros" or what.term.free:
        raise NotReadableError("a bracket orders one number at three noise levels: it needs its maximum or minimum")
    if what.variable.op != "tfun" or what.variable.data != "sigma":
        raise NotReadableError("the bracket is in sigma")
    if statement.count not in (None, 1):
        raise NotReadableError(f"a bracket shows one extremum, it cannot count {statement.count}")
    if statement.when is not None:
        raise NotReadableError("the statement restricts its parameters")
    poly = polynomial(unfold_linear(what.term))
    if any(g.op == "dt" for g in generators(poly)):
        raise NotReadableError("a rate of an average is located: no ensemble gives it at one level")
    return poly


def place_of(value: Digits | Term | None, law: Law, process: LinearProcess) -> float | None:
    """The number meant by ``at`` or ``value``, if there is one. Raises Unsupported if it cannot be evaluated."""
    if value is None:
        return None
    if isinstance(value, Digits):
        return float(Fraction(value.text))
    return closed(law, process, process.time_of_sigma(1.0), unfold_linear(value))


@dataclass(frozen=True)
class _Located:
    """A readable statement: its number, whether a maximum, and the stated place and value."""

    number: Polynomial
    relation: str
    place: float | None
    value: float | None


def _read(statement: Located, form: Bracketed, law: Law, process: LinearProcess) -> _Located:
    place, value = (place_of(v, law, process) for v in (statement.at, statement.value))
    if place is not None and not form.low < place < form.high:
        raise NotReadableError(f"the stated place {place:.6g} lies outside the bracket")
    return _Located(number_of(statement), ">" if statement.what.kind == "maxima" else "<", place, value)


class _Plan:
    """The observables and tests of all statements, linear at the averages of a pilot ensemble."""

    def __init__(
        self, law: Law, process: LinearProcess, levels: Sequence[float], found: dict[str, _Located],
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self.levels = list(levels)
        self.times = tuple(process.time_of_sigma(level) for level in levels)
        self.parts: list[tuple[Part, ...]] = []
        self.constants: list[float] = []
        self.tests: list[Test] = []
        x0 = mixture_of(law).sample(PILOT, rng)
        eps = rng.standard_normal(x0.shape)
        wanted = generators(*(f.number for f in found.values()))
        self.lines: list[dict[str, Tangent]] = []
        for t in self.times:
            x = process.alpha(t) * x0 + process.sigma(t) * eps
            read = scalars(law, process, t, [g.args[0] for g in wanted], x, x0)
            means = {g: float(v.mean()) for g, v in zip(wanted, read, strict=True)}
            errors = {g: float(v.std()) / math.sqrt(PILOT) for g, v in zip(wanted, read, strict=True)}
            self.lines.append({n: tangent(f.number, means, errors, law, process, t) for n, f in found.items()})

    def add(self, test: Test, terms: Sequence[tuple[float, float]], shift: float) -> None:
        """An observable: the sum of sign times the number of the test's statement at a level, less ``shift``."""
        rows = [(self.levels.index(level), sign) for level, sign in terms]
        lines = [(at, self.lines[at][test.statement], sign) for at, sign in rows]
        self.parts.append(tuple((at, u, sign * weight) for at, line, sign in lines for u, weight in line.parts))
        self.constants.append(sum(sign * line.constant for _, line, sign in lines) - shift)
        self.tests.append(replace(test, bias=sum(line.remainder for _, line, _ in lines)))


def plan(
    statements: dict[str, Located], form: Bracketed, law: Law, process: LinearProcess, rng: np.random.Generator
) -> tuple[LevelEnsemble | None, list[Test], dict[str, str], dict[str, dict[str, str]]]:
    """The ensemble for all readable statements, their tests, the reasons of the others and the pilot's values."""
    reasons: dict[str, str] = {}
    found: dict[str, _Located] = {}
    for name, statement in statements.items():
        try:
            found[name] = _read(statement, form, law, process)
        except NotReadableError as why:
            reasons[name] = str(why)
    if not found:
        return None, [], reasons, {}
    low, middle, high = float(form.low), float(form.middle), float(form.high)
    levels = sorted({low, middle, high} | {f.place for f in found.values() if f.place is not None})
    built = _Plan(law, process, levels, found, rng)
    figures: dict[str, dict[str, str]] = {}
    for name, f in found.items():
        place = middle if f.place is None else f.place
        for side, text in ((low, "low"), (high, "high")):
            test = Test(name, f"place against {text}", f.relation, 0.0, refutes=f.place is not None, smooth=True)
            built.add(test, [(place, 1.0), (side, -1.0)], 0.0)
        if f.place is not None and f.value is not None:
            test = Test(
                name,
                "value at the stated place",
                "=",
                float(form.margin) * abs(f.value),
                limit=limit_of(form),
                smooth=True,
            )
            built.add(test, [(place, 1.0)], f.value)
        shown = {"low": low, "place": place, "high": high}
        figures[name] = {f"pilot {k}": digits(built.lines[levels.index(v)][name].value, 3) for k, v in shown.items()}
    ensemble = LevelEnsemble(law, process, built.times, tuple(built.parts), tuple(built.constants))
    return ensemble, built.tests, reasons, figures
