"""Killed, interrupted, without a disk or a home: the evidence cache stays whole and the next run says the right thing.

``INFODYN_KILLS`` sets the number of random kills and interruptions (``make verify-thorough`` asks for a hundred).
"""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from proofs_checks import store
from proofs_checks.readings import from_data
from proofs_checks.sources import HOME, ROOMS

KILLS = int(os.environ.get("INFODYN_KILLS", "6"))
CLAIMS = ("entropy.kernel_rate", "thermo.change_of_variables")
PROGRAM = (sys.executable, "-m", "infodyn")


class House:
    """A place to run the program in: an empty folder, a cache of its own, optionally a tree of its own."""

    def __init__(self, folder, tree=HOME):
        self.folder, self.cache = folder / "here", folder / "cache"
        self.folder.mkdir()
        self.environment = {**os.environ, "PYTHONPATH": str(tree), "INFODYN_CACHE": str(self.cache)}

    def start(self, *args, claims=CLAIMS):
        return subprocess.Popen(
            [*PROGRAM, "verify", *claims, "--json", "--jobs", "2", *args], cwd=self.folder, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def run(self, *args, claims=CLAIMS):
        process = self.start(*args, claims=claims)
        out, err = process.communicate(timeout=300)
        assert "Traceback" not in err, err
        return process.returncode, json.loads(out) if out else None, err

    def records(self):
        return sorted((self.cache / "evidence").glob("*.json"))

    def is_whole(self):
        """Every record is complete and its checksum is right, whatever happened to its writer."""
        for path in self.records():
            record = json.loads(path.read_text())
            assert record["checksum"] == store._checksum(record["key"], record["finding"])
            from_data(record["finding"])


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def _timeless(value):
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if k not in ("seconds", "reused")}
    return [_timeless(v) for v in value] if isinstance(value, list) else value


def _session(leader):
    """The processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session, *_ = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(session) == leader and state != "Z":
            found.append(int(path.parent.name))
    return found


def _nothing_is_left_of(leader, seconds=20):
    end = time.monotonic() + seconds
    while _session(leader) and time.monotonic() < end:
        time.sleep(0.1)
    return not _session(leader)


def _verdicts(report):
    return {c["id"]: c["verdict"] for c in report["claims"]}


def test_a_second_run_reuses_everything_and_says_the_same(house):
    code, first, _ = house.run()
    start = time.monotonic()
    again, second, err = house.run()
    assert time.monotonic() - start < 30
    assert (code, again, err) == (0, 0, "")
    assert second["summary"]["reused"] == {"findings": 10, "of": 10, "damaged": 0}
    assert all(e["reused"] for c in second["claims"] for e in c["evidence"])
    assert not any(e["reused"] for c in first["claims"] for e in c["evidence"])
    assert json.dumps(_timeless(first)) == json.dumps(_timeless(second))
    for path in house.records()[:3]:
        path.write_bytes(path.read_bytes()[:-30])
    code, third, err = house.run()
    assert code == 0
    assert third["summary"]["reused"] == {"findings": 7, "of": 10, "damaged": 3}
    assert "3 damaged records were found" in err
    assert json.dumps(_timeless(first)) == json.dumps(_timeless(third))


def test_random_kills_leave_the_store_whole_and_the_next_run_right(house):
    draw = random.Random(os.environ.get("INFODYN_KILL_SEED", "20"))
    start = time.monotonic()
    expected = _verdicts(house.run()[1])
    assert set(expected.values()) == {"VERIFIED"}
    length = time.monotonic() - start
    for number in range(KILLS):
        for path in house.records():
            if draw.random() < 0.5:
                path.unlink()
        process = house.start("--fresh" if draw.random() < 0.3 else "--lenient")
        time.sleep(draw.uniform(0.05, length))
        crew = [pid for pid in _session(process.pid) if pid != process.pid]
        parent = number % 2 == 0 or not crew
        with contextlib.suppress(ProcessLookupError):  # it was through
            os.kill(process.pid if parent else draw.choice(crew), signal.SIGKILL)
        out, err = process.communicate(timeout=300)
        assert "Traceback" not in err, err
        assert _nothing_is_left_of(process.pid)
        house.is_whole()
        if not parent:
            assert process.returncode == 0, err
            assert _verdicts(json.loads(out)) == expected
        code, report, _ = house.run()
        assert code == 0
        assert _verdicts(report) == expected
        assert report["summary"]["reused"]["damaged"] == 0


def test_ctrl_c_at_random_moments_is_quiet_and_loses_nothing(house):
    draw = random.Random(21)
    start = time.monotonic()
    house.run(claims=CLAIMS[:1])
    length = time.monotonic() - start
    for number in range(max(4, KILLS // 2)):
        process = house.start("--fresh", "--update-ledger", claims=CLAIMS[:1])
        time.sleep(draw.uniform(0.2, 0.9) * length)  # before that, Python itself is being loaded
        os.killpg(process.pid, signal.SIGINT) if number % 2 else process.send_signal(signal.SIGINT)
        if number % 4 == 3:  # the impatient press again
            time.sleep(0.05)
            os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode in (130, 0), err  # 0: it was through
        assert "Traceback" not in err, err
        assert _nothing_is_left_of(process.pid, 5)
        assert process.returncode == 0 or not list(house.folder.iterdir())
        (house.folder / "ledger.json").unlink(missing_ok=True)
        house.is_whole()
        assert not [p for p in (house.cache / "evidence").iterdir() if p.name.startswith(".new-")]
    assert house.run(claims=CLAIMS[:1])[0] == 0


def test_two_runs_at_once_do_not_harm_each_other(house):
    both = [house.start(claims=CLAIMS[:1]) for _ in range(2)]
    reports = [json.loads(p.communicate(timeout=300)[0]) for p in both]
    house.is_whole()
    third = house.run(claims=CLAIMS[:1])[1]
    assert third["summary"]["reused"] == {"findings": 5, "of": 5, "damaged": 0}
    assert len({json.dumps(_timeless(r)) for r in (*reports, third)}) == 1


@pytest.mark.parametrize(
    "places",
    [
        {"INFODYN_CACHE": "/proc/nowhere"},
        {"INFODYN_CACHE": "", "HOME": "/proc/nowhere"},
        {"INFODYN_CACHE": os.devnull},
    ],
)
def test_without_a_usable_cache_the_run_goes_on_with_one_sentence(house, places):
    house.environment |= places
    house.environment.pop("XDG_CACHE_HOME", None)
    code, report, err = house.run(claims=CLAIMS[:1])
    assert code == 0
    assert report["claims"][0]["verdict"] == "VERIFIED"
    assert err.count("\n") == 1
    assert err.startswith("infodyn: ")
    assert not list(house.folder.iterdir())


def test_a_claim_over_a_limit_is_undecided_with_the_reason(house):
    code, report, _ = house.run("--limit", "0.3", "--fresh", claims=("path.var_peak_symmetric",))
    assert code == 3
    assert (report["claims"][0]["verdict"], report["claims"][0]["reason"]) == ("UNDECIDED", "time: more than 0.3 s")
    code, report, _ = house.run("--memory", "16", "--fresh", claims=CLAIMS[:1])
    assert code == 3
    assert "memory: " in report["claims"][0]["reason"]
    assert not any("memory" in path.read_text() for path in house.records())


def test_a_ledger_that_cannot_be_written_loses_no_report(house):
    target = Path("/proc/nowhere/ledger.json")
    code, report, err = house.run("--update-ledger", "--ledger", str(target), claims=CLAIMS[:1])
    assert code == 2
    assert report["claims"][0]["verdict"] == "VERIFIED"
    assert err.count("\n") == 1
    assert str(target) in err


@pytest.fixture
def tree(tmp_path):
    """A copy of the sources that may be edited."""
    for room in ROOMS:
        shutil.copytree(HOME / room, tmp_path / "tree" / room, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "tree"


def _edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def _remark(path):
    path.write_text(path.read_text() + "\n# a remark\n")


def test_kept_evidence_never_outlives_the_sources_that_found_it(tmp_path, tree):
    house, claim = House(tmp_path, tree), CLAIMS[:1]

    def kinds_reused(report):
        return {e["kind"] for e in report["claims"][0]["evidence"] if e["reused"]}

    everything = {"proof", "enclosure", "property", "simulation"}
    assert house.run(claims=claim)[0] == 0
    _remark(tree / "infodyn/report/terminal.py")
    assert kinds_reused(house.run(claims=claim)[1]) == everything
    _remark(tree / "numerics/simulate.py")
    assert kinds_reused(house.run(claims=claim)[1]) == everything - {"simulation"}

    # a judge that says the contrary
    right, wrong = '"proved": Outcome.PROVED', '"proved": Outcome.REFUTED'
    _edit(tree / "proofs_checks/judge_algebra.py", right, wrong)
    code, report, _ = house.run(claims=claim)
    proof = next(e for e in report["claims"][0]["evidence"] if e["kind"] == "proof")
    assert (proof["outcome"], proof["reused"]) == ("REFUTED", False)
    assert code in (1, 4)
    _edit(tree / "proofs_checks/judge_algebra.py", wrong, right)

    # the claim turned into a false one
    rates = tree / "proofs_checks/catalogue/c_entropies/rates.py"
    right, wrong = (f'statements={{"rate": Eq(K, D * a {sign} D * g**2' for sign in "+-")
    _edit(rates, right, wrong)
    code, report, _ = house.run(claims=claim)
    assert (code, report["claims"][0]["verdict"]) == (1, "REFUTED")
    assert not kinds_reused(report)

    # a definition that the judges read
    _edit(rates, wrong, right)
    _remark(tree / "theory/language/definitions.py")
    code, report, _ = house.run(claims=claim)
    assert (code, kinds_reused(report)) == (0, set())


def test_closed_streams_are_streams_that_nobody_reads(house):
    for closed in (">&-", "2>&-", ">&- 2>&-"):
        command = f"{sys.executable} -m infodyn derive entropy --law 'gaussian(0,1)' {closed}"
        done = subprocess.run(command, shell=True, cwd=house.folder, env=house.environment, capture_output=True)
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(("option", "word"), [("--limit=nan", "inf"), ("--group=D..A", "no group")])
def test_options_that_would_mean_everything_are_refused(house, option, word):
    code, _, err = house.run(option)
    assert code == 2
    assert word in err
