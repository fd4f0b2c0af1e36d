"""The soundness attack: the oracle says what is false on its own, and no kernel accepts any of it."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from proofs_checks.attack.__main__ import main
from proofs_checks.attack.inequalities import audit
from proofs_checks.attack.oracle import FALSE, OPEN, judge
from proofs_checks.attack.small_cases import FALSE_DRIFT, TRUE_DRIFT, scan
from proofs_checks.attack.soundness import ZERO_TESTS, Tally, batch, merged, parents, report
from proofs_checks.attack.tables import table
from proofs_checks.attack.tampering import honest
from theory.kernel.errors import KernelError
from theory.kernel.replay import check
from theory.language.instances import (
    ANY,
    LINEAR,
    VE,
    VP,
    Setting,
)
from theory.language.notation import (
    a,
    alpha,
    dt,
    g,
    sigma,
)
from theory.language.statements import Eq

FIELDS = Setting(ANY, LINEAR)


# -- small cases prove nothing --------------------------------------------------------------------
def test_a_false_drift_holds_for_one_dimension_and_for_two_atoms():
    cases = scan(FALSE_DRIFT)
    assert [(c.D, c.K) for c in cases] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    assert [c.residual for c in cases[:-1]] == ["0"] * 5
    assert Fraction(cases[-1].residual) != 0
    assert judge(FALSE_DRIFT, FIELDS, 1).verdict == FALSE
    assert judge(FALSE_DRIFT, Setting(ANY, LINEAR, 1), 1).verdict == OPEN


def test_the_true_drift_holds_in_every_case():
    cases = scan(TRUE_DRIFT)
    assert len(cases) == 9
    assert {c.residual for c in cases} == {"0"}


def test_the_kernel_refuses_the_false_drift_and_accepts_the_true_one():
    with pytest.raises(KernelError, match="residual does not vanish"):
        check(honest(FALSE_DRIFT, FIELDS)[0])
    assert check(honest(TRUE_DRIFT, FIELDS)[0]).statement == TRUE_DRIFT


# -- the attack --------------------------------------------------------------------
@pytest.fixture(scope="module")
def known():
    return parents(prove=False, drawn=30)


@pytest.fixture(scope="module")
def attacked(known):
    tally = Tally()
    for number in range(6):
        merged(tally, batch(number, 2024, known))
    return tally


def test_no_false_statement_is_accepted(attacked):
    assert not attacked.findings
    assert sum(attacked.accepted.values()) == 0
    assert len(attacked.seen) > 200
    assert set(attacked.false) >= {"mutation", "rule", "dimension", "recombination", "concrete", "inequality"}


def test_nine_in_ten_reach_the_final_zero_test(attacked):
    assert sum(attacked.reached.values()) >= 0.9 * sum(attacked.false.values())


def test_a_batch_is_a_function_of_its_seed(known):
    one, two, other = batch(3, 5, known), batch(3, 5, known), batch(3, 6, known)
    assert (one.seen, one.false, one.refusals) == (two.seen, two.false, two.refusals)
    assert one.seen != other.seen


def test_a_report_is_plain_data_and_a_table(attacked):
    data = report(attacked, 2024, 1, 12, 100, 0.5, 1.5)
    assert json.loads(json.dumps(data))["accepted"] == 0
    shown = table(data)
    assert "zero test" in shown
    assert f"{data['false']} distinct false statements" in shown


def test_an_accepted_falsehood_would_be_found(known, monkeypatch):
    """A kernel that accepts everything is caught: the attack can fail."""
    monkeypatch.setattr("proofs_checks.attack.soundness.check", lambda data: None)
    tally = batch(0, 1, known)
    assert sum(tally.accepted.values()) >= len(tally.seen) > 10
    assert "ACCEPTED" in table(report(tally, 1, 1, 1, 1, 0.0, 0.0))


def test_a_kernel_that_breaks_is_a_finding(known, monkeypatch):
    def broken(data):
        raise IndexError("out of range")

    monkeypatch.setattr("proofs_checks.attack.soundness.check", broken)
    tally = batch(0, 1, known)
    assert tally.accepted["broke"] > 10
    assert "IndexError" in tally.findings[0].what


def test_non_negative_pieces_are_nowhere_negative():
    found = audit(50, 4)
    assert found["negative"] == []
    assert found["read"] > 30


def test_settings_are_not_exchanged():
    """What holds for one class of processes is refused, and false, for another."""
    for statement, process in (
        (Eq(dt(sigma**2), g**2), VE),
        (Eq(alpha**2 + sigma**2, 1), VP),
        (Eq(2 * a, -(g**2)), VP),
    ):
        assert check(honest(statement, Setting(ANY, process))[0])
        with pytest.raises(KernelError, match=ZERO_TESTS[0]):
            check(honest(statement, FIELDS)[0])
        assert judge(statement, FIELDS, 1).verdict == FALSE


def test_the_command_line(capsys):
    assert main(["small-cases"]) == 0
    assert "D = 2, K = 3: residual" in capsys.readouterr().out
    assert main([]) == 2
    assert main(["unknown"]) == 2
    assert "usage" in capsys.readouterr().err
