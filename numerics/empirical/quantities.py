"""Quantities of an empirical law at a noise level, by Monte Carlo on its exact posterior: ``value`` for points.

Every quantity is an affine function of one bounded mean: mmse = E tr Cov(X0 | x) (the average of |X0 - m|^2 over the
posterior, so never of larger variance than |X0 - m|^2 itself), H(X0 | Xt) = E H(X0 | x), or a second moment of
-log P(X0 | x) or H(X0 | x). H(Xt) = H(X0) - H(X0 | Xt) + H(Xt | X0) is Bayes' rule and linearity; the Fisher
information and the divergence use theorems, which ``uses`` names.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import Any

from numerics.empirical.bounded import ERROR, Bounded, Observable, chunk_size, mean_of
from numerics.empirical.channel import Channel
from numerics.empirical.levels import Level, closed, level_at
from numerics.empirical.points import EmpiricalLaw
from numerics.quantities.table import COVARIANCE_USES, QUANTITIES, SPEED, Quantity
from numerics.quantities.values import QuantityError, clock_of
from numerics.rings import Unsupported
from theory.language.definitions import unfold_linear
from theory.processes import Place, Process, parse_at, parse_process

STATISTICAL = "statistical"
WORK, MOST_WORK = 6e10, 1e12
"""Floating-point operations of the two products: without a wish for digits, and at most with one."""
MOST_SAMPLES = 1 << 24
ROUNDED = 0.9
"""Room for the rounding up of the printed radius to two digits."""
PILOT, PILOT_ERROR = 1 << 14, ERROR / 10

_COV, _H = "mmse", "posterior entropy"
_BASE = {
    "mmse": _COV, "bandwidth": _COV, "information-rate": _COV, "class-entropy-rate": _COV, "entropy-rate": _COV,
    "fisher-information": _COV, "expected-divergence": _COV, "conditional-entropy": _H, "class-entropy": _H,
    "mutual-information": _H, "entropy": _H, "variance-phi": "squared surprise",
    "variance-phi-class": "squared surprise", "variance-h": "squared entropy", "variance-h-class": "squared entropy",
}  # fmt: skip
_POSITIVE = frozenset(
    ("mmse", "bandwidth", "information-rate", "class-entropy-rate", "conditional-entropy", "class-entropy",
     "variance-phi", "variance-phi-class", "variance-h", "variance-h-class")
)  # fmt: skip
_METHODS = {
    _COV: "tr Cov(X0|x) by responsibilities", _H: "H(X0|x) by responsibilities",
    "squared surprise": "posterior average of (log P(X0|x) - centre)^2", "squared entropy": "(H(X0|x) - centre)^2",
}  # fmt: skip


@dataclass(frozen=True)
class Estimate:
    """A quantity estimated on samples.

    ``value`` and ``radius`` are decimal strings, the true value within ``radius`` with probability ``confidence``; both
    are None when ``reason`` says why there is no interval (a rare event). ``digits``: relative decimal digits reached;
    ``wanted``: asked for, or None. ``standard_error``: decimal string; ``samples``: how many were counted.
    """

    quantity: str
    unit: str
    clock: str | None
    value: str | None
    radius: str | None
    digits: int
    method: str
    uses: tuple[str, ...]
    seconds: float
    samples: int
    standard_error: str
    wanted: int | None = None
    reason: str = ""
    guarantee: str = STATISTICAL
    confidence: str = str(1 - ERROR)
    interval: tuple[float, float] = (-math.inf, math.inf)

    @property
    def complete(self) -> bool:
        """Whether there is an interval, with the digits asked for."""
        return not self.reason and self.digits >= (self.wanted or 0)

    def in_bits(self) -> Estimate:
        """The same with nats turned into bits (itself if its unit holds no nats)."""
        power = QUANTITIES[self.quantity].bits
        if not power or "nats" not in self.unit:
            return self
        factor = math.log(2) ** -power
        low, high = (end * factor for end in self.interval)
        texts = _texts(low, high, bool(self.reason))
        error = _figure(float(self.standard_error) * factor)
        return replace(
            self, unit=self.unit.replace("nats", "bits"), value=texts[0], radius=texts[1], standard_error=error,
            interval=(low, high),
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """The estimate as inert JSON data: the keys of every value, and those of an estimate."""
        return {
            "version": 1, "quantity": self.quantity, "unit": self.unit, "clock": self.clock, "value": self.value,
            "radius": self.radius, "digits": self.digits, "guarantee": self.guarantee, "confidence": self.confidence,
            "method": self.method, "uses": list(self.uses), "seconds": round(self.seconds, 3),
            "standard_error": self.standard_error, "samples": self.samples, "reason": self.reason or None,
        }  # fmt: skip


def value(
    quantity: str, law: EmpiricalLaw, process: Process | str = "ve", at: Place | str = "", *, clock: str | None = None,
    digits: int | None = None, bits: bool = False, seed: int = 0, samples: int | None = None,
) -> Estimate:  # fmt: skip
    """The quantity of ``law`` at a level, with a 99 % interval; ``digits`` asks for radius <= 10^-digits |value|.

    ``samples``: how many at most (by default so many that the products take about 6e10 operations, or 1e12 with
    ``digits``). Nats, or bits. Raises LawError (QuantityError): malformed input; Unsupported: a quantity that is not
    estimated, or a level too small for float64.
    """
    start = time.perf_counter()
    wanted = QUANTITIES.get(quantity)
    if wanted is None:
        raise QuantityError(f"unknown quantity {quantity!r}; known: {', '.join(QUANTITIES)}")
    if digits is not None and not 1 <= digits <= 15:
        raise QuantityError(f"digits = {digits}; from points give a number from 1 to 15 (more than 4 takes long)")
    if samples is not None and not 1 <= samples <= MOST_SAMPLES:
        raise QuantityError(f"samples = {samples}; give a number from 1 to {MOST_SAMPLES}")
    if quantity not in _BASE:
        raise Unsupported(f"{quantity} is not estimated from points; available: {', '.join(_BASE)}")
    process = parse_process(process) if isinstance(process, str) else process
    place = parse_at(at) if isinstance(at, str) else at
    chosen = clock_of(wanted, process, clock)
    if place.points:
        raise QuantityError(f"{quantity} is a number and takes no point; leave {place.points[0][0]}=.. out")
    level = level_at(process, place)
    speed = closed(unfold_linear(SPEED[chosen or "t"]), level, law.D)
    if speed == 0:
        raise QuantityError(f"the clock {chosen} stands still at this level; choose another clock")
    found = _estimate(wanted, law, level, speed, digits, seed, samples or _budget(law, digits))
    low, high = found.interval
    texts = _texts(low, high, bool(found.reason))
    result = Estimate(
        quantity, wanted.unit, chosen, texts[0], texts[1], 0 if found.reason else _digits(*texts),
        f"Monte Carlo on the exact posterior of {law.N} places: {_METHODS[_BASE[quantity]]}",
        COVARIANCE_USES.get(quantity, wanted.uses), time.perf_counter() - start, found.samples,
        _figure(found.standard_error), digits, found.reason, interval=(low, high),
    )  # fmt: skip
    return result.in_bits() if bits else result


@dataclass(frozen=True)
class _Found:
    interval: tuple[float, float]
    standard_error: float
    samples: int
    reason: str


def _budget(law: EmpiricalLaw, digits: int | None) -> int:
    """How many samples the work allows."""
    each = 4.0 * law.N * (law.D + 2)
    return max(chunk_size(law.D), min(1 << 17 if digits is None else MOST_SAMPLES,
                                      int((WORK if digits is None else MOST_WORK) / each)))  # fmt: skip


def _estimate(
    wanted: Quantity, law: EmpiricalLaw, level: Level, speed: float, digits: int | None, seed: int, budget: int
) -> _Found:
    channel = Channel(law, level.alpha, level.sigma)
    base = _BASE[wanted.name]
    if base in (_COV, _H):
        observable, centre = _first(channel, base), 0.0
        offset, slope = _affine(wanted.name, law, level, speed)
        excess = 0.0
    else:
        middle = mean_of(channel, _first(channel, _H), seed=seed, budget=min(PILOT, budget // 8), error=PILOT_ERROR)
        centre = middle.centre
        observable, offset, slope = _second(channel, base, centre), 0.0, 1.0
        # Var = E (y - c)^2 - (E y - c)^2; the last square is at most that of the pilot's radius
        excess = max(middle.upper - centre, centre - middle.lower) ** 2

    def ends(b: Bounded) -> tuple[float, float]:
        low, high = offset + slope * (b.lower - excess), offset + slope * b.upper
        return float(min(low, high)), float(max(low, high))

    def good(b: Bounded) -> bool:
        low, high = ends(b)
        return digits is not None and high - low <= ROUNDED * 10.0**-digits * abs(low + high)

    error = ERROR if base in (_COV, _H) else ERROR - PILOT_ERROR
    wish = None if digits is None else good
    found = mean_of(channel, observable, seed=seed, budget=budget, good=wish, error=error)
    reason = ""
    if wanted.name in _POSITIVE and found.upper > 0 and not (found.is_positive and found.lower > excess):
        reason = found.why_not(abs(slope) * found.upper)
    low, high = ends(found)
    slack = 2.0**-50 * (abs(offset) + abs(low) + abs(high))
    return _Found((low - slack, high + slack), abs(slope) * found.standard_error, found.samples, reason)


def _first(channel: Channel, base: str) -> Observable:
    law = channel.law
    if base == _COV:
        upper = law.square_radius if law.N > 1 else 0.0
        return Observable(base, lambda p: p.covariance, upper, channel.covariance_rounding)
    return Observable(base, lambda p: p.entropy, math.log(law.N), channel.entropy_rounding)


def _second(channel: Channel, base: str, centre: float) -> Observable:
    """(H(X0|x) - c)^2, or the posterior average of (-log P(X0|x) - c)^2.

    For L = -log r >= 0 with E exp(L) = N, E L^2 <= log(N + e - 1)^2: log(u + e - 1)^2 is concave for u >= 1.
    """
    law = channel.law
    if law.N == 1:
        return Observable(base, lambda p: p.entropy, 0.0, 0.0)
    if base == "squared entropy":
        upper = max(centre, math.log(law.N) - centre) ** 2
        return Observable(base, lambda p: (p.entropy - centre) ** 2, upper, 2 * upper**0.5 * channel.entropy_rounding)
    upper = math.log(law.N + math.e - 1) ** 2 + centre**2
    return Observable(
        base, lambda p: p.surprise_square - 2 * centre * p.entropy + centre**2, upper,
        8 * (upper + 1) ** 0.5 * channel.entropy_rounding, squares=True,
    )  # fmt: skip


def _affine(name: str, law: EmpiricalLaw, level: Level, speed: float) -> tuple[float, float]:
    """(offset, slope): the quantity is offset + slope x the bounded mean."""
    sigma2 = level.sigma**2
    gain = level.g2 * level.alpha**2 / (2 * sigma2**2)
    kernel = law.D / 2 * math.log(2 * math.pi * math.e * sigma2)
    fisher = (law.D / sigma2, -((level.alpha / sigma2) ** 2))
    forms: dict[str, Callable[[], tuple[float, float]]] = {
        "bandwidth": lambda: (0.0, gain / speed),
        "class-entropy-rate": lambda: (0.0, gain / speed),
        "information-rate": lambda: (0.0, -gain / speed),
        "entropy-rate": lambda: ((law.D * level.a + level.g2 / 2 * fisher[0]) / speed,
                                 level.g2 / 2 * fisher[1] / speed),
        "fisher-information": lambda: fisher,
        "expected-divergence": lambda: (-fisher[0], -fisher[1]),
        "mutual-information": lambda: (law.entropy, -1.0),
        "entropy": lambda: (law.entropy + kernel, -1.0),
    }  # fmt: skip
    return forms[name]() if name in forms else (0.0, 1.0)


# -- figures -----------------------------------------------------------------------------------------------------------
def _digits(value: str | None, radius: str | None) -> int:
    """The largest n (at most 15) with radius <= 10^-n |value|, of the printed numbers."""
    if value is None or radius is None:
        return 0
    size, width = abs(Fraction(value)), Fraction(radius)
    return next((n for n in range(15, 0, -1) if width * 10**n <= size), 0) if width else 15


def _texts(low: float, high: float, silent: bool) -> tuple[str | None, str | None]:
    """(value, radius): the radius to two digits, rounded up to hold the rounding of the value too."""
    if silent:
        return None, None
    middle, radius = (low + high) / 2, (high - low) / 2
    if radius == 0:
        return ("0" if middle == 0 else repr(middle)), "0"
    unit = Decimal(1).scaleb(math.floor(math.log10(radius)) - 1)
    shown = Decimal(middle).quantize(unit) if abs(middle) < 1e15 * radius else Decimal(middle)
    width = Decimal(radius) * Decimal("1.000001") + abs(shown - Decimal(middle))
    return _plain(shown), _plain(width.quantize(unit, rounding=ROUND_CEILING))


def _plain(number: Decimal) -> str:
    return f"{number:f}" if -12 < number.adjusted() < 16 else f"{number:e}"


def _figure(number: float) -> str:
    return f"{number:.3g}"
