"""``infodyn power``: the table on the screen and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from infodyn.report.console import Page

if TYPE_CHECKING:
    from proofs_checks.power import Row, Sums


def _groups(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    for claim, some in groupby(rows, key=lambda r: r.claim):
        yield claim, list(some)


def write(rows: Sequence[Row]) -> None:
    """The table, claim by claim, and what it comes to."""
    from proofs_checks.power import sums

    page = Page()
    for claim, own in _groups(rows):
        page.heading(escape(claim))
        table = Table.grid(padding=(0, 2, 0, 0))
        for number in range(6):
            table.add_column(justify="right" if number in (3, 4) else "left", overflow="fold")
        for r in own:
            table.add_row(_mark(r), r.kind, escape(r.name), *(_effort(r) or ("", "")), escape(_told(r)))
        page.line(table, indent=2)
    page.line()
    for sentence in _sentences(sums(rows)):
        page.line(escape(sentence))


def _mark(r: Row) -> str:
    if r.right is None:
        return "[yellow]?[/]" if r.outcome == "undecided" else "[dim]-[/]"
    return "[green]+[/]" if r.right else "[red]x[/]"


def _effort(r: Row) -> tuple[str, str] | None:
    return (f"{r.paths:,} paths", f"{r.seconds:.2f} s") if r.paths else None


def _told(r: Row) -> str:
    word = {"consistent": "accepted", "not-applicable": "not simulated"}.get(r.outcome, r.outcome)
    if r.right:
        return f"{word} ({r.by})" if r.by else word
    return f"{word}: {r.detail}"


def _sentences(s: Sums) -> list[str]:
    return [
        f"{s.false} false variants were simulated: {s.refuted} refuted, in {s.median_seconds:.2f} s and "
        f"{s.median_paths:,} paths in the middle, {s.most_seconds:.1f} s and {s.most_paths:,} paths at most; "
        f"{s.quick} of them in under a second.",
        f"{s.true} true statements were simulated: {s.accepted} accepted, {s.wrong} wrongly refuted.",
    ]


def markdown(rows: Sequence[Row], seed: int, share: float) -> str:
    """The same as a document."""
    from proofs_checks.power import sums

    lines = [
        "# What simulation can tell apart",
        "",
        "Made by `infodyn power -o docs/power.md`. Each statement and each false variant of it was simulated alone, in",
        f"one process, with seed {seed}, at an error rate of {share:.3g}: the part of the family-wise rate 1e-6 that a",
        "whole run grants one claim. Seconds are those of the machine it was made on.",
        "",
        *_sentences(sums(rows)),
    ]
    for claim, own in _groups(rows):
        lines += ["", f"## {claim}", "", "| | statement | outcome | paths | seconds |", "|---|---|---|---:|---:|"]
        for r in own:
            paths, seconds = (f"{r.paths:,}", f"{r.seconds:.2f}") if r.paths else ("", "")
            name, told = (text.replace("|", "\\|") for text in (r.name, _told(r)))
            lines.append(f"| {r.kind} | {name} | {told} | {paths} | {seconds} |")
    return "\n".join(lines) + "\n"
