"""Components of a mixture in the plane as balls, and their 2 x 2 matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numerics.balls import Ball, arb

Pair = tuple[Ball, Ball]
Square = tuple[Pair, Pair]


@dataclass(frozen=True)
class Part:
    """One component in balls: log mass ``top`` (log of the density's maximum times w), weight, mean, precision.

    b(x) = ``shift`` - ``slope`` x is its affine vector.
    """

    weight: Ball
    top: Ball
    mean: Pair
    precision: Square
    shift: Pair
    slope: Square


def times(matrix: Square, vector: Pair) -> Pair:
    """matrix vector."""
    (a, b), (c, d) = matrix
    return a * vector[0] + b * vector[1], c * vector[0] + d * vector[1]


def minus(left: Square, right: Square) -> Square:
    """left - right."""
    return (
        (left[0][0] - right[0][0], left[0][1] - right[0][1]),
        (left[1][0] - right[1][0], left[1][1] - right[1][1]),
    )


def form(matrix: Square, t: Sequence[Ball], t2: Sequence[Ball]) -> Ball:
    """t^T matrix t for a symmetric matrix, with t^2 given apart."""
    return matrix[0][0] * t2[0] + 2 * matrix[0][1] * t[0] * t[1] + matrix[1][1] * t2[1]


def root_product(part: Part) -> Square:
    """slope times a square root of the covariance (Cholesky): |slope (x - M)| = |this y| with |y| the distance."""
    (a, b), (_, d) = part.precision
    det = a * d - b * b
    v11, v12, v22 = d / det, -b / det, a / det
    l11 = v11.sqrt()
    l21 = v12 / l11
    l22 = (v22 - l21 * l21).sqrt()
    (s, t), (u, v) = part.slope
    return (s * l11 + t * l21, t * l22), (u * l11 + v * l21, v * l22)


def norm(matrix: Square) -> Ball:
    """Frobenius norm, a bound of the operator norm."""
    return sum((v * v for row in matrix for v in row), arb(0)).sqrt()
