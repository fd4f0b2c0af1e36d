"""Rigorous integrals that were done once: kept in memory, and in a folder that the workers of one run share.

One over the plane costs seconds, one on the line a tenth of one; claims share them, and a claim shares them with its
near misses. The folder is private to a run and deleted with it; between runs
nothing is kept here (evidence is, see :mod:`proofs_checks`). A value is the same bits whether computed or read.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from numerics.balls import Ball, arb
from numerics.evaluate import Interpreter
from theory.language.terms import Term, make

Found = tuple[list[Ball], int]
_MOST = 4096
_known: dict[tuple[Any, ...], Found] = {}
_folder: Path | None = None


@contextmanager
def shared_integrals() -> Iterator[None]:
    """Processes forked inside find each other's integrals in a private folder; without a place, each is alone."""
    global _folder
    with ExitStack() as stack:
        with suppress(OSError):  # a full or read-only disk only costs time
            place = tempfile.TemporaryDirectory(prefix="infodyn-", ignore_cleanup_errors=True)
            _folder = Path(stack.enter_context(place))
        try:
            yield
        finally:
            _folder = None


def kept(key: tuple[Any, ...] | None, compute: Callable[[], Found]) -> Found:
    """The integral of that key: known, found in the shared folder, or computed now (and then kept)."""
    if key is None:
        return compute()
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


def key_of(interpreter: Interpreter, *details: Any) -> tuple[Any, ...] | None:
    """A key: all that the interpreter reads, and the details of the integral. Only for terms that are not tapped.

    None, which keeps nothing, if a level is a ball: two balls that print alike need not be the same.
    """
    germ, symbols = interpreter.germ, tuple(interpreter.symbols.items())
    values = (germ.alpha, germ.sigma, *germ.a, *germ.g2, *(value for _, value in symbols))
    if not all(isinstance(value, (int, Fraction, Term)) for value in values):
        return None
    return (interpreter.law, germ, symbols, tuple(interpreter.fields.items()), *details)


def stripped(term: Term) -> tuple[Fraction, Term]:
    """A numeric factor and the rest, so that -log p and log p share their integral."""
    factor, rest, pending = Fraction(1), [], [term]
    while pending:
        part = pending.pop()
        if part.op == "mul":
            pending.extend(reversed(part.args))
        elif part.op == "num" and isinstance(part.data, Fraction):
            factor *= part.data
        else:
            rest.append(part)
    if not rest or not factor:
        return Fraction(1), term
    return factor, rest[0] if len(rest) == 1 else make("mul", tuple(rest))


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
