"""Laws from TOML files. Standard library only.

    kind = "mixture"                      # deltas, gaussian, mixture, product or points
    weights = ["1/5", 0.8]                # deltas and mixture
    means = [-1, 1]                       # deltas and mixture; vectors as lists: [[1, 0], [0, 1]]
    covs = [0.25, "S"]                    # mixture; a number stands for that multiple of the identity, or a matrix

    kind = "gaussian"                     # mean = .., cov = ..
    kind = "points"                       # file = "digits.npy", scale = "1/16"   (relative to this file's folder)
    kind = "product"                      # and one [[factors]] table a law, each with a kind of its own
    law = "mixture(..)"                   # instead of a kind: any law as text

Every number is exact: 0.1 is 1/10; ratios and symbols are strings, read by the safe grammar.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from theory.grammar import GrammarError, parse_scalar
from theory.grammar_tokens import MAX_BITS
from theory.language.instances import Component, Law, LawError, Matrix, Scalar, Vector
from theory.language.terms import Term
from theory.laws.grammar import parse_law_text, plain_scalar
from theory.laws.points import PointsFile
from theory.laws.products import check_entries, check_size, product
from theory.laws.symbols import sum_to_one
from theory.typeset.text import scalar_text

MAX_BYTES = 200_000
KINDS = "deltas, gaussian, mixture, product or points"


class LawFileError(LawError):
    """A file that holds no law. The message names the file, the key and the remedy."""


class _Decimal(str):
    """A float of the file as it is written."""


def read_law_file(path: str) -> Law | PointsFile:
    """The law in the TOML file at ``path``. Raises LawFileError, never anything else."""
    try:
        return _Table(path, "", _load(path)).law()
    except LawFileError:
        raise
    except RecursionError:
        raise LawFileError(f"{path}: lists or tables nest too deeply; write the law with fewer levels") from None


def _load(path: str) -> dict[str, Any]:
    try:
        if not Path(path).is_file():
            there = "is a folder or device, not a file" if Path(path).exists() else "does not exist; check its name"
            raise LawFileError(f"{path}: the file {there}")
        with open(path, "rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        if isinstance(error, LawFileError):
            raise
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise LawFileError(f"{path!r}: the file cannot be read ({reason}); check its name and permissions") from None
    if len(raw) > MAX_BYTES:
        raise LawFileError(f"{path}: the file has more than {MAX_BYTES} bytes; large sets of points go to points(..)")
    try:
        return tomllib.loads(raw.decode("utf-8"), parse_float=_Decimal)
    except UnicodeDecodeError as error:
        raise LawFileError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8 text") from None
    except ValueError as error:  # TOMLDecodeError, or an integer too long to be read
        reason = "an integer has too many digits" if not isinstance(error, tomllib.TOMLDecodeError) else str(error)
        raise LawFileError(f"{path}: not TOML: {reason[:200]}; mend the file there") from None


class _Table:
    """One table of a file: ``where`` is its name within the file ("" for the top)."""

    def __init__(self, path: str, where: str, data: Mapping[str, Any]) -> None:
        self.path, self.where, self.data = path, where, data

    def fail(self, key: str, message: str) -> NoReturn:
        """Raise LawFileError at a key of this table."""
        place = ".".join(part for part in (self.where, key) if part)
        raise LawFileError(f"{self.path}: {f'{place}: ' if place else ''}{message}")

    def law(self) -> Law | PointsFile:
        """The law that this table holds."""
        if "law" in self.data:
            self._only("law")
            return self._text()
        if "kind" not in self.data:
            self.fail("", f'no kind; add kind = "..", one of {KINDS}, or law = ".."')
        kind = self.data["kind"]
        reader = _READERS.get(kind) if isinstance(kind, str) else None
        if reader is None:
            self.fail("kind", f"{_shown(kind)} is no kind of law; write {KINDS}")
        return reader(self)

    def _only(self, *known: str) -> None:
        """Every key is one of ``known`` and all of them are there ("name?" may be missing)."""
        names = [name.rstrip("?") for name in known]
        for key in self.data:
            if key not in names:
                self.fail(str(key)[:60], f"unknown key; known here: {', '.join(names)}")
        for name in known:
            if name not in self.data and not name.endswith("?"):
                self.fail(name, f"missing; add {name} = ..")

    def _text(self) -> Law:
        text = self.data["law"]
        if not isinstance(text, str):
            self.fail("law", 'write the law as text, as in law = "mixture(1/2: N(-1, 1/4), 1/2: N(1, 1/4))"')
        try:
            return parse_law_text(text)
        except GrammarError as error:
            self.fail("law", str(error))

    # -- kinds ---
    def deltas(self) -> Law:
        """Atoms with weights."""
        self._only("kind", "weights", "means")
        means = [self._vector("means", value, f"[{i}]") for i, value in enumerate(self._list("means"))]
        return self._mixture(means, lambda i, size: _scaled_identity(Fraction(0), size))

    def gaussian(self) -> Law:
        """One Gaussian."""
        self._only("kind", "mean", "cov")
        mean = self._vector("mean", self.data["mean"])
        self._sized("mean", 1, len(mean))
        return self._built([Component(Fraction(1), mean, self._cov("cov", self.data["cov"], "", len(mean)))])

    def mixture(self) -> Law:
        """A Gaussian mixture."""
        self._only("kind", "weights", "means", "covs")
        means = [self._vector("means", value, f"[{i}]") for i, value in enumerate(self._list("means"))]
        covs = self._list("covs")
        if len(covs) != len(means):
            self.fail("covs", f"{len(covs)} covariances for {len(means)} means; give one a component")
        return self._mixture(means, lambda i, size: self._cov("covs", covs[i], f"[{i}]", size))

    def product(self) -> Law:
        """Independent blocks."""
        self._only("kind", "factors")
        laws = []
        for i, table in enumerate(self._list("factors")):
            name = ".".join(part for part in (self.where, f"factors[{i}]") if part)
            if not isinstance(table, dict):
                self.fail(f"factors[{i}]", "not a table; write [[factors]] and its kind below")
            law = _Table(self.path, name, table).law()
            if isinstance(law, PointsFile):
                self.fail(f"factors[{i}]", "a law of points from a file stands alone; it is no factor of a product")
            laws.append(law)
        try:
            return product(laws)
        except LawError as error:
            self.fail("factors", str(error))

    def points(self) -> PointsFile:
        """A file of points, relative to the folder of this file."""
        self._only("kind", "file", "scale?")
        name = self.data["file"]
        if not isinstance(name, str) or not name.strip():
            self.fail("file", 'give the name of the file as text, as in file = "digits.npy"')
        scale = self._scalar("scale", self.data.get("scale", 1))
        if not isinstance(scale, Fraction):
            self.fail("scale", 'not a rational number; write it as in scale = "1/16"')
        try:
            return PointsFile(str(Path(self.path).parent / name), scale)
        except LawError as error:
            self.fail("file", str(error))

    # -- parts ---
    def _mixture(self, means: list[Vector], cov: Callable[[int, int], Matrix]) -> Law:
        weights = [self._scalar("weights", value, f"[{i}]") for i, value in enumerate(self._list("weights"))]
        if len(weights) != len(means):
            self.fail("weights", f"{len(weights)} weights for {len(means)} means; give one a component")
        sizes = sorted({len(mean) for mean in means})
        if len(sizes) > 1:
            self.fail("means", f"means of {' and '.join(map(str, sizes))} entries; give all the same number")
        self._sized("means", len(means), sizes[0], atoms=self.data["kind"] == "deltas")
        return self._built([Component(w, mean, cov(i, sizes[0])) for i, (w, mean) in enumerate(zip(weights, means))])

    def _sized(self, key: str, components: int, dimension: int, atoms: bool = False) -> None:
        try:
            check_size(components, dimension, atoms)
        except LawError as error:
            self.fail(key, str(error))

    def _built(self, parts: list[Component]) -> Law:
        try:
            law = Law(tuple(parts))
        except LawError as error:
            self.fail("", str(error))
        if not sum_to_one([c.weight for c in parts]):
            self.fail("weights", "they cannot be seen to sum to 1; write the last as 1 - .. (the others)")
        return law

    def _list(self, key: str) -> list[Any]:
        value = self.data[key]
        if not isinstance(value, list) or not value:
            self.fail(key, f"{_shown(value)} is no list; write {key} = [.., ..]")
        return value

    def _vector(self, key: str, value: Any, index: str = "") -> Vector:
        if not isinstance(value, list):
            return (self._scalar(key, value, index),)
        if not value:
            self.fail(key + index, "an empty vector; give its entries")
        return tuple(self._scalar(key, entry, f"{index}[{i}]") for i, entry in enumerate(value))

    def _cov(self, key: str, value: Any, index: str, size: int) -> Matrix:
        if not isinstance(value, list):
            return _scaled_identity(self._scalar(key, value, index), size)
        if len(value) != size or not all(isinstance(row, list) and len(row) == size for row in value):
            self.fail(
                key + index, f"the covariance must be {size} x {size} or one number, as the mean has {size} entries"
            )
        matrix = tuple(self._vector(key, row, f"{index}[{i}]") for i, row in enumerate(value))
        try:
            check_entries(matrix)
        except LawError as error:
            self.fail(key + index, str(error))
        return matrix

    def _scalar(self, key: str, value: Any, index: str = "") -> Scalar:
        """An exact number, or a term of the safe grammar in a string."""
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            self.fail(key + index, f'{_shown(value)} is no number; write 1, 0.5, "1/2" or a string with symbols')
        if isinstance(value, int):
            if value.bit_length() > MAX_BITS:
                self.fail(key + index, f"a number of more than {MAX_BITS} bits; write a smaller one")
            return Fraction(value)
        if isinstance(value, _Decimal) and value.lstrip("+-") in ("inf", "nan"):
            self.fail(key + index, f"{value} is no number of a law; give a finite one")
        try:
            term: Term = parse_scalar(value.replace("_", "") if isinstance(value, _Decimal) else value)
        except GrammarError as error:
            self.fail(key + index, str(error))
        return plain_scalar(term)


_READERS: dict[str, Callable[[_Table], Law | PointsFile]] = {
    "deltas": _Table.deltas, "gaussian": _Table.gaussian, "mixture": _Table.mixture, "product": _Table.product,
    "points": _Table.points,
}  # fmt: skip


def _scaled_identity(value: Scalar, size: int) -> Matrix:
    return tuple(tuple(value if i == j else Fraction(0) for j in range(size)) for i in range(size))


def _shown(value: Any) -> str:
    """A value of the file in a few characters."""
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list" if value else "an empty list"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 200:
        return "a long integer"
    text = repr(str(value) if isinstance(value, _Decimal) else value)
    return text if len(text) <= 60 else text[:57] + ".."


# -- writing -----------------------------------------------------------------------------------------------------------
def law_toml(law: Law | PointsFile) -> str:
    """``law`` as a TOML file that :func:`read_law_file` reads back to equal components."""
    if isinstance(law, PointsFile):
        return f'kind = "points"\nfile = {_quoted(law.path)}\nscale = "{law.scale}"\n'
    lines = [f'kind = "{"deltas" if law.is_discrete else "mixture"}"']
    lines.append(f"weights = [{', '.join(_written(c.weight) for c in law.components)}]")
    lines += ["means = [", *(f"  {_row(c.mean)}," for c in law.components), "]"]
    if not law.is_discrete:
        lines += ["covs = [", *(f"  [{', '.join(map(_row, c.cov))}]," for c in law.components), "]"]
    return "\n".join(lines) + "\n"


def _row(values: Vector) -> str:
    return f"[{', '.join(map(_written, values))}]"


def _written(value: Scalar) -> str:
    plain = isinstance(value, Fraction) and value.denominator == 1 and abs(value) < 2**63
    return str(value) if plain else f'"{scalar_text(value)}"'


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
