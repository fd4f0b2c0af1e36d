"""What mpmath says a number is: plain sums of the definitions at high precision. It shares no code with the engine.

Steps (:mod:`proofs_checks.attack.numbers_integrals`) are halved until two of them agree to far more digits than the
ball has; only then there is an answer. Derivatives are differences: the four-point rule against the two-point rule
tells their error.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath

from proofs_checks.attack.numbers_draw import Pair
from proofs_checks.attack.numbers_integrals import Integrand, LineSum, Moment

MARGIN = 1000
"""Two answers agree if they differ by less than the ball's radius over this."""
_MOST_DIGITS = 260


class NoAnswerError(Exception):
    """No two steps agreed within the budget, or the number is too small; the message says which."""


@dataclass(frozen=True)
class Answer:
    """The value (as exact fraction) and how far the two last answers were apart."""

    value: Fraction
    spread: Fraction


def ask(pair: Pair, balls: Sequence[tuple[Fraction, Fraction]], budget: float) -> dict[int, Answer]:
    """The Taylor coefficients by time (of a derivative by a clock: the derivative alone), where two answers agree.

    ``balls``: (midpoint, radius) of every coefficient; they choose the precision and when two answers agree, nothing
    else. ``budget`` bounds the number of exponentials, weighed by precision. Raises NoAnswerError if none agree.
    """
    sizes = [max(abs(middle), radius) for middle, radius in balls]
    relative = max(-_log10(radius / size) for (_, radius), size in zip(balls, sizes, strict=True) if radius)
    lost = max(0.0, *(-_log10(size) for size in sizes)) + _magnitude(pair)
    digits = relative + lost + (relative + 12 if pair.order else 0) + 15
    if digits > _MOST_DIGITS:
        raise NoAnswerError(f"more than {_MOST_DIGITS} digits")
    ctx = mpmath.MPContext()
    ctx.dps = int(digits) + 10
    offsets = (-2, -1, 0, 1, 2) if pair.order else (0,)
    width = ctx.mpf(10) ** -(relative / 2 + 4) * _time_scale(pair) if pair.order else ctx.mpf(0)
    ats = [_at(ctx, pair, o * width) for o in offsets]
    found: dict[int, Answer] = {}
    before: list[Any] = []
    for values in _sequence(ctx, pair, ats, digits, budget):
        now = [_coefficient(ctx, pair, ats, values, i, width) for i in range(len(balls))]
        for i, ((value, loose), old) in enumerate(zip(now, before, strict=False)):
            spread = _fraction(abs(value - old) + loose)
            if spread * MARGIN < balls[i][1]:
                found[i] = Answer(_fraction(value), spread)
        if all(i in found for i, (_, radius) in enumerate(balls) if radius):
            return found
        before = [value for value, _ in now]
    if not found:
        raise NoAnswerError("no agreement within the budget")
    return found


def _log10(value: Fraction) -> float:
    numerator, denominator = value.numerator, value.denominator
    return (math.log2(numerator) - math.log2(denominator)) * math.log10(2) if numerator else -(10.0**6)


def _mpf(ctx: Any, value: Any) -> Any:
    assert isinstance(value, Fraction)
    return ctx.mpf(value.numerator) / value.denominator


def _fraction(value: Any) -> Fraction:
    sign, mantissa, exponent, _ = value._mpf_
    size = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return -size if sign else size


def _magnitude(pair: Pair) -> float:
    """log10 of the largest terms that can cancel."""
    sigma = float(pair.germ.sigma)  # type: ignore[arg-type]
    scale = max([1.0, *(abs(float(c.mean[0])) for c in pair.law.components)])  # type: ignore[arg-type]
    spread = max([1.0, *(float(c.cov[0][0]) for c in pair.law.components)])  # type: ignore[arg-type]
    return (
        2 * math.log10(max(sigma, 1 / sigma, scale, spread))
        + 2
        + (2 * math.log10(1 / _time_scale(pair)) if pair.order else 0)
    )


def _time_scale(pair: Pair) -> float:
    """A time in which the process changes by about a hundredth."""
    germ = pair.germ
    s = float(germ.sigma) ** 2  # type: ignore[arg-type]
    rows = [abs(float(v)) for v in (*germ.a, *germ.g2)]  # type: ignore[arg-type]
    return 0.01 * min(1.0, s) / (1 + max(rows) * (1 + s) / max(s, 1.0))


def _at(ctx: Any, pair: Pair, e: Any) -> Moment:
    """The components ``e`` later, by the Taylor polynomials of the germ (right to second order)."""
    germ = pair.germ
    a, b = [_mpf(ctx, v) for v in germ.a], [_mpf(ctx, v) for v in germ.g2]
    s0 = _mpf(ctx, germ.sigma) ** 2
    alpha = _mpf(ctx, germ.alpha) * ctx.exp(a[0] * e + a[1] * e**2 / 2 + a[2] * e**3 / 6)
    s1 = 2 * a[0] * s0 + b[0]
    s2 = 2 * a[1] * s0 + 2 * a[0] * s1 + b[1]
    s3 = 2 * a[2] * s0 + 4 * a[1] * s1 + 2 * a[0] * s2 + b[2]
    sigma2 = s0 + s1 * e + s2 * e**2 / 2 + s3 * e**3 / 6
    parts: dict[tuple[Any, Any, int], Any] = {}
    joined = pair.law.is_discrete and pair.quantity in (
        "conditional-entropy", "mutual-information", "variance-phi", "variance-h"
    )  # fmt: skip
    for k, c in enumerate(pair.law.components):
        key = (c.mean[0], c.cov[0][0], 0 if joined else k)
        parts[key] = parts.get(key, Fraction(0)) + c.weight
    w, m, S = ([_mpf(ctx, v) for v in row] for row in zip(*((w, m, S) for (m, S, _), w in parts.items()), strict=True))
    return Moment(
        w, m, S, alpha, sigma2, a[0] + a[1] * e + a[2] * e**2 / 2, b[0] + b[1] * e + b[2] * e**2 / 2,
        [alpha * v for v in m], [alpha * alpha * v + sigma2 for v in S],
    )  # fmt: skip


# -- the integrands, from the definitions ------------------------------------------------------------------------------
def _plogp(ctx: Any, at: Moment, x: Any, l: Sequence[Any], u: Sequence[Any], p: Any) -> Sequence[Any]:
    lp = ctx.log(p)
    return (p * lp, p * lp * lp)


def _surprise(ctx: Any, at: Moment, x: Any, l: Sequence[Any], u: Sequence[Any], p: Any) -> Sequence[Any]:
    lp = ctx.log(p)
    gaps = [lp - v for v in l]
    first = ctx.fsum(a * b for a, b in zip(u, gaps, strict=True))
    return (first, ctx.fsum(a * b * b for a, b in zip(u, gaps, strict=True)), first * first / p)


def _score(ctx: Any, at: Moment, x: Any, l: Sequence[Any], u: Sequence[Any], p: Any) -> Sequence[Any]:
    s = [(M - x) / v for M, v in zip(at.M, at.v, strict=True)]
    slope = ctx.fsum(a * b for a, b in zip(u, s, strict=True))
    bend = ctx.fsum(a * (b * b - 1 / v) for a, b, v in zip(u, s, at.v, strict=True))
    mean = slope / p
    return (slope * mean, bend - slope * mean, ctx.fsum(a * (b - mean) ** 2 for a, b in zip(u, s, strict=True)))


def _posterior(ctx: Any, at: Moment, x: Any, l: Sequence[Any], u: Sequence[Any], p: Any) -> Sequence[Any]:
    gain = [at.alpha * S / v for S, v in zip(at.S, at.v, strict=True)]
    mu = [m + k * (x - M) for m, k, M in zip(at.m, gain, at.M, strict=True)]
    c = [S * at.sigma2 / v for S, v in zip(at.S, at.v, strict=True)]
    mean = ctx.fsum(a * b for a, b in zip(u, mu, strict=True)) / p
    return (ctx.fsum(a * (d + (b - mean) ** 2) for a, b, d in zip(u, mu, c, strict=True)),)


_INTEGRANDS: dict[str, Integrand] = {
    "entropy": _plogp, "varentropy": _plogp, "mutual-information": _plogp, "class-entropy": _surprise,
    "conditional-entropy": _surprise, "variance-phi": _surprise, "variance-h": _surprise,
    "variance-phi-class": _surprise, "variance-h-class": _surprise, "fisher-information": _score,
    "expected-divergence": _score, "class-gap": _score, "mmse": _posterior, "entropy-rate": _score,
    "bandwidth": _posterior, "information-rate": _posterior, "class-entropy-rate": _score,
}  # fmt: skip


def _finished(ctx: Any, pair: Pair, at: Moment, I: Sequence[Any], prior: Any) -> Any:
    """The quantity from its integrals."""
    name, kernel = pair.quantity, ctx.log(2 * ctx.pi * ctx.e * at.sigma2) / 2
    if name == "entropy":
        return -I[0]
    if name == "mutual-information":
        return -I[0] - kernel
    if name == "conditional-entropy" and not pair.law.is_discrete:
        return prior + kernel + I[0]
    if name == "varentropy":
        return I[1] - I[0] ** 2
    if name == "variance-phi" and not pair.law.is_discrete:
        return ctx.mpf(1) / 2
    if name in ("variance-phi", "variance-phi-class"):
        return I[1] - I[0] ** 2
    if name in ("variance-h", "variance-h-class"):
        return I[2] - I[0] ** 2
    if name == "expected-divergence":
        return I[1]
    if name == "class-gap":
        return I[2]
    if pair.clock is None:
        return I[0]
    rise = 2 * at.a * at.sigma2 + at.g2
    gain = at.g2 * at.alpha**2 / (2 * at.sigma2**2)
    rate = {
        "entropy-rate": at.a + at.g2 / 2 * I[0], "bandwidth": gain * I[0], "information-rate": -gain * I[0],
        "class-entropy-rate": at.g2 / 2 * I[-1],
    }[name]  # fmt: skip
    sigma = ctx.sqrt(at.sigma2)
    speed = {
        "t": 1, "sigma^2": rise, "sigma": rise / (2 * sigma), "log-sigma": rise / (2 * at.sigma2),
        "nu": at.g2 / at.alpha**2, "snr": -at.g2 * at.alpha**2 / at.sigma2**2,
    }[pair.clock]  # fmt: skip
    return rate / speed


def _coefficient(
    ctx: Any, pair: Pair, ats: Sequence[Moment], values: Sequence[Any], index: int, h: Any
) -> tuple[Any, Any]:
    """(the coefficient or derivative, how far two rules for it are apart)."""
    if not pair.order:
        return values[0], ctx.mpf(0)

    def slopes(f: Sequence[Any]) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        first = (8 * (f[3] - f[1]) - (f[4] - f[0])) / (12 * h), (f[3] - f[1]) / (2 * h)
        second = (16 * (f[3] + f[1]) - (f[4] + f[0]) - 30 * f[2]) / (12 * h**2), (f[3] + f[1] - 2 * f[2]) / h**2
        return first, second

    first, second = slopes(values)
    if pair.by is None or pair.by == "t":
        if pair.by is None and not index:
            return values[2], ctx.mpf(0)
        fine, coarse = first if (pair.order if pair.by else index) == 1 else second
        factor = 2 if pair.by is None and index == 2 else 1
        return fine / factor, abs(fine - coarse) / factor
    clock = [_clock(ctx, pair.by, at) for at in ats]
    c1, c2 = slopes(clock)
    out = [n1 / d1 if pair.order == 1 else (n2 - d2 * n1 / d1) / d1**2
           for n1, n2, d1, d2 in zip(first, second, c1, c2, strict=True)]  # fmt: skip
    return out[0], abs(out[0] - out[1])


def _clock(ctx: Any, name: str, at: Moment) -> Any:
    return {
        "sigma^2": at.sigma2, "sigma": ctx.sqrt(at.sigma2), "log-sigma": ctx.log(at.sigma2) / 2,
        "nu": at.sigma2 / at.alpha**2, "snr": at.alpha**2 / at.sigma2,
    }[name]  # fmt: skip


# -- refinements -------------------------------------------------------------------------------------------------------
def _sequence(ctx: Any, pair: Pair, ats: Sequence[Moment], digits: float, budget: float) -> Iterator[list[Any]]:
    """The values at every time, at finer and finer steps, until the budget is spent."""
    function, name = _INTEGRANDS[pair.quantity], pair.quantity
    dense = name == "conditional-entropy" and not pair.law.is_discrete
    still = None
    if dense:
        function = _plogp
        zero = ctx.mpf(0)
        still = Moment(ats[0].w, ats[0].m, ats[0].S, ctx.mpf(1), zero, zero, zero, ats[0].m, ats[0].S)
    rows = [*ats, *([still] if still else [])]
    cost, sums = 0.0, [LineSum(ctx, at, function, digits) for at in rows]
    while True:
        cost += sum(line.next_cost() for line in sums)
        if cost > budget:
            return
        integrals = [line.refined() for line in sums]
        prior = -integrals[-1][0] if dense else None
        yield [_finished(ctx, pair, at, I, prior) for at, I in zip(ats, integrals, strict=False)]
