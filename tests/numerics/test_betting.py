"""The bounded sequence against brute force, on rare events, and with deliberately wrong use."""

import math
from itertools import pairwise

import numpy as np
import pytest

from numerics.betting import CAP, Betting, BoundsError, fraction, log_gains, nodes_for
from numerics.sequential import EmpiricalBernstein, Outcome

BOUNDS = (-1.0, 3.0)


def fed(values, share, bet, unit=0.1, bounds=BOUNDS, chunk=256):
    sequence = Betting(bounds, share, unit)
    for i in range(0, len(values), chunk):
        sequence.add(log_gains(values[i : i + chunk], sequence.nodes, bet, bounds))
    return sequence


def exact_interval(values, share, bet, bounds=BOUNDS):
    """The endpoints by bisection on the capitals themselves."""

    def end(sign):
        low, high = bounds if sign > 0 else bounds[::-1]
        for _ in range(80):
            m = (low + high) / 2
            refuted = np.log1p(sign * bet * (values - m)).sum() >= math.log(2 / share)
            low, high = (m, high) if refuted else (low, m)
        return low

    return end(1), end(-1)


def test_gains_are_the_logarithms_of_the_capitals():
    y = np.random.default_rng(1).uniform(*BOUNDS, 1001)  # no multiple of a block
    nodes = nodes_for(*BOUNDS, 0.1)
    gains = log_gains(y, nodes, 0.2, BOUNDS)
    for j, m in enumerate(nodes):
        assert gains[0, j] == pytest.approx(np.log1p(0.2 * (y - m)).sum(), abs=1e-9)
        assert gains[1, j] == pytest.approx(np.log1p(-0.2 * (y - m)).sum(), abs=1e-9)
    # concave, so that chords are below: the reason why interpolation excludes nothing that the capital does not
    bends = np.diff(np.diff(gains, axis=1) / np.diff(nodes), axis=1)
    assert (bends < 1e-9).all()
    assert (np.diff(gains[0]) < 0).all()
    assert (np.diff(gains[1]) > 0).all()


@pytest.mark.parametrize("share", [0.05, 1e-6])
@pytest.mark.parametrize("bet", [0.02, 0.2])
def test_the_interval_is_that_of_the_capitals_and_never_inside_it(share, bet):
    y = np.random.default_rng(2).beta(2, 5, 4096) * 4 - 1
    low, high = fed(y, share, bet).interval
    exact = exact_interval(y, share, bet)
    assert exact[0] - 2e-3 < low <= exact[0] + 1e-9
    assert exact[1] - 1e-9 <= high < exact[1] + 2e-3
    assert low < y.mean() < high


def test_nothing_seen_excludes_nothing():
    assert Betting(BOUNDS, 0.05, 0.1).interval == BOUNDS
    assert Betting(BOUNDS, 0.05, 0.1).decision(bias=0.0, margin=0.5).outcome is Outcome.UNDECIDED


def test_the_fraction_is_the_best_for_the_tuned_number_of_paths():
    # log K at n paths is b d n - b^2 v n/2; it first reaches log(2/share) at the least distance d for this b
    n, share, v = 10**4, 1e-3, 0.04
    best = min(np.linspace(1e-3, 0.8, 4000), key=lambda b: (math.log(2 / share) / n + b * b * v / 2) / b)
    assert fraction(v, share, n, 1.0) == pytest.approx(best, rel=0.01)
    assert fraction(v, share, n, 4.0) <= CAP / 4


def test_an_event_never_seen_is_bounded_by_the_law_of_small_numbers():
    n, share = 1 << 14, 1e-6
    bet = fraction(0.0, share, n, 1.0)
    assert bet == pytest.approx(CAP, rel=1e-12)
    sequence = fed(np.zeros(n), share, bet, unit=1e-3, bounds=(0.0, 1.0), chunk=n)
    low, high = sequence.interval
    assert low == 0.0
    # a coin of chance m stays silent with probability (1 - m)^n: no sequence can be below, betting is close
    least = 1 - (share / 2) ** (1 / n)
    assert least < high < 1.2 * least
    other = EmpiricalBernstein(0.0, 1.0, share, n)
    other.feed(n, 0.0, 0.0)
    assert other.mean + other.radius > 1.5 * high


@pytest.mark.parametrize("p", [0.5, 0.02])
def test_at_many_paths_it_is_as_sharp_as_normal_theory_allows(p):
    n, share = 1 << 17, 1e-6
    y = (np.random.default_rng(3).random(n) < p).astype(float)
    sd = math.sqrt(p * (1 - p))
    low, high = fed(y, share, fraction(sd**2, share, n, 1.0), 2e-3, (0.0, 1.0), chunk=n // 8).interval
    fixed = 4.8916 * sd / math.sqrt(n)
    assert low <= p <= high
    assert 1.0 < (high - low) / 2 / fixed < 1.25


@pytest.mark.parametrize("p", [0.5, 0.05, 0.002])
def test_it_holds_at_all_looks_together(p):
    rng, n, share, missed = np.random.default_rng(4), 4096, 0.05, 0
    for _ in range(200):
        y = (rng.random(n) < p).astype(float)
        sequence = Betting((0.0, 1.0), share, 0.01)
        variance, ever = p * (1 - p) / 2, False  # a fraction for a wrong variance costs width only
        for first, last in pairwise((0, 256, 512, 1024, 2048, n)):
            part = y[first:last]
            sequence.add(log_gains(part, sequence.nodes, fraction(variance, share, n, 1.0), (0.0, 1.0)))
            low, high = sequence.interval
            ever |= not low <= p <= high
            variance = float(y[:last].var())
        missed += ever
    assert missed <= 10 + 3 * math.sqrt(10)


def test_wrong_use_is_refused():
    with pytest.raises(BoundsError, match="outside the stated bounds"):
        log_gains(np.array([0.0, 3.1]), nodes_for(*BOUNDS, 0.1), 0.1, BOUNDS)
    with pytest.raises(BoundsError, match="outside"):
        log_gains(np.array([0.0, math.nan]), nodes_for(*BOUNDS, 0.1), 0.1, BOUNDS)
    with pytest.raises(ValueError, match="lower < upper"):
        nodes_for(1.0, 1.0, 0.1)
    with pytest.raises(ValueError, match="finite"):
        nodes_for(0.0, math.inf, 0.1)
    with pytest.raises(ValueError, match="error rate"):
        Betting(BOUNDS, 0.0, 0.1)


def test_decisions_by_the_exact_sequence():
    y = np.random.default_rng(5).uniform(-0.5, 0.5, 1 << 15)
    bounds = (-0.5, 0.5)

    def decided(shift, margin, **more):
        moved = bounds[0] + shift, bounds[1] + shift
        bet = fraction(1 / 12, 1e-6, len(y), 1.0)
        return fed(y + shift, 1e-6, bet, margin, moved, 1 << 12).decision(**({"bias": 0.0} | more), margin=margin)

    assert decided(0.0, 0.02).outcome is Outcome.EQUIVALENT
    assert decided(0.05, 0.02).outcome is Outcome.REFUTED
    assert decided(0.05, 0.02, bias=0.04).outcome is Outcome.UNDECIDED
    assert decided(0.05, 0.02, relation=">=").outcome is Outcome.EQUIVALENT
    assert decided(0.05, 0.02, relation="<=").outcome is Outcome.REFUTED
