"""Known ways to simulate wrongly, each reproduced by hand, beside what the library does instead."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from numerics.mixtures import Mixture
from numerics.schedules import process_of
from numerics.sde.clocks import LogSigma
from numerics.sde.exact import forward_states, kernel_mean
from numerics.sde.grids import log_sigma, uniform
from numerics.sde.noise import draws
from numerics.sde.posterior import Posterior
from numerics.sde.problems import Clocked, Localised, ReverseSDE
from numerics.sde.schemes import EULER_MARUYAMA, EXPONENTIAL_EULER
from numerics.sequential import Outcome, asymptotic
from theory.processes.schedules import edm

TWO = Mixture((0.5, 0.5), ((1.0,), (-1.0,)), (((0.0,),),) * 2)
MIX3 = Mixture((0.3, 0.45, 0.25), ((-2.0,), (0.5,), (2.0,)), (((0.0225,),), ((0.09,),), ((0.04,),)))
EDM = process_of(edm())


def end(scheme, sde, grid, start, noises):
    *_, last = scheme.walk(sde, grid, start, noises)
    return last


# -- uniform time near sigma = 0 ---
def excess(steps, smallest, how):
    """rms(|x| - 1)/sigma of end states for atoms at +-1; 1 is right."""
    rng, n = np.random.default_rng(0), 2000
    x = TWO.noised(1.0, 5.0).sample(n, rng)[1]
    sde, grid = ReverseSDE(EDM, TWO), uniform(5.0, smallest, steps)
    if how == "log sigma":
        sde, grid = Clocked(sde, LogSigma(EDM)), log_sigma(5.0, smallest, steps)
    scheme = EXPONENTIAL_EULER if how == "exponential" else EULER_MARUYAMA
    x = end(scheme, sde, grid, x, draws("W", grid, n, 1, rng))
    return math.sqrt(((np.abs(x) - 1) ** 2).mean()) / smallest


def test_uniform_time_steps_over_the_end():
    # The last steps are longer than the time scale sigma^2/g^2 of the drift: no error of the score, only of the clock.
    assert excess(50, 0.01, "uniform") == pytest.approx(22, rel=0.1)
    assert excess(200, 0.01, "uniform") == pytest.approx(4.8, rel=0.1)
    assert excess(50, 0.001, "uniform") > 200


def test_log_sigma_and_exponential_steps_do_not():
    for smallest in (0.01, 0.001):
        assert excess(50, smallest, "log sigma") == pytest.approx(1.08, abs=0.06)
        assert excess(50, smallest, "exponential") == pytest.approx(1, abs=0.06)


# -- a Gaussian guessed for the terminal law ---
def divergence(sigma, mean, variance):
    """KL of the law at noise level sigma from a Gaussian, by quadrature."""
    noisy = MIX3.noised(1.0, sigma)
    reach = 12 * math.sqrt(sigma**2 + 4)

    def rate(x):
        p = float(noisy.log_density(np.array([[x]]))[0])
        q = -0.5 * (x - mean) ** 2 / variance - 0.5 * math.log(2 * math.pi * variance)
        return math.exp(p) * (p - q)

    return quad(rate, -reach, reach, epsabs=1e-15, epsrel=1e-10, limit=400)[0]


def test_a_gaussian_start_is_off_and_the_origin_is_exact():
    for sigma, expected in ((5, 2.4e-3), (20, 2.8e-5), (80, 1.25e-6)):
        assert divergence(sigma, 0.0, sigma**2) == pytest.approx(expected, rel=0.05)
    mean = 0.45 * 0.5 + 0.25 * 2 - 0.3 * 2
    spread = 0.3 * (4 + 0.0225) + 0.45 * (0.25 + 0.09) + 0.25 * (4 + 0.04) - mean**2
    assert divergence(5, mean, 25 + spread) == pytest.approx(7.4e-6, rel=0.05)
    # y = 0 at eta = 0: the law of y relative to N(0, eta) is exp(log_evidence), and there it is 1 whatever the data
    posterior = Posterior(MIX3)
    assert float(posterior.log_evidence(np.zeros((1, 1)), 0.0)[0]) == pytest.approx(0, abs=1e-15)
    small = 1e-10
    y = np.linspace(-6, 6, 9)[:, None] * math.sqrt(small)
    assert np.abs(posterior.log_evidence(y, small)).max() < 1e-4


# -- densities written as plain exponentials ---
def plain_score(x, sigma):
    """The textbook formula for atoms at +-1, without logarithms."""
    left, right = np.exp(-((x + 1) ** 2) / (2 * sigma**2)), np.exp(-((x - 1) ** 2) / (2 * sigma**2))
    return ((-1 - x) * left + (1 - x) * right) / (left + right) / sigma**2


def test_plain_exponentials_give_nan_and_the_natural_form_does_not():
    with np.errstate(all="ignore"):
        assert np.isnan(plain_score(np.array([0.0]), 0.02)).all()
        assert np.isnan(plain_score(np.array([0.5]), 0.01)).all()
    points = np.array([[0.0], [0.5], [1.0], [-3.0]])
    for sigma in (0.02, 1e-3, 1e-8, 1e-76, 1e-150):
        eta = 1 / sigma**2
        mean = Posterior(TWO).mean(points * eta, eta)
        assert mean[:, 0] == pytest.approx([0, 1, 1, -1], abs=1e-15)
        score = TWO.noised(1.0, sigma).score(points)
        assert np.isfinite(score).all()
        assert score * sigma**2 == pytest.approx(mean - points, rel=1e-9, abs=1e-12)


# -- a rare event makes normal theory overconfident ---
def test_an_average_ruled_by_a_rare_event_stays_undecided():
    # E H(X_0|y) of two atoms at sigma = 1/5: few paths carry it. Plain intervals miss; the guard decides nothing.
    eta, posterior = 25.0, Posterior(TWO)

    def rate(v):
        y = np.array([[eta + math.sqrt(eta) * v]])
        return math.exp(-v * v / 2) / math.sqrt(2 * math.pi) * float(posterior.class_entropy(y, eta)[0])

    exact = quad(rate, -12, 12, points=[-5.0], epsabs=0, epsrel=1e-9)[0]
    missed, outcomes = 0, set()
    for run in range(60):
        _, (y,) = forward_states(TWO, (eta,), 4000, np.random.default_rng(run))
        h = posterior.class_entropy(y, eta)
        difference, sd = float(h.mean()) - exact, float(h.std())
        missed += abs(difference) > 3.3 * sd / math.sqrt(len(h))  # one in a thousand, says normal theory
        effective = float(h.sum() ** 2 / (h**2).sum())
        decision = asymptotic(difference, sd, len(h), effective, bias=0, margin=1e-3 * exact, share=1e-6, tuned=4000)
        outcomes.add(decision.outcome)
        assert "rare event" in decision.reason
    assert missed >= 20
    assert outcomes == {Outcome.UNDECIDED}


def test_the_same_average_is_carried_by_many_paths_before_the_decision():
    _, (y,) = forward_states(TWO, (1.0,), 4000, np.random.default_rng(0))
    h = Posterior(TWO).class_entropy(y, 1.0)
    assert float(h.sum() ** 2 / (h**2).sum()) > 2000


# -- a likelihood ratio of discretised densities is no e-value ---
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(80)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def wager(h, null, eta=1.0):
    """E[p_1/p_0] over the exact transition from eta to eta + h, with p_1 the Euler kernel of twice the drift."""
    total = 0.0
    for sign in (-1.0, 1.0):
        y = (sign * eta + math.sqrt(eta) * NODES)[:, None]
        D, shares = Posterior(TWO).mean(y, eta)[:, 0], Posterior(TWO).responsibilities(y, eta)
        for share, x in zip(shares, (1.0, -1.0), strict=True):
            z = h * x + math.sqrt(h) * NODES[:, None]
            above = -((z - 2 * h * D) ** 2) / (2 * h)
            if null == "euler":
                below = -((z - h * D) ** 2) / (2 * h)
            else:
                parts = [s * np.exp(-((z - h * a) ** 2) / (2 * h)) for s, a in zip(shares, (1.0, -1.0), strict=True)]
                below = np.log(sum(parts))
            total += 0.5 * (WEIGHTS @ (share * (WEIGHTS @ np.exp(above - below))))
    return total


def test_a_discretised_null_does_not_bound_the_mean_of_the_ratio():
    # An e-value has mean at most 1 under the null. Under the exact law the Euler ratio has more, by an amount that
    # moves with the step; with the exact kernel below the line the mean is 1 at any step.
    means = [wager(h, "euler") for h in (0.25, 0.5, 1.0)]
    assert 1.002 < means[0] < means[1] < means[2]
    assert means[2] > 1.04
    for h in (0.25, 0.5, 1.0):
        assert wager(h, "exact") == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("steps", [1, 4])
def test_regression_on_the_exact_kernel_mean_does_not_see_the_step(steps):
    rng, n = np.random.default_rng(1), 60_000
    etas = tuple(np.linspace(1, 3, steps + 1))
    _, states = forward_states(TWO, etas, n, rng)
    product = square = 0.0
    for i in range(steps):
        pull = kernel_mean(TWO, states[i], etas[i], etas[i + 1]) - states[i]
        product, square = product + (pull * (states[i + 1] - states[i])).sum(), square + (pull**2).sum()
    assert product / square == pytest.approx(1, abs=0.02)


# -- single precision and uncentred data ---
def test_single_precision_costs_eps_over_sigma():
    for sigma, floor in ((1e-2, 2e-7), (1e-3, 2e-6)):
        x = 1 + sigma * np.linspace(-2, 2, 41)
        exact = (1 - x) / sigma
        single = ((np.float32(1) - x.astype(np.float32)) / np.float32(sigma)).astype(float)
        assert np.abs(single - exact).max() > floor
        ours = sigma * TWO.noised(1.0, sigma).score(x[:, None])[:, 0]
        assert np.abs(ours - exact).max() < 1e-15 / sigma


def test_states_are_double_precision_whatever_the_start():
    grid = uniform(0.0, 1.0, 3)
    start = np.zeros((5, 1), dtype=np.float32)
    states = list(EULER_MARUYAMA.walk(Localised(TWO), grid, start, draws("W", grid, 5, 1, np.random.default_rng(0))))
    assert all(x.dtype == np.float64 for x in states[1:])


def test_data_far_from_the_origin_lose_digits_of_the_score():
    # D - x cancels: a mean of 1000 at sigma = 1/1000 costs about six digits more than centred data.
    sigma = 1.1e-3
    eta = 1 / sigma**2
    noise = np.linspace(-2, 2, 41)[:, None]
    losses = []
    for mean in (0.0, 1000.1):
        atom = Mixture((1.0,), ((mean,),), (((0.0,),),))
        y = eta * mean + math.sqrt(eta) * noise
        losses.append(np.abs(Posterior(atom).score(y, eta) * sigma + noise).max())
    assert losses[0] < 1e-14
    assert 1e-12 < losses[1] < 1e-9
