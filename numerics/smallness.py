"""How small a number of an instance can be without being zero.

Where the components of X_t hardly overlap, entropies, posterior covariances and the like are exponentially small: about
exp(-d^2/8) for two components d standard deviations apart (their Bhattacharyya overlap), the posterior odds at a given
point. A ball around zero that is wider than this tells nothing: what it holds may be such a number, or zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from numerics.balls import Ball, midpoint, working
from numerics.integrals import ball_interpreter
from theory.language.instances import Instance

_LOG10 = math.log(10)


def small_digits(instance: Instance, x: Sequence[Any] | None = None) -> int:
    """n such that 10^-n lies below the squares of the small numbers of the instance (at ``x``, where one is given).

    The nearest pair of components decides averages; at a point also the odds of the most likely pair. A scale, no
    bound. Raises LawError as reading the instance does.
    """
    with working(160):
        interpreter = ball_interpreter(instance.law, instance.germ, bits=64, symbols=instance.symbols)
        model = interpreter.model
        alpha = model.schedule("alpha", 0).head
        overlaps = [0.0]
        pairs = [_overlap(interpreter.model, alpha, j, k) for j, k in combinations(range(model.K), 2)]
        overlaps += [min(v for v in pairs if v)] if any(pairs) else []
        if x is not None and model.K > 1:
            place = [interpreter.element(v) for v in x]
            logs = sorted((_number(model.log_component(k, 0).at(place)) for k in range(model.K)), reverse=True)
            overlaps.append(logs[0] - logs[1])
    return math.ceil(2 * max(overlaps) / _LOG10)


def _overlap(model: Any, alpha: Ball, j: int, k: int) -> float:
    """d^2/8 for components j and k, d their distance in (mean) standard deviations along the line of their centres."""
    shift = [_number(alpha * (u - v)) for u, v in zip(model.means[j], model.means[k], strict=True)]
    square = sum(v * v for v in shift)
    if not square:
        return 0.0
    spread = 0.0
    for cov in (model.covariance(j, 0), model.covariance(k, 0)):
        entries = [[v.head for v in row] for row in cov]
        form = sum(u * w * _number(entry) for u, row in zip(shift, entries, strict=True)
                   for w, entry in zip(shift, row, strict=True) if entry is not None)  # fmt: skip
        spread += math.sqrt(form / square)
    return square / (2 * spread**2)


def _number(value: Ball) -> float:
    return float(midpoint(value))


__all__ = ["small_digits"]
