"""Decisions with a bounded error rate, taken while paths are still coming in.

Three outcomes: EQUIVALENT (inside the margin for certain, up to the error rate), REFUTED (outside it, likewise) and
UNDECIDED. Both bounds count: the statistical radius and the measured bias of the steps. The radii are *sequences*:
they hold at all looks together, so looking often costs nothing in honesty.

* Unbounded observables: the normal-mixture asymptotic sequence (Robbins 1970; Waudby-Smith, Arbour, Sinha, Kennedy,
  Ramdas 2024), trusted only when at least ``EFFECTIVE`` effective paths carry the mean. Otherwise a rare event rules
  the average, normal theory is anti-conservative, and the decision is UNDECIDED.
* Observables with known bounds: the empirical-Bernstein sequence with predictable bets (Waudby-Smith and Ramdas 2024,
  theorem 2), valid at every sample size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

EFFECTIVE = 200.0
"""Least effective number of paths, (sum |y|)^2 / sum y^2, for which normal theory is used."""
FAMILY_RATE = 1e-6
"""Chance that a whole run contains any wrong decision; callers pass each test its share."""


class Outcome(Enum):
    """What a test says."""

    EQUIVALENT = "equivalent"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Decision:
    """An outcome with everything it rests on; ``reason`` says why when it is undecided."""

    outcome: Outcome
    difference: float
    radius: float
    bias: float
    margin: float
    reason: str = ""


def normal_mixture_radius(count: int, sd: float, share: float, tuned: int) -> float:
    """Half-width of the two-sided asymptotic confidence sequence at level 1 - share, tightest near ``tuned`` paths."""
    if count < 2:
        return math.inf
    odds = -2 * math.log(share)
    rho2 = (odds + math.log(odds + 1)) / tuned
    scaled = count * rho2 + 1
    return sd * math.sqrt(2 * scaled / (count**2 * rho2) * math.log(math.sqrt(scaled) / share))


def asymptotic(
    difference: float, sd: float, count: int, effective: float, *, bias: float, margin: float, share: float, tuned: int,
    relation: str = "=",
) -> Decision:  # fmt: skip
    """Decide on a mean that normal theory describes; UNDECIDED (rare event) below ``EFFECTIVE`` effective paths."""
    radius = normal_mixture_radius(count, sd, share, tuned)
    if effective < EFFECTIVE:
        reason = f"rare event: {effective:.0f} effective paths of {count}, {EFFECTIVE:.0f} are needed"
        return Decision(Outcome.UNDECIDED, difference, radius, bias, margin, reason)
    return decide(difference, radius, bias, margin, relation)


def decide(difference: float, radius: float, bias: float, margin: float, relation: str = "=") -> Decision:
    """Whether lhs - rhs = ``difference`` +- (radius + bias) supports or refutes the relation up to ``margin``."""
    slack = radius + bias
    if relation == "=":
        worst, best = abs(difference) + slack, abs(difference) - slack
    else:
        excess = difference if relation in ("<=", "<") else -difference
        worst, best = excess + slack, excess - slack
    if not math.isfinite(slack):
        return Decision(Outcome.UNDECIDED, difference, radius, bias, margin, "no finite bound yet")
    if best > margin:
        return Decision(Outcome.REFUTED, difference, radius, bias, margin)
    if worst <= margin:
        return Decision(Outcome.EQUIVALENT, difference, radius, bias, margin)
    reason = f"the budget of paths is spent: bound {slack:.3g} around {difference:.3g}, margin {margin:.3g}"
    return Decision(Outcome.UNDECIDED, difference, radius, bias, margin, reason)


class EmpiricalBernstein:
    """A confidence sequence for the mean of observables in [lower, upper], fed chunk by chunk.

    The bet and the running mean used in a chunk come from earlier chunks only, so both are predictable; within a chunk
    they are constant, hence sums of y and y^2 are all that is needed.
    """

    def __init__(self, lower: float, upper: float, share: float, tuned: int) -> None:
        if not lower < upper:
            raise ValueError(f"needs lower < upper, got {lower} and {upper}")
        self.lower, self.width, self.share, self.tuned = lower, upper - lower, share, tuned
        self._count, self._total, self._square = 0, 0.0, 0.0
        self._bets, self._paid, self._won = 0.0, 0.0, 0.0

    def feed(self, count: int, total: float, square: float) -> None:
        """Add a chunk: ``count`` values with sums of y and of y^2. Raises ValueError if they break the bounds."""
        low = self.lower
        y = (total - count * low) / self.width
        y2 = (square - 2 * low * total + count * low * low) / self.width**2
        if not (-1e-9 * count <= y <= count * (1 + 1e-9) and y2 <= y + 1e-9 * count):
            raise ValueError("a value lies outside the stated bounds")
        seen = (0.5 + self._total) / (1 + self._count)
        variance = (0.25 + self._square - 2 * seen * self._total + self._count * seen * seen) / (1 + self._count)
        bet = min(0.5, math.sqrt(2 * math.log(2 / self.share) / (max(variance, 1e-12) * self.tuned)))
        price = (-math.log1p(-bet) - bet) * (y2 - 2 * seen * y + count * seen * seen)
        self._bets += bet * count
        self._won += bet * y
        self._paid += price
        self._count, self._total, self._square = self._count + count, self._total + y, self._square + y2

    @property
    def mean(self) -> float:
        """Centre of the sequence (a weighted mean)."""
        return self.lower + self.width * (self._won / self._bets if self._bets else 0.5)

    @property
    def radius(self) -> float:
        """Half-width of the sequence now."""
        if not self._bets:
            return math.inf
        return self.width * (math.log(2 / self.share) + self._paid) / self._bets

    def decision(self, *, target: float = 0.0, bias: float, margin: float, relation: str = "=") -> Decision:
        """Decide whether the mean is ``relation`` ``target``."""
        return decide(self.mean - target, self.radius, bias, margin, relation)
