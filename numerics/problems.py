"""Stochastic differential equations as problems, without a step size: who moves, not how it is computed.

``LinearProcess`` is what paths need from a forward process dX = a(t) X dt + g(t) dW: exact floats at any time and the
germ at that time. ``ForwardSDE`` and ``ReverseSDE`` state drift and noise; a scheme (``numerics.schemes``) moves them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from numerics.mixtures import Mixture
from theory.language.instances import Germ

Array = NDArray[np.float64]


class OutOfRangeError(ValueError):
    """A noise level that the process never has. The message gives the range that it has."""


class LinearProcess(Protocol):
    """A forward process dX = a X dt + g dW, so that X_t = alpha X_0 + sigma eps, at times given as floats.

    ``time_of_sigma`` raises :class:`OutOfRangeError` for a level the process never has. Implementations are
    frozen data.
    """

    def alpha(self, t: float) -> float:
        """The factor of X_0."""

    def sigma(self, t: float) -> float:
        """The standard deviation of the noise."""

    def a(self, t: float) -> float:
        """The rate alpha'/alpha."""

    def g2(self, t: float) -> float:
        """The power g^2 of the noise."""

    def time_of_sigma(self, sigma: float) -> float:
        """The time at which the noise level is ``sigma``."""

    def germ(self, t: float) -> Germ:
        """The process at time t with its derivatives."""

    def __hash__(self) -> int:
        """Processes are data, equal if they move alike."""


def _exact(value: float) -> Fraction:
    return Fraction(value)


@dataclass(frozen=True)
class ConstantLinear:
    """Constant a (not 0) and g^2 through (alpha, sigma) at t = 0. For a < 0, sigma^2 stays below -g^2/(2a)."""

    rate: Fraction
    power: Fraction
    alpha0: Fraction
    sigma0: Fraction

    @property
    def level(self) -> float:
        """The value of sigma^2 at rest, -g^2/(2a)."""
        return float(-self.power / (2 * self.rate))

    def alpha(self, t: float) -> float:
        """The factor of X_0."""
        return float(self.alpha0) * math.exp(float(self.rate) * t)

    def sigma(self, t: float) -> float:
        """The standard deviation of the noise."""
        return math.sqrt(self.level + (float(self.sigma0**2) - self.level) * math.exp(2 * float(self.rate) * t))

    def a(self, t: float) -> float:
        """The rate alpha'/alpha."""
        return float(self.rate)

    def g2(self, t: float) -> float:
        """The power g^2 of the noise."""
        return float(self.power)

    def time_of_sigma(self, sigma: float) -> float:
        """The time at which the noise level is ``sigma``."""
        ratio = (sigma**2 - self.level) / (float(self.sigma0**2) - self.level)
        if sigma < 0 or ratio <= 0:
            top = f" below {math.sqrt(self.level):.4f}, the square root of {-self.power / (2 * self.rate)}"
            where = top if self.rate < 0 else "at 0 or above"
            raise OutOfRangeError(f"the process never has sigma = {sigma:g}: its noise levels lie {where.strip()}")
        return math.log(ratio) / (2 * float(self.rate))

    def germ(self, t: float) -> Germ:
        """The process at time t with its derivatives."""
        return Germ(_exact(self.alpha(t)), _exact(self.sigma(t)), (self.rate,), (self.power,), constant=True)


@dataclass(frozen=True)
class VarianceExploding:
    """dX = dW in the clock t = sigma^2: alpha = 1, a = 0, g = 1."""

    def alpha(self, t: float) -> float:
        """The factor of X_0."""
        return 1.0

    def sigma(self, t: float) -> float:
        """The standard deviation of the noise."""
        return math.sqrt(t)

    def a(self, t: float) -> float:
        """The rate alpha'/alpha."""
        return 0.0

    def g2(self, t: float) -> float:
        """The power g^2 of the noise."""
        return 1.0

    def time_of_sigma(self, sigma: float) -> float:
        """The time at which the noise level is ``sigma``."""
        if sigma < 0:
            raise OutOfRangeError(f"the process never has sigma = {sigma:g}: noise levels are not negative")
        return sigma**2

    def germ(self, t: float) -> Germ:
        """The process at time t with its derivatives."""
        zero, one = Fraction(0), Fraction(1)
        return Germ(one, _exact(math.sqrt(t)), (zero,), (one,), constant=True)


STANDING_PROCESS = ConstantLinear(Fraction(-7, 20), Fraction(9, 10), Fraction(3, 5), Fraction(4, 5))
"""Constant a and g^2 through the standing germ."""
VE_PROCESS = VarianceExploding()
VP_PROCESS = ConstantLinear(Fraction(-1, 2), Fraction(1), Fraction(3, 5), Fraction(4, 5))
"""Variance preserving with beta = 1: alpha^2 + sigma^2 = 1, at (3/5, 4/5) for t = 0."""


def transition(process: LinearProcess, earlier: float, later: float) -> tuple[float, float]:
    """(factor, sd) of the exact forward transition X_later = factor X_earlier + sd xi of the linear SDE."""
    factor = process.alpha(later) / process.alpha(earlier)
    variance = process.sigma(later) ** 2 - (factor * process.sigma(earlier)) ** 2
    return factor, math.sqrt(max(variance, 0.0))


class SDE(Protocol):
    """dX = drift dtau + diffusion dW with noise that does not depend on X; tau grows along the paths.

    Both take t, the forward time of the process; tau runs with t or against it.
    """

    def drift(self, x: Array, t: float) -> Array:
        """The drift at points (n, D)."""

    def diffusion(self, t: float) -> float:
        """The factor of dW."""


@dataclass(frozen=True)
class ForwardSDE:
    """dX = a X dt + g dW."""

    process: LinearProcess

    def drift(self, x: Array, t: float) -> Array:
        """The drift at points (n, D)."""
        return self.process.a(t) * x

    def diffusion(self, t: float) -> float:
        """The factor of dW."""
        return math.sqrt(self.process.g2(t))


@dataclass(frozen=True)
class ReverseSDE:
    """dX = (-a X + (1 + lam^2)/2 g^2 s) dtau + lam g dW, tau = -t, with the exact score s of the mixture.

    lam = 1 is Anderson's reverse SDE, lam = 0 the probability flow run backwards.
    """

    process: LinearProcess
    data: Mixture
    lam: float = 1.0

    def drift(self, x: Array, t: float) -> Array:
        """The drift at points (n, D)."""
        process = self.process
        noisy = self.data.noised(process.alpha(t), process.sigma(t))
        return noisy.score(x) * ((1 + self.lam**2) / 2 * process.g2(t)) - process.a(t) * x

    def diffusion(self, t: float) -> float:
        """The factor of dW."""
        return self.lam * math.sqrt(self.process.g2(t))
