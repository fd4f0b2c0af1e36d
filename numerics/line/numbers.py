"""Every number of a law on the line, with its derivatives by one parameter, to guaranteed relative digits.

A number is Gaussian parts in closed form plus posterior integrals (:mod:`numerics.line.posterior`):

    H(Z|Xt) = class                                   H(Xt) = sum w_k (log(2 pi e v_k)/2 - log w_k) - class
    E|s|^2 = sum w_k/v_k - gap(s_k)                   mmse = sum w_k c_k + gap(mu_k)
    Var log p = sum w_k E_k l_k^2 + 2 log-class + class-square - (sum w_k E_k l_k + class)^2
    Var(-log P(Z|X)) = class-square - class^2         Var H(Z|x) = field-square - class^2

with s_k the score of a component, mu_k = E[X0 | x, k] and c_k = Var(X0 | x, k). For atoms X0 is its place: atoms at one
place are one. With a density, H(X0|Xt) = H(X0) + H(Xt|X0) - H(Xt). All but E div s = -E|s|^2 (:data:`USES`) are the
definitions with Bayes' rule, the logarithm of a product and exact Gaussian moments. They serve ``value``; evidence is
computed from statements by the interpreter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from numerics.balls import (
    Ball,
    Counter,
    arb,
    bits_of,
    coefficients_of,
    relative_digits,
    truncated,
    working,
)
from numerics.line import adaptive, trapezoid
from numerics.line.assembly import NEEDS, assembled, slopes_of
from numerics.line.bounds import Bounds
from numerics.line.components import TIME, Components, components_of
from numerics.line.pathwise import pathwise_variance, still
from numerics.line.plain import PLAIN, plain_number
from numerics.line.rules import chosen_plain, chosen_plan
from numerics.rings import Unsupported
from theory.calculus import add, as_scalar_term, fold_constants
from theory.language.instances import Component, Germ, Law, LawError, Scalar

TRAPEZOID, ADAPTIVE, CLOSED = "trapezoidal rule in balls", "acb.integral with closed-form tails", "closed form"

USES: dict[str, tuple[str, ...]] = {"expected-divergence": ("score.norm_divergence",)}
"""The claims that a number rests on beyond definitions, Bayes' rule and exact Gaussian moments."""

NUMBERS = tuple(NEEDS)
"""The names of :func:`line_number`; "class-gap" is E sum_z P(z|X) |s_z - s|^2."""

_LEAST = arb("1e-100")
_OF_X0 = ("conditional-entropy", "mutual-information", "variance-phi", "variance-h")


@dataclass(frozen=True)
class Number:
    """``coefficients``: the value and its derivatives by the parameter, over factorials. ``digits``: of the worst."""

    coefficients: tuple[Ball, ...]
    digits: int
    bits: int
    method: str
    points: int


def line_number(
    name: str,
    law: Law,
    germ: Germ,
    *,
    digits: int,
    order: int = 0,
    by: str = TIME,
    symbols: Sequence[tuple[str, Scalar]] = (),
    rule: str | None = None,
    most: int | None = None,
) -> Number:
    """The number ``name`` and its first ``order`` Taylor coefficients in ``by`` (time, or a symbol of the law).

    The precision is raised until every coefficient has ``digits`` relative digits or is zero with a radius below
    10^-(4 digits) and 10^-100, or more than ``most`` bits would be needed: the balls tell. ``rule`` forces
    "trapezoid" or "adaptive" (for comparisons). Raises Unsupported: derivatives of the variances of X0 with a density,
    or no strip for a forced rule; LawError: lengths out of range, or atoms that may be at one place.
    """
    law = near_the_origin(law)
    if name in _OF_X0:
        law = without_labels(law)
    if name in ("variance-phi", "variance-h") and not law.is_discrete and law.K > 1:
        if order:
            raise Unsupported(f"derivatives of {name} for a law with a density; ask for {name}-class")
        return _of_pairs(name, law, germ, digits)
    goal, most = bits_of(digits) + 10, most or 8 * bits_of(digits) + 6000
    while True:
        found, bits, method, points = _computed(name, law, germ, goal, order, by, tuple(symbols), rule)
        missing = max(_missing(v, digits) for v in found)
        if missing <= 0 or goal >= most:
            reached = min(relative_digits(v) for v in found)
            return Number(tuple(found), reached, bits, method, points)
        goal = min(max(goal + missing + 6, goal * 9 // 8), most)


def _of_pairs(name: str, law: Law, germ: Germ, digits: int) -> Number:
    """Variances of X0's pathwise entropies with a density: integrals over X0 and X_t at once."""
    ask, rest = digits + 8, still(0)
    for _ in range(4):
        found, bits, points = pathwise_variance(name, law, germ, digits, _known(name, law, germ, rest, ask))
        missing = digits - relative_digits(found)
        if missing <= 0:
            break
        ask += max(missing, digits) + 4  # the parts cancel: more digits of each
    return Number((found,), relative_digits(found), bits, f"{TRAPEZOID}, over X0 and X_t", points)


def _known(name: str, law: Law, germ: Germ, rest: Germ, ask: int) -> dict[str, Ball]:
    """The one-dimensional numbers that a variance of X0 is made of."""

    def known(what: str, at: Germ) -> Ball:
        return line_number(what, law, at, digits=ask).coefficients[0]

    if name == "variance-phi":
        return {
            "mean": known("entropy", germ), "mean0": known("entropy", rest), "spread": known("varentropy", germ),
            "spread0": known("varentropy", rest), "fisher": known("fisher-information", germ),
        }  # fmt: skip
    return {"entropy": known("conditional-entropy", germ)}


def _missing(value: Ball, digits: int) -> int:
    """Bits that are lacking; 0 or less is good enough."""
    if not value.is_finite():
        return 64
    if value.is_exact():
        return 0
    if value.contains(0):
        return 0 if value.rad() * arb(10) ** max(4 * digits, 100) <= 1 else bits_of(2 * digits)
    reached = relative_digits(value)
    return 0 if reached >= digits else bits_of(digits - max(reached, 0)) + 2


def near_the_origin(law: Law) -> Law:
    """The law moved so that its first component is at 0, if all of it is far away: no number depends on the origin."""
    means = [part.mean[0] for part in law.components]
    places = [m for m in means if isinstance(m, Fraction)]
    if law.D != 1 or len(places) < law.K or min(map(abs, places)) <= 4 * (max(places) - min(places)) + 64:
        return law
    return Law(tuple(Component(p.weight, (m - places[0],), p.cov) for p, m in zip(law.components, places, strict=True)))


def without_labels(law: Law) -> Law:
    """The law of X0 with equal components joined (atoms at one place): X0 does not know which of them it came from."""
    parts: dict[Any, list[Scalar]] = {}
    for part in law.components:
        parts.setdefault((part.mean, part.cov), []).append(part.weight)
    if len(parts) == law.K:
        return law
    return Law(tuple(Component(_total(weights), mean, cov) for (mean, cov), weights in parts.items()))


def _total(weights: Sequence[Scalar]) -> Scalar:
    return fold_constants(add(*map(as_scalar_term, weights))) if len(weights) > 1 else weights[0]


def _computed(
    name: str, law: Law, germ: Germ, goal: int, order: int, by: str,
    symbols: tuple[tuple[str, Scalar], ...], rule: str | None,
) -> tuple[list[Ball], int, str, int]:  # fmt: skip
    kinds = NEEDS[name]
    key = (law, germ, symbols)
    with working(96):
        rough = components_of(law, germ, order=order, by=by, symbols=symbols)
        bounds = Bounds(rough, slopes_of(name, rough))
        if law.is_discrete and name in _OF_X0:
            _apart(rough)
        if not (bounds.scale > _LEAST and bounds.scale < 1 / _LEAST):
            raise LawError("lengths beyond 1e-100 or 1e100 cannot be planned for; choose another unit of length")
    if name in PLAIN and order == 0 and law.K > 1 and rough.shared and rule is None:
        short = chosen_plain(name, bounds, goal, key)
        if short is not None:
            with working(short.bits):
                found = plain_number(name, components_of(law, germ, symbols=symbols), short)
            return [found], short.bits, TRAPEZOID, short.points
    chosen = chosen_plan(bounds, kinds, goal, key, rule) if law.K > 1 else None
    bits = goal + 40 + goal // 16 if chosen is None else chosen.bits
    counter = Counter()
    with working(bits):
        parts = components_of(law, germ, order=order, by=by, symbols=symbols)
        slopes = slopes_of(name, parts)
        if law.K == 1:
            integrals = [[arb(0)] * (order + 1) for _ in kinds]
        elif chosen is None:
            integrals = adaptive.integrals(parts, bounds, kinds, slopes, goal, counter)
        else:
            integrals = trapezoid.summed(parts, kinds, slopes, chosen)
        prior = _prior_entropy(name, law, order, by, symbols, goal)
        with truncated(order + 1):
            result = assembled(name, parts, dict(zip(kinds, integrals, strict=True)), prior)
        values = coefficients_of(result, order + 1)
    method = CLOSED if law.K == 1 else ADAPTIVE if chosen is None else TRAPEZOID
    return values, bits, method, counter.count if chosen is None else chosen.points


def _apart(parts: Components) -> None:
    """Raises LawError if two atoms may be at one place: written alike they were joined."""
    for k in range(parts.K):
        for j in range(k):
            if (parts.means[k][0] - parts.means[j][0]).contains(0):
                raise LawError("two atoms whose places cannot be told apart; write equal places alike")


def _prior_entropy(
    name: str, law: Law, order: int, by: str, symbols: tuple[tuple[str, Scalar], ...], goal: int
) -> list[Ball] | None:
    """The coefficients of H(X0) for a law with a density, where the number needs it."""
    if name != "conditional-entropy" or law.is_discrete:
        return None
    return list(_prior(law, order, by, symbols, goal))


@lru_cache(maxsize=256)
def _prior(law: Law, order: int, by: str, symbols: tuple[tuple[str, Scalar], ...], goal: int) -> tuple[Ball, ...]:
    """H(X0): the entropy of the law itself, the limit of no noise at alpha = 1. It does not depend on time."""
    if not all(s[0] > 0 for s in components_of(law, still(0), symbols=symbols).spreads):
        raise LawError("a component's variance is not positive at these values of the symbols")
    if by == TIME:
        return (*_computed("entropy", law, still(0), goal, 0, by, symbols, None)[0], *[arb(0)] * order)
    return tuple(_computed("entropy", law, still(order), goal, order, by, symbols, None)[0])
