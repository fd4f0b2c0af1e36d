"""Time derivatives of vectors and matrices of averages, and Fokker-Planck equations in several forms."""

from __future__ import annotations

import random

from proofs_checks.attack.drafts import ANY, DIFFUSION, LINEAR_KINDS, Draft, setting
from proofs_checks.attack.truths_bases import CLEAN, C
from proofs_checks.attack.truths_fields import G2, Poly, Record, written, written_vector
from theory.language.notation import (
    X0,
    Cov,
    D,
    E,
    I,
    Xt,
    a,
    alpha,
    div,
    dot,
    dt,
    f,
    field,
    g,
    grad,
    jac,
    k,
    lap,
    log,
    m,
    normsq,
    outer,
    p,
    post,
    pz,
    q,
    s,
    s_c,
    s_z,
    sigma,
    tr,
    transpose,
    x,
)
from theory.language.terms import Term, as_term

S_Q = grad(log(q))
PSI = field("psi")
GAIN2 = alpha**2 / sigma**4
ZERO = 0 * I
LINEAR_TENSORS: tuple[tuple[Term, Term], ...] = (
    (E(outer(x, x)), 2 * a * E(outer(x, x)) + g**2 * I),
    (Cov(Xt), 2 * a * Cov(Xt) + g**2 * I),
    (Cov(X0), ZERO),
    (E(outer(x, X0)), a * E(outer(x, X0))),
    (E(C), g**2 * GAIN2 * E(dot(C, C))),
    (E(outer(m, m)), -(g**2) * GAIN2 * E(dot(C, C))),
    (E(outer(X0, m)), -(g**2) * GAIN2 * E(dot(C, C))),
    (E(outer(x, m)), a * E(outer(x, m))),
    (E(outer(s, s)), -2 * a * E(outer(s, s)) - g**2 * E(dot(jac(s), jac(s)))),
    (E(jac(s)), 2 * a * E(outer(s, s)) + g**2 * E(dot(jac(s), jac(s)))),
    (E(normsq(x) * outer(x, x)), 4 * a * E(normsq(x) * outer(x, x)) + (D + 4) * g**2 * E(outer(x, x))
     + g**2 * E(normsq(x)) * I),
    (E(dot(X0, x) * outer(x, x)), 3 * a * E(dot(X0, x) * outer(x, x)) + g**2 * E(dot(X0, x)) * I
     + g**2 * E(outer(X0, x) + outer(x, X0))),
)  # fmt: skip
"""d/dt of the first is the second: Ito in matrix form; R Cov = -g^2 (alpha/sigma^2)^2 Cov^2 along the reverse SDE."""
ANY_TENSORS: tuple[tuple[Term, Term], ...] = (
    (E(x), E(f)),
    (E(outer(x, x)), E(outer(f, x)) + E(outer(x, f)) + g**2 * I),
    (E(outer(x, X0)), E(outer(f, X0))),
    (Cov(Xt), E(outer(f, x - E(x))) + E(outer(x - E(x), f)) + g**2 * I),
    (E(outer(x, m)), E(outer(f, X0))),
    (E(normsq(x) * x), E(2 * dot(x, f) * x + normsq(x) * f) + (D + 2) * g**2 * E(x)),
    (E(m), 0 * E(x)),
)
LINEAR_FIELDS: tuple[tuple[Term, Term], ...] = (
    (dt(p), -a * D * p - a * dot(x, grad(p)) + g**2 / 2 * lap(p)),
    (dt(pz), p * pz * (g**2 / 2 * (div(s_z) + normsq(s_z)) - a * D - a * dot(x, s_z)) / p),
    (dt(log(k / p)), g**2 / 2 * (normsq(s_c) - D / sigma**2 - normsq(s) - div(s)) - a * dot(x, s_c - s)),
)
ANY_FIELDS: tuple[tuple[Term, Term], ...] = (
    (dt(p), -div(p * f) + g**2 / 2 * lap(p)),
    (dt(p), -div(p * (f - g**2 / 2 * s))),
    (dt(q), -div(q * (f - g**2 / 2 * S_Q))),
    (dt(log(p)), -div(f) - dot(f, s) + g**2 / 2 * (div(s) + normsq(s))),
    (dt(log(p / q)), dot(g**2 * (s + S_Q) / 2 - f, s - S_Q) + g**2 / 2 * lap(log(p / q))),
    (dt(q / p), -dot(f - g**2 * s, grad(q / p)) + g**2 / 2 * lap(q / p)),
    (dt(k / p), dot(g**2 * s - f, grad(k / p)) + g**2 / 2 * lap(k / p)),
    (dt(s), grad(g**2 / 2 * (div(s) + normsq(s)) - div(f)) - dot(s, jac(f)) - dot(jac(s), f)),
    (jac(s), post(jac(s_c)) + post(outer(s_c - s, s_c - s))),
    (div(s), post(div(s_c)) + post(normsq(s_c)) - normsq(s)),
    (grad(post(normsq(X0))), post(normsq(X0) * (s_c - s))),
    (jac(m), post(outer(X0, s_c)) - outer(m, s)),
    (s, post(s_c)),
    (jac(s), transpose(jac(s))),
    (dot(jac(s), s), grad(normsq(s)) / 2),
    (lap(p) / p, post(normsq(s_c) + div(s_c))),
    (lap(q) / p, q / p * (div(S_Q) + normsq(S_Q))),
    (tr(jac(f)) * p + dot(f, grad(p)), div(p * f)),
)


def draw(rng: random.Random) -> Draft:
    """One rate of a tensor, or one equation of fields."""
    return rng.choice((_linear, _any, _vector, _fields, _fields))(rng)


def _pair(rng: random.Random, table: tuple[tuple[Term, Term], ...]) -> tuple[Term, Term]:
    (A, B), (A2, B2) = rng.sample(table, 2)
    if A.rank != A2.rank or rng.random() < 0.3:
        return A, B
    scale = rng.choice((1, 2, -3))
    return A + scale * A2, B + scale * B2


def _linear(rng: random.Random) -> Draft:
    A, B = _pair(rng, LINEAR_TENSORS)
    if rng.random() < 0.3:
        A, B = tr(A), tr(B)
    return Draft("d/dt of a matrix", dt(A), B, setting(rng.choice(LINEAR_KINDS), ANY))


def _any(rng: random.Random) -> Draft:
    A, B = _pair(rng, ANY_TENSORS)
    if A.rank == 2 and rng.random() < 0.3:
        A, B = tr(A), tr(B)
    return Draft("d/dt of a tensor, any drift", dt(A), B, setting(DIFFUSION, ANY))


def _vector(rng: random.Random) -> Draft:
    """d/dt E[F x] = E[(A F) x + a F x + g^2 grad F], and E[F X0]."""
    F = Record.constant(1)
    for name in rng.choices(("r2", "xy", "y2", "phi"), k=rng.choice((1, 1, 2))):
        F = F * CLEAN[name]
    process = rng.choice(LINEAR_KINDS)
    body, rate = written(F.F, rng), F.forward
    if rng.random() < 0.4:
        return Draft("d/dt E[F X0]", dt(E(body * X0)), E(written(rate, rng) * X0), setting(process, ANY))
    moved = written(rate + Poly.of(a) * F.F, rng) * x
    right = E(moved) if not F.grad else E(moved) + E(written(Poly.of(G2), rng) * written_vector(F.grad, rng))
    return Draft("d/dt E[F x]", dt(E(body * x)), right, setting(process, ANY))


def _fields(rng: random.Random) -> Draft:
    """An equation of fields, perhaps weighted, contracted or differentiated once more."""
    diffusing = rng.random() < 0.7
    left, right = rng.choice(ANY_FIELDS if diffusing else LINEAR_FIELDS)
    if left.rank == 1 and rng.random() < 0.5:
        other = rng.choice((x, s, f, grad(PSI)))
        left, right = dot(left, other), dot(other, right)
    elif left.rank == 0 and rng.random() < 0.4:
        left, right = grad(left), grad(right)
    elif left.rank == 0 and rng.random() < 0.5:
        weight = rng.choice((PSI, normsq(x), log(p), as_term(3)))
        left, right = weight * left, right * weight
    place = DIFFUSION if diffusing else rng.choice(LINEAR_KINDS)
    return Draft("equations of densities", left, right, setting(place, ANY))
