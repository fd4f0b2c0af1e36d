"""Two and three effective dimensions, shared covariance: products, embeddings, rotations, bounds of every kind."""

import time
from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.balls import arb, ball, contains, working
from numerics.quantities import value
from numerics.space.lattice import UNIT, Disc, rows_of, tail_outside
from numerics.space.shared import POWERS, Cloud, bits_for, number
from numerics.space.span import shared_variance, span_of
from theory.language.instances import Component, Law, deltas, mixture

PAIR = "deltas(-1: 1/2, 1: 1/2)"
UNEQUAL = [F(1, 10), F(1, 5), F(3, 10), F(2, 5)]
SQUARE = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
TETRA = [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]
NUMBERS = (
    "entropy", "conditional-entropy", "class-entropy", "mutual-information", "fisher-information", "mmse", "varentropy",
    "variance-phi", "variance-h", "bandwidth", "class-entropy-rate",
)  # fmt: skip


def cloud(points, weights, scale):
    return Cloud(tuple(ball(w) for w in weights), tuple(tuple(ball(F(v)) * ball(scale) for v in p) for p in points))


def integral(name, points, weights, scale, bits):
    with working(64):
        work = bits_for(name, cloud(points, weights, scale), bits)
    with working(work):
        return number(name, cloud(points, weights, scale), bits)


def floats(name, points, weights, scale, step=0.2, reach=11.0):
    """The same sums in float64, one plain grid."""
    c = np.array(points, float) * float(scale)
    axes = [np.arange(c[:, i].min() - reach, c[:, i].max() + reach, step) for i in range(c.shape[1])]
    x = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, c.shape[1])
    logs = (
        np.log(np.array(weights, float)) - ((x[:, None] - c) ** 2).sum(axis=2) / 2 - c.shape[1] * np.log(2 * np.pi) / 2
    )
    top = logs.max(axis=1, keepdims=True)
    p = top + np.log(np.exp(logs - top).sum(axis=1, keepdims=True))
    r, surprise, density = np.exp(logs - p), p - logs, np.exp(p[:, 0])
    mean = r @ c
    values = {
        "log": p[:, 0], "log2": p[:, 0] ** 2, "label": (r * surprise).sum(axis=1),
        "label2": (r * surprise**2).sum(axis=1), "mean2": (r * surprise).sum(axis=1) ** 2,
        "spread": (r * ((c[None] - mean[:, None]) ** 2).sum(axis=2)).sum(axis=1),
    }[name]  # fmt: skip
    return float((density * values).sum() * step ** c.shape[1])


@pytest.mark.parametrize("name", POWERS)
@pytest.mark.parametrize("scale", [F(1, 3), F(2)])
def test_against_float_sums_and_a_second_lattice(name, scale):
    coarse = integral(name, SQUARE, UNEQUAL, scale, 40)
    fine = integral(name, SQUARE, UNEQUAL, scale, 62)
    assert coarse.overlaps(fine)
    assert float(coarse.rad()) <= 2.0**-38 * max(abs(float(coarse.mid())), 1.0)
    assert float(fine.mid()) == pytest.approx(floats(name, SQUARE, UNEQUAL, scale), rel=1e-10)


@pytest.mark.parametrize("name", POWERS)
def test_three_dimensions(name):
    found = integral(name, TETRA, UNEQUAL, F(1, 2), 30)
    assert float(found.rad()) <= 2.0**-28 * max(abs(float(found.mid())), 1.0)
    assert float(found.mid()) == pytest.approx(floats(name, TETRA, UNEQUAL, F(1, 2), 0.45, 8.0), rel=1e-7)


def test_the_rule_holds_the_product_of_two_lines():
    quarter = [F(1, 4)] * 4
    line = F(value("class-entropy", PAIR, "ve", "sigma=1/2", digits=30).value)
    mmse = F(value("mmse", PAIR, "ve", "sigma=1/2", digits=30).value)
    label, spread = (integral(n, SQUARE, quarter, F(2), 70) for n in ("label", "spread"))
    with working(120):
        assert contains(label, ball(2 * line) + arb(0, 1e-28))
        assert contains(spread, ball(8 * mmse) + arb(0, 1e-27))
        assert label.rad() < 1e-20


def test_digits_are_relative_where_the_number_is_tiny():
    found = integral("spread", SQUARE, UNEQUAL, F(7), 40)
    half = F(value("mmse", "deltas(-1: 3/10, 1: 7/10)", "ve", "sigma=1/7", digits=20).value) * 49
    assert 0 < float(found.mid()) < 1e-9
    assert float(found.rad()) < 1e-11 * float(found.mid())
    assert float(found.mid()) > float(half)  # two axes' worth, not the same weights


@pytest.mark.parametrize("name", NUMBERS)
def test_a_law_of_the_plane_in_many_dimensions_is_the_same_number(name):
    """Rows of an orthogonal 2 x 5 matrix of 3-4-5 triangles: an isometry with rational entries."""
    rows = [(F(3, 5), 0, F(4, 5), 0, 0), (0, F(12, 13), 0, 0, F(5, 13))]
    places = [(0, 0), (2, 1), (-1, F(3, 2))]
    weights = [F(1, 2), F(1, 3), F(1, 6)]
    small = deltas(*zip(places, weights, strict=True))
    big = deltas(*((tuple(sum(p[i] * rows[i][j] for i in range(2)) for j in range(5)), w)
                   for p, w in zip(places, weights, strict=True)))  # fmt: skip
    low, high = (value(name, law, "ve", "sigma=4/5", digits=10) for law in (small, big))
    assert low.guarantee == high.guarantee == "rigorous"
    assert low.complete
    assert high.complete
    with working(100):
        difference = high.balls - low.balls
        more = {"entropy": (1 + (2 * arb.pi() * ball(F(16, 25))).log()) * 3 / 2, "varentropy": ball(F(3, 2)),
                "fisher-information": 3 / ball(F(16, 25))}.get(name, arb(0))  # fmt: skip
        assert difference.overlaps(more)
        assert "filter.subspace" in high.uses


def test_784_dimensions_are_quick():
    shared = tuple(tuple(F(0) for _ in range(784)) for _ in range(784))
    rng = np.random.default_rng(3)
    means = [tuple(F(int(v), 255) for v in rng.integers(0, 256, 784)) for _ in range(3)]
    law = Law(tuple(Component(F(1, 3), mean, shared) for mean in means))
    start = time.process_time()
    found = value("entropy", law, "ve", "sigma=4", digits=12)
    assert found.complete
    assert "2 dimensions" in found.method
    assert time.process_time() - start < 3  # about 0.4 s alone


def test_shared_variances_across_and_along():
    law = "mixture(1/2: N((0, 0, 1), 1/4), 1/4: N((1, 0, 0), 1/4), 1/4: N((1, 1, 1), 1/4))"
    half = value("entropy", law, "ve", "sigma=1/2", digits=12)
    atoms = law.replace("1/4)", "0)")
    same = value("entropy", atoms, "ve", "nu=1/2", digits=12)
    assert half.balls.overlaps(same.balls)  # 1/4 + 1/4 = 1/2
    chain = [value(n, law, "ve", "sigma=1/2", digits=12).balls for n in ("conditional-entropy", "mutual-information")]
    clean = value("entropy", law.replace("1/4)", "1/8)"), "ve", "nu=1/8", digits=14).balls
    with working(80):
        assert (chain[0] + chain[1]).overlaps(clean)


def test_equal_atoms_are_one_place_but_two_labels():
    twice = "deltas((0, 0): 1/4, (0, 0): 1/4, (1, 2): 1/4, (2, -1): 1/4)"
    once = "deltas((0, 0): 1/2, (1, 2): 1/4, (2, -1): 1/4)"
    at = ("ve", "sigma=1")
    for name in ("conditional-entropy", "variance-phi", "variance-h", "entropy", "bandwidth"):
        assert value(name, twice, *at, digits=10).balls.overlaps(value(name, once, *at, digits=10).balls)
    with working(80):
        more = value("class-entropy", twice, *at, digits=10).balls - value("class-entropy", once, *at, digits=10).balls
        assert more.overlaps(arb(2).log() / 2)


def test_spans_are_exact():
    assert span_of(deltas(((0, 0, 0), F(1, 2)), ((1, 2, 3), F(1, 4)), ((2, 4, 6), F(1, 4)))).rank == 1
    third = F(1, 3)
    assert span_of(deltas(((0, 0, 0), third), ((1, 2, 3), third), ((2, 4, F(6) + F(1, 10**12)), third))).rank == 2
    assert span_of(deltas(*((tuple(int(i == j) for j in range(5)), F(1, 5)) for i in range(5)))) is None  # rank 4
    assert shared_variance(mixture((F(1, 2), (0, 1), 1), (F(1, 2), (0, 2), 2))) is None
    assert shared_variance(mixture((1, (0, 1), ((1, 0), (0, 2))))) is None
    span = span_of(deltas(((0, 1, 2), F(1, 4)), ((3, 1, 0), F(1, 2)), ((1, 1, 5), F(1, 4))))
    for i, row in enumerate(span.rho):
        for other in span.rho[:i]:
            square = sum((u - v) ** 2 * s for u, v, s in zip(row, other, span.squares, strict=True))
            assert square == {(1, 0): 13, (2, 0): 10, (2, 1): 29}[i, span.rho.index(other)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-40, 40), st.integers(-40, 40), st.integers(1, 50)), min_size=1, max_size=4),
       st.integers(2, 9), st.integers(2, 9))  # fmt: skip
def test_rows_are_the_points_of_the_discs(discs, h1, h2):
    found = {(prefix[0], j) for prefix, spans in rows_of((h1, h2), [Disc((x, y), r) for x, y, r in discs])
             for first, last in spans for j in range(first, last + 1)}  # fmt: skip
    for i in range(-50, 51):
        for j in range(-50, 51):
            inside = any((i * h1 - x) ** 2 + (j * h2 - y) ** 2 <= r * r for x, y, r in discs)
            assert inside <= ((i, j) in found)
            if (i, j) in found:  # the interval of a row is rounded to the disc itself
                assert inside


@pytest.mark.parametrize("power", [0, 1, 2])
@pytest.mark.parametrize("distance", [0.0, 1.5, 4.0, 9.0])
def test_tails_hold_lattice_sums(power, distance):
    h = 0.5
    n = np.arange(-40, 41) * h + 0.1
    square = n[:, None] ** 2 + n[None] ** 2
    keep = square >= distance**2
    total = ((0.3 + square / 2) ** power * np.exp(-square / 2) / (2 * np.pi))[keep].sum() * h * h
    with working(80):
        bound = float(tail_outside(arb(distance), arb("0.3"), power, [arb(h), arb(h)]))
    assert total <= bound
    assert bound <= 500 * (1 + distance**2) ** 2 * total


def test_the_certified_distance_of_a_disc():
    with working(80):
        disc = Disc((UNIT, 0), 3 * UNIT)
        assert float(disc.certified([arb(1), arb(0)])) == pytest.approx(3)
        assert float(disc.certified([arb(1, 0.5), arb(0)])) == pytest.approx(2.5)
        assert float(disc.certified([arb(9), arb(0)])) == 0
