"""Numbers over a whole range of noise levels: exact Taylor coefficients at the centre, remainder in wide balls.

Plain evaluation on a wide ball of sigma explodes. So each average A(t) is written about the centre c of the range as
A_0 + .. + A_(n-1) (t - c)^(n-1) + A_n(xi) (t - c)^n: the first coefficients at the exact centre (rigorous integrals),
the last over the whole range, crudely: X_t = alpha m_k + s_k eps is followed along fixed eps, so that the Gaussian
weight does not depend on the noise level, and the integral over eps is a sum of values on cells times cell masses.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import comb
from typing import Any

from numerics.averages import SplitAverager, constant_in_time
from numerics.balls import ArbRing, Ball, arb, ball, hull, natural_power, sign
from numerics.evaluate import Interpreter, plan
from numerics.evaluate.reading import Reading, map_value
from numerics.integrals import BallIntegrator
from numerics.rings import NumberRing, Unsupported, total
from numerics.tails import Line, LineRing, gaussian_tail, widened
from theory import jets
from theory.jets import Jet, space
from theory.language.instances import Germ, Law, Scalar
from theory.language.terms import Term, X, walk

_CUT = Fraction(17, 2)
_STEP = Fraction(1, 8)


Process = Callable[[Any], Germ]
"""The germ of a process at a noise level sigma. It is called with Fractions, and with balls for ranges of levels (the
entries of that germ are then balls), so it may only use arithmetic on its argument."""


class CellIntegrator:
    """Crude rigorous averages over a wide germ, along fixed eps (one dimension)."""

    def __init__(self, step: Fraction = _STEP) -> None:
        self.step = step
        root = arb(2).sqrt()
        count = int(2 * _CUT / step)
        edges = [-_CUT + i * step for i in range(count + 1)]
        erf = [(ball(e) / root).erf() / 2 for e in edges]
        self.cells = [(hull(edges[i], edges[i + 1]), erf[i + 1] - erf[i]) for i in range(count)]

    def over_x(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """sum_k w_k E[inner | Z = k, eps] over eps, by cells."""
        model = interpreter.model
        if model.D != 1:
            raise Unsupported("ranges of noise levels in more than one dimension")
        if any(node.op in ("dt", "at") for node in walk(inner)):
            raise Unsupported("a time derivative inside an average, over a range of noise levels")
        orders, top_x, top_t = plan(inner, 0, order)
        shape, top = space(1, 0, order), (top_x, max(top_t, order))
        alpha = model.schedule("alpha", order)
        values = []
        for k in range(model.K):
            spread = jets.sqrt(model.covariance(k, order)[0][0], interpreter.ring)
            centre = alpha.scaled(model.means[k][0])

            def along(eps: Any, ring: NumberRing, k: int = k, spread: Jet = spread, centre: Jet = centre) -> Any:
                path = centre + spread.scaled(eps)
                motion = (Jet(path.space, [None, *path.c[1:]]),)
                reader = interpreter.over(ring)
                reading = Reading(reader, ring, orders, top, (path.head,), None, None, motion=motion)
                return map_value(lambda jet: jet.at(order), reading.by_component(inner, shape)[k])

            values.append(map_value(lambda v, w=model.weights[k]: v * w, self._integral(along)))
        return map_value(lambda *entries: total(entries), *values)

    def _integral(self, along: Callable[[Any, NumberRing], Any]) -> Any:
        ring = ArbRing()
        pieces = [
            map_value(lambda v, m=mass: arb(0) if v is None else v * m, along(cell, ring)) for cell, mass in self.cells
        ]
        bound = along(Line([arb(0), arb(1)]), LineRing())
        body = map_value(lambda *entries: total(entries), *pieces)

        def close(value: Ball, outside: Any) -> Ball:
            if outside is None:
                return value
            coefficients = outside.c if isinstance(outside, Line) else [outside]
            return widened(value, gaussian_tail(coefficients, arb(0), arb(1), ball(_CUT)))

        return map_value(close, body, bound)

    def over_ends(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """Not available: raises Unsupported."""
        raise Unsupported("an average over X0 alone, over a range of noise levels, for a law with a density")

    def over_both(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """Not available: raises Unsupported."""
        raise Unsupported("a double integral over a range of noise levels")


class _Taylor:
    """Averages about an exact centre: the coefficients there, and bounds of the next one over the whole range."""

    def __init__(self, centre: Interpreter, parts: list[tuple[Ball, Interpreter]], order: int, step: Fraction) -> None:
        self.centre, self.parts, self.order = centre, parts, order
        self.crude = SplitAverager(CellIntegrator(step))
        self._known: dict[Term, list[Any]] = {}

    def coefficients(self, inner: Term) -> list[Any]:
        """A_0 .. A_(n-1) at the centre and A_n over the range (the hull over its parts)."""
        if inner not in self._known:
            exact = [self.centre.average(inner, i) for i in range(self.order - 1, -1, -1)][::-1]
            bounds = [self.crude.average(part, inner, self.order) for _, part in self.parts]

            def join(*entries: Ball) -> Ball:
                result = entries[0]
                for value in entries[1:]:
                    result = result.union(value)
                return result

            self._known[inner] = [*exact, map_value(join, *bounds)]
        return self._known[inner]


class RangeAverager:
    """Averages over a part of the range, ``shift`` from its centre, as Taylor polynomials with remainder."""

    def __init__(self, taylor: Callable[[], _Taylor], shift: Ball) -> None:
        self.taylor, self.shift = taylor, shift

    def average(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """The coefficient of t^order of E[inner], valid on the whole part."""
        taylor = self.taylor()
        if order >= taylor.order or (X not in inner.free and constant_in_time(inner, order)):
            return taylor.crude.average(interpreter, inner, order)

        def polynomial(*entries: Ball) -> Ball:
            powers = ((i, natural_power(self.shift, i - order)) for i in range(order, len(entries)))
            return sum((comb(i, order) * entries[i] * power for i, power in powers), arb(0))

        return map_value(polynomial, *taylor.coefficients(inner))


def range_interpreter(
    law: Law,
    process: Process,
    low: Fraction,
    high: Fraction,
    *,
    order: int = 6,
    bits: int = 30,
    parts: int = 1,
    symbols: tuple[tuple[str, Scalar], ...] = (),
    step: Fraction = _STEP,
) -> Interpreter:
    """The interpreter over real balls for all noise levels of [low, high]; numbers come out as balls over the range.

    ``order`` is that of the remainder, ``bits`` the accuracy of the coefficients at the centre; the remainder is the
    hull of its values over ``parts`` equal parts of the range.
    """
    middle, width = (low + high) / 2, (high - low) / parts
    exact = Interpreter(ArbRing(), law, process(middle), symbols=symbols, averager=SplitAverager(BallIntegrator(bits)))
    # t - t_centre = (sigma - centre) / sigma'(some level in between): the shift in the germ's own clock
    speed = Interpreter(ArbRing(), law, process(hull(low, high))).model.schedule("sigma", 1).at(1)
    if not sign(speed):
        raise Unsupported("sigma is not monotone in time over the range")
    pieces: list[tuple[Ball, Interpreter]] = []
    taylor = _Taylor(exact, pieces, order, step)

    def reader(left: Fraction, right: Fraction) -> Interpreter:
        germ = process(hull(left, right))
        averager = RangeAverager(lambda: taylor, hull(left - middle, right - middle) / speed)
        return Interpreter(ArbRing(), law, germ, symbols=symbols, averager=averager)

    for i in range(parts):
        left, right = low + i * width, low + (i + 1) * width
        pieces.append((hull(left, right), reader(left, right)))
    return reader(low, high)
