"""Derivations and values at a point of elements. Trusted; standard library only."""

from __future__ import annotations

from fractions import Fraction

from theory.kernel.component.elements import NONNEGATIVE, ONE, POSITIVE, REAL, Element, Exponent, Generator
from theory.kernel.component.ring import Ring
from theory.kernel.component.zero import sign
from theory.kernel.errors import KernelError


def symbol_variable(name: str) -> str:
    """The variable of :func:`derive` that stands for the symbol ``name``; no coordinate, and not t."""
    return f"symbol {name}"


def derive(ring: Ring, value: Element, variable: str) -> Element:
    """The derivative in "t" (at fixed x and X0), in a coordinate "x1", .., or in a symbol (:func:`symbol_variable`).

    Leibniz over the generators. In a symbol all else stays fixed: coordinates, other symbols, the schedule.
    """
    total = ring.number(0)
    for mono, factor in value.terms.items():
        for index, power in mono:
            inner = _derivative(ring, index, variable)
            if inner.terms:
                lowered, extra = ring.product(mono, ((index, -1),))
                total += inner * Element(ring, {lowered: factor * power * extra})
    return total


def _derivative(ring: Ring, index: int, variable: str) -> Element:
    key = (index, variable)
    if key not in ring.derivatives:
        ring.derivatives[key] = _rule(ring, ring.gens[index], index, variable)
    return ring.derivatives[key]


def _rule(ring: Ring, gen: Generator, index: int, variable: str) -> Element:
    """d exp(m) = exp(m) dm; d log v = dv/v; alpha' = a alpha; sigma' = a sigma + g^2/(2 sigma)."""
    if gen.kind == "exp":
        return derive(ring, Element(ring, {gen.mono: ONE}), variable) * Element(ring, {((index, 1),): ONE})
    if gen.kind == "declared":
        return derive(ring, ring.body(index), variable)
    if gen.kind == "log":
        return _derivative(ring, gen.order, variable) * Element(ring, {((gen.order, -1),): ONE})
    if gen.kind == "coordinate":
        return ring.number(1 if variable == f"{gen.name}{gen.order}" else 0)
    if gen.kind == "symbol":
        return ring.number(1 if variable == symbol_variable(gen.name) else 0)
    if variable != "t":
        return ring.number(0)
    if gen.kind == "jet":
        return ring.drift_jet(gen.order + 1) if gen.name == "a" else ring.noise_jet(gen.order + 1)
    if gen.kind == "tfun" and gen.name == "alpha":
        return ring.drift_jet() * ring.alpha()
    if gen.kind == "tfun":
        sigma = ring.sigma()
        return ring.drift_jet() * sigma + (ring.noise_jet() * ring.power(sigma, -1)).scaled(Fraction(1, 2))
    return ring.number(0)


def substitute(ring: Ring, value: Element, images: dict[int, Element]) -> Element:
    """``value`` with coordinates (by index of generator) replaced by elements, inside exponentials as well.

    A declared element is positive at every real point, so its value at a point is declared by inheritance.
    """
    if any(ring.gens[index].kind != "coordinate" for index in images):
        raise KernelError("only coordinates are substituted")
    return _mapped(ring, value, {**images}, True)


def substitute_by_form(ring: Ring, value: Element, images: dict[int, Element]) -> Element:
    """``value`` with coordinates or symbols replaced, where every declared element stays positive *by its form*.

    An image lies in the range of what it replaces, or at its end 0. There ``value`` is continuous: what a power below
    0, a root or a logarithm is taken of has a positive image. Raises KernelError where this is not certified.
    """
    for index, image in images.items():
        gen = ring.gens[index]
        ranges = {POSITIVE: (POSITIVE,), NONNEGATIVE: (POSITIVE, NONNEGATIVE)}
        if gen.kind not in ("coordinate", "symbol"):
            raise KernelError("only coordinates and symbols are substituted")
        if gen.sign != REAL and image.terms and sign(image) not in ranges[gen.sign]:
            raise KernelError(f"the image of {gen.name} is not certified to lie in its range")
    return _mapped(ring, value, {**images}, False)


def _mapped(ring: Ring, value: Element, cache: dict[int, Element | None], inherit: bool) -> Element:
    total = ring.number(0)
    for mono, factor in value.terms.items():
        product = Element(ring, {(): factor})
        kept: list[tuple[int, Exponent]] = []
        for index, power in mono:
            new = _image(ring, index, cache, inherit)
            if new is None:
                kept.append((index, power))
            elif ring.gens[index].kind == "exp":
                product = product * ring.exp(new.scaled(Fraction(power)))
            elif ring.gens[index].kind == "declared" and sign(new) != POSITIVE:
                product = product * _inherited(ring, ring.gens[index], new, power, inherit)
            else:
                product = product * ring.power(new, Fraction(power))
        total += product * Element(ring, {tuple(kept): ONE})
    return total


def _inherited(ring: Ring, gen: Generator, body: Element, power: Exponent, inherit: bool) -> Element:
    if not inherit or gen.sign != POSITIVE or not body.terms:
        raise KernelError("a denominator that may vanish at the point")
    return ring.declared(body, power, reason=gen.reason or "the value of a positive function")


def _image(ring: Ring, index: int, cache: dict[int, Element | None], inherit: bool) -> Element | None:
    """The image of one generator, None if nothing that is replaced occurs in it."""
    if index not in cache:
        gen, image = ring.gens[index], None
        inside = {"exp": lambda: Element(ring, {gen.mono: ONE}), "declared": lambda: ring.body(index)}.get(gen.kind)
        if gen.kind == "log":
            new = _image(ring, gen.order, cache, inherit)
            if new is not None and sign(new) != POSITIVE:
                new = _inherited(ring, ring.gens[gen.order], new, 1, inherit)
            image = None if new is None else ring.log(new)
        elif inside is not None:
            body = inside()
            touched = any(_image(ring, i, cache, inherit) is not None for i in body.generators())
            image = _mapped(ring, body, cache, inherit) if touched else None
        cache[index] = image
    return cache[index]
