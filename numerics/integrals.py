"""Rigorous integrals: ``acb.integral`` on the line with closed-form tails, boxes in the plane on request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numerics.averages import EndIntegrand, Integrand, SplitAverager
from numerics.balls import AcbRing, ArbRing, Ball, Counter, arb, ball, complex_key, integrate, lower, precision
from numerics.boxes import over_plane
from numerics.evaluate import Interpreter
from numerics.kept_integrals import kept, key_of, stripped
from numerics.rings import Unsupported
from numerics.tails import Line, LineRing, tail_beyond, widened
from theory.language.instances import Germ, Law, Scalar
from theory.language.terms import Term

PLANE_BUDGET = 40_000


class BallIntegrator:
    """Integrals on the line as balls; ``bits`` is the goal, absolute and relative, of each.

    Integrals over the plane are done (by boxes, with an absolute goal of ``plane_goal``) only if that is positive.
    """

    def __init__(self, bits: int, limit: int = 0, plane_goal: float = 0.0) -> None:
        self.bits, self.limit, self.plane_goal = bits, limit, plane_goal
        self.counter = Counter()
        self._integrands: dict[tuple[str, Term], tuple[Any, dict[Any, Any]]] = {}

    def _integrand(self, kind: str, build: Callable[[int], Any], inner: Term, order: int) -> tuple[Any, dict[Any, Any]]:
        """The integrand of at least this order with its evaluations so far: coefficients share them."""
        known = self._integrands.get((kind, inner))
        if known is None or known[0].order < order:
            known = self._integrands[kind, inner] = (build(order), {})
        return known

    def over_x(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """integral of p(x) E[inner | x] dx. Raises Unsupported: more than one dimension, or no bound for the tails."""
        model = interpreter.model
        if self.plane_goal > 0 and model.D == 2:
            entries, evaluations = over_plane(interpreter, inner, order, self.plane_goal, PLANE_BUDGET)
            self.counter.count += evaluations
            return _nested(entries, inner.rank, model.D)
        self._one_dimension(interpreter)
        return self._kept("x", self._over_x, interpreter, inner, order)

    def _over_x(self, interpreter: Interpreter, inner: Term, order: int) -> list[Ball]:
        model = interpreter.model
        means = [model.schedule("alpha", 0).head * m[0] for m in model.means]
        variances = [model.covariance(k, 0)[0][0].head for k in range(model.K)]
        line = Integrand(interpreter, LineRing(), inner, order)
        bounds, reading = line.components((Line([arb(0), arb(1)]),))
        del reading
        integrand, known = self._integrand("x", lambda n: Integrand(interpreter, AcbRing(), inner, n), inner, order)
        return self._integrals(model.weights, means, variances, bounds, integrand, known, order)

    def over_ends(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """integral of p0(X0) inner dX0. Raises Unsupported as :meth:`over_x`."""
        self._one_dimension(interpreter)
        return self._kept("X0", self._over_ends, interpreter, inner, order)

    def _over_ends(self, interpreter: Interpreter, inner: Term, order: int) -> list[Ball]:
        model = interpreter.model
        variances = [model.value(c.cov[0][0]) for c in model.law.components]
        line = EndIntegrand(interpreter, LineRing(), inner, order)
        bounds = line.components((Line([arb(0), arb(1)]),))
        means = [m[0] for m in model.means]
        integrand, known = self._integrand("X0", lambda n: EndIntegrand(interpreter, AcbRing(), inner, n), inner, order)
        return self._integrals(model.weights, means, variances, bounds, integrand, known, order)

    def _kept(
        self,
        over: str,
        integral: Callable[[Interpreter, Term, int], list[Ball]],
        interpreter: Interpreter,
        inner: Term,
        order: int,
    ) -> Any:
        """The integral, done once for every numeric factor of its term; never kept where an operator is tapped."""
        if interpreter.taps:
            return _nested(integral(interpreter, inner, order), inner.rank, 1)
        factor, core = stripped(inner)

        def compute() -> tuple[list[Ball], int]:
            before = self.counter.count
            return integral(interpreter, core, order), self.counter.count - before

        key = key_of(interpreter, over, core, order, self.bits, self.limit, precision())
        before = self.counter.count
        entries, evaluations = kept(key, compute)
        self.counter.count = before + evaluations
        return _nested([ball(factor) * v for v in entries], inner.rank, 1)

    def over_both(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """Not available: raises Unsupported."""
        raise Unsupported("a posterior average of a function of X0 that is no polynomial, for a law with a density")

    @staticmethod
    def _one_dimension(interpreter: Interpreter) -> None:
        if interpreter.law.D != 1:
            raise Unsupported("a rigorous integral in more than one dimension")

    def _integrals(
        self,
        weights: Sequence[Ball],
        means: Sequence[Ball],
        variances: Sequence[Ball],
        bounds: Sequence[Any],
        integrand: Callable[[Sequence[Any]], Any],
        known: dict[Any, Any],
        order: int,
    ) -> list[Ball]:
        goal = arb(2) ** (-self.bits)
        reach, columns = arb(2 * self.bits).sqrt() + 3, list(zip(*(entries_of(b) for b in bounds), strict=True))
        for _ in range(8):
            distances = [(reach * v.sqrt()).upper() for v in variances]
            tails = [_tail(column, weights, means, variances, distances, order) for column in columns]
            if all(t < goal for t in tails):
                break
            reach = reach * arb(1.3)
        # outside these intervals x is far from every mean: there each component's own tail bounds its share
        intervals = _merged([((m - c).lower(), (m + c).upper()) for m, c in zip(means, distances, strict=True)])

        def at(index: int) -> Ball:
            def function(z: Any, analytic: bool) -> Any:
                key = (complex_key(z), analytic)
                if key not in known:
                    integrand.ring.analytic = analytic  # type: ignore[attr-defined]
                    known[key] = entries_of(integrand((z,)))
                return known[key][index][order]

            pieces = (integrate(function, low, high, self.bits, self.counter, self.limit) for low, high in intervals)
            return widened(sum(pieces, arb(0)), tails[index])

        return [at(index) for index in range(len(tails))]


def _merged(intervals: Sequence[tuple[Ball, Ball]]) -> list[tuple[Ball, Ball]]:
    """The union of intervals with exact ends, as disjoint intervals in order."""
    merged: list[tuple[Ball, Ball]] = []
    for low, high in sorted(intervals, key=lambda ends: lower(ends[0])):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], merged[-1][1] if merged[-1][1] >= high else high)
        else:
            merged.append((low, high))
    return merged


def _nested(entries: Sequence[Any], rank: int, D: int) -> Any:
    """Entries in order, nested by rank."""
    if rank == 0:
        return entries[0]
    size = len(entries) // D
    return tuple(_nested(entries[i * size : (i + 1) * size], rank - 1, D) for i in range(D))


def entries_of(value: Any) -> list[Any]:
    """The entries of a nested tuple, in order."""
    return [v for entry in value for v in entries_of(entry)] if isinstance(value, tuple) else [value]


def _tail(
    jets: Sequence[Any],
    weights: Sequence[Ball],
    means: Sequence[Ball],
    variances: Sequence[Ball],
    distances: Sequence[Ball],
    order: int,
) -> Ball:
    result = arb(0)
    for jet, w, m, v, distance in zip(jets, weights, means, variances, distances, strict=True):
        value = jet.at(order)
        if value is not None:
            coefficients = value.c if isinstance(value, Line) else [value]
            result = result + w * tail_beyond(coefficients, m, v, distance)
    return result


def ball_interpreter(
    law: Law,
    germ: Germ,
    *,
    bits: int,
    symbols: Sequence[tuple[str, Scalar]] = (),
    fields: Mapping[str, Term] | None = None,
    limit: int = 0,
    plane_goal: float = 0.0,
) -> Interpreter:
    """The interpreter over real balls whose averages are rigorous integrals with a goal of ``bits`` bits."""
    averager = SplitAverager(BallIntegrator(bits, limit, plane_goal))
    return Interpreter(ArbRing(), law, germ, symbols=symbols, fields=fields, averager=averager)
