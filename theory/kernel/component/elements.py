"""Laurent polynomials over the rationals in typed generators: the elements of the component kernel.

Exponents are rational where a generator is positive, whole otherwise. There is no gcd and no simplification.
Trusted; standard library only.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from math import floor, lcm
from operator import itemgetter
from typing import Union

from theory.kernel.errors import BudgetError

Exponent = Union[int, Fraction]
Mono = tuple[tuple[int, Exponent], ...]
Terms = dict[Mono, Fraction]
POSITIVE, NONNEGATIVE, REAL, NONZERO, NEGATIVE, NONPOSITIVE = (
    "positive", "nonnegative", "real", "nonzero", "negative", "nonpositive",
)  # fmt: skip
MAX_TERMS, MAX_PRODUCT = 12_000, 600_000
ONE = Fraction(1)


def whole_or_fraction(value: Exponent) -> Exponent:
    """``value`` as an int where it is whole."""
    return value.numerator if value.denominator == 1 else value


@dataclass(frozen=True)
class Generator:
    """One generator: what it is, its sign, and what it stands for (a monomial, an element, another generator)."""

    kind: str
    name: str
    order: int = 0
    sign: str = field(default=REAL, compare=False)
    mono: Mono = ()
    body: frozenset[tuple[Mono, Fraction]] = frozenset()
    reason: str = field(default="", compare=False)


@dataclass(frozen=True)
class Element:
    """A Laurent polynomial over the rationals: monomials in generators, and their coefficients."""

    ring: Generators
    terms: Terms

    def __add__(self, other: Element) -> Element:
        return Element(self.ring, self.ring.plus((self.terms, other.terms)))

    def __neg__(self) -> Element:
        return Element(self.ring, {mono: -value for mono, value in self.terms.items()})

    def __sub__(self, other: Element) -> Element:
        return self + -other

    def __mul__(self, other: Element) -> Element:
        if len(self.terms) * len(other.terms) > MAX_PRODUCT:
            raise BudgetError("the product is too large")
        if self.ring.deadline is not None and time.monotonic() > self.ring.deadline:
            raise BudgetError("the time budget is spent")
        terms = self.ring.times(self.terms, other.terms)
        if len(terms) > MAX_TERMS:
            raise BudgetError("the expression has too many terms")
        return Element(self.ring, terms)

    def scaled(self, factor: Fraction) -> Element:
        """``factor`` times the element."""
        if factor == 1:
            return self
        return Element(self.ring, {mono: value * factor for mono, value in self.terms.items()} if factor else {})

    def generators(self) -> set[int]:
        """Indices of the generators that occur, those inside exponentials and declared elements not included."""
        return {index for mono in self.terms for index, _ in mono}


def exponent_ranges(*parts: Terms) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
    """The least and the greatest exponent of every generator, whole after multiplying by the scale (third); sorted."""
    scales: dict[int, int] = {}
    exponents = {item for terms in parts for mono in terms for item in mono}
    for index, power in sorted(exponents, key=itemgetter(0)):
        scales[index] = lcm(scales.get(index, 1), power.denominator)
    lows, highs = dict.fromkeys(scales, 0), dict.fromkeys(scales, 0)
    for index, power in exponents:
        whole = int(power * scales[index])
        lows[index], highs[index] = min(lows[index], whole), max(highs[index], whole)
    return lows, highs, scales


class Generators:
    """The generators in use, numbered in the order of their declaration, and the arithmetic of their polynomials.

    :meth:`plus` and :meth:`times` are the whole back-end: a second one, outside the kernel, replaces these two.
    """

    def __init__(self) -> None:
        self.gens: list[Generator] = []
        self._index: dict[Generator, int] = {}
        self._primes: set[int] = set()
        self._bodies: dict[int, Element] = {}
        self._inside: dict[int, frozenset[int]] = {}
        self.derivatives: dict[tuple[int, str], Element] = {}
        self.deadline: float | None = None  # on the monotonic clock; beyond it products are refused

    def intern(self, generator: Generator) -> int:
        """The number of ``generator``."""
        index = self._index.get(generator)
        if index is None:
            index = self._index[generator] = len(self.gens)
            self.gens.append(generator)
            if generator.kind == "prime":
                self._primes.add(index)
        return index

    def number(self, value: int | Fraction) -> Element:
        """A rational constant."""
        return Element(self, {(): Fraction(value)} if value else {})

    def monomial(self, mono: Mono) -> Element:
        """A single monomial with coefficient 1."""
        return Element(self, {mono: ONE})

    def body(self, index: int) -> Element:
        """What the declared generator ``index`` stands for."""
        if index not in self._bodies:
            self._bodies[index] = Element(self, dict(self.gens[index].body))
        return self._bodies[index]

    def inside(self, index: int) -> frozenset[int]:
        """The declared generator ``index`` and every generator that its body mentions, at any depth."""
        if index not in self._inside:
            mentioned = self.body(index).generators()
            deeper = (self.inside(i) for i in mentioned if self.gens[i].kind == "declared")
            self._inside[index] = frozenset({index}).union(mentioned, *deeper)
        return self._inside[index]

    def plus(self, parts: Iterable[Terms]) -> Terms:
        """The sum of polynomials."""
        total: Terms = {}
        for terms in parts:
            if not total:
                total = dict(terms)
                continue
            for mono, value in terms.items():
                known = total.get(mono)
                if known is None:
                    total[mono] = value
                elif known := known + value:
                    total[mono] = known
                else:
                    del total[mono]
        return total

    def times(self, left: Terms, right: Terms) -> Terms:
        """The product of two polynomials."""
        if len(left) > len(right):
            left, right = right, left
        if len(left) != 1:
            return self._packed(left, right) if left else {}
        ((one, u),) = left.items()
        plain = u == 1
        if not one:
            return right if plain else {mono: u * v for mono, v in right.items()}
        total: Terms = {}
        for other, v in right.items():
            mono, factor = self.product(one, other)
            value, known = v if plain else u * v, total.get(mono)
            if factor is not ONE:
                value = value * factor
            total[mono] = value if known is None else known + value
        return total if len(total) == len(right) else {mono: value for mono, value in total.items() if value}

    def _packed(self, left: Terms, right: Terms) -> Terms:
        """:meth:`times` with whole numbers: a monomial is one integer, its exponents are digits, and they add.

        The digits of a product lie between twice the least and twice the greatest exponent of the two factors, so that
        no digit carries into the next.
        """
        lows, highs, scales = exponent_ranges(left, right)
        places: list[tuple[int, int, int, int]] = []  # generator, position, width, twice the least exponent
        shift = 0
        for index, low in lows.items():
            width = (2 * (highs[index] - low)).bit_length()
            places.append((index, shift, (1 << width) - 1, 2 * low))
            shift += width
        position = {index: start for index, start, _, _ in places}

        def coded(terms: Terms) -> tuple[list[tuple[int, int]], int]:
            below = lcm(*(value.denominator for value in terms.values()))
            return [
                (sum(int(power * scales[index]) << position[index] for index, power in mono),
                 value.numerator * (below // value.denominator))
                for mono, value in terms.items()
            ], below  # fmt: skip

        (first, under), (second, below) = coded(left), coded(right)
        products: dict[int, int] = {}
        for one, u in first:
            for other, v in second:
                code = one + other
                products[code] = products.get(code, 0) + u * v

        @cache
        def exponent(index: int, digit: int) -> Exponent:
            return whole_or_fraction(Fraction(digit, scales[index]))

        base, below = sum(-low << start for _, start, _, low in places), under * below
        found: list[tuple[Mono, Fraction]] = []
        for code, value in products.items():
            if value:
                code += base
                digits = ((i, ((code >> start) & mask) + low) for i, start, mask, low in places)
                mono = tuple((i, exponent(i, n)) for i, n in digits if n)
                found.append((mono, Fraction(value, below)))
        return self.settled(found) if self._primes & lows.keys() else dict(found)

    def settled(self, found: Iterable[tuple[Mono, Fraction]]) -> Terms:
        """The sum of monomials in which powers of primes may be whole or negative."""
        total: Terms = {}
        for mono, value in found:
            normal, factor = self.normal(dict(mono))
            total[normal] = total.get(normal, 0) + value * factor
        return {mono: value for mono, value in total.items() if value}

    def normal(self, factors: dict[int, Exponent]) -> tuple[Mono, Fraction]:
        """The sorted monomial; whole powers of primes move to the coefficient."""
        factor = ONE
        for index in self._primes & factors.keys():
            power = factors[index]
            if not 0 <= power < 1:
                whole = floor(power)
                factor *= Fraction(self.gens[index].order) ** whole
                factors[index] = whole_or_fraction(Fraction(power - whole))
        return tuple(sorted((i, e) for i, e in factors.items() if e)), factor

    def product(self, left: Mono, right: Mono) -> tuple[Mono, Fraction]:
        """The product of two monomials, and a rational factor."""
        if not left or not right:
            return left or right, ONE
        factors = dict(left)
        for index, power in right:
            known = factors.get(index)
            if known is None:
                factors[index] = power
            else:
                total = known + power
                factors[index] = total if type(total) is int else whole_or_fraction(total)
        return self.normal(factors)
