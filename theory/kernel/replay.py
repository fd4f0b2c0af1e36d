"""One door for certificates of every kind, and the command ``python -m theory.kernel CERT.json``. Trusted."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from theory.kernel import definition
from theory.kernel.component import certificate as component_certificate
from theory.kernel.document import AnyTheorem, check_document, is_document, is_name, scope_of
from theory.kernel.errors import KernelError
from theory.kernel.index import certificate, equivalence
from theory.kernel.index.hypotheses import ASSUMED
from theory.kernel.words import certificate as words
from theory.language.instances import Law
from theory.language.statements import Located, statement_data
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
        said = f"of kind {kind[:40]!r}" if isinstance(kind, str) else "without a kind"
        raise KernelError(f"no kernel reads certificates {said}; known: {', '.join(_KERNELS)}")
    theorem = _KERNELS[kind](data)
    law = law_of(theorem)
    if law is not None and law.name and not is_name(law.name):
        raise KernelError("the setting: the name of the law is not one line of plain characters")
    return theorem


def check_all(data: Any) -> list[tuple[str, AnyTheorem]]:
    """The theorems of a document, or the one of a bare certificate (without a name). Raises KernelError."""
    return check_document(data, check) if is_document(data) else [("", check(data))]


def read(path: Path) -> str:
    """The text of a certificate file. Raises OSError, or KernelError if it is no text or too long."""
    with path.open("rb") as stream:
        data = stream.read(SIZE_LIMIT + 1)
    if len(data) > SIZE_LIMIT:
        raise KernelError(f"the certificate is longer than {SIZE_LIMIT} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise KernelError(f"not JSON: no text in UTF-8 ({error.reason} at byte {error.start})") from error


def load(text: str) -> Any:
    """Certificate data from JSON text. Raises KernelError with the place."""
    if len(text) > SIZE_LIMIT:
        raise KernelError(f"the certificate is longer than {SIZE_LIMIT} characters")
    if not text.strip():
        raise KernelError("not JSON: the certificate is empty")
    try:
        return json.loads(text, object_pairs_hook=_fields, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise KernelError(f"not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    except RecursionError:
        raise KernelError("the certificate is nested too deeply") from None
    except KernelError:
        raise
    except ValueError as error:  # an integer with too many digits
        raise KernelError(f"not JSON: {error}") from error


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose fields occur once each: a reader and the kernel must not see different ones."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise KernelError("not JSON: a field occurs twice in one object")
    return found


def _constant(name: str) -> Any:
    raise KernelError(f"not JSON: {name} is no number")


def law_of(theorem: AnyTheorem) -> Law | None:
    """The concrete law that a theorem is about, if it is about one."""
    law = getattr(getattr(theorem, "setting", None), "law", None)
    return law if isinstance(law, Law) else None


def report(theorem: AnyTheorem) -> str:
    """The theorem in plain words: statement (operators as they are named), scope, hypotheses, steps."""
    lines = [f"statement: {_words(theorem.statement)}", f"holds for: {scope_of(theorem)}"]
    law = law_of(theorem)
    if law is not None:
        lines.append(f"    where: {law.name or 'this law'} = {_law(law)}")
    for h in theorem.hypotheses:
        lines.append(f"  {'assumes' if h.status == ASSUMED else '  shown'}: {h.name}: {h.text}" + because(h.by))
    lines += [f"{f'step {n}':>9}: {step}" for n, step in enumerate(theorem.steps, 1)]
    return "\n".join(lines)


def because(by: str) -> str:
    """By what a hypothesis is discharged, in brackets; nothing if it is assumed."""
    return f" ({by})" if by else ""


def _law(law: Law) -> str:
    return " + ".join(f"{c.weight!s} N({_row(c.mean)}; {', '.join(map(_row, c.cov))})" for c in law.components)


def _row(row: tuple[Any, ...]) -> str:
    return f"({', '.join(map(str, row))})"


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
    if isinstance(value, Located):
        parts = [
            ("count", value.count),
            ("at", value.at),
            ("within", value.within and " to ".join(map(str, value.within))),
        ]
        said = [
            f"{name} {_words(v) if isinstance(v, Term) else getattr(v, 'text', v)}"
            for name, v in parts
            if v is not None
        ]
        when = f", if {_words(value.when)}" if value.when is not None else ""
        return f"{value.what.kind} of {value.what.term!r} in {value.what.variable!r}: {', '.join(said)}{when}"
    return json.dumps(statement_data(value))


def main(arguments: list[str]) -> int:
    """0: accepted and printed. 1: refused, with the step. 2: the file cannot be read."""
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(USAGE, file=sys.stderr)
        return 2
    try:
        theorems = check_all(load(read(Path(arguments[0]))))
    except OSError as error:
        print(f"cannot read {arguments[0]}: {error.strerror}", file=sys.stderr)
        return 2
    except KernelError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    text = "\n\n".join((f"  theorem: {name}\n" if name else "") + report(theorem) for name, theorem in theorems)
    encoding = sys.stdout.encoding or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
