"""The algebra judge: asks the search for a certificate or a witness; the kernel has the last word."""

from __future__ import annotations

import time
from dataclasses import replace

from numerics.path_forms import NotApplicable
from proofs_checks.claim import Claim
from proofs_checks.evidence import Evidence, Hypothesis, Kind, Outcome, Route
from theory.language.statements import Located, Series, Statement
from theory.language.terms import Term, TermError
from theory.search.settle import settle

_OUTCOME = {
    "proved": Outcome.PROVED, "by-definition": Outcome.NOT_APPLICABLE, "refuted": Outcome.REFUTED,
    "undecided": Outcome.UNDECIDED, "unsupported": Outcome.NOT_APPLICABLE,
}  # fmt: skip

SECONDS = 20.0
MUTANT_SECONDS = 3.0


def judge_statement(
    claim: Claim,
    name: str,
    statement: Statement,
    *,
    square: Term | None = None,
    seconds: float = SECONDS,
    thorough: bool = True,
) -> Evidence:
    """Prove, recognise as true by definition, or refute ``statement`` in the setting of ``claim``."""
    start = time.perf_counter()
    if isinstance(claim.proof, NotApplicable):
        return Evidence(Kind.PROOF, Route.ALGEBRA, name, Outcome.NOT_APPLICABLE, detail=claim.proof.reason)
    if isinstance(statement, Series):
        return _series(claim, name, statement, seconds, thorough)
    found = settle(statement, claim.setting, square=square, budget_seconds=seconds, thorough=thorough)
    outcome = _OUTCOME[found.status]
    if found.status == "unsupported" and isinstance(statement, Located):
        outcome = Outcome.UNDECIDED
    detail = found.detail
    if found.witness:
        detail += ": " + ", ".join(f"{key} = {value}" for key, value in found.witness.items())
    figures = {key: str(value) for key, value in found.effort.items()} | dict(found.witness or {})
    if found.strategy:
        figures["strategy"] = found.strategy
    return Evidence(
        Kind.PROOF, Route.ALGEBRA, name, outcome, found.scope, detail, figures,
        tuple(Hypothesis(h.name, h.status, h.by) for h in found.hypotheses),
        by_definition=found.status == "by-definition", seconds=time.perf_counter() - start,
    )  # fmt: skip


def _series(claim: Claim, name: str, statement: Series, seconds: float, thorough: bool) -> Evidence:
    """A series is as good as its worst coefficient; coefficients that hold by definition do not count against it."""
    try:
        relations = statement.relations()
    except TermError as error:
        return Evidence(Kind.PROOF, Route.ALGEBRA, name, Outcome.UNDECIDED, detail=str(error))
    found = [judge_statement(claim, name, rel, seconds=seconds, thorough=thorough) for rel in relations]
    order = (Outcome.REFUTED, Outcome.UNDECIDED, Outcome.NOT_APPLICABLE, Outcome.PROVED)
    real = [e for e in found if not e.by_definition] or found
    worst = min(real, key=lambda e: order.index(e.outcome))
    number = found.index(worst)
    spent = sum(e.seconds for e in found)
    return replace(worst, detail=f"coefficient {number}: {worst.detail}", seconds=spent)


def judge(claim: Claim) -> list[Evidence]:
    """One piece of evidence for each statement of the claim."""
    return [judge_statement(claim, name, s, square=claim.squares.get(name)) for name, s in claim.statements.items()]
