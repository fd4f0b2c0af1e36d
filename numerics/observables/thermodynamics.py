"""Entropy production along paths, and fluctuation theorems with the warning that they need.

* Entropy production of the forward process (Seifert 2012, diffusivity g^2/2): its rate (2/g^2) E|f - g^2 s/2|^2 equals
  dH(X_t)/dt plus the entropy flow (2/g^2) E|f|^2 + E div f. The left side is integrated along paths, the right side is
  known by quadrature and exact moments.
* Integral fluctuation theorem, variance-exploding view: E p_late(X_late)/p_early(X_early) = 1 for forward paths.
* Information fluctuation theorem: E w_Z / P(Z | X_t) = 1, the sum of the weights.

Averages of exponentials are ruled by rare paths. Whether normal theory can be trusted is decided before any path is
drawn, from moments: by the tails of the law for the first, by quadrature for the second. Where it cannot, the outcome
is UNDECIDED with that warning, whatever the sample looks like.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from numerics.mixtures import Array, Mixture
from numerics.observables.experiment import MARGIN, Check, Experiment
from numerics.observables.fields import SURPRISE, X2
from numerics.observables.path import Path, squares
from numerics.observables.targets import NoTargetError, expectation
from numerics.observables.units import sampled
from numerics.observables.walks import Channel, Walk
from numerics.schedules import LinearProcess
from numerics.sde.posterior import Posterior

KURTOSIS = 1e4
"""Largest E y^4/(E y^2)^2 at which a mean of some 10^6 paths is described by normal theory."""


@dataclass(frozen=True)
class Dissipation:
    """The integral over t of ``factor``/g^2 |a x - g^2 s/2|^2 along the path, by the trapezoidal rule in log sigma.

    ``sigmas`` are the noise levels of the process at the nodes of the finest level.
    """

    process: LinearProcess
    sigmas: tuple[float, ...]
    factor: float = 2.0
    rows: int = 1
    extrapolated: bool = True
    order: float | None = 2

    def read(self, path: Path) -> Sequence[Array]:
        """The row."""
        process, stride = self.process, (len(self.sigmas) - 1) // (path.nodes - 1)
        levels = self.sigmas[::stride]
        total: Array = np.zeros(len(path.ys[0]))
        for i, sigma in enumerate(levels):
            t = process.time_of_sigma(sigma)
            alpha, a, g2 = process.alpha(t), process.a(t), process.g2(t)
            current = (a * alpha / path.etas[i]) * path.ys[i] - (g2 / (2 * alpha)) * path.score(i)
            early, late = levels[max(i - 1, 0)], levels[min(i + 1, len(levels) - 1)]
            speed = 1 / (a + g2 / (2 * sigma**2))  # dt / d log sigma
            total += (abs(math.log(late / early)) / 2 * speed * self.factor / g2) * squares(current)
        return [total]


def entropy_production(
    walk: Walk, process: LinearProcess, sigmas: Sequence[float], *, margin: float = MARGIN, factor: float = 2.0,
    name: str = "entropy production",
) -> Experiment:  # fmt: skip
    """The entropy produced between the first and the last of ``sigmas``, the levels at the finest nodes of the walk.

    ``factor`` other than 2 is a false variant. Raises NoTargetError above two dimensions.
    """
    data, first, last = walk.data, sigmas[0], sigmas[-1]
    early, late = sorted((first, last))
    ends = [_entropy(data, process, sigma) for sigma in (early, late)]
    target = ends[1] - ends[0] + _flow(data, process, early, late)
    check = Check(f"the entropy produced is {factor:g}/g^2 int |f - g^2 s/2|^2 dt", "", target, margin * abs(target))
    return Experiment(name, walk, (Dissipation(process, tuple(sigmas), factor),), (check,))


def _entropy(data: Mixture, process: LinearProcess, sigma: float) -> float:
    alpha = process.alpha(process.time_of_sigma(sigma))
    return expectation(data, (alpha / sigma) ** 2, SURPRISE) + data.D * math.log(alpha)


def _flow(data: Mixture, process: LinearProcess, early: float, late: float) -> float:
    """The integral of (2/g^2) E|f|^2 + E div f over t."""
    from scipy.integrate import quad

    def rate(t: float) -> float:
        alpha, sigma, a, g2 = process.alpha(t), process.sigma(t), process.a(t), process.g2(t)
        second = alpha**2 * X2.target(data, (alpha / sigma) ** 2)
        return 2 * a * a / g2 * second + data.D * a

    ends = process.time_of_sigma(early), process.time_of_sigma(late)
    return float(quad(rate, *ends, epsabs=1e-12, epsrel=1e-10)[0])


@dataclass(frozen=True)
class TotalRatio:
    """p(X) at the first node over p(X) at the last, x in the variance-exploding view; ``sign`` -1: its inverse."""

    sign: float = 1.0
    rows: int = 1
    extrapolated: bool = False
    order: float | None = 0

    def read(self, path: Path) -> Sequence[Array]:
        """The row."""
        late, early = (path.posterior.log_density(path.ys[i], path.etas[i]) for i in (0, path.nodes - 1))
        return [np.exp(self.sign * (late - early))]


@dataclass(frozen=True)
class InformationRatio:
    """w_Z/P(Z | X_t) at the last node, Z the component that the path was drawn from."""

    rows: int = 1
    extrapolated: bool = False
    order: float | None = 0

    def read(self, path: Path) -> Sequence[Array]:
        """The row."""
        weights = np.array(path.data.weights)
        logs = np.choose(path.ends(), list(path.logs(path.nodes - 1)))
        row: Array = weights[path.ends()] * np.exp(-logs)
        return [row]


def total_fluctuation(data: Mixture, early: float, late: float, *, margin: float = MARGIN, sign: float = 1.0,
                      name: str = "total fluctuation theorem") -> Experiment:  # fmt: skip
    """E exp(-entropy produced between noise levels early < late) = 1 on exact forward paths; ``sign`` -1 is false."""
    walk = Channel(data, (late**-2, early**-2))
    excess = sampled(walk, TotalRatio(-1.0))[0] - 1  # of the inverse ratio: the margin must tell them apart
    margin = min(margin, max(excess, 0.04 * margin) / 4)
    check = Check("E exp(-Delta) = 1", f"sigma {early:g} to {late:g}", 1.0, margin,
                  heavy=_heavy_total(data, early**2, late**2))  # fmt: skip
    return Experiment(name, walk, (TotalRatio(sign),), (check,))


def _heavy_total(data: Mixture, early: float, late: float) -> str:
    """Why not to trust normal theory: the p-th moment is finite only if p q > c + nu_late, for the widest variance c of
    the data and q = (c + nu_early)/(p - 1) - (nu_late - nu_early); p = 4 is asked for.
    """
    widest = max(float(np.linalg.eigvalsh(np.array(cov))[-1]) for cov in data.covs)
    for power, what in ((2, "variance"), (4, "fourth moment")):
        q = (widest + early) / (power - 1) - (late - early)
        if power * q <= widest + late:
            return (f"heavy tails: the {what} of exp(-Delta) is infinite, so no interval from normal theory holds; "
                    "take noise levels closer together, or quadrature")  # fmt: skip
    return ""


def information_fluctuation(data: Mixture, sigma: float, *, margin: float = MARGIN,
                            name: str = "information fluctuation theorem") -> Experiment:  # fmt: skip
    """E w_Z/P(Z | X_t) = 1 at one noise level, on exact forward pairs."""
    eta = sigma**-2
    check = Check("E w_Z/P(Z | X_t) = 1", f"sigma {sigma:g}", 1.0, margin, heavy=_heavy_information(data, eta))
    return Experiment(name, Channel(data, (eta / 2, eta)), (InformationRatio(),), (check,))


@dataclass(frozen=True)
class _RatioMoment:
    power: int

    def __call__(self, posterior: Posterior, y: Array, eta: float) -> Array:
        logs, total = posterior.log_responsibilities(y, eta), np.zeros(len(y))
        for w, row in zip(posterior.data.weights, logs, strict=True):
            total += np.exp(self.power * math.log(w) - (self.power - 1) * row)
        return total


def _heavy_information(data: Mixture, eta: float) -> str:
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            second, fourth = (expectation(data, eta, _RatioMoment(power)) for power in (2, 4))
    except NoTargetError:
        return "heavy tails: the moments of w_Z/P(Z | X_t) are not known here; use quadrature on the line"
    if not fourth <= KURTOSIS * second**2:
        return (f"heavy tails: the kurtosis of w_Z/P(Z | X_t) is {fourth / second**2:.2g}, beyond {KURTOSIS:g}; "
                "take a higher noise level, or quadrature")  # fmt: skip
    return ""
