"""Means of bounded observables over samples of a channel, with an interval that holds at every number of samples.

A posterior variance is at most the squared radius of the data and a posterior entropy at most log N. With known bounds
the betting sequence of :class:`numerics.sequential.EmpiricalBernstein` needs no central limit theorem. Normal theory
would be fooled: if the mass of tr Cov(X0 | x) lies half way between points that noise of this level hardly ever
reaches, the samples agree on a tiny mean with a tiny spread, and their interval excludes the truth. The betting
interval then still reaches up to about 10 x bound / samples; that the estimate cannot be told from zero is the
definition of a *rare event* here, and it is said instead of an interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from numerics.empirical.channel import Channel, Posterior
from numerics.estimates import Sums, sums_of
from numerics.mixtures import Array
from numerics.sequential import EFFECTIVE, EmpiricalBernstein
from numerics.streams import stream

ERROR = 0.01
"""Chance that the interval misses the truth."""
ENTRIES = 1 << 18
"""Entries (samples x D) of a chunk; together with the blocks it bounds the memory."""
HOPELESS = 16
"""A precision that would take so many times the budget is not tried for."""


@dataclass(frozen=True)
class Observable:
    """A function of the posterior with values in [0, ``upper``], known to ``rounding``.

    ``squares``: it reads ``odds_square``.
    """

    name: str
    read: Callable[[Posterior], Array]
    upper: float
    rounding: float
    squares: bool = False


@dataclass(frozen=True)
class Bounded:
    """A mean with its interval: ``centre`` +- ``radius``, rounding included.

    ``standard_error``: of the sample mean; ``effective``: (sum y)^2 / sum y^2; ``samples``.
    """

    centre: float
    radius: float
    standard_error: float
    effective: float
    samples: int

    @property
    def lower(self) -> float:
        """Lower end of the interval (the observable is not negative)."""
        return max(self.centre - self.radius, 0.0)

    @property
    def upper(self) -> float:
        """Upper end of the interval."""
        return self.centre + self.radius

    @property
    def is_positive(self) -> bool:
        """Whether the mean can be told from zero."""
        return self.centre > self.radius

    def why_not(self, bound: float) -> str:
        """One clause: why the mean cannot be told from zero; ``bound`` is what :attr:`upper` means to the reader."""
        least = f"{self.samples} samples only show that it is below {bound:.2g}"
        if self.effective >= EFFECTIVE and self.centre > self.radius / 8:
            return f"too few samples: {least}; ask for more digits, which samples longer"
        return f"rare event: {least}; what counts lies between the points, where noise of this level hardly ever leads"


def chunk_size(D: int) -> int:
    """Samples of a chunk, a function of the dimension alone."""
    return max(256, min(4096, ENTRIES // D))


def mean_of(
    channel: Channel, observable: Observable, *, seed: int, budget: int, good: Callable[[Bounded], bool] | None = None,
    error: float = ERROR,
) -> Bounded:  # fmt: skip
    """The mean over ``budget`` samples, or fewer once it is ``good``; the interval is at level 1 - ``error``.

    Chunk k draws from a stream of its own and chunks are added in order, so the result is a function of the law, the
    level, the seed and the budget. A first chunk, which is not counted, tunes the interval to the number of samples
    that ``good`` will need.
    """
    if observable.upper <= 0:
        return Bounded(0.0, 0.0, 0.0, math.inf, 0)
    size = chunk_size(channel.law.D)
    chunks = max(1, -(-budget // size))

    def chunk(number: int) -> Sums:
        rng = stream(seed, channel.law.digest, observable.name, number)
        found = channel.draw(size, rng, squares=observable.squares)
        return sums_of(np.clip(observable.read(found), 0.0, observable.upper)[None, :], np.zeros(1))

    tuned = _planned(chunk(0), observable, chunks * size, good)
    if tuned > HOPELESS * chunks * size:
        chunks = max(1, chunks // 8)
        tuned = chunks * size
    sequence = EmpiricalBernstein(0.0, observable.upper, error, min(tuned, chunks * size))
    sums: Sums | None = None
    result = Bounded(0.0, math.inf, math.inf, 0.0, 0)
    for number in range(1, chunks + 1):
        one = chunk(number)
        sums = one if sums is None else sums + one
        sequence.feed(one.count, float(one.total[0]), float(one.square[0]))
        spread = Bounded(
            sequence.mean, sequence.radius, float(sums.standard_error[0]), float(sums.effective[0]), sums.count
        )
        result = replace(spread, radius=spread.radius + observable.rounding)
        if good is not None and good(result):
            break
    return result


def _planned(pilot: Sums, observable: Observable, most: int, good: Callable[[Bounded], bool] | None) -> int:
    """About how many samples ``good`` will need, from a pilot; ``most`` without a wish."""
    if good is None:
        return most
    mean, spread = float(pilot.mean[0]), math.sqrt(float(pilot.variance[0]))
    odds = math.log(2 / ERROR)
    count = pilot.count
    while count <= HOPELESS * most:
        radius = spread * math.sqrt(2 * odds / count) + 2 * observable.upper * odds / count + observable.rounding
        if good(Bounded(mean, radius, spread / math.sqrt(count), EFFECTIVE, count)):
            return int(1.2 * count)
        count *= 2
    return count
