"""The ledger sees a changed statement, a fallen verdict, a moved enclosure and a vanished claim."""

import json
from dataclasses import replace

import pytest

from proofs_checks import ledger
from proofs_checks.assess import Assessment, StatementRecord
from proofs_checks.evidence import Evidence, Kind, Outcome, Route
from proofs_checks.verdict import Ruling, Verdict

FIGURES = {"T3: left": "0.5 +/- 1e-10", "T5: left": "[[1 +/- 0.1], [3 +/- 1e-10]]"}
BALL = Evidence(Kind.ENCLOSURE, Route.BALLS, "rate", Outcome.ENCLOSED, figures=FIGURES)
GOOD = Assessment(
    "x.y", "title", "A", "chapter", "verified", "", (),
    (StatementRecord("rate", "A = B", "A=B", "abc", None),), (BALL,), (), Ruling(Verdict.VERIFIED, ""), (), 0.1,
)  # fmt: skip


@pytest.fixture
def known(tmp_path):
    path = tmp_path / "ledger.json"
    ledger.write(path, None, [GOOD])
    return ledger.read(path)


def test_no_ledger_is_said_and_is_no_error(tmp_path):
    assert ledger.read(tmp_path / "ledger.json") is None
    assert ledger.compare(None, [GOOD], ["x.y"]).status == "absent"


def test_an_unchanged_run_agrees(known):
    assert ledger.compare(known, [GOOD], ["x.y"]) == ledger.Comparison("unchanged")
    other = replace(GOOD, id="x.z")
    assert ledger.compare(known, [GOOD, other], ["x.y", "x.z"]).status == "new"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (replace(GOOD, ruling=Ruling(Verdict.UNDECIDED, "")), "fell from VERIFIED to UNDECIDED"),
        (replace(GOOD, statements=(replace(GOOD.statements[0], digest="abd"),)), "was changed"),
        (replace(GOOD, statements=()), "is gone"),
        (replace(GOOD, evidence=(replace(BALL, figures={"T5: left": "[[1 +/- 1], [3.5 +/- 1e-9]]"}),)), "moved from"),
        (replace(GOOD, evidence=(replace(BALL, figures={"T3: left": "0.6 +/- 1e-10"}),)), "moved from"),
    ],
)
def test_regressions_are_found_and_named(known, changed, sentence):
    found = ledger.compare(known, [changed], ["x.y"])
    assert found.status == "regression"
    assert any(sentence in r for r in found.regressions)


def test_a_vanished_claim_is_a_regression(known):
    assert "gone from the catalogue" in ledger.compare(known, [], []).regressions[0]


def test_partial_evidence_and_overlapping_balls_are_no_regression(known):
    partial = replace(GOOD, ruling=Ruling(Verdict.NOT_ASSESSED, ""))
    near = replace(GOOD, evidence=(replace(BALL, figures={"T3: left": "0.50000000005 +/- 1e-10"}),))
    assert ledger.compare(known, [partial], ["x.y"]).status == "unchanged"
    assert ledger.compare(known, [near], ["x.y"]).status == "unchanged"


def test_writing_keeps_other_entries_and_leaves_no_debris(known, tmp_path):
    path = tmp_path / "ledger.json"
    ledger.write(path, known, [replace(GOOD, id="x.z")])
    assert sorted(json.loads(path.read_text())["claims"]) == ["x.y", "x.z"]
    assert [p.name for p in tmp_path.iterdir()] == ["ledger.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2, "claims": {}}'])
def test_a_damaged_ledger_is_named_with_the_remedy(tmp_path, text):
    path = tmp_path / "ledger.json"
    path.write_text(text)
    with pytest.raises(ledger.LedgerError, match="--update-ledger"):
        ledger.read(path)
