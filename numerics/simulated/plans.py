"""Quantities as functionals of the reverse SDE in localisation coordinates, and how they are seen in a schedule.

Paths are read in the variance-exploding view x = y/eta, sigma^2 = 1/eta. With X_t = alpha X_0 + sigma eps at the same
eta = alpha^2/sigma^2, X_t is alpha times that x: squared scores and divergences are divided by alpha^2, the entropy
grows by D log alpha, and what is about X_0 or its component does not change.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from numerics.functionals import (
    ClassEntropy,
    Divergence,
    Functional,
    LogDensity,
    PathDivergence,
    PosteriorVariance,
    Reducible,
    SquaredScore,
    TimeIntegral,
)
from numerics.mixtures import LOG_2PI, Array, Mixture
from numerics.sde.posterior import Posterior
from theory.language.instances import Law, LawError

PATH_DIVERGENCE = "path-divergence"
MARGIN, MARGIN_VARIANCE = 0.01, 0.03
"""The widest margins, relative: of averages, and of variances."""


class SimulationError(LawError):
    """What cannot be simulated as it was asked for; the message says why and the remedy."""


@dataclass(frozen=True)
class SurpriseSpread:
    """Var(-log P(component | y) | y) at the end: the part of the variance of Phi that is left when y is known."""

    name: str = "spread of the surprise of the component"

    @property
    def laws(self) -> tuple[Mixture, ...]:
        """None."""
        return ()

    def reduced(self, laws: Sequence[Mixture]) -> SurpriseSpread:
        """Itself."""
        return self

    def terminal(self, posterior: Posterior, y: Array, eta: float) -> Array:
        """sum_k w_k (log w_k + h)^2, (n,)."""
        logs = posterior.log_responsibilities(y, eta)
        weights = np.exp(logs)
        entropy = -sum((w * row for w, row in zip(weights, logs, strict=True)), np.zeros(logs.shape[1]))
        return sum((w * (row + entropy) ** 2 for w, row in zip(weights, logs, strict=True)), np.zeros(logs.shape[1]))

    def running(self, posterior: Posterior, y: Array, eta: float) -> Array | None:
        """None: nothing along the path."""
        return None

    def across(self, variance: float, others: Sequence[float], dims: int, eta: float) -> float:
        """Nothing: the complement does not tell the components apart."""
        return 0.0


@dataclass(frozen=True)
class Plan:
    """A quantity as sign * alpha^power * (E mean + Var spread) + (D log alpha if ``shifted``).

    ``words`` say what it is; ``discrete``: for atoms only.
    """

    name: str
    words: str
    mean: Functional | None = None
    spread: Functional | None = None
    unit: str = "1"
    sign: int = 1
    power: int = 0
    shifted: bool = False
    discrete: bool = False

    @property
    def is_variance(self) -> bool:
        """Whether it is a variance, with a wider margin."""
        return self.spread is not None

    @property
    def widest(self) -> float:
        """The widest relative margin."""
        return MARGIN_VARIANCE if self.is_variance else MARGIN

    def seen(self, value: float, alpha: float, D: int) -> float:
        """The quantity at alpha, from its value at alpha = 1 without the sign."""
        return self.sign * alpha**self.power * value + self.shifted * D * math.log(alpha)

    def unseen(self, value: float, alpha: float, D: int) -> float:
        """The inverse of :meth:`seen`."""
        return self.sign * (value - self.shifted * D * math.log(alpha)) / alpha**self.power

    def scale(self, value: float, D: int) -> float:
        """What relative margins are parts of: the value, for entropies of X_t the spread of log p of a Gaussian."""
        return math.sqrt(D / 2) if self.shifted else abs(value)

    def across(self, variance: float, others: Sequence[float], dims: int, eta: float) -> float | None:
        """What ``dims`` independent Gaussian coordinates add; None if that is not known."""
        total = 0.0
        if self.mean is not None:
            share = self.mean.across(variance, others, dims, eta) if isinstance(self.mean, Reducible) else None
            if share is None:
                return None
            total += share
        if isinstance(self.spread, LogDensity):
            total += dims / 2
        return total

    def forward(self, eta: float, D: int) -> tuple[Functional | None, float, float]:
        """(functional of an end value, factor, constant) with the mean that ``mean`` has, for the forward law."""
        if isinstance(self.mean, TimeIntegral):
            return LogDensity(), -1.0, -0.5 * D * (1 + LOG_2PI - math.log(eta))
        return self.mean, 1.0, 0.0


_PLANS = (
    Plan("fisher-information", "E|s|^2", SquaredScore(), power=-2),
    Plan("expected-divergence", "E div s", Divergence(), power=-2),
    Plan("entropy", "h(X_t)", LogDensity(), unit="nats", sign=-1, shifted=True),
    Plan("conditional-entropy", "H(X_0|X_t) of atoms", ClassEntropy(), unit="nats", discrete=True),
    Plan("class-entropy", "H(Z|X_t), Z the component", ClassEntropy(), unit="nats"),
    Plan("mutual-information", "I(X_0;X_t), as half the time integral of the mmse",
         TimeIntegral(PosteriorVariance(), 0.5), unit="nats"),
    Plan("mmse", "E tr Cov(X_0|X_t)", PosteriorVariance()),
    Plan("varentropy", "Var log p(X_t)", spread=LogDensity(), unit="nats^2"),
    Plan("variance-h", "Var H(X_0|x) of atoms", spread=ClassEntropy(), unit="nats^2", discrete=True),
    Plan("variance-phi", "Var log P(X_0|X_t) of atoms", SurpriseSpread(), ClassEntropy(), "nats^2", discrete=True),
    Plan("variance-h-class", "Var H(Z|x)", spread=ClassEntropy(), unit="nats^2"),
    Plan("variance-phi-class", "Var log P(Z|X_t)", SurpriseSpread(), ClassEntropy(), "nats^2"),
)  # fmt: skip
PLANS = {plan.name: plan for plan in _PLANS}
NAMES = (*PLANS, PATH_DIVERGENCE)
"""What can be simulated, beside experiments."""
_MULTIPLES = {
    "bandwidth": "mmse", "information-rate": "mmse", "entropy-rate": "fisher-information",
    "class-entropy-rate": "class-entropy",
}  # fmt: skip
_FIELDS = ("log-density", "score", "divergence", "jacobian", "posterior-mean", "posterior-covariance")


def plan_of(name: str, law: Law, other: Mixture | None) -> Plan:
    """The plan of a quantity for ``law``. Raises SimulationError with what can be simulated instead."""
    if name == PATH_DIVERGENCE:
        if other is None:
            raise SimulationError("path-divergence compares two laws; name the other one (--against LAW)")
        return Plan(name, "KL of path laws, half the time integral of E|D - D'|^2", PathDivergence(other), unit="nats")
    if other is not None:
        raise SimulationError(f"only path-divergence compares two laws; leave the other one (--against) out of {name}")
    if name not in PLANS:
        raise SimulationError(_unknown(name))
    plan = PLANS[name]
    if plan.discrete:
        _check_atoms(name, law)
    return plan


def _unknown(name: str) -> str:
    if name in _MULTIPLES:
        base = _MULTIPLES[name]
        how = "changes as" if base == "class-entropy" else "is a multiple of"
        return f"{name} is a rate: it {how} {base}; simulate {base}"
    if name in _FIELDS:
        return f"{name} is a field, not an average; simulate one of {', '.join(NAMES)}"
    near = difflib.get_close_matches(name, NAMES, n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"nothing to simulate is called {name!r}; {guess}there are {', '.join(NAMES)}"


def _check_atoms(name: str, law: Law) -> None:
    if not law.is_discrete:
        other = f"{name}-class" if name.startswith("variance") else "mutual-information, or class-entropy"
        raise SimulationError(f"{name} is simulated for atoms only, and this law has a density; ask for {other}")
    if len({part.mean for part in law.components}) < law.K:
        raise SimulationError(f"{name} of atoms at the same place: write each place once, with the weights added")
