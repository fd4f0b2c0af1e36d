"""The pathwise conditional entropy Phi = -log P(X0 | X_t) along the reverse SDE."""

from numerics.path_forms import Path
from proofs_checks.claim import cite
from proofs_checks.registry import claim
from theory.language.instances import ANY, LINEAR, Setting
from theory.language.notation import (
    REVERSE,
    REVERSE_GIVEN_END,
    X0,
    P,
    Phi,
    Q,
    alpha,
    drift,
    g,
    grad,
    log,
    m,
    noise,
    normsq,
    sigma,
    x,
)
from theory.language.statements import Eq

rate = g**2 * normsq(grad(log(P(X0 | x))))
claim(
    "path.cond_entropy_reverse",
    title="The pathwise conditional entropy falls at half its quadratic variation",
    source=cite("2508.19897", "in the spirit of; pathwise conditional entropy"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={
        "drift": Eq(drift(Phi, REVERSE_GIVEN_END), -rate / 2),
        "noise": Eq(noise(Phi, REVERSE_GIVEN_END), -(g * grad(log(P(X0 | x))))),
        "rate": Eq(rate, g**2 * alpha**2 * normsq(X0 - m) / sigma**4),
        "fixed label": Eq(drift(Phi, REVERSE), rate / 2),
    },
    paths=Path(Q(21, 20), Q(1, 2)),
    mutants={
        "drift of a fixed label": Eq(drift(Phi, REVERSE_GIVEN_END), rate / 2),
        "whole rate": Eq(drift(Phi, REVERSE_GIVEN_END), -rate),
        "sign of the noise": Eq(noise(Phi, REVERSE_GIVEN_END), g * grad(log(P(X0 | x)))),
        "rate without square": Eq(rate, g**2 * alpha * normsq(X0 - m) / sigma**4),
        "sigma^2 for sigma^4": Eq(rate, g**2 * alpha**2 * normsq(X0 - m) / sigma**2),
        "own end for a fixed label": Eq(drift(Phi, REVERSE), -rate / 2),
    },
)
