"""What ``derive`` returns and what it raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from theory.closed_forms.formula import Formula
from theory.language.terms import Term

CLOSED, INTEGRAND = "closed form", "exact integrand"


class NoClosedFormError(ValueError):
    """A quantity that does not exist for this law, or cannot be certified. The message says why, and the remedy."""


class FormulaError(RuntimeError):
    """A derived formula that the kernel does not confirm: an error of this program, never of the user."""


@dataclass(frozen=True)
class ClosedForm:
    """A derived formula and how it was checked.

    ``sympy``: an expression, or an immutable matrix (D, 1) or (D, D); integrals are unevaluated ``sympy.Integral``.
    ``term``: the formula in the statement language (in the coordinates of x), None for vectors and matrices from two
    dimensions on and for integrals. ``kind``: "closed form" or "exact integrand". Entropies are in nats, rates per
    unit of t. ``checked``: what the kernel compared, exactly.
    """

    quantity: str
    law: Any
    process: str
    kind: str
    sympy: Any
    term: Term | None
    formula: Formula
    checked: str

    @property
    def text(self) -> str:
        """The formula and its pieces as plain text."""
        return self.formula.text()

    def latex(self) -> str:
        """The formula and its pieces as LaTeX, for a mathematics environment."""
        return self.formula.latex()
