"""Integrals over mixtures of unit Gaussians in two or three dimensions: the tensor trapezoidal rule in balls.

p = sum_k u_k, u_k = w_k N(x; c_k, I), r_k = u_k/p, L_k = -log r_k, x in R^d. The numbers (all others follow from them):

    spread    integral p Var_r(c)                 = E tr Cov(c_Z | x)
    label     integral sum_k u_k L_k              = H(Z | X)
    label2    integral sum_k u_k L_k^2            = E log^2 P(Z | X)
    mean2     integral (sum_k u_k L_k)^2/p        = E H(Z | x)^2
    log       integral p log p,    log2    integral p log^2 p

**Discretisation** (one axis off the line at a time, :mod:`numerics.space.steps`). |u_k(z)| = e^(y^2/2) u_k(x) and all
u_k(z) lie in a sector of half-angle psi, so |sum tau_k u_k(z)| >= cos(psi) e^(y^2/2) sum tau_k u_k(x) for tau_k >= 0.
From log(1 + R) = int_0^1 R/(1 + tau R) dtau with R = (p - u_k)/u_k, |L_k(z)| <= L_k(x)/cos(psi). And p Var_r(c) =
sum_{j<k} u_j u_k |c_j - c_k|^2/p. So the first four are positive with C = e^(a^2/2)/cos^m(psi), m = 1, 1, 2, 3: their
error is *relative*. For p log p = sum u_k log u_k + sum u_k L_k: the second part's error is at most E log K, the first
part is a product of sums on lines, where |T N - 1| <= delta_0 = e^(a^2/2) 2/(e^(2 pi a/h) - 1) and
|T t^2 N - 1| <= (1 + a^2) delta_0. For p log^2 p: |log p(z)| <= |log u_k(z)| + L_k(x)/cos(psi) for every k, hence
|p log^2 p| <= 2 e^(y^2/2) sum_k u_k (|log u_k(z)|^2 + L_k^2/cos^2(psi)), |log u_k(z)| <= A_k + (|x - c_k|^2 + a^2)/2,
sum_k r_k L_k^2 <= log^2(K + e - 1) (log^2(u + e - 1) is concave for u >= 1, and E 1/r = K).

**Points left out.** L <= sqrt(R) and L <= 2 R^(1/4) for L = log(1 + R), so with g_jk = sqrt(u_j u_k), a Gaussian of
mass sqrt(w_j w_k) e^(-|c_j - c_k|^2/8) about the middle: the integrands are at most sum_{j<k} |c_j - c_k|^2 g_jk/2;
2 sum g_jk; 8(K - 1) sum g_jk; 2 log K sum g_jk. They are also at most p times max_k |c_k - c|^2 (any c), log K,
log^2(K + e - 1), log^2 K; the better is taken. |p log p| <= sum u_k (A_k + log K + |x - c_k|^2/2), and p log^2 p <=
2 sum u_k (A_k + log(K + e - 1) + |x - c_k|^2/2)^2, A_k = -log w_k + (d/2) log 2 pi. Their sums are in
:mod:`numerics.space.lattice`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from operator import mul

from numerics.balls import Ball, arb, arb_mat, ball, midpoint, natural_power, precision, working
from numerics.rings import Unsupported
from numerics.space.lattice import Disc, on_grid, radius_for, rows_of, tail_outside
from numerics.space.shared_rows import KERNELS, Piece, blocks
from numerics.space.steps import Axis, choose_axis, relative_error
from numerics.tails import widened

MOST_POINTS = 4_000_000
POWERS = {"spread": 1, "label": 1, "label2": 2, "mean2": 3, "log": 1, "log2": 2}
DEGREES = {"log": 1, "log2": 2}
"""The degree in |x|^2/2 of what bounds the integrand far out."""
LOG2 = math.log(2)


@dataclass(frozen=True)
class Cloud:
    """K >= 2 unit Gaussians in d dimensions: weights and centres (K, d) as balls, at the working precision."""

    weights: tuple[Ball, ...]
    centres: tuple[tuple[Ball, ...], ...]

    @property
    def K(self) -> int:
        """The number of components."""
        return len(self.weights)

    @property
    def d(self) -> int:
        """The dimension."""
        return len(self.centres[0])

    def spreads(self) -> list[Ball]:
        """max - min of every coordinate, as upper bounds."""
        found = []
        for column in zip(*self.centres, strict=True):
            widest = arb(0)
            for i, u in enumerate(column):
                for v in column[:i]:
                    widest = widest.max(abs(u - v))
            found.append(widest.upper())
        return found

    @cached_property
    def floats(self) -> list[tuple[float, ...]]:
        """The centres, for choices."""
        return [tuple(float(midpoint(v)) for v in c) for c in self.centres]

    @cached_property
    def log_weights(self) -> list[float]:
        """log w_k, for choices."""
        return [float(midpoint(w.log())) for w in self.weights]


@dataclass(frozen=True)
class Bump:
    """A Gaussian that bounds a part of the integrand: mass e^log_mass (a float, for choices) about the middle of j, k.

    j = k: component k itself.
    """

    j: int
    k: int
    centre: tuple[float, ...]
    log_mass: float


def number(name: str, cloud: Cloud, bits: int) -> Ball:
    """The integral ``name`` (see the module's list) as a ball with about ``bits`` relative bits (absolute for log,
    log2).

    Call at a precision that leaves room (:func:`bits_for`). Raises Unsupported: too many points.
    """
    scale = scale_of(name, cloud)
    goal = bits * LOG2 + 2
    bumps = _bumps(name, cloud, scale)
    spreads = cloud.spreads()
    axes = [choose_axis(float(s), POWERS[name], goal + math.log(2 * cloud.d)) for s in spreads]
    discs = []
    for bump in bumps:
        reach = radius_for(scale - goal - math.log(4 * len(bumps)), cloud.d, DEGREES.get(name, 0), bump.log_mass)
        discs.append(Disc(tuple(on_grid(v) for v in bump.centre), on_grid(reach)))
    return _Sum(name, cloud, axes, spreads, bumps, discs).value()


def scale_of(name: str, cloud: Cloud) -> float:
    """The logarithm of the size that the integral has at least, about (a float); 0 where the error is absolute."""
    if name in ("log", "log2"):
        return 0.0
    return max(max(b.log_mass for b in _pairs(cloud)) - 4.0 + (0.0 if name != "spread" else _log_square(cloud)), -1e6)


def bits_for(name: str, cloud: Cloud, bits: int) -> int:
    """The working precision for ``bits`` relative bits: cancellation costs the smallness of the integral."""
    return int(
        bits + 26 + max(0.0, -scale_of(name, cloud)) / LOG2 + 2 * math.log2(1 + max(map(float, cloud.spreads())))
    )


def _log_square(cloud: Cloud) -> float:
    best = max(_pairs(cloud), key=lambda b: b.log_mass)
    square = math.dist(cloud.floats[best.j], cloud.floats[best.k]) ** 2
    return min(math.log(square), 0.0) if square > 0 else 0.0


def _pairs(cloud: Cloud) -> list[Bump]:
    found = []
    for k, c in enumerate(cloud.floats):
        for j in range(k):
            b = cloud.floats[j]
            mass = (cloud.log_weights[j] + cloud.log_weights[k]) / 2 - math.dist(b, c) ** 2 / 8
            found.append(Bump(j, k, tuple((u + v) / 2 for u, v in zip(b, c, strict=True)), mass))
    return found


def _bumps(name: str, cloud: Cloud, scale: float) -> list[Bump]:
    if name in ("log", "log2") or scale > -12 or cloud.K > 60:
        return [Bump(k, k, c, w) for k, (c, w) in enumerate(zip(cloud.floats, cloud.log_weights, strict=True))]
    return _pairs(cloud)


class _Sum:
    """One integral on one lattice."""

    def __init__(
        self, name: str, cloud: Cloud, axes: list[Axis], spreads: list[Ball], bumps: list[Bump], discs: list[Disc]
    ) -> None:
        self.name, self.cloud, self.axes, self.spreads = name, cloud, axes, spreads
        self.bumps, self.discs = bumps, discs
        self.steps = [axis.h for axis in axes]
        self._rows: list[dict[int, list[Ball]]] = [{} for _ in axes]
        root = (2 * arb.pi()).sqrt()
        scale = arb(1)
        for _ in axes:
            scale = scale / root
        self.masses = [w * scale for w in cloud.weights]
        self.logs = [m.log() for m in self.masses]

    def value(self) -> Ball:
        """The ball of the integral."""
        total = self._total()
        for h in self.steps:
            total = total * h
        total = widened(total, self._left_out())
        if self.name in ("log", "log2"):
            return widened(total, self._absolute())
        error = relative_error(self.axes, self.spreads, POWERS[self.name])
        if not error < 1:
            raise Unsupported("the strip of the trapezoidal rule is too narrow at this precision")
        return total / arb(1, error)

    # -- the sum over kept points ---
    def _total(self) -> Ball:
        sizes = [axis.step for axis in self.axes]
        count = 0
        for _, intervals in rows_of(sizes, self.discs):
            count += sum(last - first + 1 for first, last in intervals)
            if count > MOST_POINTS:
                raise Unsupported(f"more than {MOST_POINTS} points of a lattice in {self.cloud.d} dimensions")
        pieces = (
            (prefix, first, last) for prefix, intervals in rows_of(sizes, self.discs) for first, last in intervals
        )
        total = arb(0)
        for block in blocks(pieces):
            total = total + self._block(block)
        return total

    def _along(self, axis: int, index: int) -> list[Ball]:
        """-(x - c_k)^2/2 at x = index h of the axis, for all k."""
        known = self._rows[axis].get(index)
        if known is None:
            x = self.steps[axis] * index
            known = self._rows[axis][index] = [(x - c[axis]) * (c[axis] - x) / 2 for c in self.cloud.centres]
        return known

    def _column(self, index: int) -> list[Ball]:
        """(e^q_k, q_k e^q_k, q_k^2 e^q_k as far as needed) at the last axis."""
        known = self._columns.get(index)
        if known is None:
            q = self._along(self.cloud.d - 1, index)
            e = [v.exp() for v in q]
            known = list(e)
            if self.name in ("label", "label2", "mean2"):
                known += map(mul, q, e)
            if self.name == "label2":
                known += (v * v * w for v, w in zip(q, e, strict=True))
            self._columns[index] = known
        return known

    @cached_property
    def _columns(self) -> dict[int, list[Ball]]:
        return {}

    def _heads(self, prefix: tuple[int, ...]) -> list[list[Ball]]:
        """Rows to be multiplied by columns: one for every output of the kernel."""
        cloud, zero = self.cloud, arb(0)
        q = [arb(0)] * cloud.K
        for axis, index in enumerate(prefix):
            q = [u + v for u, v in zip(q, self._along(axis, index), strict=True)]
        e = [m * v.exp() for m, v in zip(self.masses, q, strict=True)]
        if self.name in ("log", "log2"):
            return [e]
        if self.name == "spread":
            squares = [sum((v * v for v in c), zero) for c in cloud.centres]
            return [e, *(list(map(mul, e, column)) for column in zip(*cloud.centres, strict=True)),
                    list(map(mul, e, squares))]  # fmt: skip
        logs = [u + v for u, v in zip(self.logs, q, strict=True)]
        first, nothing = list(map(mul, e, logs)), [zero] * cloud.K
        if self.name != "label2":
            return [e + nothing, first + e]
        second = list(map(mul, first, logs))
        return [e + nothing + nothing, first + e + nothing, second + [2 * v for v in first] + e]

    def _block(self, block: list[Piece]) -> Ball:
        low, high = min(p[1] for p in block), max(p[2] for p in block)
        heads = [self._heads(prefix) for prefix, _, _ in block]
        outputs = len(heads[0])
        columns = [self._column(j) for j in range(low, high + 1)]
        inner, width = len(heads[0][0]), high - low + 1
        left = arb_mat(len(block) * outputs, inner, [v for rows in heads for row in rows for v in row])
        right = arb_mat(inner, width, [v for row in zip(*columns, strict=True) for v in row])
        entries = (left * right).entries()
        total, kernel = arb(0), KERNELS[self.name]
        for i, (_, first, last) in enumerate(block):
            start = i * outputs * width
            total = total + kernel(
                *(entries[start + n * width + first - low : start + n * width + last - low + 1] for n in range(outputs))
            )
        return total

    # -- bounds ---
    def _left_out(self) -> Ball:
        """An upper bound of the lattice sum over the points that are in no disc."""
        cloud, name, result = self.cloud, self.name, arb(0)
        count = arb(cloud.K)
        absolute = name in ("log", "log2")
        surprise = (cloud.K - 1 + arb(1).exp()).log()
        for bump, disc in zip(self.bumps, self.discs, strict=True):
            if absolute:
                k = bump.k
                offset = -self.logs[k] + (count.log() if name == "log" else surprise)
                tail = tail_outside(disc.certified(cloud.centres[k]), offset, 1 if name == "log" else 2, self.steps)
                result = result + cloud.weights[k] * tail * (1 if name == "log" else 2)
                continue
            b, c = cloud.centres[bump.j], cloud.centres[bump.k]
            middle = [(u + v) / 2 for u, v in zip(b, c, strict=True)]
            tail = tail_outside(disc.certified(middle), arb(0), 0, self.steps)
            if bump.j == bump.k:
                factors = {"spread": self._far(), "label": count.log(), "label2": surprise * surprise,
                           "mean2": count.log() * count.log()}  # fmt: skip
                result = result + cloud.weights[bump.k] * factors[name] * tail
                continue
            square = sum(((u - v) * (u - v) for u, v in zip(b, c, strict=True)), arb(0))
            mass = (cloud.weights[bump.j] * cloud.weights[bump.k]).sqrt() * (-square / 8).exp()
            factors = {"spread": square / 2, "label": arb(2), "label2": 8 * (count - 1), "mean2": 2 * count.log()}
            result = result + mass * factors[name] * tail
        return result.upper()

    def _far(self) -> Ball:
        """max_k |c_k - c_0|^2, a bound of Var_r(c)."""
        first, most = self.cloud.centres[0], arb(0)
        for c in self.cloud.centres[1:]:
            most = most.max(sum(((u - v) * (u - v) for u, v in zip(c, first, strict=True)), arb(0)))
        return most

    def _absolute(self) -> Ball:
        """The discretisation error of log and log2."""
        cloud, d = self.cloud, self.cloud.d
        if self.name == "log":
            zero = two = arb(1)
            for axis in self.axes:
                delta = axis.growth() * axis.decay()
                square = ball(axis.height) * ball(axis.height)
                zero = zero * (1 + delta)
                two = two * (1 + (1 + square) * delta)
            plain = sum((w * abs(m) for w, m in zip(cloud.weights, self.logs, strict=True)), arb(0))
            error = relative_error(self.axes, self.spreads, 1)
            return (plain * (zero - 1) + ball(Fraction(d, 2)) * (two - 1) + arb(cloud.K).log() * error).upper()
        surprise = (cloud.K - 1 + arb(1).exp()).log()
        none, first, second = (_moment(n, self.steps) for n in range(3))
        mass = natural_power(none, d)
        radial = d * first * natural_power(none, d - 1)
        fourth = d * second * natural_power(none, d - 1)
        if d > 1:
            fourth = fourth + d * (d - 1) * first * first * natural_power(none, d - 2)
        result = arb(0)
        for axis, spread in zip(self.axes, self.spreads, strict=True):
            a, narrow = ball(axis.height), axis.narrowing(spread)
            bound = surprise * surprise / (narrow * narrow) * mass
            for w, m in zip(cloud.weights, self.logs, strict=True):
                offset = abs(m) + a * a / 2
                bound = bound + w * (offset * offset * mass + offset * radial + fourth / 4)
            result = result + 2 * axis.growth() * axis.decay() * bound
        return result.upper()


def _moment(n: int, steps: Sequence[Ball]) -> Ball:
    """A bound of the integral and of every lattice sum of t^(2n) N(t; 0, 1): (2n - 1)!! + 2h (2n/e)^n/sqrt(2 pi)."""
    odd = math.prod(range(1, 2 * n, 2))
    top = natural_power(2 * n / arb(1).exp(), n) / (2 * arb.pi()).sqrt()
    widest = steps[0]
    for h in steps[1:]:
        widest = widest.max(h)
    return odd + 2 * widest * top


__all__ = ["Bump", "Cloud", "bits_for", "number", "precision", "scale_of", "working"]
