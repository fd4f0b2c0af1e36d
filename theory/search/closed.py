"""Settles statements about concrete laws: finds certificates for the component kernel, and witnesses. Untrusted.

What it returns as proved has passed ``theory.kernel.component.certificate.check_steps``; what it returns as refuted
carries a rational point of the setting at which the kernel's exact or interval values decide the violation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from theory.kernel.component.certificate import Closed, ClosedTheorem, Step, certificate, check_steps, scope_of
from theory.kernel.component.model import Case, Model
from theory.kernel.component.premises import gap
from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.witness.component_cases import Witness, against, not_a_zero, other_count, too_many_zeros
from theory.language.instances import Setting
from theory.language.statements import Chain, Iff, Located, Rel, Statement
from theory.language.terms import Term
from theory.search.closed_inequalities import variables
from theory.search.closed_points import PLACES, points, scaled, statement_names
from theory.search.closed_polynomials import bad_places
from theory.search.closed_steps import natural_counts, steps_for
from theory.search.outcome import Outcome

_SETTLED = (Rel, Iff, Located, Chain)
_POINTS = 300


def settle_closed(
    statement: Statement,
    setting: Setting,
    *,
    hints: Any = None,
    square: Term | None = None,
    budget_seconds: float = 20.0,
) -> Outcome:
    """Prove or refute ``statement`` about the concrete law of ``setting``.

    ``hints`` change nothing: the search tries every rule that fits the statement's kind. ``square`` is a
    non-negative term that the difference of an inequality may equal. The outcome is "proved" (with its certificate),
    "refuted" (with a witness), "undecided" or "unsupported", the last two with the reason.
    """
    if not isinstance(statement, _SETTLED):
        return _outcome("unsupported", f"the component kernel settles no {type(statement).__name__}")
    deadline = time.monotonic() + budget_seconds
    try:
        model = Model.of(setting)
    except UnsupportedError as error:
        return _outcome("unsupported", str(error))
    except KernelError as error:
        return _outcome("undecided", str(error))
    model.ring.deadline = deadline
    search = _Search(model, setting, square, deadline)
    return search.settle(statement)


def _outcome(status: str, detail: str, **more: Any) -> Outcome:
    return Outcome(status=status, scope=more.pop("scope", ""), detail=detail, **more)


class _Search:
    """One statement at a time against one model; stops between points when the time is over."""

    def __init__(self, model: Model, setting: Setting, square: Term | None, deadline: float) -> None:
        self.model, self.setting, self.square, self.deadline = model, setting, square, deadline
        self.tried = 0

    def settle(self, statement: Closed) -> Outcome:
        links = statement.links if isinstance(statement, Chain) else (statement,)
        steps: list[Step] = []
        for number, link in enumerate(links, 1):
            where = f"link {number}: " if isinstance(statement, Chain) else ""
            witness = self._refute(link, 1) if isinstance(link, Rel) else None  # one point is cheaper than a proof
            step, reason = (None, "") if witness else self._prove(link)
            if step is not None:
                steps.append(step)
                continue
            witness = witness or self._refute(link, _POINTS)
            if witness is not None:
                return self._result("refuted", where + "fails at a rational point", witness=witness.data())
            return self._result("undecided", where + reason)
        theorem = check_steps(self.model, statement, self.setting, tuple(steps))
        return self._result(
            "proved", "; ".join(theorem.steps), hypotheses=theorem.hypotheses,
            certificate=certificate(statement, self.setting, tuple(steps)),
        )  # fmt: skip

    def _result(self, status: str, detail: str, **more: Any) -> Outcome:
        effort = {"points": self.tried}
        return _outcome(status, detail, scope=scope_of(self.setting), effort=effort, **more)

    def _prove(self, statement: Rel | Iff | Located) -> tuple[Step | None, str]:
        reason = "no rule of the component kernel fits"
        try:
            for step in steps_for(self.model, statement, self.square):
                try:
                    self._check(statement, step)
                except KernelError as error:
                    reason = str(error)
                else:
                    return step, ""
        except KernelError as error:
            reason = str(error)
        return None, reason

    def _check(self, statement: Rel | Iff | Located, step: Step) -> ClosedTheorem:
        return check_steps(self.model, statement, self.setting, (step,))

    def _refute(self, statement: Rel | Iff | Located, limit: int) -> Witness | None:
        try:
            found = self._located(statement) if isinstance(statement, Located) else self._pointwise(statement, limit)
            return next(found, None)
        except KernelError:  # a side that cannot be lowered has no values to look at
            return None

    def _over(self) -> bool:
        self.tried += 1
        return time.monotonic() > self.deadline

    def _pointwise(self, statement: Rel | Iff, limit: int) -> Iterator[Witness]:
        relations = (statement,) if isinstance(statement, Rel) else (statement.left, statement.right)
        free = frozenset().union(*(r.free for r in relations))
        for case in self.model.cases(free):
            names = statement_names(self.model, relations, case)
            if limit > 1 and isinstance(statement, Rel) and statement.relation != "=":
                yield from self._along_variables(statement, case, names)
            for point in points(self.model, names, limit):
                if self._over():
                    return
                yield from _ignoring(partial(against, self.model, statement, case, point))

    def _along_variables(self, statement: Rel, case: Case, names: frozenset[str]) -> Iterator[Witness]:
        """One variable at a time, the others at their usual values: where its polynomial fails, then at all sizes."""
        value = self.model.scalar(gap(statement)[0], case)
        found = variables(self.model, value)
        usual = next(points(self.model, names, 1))
        places = [*bad_places(self.model, statement, value, found)]
        for term in found[:4]:
            name = "x1" if term.op == "coord" else str(term.data)
            places += [{name: place} for place in scaled(self.model, name)]
        for place in places:
            if self._over():
                return
            yield from _ignoring(partial(against, self.model, statement, case, usual | place))

    def _located(self, statement: Located) -> Iterator[Witness]:
        proved = []
        for natural in natural_counts(self.model, statement):
            step, _ = self._prove(natural)
            if step is not None:
                proved.append(self._check(natural, step))
        conditions = [] if statement.when is None else [statement.when]
        names = statement_names(self.model, conditions, term=statement.what.term)
        for point in points(self.model, names - {"x1", str(statement.what.variable.data)}, _POINTS):
            if self._over():
                return
            yield from _ignoring(partial(not_a_zero, self.model, statement, point))
            for theorem in proved:
                yield from _ignoring(partial(other_count, self.model, statement, theorem, point))
            if self.tried <= 40:
                yield from _ignoring(partial(too_many_zeros, self.model, statement, point, PLACES))


def _ignoring(look: Callable[[], Witness | None]) -> Iterator[Witness]:
    """What ``look`` finds; a point where a value cannot be enclosed is no witness."""
    try:
        found = look()
    except KernelError:
        return
    if found is not None:
        yield found
