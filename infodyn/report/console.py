"""Where words meet the screen: width, colour and encoding are settled here, once.

Colour comes after text and shape: it never carries a meaning of its own. ``NO_COLOR``, ``FORCE_COLOR`` and
``--no-color`` are honoured; a terminal that cannot show mathematical signs gets plain text.
"""

from __future__ import annotations

import os
import sys

import click
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.segment import Segment, Segments
from rich.text import Text

from infodyn.report.symbols import unicode_text
from proofs_checks.verdict import Verdict

PIPED_WIDTH = 100
NARROWEST = 60
_MARKS = {
    Verdict.VERIFIED: ("✓", "+", "green"), Verdict.REFUTED: ("✗", "x", "red"), Verdict.CONFLICT: ("!", "!", "bold red"),
    Verdict.UNDECIDED: ("?", "?", "yellow"), Verdict.NOT_ASSESSED: ("–", "-", "dim"),
}  # fmt: skip


def wants_no_colour() -> bool:
    """``--no-color`` was given, or NO_COLOR is set to anything."""
    context = click.get_current_context(silent=True)
    return bool(os.environ.get("NO_COLOR")) or (context is not None and context.color is False)


class Page:
    """A page of text on stdout, as wide as the terminal (100 columns when piped, or ``COLUMNS``)."""

    def __init__(self) -> None:
        columns = os.environ.get("COLUMNS", "")
        piped = int(columns) if columns.isdigit() and int(columns) >= NARROWEST else PIPED_WIDTH
        width = None if sys.stdout.isatty() else piped
        self._console = Console(file=sys.stdout, highlight=False, width=width, no_color=wants_no_colour() or None)
        self.unicode = "utf" in (getattr(sys.stdout, "encoding", None) or "utf").lower()

    @property
    def width(self) -> int:
        """Columns that a line may use; prose is set no wider than 110."""
        return min(self._console.width, 110)

    def maths(self, text: str) -> str:
        """``text`` (a term or statement) in the signs that the screen has, ready to be printed."""
        return escape(unicode_text(text) if self.unicode else text)

    def mark(self, verdict: Verdict, expected: str = "verified") -> str:
        """A sign and its colour; refuted folklore is good news."""
        sign, plain, colour = _MARKS[verdict]
        colour = "green" if expected == "refuted" and verdict is Verdict.REFUTED else colour
        return f"[{colour}]{sign if self.unicode else plain}[/]"

    def verdict(self, verdict: Verdict, expected: str = "verified") -> str:
        """Sign and word."""
        return f"{self.mark(verdict, expected)} {self.word(verdict, expected)}"

    def word(self, verdict: Verdict, expected: str = "verified") -> str:
        """The word alone, in its colour."""
        colour = "green" if expected == "refuted" and verdict is Verdict.REFUTED else _MARKS[verdict][2]
        return f"[{colour}]{verdict.value}[/]"

    def line(self, text: RenderableType = "", indent: int = 0) -> None:
        """One paragraph or table, wrapped to the width, each of its lines indented; nothing trails."""
        content = Text.from_markup(text) if isinstance(text, str) else text
        options = self._console.options.update(width=self.width - indent)
        for row in self._console.render_lines(content, options, pad=False):
            self._console.print(Segments([Segment(" " * indent), *_stripped(row), Segment.line()]), end="")

    def heading(self, text: str) -> None:
        """A bold line with an empty line before it."""
        self.line()
        self.line(f"[bold]{text}[/]")


def _stripped(row: list[Segment]) -> list[Segment]:
    """``row`` without the blanks at its end."""
    rest = list(row)
    while rest:
        last = rest.pop()
        text = last.text.rstrip()
        if text:
            return [*rest, Segment(text, last.style)]
    return []
