"""The proof of a statement, line by line, if there is one to write down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proofs_checks.claim import Claim


@dataclass(frozen=True)
class Line:
    """One line of a derivation and what justifies it."""

    maths: str
    latex: str
    why: str


def derivation(claim: Claim, name: str) -> tuple[Line, ...]:
    """The lines for the statement called ``name``; none if its proof is not one that is written line by line."""
    try:
        from proofs_checks.derivations import derivation_of
    except ImportError:
        return ()
    return tuple(Line(step.math_text, step.math_latex, step.why) for step in derivation_of(claim, name))
