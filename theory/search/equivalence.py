"""Finds the factor between the two conditions of an equivalence, or a law at which one holds alone. Untrusted."""

from __future__ import annotations

import json
import time
from fractions import Fraction

from theory.kernel.errors import KernelError
from theory.kernel.index.certificate import lowering_for
from theory.kernel.index.equivalence import certificate, check, difference, find_counterexample
from theory.kernel.index.monomials import Scalars
from theory.language.definitions import num, power, tfun, times
from theory.language.instances import Setting
from theory.language.statements import Iff
from theory.language.terms import Term, make
from theory.search.outcome import PROVED, REFUTED, UNDECIDED, Outcome

_TRIES = 64


def settle_equivalence(statement: Iff, setting: Setting, deadline: float = float("inf")) -> Outcome:
    """Prove or refute an equivalence of pointwise conditions. Raises KernelError where the kernel cannot read it."""
    for factor in _factors(statement, setting):
        if time.monotonic() > deadline:
            return Outcome(UNDECIDED, "", "the time budget is spent")
        try:
            data = json.loads(json.dumps(certificate(statement, setting, factor)))
            theorem = check(data)
        except KernelError:
            continue
        return Outcome(PROVED, theorem.scope, "; ".join(theorem.steps), theorem.hypotheses, data)
    witness = find_counterexample(statement, setting, deadline)
    if witness is not None:
        return Outcome(REFUTED, "one instance", "one condition holds where the other does not", witness=witness)
    return Outcome(UNDECIDED, "", "the conditions are no multiples of each other, and no witness was found")


def _factors(statement: Iff, setting: Setting) -> list[Term]:
    """Candidates: the quotient of a monomial of one difference and one of the other with the same tensors."""
    lowering = lowering_for(setting)
    left, right = difference(statement.left, lowering), difference(statement.right, lowering)
    if not left or not right:
        return []
    (scalars, factors), coefficient = next(iter(left.terms.items()))
    found = [
        term
        for (others, tensors), share in list(right.terms.items())[:_TRIES]
        if tensors == factors and (term := _quotient(scalars, others, coefficient / share)) is not None
    ]
    return list(dict.fromkeys(found))


def _quotient(above: Scalars, below: Scalars, coefficient: Fraction) -> Term | None:
    exponents = {tag: Fraction(e) for tag, e in above}
    for tag, e in below:
        exponents[tag] = exponents.get(tag, Fraction(0)) - e
    parts = [num(coefficient)]
    for tag, e in exponents.items():
        base = tfun(tag[0]) if tag[0] in ("alpha", "sigma", "g") else make("dim") if tag[0] == "D" else None
        base = make("sym", (), tag[1]) if tag[0] == "sym" else base
        if e and base is None:
            return None
        if e and base is not None:
            parts.append(power(base, e))
    return parts[0] if len(parts) == 1 else times(*parts)
