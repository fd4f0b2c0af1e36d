"""Euler-Maruyama and the one-evaluation midpoint rule for mixtures, fused with the posterior mean: the fast lane.

The trajectories are those of :mod:`numerics.sde.schemes` for the same noise, up to rounding. One product with a matrix
of two rows gives the place at which the next posterior mean is wanted and the next state without it. Paths are walked
in blocks that stay in the cache; a generator in place of recorded noise is read as :func:`numerics.sde.noise.draws`
reads it.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numerics.mixtures import Array
from numerics.sde.fused import FusedPosterior, blocks
from numerics.sde.fused_kernels import PRODUCT
from numerics.sde.fused_plans import Plan, Problem, Step, data_of, euler_plan, one_evaluation_plan, posterior_of, walks
from numerics.sde.grids import Grid
from numerics.sde.noise import Noise
from numerics.sde.problems import SDE, Localised

__all__ = ["Noises", "WeakNoise", "data_of", "euler_walk", "one_evaluation_walk", "walks"]
_WORDS = (np.random.SFC64, np.random.PCG64, np.random.PCG64DXSM, np.random.Philox)


@dataclass(frozen=True)
class WeakNoise:
    """Four random bits a step in place of a normal and a sign, for averages only: never for paths.

    An increment takes the values -+a with probability 1/8 each, -+b with 3/8 each, a^2 = 1 + sqrt 6 and b^2 = 1 -
    sqrt(2/3) times the width: its moments are those of the normal up to the fifth, which is what weak order 2 asks for
    (Kloeden and Platen 1992, sec. 14.2, with three points). Here the probabilities are exact in bits.
    Raises ValueError for a generator that does not give 64-bit words.
    """

    rng: np.random.Generator

    def __post_init__(self) -> None:
        if not isinstance(self.rng.bit_generator, _WORDS):
            kind = type(self.rng.bit_generator).__name__
            raise ValueError(f"weak noise needs a generator of 64-bit words, as SFC64 or PCG64, not {kind}")


Noises = Iterable[Noise] | np.random.Generator | WeakNoise
_SIGNS: Array = 2 * np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float64) - 1
"""The eight signs of a byte."""


def _weak_table() -> Array:
    bits = (np.arange(4096)[:, None] >> np.arange(0, 12, 3)) & 7
    sizes = np.where(bits >> 1 == 0, math.sqrt(1 + math.sqrt(6)), math.sqrt(1 - math.sqrt(2 / 3)))
    return np.where(bits & 1 == 0, sizes, -sizes)


WEAK: Array = _weak_table()
"""Four increments of unit width from twelve bits."""
_FOUR_SIGNS: Array = (2 * ((np.arange(16)[:, None] >> np.arange(4)) & 1) - 1).astype(np.float64)


def euler_walk(
    sde: SDE, grid: Grid, start: Array, noises: Noises, visit: Container[int] | None = None
) -> Iterator[tuple[int, Array]]:
    """Euler-Maruyama from ``start`` (n, D): (i, states (n, D)) at the nodes i in ``visit`` (None: all), in order.

    ``sde`` is ``Localised``, ``ReverseSDE`` or ``Misstated``, or one of them ``Clocked``. ``noises`` is what the scheme
    would get, a generator to draw it from, or :class:`WeakNoise`. Raises ValueError for another problem or mixture (ask
    :func:`walks`).
    """
    posterior, drawn = posterior_of(sde), isinstance(noises, np.random.Generator | WeakNoise)
    assert isinstance(sde, Problem)
    return _walk(posterior, euler_plan(sde, grid, drawn), start, noises, visit)


def one_evaluation_walk(
    sde: SDE, grid: Grid, start: Array, noises: Noises, visit: Container[int] | None = None
) -> Iterator[tuple[int, Array]]:
    """The one-evaluation midpoint rule (weak order 2), as :func:`euler_walk`, for ``Localised`` with lam = 1.

    Raises ValueError for another problem.
    """
    if not isinstance(sde, Localised) or sde.lam != 1:
        raise ValueError("the fused one-evaluation rule is for Localised with lam = 1; use numerics.sde.schemes")
    drawn = isinstance(noises, np.random.Generator | WeakNoise)
    return _walk(posterior_of(sde), one_evaluation_plan(sde, grid, drawn), start, noises, visit)


class _Scratch:
    """What blocks of one width share, so that it stays in the cache: the kernel, and (place; next state) of a stage."""

    def __init__(self, posterior: FusedPosterior, width: int) -> None:
        self.shape = posterior.D, width
        self.size = posterior.D * width
        self.kernel = posterior.kernel(width)
        self.staged = np.ones((2, self.kernel.buffer().size))
        self.states = self.staged[0].reshape(-1, width)
        self.next = self.staged[1, : self.size]


class _Block:
    """Some of the paths: features (state without its last mean; last mean; normals; signs), each (D, width)."""

    def __init__(self, posterior: FusedPosterior, at: slice, scratch: _Scratch, plan: Plan) -> None:
        self.at, self.scratch, self.centre = at, scratch, posterior.centre[:, None]
        count = plan.steps[0].stage.shape[1]
        self.features = np.zeros((count, scratch.size))
        self.first = self.features[0]
        self.state, self.mean, self.normals = (self.features[k].reshape(scratch.shape) for k in range(3))
        self.signs = self.features[3].reshape(scratch.shape) if count == 4 else None
        width = PRODUCT // (2 * count)
        pieces = [slice(a, min(a + width, scratch.size)) for a in range(0, scratch.size, width)]
        self.pieces = [(self.features[:, piece], scratch.staged[:, piece]) for piece in pieces]

    def start(self, plan: Plan, state: Array, gain: float) -> None:
        self.state[:] = state
        if plan.start is not None:
            states = self.scratch.states
            np.multiply(state, gain, out=states[: len(state)])
            self.scratch.kernel.run(plan.start, states, self.mean)

    def step(self, step: Step) -> None:
        scratch = self.scratch
        for features, staged in self.pieces:
            np.matmul(step.stage, features, out=staged)
        if step.shifted:
            for shift, rows in zip(step.shift, scratch.staged, strict=True):
                rows[: scratch.size].reshape(scratch.shape)[:] += shift * self.centre
        np.copyto(self.first, scratch.next)
        scratch.kernel.run(step.row, scratch.states, self.mean)

    def write(self, weight: float, out: Array) -> None:
        np.multiply(self.mean, weight, out=out)
        out += self.state


class _LineBlock(_Block):
    """Euler on the line with unequal spreads: the product for the mean does the rest of the step too."""

    def __init__(self, posterior: FusedPosterior, at: slice, scratch: _Scratch, plan: Plan) -> None:
        self.at, self.scratch, self.signs = at, scratch, None
        self.features = np.ones((4, scratch.size))
        self.state, self.normals = self.features[:1], self.features[3:]

    def step(self, step: Step) -> None:
        self.scratch.kernel.run(step.row, self.features, self.state)

    def write(self, weight: float, out: Array) -> None:
        out[:] = self.state


def _walk(
    posterior: FusedPosterior, plan: Plan, start: Array, noises: Noises, visit: Container[int] | None
) -> Iterator[tuple[int, Array]]:
    count, D = start.shape
    if D != posterior.D:
        raise ValueError(f"the start has {D} coordinates and the data have {posterior.D}")
    ranges = blocks(count, posterior.width)
    shared = {width: _Scratch(posterior, width) for width in {at.stop - at.start for at in ranges}}
    kind = _LineBlock if plan.direct else _Block
    parts = [kind(posterior, at, shared[at.stop - at.start], plan) for at in ranges]
    offsets = [level * posterior.centre for level in plan.levels]
    for part in parts:
        part.start(plan, start[part.at].T - offsets[0][:, None], posterior.gain)
    supply: _Drawn | _Weak | _Given
    if isinstance(noises, np.random.Generator):
        supply = _Drawn(parts, noises, count)
    else:
        supply = _Weak(parts, noises.rng) if isinstance(noises, WeakNoise) else _Given(parts, noises)
    if visit is None or 0 in visit:
        yield 0, start.copy("K")
    for i, step in enumerate(plan.steps):
        supply.fill()
        for part in parts:
            part.step(step)
        if visit is None or i + 1 in visit:
            out = np.empty((D, count))
            for part in parts:
                part.write(step.weight, out[:, part.at])
            if offsets[i + 1].any():
                out += offsets[i + 1][:, None]
            yield i + 1, out.T


class _Drawn:
    """Unit normals, coordinate after coordinate, then the signs, one bit each: the order of ``noise.draw``."""

    def __init__(self, parts: list[_Block], rng: np.random.Generator, count: int) -> None:
        self.parts, self.rng = parts, rng
        D = parts[0].normals.shape[0]
        # a call for each row of each block would cost more than a copy
        self.whole = np.empty((D, count)) if D > 1 and len(parts) > 1 else None
        self.table = np.empty((-(-D * count // 8), 8)) if parts[0].signs is not None else None
        self.signs = None if self.table is None else self.table.reshape(-1)[: D * count].reshape(D, count)

    def fill(self) -> None:
        """The noise of one step."""
        if self.whole is None:
            for part in self.parts:
                self.rng.standard_normal(out=part.normals)
        else:
            self.rng.standard_normal(out=self.whole)
            for part in self.parts:
                np.copyto(part.normals, self.whole[:, part.at])
        if self.table is not None and self.signs is not None:
            bits = np.frombuffer(self.rng.bytes(len(self.table)), dtype=np.uint8)
            _SIGNS.take(bits, axis=0, out=self.table, mode="clip")
            _spread(self.parts, self.signs)


class _Weak:
    """Increments and signs from 64-bit words, four of each from sixteen bits, block after block."""

    def __init__(self, parts: list[_Block], rng: np.random.Generator) -> None:
        self.parts, self.bits = parts, rng.bit_generator
        most = max(part.normals.size for part in parts)
        self.four: Array = np.empty((-(-most // 16) * 4, 4))

    def fill(self) -> None:
        """The noise of one step."""
        for part in self.parts:
            words = self.bits.random_raw(-(-part.normals.size // 16)).view(np.uint16)
            self._look_up(WEAK, words & 4095, part.normals)
            if part.signs is not None:
                self._look_up(_FOUR_SIGNS, words >> 12, part.signs)

    def _look_up(self, table: Array, at: NDArray[np.uint16], out: Array) -> None:
        # mode "clip" spares a check of the indices, which are below the length of the table
        four = self.four[: len(at)]
        table.take(at, axis=0, out=four, mode="clip")
        np.copyto(out, four.reshape(-1)[: out.size].reshape(out.shape))


class _Given:
    """Recorded noise, one a step."""

    def __init__(self, parts: list[_Block], noises: Iterable[Noise]) -> None:
        self.parts, self.noises = parts, iter(noises)

    def fill(self) -> None:
        """The noise of one step. Raises ValueError if there is none left, or no signs where they are needed."""
        noise = next(self.noises, None)
        if noise is None:
            raise ValueError("there is less noise than steps")
        for part in self.parts:
            part.normals[:] = noise.W[part.at].T
        if self.parts[0].signs is not None:
            if noise.second is None:
                raise ValueError("the one-evaluation rule needs a sign beside each increment")
            _spread(self.parts, noise.second.T)


def _spread(parts: list[_Block], signs: Array) -> None:
    for part in parts:
        assert part.signs is not None
        np.copyto(part.signs, signs[:, part.at])
