"""Control variates of simulated paths: rows made of the driving noise that have mean zero exactly.

* ``Displacement``: Hermite polynomials of the whole Brownian displacement.
* ``Sums``: predictable vector fields a(y_i) times the noise of step i, summed; a martingale whatever a is.
* ``Guided``: the same on the line with the best a. A rough backward recursion u_i(y) = E u_{i+1}(y + h D + W) for a
  functional tells how its mean changes with the noise of step i; its Hermite coefficients up to second order, read off
  tables, are the fields. The recursion may be wrong in any way: then the control is worse, and still a control.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from numerics.functionals import Functional
from numerics.mixtures import Array, Mixture
from numerics.observables.observable import Control
from numerics.observables.path import Path, products
from numerics.observables.walks import Drawing, Simulated, Walk
from numerics.sde.posterior import Posterior

NODES = 12
"""Gauss-Hermite nodes of a step in the recursion."""
CELLS = 4096
"""Cells of a table: the fields are piecewise constant there."""
COARSEST, FINEST = 257, 4097
REACH = 6.5
"""Standard deviations of the forward law that a table covers; beyond, its last cell goes on."""


@dataclass(frozen=True)
class Displacement:
    """Hermite polynomials He_1 .. He_degree of each coordinate of the displacement in eta, and of the start."""

    degree: int = 4

    def read(self, drawing: Drawing) -> Sequence[Array]:
        """Its rows."""
        path, out = drawing.levels[0], []
        widths = np.diff(np.array(path.etas))
        if drawing.kicks:
            total = sum((math.sqrt(h) * kick for h, kick in zip(widths, drawing.kicks, strict=True)), np.zeros(1))
            total /= math.sqrt(float(widths.sum()))
            out += [row for z in total.T for row in hermite(z, self.degree)]
        if drawing.start is not None:
            out += [row for z in drawing.start.T for row in hermite(z, 2)]
        return out


def hermite(z: Array, degree: int) -> list[Array]:
    """He_1(z) .. He_degree(z), orthogonal under the normal law."""
    out, before, now = [], np.ones_like(z), z
    for k in range(1, degree + 1):
        out.append(now)
        before, now = now, z * now - k * before
    return out


@dataclass(frozen=True)
class Sums:
    """The posterior mean D, Cov D, and the gradient J s of |s|^2/2, each times the noise, summed over the steps."""

    def read(self, drawing: Drawing) -> Sequence[Array]:
        """Its rows."""
        path = drawing.levels[0]
        if not drawing.kicks:
            return []
        out = [np.zeros(len(path.ys[0])) for _ in range(3)]
        for i, (h, kick) in enumerate(zip(np.diff(np.array(path.etas)), drawing.kicks, strict=True)):
            for total, a in zip(out, _fields(path, i), strict=True):
                total += math.sqrt(h) * products(a, kick)
        return out


def _fields(path: Path, i: int) -> tuple[Array, Array, Array]:
    mean, score, covariance, eta = path.mean(i), path.score(i), path.covariance(i), path.etas[i]
    moved = np.empty_like(mean.T), np.empty_like(mean.T)
    for d in range(len(moved[0])):
        for out, field in zip(moved, (mean, score), strict=True):
            np.multiply(covariance[d, 0], field.T[0], out=out[d])
            for j in range(1, len(out)):
                out[d] += covariance[d, j] * field.T[j]
    return mean, moved[0].T, (eta * moved[1].T - score)


@dataclass(frozen=True)
class Guided:
    """The best martingale of a functional of paths on the line, up to second order in the noise of each step.

    ``etas`` are the nodes of the finest level, as far as the functional goes. Raises ValueError above one dimension.
    """

    functional: Functional
    data: Mixture
    etas: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.data.D != 1:
            raise ValueError("guided controls are for the line; take Sums() in more dimensions")

    def read(self, drawing: Drawing) -> Sequence[Array]:
        """Two rows: of first and of second order."""
        path = drawing.levels[0]
        first, second = np.zeros((2, len(path.ys[0])))
        for i, (table, kick) in enumerate(zip(_tables(self), drawing.kicks, strict=False)):
            cells = table.cells(path.ys[i].T[0])
            z = kick.T[0]
            first += table.first[cells] * z
            second += table.second[cells] * (z * z - 1)
        return [first, second]


def guided(walk: Walk, functional: Functional, mark: int = -1) -> tuple[Control, ...]:
    """The guided control of a functional up to a mark, where there is one: for simulated paths on the line."""
    if not isinstance(walk, Simulated) or walk.data.D > 1:
        return ()
    etas = tuple(walk.view.place(s)[1] for s in walk.grid.nodes)
    last = len(etas) if mark == -1 else mark * 2 ** (walk.levels - 1) + 1
    return (Guided(functional, walk.data, etas[:last]),) if last > 1 else ()


@dataclass(frozen=True, eq=False)
class _Table:
    """Coefficients of a step on CELLS cells from ``low``, ``per`` cells a unit of y."""

    low: float
    per: float
    first: Array
    second: Array

    def cells(self, y: Array) -> Array:
        at = (y - self.low) * self.per
        np.clip(at, 0.0, CELLS - 1.0, out=at)
        found: Array = at.astype(np.intp)
        return found


@lru_cache(maxsize=64)
def _tables(guide: Guided) -> tuple[_Table, ...]:
    from scipy.interpolate import CubicSpline

    data, etas, posterior = guide.data, guide.etas, Posterior(guide.data)
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / weights.sum()
    grid = _grid(data, etas[-1])
    end = guide.functional.terminal(posterior, grid[:, None], etas[-1])
    later = np.zeros(len(grid)) if end is None else end
    out: list[_Table] = []
    for eta, after in zip(etas[-2::-1], etas[:0:-1], strict=True):
        h, spline, last = after - eta, CubicSpline(grid, later), grid
        grid = _grid(data, eta)
        moved = grid + h * posterior.mean(grid[:, None], eta).T[0]
        places = np.clip(moved[:, None] + math.sqrt(h) * nodes, last[0], last[-1])
        reached = spline(places) * weights
        rate = guide.functional.running(posterior, grid[:, None], eta)
        later = reached.sum(axis=1) if rate is None else reached.sum(axis=1) + h * rate
        centres = grid[0] + (grid[-1] - grid[0]) * (np.arange(CELLS) + 0.5) / CELLS
        rows = [np.interp(centres, grid, (reached * p).sum(axis=1)) for p in (nodes, (nodes**2 - 1) / 2)]
        out.append(_Table(float(grid[0]), CELLS / float(grid[-1] - grid[0]), rows[0], rows[1]))
    return tuple(reversed(out))


def _grid(data: Mixture, eta: float) -> Array:
    """Points of y fine enough for the decisions between components, whose log odds have slopes up to their distance."""
    means, covs = [m[0] for m in data.means], [c[0][0] for c in data.covs]
    reach = [REACH * math.sqrt(eta * eta * c + eta + 1e-4) for c in covs]
    low = min(eta * m - r for m, r in zip(means, reach, strict=True))
    high = max(eta * m + r for m, r in zip(means, reach, strict=True))
    wanted = 4 * (high - low) * max(max(means) - min(means), 1e-9)
    return np.linspace(low, high, min(max(int(wanted), COARSEST), FINEST))
