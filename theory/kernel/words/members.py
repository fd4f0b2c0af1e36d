"""Exact Gaussian members of a setting: rational matrices and vectors, and how they move. Trusted; standard library.

Nothing here is random: the numbers come from a fixed arithmetic sequence, so every refutation can be repeated. Taylor
coefficients come from the differential equations of the process, order by order.
"""

from __future__ import annotations

from fractions import Fraction
from math import factorial

from theory.kernel.errors import UnsupportedError
from theory.kernel.witness import intervals
from theory.kernel.witness.germs import Number, Rationals
from theory.kernel.words.fields import (
    ZERO,
    Series,
    SeriesMatrix,
    add,
    convolve,
    matrix_product,
    scale,
    series_power,
)

_TRIPLES = ((3, 4, 5), (5, 12, 13), (8, 15, 17), (7, 24, 25), (20, 21, 29))
_LEVELS = ((Fraction(3, 5), Fraction(4, 5)), (Fraction(7, 4), Fraction(2, 3)), (Fraction(1, 3), Fraction(5, 4)))
_ORDERS = 6
Rows = list[list[Fraction]]


class Member:
    """One Gaussian law and one process at one time, with points x and X0, in ``size`` dimensions."""

    def __init__(self, process: str, size: int, seed: int, positive: frozenset[str]) -> None:
        self.process, self.size, self.positive = process, size, positive
        self._source = Rationals(seed + 11)
        self._symbols: dict[str, Fraction] = {}
        self._rows: dict[str, list[Rows]] = {}
        self._schedules: dict[tuple[str, int], Series] = {}
        self._laws: dict[tuple[str, int], tuple[list[Series], SeriesMatrix]] = {}
        self._used = 0
        self.means = {"mu": self._vector(), "muq": self._vector()}
        self.covs = {"mu": self._covariance(), "muq": self._covariance()}
        self.x, self.end = self._vector(), self._vector()
        self.sigma, self.g = Fraction(1), Fraction(1)
        if process == "matrix":
            noise = self._square()
            self._rows["A"] = [self._square() for _ in range(_ORDERS)]
            self._rows["G"] = [_gram(noise), *(_symmetric(self._square()) for _ in range(_ORDERS - 1))]
        else:
            self._draw_germ(seed)

    def _draw_germ(self, seed: int) -> None:
        alpha, self.sigma = _LEVELS[seed % len(_LEVELS)]
        if self.process == "ve":
            alpha = Fraction(1)
        if self.process == "vp":
            u, v, w = _TRIPLES[seed % len(_TRIPLES)]
            alpha, self.sigma = Fraction(u, w), Fraction(v, w)
        self.g = self._source.positive()
        self.g2 = (self.g**2, *(self._source.signed(5) for _ in range(_ORDERS)))
        drawn = tuple(self._source.signed(5) for _ in range(_ORDERS + 1))
        self.a = {"ve": (ZERO,) * (_ORDERS + 1), "vp": tuple(v / -2 for v in self.g2)}.get(self.process, drawn)
        self.alpha0 = alpha

    def _vector(self) -> list[Fraction]:
        return [self._source.signed(9) for _ in range(self.size)]

    def _square(self) -> Rows:
        return [self._vector() for _ in range(self.size)]

    def _covariance(self) -> Rows:
        """B B^T/4 + diag(d), d > 0."""
        rows = [[v / 4 for v in row] for row in _gram(self._square())]
        for i in range(self.size):
            rows[i][i] += self._source.positive()
        return rows

    def symbol(self, name: str) -> Fraction:
        """The value of a symbol of the statement, drawn once."""
        if name not in self._symbols:
            positive = name in self.positive
            self._symbols[name] = self._source.positive() if positive else self._source.signed()
        return self._symbols[name]

    # -- how it moves --------------------------------------------------------------------------------------------------
    def rows(self, name: str, order: int) -> SeriesMatrix:
        """A or G as a matrix of series. Raises UnsupportedError beyond the orders that are drawn."""
        self._reach(order)
        known = self._rows[name]
        size = range(self.size)
        return [[tuple(known[n][i][j] for n in range(order + 1)) for j in size] for i in size]

    def schedule(self, name: str, order: int) -> Series:
        """alpha, sigma, sigma^2, a, g as series. Raises UnsupportedError beyond the orders that are drawn."""
        if (name, order) not in self._schedules:
            self._reach(order)
            self._schedules[name, order] = self._schedule(name, order)
        return self._schedules[name, order]

    def _reach(self, order: int) -> None:
        if order >= _ORDERS:
            raise UnsupportedError("a witness with more derivatives than are drawn")
        self._used = max(self._used, order)

    def _schedule(self, name: str, order: int) -> Series:
        a, g2 = self.a[: order + 1], self.g2[: order + 1]
        if name == "a":
            return a
        if name == "g":
            return (self.g, *series_power(g2, Fraction(1, 2))[1:])
        if name == "sigma":
            return series_power(self.schedule("sigma^2", order), Fraction(1, 2))
        found: list[Number] = [self.alpha0 if name == "alpha" else self.sigma**2]
        for n in range(order):
            pulled: Number = convolve(a, (*found, *([ZERO] * (order + 1 - len(found)))))[n]
            found.append((pulled if name == "alpha" else pulled * 2 + g2[n]) * Fraction(1, n + 1))
        return tuple(found)

    def law(self, name: str, order: int) -> tuple[list[Series], SeriesMatrix]:
        """Mean and covariance of X_t: ``mu`` of the law itself, ``muq`` of the one whose density is q."""
        if (name, order) not in self._laws:
            self._laws[name, order] = self._law(name, order)
        return self._laws[name, order]

    def _law(self, name: str, order: int) -> tuple[list[Series], SeriesMatrix]:
        size = range(self.size)
        if self.process != "matrix":
            alpha = self.schedule("alpha", order)
            square, noise = convolve(alpha, alpha), self.schedule("sigma^2", order)
            nothing = (ZERO,) * (order + 1)
            mean = [scale(alpha, v) for v in self.means[name]]
            cov = [
                [add(scale(square, self.covs[name][i][j]), noise if i == j else nothing) for j in size] for i in size
            ]
            return mean, cov
        drift, noise_rows = self.rows("A", order), self.rows("G", order)
        means: list[list[Number]] = [[v] for v in self.means[name]]
        covs: list[list[list[Number]]] = [[[v] for v in row] for row in self.covs[name]]
        for n in range(order):
            column = [[_padded(m, order)] for m in means]
            pushed = matrix_product(drift, column)
            square_now = [[_padded(v, order) for v in row] for row in covs]
            moved = matrix_product(drift, square_now)
            for i in size:
                means[i].append(pushed[i][0][n] * Fraction(1, n + 1))
                for j in size:
                    rate = moved[i][j][n] + moved[j][i][n] + noise_rows[i][j][n]
                    covs[i][j].append(rate * Fraction(1, n + 1))
        return [tuple(m) for m in means], [[tuple(v) for v in row] for row in covs]

    def text(self, space: bool, latent: bool, other: bool) -> dict[str, str]:
        """The member in words, every number exact."""
        out = {"D": str(self.size)}
        for name, mean, cov in (("mu", "mean", "covariance"), ("muq", "mean of q", "covariance of q")):
            if name == "mu" or other:
                what = " of X_t" if self.process == "matrix" else " of X0"
                out[mean + what] = _words([self.means[name]])
                out[cov + what] = _words(self.covs[name])
        if self.process == "matrix":
            for name, rows in self._rows.items():
                out |= {_derivative(name, n): _words(_multiple(rows[n], factorial(n))) for n in range(self._used + 1)}
        else:
            names = {"alpha": self.alpha0, "sigma": self.sigma, "a": self.a[0], "g": self.g}
            for n in range(1, self._used + 1):
                names |= {
                    _derivative("a", n): self.a[n] * factorial(n),
                    _derivative("g^2", n): self.g2[n] * factorial(n),
                }
            out["germ"] = ", ".join(f"{name} = {value}" for name, value in names.items())
        if space:
            out["x"] = _words([self.x])
        if latent:
            out["X0"] = _words([self.end])
        if self._symbols:
            out["symbols"] = ", ".join(f"{name} = {value}" for name, value in sorted(self._symbols.items()))
        return out


def _padded(values: list[Number], order: int) -> Series:
    return (*values, *([ZERO] * (order + 1 - len(values))))


def _gram(rows: Rows) -> Rows:
    return [[sum((u * v for u, v in zip(r, s, strict=True)), ZERO) for s in rows] for r in rows]


def _symmetric(rows: Rows) -> Rows:
    size = range(len(rows))
    return [[rows[i][j] + rows[j][i] for j in size] for i in size]


def _multiple(rows: Rows, factor: int) -> Rows:
    return [[v * factor for v in row] for row in rows]


def _derivative(name: str, order: int) -> str:
    return f"derivative {order} of {name}" if order else name


def _words(rows: Rows) -> str:
    inside = ["(" + ", ".join(map(str, row)) + ")" for row in rows]
    return inside[0] if len(inside) == 1 else "(" + ", ".join(inside) + ")"


def log_two_pi() -> Number:
    """log(2 pi)."""
    return intervals.log(2 * intervals.pi())
