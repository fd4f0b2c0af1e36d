"""Variances of X0's pathwise entropies for a law with a density: integrals over X0 and X_t at once.

With L(x) = log p(x), L0 = log p0(X0) and k the density of X_t given X0,

    Phi = -log P(X0|Xt) = L - L0 - log k,      h(x) = E[Phi | x] = L - b - kappa,
    b(x) = E[L0 | x],    kappa(x) = E[log k | x] = -log(2 pi s^2)/2 - E[(x - alpha X0)^2 | x]/(2 s^2),   s = sigma.

log k = const - eps^2/2 has variance 1/2 and is independent of X0, and Cov(L, eps^2) = s^2 E[L''] = -s^2 J (Stein, J the
Fisher information), so Var Phi = Var L + Var L0 + 1/2 - s^2 J - 2 Cov(L, L0). What is new is E[L L0], a trapezoidal
sum over both variables of F = p0(x0) N(x; alpha x0, s^2) L0 L, and E h^2 with b a trapezoidal sum over x0.

*Bounds.* On a strip with |p| >= c q (:mod:`numerics.line.strip`), log c q <= log|p| <= log q, and the argument of p is
within pi/2 + a max |s_j - s_k| of that of u_k; hence |L| <= tau (1+|xi|)^2. F moves along one imaginary axis at a time:
T_h0 T_h - I I = T_h0 (T_h - I) + (T_h0 - I) I. A shift iy of x raises N(x; alpha x0, s^2) by exp(y^2/2s^2), one of x0
raises the joint density of component k by exp(y^2 v_k/(2 S_k s^2)). Polynomials are absorbed into Gaussians with 5/4
of the covariance: with Q the squared distance in it, |x0 - m_k| <= sqrt(S_k Q), |x - M_k| <= sqrt(v_k Q). A sum of a
density over a grid is at most its integral plus step times maximum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numerics.balls import Ball, arb, working
from numerics.line.bounds import WIDER, Bounds, tail_of_sum
from numerics.line.components import Components
from numerics.line.strip import Strip, the_line
from numerics.line.trapezoid import _short
from numerics.rings import Unsupported

_LN2 = math.log(2)
MAX_CELLS = 3_000_000


@dataclass(frozen=True)
class Axis:
    """A grid n h, first <= n <= last, along X0 or X_t, and what bounds log p on its strip and on the line."""

    bounds: Bounds
    strip: Strip
    step: Ball
    first: int
    last: int
    on_strip: Ball
    on_line: Ball

    @property
    def points(self) -> list[Ball]:
        """The grid."""
        return [n * self.step for n in range(self.first, self.last + 1)]


@dataclass(frozen=True)
class Rule:
    """Both axes, the certified error of E[L L0] but for the cut in eps, and what it is made of.

    ``lost_rows``, ``lost_columns``: the mass of rows and columns beyond the grid; ``reach``: the cut in eps, in
    standard deviations; ``cut``: a bound of the sum of the kernel beyond it.
    """

    data: Axis
    noisy: Axis
    error: Ball
    lost_rows: Ball
    lost_columns: Ball
    reach: Ball
    cut: Ball
    bits: int


def _size_of_log(bounds: Bounds, strip: Strip) -> Ball:
    """tau: |log p| <= tau (1+|xi|)^2 on the strip."""
    K, turn = len(bounds.places), arb(0)
    slopes = [(-m / v, 1 / v) for m, v in zip(bounds.places, bounds.variances, strict=True)]
    for k, (o, s) in enumerate(slopes):
        for p, q in slopes[:k]:
            turn = turn.max((abs(o - p + (s - q) * bounds.centre) + abs(s - q) * bounds.scale).upper())
    kappa = bounds._kappa(0, strip.width)
    if strip.width.is_zero():
        return (kappa + arb(K).log()).upper()
    return (2 * kappa + arb(K).log() - strip.floor.log() + arb.pi() / 2 + strip.width * turn).upper()


def rule(noisy: Components, data: Components, strips: tuple[Strip, Strip], bits: int, *, square: bool = False) -> Rule:
    """A rule for an absolute error of about 2^-bits.

    ``square``: for E h^2, which rises faster on the strip. Raises Unsupported if it would be too large.
    """
    with working(64):
        above, below = Bounds(noisy, None), Bounds(data, None)
        s2 = noisy.sigma2[0]
        spreads = below.variances
        stiff = max(float((v / (S * s2)).mid()) for v, S in zip(above.variances, spreads, strict=True))
        t_line, t0_line = _size_of_log(above, the_line()), _size_of_log(below, the_line())
        masses = [_mass(above, below, k) for k in range(noisy.K)]
        total = sum(masses, arb(0))
        goal = bits * _LN2 + float((t_line * t0_line * total).log().mid()) + 6
        axes = []
        for bounds, strip, growth in (
            (below, strips[1], stiff),
            (above, strips[0], (3 if square else 1) * float((1 / s2).mid())),
        ):
            certified = strip.width.lower().min(arb(math.sqrt(2 * goal / growth)))
            width = float(certified)
            strip = Strip(certified, strip.floor, strip.first, strip.second, strip.power)
            size = _size_of_log(bounds, strip)
            higher = max(0.0, float((size / t_line.min(t0_line)).log().mid()))
            exponent = goal + growth * width * width / 2 + (2 if square else 1) * higher + 3
            step = arb(_short(2 * math.pi * width / exponent))
            ends = [
                (float(m.mid()) - r, float(m.mid()) + r)
                for m, v in zip(bounds.places, bounds.variances, strict=True)
                for r in [math.sqrt(2 * WIDER * float(v.mid()) * goal)]
            ]
            first, last = (
                math.floor(min(e[0] for e in ends) / float(step)), math.ceil(max(e[1] for e in ends) / float(step))
            )  # fmt: skip
            on_line = t0_line if bounds is below else t_line
            axes.append(Axis(bounds, strip, step, first, last, size, on_line))
        rows, columns = axes
        reach = arb(math.sqrt(2 * goal))
        cells = (rows.last - rows.first + 1) * min(
            columns.last - columns.first + 1, 2 * float(reach) * float(s2.mid()) ** 0.5 / float(columns.step) + 2
        )
        if cells > MAX_CELLS:
            raise Unsupported(f"an integral over X0 and X_t on {cells:.1e} points")
        error, lost_rows, lost_columns = _neglected(noisy, rows, columns, masses)
        cut = tail_of_sum((arb(1), arb(0), s2), reach * s2.sqrt(), columns.step)
        guard = 2 * math.log2(cells + 2) + 30 + math.log2(2 + float(total))
    return Rule(rows, columns, error, lost_rows, lost_columns, reach, cut.upper(), int(bits + guard))


def _mass(above: Bounds, below: Bounds, k: int) -> Ball:
    """w_k times the factor by which (1+|xi0|)^2 (1+|xi|)^2 U_k lies below the wider joint Gaussian of component k."""
    f = (1 + abs(above.places[k] - above.centre) / above.scale).max(
        1 + abs(below.places[k] - below.centre) / below.scale
    )
    r = (above.variances[k].sqrt() / above.scale).max(below.variances[k].sqrt() / below.scale)
    d = arb((1 - 1 / WIDER) / 2)
    a, b = float(f.mid()), float(r.mid())
    start = arb(max(0.0, (-a + math.sqrt(a * a + 8 * b * b / float(d))) / (2 * b)))
    g = f + r * start
    slope = 4 * r / g
    rise = 4 * g.log() - slope * start + slope * slope / (4 * d)
    return above.weights[k] * rise.exp() * arb(WIDER)


def _neglected(noisy: Components, rows: Axis, columns: Axis, masses: Sequence[Ball]) -> tuple[Ball, Ball, Ball]:
    """(the error of the double sum but for the cut in eps, the mass of the rows and of the columns beyond the grid)."""
    s2, wider, two_pi = noisy.sigma2[0], arb(WIDER), 2 * arb.pi()
    across = 2 / ((2 * arb.pi() * columns.strip.width / columns.step).exp() - 1)
    along = 2 / ((2 * arb.pi() * rows.strip.width / rows.step).exp() - 1)
    error, lost, lost_columns = arb(0), arb(0), arb(0)
    for k, mass in enumerate(masses):
        S, v = rows.bounds.variances[k], columns.bounds.variances[k]
        shift = (columns.strip.width**2 / (2 * s2)).exp()
        peak0 = 1 + rows.step / (two_pi * wider * S).sqrt()
        error = error + across * rows.on_line * columns.on_strip * shift * mass * peak0
        shift = (rows.strip.width**2 * v / (2 * S * s2)).exp()
        error = error + along * rows.on_strip * columns.on_line * shift * mass
        out = _beyond((mass, rows.bounds.places[k], wider * S), rows)
        out = out * (1 + columns.step / (two_pi * wider * s2).sqrt())
        lost = lost + out
        side = _beyond((mass, columns.bounds.places[k], wider * v), columns)
        side = side * (1 + rows.step / (two_pi * wider * S * s2 / v).sqrt())
        lost_columns = lost_columns + side
        error = error + (out + side) * rows.on_line * columns.on_line
    return error.upper(), lost.upper(), lost_columns.upper()


def _beyond(gaussian: tuple[Ball, Ball, Ball], axis: Axis) -> Ball:
    place = gaussian[1]
    below, above = place - (axis.first - 1) * axis.step, (axis.last + 1) * axis.step - place
    return tail_of_sum(gaussian, below.min(above).nonnegative_part(), axis.step)


def densities(components: Components, points: Sequence[Ball]) -> list[tuple[Ball, Ball, list[Ball]]]:
    """(p, log p, responsibilities) at the points."""
    out = []
    for x in points:
        logs = [A[0] + x * (B[0] + x * C[0]) for A, B, C in components.logs]
        top = max(range(len(logs)), key=lambda k: logs[k].mid())
        shares = [(v - logs[top]).exp() for v in logs]
        mass = sum(shares, arb(0))
        log_p = logs[top] + mass.log()
        out.append((log_p.exp(), log_p, [v / mass for v in shares]))
    return out


def kernel_sums(noisy: Components, plan: Rule, rows: Sequence[Any], columns: Sequence[Any]) -> tuple[Ball, list[Ball]]:
    """(E[L L0], [p b at each column]) as sums over the grid, widened by the cut in eps alone."""
    s2, alpha = noisy.sigma2[0], noisy.alpha[0]
    h, h0 = plan.noisy.step, plan.data.step
    deviation = s2.sqrt()
    norm, bend = 1 / (2 * arb.pi() * s2).sqrt(), (-h * h / s2).exp()
    base, size = plan.noisy.first, len(columns)
    half = float(plan.reach) * float(deviation.mid()) / float(h) + 1
    largest = arb(0)
    for _, log_p, _ in columns:
        largest = largest.max(abs(log_p).upper())
    everything, smoothed = arb(0), [arb(0)] * size
    for x0, (p0, log_p0, _) in zip(plan.data.points, rows, strict=True):
        centre = alpha * x0
        middle = float(centre.mid()) / float(h)
        low = max(0, math.floor(middle - half) - base)
        high = min(size - 1, math.ceil(middle + half) - base)
        weight = h0 * p0 * log_p0
        inner = arb(0)
        if low <= high:
            x = (base + low) * h - centre
            value, ratio = (-x * x / (2 * s2)).exp() * norm, (-h * (2 * x + h) / (2 * s2)).exp()
            for j in range(low, high + 1):
                inner = inner + value * columns[j][1]
                smoothed[j] = smoothed[j] + weight * value
                value, ratio = value * ratio, ratio * bend
        everything = everything + weight * (inner * h + arb(0, (plan.cut * largest).upper()))
    return everything, smoothed
