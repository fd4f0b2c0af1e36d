"""Polynomial enclosures really bound what the interpreter evaluates, and tails bound integrals."""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pytest
from flint import arb

from numerics.averages import Integrand
from numerics.balls import ball, natural_power, working
from numerics.enclosures import ball_interpreter
from numerics.evaluate import prepare
from numerics.quadrature import float_interpreter
from numerics.rings import Unsupported
from numerics.tails import Line, LineRing, gaussian_tail, sign_beyond
from theory.language.instances import STANDING_GERM, T1W, T3
from theory.language.notation import *

FIELDS = (
    log(p), div(s), normsq(s), dt(log(p)), coord(m, 1), tr(Cov(X0 | x)), tanh(coord(x, 1)) * normsq(x), H(Z | x), p,
    coord(grad(div(s)), 1), dt(div(s)), post(log(k)),
)  # fmt: skip


@pytest.mark.parametrize("law", [T1W, T3], ids=lambda law: law.name)
@pytest.mark.parametrize("term", FIELDS, ids=str)
def test_the_polynomial_bounds_the_field_everywhere(law, term):
    with working(80):
        ring = LineRing()
        reader = ball_interpreter(law, STANDING_GERM, bits=40).over(ring)
        bound = reader.field(term, (Line([arb(0), arb(1)]),))
        coefficients = bound.c if isinstance(bound, Line) else [bound]
    points = np.concatenate([np.linspace(-6, 6, 41), [-300.0, -40.0, 40.0, 300.0]])
    values = float_interpreter(law, STANDING_GERM).field(term, (points,))
    for place, value in zip(points, values, strict=True):
        enclosure = sum((c * natural_power(ball(F(place)), i) for i, c in enumerate(coefficients)), arb(0))
        assert enclosure.overlaps(arb(float(value), 1e-9 * (1 + abs(float(value)))))


def test_gaussian_tails_bound_and_are_not_wasteful():
    mean, variance, cut = F(1, 2), F(1, 4), 3.0
    grid = np.linspace(cut, cut + 30, 400_001)
    for degree in range(5):
        coefficients = [ball(F(0))] * degree + [ball(F(-2))]
        bound = float(gaussian_tail(coefficients, ball(mean), ball(variance), ball(F(3))).upper())
        density = lambda y: np.exp(-((y - 0.5) ** 2) / 0.5) / np.sqrt(np.pi / 2)  # noqa: E731
        exact = sum(np.trapezoid(2 * grid**degree * density(v * grid), grid) for v in (1, -1))
        assert exact <= bound <= 40 * exact


def test_a_cut_inside_the_mean_is_refused():
    with pytest.raises(Unsupported):
        gaussian_tail([ball(1)], ball(2), ball(1), ball(1))


@pytest.mark.parametrize("term", [log(p), normsq(s), dt(log(p))], ids=str)
def test_a_short_range_plus_its_tail_contains_the_average(term):
    """Integrate over [-c, c] with c small: the tail bound must cover what is missing."""
    prepared = prepare(term)
    reader = float_interpreter(T3, STANDING_GERM)
    whole = reader.number(E(term))
    for cut in (F(2), F(3), F(4)):
        grid = np.linspace(-float(cut), float(cut), 20001)
        body = float(np.trapezoid(reader.field(term * p, (grid,)), grid))
        with working(80):
            exact = ball_interpreter(T3, STANDING_GERM, bits=40)
            bounds, _ = Integrand(exact, LineRing(), prepared, 0).components((Line([arb(0), arb(1)]),))
            model = exact.model
            alpha_, tail = model.schedule("alpha", 0).head, arb(0)
            for i, bound in enumerate(bounds):
                place, spread = alpha_ * model.means[i][0], model.covariance(i, 0)[0][0].head
                tail += model.weights[i] * gaussian_tail(bound.head.c, place, spread, ball(cut))
        assert abs(whole - body) <= float(tail.upper()) + 1e-9


def test_signs_far_out():
    line = Line([arb(5), arb(0, 1), arb(-1)])
    assert sign_beyond(line, F(4), 1) == -1
    assert sign_beyond(line, F(1), 1) is None
    odd = Line([arb(1), arb(2)])
    assert (sign_beyond(odd, F(1), 1), sign_beyond(odd, F(1), -1)) == (1, -1)
    assert sign_beyond(Line([arb(1), arb(0, 1)]), F(10), 1) is None


def test_a_growing_exponential_is_refused():
    ring = LineRing()
    with pytest.raises(Unsupported):
        ring.exp(Line([arb(0), arb(1)]))
    with pytest.raises(Unsupported):
        ring.inv(Line([arb(0), arb(1)]))
    value = ring.exp(Line([arb(1), arb(2), arb(-1)]))
    assert value.contains(arb(2).exp())
