"""Gaussian moments of elements, by pairing. Trusted; standard library only.

E[v F] = E[v] E[F] + sum over the other occurrences w of variables in F of Cov(v, w) E[F without w]     (Isserlis)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from theory.kernel import clock
from theory.kernel.errors import BudgetError, UnsupportedError
from theory.kernel.words.algebra import Algebra
from theory.kernel.words.elements import Element, End, I, J, Monomial, Path, holds_density, total


def renamed(element: Element, names: dict[End, End], algebra: Algebra) -> Element:
    """Other names for the open indices."""
    return total(
        algebra.canonical(s, tuple((names.get(a, a), w, names.get(b, b)) for a, w, b in paths)).scaled(c)
        for (s, paths), c in element.terms.items()
    )


MOMENT_LIMIT, DEGREE_LIMIT = 4000, 12


@dataclass
class Moments:
    """Averages over jointly Gaussian vectors; each is kept."""

    algebra: Algebra
    _averages: dict[Any, Element] = field(default_factory=dict)

    def average(
        self,
        key: object,
        element: Element,
        means: dict[End, Element],
        covs: dict[tuple[End, End], Element],
        forbidden: frozenset[str],
    ) -> Element:
        """E over the variables (ends) in ``means``, with open index 1, and ``covs``, with open indices 1 and 2.

        ``key`` names the law. Raises UnsupportedError if a density among ``forbidden`` occurs outside a logarithm.
        """
        for scalars, _ in element.terms:
            if any(holds_density(tag, forbidden) for tag, _ in scalars):
                raise UnsupportedError("an average, or a value at a point, of a density outside a logarithm")

        def moment(m: Monomial, depth: int) -> Element:
            if (key, m) in self._averages:
                return self._averages[key, m]
            if len(self._averages) > MOMENT_LIMIT:
                raise BudgetError(f"the averages need more than {MOMENT_LIMIT} moments")
            clock.check()
            found = self._moment(m, depth, means, covs, moment)
            self._averages[key, m] = found
            return found

        return total(moment(m, 1).scaled(c) for m, c in element.terms.items())

    def _moment(
        self,
        m: Monomial,
        depth: int,
        means: dict[End, Element],
        covs: dict[tuple[End, End], Element],
        moment: Callable[[Monomial, int], Element],
    ) -> Element:
        scalars, paths = m
        places = [(n, side) for n in range(len(paths)) for side in (0, 2) if _end(paths, (n, side)) in means]
        if not places:
            return Element({m: Fraction(1)})
        if len(places) > DEGREE_LIMIT:
            raise BudgetError(f"an average of a polynomial of degree above {DEGREE_LIMIT}")
        cut, other = ("i", -2 * depth), ("i", -2 * depth - 1)
        first, rest = places[0], places[1:]
        variable = _end(paths, first)
        opened = _replaced(paths, first, cut)
        pieces = [self._applied(scalars, opened, depth, renamed(means[variable], {I: cut}, self.algebra), moment)]
        for place in rest:
            partner = _end(paths, place)
            if (variable, partner) in covs:
                link = renamed(covs[variable, partner], {I: cut, J: other}, self.algebra)
                pieces.append(self._applied(scalars, _replaced(opened, place, other), depth, link, moment))
        return total(pieces)

    def _applied(
        self,
        scalars: Any,
        paths: tuple[Path, ...],
        depth: int,
        link: Element,
        moment: Callable[[Monomial, int], Element],
    ) -> Element:
        """The average of ``paths`` contracted with ``link``."""
        inner = self.algebra.canonical(scalars, paths)
        averaged = total(moment(m, depth + 1).scaled(c) for m, c in inner.terms.items())
        return self.algebra.times(averaged, link)


def _end(paths: tuple[Path, ...], place: tuple[int, int]) -> End:
    a, _, b = paths[place[0]]
    return b if place[1] else a


def _replaced(paths: tuple[Path, ...], place: tuple[int, int], end: End) -> tuple[Path, ...]:
    number, side = place
    a, w, b = paths[number]
    return (*paths[:number], (end, w, b) if side == 0 else (a, w, end), *paths[number + 1 :])
