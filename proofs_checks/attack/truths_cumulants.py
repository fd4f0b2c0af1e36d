"""Posterior cumulants: Tweedie to third and fourth order, posteriors and their entropy, labels, total variance."""

from __future__ import annotations

import random

from proofs_checks.attack.drafts import ANY, DISCRETE, LINEAR_KINDS, MIXTURE, Draft, coefficient, setting
from proofs_checks.attack.truths_bases import PHI, TR_C, C
from proofs_checks.attack.truths_fields import written
from theory.language.instances import LawClass
from theory.language.notation import (
    FLOW,
    FORWARD,
    REVERSE,
    X0,
    Cov,
    D,
    E,
    I,
    P,
    Sz,
    Var,
    VarPost,
    Xt,
    Z,
    a,
    alpha,
    covar,
    div,
    dot,
    drift,
    dt,
    frobsq,
    g,
    grad,
    h,
    inv,
    jac,
    k,
    lap,
    log,
    m,
    mmse,
    mz,
    normsq,
    outer,
    p,
    post,
    pz,
    s,
    s_c,
    s_z,
    sigma,
    tr,
    x,
)
from theory.language.terms import Term, as_term

Identity = tuple[Term, Term]
c = alpha / sigma**2
Y = X0 - m
PE, PZ = P(X0 | x), P(Z | x)
SKEW = post(normsq(Y) * Y)
W, Y2 = post(normsq(X0)), normsq(X0)

SCALARS: tuple[Identity, ...] = (
    (lap(log(p)), (alpha**2 * TR_C / sigma**2 - D) / sigma**2),
    (lap(PE), PE * c**2 * (normsq(Y) - TR_C)),
    (lap(PE), PE * (normsq(s_c - s) - D / sigma**2 - div(s))),
    (lap(log(PE)), -(c**2) * TR_C),
    (normsq(grad(log(PE))), c**2 * normsq(Y)),
    (post(normsq(grad(log(PE)))), c**2 * TR_C),
    (div(dot(C, x)), TR_C + c * dot(x, SKEW)),
    (div(dot(C, m)), c * frobsq(C) + c * dot(m, SKEW)),
    (lap(TR_C), c**2 * (post(normsq(Y) ** 2) - TR_C**2 - 2 * frobsq(C))),
    (lap(normsq(m)), 2 * c**2 * (frobsq(C) + dot(m, SKEW))),
    (lap(W), c**2 * (post(Y2 * normsq(Y)) - W * TR_C)),
    (div(s), post(div(s_z)) + post(normsq(s_z - s))),
    (lap(p) / p, normsq(s) + div(s)),
    (lap(p) / p, post(normsq(s_c)) - D / sigma**2),
    (lap(pz) / pz, normsq(s_z) + div(s_z)),
    (lap(PZ), PZ * (normsq(s_z - s) + div(s_z) - div(s))),
    (TR_C, W - normsq(m)),
    (TR_C, post(dot(X0, Y))),
    (VarPost(Y2), post(Y2**2) - W**2),
    (VarPost(dot(X0, x)), dot(x, dot(C, x))),
    (VarPost(dot(X0, x)), sigma**2 / alpha * (dot(x, dot(jac(m), x)))),
    (dt(log(p)), -a * D - a * dot(x, s) + g**2 / 2 * (div(s) + normsq(s))),
    (dt(TR_C), dot(g**2 * s - a * x, grad(TR_C)) + g**2 / 2 * lap(TR_C) + g**2 * c**2 * frobsq(C)),
    (dt(W), dot(g**2 * s - a * x, grad(W)) + g**2 / 2 * lap(W)),
    (frobsq(jac(s)), alpha**4 * frobsq(C) / sigma**8 - 2 * alpha**2 * TR_C / sigma**6 + D / sigma**4),
    (post(dot(Y, s_c)), c * TR_C),
    (post(normsq(s_c)), normsq(s) + c**2 * TR_C),
    (post(normsq(s_c - s) ** 2), c**4 * post(normsq(Y) ** 2)),
    (log(p), log(k) - log(PE) + log(k / k) + log(p * PE / k)),
)  # fmt: skip
ENTROPIC: tuple[Identity, ...] = (
    (lap(h), -(c**2) * (TR_C * (h + 1) + post(normsq(Y) * log(PE)))),
    (dot(x, grad(h)), -c * post(dot(x, Y) * log(PE))),
    (normsq(grad(h)), c**2 * normsq(post(log(PE) * Y))),
    (VarPost(log(PE)), post(log(PE) ** 2) - h**2),
)
"""About h = H(X0 | x): the prior is discrete."""
VECTORS: tuple[Identity, ...] = (
    (grad(normsq(m)), 2 * c * dot(C, m)),
    (grad(W), c * (post(Y2 * X0) - W * m)),
    (grad(post(Y2**2)), c * post(Y2**2 * Y)),
    (grad(TR_C), c * SKEW),
    (grad(div(m)), c**2 * SKEW),
    (grad(div(s)), alpha**3 / sigma**6 * SKEW),
    (grad(dot(x, m)), m + c * dot(C, x)),
    (grad(dot(x, s)), s + dot(jac(s), x)),
    (grad(normsq(s)), 2 * dot(jac(s), s)),
    (grad(PE), PE * c * Y),
    (grad(PE), PE * (s_c - s)),
    (grad(log(PE)), c * Y),
    (grad(PZ), PZ * (s_z - s)),
    (grad(p), p * s),
    (grad(k), k * (alpha * X0 - x) / sigma**2),
    (s, post(s_z)),
    (alpha * m, x + sigma**2 * post(s_z)),
    (dt(m), c * (dot(C, g**2 * s - a * x) + g**2 / 2 * c * SKEW)),
    (dt(s), g**2 / 2 * grad(div(s)) + g**2 * dot(jac(s), s) - a * s - a * dot(jac(s), x)),
    (post(dot(X0, x) * Y), dot(C, x)),
    (post(Y2 * Y), SKEW + 2 * dot(C, m)),
)
MATRICES: tuple[Identity, ...] = (
    (jac(s), post(outer(s_c - s, s_c - s)) - I / sigma**2),
    (jac(s), post(outer(s_z - s, s_z - s)) + post(jac(s_z))),
    (jac(m), c * post(outer(X0, X0)) - c * outer(m, m)),
    (jac(dot(C, x)), C + c * post(dot(x, Y) * outer(Y, Y))),
    (jac(dot(C, m)), c * dot(C, C) + c * post(dot(m, Y) * outer(Y, Y))),
    (jac(post(Y2 * X0)), c * (post(Y2 * outer(X0, X0)) - outer(post(Y2 * X0), m))),
    (grad(grad(log(PE))), -(c**2) * C),
    (grad(grad(W)), c**2 * (post(Y2 * outer(Y, Y)) - W * C)),
    (grad(grad(p)) / p, outer(s, s) + jac(s)),
    (grad(grad(p)) / p, post(outer(s_c, s_c)) - I / sigma**2),
    (grad(grad(PE)), c**2 * PE * (outer(Y, Y) - C)),
    (grad(grad(normsq(m))), 2 * c**2 * (dot(C, C) + post(dot(m, Y) * outer(Y, Y)))),
)
GAUSSIAN_LABELS: tuple[Identity, ...] = (
    (jac(s), post(outer(s_z - s, s_z - s)) - post(inv(alpha**2 * Sz + sigma**2 * I))),
    (s, post(dot(inv(alpha**2 * Sz + sigma**2 * I), alpha * mz - x))),
    (div(s_z), -tr(inv(alpha**2 * Sz + sigma**2 * I))),
)
NUMBERS: tuple[Identity, ...] = (
    (tr(Cov(Xt)), alpha**2 * tr(Cov(X0)) + D * sigma**2),
    (tr(Cov(X0)), mmse + E(normsq(m)) - normsq(E(X0))),
    (E(normsq(x)), alpha**2 * E(normsq(X0)) + D * sigma**2),
    (E(dot(x, m)), alpha * E(normsq(X0))),
    (E(normsq(m)), E(normsq(X0)) - mmse),
    (E(dot(X0, m)), E(normsq(m))),
    (E(dot(x, s_z)), -D * E(normsq(x)) / E(normsq(x))),
    (E(dot(m, s)), -alpha / sigma**2 * mmse),
    (E(frobsq(jac(m))), alpha**2 / sigma**4 * E(frobsq(C))),
    (E(normsq(s_c - s)), alpha**2 / sigma**4 * mmse),
    (E(normsq(x - alpha * m)), sigma**4 * E(normsq(s))),
    (E(normsq(x - alpha * X0)), sigma**2 * D),
    (E(dot(x - alpha * X0, s)), -(sigma**2) * E(normsq(s))),
    (E(TR_C * normsq(x)), E(normsq(Y) * normsq(x))),
    (E(post(Y2) * TR_C), E(Y2 * TR_C)),
    (E(dot(s, dot(C, s))), c**2 * E(dot(m, dot(C, m))) - 2 * c / sigma**2 * E(dot(m, dot(C, x)))
     + E(dot(x, dot(C, x))) / sigma**4),
    (E(dot(SKEW, s)), -c * E(post(normsq(Y) ** 2) - TR_C**2 - 2 * frobsq(C))),
    (E(dot(grad(TR_C), s)), -E(lap(TR_C))),
    (E(dot(dot(C, x), s)), -E(TR_C) - c * E(dot(x, SKEW))),
)  # fmt: skip
_WEIGHTS: tuple[Term, ...] = (normsq(x), PHI, dot(x, m), log(p), TR_C, normsq(m), dot(X0, x), normsq(X0), normsq(s))
_DIRECTIONS: tuple[Term, ...] = (x, m, s, X0, grad(PHI), s_c)


def draw(rng: random.Random) -> Draft:
    """One identity: as it stands, contracted, weighted, averaged, or two together."""
    shape = rng.choice(("number", "total variance", *("field",) * 7))
    if shape == "number":
        left, right = rng.choice(NUMBERS)
        other = rng.choice(NUMBERS)
        scale = written(coefficient(rng), rng)
        if rng.random() < 0.75:
            left, right = left + scale * other[1], right + scale * other[0]
        return Draft("moments of posterior moments", left, right, setting(rng.choice(LINEAR_KINDS), ANY))
    return _total_variance(rng) if shape == "total variance" else _composed(rng)


def _total_variance(rng: random.Random) -> Draft:
    """Var F = E Var(F | x) + Var <F>, and the same for covariances, with rules for posterior averages inside."""
    fields = (Y2, dot(X0, x), log(k), Y2**2, normsq(X0 - x), PHI * Y2, log(p) + Y2, dot(X0, m), dot(s, X0))
    F, G = rng.sample(fields, 2)
    if rng.random() < 0.5:
        return Draft("law of total variance", Var(F), E(VarPost(F)) + Var(post(F)),
                     setting(rng.choice(LINEAR_KINDS), ANY))  # fmt: skip
    right = E(post(F * G) - post(F) * post(G)) + covar(post(F), post(G))
    return Draft("law of total covariance", covar(F, G), right, setting(rng.choice(LINEAR_KINDS), ANY))


def _composed(rng: random.Random) -> Draft:
    left, right, law = _base(rng)
    for _ in range(rng.choice((0, 1, 1, 2))):
        left, right = _step(left, right, rng)
    scale = written(coefficient(rng), rng)
    if scale != as_term(1):
        left, right = scale * left, scale * right
    if left.rank == 0 and "Z" not in left.free | right.free and rng.random() < 0.4:
        left, right = E(left), E(right)
    if not left.free | right.free and rng.random() < 0.3:
        left, right = dt(left), dt(right)
    return Draft("posterior cumulants", left, right, setting(rng.choice(LINEAR_KINDS), law))


def _base(rng: random.Random) -> tuple[Term, Term, LawClass]:
    pool = rng.choice((SCALARS, SCALARS, VECTORS, VECTORS, MATRICES, ENTROPIC, GAUSSIAN_LABELS))
    left, right = rng.choice(pool)
    return left, right, DISCRETE if pool is ENTROPIC else MIXTURE if pool is GAUSSIAN_LABELS else ANY


def _step(left: Term, right: Term, rng: random.Random) -> Identity:
    """A true identity from a true one: contract, take the trace, weigh, square, add, or differentiate."""
    if rng.random() < 0.15:
        return dt(left), dt(right)
    if left.rank == 0 and rng.random() < 0.2:
        along = rng.choice((FORWARD, REVERSE, FLOW))
        return drift(left, along), drift(right, along)
    if left.rank == 0 and rng.random() < 0.15:
        return grad(left), grad(right)
    bare = "Z" in left.free | right.free  # an end and its label together say too much
    way = rng.choice([t for t in _DIRECTIONS if not bare or "X0" not in t.free])
    if left.rank == 2:
        return (tr(left), tr(right)) if rng.random() < 0.5 else (dot(left, way), dot(right, way))
    shape = rng.random()
    if left.rank == 1:
        if shape < 0.6:
            return dot(left, way), dot(way, right)
        return (normsq(left), normsq(right)) if shape < 0.8 else (div(left), div(right))
    if shape < 0.5:
        weight = rng.choice([t for t in _WEIGHTS if not bare or "X0" not in t.free])
        return weight * left, right * weight
    if shape < 0.7:
        return left**2, left * right
    other = rng.choice([pair for pair in SCALARS[:12] if not bare or "X0" not in pair[0].free | pair[1].free])
    return left + other[1], right + other[0]
