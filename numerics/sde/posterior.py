"""The posterior of X_0 in localisation coordinates, float64, vectorised over paths.

With y = alpha X_t/sigma^2 and the signal-to-noise ratio eta = alpha^2/sigma^2 every linear channel is y = eta X_0 +
W_eta: the schedule is only a view. The posterior is the prior tilted by exp(y . x_0 - eta |x_0|^2/2), so for a Gaussian
component N(m, C) with Q = (1 + eta C)^-1 the log weight is

    log w + log det(Q)/2 + m.Qy - eta m.Qm/2 + y.CQy/2,      mean  Q(m + C y),      covariance  CQ.

Nothing is divided by sigma^2, and at eta = 0, y = 0 it is the prior itself. These terms grow like eta times the second
moment of X_0 and cancel, so far data are taken about their mean, and at high eta log weights are read as

    log w + log det(Q)/2 - (y - eta m).Q(y - eta m)/(2 eta)      up to |y|^2/(2 eta), the same for all components,

where the components that matter have small terms. Scores and divergences, too, are sums of those of the components,
-Q(y - eta m): eta D - y would lose eta |X_0|^2 units of the last place.

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

FAR = 8.0
"""Data whose mean is this many times as far from 0 as its components are wide are taken about the mean."""
CLOSE = 100.0
"""From this eta times the squared size of the law on, log weights are read from distances."""
RUNAWAY = 1e100
"""Points beyond belong to no path of the law."""


@dataclass(frozen=True)
class _Component:
    """One component at one eta: what multiplies 1, y and y y in the log weight, and 1 and y in the mean."""

    constant: float
    linear: tuple[float, ...]
    matrix: tuple[tuple[float, ...], ...]
    scalar: float | None
    """C Q is ``scalar`` times one (None: it is the full ``matrix``)."""
    eta: float
    place: tuple[float, ...]
    """eta m."""
    shrink: tuple[tuple[float, ...], ...]
    """Q."""
    height: float
    """log w + log det(Q)/2."""
    close: bool
    """Log weights are read from distances."""

    def near(self, rows: Array) -> Array:
        """log w + log det(Q)/2 - (y - eta m).Q(y - eta m)/(2 eta); eta > 0."""
        away = [row - at for row, at in zip(rows, self.place, strict=True)]
        if self.scalar is not None:
            total: Array = away[0] * away[0]
            for part in away[1:]:
                total += part * part
            total *= -0.5 * self.shrink[0][0] / self.eta
        else:
            total = np.zeros(rows.shape[1])
            for i, part in enumerate(away):
                total += self._shrunk(away, i) * part
            total *= -0.5 / self.eta
        total += self.height
        return total

    def score(self, rows: Array) -> list[Array]:
        """-Q(y - eta m), coordinate by coordinate."""
        away = [at - row for row, at in zip(rows, self.place, strict=True)]
        return [self._shrunk(away, i) for i in range(len(away))]

    def _shrunk(self, away: list[Array], i: int) -> Array:
        if self.scalar is not None:
            scaled: Array = self.shrink[0][0] * away[i]
            return scaled
        total: Array = self.shrink[i][0] * away[0]
        for j in range(1, len(away)):
            total += self.shrink[i][j] * away[j]
        return total

    def natural(self, rows: Array) -> Array:
        """log w + log det(Q)/2 + m.Qy - eta m.Qm/2 + y.CQy/2."""
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

    def _at(self, y: Array, eta: float) -> tuple[tuple[_Component, ...], Array]:
        """The components, and the points as rows (D, n), both about the centre."""
        centre, rows = _frame(self.data)[0], y.T
        if centre is not None:
            rows = rows - (eta * centre)[:, None]
        return _components(self.data, eta), rows

    def mean(self, y: Array, eta: float) -> Array:
        """D(y, eta) = E[X_0 | y], shape (n, D)."""
        parts, rows = self._at(y, eta)
        weights = _normalised(_log_weights(parts, rows))
        out, centre = self._average(parts, weights, rows), _frame(self.data)[0]
        if centre is not None:
            out += centre
        return out

    def _average(self, parts: tuple[_Component, ...], weights: list[Array], rows: Array) -> Array:
        out = np.empty(rows.shape)
        for i in range(self.D):
            np.multiply(weights[0], parts[0].mean(rows, i), out=out[i])
            for part, weight in zip(parts[1:], weights[1:], strict=True):
                out[i] += weight * part.mean(rows, i)
        return out.T

    def log_responsibilities(self, y: Array, eta: float) -> Array:
        """log P(component | y), shape (K, n)."""
        parts, rows = self._at(y, eta)
        logs = np.stack(_log_weights(parts, rows))
        logs -= _log_sum(logs)
        return logs

    def responsibilities(self, y: Array, eta: float) -> Array:
        """P(component | y), shape (K, n)."""
        parts, rows = self._at(y, eta)
        return np.stack(_normalised(_log_weights(parts, rows)))

    def log_evidence(self, y: Array, eta: float) -> Array:
        """log E exp(y . X_0 - eta |X_0|^2/2), shape (n,): the log density of y relative to N(0, eta)."""
        parts, rows = self._at(y, eta)
        logs = _log_sum(np.stack(_log_weights(parts, rows)))
        if _are_close(parts, rows):
            for row in rows:
                logs += row * row / (2 * eta)
        centre = _frame(self.data)[0]
        if centre is not None:
            for c, row in zip(centre, y.T, strict=True):
                logs += c * (row - eta * c / 2)
        return logs

    def log_density(self, y: Array, eta: float) -> Array:
        """log p(x) of X_t = x in the variance-exploding view alpha = 1, where x = y/eta; nats. Needs eta > 0."""
        parts, rows = self._at(y, eta)
        logs = _log_sum(np.stack([p.near(rows) for p in parts]))
        logs += 0.5 * self.D * math.log(eta / (2 * math.pi))
        return logs

    def score(self, y: Array, eta: float) -> Array:
        """The score of X_t at x = y/eta in the same view: eta (D - x) = eta D - y, shape (n, D)."""
        parts, rows = self._at(y, eta)
        return _combined(parts, _normalised(_log_weights(parts, rows)), rows).T

    def divergence(self, y: Array, eta: float) -> Array:
        """div s = eta (eta tr Cov(X_0 | y) - D) in the same view, shape (n,)."""
        parts, rows = self._at(y, eta)
        weights = _normalised(_log_weights(parts, rows))
        whole, total = _combined(parts, weights, rows), np.zeros(rows.shape[1])
        for part, weight in zip(parts, weights, strict=True):
            inner = np.full(rows.shape[1], -eta * math.fsum(part.shrink[i][i] for i in range(self.D)))
            for own, all_of_them in zip(part.score(rows), whole, strict=True):
                inner += (own - all_of_them) ** 2
            total += weight * inner
        return total

    def between(self, y: Array, eta: float) -> Array:
        """The trace of the covariance of the components' posterior means under the responsibilities, shape (n,)."""
        parts, rows = self._at(y, eta)
        weights, total = _normalised(_log_weights(parts, rows)), np.zeros(rows.shape[1])
        # at high eta all means are y/eta and little more: their differences are those of the scores, over eta
        whole = _combined(parts, weights, rows) / eta if parts[0].close else self._average(parts, weights, rows).T
        for part, weight in zip(parts, weights, strict=True):
            scores = part.score(rows) if part.close else []
            for i in range(self.D):
                own = scores[i] / eta if part.close else part.mean(rows, i)
                total += weight * (own - whole[i]) ** 2
        return total

    def covariance(self, y: Array, eta: float) -> Array:
        """Cov(X_0 | y), shape (D, D, n); the spread of the component means is summed about D, without cancellation."""
        parts, rows = self._at(y, eta)
        weights = _normalised(_log_weights(parts, rows))
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


@lru_cache(maxsize=1024)
def _frame(data: Mixture) -> tuple[Array | None, float]:
    """The centre (None: the data are not far from 0), and the squared size of the law about it."""
    means = np.array(data.means)
    centre: Array = (np.array(data.weights)[:, None] * means).sum(axis=0)
    inner = max(float(np.trace(np.array(cov))) for cov in data.covs)
    size = float(((means - centre) ** 2).sum(axis=1).max()) + inner
    if math.fsum(centre**2) > FAR**2 * size:
        return centre, size
    return None, float((means**2).sum(axis=1).max()) + inner


@lru_cache(maxsize=8192)
def _components(data: Mixture, eta: float) -> tuple[_Component, ...]:
    centre, size = _frame(data)
    out, close = [], eta * size > CLOSE
    for w, mean, cov in zip(data.weights, data.means, data.covs, strict=True):
        m, C = np.array(mean), np.array(cov)
        if centre is not None:
            m = m - centre
        place = tuple((eta * m).tolist())
        if np.array_equal(C, C[0, 0] * np.eye(len(m))):
            c = float(C[0, 0])
            q = 1 / (1 + eta * c)
            height = math.log(w) - 0.5 * len(m) * math.log1p(eta * c)
            constant = height - 0.5 * eta * q * math.fsum(m * m)
            matrix, shrink = c * q * np.eye(len(m)), _tuples(q * np.eye(len(m)))
            linear = tuple((q * m).tolist())
            out.append(_Component(constant, linear, _tuples(matrix), c * q, eta, place, shrink, height, close))
            continue
        values, vectors = np.linalg.eigh(C)
        values = np.maximum(values, 0.0)
        q = 1 / (1 + eta * values)
        pull = np.einsum("ij,j,kj->ik", vectors, q, vectors)
        matrix = np.einsum("ij,j,kj->ik", vectors, values * q, vectors)
        moved = np.einsum("ij,j->i", pull, m)
        height = math.log(w) - 0.5 * math.fsum(np.log1p(eta * values))
        constant = height - 0.5 * eta * math.fsum(m * moved)
        linear, shrink = tuple(moved.tolist()), _tuples((pull + pull.T) / 2)
        out.append(_Component(constant, linear, _tuples((matrix + matrix.T) / 2), None, eta, place, shrink, height,
                              close))  # fmt: skip
    return tuple(out)


def _are_close(parts: tuple[_Component, ...], rows: Array) -> bool:
    """Whether log weights are read from distances. A path that runs away has distances whose squares overflow."""
    return parts[0].close and float(np.abs(rows).max(initial=0.0)) < RUNAWAY


def _log_weights(parts: tuple[_Component, ...], rows: Array) -> list[Array]:
    """The log posterior weights at points given as rows (D, n), up to a term that all share."""
    close = _are_close(parts, rows)
    return [part.near(rows) if close else part.natural(rows) for part in parts]


def _combined(parts: tuple[_Component, ...], weights: list[Array], rows: Array) -> Array:
    """The score, (D, n)."""
    out = np.zeros(rows.shape)
    for part, weight in zip(parts, weights, strict=True):
        for total, own in zip(out, part.score(rows), strict=True):
            total += weight * own
    return out


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
