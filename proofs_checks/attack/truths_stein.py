"""Stein identities: E[div V + V . s_c] = 0 for V(x, X0), and with s for V(x), the divergence written out by hand."""

from __future__ import annotations

import random

from proofs_checks.attack.drafts import ANY, LINEAR_KINDS, Draft, balanced, coefficient, setting
from proofs_checks.attack.truths_bases import (
    CLEAN,
    LOGS,
    MEANS,
    PHI,
    TR_C,
)
from proofs_checks.attack.truths_fields import Poly, Record, inner, scaled, vec, written
from proofs_checks.attack.truths_parts import draw as parts
from theory.language.notation import (
    X0,
    D,
    E,
    I,
    alpha,
    div,
    dot,
    field,
    grad,
    lap,
    m,
    outer,
    s,
    s_c,
    sigma,
    x,
)
from theory.language.terms import Term, as_term

of = Poly.of
V = field("v", 1)
DIVERGENCE: dict[Term, Poly] = {
    x: of(D), X0: Poly(), m: of(alpha) * of(sigma, -2) * of(TR_C), s: of(div(s)),
    s_c: of(D) * of(sigma, -2) * -1, grad(PHI): of(lap(PHI)), V: of(div(V)),
}  # fmt: skip
"""Divergences by hand: div m = alpha tr Cov/sigma^2, div s_c = -D/sigma^2."""


def _weight(rng: random.Random, names: tuple[str, ...], most: int) -> Record:
    """A random polynomial weight: a product of base fields, or a sum of two."""
    every = {**CLEAN, **MEANS, **LOGS}
    out = Record.constant(1)
    for name in rng.choices(names, k=rng.randint(0, most)):
        out = out * every[name]
    return out


def draw(rng: random.Random) -> Draft:
    """One Stein identity in scalar, vector or matrix form."""
    return rng.choice((_scalar, _scalar, _vector, _matrix, _moment, parts, parts))(rng)


def _flux(rng: random.Random, marginal: bool) -> Poly:
    """div(F V) + F V . score with everything written out."""
    if marginal:
        names: tuple[str, ...] = ("r2", "r2", "phi", "psi", "logp", "xm", "m2")
        vectors: tuple[Term, ...] = (x, x, m, s, grad(PHI), V)
    else:
        names, vectors = ("r2", "xy", "y2", "phi", "logk", "logp"), (x, X0, X0, grad(PHI), V, s_c, m)
    F, basis = _weight(rng, names, 2), rng.choice(vectors)
    field_ = vec((basis, 1))
    score = vec((s if marginal else s_c, 1))
    return F.F * DIVERGENCE[basis] + inner(F.grad, field_) + F.F * inner(field_, score)


def _scalar(rng: random.Random) -> Draft:
    marginal = rng.random() < 0.5
    poly = _flux(rng, marginal) * coefficient(rng)
    if rng.random() < 0.3:
        poly = poly + _flux(rng, rng.random() < 0.5) * coefficient(rng)
    left, right = balanced(poly, rng, average=True)
    kind = "E[div V + V.s] = 0" if marginal else "E[div V + V.s_c] = 0"
    return Draft(kind, left, right, setting(rng.choice(LINEAR_KINDS), ANY))


def _vector(rng: random.Random) -> Draft:
    """E[F s] = -E[grad F], or with s_c."""
    marginal = rng.random() < 0.5
    names: tuple[str, ...] = ("r2", "phi", "logp", "psi") if marginal else ("r2", "xy", "y2", "phi")
    F = _weight(rng, names, 2)
    scale = coefficient(rng)
    left = E(written(F.F * scale, rng) * (s if marginal else s_c))
    slope = scaled(F.grad, scale)
    right: Term = 0 * E(x)
    for basis, weight in slope.items():
        right = right - E(written(weight, rng) * basis)
    return Draft("E[F s] = -E[grad F]", left, right, setting(rng.choice(LINEAR_KINDS), ANY))


def _matrix(rng: random.Random) -> Draft:
    """E[F outer(v, s)] = -E[outer(v, grad F)] - E[F jac v] for v = x or X0."""
    basis = rng.choice((x, X0))
    marginal = basis == x and rng.random() < 0.5
    F = _weight(rng, ("r2", "phi") if marginal else ("r2", "xy", "y2"), 1)
    scale = coefficient(rng)
    left = E(written(F.F * scale, rng) * outer(basis, s if marginal else s_c))
    right: Term = 0 * I
    for direction, weight in F.grad.items():
        right = right - E(written(weight * scale, rng) * outer(basis, direction))
    if basis == x:
        right = right - E(written(F.F * scale, rng)) * I
    return Draft("E[F v s^T] = -E[v grad F^T] - E[F jac v]", left, right, setting(rng.choice(LINEAR_KINDS), ANY))


def _moment(rng: random.Random) -> Draft:
    """Gaussian integration by parts in the noise x - alpha X0: E[(x - alpha X0).G] = sigma^2 E[div_x G]."""
    F = _weight(rng, ("r2", "xy", "y2", "phi"), 2)
    scale = coefficient(rng)
    basis = rng.choice((x, X0, grad(PHI), V))
    left = E(written(F.F * scale, rng) * dot(x - alpha * X0, basis))
    change = F.F * DIVERGENCE[basis] + inner(F.grad, vec((basis, 1)))
    right = sigma**2 * written(change * scale, rng, average=True)
    if basis == X0 and not F.grad:
        right = as_term(0)
    return Draft("E[(x - alpha X0).G] = sigma^2 E[div G]", left, right, setting(rng.choice(LINEAR_KINDS), ANY))
