"""What decides the fixed points of a law at a noise level: as few coordinates as hold all of them.

With y = x/alpha and nu = sigma^2/alpha^2 the score of X_t is that of Y = X_0 + sqrt(nu) eps, divided by alpha: fixed
points, and the signs of their Jacobians, are those of p(y) = sum_k w_k N(y; m_k, S_k + nu I).

*Shared covariance.* If all S_k are S, P = (S + nu I)^-1 is shared, and s(y) = P (sum_k r_k m_k - y): every zero lies in
the convex hull of the means. Let y = m_1 + sum_i z_i e_i with independent e_i that span the differences of the means
(orthogonal, by Gram-Schmidt in exact fractions). In z the density is a mixture with means z_k (rational) and the shared
precision Q = (e_i' P e_j), and its score is (e_i' s(y)). So zeros agree, and jac s on the span is the Jacobian in z.
On the P-orthogonal complement of the span, (D - n) dimensions, jac s = -P: negative. Exact for any D.

*A line* y0 + u d: log p along it is that of a mixture in u with precisions d' P_k d; the zeros are those of d . s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from numerics.balls import Ball, arb, ball
from numerics.landscape.line import LineField
from numerics.landscape.scalars import ball_of
from numerics.landscape.space import Matrix, SpaceField, Vector, applied, dot
from numerics.rings import Unsupported
from theory.calculus import as_scalar_term, fold_constants, power, quot
from theory.language.instances import Germ, Law, Scalar
from theory.language.terms import Term

USES = ("filter.subspace",)
Rationals = list[Fraction]


@dataclass(frozen=True)
class Reduced:
    """A problem in ``n`` coordinates z; y = origin + sum_i z_i basis_i; ``across`` further dimensions are stable.

    ``line`` and ``space`` build the field at the working precision (``line`` for n = 1). ``centre``: a point z about
    which the law is mirror symmetric, or None. n = 0: all means agree, and the only zero is there, a mode (the terms
    of (y - m)' s(y) = -sum_k r_k |y - m|_k^2 are negative, and jac s = -E[P_k] at y = m).
    """

    n: int
    across: int
    origin: tuple[Scalar, ...]
    basis: tuple[tuple[Scalar, ...], ...]
    line: Callable[[], LineField] | None
    space: Callable[[], SpaceField] | None
    centre: tuple[Fraction, ...] | None
    pair: Pair | None = None

    def lifted(self, z: Sequence[Ball]) -> list[Ball]:
        """y of z."""
        out = [ball_of(v) for v in self.origin]
        for place, direction in zip(z, self.basis, strict=True):
            out = [u + place * ball_of(v) for u, v in zip(out, direction, strict=True)]
        return out


@dataclass(frozen=True)
class Pair:
    """Two components of equal weight and shared covariance: p is a cosh of h = u Q (z_2 - z_1)/2 times a Gaussian.

    About the centre, z = (D/2) tanh(Q D z/2): with theta = Q D^2/4 there is one zero if theta <= 1 (t -> theta tanh t
    - t is decreasing), and there are three if theta > 1. ``theta`` is exact where it is rational.
    """

    theta: Fraction | None


def nu_of(germ: Germ) -> Scalar:
    """sigma^2/alpha^2, a fraction where it is rational."""
    sigma2, alpha2 = (power(as_scalar_term(v), 2) for v in (germ.sigma, germ.alpha))
    return fold_constants(quot(sigma2, alpha2))


def reduced(law: Law, nu: Scalar) -> Reduced:
    """The law at noise-to-signal ratio ``nu`` in as few coordinates as hold all fixed points."""
    zero = tuple(Fraction(0) for _ in range(law.D))
    eye = tuple(tuple(Fraction(int(i == j)) for j in range(law.D)) for i in range(law.D))
    if all(c.mean == law.components[0].mean for c in law.components):
        return Reduced(0, law.D, law.components[0].mean, (), None, None, None)
    centre = mirror_centre(law)
    if law.D == 1:
        pair = _pair(law, nu) if law.K == 2 and _shared(law) else None
        far = far_origin([c.mean[0] for c in law.components])
        about = None if centre is None else (centre[0] - far,)
        return Reduced(1, 0, (far,), eye, line_builder(law, nu, far), None, about, pair)
    basis = span(law) if _shared(law) else None
    if basis is None:
        return Reduced(law.D, 0, zero, eye, None, _space(law, nu, [c.mean for c in law.components], None), centre)
    origin = centre or law.components[0].mean
    places = [coordinates(c.mean, origin, basis) for c in law.components]
    middle = None if centre is None else tuple(Fraction(0) for _ in basis)
    pair = _pair(law, nu) if law.K == 2 else None
    space = _space(law, nu, places, basis)
    line = None
    if len(basis) == 1:

        def line() -> LineField:
            field = space()
            return LineField(field.A, [c[0] for c in field.c], [field.P[0][0][0]] * law.K)

    return Reduced(len(basis), law.D - len(basis), origin, tuple(map(tuple, basis)), line, space, middle, pair)


def _shared(law: Law) -> bool:
    return all(c.cov == law.components[0].cov for c in law.components)


def span(law: Law) -> list[Rationals] | None:
    """Orthogonal vectors that span the differences of the means; None where the means are irrational."""
    origin = law.components[0].mean
    if any(isinstance(v, Term) for c in law.components for v in c.mean):
        return None
    basis: list[Rationals] = []
    for c in law.components[1:]:
        rest = [Fraction(str(u)) - Fraction(str(v)) for u, v in zip(c.mean, origin, strict=True)]
        for b in basis:
            share = _inner(rest, b) / _inner(b, b)
            rest = [u - share * v for u, v in zip(rest, b, strict=True)]
        if any(rest):
            basis.append(rest)
    return basis


def _inner(u: Sequence[Fraction], v: Sequence[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(u, v, strict=True)), Fraction(0))


def coordinates(point: Sequence[Scalar], origin: Sequence[Scalar], basis: Sequence[Sequence[Fraction]]) -> Rationals:
    """The coordinates of point - origin in an orthogonal basis (of its orthogonal projection)."""
    rest = [Fraction(str(u)) - Fraction(str(v)) for u, v in zip(point, origin, strict=True)]
    return [_inner(rest, b) / _inner(b, b) for b in basis]


def mirror_centre(law: Law) -> tuple[Fraction, ...] | None:
    """The point c with law(2c - .) = law, exactly, or None."""
    if any(isinstance(v, Term) for c in law.components for v in (c.weight, *c.mean)):
        return None
    size = range(law.D)
    weights = [Fraction(str(c.weight)) for c in law.components]
    means = [[Fraction(str(v)) for v in c.mean] for c in law.components]
    centre = tuple(sum((w * m[i] for w, m in zip(weights, means, strict=True)), Fraction(0)) for i in size)
    parts = [(c.weight, tuple(m), c.cov) for c, m in zip(law.components, means, strict=True)]
    images = [(w, tuple(2 * centre[i] - m[i] for i in size), cov) for w, m, cov in parts]
    return centre if all(parts.count(p) == images.count(p) for p in parts) else None


def _pair(law: Law, nu: Scalar) -> Pair | None:
    first, second = law.components
    if first.weight != second.weight:
        return None
    S = scalar_covariance(law)
    if S is None or not isinstance(S, Fraction) or not isinstance(nu, Fraction):
        return Pair(None)
    if any(isinstance(v, Term) for c in law.components for v in c.mean):
        return Pair(None)
    gap = [Fraction(str(u)) - Fraction(str(v)) for u, v in zip(second.mean, first.mean, strict=True)]
    return Pair(_inner(gap, gap) / (4 * (S + nu)))


def scalar_covariance(law: Law) -> Scalar | None:
    """c if every covariance is c I."""
    c, size = law.components[0].cov[0][0], range(law.D)
    same = all(p.cov[i][j] == (c if i == j else 0) for p in law.components for i in size for j in size)
    return c if same else None


# -- builders ----------------------------------------------------------------------------------------------------------
def far_origin(means: Sequence[Scalar]) -> Fraction:
    """The middle of means much farther from 0 than from each other, which doubles about 0 would not resolve; else 0."""
    if any(isinstance(m, Term) for m in means):
        return Fraction(0)
    known = [Fraction(str(m)) for m in means]
    middle, spread = (min(known) + max(known)) / 2, max(known) - min(known)
    return middle if abs(middle) > 1000 * spread > 0 else Fraction(0)


def line_builder(law: Law, nu: Scalar, origin: Fraction = Fraction(0)) -> Callable[[], LineField]:
    """The score of a one-dimensional law at ``nu``, in y - origin."""

    def build() -> LineField:
        noise, kept = ball_of(nu), dict[Scalar, Ball]()
        A, c, q = [], [], []
        for part in law.components:
            S = part.cov[0][0]
            if S not in kept:
                kept[S] = 1 / (ball_of(S) + noise)
            A.append(ball_of(part.weight).log() + kept[S].log() / 2)
            mean = part.mean[0]
            c.append(ball_of(mean) - ball(origin) if isinstance(mean, Term) else ball(mean - origin))
            q.append(kept[S])
        return LineField(A, c, q)

    return build


def precisions(law: Law, nu: Scalar) -> tuple[list[Matrix], list[Matrix], list[Ball]]:
    """(P_k, P_k^-1, log det P_k) of S_k + nu I; equal covariances share one list. Raises Unsupported if singular."""
    noise, kept, P, V, logs = ball_of(nu), {}, [], [], []
    for part in law.components:
        if part.cov not in kept:
            S = [[ball_of(v) for v in row] for row in part.cov]
            noisy = [[v + noise if i == j else v for j, v in enumerate(row)] for i, row in enumerate(S)]
            kept[part.cov] = (*inverse(noisy), noisy)
        one, log_det, noisy = kept[part.cov]
        P.append(one)
        V.append(noisy)
        logs.append(-log_det)
    return P, V, logs


def inverse(matrix: Matrix) -> tuple[Matrix, Ball]:
    """(matrix^-1, log det) of a positive definite matrix. Raises Unsupported where balls cannot tell."""
    size = len(matrix)
    rows = [list(row) + [arb(int(i == j)) for j in range(size)] for i, row in enumerate(matrix)]
    log_det = arb(0)
    for k in range(size):
        pivot = rows[k][k]
        if not pivot > 0:
            raise Unsupported("the covariance of X_t cannot be told from a singular one at this precision")
        log_det = log_det + pivot.log()
        rows[k] = [v / pivot for v in rows[k]]
        for i in range(size):
            if i != k:
                factor = rows[i][k]
                rows[i] = [u - factor * v for u, v in zip(rows[i], rows[k], strict=True)]
    return [row[size:] for row in rows], log_det


def _space(
    law: Law, nu: Scalar, places: Sequence[Sequence[Scalar]], basis: Sequence[Rationals] | None
) -> Callable[[], SpaceField]:
    scalar = scalar_covariance(law)

    def build() -> SpaceField:
        if basis is None:
            P, V, logs = precisions(law, nu)
        else:
            vectors = [[ball(v) for v in b] for b in basis]
            if scalar is None:
                one = precisions(law, nu)[0][0]
                Q = [[dot(applied(one, u), v) for v in vectors] for u in vectors]
            else:
                noisy, size = ball_of(scalar) + ball_of(nu), range(len(basis))
                Q = [[ball(_inner(basis[i], basis[i])) / noisy if i == j else arb(0) for j in size] for i in size]
            P, V, logs = [Q] * law.K, [inverse(Q)[0]] * law.K, [arb(0)] * law.K
        A = [ball_of(c.weight).log() + v / 2 for c, v in zip(law.components, logs, strict=True)]
        means: list[Vector] = [[ball_of(v) for v in place] for place in places]
        return SpaceField(A, means, P, V, all(p is P[0] for p in P))

    return build


def along_line(law: Law, nu: Scalar, point: Sequence[Scalar], direction: Sequence[Scalar]) -> Callable[[], LineField]:
    """The directional score u -> d . s(y0 + u d) as the score of a mixture in u."""

    def build() -> LineField:
        P, _, logs = precisions(law, nu)
        y0, d = [ball_of(v) for v in point], [ball_of(v) for v in direction]
        kept: dict[int, Ball] = {}
        A, c, q = [], [], []
        for part, matrix, log_det in zip(law.components, P, logs, strict=True):
            gap = [ball_of(v) - u for v, u in zip(part.mean, y0, strict=True)]
            pulled = applied(matrix, d)
            size = kept.setdefault(id(matrix), dot(d, pulled))
            place = dot(gap, pulled) / size
            rest = dot(gap, applied(matrix, gap)) - size * place * place
            A.append(ball_of(part.weight).log() + log_det / 2 - rest / 2)
            c.append(place)
            q.append(size)
        return LineField(A, c, q)

    return build


@dataclass(frozen=True)
class Collinear:
    """A law whose fixed points lie on a line: (weight, coordinate, variance) of its parts, and the squared unit length.

    In the coordinate the variances are (S_k + nu)/unit. ``centre``: the coordinate about which it is mirror symmetric.
    """

    parts: tuple[tuple[Scalar, Scalar, Scalar], ...]
    unit: Fraction
    centre: Fraction | None
    origin: tuple[Scalar, ...]
    direction: tuple[Fraction, ...]

    def lifted(self, z: Ball) -> list[Ball]:
        """y of z."""
        return [ball_of(u) + z * ball(v) for u, v in zip(self.origin, self.direction, strict=True)]


def collinear(law: Law) -> Collinear | None:
    """The law on the line that holds its fixed points; None if there is none, or it is not seen."""
    centre = mirror_centre(law)
    if law.D == 1:
        parts = tuple((c.weight, c.mean[0], c.cov[0][0]) for c in law.components)
        return Collinear(parts, Fraction(1), None if centre is None else centre[0], (Fraction(0),), (Fraction(1),))
    S, basis = scalar_covariance(law), span(law)
    if S is None or basis is None or len(basis) > 1:
        return None
    origin = law.components[0].mean
    direction = basis[0] if basis else [Fraction(int(i == 0)) for i in range(law.D)]
    parts = tuple((c.weight, coordinates(c.mean, origin, [direction])[0], S) for c in law.components)
    middle = None if centre is None else coordinates(centre, origin, [direction])[0]
    return Collinear(parts, _inner(direction, direction), middle, origin, tuple(direction))
