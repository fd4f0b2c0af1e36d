"""What ``value`` returns: a quantity with its error, as decimal strings and balls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from numerics.balls import ball, bits_of, working
from numerics.quantities.printing import printed, reached
from numerics.quantities.table import QUANTITIES
from theory.language.instances import LawError


class QuantityError(LawError):
    """A quantity that does not exist, or is asked for without what it needs; the message says what and the remedy."""


@dataclass(frozen=True)
class Value:
    """A quantity with its error.

    ``value`` and ``radius`` are decimal strings (nested lists for vectors and matrices) with the true value within
    ``radius`` of ``value`` when ``guarantee`` is "exact" or "rigorous"; "float" radii are estimates. ``digits`` are the
    relative decimal digits reached by the worst entry, ``wanted`` those asked for. ``balls`` holds the balls.
    """

    quantity: str
    unit: str
    clock: str | None
    value: Any
    radius: Any
    digits: int
    guarantee: str
    method: str
    uses: tuple[str, ...]
    seconds: float
    wanted: int = 15
    confidence: str | None = None
    balls: Any = field(default=None, compare=False, repr=False)
    by: str | None = None
    order: int = 0

    @property
    def complete(self) -> bool:
        """Whether the digits asked for were reached."""
        return self.digits >= self.wanted

    def in_bits(self) -> Value:
        """The same value with nats turned into bits (itself if its unit holds no nats)."""
        power = QUANTITIES[self.quantity].bits if self.quantity in QUANTITIES else 0
        if not power or "nats" not in self.unit:
            return self
        with working(bits_of(max(self.wanted, self.digits)) + 60):
            balls = mapped(lambda v: v / ball(2).log() ** power, self.balls)
        texts = printed(balls, self.wanted or 15)
        return replace(
            self, unit=self.unit.replace("nats", "bits"), value=texts[0], radius=texts[1],
            digits=reached(texts, self.wanted or 15), balls=balls,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """The value as inert JSON data."""
        derivative = {} if self.by is None else {"by": self.by, "order": self.order}
        return {
            "version": 1, "quantity": self.quantity, "unit": self.unit, "clock": self.clock, "value": self.value,
            "radius": self.radius, "digits": self.digits, "guarantee": self.guarantee, "confidence": self.confidence,
            "method": self.method, "uses": list(self.uses), "seconds": round(self.seconds, 3), **derivative,
        }  # fmt: skip


def mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """``function`` of every entry of nested tuples."""
    return tuple(mapped(function, v) for v in value) if isinstance(value, tuple) else function(value)


def entries(value: Any) -> list[Any]:
    """The entries of nested tuples, in order."""
    return [v for entry in value for v in entries(entry)] if isinstance(value, tuple) else [value]
