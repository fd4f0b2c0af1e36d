"""One door for certificates of every kind, and the command ``python -m theory.kernel CERT.json``. Trusted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from theory.kernel import definition
from theory.kernel.component import certificate as component_certificate
from theory.kernel.document import AnyTheorem, check_document, is_document
from theory.kernel.errors import KernelError
from theory.kernel.index import certificate, equivalence
from theory.kernel.words import certificate as words
from theory.language.statements import statement_data
from theory.language.terms import Term

SIZE_LIMIT = 4_000_000
USAGE = "usage: python -m theory.kernel CERT.json"
_KERNELS: dict[str, Callable[[Any], AnyTheorem]] = {
    certificate.KIND: certificate.check, component_certificate.KIND: component_certificate.check,
    equivalence.KIND: equivalence.check, words.KIND: words.check, definition.KIND: definition.check,
}  # fmt: skip


def check(data: Any) -> AnyTheorem:
    """The theorem that a certificate of any kind proves. Raises KernelError naming the step that is refused."""
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in _KERNELS:
        raise KernelError(f"no kernel reads certificates of kind {kind!r}")
    return _KERNELS[kind](data)


def check_all(data: Any) -> list[tuple[str, AnyTheorem]]:
    """The theorems of a document, or the one of a bare certificate (without a name). Raises KernelError."""
    return check_document(data, check) if is_document(data) else [("", check(data))]


def load(text: str) -> Any:
    """Certificate data from JSON text. Raises KernelError with the place."""
    if len(text) > SIZE_LIMIT:
        raise KernelError(f"the certificate is longer than {SIZE_LIMIT} characters")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise KernelError(f"not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    except RecursionError:
        raise KernelError("the certificate is nested too deeply") from None
    except ValueError as error:  # an integer with too many digits
        raise KernelError(f"not JSON: {error}") from error


def report(theorem: AnyTheorem) -> str:
    """The theorem in plain words: statement (operators as they are named), scope, hypotheses, steps."""
    lines = [f"statement: {_words(theorem.statement)}", f"holds for: {theorem.scope}"]
    for h in theorem.hypotheses:
        by = f" by {h.by}" if h.by else ""
        lines.append(f"hypothesis: {h.name}: {h.text} [{h.status}{by}]")
    lines += [f"step {n}: {step}" for n, step in enumerate(theorem.steps, 1)]
    return "\n".join(lines)


def _words(value: Any) -> str:
    if isinstance(value, Term):
        return repr(value)
    relation = getattr(value, "relation", None)
    if relation is not None:
        return f"{value.lhs!r} {relation} {value.rhs!r}"
    links = getattr(value, "links", None)
    if links is not None:
        return " and ".join(map(_words, links))
    sides = getattr(value, "left", None), getattr(value, "right", None)
    if None not in sides:
        return " if and only if ".join(map(_words, sides))
    return json.dumps(statement_data(value))


def main(arguments: list[str]) -> int:
    """0: accepted and printed. 1: refused, with the step. 2: the file cannot be read."""
    if len(arguments) != 1:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        text = Path(arguments[0]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        print(f"cannot read {arguments[0]}: {error}", file=sys.stderr)
        return 2
    try:
        theorems = check_all(load(text))
    except KernelError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    print("\n\n".join((f"theorem: {name}\n" if name else "") + report(theorem) for name, theorem in theorems))
    return 0
