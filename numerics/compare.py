"""Both sides of a statement as balls: enclosed, refuted, undecided or unsupported, with the numbers that say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from numerics.balls import Ball, absolute_digits, decimal, disjoint, floor_log10, midpoint, radius, sign, working
from numerics.enclosures import PLANE_METHOD, RIGOROUS, Enclosure, enclose
from numerics.rings import Unsupported
from numerics.second_opinion import CONFLICT as OPINION_CONFLICT
from numerics.second_opinion import second_opinion
from numerics.smallness import small_digits
from theory.language.instances import Instance, LawError
from theory.language.statements import Chain, Exists, Iff, Rel
from theory.language.terms import Term

ENCLOSED, REFUTED, UNDECIDED, UNSUPPORTED, AGREES = "enclosed", "refuted", "undecided", "unsupported", "agrees-float"
CONFLICT = "conflict"
_FLOAT_TOLERANCE = 1e-9
_MOST_ZERO_DIGITS = 600
"""Balls around zero are not made narrower than this to see whether they hold an exponentially small number."""
_SEVERITY = (ENCLOSED, AGREES, UNDECIDED, UNSUPPORTED, REFUTED, CONFLICT)


@dataclass(frozen=True)
class Comparison:
    """What a comparison found.

    ``outcome``: "enclosed" (both sides overlap to ``digits`` relative digits, or the inequality is certain),
    "refuted" (certainly different, rigorous on both sides), "agrees-float" (a float64 route agrees to ``digits``
    digits; never rigorous), "undecided", "unsupported", or "conflict" (mpmath
    contradicts a ball). ``lhs`` and ``rhs`` are the sides at the deciding point, as
    nested (midpoint, radius) decimal strings; ``detail`` says where and why.
    """

    outcome: str
    digits: int
    lhs: Any
    rhs: Any
    detail: str


def points(free: frozenset[str], instance: Instance) -> Iterator[dict[str, Any]]:
    """The values of the free variables at which a statement is judged: the instance's points, ends and labels.

    A free X0 runs over the instance's end points, over the atoms if it has none and the law is discrete. Raises
    Unsupported if there is no value for a free variable.
    """
    law = instance.law
    choices: list[Sequence[tuple[str, Any]]] = []
    if "x" in free:
        choices.append([("x", v) for v in instance.x])
    if "X0" in free:
        ends = instance.X0 or (tuple(c.mean for c in law.components) if law.is_discrete else ())
        choices.append([("X0", v) for v in ends])
    if "Z" in free and not (law.is_discrete and "X0" in free):
        choices.append([("Z", k) for k in range(law.K)])
    if any(not c for c in choices):
        raise Unsupported(f"the instance {instance.name or instance.law.name} has no value for a free variable")
    for combination in product(*choices):
        yield dict(combination)


def compare(
    statement: Rel | Iff | Chain | Exists,
    instance: Instance,
    *,
    digits: int = 15,
    fields: Mapping[str, Term] | None = None,
    max_bits: int = 3000,
    plane_digits: int = 0,
    opinion: bool = False,
) -> Comparison:
    """``statement`` at ``instance``, at every combination of its points; the worst outcome decides.

    An equality is enclosed if the balls overlap and both radii are below 10^-digits relative to the sides, refuted if
    they are disjoint. Two balls around zero (not exactly zero) must also be narrower than the small numbers of the
    instance (:mod:`numerics.smallness`). An inequality is enclosed or refuted by the sign of the difference. A chain is
    as good as its worst link; an existence statement is judged at its own instance. ``plane_digits`` makes averages in
    two dimensions rigorous, to that many digits (then they may refute, and enclose to that many). ``opinion`` asks
    mpmath beside the balls of an equality; a value it finds outside makes the outcome "conflict".
    """
    options = _Options(digits, max_bits, fields, plane_digits, opinion)
    if isinstance(statement, Exists):
        return _compare(statement.statement, statement.instance, options)
    if isinstance(statement, Chain):
        results = [_compare(r, instance, options) for r in statement.links]
        worst = max(range(len(results)), key=lambda i: _SEVERITY.index(results[i].outcome))
        found = results[worst]
        return Comparison(found.outcome, found.digits, found.lhs, found.rhs, f"link {worst + 1}: {found.detail}")
    return _compare(statement, instance, options)


@dataclass(frozen=True)
class _Options:
    digits: int
    max_bits: int
    fields: Mapping[str, Term] | None
    plane_digits: int
    opinion: bool


def _compare(statement: Rel | Iff, instance: Instance, options: _Options) -> Comparison:
    free = statement.free if isinstance(statement, Rel) else statement.left.free | statement.right.free
    first: Comparison | None = None
    worst_result: Comparison | None = None
    try:
        for point in points(free, instance):
            if isinstance(statement, Rel):
                result = _relation(statement, instance, point, options)
            else:
                result = _equivalence(statement, instance, point, options)
            first = first or result
            if worst_result is None or _worse(result, worst_result):
                worst_result = result
            if result.outcome == REFUTED:
                break
    except Unsupported as reason:
        return Comparison(UNSUPPORTED, 0, None, None, str(reason))
    assert worst_result is not None
    assert first is not None
    if worst_result.outcome == first.outcome == ENCLOSED:  # the digits of the worst point, the sides at a fixed one
        return replace(worst_result, lhs=first.lhs, rhs=first.rhs)
    return worst_result


def _worse(left: Comparison, right: Comparison) -> bool:
    ranks = _SEVERITY.index(left.outcome), _SEVERITY.index(right.outcome)
    return ranks[0] > ranks[1] or (ranks[0] == ranks[1] and left.digits < right.digits)


def _where(instance: Instance, point: Mapping[str, Any]) -> str:
    def text(value: Any) -> str:
        return f"({', '.join(str(v) for v in value)})" if isinstance(value, tuple) else str(value)

    places = "".join(f", {name} = {text(value)}" for name, value in point.items())
    return f"at {instance.name or instance.law.name or 'the instance'}{places}"


def _relation(rel: Rel, instance: Instance, point: dict[str, Any], options: _Options) -> Comparison:
    zeros = 0

    def sides(wanted: int) -> tuple[Enclosure, Enclosure]:
        chosen: dict[str, Any] = {"digits": wanted, "max_bits": options.max_bits, "fields": options.fields,
                                  "plane_digits": options.plane_digits, "zero_digits": zeros, **point}  # fmt: skip
        return enclose(rel.lhs, instance, **chosen), enclose(rel.rhs, instance, **chosen)

    digits = options.digits
    where = _where(instance, point)
    if rel.relation != "=":
        return _inequality(rel, sides, digits, where)
    needed = _zero_digits(instance, point, digits + 2)
    zeros = min(needed, _MOST_ZERO_DIGITS)
    left, right = sides(digits + 2)
    pairs = list(zip(_flat(left.value), _flat(right.value), strict=True))
    shown = _decimals(left.value, digits), _decimals(right.value, digits)
    if left.guarantee != RIGOROUS or right.guarantee != RIGOROUS:
        return _float_equality(pairs, shown, where)
    if any(disjoint(u, v) for u, v in pairs):
        return Comparison(REFUTED, _agreement(pairs), *shown, f"the sides differ {where}")
    if not all(u.is_finite() and v.is_finite() for u, v in pairs):
        return Comparison(UNDECIDED, 0, *shown, f"no finite enclosure {where}")
    if options.opinion:
        for term, side in ((rel.lhs, left), (rel.rhs, right)):
            other = second_opinion(term, instance, side.value, digits=digits, fields=options.fields, **point)
            if other.outcome == OPINION_CONFLICT:
                return Comparison(CONFLICT, 0, *shown, f"mpmath finds {other.values[0][1]} {where}: {other.detail}")
    reached = _agreement(pairs)
    on_boxes = PLANE_METHOD in (left.method, right.method)
    if not on_boxes and any(u.contains(0) and v.contains(0) and absolute_digits(u - v) < needed for u, v in pairs):
        detail = f"both sides are zero or smaller than their balls (which are not below 10^-{needed}) {where}"
        return Comparison(UNDECIDED, reached, *shown, detail)
    if on_boxes:
        digits = min(digits, max(options.plane_digits - 2, 1))
    if reached >= digits:
        return Comparison(ENCLOSED, reached, *shown, f"both sides overlap {where}")
    return Comparison(UNDECIDED, reached, *shown, f"overlap to {reached} digits only {where}")


def _zero_digits(instance: Instance, point: Mapping[str, Any], digits: int) -> int:
    """How many zeros after the point make a ball around zero a zero."""
    try:
        return max(4 * digits, small_digits(instance, point.get("x")) + digits)
    except LawError as error:
        raise Unsupported(str(error)) from error


def _agreement(pairs: Sequence[tuple[Ball, Ball]]) -> int:
    """Decimal digits to which the pairs surely agree, relative to the largest entry (absolute if all are zero)."""
    scale = max(max(abs(midpoint(u)), abs(midpoint(v))) for u, v in pairs)
    spread = max(abs(midpoint(u) - midpoint(v)) + radius(u) + radius(v) for u, v in pairs)
    if spread == 0:
        return 10**6
    if all(u.contains(0) and v.contains(0) for u, v in pairs):  # nothing but zeros: the absolute size of what is left
        return max(min(absolute_digits(u - v) for u, v in pairs), 0)
    return max(floor_log10(scale / spread), 0)


def _float_equality(pairs: Sequence[tuple[Ball, Ball]], shown: tuple[Any, Any], where: str) -> Comparison:
    scale = max(max(abs(float(midpoint(u))), abs(float(midpoint(v)))) for u, v in pairs)
    gap = max(abs(float(midpoint(u) - midpoint(v))) for u, v in pairs)
    slack = max(float(radius(u) + radius(v)) for u, v in pairs)
    digits = max(_agreement(pairs), 0)
    if gap <= slack + _FLOAT_TOLERANCE * scale:
        return Comparison(AGREES, digits, *shown, f"float64 values agree {where}")
    return Comparison(UNDECIDED, digits, *shown, f"float64 values differ by {gap:.3g} {where}; floats never refute")


def _inequality(rel: Rel, sides: Any, digits: int, where: str) -> Comparison:
    shown: tuple[Any, Any] = (None, None)
    rigorous, reached = True, 0
    for wanted in (min(digits, 15), 2 * digits, 4 * digits):
        left, right = sides(wanted)
        with working(max(left.bits, right.bits) + 64):
            difference = left.value - right.value
        shown = _decimals(left.value, wanted), _decimals(right.value, wanted)
        rigorous = left.guarantee == right.guarantee == RIGOROUS
        reached = min(left.digits, right.digits)
        direction = sign(difference)
        if not rigorous or direction is not None:
            break
    strict = rel.relation in ("<", ">")
    wanted_sign = -1 if rel.relation in ("<", "<=") else 1
    if direction is None:
        return Comparison(UNDECIDED, reached, *shown, f"the difference cannot be told from 0 {where}")
    holds = direction == wanted_sign or (direction == 0 and not strict)
    if not rigorous:
        outcome, text = (AGREES, "holds in float64") if holds else (UNDECIDED, "fails in float64; floats never refute")
    else:
        outcome, text = (ENCLOSED, "holds") if holds else (REFUTED, "fails")
    return Comparison(outcome, reached, *shown, f"the inequality {text} {where}")


def _equivalence(iff: Iff, instance: Instance, point: dict[str, Any], options: _Options) -> Comparison:
    left, right = (_relation(r, instance, point, options) for r in (iff.left, iff.right))
    truth = {ENCLOSED: "true", REFUTED: "false"}
    states = truth.get(left.outcome), truth.get(right.outcome)
    where = _where(instance, point)
    digits_reached = min(left.digits, right.digits)
    if None in states:
        open_one = left if states[0] is None else right
        detail = f"a condition is open: {open_one.detail}"
        return Comparison(UNDECIDED, digits_reached, open_one.lhs, open_one.rhs, detail)
    if states[0] == states[1]:
        return Comparison(ENCLOSED, digits_reached, left.lhs, left.rhs, f"both conditions are {states[0]} {where}")
    detail = f"the first condition is {states[0]}, the second {states[1]} {where}"
    return Comparison(REFUTED, digits_reached, left.lhs, left.rhs, detail)


def _flat(value: Any) -> list[Any]:
    return [v for entry in value for v in _flat(entry)] if isinstance(value, tuple) else [value]


def _decimals(value: Any, digits: int) -> Any:
    return tuple(_decimals(v, digits) for v in value) if isinstance(value, tuple) else decimal(value, digits + 5)


__all__ = ["AGREES", "ENCLOSED", "REFUTED", "UNDECIDED", "UNSUPPORTED", "Comparison", "compare", "points"]
