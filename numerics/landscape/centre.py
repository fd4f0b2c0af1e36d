"""Where the centre of a centrally symmetric law loses stability, in any dimension.

The centre c is a fixed point at every noise level. With a shared covariance S I and V = S + nu its Jacobian is
(C/V - 1)/V, C the posterior covariance at c, whose weights are w_k exp(-|m_k - c|^2/2V) up to normalisation. In
orthogonal coordinates z of the span of the means (y = c + sum_i z_i e_i, |e_i|^2 = u_i) it is singular where

    f(nu) = det M = 0,   M = C_z - V diag(1/u),   M' = sum_k r_k' z_k z_k' - diag(1/u),
    r_k' = r_k (b_k - E[b]),   b_k = |m_k - c|^2/2V^2.

At a simple zero of f one eigenvalue of M passes zero at the speed f'/tr adj M. Only the centre is followed: other fixed
points may be born by folds elsewhere, so completeness is not claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import permutations

from numerics.balls import Ball, arb, ball, bits_of, relative_digits, working
from numerics.landscape.critical import Critical, Criticals
from numerics.landscape.krawczyk import Region, sharpened
from numerics.landscape.line import outward
from numerics.landscape.parameter import Noise
from numerics.landscape.reduction import USES, coordinates, mirror_centre, scalar_covariance, span
from numerics.landscape.scalars import ball_of
from numerics.landscape.space import Matrix
from numerics.landscape.zoom import zoomed_cover
from numerics.rings import Unsupported
from theory.language.instances import Law, Scalar

_MAX = 3
_ZERO = arb(0)


class _Determinant:
    """f(nu) = 0."""

    def __init__(self, law: Law, centre: Sequence[Fraction], basis: Sequence[Sequence[Fraction]]) -> None:
        self.weights = [ball_of(c.weight) for c in law.components]
        origin = list(centre)
        self.places = [[ball(v) for v in coordinates(c.mean, origin, basis)] for c in law.components]
        squares = [sum((v * v for v in b), Fraction(0)) for b in basis]
        self.inverse = [ball(1 / v) for v in squares]
        self.radii = [
            sum((v * v * ball(u) for v, u in zip(place, squares, strict=True)), _ZERO) for place in self.places
        ]
        scalar = scalar_covariance(law)
        assert scalar is not None
        self.S = ball_of(scalar)

    def matrices(self, nu: Ball) -> tuple[Matrix, Matrix]:
        """(M, M')."""
        V, size = self.S + nu, range(len(self.inverse))
        masses = []
        for k, r in enumerate(self.radii):  # 1/sum_j w_j/w_k exp((R_k - R_j)/2V): V occurs once
            ratios = [
                w / self.weights[k] * ((r - other) / (2 * V)).exp()
                for w, other in zip(self.weights, self.radii, strict=True)
            ]
            masses.append(1 / sum(ratios, _ZERO))
        b = [r / (2 * V * V) for r in self.radii]
        mean = sum((u * v for u, v in zip(masses, b, strict=True)), _ZERO)
        M, N = [], []
        for i in size:
            row, other = [], []
            for j in size:
                cells = [z[i] * z[j] for z in self.places]
                row.append(sum((u * v for u, v in zip(masses, cells, strict=True)), _ZERO))
                other.append(sum((u * (e - mean) * v for u, e, v in zip(masses, b, cells, strict=True)), _ZERO))
            row[i], other[i] = row[i] - V * self.inverse[i], other[i] - self.inverse[i]
            M.append(row)
            N.append(other)
        return M, N

    def near(self, point: Sequence[Ball]) -> tuple[list[Ball], list[list[Ball]]]:
        M, N = self.matrices(point[0])
        rate = sum((determinant([N[k] if k == i else M[k] for k in range(len(M))]) for i in range(len(M))), _ZERO)
        return [determinant(M)], [[rate]]

    def value(self, point: Sequence[Ball]) -> list[Ball]:
        return self.near(point)[0]

    def over(self, box: Sequence[Ball]) -> tuple[list[Ball], list[list[Ball]] | None]:
        return self.near(box)

    def excluded(self, box: Sequence[Ball]) -> bool:
        return False

    def speed(self, nu: Ball) -> Ball:
        """The rate of the eigenvalue that vanishes at nu."""
        M, _ = self.matrices(nu)
        size = range(len(M))
        minors = [determinant([[M[i][j] for j in size if j != k] for i in size if i != k]) for k in size]
        return self.near([nu])[1][0][0] / sum(minors, _ZERO)


def determinant(matrix: Matrix) -> Ball:
    """The determinant by Leibniz' formula (sizes up to 3)."""
    size, out = len(matrix), _ZERO
    for order in permutations(range(size)):
        swaps = sum(order[i] > order[j] for i in range(size) for j in range(i + 1, size))
        cell = arb(-1 if swaps % 2 else 1)
        for i, j in enumerate(order):
            cell = cell * matrix[i][j]
        out = out + cell
    return out


def at_centre(law: Law, noise: Noise, inner: tuple[Scalar, Scalar] | None, drift: str, digits: int) -> Criticals:
    """The noise levels at which the centre of ``law`` changes its stability. Raises Unsupported for other laws."""
    centre, S, basis = mirror_centre(law), scalar_covariance(law), span(law)
    if centre is None or S is None or basis is None or drift != "density" or not 1 <= len(basis) <= _MAX:
        raise Unsupported(
            "bifurcation points are found for one dimension, for collinear means with a shared scalar covariance, and "
            f"at the centre of a mirror symmetric law with a shared scalar covariance in up to {_MAX} dimensions"
        )

    def build() -> _Determinant:
        return _Determinant(law, centre, basis)

    with working(128):
        system = build()
        if inner is None:
            largest = system.radii[0]
            for r in system.radii[1:]:
                largest = largest.max(r)
            low, high = arb(largest / 1000), arb(largest)
        else:
            low, high = (ball_of(v) for v in inner)
        found = zoomed_cover(system, [outward(low, high)], [], 20_000)
    points = []
    for region in found.regions:
        point = _point(build, region, centre, noise, digits)
        if not (point.inner < low or point.inner > high):
            points.append(point)
    points.sort(key=lambda p: float(p.parameter.mid()))
    with working(bits_of(digits) + 64):
        ends = sorted((noise.outer(low), noise.outer(high)), key=lambda v: float(v.mid()))
        left = tuple((outward(v, v),) for v in (noise.outer(arb(a).union(arb(b))) for ((a, b),) in found.open))
    return Criticals(
        noise.name, drift, (ends[0], ends[1]), tuple(points), False,
        "followed at the centre alone: other fixed points may meet elsewhere", left, "Krawczyk, det jac s = 0",
        found.boxes, digits, False, (*USES, "bif.hessian_eigen_criterion"),
    )  # fmt: skip


def _point(
    build: Callable[[], _Determinant], region: Region, centre: Sequence[Fraction], noise: Noise, digits: int
) -> Critical:
    bits = 128 + bits_of(digits)
    while True:
        with working(bits):
            system = build()
            (nu,) = sharpened(system, region)
            if relative_digits(nu) > digits or bits > 4000:
                rising = system.speed(nu)
                forward = noise.outer(nu * arb("1.0001")) > noise.outer(nu)
                opens = "" if not (rising > 0 or rising < 0) else "above" if (rising > 0) == forward else "below"
                scale = ball_of(noise.alpha, {"lambda_": nu})
                place = tuple(scale * ball(v) for v in centre)
                return Critical("eigenvalue", noise.outer(nu), place, opens, inner=nu)
        bits *= 2


__all__ = ["at_centre", "determinant"]
