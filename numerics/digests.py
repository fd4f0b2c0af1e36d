"""Digests of what a simulation computes: its task as data, and the sources and libraries that run it.

Two runs with the same digests give the same bits on the same kind of machine; that is when one may go on where the
other stopped, and when two machines may work on one run.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import platform
import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np

ROOMS = ("theory", "numerics")
LIBRARIES = ("numpy", "scipy", "python-flint", "mpmath")
HOME = Path(__file__).resolve().parent.parent


class UndigestibleError(ValueError):
    """A part of a task that has no digest."""


@functools.cache
def environment(rooms: tuple[str, ...] = ROOMS) -> dict[str, str]:
    """What the bits depend on beside the task: ``sources`` of ``rooms``, ``libraries`` and ``machine``.

    Computed once, as the process holds the sources that it has imported. Raises OSError for an unreadable file.
    """
    total = hashlib.sha256()
    for room in rooms:
        for path in sorted((HOME / room).rglob("*.py")):
            total.update(f"{path.relative_to(HOME).as_posix()} {_file(path)}\n".encode())
    libraries = [f"{name} {_version(name)}" for name in LIBRARIES]
    version = ".".join(map(str, sys.version_info[:2]))
    return {
        "sources": total.hexdigest(), "libraries": " ".join(libraries),
        "machine": f"{sys.implementation.name} {version} {platform.machine()} {sys.byteorder}",
    }  # fmt: skip


def digest(value: Any) -> str:
    """SHA-256 of plain data, arrays, dataclasses, functions and simple objects; the same in every process.

    Functions and classes count by name and, outside of the rooms, by the file that defines them. Raises
    UndigestibleError for what was made on the spot (a lambda, an open file).
    """
    total = hashlib.sha256()
    for piece in _pieces(value, 0):
        total.update(len(piece).to_bytes(8, "big"))
        total.update(piece)
    return total.hexdigest()


def _pieces(value: Any, depth: int) -> Iterator[bytes]:
    if depth > 200:
        raise UndigestibleError("a task that refers to itself has no digest")
    if value is None or isinstance(value, (bool, int, str, bytes, complex, Fraction)):
        yield type(value).__name__.encode()
        yield value if isinstance(value, bytes) else repr(value).encode()
    elif isinstance(value, (np.ndarray, np.generic)):
        if value.dtype.hasobject:
            raise UndigestibleError("an array of objects has no digest")
        yield f"array {value.dtype.str} {value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, float):
        yield b"float"
        yield value.hex().encode()
    elif isinstance(value, (list, tuple)):
        yield f"{type(value).__name__} {len(value)}".encode()
        for part in value:
            yield from _pieces(part, depth + 1)
    elif isinstance(value, (Mapping, set, frozenset)):
        items = value.items() if isinstance(value, Mapping) else value
        yield f"{_named(type(value))} {len(items)}".encode()
        yield from sorted(digest(item).encode() for item in items)
    elif isinstance(value, (type, FunctionType, BuiltinFunctionType)):
        yield _named(value).encode()
    elif dataclasses.is_dataclass(value):
        yield _named(type(value)).encode()
        for field in dataclasses.fields(value):
            yield field.name.encode()
            yield from _pieces(getattr(value, field.name), depth + 1)
    else:
        yield from _rebuilt(value, depth)


def _rebuilt(value: Any, depth: int) -> Iterator[bytes]:
    """Any other object by what pickle would rebuild it from."""
    try:
        made = value.__reduce_ex__(2)
    except (TypeError, ValueError, AttributeError) as error:
        raise UndigestibleError(f"{type(value).__name__} has no digest ({error})") from None
    if isinstance(made, str):
        yield f"{_named(type(value))} {made}".encode()
        return
    yield b"object"
    for part in made[:3]:
        yield from _pieces(part, depth + 1)
    for part in made[3:]:
        yield from _pieces(list(part) if part is not None else None, depth + 1)


def _named(thing: Any) -> str:
    """Module and name of a class or function, and the digest of the file if no other digest holds it."""
    module, name = thing.__module__, thing.__qualname__
    if "<" in name or (getattr(thing, "__self__", None) is not None and not isinstance(thing.__self__, type(sys))):
        raise UndigestibleError(
            f"{name} of {module} was made on the spot; only what a module defines by name has a digest"
        )
    top = str(module).split(".")[0]
    if top in ROOMS or top in sys.stdlib_module_names:
        return f"{module}.{name}"
    path = getattr(sys.modules.get(str(module)), "__file__", None)
    if path is None or not Path(path).is_file():
        raise UndigestibleError(f"the file of {module}, which defines {name}, is not there")
    return f"{name} {_file(Path(path))}"


def _file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "not installed"
