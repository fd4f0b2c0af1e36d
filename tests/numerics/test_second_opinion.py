"""mpmath beside the balls: agreement where they are right, conflict where a ball is moved."""

from __future__ import annotations

import pytest
from flint import arb

from numerics.balls import working
from numerics.compare import compare
from numerics.enclosures import enclose
from numerics.second_opinion import second_opinion
from theory.language.instances import STANDING
from theory.language.notation import *
from theory.language.statements import Eq

T3_AT, T1W_AT, T5_AT = STANDING


@pytest.mark.parametrize("instance", [T3_AT, T1W_AT], ids=lambda i: i.name)
@pytest.mark.parametrize("term", [H(Xt), d(H(X0 | Xt)), E(tr(Cov(X0 | x)))], ids=["H", "rate", "cov"])
def test_averages_agree(instance, term):
    found = enclose(term, instance, digits=12)
    assert second_opinion(term, instance, found.value, digits=12).outcome == "agrees"
    moved = found.value + arb(1e-9)
    assert second_opinion(term, instance, moved, digits=12).outcome == "conflict"


def test_fields_agree_in_the_plane():
    point = T5_AT.x[0]
    found = enclose(jac(s), T5_AT, x=point, digits=25)
    assert second_opinion(jac(s), T5_AT, found.value, x=point, digits=25).outcome == "agrees"
    with working(150):
        moved = tuple(tuple(v + arb(1e-20) for v in row) for row in found.value)
    assert second_opinion(jac(s), T5_AT, moved, x=point, digits=25).outcome == "conflict"


def test_no_opinion_where_mpmath_cannot():
    assert second_opinion(E(normsq(s)), T5_AT, arb(2), digits=10).outcome == "none"


def test_a_comparison_may_ask_for_it():
    rates = Eq(d(H(X0 | Xt)), g**2 / 2 * (D / sigma**2 + E(div(s))))
    assert compare(rates, T1W_AT, digits=12, opinion=True).outcome == "enclosed"
