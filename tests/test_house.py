"""The walls of the house that import-linter does not see."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
ROOMS = ("theory", "numerics", "proofs_checks", "infodyn")
FILES = [path for room in ROOMS for path in sorted((HOME / room).rglob("*.py"))]


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def calls(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def test_balls_have_one_door():
    users = {str(p.relative_to(HOME)) for p in FILES if "flint" in imports(p)}
    assert {u for u in users if not u.startswith("theory/search/")} == {"numerics/balls.py"}


def test_sympy_stays_where_closed_forms_are_derived():
    users = {str(p.relative_to(HOME)) for p in FILES if "sympy" in imports(p)}
    assert all(u.startswith(("theory/closed_forms/", "theory/sympy_bridge.py", "theory/search/")) for u in users)


@pytest.mark.parametrize("path", FILES, ids=[str(p.relative_to(HOME)) for p in FILES])
def test_nothing_evaluates_foreign_text(path):
    forbidden = {"eval", "exec", "sympify", "parse_expr", "parse_latex", "lambdify", "simplify", "nsimplify"}
    assert not set(calls(path)) & forbidden


def test_no_claim_has_a_function_of_its_own_in_a_judge():
    from proofs_checks.registry import load

    judges = [p for p in FILES if p.name.startswith(("judge_", "campaign_")) or "numerics" in p.parts]
    for path in judges:
        text = path.read_text(encoding="utf-8")
        named = [id for id in load() if f'"{id}"' in text]
        assert not named or {"quantities", "landscape", "line", "space", "sweeps", "peaks"} & {*path.parts}, path


def lines_of_code(path):
    """Lines that hold code: no comments, docstrings or blank lines."""
    text = path.read_text(encoding="utf-8")
    prose = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    layout = {
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER
    }  # fmt: skip
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in layout]
    return len({line for t in tokens for line in range(t.start[0], t.end[0] + 1)} - prose)


def test_the_readme_prints_the_size_of_what_has_to_be_trusted():
    table = (HOME / "README.md").read_text(encoding="utf-8")
    stated = dict(re.findall(r"^\| `(theory/[a-z/]+)` \|.*\| ([0-9,]+) \|$", table, re.M))
    rooms = ("", "/index", "/component", "/words", "/witness")
    assert set(stated) >= {"theory/language", *(f"theory/kernel{room}" for room in rooms)}
    for room, size in stated.items():
        counted = sum(map(lines_of_code, (HOME / room).glob("*.py")))
        assert abs(counted - int(size.replace(",", ""))) <= 30, (room, counted)
