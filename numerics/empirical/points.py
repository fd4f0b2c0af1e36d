"""Empirical laws: the uniform law on the rows of an array file, read without executing or trusting anything in it.

Equal rows are one place with the sum of their weights, because entropies of X0 are those of a law: H(X0) counts
distinct places, not rows.
"""

from __future__ import annotations

import hashlib
import math
import tokenize
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from numerics.mixtures import Array
from theory.language.instances import LawError
from theory.laws import PointsFile

MAX_ENTRIES = 1 << 27
"""Largest number of entries N x D (1 GiB as float64)."""
EXACT_INTEGER = 1 << 53
_DAMAGED = (
    ValueError, EOFError, SyntaxError, TypeError, KeyError, OverflowError, MemoryError, RecursionError, OSError,
    tokenize.TokenError,
)  # fmt: skip
"""What numpy raises for damaged headers (it parses them as Python literals) and files that are cut short."""


class PointsError(LawError):
    """A file of points that cannot be read as a law. The message names the file and the remedy."""


@dataclass(frozen=True, eq=False)
class EmpiricalLaw:
    """The law of a row drawn at random: N distinct ``places`` (N, D) with integer ``counts`` (N), in file order.

    Places are kept relative to ``centre`` (D,): X0 = centre + place. Nothing that is estimated depends on the centre,
    and near it float64 has most digits. ``name`` is for messages.
    """

    places: Array
    counts: NDArray[np.int64]
    centre: Array
    name: str = "points"

    @property
    def N(self) -> int:
        """The number of distinct places."""
        return len(self.places)

    @property
    def D(self) -> int:
        """The dimension."""
        return int(self.places.shape[1])

    @property
    def rows(self) -> int:
        """The number of rows, repeated ones included."""
        return int(self.counts.sum())

    @cached_property
    def log_weights(self) -> Array:
        """log P(X0 = place), (N,)."""
        out: Array = np.log(self.counts / self.rows)
        return out

    @cached_property
    def is_uniform(self) -> bool:
        """All places have the same weight."""
        return bool((self.counts == self.counts[0]).all())

    @cached_property
    def entropy(self) -> float:
        """H(X0) in nats."""
        return math.log(self.rows) - math.fsum(c * math.log(c) for c in self.counts.tolist()) / self.rows

    @cached_property
    def square_radius(self) -> float:
        """An upper bound of tr Cov of any law on the places: the squared radius of a ball that holds them.

        The ball is found by Badoiu and Clarkson's steps towards the farthest place; any ball is a valid bound.
        """
        ball, best = self.places.mean(axis=0), math.inf
        for step in range(1, 21):
            away = square_norms(self.places - ball)
            far = int(away.argmax())
            best = min(best, float(away[far]))
            ball = ball + (self.places[far] - ball) / (step + 1)
        return best * (1 + 1e-12)

    @cached_property
    def digest(self) -> str:
        """A name for the law that is the same for the same data: streams of random numbers hang on it."""
        head = hashlib.sha256(f"{self.places.shape}".encode())
        head.update(self.places.tobytes())
        head.update(self.counts.tobytes())
        return head.hexdigest()[:16]


def square_norms(rows: Array) -> Array:
    """|row|^2 of every row, (N,)."""
    out: Array = np.einsum("ij,ij->i", rows, rows)
    return out


def law_of(rows: NDArray[np.generic], *, scale: float = 1.0, name: str = "points") -> EmpiricalLaw:
    """The empirical law of ``rows`` (N, D), or of N numbers (N,), multiplied by ``scale``.

    Raises PointsError: not an array of finite numbers, empty, too large, or spread beyond what float64 can square.
    """
    if rows.dtype.kind not in "fiub" or rows.dtype.itemsize > 8:
        raise PointsError(f"{name} holds {rows.dtype}, not numbers; save an array of floats or integers")
    if rows.ndim == 1:
        rows = rows[:, None]
    if rows.ndim != 2:
        raise PointsError(f"{name} has shape {rows.shape}; give N x D, a point a row")
    if not rows.size:
        raise PointsError(f"{name} is empty (shape {rows.shape}); give at least one point")
    if rows.size > MAX_ENTRIES:
        raise PointsError(f"{name} has {rows.shape[0]} x {rows.shape[1]} entries; at most {MAX_ENTRIES} are read")
    if rows.dtype.kind in "iu" and max(abs(int(rows.min())), abs(int(rows.max()))) > EXACT_INTEGER:
        raise PointsError(f"{name} holds integers beyond 2^53; save it as floats")
    values = np.array(rows, dtype=np.float64, order="C")
    values += 0.0  # -0 and 0 are one place
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, column = map(int, bad[0])
        raise PointsError(f"{name} holds {values[row, column]} in row {row}, column {column} (from 0); remove that row")
    values, counts = _merged(values)
    with np.errstate(over="ignore", invalid="ignore"):
        centre = values.mean(axis=0)
        values -= centre
        values *= scale
        spread = float(square_norms(values).max())
    if not math.isfinite(spread) or spread > 1e200 or (len(values) > 1 and spread < 1e-200):
        raise PointsError(f"{name}: the points spread over {math.sqrt(spread):.3g}; bring that near 1 with scale=..")
    return EmpiricalLaw(values, counts, centre * scale, name)


def _merged(values: Array) -> tuple[Array, NDArray[np.int64]]:
    """The distinct rows in order of first appearance, and how often each occurs."""
    _, first, counts = np.unique(values, axis=0, return_index=True, return_counts=True)
    order = np.argsort(first, kind="stable")
    kept = values if len(first) == len(values) else values[first[order]]
    return kept, counts[order].astype(np.int64)


def load_points(file: PointsFile | str | Path) -> EmpiricalLaw:
    """The law that ``points(file, scale=..)`` means. The file is a ``.npy`` array; pickled objects are never loaded.

    Raises PointsError (one sentence with the file and the remedy) for anything that is not a finite N x D array.
    """
    file = file if isinstance(file, PointsFile) else PointsFile(str(file))
    path, name = Path(file.path).expanduser(), file.text
    if not path.is_file():
        what = "is no regular file" if path.exists() else "does not exist"
        raise PointsError(f"{name}: the file {what}; save the points with numpy.save(..) and give that file")
    if path.stat().st_size == 0:
        raise PointsError(f"{name}: the file is empty; save the points with numpy.save(..)")
    with path.open("rb") as opened:
        magic = opened.read(6)
    if magic[:2] == b"PK":
        raise PointsError(f"{name}: an archive; save the one array of points with numpy.save(..)")
    if magic != b"\x93NUMPY":
        raise PointsError(f"{name}: not a .npy file; save the points with numpy.save(..)")
    try:
        rows = np.load(path, mmap_mode="r", allow_pickle=False)
    except _DAMAGED as error:
        why = "it holds Python objects" if "objects" in str(error) else "the file is damaged or cut short"
        raise PointsError(f"{name}: not an array of numbers ({why}); save one with numpy.save(..)") from error
    try:
        return law_of(rows, scale=float(file.scale), name=name)
    except MemoryError as error:
        raise PointsError(f"{name}: {rows.size} numbers do not fit in memory; give fewer points") from error
