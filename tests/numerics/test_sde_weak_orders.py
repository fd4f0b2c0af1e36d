"""Weak orders, measured without sampling: the law of a scheme by backward quadrature, or by its sensitivities."""

import dataclasses
import math
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from scipy.interpolate import make_interp_spline

from numerics.mixtures import Mixture
from numerics.schedules import VE_PROCESS, VP_PROCESS
from numerics.sde.clocks import LogSigma
from numerics.sde.grids import Grid, information_grid, log_sigma, log_snr, uniform
from numerics.sde.noise import Noise
from numerics.sde.posterior import Posterior
from numerics.sde.problems import Clocked, ForwardSDE, Localised, ReverseSDE, UserSDE
from numerics.sde.schemes import EXPONENTIAL_EULER, ONE_EVALUATION, SCHEMES, SRA_1, STOCHASTIC_HEUN

TWO = Mixture((0.5, 0.5), ((1.0,), (-1.0,)), (((0.0,),),) * 2)
MIX3 = Mixture((0.3, 0.45, 0.25), ((-2.0,), (0.5,), (2.0,)), (((0.0225,),), ((0.09,),), ((0.04,),)))
FREE = [s for s in SCHEMES if s is not EXPONENTIAL_EULER]
"""Schemes for any drift."""
NORMALS, WEIGHTS = np.polynomial.hermite_e.hermegauss(11)
AREAS, AREA_WEIGHTS = np.polynomial.hermite_e.hermegauss(4)


def variates(needs, width):
    """(W, second, weight) of a quadrature rule for the noise of one step."""
    seconds = {
        "W": ([0.0], [1.0]), "W,sign": ([-1.0, 1.0], [0.5, 0.5]),
        "W,H": (AREAS * math.sqrt(width / 12), AREA_WEIGHTS / AREA_WEIGHTS.sum()),
    }[needs]  # fmt: skip
    W, second = np.meshgrid(NORMALS * math.sqrt(width), seconds[0], indexing="ij")
    return W.ravel(), second.ravel(), np.outer(WEIGHTS / WEIGHTS.sum(), seconds[1]).ravel()


class Remembering:
    """An SDE whose first drift is given and whose last one is kept: the memory of a two-step scheme, laid open."""

    def __init__(self, sde, given):
        self.sde, self.given, self.last = sde, given, None
        self.diffusion = sde.diffusion

    def drift(self, x, s):
        if self.given is not None:
            self.last, self.given = self.given, None
        else:
            self.last = self.sde.drift(x, s)
        return self.last


def law(scheme, sde, grid, observables, start, reach, knots=201, memory=8):
    """E of each column of observables(X) at the end of ``grid``, under the scheme itself, by backward quadrature.

    At time s the states lie within ``reach(s)``. A scheme with memory is a Markov chain of (state, last drift); the
    dependence on the last drift is smooth and weak, so a few Chebyshev nodes carry it.
    """
    remembers = not hasattr(scheme, "step")
    f = np.cos((np.arange(memory) + 0.5) * math.pi / memory) if remembers else np.zeros(1)
    powers = np.linalg.inv(np.polynomial.chebyshev.chebvander(f, len(f) - 1)).T
    places = [np.linspace(-reach(s), reach(s), knots) for s in grid.nodes]
    middles = [(s + later) / 2 for s, later in pairwise(grid.nodes)]
    sizes = [1.05 * np.abs(sde.drift(x[:, None], s)).max() for x, s in zip(places[1:], middles, strict=True)]
    value = np.repeat(observables(places[-1][:, None])[:, None, :], len(f), axis=1)
    for i in reversed(range(grid.steps)):
        W, second, weights = variates(scheme.needs, grid.width(i))
        x, before = (places[i], f * sizes[i - 1]) if i else (np.array([start]), np.zeros(1))
        at, given, w, z = (
            np.ascontiguousarray(a).reshape(-1, 1)
            for a in np.broadcast_arrays(x[:, None, None], before[None, :, None], W, second)
        )
        seen = Remembering(sde, given if i else None) if remembers else sde
        *_, end = scheme.walk(seen, Grid(grid.nodes[i : i + 2]), at, [Noise(w, z)])
        spline = make_interp_spline(places[i + 1], np.einsum("xfq,fp->xpq", value, powers), k=5)
        known = spline(np.clip(end[:, 0], places[i + 1][0], places[i + 1][-1]))
        if remembers:
            known = known * np.polynomial.chebyshev.chebvander(seen.last[:, 0] / sizes[i], memory - 1)[:, :, None]
        shape = (len(x), len(before), len(weights), -1)
        value = (known.sum(axis=1).reshape(shape) * weights[:, None]).sum(axis=2)
    return value[0, 0]


def slopes(errors):
    return [math.log2(abs(a / b)) for a, b in pairwise(errors)]


def check_order(scheme, errors, tolerance):
    """The last slope must be the declared order, from both sides: an order declared too high or too low fails."""
    measured = slopes(errors)[-1]
    assert measured == pytest.approx(scheme.weak_order, abs=tolerance), f"{scheme.name} has weak order {measured:.2f}"


# -- a nonlinear drift and a diffusion that both depend on time ----
TIMED = UserSDE(lambda x, s: np.sin(x + s) - x / 2, lambda s: 0.6 + 0.3 * math.cos(2 * s))


@cache
def timed(scheme, steps):
    def moments(x):
        return np.stack([np.cos(x[:, 0]), x[:, 0] ** 2], axis=1)

    return law(scheme, TIMED, uniform(0, 1.5, steps), moments, 0.3, lambda s: 7.0, 161, memory=5)


def timed_errors(scheme, steps=(16, 32, 64)):
    # Reference: Richardson on two schemes, which agree (see below).
    return (np.array([timed(scheme, n) for n in steps]) - [0.5500543, 1.0267359]).T


@pytest.mark.parametrize("scheme", FREE, ids=lambda s: s.name)
def test_weak_order_of_a_nonlinear_drift_and_noise_that_depend_on_time(scheme):
    for errors in timed_errors(scheme):
        check_order(scheme, errors, 0.12)


def test_the_reference_is_the_limit_of_two_schemes():
    for scheme in (STOCHASTIC_HEUN, SRA_1):
        coarse, fine = (timed_errors(scheme, (n,))[:, 0] for n in (64, 128))
        assert fine + (fine - coarse) / 3 == pytest.approx([0, 0], abs=1e-6)


@pytest.mark.parametrize("scheme", FREE, ids=lambda s: s.name)
def test_a_wrongly_declared_weak_order_is_refused(scheme):
    twin = dataclasses.replace(scheme, weak_order=3 - scheme.weak_order)
    with pytest.raises(AssertionError, match=rf"{scheme.name} has weak order"):
        check_order(twin, timed_errors(scheme)[0], 0.25)


# -- the reverse SDE of mixtures in localisation coordinates ---
def exact_average(data, eta, observables):
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    total = 0
    for w, m, c in zip(data.weights, data.means, data.covs, strict=True):
        y = eta * m[0] + math.sqrt(eta**2 * c[0][0] + eta) * nodes
        total = total + w * (weights / weights.sum()) @ observables(y[:, None])
    return total


CASES = {
    "two deltas": (TWO, 4.0, lambda s: s + 8 * math.sqrt(s)),
    "mix3": (MIX3, 12.0, lambda s: 2.8 * s + 7 * math.sqrt(s)),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
def test_weak_order_of_the_squared_drift_and_the_posterior_entropy(scheme, case):
    data, last, reach = CASES[case]
    posterior = Posterior(data)

    def observables(y):
        return np.stack([posterior.mean(y, last)[:, 0] ** 2, posterior.class_entropy(y, last)], axis=1)

    exact = exact_average(data, last, observables)
    grids = [information_grid(data, last, n) for n in (32, 64)]
    values = np.array([law(scheme, Localised(data), grid, observables, 0.0, reach, 121, 7) for grid in grids])
    for errors in (values / exact - 1).T:
        check_order(scheme, errors, 0.25)
        assert abs(errors[-1]) < {1: 0.05, 2: 0.002}[scheme.weak_order]


# -- linear problems: the walk is linear in its noise, so its variance is a sum of squared sensitivities ---
def variance(scheme, sde, grid, start):
    """Of the end state, for a linear SDE and a start of mean zero, exactly: one path for each source of noise."""
    seconds = {"W": [], "W,H": [1 / 12] * grid.steps, "W,sign": [1.0] * grid.steps}[scheme.needs]
    count = 1 + grid.steps + len(seconds)
    noises = []
    for i in range(grid.steps):
        W, second = np.zeros((count, 1)), np.zeros((count, 1))
        W[1 + i] = math.sqrt(grid.width(i))
        if seconds:
            second[1 + grid.steps + i] = math.sqrt(seconds[i] * (grid.width(i) if scheme.needs == "W,H" else 1))
        noises.append(Noise(W, second))
    x = np.zeros((count, 1))
    x[0] = math.sqrt(start)
    *_, end = scheme.walk(sde, grid, x, noises)
    return float((end**2).sum())


GAUSS = Mixture((1.0,), ((0.0,),), (((0.3,),),))
S = 0.3


def localised(scheme, steps):
    last = 30.0
    return variance(scheme, Localised(GAUSS), information_grid(GAUSS, last, steps), 0.0) / (last**2 * S + last) - 1


def reverse(scheme, steps, process, lam):
    sde, grid = ReverseSDE(process, GAUSS, lam), log_sigma(0.9, 0.2, steps)
    nodes = [LogSigma(process).time(u) for u in grid.nodes]
    ends = [process.alpha(t) ** 2 * S + process.sigma(t) ** 2 for t in (nodes[0], nodes[-1])]
    if scheme is EXPONENTIAL_EULER:
        return variance(scheme, sde, Grid(tuple(nodes)), ends[0]) / ends[1] - 1
    return variance(scheme, Clocked(sde, LogSigma(process)), grid, ends[0]) / ends[1] - 1


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
def test_weak_order_on_gaussian_data(scheme):
    check_order(scheme, [localised(scheme, n) for n in (128, 256, 512)], 0.03)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
@pytest.mark.parametrize("process", [VE_PROCESS, VP_PROCESS], ids=["VE", "VP"])
@pytest.mark.parametrize("lam", [0.0, 0.5, 1.0, 2.0])
def test_weak_order_of_the_literal_reverse_sde(scheme, process, lam):
    check_order(scheme, [reverse(scheme, n, process, lam) for n in (64, 128, 256)], 0.1)


@pytest.mark.parametrize("scheme", FREE, ids=lambda s: s.name)
def test_weak_order_of_the_forward_sde(scheme):
    start, end = 0.1, 1.1
    alpha, sigma2 = (VP_PROCESS.alpha(end) / VP_PROCESS.alpha(start)) ** 2, VP_PROCESS.sigma(end) ** 2
    exact = alpha * S + sigma2 - alpha * VP_PROCESS.sigma(start) ** 2
    errors = [variance(scheme, ForwardSDE(VP_PROCESS), uniform(start, end, n), S) / exact - 1 for n in (32, 64, 128)]
    check_order(scheme, errors, 0.1)


def test_one_evaluation_needs_hardly_more_steps_than_sra1():
    # At the same number of steps its error is larger by a small factor only, at half the evaluations.
    assert abs(localised(ONE_EVALUATION, 256)) < 2 * abs(localised(SRA_1, 256))
    assert ONE_EVALUATION.evaluations * 2 == SRA_1.evaluations


def test_a_first_step_of_fixed_width_is_a_floor_of_the_log_grid():
    # log_snr leads from 0 to its first node in one step, however many steps follow: that error stays.
    def error(first, steps):
        return abs(variance(STOCHASTIC_HEUN, Localised(GAUSS), log_snr(first, 30.0, steps), 0.0) / (900 * S + 30) - 1)

    assert math.log2(error(1e-3, 128) / error(1e-3, 256)) == pytest.approx(2, abs=0.1)
    assert error(3.0, 256) == pytest.approx(error(3.0, 512), rel=0.05)
