"""Stochastic differential equations as problems, without a step size: who moves, not how it is computed.

All have additive noise: dX = drift(X, s) |ds| + diffusion(s) dW. The time s is the problem's own and may run up or down
along a grid; the drift is that along the motion. ``Clocked`` writes the same motion in another clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from numerics.mixtures import Array, Mixture
from numerics.schedules import LinearProcess
from numerics.sde.clocks import Clock
from numerics.sde.posterior import Posterior

NEEDS_START = "with a noise factor other than 1 paths start at a signal-to-noise ratio above 0"


class SDE(Protocol):
    """dX = drift |ds| + diffusion dW with noise that does not depend on X."""

    def drift(self, x: Array, s: float) -> Array:
        """The drift at points (n, D)."""

    def diffusion(self, s: float) -> float:
        """The factor of dW."""


class SemiLinear(SDE, Protocol):
    """An SDE whose drift is linear in X but for one bounded field, so that a step can be exact for a frozen field."""

    def field(self, x: Array, s: float) -> Array:
        """The field that is frozen over a step, (n, D)."""

    def propagator(self, s: float, later: float) -> tuple[float, float, float]:
        """(factor of X, factor of the field, sd of the noise) of the exact step from s to ``later``."""


@dataclass(frozen=True)
class ForwardSDE:
    """dX = a X dt + g dW; the time is t, growing."""

    process: LinearProcess

    def drift(self, x: Array, s: float) -> Array:
        """The drift at points (n, D)."""
        return self.process.a(s) * x

    def diffusion(self, s: float) -> float:
        """The factor of dW."""
        return math.sqrt(self.process.g2(s))


@dataclass(frozen=True)
class ReverseSDE:
    """dX = (-a X + (1 + lam^2)/2 g^2 s) |dt| + lam g dW, t falling, with the exact score s of the mixture.

    lam = 1 is Anderson's reverse SDE (Anderson 1982), lam = 0 the probability flow run backwards.
    """

    process: LinearProcess
    data: Mixture
    lam: float = 1.0

    def drift(self, x: Array, s: float) -> Array:
        """The drift at points (n, D)."""
        process = self.process
        noisy = self.data.noised(process.alpha(s), process.sigma(s))
        return noisy.score(x) * ((1 + self.lam**2) / 2 * process.g2(s)) - process.a(s) * x

    def diffusion(self, s: float) -> float:
        """The factor of dW."""
        return self.lam * math.sqrt(self.process.g2(s))

    def field(self, x: Array, s: float) -> Array:
        """The posterior mean D(x, t)."""
        alpha, sigma = self.process.alpha(s), self.process.sigma(s)
        return Posterior(self.data).mean(x * (alpha / sigma**2), (alpha / sigma) ** 2)

    def propagator(self, s: float, later: float) -> tuple[float, float, float]:
        """Exact for a frozen posterior mean; with lam = 1 the ancestral step of DDPM (Ho et al. 2020, eq. 6)."""
        process = self.process
        (alpha, sigma), (below, small) = ((process.alpha(t), process.sigma(t)) for t in (s, later))
        factor, weight, sd = Localised(self.data, self.lam).propagator((alpha / sigma) ** 2, (below / small) ** 2)
        scale = small**2 / below
        return factor * scale * alpha / sigma**2, weight * scale, sd * scale


@dataclass(frozen=True)
class Misstated:
    """A wrong reverse SDE: dX = (-a X + factor g^power s) |dt| + g dW. Right is factor = 1, power = 2."""

    process: LinearProcess
    data: Mixture
    factor: float
    power: int = 2

    def drift(self, x: Array, s: float) -> Array:
        """The drift at points (n, D)."""
        process = self.process
        noisy = self.data.noised(process.alpha(s), process.sigma(s))
        strength = self.factor * math.pow(process.g2(s), self.power / 2)
        return noisy.score(x) * strength - process.a(s) * x

    def diffusion(self, s: float) -> float:
        """The factor of dW."""
        return math.sqrt(self.process.g2(s))


@dataclass(frozen=True)
class Localised:
    """dy = [(1 + lam^2)/2 D + (1 - lam^2)/2 y/eta] d eta + lam dW: every reverse SDE in localisation coordinates.

    y = alpha x/sigma^2 against the signal-to-noise ratio eta (El Alaoui and Montanari 2022): unit noise, no stiff part,
    and for lam = 1 an exact start y = 0 at eta = 0. Other lam need eta > 0. ``strength`` multiplies D: a value other
    than 1 is a wrong drift, to be refuted.
    """

    data: Mixture
    lam: float = 1.0
    strength: float = 1.0

    def drift(self, x: Array, s: float) -> Array:
        """The drift at points (n, D). Raises ValueError at eta = 0 unless lam = 1."""
        pull = Posterior(self.data).mean(x, s)
        weight = (1 + self.lam**2) / 2 * self.strength
        if weight != 1:
            pull *= weight
        if self.lam != 1:
            if s <= 0:
                raise ValueError(NEEDS_START)
            pull += x * ((1 - self.lam**2) / 2 / s)
        return pull

    def diffusion(self, s: float) -> float:
        """The factor of dW."""
        return self.lam

    def field(self, x: Array, s: float) -> Array:
        """The posterior mean D(y, eta)."""
        return self.strength * Posterior(self.data).mean(x, s)

    def propagator(self, s: float, later: float) -> tuple[float, float, float]:
        """The exact step for a frozen posterior mean, from the variation of constants."""
        if self.lam == 1:
            return 1.0, later - s, math.sqrt(later - s)
        if s <= 0:
            raise ValueError(NEEDS_START)
        ratio = (later / s) ** ((1 - self.lam**2) / 2)
        variance = later - later ** (1 - self.lam**2) * s ** (self.lam**2)
        return ratio, later - ratio * s, math.sqrt(max(variance, 0.0))


@dataclass(frozen=True)
class UserSDE:
    """Any drift b(x, s), x of shape (n, D), and any additive diffusion. Pass top-level functions to use processes."""

    b: Callable[[Array, float], Array]
    g: Callable[[float], float]

    def drift(self, x: Array, s: float) -> Array:
        """The drift at points (n, D). Raises ValueError if it has another shape than the points."""
        pull = np.asarray(self.b(x, s), dtype=np.float64)
        if pull.shape != x.shape:
            raise ValueError(f"the drift returned shape {pull.shape} for points of shape {x.shape}; return (n, D)")
        return pull

    def diffusion(self, s: float) -> float:
        """The factor of dW."""
        return float(self.g(s))


@dataclass(frozen=True)
class Clocked:
    """``sde`` in the clock u: drift |dt/du|, diffusion sqrt |dt/du|."""

    sde: SDE
    clock: Clock

    def drift(self, x: Array, s: float) -> Array:
        """The drift at points (n, D)."""
        return self.sde.drift(x, self.clock.time(s)) * abs(self.clock.speed(s))

    def diffusion(self, s: float) -> float:
        """The factor of dW."""
        return self.sde.diffusion(self.clock.time(s)) * math.sqrt(abs(self.clock.speed(s)))
