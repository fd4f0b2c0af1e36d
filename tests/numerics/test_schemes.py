import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from numerics.mixtures import mixture_of
from numerics.problems import (
    STANDING_PROCESS,
    VE_PROCESS,
    VP_PROCESS,
    ForwardSDE,
    OutOfRangeError,
    ReverseSDE,
    transition,
)
from numerics.schemes import (
    EULER_MARUYAMA,
    STOCHASTIC_HEUN,
    coarsened,
    increments,
    log_sigma_grid,
    uniform_grid,
    walk,
)
from theory.language.instances import STANDING_GERM, T3, gaussian

PROCESSES = [STANDING_PROCESS, VE_PROCESS, VP_PROCESS]


def variance_error(scheme, sde, grid, start, exact):
    """The relative error of the variance for a linear SDE, without any sampling: the step is a linear map."""
    zero, one = np.zeros((1, 1)), np.ones((1, 1))
    variance = start
    for i in range(grid.steps):
        carried = scheme.step(sde, one, grid, i, zero)[0, 0]
        kicked = scheme.step(sde, zero, grid, i, one)[0, 0]
        variance = carried**2 * variance + kicked**2 * abs(grid.times[i + 1] - grid.times[i])
    return variance / exact - 1


def slope(scheme, make):
    errors = [abs(make(scheme, steps)) for steps in (64, 128, 256)]
    return [math.log2(a / b) for a, b in pairwise(errors)]


@pytest.mark.parametrize("scheme", [EULER_MARUYAMA, STOCHASTIC_HEUN], ids=lambda s: s.name)
@pytest.mark.parametrize("process", PROCESSES, ids=lambda p: type(p).__name__)
def test_weak_order_on_gaussian_data_without_noise(scheme, process):
    S = 0.3
    sde = ReverseSDE(process, mixture_of(gaussian(0, Fraction(3, 10))))

    def error(scheme, steps):
        grid = log_sigma_grid(process, 0.9, 0.3, steps)
        first, last = grid.times[0], grid.times[-1]
        exact = [process.alpha(t) ** 2 * S + process.sigma(t) ** 2 for t in (first, last)]
        return variance_error(scheme, sde, grid, exact[0], exact[1])

    for order in slope(scheme, error):
        assert order == pytest.approx(scheme.weak_order, abs=0.15)


@pytest.mark.parametrize("scheme", [EULER_MARUYAMA, STOCHASTIC_HEUN], ids=lambda s: s.name)
def test_the_forward_sde_reaches_alpha_and_sigma(scheme):
    # Literal integration of dX = a X dt + g dW agrees with the closed form of the process, at the declared order.
    sde = ForwardSDE(STANDING_PROCESS)

    def error(scheme, steps):
        grid = uniform_grid(-0.5, 0.5, steps)
        start, end = STANDING_PROCESS.sigma(-0.5) ** 2, STANDING_PROCESS.sigma(0.5) ** 2
        factor = STANDING_PROCESS.alpha(0.5) / STANDING_PROCESS.alpha(-0.5)
        assert factor == pytest.approx(math.exp(-0.35))
        return variance_error(scheme, sde, grid, start, end)

    for order in slope(scheme, error):
        assert order == pytest.approx(scheme.weak_order, abs=0.15)


@pytest.mark.parametrize("scheme", [EULER_MARUYAMA, STOCHASTIC_HEUN], ids=lambda s: s.name)
def test_order_on_a_mixture_with_common_noise(scheme):
    rng = np.random.default_rng(0)
    data, process = mixture_of(T3), STANDING_PROCESS
    grid = log_sigma_grid(process, 1.0, 0.5, 128)
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
    grid = log_sigma_grid(process, 1.05, 0.5, 48)
    n = 40000
    _, start = data.noised(process.alpha(grid.times[0]), 1.05).sample(n, rng)
    *_, last = walk(STOCHASTIC_HEUN, ReverseSDE(process, data), grid, start, increments(grid, start.shape, rng))
    noisy = data.noised(process.alpha(grid.times[-1]), 0.5)
    _, exact = noisy.sample(n, rng)
    for f in (lambda u: u, lambda u: u**2, lambda u: u**3, noisy.log_density):
        a, b = f(last), f(exact)
        assert abs(a.mean() - b.mean()) < 5 * math.sqrt((a.var() + b.var()) / n)


@pytest.mark.parametrize("process", PROCESSES, ids=lambda p: type(p).__name__)
def test_processes_keep_their_own_equations(process):
    t = process.time_of_sigma(0.7)
    h = 1e-5
    assert process.sigma(t) == pytest.approx(0.7, rel=1e-14)
    slope_of_alpha = (process.alpha(t + h) - process.alpha(t - h)) / (2 * h)
    assert slope_of_alpha == pytest.approx(process.a(t) * process.alpha(t), abs=1e-9)
    slope_of_variance = (process.sigma(t + h) ** 2 - process.sigma(t - h) ** 2) / (2 * h)
    assert slope_of_variance == pytest.approx(2 * process.a(t) * 0.49 + process.g2(t), abs=1e-8)
    germ = process.germ(t)
    assert float(germ.sigma) == process.sigma(t)
    assert float(germ.alpha) == process.alpha(t)


def test_the_standing_process_passes_through_the_standing_germ():
    germ = STANDING_PROCESS.germ(0.0)
    assert float(germ.alpha) == pytest.approx(float(STANDING_GERM.alpha), abs=1e-15)
    assert float(germ.sigma) == pytest.approx(float(STANDING_GERM.sigma), abs=1e-15)
    assert (germ.a[0], germ.g2[0]) == (STANDING_GERM.a[0], STANDING_GERM.g2[0])
    t = STANDING_PROCESS.time_of_sigma(0.3)
    assert t < 0
    assert 0 < STANDING_PROCESS.alpha(t) < 1


def test_levels_that_are_never_reached_are_refused():
    with pytest.raises(OutOfRangeError, match=r"below 1\.1339, the square root of 9/7"):
        STANDING_PROCESS.time_of_sigma(2.0)
    with pytest.raises(OutOfRangeError):
        VE_PROCESS.time_of_sigma(-1.0)


def test_transitions_compose():
    p = STANDING_PROCESS
    (f1, s1), (f2, s2) = transition(p, -0.4, 0.1), transition(p, 0.1, 0.6)
    f, s = transition(p, -0.4, 0.6)
    assert f == pytest.approx(f1 * f2)
    assert s**2 == pytest.approx((f2 * s1) ** 2 + s2**2)


def test_grids():
    grid = log_sigma_grid(STANDING_PROCESS, 1.0, 0.5, 8)
    assert [STANDING_PROCESS.sigma(t) for t in grid.times][::8] == pytest.approx([1.0, 0.5])
    assert grid.coarser(4).times == grid.times[::4]
    with pytest.raises(ValueError, match="coarsened"):
        grid.coarser(3)
    # the speed is |dt / d log sigma|
    trapezoid = (sum(grid.speeds) - (grid.speeds[0] + grid.speeds[-1]) / 2) * grid.step
    assert trapezoid == pytest.approx(grid.times[0] - grid.times[-1], rel=0.04)
