"""The certificates of a claim: its proofs are found again when they are asked for, and written as inert data."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from numerics.path_forms import NotApplicable
from proofs_checks import registry
from proofs_checks.claim import Claim
from theory.kernel import definition
from theory.kernel.document import AnyTheorem, document
from theory.kernel.errors import KernelError
from theory.kernel.replay import check
from theory.language.statements import Chain, Rel, Series, Statement
from theory.language.terms import Term, TermError
from theory.search.outcome import BY_DEFINITION, PROVED, REFUTED
from theory.search.settle import settle

SECONDS = 20.0


@dataclass
class Proofs:
    """What algebra has for a claim: certified theorems, witnesses of what is false, and reasons for what is neither.

    ``searches`` says of each statement which strategy ended its search, and what it cost.
    """

    claim: str
    theorems: dict[str, tuple[dict[str, Any], AnyTheorem]] = field(default_factory=dict)
    witnesses: dict[str, dict[str, str]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    searches: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The document of all certificates. Raises ValueError if there is none."""
        if not self.theorems:
            raise ValueError(f"{self.claim}: algebra proves none of its statements, so there is nothing to write")
        return document(self.claim, self.theorems)


def prove(claim: Claim, seconds: float = SECONDS) -> Proofs:
    """Search a certificate for every statement of ``claim``; ``seconds`` is the budget of each."""
    found = Proofs(claim.id)
    lemmas = [data for id in claim.needs for data, _ in prove(registry.find(id), seconds).theorems.values()]
    for name, statement in claim.statements.items():
        if isinstance(claim.proof, NotApplicable):
            found.missing[name] = f"not a matter of algebra: {claim.proof.reason}"
            continue
        for title, part in _parts(name, statement):
            _settle(found, claim, title, part, claim.squares.get(name), seconds, lemmas)
    return found


def spent(start: float) -> str:
    """The time since ``start`` in milliseconds."""
    return f"{1000 * (time.perf_counter() - start):.0f} ms"


def _parts(name: str, statement: Statement) -> list[tuple[str, Statement]]:
    """The statement itself; a series in x is one equation for each coefficient."""
    if not isinstance(statement, Series):
        return [(name, statement)]
    try:
        return [(f"{name}, coefficient {n}", relation) for n, relation in enumerate(statement.relations())]
    except TermError:
        return [(name, statement)]


def _settle(
    found: Proofs, claim: Claim, name: str, part: Statement, square: Term | None, seconds: float,
    lemmas: list[dict[str, Any]],
) -> None:  # fmt: skip
    start = time.perf_counter()
    outcome = settle(part, claim.setting, square=square, budget_seconds=seconds, lemmas=lemmas)
    effort = ", ".join(f"{name} {count}" for name, count in outcome.effort.items() if count)
    found.searches[name] = f"{outcome.strategy or 'nothing'}{'; ' + effort if effort else ''}; {spent(start)}"
    if outcome.status == PROVED and outcome.certificate is not None:
        found.theorems[name] = outcome.certificate, check(outcome.certificate)
    elif outcome.status == BY_DEFINITION and isinstance(part, (Rel, Chain)):
        data = definition.certificate(part)
        try:
            found.theorems[name] = data, check(data)
        except KernelError as error:
            found.missing[name] = str(error)
    elif outcome.status == REFUTED:
        found.witnesses[name] = dict(outcome.witness or {})
    else:
        found.missing[name] = outcome.detail or outcome.status
