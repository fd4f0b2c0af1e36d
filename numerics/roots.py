"""Certified zeros of a scalar field on the line: their number, isolating balls, stability.

Outside [-R, R] the sign is read off a polynomial enclosure (:mod:`numerics.tails`); inside, boxes are discarded, proved
monotone, or bisected; a monotone box with a change of sign holds exactly one zero, refined by interval Newton. Nothing
is assumed about where zeros can lie. A box that cannot be settled is reported, and the count is then unknown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from numerics.balls import Ball, ball, bits_of, hull, lower, midpoint, sign, upper, working
from numerics.enclosures import ball_interpreter
from numerics.evaluate import Interpreter, prepare
from numerics.rings import Unsupported
from numerics.tails import Line, LineRing, sign_beyond
from theory.language.instances import Instance, LawError
from theory.language.terms import Term, make

_SPLIT = Fraction(4987, 10007)
"""Where a box is cut: off the middle, so that the zeros of symmetric fields do not fall on a cut."""


@dataclass(frozen=True)
class Zero:
    """One simple zero: its isolating ball and the sign of the derivative there (-1: a stable point of a score flow)."""

    place: Ball
    slope: int


@dataclass(frozen=True)
class Zeros:
    """The zeros found, in order. ``count`` is certified, or None if some box is ``unresolved`` or the sign far out is
    unknown (``detail`` says which)."""

    count: int | None
    zeros: tuple[Zero, ...]
    unresolved: tuple[tuple[Fraction, Fraction], ...]
    boxes: int
    detail: str


class _Field:
    """A scalar field and its derivative on balls."""

    def __init__(self, interpreter: Interpreter, term: Term, X0: Sequence[Any] | None, Z: int | None) -> None:
        self.interpreter, self.term, self.X0, self.Z = interpreter, term, X0, Z

    def __call__(self, x: Any, slope: bool = True) -> tuple[Any, Any]:
        jet = self.interpreter.jets(self.term, (x,), self.X0, self.Z, nx=int(slope))
        zero = self.interpreter.ring.exact(0)
        derivative = jet.at(0, (1,)) if slope else None
        return zero if jet.head is None else jet.head, zero if derivative is None else derivative


def count_zeros(
    term: Term,
    instance: Instance,
    *,
    within: tuple[Fraction, Fraction] | None = None,
    X0: Sequence[Any] | None = None,
    Z: int | None = None,
    digits: int = 20,
    max_boxes: int = 4000,
    fields: Mapping[str, Term] | None = None,
) -> Zeros:
    """All zeros of a scalar field (or of a vector field in one dimension) on the line, or within an interval.

    Raises Unsupported: more than one dimension, an average without a rigorous value, or a form without an enclosure.
    """
    if instance.law.D != 1:
        raise Unsupported("zeros in more than one dimension")
    prepared = prepare(term)
    if prepared.rank == 1:
        prepared = make("coord", (prepared,), 1)
    try:
        with working(64 + bits_of(digits)):
            interpreter = ball_interpreter(
                instance.law, instance.germ, bits=60 + bits_of(digits), symbols=instance.symbols, fields=fields
            )
            return _count(interpreter, prepared, within, X0, Z, digits, max_boxes)
    except LawError as error:
        raise Unsupported(str(error)) from error


def _count(
    interpreter: Interpreter,
    term: Term,
    within: tuple[Fraction, Fraction] | None,
    X0: Sequence[Any] | None,
    Z: int | None,
    digits: int,
    max_boxes: int,
) -> Zeros:
    window = within or _window(interpreter, term, X0, Z)
    if window is None:
        return Zeros(None, (), (), 0, "the sign far out could not be determined")
    field = _Field(interpreter, term, X0, Z)
    zeros: list[Zero] = []
    unresolved: list[tuple[Fraction, Fraction]] = []
    queue, boxes = deque([window]), 0  # widest first: what stays open at the end is a small neighbourhood
    smallest = (window[1] - window[0]) / 2**40
    while queue:
        low, high = queue.popleft()
        boxes += 1
        if boxes > max_boxes:
            unresolved.append((low, high))
            continue
        verdict = _settle(field, low, high, digits)
        if isinstance(verdict, Zero):
            zeros.append(verdict)
        elif verdict is None:
            if high - low < smallest:
                unresolved.append((low, high))
                continue
            cut = low + (high - low) * _SPLIT
            queue += [(low, cut), (cut, high)]
    zeros.sort(key=lambda z: midpoint(z.place))
    joined = _join(unresolved)
    if joined:
        return Zeros(None, tuple(zeros), joined, boxes, f"{len(joined)} interval(s) could not be settled")
    where = "in the interval" if within else "on the line"
    return Zeros(len(zeros), tuple(zeros), (), boxes, f"{len(zeros)} zero(s) {where}, {boxes} boxes")


def _window(
    interpreter: Interpreter, term: Term, X0: Sequence[Any] | None, Z: int | None
) -> tuple[Fraction, Fraction] | None:
    """An interval outside which the field certainly has no zero."""
    ring = LineRing()
    value, _ = _Field(interpreter.over(ring), term, X0, Z)(Line([ball(0), ball(1)]), slope=False)
    ends = []
    for side in (-1, 1):
        cuts = (Fraction(2) ** n for n in range(-2, 40))
        cut = next((c for c in cuts if sign_beyond(value, c, side) is not None), None)
        if cut is None:
            return None
        ends.append(cut)
    return -ends[0], ends[1]


def _settle(field: _Field, low: Fraction, high: Fraction, digits: int) -> Zero | bool | None:
    """A zero, False if there is none, None if it cannot be told."""
    box = hull(low, high)
    value, slope = field(box)
    if sign(value):
        return False
    centre = ball((low + high) / 2)
    if slope.is_finite():
        middle, _ = field(centre, slope=False)
        if sign(middle + slope * (box - centre)):
            return False
    direction = sign(slope)
    if not direction:
        return None
    left, right = (sign(field(ball(end), slope=False)[0]) for end in (low, high))
    if left is None or right is None or 0 in (left, right):
        return None
    return False if left == right else Zero(_refine(field, low, high, direction, digits), direction)


def _refine(field: _Field, low: Fraction, high: Fraction, direction: int, digits: int) -> Ball:
    """The one zero of a monotone field in [low, high], by interval Newton steps (bisection where they do not help)."""
    goal = Fraction(1, 10**digits) * max(abs(low), abs(high), Fraction(1, 10**digits))
    for _ in range(200):
        if high - low <= 2 * goal:
            break
        box, centre = hull(low, high), ball((low + high) / 2)
        middle, _ = field(centre, slope=False)
        _, slope = field(box)
        step = centre - middle / slope
        if step.is_finite():
            new_low, new_high = max(low, lower(step)), min(high, upper(step))
            if new_low <= new_high and new_high - new_low < (high - low) * Fraction(3, 4):
                low, high = _rounded(new_low, new_high)
                continue
        cut = sign(middle)
        if cut is None:
            break
        exact = midpoint(centre)
        low, high = (exact, high) if cut != direction else (low, exact)
    return hull(low, high)


def _rounded(low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
    """The interval rounded outwards to short fractions."""
    scale = 2 ** max(0, (1 / max(high - low, Fraction(1, 2**400))).__ceil__().bit_length() + 12)
    return Fraction((low * scale).__floor__(), scale), Fraction((high * scale).__ceil__(), scale)


def _join(intervals: list[tuple[Fraction, Fraction]]) -> tuple[tuple[Fraction, Fraction], ...]:
    joined: list[tuple[Fraction, Fraction]] = []
    for low, high in sorted(intervals):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


__all__ = ["Zero", "Zeros", "count_zeros"]
