"""Numbers of laws on the line: a fast engine with guaranteed relative digits and derivatives by power series."""

from numerics.line.numbers import NUMBERS, USES, Number, line_number

__all__ = ["NUMBERS", "USES", "Number", "line_number"]
