"""Data laws and their safe grammar. Standard library only.

    law    = name | "deltas" "(" point ":" scalar { "," point ":" scalar } ")"
           | ("gaussian" | "N") "(" point "," cov ")"
           | "mixture" "(" scalar ":" normal { "," scalar ":" normal } ")"      normal = ("N" | "gaussian") "(" .. ")"
    point  = scalar | "(" scalar "," scalar { "," scalar } ")"
    cov    = scalar | "[" row { "," row } "]"            a scalar stands for that multiple of the identity

Names: T1, T1w, T2, T3, T4, T5, the standing laws. Numbers are exact, other names are symbols (for ``derive``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import PurePath

from theory.calculus import at_symbols, fold_constants, symbols_of
from theory.grammar import GrammarError, Reader, Token, as_number
from theory.language.instances import (
    T1,
    T1W,
    T2,
    T3,
    T4,
    T5,
    Component,
    Law,
    LawError,
    Matrix,
    Scalar,
    Vector,
    component,
    is_psd,
)
from theory.language.terms import Term, make
from theory.typeset.text import law_text

__all__ = ["STANDING_LAWS", "Law", "LawError", "bind_law", "free_symbols", "law_text", "parse_law", "read_vector"]

STANDING_LAWS: dict[str, Law] = {law.name: law for law in (T1, T1W, T2, T3, T4, T5)}
_LATER = {
    "sphere": "the uniform law on a sphere",
    "points": "a law from a file of points",
    "empirical": "a law from a file of points",
}
_FORMS = "deltas(..), gaussian(.., ..), mixture(..: N(.., ..), ..)"


def _plain(term: Term) -> Scalar:
    value = as_number(term)
    return term if value is None else value


def read_vector(reader: Reader) -> Vector:
    """A point under the cursor: a scalar, or ``(1, 0)``."""
    if not (reader.at("(") and reader.is_tuple()):
        return (_plain(reader.scalar()),)
    reader.take()
    values = [_plain(reader.scalar())]
    while reader.listed(")"):
        values.append(_plain(reader.scalar()))
    return tuple(values)


def _covariance(reader: Reader, size: int) -> Matrix:
    start = reader.next
    if not reader.accept("["):
        value = _plain(reader.scalar())
        if isinstance(value, Fraction) and value < 0:
            reader.fail(f"the variance {value} is negative; give one that is >= 0", start)
        return tuple(tuple(value if i == j else Fraction(0) for j in range(size)) for i in range(size))
    rows: list[Vector] = []
    while True:
        reader.expect("[", "to open a row of the covariance")
        row = [_plain(reader.scalar())]
        while reader.listed("]"):
            row.append(_plain(reader.scalar()))
        rows.append(tuple(row))
        if not reader.listed("]"):
            break
    if len(rows) != size or any(len(row) != size for row in rows):
        reader.fail(f"the covariance must be {size} x {size}, as the mean has {size} entries", start)
    if any(rows[i][j] != rows[j][i] for i in range(size) for j in range(i)):
        reader.fail("the covariance is not symmetric; make entries (i, j) and (j, i) equal", start)
    matrix = tuple(rows)
    if not any(isinstance(v, Term) for row in matrix for v in row) and not is_psd(matrix):
        reader.fail("the covariance is not positive semi-definite; its eigenvalues must be >= 0", start)
    return matrix


def _normal(reader: Reader, weight: Scalar) -> Component:
    reader.expect("(", "after the name of the Gaussian")
    mean = read_vector(reader)
    reader.expect(",", "between mean and covariance")
    cov = _covariance(reader, len(mean))
    reader.expect(")", "to close the Gaussian")
    return Component(weight, mean, cov)


def _weight(reader: Reader) -> Scalar:
    start = reader.next
    weight = _plain(reader.scalar())
    if isinstance(weight, Fraction) and weight <= 0:
        reader.fail(f"the weight {weight} is not positive; leave the component out", start)
    return weight


def _deltas(reader: Reader) -> list[Component]:
    reader.expect("(", "after 'deltas'")
    parts: list[Component] = []
    while not parts or reader.listed(")"):
        place = read_vector(reader)
        reader.expect(":", "between an atom and its weight, as in deltas(-1: 1/2, 1: 1/2)")
        parts.append(component(_weight(reader), place))
    return parts


def _mixture(reader: Reader) -> list[Component]:
    reader.expect("(", "after 'mixture'")
    parts: list[Component] = []
    while not parts or reader.listed(")"):
        weight = _weight(reader)
        reader.expect(":", "between a weight and its Gaussian, as in mixture(1/2: N(-1, 1/4), 1/2: N(1, 1/4))")
        name = reader.name("N(mean, covariance)")
        if name.text not in ("N", "gaussian"):
            reader.fail(f"unknown component {name.text!r}; write N(mean, covariance)", name)
        parts.append(_normal(reader, weight))
    return parts


def _one_gaussian(reader: Reader) -> list[Component]:
    return [_normal(reader, Fraction(1))]


_HEADS: dict[str, Callable[[Reader], list[Component]]] = {
    "deltas": _deltas, "gaussian": _one_gaussian, "N": _one_gaussian, "mixture": _mixture
}  # fmt: skip


def _available(text: str) -> None:
    """Refuse the laws that are still to come before their arguments are looked at."""
    later = re.match(r"\s*([a-z]+)\s*\(", text)
    if later and later.group(1) in _LATER:
        raise GrammarError(later.start(1) + 1, f"{_LATER[later.group(1)]} is not available yet; available: {_FORMS}")
    if PurePath(text.strip()).suffix in (".toml", ".npy", ".csv", ".json"):
        raise GrammarError(1, f"laws from files are not available yet; write the law out, as {_FORMS}")


def parse_law(text: str) -> Law:
    """The law that ``text`` spells. Raises LawError with the column and the remedy, never anything else."""
    if isinstance(text, str):
        _available(text[:4096])
    reader = Reader(text)
    head = reader.name(f"a law: {_FORMS}, or one of {', '.join(STANDING_LAWS)}")
    if head.text in _HEADS:
        parts = _HEADS[head.text](reader)
        reader.end()
        return _checked(reader, head, tuple(parts))
    if head.text not in STANDING_LAWS:
        known = ", ".join(STANDING_LAWS)
        reader.fail(f"unknown law {head.text!r}; write {_FORMS}, or one of the names {known}", head)
    reader.end()
    return STANDING_LAWS[head.text]


def _checked(reader: Reader, head: Token, parts: tuple[Component, ...]) -> Law:
    """The law of ``parts``; symbolic weights are tried at two rational points, as Law only sums numbers."""
    sizes = sorted({len(c.mean) for c in parts})
    if len(sizes) > 1:
        reader.fail(f"the points have {' and '.join(map(str, sizes))} entries; give all the same number", head)
    try:
        law = Law(parts)
    except LawError as error:
        raise GrammarError(head.column, str(error)) from None
    if not _weights_sum_to_one(law):
        reader.fail("the weights cannot be seen to sum to 1; write the last as 1 - .. (the others)", head)
    return law


def _weights_sum_to_one(law: Law) -> bool:
    """Exact for numbers; terms must fold to 1 at two rational points of their symbols (numbers have none)."""
    weights = [w if isinstance(w, Term) else make("num", (), w) for w in (c.weight for c in law.components)]
    if len(weights) == 1:
        return weights[0] == make("num", (), Fraction(1))
    names = sorted(free_symbols(law))
    for shift in (3, 7):
        point = {name: Fraction(1, shift + place) for place, name in enumerate(names)}
        try:
            total = fold_constants(at_symbols(make("add", tuple(weights)), point))
        except LawError:  # a division by zero at this point
            return False
        if total != 1:
            return False
    return True


# -- symbols -----------------------------------------------------------------------------------------------------------
def _scalars(law: Law) -> list[Scalar]:
    return [v for c in law.components for v in (c.weight, *c.mean, *(u for row in c.cov for u in row))]


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
