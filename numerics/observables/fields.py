"""Fields: functions of the state (y, eta) that have a known mean under the forward law, each with its natural scale.

Everything is read in the variance-exploding view x = y/eta, sigma^2 = 1/eta. Margins are parts of the scale.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from numerics.mixtures import Array, Mixture
from numerics.observables.path import squares, trace
from numerics.observables.targets import expectation, moments
from numerics.sde.posterior import Posterior


@dataclass(frozen=True)
class Field:
    """A named function of (posterior, y, eta), shape (n,).

    ``known`` gives its mean where that is exact (else quadrature does); ``unit`` the scale of its margin (else the mean
    itself); ``bounds`` hold on every path.
    """

    name: str
    read: Callable[[Posterior, Array, float], Array]
    known: Callable[[Mixture, float], float] | None = None
    unit: Callable[[Mixture, float], float] | None = None
    bounds: tuple[float, float] | None = None

    def __call__(self, posterior: Posterior, y: Array, eta: float) -> Array:
        """The field at points (n, D)."""
        return self.read(posterior, y, eta)

    def __reduce__(self) -> tuple[Callable[[str], Field], tuple[str]]:
        return field_named, (self.name,)

    def target(self, data: Mixture, eta: float) -> float:
        """Its mean under the forward law at ``eta``. Raises NoTargetError."""
        return expectation(data, eta, self.read) if self.known is None else self.known(data, eta)

    def scale(self, data: Mixture, eta: float) -> float:
        """The size that margins are parts of. Raises NoTargetError."""
        return abs(self.target(data, eta)) if self.unit is None else self.unit(data, eta)


def _x(posterior: Posterior, y: Array, eta: float) -> Array:
    out: Array = y.T[0] / eta
    return out


def _x2(posterior: Posterior, y: Array, eta: float) -> Array:
    return squares(y) / eta**2


def _x_score(posterior: Posterior, y: Array, eta: float) -> Array:
    pull = posterior.mean(y, eta)
    pull *= y
    out: Array = pull.sum(axis=1) - squares(y) / eta
    return out


def _score2(posterior: Posterior, y: Array, eta: float) -> Array:
    return squares(posterior.score(y, eta)) / eta


def _divergence(posterior: Posterior, y: Array, eta: float) -> Array:
    out: Array = eta * trace(posterior.covariance(y, eta)) - posterior.D
    return out


def _balance(posterior: Posterior, y: Array, eta: float) -> Array:
    return _score2(posterior, y, eta) + _divergence(posterior, y, eta)


def _surprise(posterior: Posterior, y: Array, eta: float) -> Array:
    return -posterior.log_density(y, eta)


def _class_entropy(posterior: Posterior, y: Array, eta: float) -> Array:
    return posterior.class_entropy(y, eta)


def _largest(posterior: Posterior, y: Array, eta: float) -> Array:
    out: Array = np.minimum(posterior.responsibilities(y, eta).max(axis=0), 1.0)
    return out


def _mean_x(data: Mixture, eta: float) -> float:
    return moments(data)[0][0]


def _second(data: Mixture, eta: float) -> float:
    mean, spread = moments(data)
    return math.fsum(m * m for m in mean) + spread + data.D / eta


def _sd(data: Mixture, eta: float) -> float:
    return math.sqrt(moments(data)[1] + data.D / eta)


def _minus_dimension(data: Mixture, eta: float) -> float:
    return -float(data.D)


def _nothing(data: Mixture, eta: float) -> float:
    return 0.0


def _dimension(data: Mixture, eta: float) -> float:
    return float(data.D)


def _typical(data: Mixture, eta: float) -> float:
    """sqrt(D/2), the standard deviation of log p of a Gaussian: entropies may be zero, their spread is not."""
    return math.sqrt(data.D / 2)


def _prior_entropy(data: Mixture, eta: float) -> float:
    """H(Z): what is left of it late is carried by rare paths, and a part of that cannot be asked for."""
    return max(-math.fsum(w * math.log(w) for w in data.weights), 1e-12)


X = Field("x", _x, _mean_x, _sd)
X2 = Field("|x|^2", _x2, _second)
X_SCORE = Field("x.s", _x_score, _minus_dimension)
SCORE2 = Field("sigma^2 |s|^2", _score2)
DIVERGENCE = Field("sigma^2 div s", _divergence)
BALANCE = Field("sigma^2 (|s|^2 + div s)", _balance, _nothing, _dimension)
SURPRISE = Field("-log p", _surprise, None, _typical)
CLASS_ENTROPY = Field("class entropy", _class_entropy, None, _prior_entropy)
LARGEST = Field("largest responsibility", _largest, bounds=(0.0, 1.0))
FIELDS = (X, X2, X_SCORE, SCORE2, DIVERGENCE, BALANCE, SURPRISE, CLASS_ENTROPY, LARGEST)


def field_named(name: str) -> Field:
    """The field of that name. Raises ValueError with the names there are."""
    for known in FIELDS:
        if known.name == name:
            return known
    raise ValueError(f"no field is called {name!r}; there are {', '.join(f.name for f in FIELDS)}")
