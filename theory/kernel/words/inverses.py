"""Positive definite matrices, their inverses and log-determinants. Trusted; standard library only.

The rules, for a matrix T that is a sum of scalars times words:

    T = c L1 .. Ln, each letter invertible        T^-1 = c^-1 Ln^-1 .. L1^-1     log det T = D log c + sum log det Li
    T = T2 M^-1 with T2 shorter (T2 = T M)        T^-1 = M T2^-1                 log det T = log det T2 - log det M
    T = c M, M positive definite by its form      T^-1 = c^-1 M^-1 (a letter)    log det T = D log c + log det M

Positive definite by form: a symmetric sum of positive multiples of 1 and of positive semi-definite letters, one of them
definite. C, Cq, S, Sq are definite by hypothesis where that is needed, sigma^2 I and inverses always.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.primes import prime_powers
from theory.kernel.words.algebra import Algebra
from theory.kernel.words.elements import (
    DENSITIES,
    DIM,
    ONE,
    ZERO,
    Element,
    Frozen,
    Letter,
    Word,
    as_matrix,
    depends_on_space,
    generator,
    lead_word,
    matrix_words,
    monic,
    total,
    transposed,
)

COVARIANCES = frozenset({"C", "Cq", "S", "Sq"})
_FACTOR_LIMIT = 10**4
_NOT_POSITIVE = "the inverse or log det of a matrix that is not positive definite by its form"


def letter(name: str, order: int = 0) -> Letter:
    """A letter that is not transposed."""
    return (name, order, False)


def word(*letters: Letter) -> Element:
    """The matrix of one reduced word, with open indices 1 and 2."""
    return as_matrix({letters: ONE})


IDENTITY = word()


def semidefinite(one: Letter) -> bool:
    """Whether a letter is positive semi-definite (a derivative of G need not be)."""
    return one[0] in COVARIANCES or one[0] == "inv" or (one[0] == "G" and one[1] == 0)


def definite_letter(one: Letter) -> bool:
    """Whether a letter is positive definite; for a covariance letter that is the hypothesis of non-singularity."""
    return one[0] in COVARIANCES or one[0] == "inv"


def is_definite(matrix: dict[Word, Element], algebra: Algebra, bare: bool = False) -> bool:
    """Whether a sum of scalars times words is positive definite by its form.

    ``bare``: also if the covariances C, Cq, S, Sq were singular.
    """
    strict = False
    for w, scale in matrix.items():
        if len(w) > 1 or (w and not semidefinite(w[0])) or algebra.sign(algebra.simple(scale)) <= 0:
            return False
        strict = strict or not w or (definite_letter(w[0]) and not (bare and w[0][0] in COVARIANCES))
    return strict


def inverse(matrix: Element, algebra: Algebra) -> Element:
    """T^-1. Raises UnsupportedError unless T is invertible by its form."""
    return _inverse(_simplified(matrix, algebra), algebra)


def _simplified(matrix: Element, algebra: Algebra) -> dict[Word, Element]:
    try:
        words = matrix_words(matrix)
        if depends_on_space(matrix):
            raise KernelError("x or X0 occurs")
    except KernelError:
        raise UnsupportedError("the inverse or log det of a matrix that depends on x or holds traces") from None
    return {w: algebra.simple(c) for w, c in words.items()}


def _inverse(words: dict[Word, Element], algebra: Algebra) -> Element:
    if len(words) == 1:
        ((only, scale),) = words.items()
        pieces = [_letter_inverse(one) for one in reversed(only)]
        return _product([_scalar_inverse(scale, algebra), IDENTITY, *pieces], algebra)
    for shorter, last in _cleared(words, algebra):
        try:
            return _product([_matrix_of(last), _inverse(shorter, algebra)], algebra)
        except UnsupportedError:
            continue
    scale, frozen = _monic_form(words, algebra)
    return algebra.times(_scalar_inverse(scale, algebra), word(("inv", frozen, False)))


def _cleared(words: dict[Word, Element], algebra: Algebra) -> list[tuple[dict[Word, Element], Letter]]:
    """The (T M, M^-1) with T M free of M^-1, for each inverse letter M^-1 at the end of a word of T."""
    found = []
    for last in sorted({w[-1] for w in words if w and w[-1][0] == "inv"}):
        product = _simplified(_product([as_matrix(words), _matrix_of(last)], algebra), algebra)
        if len(product) <= len(words) and not any(last in w for w in product):
            found.append((product, last))
    return found


def _matrix_of(inverted: Letter) -> Element:
    """M, for the letter M^-1."""
    return Element(dict(inverted[1]))


def _product(factors: list[Element], algebra: Algebra) -> Element:
    """The product of scalars and of matrices with open indices 1, 2."""
    out, scalars = IDENTITY, []
    for factor in factors:
        if all(not paths for _, paths in factor.terms):
            scalars.append(factor)
        else:
            out = contracted(out, factor, algebra)
    return algebra.times(*scalars, out)


def contracted(left: Element, right: Element, algebra: Algebra) -> Element:
    """The matrix product of two sums of scalars times words."""
    pieces: dict[Word, Element] = {}
    for u, c in matrix_words(left).items():
        for v, e in matrix_words(right).items():
            for scale, w in algebra.reduced(u + v):
                piece = algebra.times(c, e, scale)
                pieces[w] = pieces[w] + piece if w in pieces else piece
    return as_matrix(pieces)


def _scalar_inverse(scale: Element, algebra: Algebra) -> Element:
    found = algebra.inverse(scale)
    if found is None:
        raise UnsupportedError("the inverse of a matrix with a factor that may vanish")
    return found


def _letter_inverse(one: Letter) -> Element:
    if one[0] == "inv":
        return _matrix_of(one)
    if not definite_letter(one):
        raise UnsupportedError(f"the inverse of {one[0]}, which may be singular")
    return word(("inv", word(one).frozen(), False))


def _monic_form(words: dict[Word, Element], algebra: Algebra) -> tuple[Element, Frozen]:
    """(c, M) with T = c M, M positive definite and monic in its lead."""
    symmetric = all((words.get(transposed(w), ZERO) - c).terms == {} for w, c in words.items())
    if not words or not symmetric or not is_definite(words, algebra):
        raise UnsupportedError(_NOT_POSITIVE)
    lead = lead_word(words)
    scale = words[lead]
    down = _scalar_inverse(scale, algebra)
    scaled = {w: algebra.simple(algebra.times(down, c)) if w != lead else ONE for w, c in words.items()}
    frozen = as_matrix(scaled).frozen()
    monic(frozen)
    return scale, frozen


def log_det(matrix: Element, algebra: Algebra) -> Element:
    """log det T. Raises UnsupportedError unless det T > 0 by the form of T."""
    return _log_det(_simplified(matrix, algebra), algebra)


def _log_det(words: dict[Word, Element], algebra: Algebra) -> Element:
    if len(words) == 1:
        ((only, scale),) = words.items()
        pieces = [_log_det_of_letter(one) for one in only]
        return total([algebra.times(generator(*DIM), logarithm(scale, algebra)), *pieces])
    for shorter, last in _cleared(words, algebra):
        try:
            return _log_det(shorter, algebra) + _log_det_of_letter(last)
        except UnsupportedError:
            continue
    scale, frozen = _monic_form(words, algebra)
    return algebra.times(generator(*DIM), logarithm(scale, algebra)) + generator("logdet", frozen)


def _log_det_of_letter(one: Letter) -> Element:
    if one[0] == "inv":
        return generator("logdet", one[1]).scaled(-1)
    if not definite_letter(one):
        raise UnsupportedError(f"log det of {one[0]}, which may be singular")
    return generator("logdet", word(one).frozen())


def logarithm(scale: Element, algebra: Algebra, density: Callable[[str], Element] | None = None) -> Element:
    """log of a product of positive generators; ``density`` gives the logarithm of a density.

    Raises UnsupportedError for anything else.
    """
    scale = algebra.simple(scale)
    if len(scale.terms) != 1 or algebra.sign(scale) <= 0:
        raise UnsupportedError("the logarithm of something that is not a product of positive quantities")
    (((scalars, _), coefficient),) = scale.terms.items()
    pieces = [_log_of_integer(coefficient.numerator), _log_of_integer(coefficient.denominator).scaled(-1)]
    for tag, exponent in scalars:
        if tag[0] == "inv":
            raise UnsupportedError("the logarithm of a sum")
        if tag[0] in DENSITIES:
            if density is None:
                raise UnsupportedError("the determinant of a matrix with a density as a factor")
            atom = density(tag[0])
        else:
            atom = generator("log", f"sym {tag[1]}" if tag[0] == "sym" else tag[0])
        pieces.append(atom.scaled(Fraction(exponent)))
    return total(pieces)


def _log_of_integer(value: int) -> Element:
    """log n as a sum over its small prime factors (a large remainder stays whole)."""
    return total(generator("logint", prime).scaled(power) for prime, power in prime_powers(value, _FACTOR_LIMIT))
