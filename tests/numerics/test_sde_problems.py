"""Problems in their several forms: schedules, clocks and localisation coordinates are views of the same motion."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import kstest

from numerics.mixtures import Mixture
from numerics.schedules import VE_PROCESS, VP_PROCESS, OutOfRangeError, process_of
from numerics.sde.clocks import LogSigma, LogSNR, log_snr_at
from numerics.sde.exact import forward_states, kernel_mean, posterior_sample, reverse_step
from numerics.sde.grids import Grid, log_sigma, uniform
from numerics.sde.noise import Noise, draws
from numerics.sde.posterior import Posterior
from numerics.sde.problems import Clocked, ForwardSDE, Localised, Misstated, ReverseSDE, UserSDE
from numerics.sde.schemes import EULER_MARUYAMA, EXPONENTIAL_EULER, ONE_EVALUATION, SRA_1, STOCHASTIC_HEUN
from theory.processes.schedules import cosine, edm, ou, vp_linear

PROCESSES = {
    "VE": VE_PROCESS, "VP": VP_PROCESS, "OU": process_of(ou(Fraction(3, 10), Fraction(4, 5))),
    "EDM": process_of(edm()), "VP ramp": process_of(vp_linear(Fraction(1, 10), Fraction(20))),
    "cosine": process_of(cosine()),
}  # fmt: skip
LAMBDAS = [0.0, 0.5, 1.0, 2.0]
MIX3 = Mixture((0.3, 0.45, 0.25), ((-2.0,), (0.5,), (2.0,)), (((0.0225,),), ((0.09,),), ((0.04,),)))
PLANE = Mixture((0.4, 0.6), ((-1.0, 0.0), (1.0, 0.5)), (((0.1, 0.05), (0.05, 0.2)), ((0.0, 0.0), (0.0, 0.0))))

by_process = pytest.mark.parametrize("process", PROCESSES.values(), ids=PROCESSES)
by_lambda = pytest.mark.parametrize("lam", LAMBDAS)


def end(scheme, sde, grid, start, noises):
    *_, last = scheme.walk(sde, grid, start, noises)
    return last


def levels(process):
    """Times of two noise levels of the process, the noisier first."""
    return tuple(process.time_of_sigma(level) for level in (0.8, 0.5))


# -- localisation coordinates ---
@by_process
@by_lambda
@pytest.mark.parametrize("data", [MIX3, PLANE], ids=["line", "plane"])
def test_every_reverse_sde_is_the_localised_one_rescaled(process, lam, data):
    # y = alpha x/sigma^2 is linear in x, so drift and diffusion must match point by point.
    t, _ = levels(process)
    alpha, sigma, g2 = process.alpha(t), process.sigma(t), process.g2(t)
    eta, scale, speed = (alpha / sigma) ** 2, alpha / sigma**2, (alpha / sigma) ** 2 * g2 / sigma**2
    x = data.noised(alpha, sigma).sample(64, np.random.default_rng(0))[1]
    literal, local = ReverseSDE(process, data, lam), Localised(data, lam)
    # d log(alpha/sigma^2) along the motion is a + g^2/sigma^2
    carried = scale * (literal.drift(x, t) + (process.a(t) + g2 / sigma**2) * x)
    assert carried == pytest.approx(local.drift(scale * x, eta) * speed, rel=1e-9, abs=1e-9)
    assert scale * literal.diffusion(t) == pytest.approx(local.diffusion(eta) * math.sqrt(speed), rel=1e-12)


@by_process
@by_lambda
def test_the_reverse_paths_of_every_process_have_the_forward_law(process, lam):
    rng, n, (first, last) = np.random.default_rng(1), 4000, levels(process)
    start = MIX3.noised(process.alpha(first), process.sigma(first)).sample(n, rng)[1]
    clocked = Clocked(ReverseSDE(process, MIX3, lam), LogSigma(process))
    grid = log_sigma(0.8, 0.5, 12)
    x = end(STOCHASTIC_HEUN, clocked, grid, start, draws("W", grid, n, 1, rng))
    scale_in, scale_out = (process.alpha(t) / process.sigma(t) ** 2 for t in (first, last))
    etas = [(process.alpha(t) / process.sigma(t)) ** 2 for t in (first, last)]
    local = uniform(*etas, 16)
    y = end(STOCHASTIC_HEUN, Localised(MIX3, lam), local, start * scale_in, draws("W", local, n, 1, rng))
    exact = MIX3.noised(process.alpha(last), process.sigma(last))
    for states in (x, y / scale_out):
        for f in (lambda u: u, lambda u: u**2, lambda u: u**4):
            fresh = f(exact.sample(n, rng)[1])
            gap, spread = f(states).mean() - fresh.mean(), math.sqrt((f(states).var() + fresh.var()) / n)
            assert abs(gap) < 5 * spread


@by_process
@by_lambda
def test_exponential_euler_is_exact_in_one_step_for_one_atom(process, lam):
    sde, (t, later) = ReverseSDE(process, Mixture((1.0,), ((1.7,),), (((0.0,),),)), lam), levels(process)
    alphas, sigmas = ([f(s) for s in (t, later)] for f in (process.alpha, process.sigma))
    grid = Grid((t, later))

    def step(x, w):
        noise = Noise(np.array([[w * math.sqrt(grid.width(0))]]))
        return float(end(EXPONENTIAL_EULER, sde, grid, np.array([[x]]), [noise])[0, 0])

    mean = step(alphas[0] * 1.7, 0.0)
    assert mean == pytest.approx(alphas[1] * 1.7, rel=1e-10)
    factor, kick = step(alphas[0] * 1.7 + 1, 0.0) - mean, step(alphas[0] * 1.7, 1.0) - mean
    assert (factor * sigmas[0]) ** 2 + kick**2 == pytest.approx(sigmas[1] ** 2, rel=1e-10)
    assert (kick > 0) == (lam > 0)


@by_process
@by_lambda
def test_exponential_euler_is_the_same_scheme_in_every_view(process, lam):
    # In localisation coordinates, and for lam = 1 it is Euler there: the ancestral step of DDPM.
    rng, n, (first, last) = np.random.default_rng(2), 40, levels(process)
    grid = uniform(first, last, 6)
    eta = [(process.alpha(t) / process.sigma(t)) ** 2 for t in grid.nodes]
    local = Grid(tuple(eta))
    normals = rng.standard_normal((6, n, 2))
    x, y = ([Noise(normals[i] * math.sqrt(g.width(i))) for i in range(6)] for g in (grid, local))
    start = rng.standard_normal((n, 2))
    scale = [process.alpha(t) / process.sigma(t) ** 2 for t in (first, last)]
    ours = end(EXPONENTIAL_EULER, ReverseSDE(process, PLANE, lam), grid, start, x) * scale[1]
    assert ours == pytest.approx(end(EXPONENTIAL_EULER, Localised(PLANE, lam), local, start * scale[0], y), rel=1e-9)
    if lam == 1:
        assert ours == pytest.approx(end(EULER_MARUYAMA, Localised(PLANE), local, start * scale[0], y), rel=1e-9)


def test_the_right_misstatement_is_no_misstatement():
    x, t = np.linspace(-2, 2, 7)[:, None], 0.4
    right, sde = Misstated(VP_PROCESS, MIX3, 1.0, 2), ReverseSDE(VP_PROCESS, MIX3)
    assert np.allclose(right.drift(x, t), sde.drift(x, t), rtol=1e-14)
    assert right.diffusion(t) == sde.diffusion(t)
    ramp = PROCESSES["VP ramp"]
    wrong = Misstated(ramp, MIX3, 1.0, 1).drift(x, t) + ramp.a(t) * x
    assert np.allclose(wrong * math.sqrt(ramp.g2(t)), ReverseSDE(ramp, MIX3).drift(x, t) + ramp.a(t) * x, rtol=1e-12)
    doubled = Localised(MIX3, strength=2.0)
    assert np.allclose(doubled.drift(x, 1.0), 2 * Localised(MIX3).drift(x, 1.0), rtol=1e-15)


def test_what_cannot_be_started_or_stepped_is_refused():
    zero, one = np.zeros((3, 1)), uniform(0.0, 1.0, 2)
    noises = [Noise(np.zeros((3, 1)))] * 2
    for scheme in (EULER_MARUYAMA, EXPONENTIAL_EULER):
        with pytest.raises(ValueError, match="above 0"):
            end(scheme, Localised(MIX3, 0.5), one, zero, noises)
    with pytest.raises(TypeError, match="exponential Euler needs a problem with a linear part, not UserSDE"):
        end(EXPONENTIAL_EULER, UserSDE(lambda x, s: -x, lambda s: 1.0), one, zero, noises)
    with pytest.raises(ValueError, match=r"the drift returned shape \(3,\) for points of shape \(3, 1\)"):
        end(EULER_MARUYAMA, UserSDE(lambda x, s: -x[:, 0], lambda s: 1.0), one, zero, noises)


# -- clocks ---
@by_process
def test_clocks_keep_time(process):
    for clock, u in (
        (LogSigma(process), math.log(0.6)),
        (LogSNR(process, 0.9, 0.3), log_snr_at(process, levels(process)[0])),
    ):
        h = 1e-5
        slope = (clock.time(u + h) - clock.time(u - h)) / (2 * h)
        assert clock.speed(u) == pytest.approx(slope, rel=1e-6)
    assert process.sigma(LogSigma(process).time(math.log(0.6))) == pytest.approx(0.6, rel=1e-12)
    t = levels(process)[1]
    assert LogSNR(process, 0.9, 0.3).time(log_snr_at(process, t)) == pytest.approx(t, rel=1e-9)


def test_levels_out_of_reach_are_refused():
    with pytest.raises(OutOfRangeError):
        LogSigma(VP_PROCESS).time(math.log(2.0))
    with pytest.raises(ValueError, match="is not reached between sigma"):
        LogSNR(VP_PROCESS, 0.9, 0.3).time(9.0)


@by_process
def test_a_clock_changes_the_steps_and_not_the_motion(process):
    # One path in two clocks and in the process time itself: they meet as the steps shrink.
    first, last = levels(process)
    sde = ReverseSDE(process, MIX3, 0.0)
    x = np.linspace(-3, 3, 31)[:, None]
    snr = LogSNR(process, 0.8, 0.5)
    ends = []
    for problem, grid in (
        (sde, uniform(first, last, 128)),
        (Clocked(sde, LogSigma(process)), log_sigma(0.8, 0.5, 128)),
        (Clocked(sde, snr), uniform(log_snr_at(process, first), log_snr_at(process, last), 128)),
    ):
        ends.append(end(STOCHASTIC_HEUN, problem, grid, x, [Noise(np.zeros_like(x))] * grid.steps))
    assert ends[0] == pytest.approx(ends[1], abs=3e-4)
    assert ends[0] == pytest.approx(ends[2], abs=3e-4)


def test_a_clock_keeps_the_power_of_the_noise():
    grid = log_sigma(0.3, 0.9, 4096)
    sde = Clocked(ForwardSDE(VE_PROCESS), LogSigma(VE_PROCESS))
    power = sum(sde.diffusion(u) ** 2 * w for u, w in zip(grid.nodes, grid.widths))
    assert power == pytest.approx(0.81 - 0.09, rel=1e-3)


# -- exact transitions ---
def cdf(y, eta):
    from scipy.special import ndtr

    parts = zip(MIX3.weights, MIX3.means, MIX3.covs, strict=True)
    return sum(w * ndtr((y - eta * m[0]) / math.sqrt(eta**2 * c[0][0] + eta)) for w, m, c in parts)


def test_the_reverse_chain_has_the_forward_law():
    rng, n = np.random.default_rng(3), 20_000
    y, eta = np.zeros((n, 1)), 0.0
    for later in (0.5, 3.0, 40.0):
        y, eta = reverse_step(MIX3, y, eta, later, rng), later
        assert kstest(y[:, 0], lambda v, eta=eta: cdf(v, eta)).pvalue > 1e-4
    for (x0, states), reverse in [(forward_states(MIX3, (0.5, 3.0, 40.0), n, rng), y)]:
        assert kstest(states[-1][:, 0], lambda v: cdf(v, 40.0)).pvalue > 1e-4
        assert np.abs(states[-1] / 40 - x0).max() < 6 / math.sqrt(40)
        assert reverse.shape == x0.shape
    with pytest.raises(ValueError, match="must grow"):
        forward_states(MIX3, (2.0, 1.0), 8, rng)
    with pytest.raises(ValueError, match="not from 2 to 1"):
        reverse_step(MIX3, y, 2.0, 1.0, rng)


def test_reverse_steps_in_the_plane_have_the_forward_moments():
    rng, n = np.random.default_rng(4), 40_000
    _, (early, late) = forward_states(PLANE, (0.7, 5.0), n, rng)
    back = reverse_step(PLANE, early, 0.7, 5.0, rng)
    products = [
        (u[:, :, None] * v[:, None, :]).reshape(n, -1)
        for u, v in ((early, late), (early, back), (late, late), (back, back))
    ]
    for a, b in ((products[0], products[1]), (products[2], products[3]), (late, back)):
        assert (np.abs(a.mean(axis=0) - b.mean(axis=0)) < 5 * np.sqrt((a.var(axis=0) + b.var(axis=0)) / n)).all()


def test_a_reverse_step_of_a_gaussian_has_its_mean_and_variance():
    rng, n, c, eta, h = np.random.default_rng(8), 40_000, 0.4, 2.0, 3.0
    y = np.full((n, 1), 1.3)
    later = reverse_step(Mixture((1.0,), ((0.7,),), (((c,),),)), y, eta, eta + h, rng)[:, 0]
    mean, variance = 1.3 + h * (0.7 + c * 1.3) / (1 + eta * c), h + h**2 * c / (1 + eta * c)
    assert abs(later.mean() - mean) < 4 * math.sqrt(variance / n)
    assert later.var() == pytest.approx(variance, rel=4 * math.sqrt(2 / n))


@pytest.mark.parametrize("data", [MIX3, PLANE], ids=["line", "plane"])
def test_the_kernel_mean_is_the_mean_of_forward_increments(data):
    # E[(y_later - m(y)) f(y)] = 0 for any f: the regression that judges a reverse drift without any step.
    rng, n = np.random.default_rng(5), 40_000
    _, (early, late) = forward_states(data, (1.2, 6.0), n, rng)
    rest = late - kernel_mean(data, early, 1.2, 6.0)
    for f in (np.ones_like(early), early, np.tanh(early), Posterior(data).mean(early, 1.2)):
        values = (rest * f).sum(axis=1)
        assert abs(values.mean()) < 5 * values.std() / math.sqrt(n)
    pull = kernel_mean(data, early, 1.2, 6.0) - early
    slope = ((late - early) * pull).sum() / (pull**2).sum()
    assert slope == pytest.approx(1, abs=0.03)


def test_posterior_samples_of_atoms_are_atoms():
    y = np.full((500, 1), 0.3)
    atoms = Mixture((0.5, 0.5), ((1.0,), (-1.0,)), (((0.0,),),) * 2)
    x0 = posterior_sample(atoms, y, 1.0, np.random.default_rng(6))
    assert set(np.unique(x0)) == {-1.0, 1.0}
    assert x0.mean() == pytest.approx(math.tanh(0.3), abs=5 / math.sqrt(500))


@pytest.mark.parametrize("scheme", [SRA_1, ONE_EVALUATION], ids=lambda s: s.name)
def test_paths_from_nothing_have_the_marginals_of_the_channel(scheme):
    # y = 0 at eta = 0 is exact: no terminal law is guessed.
    rng, n, grid = np.random.default_rng(7), 8000, uniform(0.0, 3.0, 48)
    y = end(scheme, Localised(MIX3), grid, np.zeros((n, 1)), draws(scheme.needs, grid, n, 1, rng))
    assert kstest(y[:, 0], lambda v: cdf(v, 3.0)).pvalue > 1e-3
