"""Ito's formula along diffusions with any smooth drift: densities, posteriors and their entropies on the path."""

from numerics.path_forms import Path
from proofs_checks.claim import cite
from proofs_checks.registry import claim
from theory.language.instances import ANY, DIFFUSION, Setting
from theory.language.notation import (
    FLOW,
    FORWARD,
    REVERSE,
    X0,
    H,
    P,
    Q,
    Z,
    div,
    drift,
    f,
    g,
    grad,
    log,
    martingale,
    noise,
    normsq,
    p,
    post,
    q,
    qv,
    s,
    s_z,
    x,
)
from theory.language.statements import Eq

class_entropy = H(Z | x)
claim(
    "path.any_drift",
    title="Along the reverse of any diffusion posteriors are martingales, and class entropy falls on average",
    source=cite("2508.19897", "in the spirit of; pathwise conditional entropy"),
    setting=Setting(law=ANY, process=DIFFUSION),
    statements={
        "forward": Eq(drift(log(p), FORWARD), -div(f) + g**2 * div(s) + g**2 / 2 * normsq(s)),
        "reverse": Eq(drift(log(p), REVERSE), div(f) + g**2 / 2 * normsq(s)),
        "along the flow": Eq(drift(log(p), FLOW), -div(f) + g**2 / 2 * div(s)),
        "posterior": martingale(P(Z | x), REVERSE),
        "end point": martingale(P(X0 | x), REVERSE),
        "likelihood ratio": martingale(q / p, REVERSE),
        "class entropy": Eq(drift(class_entropy, REVERSE), -(g**2) / 2 * post(normsq(s_z - s))),
        "its noise": Eq(noise(class_entropy, REVERSE), -g * post(log(P(Z | x)) * (s_z - s))),
        "its variation": Eq(qv(class_entropy, REVERSE), g**2 * normsq(grad(class_entropy))),
    },
    paths=Path(Q(21, 20), Q(1, 2)),
    mutants={
        "forward without half": Eq(drift(log(p), FORWARD), -div(f) + g**2 * div(s) + g**2 * normsq(s)),
        "forward by the flow": Eq(drift(log(p), FORWARD), -div(f) + g**2 / 2 * div(s)),
        "reverse without half": Eq(drift(log(p), REVERSE), div(f) + g**2 * normsq(s)),
        "reverse with the sign of the drift": Eq(drift(log(p), REVERSE), -div(f) + g**2 / 2 * normsq(s)),
        "flow without half": Eq(drift(log(p), FLOW), -div(f) + g**2 * div(s)),
        "posterior forward": martingale(P(Z | x), FORWARD),
        "the other ratio": martingale(p / q, REVERSE),
        "entropy without half": Eq(drift(class_entropy, REVERSE), -(g**2) * post(normsq(s_z - s))),
        "entropy grows": Eq(drift(class_entropy, REVERSE), g**2 / 2 * post(normsq(s_z - s))),
        "noise without g": Eq(noise(class_entropy, REVERSE), -post(log(P(Z | x)) * (s_z - s))),
    },
)
