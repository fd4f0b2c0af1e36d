"""Ranges of noise levels, and one level as every other: nu = sigma^2/alpha^2 orders them under every linear process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from numerics.balls import Ball, lower, midpoint, upper, working
from numerics.landscape.scalars import ball_of
from numerics.rings import Unsupported
from theory.calculus import as_scalar_term, fold_constants, power, quot
from theory.grammar import parse_scalar
from theory.language.instances import Law, LawError
from theory.language.terms import make
from theory.processes import LEVELS, Process
from theory.processes.curves import Still

BITS = 400
_N = make("sym", (), "N")


@dataclass(frozen=True)
class Range:
    """low <= nu <= high (an irrational end is moved outwards by less than 2^-200 of itself); ``text`` as asked for."""

    text: str
    low: Fraction
    high: Fraction
    exact: bool = True


def read_range(text: str, process: Process) -> Range:
    """``sigma=1/10..5`` as a range of nu under ``process``. Raises LawError with the remedy."""
    kind, mark, rest = (part.strip() for part in text.partition("="))
    first, dots, last = (part.strip() for part in rest.partition(".."))
    if kind not in LEVELS or not (mark and dots and first and last):
        known = ", ".join(LEVELS)
        raise LawError(f"the range {text!r} cannot be read; write it as in sigma=1/10..5, by one of {known}")
    ends = [_nu(kind, end, process) for end in (first, last)]
    (low, one), (high, other) = sorted(ends, key=lambda end: end[0])
    low, high = (low, high) if one and other else (low * (1 - Fraction(1, 2**200)), high * (1 + Fraction(1, 2**200)))
    if not 0 < low < high:
        raise LawError(f"the range {text!r} has no two different ends of positive noise; give low < high")
    return Range(f"{kind}={first}..{last}", low, high, one and other)


def _nu(kind: str, text: str, process: Process) -> tuple[Fraction, bool]:
    """nu at an end, and whether that is exact."""
    level = fold_constants(parse_scalar(text))
    germ = process.germ({kind: level}, order=0)
    square = fold_constants(quot(power(as_scalar_term(germ.sigma), 2), power(as_scalar_term(germ.alpha), 2)))
    if isinstance(square, Fraction):
        return square, True
    with working(BITS):
        found = ball_of(square)
        if not (found > 0 and found.rad() * 2**220 < found.mid()):
            raise LawError(f"{kind} = {text} has no noise that is certainly positive; give another end")
    return midpoint(found), False


def default_range(laws: list[Law]) -> Range:
    """From a tenth of the finest scale of the laws (gaps of atoms, standard deviations) to ten times their spread."""
    fine, wide = [], []
    with working(64):
        for law in laws:
            places = sorted(float(ball_of(p.mean[0]).mid()) for p in law.components)
            deviations = [float(ball_of(p.cov[0][0]).mid()) ** 0.5 for p in law.components]
            least = 1e-12 * (places[-1] - places[0])
            gaps = [b - a for a, b in pairwise(places) if b - a > least]
            fine += [*gaps, *(d for d in deviations if d)]
            wide.append(max(places[-1] - places[0], *deviations))
    first = float(min(fine, default=1.0)) / 10
    low, high = _round(first), _round(max(float(max(wide, default=1.0)) * 10, first * 10))
    return Range(f"sigma/alpha={low}..{high}", low * low, high * high)


def _round(value: float) -> Fraction:
    """One significant digit."""
    mantissa, exponent = f"{value:.0e}".split("e")
    return Fraction(int(mantissa)) * Fraction(10) ** int(exponent)


def inside(place: Ball, span: Range) -> bool | None:
    """Whether a place lies within the range."""
    if lower(place) >= span.low and upper(place) <= span.high:
        return True
    return False if upper(place) < span.low or lower(place) > span.high else None


def levels(nu: Ball, process: Process, clock_free: bool = False) -> dict[str, Ball]:
    """nu, snr, sigma/alpha and, where the process says them in closed form, sigma, alpha and t."""
    found = {"nu": nu, "snr": 1 / nu, "sigma/alpha": nu.sqrt()}
    curve = process.curve
    if curve is None:
        return found
    symbols: Mapping[str, Ball] = {"N": nu}
    alpha2 = ball_of(curve.alpha2_of_nu(_N), symbols)
    sigma2 = nu * alpha2
    found |= {"sigma": sigma2.sqrt(), "alpha": alpha2.sqrt()}
    formula = process.time if process.time is not None else process.time_of_sigma2
    if formula is not None:
        try:
            found["t"] = ball_of(formula, {"A": alpha2, "V": sigma2})
        except Unsupported:
            return found
    return found


def is_still(process: Process) -> bool:
    """alpha = 1 at all times."""
    return process.curve == Still()
