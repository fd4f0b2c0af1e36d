"""The noise levels of a sweep in float64, each read exactly once from the process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

from numerics.balls import midpoint, working
from numerics.enclosures import ball_interpreter
from theory.calculus import fold_constants, power
from theory.grammar import parse_scalar
from theory.language.instances import STANDING_GERM, LawError, Scalar, gaussian
from theory.language.terms import Term
from theory.processes import LEVELS, Process

Array = NDArray[np.float64]
Level = Union[float, int, str, Fraction]
BITS = 200
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Noise:
    """alpha, sigma^2, a = alpha'/alpha and g^2 at n levels, arrays (n,)."""

    levels: Array
    alpha: Array
    sigma2: Array
    a: Array
    g2: Array

    def speed(self, clock: str) -> tuple[Array, Array]:
        """d(clock)/dt and its rounding error, (n,), by (sigma^2)' = 2 a sigma^2 + g^2 and nu' = g^2/alpha^2."""
        drift = 2 * self.a * self.sigma2
        growth, loss = drift + self.g2, 2 * EPS * (np.abs(drift) + self.g2)
        factor = {
            "sigma^2": np.ones_like(growth), "sigma": 0.5 / np.sqrt(self.sigma2), "log-sigma": 0.5 / self.sigma2,
        }.get(clock)  # fmt: skip
        if factor is not None:
            return growth * factor, loss * factor
        ratio = self.alpha**2
        speed = {"t": np.ones_like(growth), "nu": self.g2 / ratio, "snr": -self.g2 * ratio / self.sigma2**2}[clock]
        return speed, (0.0 if clock == "t" else 4.0) * EPS * np.abs(speed)


def as_float(value: Scalar) -> float:
    """A number, or a constant term (through balls: formulas of schedules cancel), to the last place of float64."""
    if isinstance(value, Fraction):
        return float(value)
    with working(BITS):
        found = ball_interpreter(gaussian(0, 1), STANDING_GERM, bits=BITS).scalar(value)
        if not found.is_finite():
            raise LawError("a level or a parameter of the law has no finite value in float64")
        return float(midpoint(found))


def exact_level(level: Any) -> Scalar:
    """A level as an exact number: floats are taken as the binary numbers that they are, texts are read exactly.

    Raises LawError: no finite real number.
    """
    if isinstance(level, Term):
        return level
    if isinstance(level, str):
        return fold_constants(parse_scalar(level))
    try:
        return Fraction(level if isinstance(level, (int, Fraction)) else float(level))
    except (TypeError, ValueError, OverflowError):
        raise LawError(f"the level {level!r} is no finite number; give numbers, as in [0.1, 0.2]") from None


def noise_levels(process: Process, levels: Iterable[Level], by: str) -> Noise:
    """The process at ``levels`` of ``by``. Raises LawError: none, an unknown kind, or a level that is never reached."""
    if by not in LEVELS:
        raise LawError(f"unknown kind of level {by!r}; known: {', '.join(LEVELS)}")
    exact = [exact_level(level) for level in np.asarray(levels, dtype=object).ravel()]
    if not exact:
        raise LawError("there is no level; give at least one, as in [1/2]")
    germs = [process.germ({by: level}, order=0) for level in exact]
    alpha = np.array([as_float(g.alpha) for g in germs])
    sigma2 = np.array([as_float(g.sigma**2 if isinstance(g.sigma, Fraction) else power(g.sigma, 2)) for g in germs])
    a, g2 = (np.array([as_float(row[0]) for row in rows]) for rows in ([g.a for g in germs], [g.g2 for g in germs]))
    if not (np.all(alpha > 0) and np.all(sigma2 > 0) and np.all(np.isfinite(sigma2 + alpha + g2))):
        raise LawError(f"alpha or sigma^2 leaves the range of float64 at a level of {by}; give levels further inside")
    return Noise(np.array([as_float(level) for level in exact]), alpha, sigma2, a, g2)
