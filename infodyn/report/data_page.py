"""A claim held against data, as a page: the statements first, then the near misses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from infodyn.report.console import Page
from proofs_checks.claim import Claim
from theory.typeset.text import statement_text

MUTANT = "mutant: "
COLOUR = {"consistent": "green", "refuted": "red", "undecided": "yellow", "not-applicable": "dim"}


def write_confrontation(claim: Claim, law: str, between: tuple[str, str], found: Mapping[str, Any]) -> None:
    """``found``: outcomes by the names of statements, and of mutants after "mutant: "."""
    page = Page()
    low, high = between
    page.line(f"[bold]{claim.id}[/]  {escape(claim.title)}")
    page.line(f"held against {escape(law)} between the noise levels {escape(low)} and {escape(high)}")
    for name, statement in claim.statements.items():
        page.heading(escape(name))
        page.line(page.maths(statement_text(statement)), 2)
        _outcome(page, found.get(name), {})
    mutants = {m.name: m for m in claim.mutants if MUTANT + m.name in found}
    if mutants:
        page.heading("near misses")
        page.line("A refuted one is as it should be.", 2)
    for name, mutant in mutants.items():
        page.line()
        page.line(f"{escape(name)}: {page.maths(statement_text(mutant.statement))}", 2)
        _outcome(page, found[MUTANT + name], {"consistent": "yellow", "refuted": "green"})


def _outcome(page: Page, outcome: Any, colours: Mapping[str, str]) -> None:
    if outcome is None:
        page.line("not read", 2)
        return
    colour = colours.get(outcome.outcome, COLOUR[outcome.outcome])
    page.line(f"[{colour}]{outcome.outcome.upper()}[/]  {escape(outcome.detail)}", 2)
