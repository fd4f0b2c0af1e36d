"""Integrals over the plane that were done once: kept in memory, and in a folder that the workers of one run share.

Each costs seconds and many claims need the same ones. The folder is private to a run and deleted with it; between runs
nothing is kept here (evidence is, see :mod:`proofs_checks`). A value is the same bits whether computed or read.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numerics.balls import Ball, arb

Found = tuple[list[Ball], int]
_MOST = 256
_known: dict[tuple[Any, ...], Found] = {}
_folder: Path | None = None


def share_integrals(folder: Path | None) -> None:
    """Keep integrals in ``folder`` too, where the other processes of this run find them; None ends that."""
    global _folder
    _folder = folder


def kept(key: tuple[Any, ...], compute: Callable[[], Found]) -> Found:
    """The integral of that key: known, found in the shared folder, or computed now (and then kept)."""
    if key in _known:
        return _known[key]
    path = None if _folder is None else _folder / f"{hashlib.sha256(repr(key).encode()).hexdigest()}.json"
    found = None if path is None else _read(path)
    if found is None:
        values, evaluations = compute()
        record = [[_parts(v) for v in values], evaluations]
        if path is not None:
            _write(path, record)
        found = _found(record)
    if len(_known) >= _MOST:
        _known.clear()
    _known[key] = found
    return found


def _parts(value: Ball) -> list[int] | None:
    """Midpoint and radius as integers and exponents of two; None for a ball that is not finite."""
    if not value.is_finite():
        return None
    return [int(v) for part in (value.mid(), value.rad()) for v in part.man_exp()]


def _found(record: Any) -> Found:
    """The balls of a record (a radius may grow by a unit of its last place, never shrink)."""
    balls = [arb(0) / arb(0) if p is None else arb(arb((p[0], p[1])), arb((p[2], p[3]))) for p in record[0]]
    return balls, int(record[1])


def _read(path: Path) -> Found | None:
    try:
        return _found(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, IndexError, KeyError):  # not there, or not what was written: compute
        return None


def _write(path: Path, record: Any) -> None:
    """Atomically; a folder that cannot be written to only costs time."""
    name = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(record, stream)
        os.replace(name, path)
    except OSError:
        if name is not None:
            Path(name).unlink(missing_ok=True)
