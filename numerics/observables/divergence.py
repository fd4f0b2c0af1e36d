"""Girsanov: the relative entropy of path laws is the integral of half the squared distance of the drifts.

y at eta is sufficient for X_0 and both path laws have the same noise, so it equals the relative entropy of the laws of
y at the end alone, which quadrature gives.
"""

from __future__ import annotations

from dataclasses import dataclass

from numerics.functionals import PathDivergence
from numerics.mixtures import Array, Mixture
from numerics.observables.along import Along
from numerics.observables.controls import Displacement, guided
from numerics.observables.experiment import MARGIN, Check, Experiment
from numerics.observables.observable import Control
from numerics.observables.targets import expectation
from numerics.observables.walks import Walk
from numerics.sde.posterior import Posterior


@dataclass(frozen=True)
class LogRatio:
    """log p(y)/q(y) at one eta, p the law of the paths."""

    other: Mixture

    def __call__(self, posterior: Posterior, y: Array, eta: float) -> Array:
        """The field."""
        return posterior.log_evidence(y, eta) - Posterior(self.other).log_evidence(y, eta)


def endpoint_divergence(data: Mixture, other: Mixture, eta: float) -> float:
    """KL of the laws of y at ``eta``, by quadrature; nats. Raises NoTargetError above two dimensions."""
    return expectation(data, eta, LogRatio(other))


def path_divergence(
    walk: Walk, other: Mixture, *, margin: float = MARGIN, name: str = "path divergence", factor: float = 1.0
) -> Experiment:
    """1/2 E int |D - D_other|^2 d eta along the paths against the relative entropy at the end.

    ``factor`` multiplies the claimed number: a value other than 1 is a false variant (2: the half is missing).
    """
    target = factor * endpoint_divergence(walk.data, other, walk.eta(-1))
    check = Check("path divergence = endpoint divergence", "", target, margin * target)
    functional = PathDivergence(other)
    controls: tuple[Control, ...] = (Displacement(), *guided(walk, functional))
    return Experiment(name, walk, (Along(functional),), (check,), controls)
