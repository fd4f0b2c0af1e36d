"""Linear forward processes as exact data, their safe grammar, and their germs. Standard library only.

A process is X_t = alpha X_0 + sigma eps. A germ is taken at one level (t, sigma, alpha, snr, nu, log-sigma):

    ve                   alpha = 1, sigma^2 = t             edm    alpha = 1, sigma = t
    vp, vp(beta)         alpha = exp(-beta t/2), sigma^2 = 1 - alpha^2
    vp(b0, b1)           the same, beta rising linearly from b0 to b1 on [0, 1]
    subvp(..)            alpha as under vp, sigma = 1 - alpha^2
    cosine, cosine(s)    alpha = cos((t + s)/(1 + s) pi/2)/cos(s/(1 + s) pi/2), sigma^2 = 1 - alpha^2; s = 1/125
    flow                 alpha = 1 - t, sigma = t
    ou(theta, g)         dX = -theta X dt + g dW
    linear(alpha=.., sigma=..)    any formulas in t; levels other than t have no closed form then

Companions that are not rational (alpha = sqrt(1 - sigma^2)) are kept as exact terms.
"""

from __future__ import annotations

from theory.places import LEVELS, Place, check_clock, parse_at
from theory.processes.grammar import parse_process
from theory.processes.process import Process
from theory.processes.schedules import STANDING_PROCESS, cosine, edm, flow, linear, ou, subvp, ve, vp, vp_linear

__all__ = [
    "LEVELS", "STANDING_PROCESS", "Place", "Process", "check_clock", "cosine", "default_clock", "edm", "flow", "linear",
    "ou", "parse_at", "parse_process", "subvp", "ve", "vp", "vp_linear",
]  # fmt: skip


def default_clock(process: Process) -> str:
    """The clock of rates when none is given: sigma^2 under ve, sigma under edm (its t), t otherwise."""
    return process.clock
