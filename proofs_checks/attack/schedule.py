"""A process of a class at one time, drawn at random: alpha, sigma, a, g as exact series in t, and small matrices.

alpha' = a alpha and (sigma^2)' = 2 a sigma^2 + g^2 are integrated term by term from free rational jets of a and g
(a = 0 under VE, a = -g^2/2 and alpha^2 + sigma^2 = 1 under VP). Standard library only.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random

from proofs_checks.attack.series import Element, Ring, UnreadableError

Matrix = list[list[Element]]
Vector = list[Element]
_F = Fraction
HALF = _F(1, 2)
_POSITIVE = tuple(_F(n, d) for n, d in ((1, 2), (2, 3), (3, 2), (3, 4), (5, 4), (4, 3), (2, 1), (3, 1), (5, 3), (3, 5)))
_CIRCLE = ((_F(3, 5), _F(4, 5)), (_F(4, 5), _F(3, 5)), (_F(5, 13), _F(12, 13)), (_F(8, 17), _F(15, 17)))


def positive(random: Random) -> Fraction:
    """A positive rational that is not 1."""
    return random.choice(_POSITIVE)


def signed(random: Random) -> Fraction:
    """A rational that is neither 0 nor 1."""
    return random.choice((-1, 1)) * random.choice(_POSITIVE)


class Schedule:
    """alpha, sigma, a, g and g^2 as series in t over ``ring``."""

    def __init__(self, ring: Ring, process: str, random: Random) -> None:
        t = ring.time()
        self.g = _jet(ring, t, [positive(random)] + [signed(random) for _ in range(ring.nt)])
        self.g2 = self.g * self.g
        alpha, sigma = positive(random), positive(random)
        if process == "ve":
            alpha, self.a = _F(1), ring.zero
        elif process == "vp":
            (alpha, sigma), self.a = random.choice(_CIRCLE), self.g2.scaled(_F(-1, 2))
        else:
            self.a = _jet(ring, t, [signed(random) for _ in range(ring.nt + 1)])
        self.start = {"alpha": alpha, "sigma": sigma, "a": value(self.a), "g": value(self.g)}
        self.alpha = integrate(ring.const(alpha), lambda u: self.a * u)
        variance = integrate(ring.const(sigma**2), lambda u: (self.a * u).scaled(2) + self.g2)
        self.sigma2, self.sigma = variance, variance.power(_F(1, 2))

    def named(self, name: str) -> Element:
        """A function of t by its name."""
        return {"alpha": self.alpha, "sigma": self.sigma, "a": self.a, "g": self.g}[name]


def value(element: Element) -> Fraction:
    """The constant term."""
    return element.coefficients().get(0, {}).get((), _F(0))


def _jet(ring: Ring, t: Element, numbers: list[Fraction]) -> Element:
    out, power = ring.zero, ring.one
    for number in numbers:
        out, power = out + power.scaled(number), power * t
    return out


def integrate(start: Element, rate: object) -> Element:
    """The series u with u(t0) = start and u' = rate(u)."""
    ring, u = start.ring, start
    assert callable(rate)
    for order in range(ring.nt):
        slope = rate(u).select(lambda k, n=order: (k & 255) == n)
        u = u + (slope * ring.time()).scaled(_F(1, order + 1))
    return u


def determinant(m: Matrix) -> Element:
    """The determinant by cofactors."""
    if len(m) == 1:
        return m[0][0]
    if len(m) == 2:
        return m[0][0] * m[1][1] - m[0][1] * m[1][0]
    minors = [[row[:j] + row[j + 1 :] for row in m[1:]] for j in range(len(m))]
    out = m[0][0].ring.zero
    for j, minor in enumerate(minors):
        out = out + (m[0][j] * determinant(minor)).scaled((-1) ** j)
    return out


def inverse(m: Matrix) -> Matrix:
    """The inverse by cofactors; the determinant must be a unit."""
    one, size = m[0][0].ring.one, len(m)
    over = determinant(m).power(_F(-1))
    if size == 1:
        return [[over]]
    if size > 3:
        raise UnreadableError("matrices beyond 3 x 3")

    def cofactor(i: int, j: int) -> Element:
        minor = [[m[r][c] for c in range(size) if c != j] for r in range(size) if r != i]
        return (determinant(minor) if minor else one).scaled((-1) ** (i + j))

    return [[cofactor(j, i) * over for j in range(size)] for i in range(size)]


def matmul(u: Matrix, v: Matrix) -> Matrix:
    """The product of two matrices."""
    return [[total(row[k] * v[k][j] for k in range(len(v))) for j in range(len(v[0]))] for row in u]


def apply(m: Matrix, v: Vector) -> Vector:
    """Matrix times vector."""
    return [total(entry * item for entry, item in zip(row, v, strict=True)) for row in m]


def dot(u: Vector, v: Vector) -> Element:
    """u . v."""
    return total(a * b for a, b in zip(u, v, strict=True))


def total(items: object) -> Element:
    """The sum of a non-empty collection."""
    found: list[Element] = list(items)  # type: ignore[call-overload]
    out = found[0]
    for item in found[1:]:
        out = out + item
    return out


def log_normal(offset: Vector, cov: Matrix) -> Element:
    """log N(offset; 0, cov)."""
    ring = offset[0].ring
    quadratic = dot(offset, apply(inverse(cov), offset))
    scale = determinant(cov).log() + (ring.gen(("log", 2)) + ring.gen(("log pi",))).scaled(len(offset))
    return (quadratic + scale).scaled(-HALF)


def covariance(random: Random, D: int, full: bool = True) -> list[list[Fraction]]:
    """A positive definite rational matrix."""
    root = [
        [positive(random) if i == j else signed(random) if j < i and full else _F(0) for j in range(D)]
        for i in range(D)
    ]
    return [[sum((root[i][k] * root[j][k] for k in range(D)), _F(0)) for j in range(D)] for i in range(D)]


class Moments:
    """Moments of N(mean, cov) over a ring, by E[X_i X^b] = mean_i E[X^b] + sum_j cov_ij b_j E[X^(b - e_j)]."""

    def __init__(self, mean: Vector, cov: Matrix) -> None:
        self.mean, self.cov = mean, cov
        self._memo: dict[tuple[int, ...], Element] = {}

    def of(self, powers: tuple[int, ...]) -> Element:
        """The average of a monomial, given by its exponents."""
        found = self._memo.get(powers)
        if found is None:
            found = self._memo[powers] = self._compute(powers)
        return found

    def _compute(self, powers: tuple[int, ...]) -> Element:
        i = next((n for n, b in enumerate(powers) if b), None)
        if i is None:
            return self.mean[0].ring.one
        rest = _less(powers, i)
        out = self.mean[i] * self.of(rest)
        for j, b in enumerate(rest):
            if b:
                out = out + (self.cov[i][j] * self.of(_less(rest, j))).scaled(b)
        return out


def _less(powers: tuple[int, ...], i: int) -> tuple[int, ...]:
    return (*powers[:i], powers[i] - 1, *powers[i + 1 :])
