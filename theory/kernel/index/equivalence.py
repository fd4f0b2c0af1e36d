"""Equivalences of pointwise conditions, for every dimension and every law of a setting. Trusted; standard library only.

One rule. With both relations turned to < or <= (A > B is B < A),

    A - B  =  c (C - D)      c a product of positive quantities and a number, positive (for =: not zero)
    ---------------------------------------------------------------------------------------------------
                             (A rel B)  if and only if  (C rel D)

at every point, for scalars, and for vectors and matrices if rel is "=". The certificate is the factor c, a term::

    {"version": 1, "kind": "equivalence", "statement": .., "setting": .., "factor": term}

A witness against an equivalence is a finite law with a point at which exactly one side holds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.index.certificate import lowering_for, scope_of
from theory.kernel.index.hypotheses import LABELLED, Hypothesis, Used, collect, keeps_one_sign
from theory.kernel.index.lower import Lowering
from theory.kernel.index.monomials import Element
from theory.kernel.index.zero import vanishes
from theory.kernel.witness.exact import labels_for
from theory.kernel.witness.finite_law import FiniteLaw
from theory.kernel.witness.intervals import as_interval
from theory.language.definitions import unfold
from theory.language.instances import LawError, Setting
from theory.language.serial import iff_from_data, setting_data, setting_from_data
from theory.language.statements import Iff, Rel, statement_data
from theory.language.terms import Term, TermError, from_data, to_data, walk

VERSION, KIND = 1, "equivalence"
_SIZES = ((2, 3), (1, 3), (2, 4), (3, 4))
_SEEDS = 8
_TURNED = {">": "<", ">=": "<="}


@dataclass(frozen=True)
class EquivalenceTheorem:
    """An accepted equivalence, where it holds and under which named hypotheses."""

    statement: Iff
    setting: Setting
    scope: str
    hypotheses: tuple[Hypothesis, ...]
    steps: tuple[str, ...]


def certificate(statement: Iff, setting: Setting, factor: Term) -> dict[str, Any]:
    """The certificate as inert data."""
    return {
        "version": VERSION, "kind": KIND, "statement": statement_data(statement), "setting": setting_data(setting),
        "factor": to_data(factor),
    }  # fmt: skip


def check(data: Any) -> EquivalenceTheorem:
    """The theorem that a certificate proves. Raises KernelError naming what is refused."""
    statement, setting, factor = _read(data)
    lowering = lowering_for(setting)
    try:
        left, right = difference(statement.left, lowering), difference(statement.right, lowering)
        _same_kind(statement)
        weight = _weight(factor, lowering, statement.left.relation == "=")
        residual = left - weight * right
        if lowering.inverses and not all(map(keeps_one_sign, lowering.inverses)):
            raise UnsupportedError("an equivalence with a denominator that may vanish")
        if not vanishes(residual, lowering.channel, setting.D):
            raise KernelError(f"the residual does not vanish ({len(residual.terms)} monomials are left)")
    except RecursionError:
        raise KernelError("the term is nested too deeply") from None
    terms = [t for r in (statement.left, statement.right) for t in (r.lhs, r.rhs)]
    hypotheses = collect(terms, [factor], Used([], set()), lowering, setting)
    labelled = any(n.op in LABELLED for t in (*terms, factor) for n in walk(unfold(t)))
    sign = "not zero" if statement.left.relation == "=" else "positive"
    step = f"the differences of the two conditions are multiples of each other by a factor that is {sign}"
    return EquivalenceTheorem(statement, setting, scope_of(setting, labelled), hypotheses, (step,))


def _read(data: Any) -> tuple[Iff, Setting, Term]:
    names = {"version", "kind", "statement", "setting", "factor"}
    if not isinstance(data, dict) or set(data) != names:
        raise KernelError(f"not a certificate: expected the fields {', '.join(sorted(names))}")
    if type(data["version"]) is not int or data["version"] != VERSION or data["kind"] != KIND:
        raise KernelError(f"not a certificate of kind {KIND!r}, version {VERSION}")
    try:
        statement, setting = iff_from_data(data["statement"]), setting_from_data(data["setting"])
        factor = from_data(data["factor"])
    except (TermError, LawError) as error:
        raise KernelError(f"the certificate does not parse: {error}") from error
    except RecursionError:
        raise KernelError("the certificate is nested too deeply") from None
    return statement, setting, factor


def turned(relation: Rel) -> tuple[str, Term, Term]:
    """The relation as =, < or <=, with its sides."""
    if relation.relation in _TURNED:
        return _TURNED[relation.relation], relation.rhs, relation.lhs
    return relation.relation, relation.lhs, relation.rhs


def _same_kind(statement: Iff) -> None:
    left, right = turned(statement.left), turned(statement.right)
    if left[0] != right[0] or left[1].rank != right[1].rank:
        raise UnsupportedError("the two conditions are of different kinds")


def difference(relation: Rel, lowering: Lowering) -> Element:
    """left - right of the turned relation, with free indices 1 .. rank."""
    _, left, right = turned(relation)
    indices = tuple(range(1, left.rank + 1))
    return lowering.element(left, indices) - lowering.element(right, indices)


def _weight(factor: Term, lowering: Lowering, any_sign: bool) -> Element:
    """The factor, if it is a product of positive quantities with a coefficient of the right sign."""
    if factor.rank:
        raise KernelError("the factor is not a scalar")
    weight = lowering.element(factor)
    if len(weight.terms) != 1:
        raise KernelError("the factor is not a single product")
    (((scalars, factors), coefficient),) = weight.terms.items()
    if factors or not all(lowering.is_positive(tag) for tag, _ in scalars):
        raise KernelError("the factor is not a product of positive quantities")
    if coefficient < 0 and not any_sign:
        raise KernelError("the factor is negative")
    return weight


def find_counterexample(statement: Iff, setting: Setting, deadline: float = float("inf")) -> dict[str, str] | None:
    """An exact instance at which one condition holds and the other does not, or None (which says nothing).

    No new place is tried after ``deadline`` (of time.monotonic).
    """
    if unread(setting):
        return None
    lowering = lowering_for(setting)
    rank = {r: turned(r)[1].rank for r in (statement.left, statement.right)}
    sides = [(r, difference(r, lowering)) for r in (statement.left, statement.right)]
    declared = lowering.positive | {str(t.data) for t in setting.nonnegative}
    labels = labels_for(setting, [element for _, element in sides])
    shapes = _SIZES if setting.D is None else tuple((setting.D, K) for K in (3, 4))
    for seed, (size, atoms), fixed in product(range(_SEEDS), shapes, (False, True)):
        if time.monotonic() > deadline:
            return None
        law = FiniteLaw(size, atoms, seed, setting.process.name, declared, labels)
        if fixed:
            law.put_at_fixed_point()
        try:
            truths = [_truth(law, turned(r)[0], element, rank[r]) for r, element in sides]
        except KernelError:
            continue  # no value here: another place may have one
        if None not in truths and truths[0] != truths[1]:
            holds = {name: str(truth) for name, truth in zip(("left holds", "right holds"), truths, strict=True)}
            return {"D": str(size), **law.text(None), **holds}
    return None


def unread(setting: Setting) -> bool:
    """Whether finite laws are no members of the setting."""
    return getattr(setting.law, "name", "") not in ("any", "finite-information", "discrete", "mixture")


def _truth(law: FiniteLaw, relation: str, element: Element, rank: int) -> bool | None:
    """Whether ``element relation 0`` holds in every entry; None if an enclosure does not tell."""
    known: list[bool | None] = []
    for places in product(range(law.D), repeat=rank):
        value = law.value(element, dict(enumerate(places, 1)), None)
        if isinstance(value, (int, Fraction)):
            known.append({"=": value == 0, "<": value < 0, "<=": value <= 0}[relation])
            continue
        ball = as_interval(value)
        if relation == "=":
            known.append(False if ball.lo > 0 or ball.hi < 0 else None)
        else:
            known.append(True if ball.hi < 0 else False if ball.lo > 0 else None)
    if False in known:
        return False
    return None if None in known else True


__all__ = ["KIND", "EquivalenceTheorem", "certificate", "check", "difference", "find_counterexample", "turned"]
