"""Values of display terms over an algebra of scalars, with vectors and matrices as grids of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Generic, TypeVar

from theory.closed_forms.formula import Piece, X, const
from theory.language.terms import Term

R = TypeVar("R")


class Algebra(ABC, Generic[R]):
    """Scalars in which a formula is computed. Matrices are tuples of rows; a 1 x 1 matrix is a scalar."""

    @abstractmethod
    def leaf(self, term: Term) -> R:
        """A number, pi, D, a function of t, or a symbol of the law."""

    @abstractmethod
    def coordinate(self, number: int) -> R:
        """A coordinate of the point x, from 1."""

    @abstractmethod
    def add(self, left: R, right: R) -> R:
        """A sum."""

    @abstractmethod
    def mul(self, left: R, right: R) -> R:
        """A product."""

    @abstractmethod
    def power(self, base: R, exponent: Fraction) -> R:
        """A power."""

    @abstractmethod
    def function(self, name: str, value: R) -> R:
        """exp, log or tanh."""

    def known(self, name: str) -> R | None:
        """A name whose value is more than its definition (a weight is positive), None otherwise."""
        return None

    @abstractmethod
    def is_zero(self, value: R) -> bool:
        """Whether ``value`` is zero as it stands."""

    def divide(self, left: R, right: R) -> R:
        """A quotient."""
        return self.mul(left, self.power(right, Fraction(-1)))


Grid = tuple[tuple[Any, ...], ...]


class Evaluation(Generic[R]):
    """The value of display terms over an algebra, with named pieces computed once."""

    def __init__(self, algebra: Algebra[R], pieces: Mapping[str, Piece], dimension: int) -> None:
        self.algebra, self.pieces, self.dimension = algebra, pieces, dimension
        self.cache: dict[str, Grid] = {}

    def scalar(self, term: Term) -> R:
        """The value of a scalar."""
        ((value,),) = self.grid(term)
        scalar: R = value
        return scalar

    def grid(self, term: Term) -> Grid:
        """The value as a matrix of scalars."""
        op, algebra = term.op, self.algebra
        if op in ("sym", "tfun"):
            return self._name(term)
        if op in ("num", "pi", "dim"):
            return ((algebra.leaf(term),),)
        if op == "eye":
            number = {same: algebra.leaf(const(int(same))) for same in (True, False)}
            size = range(self.dimension)
            return tuple(tuple(number[i == j] for j in size) for i in size)
        parts = [self.grid(t) for t in term.args]
        if op in ("add", "sub"):
            first, *rest = parts
            for part in rest:
                first = self._plus(first, self._negative(part) if op == "sub" else part)
            return first
        if op == "neg":
            return self._negative(parts[0])
        if op == "mul":
            first, *rest = parts
            for part in rest:
                first = self._times(first, part)
            return first
        if op == "quot":
            ((bottom,),) = parts[1]
            return tuple(tuple(algebra.divide(v, bottom) for v in row) for row in parts[0])
        if op == "pow":
            assert isinstance(term.data, Fraction)
            if len(parts[0]) == 1:
                return ((algebra.power(parts[0][0][0], term.data),),)
            assert term.data == -1
            return self._inverse(parts[0])
        if op == "transpose":
            return tuple(zip(*parts[0], strict=True))
        if op == "tr":
            diagonal = [row[i] for i, row in enumerate(parts[0])]
            value = diagonal[0]
            for entry in diagonal[1:]:
                value = algebra.add(value, entry)
            return ((value,),)
        assert op in ("exp", "log", "tanh"), op
        return ((algebra.function(op, parts[0][0][0]),),)

    def _name(self, term: Term) -> Grid:
        name = str(term.data)
        if name not in self.cache:
            piece, known = self.pieces.get(name), self.algebra.known(name)
            if known is not None:
                self.cache[name] = ((known,),)
            elif term == X:
                self.cache[name] = tuple((self.algebra.coordinate(i + 1),) for i in range(self.dimension))
            elif piece is None:
                self.cache[name] = ((self.algebra.leaf(term),),)
            elif isinstance(piece, Term):
                self.cache[name] = self.grid(piece)
            else:
                self.cache[name] = tuple(tuple(self.algebra.leaf(const(v)) for v in row) for row in piece)
        return self.cache[name]

    def _plus(self, left: Grid, right: Grid) -> Grid:
        return tuple(
            tuple(self.algebra.add(u, v) for u, v in zip(a, b, strict=True)) for a, b in zip(left, right, strict=True)
        )

    def _negative(self, value: Grid) -> Grid:
        return self._times(((self.algebra.leaf(const(-1)),),), value)

    def _times(self, left: Grid, right: Grid) -> Grid:
        mul, add = self.algebra.mul, self.algebra.add
        for scalar, other in ((left, right), (right, left)):
            if len(scalar) == 1 and len(scalar[0]) == 1:
                return tuple(tuple(mul(scalar[0][0], v) for v in row) for row in other)
        columns = tuple(zip(*right, strict=True))
        rows = []
        for row in left:
            entries = []
            for column in columns:
                products = [mul(u, v) for u, v in zip(row, column, strict=True)]
                value = products[0]
                for part in products[1:]:
                    value = add(value, part)
                entries.append(value)
            rows.append(tuple(entries))
        return tuple(rows)

    def determinant(self, value: Grid) -> Any:
        """By Laplace expansion."""
        if len(value) == 1:
            return value[0][0]
        parts = [self.algebra.mul(entry, self._cofactor(value, 0, j)) for j, entry in enumerate(value[0])]
        result = parts[0]
        for part in parts[1:]:
            result = self.algebra.add(result, part)
        return result

    def _cofactor(self, value: Grid, i: int, j: int) -> Any:
        rest = tuple(tuple(v for m, v in enumerate(row) if m != j) for n, row in enumerate(value) if n != i)
        minor = self.determinant(rest)
        return minor if (i + j) % 2 == 0 else self.algebra.mul(self.algebra.leaf(const(-1)), minor)

    def _inverse(self, value: Grid) -> Grid:
        algebra, size = self.algebra, range(len(value))
        if all(algebra.is_zero(value[i][j]) for i in size for j in size if i != j):
            zero = algebra.leaf(const(0))
            diagonal = [algebra.power(value[i][i], Fraction(-1)) for i in size]
            return tuple(tuple(diagonal[i] if i == j else zero for j in size) for i in size)
        determinant = self.determinant(value)
        return tuple(tuple(algebra.divide(self._cofactor(value, j, i), determinant) for j in size) for i in size)
