"""Settle statements about Gaussian laws of any dimension by matrix words. Untrusted; the kernel decides.

Order: the certificate with the given square, or none; then exact witnesses. "proved" is returned only for a certificate
that went through JSON data and was accepted by the kernel.
"""

from __future__ import annotations

import json
import time
from typing import Any

from theory.kernel.errors import BudgetError, KernelError, UnsupportedError
from theory.kernel.words.certificate import certificate, check
from theory.kernel.words.witness import find_witness
from theory.language.instances import Setting
from theory.language.statements import Chain, Rel, Statement
from theory.language.terms import Term
from theory.search.outcome import PROVED, REFUTED, UNDECIDED, UNSUPPORTED, Outcome


def settle_matrices(
    statement: Statement, setting: Setting, *, square: Term | None = None, budget_seconds: float = 20.0
) -> Outcome:
    """Settle ``statement`` for all of ``setting``: Gaussian laws under the matrix process, or LINEAR, VE, VP.

    ``square`` is the non-negative form of an inequality's difference. Never raises for a statement it cannot read: that
    is "unsupported".
    """
    if not isinstance(statement, (Rel, Chain)):
        return Outcome(UNSUPPORTED, "", f"the matrix-word kernel has no rule for {type(statement).__name__}")
    deadline = time.monotonic() + budget_seconds
    relations = statement.links if isinstance(statement, Chain) else (statement,)
    squares: list[Term | None] = []
    missing: KernelError | None = None
    tried = 0
    for number, relation in enumerate(relations, 1):
        where = f"link {number}: " if isinstance(statement, Chain) else ""
        found = _provable(relation, setting, square)
        if not isinstance(found, KernelError):
            squares.append(found[0])
            continue
        try:
            witness, count = find_witness(relation, setting, deadline)
        except KernelError:
            witness, count = None, 0
        except RecursionError:
            witness, count = None, 0
        tried += count
        if witness is not None:
            return Outcome(
                REFUTED, "one instance", f"{where}refuted by an exact witness", (), None, witness.values,
                {"evaluations": tried},
            )  # fmt: skip
        missing = missing or type(found)(f"{where}{found}")
    effort = {"evaluations": tried}
    if missing is not None:
        status = UNSUPPORTED if isinstance(missing, UnsupportedError) else UNDECIDED
        reason = str(missing) if isinstance(missing, (UnsupportedError, BudgetError)) else f"no witness, and {missing}"
        return Outcome(status, "", reason, effort=effort)
    data: dict[str, Any] = json.loads(json.dumps(certificate(statement, setting, tuple(squares))))
    try:
        theorem = check(data)
    except KernelError as error:
        return Outcome(UNDECIDED, "", str(error), effort=effort)
    return Outcome(PROVED, theorem.scope, "; ".join(theorem.steps), theorem.hypotheses, data, None, effort)


def _provable(relation: Rel, setting: Setting, square: Term | None) -> tuple[Term | None] | KernelError:
    """The square with which the kernel accepts the relation (in a tuple), or why it refuses."""
    refused: KernelError | None = None
    for offered in (square, None) if relation.relation != "=" and square is not None else (None,):
        try:
            check(certificate(relation, setting, (offered,)))
            return (offered,)
        except KernelError as error:
            refused = refused or error
    assert refused is not None
    return refused
