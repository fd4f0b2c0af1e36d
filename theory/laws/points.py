"""Empirical laws by the name of their file: ``points(digits.npy, scale=1/16)``. Standard library only.

    points = "points" "(" path [ "," "scale" "=" scalar ] ")"      path: as it is, or in single or double quotes

The file is not opened here; the room with arrays reads it (``numerics``), and its errors belong to the reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from theory.calculus import fold_constants
from theory.grammar import GrammarError, parse_scalar
from theory.grammar_tokens import MAX_BITS
from theory.language.instances import LawError

MAX_PATH = 4096
_HEAD = re.compile(r"\s*(points|empirical)\s*\(")
_SCALE = re.compile(r",\s*scale\s*=(?P<scalar>[^'\"=]*)$")


@dataclass(frozen=True)
class PointsFile:
    """The uniform law on the rows of an array file: X0 = ``scale`` times a row drawn at random.

    ``path``: the file as the user wrote it, relative to the working folder. Raises LawError: an empty path, one that no
    file can have, or a scale that is not positive. Whether the file exists and can be read is found when it is read.
    """

    path: str
    scale: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        if not self.path.strip():
            raise LawError("points(..) needs the name of a file, as in points(file.npy)")
        if len(self.path) > MAX_PATH:
            raise LawError(f"points(..): a path of {len(self.path)} characters; at most {MAX_PATH} are allowed")
        strange = next((c for c in self.path if ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) < 0xE000), None)
        if strange is not None:
            raise LawError(f"points(..): the path holds {strange!r}, which no file name should; rename the file")
        if self.scale <= 0:
            raise LawError(f"points(..): scale = {self.scale}; give a positive number, as in scale=1/16")

    @property
    def text(self) -> str:
        """The law as :func:`read_points` reads it."""
        marks = [mark for mark in ('"', "'") if mark not in self.path]
        mark = "" if re.fullmatch(r"[\w./~+-]+", self.path) or not marks else marks[0]
        scale = "" if self.scale == 1 else f", scale={self.scale}"
        return f"points({mark}{self.path}{mark}{scale})"


def is_points(text: str) -> bool:
    """Whether ``text`` begins as a law of points does."""
    return _HEAD.match(text) is not None


def read_points(text: str) -> PointsFile:
    """The law of points that ``text`` spells. Raises GrammarError with the column and the remedy."""
    head, whole = _HEAD.match(text), text.rstrip()
    if head is None:
        raise GrammarError(1, "expected points(file.npy)")
    if not whole.endswith(")") or len(whole) <= head.end():
        raise GrammarError(head.end(), "expected ')' at the very end, as in points(file.npy) or points(.., scale=1/16)")
    inside, scale = whole[head.end() : -1], Fraction(1)
    found = _SCALE.search(inside)
    if found is not None:
        scale = _scale(found["scalar"], head.end() + found.start("scalar") + 1)
        inside = inside[: found.start()]
    try:
        return PointsFile(_unquoted(inside.strip(), head.end() + 1), scale)
    except GrammarError:
        raise
    except LawError as error:
        raise GrammarError(head.end() + 1, str(error)) from None


def _scale(text: str, column: int) -> Fraction:
    try:
        value = fold_constants(parse_scalar(text))
    except GrammarError as error:
        reason = str(error).partition(": ")[2]
        raise GrammarError(column + error.column - 1, reason) from None
    except LawError as error:
        raise GrammarError(column, str(error)) from None
    if not isinstance(value, Fraction):
        raise GrammarError(column, "scale must be a rational number, as in scale=1/16")
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise GrammarError(column, f"scale has more than {MAX_BITS} bits; write a smaller number")
    return value


def _unquoted(path: str, column: int) -> str:
    mark = path[:1]
    if mark not in ("'", '"'):
        return path
    if len(path) < 2 or path[-1] != mark or mark in path[1:-1]:
        raise GrammarError(column, f"the quote {mark} of the path is never closed, or closed twice")
    return path[1:-1]
