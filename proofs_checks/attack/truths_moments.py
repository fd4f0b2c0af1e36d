"""Time derivatives of moments: d/dt E[F] is the average of the generator, in clocks, products, chains and twice."""

from __future__ import annotations

import random

from proofs_checks.attack.drafts import ANY, LINEAR, LINEAR_KINDS, VE, Draft, setting
from proofs_checks.attack.truths_bases import CLEAN, MEANS, PHI, R2, SCORES, XY, Y2
from proofs_checks.attack.truths_fields import (
    G2,
    HALF_NOISE,
    LINEAR_FLOW,
    Poly,
    Record,
    clock_derivative,
    inner,
    scaled,
    vec,
    vsum,
    written,
)
from proofs_checks.attack.truths_tensors import draw as tensors
from theory.language.instances import ProcessClass
from theory.language.notation import E, Var, a, alpha, covar, d, dot, dt, g, grad, lap, s, s_c, sigma, x
from theory.language.terms import Term

of = Poly.of
SPEED: dict[str, Poly] = {
    "t": of(1),
    "sigma": of(a) * of(sigma) + HALF_NOISE * of(sigma, -1),
    "sigma^2": of(a) * of(sigma, 2) * 2 + of(G2),
    "log-sigma": of(a) + HALF_NOISE * of(sigma, -2),
    "snr": of(alpha, 2) * of(G2) * of(sigma, -4) * -1,
    "nu": of(G2) * of(alpha, -2),
}
"""The speed of each clock along a linear process."""
IN_VE: dict[str, Poly] = {
    "t": of(1), "sigma": HALF_NOISE * of(sigma, -1), "sigma^2": of(G2), "log-sigma": HALF_NOISE * of(sigma, -2),
    "nu": of(G2), "snr": of(G2) * of(sigma, -4) * -1,
}  # fmt: skip


def clock(rng: random.Random, process: ProcessClass) -> str:
    """A clock that runs for every process of the class: sigma may stand still unless alpha = 1 or on the circle."""
    names = ("t", "t", "snr", "nu") if process == LINEAR else ("t", "sigma", "sigma^2", "log-sigma", "snr", "nu")
    return rng.choice(names)


def per_clock(rate: Poly, name: str, process: ProcessClass, rng: random.Random) -> Term:
    """E[rate] over the speed of the clock; a monomial speed is divided out, another is written as it stands."""
    speed = IN_VE[name] if process == VE else SPEED[name]
    if len(speed.terms) == 1:
        ((exponents, value),) = speed.terms.items()
        inverse = Poly({tuple((t, -n) for t, n in exponents): 1 / value})
        return written(rate * inverse, rng, average=True)
    return written(rate, rng, average=True) / written(speed, rng)


def derivative(F: Record, rng: random.Random, *, end: bool) -> Poly:
    """A field with average d/dt E[F]: by the generator, along the reverse SDE, or along a flow.

    ``end``: F depends on X0, so only what is averaged given X0 may be used: the generator or the kernel's flow.
    """
    choice = rng.choice(("generator", "generator", "flow") + (() if end else ("reverse",)))
    if choice == "generator":
        return F.forward
    if choice == "reverse":
        return -F.rev
    score = vec((s_c if end else s, 1))
    pull = vsum(LINEAR_FLOW, scaled(score, HALF_NOISE * -1))
    still = F.forward - inner(LINEAR_FLOW, F.grad) - HALF_NOISE * F.lap
    return still + inner(pull, F.grad)


def uses_end(F: Record) -> bool:
    """Whether X0 occurs free in F."""
    return any("X0" in t.free for key in F.F.terms for t, _ in key)


def _field(rng: random.Random, most: int = 3, names: tuple[str, ...] = ("r2", "r2", "xy", "xy", "y2", "phi")) -> Record:
    every = {**CLEAN, **MEANS, **SCORES}
    out = Record.constant(1)
    for name in rng.choices(names, k=rng.randint(1, most)):
        out = out * every[name]
    return out if out.grad else out * CLEAN["r2"]


def _scaled(F: Record, rng: random.Random) -> Record:
    """Perhaps times a function of t."""
    if rng.random() < 0.5:
        return F
    weight = of(alpha, rng.choice((-1, 1, 2))) * of(sigma, rng.choice((-2, 0, 1, 2)))
    return F.scaled(weight, clock_derivative(weight))


def draw(rng: random.Random) -> Draft:
    """One time derivative of a moment."""
    kinds = (_plain, _plain, _plain, _means, _means, _product, _chain, _twice, _field_twice, _variance, _quotient,
             tensors, tensors)  # fmt: skip
    return rng.choice(kinds)(rng)


def _rate(kind: str, F: Record, rng: random.Random) -> Draft:
    process = rng.choice(LINEAR_KINDS)
    name = clock(rng, process)
    rate = derivative(F, rng, end=uses_end(F))
    left = d(written(F.F, rng, average=True), name)
    return Draft(kind, left, per_clock(rate, name, process, rng), setting(process, ANY))


def _plain(rng: random.Random) -> Draft:
    F = _scaled(_field(rng), rng)
    if rng.random() < 0.3:
        F = F + _scaled(_field(rng, 2), rng).scaled(rng.choice((-2, 3)))
    return _rate("d/dt E[F] = E[generator]", F, rng)


def _means(rng: random.Random) -> Draft:
    names = ("m2", "m2", "xm", "W", "trC", "r2", "s2", "xs", "divs", "C2")
    return _rate("d/dt E[F], F with posterior means", _scaled(_field(rng, 2, names), rng), rng)


def _product(rng: random.Random) -> Draft:
    """d/dt (E F E G) = E F dE G + E G dE F."""
    F, G = _scaled(_field(rng, 2), rng), _field(rng, 1)
    process = rng.choice(LINEAR_KINDS)
    left = dt(E(written(F.F, rng)) * E(written(G.F, rng)))
    first = E(written(derivative(F, rng, end=uses_end(F)), rng)) * E(written(G.F, rng))
    second = E(written(derivative(G, rng, end=uses_end(G)), rng)) * E(written(F.F, rng))
    return Draft("product rule", left, first + second, setting(process, ANY))


def _chain(rng: random.Random) -> Draft:
    """d/dt (E F)^n = n (E F)^(n-1) dE F."""
    F, n = _field(rng, 1), rng.choice((2, 3))
    body = E(written(F.F, rng))
    rate = E(written(derivative(F, rng, end=uses_end(F)), rng))
    below = body if n == 2 else body ** (n - 1)
    return Draft("chain rule", dt(body**n), n * below * rate, setting(rng.choice(LINEAR_KINDS), ANY))


def _quotient(rng: random.Random) -> Draft:
    """d/dt (E F / E|x|^2), a denominator that is positive for every law."""
    F = _field(rng, 1)
    over = CLEAN["r2"]
    A, B = E(written(F.F, rng)), E(written(over.F, rng))
    first, second = E(written(F.forward, rng)), E(written(over.forward, rng))
    return Draft("quotient rule", dt(A / B), first / B - A * second / B**2, setting(rng.choice(LINEAR_KINDS), ANY))


def _again(poly: Poly) -> Record:
    """The record of a polynomial in |x|^2, x.X0, |X0|^2 with coefficients in the functions of t."""
    base = {R2: CLEAN["r2"], XY: CLEAN["xy"], Y2: CLEAN["y2"]}
    total = Record.constant(0)
    for exponents, value in poly.terms.items():
        out, weight = Record.constant(1), Poly({(): value})
        for term, n in exponents:
            if term in base:
                for _ in range(n):
                    out = out * base[term]
            else:
                weight = weight * of(term, n)
        total = total + out.scaled(weight, clock_derivative(weight))
    return total


def _closed(poly: Poly) -> Poly:
    """The generator of a polynomial in |x|^2, x.X0, |X0|^2: -R F + g^2 (s.grad F + lap F) with s cancelled."""
    F = _again(poly)
    return F.forward


def _twice(rng: random.Random) -> Draft:
    """The second derivative: the generator twice."""
    F = _field(rng, 2, ("r2", "xy", "y2"))
    weight = of(sigma, rng.choice((0, 0, 2))) * of(alpha, rng.choice((0, 0, 1)))
    start = F.F * weight
    left = dt(dt(written(start, rng, average=True)))
    right = written(_closed(_closed(start)), rng, average=True)
    return Draft("second derivative", left, right, setting(rng.choice(LINEAR_KINDS), ANY))


def _field_twice(rng: random.Random) -> Draft:
    """d^2/dt^2 E[w phi] for a test field, w = 1 or |X0|^2: with A = a x . grad + g^2/2 lap, E[(A' + A^2) phi]."""
    radial, curvature = dot(x, grad(PHI)), lap(PHI)
    moved = dt(a) * radial + dt(g**2) / 2 * curvature
    again = a**2 * (radial + dot(x, dot(grad(grad(PHI)), x))) + g**4 / 4 * lap(curvature)
    mixed = a * g**2 / 2 * (2 * dot(x, grad(curvature)) + 2 * curvature)
    weight = rng.choice((1, 2, Y2, 3 * Y2, Y2**2, 5))
    right = E(weight * (moved + again + mixed))
    return Draft("second derivative of E[phi]", dt(dt(E(weight * PHI))), right, setting(rng.choice(LINEAR_KINDS), ANY))


def _variance(rng: random.Random) -> Draft:
    """d/dt Var F = d/dt E[F^2] - 2 E[F] d/dt E[F], and the same for covariances."""
    F = _field(rng, 1)
    process = rng.choice(LINEAR_KINDS)
    if rng.random() < 0.5:
        left = dt(Var(written(F.F, rng)))
        square = E(written((F * F).forward, rng))
        return Draft("d/dt Var", left, square - 2 * E(written(F.F, rng)) * E(written(F.forward, rng)),
                     setting(process, ANY))  # fmt: skip
    G = _field(rng, 1)
    left = dt(covar(written(F.F, rng), written(G.F, rng)))
    right = (E(written((F * G).forward, rng)) - E(written(F.F, rng)) * E(written(G.forward, rng))
             - E(written(F.forward, rng)) * E(written(G.F, rng)))  # fmt: skip
    return Draft("d/dt covariance", left, right, setting(process, ANY))
