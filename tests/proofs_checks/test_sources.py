"""The digest of a reading covers every file that really runs, and changes with any of them and with nothing else."""

import os
import py_compile
import sys
import time
from pathlib import Path

import pytest

from proofs_checks import campaign_property, registry
from proofs_checks.assess import Options, find
from proofs_checks.evidence import Kind
from proofs_checks.readings import READINGS
from proofs_checks.sources import HOME, Sources, SourcesError

CHEAP = {
    Kind.PROOF: ("entropy.kernel_rate", "bif.critical_sigma"),
    Kind.ENCLOSURE: ("score.tweedie", "bif.critical_sigma", "entropy.peak_at_critical"),
    Kind.PROPERTY: ("score.tweedie",),
    Kind.SIMULATION: ("score.tweedie",),
    Kind.MUTANTS: ("score.tweedie",),
}
SETTING_UP = {HOME / "proofs_checks" / name for name in ("assess.py", "readings.py")}


def _files_run(work):
    """The files of the rooms in which some function was called or some module was executed."""
    seen = set()

    def note(frame, event, argument):
        if event == "call":
            seen.add(frame.f_code.co_filename)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    rooms = {str(HOME / room) for room in ("theory", "numerics", "proofs_checks", "infodyn")}
    return {Path(f) for f in seen if any(f.startswith(room + os.sep) for room in rooms)} - SETTING_UP


@pytest.mark.parametrize("kind", list(Kind))
def test_every_file_that_a_reading_runs_is_in_its_digest(kind, monkeypatch):
    monkeypatch.setattr(campaign_property, "EXAMPLES", {"field": 4, "number": 4})  # profiling is slow
    files, libraries = Sources().closure(*READINGS[kind].modules)
    options = Options(kinds=frozenset({kind}), one_node_edits=False, digits=6)
    claims = [registry.find(id) for id in CHEAP[kind]]
    ran = _files_run(lambda: [find(claim, options) for claim in claims])
    assert len(ran) > 5
    assert ran <= files
    ours = {name.split(".")[0] for name in sys.modules} & {"flint", "sympy", "numpy", "scipy", "mpmath", "hypothesis"}
    assert libraries & ours or kind is Kind.PROOF


def test_modules_that_an_import_statement_names_are_what_python_loads():
    """A fresh interpreter that imports a judge loads nothing of the rooms that its closure does not name."""
    import subprocess

    for kind in (Kind.PROOF, Kind.SIMULATION):
        reading = READINGS[kind]
        show = "print(*[getattr(m, '__file__', None) or '' for m in sys.modules.values()], sep='\\n')"
        script = f"import sys, {reading.modules[0]}\n{show}"
        env = {**os.environ, "PYTHONPATH": str(HOME)}
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=env)
        loaded = {Path(line) for line in done.stdout.splitlines()}
        ours = {
            p
            for p in loaded
            if p.is_relative_to(HOME)
            and p.relative_to(HOME).parts[0] in ("theory", "numerics", "proofs_checks", "infodyn")
        }
        assert ours <= Sources().closure(*reading.modules)[0], kind


@pytest.fixture
def rooms(tmp_path):
    """A small house: judge -> (lazily) tools -> deep; face beside it."""
    files = {
        "proofs_checks/__init__.py": "",
        "proofs_checks/judge.py": "def judge():\n    from numerics import tools\n    import numpy\n",
        "proofs_checks/other.py": "from . import judge\n",
        "proofs_checks/dynamic.py": "import importlib\nm = importlib.import_module('in' + 'fodyn.face')\n",
        "numerics/__init__.py": "",
        "numerics/tools.py": "if True:\n    from theory.language import deep\n",
        "theory/__init__.py": "",
        "theory/language/__init__.py": "",
        "theory/language/deep.py": "X = 1\n",
        "infodyn/__init__.py": "",
        "infodyn/face.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_lazy_relative_and_nested_imports_are_followed(rooms):
    files, libraries = Sources(rooms).closure("proofs_checks.other")
    names = {p.relative_to(rooms).as_posix() for p in files}
    assert {"proofs_checks/judge.py", "numerics/tools.py", "theory/language/deep.py", "theory/__init__.py"} <= names
    assert "infodyn/face.py" not in names
    assert "numpy" in libraries


def test_a_module_that_imports_by_computed_names_may_import_anything(rooms):
    names = {p.relative_to(rooms).as_posix() for p in Sources(rooms).closure("proofs_checks.dynamic")[0]}
    assert {"infodyn/face.py", "theory/language/deep.py"} <= names


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("theory/language/deep.py", True),
        ("theory/language/__init__.py", True),
        ("theory/language/table.csv", True),
        ("proofs_checks/judge.py", True),
        ("infodyn/face.py", False),
        ("proofs_checks/dynamic.py", False),
    ],
)
def test_a_digest_changes_with_its_own_files_only(rooms, name, changes):
    before = Sources(rooms).digest("proofs_checks.judge")
    assert Sources(rooms).digest("proofs_checks.judge") == before
    path = rooms / name
    path.write_text((path.read_text() if path.exists() else "") + "# edited\n")
    assert (Sources(rooms).digest("proofs_checks.judge") != before) is changes


def test_a_library_or_python_of_another_version_changes_the_digest(rooms, monkeypatch):
    from proofs_checks import sources

    before = Sources(rooms).digest("proofs_checks.judge")
    monkeypatch.setattr(sources, "_version", lambda library: "99")
    changed = Sources(rooms).digest("proofs_checks.judge")
    monkeypatch.setattr(sources, "_platform", lambda: "cpython 9.9")
    assert len({before, changed, Sources(rooms).digest("proofs_checks.judge")}) == 3


def test_a_file_changed_while_the_program_runs_is_noticed(rooms, monkeypatch):
    from proofs_checks import sources

    monkeypatch.setattr(sources, "_began", lambda: time.time() + 1)
    found = Sources(rooms)
    found.digest("proofs_checks.judge")
    assert found.changed() is None
    deep = rooms / "theory/language/deep.py"
    old = deep.stat()
    deep.write_text("X = 2\n")
    os.utime(deep, ns=(old.st_atime_ns, old.st_mtime_ns))  # the same size, and an old date
    assert found.changed() == deep


def test_a_file_written_after_the_program_began_is_not_trusted(rooms):
    """It may have been imported before it was written."""
    found = Sources(rooms)
    found.digest("proofs_checks.judge")
    assert found.changed() is not None


def test_a_missing_or_unreadable_source_is_said(rooms):
    with pytest.raises(SourcesError, match="no_such"):
        Sources(rooms).digest("proofs_checks.no_such")
    (rooms / "numerics/tools.py").write_text("def broken(:\n")
    with pytest.raises(SourcesError, match=r"tools\.py"):
        Sources(rooms).digest("proofs_checks.judge")


def test_a_compiled_file_that_python_wrongly_takes_for_current_is_noticed(rooms):
    """An edit of the same size in the same second: Python would run the old sign, the digest would be of the new."""
    deep = rooms / "theory/language/deep.py"
    deep.write_text("X = 1 + 2\n")
    py_compile.compile(str(deep), doraise=True)
    old = deep.stat()
    found = Sources(rooms)
    found.digest("proofs_checks.judge")
    assert found.outdated() is None
    deep.write_text("X = 1 - 2\n")
    os.utime(deep, ns=(old.st_atime_ns, old.st_mtime_ns))
    found = Sources(rooms)
    found.digest("proofs_checks.judge")
    assert found.outdated() == deep
    py_compile.compile(str(deep), doraise=True)
    assert found.outdated() is None
    deep.write_text("X = 100 - 2\n")  # another size: Python sees it
    found = Sources(rooms)
    found.digest("proofs_checks.judge")
    assert found.outdated() is None


def test_a_package_beside_a_module_of_its_name_is_what_python_loads(rooms):
    before = Sources(rooms).digest("proofs_checks.judge")
    (rooms / "numerics/tools").mkdir()
    (rooms / "numerics/tools/__init__.py").write_text("judge = lambda: True\n")
    assert Sources(rooms).digest("proofs_checks.judge") != before
    before = Sources(rooms).digest("proofs_checks.judge")
    (rooms / "numerics/tools/__init__.cpython-311-x86_64-linux-gnu.so").write_bytes(b"compiled")
    assert Sources(rooms).digest("proofs_checks.judge") != before


def test_a_renamed_dynamic_import_is_one_too(rooms):
    renamed = "from importlib import import_module as load\nm = load('in' + 'fodyn.face')\n"
    (rooms / "proofs_checks/dynamic.py").write_text(renamed)
    names = {p.relative_to(rooms).as_posix() for p in Sources(rooms).closure("proofs_checks.dynamic")[0]}
    assert "infodyn/face.py" in names
