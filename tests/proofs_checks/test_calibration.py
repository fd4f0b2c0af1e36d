"""Error rates counted, not asserted; `python -m proofs_checks.attack calibration` counts ten times as long."""

import math

import numpy as np
import pytest

from numerics.sequential import FAMILY_RATE
from proofs_checks.attack import calibration
from proofs_checks.attack.calibration import Count, rare, rates


@pytest.fixture(scope="module")
def events():
    return {c.source: c for c in rare(300, size=512)}


def test_a_plain_sequence_refutes_a_true_rare_event_and_ours_never_do(events):
    assert (
        events["entropy, no guard"].happened > 150
    )  # nearly always, and 266 with chunks of 16384: why there is a guard
    assert events["entropy, rare"].happened == 0
    assert events["entropy, rare"].decided == 0  # not even accepted: nobody has seen what carries the mean
    assert events["entropy, bounds stated"].happened == 0
    assert events["entropy, rare"].rate == FAMILY_RATE


def test_the_mean_of_the_rare_event_is_that_of_the_definition():
    nodes, weights = np.polynomial.legendre.leggauss(2000)
    x = nodes * 1.5
    density = np.exp(-((x - 1) ** 2) / (2 * 0.04)) / math.sqrt(2 * math.pi * 0.04)
    p = 1 / (1 + np.exp(-2 * x / 0.04))
    q = 1 / (1 + np.exp(2 * x / 0.04))
    entropy = -p * np.log(np.maximum(p, 1e-300)) - q * np.log(np.maximum(q, 1e-300))
    # Gauss-Legendre where the integrand lives
    assert 1.5 * (weights * density * entropy).sum() == pytest.approx(calibration.exact_entropy(), rel=1e-9)


def test_small_budgets_keep_a_raised_rate():
    found = rates(16)
    assert {c.what.split()[0] for c in found} == {"refuted", "accepted"}
    assert len(found) == 5 * len(calibration.SOURCES)
    assert [c for c in found if not c.kept] == []
    assert sum(c.decided for c in found) > 0.1 * sum(c.repetitions for c in found)  # silence would keep any rate


def test_counts_know_what_a_rate_allows():
    assert Count("s", "w", 70, 70, 1000, 0.05).kept
    assert not Count("s", "w", 72, 72, 1000, 0.05).kept
    assert not Count("s", "w", 1, 1, 300, 1e-6).kept
    bad = {"t": [Count("s", "w", 1, 1, 300, 1e-6)]}
    assert not calibration.kept(bad)
    assert "TOO MANY" in calibration.shown(bad)
    assert not calibration.kept({"t": [Count("no guard", "w", 10, 10, 300, 1.0)]})
