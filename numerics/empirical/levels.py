"""A linear process at one time in floats, and the numbers of terms made of schedule functions alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from numerics.balls import midpoint, working
from numerics.enclosures import ball_interpreter
from numerics.quantities.values import germ_at
from numerics.rings import Unsupported
from theory.language.instances import gaussian
from theory.language.terms import Term
from theory.processes import Place, Process


@dataclass(frozen=True)
class Level:
    """A linear process at one time, in floats."""

    alpha: float
    sigma: float
    a: float
    g2: float

    def function(self, name: object) -> tuple[float, float | None]:
        """(value, time derivative or None where it is not known) of alpha, sigma, a or g."""
        growth = 2 * self.a * self.sigma**2 + self.g2
        known: dict[object, tuple[float, float | None]] = {
            "alpha": (self.alpha, self.a * self.alpha), "sigma": (self.sigma, growth / (2 * self.sigma)),
            "a": (self.a, None), "g": (math.sqrt(self.g2), None),
        }  # fmt: skip
        return known[name]


def level_at(process: Process, place: Place) -> Level:
    """The process at the level that ``place`` names. Raises LawError: a level the process never has."""
    germ = germ_at(process, place)
    with working(200):
        plain = ball_interpreter(gaussian(0, 1), germ, bits=64)
        values = [float(midpoint(plain.scalar(v))) for v in (germ.alpha, germ.sigma, germ.a[0], germ.g2[0])]
    return Level(*values)


def closed(term: Term, level: Level, D: int) -> float:
    """The number of a core term of schedule functions. Raises Unsupported."""
    return closed_rate(term, level, D)[0]


def closed_rate(term: Term, level: Level, D: int) -> tuple[float, float | None]:
    """(value, time derivative or None) of a core term without random variables."""
    op = term.op
    if op == "num":
        return float(Fraction(str(term.data))), 0.0
    if op == "pi":
        return math.pi, 0.0
    if op == "dim":
        return float(D), 0.0
    if op == "tfun":
        return level.function(term.data)
    parts = [closed_rate(t, level, D) for t in term.args] if op in ("add", "mul", "pow", "log", "exp", "dt") else []
    values, rates = [v for v, _ in parts], [r for _, r in parts]
    if op == "add":
        return math.fsum(values), None if None in rates else math.fsum(r for r in rates if r is not None)
    if op == "mul":
        slopes = [None if r is None else r * math.prod(values[:i] + values[i + 1 :]) for i, r in enumerate(rates)]
        return math.prod(values), None if None in slopes else math.fsum(s for s in slopes if s is not None)
    if op in ("pow", "log", "exp"):
        value, rate = parts[0]
        exponent = float(Fraction(str(term.data))) if op == "pow" else 0.0
        try:
            if op == "pow":
                outer, slope = value**exponent, exponent * value ** (exponent - 1)
            else:
                outer, slope = (math.log(value), 1 / value) if op == "log" else (math.exp(value), math.exp(value))
        except (ValueError, ZeroDivisionError, OverflowError) as error:
            raise Unsupported(f"{op} of {value:g} has no value") from error
        if isinstance(outer, complex):
            raise Unsupported(f"{op} of {value:g} is not real")
        return outer, None if rate is None else slope * rate
    if op == "dt":
        if rates[0] is None:
            raise Unsupported("the time derivatives of a and g are not known here")
        return rates[0], None
    raise Unsupported(f"{term.op!r} is no function of the schedule alone")
