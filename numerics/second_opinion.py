"""A second opinion beside every enclosure: mpmath at more digits, the trapezoidal rule at two steps.

Nothing here is rigorous. Two stable values outside the ball are a conflict: one of the two readings is broken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath

from numerics.averages import EndIntegrand, Integrand, SplitAverager
from numerics.balls import Ball, lower, upper
from numerics.evaluate import Interpreter, prepare
from numerics.evaluate.reading import map_value
from numerics.rings import MpRing, Unsupported, total
from theory.language.instances import Instance, LawError
from theory.language.terms import Term

AGREES, CONFLICT, UNSTABLE, NONE = "agrees", "conflict", "unstable", "none"


@dataclass(frozen=True)
class Opinion:
    """``outcome``: "agrees", "conflict", "unstable" (mpmath's own two values differ), "none" (it cannot evaluate the
    form); ``values`` are the two mpmath results as strings, entry by entry."""

    outcome: str
    values: tuple[tuple[str, str], ...] = ()
    detail: str = ""


class TrapezoidIntegrator:
    """The trapezoidal rule on the line in mpmath: ``density`` points to the least standard deviation."""

    def __init__(self, density: int, reach: int) -> None:
        self.density, self.reach = density, reach

    def over_x(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """integral of p(x) E[inner | x] dx."""
        model = interpreter.model
        alpha = model.schedule("alpha", 0).head
        means = [alpha * m[0] for m in model.means]
        variances = [model.covariance(k, 0)[0][0].head for k in range(model.K)]
        return self._sum(Integrand(interpreter, interpreter.ring, inner, order), means, variances, order)

    def over_ends(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """integral of p0(X0) inner dX0."""
        model = interpreter.model
        means = [m[0] for m in model.means]
        variances = [model.value(c.cov[0][0]) for c in model.law.components]
        return self._sum(EndIntegrand(interpreter, interpreter.ring, inner, order), means, variances, order)

    def over_both(self, interpreter: Interpreter, inner: Term, order: int) -> Any:
        """Not available: raises Unsupported."""
        raise Unsupported("a double integral in mpmath")

    def _sum(self, integrand: Any, means: Sequence[Any], variances: Sequence[Any], order: int) -> Any:
        if integrand.interpreter.law.D != 1:
            raise Unsupported("an mpmath integral in more than one dimension")
        step = mpmath.sqrt(min(variances)) / self.density
        low = min(m - self.reach * mpmath.sqrt(v) for m, v in zip(means, variances, strict=True))
        high = max(m + self.reach * mpmath.sqrt(v) for m, v in zip(means, variances, strict=True))
        count = int(mpmath.ceil((high - low) / step))
        if count > 20000:
            raise Unsupported("an mpmath integral with more than 20000 points")
        rows = [integrand((low + i * step,)) for i in range(count + 1)]
        return map_value(lambda *columns: total(c[order] for c in columns) * step, *rows)


def second_opinion(
    term: Term,
    instance: Instance,
    value: Any,
    *,
    x: Sequence[Any] | None = None,
    X0: Sequence[Any] | None = None,
    Z: int | None = None,
    digits: int = 15,
    fields: Mapping[str, Term] | None = None,
) -> Opinion:
    """Evaluate ``term`` twice in mpmath and hold it against the balls ``value`` (nested by rank).

    Conflict: both mpmath values agree to ``digits`` digits (relative to the largest entry) and lie outside the ball by
    more than their own difference.
    """
    prepared = prepare(term)
    reach = 4 + int((4.7 * digits) ** 0.5)
    found = []
    try:
        for extra, density in ((10, 3 + digits // 4), (20, 4 + digits // 3)):
            with mpmath.workdps(digits + extra):
                found.append(_flat(_evaluate(prepared, instance, x, X0, Z, fields, density, reach)))
    except (Unsupported, LawError) as reason:
        return Opinion(NONE, detail=str(reason))
    coarse, fine = found
    texts = tuple((mpmath.nstr(u, digits + 2), mpmath.nstr(v, digits + 2)) for u, v in zip(coarse, fine, strict=True))
    exact = [(_fraction(u), _fraction(v)) for u, v in zip(coarse, fine, strict=True)]
    balls = _flat(value)
    scale = max([abs(v) for _, v in exact] + [abs(upper(b)) for b in balls if b.is_finite()], default=Fraction(0))
    tolerance = scale / 10**digits
    if any(abs(u - v) > tolerance for u, v in exact):
        return Opinion(UNSTABLE, texts, "the two mpmath values differ")
    for (u, v), ball in zip(exact, balls, strict=True):
        if _outside(v, ball, abs(u - v) + tolerance):
            return Opinion(CONFLICT, texts, "two stable values lie outside the ball")
    return Opinion(AGREES, texts)


def _evaluate(
    term: Term,
    instance: Instance,
    x: Sequence[Any] | None,
    X0: Sequence[Any] | None,
    Z: int | None,
    fields: Mapping[str, Term] | None,
    density: int,
    reach: int,
) -> Any:
    averager = SplitAverager(TrapezoidIntegrator(density, reach))
    interpreter = Interpreter(
        MpRing(), instance.law, instance.germ, symbols=instance.symbols, fields=fields, averager=averager
    )
    if not term.free:
        return interpreter.number(term)
    return interpreter.field(term, x if x is not None else [Fraction(0)] * instance.law.D, X0, Z)


def _fraction(value: Any) -> Fraction:
    """An mpmath number as an exact fraction (its binary value)."""
    number = value if isinstance(value, mpmath.mpf) else mpmath.mpf(value)  # mpf() would round a number again
    sign, mantissa, exponent, _ = number._mpf_
    size = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return -size if sign else size


def _outside(value: Fraction, ball: Ball, slack: Fraction) -> bool:
    return bool(ball.is_finite()) and not lower(ball) - slack <= value <= upper(ball) + slack


def _flat(value: Any) -> list[Any]:
    return [v for entry in value for v in _flat(entry)] if isinstance(value, tuple) else [value]
