"""Numbers, vectors and matrices of elements. Trusted; standard library only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Union

from theory.kernel.component.elements import Element
from theory.kernel.errors import UnsupportedError

Vector = tuple[Element, ...]
Matrix = tuple[Vector, ...]
Tensor = Union[Element, tuple["Tensor", ...]]


def total(values: Iterable[Element]) -> Element:
    """The sum of at least one element."""
    parts = list(values)
    return Element(parts[0].ring, parts[0].ring.plus(part.terms for part in parts))


def entries(entry: Callable[[int, int], Element], size: int) -> Matrix:
    """The square matrix with the given entries."""
    return tuple(tuple(entry(i, j) for j in range(size)) for i in range(size))


def vector(value: Tensor) -> Vector:
    """``value``, checked to have rank 1."""
    if isinstance(value, Element):
        raise UnsupportedError("a vector is needed here")
    parts = tuple(v for v in value if isinstance(v, Element))
    if len(parts) != len(value):
        raise UnsupportedError("a vector is needed here")
    return parts


def matrix(value: Tensor) -> Matrix:
    """``value``, checked to have rank 2."""
    if isinstance(value, Element):
        raise UnsupportedError("a matrix is needed here")
    return tuple(vector(row) for row in value)


def each(function: Callable[[Element], Element], value: Tensor) -> Tensor:
    """``function`` of every entry."""
    if isinstance(value, Element):
        return function(value)
    return tuple(each(function, v) for v in value)


def scaled(factor: Element, value: Tensor) -> Tensor:
    """``factor`` times every entry."""
    return each(lambda e: factor * e, value)


def plus(left: Tensor, right: Tensor) -> Tensor:
    """The sum of two tensors of one shape."""
    if isinstance(left, Element) and isinstance(right, Element):
        return left + right
    if isinstance(left, Element) or isinstance(right, Element):
        raise UnsupportedError("a sum of different ranks")
    return tuple(plus(u, v) for u, v in zip(left, right, strict=True))


def contract(left: Tensor, right: Tensor) -> Tensor:
    """The last index of ``left`` against the first of ``right``."""
    if isinstance(left, Element) or isinstance(right, Element):
        raise UnsupportedError("a contraction of scalars")
    if not isinstance(left[0], Element):
        return tuple(contract(row, right) for row in left)
    return reduce(plus, (scaled(u, v) for u, v in zip(vector(left), right, strict=True)))


def flat(value: Tensor) -> list[Element]:
    """The entries, row by row."""
    return [value] if isinstance(value, Element) else [e for v in value for e in flat(v)]
