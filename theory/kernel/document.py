"""A document of certificates: the theorems of one claim, each with what its author says it proves. Trusted.

    {"format": "infodyn-certificate", "version": 2, "claim": name,
     "theorems": [{"name": .., "certificate": {..}, "scope": .., "hypotheses": [..], "steps": [..]}, ..],
     "checksum": SHA-256 of everything else, as canonical JSON}

The kernel proves each theorem again from its certificate. What the document says beside that (for what it holds, under
which hypotheses, by which steps) must be what the proof says, so that nobody is told less than the truth. The checksum
finds damage; who alters a document can compute it again, and gains nothing. Names are labels and no part of what is
proved: they are printed beside the statements, so they are one line of plain characters and occur once. The format is
described for other programs in ``certificate.schema.json``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from theory.kernel.errors import KernelError
from theory.kernel.index.hypotheses import Hypothesis
from theory.language.instances import Setting

FORMAT, VERSION = "infodyn-certificate", 2
_FIELDS = {"format", "version", "claim", "theorems", "checksum"}
_THEOREM = {"name", "certificate", "scope", "hypotheses", "steps"}
_LIMIT = 200
NAME_LIMIT = 200


class AnyTheorem(Protocol):
    """What every kernel's theorem has."""

    @property
    def statement(self) -> Any:
        """The statement that is proved."""

    @property
    def scope(self) -> str:
        """For what it holds."""

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """What the proof rests on."""

    @property
    def steps(self) -> tuple[str, ...]:
        """How each step went."""


def document(claim: str, theorems: Mapping[str, tuple[dict[str, Any], AnyTheorem]]) -> dict[str, Any]:
    """The document of certificates with the theorems they prove, by name."""
    body = {
        "format": FORMAT, "version": VERSION, "claim": claim,
        "theorems": [{"name": n, "certificate": data, **_said(theorem)} for n, (data, theorem) in theorems.items()],
    }  # fmt: skip
    return {**body, "checksum": checksum(body)}


def _said(theorem: AnyTheorem) -> dict[str, Any]:
    hypotheses = [{"name": h.name, "text": h.text, "status": h.status, "by": h.by} for h in theorem.hypotheses]
    return {"scope": scope_of(theorem), "hypotheses": hypotheses, "steps": list(theorem.steps)}


def scope_of(theorem: AnyTheorem) -> str:
    """For what a theorem holds, with every sign that its setting supposes of a symbol."""
    setting = getattr(theorem, "setting", None)
    if not isinstance(setting, Setting):
        return theorem.scope
    said = theorem.scope.split(", ")
    return ", ".join([theorem.scope, *(sign for sign in setting.signs if sign not in said)])


def checksum(data: Mapping[str, Any]) -> str:
    """SHA-256 of a document without its checksum, 64 hexadecimal digits."""
    body = {key: value for key, value in data.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def is_name(value: Any) -> bool:
    """Whether a name can be printed as it is: not empty, one line, no control characters."""
    return isinstance(value, str) and 0 < len(value) <= NAME_LIMIT and value.isprintable() and value == value.strip()


def is_document(data: Any) -> bool:
    """Whether data is a document rather than a bare certificate."""
    return isinstance(data, dict) and "format" in data


def check_document(data: Any, check: Callable[[Any], AnyTheorem]) -> list[tuple[str, AnyTheorem]]:
    """The theorems of a document, proved again by ``check``. Raises KernelError naming the theorem and the step."""
    if not isinstance(data, dict) or set(data) != _FIELDS:
        raise KernelError(f"not a document: expected the fields {', '.join(sorted(_FIELDS))}")
    if data["format"] != FORMAT or data["version"] != VERSION or type(data["version"]) is not int:
        raise KernelError(f"not a document of the format {FORMAT}, version {VERSION}")
    entries = data["theorems"]
    if not is_name(data["claim"]) or not isinstance(entries, list) or not 0 < len(entries) <= _LIMIT:
        raise KernelError(f"a document has the name of a claim on one line, and 1 to {_LIMIT} theorems")
    try:
        same = data["checksum"] == checksum(data)
    except RecursionError:
        raise KernelError("the document is nested too deeply") from None
    if not same:
        raise KernelError("the checksum is not that of the document: it was damaged or altered")
    found = [_proved(number, entry, check) for number, entry in enumerate(entries, 1)]
    names = [name for name, _ in found]
    for number, name in enumerate(names, 1):
        if name in names[: number - 1]:
            raise KernelError(f"theorem {number} ({name}): the name occurs twice")
    return found


def _proved(number: int, entry: Any, check: Callable[[Any], AnyTheorem]) -> tuple[str, AnyTheorem]:
    if not isinstance(entry, dict) or set(entry) != _THEOREM:
        raise KernelError(f"theorem {number}: expected the fields {', '.join(sorted(_THEOREM))}")
    name = entry["name"]
    if not is_name(name):
        raise KernelError(f"theorem {number}: the name is not 1 to {NAME_LIMIT} plain characters on one line")
    try:
        theorem = check(entry["certificate"])
    except KernelError as error:
        raise type(error)(f"theorem {number} ({name}): {error}") from error
    for field, value in _said(theorem).items():
        if entry[field] != value:
            what = "scope stated is" if field == "scope" else f"{field} stated are"
            raise KernelError(f"theorem {number} ({name}): the {what} not what the proof says: {value!r}")
    return name, theorem
