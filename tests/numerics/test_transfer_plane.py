"""Two dimensions, reduction to the span of the mean differences, routes, and the laws of the schemes themselves."""

import math
from dataclasses import dataclass
from fractions import Fraction as F

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
from numerics.sde.grids import information_grid
from numerics.sde.noise import draws
from numerics.sde.problems import Localised
from numerics.sde.schemes import EULER_MARUYAMA, ONE_EVALUATION, SRA_1, STOCHASTIC_HEUN
from numerics.streams import stream
from numerics.transfer import Variance, average, averages, route
from numerics.transfer.average import FINE
from numerics.transfer.problem import Problem
from numerics.transfer.reduction import reduction
from numerics.transfer.schemes import OneStep
from theory.laws import parse_law

TWO = "deltas(-1: 1/2, 1: 1/2)"
TRIANGLE = "deltas((1,0): 1/3, (-1/2,433/500): 1/3, (-1/2,-433/500): 1/3)"
BLOBS = "mixture(1/2: N((-1,0),[[1/10,1/20],[1/20,1/5]]), 1/2: N((1,1/2),[[1/4,0],[0,1/20]]))"
CUBE = "[" + ",".join("[" + ",".join("1/16" if i == j else "0" for j in range(8)) + "]" for i in range(8)) + "]"
EIGHT = (
    f"mixture(3/10: N((1,0,0,1/2,0,-1,0,1),{CUBE}), 9/20: N((0,1,1/3,-1,0,0,0,2/3),{CUBE}), "
    f"1/4: N((-1,0,0,0,1,1/2,0,0),{CUBE}))"
)
BATTERY = {
    "fisher-information": SquaredScore(), "expected-divergence": Divergence(), "class-entropy": ClassEntropy(),
    "variance-h-class": Variance(ClassEntropy()), "entropy": LogDensity(), "mmse": PosteriorVariance(),
    "mutual-information": TimeIntegral(PosteriorVariance(), 0.5),
}  # fmt: skip


def rigorous(name, text, eta):
    sign = -1 if name == "entropy" else 1
    return sign * float(idn.value(name, parse_law(text), "ve", at=f"snr={F(eta)}", digits=8).value)


@pytest.mark.parametrize(("text", "eta", "way"), [(TRIANGLE, 4, "2-D"), (EIGHT, 3, "2-D"), (BLOBS, 2, "2-D")])
def test_the_rigorous_numbers_are_met_within_the_stated_error(text, eta, way):
    names = ["fisher-information", "class-entropy", "variance-h-class", "entropy", "mmse"]
    for name, found in zip(names, averages([BATTERY[n] for n in names], parse_law(text), eta, tolerance=1e-4),
                           strict=True):  # fmt: skip
        exact = rigorous(name, text, eta)
        assert str(found.route) == f"transfer, {way}"
        assert found.error <= 1e-4 * abs(exact)
        assert abs(found.value - exact) <= found.error + 1e-8 * abs(exact)


def test_a_wrong_drift_in_the_plane_is_refuted():
    wrong = average(SquaredScore(), parse_law(TRIANGLE), 2, strength=1.0001, tolerance=3e-5)
    assert abs(wrong.value - rigorous("fisher-information", TRIANGLE, 2)) > 5 * wrong.error


def _placed(mixture, D, seed):
    """The same mixture turned and moved into D dimensions; the new coordinates are N(0, c)."""
    turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((D, D)))
    means = np.array(mixture.means) @ turn[: mixture.D] + 3.0
    c = mixture.covs[0][0][0]
    cov = tuple(tuple(row) for row in (c * np.eye(D)).tolist())
    return Mixture(mixture.weights, tuple(map(tuple, means.tolist())), (cov,) * mixture.K)


def test_functionals_add_up_over_span_and_complement():
    c, eta, more = 0.04, 5.0, 4
    flat = Mixture((0.4, 0.6), ((-1.0,), (0.8,)), (((c,),),) * 2)
    other = Mixture((0.5, 0.5), ((-0.9,), (0.9,)), (((0.05,),),) * 2)
    wanted = [f for name, f in BATTERY.items() if name != "variance-h-class"]
    wanted.append(QuadraticVariation())
    steps = {"tolerance": 1e-12, "most_steps": 64}  # the same on both sides
    low = averages([*wanted, PathDivergence(other)], flat, eta, **steps)
    high = averages([*wanted, PathDivergence(_placed(other, 5, 1))], _placed(flat, 5, 1), eta, **steps)
    assert str(high[0].route) == "transfer, 1-D"
    sigma2, v = 1 / eta, c + 1 / eta
    ratio = v / (0.05 + sigma2)
    extra = {
        "expected squared score": 1 / v, "expected divergence": -1 / v, "class entropy": 0.0,
        "log density": -0.5 * math.log(2 * math.pi * math.e * v), "posterior variance": c * sigma2 / v,
        "time integral of posterior variance": 0.5 * math.log(v / sigma2),
        "quadratic variation of the posterior mean": c - c * sigma2 / v,
        "path divergence": 0.5 * (ratio - 1 - math.log(ratio)),
    }  # fmt: skip
    for one, many in zip(low, high, strict=True):
        # same steps, so only lattices may differ (the span has no orientation): by what they state, and that is little
        quadrature = one.quadrature_error + many.quadrature_error
        assert abs(many.value - one.value - more * extra[one.name]) <= quadrature
        assert quadrature <= 1e-8 * max(1.0, abs(one.value))


def test_reduction_keeps_inner_products_and_finds_the_rank():
    flat = Mixture((0.2, 0.3, 0.5), ((0.0, 0.1), (1.0, 0.2), (0.3, -1.0)), (((0.1, 0.0), (0.0, 0.1)),) * 3)
    lifted = _placed(flat, 7, 3)
    found = reduction((lifted,))
    assert (found.rank, found.across, found.variances) == (2, 5, (0.1,))
    for law in (lifted, found.laws[0]):
        gaps = np.array(law.means)[1:] - np.array(law.means)[0]
        expected = np.array(flat.means)[1:] - np.array(flat.means)[0]
        assert gaps @ gaps.T == pytest.approx(expected @ expected.T, abs=1e-13)
    line = Mixture((0.5, 0.25, 0.25), ((0.1, 0.2, 0.3), (0.2, 0.4, 0.6), (0.3, 0.6, 0.9)), ((((0.0,) * 3,) * 3),) * 3)
    assert reduction((line,)).rank == 1
    point = Mixture((1.0,), ((1.0, 2.0),), (((1.0, 0.0), (0.0, 1.0)),))
    assert reduction((point,)).rank == 1
    assert reduction((Mixture((1.0,), ((0.0, 0.0),), (((1.0, 0.0), (0.0, 2.0)),)),)) is None


@dataclass(frozen=True)
class Own:
    """A functional of a user, who says nothing about complements."""

    name: str = "first coordinate squared"

    def terminal(self, posterior, y, eta):
        """y_0^2."""
        return y[:, 0] ** 2

    def running(self, posterior, y, eta):
        """None."""


def test_routes_and_their_reasons():
    four = "deltas((0,0,0): 1/4, (1,0,0): 1/4, (0,1,0): 1/4, (0,0,1): 1/4)"
    assert str(route(parse_law(TWO))) == "transfer, 1-D"
    assert str(route(parse_law("deltas((0,0): 1/2, (1,1): 1/2)"), [SquaredScore()])) == "transfer, 1-D"
    assert str(route(parse_law(EIGHT), [ClassEntropy()])) == "transfer, 2-D"
    assert "2 of 8 dimensions" in route(parse_law(EIGHT)).reason
    assert str(route(parse_law(four))) == "paths, r = 3"
    assert "not one c I" in route(parse_law(BLOBS)).reason
    assert str(route(parse_law(EIGHT), [Own()])) == "paths, r = 8"
    assert "does not say" in route(parse_law(EIGHT), [Own()]).reason
    assert "wrong" in route(parse_law(EIGHT), strength=1.01).reason
    assert "does not add up" in route(parse_law(EIGHT), [PathDivergence(mixture_of(parse_law(EIGHT)), "kl"),
                                                         *_parts(Variance(SquaredScore()))]).reason  # fmt: skip
    with pytest.raises(ValueError, match="simulate paths"):
        average(SquaredScore(), parse_law(four), 1.0)
    with pytest.raises(ValueError, match="on one space"):
        average(PathDivergence(mixture_of(parse_law(TWO))), parse_law(EIGHT), 1.0)


def _parts(variance):
    from numerics.transfer.average import _parts as parts

    return parts(variance)


def test_a_functional_of_ones_own_is_averaged():
    # E y^2 = eta^2 E X0^2 + eta
    found = average(Own(), parse_law(TWO), 2.0)
    assert abs(found.value - 6) <= found.error < 1e-5


@pytest.mark.parametrize(("scheme", "order"), [(EULER_MARUYAMA, 1), (STOCHASTIC_HEUN, 2)])
def test_the_laws_of_schemes_have_the_declared_weak_order(scheme, order):
    data, eta = mixture_of(parse_law(TWO)), 2.0
    exact = [rigorous(n, TWO, 2) for n in ("fisher-information", "class-entropy")]
    problem = Problem(data, eta, (SquaredScore(), ClassEntropy()))
    errors = [
        np.abs(OneStep(scheme).values(problem, np.array(information_grid(data, eta, n).nodes), FINE) - exact)
        for n in (16, 32)
    ]
    assert scheme.weak_order == order
    assert np.log2(errors[0] / errors[1]) == pytest.approx(np.full(2, order), abs=0.25)


@pytest.mark.parametrize("scheme", [STOCHASTIC_HEUN, SRA_1])
def test_the_law_of_a_scheme_is_that_of_its_paths(scheme):
    data, eta, count = mixture_of(parse_law(TWO)), 4.0, 200_000
    grid, rng = information_grid(data, eta, 4), stream(3, "transfer", scheme.name, 0)
    *_, y = scheme.walk(Localised(data), grid, np.zeros((count, 1)), draws(scheme.needs, grid, count, 1, rng))
    problem = Problem(data, eta, (SquaredScore(), ClassEntropy()))
    paths = problem.terminal(y)
    away = OneStep(scheme).values(problem, np.array(grid.nodes), FINE) - paths.mean(axis=0)
    assert np.all(np.abs(away) < 5 * paths.std(axis=0) / math.sqrt(count))


def test_heun_extrapolated_keeps_its_error_statement_and_sees_a_wrong_drift():
    names = ("fisher-information", "class-entropy", "mutual-information")
    wanted = [BATTERY[n] for n in names]
    right = averages(wanted, parse_law(TWO), 2, scheme=STOCHASTIC_HEUN, tolerance=1e-5)
    wrong = averages(wanted, parse_law(TWO), 2, scheme=STOCHASTIC_HEUN, tolerance=1e-5, strength=1.0001)
    for name, good, bad in zip(names, right, wrong, strict=True):
        exact = rigorous(name, TWO, 2)
        assert good.figures["scheme"] == "stochastic Heun"
        assert abs(good.value - exact) <= good.error <= 1e-4 * exact
        assert abs(bad.value - exact) > 2 * bad.error


def test_schemes_that_no_point_carries_are_refused():
    with pytest.raises(ValueError, match="remembers the step before"):
        average(SquaredScore(), parse_law(TWO), 2.0, scheme=ONE_EVALUATION)
    with pytest.raises(ValueError, match="on the line only"):
        average(SquaredScore(), parse_law(TRIANGLE), 2.0, scheme=STOCHASTIC_HEUN)


def test_a_small_difference_of_means_counts_beside_a_large_one():
    """Whether it matters is for the noise to say."""
    zero = ((0.0, 0.0), (0.0, 0.0))
    for means in (((0.0, 0.0), (1e6, 0.0), (0.0, 1e-8)), ((0.0, 0.0), (1e-13, 0.0), (0.0, 1e-13))):
        assert reduction((Mixture((0.25, 0.5, 0.25), means, (zero,) * 3),)).rank == 2
