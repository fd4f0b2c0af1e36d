"""The probability flow against its exact solution on the line: quantiles move along F_t(x_t) = const."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtr

from numerics.mixtures import Mixture
from numerics.schedules import VP_PROCESS
from numerics.sde.flow import FlowError, flow
from numerics.sde.grids import uniform
from numerics.sde.noise import Noise
from numerics.sde.problems import ReverseSDE
from numerics.sde.schemes import STOCHASTIC_HEUN

MIX3 = Mixture((0.3, 0.45, 0.25), ((-2.0,), (0.5,), (2.0,)), (((0.0225,),), ((0.09,),), ((0.04,),)))
PLANE = Mixture((0.4, 0.6), ((-1.0, 0.0), (1.0, 0.5)), (((0.1, 0.05), (0.05, 0.2)), ((0.0, 0.0), (0.0, 0.0))))


def below(x, sigma, alpha=1.0):
    """P(alpha X_0 + sigma eps <= x)."""
    return sum(
        w * ndtr((x - alpha * m[0]) / math.sqrt(alpha**2 * c[0][0] + sigma**2))
        for w, m, c in zip(MIX3.weights, MIX3.means, MIX3.covs, strict=True)
    )


def quantiles(levels, sigma, alpha=1.0):
    return np.array([brentq(lambda x: below(x, sigma, alpha) - p, -200, 200, xtol=1e-14, rtol=1e-15) for p in levels])


LEVELS = (np.arange(60) + 0.5) / 60


def error(x, first, last, **tolerances):
    moved = flow(MIX3, quantiles(LEVELS, first)[:, None], first, last, **tolerances)[:, 0]
    return np.abs(moved - x).max() / last


def test_the_flow_moves_quantiles():
    exact = quantiles(LEVELS, 0.1)
    assert error(exact, 20.0, 0.1) < 1e-9
    loose = error(exact, 20.0, 0.1, rtol=1e-6, atol=1e-7)
    assert 1e-8 < loose < 1e-3


def test_the_flow_runs_both_ways():
    start = quantiles(LEVELS, 0.1)
    moved = flow(MIX3, start[:, None], 0.1, 20.0)
    assert moved[:, 0] == pytest.approx(quantiles(LEVELS, 20.0), abs=1e-8)


def test_points_in_the_plane_come_back():
    points = np.random.default_rng(0).standard_normal((20, 2))
    there = flow(PLANE, points, 1.0, 0.3)
    assert flow(PLANE, there, 0.3, 1.0) == pytest.approx(points, abs=1e-9)


def test_every_schedule_is_a_view_of_the_same_flow():
    # The literal dX = (-a X + g^2 s/2) |dt| of a variance-preserving process, by the deterministic limit of Heun.
    start, end = (VP_PROCESS.time_of_sigma(level) for level in (0.95, 0.4))
    alphas, sigmas = ([f(t) for t in (start, end)] for f in (VP_PROCESS.alpha, VP_PROCESS.sigma))
    x = quantiles(LEVELS, sigmas[0], alphas[0])[:, None]
    grid = uniform(start, end, 2000)
    *_, last = STOCHASTIC_HEUN.walk(ReverseSDE(VP_PROCESS, MIX3, 0.0), grid, x, [Noise(np.zeros_like(x))] * grid.steps)
    ratios = [s / a for s, a in zip(sigmas, alphas, strict=True)]
    assert flow(MIX3, x / alphas[0], *ratios) * alphas[1] == pytest.approx(last, abs=2e-5)
    assert flow(MIX3, x / alphas[0], *ratios)[:, 0] * alphas[1] == pytest.approx(
        quantiles(LEVELS, sigmas[1], alphas[1]), abs=1e-9
    )


def test_one_point_among_many_is_as_good_as_alone():
    levels = np.concatenate([[0.3 - 1e-4], np.full(2000, 0.5)])  # beside the separatrix of two components
    start = np.array([quantiles([p], 20.0)[0] for p in levels[:2]])
    x = np.concatenate([start[:1], np.full(2000, start[1])])
    moved = flow(MIX3, x[:, None], 20.0, 0.1)[0, 0]
    assert moved == pytest.approx(quantiles([levels[0]], 0.1)[0], abs=1e-8)


def test_bad_levels_are_refused():
    with pytest.raises(ValueError, match="noise levels above 0"):
        flow(MIX3, np.zeros((2, 1)), 1.0, 0.0)
    assert issubclass(FlowError, RuntimeError)
