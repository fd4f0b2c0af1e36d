"""The ledger sees a changed statement, a fallen verdict, a moved enclosure and a vanished claim."""

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from proofs_checks import ledger
from proofs_checks.assess import Assessment, StatementRecord
from proofs_checks.evidence import Evidence, Kind, MutantResult, Outcome, Route
from proofs_checks.verdict import Ruling, Verdict

FIGURES = {"T3: left": "0.5 +/- 1e-10", "T5: left": "[[1 +/- 0.1], [3 +/- 1e-10]]"}
BALL = Evidence(Kind.ENCLOSURE, Route.BALLS, "rate", Outcome.ENCLOSED, figures=FIGURES)
GOOD = Assessment(
    "x.y", "title", "A", "chapter", "verified", "", (),
    (StatementRecord("rate", "A = B", "A=B", "abc", None),), (BALL,), (), Ruling(Verdict.VERIFIED, ""), (), 0.1, "",
    "any law",
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


SURVIVOR = MutantResult("sign", "rate", "A = -B", "survived")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (replace(GOOD, ruling=Ruling(Verdict.UNDECIDED, "no route")), ("fell from VERIFIED to UNDECIDED", "no route")),
        (
            replace(GOOD, statements=(replace(GOOD.statements[0], digest="abd", text="A = 2 B"),)),
            ("'rate' was changed", "was: A = B", "now: A = 2 B"),
        ),
        (
            replace(GOOD, statements=(replace(GOOD.statements[0], digest="abd"),)),
            ("'rate' was changed", "reads the same", "abc -> abd"),
        ),
        (replace(GOOD, statements=()), ("'rate' is gone", "was: A = B")),
        (replace(GOOD, setting="Gaussian laws"), ("setting was changed", "was: any law", "now: Gaussian laws")),
        (
            replace(GOOD, evidence=(replace(BALL, figures={"T5: left": "[[1 +/- 1], [3.5 +/- 1e-9]]"}),)),
            ("'rate: T5: left' moved", "0.5 apart", "was: [[1 +/- 0.1], [3 +/- 1e-10]]", "now: [[1 +/- 1], [3.5"),
        ),
        (
            replace(GOOD, evidence=(replace(BALL, figures={"T3: left": "0.6 +/- 1e-10"}),)),
            ("'rate: T3: left' moved", "was: 0.5 +/- 1e-10", "now: 0.6 +/- 1e-10"),
        ),
        (
            replace(GOOD, evidence=(replace(BALL, figures={"T5: left": "[[1 +/- 0.1]]"}),)),
            ("'rate: T5: left' moved", "another shape"),
        ),
        (replace(GOOD, mutants=(SURVIVOR,)), ("a mutant survives that did not: rate: sign",)),
    ],
)
def test_regressions_are_found_and_told_with_what_was_and_what_is(known, changed, words):
    found = ledger.compare(known, [changed], ["x.y"])
    assert found.status == "regression"
    assert len(found.regressions) == 1
    assert all(word in found.regressions[0] for word in words), found.regressions[0]


def test_what_is_new_is_said_and_is_no_regression(known):
    more = replace(GOOD, statements=(*GOOD.statements, StatementRecord("sign", "A > 0", "A>0", "def", None)))
    found = ledger.compare(known, [more, replace(GOOD, id="x.z")], ["x.y", "x.z"])
    assert found == ledger.Comparison("new", (), ("x.y: sign", "x.z"))


def test_a_known_survivor_is_no_new_regression(tmp_path):
    path = tmp_path / "l.json"
    ledger.write(path, None, [replace(GOOD, mutants=(SURVIVOR,))])
    assert ledger.compare(ledger.read(path), [replace(GOOD, mutants=(SURVIVOR,))], ["x.y"]).status == "unchanged"


OLD = {
    "version": 1,
    "claims": {
        "x.y": {"verdict": "VERIFIED", "statements": {"rate": "abc"}, "enclosures": {"rate: T3: left": "0.5 +/- 1e-10"}}
    },
}


def test_a_ledger_of_the_first_version_is_read_and_rewritten(tmp_path):
    path = tmp_path / "ledger.json"
    path.write_text(json.dumps(OLD))
    old = ledger.read(path)
    assert ledger.compare(old, [GOOD], ["x.y"]).status == "unchanged"
    changed = replace(GOOD, statements=(replace(GOOD.statements[0], digest="abd"),))
    (told,) = ledger.compare(old, [changed], ["x.y"]).regressions
    assert "was: (digest abc)" in told
    ledger.write(path, old, [replace(GOOD, id="x.z")])
    again = json.loads(path.read_text())
    assert again["version"] == ledger.VERSION
    assert ledger.compare(ledger.read(path), [GOOD], ["x.y", "x.z"]).status == "unchanged"


def test_the_ledger_of_the_catalogue_can_be_read():
    found = ledger.read(ledger.default_path(Path(ledger.__file__).parent))
    assert len(found) >= 22
    assert all(entry["statements"] for entry in found.values())


def test_an_update_accepts_that_a_claim_is_gone(known, tmp_path):
    path = tmp_path / "ledger.json"
    other = replace(GOOD, id="x.z")
    assert ledger.compare(known, [other], ["x.z"]).status == "regression"
    ledger.write(path, known, [other], ["x.z"])
    assert ledger.compare(ledger.read(path), [other], ["x.z"]).status == "unchanged"


def test_writing_twice_changes_nothing(tmp_path):
    path = tmp_path / "l.json"
    ledger.write(path, None, [GOOD])
    first = path.read_bytes()
    ledger.write(
        path, ledger.read(path), [replace(GOOD, seconds=9.0, evidence=(replace(BALL, seconds=3.0, reused=True),))]
    )
    assert path.read_bytes() == first


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


def _with(**changes):
    entry = {**OLD["claims"]["x.y"], **changes}
    return json.dumps({"version": 1, "claims": {"x.y": {k: v for k, v in entry.items() if v is not None}}})


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line 1 column 1"),
        ('{"version": 1,\n "claims": {<<<<<<< HEAD', "line 2"),
        ("[]", "version 2"),
        ('{"version": 3, "claims": {}}', "version 2"),
        ('{"version": 2}', "the field claims is missing"),
        ('{"version": 2, "claims": {"a": 1, "a": 2}}', "'a' occurs twice"),
        ("[" * 100_000, "recursion"),
        (_with(verdict=None), "claims.x.y.verdict is missing"),
        (_with(verdict="TRUE"), "claims.x.y.verdict is 'TRUE'"),
        (_with(statements=["rate"]), "claims.x.y.statements"),
        (_with(statements={"rate": 3}), "claims.x.y.statements.rate.digest is 3"),
        (_with(enclosures={"T3": "about one half"}), "claims.x.y.enclosures.T3"),
        (_with(enclosures={"T3": "1 +/- 1e999999999"}), None),
        (_with(survived=[1]), "claims.x.y.survived"),
    ],
)
def test_a_damaged_ledger_is_named_with_the_place_and_the_remedy(tmp_path, text, place):
    path = tmp_path / "ledger.json"
    path.write_text(text)
    if place is None:
        ledger.read(path)
        return
    with pytest.raises(ledger.LedgerError, match="--update-ledger") as told:
        ledger.read(path)
    assert place in str(told.value)
    assert "\n" not in str(told.value)


def test_a_failed_write_leaves_the_old_ledger_and_no_debris(known, tmp_path, monkeypatch):
    path = tmp_path / "ledger.json"
    before = path.read_bytes()

    def no_space(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(OSError, match="No space"):
        ledger.write(path, known, [replace(GOOD, id="x.z")])
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["ledger.json"]


def test_enclosures_beyond_any_float_are_told_and_beyond_any_number_refused(known, tmp_path):
    path = tmp_path / "ledger.json"
    assert ledger._moved("1e400 +/- 0", "1 +/- 0") == "they lie more than 1e308 apart"
    id = next(id for id in known if known[id]["enclosures"])
    key = next(iter(known[id]["enclosures"]))
    entry = {**known[id], "enclosures": {key: "1" * 5000 + " +/- 0"}}
    path.write_text(json.dumps({"version": 2, "claims": {id: entry}}))
    with pytest.raises(ledger.LedgerError, match="midpoint"):
        ledger.read(path)


def test_a_ledger_that_is_a_link_stays_one(known, tmp_path):
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    link.symlink_to(real)
    ledger.write(link, known, [])
    assert link.is_symlink()
    assert set(ledger.read(real)) == set(known)
