"""The only door to flint's balls: rings of real and complex balls, three-valued comparison, exact printing.

A ball is a midpoint and a rigorous radius (Arb). Comparisons answer True, False or None (cannot tell). Printing rounds
outwards: the printed decimal plus and minus the printed radius contains the ball.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from flint import acb as acb
from flint import acb_series, arb_series, ctx, fmpq
from flint import arb as arb
from flint import arb_mat as arb_mat

from numerics.rings import Difference, Normalised, PlainRing, total

Ball = Any
"""A real ball (``flint.arb``)."""
INVERSE_LOG10_2 = 3.3219280948873626


@contextmanager
def working(bits: int) -> Iterator[None]:
    """Work at ``bits`` bits of precision."""
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


def precision() -> int:
    """The bits that ball arithmetic works with now."""
    return int(ctx.prec)


def bits_of(digits: int) -> int:
    """Bits that hold so many decimal digits."""
    return math.ceil(digits * INVERSE_LOG10_2)


def ball(value: Fraction | int | Ball) -> Ball:
    """The ball around an exact number; balls pass."""
    if isinstance(value, Fraction):
        return arb(fmpq(value.numerator, value.denominator))
    return arb(value)


def hull(low: Fraction | Ball, high: Fraction | Ball) -> Ball:
    """The smallest ball that contains both."""
    return ball(low).union(ball(high))


def natural_power(value: Ball, exponent: int) -> Ball:
    """value^exponent for an exponent >= 0, also for balls that meet the negative numbers (``**`` fails there)."""
    result = arb(1)
    for _ in range(exponent):
        result = result * value
    return result


def midpoint(value: Ball) -> Fraction:
    """The exact midpoint of a finite ball."""
    mantissa, exponent = value.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def radius(value: Ball) -> Fraction:
    """The exact radius of a finite ball."""
    mantissa, exponent = value.rad().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def lower(value: Ball) -> Fraction:
    """The exact lower end of a finite ball."""
    return midpoint(value) - radius(value)


def upper(value: Ball) -> Fraction:
    """The exact upper end of a finite ball."""
    return midpoint(value) + radius(value)


def sign(value: Ball) -> int | None:
    """1 or -1 if the ball is certainly of this sign, 0 if it is exactly zero, None if it cannot be told."""
    if value > 0:
        return 1
    if value < 0:
        return -1
    return 0 if value.is_zero() else None


def disjoint(left: Ball, right: Ball) -> bool:
    """Whether the two numbers are certainly different."""
    return bool(left.is_finite() and right.is_finite() and not left.overlaps(right))


def contains(outer: Ball, inner: Ball) -> bool:
    """Whether ``inner`` lies within ``outer``."""
    return bool(outer.contains(inner))


def relative_digits(value: Ball) -> int:
    """How many decimal digits the radius leaves relative to the value; a large number for an exact value."""
    if not value.is_finite():
        return -1
    if value.is_exact():
        return 10**6
    size = value.abs_lower()
    return -1 if size.is_zero() else floor_log10(midpoint((size / value.rad()).lower()))


def absolute_digits(value: Ball) -> int:
    """The largest n with radius <= 10^-n."""
    if not value.is_finite():
        return -(10**6)
    half_width = radius(value)
    return 10**6 if half_width == 0 else floor_log10(1 / half_width)


def floor_log10(value: Fraction) -> int:
    """The largest n with 10^n <= value."""
    guess = math.floor((value.numerator.bit_length() - value.denominator.bit_length()) / INVERSE_LOG10_2)
    while Fraction(10) ** guess > value:
        guess -= 1
    while Fraction(10) ** (guess + 1) <= value:
        guess += 1
    return guess


def decimal(value: Ball, digits: int = 20) -> tuple[str, str]:
    """(midpoint, radius) as decimal strings that together enclose the ball; at most ``digits`` significant digits.

    Digits that the radius swamps are not printed. An exact zero gives ("0", "0").
    """
    if not value.is_finite():
        return "nan", "inf"
    if value.is_exact() and value.is_zero():
        return "0", "0"
    shift = _far_exponent(value)
    if shift:  # fractions with millions of digits are slow: scale the ball, which rounds outwards
        with working(bits_of(digits) + 80):
            value = value * arb(10) ** (-shift)
    centre, half_width = midpoint(value), radius(value)
    places = digits - 1 - (floor_log10(abs(centre)) if centre else 0)
    if half_width:
        places = min(places, 1 - floor_log10(half_width))
    scale = Fraction(10) ** places
    rounded = Fraction(round(centre * scale)) / scale
    error = half_width + abs(centre - rounded)
    if not shift:
        return _plain(round(centre * scale), places), _upward(error)
    return _plain(round(centre * scale), places - shift), _science(error, floor_log10(error), shift) if error else "0"


def _far_exponent(value: Ball) -> int:
    """The order of magnitude of a ball that is farther from 1 than 10^(+-2000), else 0."""
    mantissa, exponent = (value.mid() if not value.contains(0) else value.rad()).man_exp()
    size = (int(exponent) + int(mantissa).bit_length()) / INVERSE_LOG10_2
    return 0 if abs(size) < 2000 else math.floor(size)


def _plain(scaled: int, places: int) -> str:
    """scaled 10^-places as a decimal, in scientific notation when it is far from 1."""
    text = str(abs(scaled))
    mark = "-" if scaled < 0 else ""
    if places <= 0 and len(text) - places <= 21:
        return mark + text + "0" * -places if scaled else "0"
    if 0 < places <= len(text) + 5:
        text = text.rjust(places + 1, "0")
        return f"{mark}{text[:-places]}.{text[-places:]}"
    exponent = len(text) - 1 - places
    return f"{mark}{text[0]}{'.' + text[1:] if len(text) > 1 else ''}e{exponent:+03d}"


def _upward(value: Fraction) -> str:
    """Two or three significant digits, rounded up."""
    if value == 0:
        return "0"
    exponent = floor_log10(value)
    scale = Fraction(10) ** (2 - exponent)
    return _plain(math.ceil(value * scale), 2 - exponent) if exponent > -4 else _science(value, exponent)


def _science(value: Fraction, exponent: int, shift: int = 0) -> str:
    mantissa = math.ceil(value * Fraction(10) ** (2 - exponent))
    if mantissa >= 1000:
        mantissa, exponent = math.ceil(Fraction(mantissa, 10)), exponent + 1
    text = str(mantissa)
    return f"{text[0]}.{text[1:]}e{exponent + shift:+03d}"


class ArbRing(PlainRing):
    """Real balls."""

    def exact(self, value: Fraction | int) -> Ball:
        """The ball around a rational."""
        return ball(value)

    def exp(self, value: Ball) -> Ball:
        """exp."""
        return value.exp()

    def log(self, value: Ball) -> Ball:
        """Natural logarithm; not finite where the ball meets the non-positive numbers."""
        return value.log()

    def inv(self, value: Ball) -> Ball:
        """Reciprocal; not finite where the ball contains zero."""
        return 1 / value

    def sqrt(self, value: Ball) -> Ball:
        """Square root; not finite where the ball meets the negative numbers."""
        return value.sqrt()

    def tanh(self, value: Ball) -> Ball:
        """Hyperbolic tangent."""
        return value.tanh()

    def cos(self, value: Ball) -> Ball:
        """Cosine."""
        return value.cos()

    def sin(self, value: Ball) -> Ball:
        """Sine."""
        return value.sin()

    def pi(self) -> Ball:
        """pi."""
        return arb.pi()

    def softmax(self, logs: Sequence[Ball], difference: Difference) -> Normalised:
        """About the component that dominates at the midpoints; for wide balls each weight on its own."""
        top = max(range(len(logs)), key=lambda k: logs[k].mid())
        raw = [arb(1) if k == top else difference(k, top).exp() for k in range(len(logs))]
        mass = total(raw)
        rest = mass.log()
        head = logs[top] + rest
        if mass.rad() * 1000 < mass.mid():
            return head, top, rest, [value / mass for value in raw]
        weights = []
        for k in range(len(logs)):
            others = total(difference(j, k).exp() for j in range(len(logs)) if j != k)
            weights.append(1 / (1 + others.nonnegative_part()) if others.is_finite() else arb(0.5, 0.5))
        return head, top, rest, weights


class AcbRing(PlainRing):
    """Complex balls. While ``analytic`` is set, functions with branch cuts are not finite across a cut."""

    def __init__(self) -> None:
        self.analytic = False

    def exact(self, value: Fraction | int) -> Any:
        """The (real) ball around a rational."""
        return ball(value)

    def exp(self, value: Any) -> Any:
        """exp."""
        return value.exp()

    def log(self, value: Any) -> Any:
        """Principal logarithm."""
        return value.log(analytic=self.analytic) if isinstance(value, acb) else acb(value).log(analytic=self.analytic)

    def inv(self, value: Any) -> Any:
        """Reciprocal."""
        return 1 / value

    def sqrt(self, value: Any) -> Any:
        """Principal square root."""
        return acb(value).sqrt(analytic=self.analytic)

    def tanh(self, value: Any) -> Any:
        """Hyperbolic tangent (meromorphic: poles give non-finite balls)."""
        return value.tanh()

    def cos(self, value: Any) -> Any:
        """Cosine (entire)."""
        return value.cos()

    def sin(self, value: Any) -> Any:
        """Sine (entire)."""
        return value.sin()

    def pi(self) -> Any:
        """pi."""
        return arb.pi()

    def softmax(self, logs: Sequence[Any], difference: Difference) -> Normalised:
        """About the component of largest real part at the midpoint: log p = l_top + log(1 + small)."""
        top = max(range(len(logs)), key=lambda k: logs[k].real.mid())
        raw = [arb(1) if k == top else difference(k, top).exp() for k in range(len(logs))]
        mass = total(raw)
        rest = self.log(mass)
        return logs[top] + rest, top, rest, [value / mass for value in raw]


class Counter:
    """How many times an integrand was evaluated."""

    def __init__(self) -> None:
        self.count = 0


def integrate(
    function: Callable[[Any, bool], Any], low: Ball, high: Ball, bits: int, counter: Counter, limit: int
) -> Ball:
    """A ball that contains the integral of ``function(z, analytic)`` (real on the line) over [low, high].

    The goal is an error of 2^-bits, relative or absolute; the ball tells what was reached. At most ``limit``
    evaluations (python-flint's own bound if 0).
    """

    def counted(z: Any, analytic: bool) -> Any:
        counter.count += 1
        value = function(z, analytic)
        return value if isinstance(value, acb) else acb(value)  # a constant may come as a real ball

    tolerance = arb(2) ** (-bits)
    options: dict[str, Any] = {"eval_limit": limit} if limit else {}
    return acb.integral(counted, acb(low), acb(high), rel_tol=tolerance, abs_tol=tolerance, **options).real


def complex_key(z: Any) -> tuple[Any, ...]:
    """A dictionary key for a complex ball."""
    return (*z.real.mid().man_exp(), *z.real.rad().man_exp(), *z.imag.mid().man_exp(), *z.imag.rad().man_exp())


@contextmanager
def truncated(length: int) -> Iterator[None]:
    """Work with power series of ``length`` coefficients (:func:`series`)."""
    before = ctx.cap
    ctx.cap = length
    try:
        yield
    finally:
        ctx.cap = before


def series(coefficients: Sequence[Ball]) -> Any:
    """The truncated power series with these real coefficients, lowest first."""
    return arb_series(list(coefficients), ctx.cap)


def complex_series(coefficients: Sequence[Any]) -> Any:
    """The truncated power series with these complex coefficients, lowest first."""
    return acb_series([acb(c) for c in coefficients], ctx.cap)


def coefficients_of(value: Any, length: int) -> list[Any]:
    """The first ``length`` coefficients of a power series; a ball counts as its constant."""
    found = list(value.coeffs()) if isinstance(value, (arb_series, acb_series)) else [value]
    return (found + [arb(0)] * (length - len(found)))[:length]
