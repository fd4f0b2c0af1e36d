"""Verdicts: a pure function of evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from proofs_checks.evidence import Evidence, Kind, MutantResult, Outcome, Route

RIGOROUS = frozenset({Route.ALGEBRA, Route.BALLS})


class Verdict(StrEnum):
    """The state of a claim; the meaning of each is in the README."""

    VERIFIED = "VERIFIED"
    REFUTED = "REFUTED"
    CONFLICT = "CONFLICT"
    UNDECIDED = "UNDECIDED"
    NOT_ASSESSED = "NOT_ASSESSED"


@dataclass(frozen=True)
class Ruling:
    """A verdict and the sentence that gives its reason."""

    verdict: Verdict
    reason: str


OWN_WITNESS = frozenset({Kind.PROOF, Kind.PROPERTY})
"""Kinds whose refutation names an instance of its own: it contradicts a proof, not an enclosure elsewhere."""


def _contradicted(evidence: Sequence[Evidence], refuting: Sequence[Evidence]) -> str:
    """Who rigorously accepted what was refuted, or "" if nobody did.

    A proof or a definition speaks for every instance. An enclosure speaks for the instances at which it was made:
    paths that refute there contradict it, a witness found elsewhere does not.
    """
    if any(e.by_definition for e in evidence):
        return "the definitions"
    for e in evidence:
        same_place = e.outcome is Outcome.ENCLOSED and any(r.kind not in OWN_WITNESS for r in refuting)
        if e.outcome is Outcome.PROVED or same_place:
            return str(e.route)
    return ""


def rule_statement(
    name: str, evidence: Sequence[Evidence], single_route: str = "", partial: bool = False, beyond: str = ""
) -> Ruling | None:
    """The ruling on one statement; None if it holds by definition (which neither supports nor blocks its claim).

    Refuted by one witness; in conflict if another judge rigorously accepted it; verified by two different routes, one
    of them algebra or balls (or by one rigorous route, if the claim declares that there is no other). ``beyond`` names
    a class of processes that numbers reach only in part (they are taken along linear ones): nothing is verified for it
    without a proof.
    """
    torn = next((e for e in evidence if e.conflict), None)
    if torn is not None:
        return Ruling(Verdict.CONFLICT, f"{name}: {torn.route} contradicts itself: {torn.detail}")
    refuting = [e for e in evidence if e.outcome is Outcome.REFUTED]
    accepting = _contradicted(evidence, refuting) if refuting else ""
    if accepting:
        told = f"{name}: {accepting} accepted what {refuting[0].route} refuted: {refuting[0].detail}"
        return Ruling(Verdict.CONFLICT, told)
    if refuting:
        return Ruling(Verdict.REFUTED, f"{name}: refuted by {refuting[0].route}: {refuting[0].detail}")
    if partial:
        return Ruling(Verdict.NOT_ASSESSED, f"{name}: only part of the evidence was asked for")
    if any(e.by_definition for e in evidence):
        return None
    routes = {e.route for e in evidence if e.outcome.supports}
    rigorous = routes & RIGOROUS
    if beyond and not any(e.outcome is Outcome.PROVED for e in evidence):
        told = next((f"; algebra: {e.detail}" for e in evidence if e.route is Route.ALGEBRA and e.detail), "")
        reason = f"{name}: not proved, and numbers are taken along linear processes, not along {beyond}"
        return Ruling(Verdict.UNDECIDED, reason + told)
    if rigorous and (len(routes) >= 2 or single_route):
        by = " and ".join(sorted(r.value for r in routes))
        return Ruling(Verdict.VERIFIED, f"{name}: supported by {by}" + (f" ({single_route})" if single_route else ""))
    open_ends = [f"{e.route}: {e.detail}" for e in evidence if e.outcome is Outcome.UNDECIDED]
    have = f"supported only by {', '.join(sorted(r.value for r in routes))}" if routes else "no route supports it"
    return Ruling(Verdict.UNDECIDED, f"{name}: {have}" + (f"; {'; '.join(open_ends)}" if open_ends else ""))


def rule_mutants(results: Iterable[MutantResult]) -> Ruling | None:
    """The ruling that the mutants force on their claim, or None if all are refuted or proved equivalent."""
    survivors = []
    for result in results:
        if result.by and result.accepted_by:
            both = f"{result.accepted_by[0]} accepted it, {result.by[0]} refuted it"
            return Ruling(Verdict.CONFLICT, f"mutant '{result.name}': {both}")
        if result.status == "survived":
            survivors.append(result.name)
    if survivors:
        return Ruling(Verdict.UNDECIDED, f"mutants not refuted: {', '.join(survivors)}")
    return None


_WORST = (Verdict.CONFLICT, Verdict.REFUTED, Verdict.NOT_ASSESSED, Verdict.UNDECIDED, Verdict.VERIFIED)


def rule_claim(
    rulings: Sequence[Ruling | None],
    mutants: Sequence[MutantResult],
    *,
    partial: bool,
    needs: Mapping[str, Verdict],
) -> Ruling:
    """The ruling on a claim: the worst of its statements, then its mutants, then its lemmas.

    ``partial``: only some kinds of evidence were asked for, so the claim cannot be verified or called undecided.
    ``needs``: the verdicts of the claims its proof rests on.
    """
    real = [r for r in rulings if r is not None]
    mutant_ruling = rule_mutants(mutants)
    if mutant_ruling is not None and mutant_ruling.verdict is Verdict.CONFLICT:
        return mutant_ruling
    if not real:
        return Ruling(Verdict.UNDECIDED, "every statement holds by definition: there is nothing to verify")
    worst = min(real, key=lambda r: _WORST.index(r.verdict))
    if worst.verdict is not Verdict.VERIFIED:
        return worst
    if partial:
        return Ruling(Verdict.NOT_ASSESSED, "only part of the evidence was asked for")
    if mutant_ruling is not None:
        return mutant_ruling
    weak = [f"{name} is {verdict}" for name, verdict in needs.items() if verdict is not Verdict.VERIFIED]
    if weak:
        return Ruling(Verdict.UNDECIDED, f"it rests on claims that are not verified: {', '.join(weak)}")
    return Ruling(Verdict.VERIFIED, "; ".join(r.reason for r in real))
