"""The end of a run: a table by chapter, a line a claim, what is not as expected, and the sum of it all."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from infodyn.report.console import Page
from infodyn.report.tallies import Tally, first_refuters, mutant_counts, reused, support, tally
from proofs_checks.evidence import Kind, MutantResult
from proofs_checks.verdict import Verdict

if TYPE_CHECKING:
    from proofs_checks.assess import Assessment
    from proofs_checks.verify import Report

_KINDS = (Kind.PROOF, Kind.ENCLOSURE, Kind.PROPERTY, Kind.SIMULATION)
_LEDGER = {
    "absent": "there is none here; 'infodyn verify --update-ledger' writes one",
    "unchanged": "agrees",
    "new": "agrees, but does not know every claim yet (--update-ledger adds them)",
    "regression": "REGRESSIONS, listed above",
}


def write(report: Report) -> None:
    """The whole closing page of a run."""
    page = Page()
    if len(report.assessments) > 1:
        page.line(_by_chapter(page, report))
        page.line("[dim]proved, enclosed in balls, simulated on paths: counts of statements (folklore left out)[/]")
        page.line()
    if report.assessments:
        page.line(_by_claim(page, report))
    _unexpected(page, report)
    _folklore(page, report)
    write_sums(page, report)


def _table(page: Page, *heads: str) -> Table:
    """A table of numbers behind one column of names; when the screen is narrow only that one breaks its lines."""
    table = Table(box=None, pad_edge=False, padding=(0, 2 if page.width >= 90 else 1, 0, 0), header_style="bold")
    table.add_column(heads[0], overflow="fold")
    for head in heads[1:]:
        table.add_column(head, justify="left" if head == "verdict" else "right", no_wrap=True)
    return table


def _by_chapter(page: Page, report: Report) -> Table:
    table = _table(
        page, "\nchapter", "\nclaims", "state-\nments", "\nproved", "all D,\nall K", "en-\nclosed", "simu-\nlated",
        "mutants\nrefuted", "folk-\nlore", "\ns",
    )  # fmt: skip
    chapters = 0
    for (group, chapter), some in groupby(report.assessments, key=lambda a: (a.group, a.chapter)):
        table.add_row(f"{group} {escape(chapter)}", *_cells(tally(list(some))))
        chapters += 1
    if chapters > 1:
        table.add_row("[bold]all[/]", *(f"[bold]{cell}[/]" for cell in _cells(tally(report.assessments))))
    return table


def _cells(t: Tally) -> list[str]:
    def part(number: int, total: int) -> str:
        return f"{number}/{total}" if total else "-"

    return [
        str(t.claims), str(t.statements), str(t.proved), str(t.proved_everywhere), str(t.enclosed), str(t.simulated),
        part(t.mutants_refuted, t.mutants - t.mutants_equivalent), part(t.folklore_refuted, t.folklore),
        _seconds(t.seconds),
    ]  # fmt: skip


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f}" if seconds < 99.95 else f"{seconds:.0f}"


def _by_claim(page: Page, report: Report) -> Table:
    table = _table(page, "claim", "verdict", "proof", "balls", "random", "paths", "mutants", "s")
    for a in report.assessments:
        status = [m.status for m in a.mutants]
        mutants = f"{status.count('refuted')}/{len(status) - status.count('equivalent')}" if status else "-"
        cells = [support(a, kind) for kind in _KINDS]
        table.add_row(
            f"{page.mark(a.ruling.verdict, a.expected)} {a.id}",
            page.word(a.ruling.verdict, a.expected), *cells, mutants, _seconds(a.seconds),
        )  # fmt: skip
    return table


def _unexpected(page: Page, report: Report) -> None:
    wrong = [
        a for a in report.assessments
        if (not a.as_expected and a.ruling.verdict is not Verdict.NOT_ASSESSED) or _survivors(a)
    ]  # fmt: skip
    if not (wrong or report.ledger.regressions):
        return
    page.heading("Not as expected")
    for a in wrong:
        page.line(f"{page.verdict(a.ruling.verdict)}  [bold]{a.id}[/]{_wanted(a)}")
        page.line(page.maths(a.ruling.reason), indent=4)
        for m in _survivors(a):
            page.line(f"it survived: {page.maths(m.text)}", indent=4)
        page.line(f"next: {_remedy(a)}", indent=4)
    for sentence in report.ledger.regressions:
        page.line(f"regression: {escape(sentence)}")
    if report.ledger.regressions:
        page.line("next: undo the change, or accept it with 'infodyn verify --update-ledger'", indent=4)


def _survivors(a: Assessment) -> list[MutantResult]:
    return [m for m in a.mutants if m.status == "survived"]


def _wanted(a: Assessment) -> str:
    return " (folklore, which should have been refuted)" if a.expected == "refuted" else ""


def _remedy(a: Assessment) -> str:
    if a.error:
        return f"this is a defect of the program, not of the claim; 'infodyn verify {a.id} --fresh' tries again"
    if a.ruling.verdict is Verdict.CONFLICT:
        return f"one of two judges is wrong: 'infodyn show {a.id}' has both; please report it"
    return f"infodyn show {a.id}"


def _folklore(page: Page, report: Report) -> None:
    fallen = [a for a in report.assessments if a.expected == "refuted" and a.ruling.verdict is Verdict.REFUTED]
    if not fallen:
        return
    page.heading("Folklore, refuted as it should be")
    for a in fallen:
        page.line(f"{page.mark(a.ruling.verdict, a.expected)} {a.id}")
        page.line(page.maths(a.ruling.reason), indent=4)
        page.line(f"what holds: {page.maths(a.correction)}", indent=4)


def write_sums(page: Page, report: Report) -> None:
    """The summary sentences."""
    mutants = [m for a in report.assessments for m in a.mutants]
    total, good = len(report.assessments), sum(a.as_expected for a in report.assessments)
    words = (
        (Verdict.VERIFIED, "verified"), (Verdict.REFUTED, "refuted"), (Verdict.UNDECIDED, "undecided"),
        (Verdict.CONFLICT, "in conflict"), (Verdict.NOT_ASSESSED, "not assessed"),
    )  # fmt: skip
    counts = ", ".join(f"{report.count(verdict)} {word}" for verdict, word in words if report.count(verdict))
    page.line()
    if total:
        part = report.count(Verdict.NOT_ASSESSED)
        page.line(
            f"[bold]{good} of {total} claims as expected[/]: {counts}."
            if part < total
            else f"[bold]Nothing refuted in {total} claims[/]; part of the evidence gives no verdict."
        )
    if mutants:
        first = ", ".join(f"{kind} {n}" for kind, n in first_refuters(mutants))
        page.line(f"Mutants: {mutant_counts(mutants)}; the first to refute them: {first}.")
    kept, anew = reused(report.assessments)
    if kept:
        claims = f"{kept} claim{'s' * (kept != 1)}"
        page.line(f"Evidence of {claims} reused from the cache, {anew} judged anew; --fresh judges all.")
    page.line(f"Ledger: {_LEDGER[report.ledger.status]}. Seed {report.seed}; {report.seconds:.1f} s.")
    if report.interrupted:
        page.line("[yellow]Interrupted[/]: only finished claims are shown, and the ledger was not touched.")
