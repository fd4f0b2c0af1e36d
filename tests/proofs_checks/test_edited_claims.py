"""The whole program against itself: edit one node of a true statement, and no edited claim may be verified.

Every literal, exponent, sign and name of the equations, inequalities and conditions of the catalogue is edited, one at
a time, and the edited claim is assessed like any other, without ledger.
"""

from collections import Counter
from dataclasses import replace

import pytest

from proofs_checks import judge_algebra, judge_balls, ledger
from proofs_checks.assess import Options, assess
from proofs_checks.edits import edits
from proofs_checks.evidence import Outcome
from proofs_checks.registry import load, not_applicable
from proofs_checks.verdict import Verdict, rule_statement
from proofs_checks.verify import Report
from theory.language.by_definition import holds_by_definition
from theory.language.statements import Located, Rel
from theory.language.terms import make

REFUTED_BY = Counter()
NO_PATHS = (not_applicable("edited"),)
CLAIMS = [c for c in load().values() if not c.is_folklore]


def without_signs_in_variances(term):
    """A variance does not see the sign of what it is taken of: such an edit makes another true statement."""
    args = tuple(without_signs_in_variances(t) for t in term.args)
    if term.op in ("var", "var_post") and args[0].op == "neg":
        args = args[0].args
    return make(term.op, args, term.data)


def same_but_for_signs_in_variances(left, right):
    if not (isinstance(left, Rel) and isinstance(right, Rel)):
        return False
    pairs = ((left.lhs, right.lhs), (left.rhs, right.rhs))
    return all(without_signs_in_variances(u) == without_signs_in_variances(v) for u, v in pairs)


def edited_claims(claim):
    for name, statement in claim.statements.items():
        if isinstance(statement, Located) or holds_by_definition(statement):
            continue
        for edit in edits(statement):
            if same_but_for_signs_in_variances(statement, edit.statement):
                continue
            if edit.kind in ("literal", "exponent", "sign", "name"):
                changed = {**claim.statements, name: edit.statement}
                yield name, edit, replace(claim, statements=changed, mutants=(), paths=NO_PATHS)


def judged(claim, name):
    """The evidence and the ruling: of the quick search and the balls if they settle it, else of the whole program."""
    statement = claim.statements[name]
    evidence = [
        judge_algebra.judge_statement(claim, name, statement, seconds=judge_algebra.MUTANT_SECONDS, thorough=False),
        *judge_balls.judge_statement(claim, name, statement, digits=8),
    ]
    ruling = rule_statement(name, evidence, partial=True)
    if ruling.verdict is not Verdict.NOT_ASSESSED:
        return evidence, ruling
    found = assess(claim, Options(digits=8, one_node_edits=False))
    report = Report((found,), ledger.Comparison("absent"), 0, 0.0)
    assert report.exit_code() == (1 if found.ruling.verdict is Verdict.REFUTED else 3)
    return found.evidence, found.ruling


@pytest.mark.parametrize("claim", CLAIMS, ids=[c.id for c in CLAIMS])
def test_no_edited_claim_is_verified(claim, capsys):
    count, here = 0, Counter()
    for name, edit, edited in edited_claims(claim):
        alone = replace(edited, statements={name: edited.statements[name]}, squares={}, single_route={})
        evidence, ruling = judged(alone, name)
        assert ruling.verdict in (Verdict.REFUTED, Verdict.UNDECIDED), f"{claim.id}, {name}: {edit.name}"
        refuting = [e.route.value for e in evidence if e.outcome is Outcome.REFUTED]
        here[refuting[0] if refuting else "undecided"] += 1
        count += 1
    with capsys.disabled():
        print(f"\n{claim.id}: {count} edits, " + ", ".join(f"{k} {n}" for k, n in sorted(here.items())), end=" ")
    REFUTED_BY.update(here)


def test_enough_nodes_are_edited():
    total = sum(1 for claim in CLAIMS for _ in edited_claims(claim))
    assert total >= 60
