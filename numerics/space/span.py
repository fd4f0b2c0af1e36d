"""Exact reduction of a mixture with one shared covariance c I to the span of its mean differences.

X0 is a mixture on the span of {m_k - m_0} times independent N(0, c) across it, and X_t is the same with V = alpha^2 c +
sigma^2. Rank and coordinates are found by rational elimination on inner products: with b_1, b_2, .. the orthogonal
directions of Gram and Schmidt, m_k - m_0 = sum_i rho_ki b_i, rho_ki and |b_i|^2 are rational, and m_k - m_0 lies in the
span found so far if and only if |m_k - m_0|^2 = sum_i rho_ki^2 |b_i|^2. Only the lengths |b_i| are irrational.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from operator import mul

from theory.language.instances import Law, Scalar

MOST_AXES = 3


@dataclass(frozen=True)
class Span:
    """The span of the mean differences: component k lies at sum_i rho[k][i] b_i, |b_i|^2 = squares[i].

    ``variance`` is the shared c of covariances c I; the b_i are orthogonal. All exact.
    """

    rho: tuple[tuple[Fraction, ...], ...]
    squares: tuple[Fraction, ...]
    variance: Scalar

    @property
    def rank(self) -> int:
        """The number of effective dimensions."""
        return len(self.squares)


def shared_variance(law: Law) -> Scalar | None:
    """c if every covariance is c I with the same c, else None."""
    first = law.components[0].cov
    c = first[0][0]
    if any(p.cov is not first and p.cov != first for p in law.components):
        return None
    for i, row in enumerate(first):
        others = {id(v): v for v in (*row[:i], *row[i + 1 :])}.values()  # mostly one and the same zero
        if row[i] != c or any(v != 0 for v in others):
            return None
    return c


def span_of(law: Law, most: int = MOST_AXES) -> Span | None:
    """The span of the mean differences, or None: no shared c I, irrational means, or more than ``most`` axes."""
    c = shared_variance(law)
    if c is None or any(not isinstance(v, Fraction) for p in law.components for v in p.mean):
        return None
    rows = [[v for v in p.mean if isinstance(v, Fraction)] for p in law.components]
    scale = lcm(*(v.denominator for row in rows for v in row))
    whole = [[v.numerator * (scale // v.denominator) for v in row] for row in rows]
    shifts = [[u - v for u, v in zip(row, whole[0], strict=True)] for row in whole]
    pivots: list[list[int]] = []
    lower: list[list[Fraction]] = []  # coordinates of the pivots themselves
    squares: list[Fraction] = []
    rho: list[list[Fraction]] = []
    for shift in shifts:
        found: list[Fraction] = []
        for i, pivot in enumerate(pivots):
            inner = Fraction(sum(map(mul, shift, pivot))) - sum(
                (found[j] * lower[i][j] * squares[j] for j in range(i)), Fraction(0)
            )
            found.append(inner / squares[i])
        rest = sum(map(mul, shift, shift)) - sum((f * f * s for f, s in zip(found, squares, strict=True)), Fraction(0))
        if rest:
            if len(pivots) == most:
                return None
            pivots.append(shift)
            lower.append([*found, Fraction(1)])
            squares.append(rest)
            found = [*found, Fraction(1)]
        rho.append(found)
    size = len(squares)
    padded = tuple(tuple(row) + (Fraction(0),) * (size - len(row)) for row in rho)
    return Span(padded, tuple(s / scale**2 for s in squares), c)
