"""Typed constructors of the component kernel: the only way to build generators.

alpha, sigma, the jets of a and g^2, symbols, coordinates of x and X0, pi, roots of primes, ``exp(m)`` of a monomial,
*declared* elements (whose inverses and roots occur) and ``log`` of a generator. What is declared is certified positive
by its form, or positive for a stated reason, or non-zero by a named hypothesis; otherwise the kernel refuses.
Trusted; standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from functools import reduce
from math import gcd, lcm

from theory.kernel.component.elements import (
    NEGATIVE,
    NONNEGATIVE,
    NONPOSITIVE,
    NONZERO,
    ONE,
    POSITIVE,
    REAL,
    Element,
    Exponent,
    Generator,
    Generators,
    Mono,
    whole_or_fraction,
)
from theory.kernel.component.zero import cleared, sign
from theory.kernel.errors import KernelError
from theory.kernel.primes import prime_powers

_NO_FACTORS: Mono = ()
_FACTOR_LIMIT = 1000
_TAKEN = re.compile(r"alpha|sigma|a|g2|(x|X0)[0-9]+")


class Ring(Generators):
    """The generators in use, the signs of the symbols, and the time derivatives of a linear process.

    ``positive`` and ``nonnegative`` name symbols. ``process`` is "linear", "ve" (alpha = 1, a = 0) or "vp"
    (alpha^2 = 1 - sigma^2, a = -g^2/2).
    """

    def __init__(self, process: str, positive: Iterable[str] = (), nonnegative: Iterable[str] = ()) -> None:
        if process not in ("linear", "ve", "vp"):
            raise KernelError(f"no linear process {process!r}")
        super().__init__()
        self.process = process
        self.signs = dict.fromkeys(nonnegative, NONNEGATIVE) | dict.fromkeys(positive, POSITIVE)

    def _single(self, generator: Generator) -> Element:
        return Element(self, {((self.intern(generator), 1),): ONE})

    def symbol(self, name: str) -> Element:
        """A symbol of the law, with its declared sign. Raises KernelError for a name that values at a point use."""
        if _TAKEN.fullmatch(name):
            raise KernelError(f"a symbol may not be called {name}: it is a coordinate or part of the schedule")
        return self._single(Generator("symbol", name, sign=self.signs.get(name, REAL)))

    def coordinate(self, name: str, number: int) -> Element:
        """Coordinate ``number`` of ``name``: "x" or "X0"."""
        return self._single(Generator("coordinate", name, number))

    def pi(self) -> Element:
        """The number pi."""
        return self._single(Generator("pi", "pi", sign=POSITIVE))

    def drift_jet(self, order: int = 0) -> Element:
        """The time derivative of a of the given order."""
        if self.process == "ve":
            return self.number(0)
        if self.process == "vp":
            return self.noise_jet(order).scaled(Fraction(-1, 2))
        return self._single(Generator("jet", "a", order))

    def noise_jet(self, order: int = 0) -> Element:
        """The time derivative of g^2 of the given order."""
        return self._single(Generator("jet", "g2", order, sign=POSITIVE if order == 0 else REAL))

    def sigma(self) -> Element:
        """The noise level sigma > 0."""
        return self._single(Generator("tfun", "sigma", sign=POSITIVE))

    def alpha(self) -> Element:
        """The signal level alpha > 0."""
        if self.process == "ve":
            return self.number(1)
        if self.process == "vp":
            sigma = self.sigma()
            return self.declared(self.number(1) - sigma * sigma, Fraction(1, 2), reason="alpha^2 = 1 - sigma^2 > 0")
        return self._single(Generator("tfun", "alpha", sign=POSITIVE))

    def exp(self, power: Element) -> Element:
        """Exp(u) as a product of exp(m)^c over the monomials of u; Exp(0) = 1, Exp(log v) = v."""
        factors: dict[int, Exponent] = {}
        for mono, value in power.terms.items():
            gen = self.gens[mono[0][0]] if len(mono) == 1 and mono[0][1] == 1 else None
            if gen is not None and gen.kind == "log" and (2 * value).denominator == 1:
                index = gen.order
            else:
                index = self.intern(Generator("exp", "exp", mono=mono, sign=POSITIVE))
            factors[index] = factors.get(index, 0) + value
        mono, factor = self.normal(
            {index: whole_or_fraction(Fraction(value)) for index, value in factors.items() if value}
        )
        return Element(self, {mono: factor})

    def log(self, value: Element) -> Element:
        """Log of a certified positive element, split over its factors."""
        if sign(value) != POSITIVE:
            raise KernelError("the logarithm of an expression that is not certified positive")
        factor, content, rest = self.factors(value)
        total = self.number(0)
        for prime, count in _primes(factor):
            total += self._log_of(self.prime(prime)).scaled(Fraction(count))
        for index, power in content:
            gen = self.gens[index]
            if gen.sign != POSITIVE:
                raise KernelError(f"the logarithm of {gen.name}, which is not certified positive")
            atom = Element(self, {gen.mono: ONE}) if gen.kind == "exp" else self._log_of(index)
            total += atom.scaled(Fraction(power))
        if len(rest.terms) > 1:
            ((index, _),) = next(iter(self.declared(rest).terms))
            total += self._log_of(index)
        return total

    def prime(self, number: int) -> int:
        """The index of the generator of a prime (or of a large factor); it occurs with powers between 0 and 1."""
        return self.intern(Generator("prime", "prime", number, sign=POSITIVE))

    def _log_of(self, index: int) -> Element:
        return self._single(Generator("log", "log", index))

    def declared(self, body: Element, power: Exponent = 1, *, as_: str = POSITIVE, reason: str = "") -> Element:
        """``body^power`` as a generator. Without a ``reason`` the body must be certified positive by its form."""
        if not reason and sign(body) != POSITIVE:
            raise KernelError("a denominator or root that is not certified positive")
        gen = Generator("declared", "declared", body=frozenset(body.terms.items()), sign=as_, reason=reason)
        return Element(self, {((self.intern(gen), whole_or_fraction(Fraction(power))),): ONE})

    def factors(self, value: Element) -> tuple[Fraction, Mono, Element]:
        """``value`` = factor * monomial * rest: a signed rational, common powers of generators, what is left.

        The rest is 1, or has at least two terms, coprime integer coefficients and no common power of a positive
        generator; whole powers of declared elements in it are multiplied out where its sign stays certified. Sums with
        exponentials keep them, and if there are more than two terms give up only what all of them share: the inverse
        covariances of K components, multiplied out, would have 2^K terms.
        """
        if len(value.terms) == 1:
            ((content, factor),) = value.terms.items()
            return factor, content, self.number(1)
        factor, content = ONE, _NO_FACTORS
        while True:
            inner, common, value = self._content(value)
            content, extra = self.product(content, common)
            factor *= inner * extra
            if sign(value) in (NEGATIVE, NONPOSITIVE):
                factor, value = -factor, -value
            open_ = any(self.gens[i].sign == NONZERO for i in value.generators())
            if len(value.terms) <= 1 or open_ or self._has_exp(value):
                break
            expanded = cleared(value)  # no negative powers are left, so this only multiplies out
            if expanded.terms == value.terms or sign(expanded) != POSITIVE:
                break
            value = expanded
        return factor, content, value

    def _content(self, value: Element) -> tuple[Fraction, Mono, Element]:
        monos = [dict(mono) for mono in value.terms]
        common = {index for mono in monos for index in mono}
        if len(monos) > 1:  # of a generator that may vanish only powers that every monomial has come out
            common = {i for i in common if self.gens[i].sign == POSITIVE or all(mono.get(i, 0) > 0 for mono in monos)}
        if len(monos) > 2 and self._has_exp(value):
            common = {i for i in common if all(i in mono for mono in monos)}
        lowest = {index: min(mono.get(index, 0) for mono in monos) for index in common}
        content, _ = self.normal(dict(lowest))
        factor = reduce(_gcd, set(map(abs, value.terms.values())))
        if not content:
            return factor, content, value.scaled(1 / factor)
        inverse, extra = self.normal({index: -power for index, power in content})
        return factor, content, value * Element(self, {inverse: extra / factor})

    def _has_exp(self, value: Element) -> bool:
        return any(self.gens[i].kind == "exp" for i in value.generators())

    def power(self, value: Element, exponent: int | Fraction) -> Element:
        """``value^exponent``; roots only of what is certified positive, inverses also of what is certified negative."""
        exponent = Fraction(exponent)
        whole = exponent.denominator == 1
        if whole and exponent >= 0 and len(value.terms) != 1:
            return self._repeated(value, int(exponent))
        if not value.terms:
            raise KernelError("a power of zero in a denominator")
        factor, content, rest = self.factors(value)
        if factor < 0 and not whole:
            raise KernelError("a root of a negative expression")
        powers: dict[int, Exponent] = {}
        for index, common in content:
            self._allowed(self.gens[index], Fraction(common), exponent)
            powers[index] = whole_or_fraction(Fraction(common) * exponent)
        for prime, count in _primes(abs(factor)):
            index = self.prime(prime)
            powers[index] = whole_or_fraction(Fraction(powers.get(index, 0)) + count * exponent)
        mono, extra = self.normal(powers)
        result = Element(self, {mono: -extra if factor < 0 and exponent % 2 else extra})
        return result if len(rest.terms) == 1 else result * self.declared(rest, exponent)

    def _allowed(self, gen: Generator, power: Fraction, exponent: Fraction) -> None:
        total = power * exponent
        whole = exponent.denominator == 1 and total.denominator == 1
        if gen.sign == POSITIVE or (gen.sign == NONZERO and whole) or (total >= 0 and whole):
            return
        if gen.sign == NONNEGATIVE and power >= 0 and exponent > 0:
            return
        raise KernelError(f"{gen.name} in a denominator or under a root is not certified positive")

    def _repeated(self, value: Element, exponent: int) -> Element:
        result = self.number(1)
        for _ in range(exponent):
            result = result * value
        return result


def _gcd(left: Fraction, right: Fraction) -> Fraction:
    """The positive rational g with left/g and right/g coprime integers."""
    return Fraction(gcd(left.numerator, right.numerator), lcm(left.denominator, right.denominator))


def _primes(value: Fraction) -> list[tuple[int, int]]:
    """``value`` > 0 as powers of primes (of factors without a prime below 1000, if it is large)."""
    above, below = (prime_powers(number, _FACTOR_LIMIT) for number in (value.numerator, value.denominator))
    return [*above, *((prime, -power) for prime, power in below)]
