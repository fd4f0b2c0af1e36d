"""Averages of averages: a posterior average inside an expectation has variables of its own."""

from fractions import Fraction as Q

import pytest

from numerics.balls import ball, radius
from numerics.enclosures import enclose
from numerics.gap import float_gap
from theory.language.instances import STANDING, STANDING_GERM, Germ, Instance, gaussian
from theory.language.notation import X0, Cov, E, dot, m, mmse, normsq, outer, post, tr, x
from theory.language.statements import Eq

GERM = Germ(Q(1, 4), Q(1, 4), (Q(0), Q(0)), (Q(1, 8), Q(0)))
TOWER = [
    Eq(E(post(normsq(X0 - m))), E(normsq(X0 - m))),
    Eq(E(tr(Cov(X0 | x))), mmse),
    Eq(E(post(dot(X0, x) * normsq(X0 - m))), E(dot(X0, x) * normsq(X0 - m))),
    Eq(E(post(normsq(X0) * normsq(post(X0 * normsq(X0))))), E(normsq(X0) * normsq(post(X0 * normsq(X0))))),
    Eq(E(post(outer(X0 - m, X0))), E(outer(X0 - m, X0 - m))),
]


@pytest.mark.parametrize("c2", [Q(1, 64), Q(1, 2), Q(9)])
def test_the_mean_posterior_covariance_of_a_gaussian(c2):
    exact = c2 * GERM.sigma**2 / (GERM.alpha**2 * c2 + GERM.sigma**2)
    found = enclose(E(tr(Cov(X0 | x))), Instance(gaussian(Q(1, 3), c2), GERM), digits=15).value
    assert found.overlaps(ball(exact))
    assert radius(found) < exact * Q(1, 10**14)


@pytest.mark.parametrize("rel", TOWER, ids=range(len(TOWER)))
@pytest.mark.parametrize(
    "instance",
    [
        *STANDING,
        Instance(gaussian(Q(1, 3), Q(1, 2)), STANDING_GERM, name="line"),
        Instance(gaussian((0, 1), ((1, Q(1, 2)), (Q(1, 2), 2))), STANDING_GERM, name="plane"),
    ],
    ids=lambda i: i.name,
)
def test_the_tower_property(rel, instance):
    assert float_gap(rel, instance) < 1e-11


def test_the_tower_property_in_balls():
    line = Instance(gaussian(Q(1, 3), Q(1, 2)), STANDING_GERM)
    for rel in TOWER[:4]:
        left, right = (enclose(side, line, digits=15).value for side in (rel.lhs, rel.rhs))
        assert left.overlaps(right)
        assert radius(left) < Q(1, 10**12)
