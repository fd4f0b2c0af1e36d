"""Integration by parts with the intermediate term gone: what remains of two or three fluxes after elimination.

A flux div(w V) + grad w . V + w V . s has average 0. Two fluxes that share a monomial are scaled so that it cancels;
the identity left shows neither of them, and a search has to find both. Also by parts given the label.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from proofs_checks.attack.drafts import ANY, DIFFUSION, LINEAR_KINDS, Draft, balanced, coefficient, setting
from proofs_checks.attack.truths_bases import (
    CLEAN,
    DIFFUSING,
    DIFFUSING_PAIR,
    HESSIAN2,
    LOGS,
    MEANS,
    PHI,
    PULLED,
    ROTOR,
    S_Q,
    SCORES,
    TR_C,
    TURNED,
)
from proofs_checks.attack.truths_fields import Exponents, Poly, Record, inner, vec
from theory.language.notation import D, alpha, div, dot, f, field, grad, jac, lap, m, s, s_z, sigma, tr, x
from theory.language.terms import Term

of = Poly.of
V = field("v", 1)


def _along(u: Term, v: Term) -> Poly:
    return inner(vec((u, 1)), vec((v, 1)))


DIVERGENCE: dict[Term, Poly] = {
    x: of(D), s: of(div(s)), grad(PHI): of(lap(PHI)), V: of(div(V)),
    TURNED: HESSIAN2 + _along(s, ROTOR), PULLED: of(div(s)) + _along(x, ROTOR), ROTOR: of(lap(div(s))),
    dot(jac(V), s): of(dot(s, grad(div(V)))) + of(tr(dot(jac(V), jac(s)))),
    m: of(alpha) * of(sigma, -2) * of(TR_C), f: of(div(f)), S_Q: of(div(S_Q)), s_z: of(div(s_z)),
}  # fmt: skip
"""By hand; for jac(v) s: d_i (d_j v_i s_j) = s . grad div v + tr(jac v jac s)."""
FIELDS: dict[str, Record] = {**CLEAN, **SCORES, **MEANS, **LOGS}
ANY_FIELDS: dict[str, Record] = {**DIFFUSING, **DIFFUSING_PAIR}


def _flux(rng: random.Random, every: Mapping[str, Record], names: tuple[str, ...], vectors: tuple[Term, ...],
          score: Term, most: int = 2) -> Poly:  # fmt: skip
    w = Record.constant(1)
    for name in rng.choices(names, k=rng.choice((0, 1, 1, most))):
        w = w * every[name]
    basis = rng.choice(vectors)
    direction = vec((basis, 1))
    return w.F * DIVERGENCE[basis] + inner(w.grad, direction) + w.F * inner(direction, vec((score, 1)))


def eliminated(first: Poly, second: Poly, rng: random.Random) -> Poly | None:
    """A combination without one of the monomials that both hold; None if they share none (or are proportional)."""
    shared: list[Exponents] = sorted(set(first.terms) & set(second.terms), key=repr)
    if not shared:
        return None
    gone = rng.choice(shared)
    out = first + second * (-first.terms[gone] / second.terms[gone])
    return out if out.terms else None


def draw(rng: random.Random) -> Draft:
    """One identity by two or three eliminated fluxes, or by parts given the label."""
    return rng.choice((_scores, _scores, _scores, _any, _labels))(rng)


def _scores(rng: random.Random) -> Draft:
    vectors: tuple[Term, ...] = (x, s, s, TURNED, PULLED, ROTOR, grad(PHI), V, dot(jac(V), s))
    names = ("s2", "s2", "xs", "divs", "r2", "logp", "phi")
    return _draft(rng, FIELDS, names, vectors, False)


def _any(rng: random.Random) -> Draft:
    vectors: tuple[Term, ...] = (x, s, s, TURNED, f, S_Q, grad(PHI), PULLED)
    return _draft(rng, ANY_FIELDS, ("s2", "xs", "r2", "logp", "phi", "logq"), vectors, True)


def _draft(
    rng: random.Random, every: Mapping[str, Record], names: tuple[str, ...], vectors: tuple[Term, ...], diffusing: bool
) -> Draft:
    while True:
        total = _flux(rng, every, names, vectors, s)
        steps = 0
        for _ in range(60):
            other = eliminated(total, _flux(rng, every, names, vectors, s), rng)
            if other is not None and len(other.terms) <= 12:
                total, steps = other, steps + 1
            if steps == 2 or (steps == 1 and rng.random() < 0.1):
                break
        if steps:
            break
    left, right = balanced(total * coefficient(rng, linear=False), rng, average=True)
    process = DIFFUSION if diffusing else rng.choice(LINEAR_KINDS)
    return Draft("by parts, eliminated", left, right, setting(process, ANY))


def _labels(rng: random.Random) -> Draft:
    """E[div V + V . s_z] = 0 for V(x, Z), and E[w s_z] against E[w s] for w(x)."""
    names = ("r2", "phi", "logpz", "logp", "logPZ")
    vectors: tuple[Term, ...] = (x, s, s_z, grad(PHI), V)
    poly = _flux(rng, FIELDS, names, vectors, s_z) * coefficient(rng)
    left, right = balanced(poly, rng, average=True)
    return Draft("E[div V + V.s_z] = 0", left, right, setting(rng.choice(LINEAR_KINDS), ANY))
