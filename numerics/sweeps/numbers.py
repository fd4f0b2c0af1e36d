"""The numbers of a one-dimensional mixture in float64: every one a sum of what does not cancel.

With I = I(Z; X_t) = E sum_k r_k log(r_k/w_k), V = E sum_k r_k |s_k - s|^2 and v_k = alpha^2 S_k + sigma^2:

    H(X_t) = sum_k w_k H(N_k) + I,   I(X_0; X_t) = sum_k w_k log(v_k/sigma^2)/2 + I   (I taken per place for atoms),
    E|s|^2 integrated itself,        E tr Cov(X_0|x) = sum_k w_k S_k sigma^2/v_k + (sigma^4/alpha^2) V,

the last because X_0 given x and k has mean (x + sigma^2 s_k)/alpha (Tweedie's formula for a Gaussian).
H(Z|X_t) is integrated itself at small noise, and H(Z) - I is never formed; variances are integrated about their mean.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from numerics.sweeps.ends import data_of, end_variance
from numerics.sweeps.line import (
    Estimate,
    centred,
    centred_gain,
    exactly,
    fisher,
    information,
    integrals,
    label_entropy,
    slope_variance,
    squared_entropy,
    squared_surprise,
)
from numerics.sweeps.noise import EPS, Array
from numerics.sweeps.parts import LOG_2PI, Line

SMALL = 1e-3
"""Below this conditional entropy (nats) a variance is the second moment less the square: at most 0.1 % is lost."""


class Numbers:
    """The numbers of one law on the line at n levels; ``places`` is the same law with atoms at one place joined."""

    def __init__(self, labels: Line, places: Line, discrete: bool) -> None:
        self.labels, self.places, self.discrete = labels, places, discrete
        self.n = len(labels.noise.levels)
        self._kept: dict[tuple[str, bool], Estimate] = {}

    def _label_entropy(self, line: Line) -> Estimate:
        return self._once("H", line, lambda: integrals(line, label_entropy, overlap=True))

    def _information(self, line: Line) -> Estimate:
        return self._once("I", line, lambda: integrals(line, information, overlap=False))

    def _once(self, name: str, line: Line, work: Callable[[], Estimate]) -> Estimate:
        key = name, line is self.places
        if line.K == 1:
            return exactly(0.0, self.n)
        if key not in self._kept:
            self._kept[key] = work()
        return self._kept[key]

    def _across(self, term: Array, size: Array | None = None) -> Estimate:
        """sum_k w_k term_k for term (n, K), which is made of numbers of the given size (its own by default)."""
        weights = self.labels.weights
        return Estimate(
            (weights * term).sum(axis=1), 4 * EPS * (weights * np.abs(term if size is None else size)).sum(axis=1)
        )

    def _differential(self, variance: Array) -> Estimate:
        """sum_k w_k H(N(0, variance_k))."""
        logs = np.log(variance)
        return self._across((1 + LOG_2PI + logs) / 2, (1 + LOG_2PI + np.abs(logs)) / 2)

    def entropy(self) -> Estimate:
        """H(X_t)."""
        return self._differential(self.labels.variances) + self._information(self.labels)

    def class_entropy(self) -> Estimate:
        """H(Z|X_t)."""
        return self._label_entropy(self.labels)

    def mutual_information(self) -> Estimate:
        """I(X_0; X_t)."""
        noise = self.labels.noise
        ratio = self.labels.spreads * (noise.alpha**2 / noise.sigma2)[:, None]
        return self._across(np.log1p(ratio) / 2) + self._information(self.places)

    def conditional_entropy(self) -> Estimate:
        """H(X_0|X_t); with a density it is sum_k w_k H(X_0|x, k) + H(Z|X_t) - H(Z|X_0)."""
        if self.discrete:
            return self._label_entropy(self.places)
        line = self.labels
        inner = line.spreads * (line.noise.sigma2[:, None] / line.variances)
        known = self._differential(inner)
        return known + self._label_entropy(line) - self._of_data()

    def _of_data(self) -> Estimate:
        """H(Z|X_0), the same at all levels."""
        if self.labels.K == 1:
            return exactly(0.0, self.n)
        found = integrals(data_of(self.labels), label_entropy, overlap=True)
        return Estimate(np.repeat(found.value, self.n), np.repeat(found.error, self.n))

    def fisher_information(self) -> Estimate:
        """E|s|^2."""
        if self.labels.K == 1:
            return exactly(1 / self.labels.variances[:, 0], self.n)
        return integrals(self.labels, fisher, overlap=False)

    def expected_divergence(self) -> Estimate:
        """E div s = -E|s|^2."""
        return self.fisher_information().times(-1.0, 0.0)

    def class_gap(self) -> Estimate:
        """E sum_k r_k |s_k - s|^2."""
        if self.labels.K == 1:
            return exactly(0.0, self.n)
        return integrals(self.labels, slope_variance, overlap=True)

    def mmse(self) -> Estimate:
        """E tr Cov(X_0|x)."""
        noise = self.labels.noise
        inner = self.labels.spreads * (noise.sigma2[:, None] / self.labels.variances)
        return self._across(inner) + self.class_gap().times(noise.sigma2**2 / noise.alpha**2)

    def varentropy(self) -> Estimate:
        """Var log p(X_t)."""
        if self.labels.K == 1:
            return exactly(0.5, self.n, 0.0)
        mean = self.entropy()
        return self._about(
            integrals(self.labels, centred(self.labels, -mean.value, "log-density"), overlap=False), mean
        )

    def variance_phi_class(self) -> Estimate:
        """Var(-log P(Z|x))."""
        return self._variance(self.labels, "surprise")

    def variance_h_class(self) -> Estimate:
        """Var H(Z|x)."""
        return self._variance(self.labels, "entropy")

    def variance_phi(self) -> Estimate:
        """Var(-log P(X_0|x))."""
        if not self.discrete:
            return self._of_ends("variance-phi")
        return self._variance(self.places, "surprise")

    def variance_h(self) -> Estimate:
        """Var H(X_0|x)."""
        if not self.discrete:
            return self._of_ends("variance-h")
        return self._variance(self.places, "entropy")

    def _of_ends(self, name: str) -> Estimate:
        """For a law with a density."""
        if self.labels.K == 1:
            return exactly(0.5 if name == "variance-phi" else 0.0, self.n, 0.0)
        return end_variance(self.labels, self.conditional_entropy(), name)

    @staticmethod
    def _about(second: Estimate, mean: Estimate) -> Estimate:
        """A second moment about ``mean`` as a variance: an error e of the mean costs e^2, and sd e in the integrand."""
        sd = np.sqrt(np.maximum(second.value, 0.0))
        return Estimate(second.value, second.error + mean.error**2 + 8 * EPS * np.abs(mean.value) * sd)

    def _variance(self, line: Line, what: str) -> Estimate:
        """Each level in the form that keeps its digits."""
        if line.K == 1:
            return exactly(0.0, self.n, 0.0)
        known, found = self._information(line), self._label_entropy(line)
        far, small = known.value < line.label_entropy / 2, found.value < SMALL
        value, error = np.zeros(self.n), np.zeros(self.n)
        for kind, chosen in (("gain", far), ("moment", small & ~far), ("centred", ~far & ~small)):
            index = np.flatnonzero(chosen)
            if not len(index):
                continue
            part = line.at(index)
            mean = Estimate(found.value[index], found.error[index])
            if kind == "moment":
                integrand = squared_surprise if what == "surprise" else squared_entropy
                result = integrals(part, integrand, overlap=True) - mean.squared()
            elif kind == "gain":
                about = Estimate(known.value[index], known.error[index])
                result = self._about(integrals(part, centred_gain(part, about.value, what), overlap=False), about)
            else:
                result = self._about(integrals(part, centred(part, mean.value, what), overlap=False), mean)
            value[index], error[index] = result.value, result.error
        return Estimate(value, error)


NUMBERS: dict[str, Callable[[Numbers], Estimate]] = {
    "entropy": Numbers.entropy, "conditional-entropy": Numbers.conditional_entropy,
    "class-entropy": Numbers.class_entropy, "mutual-information": Numbers.mutual_information,
    "fisher-information": Numbers.fisher_information, "expected-divergence": Numbers.expected_divergence,
    "mmse": Numbers.mmse, "varentropy": Numbers.varentropy, "variance-phi": Numbers.variance_phi,
    "variance-h": Numbers.variance_h, "variance-phi-class": Numbers.variance_phi_class,
    "variance-h-class": Numbers.variance_h_class, "class-gap": Numbers.class_gap,
}  # fmt: skip
"""The numbers by the names of ``Quantity.base_name``."""
