"""How large the posterior integrands can be: on the line, and on a strip |Im z| <= a about it.

Write p = sum_k u_k for the density of X_t, r_k = u_k/p, and q = sum_k |u_k| on the strip. Every integral of this room
(:mod:`numerics.line.posterior`) is an average of what the label is not yet known to be, so it is small where one
component dominates. The bounds keep that: each is a constant times

    sum over pairs k != j of  sqrt(|u_k| |u_j|) (1 + |xi|)^N,        xi = (x - centre)/scale,

whose integral is closed form (the square root of a product of Gaussians is a Gaussian of mass exp(-distance)). They
rest on |u_k u_j|/q <= sqrt(|u_k||u_j|)/2 and on a strip with |p| >= c q (:mod:`numerics.line.strip`):

1. |r_k| <= r~_k/c with r~_k = |u_k|/q, and |u_k| (1 - r~_k) <= S_k/2 with S_k = sum_(j != k) sqrt(|u_k||u_j|).
2. N_k := |log(p/u_k)| has |u_k| N_k <= B1 S_k (1+|xi|)^e and |u_k| N_k^2 <= B2 S_k (1+|xi|)^(2e), with constants of the
   strip. On the line, where p >= u_k: log(1+R) <= sqrt R and log^2(1+R) <= 2.2 sqrt R give B1 = 1, B2 = 2.2, e = 0.
3. In the parameter's increment tau, with Q = (1+|xi|)^2 >= 1 and kappa_i such that the coefficients of every
   log-component obey |l_k^(i)| <= kappa_i Q, majorants are scalar series in T = Q tau:

       u_k << |u_k| E,   E = exp(L),  L = sum_(i>=1) kappa_i T^i
       r_k << |r_k| G,   G = E/(1 - (E-1)/c)
       log(p/u_k) << N_k + (1-r~_k) Y,   Y = -log(1 - (e^(2L)-1)/c)

   (1+R_k = (1+R_k(0)) (1 + sum_(j != k) r_j (e^(l_j-l_k) - 1)); -log(1 - eps X) << -eps log(1-X) for 0 <= eps <= 1.)

The coefficients of the integrands follow by multiplying the majorants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from numerics.balls import Ball, arb, coefficients_of, natural_power, series, truncated
from numerics.line.components import Components, Series
from numerics.line.strip import Strip

WIDER = 1.25
"""Polynomial factors are absorbed into Gaussians of this many times the variance."""


@dataclass(frozen=True)
class Pair:
    """2 sqrt(u_k u_j) = mass N(x; place, variance); on a strip it rises at most by exp(``growth`` a^2)."""

    mass: Ball
    place: Ball
    variance: Ball
    growth: Ball


@dataclass(frozen=True)
class Majorant:
    """An integrand's coefficient is at most ``constant`` sum over pairs of sqrt(u_k u_j) (1+|xi|)^power."""

    constant: Ball
    power: int


class Bounds:
    """The bounds of the posterior integrands of ``components``.

    ``slopes``: the linear functions b_k of "gap" as (offset, slope) series a component.
    """

    def __init__(self, components: Components, slopes: Sequence[tuple[Series, Series]] | None) -> None:
        self.components, self.slopes = components, slopes
        heads = components.constant()
        self.places = [m[0] for m in heads.places]
        self.variances = [v[0] for v in heads.variances]
        self.weights = [w[0] for w in heads.weights]
        low, high = (pick(float(m.mid()) for m in self.places) for pick in (min, max))
        self.centre = arb((low + high) / 2)
        self.scale = arb(max((high - low) / 2, max(float(v.mid()) for v in self.variances) ** 0.5))

    @cached_property
    def pairs(self) -> list[Pair]:
        """All pairs k < j."""
        out = []
        for k in range(len(self.places)):
            for j in range(k):
                v, w = self.variances[k], self.variances[j]
                both = v + w
                apart = self.places[k] - self.places[j]
                overlap = (2 * (v * w).sqrt() / both).sqrt() * (-apart * apart / (4 * both)).exp()
                mass = 2 * (self.weights[k] * self.weights[j]).sqrt() * overlap
                place = (self.places[k] * w + self.places[j] * v) / both
                out.append(Pair(mass.upper(), place, 2 * v * w / both, 1 / (2 * v.min(w))))
        return out

    def majorant(self, kind: str, order: int, strip: Strip) -> Majorant:
        """Of the coefficient of tau^order of an integrand of :mod:`numerics.line.posterior` on the strip."""
        length = order + 1
        c, B1, B2, e = strip.floor, strip.first, strip.second, strip.power
        with truncated(length):
            kappa = [self._kappa(i, strip.width) for i in range(length)]
            L = series([arb(0), *kappa[1:]])
            E = L.exp() if order else series([arb(1)])
            G, Y = E, series([arb(0)])
            if order:
                G = E / (1 - (E - 1) / c)
                Y = -(1 - ((2 * L).exp() - 1) / c).log()
            if kind == "class":
                found, power = E * B1 + E * Y / 2, e
            elif kind == "class-square":
                found, power = E * (B2 + 2 * B1 * Y + Y * Y / 2), 2 * e
            elif kind == "field-square":
                found, power = E * G * G * (B2 + 2 * B1 * Y + Y * Y / 2) / (c * c), 2 * e
            elif kind == "log-class":
                found, power = (kappa[0] + L) * (B1 * E + E * Y / 2), e + 2
            else:
                steps, linear = self._steps(length, strip.width)
                d = series(steps)
                found, power = E * G * d * d / (4 * c), 2 * linear
            constant = abs(coefficients_of(found, length)[order])
        return Majorant(constant.upper(), power + 2 * order)

    def _kappa(self, i: int, width: Ball) -> Ball:
        """|coefficient i of log u_k| <= kappa_i (1+|xi|)^2 for every k on the strip."""
        reach = self.scale + width
        worst = arb(0)
        for A, B, C in self.components.logs:
            b = B[i] + 2 * C[i] * self.centre
            a = A[i] + B[i] * self.centre + C[i] * self.centre * self.centre
            worst = worst.max((abs(a) + abs(b) * reach + abs(C[i]) * reach * reach).upper())
        return worst

    def _steps(self, length: int, width: Ball) -> tuple[list[Ball], int]:
        """(d, 1 or 0): |coefficient i of b_k - b_j| <= d_i (1+|xi|)^(1 or 0)."""
        assert self.slopes is not None
        reach, linear = self.scale + width, 0
        steps = [arb(0)] * length
        for k in range(len(self.slopes)):
            for j in range(k):
                (o, s), (p, q) = self.slopes[k], self.slopes[j]
                for i in range(length):
                    slope = arb(0) if self.components.shared else s[i] - q[i]
                    linear = linear or int(not slope.is_zero())
                    offset = o[i] - p[i] + slope * self.centre
                    steps[i] = steps[i].max((abs(offset) + abs(slope) * reach).upper())
        return steps, linear

    def gaussians(self, bound: Majorant, width: Ball | None) -> list[tuple[Ball, Ball, Ball]]:
        """(mass, place, variance): the sum of these Gaussians bounds the integrand on every line |Im z| <= width."""
        return [self.gaussian(pair, bound, width) for pair in self.pairs]

    def gaussian(self, pair: Pair, bound: Majorant, width: Ball | None) -> tuple[Ball, Ball, Ball]:
        """As :meth:`gaussians`, for one pair."""
        mass = bound.constant * pair.mass
        if width is not None:
            mass = mass * (pair.growth * width * width).exp()
        if not bound.power:
            return mass.upper(), pair.place, pair.variance
        # with eta = |x - place|/sd: 1+|xi| <= f + r eta, and N log(f + r eta) <= N (log g + r (eta - eta0)/g) with
        # g = f + r eta0 at any eta0; b eta - d eta^2 <= b^2/4d leaves the wider Gaussian
        f = 1 + abs(pair.place - self.centre) / self.scale
        r = pair.variance.sqrt() / self.scale
        d = arb((1 - 1 / WIDER) / 2)
        start = arb(max(0.0, float(_turning(f, r, bound.power, d))))
        g = f + r * start
        b = bound.power * r / g
        rise = bound.power * g.log() - b * start + b * b / (4 * d)
        wider = arb(WIDER)
        return (mass * rise.exp() * wider.sqrt()).upper(), pair.place, pair.variance * wider


def _turning(f: Ball, r: Ball, power: int, d: Ball) -> float:
    """Where power log(f + r eta) - d eta^2 is about largest."""
    a, b, slope = float(f.mid()), float(r.mid()), float(d.mid())
    if b == 0:
        return 0.0
    return float((-a + (a * a + 2 * power * b * b / slope) ** 0.5) / (2 * b))


def tail_of_sum(gaussian: tuple[Ball, Ball, Ball], distance: Ball, step: Ball) -> Ball:
    """A bound of step * sum of the Gaussian over grid points farther than ``distance`` from its place.

    On either side it falls, so the sum is at most its first term plus the integral.
    """
    mass, _, variance = gaussian
    edge = (-natural_power(distance, 2) / (2 * variance)).exp()
    inside = (distance / (2 * variance).sqrt()).erfc()
    return mass * (inside + 2 * step * edge / (2 * arb.pi() * variance).sqrt())
