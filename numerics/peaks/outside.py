"""What the window of a disc leaves out, bounded with its derivatives on the real axis.

A number is closed forms plus posterior integrals, and those over all x outside the window have derivatives in nu that
:mod:`numerics.line.bounds` bounds for real nu: constants times the tails of Gaussians. Products of integrals are
written C^2 = C_in^2 + C_out (2 C - C_out).
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

from numerics.balls import Ball, arb, coefficients_of, hull, series, truncated
from numerics.line.assembly import NEEDS, gaussian_parts, slopes_of
from numerics.line.bounds import Bounds, tail_of_sum
from numerics.line.components import components_of
from numerics.line.strip import the_line
from theory.language.instances import Germ, Law

ORDER = 3


@lru_cache(maxsize=256)
def outside(name: str, law: Law, low: Fraction, high: Fraction, window: tuple[float, float]) -> tuple[Ball, ...]:
    """|s-th derivative|/s! of the part of the number beyond the window, s = 0 .. 3, for every nu of [low, high]."""
    nu: Any = hull(low, high)
    germ = Germ(Fraction(1), nu.sqrt(), (Fraction(0),), (Fraction(1),), constant=True)
    parts = components_of(law, germ, order=ORDER)
    parts.sigma2[:] = [nu, arb(1), *[arb(0)] * (ORDER - 1)]  # nu + tau, not the square of its root
    bounds = Bounds(parts, slopes_of(name, parts))
    tails, totals = {}, {}
    for kind in NEEDS[name]:
        rows = [bounds.gaussians(bounds.majorant(kind, s, the_line()), None) for s in range(ORDER + 1)]
        tails[kind] = [sum((_tail(g, window) for g in row), arb(0)).upper() for row in rows]
        totals[kind] = [sum((g[0] for g in row), arb(0)).upper() for row in rows]
    with truncated(ORDER + 1):
        if name.startswith("var"):
            mean = series(totals["class"])
            found = series(tails["class-square" if "class-square" in tails else "field-square"])
            if name == "varentropy":
                spread, label = gaussian_parts(parts)
                closed = [abs(v).upper() for v in coefficients_of(label - spread, ORDER + 1)]
                mean = mean + series(closed)
                found = found + 2 * series(tails["log-class"])
            lost = series(tails["class"])
            found = found + lost * (2 * mean + lost)
        else:
            found = series(next(iter(tails.values())))
        return tuple(v.upper() for v in coefficients_of(found, ORDER + 1))


def _tail(gaussian: tuple[Ball, Ball, Ball], window: tuple[float, float]) -> Ball:
    below, above = gaussian[1] - window[0], window[1] - gaussian[1]
    distance = below.min(above).lower().nonnegative_part()
    return tail_of_sum(gaussian, distance, arb(0))


__all__ = ["outside"]
