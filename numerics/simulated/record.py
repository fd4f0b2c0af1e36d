"""What a simulation of a quantity found, with everything that it rests on and that is needed to repeat it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numerics.estimates import digits
from numerics.sequential import Outcome
from numerics.simulate import CHUNK


@dataclass(frozen=True)
class Simulated:
    """A simulated quantity and the number that theory gives for it.

    ``value`` may be off by ``step_error`` + ``statistical_error`` (of ``route`` "transfer": the quadrature's), the
    number ``target`` by ``target_radius``, at a joint error rate of ``rate``. ``margin`` is absolute, ``relative`` what
    part of the number that is, ``margin_reason`` where it comes from. ``paths`` is 0 where nothing was sampled.
    ``stopped`` says so if the run was interrupted. Units as ``unit`` says; entropies in nats.
    """

    what: str
    words: str
    unit: str
    law: str
    process: str
    at: str
    against: str
    strength: float
    value: float
    step_error: float
    statistical_error: float
    target: float
    target_radius: float
    target_texts: tuple[str, str]
    target_guarantee: str
    target_method: str
    uses: tuple[str, ...]
    margin: float
    relative: float
    margin_reason: str
    rate: float
    outcome: Outcome
    reason: str
    route: str
    route_reason: str
    dimension: int
    eta: float
    scheme: str
    grid: str
    steps: int
    levels: int
    paths: int
    max_paths: int
    effective: float
    seed: int
    stopped: str
    seconds: float
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def error(self) -> float:
        """What the simulated value may be off by."""
        return self.step_error + self.statistical_error

    @property
    def difference(self) -> float:
        """Simulated less theory."""
        return self.value - self.target

    def to_json(self) -> dict[str, Any]:
        """Inert JSON data, numbers as decimal strings."""
        return {
            "version": 1, "what": self.what, "law": self.law, "process": self.process, "at": self.at,
            "against": self.against or None, "strength": digits(self.strength, 12), "unit": self.unit,
            "outcome": self.outcome.value, "reason": self.reason, "stopped": self.stopped or None,
            "value": digits(self.value, 12), "step_error": digits(self.step_error),
            "statistical_error": digits(self.statistical_error), "difference": digits(self.difference),
            "theory": {
                "value": self.target_texts[0], "radius": self.target_texts[1], "guarantee": self.target_guarantee,
                "method": self.target_method, "uses": list(self.uses),
            },
            "margin": {"absolute": digits(self.margin), "relative": digits(self.relative),
                       "reason": self.margin_reason}, "rate": digits(self.rate),
            "route": {"kind": self.route, "dimension": self.dimension, "reason": self.route_reason},
            "snr": digits(self.eta, 17), "scheme": self.scheme, "grid": self.grid, "steps": self.steps,
            "levels": self.levels, "paths": self.paths, "max_paths": self.max_paths, "chunk": CHUNK,
            "seed": self.seed, "versions": dict(self.versions), "seconds": round(self.seconds, 3),
        }  # fmt: skip
