"""The power table: what it counts, and that simulation tells false variants of claims and drifts apart."""

import pytest

from numerics.sequential import FAMILY_RATE
from proofs_checks import power, registry
from proofs_checks.power import FALSE, TRUE, Row

SHARE = FAMILY_RATE / 64


def row(kind, outcome, paths=16384, seconds=0.5):
    return Row("c", "n", "n", kind, "", outcome, paths, seconds, "")


def test_a_false_variant_is_right_when_refuted_and_a_true_statement_when_accepted():
    assert row(TRUE, "consistent").right is True
    assert row(TRUE, "refuted").right is False
    assert row(FALSE, "refuted").right is True
    assert row(FALSE, "consistent").right is False
    assert row(FALSE, "undecided").right is None
    assert row(TRUE, "not-applicable", paths=0).right is None


def test_exit_codes_let_nothing_undecided_pass():
    fine = [row(TRUE, "consistent"), row(FALSE, "refuted"), row(FALSE, "not-applicable", paths=0)]
    assert power.exit_code(fine) == 0
    assert power.exit_code([*fine, row(FALSE, "undecided")]) == 3
    assert power.exit_code([*fine, row(FALSE, "consistent")]) == 3
    assert power.exit_code([*fine, row(FALSE, "undecided"), row(TRUE, "refuted")]) == 1


def test_sums_count_simulated_rows_only():
    rows = [row(TRUE, "consistent"), row(FALSE, "refuted", 100, 2.0), row(FALSE, "refuted", 300, 0.1),
            row(FALSE, "consistent"), row(FALSE, "not-applicable", paths=0)]  # fmt: skip
    s = power.sums(rows)
    assert (s.true, s.accepted, s.wrong, s.false, s.refuted, s.quick) == (1, 1, 0, 3, 2, 1)
    assert (s.most_paths, s.most_seconds) == (300, 2.0)


def test_every_false_variant_of_a_claim_is_refuted_by_paths_alone():
    rows = list(power.measure(registry.find("score.norm_divergence"), seed=0, share=SHARE))
    simulated = [r for r in rows if r.paths]
    assert all(r.right for r in simulated)
    assert len([r for r in simulated if r.kind == FALSE]) >= 4


def test_a_variant_that_one_law_cannot_see_is_shown_to_another():
    """On the line D is one."""
    rows = {r.name: r for r in power.measure(registry.find("score.hessian_cov"), seed=0, share=SHARE)}
    assert rows["one for D"].right
    assert rows["one for D"].by != rows["trace"].by


@pytest.mark.parametrize("seed", [0, 1])
def test_wrong_reverse_drifts_fall_to_three_statistics_and_one_per_cent_to_one(seed):
    rows = {r.name: r for r in power.dynamics(seed=seed, share=SHARE)}
    slight = rows.pop("1 % of the drift")
    assert slight.right
    for r in rows.values():
        assert r.right
        assert int(r.by.split()[0]) >= 3, r.by
    assert len(rows) == 4
