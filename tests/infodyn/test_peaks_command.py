"""``infodyn peaks``: the table, JSON and refusals."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from infodyn.cli import cli, main

T1 = "deltas(-1: 1/2, 1: 1/2)"


def _run(*args: str) -> str:
    result = CliRunner().invoke(cli, ["peaks", *args], standalone_mode=False)
    assert result.exception is None, result.exception
    assert result.return_value == 0
    return result.stdout


def test_table() -> None:
    """One row an extremum between the two ends, and a sentence on the rest."""
    lines = _run("variance-phi", "--law", T1, "--within", "sigma=4/5..6/5", "--digits", "10").splitlines()
    assert [line.split("  ")[0] for line in lines[:3]] == ["low end", "maximum", "high end"]
    assert "sigma = 0.98679458535" in lines[1]
    assert lines[3] == "as the noise grows over sigma=4/5..6/5, variance-phi strictly rises, then falls"


def test_json() -> None:
    """The contract's fields."""
    data = json.loads(_run("variance-phi", "--law", "gaussian(0, 1)", "--json"))
    assert data["version"] == 1
    assert data["constant"]
    assert data["complete"]
    assert data["extrema"] == []


def test_a_refusal_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2."""
    with pytest.raises(SystemExit) as stop:
        main(["peaks", "score", "--law", T1])
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith("infodyn: score is a function of x")
