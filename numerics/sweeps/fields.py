"""Fields at a point at many noise levels in float64, any D: log p, scores, posterior means and covariances.

With P_k = (alpha^2 S_k + sigma^2 I)^-1 and s_k = -P_k (x - alpha m_k): s = sum r_k s_k, the Jacobian is
-sum r_k P_k + Cov_r(s_k), the posterior mean sum r_k (m_k - alpha S_k s_k), and the posterior covariance
sum r_k sigma^2 S_k P_k plus Cov_r of the component means.
The errors stated are rounding: differences of exponents and of vectors, as sums of their magnitudes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from numerics.sweeps.line import Estimate
from numerics.sweeps.noise import EPS, Array, Noise, as_float
from theory.language.instances import Law, Scalar

LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class Fields:
    """What the fields at a point are made of, n levels: r (n, K), s_k (n, K, D), P_k (n, K, D, D); with doubts.

    ``doubt`` (n, K) bounds the rounding of log u_k, ``shaky`` (n, K, D) that of s_k.
    """

    noise: Noise
    means: Array
    covs: Array
    precisions: Array
    slopes: Array
    shaky: Array
    logs: Array
    doubt: Array

    @property
    def posterior(self) -> Array:
        """r_k, (n, K)."""
        odds = np.exp(self.logs - self.logs.max(axis=1, keepdims=True))
        weights: Array = odds / odds.sum(axis=1, keepdims=True)
        return weights

    def mix(self, values: Array, loss: Array) -> Estimate:
        """sum_k r_k values_k, for values (n, K, ..) of absolute error ``loss``."""
        r, away = self.posterior, values - self._top(values)
        lift = (slice(None), slice(None), *[None] * (values.ndim - 2))
        total = self._top(values)[:, 0] + (r[lift] * away).sum(axis=1)
        error = (r[lift] * (loss + np.abs(away) * self.doubt[lift])).sum(axis=1)
        return Estimate(total, error + 4 * EPS * np.abs(total))

    def covariance(self, values: Array, loss: Array) -> Estimate:
        """Cov_r of values (n, K, D), about the value of the largest component, so that a small one keeps its digits."""
        r, away = self.posterior, values - self._top(values)
        away = away - (r[:, :, None] * away).sum(axis=1, keepdims=True)
        r = r[:, :, None, None]
        products, sizes = away[:, :, :, None] * away[:, :, None, :], np.abs(away)
        slip = loss[:, :, :, None] * sizes[:, :, None, :] + sizes[:, :, :, None] * loss[:, :, None, :]
        error = (r * (slip + np.abs(products) * (self.doubt[:, :, None, None] + 4 * EPS))).sum(axis=1)
        return Estimate((r * products).sum(axis=1), error)

    def _top(self, values: Array) -> Array:
        top = np.argmax(self.logs, axis=1)
        return np.asarray(values[np.arange(len(top)), top][:, None])


def fields_at(law: Law, noise: Noise, x: Sequence[Scalar]) -> Fields:
    """The components of a law without symbols at the point x."""
    D, unit = law.D, np.eye(law.D)
    weights = np.array([as_float(c.weight) for c in law.components])
    means = np.array([[as_float(v) for v in c.mean] for c in law.components])
    covs = np.array([[[as_float(v) for v in row] for row in c.cov] for c in law.components])
    point, alpha = np.array([as_float(v) for v in x]), noise.alpha[:, None, None]
    noisy = (alpha**2)[..., None] * covs + noise.sigma2[:, None, None, None] * unit
    if all(c.cov[i][j] == 0 for c in law.components for i in range(D) for j in range(D) if i != j):
        diagonal = np.einsum("nkii->nki", noisy)
        precisions = unit / diagonal[..., None, :]
        log_dets, condition = np.log(diagonal).sum(axis=-1), np.ones(noisy.shape[:2])
    else:
        precisions, log_dets = np.linalg.inv(noisy), np.linalg.slogdet(noisy)[1]
        condition = np.linalg.cond(noisy)
    away = point - alpha * means
    reach = np.abs(point) + np.abs(alpha * means)
    slopes = -np.einsum("nkij,nkj->nki", precisions, away)
    quadratic = -0.5 * np.einsum("nki,nki->nk", away, slopes)
    logs = np.log(weights) + 0.5 * (quadratic * -2 - D * LOG_2PI - log_dets)
    loss = 2 * EPS * D * condition
    shaky = np.einsum("nkij,nkj->nki", np.abs(precisions), 2 * EPS * reach) + loss[..., None] * np.abs(slopes)
    doubt = (np.abs(slopes) * 2 * EPS * reach).sum(axis=-1) + loss * (np.abs(quadratic) + 1) + EPS * np.abs(log_dets)
    return Fields(noise, means, covs, precisions, slopes, shaky, logs, doubt + 2 * EPS * np.abs(logs))


def _log_density(f: Fields) -> Estimate:
    top = f.logs.max(axis=1)
    value = top + np.log(np.exp(f.logs - top[:, None]).sum(axis=1))
    return Estimate(value, (f.posterior * f.doubt).sum(axis=1) + 4 * EPS * (np.abs(value) + 1))


def _score(f: Fields) -> Estimate:
    return f.mix(f.slopes, f.shaky)


def _jacobian(f: Fields) -> Estimate:
    return f.covariance(f.slopes, f.shaky) + f.mix(-f.precisions, _relative(f.precisions, f))


def _relative(values: Array, f: Fields) -> Array:
    """The rounding of matrices (n, K, D, D) that were inverted."""
    size = np.abs(values).max(axis=(2, 3), keepdims=True)
    lost: Array = EPS * size * (4 if not _coupled(f) else 16 * f.means.shape[1] ** 2) * np.ones_like(values)
    return np.where(values == 0, 0.0, lost)


def _coupled(f: Fields) -> bool:
    D = f.means.shape[1]
    return bool(np.any(f.covs[:, ~np.eye(D, dtype=bool)]))


def _divergence(f: Fields) -> Estimate:
    whole = _jacobian(f)
    return Estimate(np.trace(whole.value, axis1=1, axis2=2), np.trace(whole.error, axis1=1, axis2=2))


def _component_means(f: Fields) -> tuple[Array, Array]:
    """E[X_0 | x, k] = m_k - alpha S_k s_k and its rounding, (n, K, D)."""
    alpha = f.noise.alpha[:, None, None]
    pull = alpha * np.einsum("kij,nkj->nki", f.covs, f.slopes)
    loss = alpha * np.einsum("kij,nkj->nki", np.abs(f.covs), f.shaky) + 4 * EPS * (np.abs(f.means) + np.abs(pull))
    return f.means - pull, loss


def _posterior_mean(f: Fields) -> Estimate:
    return f.mix(*_component_means(f))


def _posterior_covariance(f: Fields) -> Estimate:
    inner = f.noise.sigma2[:, None, None, None] * np.einsum("kij,nkjl->nkil", f.covs, f.precisions)
    spread = f.covariance(*_component_means(f))
    return f.mix(inner, 4 * _relative(inner, f)) + spread


FIELDS: dict[str, Callable[[Fields], Estimate]] = {
    "log-density": _log_density, "score": _score, "divergence": _divergence, "jacobian": _jacobian,
    "posterior-mean": _posterior_mean, "posterior-covariance": _posterior_covariance,
}  # fmt: skip
