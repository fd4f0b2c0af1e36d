"""The balls judge: enclosed with its digits, refuted by one instance, never a verdict from floats, a second opinion."""

from dataclasses import replace
from fractions import Fraction

import pytest

from numerics import compare, second_opinion
from proofs_checks import judge_balls
from proofs_checks.evidence import Outcome, Route
from proofs_checks.registry import find
from theory.language.notation import X0, Cov, D, E, alpha, div, g, s, sigma, tr, x
from theory.language.statements import Eq, Exists, chain

BARE = {"mutants": (), "squares": {}}
HESSIAN, RATE = find("score.hessian_cov"), find("entropy.conditional_rate")


def test_enclosures_report_their_digits_and_instances():
    (found,) = judge_balls.judge_statement(HESSIAN, "trace", HESSIAN.statements["trace"], digits=20)
    assert (found.outcome, found.route, found.scope) == (Outcome.ENCLOSED, Route.BALLS, "T3, T1w, T5")
    middle, _, radius = found.figures["T3: left"].partition(" +/- ")
    assert Fraction(radius) < abs(Fraction(middle)) / 10**20


def test_a_dimension_that_only_the_plane_can_see():
    false = Eq(div(s), (alpha**2 * tr(Cov(X0 | x)) / sigma**2 - 1) / sigma**2)
    (found,) = judge_balls.judge_statement(HESSIAN, "trace", false, digits=10)
    assert found.outcome is Outcome.REFUTED
    assert "T5" in found.detail


def test_averages_over_the_plane_are_rigorous_for_the_catalogue():
    alone = replace(RATE, statements={"divergence": RATE.statements["divergence"]}, **BARE)
    found = judge_balls.judge(alone, digits=12)
    assert [e.route for e in found] == [Route.BALLS]
    assert found[0].outcome is Outcome.ENCLOSED
    for side in ("left", "right"):
        middle, _, radius = found[0].figures[f"T5: {side}"].partition(" +/- ")
        assert abs(Fraction(middle) - Fraction("0.550720397678")) <= Fraction(radius) < Fraction(1, 1000)


def test_a_contradicted_ball_is_a_conflict_not_a_refutation(monkeypatch):
    doubt = second_opinion.Opinion(second_opinion.CONFLICT, (("1", "1"),), "two stable values lie outside the ball")
    monkeypatch.setattr(compare, "second_opinion", lambda *a, **k: doubt)
    found = judge_balls.judge(replace(HESSIAN, statements={"trace": HESSIAN.statements["trace"]}, **BARE), digits=12)
    assert found[0].conflict
    assert found[0].outcome is Outcome.UNDECIDED


def test_chains_and_existence_are_judged_link_by_link_and_at_their_instance():
    links = chain(E(div(s)), ("<=", D * 0), ("<=", g**2))
    found = judge_balls.judge_statement(RATE, "sign", links, digits=10)
    assert found[0].outcome is Outcome.ENCLOSED
    wrong = chain(E(div(s)), ("<=", D * 0), ("<=", -(g**2)))
    (refuted,) = judge_balls.judge_statement(RATE, "sign", wrong, digits=10)
    assert refuted.outcome is Outcome.REFUTED
    instance = RATE.judged_at()[0]
    holds = Exists(instance, Eq(D, D * 1))
    assert judge_balls.judge_statement(RATE, "sign", holds, digits=10)[0].outcome is Outcome.ENCLOSED


@pytest.mark.parametrize("name", ["above", "below"])
def test_a_count_of_zeros_is_judged_only_where_its_condition_holds(name):
    claim = find("bif.critical_sigma")
    statement = claim.statements[name]
    (found,) = judge_balls.judge_statement(claim, name, statement, digits=10)
    assert found.outcome is Outcome.ENCLOSED
    (false,) = judge_balls.judge_statement(claim, name, replace(statement, count=2), digits=10)
    assert false.outcome is Outcome.REFUTED
    never = replace(claim, instances=claim.instances[:1] if name == "above" else claim.instances[1:2])
    assert judge_balls.judge_statement(never, name, statement, digits=10)[0].outcome is Outcome.UNDECIDED


def test_zeros_are_counted_within_the_interval_and_places_are_not_passed_over():
    claim = find("bif.critical_sigma")
    below = replace(claim.statements["below"], within=(Fraction(1, 100), Fraction(100)))
    (inside,) = judge_balls.judge_statement(claim, "below", replace(below, count=1), digits=10)
    assert inside.outcome is Outcome.ENCLOSED
    (all_of_them,) = judge_balls.judge_statement(claim, "below", below, digits=10)
    assert all_of_them.outcome is Outcome.REFUTED
    (placed,) = judge_balls.judge_statement(claim, "below", replace(below, count=1, at=D), digits=10)
    assert placed.outcome is Outcome.UNDECIDED
