"""Any smooth drift: Stein identities, rates of averages, entropy, Fisher information and relative entropy.

For p, and for a second solution q of the same Fokker-Planck equation. Rules: d/dt E F = E[generator F];
dJ/dt = -2 E[s . jac f . s] - 2 E[s . grad div f] - g^2 E|jac s|^2; with u = grad log(p/q), dE|u|^2/dt =
-2 E[u . jac f . u] - g^2 E|jac u|^2 + 2 g^2 E[u . jac(s_q) . u].
"""

from __future__ import annotations

import random

from proofs_checks.attack.drafts import ANY, DIFFUSION, FINITE_INFORMATION, Draft, balanced, coefficient, setting
from proofs_checks.attack.truths_bases import DIFFUSING, DIFFUSING_END, DIFFUSING_PAIR, PHI, S_Q
from proofs_checks.attack.truths_fields import ANY_FLOW, HALF_NOISE, Poly, Record, inner, scaled, vec, vsum, written
from theory.language.notation import (
    X0,
    D,
    E,
    H,
    I,
    Information,
    Var,
    Xt,
    Z,
    div,
    dot,
    dt,
    f,
    field,
    frobsq,
    g,
    grad,
    jac,
    k,
    lap,
    log,
    normsq,
    outer,
    p,
    post,
    q,
    s,
    s_c,
    s_z,
    x,
)
from theory.language.terms import Term

of = Poly.of
V = field("v", 1)
U: Term = grad(log(p / q))
DIVERGENCE: dict[Term, Poly] = {
    x: of(D), s: of(div(s)), f: of(div(f)), grad(PHI): of(lap(PHI)), V: of(div(V)), S_Q: of(div(S_Q)),
    U: of(lap(log(p / q))),
}  # fmt: skip
PLACE = setting(DIFFUSION, ANY)
J = E(normsq(s))
ENTROPY_RATE = E(div(f)) + g**2 / 2 * J
FISHER_RATE = (-2 * E(dot(s, dot(jac(f), s))) - 2 * E(dot(s, grad(div(f)))) - g**2 * E(frobsq(jac(s))))  # fmt: skip
RELATIVE = E(normsq(U))
RELATIVE_RATE = -2 * E(dot(U, dot(jac(f), U))) - g**2 * E(frobsq(jac(U))) + 2 * g**2 * E(dot(U, dot(jac(S_Q), U)))
LOST = g**2 / 2 * E(normsq(s_c - s))
CROSS = E(div(f)) + g**2 / 2 * (2 * E(dot(s, S_Q)) - E(normsq(S_Q)))
RATES: tuple[tuple[Term, Term], ...] = (
    (H(Xt), ENTROPY_RATE),
    (H(Xt), E(div(f)) - g**2 / 2 * E(div(s))),
    (E(log(p)), -E(div(f)) - g**2 / 2 * J),
    (H(X0 | Xt), LOST),
    (H(X0 | Xt), g**2 / 2 * (E(normsq(s_c)) - J)),
    (Information, -LOST),
    (H(Xt | X0), E(div(f)) + g**2 / 2 * E(normsq(s_c))),
    (E(log(k)), g**2 / 2 * E(div(s_c)) - E(div(f))),
    (E(log(p / q)), -(g**2) / 2 * RELATIVE),
    (E(log(p)) - E(log(q)), -(g**2) / 2 * E(normsq(s - S_Q))),
    (-E(log(q)), CROSS),
    (J, FISHER_RATE),
    (E(div(s)), -FISHER_RATE),
    (RELATIVE, RELATIVE_RATE),
    (H(Z | Xt), g**2 / 2 * E(normsq(s_z - s))),
    (H(Z | Xt), g**2 / 2 * (E(normsq(s_z)) - J)),
    (H(Xt | Z), E(div(f)) + g**2 / 2 * E(normsq(s_z))),
)
STILL: tuple[tuple[Term, Term], ...] = (
    (E(dot(x, s)), -D), (E(div(s)), -J), (E(dot(f, s)), -E(div(f))), (E(dot(s, s_c)), J),
    (E(normsq(s_c)), -E(div(s_c))), (E(normsq(s_c - s)), E(normsq(s_c)) - J), (E(dot(s, S_Q)), -E(div(S_Q))),
    (E(dot(grad(PHI), s)), -E(lap(PHI))), (E(post(normsq(s_c))), -E(lap(log(k)))), (E(dot(x, s_c)), -D),
    (E(q / p * div(f)), -E(q / p * dot(f, S_Q))), (E(q / p * dot(x, S_Q)), -D * E(q / p)),
    (E(q / p * normsq(S_Q)), -E(q / p * div(S_Q))), (E(dot(U, s)), -E(lap(log(p / q)))),
)  # fmt: skip
"""Equations of numbers, the last ones by parts under q."""


def draw(rng: random.Random) -> Draft:
    """One equation of numbers for any drift."""
    return rng.choice((_stein, _stein, _average, _average, _average, _rates, _rates, _matrix, _still, _twice))(rng)


def _weight(rng: random.Random, names: tuple[str, ...], most: int) -> Record:
    out = Record.constant(1)
    every = {**DIFFUSING, **DIFFUSING_END, **DIFFUSING_PAIR}
    for name in rng.choices(names, k=rng.randint(0, most)):
        out = out * every[name]
    return out


def _stein(rng: random.Random) -> Draft:
    F = _weight(rng, ("r2", "phi", "psi", "logp", "logq", "ratio"), 2)
    basis = rng.choice((x, x, s, f, grad(PHI), V, S_Q, U))
    poly = F.F * DIVERGENCE[basis] + inner(F.grad, vec((basis, 1))) + F.F * inner(vec((basis, 1)), vec((s, 1)))
    left, right = balanced(poly * coefficient(rng, linear=False), rng, average=True)
    return Draft("E[div V + V.s] = 0", left, right, PLACE)


def _average(rng: random.Random) -> Draft:
    """d/dt E F by the generator, the reverse drift or the flow."""
    names = ("r2", "phi", "phi", "psi", "logp", "logq", "ratio", "q/p", "xy", "y2", "logk", "logP", "s2", "xs")
    F = _weight(rng, names, 2)
    while not F.grad:
        F = _weight(rng, names, 2)
    end = any("X0" in t.free for key in F.F.terms for t, _ in key)
    choice = rng.choice(("generator", "reverse", "flow") if not end else ("generator", "flow"))
    if choice == "generator":
        rate = F.forward
    elif choice == "reverse":
        rate = -F.rev
    else:
        still = F.forward - inner(ANY_FLOW, F.grad) - HALF_NOISE * F.lap
        pull = vsum(ANY_FLOW, scaled(vec((s_c if end else s, 1)), HALF_NOISE * -1))
        rate = still + inner(pull, F.grad)
    if rng.random() < 0.2:
        body = E(written(F.F, rng))
        return Draft("chain rule", dt(body**2), 2 * body * E(written(rate, rng)), PLACE)
    if rng.random() < 0.15:
        body, square = written(F.F, rng), E(written((F * F).forward, rng))
        return Draft("d/dt Var", dt(Var(body)), square - 2 * E(body) * E(written(F.forward, rng)), PLACE)
    return Draft(f"d/dt E[F] by the {choice}", dt(written(F.F, rng, average=True)), written(rate, rng, average=True),
                 PLACE)  # fmt: skip


def _rates(rng: random.Random) -> Draft:
    """Linear combinations of rates of entropies, informations and Fisher informations."""
    left: Term | None = None
    right: Term | None = None
    for number, rate in rng.sample(RATES, rng.choice((1, 2, 2, 3))):
        scale = rng.choice((1, 1, 2, -1, 3))
        n, r = (number, rate) if scale == 1 else (scale * number, scale * rate)
        left, right = (n, r) if left is None or right is None else (left + n, right + r)
    assert left is not None
    assert right is not None
    return Draft("rates of entropies", dt(left), right, setting(DIFFUSION, FINITE_INFORMATION))


def _matrix(rng: random.Random) -> Draft:
    """E[F s] = -E[grad F] and E[F outer(x, s)] = -E[outer(x, grad F)] - E[F] I."""
    F = _weight(rng, ("r2", "phi", "logp", "psi"), 2)
    body = written(F.F, rng)
    if rng.random() < 0.5:
        slope = E(written(F.F, rng) * 0 * x)
        for basis, weight in F.grad.items():
            slope = slope - E(written(weight, rng) * basis)
        return Draft("E[F s] = -E[grad F]", E(body * s), slope, PLACE)
    out = -E(body) * I
    for basis, weight in F.grad.items():
        out = out - E(written(weight, rng) * outer(x, basis))
    return Draft("E[F x s^T]", E(body * outer(x, s)), out, PLACE)


def _still(rng: random.Random) -> Draft:
    """Two equations of numbers together."""
    (A, B), (A2, B2) = rng.sample(STILL, 2)
    scale = written(coefficient(rng, linear=False), rng)
    return Draft("numbers by parts", A + scale * B2, B + scale * A2, PLACE)


def _twice(rng: random.Random) -> Draft:
    """d^2/dt^2 E[phi] = E[(d/dt + A) A phi], and of the entropy: d/dt of its rate, term by term."""
    if rng.random() < 0.5:
        first = dot(f, grad(PHI)) + g**2 / 2 * lap(PHI)
        moved = dot(dt(f), grad(PHI)) + dt(g**2) / 2 * lap(PHI)
        right = E(moved + dot(f, grad(first)) + g**2 / 2 * lap(first))
        scale = rng.choice((1, 2, -3, 5))
        return Draft("second derivative of E[phi]", dt(dt(E(scale * PHI))), scale * right, PLACE)
    spread = E(div(dt(f)) + dot(f, grad(div(f))) + g**2 / 2 * lap(div(f)))
    number = rng.choice((H(Xt), -E(log(p)), H(X0 | Xt) + Information + H(Xt) - H(X0)))
    right = spread + dt(g**2) / 2 * J + g**2 / 2 * FISHER_RATE
    return Draft("second derivative of the entropy", dt(dt(number)), right, setting(DIFFUSION, FINITE_INFORMATION))
