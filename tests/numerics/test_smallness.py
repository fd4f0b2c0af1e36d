"""Small is not zero: exponentially small numbers are told apart, exact zeros stay zeros."""

from __future__ import annotations

import math
from fractions import Fraction as F

import pytest

from numerics.compare import compare
from numerics.enclosures import enclose
from numerics.smallness import small_digits
from theory.language.instances import STANDING, STANDING_GERM, T1, T1W, T3, Germ, Instance, deltas
from theory.language.notation import *
from theory.language.statements import Eq


def ve(level):
    return Germ(F(1), F(level), (F(0),), (F(1),), constant=True)


TINY = Instance(T1, ve(F(1, 25)), x=((F(3, 10),),))
"""Every average that vanishes with the overlap is below 10^-130 here."""


@pytest.mark.parametrize("statement", [Eq(mmse, 0), Eq(H(X0 | Xt), mmse)], ids=["zero", "each other"])
def test_exponentially_small_numbers_are_not_equal(statement):
    assert compare(statement, TINY).outcome == "refuted"


def test_small_posterior_covariances_are_not_zero():
    assert compare(Eq(tr(Cov(X0 | x)), 0), TINY).outcome == "refuted"
    assert compare(Eq(tr(Cov(X0 | x)), 2 * tr(Cov(X0 | x))), TINY).outcome == "refuted"


def test_beyond_the_digits_nothing_is_said():
    found = compare(Eq(mmse, 0), Instance(T1, ve(F(1, 200))))
    assert found.outcome == "undecided"
    assert "smaller than their balls" in found.detail


def test_zeros_stay_zeros():
    assert compare(Eq(E(s), 0), Instance(T1, ve(F(1, 10)))).outcome == "enclosed"
    assert compare(Eq(E(s), 0), STANDING[0]).outcome == "enclosed"


def test_the_scale_of_the_small_numbers():
    assert small_digits(Instance(T3, STANDING_GERM)) == 1
    assert small_digits(Instance(T1W, STANDING_GERM)) == 1
    # two atoms 50 standard deviations apart: exp(-50^2/8) = 10^-135.7, squared
    assert small_digits(TINY) == 272
    assert small_digits(Instance(deltas((0, 1)), ve(1)), (F(3),)) == 0


ZERO_INSIDE = [
    (E(s * 0), T3), (E(log(p) * log(wz) * 0), T3), (E(coord(grad(coord(X0, 1) + coord(X0, 1)), 1) * tanh(log(p))), T1W),
    (E(dt(coord(X0, 1) + coord(X0, 1))), T1W),
]  # fmt: skip


@pytest.mark.parametrize(("term", "law"), ZERO_INSIDE, ids=str)
def test_integrands_that_vanish_by_structure(term, law):
    value = enclose(term, Instance(law, STANDING_GERM)).value
    assert all(v == 0 for v in (value if isinstance(value, tuple) else (value,)))


def test_sums_in_the_end_point_alone():
    squares = enclose(E((log(wz) + coord(X0, 1)) ** 2 * 1), Instance(T1W, STANDING_GERM)).value
    by_hand = (math.log(0.2) - 1) ** 2 / 5 + (math.log(0.8) + 1) ** 2 * 4 / 5
    assert abs(float(squares.mid()) - by_hand) < 1e-13
