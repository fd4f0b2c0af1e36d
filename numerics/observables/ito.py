"""The Ito identity for log p_t along reverse paths, in the view x = y/eta, nu = 1/eta.

    d log p = s o dx + (div s + |s|^2)/2 d nu   (Stratonovich)  =  s dx - |s|^2/2 |d nu|   (Ito, nu falling).

The residual of the sums over a path: its mean is extrapolated to zero step; of its root mean square only the *rate* in
the step is asked, for at any affordable step it is not small: 1 by the trapezoidal rule, 1/2 by the left-point rule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from numerics.mixtures import Array
from numerics.observables.experiment import MARGIN, Check, Experiment
from numerics.observables.path import Path, products, squares, trace
from numerics.observables.units import sampled
from numerics.observables.walks import Channel, Walk

STRATONOVICH, ITO = "Stratonovich", "Ito"
SLOPE = 0.05
"""Half-width of the interval in which a rate must lie."""


def residual(path: Path, rule: str, stride: int, drift: float = 1.0) -> Array:
    """log p at the end less at the start less the sums of the rule over every ``stride``-th node, (n,).

    ``drift`` multiplies |s|^2/2; 1 is right. (A factor of both terms along d nu would not show: their mean is zero.)
    """
    nodes = range(0, path.nodes, stride)
    total: Array = path.posterior.log_density(path.ys[nodes[-1]], path.etas[nodes[-1]])
    total -= path.posterior.log_density(path.ys[0], path.etas[0])
    x, s, rate = _at(path, 0, rule, drift)
    for i, j in pairwise(nodes):
        dnu = 1 / path.etas[j] - 1 / path.etas[i]
        later_x, later_s, later_rate = _at(path, j, rule, drift)
        if rule == ITO:
            total -= products(s, later_x - x) + rate * dnu
        else:
            total -= products(s + later_s, later_x - x) / 2 + (rate + later_rate) * (dnu / 2)
        x, s, rate = later_x, later_s, later_rate
    return total


def _at(path: Path, i: int, rule: str, drift: float) -> tuple[Array, Array, Array]:
    s, eta = path.score(i), path.etas[i]
    rate = drift * squares(s) / 2
    if rule == STRATONOVICH:
        rate += (eta * eta * trace(path.covariance(i)) - path.data.D * eta) / 2
    return path.ys[i] / eta, s, rate


@dataclass(frozen=True)
class Residual:
    """Its mean tends to zero with the step, at order 1."""

    rule: str = STRATONOVICH
    drift: float = 1.0
    rows: int = 1
    extrapolated: bool = True
    order: float | None = 1

    def read(self, path: Path) -> Sequence[Array]:
        """The row."""
        return [residual(path, self.rule, 1, self.drift)]


@dataclass(frozen=True)
class Rate:
    """(R at twice the step)^2/4^slope - R^2, in units of R^2: zero if the root mean square falls like step^slope."""

    slope: float
    rule: str = STRATONOVICH
    unit: float = 1.0
    rows: int = 1
    extrapolated: bool = False
    order: float | None = 0

    def read(self, path: Path) -> Sequence[Array]:
        """The row."""
        fine, coarse = (residual(path, self.rule, stride) ** 2 for stride in (1, 2))
        return [(coarse / 4**self.slope - fine) / self.unit]


@dataclass(frozen=True)
class _Square:
    rule: str

    def read(self, path: Path) -> Sequence[Array]:
        return [residual(path, self.rule, 1) ** 2]


def ito_identity(walk: Walk, *, margin: float = MARGIN, drift: float = 1.0, name: str = "Ito identity") -> Experiment:
    """The mean of the residual along the paths; in units of the spread of log p. ``drift`` other than 1 is false.

    The walk must start at eta > 0.
    """
    unit = math.sqrt(walk.data.D / 2)
    check = Check(f"d log p with {drift:g} |s|^2/2 in its drift", "mean of the residual", 0.0, margin * unit)
    return Experiment(name, walk, (Residual(drift=drift),), (check,))


def ito_rate(walk: Channel, rule: str = STRATONOVICH, slope: float = 1.0, *, name: str = "Ito rate") -> Experiment:
    """The rate at which the residual falls, on exact paths: 1 for the trapezoidal rule, 1/2 for the left-point rule."""
    if (len(walk.etas) - 1) % 2:
        raise ValueError("the rate needs an even number of steps")
    unit = sampled(walk, _Square(rule))[0]
    margin = 4**SLOPE - 1
    check = Check(f"{rule} residual falls like step^{slope:g}", "root mean square", 0.0, margin)
    return Experiment(name, walk, (Rate(slope, rule, unit),), (check,))
