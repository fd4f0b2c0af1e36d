"""Posterior integrals by adaptive complex quadrature (``acb.integral``), tails in closed form.

It needs no strip: the integrand is evaluated on complex balls, and where it cannot be enclosed the piece is cut. Its
cost grows like the logarithm of the narrowest scale, so it serves narrow components and unequal variances.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numerics.balls import (
    Ball,
    Counter,
    acb,
    arb,
    coefficients_of,
    complex_key,
    complex_series,
    integrate,
    truncated,
    working,
)
from numerics.line.bounds import Bounds, tail_of_sum
from numerics.line.components import Components
from numerics.line.posterior import evaluated
from numerics.line.strip import the_line
from numerics.line.trapezoid import Slopes, _distance, _runs


def integrals(
    components: Components, bounds: Bounds, kinds: Sequence[str], slopes: Slopes | None, bits: int, counter: Counter
) -> list[list[Ball]]:
    """For each kind the coefficients of its integral; each with an error of about 2^-bits of its bound's mass."""
    length, kinds = components.length, tuple(kinds)
    step = arb(float(bounds.scale.mid()) / 64)
    with working(64):
        line = the_line()
        groups = [[bounds.gaussians(bounds.majorant(kind, n, line), None) for n in range(length)] for kind in kinds]
        runs = _runs([g for row in groups for g in row], bits, step)
        masses = [[sum((g[0] for g in group), arb(0)).mid() for group in row] for row in groups]  # exact factors
    reader = _Complex(components, slopes, kinds)
    out: list[list[Ball]] = []
    for i in range(len(kinds)):
        row = []
        for n in range(length):
            scale = masses[i][n]
            if scale.is_zero():  # what a bound of zero bounds is zero
                row.append(arb(0))
                continue
            total = arb(0)
            for first, last in runs:
                piece = integrate(reader.part(i, n, 1 / scale), first * step, last * step, bits + 4, counter, 0)
                total = total + piece
            with working(64):
                lost = sum((tail_of_sum(g, _distance(g, runs, step) - step, arb(0)) for g in groups[i][n]), arb(0))
            row.append(total * scale + arb(0, lost.upper()))
        out.append(row)
    return out


_UNKNOWN = acb("nan")


class _Complex:
    """The integrands at complex balls; what one coefficient needed is kept for the others."""

    def __init__(self, components: Components, slopes: Slopes | None, kinds: tuple[str, ...]) -> None:
        self.components, self.slopes, self.kinds = components, slopes, kinds
        self.length = components.length
        self.known: dict[Any, list[list[Any]]] = {}
        self.logs = components.logs

    def part(self, i: int, n: int, factor: Ball) -> Callable[[Any, bool], Any]:
        """Coefficient n of integrand i times ``factor``."""

        def function(z: Any, analytic: bool) -> Any:
            key = (complex_key(z), analytic)
            if key not in self.known:
                self.known[key] = self._values(z, analytic)
            return self.known[key][i][n] * factor

        return function

    def _values(self, z: Any, analytic: bool) -> list[list[Any]]:
        size = range(self.length)
        with truncated(self.length):
            logs = [[A[i] + z * (B[i] + z * C[i]) for i in size] for A, B, C in self.logs]
            top = max(range(len(logs)), key=lambda k: logs[k][0].real.mid())
            A, B, C = self.logs[top]
            differences, u = [], [self._number([acb(1), *[acb(0)] * (self.length - 1)])] * len(logs)
            for k, (a, b, c) in enumerate(self.logs):
                if k == top:
                    continue
                shared = self.components.shared
                d = [A[i] - a[i] + z * (B[i] - b[i] + (0 if shared else z * (C[i] - c[i]))) for i in size]
                e = None
                if self.slopes is not None:
                    (o, s), (p, q) = self.slopes[k], self.slopes[top]
                    e = self._number([acb(o[i] - p[i]) if shared else o[i] - p[i] + z * (s[i] - q[i]) for i in size])
                number = self._number(d)
                u[k] = (-number).exp()
                differences.append((k, number, e))
            log_top = self._number(logs[top])

            def log1p(value: Any) -> Any:
                head = coefficients_of(value, 1)[0] if self.length > 1 else value
                small = head.abs_upper() < 1
                plain = head.log1p() if small else (1 + head).log(analytic=analytic)
                if self.length == 1:
                    return plain
                row = coefficients_of((1 + value).log(), self.length)
                return complex_series([plain, *row[1:]])

            common = log_top.exp()
            try:
                values = evaluated(self.kinds, u, top, differences, log_top, log1p)
            except ValueError:  # a series cannot be divided by one that may start with zero: no enclosure here
                return [[_UNKNOWN] * self.length] * len(self.kinds)
            return [coefficients_of(v * common, self.length) for v in values]

    def _number(self, row: Sequence[Any]) -> Any:
        return row[0] if self.length == 1 else complex_series(row)
