"""The source files that a reading of a statement can run, read off their import statements, and their digest.

Everything that an import statement names counts, also inside functions: too much is harmless, too little would let a
changed judge keep the evidence of the old one.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import marshal
import platform
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

ROOMS = ("theory", "numerics", "proofs_checks", "infodyn")
HOME = Path(__file__).resolve().parent.parent
DISTRIBUTION = {"flint": "python-flint"}
BENEATH = {"sympy": ("mpmath",), "scipy": ("numpy",), "hypothesis": ("numpy",)}
"""Libraries that decide what another one computes, though our own files need not name them."""
DYNAMIC = frozenset({"import_module", "__import__", "exec", "run_module", "run_path", "walk_packages", "iter_modules"})

_PARSER = threading.Lock()
"""Python 3.11 fails with a SystemError when two threads parse at once."""


class SourcesError(OSError):
    """A source file that cannot be read: no evidence can be tied to it."""


def _names(tree: ast.AST, package: str) -> Iterator[str]:
    """The dotted names that a module may import; "*" if it imports by names that only it knows."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from ("*" if alias.name in DYNAMIC else f"{base}.{alias.name}" for alias in node.names)
        elif (isinstance(node, ast.Name) and node.id in DYNAMIC) or (
            isinstance(node, ast.Attribute) and node.attr in DYNAMIC
        ):
            yield "*"


@dataclass
class Sources:
    """The rooms under ``home`` as they were when their files were first read by this object."""

    home: Path = HOME
    _read: dict[Path, tuple[tuple[int, int, int], str, frozenset[str]]] = field(default_factory=dict)

    def file(self, module: str) -> Path | None:
        """The file of a module of the rooms, or None."""
        if module.split(".")[0] not in ROOMS:
            return None
        stem = self.home.joinpath(*module.split("."))
        places = (stem / "__init__.py", stem.with_name(stem.name + ".py"))  # Python, too, prefers the package
        return next((p for p in places if p.is_file()), None)

    def _facts(self, path: Path) -> tuple[str, frozenset[str]]:
        """(SHA-256 of a file, names that it imports). Raises SourcesError."""
        known = self._read.get(path)
        if known is None:
            try:
                stamp, text = _stamp(path), path.read_bytes()
                parts = path.relative_to(self.home).with_suffix("").parts[:-1]
                with _PARSER:
                    tree = ast.parse(text)
                names = frozenset(_names(tree, ".".join(parts)))
            except (OSError, SyntaxError, ValueError) as error:
                raise SourcesError(f"{path} cannot be read ({error})") from None
            known = self._read[path] = stamp, hashlib.sha256(text).hexdigest(), names
        return known[1], known[2]

    def closure(self, *modules: str) -> tuple[frozenset[Path], frozenset[str]]:
        """(files of the rooms, libraries) that ``modules`` can run. Raises SourcesError if one is missing."""
        files: set[Path] = set()
        libraries: set[str] = set()
        pending = list(modules)
        if any(self.file(m) is None for m in modules):
            raise SourcesError(f"the source of {', '.join(modules)} is not beside {self.home}")
        seen: set[str] = set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            if name == "*":
                files.update(p for room in ROOMS for p in (self.home / room).rglob("*.py"))
                continue
            if "." in name:
                pending.append(name.rpartition(".")[0])  # importing a.b runs a as well
            path = self.file(name)
            if path is not None and path not in files:
                files.add(path)
                pending.extend(self._facts(path)[1])
            elif path is None and name.split(".")[0] not in (*ROOMS, *sys.stdlib_module_names):
                libraries.add(name.split(".")[0])
        data = {p for folder in {f.parent for f in files} for p in folder.iterdir() if p.is_file() and _is_data(p)}
        for library in tuple(libraries):
            libraries.update(BENEATH.get(library, ()))
        return frozenset(files | data), frozenset(libraries)

    def digest(self, *modules: str) -> str:
        """Changes when a file or the version of a library that ``modules`` can run changes. Raises SourcesError."""
        files, libraries = self.closure(*modules)
        total = hashlib.sha256(_platform().encode())
        for path in sorted(files):
            digest = self._facts(path)[0] if path.suffix == ".py" else self._data_digest(path)
            total.update(f"\n{path.relative_to(self.home).as_posix()} {digest}".encode())
        for library in sorted(libraries):
            total.update(f"\n{library} {_version(library)}".encode())
        return total.hexdigest()

    def _data_digest(self, path: Path) -> str:
        if path not in self._read:
            try:
                self._read[path] = _stamp(path), hashlib.sha256(path.read_bytes()).hexdigest(), frozenset()
            except OSError as error:
                raise SourcesError(f"{path} cannot be read ({error})") from None
        return self._read[path][1]

    def changed(self) -> Path | None:
        """A file that is no longer what was read, or that was changed after this process began, or None.

        The process may then hold code that is older, or newer, than the digest says: nothing it finds may be kept.
        """
        began = (_began() + 0.02) * 1e9  # clocks of files tick in steps of some milliseconds
        for path, (stamp, _, _) in self._read.items():
            try:
                if _stamp(path) != stamp or max(stamp[:2]) > began:
                    return path
            except OSError:
                return path
        return None

    def outdated(self) -> Path | None:
        """A file whose compiled form says something else, though Python takes it for current, or None.

        Python compares sizes and whole seconds only: a sign that is edited in the second of a run is not seen.
        """
        for path, (stamp, _, _) in self._read.items():
            if path.suffix == ".py" and not _compiled_is_right(path, stamp):
                return path
        return None


def _compiled_is_right(path: Path, stamp: tuple[int, int, int]) -> bool:
    """Whether the compiled form is not used, was clearly made after the last edit, or holds the code of ``path``."""
    try:
        compiled = Path(importlib.util.cache_from_source(path))
        if compiled.stat().st_mtime_ns > max(stamp[:2]) + 2e9:
            return True
        data = compiled.read_bytes()
        header = (int.from_bytes(data[8:12], "little"), int.from_bytes(data[12:16], "little"))
        if data[:4] != importlib.util.MAGIC_NUMBER or (not any(data[4:8]) and header != _as_compiled(stamp)):
            return True  # Python makes it anew
        code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        return bool(marshal.loads(data[16:]) == code)  # nothing but what Python itself has just loaded and run
    except FileNotFoundError:
        return True
    except (OSError, ValueError, EOFError, TypeError, SyntaxError, NotImplementedError):
        return False


def _as_compiled(stamp: tuple[int, int, int]) -> tuple[int, int]:
    return stamp[0] // 10**9 & 0xFFFFFFFF, stamp[2] & 0xFFFFFFFF


def _is_data(path: Path) -> bool:
    """Whether a module may read this file, or Python take it for the module (a compiled one goes before its source)."""
    if path.suffix in (".so", ".pyd"):
        return True
    return path.suffix not in (".py", ".pyc", ".pyi") and not path.name.startswith((".", "_"))


def _stamp(path: Path) -> tuple[int, int, int]:
    """(mtime, ctime, size) of a file; a copy with its old mtime still has a ctime of its own."""
    found = path.stat()
    changed = found.st_ctime_ns if sys.platform != "win32" else 0  # there it is the time of creation
    return found.st_mtime_ns, changed, found.st_size


@functools.cache
def _platform() -> str:
    mode = f" -O{sys.flags.optimize}" if sys.flags.optimize else ""  # without assertions a judge is another judge
    return f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]} {platform.machine()}{mode}"


@functools.cache
def _version(library: str) -> str:
    try:
        return metadata.version(DISTRIBUTION.get(library, library))
    except metadata.PackageNotFoundError:
        return "not installed"


_IMPORTED = time.time()


@functools.cache
def _began() -> float:
    """When this process began (seconds since the epoch); at the latest when this module was imported."""
    try:
        import os

        ticks = int(Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
        began = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return _IMPORTED
    return min(began, _IMPORTED)
