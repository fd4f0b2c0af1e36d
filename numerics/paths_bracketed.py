"""The bracketed form: a located maximum or minimum, by ordering a quantity at three noise levels.

X0 and the noise are common to all levels (X_t = alpha X0 + sigma eps), so differences between levels are sharp. If
the statement gives the extremal value, that is compared too, at the stated place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from numerics.estimates import digits
from numerics.mixtures import mixture_of
from numerics.path_forms import Bracketed
from numerics.paths_averages import (
    NotReadable,
    Polynomial,
    generators,
    polynomial,
)
from numerics.paths_reading import Tangent, scalars, tangent
from numerics.paths_tests import Observed, Test
from numerics.problems import LinearProcess
from numerics.simulate import CHUNK
from theory.language.definitions import unfold
from theory.language.instances import Law
from theory.language.statements import Digits, Located
from theory.language.terms import Term

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
        controls = [c for i in range(x0.shape[1]) for c in (eps[:, i], eps[:, i] ** 2 - 1, eps[:, i] ** 2 * x0[:, i] - x0[:, i])]
        return Observed(values, np.zeros_like(values), np.array(controls))


def number_of(statement: Located) -> Polynomial:
    """The located number as a polynomial in averages. Raises NotReadable with the reason."""
    what = statement.what
    if what.kind == "zeros" or what.term.free:
        raise NotReadable("a bracket orders a number at three noise levels: it needs a maximum or minimum of a number")
    if what.variable.op != "tfun" or what.variable.data != "sigma":
        raise NotReadable("the bracket is in sigma")
    if statement.when is not None:
        raise NotReadable("the statement restricts its parameters")
    poly = polynomial(unfold(what.term))
    if any(g.op == "dt" for g in generators(poly)):
        raise NotReadable("a rate of an average is located: no ensemble gives it at one level")
    return poly


def middle_of(value: Digits | Term | None) -> Fraction | None:
    """The number meant by ``at`` or ``value``, if it is one."""
    if isinstance(value, Digits):
        return Fraction(value.text)
    return value.data if value is not None and isinstance(value.data, Fraction) else None


def plan(
    statements: dict[str, Located], form: Bracketed, law: Law, process: LinearProcess, rng: np.random.Generator
) -> tuple[LevelEnsemble | None, list[Test], dict[str, str], dict[str, dict[str, str]]]:
    """The ensemble for all readable statements, their tests, the reasons of the others and the pilot's values."""
    reasons: dict[str, str] = {}
    numbers: dict[str, tuple[Polynomial, Fraction | None]] = {}
    levels = [form.low, form.middle, form.high]
    for name, statement in statements.items():
        place = middle_of(statement.at)
        if place is not None and not form.low < place < form.high:
            reasons[name] = f"the stated place {float(place):.6g} lies outside the bracket"
            continue
        try:
            numbers[name] = (number_of(statement), place if middle_of(statement.value) is not None else None)
        except NotReadable as why:
            reasons[name] = str(why)
    levels += sorted({place for _, place in numbers.values() if place is not None} - set(levels))
    times = tuple(process.time_of_sigma(float(level)) for level in levels)
    x0 = mixture_of(law).sample(CHUNK, rng)
    eps = rng.standard_normal(x0.shape)
    wanted = generators(*(poly for poly, _ in numbers.values()))
    tables = []
    for t in times:
        x = process.alpha(t) * x0 + process.sigma(t) * eps
        read = scalars(law, process, t, [g.args[0] for g in wanted], x, x0)
        means = {g: float(v.mean()) for g, v in zip(wanted, read, strict=True)}
        tables.append((means, {g: float(v.std()) / math.sqrt(CHUNK) for g, v in zip(wanted, read, strict=True)}))
    parts: list[tuple[Part, ...]] = []
    constants: list[float] = []
    tests: list[Test] = []
    figures: dict[str, dict[str, str]] = {}

    def add(name: str, part: str, relation: str, rows: list[tuple[int, Tangent, float]], shift: float, margin: float) -> None:
        parts.append(tuple((level, u, sign * weight) for level, line, sign in rows for u, weight in line.parts))
        constants.append(sum(sign * line.constant for _, line, sign in rows) - shift)
        tests.append(Test(name, part, relation, margin, sum(line.remainder for _, line, _ in rows)))

    for name, (poly, place) in numbers.items():
        lines = [tangent(poly, *tables[i], law, process, t) for i, t in enumerate(times)]
        relation = ">" if statements[name].what.kind == "maxima" else "<"
        for side, text in ((0, "middle against low"), (2, "middle against high")):
            add(name, text, relation, [(1, lines[1], 1.0), (side, lines[side], -1.0)], 0.0, 0.0)
        value = middle_of(statements[name].value)
        if place is not None and value is not None:
            at = levels.index(place)
            margin = float(form.margin) * abs(float(value))
            add(name, "value at the stated place", "=", [(at, lines[at], 1.0)], float(value), margin)
        figures[name] = {f"pilot at {levels[i]}": digits(lines[i].value, 3) for i in range(3)}
    if not tests:
        return None, [], reasons, {}
    return LevelEnsemble(law, process, times, tuple(parts), tuple(constants)), tests, reasons, figures
