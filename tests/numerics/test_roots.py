"""Certified zeros: counts on both sides of a bifurcation, places, stability, honest refusal at it."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from numerics.balls import hull, radius
from numerics.rings import Unsupported
from numerics.roots import count_zeros
from theory.language.instances import STANDING_GERM, T1, T1W, T3, T4, T5, Germ, Instance, two_modes
from theory.language.notation import *


def ve(law, sigma_):
    return Instance(law, Germ(F(1), F(sigma_), (F(0),), (F(1),)))


@pytest.mark.parametrize(("law", "sigma_", "count"), [
    (T1, F(11, 10), 1), (T1, F(1001, 1000), 1), (T1, F(999, 1000), 3), (T1, F(1, 10), 3),
    (T1W, F(9, 10), 1), (T1W, F(1, 2), 3), (T3, F(1), 1), (T3, F(1, 2), 3), (T4, F(1, 10), 7), (T4, F(3, 2), 3),
])  # fmt: skip
def test_counts(law, sigma_, count):
    found = count_zeros(s, ve(law, sigma_))
    assert found.count == count
    assert [z.slope for z in found.zeros] == [-1, 1] * (count // 2) + [-1]
    assert all(radius(z.place) < F(1, 10**19) for z in found.zeros)


def test_known_place():
    found = count_zeros(s, ve(T1, F(1, 2)))
    assert hull(F("0.999325673015107"), F("0.999325673015109")).contains(found.zeros[2].place)
    assert found.zeros[1].place.contains(0)


def test_the_critical_value_is_left_open():
    found = count_zeros(s, ve(T1, 1), max_boxes=400)
    assert found.count is None
    assert all(low < F(1, 100) and high > F(-1, 100) for low, high in found.unresolved)


def test_symbols():
    law = two_modes(symbol("mu"), symbol("S"))
    values = (("mu", F(2)), ("S", F(1, 4)))
    assert count_zeros(s, Instance(law, STANDING_GERM, symbols=values)).count == 3
    values = (("mu", F(1)), ("S", F(1, 4)))
    assert count_zeros(s, Instance(law, STANDING_GERM, symbols=values)).count == 1


def test_within_an_interval():
    assert count_zeros(s, ve(T1, F(1, 2)), within=(F(1, 2), F(2))).count == 1
    assert count_zeros(s, ve(T1, F(1, 2)), within=(F(11, 10), F(2))).count == 0


def test_a_polynomial_field():
    y = coord(x, 1)
    found = count_zeros((y - 1) * (y + 2) * (y - Q(1, 3)), ve(T3, 1))
    assert found.count == 3
    assert found.zeros[0].place.contains(-2)
    double = count_zeros((y - 1) ** 2, ve(T3, 1), max_boxes=300)
    assert double.count is None  # a double zero is never certified


def test_the_plane_is_refused():
    with pytest.raises(Unsupported):
        count_zeros(s, Instance(T5, STANDING_GERM))
