"""A document of certificates: the theorems of one claim, each with what its author says it proves. Trusted.

    {"format": "infodyn-certificate", "version": 2, "claim": name,
     "theorems": [{"name": .., "certificate": {..}, "scope": .., "hypotheses": [..], "steps": [..]}, ..],
     "checksum": SHA-256 of everything else, as canonical JSON}

The kernel proves each theorem again from its certificate. What the document says beside that (for what it holds, under
which hypotheses, by which steps) must be what the proof says, so that nobody is told less than the truth. The checksum
finds damage; who alters a document can compute it again, and gains nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from theory.kernel.errors import KernelError
from theory.kernel.index.hypotheses import Hypothesis

FORMAT, VERSION = "infodyn-certificate", 2
_FIELDS = {"format", "version", "claim", "theorems", "checksum"}
_THEOREM = {"name", "certificate", "scope", "hypotheses", "steps"}
_LIMIT = 200


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
    return {"scope": theorem.scope, "hypotheses": hypotheses, "steps": list(theorem.steps)}


def checksum(data: Mapping[str, Any]) -> str:
    """SHA-256 of a document without its checksum, 64 hexadecimal digits."""
    body = {key: value for key, value in data.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


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
    if not isinstance(data["claim"], str) or not isinstance(entries, list) or not 0 < len(entries) <= _LIMIT:
        raise KernelError(f"a document has the name of a claim, and 1 to {_LIMIT} theorems")
    if data["checksum"] != checksum(data):
        raise KernelError("the checksum is not that of the document: it was damaged or altered")
    return [_proved(number, entry, check) for number, entry in enumerate(entries, 1)]


def _proved(number: int, entry: Any, check: Callable[[Any], AnyTheorem]) -> tuple[str, AnyTheorem]:
    if not isinstance(entry, dict) or set(entry) != _THEOREM or not isinstance(entry["name"], str):
        raise KernelError(f"theorem {number}: expected the fields {', '.join(sorted(_THEOREM))}")
    name = entry["name"]
    try:
        theorem = check(entry["certificate"])
    except KernelError as error:
        raise type(error)(f"theorem {number} ({name}): {error}") from error
    for field, value in _said(theorem).items():
        if entry[field] != value:
            raise KernelError(f"theorem {number} ({name}): the {field} stated are not what the proof says: {value!r}")
    return name, theorem
