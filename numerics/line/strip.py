"""A strip about the real line on which the density of X_t has no zero, with constants.

Components of one variance v, D = max M - min M, psi = a D/(2v) < pi/2: for |y| <= a the numbers u_k(x+iy) have moduli
exp(y^2/2v) u_k(x) and arguments -y (x - M_k)/v, which lie within psi of their middle. So for all tau_k >= 0

    |sum tau_k u_k(x+iy)| >= cos(psi) sum tau_k |u_k(x+iy)|.

With all tau_k = 1 this is |p| >= c q, c = cos psi. And with R = (p - u_k)/u_k, log(p/u_k) = log(1+R) is the integral of
R/(1 + tau R) over tau in (0, 1), at most log(1+R~)/c with R~ = (q - |u_k|)/|u_k|: so B1 = 1/c, B2 = 2.2/c^2, e = 0.
(The strip a < pi v/D is sharp for two equal weights: there p has zeros at its edge.)

Unequal variances, and many components far apart: :mod:`numerics.zero_free` certifies |p| >= c q and
|Im log(p/u_k)| <= pi/2 + a max_j |s_j - s_k| with s_k = (x - M_k)/v_k. So |log(p/u_k)| <= log(1+R~) + lambda,
lambda = log(1/c) + pi/2 + a max |s_j - s_k|, which is at most lambda_0 (1+|xi|). Where 1 - r~_k >= 1/3,
|u_k| <= 3 |u_k| (1-r~_k) <= 1.5 S_k, so that |u_k| N_k <= (1 + 1.5 lambda) S_k and |u_k| N_k^2 is at most
(4.4 + 3 lambda^2) S_k. Where 1 - r~_k < 1/3 on the whole segment from x to x+iy, R~ < 1/2 and
N_k <= -log(1 - R~) <= 2.1 (1-r~_k), which gives less. As R~ is a convex function of y^2, the only case left is
1 - r~_k >= 1/3 at x itself: there u_k(x) <= 1.5 S_k(x), and |u_k(z)| <= exp(a^2/2v_k) u_k(x). So the bounds hold with
sqrt(u_k u_j) of the real line raised by exp(a^2/(2 min(v_k, v_j))).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from numerics.balls import Ball, arb, ball
from numerics.rings import Unsupported

LINE_SQUARE = Fraction(11, 5)
"""log^2(1+R) <= 2.2 sqrt R: the maximum of log^2(1+R)/sqrt R is 2.186.., at R = 49.3.."""


@dataclass(frozen=True)
class Strip:
    """|Im z| <= width: |p| >= floor sum_k |u_k|; ``first``, ``second``, ``power`` are B1, B2, e of the bounds."""

    width: Ball
    floor: Ball
    first: Ball
    second: Ball
    power: int


def the_line() -> Strip:
    """The real line itself."""
    return Strip(arb(0), arb(1), arb(1), ball(LINE_SQUARE), 0)


def shared_strip(distance: Ball, variance: Ball, width: float) -> Strip:
    """The strip of this width for components of one variance, at most ``distance`` apart.

    Raises Unsupported if the width is not certainly below pi v/D.
    """
    a = arb(width)
    psi = (a * distance / (2 * variance)).upper()
    c = psi.cos().lower()
    if not (psi < arb.pi() / 2 and c > 0):
        raise Unsupported("no strip without zeros of the density of this width")
    return Strip(a, c, (1 / c).upper(), (ball(LINE_SQUARE) / (c * c)).upper(), 0)


def best_width(distance: float, variance: float, bits: float, powers: int) -> float:
    """The width at which a trapezoidal rule of ``bits`` needs the fewest points; a choice, no bound."""
    widest = 12 * math.sqrt(variance)
    if distance > 0:
        widest = min(widest, 0.99 * math.pi * variance / distance)

    def cost(width: float) -> float:
        size = width * width / (2 * variance) - powers * math.log(math.cos(width * distance / (2 * variance)))
        return (bits * math.log(2) + size + 4) / width

    return min((widest * share for share in (*(0.05 * i for i in range(2, 20)), 0.97, 0.98, 0.99, 1.0)), key=cost)
