"""The judge's door to algebra: settle a statement in a setting. Untrusted; the kernels decide.

Order: true by definition; equal as it stands; a quick flux search; exact witnesses; the full flux search. "proved" is
returned only for a certificate that went through JSON data and was accepted by the kernel.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Union

from theory.kernel import clock
from theory.kernel.errors import BudgetError, KernelError, UnsupportedError
from theory.kernel.index.certificate import Link, Theorem, certificate, check, lowering_for, scope_of
from theory.kernel.index.lower import Lowering
from theory.kernel.witness.exact import find_witness
from theory.language.by_definition import holds_by_definition
from theory.language.definitions import minus, num, plus
from theory.language.instances import GAUSSIAN, MATRIX, MIXTURE, Law, Setting
from theory.language.statements import Chain, Iff, Rel, Statement
from theory.language.terms import Term
from theory.search.ansatz import Ansatz
from theory.search.closed import settle_closed
from theory.search.effort import Effort
from theory.search.equivalence import settle_equivalence
from theory.search.euler import has_no_flux
from theory.search.flux import find_fluxes
from theory.search.gaussian_label import in_vain
from theory.search.inequality import Inequality
from theory.search.lemmas import by_lemmas
from theory.search.linear import OutOfTimeError
from theory.search.matrices import settle_matrices
from theory.search.outcome import BY_DEFINITION, PROVED, REFUTED, UNDECIDED, UNSUPPORTED, Outcome


def settle(
    statement: Statement,
    setting: Setting,
    *,
    square: Term | None = None,
    budget_seconds: float = 20.0,
    thorough: bool = True,
    lemmas: Sequence[Mapping[str, Any]] = (),
) -> Outcome:
    """Settle ``statement`` for all of ``setting``; ``square`` is the non-negative form of an inequality's difference.

    ``lemmas`` are certificates of equations that a proof may use.
    Without ``thorough`` only the quick flux search and the exact witnesses are tried (milliseconds, not seconds).

    Never raises for a statement it cannot read: that is "unsupported", and a spent budget is "undecided".
    """
    if holds_by_definition(statement):
        said = "both sides say the same thing by definition"
        return Outcome(BY_DEFINITION, "", said, strategy="definitions")
    try:
        with clock.until(time.monotonic() + _GRACE * budget_seconds):
            outcome = _settle(statement, setting, square, budget_seconds, thorough, lemmas)
    except BudgetError as error:
        return Outcome(UNDECIDED, "", str(error))
    except RecursionError:
        return Outcome(UNSUPPORTED, "", "the term is nested too deeply")
    return outcome if outcome.strategy else replace(outcome, strategy=_named(outcome))


def _named(outcome: Outcome) -> str:
    """What settled a statement, where the search did not say."""
    if outcome.certificate is not None:
        return _BY_KIND.get(outcome.certificate["kind"], "")
    return _STRATEGIES["witness"] if outcome.witness is not None else ""


_GRACE = 1.25
"""The kernel's own work may take a little longer than the budget: a proof at the last moment is still checked."""
_BY_KIND = {
    "component": "rules of the component kernel", "matrix": "matrix words", "equivalence": "a common factor",
}  # fmt: skip


def _settle(
    statement: Statement, setting: Setting, square: Term | None, budget_seconds: float, thorough: bool,
    lemmas: Sequence[Mapping[str, Any]],
) -> Outcome:  # fmt: skip
    if isinstance(setting.law, Law):
        return _settle_closed(statement, setting, setting.law, square, budget_seconds, thorough)
    if setting.process == MATRIX:
        return settle_matrices(statement, setting, square=square, budget_seconds=budget_seconds)
    if isinstance(statement, Iff):
        try:
            return settle_equivalence(statement, setting, time.monotonic() + budget_seconds)
        except KernelError as error:
            return Outcome(UNSUPPORTED, "", str(error))
        except RecursionError:
            return Outcome(UNSUPPORTED, "", "the term is nested too deeply")
    if not isinstance(statement, (Rel, Chain)):
        return Outcome(UNSUPPORTED, "", f"the bracket kernel has no rule for {type(statement).__name__}")
    start = time.monotonic()
    outcome = _settle_brackets(statement, setting, square, budget_seconds, thorough, lemmas)
    if setting.law == GAUSSIAN and outcome.status in (UNDECIDED, UNSUPPORTED):
        left = max(0.0, start + budget_seconds - time.monotonic())
        words = settle_matrices(statement, setting, square=square, budget_seconds=left)
        return words if words.status in (PROVED, REFUTED) else outcome
    return outcome


def _settle_brackets(
    statement: Rel | Chain, setting: Setting, square: Term | None, budget: float, thorough: bool,
    lemmas: Sequence[Mapping[str, Any]],
) -> Outcome:  # fmt: skip
    search = _Search(setting, budget, thorough=thorough, lemmas=lemmas)
    try:
        return search.settle(statement, square)
    except UnsupportedError as error:
        return Outcome(UNSUPPORTED, "", str(error), effort=search.counts(), strategy=search.strategy)
    except (BudgetError, OutOfTimeError) as error:
        reason = str(error) or "the time budget is spent"
        return Outcome(UNDECIDED, "", reason, effort=search.counts(), strategy=search.strategy)
    except KernelError as error:
        return Outcome(UNDECIDED, "", str(error), effort=search.counts(), strategy=search.strategy)
    except RecursionError:
        return Outcome(UNSUPPORTED, "", "the term is nested too deeply", effort=search.counts())


def _settle_closed(
    statement: Statement, setting: Setting, law: Law, square: Term | None, budget: float, thorough: bool
) -> Outcome:
    """A quick proof for every finite mixture, which covers this law too; the component kernel; a longer such proof."""
    general = _for_every_mixture(statement, setting, law, square, min(budget, _QUICK_SECONDS), thorough=False)
    if general is not None:
        return general
    outcome = settle_closed(statement, setting, square=square, budget_seconds=budget)
    if outcome.status in (UNDECIDED, UNSUPPORTED) and thorough:
        general = _for_every_mixture(statement, setting, law, square, budget, thorough=True)
    return outcome if general is None else general


def _for_every_mixture(
    statement: Statement, setting: Setting, law: Law, square: Term | None, budget: float, *, thorough: bool
) -> Outcome | None:
    """A proof in the index kernel, or None."""
    if not isinstance(statement, (Rel, Chain)):
        return None
    search = _Search(replace(setting, law=MIXTURE, D=law.D), budget, witnesses=False, thorough=thorough)
    try:
        found = search.settle(statement, square)
    except (KernelError, OutOfTimeError, RecursionError):
        return None
    return found if found.status == PROVED else None


_QUICK_SECONDS = 0.5
_STRATEGIES = {
    "quick": "the statement as it stands, or fluxes of the first family", "parts": "integration by parts",
    "lemmas": "substitution of lemmas", "witness": "exact witnesses", "in_vain": "a Gaussian label",
    "pieces": "non-negative pieces",
    "ansatz": "fluxes from a growing ansatz", "wide": "fluxes of the wide families",
}  # fmt: skip
"""The strategies in their order, each a method of the search of its name."""
Strategy = Union[Link, tuple[str, dict[str, str]], None]


class _Search:
    """One statement's search: its lowering, its deadline and what it cost."""

    def __init__(
        self, setting: Setting, budget: float, witnesses: bool = True, thorough: bool = True,
        lemmas: Sequence[Mapping[str, Any]] = (),
    ) -> None:  # fmt: skip
        start = time.monotonic()
        self.setting, self.witnesses, self.thorough = setting, witnesses, thorough
        self.half_way, self.deadline = start + budget / 2, start + budget
        self.effort = Effort()
        self.strategies: list[str] = []
        self.lemmas = lemmas
        self.accepted: tuple[Theorem, dict[str, Any]] | None = None

    @property
    def strategy(self) -> str:
        """What ended the search, relation by relation."""
        return "; ".join(dict.fromkeys(self.strategies))

    def counts(self) -> dict[str, int]:
        """The effort as plain counts."""
        return self.effort.counts()

    def settle(self, statement: Rel | Chain, square: Term | None) -> Outcome:
        relations = statement.links if isinstance(statement, Chain) else (statement,)
        links: list[Link] = []
        missing = ""
        for number, relation in enumerate(relations, 1):
            where = f"link {number}: " if isinstance(statement, Chain) else ""
            found = self._relation(relation, square)
            if isinstance(found, Link):
                links.append(found)
            elif found[0] == REFUTED:
                values = found[1]
                detail = f"{where}refuted by an exact witness"
                return Outcome(REFUTED, "one instance", detail, (), None, values, self.counts(), self.strategy)
            else:
                missing = missing or where + found[1]["reason"]
        if missing:
            return Outcome(UNDECIDED, "", missing, effort=self.counts(), strategy=self.strategy)
        if isinstance(statement, Chain) or self.accepted is None:
            self.accepted = _replayed(certificate(statement, self.setting, tuple(links)))
        theorem, data = self.accepted
        said = "; ".join(theorem.steps)
        return Outcome(
            PROVED, theorem.scope, said, theorem.hypotheses, data, None, self.counts(), self.strategy
        )  # fmt: skip

    def _relation(self, relation: Rel, square: Term | None) -> Link | tuple[str, dict[str, str]]:
        """A link that the kernel accepts, or (status, witness or reason)."""
        lowering = lowering_for(self.setting)
        for strategy in _STRATEGIES:
            found = getattr(self, f"_{strategy}")(relation, square, lowering)
            if found is not None and (not isinstance(found, Link) or self._accepts(relation, found)):
                self.strategies.append(_STRATEGIES[strategy])
                return found  # type: ignore[no-any-return]
        return UNDECIDED, {"reason": self._tried()}

    def _accepts(self, relation: Rel, link: Link) -> bool:
        """Whether the kernel accepts the link as data; ``accepted`` keeps what it proved. Raises UnsupportedError."""
        try:
            self.accepted = _replayed(certificate(relation, self.setting, (link,)))
        except UnsupportedError:
            raise
        except KernelError:
            return False
        return True

    def _tried(self) -> str:
        """What a search that found nothing went through."""
        tried = f"{self.effort.families} families of fluxes (at most {self.effort.unknowns} unknowns)"
        return f"no certificate in {tried}, no witness in {self.effort.evaluations} evaluations"

    # -- strategies, in their order; each gives a link to try, an end of the search, or nothing -----------------------
    def _quick(self, relation: Rel, square: Term | None, lowering: Lowering) -> Strategy:
        """Equal as it stands, or by fluxes of the first family: proofs that read well."""
        try:
            return self._link(relation, square, lowering, quick=True)
        except OutOfTimeError:
            return None

    def _parts(self, relation: Rel, square: Term | None, lowering: Lowering) -> Strategy:
        """Integration by parts in the Gaussian noise, to a normal form."""
        if not lowering.channel.is_linear or relation.free or relation.relation in ("<", ">"):
            return None
        return Link(parts=True, square=square)

    def _lemmas(self, relation: Rel, square: Term | None, lowering: Lowering) -> Strategy:
        """Equations that are proved already, and their rates."""
        if not self.lemmas or relation.relation != "=":
            return None
        return by_lemmas(relation, self.lemmas, lowering, self.setting, self.half_way, self.effort)

    def _witness(self, relation: Rel, square: Term | None, lowering: Lowering) -> Strategy:
        """An exact member of the setting at which the sides differ."""
        if not self.witnesses:
            return None
        witness, tried = find_witness(relation, self.setting, lowering, self.deadline)
        self.effort.evaluations += tried
        return None if witness is None else (REFUTED, witness.values)

    def _in_vain(self, relation: Rel, square: Term | None, lowering: Lowering) -> Strategy:
        """No certificate can exist where the sides differ at a Gaussian label."""
        if not self.thorough:
            return UNDECIDED, {"reason": self._tried()}
        if relation.relation == "=" and not relation.free and not relation.lhs.rank and lowering.channel.is_linear:
            residual = lowering.element(relation.lhs) - lowering.element(relation.rhs)
            if in_vain(residual, lowering.channel.process, lowering.positive):
                return UNDECIDED, {"reason": "no certificate exists: it would hold for a Gaussian label too"}
        return None

    def _pieces(self, relation: Rel, square: Term | None, lowering: Lowering) -> Strategy:
        """The difference of an inequality as a sum of non-negative pieces."""
        if square is not None or relation.relation not in ("<=", ">="):
            return None
        return Inequality(relation, lowering, self.setting, self.deadline, self.effort).find()

    def _ansatz(self, relation: Rel, square: Term | None, lowering: Lowering) -> Strategy:
        """Fluxes from an ansatz that grows from the residual: for drifts that are not linear."""
        if lowering.channel.is_linear or relation.free:
            return None
        sides = self._sides(relation, square)
        if sides is None:
            return None
        indices = tuple(range(1, sides[0].rank + 1))
        residual = lowering.element(sides[0], indices) - lowering.element(sides[1], indices)
        if has_no_flux(residual, lowering):
            return UNDECIDED, {"reason": "no flux exists: the Euler operator of the difference does not vanish"}
        search = Ansatz(residual, sides[0].rank, lowering)
        fluxes = search.find(self.deadline, self.effort)
        return None if fluxes is None else Link(fluxes, square if relation.relation != "=" else None)

    def _wide(self, relation: Rel, square: Term | None, lowering: Lowering) -> Strategy:
        """Fluxes from the wide families: for averages over components that are written out."""
        return self._link(relation, square, lowering, quick=False)

    def _sides(self, relation: Rel, square: Term | None) -> tuple[Term, Term] | None:
        """The equation that a link has to prove: the relation, or the difference and its square."""
        left, right = relation.lhs, relation.rhs
        if relation.relation in ("<", ">"):
            return None
        if relation.relation == "=":
            return left, right
        if relation.relation == "<=":
            left, right = right, left
        return None if square is None else (plus(left, minus(right)) if right != num(0) else left, square)

    def _link(self, relation: Rel, square: Term | None, lowering: Lowering, quick: bool) -> Link | None:
        sides = self._sides(relation, square)
        if sides is None:
            return Link() if quick and relation.relation in ("<=", ">=") else None
        if quick and relation.free and relation.relation == "=":
            return Link()  # a field: there is nothing to integrate
        until = self.half_way if quick else self.deadline
        fluxes = find_fluxes(*sides, lowering, self.setting.D, until, self.effort, quick)
        if fluxes is None and quick and relation.free:
            fluxes = ()
        if fluxes is None:
            return None
        return Link(fluxes, square if relation.relation != "=" else None)


def _replayed(data: dict[str, Any]) -> tuple[Theorem, dict[str, Any]]:
    """The theorem of a certificate that has been through JSON text."""
    read = json.loads(json.dumps(data))
    return check(read), read


__all__ = ["Outcome", "scope_of", "settle"]
