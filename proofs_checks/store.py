"""The evidence cache: findings kept between runs, each a JSON record of its own that is believed only if it is whole.

The key of a record says everything that its finding depends on: the claim, the settings, every source file that the
reading can run, the libraries and Python. A record is read back only under exactly its key.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from proofs_checks.claim import Claim
from proofs_checks.evidence import Kind
from proofs_checks.readings import READINGS, Finding, FindingError, from_data, to_data
from proofs_checks.sources import ROOMS, Sources, SourcesError
from theory.language.terms import Term
from theory.language.terms import to_data as term_data

FORMAT = 1
VARIABLE = "INFODYN_CACHE"
LIMIT = 64 * 2**20
"""Bytes; beyond it the records that were not used for longest are dropped."""
_OWN = ("proofs_checks.readings", "proofs_checks.store")
_STALE = 3600.0


class UnkeyableError(TypeError):
    """A value that has no data form; a claim that holds one is judged anew in every run."""


def plain(value: Any) -> Any:
    """Any part of a claim as JSON data from which it could be rebuilt. Raises UnkeyableError."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Fraction):
        return {"q": str(value)}
    if isinstance(value, Term):
        return {"term": term_data(value)}
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    if isinstance(value, Mapping):
        return {"map": [[plain(k), plain(v)] for k, v in value.items()]}
    if is_dataclass(value) and not isinstance(value, type):
        if type(value).__module__.split(".")[0] not in ROOMS:
            raise UnkeyableError(f"{type(value).__name__} is defined where no digest looks")
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        return {"is": kind, "fields": {f.name: plain(getattr(value, f.name)) for f in fields(value)}}
    raise UnkeyableError(f"{type(value).__name__} has no data form")


def claim_digest(claim: Claim) -> str:
    """SHA-256 of all that a claim says, the same in every process. Raises UnkeyableError."""
    return hashlib.sha256(json.dumps(plain(claim), sort_keys=True).encode()).hexdigest()


def default_folder() -> Path | None:
    """The folder named by INFODYN_CACHE, else the user's cache folder; None if there is no home to put it in."""
    from platformdirs import user_cache_path

    named = os.environ.get(VARIABLE)
    try:
        folder = Path(named).absolute() if named else user_cache_path("infodyn")
    except (OSError, RuntimeError, KeyError):
        return None
    return folder / "evidence" if folder.is_absolute() else None


def open_store(*, fresh: bool = False) -> Store | None:
    """The evidence cache of this user, or None without a home; ``fresh``: nothing is read, findings are still kept."""
    folder = default_folder()
    return Store(folder, fresh=fresh) if folder is not None else None


@dataclass
class Store:
    """Findings in ``folder``. Nothing here raises for the state of the disk: ``troubles`` says what was in the way."""

    folder: Path
    fresh: bool = False
    limit: int = LIMIT
    sources: Sources = field(default_factory=Sources)
    damaged: int = 0
    troubles: list[str] = field(default_factory=list)
    _digests: dict[Kind, str] = field(default_factory=dict)
    _claims: dict[int, tuple[Claim, str]] = field(default_factory=dict)
    _writable: bool = True
    _readable: bool = True
    _compared: bool = False

    def key(self, claim: Claim, kind: Kind, options: object) -> dict[str, Any] | None:
        """All that the finding of ``kind`` on ``claim`` depends on, or None if it cannot be told."""
        reading = READINGS[kind]
        try:
            if kind not in self._digests:
                self._digests[kind] = self.sources.digest(*reading.modules) + self._own_files()
            data = self._digest_of(claim)
        except SourcesError as error:
            self._stop(f"no evidence is kept: {error}")
            return None
        except UnkeyableError:
            return None
        return {
            "format": FORMAT, "kind": kind.value, "id": claim.id,
            "claim": data,
            "settings": reading.settings_of(options), "sources": self._digests[kind],
        }  # fmt: skip

    def _digest_of(self, claim: Claim) -> str:
        """The digest of all that a claim says; it is asked for once a reading. Raises UnkeyableError."""
        if id(claim) not in self._claims:
            self._claims[id(claim)] = claim, claim_digest(claim)
        return self._claims[id(claim)][1]

    def _own_files(self) -> str:
        total = hashlib.sha256()
        for module in _OWN:
            path = self.sources.file(module)
            if path is None:
                raise SourcesError(f"the source of {module} is missing")
            try:
                total.update(path.read_bytes())
            except OSError as error:
                raise SourcesError(f"{path} cannot be read ({error})") from None
        return total.hexdigest()

    def get(self, key: Mapping[str, Any]) -> Finding | None:
        """The finding kept under ``key``; a damaged record counts as none."""
        if self.fresh or not self._readable:
            return None
        path = self._path(key)
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._stop(f"kept evidence cannot be read ({_why(error)}): everything is judged anew")
            return None
        try:
            record = json.loads(text)
            if set(record) != {"checksum", "finding", "format", "key"} or record["format"] != FORMAT:
                raise FindingError("another form")
            if record["key"] != key or record["checksum"] != _checksum(record["key"], record["finding"]):
                raise FindingError("it does not belong here")
            found = from_data(record["finding"])
            if found.kind.value != key["kind"] or not found.final:
                raise FindingError("another kind")
        except (ValueError, TypeError, KeyError, RecursionError):
            self.damaged += 1
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # used just now: pruned last
        return found.as_reused()

    def put(self, key: Mapping[str, Any], finding: Finding) -> None:
        """Keep a finding, unless it is not final, would not come back the same, or its sources have changed."""
        if not self._writable or not finding.final:
            return
        if self.sources.changed() is not None:  # whoever edits expects the next run to judge anew
            self._writable = False
            return
        if not self._compared:
            self._compared = True
            outdated = self.sources.outdated()
            if outdated is not None:
                self._writable = False
                self.troubles.append(f"no evidence is kept: Python runs an old {outdated.name}; delete its __pycache__")
                return
        data = to_data(finding)
        try:
            text = json.dumps({"format": FORMAT, "key": key, "checksum": _checksum(key, data), "finding": data})
            if from_data(json.loads(text)["finding"]) != finding:
                return
        except (FindingError, TypeError, ValueError):
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(self._path(key), text)
        except OSError as error:
            self._writable = False
            self.troubles.append(f"evidence cannot be kept in {self.folder} ({_why(error)}); the run goes on without")

    def prune(self) -> None:
        """Drop what was not used for longest until the records fit into ``limit``; sweep up after killed runs."""
        if not self._writable:
            return
        now, records = time.time(), []
        try:
            for entry in os.scandir(self.folder):
                with contextlib.suppress(OSError):  # another run may have dropped it
                    found = entry.stat()
                    if entry.name.startswith(".new-") and now - found.st_mtime > _STALE:
                        os.unlink(entry.path)
                    elif entry.name.endswith(".json"):
                        records.append((found.st_mtime_ns, found.st_size, entry.path))
        except OSError:
            return
        size = sum(r[1] for r in records)
        for _, length, path in sorted(records):
            if size <= self.limit:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)
            size -= length

    def _path(self, key: Mapping[str, Any]) -> Path:
        name = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:40]
        return self.folder / f"{key['kind']}-{name}.json"

    def _stop(self, trouble: str) -> None:
        self._writable = self._readable = False
        if trouble not in self.troubles:
            self.troubles.append(trouble)


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _checksum(key: Any, finding: Any) -> str:
    return hashlib.sha256(json.dumps([key, finding], sort_keys=True).encode()).hexdigest()


def _write(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` at once: whoever reads it finds the old record or the new one, never a part."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
