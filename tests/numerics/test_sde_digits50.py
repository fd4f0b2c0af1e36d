"""Float64 against 50 digits on the same increments: rounding is far below the error of any step."""

import numpy as np
import pytest

from numerics.mixtures import Mixture
from numerics.sde.digits50 import rerun
from numerics.sde.grids import information_grid, uniform
from numerics.sde.noise import Noise, draws
from numerics.sde.schemes import EXPONENTIAL_EULER, ONE_EVALUATION, SRA_1, STOCHASTIC_HEUN

TWO = Mixture((0.5, 0.5), ((1.0,), (-1.0,)), (((0.0,),),) * 2)
MIX3 = Mixture((0.3, 0.45, 0.25), ((-2.0,), (0.5,), (2.0,)), (((0.0225,),), ((0.09,),), ((0.04,),)))
PLANE = Mixture((0.4, 0.6), ((-1.0, 0.0), (1.0, 0.5)), (((0.1, 0.05), (0.05, 0.2)), ((0.0, 0.0), (0.0, 0.0))))
CASES = {"two deltas": (TWO, 4.0, 64, 8), "mix3": (MIX3, 100.0, 64, 6), "plane": (PLANE, 9.0, 16, 4)}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("scheme", [ONE_EVALUATION, SRA_1, STOCHASTIC_HEUN], ids=lambda s: s.name)
def test_rounding_is_far_below_the_error_of_the_steps(scheme, case):
    data, last, steps, paths = CASES[case]
    grid = information_grid(data, last, steps)
    found = rerun(scheme, data, grid, list(draws(scheme.needs, grid, paths, data.D, np.random.default_rng(1))))
    assert (found.digits, found.paths, found.steps) == (50, paths, steps)
    assert 0 < found.state_median <= found.state_largest < 1e-13
    assert 0 < found.score_median <= found.score_largest < 1e-12
    assert found.average < 1e-12


def test_a_path_beside_the_separatrix_is_the_worst():
    # Along the ridge y = 0 a perturbation grows before it is decided: the same noise, but an amplified rounding.
    grid = uniform(0.0, 6.0, 24)
    rng = np.random.default_rng(0)
    W = np.array([w * np.array([[1.0], [1e-3]]) for w in rng.standard_normal(24) * 0.5])
    found = rerun(STOCHASTIC_HEUN, TWO, grid, [Noise(w) for w in W])
    assert found.state_largest < 1e-12


def test_more_digits_change_nothing():
    grid = uniform(0.0, 3.0, 8)
    noises = list(draws("W,H", grid, 3, 1, np.random.default_rng(2)))
    found, further = (rerun(SRA_1, MIX3, grid, noises, digits=d) for d in (40, 80))
    assert found.state_largest == pytest.approx(further.state_largest, rel=1e-12)


def test_what_cannot_be_rerun_is_refused():
    grid = uniform(0.0, 1.0, 4)
    noises = list(draws("W", grid, 3, 1, np.random.default_rng(0)))
    with pytest.raises(ValueError, match=r"starts at eta = 0, and this grid at 0\.5"):
        rerun(STOCHASTIC_HEUN, TWO, uniform(0.5, 1.0, 4), noises)
    with pytest.raises(ValueError, match="4 steps need as many noises, got 3"):
        rerun(STOCHASTIC_HEUN, TWO, grid, noises[:3])
    with pytest.raises(ValueError, match="ask for more than 12"):
        rerun(STOCHASTIC_HEUN, TWO, grid, noises, digits=12)
    with pytest.raises(TypeError, match="needs a problem with a linear part"):
        rerun(EXPONENTIAL_EULER, TWO, grid, noises)
