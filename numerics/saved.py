"""A run that is kept in a file while it goes on, so that it can be resumed with the same bits.

The file is JSON: numbers as they are in memory (hexadecimal floats, the bytes of arrays), nothing that is ever run.
It is written to a new file that takes the place of the old one, so it is whole whenever the program ends; it belongs
to one run at a time, and is believed only under the key that it was made with.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
import time
import typing
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from numerics import digests
from numerics.estimates import Sums

FORMAT = 1
LARGEST = 2**30
"""Bytes; no run of this program comes near."""
PAUSE = 2.0
"""Seconds between two writings at least, and fifty times what the last one took."""


class SavedError(ValueError):
    """A file that cannot hold this run, in one sentence."""


class Saved:
    """The file ``path`` of the run with this ``key`` (what was asked for, in words or digests); a context manager.

    ``kinds`` are the dataclasses that results may be made of, beside numbers, text, lists, tuples and arrays. Raises
    SavedError if the file is of another run, damaged, in use, or cannot be written; it is then left as it is. Later
    troubles with the disk are in ``trouble``, a sentence: a computation does not end because it cannot be kept.
    """

    def __init__(self, path: Path | str, key: Mapping[str, str], kinds: tuple[type, ...] = (Sums,)) -> None:
        self.path = Path(path)
        self.key = {**{str(name): str(part) for name, part in key.items()}, **digests.environment()}
        self.kinds = {kind.__name__: kind for kind in kinds}
        self.trouble = ""
        self._parts: dict[str, tuple[int, Any]] = {}
        self._pending, self._next = False, time.monotonic() + PAUSE
        self._lock = _Lock(self.path)
        try:
            self._read()
            self._pending = True
            self.write()
            if self.trouble:
                raise SavedError(self.trouble)
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Saved:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write what is not yet written, and let others have the file."""
        try:
            self.write()
        finally:
            self._lock.release()

    def get(self, name: str) -> tuple[int, Any]:
        """(chunks that are in, what was made of them) of the part ``name`` of the run; (0, None) for a new one."""
        return self._parts.get(name, (0, None))

    def put(self, name: str, done: int, value: Any) -> None:
        """Keep what was made of the first ``done`` chunks; written now and then, and by :meth:`write`."""
        self._parts[name] = done, value
        self._pending = True
        if time.monotonic() >= self._next:
            self.write()

    def write(self) -> None:
        """Put everything into the file now; what is in the way becomes ``trouble``."""
        if not self._pending:
            return
        began = time.monotonic()
        body = {name: [done, _plain(value, self.kinds)] for name, (done, value) in self._parts.items()}
        record = {"version": FORMAT, "what": "infodyn run", "key": self.key, "parts": body}
        text = json.dumps(record | {"checksum": _checksum(record)})
        try:
            _replace(self.path, text)
            self._pending, self.trouble = False, ""
        except OSError as error:
            self.trouble = f"{self.path} cannot be written ({_why(error)})"
        self._next = time.monotonic() + max(PAUSE, 50 * (time.monotonic() - began))

    def _read(self) -> None:
        try:
            if not self.path.is_file() and self.path.exists():
                raise SavedError(f"{self.path} is no file; name another")
            if self.path.stat().st_size > LARGEST:
                raise SavedError(f"{self.path} is too large for a kept run; name another file")
            text = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise SavedError(f"{self.path} cannot be read ({_why(error)})") from None
        try:
            record = json.loads(text, parse_constant=_refused)
            if not isinstance(record, dict) or record.get("what") != "infodyn run":
                raise SavedError(f"{self.path} is no kept run of infodyn; name another file")
            if record.pop("checksum") != _checksum(record) or record["version"] != FORMAT:
                raise ValueError
            key = record["key"]
            other = sorted(name for name in {*key, *self.key} if key.get(name) != self.key.get(name))
            known = [name for name in other if name in self.key]
            if other:
                told = f" (other {', '.join(known)})" if known else ""
                raise SavedError(f"{self.path} holds another run{told}; name another file, or remove it")
            for name, (done, plain) in record["parts"].items():
                value = _value(plain, self.kinds)
                if type(done) is not int or done < 0:
                    raise ValueError
                self._parts[name] = done, value
        except SavedError:
            raise
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError, MemoryError):
            raise SavedError(f"{self.path} is damaged, no run can be resumed from it; name another file") from None


def open_saved(path: Path | str, task: Any, *, kinds: tuple[type, ...] = (Sums,), **asked: object) -> Saved:
    """The file of the run of ``task`` (law, problem, scheme, grid, seed: all its data) and of what else was asked."""
    return Saved(path, {"task": digests.digest(task), **{k: str(v) for k, v in asked.items()}}, kinds)


def _plain(value: Any, kinds: Mapping[str, type]) -> Any:
    """JSON data from which :func:`_value` makes the same bits. Raises SavedError for anything else."""
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return {"float": value.hex()}
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "fiub":
        array = np.ascontiguousarray(value)
        form = [array.dtype.str, None if isinstance(value, np.generic) else list(value.shape)]
        return {"array": [*form, base64.b64encode(array.tobytes()).decode("ascii")]}
    if type(value) in (list, tuple):
        return {type(value).__name__: [_plain(v, kinds) for v in value]}
    if kinds.get(type(value).__name__) is type(value):
        fields = {f.name: _plain(getattr(value, f.name), kinds) for f in dataclasses.fields(typing.cast(Any, value))}
        return {"is": type(value).__name__, "fields": fields}
    raise SavedError(f"a result of type {type(value).__name__} cannot be kept in a file")


def _value(plain: Any, kinds: Mapping[str, type]) -> Any:
    """The inverse. Raises ValueError, TypeError or LookupError for what :func:`_plain` does not make."""
    if plain is None or type(plain) in (bool, int, str):
        return plain
    if type(plain) is not dict:
        raise ValueError("no such data")
    if set(plain) == {"is", "fields"}:
        kind: Any = kinds[plain["is"]]
        fields = {name: _value(v, kinds) for name, v in plain["fields"].items()}
        hints = typing.get_type_hints(kind)
        if set(fields) != {f.name for f in dataclasses.fields(kind)}:
            raise ValueError("other fields")
        if not all(_fits(hints[name], field) for name, field in fields.items()):
            raise TypeError("other types")
        return kind(**fields)
    [(form, data)] = plain.items()
    if form == "float":
        return float.fromhex(data)
    if form in ("list", "tuple") and type(data) is list:
        return {"list": list, "tuple": tuple}[form](_value(v, kinds) for v in data)
    if form == "array":
        dtype, shape, text = data
        if np.dtype(dtype).kind not in "fiub":
            raise ValueError("no such numbers")
        array = np.frombuffer(base64.b64decode(text, validate=True), dtype=np.dtype(dtype)).copy()
        return array[0] if shape is None else array.reshape([int(n) for n in shape])
    raise ValueError("no such data")


def _fits(hint: Any, value: Any) -> bool:
    if hint in (int, float):
        return isinstance(value, (int, float, np.number))
    wanted: Any = typing.get_origin(hint) or hint
    checked = wanted is np.ndarray or dataclasses.is_dataclass(wanted)
    return isinstance(value, typing.cast(type, wanted)) if checked else True


def _checksum(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _refused(text: str) -> None:
    raise ValueError(f"{text} is not written by this program")


def _replace(path: Path, text: str) -> None:
    """Write beside ``path`` and take its place in one step; whatever happens, the old file or the new one is whole."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__


class _Lock:
    """A file beside ``path`` that one process at a time holds locked; the system lets go of it with the process."""

    def __init__(self, path: Path) -> None:
        self.path, self._handle = path.with_name(f".{path.name}.lock"), -1
        try:
            import fcntl
        except ImportError:
            return  # no such locks here; the file is whole all the same
        while True:
            try:
                self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise SavedError(f"{path} cannot be written ({_why(error)})") from None
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._let_go()
                raise SavedError(f"{path} is in use by another run; wait for it, or name another file") from None
            except OSError:
                return  # a file system without locks
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(self._handle), os.stat(self.path)):
                    return
            self._let_go()  # its last owner removed it just now

    def release(self) -> None:
        """Let others have it, and leave nothing behind."""
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                os.unlink(self.path)
            self._let_go()

    def _let_go(self) -> None:
        os.close(self._handle)
        self._handle = -1
