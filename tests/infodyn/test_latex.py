"""The LaTeX document: complete, escaped, written whole or not at all. Compiling it is ``make test-latex``."""

import os
import re
from dataclasses import replace

import pytest

from infodyn.cli import main
from infodyn.commands.latex import OutputError, write
from infodyn.report.latex import document
from infodyn.report.latex_notation import notation_rows
from infodyn.report.tex import ball, breakable, escaped, formula, prose
from proofs_checks.assess import Options, assess
from proofs_checks.evidence import Kind, MutantResult
from proofs_checks.registry import find, load
from proofs_checks.verdict import Ruling, Verdict


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*args):
        with pytest.raises(SystemExit) as stop:
            main(list(args))
        out, err = capsys.readouterr()
        return stop.value.code, out, err

    return call


@pytest.fixture(scope="module")
def bandwidth():
    return document([find("entropy.conditional_rate"), find("entropy.peak_at_critical")], {})


def balanced(text):
    """Whether braces match, and every environment that begins ends."""
    depth = 0
    for sign in re.sub(r"\\[{}\\]", "", text):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth < 0:
            return False
    begun, ended = (re.findall(rf"\\{word}\{{(\w+)\}}", text) for word in ("begin", "end"))
    return depth == 0 and sorted(begun) == sorted(ended)


def test_a_document_is_whole_and_ascii(bandwidth):
    assert bandwidth.startswith(r"\documentclass")
    assert bandwidth.rstrip().endswith(r"\end{document}")
    assert bandwidth.isascii()
    assert balanced(bandwidth)


def test_it_holds_definitions_statements_derivations_and_sources(bandwidth):
    assert r"H(X_0 \mid X_t) = \mathbb{E}[-\log P(X_0 \mid x)]" in bandwidth
    assert r"\frac{d}{dt} H(X_0 \mid X_t) = \frac{g^{2}}{2}" in bandwidth
    assert r"\mathbb{E}[\nabla\cdot V + V \cdot \nabla\log k(x \mid X_0)] = 0" in bandwidth
    assert "not assessed" in bandwidth
    keys = set(re.findall(r"\\cite(?:\[[^]]*\])?\{([^}]*)\}", bandwidth))
    assert keys
    assert keys == set(re.findall(r"\\bibitem\{([^}]*)\}", bandwidth))
    assert re.search(r"\\lead\{What holds\}.*0\.6438", bandwidth)


def test_every_claim_finds_its_place():
    claims = [c for c in load().values() if not c.needs][:6]
    text = document(claims, {})
    labels = re.findall(r"\\label\{(claim:[^}]*)\}", text)
    assert len(labels) == len(set(labels)) == len(claims)


def test_every_notation_of_the_catalogue_has_a_definition():
    rows = notation_rows(list(load().values()))
    assert len({row.formula.partition(" = ")[0] for row in rows}) == len(rows) > 15
    assert all(left.strip() != right.strip() for left, _, right in (row.formula.partition(" = ") for row in rows))


def test_verdicts_figures_and_near_misses_of_a_run_are_told():
    claim = find("score.tweedie")
    found = assess(claim, Options(kinds=frozenset({Kind.PROOF, Kind.ENCLOSURE})))
    near = MutantResult("no half & more", "score", "", "refuted", ("proof",))
    told = replace(found, ruling=Ruling(Verdict.VERIFIED, ""), mutants=(near, replace(near, authored=False)))
    text = document([claim], {claim.id: told})
    assert r"\textcolor{good}{verified}" in text
    assert r"2 of 2 refuted (2 by proof); among them: no half \& more." in text
    assert r"\route{Algebra:} proved for every dimension D" in text
    assert re.search(r"T3: left \[?\$-?\d+\.\d+ \\pm ", text)
    assert "discharged" in text
    survivor = replace(found, ruling=Ruling(Verdict.UNDECIDED, ""), mutants=(replace(near, status="survived", by=()),))
    text = document([claim], {claim.id: survivor})
    assert r"\textcolor{bad}{undecided}" in text
    assert "1 survived" in text


@pytest.mark.parametrize(
    ("raw", "tex"),
    [
        ("50 % of a_b & c#d {x} $", r"50 \% of a\_b \& c\#d \{x\} \$"), ("g²·∇", r"g$^{2}$$\cdot$$\nabla$"),
        ("\\input{x}", r"\textbackslash{}input\{x\}"), ("x^2 ~ y", r"x\textasciicircum{}2 \textasciitilde{} y"),
        ("Itô, Cramér–Rao", r"It\^{o}, Cram\'{e}r--Rao"), ("σ ≥ α", r"$\sigma$ $\ge$ $\alpha$"), ("a\nb", "a b"),
        ("漢", "[cjk unified ideograph-6f22]"), ("a < b | c", r"a $<$ b \textbar{} c"),
    ],
)  # fmt: skip
def test_any_text_becomes_text(raw, tex):
    assert escaped(raw) == tex
    assert escaped(raw).isascii()


def test_prose_shows_names_as_signs_and_balls_as_formulas():
    assert prose("at sigma = 1") == r"at $\sigma$ = 1"
    assert prose("0.31 +/- 2.9e-18 at T3") == r"$0.31 \pm 2.9 \cdot 10^{-18}$ at T3"
    assert ball("no ball") == "no ball"


def test_long_formulas_get_fences_that_break():
    tall = r"\left(\frac{a}{b}\right) + \left\|x\right\|^2 + \left.s\right|_{x=0} \leftarrow"
    assert breakable(tall) == r"\Bigl(\frac{a}{b}\Bigr) + \lVert x \rVert^2 + \Bigl.s\Bigr|_{x=0} \leftarrow"
    assert r"\left(" in formula(tall)


# -- the command -----------------------------------------------------------------------------------------------------
def test_the_command_writes_to_stdout_or_to_a_file(run, tmp_path):
    code, out, err = run("latex", "score.tweedie", "--no-verdicts")
    assert (code, err) == (0, "")
    assert out.startswith(r"\documentclass")
    code, nothing, err = run("latex", "score.tweedie", "--no-verdicts", "-o", "t.tex")
    assert (code, nothing) == (0, "")
    assert (tmp_path / "t.tex").read_text() == out
    assert [p.name for p in tmp_path.iterdir()] == ["t.tex"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("-o", "nowhere/t.tex"), ("no folder nowhere", "make it first")),
        (("-o", "."), ("is a folder", "name a file")),
        (("no.such.claim",), ("no claim",)), (("--jobs", "0"), ("--jobs",)),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_and_loses_nothing(run, tmp_path, args, words):
    code, out, err = run("latex", *args, "--no-verdicts")
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert all(word in err for word in words), err
    assert not any(tmp_path.iterdir())


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "t.tex"
    path.write_text("old")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["t.tex"]
