"""Zero and sign of elements. Sound in one direction: True, and a certified sign, hold; anything else decides nothing.

Zero stays sound when generators are dependent, because evaluation is a ring homomorphism.
Trusted; standard library only.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from theory.kernel.component.elements import (
    NEGATIVE,
    NONNEGATIVE,
    NONPOSITIVE,
    NONZERO,
    ONE,
    POSITIVE,
    REAL,
    Element,
    Exponent,
    Generators,
    Mono,
    whole_or_fraction,
)


def cleared(value: Element) -> Element:
    """``value`` times positive powers of declared elements (even ones where the sign is open), multiplied out.

    Zero exactly where ``value`` is, with its sign; only fractional powers of declared elements remain.
    """
    gens, done = value.ring.gens, set[int]()
    while True:
        open_ = [i for i in value.generators() if gens[i].kind == "declared" and i not in done]
        if not open_:
            return value
        index = max(open_)  # a declared element only mentions generators declared before it
        done.add(index)
        value = _clear(value, index)


def _clear(value: Element, index: int) -> Element:
    ring = value.ring
    split: dict[Exponent, dict[Mono, Fraction]] = {}
    for mono, factor in value.terms.items():
        power = dict(mono).get(index, 0)
        rest = tuple(item for item in mono if item[0] != index)
        split.setdefault(power, {})[rest] = factor
    lowest: Exponent = min(0, *split)
    if ring.gens[index].sign == NONZERO:
        lowest = 2 * floor(Fraction(lowest) / 2)
    body, total, powers = ring.body(index), ring.number(0), {0: ring.number(1)}
    for power, terms in sorted(split.items()):
        lifted = Fraction(power - lowest)
        whole = floor(lifted)
        for n in range(1, whole + 1):
            powers[n] = powers.get(n) or powers[n - 1] * body
        fraction = whole_or_fraction(lifted - whole)
        left = Element(ring, {((index, fraction),) if fraction else (): ONE})
        total += Element(ring, terms) * powers[whole] * left
    return total


def is_zero(value: Element) -> bool:
    """True: ``value`` is identically zero. False decides nothing."""
    ring, numerator = value.ring, cleared(value)
    if not numerator.terms:
        return True
    groups: dict[Mono, dict[Mono, Fraction]] = {}
    for mono, factor in numerator.terms.items():
        exps = tuple(item for item in mono if ring.gens[item[0]].kind == "exp")
        groups.setdefault(exps, {})[tuple(item for item in mono if item not in exps)] = factor
    if len(groups) == 1 or not any(_has_declared(ring, exps) for exps in groups):
        return False
    merged: list[tuple[Element, Element]] = []  # exponents that are equal as functions belong together
    for exps, terms in groups.items():
        exponent = exponent_of(ring, exps)
        for position, (known, coefficient) in enumerate(merged):
            if is_zero(known - exponent):
                merged[position] = (known, coefficient + Element(ring, terms))
                break
        else:
            merged.append((exponent, Element(ring, terms)))
    return all(not coefficient.terms for _, coefficient in merged)


def exponent_of(ring: Generators, exps: Mono) -> Element:
    """u, where the monomial of exponentials ``exps`` is Exp(u)."""
    total = ring.number(0)
    for index, power in exps:
        total += Element(ring, {ring.gens[index].mono: Fraction(power)})
    return total


def _has_declared(ring: Generators, exps: Mono) -> bool:
    return any(ring.gens[i].kind == "declared" for index, _ in exps for i, _ in ring.gens[index].mono)


def sign(value: Element) -> str:
    """The sign certified by form: every monomial of one sign, at least one never zero; "real" decides nothing."""
    signs = {_mono_sign(value.ring, mono, factor) for mono, factor in value.terms.items()}
    if not signs:
        return NONNEGATIVE
    for strict, weak in ((POSITIVE, NONNEGATIVE), (NEGATIVE, NONPOSITIVE)):
        if signs <= {strict, weak}:
            return strict if strict in signs else weak
    return REAL


def certified(value: Element) -> str:
    """:func:`sign`, of ``value`` as it stands or with its denominators multiplied out."""
    found = sign(value)
    return sign(cleared(value)) if found == REAL else found


def _mono_sign(ring: Generators, mono: Mono, factor: Fraction) -> str:
    strict = True
    for index, power in mono:
        sign = ring.gens[index].sign
        if sign == POSITIVE:
            continue
        square = Fraction(power).denominator == 1 and power % 2 == 0
        if sign == NONZERO and square:
            continue
        if power > 0 and (sign == NONNEGATIVE or square):
            strict = False
            continue
        return REAL
    return (POSITIVE if strict else NONNEGATIVE) if factor > 0 else (NEGATIVE if strict else NONPOSITIVE)
