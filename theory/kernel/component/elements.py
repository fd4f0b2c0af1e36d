"""Laurent polynomials over the rationals in typed generators: the elements of the component kernel.

Exponents are rational where a generator is positive, whole otherwise. There is no gcd and no simplification.
Trusted; standard library only.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Union

from theory.kernel.errors import BudgetError

Exponent = Union[int, Fraction]
Mono = tuple[tuple[int, Exponent], ...]
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
    terms: dict[Mono, Fraction]

    def __add__(self, other: Element) -> Element:
        terms = dict(self.terms)
        for mono, value in other.terms.items():
            total = terms.get(mono, 0) + value
            if total:
                terms[mono] = Fraction(total)
            else:
                del terms[mono]
        return Element(self.ring, terms)

    def __neg__(self) -> Element:
        return self.scaled(Fraction(-1))

    def __sub__(self, other: Element) -> Element:
        return self + -other

    def __mul__(self, other: Element) -> Element:
        if len(self.terms) * len(other.terms) > MAX_PRODUCT:
            raise BudgetError("the product is too large")
        if self.ring.deadline is not None and time.monotonic() > self.ring.deadline:
            raise BudgetError("the time budget is spent")
        terms: dict[Mono, Fraction] = {}
        for left, u in self.terms.items():
            for right, v in other.terms.items():
                mono, factor = self.ring.product(left, right)
                terms[mono] = terms.get(mono, 0) + u * v * factor
        terms = {mono: value for mono, value in terms.items() if value}
        if len(terms) > MAX_TERMS:
            raise BudgetError("the expression has too many terms")
        return Element(self.ring, terms)

    def scaled(self, factor: Fraction) -> Element:
        """``factor`` times the element."""
        return Element(self.ring, {mono: value * factor for mono, value in self.terms.items()} if factor else {})

    def generators(self) -> set[int]:
        """Indices of the generators that occur, those inside exponentials and declared elements not included."""
        return {index for mono in self.terms for index, _ in mono}


class Generators:
    """The generators in use, numbered in the order of their declaration."""

    def __init__(self) -> None:
        self.gens: list[Generator] = []
        self._index: dict[Generator, int] = {}
        self._primes: set[int] = set()
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
        return Element(self, dict(self.gens[index].body))

    def normal(self, factors: dict[int, Exponent]) -> tuple[Mono, Fraction]:
        """The sorted monomial; whole powers of primes move to the coefficient."""
        factor = ONE
        for index in self._primes & factors.keys():
            whole = floor(factors[index])
            factor *= Fraction(self.gens[index].order) ** whole
            factors[index] = whole_or_fraction(Fraction(factors[index] - whole))
        return tuple(sorted((i, e) for i, e in factors.items() if e)), factor

    def product(self, left: Mono, right: Mono) -> tuple[Mono, Fraction]:
        """The product of two monomials, and a rational factor."""
        if not left or not right:
            return left or right, ONE
        factors = dict(left)
        for index, power in right:
            total = factors.get(index, 0) + power
            factors[index] = total if type(total) is int else whole_or_fraction(Fraction(total))
        return self.normal(factors)
