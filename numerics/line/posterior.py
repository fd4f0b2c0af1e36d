"""The posterior integrands: what remains of every number once the Gaussian parts are taken out.

With u_k = w_k N(x; M_k, v_k), p = sum u_k, r_k = u_k/p and linear functions b_k(x):

    class         p sum_k r_k (-log r_k)          its integral is H(Z | Xt)
    class-square  p sum_k r_k log^2 r_k
    field-square  p h^2,  h = sum_k r_k (-log r_k)
    log-class     sum_k u_k log u_k (-log r_k)
    gap           p Var_r(b)

All are written about the dominant component * with differences d_k = log u_* - log u_k and e_k = b_k - b_*, and
rest = log(p/u_*) = log(1 + sum u_k/u_*): sums of terms of one sign, so nothing cancels where one component dominates.
Numbers are real or complex balls, or power series of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

KINDS = ("class", "class-square", "field-square", "log-class", "gap")

Difference = Sequence[tuple[int, Any, Any]]
"""(k, d_k, e_k) for every component but the dominant one."""


def evaluated(
    kinds: Sequence[str],
    u: Sequence[Any],
    top: int,
    differences: Difference,
    log_top: Any,
    log1p: Callable[[Any], Any],
) -> list[Any]:
    """The integrands of ``kinds`` where the components have the values ``u`` up to one common factor.

    ``log_top`` (log u_* without that factor) is read by "log-class" alone, e_k by "gap" alone.
    """
    k, d, e = differences[0]
    w = u[k]
    others, first = w, w * d
    plain = kinds == ("class",)
    second: Any = None if plain else first * d
    lean: Any = None if e is None else w * e
    square: Any = None if lean is None else lean * e
    for k, d, e in differences[1:]:
        w = u[k]
        others = others + w
        weighted = w * d
        first = first + weighted
        if not plain:
            second = second + weighted * d
            if lean is not None:
                part = w * e
                lean = lean + part
                square = square + part * e
    mass = others + u[top]
    rest = log1p(others / u[top])
    surprise = mass * rest + first
    if plain:
        return [surprise]
    out = []
    for kind in kinds:
        if kind == "class":
            out.append(surprise)
        elif kind == "class-square":
            out.append(second + rest * (first + surprise))
        elif kind == "field-square":
            out.append(surprise * surprise / mass)
        elif kind == "log-class":
            out.append(log_top * surprise - (second + rest * first))
        else:
            out.append(square - lean * lean / mass)
    return out
