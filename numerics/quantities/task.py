"""One quantity at one law and germ: which reduction, which rule, and how many digits to ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from numerics.balls import Ball, ball, bits_of, relative_digits, working
from numerics.enclosures import FLOAT, RIGOROUS, ball_interpreter, enclose
from numerics.line import USES as LINE_NUMBER_USES
from numerics.line import line_number
from numerics.quadrature import Grid, float_interpreter
from numerics.quantities.gaussian import NULL_USES, gaussian_value
from numerics.quantities.gaussian import USES as GAUSSIAN_USES
from numerics.quantities.record import QuantityError, entries
from numerics.quantities.reduction import USES as LINE_USES
from numerics.quantities.reduction import mirrored_axes, on_a_line
from numerics.quantities.table import SPEED, Quantity
from numerics.rings import Unsupported
from numerics.space import FEW_AXES, has_span, in_space
from theory.language.instances import Germ, Instance, Law, Scalar
from theory.laws import factors

EXACT = "exact"
Result = tuple[Any, str, str, tuple[str, ...]]


@dataclass(frozen=True)
class Task:
    """One quantity at one law and germ."""

    wanted: Quantity
    law: Law
    germ: Germ
    clock: str | None
    digits: int

    def at_point(self, point: tuple[Scalar, ...]) -> Result:
        """The field at a point, entry by entry."""
        mirrors = mirrored_axes(self.law, self.germ, point)
        for ask in (self.digits + 3, 4 * self.digits + 40, 4 * self.digits + 400):
            found = enclose(
                self.wanted.base, Instance(self.law, self.germ), x=point, digits=ask, max_bits=8 * ask + 8000
            )
            balls, zeros = _zeros(self.wanted.name, found.value, point, mirrors)
            if not any(v.contains(0) and not v.is_exact() for v in entries(balls)):
                break
        method = found.method + (", zeros by reflection" if zeros else "")
        exact = all(v.is_exact() and v == 0 for v in entries(balls))
        return balls, EXACT if exact else found.guarantee, method, self.wanted.uses

    def number(self) -> Result:
        """The number or rate, its base enclosed to as many digits as the result needs."""
        ask, best, stalled = self.digits + 3, -2, 0
        while True:
            base, bits, guarantee, method, uses = self._base(ask)
            with working(bits + 30):
                result = self._combined(base)
            if not result.is_finite():
                raise QuantityError(self._standing_still())
            lacking = self.digits + 2 - relative_digits(result)
            reached = relative_digits(result)
            stalled = 0 if reached > best else stalled + 1  # a ball that more precision does not narrow stays
            best = max(best, reached)
            fixed = guarantee == FLOAT or result.is_exact() or stalled > (3 if result.contains(0) else 1)
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
