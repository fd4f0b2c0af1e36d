import json
import math

import numpy as np
import pytest
from scipy.special import logsumexp

from numerics.empirical import law_of, value
from numerics.empirical.bounded import Bounded, Observable, mean_of
from numerics.empirical.channel import Channel
from numerics.quantities import QuantityError
from numerics.quantities import value as exact
from numerics.rings import Unsupported
from theory.language.instances import LawError
from theory.laws import parse_law

RNG = np.random.default_rng(5)
CLOUD = law_of(RNG.standard_normal((700, 6)) * [2, 1, 1, 1, 0.5, 0.1] + 3)
REPEATED = law_of(np.repeat(np.array([[-1.0, 0, 0], [1, 1, 0], [0, 2, 5]]), [1, 2, 4], axis=0))
SHORT = 1 << 13


def _by_broadcasting(law, found, alpha, sigma):
    away = found.x[:, None, :] - alpha * law.places[None]
    logs = law.log_weights - (away**2).sum(axis=2) / (2 * sigma**2)
    log_r = logs - logsumexp(logs, axis=1, keepdims=True)
    r = np.exp(log_r)
    mean = r @ law.places
    spread = ((law.places[None] - mean[:, None]) ** 2).sum(axis=2)
    return log_r, r, mean, (r * spread).sum(axis=1)


@pytest.mark.parametrize(("law", "alpha", "sigma"), [(CLOUD, 1.0, 0.5), (CLOUD, 0.6, 0.05), (REPEATED, 0.7, 1.5)])
def test_one_pass_agrees_with_broadcasting(law, alpha, sigma):
    found = Channel(law, alpha, sigma).draw(300, np.random.default_rng(1), squares=True)
    log_r, r, mean, trace = _by_broadcasting(law, found, alpha, sigma)
    shown = np.where(r > 0, log_r, 0.0)
    assert np.allclose(found.surprise, -log_r[np.arange(300), found.index], atol=1e-11)
    assert np.allclose(found.mean, mean, atol=1e-11)
    assert np.allclose(found.covariance, trace, atol=1e-11)
    assert np.allclose(found.entropy, -(r * shown).sum(axis=1), atol=1e-10)
    assert np.allclose(found.surprise_square, (r * shown**2).sum(axis=1), atol=1e-9)


def test_far_places_cost_no_digits_and_no_denormal_numbers():
    law = law_of(np.array([[0.0], [1.0], [30.0], [50.0], [1e4]]))
    found = Channel(law, 1.0, 0.8).draw(400, np.random.default_rng(0))
    _, _, mean, trace = _by_broadcasting(law, found, 1.0, 0.8)
    assert np.allclose(found.mean, mean, rtol=1e-10)
    assert np.allclose(found.covariance, trace, atol=1e-7)


def test_places_are_drawn_by_their_weights():
    found = Channel(REPEATED, 1.0, 1.0).draw(7000, np.random.default_rng(3))
    share = np.bincount(found.index, minlength=3) / 7000
    assert np.allclose(share, [1 / 7, 2 / 7, 4 / 7], atol=0.02)


def test_blocks_of_places_do_not_matter(monkeypatch):
    whole = Channel(CLOUD, 1.0, 0.7).draw(500, np.random.default_rng(2), squares=True)
    monkeypatch.setattr("numerics.empirical.channel.PLACES", 64)
    monkeypatch.setattr("numerics.empirical.channel.ROWS", 32)
    parts = Channel(CLOUD, 1.0, 0.7).draw(500, np.random.default_rng(2), squares=True)
    for name in ("surprise", "mean", "covariance", "entropy", "surprise_square"):
        assert np.allclose(getattr(whole, name), getattr(parts, name), atol=1e-11)


ALL = (
    "mmse", "bandwidth", "information-rate", "class-entropy-rate", "entropy-rate", "fisher-information",
    "expected-divergence", "conditional-entropy", "class-entropy", "mutual-information", "entropy", "variance-phi",
    "variance-phi-class", "variance-h", "variance-h-class",
)  # fmt: skip


@pytest.mark.parametrize("quantity", ALL)
@pytest.mark.parametrize(("process", "at"), [("ve", "sigma=4/5"), ("vp", "sigma=7/10"), ("standing", "t=1/2")])
def test_intervals_hold_the_exact_values(quantity, process, at):
    law = law_of(np.array([-1.0, 1, 1, 1, 1]))
    truth = float(exact(quantity, parse_law("deltas(-1: 1/5, 1: 4/5)"), process, at, digits=8).value)
    found = value(quantity, law, process, at, samples=1 << 14)
    low, high = found.interval
    assert not found.reason
    assert low <= truth <= high
    assert high - low <= 0.15 * max(abs(truth), 0.2)
    assert abs(float(found.value) - truth) <= float(found.radius)


def test_clocks_agree():
    one = value("bandwidth", CLOUD, "vp", "sigma=1/2", clock="snr", samples=SHORT)
    other = value("bandwidth", CLOUD, "vp", "sigma=1/2", clock="t", samples=SHORT)
    # snr' = -g^2 alpha^2/sigma^4 with g = 1, alpha^2 = 3/4, sigma^2 = 1/4
    assert one.interval[0] * -12 == pytest.approx(other.interval[1], rel=1e-12)


def _pair(distance, dimension=64):
    """Two atoms in a direction of no axis: their laws reduce to a line."""
    direction = np.random.default_rng(9).standard_normal(dimension)
    return law_of(np.stack([0 * direction, distance * direction / np.linalg.norm(direction)]) + 0.3)


def _on_the_line(quantity, d):
    """The exact number of two atoms at distance d and sigma = 1, by the trapezoidal rule in logarithms."""
    x = np.linspace(-12.0, d + 12.0, 40001)
    logs = np.array([-(x**2), -((x - d) ** 2)]) / 2 - math.log(2 * math.sqrt(2 * math.pi))
    log_p = logsumexp(logs, axis=0)
    log_r = logs - log_p
    weights, r = np.exp(log_p) * (x[1] - x[0]), np.exp(log_r)
    surprise = -(r * log_r).sum(axis=0)
    if quantity == "mmse":
        return float(d**2 * (weights * r.prod(axis=0)).sum())
    mean = (weights * surprise).sum()
    if quantity == "conditional-entropy":
        return float(mean)
    square = surprise**2 if quantity == "variance-h" else (r * log_r**2).sum(axis=0)
    return float((weights * square).sum() - mean**2)


def test_the_reference_on_the_line_is_right():
    for quantity in ("mmse", "conditional-entropy", "variance-h", "variance-phi"):
        truth = float(exact(quantity, parse_law("deltas(0: 1/2, 5: 1/2)"), "ve", "sigma=1", digits=8).value)
        assert _on_the_line(quantity, 5) == pytest.approx(truth, rel=1e-8)


@pytest.mark.parametrize("quantity", ["mmse", "conditional-entropy", "variance-h", "variance-phi"])
@pytest.mark.parametrize("distance", [1, 3, 5, 6, 7, 8, 9, 10, 12, 16, 25, 50, 80])
def test_no_interval_excludes_the_truth_and_rare_events_are_said(quantity, distance):
    truth = _on_the_line(quantity, distance)
    for seed in range(3):
        found = value(quantity, _pair(distance), "ve", "sigma=1", samples=1 << 13, seed=seed)
        low, high = found.interval
        assert low <= truth <= high
        if distance >= 16:
            assert found.reason.startswith("rare event")
        if distance <= 5:
            assert not found.reason
        if found.reason:
            assert (found.value, found.radius, found.digits, found.complete) == (None, None, 0, False)


def test_normal_theory_would_have_been_fooled():
    """The nasty case: every sample agrees on a number that is far too small."""
    law = _pair(14)
    truth = _on_the_line("mmse", 14)
    sample = Channel(law, 1.0, 1.0).draw(1 << 13, np.random.default_rng(0)).covariance
    assert sample.mean() + 10 * sample.std() / math.sqrt(len(sample)) < truth
    found = value("mmse", law, "ve", "sigma=1", samples=1 << 13)
    assert found.reason.startswith("rare event")
    assert found.interval[0] <= truth <= found.interval[1]


def test_intervals_cover_at_their_level():
    """Over many seeds, small samples of a skew observable: misses are rarer than 1 %."""
    law = _pair(7, 2)
    truth = _on_the_line("mmse", 7)
    channel = Channel(law, 1.0, 1.0)
    variance = Observable("mmse", lambda p: p.covariance, law.square_radius, channel.covariance_rounding)
    runs = [mean_of(channel, variance, seed=seed, budget=4096) for seed in range(150)]
    misses = sum(not run.lower <= truth <= run.upper for run in runs)
    assert misses <= 2


def test_entropies_have_an_interval_even_where_the_rest_is_rare():
    law = _pair(60)
    found = value("entropy", law, "ve", "sigma=1", samples=1 << 13)
    kernel = 32 * math.log(2 * math.pi * math.e)
    assert not found.reason
    assert found.interval[0] <= kernel + math.log(2) <= found.interval[1] + 1e-12
    assert value("mutual-information", law, "ve", "sigma=1", samples=1 << 13).digits >= 1


def test_a_single_place_is_exactly_zero():
    law = law_of(np.ones((4, 3)))
    for quantity in ("mmse", "bandwidth", "conditional-entropy", "variance-phi", "variance-h"):
        found = value(quantity, law, "ve", "sigma=1")
        assert (found.value, found.radius, found.reason) == ("0", "0", "")
    assert float(value("fisher-information", law, "ve", "sigma=1").value) == pytest.approx(3)


def test_digits_are_reached_or_said_to_be_missed():
    found = value("bandwidth", CLOUD, "ve", "sigma=1", digits=2)
    assert found.complete
    assert found.digits >= 2
    assert float(found.radius) <= 0.0101 * float(found.value)
    missed = value("bandwidth", CLOUD, "ve", "sigma=1", digits=6, samples=4096)
    assert not missed.complete
    assert missed.digits < 6


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    one, two, three = (value("bandwidth", CLOUD, "ve", "sigma=1", samples=SHORT, seed=s) for s in (4, 4, 5))
    assert (one.interval, one.standard_error) == (two.interval, two.standard_error)
    assert one.interval != three.interval


def test_bits_are_nats_over_log_2():
    nats = value("entropy", CLOUD, "ve", "sigma=1", samples=SHORT)
    bits = value("entropy", CLOUD, "ve", "sigma=1", samples=SHORT, bits=True)
    assert bits.unit == "bits"
    assert bits.interval[0] * math.log(2) == pytest.approx(nats.interval[0], rel=1e-12)
    assert value("mmse", CLOUD, "ve", "sigma=1", samples=SHORT, bits=True).unit == "1"


def test_an_estimate_as_data():
    data = json.loads(json.dumps(value("bandwidth", CLOUD, "ve", "sigma=1", samples=SHORT).to_json()))
    assert data["guarantee"] == "statistical"
    assert data["confidence"] == "0.99"
    assert data["uses"] == ["entropy.rate_covariance"]
    assert data["reason"] is None
    assert float(data["radius"]) > 2.5 * float(data["standard_error"]) > 0
    assert json.loads(json.dumps(value("mmse", _pair(80), at="sigma=1", samples=SHORT).to_json()))["value"] is None


@pytest.mark.parametrize(
    ("quantity", "at", "options", "words"),
    [
        ("nonsense", "sigma=1", {}, "unknown quantity"), ("score", "sigma=1, x=1", {}, "not estimated"),
        ("varentropy", "sigma=1", {}, "not estimated"), ("mmse", "sigma=1, x=1", {}, "takes no point"),
        ("mmse", "sigma=1", {"clock": "t"}, "no clock"), ("bandwidth", "sigma=1", {"clock": "hour"}, "unknown clock"),
        ("mmse", "sigma=0", {}, "positive"), ("mmse", "sigma=1, mu=2", {}, "leave mu"), ("mmse", "x=1", {}, "no point"),
        ("mmse", "sigma=1", {"digits": 40}, "1 to 15"), ("mmse", "sigma=1", {"samples": 0}, "samples"),
        ("mmse", "sigma=1/1000000000", {}, "too small for float64"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_sentence(quantity, at, options, words):
    with pytest.raises((QuantityError, Unsupported, LawError), match=words):
        value(quantity, CLOUD, "ve", at, **options)


def test_a_bound_says_why():
    rare = Bounded(1e-30, 0.2, 1e-31, 1.5, 1000)
    few = Bounded(0.1, 0.2, 0.001, 900.0, 1000)
    assert rare.why_not(0.2).startswith("rare event: 1000 samples only show that it is below 0.2")
    assert few.why_not(0.3).startswith("too few samples")
