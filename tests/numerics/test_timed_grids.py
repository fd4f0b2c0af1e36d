"""Paths moved on grids that know the process time of every node."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from numerics.mixtures import mixture_of
from numerics.paths.timed import coarsened, increments, log_sigma_times, walk
from numerics.schedules import STANDING_PROCESS, VE_PROCESS, VP_PROCESS
from numerics.sde.problems import ReverseSDE
from numerics.sde.schemes import EULER_MARUYAMA, STOCHASTIC_HEUN
from theory.language.instances import T3, gaussian

PROCESSES = [STANDING_PROCESS, VE_PROCESS, VP_PROCESS]


def variance_error(scheme, sde, grid, start, exact):
    """The relative error of the variance for a linear SDE, without any sampling: the step is a linear map."""
    zero, one = np.zeros((1, 1)), np.ones((1, 1))
    variance = start
    for i in range(grid.steps):
        step = type(grid)(grid.times[i : i + 2], grid.speeds[i : i + 2], grid.step)
        *_, carried = walk(scheme, sde, step, one, [zero])
        *_, kicked = walk(scheme, sde, step, zero, [one])
        variance = carried[0, 0] ** 2 * variance + kicked[0, 0] ** 2 * abs(grid.times[i + 1] - grid.times[i])
    return variance / exact - 1


def slope(scheme, make):
    errors = [abs(make(scheme, steps)) for steps in (64, 128, 256)]
    return [math.log2(a / b) for a, b in pairwise(errors)]


@pytest.mark.parametrize("scheme", [STOCHASTIC_HEUN], ids=lambda s: s.name)
@pytest.mark.parametrize("process", PROCESSES, ids=["standing", "ve", "vp"])
def test_weak_order_on_gaussian_data_without_noise(scheme, process):
    S = 0.3
    sde = ReverseSDE(process, mixture_of(gaussian(0, Fraction(3, 10))))

    def error(scheme, steps):
        grid = log_sigma_times(process, 0.9, 0.3, steps)
        first, last = grid.times[0], grid.times[-1]
        exact = [process.alpha(t) ** 2 * S + process.sigma(t) ** 2 for t in (first, last)]
        return variance_error(scheme, sde, grid, exact[0], exact[1])

    for order in slope(scheme, error):
        assert order == pytest.approx(scheme.weak_order, abs=0.15)


@pytest.mark.parametrize("scheme", [EULER_MARUYAMA, STOCHASTIC_HEUN], ids=lambda s: s.name)
def test_order_on_a_mixture_with_common_noise(scheme):
    rng = np.random.default_rng(0)
    data, process = mixture_of(T3), STANDING_PROCESS
    grid = log_sigma_times(process, 1.0, 0.5, 128)
    _, start = data.noised(process.alpha(grid.times[0]), 1.0).sample(20000, rng)
    dW = increments(grid, start.shape, rng)
    sde = ReverseSDE(process, data)
    ends = []
    for factor in (8, 4, 2):
        *_, last = walk(scheme, sde, grid.coarser(factor), start, coarsened(dW, factor))
        ends.append((last**2).mean())
    ratio = abs((ends[1] - ends[0]) / (ends[2] - ends[1]))
    assert ratio > 2 ** (scheme.weak_order - 0.4)


def test_reverse_paths_have_the_exact_marginal():
    rng = np.random.default_rng(1)
    data, process = mixture_of(T3), STANDING_PROCESS
    grid = log_sigma_times(process, 1.05, 0.5, 48)
    n = 40000
    _, start = data.noised(process.alpha(grid.times[0]), 1.05).sample(n, rng)
    *_, last = walk(STOCHASTIC_HEUN, ReverseSDE(process, data), grid, start, increments(grid, start.shape, rng))
    noisy = data.noised(process.alpha(grid.times[-1]), 0.5)
    _, exact = noisy.sample(n, rng)
    for f in (lambda u: u, lambda u: u**2, lambda u: u**3, noisy.log_density):
        a, b = f(last), f(exact)
        assert abs(a.mean() - b.mean()) < 5 * math.sqrt((a.var() + b.var()) / n)


def test_grids():
    grid = log_sigma_times(STANDING_PROCESS, 1.0, 0.5, 8)
    assert [STANDING_PROCESS.sigma(t) for t in grid.times][::8] == pytest.approx([1.0, 0.5])
    assert grid.coarser(4).times == grid.times[::4]
    with pytest.raises(ValueError, match="coarsened"):
        grid.coarser(3)
    # the speed is |dt / d log sigma|
    trapezoid = (sum(grid.speeds) - (grid.speeds[0] + grid.speeds[-1]) / 2) * grid.step
    assert trapezoid == pytest.approx(grid.times[0] - grid.times[-1], rel=0.04)


def test_a_scheme_that_leaves_the_nodes_is_refused():
    grid = log_sigma_times(VE_PROCESS, 1.0, 0.5, 4)
    with pytest.raises(ValueError, match="at the nodes of its grid"):
        grid.time(0.5 * grid.step)
