"""The uniform law on a sphere: ``sphere(3)``, ``sphere(3, 1/2)``. Standard library only.

sphere = "sphere" "(" dimension [ "," scalar ] ")"          the sphere in R^D about 0, D >= 2, of radius 1 or scalar
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from theory.calculus import fold_constants
from theory.grammar import GrammarError, Reader
from theory.language.instances import LawError
from theory.language.terms import Term

MOST_DIMENSIONS = 100_000
_HEAD = re.compile(r"\s*sphere\s*\(")


@dataclass(frozen=True)
class SphereLaw:
    """X0 uniform on the sphere of ``radius`` about 0 in R^D. Raises LawError: D < 2, or a radius <= 0."""

    D: int
    radius: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        if not 2 <= self.D <= MOST_DIMENSIONS:
            raise LawError(f"sphere({self.D}): give a dimension from 2 to {MOST_DIMENSIONS}")
        if self.radius <= 0:
            raise LawError(f"sphere({self.D}, {self.radius}): the radius must be positive")

    @property
    def text(self) -> str:
        """The law as :func:`read_sphere` reads it."""
        return f"sphere({self.D})" if self.radius == 1 else f"sphere({self.D}, {self.radius})"


def is_sphere(text: str) -> bool:
    """Whether ``text`` begins as a law on a sphere does."""
    return _HEAD.match(text) is not None


def read_sphere(text: str) -> SphereLaw:
    """The law on a sphere that ``text`` spells. Raises GrammarError with the column and the remedy."""
    reader = Reader(text)
    reader.name("sphere")
    reader.expect("(", "after 'sphere', as in sphere(3)")
    start = reader.next
    dimension = _number(fold_constants(reader.scalar()))
    if dimension is None or dimension.denominator != 1:
        reader.fail("the dimension must be an integer, as in sphere(3)", start)
    radius = Fraction(1)
    if reader.accept(","):
        place = reader.next
        given = _number(fold_constants(reader.scalar()))
        if given is None:
            reader.fail("the radius must be a rational number, as in sphere(3, 1/2)", place)
        radius = given
    reader.expect(")", "to close sphere(.., ..)")
    reader.end()
    try:
        return SphereLaw(int(dimension), radius)
    except LawError as error:
        raise GrammarError(start.column, str(error)) from None


def _number(value: Fraction | Term) -> Fraction | None:
    return value if isinstance(value, Fraction) else None
