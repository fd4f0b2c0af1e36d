"""What the search for proofs and witnesses found. Inert data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from theory.kernel.index.hypotheses import Hypothesis

PROVED, BY_DEFINITION, REFUTED = "proved", "by-definition", "refuted"
UNDECIDED, UNSUPPORTED = "undecided", "unsupported"


@dataclass(frozen=True)
class Outcome:
    """What algebra says. ``witness`` is there exactly when refuted, ``certificate`` exactly when proved.

    ``strategy`` says what settled it, ``effort`` what the search cost.
    """

    status: str
    scope: str = ""
    detail: str = ""
    hypotheses: tuple[Hypothesis, ...] = ()
    certificate: dict[str, Any] | None = None
    witness: dict[str, str] | None = None
    effort: dict[str, int] = field(default_factory=dict)
    strategy: str = ""
