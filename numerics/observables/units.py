"""Units of rows that have no closed scale: means over a few paths of a stream of their own.

A unit only says what a margin is a part of; it is a constant, no evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from numerics.mixtures import Array
from numerics.observables.path import Path
from numerics.observables.walks import Walk
from numerics.streams import stream

PATHS = 4096


class Readable(Protocol):
    """What reads rows off paths."""

    def read(self, path: Path) -> Sequence[Array]:
        """Its rows."""


def sampled(walk: Walk, readable: Readable) -> tuple[float, ...]:
    """The means of the rows over PATHS paths of the finest level; the same ones whenever they are asked for."""
    path = walk.draw(PATHS, stream(0, "observables", "units", 0)).levels[0]
    return tuple(float(row.mean()) for row in readable.read(path))
