"""Polynomials in one variable inside statements about concrete laws: certificates by Sturm, and places of failure.

Untrusted; the kernel counts again.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from math import gcd, lcm

from theory.kernel.component.certificate import Step
from theory.kernel.component.elements import NEGATIVE, NONNEGATIVE, POSITIVE, REAL, Element, Mono, whole_or_fraction
from theory.kernel.component.model import Model
from theory.kernel.component.polynomial_signs import read_polynomial
from theory.kernel.component.premises import Variable, gap, variable_of
from theory.kernel.component.zero import certified
from theory.kernel.errors import KernelError
from theory.kernel.sturm import End, Poly, count_zeros, has_zero, square_free, value
from theory.kernel.witness.component_values import occurs
from theory.language.statements import Located, Rel
from theory.language.terms import Term, make
from theory.search.closed_terms import numerator, quotient, to_term

_BISECTIONS = 60
_PLACEHOLDER = "u"


def polynomial_form(model: Model, value_: Element, variable: Variable) -> tuple[Element, Element] | None:
    """(c, P) with the value = c P and P a polynomial in the variable with rational coefficients; or None."""
    ring, index = model.ring, variable.index
    top, _ = numerator(value_)
    if not top.terms or any(occurs(ring, i, {index}) for i in top.generators() - {index}):
        return None
    groups: dict[int, dict[frozenset[object], Fraction]] = {}
    for mono, coefficient in top.terms.items():
        powers = dict(mono)
        power = powers.pop(index, 0)
        if not isinstance(power, int):
            return None
        groups.setdefault(power, {})[frozenset(powers.items())] = coefficient
    lead = groups[max(groups)]
    some = next(iter(lead))
    ratios: dict[int, Fraction] = {}
    for power, group in groups.items():
        if group.keys() != lead.keys():
            return None
        ratios[power] = group[some] / lead[some]
        if any(group[mono] != ratios[power] * lead[mono] for mono in lead):
            return None
    low = min(0, *ratios)
    polynomial = Element(ring, {((index, n - low),) if n - low else (): r for n, r in ratios.items()})
    factor = quotient(ring, value_, polynomial)
    if factor is None:
        return None
    return (-factor, -polynomial) if certified(factor) == NEGATIVE else (factor, polynomial)


def sturm_steps(model: Model, value_: Element, names: list[Term]) -> Iterator[Step]:
    """Steps of the rule "sturm" for value >= 0: in a variable, or in the monomial that all others are powers of."""
    for name in names:
        form = polynomial_form(model, value_, variable_of(model, name))
        if form is not None:
            yield Step("sturm", {"variable": name, "factor": to_term(form[0]), "polynomial": to_term(form[1])})
    line = _on_a_line(value_)
    if line is not None:
        direction, coefficients = line
        u = make("sym", (), _PLACEHOLDER)
        ring = model.ring
        powers = [ring.monomial(()), *(ring.symbol(_PLACEHOLDER) for _ in coefficients)]
        polynomial, power = ring.number(0), powers[0]
        for coefficient in coefficients:
            polynomial, power = polynomial + power.scaled(coefficient), power * powers[1]
        factor = quotient(ring, value_, _composed(coefficients, ring.monomial(direction)))
        if factor is not None:
            terms = {"variable": u, "argument": to_term(ring.monomial(direction))}
            yield Step("sturm", terms | {"factor": to_term(factor), "polynomial": to_term(polynomial)})


def _composed(coefficients: list[Fraction], at: Element) -> Element:
    total = at.ring.number(0)
    for coefficient in reversed(coefficients):
        total = total * at + at.ring.number(coefficient)
    return total


def _on_a_line(value_: Element) -> tuple[Mono, list[Fraction]] | None:
    """(u, a) with the numerator = m (a_0 + a_1 u + ..) for monomials m and u; None unless there is such a u."""
    top, _ = numerator(value_)
    if len(top.terms) < 2:
        return None
    monos = sorted(top.terms)
    first = dict(monos[0])
    keys = sorted(top.generators())
    steps = []
    for mono in monos:
        powers = dict(mono)
        steps.append([Fraction(powers.get(k, 0)) - Fraction(first.get(k, 0)) for k in keys])
    some = next(step for step in steps if any(step))
    pivot = next(n for n, v in enumerate(some) if v)
    multiples = [step[pivot] / some[pivot] for step in steps]
    if any(step != [r * v for v in some] for step, r in zip(steps, multiples, strict=True)):
        return None
    unit = reduce(_gcd, (abs(r) for r in multiples if r))
    counts = [int(r / unit) for r in multiples]
    low = min(counts)
    if max(counts) - low > 30:
        return None
    direction = tuple((k, whole_or_fraction(unit * v)) for k, v in zip(keys, some, strict=True) if v)
    coefficients = [Fraction(0)] * (max(counts) - low + 1)
    for mono, count in zip(monos, counts, strict=True):
        coefficients[count - low] = top.terms[mono]
    return direction, coefficients


def _gcd(left: Fraction, right: Fraction) -> Fraction:
    return Fraction(gcd(left.numerator * right.denominator, right.numerator * left.denominator),
                    left.denominator * right.denominator)  # fmt: skip


# -- located zeros -----------------------------------------------------------------------------------------------------
def located_polynomial(model: Model, statement: Located) -> tuple[Element, Element, Variable] | None:
    """(c, P, variable) of a located function c P; None if it is no such product."""
    try:
        variable = variable_of(model, statement.what.variable)
        if statement.what.term.rank:
            return None
        form = polynomial_form(model, model.scalar(statement.what.term), variable)
    except KernelError:
        return None
    return None if form is None else (*form, variable)


def count_step(model: Model, statement: Located) -> Iterator[Step]:
    """The step that counts the zeros of a polynomial in the located variable."""
    form = located_polynomial(model, statement)
    if form is not None:
        yield Step("sturm count", {"factor": to_term(form[0]), "polynomial": to_term(form[1])})


def own_count(model: Model, statement: Located) -> Iterator[Located]:
    """The statement with the number of zeros that its polynomial has, and nothing else claimed."""
    form = located_polynomial(model, statement)
    if form is None:
        return
    _, polynomial, variable = form
    try:
        read = read_polynomial(polynomial, variable)
        lo, hi = statement.within or _range(variable)
        count = count_zeros(read, lo, hi)
    except KernelError:
        return
    if statement.within is None and variable.sign == NONNEGATIVE and has_zero(read, Fraction(0)):
        count += 1
    yield Located(statement.what, count, within=statement.within)


# -- places of failure -------------------------------------------------------------------------------------------------
def bad_places(model: Model, statement: Rel, value_: Element, names: list[Term]) -> Iterator[dict[str, Fraction]]:
    """Values of one variable at which an inequality about a polynomial fails, whatever the other names are."""
    strict = gap(statement)[1]
    for name in names:
        variable = variable_of(model, name)
        form = polynomial_form(model, value_, variable)
        if form is None:
            continue
        read = read_polynomial(form[1], variable)
        for place in _places(read, *_range(variable), variable.sign == NONNEGATIVE):
            if variable.sign == POSITIVE and place <= 0:
                continue
            found = value(read, place)
            if found < 0 or (strict and not found):
                yield {"x1" if variable.name == "x1" else str(name.data): place}


def _range(variable: Variable) -> tuple[End, End]:
    return (None if variable.sign == REAL else Fraction(0)), None


def _places(read: Poly, lo: End, hi: End, closed: bool) -> Iterator[Fraction]:
    """A place in each interval between neighbouring zeros, zeros that are rational, and an end that counts."""
    if not read:
        return
    if closed:
        yield Fraction(0)
    bound = 1 + max((abs(c / read[-1]) for c in read[:-1]), default=Fraction(0))
    low, high = (-bound if lo is None else lo), (bound if hi is None else hi)
    if low >= high:
        return
    isolated = sorted(_isolated(read, low, high))
    ends = [low, *(end for pair in isolated for end in pair), high]
    yield from ((u + v) / 2 for u, v in pairwise(ends) if u < v)
    yield from ends[1:-1]
    yield high + 1
    yield from _rational_zeros(read, lo)


def _isolated(read: Poly, low: Fraction, high: Fraction) -> Iterator[tuple[Fraction, Fraction]]:
    """Intervals that do not overlap, with one zero each (or several that bisection could not part)."""
    stack = [(low, high, 0)]
    while stack:
        a, b, depth = stack.pop()
        count = count_zeros(read, a, b)
        if not count:
            continue
        if (count == 1 and depth > 4 and value(read, a) and value(read, b)) or depth > _BISECTIONS:
            yield a, b
            continue
        middle = (a + b) / 2
        if not value(read, middle):
            yield middle, middle
        stack += [(a, middle, depth + 1), (middle, b, depth + 1)]


def _rational_zeros(read: Poly, lo: End) -> Iterator[Fraction]:
    """Zeros n/d with n dividing the constant and d the leading coefficient, where these are small."""
    simple = square_free(read)
    scale = lcm(*(c.denominator for c in simple))
    whole = [int(c * scale) for c in simple]
    while whole and not whole[0]:
        whole = whole[1:]
    if len(whole) < 2 or max(abs(whole[0]), abs(whole[-1])) > 10**6:
        return
    for n in (n for n in range(1, min(abs(whole[0]), 10**4) + 1) if whole[0] % n == 0):
        for d in (d for d in range(1, min(abs(whole[-1]), 10**4) + 1) if whole[-1] % d == 0):
            for place in (Fraction(n, d), Fraction(-n, d)):
                if (lo is None or place > lo) and has_zero(read, place):
                    yield place
