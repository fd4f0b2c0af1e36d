"""The posterior mean of Gaussian mixtures at the speed of the generator of normals: few passes, small products.

The same mathematics as :mod:`numerics.sde.posterior`, arranged for throughput (:mod:`numerics.sde.fused_kernels`).
Treats every mixture on the line, and in more dimensions those whose components share one isotropic covariance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from numerics.mixtures import Array, Mixture
from numerics.sde.fused_kernels import BOUNDED, PRODUCT, Alone, Coefficients, Kernel, Line, Pair, Shared, TwoAtoms

WIDTH = 8192
"""Numbers of one coordinate in a block (a row holds four times as many above one dimension)."""

NARROWEST = 256
"""Blocks of fewer paths do not pay: such a mixture is left to the plain posterior."""


class FusedPosterior:
    """D(y, eta) of a mixture, block by block.

    Coordinates are relative to ``centre``, the mean of the reference component (of two alike: the midpoint), so an
    offset of the data costs no digits. Raises ValueError for a mixture that it does not treat; ask :func:`treats`.
    """

    def __init__(self, data: Mixture) -> None:
        if not treats(data):
            raise ValueError("the fused posterior is for mixtures on the line or with one shared isotropic covariance, "
                             "of not too many components; use numerics.sde.posterior.Posterior")  # fmt: skip
        self.data, self.D, self.K = data, data.D, data.K
        means, spreads = np.array(data.means), np.array([cov[0][0] for cov in data.covs])
        self.shared = _is_shared(data)
        self.pair = self.shared and self.K == 2
        # the widest component: on the line the log odds of narrower ones are bounded above
        widest = np.flatnonzero(spreads == spreads.max())
        away = ((means[widest] - np.array(data.weights) @ means) ** 2).sum(axis=1)
        self.reference = int(widest[np.argmin(away)])
        self.others = [k for k in range(self.K) if k != self.reference]
        self.centre: Array = means.mean(axis=0) if self.pair else means[self.reference]
        atoms = self.pair and self.D == 1 and spreads[0] == 0
        self.gain = float(means[self.others[0], 0] - self.centre[0]) if atoms else 1.0
        """Kernels take gain (y - eta centre) and give (D - centre)/gain; not 1 for two atoms on the line."""
        self.kind: type[Kernel] = (
            Alone if self.K == 1 else TwoAtoms if atoms else Pair if self.pair else Shared if self.shared else Line
        )
        self.width = min(WIDTH if self.D == 1 else 4 * WIDTH // self.D, PRODUCT // _heaviest(data))
        """Paths in a block, at most."""

    def kernel(self, width: int) -> Kernel:
        """What moves a block of ``width`` states to their posterior means."""
        return self.kind(self.D, self.K, width)

    def mean_into(self, y: Array, eta: float, out: Array) -> Array:
        """D(y, eta) at points (n, D), written to and returned as ``out`` (n, D)."""
        row = self.at(eta)
        for kernel, states, at in self._filled(y, eta):
            part = np.empty((self.D, kernel.width))
            kernel.run(row, states, part)
            part *= self.gain
            part += self.centre[:, None]
            out[at] = part.T
        return out

    def mean(self, y: Array, eta: float) -> Array:
        """D(y, eta), shape (n, D)."""
        return self.mean_into(y, eta, np.empty((self.D, len(y))).T)

    def log_responsibilities(self, y: Array, eta: float) -> Array:
        """log P(component | y), shape (K, n)."""
        logs, row = np.zeros((self.K, len(y))), self.at(eta)
        if self.K > 1:
            for kernel, states, at in self._filled(y, eta):
                logs[self.others, at] = kernel.log_odds(row, states)
        logs -= logs.max(axis=0)
        logs -= np.log(np.exp(logs).sum(axis=0))
        return logs

    def _filled(self, y: Array, eta: float) -> Iterator[tuple[Kernel, Array, slice]]:
        kernels: dict[int, tuple[Kernel, Array]] = {}
        for at in blocks(len(y), self.width):
            width = at.stop - at.start
            if width not in kernels:
                kernel = self.kernel(width)
                kernels[width] = kernel, kernel.buffer()
            kernel, states = kernels[width]
            np.subtract(y[at].T, (eta * self.centre)[:, None], out=states[: self.D])
            if self.gain != 1:
                states[: self.D] *= self.gain
            yield kernel, states, at

    def at(self, eta: float) -> Coefficients:
        """The matrices of one eta >= 0."""
        w, r, others = np.array(self.data.weights), self.reference, self.others
        c = np.array([cov[0][0] for cov in self.data.covs])
        m = np.array(self.data.means) - self.centre
        q = 1 / (1 + eta * c)
        slope, odds = float(c[0] * q[0]), np.log(w[others] / w[r])
        if self.shared:
            half = 0.5 if self.pair else 1.0
            squares = (m * m).sum(axis=1)
            constant = half * (odds - 0.5 * eta * q[0] * (squares[others] - squares[r]))
            first = np.column_stack([half * q[0] * (m[others] - m[r]), constant])
            second = q[0] * m[others].T
            if not self.pair:
                second = np.vstack([second, np.ones(self.K - 1)])
            return Coefficients(np.ascontiguousarray(first), np.ascontiguousarray(second), slope, False)
        # c_k q_k - c_r q_r without cancellation
        bend = (c[others] - c[r]) * q[others] * q[r]
        pull = q[others] * m[others, 0]
        odds += -0.5 * (np.log1p(eta * c[others]) - math.log1p(eta * c[r]) + eta * pull * m[others, 0])
        first = np.zeros((2 * self.K - 1, 3))
        first[: self.K - 1] = np.column_stack([pull, odds, bend / 2])
        first[self.K - 1 : -1, :2] = np.column_stack([bend, pull])
        first[-1, 0] = c[r] * q[r]
        # where all bend down, the vertices bound the log odds for every y
        bounded = bool((bend < 0).all()) and bool((odds - pull**2 / (2 * bend) < BOUNDED).all())
        return Coefficients(first, first[:0], 0.0, bounded)


def treats(data: Mixture) -> bool:
    """Whether :class:`FusedPosterior` is for this mixture."""
    return (data.D == 1 or _is_shared(data)) and PRODUCT // _heaviest(data) >= NARROWEST


def _is_shared(data: Mixture) -> bool:
    first = np.array(data.covs[0])
    return all(cov == data.covs[0] for cov in data.covs) and bool(np.array_equal(first, first[0, 0] * np.eye(data.D)))


def _heaviest(data: Mixture) -> int:
    """Multiply-adds a path in the largest product."""
    return max(data.K - 1, 1) * (data.D + 1) if _is_shared(data) else 4 * (2 * data.K - 1)


def blocks(count: int, width: int) -> list[slice]:
    """``count`` paths in blocks of at most ``width``, as equal as can be: none of width 1 unless there is one path."""
    pieces = max(1, -(-count // width))
    ends = [count * i // pieces for i in range(pieces + 1)]
    return [slice(a, b) for a, b in pairwise(ends) if b > a]
