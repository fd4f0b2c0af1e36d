"""Derivations and values at a point of elements. Trusted; standard library only."""

from __future__ import annotations

from fractions import Fraction

from theory.kernel.component.elements import ONE, POSITIVE, Element, Exponent, Generator
from theory.kernel.component.ring import Ring
from theory.kernel.component.zero import sign
from theory.kernel.errors import KernelError


def derive(ring: Ring, value: Element, variable: str) -> Element:
    """The derivative in "t" (at fixed x and X0) or in coordinate "x1", "x2", ..; Leibniz over the generators."""
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
    cache: dict[int, Element | None] = {**images}
    return _mapped(ring, value, cache)


def _mapped(ring: Ring, value: Element, cache: dict[int, Element | None]) -> Element:
    total = ring.number(0)
    for mono, factor in value.terms.items():
        product = Element(ring, {(): factor})
        kept: list[tuple[int, Exponent]] = []
        for index, power in mono:
            new = _image(ring, index, cache)
            if new is None:
                kept.append((index, power))
            elif ring.gens[index].kind == "exp":
                product = product * ring.exp(new.scaled(Fraction(power)))
            elif ring.gens[index].kind == "declared" and sign(new) != POSITIVE:
                product = product * _inherited(ring, ring.gens[index], new, power)
            else:
                product = product * ring.power(new, Fraction(power))
        total += product * Element(ring, {tuple(kept): ONE})
    return total


def _inherited(ring: Ring, gen: Generator, body: Element, power: Exponent) -> Element:
    if gen.sign != POSITIVE or not body.terms:
        raise KernelError("a denominator that may vanish at the point")
    return ring.declared(body, power, reason=gen.reason or "the value of a positive function")


def _image(ring: Ring, index: int, cache: dict[int, Element | None]) -> Element | None:
    """The image of one generator, None if no replaced coordinate occurs in it."""
    if index not in cache:
        gen, image = ring.gens[index], None
        inside = {"exp": lambda: Element(ring, {gen.mono: ONE}), "declared": lambda: ring.body(index)}.get(gen.kind)
        if gen.kind == "log":
            new = _image(ring, gen.order, cache)
            if new is not None and sign(new) != POSITIVE:
                new = _inherited(ring, ring.gens[gen.order], new, 1)
            image = None if new is None else ring.log(new)
        elif inside is not None:
            body = inside()
            touched = any(_image(ring, i, cache) is not None for i in body.generators())
            image = _mapped(ring, body, cache) if touched else None
        cache[index] = image
    return cache[index]
