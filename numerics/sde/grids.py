"""Time grids: where the steps are spent.

``log_snr`` and ``uniform`` are plain. ``information_grid`` takes equal steps of Lambda(eta), the integral of the root
mean square of |Cov(X_0 | y)|_F over eta: it bounds how far the posterior mean, the only drift in localisation
coordinates, changes over a step, and is linear in eta before a decision and logarithmic inside Gaussian components.
``entropic_grid`` takes equal steps of the conditional entropy H(X_0 | X_t), whose rate is E tr Cov/2 (Guo, Shamai,
Verdu 2005).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from numerics.mixtures import Array, Mixture
from numerics.sde.posterior import Posterior
from numerics.streams import stream

PIECES, PIECES_ABOVE = 512, 128
"""Places at which a rate is read, on the line and above (where a reading is dear); the grid is a smooth function of it,
so steps can be extrapolated."""
NODES = 48
"""Gauss-Hermite nodes a component on the line."""
DRAWS = 2048
"""Common draws at every eta above one dimension; the grid needs no more than two digits of the rate."""


@dataclass(frozen=True)
class Grid:
    """Times s_0, .., s_n of a problem, strictly monotone."""

    nodes: tuple[float, ...]

    def __post_init__(self) -> None:
        steps = np.diff(np.array(self.nodes))
        if len(steps) < 1 or not (np.isfinite(steps).all() and ((steps > 0).all() or (steps < 0).all())):
            raise ValueError("the nodes of a grid must be finite and strictly monotone, at least two of them")

    @property
    def steps(self) -> int:
        """Their number."""
        return len(self.nodes) - 1

    def width(self, i: int) -> float:
        """The length of step i."""
        return abs(self.nodes[i + 1] - self.nodes[i])

    @property
    def widths(self) -> tuple[float, ...]:
        """The lengths of all steps."""
        return tuple(self.width(i) for i in range(self.steps))

    def coarser(self, factor: int) -> Grid:
        """Every ``factor``-th node. Raises ValueError if the steps do not divide."""
        if self.steps % factor:
            raise ValueError(f"{self.steps} steps cannot be coarsened by {factor}")
        return Grid(self.nodes[::factor])


def _counted(steps: int) -> int:
    if steps < 1:
        raise ValueError(f"a grid has at least one step, got {steps}")
    return steps


def uniform(start: float, end: float, steps: int) -> Grid:
    """Equal steps from ``start`` to ``end``, in either direction."""
    step = (end - start) / _counted(steps)
    return Grid((*(start + step * i for i in range(steps)), end))


def log_snr(first: float, last: float, steps: int, *, origin: bool = True) -> Grid:
    """Equal steps of log eta from ``first`` to ``last``; with ``origin`` the first of the steps leads there from 0."""
    count = _counted(steps - origin)
    if not 0 < first < last:
        raise ValueError(f"signal-to-noise ratios grow from above 0, got {first:g} to {last:g}")
    ratio = math.log(last / first)
    return Grid((*((0.0,) * origin), *(first * math.exp(ratio * i / count) for i in range(count)), last))


def log_sigma(first: float, last: float, steps: int) -> Grid:
    """Equal steps of u = log sigma between two noise levels, for problems in the clock ``LogSigma``."""
    return uniform(math.log(first), math.log(last), steps)


def information_grid(data: Mixture, last: float, steps: int, *, first: float = 0.0) -> Grid:
    """Equal steps of Lambda from eta = ``first`` to ``last`` (see the module); resolves the decisions of ``data``."""
    return _quantiles(data, "information", first, last, steps)


def entropic_grid(data: Mixture, last: float, steps: int, *, first: float = 0.0) -> Grid:
    """Equal steps of the conditional entropy from eta = ``first`` to ``last``: entropic time."""
    return _quantiles(data, "entropic", first, last, steps)


def _frobenius(posterior: Posterior, y: Array, eta: float, weights: Array) -> float:
    covariance = posterior.covariance(y, eta)
    return math.sqrt(float(((covariance**2).sum(axis=(0, 1)) * weights).sum()))


def _half_trace(posterior: Posterior, y: Array, eta: float, weights: Array) -> float:
    covariance = posterior.covariance(y, eta)
    return float((np.einsum("iin->n", covariance) * weights).sum()) / 2


_RATES: dict[str, Callable[[Posterior, Array, float, Array], float]] = {
    "information": _frobenius, "entropic": _half_trace
}  # fmt: skip


def _points(data: Mixture) -> Callable[[float], tuple[Array, Array]]:
    """Weighted points that stand for the law of y at a given eta: Gauss-Hermite on the line, common draws above."""
    if data.D > 1:
        rng = stream(0, "grid", "draws", 0)
        x0, noise = data.sample(DRAWS, rng), rng.standard_normal((DRAWS, data.D))
        return lambda eta: (eta * x0 + math.sqrt(eta) * noise, np.full(DRAWS, 1 / DRAWS))
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / weights.sum()
    mixed = np.concatenate([w * weights for w in data.weights])

    def line(eta: float) -> tuple[Array, Array]:
        spreads = [math.sqrt(eta * eta * cov[0][0] + eta) for cov in data.covs]
        parts = [eta * mean[0] + sd * nodes for mean, sd in zip(data.means, spreads, strict=True)]
        return np.concatenate(parts)[:, None], mixed

    return line


@lru_cache(maxsize=128)
def _rates(data: Mixture, kind: str, first: float, last: float) -> tuple[Array, Array, float]:
    """(v, cumulated rate at v, scale): eta = first + scale expm1(v)."""
    centre = np.array(
        [math.fsum(w * m[i] for w, m in zip(data.weights, data.means, strict=True)) for i in range(data.D)]
    )
    spread = max(sum(w * float(np.trace(np.array(c)) + np.sum((np.array(m) - centre) ** 2)) for w, m, c in zip(
        data.weights, data.means, data.covs, strict=True)), 1e-300)  # fmt: skip
    scale = max(data.D / spread, first)
    v = np.linspace(0.0, math.log1p((last - first) / scale), (PIECES if data.D == 1 else PIECES_ABOVE) + 1)
    posterior, points, rate = Posterior(data), _points(data), _RATES[kind]
    speeds = np.empty_like(v)
    for i, value in enumerate(v):
        eta = first + scale * math.expm1(value)
        y, weights = points(eta)
        speeds[i] = rate(posterior, y, eta, weights) * scale * math.exp(value)
    cumulated = np.concatenate([[0.0], np.cumsum((speeds[1:] + speeds[:-1]) / 2 * np.diff(v))])
    return v, cumulated, scale


def _quantiles(data: Mixture, kind: str, first: float, last: float, steps: int) -> Grid:
    from scipy.interpolate import PchipInterpolator

    if not 0 <= first < last < math.inf:
        raise ValueError(f"signal-to-noise ratios grow from 0 or above, got {first:g} to {last:g}")
    v, cumulated, scale = _rates(data, kind, first, last)
    # a rate that has died out (all atoms told apart) gives no time: a floor keeps the clock strictly monotone
    clock = cumulated / (cumulated[-1] or 1.0) + 1e-3 * v / v[-1]
    places = PchipInterpolator(clock, v)(np.linspace(0.0, clock[-1], _counted(steps) + 1))
    inner = [first + scale * math.expm1(float(p)) for p in places[1:-1]]
    return Grid((first, *inner, last))
