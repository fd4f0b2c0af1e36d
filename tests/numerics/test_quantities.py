"""Quantities: reference values to their digits, honest errors, reductions, clocks, and clear refusals."""

from fractions import Fraction as F

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.balls import working
from numerics.quadrature import Grid, float_interpreter
from numerics.quantities import QUANTITIES, QuantityError, term_value, value
from numerics.quantities.reduction import mirrored_axes, on_a_line
from numerics.rings import Unsupported
from theory.language.instances import STANDING_GERM, T5, LawError, deltas, mixture
from theory.language.notation import X0, H, Xt, d, div, s
from theory.laws import parse_law
from theory.processes import parse_process

PAIR = "deltas(-1: 1/2, 1: 1/2)"
# Independent reference values (28-digit trapezoidal sums at two step sizes): sigma, H, mmse, E div s,
# dH/dsigma^2, dH/dsigma, dH/dlog sigma, Var Phi, Var h for the pair of deltas at +-1, alpha = 1.
PAIR_TABLE = """
0.3 0.00124105674559578720 0.00132407840011417787 -10.9476446419612126 0.0817332345749492513 0.0490399407449695508 0.0147119822234908652 0.00278530772783570043 0.000427905717124424053
0.7 0.188421129101039726 0.225093837421829243 -1.10331596242470120 0.468750182052955524 0.656250254874137734 0.459375178411896414 0.252549191609604414 0.0474707079488876195
1.5 0.510252409854327139 0.678852227212689113 -0.310350177340703385 0.0670471335518705296 0.201141400655611589 0.301712100983417383 0.252049747321199016 0.0284729800573228481
"""  # noqa: E501
PAIR_COLUMNS = (
    ("conditional-entropy", None), ("mmse", None), ("expected-divergence", None), ("bandwidth", "sigma^2"),
    ("bandwidth", "sigma"), ("bandwidth", "log-sigma"), ("variance-phi", None), ("variance-h", None),
)  # fmt: skip
# law, alpha, sigma, H(X), E s^2, E C, HZ, Var h_Z, Var Phi_Z to 15 digits
MIXTURE_TABLE = """
T3 1 .5 1.59723656968024 1.49794342510092 .156378535931193 .0738813995439143 .0241834794271710 .123664049692031
T3 .6 .8 1.50831448491117 .863630583676593 .795158091461299 .366223343423637 .0529198427064673 .307802903631558
T1w .6 .8 1.34557801458648 1.17854613302109 .436854177540452 .350619390842166 .0462038886335315 .330898263254570
"""
MIXTURE_COLUMNS = (
    "entropy", "fisher-information", "mmse", "class-entropy", "variance-h-class", "variance-phi-class"
)  # fmt: skip
PLANE_TABLE = """
1 .5 3.025389423728 2.960880701104 0.314944956181 0.172755638611
.6 .8 2.931688776424 1.901176894048 1.392438733883 0.635354469674
"""


def agrees(found, text):
    """The printed reference (one unit in its last place) meets the printed ball, which is as narrow as it says."""
    unit = F(1, 10 ** len(text.partition(".")[2]))
    centre, radius = F(found.value), F(found.radius)
    assert radius <= abs(centre) / 10**found.digits
    assert found.complete
    return abs(centre - F(text)) <= unit + radius


@pytest.mark.parametrize("row", PAIR_TABLE.strip().splitlines())
def test_two_deltas(row):
    sigma, *texts = row.split()
    for (name, clock), text in zip(PAIR_COLUMNS, texts, strict=True):
        found = value(name, PAIR, "ve", f"sigma={sigma}", clock=clock, digits=18)
        assert found.guarantee == "rigorous"
        assert agrees(found, text), (name, clock)


@pytest.mark.parametrize("row", MIXTURE_TABLE.strip().splitlines())
def test_mixtures_on_the_line(row):
    law, alpha, sigma, *texts = row.split()
    process, at = ("ve", f"sigma={sigma}") if alpha == "1" else (STANDING_GERM, None)
    for name, text in zip(MIXTURE_COLUMNS, texts, strict=True):
        found = value(name, law, process, at)
        assert found.guarantee == "rigorous"
        assert agrees(found, text), name


@pytest.mark.parametrize("row", PLANE_TABLE.strip().splitlines())
def test_in_the_plane_numbers_are_rigorous(row):
    alpha, sigma, *texts = row.split()
    process, at = ("ve", f"sigma={sigma}") if alpha == "1" else (STANDING_GERM, None)
    for name, text in zip(("entropy", "fisher-information", "mmse", "class-entropy"), texts, strict=True):
        found = value(name, "T5", process, at, digits=8)
        assert found.guarantee == "rigorous"
        assert agrees(found, text), name


def test_thirty_digits():
    found = value("conditional-entropy", PAIR, "ve", "sigma=1", digits=30)
    assert found.value.startswith("0.356316360213113697")
    assert F(found.radius) < F(1, 10**30) * F(found.value)
    with mpmath.workdps(40):  # the same number by another program: E log(1 + exp(-2 X/sigma^2)) given X0 = 1

        def integrand(x):
            return mpmath.exp(-((x - 1) ** 2) / 2) * mpmath.log(1 + mpmath.exp(-2 * x))

        h = mpmath.quad(integrand, [-12, -6, -2, 0, 2, 6, 14]) / mpmath.sqrt(2 * mpmath.pi)
        assert abs(h - mpmath.mpf(found.value)) < mpmath.mpf(10) ** -28


def test_relative_digits_of_a_tiny_bandwidth():
    found = value("bandwidth", PAIR, "ve", "sigma=1/20")
    assert (found.clock, found.unit, found.uses) == ("sigma^2", "nats", ("entropy.rate_covariance",))
    # 1.38331865553751e-83 is the norm-form integral E tr Cov/sigma^4, the bandwidth its half
    assert abs(F(found.value) * 2 - F("1.38331865553751e-83")) < F("1e-97")
    assert F(found.radius) <= F(found.value) / 10**15
    assert found.complete


def test_rates_by_every_clock_are_one_rate():
    process = parse_process("vp(1/10, 20)")
    at = "t=1/3"
    germ = process.germ({"t": F(1, 3)})
    with mpmath.workdps(30):
        square = 1 - mpmath.exp(-(mpmath.mpf(1) / 30 + mpmath.mpf("19.9") / 18))
        alpha2, sigma = 1 - square, mpmath.sqrt(square)
        g2 = mpmath.mpf("0.1") + mpmath.mpf("19.9") / 3
        growth = -g2 * square + g2
        speeds = {
            "t": 1, "sigma^2": growth, "sigma": growth / (2 * sigma), "log-sigma": growth / (2 * square),
            "nu": g2 / alpha2, "snr": -g2 * alpha2 / square**2,
        }  # fmt: skip
        for name in ("bandwidth", "entropy-rate"):
            by_time = mpmath.mpf(value(name, "T3", process, at).value)
            for clock, speed in speeds.items():
                found = value(name, "T3", process, at, clock=clock)
                assert abs(mpmath.mpf(found.value) * speed / by_time - 1) < 1e-14
    assert value("bandwidth", "T3", germ).value == value("bandwidth", "T3", process, at).value
    assert value("bandwidth", "T3", process, at).clock == "t"


@pytest.mark.parametrize("name", ["entropy", "conditional-entropy", "class-entropy"])
def test_rates_are_slopes(name):
    rate = {"conditional-entropy": "bandwidth"}.get(name, f"{name}-rate")
    step = F(1, 10**6)
    up, down = (F(value(name, "T1w", "vp", f"t={F(1, 2) + d}", digits=25).value) for d in (step, -step))
    assert abs((up - down) / (2 * step) - F(value(rate, "T1w", "vp", "t=1/2").value)) < F(1, 10**10)


def test_identities_between_quantities():
    at = "sigma=3/5"

    def number(name, law="T3", **options):
        return F(value(name, law, "ve", at, digits=12, **options).value)

    assert abs(number("expected-divergence") + number("fisher-information")) < F(1, 10**11)
    assert abs(number("bandwidth") + number("information-rate")) < F(1, 10**11)
    assert abs(number("information-rate", clock="snr") - number("mmse") / 2) < F(1, 10**11)
    entropy_of_data = number("conditional-entropy") + number("mutual-information")
    assert abs(entropy_of_data - F(value("conditional-entropy", "T3", "ve", "sigma=30", digits=12).value)
               - F(value("mutual-information", "T3", "ve", "sigma=30", digits=12).value)) < F(1, 10**11)  # fmt: skip
    for name in ("conditional-entropy", "variance-phi", "variance-h"):  # for atoms, X0 is its own label
        pair = {"conditional-entropy": "class-entropy"}.get(name, f"{name}-class")
        assert abs(number(name, "T1w") - number(pair, "T1w")) < F(1, 10**11)


def test_bits():
    nats, bits = (value("mutual-information", PAIR, "ve", "sigma=1", bits=b) for b in (False, True))
    assert bits.unit == "bits"
    assert bits.complete
    assert nats.in_bits().value == bits.value
    assert bits.in_bits() is bits
    with mpmath.workdps(30):
        assert abs(mpmath.mpf(bits.value) * mpmath.log(2) - mpmath.mpf(nats.value)) < 1e-17
    assert value("mmse", PAIR, "ve", "sigma=1", bits=True).value == value("mmse", PAIR, "ve", "sigma=1").value


# -- points ------------------------------------------------------------------------------------------------------------
def test_points_against_the_two_delta_form():
    with mpmath.workdps(30):
        x, v = mpmath.mpf(1) / 3, mpmath.mpf(1) / 4
        mean = mpmath.tanh(x / v)
        truth = {
            "posterior-mean": mean, "score": (mean - x) / v, "divergence": ((1 - mean**2) / v - 1) / v,
            "posterior-covariance": 1 - mean**2,
            "log-density": mpmath.log(mpmath.cosh(x / v)) - (x**2 + 1) / (2 * v) - mpmath.log(2 * mpmath.pi * v) / 2,
        }  # fmt: skip
        for name, number in truth.items():
            found = value(name, PAIR, "ve", "sigma=1/2, x=1/3")
            text = found.value
            while isinstance(text, list):
                (text,) = text
            assert abs(mpmath.mpf(text) / number - 1) < 1e-15
            assert found.guarantee == "rigorous"
            assert found.complete


def test_points_in_the_plane_are_rigorous():
    found = value("jacobian", "T5", "ve", "sigma=1, x=(1/3, 0)")
    assert found.guarantee == "rigorous"
    assert [len(row) for row in found.value] == [2, 2]
    trace = value("divergence", "T5", "ve", "sigma=1, x=(1/3, 0)")
    assert abs(F(found.value[0][0]) + F(found.value[1][1]) - F(trace.value)) < F(1, 10**15)


def test_far_points_keep_relative_digits():
    found = value("posterior-covariance", PAIR, "ve", "sigma=1/20, x=3")
    with mpmath.workdps(30):
        truth = 4 * mpmath.exp(-2400)  # sech^2(1200)
        assert abs(mpmath.mpf(found.value[0][0]) / truth - 1) < 1e-15
    assert found.complete


def test_zeros_are_exact():
    assert value("score", PAIR, "ve", "sigma=1/2, x=0").to_json()["value"] == ["0"]
    at = "sigma=1/2, x=(0, 1/5)"
    pair = "deltas((1, 0): 1/2, (-1, 0): 1/2)"
    score = value("score", pair, "ve", at)
    assert (score.value[0], score.radius[0]) == ("0", "0")
    assert F(score.value[1]) == F(-4, 5)
    jacobian = value("jacobian", pair, "ve", at)
    assert jacobian.value[0][1] == jacobian.radius[0][1] == "0"
    assert value("posterior-mean", "deltas(1: 1/2, 3: 1/2)", "ve", "sigma=1, x=2").value == ["2.000000000000000000"]
    for name in ("variance-h", "class-entropy", "class-entropy-rate"):
        found = value(name, "gaussian(0, 2)", "vp", "sigma=1/2")
        assert (found.value, found.radius, found.guarantee) == ("0", "0", "exact")
    assert value("score", "T1w", "ve", "sigma=1/2, x=0").value != ["0"]


def test_reflections_are_exact_only():
    germ = parse_process("ve").germ({"sigma": F(1)})
    assert mirrored_axes(parse_law(PAIR), germ, (F(0),)) == (frozenset({0}), True)
    assert mirrored_axes(parse_law(PAIR), germ, (F(1, 10**9),)) == (frozenset(), False)
    assert mirrored_axes(parse_law("T1w"), germ, (F(0),)) == (frozenset(), False)
    assert mirrored_axes(T5, germ, (F(0), F(0))) == (frozenset(), False)
    skew = mixture((F(1, 2), (-1, 0), ((1, F(1, 2)), (F(1, 2), 1))), (F(1, 2), (1, 0), ((1, F(1, 2)), (F(1, 2), 1))))
    assert mirrored_axes(skew, germ, (F(0), F(0))) == (frozenset(), True)


# -- closed forms and reductions ---------------------------------------------------------------------------------------
NUMBERS = [name for name, q in QUANTITIES.items() if q.kind != "point"]


@pytest.mark.parametrize("name", NUMBERS)
def test_one_gaussian_in_closed_form_is_two_equal_halves(name):
    """The closed form for K = 1 against the integral for the same law written as two components."""
    if "class" in name or name in ("variance-phi", "variance-h"):
        return
    one = value(name, "gaussian(1/3, 2/5)", STANDING_GERM)
    two = value(name, "mixture(1/2: N(1/3, 2/5), 1/2: N(1/3, 2/5))", STANDING_GERM)
    assert "closed form" in one.method
    # X0 has no labels: two equal halves are one component for it
    assert ("closed form" if name in ("conditional-entropy", "mutual-information") else "trapezoidal") in two.method
    assert abs(F(one.value) - F(two.value)) <= F(one.radius) + F(two.radius)


def test_a_gaussian_in_the_plane():
    for name in NUMBERS:
        wide = value(name, "gaussian((0, 1), [[1,0],[0,3]])", STANDING_GERM, digits=20)
        parts = [value(name, law, STANDING_GERM, digits=20) for law in ("gaussian(0, 1)", "gaussian(1, 3)")]
        total = sum(F(part.value) for part in parts)
        assert abs(F(wide.value) - total) <= F(1, 10**18)
    with mpmath.workdps(30):
        tilted = mpmath.mpf(value("entropy", "gaussian((0, 0), [[2,1],[1,3]])", "ve", "sigma=1", digits=20).value)
        assert abs(tilted - mpmath.log(2 * mpmath.pi * mpmath.e * mpmath.sqrt(11))) < 1e-19


@pytest.mark.parametrize("name", NUMBERS)
def test_a_pair_in_the_plane_is_a_pair_on_the_line_times_noise(name):
    flat = value(name, "deltas((0, 0): 1/3, (3, 4): 2/3)", "ve", "sigma=2")
    line = value(name, "deltas(0: 1/3, 5: 2/3)", "ve", "sigma=2")
    point = value(name, "deltas(0: 1)", "ve", "sigma=2")
    assert flat.guarantee == "rigorous"
    assert "filter.subspace" in flat.uses
    assert abs(F(flat.value) - F(line.value) - F(point.value)) <= sum(F(v.radius) for v in (flat, line, point))


def test_the_line_agrees_with_the_grid():
    """The exact reduction against the two-dimensional trapezoid, on a law whose means lie at an irrational distance."""
    law = parse_law("mixture(1/3: N((0, 0), 1/2), 1/3: N((1, 1), 1/2), 1/3: N((3, 3), 1/2))")
    assert on_a_line(law) is not None
    nudged = parse_law(
        "mixture(1/3: N((0, 0), 1/2), 1/3: N((1, 1), 1/2), 1/3: N((3, 3), [[1/2, 1e-13], [1e-13, 1/2]]))"
    )
    assert on_a_line(nudged) is None
    for name in ("entropy", "conditional-entropy", "mmse", "class-entropy", "variance-h-class", "entropy-rate"):
        exact, grid = (value(name, u, "ve", "sigma=1", digits=9) for u in (law, nudged))
        assert (exact.guarantee, grid.guarantee) == ("rigorous", "rigorous")
        assert "over the plane" in grid.method
        assert abs(F(exact.value) - F(grid.value)) < F(1, 10**9)


def test_laws_that_are_on_no_line():
    assert on_a_line(deltas(((0, 0), F(1, 3)), ((1, 0), F(1, 3)), ((0, 1), F(1, 3)))) is None
    assert on_a_line(T5) is None
    assert on_a_line(parse_law("mixture(1/2: N((0,0), 1), 1/2: N((1,0), 2))")) is None
    assert on_a_line(parse_law(PAIR)) is None


@settings(max_examples=3, deadline=None)
@given(st.fractions(F(1, 9), F(8, 9), max_denominator=9), st.fractions(F(1, 2), 2, max_denominator=9))
def test_printed_balls_contain_finer_ones(weight, sigma):
    law = deltas((-1, weight), (F(1, 2), 1 - weight))
    for name in ("entropy", "variance-h", "bandwidth"):
        coarse, fine = (value(name, law, "ve", f"sigma={sigma}", digits=n) for n in (6, 25))
        assert abs(F(coarse.value) - F(fine.value)) <= F(coarse.radius) + F(fine.radius)
        assert coarse.digits >= 6
        assert fine.digits >= 25


# -- refusals ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("entropie", "T1", "ve", "sigma=1"), {}, "unknown quantity 'entropie'; known: log-density"),
        (("entropy", "T1", "ve", "sigma=1, x=1"), {}, "takes no point"),
        (("score", "T1", "ve", "sigma=1"), {}, "add a point to the place, as in sigma=1, x=1"),
        (("score", "T1", "ve", "sigma=1, x=(1, 1)"), {}, "2 entries, the law is in D = 1"),
        (("entropy", "gaussian(mu, 1)", "ve", "sigma=1"), {}, "symbol mu has no value; add mu=.."),
        (("entropy", "T1", "ve", "sigma=1, mu=1"), {}, "mu occurs neither"),
        (("entropy", "T1", "ou(theta, 1)", "sigma=1"), {}, "symbol theta has no value"),
        (("entropy", "T1", "ve", "x=1"), {}, "exactly one of t, sigma"),
        (("entropy", "T1", "ve"), {}, "exactly one of t, sigma"),
        (("entropy", "T1", "vp", "sigma=2"), {}, "0 < sigma < 1"),
        (("entropy", "T1", STANDING_GERM, "sigma=1"), {}, "already at one time"),
        (("entropy", "T1", "ve", "sigma=1"), {"clock": "snr"}, "is no rate"),
        (("bandwidth", "T1", "ve", "sigma=1"), {"clock": "tau"}, "unknown clock 'tau'"),
        (("bandwidth", "T1", "linear(alpha=exp(-t), sigma=1)", "t=1"), {"clock": "sigma"}, "stands still"),
        (("entropy", "T1", "ve", "sigma=1"), {"digits": 0}, "from 1 to 1000"),
        (("entropy", "gaussian(0, -exp(-1))", "ve", "sigma=1"), {}, "cannot be seen to be positive definite"),
        (("entropy", "deltas(0: 1 - exp(1), 1: exp(1))", "ve", "sigma=1"), {}, "weight is not positive"),
        (("entropy", "deltas(0: 1/2, 1: 1/3)", "ve", "sigma=1"), {}, "column 1: the weights sum to 5/6"),
    ],
)  # fmt: skip
def test_clear_refusals(arguments, options, message):
    with pytest.raises(LawError, match=message):
        value(*arguments, **options)


def test_what_is_not_available_says_so():
    for name, law in (
        ("class-entropy", "mixture(1/4: N((0,0,0), 1), 1/4: N((0,1,1), 1), 1/2: N((1,0,0), 2))"),
        ("variance-phi", "T5"),
        ("variance-h", "T5"),
    ):
        with pytest.raises(Unsupported, match=f"{name} is not available yet for K = "):
            value(name, law, "ve", "sigma=1")


@pytest.mark.parametrize("process", ["ve", "cosine", "subvp(1/10, 20)", "flow"])
@pytest.mark.parametrize("name", ["entropy", "bandwidth", "varentropy", "class-entropy-rate", "variance-phi-class"])
def test_numbers_of_a_product_are_sums_over_its_blocks(name, process):
    first, second = value(name, "T1w", process, "sigma=1/2"), value(name, "T3", process, "sigma=1/2")
    once = value(name, "product(T1w, T1w)", process, "sigma=1/2")
    assert once.balls.overlaps(2 * first.balls)
    assert once.complete
    assert "entropy.product_additivity" in once.uses
    other = value(name, "product(T3, T2)", process, "sigma=1/2")
    assert other.balls.overlaps(second.balls + value(name, "T2", process, "sigma=1/2").balls)
    assert other.guarantee == "rigorous"


def test_a_product_against_an_integral_over_the_plane():
    """The sum over blocks against the joint law in two dimensions, by a float grid that knows no theorem."""
    law, germ = parse_law("product(T1w, T1)"), parse_process("flow").germ({"sigma": F(1, 2)}, order=0)
    plain = float_interpreter(law, germ, grid=Grid(9.0, 0.2))
    for name in ("entropy", "class-entropy", "varentropy"):
        truth = float(plain.number(QUANTITIES[name].base))
        assert float(value(name, law, "flow", "sigma=1/2").balls.mid()) == pytest.approx(truth, abs=1e-8)


def test_irrational_laws_are_balls():
    found = value("mmse", "mixture(exp(-1): N(0, 1/2), 1 - exp(-1): N(sqrt(2), 1/2))", "vp", "log-sigma=-1")
    assert found.guarantee == "rigorous"
    assert found.complete


def test_errors_of_the_value_are_law_errors():
    assert issubclass(QuantityError, LawError)


def test_json_data():
    data = value("bandwidth", "T1", "vp", "sigma=1/2", digits=10).to_json()
    assert list(data) == [
        "version", "quantity", "unit", "clock", "value", "radius", "digits", "guarantee", "confidence", "method",
        "uses", "seconds",
    ]  # fmt: skip
    assert data["version"] == 1
    assert isinstance(data["value"], str)


def test_any_term_from_the_definitions():
    found = term_value(d(H(X0 | Xt)), "T3", "vp", "sigma=1/2", digits=20)
    assert (found.guarantee, found.digits >= 20) == ("rigorous", True)
    assert found.balls.overlaps(value("bandwidth", "T3", "vp", "sigma=1/2", digits=20).balls)
    point = term_value(div(s), "T1", "ve", "sigma=1/2, x=1")
    assert point.balls.overlaps(value("divergence", "T1", "ve", "sigma=1/2, x=1").balls)
    with pytest.raises(LawError, match="digits = 0"):
        term_value(div(s), "T1", "ve", "sigma=1/2, x=1", digits=0)


@pytest.mark.parametrize(("by", "order", "expected"), [
    ("sigma^2", 1, "0.224799754603336"), ("sigma", 1, "0.449599509206673"), ("log-sigma", 1, "0.449599509206673"),
])  # fmt: skip
def test_derivatives_by_clocks_are_the_rates_of_the_table(by, order, expected):
    """R1 at sigma = 1: the derivative of the conditional entropy is the bandwidth in that clock."""
    found = value("conditional-entropy", "T1", "ve", "sigma=1", by=by, order=order)
    assert (found.by, found.order) == (by, order)
    assert abs(F(found.value) - F(expected)) < F(1, 10**15)
    assert found.balls.overlaps(value("bandwidth", "T1", "ve", "sigma=1", clock=by).balls)
    second = value("conditional-entropy", "T1", "ve", "sigma=1", by=by, order=2)
    assert second.balls.overlaps(value("bandwidth", "T1", "ve", "sigma=1", clock=by, by=by).balls)


def test_derivatives_of_products_lines_and_gaussians():
    once = value("entropy", "T1w", "vp", "sigma=1/2", by="t")
    twice = value("entropy", "product(T1w, T1w)", "vp", "sigma=1/2", by="t")
    assert twice.balls.overlaps(2 * once.balls)
    rate = value("entropy-rate", "T1w", "vp", "sigma=1/2", clock="t")
    assert once.balls.overlaps(rate.balls)
    slanted = value("mmse", "deltas((0,0): 1/2, (3,4): 1/2)", "ve", "sigma=2", by="snr")
    assert slanted.balls.overlaps(value("mmse", "deltas(0: 1/2, 5: 1/2)", "ve", "sigma=2", by="snr").balls)
    turned = value("entropy", "gaussian((0,0),[[1,1/2],[1/2,1]])", "vp", "sigma=1/2", by="t")
    straight = value("entropy", "product(gaussian(0, 3/2), gaussian(0, 1/2))", "vp", "sigma=1/2", by="t")
    assert turned.balls.overlaps(straight.balls)


def test_derivatives_by_a_weight_and_by_a_place():
    law, at = "deltas(-mu: 1-w, mu: w)", "sigma=1, mu=1, w=4/5"
    for by, low, high in (
        ("w", "deltas(-1: 2001/10000, 1: 7999/10000)", "deltas(-1: 1999/10000, 1: 8001/10000)"),
        ("mu", "deltas(-9999/10000: 1/5, 9999/10000: 4/5)", "deltas(-10001/10000: 1/5, 10001/10000: 4/5)"),
    ):
        ends = [value("conditional-entropy", one, "ve", "sigma=1", digits=25).balls for one in (low, high)]
        middle = value("conditional-entropy", law, "ve", at, digits=25).balls
        first, second = (value("conditional-entropy", law, "ve", at, by=by, order=n).balls for n in (1, 2))
        with working(120):
            assert abs((ends[1] - ends[0]) * 5000 - first) < 1e-7
            assert abs((ends[1] + ends[0] - 2 * middle) * 10**8 - second) < 1e-6


@pytest.mark.parametrize(("law", "at", "by", "message"), [
    ("T1", "sigma=1", "mu", "no clock .* and no symbol of the law"),
    ("deltas(-mu: 1/2, mu: 1/2)", "sigma=1, mu=0", "mu", "changes its kind at this value of mu"),
    ("deltas((-mu, 0): 1/2, (mu, 1): 1/2)", "sigma=1, mu=1", "mu", "available on the line; this law is in D = 2"),
])  # fmt: skip
def test_derivatives_that_do_not_exist_say_so(law, at, by, message):
    with pytest.raises(ValueError, match=message):
        value("conditional-entropy", law, "ve", at, by=by)


def test_numbers_of_any_magnitude_are_printed():
    tiny = value("variance-h", "T1", "ve", "sigma=1/3000", digits=20)
    assert tiny.value.startswith("8.64850314309105643190")
    assert tiny.value.endswith("e-1954330")
    assert tiny.complete
