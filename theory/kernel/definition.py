"""Certificates of statements that hold by definition. Trusted; standard library only.

    both sides agree after unfolding, logarithms of products, linearity and commutative arithmetic,
    and divide only by what is positive by its form, or by the rate of a clock
    ------------------------------------------------------------------------------------------------
    A = B

The certificate is the statement itself: ``{"version": 1, "kind": "definition", "statement": ..}``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Union

from theory.kernel.errors import KernelError
from theory.kernel.index.hypotheses import Hypothesis
from theory.kernel.index.nonneg import is_positive
from theory.language.by_definition import holds_by_definition
from theory.language.definitions import CLOCK_TERM, dt, unfold
from theory.language.serial import statement_from_data
from theory.language.statements import Chain, Rel, statement_data
from theory.language.terms import Term, TermError, walk

VERSION, KIND = 1, "definition"


@dataclass(frozen=True)
class DefinitionTheorem:
    """An equation (or a chain of them) whose sides say the same thing."""

    statement: Union[Rel, Chain]
    scope: str = "every law and process for which both sides are defined"
    hypotheses: tuple[Hypothesis, ...] = ()
    steps: tuple[str, ...] = ("both sides say the same thing by definition",)


_CLOCK_RATES = frozenset(unfold(dt(clock)) for clock in CLOCK_TERM.values())


def _is_safe(base: Term) -> bool:
    return is_positive(base, frozenset()) or base in _CLOCK_RATES


def certificate(statement: Rel | Chain) -> dict[str, Any]:
    """The certificate as inert data."""
    return {"version": VERSION, "kind": KIND, "statement": statement_data(statement)}


def check(data: Any) -> DefinitionTheorem:
    """The theorem that a certificate proves. Raises KernelError naming what is refused."""
    if not isinstance(data, dict) or set(data) != {"version", "kind", "statement"}:
        raise KernelError("not a certificate: expected the fields kind, statement, version")
    if type(data["version"]) is not int or data["version"] != VERSION or data["kind"] != KIND:
        raise KernelError(f"not a certificate of kind {KIND!r}, version {VERSION}")
    try:
        statement = statement_from_data(data["statement"])
    except TermError as error:
        raise KernelError(f"the certificate does not parse: {error}") from error
    except RecursionError:
        raise KernelError("the certificate is nested too deeply") from None
    if not holds_by_definition(statement):
        raise KernelError("the sides do not agree by definition")
    for relation in statement.links if isinstance(statement, Chain) else (statement,):
        for node in (n for side in (relation.lhs, relation.rhs) for n in walk(unfold(side))):
            if node.op == "pow" and Fraction(str(node.data)) < 0 and not _is_safe(node.args[0]):
                raise KernelError("a side divides by something that may vanish: it may not be defined")
    return DefinitionTheorem(statement)
