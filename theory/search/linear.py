"""A rational combination of sparse vectors that equals a target: exact, by elimination. Untrusted."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from typing import Any

Vector = Mapping[Any, Fraction]
_PRIME = 2**61 - 1


class OutOfTimeError(Exception):
    """The budget of the search is spent; nothing is known."""


def live_columns(columns: Sequence[Vector], target: Vector) -> list[int] | None:
    """The columns that can take part; None if the target has an entry that no column reaches.

    A column with an entry that is neither in the target nor in any other live column must have coefficient 0.
    """
    holders: dict[Hashable, set[int]] = {}
    for number, column in enumerate(columns):
        for key in column:
            holders.setdefault(key, set()).add(number)
    live = {number for number, column in enumerate(columns) if column}
    queue = [key for key, found in holders.items() if len(found) == 1 and key not in target]
    while queue:
        found = holders[queue.pop()] & live
        if len(found) != 1:
            continue
        (dead,) = found
        live.discard(dead)
        for key in columns[dead]:
            holders[key].discard(dead)
            if len(holders[key]) == 1 and key not in target:
                queue.append(key)
    if any(not holders.get(key, set()) & live for key in target):
        return None
    return sorted(live)


def combination(columns: Sequence[Vector], target: Vector, deadline: float) -> dict[int, Fraction] | None:
    """Coefficients c with sum c_j column_j = target, or None. Raises OutOfTimeError after ``deadline``.

    A solve modulo a prime comes first: it is fast and names the few columns that the rational solve needs.
    """
    live = live_columns(columns, target)
    if live is None:
        return None
    order = sorted(live, key=lambda j: len(columns[j]))
    try:
        modular = _solve([(j, _modular(columns[j])) for j in order], _modular(target), _Modular(), deadline)
    except ZeroDivisionError:  # a denominator divisible by the prime
        modular = dict.fromkeys(order, 1)
    if modular is None:
        return None
    needed = [(j, dict(columns[j])) for j in order if j in modular]
    return _solve(needed, dict(target), _Rational(), deadline)


def _modular(vector: Vector) -> dict[Any, int]:
    out = {}
    for key, value in vector.items():
        if value.denominator % _PRIME == 0:
            raise ZeroDivisionError
        out[key] = value.numerator * pow(value.denominator, -1, _PRIME) % _PRIME
    return out


class _Modular:
    """Arithmetic modulo the prime."""

    one = 1

    def quotient(self, left: Any, right: Any) -> Any:
        return -left * pow(right, -1, _PRIME) % _PRIME

    def fused(self, start: Any, factor: Any, value: Any) -> Any:
        return (start + factor * value) % _PRIME


class _Rational:
    """Arithmetic over the rationals."""

    one = Fraction(1)

    def quotient(self, left: Any, right: Any) -> Any:
        return -left / right

    def fused(self, start: Any, factor: Any, value: Any) -> Any:
        return start + factor * value


def _solve(
    columns: list[tuple[int, dict[Any, Any]]], target: dict[Any, Any], ring: Any, deadline: float
) -> dict[int, Any] | None:
    basis: dict[Any, tuple[dict[Any, Any], dict[int, Any]]] = {}
    for j, column in columns:
        if time.monotonic() > deadline:
            raise OutOfTimeError
        vector, made_of = _reduced(dict(column), {j: ring.one}, basis, ring)
        if vector:
            pivot = next((k for k in vector if k not in target), next(iter(vector)))
            basis[pivot] = (vector, made_of)
    rest, made_of = _reduced(dict(target), {}, basis, ring)
    return None if rest else {j: ring.fused(0, -1, c) for j, c in made_of.items() if c}


def _reduced(
    vector: dict[Any, Any],
    made_of: dict[int, Any],
    basis: Mapping[Any, tuple[dict[Any, Any], dict[int, Any]]],
    ring: Any,
) -> tuple[dict[Any, Any], dict[int, Any]]:
    """Subtract basis vectors until no pivot is left; pivots were made in order, so each pass terminates."""
    todo = [key for key in vector if key in basis]
    while todo:
        key = todo.pop()
        value = vector.get(key)
        if not value:
            continue
        row, origin = basis[key]
        factor = ring.quotient(value, row[key])
        for k, c in row.items():
            changed = ring.fused(vector.get(k, 0), factor, c)
            if changed:
                vector[k] = changed
                if k in basis and k != key:
                    todo.append(k)
            else:
                vector.pop(k, None)
        for j, c in origin.items():
            made_of[j] = ring.fused(made_of.get(j, 0), factor, c)
    return vector, made_of
