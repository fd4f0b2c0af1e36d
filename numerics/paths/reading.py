"""Terms on ensembles: the one interpreter over float arrays, at the germ of the process at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

from numerics.estimates import SURE
from numerics.evaluate import Interpreter
from numerics.mixtures import Array, Drawn
from numerics.paths.averages import Polynomial, derivative, evaluate, generators
from numerics.rings import FloatRing
from numerics.schedules import LinearProcess
from theory.language.instances import Law
from theory.language.terms import Term

Label = Union[int, NDArray[np.intp], None]
Key = tuple[int, ...]
"""The place of an entry: () of a number, (i,) of a vector, (i, j) of a matrix."""


@lru_cache(maxsize=512)
def interpreter(law: Law, process: LinearProcess, t: float) -> Interpreter:
    """The reading of terms at time t, kept between chunks."""
    return Interpreter(FloatRing(), law, process.germ(t))


def scalars(
    law: Law,
    process: LinearProcess,
    t: float,
    terms: Sequence[Term],
    x: Array,
    X0: Array | Drawn | None,
    Z: Label = None,
) -> list[Array]:
    """The values (n,) of scalar core terms at points x (n, D) with end points X0 (n, D) and labels Z."""
    return [np.broadcast_to(v[()], (len(x),)) for v in fields(law, process, t, terms, x, X0, Z)]


def fields(
    law: Law,
    process: LinearProcess,
    t: float,
    terms: Sequence[Term],
    x: Array,
    X0: Array | Drawn | None,
    Z: Label = None,
) -> list[dict[tuple[int, ...], Array]]:
    """The components of core terms of any rank: {(): values} for scalars, {(i, j): values} for matrices.

    ``Z`` is one component of the law for all points, or an array of them; draws of X0 may bring their labels.
    """
    if isinstance(X0, Drawn):
        X0, Z = X0
    reading = interpreter(law, process, t)
    place = tuple(np.ascontiguousarray(x[:, i]) for i in range(x.shape[1]))
    end = None if X0 is None else tuple(np.ascontiguousarray(X0[:, i]) for i in range(X0.shape[1]))
    out = []
    for term in terms:
        label = Z if "Z" in term.free else None
        value: Any = reading.field(term, place, X0=end if "X0" in term.free else None, Z=label)
        out.append({key: np.broadcast_to(np.asarray(v, dtype=float), (len(x),)) for key, v in _parts(value, term.rank)})
    return out


def _parts(value: Any, rank: int) -> Iterable[tuple[tuple[int, ...], Any]]:
    if rank == 0:
        return [((), value)]
    return [((i, *rest), v) for i, row in enumerate(value) for rest, v in _parts(row, rank - 1)]


def closed(law: Law, process: LinearProcess, t: float, term: Term, key: Key = ()) -> float:
    """The number of a core term without free variables or averages; of a vector or matrix, the entry ``key``."""
    value: Any = interpreter(law, process, t).number(term)
    for i in key[: term.rank]:
        value = value[i]
    return float(value)


def coefficients(
    law: Law, process: LinearProcess, t: float, *polynomials: Polynomial, key: Key = ()
) -> dict[Term, float]:
    """The closed coefficients of polynomials in averages at time t; of vectors and matrices, the entry ``key``."""
    return {c: closed(law, process, t, c, key) for poly in polynomials for c in poly.values()}


@dataclass(frozen=True)
class Tangent:
    """A polynomial in averages made linear at the pilot's averages: parts, constant, value and remainder."""

    parts: tuple[tuple[Term, float], ...]
    constant: float
    value: float
    remainder: float


def tangent(
    poly: Polynomial, means: dict[Term, float], errors: dict[Term, float], law: Law, process: LinearProcess, t: float,
    key: Key = (),
) -> Tangent:  # fmt: skip
    """The tangent of ``poly`` at ``means``; the remainder allows ``SURE`` standard ``errors`` of each average.

    For vectors and matrices it is that of the entry ``key``, at which ``means`` and ``errors`` are given.
    """

    def at(p: Polynomial) -> float:
        return evaluate(p, means, coefficients(law, process, t, p, key=key))

    value = at(poly)
    constant, remainder, parts = value, 0.0, []
    for generator in generators(poly):
        slopes = derivative(poly, generator)
        slope = at(slopes)
        parts.append((generator.args[0], slope))
        constant -= slope * means[generator]
        for other in generators(slopes):
            remainder += 0.5 * abs(at(derivative(slopes, other))) * SURE**2 * errors[generator] * errors[other]
    return Tangent(tuple(parts), constant, value, remainder)
