"""The static form: a relation between averages at one noise level, both sides read on exact forward pairs.

X0 is drawn first and X_t by the exact transitions of the forward SDE. Every average E[u] is read as u at (X_t, X0), so
both sides come from the definitions and the draws alone; products of averages are made linear at the averages of a
pilot ensemble, with the second-order remainder as bias. Vectors and matrices are compared entry by entry. Margins are
relative to the mean size, path by path, of the larger side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from numerics.estimates import certain
from numerics.mixtures import Array, Drawn, mixture_of
from numerics.path_forms import Static, limit_of
from numerics.paths.averages import NotReadableError, Polynomial, difference, generators
from numerics.paths.controls import noise_powers
from numerics.paths.decide import Observed, Test
from numerics.paths.ensembles import rarest_of
from numerics.paths.reading import Key, fields, tangent
from numerics.paths.weak import forward_pairs, times_up_to
from numerics.schedules import LinearProcess
from numerics.simulate import CHUNK
from theory.language.definitions import num, times
from theory.language.instances import Law
from theory.language.statements import Rel
from theory.language.terms import Term

PILOT = 8 * CHUNK
"""Paths of the pilot: the remainder of second order falls with their number."""
VANISHING = 1e-12
"""Mean size of the larger side below which nothing is compared: what is left may be rounding."""
Row = tuple[tuple[tuple[Term, float], ...], float, Key]
"""(parts, constant, entry): the observable constant + sum weight u[entry] over the (u, weight) of parts."""


@dataclass(frozen=True)
class StaticEnsemble:
    """Forward pairs (X0, X_t) at one level, and the linear functionals that are read on them."""

    law: Law
    process: LinearProcess
    times: tuple[float, ...]
    rows: tuple[Row, ...]

    @property
    def rarest(self) -> float:
        """The probability of the rarest components."""
        return rarest_of(mixture_of(self.law).weights)

    def observe(self, wanted: Sequence[int], count: int, rng: np.random.Generator) -> Observed:
        """Draw ``count`` pairs and read every wanted functional."""
        drawn, x = forward_pairs(self.law, self.process, self.times, count, rng)
        values = _read(self.law, self.process, self.times[-1], [self.rows[i] for i in wanted], x, drawn)
        alpha, sigma = self.process.alpha(self.times[-1]), self.process.sigma(self.times[-1])
        controls = noise_powers((x - alpha * drawn.x0) / sigma, drawn, mixture_of(self.law).noised(alpha, sigma))
        return Observed(values, np.zeros_like(values), controls)


def _read(law: Law, process: LinearProcess, t: float, rows: Sequence[Row], x: Array, x0: Drawn) -> Array:
    terms = list(dict.fromkeys(u for parts, _, _ in rows for u, _ in parts))
    read = dict(zip(terms, fields(law, process, t, terms, x, x0), strict=True))
    values = np.array([np.full(len(x), constant) for _, constant, _ in rows])
    for row, (parts, _, key) in zip(values, rows, strict=True):
        for u, weight in parts:
            row += weight * read[u][key if u.rank else ()]
    return values


def plan(
    statements: dict[str, Rel], form: Static, law: Law, process: LinearProcess, rng: np.random.Generator
) -> tuple[StaticEnsemble | None, list[Test], dict[str, str], dict[str, dict[str, str]]]:
    """The ensemble for all readable statements, their tests, and the reasons of the others.

    Raises OutOfRangeError if the process never has the noise level of the form.
    """
    path = times_up_to(float(form.level), process)
    reasons: dict[str, str] = {}
    sides: dict[str, tuple[Polynomial, Polynomial, Polynomial]] = {}
    for name, statement in statements.items():
        try:
            sides[name] = _polynomials(statement)
        except NotReadableError as why:
            reasons[name] = str(why)
    pilot = _Pilot(law, process, path, [p for polys in sides.values() for p in polys], rng)
    rows: list[Row] = []
    tests: list[Test] = []
    for name, (both, left, right) in sides.items():
        keys = list(product(range(law.D), repeat=statements[name].lhs.rank))
        sizes = [pilot.size(side, keys) for side in (left, right)]
        size = max(certainly for _, certainly in sizes)
        if max(mean for mean, _ in sizes) <= VANISHING:
            reasons[name] = "both sides vanish: there is no scale to compare with"
            continue
        for key in keys:
            row, remainder = pilot.row(both, key)
            rows.append(row)
            part = f"entry {', '.join(str(i + 1) for i in key)}" if key else ""
            margin, relation = float(form.margin) * size, statements[name].relation
            tests.append(Test(name, part, relation, margin, remainder, limit=limit_of(form), smooth=True))
    return (StaticEnsemble(law, process, path, tuple(rows)) if tests else None), tests, reasons, {}


def _polynomials(statement: Rel) -> tuple[Polynomial, Polynomial, Polynomial]:
    """lhs - rhs, lhs and rhs as polynomials in averages. Raises NotReadableError with the reason."""
    if statement.free:
        raise NotReadableError("the statement is about points, not about averages")
    both = difference(statement.lhs, statement.rhs)
    if any(g.op == "dt" for g in generators(both)):
        raise NotReadableError("a rate of an average occurs: no ensemble gives it at one level")
    if not generators(both):
        raise NotReadableError("no average occurs in the statement: nothing is drawn")
    nothing = times(num(0), statement.rhs)
    return both, difference(statement.lhs, nothing), difference(statement.rhs, nothing)


class _Pilot:
    """Averages on one ensemble of its own: where polynomials in averages are made linear, and sizes of sides."""

    def __init__(
        self, law: Law, process: LinearProcess, path: tuple[float, ...], polynomials: Sequence[Polynomial],
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self.law, self.process, self.t = law, process, path[-1]
        self.x0, self.x = forward_pairs(law, process, path, PILOT, rng)
        self.wanted = generators(*polynomials)
        insides = [g.args[0] for g in self.wanted]
        self.values = dict(zip(self.wanted, fields(law, process, self.t, insides, self.x, self.x0), strict=True))

    def row(self, poly: Polynomial, key: Key) -> tuple[Row, float]:
        """One entry of ``poly`` as a linear functional, and the second-order remainder."""
        own = set(generators(poly))
        entries = {g: v[key if g.rank else ()] for g, v in self.values.items() if g in own}
        means = {g: float(v.mean()) for g, v in entries.items()}
        errors = {g: float(v.std()) / math.sqrt(PILOT) for g, v in entries.items()}
        line = tangent(poly, means, errors, self.law, self.process, self.t, key)
        return (line.parts, line.constant, key), line.remainder

    def size(self, side: Polynomial, keys: Sequence[Key]) -> tuple[float, float]:
        """The mean size (Euclidean over the entries) of a side as it is read on each path; and less what chance adds.

        The latter is zero for a rare event: then no margin is known, and nothing can be accepted.
        """
        rows = [self.row(side, key)[0] for key in keys]
        values = _read(self.law, self.process, self.t, rows, self.x, self.x0)
        sizes = np.sqrt((values**2).sum(axis=0))
        return float(sizes.mean()), float(certain(sizes, np.zeros((0, len(sizes)))))
