"""Derivations of the statements of claims: proofs are found again when they are asked for, they take milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

from proofs_checks.claim import Claim
from proofs_checks.evidence import Evidence, Kind, Outcome
from theory.language.statements import Rel, Series, Statement
from theory.language.terms import Term, TermError
from theory.search.settle import settle
from theory.typeset.derivation import Step, derivation, remark
from theory.typeset.stages import Why
from theory.typeset.tidy import tidy

SECONDS = 10.0


def derivation_of(claim: Claim, name: str, evidence: Sequence[Evidence] | None = None) -> tuple[Step, ...]:
    """The derivation of the statement called ``name``, line by line.

    From its proof where algebra has one; otherwise from the figures of ``evidence``: the enclosures of a located
    value, or the witness of a refutation. ``evidence`` is what a run said of the claim; without it (None) the proof is
    searched for, with it only where the run had one. Empty where nothing is known.
    Raises KeyError if the claim has no such statement.
    """
    statement = claim.statements[name]
    own = [e for e in evidence or () if e.statement == name]
    hopeless = evidence is not None and not any(e.outcome is Outcome.PROVED or e.by_definition for e in own)
    if claim.proof is None and not claim.is_folklore and not hopeless:
        steps = _proved(claim, statement, claim.squares.get(name))
        if steps:
            return steps
    return _from_figures(own)


def _proved(claim: Claim, statement: Statement, square: Term | None) -> tuple[Step, ...]:
    if isinstance(statement, Series):
        return _coefficients(claim, statement)
    return derivation(statement, claim.setting, settle(statement, claim.setting, square=square, budget_seconds=SECONDS))


def _coefficients(claim: Claim, series: Series) -> tuple[Step, ...]:
    """Taylor's formula, coefficient by coefficient; each is proved by itself."""
    try:
        relations = series.relations()
    except TermError:
        return ()
    steps: list[Step] = []
    for number, relation in enumerate(relations):
        found = settle(relation, claim.setting, budget_seconds=SECONDS)
        if found.certificate is None and found.status != "by-definition":
            return ()
        why = Why(f"the coefficient of x^{number}", f"the coefficient of $x^{{{number}}}$")
        steps.append(remark(Rel("=", tidy(relation.lhs), relation.rhs), why))
    return tuple(steps)


def _from_figures(evidence: Sequence[Evidence]) -> tuple[Step, ...]:
    """What the rigorous numbers say: one line for each figure, none of them a proof."""
    steps = []
    for e in evidence:
        if e.kind is Kind.ENCLOSURE and e.outcome in (Outcome.ENCLOSED, Outcome.REFUTED):
            for key, value in e.figures.items():
                steps.append(Step(f"{key}: {value}", "", "rigorous enclosure"))
    return tuple(steps)


__all__ = ["derivation_of"]
