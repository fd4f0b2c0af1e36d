"""Counts that tables are made of: what each kind of evidence says about the statements of a claim."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proofs_checks.evidence import Kind, MutantResult, Outcome
from proofs_checks.verdict import Verdict

if TYPE_CHECKING:
    from proofs_checks.assess import Assessment

EVERY_DIMENSION = "every dimension"
"""How the scope of a proof begins that holds for all D and K (see theory.kernel.index.certificate)."""

_FULL = {Kind.PROOF: Outcome.PROVED, Kind.ENCLOSURE: Outcome.ENCLOSED}


@dataclass(frozen=True)
class Tally:
    """Over some claims that are expected to hold: how many statements, and how many of them have which support."""

    claims: int
    statements: int
    proved: int
    proved_everywhere: int
    enclosed: int
    simulated: int
    mutants: int
    mutants_refuted: int
    mutants_equivalent: int
    folklore: int
    folklore_refuted: int
    seconds: float


def has(a: Assessment, name: str, kind: Kind, outcome: Outcome) -> bool:
    """Whether some evidence of that kind has that outcome for the statement called ``name``."""
    return any(e.statement == name and e.kind is kind and e.outcome is outcome for e in a.evidence)


def tally(assessments: Sequence[Assessment]) -> Tally:
    """The sums over ``assessments``; folklore counts in its own columns only."""
    meant = [a for a in assessments if a.expected == "verified"]
    folklore = [a for a in assessments if a.expected == "refuted"]
    named = [(a, s.name) for a in meant for s in a.statements]
    proofs = {
        (a.id, e.statement): e.scope for a in meant for e in a.evidence
        if e.kind is Kind.PROOF and e.outcome is Outcome.PROVED
    }  # fmt: skip
    status = [m.status for a in assessments for m in a.mutants]
    return Tally(
        claims=len(assessments), statements=len(named), proved=len(proofs),
        proved_everywhere=sum(scope.startswith(EVERY_DIMENSION) for scope in proofs.values()),
        enclosed=sum(has(a, name, Kind.ENCLOSURE, Outcome.ENCLOSED) for a, name in named),
        simulated=sum(has(a, name, Kind.SIMULATION, Outcome.CONSISTENT) for a, name in named),
        mutants=len(status), mutants_refuted=status.count("refuted"), mutants_equivalent=status.count("equivalent"),
        folklore=len(folklore), folklore_refuted=sum(a.ruling.verdict is Verdict.REFUTED for a in folklore),
        seconds=sum(a.seconds for a in assessments),
    )  # fmt: skip


def support(a: Assessment, kind: Kind) -> str:
    """What one kind of evidence says about the statements of a claim: ``3/3``, ``2/3?``, ``refuted``, ``def``, ``-``.

    In the column of balls only enclosures count; floats beside them do not.
    """
    own = [e for e in a.evidence if e.kind is kind]
    if any(e.conflict for e in own):
        return "conflict"
    if any(e.outcome is Outcome.REFUTED for e in own):
        return "refuted"
    wanted = _FULL.get(kind, Outcome.CONSISTENT)
    good = {e.statement for e in own if e.outcome is wanted}
    unsure = {e.statement for e in own if e.outcome is Outcome.UNDECIDED or e.outcome.supports} - good
    silent = {e.statement for e in own if e.by_definition} - good
    if not good and not unsure:
        return "def" if silent else "-"
    return f"{len(good)}/{len(a.statements)}" + ("?" if unsure else "")


def mutant_counts(mutants: Sequence[MutantResult]) -> str:
    """``47 of 47 refuted``, with those equivalent or surviving."""
    if not mutants:
        return "none"
    status = [m.status for m in mutants]
    parts = [f"{status.count('refuted')} of {len(status)} refuted"]
    parts += [f"{status.count(word)} {word}" for word in ("equivalent", "survived") if word in status]
    return ", ".join(parts)


def first_refuters(mutants: Iterable[MutantResult]) -> list[tuple[str, int]]:
    """How many mutants each kind of evidence refuted first, the busiest first."""
    by: dict[str, int] = {}
    for m in mutants:
        if m.by:
            by[m.by[0]] = by.get(m.by[0], 0) + 1
    return sorted(by.items(), key=lambda item: -item[1])


def reused(assessments: Iterable[Assessment]) -> tuple[int, int]:
    """(claims all of whose evidence was kept from an earlier run, claims judged anew)."""
    kept = anew = 0
    for a in assessments:
        whole = bool(a.evidence) and all(e.reused for e in a.evidence)
        kept, anew = kept + whole, anew + (not whole)
    return kept, anew
