"""Rigorous values: integrals on the line with their tails, fields at points, and the precision to get there.

In one dimension every integral is ``acb.integral`` over [-L, L] plus a closed-form bound of what lies outside, so the
ball that comes out contains the value. In two dimensions fields at points are rigorous, averages are not (trapezoidal
rule in float64, two grids): the guarantee says which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from flint import arb

from numerics.averages import EndIntegrand, Integrand, SplitAverager
from numerics.balls import (
    AcbRing,
    ArbRing,
    Ball,
    Counter,
    ball,
    bits_of,
    complex_key,
    integrate,
    radius,
    relative_digits,
    working,
)
from numerics.evaluate import Interpreter, prepare
from numerics.evaluate_reading import map_value
from numerics.quadrature import Grid, float_interpreter
from numerics.rings import Unsupported
from numerics.tails import Line, LineRing, gaussian_tail, widened
from theory.language.instances import Germ, Instance, Law, LawError, Scalar
from theory.language.terms import Term, walk

RIGOROUS, FLOAT = "rigorous", "float"


class BallIntegrator:
    """Integrals on the line as balls; ``bits`` is the goal, absolute and relative, of each."""

    def __init__(self, bits: int, limit: int = 0) -> None:
        self.bits, self.limit = bits, limit
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
        self._one_dimension(interpreter)
        means = [model.schedule("alpha", 0).head * m[0] for m in model.means]
        variances = [model.covariance(k, 0)[0][0].head for k in range(model.K)]
        line = Integrand(interpreter, LineRing(), inner, order)
        bounds, reading = line.components((Line([arb(0), arb(1)]),))
        del reading
        integrand, known = self._integrand("x", lambda n: Integrand(interpreter, AcbRing(), inner, n), inner, order)
        return self._integrals(model.weights, means, variances, bounds, integrand, known, inner.rank, order)

    def over_ends(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """integral of p0(X0) inner dX0. Raises Unsupported as :meth:`over_x`."""
        model = interpreter.model
        self._one_dimension(interpreter)
        variances = [model.value(c.cov[0][0]) for c in model.law.components]
        line = EndIntegrand(interpreter, LineRing(), inner, order)
        bounds = line.components((Line([arb(0), arb(1)]),))
        means = [m[0] for m in model.means]
        integrand, known = self._integrand("X0", lambda n: EndIntegrand(interpreter, AcbRing(), inner, n), inner, order)
        return self._integrals(model.weights, means, variances, bounds, integrand, known, inner.rank, order)

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
        rank: int,
        order: int,
    ) -> Any:
        goal = arb(2) ** (-self.bits)
        reach, cut, tails = arb(2 * self.bits).sqrt() + 3, arb(0), None
        for _ in range(8):
            ends = (abs(m).upper() + reach * v.sqrt().upper() for m, v in zip(means, variances, strict=True))
            cut = max(end.upper() for end in ends)
            columns = zip(*(_flat(b) for b in bounds), strict=True)
            tails = [_tail(column, weights, means, variances, cut, order) for column in columns]
            if all(t < goal for t in tails):
                break
            reach = reach * arb(1.3)
        assert tails is not None

        def at(index: int) -> Ball:
            def function(z: Any, analytic: bool) -> Any:
                key = (complex_key(z), analytic)
                if key not in known:
                    integrand.ring.analytic = analytic  # type: ignore[attr-defined]
                    known[key] = _flat(integrand((z,)))
                return known[key][index][order]

            value = integrate(function, -cut, cut, self.bits, self.counter, self.limit)
            return widened(value, tails[index])

        values = [at(index) for index in range(len(tails))]
        return values[0] if rank == 0 else (values[0],) if rank == 1 else ((values[0],),)


def _flat(value: Any) -> list[Any]:
    """The entries of a nested tuple, in order."""
    return [v for entry in value for v in _flat(entry)] if isinstance(value, tuple) else [value]


def _tail(
    jets: Sequence[Any],
    weights: Sequence[Ball],
    means: Sequence[Ball],
    variances: Sequence[Ball],
    cut: Ball,
    order: int,
) -> Ball:
    result = arb(0)
    for jet, w, m, v in zip(jets, weights, means, variances, strict=True):
        value = jet.at(order)
        if value is not None:
            result = result + w * gaussian_tail(value.c if isinstance(value, Line) else [value], m, v, cut)
    return result


def ball_interpreter(
    law: Law,
    germ: Germ,
    *,
    bits: int,
    symbols: Sequence[tuple[str, Scalar]] = (),
    fields: Mapping[str, Term] | None = None,
    limit: int = 0,
) -> Interpreter:
    """The interpreter over real balls whose averages are rigorous integrals with a goal of ``bits`` bits."""
    averager = SplitAverager(BallIntegrator(bits, limit))
    return Interpreter(ArbRing(), law, germ, symbols=symbols, fields=fields, averager=averager)


@dataclass(frozen=True)
class Enclosure:
    """A value, nested by rank: real balls (``guarantee`` "rigorous") or balls around float64 results ("float").

    ``digits`` are the relative decimal digits of the worst entry; ``evaluations`` counts integrand evaluations.
    """

    value: Any
    guarantee: str
    method: str
    evaluations: int
    digits: int
    bits: int = field(default=53)


def has_average(term: Term) -> bool:
    """Whether E[.] occurs in the unfolded term."""
    return any(node.op == "E" for node in walk(prepare(term)))


def enclose(
    term: Term,
    instance: Instance,
    *,
    x: Sequence[Any] | None = None,
    X0: Sequence[Any] | None = None,
    Z: int | None = None,
    digits: int = 15,
    max_bits: int = 6000,
    limit: int = 0,
    fields: Mapping[str, Term] | None = None,
) -> Enclosure:
    """The value of ``term`` at an instance, to ``digits`` relative digits where the precision suffices.

    ``x``, ``X0`` are exact points (vectors), ``Z`` a label. The precision is raised until every entry has ``digits``
    relative digits or is exactly zero, or a radius below 10^-(4 digits) with zero inside (a value that is zero without
    being so by structure), or ``max_bits`` is reached: the ball tells. Raises Unsupported: forms without a rigorous
    bound, a missing free variable, too few derivatives in the germ.
    """
    prepared = prepare(term)
    if instance.law.D > 1 and has_average(term):
        try:
            return _rigorous(prepared, instance, x, X0, Z, digits, max_bits, limit, fields)
        except Unsupported:
            return _float(prepared, instance, x, X0, Z, fields)
    return _rigorous(prepared, instance, x, X0, Z, digits, max_bits, limit, fields)


def _rigorous(
    term: Term,
    instance: Instance,
    x: Sequence[Any] | None,
    X0: Sequence[Any] | None,
    Z: int | None,
    digits: int,
    max_bits: int,
    limit: int,
    fields: Mapping[str, Term] | None,
) -> Enclosure:
    goal = bits_of(digits) + 12
    evaluations = 0
    averages = any(node.op == "E" for node in walk(term))
    while True:
        bits = goal + 40 + goal // 8
        with working(bits):
            interpreter = ball_interpreter(
                instance.law, instance.germ, bits=goal, symbols=instance.symbols, fields=fields, limit=limit
            )
            value = _evaluate(interpreter, term, x, X0, Z)
            assert isinstance(interpreter.averager, SplitAverager)
            assert isinstance(interpreter.averager.integrator, BallIntegrator)
            evaluations += interpreter.averager.integrator.counter.count
        entries = _flat(value)
        reached = min(relative_digits(v) for v in entries)
        missing = max(_missing_bits(v, digits) for v in entries)
        if missing <= 0 or bits >= max_bits:
            method = "acb.integral with closed-form tails" if evaluations else "exact moments" if averages else "jets"
            return Enclosure(value, RIGOROUS, method, evaluations, reached, bits)
        goal = min(max(goal + missing + 8, goal + goal // 4), max(max_bits, goal + 1))


def _missing_bits(value: Ball, digits: int) -> int:
    """How many more bits are wanted; 0 or less is good enough."""
    if not value.is_finite():
        return 64
    half_width = radius(value)
    if half_width == 0:
        return 0
    if value.contains(0):
        small = Fraction(1, 10 ** (4 * digits))
        return 0 if half_width <= small else bits_of(digits) * 2
    reached = relative_digits(value)
    return 0 if reached >= digits else bits_of(digits - max(reached, 0)) + 2


def _evaluate(
    interpreter: Interpreter, term: Term, x: Sequence[Any] | None, X0: Sequence[Any] | None, Z: int | None
) -> Any:
    try:
        if not term.free:
            return interpreter.number(term)
        if x is None and "x" in term.free:
            raise Unsupported("no value for the free variable x")
        point = x if x is not None else [Fraction(0)] * interpreter.law.D
        return interpreter.field(term, point, X0, Z)
    except LawError as error:
        raise Unsupported(str(error)) from error


def _float(
    term: Term,
    instance: Instance,
    x: Sequence[Any] | None,
    X0: Sequence[Any] | None,
    Z: int | None,
    fields: Mapping[str, Term] | None,
) -> Enclosure:
    """Trapezoidal sums on two grids; the radius is their difference with a floor for rounding, no rigorous bound."""
    values = []
    for grid in (Grid(9.0, 0.35), Grid(9.5, 0.3)):
        interpreter = float_interpreter(
            instance.law, instance.germ, symbols=instance.symbols, fields=fields, grid=grid
        )
        point = None if x is None else [float(interpreter.element(v)) for v in x]
        values.append(_evaluate(interpreter, term, point, X0, Z))

    def around(coarse: float, fine: float) -> Ball:
        return arb(float(fine), 4 * abs(float(coarse) - float(fine)) + 1e-12 * (1 + abs(float(fine))))

    value = map_value(around, *values)
    reached = min(relative_digits(v) for v in _flat(value))
    return Enclosure(value, FLOAT, "trapezoidal rule in float64, two grids", 0, reached)


__all__ = ["FLOAT", "RIGOROUS", "BallIntegrator", "Enclosure", "ball", "ball_interpreter", "enclose", "has_average"]
