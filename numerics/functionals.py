"""Functionals of the localisation path, for the deterministic route and for simulated paths alike.

A functional is f(y, eta) at the end of a path, plus the integral of r(y, eta) d eta along it. Everything is read in the
variance-exploding view x = y/eta, sigma^2 = 1/eta; another schedule is an exact rescaling. Entropies are in nats.

Those here also know what they become when a mixture with covariances c I is reduced to the span of its mean
differences: ``laws`` are the other laws that must be reduced with it, ``reduced`` puts their reductions in, and
``across`` adds what the independent Gaussian complement contributes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from numerics.mixtures import LOG_2PI, Array, Mixture
from numerics.sde.posterior import Posterior


class Functional(Protocol):
    """What is averaged over paths. Both methods take y (n, D) and return (n,), or None for a part that is absent."""

    @property
    def name(self) -> str:
        """What it is called in a report."""

    def terminal(self, posterior: Posterior, y: Array, eta: float) -> Array | None:
        """f(y, eta) at the last signal-to-noise ratio."""

    def running(self, posterior: Posterior, y: Array, eta: float) -> Array | None:
        """r(y, eta), integrated over eta along the path."""


@runtime_checkable
class Reducible(Functional, Protocol):
    """A functional that splits over the span of the mean differences and its Gaussian complement.

    It does not change when all laws are translated and y with them, by eta times as much.
    """

    @property
    def laws(self) -> tuple[Mixture, ...]:
        """The laws it compares with."""

    def reduced(self, laws: Sequence[Mixture]) -> Functional:
        """The same functional with ``laws`` in place of its own."""

    def across(self, variance: float, others: Sequence[float], dims: int, eta: float) -> float | None:
        """The share of ``dims`` independent coordinates N(0, variance) (``others``: under the other laws).

        None if the functional does not add up over independent coordinates.
        """


class _OfThePosterior:
    """What most functionals share: no other law, and only the part that they define."""

    @property
    def laws(self) -> tuple[Mixture, ...]:
        """None."""
        return ()

    def reduced(self, laws: Sequence[Mixture]) -> Functional:
        """Itself."""
        return self  # type: ignore[return-value]

    def terminal(self, posterior: Posterior, y: Array, eta: float) -> Array | None:
        """None: nothing at the end."""
        return None

    def running(self, posterior: Posterior, y: Array, eta: float) -> Array | None:
        """None: nothing along the path."""
        return None


@dataclass(frozen=True)
class SquaredScore(_OfThePosterior):
    """|s|^2 at the end, s = eta D - y the score of X_t."""

    name: str = "expected squared score"

    def terminal(self, posterior: Posterior, y: Array, eta: float) -> Array:
        """|s|^2, (n,)."""
        return _squares(posterior.score(y, eta))

    def across(self, variance: float, others: Sequence[float], dims: int, eta: float) -> float:
        """dims/(c + sigma^2)."""
        return dims * eta / (1 + eta * variance)


@dataclass(frozen=True)
class Divergence(_OfThePosterior):
    """div s = eta (eta tr Cov - D) at the end."""

    name: str = "expected divergence"

    def terminal(self, posterior: Posterior, y: Array, eta: float) -> Array:
        """div s, (n,)."""
        return posterior.divergence(y, eta)

    def across(self, variance: float, others: Sequence[float], dims: int, eta: float) -> float:
        """-dims/(c + sigma^2)."""
        return -dims * eta / (1 + eta * variance)


@dataclass(frozen=True)
class ClassEntropy(_OfThePosterior):
    """H(component | y) at the end; for atoms it is the conditional entropy of X_0."""

    name: str = "class entropy"

    def terminal(self, posterior: Posterior, y: Array, eta: float) -> Array:
        """The entropy of the responsibilities, (n,)."""
        return posterior.class_entropy(y, eta)

    def across(self, variance: float, others: Sequence[float], dims: int, eta: float) -> float:
        """Nothing: the complement does not tell the components apart."""
        return 0.0


@dataclass(frozen=True)
class LogDensity(_OfThePosterior):
    """log p(X_t) at the end; minus its average is the differential entropy of X_t."""

    name: str = "log density"

    def terminal(self, posterior: Posterior, y: Array, eta: float) -> Array:
        """log p, (n,)."""
        return posterior.log_density(y, eta)

    def across(self, variance: float, others: Sequence[float], dims: int, eta: float) -> float:
        """Minus the entropy of N(0, c + sigma^2)."""
        return -0.5 * dims * (1 + LOG_2PI + math.log(variance + 1 / eta))


@dataclass(frozen=True)
class PosteriorVariance(_OfThePosterior):
    """tr Cov(X_0 | y) at the end; its average is the minimum mean squared error."""

    name: str = "posterior variance"

    def terminal(self, posterior: Posterior, y: Array, eta: float) -> Array:
        """The trace, (n,)."""
        return _trace(posterior.covariance(y, eta))

    def across(self, variance: float, others: Sequence[float], dims: int, eta: float) -> float:
        """dims c/(1 + eta c)."""
        return dims * variance / (1 + eta * variance)


@dataclass(frozen=True)
class QuadraticVariation(_OfThePosterior):
    """That of the posterior mean: the integral of |Cov(X_0 | y)|_F^2 along the path."""

    name: str = "quadratic variation of the posterior mean"

    def running(self, posterior: Posterior, y: Array, eta: float) -> Array:
        """|Cov|_F^2, (n,)."""
        out: Array = np.square(posterior.covariance(y, eta)).sum(axis=(0, 1))
        return out

    def across(self, variance: float, others: Sequence[float], dims: int, eta: float) -> float:
        """The integral of dims c^2/(1 + eta c)^2 from 0."""
        return dims * variance**2 * eta / (1 + eta * variance)


@dataclass(frozen=True)
class PathDivergence:
    """|D - D_other|^2/2 along the path: relative entropy of path laws (Girsanov), the data generating the paths."""

    other: Mixture
    name: str = "path divergence"

    @property
    def laws(self) -> tuple[Mixture, ...]:
        """The law it compares with."""
        return (self.other,)

    def reduced(self, laws: Sequence[Mixture]) -> PathDivergence:
        """Against the reduced law."""
        return PathDivergence(laws[0], self.name)

    def terminal(self, posterior: Posterior, y: Array, eta: float) -> Array | None:
        """None."""
        return None

    def running(self, posterior: Posterior, y: Array, eta: float) -> Array:
        """Half the squared distance of the posterior means, (n,). Raises ValueError for another dimension."""
        if self.other.D != posterior.D:
            raise ValueError(f"the laws have {posterior.D} and {self.other.D} dimensions; give laws on one space")
        away = posterior.mean(y, eta)
        away -= Posterior(self.other).mean(y, eta)
        out = _squares(away)
        out *= 0.5
        return out

    def across(self, variance: float, others: Sequence[float], dims: int, eta: float) -> float:
        """That of N(0, c) against N(0, c'), which is the relative entropy at the end: y tells the whole path."""
        ratio = (variance + 1 / eta) / (others[0] + 1 / eta)
        return 0.5 * dims * (ratio - 1 - math.log(ratio))


@dataclass(frozen=True)
class Squared:
    """The square of a terminal functional, for its variance."""

    of: Functional

    @property
    def name(self) -> str:
        """``of`` squared."""
        return f"{self.of.name}, squared"

    @property
    def laws(self) -> tuple[Mixture, ...]:
        """Those of the functional."""
        return self.of.laws if isinstance(self.of, Reducible) else ()

    def reduced(self, laws: Sequence[Mixture]) -> Squared:
        """The square of the reduced functional."""
        return Squared(self.of.reduced(laws)) if isinstance(self.of, Reducible) else self

    def terminal(self, posterior: Posterior, y: Array, eta: float) -> Array:
        """f^2, (n,). Raises ValueError for a functional with a part along the path."""
        value = self.of.terminal(posterior, y, eta)
        if value is None:
            raise ValueError(f"{self.of.name} is an integral along the path; only end values can be squared")
        return value * value

    def running(self, posterior: Posterior, y: Array, eta: float) -> Array | None:
        """None."""
        return None

    def across(self, variance: float, others: Sequence[float], dims: int, eta: float) -> float | None:
        """Nothing where the complement takes no part; else None, for squares do not add up."""
        if not isinstance(self.of, Reducible):
            return None
        return 0.0 if self.of.across(variance, others, dims, eta) == 0.0 else None


@dataclass(frozen=True)
class TimeIntegral:
    """The integral over eta of a terminal functional, from 0 to the end (``weight`` multiplies it).

    Half the integral of the posterior variance is the mutual information of X_0 and X_t (Guo, Shamai, Verdu 2005).
    """

    of: Functional
    weight: float = 1.0

    @property
    def name(self) -> str:
        """The time integral of ``of``."""
        return f"time integral of {self.of.name}"

    @property
    def laws(self) -> tuple[Mixture, ...]:
        """Those of the functional."""
        return self.of.laws if isinstance(self.of, Reducible) else ()

    def reduced(self, laws: Sequence[Mixture]) -> TimeIntegral:
        """The integral of the reduced functional."""
        return TimeIntegral(self.of.reduced(laws), self.weight) if isinstance(self.of, Reducible) else self

    def terminal(self, posterior: Posterior, y: Array, eta: float) -> Array | None:
        """None."""
        return None

    def running(self, posterior: Posterior, y: Array, eta: float) -> Array:
        """The weighted value at (y, eta), (n,). Raises ValueError for a functional that has no end value."""
        value = self.of.terminal(posterior, y, eta)
        if value is None:
            raise ValueError(f"{self.of.name} has no value at a time; integrate a functional that has one")
        return self.weight * value

    def across(self, variance: float, others: Sequence[float], dims: int, eta: float) -> float | None:
        """The integral of what the functional adds at each eta, by quadrature."""
        of = self.of
        if not isinstance(of, Reducible) or of.across(variance, others, dims, eta) is None:
            return None
        from scipy.integrate import quad

        value, _ = quad(lambda u: of.across(variance, others, dims, u), 0.0, eta, epsabs=0.0, epsrel=1e-12, limit=200)
        return self.weight * float(value)


def _squares(points: Array) -> Array:
    """|v|^2 of the rows of (n, D), coordinate by coordinate."""
    rows = points.T
    total: Array = rows[0] * rows[0]
    for row in rows[1:]:
        total += row * row
    return total


def _trace(matrices: Array) -> Array:
    """The traces of (D, D, n)."""
    total: Array = matrices[0, 0].copy()
    for i in range(1, len(matrices)):
        total += matrices[i, i]
    return total
