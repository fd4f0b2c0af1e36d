"""One-step schemes for SDEs with additive noise, written in the problem's own time.

Each declares the noise it can treat, the variates it needs, how often it evaluates the drift, and the orders that hold
for smooth drifts with bounded derivatives. Where paths branch the strong order holds only for paths that keep their
branch: a path near a separatrix flips with a probability of the size of the strong error.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, cast

from numerics.mixtures import Array
from numerics.sde.grids import Grid
from numerics.sde.noise import Noise
from numerics.sde.problems import SDE, SemiLinear


class Scheme(Protocol):
    """How a path is made from an SDE, a grid and the noise of its steps."""

    @property
    def name(self) -> str:
        """What the literature calls it."""

    @property
    def noise(self) -> str:
        """The noise that it treats."""

    @property
    def needs(self) -> str:
        """The variates of a step: one of :data:`numerics.sde.noise.NEEDS`."""

    @property
    def weak_order(self) -> int:
        """Power of the step in the error of averages."""

    @property
    def strong_order(self) -> float:
        """Power of the step in the root mean square error of paths."""

    @property
    def evaluations(self) -> int:
        """Evaluations of the drift a step."""

    def walk(self, sde: SDE, grid: Grid, start: Array, noises: Iterable[Noise]) -> Iterator[Array]:
        """The states (n, D) at the nodes, the first one included. States handed out are not written to again."""


def _steps(grid: Grid, noises: Iterable[Noise]) -> Iterator[tuple[float, float, Noise]]:
    """(s, later, noise) of every step. Raises ValueError if the noise ends before the grid does."""
    supply = iter(noises)
    for s, later in pairwise(grid.nodes):
        noise = next(supply, None)
        if noise is None:
            raise ValueError(f"the noise ends before the grid, at {s:g} of {grid.nodes[-1]:g}; give one for every step")
        yield s, later, noise


class _OneStep:
    """A scheme without memory."""

    def walk(self, sde: SDE, grid: Grid, start: Array, noises: Iterable[Noise]) -> Iterator[Array]:
        """The states (n, D) at the nodes, the first one included."""
        x = start
        yield x
        for s, later, noise in _steps(grid, noises):
            x = self.step(sde, x, s, later, noise)
            yield x

    def step(self, sde: SDE, x: Array, s: float, later: float, noise: Noise) -> Array:
        """The state at ``later`` from the state at ``s``."""
        raise NotImplementedError


@dataclass(frozen=True)
class EulerMaruyama(_OneStep):
    """X + b h + g W. In localisation coordinates this is the ancestral step of DDPM."""

    name: str = "Euler-Maruyama"
    noise: str = "additive"
    needs: str = "W"
    weak_order: int = 1
    strong_order: float = 1.0
    evaluations: int = 1

    def step(self, sde: SDE, x: Array, s: float, later: float, noise: Noise) -> Array:
        """One step of the scheme."""
        return x + abs(later - s) * sde.drift(x, s) + sde.diffusion(s) * noise.W


@dataclass(frozen=True)
class ExponentialEuler(_OneStep):
    """The exact step for a frozen nonlinear field; needs a :class:`~numerics.sde.problems.SemiLinear` problem.

    For Anderson's SDE with the posterior mean frozen this is the ancestral sampler of DDPM (Ho et al. 2020).
    """

    name: str = "exponential Euler"
    noise: str = "additive"
    needs: str = "W"
    weak_order: int = 1
    strong_order: float = 1.0
    evaluations: int = 1

    def step(self, sde: SDE, x: Array, s: float, later: float, noise: Noise) -> Array:
        """One step of the scheme. Raises TypeError for a problem without a propagator."""
        if not hasattr(sde, "propagator"):
            raise TypeError(f"exponential Euler needs a problem with a linear part, not {type(sde).__name__}")
        problem = cast(SemiLinear, sde)
        factor, weight, sd = problem.propagator(s, later)
        return factor * x + weight * problem.field(x, s) + (sd / math.sqrt(abs(later - s))) * noise.W


@dataclass(frozen=True)
class StochasticHeun(_OneStep):
    """Predictor by Euler, then the mean of the drifts at both ends; the noise once, with the mean of g^2."""

    name: str = "stochastic Heun"
    noise: str = "additive"
    needs: str = "W"
    weak_order: int = 2
    strong_order: float = 1.0
    evaluations: int = 2

    def step(self, sde: SDE, x: Array, s: float, later: float, noise: Noise) -> Array:
        """One step of the scheme."""
        h = abs(later - s)
        kicked = x + math.sqrt((sde.diffusion(s) ** 2 + sde.diffusion(later) ** 2) / 2) * noise.W
        first = sde.drift(x, s)
        second = sde.drift(kicked + h * first, later)
        return kicked + (h / 2) * (first + second)


@dataclass(frozen=True)
class SRA1(_OneStep):
    """Roessler's two-stage scheme for additive noise (SIAM J. Numer. Anal. 48, 2010, table 6.3)."""

    name: str = "SRA1"
    noise: str = "additive"
    needs: str = "W,H"
    weak_order: int = 2
    strong_order: float = 1.5
    evaluations: int = 2

    def step(self, sde: SDE, x: Array, s: float, later: float, noise: Noise) -> Array:
        """One step of the scheme."""
        assert noise.second is not None
        h = abs(later - s)
        mean = noise.W / 2 + noise.second  # int W ds / h
        early, late = sde.diffusion(s), sde.diffusion(later)
        first = sde.drift(x, s)
        second = sde.drift(x + (0.75 * h) * first + (1.5 * late) * mean, s + 0.75 * (later - s))
        kick = late * noise.W if early == late else late * noise.W + (early - late) * mean
        return x + (h / 3) * (first + 2 * second) + kick


@dataclass(frozen=True)
class OneEvaluation:
    """A midpoint rule with one evaluation a step; of weak order 2 for additive noise.

        f_k = b(X_k + (h/2) f_{k-1} + g (W/2 + sqrt(h)/2 z), s_k + h/2),      X_{k+1} = X_k + h f_k + g W

    with z an independent sign and f_{-1} = b(X_0, s_0). W/2 + sqrt(h)/2 z has the moments of the Brownian path half-way
    up to the third, and f_{k-1} differs from b(X_k, s_k) by noise of mean zero, which costs O(h^3) a step: hence the
    order, on any smooth grid. We know of no publication of this scheme. Its relatives with one evaluation a step are
    stochastic Adams-Bashforth methods, which extrapolate two drifts instead (Ewald and Temam, SIAM J. Numer. Anal. 42,
    2005; in the weak sense Ewald, Comput. Methods Appl. Math. 12, 2012; in diffusion models SA-Solver, Xue et al.
    2023), and the method of Leimkuhler and Matthews (2013), whose order 2 is that of the invariant law only.
    """

    name: str = "one-evaluation midpoint"
    noise: str = "additive"
    needs: str = "W,sign"
    weak_order: int = 2
    strong_order: float = 1.0
    evaluations: int = 1

    def walk(self, sde: SDE, grid: Grid, start: Array, noises: Iterable[Noise]) -> Iterator[Array]:
        """The states (n, D) at the nodes, the first one included."""
        x, f = start, sde.drift(start, grid.nodes[0])
        yield x
        for s, later, noise in _steps(grid, noises):
            assert noise.second is not None
            h, middle = abs(later - s), (s + later) / 2
            g = sde.diffusion(middle)
            stage = noise.W * (g / 2)
            stage += noise.second * (g * math.sqrt(h) / 2)
            stage += x
            f = f * (h / 2)
            f += stage
            f = sde.drift(f, middle)
            x = x + h * f
            x += noise.W if g == 1 else g * noise.W
            yield x


EULER_MARUYAMA = EulerMaruyama()
EXPONENTIAL_EULER = ExponentialEuler()
STOCHASTIC_HEUN = StochasticHeun()
SRA_1 = SRA1()
ONE_EVALUATION = OneEvaluation()
SCHEMES: tuple[Scheme, ...] = (EULER_MARUYAMA, EXPONENTIAL_EULER, STOCHASTIC_HEUN, SRA_1, ONE_EVALUATION)
