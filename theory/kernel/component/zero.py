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
    Terms,
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


def _clear(value: Element, index: int, *, sign_kept: bool = True) -> Element:
    """``value`` times a power of declared element ``index``, multiplied out; a positive common power is left alone.

    Unless its sign is to be kept, common factors, which are not zero, are dropped too.
    """
    ring = value.ring
    split: dict[Exponent, Terms] = {}
    for mono, factor in value.terms.items():
        power = dict(mono).get(index, 0)
        rest = tuple(item for item in mono if item[0] != index)
        split.setdefault(power, {})[rest] = factor
    lowest: Exponent = min(split)
    if sign_kept:
        lowest = min(0, lowest)
        if ring.gens[index].sign == NONZERO:
            lowest = 2 * floor(Fraction(lowest) / 2)
    body, parts, powers = ring.body(index), list[Element](), {0: ring.number(1)}
    for power, terms in sorted(split.items()):
        lifted = Fraction(power - lowest)
        whole = floor(lifted)
        for n in range(1, whole + 1):
            powers[n] = powers.get(n) or powers[n - 1] * body
        fraction = whole_or_fraction(lifted - whole)
        left = Element(ring, {((index, fraction),) if fraction else (): ONE})
        parts.append(Element(ring, terms) * powers[whole] * left)
    return Element(ring, ring.plus(part.terms for part in parts))


def is_zero(value: Element) -> bool:
    """True: ``value`` is identically zero. False decides nothing.

    A sum over different products of exponentials is zero if every coefficient is. Only what divides by exponentials
    is multiplied out before it is split.
    """
    ring = value.ring
    done = set[int]()
    while open_ := {i for i in _declared(value) if i not in done and _holds_exp(ring, i)}:
        index = max(open_)  # a declared element only mentions generators declared before it
        done.add(index)
        value = _clear(value, index, sign_kept=False)
    exps = {i for i in value.generators() if ring.gens[i].kind == "exp"}
    left = [(e, coefficient) for e, coefficient in _split(value, exps) if not _vanishes(coefficient)]
    if len(left) <= 1 or not any(_has_declared(ring, e) for e, _ in left):
        return not left
    merged: list[tuple[Element, list[Terms]]] = []  # exponents that are equal as functions belong together
    for mono, coefficient in left:
        exponent = exponent_of(ring, mono)
        for known, coefficients in merged:
            if is_zero(known - exponent):
                coefficients.append(coefficient.terms)
                break
        else:
            merged.append((exponent, [coefficient.terms]))
    return all(
        len(coefficients) > 1 and _vanishes(Element(ring, ring.plus(coefficients))) for _, coefficients in merged
    )


def _vanishes(value: Element, done: frozenset[int] = frozenset()) -> bool:
    """Whether the numerator is empty: split by the generators that no declared element mentions, then cleared."""
    ring = value.ring
    open_ = _declared(value) - done
    if not open_:
        return not value.terms
    inside = set[int]().union(*(ring.inside(i) for i in _declared(value)))
    for _, part in _split(value, value.generators() - inside):
        mine = _declared(part) - done
        if mine:
            index = max(mine)  # a declared element only mentions generators declared before it
            if not _vanishes(_clear(part, index, sign_kept=False), done | {index}):
                return False
        elif part.terms:
            return False
    return True


def _split(value: Element, outside: set[int]) -> list[tuple[Mono, Element]]:
    """``value`` as a sum of monomials in ``outside`` and coefficients in the other generators."""
    groups: dict[Mono, Terms] = {}
    for mono, factor in value.terms.items():
        outer = tuple(item for item in mono if item[0] in outside)
        groups.setdefault(outer, {})[tuple(item for item in mono if item[0] not in outside)] = factor
    return [(mono, Element(value.ring, terms)) for mono, terms in groups.items()]


def _declared(value: Element) -> set[int]:
    return {i for i in value.generators() if value.ring.gens[i].kind == "declared"}


def _holds_exp(ring: Generators, index: int) -> bool:
    return any(ring.gens[i].kind == "exp" for i in ring.inside(index))


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
