import numpy as np
import pytest

from numerics.mixtures import Mixture, choose, mixture_of
from theory.language.instances import T1W, T3, T5, LawError, gaussian, two_modes
from theory.language.notation import symbol

LAWS = [T1W, T3, T5]


def points(D, n=50, seed=0):
    return np.random.default_rng(seed).normal(scale=2, size=(n, D))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_score_is_the_gradient_of_the_log_density(law):
    noisy, x, h = mixture_of(law).noised(0.6, 0.8), points(law.D), 1e-5
    for i in range(law.D):
        shift = h * np.eye(law.D)[i]
        slope = (noisy.log_density(x + shift) - noisy.log_density(x - shift)) / (2 * h)
        np.testing.assert_allclose(noisy.score(x)[:, i], slope, atol=1e-8)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_log_density_is_that_of_the_gaussians(law):
    from scipy.stats import multivariate_normal

    x = points(law.D)
    p = sum(
        float(c.weight)
        * multivariate_normal(
            [0.6 * float(m) for m in c.mean],
            0.36 * np.array(c.cov, dtype=float) + 0.64 * np.eye(law.D),
        ).pdf(x)
        for c in law.components
    )
    np.testing.assert_allclose(mixture_of(law).noised(0.6, 0.8).log_density(x), np.log(p), rtol=1e-11)


def test_a_gaussian_in_closed_form():
    noisy = mixture_of(gaussian(2, 3)).noised(0.5, 2.0)
    x = points(1)
    np.testing.assert_allclose(noisy.score(x), -(x - 1) / (0.75 + 4))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_responsibilities_are_probabilities_and_give_the_score(law):
    noisy, x = mixture_of(law).noised(0.6, 0.3), points(law.D)
    r = noisy.responsibilities(x)
    assert r.shape == (law.K, 50)
    assert np.all(r >= 0)
    np.testing.assert_allclose(r.sum(axis=0), 1)
    inverses = [np.linalg.inv(0.36 * np.array(c.cov, dtype=float) + 0.09 * np.eye(law.D)) for c in law.components]
    pulls = [
        -(x - 0.6 * np.array(c.mean, dtype=float)) @ inverse
        for c, inverse in zip(law.components, inverses, strict=True)
    ]
    np.testing.assert_allclose(noisy.score(x), sum(rk[:, None] * q for rk, q in zip(r, pulls, strict=True)), atol=1e-10)


def test_small_noise_and_far_tails_stay_finite():
    noisy = mixture_of(T1W).noised(1.0, 1e-4)
    x = np.array([[0.0], [-1.0], [1e3], [-1e3], [0.5]])
    assert np.isfinite(noisy.score(x)).all()
    assert np.isfinite(noisy.log_density(x)).all()
    # The nearer atom rules: at the atom -1 the score vanishes.
    assert noisy.score(x)[1, 0] == 0


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_moments_of_samples(law):
    rng = np.random.default_rng(3)
    n = 200_000
    noisy = mixture_of(law).noised(0.6, 0.8)
    x0, x = noisy.sample(n, rng)
    mean = sum(float(c.weight) * np.array(c.mean, dtype=float) for c in law.components)
    second = sum(
        float(c.weight)
        * (np.array(c.cov, dtype=float) + np.outer(np.array(c.mean, dtype=float), np.array(c.mean, dtype=float)))
        for c in law.components
    )
    np.testing.assert_allclose(x0.mean(axis=0), mean, atol=0.02)
    np.testing.assert_allclose(x0.T @ x0 / n, second, atol=0.04)
    np.testing.assert_allclose(noisy.mean, 0.6 * mean, atol=1e-12)
    np.testing.assert_allclose(x.mean(axis=0), noisy.mean, atol=0.02)
    np.testing.assert_allclose(x.std(axis=0), noisy.sd, rtol=0.01)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_posterior_draws_restore_the_joint_law(law):
    # X0 | X_t redrawn: every joint moment of (X0, X_t) stays what it was.
    rng = np.random.default_rng(4)
    n = 200_000
    noisy = mixture_of(law).noised(0.6, 0.8)
    x0, x = noisy.sample(n, rng)
    again = noisy.posterior_sample(x, rng.random(n), rng.standard_normal(x.shape))
    turned = lambda u: u * u[:, ::-1]  # noqa: E731
    for f in (lambda u: u, lambda u: u * u, lambda u: u * x, lambda u: u * u * x, lambda u: u**3, turned):
        a, b = f(x0), f(again)
        tolerance = 5 * np.sqrt((a.var(axis=0) + b.var(axis=0)) / n)
        assert np.all(np.abs(a.mean(axis=0) - b.mean(axis=0)) < tolerance + 1e-12)


def test_choice_by_inversion_keeps_to_the_probabilities():
    p = np.array([[0.2], [0.5], [0.3]])
    u = np.linspace(0, 1, 1000, endpoint=False)
    labels = choose(np.broadcast_to(p, (3, 1000)), u)
    assert np.bincount(labels).tolist() == [200, 500, 300]


def test_symbols_are_refused():
    with pytest.raises(LawError, match="symbols"):
        mixture_of(two_modes(symbol("mu")))


def test_log_odds_form_agrees_with_the_general_one():
    two = Mixture((0.3, 0.7), ((-1.0,), (1.5,)), (((0.04,),), ((0.36,),)))
    three = Mixture((0.3, 0.35, 0.35), ((-1.0,), (1.5,), (1.5,)), (((0.04,),), ((0.36,),), ((0.36,),)))
    x = points(1)
    np.testing.assert_allclose(two.noised(0.6, 0.8).score(x), three.noised(0.6, 0.8).score(x), rtol=1e-12)
