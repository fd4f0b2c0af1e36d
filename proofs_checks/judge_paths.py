"""The paths judge: statements and their authored mutants confronted with one ensemble of simulated paths."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from numerics.path_forms import NotApplicable, Path, Static
from numerics.paths import confront_many
from numerics.schedules import STANDING_PROCESS, VE_PROCESS, LinearProcess
from proofs_checks.claim import Claim
from proofs_checks.evidence import Evidence, Kind, Outcome, Route
from theory.language.instances import DIFFUSION, LINEAR, VE, Law, ProcessClass
from theory.language.statements import Statement

_OUTCOME = {
    "consistent": Outcome.CONSISTENT, "refuted": Outcome.REFUTED, "undecided": Outcome.UNDECIDED,
    "not-applicable": Outcome.NOT_APPLICABLE,
}  # fmt: skip
MUTANT = "mutant: "
_PROCESS: dict[ProcessClass, LinearProcess] = {LINEAR: STANDING_PROCESS, DIFFUSION: STANDING_PROCESS, VE: VE_PROCESS}


@dataclass(frozen=True)
class Simulation:
    """What the paths said: of the statements, and of the authored mutants by name."""

    evidence: list[Evidence]
    mutants: Mapping[str, Evidence] = field(default_factory=dict)


def _silent(claim: Claim, outcome: Outcome, reason: str) -> Simulation:
    return Simulation([Evidence(Kind.SIMULATION, Route.PATHS, n, outcome, detail=reason) for n in claim.statements])


def _law(claim: Claim) -> Law | None:
    """The law that is simulated: the claim's own, or a one-dimensional instance at which it is judged.

    Along a reverse path the average over its own end point is a finite sum for atoms, which needs far fewer paths.
    A static reading is cheap in any dimension, and only D > 1 tells D from 1 and a trace from a component.
    """
    if isinstance(claim.setting.law, Law):
        return claim.setting.law if claim.setting.law.is_numeric else None
    if isinstance(claim.paths, Static):
        return max((i.law for i in claim.judged_at() if i.law.is_numeric), key=lambda law: law.D, default=None)
    line = [i.law for i in claim.judged_at() if i.law.D == 1]
    atoms = [law for law in line if law.is_discrete and isinstance(claim.paths, Path)]
    return next(iter(atoms + line), None)


def judge(claim: Claim, *, seed: int, share: float) -> Simulation:
    """Simulate once for the claim; ``share`` is its part of the family-wise error rate."""
    if isinstance(claim.paths, NotApplicable):
        return _silent(claim, Outcome.NOT_APPLICABLE, claim.paths.reason)
    law, process = _law(claim), _PROCESS.get(claim.setting.process)
    if law is None or process is None:
        return _silent(claim, Outcome.UNDECIDED, "no numeric law or no simulated process belongs to the setting")
    start = time.perf_counter()
    statements: dict[str, Statement] = dict(claim.statements)
    statements |= {MUTANT + m.name: m.statement for m in claim.mutants}
    found = confront_many(statements, claim.paths, law, process, claim_id=claim.id, seed=seed, share=share)
    seconds = (time.perf_counter() - start) / max(1, len(claim.statements))

    where = "the standing process" if process is STANDING_PROCESS else "VE"
    scope = f"{law.name or 'its law'}, {where}"

    def evidence(name: str, key: str) -> Evidence:
        o = found[key]
        return Evidence(
            Kind.SIMULATION, Route.PATHS, name, _OUTCOME[o.outcome], scope, o.detail, o.figures, seconds=seconds
        )

    return Simulation(
        [evidence(name, name) for name in claim.statements],
        {m.name: evidence(m.of, MUTANT + m.name) for m in claim.mutants},
    )
