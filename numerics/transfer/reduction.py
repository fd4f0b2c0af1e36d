"""Reduction of mixtures with covariances c I to the span of their mean differences, in float64.

In an orthonormal basis of that span and its complement, X_0 is a mixture of N(., c I) on the span and independent
N(0, c) across it, and so is the path y_eta = eta X_0 + W_eta: the drift of the reverse SDE splits too. Translations
drop out, and the mean of the first law becomes the origin. For a law in closed form
:mod:`numerics.space.span` finds the rank exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from numerics.mixtures import Array, Mixture

SAME = 8 * 2.0**-52
"""Mean differences below this fraction of the largest mean, times the root of the number of entries, are none: rounding
of the means themselves. Larger ones count, however small: the noise may be smaller still."""


@dataclass(frozen=True)
class Reduction:
    """Laws on a common span: the reduced ones, their variances c, and the number of dimensions left out."""

    laws: tuple[Mixture, ...]
    variances: tuple[float, ...]
    across: int

    @property
    def rank(self) -> int:
        """The dimension of the reduced laws."""
        return self.laws[0].D


def shared_variance(data: Mixture) -> float | None:
    """c if every covariance is c I with one c, else None."""
    first = data.covs[0]
    c = first[0][0]
    matrix = np.array(first)
    if not np.array_equal(matrix, c * np.eye(data.D)) or any(cov != first for cov in data.covs):
        return None
    return c


def reduction(laws: Sequence[Mixture], rank: int | None = None) -> Reduction | None:
    """The joint reduction, at least one dimension large, or None if a law has no shared c I.

    ``rank``: what an exact elimination found; by default singular values tell. Raises ValueError for laws on different
    spaces.
    """
    if any(law.D != laws[0].D for law in laws):
        raise ValueError("the laws live in different dimensions; give laws on one space")
    variances = [shared_variance(law) for law in laws]
    if any(c is None for c in variances):
        return None
    means = np.array([mean for law in laws for mean in law.means])
    centre = (np.array(laws[0].weights)[:, None] * np.array(laws[0].means)).sum(axis=0)
    _, sizes, directions = np.linalg.svd(means - means[0])
    if rank is None:
        rank = int((sizes > SAME * float(np.abs(means).max()) * math.sqrt(means.size)).sum())
    rank = max(rank, 1)
    basis = directions[:rank]
    reduced = tuple(_projected(law, centre, basis, float(c or 0.0)) for law, c in zip(laws, variances, strict=True))
    return Reduction(reduced, tuple(float(c or 0.0) for c in variances), laws[0].D - rank)


def _projected(law: Mixture, centre: Array, basis: Array, c: float) -> Mixture:
    places = np.einsum("ki,ri->kr", np.array(law.means) - centre, basis)
    cov = tuple(tuple(row) for row in (c * np.eye(len(basis))).tolist())
    return Mixture(law.weights, tuple(tuple(place) for place in places.tolist()), (cov,) * law.K)
