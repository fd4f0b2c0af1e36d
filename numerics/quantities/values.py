"""The numbers a theorist asks for: ``value("bandwidth", law, process, "sigma=1/20")`` with rigorous relative digits.

Unlike evidence, a value may use theorems; it names the claims in ``uses``. A small quantity is integrated itself (the
bandwidth is g^2 alpha^2/(2 sigma^4) E tr Cov, never D/sigma^2 - E|s|^2), so that digits are relative.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from numerics.balls import Ball, ball, bits_of, relative_digits, working
from numerics.enclosures import FLOAT, RIGOROUS, ball_interpreter, enclose
from numerics.line import USES as LINE_NUMBER_USES
from numerics.line import line_number
from numerics.quadrature import Grid, float_interpreter
from numerics.quantities.derivatives import ORDERS, Derivation
from numerics.quantities.gaussian import NULL_USES, gaussian_value, is_positive_definite
from numerics.quantities.gaussian import USES as GAUSSIAN_USES
from numerics.quantities.printing import MAX_DIGITS, printed, reached
from numerics.quantities.reduction import USES as LINE_USES
from numerics.quantities.reduction import mirrored_axes, on_a_line
from numerics.quantities.table import QUANTITIES, SPEED, Quantity
from numerics.rings import Unsupported
from numerics.space import FEW_AXES, has_span, in_space
from theory.calculus import symbols_of
from theory.language.definitions import CLOCKS
from theory.language.instances import STANDING_GERM, Germ, Instance, Law, LawError, Scalar, gaussian
from theory.language.terms import Term
from theory.laws import bind_law, factors, free_symbols, parse_law
from theory.processes import Place, Process, check_clock, parse_at, parse_process
from theory.typeset.text import vector_text

EXACT = "exact"


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
        power = QUANTITIES[self.quantity].bits
        if not power or "nats" not in self.unit:
            return self
        with working(bits_of(max(self.wanted, self.digits)) + 60):
            balls = _mapped(lambda v: v / ball(2).log() ** power, self.balls)
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


def value(
    quantity: str,
    law: Law | str,
    process: Process | Germ | str = "ve",
    at: Place | str | None = None,
    *,
    clock: str | None = None,
    digits: int = 15,
    bits: bool = False,
    by: str | None = None,
    order: int = 1,
) -> Value:
    """The quantity to ``digits`` relative digits: radius <= 10^-digits |value|.

    ``at``: one level, points and symbols, as ``"sigma=1/2, x=1, mu=2"`` (no level beside a germ). ``clock``: of rates
    only. ``bits``: entropies in bits. ``by``: the ``order``-th derivative (1 or 2), along the process by a clock, or at
    this level by a symbol of the law. If the digits are not reached the best ball is returned (``Value.complete``).
    Raises LawError (QuantityError): malformed input, an unbound symbol, a point where none belongs; Unsupported:
    a quantity that is not available for this law.
    """
    start = time.perf_counter()
    wanted = QUANTITIES.get(quantity)
    if wanted is None:
        raise QuantityError(f"unknown quantity {quantity!r}; known: {', '.join(QUANTITIES)}")
    if not 1 <= digits <= MAX_DIGITS:
        raise QuantityError(f"digits = {digits}; give a number from 1 to {MAX_DIGITS}")
    law = parse_law(law) if isinstance(law, str) else law
    process = parse_process(process) if isinstance(process, str) else process
    place = parse_at(at) if isinstance(at, str) else at or Place(())
    chosen = clock_of(wanted, process, clock)
    if by is not None:
        result = _derived(wanted, law, process, place, chosen, digits, by, order)
        result = replace(result, seconds=time.perf_counter() - start)
        return result.in_bits() if bits else result
    law, germ = _bound(law, process, place)
    task = _Task(wanted, law, germ, chosen, digits)
    if wanted.kind == "point":
        balls, guarantee, method, uses = task.at_point(_point(law, place, wanted.name))
    else:
        if place.points:
            raise QuantityError(f"{quantity} is a number and takes no point; leave {place.points[0][0]}=.. out")
        balls, guarantee, method, uses = task.number()
    texts = printed(balls, digits)
    result = Value(
        quantity, wanted.unit, chosen, texts[0], texts[1], reached(texts, digits), guarantee, method, uses,
        time.perf_counter() - start, digits, None, balls,
    )  # fmt: skip
    return result.in_bits() if bits else result


def _derived(
    wanted: Quantity, law: Law, process: Process | Germ, place: Place, clock: str | None, digits: int, by: str,
    order: int,
) -> Value:  # fmt: skip
    """A derivative by a clock or by a symbol of the law."""
    if wanted.kind == "point":
        raise QuantityError(f"{wanted.name} is a field; derivatives are of numbers and rates")
    if order not in ORDERS:
        raise QuantityError(f"order = {order}; give 1 or 2")
    if place.points:
        raise QuantityError(f"{wanted.name} is a number and takes no point; leave {place.points[0][0]}=.. out")
    symbols: tuple[tuple[str, Scalar], ...] = ()
    bound, germ = _bound(law, process, place, order)
    if by in CLOCKS:
        law = bound
    else:
        law = bind_law(law, {name: value for name, value in place.symbols if name != by})
        symbols = tuple((name, value) for name, value in place.symbols if name == by)
        if not symbols or by not in free_symbols(law):
            known = ", ".join(CLOCKS)
            raise QuantityError(f"{by} is no clock ({known}) and no symbol of the law with a value in the place")
        if law.is_discrete != bound.is_discrete or len(set(_places(law))) != len(set(_places(bound))):
            raise QuantityError(f"the law changes its kind at this value of {by}; derive at another value")
    task = Derivation(wanted, law, germ, clock, by, order, digits, symbols)
    found, guarantee, method, uses = task.result()
    if not found.is_finite():
        raise QuantityError(f"the clock {by} stands still at this level, so nothing can be derived by it")
    texts = printed(found, digits)
    return Value(
        wanted.name, wanted.unit, clock, texts[0], texts[1], reached(texts, digits), guarantee, method, uses, 0.0,
        digits, None, found, by, order,
    )  # fmt: skip


def _places(law: Law) -> list[Any]:
    return [part.mean for part in law.components]


# -- reading what was asked --------------------------------------------------------------------------------------------
def clock_of(wanted: Quantity, process: Process | Germ, clock: str | None) -> str | None:
    """The clock of a rate, by default the process's own; None for a number. Raises LawError: a clock where none is."""
    if wanted.kind != "rate":
        if clock is not None:
            raise QuantityError(f"{wanted.name} is no rate and has no clock; leave the clock out")
        return None
    if clock is not None:
        return check_clock(clock)
    return process.clock if isinstance(process, Process) else "t"


def germ_at(process: Process | Germ, place: Place) -> Germ:
    """The germ at ``place``, checked, with every symbol bound. Raises LawError."""
    return _bound(gaussian(0, 1), process, place)[1]


def _bound(law: Law, process: Process | Germ, place: Place, order: int = 0) -> tuple[Law, Germ]:
    """Law and germ with every symbol bound."""
    symbols = dict(place.symbols)
    known = free_symbols(law) | (process.free_symbols() if isinstance(process, Process) else frozenset())
    stray = sorted(set(symbols) - known)
    if stray:
        raise QuantityError(f"{stray[0]} occurs neither in the law nor in the process; leave {stray[0]}=.. out")
    missing = sorted(known - set(symbols))
    if missing:
        raise QuantityError(f"the symbol {missing[0]} has no value; add {missing[0]}=.. to the place")
    if isinstance(process, Germ):
        if place.level:
            raise QuantityError("a germ is already at one time; leave the level out")
        germ = process
    else:
        germ = process.bind(symbols).germ(dict(place.level), order=order)
    _check_germ(germ)
    law = bind_law(law, symbols)
    _check_law(law)
    return law, germ


def _check_germ(germ: Germ) -> None:
    entries: tuple[tuple[str, Scalar], ...] = (("alpha", germ.alpha), ("sigma", germ.sigma), ("g^2", germ.g2[0]))
    for name, entry in (*entries, ("a", germ.a[0])):
        unbound = sorted(symbols_of(entry)) if isinstance(entry, Term) else []
        if unbound:
            raise QuantityError(f"{name} depends on {unbound[0]}; give it a value")
    with working(200):
        plain = ball_interpreter(gaussian(0, 1), germ, bits=64)
        for name, entry in entries:
            if not plain.scalar(entry) > 0:
                raise QuantityError(f"{name} is not positive at this level; give another one")


def _check_law(law: Law) -> None:
    """Irrational weights and covariances, which the law could not check itself, are certainly positive."""
    with working(200):
        plain = ball_interpreter(law, STANDING_GERM, bits=64)
        for number, part in enumerate(law.components, 1):
            if isinstance(part.weight, Term) and not plain.scalar(part.weight) > 0:
                raise QuantityError(f"component {number}: the weight is not positive")
            if any(isinstance(v, Term) for row in part.cov for v in row):
                cov = [[plain.scalar(v) for v in row] for row in part.cov]
                if not is_positive_definite(cov):
                    raise QuantityError(f"component {number}: the covariance cannot be seen to be positive definite")


def _point(law: Law, place: Place, name: str) -> tuple[Scalar, ...]:
    point = place.point
    if point is None:
        example = ", x=1" if law.D == 1 else f", x=({', '.join(['1'] * law.D)})"
        raise QuantityError(f"{name} is a function of x; add a point to the place, as in sigma=1{example}")
    if len(point) != law.D:
        raise QuantityError(f"x = {vector_text(point)} has {len(point)} entries, the law is in D = {law.D}")
    return point


# -- computing ---------------------------------------------------------------------------------------------------------
_Result = tuple[Any, str, str, tuple[str, ...]]


@dataclass(frozen=True)
class _Task:
    """One quantity at one law and germ."""

    wanted: Quantity
    law: Law
    germ: Germ
    clock: str | None
    digits: int

    def at_point(self, point: tuple[Scalar, ...]) -> _Result:
        """The field at a point, entry by entry."""
        mirrors = mirrored_axes(self.law, self.germ, point)
        for ask in (self.digits + 3, 4 * self.digits + 40, 4 * self.digits + 400):
            found = enclose(
                self.wanted.base, Instance(self.law, self.germ), x=point, digits=ask, max_bits=8 * ask + 8000
            )
            balls, zeros = _zeros(self.wanted.name, found.value, point, mirrors)
            if not any(v.contains(0) and not v.is_exact() for v in _entries(balls)):
                break
        method = found.method + (", zeros by reflection" if zeros else "")
        exact = all(v.is_exact() and v == 0 for v in _entries(balls))
        return balls, EXACT if exact else found.guarantee, method, self.wanted.uses

    def number(self) -> _Result:
        """The number or rate, its base enclosed to as many digits as the result needs."""
        ask = self.digits + 3
        while True:
            base, bits, guarantee, method, uses = self._base(ask)
            with working(bits + 30):
                result = self._combined(base)
            if not result.is_finite():
                raise QuantityError(self._standing_still())
            lacking = self.digits + 2 - relative_digits(result)
            fixed = guarantee == FLOAT or result.is_exact()
            if fixed or lacking <= 0 or ask > 20 * self.digits + 400:
                if result.is_exact():
                    guarantee = EXACT
                return result, guarantee, method, tuple(dict.fromkeys(uses + self.wanted.uses))
            ask += max(lacking, 5) if result.contains(0) is False else max(2 * ask, lacking)

    def _combined(self, base: Ball) -> Ball:
        if self.wanted.kind != "rate":
            return base
        plain = ball_interpreter(self.law, self.germ, bits=64)
        speed = plain.number(SPEED[str(self.clock)])
        return (plain.number(self.wanted.offset) + plain.number(self.wanted.coefficient) * base) / speed

    def _standing_still(self) -> str:
        return f"the clock {self.clock} stands still at this level, so there is no rate by it; choose another clock"

    def _base(self, ask: int) -> tuple[Ball, int, str, str, tuple[str, ...]]:
        """(ball, bits, guarantee, method, uses) of the base, to about ``ask`` digits."""
        if self.law.K == 1:
            return self._gaussian(self.law, ask)
        split = on_a_line(self.law)
        if split is None:
            blocks = [((), self.law)] if self.law.D > FEW_AXES and has_span(self.law) else factors(self.law)
            return self._enclosed(self.law, ask) if len(blocks) == 1 else self._summed([b for _, b in blocks], ask)
        along, across = split
        first, bits, guarantee, method, uses = self._enclosed(along, ask)
        second, more_bits, _, _, _ = self._gaussian(across, ask)
        bits = max(bits, more_bits)
        with working(bits):
            total = first + (self.law.D - 1) * second
        return total, bits, guarantee, f"{method}, along the line of the means", (*uses, *LINE_USES)

    def _summed(self, blocks: list[Law], ask: int) -> tuple[Ball, int, str, str, tuple[str, ...]]:
        """The sum over independent blocks, on each of which the base is a number of its own."""
        once = {law: replace(self, law=law)._base(ask) for law in dict.fromkeys(blocks)}
        parts = [once[law] for law in blocks]
        bits = max(part[1] for part in parts)
        with working(bits):
            result = sum((part[0] for part in parts), ball(0))
        guarantee = FLOAT if any(part[2] == FLOAT for part in parts) else RIGOROUS
        methods = ", ".join(dict.fromkeys(part[3] for part in parts))
        uses = tuple(dict.fromkeys(name for part in parts for name in part[4]))
        return result, bits, guarantee, f"{methods}, over {len(blocks)} independent blocks", (*uses, LINE_USES[0])

    def _gaussian(self, law: Law, ask: int) -> tuple[Ball, int, str, str, tuple[str, ...]]:
        bits = 2 * bits_of(ask) + 120
        name = self.wanted.base_name
        with working(bits):
            result = gaussian_value(name, ball_interpreter(law, self.germ, bits=64))
        uses = NULL_USES if name.startswith("var") else GAUSSIAN_USES
        return result, bits, RIGOROUS, "closed form", uses

    def _in_space(self, law: Law, ask: int) -> tuple[Ball, int, str, str, tuple[str, ...]]:
        """Two and three effective dimensions in balls, else float64."""
        try:
            found = in_space(self.wanted.base_name, law, self.germ, ask)
        except Unsupported as error:
            return _in_floats(self.wanted, law, self.germ, error)
        return found.value, found.bits, RIGOROUS, found.method, found.uses

    def _enclosed(self, law: Law, ask: int) -> tuple[Ball, int, str, str, tuple[str, ...]]:
        if law.D > 1:
            return self._in_space(law, ask)
        try:
            found = line_number(self.wanted.base_name, law, self.germ, digits=ask)
        except Unsupported as error:
            return _in_floats(self.wanted, law, self.germ, error)
        return (
            found.coefficients[0],
            found.bits,
            RIGOROUS,
            found.method,
            LINE_NUMBER_USES.get(self.wanted.base_name, ()),
        )


def _in_floats(
    wanted: Quantity, law: Law, germ: Germ, error: Unsupported
) -> tuple[Ball, int, str, str, tuple[str, ...]]:
    """Trapezoidal sums on two grids; raises Unsupported where grids do not reach either."""
    found: list[float] = []
    try:
        for grid in (Grid(9.0, 0.25), Grid(9.5, 0.2)):
            found.append(float(float_interpreter(law, germ, grid=grid).number(wanted.base)))
    except Unsupported as second:
        what = f"{wanted.name} is not available yet for K = {law.K} components in D = {law.D}"
        if law.has_density and wanted.name in ("variance-phi", "variance-h"):
            raise Unsupported(f"{what} with a density; ask for {wanted.name}-class") from error
        raise Unsupported(f"{what}: {second}") from error
    coarse, fine = found
    spread = Fraction(4 * abs(coarse - fine) + 1e-12 * (1 + abs(fine)))
    with working(80):
        centre = ball(Fraction(fine))
        result = (centre - ball(spread)).union(centre + ball(spread))
    return result, 80, FLOAT, "trapezoidal rule in float64, two grids", ()


# -- entries, zeros, printing ------------------------------------------------------------------------------------------
def _mapped(function: Callable[[Any], Any], value: Any) -> Any:
    return tuple(_mapped(function, v) for v in value) if isinstance(value, tuple) else function(value)


def _entries(value: Any) -> list[Any]:
    return [v for entry in value for v in _entries(entry)] if isinstance(value, tuple) else [value]


def _zeros(name: str, value: Any, x: tuple[Scalar, ...], mirrors: tuple[frozenset[int], bool]) -> tuple[Any, bool]:
    """``value`` with the entries that vanish by reflection set to zero, and whether there were any.

    Under the reflection of axis i, log p is even: the i-th entry of the score, and the entries (i, j) with j != i of
    its Jacobian and of the posterior covariance, are odd. The reflection of all axes makes the score odd. The posterior
    mean is then the centre, which is 0 where x is.
    """
    axes, every = mirrors
    zero, changed = ball(0), False

    def put(entry: Ball, odd: bool) -> Ball:
        nonlocal changed
        if not odd or not entry.contains(0) or entry.is_exact():
            return entry
        changed = True
        return zero

    if name in ("score", "posterior-mean"):
        value = tuple(put(v, (every or i in axes) and (name == "score" or x[i] == 0)) for i, v in enumerate(value))
    elif name in ("jacobian", "posterior-covariance"):
        value = tuple(
            tuple(put(v, i != j and (i in axes or j in axes)) for j, v in enumerate(row)) for i, row in enumerate(value)
        )
    return value, changed


__all__ = ["QUANTITIES", "Quantity", "QuantityError", "Value", "value"]
