"""Signal-to-noise ratios of the steps: equal steps of a smooth clock.

Half of the steps go by the information grid, half by log(1 + eta Var X_0): steps between decisions, which the
information grid leaves out, matter to rare late events. The nodes of the information grid are read at :data:`PLACES`
places and joined by one spline, so that grids of any number of steps are values of one smooth function: then the error
of a scheme has an expansion in the step.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from numerics.mixtures import Array, Mixture
from numerics.sde.grids import information_grid

PLACES = 48
BLEND = 0.5
"""The share of the logarithm."""


@lru_cache(maxsize=256)
def nodes(data: Mixture, last: float, steps: int) -> Array:
    """eta_0 = 0 < .. < eta_steps = last, (steps + 1,); not to be written to."""
    from scipy.interpolate import PchipInterpolator, make_interp_spline

    scale = 1 / max(_variance(data), 1e-300)
    heights = np.log1p(np.array(information_grid(data, last, PLACES).nodes) / scale)
    share = heights / heights[-1]
    clock = (1 - BLEND) * np.arange(PLACES + 1) / PLACES + BLEND * share
    wanted = np.arange(steps + 1) / steps
    found = make_interp_spline(clock, heights, k=5)(wanted)
    if not (np.diff(found) > 0).all():
        found = PchipInterpolator(clock, heights)(wanted)
    out: Array = scale * np.expm1(found)
    out[0], out[-1] = 0.0, last
    out.flags.writeable = False
    return out


def _variance(data: Mixture) -> float:
    """The mean variance of a coordinate of X_0."""
    weights, means = np.array(data.weights), np.array(data.means)
    away = means - (weights[:, None] * means).sum(axis=0)
    inner = np.array([np.trace(np.array(cov)) for cov in data.covs])
    return float((weights * ((away**2).sum(axis=1) + inner)).sum()) / data.D
