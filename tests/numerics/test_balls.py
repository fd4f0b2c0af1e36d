"""Balls: three-valued comparison, exact ends, outward printing."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from flint import arb

from numerics import balls
from numerics.balls import ball, decimal, hull


def test_signs_are_three_valued():
    assert balls.sign(ball(F(1, 3))) == 1
    assert balls.sign(ball(F(-1, 3))) == -1
    assert balls.sign(ball(0)) == 0
    assert balls.sign(hull(F(-1), F(1))) is None


def test_disjoint_means_certainly_different():
    assert balls.disjoint(hull(F(0), F(1)), hull(F(2), F(3)))
    assert not balls.disjoint(hull(F(0), F(2)), hull(F(1), F(3)))
    assert not balls.disjoint(arb("nan"), ball(1))


@pytest.mark.parametrize("value", [F(1, 3), F(-22, 7), F(10**30, 7), F(1, 7 * 10**30), F(10**90, 3)])
def test_printing_encloses(value):
    with balls.working(80):
        inner = ball(value)
        for digits in (3, 10, 20):
            middle, half = (F(t) for t in decimal(inner, digits))
            assert middle - half <= balls.lower(inner)
            assert balls.upper(inner) <= middle + half
            assert half <= abs(value) * F(1, 10 ** (digits - 1))


def test_an_exact_zero_prints_as_zero():
    assert decimal(ball(0)) == ("0", "0")
    assert decimal(ball(F(5, 2)), 10) == ("2.5000000000"[:11], "0") or decimal(ball(F(5, 2)), 10)[1] == "0"


def test_swamped_digits_are_not_printed():
    middle, half = decimal(arb(1, 0.01), 20)
    assert len(middle) <= 6
    assert F(half) >= F(1, 100)


def test_digits():
    with balls.working(200):
        assert balls.relative_digits(arb(2, 1e-20)) == 20
        assert balls.absolute_digits(arb(2, 1.0001e-20)) == 19
        assert balls.relative_digits(arb(0, 1)) == -1


def test_powers_of_balls_around_zero_are_finite():
    square = balls.natural_power(hull(F(-1), F(2)), 2)
    assert square.is_finite()
    assert square.contains(4)
    assert square.contains(0)
