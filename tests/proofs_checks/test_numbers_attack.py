"""The attack on the rigorous numbers: 150 random pairs hold, and engines that are wrong are caught."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from numerics.balls import arb, midpoint, radius, working
from numerics.line import trapezoid
from proofs_checks.attack import numbers
from proofs_checks.attack.__main__ import main
from proofs_checks.attack.numbers import Tally, check, computed, merged
from proofs_checks.attack.numbers_draw import Pair, draw
from proofs_checks.attack.numbers_oracle import NoAnswerError, ask
from theory.language.instances import Germ
from theory.laws import parse_law
from theory.typeset.text import law_text

PAIRS = 150
ZERO = Fraction(0)
STANDING = Germ(Fraction(1), Fraction(1, 2), (ZERO,) * 3, (Fraction(1), ZERO, ZERO))


def pair(quantity="entropy", law="deltas(-1: 1/2, 1: 1/2)", digits=15, **rest):
    return Pair("a test", parse_law(law), STANDING, quantity, digits, **rest)


def small(number):
    """A random pair that is cheap: few digits, few components."""
    drawn = draw(f"7:{number}")
    return replace(drawn, digits=10 + drawn.digits % 8) if drawn.law.K <= 6 and drawn.order < 2 else None


def test_no_ball_lies():
    tally, number = Tally(), 0
    while sum(tally.pairs.values()) < PAIRS:
        chosen, number = small(number), number + 1
        if chosen is not None:
            check(chosen, tally, budget=3000, share=0.5)
        assert not tally.violations, tally.violations[0]
    assert sum(tally.pairs.values()) == PAIRS
    assert sum(tally.oracle.values()) > 0.2 * PAIRS
    assert tally.checks["two precisions"] == PAIRS
    assert tally.checks["two methods"] > 0.4 * PAIRS
    assert len(tally.quantities) >= 15


# -- what is drawn ----------------------------------------------------------------------------------------------------
def test_pairs_are_functions_of_their_names_and_can_be_made_again():
    for number in range(60):
        drawn = draw(f"3:{number}")
        assert drawn == draw(f"3:{number}")
        assert parse_law(law_text(drawn.law)).components == drawn.law.components
        assert law_text(drawn.law) in drawn.described()
        assert drawn.quantity in drawn.described()


def test_the_corners_are_drawn():
    drawn = [draw(f"1:{number}") for number in range(800)]
    weights = [part.weight for p in drawn for part in p.law.components]
    assert {p.law.K for p in drawn} == set(range(1, 13))
    assert min(weights) < Fraction(2, 10**6)
    assert min(p.germ.sigma for p in drawn) < Fraction(1, 45)
    assert max(p.germ.sigma for p in drawn) > 45
    assert {p.digits for p in drawn} == set(range(10, 41))
    assert {p.order for p in drawn} == {0, 1, 2}
    gaps = [
        float(abs(u.mean[0] - v.mean[0]) * p.germ.alpha / p.germ.sigma)
        for p in drawn
        for u, v in zip(p.law.components, p.law.components[1:], strict=False)
    ]
    assert min(g for g in gaps if g) < 1e-5
    assert max(gaps) > 50
    assert 0 in gaps
    assert any(len({c.cov for c in p.law.components}) > 1 for p in drawn)


# -- the oracle on its own --------------------------------------------------------------------------------------------
def test_the_oracle_knows_two_atoms():
    """Two deltas at sigma = 1/2: the entropy to 15 digits, from an independent table."""
    answer = ask(pair("mmse"), [(Fraction(7, 100), Fraction(1, 10**18))], 1e5)[0]
    assert abs(answer.value - Fraction("0.0685974087907388140")) < Fraction(1, 10**18)
    answer = ask(pair("variance-h"), [(Fraction(2, 100), Fraction(1, 10**18))], 1e5)[0]
    assert abs(answer.value - Fraction("0.0201421978048270909")) < Fraction(1, 10**18)


def test_the_oracle_differentiates():
    """dH(X0|Xt)/dt of two atoms at sigma = 1/2 and g = 1 is mmse/(2 sigma^4)."""
    found = ask(pair("conditional-entropy", order=1), [(Fraction(6, 100), Fraction(1, 10**12))] * 2, 1e6)
    assert abs(found[1].value - Fraction("0.548779270325910512")) < Fraction(1, 10**12)


@pytest.mark.parametrize("law", ["deltas(-1: 1/2, 1: 1/2)", "mixture(1/3: N(-1, 1/100), 2/3: N(1, 400))"])
def test_the_oracle_is_silent_without_a_budget(law):
    with pytest.raises(NoAnswerError, match="budget"):
        ask(pair(law=law), [(Fraction(1), Fraction(1, 10**18))], 10)


# -- wrong engines ----------------------------------------------------------------------------------------------------
def found_wrong(chosen):
    tally = Tally()
    check(chosen, tally, budget=1e5, share=1)
    return tally.violations


def shifted(number, radii):
    with working(1000):
        return replace(number, coefficients=tuple(arb(c.mid() + radii * c.rad(), c.rad()) for c in number.coefficients))


@pytest.mark.parametrize("quantity", ["entropy", "fisher-information", "varentropy"])
def test_a_value_that_is_off_by_ten_radii_is_caught(monkeypatch, quantity):
    honest = numbers.line_number
    assert not found_wrong(pair(quantity))
    monkeypatch.setattr(numbers, "line_number", lambda *a, **k: shifted(honest(*a, **k), 10))
    said = found_wrong(pair(quantity))
    assert any("mpmath" in line for line in said)
    assert all("deltas(-1: 1/2, 1: 1/2)" in line and "digits = 15" in line for line in said)


def test_an_engine_without_the_discretisation_bound_is_caught(monkeypatch):
    honest = trapezoid.plan

    def careless(bounds, kinds, bits, strip):
        plan = honest(bounds, kinds, bits, strip)
        step = 3 * plan.step  # too coarse, and its error is left out
        runs = tuple((-(-first // 3), last // 3) for first, last in plan.runs)
        return replace(plan, step=step, runs=runs, errors=tuple(tuple(arb(0) for _ in row) for row in plan.errors))

    monkeypatch.setattr(trapezoid, "plan", careless)
    said = found_wrong(pair("class-entropy"))
    assert any("two precisions" in line for line in said)
    assert any("mpmath" in line for line in said)


def test_a_number_that_claims_digits_it_does_not_have_is_caught(monkeypatch):
    honest = numbers.line_number

    def boastful(*a, **k):
        number = honest(*a, **k)
        wide = tuple(arb(c.mid(), float(abs(c.mid())) * 1e-6) for c in number.coefficients)
        return replace(number, coefficients=wide)

    monkeypatch.setattr(numbers, "line_number", boastful)
    assert any("says it has" in line for line in found_wrong(pair()))


def test_an_engine_that_breaks_is_caught(monkeypatch):
    def broken(*a, **k):
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(numbers, "line_number", broken)
    assert any("ZeroDivisionError" in line for line in found_wrong(pair()))


def test_an_engine_that_never_answers_is_caught(monkeypatch):
    def endless(*a, **k):
        while True:
            pass

    monkeypatch.setattr(numbers, "SECONDS", 0.05)
    monkeypatch.setattr(numbers, "line_number", endless)
    assert any("no answer within" in line for line in found_wrong(pair()))


# -- the command ------------------------------------------------------------------------------------------------------
def test_the_command_counts_and_its_exit_code_tells(monkeypatch, capsys):
    monkeypatch.setattr(numbers, "draw", lambda name: pair(digits=10))
    assert main(["numbers", "--count", "10", "--seed", "2"]) == 0
    assert "10 random (mixture, quantity) pairs" in (said := capsys.readouterr().out)
    assert "\n0 violations" in said
    monkeypatch.setattr(numbers, "_width", lambda p, what, found, digits, tally: tally.violations.append("a lie"))
    assert main(["numbers", "--count", "10", "--seed", "2"]) == 1
    assert "a lie" in capsys.readouterr().out
    assert main([]) == 2


def test_runs_add_up():
    left, right = Tally(), Tally()
    check(pair(), left)
    check(pair("mmse"), right)
    merged(left, right)
    assert sum(left.pairs.values()) == 2
    assert computed(pair(), 15).balls[0].overlaps(computed(pair(), 30).balls[0])
    assert radius(computed(pair(), 30).balls[0]) * 10**30 < midpoint(computed(pair(), 15).balls[0])
