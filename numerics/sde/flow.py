"""The probability flow by scipy's DOP853 in log sigma: dx/dlog sigma = sigma^2 . (-s) in the view alpha = 1.

Every schedule is a rescaling of this one: x there is X_t/alpha, and sigma the ratio sigma/alpha.
"""

from __future__ import annotations

import math

import numpy as np

from numerics.mixtures import Array, Mixture


class FlowError(RuntimeError):
    """The integrator gave up. The message says where and what to do."""


def flow(data: Mixture, x: Array, first: float, last: float, *, rtol: float = 1e-11, atol: float = 1e-12) -> Array:
    """Points (n, D) moved from noise level ``first`` to ``last`` (either may be larger), each by itself.

    ``atol`` is relative to the smaller of the two levels. Raises FlowError if the tolerance is not reached.
    """
    from scipy.integrate import solve_ivp

    if not (first > 0 and last > 0):
        raise ValueError(f"the flow runs between noise levels above 0, got {first:g} and {last:g}")
    shape = x.shape

    def speed(u: float, state: Array) -> Array:
        sigma = math.exp(u)
        points = state.reshape(shape)
        pull: Array = -(sigma**2) * data.noised(1.0, sigma).score(points)
        return pull.ravel()

    found = solve_ivp(
        speed, (math.log(first), math.log(last)), x.ravel(), method="DOP853", rtol=rtol,
        atol=atol * min(first, last), t_eval=[math.log(last)],
    )  # fmt: skip
    if not found.success or not np.isfinite(found.y).all():
        raise FlowError(
            f"the flow from sigma = {first:g} to {last:g} was not integrated: {found.message}; ask for less"
        )
    out: Array = found.y[:, -1].reshape(shape)
    return out
