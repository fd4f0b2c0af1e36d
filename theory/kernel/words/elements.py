"""Sums of products of traces, quadratic forms and open words, in a canonical form. Trusted; standard library only.

A *letter* is ``(name, data, transposed)``: ``A`` and its derivatives (``data`` is the order), the symmetric ``G`` (and
derivatives), ``C``, ``Cq``, ``S``, ``Sq``, and ``("inv", M, False)``, the inverse of the symmetric matrix M. A *word*
is a tuple of letters. An *end* is ``("i", n)``, an open index, or a vector: ``("x", 0)``, ``("X", 0)`` (the end point
X0), ``("mu", 0)``, ``("muq", 0)`` (means). A *path* is ``(end, word, end)``: u^T w v, w v, or w itself; a trace has
both ends ``TRACE``. A *monomial* is ``(scalars, paths)``: the scalars are pairs (tag, exponent). Two equal open indices
are contracted by joining their paths, so that no summed index is left and nothing depends on the dimension but
tr I = D.

The data of an inverse letter is M in a frozen form, monic in its *lead*: M = L + sum of c w over other words. The word
rules are in :mod:`theory.kernel.words.algebra`.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import Any, Union

from theory.kernel.errors import BudgetError, KernelError

Exponent = Union[int, Fraction]
Tag = tuple[Any, ...]
Scalars = tuple[tuple[Tag, Exponent], ...]
Letter = tuple[str, Any, bool]
Word = tuple[Letter, ...]
End = tuple[str, int]
Path = tuple[End, Word, End]
Monomial = tuple[Scalars, tuple[Path, ...]]
Frozen = tuple[tuple[Monomial, Fraction], ...]

TRACE: End = ("tr", 0)
I, J = ("i", 1), ("i", 2)
DIM: Tag = ("D",)
DENSITIES = frozenset({"p", "q", "k", "p0"})
TERM_LIMIT, WORD_LIMIT = 20_000, 40


class Element:
    """A finite sum of canonical monomials with rational coefficients; empty means zero. Immutable by convention."""

    __slots__ = ("terms",)
    terms: dict[Monomial, Fraction]

    def __init__(self, terms: dict[Monomial, Fraction] | None = None) -> None:
        self.terms = terms if terms is not None else {}
        if len(self.terms) > TERM_LIMIT:
            raise BudgetError(f"an element has more than {TERM_LIMIT} monomials")

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __add__(self, other: Element) -> Element:
        return total((self, other))

    def __sub__(self, other: Element) -> Element:
        return total((self, other.scaled(-1)))

    def scaled(self, factor: int | Fraction) -> Element:
        """A rational multiple."""
        return Element({m: c * factor for m, c in self.terms.items()} if factor else {})

    def frozen(self) -> Frozen:
        """A hashable form."""
        return tuple(sorted(self.terms.items()))


def total(elements: Iterable[Element]) -> Element:
    """The sum of many elements."""
    out: dict[Monomial, Fraction] = {}
    for element in elements:
        for m, c in element.terms.items():
            out[m] = out[m] + c if m in out else c
    return Element({m: c for m, c in out.items() if c})


def constant(value: int | Fraction) -> Element:
    """A rational number."""
    return Element({((), ()): Fraction(value)} if value else {})


def generator(*tag: Any, exponent: Exponent = 1) -> Element:
    """A power of one scalar generator."""
    return Element({(((tag, exponent),), ()): Fraction(1)})


ZERO, ONE = Element(), constant(1)


def merged(scalars: Iterable[tuple[Tag, Exponent]]) -> Scalars:
    """Scalars with like generators merged, sorted."""
    powers: dict[Tag, Exponent] = {}
    for tag, exponent in scalars:
        powers[tag] = powers.get(tag, 0) + exponent
    kept = [(t, int(e) if Fraction(e).denominator == 1 else e) for t, e in powers.items() if e]
    return tuple(sorted(kept))


def transposed(word: Word) -> Word:
    """The transpose of a word: backwards, ``A`` and its derivatives transposed, all other letters symmetric."""
    return tuple((n, d, not t if n == "A" else t) for n, d, t in reversed(word))


def joined(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """The paths with every index that occurs twice contracted. Raises KernelError if one occurs more often."""
    work = list(paths)
    places: dict[End, int] = {}
    for a, _, b in work:
        for end in (a, b):
            if end[0] == "i":
                places[end] = places.get(end, 0) + 1
    if any(n > 2 for n in places.values()):
        raise KernelError("an index occurs more than twice")
    for index in [end for end, n in places.items() if n == 2]:
        first = next(path for path in work if index in (path[0], path[2]))
        work.remove(first)
        a, word, b = first
        if a == b:
            work.append((TRACE, word, TRACE))
            continue
        if a == index:
            a, word, b = b, transposed(word), a
        second = next(path for path in work if index in (path[0], path[2]))
        work.remove(second)
        c, other, d = second
        if c != index:
            c, other, d = d, transposed(other), c
        work.append((a, word + other, d))
    return tuple(work)


def depends_on_space(element: Element) -> bool:
    """Whether x or X0 occurs, in a form, in a density or under an inverse."""
    return any(
        any(end in (("x", 0), ("X", 0)) for a, _, b in paths for end in (a, b))
        or any(map(holds_density, dict(scalars)))
        for scalars, paths in element.terms
    )


def holds_density(tag: Tag, names: frozenset[str] = DENSITIES) -> bool:
    """Whether a scalar generator is one of the densities ``names``, or the inverse of a sum with one."""
    if tag[0] == "inv":
        return any(holds_density(t, names) for (scalars, _), _ in tag[1] for t, _ in scalars)
    return tag[0] in names


def without(element: Element, tag: Tag, other: Tag) -> Element:
    """``tag``^(2k) written as (1 - ``other``^2)^k for k > 0, in a scalar."""
    out: dict[Monomial, Fraction] = {}
    for (scalars, paths), coefficient in element.terms.items():
        power = next((e for t, e in scalars if t == tag), 0)
        half = int(power) // 2 if Fraction(power).denominator == 1 and power > 0 else 0
        binomial = Fraction(1)
        for k in range(half + 1):
            extra: Scalars = ((tag, -2 * half), (other, 2 * k))
            key = (merged(scalars + extra), paths)
            out[key] = out.get(key, Fraction(0)) + coefficient * binomial * (-1) ** k
            binomial = binomial * (half - k) / (k + 1)
    return Element({m: c for m, c in out.items() if c})


def on_circle(element: Element) -> Element:
    """Times an even power of alpha, with alpha^2 = 1 - sigma^2 put in until alpha has exponents in [0, 2)."""
    alpha = ("alpha",)

    def power(scalars: Scalars) -> Fraction:
        return sum((Fraction(e) for t, e in scalars if t == alpha), Fraction(0))

    least = min((power(s) for s, _ in element.terms), default=Fraction(0))
    lift = 2 * max(0, -int(least // 2))
    out: list[Element] = []
    for (scalars, paths), c in element.terms.items():
        exponent = power(scalars) + lift
        squares = int(exponent // 2)
        rest = (*(s for s in scalars if s[0] != alpha), (alpha, exponent - 2 * squares))
        binomial = Fraction(1)
        for k in range(squares + 1):
            key = (merged((*rest, (("sigma",), 2 * k))), paths)
            out.append(Element({key: c * binomial * (-1) ** k}))
            binomial = binomial * (squares - k) / (k + 1)
    return total(out)


def rational_power(value: Fraction, exponent: Exponent) -> Fraction | None:
    """An integer or half-integer power of a non-zero rational; None if it is no rational."""
    exponent = Fraction(exponent)
    if exponent.denominator == 1:
        return value ** int(exponent)
    if exponent.denominator != 2 or value <= 0:
        return None
    root = Fraction(isqrt(value.numerator), isqrt(value.denominator))
    return root**exponent.numerator if root * root == value else None


def matrix_words(element: Element | Frozen) -> dict[Word, Element]:
    """A matrix with open indices 1, 2 as word -> scalar. Raises KernelError if it has another shape."""
    terms = element.terms if isinstance(element, Element) else dict(element)
    out: dict[Word, Element] = {}
    for (scalars, paths), coefficient in terms.items():
        if len(paths) != 1 or {paths[0][0], paths[0][2]} != {I, J}:
            raise KernelError("not a sum of scalars times words")
        word = paths[0][1] if paths[0][0] == I else transposed(paths[0][1])
        piece = Element({(scalars, ()): coefficient})
        out[word] = out[word] + piece if word in out else piece
    return out


def lead_word(words: Iterable[Word]) -> Word:
    """The word in which a matrix is made monic: a letter before a product, no inverse if possible, I last.

    G comes first: it has no inverse letter, so that fewer words can be reduced in two ways.
    """
    return min(words, key=lambda w: (not w, len(w), any(one[0] == "inv" for one in w), not w or w[0][0] != "G", w))


@lru_cache(maxsize=4096)
def monic(matrix: Frozen) -> tuple[Letter, tuple[tuple[Element, Word], ...]]:
    """The lead of the matrix under an inverse letter, and the rest as (scalar, word)."""
    words = matrix_words(matrix)
    lead = lead_word(words)
    if len(lead) != 1 or words[lead].terms != ONE.terms:
        raise KernelError("the matrix under an inverse letter is not monic in a letter")
    return lead[0], tuple((c, w) for w, c in words.items() if w != lead)


def as_matrix(words: dict[Word, Element]) -> Element:
    """The matrix with open indices 1, 2 that :func:`matrix_words` took apart; the words are reduced."""
    return total(
        Element({(s, (min((I, w, J), (J, transposed(w), I)),)): c for (s, _), c in e.terms.items()})
        for w, e in words.items()
    )
