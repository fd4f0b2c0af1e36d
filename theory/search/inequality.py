"""Non-negative pieces that an inequality A >= B is a sum of: A - B = sum_i c_i N_i, found by linear algebra. Untrusted.

Pieces are read off the statement (:mod:`theory.search.pieces`). Each is lowered and brought to its normal form; its
weights, products of powers of positive functions of t, are quotients of monomials of the difference by monomials of the
piece. One piece alone is tried first, then all together; coefficients must come out non-negative. Where the drift is
any, averages have no normal form, and fluxes are sought for one piece after the other.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from theory.kernel.errors import KernelError
from theory.kernel.index.links import Link
from theory.kernel.index.lower import Lowering
from theory.kernel.index.monomials import Element, Scalars, canonical
from theory.kernel.index.parts import Parts
from theory.kernel.index.pieces import Piece, nonnegative
from theory.kernel.index.zero import reduced
from theory.language.definitions import minus, num, plus
from theory.language.instances import Setting
from theory.language.statements import Rel
from theory.language.terms import TermError
from theory.search.ansatz import Ansatz
from theory.search.effort import Effort
from theory.search.flux import product_of, support_of, weight_term
from theory.search.linear import OutOfTimeError, combination
from theory.search.pieces import pieces

_PIECES, _WEIGHTS, _ROUNDS = 80, 3, 3
_POSITIVE = frozenset({"alpha", "sigma", "g", "D", "pi"})


class Inequality:
    """The search for the pieces of one inequality ``large`` >= ``small``."""

    def __init__(self, relation: Rel, lowering: Lowering, setting: Setting, deadline: float, effort: Effort) -> None:
        self.lowering, self.setting, self.deadline, self.effort = lowering, setting, deadline, effort
        self.pointwise = bool(relation.free)
        turned = relation.relation == "<="
        self.large, self.small = (relation.rhs, relation.lhs) if turned else (relation.lhs, relation.rhs)
        gap = self.large if self.small == num(0) else plus(self.large, minus(self.small))
        self.gap = lowering.element(gap)
        self.target = self._normal(self.gap)

    def find(self) -> Link | None:
        """The pieces as a link, or None. Raises OutOfTimeError."""
        known = self._columns()
        if self.lowering.channel.is_linear or self.pointwise:
            return self._combined(known)
        return self._with_fluxes(known)

    def _normal(self, element: Element) -> Element:
        linear = self.lowering.channel.is_linear
        parts = Parts(self.lowering.channel) if linear else None
        return reduced(element, self.lowering.channel, self.setting.D, parts)

    def _columns(self) -> list[tuple[Piece, Element]]:
        """Pieces that the kernel can read, with their normal forms; none twice."""
        found: list[tuple[Piece, Element]] = []
        seen: set[frozenset[object]] = set()
        weak = frozenset(str(t.data) for t in self.setting.nonnegative)
        for piece in pieces(self.large, self.small)[:_PIECES]:
            if time.monotonic() > self.deadline:
                raise OutOfTimeError
            try:
                term = nonnegative(piece, self.lowering.positive, weak, self.setting)
                element = self._normal(self.lowering.element(term))
            except (KernelError, TermError):
                continue
            mark = frozenset(element.terms.items())
            if element and mark not in seen:
                seen.add(mark)
                found.append((piece, element))
        return found

    def _weighted(self, element: Element, target: Element) -> list[tuple[Scalars, Element]]:
        """The piece times its likeliest weights."""
        votes: Counter[Scalars] = Counter()
        support = support_of([target])
        for scalars, factors in element.terms:
            inverse = tuple((tag, -e) for tag, e in scalars)
            for wanted in support.get(factors, ()):
                votes[canonical((*wanted, *inverse), ())[0]] += 1
        usable = [w for w in votes if all(self._is_positive(tag, e) for tag, e in w)]
        best = sorted(usable, key=lambda w: (-votes[w], len(w), w))[:_WEIGHTS]
        return [(w, element * Element({(w, ()): Fraction(1)})) for w in best]

    def _is_positive(self, tag: tuple[object, ...], exponent: int | Fraction) -> bool:
        whole = Fraction(exponent).denominator == 1
        return whole and (tag[0] in _POSITIVE or (tag[0] == "sym" and tag[1] in self.lowering.positive))

    def _combined(self, known: Sequence[tuple[Piece, Element]]) -> Link | None:
        columns = [(p, w, column) for p, element in known for w, column in self._weighted(element, self.target)]
        self.effort.unknowns = max(self.effort.unknowns, len(columns))
        for choice in ([[c] for c in columns], [columns]):
            for some in choice:
                found = combination([c.terms for _, _, c in some], self.target.terms, self.deadline)
                if found is not None and all(value >= 0 for value in found.values()):
                    made = [self._piece(some[j][0], some[j][1], value) for j, value in sorted(found.items()) if value]
                    return Link(pieces=tuple(made), parts=not self.pointwise)
        return None

    def _piece(self, piece: Piece, weight: Scalars, value: Fraction) -> Piece:
        scale = weight_term(weight)
        assert scale is not None
        return replace(piece, coefficient=product_of([num(value), scale]))

    def _with_fluxes(self, known: Sequence[tuple[Piece, Element]]) -> Link | None:
        """One piece after the other, with a rational coefficient that fluxes leave open."""
        weights: list[Scalars] = [((("g",), 2),), ()]  # rates carry g^2
        search = Ansatz(self.gap, 0, self.lowering)
        for _ in range(_ROUNDS):
            if not search.grow(self.deadline, self.effort):
                return None
            reached = {m for _, column in search.columns for m in column.terms} | set(search.target.terms)
            for piece, element in known:
                for weight in weights:
                    column = element * Element({(weight, ()): Fraction(1)})
                    if not reached.issuperset(column.terms):
                        continue
                    found = search.beside(column, self.deadline)
                    if found is not None and found[0] > 0:
                        return Link(found[1], pieces=(self._piece(piece, weight, found[0]),))
        return None
