"""The live bar on stderr: what was settled last, how many claims are done, how long it may still take."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from infodyn.report.console import wants_no_colour

if TYPE_CHECKING:
    from proofs_checks.assess import Assessment

WIDEST_NAME = 34


class Progress:
    """A live bar on stderr when that is a terminal that can redraw a line; silent when piped or ``TERM=dumb``.

    A context manager. ``done(assessment)`` after each claim; ``started(id)``, if the caller knows it, before.
    """

    def __init__(self, total: int) -> None:
        console = Console(stderr=True, no_color=wants_no_colour() or None)
        silent = not sys.stderr.isatty() or console.is_dumb_terminal
        self._bar = RichProgress(
            TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn(), TimeElapsedColumn(),
            TextColumn("left"), TimeRemainingColumn(), console=console, transient=True, disable=silent,
            refresh_per_second=4, speed_estimate_period=3600,
        )  # fmt: skip
        self._task = self._bar.add_task(_fitted("settling claims"), total=total)
        self._running: list[str] = []

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def started(self, id: str) -> None:
        """Work on a claim has begun."""
        self._running.append(id)
        self._bar.update(self._task, description=_fitted(", ".join(self._running)))

    def done(self, assessment: Assessment) -> None:
        """One claim is finished."""
        if assessment.id in self._running:
            self._running.remove(assessment.id)
        last = f"{assessment.ruling.verdict.value.lower()}: {assessment.id}"
        self._bar.update(self._task, advance=1, description=_fitted(", ".join(self._running) or last))


def _fitted(text: str) -> str:
    """Always the same width, so that the bar does not jump."""
    short = text if len(text) <= WIDEST_NAME else text[: WIDEST_NAME - 2] + ".."
    return short.ljust(WIDEST_NAME)
