"""The readings of a claim: one table of which judge or campaign gives which kind of evidence, with which settings.

A judge gets exactly the settings that enter the key of its evidence, so no setting can be forgotten there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from proofs_checks.claim import Claim
from proofs_checks.evidence import Evidence, Hypothesis, Kind, MutantResult, Outcome, Route

PATIENCE = 8.0
"""A judge by algebra that was undecided only after so many seconds may have met one of its deadlines."""
_SPENT = re.compile(r"\btime budget\b|\bout of time\b|\bmemory\b", re.IGNORECASE)


class FindingError(ValueError):
    """Data that are no finding."""


@dataclass(frozen=True)
class Finding:
    """All that one reading says of one claim: evidence, or mutants for the mutants campaign. Inert data.

    ``simulated`` is what the paths said of the authored mutants, by name. The mutants campaign starts from the other
    evidence: ``given`` is its digest, and a kept campaign speaks only where it is the same.
    """

    kind: Kind
    evidence: tuple[Evidence, ...] = ()
    mutants: tuple[MutantResult, ...] = ()
    simulated: Mapping[str, Evidence] = field(default_factory=dict)
    given: str = ""
    reused: bool = False

    @property
    def final(self) -> bool:
        """Whether asking again would say the same: nothing ran out of time or memory, and no mutant survived."""
        if any(m.status == "survived" for m in self.mutants):
            return False
        return not any(_ran_out(e) for e in (*self.evidence, *self.simulated.values()))

    def as_reused(self) -> Finding:
        """The same, marked as kept from an earlier run."""
        return replace(self, reused=True, evidence=tuple(replace(e, reused=True) for e in self.evidence))


def _ran_out(e: Evidence) -> bool:
    if e.outcome.supports or e.outcome is Outcome.REFUTED or e.by_definition:
        return False
    return bool(_SPENT.search(e.detail)) or (e.kind is Kind.PROOF and e.seconds > PATIENCE)


def _proof(claim: Claim, **settings: Any) -> Finding:
    from proofs_checks import judge_algebra

    return Finding(Kind.PROOF, tuple(judge_algebra.judge(claim, **settings)))


def _enclosure(claim: Claim, **settings: Any) -> Finding:
    from proofs_checks import judge_balls

    return Finding(Kind.ENCLOSURE, tuple(judge_balls.judge(claim, **settings)))


def _property(claim: Claim, **settings: Any) -> Finding:
    from proofs_checks import campaign_property

    return Finding(Kind.PROPERTY, tuple(campaign_property.run(claim, **settings)))


def _simulation(claim: Claim, **settings: Any) -> Finding:
    from proofs_checks import judge_paths

    found = judge_paths.judge(claim, **settings)
    return Finding(Kind.SIMULATION, tuple(found.evidence), simulated=dict(found.mutants))


@dataclass(frozen=True)
class Reading:
    """How one kind of evidence is found: the modules that run, and (parameter, name in the options) of its settings."""

    kind: Kind
    modules: tuple[str, ...]
    settings: tuple[tuple[str, str], ...] = ()
    judge: Callable[..., Finding] | None = None

    def settings_of(self, options: object) -> dict[str, Any]:
        """The settings by the names that the judge gives them."""
        return {parameter: getattr(options, name) for parameter, name in self.settings}


READINGS = {
    r.kind: r
    for r in (
        Reading(Kind.PROOF, ("proofs_checks.judge_algebra",), (), _proof),
        Reading(Kind.ENCLOSURE, ("proofs_checks.judge_balls",), (("digits", "digits"),), _enclosure),
        Reading(Kind.PROPERTY, ("proofs_checks.campaign_property",), (("seed", "seed"),), _property),
        Reading(Kind.SIMULATION, ("proofs_checks.judge_paths",), (("seed", "seed"), ("share", "share")), _simulation),
        Reading(Kind.MUTANTS, ("proofs_checks.campaign_mutants",), (("seed", "seed"), ("generated", "one_node_edits"))),
    )
}
"""In the order in which a claim is read; the mutants campaign needs the evidence of the others."""


def read_mutants(claim: Claim, found: Mapping[Kind, Finding], settings: Mapping[str, Any]) -> Finding:
    """Run the mutants campaign on what the other readings found."""
    from proofs_checks import campaign_mutants

    evidence = tuple(e for f in found.values() for e in f.evidence)
    simulated = found[Kind.SIMULATION].simulated if Kind.SIMULATION in found else {}
    results = campaign_mutants.run(claim, evidence, simulated, **settings)
    return Finding(Kind.MUTANTS, mutants=tuple(results), given=given(found))


def given(found: Mapping[Kind, Finding]) -> str:
    """The digest of what a mutants campaign starts from; times are no part of it."""
    told = [
        [kind.value, [_timeless(e) for e in found[kind].evidence],
         [[name, _timeless(e)] for name, e in found[kind].simulated.items()]]
        for kind in READINGS if kind in found and kind is not Kind.MUTANTS
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _timeless(e: Evidence) -> dict[str, Any]:
    return asdict(replace(e, seconds=0.0, reused=False))


def to_data(finding: Finding) -> dict[str, Any]:
    """A finding as JSON data."""
    return {
        "kind": finding.kind.value,
        "evidence": [_evidence_data(e) for e in finding.evidence],
        "mutants": [asdict(m) for m in finding.mutants],
        "simulated": {name: _evidence_data(e) for name, e in finding.simulated.items()},
        "given": finding.given,
    }


def _evidence_data(e: Evidence) -> dict[str, Any]:
    return {key: value for key, value in asdict(e).items() if key != "reused"}


def from_data(data: Any) -> Finding:
    """The finding that :func:`to_data` wrote. Raises FindingError on anything else."""
    try:
        if set(data) != {"kind", "evidence", "mutants", "simulated", "given"} or not isinstance(data["given"], str):
            raise FindingError("a finding has other fields")
        return Finding(
            Kind(data["kind"]), tuple(_evidence(e) for e in data["evidence"]),
            tuple(_mutant(m) for m in data["mutants"]),
            {str(name): _evidence(e) for name, e in data["simulated"].items()}, data["given"],
        )  # fmt: skip
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise FindingError(f"not a finding ({error})") from None


def _evidence(data: Mapping[str, Any]) -> Evidence:
    fields: dict[str, Any] = dict(data)
    fields |= {"kind": Kind(data["kind"]), "route": Route(data["route"]), "outcome": Outcome(data["outcome"])}
    fields["hypotheses"] = tuple(Hypothesis(**h) for h in data["hypotheses"])
    fields["figures"] = {str(key): value for key, value in data["figures"].items()}
    texts = (data["statement"], data["scope"], data["detail"], *fields["figures"].values())
    if not all(isinstance(v, str) for v in texts) or not all(
        isinstance(data[name], bool) for name in ("by_definition", "conflict")
    ):
        raise FindingError("a field has another type")
    if not isinstance(data["seconds"], (int, float)) or not all(
        isinstance(v, str) for h in fields["hypotheses"] for v in (h.name, h.status, h.by)
    ):
        raise FindingError("a field has another type")
    return Evidence(**fields)


def _mutant(data: Mapping[str, Any]) -> MutantResult:
    if data["status"] not in ("refuted", "equivalent", "survived"):
        raise FindingError(f"no status of a mutant: {data['status']!r}")
    if data["status"] == "refuted" and not (data["by"] and all(isinstance(v, str) for v in data["by"])):
        raise FindingError("a refuted mutant without who refuted it")
    fields: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in data.items()}
    return MutantResult(**fields)
