"""The strips and bounds behind the line engine really bound, at random complex points."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.balls import acb, arb, truncated, working
from numerics.extrema import ve_germ
from numerics.line.adaptive import _Complex
from numerics.line.assembly import slopes_of
from numerics.line.bounds import Bounds, tail_of_sum
from numerics.line.certified import verified_strip
from numerics.line.components import components_of
from numerics.line.posterior import KINDS
from numerics.line.strip import best_width, shared_strip, the_line
from numerics.rings import Unsupported
from theory.language.instances import mixture

places = st.integers(-40, 40).map(lambda n: Fraction(n, 8))
variances = st.integers(1, 40).map(lambda n: Fraction(n * n, 256))
raw = st.integers(1, 1000)


@st.composite
def laws(draw, shared):
    size = draw(st.integers(2, 5))
    weights = [Fraction(draw(raw)) ** draw(st.integers(1, 3)) for _ in range(size)]
    common = draw(variances)
    return mixture(*((w / sum(weights), draw(places), common if shared else draw(variances)) for w in weights))


def strips_of(bounds):
    heads = bounds.components
    found = []
    if heads.shared:
        low, high = min(bounds.places, key=float), max(bounds.places, key=float)
        distance, variance = (high - low).upper(), bounds.variances[0]
        found.append(shared_strip(distance, variance, best_width(float(distance), float(variance), 60, 3)))
    try:
        found.append(verified_strip(bounds))
    except Unsupported:  # that none is certified is no error
        assert found or not heads.shared
    return found


def root_sum(bounds, x, y):
    """sum over k != j of sqrt(|u_k u_j|) as the bounds mean it: the real line's, raised by the pairs' growth."""
    total = arb(0)
    for pair in bounds.pairs:
        density = (-((x - pair.place) ** 2) / (2 * pair.variance)).exp() / (2 * arb.pi() * pair.variance).sqrt()
        total = total + pair.mass * density * (pair.growth * y * y).exp()
    return total


@pytest.mark.parametrize("shared", [True, False])
@settings(max_examples=25)
@given(data=st.data())
def test_integrands_and_their_derivatives_stay_below_their_majorants(shared, data):
    law = data.draw(laws(shared))
    sigma = data.draw(st.sampled_from([Fraction(1, 10), Fraction(1, 2), Fraction(3)]))
    order = data.draw(st.integers(0, 3))
    with working(200):
        parts = components_of(law, ve_germ(sigma), order=order)
        slopes = slopes_of(data.draw(st.sampled_from(["mmse", "class-gap"])), parts)
        bounds = Bounds(parts, slopes)
        reader = _Complex(parts, slopes, KINDS)
        for strip in (the_line(), *strips_of(bounds)):
            for _ in range(3):
                centre = data.draw(st.sampled_from([float(v) for v in bounds.places]))
                x = arb(centre) + arb(data.draw(st.floats(-4, 4))) * bounds.scale
                y = strip.width.lower() * arb(data.draw(st.floats(-1, 1)))
                values = reader._values(acb(x, y), False)
                with truncated(order + 1):
                    for kind, row in zip(KINDS, values, strict=True):
                        for n, value in enumerate(row):
                            bound = bounds.majorant(kind, n, strip)
                            xi = 1 + abs(x - bounds.centre) / bounds.scale
                            most = bound.constant * root_sum(bounds, x, strip.width) * xi**bound.power
                            assert not abs(value) > most, (kind, n, law, sigma)


@pytest.mark.parametrize("shared", [True, False])
@settings(max_examples=40)
@given(data=st.data())
def test_the_density_is_away_from_zero_on_the_strip(shared, data):
    law = data.draw(laws(shared))
    with working(120):
        bounds = Bounds(components_of(law, ve_germ(Fraction(1, 3))), None)
        logs = bounds.components.logs
        for strip in strips_of(bounds):
            for _ in range(5):
                x = arb(data.draw(st.floats(-6, 6)))
                z = acb(x, strip.width.lower() * arb(data.draw(st.floats(-1, 1))))
                values = [(A[0] + z * (B[0] + z * C[0])).exp() for A, B, C in logs]
                density, size = abs(sum(values, acb(0))), sum((abs(v) for v in values), arb(0))
                assert not density < strip.floor * size


@given(st.floats(0.1, 5), st.floats(0.01, 2), st.floats(-1, 1), st.floats(0, 6))
def test_the_tail_of_a_sum_is_bounded(variance, step, place, cut):
    v, h, m, distance = arb(variance), arb(step), arb(place), arb(cut)
    rest = arb(0)
    for n in range(-400, 401):
        away = abs(n * h - m)
        if away >= distance:
            rest = rest + h * (-away * away / (2 * v)).exp() / (2 * arb.pi() * v).sqrt()
    assert not rest > tail_of_sum((arb(1), m, v), distance, h)


def test_gaussians_bound_polynomial_times_gaussian():
    with working(100):
        law = mixture((Fraction(1, 3), -1, Fraction(1, 4)), (Fraction(2, 3), 2, Fraction(1, 9)))
        bounds = Bounds(components_of(law, ve_germ(Fraction(1, 2)), order=2), None)
        majorant = bounds.majorant("class", 2, the_line())
        assert majorant.power >= 4
        (pair,), ((mass, place, variance),) = bounds.pairs, bounds.gaussians(majorant, None)
        for n in range(-60, 61):
            x = arb(n) / 6
            plain = (-((x - pair.place) ** 2) / (2 * pair.variance)).exp() / (2 * arb.pi() * pair.variance).sqrt()
            xi = 1 + abs(x - bounds.centre) / bounds.scale
            wide = mass * (-((x - place) ** 2) / (2 * variance)).exp() / (2 * arb.pi() * variance).sqrt()
            assert not majorant.constant * pair.mass * plain * xi**majorant.power > wide
