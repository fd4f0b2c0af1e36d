"""The true statements that falsehoods are made from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from proofs_checks.attack.falsehoods import Parent
from proofs_checks.attack.identities import seeds
from proofs_checks.attack.oracle import OPEN, judge
from proofs_checks.attack.tampering import honest
from proofs_checks.attack.truths import generate
from theory.kernel.errors import KernelError
from theory.kernel.replay import check
from theory.language.instances import Law
from theory.language.statements import Rel

DRAWN = 240
"""How many identities are drawn beside the list and the catalogue."""


def parents(prove: bool = True, drawn: int = DRAWN) -> tuple[Parent, ...]:
    """The true statements that falsehoods are made from: the seed list, the catalogue's equations, and drawn ones.

    Each must be open to the oracle: one it can refute or cannot read is left out. With ``prove`` the links of their
    proofs are looked up by the search.
    """
    from proofs_checks.registry import load

    found = [Parent(name, *pair) for name, pair in seeds().items()]
    for claim in load().values():
        if claim.is_folklore or isinstance(claim.setting.law, Law):
            continue
        for name, statement in claim.statements.items():
            if isinstance(statement, Rel) and statement.relation == "=":
                found.append(Parent(f"{claim.id}: {name}", statement, claim.setting))
    found += [Parent(f"{t.family}: {t.kind}", t.statement, t.setting) for t in generate(drawn, 0)]
    kept = [q for q in found if judge(q.statement, q.setting, q.name).verdict == OPEN]
    if not prove:
        return tuple(kept)
    proved = len(found) - drawn
    named = {q.name for q in found[:proved]}
    return tuple(replace(q, links=proof_links(q)) if q.name in named else q for q in kept)


def proof_links(parent: Parent) -> tuple[dict[str, Any], ...]:
    """The links of a proof of ``parent``, if integration by parts is not enough and the search finds one."""
    try:
        check(honest(parent.statement, parent.setting)[0])
    except KernelError:
        from theory.search.settle import settle

        outcome = settle(parent.statement, parent.setting, budget_seconds=10)
        data = outcome.certificate
        return tuple(data["links"]) if isinstance(data, dict) and "links" in data else ()
    return ()
