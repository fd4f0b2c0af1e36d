"""Integrals of a one-dimensional mixture at many noise levels: trapezoidal sums with their errors, in float64.

Every sum is taken on two interleaved grids at once, of steps h and 2 h; their difference is the error of the coarse
one, and bounds that of the fine one, which is about its square. Levels where the two disagree are done again with h/2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Union

import numpy as np

from numerics.rings import Unsupported
from numerics.sweeps.noise import EPS, Array
from numerics.sweeps.parts import Index, Line, Parts
from numerics.sweeps.windows import Windows, nodes, windows_of

Integrand = Callable[[Parts], Union[Array, tuple[Array, Array]]]
"""Points -> values (N,) >= 0, or (values, rounding (N,) beyond the one of the exponents)."""
CHUNK = 1 << 16
"""Nodes times components in memory at once."""
MOST = 30_000_000
"""Nodes a level at most."""
HALVINGS = 5
UNDERFLOW = 1e-300
"""What float64 cannot see."""


@dataclass(frozen=True)
class Estimate:
    """Numbers (n,) with their error estimates (n,)."""

    value: Array
    error: Array

    def __add__(self, other: Estimate) -> Estimate:
        total = self.value + other.value
        return Estimate(total, self.error + other.error + EPS * np.abs(total))

    def __sub__(self, other: Estimate) -> Estimate:
        return self + Estimate(-other.value, other.error)

    def times(self, factor: Array | float, loss: Array | float = 4 * EPS) -> Estimate:
        """The product with a factor of relative error ``loss``."""
        product = self.value * factor
        return Estimate(product, self.error * np.abs(factor) + loss * np.abs(product))

    def squared(self) -> Estimate:
        """The square."""
        return Estimate(self.value**2, 2 * np.abs(self.value) * self.error + EPS * self.value**2)


def exactly(value: Array | float, n: int, loss: float = 4 * EPS) -> Estimate:
    """A closed form, known to a few units in the last place."""
    full = np.broadcast_to(np.asarray(value, dtype=np.float64), (n,)).copy()
    return Estimate(full, loss * np.abs(full))


def integrals(line: Line, integrand: Integrand, *, overlap: bool) -> Estimate:
    """The integrals of a non-negative ``integrand`` (with the density in it) at all levels. Raises Unsupported."""
    n = len(line.noise.levels)
    value, error = np.zeros(n), np.zeros(n)
    windows, index = windows_of(line, overlap), np.arange(n)
    before = np.full(n, np.inf)
    for halving in range(HALVINGS + 1):
        if windows.counts().max() > MOST:
            if halving:
                break
            where = float(line.noise.levels[index[int(np.argmax(windows.counts()))]])
            raise Unsupported(f"the level {where:g} needs more than {MOST} nodes in float64; ask value for it")
        fine, coarse, rounding, largest = _sums(line.at(index), integrand, windows, overlap, index)
        gap = np.abs(fine - coarse)
        value[index], error[index] = fine, gap + 1.5 * rounding + largest + UNDERFLOW
        again = np.flatnonzero((gap > 2 * rounding) & (gap < before[index] / 2))
        before[index] = gap
        if not len(again):
            break
        windows, index = windows.refined(again), index[again]
    return Estimate(value, error)


def _sums(
    line: Line, integrand: Integrand, windows: Windows, overlap: bool, index: Index
) -> tuple[Array, Array, Array, Array]:
    """(fine sum, coarse sum, rounding estimate, what lies outside the windows), each (n,)."""
    n = len(windows.step)
    sums = np.zeros((2, n))
    rounding, largest = np.zeros(n), np.zeros(n)
    for x, odd, where in nodes(windows, max(CHUNK // line.K, 1024)):
        parts = Parts(line, x, where, index[where])
        found = integrand(parts)
        f, slip = found if isinstance(found, tuple) else (found, 0.0)
        doubt = f * (parts.overlap_doubt if overlap else parts.bulk_doubt) + slip
        starts = np.flatnonzero(np.diff(where, prepend=-1))
        at = where[starts]
        for parity in (0, 1):
            np.add.at(sums[parity], at, np.add.reduceat(np.where(odd == parity, f, 0.0), starts))
        np.add.at(rounding, at, np.add.reduceat(doubt, starts))
        np.maximum.at(largest, at, np.maximum.reduceat(f, starts))
    h = windows.step
    return h * (sums[0] + sums[1]), 2 * h * sums[0], h * rounding + 4 * EPS * h * sums.sum(axis=0), 1e-18 * h * largest


# -- integrands: non-negative, with the density in them ----------------------------------------------------------------
def label_entropy(parts: Parts) -> Array:
    """p H(Z|x) = p sum_k r_k (-log r_k)."""
    total: Array = parts.density * (parts.posterior * parts.surprise).sum(axis=0)
    return total


def information(parts: Parts) -> Array:
    """p sum_k r_k log(r_k/w_k)."""
    return parts.density * parts.information


def fisher(parts: Parts) -> Array:
    """p s^2."""
    return parts.density * parts.score**2


def slope_variance(parts: Parts) -> Array:
    """p sum_k r_k (s_k - s)^2."""
    return parts.density * parts.slope_variance


def squared_surprise(parts: Parts) -> Array:
    """p sum_k r_k log^2 r_k."""
    total: Array = parts.density * (parts.posterior * parts.surprise**2).sum(axis=0)
    return total


def squared_entropy(parts: Parts) -> Array:
    """p H(Z|x)^2."""
    total: Array = parts.density * (parts.posterior * parts.surprise).sum(axis=0) ** 2
    return total


def centred(line: Line, mean: Array, what: str) -> Integrand:
    """p (log p - mean)^2, or p sum_k r_k (-log r_k - mean)^2, or p (H(Z|x) - mean)^2, with ``mean`` (n,)."""

    def work(parts: Parts) -> tuple[Array, Array]:
        middle = mean[parts.asked]
        if what == "log-density":
            return _squared(parts, parts.log_density - middle, np.abs(parts.log_density) + np.abs(middle))
        if what == "surprise":
            return _squared(parts, parts.surprise - middle, parts.surprise + middle)
        entropy = (parts.posterior * parts.surprise).sum(axis=0)
        return _squared(parts, entropy - middle, entropy + middle)

    return work


def centred_gain(line: Line, information_of: Array, what: str) -> Integrand:
    """The same two variances at large noise, where r_k is close to w_k, through gains log(r_k/w_k).

    -log r_k - H(Z|X) = c_k - gain_k + I, and H(Z|x) - H(Z|X) = sum_k (r_k - w_k) c_k - (information(x) - I).
    """
    c = line.surprises[:, None]

    def work(parts: Parts) -> tuple[Array, Array]:
        mean = information_of[parts.asked]
        if what == "surprise":
            return _squared(parts, c - parts.gains + mean, np.abs(c) + np.abs(parts.gains) + mean)
        shifts = line.weights[:, None] * np.expm1(np.minimum(parts.gains, 50.0)) * c
        size = np.abs(shifts).sum(axis=0) + parts.information + mean
        return _squared(parts, shifts.sum(axis=0) - parts.information + mean, size)

    return work


def _squared(parts: Parts, away: Array, size: Array) -> tuple[Array, Array]:
    """(p away^2, its rounding), ``away`` a difference of numbers of the given size; averaged over k if (K, N)."""
    square, slip = away * away, 16 * EPS * np.abs(away) * size
    if away.ndim == 2:
        square, slip = (parts.posterior * square).sum(axis=0), (parts.posterior * slip).sum(axis=0)
    return parts.density * square, parts.density * slip
