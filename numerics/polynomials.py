"""Polynomials in latent variables over any ring: how averages of polynomials become exact Gaussian moments."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from numerics.rings import Difference, Normalised, NumberRing, PlainRing, Unsupported, total


class NotPolynomial(Unsupported):
    """A function that is no polynomial in the latent variables."""


class Poly:
    """A polynomial in a few variables with coefficients in a base ring: {exponents: coefficient}.

    ``depth`` counts the polynomial rings below: a polynomial of smaller depth is a coefficient, never a fellow. (A
    posterior average inside an average has variables of its own, which must not be taken for the outer ones.)
    """

    __slots__ = ("c", "depth")
    __array_ufunc__ = None  # arrays must hand products over instead of spreading them over their elements

    def __init__(self, coefficients: dict[tuple[int, ...], Any], depth: int) -> None:
        self.c, self.depth = coefficients, depth

    @staticmethod
    def variables(count: int, ring: PolyRing) -> list[Poly]:
        """The ``count`` variables of ``ring`` themselves."""
        one = ring.exact(1)
        return [Poly({tuple(int(i == k) for i in range(count)): one}, ring.depth) for k in range(count)]

    def _constant(self, value: Any) -> Poly:
        size = len(next(iter(self.c))) if self.c else 0
        return Poly({(0,) * size: value}, self.depth)

    def _outranked(self, other: Any) -> bool:
        return isinstance(other, Poly) and other.depth > self.depth

    def _fellow(self, other: Any) -> bool:
        return isinstance(other, Poly) and other.depth == self.depth

    def __add__(self, other: Any) -> Any:
        if self._outranked(other):
            return other + self  # of one type, Python would not try the other's turn
        if not self._fellow(other):
            other = self._constant(other)
        out = dict(self.c)
        for key, value in other.c.items():
            out[key] = out[key] + value if key in out else value
        return Poly(out, self.depth)

    __radd__ = __add__

    def __neg__(self) -> Poly:
        return Poly({key: -value for key, value in self.c.items()}, self.depth)

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if self._outranked(other):
            return other * self
        if not self._fellow(other):
            return Poly({key: value * other for key, value in self.c.items()}, self.depth)
        out: dict[tuple[int, ...], Any] = {}
        for k1, v1 in self.c.items():
            for k2, v2 in other.c.items():
                key = tuple(a + b for a, b in zip(k1, k2, strict=True))
                out[key] = out[key] + v1 * v2 if key in out else v1 * v2
        return Poly(out, self.depth)

    __rmul__ = __mul__

    def __truediv__(self, divisor: int) -> Poly:
        return Poly({key: value / divisor for key, value in self.c.items()}, self.depth)


class PolyRing(PlainRing):
    """Polynomials over ``base``; a non-polynomial function of one raises :class:`NotPolynomial`."""

    def __init__(self, base: NumberRing) -> None:
        self.base = base
        self.depth: int = getattr(base, "depth", 0) + 1

    def _plain(self, value: Any, what: str) -> Any:
        if isinstance(value, Poly) and value.depth == self.depth:
            if any(any(key) for key in value.c):
                raise NotPolynomial(f"{what} of a polynomial in a latent variable")
            return total(value.c.values()) if value.c else self.base.exact(0)
        return value

    def exact(self, value: Fraction | int) -> Any:
        """A constant, as an element of the base ring."""
        return self.base.exact(value)

    def exp(self, value: Any) -> Any:
        """exp of a constant."""
        return self.base.exp(self._plain(value, "exp"))

    def log(self, value: Any) -> Any:
        """Logarithm of a constant."""
        return self.base.log(self._plain(value, "log"))

    def inv(self, value: Any) -> Any:
        """Reciprocal of a constant."""
        return self.base.inv(self._plain(value, "reciprocal"))

    def sqrt(self, value: Any) -> Any:
        """Square root of a constant."""
        return self.base.sqrt(self._plain(value, "square root"))

    def tanh(self, value: Any) -> Any:
        """tanh of a constant."""
        return self.base.tanh(self._plain(value, "tanh"))

    def cos(self, value: Any) -> Any:
        """cos of a constant."""
        return self.base.cos(self._plain(value, "cos"))

    def sin(self, value: Any) -> Any:
        """sin of a constant."""
        return self.base.sin(self._plain(value, "sin"))

    def pi(self) -> Any:
        """pi of the base ring."""
        return self.base.pi()

    def softmax(self, logs: Sequence[Any], difference: Difference) -> Normalised:
        """Of constants only: the density of a mixture is no polynomial."""
        if any(isinstance(value, Poly) for value in logs):
            raise NotPolynomial("density of a mixture")
        return self.base.softmax(logs, difference)
