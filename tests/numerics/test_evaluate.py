"""The interpreter: definitions at points against independent formulas, over floats, balls and polynomials."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest

from numerics.balls import working
from numerics.enclosures import ball_interpreter
from numerics.evaluate import wire_tap
from numerics.quadrature import float_interpreter
from numerics.rings import Unsupported
from theory.language.instances import STANDING, STANDING_GERM, T1, T1W, T3, T5, Germ, LawError, gaussian, two_modes
from theory.language.notation import *

LAWS = (T1W, T3, T5)


def mixture_arrays(law, germ=STANDING_GERM):
    alpha, sigma = float(germ.alpha), float(germ.sigma)
    w = np.array([float(c.weight) for c in law.components])
    means = alpha * np.array([[float(v) for v in c.mean] for c in law.components])
    covs = np.array([[[float(v) for v in r] for r in c.cov] for c in law.components])
    return w, means, alpha**2 * covs + sigma**2 * np.eye(law.D), covs


def by_hand(law, point):
    """(log p, score, posterior mean, posterior covariance) at one point, by plain numpy."""
    w, means, total, covs = mixture_arrays(law)
    alpha = float(STANDING_GERM.alpha)
    inverse = np.linalg.inv(total)
    offset = point - means
    weights = w * np.exp(-0.5 * np.einsum("ki,kij,kj->k", offset, inverse, offset))
    weights /= np.sqrt(np.linalg.det(2 * np.pi * total))
    p = weights.sum()
    r = weights / p
    score = -np.einsum("k,kij,kj->i", r, inverse, offset)
    gain = alpha * np.einsum("kij,kjl->kil", covs, inverse)
    centre = means / alpha + np.einsum("kij,kj->ki", gain, offset)
    within = covs - alpha * np.einsum("kij,kjl->kil", gain, covs)
    mean = r @ centre
    cov = np.einsum("k,kij->ij", r, within + np.einsum("ki,kj->kij", centre - mean, centre - mean))
    return np.log(p), score, mean, cov


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_fields_against_plain_numpy(law):
    reader = float_interpreter(law, STANDING_GERM)
    points = np.random.default_rng(7).normal(size=(law.D, 20)) * 2
    x_ = tuple(points)
    log_p, score, mean, cov = (np.array(reader.field(t, x_)) for t in (log(p), s, m, Cov(X0 | x)))
    for i in range(20):
        expected = by_hand(law, points[:, i])
        assert log_p[i] == pytest.approx(expected[0], rel=1e-12)
        assert score[:, i] == pytest.approx(expected[1], rel=1e-11)
        assert mean[:, i] == pytest.approx(expected[2], rel=1e-11)
        assert cov[:, :, i] == pytest.approx(expected[3], rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_derivatives_against_differences(law):
    reader = float_interpreter(law, STANDING_GERM)
    point, step = [0.4, -0.7][: law.D], 1e-5
    for i in range(law.D):
        shifted = [[v + sign * step * (j == i) for j, v in enumerate(point)] for sign in (1, -1)]
        difference = []
        for term in (log(p), s):
            difference.append(np.subtract(*(reader.field(term, place) for place in shifted)) / (2 * step))
        assert reader.field(s, point)[i] == pytest.approx(float(difference[0]), rel=1e-8)
        jacobian = np.array(reader.field(jac(s), point))
        assert jacobian[:, i] == pytest.approx(difference[1], rel=1e-7)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_time_derivative_follows_the_schedule(law):
    # exact alpha and sigma of the process with constant a, g^2 a little later and earlier
    step, a_, g2 = 1e-5, float(STANDING_GERM.a[0]), float(STANDING_GERM.g2[0])
    values = []
    for h_ in (step, -step):
        alpha_ = 0.6 * np.exp(a_ * h_)
        variance = np.exp(2 * a_ * h_) * 0.64 + g2 * np.expm1(2 * a_ * h_) / (2 * a_)
        germ = Germ(F(alpha_), F(np.sqrt(variance)), STANDING_GERM.a, STANDING_GERM.g2)
        values.append(float(float_interpreter(law, germ).field(log(p), [0.4, -0.7][: law.D])))
    rate = float_interpreter(law, STANDING_GERM).field(dt(log(p)), [0.4, -0.7][: law.D])
    assert rate == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-7)


def test_second_time_derivatives_need_their_germ():
    reader = float_interpreter(T3, Germ(F(3, 5), F(4, 5), (F(-7, 20),), (F(9, 10),)))
    reader.field(dt(log(p)), (0.1,))
    with pytest.raises(LawError, match="derivatives"):
        reader.field(dt(dt(log(p))), (0.1,))
    constant = replace(reader.germ, constant=True)
    assert np.isfinite(float_interpreter(T3, constant).field(dt(dt(log(p))), (0.1,)))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_balls_contain_the_floats(law):
    x_, end = [F(1, 3), F(-3, 4)][: law.D], law.components[0].mean
    free_end = log(P(X0 | x))
    with working(120):
        exact = ball_interpreter(law, STANDING_GERM, bits=60)
        for term in (div(s), normsq(s), dt(log(p)), lap(p), tr(Cov(X0 | x)), H(Z | x)):
            value = exact.field(term, x_)
            assert value.rad() < 1e-25
            assert abs(float(value.mid()) - float(float_interpreter(law, STANDING_GERM).field(term, x_))) < 1e-11
        value = exact.field(free_end, x_, end)
        floats = float_interpreter(law, STANDING_GERM).field(free_end, x_, end)
        assert float(value.mid()) == pytest.approx(float(floats))


def test_far_out_nothing_underflows():
    reader = float_interpreter(T1W, STANDING_GERM)
    far = (np.array([-60.0, 60.0]),)
    assert np.all(np.isfinite(reader.field(log(p), far)))
    assert np.all(np.isfinite(reader.field(s, far)))
    probability = reader.field(P(X0 | x), far, (F(1),))
    assert probability[1] == pytest.approx(1)
    assert 0 <= probability[0] < 1e-20


def test_ends_and_labels_may_be_arrays():
    reader = float_interpreter(T1W, STANDING_GERM)
    x_, ends = (np.array([0.1, 0.2, 0.3]),), np.array([-1.0, 1.0, -1.0])
    values = reader.field(P(X0 | x), x_, (ends,))
    singly = [float(reader.field(P(X0 | x), (x_[0][i],), (F(int(ends[i])),))) for i in range(3)]
    assert values == pytest.approx(singly)
    assert reader.field(log(pz), x_, Z=np.array([0, 1, 0])).shape == (3,)
    with pytest.raises(Unsupported, match="atom"):
        reader.field(P(X0 | x), x_, (np.array([0.5, 1.0, 1.0]),))


def test_constants_are_spread_over_the_points():
    reader = float_interpreter(T1W, STANDING_GERM)
    assert reader.field(alpha**2 + 0 * coord(x, 1), (np.zeros(4),)).shape == (4,)
    assert reader.field(alpha, (np.zeros(4),)).shape == (4,)


def test_posterior_moments_of_one_gaussian():
    law = gaussian((0, 1), ((2, F(1, 2)), (F(1, 2), 1)))
    reader = float_interpreter(law, STANDING_GERM)
    point = (0.3, -0.4)
    cov = np.array(reader.field(Cov(X0 | x), point))
    mean = np.array(reader.field(m, point))
    fourth = reader.field(post(normsq(X0 - m) ** 2), point)
    assert fourth == pytest.approx(np.trace(cov) ** 2 + 2 * np.sum(cov**2))
    assert reader.field(post(normsq(X0)), point) == pytest.approx(np.trace(cov) + mean @ mean)


def test_missing_values_are_named():
    reader = float_interpreter(T3, STANDING_GERM)
    with pytest.raises(Unsupported, match="X0"):
        reader.field(log(P(X0 | x)), (0.1,))
    with pytest.raises(Unsupported, match="coordinates"):
        reader.field(log(p), (0.1, 0.2))
    with pytest.raises(Unsupported, match="mu"):
        float_interpreter(two_modes(symbol("mu"), 0), STANDING_GERM).field(log(p), (0.1,))
    with pytest.raises(Unsupported, match="atoms"):
        float_interpreter(T1, STANDING_GERM).field(log(pz) + log(P(X0 | x)), (0.1,), (F(1),), Z=0)


def test_symbols_and_irrational_germs():
    mu = symbol("mu")
    law, germ = two_modes(mu, 0), Germ(sqrt(1 - Q(1, 4) * mu), Q(1, 2), (F(0),), (F(1),))
    reader = float_interpreter(law, germ, symbols=(("mu", F(1)),))
    point, a_ = 0.3, np.sqrt(0.75)
    assert reader.field(s, (point,))[0] == pytest.approx((a_ * np.tanh(a_ * point * 4) - point) * 4)


TAPPABLE = {
    "log p": E(log(p)), "log kern": E(log(k)), "log p0": H(X0), "p": E(p), "post": E(normsq(m)),
    "log pz": H(Xt | Z), "log wz": H(Z), "kern": E(k), "p0": E(p0), "pz": E(pz), "wz": E(wz),
}  # fmt: skip


@pytest.mark.parametrize("name", TAPPABLE)
@pytest.mark.parametrize("law", [T1W, T3], ids=lambda law: law.name)
def test_every_operator_can_be_tapped(law, name):
    plain = float_interpreter(law, STANDING_GERM).number(TAPPABLE[name])
    tapped = float_interpreter(law, STANDING_GERM, taps={name: wire_tap()}).number(TAPPABLE[name])
    idle = float_interpreter(law, STANDING_GERM, taps={"nothing": wire_tap()}).number(TAPPABLE[name])
    assert abs(tapped - plain) > 1e-8 * abs(plain)
    assert idle == pytest.approx(plain, rel=1e-10)


@pytest.mark.parametrize("name", ["log p0", "log kern"])
@pytest.mark.parametrize("law", [T1W, T3], ids=lambda law: law.name)
def test_the_rate_formula_fails_when_one_side_is_tapped(law, name):
    lhs, rhs = d(H(X0 | Xt)), g**2 / 2 * (D / sigma**2 + E(div(s)))
    reader = float_interpreter(law, STANDING_GERM)
    assert reader.number(lhs) == pytest.approx(reader.number(rhs), rel=1e-11)
    wired = float_interpreter(law, STANDING_GERM, taps={name: wire_tap()})
    assert abs(wired.number(lhs) - wired.number(rhs)) > 1e-8


def test_no_fused_reading_bypasses_a_tap():
    taps = {"log p": wire_tap()}
    for law, where in ((T1W, {"X0": (F(1),)}), (T3, {"Z": 1})):
        term = -log(P(X0 | x)) if "X0" in where else -log(P(Z | x))
        plain = float(float_interpreter(law, STANDING_GERM).field(term, (0.7,), **where))
        tapped = float(float_interpreter(law, STANDING_GERM, taps=taps).field(term, (0.7,), **where))
        with working(100):
            balls_ = ball_interpreter(law, STANDING_GERM, bits=60)
            balls_.taps = dict(taps)
            assert float(balls_.field(term, (F(7, 10),), **where).mid()) == pytest.approx(tapped, rel=1e-13)
        assert abs(tapped - plain) > 1e-8


def test_standing_points_fit_the_standing_laws():
    for instance in STANDING:
        reader = float_interpreter(instance.law, instance.germ)
        for point in instance.x:
            assert np.isfinite(reader.field(log(p), point))
