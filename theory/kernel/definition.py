"""Certificates of statements that hold by definition. Trusted; standard library only.

    both sides agree after unfolding, logarithms of products, linearity and commutative arithmetic
    ----------------------------------------------------------------------------------------------
    A = B

The certificate is the statement itself: ``{"version": 1, "kind": "definition", "statement": ..}``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Union

from theory.kernel.errors import KernelError
from theory.kernel.index.hypotheses import Hypothesis
from theory.language.by_definition import holds_by_definition
from theory.language.serial import statement_from_data
from theory.language.statements import Chain, Rel, statement_data
from theory.language.terms import TermError

VERSION, KIND = 1, "definition"


@dataclass(frozen=True)
class DefinitionTheorem:
    """An equation (or a chain of them) whose sides say the same thing."""

    statement: Union[Rel, Chain]
    scope: str = "every law and process for which both sides are defined"
    hypotheses: tuple[Hypothesis, ...] = ()
    steps: tuple[str, ...] = ("both sides say the same thing by definition",)


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
    return DefinitionTheorem(statement)
