"""``infodyn value --digits 0`` and ``--over``: float64 numbers with error estimates, one or a table."""

import json

import pytest

import infodyn as idn
from infodyn.cli import main

PAIR = "deltas(-1: 1/2, 1: 1/2)"


@pytest.fixture
def run(capsys):
    def work(*args):
        with pytest.raises(SystemExit) as stop:
            main(["value", *args])
        out, err = capsys.readouterr()
        return stop.value.code, out, err

    return work


def test_one_number_says_that_it_is_a_float(run):
    code, out, err = run("bandwidth", "--law", PAIR, "--at", "sigma=1/2", "--digits", "0")
    value, radius = map(float, out.split(" +/- "))
    assert code == 0
    assert abs(value - 0.548779270325910512) <= radius < 1e-12
    assert "float" in err


def test_one_number_as_json_keeps_the_contract(run):
    code, out, _ = run("entropy", "--law", "T3", "--at", "sigma=1/2", "--digits", "0", "--json", "--bits")
    data = json.loads(out)
    assert code == 0
    assert list(data)[:5] == ["version", "quantity", "unit", "clock", "value"]
    assert (data["guarantee"], data["unit"], data["confidence"]) == ("float", "bits", None)
    assert abs(float(data["value"]) - 2.304325276) < 1e-8
    assert float(data["radius"]) < 1e-12


def test_a_table_over_a_range(run):
    code, out, err = run("entropy", "--law", PAIR, "--over", "sigma=1/2..2", "--points", "3", "--digits", "0")
    rows = [line.split() for line in out.splitlines()]
    assert code == 0
    assert [float(row[0]) for row in rows] == [0.5, 1.0, 2.0]
    assert all(row[2] == "+/-" and float(row[3]) < 1e-12 for row in rows)
    assert "error estimates" in err


def test_a_range_as_json_with_a_field(run):
    code, out, _ = run(
        "score", "--law", "T5", "--over", "t=1..2", "--points", "2", "--at", "x=(1, 0)", "--digits", "0", "--json"
    )
    data = json.loads(out)
    assert code == 0
    assert (data["version"], data["by"], len(data["rows"]), len(data["rows"][0]["value"])) == (1, "t", 2, 2)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--over", "sigma=1/2..2"), "--digits 0"),
        (("--over", "sigma=2", "--digits", "0"), "sigma=1/10..5"),
        (("--over", "sigma=1/2..2", "--at", "sigma=1", "--digits", "0"), "levels are given"),
        ((), "--over"),
        (("--at", "sigma=1", "--digits", "0", "--by", "sigma"), "derivatives"),
    ],
)
def test_refusals(run, args, words):
    code, out, err = run("entropy", "--law", PAIR, *args)
    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


def test_the_python_function():
    found = idn.sweep("entropy", PAIR, "ve", [0.5, "1/3"])
    assert found.values.shape == (2,)
    assert idn.value("entropy", PAIR, at="sigma=1/2", digits=0).guarantee == "float"
