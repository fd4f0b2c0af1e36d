"""The float64 route: how far the two sides of a relation are apart at an instance. Fast, never a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from numerics.evaluate import Interpreter, Tap
from numerics.quadrature import Grid, float_interpreter
from numerics.rings import Unsupported
from theory.language.instances import Instance, LawError
from theory.language.statements import Rel
from theory.language.terms import Term


def _entries(value: Any) -> list[float]:
    return [v for part in value for v in _entries(part)] if isinstance(value, tuple) else [float(np.ravel(value)[0])]


def points(rel: Rel, instance: Instance) -> Iterator[dict[str, Any]]:
    """Every way to put the instance's points into the free variables of ``rel``.

    Raises Unsupported if a free variable has no point.
    """
    xs = instance.x if "x" in rel.free else ((),)
    ends = instance.X0 if "X0" in rel.free else (None,)
    labels = range(instance.law.K) if "Z" in rel.free else (None,)
    if not xs or not ends:
        raise Unsupported("the instance has no point for a free variable")
    for x in xs:
        for end in ends:
            for label in labels:
                yield {"x": x, "X0": end, "Z": label}


@lru_cache(maxsize=256)
def _interpreter(instance: Instance, grid: Grid) -> Interpreter:
    return float_interpreter(instance.law, instance.germ, symbols=instance.symbols, grid=grid)


def _value(interpreter: Interpreter, term: Term, where: dict[str, Any]) -> list[float]:
    if not term.free:
        return _entries(interpreter.number(term))
    D = interpreter.law.D
    x = [np.array([float(interpreter.element(v))]) for v in where["x"]] if where["x"] else [np.zeros(1)] * D
    return _entries(interpreter.field(term, x, where["X0"], where["Z"]))


def float_gap(
    rel: Rel, instance: Instance, *, taps: Mapping[str, Tap] | None = None, grid: Grid | None = None
) -> float:
    """The largest violation of ``rel`` over the instance's points, relative to the size of the sides.

    For an equation |l - r| / max(|l|, |r|, 1/1000) in the worst component; for an inequality how far it fails (0 if it
    holds). NaN becomes infinity: a suspect, never an agreement. Raises Unsupported: a form that floats cannot read.
    """
    grid = grid or Grid()
    if taps:
        interpreter = float_interpreter(instance.law, instance.germ, taps=taps, symbols=instance.symbols, grid=grid)
    else:
        interpreter = _interpreter(instance, grid)
    worst = 0.0
    try:
        with np.errstate(all="ignore"):
            for where in points(rel, instance):
                sides = zip(_value(interpreter, rel.lhs, where), _value(interpreter, rel.rhs, where), strict=True)
                for left, right in sides:
                    gap = _violation(rel.relation, left, right) / max(abs(left), abs(right), 1e-3)
                    worst = max(worst, gap if np.isfinite(gap) else np.inf)
    except LawError as error:
        raise Unsupported(str(error)) from error
    return worst


def _violation(relation: str, left: float, right: float) -> float:
    if relation == "=":
        return abs(left - right)
    return max(0.0, left - right if relation in ("<=", "<") else right - left)


def float_zeros(term: Term, instance: Instance, *, reach: float = 12.0, count: int = 20001) -> int:
    """Sign changes of a one-dimensional scalar (or vector) field on a grid around the law: a guess, never a count."""
    interpreter = _interpreter(instance, Grid())
    law = instance.law
    alpha = float(interpreter.scalar(interpreter.germ.alpha))
    means = [alpha * float(interpreter.scalar(c.mean[0])) for c in law.components]
    grid = np.linspace(min(means) - reach, max(means) + reach, count)
    with np.errstate(all="ignore"):
        value = interpreter.field(term, (grid,), None, None)
    array = np.asarray(value[0] if isinstance(value, tuple) else value)
    signs = np.sign(array[array != 0])
    return int(np.count_nonzero(signs[1:] != signs[:-1]))
