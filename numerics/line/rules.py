"""Which rule integrates a number: the trapezoidal rule on the best strip known, or adaptive quadrature."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from math import log2
from typing import Any

from numerics.balls import arb, working
from numerics.line import trapezoid
from numerics.line.assembly import NEEDS
from numerics.line.bounds import Bounds
from numerics.line.certified import verified_strip
from numerics.line.plain import plain_plan
from numerics.line.strip import Strip, best_width, shared_strip
from numerics.line.trapezoid import Plan
from numerics.rings import Unsupported

known_strips: dict[Any, Strip | str] = {}
"""Certified strips by (law, germ, symbols); a string says why none was found."""
_MOST = 2048
_VERIFYING = 1000
"""Microseconds a component that it takes to verify a strip on boxes."""


_SHORT = 20000
"""Microseconds below which no other rule is looked for."""


def chosen_plan(bounds: Bounds, kinds: Sequence[str], goal: int, key: Any, rule: str | None) -> Plan | None:
    """The trapezoidal rule, or None where adaptive quadrature is predicted to be cheaper."""
    if rule == "adaptive":
        return None
    try:
        found = trapezoid.plan(bounds, kinds, goal, _strip(bounds, goal, len(kinds), key))
    except Unsupported:
        if rule == "trapezoid":
            raise
        return None
    cost = _trapezoid_cost(bounds, kinds, found)
    if bounds.components.shared and bounds.components.K > 2 and cost > _VERIFYING * bounds.components.K:
        with suppress(Unsupported):  # a wider strip could not be verified
            wider = trapezoid.plan(bounds, kinds, goal, _verified(key, bounds))
            found = min(found, wider, key=lambda plan: plan.points)
            cost = _trapezoid_cost(bounds, kinds, found)
    return found if rule == "trapezoid" or cost <= _adaptive_cost(bounds, kinds, goal) else None


def chosen_plain(name: str, bounds: Bounds, goal: int, key: Any) -> Plan | None:
    """The short rule of :mod:`numerics.line.plain`, None where another is predicted to be cheaper."""
    K = bounds.components.K
    try:
        found = plain_plan(name, bounds, goal, _strip(bounds, goal, 1, key))
    except Unsupported:
        return None
    per_point = 0.8 + 0.1 * K
    if K > 2 and found.points * _per_point(per_point, found.bits) > 3 * _VERIFYING * K:
        with suppress(Unsupported):  # a wider strip could not be verified
            wider = plain_plan(name, bounds, goal, _verified(key, bounds))
            found = min(found, wider, key=lambda plan: plan.points)
    cost = found.points * _per_point(per_point, found.bits)
    if cost > _SHORT:  # far apart, the posterior integrals need few points: between the components alone
        kinds = NEEDS[name]
        other = chosen_plan(bounds, kinds, goal, key, None)
        if other is None or _trapezoid_cost(bounds, kinds, other) < cost:
            return None
    return found


def _strip(bounds: Bounds, goal: int, kinds: int, key: Any) -> Strip:
    with working(96):
        if not bounds.components.shared:
            return _verified(key, bounds)
        variance, distance = bounds.variances[0], arb(0)
        for k, place in enumerate(bounds.places):
            for other in bounds.places[:k]:
                distance = distance.max(abs(place - other).upper())
        width = best_width(float(distance), float(variance), goal, 2 + kinds)
        return shared_strip(distance.upper(), variance, width)


def _verified(key: Any, bounds: Bounds) -> Strip:
    found = known_strips.get(key)
    if found is None:
        if len(known_strips) > _MOST:
            known_strips.clear()
        try:
            found = verified_strip(bounds)
        except Unsupported as reason:
            found = str(reason)
        known_strips[key] = found
    if isinstance(found, str):
        raise Unsupported(found)
    return found


def _trapezoid_cost(bounds: Bounds, kinds: Sequence[str], rule: Plan) -> float:
    """Predicted microseconds, fitted to measurements."""
    K, length = bounds.components.K, bounds.components.length
    per_point = 2.5 + (1.2 if bounds.components.shared else 1.6) * K + 0.8 * len(kinds)
    if length > 1:
        per_point = (5.0 + 3.5 * K) * (1 + 0.12 * length)
    return rule.points * _per_point(per_point, rule.bits)


def _per_point(arithmetic: float, bits: int) -> float:
    """Multiplications grow slowly with the bits, the one logarithm a point faster."""
    return float(arithmetic * max(1.0, bits / 400) ** 1.1 + 0.8 * max(1.0, bits / 200) ** 1.7)


def _adaptive_cost(bounds: Bounds, kinds: Sequence[str], goal: int) -> float:
    """Predicted microseconds, fitted to measurements."""
    K, length = bounds.components.K, bounds.components.length
    low, high = (pick(float(m.mid()) for m in bounds.places) for pick in (min, max))
    narrow = min(float(v.mid()) for v in bounds.variances) ** 0.5
    count = goal * K * log2(2 + (high - low) / narrow) * (0.6 + 0.4 * len(kinds) * length)
    return float(count * (10 + 5 * K) * (1 if length == 1 else 2.5) * max(1.0, goal / 400) ** 1.3)
