"""What a person reads: it fits, says what is wrong first and what to do, and needs neither colour nor Unicode."""

import io
import json
import sys
from dataclasses import replace

import pytest

from infodyn.cli import main
from infodyn.report import terminal
from infodyn.report.claim_page import digits_agreed, split_figures
from infodyn.report.progress import Progress
from infodyn.report.symbols import unicode_text
from infodyn.report.tallies import support, tally
from proofs_checks import registry, verify
from proofs_checks.assess import Options
from proofs_checks.evidence import Kind, MutantResult, Outcome
from proofs_checks.ledger import Comparison
from proofs_checks.verdict import Ruling, Verdict

IDS = ("fwd.schedule_identity", "entropy.peak_at_critical")


@pytest.fixture(scope="module")
def report():
    """Two claims that are judged in seconds, one of them folklore."""
    return verify.run([registry.find(id) for id in IDS], Options())


def written(capsys, monkeypatch, what, *args, columns=100):
    monkeypatch.setenv("COLUMNS", str(columns))
    what(*args)
    return capsys.readouterr().out


def spoiled(report, **changes):
    """The report with its first claim changed."""
    first, *rest = report.assessments
    return replace(report, assessments=(replace(first, **changes), *rest))


# -- the closing page --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("columns", [80, 100, 160])
def test_pages_fit_and_nothing_trails(report, capsys, monkeypatch, columns):
    claim = registry.find(IDS[0])
    text = written(capsys, monkeypatch, terminal.write_report, report, columns=columns)
    text += written(capsys, monkeypatch, terminal.write_claim, claim, report.assessments[0], {}, columns=columns)
    text += written(capsys, monkeypatch, terminal.write_mutants, report, columns=columns)
    text += written(capsys, monkeypatch, terminal.write_catalogue, list(registry.load().values()), columns=columns)
    lines = text.splitlines()
    assert max(map(len, lines)) <= columns
    assert not [line for line in lines if line != line.rstrip()]
    assert "…" not in text
    assert "\x1b" not in text


def test_every_claim_has_its_line_and_every_chapter_its_sums(report, capsys, monkeypatch):
    text = written(capsys, monkeypatch, terminal.write_report, report)
    assert f"✓ {IDS[0]}" in text
    assert f"✗ {IDS[1]}" in text
    assert "2 of 2 claims as expected: 1 verified, 1 refuted." in text
    assert "what holds: The peak depends on the clock" in text
    assert "Not as expected" not in text
    chapter = next(line for line in text.splitlines() if line.startswith("A Forward process"))
    assert chapter.split()[-10:-6] == ["marginals", "1", "3", "3"]


def test_counts_are_of_statements_that_should_hold(report):
    counts = tally(report.assessments)
    assert (counts.claims, counts.statements, counts.proved, counts.enclosed, counts.simulated) == (2, 3, 3, 3, 0)
    assert counts.proved_everywhere == 3
    assert (counts.folklore, counts.folklore_refuted) == (1, 1)
    assert counts.mutants_refuted == counts.mutants - counts.mutants_equivalent > 40


def test_what_is_wrong_comes_with_its_reason_and_the_next_step(report, capsys, monkeypatch):
    ruling = Ruling(Verdict.UNDECIDED, "sigma: supported only by algebra")
    text = written(capsys, monkeypatch, terminal.write_report, spoiled(report, ruling=ruling))
    wrong = text.partition("Not as expected")[2]
    assert "? UNDECIDED  fwd.schedule_identity" in wrong
    assert "supported only by algebra" in wrong
    assert "next: infodyn show fwd.schedule_identity" in wrong
    assert wrong.index("next:") < wrong.index("Folklore")
    assert "1 of 2 claims as expected: 1 refuted, 1 undecided." in text


def test_survivors_regressions_and_defects_are_told(report, capsys, monkeypatch):
    survivor = MutantResult("no half", "sigma", "g^2 = 2 sigma", "survived")
    changed = replace(
        spoiled(report, mutants=(survivor,), ruling=Ruling(Verdict.UNDECIDED, "mutants not refuted: no half")),
        ledger=Comparison("regression", ("fwd.schedule_identity: the verdict fell from VERIFIED to UNDECIDED",)),
    )
    text = written(capsys, monkeypatch, terminal.write_report, changed)
    assert "it survived: g² = 2 σ" in text
    assert "regression: fwd.schedule_identity: the verdict fell" in text
    assert "--update-ledger" in text
    broken = spoiled(report, error="internal error: KeyError()", ruling=Ruling(Verdict.UNDECIDED, "internal error"))
    assert "a defect of the program" in written(capsys, monkeypatch, terminal.write_report, broken)
    torn = spoiled(report, ruling=Ruling(Verdict.CONFLICT, "sigma: algebra accepted what balls refuted"))
    assert "one of two judges is wrong" in written(capsys, monkeypatch, terminal.write_report, torn)


def test_reused_evidence_is_told(report, capsys, monkeypatch):
    kept = tuple(replace(e, reused=True) for e in report.assessments[0].evidence)
    text = written(capsys, monkeypatch, terminal.write_report, spoiled(report, evidence=kept))
    assert "Evidence of 1 claim reused from the cache, 1 judged anew; --fresh judges all." in text


def test_undecided_evidence_never_looks_like_support(report):
    first = report.assessments[0]
    unsure = tuple(
        replace(e, outcome=Outcome.UNDECIDED) if e.kind is Kind.ENCLOSURE and e.statement == "sigma" else e
        for e in first.evidence
    )
    assert support(first, Kind.ENCLOSURE) == "3/3"
    assert support(replace(first, evidence=unsure), Kind.ENCLOSURE) == "2/3?"
    floats = tuple(replace(e, outcome=Outcome.CONSISTENT) if e.kind is Kind.ENCLOSURE else e for e in first.evidence)
    assert support(replace(first, evidence=floats), Kind.ENCLOSURE) == "0/3?"
    assert tally([replace(first, evidence=floats)]).enclosed == 0
    assert support(report.assessments[1], Kind.ENCLOSURE) == "refuted"
    assert support(report.assessments[1], Kind.PROOF) == "-"


def test_an_empty_interrupted_report_is_a_page_too(report, capsys, monkeypatch):
    text = written(capsys, monkeypatch, terminal.write_report, replace(report, assessments=(), interrupted=True))
    assert "Interrupted" in text


# -- one claim ---------------------------------------------------------------------------------------------------------
def test_the_page_of_a_claim_has_every_figure(report, capsys, monkeypatch):
    claim, a = registry.find(IDS[0]), report.assessments[0]
    text = written(capsys, monkeypatch, terminal.write_claim, claim, a, registry.load())
    for e in a.evidence:
        for figure in e.figures.values():
            assert figure == "0" or unicode_text(figure) in text
    assert str(claim.source) in text
    assert "every dimension D" in text
    assert all(name in text for name in claim.statements)
    assert "g² = 2 σ ∂ₜ σ" in text
    assert f"infodyn mutants {claim.id}" in text


def test_sides_stand_above_each_other_and_digits_are_told(report, capsys, monkeypatch):
    text = written(capsys, monkeypatch, terminal.write_claim, registry.find(IDS[0]), report.assessments[0], {})
    left = next(n for n, line in enumerate(text.splitlines()) if "left" in line)
    above, below = text.splitlines()[left : left + 2]
    assert above.index("left") == below.index("right")
    assert above.rstrip().endswith("digits agree")
    assert digits_agreed("digits: 17 at T3, 18 at T1w, 3 at T5", "T1w") == "18"
    assert digits_agreed("digits: 64 at mu=2, S=1, sigma=9/10, 5 at T1", "mu=2, S=1, sigma=9/10") == "64"
    assert digits_agreed("one zero", "T3") == ""
    sides, rest = split_figures({"T3: left": "1", "T3: right": "2", "at": "3"})
    assert (sides, rest) == ({"T3": {"left": "1", "right": "2"}}, {"at": "3"})


def test_show_as_json_holds_what_the_page_shows(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["show", IDS[1], "--json"])
    record = json.loads(capsys.readouterr().out)["claim"]
    assert stop.value.code == 0
    assert (record["id"], record["verdict"], record["expected"]) == (IDS[1], "REFUTED", "refuted")
    assert set(record) >= {"source", "setting", "needs", "needed_by", "derivations", "mutant_results", "evidence"}


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with a ledger that knows one claim."""
    entry = {"verdict": "VERIFIED", "statements": {}, "enclosures": {}}
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "ledger.json").write_text(json.dumps({"version": 1, "claims": {IDS[0]: entry}}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(capsys, *args):
    with pytest.raises(SystemExit) as stop:
        main(["list", *args])
    assert stop.value.code == 0
    return capsys.readouterr()


def test_list_knows_the_ledger(capsys, desk):
    text = listed(capsys).out
    assert f"✓ {IDS[0]}" in text
    assert f"  {IDS[1]}" in text
    assert "folklore" in text


def test_list_does_without_a_ledger(capsys, desk):
    (desk / "ledger.json").write_text("{")
    text, err = listed(capsys)
    assert IDS[0] in text
    assert "not a readable ledger" in err
    (desk / "ledger.json").unlink()
    assert "No ledger here" in listed(capsys).out


# -- screens -----------------------------------------------------------------------------------------------------------
def test_a_screen_without_unicode_gets_plain_text(report, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    terminal.write_report(report)
    terminal.write_claim(registry.find(IDS[0]), report.assessments[0], {})
    stream.flush()
    text = stream.buffer.getvalue().decode("ascii")
    assert f"+ {IDS[0]}" in text
    assert "g^2 = 2 sigma d_t sigma" in text


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_is_a_matter_of_choice(report, monkeypatch, variables, coloured):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **variables}.items():
        monkeypatch.setenv(name, value)
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    terminal.write_report(report)
    assert ("\x1b[32m" in screen.getvalue()) is coloured
    assert "VERIFIED" in screen.getvalue()


def test_no_color_is_an_option_of_every_command(monkeypatch, desk):
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    coloured = []
    for args in (["list"], ["list", "--no-color"], ["--no-color", "list"]):
        screen = Screen()
        monkeypatch.setattr(sys, "stdout", screen)
        with pytest.raises(SystemExit):
            main(args)
        assert f"{IDS[0]}" in screen.getvalue()
        coloured.append("\x1b[32m" in screen.getvalue())
    assert coloured == [True, False, False]


@pytest.mark.parametrize(
    ("terminal_kind", "is_terminal", "live"),
    [("xterm-256color", True, True), ("dumb", True, False), ("xterm-256color", False, False)],
)
def test_the_bar_lives_only_where_a_line_can_be_redrawn(report, monkeypatch, terminal_kind, is_terminal, live):
    screen = Screen() if is_terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", terminal_kind)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with Progress(2) as bar:
        bar.started(IDS[0])
        bar.done(report.assessments[0])
    assert bool(screen.getvalue()) is live
    if live:
        assert "1/2" in screen.getvalue()
        assert "schedule_identity" in screen.getvalue()


# -- signs -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("d/dt H(X0|Xt) = g^2/2 (D/sigma^2 + E[div s])", "d/dt H(X₀|Xₜ) = g²/2 (D/σ² + E[∇·s])"),
        ("d_t E[grad log p . x] <= ||A||_F^2", "∂ₜ E[∇log p · x] ≤ ‖A‖_F²"),
        ("alpha^10 x^(1/2) m^T", "α¹⁰ x^(1/2) mᵀ"),
        ("divergence of the sigmas at 10^-40", "divergence of the sigmas at 10^-40"),
        ("at --law 'gaussian(mu, sigma^2)', sigma = 1", "at --law 'gaussian(mu, sigma^2)', σ = 1"),
        ("alpha' = a alpha, (sigma^2)' = g^2, by Bayes' rule", "α' = a α, (σ²)' = g², by Bayes' rule"),
        ("-0.5 +/- 2.99e-18", "-0.5 ± 2.99e-18"),
    ],
)
def test_signs_change_and_nothing_else(plain, shown):
    assert unicode_text(plain) == shown


def test_misspelled_commands_and_claims_get_a_suggestion(capsys):
    for args, word in ((["verfy"], "did you mean verify?"), (["show", "score.tweedi"], "score.tweedie")):
        with pytest.raises(SystemExit) as stop:
            main(args)
        assert stop.value.code == 2
        assert word in capsys.readouterr().err


def test_alone_it_prints_its_help(capsys):
    with pytest.raises(SystemExit) as stop:
        main([])
    out, err = capsys.readouterr()
    assert (stop.value.code, err) == (0, "")
    assert "Commands:" in out
