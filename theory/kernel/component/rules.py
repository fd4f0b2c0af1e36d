"""The inference rules of the component kernel; each docstring is the inference figure. Trusted.

Rules take the model of a setting, the statement, and the terms of a certificate, and return one sentence on what was
checked. They raise KernelError when a premise is not met, which never means that the statement is false.
"""

from __future__ import annotations

from collections.abc import Callable

from theory.kernel.component.elements import NONNEGATIVE, POSITIVE
from theory.kernel.component.model import Model
from theory.kernel.component.monotone import monotone
from theory.kernel.component.polynomial_signs import polynomial_sign, polynomial_zeros
from theory.kernel.component.premises import Terms, gap, need
from theory.kernel.component.tensors import flat
from theory.kernel.component.zero import certified, is_zero
from theory.kernel.component.zeros import three_zeros, unique_zero
from theory.kernel.errors import KernelError
from theory.kernel.index.nonneg import is_nonnegative
from theory.language.definitions import minus, plus
from theory.language.statements import Iff, Located, Rel


def zero(model: Model, statement: Rel, terms: Terms) -> str:
    """
    numerator(lhs - rhs) is empty, entry by entry, for each value of a discrete X0 and Z
    -------------------------------------------------------------------------------------
    lhs = rhs
    """
    if statement.relation != "=":
        raise KernelError("the rule zero proves equations")
    count = 0
    for case in model.cases(statement.free):
        sides = zip(flat(model.lower(statement.lhs, case)), flat(model.lower(statement.rhs, case)), strict=True)
        for left, right in sides:
            if not is_zero(left - right):
                raise KernelError("the difference does not cancel")
            count += 1
    return f"{count} exact zero test(s)"


def sign(model: Model, statement: Rel, terms: Terms) -> str:
    """
    lhs - rhs = S exactly,  S >= 0 by its authored form      every monomial of lhs - rhs is positive
    ---------------------------------------------------  or  ----------------------------------------
    lhs >= rhs                                               lhs > rhs
    """
    term, strict = gap(statement)
    square = terms.get("square")
    if square is not None:
        positive = frozenset(name for name, value in model.ring.signs.items() if value == POSITIVE)
        nonnegative = frozenset(model.ring.signs)
        if strict or not is_nonnegative(square, positive, nonnegative):
            raise KernelError("the square is not non-negative by its form, or the inequality is strict")
        return f"a sum of squares: {zero(model, Rel('=', term, square), {})}"
    for case in model.cases(statement.free):
        found = certified(model.scalar(term, case))
        if found != POSITIVE and (strict or found != NONNEGATIVE):
            raise KernelError("the difference is not certified positive by its form")
    return "every monomial of the difference is positive"


def same_sign(model: Model, statement: Iff, terms: Terms) -> str:
    """
    A = q B exactly,   q > 0 by its form
    ------------------------------------   (both strict, or both weak)
    A > 0  iff  B > 0
    """
    quotient = need(terms, "quotient")
    if {statement.left.relation, statement.right.relation} == {"="}:
        (a, strict), (b, other) = ((plus(r.lhs, minus(r.rhs)), True) for r in (statement.left, statement.right))
    else:
        (a, strict), (b, other) = gap(statement.left), gap(statement.right)
    if strict != other or a.rank or b.rank:
        raise KernelError("one side is strict, the other is not")
    for case in model.cases(a.free | b.free | quotient.free):
        q = model.scalar(quotient, case)
        if certified(q) != POSITIVE:
            raise KernelError("the quotient is not certified positive")
        if not is_zero(model.scalar(a, case) - q * model.scalar(b, case)):
            raise KernelError("the sides do not differ by this quotient")
    return "the sides differ by a positive factor"


RULES: dict[str, tuple[type[Rel] | type[Iff] | type[Located], Callable[..., str]]] = {
    "zero": (Rel, zero), "sign": (Rel, sign), "monotone": (Rel, monotone), "sturm": (Rel, polynomial_sign),
    "same sign": (Iff, same_sign),
    "unique zero": (Located, unique_zero), "three zeros": (Located, three_zeros),
    "sturm count": (Located, polynomial_zeros),
}  # fmt: skip

__all__ = ["RULES", "gap", "same_sign", "sign", "zero"]
