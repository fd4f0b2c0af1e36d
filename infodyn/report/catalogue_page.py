"""``infodyn list`` and ``infodyn mutants``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from infodyn.report.closing import write_sums
from infodyn.report.console import Page
from infodyn.report.tallies import mutant_counts
from proofs_checks.verdict import Verdict

if TYPE_CHECKING:
    from proofs_checks.claim import Claim
    from proofs_checks.verify import Report


def write_catalogue(claims: Sequence[Claim], known: Mapping[str, Any] | None) -> None:
    """The claims, chapter by chapter, each with its verdict in the ledger ``known`` (None: there is no ledger)."""
    page = Page()
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, overflow="fold")
    table.add_column(overflow="fold")
    for (group, chapter), some in groupby(claims, key=lambda c: (c.group, c.chapter)):
        own = list(some)
        folklore = sum(c.is_folklore for c in own)
        count = f"{len(own)} claim{'s' * (len(own) != 1)}" + (f", {folklore} of them folklore" if folklore else "")
        table.add_row(f"[bold]{group}  {escape(chapter)}[/]", f"[dim]{count}[/]")
        for c in own:
            table.add_row(f"  {_known(page, c, known)} {c.id}", escape(c.title))
        table.add_row()
    page.line(table)
    statements = sum(len(c.statements) for c in claims)
    page.line(f"{len(claims)} claims with {statements} statements. One of them in full: infodyn show ID")
    page.line(
        "Marks are the verdicts in the ledger: "
        + ", ".join(f"{page.mark(v)} {v.value.lower()}" for v in (Verdict.VERIFIED, Verdict.REFUTED, Verdict.UNDECIDED))
        + "; a blank is not in it."
        if known is not None
        else "No ledger here, so no verdicts: 'infodyn verify' settles the claims."
    )


def _known(page: Page, claim: Claim, known: Mapping[str, Any] | None) -> str:
    entry = (known or {}).get(claim.id)
    word = entry.get("verdict") if isinstance(entry, dict) else None
    return page.mark(Verdict(word), claim.expected) if word in set(Verdict) else " "


def write_mutants(report: Report) -> None:
    """Every mutant with what refuted it; authored ones, the mistakes people make, carry a star."""
    page = Page()
    for a in report.assessments:
        page.heading(f"{a.id}  {mutant_counts(a.mutants)}")
        for m in a.mutants:
            fate = f"refuted by {', '.join(m.by)}" if m.by else m.status
            page.line(f"{'*' if m.authored else ' '} {page.maths(m.text)}", indent=2)
            page.line(f"{escape(m.name)}: {escape(fate)}", indent=6)
            if m.witness:
                page.line(f"[dim]{page.maths(m.witness)}[/]", indent=6)
    write_sums(page, report)
