"""Reference values of the claims about labels, and what their proofs say they hold for."""

from fractions import Fraction

from numerics.compare import compare
from proofs_checks.judge_algebra import judge_statement
from proofs_checks.registry import find
from theory.language.instances import T3, Germ, Instance

ONE = Instance(T3, Germ(Fraction(1), Fraction(1), (Fraction(-7, 20),), (Fraction(9, 10),)), name="T3 at (1, 1)")


def test_the_class_entropy_rate_of_three_tenths_and_seven_tenths():
    claim = find("entropy.class_rate")
    for name in ("norms", "gap"):
        found = compare(claim.statements[name], ONE, digits=12)
        assert found.outcome == "enclosed"
        for side in (found.lhs, found.rhs):
            assert abs(float(side[0]) - 0.157621473) < 1e-9


def test_the_proofs_name_the_label():
    for id, name, words in (
        ("entropy.class_rate", "gap", "any label Z of finitely many values that X_t sees only through X0"),
        ("filter.committor", "label", "any label Z of finitely many values"),
        ("score.gm_closed", "component", "any finite Gaussian mixture, Z its component"),
        ("filter.committor", "end", "any law of X0 with a finite second moment, dX"),
    ):
        claim = find(id)
        evidence = judge_statement(claim, name, claim.statements[name])
        assert evidence.outcome.value == "PROVED"
        assert words in evidence.scope
