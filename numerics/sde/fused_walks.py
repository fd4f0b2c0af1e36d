"""Euler-Maruyama and the one-evaluation midpoint rule for mixtures, fused with the posterior mean: the fast lane.

The trajectories are those of :mod:`numerics.sde.schemes` for the same noise, up to rounding. A step is an affine map of
(state, last posterior mean, noise), the same for every coordinate: one product with a matrix of two rows gives the
place at which the next posterior mean is wanted and the next state without it. Paths are walked in blocks that stay in
the cache; a generator in place of recorded noise is read exactly as :func:`numerics.sde.noise.draws` reads it.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from numerics.mixtures import Array, Mixture
from numerics.sde.fused import FusedPosterior, blocks, treats
from numerics.sde.fused_kernels import PRODUCT, Coefficients, Kernel, Line
from numerics.sde.grids import Grid
from numerics.sde.noise import Noise
from numerics.sde.problems import SDE, Clocked, Localised, Misstated, ReverseSDE

Noises = Iterable[Noise] | np.random.Generator
_EPS = float(np.finfo(np.float64).eps)
_SIGNS: Array = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1) * 2.0 - 1.0
"""The eight signs of a byte."""


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


@lru_cache(maxsize=65536)
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
    """Whether :func:`euler_walk` is for this problem. :func:`one_evaluation_walk` also wants ``Localised``, lam = 1."""
    data = data_of(sde)
    return data is not None and treats(data)


@dataclass(frozen=True)
class _Step:
    row: Coefficients
    stage: Array
    """(place of the next mean; next state without it) from (state without its mean, last mean, noise, signs)."""
    weight: float
    """The factor of this step's mean in the next state."""
    shift: tuple[float, float]
    """What the stage adds, in units of the centre: zero where the scheme is exact for a shift of the data."""


@dataclass(frozen=True)
class _Plan:
    steps: tuple[_Step, ...]
    levels: tuple[float, ...]
    start: Coefficients | None
    """Where the mean is wanted before the first step."""
    direct: bool = False
    """``row.first`` holds the whole step: see :class:`_LineBlock`."""


@lru_cache(maxsize=64)
def _euler_plan(sde: SDE, grid: Grid, drawn: bool) -> _Plan:
    posterior = _posterior(sde)
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
            steps.append(_Step(row._replace(first=whole), row.first[:0], 0.0, (0.0, 0.0)))
            continue
        # the linear part of the mean goes with the state
        kept = keep + weight * row.slope * here.scale
        stage = np.array([[here.scale * gain, here.scale * gain * before, 0.0], [kept, kept * before, noise]])
        before = weight * gain
        steps.append(_Step(row._replace(slope=0.0), stage, before, (0.0, shift)))
    return _Plan(tuple(steps), tuple(v.level for v in at), None, direct)


@lru_cache(maxsize=64)
def _one_evaluation_plan(sde: Localised, grid: Grid, drawn: bool) -> _Plan:
    posterior = _posterior(sde)
    gain, strength, before, steps = posterior.gain, sde.strength, 0.0, []
    for i, (s, later) in enumerate(zip(grid.nodes, grid.nodes[1:])):
        h, middle = grid.width(i), (s + later) / 2
        root = math.sqrt(h)
        noise, reach = root if drawn else 1.0, h / 2 * strength
        stage = np.array([[gain, gain * (before + reach * gain), gain * noise / 2, gain * root / 2],
                          [1.0, before, noise, 0.0]])  # fmt: skip
        shift = gain * _residue(s, reach, -middle), _residue(s, h * strength, -later)
        before = h * strength * gain
        steps.append(_Step(posterior.at(middle), stage, before, shift))
    return _Plan(tuple(steps), grid.nodes, posterior.at(grid.nodes[0]))


def _residue(*terms: float) -> float:
    """The sum, if it is more than the rounding of its terms."""
    total = math.fsum(terms)
    return total if abs(total) > 8 * _EPS * max(map(abs, terms)) else 0.0


def _posterior(sde: SDE) -> FusedPosterior:
    data = data_of(sde)
    if data is None:
        raise ValueError(f"the fused walks are for reverse SDEs of mixtures, not {type(sde).__name__}; use "
                         "numerics.sde.schemes")  # fmt: skip
    return FusedPosterior(data)


def euler_walk(
    sde: SDE, grid: Grid, start: Array, noises: Noises, visit: Container[int] | None = None
) -> Iterator[tuple[int, Array]]:
    """Euler-Maruyama from ``start`` (n, D): (i, states (n, D)) at the nodes i in ``visit`` (None: all), in order.

    ``sde`` is ``Localised``, ``ReverseSDE`` or ``Misstated``, or one of them ``Clocked``. ``noises`` is what the scheme
    would get, or a generator to draw it from. Raises ValueError for another problem or mixture (ask :func:`walks`).
    """
    drawn = isinstance(noises, np.random.Generator)
    return _walk(_posterior(sde), _euler_plan(sde, grid, drawn), start, noises, visit)


def one_evaluation_walk(
    sde: SDE, grid: Grid, start: Array, noises: Noises, visit: Container[int] | None = None
) -> Iterator[tuple[int, Array]]:
    """The one-evaluation midpoint rule (weak order 2), as :func:`euler_walk`, for ``Localised`` with lam = 1.

    Raises ValueError for another problem.
    """
    if not isinstance(sde, Localised) or sde.lam != 1:
        raise ValueError("the fused one-evaluation rule is for Localised with lam = 1; use numerics.sde.schemes")
    drawn = isinstance(noises, np.random.Generator)
    return _walk(_posterior(sde), _one_evaluation_plan(sde, grid, drawn), start, noises, visit)


class _Block:
    """Some of the paths: features (state without its last mean; last mean; normals; signs), each (D, width)."""

    def __init__(self, posterior: FusedPosterior, kernel: Kernel, at: slice, plan: _Plan) -> None:
        self.at, self.centre, self.kernel = at, posterior.centre[:, None], kernel
        self.shape = posterior.D, at.stop - at.start
        self.size = posterior.D * self.shape[1]
        count = plan.steps[0].stage.shape[1]
        self.features = np.zeros((count, self.size))
        self.state, self.mean, self.normals = (self.features[k].reshape(self.shape) for k in range(3))
        self.signs = self.features[3].reshape(self.shape) if count == 4 else None
        piece = PRODUCT // (2 * count)
        self.pieces = [slice(a, min(a + piece, self.size)) for a in range(0, self.size, piece)]

    def start(self, plan: _Plan, state: Array, gain: float, staged: Array) -> None:
        self.state[:] = state
        if plan.start is not None:
            states = staged[0].reshape(-1, self.shape[1])
            np.multiply(state, gain, out=states[: len(state)])
            self.kernel.run(plan.start, states, self.mean)

    def step(self, step: _Step, staged: Array) -> None:
        for piece in self.pieces:
            np.matmul(step.stage, self.features[:, piece], out=staged[:, piece])
        if any(step.shift):
            for shift, rows in zip(step.shift, staged, strict=True):
                rows[: self.size].reshape(self.shape)[:] += shift * self.centre
        self.features[0] = staged[1, : self.size]
        self.kernel.run(step.row, staged[0].reshape(-1, self.shape[1]), self.mean)

    def write(self, weight: float, out: Array) -> None:
        np.multiply(self.mean, weight, out=out)
        out += self.state


class _LineBlock(_Block):
    """Euler on the line with unequal spreads: the product for the mean does the rest of the step too."""

    def __init__(self, posterior: FusedPosterior, kernel: Kernel, at: slice, plan: _Plan) -> None:
        self.at, self.kernel, self.shape = at, kernel, (1, at.stop - at.start)
        self.size, self.signs = self.shape[1], None
        self.features = np.ones((4, self.size))
        self.state, self.normals = self.features[:1], self.features[3:]

    def step(self, step: _Step, staged: Array) -> None:
        self.kernel.run(step.row, self.features, self.state)

    def write(self, weight: float, out: Array) -> None:
        out[:] = self.state


def _walk(
    posterior: FusedPosterior, plan: _Plan, start: Array, noises: Noises, visit: Container[int] | None
) -> Iterator[tuple[int, Array]]:
    count, D = start.shape
    if D != posterior.D:
        raise ValueError(f"the start has {D} coordinates and the data have {posterior.D}")
    ranges = blocks(count, posterior.width)
    kernels = {width: posterior.kernel(width) for width in {at.stop - at.start for at in ranges}}
    # one scratch for the stages of all blocks of a width, so that it stays in the cache
    scratch = {width: np.ones((2, kernel.buffer().size)) for width, kernel in kernels.items()}
    kind = _LineBlock if plan.direct else _Block
    parts = [kind(posterior, kernels[at.stop - at.start], at, plan) for at in ranges]
    offsets = [level * posterior.centre for level in plan.levels]
    for part in parts:
        part.start(plan, start[part.at].T - offsets[0][:, None], posterior.gain, scratch[part.shape[1]])
    signed = parts[0].signs is not None
    table = np.empty((-(-D * count // 8), 8)) if signed else None
    whole = np.empty((D, count)) if D > 1 and len(parts) > 1 else None
    supply = noises if isinstance(noises, np.random.Generator) else iter(noises)
    if visit is None or 0 in visit:
        yield 0, start.copy("K")
    for i, step in enumerate(plan.steps):
        if isinstance(supply, np.random.Generator):
            _draw(parts, supply, whole, table)
        else:
            _take(parts, next(supply))
        for part in parts:
            part.step(step, scratch[part.shape[1]])
        if visit is None or i + 1 in visit:
            out = np.empty((D, count))
            for part in parts:
                part.write(step.weight, out[:, part.at])
            if offsets[i + 1].any():
                out += offsets[i + 1][:, None]
            yield i + 1, out.T


def _draw(parts: list[_Block], rng: np.random.Generator, whole: Array | None, table: Array | None) -> None:
    """Unit normals, coordinate after coordinate, then the signs, one bit each."""
    if whole is None:
        for part in parts:
            rng.standard_normal(out=part.normals)
    else:  # a call for each row of each block would cost more than the copy
        rng.standard_normal(out=whole)
        for part in parts:
            part.normals[:] = whole[:, part.at]
    if table is not None:
        np.take(_SIGNS, np.frombuffer(rng.bytes(len(table)), dtype=np.uint8), axis=0, out=table, mode="clip")
        _spread_signs(parts, table.reshape(-1)[: sum(part.size for part in parts)].reshape(parts[0].shape[0], -1))


def _take(parts: list[_Block], noise: Noise) -> None:
    for part in parts:
        part.normals[:] = noise.W[part.at].T
    if parts[0].signs is not None:
        if noise.second is None:
            raise ValueError("the one-evaluation rule needs a sign beside each increment")
        _spread_signs(parts, noise.second.T)


def _spread_signs(parts: list[_Block], signs: Array) -> None:
    for part in parts:
        assert part.signs is not None
        part.signs[:] = signs[:, part.at]
