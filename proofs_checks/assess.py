"""One claim, all its evidence: run the judges and campaigns that apply and rule on the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from proofs_checks import campaign_mutants, campaign_property, judge_algebra, judge_balls, judge_paths
from proofs_checks.claim import Claim
from proofs_checks.evidence import Evidence, Hypothesis, Kind, MutantResult
from proofs_checks.verdict import Ruling, Verdict, rule_claim, rule_statement
from theory.language.statements import digest
from theory.typeset import latex, text

FAMILY_RATE = 1e-6
"""Probability, for a whole run of the catalogue, that some true statement is refuted by simulation."""


@dataclass(frozen=True)
class Options:
    """What a run is asked for.

    ``share`` is this claim's part of the family-wise error rate; ``one_node_edits`` adds the generated mutants to the
    authored ones.
    """

    kinds: frozenset[Kind] = frozenset(Kind)
    digits: int = 12
    seed: int = 0
    share: float = FAMILY_RATE / 16
    one_node_edits: bool = True

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


def assess(claim: Claim, options: Options, progress: Callable[[str], None] | None = None) -> Assessment:
    """Gather every kind of evidence that ``options`` ask for and rule on it."""
    start, say = time.perf_counter(), progress or (lambda text: None)
    evidence: list[Evidence] = []

    def gather(kind: Kind, judge: Callable[[], list[Evidence]]) -> None:
        if kind in options.kinds:
            say(f"{claim.id}: {kind}")
            evidence.extend(judge())

    gather(Kind.PROOF, lambda: judge_algebra.judge(claim))
    gather(Kind.ENCLOSURE, lambda: judge_balls.judge(claim, digits=options.digits))
    gather(Kind.PROPERTY, lambda: campaign_property.run(claim, seed=options.seed))
    simulated: Mapping[str, Evidence] = {}
    if Kind.SIMULATION in options.kinds:
        say(f"{claim.id}: {Kind.SIMULATION}")
        simulation = judge_paths.judge(claim, seed=options.seed, share=options.share)
        evidence.extend(simulation.evidence)
        simulated = simulation.mutants
    mutants: tuple[MutantResult, ...] = ()
    if Kind.MUTANTS in options.kinds and not claim.is_folklore:
        say(f"{claim.id}: {Kind.MUTANTS}")
        mutants = campaign_mutants.run(
            claim, tuple(evidence), simulated, seed=options.seed, generated=options.one_node_edits
        )
    return _conclude(claim, options, evidence, mutants, time.perf_counter() - start)


def _conclude(
    claim: Claim, options: Options, evidence: list[Evidence], mutants: tuple[MutantResult, ...], seconds: float
) -> Assessment:
    records = []
    for name, statement in claim.statements.items():
        own = [e for e in evidence if e.statement == name]
        ruling = rule_statement(name, own, claim.single_route.get(name, ""), options.partial)
        records.append(
            StatementRecord(
                name, text.statement_text(statement), latex.statement_latex(statement), digest(statement), ruling
            )
        )
    ruling = rule_claim([r.ruling for r in records], mutants, partial=options.partial, needs={})
    hypotheses = tuple(dict.fromkeys(h for e in evidence for h in e.hypotheses))
    return Assessment(
        claim.id, claim.title, claim.group, claim.chapter, claim.expected, claim.correction, claim.needs,
        tuple(records), tuple(evidence), mutants, ruling, hypotheses, seconds,
    )  # fmt: skip


def failed(claim: Claim, error: str) -> Assessment:
    """The assessment of a claim whose judges broke down: an error is neither true nor false."""
    ruling = Ruling(Verdict.UNDECIDED, error)
    return Assessment(
        claim.id, claim.title, claim.group, claim.chapter, claim.expected, claim.correction, claim.needs,
        (), (), (), ruling, (), 0.0, error,
    )  # fmt: skip
