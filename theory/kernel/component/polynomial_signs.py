"""Signs and zeros of polynomials in one variable with rational coefficients, by Sturm's theorem. Trusted."""

from __future__ import annotations

from fractions import Fraction

from theory.kernel.component.elements import NEGATIVE, NONNEGATIVE, POSITIVE, REAL, Element
from theory.kernel.component.model import Model
from theory.kernel.component.premises import WEAK, Terms, Variable, gap, need, rational, single, variable_of
from theory.kernel.component.zero import certified, is_zero
from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.sturm import End, Poly, constant_sign, count_zeros, has_zero, poly, value
from theory.language.statements import Digits, Located, Rel
from theory.language.terms import Term, X, walk


def polynomial_sign(model: Model, statement: Rel, terms: Terms) -> str:
    """
    F = c P(u) exactly,  c > 0 by its form,  P a polynomial with rational coefficients,
    P has no zero of odd order inside the range of u, and is positive at one place
    ------------------------------------------------------------------------------------
    F >= 0;  and F > 0, if P has no zero in the range at all

    P is written in ``variable``; u is the ``argument``, or the variable itself. The range of u is u > 0 or u >= 0 where
    that is certified by its form (or declared), and the line otherwise. For F >= 0, c >= 0 is enough.
    """
    term, strict = gap(statement)
    variable = variable_of(model, need(terms, "variable"))
    polynomial = read_polynomial(model.scalar(need(terms, "polynomial")), variable)
    for case in model.cases(statement.free):
        argument = model.scalar(terms.get("argument", terms["variable"]), case)
        _positive_on(polynomial, certified(argument), strict)
        factor = model.scalar(need(terms, "factor"), case)
        if certified(factor) not in ((POSITIVE,) if strict else WEAK):
            raise KernelError("the factor is not certified positive")
        if not is_zero(model.scalar(term, case) - factor * _composed(polynomial, argument)):
            raise KernelError("the difference is not the factor times the polynomial")
    return f"a polynomial of degree {max(0, len(polynomial) - 1)} of one sign, by Sturm's theorem"


def _positive_on(polynomial: Poly, sign: str, strict: bool) -> None:
    """Raises KernelError unless the polynomial is >= 0 (> 0 if ``strict``) where its argument has this sign."""
    lo: End = Fraction(0) if sign in WEAK else None
    found, no_zero = constant_sign(polynomial, lo, None)
    if found != 1:
        raise KernelError("the polynomial is negative somewhere in the range of its argument")
    if strict and (not no_zero or (sign == NONNEGATIVE and has_zero(polynomial, Fraction(0)))):
        raise KernelError("the polynomial has a zero in the range of its argument")


def _composed(polynomial: Poly, argument: Element) -> Element:
    total = argument.ring.number(0)
    for coefficient in reversed(polynomial):
        total = total * argument + argument.ring.number(coefficient)
    return total


def polynomial_zeros(model: Model, statement: Located, terms: Terms) -> str:
    """
    F = c P(v) exactly,  c of one sign by its form,  P a polynomial with rational coefficients, not 0,
    P has n different zeros in the range of v (in the interval, at whose ends it is not 0);  P(v0) = 0 there
    ----------------------------------------------------------------------------------------------------------
    F has n zeros in v, one of them v0

    A place known by its digits is an interval with a zero inside.
    """
    what = statement.what
    if what.kind != "zeros" or statement.value is not None:
        raise UnsupportedError("only zeros are counted")
    variable = variable_of(model, what.variable)
    if variable.name != "x1" and _in_law(model, what.variable):
        raise UnsupportedError("the variable is a parameter of the law, so its range is not its sign alone")
    if what.term.free - ({X} if variable.name == "x1" else set()):
        raise UnsupportedError("the located term is a function of its variable alone")
    if statement.when is not None:
        sides = (statement.when.lhs, statement.when.rhs)
        if any(node == what.variable or X in node.free for side in sides for node in walk(side)):
            raise KernelError("the condition must be free of the variable")
    polynomial = read_polynomial(model.scalar(need(terms, "polynomial")), variable)
    factor = model.scalar(need(terms, "factor"))
    if certified(factor) not in (POSITIVE, NEGATIVE):
        raise KernelError("the factor has no certified sign")
    field = single(model, what.term)
    if not is_zero(field - factor * model.scalar(terms["polynomial"])):
        raise KernelError("the function is not the factor times the polynomial")
    lo, hi = _interval(variable, polynomial, statement.within)
    if statement.count is None and statement.at is None:
        raise KernelError("neither a number of zeros nor a place is stated")
    count = count_zeros(polynomial, lo, hi)
    if statement.within is None and variable.sign == NONNEGATIVE and has_zero(polynomial, Fraction(0)):
        count += 1
    if statement.count not in (None, count):
        raise KernelError(f"there are {count} zeros, the statement says {statement.count}")
    if statement.at is not None:
        _place(model, statement, polynomial, lo, hi)
    return f"{count} zero(s) of a polynomial of degree {len(polynomial) - 1}, by Sturm's theorem"


def read_polynomial(element: Element, variable: Variable) -> Poly:
    """An element as a polynomial in the variable. Raises KernelError if anything else occurs in it."""
    coefficients: dict[int, Fraction] = {}
    for mono, factor in element.terms.items():
        powers = dict(mono)
        power = powers.pop(variable.index, 0)
        if powers or not isinstance(power, int) or power < 0:
            raise KernelError("not a polynomial in the variable with rational coefficients")
        coefficients[power] = factor
    if max(coefficients, default=0) > 1_000:
        raise KernelError("the degree of the polynomial is too high")
    return poly(*(coefficients.get(n, Fraction(0)) for n in range(max(coefficients, default=-1) + 1)))


def _interval(variable: Variable, polynomial: Poly, within: tuple[Fraction, Fraction] | None) -> tuple[End, End]:
    """The open interval in which zeros are counted; a zero at a stated end would leave the count open."""
    if within is None:
        return (None if variable.sign == REAL else Fraction(0)), None
    lo, hi = within
    if variable.sign != REAL and lo < 0:
        raise KernelError("the interval leaves the range of the variable")
    if polynomial and (has_zero(polynomial, lo) or has_zero(polynomial, hi)):
        raise KernelError("there is a zero at an end of the interval, so it is open whether it counts")
    return lo, hi


def _place(model: Model, statement: Located, polynomial: Poly, lo: End, hi: End) -> None:
    assert statement.at is not None
    if isinstance(statement.at, Digits):
        low, high = statement.at.interval
        if (lo is not None and low < lo) or (hi is not None and high > hi) or not count_zeros(polynomial, low, high):
            raise KernelError("no zero within one unit of the stated digits")
        return
    at = rational(single(model, statement.at))
    first = statement.within is None and at == lo and _declared_nonnegative(model, statement)
    if value(polynomial, at) or not (first or ((lo is None or at > lo) and (hi is None or at < hi))):
        raise KernelError("the stated place is no zero in the range")


def _in_law(model: Model, symbol: Term) -> bool:
    scalars = (v for c in model.law.components for v in (c.weight, *c.mean, *(u for row in c.cov for u in row)))
    return any(isinstance(v, Term) and symbol in walk(v) for v in scalars)


def _declared_nonnegative(model: Model, statement: Located) -> bool:
    return variable_of(model, statement.what.variable).sign == NONNEGATIVE
