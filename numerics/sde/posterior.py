"""The posterior of X_0 in localisation coordinates, float64, vectorised over paths.

With y = alpha X_t/sigma^2 and the signal-to-noise ratio eta = alpha^2/sigma^2 every linear channel is y = eta X_0 +
W_eta: the schedule is only a view. The posterior is the prior tilted by exp(y . x_0 - eta |x_0|^2/2), so for a Gaussian
component N(m, C) with Q = (1 + eta C)^-1 the log weight is

    log w + log det(Q)/2 + m.Qy - eta m.Qm/2 + y.CQy/2,      mean  Q(m + C y),      covariance  CQ.

Nothing is divided by sigma^2, and at eta = 0, y = 0 it is the prior itself.

States are arrays (n, D). They are best stored coordinate-major, as the transpose of a C-contiguous (D, n) array:
then each coordinate is one contiguous row. Sums over coordinates and components are elementwise, without BLAS: the same
bits on any number of threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from numerics.mixtures import Array, Mixture


@dataclass(frozen=True)
class _Component:
    """One component at one eta: what multiplies 1, y and y y in the log weight, and 1 and y in the mean."""

    constant: float
    linear: tuple[float, ...]
    matrix: tuple[tuple[float, ...], ...]
    scalar: float | None
    """C Q is ``scalar`` times one (None: it is the full ``matrix``)."""

    def log_weight(self, rows: Array) -> Array:
        """The unnormalised log posterior weight at points given as rows (D, n)."""
        if self.scalar is not None:
            if self.scalar == 0:
                total: Array = self.linear[0] * rows[0] + self.constant
                for a, row in zip(self.linear[1:], rows[1:], strict=True):
                    total += a * row
                return total
            half = self.scalar / 2
            total = (half * rows[0] + self.linear[0]) * rows[0] + self.constant
            for a, row in zip(self.linear[1:], rows[1:], strict=True):
                total += (half * row + a) * row
            return total
        total = np.full(rows.shape[1], self.constant)
        for i, a in enumerate(self.linear):
            total += (0.5 * self._times(rows, i) + a) * rows[i]
        return total

    def _times(self, rows: Array, i: int) -> Array:
        if self.scalar is not None:
            scaled: Array = self.scalar * rows[i]
            return scaled
        total: Array = self.matrix[i][0] * rows[0]
        for j in range(1, len(rows)):
            total += self.matrix[i][j] * rows[j]
        return total

    def mean(self, rows: Array, i: int) -> Array | float:
        """Coordinate ``i`` of the component's posterior mean."""
        if self.scalar == 0:
            return self.linear[i]
        moved: Array = self._times(rows, i)
        moved += self.linear[i]
        return moved


@dataclass(frozen=True)
class Posterior:
    """The posterior of X_0 under the prior ``data``; every method takes y, shape (n, D), and eta >= 0."""

    data: Mixture

    @property
    def D(self) -> int:
        """The dimension."""
        return self.data.D

    @property
    def K(self) -> int:
        """The number of components."""
        return self.data.K

    def mean(self, y: Array, eta: float) -> Array:
        """D(y, eta) = E[X_0 | y], shape (n, D)."""
        parts, rows = _components(self.data, eta), y.T
        weights = _normalised([p.log_weight(rows) for p in parts])
        return self._average(parts, weights, rows)

    def _average(self, parts: tuple[_Component, ...], weights: list[Array], rows: Array) -> Array:
        out = np.empty(rows.shape)
        for i in range(self.D):
            np.multiply(weights[0], parts[0].mean(rows, i), out=out[i])
            for part, weight in zip(parts[1:], weights[1:], strict=True):
                out[i] += weight * part.mean(rows, i)
        return out.T

    def log_responsibilities(self, y: Array, eta: float) -> Array:
        """log P(component | y), shape (K, n)."""
        parts, rows = _components(self.data, eta), y.T
        logs = np.stack([p.log_weight(rows) for p in parts])
        logs -= _log_sum(logs)
        return logs

    def responsibilities(self, y: Array, eta: float) -> Array:
        """P(component | y), shape (K, n)."""
        parts, rows = _components(self.data, eta), y.T
        return np.stack(_normalised([p.log_weight(rows) for p in parts]))

    def log_evidence(self, y: Array, eta: float) -> Array:
        """log E exp(y . X_0 - eta |X_0|^2/2), shape (n,): the log density of y relative to N(0, eta)."""
        parts, rows = _components(self.data, eta), y.T
        return _log_sum(np.stack([p.log_weight(rows) for p in parts]))

    def log_density(self, y: Array, eta: float) -> Array:
        """log p(x) of X_t = x in the variance-exploding view alpha = 1, where x = y/eta; nats. Needs eta > 0."""
        rows = y.T
        squares = rows[0] * rows[0]
        for row in rows[1:]:
            squares += row * row
        gauss: Array = -0.5 * squares / eta + 0.5 * self.D * math.log(eta / (2 * math.pi))
        return gauss + self.log_evidence(y, eta)

    def score(self, y: Array, eta: float) -> Array:
        """The score of X_t at x = y/eta in the same view: eta (D - x) = eta D - y, shape (n, D)."""
        pull = self.mean(y, eta)
        pull *= eta
        pull -= y
        return pull

    def covariance(self, y: Array, eta: float) -> Array:
        """Cov(X_0 | y), shape (D, D, n); the spread of the component means is summed about D, without cancellation."""
        parts, rows = _components(self.data, eta), y.T
        weights = _normalised([p.log_weight(rows) for p in parts])
        centre = self._average(parts, weights, rows).T
        out = np.zeros((self.D, self.D, rows.shape[1]))
        for part, weight in zip(parts, weights, strict=True):
            away = [part.mean(rows, i) - centre[i] for i in range(self.D)]
            for i in range(self.D):
                for j in range(i + 1):
                    out[i, j] += weight * (away[i] * away[j] + part.matrix[i][j])
        for i in range(self.D):
            for j in range(i):
                out[j, i] = out[i, j]
        return out

    def class_entropy(self, y: Array, eta: float) -> Array:
        """H(component | y) in nats, shape (n,); for atoms the conditional entropy of X_0 itself."""
        logs = self.log_responsibilities(y, eta)
        total = np.zeros(logs.shape[1])
        for row in logs:
            total -= np.exp(row) * row
        return total


@lru_cache(maxsize=8192)
def _components(data: Mixture, eta: float) -> tuple[_Component, ...]:
    out = []
    for w, mean, cov in zip(data.weights, data.means, data.covs, strict=True):
        m, C = np.array(mean), np.array(cov)
        if np.array_equal(C, C[0, 0] * np.eye(len(m))):
            c = float(C[0, 0])
            q = 1 / (1 + eta * c)
            constant = math.log(w) - 0.5 * len(m) * math.log1p(eta * c) - 0.5 * eta * q * math.fsum(m * m)
            matrix = c * q * np.eye(len(m))
            out.append(_Component(constant, tuple((q * m).tolist()), _tuples(matrix), c * q))
            continue
        values, vectors = np.linalg.eigh(C)
        values = np.maximum(values, 0.0)
        q = 1 / (1 + eta * values)
        pull = np.einsum("ij,j,kj->ik", vectors, q, vectors)
        matrix = np.einsum("ij,j,kj->ik", vectors, values * q, vectors)
        linear = np.einsum("ij,j->i", pull, m)
        constant = math.log(w) - 0.5 * math.fsum(np.log1p(eta * values)) - 0.5 * eta * math.fsum(m * linear)
        out.append(_Component(constant, tuple(linear.tolist()), _tuples((matrix + matrix.T) / 2), None))
    return tuple(out)


def _tuples(matrix: Array) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())


def _log_sum(logs: Array) -> Array:
    top = logs.max(axis=0)
    total: Array = np.exp(logs[0] - top)
    for row in logs[1:]:
        total += np.exp(row - top)
    np.log(total, out=total)
    total += top
    return total


def _normalised(logs: list[Array]) -> list[Array]:
    """The weights of log weights; for two of them one exponential suffices (clamped where it would overflow)."""
    if len(logs) == 1:
        return [np.ones_like(logs[0])]
    if len(logs) == 2:
        odds = np.exp(np.clip(logs[1] - logs[0], -700.0, 700.0))
        first = 1 / (1 + odds)
        return [first, odds * first]
    top = logs[0]
    for value in logs[1:]:
        top = np.maximum(top, value)
    parts = [np.exp(value - top) for value in logs]
    total = parts[0].copy()
    for part in parts[1:]:
        total += part
    return [part / total for part in parts]
