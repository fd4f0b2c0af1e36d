"""Marginals along the reverse SDE, its lambda family and the flow: what E f(X_t) must be at any time."""

from __future__ import annotations

from collections.abc import Sequence

from numerics.observables.along import Ending
from numerics.observables.controls import Displacement, Sums, guided
from numerics.observables.experiment import MARGIN, Experiment, level_checks
from numerics.observables.fields import FIELDS, SCORE2, SURPRISE, X2, X_SCORE, Field, X
from numerics.observables.observable import Control, Level
from numerics.observables.walks import Walk, marks_at

GUIDED = (X, X2, X_SCORE, SCORE2, SURPRISE)
"""The fields that get a control of their own; the others follow them or are bounded."""


def marginals(
    walk: Walk, *, at: Sequence[float] = (0.5, 1.0), fields: Sequence[Field] = FIELDS, margin: float = MARGIN,
    sharp: bool = True, name: str = "marginals",
) -> Experiment:  # fmt: skip
    """The fields at parts ``at`` of the grid against their means under the forward law of the walk's data.

    ``sharp``: with guided controls on the line, and sums against the noise above it.
    """
    marks = dict.fromkeys(marks_at(walk, at))
    levels = [Level(field, mark) for mark in marks for field in fields]
    kept, checks = level_checks(walk, levels, margin=margin)
    controls: tuple[Control, ...] = (Displacement(),)
    if sharp and walk.data.D > 1:
        controls += (Sums(),)
    if sharp:
        controls += tuple(c for mark in marks for f in fields if f in GUIDED for c in guided(walk, Ending(f), mark))
    return Experiment(name, walk, kept, checks, controls)
