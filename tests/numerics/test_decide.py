"""Decisions on ensembles: what the guard against rare events looks at, stated bounds, step bias, split error rates."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from numerics.betting import BoundsError
from numerics.estimates import sums_of
from numerics.paths import decide as module
from numerics.paths.decide import BIAS_SHARE, Observed, Test, run_tests
from numerics.paths.pilot import pilot_of
from numerics.sequential import Outcome, normal_mixture_radius

CHUNK = 1 << 12
OPTIONS = {"seed": 1, "claim_id": "test", "experiment": "e", "share": 1e-6, "max_paths": 16 * CHUNK, "chunk": CHUNK}


@dataclass(frozen=True)
class Made:
    """Observables, biases and controls as functions of standard normal rows z (8, n)."""

    make: object

    def observe(self, wanted, count, rng):
        seen = self.make(rng.standard_normal((8, count)))
        return Observed(seen.values[list(wanted)], seen.biases[list(wanted)], seen.controls)


def ensemble(values, biases=None, controls=lambda z: np.zeros((0, z.shape[1]))):
    def make(z):
        rows = np.array([f(z) for f in values])
        shifts = np.zeros_like(rows) if biases is None else np.array([f(z) for f in biases])
        return Observed(rows, shifts, controls(z))

    return Made(make)


def run(made, *tests, **options):
    return run_tests(made, tests, **(OPTIONS | options))


def rare(z, height=100.0):
    return np.where(z[7] > 3.3, height, 0.0)  # about 2 of a chunk


def test_a_rare_event_is_undecided_even_behind_ordinary_noise_that_controls_remove():
    test = Test("s", "", "=", 1.0)
    cases = {
        "bare": ensemble([rare]),
        "less a constant": ensemble([lambda z: rare(z) - 0.05]),
        "behind noise": ensemble([lambda z: rare(z) + 10 * z[0]], controls=lambda z: z[:1]),
        "as a bias": ensemble([lambda z: 0.1 * z[0]], [lambda z: rare(z, 30.0)]),
    }
    for name, made in cases.items():
        (found,) = run(made, test, max_paths=4 * CHUNK)
        assert found.decision.outcome is Outcome.UNDECIDED, name
        assert "rare event" in found.decision.reason, name
        assert found.effective < 200, name


def test_controls_cannot_hide_a_rare_event():
    # weights from a pilot that was unlucky: what is left is ruled by the control, and looks ordinary
    test = Test("s", "", "=", 1.0)
    heavy = ensemble([lambda z: np.exp(4 * z[7])], controls=lambda z: z[1:2])
    pilot = pilot_of(heavy, [test], seed=1, claim_id="test", experiment="e", count=CHUNK)
    (found,) = run(heavy, test, pilot=replace(pilot, weights=np.array([[1e5], [0.0]])), max_paths=CHUNK)
    assert found.decision.outcome is Outcome.UNDECIDED
    assert found.effective < 200


def test_carrying_paths_are_counted_about_the_own_mean():
    n = 1 << 14
    few = np.zeros(n)
    few[:50] = 1.0
    rows = np.array([few, few - 0.3, few + 5.0, np.random.default_rng(0).normal(size=n), np.full(n, 7.0)])
    for off in (0.0, 0.02):  # a pilot's centre may be off by a value of its own
        carrying = sums_of(rows, rows.mean(axis=1) + off).carrying
        assert (carrying[:3] < 60).all()
        assert carrying[3] > 0.1 * n
        assert carrying[4] == n


def test_stated_bounds_decide_a_rare_event_exactly():
    p = 0.5 * math.erfc(3.3 / math.sqrt(2))
    made = ensemble([lambda z: (z[7] > 3.3) - p])
    test = Test("s", "", "=", 0.005, bounds=(-p, 1 - p))
    (found,) = run(made, test)
    assert found.decision.outcome is Outcome.EQUIVALENT
    (found,) = run(ensemble([lambda z: (z[7] > 3.3) - p + 0.01]), replace(test, bounds=(0.01 - p, 1.01 - p)))
    assert found.decision.outcome is Outcome.REFUTED
    assert run(made, replace(test, bounds=None), max_paths=CHUNK)[0].decision.outcome is Outcome.UNDECIDED
    with pytest.raises(BoundsError):
        run(made, replace(test, bounds=(-p, 0.5)))
    with pytest.raises(ValueError, match="in order"):
        Test("s", "", "=", 0.1, bounds=(1.0, 0.0))


def test_no_control_is_taken_off_a_bounded_observable():
    made = ensemble([lambda z: np.tanh(z[0])] * 2, controls=lambda z: z[:1])
    bounded, free = Test("s", "", "=", 0.05, bounds=(-1.0, 1.0)), Test("t", "", "=", 0.05)
    pilot = pilot_of(made, [bounded, free], seed=1, claim_id="test", experiment="e", count=CHUNK)
    assert not pilot.weights[0].any()
    assert pilot.weights[1].any()
    assert {r.decision.outcome for r in run(made, bounded, free)} == {Outcome.EQUIVALENT}


def test_the_mean_of_the_step_bias_is_an_estimate_too():
    # the bias is 0.01 on average, between noise: too few paths must not find it smaller than it may be
    made = ensemble([lambda z: 0.01 * z[0]], [lambda z: 0.01 + 0.5 * z[1]])
    (found,) = run(made, Test("s", "", "=", 0.02), max_paths=4 * CHUNK)
    assert found.decision.bias > 0.01
    assert found.decision.outcome is Outcome.UNDECIDED
    (found,) = run(made, Test("s", "", "=", 0.04), max_paths=256 * CHUNK)
    assert found.decision.outcome is Outcome.EQUIVALENT


def test_the_error_rate_is_split_over_tests_and_between_value_and_bias():
    made = ensemble([lambda z: z[0], lambda z: z[1]])
    tests = [Test("s", "1", "=", 1e-3), Test("t", "", "=", 1e-3)]
    both = run(made, *tests, max_paths=CHUNK)
    (alone,) = run(ensemble([lambda z: z[0]]), tests[0], max_paths=CHUNK)
    for found, share in ((both[0], 5e-7), (alone, 1e-6)):
        sd = np.sqrt(np.square(found.decision.radius))
        unit = normal_mixture_radius(CHUNK, 1.0, share * (1 - BIAS_SHARE), CHUNK)
        assert sd / unit == pytest.approx(1.0, rel=0.05)
    assert both[0].decision.radius / alone.decision.radius == pytest.approx(
        normal_mixture_radius(CHUNK, 1.0, 5e-7, CHUNK) / normal_mixture_radius(CHUNK, 1.0, 1e-6, CHUNK), rel=0.002
    )
    assert 0 < module.BIAS_SHARE < 0.5


def test_what_cannot_be_accepted_gets_a_small_part_of_the_budget():
    made = ensemble([lambda z: z[0]])
    (found,) = run(made, Test("s", "", "=", 1e-4), max_paths=256 * CHUNK)
    assert found.decision.outcome is Outcome.UNDECIDED
    assert found.paths <= 32 * CHUNK
    (found,) = run(ensemble([lambda z: z[0] + 0.5]), Test("s", "", "=", 1e-4), max_paths=256 * CHUNK)
    assert found.decision.outcome is Outcome.REFUTED
