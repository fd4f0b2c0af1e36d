"""Which method gives a number of a mixture in more than one dimension."""

from __future__ import annotations

from numerics.rings import Unsupported
from numerics.space.numbers import ONLY_ATOMS, Number, in_span, span_of_law
from numerics.space.plane_numbers import in_plane
from theory.language.instances import Germ, Law

FEW_AXES = 16
"""Up to so many axes products are sought first; above, the span of the means is found faster."""


def has_span(law: Law) -> bool:
    """Whether the components share one covariance c I and their means span two or three dimensions."""
    span = span_of_law(law)
    return span is not None and span.rank > 1


def in_space(name: str, law: Law, germ: Germ, digits: int) -> Number:
    """The number ``name`` (a key of ``quantities.gaussian.NUMBERS``) to about ``digits`` digits, as a ball.

    Raises Unsupported: a law or a number without a rigorous method, or too many points.
    """
    found = in_span(name, law, germ, digits)
    if found is not None:
        return found
    if law.D == 2 and name not in ONLY_ATOMS:
        return in_plane(name, law, germ, digits)
    raise Unsupported(f"no rigorous integrals for this law in {law.D} dimensions")
