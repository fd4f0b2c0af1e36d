"""Exact scalars of laws and processes as balls: a number, or a constant term whose symbols are bound to balls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from numerics.balls import Ball, arb, ball, natural_power
from numerics.rings import Unsupported
from theory.language.instances import Scalar
from theory.language.terms import Term

_ZERO = arb(0)


def ball_of(value: Scalar, symbols: Mapping[str, Ball] | None = None) -> Ball:
    """The ball of ``value`` at the working precision. Raises Unsupported: an unbound symbol, a foreign operator."""
    if not isinstance(value, Term):
        return ball(value)
    if value.op == "num":
        return ball(Fraction(str(value.data)))
    if value.op == "pi":
        return arb.pi()
    if value.op == "sym":
        if symbols is None or value.data not in symbols:
            raise Unsupported(f"the symbol {value.data} has no value")
        return symbols[str(value.data)]
    args = [ball_of(t, symbols) for t in value.args]
    if value.op == "pow":
        return _power(args[0], Fraction(str(value.data)))
    if value.op in ("exp", "log", "tanh", "cos", "sin"):
        return getattr(args[0], value.op)()
    if value.op == "neg":
        return -args[0]
    if value.op == "sub":
        return args[0] - args[1]
    if value.op == "quot":
        return args[0] / args[1]
    result = args[0]
    for other in args[1:]:
        if value.op == "add":
            result = result + other
        elif value.op == "mul":
            result = result * other
        else:
            raise Unsupported(f"{value.op} in a constant")
    return result


def _power(base: Ball, exponent: Fraction) -> Ball:
    if exponent.denominator == 2:
        base, exponent = base.sqrt(), exponent * 2
    result = natural_power(base, abs(exponent.numerator))
    return 1 / result if exponent < 0 else result


def square(value: Ball) -> Ball:
    """value^2 as the range of one variable: never below zero."""
    size = abs(value)
    return size * size


def shares(K: int, gaps: Iterable[tuple[int, int, Ball]]) -> list[Ball]:
    """The r_k = e^{l_k}/sum_j e^{l_j} from balls of l_i - l_j, one for each pair.

    Ends are kept apart: as one ball, e^[50, 90] would hold zero.
    """
    least, most = [arb(1)] * K, [arb(1)] * K
    for i, j, gap in gaps:
        if not gap.is_finite():
            most[i] = most[j] = arb("inf")
            continue
        low, high = gap.lower().exp(), gap.upper().exp()
        least[j], most[j] = least[j] + low, most[j] + high
        least[i], most[i] = least[i] + 1 / high, most[i] + 1 / low
    return [between(u, v) for u, v in zip(least, most, strict=True)]


def between(least: Ball, most: Ball) -> Ball:
    """1/v for 1 <= least <= v <= most."""
    top = 1 / least
    return top.union(1 / most) if most.is_finite() else top.union(_ZERO)
