"""The trusted rooms stand on the standard library and on each other, and compute with exact numbers only."""

import ast
import sys
from pathlib import Path

import pytest

import theory.kernel
import theory.language

ROOMS = {"theory.language": theory.language, "theory.kernel": theory.kernel}
FILES = [(room, path) for room, module in ROOMS.items() for path in sorted(Path(module.__path__[0]).rglob("*.py"))]
ALLOWED = {"theory.language": ("theory.language",), "theory.kernel": ("theory.language", "theory.kernel")}


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield str(node.module)


@pytest.mark.parametrize(("room", "path"), FILES, ids=lambda v: v.name if isinstance(v, Path) else v)
def test_only_the_standard_library_and_trusted_rooms(room, path):
    for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
        outside = not name.startswith("theory")
        assert (outside and name.split(".")[0] in sys.stdlib_module_names) or name.startswith(ALLOWED[room]), name


@pytest.mark.parametrize(("room", "path"), FILES, ids=lambda v: v.name if isinstance(v, Path) else v)
def test_no_floats_no_evaluation_of_text_no_randomness(room, path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    assert not names & {"eval", "exec", "compile", "__import__", "random"}, path.name
    assert not [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, float)]
