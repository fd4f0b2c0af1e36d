"""Verdicts are a pure function of evidence: the table of DESIGN, row by row."""

import pytest

from proofs_checks.evidence import Evidence, Kind, MutantResult, Outcome, Route
from proofs_checks.verdict import Verdict, rule_claim, rule_mutants, rule_statement

PROOF = Evidence(Kind.PROOF, Route.ALGEBRA, "s", Outcome.PROVED)
BALLS = Evidence(Kind.ENCLOSURE, Route.BALLS, "s", Outcome.ENCLOSED)
FLOATS = Evidence(Kind.PROPERTY, Route.FLOATS, "s", Outcome.CONSISTENT)
PATHS = Evidence(Kind.SIMULATION, Route.PATHS, "s", Outcome.CONSISTENT)
UNDECIDED = Evidence(Kind.PROOF, Route.ALGEBRA, "s", Outcome.UNDECIDED, detail="no flux found")
REFUTED = Evidence(Kind.ENCLOSURE, Route.BALLS, "s", Outcome.REFUTED, detail="1 is not 2")
TORN = Evidence(Kind.ENCLOSURE, Route.BALLS, "s", Outcome.UNDECIDED, conflict=True)
WITNESS = Evidence(Kind.PROOF, Route.ALGEBRA, "s", Outcome.REFUTED, detail="fails at x = 1/3")
ASTRAY = Evidence(Kind.SIMULATION, Route.PATHS, "s", Outcome.REFUTED, detail="differs by more than the margin")
ABSENT = Evidence(Kind.PROOF, Route.ALGEBRA, "s", Outcome.NOT_APPLICABLE)
BY_DEFINITION = Evidence(Kind.PROOF, Route.ALGEBRA, "s", Outcome.NOT_APPLICABLE, by_definition=True)


@pytest.mark.parametrize(
    ("evidence", "single", "partial", "verdict"),
    [
        ([PROOF, BALLS], "", False, Verdict.VERIFIED),
        ([PROOF, PATHS], "", False, Verdict.VERIFIED),
        ([BALLS, FLOATS], "", False, Verdict.VERIFIED),
        ([FLOATS, PATHS], "", False, Verdict.UNDECIDED),  # neither is rigorous
        ([PROOF], "", False, Verdict.UNDECIDED),  # one route
        ([PROOF], "nothing else exists", False, Verdict.VERIFIED),
        ([FLOATS], "nothing else exists", False, Verdict.UNDECIDED),
        ([BALLS, UNDECIDED], "", False, Verdict.UNDECIDED),
        ([], "", False, Verdict.UNDECIDED),  # nothing is never a pass
        ([ABSENT], "", False, Verdict.UNDECIDED),
        ([REFUTED], "", False, Verdict.REFUTED),
        ([REFUTED, PATHS], "", False, Verdict.REFUTED),
        ([REFUTED, PROOF], "", False, Verdict.CONFLICT),
        ([ASTRAY, PROOF], "", False, Verdict.CONFLICT),
        ([ASTRAY, BALLS], "", False, Verdict.CONFLICT),  # both speak of the same instance
        ([WITNESS, BALLS], "", False, Verdict.REFUTED),  # the witness is another instance
        ([REFUTED, BY_DEFINITION], "", False, Verdict.CONFLICT),
        ([PROOF, TORN], "", False, Verdict.CONFLICT),
        ([PROOF, BALLS], "", True, Verdict.NOT_ASSESSED),
        ([REFUTED], "", True, Verdict.REFUTED),
        ([REFUTED, PROOF], "", True, Verdict.CONFLICT),
    ],
)
def test_the_ruling_on_a_statement(evidence, single, partial, verdict):
    assert rule_statement("s", evidence, single, partial).verdict is verdict


def test_a_statement_true_by_definition_neither_supports_nor_blocks():
    assert rule_statement("s", [BY_DEFINITION, BALLS]) is None
    verified = rule_statement("s", [PROOF, BALLS])
    assert rule_claim([None, verified], [], partial=False, needs={}).verdict is Verdict.VERIFIED
    assert rule_claim([None], [], partial=False, needs={}).verdict is Verdict.UNDECIDED


def test_a_claim_gets_the_worst_of_its_statements():
    good, bad = rule_statement("s", [PROOF, BALLS]), rule_statement("s", [REFUTED])
    open_end = rule_statement("s", [PROOF])
    assert rule_claim([good, bad], [], partial=False, needs={}).verdict is Verdict.REFUTED
    assert rule_claim([good, open_end], [], partial=False, needs={}).verdict is Verdict.UNDECIDED


def _mutant(status, by=(), accepted=()):
    return MutantResult("m", "s", "A = B", status, by, "", accepted)


def test_surviving_mutants_and_contradictions_block():
    good = rule_statement("s", [PROOF, BALLS])
    survived, refuted = _mutant("survived"), _mutant("refuted", ("enclosure",))
    assert rule_mutants([refuted, _mutant("equivalent", accepted=("algebra",))]) is None
    assert rule_claim([good], [survived], partial=False, needs={}).verdict is Verdict.UNDECIDED
    both = _mutant("refuted", ("enclosure",), ("algebra",))
    assert rule_claim([good], [both], partial=False, needs={}).verdict is Verdict.CONFLICT


def test_a_claim_rests_on_its_lemmas():
    good = rule_statement("s", [PROOF, BALLS])
    weak = rule_claim([good], [], partial=False, needs={"lemma": Verdict.UNDECIDED})
    assert weak.verdict is Verdict.UNDECIDED
    assert "lemma" in weak.reason
