"""The workbench of a run: for every claim what is kept from earlier runs, what has been found, and what is finished."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proofs_checks.assess import Assessment, Options, conclude, wanted
from proofs_checks.claim import Claim
from proofs_checks.evidence import Kind
from proofs_checks.readings import Finding, given
from proofs_checks.store import Store, UnkeyableError, claim_digest

Task = tuple[str, Options, dict[Kind, Finding], str]
"""What a worker needs to know of a claim: its id, the options, the findings that are there already, and its digest.

The worker looks the claim up; on another machine, its catalogue may say something else under the same id.
"""


class Bench:
    """Findings go in through :meth:`recalled` and :meth:`keep`; :meth:`finish` makes an assessment of them."""

    def __init__(self, options: Options, store: Store | None, on_done: Callable[[Assessment], None] | None) -> None:
        self.options, self.store, self.on_done = options, store, on_done
        self.done: dict[str, Assessment] = {}
        self.found: dict[str, dict[Kind, Finding]] = {}
        self.keys: dict[str, dict[Kind, dict[str, Any]]] = {}
        self.campaigns: dict[str, Finding] = {}

    def recalled(self, claim: Claim) -> bool:
        """Whether the store holds all that is wanted about ``claim``; it is then finished."""
        found = self.found.setdefault(claim.id, {})
        if self.store is None:
            return False
        keys = self.keys.setdefault(claim.id, {})
        kinds = wanted(claim, self.options)
        for kind in kinds:
            key = self.store.key(claim, kind, self.options)
            if key is not None:
                keys[kind] = key
                kept = self.store.get(key)
                if kept is not None:
                    found[kind] = kept
        if len(found) < len(kinds) or (Kind.MUTANTS in found and found[Kind.MUTANTS].given != given(found)):
            return False
        self.finish(claim, 0.0)
        return True

    def task(self, claim: Claim) -> Task:
        """What a worker needs to know. A kept campaign goes along; it counts if the evidence turns out the same."""
        known = dict(self.found[claim.id])
        campaign = self.found[claim.id].pop(Kind.MUTANTS, None)
        if campaign is not None:
            self.campaigns[claim.id] = campaign
        try:
            digest = claim_digest(claim)
        except UnkeyableError:
            digest = ""
        return claim.id, self.options, known, digest

    def keep(self, claim: Claim, finding: Finding, *, own: bool = True) -> None:
        """A finding has arrived: lay it down, here and (if it was found by the sources of this house) in the store."""
        self.found[claim.id][finding.kind] = finding
        key = self.keys.get(claim.id, {}).get(finding.kind)
        if own and self.store is not None and key is not None and not finding.reused:
            self.store.put(key, finding)

    def finish(self, claim: Claim, seconds: float, *, limit: str = "", error: str = "") -> None:
        """All that will be found about ``claim`` is here."""
        found, campaign = self.found[claim.id], self.campaigns.get(claim.id)
        if campaign is not None and campaign.given == given(found):
            found.setdefault(Kind.MUTANTS, campaign)
        assessment = conclude(claim, self.options, found, seconds, limit=limit, error=error)
        self.done[claim.id] = assessment
        if self.on_done is not None:
            self.on_done(assessment)

    def readings(self) -> int:
        """How many findings the finished claims rest on."""
        return sum(len(self.found[id]) for id in self.done)
