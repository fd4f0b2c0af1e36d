"""A small calculus of its own: polynomials in named fields with gradient, Laplacian and reverse drift carried along.

The power measurement needs identities that are true by rules which share nothing with the search. Here is the rule
book: a *record* holds a scalar field F, grad F, lap F and the drift of F along the reverse SDE, each written by hand
for a few fields (|x|^2, log p, Cov, ..) and continued to polynomials by Leibniz and Ito. Nothing is differentiated by
the judges' calculus.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from theory.language.notation import D, E, a, alpha, div, dot, dt, f, g, normsq, origin, s, sigma, x
from theory.language.terms import Term, as_term

Exponents = tuple[tuple[Term, int], ...]
G2 = g**2
CONSTANTS = {D, a, alpha, sigma, G2, dt(a), dt(G2)}


def _sorted(exponents: Mapping[Term, int]) -> Exponents:
    return tuple(sorted(((t, n) for t, n in exponents.items() if n), key=lambda pair: repr(pair[0])))


class Poly:
    """A polynomial with rational coefficients in scalar terms taken as symbols (exponents may be negative)."""

    def __init__(self, terms: Mapping[Exponents, Fraction] | None = None) -> None:
        self.terms = {k: v for k, v in (terms or {}).items() if v}

    @staticmethod
    def of(value: Term | int | Fraction, exponent: int = 1) -> Poly:
        """A symbol to a power, or a constant."""
        if isinstance(value, Term):
            return Poly({_sorted({value: exponent}): Fraction(1)})
        return Poly({(): Fraction(value)})

    def __add__(self, other: Poly | int) -> Poly:
        out = dict(self.terms)
        for key, value in _poly(other).terms.items():
            out[key] = out.get(key, Fraction(0)) + value
        return Poly(out)

    def __mul__(self, other: Poly | int | Fraction) -> Poly:
        out: dict[Exponents, Fraction] = {}
        for left, u in self.terms.items():
            for right, v in _poly(other).terms.items():
                powers = dict(left)
                for term, n in right:
                    powers[term] = powers.get(term, 0) + n
                key = _sorted(powers)
                out[key] = out.get(key, Fraction(0)) + u * v
        return Poly(out)

    __rmul__ = __mul__
    __radd__ = __add__

    def __neg__(self) -> Poly:
        return self * -1

    def __sub__(self, other: Poly | int) -> Poly:
        return self + -_poly(other)

    def __pow__(self, exponent: int) -> Poly:
        out = Poly.of(1)
        for _ in range(exponent):
            out = out * self
        return out


def _poly(value: Poly | int | Fraction) -> Poly:
    return value if isinstance(value, Poly) else Poly.of(value)


Vec = dict[Term, Poly]
"""A vector field: basis vectors with polynomial coefficients."""


def vec(*parts: tuple[Term, Poly | int | Fraction]) -> Vec:
    """A vector field from (basis vector, coefficient) pairs."""
    out: Vec = {}
    for basis, weight in parts:
        out[basis] = out.get(basis, Poly()) + _poly(weight)
    return {b: w for b, w in out.items() if w.terms}


def vsum(*fields: Vec) -> Vec:
    """The sum of vector fields."""
    return vec(*(pair for field in fields for pair in field.items()))


def scaled(field: Vec, weight: Poly | int | Fraction) -> Vec:
    """A vector field times a scalar."""
    return vec(*((b, w * weight) for b, w in field.items()))


def inner(left: Vec, right: Vec) -> Poly:
    """The scalar product."""
    total = Poly()
    for u, wu in left.items():
        for v, wv in right.items():
            first, second = sorted((u, v), key=repr)
            total = total + wu * wv * Poly.of(normsq(u) if u == v else dot(first, second))
    return total


LINEAR_FLOW: Vec = vec((x, Poly.of(a)))
ANY_FLOW: Vec = vec((f, 1))
LINEAR_SPREAD, ANY_SPREAD = Poly.of(a) * Poly.of(D), Poly.of(div(f))
SCORE: Vec = vec((s, 1))
HALF_NOISE = Poly.of(G2) * Fraction(1, 2)


@dataclass(frozen=True)
class Record:
    """A scalar field F with what Ito's formula asks for; ``rev`` is its drift along the reverse SDE."""

    F: Poly
    grad: Vec
    lap: Poly
    rev: Poly

    @staticmethod
    def still(F: Term, grad: Vec, lap: Poly, dF: Poly, flow: Vec) -> Record:
        """From d/dt F: the reverse drift is -dF/dt + (-f + g^2 s) . grad F + g^2/2 lap F."""
        pull = vsum(scaled(flow, -1), scaled(SCORE, Poly.of(G2)))
        return Record(Poly.of(F), grad, lap, -dF + inner(pull, grad) + HALF_NOISE * lap)

    @staticmethod
    def constant(value: Poly | int) -> Record:
        """A function of t and X0 with vanishing time derivative."""
        return Record(_poly(value), {}, Poly(), Poly())

    def __add__(self, other: Record) -> Record:
        return Record(self.F + other.F, vsum(self.grad, other.grad), self.lap + other.lap, self.rev + other.rev)

    def __mul__(self, other: Record) -> Record:
        cross = inner(self.grad, other.grad)
        return Record(
            self.F * other.F,
            vsum(scaled(other.grad, self.F), scaled(self.grad, other.F)),
            self.F * other.lap + other.F * self.lap + cross * 2,
            self.F * other.rev + other.F * self.rev + Poly.of(G2) * cross,
        )

    def scaled(self, weight: Poly | int | Fraction, rate: Poly | None = None) -> Record:
        """Times a function c of t with derivative ``rate`` (time runs backwards along the reverse SDE)."""
        w = _poly(weight)
        rev = w * self.rev - (self.F * rate if rate is not None else Poly())
        return Record(w * self.F, scaled(self.grad, w), w * self.lap, rev)

    @property
    def forward(self) -> Poly:
        """The forward drift: A F = -R F + g^2 (s . grad F + lap F)."""
        return -self.rev + Poly.of(G2) * (inner(SCORE, self.grad) + self.lap)

    @property
    def along_flow(self) -> Poly:
        """The drift along the probability flow."""
        return -self.rev + HALF_NOISE * (inner(SCORE, self.grad) + self.lap)


def clock_derivative(weight: Poly) -> Poly:
    """d/dt of a polynomial in alpha, sigma, a, g^2: alpha' = a alpha, sigma' = a sigma + g^2/(2 sigma)."""
    A, S = Poly.of(a), Poly.of(sigma)
    rates = {
        alpha: A * Poly.of(alpha), sigma: A * S + HALF_NOISE * Poly.of(sigma, -1), a: Poly.of(dt(a)),
        G2: Poly.of(dt(G2)), D: Poly(),
    }  # fmt: skip
    total = Poly()
    for exponents, value in weight.terms.items():
        for symbol, n in exponents:
            rest = Poly({exponents: value * n}) * Poly.of(symbol, -1)
            total = total + rest * rates[symbol]
    return total


# -- writing polynomials as terms -------------------------------------------------------------------------------------
def _product(factors: Iterable[Term]) -> Term:
    out: Term | None = None
    for factor in factors:
        out = factor if out is None else out * factor
    return as_term(1) if out is None else out


def _monomial(exponents: Exponents, value: Fraction, rng: random.Random, averaged: bool) -> Term:
    """One product; what is no random variable stands before the average, if there is one."""
    ups = [(t, n) for t, n in exponents if n > 0]
    downs = [t ** (-n) if n < -1 else t for t, n in exponents if n < 0]
    rng.shuffle(ups)
    written = [t**n if n > 1 else t for t, n in ups]
    if averaged:
        moving = [t for t in written if t.free]
        written = [t for t in written if not t.free] + ([E(_product(moving))] if moving else [])
    top = _product(written)
    if abs(value) != 1:
        top = as_term(abs(value)) * top if written else as_term(abs(value))
    return top / _product(downs) if downs else top


def pieces(poly: Poly, rng: random.Random, averaged: bool = False) -> list[tuple[int, Term]]:
    """The summands of ``poly`` in random order, as (sign, term)."""
    items = list(poly.terms.items())
    rng.shuffle(items)
    return [(1 if v > 0 else -1, _monomial(k, v, rng, averaged)) for k, v in items]


def summed(parts: list[tuple[int, Term]], zero: Term | None = None) -> Term:
    """The sum of signed terms, as an author writes it."""
    if not parts:
        return as_term(0) if zero is None else zero
    ordered = sorted(parts, key=lambda part: -part[0])
    sign, out = ordered[0]
    out = out if sign > 0 else -out
    for sign, term in ordered[1:]:
        out = out + term if sign > 0 else out - term
    return out


def written(poly: Poly, rng: random.Random, *, average: bool = False) -> Term:
    """``poly`` (or its average) as a term; an average is split or kept whole at random."""
    if not average:
        return summed(pieces(poly, rng))
    if rng.random() < 0.5:
        return summed(pieces(poly, rng, averaged=True))
    return E(summed(pieces(poly, rng)))


def written_vector(field: Vec, rng: random.Random) -> Term:
    """A vector field as a term."""
    parts: list[tuple[int, Term]] = []
    for basis, weight in field.items():
        for sign, factor in pieces(weight, rng):
            parts.append((sign, basis if factor == as_term(1) else factor * basis))
    rng.shuffle(parts)
    return summed(parts, origin)
