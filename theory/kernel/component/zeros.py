"""Located zeros: how many there are on the line, by monotone and by concave functions. Trusted.

Each docstring is the inference figure; the rules are called as :mod:`theory.kernel.component.rules` says.
"""

from __future__ import annotations

from collections.abc import Callable

from theory.kernel.component.calculus import derive, substitute
from theory.kernel.component.elements import NEGATIVE, POSITIVE, Element
from theory.kernel.component.model import Model
from theory.kernel.component.premises import WEAK, Terms, gap, need
from theory.kernel.component.tensors import flat
from theory.kernel.component.zero import certified, is_zero
from theory.kernel.errors import KernelError, UnsupportedError
from theory.language.statements import Located
from theory.language.terms import Term, X, make


def unique_zero(model: Model, statement: Located, terms: Terms) -> str:
    """
    F(x0) = 0,   -F' = c (b + r q^2),   c of one sign,   b >= 0 (by ``when`` or its form),   r >= 0,
    and b > 0, or else r > 0 and q'(x0) of one sign (so that q, analytic, vanishes at isolated points only)
    ------------------------------------------------------------------------------------------------------
    F is strictly monotone on the line, so it has exactly one zero, at x0
    """
    ring, F = model.ring, _field(model, statement)
    place = need(terms, "place")
    if place.free or place.rank > 1:
        raise KernelError("the place is a constant")
    (start,) = flat(model.lower(place))
    c, r, q = (model.scalar(need(terms, name)) for name in ("factor", "share", "tilt"))
    b, strict = _base(model, statement, terms)
    if not is_zero(derive(ring, F, "x1") + c * (b + r * q * q)):
        raise KernelError("-F' is not c (b + r q^2)")
    if certified(c) not in (POSITIVE, NEGATIVE) or certified(r) not in WEAK:
        raise KernelError("a factor of -F' has no certified sign")
    if not strict:
        slope = _at(model, derive(ring, q, "x1"), start)
        if certified(r) != POSITIVE or certified(slope) not in (POSITIVE, NEGATIVE):
            raise KernelError("it is not certified that q vanishes at isolated points only")
    if not is_zero(_at(model, F, start)):
        raise KernelError("F does not vanish at the stated place")
    _counts(model, statement, 1, start)
    return "strictly monotone, and zero at one point"


def three_zeros(model: Model, statement: Located, terms: Terms) -> str:
    """
    F(-x) = -F(x),   F'(0) = q B,  q > 0,  B > 0 by ``when``,
    F'' = -k (Exp(c x) - 1),  k >= 0,  c > 0  (so F is concave for x > 0),
    b - e x - F(x) = h,  e > 0,  h >= 0       (so F is negative for large x)
    -----------------------------------------------------------------------------------
    F has exactly one zero in x > 0 (concave, positive near 0, finally negative), three in all
    """
    ring, F = model.ring, _field(model, statement)
    x, zero_ = model.x[0], ring.number(0)
    q, k, c, b, e, h = (
        model.scalar(need(terms, name)) for name in ("quotient", "curvature", "rate", "level", "fall", "slack")
    )
    if any(derive(ring, v, "x1").terms for v in (q, c, b, e)):
        raise KernelError("quotient, rate, level and fall are constants")
    if statement.when is None:
        raise KernelError("the rule needs a condition that makes F increase at 0")
    term, strict = gap(statement.when)
    if not strict or term.free:
        raise KernelError("the condition must be strict, and free of x")
    first = derive(ring, F, "x1")
    mirrored = substitute(ring, F, {next(iter(x.generators())): -x})
    checks: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("F is not odd", lambda: is_zero(mirrored + F)),
        ("F'(0) is not the stated multiple of the condition",
         lambda: certified(q) == POSITIVE and is_zero(_at(model, first, zero_) - q * model.scalar(term))),
        ("F'' is not -k (Exp(c x) - 1)",
         lambda: is_zero(derive(ring, first, "x1") + k * (ring.exp(c * x) - ring.number(1)))),
        ("concavity is not certified", lambda: certified(k) in WEAK and certified(c) == POSITIVE),
        ("F is not below the stated line",
         lambda: certified(e) == POSITIVE and certified(h) in WEAK and is_zero(b - e * x - F - h)),
    )  # fmt: skip
    for refusal, holds in checks:
        if not holds():
            raise KernelError(refusal)
    _counts(model, statement, 3, zero_)
    return "odd, increasing at 0, concave for x > 0 and finally negative"


def _field(model: Model, statement: Located) -> Element:
    """The located function of x, in one dimension; analytic on the whole line, as every element is."""
    what = statement.what
    if what.kind != "zeros" or what.variable != make("x") or model.D != 1:
        raise UnsupportedError("only zeros in x in one dimension are counted")
    if what.term.free - {X} or what.term.rank > 1:
        raise UnsupportedError("the located term is a function of x alone")
    (field,) = flat(model.lower(what.term))
    return field


def _base(model: Model, statement: Located, terms: Terms) -> tuple[Element, bool]:
    """b >= 0, and whether it is strict: by the condition, or by its form where there is none."""
    if statement.when is None:
        base = model.scalar(need(terms, "base"))
        if certified(base) not in WEAK:
            raise KernelError("the base is not certified non-negative")
        return base, certified(base) == POSITIVE
    term, strict = gap(statement.when)
    if term.free:
        raise KernelError("the condition must be free of x")
    return model.scalar(term), strict


def _at(model: Model, value: Element, place: Element) -> Element:
    return substitute(model.ring, value, {next(iter(model.x[0].generators())): place})


def _counts(model: Model, statement: Located, count: int, place: Element) -> None:
    """The statement asks for nothing but this count, and for a zero at this place."""
    if statement.count not in (None, count):
        raise KernelError(f"there are {count} zeros, the statement says {statement.count}")
    if statement.value is not None or statement.within is not None:
        raise UnsupportedError("only the count of zeros on the whole line, and one place, are proved")
    if statement.at is not None:
        if not isinstance(statement.at, Term):
            raise UnsupportedError("digits are for enclosures")
        (stated,) = flat(model.lower(statement.at))
        if not is_zero(stated - place):
            raise KernelError("the stated place is another one")
