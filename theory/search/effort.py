"""What a search has cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Effort:
    """Counts of one search: the largest linear system, the families of fluxes, the places of evaluation."""

    unknowns: int = 0
    equations: int = 0
    families: int = 0
    evaluations: int = 0

    def counts(self) -> dict[str, int]:
        """As plain data."""
        return dict(vars(self))
