"""Krawczyk's test, which tells whether a box holds no zero of a smooth map, or exactly one; and enclosures of zeros.

For a box X with midpoint m, any matrix Y, f(m) and an enclosure J of the Jacobian over X,

    K(X) = m - Y f(m) + (1 - Y J)(X - m)

contains every zero in X (mean value theorem, row by row). K(X) disjoint from X: no zero. K(X) inside the interior of X:
exactly one, and the Jacobian is regular on X (Krawczyk 1969, Moore 1977). Y is a float inverse of the midpoint of J.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from numerics.balls import Ball, arb, sign

Floats = list[list[float]]
Box = list[tuple[float, float]]
_ZERO = arb(0)


class System(Protocol):
    """n equations in n unknowns, in balls."""

    def value(self, point: Sequence[Ball]) -> Sequence[Ball]:
        """f at thin balls."""

    def near(self, point: Sequence[Ball]) -> tuple[Sequence[Ball], Sequence[Sequence[Ball]]]:
        """(f, jac f) at thin balls."""

    def over(self, box: Sequence[Ball]) -> tuple[Sequence[Ball], Sequence[Sequence[Ball]] | None]:
        """(f, jac f) over a box; None in place of jac f where f alone shows that there is no zero."""

    def excluded(self, box: Sequence[Ball]) -> bool:
        """A further proof that the box holds no zero that is wanted; False if there is none."""


@dataclass(frozen=True)
class Region:
    """A box with exactly one zero, and balls that enclose it."""

    box: tuple[tuple[float, float], ...]
    place: tuple[Ball, ...]


def balls_of(box: Iterable[tuple[float, float]]) -> list[Ball]:
    """The box in balls."""
    return [arb(low).union(arb(high)) if low != high else arb(low) for low, high in box]


def step(system: System, box: Sequence[Ball]) -> tuple[str, list[Ball], Floats | None]:
    """(verdict, balls, sizes of the entries of the Jacobian) for a box.

    The verdict is "none", "one" (then the balls are K(X)) or "open" (then they hold every zero of the box).
    """
    value, jacobian = system.over(box)
    if jacobian is None or any(sign(v) for v in value):
        return "none", [], None
    size = range(len(box))
    middle = [v.mid() for v in box]
    half = [u - v for u, v in zip(box, middle, strict=True)]
    at = system.value(middle)
    for i in size:
        if sign(at[i] + sum((jacobian[i][j] * half[j] for j in size), _ZERO)):
            return "none", [], None
    narrow = _narrowed(box, middle, half, at, jacobian)
    if narrow is None:
        return "none", [], None
    J = [[float(v.mid()) for v in row] for row in jacobian]
    sizes = [[float(v.abs_upper()) for v in row] for row in jacobian]
    Y = float_inverse(J)
    if Y is None:
        return "open", narrow, sizes if all(math.isfinite(v) for row in sizes for v in row) else None
    K = []
    for i in size:
        y = [arb(v) for v in Y[i]]
        entry = middle[i]
        for k in size:
            entry = entry - y[k] * at[k]
        for j in size:
            rest = arb(int(i == j))
            for k in size:
                rest = rest - y[k] * jacobian[k][j]
            entry = entry + rest * half[j]
        K.append(entry)
    if any(u.is_finite() and not u.overlaps(v) for u, v in zip(K, box, strict=True)):
        return "none", K, sizes
    if all(v.contains_interior(u) for u, v in zip(K, box, strict=True)):
        return "one", K, sizes
    for i in size:
        if K[i].is_finite() and K[i].overlaps(narrow[i]):
            narrow[i] = narrow[i].intersection(K[i])
        elif K[i].is_finite():
            return "none", K, sizes
    return "open", narrow, sizes


def _narrowed(
    box: Sequence[Ball], middle: Sequence[Ball], half: Sequence[Ball], at: Sequence[Ball],
    jacobian: Sequence[Sequence[Ball]],
) -> list[Ball] | None:  # fmt: skip
    """The part of the box in which every equation alone can hold (each solved for each unknown); None: there is none.

    f_i(x) = 0 and J_ij != 0 put x_j into m_j - (f_i(m) + sum_{k != j} J_ik (X_k - m_k))/J_ij.
    """
    out, size = list(box), range(len(box))
    for i in size:
        for j in size:
            slope = jacobian[i][j]
            if slope.contains(0) or not slope.is_finite():
                continue
            top = at[i]
            for k in size:
                if k != j:
                    top = top + jacobian[i][k] * half[k]
            new = middle[j] - top / slope
            if not new.is_finite():
                continue
            if not new.overlaps(out[j]):
                return None
            out[j] = out[j].intersection(new)
    return out


def float_inverse(J: Floats) -> Floats | None:
    """The inverse in floats, None for what is singular or not finite."""
    if len(J) == 2:
        (a, b), (c, d) = J
        det = a * d - b * c
        if det == 0 or not math.isfinite(1 / det):
            return None
        Y = [[d / det, -b / det], [-c / det, a / det]]
    else:
        array = np.array(J)
        if not np.isfinite(array).all():
            return None
        try:
            Y = np.linalg.inv(array).tolist()
        except np.linalg.LinAlgError:  # singular
            return None
    return Y if all(math.isfinite(v) for row in Y for v in row) else None


def contracted(system: System, place: Sequence[Ball], limit: int = 80) -> tuple[Ball, ...]:
    """The enclosure of a zero, narrowed by further steps until they no longer do."""
    current = list(place)
    for _ in range(limit):
        verdict, K, _ = step(system, current)
        if (
            verdict == "none"
            or not K
            or not all(v.is_finite() and u.overlaps(v) for u, v in zip(K, current, strict=True))
        ):
            break
        narrow = [u.intersection(v) for u, v in zip(K, current, strict=True)]
        if not any(u.rad() * 1.05 < v.rad() for u, v in zip(narrow, current, strict=True)):
            break
        current = narrow
    return tuple(current)


def sharpened(system: System, region: Region) -> list[Ball]:
    """The zero of a region at the working precision: Krawczyk steps, Y in balls, so that radii are squared."""
    place = list(region.place)
    for _ in range(60):
        middle = [v.mid() for v in place]
        half = [u - v for u, v in zip(place, middle, strict=True)]
        value = system.value(middle)
        _, J = system.over(place)
        if J is None:  # rounding only: the enclosure holds the zero
            break
        Y = _thin_inverse([[v.mid() for v in row] for row in J])
        if Y is None:
            break
        new = []
        for i in range(len(place)):
            entry = middle[i] - sum((Y[i][k] * value[k] for k in range(len(place))), _ZERO)
            for j in range(len(place)):
                rest = -sum((Y[i][k] * J[k][j] for k in range(len(place))), _ZERO)
                entry = entry + (rest + 1 if i == j else rest) * half[j]
            new.append(entry.intersection(place[i]) if entry.overlaps(place[i]) else place[i])
        better = any(u.rad() * 1.05 < v.rad() for u, v in zip(new, place, strict=True))
        place = new
        if not better:
            break
    return place


def _thin_inverse(matrix: Sequence[Sequence[Ball]]) -> list[list[Ball]] | None:
    """An approximate inverse (midpoints), None for a singular matrix."""
    size = len(matrix)
    rows = [list(row) + [arb(int(i == j)) for j in range(size)] for i, row in enumerate(matrix)]
    for k in range(size):
        best = max(range(k, size), key=lambda i: abs(float(rows[i][k].mid())))
        rows[k], rows[best] = rows[best], rows[k]
        if rows[k][k].contains(0):
            return None
        rows[k] = [(v / rows[k][k]).mid() for v in rows[k]]
        for i in range(size):
            if i != k:
                factor = rows[i][k]
                rows[i] = [(u - factor * v).mid() for u, v in zip(rows[i], rows[k], strict=True)]
    return [row[size:] for row in rows]


def newton(system: System, start: Sequence[float], widths: Sequence[float]) -> list[float] | None:
    """A float close to a zero near ``start`` (untrusted), or None."""
    x = list(start)
    for _ in range(14):
        value, J = system.near([arb(v) for v in x])
        Y = float_inverse([[float(v.mid()) for v in row] for row in J])
        if Y is None:
            return None
        f = [float(v.mid()) for v in value]
        move = [sum(a * b for a, b in zip(row, f, strict=True)) for row in Y]
        x = [u - v for u, v in zip(x, move, strict=True)]
        if not all(abs(u - v) <= w for u, v, w in zip(x, start, widths, strict=True)):
            return None
        if all(abs(m) <= 1e-13 * (abs(u) + w) for m, u, w in zip(move, x, widths, strict=True)):
            return x
    return None
