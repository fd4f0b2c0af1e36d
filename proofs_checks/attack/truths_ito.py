"""Ito drifts, noises, quadratic variations and martingales along every process direction."""

from __future__ import annotations

import random

from proofs_checks.attack.drafts import (
    ANY,
    DIFFUSION,
    DISCRETE,
    LAM,
    LINEAR_KINDS,
    Draft,
    setting,
)
from proofs_checks.attack.truths_bases import CLEAN, DIFFUSING, DIFFUSING_END, DIFFUSING_PAIR, LOGS, MEANS, SCORES
from proofs_checks.attack.truths_fields import (
    G2,
    HALF_NOISE,
    SCORE,
    Poly,
    Record,
    clock_derivative,
    inner,
    vec,
    written,
    written_vector,
)
from theory.language.notation import (
    FAMILY,
    FLOW,
    FORWARD,
    REVERSE,
    REVERSE_GIVEN_END,
    X0,
    alpha,
    drift,
    g,
    noise,
    post,
    qv,
    s_c,
    sigma,
)
from theory.language.notation import dot as dot_
from theory.language.terms import Term, as_term

of = Poly.of
DIRECTIONS = (FORWARD, REVERSE, REVERSE_GIVEN_END, FLOW, FAMILY)
LINEAR_NAMES = ("r2", "xy", "y2", "phi", "psi", "xm", "m2", "trC", "logp", "logp", "logk", "logP", "P", "h",
                "logpz", "logPZ", "PZ", "s2", "xs", "divs", "C2")  # fmt: skip
DIFFUSING_NAMES = ("r2", "xy", "phi", "psi", "logp", "logp", "logk", "logP", "P", "logq", "ratio", "q/p", "s2", "xs")


def along(F: Record, direction: str) -> Poly:
    """The drift of F in a direction, from its reverse drift."""
    balance = inner(SCORE, F.grad) + F.lap
    if direction == FORWARD:
        return F.forward
    if direction == FLOW:
        return F.along_flow
    if direction == REVERSE:
        return F.rev
    if direction == REVERSE_GIVEN_END:
        return F.rev + of(G2) * (inner(vec((s_c, 1)), F.grad) - inner(SCORE, F.grad))
    return F.rev + HALF_NOISE * (of(LAM, 2) - 1) * balance


def _record(rng: random.Random, diffusing: bool) -> tuple[Record, bool]:
    """A random polynomial of base fields; whether h occurs (then the prior is discrete)."""
    every = {**DIFFUSING, **DIFFUSING_END, **DIFFUSING_PAIR} if diffusing else {**CLEAN, **MEANS, **SCORES, **LOGS}
    names = rng.choices(DIFFUSING_NAMES if diffusing else LINEAR_NAMES, k=rng.choice((1, 1, 2, 2, 2, 3)))
    if rng.random() < 0.25:
        names.append(rng.choice(DIFFUSING_NAMES if diffusing else LINEAR_NAMES))
    if "h" in names:  # a discrete prior: its atoms are their own labels
        names = [name for name in names if name not in ("logpz", "logPZ", "PZ")]
    *factors, last = names
    out = every[last]
    if factors and rng.random() < 0.25:
        out = out.scaled(rng.choice((-1, 2, -3)))
        for name in factors[:1]:
            out = out + every[name]
        factors = factors[1:]
    for name in factors:
        out = out * every[name]
    if not diffusing and rng.random() < 0.3:
        weight = of(alpha, rng.choice((1, 2, -1))) * of(sigma, rng.choice((-2, 1, 2)))
        out = out.scaled(weight, clock_derivative(weight))
    return out, "h" in names


def draw(rng: random.Random) -> Draft:
    """One Ito identity."""
    return rng.choice((_drift, _drift, _drift, _drift, _noise, _variation, _bracket, _martingale))(rng)


def _drawn(rng: random.Random) -> tuple[Record, bool, dict[str, object]]:
    diffusing = rng.random() < 0.3
    F, discrete = _record(rng, diffusing)
    while not F.grad:
        F, discrete = _record(rng, diffusing)
    process = DIFFUSION if diffusing else rng.choice(LINEAR_KINDS)
    return F, diffusing, {"process": process, "law": DISCRETE if discrete else ANY}


def _drift(rng: random.Random) -> Draft:
    F, _, where = _drawn(rng)
    direction = rng.choice(DIRECTIONS)
    lam = LAM if direction == FAMILY else None
    scale = rng.choice((1, 1, 1, 2, -1))
    left = drift(written(F.F, rng), direction, lam)
    left = left if scale == 1 else scale * left
    place = setting(**where, family=direction == FAMILY)  # type: ignore[arg-type]
    return Draft(f"drift along {direction}", left, written(along(F, direction) * scale, rng), place)


def _noise(rng: random.Random) -> Draft:
    F, _, where = _drawn(rng)
    direction = rng.choice((FORWARD, REVERSE, REVERSE_GIVEN_END))
    right = g * written_vector(F.grad, rng)
    return Draft("noise", noise(written(F.F, rng), direction), right, setting(**where))  # type: ignore[arg-type]


def _variation(rng: random.Random) -> Draft:
    F, _, where = _drawn(rng)
    direction = rng.choice((FORWARD, REVERSE, REVERSE_GIVEN_END))
    right = written(of(G2) * inner(F.grad, F.grad), rng)
    return Draft("quadratic variation", qv(written(F.F, rng), direction), right, setting(**where))  # type: ignore[arg-type]


def _bracket(rng: random.Random) -> Draft:
    """Ito's product rule left unevaluated: drift(F G) = F drift G + G drift F + noise . noise."""
    diffusing = rng.random() < 0.3
    (F, first), (G, second) = _record(rng, diffusing), _record(rng, diffusing)
    while (first or second) and any("Z" in term.free for H in (F, G) for key in H.F.terms for term, _ in key):
        (F, first), (G, second) = _record(rng, diffusing), _record(rng, diffusing)
    process = DIFFUSION if diffusing else rng.choice(LINEAR_KINDS)
    place = setting(process, DISCRETE if first or second else ANY)
    direction = rng.choice((FORWARD, REVERSE, REVERSE_GIVEN_END))
    A, B = written(F.F, rng), written(G.F, rng)
    shape = rng.random()
    if shape < 0.5:
        cross = dot_(noise(A, direction), noise(B, direction))
        right = A * drift(B, direction) + B * drift(A, direction) + cross
        return Draft("Ito product rule", drift(A * B, direction), right, place)
    if shape < 0.75:
        right = qv(A, direction) + qv(B, direction) + 2 * dot_(noise(A, direction), noise(B, direction))
        return Draft("polarisation", qv(A + B, direction), right, place)
    right = 3 * A**2 * drift(A, direction) + 3 * A * qv(A, direction)
    return Draft("Ito cube", drift(A**3, direction), right, place)


def _martingale(rng: random.Random) -> Draft:
    """Posterior averages are martingales of the reverse process, in LINEAR and in DIFFUSION settings."""
    diffusing = rng.random() < 0.4
    process = DIFFUSION if diffusing else rng.choice(LINEAR_KINDS)
    w = _end_field(rng)
    shape = rng.random()
    if shape < 0.4:
        return Draft("<w> is a martingale", drift(post(w), REVERSE), as_term(0), setting(process, ANY))
    u = _end_field(rng)
    slope_w, slope_u = noise(post(w), REVERSE), noise(post(u), REVERSE)
    if shape < 0.7:
        return Draft("<w><u> gains the bracket", drift(post(w) * post(u), REVERSE), dot_(slope_w, slope_u),
                     setting(process, ANY))  # fmt: skip
    left = drift(post(w * u) - post(w) * post(u), REVERSE)
    return Draft("posterior covariance loses the bracket", left, -dot_(slope_w, slope_u), setting(process, ANY))


def _end_field(rng: random.Random) -> Term:
    y2 = dot_(X0, X0)
    return rng.choice((y2, y2**2, y2**3, 1 + 2 * y2, y2 - y2**2, 3 * y2**2 - y2**3))
