"""The fused kernels are the plain mathematics, faster: same means, same paths, and safe where exponentials are not."""

import math
import warnings

import mpmath
import numpy as np
import pytest

from numerics.mixtures import Mixture
from numerics.schedules import VE_PROCESS, VP_PROCESS
from numerics.sde import fused_kernels
from numerics.sde.clocks import LogSigma
from numerics.sde.fused import FusedPosterior, blocks, treats
from numerics.sde.fused_walks import WEAK, WeakNoise, euler_walk, one_evaluation_walk, walks
from numerics.sde.grids import information_grid, log_sigma, uniform
from numerics.sde.noise import Noise, draws
from numerics.sde.posterior import Posterior
from numerics.sde.problems import Clocked, ForwardSDE, Localised, Misstated, ReverseSDE
from numerics.sde.quasi import sobol_noises
from numerics.sde.schemes import EULER_MARUYAMA, ONE_EVALUATION


def line(weights, means, sds):
    return Mixture(tuple(weights), tuple((float(m),) for m in means), tuple(((float(s) ** 2,),) for s in sds))


def space(K, D, c, seed, scale=1.0):
    rng = np.random.default_rng(seed)
    weights = rng.random(K) + 0.1
    cov = tuple(tuple(c if i == j else 0.0 for j in range(D)) for i in range(D))
    means = scale * rng.standard_normal((K, D))
    return Mixture(tuple((weights / weights.sum()).tolist()), tuple(map(tuple, means.tolist())), (cov,) * K)


LAWS = {
    "mix3": line((0.3, 0.45, 0.25), (-2, 0.5, 2), (0.15, 0.3, 0.2)),
    "two atoms": line((0.5, 0.5), (-1, 1), (0, 0)),
    "unequal atoms": line((0.3, 0.7), (2, -1), (0, 0)),
    "three atoms": line((0.2, 0.3, 0.5), (-1, 0, 3), (0, 0, 0)),
    "one Gaussian": line((1,), (2,), (0.5,)),
    "an atom": line((1,), (2,), (0,)),
    "two, shared": line((0.4, 0.6), (-1, 1), (0.3, 0.3)),
    "two, unequal": line((0.4, 0.6), (-1, 1), (0.3, 0.5)),
    "same mean": line((0.4, 0.6), (1, 1), (0.1, 1)),
    "twins among others": line((0.3, 0.3, 0.4), (-1, 1, 0), (0.5, 0.5, 0.2)),
    "8-D": space(8, 8, 0.04, 1),
    "8-D atoms": space(8, 8, 0.0, 2),
    "3-D pair": space(2, 3, 0.1, 3),
    "3-D Gaussian": space(1, 3, 0.1, 4),
}
COUNT = 1001
VE, VP = LogSigma(VE_PROCESS), LogSigma(VP_PROCESS)
PROBLEMS = {
    "localised": (lambda data: Localised(data), uniform(0.0, 20.0, 20)),
    "localised, wrong": (lambda data: Localised(data, lam=0.5, strength=1.3), uniform(0.5, 20.0, 20)),
    "Anderson": (lambda data: Clocked(ReverseSDE(VE_PROCESS, data), VE), log_sigma(20.0, 0.1, 40)),
    "vp, lam 0.7": (lambda data: Clocked(ReverseSDE(VP_PROCESS, data, lam=0.7), VP), log_sigma(0.99, 0.1, 40)),
    "misstated": (lambda data: Misstated(VP_PROCESS, data, 0.5, 1), uniform(1.0, 0.1, 20)),
}  # fmt: skip


def states(data, eta, rng, count=COUNT):
    x0 = data.sample(count, rng)
    return np.asfortranarray(eta * x0 + math.sqrt(eta) * rng.standard_normal(x0.shape))


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("eta", [0.0, 0.1, 4.0, 1e4])
def test_the_mean_is_that_of_the_plain_posterior(name, eta):
    data = LAWS[name]
    y = states(data, eta, np.random.default_rng(0))
    mean = FusedPosterior(data).mean(y, eta)
    assert mean.shape == y.shape
    assert np.abs(mean - Posterior(data).mean(y, eta)).max() <= 1e-12
    plain = Posterior(data).log_responsibilities(y, eta)
    assert (np.abs(FusedPosterior(data).log_responsibilities(y, eta) - plain) <= 1e-11 * (1 + np.abs(plain))).all()


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", LAWS)
def test_walks_are_those_of_the_plain_schemes(name, problem):
    data = LAWS[name]
    make, grid = PROBLEMS[problem]
    sde, start = make(data), np.random.default_rng(1).standard_normal((COUNT, data.D))
    cases = [(EULER_MARUYAMA, euler_walk)]
    if problem == "localised":
        cases.append((ONE_EVALUATION, one_evaluation_walk))
    for scheme, fused in cases:
        noises = list(draws(scheme.needs, grid, COUNT, data.D, np.random.default_rng(2)))
        plain = list(scheme.walk(sde, grid, start, noises))
        for supply in (noises, np.random.default_rng(2)):  # recorded, or drawn in the same order
            for (i, ours), theirs in zip(fused(sde, grid, start, supply), plain, strict=True):
                assert np.abs(ours - theirs).max() <= 1e-12 * (i + 1) * max(1.0, np.abs(theirs).max())


def test_only_the_nodes_asked_for_are_handed_out_and_kept():
    data, grid = LAWS["mix3"], uniform(0.0, 4.0, 8)
    everything = dict(euler_walk(Localised(data), grid, np.zeros((50, 1)), np.random.default_rng(1)))
    some = list(euler_walk(Localised(data), grid, np.zeros((50, 1)), np.random.default_rng(1), visit=(0, 3, 8)))
    assert [i for i, _ in some] == [0, 3, 8]
    assert list(everything) == list(range(9))
    for i, state in some:  # what was handed out is not written to afterwards
        assert np.array_equal(state, everything[i])


@pytest.mark.parametrize("name", ["mix3", "two atoms", "8-D"])
def test_blocks_follow_the_same_law_of_arithmetic(name):
    data, rng = LAWS[name], np.random.default_rng(0)
    posterior, count = FusedPosterior(data), 3 * FusedPosterior(data).width // 2
    y = states(data, 3.0, rng, count)
    assert np.abs(posterior.mean(y, 3.0) - Posterior(data).mean(y, 3.0)).max() <= 1e-12
    grid, start = uniform(0.0, 3.0, 4), np.zeros((count, data.D))
    first, again = (
        dict(one_evaluation_walk(Localised(data), grid, start, np.random.default_rng(3), visit=(4,)))[4] for _ in "ab"
    )
    assert np.array_equal(first, again)
    noises = draws("W,sign", grid, count, data.D, np.random.default_rng(3))
    *_, plain = ONE_EVALUATION.walk(Localised(data), grid, np.zeros((count, data.D)), noises)
    assert np.abs(first - plain).max() <= 1e-11


def test_blocks_are_equal_and_never_of_width_one():
    for count, width in ((1, 8), (2, 8), (9, 8), (17, 8), (16384, 8192), (8193, 8192)):
        parts = blocks(count, width)
        sizes = [part.stop - part.start for part in parts]
        assert sum(sizes) == count
        assert max(sizes) <= width
        assert max(sizes) - min(sizes) <= 1
        assert count == 1 or min(sizes) > 1


def exact_mean(data, y, eta):
    """By 60 digits, one point on the line."""
    with mpmath.workdps(60):
        y, eta = mpmath.mpf(y), mpmath.mpf(eta)
        weights, means = [], []
        for w, (m,), ((c,),) in zip(data.weights, data.means, data.covs, strict=True):
            m, c = mpmath.mpf(m), mpmath.mpf(c)
            q = 1 / (1 + eta * c)
            weights.append(mpmath.mpf(w) * mpmath.sqrt(q) * mpmath.exp(q * (m * y - eta * m**2 / 2 + c * y**2 / 2)))
            means.append(q * (m + c * y))
        return float(sum(w * m for w, m in zip(weights, means, strict=True)) / sum(weights))


@pytest.mark.parametrize("name", ["mix3", "unequal atoms", "three atoms", "two, unequal", "twins among others"])
def test_extreme_states_neither_overflow_nor_lose_the_answer(name):
    """Odds beyond exp(700), several at once: a clamp would call them equal."""
    data = LAWS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for eta in (1.0, 1e3, 1e6):
            for x in (-40.0, -1.0, -0.3, 0.25, 1.5, 3.0, 40.0, 2000.0):
                y = np.array([[eta * x], [eta * 0.1]])
                found = FusedPosterior(data).mean(y, eta)
                for value, at in zip(found[:, 0], y[:, 0], strict=True):
                    assert value == pytest.approx(exact_mean(data, at, eta), rel=1e-9, abs=1e-12)


def test_many_far_components_in_space():
    data = space(6, 4, 0.0, 5, scale=30.0)
    y = states(data, 1e3, np.random.default_rng(1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.abs(FusedPosterior(data).mean(y, 1e3) - Posterior(data).mean(y, 1e3)).max() <= 1e-9
        # walked past the data with a step that is far too wide
        wide = uniform(0.0, 4e4, 4)
        *_, (_, last) = euler_walk(Localised(data), wide, np.zeros((100, 4)), np.random.default_rng(2))
    assert np.isfinite(last).all()


def test_offset_data_cost_no_digits():
    data = line((0.3, 0.45, 0.25), (998, 1000.5, 1002), (0.15, 0.3, 0.2))
    y = states(data, 1e4, np.random.default_rng(1), 20)
    exact = np.array([exact_mean(data, float(v), 1e4) for v in y[:, 0]])
    assert np.abs(FusedPosterior(data).mean(y, 1e4)[:, 0] - exact).max() <= 1e-10


def test_a_state_that_is_no_number_stays_one():
    for name in ("mix3", "two atoms", "three atoms", "8-D"):
        data = LAWS[name]
        y = states(data, 1.0, np.random.default_rng(1), 10)
        y[3] = np.nan
        mean = FusedPosterior(data).mean(y, 1.0)
        assert np.isnan(mean[3]).all()
        assert np.isfinite(np.delete(mean, 3, axis=0)).all()


def test_products_stay_below_the_size_that_threads_split():
    sizes = []
    crowd = line([1 / 500] * 500, range(500), [0.1] * 250 + [0.2] * 250)
    assert not treats(crowd)
    for data in (*LAWS.values(), space(40, 2, 0.1, 1), line([0.01] * 100, range(100), np.linspace(0, 1, 100))):
        posterior = FusedPosterior(data)
        row = posterior.at(1.0)
        sizes += [matrix.size * posterior.width for matrix in (row.first, row.second)]
    assert max(sizes) <= fused_kernels.PRODUCT


def test_what_is_not_treated_is_refused_in_one_sentence():
    skew = Mixture((1.0,), ((0.0, 0.0),), (((1.0, 0.5), (0.5, 1.0)),))
    grid, start = uniform(0.0, 1.0, 2), np.zeros((4, 2))
    assert not treats(skew)
    assert not walks(Localised(skew))
    assert not walks(ForwardSDE(VE_PROCESS))
    assert walks(Clocked(ReverseSDE(VE_PROCESS, LAWS["8-D"]), VE))
    with pytest.raises(ValueError, match="shared isotropic"):
        FusedPosterior(skew)
    with pytest.raises(ValueError, match="reverse SDEs of mixtures"):
        next(euler_walk(ForwardSDE(VE_PROCESS), grid, start, np.random.default_rng(1)))
    with pytest.raises(ValueError, match="lam = 1"):
        next(one_evaluation_walk(Localised(LAWS["mix3"], lam=0.5), grid, start, np.random.default_rng(1)))
    with pytest.raises(ValueError, match="2 coordinates"):
        next(euler_walk(Localised(LAWS["mix3"]), grid, start, np.random.default_rng(1)))
    with pytest.raises(ValueError, match="sign"):
        list(one_evaluation_walk(Localised(LAWS["mix3"]), grid, np.zeros((4, 1)), [Noise(np.zeros((4, 1)))] * 2))
    with pytest.raises(ValueError, match="64-bit words"):
        WeakNoise(np.random.Generator(np.random.MT19937(1)))
    with pytest.raises(ValueError, match="less noise"):
        list(euler_walk(Localised(LAWS["mix3"]), grid, np.zeros((4, 1)), [Noise(np.zeros((4, 1)))]))


def test_weak_noise_has_the_moments_of_a_normal_up_to_the_fifth():
    moments = [float((WEAK**k).mean()) for k in range(1, 6)]
    assert np.allclose(moments, [0, 1, 0, 3, 0], rtol=0, atol=1e-14)
    assert np.allclose(np.corrcoef(WEAK.T), np.eye(4), rtol=0, atol=1e-14)


@pytest.mark.parametrize("count", [1, 2, 15, 16384])
@pytest.mark.parametrize("name", ["mix3", "8-D"])
def test_weak_noise_is_fresh_for_every_path_and_step(name, count):
    data, grid = LAWS[name], uniform(0.0, 2.0, 2)
    if count > 15 and data.D > 1:
        count = 5000
    rng = np.random.Generator(np.random.SFC64(1))
    walked = [
        state for _, state in one_evaluation_walk(Localised(data), grid, np.zeros((count, data.D)), WeakNoise(rng))
    ]
    first, second = np.diff(np.array(walked), axis=0)  # h = 1
    assert first.shape == (count, data.D)
    if count > 100:
        for values in (first, second):
            assert len(np.unique(values[:, 0])) > 4 * 2 - 1
        assert abs(np.corrcoef(first[:, 0], np.roll(first[:, 0], 1))[0, 1]) < 5 / math.sqrt(count)


def test_weak_noise_gives_the_same_averages_to_second_order():
    """E|D|^2 at the end: the step error falls fourfold when the steps are halved, as with normals."""
    data, last, count = LAWS["two atoms"], 4.0, 1 << 16
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    y = (last * np.array([[1.0], [-1.0]]) + math.sqrt(last) * nodes).reshape(-1, 1)
    exact = float((Posterior(data).mean(y, last)[:, 0] ** 2) @ np.tile(weights, 2) / (2 * weights.sum()))
    errors = {}
    for steps in (4, 8):
        rng, values = np.random.Generator(np.random.SFC64(steps)), []
        for _ in range(24):
            grid, start = uniform(0.0, last, steps), np.zeros((count, 1))
            _, state = next(one_evaluation_walk(Localised(data), grid, start, WeakNoise(rng), visit=(steps,)))
            values.append(float((Posterior(data).mean(state, last) ** 2).mean()))
        errors[steps] = abs(np.mean(values) - exact)
        assert np.std(values) / math.sqrt(24) < 5e-4
    assert errors[8] < 0.4 * errors[4]
    assert errors[8] < 0.01


def test_sobol_paths_are_brownian_and_steadier():
    data, grid = LAWS["two atoms"], information_grid(LAWS["two atoms"], 4.0, 8)
    plain, quasi = [], []
    for run in range(24):
        rng = np.random.default_rng(run)
        for found, source in ((plain, draws), (quasi, sobol_noises)):
            noises = source("W,sign", grid, 1024, 1, rng)
            _, state = next(one_evaluation_walk(Localised(data), grid, np.zeros((1024, 1)), noises, visit=(8,)))
            found.append(float((state**2).mean()))
    assert np.std(quasi) < np.std(plain) / 2
    assert abs(np.mean(quasi) - np.mean(plain)) < 4 * np.std(plain) / math.sqrt(24)
    noises = sobol_noises("W,H", grid, 4096, 2, np.random.default_rng(1))
    W = np.array([noise.W for noise in noises])  # (steps, n, D)
    for d in range(2):
        covariance = np.cov(W[:, :, d])
        assert np.abs(covariance - np.diag(grid.widths)).max() < 0.05 * max(grid.widths)
    assert abs(np.corrcoef(W[0, :, 0], W[0, :, 1])[0, 1]) < 0.05
    assert np.isfinite(W).all()
    assert noises[3].second.var() == pytest.approx(grid.width(3) / 12, rel=0.1)
    with pytest.raises(ValueError, match="powers of two"):
        sobol_noises("W", grid, 1000, 1, np.random.default_rng(1))
    with pytest.raises(ValueError, match="noise is one of"):
        sobol_noises("Z", grid, 1024, 1, np.random.default_rng(1))
