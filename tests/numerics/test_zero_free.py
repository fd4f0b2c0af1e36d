"""Strips without zeros of a mixture's density: what they claim holds at points, and no zero lies in one."""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.balls import arb
from numerics.rings import Unsupported
from numerics.zero_free import strip_holds, zero_free_strip

LAWS = [
    ([0.5, 0.5], [-1.0, 1.0], [0.25, 0.25]),
    ([0.3, 0.7], [-1.0, 1.5], [0.29, 0.61]),
    ([0.3, 0.7], [-1.0, 1.5], [4.04, 4.36]),
    ([0.5, 0.5], [0.0, 0.0], [1.0, 2.0]),
    ([0.999999, 1e-6], [0.0, 5.0], [1.0, 0.01]),
    ([0.25] * 4, [-3.5, -2.5, 2.5, 3.5], [0.25, 0.25, 0.3, 0.3]),
    ([0.2] * 5, [-3.0, -1.0, 0.0, 1.3, 3.5], [0.0025, 0.03, 0.4, 0.25, 0.6]),
]


def terms(law, z):
    """(the log-moduli, phases) of u_k at the points, (N, K)."""
    w, m, v = (np.array(values) for values in law)
    y = z[:, None]
    logs = np.log(w) - np.log(v) / 2 - (y - m) ** 2 / (2 * v)
    return logs.real, -y.imag * (y.real - m) / v


def strip(law, **options):
    return zero_free_strip(*([arb(v) for v in values] for values in law), **options)


def zeros(law, height, across=401, up=41):
    """Zeros of p with 0 < Im z < height by Newton's method from a grid."""
    w, m, v = (np.array(values) for values in law)
    reach = np.abs(m).max() + 12 * np.sqrt(v.max())
    x, y = np.meshgrid(np.linspace(-reach, reach, across), np.linspace(0.02, 1, up) * height)
    z = (x + 1j * y).ravel()
    for _ in range(40):
        logs = np.log(w) - np.log(v) / 2 - (z[:, None] - m) ** 2 / (2 * v)
        u = np.exp(logs - logs.real.max(axis=1, keepdims=True))
        slope = (u * (m - z[:, None]) / v).sum(axis=1)
        with np.errstate(all="ignore"):
            step = u.sum(axis=1) / slope
            z = np.where(np.abs(step) < height, z - step, np.nan)
        z = np.where(np.abs(z.real) < 3 * reach, z, np.nan)
    z = z[np.isfinite(z)]
    logs = np.log(w) - np.log(v) / 2 - (z[:, None] - m) ** 2 / (2 * v)
    u = np.exp(logs - logs.real.max(axis=1, keepdims=True))
    return z[(np.abs(u.sum(axis=1)) < 1e-9) & (z.imag > 0) & (z.imag < height)]


def claims_hold(law, a, c, seed=0):
    """|p| >= c sum |u_k|, and the phase of p stays within the bound (2) of that of every component."""
    rng = np.random.default_rng(seed)
    w, m, v = (np.array(values) for values in law)
    reach = np.abs(m).max() + 6 * np.sqrt(v.max())
    x = np.concatenate([rng.uniform(-reach, reach, 300), *(rng.normal(k, np.sqrt(s), 60) for k, s in zip(m, v))])
    slopes = (x[:, None] - m) / v
    turns = float(a) * np.abs(slopes - slopes[:, :1]).max()
    heights = np.linspace(0, float(a), min(65 + int(8 * turns), 4000))  # steps that a phase can be followed by
    z = x[:, None] + 1j * heights[None, :]
    moduli, phases = terms(law, z.ravel())
    size = np.exp(moduli - moduli.max(axis=1, keepdims=True))
    p = (size * np.exp(1j * phases)).sum(axis=1)
    assert (np.abs(p) >= (float(c) - 1e-9) * size.sum(axis=1)).all()
    if turns > 400:
        return
    # the phase that is continuous from the real line, relative to that of the component 0
    turned = (p * np.exp(-1j * phases[:, 0])).reshape(z.shape)
    angle = np.unwrap(np.angle(turned), axis=1)
    for k in range(len(w)):
        own = angle - (phases[:, k] - phases[:, 0]).reshape(z.shape)
        bound = np.pi / 2 + heights[None, :] * np.abs(slopes - slopes[:, k : k + 1]).max(axis=1)[:, None]
        assert (np.abs(own) <= bound + 1e-9).all()


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_a_strip_holds_no_zero_and_is_not_much_narrower_than_it_could_be(law):
    a, c = strip(law)
    claims_hold(law, a, c)
    found = zeros(law, 3 * float(a))
    assert len(found), "some zero is near, or the test says nothing"
    nearest = found.imag.min()
    assert float(a) < nearest < 2.5 * float(a)
    assert not strip_holds(*([arb(v) for v in values] for values in law), arb(1.001 * nearest), arb(1e-6))


def test_the_strip_of_one_variance_is_the_closed_form():
    a, c = strip(LAWS[0], floor=F(1, 2))
    assert abs(float(a) - 2 * 0.25 * np.arccos(0.5) / 2) < 1e-12
    assert abs(float(c) - 0.5) < 1e-12
    assert strip_holds(*([arb(v) for v in values] for values in LAWS[0]), arb(0.99) * a, arb("0.49"))


def test_one_component_takes_all_that_is_wanted():
    a, c = strip(([1.0], [2.0], [0.5]), widest=arb(3))
    assert (a == 3, c == 1) == (True, True)


def test_balls_that_overlap_are_not_one_variance():
    about = [arb(0.25, 1e-20), arb(0.25, 1e-20)]
    with pytest.raises(Unsupported):
        zero_free_strip([arb(0.5)] * 2, [arb(-1), arb(1)], about)
    a, c = zero_free_strip([arb(0.5)] * 2, [arb(-1), arb(1)], about, kinds=(0, 0))
    assert 0 < a < 0.4
    assert c >= 0.0999


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="as many"):
        zero_free_strip([arb(1)], [arb(1)], [])


@st.composite
def laws(draw):
    K = draw(st.integers(2, 5))
    w = np.array([draw(st.floats(1e-4, 1.0)) for _ in range(K)])
    places = [draw(st.floats(-4, 4)) for _ in range(K)]
    kinds = [draw(st.sampled_from([0.01, 0.1, 0.25, 0.3, 1.0, 2.0])) for _ in range(K)]
    return list(w / w.sum()), places, kinds


@settings(max_examples=15, deadline=None)
@given(laws(), st.sampled_from([F(1, 20), F(1, 10), F(1, 2)]))
def test_random_strips(law, floor):
    try:
        a, c = strip(law, floor=floor)
    except Unsupported:
        return
    assert c >= float(floor) - 1e-12
    claims_hold(law, a, c)
    assert not len(zeros(law, float(a), 201, 15))


@pytest.mark.parametrize(
    "law",
    [
        ([0.5, 0.5], [0.0, 1e-12], [1.0, 1.0 + 1e-12]),
        ([1e-300, 1.0], [0.0, 3.0], [1.0, 2.0]),
        ([0.5, 0.5], [-1e6, 1e6], [1e-6, 1e6]),
        ([1 / 3] * 3, [0.0, 0.0, 0.0], [1.0, 1.0, 4.0]),
    ],
    ids=str,
)
def test_laws_at_the_edge_of_floats(law):
    """A strip that holds at points, or a refusal; never a warning or a claim that fails."""
    try:
        a, c = strip(law)
    except Unsupported:
        return
    claims_hold(law, a, c)


@pytest.mark.parametrize("broken", [arb("nan"), arb(1, 2), arb(0)], ids=str)
def test_a_variance_that_may_vanish_is_refused(broken):
    for variances in ([arb(1), broken], [broken, broken]):
        with pytest.raises(Unsupported):
            zero_free_strip([arb(0.5)] * 2, [arb(-1), arb(1)], variances, kinds=(0, int(variances[0] is not broken)))
