"""Rings over which terms are read: float arrays, mpmath numbers, polynomials in latent variables.

The balls live in :mod:`numerics.balls`, polynomial enclosures on the line in :mod:`numerics.tails`. Beside the
arithmetic of :class:`theory.jets.Ring` a ring normalises log-weights (``softmax``) and averages with them (``mix``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any, Protocol

import mpmath
import numpy as np

Difference = Callable[[int, int], Any]
Normalised = tuple[Any, int | None, Any, list[Any]]
"""(L = log sum_k exp(l_k), the dominant component m or None, L - l_m, [exp(l_k - L)])."""


class Unsupported(ValueError):  # noqa: N818 - a statement about a form, not a failure
    """A term, law or process that this reading cannot evaluate. The message says what; it is never a verdict."""


class NumberRing(Protocol):
    """A ring in which densities of mixtures can be evaluated."""

    def exact(self, value: Fraction | int) -> Any:
        """The ring element of a rational number."""

    def exp(self, value: Any) -> Any:
        """exp of an element."""

    def log(self, value: Any) -> Any:
        """Natural logarithm."""

    def inv(self, value: Any) -> Any:
        """Reciprocal."""

    def sqrt(self, value: Any) -> Any:
        """Positive square root."""

    def tanh(self, value: Any) -> Any:
        """Hyperbolic tangent."""

    def cos(self, value: Any) -> Any:
        """Cosine of a constant."""

    def sin(self, value: Any) -> Any:
        """Sine of a constant."""

    def pi(self) -> Any:
        """The number pi."""

    def softmax(self, logs: Sequence[Any], difference: Difference) -> Normalised:
        """Normalised log-weights; ``difference(k, m)`` is l_k - l_m without cancellation."""

    def mix(self, weights: Sequence[Any], values: Sequence[Any]) -> Any:
        """sum_k weights_k values_k for weights that sum to 1; a value may be ``None`` (zero)."""

    def choose(self, index: Any, values: Sequence[Any]) -> Any:
        """values[index]; float rings take an array of indices."""

    def finish(self, value: Any, point: Sequence[Any]) -> Any:
        """``value`` as handed to the caller who asked at ``point`` (arrays are spread to the point's shape)."""


def total(values: Iterable[Any]) -> Any:
    """The sum of ring elements; ``None`` counts as zero, and is the sum of nothing."""
    result = None
    for value in values:
        if value is not None:
            result = value if result is None else result + value
    return result


class PlainRing:
    """What most rings share: weighted sums are sums, values are handed out as they are."""

    def mix(self, weights: Sequence[Any], values: Sequence[Any]) -> Any:
        """sum_k weights_k values_k."""
        return total(w * v for w, v in zip(weights, values, strict=True) if v is not None)

    def choose(self, index: Any, values: Sequence[Any]) -> Any:
        """values[index]."""
        return values[index]

    def finish(self, value: Any, point: Sequence[Any]) -> Any:
        """``value``."""
        return value


class FloatRing(PlainRing):
    """float64 numbers and arrays of any shape; a point of space is a tuple of D arrays (or floats)."""

    def exact(self, value: Fraction | int) -> Any:
        """The nearest float."""
        return float(value)

    def exp(self, value: Any) -> Any:
        """exp, element by element; underflow gives 0."""
        with np.errstate(under="ignore"):
            return np.exp(value)

    def log(self, value: Any) -> Any:
        """Natural logarithm, element by element."""
        return np.log(value)

    def inv(self, value: Any) -> Any:
        """Reciprocal, element by element; that of 0 is infinite, never an exception."""
        return np.divide(1.0, value)

    def sqrt(self, value: Any) -> Any:
        """Square root, element by element."""
        return np.sqrt(value)

    def tanh(self, value: Any) -> Any:
        """Hyperbolic tangent, element by element."""
        return np.tanh(value)

    def cos(self, value: Any) -> Any:
        """Cosine, element by element."""
        return np.cos(value)

    def sin(self, value: Any) -> Any:
        """Sine, element by element."""
        return np.sin(value)

    def pi(self) -> Any:
        """The nearest float."""
        return math.pi

    def softmax(self, logs: Sequence[Any], difference: Difference) -> Normalised:
        """log-sum-exp and softmax about the largest log-weight of each point."""
        top = logs[0]
        for value in logs[1:]:
            top = np.maximum(top, value)
        with np.errstate(under="ignore"):
            raw = [np.exp(value - top) for value in logs]
            mass = sum(raw[1:], raw[0])
            return top + np.log(mass), None, None, [value / mass for value in raw]

    def choose(self, index: Any, values: Sequence[Any]) -> Any:
        """values[index], element by element for an array of indices."""
        if isinstance(index, (int, np.integer)):
            return values[int(index)]
        result = values[0] + np.zeros(np.shape(index))
        for k in range(1, len(values)):
            result = np.where(index == k, values[k], result)
        return result

    def nearest(self, end: Sequence[Any], atoms: Sequence[Sequence[Any]]) -> Any:
        """The indices of the atoms at which the points ``end`` (D arrays) lie. Raises Unsupported off the atoms."""
        distance = np.stack([sum(abs(u - v) for u, v in zip(end, atom)) for atom in atoms])
        if not np.all(distance.min(axis=0) <= 1e-9 * (1 + sum(abs(u) for u in end))):
            raise Unsupported("X0 lies at no atom of the law")
        return distance.argmin(axis=0)

    def finish(self, value: Any, point: Sequence[Any]) -> Any:
        """``value`` spread to the common shape of the point's coordinates."""
        shape = np.broadcast_shapes(*(np.shape(v) for v in point)) if point else ()
        return np.broadcast_to(value, np.broadcast_shapes(shape, np.shape(value))) if shape else value


class MpRing(PlainRing):
    """mpmath numbers at the working precision of :data:`mpmath.mp` (the caller sets it)."""

    def exact(self, value: Fraction | int) -> Any:
        """The rounded quotient."""
        value = Fraction(value)
        return mpmath.mpf(value.numerator) / value.denominator

    def exp(self, value: Any) -> Any:
        """exp."""
        return mpmath.exp(value)

    def log(self, value: Any) -> Any:
        """Natural logarithm."""
        return mpmath.log(value)

    def inv(self, value: Any) -> Any:
        """Reciprocal."""
        return 1 / value

    def sqrt(self, value: Any) -> Any:
        """Square root."""
        return mpmath.sqrt(value)

    def tanh(self, value: Any) -> Any:
        """Hyperbolic tangent."""
        return mpmath.tanh(value)

    def cos(self, value: Any) -> Any:
        """Cosine."""
        return mpmath.cos(value)

    def sin(self, value: Any) -> Any:
        """Sine."""
        return mpmath.sin(value)

    def pi(self) -> Any:
        """pi at the working precision."""
        return +mpmath.pi

    def softmax(self, logs: Sequence[Any], difference: Difference) -> Normalised:
        """log-sum-exp and softmax about the largest log-weight."""
        top = max(range(len(logs)), key=lambda k: logs[k])
        raw = [mpmath.mpf(1) if k == top else mpmath.exp(difference(k, top)) for k in range(len(logs))]
        mass = mpmath.fsum(raw)
        rest = mpmath.log(mass)
        return logs[top] + rest, top, rest, [value / mass for value in raw]
