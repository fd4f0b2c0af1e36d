"""The exact posterior of an empirical law at one noise level: X_t = alpha X0 + sigma eps, in two matrix products.

Log-odds l_j - l_own of every place against the one the sample was drawn from come from one product: the bias
log w_j - alpha^2 |y_j|^2 / (2 sigma^2) and the sample's own logit are two extra columns. The own odds are 1, so the sum
S of all odds is at least 1: no maximum is sought, and log S = -log P(X0 | x). A second product gives the moments.
Work goes in blocks of samples and of places that fit in the cache; memory does not depend on the number of samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from numerics.empirical.points import EmpiricalLaw, square_norms
from numerics.mixtures import Array
from numerics.rings import Unsupported

ROWS, PLACES = 256, 512
"""Samples and places of a block: 1 MiB of odds."""
FLOOR = -200.0
"""Log-odds are cut off here: exp(-200) is nothing, and denormal numbers would slow the product down 45 times."""
UNIT = 2.0**-53
WORST = 1e-6
"""Largest rounding error of a log-odds that is accepted."""


@dataclass(frozen=True)
class Posterior:
    """What is known of P(X0 | x) at n points, X0 the place each was drawn from; relative to the law's centre.

    ``x``, ``X0``, ``eps`` (n, D): X_t = alpha X0 + sigma eps. ``index`` (n): the place drawn. ``surprise`` (n):
    -log P(X0 | x). ``mean`` (n, D), ``square`` (n), ``log_weight`` (n): posterior averages of X0, |X0|^2 and log P(X0).
    ``odds`` (n): average of the log-odds l - l_own. ``odds_square`` (n): of its square, or None if not asked for.
    """

    index: np.ndarray[tuple[int], np.dtype[np.int64]]
    x: Array
    X0: Array
    eps: Array
    surprise: Array
    mean: Array
    square: Array
    log_weight: Array
    odds: Array
    odds_square: Array | None

    @property
    def covariance(self) -> Array:
        """tr Cov(X0 | x), (n,)."""
        return np.maximum(self.square - square_norms(self.mean), 0.0)

    @property
    def entropy(self) -> Array:
        """H(X0 | x) = sum_j r_j (log S - (l_j - l_own)), (n,)."""
        return np.maximum(self.surprise - self.odds, 0.0)

    @property
    def surprise_square(self) -> Array:
        """The posterior average of (-log P(X0 | x))^2, (n,)."""
        assert self.odds_square is not None
        s = self.surprise
        return np.maximum(s * s - 2 * s * self.odds + self.odds_square, 0.0)


class Channel:
    """An empirical law at a noise level. Raises Unsupported where float64 cannot tell the places apart."""

    def __init__(self, law: EmpiricalLaw, alpha: float, sigma: float) -> None:
        if not (0 < alpha < math.inf and 0 < sigma < math.inf):
            raise Unsupported(f"alpha = {alpha:g} and sigma = {sigma:g} must be positive and finite")
        self.law, self.alpha, self.sigma = law, alpha, sigma
        y, size = law.places, law.D
        norms = square_norms(y)
        gain = alpha / sigma**2
        self._bias = law.log_weights - (alpha / sigma) ** 2 / 2 * norms
        self._keys = np.empty((size + 2, law.N))
        np.multiply(y.T, gain, out=self._keys[:size])
        self._keys[size], self._keys[size + 1] = self._bias, 1.0
        plain = law.is_uniform
        self._values = np.empty((law.N, size + (2 if plain else 3)))
        self._values[:, :size] = y
        self._values[:, size] = 1.0
        self._values[:, size + 1] = norms
        if not plain:
            self._values[:, size + 2] = law.log_weights
        self._key_length = gain * math.sqrt(float(norms.max()))
        self._bias_length = float(np.abs(self._bias).max())
        self._rows = np.repeat(np.arange(law.N), law.counts) if not plain else None
        self.rounding = self._rounding(float(norms.max()))

    def _rounding(self, largest: float) -> float:
        """A bound of the rounding error of a log-odds (length of the sums times the sizes that are added)."""
        reach = self.alpha * math.sqrt(largest) + self.sigma * (math.sqrt(self.law.D) + 8)
        size = 2 * (reach * self._key_length + self._bias_length)
        error = (self.law.D + 8) * UNIT * size
        if not error <= WORST:
            raise Unsupported(
                f"sigma = {self.sigma:g} is too small for float64 beside points that reach {math.sqrt(largest):.3g}: "
                "log-odds would be wrong in the sixth digit; ask for more noise"
            )
        return error

    @property
    def covariance_rounding(self) -> float:
        """A bound of the rounding error of tr Cov(X0 | x)."""
        sums = (self.law.N + self.law.D + 8) * UNIT
        return (4 * self.rounding + 4 * sums) * float(self._values[:, self.law.D + 1].max())

    @property
    def entropy_rounding(self) -> float:
        """A bound of the rounding error of H(X0 | x)."""
        return 4 * self.rounding * (1 + math.log(self.law.N)) + (self.law.N + 8) * UNIT * (1 + self._bias_length)

    def draw(self, count: int, rng: np.random.Generator, *, squares: bool = False) -> Posterior:
        """The posteriors at ``count`` samples of the joint law of X0 and X_t."""
        pick = rng.integers(self.law.N if self._rows is None else len(self._rows), size=count)
        index = pick if self._rows is None else self._rows[pick]
        return self.at(index, rng.standard_normal((count, self.law.D)), squares=squares)

    def at(self, index: np.ndarray[tuple[int], np.dtype[np.int64]], eps: Array, *, squares: bool = False) -> Posterior:
        """The posteriors at X_t = alpha place[index] + sigma eps; with ``squares`` the squared log-odds too."""
        law, size, count = self.law, self.law.D, len(index)
        X0 = law.places[index]
        query = np.empty((count, size + 2))
        x = query[:, :size]
        np.multiply(eps, self.sigma, out=x)
        x += self.alpha * X0
        query[:, size] = 1.0
        own = np.einsum("ij,ij->i", x, X0) * (self.alpha / self.sigma**2) + self._bias[index]
        np.negative(own, out=query[:, size + 1])
        sums = np.zeros((count, self._values.shape[1]))
        second = np.zeros(count) if squares else None
        self._accumulate(query, sums, second)
        total = sums[:, size].copy()
        surprise = np.log(np.maximum(total, 1.0))
        sums /= total[:, None]
        mean, square = sums[:, :size], sums[:, size + 1]
        log_weight = sums[:, size + 2] if not law.is_uniform else np.full(count, law.log_weights[0])
        gain = self.alpha / self.sigma**2
        odds = gain * np.einsum("ij,ij->i", x, mean) - gain * self.alpha / 2 * square + log_weight - own
        if second is not None:
            second /= total
        return Posterior(index, x, X0, eps, surprise, mean, square, log_weight, odds, second)

    def _accumulate(self, query: Array, sums: Array, second: Array | None) -> None:
        """Add odds x values over all places to ``sums``, and odds x log-odds^2 to ``second``."""
        keys, values, size = self._keys, self._values, self.law.D
        places = min(PLACES, self.law.N)
        buffer, part = np.empty(ROWS * places), np.empty((ROWS, values.shape[1]))
        extra = np.empty(ROWS * places) if second is not None else None
        for top in range(0, len(query), ROWS):
            rows = query[top : top + ROWS]
            count = len(rows)
            longest = math.sqrt(float(square_norms(rows[:, :size]).max()))
            deep = longest * self._key_length + self._bias_length + float(np.abs(rows[:, size + 1]).max())
            for left in range(0, self.law.N, places):
                width = min(places, self.law.N - left)
                odds = buffer[: count * width].reshape(count, width)
                np.matmul(rows, keys[:, left : left + width], out=odds)
                if deep > -FLOOR:
                    np.maximum(odds, FLOOR, out=odds)
                if extra is not None and second is not None:
                    logs = extra[: count * width].reshape(count, width)
                    np.multiply(odds, odds, out=logs)
                    np.exp(odds, out=odds)
                    second[top : top + count] += np.einsum("ij,ij->i", odds, logs)
                else:
                    np.exp(odds, out=odds)
                np.matmul(odds, values[left : left + width], out=part[:count])
                sums[top : top + count] += part[:count]
