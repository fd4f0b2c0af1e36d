"""Jets against closed forms, over exact rationals and floats."""

from __future__ import annotations

import math
from fractions import Fraction as F

import pytest

from theory import jets
from theory.jets import Jet, space


class Rational:
    """Exact rationals; functions only where they are rational."""

    def exact(self, value):
        return F(value)

    def inv(self, value):
        return 1 / value

    def exp(self, value):
        assert value == 0
        return F(1)

    def log(self, value):
        assert value == 1
        return F(0)

    def sqrt(self, value):
        root = F(math.isqrt(value.numerator), math.isqrt(value.denominator))
        assert root * root == value
        return root

    def tanh(self, value):
        assert value == 0
        return F(0)


RING = Rational()


def variables(shape, x):
    return [Jet.variable(shape, F(v), i, F(1)) for i, v in enumerate(x)], Jet.variable(shape, F(0), None, F(1))


def coefficients(jet):
    return {m: v for m, v in zip(jet.space.monomials, jet.c) if v}


@pytest.mark.parametrize("D", [1, 2, 3])
def test_product_is_the_truncated_product(D):
    shape = space(D, 3, 2)
    (x, *_), t = variables(shape, [0] * D)
    square = (x + t) * (x + t) * (x + t)
    zeros = (0,) * (D - 1)
    assert coefficients(square) == {(0, (3, *zeros)): 1, (1, (2, *zeros)): 3, (2, (1, *zeros)): 3}  # t^3 is cut off


def test_exp_is_a_homomorphism_and_log_its_inverse():
    shape = space(2, 3, 2)
    (x, y), t = variables(shape, (0, 0))
    u, v = x * x + y.scaled(F(2, 3)) + t, x * y - t * x + y
    left = jets.exp(u, RING) * jets.exp(v, RING)
    assert coefficients(left) == coefficients(jets.exp(u + v, RING))
    assert coefficients(jets.log(left, RING)) == coefficients(u + v)


def test_exp_coefficients():
    (x,), _ = variables(space(1, 6, 0), (0,))
    assert list(jets.exp(x, RING).c) == [F(1, math.factorial(n)) for n in range(7)]


@pytest.mark.parametrize("exponent", [F(-3), F(-1), F(1, 2), F(-1, 2), F(3, 2), F(5)])
def test_powers_add_up(exponent):
    shape = space(2, 3, 1)
    (x, y), t = variables(shape, (2, 1))
    u = x * x + y * x.scaled(F(1, 2)) - t * y + Jet.constant(shape, F(4))
    assert u.head == 9
    inverse = jets.power(u, -exponent, RING)
    assert coefficients(jets.power(u, exponent, RING) * inverse) == {(0, (0, 0)): 1}
    if exponent.denominator == 2:
        root = jets.power(u, exponent, RING)
        assert coefficients(root * root) == coefficients(jets.power(u, 2 * exponent, RING))


def test_tanh_solves_its_equation():
    shape = space(1, 5, 2)
    (x,), t = variables(shape, (0,))
    y = jets.tanh(x + t * x + t, RING)
    one = Jet.constant(shape, F(1))
    slope = (one - y * y) * (one + t)
    lower = space(1, 4, 2)
    assert coefficients(y.derivative(0)) == coefficients(slope.into(lower))


def test_derivatives_commute_and_lower_the_order():
    shape = space(2, 3, 2)
    (x, y), t = variables(shape, (1, 2))
    u = jets.power(x * x + y + t, -1, RING)
    assert u.derivative(0).space is space(2, 2, 2)
    assert u.derivative(None).space is space(2, 3, 1)
    assert coefficients(u.derivative(0).derivative(1)) == coefficients(u.derivative(1).derivative(0))
    assert coefficients(u.derivative(0).derivative(None)) == coefficients(u.derivative(None).derivative(0))


def test_structural_zeros_stay():
    shape = space(1, 2, 1)
    constant = Jet.constant(shape, F(3))
    assert (constant * constant).c[1:] == [None] * (shape.size - 1)
    assert (constant - constant).head == 0
    assert constant.derivative(0).is_zero()


def test_log_of_nothing_is_refused():
    (x,), _ = variables(space(1, 2, 0), (0,))
    bare = Jet(x.space, [None, *x.c[1:]])
    with pytest.raises(ZeroDivisionError):
        jets.log(bare, RING)
    with pytest.raises(ZeroDivisionError):
        jets.power(bare, -1, RING)
