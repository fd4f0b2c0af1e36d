"""Statement terms as polynomials in averages, so that an ensemble can estimate them.

A core term becomes sum_i c_i e_i1 e_i2 .., where every e is a *generator*, ``E(u)`` with u free of averages or the
time derivative ``dt(N)`` of a number N, and every c is free of averages. Nothing but linearity of E and the
distributive law is used.
"""

from __future__ import annotations

from fractions import Fraction

from theory.language.definitions import minus, num, plus, unfold_linear
from theory.language.terms import Term, TermError, make, rebuild, walk

Monomial = tuple[Term, ...]
Polynomial = dict[Monomial, Term]

ONE, ZERO = num(1), num(0)
_PUSHED = ("tr", "transpose", "coord")


class NotReadableError(ValueError):
    """A statement that this reading of paths does not cover. The message says why."""


def has_average(term: Term) -> bool:
    """Whether an average over the joint law occurs in ``term``."""
    return any(node.op == "E" for node in walk(term))


def is_zero(term: Term) -> bool:
    """Whether ``term`` is zero as written."""
    return term == ZERO or term.op == "origin" or (term.op == "mul" and any(is_zero(t) for t in term.args))


def polynomial(term: Term) -> Polynomial:
    """The polynomial of a core ``term``. Raises NotReadableError where it is none (log of an average, 1/E[..], ..)."""
    if not has_average(term):
        return {} if is_zero(term) else {(): term}
    if term.op == "E":
        inner = polynomial(term.args[0])
        out: Polynomial = {}
        for monomial, field in inner.items():
            if field.free:
                _add(out, tuple(sorted((*monomial, make("E", (field,))), key=repr)), ONE)
            else:
                _add(out, monomial, field)
        return out
    if term.op == "add":
        out = {}
        for part in term.args:
            for monomial, coefficient in polynomial(part).items():
                _add(out, monomial, coefficient)
        return out
    if term.op in ("mul", "dot", "outer"):
        return _product(term)
    if term.op == "pow":
        return _power(term)
    if term.op in _PUSHED:
        inner_term = term.args[0]
        if inner_term.op == "E":
            return polynomial(make("E", (rebuild(term, inner_term.args),)))
        return {m: rebuild(term, (c,)) for m, c in polynomial(inner_term).items()}
    if term.op == "dt" and not term.free:
        return {(term,): ONE}
    if term.op == "post":
        return {m: make("post", (c,)) for m, c in polynomial(term.args[0]).items()}
    raise NotReadableError(f"an average stands inside {term.op!r}: only sums, products and powers are estimated")


def _add(out: Polynomial, monomial: Monomial, coefficient: Term) -> None:
    out[monomial] = plus(out[monomial], coefficient) if monomial in out else coefficient


def _product(term: Term) -> Polynomial:
    parts: list[tuple[Monomial, tuple[Term, ...]]] = [((), ())]
    for factor in term.args:
        terms = polynomial(factor)
        parts = [(m + n, (*built, c)) for m, built in parts for n, c in terms.items()]
    out: Polynomial = {}
    for monomial, coefficients in parts:
        _add(out, tuple(sorted(monomial, key=repr)), rebuild(term, coefficients))
    return out


def _power(term: Term) -> Polynomial:
    exponent = term.data
    if not (isinstance(exponent, Fraction) and exponent.denominator == 1 and 1 <= exponent <= 4):
        raise NotReadableError(f"an average stands under the power {exponent}: only powers 1 to 4 are expanded")
    if exponent == 1:
        return polynomial(term.args[0])
    return _product(make("mul", (term.args[0],) * int(exponent)))


def difference(lhs: Term, rhs: Term) -> Polynomial:
    """lhs - rhs, unfolded, as a polynomial in averages."""
    try:
        return polynomial(plus(unfold_linear(lhs), minus(unfold_linear(rhs))))
    except TermError as error:  # a product of averages that are vectors has no monomials
        raise NotReadableError(str(error)) from error


def generators(*polynomials: Polynomial) -> list[Term]:
    """All generators, each once, in order of first appearance."""
    seen: dict[Term, None] = {}
    for poly in polynomials:
        for monomial in poly:
            for generator in monomial:
                seen.setdefault(generator)
    return list(seen)


def derivative(poly: Polynomial, generator: Term) -> Polynomial:
    """The partial derivative in one generator."""
    out: Polynomial = {}
    for monomial, coefficient in poly.items():
        times = monomial.count(generator)
        if times:
            at = monomial.index(generator)
            rest = monomial[:at] + monomial[at + 1 :]
            _add(out, rest, coefficient if times == 1 else make("mul", (num(times), coefficient)))
    return out


def evaluate(poly: Polynomial, values: dict[Term, float], closed: dict[Term, float]) -> float:
    """The number of ``poly`` given its generators' values and its coefficients' (``closed``)."""
    total = 0.0
    for monomial, coefficient in poly.items():
        product = closed[coefficient]
        for generator in monomial:
            product *= values[generator]
        total += product
    return total
