"""The symbols of a law: which there are, values put for them, and weights that sum to 1. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from theory.calculus import as_scalar_term, at_symbols, fold_constants, number, symbols_of
from theory.language.instances import Component, Law, LawError, Scalar
from theory.language.terms import Term, make


def _scalars(law: Law) -> list[Scalar]:
    covs = {id(c.cov): c.cov for c in law.components}.values()  # many components often share one
    return [*(v for c in law.components for v in (c.weight, *c.mean)), *(v for cov in covs for row in cov for v in row)]


def free_symbols(law: Law) -> frozenset[str]:
    """The names of the symbols that occur in ``law``."""
    return frozenset().union(*(symbols_of(v) for v in _scalars(law) if isinstance(v, Term)))


def bind_law(law: Law, values: Mapping[str, Scalar]) -> Law:
    """``law`` with symbols replaced by ``values`` and numbers folded; other symbols stay. Raises LawError."""
    if not free_symbols(law) & set(values):
        return law

    def put(value: Scalar) -> Scalar:
        return fold_constants(at_symbols(value, values)) if isinstance(value, Term) else value

    parts = (
        Component(put(c.weight), tuple(map(put, c.mean)), tuple(tuple(map(put, row)) for row in c.cov))
        for c in law.components
    )
    return Law(tuple(parts), law.name)


def sum_to_one(weights: Sequence[Scalar]) -> bool:
    """Whether the weights are seen to sum to 1: exactly for numbers, at two rational points of symbols for terms."""
    terms = [as_scalar_term(w) for w in weights]
    if len(terms) == 1:
        return terms[0] == number(1)
    names = sorted(frozenset().union(*(symbols_of(w) for w in terms)))
    for shift in (3, 7):
        point = {name: Fraction(1, shift + place) for place, name in enumerate(names)}
        try:
            total = fold_constants(at_symbols(make("add", tuple(terms)), point))
        except LawError:  # a division by zero at this point
            return False
        if total != 1:
            return False
    return True
