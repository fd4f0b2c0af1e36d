"""Integrals over Gaussian mixtures with any covariances in the plane: a trapezoidal rule with verified strips.

p = sum_k u_k, u_k = w_k N(x; M_k, V_k), P_k = V_k^-1, r_k = u_k/p, L_k = -log r_k; the numbers are ``log``, ``log2``,
``label``, ``label2`` and ``mean2`` as in :mod:`numerics.space.shared`, and ``gap``, the integral of p Var_r(b) for
affine b_k(x). With P_j - P_k indefinite, complex zeros of p come arbitrarily near to the plane far out, so no strip
holds everywhere; it need not, if the rule is confined to a region Omega and its strip may narrow where p is small.

**The rule.** Omega is a union of cells of n x n lattice points whose edges run midway between lattice lines. On a row
the sum h sum f is the integral of f(z)/(1 - e^(-2 pi i z/h)) along a contour at heights +-a, one a a cell:

    |h sum f - integral f| <= sum over cells 2 |cell| sup|f(x +- ia)|/(e^(2 pi a/h) - 1)
                              + sum over edges 2 integral |f(x + iy)| e^(-2 pi y/h) dy,

the latter over the step of the contour between neighbours (y from the lower height), or from 0 at the rim of Omega,
where 1/(1 + e^(2 pi y/h)) integrates to h log 2/(2 pi): midway between lattice points the kernel is that small. First
axis 1 is done on every lattice row, then axis 2 for every real x_1: only one coordinate leaves the line at a time.

**The strip.** |u_k(x + iy e_i)| = u_k(x) e^(y^2 (P_k)_ii/2) =: tau_k, with phase -y (P_k(x - M_k))_i. Let m be a
component, q_k >= tau_k/tau_m and theta_k >= |phase_k - phase_m| on the cell for 0 <= y <= a, both in balls. Then

    Re(p/u_m)/sum(tau/tau_m) >= c := max(1 - sum_k (1 - cos theta_k) q_k/(1 + q_k),  min_k cos theta_k),

because the left side is an average of cosines with weights tau_k/sum tau <= q_k/(1 + q_k). Where c > 0, p has no zero,
c sum tau <= |p| <= sum tau, and log(p/u_m) is analytic with |Im| < pi/2; so, with phi_m = y (P_m(x - M_m))_i,

    |log p| <= max|log|p|| + |phi_m| + pi/2,    |log r_m| <= -log(1 - q) (q = sum q_k < 1/2), or max(log(1 + q), -log c)
    + pi/2, |log r_k| <= |log r_m| + |log(tau_m/tau_k)| + theta_k.

**Outside Omega.** Every boundary edge is at Mahalanobis distance >= R_k from M_k, and M_k lies in Omega: so does the
whole ellipse, and what is outside is bounded by the tail of component k beyond R_k.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from numerics.balls import Ball, arb, ball, midpoint, working
from numerics.rings import Unsupported
from numerics.space.choices import CELL, Choice, Floats
from numerics.space.lattice import UNIT, tail_outside
from numerics.space.planar import Pair, Part, form, minus, norm, root_product, times
from numerics.space.plane_rows import PlaneSum
from numerics.tails import widened

MOST_POINTS, MOST_CELLS, BOUND_BITS = 3_000_000, 40_000, 64
NAMES = ("log", "log2", "label", "label2", "mean2", "gap")


@dataclass(frozen=True)
class Strip:
    """What was verified on a cell for |y| <= a along ``axis``: the dominant component m, c, q and per other component.

    ``ratios``: q_k; ``logs``: bounds of |log(tau_k/tau_m)|; ``thetas``; ``log_m``: log tau_m; ``phi``: of |phi_m|.
    """

    cell: tuple[int, int]
    axis: int
    a: Ball
    m: int
    c: Ball
    q: Ball
    ratios: list[Ball]
    logs: list[Ball]
    thetas: list[Ball]
    log_m: Ball
    phi: Ball


def number(name: str, parts_at: Callable[[], list[Part]], bits: int) -> tuple[Ball, int]:
    """(the integral ``name``, the working precision): absolute error about 2^-bits times its size (1 for log, log2).

    ``parts_at`` builds the components at the precision in force. Raises Unsupported: too many points, or no strip.
    """
    with working(BOUND_BITS):
        low = parts_at()
        floats = Floats.of(low)
        choice = floats.choose(name, bits * math.log(2) + 2, MOST_POINTS, MOST_CELLS)
        error = _Bounds(name, low, choice).error()
    extra = max(0.0, -choice.scale) / math.log(2) if name not in ("log", "log2") else 0.0
    work = int(bits + 30 + extra + math.log2(1 + choice.count))
    with working(work):
        total = PlaneSum(name, parts_at(), choice).value()
        return widened(total, error), work


class _Bounds:
    """Everything that separates the sum from the integral, at low precision."""

    def __init__(self, name: str, parts: list[Part], choice: Choice) -> None:
        self.name, self.parts, self.choice = name, parts, choice
        self.h = [ball(Fraction(step, UNIT)) for step in choice.steps]
        self.half = [h * CELL / 2 for h in self.h]
        self.sides = [h * CELL for h in self.h]
        self.t = [arb(0, half.upper()) for half in self.half]
        self.t2 = [arb(half * half / 2, half * half / 2) for half in self.half]

    def error(self) -> Ball:
        """An upper bound of |sum - integral over the plane|."""
        result = self._tails()
        two_pi = 2 * arb.pi()
        for axis in range(2):
            h, area, length = self.h[axis], self.sides[0] * self.sides[1], self.sides[1 - axis]
            known: dict[tuple[int, int], tuple[Ball, Ball]] = {}
            for cell in self.choice.cells:
                known[cell] = self._strip(cell, axis)
            for cell, (a, size) in known.items():
                result = result + area * size * 2 / (two_pi * a / h).expm1()
                for side in (-1, 1):
                    other = known.get((cell[0] + side * (axis == 0), cell[1] + side * (axis == 1)))
                    if other is None:
                        result = result + 2 * length * size * h * arb(2).log() / two_pi
                    elif other[0] < a:  # exact heights: the contour steps down
                        result = result + 2 * length * size * h / two_pi * (-two_pi * other[0] / h).exp()
        return result.upper()

    # -- one cell ---
    def _centre(self, cell: tuple[int, int]) -> list[Ball]:
        return [h * (2 * CELL * n + CELL - 1) / 2 for h, n in zip(self.h, cell, strict=True)]

    @cached_property
    def _pulls(self) -> dict[tuple[int, int], tuple[list[Ball], list[Pair]]]:
        return {}

    def _at_centre(self, cell: tuple[int, int]) -> tuple[list[Ball], list[Pair]]:
        """(log u_k, P_k(x - M_k)) at the centre of a cell."""
        known = self._pulls.get(cell)
        if known is None:
            x = self._centre(cell)
            logs, pulls = [], []
            for part in self.parts:
                y = x[0] - part.mean[0], x[1] - part.mean[1]
                pull = times(part.precision, y)
                logs.append(part.top - (y[0] * pull[0] + y[1] * pull[1]) / 2)
                pulls.append(pull)
            known = self._pulls[cell] = logs, pulls
        return known

    def _strip(self, cell: tuple[int, int], axis: int) -> tuple[Ball, Ball]:
        """(a, sup of |f| on the cell for |y| <= a), a as large as can be verified."""
        height = self.choice.heights[axis][cell]
        for _ in range(12):
            a = ball(Fraction(height))
            size = self._size(cell, axis, a)
            if size is not None and size.is_finite():
                return a, size
            height *= 0.7
        raise Unsupported("no zero-free strip could be verified for these covariances")

    def _size(self, cell: tuple[int, int], axis: int, a: Ball) -> Ball | None:
        logs, pulls = self._at_centre(cell)
        m = max(range(len(logs)), key=lambda k: logs[k].mid())
        part = self.parts[m]
        t, t2 = self.t, self.t2
        y2 = arb(a * a / 2, a * a / 2)  # [0, a^2]
        top_drift = -(pulls[m][0] * t[0] + pulls[m][1] * t[1]) - form(part.precision, t, t2) / 2
        log_m = logs[m] + top_drift + y2 * part.precision[axis][axis] / 2
        phi = a * abs(pulls[m][axis] + part.precision[axis][0] * t[0] + part.precision[axis][1] * t[1])
        ratios, logs_of, thetas = [], [], []
        lost, least = arb(0), arb(1)
        for k, other in enumerate(self.parts):
            if k == m:
                continue
            pull = pulls[k][0] - pulls[m][0], pulls[k][1] - pulls[m][1]
            P = minus(other.precision, part.precision)
            d = logs[k] - logs[m] - pull[0] * t[0] - pull[1] * t[1] - form(P, t, t2) / 2 + y2 * P[axis][axis] / 2
            theta = (a * abs(pull[axis] + P[axis][0] * t[0] + P[axis][1] * t[1])).upper()
            q = d.exp().upper()
            cos = theta.cos().lower() if theta < arb.pi() else arb(-1)
            lost = lost + (1 - cos) * q / (1 + q)
            least = least.min(cos)
            ratios.append(q)
            logs_of.append(abs(d).upper())
            thetas.append(theta)
        c = (1 - lost).lower().max(least.lower())
        if not c > 0:
            return None
        q = sum(ratios, arb(0))
        tau = log_m.exp().upper()
        bound = _SIZES[self.name](self, Strip(cell, axis, a, m, c, q, ratios, logs_of, thetas, log_m, phi))
        return (tau * bound).upper()

    @staticmethod
    def log_density(s: Strip) -> Ball:
        """A bound of |log p| on the strip."""
        high = (s.log_m + (1 + s.q).log()).upper()
        low = (s.log_m + s.c.log()).lower()
        return abs(high).max(abs(low)) + s.phi + arb.pi() / 2

    def spread(self, s: Strip) -> Ball:
        """A bound of sum_{j<k} tau_j tau_k |b_j - b_k|^2/(c tau_m sum tau)."""
        x = [u + v for u, v in zip(self._centre(s.cell), self.t, strict=True)]
        axis, a, m = s.axis, s.a, s.m
        q = [*s.ratios[:m], arb(1), *s.ratios[m:]]
        result = arb(0)
        for k in range(len(q)):
            for j in range(k):
                B = minus(self.parts[j].slope, self.parts[k].slope)
                shift = [u - v for u, v in zip(self.parts[j].shift, self.parts[k].shift, strict=True)]
                move = times(B, (x[0], x[1]))
                square = sum((abs(u - v) * abs(u - v) for u, v in zip(shift, move, strict=True)), arb(0))
                square = square + a * a * (B[0][axis] * B[0][axis] + B[1][axis] * B[1][axis])
                base = 1 + (q[j] if j != m else 0) + (q[k] if k != m else 0)
                result = result + q[j] * q[k] / base * square
        return result / s.c

    # -- outside ---
    def _tails(self) -> Ball:
        """The integral over what is outside Omega."""
        h0 = [arb(0), arb(0)]
        count = arb(len(self.parts))
        surprise = (count - 1 + arb(1).exp()).log()
        result = arb(0)
        for k, part in enumerate(self.parts):
            distance = self._distance(k)
            offset = abs(part.top)
            if self.name == "log":
                result = result + part.weight * tail_outside(distance, offset + count.log(), 1, h0)
            elif self.name == "log2":
                result = result + 2 * part.weight * tail_outside(distance, offset + surprise, 2, h0)
            elif self.name == "gap":
                # Var_r(b) <= sum_k r_k |b_k - e|^2 for any e: take e = 0. |b_k| <= |b_k(M_k)| + |B_k| |x - M_k|
                at = times(part.slope, part.mean)
                first = sum((abs(s - v) for s, v in zip(part.shift, at, strict=True)), arb(0))
                growth = norm(root_product(part))
                # (first + growth r)^2 <= 2 first^2 + 4 growth^2 (r^2/2) <= lead (offset + r^2/2)
                lead = 4 * growth * growth + arb("1e-30")
                result = result + part.weight * lead * tail_outside(distance, 2 * first * first / lead, 1, h0)
            else:
                factor = {"label": count.log(), "label2": surprise * surprise, "mean2": count.log() * count.log()}
                result = result + part.weight * factor[self.name] * tail_outside(distance, arb(0), 0, h0)
        return result

    def _distance(self, k: int) -> Ball:
        """A lower bound of the Mahalanobis distance from M_k of everything outside Omega."""
        part = self.parts[k]
        home = tuple(
            math.floor(float(midpoint(v)) / (float(midpoint(h)) * CELL) + 0.5 / CELL)
            for v, h in zip(part.mean, self.h, strict=True)
        )
        centre = self._centre((home[0], home[1]))
        inside = all(abs(v - x) < half for v, x, half in zip(part.mean, centre, self.half, strict=True))
        if (home[0], home[1]) not in self.choice.cells or not inside:
            return arb(0)
        least = None
        for cell in self.choice.cells:
            for axis in range(2):
                for side in (-1, 1):
                    if (cell[0] + side * (axis == 0), cell[1] + side * (axis == 1)) in self.choice.cells:
                        continue
                    x = self._centre(cell)
                    x[axis] = x[axis] + side * self.half[axis]
                    y = x[0] - part.mean[0], x[1] - part.mean[1]
                    pull = times(part.precision, y)
                    square = (y[0] * pull[0] + y[1] * pull[1] - 2 * abs(pull[1 - axis]) * self.half[1 - axis]).lower()
                    if least is None or square < least:
                        least = square
        return arb(0) if least is None or not least > 0 else least.sqrt().lower()


# -- bounds of |f|/tau_m on a strip ---
def _surprises(s: Strip) -> list[tuple[Ball, Ball]]:
    """(q_k, bound of |log r_k|) for the dominant component, then the others."""
    own = -(1 - s.q).log() if s.q < arb(0.5) else (1 + s.q).log().max(-s.c.log()) + arb.pi() / 2
    own = own.upper()
    rows = zip(s.ratios, s.logs, s.thetas, strict=True)
    return [(arb(1), own)] + [(r, own + d + t) for r, d, t in rows]


def _size_log(b: _Bounds, s: Strip) -> Ball:
    return (1 + s.q) * b.log_density(s)


def _size_log2(b: _Bounds, s: Strip) -> Ball:
    bound = b.log_density(s)
    return (1 + s.q) * bound * bound


def _size_gap(b: _Bounds, s: Strip) -> Ball:
    return b.spread(s)


def _size_label(b: _Bounds, s: Strip) -> Ball:
    return sum((r * v for r, v in _surprises(s)), arb(0))


def _size_label2(b: _Bounds, s: Strip) -> Ball:
    return sum((r * v * v for r, v in _surprises(s)), arb(0))


def _size_mean2(b: _Bounds, s: Strip) -> Ball:
    first = _size_label(b, s)
    return first * first / s.c


_SIZES: dict[str, Callable[..., Ball]] = {
    "log": _size_log, "log2": _size_log2, "gap": _size_gap, "label": _size_label, "label2": _size_label2,
    "mean2": _size_mean2,
}  # fmt: skip
