"""Float64 sweeps: the truth lies within the stated error, which is small; tiny numbers keep relative digits."""

import math
import random
from fractions import Fraction as F

import numpy as np
import pytest

from numerics.quantities import QUANTITIES, QuantityError, value
from numerics.rings import Unsupported
from numerics.sweeps import Sweep, level_range, line, sweep
from numerics.sweeps.parts import bregman
from theory.language.instances import LawError, deltas, mixture

PAIR = "deltas(-1: 1/2, 1: 1/2)"
NUMBERS = [q.name for q in QUANTITIES.values() if q.kind != "point"]
FIELDS = [q.name for q in QUANTITIES.values() if q.kind == "point"]
# sigma, H, mmse, E div s, dH/dsigma^2, dH/dsigma, dH/dlog sigma, Var Phi, Var h of the pair at +-1 (28-digit sums)
PAIR_TABLE = """
0.3 0.00124105674559578720 0.00132407840011417787 -10.9476446419612126 0.0817332345749492513 0.0490399407449695508 0.0147119822234908652 0.00278530772783570043 0.000427905717124424053
0.7 0.188421129101039726 0.225093837421829243 -1.10331596242470120 0.468750182052955524 0.656250254874137734 0.459375178411896414 0.252549191609604414 0.0474707079488876195
3.0 0.640475543697284570 0.899432607722930754 -0.100007004842926781 0.00555205313409216515 0.0333123188045529909 0.0999369564136589727 0.0948972375083164131 0.00418165746483182819
"""  # noqa: E501
COLUMNS = (
    ("conditional-entropy", None), ("mmse", None), ("expected-divergence", None), ("bandwidth", "sigma^2"),
    ("bandwidth", "sigma"), ("bandwidth", "log-sigma"), ("variance-phi", None), ("variance-h", None),
)  # fmt: skip
# T5 in the plane at (alpha, sigma) = (1, 1/2): to 12 digits after the point
PLANE = (
    ("entropy", "3.025389423728"), ("fisher-information", "2.960880701104"), ("mmse", "0.314944956181"),
    ("class-entropy", "0.172755638611"),
)  # fmt: skip


def within(found: Sweep, index, truth, unit=0):
    """The truth lies within the error stated, which is at most 1e-12 of the value."""
    assert found.errors[index] <= 1e-12 * abs(found.values[index])
    return abs(F(float(found.values[index])) - F(truth)) <= F(float(found.errors[index])) + F(unit)


@pytest.mark.parametrize(("name", "clock"), COLUMNS)
def test_the_pair_of_deltas_at_many_levels_at_once(name, clock):
    rows = [row.split() for row in PAIR_TABLE.strip().splitlines()]
    found = sweep(name, PAIR, "ve", [row[0] for row in rows], clock=clock)
    column = 1 + COLUMNS.index((name, clock))
    assert all(within(found, i, row[column], F(1, 10**17)) for i, row in enumerate(rows))


@pytest.mark.parametrize(("name", "text"), PLANE)
def test_the_plane(name, text):
    assert within(sweep(name, "T5", "ve", ["1/2"]), 0, text, F(1, 10**12))


def random_law(rng):
    K = rng.choice([2, 2, 3, 5, 9])
    span = 10 ** rng.uniform(-1.5, 0.7)
    places = [F(round(rng.uniform(-span, span) * 1000), 1000) + F(i, 997) for i in range(K)]
    raw = [max(1, int(10 ** rng.uniform(0, rng.choice([1, 6])))) for _ in range(K)]
    weights = [F(n, sum(raw)) for n in raw]
    kind = rng.choice(["atoms", "shared", "unequal"])
    if kind == "atoms":
        return deltas(*zip(places, weights, strict=True))
    spreads = [F(round(10 ** rng.uniform(-2, 0.7) * 1000) + 1, 1000) for _ in range(K)]
    return mixture(
        *((w, m, spreads[0] if kind == "shared" else S) for w, m, S in zip(weights, places, spreads, strict=True))
    )


@pytest.mark.parametrize("name", NUMBERS)
def test_random_laws_lie_within_the_stated_error(name):
    rng = random.Random(NUMBERS.index(name))
    for _ in range(5):
        law = random_law(rng)
        asked = f"{name}-class" if name in ("variance-phi", "variance-h") and not law.is_discrete else name
        sigma = F(round(10 ** rng.uniform(-1, 1.7) * 1000), 1000)
        found = sweep(asked, law, "ve", [sigma])
        truth = value(asked, law, "ve", f"sigma={sigma}", digits=17)
        assert abs(F(float(found.values[0])) - F(truth.value)) <= F(float(found.errors[0])), (asked, law, sigma)
        assert found.errors[0] <= 1e-11 * max(abs(found.values[0]), 1e-3 if asked == "entropy" else 0), (law, sigma)


def test_a_tiny_bandwidth_has_relative_digits():
    found = sweep("bandwidth", PAIR, "ve", ["1/10", "1/20"])
    assert np.all(found.errors < 5e-12 * found.values)
    # the norm form E tr Cov/sigma^4 is twice the bandwidth; 1/sigma^2 - J would have no digit
    assert abs(2 * found.values[0] / 2.38838347127114e-19 - 1) < 1e-13
    assert abs(2 * found.values[1] / 1.38331865553751e-83 - 1) < 2e-13
    assert sweep("bandwidth", PAIR, "ve", ["1/60"]).values[0] < 1e-300  # underflow is an error stated, not hidden
    assert sweep("bandwidth", PAIR, "ve", ["1/60"]).errors[0] > 0


def test_components_that_nearly_agree_keep_relative_digits():
    law = deltas((0, F(1, 2)), (F(1, 100), F(1, 2)))
    for name in ("mutual-information", "variance-phi", "variance-h"):
        found, truth = sweep(name, law, "ve", ["20"]), value(name, law, "ve", "sigma=20", digits=18)
        assert found.values[0] < 1e-6
        assert abs(F(float(found.values[0])) - F(truth.value)) <= F(float(found.errors[0])) <= F(truth.value) / 10**10


def test_bregman_is_smooth_over_the_switch():
    for u in (-30.0, -0.5000001, -0.4999999, 1e-9, 0.4999999, 0.5000001, 3.0):
        exact = sum((n - 1) * F(u) ** n / math.factorial(n) for n in range(2, 160))
        assert abs(bregman(np.array([u]))[0] / float(exact) - 1) < 1e-14


@pytest.mark.parametrize("name", NUMBERS)
def test_a_product_is_the_sum_over_its_blocks_and_the_plane_agrees(name, monkeypatch):
    law = "deltas((-1, -1): 1/4, (1, -1): 1/4, (-1, 1): 1/4, (1, 1): 1/4)"
    levels = ["1/2", "3"]
    by_blocks = sweep(name, law, "ve", levels)
    single = sweep(name, PAIR, "ve", levels)
    assert "independent blocks" in by_blocks.method
    assert np.allclose(by_blocks.values, 2 * single.values, rtol=1e-14)
    monkeypatch.setattr("numerics.sweeps.door.factors", lambda law: (((0, 1), law),))
    on_a_grid = sweep(name, law, "ve", levels)
    assert "tensor" in on_a_grid.method
    assert np.all(np.abs(on_a_grid.values - by_blocks.values) <= on_a_grid.errors + by_blocks.errors)
    assert np.all(on_a_grid.errors <= 5e-12 * np.abs(on_a_grid.values))


def test_means_on_a_line_in_space():
    law = "deltas((0, 0, 0): 1/3, (1, 2, 2): 2/3)"
    found = sweep("entropy", law, "vp", ["1/2"])
    assert within(found, 0, value("entropy", law, "vp", "sigma=1/2", digits=18).value)
    assert "filter.subspace" in found.uses


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize(("law", "x"), [("T3", "-7/4"), ("T5", "(1/3, -3/4)")])
def test_fields_at_a_point(name, law, x):
    found = sweep(name, law, "vp", ["1/20", "1/2"], at=f"x={x}")
    for i, sigma in enumerate(("1/20", "1/2")):
        truth = value(name, law, "vp", f"sigma={sigma}, x={x}", digits=18).value
        for mine, error, text in zip(np.ravel(found.values[i]), np.ravel(found.errors[i]), _flat(truth), strict=True):
            assert abs(F(float(mine)) - F(text)) <= F(float(error)) <= F(1, 10**9)


def _flat(value):
    return [t for entry in value for t in _flat(entry)] if isinstance(value, list) else [value]


def test_rates_under_a_schedule_whose_formulas_cancel():
    for name, clock in (("bandwidth", "t"), ("entropy-rate", "t"), ("class-entropy-rate", "snr")):
        for sigma in ("1/500", "1/2"):
            found = sweep(name, "T3", "vp(1/10, 20)", [sigma], clock=clock)
            truth = value(name, "T3", "vp(1/10, 20)", f"sigma={sigma}", clock=clock, digits=18)
            assert abs(F(float(found.values[0])) - F(truth.value)) <= F(float(found.errors[0]))
            assert found.errors[0] <= 1e-10 * abs(found.values[0])


def test_levels_come_together_or_alone_and_in_any_blocks(monkeypatch):
    levels = np.geomspace(0.05, 5, 12)
    together = sweep("class-entropy", "T4", "ve", levels)
    alone = np.array([sweep("class-entropy", "T4", "ve", [s]).values[0] for s in levels])
    assert np.all(np.abs(together.values - alone) <= together.errors)
    monkeypatch.setattr(line, "CHUNK", 4096)  # memory is bounded by the block, and nothing depends on it
    blocks = sweep("class-entropy", "T4", "ve", levels)
    assert np.all(np.abs(together.values - blocks.values) <= together.errors)


def test_atoms_at_one_place_are_one_end_point_and_two_labels():
    twice = "deltas(-1: 1/4, 1: 1/2, -1: 1/4)"
    assert np.isclose(sweep("conditional-entropy", twice, "ve", ["1/2"]).values[0],
                      sweep("conditional-entropy", PAIR, "ve", ["1/2"]).values[0], rtol=1e-14)  # fmt: skip
    more = sweep("class-entropy", twice, "ve", ["1/2"]).values - sweep("class-entropy", PAIR, "ve", ["1/2"]).values
    assert np.isclose(more[0], np.log(2) / 2, rtol=1e-13)


def by_tables(weights, means, variances, sigma):
    """(Var Phi, Var h) from a table of the joint density of (X_0, x), nothing reduced."""
    x0, x = np.linspace(-6, 7, 1301), np.linspace(-8, 9, 681)[:, None]
    cell = x0[1] - x0[0]
    prior = sum(w * np.exp(-((x0 - m) ** 2) / (2 * S)) / np.sqrt(2 * np.pi * S)
                for w, m, S in zip(weights, means, variances, strict=True))  # fmt: skip
    joint = prior * np.exp(-((x - x0) ** 2) / (2 * sigma**2)) / np.sqrt(2 * np.pi * sigma**2)
    p = joint.sum(axis=1, keepdims=True) * cell
    surprise = -np.log(np.maximum(joint / p, 1e-300))
    h = (joint / p * surprise).sum(axis=1, keepdims=True) * cell
    step = float(x[1, 0] - x[0, 0])
    mean = float((p * h).sum()) * step
    return float((joint * (surprise - mean) ** 2).sum()) * cell * step, float((p * (h - mean) ** 2).sum()) * step


@pytest.mark.parametrize("sigma", [0.5, 1.0])
def test_variances_of_an_end_point_with_a_density(sigma):
    exact = by_tables((0.3, 0.7), (-1, 1.5), (0.04, 0.36), sigma)
    for name, truth in zip(("variance-phi", "variance-h"), exact, strict=True):
        found = sweep(name, "T3", "ve", [sigma])
        assert found.errors[0] < 1e-12 * found.values[0]
        assert abs(found.values[0] / truth - 1) < 1e-10
    assert abs(sweep("variance-phi", "T3", "ve", ["1/50"]).values[0] - 0.5) < 1e-3  # Gaussian at small noise
    alike = "mixture(1/2: N(0, 1), 1/2: N(1/1000000, 1))"  # nearly one Gaussian: D/2 and 0
    assert abs(sweep("variance-phi", alike, "ve", [1]).values[0] - 0.5) < 1e-12
    assert sweep("variance-h", alike, "ve", [1]).values[0] < 1e-20


def test_bits_json_and_one_value():
    found = sweep("class-entropy-rate", "T3", "vp", ["1/3", 0.5], clock="snr")
    data = found.in_bits().to_json()
    assert data["version"] == 1
    assert (data["unit"], data["clock"], data["by"], data["guarantee"]) == ("bits", "snr", "sigma", "float")
    assert np.isclose(float(data["rows"][1]["value"]) * np.log(2), found.values[1], rtol=1e-14)
    assert [float(row["level"]) for row in data["rows"]] == [1 / 3, 0.5]
    one = found.single()
    assert (one.guarantee, one.wanted, one.complete, float(one.value)) == ("float", 0, True, found.values[0])
    assert one.digits >= 12
    assert F(one.radius) >= F(float(found.errors[0]))


def test_ranges():
    by, levels = level_range("sigma=1/10..5", 3)
    assert (by, levels[0], levels[2]) == ("sigma", "1/10", "5")
    assert np.isclose(levels[1], 0.5**0.5)
    assert level_range("log-sigma=-1..1", 3)[1][1] == 0
    assert level_range("sigma=1..2", 3, "linear")[1][1] == 1.5
    for bad in ("sigma=5", "x=1..2", "sigma=2..1", "sigma=0..1", "sigma=..1"):
        with pytest.raises(LawError, match=r"sigma=1/10\.\.5|rise"):
            level_range(bad, 3)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        (("magic", PAIR, "ve", [1]), {}, QuantityError, "unknown quantity"),
        (("entropy", PAIR, "ve", []), {}, LawError, "no level"),
        (("entropy", PAIR, "ve", [float("nan")]), {}, LawError, "no finite number"),
        (("entropy", PAIR, "ve", [-1.0]), {}, LawError, "not positive"),
        (("entropy", PAIR, "vp", [1.5]), {}, LawError, "0 < sigma < 1"),
        (("entropy", PAIR, "ve", [1]), {"by": "noise"}, LawError, "unknown kind"),
        (("entropy", PAIR, "ve", [1]), {"clock": "t"}, QuantityError, "no rate"),
        (("entropy", PAIR, "ve", [1]), {"at": "x=1"}, QuantityError, "takes no point"),
        (("entropy", PAIR, "ve", [1]), {"at": "sigma=1"}, QuantityError, "levels are given"),
        (("entropy", "deltas(-mu: 1/2, mu: 1/2)", "ve", [1]), {}, QuantityError, "mu has no value"),
        (("score", PAIR, "ve", [1]), {}, QuantityError, "add a point"),
        (("score", PAIR, "ve", [1]), {"at": "x=(1, 2)"}, QuantityError, "2 entries"),
        (("variance-phi", "T5", "ve", [1]), {}, Unsupported, "variance-phi-class"),
        (("entropy", "deltas((0,0,0): 1/4, (1,0,0): 1/4, (0,1,0): 1/4, (0,0,3): 1/4)", "ve", [1]), {}, Unsupported,
         "D = 3"),
    ],
)  # fmt: skip
def test_refusals(arguments, options, error, words):
    with pytest.raises(error, match=words):
        sweep(*arguments, **options)


def test_symbols_are_bound_by_the_place():
    found = sweep("mmse", "deltas(-mu: 1/2, mu: 1/2)", "ve", [1, 2], at="mu=1")
    assert np.array_equal(found.values, sweep("mmse", PAIR, "ve", [1, 2]).values)
