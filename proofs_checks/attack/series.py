"""Exact truncated power series and polynomials over Q, with named real constants. Standard library only.

One ring serves every model of the oracle. An element is a finite sum of

    c  t^i  e^j  x_1^.. .. x_D^..  X_1^.. .. X_D^..  *  (named constants, to rational powers)

with c rational. It is truncated at i <= ``nt`` (time from t0), at j <= ``ne`` (a perturbation of the law) and, if the
ring is local, at total degree ``nx`` in x (the offset from x0). Named constants stand for log 2, pi, p(x0), ..: they
are kept apart, and only a final verdict puts intervals in. Numerators are integers over one common denominator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from math import gcd, isqrt, lcm
from typing import Any

Name = tuple[Any, ...]
Gens = tuple[tuple[Name, Fraction], ...]
_BITS, _FIRST = 8, 24
_LOW = (1 << _FIRST) - 1


class UnreadableError(ValueError):
    """The oracle cannot evaluate this at its instances, which says nothing about the statement."""


class Ring:
    """Series in t and e, polynomials or local series in x_1 .. x_D, polynomials in X_1 .. X_D."""

    def __init__(self, D: int, nt: int, nx: int | None, ne: int = 0) -> None:
        self.D, self.nt, self.ne, self.local = D, nt, ne, nx is not None
        self.nx = 0 if nx is None else nx
        self.zero, self.one = Element(self, {}, 1), Element(self, {(): {0: 1}}, 1)
        self.logs: dict[Name, Element] = {("pi",): self.gen(("log pi",)), ("exp",): self.one}
        """The logarithms of the named positive constants."""
        self.exponentials: dict[Name, Element] = {}
        """Names that are no constants: each is exp of its element, and is differentiated so."""

    def const(self, value: Fraction | int) -> Element:
        """A rational."""
        value = Fraction(value)
        return Element(self, {(): {0: value.numerator}} if value else {}, value.denominator)

    def gen(self, name: Name, exponent: Fraction | int = 1) -> Element:
        """A power of a named constant."""
        return Element(self, {((name, Fraction(exponent)),): {0: 1}}, 1)

    def time(self) -> Element:
        """t - t0."""
        return Element(self, {(): {1: 1}} if self.nt else {}, 1)

    def small(self) -> Element:
        """The perturbation e."""
        return Element(self, {(): {1 << _BITS: 1}} if self.ne else {}, 1)

    def x(self, i: int) -> Element:
        """The coordinate x_i (from 0), or its offset from x0 in a local ring."""
        if self.local and not self.nx:
            return self.zero
        return Element(self, {(): {self.x_key(i): 1}}, 1)

    def X(self, i: int) -> Element:
        """The coordinate X_i."""
        return Element(self, {(): {self.X_key(i): 1}}, 1)

    def x_key(self, i: int) -> int:
        """The monomial x_i."""
        return (1 << (_FIRST + _BITS * i)) + ((1 << (2 * _BITS)) if self.local else 0)

    def X_key(self, i: int) -> int:
        """The monomial X_i."""
        return int(1 << (_FIRST + _BITS * (self.D + i)))

    def keeps(self, key: int) -> bool:
        """Whether a monomial is inside the truncation."""
        return (key & 255) <= self.nt and ((key >> 8) & 255) <= self.ne and ((key >> 16) & 255) <= self.nx

    def log_of(self, value: Fraction) -> Element:
        """log of a positive rational as a sum over the logarithms of its small primes."""
        if value <= 0:
            raise UnreadableError("the logarithm of something that is not positive here")
        out = self.zero
        for number, sign in ((value.numerator, 1), (value.denominator, -1)):
            for prime in (2, 3, 5, 7, 11, 13):
                count = 0
                while number % prime == 0:
                    number, count = number // prime, count + 1
                if count:
                    out = out + self.gen(("log", prime)).scaled(sign * count)
            if number > 1:
                out = out + self.gen(("log", number)).scaled(sign)
        return out


class Element:
    """One element of a ring: ``parts[constants][monomial]`` integers over ``den``."""

    __slots__ = ("ring", "parts", "den")

    def __init__(self, ring: Ring, parts: dict[Gens, dict[int, int]], den: int) -> None:
        self.ring, self.parts, self.den = ring, parts, den

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __add__(self, other: Element) -> Element:
        if not other.parts:
            return self
        if not self.parts:
            return other
        den = lcm(self.den, other.den)
        u, v = den // self.den, den // other.den
        parts = {gens: {k: c * u for k, c in row.items()} for gens, row in self.parts.items()}
        for gens, row in other.parts.items():
            mine = parts.setdefault(gens, {})
            for k, c in row.items():
                mine[k] = mine.get(k, 0) + c * v
        return _tidy(self.ring, parts, den)

    def __neg__(self) -> Element:
        return Element(self.ring, {g: {k: -c for k, c in row.items()} for g, row in self.parts.items()}, self.den)

    def __sub__(self, other: Element) -> Element:
        return self + (-other)

    def scaled(self, factor: Fraction | int) -> Element:
        """Times a rational."""
        factor = Fraction(factor)
        n = factor.numerator
        if not n:
            return self.ring.zero
        parts = {g: {k: c * n for k, c in row.items()} for g, row in self.parts.items()}
        return _tidy(self.ring, parts, self.den * factor.denominator)

    def __mul__(self, other: Element) -> Element:
        ring, nt, ne = self.ring, self.ring.nt, self.ring.ne
        nx = ring.nx if ring.local else 255
        parts: dict[Gens, dict[int, int]] = {}
        for gens, row in self.parts.items():
            for more, column in other.parts.items():
                both = _merge(gens, more)
                out = parts.setdefault(both, {})
                for k, c in row.items():
                    for m, d in column.items():
                        key = k + m
                        if (key & 255) > nt or ((key >> 8) & 255) > ne or ((key >> 16) & 255) > nx:
                            continue
                        out[key] = out.get(key, 0) + c * d
        return _tidy(ring, parts, self.den * other.den)

    def derivative(self, unit: int, shift: int) -> Element:
        """The derivative in the variable whose monomial is ``unit`` and whose exponent stands at bit ``shift``."""
        parts: dict[Gens, dict[int, int]] = {}
        for gens, row in self.parts.items():
            out = {k - unit: c * ((k >> shift) & 255) for k, c in row.items() if (k >> shift) & 255}
            if out:
                parts[gens] = out
        found = _tidy(self.ring, parts, self.den)
        for gens, row in self.parts.items() if self.ring.exponentials else ():
            for name, exponent in gens:
                if name in self.ring.exponentials:
                    slope = self.ring.exponentials[name].derivative(unit, shift).scaled(exponent)
                    found = found + Element(self.ring, {gens: row}, self.den) * slope
        return found

    def dx(self, i: int) -> Element:
        """The derivative in x_i."""
        return self.derivative(self.ring.x_key(i), _FIRST + _BITS * i)

    def dt(self) -> Element:
        """The derivative in t."""
        return self.derivative(1, 0)

    def power(self, exponent: Fraction) -> Element:
        """A rational power; a negative or broken one needs a leading constant that is a unit."""
        if exponent.denominator == 1 and exponent >= 0:
            out, base, n = self.ring.one, self, int(exponent)
            while n:
                out = out * base if n & 1 else out
                n >>= 1
                base = base * base if n else base
            return out
        value, gens, rest = self.leading()
        if exponent.denominator == 1:
            scale = value ** int(exponent)
        else:
            n, d = isqrt(abs(value.numerator)), isqrt(value.denominator)
            if exponent.denominator != 2 or value <= 0 or (n * n, d * d) != (value.numerator, value.denominator):
                raise UnreadableError("a root that is not rational here")
            scale = Fraction(n, d) ** exponent.numerator
        lead = self.ring.const(scale) * Element(self.ring, {tuple((g, e * exponent) for g, e in gens): {0: 1}}, 1)
        coefficient, out, term, n = Fraction(1), self.ring.one, self.ring.one, 0
        while True:
            coefficient, n = coefficient * (exponent - n) / (n + 1), n + 1
            term = term * rest
            if not term or not coefficient:
                return lead * out
            out = out + term.scaled(coefficient)

    def leading(self) -> tuple[Fraction, Gens, Element]:
        """(c, constants, r) with the element equal to c * constants * (1 + r), r nilpotent."""
        lead = [(g, k, c) for g, row in self.parts.items() for k, c in row.items() if not k & _LOW]
        if not self.parts:
            raise UnreadableError("a division by zero, or the logarithm of zero")
        if len(lead) != 1 or lead[0][1]:
            raise UnreadableError("a leading part that is no single constant here")
        gens, _, c = lead[0]
        value = Fraction(c, self.den)
        inverse = Element(self.ring, {tuple((g, -e) for g, e in gens): {0: 1}}, 1).scaled(1 / value)
        return value, gens, self * inverse - self.ring.one

    def log(self) -> Element:
        """The logarithm; the leading constant must be positive."""
        value, gens, rest = self.leading()
        out = self.ring.log_of(value)
        for name, exponent in gens:
            if name not in self.ring.logs:
                raise UnreadableError(f"the logarithm of the constant {name}")
            out = out + self.ring.logs[name].scaled(exponent)
        term, n = self.ring.one, 0
        while True:
            term, n = term * rest, n + 1
            if not term:
                return out
            out = out + term.scaled(Fraction((-1) ** (n + 1), n))

    def exp(self) -> Element:
        """exp of an element whose constant part is rational: e^c is a named constant."""
        flat = {(g, k): c for g, row in self.parts.items() for k, c in row.items() if not k & _LOW}
        if any(gens or key for gens, key in flat):
            raise UnreadableError("an exponential of something that is not small here")
        value = Fraction(flat.get(((), 0), 0), self.den)
        rest = self - self.ring.const(value)
        out, term, n = self.ring.one, self.ring.one, 0
        while True:
            n += 1
            term = (term * rest).scaled(Fraction(1, n))
            if not term:
                return out * self.ring.gen(("exp",), value) if value else out
            out = out + term

    def select(self, keep: Callable[[int], bool]) -> Element:
        """The monomials that ``keep`` accepts."""
        parts = {g: {k: c for k, c in row.items() if keep(k)} for g, row in self.parts.items()}
        return _tidy(self.ring, parts, self.den)

    def split(self, first: int, count: int) -> Iterable[tuple[tuple[int, ...], Element]]:
        """The element as a polynomial in ``count`` neighbouring variables from number ``first``."""
        start, width = _FIRST + _BITS * first, _BITS * count
        mask = ((1 << width) - 1) << start
        found: dict[int, dict[Gens, dict[int, int]]] = {}
        for gens, row in self.parts.items():
            for k, c in row.items():
                found.setdefault(k & mask, {}).setdefault(gens, {})[k & ~mask] = c
        for key, parts in found.items():
            exponents = tuple((key >> (start + _BITS * i)) & 255 for i in range(count))
            yield exponents, Element(self.ring, parts, self.den)

    def by_power(self, name: Name) -> Iterable[tuple[Fraction, Element]]:
        """The element as a sum over the powers of one name."""
        found: dict[Fraction, dict[Gens, dict[int, int]]] = {}
        for gens, row in self.parts.items():
            powers = dict(gens)
            exponent = powers.pop(name, Fraction(0))
            found.setdefault(exponent, {})[tuple(sorted(powers.items()))] = row
        for exponent, parts in found.items():
            yield exponent, Element(self.ring, parts, self.den)

    def coefficients(self) -> dict[int, dict[Gens, Fraction]]:
        """For each monomial, the rational coefficient of each product of constants."""
        out: dict[int, dict[Gens, Fraction]] = {}
        for gens, row in self.parts.items():
            for k, c in row.items():
                out.setdefault(k, {})[gens] = Fraction(c, self.den)
        return out


def _merge(left: Gens, right: Gens) -> Gens:
    if not left or not right:
        return left or right
    powers = dict(left)
    for name, exponent in right:
        powers[name] = powers.get(name, Fraction(0)) + exponent
    return tuple(sorted((g, e) for g, e in powers.items() if e))


def _tidy(ring: Ring, parts: dict[Gens, dict[int, int]], den: int) -> Element:
    common, out = den, {}
    for gens, row in parts.items():
        kept = {k: c for k, c in row.items() if c}
        if kept:
            out[gens] = kept
            common = gcd(common, *kept.values())
    if not out:
        return ring.zero
    if common > 1:
        out = {g: {k: c // common for k, c in row.items()} for g, row in out.items()}
        den //= common
    return Element(ring, out, den)
