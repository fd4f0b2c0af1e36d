"""Candidate steps for the component kernel: which rule, with which terms. Untrusted; the kernel checks each."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from theory.kernel.component.calculus import derive, substitute
from theory.kernel.component.certificate import Step
from theory.kernel.component.elements import ONE, Element
from theory.kernel.component.model import Model
from theory.kernel.component.rules import gap
from theory.kernel.component.tensors import flat
from theory.kernel.component.zero import exponent_of
from theory.kernel.errors import KernelError
from theory.language.definitions import minus, num, plus
from theory.language.statements import Iff, Located, Rel
from theory.language.terms import Term, make
from theory.search.closed_inequalities import inequality_steps
from theory.search.closed_polynomials import count_step, own_count
from theory.search.closed_terms import quotient, to_term

_ORIGIN = make("origin")


def steps_for(model: Model, statement: Rel | Iff | Located, square: Term | None) -> Iterator[Step]:
    """Steps that may prove ``statement``, likeliest first."""
    if isinstance(statement, Rel):
        if statement.relation == "=":
            yield Step("zero", {})
            return
        yield Step("sign", {})
        if square is not None:
            yield Step("sign", {"square": square})
        yield from inequality_steps(model, statement)
    elif isinstance(statement, Iff):
        yield from _same_sign(model, statement)
    else:
        yield from count_step(model, statement)
        if statement.count in (None, 1):
            yield from _unique(model, statement)
        if statement.count in (None, 3):
            yield from _three(model, statement)


def natural_counts(model: Model, statement: Located) -> Iterator[Located]:
    """The count of a polynomial, or what the slope at 0 suggests: one zero where F'(0) <= 0, three where F'(0) > 0."""
    term = statement.what.term
    yield from own_count(model, statement)
    if statement.what.variable != make("x") or statement.within is not None:
        return
    slope = make("grad", (term,)) if term.rank == 0 else make("div", (term,))
    at_zero = make("at", (make("coord", (slope,), 1) if term.rank == 0 else slope, _ORIGIN))
    yield Located(statement.what, 1, when=Rel(">=", minus(at_zero), num(0)))
    yield Located(statement.what, 3, when=Rel(">", at_zero, num(0)))


def _same_sign(model: Model, statement: Iff) -> Iterator[Step]:
    sides = []
    for side in (statement.left, statement.right):
        sides.append(plus(side.lhs, minus(side.rhs)) if side.relation == "=" else gap(side)[0])
    a, b = sides
    if a.rank or b.rank:
        return
    case = next(model.cases(a.free | b.free))
    ratio = quotient(model.ring, model.scalar(a, case), model.scalar(b, case))
    if ratio is None:
        inverse = quotient(model.ring, model.scalar(b, case), model.scalar(a, case))
        ratio = None if inverse is None else model.ring.power(inverse, -1)
    if ratio is not None:
        yield Step("same sign", {"quotient": to_term(ratio)})


def _tanh_parts(model: Model, statement: Located) -> Iterator[tuple[Element, Element, Element, Element, Element]]:
    """F = -A x + B tanh(kappa x), read off F = -A x - B + 2 B E/(1 + E) with E = Exp(2 kappa x).

    Yields (F, A, B, kappa, E) for each declared 1 + E in F.
    """
    ring = model.ring
    (field,) = flat(model.lower(statement.what.term))
    (place,) = model.x[0].generators()
    for index in sorted(field.generators()):
        body = ring.body(index).terms if ring.gens[index].kind == "declared" else {}
        monos = [mono for mono in body if mono]
        if len(body) != 2 or body.get(()) != 1 or len(monos) != 1 or body[monos[0]] != 1:
            continue
        if any(ring.gens[i].kind != "exp" for i, _ in monos[0]):
            continue
        double = derive(ring, exponent_of(ring, monos[0]), "x1")
        if place in double.generators() or not double.terms:
            continue
        fall, level = ring.number(0), ring.number(0)
        for mono, factor in field.terms.items():
            powers = dict(mono)
            rest = ring.monomial(tuple((i, e) for i, e in mono if i != place)).scaled(factor)
            if any(ring.gens[i].kind == "exp" for i in powers):
                continue
            if powers.get(place) == 1:
                fall = fall - rest
            elif place not in powers:
                level = level - rest
        yield field, fall, level, double.scaled(Fraction(1, 2)), Element(ring, {monos[0]: ONE})


def _at_zero(model: Model, value: Element) -> Element:
    return substitute(model.ring, value, {next(iter(model.x[0].generators())): model.ring.number(0)})


def _unique(model: Model, statement: Located) -> Iterator[Step]:
    """-F' = (A - B kappa) + B kappa tanh^2 = c (b + r tanh^2), with c from F'(0) and the condition."""
    ring = model.ring
    for field, _fall, level, kappa, _ in _tanh_parts(model, statement):
        tilt = make("tanh", (to_term(kappa * model.x[0]),))
        slope = -_at_zero(model, derive(ring, field, "x1"))
        terms = {"place": _ORIGIN, "tilt": tilt}
        if statement.when is None:
            terms |= {"factor": num(1), "base": to_term(slope), "share": to_term(level * kappa)}
            yield Step("unique zero", terms)
            continue
        base = model.scalar(gap(statement.when)[0])
        factor = quotient(ring, slope, base)
        if factor is None or not factor.terms:
            continue
        try:
            share = level * kappa * ring.power(factor, -1)
        except KernelError:
            continue
        yield Step("unique zero", terms | {"factor": to_term(factor), "share": to_term(share)})


def _three(model: Model, statement: Located) -> Iterator[Step]:
    """F'' = -8 B kappa^2 E (E - 1)/(1 + E)^3 and B - A x - F = 2 B/(1 + E)."""
    if statement.when is None:
        return
    ring, one = model.ring, model.ring.number(1)
    for field, fall, level, kappa, grown in _tanh_parts(model, statement):
        share = quotient(ring, _at_zero(model, derive(ring, field, "x1")), model.scalar(gap(statement.when)[0]))
        if share is None:
            continue
        cubed, inverse = ring.power(one + grown, -3), ring.power(one + grown, -1)
        curvature = (level * kappa * kappa * grown * cubed).scaled(Fraction(8))
        elements = {
            "quotient": share, "curvature": curvature, "rate": kappa.scaled(Fraction(2)), "level": level,
            "fall": fall, "slack": (level * inverse).scaled(Fraction(2)),
        }  # fmt: skip
        yield Step("three zeros", {name: to_term(value) for name, value in elements.items()})
