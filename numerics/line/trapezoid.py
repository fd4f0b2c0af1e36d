"""The ball trapezoidal rule for posterior integrals on the line.

For f analytic on |Im z| <= a with sup over |y| <= a of the integral of |f(x+iy)| at most M (Trefethen and Weideman,
SIAM Review 56 (2014), theorem 5.1):

    |h sum over all n of f(nh) - integral of f| <= 2 M / (exp(2 pi a/h) - 1).

M comes from :mod:`numerics.line.bounds`, the strip from :mod:`numerics.line.strip`. Only grid points near the places of
the bounding Gaussians are summed; the rest is bounded in closed form. Floats choose a, h and the points; balls certify.
The exponentials along the grid are geometric: u_k(x + h) = u_k(x) rho_k, rho_k(x + h) = rho_k(x) exp(-h^2/v_k).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from numerics.balls import Ball, arb, coefficients_of, series, truncated, working
from numerics.line.bounds import Bounds, tail_of_sum
from numerics.line.components import Components, Series
from numerics.line.posterior import evaluated
from numerics.line.strip import Strip, the_line

Slopes = Sequence[tuple[Series, Series]]
_LN2 = math.log(2)
MAX_POINTS = 2_000_000


@dataclass(frozen=True)
class Plan:
    """A step, the runs of grid points first..last, and what it neglects, by kind and order.

    ``bits`` is the precision that the sum wants.
    """

    step: Ball
    runs: tuple[tuple[int, int], ...]
    errors: tuple[tuple[Ball, ...], ...]
    bits: int

    @property
    def points(self) -> int:
        """The number of grid points."""
        return sum(last - first + 1 for first, last in self.runs)


Gaussian = tuple[Ball, Ball, Ball]
"""(mass, place, variance)."""


def plan(bounds: Bounds, kinds: Sequence[str], bits: int, strip: Strip) -> Plan:
    """A rule whose error is about 2^-bits of the bounding Gaussians' mass, for every kind and coefficient."""
    length = bounds.components.length
    with working(64):
        line = the_line()
        wide = [[bounds.majorant(kind, n, strip) for n in range(length)] for kind in kinds]
        flat = [[bounds.majorant(kind, n, line) for n in range(length)] for kind in kinds]
        on_strip = [[bounds.gaussians(b, strip.width) for b in row] for row in wide]
        on_line = [[bounds.gaussians(b, None) for b in row] for row in flat]
        return planned(on_strip, on_line, bits, strip.width, bounds)


def planned(
    on_strip: Sequence[Sequence[Sequence[Gaussian]]],
    on_line: Sequence[Sequence[Sequence[Gaussian]]],
    bits: int,
    width: Ball,
    bounds: Bounds,
) -> Plan:
    """The rule for integrands, by kind and order, below these Gaussians on the strip and on the line."""
    most = 0.0
    for strips, lines in zip(on_strip, on_line, strict=True):
        for above, below in zip(strips, lines, strict=True):
            mass = _log(sum((g[0] for g in below), arb(0)))
            if mass > -math.inf:
                most = max(most, _log(sum((g[0] for g in above), arb(0))) - mass)
    exponent = bits * _LN2 + max(most, 0.0) + 1.0
    step = arb(_short(2 * math.pi * float(width.lower()) / exponent))
    factor = 2 / ((2 * arb.pi() * width / step).exp() - 1)
    runs = _runs([g for row in on_line for g in row], bits, step)
    errors = []
    for strips, lines in zip(on_strip, on_line, strict=True):
        row = []
        for above, below in zip(strips, lines, strict=True):
            lost = factor * sum((g[0] for g in above), arb(0))
            for gaussian in below:
                lost = lost + tail_of_sum(gaussian, _distance(gaussian, runs, step), step)
            row.append(lost.upper())
        errors.append(tuple(row))
    points = sum(last - first + 1 for first, last in runs)
    size = max((float(abs(v).upper()) for logs in bounds.components.logs for s in logs for v in s[:1]), default=1)
    span = max((abs(n) for run in runs for n in run), default=1) * float(step)
    guard = 2 * math.log2(points + 2) + math.log2(2 + size * (1 + span) ** 2) + 24
    return Plan(step, tuple(runs), tuple(errors), int(bits + guard))


def _log(value: Ball) -> float:
    """log of a positive ball's upper end, also where it is no float."""
    return float(value.upper().log().mid()) if value > 0 else -math.inf


def _short(value: float) -> float:
    """``value`` rounded down to 20 bits, so that grid points are exact."""
    mantissa, exponent = math.frexp(value)
    return math.ldexp(math.floor(mantissa * 2**20), exponent - 20)


def _runs(groups: Sequence[Sequence[tuple[Ball, Ball, Ball]]], bits: int, step: Ball) -> list[tuple[int, int]]:
    """Runs of grid indices outside of which the Gaussians of each group hold about 2^-bits of the group's mass."""
    h, wanted = float(step), []
    for group in groups:
        logs = [_log(g[0]) for g in group]
        if max(logs) == -math.inf:
            continue
        goal = max(logs) - bits * _LN2 - 2 * math.log(len(logs) + 1) - 2
        for (_, place, variance), size in zip(group, logs, strict=True):
            if size > goal:
                reach = math.sqrt(2 * float(variance.mid()) * (size - goal))
                centre = float(place.mid())
                wanted.append((math.floor((centre - reach) / h) - 1, math.ceil((centre + reach) / h) + 1))
    runs: list[tuple[int, int]] = []
    for first, last in sorted(wanted):
        if runs and first <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], max(last, runs[-1][1]))
        else:
            runs.append((first, last))
    return runs


def _distance(gaussian: tuple[Ball, Ball, Ball], runs: Sequence[tuple[int, int]], step: Ball) -> Ball:
    """The Gaussian's place is certainly this far from every grid point outside the runs (0 if it may be near)."""
    place = gaussian[1]
    for first, last in runs:
        below, above = place - (first - 1) * step, (last + 1) * step - place
        if below > 0 and above > 0:
            return below.min(above).lower().nonnegative_part()
    return arb(0)


def summed(components: Components, kinds: Sequence[str], slopes: Slopes | None, rule: Plan) -> list[list[Ball]]:
    """For each kind the coefficients of its integral, at the working precision (``components`` are of it)."""
    length = components.length
    totals: list[Any] = [arb(0)] * len(kinds)
    kinds = tuple(kinds)
    with truncated(length):
        reader = Reader(components, slopes)
        if length > 1:
            totals = [series([arb(0)])] * len(kinds)
        log1p = _series_log1p(length) if length > 1 else arb.log1p
        for first, last in rule.runs:
            for x, g, u, top in reader.walk(first, last, rule.step):
                differences, log_top = reader.about(top, x, "log-class" in kinds)
                values = evaluated(kinds, u, top, differences, log_top, log1p)
                totals = [s + v * g for s, v in zip(totals, values, strict=True)]
        found = []
        for total, errors in zip(totals, rule.errors, strict=True):
            row = coefficients_of(total * rule.step, length)
            found.append([value + arb(0, error) for value, error in zip(row, errors, strict=True)])
    return found


def _series_log1p(length: int) -> Callable[[Any], Any]:
    """log(1 + R) of a series, its constant without cancellation."""

    def log1p(value: Any) -> Any:
        row = coefficients_of((1 + value).log(), length)
        row[0] = coefficients_of(value, 1)[0].log1p()
        return series(row)

    return log1p


class Reader:
    """The components along the grid, and their differences from the dominant one."""

    def __init__(self, components: Components, slopes: Slopes | None) -> None:
        self.components, self.slopes = components, slopes
        self.length, self.K, self.shared = components.length, components.K, components.shared
        self.logs = components.logs
        self._about: dict[int, list[tuple[Any, ...]]] = {}

    def tops(self, first: int, last: int, h: float) -> list[int]:
        """The dominant component at each grid point, by floats: any choice is right, a good one is accurate."""
        x = h * np.arange(first, last + 1)
        best, where = np.full(x.shape, -np.inf), np.zeros(x.shape, dtype=int)
        places = [float(m[0].mid()) for m in self.components.places]
        for k in range(self.K):
            variance = float(self.components.variances[k][0].mid())
            weight = float(self.components.weights[k][0].log().mid())
            value = weight - math.log(variance) / 2 - (x - places[k]) ** 2 / (2 * variance)
            where[value > best] = k
            best = np.maximum(best, value)
        return [int(k) for k in where]

    def walk(self, first: int, last: int, step: Ball) -> Iterator[tuple[Ball, Any, list[Any], int]]:
        """(x, common factor, values u_k, dominant component) for the grid points of a run."""
        x = first * step
        heads = [(A[0], B[0], C[0]) for A, B, C in self.logs]
        tops = self.tops(first, last, float(step))
        g = arb(1)
        if self.shared:
            C = heads[0][2]
            u = [(A + B * x).exp() for A, B, _ in heads]
            ratios = [(B * step).exp() for _, B, _ in heads]
            g, rise, bend = (C * x * x).exp(), (C * step * (2 * x + step)).exp(), (2 * C * step * step).exp()
        else:
            u = [(A + x * (B + C * x)).exp() for A, B, C in heads]
            ratios = [(B * step + C * step * (2 * x + step)).exp() for _, B, C in heads]
            bends = [(2 * C * step * step).exp() for _, _, C in heads]
        for n, top in enumerate(tops, first):
            x = n * step
            yield x, g, u if self.length == 1 else self._units(u, x), top
            if self.shared:
                u = [v * r for v, r in zip(u, ratios)]
                g, rise = g * rise, rise * bend
            else:
                u = [v * r for v, r in zip(u, ratios)]
                ratios = [r * b for r, b in zip(ratios, bends)]

    def _units(self, u: Sequence[Ball], x: Ball) -> list[Any]:
        """u_k times exp of the higher coefficients of its logarithm."""
        out = []
        for value, (A, B, C) in zip(u, self.logs, strict=True):
            rest = [arb(0)] + [A[i] + x * (B[i] + x * C[i]) for i in range(1, self.length)]
            out.append(series(rest).exp() * value)
        return out

    def about(self, top: int, x: Ball, with_log: bool) -> tuple[list[tuple[int, Any, Any]], Any]:
        """The differences d_k and e_k from the dominant component at ``x``, and its logarithm."""
        rows = self._about.get(top)
        if rows is None:
            rows = self._about[top] = self._rows(top)
        log_top = None
        if with_log:
            A, B, C = self.logs[top]
            log_top = self._number([a + x * (b + x * c) for a, b, c in zip(A, B, C)])
        out = []
        for k, a, b, c, offset, slope in rows:
            if self.length == 1:
                d = a[0] + x * b[0] if c is None else a[0] + x * (b[0] + x * c[0])
                e = None if offset is None else offset[0] if slope is None else offset[0] + x * slope[0]
            else:
                size = range(self.length)
                d = self._number([a[i] + x * (b[i] if c is None else b[i] + x * c[i]) for i in size])
                e = None
                if offset is not None:
                    e = self._number([offset[i] if slope is None else offset[i] + x * slope[i] for i in size])
            out.append((k, d, e))
        return out, log_top

    def _number(self, row: Series) -> Any:
        return row[0] if self.length == 1 else series(row)

    def _rows(self, top: int) -> list[tuple[Any, ...]]:
        A, B, C = self.logs[top]
        out: list[tuple[Any, ...]] = []
        for k, (a, b, c) in enumerate(self.logs):
            if k == top:
                continue
            offset = slope = None
            if self.slopes is not None:
                (o, s), (p, q) = self.slopes[k], self.slopes[top]
                offset = _minus(o, p)
                slope = None if self.shared else _minus(s, q)
            out.append((k, _minus(A, a), _minus(B, b), None if self.shared else _minus(C, c), offset, slope))
        return out


def _minus(left: Series, right: Series) -> Series:
    return [u - v for u, v in zip(left, right, strict=True)]
