"""Steps and strip heights of the tensor trapezoidal rule for mixtures of unit Gaussians: chosen in floats, exact.

One axis at a time. Move coordinate i of the point alone off the line, x_i + iy with |y| <= a_i, and let D_i be the
spread of the centres' i-th coordinates. With u_k the weighted components, |u_k(z)| = e^(y^2/2) u_k(x), and all u_k(z)
lie in a sector of half-angle psi_i = a_i D_i/2. A positive integrand f with |f(z)| <= C f(x) has, by Trefethen and
Weideman (2014, theorem 5.1), |T_i f - I_i f| <= eps_i I_i f, eps_i = 2C/(e^(2 pi a_i/h_i) - 1). For T_1..T_d f the axes
are exchanged one after the other; I_1 f is again positive with the same bound along axis 2, so

    T_1..T_d f lies in I_1..I_d f  prod_i [1 - eps_i, 1 + eps_i].
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from numerics.balls import Ball, arb, ball
from numerics.space.lattice import UNIT

TRIALS = 96


@dataclass(frozen=True)
class Axis:
    """A step (in units of 2^-30) and the height of the strip, both exact."""

    step: int
    height: Fraction

    @property
    def h(self) -> Ball:
        """The step."""
        return ball(Fraction(self.step, UNIT))

    def growth(self) -> Ball:
        """e^(a^2/2): how much a unit Gaussian grows in the strip."""
        a = ball(self.height)
        return (a * a / 2).exp()

    def narrowing(self, spread: Ball) -> Ball:
        """cos(psi), psi = a D/2 (certainly positive, or not finite)."""
        psi = ball(self.height) * spread / 2
        return psi.cos() if psi < arb.pi() / 2 else arb.nan()

    def decay(self) -> Ball:
        """2/(e^(2 pi a/h) - 1)."""
        return 2 / (2 * arb.pi() * ball(self.height) / self.h).expm1()

    def error(self, spread: Ball, power: int) -> Ball:
        """2C/(e^(2 pi a/h) - 1) with C = e^(a^2/2)/cos(psi)^power."""
        result = self.growth() * self.decay()
        for _ in range(power):
            result = result / self.narrowing(spread)
        return result


def choose_axis(spread: float, power: int, goal: float) -> Axis:
    """The largest step with 2C/(e^(2 pi a/h) - 1) below about e^-goal."""
    most = math.sqrt(2 * goal + 8)
    top = min(most, math.pi / spread) if spread > 0 else most
    best, height = 0.0, 0.0
    for i in range(1, TRIALS):
        a = top * i / TRIALS
        cos = math.cos(a * spread / 2)
        if cos <= 1e-9:
            continue
        step = 2 * math.pi * a / (goal + math.log(2) + a * a / 2 - power * math.log(cos))
        if step > best:
            best, height = step, a
    return Axis(max(int(best * UNIT), 1), Fraction(height))


def relative_error(axes: Sequence[Axis], spreads: Sequence[Ball], power: int) -> Ball:
    """E with T in I [1 - E, 1 + E] for positive integrands with |f(z)| <= e^(y^2/2)/cos(psi)^power f(x)."""
    product = arb(1)
    for axis, spread in zip(axes, spreads, strict=True):
        product = product * (1 + axis.error(spread, power))
    return (product - 1).upper()
