"""No shared wire: perturb an operator that one side alone uses, and the statement must fail.

Both sides are unfolded to core operators. For each operator on exactly one side its value is multiplied, as a jet, by
1 + 1e-6 h(x, t) with h a fixed non-constant polynomial. If the statement still holds, that side was not computed from
the operator it is written with: the claim was checking itself.
"""

from fractions import Fraction

import pytest

from numerics.evaluate import prepare, wire_tap
from numerics.gap import float_gap
from proofs_checks.registry import load
from theory.language.by_definition import holds_by_definition
from theory.language.statements import Rel

DENSITIES = ("p", "kern", "p0", "pz", "wz")
LOUD = Fraction(1, 1000)
TAPPABLE = (*DENSITIES, *(f"log {d}" for d in DENSITIES), "post", "grad", "tr", "dot", "outer", "mz", "Sz", "inv")


def operators(term):
    """The tappable operators that occur explicitly: log p is an operator of its own, the p inside it is not touched."""
    if term.op == "log" and term.args[0].op in DENSITIES:
        return {f"log {term.args[0].op}"}
    return {term.op} & set(TAPPABLE) | {op for child in term.args for op in operators(child)}


CASES = [
    (claim.id, name, op, instance)
    for claim in load().values()
    for name, statement in claim.statements.items()
    if not claim.is_folklore
    and isinstance(statement, Rel)
    and statement.relation == "="
    and not holds_by_definition(statement)
    for op in sorted(operators(prepare(statement.lhs)) ^ operators(prepare(statement.rhs)))
    for instance in [min(claim.judged_at(), key=lambda i: i.law.D)]
]


@pytest.mark.parametrize(
    ("id", "name", "op", "instance"), CASES, ids=[f"{i}-{n}-{o}".replace(" ", "_") for i, n, o, _ in CASES]
)
def test_the_statement_hears_every_operator_that_one_side_alone_uses(id, name, op, instance):
    statement = load()[id].statements[name]
    quiet = float_gap(statement, instance)
    assert quiet < 1e-11
    # E|X0 - m|^2 is stationary in m, so a perturbed posterior average is heard in second order only: louder, then
    heard = [float_gap(statement, instance, taps={op: wire_tap(scale)}) for scale in (Fraction(1, 10**6), LOUD)]
    assert heard[0] > 1e-9 or heard[1] > 1e-7, f"{id} '{name}': perturbing {op} went unheard"


def test_every_claim_with_an_equation_has_a_wire_to_tap():
    tapped = {(id, name) for id, name, _, _ in CASES}
    equations = {
        (c.id, n)
        for c in load().values()
        for n, s in c.statements.items()
        if not c.is_folklore and isinstance(s, Rel) and s.relation == "=" and not holds_by_definition(s)
    }
    untapped = {id for id, _ in equations - tapped}
    # schedule identities use the same germ on both sides; a drift written out has the operators of its other side
    assert untapped <= {"fwd.schedule_identity", "path.any_drift"}
