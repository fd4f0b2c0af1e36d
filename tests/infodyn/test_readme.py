"""The README is true: its programs are run, and what it says they print is what they print."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import infodyn as idn

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
FILES = {text.split("\n", 1)[0].removeprefix("# "): text for kind, text in BLOCKS if kind == "python"}
RUNS = [
    (command.split("\n", 1)[0], command.partition("\n")[2])
    for kind, text in BLOCKS
    if kind == "console"
    for command in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
]
LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PROGRAMS = {"python": [], "infodyn": ["-m", "infodyn"], "pytest": ["-m", "pytest", "-p", "no:cacheprovider"]}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """An empty folder with the programs of the README, and a home without anything in it."""
    folder = tmp_path_factory.mktemp("desk")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "home").mkdir()
    return folder


def test_every_program_has_a_name_and_is_run():
    assert all(re.fullmatch(r"\w+\.py", name) for name in FILES)
    assert all(any(name in command for command, _ in RUNS) for name in FILES)


@pytest.mark.parametrize(("command", "expected"), RUNS, ids=[command[:40] for command, _ in RUNS])
def test_the_output_shown_is_the_output(desk, command, expected):
    program, *rest = shlex.split(command)
    home = str(desk / "home")
    env = {**os.environ, "HOME": home, "XDG_CACHE_HOME": home, "COLUMNS": "100", "NO_COLOR": "1",
           "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "PYTHONIOENCODING": "utf-8"}  # fmt: skip
    done = subprocess.run(
        [sys.executable, *PROGRAMS[program], *rest], cwd=desk, env=env, encoding="utf-8", timeout=900,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    checker = doctest.OutputChecker()
    assert checker.check_output(expected, done.stdout, LOOSE), f"{command}\n{done.stdout}"


def test_what_is_named_exists():
    from infodyn.cli import COMMANDS
    from theory.laws import parse_law
    from theory.processes import parse_process

    assert set(re.findall(r"(?:`|\$ |\()infodyn ([a-z-]+)", README)) <= set(COMMANDS)
    tour = README.partition("**Laws**")[2].partition("**Places**")[0]
    laws, _, processes = tour.partition("**Processes**")
    for text in re.findall(r"`((?:deltas|gaussian|mixture)\([^`]*\))`", laws):
        parse_law(text)
    for text in re.findall(r"`([a-z]+(?:\([^`]*\))?)`", processes):
        if not text.startswith("linear"):
            parse_process(text)


def test_no_place_of_this_machine_is_named():
    assert not re.search(r"/(work|tmp|home|root|Users)/", README)


def test_the_citation_has_what_its_format_asks_for():
    text = (Path(__file__).resolve().parents[2] / "CITATION.cff").read_text(encoding="utf-8")
    keys = re.findall(r"^([a-z-]+):", text, re.MULTILINE)
    assert {"cff-version", "title", "message", "authors", "version", "license"} <= set(keys)
    assert len(keys) == len(set(keys))
    assert f"\nversion: {idn.__version__}\n" in text
    assert "arXiv:2508.19897" in text
