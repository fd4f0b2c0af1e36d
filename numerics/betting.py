"""Confidence sequences for means of observables with exact bounds, by betting: valid at every sample size.

Hedged capital (Waudby-Smith and Ramdas 2024, sec. 4.4). If the mean of y in [lower, upper] is m, two gamblers who stake
a predictable fraction b >= 0 on "above m" and on "below m" hold

    K+(m) = prod (1 + b (y - m)),    K-(m) = prod (1 - b (y - m)),

both non-negative martingales that start at 1, because b (upper - lower) <= ``CAP`` < 1 keeps every factor positive and
E[y - m] = 0 given the past. So (K+ + K-)/2 is one too, and by Ville's inequality it *ever* reaches 1/share with
probability at most ``share``: the true mean is among the m with K+(m) < 2/share and K-(m) < 2/share at all times
together, with no central limit theorem and however the time to stop is chosen.

The fraction does not depend on m. Then log K+ falls in m, log K- rises, and both are concave (sums of logarithms of
affine functions). They are kept at ``nodes``; between two nodes the chord is below a concave function, so where the
chord excludes m, the capital does. Only the width, never the validity, depends on nodes and fractions.

A stage of chunks uses one fraction, chosen from earlier stages and the pilot: chunks can be worked on in any order by
anyone, and their gains add up.
"""

from __future__ import annotations

import math

import numpy as np

from numerics.mixtures import Array
from numerics.sequential import Decision, decide

CAP = 0.9
"""Largest fraction times (upper - lower): one value at the far end costs a gambler log 10 at most."""
STEPS = 0.25, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.6, 2.0, 3.0, 5.0, 8.0
"""The nodes around zero in margins; beyond, in doublings."""
BLOCK = 32
"""Factors multiplied before a logarithm is taken: 0.1^32 is far from underflow."""
AT_ONCE = 1 << 14
"""Values times nodes worked on at once."""
ROUNDING = 1e-9
"""Taken off every capital's logarithm: its rounding error is below 1e-12 a chunk."""


class BoundsError(ValueError):
    """A value outside the bounds that were stated for it."""


def nodes_for(lower: float, upper: float, unit: float) -> Array:
    """Means at which capitals are kept: dense in ``unit`` (a margin) about zero, within [lower, upper]."""
    if not (math.isfinite(lower) and math.isfinite(upper) and lower < upper):
        raise ValueError(f"needs finite lower < upper, got {lower} and {upper}")
    width = upper - lower
    unit = min(unit, width) if unit > 0 else 1e-3 * width
    steps = list(STEPS)
    while steps[-1] * unit < max(abs(lower), abs(upper)):
        steps.append(2 * steps[-1])
    inner = [sign * step * unit for step in steps for sign in (-1, 1)] + [0.0]
    inner += [lower + width * i / 16 for i in range(1, 16)]
    return np.array(sorted({lower, upper, *(v for v in inner if lower < v < upper)}))


def fraction(variance: float, share: float, tuned: int, width: float) -> float:
    """The stake that is best about ``tuned`` paths if the observable has this variance; at most CAP / width."""
    floor = width * width / (4 * tuned)
    return min(CAP / width, math.sqrt(2 * math.log(2 / share) / (max(variance, floor) * tuned)))


def log_gains(values: Array, nodes: Array, bet: float, bounds: tuple[float, float]) -> Array:
    """(2, nodes): the sums of log(1 + bet (y - m)) and of log(1 - bet (y - m)) over ``values`` (n,) at each node m.

    Raises BoundsError if a value breaks its bounds.
    """
    low, high = bounds
    slack = 1e-12 * (high - low)
    if not (values.min() >= low - slack and values.max() <= high + slack):
        raise BoundsError(f"a value lies outside the stated bounds {low:g} and {high:g}")
    y = np.clip(values, low, high)
    padded = np.zeros((-(-len(y) // BLOCK), BLOCK))
    padded.ravel()[: len(y)] = y
    last = np.arange(padded.size).reshape(padded.shape) < len(y)
    out = np.empty((2, len(nodes)))
    together = max(1, AT_ONCE // padded.size)
    for first in range(0, len(nodes), together):
        some = slice(first, first + together)
        stake = np.where(last, bet * (padded - nodes[some, None, None]), 0.0)
        for side, factors in enumerate((1 + stake, 1 - stake)):
            out[side, some] = np.log(factors.prod(axis=2)).sum(axis=1)
    return out


class Betting:
    """The sequence of one observable with values in ``bounds``; ``add`` takes the gains of whole stages."""

    def __init__(self, bounds: tuple[float, float], share: float, unit: float) -> None:
        if not 0 < share < 1:
            raise ValueError(f"the error rate must lie between 0 and 1, got {share}")
        self.lower, self.upper = bounds
        self.nodes = nodes_for(self.lower, self.upper, unit)
        self.share = share
        self.capital = np.zeros((2, len(self.nodes)))

    def add(self, gains: Array) -> None:
        """Add what :func:`log_gains` returned for some chunks; their fraction must not depend on their values."""
        self.capital = self.capital + gains

    @property
    def interval(self) -> tuple[float, float]:
        """The means that no gambler has refuted: never empty, as K+(m) K-(m) <= 1."""
        need = math.log(2 / self.share) + ROUNDING
        above, below = self.capital
        low = _crossing(self.nodes, above, need)
        high = -_crossing(-self.nodes[::-1], below[::-1], need)
        return low, high

    def decision(self, *, bias: float, margin: float, relation: str = "=") -> Decision:
        """Decide whether the mean is ``relation`` 0 up to ``margin``."""
        low, high = self.interval
        return decide((low + high) / 2, (high - low) / 2, bias, margin, relation)


def _crossing(nodes: Array, capital: Array, need: float) -> float:
    """The largest m up to which the chords of the falling ``capital`` are at least ``need``; the first node if none."""
    refuted = np.nonzero(capital >= need)[0]
    if not len(refuted):
        return float(nodes[0])
    i = int(refuted[-1])
    if i + 1 == len(nodes):
        return float(nodes[i])
    share = (capital[i] - need) / (capital[i] - capital[i + 1])
    return float(nodes[i] + share * (nodes[i + 1] - nodes[i]))
