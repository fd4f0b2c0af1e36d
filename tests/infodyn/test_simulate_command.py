"""``infodyn simulate``: what it prints, its exit codes, JSON, refusals, Ctrl-C and going on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import infodyn as idn
from infodyn.cli import cli, main
from infodyn.commands import completion

T1 = "deltas(-1: 1/2, 1: 1/2)"


def _run(*args: str) -> Result:
    result = CliRunner().invoke(cli, ["simulate", *args, "--jobs", "1"], standalone_mode=False)
    assert result.exception is None, result.exception
    return result


def test_the_page_says_what_was_done_and_what_came_of_it() -> None:
    """What, how and why so, theory with its guarantee, outcome in one sentence."""
    result = _run("fisher-information", "--law", T1, "--process", "vp", "--at", "sigma=1/2")
    assert result.return_value == 0
    text = " ".join(result.stdout.split())
    assert text.startswith(f"fisher-information, E|s|^2, of {T1} under vp at sigma=1/2")
    assert "route: transfer operator, as the law lives on the line" in text
    assert "theory 2.508185171" in text
    assert "rigorous" in text
    assert "EQUIVALENT: simulation and theory agree within" in text
    assert "\x1b" not in result.stdout


def test_a_wrong_drift_fails() -> None:
    """Exit code 1."""
    result = _run("entropy", "--law", T1, "--at", "sigma=1", "--strength", "1.01")
    assert result.return_value == 1
    assert "1.01 times its drift (wrong)" in " ".join(result.stdout.split())
    assert "REFUTED" in result.stdout


def test_too_few_paths_are_undecided() -> None:
    """Exit code 3, and how far it got."""
    result = _run("variance-h", "--law", T1, "--at", "sigma=1", "--route", "paths", "--paths", "1")
    assert result.return_value == 3
    assert "UNDECIDED: 1 paths are too few" in result.stdout


def test_json_holds_what_repeats_the_run() -> None:
    """The contract's fields; the same numbers from Python."""
    data = json.loads(_run("mmse", "--law", T1, "--at", "sigma=1", "--margin", "1%", "--json").stdout)
    assert data["version"] == 1
    assert data["outcome"] == "equivalent"
    assert data["margin"]["relative"] == "0.01"
    found = idn.simulate("mmse", T1, at="sigma=1", margin=0.01)
    assert found.to_json()["value"] == data["value"]
    assert found.to_json() | {"seconds": 0} == data | {"seconds": 0}


def test_an_experiment_by_name() -> None:
    """True, and one of its false variants."""
    range_ = ("--law", T1, "--from", "5", "--to", "1/2")
    false = _run("kernel-regression", *range_, "--variant", "g^2/2")
    assert false.return_value == 1
    assert "REFUTED" in false.stdout
    data = json.loads(_run("kernel-regression", *range_, "--variant", "sign flipped", "--json").stdout)
    assert (data["version"], data["outcome"]) == (1, "refuted")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("mmse", "--law", T1), "give a place for mmse"),
        (("mmse", "--law", T1, "--at", "sigma=1", "--margin", "wide"), "write 1e-3, 1/1000 or 0.1%"),
        (("mmse", "--law", T1, "--at", "sigma=2", "--process", "vp"), "give 0 < sigma < 1"),
        (("mmse", "--law", "none.toml", "--at", "sigma=1"), "does not exist"),
        (("mmse", "--law", "points(none.npy)", "--at", "sigma=1"), "not a file of points"),
        (("mmse", "--law", "sphere(3)", "--at", "sigma=1"), "not a sphere"),
        (("mmse", "--law", T1, "--at", "sigma=1", "--executor", "cloud"), "is no executor"),
        (("mmse", "--law", T1, "--from", "5", "--to", "1"), "a number at one place"),
        (("commitment", "--law", T1, "--at", "sigma=1"), "an experiment over a range"),
        (("commitment", "--law", T1, "--from", "5"), "as --from 5 --to 1/2"),
        (("commitment", "--law", T1, "--from", "1", "--to", "5"), "fall from first to last"),
        (("commitment", "--law", T1, "--from", "5", "--to", "1", "--margin", "0.001"), "leave --margin out"),
        (("comitment", "--law", T1, "--from", "5", "--to", "1"), "did you mean commitment"),
        (("commitment", "--law", "deltas(-mu: 1/2, mu: 1/2)", "--from", "5", "--to", "1"), "mu of the law"),
        (("mmse", "--law", T1, "--at", "sigma=1", "--route", "paths", "--resume", "no/such/run"), "cannot be written"),
    ],
)
def test_a_refusal_is_one_sentence(args: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and the remedy."""
    with pytest.raises(SystemExit) as stop:
        main(["simulate", *args, "--jobs", "1"])
    told = capsys.readouterr()
    assert stop.value.code == 2
    assert words in " ".join(told.err.split())
    assert "Traceback" not in told.err
    assert not told.out


def test_ctrl_c_tells_what_is_known_and_the_run_goes_on(tmp_path: Path) -> None:
    """Exit code 130 and a partial page; the next run starts where this one ended."""
    file = tmp_path / "run.json"
    command = [sys.executable, "-m", "infodyn", "simulate", "variance-h", "--law", T1, "--at", "sigma=1", "--route",
               "paths", "--jobs", "1", "--paths", "100000000", "--margin", "1e-3", "--resume", str(file)]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "NO_COLOR": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    try:
        deadline = time.monotonic() + 120
        while not (file.exists() and 'parts": {"' in file.read_text()) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "stopped after" in out
    assert f"go on with --resume {file}" in err
    assert "Traceback" not in err


def test_the_names_offered_are_those_that_exist() -> None:
    """And what they are called."""
    from numerics.simulated import NAMES
    from numerics.simulated.named import SLUGS

    assert set(completion.SIMULATED) == set(NAMES)
    assert set(completion.EXPERIMENTS) == set(SLUGS)
    text = CliRunner().invoke(cli, ["simulate", "--help"]).stdout
    assert all(name in text for name in (*NAMES, *SLUGS))
