"""A law at a schedule germ as series in t: schedule functions, log-components, posteriors of the components.

Everything here is a definition or an exact Gaussian formula (completing the square); no fact about mixtures enters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from numerics.rings import NumberRing, Unsupported, total
from theory import jets
from theory.jets import Jet, Space, space
from theory.language.instances import Germ, Law, Scalar
from theory.language.terms import Term

Matrix = list[list[Jet]]


@dataclass(frozen=True)
class Quadratic:
    """x -> A + B.y + y'Cy, y = x - centre, with series in t as coefficients (C symmetric).

    ``A`` (), ``B`` (D,), ``C`` (D, D), ``centre`` (D,) or None for the origin. About its own mean a narrow Gaussian far
    from the origin does not lose its digits.
    """

    A: Jet
    B: list[Jet]
    C: Matrix
    centre: Sequence[Any] | None = None

    def _relative(self, x: Sequence[Any]) -> Sequence[Any]:
        return x if self.centre is None else [u - v for u, v in zip(x, self.centre, strict=True)]

    def jet(self, x: Sequence[Any], shape: Space, motion: Sequence[Jet] | None = None, one: Any = None) -> Jet:
        """The jet about the point ``x``, by direct Taylor expansion; about x + motion(t) if a motion is given."""
        D, x = shape.D, self._relative(x)
        if motion is not None:
            return self._moving(x, shape, motion, one)
        slope = [total(_scaled(c, v) for c, v in zip(row, x)) for row in self.C]
        pieces: list[tuple[tuple[int, ...], Any]] = [((0,) * D, None)]
        out: list[Any] = [None] * shape.size
        half = [b if s is None else b + s for b, s in zip(self.B, slope)]
        constant = total([self.A, *(_scaled(h, v) for h, v in zip(half, x))])
        pieces = [((0,) * D, constant)]
        for i in range(D if shape.nx >= 1 else 0):
            unit = tuple(int(k == i) for k in range(D))
            pieces.append((unit, half[i] if slope[i] is None else half[i] + slope[i]))
            for j in range(i + 1 if shape.nx >= 2 else 0):
                both = tuple(int(k == i) + int(k == j) for k in range(D))
                pieces.append((both, self.C[i][j] if i == j else self.C[i][j].scaled(2)))
        for exponents, series in pieces:
            for j in range(shape.nt + 1):
                out[shape.index[j, exponents]] = series.at(j)
        return Jet(shape, out)

    def _moving(self, x: Sequence[Any], shape: Space, motion: Sequence[Jet], one: Any) -> Jet:
        point = [Jet.variable(shape, v, i, one) + m.into(shape) for i, (v, m) in enumerate(zip(x, motion, strict=True))]
        result = self.A.into(shape)
        for row, b, v in zip(self.C, self.B, point, strict=True):
            inner = b.into(shape)
            for c, w in zip(row, point, strict=True):
                if not c.is_zero():
                    inner = inner + c.into(shape) * w
            result = result + inner * v
        return result

    def at(self, x: Sequence[Any]) -> Any:
        """The constant coefficient at ``x``, by Horner's rule."""
        x, result = self._relative(x), self.A.head
        for i, v in enumerate(x):
            inner = total([self.B[i].head, *(_times(self.C[i][j].head, x[j]) for j in range(len(x)))])
            if inner is not None:
                result = result + inner * v
        return result

    def minus(self, other: Quadratic, same_curvature: bool) -> Quadratic:
        """The difference (of two about one centre); curvatures known to be equal cancel exactly."""
        assert self.centre is None
        assert other.centre is None
        zero = Jet(self.A.space, [None] * self.A.space.size)
        C = [[zero if same_curvature else u - v for u, v in zip(r, q)] for r, q in zip(self.C, other.C)]
        return Quadratic(self.A - other.A, [u - v for u, v in zip(self.B, other.B)], C)


def _scaled(series: Jet, factor: Any) -> Jet | None:
    return None if series.is_zero() else series.scaled(factor)


def _times(left: Any, right: Any) -> Any:
    return None if left is None or right is None else left * right


@dataclass(frozen=True)
class ComponentPosterior:
    """X0 given x within one component: mean = ``offset`` + ``gain`` x, covariance ``cov``; series in t."""

    offset: list[Jet]
    gain: Matrix
    cov: Matrix


class Model:
    """A law and a germ over one ring of numbers; all series are in t alone, of the order asked for.

    ``value`` turns an exact scalar (a Fraction or a constant term) into a ring element.
    """

    def __init__(self, ring: NumberRing, law: Law, germ: Germ, value: Callable[[Scalar], Any]) -> None:
        self.ring, self.law, self.germ, self.value = ring, law, germ, value
        self.D, self.K = law.D, law.K
        self.weights = [value(c.weight) for c in law.components]
        self.means = [[value(v) for v in c.mean] for c in law.components]
        self._cache: dict[tuple[object, ...], Any] = {}

    @cached_property
    def covariances(self) -> list[list[list[Any]]]:
        """S_k."""
        return [[[self.value(v) for v in row] for row in c.cov] for c in self.law.components]

    @cached_property
    def log_weights(self) -> list[Any]:
        """log w_k."""
        return [self.ring.log(w) for w in self.weights]

    @cached_property
    def log_masses(self) -> list[Any]:
        """The logarithm of the mass of each component's place (components that share a place share it)."""
        places = [c.mean for c in self.law.components]
        for k, place in enumerate(places):
            for j in range(k):
                if place != places[j] and any(isinstance(v, Term) for v in (*place, *places[j])):
                    self._told_apart(k, j)
        return [self.ring.log(total(w for w, m in zip(self.weights, places) if m == place)) for place in places]

    def _told_apart(self, k: int, j: int) -> None:
        """Raises Unsupported if places that are written differently may be one."""
        gaps = [u - v for u, v in zip(self.means[k], self.means[j], strict=True)]
        if all(g.contains(0) if hasattr(g, "contains") else abs(g) < 1e-12 for g in gaps):
            raise Unsupported("two atoms whose places cannot be told apart; write equal places alike")

    def _cached(self, key: tuple[object, ...], build: Callable[[], Any]) -> Any:
        if key not in self._cache:
            self._cache[key] = build()
        return self._cache[key]

    def _space(self, nt: int) -> Space:
        return space(self.D, 0, nt)

    def constant(self, value: Any, nt: int) -> Jet:
        """A number as a series."""
        return Jet.constant(self._space(nt), value)

    # -- the schedule ---
    def _driver(self, name: str, nt: int) -> list[Any]:
        """Taylor coefficients of a or g^2. Raises LawError if the germ holds too few derivatives."""
        coefficients, factorial = [], 1
        for k in range(nt + 1):
            factorial *= max(k, 1)
            derivative = self.germ.derivative(name, k)
            coefficients.append(None if derivative == 0 else self.value(derivative) / factorial)
        return coefficients

    def _linear(self, start: Any, rate: list[Any], source: list[Any], nt: int) -> Jet:
        """The series of y' = rate y + source, y(0) = start."""
        y = [start]
        for k in range(nt):
            terms = [_times(rate[i], y[k - i]) for i in range(k + 1)]
            step = total([*terms, source[k] if source else None])
            y.append(None if step is None else step / (k + 1))
        return Jet(self._space(nt), y)

    def schedule(self, name: str, nt: int) -> Jet:
        """The series of alpha, sigma, ``sigma^2``, a, g or ``g^2``."""
        return self._cached((name, nt), lambda: self._schedule(name, nt))  # type: ignore[no-any-return]

    def _schedule(self, name: str, nt: int) -> Jet:
        if name in ("a", "g^2"):
            return Jet(self._space(nt), self._driver("a" if name == "a" else "g2", nt))
        if name == "g":
            series = self.schedule("g^2", nt)
            return series if series.is_zero() else jets.sqrt(series, self.ring)
        rate = self._driver("a", nt - 1) if nt else []
        if name == "alpha":
            return self._linear(self.value(self.germ.alpha), rate, [], nt)
        sigma = self.value(self.germ.sigma)
        if name == "sigma":
            return jets.sqrt(self.schedule("sigma^2", nt), self.ring, head=sigma)
        source = self._driver("g2", nt - 1) if nt else []
        return self._linear(sigma * sigma, [None if r is None else r * 2 for r in rate], source, nt)

    # -- Gaussian algebra ---
    def covariance(self, k: int, nt: int) -> Matrix:
        """alpha^2 S_k + sigma^2 I."""
        alpha, variance = self.schedule("alpha", nt), self.schedule("sigma^2", nt)
        square = alpha * alpha
        rows = []
        for i, row in enumerate(self.law.components[k].cov):
            rows.append([variance if i == j else Jet(variance.space, [None] * (nt + 1)) for j in range(self.D)])
            for j, entry in enumerate(row):
                if entry != 0:
                    rows[i][j] = rows[i][j] + square.scaled(self.value(entry))
        return rows

    def _inverse(self, matrix: Matrix) -> tuple[Matrix, Jet]:
        """Inverse and log determinant of a positive definite matrix of series, by elimination without pivoting."""
        size, ring = len(matrix), self.ring
        nt = matrix[0][0].space.nt
        one, zero = self.constant(ring.exact(1), nt), Jet(self._space(nt), [None] * (nt + 1))
        rows = [[*row, *(one if i == j else zero for j in range(size))] for i, row in enumerate(matrix)]
        log_det = None
        for k in range(size):
            pivot = rows[k][k]
            log_pivot = jets.log(pivot, ring)
            log_det = log_pivot if log_det is None else log_det + log_pivot
            scale = jets.inverse(pivot, ring)
            rows[k] = [scale * v for v in rows[k]]
            for i in range(size):
                if i != k and not rows[i][k].is_zero():
                    factor = rows[i][k]
                    rows[i] = [u - factor * v for u, v in zip(rows[i], rows[k])]
        assert log_det is not None
        return [row[size:] for row in rows], log_det

    def _log_normal(self, mean: list[Jet], cov: Matrix, log_weight: Any, nt: int) -> Quadratic:
        precision, log_det = self._inverse(cov)
        ring, half = self.ring, Fraction(-1, 2)
        B = [_sum(precision[i][j] * mean[j] for j in range(self.D)) for i in range(self.D)]
        square = _sum(m * b for m, b in zip(mean, B))
        A = (log_det + square).scaled(ring.exact(half))
        A.c[0] = total([A.c[0], log_weight, ring.log(ring.pi() * 2) * self.D * ring.exact(half)])
        return Quadratic(A, B, [[v.scaled(ring.exact(half)) for v in row] for row in precision])

    def log_component(self, k: int, nt: int) -> Quadratic:
        """log(w_k N(x; alpha m_k, alpha^2 S_k + sigma^2 I)) as a quadratic in x about its mean."""

        def build() -> Quadratic:
            alpha = self.schedule("alpha", nt)
            centre = [alpha.head * v for v in self.means[k]]
            moved = Jet(alpha.space, [None, *alpha.c[1:]])
            drift = [moved.scaled(v) for v in self.means[k]]
            about = self._log_normal(drift, self.covariance(k, nt), self.log_weights[k], nt)
            return Quadratic(about.A, about.B, about.C, centre)

        return self._cached(("component", k, nt), build)  # type: ignore[no-any-return]

    def _component(self, k: int, nt: int) -> Quadratic:
        """The same about the origin, for differences."""

        def build() -> Quadratic:
            alpha = self.schedule("alpha", nt)
            mean = [alpha.scaled(v) for v in self.means[k]]
            return self._log_normal(mean, self.covariance(k, nt), self.log_weights[k], nt)

        return self._cached(("origin", k, nt), build)  # type: ignore[no-any-return]

    def log_difference(self, k: int, m: int, nt: int) -> Quadratic:
        """log-component k minus log-component m; curvatures of equal covariances cancel exactly."""

        def build() -> Quadratic:
            same = self.law.components[k].cov == self.law.components[m].cov
            return self._component(k, nt).minus(self._component(m, nt), same)

        return self._cached(("difference", k, m, nt), build)  # type: ignore[no-any-return]

    def log_end(self, k: int) -> Quadratic:
        """log(w_k N(X0; m_k, S_k)) as a quadratic in X0, for a law with a density."""

        def build() -> Quadratic:
            cov = [[self.constant(self.value(v), 0) for v in row] for row in self.law.components[k].cov]
            mean = [self.constant(v, 0) for v in self.means[k]]
            return self._log_normal(mean, cov, self.log_weights[k], 0)

        return self._cached(("end", k), build)  # type: ignore[no-any-return]

    def log_kernel(self, end: Sequence[Any], nt: int) -> Quadratic:
        """log k(x | end) = log N(x; alpha end, sigma^2 I) as a quadratic in x."""
        ring = self.ring

        def build() -> tuple[Jet, Jet, Jet]:
            alpha, variance = self.schedule("alpha", nt), self.schedule("sigma^2", nt)
            precision = jets.inverse(variance, ring)
            constant = jets.log(variance, ring)
            constant.c[0] = constant.c[0] + ring.log(ring.pi() * 2)
            return constant.scaled(ring.exact(Fraction(-self.D, 2))), alpha * precision, precision

        constant, pull, precision = self._cached(("kernel", nt), build)
        half = precision.scaled(ring.exact(Fraction(-1, 2)))
        zero = Jet(half.space, [None] * half.space.size)
        square = total(v * v for v in end)
        A = constant + (self.schedule("alpha", nt) * pull).scaled(square * ring.exact(Fraction(-1, 2)))
        C = [[half if i == j else zero for j in range(self.D)] for i in range(self.D)]
        return Quadratic(A, [pull.scaled(v) for v in end], C)

    def component_posterior(self, k: int, nt: int) -> ComponentPosterior:
        """The Gaussian X0 | x, Z = k of a law with a density."""

        def build() -> ComponentPosterior:
            precision, _ = self._inverse(self.covariance(k, nt))
            alpha, size = self.schedule("alpha", nt), range(self.D)
            S = [[self.constant(self.value(v), nt) for v in row] for row in self.law.components[k].cov]
            gain = [[alpha * _sum(S[i][m] * precision[m][j] for m in size) for j in size] for i in size]
            means = [self.constant(v, nt) for v in self.means[k]]
            offset = [means[i] - alpha * _sum(gain[i][j] * means[j] for j in size) for i in size]
            cov = [[S[i][j] - alpha * _sum(gain[i][m] * S[m][j] for m in size) for j in size] for i in size]
            return ComponentPosterior(offset, gain, cov)

        return self._cached(("posterior", k, nt), build)  # type: ignore[no-any-return]


def _sum(values: Any) -> Jet:
    result = total(values)
    assert isinstance(result, Jet)
    return result
