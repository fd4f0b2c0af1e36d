"""Integrals on the line by the trapezoidal rule in balls, for any term whose bound on a strip can be read.

The strip comes from :mod:`numerics.zero_free`, the bounds from :mod:`numerics.strips`, the rule and its error from
:mod:`numerics.trapezoid`, the points from a :class:`numerics.tapes.Tape`. Whether that is cheaper than ``acb.integral``
is predicted from the number of points; the figures are from T1, T2, T3 and mixtures of five at sigma from 5 to 1/20.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from typing import Any

from numerics.balls import AcbRing, ArbRing, Ball, arb
from numerics.evaluate import Interpreter
from numerics.kept_integrals import key_of
from numerics.rings import NumberRing, Unsupported
from numerics.strips import StripRing
from numerics.tapes import Node, Tape, TapeRing
from numerics.trapezoid import Peaks, Rule, errors_of, make_rule, summed
from numerics.zero_free import zero_free_strip

Rows = list[list[Any]]
"""For every entry of the integrand its coefficients in t."""
_MOST_STRIPS = 1024
_strips: dict[tuple[Any, ...], tuple[Ball, Ball] | None] = {}


class Source:
    """An integrand of one real variable, read by ``rows(ring, order)(x)``; ``bounds(ring, order)`` by component.

    ``bounds`` gives for every entry the coefficient of t^order of each component. Evaluations are shared by all orders
    up to ``order``.
    """

    def __init__(
        self,
        order: int,
        rows: Callable[[NumberRing, int], Callable[[Any], Rows]],
        bounds: Callable[[NumberRing, Any, int], list[list[Any]]],
        *,
        taped: bool,
    ) -> None:
        self.order, self._rows, self._bounds = order, rows, bounds
        self.known: dict[Any, Rows] = {}
        """Rows at complex balls, by their keys."""
        self.complex = AcbRing()
        self._real = ArbRing()
        self._tapes: dict[bool, Tape | None] = {}
        self._plain: dict[bool, Callable[[Any], Rows]] = {}
        self._taped = taped
        self._sums: list[tuple[Rule, StripRing, Rows]] = []

    def at(self, x: Any, *, real: bool) -> Rows:
        """The rows at a point, over real or ``complex`` balls."""
        tape, ring = self._tape(real), self._real if real else self.complex
        if tape is None:
            if real not in self._plain:
                self._plain[real] = self._rows(ring, self.order)
            return self._plain[real](x)
        flat, size = tape.run(ring, x), self.order + 1
        return [flat[i : i + size] for i in range(0, len(flat), size)]

    def _tape(self, real: bool) -> Tape | None:
        if real not in self._tapes:
            self._tapes[real] = None
            if self._taped:
                with suppress(Unsupported):  # two mixtures on one tape: then the interpreter reads every point
                    self._tapes[real] = Tape(self._written, _largest if real else _largest_real)
        return self._tapes[real]

    def _written(self, ring: TapeRing, point: Node) -> list[Any]:
        return [value for row in self._rows(ring, self.order)(point) for value in row]

    def bounds(self, ring: StripRing, order: int) -> list[list[Any]]:
        """The bounds on a strip."""
        return self._bounds(ring, ring.variable(), order)

    def trapezoid(
        self, interpreter: Interpreter, over: str, kinds: Sequence[int], peaks: Peaks, order: int, bits: int, limit: int
    ) -> tuple[list[Ball], int]:
        """(integrals of the coefficients of t^order, evaluations). Raises Unsupported: no bound, or not cheaper."""
        for rule, ring, rows in self._sums:
            errors = errors_of(peaks, rule.width, rule.step, rule.distances, self.bounds(ring, order))
            if all(e < arb(2) ** -bits for e in errors):
                return _widened(rows, errors, order), 0
        ring = _ring(interpreter, over, kinds, peaks, bits)
        rule = make_rule(peaks, ring.width, self.bounds(ring, order), bits)
        if rule.points > _other_cost(peaks, bits) or 0 < limit < rule.points:
            raise Unsupported("acb.integral is cheaper")
        flat = summed(rule, lambda x: [value for row in self.at(x, real=True) for value in row])
        size = self.order + 1
        rows = [flat[i : i + size] for i in range(0, len(flat), size)]
        if not all(row[order].is_finite() for row in rows):
            raise Unsupported("the integrand is not finite at a point of the rule")
        self._sums.append((rule, ring, rows))
        return _widened(rows, rule.errors, order), rule.points


def _widened(rows: Rows, errors: Sequence[Ball], order: int) -> list[Ball]:
    return [row[order] + arb(0, e) for row, e in zip(rows, errors, strict=True)]


def _largest(values: Sequence[Any]) -> int:
    return max(range(len(values)), key=lambda k: values[k].mid())


def _largest_real(values: Sequence[Any]) -> int:
    return max(range(len(values)), key=lambda k: values[k].real.mid())


def _ring(interpreter: Interpreter, over: str, kinds: Sequence[int], peaks: Peaks, bits: int) -> StripRing:
    """The bounds of the widest useful strip: exp(a^2/2v) should not outweigh the accuracy that is wanted."""
    floor = Fraction(3, 20) if bits < 150 else Fraction(1, 20)
    key = key_of(interpreter, "strip", over, floor)
    if key is not None and key in _strips:
        strip = _strips[key]
    else:
        strip = _strip(kinds, peaks, floor)
        if key is not None:
            if len(_strips) >= _MOST_STRIPS:
                _strips.clear()
            _strips[key] = strip
    if strip is None:
        raise Unsupported("no strip without zeros of the density could be verified")
    width, constant = strip
    least = min(float(v.lower()) for v in peaks.variances)
    if not 0 < least < math.inf:
        raise Unsupported("a variance that may vanish")
    useful = arb(math.sqrt(2 * least * (bits * math.log(2) + 10)))
    width = width if width < useful else useful
    half = width * width / 2
    top = sum(
        (w * (half / v).exp() / (2 * arb.pi() * v).sqrt() for w, v in zip(peaks.weights, peaks.variances, strict=True)),
        arb(0),
    )
    return StripRing(width, constant, top.upper().log())


def _strip(kinds: Sequence[int], peaks: Peaks, floor: Fraction) -> tuple[Ball, Ball] | None:
    """The wider of what the closed form and boxes give; None if neither does."""
    found = []
    for by_boxes in (False, True) if len(set(kinds)) == 1 and len(kinds) > 2 else (False,):
        with suppress(Unsupported):
            found.append(
                zero_free_strip(
                    peaks.weights, peaks.means, peaks.variances, kinds=kinds, floor=floor, by_boxes=by_boxes
                )
            )
    return max(found, key=lambda strip: strip[0].mid(), default=None)


def _other_cost(peaks: Peaks, bits: int) -> float:
    """What ``acb.integral`` is predicted to cost, in points of the trapezoidal rule.

    A cluster takes some 3 bits evaluations, each twice as dear as one in real balls.
    """
    places = sorted((float(m.mid()), float(v.mid()) ** 0.5) for m, v in zip(peaks.means, peaks.variances, strict=True))
    clusters: int = 1 + sum(b - a > 1.5 * max(s, t) for (a, s), (b, t) in pairwise(places))
    return bits * (2 + 5.5 * clusters)


__all__ = ["Source"]
