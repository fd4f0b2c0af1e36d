"""No line of a derivation is false: each is evaluated at instances, by an interpreter that wrote none of it."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from numerics.gap import float_gap
from numerics.rings import Unsupported
from proofs_checks.derivations import derivation_of
from proofs_checks.evidence import Evidence, Kind, Outcome, Route
from proofs_checks.registry import find, load
from theory.language.statements import Located, Rel
from theory.search.settle import settle

CASES = [(c.id, name) for c in load().values() if not c.is_folklore and c.proof is None for name in c.statements]


def instances(claim):
    """The smallest and the largest instance at which the claim is judged, with a point x."""
    found = sorted(claim.judged_at(), key=lambda i: i.law.D)
    return [i if i.x else replace(i, x=((Fraction(1, 2),) * i.law.D,)) for i in (found[0], found[-1])]


@pytest.mark.parametrize(("id", "name"), CASES, ids=[f"{i}-{n}".replace(" ", "_") for i, n in CASES])
def test_every_line_holds_at_instances(id, name):
    claim = find(id)
    conditional = isinstance(claim.statements[name], Located)
    relations = [s.claim for s in derivation_of(claim, name) if s.claim is not None]
    for relation in relations:
        if conditional and relation.relation != "=":  # the condition itself, which an instance may not meet
            continue
        for instance in instances(claim):
            try:
                assert float_gap(relation, instance) < 1e-9, relation
            except Unsupported:  # double integrals in the plane
                assert instance.law.D > 1


@pytest.mark.parametrize(("id", "name"), CASES, ids=[f"{i}-{n}".replace(" ", "_") for i, n in CASES])
def test_a_chain_begins_and_ends_with_the_sides_of_its_statement(id, name):
    claim = find(id)
    statement = claim.statements[name]
    steps = [s for s in derivation_of(claim, name) if not s.aside]
    if not steps:  # no proof, or none in the time: then there is no chain
        assert settle(statement, claim.setting, budget_seconds=0.2).status not in ("proved", "by-definition")
        return
    if isinstance(statement, Rel) and statement.relation == "=":
        chain = [s.claim for s in steps if s.claim is not None]
        assert (chain[0].lhs, chain[-1].rhs) == (statement.lhs, statement.rhs)
        assert all(u.rhs == v.lhs for u, v in pairwise(chain))
    assert all(step.why for step in steps[1:])


def test_the_bandwidth_is_derived_by_parts():
    steps = derivation_of(find("entropy.conditional_rate"), "divergence")
    lines = [step.math_text for step in steps]
    flux = next(n for n, line in enumerate(lines) if line.startswith("V = "))
    assert "log P(X0|x)" in lines[flux]
    assert lines[flux + 1] == "E[div V + V . grad log k(x|X0)] = 0"
    assert any("E[|X0|^2 - |m|^2]" in line for line in lines[flux:])
    assert any("Bayes" in step.why for step in steps[:flux])


def test_without_a_proof_the_figures_of_the_run_are_told():
    claim = find("path.var_peak_symmetric")
    assert derivation_of(claim, "Phi") == ()
    found = Evidence(Kind.ENCLOSURE, Route.BALLS, "Phi", Outcome.ENCLOSED, figures={"at": "0.98 +/- 1e-9"})
    other = Evidence(Kind.ENCLOSURE, Route.BALLS, "h", Outcome.ENCLOSED, figures={"at": "0.86 +/- 1e-9"})
    assert [s.math_text for s in derivation_of(claim, "Phi", [found, other])] == ["at: 0.98 +/- 1e-9"]


def test_an_unknown_statement_is_an_error():
    with pytest.raises(KeyError):
        derivation_of(find("score.tweedie"), "no such")
