"""The trapezoidal rule in float64 on grids of one and two dimensions: fast, accurate, never rigorous."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.averages import EndIntegrand, Integrand, SplitAverager
from numerics.evaluate import Interpreter, Tap, plan
from numerics.evaluate.reading import Reading, map_value
from numerics.rings import FloatRing, Unsupported, total
from theory import jets
from theory.jets import space
from theory.language.instances import Germ, Law, Scalar
from theory.language.terms import Term

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """``reach`` standard deviations to either side of every mean, ``step`` standard deviations (the least) apart."""

    reach: float = 10.0
    step: float = 0.25
    limit: int = 4_000_000

    def axes(self, means: Array, covs: Array) -> list[Array]:
        """One axis a dimension. Raises Unsupported if the product grid has more than ``limit`` points."""
        D = means.shape[1]
        spread = np.sqrt(np.stack([np.diag(c) for c in covs]))
        least = np.sqrt(min(float(np.linalg.eigvalsh(c)[0]) for c in covs))
        axes = []
        for i in range(D):
            low = float((means[:, i] - self.reach * spread[:, i]).min())
            high = float((means[:, i] + self.reach * spread[:, i]).max())
            count = int(np.ceil((high - low) / (self.step * least))) + 1
            axes.append(np.linspace(low, high, min(count, self.limit + 1)))
        if np.prod([float(len(a)) for a in axes]) > self.limit:
            raise Unsupported(f"a grid in D = {D} with more than {self.limit} points")
        return axes


class GridIntegrator:
    """Tensor trapezoid over x (D <= 2), over X0, and over both (D = 1)."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    def over_x(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """integral of p(x) E[inner | x] dx."""
        integrand = Integrand(interpreter, interpreter.ring, inner, order)
        points, cell = self._points(self.axes(interpreter))
        return map_value(lambda column: _integral(column[order], cell, points), integrand(points))

    def over_ends(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """integral of p0(X0) inner dX0."""
        integrand = EndIntegrand(interpreter, interpreter.ring, inner, order)
        points, cell = self._points(self.end_axes(interpreter))
        return map_value(lambda column: _integral(column[order], cell, points), integrand(points))

    def over_both(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """The double integral of p0(X0) k(x|X0) inner over X0 and x (one dimension)."""
        law, model = interpreter.law, interpreter.model
        if law.D != 1 or law.is_discrete:
            raise Unsupported("a double integral over X0 and x in more than one dimension")
        ends, xs = self.end_axes(interpreter)[0], self._kernel_axis(interpreter)
        if len(ends) * len(xs) > self.grid.limit:
            raise Unsupported(f"a double integral with more than {self.grid.limit} points")
        noise = float(interpreter.scalar(interpreter.germ.sigma))
        orders, top_x, top_t = plan(inner, 0, order)
        shape = space(1, 0, order)
        X0 = ends[None, :]
        x = float(interpreter.scalar(interpreter.germ.alpha)) * X0 + noise * xs[:, None]
        cell = noise * (xs[1] - xs[0]) * (ends[1] - ends[0])
        values = []
        for k in range(model.K):
            top = (top_x, max(top_t, order))
            reading = Reading(interpreter, interpreter.ring, orders, top, (x,), (X0,), k)
            kernel = jets.exp(model.log_kernel((X0,), order).jet((x,), shape), interpreter.ring)
            weight = np.exp(model.log_end(k).at((X0,)))
            value = reading.get(inner, shape)
            values.append(map_value(lambda jet, w=weight, q=kernel: (jet * q).scaled(w).at(order), value))
        return map_value(lambda *entries: _integral(total(entries), cell, (x, X0)), *values)

    def _kernel_axis(self, interpreter: Interpreter) -> Array:
        return np.arange(-self.grid.reach, self.grid.reach + self.grid.step / 2, self.grid.step)

    def axes(self, interpreter: Interpreter) -> list[Array]:
        """The axes for x."""
        model = interpreter.model
        alpha = float(interpreter.scalar(interpreter.germ.alpha))
        covs = [[[float(v.head or 0.0) for v in row] for row in model.covariance(k, 0)] for k in range(model.K)]
        return self.grid.axes(alpha * np.array(model.means, dtype=float), np.array(covs))

    def end_axes(self, interpreter: Interpreter) -> list[Array]:
        """The axes for X0."""
        model = interpreter.model
        covs = [[[float(model.value(v)) for v in row] for row in c.cov] for c in model.law.components]
        return self.grid.axes(np.array(model.means, dtype=float), np.array(covs))

    def _points(self, axes: Sequence[Array]) -> tuple[tuple[Array, ...], float]:
        if len(axes) > 2:
            raise Unsupported(f"an integral in D = {len(axes)} by grids (at most 2)")
        cell = float(np.prod([a[1] - a[0] for a in axes]))
        return tuple(m.ravel() for m in np.meshgrid(*axes, indexing="ij")), cell


def _integral(values: Any, cell: float, points: Sequence[Array]) -> float:
    shape = np.broadcast_shapes(*(np.shape(p) for p in points))
    return float(np.sum(np.broadcast_to(0.0 if values is None else values, shape)) * cell)


def float_interpreter(
    law: Law,
    germ: Germ,
    *,
    taps: Mapping[str, Tap] | None = None,
    symbols: Sequence[tuple[str, Scalar]] = (),
    fields: Mapping[str, Term] | None = None,
    grid: Grid | None = None,
) -> Interpreter:
    """The interpreter over float64 arrays; averages by the trapezoidal rule on ``grid``.

    ``float_interpreter(law, germ).field(term, (x,))`` gives an array of the shape of ``x``.
    """
    averager = SplitAverager(GridIntegrator(grid or Grid()))
    return Interpreter(FloatRing(), law, germ, taps=taps, symbols=symbols, fields=fields, averager=averager)
