"""The mutants campaign: near-miss false versions of a claim, each shown to every judge that accepted the original."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proofs_checks import campaign_property, judge_algebra, judge_balls
from proofs_checks.claim import Claim, Mutant
from proofs_checks.edits import edits
from proofs_checks.evidence import Evidence, MutantResult, Outcome, Route
from theory.language.statements import digest
from theory.typeset import text


def all_mutants(claim: Claim, generated: bool = True) -> list[Mutant]:
    """The authored mutants, then the one-node edits of every statement; none twice, none equal to a statement."""
    seen = {digest(s) for s in claim.statements.values()}
    found = []
    edited = (
        Mutant(f"{name}: {edit.name}", name, edit.statement, authored=False)
        for name, statement in claim.statements.items()
        for edit in edits(statement)
    )
    for candidate in (*claim.mutants, *(edited if generated else ())):
        mark = digest(candidate.statement)
        if mark not in seen:
            seen.add(mark)
            found.append(candidate)
    return found


def _accepting_routes(evidence: Sequence[Evidence], name: str) -> set[Route]:
    return {e.route for e in evidence if e.statement == name and (e.outcome.supports or e.by_definition)}


def try_mutant(claim: Claim, mutant: Mutant, routes: set[Route], simulated: Evidence | None, seed: int) -> MutantResult:
    """Show one mutant to the judges in ``routes``.

    It is equivalent only if the kernel proves it (or finds it true by definition); a mutant that nobody refuted
    survived. A judge's acceptance beside another's refutation is recorded: it makes a conflict.
    """
    words: list[Evidence] = []
    algebra = Route.ALGEBRA in routes
    if algebra:
        words.append(_algebra(claim, mutant, thorough=False))
    words += judge_balls.judge_statement(claim, mutant.of, mutant.statement, digits=judge_balls.MUTANT_DIGITS)
    if simulated is not None:
        words.append(simulated)
    if algebra and not _proved(words) and all(w.outcome is not Outcome.REFUTED for w in words):
        words.append(_algebra(claim, mutant, thorough=True))  # seconds: only where nobody refutes at once
    proved = _proved(words)
    refuting = [w for w in words if w.outcome is Outcome.REFUTED]
    if not refuting and not proved:
        words.append(campaign_property.judge_statement(claim, mutant.of, mutant.statement, seed=seed))
        refuting = [w for w in words if w.outcome is Outcome.REFUTED]
    status = "refuted" if refuting else "equivalent" if proved else "survived"
    return MutantResult(
        mutant.name,
        mutant.of,
        text.statement_text(mutant.statement),
        status,
        tuple(dict.fromkeys(w.kind.value for w in refuting)),
        refuting[0].detail if refuting else "",
        ("algebra",) if proved else (),
        mutant.authored,
    )


def _algebra(claim: Claim, mutant: Mutant, *, thorough: bool) -> Evidence:
    seconds = judge_algebra.MUTANT_SECONDS
    return judge_algebra.judge_statement(claim, mutant.of, mutant.statement, seconds=seconds, thorough=thorough)


def _proved(words: Sequence[Evidence]) -> bool:
    return any(w.outcome is Outcome.PROVED or w.by_definition for w in words)


def run(
    claim: Claim, evidence: Sequence[Evidence], simulated: Mapping[str, Evidence], *, seed: int, generated: bool = True
) -> tuple[MutantResult, ...]:
    """Try every mutant of ``claim``; ``simulated`` holds what the paths said of authored mutants, by name."""
    return tuple(
        try_mutant(claim, m, _accepting_routes(evidence, m.of), simulated.get(m.name) if m.authored else None, seed)
        for m in all_mutants(claim, generated)
    )
