"""One claim, all its evidence: run the judges and campaigns that apply and rule on the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from proofs_checks.claim import Claim
from proofs_checks.evidence import Evidence, Hypothesis, Kind, MutantResult, Outcome, Route
from proofs_checks.readings import READINGS, Finding, given, read_mutants
from proofs_checks.verdict import Ruling, Verdict, rule_claim, rule_statement
from theory.language.statements import digest
from theory.typeset import latex, text

FAMILY_RATE = 1e-6
"""Probability, for a whole run of the catalogue, that some true statement is refuted by simulation."""


@dataclass(frozen=True)
class Options:
    """What a run is asked for.

    ``share`` is this claim's part of the family-wise error rate; ``one_node_edits`` adds the generated mutants to the
    authored ones. ``seconds`` and ``megabytes`` bound each claim: a worker that takes more is ended, and the claim is
    undecided with that reason.
    """

    kinds: frozenset[Kind] = frozenset(Kind)
    digits: int = 12
    seed: int = 0
    share: float = FAMILY_RATE / 16
    one_node_edits: bool = True
    seconds: float = 300.0
    megabytes: int = 4096

    @property
    def partial(self) -> bool:
        """Only some kinds of evidence were asked for."""
        return self.kinds != frozenset(Kind)


@dataclass(frozen=True)
class StatementRecord:
    """A statement as it is reported, with its own ruling (None: it holds by definition)."""

    name: str
    text: str
    latex: str
    digest: str
    ruling: Ruling | None


@dataclass(frozen=True)
class Assessment:
    """Everything found about one claim. Inert data."""

    id: str
    title: str
    group: str
    chapter: str
    expected: str
    correction: str
    needs: tuple[str, ...]
    statements: tuple[StatementRecord, ...]
    evidence: tuple[Evidence, ...]
    mutants: tuple[MutantResult, ...]
    ruling: Ruling
    hypotheses: tuple[Hypothesis, ...]
    seconds: float
    error: str = ""
    setting: str = ""
    reused: frozenset[Kind] = frozenset()
    """The kinds of evidence that were kept from an earlier run."""

    @property
    def as_expected(self) -> bool:
        """Verified, or refuted folklore."""
        wanted = Verdict.VERIFIED if self.expected == "verified" else Verdict.REFUTED
        return self.ruling.verdict is wanted and not self.error

    def to_json(self) -> dict[str, Any]:
        """The record of ``verify --json``."""
        by: dict[str, int] = {}
        for m in self.mutants:
            if m.status == "refuted":
                by[m.by[0]] = by.get(m.by[0], 0) + 1
        statuses = [m.status for m in self.mutants]
        return {
            "id": self.id, "title": self.title, "group": self.group, "chapter": self.chapter,
            "expected": self.expected, "verdict": self.ruling.verdict.value, "reason": self.ruling.reason,
            "statements": [
                {"name": s.name, "text": s.text, "latex": s.latex, "digest": s.digest} for s in self.statements
            ],
            "hypotheses": [{"name": h.name, "status": h.status, "by": h.by} for h in self.hypotheses],
            "evidence": [e.to_json() for e in self.evidence],
            "mutants": {
                "total": len(statuses), "refuted": statuses.count("refuted"),
                "equivalent": [m.name for m in self.mutants if m.status == "equivalent"],
                "survived": [m.name for m in self.mutants if m.status == "survived"], "by": dict(sorted(by.items())),
            },
        }  # fmt: skip


def find(
    claim: Claim,
    options: Options,
    known: Mapping[Kind, Finding] | None = None,
    keep: Callable[[Finding], None] = lambda finding: None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[Kind, Finding]:
    """Every finding that ``options`` ask for: those of ``known``, and the others from their judges and campaigns.

    A known mutants campaign counts only if it started from the same evidence. ``keep`` gets each new finding as soon
    as it is there, ``say`` what is done next.
    """
    known = known or {}
    found: dict[Kind, Finding] = {}
    for kind in wanted(claim, options):
        reading = READINGS[kind]
        if kind in known and (kind is not Kind.MUTANTS or known[kind].given == given(found)):
            found[kind] = known[kind]
            continue
        say(f"{claim.id}: {kind}")
        settings = reading.settings_of(options)
        judge = reading.judge
        found[kind] = judge(claim, **settings) if judge is not None else read_mutants(claim, found, settings)
        keep(found[kind])
    return found


def wanted(claim: Claim, options: Options) -> list[Kind]:
    """The kinds of evidence that a run with ``options`` gathers about ``claim``, in the order of reading."""
    kinds = [kind for kind in READINGS if kind in options.kinds]
    return [kind for kind in kinds if kind is not Kind.MUTANTS or not claim.is_folklore]


def assess(claim: Claim, options: Options, progress: Callable[[str], None] | None = None) -> Assessment:
    """Gather every kind of evidence that ``options`` ask for and rule on it."""
    start = time.perf_counter()
    found = find(claim, options, say=progress or (lambda text: None))
    return conclude(claim, options, found, time.perf_counter() - start)


_ROUTE = {
    Kind.PROOF: Route.ALGEBRA, Kind.ENCLOSURE: Route.BALLS, Kind.PROPERTY: Route.FLOATS, Kind.SIMULATION: Route.PATHS,
}  # fmt: skip


def conclude(
    claim: Claim, options: Options, found: Mapping[Kind, Finding], seconds: float, *, limit: str = "", error: str = ""
) -> Assessment:
    """Rule on what was found. ``limit`` or ``error``: why some of it is missing, so that nothing can be verified.

    A claim that was stopped can still be refuted by what was found before.
    """
    evidence = [e for kind in READINGS if kind in found for e in found[kind].evidence]
    evidence += [
        Evidence(kind, _ROUTE[kind], name, Outcome.UNDECIDED, detail=limit or error)
        for kind in wanted(claim, options) if kind not in found and kind is not Kind.MUTANTS
        for name in claim.statements
    ]  # fmt: skip
    mutants = found[Kind.MUTANTS].mutants if Kind.MUTANTS in found else ()
    records = []
    for name, statement in claim.statements.items():
        own = [e for e in evidence if e.statement == name]
        ruling = rule_statement(name, own, claim.single_route.get(name, ""), options.partial, claim.beyond)
        records.append(
            StatementRecord(
                name, text.statement_text(statement), latex.statement_latex(statement), digest(statement), ruling
            )
        )
    ruling = rule_claim([r.ruling for r in records], mutants, partial=options.partial, needs={})
    if (limit or error) and ruling.verdict not in (Verdict.REFUTED, Verdict.CONFLICT):
        ruling = Ruling(Verdict.UNDECIDED, limit or error)
    hypotheses = tuple(dict.fromkeys(h for e in evidence for h in e.hypotheses))
    return Assessment(
        claim.id, claim.title, claim.group, claim.chapter, claim.expected, claim.correction, claim.needs,
        tuple(records), tuple(evidence), mutants, ruling, hypotheses, seconds, error,
        text.setting_text(claim.setting), frozenset(kind for kind, f in found.items() if f.reused),
    )  # fmt: skip
