"""Clocks of a forward process: other times in which the same motion is written, and the steps are better spread."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from numerics.schedules import LinearProcess


class Clock(Protocol):
    """A strictly monotone time u = u(t) of a process."""

    def time(self, u: float) -> float:
        """The process time t at which the clock shows u."""

    def speed(self, u: float) -> float:
        """dt/du there; its sign tells whether the clock runs with t."""


@dataclass(frozen=True)
class LogSigma:
    """u = log sigma(t). Raises OutOfRangeError for a noise level that the process never has."""

    process: LinearProcess

    def time(self, u: float) -> float:
        """The time at which sigma = exp(u)."""
        return _time(self.process, u)

    def speed(self, u: float) -> float:
        """1/(a + g^2/(2 sigma^2))."""
        t = self.time(u)
        return 1 / (self.process.a(t) + self.process.g2(t) / (2 * math.exp(2 * u)))


@lru_cache(maxsize=65536)
def _time(process: LinearProcess, u: float) -> float:
    return process.time_of_sigma(math.exp(u))


@dataclass(frozen=True)
class LogSNR:
    """u = log(alpha^2/sigma^2), found by bisection between two noise levels of the process (first > last in sigma)."""

    process: LinearProcess
    first: float
    last: float

    def time(self, u: float) -> float:
        """The time at which the signal-to-noise ratio is exp(u). Raises ValueError outside the two noise levels."""
        return _time_of_log_snr(self, u)

    def speed(self, u: float) -> float:
        """dt/du = -sigma^2/g^2."""
        t = self.time(u)
        return -(self.process.sigma(t) ** 2) / self.process.g2(t)


def log_snr_at(process: LinearProcess, t: float) -> float:
    """log(alpha^2/sigma^2) at time t."""
    return 2 * math.log(process.alpha(t) / process.sigma(t))


@lru_cache(maxsize=65536)
def _time_of_log_snr(clock: LogSNR, u: float) -> float:
    from scipy.optimize import brentq

    process = clock.process
    early, late = (process.time_of_sigma(level) for level in (clock.last, clock.first))
    gaps = [log_snr_at(process, t) - u for t in (early, late)]
    for t, gap in zip((early, late), gaps, strict=True):
        if abs(gap) <= 1e-12 * max(1.0, abs(u)):
            return t
    if not gaps[0] > 0 > gaps[1]:
        raise ValueError(f"the log signal-to-noise ratio {u:g} is not reached between sigma = {clock.last:g} and "
                         f"{clock.first:g}; widen the range")  # fmt: skip
    return float(brentq(lambda t: log_snr_at(process, t) - u, early, late, xtol=1e-300, rtol=8.9e-16, maxiter=500))
