"""Bounds of analytic functions on a strip about the real line, by the code that evaluates them.

Over a :class:`StripRing` of a zero-free strip (a, c) of the density p (:mod:`numerics.zero_free`) the interpreter reads
a term at z = x + iy for all |y| <= a at once. An element is a real number, a polynomial in z with real balls for
coefficients (log-components and what is made of them), or a *bound*: all functions analytic on the strip, real on the
line, with |f(x + iy)| <= sum_i b_i |x|^i, b_i >= 0. A polynomial is bounded by |z| <= |x| + a.

* Sums and products of analytic functions are analytic and bounded so.
* Posterior weights r_k = u_k/p: p has no zero, sum_k |r_k| <= 1/c, so |sum_k r_k v_k| <= max_k |v_k| / c. As
  sum_k r_k = 1 (an identity of analytic functions), for constants also <= |v_0| + max_k |v_k - v_0| / c.
* L = log p, the branch real on the line: by :mod:`numerics.zero_free` and max |u_k| <= sum |u_k| <= K max |u_k|,
  |Re L| <= max_k |Re l_k| + max(log K, log 1/c), and |Im L| <= pi/2 + max_k |Im l_k| since t is in the hull of the s_k.
  In the same way L - l_0: |Re| <= max_k |Re(l_k - l_0)| + log K + log 1/c, |Im| <= pi/2 + max_k |Im(l_k - l_0)|.
* exp f: |exp f| = exp Re f, Re f <= |f|; for a quadratic c0 + c1 z + c2 z^2 with c2 < 0 the real part
  c0 + c1 x + c2 (x^2 - y^2) is at most c0 - c1^2/4c2 - c2 a^2; and |p| <= sum_k w_k (2 pi v_k)^(-1/2) exp(a^2/2v_k).
* tanh f for a linear f = u + iv: |v| <= t < pi/2 implies |tanh f|^2 = (cosh 2u - cos 2v)/(cosh 2u + cos 2v)
  <= max(1, tan^2 t), as for cos 2v < 0 the quotient falls in cosh 2u >= 1; no pole is met.

Anything else (log, reciprocal, root of a function that is no number) raises Unsupported.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import Any

from numerics.balls import ArbRing, Ball, arb, natural_power
from numerics.polynomials import Poly
from numerics.rings import Difference, Normalised, Unsupported

Row = list[Any]


class Strip:
    """A polynomial in z (``exact``), or a bound in powers of |x| (``bound``, and ``top`` >= Re f if that is known)."""

    __slots__ = ("_bound", "exact", "top", "width")

    def __init__(self, width: Ball, exact: Row | None, bound: Row | None = None, top: Ball | None = None) -> None:
        self.width, self.exact, self._bound, self.top = width, exact, bound, top

    @property
    def bound(self) -> Row:
        """b_0, b_1, ..: |f| <= sum_i b_i |x|^i on the strip."""
        if self._bound is None:
            assert self.exact is not None
            self._bound = _spread([abs(v) for v in self.exact], self.width)
        return self._bound

    def parts(self) -> tuple[Row, Row]:
        """Bounds of |Re f| and |Im f|."""
        if self.exact is None or len(self.exact) > 3:
            return self.bound, self.bound
        c = [abs(v) for v in self.exact]
        real, imag = list(c), [arb(0)]
        if len(c) > 1:
            imag = [c[1] * self.width]
        if len(c) > 2:
            real[0] = real[0] + c[2] * self.width * self.width
            imag = [*imag, 2 * c[2] * self.width]
        return real, imag

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Poly):
            return NotImplemented  # this is a coefficient of such a polynomial
        if not isinstance(other, Strip):
            if self.exact is not None:
                return Strip(self.width, [self.exact[0] + other, *self.exact[1:]])
            row = self.bound
            return Strip(
                self.width, None, [row[0] + abs(other), *row[1:]], None if self.top is None else self.top + other
            )
        if self.exact is not None and other.exact is not None:
            return Strip(self.width, _sum(self.exact, other.exact))
        return Strip(self.width, None, _sum(self.bound, other.bound))

    __radd__ = __add__

    def __neg__(self) -> Strip:
        return (
            Strip(self.width, None, self._bound) if self.exact is None else Strip(self.width, [-v for v in self.exact])
        )

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Poly):
            return NotImplemented
        if not isinstance(other, Strip):
            if self.exact is not None:
                return Strip(self.width, [v * other for v in self.exact])
            top = self.top * other if self.top is not None and other > 0 else None
            return Strip(self.width, None, [v * abs(other) for v in self.bound], top)
        if self.exact is not None and other.exact is not None:
            return Strip(self.width, _product(self.exact, other.exact))
        return Strip(self.width, None, _product(self.bound, other.bound))

    __rmul__ = __mul__

    def __truediv__(self, divisor: int) -> Strip:
        if self.exact is not None:
            return Strip(self.width, [v / divisor for v in self.exact])
        return Strip(self.width, None, [v / abs(divisor) for v in self.bound])


def _sum(left: Row, right: Row) -> Row:
    low, high = (left, right) if len(left) <= len(right) else (right, left)
    return [u + v for u, v in zip(low, high)] + high[len(low) :]


def _product(left: Row, right: Row) -> Row:
    out = [arb(0)] * (len(left) + len(right) - 1)
    for i, u in enumerate(left):
        for j, v in enumerate(right):
            out[i + j] = out[i + j] + u * v
    return out


def _spread(row: Row, width: Ball) -> Row:
    """sum_i c_i (r + width)^i in powers of r."""
    powers = [natural_power(width, i) for i in range(len(row))]
    return [sum((row[i] * comb(i, n) * powers[i - n] for i in range(n, len(row))), arb(0)) for n in range(len(row))]


def _largest(rows: Sequence[Row]) -> Row:
    """The largest of each coefficient (all >= 0): not less than any of them as a number."""
    out = list(rows[0])
    for row in rows[1:]:
        shared = min(len(out), len(row))
        out = [u.max(v) for u, v in zip(out, row)] + (out if len(out) > len(row) else row)[shared:]
    return out


def bound_of(value: Any) -> Row:
    """The bound of an element (numbers too) in powers of |x|."""
    return value.bound if isinstance(value, Strip) else [abs(value)]


class StripRing(ArbRing):
    """Bounds on the strip (``width``, ``constant``) of a density that is at most exp(``top``) there in modulus."""

    def __init__(self, width: Ball, constant: Ball, top: Ball) -> None:
        self.width, self.constant, self.top = width, constant, top
        self._weights: list[Strip] = []

    def variable(self) -> Strip:
        """z itself."""
        return Strip(self.width, [arb(0), arb(1)])

    def _bounded(self, *row: Ball) -> Strip:
        return Strip(self.width, None, list(row))

    def _number(self, value: Any, what: str) -> Ball:
        if isinstance(value, Strip):
            raise Unsupported(f"no bound on a strip for the {what} of a function")
        return value

    def exp(self, value: Any) -> Any:
        """exp of a number, of a downward parabola, of log p, or of a bounded function."""
        if not isinstance(value, Strip):
            return super().exp(value)
        c = value.exact
        if c is not None and len(c) == 3 and c[2] < 0:
            return self._bounded((c[0] - c[1] * c[1] / (4 * c[2]) - c[2] * self.width * self.width).exp())
        if value.top is not None:
            return self._bounded(value.top.exp())
        if len(value.bound) == 1:
            return self._bounded(value.bound[0].exp())
        raise Unsupported("no bound on a strip for the exponential of a function that grows")

    def log(self, value: Any) -> Any:
        """Logarithm of a number."""
        return super().log(self._number(value, "logarithm"))

    def inv(self, value: Any) -> Any:
        """Reciprocal of a number."""
        return super().inv(self._number(value, "reciprocal"))

    def sqrt(self, value: Any) -> Any:
        """Square root of a number."""
        return super().sqrt(self._number(value, "square root"))

    def cos(self, value: Any) -> Any:
        """Cosine of a number."""
        return super().cos(self._number(value, "cosine"))

    def sin(self, value: Any) -> Any:
        """Sine of a number."""
        return super().sin(self._number(value, "sine"))

    def tanh(self, value: Any) -> Any:
        """tanh of a number, or of a function whose imaginary part stays below pi/2."""
        if not isinstance(value, Strip):
            return super().tanh(value)
        _, imag = value.parts()
        if len(imag) == 1 and imag[0].upper() < arb.pi() / 2:
            return self._bounded(arb(1).max(imag[0].upper().tan()))
        raise Unsupported("no bound on a strip for the tanh of a function that may meet a pole")

    def softmax(self, logs: Sequence[Any], difference: Difference) -> Normalised:
        """log p, 0, log p - l_0 and the posterior weights of the strip's own density."""
        if not any(isinstance(value, Strip) for value in logs):
            return super().softmax(logs, difference)
        count, turn = arb(len(logs)).log(), arb.pi() / 2
        loss = -self.constant.log()
        heads = [self._parts(value) for value in logs]
        gaps = [self._parts(difference(k, 0)) for k in range(1, len(logs))]
        whole = _sum(_largest([h[0] for h in heads]), _largest([h[1] for h in heads]))
        rest = _sum(_largest([g[0] for g in gaps]), _largest([g[1] for g in gaps]))
        log_p = Strip(self.width, None, _sum(whole, [count.max(loss) + turn]), self.top)
        if not self._weights:
            self._weights = [self._bounded(1 / self.constant) for _ in logs]
        return log_p, 0, Strip(self.width, None, _sum(rest, [count + loss + turn])), self._weights

    @staticmethod
    def _parts(value: Any) -> tuple[Row, Row]:
        return value.parts() if isinstance(value, Strip) else ([abs(value)], [arb(0)])

    def mix(self, weights: Sequence[Any], values: Sequence[Any]) -> Any:
        """A posterior average; any other combination term by term."""
        if weights is not self._weights:
            return super().mix(weights, values)
        filled = [arb(0) if v is None else v for v in values]
        if not any(isinstance(v, Strip) for v in filled):
            gap = _largest([[abs(v - filled[0])] for v in filled])[0]
            return self._bounded(abs(filled[0]) + gap / self.constant)
        return self._bounded(*(v / self.constant for v in _largest([bound_of(v) for v in filled])))


__all__ = ["Strip", "StripRing", "bound_of"]
