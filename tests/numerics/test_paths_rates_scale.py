"""Rates alone: a margin is a part of the changes, not of the numbers."""

from numerics.path_forms import Integrated
from numerics.paths import confront_many
from numerics.schedules import VE_PROCESS
from theory.language.instances import T3
from theory.language.notation import X0, H, Q, Xt, d
from theory.language.statements import Eq


def test_a_relation_between_rates_is_measured_by_their_changes():
    B, M, K = d(H(X0 | Xt)), d(H(Xt)), d(H(Xt | X0))
    statements = {"true": Eq(B, K - M), "off by 3 %": Eq(B, Q(103, 100) * (K - M))}
    found = confront_many(statements, Integrated(Q(3, 10), Q(1, 2)), T3, VE_PROCESS, claim_id="rates", seed=0)
    assert {name: o.outcome for name, o in found.items()} == {"true": "consistent", "off by 3 %": "refuted"}
