"""What the catalogue holds: enough claims, each attacked by enough near misses, each with a source and a reason."""

import pytest

from numerics.path_forms import NotApplicable
from proofs_checks.campaign_mutants import all_mutants
from proofs_checks.claim import LETTERS
from proofs_checks.registry import load
from theory.language.by_definition import holds_by_definition
from theory.language.statements import digest

CLAIMS = list(load().values())
TRUE = [c for c in CLAIMS if not c.is_folklore]


def test_the_catalogue_carries_the_paper():
    assert len(CLAIMS) >= 36
    assert len([c for c in CLAIMS if c.is_folklore]) >= 4
    groups = [LETTERS.index(c.group) for c in CLAIMS]
    assert groups == sorted(groups), "chapters come in the order of their letters"


@pytest.mark.parametrize("claim", TRUE, ids=[c.id for c in TRUE])
def test_every_claim_is_attacked_by_at_least_twelve_near_misses(claim):
    mutants = all_mutants(claim)
    assert len(mutants) >= 12
    assert len({digest(m.statement) for m in mutants}) == len(mutants), "no near miss twice"
    assert not {digest(s) for s in claim.statements.values()} & {digest(m.statement) for m in mutants}
    assert sum(m.authored for m in mutants) >= 3, "the mistakes people make are written down"


def test_at_least_four_hundred_near_misses():
    assert sum(len(all_mutants(c)) for c in TRUE) >= 400


@pytest.mark.parametrize("claim", CLAIMS, ids=[c.id for c in CLAIMS])
def test_every_claim_says_where_it_comes_from_and_what_it_rests_on(claim):
    assert claim.title
    assert claim.source.reference
    assert set(claim.needs) <= set(load())
    assert not all(holds_by_definition(s) for s in claim.statements.values())
    for form in claim.paths:
        if isinstance(form, NotApplicable):
            assert len(form.reason) > 10
    if claim.is_folklore:
        assert claim.correction.endswith(".")
