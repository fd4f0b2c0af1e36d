"""The paths judge: statements and their authored mutants confronted with one ensemble of simulated paths."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from numerics.paths import confront_many

from numerics.path_forms import NotApplicable
from proofs_checks.claim import Claim
from proofs_checks.evidence import Evidence, Kind, Outcome, Route
from theory.language.statements import Statement

_OUTCOME = {
    "consistent": Outcome.CONSISTENT, "refuted": Outcome.REFUTED, "undecided": Outcome.UNDECIDED,
    "not-applicable": Outcome.NOT_APPLICABLE,
}  # fmt: skip
MUTANT = "mutant: "


@dataclass(frozen=True)
class Simulation:
    """What the paths said: of the statements, and of the authored mutants by name."""

    evidence: list[Evidence]
    mutants: Mapping[str, Evidence] = field(default_factory=dict)


def judge(claim: Claim, *, seed: int, share: float) -> Simulation:
    """Simulate once for the claim; ``share`` is its part of the family-wise error rate."""
    if isinstance(claim.paths, NotApplicable):
        reason = claim.paths.reason
        return Simulation(
            [Evidence(Kind.SIMULATION, Route.PATHS, n, Outcome.NOT_APPLICABLE, detail=reason) for n in claim.statements]
        )
    start = time.perf_counter()
    statements: dict[str, Statement] = dict(claim.statements)
    statements |= {MUTANT + m.name: m.statement for m in claim.mutants}
    found = confront_many(statements, claim.paths, claim.setting, claim_id=claim.id, seed=seed, share=share)
    seconds = (time.perf_counter() - start) / max(1, len(claim.statements))

    def evidence(name: str, key: str) -> Evidence:
        o = found[key]
        return Evidence(
            Kind.SIMULATION, Route.PATHS, name, _OUTCOME[o.outcome], o.scope, o.detail, o.figures, seconds=seconds
        )

    return Simulation(
        [evidence(name, name) for name in claim.statements],
        {m.name: evidence(m.of, MUTANT + m.name) for m in claim.mutants},
    )
