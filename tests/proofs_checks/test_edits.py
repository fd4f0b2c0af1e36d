"""Edits reach every literal, exponent, sign and time function of every statement, and never yield the original."""

from fractions import Fraction

import pytest

from proofs_checks.edits import edits
from proofs_checks.registry import load
from theory.language.statements import Digits, Located, Rel, digest
from theory.language.terms import walk

RELATIONS = [
    (id, name, s)
    for id, claim in load().items()
    for name, s in claim.statements.items()
    if isinstance(s, Rel) and s.relation == "="
]


@pytest.mark.parametrize(("id", "name", "statement"), RELATIONS, ids=[f"{i}-{n}" for i, n, _ in RELATIONS])
def test_every_literal_exponent_and_name_is_hit(id, name, statement):
    nodes = [*walk(statement.lhs), *walk(statement.rhs)]
    made = list(edits(statement))
    for kind, ops in {"literal": ("num",), "exponent": ("pow",), "name": ("tfun", "dim", "eye", "mz", "Sz")}.items():
        here = [t for t in nodes if t.op in ops]
        assert len([e for e in made if e.kind == kind]) >= len(here)
    signs = [t for t in nodes if t.op in ("neg", "sub", "add")]
    assert len([e for e in made if e.kind == "sign"]) >= len(signs)
    assert digest(statement) not in {digest(e.statement) for e in made}


def test_a_printed_value_is_moved_off_its_interval():
    for claim in load().values():
        for statement in claim.statements.values():
            if isinstance(statement, Located) and isinstance(statement.at, Digits):
                moved = [e.statement.at for e in edits(statement) if e.name == "place moved"]
                low, high = statement.at.interval
                assert not any(low <= Fraction(m.text) <= high for m in moved)
                assert moved


def test_inequalities_only_become_stronger_or_opposite():
    for claim in load().values():
        for statement in claim.statements.values():
            if isinstance(statement, Rel) and statement.relation == ">=":
                assert [e.statement.relation for e in edits(statement)] == ["<=", ">="]
