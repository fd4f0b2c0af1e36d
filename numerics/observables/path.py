"""Paths in localisation coordinates, as observables read them: nodes, states, and what the posterior says there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from numerics.mixtures import Array, Mixture, choose
from numerics.sde.posterior import Posterior

Value = TypeVar("Value")


@dataclass(eq=False)
class Path:
    """n paths at the nodes of one level of refinement, whoever moved them.

    ``ys[i]`` (n, D) are the states at signal-to-noise ratio ``etas[i]``. A *mark* counts steps of the coarsest level,
    and ``scale`` steps of this level make one of it. ``uniforms`` (n,) decide the component at the end of a path;
    ``labels`` are given where the component was drawn first.
    """

    data: Mixture
    etas: tuple[float, ...]
    ys: list[Array]
    scale: int
    uniforms: Array
    labels: NDArray[np.intp] | None = None
    _kept: dict[tuple[str, int], object] = field(default_factory=dict)

    @property
    def posterior(self) -> Posterior:
        """Of the law that the paths are compared with."""
        return Posterior(self.data)

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return len(self.etas)

    def node(self, mark: int) -> int:
        """The node at a mark; negative marks count from the end."""
        return self.nodes - 1 + (mark + 1) * self.scale if mark < 0 else mark * self.scale

    def _once(self, name: str, i: int, make: Callable[[], Value]) -> Value:
        if (name, i) not in self._kept:
            self._kept[name, i] = make()
        return self._kept[name, i]  # type: ignore[return-value]

    def mean(self, i: int) -> Array:
        """The posterior mean at node i, (n, D)."""
        return self._once("mean", i, lambda: self.posterior.mean(self.ys[i], self.etas[i]))

    def logs(self, i: int) -> Array:
        """The log responsibilities at node i, (K, n)."""
        return self._once("logs", i, lambda: self.posterior.log_responsibilities(self.ys[i], self.etas[i]))

    def covariance(self, i: int) -> Array:
        """The posterior covariance at node i, (D, D, n)."""
        return self._once("covariance", i, lambda: self.posterior.covariance(self.ys[i], self.etas[i]))

    def score(self, i: int) -> Array:
        """The score of X_t at x = y/eta in the variance-exploding view, eta D - y, at node i."""
        return self.etas[i] * self.mean(i) - self.ys[i]

    def components(self, i: int) -> list[Array]:
        """The posterior mean within each component at node i, K arrays (n, D)."""
        return self._once("components", i, lambda: component_means(self.data, self.ys[i], self.etas[i]))

    def end_weights(self) -> list[Array]:
        """P(component at the end | the path) for each component: certain where it was drawn first.

        Averages over the end are taken exactly with them, so no draw adds its noise.
        """
        if self.labels is not None:
            return [(self.labels == k).astype(np.float64) for k in range(self.data.K)]
        return list(self._once("weights", self.nodes - 1, lambda: np.minimum(np.exp(self.logs(self.nodes - 1)), 1.0)))

    def ends(self) -> NDArray[np.intp]:
        """The component each path ends in: the one it was drawn from, else drawn from the posterior at its end."""
        if self.labels is not None:
            return self.labels
        last = self.nodes - 1
        return self._once("ends", last, lambda: choose(np.exp(self.logs(last)), self.uniforms))


def component_means(data: Mixture, y: Array, eta: float) -> list[Array]:
    """E[X_0 | y, component] for each component: (1 + eta C)^-1 (m + C y), (n, D)."""
    out = []
    for mean, cov in zip(data.means, data.covs, strict=True):
        m, C = np.array(mean), np.array(cov)
        Q = np.linalg.inv(np.eye(len(m)) + eta * C)
        gain = (C @ Q + (C @ Q).T) / 2
        at = np.empty(y.T.shape)
        for d in range(len(m)):
            at[d] = (Q @ m)[d]
            for j in range(len(m)):
                if gain[d, j]:
                    at[d] += gain[d, j] * y.T[j]
        out.append(at.T)
    return out


def squares(points: Array) -> Array:
    """|v|^2 of the rows of (n, D), coordinate by coordinate."""
    return products(points, points)


def products(first: Array, second: Array) -> Array:
    """The scalar products of the rows of two arrays (n, D), coordinate by coordinate."""
    left, right = first.T, second.T
    total: Array = left[0] * right[0]
    for a, b in zip(left[1:], right[1:], strict=True):
        total += a * b
    return total


def trace(matrices: Array) -> Array:
    """The traces of (D, D, n)."""
    total: Array = matrices[0, 0].copy()
    for i in range(1, len(matrices)):
        total += matrices[i, i]
    return total
