"""Derivatives of quantities: along the process by any clock, and by symbols of the law, by power series in balls.

A quantity is a series in the time t of the germ, or in a symbol; a clock c(t) is one too. With N = n0 + n1 tau + ..,
c = c0 + c1 tau + ..:

    dN/dc = n1/c1,        d2N/dc2 = 2 (n2 - c2 dN/dc)/c1^2.

On the line the coefficients come from :mod:`numerics.line`; sums over independent blocks and directions across a line
of means are sums of series; what is left is read by the interpreter (exact moments of one Gaussian).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from numerics.balls import Ball, arb, bits_of, coefficients_of, relative_digits, series, truncated, working
from numerics.enclosures import FLOAT, RIGOROUS, ball_interpreter, enclose
from numerics.evaluate import prepare
from numerics.line import USES as LINE_NUMBER_USES
from numerics.line import line_number
from numerics.line.components import TIME
from numerics.quantities.reduction import USES as LINE_USES
from numerics.quantities.reduction import on_a_line
from numerics.quantities.table import SPEED, Quantity
from numerics.rings import Unsupported
from theory.language.definitions import CLOCKS
from theory.language.instances import Germ, Instance, Law, Scalar
from theory.language.notation import alpha, log, sigma
from theory.language.terms import Term, make
from theory.laws import factors

ORDERS = (1, 2)
Parts = tuple[list[Ball], int, str, str, tuple[str, ...]]
"""(coefficients, bits, guarantee, method, claims)."""

CLOCK_TERMS: dict[str, Term] = {
    "sigma": sigma, "sigma^2": sigma**2, "log-sigma": log(sigma), "snr": alpha**2 / sigma**2,
    "nu": sigma**2 / alpha**2,
}  # fmt: skip


@dataclass(frozen=True)
class Derivation:
    """The ``order``-th derivative by ``by`` (a clock, or a symbol of the law with its value among ``symbols``)."""

    wanted: Quantity
    law: Law
    germ: Germ
    clock: str | None
    by: str
    order: int
    digits: int
    symbols: tuple[tuple[str, Scalar], ...] = ()

    @property
    def along(self) -> bool:
        """Whether the derivative is taken along the process."""
        return self.by in CLOCKS

    def result(self) -> tuple[Ball, str, str, tuple[str, ...]]:
        """(ball, guarantee, method, claims). Raises Unsupported where no series is available."""
        ask = self.digits + 4
        while True:
            base, bits, guarantee, method, uses = self._base(self.law, ask)
            with working(bits + 30), truncated(self.order + 1):
                value = self._derivative(self._combined(series(base)))
            if not value.is_finite():
                return value, guarantee, method, uses
            lacking = self.digits + 2 - relative_digits(value)
            if guarantee == FLOAT or value.is_exact() or lacking <= 0 or ask > 6 * self.digits + 100:
                return value, guarantee, method, tuple(dict.fromkeys(uses + self.wanted.uses))
            ask += max(lacking, 5) if not value.contains(0) else max(ask, lacking)

    def _reader(self) -> Any:
        return ball_interpreter(self.law, self.germ, bits=64, symbols=self.symbols)

    def _series(self, term: Term) -> Any:
        """A number of the schedule as a series in the parameter."""
        order = self.order if self.along else 0
        jet = self._reader().series(prepare(term), order)
        return series([arb(0) if jet.at(i) is None else jet.at(i) for i in range(order + 1)])

    def _combined(self, base: Any) -> Any:
        """The quantity itself: a rate is (offset + coefficient base)/speed."""
        if self.wanted.kind != "rate":
            return base
        rate = self._series(self.wanted.offset) + self._series(self.wanted.coefficient) * base
        return rate / self._series(SPEED[str(self.clock)])

    def _derivative(self, found: Any) -> Ball:
        n = coefficients_of(found, self.order + 1)
        if not self.along or self.by == "t":
            return n[1] if self.order == 1 else 2 * n[2]
        c = coefficients_of(self._series(CLOCK_TERMS[self.by]), self.order + 1)
        first = n[1] / c[1]
        return first if self.order == 1 else 2 * (n[2] - c[2] * first) / (c[1] * c[1])

    # -- the base ---
    def _base(self, law: Law, ask: int) -> Parts:
        name, by = self.wanted.base_name, TIME if self.along else self.by
        if law.D == 1:
            found = line_number(name, law, self.germ, digits=ask, order=self.order, by=by, symbols=self.symbols)
            uses = LINE_NUMBER_USES.get(name, ())
            return list(found.coefficients), found.bits, RIGOROUS, found.method, uses
        split = on_a_line(law) if self.along else None
        if split is not None:
            line, across = split
            parts = [self._base(line, ask), *[self._base(across, ask)] * (law.D - 1)]
            return _summed(parts, f"{parts[0][3]}, along the line of the means", LINE_USES)
        blocks = [block for _, block in factors(law)] if self.along else [law]
        if len(blocks) > 1:
            parts = [self._base(block, ask) for block in blocks]
            return _summed(parts, f"{parts[0][3]}, over {len(blocks)} independent blocks", LINE_USES[:1])
        if not self.along:
            raise Unsupported(
                f"derivatives by {self.by} are available on the line; this law is in D = {law.D} (give its factor)"
            )
        return self._read(law, ask)

    def _read(self, law: Law, ask: int) -> Parts:
        """The coefficients by the interpreter: rigorous for one Gaussian, else float64."""
        term, rows, factorial = self.wanted.base, [], Fraction(1)
        guarantee, method, bits = RIGOROUS, "", 80
        for i in range(self.order + 1):
            factorial *= max(i, 1)
            found = enclose(term, Instance(law, self.germ), digits=ask, max_bits=4000 + 8 * bits_of(ask))
            rows.append(found.value / int(factorial))
            guarantee = FLOAT if found.guarantee == FLOAT else guarantee
            method, bits = found.method, max(bits, found.bits)
            term = make("dt", (term,))
        return rows, bits, guarantee, method, ()


def _summed(parts: Sequence[Parts], method: str, uses: tuple[str, ...]) -> Parts:
    bits = max(part[1] for part in parts)
    with working(bits):
        rows = [sum(column, arb(0)) for column in zip(*(part[0] for part in parts), strict=True)]
    guarantee = FLOAT if any(part[2] == FLOAT for part in parts) else RIGOROUS
    claims = tuple(dict.fromkeys((*(name for part in parts for name in part[4]), *uses)))
    return rows, bits, guarantee, method, claims


__all__ = ["CLOCK_TERMS", "ORDERS", "Derivation"]
