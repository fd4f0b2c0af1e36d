"""Time derivatives of entropies, informations, Fisher information and mmse, written in equivalent ways.

Rules: de Bruijn with a drift, dH(Xt)/dt = D a + g^2/2 J; dJ/dt = -2 a J - g^2 E|jac s|^2; dE tr Cov/dt = g^2
(alpha/sigma^2)^2 E|Cov|^2; squares and products of log p, log k, h by the records of :mod:`truths_bases`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from proofs_checks.attack.drafts import DISCRETE, FINITE_INFORMATION, LINEAR_KINDS, Draft, setting
from proofs_checks.attack.truths_bases import CLEAN, LOGS, C
from proofs_checks.attack.truths_fields import G2, HALF_NOISE, Poly, Record, clock_derivative, written
from proofs_checks.attack.truths_moments import IN_VE, SPEED, clock, derivative, uses_end
from theory.language.instances import VE, ProcessClass
from theory.language.notation import (
    X0,
    D,
    E,
    H,
    Information,
    P,
    Phi,
    Var,
    Xt,
    Z,
    a,
    alpha,
    covar,
    d,
    div,
    dot,
    dt,
    frobsq,
    g,
    grad,
    h,
    jac,
    k,
    lap,
    log,
    m,
    mmse,
    normsq,
    p,
    s,
    s_c,
    s_z,
    sigma,
    snr,
    tr,
    x,
)
from theory.language.terms import Term

of = Poly.of
J, JZ = of(E(normsq(s))), of(E(normsq(s_z)))
CURVE, SPREAD2, MMSE = of(E(frobsq(jac(s)))), of(E(frobsq(C))), of(mmse)
A, DIM, CLEAN_FISHER = of(a), of(D), of(D) * of(sigma, -2)
GAIN2 = of(alpha, 2) * of(sigma, -4)


@dataclass(frozen=True)
class Number:
    """A number along the process with its time derivative."""

    term: Term
    rate: Poly


NUMBERS: tuple[Number, ...] = (
    Number(H(Xt), A * DIM + HALF_NOISE * J),
    Number(H(Xt), A * DIM + HALF_NOISE * J),
    Number(H(X0 | Xt), HALF_NOISE * (CLEAN_FISHER - J)),
    Number(H(X0 | Xt), HALF_NOISE * (CLEAN_FISHER - J)),
    Number(Information, HALF_NOISE * (J - CLEAN_FISHER)),
    Number(H(Xt | X0), A * DIM + HALF_NOISE * CLEAN_FISHER),
    Number(H(Z | Xt), HALF_NOISE * (JZ - J)),
    Number(H(Xt | Z), A * DIM + HALF_NOISE * JZ),
    Number(E(log(p)), -A * DIM - HALF_NOISE * J),
    Number(E(log(k / p)), HALF_NOISE * (J - CLEAN_FISHER)),
    Number(E(Phi), HALF_NOISE * (CLEAN_FISHER - J)),
    Number(E(h), HALF_NOISE * (CLEAN_FISHER - J)),
    Number(mmse, of(G2) * GAIN2 * SPREAD2),
    Number(E(normsq(m)), -of(G2) * GAIN2 * SPREAD2),
    Number(E(dot(X0, m)), -of(G2) * GAIN2 * SPREAD2),
    Number(E(normsq(s)), A * J * -2 - of(G2) * CURVE),
    Number(E(div(s)), A * J * 2 + of(G2) * CURVE),
    Number(E(dot(s, s_c)), A * J * -2 - of(G2) * CURVE),
    Number(E(normsq(s_c - s)), clock_derivative(CLEAN_FISHER) + A * J * 2 + of(G2) * CURVE),
)
_FISHERS: tuple[Callable[[], Term], ...] = (
    lambda: E(normsq(s)), lambda: E(normsq(s)), lambda: -E(div(s)), lambda: -E(lap(log(p))),
    lambda: (D - snr * mmse) / sigma**2, lambda: E(normsq(alpha * m - x)) / sigma**4, lambda: E(dot(s, s_c)),
    lambda: D / sigma**2 - alpha**2 / sigma**4 * E(tr(C)), lambda: E(normsq(s_c)) - E(normsq(s_c - s)),
    lambda: D / sigma**2 - E(normsq(grad(log(P(X0 | x))))), lambda: E(dot(s, s_z)),
    lambda: E(normsq(s_z)) - E(normsq(s_z - s)), lambda: -E(tr(jac(s))),
    lambda: 2 / g**2 * (dt(H(Xt)) - a * D), lambda: D / sigma**2 - 2 / g**2 * d(H(X0 | Xt)),
)  # fmt: skip
"""The Fisher information in other words."""
_MMSES: tuple[Callable[[], Term], ...] = (
    lambda: mmse, lambda: E(tr(C)), lambda: E(normsq(X0)) - E(normsq(m)), lambda: E(dot(X0, X0 - m)),
    lambda: sigma**2 / alpha**2 * (D - sigma**2 * E(normsq(s))), lambda: E(normsq(X0 - m)),
    lambda: sigma**2 / alpha * E(div(m)),
)  # fmt: skip
_CURVES: tuple[Callable[[], Term], ...] = (
    lambda: E(frobsq(jac(s))), lambda: E(tr(dot(jac(s), jac(s)))), lambda: E(frobsq(grad(grad(log(p))))),
    lambda: (alpha**4 * E(frobsq(C)) / sigma**8 - 2 * alpha**2 / sigma**6 * mmse + D / sigma**4),
)  # fmt: skip
_SPREADS: tuple[Callable[[], Term], ...] = (
    lambda: E(frobsq(C)), lambda: E(tr(dot(C, C))), lambda: sigma**4 / alpha**2 * E(frobsq(jac(m))),
)  # fmt: skip
_Z_FISHERS: tuple[Callable[[], Term], ...] = (lambda: E(normsq(s_z)), lambda: -E(div(s_z)))
_WAYS = {J: _FISHERS, MMSE: _MMSES, CURVE: _CURVES, SPREAD2: _SPREADS, JZ: _Z_FISHERS}


def retold(poly: Poly, rng: random.Random) -> Term:
    """``poly`` in numbers, each number told in one of its ways (the same throughout the term)."""
    term = written(poly, rng)
    for number, ways in _WAYS.items():
        (((old, _),),) = number.terms
        if old in _nodes(term):
            term = replaced(term, old, rng.choice(ways)())
    return term


def _nodes(term: Term) -> set[Term]:
    found, stack = set(), [term]
    while stack:
        node = stack.pop()
        found.add(node)
        stack.extend(node.args)
    return found


def replaced(term: Term, old: Term, new: Term) -> Term:
    """``term`` with ``new`` for every ``old``."""
    from theory.language.terms import rebuild

    return new if term == old else rebuild(term, tuple(replaced(t, old, new) for t in term.args))


def draw(rng: random.Random) -> Draft:
    """One rate of an entropic number."""
    return rng.choice((_combination, _combination, _combination, _twice, _thrice, _square, _square, _variance))(rng)


def _place(rng: random.Random) -> ProcessClass:
    return rng.choice(LINEAR_KINDS)


def _combination(rng: random.Random) -> Draft:
    """d(c_1 N_1 + c_2 N_2 + .., clock), with coefficients that may move."""
    process = _place(rng)
    name = clock(rng, process)
    total, left = Poly(), None
    for number in rng.sample(NUMBERS, rng.choice((1, 1, 2, 2, 3))):
        weight = of(rng.choice((1, 1, 2, 3, -1, -2)))
        if rng.random() < 0.25:
            weight = weight * of(sigma, rng.choice((1, 2))) * of(alpha, rng.choice((-1, 0, 1)))
        piece = written(weight, rng) * number.term if weight.terms != of(1).terms else number.term
        left = piece if left is None else left + piece
        total = total + weight * number.rate + clock_derivative(weight) * of(number.term)
    assert left is not None
    speed = IN_VE[name] if process == VE else SPEED[name]
    if len(speed.terms) == 1:
        ((exponents, value),) = speed.terms.items()
        right = retold(total * Poly({tuple((t, -n) for t, n in exponents): 1 / value}), rng)
    else:
        right = retold(total, rng) / written(speed, rng)
    return Draft(f"rates in {name}", d(left, name), right, setting(process, FINITE_INFORMATION))


def _twice(rng: random.Random) -> Draft:
    """Second derivatives: J' and E tr Cov' enter."""
    number = rng.choice(NUMBERS[:12])
    fisher = A * J * -2 - of(G2) * CURVE
    total = Poly()
    for exponents, value in number.rate.terms.items():
        if any(t == E(normsq(s_z)) for t, _ in exponents):
            return _combination(rng)
        free = Poly({tuple((t, n) for t, n in exponents if t != E(normsq(s))): value})
        if any(t == E(normsq(s)) for t, _ in exponents):
            total = total + clock_derivative(free) * J + free * fisher
        else:
            total = total + clock_derivative(free)
    shown = retold(total, rng)
    return Draft("second derivative", dt(dt(number.term)), shown, setting(_place(rng), FINITE_INFORMATION))


def _thrice(rng: random.Random) -> Draft:
    """Third derivatives by Leibniz, J's own derivatives left standing: (D a + g^2/2 J)'' and its like."""
    fisher = rng.choice(_FISHERS[:5])()
    clean = D / sigma**2
    which = rng.choice(((H(Xt), 1), (H(X0 | Xt), -1), (Information, 1), (E(log(p)), 0)))
    number, sign = which
    inner_ = fisher if number in (H(Xt), E(log(p))) else (clean - fisher if sign < 0 else fisher - clean)
    rate = dt(dt(g**2)) / 2 * inner_ + dt(g**2) * dt(inner_) + g**2 / 2 * dt(dt(inner_))
    rate = rate + D * dt(dt(a)) if number in (H(Xt), E(log(p))) else rate
    right = -rate if sign == 0 else rate
    return Draft("third derivative", dt(dt(dt(number))), right, setting(_place(rng), FINITE_INFORMATION))


def _log_field(rng: random.Random) -> tuple[Record, bool]:
    every = {**CLEAN, **LOGS}
    names = rng.choice((["logp", "logp"], ["logp", "logk"], ["logP", "logP"], ["h", "h"], ["h", "logp"], ["logp", "r2"],
                        ["logp", "phi"], ["logk", "phi"], ["logP", "y2"], ["h"], ["logP", "xy"], ["h", "r2"],
                        ["logp", "logp", "logp"], ["logk", "logk"], ["logp", "y2"]))  # fmt: skip
    out = Record.constant(1)
    for name in names:
        out = out * every[name]
    return out, "h" in names


def _square(rng: random.Random) -> Draft:
    """d/dt E[F] for products of logarithms of densities, the posterior entropy and moments."""
    (F, discrete), process = _log_field(rng), _place(rng)
    rate = -F.rev if discrete else derivative(F, rng, end=uses_end(F) or _holds_end(F))
    law = DISCRETE if discrete else FINITE_INFORMATION
    return Draft("d/dt E of logarithms", dt(written(F.F, rng, average=True)), written(rate, rng, average=True),
                 setting(process, law))  # fmt: skip


def _holds_end(F: Record) -> bool:
    return any("X0" in t.free for key in F.rev.terms for t, _ in key)


def _variance(rng: random.Random) -> Draft:
    """d/dt Var and d/dt covariance of logarithms, by the forward generator."""
    names = rng.choice((("logp", "logp"), ("logP", "logP"), ("logp", "logk"), ("logp", "r2"), ("logk", "r2"),
                        ("logp", "phi"), ("r2", "logp"), ("logP", "y2")))  # fmt: skip
    F, G = ({**CLEAN, **LOGS}[name] for name in names)
    first, second = written(F.F, rng), written(G.F, rng)
    left = Var(first) if names[0] == names[1] and rng.random() < 0.7 else covar(first, second)
    right = (E(written((F * G).forward, rng)) - E(first) * E(written(G.forward, rng))
             - E(written(F.forward, rng)) * E(second))  # fmt: skip
    return Draft("d/dt Var of logarithms", dt(left), right, setting(_place(rng), FINITE_INFORMATION))
