"""What is tested on paths: tests, what an ensemble observes, and the ensemble itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from numerics.mixtures import Array


@dataclass(frozen=True)
class Test:
    """Whether the mean of an observable is ``relation`` 0 up to ``margin``.

    ``statement`` names what is tested, ``part`` the component or test function; ``bias`` is a constant added to the
    measured step bias. If not ``refutes``, the statement does not imply the relation: it can support, never refute.
    ``bounds``: the observable lies between them on every path, exactly; it is then decided by an exact sequence, and no
    control is taken off it. ``limit`` says what bounds the margin. ``smooth``: the observable does not jump for given
    components of the law, so what is constant on all paths is so; else it may be an event that no path has met.
    """

    __test__ = False

    statement: str
    part: str
    relation: str
    margin: float
    bias: float = 0.0
    refutes: bool = True
    bounds: tuple[float, float] | None = None
    limit: str = ""
    smooth: bool = False

    def __post_init__(self) -> None:
        if not math.isfinite(self.margin + self.bias):
            raise FloatingPointError("a side is not finite on the simulated paths")
        if self.margin < 0 or self.bias < 0:
            raise ValueError(f"margin and bias must not be negative, got {self.margin} and {self.bias}")
        if self.bounds is not None and not (math.isfinite(sum(self.bounds)) and self.bounds[0] < self.bounds[1]):
            raise ValueError(f"bounds must be finite and in order, got {self.bounds}")


@dataclass(frozen=True)
class Observed:
    """What an ensemble saw on n paths: observables (T, n), their step biases (T, n) and controls (C, n).

    The controls have mean zero exactly, whatever the truth of any claim. A bias row is the change of the observable
    under refinement of the step.
    """

    values: Array
    biases: Array
    controls: Array


ALIKE = 10.0
"""Components whose weights are within this factor stand in for each other."""


def rarest_of(weights: Sequence[float]) -> float:
    """The probability of the rarest components: those with at most ``ALIKE`` times the least weight."""
    least = min(weights)
    return min(1.0, math.fsum(w for w in weights if w <= ALIKE * least))


class Ensemble(Protocol):
    """Picklable data that draws paths and evaluates the wanted observables on them.

    It may have an attribute ``rarest``: the probability of the rarest components that its paths are drawn from
    (:func:`rarest_of`). Normal theory is not used before those are met often enough.
    """

    def observe(self, wanted: Sequence[int], count: int, rng: np.random.Generator) -> Observed:
        """The observables with the indices ``wanted`` on ``count`` paths drawn with ``rng``."""
