"""Targets come from a route without paths; here they are held against closed forms and each other."""

from __future__ import annotations

import math

import numpy as np
import pytest

from numerics.functionals import PathDivergence
from numerics.mixtures import Mixture
from numerics.observables.divergence import endpoint_divergence
from numerics.observables.entropies import PHI, H, mean_entropy, variance
from numerics.observables.fields import BALANCE, DIVERGENCE, FIELDS, SCORE2, X2, X_SCORE, field_named
from numerics.observables.targets import NoTargetError, distribution, expectation, moments


def line(weights, means, sds):
    return Mixture(tuple(weights), tuple((float(m),) for m in means), tuple(((float(s) ** 2,),) for s in sds))


TWO = line((0.5, 0.5), (-1, 1), (0, 0))
MIX3 = line((0.3, 0.45, 0.25), (-2, 0.5, 2), (0.15, 0.3, 0.2))
PLANE = Mixture((0.4, 0.6), ((1.0, 0.0), (-1.0, 0.5)), (((0.2, 0.1), (0.1, 0.3)), ((0.1, 0.0), (0.0, 0.1))))


def test_two_deltas_at_the_critical_noise_have_the_published_variances():
    # sigma = 1; 30-digit quadrature of the closed forms
    assert variance(TWO, PHI, 1.0) == pytest.approx(0.316945645065947672, rel=1e-10)
    assert variance(TWO, H, 1.0) == pytest.approx(0.0508573174613909492, rel=1e-10)
    mmse = expectation(TWO, 1.0, lambda p, y, e: p.covariance(y, e)[0, 0])
    assert mmse == pytest.approx(0.44959950920667283, rel=1e-10)


@pytest.mark.parametrize("data", [TWO, MIX3, PLANE])
def test_quadrature_agrees_with_what_is_known_exactly(data):
    for eta in (0.3, 7.0):
        for field in (X2, X_SCORE, BALANCE):
            assert expectation(data, eta, field.read) == pytest.approx(field.known(data, eta), abs=1e-7)
        assert SCORE2.target(data, eta) == pytest.approx(-DIVERGENCE.target(data, eta), rel=1e-7)


@pytest.mark.parametrize("data", [TWO, MIX3])
def test_the_path_divergence_is_the_integral_of_the_distance_of_the_drifts(data):
    other = line((0.5, 0.5), (-1.2, 0.9), (0.3, 0.3))
    rate = PathDivergence(other)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    etas = 2.0 * (nodes + 1)
    total = sum(2.0 * w * expectation(data, float(e), rate.running) for e, w in zip(etas, weights))
    assert endpoint_divergence(data, other, 4.0) == pytest.approx(total, rel=1e-6)


def test_the_entropy_at_no_signal_is_that_of_the_weights():
    assert mean_entropy(MIX3, 0.0) == pytest.approx(mean_entropy(MIX3, 1e-9), rel=1e-6)
    assert mean_entropy(TWO, 0.0) == pytest.approx(math.log(2))


def test_the_distribution_function_is_that_of_draws():
    y = np.linspace(-3, 3, 7)[:, None]
    draws = MIX3.sample(200_000, np.random.default_rng(3))[:, 0] * 1.5 + math.sqrt(1.5) * np.random.default_rng(
        4
    ).standard_normal(200_000)
    seen = (draws[None, :] <= y).mean(axis=1)
    assert np.abs(seen - distribution(MIX3, 1.5, y)).max() < 5 * 0.5 / math.sqrt(200_000)


def test_moments_of_the_data():
    mean, spread = moments(TWO)
    assert (mean, spread) == ((0.0,), 1.0)


def test_no_target_is_an_error_with_the_reason():
    cube = Mixture((1.0,), ((0.0, 0.0, 0.0),), (((0.0,) * 3,) * 3,))
    with pytest.raises(NoTargetError, match="3 dimensions"):
        expectation(cube, 1.0, SCORE2.read)
    with pytest.raises(NoTargetError, match="did not settle"):
        expectation(TWO, 1.0, lambda p, y, e: (y[:, 0] > 0.1234).astype(float))
    with pytest.raises(NoTargetError, match="a point"):
        expectation(TWO, 0.0, SCORE2.read)


def test_fields_are_found_by_name_and_keep_their_bounds():
    with pytest.raises(ValueError, match="there are x"):
        field_named("colour")
    y = np.linspace(-40, 40, 101)[:, None]
    from numerics.sde.posterior import Posterior

    for field in FIELDS:
        if field.bounds is not None:
            values = field(Posterior(MIX3), y, 5.0)
            assert (values >= field.bounds[0]).all()
            assert (values <= field.bounds[1]).all()
