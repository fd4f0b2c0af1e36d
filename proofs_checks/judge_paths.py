"""The paths judge: statements and their authored mutants confronted with one ensemble of simulated paths."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from numerics.path_forms import NotApplicable, Path, PathForm, Static
from numerics.paths import PathOutcome, confront_many
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
LAWS = 3
"""At most so many laws are simulated for a claim."""
_PROCESS: dict[ProcessClass, LinearProcess] = {LINEAR: STANDING_PROCESS, DIFFUSION: STANDING_PROCESS, VE: VE_PROCESS}


class NothingToSimulateError(ValueError):
    """A claim whose setting holds no law or process that paths can be drawn from."""


@dataclass(frozen=True)
class Simulation:
    """What the paths said: of the statements, and of the authored mutants by name."""

    evidence: list[Evidence]
    mutants: Mapping[str, Evidence] = field(default_factory=dict)


def _silent(claim: Claim, outcome: Outcome, reason: str) -> Simulation:
    return Simulation([Evidence(Kind.SIMULATION, Route.PATHS, n, outcome, detail=reason) for n in claim.statements])


def laws_of(claim: Claim, form: PathForm) -> list[Law]:
    """The laws that are simulated: the first for everything, the others for false variants that it cannot tell apart.

    Along a reverse path the average over its own end point is a finite sum for atoms, which needs far fewer paths.
    A static reading is cheap in any dimension, and only D > 1 tells D from 1 and a trace from a component.
    """
    if isinstance(claim.setting.law, Law):
        return [claim.setting.law] if claim.setting.law.is_numeric else []
    known = [i.law for i in claim.judged_at() if i.law.is_numeric]
    if isinstance(form, Static):
        first = sorted(known, key=lambda law: -law.D)
    else:
        line = [law for law in known if law.D == 1]
        first = [law for law in line if law.is_discrete and isinstance(form, Path)] + line
    if not first:
        return []
    wider = sorted((law for law in dict.fromkeys(known) if law != first[0]), key=lambda law: -law.D)
    return [first[0], *wider[: LAWS - 1]]


@dataclass(frozen=True)
class Reading:
    """What one form said of one statement on one law."""

    outcome: PathOutcome
    law: Law


def read(
    claim: Claim, statements: Mapping[str, Statement], *, seed: int, share: float, false: Collection[str] = ()
) -> dict[str, Reading]:
    """Every statement by the first form of the claim that can read it; ``false`` names those that are false variants.

    A false variant that the first law cannot tell from the truth is shown to paths of the others. ``share`` is split
    evenly over forms and laws, so it bounds the chance of any wrong decision. Raises NothingToSimulateError.
    """
    process = _PROCESS.get(claim.setting.process)
    forms = [form for form in claim.paths if not isinstance(form, NotApplicable)]
    if process is None or not any(laws_of(claim, form) for form in forms):
        raise NothingToSimulateError("no numeric law or no simulated process belongs to the setting")
    each = share / (len(forms) * LAWS)
    near = {MUTANT + m.name: m.of for m in claim.mutants}
    found: dict[str, Reading] = {}
    for form in forms:
        for law in laws_of(claim, form):
            wanted = {n: s for n, s in statements.items() if _open(found.get(n), law, laws_of(claim, form), n in false)}
            if not wanted:
                break
            said = confront_many(
                wanted, form, law, process, claim_id=claim.id, seed=seed, share=each,
                mutants={name: of for name, of in near.items() if name in wanted},
            )  # fmt: skip
            for name, outcome in said.items():
                if name not in found or found[name].outcome.outcome == "not-applicable" or outcome.outcome == "refuted":
                    found[name] = Reading(outcome, law)
    return found


def _open(found: Reading | None, law: Law, laws: Sequence[Law], false: bool) -> bool:
    """Whether a statement is shown to paths of ``law``."""
    if found is None or found.outcome.outcome == "not-applicable":
        return law == laws[0]
    return false and law != laws[0] and found.law == laws[0] and found.outcome.outcome != "refuted"


def judge(claim: Claim, *, seed: int, share: float) -> Simulation:
    """Simulate once for the claim; ``share`` is its part of the family-wise error rate."""
    if not claim.simulated:
        return _silent(claim, Outcome.NOT_APPLICABLE, claim.not_simulated_because)
    start = time.perf_counter()
    statements: dict[str, Statement] = dict(claim.statements)
    variants = {MUTANT + m.name: m.statement for m in claim.mutants}
    try:
        found = read(claim, statements | variants, seed=seed, share=share, false=variants)
    except NothingToSimulateError as why:
        return _silent(claim, Outcome.UNDECIDED, str(why))
    seconds = (time.perf_counter() - start) / max(1, len(claim.statements))
    where = "the standing process" if _PROCESS[claim.setting.process] is STANDING_PROCESS else "VE"

    def evidence(name: str, key: str) -> Evidence:
        o = found[key].outcome
        scope = f"{found[key].law.name or 'its law'}, {where}"
        return Evidence(
            Kind.SIMULATION, Route.PATHS, name, _OUTCOME[o.outcome], scope, o.detail, o.figures, seconds=seconds
        )

    return Simulation(
        [evidence(name, name) for name in claim.statements],
        {m.name: evidence(m.of, MUTANT + m.name) for m in claim.mutants},
    )
