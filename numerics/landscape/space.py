"""The score of a mixture in a few dimensions, in balls: at points and over boxes, with its Jacobian.

The density is p = sum_k e^{l_k}, l_k(x) = A_k - (x - c_k)' P_k (x - c_k)/2. With responsibilities r_k = e^{l_k}/p and
s_k = grad l_k = P_k (c_k - x):

    s = E[s_k],   jac s = -E[P_k] + Cov(s_k) = -sum_k r_k P_k + sum_{i<j} r_i r_j (s_i - s_j)(s_i - s_j)'.

Over a box with midpoint m, l_j - l_k lies in (l_j - l_k)(m) + (s_j - s_k)(box) . (box - m); for a shared precision
s_j - s_k = P (c_j - c_k) is constant and this is the exact range of a linear function.

*Where zeros lie.* Let s(x) = 0 and y = x - x0, d_k = c_k - x0 for any point x0. Then
0 = -y . s(x) = sum_k r_k (y' P_k y - y' P_k d_k). If |y|_k > |d_k|_k in the norm of P_k for every k, each term is
positive by Cauchy-Schwarz. So y lies in one of the ellipsoids |y|_k <= |d_k|_k, and |y_i| <= max_k sqrt((P_k^-1)_ii)
|d_k|_k.
If P is shared, sum_k r_k P (c_k - x) = 0 puts x into the convex hull of the c_k.
"""

from __future__ import annotations

from collections.abc import Sequence

from numerics.balls import Ball, arb
from numerics.landscape.scalars import shares, square

_ZERO = arb(0)
Vector = list[Ball]
Matrix = list[list[Ball]]


def dot(left: Sequence[Ball], right: Sequence[Ball]) -> Ball:
    """The inner product."""
    out = _ZERO
    for u, v in zip(left, right, strict=True):
        out = out + u * v
    return out


def applied(matrix: Matrix, vector: Sequence[Ball]) -> Vector:
    """matrix . vector."""
    return [dot(row, vector) for row in matrix]


class SpaceField:
    """grad log p for p = sum_k exp(A_k - (x - c_k)' P_k (x - c_k)/2).

    ``A`` (K,), ``c`` (K, n), ``P`` (K, n, n) symmetric positive definite, ``V`` (K, n, n) their inverses. ``shared``:
    all P_k are the same number for number.
    """

    def __init__(
        self, A: Sequence[Ball], c: Sequence[Vector], P: Sequence[Matrix], V: Sequence[Matrix], shared: bool
    ) -> None:
        self.A, self.c, self.P, self.V, self.shared = list(A), list(c), list(P), list(V), shared
        self.K, self.n = len(self.A), len(self.c[0])
        self._linear: list[tuple[Ball, Vector]] = []
        if shared:  # l_k is a_k + g_k . x and a quadratic that all share
            for a, centre in zip(self.A, self.c, strict=True):
                pull = applied(self.P[0], centre)
                self._linear.append((a - dot(centre, pull) / 2, pull))
        pairs = [(j, k) for j in range(self.K) for k in range(j)] if shared else []
        line = self._linear
        self._gaps = [
            (j, k, line[j][0] - line[k][0], [u - v for u, v in zip(line[j][1], line[k][1], strict=True)])
            for j, k in pairs
        ]

    def box(self) -> list[tuple[Ball, Ball]]:
        """For every coordinate balls whose lower and upper end bound all zeros."""
        if self.shared:
            out = []
            for i in range(self.n):
                low = high = self.c[0][i]
                for c in self.c[1:]:
                    low, high = low.min(c[i]), high.max(c[i])
                out.append((low, high))
            return out
        centre = [
            ((min(c[i].mid() for c in self.c) + max(c[i].mid() for c in self.c)) / 2).mid() for i in range(self.n)
        ]
        reach = [_ZERO] * self.n
        for c, P, V in zip(self.c, self.P, self.V, strict=True):
            d = [u - v for u, v in zip(c, centre, strict=True)]
            size = abs(dot(d, applied(P, d)))
            for i in range(self.n):
                reach[i] = reach[i].max((V[i][i] * size).sqrt())
        return [(u - v, u + v) for u, v in zip(centre, reach, strict=True)]

    def component_scores(self, x: Sequence[Ball]) -> list[Vector]:
        """s_k(x) = P_k (c_k - x), (K, n)."""
        return [applied(P, [u - v for u, v in zip(c, x, strict=True)]) for P, c in zip(self.P, self.c, strict=True)]

    def logs(self, x: Sequence[Ball], scores: Sequence[Vector]) -> list[Ball]:
        """l_k(x) from the s_k(x)."""
        return [
            a - dot([u - v for u, v in zip(c, x, strict=True)], s) / 2
            for a, c, s in zip(self.A, self.c, scores, strict=True)
        ]

    def at(self, x: Sequence[Ball], jacobian: bool = True) -> tuple[Vector, Matrix]:
        """(s, jac s) at thin balls."""
        if self.shared:
            logs = [_affine(a, g, x) for a, g in self._linear]
            scores = [g for _, g in self._linear]
        else:
            scores = self.component_scores(x)
            logs = self.logs(x, scores)
        top = max(logs, key=lambda v: v.mid())
        masses = [(v - top).exp() for v in logs]
        whole = sum(masses[1:], masses[0])
        r = [u / whole for u in masses]
        return self._value(r, scores, x), self._jacobian(r, scores) if jacobian else []

    def _value(self, r: Sequence[Ball], scores: Sequence[Vector], x: Sequence[Ball]) -> Vector:
        out = []
        for i in range(self.n):
            entry = _ZERO
            for u, s in zip(r, scores, strict=True):
                entry = entry + u * s[i]
            out.append(entry - dot(self.P[0][i], x) if self.shared else entry)
        return out

    def _jacobian(self, r: Sequence[Ball], scores: Sequence[Vector]) -> Matrix:
        size, triangle = range(self.n), [(i, j) for i in range(self.n) for j in range(i + 1)]
        if self.shared:
            cells = [-self.P[0][i][j] for i, j in triangle]
            gaps = [(j, k, gap) for j, k, _, gap in self._gaps]
        else:
            cells = [-sum((u * P[i][j] for u, P in zip(r, self.P, strict=True)), _ZERO) for i, j in triangle]
            gaps = [
                (j, k, [u - v for u, v in zip(scores[j], scores[k], strict=True)])
                for j in range(self.K)
                for k in range(j)
            ]
        for a, b, gap in gaps:
            weight = r[a] * r[b]
            cells = [
                old + weight * (square(gap[i]) if i == j else gap[i] * gap[j])
                for old, (i, j) in zip(cells, triangle, strict=True)
            ]
        known = dict(zip(triangle, cells, strict=True))
        return [[known[max(i, j), min(i, j)] for j in size] for i in size]

    def over(self, box: Sequence[Ball]) -> tuple[Vector, Matrix | None]:
        """(s, jac s) over a box; None in place of jac s where s alone shows that there is no zero."""
        if self.shared:
            scores = [g for _, g in self._linear]
            logs = [(j, k, _affine(a, g, box)) for j, k, a, g in self._gaps]
        else:
            middle = [v.mid() for v in box]
            half = [u - v for u, v in zip(box, middle, strict=True)]
            central = self.logs(middle, self.component_scores(middle))
            scores = self.component_scores(box)
            logs = [
                (
                    j,
                    k,
                    central[j]
                    - central[k]
                    + sum(((u - v) * h for u, v, h in zip(scores[j], scores[k], half, strict=True)), _ZERO),
                )
                for j in range(self.K)
                for k in range(j)
            ]
        r = shares(self.K, logs)
        value = self._value(r, scores, box)
        if any(v > 0 or v < 0 for v in value):
            return value, None
        return value, self._jacobian(r, scores)


def _affine(a: Ball, g: Sequence[Ball], x: Sequence[Ball]) -> Ball:
    for u, v in zip(g, x, strict=True):
        a = a + u * v
    return a
