"""Derivations about concrete laws: the rules of the component kernel, each told with the terms of its certificate.

Untrusted, as :mod:`theory.typeset.derivation` says; the rules' docstrings are the inference figures told here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theory.kernel.component.elements import Element
from theory.kernel.component.model import Model
from theory.kernel.component.rules import gap
from theory.kernel.errors import KernelError
from theory.language.instances import Setting
from theory.language.statements import Chain, Iff, Located, Rel, Statement
from theory.language.terms import Term, from_data, make
from theory.search.closed_terms import to_term
from theory.typeset.stages import Line, Why, definitions
from theory.typeset.steps import LONGEST, Step, chain_of, gap_of, remark, say
from theory.typeset.text import term_text
from theory.typeset.tidy import ZERO, number, product, tidy

CLOSED = Why("the law put in: p is a mixture of Gaussians", "the law put in: $p_t$ is a mixture of Gaussians")
STURM = Why("the zeros of the polynomial counted by Sturm's theorem, and its sign at one place")
MONOTONE = Why("non-negative at one end, and its derivatives there and beyond are of one sign")
ZERO_TEST = Why("the numerator of the difference is the empty polynomial")
_X = make("x")


def closed_derivation(statement: Statement, setting: Setting, certificate: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps of a proof in the component kernel. Raises KernelError for a setting it does not read."""
    model = Model.of(setting)
    parts = statement.links if isinstance(statement, Chain) else (statement,)
    steps: list[Step] = []
    for part, step in zip(parts, certificate["steps"], strict=True):
        terms = {name: tidy(from_data(term)) for name, term in step["terms"].items()}
        steps += _told(model, part, str(step["rule"]), terms)
    return tuple(steps)


def _told(model: Model, part: Statement, rule: str, terms: Mapping[str, Term]) -> list[Step]:
    if rule in ("monotone", "sturm", "sturm count"):
        return _of_one_variable(model, part, rule, terms)
    if isinstance(part, Rel):
        return _relation(model, part, terms)
    if isinstance(part, Iff):
        return _same_sign(part, terms["quotient"])
    assert isinstance(part, Located)
    return _unique(model, part, terms) if rule == "unique zero" else _three(model, part, terms)


# -- relations -------------------------------------------------------------------------------------------------------
def _relation(model: Model, rel: Rel, terms: Mapping[str, Term]) -> list[Step]:
    if rel.relation == "=":
        return equal_by_closed_forms(model, rel)
    large, small = (rel.lhs, rel.rhs) if rel.relation in (">", ">=") else (rel.rhs, rel.lhs)
    difference = gap_of(large, small)
    strict = ">" if rel.relation in ("<", ">") else ">="
    square = terms.get("square")
    if square is not None:
        steps = equal_by_closed_forms(model, Rel("=", difference, square))
        return [*steps, say(ZERO, (Why("a sum of squares"),), strict, square)]
    ahead = _lines(model, difference)
    steps = [say(difference, ())]
    steps += [say(v.term, v.why, "=", u) for u, v in zip([difference, *(n.term for n in ahead)], ahead, strict=False)]
    last = ahead[-1].term if ahead else difference
    return [*steps, say(ZERO, (Why("every monomial, over its denominators, is positive"),), strict, last)]


def _of_one_variable(model: Model, part: Statement, rule: str, terms: Mapping[str, Term]) -> list[Step]:
    """A monotone function, a polynomial of one sign, or the number of zeros of a polynomial."""
    if isinstance(part, Located):
        steps, _ = _function(model, part)
        return [*steps, remark(Rel("=", _scalar(part), product([terms["factor"], terms["polynomial"]])), STURM)]
    assert isinstance(part, Rel)
    large, small = (part.lhs, part.rhs) if part.relation in (">", ">=") else (part.rhs, part.lhs)
    difference, strict = gap_of(large, small), ">" if part.relation in ("<", ">") else ">="
    if rule == "sturm" and "argument" not in terms:
        form = product([terms["factor"], terms["polynomial"]])
        return [
            say(difference, ()),
            say(form, (Why("exact zero test"),), "=", difference),
            say(ZERO, (STURM,), strict, form),
        ]
    return [say(difference, ()), say(ZERO, (MONOTONE if rule == "monotone" else STURM,), strict, difference)]


def equal_by_closed_forms(model: Model, rel: Rel) -> list[Step]:
    """Both sides unfolded, then written out for the law, as far as that can be read."""
    return chain_of(rel.lhs, rel.rhs, _lines(model, rel.lhs), _lines(model, rel.rhs), ZERO_TEST)


def _lines(model: Model, term: Term) -> list[Line]:
    lines = definitions(term, split=False, linear=True)
    last = lines[-1].term if lines else term
    closed = _closed(model, last)
    if closed is not None and closed != last:
        about = any(n.op in ("p", "E", "post", "post_mean", "posterior", "pz") for n in _nodes(last))
        lines.append(Line(closed, (CLOSED if about else Why("expanded"),)))
    return lines


def _closed(model: Model, term: Term) -> Term | None:
    """The kernel's closed form, if it is a number or function of x that fits on a line."""
    if term.rank or term.free - {"x"}:
        return None
    try:
        element = model.lower(term)
    except KernelError:
        return None
    assert isinstance(element, Element)
    if len(element.terms) > 12:
        return None
    made = tidy(to_term(element))
    return made if len(term_text(made)) <= LONGEST else None


def _nodes(term: Term) -> list[Term]:
    return [term, *(n for t in term.args for n in _nodes(t))]


# -- conditions and zeros --------------------------------------------------------------------------------------------
def _same_sign(iff: Iff, quotient: Term) -> list[Step]:
    sides = []
    for side in (iff.left, iff.right):
        sides.append(tidy(make("sub", (side.lhs, side.rhs)) if side.relation == "=" else gap(side)[0]))
    left, right = sides
    return [
        remark(Rel("=", left, product([quotient, right])), Why("both sides, with the law put in; exact zero test")),
        remark(Rel(">", quotient, ZERO), Why("positive by its form: so both conditions have one sign")),
    ]


def _function(model: Model, located: Located) -> tuple[list[Step], Term]:
    """The line that writes the located function out, and the function as a scalar."""
    scalar = _scalar(located)
    closed = _closed(model, scalar)
    steps = [say(scalar, ())]
    if closed is not None:
        steps.append(say(closed, (CLOSED,), "=", scalar))
    return steps, scalar


def _scalar(located: Located) -> Term:
    term = located.what.term
    return term if term.rank == 0 else make("coord", (term,), 1)


def _slope(term: Term) -> Term:
    return make("coord", (make("grad", (term,)),), 1)


def _at_zero(term: Term) -> Term:
    return make("at", (term, make("origin")))


def _condition(located: Located) -> Term | None:
    return None if located.when is None else tidy(gap(located.when)[0])


def _unique(model: Model, located: Located, terms: Mapping[str, Term]) -> list[Step]:
    steps, F = _function(model, located)
    condition = _condition(located)
    base = terms["base"] if condition is None else condition
    tilt = make("pow", (terms["tilt"],), number(2).data)
    inside = tidy(make("add", (base, product([terms["share"], tilt]))))
    bracket = product([terms["factor"], inside])
    if terms["place"].op == "origin":
        steps.append(remark(Rel("=", _at_zero(F), ZERO), Why("a zero at the stated place")))
    steps.append(remark(Rel("=", make("neg", (_slope(F),)), bracket), Why("exact zero test")))
    if located.when is not None:
        relation = ">" if located.when.relation in ("<", ">") else ">="
        steps.append(remark(Rel(relation, base, ZERO), Why("the condition")))
    why = Why(
        "the other factors are positive, or squares: F is strictly monotone, so its zero is the only one",
        "the other factors are positive, or squares: the function is strictly monotone, so its zero is the only one",
    )
    steps.append(remark(Rel(">=", product([terms["share"], tilt]), ZERO), why))
    return steps


def _three(model: Model, located: Located, terms: Mapping[str, Term]) -> list[Step]:
    steps, F = _function(model, located)
    base = _condition(located)
    assert base is not None
    x1 = make("coord", (_X,), 1)
    growth = make("sub", (make("exp", (product([terms["rate"], x1]),)), number(1)))
    curved = make("neg", (product([terms["curvature"], growth]),))
    line = make("sub", (terms["level"], product([terms["fall"], x1])))
    steps.append(remark(
        Rel("=", _at_zero(_slope(F)), product([terms["quotient"], base])),
        Why("the slope at 0 is positive where the condition holds; F is odd",
            "the slope at 0 is positive where the condition holds; the function is odd"),
    ))  # fmt: skip
    steps.append(remark(
        Rel("=", _slope(_slope(F)), tidy(curved)),
        Why("negative for x > 0: concave there", "negative for $x > 0$: concave there"),
    ))  # fmt: skip
    steps.append(remark(
        Rel("=", tidy(make("sub", (line, F))), terms["slack"]),
        Why("positive: F lies below a falling line, so it is negative for large x",
            "positive: the function lies below a falling line, so it is negative for large $x$"),
    ))  # fmt: skip
    steps.append(Step(
        "exactly one zero in x > 0, by symmetry three in all", r"\text{exactly one zero in } x > 0",
        "concave, increasing at 0 and finally negative; by symmetry three zeros in all",
    ))  # fmt: skip
    return steps


__all__ = ["closed_derivation", "equal_by_closed_forms"]
