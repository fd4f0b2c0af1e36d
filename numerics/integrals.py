"""Rigorous integrals on the line with closed-form tails, and over boxes in the plane on request.

On the line the trapezoidal rule with a bound on a strip (:mod:`numerics.strip_integrals`) where there is such a bound
and it is predicted to be cheaper, else ``acb.integral``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numerics.averages import EndIntegrand, Integrand, SplitAverager
from numerics.balls import ArbRing, Ball, Counter, arb, ball, complex_key, integrate, lower, precision
from numerics.boxes import over_plane
from numerics.evaluate import Interpreter
from numerics.kept_integrals import kept, key_of, stripped
from numerics.rings import NumberRing, Unsupported
from numerics.strip_integrals import Source
from numerics.tails import Line, LineRing, tail_beyond, widened
from numerics.trapezoid import Peaks
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
        self.trapezoids, self.adaptive = 0, 0
        """How many integrals on the line were done by the trapezoidal rule, and by ``acb.integral``."""
        self._sources: dict[tuple[str, Term], Source] = {}

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
        return self._on_line("x", Integrand, interpreter, inner, order, Peaks(model.weights, means, variances))

    def over_ends(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """integral of p0(X0) inner dX0. Raises Unsupported as :meth:`over_x`."""
        self._one_dimension(interpreter)
        return self._kept("X0", self._over_ends, interpreter, inner, order)

    def _over_ends(self, interpreter: Interpreter, inner: Term, order: int) -> list[Ball]:
        model = interpreter.model
        variances = [model.value(c.cov[0][0]) for c in model.law.components]
        peaks = Peaks(model.weights, [m[0] for m in model.means], variances)
        return self._on_line("X0", EndIntegrand, interpreter, inner, order, peaks)

    def _on_line(
        self,
        over: str,
        kind: type[Integrand] | type[EndIntegrand],
        interpreter: Interpreter,
        inner: Term,
        order: int,
        peaks: Peaks,
    ) -> list[Ball]:
        """The integrals of the coefficients of t^order, then the rule: 1 trapezoidal, 0 ``acb.integral``.

        Tapped operators have no strip.
        """

        def rows(ring: NumberRing, order: int) -> Callable[[Any], list[list[Any]]]:
            integrand = kind(interpreter, ring, inner, order)
            return lambda x: entries_of(integrand((x,)))

        def bounds(ring: NumberRing, x: Any, order: int) -> list[list[Any]]:
            found = kind(interpreter, ring, inner, order).components((x,))
            components = found[0] if isinstance(found, tuple) else found
            columns = zip(*(entries_of(value) for value in components), strict=True)
            return [[jet.at(order) for jet in column] for column in columns]

        source = self._sources.get((over, inner))
        if source is None or source.order < order:  # the integrand of at least this order: coefficients share it
            source = self._sources[over, inner] = Source(order, rows, bounds, taped=not interpreter.taps)
        if not interpreter.taps:
            covs = [c.cov for c in interpreter.law.components]
            kinds = [covs.index(cov) for cov in covs]
            try:
                values, evaluations = source.trapezoid(interpreter, over, kinds, peaks, order, self.bits, self.limit)
            except Unsupported:  # no bound on a strip, or more points than acb.integral is predicted to need
                pass
            else:
                self.counter.count += evaluations
                return [*values, arb(1)]
        return [*self._integrals(peaks, bounds(LineRing(), Line([arb(0), arb(1)]), order), source, order), arb(0)]

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
            return _nested(self._counted(integral(interpreter, inner, order)), inner.rank, 1)
        factor, core = stripped(inner)

        def compute() -> tuple[list[Ball], int]:
            before = self.counter.count
            return integral(interpreter, core, order), self.counter.count - before

        key = key_of(interpreter, over, core, order, self.bits, self.limit, precision())
        before = self.counter.count
        entries, evaluations = kept(key, compute)
        self.counter.count = before + evaluations
        return _nested([ball(factor) * v for v in self._counted(entries)], inner.rank, 1)

    def _counted(self, found: list[Ball]) -> list[Ball]:
        """Integrals without the rule that follows them, which is counted."""
        by_sum = bool(found[-1] > 0)
        self.trapezoids, self.adaptive = self.trapezoids + by_sum, self.adaptive + (not by_sum)
        return found[:-1]

    def over_both(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """Not available: raises Unsupported."""
        raise Unsupported("a posterior average of a function of X0 that is no polynomial, for a law with a density")

    @staticmethod
    def _one_dimension(interpreter: Interpreter) -> None:
        if interpreter.law.D != 1:
            raise Unsupported("a rigorous integral in more than one dimension")

    def _integrals(self, peaks: Peaks, bounds: list[list[Any]], source: Source, order: int) -> list[Ball]:
        """By ``acb.integral``, with the bounds of what lies outside the intervals."""
        goal, means, variances = arb(2) ** (-self.bits), peaks.means, peaks.variances
        reach = arb(2 * self.bits).sqrt() + 3
        for _ in range(8):
            distances = [(reach * v.sqrt()).upper() for v in variances]
            tails = [_tail(column, peaks, distances) for column in bounds]
            if all(t < goal for t in tails):
                break
            reach = reach * arb(1.3)
        # outside these intervals x is far from every mean: there each component's own tail bounds its share
        intervals = _merged([((m - c).lower(), (m + c).upper()) for m, c in zip(means, distances, strict=True)])
        ring, known = source.complex, source.known

        def at(index: int) -> Ball:
            def function(z: Any, analytic: bool) -> Any:
                key = (complex_key(z), analytic)
                if key not in known:
                    ring.analytic = analytic
                    known[key] = source.at(z, real=False)
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


def _tail(bounds: Sequence[Any], peaks: Peaks, distances: Sequence[Ball]) -> Ball:
    result = arb(0)
    for value, w, m, v, distance in zip(bounds, peaks.weights, peaks.means, peaks.variances, distances, strict=True):
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
