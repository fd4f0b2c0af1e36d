"""Averages E[w] as sums of integrals: split by linearity, sorted by what must be integrated, exact where possible.

E[w] over X0, Z and X_t is split into its summands. Each is a number, a polynomial in X0 and x (exact Gaussian
moments), a function of X0 alone, or a function that is averaged over X0 given x by Bayes' rule and then integrated
against the density of x:

    E[w] = sum_k  integral  w_k N(x; alpha m_k, alpha^2 S_k + sigma^2 I)  E[w | x, Z = k]  dx.

d/dt E[w] is the coefficient of t in the same integral of series in t. How the integrals are done is the affair of an
:class:`Integrator`: rigorous balls (:mod:`numerics.enclosures`), the trapezoidal rule in float64 or mpmath.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numerics.evaluate import Interpreter, plan
from numerics.evaluate.reading import Reading, map_value
from numerics.polynomials import NotPolynomial, Poly, PolyRing
from numerics.rings import NumberRing, total
from theory import jets
from theory.jets import Jet, space
from theory.language.definitions import plus
from theory.language.terms import Term, X, make

Value = Any


class Integrator(Protocol):
    """Does the integrals that remain. Results are nested by rank, coefficients of t^order."""

    def over_x(self, interpreter: Interpreter, inner: Term, order: int) -> Value:
        """integral of p(x) E[inner | x] dx."""

    def over_ends(self, interpreter: Interpreter, inner: Term, order: int) -> Value:
        """integral of p0(X0) inner(X0) dX0, for a law with a density."""

    def over_both(self, interpreter: Interpreter, inner: Term, order: int) -> Value:
        """The double integral over X0 and x. Raises Unsupported where it is not available."""


def summands(term: Term) -> Iterator[Term]:
    """The summands of a core term: sums are flattened, scalar factors and contractions distributed over them."""
    if term.op == "add":
        for part in term.args:
            yield from summands(part)
        return
    if term.op in ("mul", "dot", "outer"):
        for i, factor in enumerate(term.args):
            others = [t for k, t in enumerate(term.args) if k != i]
            if factor.op == "add" and (term.op == "mul" and not any(t.free for t in others)):
                for part in factor.args:
                    yield from summands(make("mul", (*term.args[:i], part, *term.args[i + 1 :])))
                return
    if term.op in ("tr", "transpose"):
        parts = list(summands(term.args[0]))
        if len(parts) > 1:
            yield from (make(term.op, (part,)) for part in parts)
            return
    yield term


@dataclass(frozen=True)
class Sorted:
    """The summands of a term by how they are averaged; ``None`` for none."""

    numbers: Term | None
    polynomials: Term | None
    ends: Term | None
    points: Term | None


class SplitAverager:
    """Averages by linearity, with an :class:`Integrator` for what has no closed form."""

    def __init__(self, integrator: Integrator) -> None:
        self.integrator = integrator
        self._sorted: dict[Term, Sorted] = {}

    def average(self, interpreter: Interpreter, inner: Term, order: int) -> Value:
        """The coefficient of t^order of E[inner], nested by the rank of ``inner``."""
        parts = self.sort(interpreter, inner)
        values: list[Value] = []
        if parts.numbers is not None:
            values.append(map_value(lambda jet: jet.at(order), interpreter.series(parts.numbers, order)))
        if parts.polynomials is not None:
            values.append(polynomial_average(interpreter, parts.polynomials, order))
        if parts.ends is not None and not constant_in_time(parts.ends, order):
            if interpreter.law.is_discrete:
                values.append(sum_over_atoms(interpreter, parts.ends, order))
            else:
                values.append(self.integrator.over_ends(interpreter, parts.ends, order))
        if parts.points is not None:
            values.append(self._over_x(interpreter, parts.points, order))
        zero = interpreter.ring.exact(0)
        if not values:
            return _zeros(inner.rank, interpreter.law.D, zero)
        return map_value(lambda *entries: _or(total(entries), zero), *values)

    def _over_x(self, interpreter: Interpreter, inner: Term, order: int) -> Value:
        try:
            return self.integrator.over_x(interpreter, inner, order)
        except NotPolynomial:
            return self.integrator.over_both(interpreter, inner, order)

    def sort(self, interpreter: Interpreter, inner: Term) -> Sorted:
        """The summands of ``inner`` by kind. A tapped operator depends on x and t, so nothing is taken apart then."""
        if inner not in self._sorted:
            self._sorted[inner] = self._sort(interpreter, inner)
        return self._sorted[inner]

    def _sort(self, interpreter: Interpreter, inner: Term) -> Sorted:
        numbers, polynomials, ends, points = [], [], [], []
        for part in summands(inner):
            if not part.free:
                numbers.append(part)
            elif interpreter.taps:
                points.append(part)
            elif X not in part.free and interpreter.law.is_discrete:
                ends.append(part)
            elif is_polynomial(interpreter, part):
                polynomials.append(part)
            else:
                (points if X in part.free else ends).append(part)
        return Sorted(*(_sum(group) for group in (numbers, polynomials, ends, points)))


def _sum(parts: list[Term]) -> Term | None:
    return None if not parts else parts[0] if len(parts) == 1 else plus(*parts)


def _or(value: Any, zero: Any) -> Any:
    return zero if value is None else value


def _zeros(rank: int, D: int, zero: Any) -> Value:
    return zero if rank == 0 else tuple(_zeros(rank - 1, D, zero) for _ in range(D))


def constant_in_time(term: Term, order: int) -> bool:
    """Whether the coefficient of t^order is zero because nothing in a function of X0 depends on t."""
    return order > 0 and not any(t.op in ("tfun", "E", "at", "dt") for t in _nodes(term))


def _nodes(term: Term) -> Iterator[Term]:
    yield term
    for child in term.args:
        yield from _nodes(child)


def sum_over_atoms(interpreter: Interpreter, inner: Term, order: int) -> Value:
    """sum_k w_k inner(atom k), exactly as the definition says."""
    model, shape = interpreter.model, space(interpreter.law.D, 0, order)
    orders, top_x, top_t = plan(inner, 0, order)
    values = []
    for k in range(model.K):
        reading = Reading(interpreter, interpreter.ring, orders, (top_x, top_t), (), model.means[k], k)
        weight = model.weights[k]
        values.append(map_value(lambda jet, w=weight: jet.scaled(w), reading.get(inner, shape)))
    return map_value(lambda *entries: total(jet.at(order) for jet in entries), *values)


# -- polynomials in X0 and x ------------------------------------------------------------------------------------------
def _polynomial_jets(interpreter: Interpreter, inner: Term, order: int, k: int) -> Value:
    law, ring = interpreter.law, PolyRing(interpreter.ring)
    variables = Poly.variables(2 * law.D, ring)
    ends: Sequence[Any] = interpreter.model.means[k] if law.is_discrete else variables[law.D :]
    orders, top_x, top_t = plan(inner, 0, order)
    reading = Reading(interpreter.over(ring), ring, orders, (top_x, top_t), variables[: law.D], ends, k)
    return reading.get(inner, space(law.D, 0, order))


def is_polynomial(interpreter: Interpreter, part: Term) -> bool:
    """Whether ``part`` is a polynomial in x and X0 on every component."""
    try:
        _polynomial_jets(interpreter, part, 0, 0)
    except NotPolynomial:
        return False
    return True


def polynomial_average(interpreter: Interpreter, inner: Term, order: int) -> Value:
    """E of a polynomial in (x, X0) by the moments of the jointly Gaussian pair within each component."""
    model = interpreter.model
    values = []
    for k in range(model.K):
        moments = _JointMoments(interpreter, k, order)
        value = _polynomial_jets(interpreter, inner, order, k)
        values.append(map_value(lambda jet, m=moments, w=model.weights[k]: _times(m.average(jet), w), value))
    return map_value(lambda *entries: total(entries), *values)


def _times(left: Any, right: Any) -> Any:
    return None if left is None else left * right


class _JointMoments:
    """Moments of (x, X0) within component k, as series in t.

    Mean (alpha m, m); covariance blocks alpha^2 S + sigma^2 I, alpha S, S.
    """

    def __init__(self, interpreter: Interpreter, k: int, order: int) -> None:
        model = interpreter.model
        self.D, self.order = model.D, order
        self.shape = space(self.D, 0, order)
        alpha = model.schedule("alpha", order)
        means, cov = model.means[k], model.covariance(k, order)
        law_cov = model.law.components[k].cov
        zero = Jet(self.shape, [None] * self.shape.size)
        S = [[zero if v == 0 else model.constant(model.value(v), order) for v in row] for row in law_cov]
        self.mean = [alpha.scaled(v) for v in means] + [model.constant(v, order) for v in means]
        top = [[*cov[i], *(alpha * S[i][j] for j in range(self.D))] for i in range(self.D)]
        bottom = [[*(alpha * S[i][j] for j in range(self.D)), *S[i]] for i in range(self.D)]
        self.cov = top + bottom
        self.known = {(0,) * (2 * self.D): model.constant(interpreter.ring.exact(1), order)}

    def moment(self, exponents: tuple[int, ...]) -> Jet:
        if exponents not in self.known:
            i = next(n for n, e in enumerate(exponents) if e)
            rest = tuple(e - (n == i) for n, e in enumerate(exponents))
            result = self.mean[i] * self.moment(rest)
            for j, e in enumerate(rest):
                if e:
                    lower = tuple(v - (n == j) for n, v in enumerate(rest))
                    result = result + (self.cov[i][j] * self.moment(lower)).scaled(e)
            self.known[exponents] = result
        return self.known[exponents]

    def average(self, jet: Jet) -> Any:
        """The coefficient of t^order of the average of a jet (nx = 0) with polynomial coefficients."""
        terms = []
        for j in range(self.order + 1):
            value = jet.at(j)
            if value is None:
                continue
            items = value.c.items() if isinstance(value, Poly) else (((0,) * (2 * self.D), value),)
            for exponents, coefficient in items:
                moment = self.moment(exponents).at(self.order - j)
                if moment is not None:
                    terms.append(coefficient * moment)
        return total(terms)


# -- integrands --------------------------------------------------------------------------------------------------------
class Integrand:
    """x -> the series in t of  p(x) E[inner | x], for the integrators."""

    def __init__(self, interpreter: Interpreter, ring: NumberRing, inner: Term, order: int) -> None:
        self.interpreter = interpreter.over(ring)
        self.ring, self.inner, self.order = ring, inner, order
        orders, top_x, top_t = plan(inner, 0, order)
        self.orders, self.top = orders, (top_x, max(top_t, order))
        self.shape = space(interpreter.law.D, 0, order)

    def components(self, x: Sequence[Any]) -> tuple[list[Value], Reading]:
        """E[inner | x, Z = k] times exp(l_k - l_k at t = 0), for each component k, and the reading."""
        reading = Reading(self.interpreter, self.ring, self.orders, self.top, x, None, None)
        one = self.ring.exact(1)
        logs = [reading.mixture.log(k).into(self.shape) for k in range(self.interpreter.model.K)]
        units = [jets.exp_unit(u, one) for u in logs]
        values = reading.by_component(self.inner, self.shape)
        return [map_value(lambda jet, u=u: u * jet, value) for u, value in zip(units, values, strict=True)], reading

    def __call__(self, x: Sequence[Any]) -> Value:
        """The coefficients, nested by rank, each a list over powers of t."""
        values, reading = self.components(x)
        weights = [self.ring.exp(reading.mixture.log(k).head) for k in range(self.interpreter.model.K)]
        zero = self.ring.exact(0)

        def add(*entries: Jet) -> list[Any]:
            sums = (total(w * v for w, v in zip(weights, column) if v is not None)
                    for column in zip(*(e.c for e in entries), strict=True))  # fmt: skip
            return [_or(s, zero) for s in sums]

        return map_value(add, *values)


class EndIntegrand:
    """X0 -> the series in t of p0(X0) inner(X0), for a law with a density."""

    def __init__(self, interpreter: Interpreter, ring: NumberRing, inner: Term, order: int) -> None:
        self.interpreter = interpreter.over(ring)
        self.ring, self.inner, self.order = ring, inner, order
        self.orders, top_x, top_t = plan(inner, 0, order)
        self.top = (top_x, top_t)
        self.shape = space(interpreter.law.D, 0, order)
        self.by_label = "Z" in inner.free

    def components(self, X0: Sequence[Any]) -> list[Value]:
        """inner(X0, Z = k) for each component k, as jets in t."""
        values = []
        for k in range(self.interpreter.model.K):
            if k == 0 or self.by_label:
                reading = Reading(self.interpreter, self.ring, self.orders, self.top, (), X0, k)
                value = reading.get(self.inner, self.shape)
            values.append(value)
        return values

    def __call__(self, X0: Sequence[Any]) -> Value:
        """The coefficients, nested by rank, each a list over powers of t."""
        model = self.interpreter.model
        weights = [self.ring.exp(model.log_end(k).at(X0)) for k in range(model.K)]
        zero = self.ring.exact(0)

        def add(*entries: Jet) -> list[Any]:
            columns = zip(*(e.c for e in entries), strict=True)
            sums = (total(w * v for w, v in zip(weights, c) if v is not None) for c in columns)
            return [_or(s, zero) for s in sums]

        return map_value(add, *self.components(X0))
