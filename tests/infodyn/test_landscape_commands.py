"""``fixed-points`` and ``critical`` on the command line and from Python."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import infodyn
from infodyn.cli import main
from infodyn.commands.critical import critical_command
from infodyn.commands.fixed_points import fixed_points_command


def run(command, *args):
    return CliRunner().invoke(command, args, standalone_mode=False)


def test_fixed_points():
    answer = run(fixed_points_command, "--law", "T1", "--at", "sigma=1/2")
    assert answer.return_value == 0
    assert answer.stdout.splitlines()[1].split() == ["minimum", "0", "+/-", "0"]
    assert "3 fixed point(s)" in answer.stderr
    data = json.loads(run(fixed_points_command, "--law", "T5", "--at", "sigma=1/10", "--json").stdout)
    assert next(iter(data)) == "version"
    assert data["count"] == 7
    assert isinstance(data["points"][0]["x"][0], str)


def test_an_uncertified_count_is_undecided():
    law = "mixture(1/4: N(-1, 1/4), 1/4: N(-1, 1/4), 1/2: N(1, 1/4))"
    answer = run(fixed_points_command, "--law", law, "--at", "nu=3/4")
    assert answer.return_value == 3
    assert "not certified" in answer.stderr


def test_critical(tmp_path):
    answer = run(critical_command, "--law", "T1")
    assert answer.return_value == 0
    assert answer.stdout.startswith("sigma = 1 = 1.000")
    assert "supercritical pitchfork at x = 0" in answer.stdout
    assert "complete over all noise levels" in answer.stderr
    file = tmp_path / "diagram.json"
    answer = run(critical_command, "--law", "T1w", "--diagram", str(file), "--json")
    assert answer.return_value == 0
    assert json.loads(answer.stdout)["criticals"][0]["kind"] == "saddle-node"
    assert json.loads(file.read_text())["counts"] == [3, 1]


def test_a_default_range_is_named():
    answer = run(critical_command, "--law", "T1", "--process", "vp", "--drift", "reverse")
    assert answer.return_value == 0
    assert "the range is a default; --within LO..HI searches another one" in answer.stderr


def test_from_python():
    assert infodyn.fixed_points("T5", at="sigma=1/2", line="(0, 0), (1, 1)").count == 3
    found = infodyn.critical("deltas(-1: 1 - w, 1: w)", parameter="w", within="1/100..99/100", at="sigma=7/10")
    assert len(found.points) == 2
    assert infodyn.bifurcation_diagram("T1", samples=2).counts == (3, 1)


@pytest.mark.parametrize(
    ("args", "part"),
    [(["fixed-points", "--law", "T5", "--at", "sigma=1", "--line", "(0, 0)"], "','"),
     (["fixed-points", "--law", "T1", "--at", "sigma=1, mu=2"], "mu"),
     (["critical", "--law", "T1", "--within", "3"], "LO..HI"),
     (["critical", "--law", "T1", "--within", "a..3"], "numbers"),
     (["critical", "--law", "T1", "--within", "2..1"], "empty"),
     (["critical", "--law", "T1", "--at", "sigma=1"], "sigma"),
     (["critical", "--law", "T1", "--process", "linear(alpha=exp(-t), sigma=t)", "--drift", "flow"], "--within"),
     (["critical", "--law", "T1", "--process", "vp", "--parameter", "alpha", "--within", "0..1"], "does not reach"),
     (["critical", "--law", "T1", "--parameter", "alpha"], "alpha is 1")],
)  # fmt: skip
def test_bad_input_is_one_sentence(args, part, capsys):
    with pytest.raises(SystemExit) as caught:
        main(args)
    assert caught.value.code == 2
    text = capsys.readouterr().err
    assert part in text
    assert len(text.strip().splitlines()) == 1
