"""Stochastic differential equations as problems, without a step size: who moves, not how it is computed.

``LinearProcess`` is what paths need from a forward process dX = a(t) X dt + g(t) dW, and ``process_of`` gives it for an
exact process (see :mod:`numerics.schedules`). ``ForwardSDE`` and ``ReverseSDE`` state drift and noise; a scheme
(``numerics.schemes``) moves them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from numerics.mixtures import Mixture
from numerics.schedules import (
    STANDING_PROCESS,
    VE_PROCESS,
    VP_PROCESS,
    LinearProcess,
    OutOfRangeError,
    process_of,
    transition,
)

__all__ = [
    "STANDING_PROCESS", "SDE", "VE_PROCESS", "VP_PROCESS", "Array", "ForwardSDE", "LinearProcess", "OutOfRangeError",
    "ReverseSDE", "process_of", "transition",
]  # fmt: skip

Array = NDArray[np.float64]


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
