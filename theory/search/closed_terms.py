"""From kernel elements back to terms, and exact quotients: what certificates are written with. Untrusted."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from theory.kernel.component.elements import NONZERO, Element, Exponent, Generator, Generators, Mono
from theory.kernel.component.ring import Ring
from theory.kernel.component.zero import cleared
from theory.language.definitions import dt, log, num, plus, power, tfun, times
from theory.language.terms import Term, make


def to_term(value: Element) -> Term:
    """A core term that lowers back to ``value``."""
    parts = [_mono(value.ring, mono, factor) for mono, factor in value.terms.items()]
    return _sum(parts)


def _sum(parts: list[Term]) -> Term:
    if not parts:
        return num(0)
    return parts[0] if len(parts) == 1 else plus(*parts)


def _product(parts: list[Term]) -> Term:
    if not parts:
        return num(1)
    return parts[0] if len(parts) == 1 else times(*parts)


def _mono(ring: Generators, mono: Mono, factor: Fraction) -> Term:
    factors = [] if factor == 1 and mono else [num(factor)]
    exponents = []
    for index, exponent in mono:
        gen, power_ = ring.gens[index], Fraction(exponent)
        if gen.kind == "exp":
            exponents.append(_product([num(power_), _mono(ring, gen.mono, Fraction(1))]))
        elif power_.denominator > 2:
            exponents.append(_product([num(power_), log(_generator(ring, index, gen))]))
        elif gen.kind == "jet" and gen.name == "g2" and gen.order == 0:
            factors.append(_power(tfun("g"), 2 * power_))
        else:
            factors.append(_power(_generator(ring, index, gen), power_))
    if exponents:
        factors.append(make("exp", (_sum(exponents),)))
    return _product(factors)


def _power(base: Term, exponent: Fraction) -> Term:
    return base if exponent == 1 else power(base, exponent)


def _generator(ring: Generators, index: int, gen: Generator) -> Term:
    if gen.kind == "symbol":
        return make("sym", (), gen.name)
    if gen.kind == "coordinate":
        return make("coord", (make(gen.name),), gen.order)
    if gen.kind == "tfun":
        return tfun(gen.name)
    if gen.kind == "jet":
        term = tfun("a") if gen.name == "a" else power(tfun("g"), 2)
        for _ in range(gen.order):
            term = dt(term)
        return term
    if gen.kind == "pi":
        return make("pi")
    if gen.kind == "prime":
        return num(gen.order)
    if gen.kind == "log":
        return log(_generator(ring, gen.order, ring.gens[gen.order]))
    return to_term(ring.body(index))


def quotient(ring: Ring, value: Element, by: Element) -> Element | None:
    """``value / by`` if the numerators divide exactly, as a Laurent polynomial over declared denominators."""
    top, over = numerator(value)
    bottom, under = numerator(by)
    if not bottom.terms:
        return None
    if not top.terms:
        return ring.number(0)
    factor, content, rest = ring.factors(bottom)
    divided = _divide(ring, top, rest)
    if divided is None:
        return None
    # value = top * over^-1 and by = factor * content * rest * under^-1
    scale = ring.monomial(under)
    for index, exponent in (*over, *content):
        mono, extra = ring.normal({index: -exponent})
        scale = scale * Element(ring, {mono: extra})
    return (divided * scale).scaled(1 / factor)


def numerator(value: Element) -> tuple[Element, Mono]:
    """(numerator, declared powers) with value = numerator / powers and no declared element left inside."""
    ring, powers = value.ring, dict[int, Exponent]()
    while True:
        lowest: dict[int, Exponent] = {}
        for mono in value.terms:
            for index, exponent in mono:
                if ring.gens[index].kind == "declared" and exponent < 0:
                    lowest[index] = min(exponent, lowest.get(index, 0))
        if not lowest:
            return cleared(value), tuple(sorted(powers.items()))
        index = max(lowest)
        lift = -lowest[index]
        if ring.gens[index].sign == NONZERO and lift % 2:
            lift += 1
        powers[index] = powers.get(index, 0) + lift
        value = value * ring.monomial(((index, lift),))
        if max(_declared(ring, value.generators()), default=-1) == index:
            value = _expanded(value, index)


def _declared(ring: Generators, indices: Iterable[int]) -> list[int]:
    return [i for i in indices if ring.gens[i].kind == "declared"]


def _expanded(value: Element, index: int) -> Element:
    """Whole positive powers of one declared element multiplied out."""
    ring, total = value.ring, value.ring.number(0)
    for mono, factor in value.terms.items():
        count = int(dict(mono).get(index, 0))
        part = Element(
            ring, {tuple((i, e - count if i == index else e) for i, e in mono if i != index or e != count): factor}
        )
        for _ in range(count):
            part = part * ring.body(index)
        total = total + part
    return total


def _divide(ring: Ring, top: Element, bottom: Element) -> Element | None:
    """Exact division of Laurent polynomials by their leading monomials, None if a remainder is left."""
    order = sorted(top.generators() | bottom.generators())
    lead, factor = _leading(bottom, order)
    inverse, extra = ring.normal({index: -exponent for index, exponent in lead})
    result = ring.number(0)
    for _ in range(4 * len(top.terms) + 16):
        if not top.terms:
            return result
        mono, value = _leading(top, order)
        shift, more = ring.product(mono, inverse)
        part = Element(ring, {shift: value / factor * extra * more})
        result = result + part
        top = top - part * bottom
    return None


def _leading(value: Element, order: list[int]) -> tuple[Mono, Fraction]:
    def key(mono: Mono) -> list[Fraction]:
        powers = dict(mono)
        return [Fraction(powers.get(index, 0)) for index in order]

    mono = max(value.terms, key=key)
    return mono, value.terms[mono]
