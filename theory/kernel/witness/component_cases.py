"""Witnesses against statements about concrete laws: rational points, evaluated exactly or in intervals. Trusted.

A witness refutes only if the point lies in the setting and the values decide the violation strictly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from theory.kernel.component.certificate import ClosedTheorem
from theory.kernel.component.model import Case, Model
from theory.kernel.component.premises import gap, rational, single, variable_of
from theory.kernel.component.tensors import flat
from theory.kernel.errors import UnsupportedError
from theory.kernel.witness.component_values import evaluate, name_of
from theory.kernel.witness.intervals import Interval
from theory.language.instances import is_psd
from theory.language.statements import Iff, Located, Rel
from theory.language.terms import Term, X, as_term, make

Values = Mapping[str, Fraction]


@dataclass(frozen=True)
class Witness:
    """A point (by names), the free latent variables there, and what was found; ``count`` are alternations of sign."""

    point: tuple[tuple[str, Fraction], ...]
    case: Case
    found: tuple[tuple[str, str], ...]

    def data(self) -> dict[str, str]:
        """As plain text, for a report."""
        shown = {name: str(value) for name, value in self.point}
        if self.case.X0 is not None:
            shown["X0"] = f"atom {self.case.X0 + 1}"
        if self.case.Z is not None:
            shown["Z"] = str(self.case.Z + 1)
        return shown | dict(self.found)


def in_setting(model: Model, point: Values) -> bool:
    """Whether the symbols and schedule values of ``point`` lie in the setting, and make its law a law."""
    for name, sign in model.ring.signs.items():
        value = point.get(name)
        if value is not None and (value < 0 or (value == 0 and sign == "positive")):
            return False
    if any(point.get(name, Fraction(1)) <= 0 for name in ("alpha", "sigma", "g2")):
        return False
    if model.ring.process == "vp" and point.get("sigma", Fraction(0)) >= 1:
        return False
    if model.law.is_numeric:
        return True
    weights = [evaluate(model.scalar(as_term(c.weight)), point) for c in model.law.components]
    if any(not w.is_point or w.lo <= 0 for w in weights) or sum(w.lo for w in weights) != 1:
        return False
    for cov in model.covs:
        rows = [[evaluate(v, point) for v in row] for row in cov]
        if any(not v.is_point for row in rows for v in row) or not is_psd(tuple(tuple(v.lo for v in r) for r in rows)):
            return False
    return True


def _value(model: Model, term: Term, case: Case, point: Values) -> Interval:
    return evaluate(model.scalar(term, case), point)


def holds(model: Model, relation: Rel, case: Case, point: Values) -> bool | None:
    """Whether the relation holds at the point; None if the intervals do not decide it."""
    if relation.relation == "=":
        sides = (flat(model.lower(side, case)) for side in (relation.lhs, relation.rhs))
        signs = [evaluate(u - v, point).sign() for u, v in zip(*sides, strict=True)]
        if any(s not in (0, None) for s in signs):
            return False
        return None if None in signs else True
    term, strict = gap(relation)
    value = _value(model, term, case, point)
    if value.lo > 0 or (not strict and value.lo >= 0):
        return True
    if value.hi < 0 or (strict and value.hi <= 0):
        return False
    return None


def against(model: Model, statement: Rel | Iff, case: Case, point: Values) -> Witness | None:
    """A witness if the statement fails at ``point``. Raises KernelError where a value cannot be enclosed."""
    if not in_setting(model, point):
        return None
    if isinstance(statement, Rel):
        if holds(model, statement, case, point) is not False:
            return None
        sides = {"lhs": statement.lhs, "rhs": statement.rhs}
    else:
        truths = [holds(model, side, case, point) for side in (statement.left, statement.right)]
        if None in truths or truths[0] == truths[1]:
            return None
        sides = {"left side": gap_or_difference(statement.left), "right side": gap_or_difference(statement.right)}
    found = []
    for name, term in sides.items():
        values = [evaluate(e, point) for e in flat(model.lower(term, case))]
        found.append((name, ", ".join(str(v) for v in values)))
    return Witness(tuple(sorted(point.items())), case, tuple(found))


def gap_or_difference(relation: Rel) -> Term:
    """The term whose sign decides the relation."""
    return make("sub", (relation.lhs, relation.rhs)) if relation.relation == "=" else gap(relation)[0]


def too_many_zeros(model: Model, statement: Located, point: Values, places: tuple[Fraction, ...]) -> Witness | None:
    """A witness that there are more zeros than ``count``: more alternations of sign along increasing ``places``."""
    what = statement.what
    if what.kind != "zeros" or what.variable != make("x") or model.D != 1 or what.term.free - {X}:
        raise UnsupportedError("only zeros in x in one dimension are counted")
    if statement.count is None or statement.within is not None or list(places) != sorted(places):
        return None
    case = Case()
    if not in_setting(model, point) or (
        statement.when is not None and holds(model, statement.when, case, point) is not True
    ):
        return None
    (field,) = flat(model.lower(what.term))
    shown: list[str] = []
    signs: list[int] = []
    for place in places:
        value = evaluate(field, {**point, "x1": place})
        sign = value.sign()
        if sign is not None and sign and (not signs or sign != signs[-1]):
            signs.append(sign)
            shown.append(f"{place}: {value}")
    if len(signs) - 1 <= statement.count:
        return None
    return Witness(tuple(sorted(point.items())), case, (("sign changes", "; ".join(shown)),))


def not_a_zero(model: Model, statement: Located, point: Values) -> Witness | None:
    """A witness that the function does not vanish at the stated place, a constant."""
    what, at = statement.what, statement.at
    if what.kind != "zeros" or not isinstance(at, Term) or not in_setting(model, point):
        return None
    if statement.when is not None and holds(model, statement.when, Case(), point) is not True:
        return None
    variable = variable_of(model, what.variable)
    there = {**point, name_of(model.ring.gens[variable.index]): rational(single(model, at))}
    if not in_setting(model, there):
        return None
    found = evaluate(single(model, what.term), there)
    if found.sign() in (0, None):
        return None
    return Witness(tuple(sorted(there.items())), Case(), (("value", str(found)),))


def other_count(model: Model, statement: Located, theorem: ClosedTheorem, point: Values) -> Witness | None:
    """A witness from a theorem that counts the same zeros, and whose condition holds at ``point`` as well."""
    proved = theorem.statement
    if not isinstance(proved, Located):
        return None
    if proved.what != statement.what or statement.count is None or proved.count in (None, statement.count):
        return None
    if proved.within != statement.within or not in_setting(model, point):
        return None
    for relation in (statement.when, proved.when):
        if relation is not None and holds(model, relation, Case(), point) is not True:
            return None
    return Witness(tuple(sorted(point.items())), Case(), (("zeros", str(proved.count)),))
