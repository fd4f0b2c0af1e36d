"""Located extrema of a number along a process: brackets by signs of derivatives, counts by covering a range.

The number N is a term without free variables, followed through noise levels sigma of a process. At an exact level its
time derivatives are rigorous integrals of series in t; over a range they are balls (:mod:`numerics.ranges`). Extrema do
not depend on the clock, so the signs of dN/dt and d2N/dt2 decide. ``at`` is judged by a change of sign across the
bracket and the sign of the second derivative on it, ``count`` by covering ``within``; what is not covered is undecided.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

from numerics.balls import Ball, ball, contains, decimal, disjoint, hull, sign, working
from numerics.enclosures import ball_interpreter
from numerics.evaluate import prepare
from numerics.ranges import Process, range_interpreter
from numerics.rings import Unsupported
from theory.language.instances import Germ, Law, LawError
from theory.language.statements import Digits, Located
from theory.language.terms import Term

ENCLOSED, REFUTED, UNDECIDED, UNSUPPORTED = "enclosed", "refuted", "undecided", "unsupported"
_SEVERITY = (ENCLOSED, UNDECIDED, UNSUPPORTED, REFUTED)


@dataclass(frozen=True)
class Location:
    """What was found: "enclosed", "refuted", "undecided" or "unsupported", a sentence, and decimal figures."""

    outcome: str
    detail: str
    figures: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cover:
    """A range covered by pieces: certified numbers of maxima and minima inside, None if a piece is unsettled."""

    maxima: int | None
    minima: int | None
    pieces: int
    detail: str


def locate(located: Located, law: Law, process: Process) -> Location:
    """Judge a located maximum or minimum of a number in sigma along ``process``.

    ``process`` gives the germ at a noise level; it is called with exact levels and with balls of levels. The worst of
    ``at``, ``value`` and ``count`` is the outcome; a count without ``within`` is undecided.
    """
    what = located.what
    term = prepare(what.term)
    if what.kind == "zeros" or term.free or term.rank or what.variable.op != "tfun" or what.variable.data != "sigma":
        return Location(UNSUPPORTED, "only maxima and minima of a number in sigma are located here")
    curve = _curve(term, law, process)
    direction = -1 if what.kind == "maxima" else 1
    parts: list[Location] = []
    try:
        for judge in (_judge_at, _judge_value, _judge_count):
            found = judge(located, curve, direction)
            if found is not None:
                parts.append(found)
                if found.outcome == REFUTED:
                    break
    except (Unsupported, LawError) as reason:
        parts.append(Location(UNSUPPORTED, str(reason)))
    if not parts:
        return Location(UNDECIDED, "nothing to judge: neither at, value nor count is given")
    worst = max(parts, key=lambda p: _SEVERITY.index(p.outcome))
    figures = {key: text for p in parts for key, text in p.figures.items()}
    detail = worst.detail if worst.outcome != ENCLOSED else "; ".join(p.detail for p in parts)
    return Location(worst.outcome, detail, figures)


class _Curve:
    """N and its time derivatives at exact noise levels and over ranges; ``forward`` is the sign of dsigma/dt.

    What was computed is kept: a statement and its mutants ask for the same levels.
    """

    def __init__(self, term: Term, law: Law, process: Process) -> None:
        self.term, self.law, self.process = term, law, process
        self._coefficients: dict[tuple[Fraction, int, int], Ball] = {}
        self._ranges: dict[tuple[Fraction, Fraction, int, int, int], list[Ball]] = {}

    def coefficient(self, level: Fraction, order: int, bits: int) -> Ball:
        """The coefficient of t^order of N at a level."""
        key = (level, order, bits)
        if key not in self._coefficients:
            self._coefficients[key] = self._coefficient(level, order, bits)
        return self._coefficients[key]

    def _coefficient(self, level: Fraction, order: int, bits: int) -> Ball:
        with working(bits + 50):
            interpreter = ball_interpreter(self.law, _germ(self.process, level), bits=bits)
            jet = interpreter.series(self.term, order)
            value = jet.at(order)
            return ball(0) if value is None else value

    def slope(self, level: Fraction, most: int = 420) -> int | None:
        """The sign of dN/dsigma at a level; the precision is raised until it is sure."""
        bits = 40
        while bits <= most:
            found = sign(self.coefficient(level, 1, bits))
            if found is not None:
                forward = self.forward(level, level)
                return None if forward is None else found * forward
            bits = bits * 3 // 2
        return None

    def forward(self, low: Fraction, high: Fraction) -> int | None:
        """The sign of dsigma/dt over a range."""
        with working(64):
            interpreter = ball_interpreter(self.law, _wide(self.process, hull(low, high)), bits=30)
            return sign(interpreter.model.schedule("sigma", 1).at(1))

    def value(self, low: Fraction, high: Fraction) -> Ball:
        """N on a short range, by the mean value theorem: N(middle) + dN/dt (t - t_middle)."""
        middle = (low + high) / 2
        slope = self.over(low, high, order=4, bits=90)[1]
        exact = self.coefficient(middle, 0, 120)
        with working(170):
            interpreter = ball_interpreter(self.law, _wide(self.process, hull(low, high)), bits=30)
            speed = interpreter.model.schedule("sigma", 1).at(1)
            return exact + slope * hull(low - middle, high - middle) / speed

    def over(self, low: Fraction, high: Fraction, *, order: int, bits: int, parts: int = 1) -> list[Ball]:
        """The coefficients of t^0, t^1, t^2 of N, valid for every level of [low, high]."""
        key = (low, high, order, bits, parts)
        if key not in self._ranges:
            self._ranges[key] = self._over(low, high, order, bits, parts)
        return self._ranges[key]

    def _over(self, low: Fraction, high: Fraction, order: int, bits: int, parts: int) -> list[Ball]:
        with working(bits + 50):
            interpreter = range_interpreter(self.law, self.process, low, high, order=order, bits=bits, parts=parts)
            jet = interpreter.series(self.term, 2)
            return [ball(0) if v is None else v for v in (jet.at(j) for j in range(3))]


@lru_cache(maxsize=32)
def _curve(term: Term, law: Law, process: Process) -> _Curve:
    return _Curve(term, law, process)


def _germ(process: Process, level: Fraction) -> Germ:
    if level <= 0:
        raise Unsupported(f"the noise level {level} is not positive")
    return process(level)


def _wide(process: Process, levels: Ball) -> Any:
    try:
        return process(levels)
    except (TypeError, ValueError) as reason:
        raise Unsupported(f"the process has no reading over a range of noise levels: {reason}") from reason


def _judge_at(located: Located, curve: _Curve, direction: int) -> Location | None:
    if located.at is None:
        return None
    if isinstance(located.at, Term):
        return _judge_exact_place(located.at, curve)
    low, high = located.at.interval
    left, right = curve.slope(low), curve.slope(high)
    if not left or not right:
        return Location(UNDECIDED, f"the slope at an end of the bracket of {located.at.text} cannot be told from 0")
    slopes = {"slope left of the bracket": f"{left:+d}", "slope right of the bracket": f"{right:+d}"}
    curvature = sign(curve.over(low, high, order=4, bits=90)[2])
    if (left, right) == (-direction, direction):
        if curvature == direction:
            detail = f"one extremum within one unit of the last digit of {located.at.text}"
            return Location(ENCLOSED, detail, {**slopes, "at": located.at.text})
        return Location(UNDECIDED, "the slope changes sign, the curvature on the bracket is not certain", slopes)
    if curvature is not None:
        return Location(REFUTED, f"no such extremum within one unit of the last digit of {located.at.text}", slopes)
    return Location(UNDECIDED, "neither a change of sign nor a certain curvature on the bracket", slopes)


def _judge_exact_place(place: Term, curve: _Curve) -> Location:
    """An exact place is refuted by a slope that is certainly not zero; that it *is* zero no ball can tell."""
    if place.op != "num" or not isinstance(place.data, Fraction):
        return Location(UNDECIDED, "an exact place that is no rational number is not judged by balls")
    with working(120):
        value = curve.coefficient(place.data, 1, 60)
    figures = {f"dN/dt at sigma = {place.data}": " +/- ".join(decimal(value, 15))}
    if sign(value):
        return Location(REFUTED, f"the slope at sigma = {place.data} is not zero", figures)
    return Location(UNDECIDED, f"the slope at sigma = {place.data} cannot be told from zero", figures)


def _judge_value(located: Located, curve: _Curve, direction: int) -> Location | None:
    if located.value is None:
        return None
    bracket = located.at.interval if isinstance(located.at, Digits) else None
    if bracket is None and located.within is not None:
        bracket = _bracket(curve, *located.within, direction)
    if bracket is None:
        return Location(UNDECIDED, "the value needs a place: give at, or within with a single extremum")
    value = curve.value(*bracket)
    figures = {"value": " +/- ".join(decimal(value, 25))}
    with working(200):
        if isinstance(located.value, Digits):
            wanted, text = hull(*located.value.interval), located.value.text
        else:
            wanted, text = _constant(located.value, curve), repr(located.value)
        if disjoint(value, wanted):
            return Location(REFUTED, f"the value is not {text}", figures)
        if contains(wanted, value):
            return Location(ENCLOSED, f"the value is within one unit of the last digit of {text}", figures)
    return Location(UNDECIDED, f"the value cannot be told from {text}", figures)


def _constant(term: Term, curve: _Curve) -> Ball:
    prepared = prepare(term)
    if prepared.free or prepared.rank:
        raise Unsupported("the value of an extremum is a number")
    return ball_interpreter(curve.law, curve.process(Fraction(1)), bits=120).number(prepared)


def _bracket(curve: _Curve, low: Fraction, high: Fraction, direction: int) -> tuple[Fraction, Fraction] | None:
    """A short interval across which the slope changes sign, by bisection, if it does across [low, high]."""
    if (curve.slope(low), curve.slope(high)) != (-direction, direction):
        return None
    while high - low > Fraction(1, 2**44):
        middle = (low + high) / 2
        found = curve.slope(middle)
        if found is None:
            return None
        low, high = (low, middle) if found == direction else (middle, high)
    return low, high


def _judge_count(located: Located, curve: _Curve, direction: int) -> Location | None:
    if located.count is None:
        return None
    if located.within is None:
        return Location(UNDECIDED, "a count needs a range to cover")
    low, high = located.within
    found = cover(curve.term, curve.law, curve.process, low, high)
    number = found.maxima if direction < 0 else found.minima
    if number is None:
        return Location(UNDECIDED, found.detail)
    name = "maxima" if direction < 0 else "minima"
    figures = {f"{name} in [{low}, {high}]": str(number)}
    if number == located.count:
        return Location(ENCLOSED, f"{number} in [{low}, {high}], covered by {found.pieces} pieces", figures)
    return Location(REFUTED, f"{number} {name} in [{low}, {high}], not {located.count}", figures)


@lru_cache(maxsize=256)
def cover(
    term: Term,
    law: Law,
    process: Process,
    low: Fraction,
    high: Fraction,
    *,
    width: Fraction = Fraction(1, 20),
    order: int = 7,
    parts: int = 1,
    most: int = 120,
) -> Cover:
    """The numbers of maxima and minima of a closed term in (low, high), certified.

    Pieces with a sure slope hold none; pieces with a sure curvature hold at most one, found by the slopes at their
    ends. Other pieces are halved; after ``most`` pieces the cover is given up.
    """
    curve = _curve(prepare(term), law, process)
    count = max(1, -int((low - high) // width))
    edges = [low + (high - low) * i / count for i in range(count + 1)]
    stack = list(pairwise(edges))[::-1]
    slopes: dict[Fraction, int | None] = {}
    maxima = minima = tried = 0

    def slope(level: Fraction) -> int | None:
        if level not in slopes:
            slopes[level] = curve.slope(level, most=200)
        return slopes[level]

    while stack:
        left, right = stack.pop()
        tried += 1
        if tried > most:
            return Cover(None, None, tried, f"[{low}, {high}] was not covered by {most} pieces")
        if not curve.forward(left, right):
            return Cover(None, None, tried, "sigma is not monotone in time over the range")
        _, first, second = curve.over(left, right, order=order, bits=30, parts=parts)
        if sign(first):
            continue
        bend = sign(second)
        if not bend:
            stack += [((left + right) / 2, right), (left, (left + right) / 2)]
            continue
        ends = slope(left), slope(right)
        if None in ends:
            return Cover(None, None, tried, f"the slope at sigma = {left} or {right} cannot be told from 0")
        if (left == low and ends[0] == 0) or (right == high and ends[1] == 0):
            return Cover(None, None, tried, f"the slope is zero at an end of [{low}, {high}]")
        # a zero of the slope on a cut belongs to the piece that begins there
        if ends[1] and ends[0] != ends[1]:
            maxima, minima = maxima + (bend < 0), minima + (bend > 0)
    return Cover(maxima, minima, tried, f"[{low}, {high}] covered by {tried} pieces")


def ve_germ(level: Any) -> Germ:
    """The variance-exploding process with clock t = sigma at a noise level (exact, or a ball of levels)."""
    return Germ(Fraction(1), level, (Fraction(0),), (2 * level, Fraction(2)), constant=True)


__all__ = ["ENCLOSED", "REFUTED", "UNDECIDED", "UNSUPPORTED", "Cover", "Location", "cover", "locate", "ve_germ"]
