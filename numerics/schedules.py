"""Forward processes in float64: what paths need of a :class:`theory.processes.Process`, the one source of truth."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Protocol

from theory.calculus import diff, exact_sqrt, symbols_of, value_of
from theory.language.instances import Germ, LawError, Scalar
from theory.language.terms import Term, make
from theory.processes import STANDING_PROCESS as EXACT_STANDING
from theory.processes import Process, ve, vp
from theory.processes.curves import Line

Function = Callable[[float], float]
DERIVATIVES = 3
_LEVEL = "L"
_ONE = make("num", (), Fraction(1))
_ONE_PLACE: dict[str, Function] = {
    "exp": math.exp, "log": math.log, "tanh": math.tanh, "cos": math.cos, "sin": math.sin
}  # fmt: skip


class OutOfRangeError(ValueError):
    """A noise level that the process never has. The message gives the range that it has."""


class LinearProcess(Protocol):
    """A forward process dX = a X dt + g dW, so that X_t = alpha X_0 + sigma eps, at times given as floats.

    ``time_of_sigma`` raises :class:`OutOfRangeError` for a level the process never has. Implementations are
    frozen data.
    """

    def alpha(self, t: float) -> float:
        """The factor of X_0."""

    def sigma(self, t: float) -> float:
        """The standard deviation of the noise."""

    def a(self, t: float) -> float:
        """The rate alpha'/alpha."""

    def g2(self, t: float) -> float:
        """The power g^2 of the noise."""

    def time_of_sigma(self, sigma: float) -> float:
        """The time at which the noise level is ``sigma``."""

    def germ(self, t: float) -> Germ:
        """The process at time t with its derivatives."""

    def __hash__(self) -> int:
        """Processes are data, equal if they move alike."""


@lru_cache(maxsize=1024)
def float_function(term: Term, symbol: str = "t") -> Function:
    """``term`` as a float64 function of one symbol; 1 - exp(u) and log(1 + u) keep their digits at early times.

    Raises LawError: another symbol occurs. The function raises ValueError, ZeroDivisionError or OverflowError where
    the formula has no value.
    """
    stray = sorted(symbols_of(term) - {symbol})
    if stray:
        raise LawError(f"the symbol {stray[0]} has no value; give it one")
    built = _built(term)
    if symbol in symbols_of(term):
        return built
    value = built(0.0)
    return lambda t: value


def _built(term: Term) -> Function:
    if term.op == "sym":
        return lambda t: t
    if term.op in ("num", "pi"):
        value = math.pi if term.op == "pi" else float(Fraction(str(term.data)))
        return lambda t: value
    parts = [_built(part) for part in term.args]
    first = parts[0]
    if term.op == "log" and term.args[0].op in ("add", "sub") and term.args[0].args[0] == _ONE:
        rest, sign = [_built(part) for part in term.args[0].args[1:]], 1 if term.args[0].op == "add" else -1
        return lambda t: math.log1p(sign * math.fsum(part(t) for part in rest))
    if term.op in _ONE_PLACE:
        function = _ONE_PLACE[term.op]
        return lambda t: function(first(t))
    if term.op == "neg":
        return lambda t: -first(t)
    if term.op == "pow":
        exponent = Fraction(str(term.data))
        if exponent == Fraction(1, 2):
            return lambda t: math.sqrt(first(t))
        power = float(exponent) if exponent.denominator > 1 else exponent.numerator
        return lambda t: float(first(t) ** power) if power == int(power) else math.pow(first(t), power)
    if term.op == "add":
        return lambda t: math.fsum(part(t) for part in parts)
    if term.op == "mul":
        return lambda t: math.prod(part(t) for part in parts)
    second = parts[1]
    if term.op == "quot":
        return lambda t: first(t) / second(t)
    if term.op == "sub":
        if term.args[0] == _ONE and term.args[1].op == "exp":
            exponent_of = _built(term.args[1].args[0])
            return lambda t: -math.expm1(exponent_of(t))
        scaled = term.args[1]
        if (
            scaled.op == "mul"
            and len(scaled.args) == 2
            and scaled.args[0] == term.args[0]
            and scaled.args[1].op == "exp"
        ):
            exponent_of = _built(scaled.args[1].args[0])
            return lambda t: -first(t) * math.expm1(exponent_of(t))
        return lambda t: first(t) - second(t)
    raise LawError(f"{term.op} cannot stand in a function of t")


@dataclass(frozen=True)
class Schedule:
    """An exact process in float64. Raises LawError (when first asked for a number) if a symbol has no value."""

    process: Process

    def __reduce__(self) -> tuple[Callable[[Process], Schedule], tuple[Process]]:
        return process_of, (self.process,)

    @cached_property
    def _floats(self) -> tuple[Function, Function, Function, Function]:
        exact = self.process
        return tuple(map(float_function, (exact.alpha, exact.sigma, exact.a, exact.g2)))  # type: ignore[return-value]

    def alpha(self, t: float) -> float:
        """The factor of X_0."""
        return self._floats[0](t)

    def sigma(self, t: float) -> float:
        """The standard deviation of the noise."""
        return self._floats[1](t)

    def a(self, t: float) -> float:
        """The rate alpha'/alpha."""
        return self._floats[2](t)

    def g2(self, t: float) -> float:
        """The power g^2 of the noise."""
        return self._floats[3](t)

    def germ(self, t: float) -> Germ:
        """The process at time t, as the exact values of floats, with three derivatives of a and g^2."""
        alpha, sigma = Fraction(self.alpha(t)), Fraction(self.sigma(t))
        orders = 0 if self.process.constant else DERIVATIVES
        a, g2 = (tuple(_exact(f, t) for f in _derivatives(term, orders)) for term in (self.process.a, self.process.g2))
        return Germ(alpha, sigma, a, g2, constant=self.process.constant)

    # -- the time of a noise level ---
    def time_of_sigma(self, sigma: float) -> float:
        """The time at which the noise level is ``sigma``: in closed form where there is one, else the first root."""
        if not sigma >= 0 or math.isinf(sigma):
            raise self._never(sigma)
        try:
            time = self._root(sigma) if self._time is None else self._time(sigma)
            found = self.sigma(time)
        except (ValueError, ZeroDivisionError, OverflowError):
            raise self._never(sigma) from None
        exact = self.process
        # the formula of sigma^2 itself is good to 1e-14 or so
        wrong = not abs(found**2 - sigma**2) <= 1e-9 * max(sigma**2, 1e-5)
        early = exact.start is not None and time < exact.start
        late = exact.horizon is not None and (time > exact.horizon or (exact.open and time == exact.horizon))
        if early or late or wrong:
            raise self._never(sigma)
        return time

    @cached_property
    def _time(self) -> Function | None:
        if self.process.curve is None or self.process.time is None:
            return None
        closed = self.process.time_at("sigma", make("sym", (), _LEVEL))
        return None if closed is None else float_function(closed, _LEVEL)

    def _root(self, sigma: float) -> float:
        """The first time at which sigma(t) crosses the level, by Brent's method within a bracket of a scan."""
        from scipy.optimize import brentq

        def gap(t: float) -> float:
            return self.sigma(t) - sigma

        start, horizon = self.process.start, self.process.horizon
        if start is not None and horizon is not None and gap(float(start)) < 0 < gap(float(horizon)):
            return float(brentq(gap, float(start), float(horizon), xtol=1e-300, rtol=8.9e-16, maxiter=500))
        before: tuple[float, float] | None = None
        for time in self._scan():
            try:
                here = gap(time)
            except (ValueError, ZeroDivisionError, OverflowError):
                before = None
                continue
            if here == 0:
                return time
            if before is not None and (before[1] < 0) != (here < 0):
                return float(brentq(gap, before[0], time, xtol=1e-300, rtol=8.9e-16, maxiter=500))
            before = time, here
        raise self._never(sigma)

    def _scan(self) -> list[float]:
        """Times from the start to the horizon, close together at both ends."""
        start = float(self.process.start or 0)
        if self.process.horizon is None:
            return [start, *(start + 2.0 ** (k / 4) for k in range(-240, 121))]
        span = float(self.process.horizon) - start
        near = [2.0 ** (k / 4) for k in range(-200, -4)]
        return [start + span * u for u in (0.0, *near, *(1 - u for u in reversed(near)), 1.0)]

    def _never(self, sigma: float) -> OutOfRangeError:
        curve, horizon = self.process.curve, self.process.horizon
        rest = value_of(curve.c) if isinstance(curve, Line) else None
        if horizon is not None:
            where = f"between 0 and {self.sigma(float(horizon)):.6g}"
        elif rest is not None and rest > 0:
            root = exact_sqrt(rest)
            where = f"below {root}" if root else f"below {math.sqrt(rest):.4f}, the square root of {rest}"
        else:
            where = "at 0 or above"
        return OutOfRangeError(f"the process never has sigma = {sigma:g}: its noise levels lie {where}")


@lru_cache(maxsize=256)
def _derivatives(term: Term, orders: int) -> tuple[tuple[Scalar | None, Function], ...]:
    """(the value if it is a rational number, the float function) of ``term`` and its derivatives in t."""
    found: list[tuple[Scalar | None, Function]] = []
    for _ in range(orders + 1):
        found.append((value_of(term), float_function(term)))
        term = diff(term, "t")
    return tuple(found)


def _exact(entry: tuple[Scalar | None, Function], t: float) -> Scalar:
    known, function = entry
    return Fraction(function(t)) if known is None else known


@lru_cache(maxsize=256)
def process_of(process: Process) -> Schedule:
    """The float64 adapter of an exact process (one object a process, so that its functions are built once)."""
    return Schedule(process)


STANDING_PROCESS = process_of(EXACT_STANDING)
"""Constant a and g^2 through the standing germ at t = 0."""
VE_PROCESS = process_of(ve())
"""dX = dW in the clock t = sigma^2."""
VP_PROCESS = process_of(vp())
"""Variance preserving with beta = 1: alpha^2 + sigma^2 = 1."""


def transition(process: LinearProcess, earlier: float, later: float) -> tuple[float, float]:
    """(factor, sd) of the exact forward transition X_later = factor X_earlier + sd xi of the linear SDE."""
    factor = process.alpha(later) / process.alpha(earlier)
    variance = process.sigma(later) ** 2 - (factor * process.sigma(earlier)) ** 2
    return factor, math.sqrt(max(variance, 0.0))
