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


def in_many_digits(data, y, eta):
    """(responsibilities, score, divergence, log density in the view alpha = 1) at one y on the line, from densities."""
    mp = pytest.importorskip("mpmath").mp.clone()
    mp.dps = 80
    x, noise = mp.mpf(y) / mp.mpf(eta), 1 / mp.mpf(eta)
    parts = []
    for w, (m,), ((c,),) in zip(data.weights, data.means, data.covs, strict=True):
        v = mp.mpf(c) + noise
        parts.append((mp.log(mp.mpf(w)) - mp.log(2 * mp.pi * v) / 2 - (x - mp.mpf(m)) ** 2 / v / 2, (m - x) / v, 1 / v))
    top = max(log for log, _, _ in parts)
    density = top + mp.log(mp.fsum(mp.exp(log - top) for log, _, _ in parts))
    shares = [mp.exp(log - density) for log, _, _ in parts]
    score = mp.fsum(r * s for r, (_, s, _) in zip(shares, parts, strict=True))
    divergence = mp.fsum(r * ((s - score) ** 2 - p) for r, (_, s, p) in zip(shares, parts, strict=True))
    return [float(r) for r in shares], float(score), float(divergence), float(density)


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
@pytest.mark.parametrize(("eta", "close"), [(3.0, 1e-9), (1e4, 1e-7), (1e12, 1e-3)])
def test_neither_an_offset_nor_little_noise_costs_digits(offset, eta, close):
    covs = ((1.0,),), ((4.0,),), ((0.0,),)
    data = Mixture((0.3, 0.6, 0.1), ((offset,), (offset + 1,), (offset + 2,)), covs)
    y = eta * (offset + np.array([0.3, 1.7, 2.0]))[:, None]
    # y itself is known to one unit of the last place of eta times the offset, against noise sqrt(eta)
    tolerance = 1e-11 if offset == 0 else close
    seen = Posterior(data)
    for i, point in enumerate(y[:, 0]):
        shares, score, divergence, density = in_many_digits(data, point, eta)
        assert seen.responsibilities(y, eta)[:, i] == pytest.approx(shares, abs=tolerance)
        assert np.exp(seen.log_responsibilities(y, eta)[:, i]) == pytest.approx(shares, abs=tolerance)
        assert seen.score(y, eta)[i, 0] == pytest.approx(score, rel=tolerance, abs=tolerance * math.sqrt(eta))
        assert seen.divergence(y, eta)[i] == pytest.approx(divergence, rel=tolerance, abs=tolerance * eta)
        assert seen.log_density(y, eta)[i] == pytest.approx(density, abs=tolerance)
        gauss = -(point**2) / eta / 2 + 0.5 * math.log(eta / (2 * math.pi))
        lost = 1e-15 * abs(gauss)
        assert seen.log_evidence(y, eta)[i] + gauss == pytest.approx(density, abs=tolerance + 8 * lost)


@every_law
@pytest.mark.parametrize("eta", [0.01, 1.0, 1e4])
def test_divergence_and_spread_between_components_are_parts_of_the_covariance(data, eta):
    y, seen = channel(data, eta), Posterior(data)
    trace = np.einsum("iin->n", seen.covariance(y, eta))
    assert seen.divergence(y, eta) == pytest.approx(eta * (eta * trace - data.D), rel=1e-9, abs=1e-10 * eta)
    weights = seen.responsibilities(y, eta)
    inner = [np.trace(np.linalg.solve(np.eye(data.D) + eta * np.array(c), np.array(c))) for c in data.covs]
    assert seen.between(y, eta) == pytest.approx(trace - np.einsum("k,kn->n", inner, weights), abs=1e-12)
