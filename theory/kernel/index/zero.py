"""When is an element zero for all instances of a setting? Trusted; standard library only.

A vanishing numerator proves the identity even if the generators depend on each other: evaluation is a homomorphism.
A non-vanishing one proves nothing; only a witness refutes.
"""

from __future__ import annotations

from fractions import Fraction

from theory.kernel.errors import BudgetError, KernelError
from theory.kernel.index.bracket import Channel, expand_kernel_logs
from theory.kernel.index.gaussian_components import written_out
from theory.kernel.index.monomials import DIM, ONE, Element, generator, monomial, total
from theory.kernel.index.parts import Parts

_CLEARINGS = 12


def reduced(element: Element, channel: Channel, dimension: int | None = None, parts: Parts | None = None) -> Element:
    """A numerator of ``element``: inverses cleared, log k and components written out, process and D put in.

    With ``parts`` averages are integrated by parts (in a linear channel).
    """
    element = cleared(element)
    if channel.is_linear:
        element = expand_kernel_logs(element, channel.log_kernel)
    if parts is not None and channel.is_linear:
        element = parts.normal(element)
    if channel.gaussian:
        element = written_out(element, channel)
    if channel.process == "vp":
        element = _on_circle(element)
    return element if dimension is None else _at_dimension(element, dimension)


def vanishes(element: Element, channel: Channel, dimension: int | None = None, parts: Parts | None = None) -> bool:
    """Whether the numerator is empty: as it stands, fully reduced, or integrated by ``parts``."""
    if not element or not reduced(element, channel, dimension):
        return True
    return parts is not None and not reduced(element, channel, dimension, parts)


def cleared(element: Element) -> Element:
    """``element`` times powers of the inverted quantities, so that no inverse is left.

    The quantities are numbers or functions of t, so they pass through every average; they must not vanish.
    """
    for _ in range(_CLEARINGS):
        powers: dict[tuple[object, ...], int] = {}
        for scalars, _ in element.terms:
            for tag, exponent in scalars:
                if tag[0] == "inv":
                    if not isinstance(exponent, int) or exponent < 0:
                        raise KernelError("an inverse with a power that is no positive integer")
                    powers[tag] = max(powers.get(tag, 0), exponent)
        if not powers:
            return element
        # The largest inverse first: it may contain smaller ones, never the other way round.
        tag = max(powers, key=lambda t: (len(repr(t)), repr(t)))
        inner, highest = Element(dict(tag[1])), powers[tag]  # type: ignore[call-overload]
        pieces = []
        for (scalars, factors), coefficient in element.terms.items():
            found = sum(int(e) for t, e in scalars if t == tag)
            rest = monomial(tuple(s for s in scalars if s[0] != tag), factors).scaled(coefficient)
            pieces.append(rest * inner ** (highest - found))
        element = total(pieces)
    raise BudgetError("too many nested divisions")


def _on_circle(element: Element) -> Element:
    """Times a power of alpha^2, with alpha^2 = 1 - sigma^2 put in until alpha has exponents in [0, 2)."""
    alpha = ("alpha",)

    def exponent_of(scalars: tuple[tuple[object, object], ...]) -> Fraction:
        return sum((Fraction(str(e)) for t, e in scalars if t == alpha), Fraction(0))

    least = min((exponent_of(m[0]) for m in element.terms), default=Fraction(0))
    lift = 2 * max(0, -(least // 2))
    circle = ONE - generator("sigma", exponent=2)
    pieces = []
    for (scalars, factors), coefficient in element.terms.items():
        exponent = exponent_of(scalars) + lift
        squares = int(exponent // 2)
        rest = (*(s for s in scalars if s[0] != alpha), (alpha, exponent - 2 * squares))
        pieces.append((monomial(rest, factors) * circle**squares).scaled(coefficient))
    return total(pieces)


def _at_dimension(element: Element, dimension: int) -> Element:
    pieces = []
    for (scalars, factors), coefficient in element.terms.items():
        power = sum((Fraction(str(e)) for t, e in scalars if t == DIM), Fraction(0))
        if power.denominator != 1 or dimension < 1:
            pieces.append(monomial(scalars, factors).scaled(coefficient))
            continue
        rest = monomial(tuple(s for s in scalars if s[0] != DIM), factors)
        pieces.append(rest.scaled(coefficient * Fraction(dimension) ** int(power)))
    return total(pieces)
