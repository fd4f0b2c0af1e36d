"""``infodyn power`` as its users call it."""

import json

from click.testing import CliRunner

from infodyn.cli import cli


def run(*args):
    return CliRunner().invoke(cli, ["power", *args], standalone_mode=False)


def test_the_table_as_text_json_and_markdown(tmp_path):
    page = run("score.tweedie")
    assert page.return_value == 0
    assert "3 false variants were simulated: 3 refuted" in " ".join(page.stdout.split())
    data = json.loads(run("score.tweedie", "--json").stdout)
    assert data["version"] == 1
    assert data["summary"]["refuted"] == 3
    assert {r["kind"] for r in data["rows"]} == {"true", "false"}
    file = tmp_path / "power.md"
    run("score.tweedie", "-o", str(file))
    text = file.read_text()
    assert text.startswith("# What simulation can tell apart")
    assert "| false | no alpha | refuted" in text


def test_bad_input_is_one_sentence():
    assert "none of these claims is simulated" in run("fwd.fokker_planck").stderr
    missing = run("score.tweedie", "-o", "no/such/folder/power.md")
    assert missing.return_value == 2
    assert "cannot be written" in missing.stderr
