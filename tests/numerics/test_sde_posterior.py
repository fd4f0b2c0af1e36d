"""The posterior in localisation coordinates against the noised mixture, finite differences and its own identities."""

import math

import numpy as np
import pytest

from numerics.mixtures import Mixture
from numerics.sde.posterior import Posterior


def random_mixture(D, K, seed, kind):
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(K, 3.0))
    covs = []
    for k in range(K):
        root = rng.standard_normal((D, max(1, D - k if kind == "rank" else D))) * 0.4
        full = {
            "full": root @ root.T,
            "rank": root @ root.T,
            "scalar": 0.1 * (k + 1) * np.eye(D),
            "zero": 0 * np.eye(D),
        }
        covs.append(full[kind] if kind != "mixed" else [full["full"], full["zero"], full["scalar"]][k % 3])
    nested = tuple(tuple(tuple(row) for row in cov.tolist()) for cov in covs)
    return Mixture(tuple(weights.tolist()), tuple(tuple(m) for m in rng.standard_normal((K, D)).tolist()), nested)


CASES = [
    ("full", 1, 1), ("scalar", 1, 2), ("zero", 1, 2), ("mixed", 1, 3), ("full", 2, 1), ("full", 2, 3), ("rank", 2, 2),
    ("mixed", 2, 3), ("zero", 2, 2), ("full", 8, 2), ("rank", 8, 3), ("mixed", 8, 3), ("scalar", 8, 2),
]  # fmt: skip
LAWS = {f"{kind}, {K} in R^{D}": random_mixture(D, K, 7 * D + K, kind) for kind, D, K in CASES}
every_law = pytest.mark.parametrize("data", LAWS.values(), ids=LAWS)


def channel(data, eta, count=40, seed=0):
    rng = np.random.default_rng(seed)
    return eta * data.sample(count, rng) + math.sqrt(eta) * rng.standard_normal((count, data.D))


@every_law
@pytest.mark.parametrize("eta", [0.05, 50.0])
def test_posterior_agrees_with_the_noised_mixture(data, eta):
    y, posterior = channel(data, eta), Posterior(data)
    for alpha in (1.0, 0.6):
        sigma = alpha / math.sqrt(eta)
        x, noisy = y * sigma**2 / alpha, data.noised(alpha, sigma)
        assert posterior.mean(y, eta) == pytest.approx((x + sigma**2 * noisy.score(x)) / alpha, rel=1e-9, abs=1e-9)
        assert posterior.responsibilities(y, eta) == pytest.approx(noisy.responsibilities(x), abs=1e-10)
    noisy = data.noised(1.0, eta**-0.5)
    assert posterior.score(y, eta) == pytest.approx(noisy.score(y / eta), rel=1e-7, abs=1e-7 * math.sqrt(eta))
    assert posterior.log_density(y, eta) == pytest.approx(noisy.log_density(y / eta), rel=1e-10, abs=1e-9)
    logs = posterior.log_responsibilities(y, eta)
    assert np.exp(logs) == pytest.approx(posterior.responsibilities(y, eta), abs=1e-12)
    assert posterior.class_entropy(y, eta) == pytest.approx(-(np.exp(logs) * logs).sum(axis=0), abs=1e-12)


@every_law
def test_mean_and_covariance_are_derivatives_of_the_log_evidence(data):
    # grad log E exp(y.X - eta|X|^2/2) = D, its Hessian Cov, and d/d eta = -E|X|^2/2.
    eta, h, posterior = 1.3, 1e-5, Posterior(data)
    y = channel(data, eta, 12)
    covariance = posterior.covariance(y, eta)
    for i in range(data.D):
        step = np.zeros(data.D)
        step[i] = h
        slope = (posterior.log_evidence(y + step, eta) - posterior.log_evidence(y - step, eta)) / (2 * h)
        assert posterior.mean(y, eta)[:, i] == pytest.approx(slope, abs=1e-8)
        bend = (posterior.mean(y + step, eta) - posterior.mean(y - step, eta)) / (2 * h)
        assert np.allclose(covariance[i].T, bend, rtol=0, atol=1e-8)
    second = np.einsum("iin->n", covariance) + (posterior.mean(y, eta) ** 2).sum(axis=1)
    slope = (posterior.log_evidence(y, eta + h) - posterior.log_evidence(y, eta - h)) / (2 * h)
    assert slope == pytest.approx(-second / 2, abs=1e-7)


@every_law
def test_at_the_origin_it_is_the_prior(data):
    posterior, zero = Posterior(data), np.zeros((2, data.D))
    weights, means = np.array(data.weights), np.array(data.means)
    mean = weights @ means
    spread = np.einsum("k,kij->ij", weights, np.array(data.covs)) + np.einsum("k,ki,kj->ij", weights, means, means)
    assert posterior.mean(zero, 0.0)[1] == pytest.approx(mean, abs=1e-14)
    assert posterior.covariance(zero, 0.0)[:, :, 0] == pytest.approx(spread - np.outer(mean, mean), abs=1e-13)
    assert posterior.responsibilities(zero, 0.0)[:, 0] == pytest.approx(weights, abs=1e-15)
    assert posterior.log_evidence(zero, 0.0) == pytest.approx([0, 0], abs=1e-14)


@every_law
@pytest.mark.parametrize("eta", [0.0, 1e-300, 1.0, 1e12])
def test_no_signal_to_noise_ratio_gives_nan(data, eta):
    posterior = Posterior(data)
    y = np.concatenate([channel(data, eta, 20), np.zeros((1, data.D)), np.full((1, data.D), -1e3 * max(eta, 1.0))])
    shares = posterior.responsibilities(y, eta)
    assert np.isfinite(shares).all()
    assert shares.sum(axis=0) == pytest.approx(np.ones(len(y)), abs=1e-12)
    covariance = posterior.covariance(y, eta)
    found = (posterior.mean(y, eta), posterior.log_evidence(y, eta), posterior.score(y, eta), covariance)
    assert all(np.isfinite(f).all() for f in found)
    assert (np.einsum("iin->in", covariance) >= 0).all()
    entropy = posterior.class_entropy(y, eta)
    assert (entropy >= 0).all()
    assert (entropy <= math.log(data.K) + 1e-12).all()
    if eta == 1e12:
        # almost all noise is gone: D = y/eta to 1e-6
        assert posterior.mean(y[:20], eta) == pytest.approx(y[:20] / eta, abs=1e-5)


@every_law
def test_bits_depend_neither_on_memory_order_nor_on_slicing(data):
    posterior, y = Posterior(data), channel(data, 3.0, 64)
    flat = np.asfortranarray(y)
    for f in (posterior.mean, posterior.log_evidence, posterior.score, posterior.class_entropy):
        whole = f(flat, 3.0)
        assert np.array_equal(whole, f(np.ascontiguousarray(y), 3.0))
        assert np.array_equal(np.concatenate([f(flat[:1], 3.0), f(flat[1:18], 3.0), f(flat[18:], 3.0)]), whole)
