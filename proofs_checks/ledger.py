"""The ledger: what was settled once and must not silently change. Compared at every run, written only when asked."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from proofs_checks.evidence import Outcome
from proofs_checks.verdict import Verdict

VERSION = 1
NAME = "ledger.json"


class LedgerError(ValueError):
    """A ledger that cannot be read. The message names the file and the remedy."""


@dataclass(frozen=True)
class Comparison:
    """A run against the ledger: "absent", "unchanged", "new" (unknown claims) or "regression", in sentences."""

    status: str
    regressions: tuple[str, ...] = ()


def default_path(start: Path | None = None) -> Path:
    """The ledger beside the nearest pyproject.toml above ``start`` (the working directory), else in ``start``."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "pyproject.toml").is_file():
            return folder / NAME
    return here / NAME


def entry(assessment: Any) -> dict[str, Any]:
    """What the ledger keeps of an assessment: verdict, digests of the statements, enclosures."""
    balls = {
        f"{e.statement}: {key}": text
        for e in assessment.evidence
        if e.outcome is Outcome.ENCLOSED
        for key, text in e.figures.items()
        if " +/- " in text
    }
    return {
        "verdict": str(assessment.ruling.verdict),
        "statements": {s.name: s.digest for s in assessment.statements},
        "enclosures": dict(sorted(balls.items())),
    }


def read(path: Path) -> dict[str, Any] | None:
    """The ledger's claims, or None if there is no file. Raises LedgerError if it is damaged."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise LedgerError(
            f"{path}: not a readable ledger ({error}); restore it or write it anew with --update-ledger"
        ) from None
    if not isinstance(data, dict) or data.get("version") != VERSION or not isinstance(data.get("claims"), dict):
        raise LedgerError(f"{path}: not a ledger of version {VERSION}; write it anew with --update-ledger")
    claims: dict[str, Any] = data["claims"]
    return claims


_BALL = re.compile(r"(-?[0-9.]+(?:e[+-]?[0-9]+)?) \+/- ([0-9.]+(?:e[+-]?[0-9]+)?)")


def _apart(old: str, new: str) -> bool:
    """Whether some ball of ``old`` does not meet its fellow in ``new``; vectors and matrices hold several."""
    pairs = zip(_BALL.findall(old), _BALL.findall(new), strict=False)
    return any(abs(Fraction(m) - Fraction(n)) > Fraction(r) + Fraction(s) for (m, r), (n, s) in pairs)


def _differences(id: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    found = []
    for name, digest in old.get("statements", {}).items():
        if name not in new["statements"]:
            found.append(f"{id}: the statement '{name}' is gone")
        elif new["statements"][name] != digest:
            found.append(f"{id}: the statement '{name}' was changed ({digest} -> {new['statements'][name]})")
    settled = (Verdict.VERIFIED, Verdict.REFUTED)
    if (
        old.get("verdict") != new["verdict"]
        and old.get("verdict") in settled
        and new["verdict"] != Verdict.NOT_ASSESSED
    ):
        found.append(f"{id}: the verdict fell from {old['verdict']} to {new['verdict']}")
    for key, text in old.get("enclosures", {}).items():
        if key in new["enclosures"] and _apart(text, new["enclosures"][key]):
            found.append(f"{id}: '{key}' moved from {text} to {new['enclosures'][key]}")
    return found


def compare(claims: Mapping[str, Any] | None, assessments: Sequence[Any], known_ids: Sequence[str]) -> Comparison:
    """Compare a run with the ledger. ``known_ids``: every id of the catalogue, so that a vanished claim is seen."""
    if claims is None:
        return Comparison("absent")
    regressions = [f"{id}: the claim is gone from the catalogue" for id in claims if id not in known_ids]
    new = False
    for assessment in assessments:
        old = claims.get(assessment.id)
        new = new or old is None
        if old is not None:
            regressions += _differences(assessment.id, old, entry(assessment))
    return Comparison("regression" if regressions else "new" if new else "unchanged", tuple(regressions))


def write(path: Path, claims: Mapping[str, Any] | None, assessments: Sequence[Any]) -> None:
    """Write the ledger atomically, keeping the entries of claims that were not part of this run."""
    merged = dict(claims or {}) | {a.id: entry(a) for a in assessments}
    text = json.dumps({"version": VERSION, "claims": dict(sorted(merged.items()))}, indent=1, ensure_ascii=False) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
