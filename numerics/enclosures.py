"""Rigorous values: integrals on the line with their tails, fields at points, and the precision to get there.

In one dimension every integral is a trapezoidal sum in balls with its error, or ``acb.integral`` over intervals, plus a
closed-form bound of what lies outside, so the ball that comes out contains the value. In two dimensions fields at
points are rigorous; averages are rigorous to a few digits on request (:mod:`numerics.boxes`), else float64 sums on two
grids: the guarantee says which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from numerics.averages import SplitAverager
from numerics.balls import Ball, arb, bits_of, radius, relative_digits, working
from numerics.evaluate import Interpreter, prepare, push_grad
from numerics.evaluate.reading import map_value
from numerics.integrals import BallIntegrator, ball_interpreter, entries_of
from numerics.quadrature import Grid, float_interpreter
from numerics.rings import Unsupported
from theory.language.instances import Instance, LawError
from theory.language.terms import Term, walk

RIGOROUS, FLOAT = "rigorous", "float"
ADAPTIVE, TRAPEZOIDAL = "acb.integral", "trapezoidal rule with a bound on a strip"
PLANE_METHOD = "Taylor polynomials on boxes, closed-form tails"


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
    plane_digits: int = 0,
    zero_digits: int = 0,
) -> Enclosure:
    """The value of ``term`` at an instance, to ``digits`` relative digits where the precision suffices.

    ``x``, ``X0`` are exact points (vectors), ``Z`` a label. The precision is raised until every entry has ``digits``
    relative digits or is exactly zero, or has zero inside and a radius below 10^-zero_digits (default: 4 digits; such
    a value is taken for a zero, so a tiny one needs more), or ``max_bits`` is reached: the ball tells. In two
    dimensions averages without closed form are float64 sums unless ``plane_digits`` (2 to 6, absolute, seconds each)
    asks for rigorous ones. Raises Unsupported: forms without a rigorous bound, a missing free variable, too few
    derivatives in the germ.
    """
    prepared = push_grad(prepare(term))
    if instance.law.D > 1 and has_average(term):
        try:
            return _rigorous(prepared, instance, x, X0, Z, digits, max_bits, limit, fields, zero_digits or 4 * digits)
        except Unsupported:
            if plane_digits:
                return _plane(prepared, instance, x, X0, Z, plane_digits, fields)
            return _float(prepared, instance, x, X0, Z, fields)
    return _rigorous(prepared, instance, x, X0, Z, digits, max_bits, limit, fields, zero_digits or 4 * digits)


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
    zero_digits: int,
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
        entries = entries_of(value)
        reached = min(relative_digits(v) for v in entries)
        missing = max(_missing_bits(v, digits, zero_digits) for v in entries)
        if missing <= 0 or bits >= max_bits:
            method = _method(interpreter.averager.integrator) or ("exact moments" if averages else "jets")
            return Enclosure(value, RIGOROUS, method, evaluations, reached, bits)
        goal = min(max(goal + missing + 8, goal + goal // 4), max(max_bits, goal + 1))


def _method(integrator: BallIntegrator) -> str:
    """The rules that did the integrals on the line; empty if there were none."""
    rules = [TRAPEZOIDAL] * bool(integrator.trapezoids) + [ADAPTIVE] * bool(integrator.adaptive)
    return " and ".join(rules) + " with closed-form tails" if rules else ""


def _plane(
    term: Term,
    instance: Instance,
    x: Sequence[Any] | None,
    X0: Sequence[Any] | None,
    Z: int | None,
    digits: int,
    fields: Mapping[str, Term] | None,
) -> Enclosure:
    """One pass over boxes: a few rigorous digits of an average over the plane."""
    with working(64):
        interpreter = ball_interpreter(
            instance.law, instance.germ, bits=50, symbols=instance.symbols, fields=fields, plane_goal=10.0**-digits / 2
        )
        value = _evaluate(interpreter, term, x, X0, Z)
    assert isinstance(interpreter.averager, SplitAverager)
    assert isinstance(interpreter.averager.integrator, BallIntegrator)
    evaluations = interpreter.averager.integrator.counter.count
    reached = min(relative_digits(v) for v in entries_of(value))
    return Enclosure(value, RIGOROUS, PLANE_METHOD, evaluations, reached, 64)


def _missing_bits(value: Ball, digits: int, zero_digits: int) -> int:
    """How many more bits are wanted; 0 or less is good enough."""
    if not value.is_finite():
        return 64
    half_width = radius(value)
    if half_width == 0:
        return 0
    if value.contains(0):
        small = Fraction(1, 10**zero_digits)
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
        interpreter = float_interpreter(instance.law, instance.germ, symbols=instance.symbols, fields=fields, grid=grid)
        point = None if x is None else [float(interpreter.element(v)) for v in x]
        values.append(_evaluate(interpreter, term, point, X0, Z))

    def around(coarse: float, fine: float) -> Ball:
        return arb(float(fine), 4 * abs(float(coarse) - float(fine)) + 1e-12 * (1 + abs(float(fine))))

    value = map_value(around, *values)
    reached = min(relative_digits(v) for v in entries_of(value))
    return Enclosure(value, FLOAT, "trapezoidal rule in float64, two grids", 0, reached)


__all__ = ["FLOAT", "PLANE_METHOD", "RIGOROUS", "Enclosure", "ball_interpreter", "enclose", "has_average"]
