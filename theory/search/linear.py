"""A rational combination of sparse vectors that equals a target: exact, by elimination. Untrusted."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from typing import Any

Vector = Mapping[Any, Fraction]


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
    """Coefficients c with sum c_j column_j = target, or None. Raises OutOfTimeError after ``deadline``."""
    live = live_columns(columns, target)
    if live is None:
        return None
    basis: dict[Any, tuple[dict[Any, Fraction], dict[int, Fraction]]] = {}
    order = sorted(live, key=lambda j: len(columns[j]))
    for j in order:
        if time.monotonic() > deadline:
            raise OutOfTimeError
        vector, made_of = _reduced(dict(columns[j]), {j: Fraction(1)}, basis)
        if vector:
            pivot = next((k for k in vector if k not in target), next(iter(vector)))
            basis[pivot] = (vector, made_of)
    rest, made_of = _reduced(dict(target), {}, basis)
    return None if rest else {j: -c for j, c in made_of.items() if c}


def _reduced(
    vector: dict[Any, Fraction],
    made_of: dict[int, Fraction],
    basis: Mapping[Any, tuple[dict[Any, Fraction], dict[int, Fraction]]],
) -> tuple[dict[Any, Fraction], dict[int, Fraction]]:
    """Subtract basis vectors until no pivot is left; pivots were made in order, so each pass terminates."""
    todo = [key for key in vector if key in basis]
    while todo:
        key = todo.pop()
        value = vector.get(key)
        if not value:
            continue
        row, origin = basis[key]
        factor = -value / row[key]
        for k, c in row.items():
            changed = vector.get(k, Fraction(0)) + factor * c
            if changed:
                vector[k] = changed
                if k in basis and k != key:
                    todo.append(k)
            else:
                vector.pop(k, None)
        for j, c in origin.items():
            made_of[j] = made_of.get(j, Fraction(0)) + factor * c
    return vector, made_of
