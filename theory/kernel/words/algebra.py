"""Products of words: the rules by which letters meet their inverses, and canonical forms. Trusted; standard library.

The rules for two neighbours in a word are (c a scalar, M = L + sum of c w with its lead L, R = M^-1):

    L R  ->  1 - sum c w R          R L  ->  1 - sum c R w                     (M R = R M = 1)
    R1 R2  ->  (R1 - R2) / (r2 - r1)      for M1 = L + r1 I, M2 = L + r2 I, where r2 - r1 is not 0 by its form

Where r2 - r1 may vanish the two letters are sorted: they commute. Paths are the same backwards, each letter
transposed; traces also under rotation.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from theory.kernel import clock
from theory.kernel.errors import BudgetError
from theory.kernel.words.elements import (
    DENSITIES,
    DIM,
    ONE,
    TERM_LIMIT,
    TRACE,
    WORD_LIMIT,
    ZERO,
    Element,
    Exponent,
    Frozen,
    Letter,
    Monomial,
    Path,
    Scalars,
    Tag,
    Word,
    generator,
    joined,
    merged,
    monic,
    on_circle,
    rational_power,
    total,
    transposed,
    without,
)

_CONTINUOUS = frozenset({"alpha", "sigma", "g", "a", "g2", "sym"})
_POSITIVE = frozenset({"alpha", "sigma", "g", "D", "pi"}) | DENSITIES


@dataclass(frozen=True)
class Algebra:
    """The words of one setting: ``process`` is a process class by name, ``positive`` the symbols declared positive.

    ``generic``: r2 - r1 of two inverse letters counts as non-zero if it is no zero polynomial in parameters that vary
    continuously. Both sides of an identity are continuous in them, so an identity off its zeros holds at them too.
    """

    process: str
    positive: frozenset[str] = frozenset()
    generic: bool = False

    # -- scalars ---------------------------------------------------------------------------------------------------
    def is_positive(self, tag: Tag) -> bool:
        """Whether a scalar generator is positive throughout the setting."""
        if tag[0] == "inv":
            return self.sign(Element(dict(tag[1]))) > 0
        return tag[0] in _POSITIVE or (tag[0] == "sym" and tag[1] in self.positive)

    def sign(self, element: Element) -> int:
        """1 or -1 if every monomial is a product of positive generators with coefficients of that sign, else 0."""
        signs = {c > 0 for c in element.terms.values()}
        if len(signs) != 1 or any(paths or not self._nonzero(s) for s, paths in element.terms):
            return 0
        return 1 if signs.pop() else -1

    def _nonzero(self, scalars: Scalars) -> bool:
        return all(self.is_positive(tag) for tag, _ in scalars)

    def simple(self, element: Element) -> Element:
        """Under VP, where alpha^2 + sigma^2 = 1: the same scalar with fewer monomials, if either of them helps."""
        if self.process != "vp" or len(element.terms) < 2:
            return element
        forms = [element, without(element, ("sigma",), ("alpha",)), without(element, ("alpha",), ("sigma",))]
        return min(forms, key=lambda e: len(e.terms))

    def inverse(self, element: Element, exponent: Exponent = 1) -> Element | None:
        """element^-exponent, if by its form it is not 0 (and positive for a fraction); None otherwise."""
        element = self.simple(element)
        sign = self.sign(element)
        if not sign:
            return None
        if len(element.terms) == 1:
            (((scalars, _), coefficient),) = element.terms.items()
            scale = rational_power(coefficient, -exponent)
            if scale is None or any(t[0] == "inv" and Fraction(e * exponent).denominator != 1 for t, e in scalars):
                return None
            return Element({(merged((t, -e * exponent) for t, e in scalars), ()): scale})
        if Fraction(exponent).denominator != 1:
            return None
        tag = ("inv", element.frozen())
        return generator(*tag, exponent=int(exponent))

    def generic_inverse(self, element: Element) -> Element | None:
        """1/element in the generic algebra, where the element varies with its parameters; None otherwise."""
        if not self.generic or not element or any(paths for _, paths in element.terms):
            return None
        if any(tag[0] not in _CONTINUOUS for scalars, _ in element.terms for tag, _ in scalars):
            return None
        if self.process == "vp" and not on_circle(element):
            return None
        return generator("inv", element.frozen())

    # -- products --------------------------------------------------------------------------------------------------
    def times(self, *factors: Element) -> Element:
        """The product; equal open indices are contracted."""
        out = ONE
        for factor in factors:
            sums: dict[Monomial, Fraction] = {}
            for left, c in out.terms.items():
                clock.check()
                for right, e in factor.terms.items():
                    for m, f in self.canonical(left[0] + right[0], left[1] + right[1]).terms.items():
                        sums[m] = sums.get(m, Fraction(0)) + c * e * f
                if len(sums) > TERM_LIMIT:
                    raise BudgetError(f"a product has more than {TERM_LIMIT} monomials")
            out = Element({m: c for m, c in sums.items() if c})
        return out

    def monomial(self, paths: tuple[Path, ...], scalars: Scalars = ()) -> Element:
        """One product of paths and scalars."""
        return self.canonical(scalars, paths)

    def canonical(self, scalars: Scalars, paths: tuple[Path, ...]) -> Element:
        """The canonical form of one monomial: a sum, for the word rules make sums."""
        return _canonical(self, merged(scalars), paths)

    def reduced(self, word: Word) -> tuple[tuple[Element, Word], ...]:
        """The word as a sum of scalars times words to which no rule applies."""
        return _reduced(self, word)


@lru_cache(maxsize=1 << 16)
def _canonical(algebra: Algebra, scalars: Scalars, paths: tuple[Path, ...]) -> Element:
    out: dict[tuple[Path, ...], Element] = {(): Element({(scalars, ()): Fraction(1)})}
    for path in joined(paths):
        grown: dict[tuple[Path, ...], Element] = {}
        for coefficient, form in _path_forms(algebra, path):
            for done, factor in out.items():
                key = tuple(sorted((*done, *form)))
                piece = algebra.times(factor, coefficient)
                grown[key] = grown[key] + piece if key in grown else piece
        out = grown
    return total(Element({(s, key): c for (s, _), c in e.terms.items()}) for key, e in out.items())


@lru_cache(maxsize=1 << 16)
def _path_forms(algebra: Algebra, path: Path) -> tuple[tuple[Element, tuple[Path, ...]], ...]:
    """The path as a sum of scalars times canonical paths (none is left of tr 1 = D)."""
    a, word, b = path
    pieces: list[tuple[Element, tuple[Path, ...]]] = []
    for coefficient, reduced in algebra.reduced(word):
        if a != TRACE:
            pieces.append((coefficient, (min((a, reduced, b), (b, transposed(reduced), a)),)))
        elif not reduced:
            pieces.append((algebra.times(coefficient, generator(*DIM)), ()))
        elif _turns(algebra, reduced):
            around = (TRACE, reduced[-1:] + reduced[:-1], TRACE)
            for factor, form in _path_forms(algebra, around):
                pieces.append((algebra.times(coefficient, factor), form))
        else:
            back = transposed(reduced)
            turns = [w[n:] + w[:n] for w in (reduced, back) for n in range(len(w))]
            pieces.append((coefficient, ((TRACE, min(turns), TRACE),)))
    return tuple(pieces)


def _turns(algebra: Algebra, word: Word) -> bool:
    """Whether a rule applies across the seam of a trace; sorting does not if all letters commute (it would not end)."""
    rule = _rule(algebra, word[-1], word[0]) if len(word) > 1 else None
    if rule is None:
        return False
    sorts = rule == ((ONE, (word[0], word[-1])),)
    return not sorts or any(one[0] != "inv" or monic(one[1])[0] != monic(word[0][1])[0] for one in word)


@lru_cache(maxsize=1 << 16)
def _reduced(algebra: Algebra, word: Word) -> tuple[tuple[Element, Word], ...]:
    if len(word) > WORD_LIMIT:
        raise BudgetError(f"a word is longer than {WORD_LIMIT} letters")
    for place in range(len(word) - 1):
        rule = _rule(algebra, word[place], word[place + 1])
        if rule is None:
            continue
        sums: dict[Word, Element] = {}
        for coefficient, middle in rule:
            for factor, reduced in algebra.reduced(word[:place] + middle + word[place + 2 :]):
                piece = algebra.times(coefficient, factor)
                sums[reduced] = sums[reduced] + piece if reduced in sums else piece
        return tuple((c, w) for w, c in sums.items() if c)
    return ((ONE, word),)


@lru_cache(maxsize=4096)
def _rule(algebra: Algebra, left: Letter, right: Letter) -> tuple[tuple[Element, Word], ...] | None:
    """The word rule for two neighbours, or None."""
    if right[0] == "inv":
        lead, rest = monic(right[1])
        if lead == left:
            return ((ONE, ()), *((c.scaled(-1), (*w, right)) for c, w in rest))
    if left[0] == "inv":
        lead, rest = monic(left[1])
        if lead == right:
            return ((ONE, ()), *((c.scaled(-1), (left, *w)) for c, w in rest))
    if left[0] == right[0] == "inv" and left != right:
        first, second = _shift(left[1]), _shift(right[1])
        if first is None or second is None or monic(left[1])[0] != monic(right[1])[0]:
            return None
        low, high = (left, right) if left < right else (right, left)
        gap = second - first if left < right else first - second
        scale = algebra.inverse(gap) or algebra.generic_inverse(gap)
        if scale is not None:
            return ((scale, (low,)), (scale.scaled(-1), (high,)))
        return ((ONE, (right, left)),) if right < left else None
    return None


def _shift(matrix: Frozen) -> Element | None:
    """r for a matrix L + r I; None for another."""
    _, rest = monic(matrix)
    if any(w for _, w in rest):
        return None
    return rest[0][0] if rest else ZERO
