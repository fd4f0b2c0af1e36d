"""The safe grammar of laws. Standard library only.

    law    = name | "deltas" "(" point ":" scalar { "," point ":" scalar } ")"
           | ("gaussian" | "N") "(" point "," cov ")"
           | "mixture" "(" scalar ":" normal { "," scalar ":" normal } ")"      normal = ("N" | "gaussian") "(" .. ")"
           | "product" "(" law { "," law } ")"          independent blocks, their coordinates side by side
    point  = scalar | "(" scalar "," scalar { "," scalar } ")"
    cov    = scalar | "[" row { "," row } "]"            a scalar stands for that multiple of the identity

Names: T1, T1w, T2, T3, T4, T5, the standing laws. Numbers are exact, other names are symbols (for ``derive``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from theory.calculus import fold_constants, symbols_of
from theory.grammar import GrammarError, Reader, Token, as_number
from theory.grammar_tokens import MAX_LENGTH
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
from theory.language.terms import Term
from theory.laws.products import check_entries, check_size, product
from theory.laws.symbols import sum_to_one

STANDING_LAWS: dict[str, Law] = {law.name: law for law in (T1, T1W, T2, T3, T4, T5)}
_ALONE = {"sphere": "the uniform law on a sphere"}
FORMS = "deltas(..), gaussian(.., ..), mixture(..: N(.., ..), ..), product(.., ..)"


def plain_scalar(term: Term) -> Scalar:
    """A constant folded (sqrt(4) is 2, so that equal places are equal), any other term as it is."""
    value = as_number(term)
    if value is not None or symbols_of(term):
        return term if value is None else value
    return fold_constants(term)


def read_vector(reader: Reader) -> Vector:
    """A point under the cursor: a scalar, or ``(1, 0)``."""
    if not (reader.at("(") and reader.is_tuple()):
        return (plain_scalar(reader.scalar()),)
    reader.take()
    values = [plain_scalar(reader.scalar())]
    while reader.listed(")"):
        values.append(plain_scalar(reader.scalar()))
    return tuple(values)


def _sized(reader: Reader, components: int, dimension: int, token: Token, atoms: bool = False) -> None:
    try:
        check_size(components, dimension, atoms)
    except LawError as error:
        reader.fail(str(error), token)


def _covariance(reader: Reader, size: int) -> Matrix:
    start = reader.next
    _sized(reader, 1, size, start)
    if not reader.accept("["):
        value = plain_scalar(reader.scalar())
        if isinstance(value, Fraction) and value < 0:
            reader.fail(f"the variance {value} is negative; give one that is >= 0", start)
        return tuple(tuple(value if i == j else Fraction(0) for j in range(size)) for i in range(size))
    rows: list[Vector] = []
    while True:
        reader.expect("[", "to open a row of the covariance")
        row = [plain_scalar(reader.scalar())]
        while reader.listed("]"):
            row.append(plain_scalar(reader.scalar()))
        rows.append(tuple(row))
        if not reader.listed("]"):
            break
    if len(rows) != size or any(len(row) != size for row in rows):
        reader.fail(f"the covariance must be {size} x {size}, as the mean has {size} entries", start)
    if any(rows[i][j] != rows[j][i] for i in range(size) for j in range(i)):
        reader.fail("the covariance is not symmetric; make entries (i, j) and (j, i) equal", start)
    matrix = tuple(rows)
    try:
        check_entries(matrix)
    except LawError as error:
        reader.fail(str(error), start)
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
    weight = plain_scalar(reader.scalar())
    if isinstance(weight, Fraction) and weight <= 0:
        reader.fail(f"the weight {weight} is not positive; leave the component out", start)
    return weight


def _deltas(reader: Reader) -> list[Component]:
    reader.expect("(", "after 'deltas'")
    parts: list[Component] = []
    while not parts or reader.listed(")"):
        start = reader.next
        place = read_vector(reader)
        _sized(reader, len(parts) + 1, len(place), start, atoms=True)
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
        _sized(reader, len(parts), len(parts[0].mean), name)
    return parts


def _one_gaussian(reader: Reader) -> list[Component]:
    return [_normal(reader, Fraction(1))]


def _product(reader: Reader, head: Token) -> Law:
    reader.expect("(", "after 'product', as in product(T1, T1)")
    laws: list[Law] = []
    while not laws or reader.listed(")"):
        laws.append(read_law(reader))
    try:
        return product(laws)
    except LawError as error:
        reader.fail(str(error), head)


_HEADS: dict[str, Callable[[Reader], list[Component]]] = {
    "deltas": _deltas, "gaussian": _one_gaussian, "N": _one_gaussian, "mixture": _mixture
}  # fmt: skip


def read_law(reader: Reader) -> Law:
    """The law under the cursor. Raises GrammarError."""
    head = reader.name(f"a law: {FORMS}, or one of {', '.join(STANDING_LAWS)}")
    if head.text in _HEADS:
        return _checked(reader, head, tuple(_HEADS[head.text](reader)))
    if head.text == "product":
        return _product(reader, head)
    if head.text not in STANDING_LAWS:
        known = ", ".join(STANDING_LAWS)
        reader.fail(f"unknown law {head.text!r}; write {FORMS}, or one of the names {known}", head)
    return STANDING_LAWS[head.text]


def parse_law_text(text: str) -> Law:
    """The law that ``text`` spells, never a file. Raises GrammarError with the column and the remedy."""
    if isinstance(text, str):  # before arguments are looked at: file names are outside the alphabet
        later = re.search(r"\b(points|empirical|sphere)\s*\(", text[:MAX_LENGTH])
        if later:
            kind = _ALONE.get(later.group(1), "a law of points from a file")
            message = f"{kind} stands alone; it is no factor of a product"
            raise GrammarError(later.start() + 1, message)
    reader = Reader(text)
    law = read_law(reader)
    reader.end()
    return law


def _checked(reader: Reader, head: Token, parts: tuple[Component, ...]) -> Law:
    """The law of ``parts``; symbolic weights are tried at two rational points, as Law only sums numbers."""
    sizes = sorted({len(c.mean) for c in parts})
    if len(sizes) > 1:
        reader.fail(f"the points have {' and '.join(map(str, sizes))} entries; give all the same number", head)
    try:
        law = Law(parts)
    except LawError as error:
        raise GrammarError(head.column, str(error)) from None
    if not sum_to_one([c.weight for c in law.components]):
        reader.fail("the weights cannot be seen to sum to 1; write the last as 1 - .. (the others)", head)
    return law
