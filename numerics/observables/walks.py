"""Who draws the paths: any scheme on any problem, the exact channel, or the flow; all in the same coordinates.

A drawing gives the same paths at several levels of refinement, finest first, on the same Brownian motion.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from numerics.mixtures import Array, Mixture, choose, square_root, times_rows
from numerics.observables.path import Path
from numerics.schedules import LinearProcess
from numerics.sde.clocks import Clock, LogSigma
from numerics.sde.flow import flow
from numerics.sde.grids import Grid, log_sigma
from numerics.sde.noise import Noise, coarsened, draws
from numerics.sde.problems import SDE, Clocked, Localised, Misstated, ReverseSDE
from numerics.sde.schemes import STOCHASTIC_HEUN, Scheme


@dataclass(eq=False)
class Drawing:
    """Paths at each level, finest first, and the noise of the finest: one array (n, D) of unit normals a step.

    ``start`` are the unit normals that made the first state, where it is not a point.
    """

    levels: list[Path]
    kicks: list[Array]
    start: Array | None = None


class Walk(Protocol):
    """Frozen data that draws paths."""

    @property
    def data(self) -> Mixture:
        """The law that they are compared with."""

    @property
    def order(self) -> int:
        """The weak order in the step; 0: no step error at all."""

    @property
    def marks(self) -> int:
        """The steps of the coarsest level."""

    def eta(self, mark: int) -> float:
        """The signal-to-noise ratio at a mark; negative marks count from the end."""

    def draw(self, count: int, rng: np.random.Generator) -> Drawing:
        """``count`` paths."""


@dataclass(frozen=True)
class View:
    """How the problem's own state and time are read: y = factor x at eta. Without a process they are y and eta."""

    process: LinearProcess | None = None
    clock: Clock | None = None

    def place(self, s: float) -> tuple[float, float]:
        """(factor, eta) at the problem's time s."""
        if self.process is None:
            return 1.0, s
        t = s if self.clock is None else self.clock.time(s)
        alpha, sigma = self.process.alpha(t), self.process.sigma(t)
        return alpha / sigma**2, (alpha / sigma) ** 2


@dataclass(frozen=True)
class Simulated:
    """An SDE moved by a scheme on ``levels`` nested grids.

    Paths start from the exact law at the first node, which is the point y = 0 where that is eta = 0; or from ``point``,
    given as x = y/eta.
    """

    data: Mixture
    sde: SDE
    grid: Grid
    scheme: Scheme
    view: View = View()
    levels: int = 2
    point: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        self.grid.coarser(2 ** (self.levels - 1))

    @property
    def order(self) -> int:
        """The weak order of the scheme."""
        return self.scheme.weak_order

    @property
    def marks(self) -> int:
        """The steps of the coarsest level."""
        return self.grid.steps >> (self.levels - 1)

    def eta(self, mark: int) -> float:
        """The signal-to-noise ratio at a mark."""
        return self.view.place(self.grid.coarser(2 ** (self.levels - 1)).nodes[mark])[1]

    def draw(self, count: int, rng: np.random.Generator) -> Drawing:
        """``count`` paths."""
        data, eta = self.data, self.eta(0)
        x0 = first = None
        if eta > 0 and self.point is None:
            x0 = np.asfortranarray(data.sample(count, rng))
            first = rng.standard_normal((data.D, count)).T
        noises = list(draws(self.scheme.needs, self.grid, count, data.D, rng))
        return self.moved(x0, first, noises, rng.random(count))

    def moved(self, x0: Array | None, first: Array | None, noises: list[Noise], uniforms: Array) -> Drawing:
        """The paths of given noise. ``x0`` and the unit normals ``first`` make the first state where it is drawn."""
        needs, count = self.scheme.needs, len(uniforms)
        factor, eta = self.view.place(self.grid.nodes[0])
        if x0 is not None and first is not None:
            start = x0 * (eta / factor) + (math.sqrt(eta) / factor) * first
        else:
            point = np.array(self.point or (0.0,) * self.data.D)
            start = np.tile((point * (eta / factor))[:, None], (1, count)).T
        out = []
        for level in range(self.levels):
            grid = self.grid.coarser(2**level)
            own = noises if level == 0 else coarsened(needs, noises, self.grid, 2**level)
            states = self.scheme.walk(self.sde, grid, start, own)
            out.append(self._path(grid, states, 2 ** (self.levels - 1 - level), uniforms))
        return Drawing(out, [n.W / math.sqrt(h) for n, h in zip(noises, self.grid.widths, strict=True)], first)

    def _path(self, grid: Grid, states: Iterable[Array], scale: int, uniforms: Array) -> Path:
        places = [self.view.place(s) for s in grid.nodes]
        ys = [x if f == 1 else f * x for x, (f, _) in zip(states, places, strict=True)]
        return Path(self.data, tuple(eta for _, eta in places), ys, scale, uniforms)


def localised(data: Mixture, grid: Grid, scheme: Scheme, *, lam: float = 1.0, strength: float = 1.0,
              levels: int = 2) -> Simulated:  # fmt: skip
    """The reverse SDE (or the member ``lam``) in localisation coordinates on a grid of eta; ``strength`` 1 is true."""
    return Simulated(data, Localised(data, lam, strength), grid, scheme, View(), levels)


def literal(
    data: Mixture, process: LinearProcess, first: float, last: float, steps: int, *, lam: float = 1.0,
    dynamics: Misstated | None = None, scheme: Scheme = STOCHASTIC_HEUN, levels: int = 2, clocked: bool = True,
) -> Simulated:  # fmt: skip
    """The reverse SDE integrated literally in (x, t) from sigma = ``first`` to ``last``, at equal steps of log sigma.

    ``clocked``: the scheme steps in log sigma; otherwise in t, between the same times. ``dynamics`` is moved instead of
    the true SDE if it is given. Raises OutOfRangeError for levels that the process never has.
    """
    for level in (first, last):
        process.time_of_sigma(level)
    sde: SDE = ReverseSDE(process, data, lam) if dynamics is None else dynamics
    grid, clock = log_sigma(first, last, steps), LogSigma(process)
    if clocked:
        return Simulated(data, Clocked(sde, clock), grid, scheme, View(process, clock), levels)
    return Simulated(data, sde, Grid(tuple(map(clock.time, grid.nodes))), scheme, View(process), levels)


@dataclass(frozen=True)
class Channel:
    """The exact forward channel y = eta X_0 + W_eta at nodes: by Bayes the exact reverse chain with its end, too.

    Levels are strides of the same nodes; there is no step error in the states.
    """

    data: Mixture
    etas: tuple[float, ...]
    levels: int = 1

    def __post_init__(self) -> None:
        if (len(self.etas) - 1) % 2 ** (self.levels - 1):
            raise ValueError(f"{len(self.etas) - 1} steps cannot be taken at {self.levels} strides 1, 2, 4, ..")

    @property
    def order(self) -> int:
        """0: exact."""
        return 0

    @property
    def marks(self) -> int:
        """The steps of the coarsest level."""
        return (len(self.etas) - 1) >> (self.levels - 1)

    def eta(self, mark: int) -> float:
        """The signal-to-noise ratio at a mark."""
        return self.etas[:: 2 ** (self.levels - 1)][mark]

    def draw(self, count: int, rng: np.random.Generator) -> Drawing:
        """``count`` paths with the component each was drawn from."""
        data = self.data
        weights = np.broadcast_to(np.array(data.weights)[:, None], (data.K, count))
        labels = choose(weights, rng.random(count))
        x0 = np.array(data.means)[labels]
        if not data.is_discrete:
            noise = rng.standard_normal((data.D, count)).T
            for k, cov in enumerate(data.covs):
                at = labels == k
                x0[at] += times_rows(np.ascontiguousarray(noise[at]), square_root(np.array(cov)))
        x0 = np.asfortranarray(x0)
        widths = tuple(float(h) for h in np.diff(np.array((0.0, *self.etas))))
        kicks: list[Array] = []
        ys: list[Array] = []
        y = np.zeros((data.D, count)).T
        for h in widths:
            kick = rng.standard_normal((data.D, count)).T
            y = y + h * x0 + math.sqrt(h) * kick
            ys.append(y)
            kicks.append(kick)
        uniforms = rng.random(count)
        levels = [
            Path(data, self.etas[:: 2**k], ys[:: 2**k], 2 ** (self.levels - 1 - k), uniforms, labels)
            for k in range(self.levels)
        ]
        return Drawing(levels, kicks[1:], kicks[0])


@dataclass(frozen=True)
class Flowed:
    """The probability flow from the exact law at the first of ``sigmas`` through the others, by DOP853.

    The second level is integrated a hundred times less accurately: their difference is the bias row.
    """

    data: Mixture
    sigmas: tuple[float, ...]
    rtol: float = 1e-8

    @property
    def order(self) -> int:
        """1: the difference of the levels counts once."""
        return 1

    @property
    def marks(self) -> int:
        """The number of moves."""
        return len(self.sigmas) - 1

    def eta(self, mark: int) -> float:
        """The signal-to-noise ratio at a mark."""
        return self.sigmas[mark] ** -2

    def draw(self, count: int, rng: np.random.Generator) -> Drawing:
        """``count`` paths."""
        data, first = self.data, self.sigmas[0]
        x = data.sample(count, rng) + first * rng.standard_normal((count, data.D))
        uniforms = rng.random(count)
        etas = tuple(s**-2 for s in self.sigmas)
        levels = []
        for rtol in (self.rtol, 100 * self.rtol):
            places: list[Array] = [x]
            for a, b in zip(self.sigmas, self.sigmas[1:]):
                places.append(flow(data, places[-1], a, b, rtol=rtol, atol=rtol))
            ys = [np.asfortranarray(p * eta) for p, eta in zip(places, etas, strict=True)]
            levels.append(Path(data, etas, ys, 1, uniforms))
        return Drawing(levels, [])


def marks_at(walk: Walk, parts: Sequence[float]) -> tuple[int, ...]:
    """The marks at the given parts of the coarsest grid (0 the start, 1 the end)."""
    return tuple(round(part * walk.marks) for part in parts)
