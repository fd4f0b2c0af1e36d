"""Substitution of proved lemmas: A - B = sum_j b_j (dt)^n_j (L_j - R_j) plus fluxes. Untrusted; the kernel decides.

A lemma is the certificate of an equation, of the rank of the statement, in a setting that covers the statement's. Its
weights b_j are quotients of monomials, its time derivatives come in up to the order ``RATES``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from theory.kernel.errors import KernelError
from theory.kernel.index.certificate import Theorem
from theory.kernel.index.certificate import check as proved
from theory.kernel.index.links import Lemma, Link
from theory.kernel.index.lower import Lowering
from theory.kernel.index.monomials import Element, Scalars, canonical
from theory.kernel.index.parts import Parts
from theory.kernel.index.zero import cleared, reduced
from theory.language.definitions import num
from theory.language.instances import Setting
from theory.language.statements import Rel
from theory.search.effort import Effort
from theory.search.flux import product_of, support_of, weight_term
from theory.search.linear import combination

RATES, _WEIGHTS = 2, 4
Column = tuple[Mapping[str, Any], int, Scalars, Element]


def by_lemmas(
    relation: Rel, lemmas: Sequence[Mapping[str, Any]], lowering: Lowering, setting: Setting, deadline: float,
    effort: Effort,
) -> Link | None:  # fmt: skip
    """A link that uses lemmas, or None. Raises OutOfTimeError."""
    indices = tuple(range(1, relation.lhs.rank + 1))
    target = lowering.element(relation.lhs, indices) - lowering.element(relation.rhs, indices)
    linear = lowering.channel.is_linear and not relation.free

    def normal(element: Element) -> Element:
        return reduced(element, lowering.channel, setting.D, Parts(lowering.channel)) if linear else cleared(element)

    goal = normal(target)
    columns = [c for data in lemmas for c in _columns(data, relation, goal, lowering, setting, normal)]
    effort.unknowns = max(effort.unknowns, len(columns))
    found = combination([c[3].terms for c in columns], goal.terms, deadline)
    if found is None:
        return None
    used = []
    for j, value in sorted(found.items()):
        data, rates, weight, _ = columns[j]
        scale = weight_term(weight)
        assert scale is not None
        used.append(Lemma(product_of([num(value), scale]), dict(data), rates))
    return Link(lemmas=tuple(used), parts=linear)


def _columns(
    data: Mapping[str, Any], relation: Rel, goal: Element, lowering: Lowering, setting: Setting, normal: Any
) -> Iterator[Column]:
    theorem = _theorem(data)
    if theorem is None or not theorem.setting.covers(setting):
        return
    statement = theorem.statement
    if not isinstance(statement, Rel) or statement.relation != "=" or statement.lhs.rank != relation.lhs.rank:
        return
    indices = tuple(range(1, relation.lhs.rank + 1))
    element = lowering.element(statement.lhs, indices) - lowering.element(statement.rhs, indices)
    support = support_of([goal])
    for rates in range(RATES + 1):
        if rates:
            element = lowering.channel.rate(element)
        reading = normal(element)
        weights: dict[Scalars, None] = {(): None}
        for scalars, factors in reading.terms:
            inverse = tuple((tag, -e) for tag, e in scalars)
            for wanted in support.get(factors, ()):
                weight = canonical((*wanted, *inverse), ())[0]
                if weight_term(weight) is not None:
                    weights[weight] = None
        for weight in list(weights)[:_WEIGHTS]:
            yield data, rates, weight, reading * Element({(weight, ()): Fraction(1)})


def _theorem(data: Mapping[str, Any]) -> Theorem | None:
    """What a certificate proves; None if it is of another kind, or refused."""
    try:
        return proved(dict(data))
    except KernelError:
        return None
