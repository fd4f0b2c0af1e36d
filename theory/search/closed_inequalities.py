"""Candidate certificates for inequalities in one variable: polynomials of one sign, and monotone functions. Untrusted.

The chain of a monotone function is found by following the kernel's own figure: at each level with the denominators
cleared, or as the function stands, until its sign can be read off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from theory.kernel.component.calculus import derive, substitute_by_form, symbol_variable
from theory.kernel.component.certificate import Step
from theory.kernel.component.elements import POSITIVE, REAL, Element
from theory.kernel.component.model import Model
from theory.kernel.component.monotone import DISTANCE, HalfLine, distance, half_lines, without_powers
from theory.kernel.component.premises import WEAK, Variable, gap, variable_of
from theory.kernel.component.zero import certified, cleared, is_zero
from theory.kernel.errors import BudgetError, KernelError
from theory.kernel.witness.component_values import free_names
from theory.language.definitions import num
from theory.language.statements import Rel
from theory.language.terms import Term, make
from theory.search.closed_polynomials import sturm_steps

_DEPTH, _NODES = 8, 300
_PLACES = (Fraction(0), Fraction(1), Fraction(-1), Fraction(2), Fraction(1, 2))


def inequality_steps(model: Model, statement: Rel) -> Iterator[Step]:
    """Steps for an inequality that its form alone does not show, likeliest first."""
    term, strict = gap(statement)
    value = model.scalar(term, next(model.cases(statement.free)))
    names = variables(model, value)
    yield from sturm_steps(model, value, names)
    for name in names:
        yield from _monotone(model, value, name, variable_of(model, name), strict)


def variables(model: Model, value: Element) -> list[Term]:
    """The symbols in ``value``, and x in one dimension."""
    names = free_names(value)
    symbols = sorted(g.name for g in model.ring.gens if g.kind == "symbol" and g.name in names and g.name != DISTANCE)
    found = [make("sym", (), name) for name in symbols]
    if model.D == 1 and "x1" in names:
        found.append(make("coord", (make("x"),), 1))
    return found


# -- monotone functions ------------------------------------------------------------------------------------------------
def _monotone(model: Model, value: Element, name: Term, variable: Variable, strict: bool) -> Iterator[Step]:
    places: list[Fraction | None] = [None] if variable.sign in WEAK else []
    places += [p for p in _PLACES if variable.sign == REAL or (variable.sign == POSITIVE and p > 0)]
    for place in places:
        terms = {"variable": name} | ({} if place is None else {"place": num(place)})
        try:
            lines = half_lines(model, variable, terms)
        except KernelError:
            continue
        for line in lines:
            chain = _Chain(model, line, strict and place is None and variable.sign == POSITIVE)
            found = chain.search(value, variable)
            if found is None:
                break
            terms[f"{line.name} depth"] = num(len(found) - 1)
            terms |= {f"{line.name} {order}": num(1) for order, cleared_ in enumerate(found) if not cleared_}
        else:
            yield Step("monotone", terms)


@dataclass
class _Chain:
    """The search along one half-line: at each level, whether the denominators are cleared."""

    model: Model
    line: HalfLine
    strict: bool
    nodes: int = 0

    def search(self, value: Element, variable: Variable) -> list[bool] | None:
        try:
            start = substitute_by_form(self.model.ring, value, {variable.index: self.line.image})
            for limit in range(_DEPTH + 1):  # the shortest chain
                found = self._from(start, limit, not self.strict)
                if found is not None:
                    return found
            return None
        except BudgetError:
            raise
        except KernelError:
            return None

    def _from(self, value: Element, depth: int, strict: bool) -> list[bool] | None:
        ring, (y,) = self.model.ring, distance(self.model.ring).generators()
        seen: list[Element] = []
        for cleared_ in (True, False):
            self.nodes += 1
            function = without_powers(cleared(value)) if cleared_ else value
            if any(function.terms == other.terms for other in seen):
                continue
            seen.append(function)
            found = certified(function)
            if found in WEAK and (strict or found == POSITIVE):
                return [cleared_]
            if depth == 0 or self.nodes > _NODES:
                continue
            try:
                start = substitute_by_form(ring, function, {y: ring.number(0)})
            except BudgetError:
                raise
            except KernelError:
                continue
            at_end = certified(start)
            if at_end not in WEAK and not is_zero(start):
                continue
            slope = derive(ring, function, symbol_variable(DISTANCE))
            rest = self._from(slope, depth - 1, strict or at_end == POSITIVE)
            if rest is not None:
                return [cleared_, *rest]
        return None
