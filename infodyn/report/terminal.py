"""The terminal: a progress bar on stderr, tables and sentences on stdout. Colour comes after text and shape."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress
from rich.table import Table

from proofs_checks.assess import Assessment
from proofs_checks.claim import Claim
from proofs_checks.evidence import Evidence, Kind, MutantResult, Outcome
from proofs_checks.verdict import Verdict
from proofs_checks.verify import Report
from theory.typeset import text

MARK = {
    Verdict.VERIFIED: ("✓", "green"), Verdict.REFUTED: ("✗", "red"), Verdict.CONFLICT: ("!", "bold red"),
    Verdict.UNDECIDED: ("?", "yellow"), Verdict.NOT_ASSESSED: ("–", "dim"),
}  # fmt: skip
SHORT = {
    Outcome.PROVED: "proved", Outcome.ENCLOSED: "enclosed", Outcome.CONSISTENT: "consistent",
    Outcome.REFUTED: "refuted", Outcome.UNDECIDED: "undecided", Outcome.NOT_APPLICABLE: "–",
}  # fmt: skip


def _console() -> Console:
    return Console(
        file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 160
    )


class Progress:
    """A live bar on stderr when that is a terminal; silent when piped."""

    def __init__(self, total: int) -> None:
        console = Console(stderr=True)
        self._bar = RichProgress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=console, transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("settling claims", total=total)

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def done(self, assessment: Assessment) -> None:
        """One claim is finished."""
        self._bar.update(self._task, advance=1, description=f"{assessment.id}: {assessment.ruling.verdict.value}")


def _verdict(verdict: Verdict, expected: str) -> str:
    mark, colour = MARK[verdict]
    if expected == "refuted" and verdict is Verdict.REFUTED:
        colour = "green"
    return f"[{colour}]{mark} {verdict.value}[/]"


def _summary_of(evidence: Iterable[Evidence], kind: Kind) -> str:
    """The outcomes of one kind over the statements: 'proved 3', 'enclosed 2, undecided 1'."""
    counts: dict[str, int] = {}
    for e in evidence:
        if e.kind is kind and e.outcome is not Outcome.NOT_APPLICABLE:
            counts[SHORT[e.outcome]] = counts.get(SHORT[e.outcome], 0) + 1
        elif e.kind is kind and e.by_definition:
            counts["by definition"] = counts.get("by definition", 0) + 1
    return ", ".join(f"{word} {n}" for word, n in counts.items()) or "–"


def _mutant_counts(mutants: Sequence[MutantResult]) -> str:
    if not mutants:
        return "–"
    status = [m.status for m in mutants]
    parts = [f"{status.count('refuted')}/{len(status)} refuted"]
    parts += [f"{status.count(word)} {word}" for word in ("equivalent", "survived") if word in status]
    return ", ".join(parts)


def write_report(report: Report) -> None:
    """The closing table of a run and everything that is not as it should be."""
    console = _console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("claim", "verdict", "algebra", "balls", "property", "paths", "mutants", "s"):
        table.add_column(column, justify="right" if column == "s" else "left", no_wrap=column in ("claim", "verdict"))
    chapter = ""
    for a in report.assessments:
        if a.chapter != chapter:
            chapter = a.chapter
            table.add_row(f"[bold]{a.group}  {escape(chapter)}[/]")
        kinds = (Kind.PROOF, Kind.ENCLOSURE, Kind.PROPERTY, Kind.SIMULATION)
        cells = [_summary_of(a.evidence, kind) for kind in kinds]
        name = a.id + (" (folklore)" if a.expected == "refuted" else "")
        table.add_row(
            f"  {name}", _verdict(a.ruling.verdict, a.expected), *cells, _mutant_counts(a.mutants), f"{a.seconds:.1f}"
        )
    console.print(table)
    for a in report.assessments:
        if a.expected == "refuted" and a.ruling.verdict is Verdict.REFUTED:
            console.print(
                f"\n{a.id}: refuted, as expected. {escape(a.ruling.reason)}\n  What holds: {escape(a.correction)}"
            )
        elif not a.as_expected:
            console.print(f"\n{_verdict(a.ruling.verdict, a.expected)} {a.id}: {escape(a.ruling.reason)}")
        for m in a.mutants:
            if m.status == "survived":
                console.print(f"  surviving mutant '{escape(m.name)}': {escape(m.text)}")
    _closing(console, report)


def _closing(console: Console, report: Report) -> None:
    mutants = [m for a in report.assessments for m in a.mutants]
    by: dict[str, int] = {}
    for m in mutants:
        if m.by:
            by[m.by[0]] = by.get(m.by[0], 0) + 1
    total, good = len(report.assessments), sum(a.as_expected for a in report.assessments)
    counts = ", ".join(
        f"{report.count(verdict)} {word}"
        for verdict, word in (
            (Verdict.VERIFIED, "verified"), (Verdict.REFUTED, "refuted"), (Verdict.UNDECIDED, "undecided"),
            (Verdict.CONFLICT, "in conflict"), (Verdict.NOT_ASSESSED, "not assessed"),
        )
    )  # fmt: skip
    console.print(f"\n{good} of {total} claims as expected: {counts}.")
    if mutants:
        cheapest = ", ".join(f"{kind} {n}" for kind, n in sorted(by.items(), key=lambda item: -item[1]))
        console.print(f"{_mutant_counts(mutants)} mutants; by the first judge that refuted them: {cheapest}.")
    state = {
        "absent": "no ledger here; write one with --update-ledger",
        "unchanged": "agrees with the ledger",
        "new": "agrees with the ledger, which does not know every claim yet",
        "regression": "regressions",
    }
    console.print(f"Ledger: {state[report.ledger.status]}. Seed {report.seed}, {report.seconds:.1f} s.")
    for sentence in report.ledger.regressions:
        console.print(f"  regression: {escape(sentence)}")
    if report.interrupted:
        console.print("[yellow]Interrupted: only finished claims are shown; nothing was written.[/]")


def write_catalogue(claims: Sequence[Claim]) -> None:
    """The list of claims, chapter by chapter."""
    console, chapter = _console(), ""
    for c in claims:
        if c.chapter != chapter:
            chapter = c.chapter
            console.print(f"\n[bold]{c.group}  {escape(chapter)}[/]")
        console.print(f"  {c.id:32s} {escape(c.title)}")


def write_mutants(report: Report) -> None:
    """Every mutant with what refuted it."""
    console = _console()
    for a in report.assessments:
        console.print(f"\n[bold]{a.id}[/]  {_mutant_counts(a.mutants)}")
        for m in a.mutants:
            fate = f"refuted by {', '.join(m.by)}" if m.by else m.status
            console.print(f"  {'*' if m.authored else ' '} {escape(m.text)}\n      {escape(m.name)}: {escape(fate)}")
            if m.witness:
                console.print(f"      [dim]{escape(m.witness)}[/]")
    _closing(console, report)


def write_claim(claim: Claim, a: Assessment) -> None:
    """One claim with everything known about it."""
    console = _console()
    console.print(f"[bold]{a.id}[/]  {escape(claim.title)}")
    console.print(f"{_verdict(a.ruling.verdict, a.expected)}  {escape(a.ruling.reason)}")
    console.print(f"source: {escape(str(claim.source))}")
    console.print(f"setting: {escape(text.setting_text(claim.setting))}")
    if claim.correction:
        console.print(f"what holds: {escape(claim.correction)}")
    for s in a.statements:
        console.print(f"\n[bold]{escape(s.name)}[/]   {escape(s.text)}")
        for e in (e for e in a.evidence if e.statement == s.name):
            word = "BY DEFINITION" if e.by_definition else e.outcome.value
            about = "; ".join(part for part in (e.scope, e.detail) if part)
            console.print(f"  {e.kind.value:11s} {word:14s} {escape(about)}  [dim]{e.seconds:.2f} s[/]")
            for key, figure in sorted(e.figures.items()):
                console.print(f"      {escape(key)}: {escape(figure)}")
    if a.hypotheses:
        console.print("\nhypotheses")
        for h in a.hypotheses:
            console.print(f"  {escape(h.name)}: {h.status}, {escape(h.by)}")
    if a.mutants:
        console.print(f"\nmutants: {_mutant_counts(a.mutants)} (see 'infodyn mutants {a.id}')")
