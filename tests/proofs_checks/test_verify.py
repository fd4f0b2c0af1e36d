"""The run: the same figures for any number of workers, a dead worker costs nothing, exit codes as documented."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from proofs_checks import ledger, verify
from proofs_checks.assess import FAMILY_RATE, Options, assess, conclude
from proofs_checks.evidence import Evidence, Kind, MutantResult, Outcome, Route
from proofs_checks.readings import Finding
from proofs_checks.registry import find, load
from proofs_checks.sources import Sources
from proofs_checks.store import Store, claim_digest
from proofs_checks.verdict import Ruling, Verdict

QUICK = Options(kinds=frozenset({Kind.PROOF}))
IDS = ("fwd.schedule_identity", "fwd.fokker_planck", "entropy.kernel_rate")
GENUINE = verify.find_by_id


def _claims(*ids):
    return [find(id) for id in ids or IDS]


def _without_times(value):
    if isinstance(value, dict):
        return {k: _without_times(v) for k, v in value.items() if k not in ("seconds", "reused")}
    return [_without_times(v) for v in value] if isinstance(value, list) else value


def test_figures_are_the_same_bytes_for_any_number_of_workers():
    kinds = frozenset({Kind.PROOF, Kind.ENCLOSURE, Kind.PROPERTY, Kind.SIMULATION})
    claims = _claims("score.tweedie", "score.hessian_cov")
    texts = [
        json.dumps(_without_times(verify.run(claims, Options(kinds=kinds, seed=7), jobs=jobs).to_json()))
        for jobs in (1, 2)
    ]
    assert texts[0] == texts[1]
    other = verify.run(claims, Options(kinds=kinds, seed=8), jobs=2).to_json()
    assert json.dumps(_without_times(other)) != texts[0]


def _dies_once(task, keep):
    mark = os.environ["INFODYN_TEST_MARK"]
    if task[0] == IDS[1] and not os.path.exists(mark):
        with open(mark, "w"):
            os._exit(9)
    return GENUINE(task, keep)


def _dies_always(task, keep):
    return os._exit(9) if task[0] == IDS[1] else GENUINE(task, keep)


def _breaks(task, keep):
    raise ZeroDivisionError("a defect") if task[0] == IDS[1] else KeyError(task[0])


def _stalls(task, keep):
    """After the proof, what else is asked for takes for ever."""
    if task[0] != IDS[1]:
        return GENUINE(task, keep)
    GENUINE((task[0], replace(task[1], kinds=frozenset({Kind.PROOF})), {}, task[3]), keep)
    time.sleep(600)
    raise AssertionError


def test_a_killed_worker_costs_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("INFODYN_TEST_MARK", str(tmp_path / "mark"))
    monkeypatch.setattr(verify, "find_by_id", _dies_once)
    report = verify.run(_claims(), QUICK, jobs=2)
    assert (tmp_path / "mark").exists()
    assert [a.id for a in report.assessments] == list(IDS)
    assert not any(a.error for a in report.assessments)


def test_a_claim_that_keeps_killing_its_worker_is_undecided_and_alone(monkeypatch):
    monkeypatch.setattr(verify, "find_by_id", _dies_always)
    report = verify.run(_claims(), QUICK, jobs=2)
    assert [bool(a.error) for a in report.assessments] == [False, True, False]
    assert report.assessments[1].ruling.verdict is Verdict.UNDECIDED
    assert "died (exit code 9) twice" in report.assessments[1].ruling.reason
    assert report.exit_code(lenient=True) == 4


def test_a_defect_in_a_judge_is_neither_true_nor_false(monkeypatch):
    monkeypatch.setattr(verify, "find_by_id", _breaks)
    report = verify.run(_claims(), QUICK, jobs=1)
    assert {a.ruling.verdict for a in report.assessments} == {Verdict.UNDECIDED}
    assert report.exit_code() == 4


def test_a_claim_that_takes_too_long_is_undecided_with_the_reason_and_what_was_found(monkeypatch):
    monkeypatch.setattr(verify, "find_by_id", _stalls)
    kinds = frozenset({Kind.PROOF, Kind.PROPERTY})
    report = verify.run(_claims(*IDS[1:]), Options(kinds=kinds, seconds=10), jobs=2)
    slow, other = report.assessments
    assert slow.ruling == Ruling(Verdict.UNDECIDED, "time: more than 10 s")
    assert {(e.kind, e.outcome) for e in slow.evidence} == {
        (Kind.PROOF, Outcome.PROVED), (Kind.PROPERTY, Outcome.UNDECIDED),
    }  # fmt: skip
    assert other.ruling.verdict is Verdict.NOT_ASSESSED
    assert not slow.error
    assert report.exit_code() == 3


def test_a_claim_stopped_after_it_was_refuted_is_refuted():
    claim, limit = find("entropy.peak_at_critical"), "time: more than 1 s"
    refuted = Evidence(Kind.ENCLOSURE, Route.BALLS, next(iter(claim.statements)), Outcome.REFUTED, detail="a witness")
    found = {Kind.ENCLOSURE: Finding(Kind.ENCLOSURE, (refuted,))}
    assert conclude(claim, Options(), found, 1.0, limit=limit).ruling.verdict is Verdict.REFUTED
    assert conclude(claim, Options(), {}, 1.0, limit=limit).ruling == Ruling(Verdict.UNDECIDED, limit)
    proved = replace(refuted, kind=Kind.PROOF, route=Route.ALGEBRA, outcome=Outcome.PROVED)
    everything = {kind: Finding(kind, (replace(refuted, kind=kind, outcome=Outcome.ENCLOSED),)) for kind in Kind}
    everything |= {Kind.PROOF: Finding(Kind.PROOF, (proved,))}
    stopped = conclude(claim, Options(), everything, 1.0, limit=limit)
    assert stopped.ruling.verdict is Verdict.UNDECIDED


def test_any_executor_gives_the_same():
    options = Options(kinds=frozenset({Kind.PROOF, Kind.PROPERTY}))
    with ThreadPoolExecutor(2) as pool:
        elsewhere = verify.run(_claims(), options, executor=pool)
    here = verify.run(_claims(), options, jobs=2)
    assert json.dumps(_without_times(elsewhere.to_json())) == json.dumps(_without_times(here.to_json()))


@pytest.mark.parametrize("same", [True, False])
def test_what_an_executor_found_with_other_sources_is_not_kept(monkeypatch, tmp_path, same):
    kept = Store(tmp_path / "evidence")
    monkeypatch.setattr(Sources, "changed", lambda self: None)
    monkeypatch.setattr(verify, "_sources_here", lambda: "here")
    genuine = verify.find_elsewhere
    monkeypatch.setattr(verify, "find_elsewhere", lambda task: ("here" if same else "there", genuine(task)[1]))
    with ThreadPoolExecutor(1) as pool:
        report = verify.run(_claims(), QUICK, executor=pool, store=kept)
    assert not any(a.error for a in report.assessments)
    assert kept.folder.exists() is same


def test_a_defect_on_an_executor_is_an_error_of_its_claim(monkeypatch):
    monkeypatch.setattr(verify, "find_by_id", lambda task: _breaks(task, None))
    with ThreadPoolExecutor(1) as pool:
        report = verify.run(_claims(), QUICK, executor=pool)
    assert all("internal error" in a.error for a in report.assessments)
    assert report.exit_code() == 4


def test_the_error_rate_of_the_family_is_kept_and_stays_while_the_catalogue_grows():
    for claims in (1, 40, 64, 65, 200):
        assert verify.share_of(claims) * claims <= FAMILY_RATE
    assert verify.share_of(23) == verify.share_of(64) > verify.share_of(65)


def _report(verdict, expected="verified", mutants=(), regressions=(), error="", interrupted=False):
    base = replace(
        conclude(find(IDS[0]), QUICK, {}, 0.0, error=error),
        ruling=Ruling(verdict, ""),
        expected=expected,
        mutants=mutants,
    )
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


def test_a_claim_that_is_not_the_registered_one_is_refused_before_any_work(tmp_path):
    """Workers look claims up by id: the evidence of the registered one would verify whatever is passed in its place."""
    claim, kept = find(IDS[1]), Store(tmp_path / "evidence")
    near_miss = claim.mutants[0]
    false = replace(claim, statements={near_miss.of: near_miss.statement}, mutants=())
    with pytest.raises(verify.OtherClaimError, match=claim.id):
        verify.run([false], QUICK, store=kept)
    with pytest.raises(verify.OtherClaimError, match=claim.id):
        verify.find_by_id((claim.id, QUICK, {}, claim_digest(false)))
    assert not kept.folder.exists()
