"""Statements that would be provable if a rule were another one: of calculus, averages, the schedule, the processes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random

from theory.language.instances import ANY, DIFFUSION, FINITE_INFORMATION, LINEAR, Setting
from theory.language.notation import (
    FLOW,
    FORWARD,
    REVERSE,
    X0,
    Cov,
    D,
    E,
    H,
    I,
    P,
    VarPost,
    Xt,
    Z,
    a,
    alpha,
    d,
    div,
    dot,
    drift,
    dt,
    f,
    field,
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
    outer,
    p,
    post,
    pz,
    q,
    qv,
    s,
    s_c,
    s_z,
    sigma,
    tr,
    transpose,
    x,
)  # fmt: skip
from theory.language.statements import Eq, Rel
from theory.language.terms import Term, as_term

C = Cov(X0 | x)
half = g**2 / 2


class Draw:
    """Random terms: ``field`` of x alone, ``end`` with X0, ``term`` of a rank and a depth."""

    def __init__(self, random: Random, diffusion: bool = False) -> None:
        self.random, self.diffusion = random, diffusion

    def number(self) -> Fraction:
        """A small rational that is not 0."""
        return Fraction(self.random.choice((-3, -2, -1, 1, 2, 3, 5)), self.random.choice((1, 1, 1, 2, 3)))

    def field(self) -> Term:
        """A scalar field of x that is not constant."""
        if self.diffusion:
            return self._combined((log(p), normsq(x), normsq(s), log(q), dot(x, f)))
        return self._combined((log(p), normsq(x), normsq(m), dot(x, s), tr(C), normsq(s), dot(m, x)))

    def end(self) -> Term:
        """A scalar that depends on X0, and perhaps on x."""
        return self._combined((normsq(X0), dot(x, X0), dot(X0, m), dot(X0, s), normsq(X0 - m)))

    def vector(self) -> Term:
        """A vector field of x."""
        if self.diffusion:
            return self._combined((x, s, f, grad(log(q))))
        return self._combined((x, s, m, dot(C, x), self.field() * x, grad(normsq(m))))

    def end_vector(self) -> Term:
        """A vector that depends on X0."""
        return self._combined((X0, normsq(X0) * x, dot(x, X0) * X0, normsq(X0 - m) * m))

    def _combined(self, pool: tuple[Term, ...]) -> Term:
        term = self.random.choice(pool)
        if self.random.random() < 0.4:
            term = term + self.number() * self.random.choice(pool)
        return term if self.random.random() < 0.6 else self.number() * term

    def term(self, rank: int, depth: int) -> Term:
        """A random term of the language; its free variables are as they fall."""
        r = self.random
        if depth == 0:
            leaves: tuple[tuple[Term, ...], ...] = (
                (alpha, sigma, g, D, log(p), normsq(X0), as_term(self.number()), a), (x, X0, s, m, s_c, s_z),
                (I, C, jac(s)),
            )  # fmt: skip
            return r.choice(leaves[rank])

        def u(n: int = rank) -> Term:
            return self.term(n, depth - 1)

        def v(n: int = rank) -> Term:
            return self.term(n, r.randrange(depth))

        common: list[Callable[[], Term]] = [lambda: u() + v(), lambda: u() - v(), lambda: post(u()), lambda: v(0) * u()]
        own: tuple[list[Callable[[], Term]], ...] = (
            [lambda: dot(u(1), v(1)), lambda: tr(u(2)), lambda: div(u(1)), lambda: v() ** 2, lambda: normsq(u(1)),
             lambda: dt(v()), lambda: u() / r.choice((alpha, sigma**2, g))],
            [lambda: grad(u(0)), lambda: dot(u(2), v(1)), lambda: dot(jac(v(1)), v(1))],
            [lambda: outer(u(1), v(1)), lambda: jac(u(1)), lambda: transpose(u(2)), lambda: dot(v(2), v(2))],
        )  # fmt: skip
        return r.choice([*common, *own[rank]])()


def _scale(o: Draw) -> Fraction:
    """A factor that is not 1."""
    return o.random.choice((Fraction(1, 2), Fraction(2), Fraction(-1), Fraction(3), Fraction(3, 2), Fraction(0)))


def _power_rule(o: Draw) -> Rel:
    n, b = o.random.randint(-4, 4), o.random.randint(-4, 4)
    w = alpha**n * sigma**b
    return Eq(dt(w), w * (_scale(o) * (n + b) * a + _scale(o) * b * g**2 / (2 * sigma**2)))


def _generator(o: Draw) -> Rel:
    u = o.field()
    return Eq(dt(E(u)), E(dt(u) + _scale(o) * dot(a * x, grad(u)) + _scale(o) * half * lap(u)))


def _by_parts(o: Draw) -> Rel:
    v = o.vector()
    return Eq(E(div(v)), _scale(o) * E(dot(v, s)) * -1)


def _end_by_parts(o: Draw) -> Rel:
    v = o.end_vector()
    return Eq(E(div(v)), -E(dot(v, s)))


def _product(o: Draw) -> Rel:
    u, v = o.field(), o.field()
    forms = (
        Eq(grad(u * v), u * grad(v)), Eq(dt(u * v), dt(u) * dt(v)), Eq(lap(u * v), u * lap(v) + v * lap(u)),
        Eq(grad(u**2), u * grad(u)), Eq(dt(u**2), u * dt(u)), Eq(grad(u * v), u * grad(v) - v * grad(u)),
        Eq(drift(u * v, REVERSE), u * drift(v, REVERSE) + v * drift(u, REVERSE)),
        Eq(drift(u**2, FORWARD), 2 * u * drift(u, FORWARD)), Eq(qv(u * v, FORWARD), u * qv(v, FORWARD)),
    )  # fmt: skip
    return o.random.choice(forms)


def _bracket(o: Draw) -> Rel:
    u, v = o.end(), o.end()
    forms = (
        Eq(grad(post(u)), post(grad(u))), Eq(grad(post(u)), post(u * s_c)), Eq(dt(post(u)), post(dt(u))),
        Eq(grad(post(u)), post(grad(u) + u * s_c) + post(u) * s), Eq(post(u * v), post(u) * post(v)),
        Eq(grad(post(u)), post(grad(u)) + 2 * (post(u * s_c) - post(u) * s)), Eq(VarPost(u), post(u**2)),
        Eq(dt(post(u)), post(dt(u) + u * dt(log(k)))), Eq(drift(post(u), FORWARD), 0),
        Eq(post(post(u) * u), post(u**2)),
        Eq(drift(post(u), REVERSE), drift(post(u), FORWARD)), Eq(post(u) ** 2, post(u**2)),
        Eq(drift(post(normsq(X0)) * o.field(), REVERSE), 0),
    )  # fmt: skip
    return o.random.choice(forms)


def _tower(o: Draw) -> Rel:
    u, v, w = o.end(), o.end(), o.field()
    forms = (
        Eq(E(u * post(v)), E(u * v)), Eq(E(u) * E(v), E(u * v)), Eq(dt(E(u)), E(dt(u))), Eq(E(post(u)) + E(w), E(u)),
        Eq(E(u**2), E(post(u) ** 2)), Eq(E(w**2), E(w) ** 2), Eq(dt(E(w)), E(dt(w))), Eq(E(grad(w)), E(w * s)),
        Eq(E(VarPost(u)), E(u**2) - E(u) ** 2), Eq(dt(E(u)), E(dt(u) + u * dt(log(p)))),
        Eq(E(lap(w)), E(dot(grad(w), s))),
    )  # fmt: skip
    return o.random.choice(forms)


def _equation(o: Draw) -> Rel:
    b, c = _scale(o), o.random.choice((1, -1, 2))
    density = o.random.choice((p, k, pz))
    forms = (
        Eq(dt(density), b * half * lap(density) - c * div(density * a * x)),
        Eq(dt(log(p)), -c * a * D - a * dot(x, s) + half * (b * div(s) + normsq(s))),
        Eq(dt(s), -a * s - c * a * dot(jac(s), x) + half * (b * grad(div(s)) + 2 * dot(jac(s), s))),
        Eq(drift(log(p), FLOW), b * a * D + c * half * div(s)),
        Eq(drift(log(p), REVERSE), c * a * D + b * half * normsq(s)),
    )
    return o.random.choice(forms)


def _information(o: Draw) -> Rel:
    b, c = _scale(o), o.random.choice((1, 1, -1, 2))
    forms = (
        Eq(d(H(Xt)), c * a * D + b * half * E(normsq(s))), Eq(d(H(X0 | Xt)), half * (c * D / sigma**2 + b * E(div(s)))),
        Eq(d(mmse), b * g**2 * alpha**2 / sigma**4 * E(frobsq(C))), Eq(d(H(Z | Xt)), b * half * E(normsq(s_z - c * s))),
        Eq(d(H(X0 | Xt)), b * half * alpha**2 / sigma**4 * mmse), Eq(d(H(Xt | X0)), D * (c * a + b * half / sigma**2)),
        Eq(drift(h, REVERSE), -half * (c * D / sigma**2 + b * div(s))), Eq(E(dot(s_c, s)), b * E(normsq(s)) + c - 1),
        Eq(drift(H(Z | x), REVERSE), -(b * half * post(normsq(s_z - c * s)))),
        Eq(grad(H(Z | x)), -post(b * log(P(Z | x)) * (s_z - c * s))), Eq(drift(tr(C), REVERSE), -b * half * frobsq(C)),
    )  # fmt: skip
    return o.random.choice(forms)


def _powers(o: Draw) -> Rel:
    """Integration by parts against a power of the density."""
    n, v, u, b = o.random.choice((1, 1, 2, 3)), o.vector(), o.field(), _scale(o)
    forms = (
        Eq(E(p**n * div(v)), -b * (n + 1) * E(p**n * dot(v, s))), Eq(E(p**n * dot(x, s)), -b * D * E(p**n) / (n + 1)),
        Eq(dt(E(p**n)), b * n * E(p**n * (half * normsq(s) * (n + 1) - a * D))),
        Eq(E(p**n * dot(x, m)), b * E(p**n * normsq(x))),
        Eq(E(p**n * dot(v, s)), -E(p**n * div(v))), Eq(dt(E(u * p**n)), E(dt(u) * p**n + u * dt(p**n))),
        Eq(E(p**n * normsq(s)), -b * E(p**n * div(s)) / (n + 1)), Eq(E(p**n * post(o.end())), b * E(p**n * o.end())),
    )  # fmt: skip
    return o.random.choice(forms)


def _general(o: Draw) -> Rel:
    b, c, u = _scale(o), o.random.choice((1, -1, 2)), o.field()
    forms = (
        Eq(dt(p), b * half * lap(p) - c * div(p * f)), Eq(drift(q / p, FORWARD), 0), Eq(drift(p / q, REVERSE), 0),
        Eq(drift(log(p), FORWARD), b * g**2 * div(s) + half * normsq(s) - c * div(f)), Eq(div(f), a * D),
        Eq(drift(log(q) - log(p), REVERSE), -b * half * normsq(grad(log(q)) - c * s)), Eq(dt(f), c * dot(jac(f), f)),
        Eq(dt(s), b * half * grad(div(s) + normsq(s)) - c * grad(div(f) + dot(f, s))), Eq(dt(log(q)), dt(log(p))),
        Eq(drift(log(p), FLOW), b * half * div(s) - c * div(f)), Eq(jac(f), transpose(jac(f))), Eq(grad(u), c * u * s),
        Eq(drift(u, REVERSE), drift(u, FORWARD)), Eq(drift(u**2, REVERSE), 2 * u * drift(u, REVERSE)),
        Eq(drift(log(q), REVERSE), c * div(f) + b * half * normsq(s)), Eq(lap(log(q)), c * lap(log(p))),
    )  # fmt: skip
    return o.random.choice(forms)


def _general_numbers(o: Draw) -> Rel:
    b, c, u, v = _scale(o), o.random.choice((1, -1, 2)), o.field(), o.vector()
    forms = (
        Eq(d(H(Xt)), c * E(div(f)) + b * half * E(normsq(s))), Eq(E(div(v)), b * E(dot(v, s)) * -1),
        Eq(dt(E(u)), E(dt(u) + c * dot(f, grad(u)) + b * half * lap(u))), Eq(dt(E(u)), E(dt(u))), Eq(E(f), 0),
        Eq(dt(E(log(p) - log(q))), -b * half * E(normsq(s - c * grad(log(q))))), Eq(E(grad(log(q))), 0),
    )  # fmt: skip
    return o.random.choice(forms)


_FIELDS, _NUMBERS = Setting(ANY, LINEAR), Setting(FINITE_INFORMATION, LINEAR)
_GENERAL = Setting(ANY, DIFFUSION)
FALSE_RULES: tuple[tuple[str, Setting, Callable[[Draw], Rel]], ...] = (
    ("powers of the schedule", _FIELDS, _power_rule), ("a wrong generator", _NUMBERS, _generator),
    ("a wrong integration by parts", _NUMBERS, _by_parts), ("the score for the kernel's", _NUMBERS, _end_by_parts),
    ("a wrong product rule", _FIELDS, _product), ("a wrong bracket rule", _FIELDS, _bracket),
    ("a wrong tower", _NUMBERS, _tower), ("a wrong evolution equation", _FIELDS, _equation),
    ("a wrong rate of information", _FIELDS, _information), ("a wrong rule for any drift", _GENERAL, _general),
    ("a wrong average for any drift", _GENERAL, _general_numbers),
)  # fmt: skip
"""(what is wrong, setting, builder). A draw may be true by chance; the oracle then leaves it open."""

__all__ = ["FALSE_RULES", "Draw", "I", "Z", "field", "outer"]
