"""Rigorous values: published digits inside the ball, and the ball narrow; comparisons in all their outcomes."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from flint import arb

from numerics.balls import ball, decimal, radius, relative_digits
from numerics.compare import compare
from numerics.enclosures import FLOAT, RIGOROUS, enclose
from numerics.rings import Unsupported
from theory.language.instances import STANDING, T1, T1W, T2, T3, T5, Germ, Instance, gaussian, mixture
from theory.language.notation import *
from theory.language.statements import Chain, Eq, Exists, Ge, Gt, Iff, Le, Lt

T3_AT, T1W_AT, T5_AT = STANDING


def ve(sigma_):
    return Germ(F(1), F(sigma_), (F(0),), (2 * F(sigma_), F(2)), constant=True)


def holds(value, digits):
    """The digits (last one uncertain by one) and a radius below them."""
    wanted, unit = F(digits), F(1, 10 ** len(digits.partition(".")[2]))
    return abs(F(decimal(value, 40)[0]) - wanted) <= unit and radius(value) < unit


TWO_DELTAS = {
    "3/10": ("0.00124105674559578720", "0.00132407840011417787", "-10.9476446419612126", "0.0490399407449695508"),
    "1": ("0.356316360213113697", "0.449599509206672830", "-0.550400490793327170", "0.449599509206672830"),
    "3": ("0.640475543697284570", "0.899432607722930754", "-0.100007004842926781", "0.0333123188045529909"),
}


@pytest.mark.parametrize("sigma_", TWO_DELTAS)
def test_two_deltas(sigma_):
    instance = Instance(T1, ve(F(sigma_)))
    for term, digits in zip((H(X0 | Xt), mmse, E(div(s)), d(H(X0 | Xt), "sigma")), TWO_DELTAS[sigma_], strict=True):
        found = enclose(term, instance, digits=20)
        assert found.guarantee == RIGOROUS
        assert found.digits >= 20
        assert holds(found.value, digits)


def test_variances_of_the_two_deltas():
    instance = Instance(T1, ve(1))
    assert holds(enclose(Var(Phi), instance, digits=18).value, "0.316945645065947672")
    assert holds(enclose(Var(h), instance, digits=18).value, "0.0508573174613909492")


MIXTURES = [
    (T3, (F(1), F(1, 2)), ("1.59723656968024", "1.49794342510092", "0.156378535931193", "0.0738813995439143")),
    (T3, (F(3, 5), F(4, 5)), ("1.50831448491117", "0.863630583676593", "0.795158091461299", "0.366223343423637")),
    (T1W, (F(3, 5), F(4, 5)), ("1.34557801458648", "1.17854613302109", "0.436854177540452", "0.350619390842166")),
    (T2, (F(1), F(1)), ("1.81902465055349", "0.467994106476046", "0.532005893523954", "0.404632838868231")),
]


@pytest.mark.parametrize(("law", "levels", "digits"), MIXTURES, ids=lambda v: getattr(v, "name", ""))
def test_mixtures_on_the_line(law, levels, digits):
    instance = Instance(law, Germ(*levels, (F(0),), (F(1),)))
    for term, wanted in zip((H(Xt), E(normsq(s)), E(tr(Cov(X0 | x))), H(Z | Xt)), digits, strict=True):
        found = enclose(term, instance)
        assert found.guarantee == RIGOROUS
        assert holds(found.value, wanted)


def test_class_variances_of_a_mixture():
    instance = Instance(T3, Germ(F(3, 5), F(4, 5), (F(0),), (F(1),)))
    information = -log(P(Z | x))
    assert holds(enclose(Var(information), instance).value, "0.307802903631558")
    assert holds(enclose(Var(H(Z | x)), instance).value, "0.0529198427064673")


PLANE = {
    (F(1), F(1, 2)): ("3.025389423728", "2.960880701104", "0.314944956181", "0.172755638611"),
    (F(3, 5), F(4, 5)): ("2.931688776424", "1.901176894048", "1.392438733883", "0.635354469674"),
}


@pytest.mark.parametrize("levels", PLANE, ids=str)
def test_the_plane_to_many_digits(levels):
    instance = Instance(T5, Germ(*levels, (F(0),), (F(1),)))
    for term, wanted in zip((H(Xt), E(normsq(s)), E(tr(Cov(X0 | x))), H(Z | Xt)), PLANE[levels], strict=True):
        found = enclose(term, instance, digits=8)
        assert found.guarantee in (FLOAT, RIGOROUS)
        assert abs(float(found.value.mid()) - float(wanted)) < 1e-5 + float(found.value.rad())


def test_one_gaussian_is_exact_in_any_dimension():
    law = gaussian((0, 1), ((2, F(1, 2)), (F(1, 2), 1)))
    found = enclose(H(Xt), Instance(law, T5_AT.germ), digits=20)
    assert found.guarantee == RIGOROUS
    assert found.evaluations == 0
    assert found.digits >= 20
    found = enclose(E(outer(s, s)) + E(jac(s)), Instance(law, T5_AT.germ))
    assert all(v.contains(0) and v.rad() < 1e-20 for row in found.value for v in row)


def test_tiny_values_have_relative_digits():
    found = enclose(H(X0 | Xt), Instance(T1, ve(F(1, 10))), digits=15)
    assert relative_digits(found.value) >= 15
    assert 0 < found.value < 1e-20


def test_unsupported_is_said_not_guessed():
    with pytest.raises(Unsupported, match="free variable"):
        enclose(log(p), T3_AT)
    with pytest.raises(Unsupported):
        enclose(Var(Phi), T3_AT)
    assert compare(Eq(Var(Phi), 1), T3_AT).outcome == "unsupported"


B = d(H(X0 | Xt))
BANDWIDTH = g**2 / 2 * (D / sigma**2 + E(div(s)))


@pytest.mark.parametrize("instance", [T3_AT, T1W_AT], ids=lambda i: i.name)
def test_the_bandwidth_and_its_neighbours(instance):
    found = compare(Eq(B, BANDWIDTH), instance)
    assert found.outcome == "enclosed"
    assert found.digits >= 15
    for wrong in (g**2 / 2 * E(div(s)), g**2 * (D / sigma**2 + E(div(s))), g**2 / 2 * (D / sigma + E(div(s)))):
        assert compare(Eq(B, wrong), instance).outcome == "refuted"
    assert compare(Eq(B, BANDWIDTH + Q(1, 10**12)), instance).outcome == "refuted"


def test_second_derivatives_at_the_standing_germ():
    assert compare(Eq(dt(B), dt(BANDWIDTH)), T3_AT, digits=12).outcome == "enclosed"
    assert compare(Eq(dt(B), BANDWIDTH), T3_AT, digits=12).outcome == "refuted"


@pytest.mark.parametrize("instance", STANDING, ids=lambda i: i.name)
def test_the_score_hessian_at_every_point(instance):
    right = (alpha**2 * Cov(X0 | x) / sigma**2 - I) / sigma**2
    found = compare(Eq(jac(s), right), instance, digits=25)
    assert found.outcome == "enclosed"
    assert found.digits >= 25
    assert compare(Eq(jac(s), -right), instance).outcome == "refuted"
    assert compare(Eq(dt(p), -div(p * f) + g**2 / 2 * lap(p)), instance).outcome == "enclosed"


def test_dimension_shows_in_the_plane():
    wrong = (alpha**2 * tr(Cov(X0 | x)) / sigma**2 - 1) / sigma**2
    assert compare(Eq(div(s), wrong), T3_AT).outcome == "enclosed"  # D = 1 cannot see it
    assert compare(Eq(div(s), wrong), T5_AT).outcome == "refuted"


@pytest.mark.parametrize("instance", STANDING, ids=lambda i: i.name)
def test_drift_and_noise_given_the_end(instance):
    rate = g**2 * normsq(grad(log(P(X0 | x))))
    assert compare(Eq(drift(Phi, REVERSE_GIVEN_END), -rate / 2), instance).outcome == "enclosed"
    assert compare(Eq(drift(Phi, REVERSE_GIVEN_END), rate / 2), instance).outcome == "refuted"
    assert compare(Eq(drift(Phi, REVERSE), rate / 2), instance).outcome == "enclosed"


def test_inequalities_decide_by_sign():
    assert compare(Ge(B, 0), T3_AT).outcome == "enclosed"
    assert compare(Lt(B, 0), T3_AT).outcome == "refuted"
    assert compare(Le(E(normsq(s)), -E(div(s))), T1W_AT).outcome == "undecided"  # equal: balls cannot tell


def test_floats_never_refute():
    wrong = Eq(E(normsq(s)), E(normsq(s)) * Q(101, 100))
    found = enclose(wrong.rhs, T5_AT)
    outcome = compare(wrong, T5_AT).outcome
    assert outcome == ("refuted" if found.guarantee == RIGOROUS else "undecided")


def test_conditions_chains_existence():
    above, below = Instance(T1, ve(2)), Instance(T1, ve(F(1, 2)))
    statement = Iff(Gt(at(div(s), x=0), 0), Lt(sigma**2, 1 + 0 * alpha))
    wrong = Iff(Gt(at(div(s), x=0), 0), Lt(sigma**2, 9 + 0 * alpha))
    assert compare(statement, above).outcome == compare(statement, below).outcome == "enclosed"
    assert compare(wrong, above).outcome == "refuted"
    critical = Instance(T1, ve(1))
    assert compare(statement, critical).outcome == "undecided"
    chain_ = Chain((Eq(B, BANDWIDTH), Eq(BANDWIDTH, 2 * B)))
    found = compare(chain_, T3_AT)
    assert found.outcome == "refuted"
    assert found.detail.startswith("link 2")
    assert compare(Exists(T3_AT, Gt(B, 0)), T1W_AT).outcome == "enclosed"


def test_zero_against_zero():
    found = compare(Eq(E(s), origin), T3_AT)
    assert found.outcome == "enclosed"
    assert compare(Eq(grad(log(p)) - s, origin), T5_AT).outcome == "enclosed"


def test_an_enclosure_contains_its_refinement():
    coarse = enclose(H(Xt), T3_AT, digits=5).value
    fine = enclose(H(Xt), T3_AT, digits=30).value
    assert coarse.contains(fine)
    assert radius(fine) < F(1, 10**30) * 2
    assert ball(0) < coarse


def test_a_few_rigorous_digits_in_the_plane():
    found = enclose(E(div(s)), T5_AT, plane_digits=2)
    assert found.guarantee == RIGOROUS
    assert found.value.contains(arb("-1.901176894048"))
    assert found.value.rad() < 0.02
    wrong = Eq(E(div(s)), -Q(18, 10))
    assert compare(wrong, T5_AT, plane_digits=2).outcome == "refuted"
    assert compare(wrong, T5_AT).outcome == "undecided"


def test_narrow_components_far_apart():
    """General-purpose quadrature sees nothing here: two spikes of width 1/100, eighty apart."""
    spread = F(1, 100)
    law = mixture((F(1, 2), 40, spread**2), (F(1, 2), -40, spread**2))
    instance = Instance(law, Germ(F(1), F(1, 10**6), (F(0),), (F(1),)))
    found = enclose(H(Xt) - log(2 * pi * (1 + 0 * sigma)) / 2, instance, digits=12)
    apart = enclose(log(2 + 0 * sigma) + Q(1, 2) + log(spread**2 + sigma**2) / 2, instance, digits=20)
    assert found.digits >= 12
    assert abs(found.value - apart.value) < 1e-9
    assert found.evaluations < 2000


def test_the_bandwidth_far_below_the_noise():
    instance = Instance(T1, ve(F(1, 20)))
    found = enclose(d(H(X0 | Xt), "sigma^2"), instance, digits=15, zero_digits=150)
    assert found.digits >= 15
    assert decimal(found.value, 15)[0].startswith("6.916593277687")
    assert decimal(found.value, 15)[0].endswith("e-84")
