"""``peaks``: all local extrema of a number or rate over a range of noise levels.

The law of X_t/alpha depends on nu = sigma^2/alpha^2 alone, and nu' = g^2/alpha^2 > 0: nu orders the noise levels of
every linear process. Numbers that do not change when X_t is scaled are functions of nu, so their extrema do not
depend on the process. A rate belongs to a clock: per nu it is a function of nu (dH(X0|Xt)/dnu = mmse/(2 nu^2),
dH(Z|Xt)/dnu = E sum_z P(z|X) |s_z - s|^2/2 at alpha = 1, dH(Xt)/dnu = E|s|^2/2 where alpha = 1), and d(clock)/dnu
does the rest.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from numerics.balls import Ball, arb, ball, bits_of, decimal, working
from numerics.line.numbers import _OF_X0, without_labels
from numerics.peaks.curves import Block, NoiseCurve
from numerics.peaks.ranges import Range, default_range, inside, is_still, levels, read_range
from numerics.peaks.search import Search
from numerics.quantities import QUANTITIES, QuantityError
from numerics.quantities.reduction import on_a_line
from numerics.quantities.values import clock_of
from theory.calculus import exact_sqrt, value_of
from theory.language.instances import Law
from theory.laws import factors, free_symbols, parse_law
from theory.processes import Process, parse_process

MAX_DIGITS = 200
_SCALED = ("fisher-information", "expected-divergence")
"""Numbers of X_t that are those of X_t/alpha divided by alpha^2."""
_PER_NU = {
    "bandwidth": ("mmse", Fraction(1, 2), -2), "information-rate": ("mmse", Fraction(-1, 2), -2),
    "class-entropy-rate": ("class-gap", Fraction(1, 2), 0), "entropy-rate": ("fisher-information", Fraction(1, 2), 0),
}  # fmt: skip
_CONSTANT = ("varentropy", "variance-phi", "variance-h", "variance-phi-class", "variance-h-class", "class-entropy")


class PeakError(QuantityError):
    """What cannot be searched for extrema; the message says why and what can."""


@dataclass(frozen=True)
class Extremum:
    """A local "maximum" or "minimum": balls of its levels (nu, snr, sigma, alpha, t where they are known) and value."""

    kind: str
    levels: dict[str, Ball]
    value: Ball


@dataclass(frozen=True)
class Peaks:
    """Every local extremum of ``quantity`` inside ``range``, from low to high noise.

    ``constant``: the quantity does not depend on the noise. ``ends``: its values at both ends. ``unresolved``: parts of
    the range (in nu) that could not be decided; everywhere else it is strictly monotone between the extrema.
    """

    quantity: str
    unit: str
    clock: str | None
    process: str
    range: str
    extrema: tuple[Extremum, ...]
    ends: tuple[tuple[dict[str, Ball], Ball], ...]
    directions: tuple[int, ...]
    unresolved: tuple[tuple[Fraction, Fraction], ...]
    constant: bool
    digits: int
    pieces: int
    seconds: float
    uses: tuple[str, ...] = field(default=())

    @property
    def complete(self) -> bool:
        """Whether the whole range was decided."""
        return not self.unresolved

    def sentences(self) -> list[str]:
        """What is proved about the rest of the range."""
        if self.constant:
            return [f"{self.quantity} is constant: no extrema"]
        names = {1: "rises", -1: "falls"}
        course = ", then ".join(names[d] for d in self.directions)
        what = f"{self.quantity} per unit of {self.clock}" if self.clock else self.quantity
        if not self.complete:
            parts = "; ".join(f"sigma/alpha = {float(a) ** 0.5:.6g}..{float(b) ** 0.5:.6g}" for a, b in self.unresolved)
            return [f"not decided on {parts}; elsewhere {what} is monotone between the extrema listed"]
        return [f"as the noise grows over {self.range}, {what} strictly {course}"]

    def to_json(self) -> dict[str, Any]:
        """Inert JSON data; numbers are decimal strings, rounded outwards."""
        return {
            "version": 1, "quantity": self.quantity, "unit": self.unit, "clock": self.clock, "process": self.process,
            "range": self.range, "constant": self.constant, "complete": self.complete, "guarantee": "rigorous",
            "extrema": [{"kind": e.kind, **self._row(e.levels, e.value)} for e in self.extrema],
            "ends": [self._row(place, value) for place, value in self.ends],
            "course": [{1: "rises", -1: "falls"}[d] for d in self.directions],
            "unresolved": [{"nu": [str(a), str(b)]} for a, b in self.unresolved], "uses": list(self.uses),
            "pieces": self.pieces, "seconds": round(self.seconds, 3),
        }  # fmt: skip

    def _row(self, place: dict[str, Ball], value: Ball) -> dict[str, str]:
        row: dict[str, str] = {}
        for name, found in (*place.items(), ("value", value)):
            centre, half_width = decimal(found, self.digits + 3)
            row |= {name: centre, "radius" if name == "value" else f"{name}_radius": half_width}
        return row


def peaks(
    quantity: str,
    law: Law | str,
    process: Process | str = "ve",
    *,
    within: str | None = None,
    clock: str | None = None,
    digits: int = 15,
) -> Peaks:
    """All local extrema of a number (or of a rate per unit of ``clock``) for noise levels strictly inside a range.

    ``within``: as in ``"sigma=1/10..5"``; by default from a tenth of the law's finest scale to ten times its spread.
    Places and values have ``digits`` relative digits. Laws on the line, and laws that split into such. Raises PeakError
    (a LawError): a quantity, clock or law that is not searched.
    """
    start = time.perf_counter()
    wanted = QUANTITIES.get(quantity)
    if wanted is None:
        raise PeakError(f"unknown quantity {quantity!r}; known: {', '.join(QUANTITIES)}")
    if wanted.kind == "point":
        raise PeakError(f"{quantity} is a function of x; ask for a number or a rate")
    if not 1 <= digits <= MAX_DIGITS:
        raise PeakError(f"digits = {digits}; give a number from 1 to {MAX_DIGITS}")
    law = parse_law(law) if isinstance(law, str) else law
    process = parse_process(process) if isinstance(process, str) else process
    missing = sorted(free_symbols(law) | process.free_symbols())
    if missing:
        raise PeakError(f"the symbol {missing[0]} has no value; give the law and the process in numbers")
    chosen = clock_of(wanted, process, clock)
    name, factor, powers = _in_nu(quantity, chosen, process)
    blocks = _blocks(law, name)
    span = default_range([b.law for b in blocks]) if within is None else read_range(within, process)
    curve = NoiseCurve(name, blocks, factor, powers)
    search = Search(curve, span.low, span.high, digits + 1)
    constant = (_is_constant(name, blocks) and curve.is_plain) or _cancels(name, blocks, powers)
    if not constant and not _vanishes(name, blocks):
        search.run()
    constant = constant or _vanishes(name, blocks)
    return _result(search, curve, span, process, quantity, chosen, digits, constant, time.perf_counter() - start)


_Form = tuple[str, Fraction, tuple[tuple[Fraction, Fraction], ...]]


def _in_nu(quantity: str, clock: str | None, process: Process) -> _Form:
    """(number, factor, powers): the quantity is factor prod (nu+k)^e times a number of X_0 + sqrt(nu) eps.

    On sigma^2 = c - k alpha^2, alpha^2 = c/(nu+k). Raises PeakError where the quantity has no such form.
    """
    still, name = is_still(process), QUANTITIES[quantity].base_name
    if quantity in ("entropy", "entropy-rate") and not still:
        raise PeakError(f"{quantity} under {process.text} depends on alpha; extrema are found under ve and edm")
    one, zero = Fraction(1), Fraction(0)
    if clock is None:
        if quantity in _SCALED and not still:
            c, k = _line(quantity, process)
            return name, 1 / c, ((k, one),)
        return name, one, ()
    name, factor, exponent = _PER_NU[quantity]
    speed, powers = _speed(quantity, clock, process)
    joined = {zero: Fraction(exponent)}
    for shift, power in powers:
        joined[shift] = joined.get(shift, zero) + power
    return name, factor * speed, tuple((shift, power) for shift, power in joined.items() if power)


def _speed(quantity: str, clock: str, process: Process) -> tuple[Fraction, tuple[tuple[Fraction, Fraction], ...]]:
    """dnu/d(clock) as factor and powers."""
    zero, one, half = Fraction(0), Fraction(1), Fraction(1, 2)
    if clock == "nu":
        return one, ()
    if clock == "snr":
        return -one, ((zero, 2 * one),)
    rate = value_of(process.g2) if process.constant else None
    if is_still(process):
        if clock == "t" and process.name == "edm":
            clock = "sigma"
        if clock == "t" and rate is None:
            raise _no_time(process)
        powers = {
            "t": (rate or one, zero),
            "sigma^2": (one, zero),
            "sigma": (2 * one, half),
            "log-sigma": (2 * one, one),
        }
        return powers[clock][0], ((zero, powers[clock][1]),)
    c, k = _line(quantity, process)
    if clock == "t":
        if rate is None:
            raise _no_time(process)
        return rate / c, ((k, one),)
    if clock == "sigma^2":
        return 1 / (c * k), ((k, 2 * one),)
    if clock == "log-sigma":
        return 2 / k, ((zero, one), (k, one))
    root = exact_sqrt(c)
    if root is None:
        raise PeakError(f"the clock sigma of {process.text} is not searched; choose nu, snr, sigma^2 or log-sigma")
    return 2 * root / (c * k), ((zero, half), (k, Fraction(3, 2)))


def _no_time(process: Process) -> PeakError:
    return PeakError(f"the clock t of {process.text} is not searched; choose nu, snr, sigma^2 or log-sigma")


def _line(quantity: str, process: Process) -> tuple[Fraction, Fraction]:
    """c and k > 0. Raises PeakError."""
    if process.line is not None:
        c, k = map(value_of, process.line)
        if c is not None and k is not None and c > 0 and k > 0:
            return c, k
    raise PeakError(
        f"{quantity} under {process.text} is searched for extrema in the clocks nu and snr alone, "
        "or under ve, edm, vp, ou and cosine"
    )


def _blocks(law: Law, name: str) -> list[Block]:
    """The law as independent laws on the line. Raises PeakError."""
    counts: dict[Law, int] = {}
    for _, block in factors(law) if law.D > 1 else ((None, law),):
        split = on_a_line(block) if block.D > 1 else (block, None)
        if split is None:
            raise PeakError(
                f"a law in D = {block.D} whose means do not lie on a line is not searched for extrema; "
                "give a law on the line, or one with equal covariances c I and means on a line"
            )
        along, across = split
        counts[along] = counts.get(along, 0) + 1
        if across is not None:
            counts[across] = counts.get(across, 0) + block.D - 1
    if name in _OF_X0:
        counts = {without_labels(block): count for block, count in counts.items()}
    for block in counts:
        if name in ("variance-phi", "variance-h") and block.has_density and block.K > 1:
            raise PeakError(f"{name} for a law with a density is not searched for extrema; ask for {name}-class")
    return [Block(block, count) for block, count in counts.items()]


def _is_constant(name: str, blocks: list[Block]) -> bool:
    return name in _CONSTANT and all(without_labels(b.law).K == 1 for b in blocks)


def _cancels(name: str, blocks: list[Block], powers: tuple[tuple[Fraction, Fraction], ...]) -> bool:
    """Copies of one Gaussian N(m, S) on the line: the Fisher information is 1/(nu+S), the mmse S nu/(nu+S)."""
    spread = blocks[0].law.components[0].cov[0][0]
    alike = all(p.cov[0][0] == spread for b in blocks for p in b.law.components)
    if not alike or not isinstance(spread, Fraction) or any(without_labels(b.law).K > 1 for b in blocks):
        return False
    exponents = dict(powers)
    if name == "mmse":
        exponents[Fraction(0)] = exponents.get(Fraction(0), Fraction(0)) + 1
    elif name not in _SCALED:
        return False
    exponents[spread] = exponents.get(spread, Fraction(0)) - 1
    return not any(exponents.values())


def _vanishes(name: str, blocks: list[Block]) -> bool:
    """The number is zero at every noise level: the label or X0 is known."""
    known = all(without_labels(b.law).K == 1 for b in blocks)
    atoms = known and all(b.law.is_discrete for b in blocks)
    single = all(b.law.K == 1 for b in blocks)
    return (
        (known and name == "class-gap")
        or (single and name == "class-entropy")
        or (atoms and name in ("mmse", "conditional-entropy", "mutual-information"))
    )


def _result(
    search: Search, curve: NoiseCurve, span: Range, process: Process, quantity: str, clock: str | None, digits: int,
    constant: bool, seconds: float,
) -> Peaks:  # fmt: skip
    wanted = QUANTITIES[quantity]
    extrema, unresolved = [], list(search.unresolved)
    with working(bits_of(digits) + 120):
        for zero in search.found:
            where = inside(zero.place, span)
            if where is None:
                unresolved.append((span.low, span.high))
            elif where:
                kind = "maximum" if zero.bend < 0 else "minimum"
                extrema.append(Extremum(kind, levels(zero.place, process), zero.value))
        ends = []
        for end in (span.low, span.high):
            value = arb(0) if _vanishes(curve.name, list(curve.blocks)) else curve.taylor(end, 0, digits + 4)[0]
            ends.append((levels(ball(end), process), value))
    return Peaks(
        quantity, wanted.unit, clock, process.text, span.text, tuple(extrema), tuple(ends),
        tuple(d for _, _, d in search.directions), tuple(unresolved), constant, digits, search.pieces, seconds,
        wanted.uses,
    )  # fmt: skip
