"""Strong orders on one Brownian path at several step sizes, conditional on the branch; branch flips by themselves."""

import dataclasses
import math
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from numerics.mixtures import Mixture
from numerics.sde.grids import Grid, information_grid, uniform
from numerics.sde.noise import Noise, coarsened, draws
from numerics.sde.posterior import Posterior
from numerics.sde.problems import Localised, UserSDE
from numerics.sde.schemes import EULER_MARUYAMA, EXPONENTIAL_EULER, ONE_EVALUATION, SCHEMES, SRA_1

TWO = Mixture((0.5, 0.5), ((1.0,), (-1.0,)), (((0.0,),),) * 2)
MIX3 = Mixture((0.3, 0.45, 0.25), ((-2.0,), (0.5,), (2.0,)), (((0.0225,),), ((0.09,),), ((0.04,),)))
FREE = [s for s in SCHEMES if s is not EXPONENTIAL_EULER]
BY_NAME = {s.name: s for s in SCHEMES}
FACTORS = (64, 32, 16, 8)


def noise_strength(s):
    return 0.6 + 0.3 * math.cos(2 * s)


TIMED = UserSDE(lambda x, s: np.sin(3 * x + s) - x / 2, noise_strength)
LINEAR = UserSDE(lambda x, s: -(1 + math.sin(3 * s)) * x, noise_strength)


def end(scheme, sde, grid, start, noises):
    *_, last = scheme.walk(sde, grid, start, noises)
    return last


def slope(errors):
    """The mean power of the step in errors at halved steps."""
    return math.log2(errors[0] / errors[-1]) / (len(errors) - 1)


def check_order(scheme, errors, tolerance):
    measured = slope(errors)
    message = f"{scheme.name} has strong order {measured:.2f}"
    assert measured == pytest.approx(scheme.strong_order, abs=tolerance), message


PROBLEMS = {
    "timed": (TIMED, uniform(0, 1.5, 1024), 0.3, None),
    "two deltas": (Localised(TWO), information_grid(TWO, 4.0, 1024), 0.0, Posterior(TWO)),
    "mix3": (Localised(MIX3), information_grid(MIX3, 30.0, 1024), 0.0, Posterior(MIX3)),
}


@cache
def reference(problem, count=3000):
    sde, grid, start, _ = PROBLEMS[problem]
    noises = list(draws("W,H", grid, count, 1, np.random.default_rng(1)))
    return noises, end(SRA_1, sde, grid, np.full((count, 1), start), noises)


@cache
def against_reference(name, problem):
    """For each coarsening (errors of all paths, those that kept their branch) against 1024 steps of SRA1."""
    scheme = BY_NAME[name]
    sde, grid, start, posterior = PROBLEMS[problem]
    noises, exact = reference(problem)
    found = []
    for factor in FACTORS:
        coarse = coarsened(scheme.needs, noises, grid, factor)
        x = end(scheme, sde, grid.coarser(factor), np.full(exact.shape, start), coarse)
        kept = np.full(len(x), True)
        if posterior is not None:
            last = grid.nodes[-1]
            kept = posterior.responsibilities(x, last).argmax(0) == posterior.responsibilities(exact, last).argmax(0)
        found.append((np.abs(x - exact)[:, 0], kept))
    return found


def root_mean_square(found):
    return [math.sqrt((e[kept] ** 2).mean()) for e, kept in found]


def medians(found):
    return [float(np.median(e[kept])) for e, kept in found]


def flips(found):
    return [1 - kept.mean() for _, kept in found]


@pytest.mark.parametrize("scheme", FREE, ids=lambda s: s.name)
def test_strong_order_with_drift_and_noise_that_depend_on_time(scheme):
    check_order(scheme, root_mean_square(against_reference(scheme.name, "timed")), 0.3)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
@pytest.mark.parametrize("problem", ["two deltas", "mix3"])
def test_strong_order_of_paths_that_keep_their_branch(scheme, problem):
    found = against_reference(scheme.name, problem)
    check_order(scheme, medians(found), 0.25)
    if problem == "two deltas":
        check_order(scheme, root_mean_square(found), 0.2)


def test_a_flip_is_as_likely_as_the_strong_error_is_large():
    for scheme in SCHEMES:
        rates = flips(against_reference(scheme.name, "mix3"))
        assert rates[0] > 2 * rates[-1]
        if scheme.strong_order == 1:
            assert all(a > b for a, b in pairwise(rates))
            assert slope(rates) == pytest.approx(1, abs=0.3)
    assert flips(against_reference("SRA1", "mix3"))[0] < flips(against_reference("Euler-Maruyama", "mix3"))[0] / 4


def test_few_flips_carry_most_of_the_mean_square():
    # A path beside a separatrix jumps by O(1), so the error of all paths together says nothing about the scheme.
    error, kept = against_reference("Euler-Maruyama", "mix3")[-1]
    assert (~kept).mean() < 0.02
    assert (error[~kept] ** 2).sum() > 0.6 * (error**2).sum()


@pytest.mark.parametrize("scheme", FREE, ids=lambda s: s.name)
def test_a_wrongly_declared_strong_order_is_refused(scheme):
    twin = dataclasses.replace(scheme, strong_order=2.5 - scheme.strong_order)
    with pytest.raises(AssertionError, match=f"{scheme.name} has strong order"):
        check_order(twin, medians(against_reference(scheme.name, "two deltas")), 0.25)


@pytest.mark.parametrize("scheme", [s for s in FREE if s is not ONE_EVALUATION], ids=lambda s: s.name)
def test_strong_order_without_sampling_on_a_linear_sde(scheme):
    # End states are linear in the noise: one path for each source, and the mean square error is a sum of squares.
    grid = uniform(0, 2, 256)
    count = 2 * grid.steps
    noises = []
    for i in range(grid.steps):
        W, H = np.zeros((count, 1)), np.zeros((count, 1))
        W[2 * i], H[2 * i + 1] = math.sqrt(grid.width(i)), math.sqrt(grid.width(i) / 12)
        noises.append(Noise(W, H))
    exact = end(SRA_1, LINEAR, grid, np.zeros((count, 1)), noises)
    errors = []
    for factor in (32, 16, 8):
        x = end(
            scheme, LINEAR, grid.coarser(factor), np.zeros((count, 1)), coarsened(scheme.needs, noises, grid, factor)
        )
        errors.append(math.sqrt(((x - exact) ** 2).sum()))
    # The term of SRA1 that is of order 1.5 holds the second derivative of the drift.
    assert slope(errors) == pytest.approx(2 if scheme is SRA_1 else scheme.strong_order, abs=0.1)


# -- noise on one Brownian path ---
def brownian(count, fine, rng):
    """Explicit paths on a fine mesh of [0, 1], from which W and H of any stretch are read off."""
    return np.concatenate(
        [np.zeros((1, count)), np.cumsum(rng.standard_normal((fine, count)) / math.sqrt(fine), axis=0)]
    )


def stretch(path, low, high):
    """(W, H) of the piece of a path between two mesh points, the integral by the trapezoid rule."""
    piece = path[low : high + 1] - path[low]
    mean = (piece.sum(axis=0) - piece[-1] / 2) / (high - low)
    return Noise(piece[-1][:, None], (mean - piece[-1] / 2)[:, None])


def test_joined_noise_is_that_of_the_explicit_path():
    path = brownian(50, 1200, np.random.default_rng(0))
    cuts = [0, 100, 400, 900, 1200]
    grid = Grid(tuple(c / 1200 for c in cuts))
    pieces = [stretch(path, a, b) for a, b in pairwise(cuts)]
    [whole] = coarsened("W,H", pieces, grid, 4)
    exact = stretch(path, 0, 1200)
    assert np.allclose(whole.W, exact.W, rtol=0, atol=1e-13)
    assert whole.second == pytest.approx(exact.second, abs=1e-13)
    # the sign is that of the bridge at the inner node, whichever its place
    [sign] = coarsened("W,sign", [stretch(path, 0, 400), stretch(path, 400, 1200)], Grid((0.0, 1 / 3, 1.0)), 2)
    bridge = path[400] - path[1200] / 3
    assert np.array_equal(sign.second[:, 0], np.sign(bridge))


def test_noise_has_its_moments():
    from numerics.sde.noise import draw, joined

    rng, n, a, b = np.random.default_rng(2), 200_000, 0.3, 0.9
    tolerance = 5 / math.sqrt(n)
    for needs in ("W,H", "W,sign"):
        first, second = (draw(needs, width, n, 1, rng) for width in (a, b))
        for noise, width in ((first, a), (joined(needs, first, second, a, b), a + b)):
            spread = width / 12 if needs == "W,H" else 1.0
            W, other = noise.W / math.sqrt(width), noise.second / math.sqrt(spread)
            for moment in (W.mean(), other.mean(), (W * other).mean(), (W**2 * other).mean() / 2):
                assert abs(moment) < tolerance
            assert (W**2).mean() == pytest.approx(1, abs=2 * tolerance)
            assert (other**2).mean() == pytest.approx(1, abs=2 * tolerance)
    with pytest.raises(ValueError, match="noise is one of"):
        draw("W,Z", 1.0, 8, 1, rng)


@pytest.mark.parametrize("needs", ["W", "W,H", "W,sign"])
def test_coarsening_by_four_is_coarsening_by_two_twice(needs):
    grid = information_grid(MIX3, 9.0, 16)
    noises = list(draws(needs, grid, 20, 2, np.random.default_rng(3)))
    halved = coarsened(needs, noises, grid, 2)
    for once, twice in zip(
        coarsened(needs, noises, grid, 4), coarsened(needs, halved, grid.coarser(2), 2), strict=True
    ):
        assert np.allclose(once.W, twice.W, rtol=0, atol=1e-14)
        if needs != "W":
            assert once.second == pytest.approx(twice.second, abs=1e-14)


@pytest.mark.parametrize("scheme", [EULER_MARUYAMA, ONE_EVALUATION], ids=lambda s: s.name)
def test_noise_that_ends_early_is_refused(scheme):
    grid = uniform(0, 1, 4)
    noises = list(draws(scheme.needs, grid, 5, 1, np.random.default_rng(0)))
    with pytest.raises(ValueError, match=r"the noise ends before the grid, at 0\.75 of 1"):
        end(scheme, Localised(TWO), grid, np.zeros((5, 1)), noises[:3])
