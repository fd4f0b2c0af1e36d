"""What averages over the forward law must be, by a route without paths: exact moments, the exact distribution function,
and the trapezoidal rule on the law of y = eta X_0 + W_eta in one and two dimensions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from numerics.mixtures import Array, Mixture
from numerics.sde.posterior import Posterior

Field = Callable[[Posterior, Array, float], Array]
REACH = 12.0
"""Standard deviations of each component to either side; beyond are 1e-32 of its mass."""
TOLERANCE = 1e-8
"""Two refinements of the rule must agree to this part of the mean absolute value."""
FIRST = {1: 2049, 2: 193}
LAST = {1: 1 << 20, 2: 3200}


class NoTargetError(ValueError):
    """There is no independent number to compare with. The message says why."""


def expectation(data: Mixture, eta: float, field: Field, *, tolerance: float = TOLERANCE) -> float:
    """E field(posterior, y, eta) under the forward law at ``eta`` > 0; a field with a kink asks for less ``tolerance``.

    Raises NoTargetError above two dimensions, or if the rule does not converge (a field that jumps).
    """
    if data.D > 2:
        raise NoTargetError(f"no quadrature in {data.D} dimensions; compare with an exact moment or an identity")
    if not eta > 0:
        raise NoTargetError("at signal-to-noise ratio 0 the law of y is a point")
    points, before = FIRST[data.D], math.nan
    while points <= LAST[data.D]:
        value, size = _rule(data, eta, field, points)
        if abs(value - before) <= tolerance * size:
            return value
        points, before = 2 * points - 1, value
    raise NoTargetError(f"the quadrature at eta = {eta:g} did not settle on {points // 2} points an axis")


def _rule(data: Mixture, eta: float, field: Field, points: int) -> tuple[float, float]:
    """(average, average of the absolute value), a grid for each component, so that narrow ones cost nothing more."""
    posterior = Posterior(data)
    z = np.linspace(-REACH, REACH, points)
    weights = np.exp(-0.5 * z * z)
    weights /= weights.sum()
    total = size = 0.0
    for w, mean, cov in zip(data.weights, data.means, data.covs, strict=True):
        values, vectors = np.linalg.eigh(np.array(cov))
        spreads = np.sqrt(eta * eta * np.maximum(values, 0.0) + eta)
        if data.D == 1:
            y, mass = (eta * mean[0] + spreads[0] * z)[:, None], weights
            found = field(posterior, y, eta)
            total += w * float((found * mass).sum())
            size += w * float((np.abs(found) * mass).sum())
            continue
        for a, mass_a in zip(z, weights, strict=True):
            if mass_a < 1e-25:
                continue
            local = np.array([np.full(points, a * spreads[0]), spreads[1] * z])
            y = (eta * np.array(mean)[:, None] + vectors @ local).T
            found = field(posterior, y, eta)
            total += w * float(mass_a) * float((found * weights).sum())
            size += w * float(mass_a) * float((np.abs(found) * weights).sum())
    return total, size


def distribution(data: Mixture, eta: float, y: Array) -> Array:
    """P(Y <= y) under the forward law at ``eta`` on the line; exact. Raises NoTargetError above one dimension."""
    from scipy.special import ndtr

    if data.D > 1:
        raise NoTargetError(f"the distribution function is compared on the line, not in {data.D} dimensions")
    total: Array = np.zeros(len(y))
    for w, mean, cov in zip(data.weights, data.means, data.covs, strict=True):
        total += w * ndtr((y.T[0] - eta * mean[0]) / math.sqrt(eta * eta * cov[0][0] + eta))
    return total


@lru_cache(maxsize=256)
def moments(data: Mixture) -> tuple[tuple[float, ...], float]:
    """(E X_0, E |X_0 - E X_0|^2), exact up to rounding."""
    mean = tuple(math.fsum(w * m[i] for w, m in zip(data.weights, data.means, strict=True)) for i in range(data.D))
    spread = math.fsum(
        w * (cov[i][i] + (m[i] - mean[i]) ** 2)
        for w, m, cov in zip(data.weights, data.means, data.covs, strict=True)
        for i in range(data.D)
    )
    return mean, spread
