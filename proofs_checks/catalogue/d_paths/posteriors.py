"""Posteriors along the reverse SDE: martingales, and the drift of the posterior entropy."""

from numerics.path_forms import Path
from proofs_checks.claim import cite
from proofs_checks.registry import claim, not_applicable
from theory.language.instances import ANY, DISCRETE, LINEAR, Setting
from theory.language.notation import (
    FORWARD,
    REVERSE,
    X0,
    D,
    E,
    H,
    P,
    Q,
    Xt,
    alpha,
    d,
    div,
    drift,
    g,
    grad,
    h,
    log,
    m,
    noise,
    normsq,
    s,
    sigma,
    x,
)
from theory.language.statements import Eq

p_end = P(X0 | x)
claim(
    "path.posterior_martingale",
    title="Posterior probabilities are martingales in generative time",
    source=cite("2508.19897", "in the spirit of; committor of the reverse SDE"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={
        "drift": Eq(drift(p_end, REVERSE), 0),
        "noise": Eq(noise(p_end, REVERSE), p_end * (g * alpha / sigma**2) * (X0 - m)),
    },
    paths=Path(Q(21, 20), Q(1, 2)),
    mutants={
        "forward martingale": Eq(drift(p_end, FORWARD), 0),
        "no alpha": Eq(noise(p_end, REVERSE), p_end * (g / sigma**2) * (X0 - m)),
        "sigma for sigma^2": Eq(noise(p_end, REVERSE), p_end * (g * alpha / sigma) * (X0 - m)),
    },
)

v = g**2 * normsq(grad(log(p_end)))
claim(
    "path.qv_twice_rate",
    title="The mean quadratic variation of the pathwise entropy is twice the bandwidth",
    source=cite("2508.19897", "in the spirit of; a fluctuation-dissipation relation"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={"rate": Eq(E(v), 2 * d(H(X0 | Xt)))},
    paths=not_applicable("a relation between two averages; their paths are those of the bandwidth"),
    mutants={
        "once": Eq(E(v), d(H(X0 | Xt))),
        "half": Eq(E(v), d(H(X0 | Xt)) / 2),
        "marginal": Eq(E(v), 2 * d(H(Xt))),
    },
)

local = D / sigma**2 + div(s)
claim(
    "path.posterior_entropy_ito",
    title="The posterior entropy falls at the local divergence of the score",
    source=cite("2508.19897", "in the spirit of; local form of the bandwidth"),
    setting=Setting(law=DISCRETE, process=LINEAR),
    statements={"drift": Eq(drift(h, REVERSE), -(g**2) / 2 * local)},
    paths=Path(Q(21, 20), Q(1, 2)),
    mutants={
        "plus": Eq(drift(h, REVERSE), g**2 / 2 * local),
        "forward": Eq(drift(h, FORWARD), g**2 / 2 * local),
        "no D": Eq(drift(h, REVERSE), -(g**2) / 2 * div(s)),
    },
)
