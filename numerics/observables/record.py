"""The record of an experiment: every number it decided by, and everything that is needed to repeat it."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from numerics.estimates import digits
from numerics.schedules import Schedule
from numerics.sequential import Outcome

VERSION = 1


@dataclass(frozen=True)
class Line:
    """One check as decided: |value - target| +- (radius + bias) against ``margin``."""

    statement: str
    part: str
    relation: str
    target: float
    value: float
    radius: float
    bias: float
    margin: float
    outcome: Outcome
    effective: float
    paths: int
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Numbers as decimal strings."""
        numbers = {n: digits(getattr(self, n)) for n in ("radius", "bias", "margin", "effective")}
        both = {n: digits(getattr(self, n), 12) for n in ("target", "value")}
        words = {n: getattr(self, n) for n in ("statement", "part", "relation", "reason")}
        return {**words, "outcome": self.outcome.value, **both, **numbers, "paths": self.paths}


@dataclass(frozen=True)
class Record:
    """What an experiment found. ``setting`` is the experiment itself; ``versions`` those of what computed it.

    ``stopped`` says so if the run was interrupted: the lines then hold for the paths that were in.
    """

    name: str
    setting: Any
    seed: int
    share: float
    max_paths: int
    chunk: int
    versions: Mapping[str, str]
    lines: tuple[Line, ...]
    stopped: str = ""

    @property
    def outcome(self) -> Outcome:
        """REFUTED if any line is, EQUIVALENT if all are, else UNDECIDED."""
        outcomes = {line.outcome for line in self.lines}
        if Outcome.REFUTED in outcomes:
            return Outcome.REFUTED
        return Outcome.EQUIVALENT if outcomes == {Outcome.EQUIVALENT} else Outcome.UNDECIDED

    def line(self, statement: str) -> Line:
        """The first line whose statement begins so. Raises KeyError."""
        for line in self.lines:
            if line.statement.startswith(statement):
                return line
        raise KeyError(statement)

    @property
    def refuted(self) -> tuple[str, ...]:
        """The statements that were refuted."""
        return tuple(line.statement for line in self.lines if line.outcome is Outcome.REFUTED)

    def as_json(self) -> dict[str, Any]:
        """The whole record, numbers as decimal strings."""
        return {
            "version": VERSION, "experiment": self.name, "outcome": self.outcome.value,
            "stopped": self.stopped or None, "seed": self.seed,
            "share": digits(self.share), "max_paths": self.max_paths, "chunk": self.chunk,
            "versions": dict(self.versions), "checks": [line.as_json() for line in self.lines],
            "setting": plain(self.setting),
        }  # fmt: skip

    def dumps(self) -> str:
        """As JSON text."""
        return json.dumps(self.as_json(), indent=1)

    def __str__(self) -> str:
        rows = [f"{self.name}: {self.outcome.value}"]
        for line in self.lines:
            rows.append(
                f"  {line.outcome.value:10} {line.statement}: {line.value:.6g} {line.relation} {line.target:.6g}"
                f" (radius {line.radius:.2g}, step bias {line.bias:.2g}, margin {line.margin:.2g}; {line.paths} paths)"
                + (f" {line.reason}" if line.reason else "")
            )
        return "\n".join(rows)


def versions() -> dict[str, str]:
    """Of the interpreter, NumPy and SciPy, and the kind of processor: bits may differ between them."""
    import scipy

    return {
        "python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__,
        "machine": platform.machine(),
    }  # fmt: skip


def plain(thing: Any) -> Any:
    """Frozen data as nested lists and objects with decimal strings, each with its ``kind``."""
    if isinstance(thing, Schedule):
        return {"kind": "Process", "name": thing.process.name, "text": thing.process.text}
    if is_dataclass(thing) and not isinstance(thing, type):
        inside = {f.name: plain(getattr(thing, f.name)) for f in fields(thing) if not callable(getattr(thing, f.name))}
        return {"kind": type(thing).__name__, **inside}
    if isinstance(thing, (bool, str, int)) or thing is None:
        return thing
    if isinstance(thing, float):
        return repr(thing)
    if isinstance(thing, (tuple, list)):
        return [plain(part) for part in thing]
    if isinstance(thing, np.ndarray):
        return {"kind": "array", "shape": list(thing.shape)}
    return str(thing)
