"""The evidence cache: believed only if whole and asked for by its exact key; the state of the disk stops no run."""

import errno
import json
import os
import threading
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from pathlib import Path

import pytest

from proofs_checks import registry, store, verify
from proofs_checks.assess import Options
from proofs_checks.evidence import Evidence, Hypothesis, Kind, MutantResult, Outcome, Route
from proofs_checks.readings import Finding, FindingError, from_data, given, to_data
from proofs_checks.sources import Sources
from proofs_checks.store import Store, UnkeyableError, plain
from theory.language.notation import sigma, x

CLAIM = "fwd.schedule_identity"
PROVED = Evidence(
    Kind.PROOF, Route.ALGEBRA, "nu", Outcome.PROVED, "all", "steps", {"b": "1/3", "a": "2"},
    (Hypothesis("decay", "assumed", "ψ"),), seconds=0.1 + 0.2,
)  # fmt: skip
FINDING = Finding(Kind.PROOF, (PROVED,))
CAMPAIGN = Finding(
    Kind.MUTANTS, mutants=(MutantResult("m", "nu", "A = B", "refuted", ("proof", "enclosure"), "w", ("algebra",)),),
    given="abc",
)  # fmt: skip


class Steady(Sources):
    """Sources that were there before the tests began; other people may be editing the real ones."""

    def changed(self):
        return None

    def outdated(self):
        return None


STEADY = Steady()


@pytest.fixture
def kept(tmp_path):
    return Store(tmp_path / "evidence", sources=STEADY)


@pytest.fixture(scope="module")
def claim():
    return registry.find(CLAIM)


def _key(kept, claim, kind=Kind.PROOF, options=Options()):
    key = kept.key(claim, kind, options)
    assert key is not None
    return key


def _record(kept):
    (path,) = kept.folder.iterdir()
    return path


def test_a_finding_comes_back_byte_for_byte_and_says_that_it_is_reused(kept, claim):
    for finding in (FINDING, CAMPAIGN):
        key = _key(kept, claim, finding.kind)
        assert kept.get(key) is None
        kept.put(key, finding)
        back = kept.get(key)
        assert back.reused
        assert all(e.reused for e in back.evidence)
        assert json.dumps(to_data(back)) == json.dumps(to_data(finding))
        assert list(back.evidence[0].figures) == ["b", "a"] if back.evidence else True
    assert (kept.damaged, kept.troubles) == (0, [])
    assert not [p for p in kept.folder.iterdir() if p.suffix != ".json"]


def test_fresh_reads_nothing_and_still_keeps(kept, claim):
    key = _key(kept, claim)
    fresh = Store(kept.folder, fresh=True, sources=STEADY)
    fresh.put(key, FINDING)
    assert fresh.get(key) is None
    assert kept.get(key) is not None


def _forged(change):
    def damage(path):
        record = json.loads(path.read_text())
        change(record)
        path.write_text(json.dumps(record))

    return damage


def _with_checksum(change):
    def forge(record):
        change(record)
        record["checksum"] = store._checksum(record["key"], record["finding"])

    return _forged(forge)


DAMAGE = {
    "empty": lambda p: p.write_bytes(b""),
    "truncated": lambda p: p.write_bytes(p.read_bytes()[:-40]),
    "zeros": lambda p: p.write_bytes(b"\0" * 500),
    "not text": lambda p: p.write_bytes(b"\xff\xfe{}"),
    "not JSON": lambda p: p.write_text("PROVED"),
    "a list": lambda p: p.write_text("[1]"),
    "too deep": lambda p: p.write_text("[" * 100_000),
    "one bit": lambda p: p.write_bytes(p.read_bytes().replace(b"1/3", b"1/2")),
    "outcome": _forged(lambda r: r["finding"]["evidence"][0].update(outcome="ENCLOSED")),
    "wrong version": _forged(lambda r: r.update(format=0)),
    "no checksum": _forged(lambda r: r.pop("checksum")),
    "another claim": _with_checksum(lambda r: r["key"].update(id="fwd.other")),
    "other sources": _with_checksum(lambda r: r["key"].update(sources="0" * 64)),
    "other settings": _with_checksum(lambda r: r["key"].update(settings={"digits": 3})),
    "another kind": _with_checksum(lambda r: r["finding"].update(kind="simulation")),
    "unknown outcome": _with_checksum(lambda r: r["finding"]["evidence"][0].update(outcome="TRUE")),
    "missing field": _with_checksum(lambda r: r["finding"]["evidence"][0].pop("route")),
    "not final": _with_checksum(
        lambda r: r["finding"]["evidence"][0].update(outcome="UNDECIDED", detail="the time budget is spent")
    ),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_record_is_noticed_ignored_and_made_anew(kept, claim, damage):
    key = _key(kept, claim)
    kept.put(key, FINDING)
    damage(_record(kept))
    assert kept.get(key) is None
    assert kept.damaged == 1
    kept.put(key, FINDING)
    assert kept.get(key) is not None


def test_a_record_moved_under_another_name_is_not_believed(kept, claim):
    kept.put(_key(kept, claim), FINDING)
    other = _key(kept, registry.find("entropy.kernel_rate"))
    os.rename(_record(kept), kept._path(other))
    assert kept.get(other) is None
    assert kept.damaged == 1


def test_the_key_holds_every_part_of_the_claim(kept, claim):
    """Changing any field, or any setting of the reading, asks under another key."""
    keys = [json.dumps(_key(kept, claim))]
    statement = next(iter(claim.statements.values()))
    changed = {
        "statements": {**claim.statements, "more": statement}, "mutants": claim.mutants[:-1],
        "squares": {next(iter(claim.statements)): sigma}, "needs": ("x",), "setting": replace(claim.setting, D=2),
        "paths": registry.not_applicable("other"), "proof": registry.not_applicable("none"),
        "instances": registry.find("bif.critical_sigma").instances, "id": "fwd.other",
        "single_route": {next(iter(claim.statements)): "why"},
    }  # fmt: skip
    assert set(changed) < {f.name for f in fields(claim)}
    keys += [json.dumps(_key(kept, replace(claim, **{name: value}))) for name, value in changed.items()]
    assert len(set(keys)) == len(keys)
    flipped = replace(claim, statements=dict(reversed(claim.statements.items())))
    assert json.dumps(_key(kept, flipped)) != keys[0]


@pytest.mark.parametrize(
    ("kind", "other", "differs"),
    [
        (Kind.ENCLOSURE, Options(digits=13), True),
        (Kind.PROOF, Options(digits=13, seed=1), False),
        (Kind.SIMULATION, Options(seed=1), True),
        (Kind.SIMULATION, Options(share=1e-9), True),
        (Kind.PROPERTY, Options(seed=1), True),
        (Kind.PROPERTY, Options(digits=13), False),
        (Kind.MUTANTS, Options(one_node_edits=False), True),
        (Kind.ENCLOSURE, Options(seconds=1, megabytes=100), False),
    ],
)
def test_the_key_holds_the_settings_of_its_reading(kept, claim, kind, other, differs):
    assert (_key(kept, claim, kind) != _key(kept, claim, kind, other)) is differs


def test_every_claim_of_the_catalogue_has_a_key_of_its_own(kept):
    keys = [json.dumps(_key(kept, c, kind)) for c in registry.load().values() for kind in Kind]
    assert len(set(keys)) == len(keys)


def test_plain_data_tell_values_apart_and_refuse_what_they_cannot_hold():
    values = [1, "1", Fraction(1, 3), "1/3", {"q": "1/3"}, x, "x", (1, 2), ((1,), 2), None, "", {}, ()]
    assert len({json.dumps(plain(v)) for v in values}) == len(values)
    with pytest.raises(UnkeyableError):
        plain(object())
    with pytest.raises(UnkeyableError):
        plain({"law": lambda: None})


SLOW = replace(PROVED, outcome=Outcome.UNDECIDED, detail="no certificate in 7 families", seconds=20.0)
OUT_OF_TIME = replace(PROVED, outcome=Outcome.UNDECIDED, detail="the time budget is spent", seconds=1.0)
OPEN = replace(PROVED, outcome=Outcome.UNDECIDED, detail="no certificate in 7 families", seconds=1.0)
SURVIVOR = MutantResult("m", "nu", "A = B", "survived")


@pytest.mark.parametrize(
    ("finding", "final"),
    [
        (FINDING, True),
        (Finding(Kind.PROOF, (OPEN,)), True),
        (Finding(Kind.PROOF, (PROVED, SLOW)), False),
        (Finding(Kind.PROOF, (OUT_OF_TIME,)), False),
        (Finding(Kind.SIMULATION, (PROVED,), simulated={"m": OUT_OF_TIME}), False),
        (CAMPAIGN, True),
        (Finding(Kind.MUTANTS, mutants=(SURVIVOR,)), False),
    ],
)
def test_what_ran_out_of_time_is_not_kept(kept, claim, finding, final):
    assert finding.final is final
    kept.put(_key(kept, claim, finding.kind), finding)
    assert (kept.folder.exists() and any(kept.folder.iterdir())) is final


def test_a_campaign_counts_only_beside_the_evidence_it_started_from():
    found = {Kind.PROOF: FINDING}
    same = {Kind.PROOF: Finding(Kind.PROOF, (replace(PROVED, seconds=9.0, reused=True),))}
    other = {Kind.PROOF: Finding(Kind.PROOF, (replace(PROVED, outcome=Outcome.UNDECIDED),))}
    assert given(found) == given(same) != given(other)
    assert given(found) != given({**found, Kind.SIMULATION: Finding(Kind.SIMULATION, simulated={"m": PROVED})})
    assert from_data(to_data(CAMPAIGN)) == CAMPAIGN


def test_nothing_is_kept_once_a_source_was_changed_under_the_program(kept, claim, monkeypatch):
    key = _key(kept, claim)
    monkeypatch.setattr(Steady, "changed", lambda self: Path("numerics/balls.py"))
    kept.put(key, FINDING)
    assert not kept.folder.exists()
    assert not kept.troubles


def _no_space(*args, **more):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("where", ["replace", "fdopen", "makedirs"])
def test_a_full_disk_is_said_once_and_leaves_no_debris(kept, claim, monkeypatch, where):
    key = _key(kept, claim)
    if where == "makedirs":
        monkeypatch.setattr(Path, "mkdir", _no_space)
    else:
        monkeypatch.setattr(os, where, _no_space)
    kept.put(key, FINDING)
    kept.put(key, FINDING)
    monkeypatch.undo()
    assert len(kept.troubles) == 1
    assert "No space left" in kept.troubles[0]
    assert not (kept.folder.exists() and list(kept.folder.iterdir()))
    assert kept.get(key) is None


def test_a_record_that_may_not_be_read_is_said_and_judged_anew(kept, claim, monkeypatch):
    key = _key(kept, claim)
    kept.put(key, FINDING)

    def refuse(self):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert kept.get(key) is None
    assert "cannot be read" in kept.troubles[0]


def test_a_folder_that_cannot_exist_stops_nothing(claim):
    for folder in (Path("/proc/nowhere/evidence"), Path(__file__) / "evidence"):
        broken = Store(folder, sources=STEADY)
        key = _key(broken, claim)
        assert broken.get(key) is None
        broken.put(key, FINDING)
        broken.prune()
        assert len(broken.troubles) == 1


def test_no_home_means_no_store(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("INFODYN_CACHE", raising=False)
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # a user without an entry in the password file
    assert store.open_store() is None
    assert not list(tmp_path.iterdir())


def test_the_variable_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("INFODYN_CACHE", str(tmp_path))
    assert store.default_folder() == tmp_path / "evidence"


def test_the_least_recently_used_go_first(kept, claim):
    kept.put(_key(kept, claim), FINDING)
    size = _record(kept).stat().st_size
    kept.limit = 3 * size + size // 2
    keys = [_key(kept, claim, Kind.PROPERTY, Options(seed=i)) for i in range(6)]
    for i, key in enumerate(keys):
        kept.put(key, replace(FINDING, kind=Kind.PROPERTY))
        os.utime(kept._path(key), ns=(i, i))
    assert kept.get(keys[0]) is not None  # used: now the youngest
    kept.prune()
    assert sum(p.stat().st_size for p in kept.folder.iterdir()) <= kept.limit
    assert [kept.get(k) is not None for k in keys] == [True, False, False, False, False, True]


def test_pruning_sweeps_up_after_killed_runs(kept, claim):
    kept.put(_key(kept, claim), FINDING)
    old, young = kept.folder / ".new-old", kept.folder / ".new-young"
    for path in (old, young):
        path.write_text("{")
    os.utime(old, (1, 1))
    kept.prune()
    assert not old.exists()
    assert young.exists()


def test_two_writers_and_a_reader_do_not_harm_each_other(kept, claim):
    key, wrong = _key(kept, claim), []

    def write():
        mine = Store(kept.folder, sources=STEADY)
        for _ in range(60):
            mine.put(key, FINDING)

    def read():
        mine = Store(kept.folder, sources=STEADY)
        for _ in range(200):
            found = mine.get(key)
            wrong.extend([found] if found is not None and found.evidence[0].figures != PROVED.figures else [])
        wrong.extend(["damaged"] * mine.damaged)

    threads = [threading.Thread(target=t) for t in (write, write, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(list(kept.folder.iterdir())) == 1


def test_a_run_reuses_what_is_kept_and_the_figures_are_the_same_bytes(kept):
    claims = [registry.find(id) for id in (CLAIM, "entropy.kernel_rate")]
    options = Options(kinds=frozenset({Kind.PROOF, Kind.ENCLOSURE}))
    first = verify.run(claims, options, jobs=2, store=kept)
    records = sorted(kept.folder.iterdir())
    assert len(records) == 4
    second = verify.run(claims, options, jobs=2, store=Store(kept.folder, sources=STEADY))
    assert (first.reused, second.reused, second.readings) == (0, 4, 4)
    assert all(e.reused for a in second.assessments for e in a.evidence)
    assert _plain(first) == _plain(second)
    records[0].write_text("{}")
    third = verify.run(claims, options, jobs=2, store=Store(kept.folder, sources=STEADY))
    assert (third.reused, third.damaged) == (3, 1)
    assert "1 damaged record was" in third.troubles[0]
    assert _plain(first) == _plain(third)


def _plain(report):
    def timeless(value):
        if isinstance(value, dict):
            return {k: timeless(v) for k, v in value.items() if k not in ("seconds", "reused")}
        return [timeless(v) for v in value] if isinstance(value, list) else value

    return json.dumps(timeless(report.to_json()), ensure_ascii=False)


def test_a_run_on_a_full_disk_goes_on_with_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", _no_space)
    options = Options(kinds=frozenset({Kind.PROOF}))
    kept = Store(tmp_path / "evidence", sources=STEADY)
    report = verify.run([registry.find(CLAIM), registry.find("entropy.kernel_rate")], options, store=kept)
    assert len(report.troubles) == 1
    assert not any(a.error for a in report.assessments)


def test_a_claim_with_a_part_defined_outside_the_house_has_no_key(kept, claim):
    """The digest of the sources does not see that code, so a change of it would not be noticed."""

    @dataclass(frozen=True)
    class Elsewhere:
        value: int = 1

    assert kept.key(replace(claim, paths=Elsewhere()), Kind.PROOF, Options()) is None


@pytest.mark.parametrize(
    ("finding", "spoil"),
    [
        (FINDING, lambda d: d["evidence"][0].update(seconds="long")),
        (FINDING, lambda d: d["evidence"][0]["hypotheses"][0].update(by=7)),
        (FINDING, lambda d: d["evidence"][0].update(outcome="MAYBE")),
        (CAMPAIGN, lambda d: d["mutants"][0].update(by=[])),
        (CAMPAIGN, lambda d: d["mutants"][0].update(status="fine")),
    ],
)
def test_a_finding_with_a_field_of_another_kind_is_no_finding(finding, spoil):
    data = json.loads(json.dumps(to_data(finding)))
    assert from_data(data) == finding
    spoil(data)
    with pytest.raises(FindingError):
        from_data(data)
