"""The ledger: what was settled once and must not silently change. Compared at every run, written only when asked."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from proofs_checks.evidence import Outcome
from proofs_checks.verdict import Verdict

VERSION = 2
"""Version 1 (statements as bare digests; neither settings nor surviving mutants) is still read."""
NAME = "ledger.json"
REMEDY = "restore it, or remove it and write it anew with --update-ledger"


class LedgerError(ValueError):
    """A ledger that cannot be read. The message names the file and the remedy."""


@dataclass(frozen=True)
class Comparison:
    """A run against the ledger: "absent", "unchanged", "new" (unknown claims) or "regression".

    A regression is a sentence and, in indented lines below it, what was and what is now. ``new`` lists claims and
    statements that the ledger does not know yet.
    """

    status: str
    regressions: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


def default_path(start: Path | None = None) -> Path:
    """The ledger beside the nearest pyproject.toml above ``start`` (the working directory), else in ``start``."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "pyproject.toml").is_file():
            return folder / NAME
    return here / NAME


def entry(assessment: Any) -> dict[str, Any]:
    """What the ledger keeps of an assessment: verdict, setting, statements, enclosures, surviving mutants."""
    balls = {
        f"{e.statement}: {key}": text
        for e in assessment.evidence
        if e.outcome is Outcome.ENCLOSED
        for key, text in e.figures.items()
        if _BALL.search(text)
    }
    return {
        "verdict": str(assessment.ruling.verdict),
        "setting": assessment.setting,
        "statements": {s.name: {"digest": s.digest, "text": s.text} for s in assessment.statements},
        "enclosures": dict(sorted(balls.items())),
        "survived": sorted(f"{m.of}: {m.name}" for m in assessment.mutants if m.status == "survived"),
    }


def read(path: Path) -> dict[str, Any] | None:
    """The ledger's claims, or None if there is no file. Raises LedgerError, naming the line or field."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_no_key_twice)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise LedgerError(f"{path}: not a readable ledger ({error}); {REMEDY}") from None
    version = data.get("version") if isinstance(data, dict) else None
    if version not in (1, VERSION) or isinstance(version, bool):
        raise LedgerError(f"{path}: not a ledger of version {VERSION}; {REMEDY}")
    claims = data.get("claims")
    try:
        _need(claims, Mapping, "claims")
        return {id: _entry_from(f"claims.{id}", value, version) for id, value in claims.items()}
    except _FieldError as error:
        raise LedgerError(f"{path}: {error}; {REMEDY}") from None


class _FieldError(ValueError):
    """A field of the ledger that is not what it should be."""


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} occurs twice")
        found[key] = value
    return found


def _need(value: Any, kind: type, where: str) -> Any:
    if not isinstance(value, kind):
        found = "missing" if value is None else repr(value)[:40]
        raise _FieldError(f"the field {where} is {found}, not {'a text' if kind is str else 'a table of fields'}")
    return value


def _entry_from(where: str, value: Any, version: int) -> dict[str, Any]:
    """One entry in the present form. Raises _FieldError."""
    _need(value, dict, where)
    verdict = _need(value.get("verdict"), str, f"{where}.verdict")
    if verdict not in list(Verdict):
        raise _FieldError(f"the field {where}.verdict is {verdict!r}, no verdict")
    statements: dict[str, dict[str, str]] = {}
    for name, kept in _need(value.get("statements"), dict, f"{where}.statements").items():
        fields = {"digest": kept, "text": ""} if version == 1 else _need(kept, dict, f"{where}.statements.{name}")
        statements[name] = {
            key: _need(fields.get(key), str, f"{where}.statements.{name}.{key}") for key in ("digest", "text")
        }
    enclosures = _need(value.get("enclosures"), dict, f"{where}.enclosures")
    for key, text in enclosures.items():
        if not _BALL.search(_need(text, str, f"{where}.enclosures.{key}")) or _LONG.search(text):
            raise _FieldError(f"the field {where}.enclosures.{key} is {text[:40]!r}, not 'midpoint +/- radius'")
    survived = value.get("survived", [])
    if not isinstance(survived, list) or not all(isinstance(s, str) for s in survived):
        raise _FieldError(f"the field {where}.survived is not a list of texts")
    setting = _need(value.get("setting", ""), str, f"{where}.setting")
    return {"verdict": verdict, "setting": setting, "statements": statements, "enclosures": enclosures,
            "survived": survived}  # fmt: skip


_NUMBER = r"[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,5})?"
_BALL = re.compile(rf"(-?{_NUMBER}) \+/- ({_NUMBER})")
_LONG = re.compile(r"[0-9]{2000}")
"""More digits than any enclosure has; Python refuses to read some thousands of them."""


def _moved(old: str, new: str) -> str:
    """How ``new`` fails to meet ``old``, or "" if every ball meets its fellow; vectors and matrices hold several."""
    if _BALL.sub("", old) != _BALL.sub("", new):
        return "it has another shape"
    for (m, r), (n, s) in zip(_BALL.findall(old), _BALL.findall(new), strict=True):
        gap = abs(Fraction(m) - Fraction(n)) - Fraction(r) - Fraction(s)
        if gap > 0:
            return f"they lie {_size(gap)} apart"
    return ""


def _size(gap: Fraction) -> str:
    try:
        return f"{float(gap):.2g}"
    except OverflowError:
        return "more than 1e308"


def _told(sentence: str, was: str, now: str) -> str:
    return f"{sentence}\n    was: {was}\n    now: {now}"


def _differences(id: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name, kept in old["statements"].items():
        was = kept["text"] or f"(digest {kept['digest']})"
        if name not in new["statements"]:
            yield f"{id}: the statement '{name}' is gone\n    was: {was}"
            continue
        now = new["statements"][name]
        if now["digest"] != kept["digest"]:
            same = f" (it reads the same; digest {kept['digest']} -> {now['digest']})" if now["text"] == was else ""
            yield _told(f"{id}: the statement '{name}' was changed{same}", was, now["text"])
    if old["setting"] and old["setting"] != new["setting"]:
        yield _told(f"{id}: the setting was changed", old["setting"], new["setting"])
    for key, text in old["enclosures"].items():
        moved = _moved(text, new["enclosures"][key]) if key in new["enclosures"] else ""
        if moved:
            yield _told(f"{id}: the enclosure '{key}' moved, {moved}", text, new["enclosures"][key])
    for name in new["survived"]:
        if name not in old["survived"]:
            yield f"{id}: a mutant survives that did not: {name}"


def _fallen(id: str, old: Mapping[str, Any], assessment: Any) -> Iterator[str]:
    settled, now = (Verdict.VERIFIED, Verdict.REFUTED), assessment.ruling.verdict
    if old["verdict"] in settled and now not in (old["verdict"], Verdict.NOT_ASSESSED):
        yield f"{id}: the verdict fell from {old['verdict']} to {now}\n    because: {assessment.ruling.reason}"


def compare(claims: Mapping[str, Any] | None, assessments: Sequence[Any], known_ids: Sequence[str]) -> Comparison:
    """Compare a run with the ledger. ``known_ids``: every id of the catalogue, so that a vanished claim is seen."""
    if claims is None:
        return Comparison("absent")
    regressions = [f"{id}: the claim is gone from the catalogue" for id in claims if id not in known_ids]
    new = []
    for assessment in assessments:
        id, old = assessment.id, claims.get(assessment.id)
        if old is None:
            new.append(id)
            continue
        regressions += _fallen(id, old, assessment)
        now = entry(assessment)
        regressions += _differences(id, old, now)
        new += [f"{id}: {name}" for name in now["statements"] if name not in old["statements"]]
    return Comparison("regression" if regressions else "new" if new else "unchanged", tuple(regressions), tuple(new))


def write(
    path: Path, claims: Mapping[str, Any] | None, assessments: Sequence[Any], known_ids: Sequence[str] | None = None
) -> None:
    """Write the ledger atomically, keeping the entries of claims that were not part of this run.

    ``known_ids``: every id of the catalogue; the entries of claims that are gone are dropped. Raises OSError.
    """
    kept = {id: value for id, value in (claims or {}).items() if known_ids is None or id in known_ids}
    merged = kept | {a.id: entry(a) for a in assessments}
    text = json.dumps({"version": VERSION, "claims": dict(sorted(merged.items()))}, indent=1, ensure_ascii=False) + "\n"
    path = path.resolve()  # a link stays one
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(temporary, path.stat().st_mode if path.exists() else 0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
