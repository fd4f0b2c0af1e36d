"""Where the steps are spent: equal steps of information and of conditional entropy, on smooth and nested grids."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from numerics.extrema import ve_germ
from numerics.line import line_number
from numerics.mixtures import Mixture, mixture_of
from numerics.sde.grids import Grid, entropic_grid, information_grid, log_sigma, log_snr, uniform
from numerics.sde.noise import Noise
from numerics.sde.problems import Localised
from numerics.sde.schemes import STOCHASTIC_HEUN
from theory.language.instances import T3, deltas

HALF = Fraction(1, 2)
PAIR = deltas((-1, HALF), (1, HALF))
TWO, THIRD = mixture_of(PAIR), mixture_of(T3)
MIX3 = Mixture((0.3, 0.45, 0.25), ((-2.0,), (0.5,), (2.0,)), (((0.0225,),), ((0.09,),), ((0.04,),)))
PLANE = Mixture((0.4, 0.6), ((-1.0, 0.0), (1.0, 0.5)), (((0.1, 0.05), (0.05, 0.2)), ((0.0, 0.0), (0.0, 0.0))))
CUBE = Mixture(
    (0.5, 0.5), ((0.0,) * 8, (1.0,) * 8), (tuple(tuple(0.2 * (i == j) for j in range(8)) for i in range(8)),) * 2
)
KINDS = [information_grid, entropic_grid]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [TWO, MIX3, PLANE], ids=["two", "mix3", "plane"])
@pytest.mark.parametrize(("first", "last"), [(0.0, 1e-3), (0.0, 4.0), (0.0, 1e12), (2.0, 50.0)])
def test_grids_are_monotone_nested_and_end_where_they_should(kind, data, first, last):
    fine = kind(data, last, 64, first=first)
    assert (fine.nodes[0], fine.nodes[-1], fine.steps) == (first, last, 64)
    assert all(a < b for a, b in pairwise(fine.nodes))
    # one smooth function read at more places: what extrapolation in the step needs
    assert fine.coarser(4).nodes == pytest.approx(kind(data, last, 16, first=first).nodes, rel=1e-12)


def test_information_grid_takes_equal_steps_of_lambda():
    # Two atoms: Cov = sech^2 y with y = +-eta + W_eta.
    def rate(eta):
        spread = math.sqrt(eta)
        return math.sqrt(
            quad(lambda v: math.exp(-v * v / 2) / math.sqrt(2 * math.pi) / math.cosh(eta + spread * v) ** 4, -9, 9)[0]
        )

    grid = information_grid(TWO, 4.0, 8)
    steps = [quad(rate, a, b, epsabs=1e-9)[0] for a, b in pairwise(grid.nodes)]
    assert steps == pytest.approx([sum(steps) / 8] * 8, rel=0.01)
    # a Gaussian: Lambda = log(1 + eta c), so log grids are what it gives
    gauss = information_grid(Mixture((1.0,), ((3.0,),), (((0.5,),),)), 100.0, 10)
    assert [math.log1p(n / 2) for n in gauss.nodes] == pytest.approx(np.linspace(0, math.log(51), 11), rel=1e-5)


@pytest.mark.parametrize(("law", "data"), [(PAIR, TWO), (T3, THIRD)], ids=["two deltas", "T3"])
def test_entropic_grid_takes_equal_steps_of_the_rigorous_conditional_entropy(law, data):
    # H(X_0 | X_t) of the house's ball arithmetic, at nodes rounded to rationals; the first node is left out (eta = 0).
    grid = entropic_grid(data, 6.0, 8)
    entropies = []
    for eta in grid.nodes[1:]:
        sigma = Fraction(1 / math.sqrt(eta)).limit_denominator(10**6)
        entropies.append(float(line_number("conditional-entropy", law, ve_germ(sigma), digits=8).coefficients[0].mid()))
    steps = [a - b for a, b in pairwise(entropies)]
    assert steps == pytest.approx([sum(steps) / 7] * 7, rel=0.01)
    if data is TWO:
        assert math.log(2) - entropies[0] == pytest.approx(steps[0], rel=0.01)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [MIX3, CUBE], ids=["mix3", "cube"])
def test_extrapolation_on_the_grid_sees_order_two(kind, data):
    # 16, 32 and 64 steps without noise: dy = D d eta is smooth, so all that could spoil the order is the grid.
    y = np.random.default_rng(0).standard_normal((40, data.D)) * 0.5
    ends = []
    for steps in (32, 64, 128):
        grid = kind(data, 8.0, steps)
        *_, last = STOCHASTIC_HEUN.walk(Localised(data), grid, y, [Noise(np.zeros_like(y))] * steps)
        ends.append(last)
    ratio = np.median(np.abs(ends[1] - ends[0])) / np.median(np.abs(ends[2] - ends[1]))
    assert math.log2(ratio) == pytest.approx(2, abs=0.25)


def test_plain_grids():
    assert uniform(1.0, 0.0, 4).nodes == (1.0, 0.75, 0.5, 0.25, 0.0)
    grid = log_snr(0.01, 100.0, 5)
    assert grid.nodes == pytest.approx((0.0, 0.01, 0.1, 1.0, 10.0, 100.0))
    assert log_snr(0.01, 100.0, 4, origin=False).nodes == pytest.approx(grid.nodes[1:])
    assert [math.exp(u) for u in log_sigma(2.0, 0.5, 2).nodes] == pytest.approx([2.0, 1.0, 0.5])
    assert grid.widths == tuple(grid.width(i) for i in range(5))
    assert sum(grid.widths) == pytest.approx(100)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Grid((0.0,)), "strictly monotone"),
        (lambda: Grid((0.0, 1.0, 1.0)), "strictly monotone"),
        (lambda: Grid((0.0, math.inf)), "strictly monotone"),
        (lambda: uniform(0.0, 1.0, 0), "at least one step"),
        (lambda: log_snr(1.0, 0.5, 4), "grow from above 0, got 1 to 0.5"),
        (lambda: log_snr(0.5, 1.0, 1), "at least one step"),
        (lambda: information_grid(TWO, 0.0, 4), "got 0 to 0"),
        (lambda: information_grid(TWO, math.inf, 4), "got 0 to inf"),
        (lambda: entropic_grid(TWO, 4.0, 0), "at least one step"),
        (lambda: uniform(0.0, 1.0, 6).coarser(4), "6 steps cannot be coarsened by 4"),
    ],
)
def test_what_is_no_grid_is_refused_with_a_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
