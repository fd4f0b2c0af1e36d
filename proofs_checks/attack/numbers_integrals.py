"""Integrals over the line in mpmath, for the oracle of :mod:`proofs_checks.attack.numbers_oracle`.

A uniform sum where the components have comparable widths, else tanh-sinh on the pieces between all means. Every
refinement halves the step and keeps the old points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mpmath

_UNIFORM = 400.0
"""The most standard deviations of the narrowest component for which a uniform sum is taken."""


@dataclass(frozen=True)
class Moment:
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


Integrand = Callable[[Any, Moment, Any, Sequence[Any], Sequence[Any], Any], Sequence[Any]]
"""(context, moment, x, log u_k, u_k, p) -> the integrands at x."""


class LineSum:
    """Integrals over the line of one law, refined step by step: every new sum uses the old points."""

    def __init__(self, ctx: Any, at: Moment, function: Integrand, digits: float) -> None:
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
        self.level = -1
        self.total: list[Any] = []
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
            first = not self.total
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
        self.total = [u / 2 + v for u, v in zip(self.total, new, strict=True)] if self.total else new
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
    out: list[tuple[Any, Any, bool]] = []
    n = 0
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
