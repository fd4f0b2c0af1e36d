"""A second back-end for the component kernel: polynomial arithmetic by FLINT. Untrusted; the kernel never imports it.

``Model.of(setting, ring=FlintRing)`` reads the same statements with the same rules, so that a slip of the kernel's own
sums and products shows as a difference. Laurent and fractional exponents become natural ones: shifted by the least
exponent of every generator, multiplied by the common denominator.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import reduce
from typing import Any

from flint import Ordering, fmpq, fmpq_mpoly_ctx

from theory.kernel.component.elements import Mono, Terms, exponent_ranges, whole_or_fraction
from theory.kernel.component.ring import Ring


class FlintRing(Ring):
    """A ring of the component kernel whose sums and products are FLINT's, over the rationals."""

    def plus(self, parts: Iterable[Terms]) -> Terms:
        """The sum of polynomials."""
        given = [terms for terms in parts if terms]
        if len(given) < 2:
            return dict(given[0]) if given else {}
        frame = _Frame(given)
        return frame.terms(reduce(lambda u, v: u + v, (frame.polynomial(terms) for terms in given)), 1)

    def times(self, left: Terms, right: Terms) -> Terms:
        """The product of two polynomials."""
        if not left or not right:
            return {}
        frame = _Frame((left, right))
        terms = frame.terms(frame.polynomial(left) * frame.polynomial(right), 2)
        return self.settled(terms.items()) if self._primes & set(frame.indices) else terms


class _Frame:
    """The variables, shifts and scales in which some Laurent polynomials are FLINT polynomials."""

    def __init__(self, parts: Iterable[Terms]) -> None:
        self.lows, _, self.scales = exponent_ranges(*parts)
        self.indices = sorted(self.lows)
        self.context: Any = fmpq_mpoly_ctx.get([f"g{i}" for i in self.indices], Ordering.lex)

    def polynomial(self, terms: Terms) -> Any:
        """``terms`` times the monomial that makes every exponent natural."""
        return self.context.from_dict(
            {self._exponents(dict(mono)): fmpq(v.numerator, v.denominator) for mono, v in terms.items()}
        )

    def _exponents(self, powers: dict[int, int | Fraction]) -> tuple[int, ...]:
        return tuple(int(powers.get(i, 0) * self.scales[i]) - self.lows[i] for i in self.indices)

    def terms(self, polynomial: Any, factors: int) -> Terms:
        """The Laurent polynomial again; the monomial went into ``polynomial`` ``factors`` times."""
        return {
            self._mono(exponents, factors): Fraction(int(v.p), int(v.q))
            for exponents, v in polynomial.to_dict().items()
        }

    def _mono(self, exponents: tuple[int, ...], factors: int) -> Mono:
        whole = ((i, int(n) + factors * self.lows[i]) for i, n in zip(self.indices, exponents, strict=True))
        return tuple((i, whole_or_fraction(Fraction(n, self.scales[i]))) for i, n in whole if n)
