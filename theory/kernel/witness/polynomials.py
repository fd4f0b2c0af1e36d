"""Sparse Laurent polynomials over the rationals in arbitrary generators. Standard library only.

A generator is any hashable object with a total order among those used together (strings, or tuples of one shape).
Exponents are integers of either sign; a negative exponent stands for a division that the caller has certified.
Zero is the empty polynomial, so ``not poly`` is the zero test; there is no gcd and no simplification.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from fractions import Fraction
from typing import Any, Union

from theory.kernel import clock
from theory.kernel.errors import BudgetError, KernelError

Generator = Hashable
Monomial = tuple[tuple[Any, int], ...]
"""Generators with non-zero exponents, in the order of the generators."""
Coefficient = Union[int, Fraction]
TERM_LIMIT = 200_000


def monomial_product(left: Monomial, right: Monomial) -> Monomial:
    """The product of two monomials."""
    if not left:
        return right
    if not right:
        return left
    exponents = dict(left)
    for generator, exponent in right:
        exponents[generator] = exponents.get(generator, 0) + exponent
    return tuple(sorted((g, e) for g, e in exponents.items() if e))


class Polynomial:
    """A Laurent polynomial: ``terms`` maps monomials to non-zero rationals. Immutable by convention."""

    __slots__ = ("terms",)
    terms: dict[Monomial, Fraction]

    def __init__(self, terms: Mapping[Monomial, Coefficient] | None = None) -> None:
        self.terms = {m: Fraction(c) for m, c in (terms or {}).items() if c}

    @classmethod
    def constant(cls, value: Coefficient) -> Polynomial:
        """A rational number."""
        return cls({(): Fraction(value)})

    @classmethod
    def generator(cls, generator: Generator, exponent: int = 1) -> Polynomial:
        """A power of one generator."""
        return cls({((generator, exponent),): Fraction(1)}) if exponent else cls.constant(1)

    @classmethod
    def _raw(cls, terms: dict[Monomial, Fraction]) -> Polynomial:
        if len(terms) > TERM_LIMIT:
            raise BudgetError(f"a polynomial has more than {TERM_LIMIT} terms")
        made = cls.__new__(cls)
        made.terms = terms
        return made

    @classmethod
    def sum_of(cls, polynomials: Iterable[Polynomial]) -> Polynomial:
        """The sum of many."""
        total: dict[Monomial, Fraction] = {}
        for polynomial in polynomials:
            _accumulate(total, polynomial.terms)
        return cls._raw({m: c for m, c in total.items() if c})

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polynomial) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __repr__(self) -> str:
        def factor(generator: object, exponent: int) -> str:
            return f"{generator}" if exponent == 1 else f"{generator}^{exponent}"

        parts = ["*".join([str(c), *(factor(g, e) for g, e in m)]) for m, c in sorted(self.terms.items(), key=repr)]
        return " + ".join(parts) or "0"

    def __add__(self, other: Polynomial | Coefficient) -> Polynomial:
        total = dict(self.terms)
        _accumulate(total, _as_polynomial(other).terms)
        return Polynomial._raw({m: c for m, c in total.items() if c})

    __radd__ = __add__

    def __neg__(self) -> Polynomial:
        return Polynomial._raw({m: -c for m, c in self.terms.items()})

    def __sub__(self, other: Polynomial | Coefficient) -> Polynomial:
        return self + (-_as_polynomial(other))

    def __rsub__(self, other: Polynomial | Coefficient) -> Polynomial:
        return _as_polynomial(other) + (-self)

    def __mul__(self, other: Polynomial | Coefficient) -> Polynomial:
        if isinstance(other, (int, Fraction)):
            return Polynomial._raw({m: c * other for m, c in self.terms.items()} if other else {})
        small, large = sorted((self.terms, other.terms), key=len)
        if len(small) * len(large) > 50 * TERM_LIMIT:
            raise BudgetError(f"a product of {len(small)} by {len(large)} terms is too large")
        total: dict[Monomial, Fraction] = {}
        for m, c in small.items():
            clock.check()
            for n, e in large.items():
                key = monomial_product(m, n)
                total[key] = total.get(key, Fraction(0)) + c * e
        return Polynomial._raw({m: c for m, c in total.items() if c})

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Polynomial:
        """Raises KernelError for a negative power of a sum: such a denominator must be declared by the caller."""
        if exponent < 0:
            if len(self.terms) != 1:
                raise KernelError("only a single term can be inverted in the polynomial ring")
            ((monomial, coefficient),) = self.terms.items()
            return Polynomial._raw({tuple((g, e * exponent) for g, e in monomial): coefficient**exponent})
        result, base = Polynomial.constant(1), self
        while exponent:
            if exponent & 1:
                result = result * base
            exponent >>= 1
            if exponent:
                base = base * base
        return result

    def generators(self) -> frozenset[Any]:
        """Every generator that occurs."""
        return frozenset(g for m in self.terms for g, _ in m)

    def exponents_of(self, generator: Generator) -> tuple[int, int]:
        """The least and the greatest exponent of ``generator`` (0 counts where it is absent)."""
        found = [dict(m).get(generator, 0) for m in self.terms] or [0]
        return min(found), max(found)

    def derive(self, rule: Callable[[Any], Polynomial]) -> Polynomial:
        """The derivation that maps each generator g to ``rule(g)``, extended by Leibniz (Laurent exponents too)."""
        images: dict[Any, Polynomial] = {}
        total: dict[Monomial, Fraction] = {}
        for monomial, coefficient in self.terms.items():
            for place, (generator, exponent) in enumerate(monomial):
                if generator not in images:
                    images[generator] = rule(generator)
                image = images[generator]
                if not image:
                    continue
                lowered = ((generator, exponent - 1),) if exponent != 1 else ()
                rest = monomial[:place] + lowered + monomial[place + 1 :]
                for m, c in image.terms.items():
                    key = monomial_product(rest, m)
                    total[key] = total.get(key, Fraction(0)) + coefficient * exponent * c
        return Polynomial._raw({m: c for m, c in total.items() if c})

    def substitute(self, rule: Callable[[Any], Polynomial | None]) -> Polynomial:
        """Replace each generator g by ``rule(g)``; None leaves it. A negative power needs a single-term image."""
        images: dict[Any, Polynomial | None] = {g: rule(g) for g in self.generators()}
        powers: dict[tuple[Any, int], Polynomial] = {}
        pieces = []
        for monomial, coefficient in self.terms.items():
            kept: list[tuple[Any, int]] = []
            piece = Polynomial.constant(coefficient)
            for generator, exponent in monomial:
                image = images[generator]
                if image is None:
                    kept.append((generator, exponent))
                    continue
                if (generator, exponent) not in powers:
                    powers[generator, exponent] = image**exponent
                piece = piece * powers[generator, exponent]
            pieces.append(piece * Polynomial._raw({tuple(kept): Fraction(1)}))
        return Polynomial.sum_of(pieces)

    def evaluate(self, value: Callable[[Any], Any], one: Any = Fraction(1)) -> Any:
        """The value in any ring with ``+``, ``*`` by rationals and integer powers; ``one`` is its unit."""
        values: dict[tuple[Any, int], Any] = {}
        total = one * Fraction(0)
        for monomial, coefficient in self.terms.items():
            piece = one * coefficient
            for generator, exponent in monomial:
                if (generator, exponent) not in values:
                    values[generator, exponent] = value(generator) ** exponent
                piece = piece * values[generator, exponent]
            total = total + piece
        return total


def _as_polynomial(value: Polynomial | Coefficient) -> Polynomial:
    return value if isinstance(value, Polynomial) else Polynomial.constant(value)


def _accumulate(total: dict[Monomial, Fraction], terms: Mapping[Monomial, Fraction]) -> None:
    for m, c in terms.items():
        total[m] = total[m] + c if m in total else c


ZERO, ONE = Polynomial(), Polynomial.constant(1)
