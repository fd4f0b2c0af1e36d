"""Which rule integrates a number: the trapezoidal rule on the best strip known, or adaptive quadrature."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from math import log2
from typing import Any

from numerics.balls import arb, working
from numerics.line import trapezoid
from numerics.line.bounds import Bounds
from numerics.line.strip import Strip, best_width, shared_strip, verified_strip
from numerics.line.trapezoid import Plan
from numerics.rings import Unsupported

known_strips: dict[Any, Strip | str] = {}
"""Certified strips by (law, germ, symbols); a string says why none was found."""
_MOST = 2048


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
    if bounds.components.shared and bounds.components.K > 2 and cost > 3000 * bounds.components.K:
        with suppress(Unsupported):  # a wider strip could not be verified
            wider = trapezoid.plan(bounds, kinds, goal, _verified(key, bounds))
            found = min(found, wider, key=lambda plan: plan.points)
            cost = _trapezoid_cost(bounds, kinds, found)
    return found if rule == "trapezoid" or cost <= _adaptive_cost(bounds, kinds, goal) else None


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
    per_point = 1.5 + (0.8 if bounds.components.shared else 1.1) * K + 0.5 * len(kinds)
    if length > 1:
        per_point = (5.0 + 3.5 * K) * (1 + 0.12 * length)
    return float(rule.points * per_point * max(1.0, rule.bits / 400) ** 1.3)


def _adaptive_cost(bounds: Bounds, kinds: Sequence[str], goal: int) -> float:
    """Predicted microseconds, fitted to measurements."""
    K, length = bounds.components.K, bounds.components.length
    low, high = (pick(float(m.mid()) for m in bounds.places) for pick in (min, max))
    narrow = min(float(v.mid()) for v in bounds.variances) ** 0.5
    count = goal * K * log2(2 + (high - low) / narrow) * (0.6 + 0.4 * len(kinds) * length)
    return float(count * (10 + 5 * K) * (1 if length == 1 else 2.5) * max(1.0, goal / 400) ** 1.3)
