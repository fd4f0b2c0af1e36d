"""Evidence: what one judge or campaign says about one statement. Inert data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What sort of evidence; the names of ``--evidence``."""

    PROOF = "proof"
    ENCLOSURE = "enclosure"
    SIMULATION = "simulation"
    PROPERTY = "property"
    MUTANTS = "mutants"


class Route(StrEnum):
    """By which independent means; a verdict wants two."""

    ALGEBRA = "algebra"
    BALLS = "balls"
    FLOATS = "floats"
    PATHS = "paths"


class Outcome(StrEnum):
    """PROVED, ENCLOSED and CONSISTENT support; REFUTED comes with a witness; UNDECIDED with a reason."""

    PROVED = "PROVED"
    ENCLOSED = "ENCLOSED"
    CONSISTENT = "CONSISTENT"
    REFUTED = "REFUTED"
    UNDECIDED = "UNDECIDED"
    NOT_APPLICABLE = "NOT_APPLICABLE"

    @property
    def supports(self) -> bool:
        """Whether this outcome speaks for the statement."""
        return self in (Outcome.PROVED, Outcome.ENCLOSED, Outcome.CONSISTENT)

    @property
    def accepts(self) -> bool:
        """Whether this outcome is a rigorous acceptance, which no refutation may contradict."""
        return self in (Outcome.PROVED, Outcome.ENCLOSED)


@dataclass(frozen=True)
class Hypothesis:
    """A named hypothesis of a proof: ``status`` is "assumed" or "discharged", ``by`` says by what."""

    name: str
    status: str
    by: str


@dataclass(frozen=True)
class Evidence:
    """One judge's word on one statement. ``figures`` hold exact decimal strings and counts, never times.

    ``conflict``: the judge contradicts itself (two stable values at more digits lie outside its ball).
    """

    kind: Kind
    route: Route
    statement: str
    outcome: Outcome
    scope: str = ""
    detail: str = ""
    figures: Mapping[str, str] = field(default_factory=dict)
    hypotheses: tuple[Hypothesis, ...] = ()
    by_definition: bool = False
    conflict: bool = False
    seconds: float = 0.0
    reused: bool = False

    def to_json(self) -> dict[str, Any]:
        """The record of ``verify --json``."""
        return {
            "kind": self.kind.value, "route": self.route.value, "statement": self.statement,
            "outcome": self.outcome.value, "scope": self.scope, "detail": self.detail,
            "figures": dict(sorted(self.figures.items())), "seconds": round(self.seconds, 3), "reused": self.reused,
        }  # fmt: skip


@dataclass(frozen=True)
class MutantResult:
    """What the judges said of one mutant.

    ``status`` is "refuted", "equivalent" or "survived"; ``by`` lists the kinds of evidence that refuted it.
    """

    name: str
    of: str
    text: str
    status: str
    by: tuple[str, ...] = ()
    witness: str = ""
    accepted_by: tuple[str, ...] = ()
    authored: bool = True
