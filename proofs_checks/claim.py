"""A claim: id, title, source, setting, named statements, squares for inequalities, a path form and mutants.

No claim brings code of its own for any judge; it is data that every judge reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from numerics.path_forms import NotApplicable, PathForm
from theory.language.instances import (
    DIFFUSION,
    DISCRETE,
    GAUSSIAN,
    LINEAR,
    MATRIX,
    STANDING,
    VE,
    VP,
    Germ,
    Instance,
    Law,
    Setting,
)
from theory.language.statements import Rel, Statement, digest
from theory.language.terms import Term


class ClaimError(ValueError):
    """A claim that is not well formed. The message names the claim and the part."""


@dataclass(frozen=True)
class Source:
    """Where a claim was found: an arXiv number or a reference, and the place in it."""

    reference: str
    place: str = ""

    def __str__(self) -> str:
        name = f"arXiv {self.reference}" if self.reference[:1].isdigit() else self.reference
        return f"{name}, {self.place}" if self.place else name


def cite(reference: str, place: str = "") -> Source:
    """A source; a leading digit means an arXiv number."""
    return Source(reference, place)


@dataclass(frozen=True)
class Mutant:
    """A near-miss false version of the statement called ``of``; it must be refuted."""

    name: str
    of: str
    statement: Statement
    authored: bool = True


LETTERS = "ABCDEFGH"
_F = Fraction
_GIVE = "give instances=(Instance(law, germ), ..)"
STANDING_GERMS = {
    VE: Germ(_F(1), _F(4, 5), (_F(0), _F(0)), (_F(9, 10), _F(-1, 3))),
    VP: Germ(_F(3, 5), _F(4, 5), (_F(-9, 20), _F(1, 6)), (_F(9, 10), _F(-1, 3))),
}
"""The standing germ with what the class fixes: alpha = 1 and a = 0, or a = -g^2/2 (alpha, sigma are on the circle)."""
GENERIC = (_F(7, 5), _F(5, 8), _F(9, 4))
"""Values of the symbols of a setting at the standing instances: neither 0 nor 1."""


@dataclass(frozen=True)
class Claim:
    """One claim of the catalogue. Build it with :func:`proofs_checks.registry.claim`, which also registers it.

    ``squares`` gives, for an inequality, the non-negative term that its two sides differ by. ``single_route`` names
    statements for which only one route exists, with the reason. Of several path forms (``paths``) each statement is
    read by the first that can. ``correction`` says, for folklore (expected to be refuted), what holds instead.
    ``needs`` lists the claims that the proof rests on.
    """

    id: str
    title: str
    source: Source
    setting: Setting
    statements: Mapping[str, Statement]
    group: str
    chapter: str
    paths: tuple[PathForm, ...]
    mutants: tuple[Mutant, ...] = ()
    proof: NotApplicable | None = None
    squares: Mapping[str, Term] = field(default_factory=dict)
    single_route: Mapping[str, str] = field(default_factory=dict)
    instances: tuple[Instance, ...] = ()
    needs: tuple[str, ...] = ()
    expected: str = "verified"
    correction: str = ""

    def __post_init__(self) -> None:
        if self.group not in LETTERS:
            raise ClaimError(f"{self.id}: the group must be one of {LETTERS}")
        if not self.statements:
            raise ClaimError(f"{self.id}: a claim needs at least one statement")
        if self.expected not in ("verified", "refuted"):
            raise ClaimError(f"{self.id}: expected is 'verified' or 'refuted'")
        if self.expected == "refuted" and not self.correction:
            raise ClaimError(f"{self.id}: folklore must say what holds instead (correction)")
        for name in (*self.squares, *self.single_route, *(m.of for m in self.mutants)):
            if name not in self.statements:
                raise ClaimError(f"{self.id}: there is no statement {name!r}")

    @property
    def simulated(self) -> bool:
        """Whether any path form is stated."""
        return not all(isinstance(form, NotApplicable) for form in self.paths)

    @property
    def not_simulated_because(self) -> str:
        """The reasons why path forms do not apply; "" if all do."""
        return "; ".join(form.reason for form in self.paths if isinstance(form, NotApplicable))

    @property
    def is_folklore(self) -> bool:
        """Expected to be refuted."""
        return self.expected == "refuted"

    @property
    def digest(self) -> str:
        """Changes when the setting or any statement changes."""
        return digest((self.setting, tuple(self.statements), tuple(self.statements.values())))

    @property
    def beyond(self) -> str:
        """The class of processes if numbers, which are taken along linear ones, reach it only in part; else ""."""
        return self.setting.process.text if self.setting.process in (DIFFUSION, MATRIX) else ""

    def judged_at(self) -> tuple[Instance, ...]:
        """The instances at which balls judge the claim: its own, or the standing ones that its setting admits."""
        if self.instances:
            return self.instances
        law = self.setting.law
        if isinstance(law, Law):
            raise ClaimError(f"{self.id}: a claim about one law needs instances of its own: {_GIVE}")
        if law == GAUSSIAN:
            raise ClaimError(f"{self.id}: a claim about Gaussian laws needs instances of its own: {_GIVE}")
        symbols = (*self.setting.positive, *self.setting.nonnegative)
        values = tuple((str(t.data), GENERIC[number % len(GENERIC)]) for number, t in enumerate(symbols))
        germ = STANDING_GERMS.get(self.setting.process) if self.setting.process != LINEAR else None
        admitted = (i for i in STANDING if law != DISCRETE or i.law.is_discrete)
        return tuple(
            replace(i, germ=germ or i.germ, symbols=values) for i in admitted if self.setting.D in (None, i.law.D)
        )


def original_of(statement: Statement, statements: Mapping[str, Statement]) -> str:
    """The statement that an authored mutant mutates: the first with the same kind and left side, else of its kind."""
    same_kind = [name for name, s in statements.items() if type(s) is type(statement)]
    if isinstance(statement, Rel):
        for name in same_kind:
            original = statements[name]
            if isinstance(original, Rel) and original.lhs == statement.lhs and original.relation == statement.relation:
                return name
    return same_kind[0] if same_kind else next(iter(statements))
