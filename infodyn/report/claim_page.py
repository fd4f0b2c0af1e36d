"""``infodyn show``: one claim with its proof step by step, every figure, its hypotheses, mutants and neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from infodyn.report.console import Page
from infodyn.report.derivations import Line, derivation
from infodyn.report.tallies import first_refuters, mutant_counts
from proofs_checks.evidence import Evidence, Kind, Outcome
from theory.language.instances import Law, Setting
from theory.language.statements import Rel, Statement
from theory.typeset import text

if TYPE_CHECKING:
    from proofs_checks.assess import Assessment
    from proofs_checks.claim import Claim

_TITLES = {
    Kind.PROOF: "proof (algebra)", Kind.ENCLOSURE: "enclosure (balls)", Kind.PROPERTY: "random instances",
    Kind.SIMULATION: "simulation (paths)", Kind.MUTANTS: "mutants",
}  # fmt: skip
_COLOURS = {Outcome.REFUTED: "red", Outcome.UNDECIDED: "yellow", Outcome.NOT_APPLICABLE: "dim"}
SHOWN_MUTANTS = 6


def write(claim: Claim, a: Assessment, catalogue: Mapping[str, Claim]) -> None:
    """The page of one claim; ``catalogue`` tells its neighbours."""
    page = Page()
    page.line(f"[bold]{a.id}[/]  {escape(claim.title)}")
    page.line(f"{page.verdict(a.ruling.verdict, a.expected)}{_expectation(claim)}")
    for reason in a.ruling.reason.split("; ") if a.as_expected else [a.ruling.reason]:
        page.line(page.maths(reason), indent=2)
    page.line()
    page.line(_grid(_facts(page, claim, catalogue)))
    for s in a.statements:
        page.heading(f"{escape(s.name)}")
        page.line(page.maths(s.text), indent=2)
        _derived(page, derivation(claim, s.name))
        for e in a.evidence:
            if e.statement == s.name:
                _evidence(page, e, claim.statements.get(s.name))
    _hypotheses(page, a)
    _mutants(page, a)


def _expectation(claim: Claim) -> str:
    return "  (folklore: a popular statement that is expected to fall)" if claim.is_folklore else ""


def _facts(page: Page, claim: Claim, catalogue: Mapping[str, Claim]) -> list[tuple[str, str]]:
    needed_by = [c.id for c in catalogue.values() if claim.id in c.needs]
    facts = [
        ("source", escape(str(claim.source))),
        ("chapter", escape(f"{claim.group}  {claim.chapter}")),
        ("claimed for" if claim.is_folklore else "holds for", page.maths(setting_words(claim.setting))),
    ]
    facts += [("what holds", page.maths(claim.correction))] if claim.correction else []
    facts += [("rests on", ", ".join(claim.needs))] if claim.needs else []
    return facts + ([("needed by", ", ".join(needed_by))] if needed_by else [])


def setting_words(setting: Setting) -> str:
    """A setting as a sentence would say it."""
    law = text.law_text(setting.law) if isinstance(setting.law, Law) else setting.law.text
    size = "every dimension D" if setting.D is None else f"D = {setting.D}"
    signs = [f"{text.term_text(t)} > 0" for t in setting.positive]
    signs += [f"{text.term_text(t)} >= 0" for t in setting.nonnegative]
    return "; ".join([law, setting.process.text, size, *signs])


def _derived(page: Page, lines: Sequence[Line]) -> None:
    if not lines:
        return
    page.line("derivation", indent=2)
    for line in lines:
        page.line(page.maths(line.maths), indent=6)
        if line.why:
            page.line(f"[dim]{page.maths(line.why)}[/]", indent=10)


def _evidence(page: Page, e: Evidence, statement: Statement | None) -> None:
    word = "by definition" if e.by_definition else e.outcome.value.lower().replace("_", " ")
    word = "conflict" if e.conflict else word
    colour = "bold red" if e.conflict else _COLOURS.get(e.outcome, "green")
    kept = ", reused" if e.reused else ""
    page.line(f"{_TITLES[e.kind]}: [{colour}]{word}[/]  [dim]{e.seconds:.1f} s{kept}[/]", indent=2)
    sides, rest = split_figures(e.figures)
    places = sorted(sides, key=lambda place: e.scope.find(place))
    detail = "" if sides and e.detail.startswith("digits:") else e.detail
    for part in (e.scope if not sides and e.scope != _TITLES[e.kind] else "", detail):
        if part:
            page.line(page.maths(part), indent=6)
    if sides:
        what = "digits agree" if not isinstance(statement, Rel) or statement.relation == "=" else "digits"
        page.line(_sides(page, {place: sides[place] for place in places}, e.detail, what), indent=6)
    shown = [(page.maths(key), page.maths(figure)) for key, figure in rest.items() if figure not in ("0", e.detail)]
    if shown and not (e.kind is Kind.PROOF and e.outcome is Outcome.REFUTED):
        page.line(_grid(shown) if any(len(k) > 18 or len(v) > 24 for k, v in shown) else _columns(shown), indent=6)


_SIDE = re.compile(r"(?s)(?P<place>.*): (?P<side>left|right)")


def split_figures(figures: Mapping[str, str]) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """The two sides at each instance, and the other figures, in the order of their names."""
    sides: dict[str, dict[str, str]] = {}
    rest: dict[str, str] = {}
    for key, figure in sorted(figures.items()):
        match = _SIDE.fullmatch(key)
        if match:
            sides.setdefault(match["place"], {})[match["side"]] = figure
        else:
            rest[key] = figure
    return sides, rest


def digits_agreed(detail: str, place: str) -> str:
    """``17`` from "digits: 17 at T3, 18 at T1w" for T3, or nothing."""
    match = re.search(rf"\b(\d+) at {re.escape(place)}(?=[,;]|$)", detail)
    return match[1] if match else ""


def _sides(page: Page, sides: Mapping[str, Mapping[str, str]], detail: str, what: str) -> Table:
    """Left above right, so that the digits stand over each other."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    for place, values in sides.items():
        agreed = digits_agreed(detail, place)
        words = f"{agreed} {what}" if agreed else ""
        for number, (side, value) in enumerate(values.items()):
            table.add_row(
                page.maths(place) if number == 0 else "", side, page.maths(value), words if number == 0 else ""
            )
    return table


def _grid(rows: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _columns(rows: Sequence[tuple[str, str]]) -> Table:
    """Short figures, two pairs a line."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(2):
        table.add_column(no_wrap=True, style="dim")
        table.add_column(no_wrap=True, min_width=14)
    for start in range(0, len(rows), 2):
        table.add_row(*(cell for row in rows[start : start + 2] for cell in row))
    return table


def _hypotheses(page: Page, a: Assessment) -> None:
    if not a.hypotheses:
        return
    page.heading("hypotheses of the proofs")
    rows = [(h.name, f"{h.status}{f': {h.by}' if h.by else ''}") for h in a.hypotheses]
    page.line(_grid([(escape(name), page.maths(words)) for name, words in rows]), indent=2)


def _mutants(page: Page, a: Assessment) -> None:
    if not a.mutants:
        return
    page.heading("mutants")
    first = ", ".join(f"{kind} {number}" for kind, number in first_refuters(a.mutants))
    page.line(f"{mutant_counts(a.mutants)}{f'; first to refute: {first}' if first else ''}", indent=2)
    order = {"survived": 0, "refuted": 1, "equivalent": 2}
    chosen = sorted((m for m in a.mutants if m.authored or m.status == "survived"), key=lambda m: order[m.status])
    for m in chosen[:SHOWN_MUTANTS]:
        fate = f"refuted by {', '.join(m.by)}" if m.by else m.status
        page.line(f"{page.maths(m.text)}", indent=2)
        page.line(f"{page.maths(m.name)}: {fate}", indent=6)
        if m.witness:
            page.line(f"[dim]{page.maths(m.witness)}[/]", indent=6)
    if len(a.mutants) > min(len(chosen), SHOWN_MUTANTS):
        page.line(f"all {len(a.mutants)}: infodyn mutants {a.id}", indent=2)


def to_json(claim: Claim, a: Assessment, catalogue: Mapping[str, Claim]) -> dict[str, Any]:
    """The record of ``infodyn show --json``: that of ``verify --json`` for the claim, with the page's other facts."""
    return {
        "version": 1,
        "claim": a.to_json() | {
            "source": str(claim.source), "setting": text.setting_text(claim.setting), "correction": claim.correction,
            "needs": list(claim.needs), "needed_by": [c.id for c in catalogue.values() if claim.id in c.needs],
            "derivations": {
                name: [{"text": line.maths, "latex": line.latex, "why": line.why} for line in derivation(claim, name)]
                for name in claim.statements
            },
            "mutant_results": [
                {"name": m.name, "of": m.of, "text": m.text, "status": m.status, "by": list(m.by),
                 "witness": m.witness, "authored": m.authored}
                for m in a.mutants
            ],
        },
    }  # fmt: skip
