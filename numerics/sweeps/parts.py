"""A one-dimensional mixture at n noise levels, and its components at points, in forms that keep relative digits.

Near a component the others are seen through differences of exponents: with k the component that is largest at x,
y = x - M_k and d_j = M_j - M_k (from exact differences of the means),

    log N_j - log N_k = (y^2/2)(v_j - v_k)/(v_j v_k) + d_j (2 y - d_j)/(2 v_j) - log(v_j/v_k)/2,

so that posterior weights far below 1 have all their digits: -log r_k = log1p(sum of the others), never log(1 - tiny).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from numerics.sweeps.noise import EPS, Array, Noise, as_float
from theory.language.instances import Law, Scalar
from theory.language.terms import Term, make

Index = NDArray[np.intp]
LOG_2PI = float(np.log(2 * np.pi))


def _difference(left: Scalar, right: Scalar) -> float:
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return float(left - right)
    return as_float(make("sub", tuple(v if isinstance(v, Term) else make("num", (), v) for v in (left, right))))


@dataclass(frozen=True)
class Line:
    """K components at n levels: w_k (K,), m_k - m_1 (K,), m_j - m_k (K, K), S_k (K,), S_j - S_k (K, K), the noise."""

    weights: Array
    places: Array
    differences: Array
    spreads: Array
    spread_differences: Array
    noise: Noise

    @property
    def K(self) -> int:
        """The number of components."""
        return len(self.weights)

    @cached_property
    def variances(self) -> Array:
        """v_k = alpha^2 S_k + sigma^2, (n, K)."""
        total: Array = self.noise.alpha[:, None] ** 2 * self.spreads + self.noise.sigma2[:, None]
        return total

    @cached_property
    def centres(self) -> Array:
        """M_k = alpha (m_k - m_1), (n, K)."""
        return np.multiply.outer(self.noise.alpha, self.places)

    @cached_property
    def heights(self) -> Array:
        """log of w_k/sqrt(2 pi v_k), (n, K)."""
        height: Array = np.log(self.weights) - 0.5 * (LOG_2PI + np.log(self.variances))
        return height

    @cached_property
    def shared(self) -> bool:
        """All components have one variance."""
        return not self.spread_differences.any()

    @cached_property
    def reach(self) -> Array:
        """max |M_k|, (n,)."""
        return np.asarray(np.abs(self.centres).max(axis=1))

    @cached_property
    def log_ratios(self) -> Array:
        """log(w_j/w_k), (K, K)."""
        return np.log(self.weights[:, None] / self.weights[None, :])

    @cached_property
    def surprises(self) -> Array:
        """c_k = -log w_k - H(Z), (K,): exactly 0 where all weights are equal."""
        total: Array = -(self.weights * self.log_ratios).sum(axis=1)
        return total

    @cached_property
    def label_entropy(self) -> float:
        """H(Z), nats."""
        return float(-(self.weights * np.log(self.weights)).sum())

    def at(self, index: Index) -> Line:
        """The same at some of the levels."""
        noise = Noise(*(getattr(self.noise, f)[index] for f in ("levels", "alpha", "sigma2", "a", "g2")))
        return Line(self.weights, self.places, self.differences, self.spreads, self.spread_differences, noise)


def line_of(law: Law, noise: Noise) -> Line:
    """A law on the line (D = 1) without symbols in float64."""
    means, covs = [c.mean[0] for c in law.components], [c.cov[0][0] for c in law.components]
    return Line(
        np.array([as_float(c.weight) for c in law.components]), np.array([_difference(m, means[0]) for m in means]),
        np.array([[_difference(u, v) for v in means] for u in means]), np.array([as_float(v) for v in covs]),
        np.array([[_difference(u, v) for v in covs] for u in covs]), noise,
    )  # fmt: skip


class Parts:
    """The components at points x (N,) at the levels ``where`` (N,) of ``line``; arrays (K, N) or (N,).

    ``asked`` (N,): the numbers of those levels in the sweep, of which ``line`` may hold a selection.

    top: the largest component; ``odds`` t_j = u_j/u_top with t_top = 1; ``others`` the sum of the odds without top.
    """

    def __init__(self, line: Line, x: Array, where: Index, asked: Index | None = None) -> None:
        self.line, self.x, self.where = line, x, where
        self.asked = where if asked is None else asked
        # one row serves all components where they share a variance
        v = np.take(line.variances.T if not line.shared else line.variances.T[:1], where, axis=1)
        away = x - np.take(line.centres.T, where, axis=1)
        naive = np.take(line.heights.T, where, axis=1) - away * away * (0.5 / v)
        top, span = np.argmax(naive, axis=0), np.arange(len(x))
        self.is_top = np.arange(line.K)[:, None] == top
        alpha = line.noise.alpha[where]
        y, v_top = away[top, span], v[0] if line.shared else v[top, span]
        d = alpha * np.take(line.differences, top, axis=1)
        # log N_j - log N_top
        self.v, self.top, self.spread = v, top, None
        self.lags = d * (y - d / 2) / v
        if not line.shared:
            self.spread = alpha * alpha * np.take(line.spread_differences, top, axis=1)
            self.lags += y * y / 2 * self.spread / (v * v_top) - np.log1p(self.spread / v_top) / 2
        self.exponents = self.lags + np.take(line.log_ratios, top, axis=1)
        self.odds = np.where(self.is_top, 1.0, np.exp(self.exponents))
        self.others = np.where(self.is_top, 0.0, self.odds).sum(axis=0)
        self.away, self.y, self.v_top, self.d = away, y, v_top, d
        self.log_top = naive[top, span]

    @cached_property
    def total_odds(self) -> Array:
        """p/u_top, (N,)."""
        return np.asarray(1 + self.others)

    @cached_property
    def density(self) -> Array:
        """p, (N,)."""
        return np.asarray(np.exp(self.log_top) * self.total_odds)

    @cached_property
    def log_density(self) -> Array:
        """log p, (N,)."""
        return np.asarray(self.log_top + np.log1p(self.others))

    @cached_property
    def posterior(self) -> Array:
        """r_k, (K, N)."""
        return np.asarray(self.odds / self.total_odds)

    @cached_property
    def surprise(self) -> Array:
        """-log r_k >= 0, (K, N), with relative digits where r_k is close to 1."""
        return np.asarray(np.log1p(self.others) - np.where(self.is_top, 0.0, self.exponents))

    @cached_property
    def gains(self) -> Array:
        """log(r_k/w_k) = log N_k - log p, (K, N), with relative digits where all components nearly agree."""
        near = np.abs(self.lags).max(axis=0) < 0.5
        small = np.log1p((self.line.weights[:, None] * np.expm1(np.where(near, self.lags, 0.0))).sum(axis=0))
        plain = np.log(self.line.weights[self.top]) + np.log1p(self.others)
        gain: Array = self.lags - np.where(near, small, plain)
        return gain

    @cached_property
    def information(self) -> Array:
        """sum_k r_k log(r_k/w_k) as sum_k w_k phi(gain_k), phi(u) = u e^u - (e^u - 1) >= 0, (N,)."""
        total: Array = (self.line.weights[:, None] * bregman(self.gains)).sum(axis=0)
        return total

    @cached_property
    def slopes(self) -> Array:
        """s_j - s_top, (K, N), for the scores s_j = -(x - M_j)/v_j of the components."""
        slope: Array = self.d / self.v
        if self.spread is not None:
            slope = slope + self.y * self.spread / (self.v * self.v_top)
        return slope

    @cached_property
    def score(self) -> Array:
        """s, (N,)."""
        total: Array = (self.posterior * self.slopes).sum(axis=0) - self.y / self.v_top
        return total

    @cached_property
    def slope_variance(self) -> Array:
        """sum_k r_k |s_k - s|^2, (N,), about the value on top: it keeps relative digits where r_top is near 1."""
        mean = (self.posterior * self.slopes).sum(axis=0)
        total: Array = (self.posterior * (self.slopes - mean) ** 2).sum(axis=0)
        return total

    @cached_property
    def doubt(self) -> Array:
        """A bound for the rounding of the exponents lags_j, (K, N), in units of the last place."""
        reach = self.line.reach[self.where] + np.abs(self.y)
        return np.asarray(2 + np.abs(self.d) * (np.abs(self.d) + reach) / self.v + self.y * self.y / self.v)

    @cached_property
    def bulk_doubt(self) -> Array:
        """Relative rounding of an integrand that is p times something smooth, (N,)."""
        own = 12 + self.y * self.y / self.v_top + np.abs(self.log_top)
        total: Array = EPS * (own + 2 * (self.posterior * self.doubt).sum(axis=0))
        return total

    @cached_property
    def overlap_doubt(self) -> Array:
        """Relative rounding of an integrand proportional to what is not on top, (N,)."""
        own = 12 + self.y * self.y / self.v_top + np.abs(self.log_top)
        second = np.where(self.is_top, 0.0, self.odds * self.doubt).sum(axis=0) / np.maximum(self.others, 1e-300)
        total: Array = EPS * (own + 2 * second)
        return total


def bregman(u: Array) -> Array:
    """u e^u - (e^u - 1) for real u, with relative digits about 0: sum_n (n - 1) u^n/n!."""
    near = np.abs(u) < 0.5
    inner = np.where(near, u, 0.0)
    total = np.zeros_like(inner)
    for n in range(16, 1, -1):
        total = total * inner + (n - 1) * _INVERSE_FACTORIALS[n]
    total = total * inner * inner
    with np.errstate(over="ignore"):
        return np.where(near, total, u * np.exp(u) - np.expm1(u))


_INVERSE_FACTORIALS = [1.0]
for _n in range(1, 17):
    _INVERSE_FACTORIALS.append(_INVERSE_FACTORIALS[-1] / _n)
