"""Gaussian mixtures in float64: density, score, responsibilities, sampling; vectorised over points.

Points are arrays of shape (n, D). Everything goes through log-sum-exp, so far tails and small noise are safe. Sums
over components and coordinates are written out as elementwise operations: no BLAS, hence the same bits on any number
of threads. Big arrays are handled by the caller in chunks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from theory.language.instances import Law, LawError

Array = NDArray[np.float64]
LOG_2PI = math.log(2 * math.pi)


class Drawn(NamedTuple):
    """Draws of X_0, shape (n, D), and the labels (n,) of their components."""

    x0: Array
    labels: NDArray[np.intp]


@dataclass(frozen=True)
class Mixture:
    """Weights (K), means (K tuples of D), covariances (K, D, D as nested tuples); zero covariances are atoms."""

    weights: tuple[float, ...]
    means: tuple[tuple[float, ...], ...]
    covs: tuple[tuple[tuple[float, ...], ...], ...]

    @property
    def D(self) -> int:
        """The dimension."""
        return len(self.means[0])

    @property
    def K(self) -> int:
        """The number of components."""
        return len(self.weights)

    @property
    def is_discrete(self) -> bool:
        """Every component is an atom."""
        return not any(v for cov in self.covs for row in cov for v in row)

    def noised(self, alpha: float, sigma: float) -> Noised:
        """The law of alpha X_0 + sigma eps."""
        return _noised(self, alpha, sigma)

    def sample(self, count: int, rng: np.random.Generator) -> Array:
        """``count`` independent draws of X_0, shape (count, D)."""
        return self.draw(count, rng).x0

    def draw(self, count: int, rng: np.random.Generator) -> Drawn:
        """``count`` independent draws of X_0, with the components that they come from."""
        labels = choose(np.broadcast_to(np.array(self.weights)[:, None], (self.K, count)), rng.random(count))
        draws = rng.standard_normal((count, self.D))
        out = np.empty((count, self.D))
        for k in range(self.K):
            at = labels == k
            out[at] = np.array(self.means[k]) + times_rows(draws[at], self._roots[k])
        return Drawn(out, labels)

    @cached_property
    def _roots(self) -> tuple[Array, ...]:
        return tuple(square_root(np.array(cov)) for cov in self.covs)


def square_root(matrix: Array) -> Array:
    """The symmetric square root of a positive semi-definite matrix (D, D)."""
    if matrix.shape == (1, 1):
        scalar: Array = np.sqrt(matrix)
        return scalar
    values, vectors = np.linalg.eigh(matrix)
    root: Array = np.einsum("ij,j,kj->ik", vectors, np.sqrt(np.maximum(values, 0.0)), vectors)
    return root


def times_rows(points: Array, matrix: Array) -> Array:
    """points (n, D) times a symmetric matrix (D, D), by elementwise operations."""
    D = points.shape[1]
    if D == 1:
        scaled: Array = points * matrix[0, 0]
        return scaled
    columns = [sum(points[:, i] * matrix[i, j] for i in range(D)) for j in range(D)]
    return np.stack([np.asarray(c) for c in columns], axis=1)


def choose(probabilities: Array, uniforms: Array) -> NDArray[np.intp]:
    """A label for each column of ``probabilities`` (K, n) by inversion of its distribution function."""
    labels = np.zeros(uniforms.shape, dtype=np.intp)
    total = np.zeros(uniforms.shape)
    for row in probabilities[:-1]:
        total = total + row
        labels += uniforms >= total
    return labels


@lru_cache(maxsize=4096)
def _noised(data: Mixture, alpha: float, sigma: float) -> Noised:
    return Noised(data, alpha, sigma)


class Noised:
    """The law of X_t = alpha X_0 + sigma eps; sigma > 0, or any sigma if X_0 has a density."""

    def __init__(self, data: Mixture, alpha: float, sigma: float) -> None:
        self.data, self.alpha, self.sigma = data, alpha, sigma
        D = data.D
        self.centres = [alpha * np.array(mean) for mean in data.means]
        covs = [alpha**2 * np.array(cov) + sigma**2 * np.eye(D) for cov in data.covs]
        self.precisions: list[Array] = [np.asarray(np.linalg.inv(cov), dtype=np.float64) for cov in covs]
        # An isotropic component needs one number, not a matrix.
        self.scalars = [float(P[0, 0]) if np.array_equal(P, P[0, 0] * np.eye(D)) else None for P in self.precisions]
        logdets = [float(np.linalg.slogdet(cov)[1]) for cov in covs]
        self.offsets = [math.log(w) - 0.5 * (d + D * LOG_2PI) for w, d in zip(data.weights, logdets, strict=True)]

    @cached_property
    def mean(self) -> Array:
        """E[X_t], shape (D,)."""
        weights = np.array(self.data.weights)
        total: Array = (weights[:, None] * np.array(self.centres)).sum(axis=0)
        return total

    @cached_property
    def sd(self) -> Array:
        """Standard deviation of each coordinate of X_t, shape (D,)."""
        weights = np.array(self.data.weights)[:, None]
        inner = np.array([self.alpha**2 * np.diag(np.array(cov)) + self.sigma**2 for cov in self.data.covs])
        between = (np.array(self.centres) - self.mean) ** 2
        total: Array = np.sqrt((weights * (inner + between)).sum(axis=0))
        return total

    def _pulls(self, x: Array, k: int) -> tuple[Array, Array]:
        """(x - centre, precision (x - centre)) of component k."""
        away = x - self.centres[k]
        scalar = self.scalars[k]
        return away, away * scalar if scalar is not None else times_rows(away, self.precisions[k])

    def _quadratic(self, away: Array, pull: Array) -> Array:
        total = away[:, 0] * pull[:, 0]
        for i in range(1, away.shape[1]):
            total = total + away[:, i] * pull[:, i]
        return total

    def _logs(self, x: Array) -> tuple[list[Array], list[Array]]:
        logs, pulls = [], []
        for k, offset in enumerate(self.offsets):
            away, pull = self._pulls(x, k)
            logs.append(offset - 0.5 * self._quadratic(away, pull))
            pulls.append(pull)
        return logs, pulls

    def log_density(self, x: Array) -> Array:
        """log p(x), shape (n,); nats."""
        logs, _ = self._logs(x)
        top = _largest(logs)
        total = np.exp(logs[0] - top)
        for value in logs[1:]:
            total = total + np.exp(value - top)
        return top + np.log(total)

    def responsibilities(self, x: Array) -> Array:
        """P(component | x), shape (K, n)."""
        return np.stack(_normalised(self._logs(x)[0]))

    def score(self, x: Array) -> Array:
        """grad log p(x), shape (n, D)."""
        logs, pulls = self._logs(x)
        if len(logs) == 1:
            return -pulls[0]
        if len(logs) == 2:
            # The log-odds form: one exponential. The clamp keeps exp finite and is exact in float64.
            first = 1 / (1 + np.exp(np.clip(logs[1] - logs[0], -700.0, 700.0)))[:, None]
            return (pulls[1] - pulls[0]) * first - pulls[1]
        parts = _normalised(logs)
        total = parts[0][:, None] * pulls[0]
        for part, pull in zip(parts[1:], pulls[1:], strict=True):
            total = total + part[:, None] * pull
        return -total

    def sample(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """(X_0, X_t), each (count, D): X_0 drawn first, then the noise."""
        x0 = self.data.sample(count, rng)
        return x0, self.alpha * x0 + self.sigma * rng.standard_normal(x0.shape)

    def posterior_sample(self, x: Array, uniforms: Array, normals: Array) -> Array:
        """X_0 given X_t = x, shape (n, D), from uniforms (n,) and normals (n, D) of the caller."""
        labels = choose(self.responsibilities(x), uniforms)
        out = np.empty_like(x)
        for k in range(self.data.K):
            at = labels == k
            cov = np.array(self.data.covs[k])
            _, pull = self._pulls(x[at], k)
            out[at] = np.array(self.data.means[k]) + self.alpha * times_rows(pull, cov)
            if cov.any():
                # Cov(X_0 | x, k) = (S^-1 + alpha^2/sigma^2)^-1, written without inverting S.
                inner = np.linalg.solve(np.eye(len(cov)) + (self.alpha / self.sigma) ** 2 * cov, cov)
                out[at] += times_rows(normals[at], square_root((inner + inner.T) / 2))
        return out


def _largest(logs: list[Array]) -> Array:
    top = logs[0]
    for value in logs[1:]:
        top = np.maximum(top, value)
    return top


def _normalised(logs: list[Array]) -> list[Array]:
    top = _largest(logs)
    parts = [np.exp(value - top) for value in logs]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return [part / total for part in parts]


@lru_cache(maxsize=256)
def mixture_of(law: Law) -> Mixture:
    """The exact law in floats. Raises LawError if it holds symbols."""
    if not law.is_numeric:
        raise LawError(f"the law {law.name or 'given'} holds symbols; give them values before sampling it")
    return Mixture(
        tuple(_float(c.weight) for c in law.components),
        tuple(tuple(_float(v) for v in c.mean) for c in law.components),
        tuple(tuple(tuple(_float(v) for v in row) for row in c.cov) for c in law.components),
    )


def _float(value: object) -> float:
    if not isinstance(value, Fraction):
        raise LawError(f"{value!r} is no number")
    return float(value)
