"""The live bar of one run on stderr: how many chunks are done of those it may take at most, and the time left."""

from __future__ import annotations

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as RichProgress

from infodyn.report.console import wants_no_colour


class Steps:
    """A live bar on stderr when that is a terminal that can redraw a line; silent when piped or ``TERM=dumb``.

    A context manager; ``told(done, total, seconds_left)`` is what a driver reports its progress to.
    """

    def __init__(self, name: str) -> None:
        console = Console(stderr=True, no_color=wants_no_colour() or None)
        silent = not sys.stderr.isatty() or console.is_dumb_terminal
        self._bar = RichProgress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}"),
            console=console, transient=True, disable=silent, refresh_per_second=4,
        )  # fmt: skip
        self._task = self._bar.add_task(name, total=None, left="")

    def __enter__(self) -> Steps:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def told(self, done: int, total: int, left: float | None) -> None:
        """``left``: seconds to the end of the budget; most runs are decided before."""
        text = "" if left is None else f"chunks, at most {_time(left)} left"
        self._bar.update(self._task, completed=done, total=total, left=text)

    def at(self, name: str, done: int, total: int) -> None:
        """Work on ``name`` begins, ``done`` of ``total`` pieces being finished."""
        self._bar.update(self._task, description=name, completed=done, total=total)


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
