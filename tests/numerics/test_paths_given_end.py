"""Drifts given the end: right on average over the ends is not right."""

import pytest

from numerics.path_forms import Path
from numerics.paths import confront_many
from numerics.schedules import STANDING_PROCESS
from theory.language.instances import T1, gaussian
from theory.language.notation import (
    REVERSE_GIVEN_END,
    X0,
    P,
    Phi,
    Q,
    Z,
    alpha,
    coord,
    drift,
    f,
    g,
    grad,
    log,
    m,
    normsq,
    post,
    s,
    sigma,
    x,
)  # fmt: skip
from theory.language.statements import Eq

SPAN = Path(Q(21, 20), Q(4, 5))
PULL = g**2 * alpha * (X0 - m) / sigma**2
RATE = g**2 * normsq(grad(log(P(X0 | x))))
POINT = drift(coord(x, 1), REVERSE_GIVEN_END)


@pytest.mark.parametrize("law", [T1, gaussian((0,), 1)])
def test_a_drift_that_is_right_on_average_over_the_ends_is_refuted(law):
    statements = {
        "true": Eq(POINT, coord(-f + g**2 * s + PULL, 1)),
        "without the end": Eq(POINT, coord(-f + g**2 * s, 1)),
        "twice": Eq(POINT, coord(-f + g**2 * s + 2 * PULL, 1)),
    }
    found = confront_many(statements, SPAN, law, STANDING_PROCESS, claim_id="given end", seed=0)
    assert {name: o.outcome for name, o in found.items()} == {
        "true": "consistent", "without the end": "refuted", "twice": "refuted",
    }  # fmt: skip


def test_a_rate_averaged_over_the_ends_is_refuted():
    statements = {"averaged": Eq(drift(Phi, REVERSE_GIVEN_END), -post(RATE) / 2)}
    (found,) = confront_many(statements, SPAN, T1, STANDING_PROCESS, claim_id="given end", seed=0).values()
    assert found.outcome == "refuted"


def test_a_label_given_the_end_point_is_not_read():
    statements = {"label": Eq(drift(log(P(Z | x)), REVERSE_GIVEN_END), 0)}
    (found,) = confront_many(statements, SPAN, T1, STANDING_PROCESS, claim_id="given end", seed=0).values()
    assert found.outcome == "not-applicable"
