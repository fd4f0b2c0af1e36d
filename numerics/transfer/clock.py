"""Signal-to-noise ratios of the steps: equal steps of a smooth information clock.

The nodes of the information grid are read at :data:`PLACES` places and joined by one spline, so that grids of any
number of steps are nested values of one smooth function: then the error of a scheme has an expansion in the step.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from numerics.mixtures import Array, Mixture
from numerics.sde.grids import information_grid

PLACES = 48


@lru_cache(maxsize=256)
def nodes(data: Mixture, last: float, steps: int) -> Array:
    """eta_0 = 0 < .. < eta_steps = last, (steps + 1,); not to be written to."""
    from scipy.interpolate import PchipInterpolator, make_interp_spline

    known = np.array(information_grid(data, last, PLACES).nodes)
    scale = known[1]
    places, heights = np.arange(PLACES + 1) / PLACES, np.log1p(known / scale)
    wanted = np.arange(steps + 1) / steps
    found = make_interp_spline(places, heights, k=5)(wanted)
    if not (np.diff(found) > 0).all():
        found = PchipInterpolator(places, heights)(wanted)
    out: Array = scale * np.expm1(found)
    out[0], out[-1] = 0.0, last
    out.flags.writeable = False
    return out
