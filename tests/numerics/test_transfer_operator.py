"""The splitting operator and its extrapolation against the rigorous numbers, and against paths; errors are kept."""

import math
import random
from dataclasses import replace
from fractions import Fraction as F
from itertools import pairwise

import numpy as np
import pytest

import infodyn as idn
from numerics.functionals import (
    ClassEntropy,
    Divergence,
    LogDensity,
    PathDivergence,
    PosteriorVariance,
    QuadraticVariation,
    SquaredScore,
    TimeIntegral,
)
from numerics.mixtures import Mixture, mixture_of
from numerics.streams import stream
from numerics.transfer import Variance, average, averages
from numerics.transfer.clock import nodes
from numerics.transfer.lattice import Axis, Resolution, gaussian_sums
from numerics.transfer.problem import Problem
from numerics.transfer.romberg import extrapolate
from numerics.transfer.splitting import Splitting, flow
from theory.laws import parse_law

TWO = "deltas(-1: 1/2, 1: 1/2)"
MIX3 = "mixture(3/10: N(-2, 9/400), 9/20: N(1/2, 9/100), 1/4: N(2, 1/25))"
BATTERY = {
    "fisher-information": SquaredScore(), "expected-divergence": Divergence(), "class-entropy": ClassEntropy(),
    "variance-h-class": Variance(ClassEntropy()), "entropy": LogDensity(), "mmse": PosteriorVariance(),
    "mutual-information": TimeIntegral(PosteriorVariance(), 0.5),
}  # fmt: skip
SIGN = {"entropy": -1}
RESOLUTION = Resolution(1.4, 5.0, 7.5, 20_000)


def rigorous(name, law, eta, digits=13):
    return SIGN.get(name, 1) * float(idn.value(name, law, "ve", at=f"snr={F(eta)}", digits=digits).value)


def line(weights, means, sds):
    return Mixture(tuple(weights), tuple((m,) for m in means), tuple(((s * s,),) for s in sds))


@pytest.mark.parametrize(("text", "eta", "goal"), [(TWO, 4, 1e-8), (MIX3, 100, 1e-7)])
def test_the_rigorous_numbers_are_met_within_the_stated_error(text, eta, goal):
    law = parse_law(text)
    for name, found in zip(BATTERY, averages(list(BATTERY.values()), law, eta, tolerance=1e-5), strict=True):
        exact = rigorous(name, law, eta)
        assert found.reached
        assert found.error <= 1e-5 * abs(exact)
        assert abs(found.value - exact) <= found.error + 1e-12 * abs(exact)
        assert abs(found.value - exact) <= goal * abs(exact)


def _divergence(p, q, sigma):
    """KL of the noised laws by the trapezoidal rule, which is exact to rounding on the line."""
    low, high = (sign * (abs(max(sign * m[0] for m in p.means)) + 14 * (sigma + 0.3)) for sign in (-1, 1))
    x = np.linspace(low, high, 20_001)
    noisy, other = p.noised(1.0, sigma), q.noised(1.0, sigma)
    log_p = noisy.log_density(x[:, None])
    return float((np.exp(log_p) * (log_p - other.log_density(x[:, None]))).sum() * (x[1] - x[0]))


THIRDS = mixture_of(parse_law(MIX3))
OTHERS = [
    (mixture_of(parse_law(TWO)), line((0.4, 0.6), (-1, 1), (0, 0)), 4.0),
    (THIRDS, replace(THIRDS, weights=(0.4, 0.35, 0.25)), 100.0),
    (THIRDS, replace(THIRDS, means=((-1.7,), (0.55,), (1.9,))), 5.0),
]


@pytest.mark.parametrize(("data", "other", "eta"), OTHERS)
def test_girsanov_gives_the_relative_entropy_at_the_end(data, other, eta):
    found = average(PathDivergence(other), data, eta, tolerance=1e-4)
    exact = _divergence(data, other, eta**-0.5)
    assert exact > 1e-3
    assert abs(found.value - exact) <= found.error <= 1e-4 * exact
    assert abs(found.value - exact) <= 1e-5 * exact


def test_the_quadratic_variation_is_what_the_martingale_gained():
    # E int |Cov|^2 d eta = E D^2 - (E X0)^2 = Var X0 - mmse
    law, eta = parse_law(MIX3), 5
    variance = sum(float(p.weight * (p.cov[0][0] + p.mean[0] ** 2)) for p in law.components)
    variance -= sum(float(p.weight * p.mean[0]) for p in law.components) ** 2
    found = average(QuadraticVariation(), law, eta, tolerance=1e-5)
    assert abs(found.value - (variance - rigorous("mmse", law, eta))) <= found.error
    assert found.reached


def _random_law(rng):
    size = rng.randint(2, 5)
    weights, places = [rng.randint(1, 9) for _ in range(size)], rng.sample(range(-30, 31), size)
    if rng.random() < 0.3:
        return "deltas(" + ", ".join(f"{m}/10: {w}/{sum(weights)}" for m, w in zip(places, weights, strict=True)) + ")"
    parts = [f"{w}/{sum(weights)}: N({m}/10, {F(rng.randint(5, 60), 100) ** 2})"
             for m, w in zip(places, weights, strict=True)]  # fmt: skip
    return f"mixture({', '.join(parts)})"


def test_stated_errors_are_kept_on_random_mixtures():
    rng, kept, total = random.Random(20), 0, 0
    names = ("fisher-information", "class-entropy", "variance-h-class", "entropy", "mmse")
    for _ in range(8):
        law, eta = parse_law(_random_law(rng)), F(rng.choice([1, 2, 4, 8, 16]), rng.choice([1, 2, 4]))
        found = averages([BATTERY[n] for n in names], law, float(eta), tolerance=1e-3)
        for name, one in zip(names, found, strict=True):
            exact = rigorous(name, law, eta)
            kept += abs(one.value - exact) <= one.error + 1e-13 * abs(exact)
            total += 1
    assert total == 40
    assert kept >= 39


@pytest.mark.parametrize(("text", "eta"), [("deltas(-10: 1/2, 10: 1/2)", 1), ("deltas(-1: 1/2, 1: 1/2)", 36)])
def test_what_rare_paths_carry_is_not_claimed(text, eta):
    # E H = exp(-eta |m|^2/2): no path of the lattice sees it, or the steps are too coarse for it
    law = parse_law(text)
    found = average(ClassEntropy(), law, eta, most_steps=128)
    assert not found.reached
    assert abs(found.value - rigorous("class-entropy", law, eta)) <= found.error
    plain = average(SquaredScore(), law, eta, tolerance=1e-4)
    assert abs(plain.value - rigorous("fisher-information", law, eta)) <= plain.error <= 1e-4 * plain.value


def test_a_far_centre_costs_no_digits():
    near, far = (
        average(ClassEntropy(), line((0.5, 0.5), (m, m + 1), (0, 0)), 9.0, tolerance=1e-4) for m in (-0.5, 1000.0)
    )
    assert far.value == pytest.approx(near.value, rel=1e-10)


def test_the_scheme_is_symmetric_of_order_two_and_extrapolates_by_even_powers():
    data, eta = mixture_of(parse_law(TWO)), 4.0
    exact = rigorous("class-entropy", parse_law(TWO), 4)
    problem = Problem(data, eta, (ClassEntropy(),))
    errors = [float(Splitting().values(problem, nodes(data, eta, n), RESOLUTION)[0]) - exact for n in (32, 64, 128)]
    orders = [math.log2(a / b) for a, b in pairwise(errors)]
    assert orders == pytest.approx([2, 2], abs=0.01)
    once = [(4 * b - a) / 3 for a, b in pairwise(errors)]
    assert math.log2(once[0] / once[1]) == pytest.approx(4, abs=0.15)


def test_the_operator_is_the_law_of_the_scheme_as_simulated():
    # no limit is taken: few, coarse steps, whose own bias is many standard errors
    data, eta, count = mixture_of(parse_law(TWO)), 4.0, 200_000
    other = replace(data, weights=(0.4, 0.6))
    problem = Problem(data, eta, (SquaredScore(), ClassEntropy(), PathDivergence(other)))
    grid, rng = nodes(data, eta, 5), stream(3, "transfer", "splitting", 0)
    y, along = np.zeros((count, 1)), np.zeros((count, 3))
    for early, late in pairwise(grid):
        kick = math.sqrt((late - early) / 2)
        y, rate = flow(problem, y + kick * rng.standard_normal((count, 1)), early, late, True)
        y = y + kick * rng.standard_normal((count, 1))
        along += rate
    paths = problem.terminal(y) + along
    away = Splitting().values(problem, grid, RESOLUTION) - paths.mean(axis=0)
    assert np.all(np.abs(away) < 5 * paths.std(axis=0) / math.sqrt(count))
    assert rigorous("fisher-information", parse_law(TWO), 4) - paths[:, 0].mean() < -0.02


@pytest.mark.parametrize("strength", [1.0001, 0.99])
def test_a_drift_that_is_wrong_by_one_part_in_ten_thousand_is_refuted(strength):
    law = parse_law(TWO)
    wanted = ("fisher-information", "class-entropy", "entropy", "mmse")
    wrong = averages([BATTERY[n] for n in wanted], law, 4, strength=strength, tolerance=1e-5)
    right = averages([BATTERY[n] for n in wanted], law, 4, tolerance=1e-5)
    for name, bad, good in zip(wanted, wrong, right, strict=True):
        exact = rigorous(name, law, 4)
        assert abs(bad.value - exact) > 10 * bad.error
        assert abs(good.value - exact) <= good.error


@pytest.mark.parametrize("strength", [-1.0, 0.0, 0.8, 2.0])
def test_a_gaussian_with_a_wrong_drift_has_the_variance_of_a_linear_sde(strength):
    # dy = k c y/(1 + eta c) d eta + dW:  Var y = (z^(2k) - z)/((2k - 1) c), z = 1 + eta c;  s = -y/z
    c, eta = 2.0, 5.0
    z = 1 + eta * c
    exact = (z ** (2 * strength) - z) / ((2 * strength - 1) * c) / z**2
    found = average(SquaredScore(), line((1.0,), (0.0,), (math.sqrt(c),)), eta, strength=strength, tolerance=1e-5)
    assert abs(found.value - exact) <= found.error + 1e-12 * exact
    assert found.error <= 1e-5 * exact


def test_gaussian_sums_are_averages_over_noise():
    axis, noise = Axis(-40.0, 0.5, 161), 0.7
    targets = np.array([-3.3, 0.0, 0.1234, 7.7])
    matrix = gaussian_sums(targets, noise, axis)
    x = axis.points
    assert matrix @ np.ones_like(x) == pytest.approx(np.ones(4), abs=1e-15)
    assert matrix @ x == pytest.approx(targets, abs=1e-13)
    assert matrix @ x**2 == pytest.approx(targets**2 + noise**2, rel=1e-12)
    assert matrix @ np.cos(x) == pytest.approx(np.cos(targets) * math.exp(-(noise**2) / 2), abs=1e-13)
    assert gaussian_sums(np.array([1e9]), noise, axis) @ x == pytest.approx([x[-1]], rel=1e-2)


def test_extrapolation_states_more_than_it_is_off():
    zero = np.zeros(1)
    levels = [np.array([1 + 0.3 * h**2 - 0.2 * h**4 + 0.1 * h**6 + 0.5 * h**8]) for h in (1 / 4, 1 / 8, 1 / 16)]
    found = extrapolate(levels, levels[:2], (2, 4, 6), zero)
    assert abs(found.values[0] - 1) < found.step[0] < 1e-3
    assert found.quadrature[0] == 0
    # no expansion yet: the changes do not fall by four
    wild = [np.array([v]) for v in (3.0, 0.2, 1.1)]
    assert extrapolate(wild, wild[:2], (2, 4, 6), zero).step[0] > 1.5
    # lattices that disagree are reported with the weights of the extrapolation
    moved = [levels[0] + 1e-3, levels[1] + 1e-4]
    assert extrapolate(levels, moved, (2, 4, 6), zero).quadrature[0] > 1e-4


def test_the_record_says_how_it_was_found():
    found = average(PosteriorVariance(), line((0.5, 0.5), (-1, 1), (0.2, 0.2)), 2.0)
    assert found.figures["route"] == "transfer, 1-D" == str(found.route)
    assert found.steps == int(found.figures["steps"]) >= 64
    assert found.error == found.step_error + found.quadrature_error > 0


@pytest.mark.parametrize(
    ("change", "says"),
    [({"last_eta": 0.0}, "above 0"), ({"last_eta": math.inf}, "finite"), ({"tolerance": 0.0}, "between 0 and 1"),
     ({"strength": math.nan}, "finite number"), ({"most_steps": 10}, "64 steps or more")],
)  # fmt: skip
def test_arguments_out_of_range_are_refused_with_a_remedy(change, says):
    arguments = {"last_eta": 4.0} | change
    last = arguments.pop("last_eta")
    with pytest.raises(ValueError, match=says):
        average(SquaredScore(), line((0.5, 0.5), (-1, 1), (0, 0)), last, **arguments)
    with pytest.raises(ValueError, match="only end values"):
        average(Variance(QuadraticVariation()), line((0.5, 0.5), (-1, 1), (0, 0)), 1.0)


def test_components_too_narrow_for_the_lattices_leave_the_error_infinite():
    law = line((0.5, 0.5), (0.0, 1.0), (1e3, 1e-6))
    found = average(SquaredScore(), law, 1e6, most_steps=64)
    assert math.isinf(found.error)
    assert not found.reached


@pytest.mark.parametrize("name", ["fisher-information", "class-entropy"])
def test_little_noise_costs_no_digits(name):
    law, eta = "mixture(1/2: N(0, 1), 1/2: N(1, 4))", 10**16
    found = average(BATTERY[name], parse_law(law), float(eta), tolerance=1e-3, most_steps=128)
    assert abs(found.value - rigorous(name, law, eta, 9)) <= found.error
    assert found.error < 0.02


@pytest.mark.parametrize("strength", [0.0, 0.5, 0.9])
def test_a_drift_that_is_too_weak_is_followed_where_it_leads(strength):
    """One atom at m: y ~ N(strength eta m, eta), far from eta m."""
    m, eta = 40.0, 4.0
    found = average(SquaredScore(), line((1.0,), (m,), (0.0,)), eta, strength=strength)
    assert found.value == pytest.approx(((1 - strength) * eta * m) ** 2 + eta, rel=1e-8)


def test_a_drift_beyond_float64_is_refused_in_words():
    with pytest.raises(ValueError, match="out of float64; give a factor nearer to 1"):
        average(SquaredScore(), line((1.0,), (0.0,), (1.0,)), 1e4, strength=99.0)
