"""Marginals along the reverse SDE, its lambda family and the flow: what E f(X_t) must be at any time."""

from __future__ import annotations

from collections.abc import Sequence

from numerics.observables.experiment import MARGIN, Experiment, level_checks
from numerics.observables.fields import FIELDS, Field
from numerics.observables.observable import Control, Level
from numerics.observables.walks import Walk, marks_at


def marginals(
    walk: Walk, *, at: Sequence[float] = (0.5, 1.0), fields: Sequence[Field] = FIELDS, margin: float = MARGIN,
    controls: tuple[Control, ...] = (), name: str = "marginals",
) -> Experiment:  # fmt: skip
    """The fields at parts ``at`` of the grid against their means under the forward law of the walk's data."""
    levels = [Level(field, mark) for mark in dict.fromkeys(marks_at(walk, at)) for field in fields]
    kept, checks = level_checks(walk, levels, margin=margin)
    return Experiment(name, walk, kept, checks, controls)
