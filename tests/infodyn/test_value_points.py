import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from infodyn import numbers
from infodyn.cli import main

SCRIPT = Path(__file__).parents[2] / "scripts" / "write_digits.py"


def run(capsys, *args):
    with pytest.raises(SystemExit) as stop:
        main(list(args))
    out = capsys.readouterr()
    return stop.value.code, out.out, out.err


def write_digits(monkeypatch, capsys, *args):
    monkeypatch.setattr(sys, "argv", ["write_digits.py", *map(str, args)])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    return stop.value.code, capsys.readouterr()


@pytest.fixture
def cloud(tmp_path):
    path = tmp_path / "cloud.npy"
    np.save(path, np.random.default_rng(0).integers(0, 17, size=(200, 5)))
    return path


def test_the_digits(tmp_path, monkeypatch, capsys):
    """The bandwidth of the 1797 digits at sigma = 1, and the rare event that it is without the division by 16."""
    monkeypatch.chdir(tmp_path)
    assert write_digits(monkeypatch, capsys)[0] == 0
    code, out, err = run(
        capsys, "value", "bandwidth", "--law", "points(digits.npy)", "--at", "sigma=1", "--digits", "2", "--json"
    )
    data = json.loads(out)
    assert code == 0
    assert (data["guarantee"], data["clock"], data["confidence"]) == ("statistical", "sigma^2", "0.99")
    assert abs(float(data["value"]) - 1.634) <= float(data["radius"]) <= 0.0164
    assert float(data["standard_error"]) <= 0.003 * float(data["value"])
    assert write_digits(monkeypatch, capsys, "--raw", "-o", "raw.npy")[0] == 0
    code, out, err = run(capsys, "value", "mmse", "--law", "points(raw.npy)", "--at", "sigma=1", "--digits", "1")
    assert (code, out) == (3, "")
    assert "no interval: rare event:" in err
    scaled = numbers.value("mmse", "points(raw.npy, scale=1/16)", at="sigma=1", digits=1)
    assert scaled.interval == numbers.value("mmse", "points(digits.npy)", at="sigma=1", digits=1).interval


def test_a_missing_package_and_a_missing_folder_are_said(tmp_path, monkeypatch, capsys):
    code, text = write_digits(monkeypatch, capsys, "-o", tmp_path / "none" / "x.npy")
    assert code == 2
    assert "give another file" in text.err
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    code, text = write_digits(monkeypatch, capsys, "-o", tmp_path / "x.npy")
    assert code == 2
    assert "infodyn[data]" in text.err


def test_an_estimate_on_the_command_line(cloud, capsys):
    args = ("value", "conditional-entropy", "--law", f"points({cloud}, scale=1/8)", "--at", "sigma=1", "--digits", "1")
    code, out, err = run(capsys, *args)
    value, plus_minus, radius = out.split()
    assert (code, plus_minus) == (0, "+/-")
    assert float(radius) <= 0.101 * float(value)
    assert "99 % interval" in err
    assert "samples in" in err
    assert run(capsys, *args)[1] == out
    assert run(capsys, *args, "--seed", "1")[1] != out
    code, bits, err = run(capsys, *args, "--bits")
    assert float(bits.split()[0]) == pytest.approx(float(value) / np.log(2), rel=0.01)
    assert "[bits" in err


def test_digits_out_of_reach_end_with_3(cloud, capsys, monkeypatch):
    monkeypatch.setattr("numerics.empirical.quantities.MOST_WORK", 1e7)
    code, out, err = run(capsys, "value", "mmse", "--law", f"points({cloud})", "--at", "sigma=8", "--digits", "7")
    assert code == 3
    assert "+/-" in out
    assert "of 7 digits reached within the budget" in err


@pytest.mark.parametrize(
    ("law", "words"),
    [("points(none.npy)", "does not exist"), ("points()", "name of a file"), ("points(.)", "no regular file")],
)
def test_bad_files_end_with_2_and_one_sentence(law, words, capsys):
    code, out, err = run(capsys, "value", "mmse", "--law", law, "--at", "sigma=1")
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_arrays_are_laws_from_python():
    from numerics.empirical import law_of

    found = numbers.value("mutual-information", law_of(np.eye(3)), at="sigma=1/10")
    assert abs(float(found.value) - np.log(3)) <= float(found.radius)
