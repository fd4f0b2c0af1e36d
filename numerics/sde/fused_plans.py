"""The steps of the fused walks as matrices: what a scheme does to a mixture's reverse SDE between two nodes.

A step is an affine map of (state, last posterior mean, noise), the same for every coordinate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np

from numerics.mixtures import Array, Mixture
from numerics.sde.fused import FusedPosterior, treats
from numerics.sde.fused_kernels import Coefficients, Line
from numerics.sde.grids import Grid
from numerics.sde.problems import SDE, Clocked, Localised, Misstated, ReverseSDE

Problem = Localised | ReverseSDE | Misstated | Clocked
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class _Linear:
    """At one time: drift = state * own + D(scale * state, eta) * mean, and the factor of dW.

    ``level`` is how far the state moves when the data are shifted by one; scale * level = eta.
    """

    own: float
    mean: float
    diffusion: float
    eta: float
    scale: float
    level: float


def _linear(sde: SDE, s: float) -> _Linear:
    if isinstance(sde, Clocked):
        inner, speed = _linear(sde.sde, sde.clock.time(s)), abs(sde.clock.speed(s))
        return _Linear(inner.own * speed, inner.mean * speed, inner.diffusion * math.sqrt(speed), inner.eta,
                       inner.scale, inner.level)  # fmt: skip
    if isinstance(sde, Localised):
        if sde.lam != 1 and s <= 0:
            raise ValueError("with a noise factor other than 1 paths start at a signal-to-noise ratio above 0")
        own = 0.0 if sde.lam == 1 else (1 - sde.lam**2) / 2 / s
        return _Linear(own, (1 + sde.lam**2) / 2 * sde.strength, sde.diffusion(s), s, 1.0, s)
    assert isinstance(sde, ReverseSDE | Misstated)
    process = sde.process
    alpha, variance, g2 = process.alpha(s), process.sigma(s) ** 2, process.g2(s)
    weight = (1 + sde.lam**2) / 2 * g2 if isinstance(sde, ReverseSDE) else sde.factor * g2 ** (sde.power / 2)
    # the score is (alpha D - x)/sigma^2
    return _Linear(-process.a(s) - weight / variance, weight * alpha / variance, sde.diffusion(s), alpha**2 / variance,
                   alpha / variance, alpha)  # fmt: skip


def data_of(sde: SDE) -> Mixture | None:
    """The mixture whose posterior mean is the only nonlinear part of the drift, or None for any other problem."""
    inner = sde.sde if isinstance(sde, Clocked) else sde
    return inner.data if isinstance(inner, Localised | ReverseSDE | Misstated) else None


def walks(sde: SDE) -> bool:
    """Whether :func:`numerics.sde.fused_walks.euler_walk` is for it. The other one wants ``Localised``, lam = 1."""
    data = data_of(sde)
    return data is not None and treats(data)


@dataclass(frozen=True)
class Step:
    """From one node to the next."""

    row: Coefficients
    stage: Array
    """(place of the next mean; next state without it) from (state without its mean, last mean, noise, signs)."""
    weight: float
    """The factor of this step's mean in the next state."""
    shift: tuple[float, float] = (0.0, 0.0)
    """What the stage adds, in units of the centre: zero where the scheme is exact for a shift of the data."""

    @cached_property
    def shifted(self) -> bool:
        """Whether the stage adds anything."""
        return any(self.shift)


@dataclass(frozen=True)
class Plan:
    """The steps of a grid."""

    steps: tuple[Step, ...]
    levels: tuple[float, ...]
    start: Coefficients | None
    """Where the mean is wanted before the first step."""
    direct: bool = False
    """``row.first`` holds the whole step: see :mod:`numerics.sde.fused_walks`."""


@lru_cache(maxsize=64)
def euler_plan(sde: Problem, grid: Grid, drawn: bool) -> Plan:
    """Euler-Maruyama; ``drawn``: the noise is unit normals, otherwise increments."""
    posterior = posterior_of(sde)
    gain, before, steps = posterior.gain, 0.0, []
    direct = posterior.kind is Line
    at = [_linear(sde, s) for s in grid.nodes]
    for i, (here, later) in enumerate(pairwise(at)):
        h, row = grid.width(i), posterior.at(here.eta)
        keep, weight = 1 + h * here.own, h * here.mean
        noise = here.diffusion * (math.sqrt(h) if drawn else 1.0)
        shift = _residue(keep * here.level, weight, -later.level)
        if direct:
            whole = np.zeros((len(row.first), 4))
            whole[:, :3] = row.first * (here.scale, 1.0, here.scale**2)
            whole[posterior.K - 1 :] *= weight
            whole[-1] += keep, shift * posterior.centre[0], 0.0, noise
            steps.append(Step(row._replace(first=whole), row.first[:0], 0.0))
            continue
        # the linear part of the mean goes with the state
        kept = keep + weight * row.slope * here.scale
        stage = np.array([[here.scale * gain, here.scale * gain * before, 0.0], [kept, kept * before, noise]])
        before = weight * gain
        steps.append(Step(row._replace(slope=0.0), stage, before, (0.0, shift)))
    return Plan(tuple(steps), tuple(v.level for v in at), None, direct)


@lru_cache(maxsize=64)
def one_evaluation_plan(sde: Localised, grid: Grid, drawn: bool) -> Plan:
    """The one-evaluation midpoint rule, for lam = 1; ``drawn`` as above."""
    posterior = posterior_of(sde)
    gain, strength, before, steps = posterior.gain, sde.strength, 0.0, []
    for i, (s, later) in enumerate(zip(grid.nodes, grid.nodes[1:])):
        h, middle = grid.width(i), (s + later) / 2
        root = math.sqrt(h)
        noise, reach = root if drawn else 1.0, h / 2 * strength
        stage = np.array([[gain, gain * (before + reach * gain), gain * noise / 2, gain * root / 2],
                          [1.0, before, noise, 0.0]])  # fmt: skip
        shift = gain * _residue(s, reach, -middle), _residue(s, h * strength, -later)
        before = h * strength * gain
        steps.append(Step(posterior.at(middle), stage, before, shift))
    return Plan(tuple(steps), grid.nodes, posterior.at(grid.nodes[0]))


def _residue(*terms: float) -> float:
    """The sum, if it is more than the rounding of its terms."""
    total = math.fsum(terms)
    return total if abs(total) > 8 * _EPS * max(map(abs, terms)) else 0.0


def posterior_of(sde: SDE) -> FusedPosterior:
    """The fused posterior of a problem. Raises ValueError if there is none."""
    data = data_of(sde)
    if data is None:
        raise ValueError(f"the fused walks are for reverse SDEs of mixtures, not {type(sde).__name__}; use "
                         "numerics.sde.schemes")  # fmt: skip
    return FusedPosterior(data)
