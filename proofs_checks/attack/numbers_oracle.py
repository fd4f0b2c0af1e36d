"""What mpmath says a number is: plain sums of the definitions at high precision. It shares no code with the engine.

An integral over the line is a uniform sum where the components have comparable widths, else tanh-sinh between all
means. Steps are halved until two of them agree to far more digits than the ball has; only then there is an answer.
Derivatives are differences: the four-point rule against the two-point rule tells their error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import mpmath

from proofs_checks.attack.numbers_draw import Pair

MARGIN = 1000
"""Two answers agree if they differ by less than the ball's radius over this."""
_UNIFORM = 400.0
_MOST_DIGITS = 260


class NoAnswer(Exception):
    """No two steps agreed within the budget, or the number is too small; the message says which."""


@dataclass(frozen=True)
class Answer:
    """The value (as exact fraction) and how far the two last answers were apart."""

    value: Fraction
    spread: Fraction


@dataclass(frozen=True)
class _At:
    """The process and the components of X_t at one time: weights, X0's means and variances, and of X_t."""

    w: list[Any]
    m: list[Any]
    S: list[Any]
    alpha: Any
    sigma2: Any
    a: Any
    g2: Any
    M: list[Any]
    v: list[Any]


def ask(pair: Pair, balls: Sequence[tuple[Fraction, Fraction]], budget: float) -> dict[int, Answer]:
    """The Taylor coefficients by time (of a derivative by a clock: the derivative alone), where two answers agree.

    ``balls``: (midpoint, radius) of every coefficient; they choose the precision and when two answers agree, nothing
    else. ``budget`` bounds the number of exponentials, weighed by precision. Raises NoAnswer if none agree.
    """
    sizes = [max(abs(middle), radius) for middle, radius in balls]
    relative = max(-_log10(radius / size) for (_, radius), size in zip(balls, sizes, strict=True) if radius)
    lost = max(0.0, *(-_log10(size) for size in sizes)) + _magnitude(pair)
    digits = relative + lost + (relative + 12 if pair.order else 0) + 15
    if digits > _MOST_DIGITS:
        raise NoAnswer(f"more than {_MOST_DIGITS} digits")
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
        raise NoAnswer("no agreement within the budget")
    return found


def _log10(value: Fraction) -> float:
    numerator, denominator = value.numerator, value.denominator
    return (math.log2(numerator) - math.log2(denominator)) * math.log10(2) if numerator else -(10.0**6)


def _mpf(ctx: Any, value: Any) -> Any:
    assert isinstance(value, Fraction)
    return ctx.mpf(value.numerator) / value.denominator


def _fraction(value: Any) -> Fraction:
    sign, mantissa, exponent, _ = value._mpf_
    return (-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


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


def _at(ctx: Any, pair: Pair, e: Any) -> _At:
    """The components ``e`` later, by the Taylor polynomials of the germ (right to second order)."""
    germ = pair.germ
    a, b = [_mpf(ctx, v) for v in germ.a], [_mpf(ctx, v) for v in germ.g2]
    s0 = _mpf(ctx, germ.sigma) ** 2
    alpha = _mpf(ctx, germ.alpha) * ctx.exp(a[0] * e + a[1] * e**2 / 2 + a[2] * e**3 / 6)
    s1 = 2 * a[0] * s0 + b[0]
    s2 = 2 * a[1] * s0 + 2 * a[0] * s1 + b[1]
    s3 = 2 * a[2] * s0 + 4 * a[1] * s1 + 2 * a[0] * s2 + b[2]
    sigma2 = s0 + s1 * e + s2 * e**2 / 2 + s3 * e**3 / 6
    parts: dict[tuple[Any, Any, int], Fraction] = {}
    joined = pair.law.is_discrete and pair.quantity in (
        "conditional-entropy", "mutual-information", "variance-phi", "variance-h"
    )  # fmt: skip
    for k, c in enumerate(pair.law.components):
        key = (c.mean[0], c.cov[0][0], 0 if joined else k)
        parts[key] = parts.get(key, Fraction(0)) + c.weight  # type: ignore[operator]
    w, m, S = ([_mpf(ctx, v) for v in row] for row in zip(*((w, m, S) for (m, S, _), w in parts.items()), strict=True))
    return _At(
        w, m, S, alpha, sigma2, a[0] + a[1] * e + a[2] * e**2 / 2, b[0] + b[1] * e + b[2] * e**2 / 2,
        [alpha * v for v in m], [alpha * alpha * v + sigma2 for v in S],
    )  # fmt: skip


# -- the integrands, from the definitions ------------------------------------------------------------------------------
def _plogp(ctx: Any, at: _At, x: Any, l: Sequence[Any], u: Sequence[Any], p: Any) -> Sequence[Any]:
    lp = ctx.log(p)
    return (p * lp, p * lp * lp)


def _surprise(ctx: Any, at: _At, x: Any, l: Sequence[Any], u: Sequence[Any], p: Any) -> Sequence[Any]:
    lp = ctx.log(p)
    gaps = [lp - v for v in l]
    first = ctx.fsum(a * b for a, b in zip(u, gaps, strict=True))
    return (first, ctx.fsum(a * b * b for a, b in zip(u, gaps, strict=True)), first * first / p)


def _score(ctx: Any, at: _At, x: Any, l: Sequence[Any], u: Sequence[Any], p: Any) -> Sequence[Any]:
    s = [(M - x) / v for M, v in zip(at.M, at.v, strict=True)]
    slope = ctx.fsum(a * b for a, b in zip(u, s, strict=True))
    bend = ctx.fsum(a * (b * b - 1 / v) for a, b, v in zip(u, s, at.v, strict=True))
    mean = slope / p
    return (slope * mean, bend - slope * mean, ctx.fsum(a * (b - mean) ** 2 for a, b in zip(u, s, strict=True)))


def _posterior(ctx: Any, at: _At, x: Any, l: Sequence[Any], u: Sequence[Any], p: Any) -> Sequence[Any]:
    gain = [at.alpha * S / v for S, v in zip(at.S, at.v, strict=True)]
    mu = [m + k * (x - M) for m, k, M in zip(at.m, gain, at.M, strict=True)]
    c = [S * at.sigma2 / v for S, v in zip(at.S, at.v, strict=True)]
    mean = ctx.fsum(a * b for a, b in zip(u, mu, strict=True)) / p
    return (ctx.fsum(a * (d + (b - mean) ** 2) for a, b, d in zip(u, mu, c, strict=True)),)


_INTEGRANDS: dict[str, Callable[..., Sequence[Any]]] = {
    "entropy": _plogp, "varentropy": _plogp, "mutual-information": _plogp, "class-entropy": _surprise,
    "conditional-entropy": _surprise, "variance-phi": _surprise, "variance-h": _surprise,
    "variance-phi-class": _surprise, "variance-h-class": _surprise, "fisher-information": _score,
    "expected-divergence": _score, "class-gap": _score, "mmse": _posterior, "entropy-rate": _score,
    "bandwidth": _posterior, "information-rate": _posterior, "class-entropy-rate": _score,
}  # fmt: skip


def _finished(ctx: Any, pair: Pair, at: _At, I: Sequence[Any], prior: Any) -> Any:
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
    ctx: Any, pair: Pair, ats: Sequence[_At], values: Sequence[Any], index: int, h: Any
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


def _clock(ctx: Any, name: str, at: _At) -> Any:
    return {
        "sigma^2": at.sigma2, "sigma": ctx.sqrt(at.sigma2), "log-sigma": ctx.log(at.sigma2) / 2,
        "nu": at.sigma2 / at.alpha**2, "snr": at.alpha**2 / at.sigma2,
    }[name]  # fmt: skip


# -- integrals ---------------------------------------------------------------------------------------------------------
def _sequence(ctx: Any, pair: Pair, ats: Sequence[_At], digits: float, budget: float) -> Any:
    """The values at every time, at finer and finer steps, until the budget is spent."""
    function, name = _INTEGRANDS[pair.quantity], pair.quantity
    dense = name == "conditional-entropy" and not pair.law.is_discrete
    still = None
    if dense:
        function = _plogp
        zero = ctx.mpf(0)
        still = _At(ats[0].w, ats[0].m, ats[0].S, ctx.mpf(1), zero, zero, zero, ats[0].m, ats[0].S)
    rows = [*ats, *([still] if still else [])]
    cost, sums = 0.0, [_Line(ctx, at, function, digits) for at in rows]
    while True:
        cost += sum(line.next_cost() for line in sums)
        if cost > budget:
            return
        integrals = [line.refined() for line in sums]
        prior = -integrals[-1][0] if dense else None
        yield [_finished(ctx, pair, at, I, prior) for at, I in zip(ats, integrals, strict=False)]


class _Line:
    """Integrals over the line of one law, refined step by step: every new sum uses the old points."""

    def __init__(self, ctx: Any, at: _At, function: Callable[..., Sequence[Any]], digits: float) -> None:
        self.ctx, self.at, self.function, self.digits = ctx, at, function, digits
        sds = [math.sqrt(float(v)) for v in at.v]
        reach = math.sqrt(2 * math.log(10) * (digits + 5))
        places = [float(M) for M in at.M]
        self.low = min(M - reach * s for M, s in zip(places, sds, strict=True))
        self.high = max(M + reach * s for M, s in zip(places, sds, strict=True))
        span = self.high - self.low
        self.near = sum(min(1.0, 2 * reach * s / span) for s in sds)  # components that matter at a point
        self.uniform = (self.high - self.low) / min(sds) < _UNIFORM
        self.floats = [(math.log(float(w) / s), M, s) for w, M, s in zip(at.w, places, sds, strict=True)]
        self.logs = [ctx.log(w / ctx.sqrt(2 * ctx.pi * v)) for w, v in zip(at.w, at.v, strict=True)]
        self.halves = [-1 / (2 * v) for v in at.v]
        self.level, self.total = -1, None
        if self.uniform:
            self.step = ctx.mpf(min(sds)) / 2
        else:
            cuts = [self.low]
            for place in sorted(places):
                if place - cuts[-1] > 0.05 * min(sds):
                    cuts.append(place)
            self.cuts = [ctx.mpf(c) for c in (*cuts, self.high)]

    def next_cost(self) -> float:
        """Exponentials of the next refinement, weighed by the precision."""
        count = (self.high - self.low) / float(self.step) if self.uniform else 0.0
        if not self.uniform:
            count = (len(self.cuts) - 1) * 2 ** max(0, self.level + 1) * 12 * math.log(self.digits + 3) / 3
        return count * (self.near + 1) * (1 + self.digits / 100)

    def refined(self) -> list[Any]:
        """The integrals at the next step."""
        ctx = self.ctx
        self.level += 1
        if self.uniform:
            first = self.total is None
            n0, n1 = math.floor(self.low / float(self.step)), math.ceil(self.high / float(self.step))
            shift = 0 if first else ctx.mpf(1) / 2
            new = self._sum(((n + shift) * self.step, self.step) for n in range(n0, n1 + 1))
            self.total = new if first else [(u + v) / 2 for u, v in zip(self.total, new, strict=True)]
            if not first:
                self.step /= 2
            return self.total
        nodes = _nodes(ctx.prec, self.level)
        new = self._sum(
            (a + (b - a) * q if left else b - (b - a) * q, (b - a) * weight)
            for a, b in zip(self.cuts, self.cuts[1:], strict=False)
            for q, weight, left in nodes
        )
        if self.total is None:
            self.total = new
        else:
            self.total = [u / 2 + v for u, v in zip(self.total, new, strict=True)]
        return self.total

    def _sum(self, points: Any) -> list[Any]:
        ctx, sums, cut = self.ctx, None, math.log(10) * (self.digits + 5)
        nothing = ctx.mpf(0)
        for x, weight in points:
            at = float(x)
            sizes = [c - ((at - M) / s) ** 2 / 2 for c, M, s in self.floats]
            least = max(sizes) - cut
            l = [A + C * (x - M) ** 2 for A, C, M in zip(self.logs, self.halves, self.at.M, strict=True)]
            u = [ctx.exp(v) if size > least else nothing for v, size in zip(l, sizes, strict=True)]
            row = self.function(ctx, self.at, x, l, u, ctx.fsum(u))
            sums = [s + weight * r for s, r in zip(sums, row, strict=True)] if sums else [weight * r for r in row]
        assert sums is not None
        return sums


@lru_cache(maxsize=64)
def _nodes(precision: int, level: int) -> list[tuple[Any, Any, bool]]:
    """The new tanh-sinh nodes of a level on (0, 1): (distance to the nearer end, weight, whether that is the left)."""
    ctx = mpmath.MPContext()
    ctx.prec = precision
    h = ctx.mpf(1) / 2 ** (level + 1)
    out, n = [], 0
    while True:
        if level == 0 or n % 2:
            s = n * h
            q = 1 / (1 + ctx.exp(ctx.pi * ctx.sinh(s)))
            weight = h * ctx.pi * q * (1 - q) * ctx.cosh(s)
            if weight < ctx.mpf(2) ** (-precision - 10):
                return out
            out.append((q, weight, True))
            if n:
                out.append((q, weight, False))
        n += 1
