"""Inequalities in one variable by monotone functions: a value at one end, and a derivative of one sign. Trusted.

The range of the variable is covered by half-lines; on each, y > 0 is the distance from its end (a generator of its
own, positive by declaration), and every denominator is positive by its form in y.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from theory.kernel.component.calculus import derive, substitute_by_form, symbol_variable
from theory.kernel.component.elements import NONNEGATIVE, ONE, POSITIVE, REAL, Element, Generator
from theory.kernel.component.model import Model
from theory.kernel.component.premises import WEAK, Terms, Variable, gap, multiplier, need, rational, single, variable_of
from theory.kernel.component.ring import Ring
from theory.kernel.component.zero import certified, cleared, is_zero
from theory.kernel.errors import KernelError
from theory.language.statements import Rel

MAX_DEPTH = 12
DISTANCE = "the distance"
"""The name of the generator y; no symbol has it, because it is no identifier."""


@dataclass(frozen=True)
class HalfLine:
    """A half-line of the variable's range: the variable as a function of the distance y > 0 from its end."""

    name: str
    image: Element


def monotone(model: Model, statement: Rel, terms: Terms) -> str:
    """
    on each half-line v = v(y), y > 0, of the variable's range:  F_0 = m_0 F,  F_{j+1} = m_{j+1} dF_j/dy,  all m_j > 0,
    F_0, .., F_{n-1} are continuous at y = 0 with F_j(0) >= 0,  and F_n >= 0 by its form
    -----------------------------------------------------------------------------------------------------------------
    F >= 0;  and F > 0, if F_n > 0 by its form or one F_j(0) > 0 (at an end that belongs to the range: F > 0 there)

    Because dF_j/dy >= 0 for y > 0 and F_j(0) >= 0 make F_j >= 0 (mean value theorem), from n - 1 down to 0.

    ``variable`` names the variable. Without ``place`` it is declared positive or non-negative, and v = y. With a
    ``place`` v0 there are two half-lines, "above" and "below": v = v0 + y and v0 - y, or v0 (1 + y) and v0/(1 + y) for
    a positive variable. ``above depth`` and ``below depth`` are n; ``above 0``, .. are the multipliers, written with
    the variable in the role of y. Where none is given, F_j is multiplied by its denominators and divided by common
    powers of positive generators.
    """
    term, strict = gap(statement)
    variable = variable_of(model, need(terms, "variable"))
    for case in model.cases(statement.free):
        value = model.scalar(term, case)
        for half_line in half_lines(model, variable, terms):
            found = _sign_beyond(model, value, variable, half_line, terms)
            if found == NONNEGATIVE and strict:
                raise KernelError(f"{half_line.name}: strict inequality is not certified")
        end = _end(model, variable, terms)
        if strict and end is not None:
            at_end = substitute_by_form(model.ring, value, {variable.index: end})
            if certified(at_end) != POSITIVE:
                raise KernelError("strict inequality is not certified at the end of the half-lines")
    return "a monotone function of one variable, from its value at one end"


def _end(model: Model, variable: Variable, terms: Terms) -> Element | None:
    """The place where the half-lines begin, if it belongs to the variable's range.

    There F, which is continuous on the range, is >= 0 as a limit; only strict inequality needs its value.
    """
    if "place" not in terms:
        return None if variable.sign == POSITIVE else model.ring.number(0)
    return single(model, terms["place"])


def half_lines(model: Model, variable: Variable, terms: Terms) -> list[HalfLine]:
    """The half-lines that cover the variable's range but for one place. Raises KernelError for a place outside it."""
    ring, y = model.ring, distance(model.ring)
    place = _end(model, variable, terms) if "place" in terms else None
    if place is None:
        if variable.sign == REAL:
            raise KernelError("a variable of any sign needs a place from which the function grows on both sides")
        return [HalfLine("above", y)]
    v0 = ring.number(rational(place))
    if variable.sign == REAL:
        return [HalfLine("above", v0 + y), HalfLine("below", v0 - y)]
    if variable.sign != POSITIVE or certified(v0) != POSITIVE:
        raise KernelError("a place inside the range needs a positive variable, and a positive place")
    stretch = ring.number(1) + y
    return [HalfLine("above", v0 * stretch), HalfLine("below", v0 * ring.power(stretch, -1))]


def _sign_beyond(model: Model, value: Element, variable: Variable, half_line: HalfLine, terms: Terms) -> str:
    """POSITIVE or NONNEGATIVE: the certified sign of ``value`` on the half-line. Raises KernelError otherwise."""
    ring, (y,) = model.ring, distance(model.ring).generators()
    depth = rational(model.scalar(need(terms, f"{half_line.name} depth")))
    if depth.denominator != 1 or not 0 <= depth <= MAX_DEPTH:
        raise KernelError(f"the depth is a whole number from 0 to {MAX_DEPTH}")
    function = substitute_by_form(ring, value, {variable.index: half_line.image})
    strict = False
    for order in range(int(depth) + 1):
        where = f"{half_line.name}, function {order}"
        factor = multiplier(model, terms, f"{half_line.name} {order}")
        if factor is None:
            function = without_powers(cleared(function))
        else:
            factor = substitute_by_form(ring, factor, {variable.index: distance(ring)})
            if certified(factor) != POSITIVE:
                raise KernelError(f"{where}: the multiplier is not certified positive")
            function = factor * function
        if order == depth:
            found = certified(function)
            if found not in WEAK:
                raise KernelError(f"{where}: it is not certified non-negative by its form")
            return POSITIVE if strict or found == POSITIVE else NONNEGATIVE
        try:
            start = substitute_by_form(ring, function, {y: ring.number(0)})
        except KernelError as error:
            raise KernelError(f"{where}: it is not certified continuous at the end ({error})") from error
        at_end = NONNEGATIVE if is_zero(start) else certified(start)
        if at_end not in WEAK:
            raise KernelError(f"{where}: its value at the end is not certified non-negative")
        strict = strict or at_end == POSITIVE
        function = derive(ring, function, symbol_variable(DISTANCE))
    raise KernelError("no function was reached")  # cannot happen: the last order returns


def distance(ring: Ring) -> Element:
    """The generator y > 0."""
    return Element(ring, {((ring.intern(Generator("symbol", DISTANCE, sign=POSITIVE)), 1),): ONE})


def without_powers(value: Element) -> Element:
    """``value`` divided by the common powers of its positive generators: a positive factor is dropped."""
    ring, lowest = value.ring, dict[int, int | Fraction]()
    for index in value.generators():
        if ring.gens[index].sign == POSITIVE and ring.gens[index].kind != "prime":
            lowest[index] = -min(dict(mono).get(index, 0) for mono in value.terms)
    mono, factor = ring.normal(lowest)
    return value * Element(ring, {mono: factor})
