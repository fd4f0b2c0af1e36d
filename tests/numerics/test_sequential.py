import math

import numpy as np
import pytest

from numerics.sequential import (
    EFFECTIVE,
    FAMILY_RATE,
    EmpiricalBernstein,
    Outcome,
    asymptotic,
    decide,
    normal_mixture_radius,
)


def test_decisions_count_both_errors():
    assert decide(0.5, 0.1, 0.1, 1.0).outcome is Outcome.EQUIVALENT
    assert decide(0.85, 0.1, 0.1, 1.0).outcome is Outcome.UNDECIDED
    assert decide(1.15, 0.1, 0.1, 1.0).outcome is Outcome.UNDECIDED
    assert decide(-1.25, 0.1, 0.1, 1.0).outcome is Outcome.REFUTED
    assert decide(5.0, 0.1, 4.5, 1.0).outcome is Outcome.UNDECIDED  # the bias could explain it
    assert decide(0.0, math.inf, 0.0, 1.0).outcome is Outcome.UNDECIDED


def test_inequalities_are_one_sided():
    for relation, good in ((">=", 1), (">", 1), ("<=", -1), ("<", -1)):
        assert decide(good * 9.0, 1, 0, 0.5, relation).outcome is Outcome.EQUIVALENT
        assert decide(-good * 9.0, 1, 0, 0.5, relation).outcome is Outcome.REFUTED
        assert decide(good * 0.2, 1, 0, 0.5, relation).outcome is Outcome.UNDECIDED


def test_undecided_says_why():
    assert "rare event" in asymptotic(0, 1, 10**6, 199, bias=0, margin=1, share=1e-6, tuned=10**6).reason
    assert asymptotic(0, 1, 10**6, 201, bias=0, margin=1, share=1e-6, tuned=10**6).outcome is Outcome.EQUIVALENT
    assert "budget" in decide(0, 2, 0, 1).reason


def test_the_normal_mixture_is_little_wider_than_a_fixed_interval_where_it_is_tuned():
    n = 10**6
    fixed = 4.891638 / math.sqrt(n)  # two-sided normal quantile at 1e-6
    radius = normal_mixture_radius(n, 1.0, 1e-6, n)
    assert 1.1 * fixed < radius < 1.25 * fixed
    assert normal_mixture_radius(n, 2.0, 1e-6, n) == pytest.approx(2 * radius)
    assert normal_mixture_radius(1, 1.0, 1e-6, n) == math.inf
    # it is tightest, relative to a fixed interval, near its tuning
    relative = [normal_mixture_radius(m, 1.0, 1e-6, n) * math.sqrt(m) for m in (n // 100, n, 100 * n)]
    assert relative[1] == min(relative)


def chunked_failures(draw, mean, bound, repetitions=400, chunks=32, size=64):
    """How many repetitions ever leave the bound, looking after every chunk."""
    rng = np.random.default_rng(7)
    failures = 0
    for _ in range(repetitions):
        values = draw(rng, (chunks, size))
        failures += bound(values, mean)
    return failures


def test_the_normal_mixture_holds_at_all_looks_together():
    def leaves(values, mean):
        flat = values.ravel()
        for chunk in range(4, len(values) + 1):  # asymptotic: not before a few hundred values
            y = flat[: chunk * values.shape[1]]
            if abs(y.mean() - mean) > normal_mixture_radius(len(y), y.std(ddof=1), 0.05, flat.size):
                return True
        return False

    failures = chunked_failures(lambda rng, shape: rng.exponential(size=shape), 1.0, leaves)
    assert failures <= 35  # 20 expected at most; three standard deviations above


@pytest.mark.parametrize("p", [0.5, 0.02, 0.001])
def test_empirical_bernstein_holds_at_all_looks_together(p):
    def leaves(values, mean):
        sequence = EmpiricalBernstein(0.0, 1.0, 0.05, values.size)
        for row in values:
            sequence.feed(len(row), float(row.sum()), float((row * row).sum()))
            if abs(sequence.mean - mean) > sequence.radius:
                return True
        return False

    failures = chunked_failures(lambda rng, shape: (rng.random(shape) < p).astype(float), p, leaves)
    assert failures <= 35


def test_empirical_bernstein_is_sharp_for_small_variance_and_knows_its_bounds():
    rng = np.random.default_rng(1)
    n, chunk = 1 << 17, 1 << 10
    sequence = EmpiricalBernstein(-2.0, 2.0, 1e-6, n)
    assert sequence.radius == math.inf
    for _ in range(n // chunk):
        y = 0.3 + 0.02 * (rng.random(chunk) - 0.5)
        sequence.feed(chunk, float(y.sum()), float((y * y).sum()))
    assert abs(sequence.mean - 0.3) <= sequence.radius
    assert sequence.radius < 4 * math.sqrt(math.log(2e6) / (2 * n)) / 4  # Hoeffding's bound, four times sharper
    assert sequence.decision(target=0.3, bias=0.0, margin=0.01).outcome is Outcome.EQUIVALENT
    assert sequence.decision(target=0.5, bias=0.0, margin=0.01).outcome is Outcome.REFUTED
    with pytest.raises(ValueError, match="outside"):
        sequence.feed(2, 7.0, 25.0)
    with pytest.raises(ValueError, match="lower < upper"):
        EmpiricalBernstein(1.0, 1.0, 0.05, 10)


def test_the_normal_mixture_is_robbins_boundary():
    """By hand: exp(rho^2 S^2 / (2 (n rho^2 + 1))) / sqrt(n rho^2 + 1) = 1/share for S = n radius."""
    for n, share, tuned in ((500, 0.05, 4000), (10**5, 1e-8, 10**5), (77, 1e-3, 10**6)):
        radius = normal_mixture_radius(n, 1.0, share, tuned)
        odds = -2 * math.log(share)
        rho2 = (odds + math.log(odds + 1)) / tuned
        mixture = math.exp((n * radius) ** 2 * rho2 / (2 * (n * rho2 + 1))) / math.sqrt(n * rho2 + 1)
        assert mixture == pytest.approx(1 / share, rel=1e-9)


def test_the_effective_number_that_normal_theory_needs():
    assert EFFECTIVE == 200
    assert FAMILY_RATE == 1e-6
    for relation in ("=", "<="):
        few = asymptotic(9.0, 1, 10**6, 199.9, bias=0, margin=1, share=1e-6, tuned=10**6, relation=relation)
        enough = asymptotic(9.0, 1, 10**6, 200, bias=0, margin=1, share=1e-6, tuned=10**6, relation=relation)
        assert (few.outcome, enough.outcome) == (Outcome.UNDECIDED, Outcome.REFUTED)


def test_margins_and_bounds_are_met_exactly():
    assert decide(0.8, 0.1, 0.1, 1.0).outcome is Outcome.EQUIVALENT
    assert decide(1.2 + 1e-12, 0.1, 0.1, 1.0).outcome is Outcome.REFUTED
    assert decide(1.2 - 1e-12, 0.1, 0.1, 1.0).outcome is Outcome.UNDECIDED
    for relation, sign in (("<=", 1), ("<", 1), (">=", -1), (">", -1)):
        assert decide(sign * 0.8, 0.1, 0.1, 1.0, relation).outcome is Outcome.EQUIVALENT
        assert decide(sign * (1.2 + 1e-12), 0.1, 0.1, 1.0, relation).outcome is Outcome.REFUTED
        assert decide(sign * (1.2 - 1e-12), 0.1, 0.1, 1.0, relation).outcome is Outcome.UNDECIDED


def test_empirical_bernstein_pays_what_the_theorem_asks():
    """Waudby-Smith and Ramdas 2024, theorem 2, for one chunk of which all is known."""
    share, tuned, y = 0.01, 1000, np.array([0.0] * 90 + [1.0] * 10)
    sequence = EmpiricalBernstein(0.0, 1.0, share, tuned)
    sequence.feed(len(y), float(y.sum()), float((y * y).sum()))
    bet = min(0.5, math.sqrt(2 * math.log(2 / share) / (0.25 * tuned)))
    paid = (-math.log(1 - bet) - bet) * ((y - 0.5) ** 2).sum()
    assert sequence.mean == pytest.approx(0.1, rel=1e-12)
    assert sequence.radius == pytest.approx((math.log(2 / share) + paid) / (bet * len(y)), rel=1e-12)
