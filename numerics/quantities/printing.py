"""Balls as decimal strings, rounded outwards, and how many digits they hold."""

from __future__ import annotations

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Decimal, localcontext
from fractions import Fraction
from typing import Any

from numerics.balls import ball, bits_of, decimal, working

MAX_DIGITS = 1000
SMALLEST_BITS = 8000
"""A ball around zero is printed no narrower than 2^-8000."""


def printed(value: Any, digits: int) -> tuple[Any, Any]:
    """(values, radii) as nested lists of decimal strings, rounded outwards."""
    if isinstance(value, tuple):
        pairs = [printed(v, digits) for v in value]
        return [u for u, _ in pairs], [v for _, v in pairs]
    floor = ball(Fraction(1, 2**SMALLEST_BITS))
    with working(bits_of(digits) + 40):
        rounded = value * 1
        if rounded.contains(0) and not rounded.is_exact():
            rounded = rounded.union(floor).union(-floor)
    centre, half_width = decimal(rounded, digits + 4)
    if half_width == "0" and "." in centre and "e" not in centre:
        centre = centre.rstrip("0").rstrip(".")
    return ("0" if centre != "nan" and Decimal(centre) == 0 else centre), half_width


def _flat(texts: Any) -> list[str]:
    return [t for entry in texts for t in _flat(entry)] if isinstance(texts, list) else [texts]


def reached(texts: tuple[Any, Any], wanted: int) -> int:
    """The relative digits of the worst printed entry: the largest n with radius <= 10^-n |value|.

    An entry that may be zero is measured against the largest one; exact entries do not count.
    """
    values, radii = _flat(texts[0]), _flat(texts[1])
    if "inf" in radii:
        return 0
    with localcontext() as exact:
        exact.prec, exact.Emin, exact.Emax = MAX_PREC, MIN_EMIN, MAX_EMAX
        sizes, widths = [abs(Decimal(v)) for v in values], [Decimal(r) for r in radii]
        largest, digits = max(sizes), wanted if not any(widths) else MAX_DIGITS
        for size, half_width in zip(sizes, widths, strict=True):
            scale = size if size > half_width else largest
            if scale and half_width:
                digits = min(digits, max(scale.adjusted() - half_width.adjusted() + 1, 0))
            while digits and half_width.scaleb(digits) > scale:
                digits -= 1
    return digits
