"""Lattices in y: where the values live between two steps, and how Gaussian noise moves them.

A Gaussian average of values on a uniform lattice is a sum over its points: the trapezoidal rule, whose error falls like
exp(-2 (pi s/d)^2) in the sd s of the noise over the spacing d, and like exp(-2 pi a/d) in the half-width a of the strip
in which the values are analytic (Trefethen and Weideman 2014). Nothing is interpolated. The nearest singularities are
those of the responsibilities, at a = pi/(difference of the slopes of the log weights) where two components balance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from numerics.mixtures import Array, Mixture
from numerics.sde.posterior import Posterior

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

REACH = 8.3
"""The noise is cut at this many sd: beyond lie 1e-16."""


@dataclass(frozen=True)
class Resolution:
    """How fine lattices are.

    ``per_noise``: points a sd of the noise; ``per_strip``: points a half-width of the strip; ``reach``: sd of the
    components that a lattice covers; ``most``: points an axis; ``hermite``: nodes for the noise of schemes that are
    no sums; ``shift``: where the first point lies, in spacings.
    """

    per_noise: float
    per_strip: float
    reach: float
    most: int
    hermite: int = 40
    shift: float = 0.0

    def moved(self) -> Resolution:
        """Lattices half a spacing aside, and a little shorter: the leading error of the sums changes its sign."""
        return replace(self, reach=self.reach - 0.75, hermite=self.hermite - 8, shift=self.shift + 0.5)


@dataclass(frozen=True)
class Axis:
    """Points first, first + spacing, .."""

    first: float
    spacing: float
    count: int

    @property
    def points(self) -> Array:
        """All of them, (count,)."""
        return self.first + self.spacing * np.arange(self.count, dtype=np.float64)

    def finer(self, factor: int) -> Axis:
        """The same interval with ``factor`` times as many points."""
        return Axis(self.first, self.spacing / factor, (self.count - 1) * factor + 1)


def axes(
    data: Mixture, eta: float, noise: float, resolution: Resolution, *, ahead: float = 0.0, strength: float = 1.0
) -> tuple[Axis, ...]:
    """A lattice over the law of y at ``eta`` plus noise of variance ``ahead``, for values to be averaged.

    ``noise`` is the sd of the Gaussian that averages them; ``strength`` multiplies the drift.
    """
    places, sds = _components(data, eta, ahead)
    if strength != 1:
        farther, wider = _driven(data, eta, ahead, strength)
        places, sds = np.concatenate([places, farther]), np.concatenate([sds, wider])
    with np.errstate(over="ignore", invalid="ignore"):
        low = (places - resolution.reach * sds).min(axis=0)
        high = (places + resolution.reach * sds).max(axis=0)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise ValueError(f"{strength:g} times the drift carries paths out of float64; give a factor nearer to 1")
    spacing = min(noise / resolution.per_noise, strip(data, eta) / resolution.per_strip)
    out = []
    for start, end in zip(low, high, strict=True):
        width = max(spacing, float(end - start) / (resolution.most - 2))
        count = math.ceil((end - start) / width) + 2
        out.append(Axis(float(start) + (resolution.shift - 0.5) * width, width, count))
    return tuple(out)


LOOSE = 2.0
"""Spacings up to this many times the wanted one still show their error when they are moved;"""
FEATURES = 4.0
"""so do those of which so many lie within the narrowest component and the strip: values are smooth there."""


def resolved(data: Mixture, eta: float, noise: float, resolution: Resolution, axis: tuple[Axis, ...]) -> bool:
    """Whether a lattice of :func:`axes`, limited to ``most`` points, is dense enough to tell its own error."""
    widest, analytic = max(a.spacing for a in axis), strip(data, eta)
    wanted = min(noise / resolution.per_noise, analytic / resolution.per_strip)
    least = min(float(np.linalg.eigvalsh(np.array(cov))[0]) for cov in data.covs)
    narrow = math.sqrt(eta * eta * max(least, 0.0) + eta)
    return widest <= max(LOOSE * wanted, min(narrow, analytic) / FEATURES)


def _components(data: Mixture, eta: float, ahead: float = 0.0) -> tuple[Array, Array]:
    """Centres and standard deviations of the components of y, (K, D) each."""
    inner = np.array([np.diag(np.array(cov)) for cov in data.covs])
    return eta * np.array(data.means), np.sqrt(eta * eta * inner + eta + ahead)


def _driven(data: Mixture, eta: float, ahead: float, strength: float) -> tuple[Array, Array]:
    """The same under dy = strength (m + c y)/(1 + eta c) d eta + dW, the drift of one component N(m, c) alone.

    With z = 1 + eta c the mean is m (z^strength - 1)/c, the variance (z^(2 strength) - z)/((2 strength - 1) c).
    """
    inner = np.maximum(np.array([np.diag(np.array(cov)) for cov in data.covs]), 1e-12 / eta if eta > 0 else 1e-12)
    logs = np.log1p(eta * inner)
    rate = 2 * strength - 1
    with np.errstate(over="ignore", invalid="ignore"):
        means = np.array(data.means) * np.expm1(strength * logs) / inner
        variances = np.exp(logs) * (np.expm1(rate * logs) / rate if rate else logs) / inner
        return means, np.sqrt(variances + ahead)


SCAN = 4096
"""Places at which the slopes of the log weights are compared, within so many sd of some component:"""
SCANNED = 7.5


@lru_cache(maxsize=4096)
def strip(data: Mixture, eta: float) -> float:
    """About the half-width of the strip around the real points of the law in which the responsibilities are analytic.

    The gradient of a log weight is the component's posterior mean, so the spread of these means under the
    responsibilities, Cov(X_0 | y) less its part within components, measures the difference of slopes where components
    balance: two equal ones of difference b have the standard deviation b/2.
    """
    if data.K == 1:
        return math.inf
    places, sds = _components(data, eta)
    each = round((SCAN / data.K) ** (1 / data.D))
    cube = np.meshgrid(*(np.linspace(-SCANNED, SCANNED, each),) * data.D, indexing="ij")
    rays = np.stack([c.ravel() for c in cube])
    y = np.concatenate([place[:, None] + sd[:, None] * rays for place, sd in zip(places, sds, strict=True)], axis=1).T
    spread = math.sqrt(float(Posterior(data).between(y, eta).max()))
    return math.pi / (2 * spread) if spread > 0 else math.inf


def lattice_points(axis: tuple[Axis, ...]) -> Array:
    """All points of the lattice, (n, r), coordinate-major; the last coordinate runs fastest."""
    mesh = np.meshgrid(*(a.points for a in axis), indexing="ij")
    return np.stack([m.ravel() for m in mesh]).T


def gaussian_sums(targets: Array, noise: float, axis: Axis) -> csr_matrix:
    """The matrix of f -> E f(z + noise xi), from values on ``axis`` to targets z (n,); rows add up to one."""
    from scipy.sparse import csr_matrix

    width = min(int(2 * REACH * noise / axis.spacing) + 2, axis.count)
    start = np.floor((targets - REACH * noise - axis.first) / axis.spacing).astype(np.intp) + 1
    start = np.clip(start, 0, axis.count - width)
    columns = start[:, None] + np.arange(width)
    away = (axis.first + axis.spacing * columns - targets[:, None]) / noise
    away *= away
    # relative to the nearest point: a target off the lattice takes the value at its end
    away -= away.min(axis=1, keepdims=True)
    away *= -0.5
    kernel = np.exp(away)
    kernel /= kernel.sum(axis=1, keepdims=True)
    pointers = np.arange(len(targets) + 1) * width
    return csr_matrix((kernel.ravel(), columns.ravel(), pointers), shape=(len(targets), axis.count))
