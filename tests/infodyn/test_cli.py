"""The rim: exit codes, one sentence for every bad input, data on stdout and nothing else."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from infodyn.cli import main

PAIR = "deltas(-1: 1/2, 1: 1/2)"


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*args):
        with pytest.raises(SystemExit) as stop:
            main(list(args))
        out, err = capsys.readouterr()
        return stop.value.code, out, err

    return call


def test_list_names_every_claim(run):
    code, out, _ = run("list", "--json")
    ids = [c["id"] for c in json.loads(out)["claims"]]
    assert code == 0
    assert {"entropy.conditional_rate", "bif.critical_sigma", "fwd.fokker_planck"} <= set(ids)
    assert all(s["text"] and s["latex"] and s["digest"] for c in json.loads(out)["claims"] for s in c["statements"])


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("verify", "entropy.conditonal_rate"), 2, ("entropy.conditional_rate", "did you mean")),
        (("show", "no.such"), 2, ("infodyn list",)),
        (("verify", "--group", "Q"), 2, ("groups are A to H",)),
        (("verify", "--group", "H"), 5, ("no claim",)),
        (("verify", "--evidence", "magic"), 2, ("known: proof",)),
        (("verify", "--ledger", "{bad}", "fwd.schedule_identity", "--evidence", "proof"), 2, ("--update-ledger",)),
        (("value", "entropy", "--law", "deltas(-1: 1/2, 1: 1/3)", "--at", "sigma=1"), 2, ("5/6",)),
        (("value", "entropy", "--law", "gaussian(0, -1)", "--at", "sigma=1"), 2, ("column", "negative")),
        (("value", "entropy", "--law", "deltas(-1: 1/2, 1: 1/2", "--at", "sigma=1"), 2, ("column",)),
        (("value", "entropy", "--law", "cauchy(0, 1)", "--at", "sigma=1"), 2, ("cauchy",)),
        (("value", "entropy", "--law", "__import__('os').getcwd()", "--at", "sigma=1"), 2, ("column",)),
        (("value", "entropy", "--law", PAIR, "--at", "9**9**9"), 2, ()),
        (("value", "entropy", "--law", PAIR, "--at", "sigma=-1"), 2, ("sigma",)),
        (("value", "entropy", "--law", PAIR), 2, ("--at",)),
        (("value", "magic", "--law", PAIR, "--at", "sigma=1"), 2, ("bandwidth",)),
        (("value", "entropy", "--law", "deltas(-mu: 1/2, mu: 1/2)", "--at", "sigma=1"), 2, ("mu",)),
        (("value", "entropy", "--law", "points(nowhere.npy)", "--at", "sigma=1"), 2, ("points",)),
        (("value", "score", "--law", PAIR, "--at", "sigma=1"), 2, ("x=",)),
        (("derive", "score", "--law", PAIR, "--assume", "mu=1"), 2, ("mu>0",)),
        (("derive", "score", "--law", PAIR, "--assume", "mu>0"), 2, ("mu", "no symbols")),
        (("confront", "entropy.conditional_rate", "--law", PAIR), 2, ("points(file.npy)",)),
        (("latex", "--no-verdicts", "-o", "{bad}/theory.tex"), 2, ("theory.tex",)),
        (("nonsense",), 2, ("nonsense",)),
    ],
)
def test_bad_input_is_one_sentence_with_place_and_remedy(run, tmp_path, args, code, words):
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    before = sorted(p.name for p in tmp_path.iterdir())
    got, out, err = run(*(a.replace("{bad}", str(bad)) for a in args))
    assert (got, out) == (code, "")
    assert "Traceback" not in err
    assert all(word in err for word in words), err
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_help_needs_neither_sympy_nor_numpy():
    script = "import sys, infodyn.cli as c\ntry: c.main(['--help'])\nexcept SystemExit: pass\n"
    script += "print([m for m in ('sympy', 'numpy', 'flint', 'hypothesis') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "verify" in done.stdout


def test_piped_output_is_json_alone(run):
    code, out, err = run("verify", "fwd.schedule_identity", "--json", "--jobs", "1")
    report = json.loads(out)
    assert (code, err) == (0, "")
    assert report["claims"][0]["verdict"] == "VERIFIED"
    assert report["summary"]["ledger"]["status"] == "absent"


def test_part_of_the_evidence_gives_no_verdict(run):
    code, out, _ = run("verify", "fwd.schedule_identity", "--evidence", "proof", "--json", "--jobs", "1")
    assert code == 0
    assert json.loads(out)["claims"][0]["verdict"] == "NOT_ASSESSED"


def test_the_ledger_is_written_only_when_asked(run, tmp_path):
    path = tmp_path / "l.json"
    base = ("verify", "fwd.schedule_identity", "--jobs", "1", "--ledger", str(path))
    assert run(*base)[0] == 0
    assert not path.exists()
    assert run(*base, "--update-ledger")[0] == 0
    data = json.loads(path.read_text())
    data["claims"]["fwd.schedule_identity"]["statements"]["nu"]["digest"] = "0" * 16
    path.write_text(json.dumps(data))
    code, out, _ = run(*base)
    assert code == 1
    assert "'nu' was changed" in out


def _hear_ctrl_c():
    """In the child: a test run in the background of a shell ignores Ctrl-C, and would pass that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_stops_at_once_and_leaves_nothing(tmp_path):
    args = [sys.executable, "-m", "infodyn", "verify", "entropy.conditional_rate", "path.var_peak_symmetric"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    process = subprocess.Popen(
        [*args, "--jobs", "2", "--update-ledger"], cwd=tmp_path, env=env, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=_hear_ctrl_c,
    )  # fmt: skip
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert not any(tmp_path.iterdir())
