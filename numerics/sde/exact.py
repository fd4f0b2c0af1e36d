"""Exact transitions of mixtures: the forward law at a node, the reverse kernel, and its mean. No step error.

By Bayes the reverse chain has the law of the forward process. That makes it an oracle for schemes, and not evidence for
the reverse SDE.
"""

from __future__ import annotations

import math

import numpy as np

from numerics.mixtures import Array, Mixture, choose, square_root, times_rows
from numerics.sde.posterior import Posterior


def forward_states(
    data: Mixture, etas: tuple[float, ...], count: int, rng: np.random.Generator
) -> tuple[Array, list[Array]]:
    """(X_0, [y at each eta]) of ``count`` channels y = eta X_0 + W_eta, ``etas`` growing; each (count, D)."""
    x0, y, before, out = np.asfortranarray(data.sample(count, rng)), None, 0.0, []
    for eta in etas:
        if eta < before:
            raise ValueError("the signal-to-noise ratios of one channel must grow")
        step = rng.standard_normal((data.D, count)).T * math.sqrt(eta - before) + (eta - before) * x0
        y = step if y is None else y + step
        before = eta
        out.append(y)
    return x0, out


def posterior_sample(data: Mixture, y: Array, eta: float, rng: np.random.Generator) -> Array:
    """X_0 given y, shape (n, D)."""
    count = len(y)
    labels = choose(Posterior(data).responsibilities(y, eta), rng.random(count))
    draws = rng.standard_normal((data.D, count)).T
    out = np.empty((data.D, count)).T
    for k in range(data.K):
        at = labels == k
        m, C = np.array(data.means[k]), np.array(data.covs[k])
        Q = np.linalg.inv(np.eye(len(m)) + eta * C)
        inner = (C @ Q + (C @ Q).T) / 2
        out[at] = times_rows(np.ascontiguousarray(y[at]), inner) + Q @ m
        if C.any():
            out[at] += times_rows(np.ascontiguousarray(draws[at]), square_root(inner))
    return out


def reverse_step(data: Mixture, y: Array, eta: float, later: float, rng: np.random.Generator) -> Array:
    """y at ``later`` given y at ``eta``: X_0 from its posterior, then the channel goes on with fresh noise."""
    if later < eta:
        raise ValueError(f"the reverse chain runs to higher signal-to-noise ratios, not from {eta:g} to {later:g}")
    x0 = posterior_sample(data, y, eta, rng)
    return y + (later - eta) * x0 + math.sqrt(later - eta) * rng.standard_normal((data.D, len(y))).T


def kernel_mean(data: Mixture, y: Array, eta: float, later: float) -> Array:
    """E[y at ``later`` | y at ``eta``] = y + (later - eta) D(y, eta), shape (n, D)."""
    return y + (later - eta) * Posterior(data).mean(y, eta)
