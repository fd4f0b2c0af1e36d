"""Polynomials in x and X0 with densities, over Taylor series in t: what witnesses are evaluated in. Trusted.

A *series* is the tuple of Taylor coefficients of a function of t at t = 0, exact rationals or enclosures. A *field* is
a dict from exponents to series: first those of x_1 .. x_D and X0_1 .. X0_D, which are non-negative, then those of the
densities p, q, k, p0. Nothing here is shared with the words: a witness does not rest on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from theory.kernel import clock
from theory.kernel.errors import BudgetError
from theory.kernel.witness import intervals
from theory.kernel.witness.germs import Number, power
from theory.kernel.witness.intervals import Interval

Series = tuple[Number, ...]
Field = dict[tuple[int, ...], Series]
SeriesMatrix = list[list[Series]]
FIELD_LIMIT = 20_000
ZERO = Fraction(0)


def is_zero(value: Number) -> bool:
    """Whether a coefficient is exactly 0."""
    return isinstance(value, Fraction) and not value


def exact(value: Number) -> Number:
    """An enclosure of width 0 as the rational that it is."""
    return value.lo if isinstance(value, Interval) and value.is_point else value


def add(left: Series, right: Series) -> Series:
    """The sum, as long as the shorter one."""
    return tuple(u + v for u, v in zip(left, right, strict=False))


def scale(series: Series, factor: Number) -> Series:
    """A multiple."""
    return tuple(v * factor for v in series)


def convolve(left: Series, right: Series) -> Series:
    """The product, as long as the shorter one."""
    out: list[Number] = []
    for n in range(min(len(left), len(right))):
        value: Number = ZERO
        for j in range(n + 1):
            if not is_zero(left[j]) and not is_zero(right[n - j]):
                value = value + left[j] * right[n - j]
        out.append(value)
    return tuple(out)


def derivative(series: Series) -> Series:
    """The time derivative, one coefficient shorter."""
    return tuple(v * n for n, v in enumerate(series) if n)


def series_power(series: Series, exponent: Fraction) -> Series:
    """An integer or half-integer power: c_n = sum_j ((j(e + 1) - n)/n) b_j c_(n-j) / b_0.

    Raises KernelError if the head may be 0 (below 0 for a square root).
    """
    if exponent.denominator == 1 and exponent >= 0:
        out: Series = (Fraction(1), *([ZERO] * (len(series) - 1)))
        for _ in range(int(exponent)):
            out = convolve(out, series)
        return out
    found: list[Number] = [exact(power(series[0], exponent))]
    down = power(series[0], -1)
    for n in range(1, len(series)):
        value: Number = ZERO
        for j in range(1, n + 1):
            value = value + series[j] * found[n - j] * ((j * (exponent + 1) - n) / n)
        found.append(value * down)
    return tuple(found)


def series_log(series: Series) -> Series:
    """The logarithm. Raises KernelError unless the head is positive."""
    head = intervals.log(series[0])
    rate = convolve(derivative(series), series_power(series, Fraction(-1)))
    return (exact(head), *(v * Fraction(1, n) for n, v in enumerate(rate, 1)))


# -- matrices of series --------------------------------------------------------------------------------------------
def matrix_product(left: SeriesMatrix, right: SeriesMatrix) -> SeriesMatrix:
    """Rows times columns."""
    return [[_inner(row, [r[j] for r in right]) for j in range(len(right[0]))] for row in left]


def _inner(left: Sequence[Series], right: Sequence[Series]) -> Series:
    out = convolve(left[0], right[0])
    for u, v in zip(left[1:], right[1:], strict=True):
        out = add(out, convolve(u, v))
    return out


def determinant(matrix: SeriesMatrix) -> Series:
    """Laplace expansion along the first row."""
    if len(matrix) == 1:
        return matrix[0][0]
    out: Series | None = None
    for j, entry in enumerate(matrix[0]):
        minor = determinant([[v for n, v in enumerate(row) if n != j] for row in matrix[1:]])
        piece = scale(convolve(entry, minor), Fraction((-1) ** j))
        out = piece if out is None else add(out, piece)
    assert out is not None
    return out


def matrix_inverse(matrix: SeriesMatrix) -> SeriesMatrix:
    """The adjugate over the determinant. Raises KernelError if that may be 0."""
    down = series_power(determinant(matrix), Fraction(-1))
    if len(matrix) == 1:
        return [[down]]

    def cofactor(i: int, j: int) -> Series:
        minor = determinant([[v for m, v in enumerate(row) if m != j] for n, row in enumerate(matrix) if n != i])
        return scale(minor, Fraction((-1) ** (i + j)))

    size = range(len(matrix))
    return [[convolve(down, cofactor(j, i)) for j in size] for i in size]


# -- fields ----------------------------------------------------------------------------------------------------------
def field_sum(fields: Sequence[Field]) -> Field:
    """The sum of fields."""
    out: Field = {}
    for one in fields:
        for key, series in one.items():
            out[key] = add(out[key], series) if key in out else series
    return {key: s for key, s in out.items() if not all(map(is_zero, s))}


def field_product(left: Field, right: Field) -> Field:
    """The product. Raises BudgetError if it grows too large."""
    out: Field = {}
    for u, s in left.items():
        clock.check()
        for v, r in right.items():
            key = tuple(m + n for m, n in zip(u, v, strict=True))
            piece = convolve(s, r)
            out[key] = add(out[key], piece) if key in out else piece
        if len(out) > FIELD_LIMIT:
            raise BudgetError("a witness has too many terms to be evaluated")
    return {key: s for key, s in out.items() if not all(map(is_zero, s))}


def value_of(number: Number) -> Interval:
    """A number as an enclosure."""
    return number if isinstance(number, Interval) else intervals.as_interval(number)


def is_constant(field: Field) -> bool:
    """Whether neither x, X0 nor a density occurs."""
    return all(not any(key) for key in field)
