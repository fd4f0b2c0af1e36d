"""The run: the same figures for any number of workers, a dead worker costs nothing, exit codes as documented."""

import json
import os
from dataclasses import replace

import pytest

from proofs_checks import ledger, verify
from proofs_checks.assess import Options, assess, failed
from proofs_checks.evidence import Kind, MutantResult
from proofs_checks.registry import find, load
from proofs_checks.verdict import Ruling, Verdict

QUICK = Options(kinds=frozenset({Kind.PROOF}))
IDS = ("fwd.schedule_identity", "fwd.fokker_planck", "entropy.kernel_rate")
GENUINE = verify.assess_by_id


def _claims(*ids):
    return [find(id) for id in ids or IDS]


def _without_times(value):
    if isinstance(value, dict):
        return {k: _without_times(v) for k, v in value.items() if k not in ("seconds", "reused")}
    return [_without_times(v) for v in value] if isinstance(value, list) else value


def test_figures_are_the_same_bytes_for_any_number_of_workers():
    kinds = frozenset({Kind.PROOF, Kind.ENCLOSURE, Kind.PROPERTY, Kind.SIMULATION})
    claims = _claims("entropy.conditional_rate", "score.hessian_cov")
    texts = [
        json.dumps(_without_times(verify.run(claims, Options(kinds=kinds, seed=7), jobs=jobs).to_json()))
        for jobs in (1, 2)
    ]
    assert texts[0] == texts[1]
    other = verify.run(claims, Options(kinds=kinds, seed=8), jobs=2).to_json()
    assert json.dumps(_without_times(other)) != texts[0]


def _dies_once(id, options):
    mark = os.environ["INFODYN_TEST_MARK"]
    if id == IDS[1] and not os.path.exists(mark):
        with open(mark, "w"):
            os._exit(9)
    return GENUINE(id, options)


def _dies_always(id, options):
    return os._exit(9) if id == IDS[1] else GENUINE(id, options)


def _breaks(id, options):
    raise ZeroDivisionError("a defect") if id == IDS[1] else KeyError(id)


def test_a_killed_worker_costs_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("INFODYN_TEST_MARK", str(tmp_path / "mark"))
    monkeypatch.setattr(verify, "assess_by_id", _dies_once)
    report = verify.run(_claims(), QUICK, jobs=2)
    assert (tmp_path / "mark").exists()
    assert [a.id for a in report.assessments] == list(IDS)
    assert not any(a.error for a in report.assessments)


def test_a_claim_that_keeps_killing_its_worker_is_undecided_and_alone(monkeypatch):
    monkeypatch.setattr(verify, "assess_by_id", _dies_always)
    report = verify.run(_claims(), QUICK, jobs=2)
    assert [bool(a.error) for a in report.assessments] == [False, True, False]
    assert report.assessments[1].ruling.verdict is Verdict.UNDECIDED
    assert "died twice" in report.assessments[1].ruling.reason
    assert report.exit_code(lenient=True) == 4


def test_a_defect_in_a_judge_is_neither_true_nor_false(monkeypatch):
    monkeypatch.setattr(verify, "assess_by_id", _breaks)
    report = verify.run(_claims(), QUICK, jobs=1)
    assert {a.ruling.verdict for a in report.assessments} == {Verdict.UNDECIDED}
    assert report.exit_code() == 4


def _report(verdict, expected="verified", mutants=(), regressions=(), error="", interrupted=False):
    base = replace(failed(find(IDS[0]), error), ruling=Ruling(verdict, ""), expected=expected, mutants=mutants)
    status = "regression" if regressions else "unchanged"
    return verify.Report((base,), ledger.Comparison(status, regressions), 0, 0.0, interrupted)


SURVIVOR = (MutantResult("m", "s", "A = B", "survived"),)


@pytest.mark.parametrize(
    ("report", "code", "lenient"),
    [
        (_report(Verdict.VERIFIED), 0, 0),
        (_report(Verdict.REFUTED, "refuted"), 0, 0),
        (_report(Verdict.REFUTED), 1, 1),
        (_report(Verdict.VERIFIED, "refuted"), 1, 1),
        (_report(Verdict.UNDECIDED), 3, 0),
        (_report(Verdict.UNDECIDED, "refuted"), 3, 0),
        (_report(Verdict.UNDECIDED, mutants=SURVIVOR), 1, 1),
        (_report(Verdict.VERIFIED, regressions=("x",)), 1, 1),
        (_report(Verdict.CONFLICT), 4, 4),
        (_report(Verdict.CONFLICT, interrupted=True), 130, 130),
        (_report(Verdict.UNDECIDED, error="internal error"), 4, 4),
        (_report(Verdict.NOT_ASSESSED), 0, 0),
    ],
)
def test_exit_codes_take_the_first_that_applies(report, code, lenient):
    assert report.exit_code() == code
    assert report.exit_code(lenient=True) == lenient


def test_selection_by_id_group_and_lemma():
    chosen = [c.group for c in verify.select(groups=["a", "E"])]
    assert chosen == sorted(chosen)
    assert set(chosen) == {"A", "E"}
    assert len(verify.select()) == len(load())
    with pytest.raises(verify.NothingSelectedError, match="H"):
        verify.select(groups=["H"])


def test_partial_evidence_gives_no_verdict():
    found = assess(find(IDS[0]), QUICK)
    assert found.ruling.verdict is Verdict.NOT_ASSESSED
    assert {e.kind for e in found.evidence} == {Kind.PROOF}
