"""Terms on ensembles: the one interpreter over float arrays, at the germ of the process at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from numerics.evaluate import Interpreter
from numerics.paths_averages import Monomial, Polynomial
from numerics.problems import Array, LinearProcess
from numerics.rings import FloatRing
from theory.language.instances import Law
from theory.language.terms import Term


@lru_cache(maxsize=512)
def interpreter(law: Law, process: LinearProcess, t: float) -> Interpreter:
    """The reading of terms at time t, kept between chunks."""
    return Interpreter(FloatRing(), law, process.germ(t))


def scalars(law: Law, process: LinearProcess, t: float, terms: Sequence[Term], x: Array, X0: Array | None) -> list[Array]:
    """The values (n,) of scalar core terms at points x (n, D) with end points X0 (n, D)."""
    return [np.broadcast_to(v[()], (len(x),)) for v in fields(law, process, t, terms, x, X0)]


def fields(
    law: Law, process: LinearProcess, t: float, terms: Sequence[Term], x: Array, X0: Array | None
) -> list[dict[tuple[int, ...], Array]]:
    """The components of core terms of any rank: {(): values} for scalars, {(i, j): values} for matrices."""
    reading = interpreter(law, process, t)
    place = tuple(np.ascontiguousarray(x[:, i]) for i in range(x.shape[1]))
    end = None if X0 is None else tuple(np.ascontiguousarray(X0[:, i]) for i in range(X0.shape[1]))
    out = []
    for term in terms:
        value: Any = reading.field(term, place, X0=end if "X0" in term.free else None)
        out.append({key: np.broadcast_to(np.asarray(v, dtype=float), (len(x),)) for key, v in _parts(value, term.rank)})
    return out


def _parts(value: Any, rank: int) -> Iterable[tuple[tuple[int, ...], Any]]:
    if rank == 0:
        return [((), value)]
    return [((i, *rest), v) for i, row in enumerate(value) for rest, v in _parts(row, rank - 1)]


def closed(law: Law, process: LinearProcess, t: float, term: Term) -> float:
    """The number of a core term without free variables or averages."""
    value = interpreter(law, process, t).field(term, (0.0,) * law.D)
    return float(np.asarray(value))


def coefficients(law: Law, process: LinearProcess, t: float, *polynomials: Polynomial) -> dict[Term, float]:
    """The closed coefficients of polynomials in averages at time t."""
    return {c: closed(law, process, t, c) for poly in polynomials for c in poly.values()}


def degree(monomial: Monomial) -> int:
    return len(monomial)
