"""A diffusion with a drift that is not linear and densities in closed form, to check identities about any drift.

Brownian motion in the clock tau (d tau = g^2 dt) under Doob's h-transform: h(x, t) = sum c e^(l x - l^2 tau/2) solves
the backward equation, so f = g^2 d/dx log h moves k(x|X0) = h(x, t)/h(X0, 0) N(x; X0, tau), exactly, from any law of
atoms. Everything is a truncated power series in (x, t) about each point of a grid, in one dimension: here ranks
collapse, and only the core operators are read. Floats: a check of what was derived by hand, never a proof.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from theory.language.definitions import unfold
from theory.language.statements import Rel
from theory.language.terms import Term

Array = NDArray[np.float64]
NX, NT = 7, 2
TAU, G2, G2_RATE = 0.7, 0.9, -0.3
TILTS, TILT_WEIGHTS = (-0.8, 0.5, 1.1), (0.6, 1.0, 0.5)
ATOMS, WEIGHTS, OTHER, LABELS = (-1.0, 0.3, 1.2), (0.2, 0.5, 0.3), (0.45, 0.15, 0.4), (0, 1, 1)
"""The places of the atoms; their weights under the first and under the second law; the label of each."""
GRID = np.linspace(-9.0, 9.0, 361)
SHOWN = np.abs(GRID) < 2.5


class Series:
    """Coefficients of x^i t^j about every grid point: an array (NX + 1, NT + 1, atoms or 1, points)."""

    def __init__(self, c: Array) -> None:
        self.c = c

    def __add__(self, other: Series) -> Series:
        return Series(self.c + other.c)

    def __mul__(self, other: Series) -> Series:
        shape = np.broadcast_shapes(self.c.shape, other.c.shape)
        out = np.zeros(shape)
        for i in range(NX + 1):
            for j in range(NT + 1):
                out[i:, j:] += self.c[i, j] * other.c[: NX + 1 - i, : NT + 1 - j]
        return Series(out)

    def through(self, values: list[Array]) -> Series:
        """sum values[n] (self - self_0)^n: a function with Taylor coefficients ``values`` at the constant term."""
        rest = self.c.copy()
        rest[0, 0] = 0
        total, power = Series(_constant(values[0])), Series(_constant(np.ones_like(values[0])))
        for value in values[1:]:
            power = power * Series(rest)
            total = total + Series(power.c * value)
        return total

    @property
    def head(self) -> Array:
        """The values at the grid points."""
        value: Array = self.c[0, 0]
        return value


def _constant(value: Array | float) -> Array:
    array = np.atleast_2d(np.asarray(value, dtype=float))
    out = np.zeros((NX + 1, NT + 1, *array.shape))
    out[0, 0] = array
    return out


def _number(value: float) -> Series:
    return Series(_constant(np.full((1, len(GRID)), value)))


def _exp(u: Series) -> Series:
    head = np.exp(u.head)
    out: list[Array] = []
    for n in range(NX + NT + 1):
        out.append(head if n == 0 else out[-1] / n)
    return u.through(out)


def _log(u: Series) -> Series:
    values = [np.log(u.head)] + [(-1.0) ** (n + 1) / n * u.head ** (-n) for n in range(1, NX + NT + 1)]
    return u.through(values)


def _power(u: Series, exponent: Fraction) -> Series:
    if exponent.denominator == 1 and exponent >= 0:
        out = _number(1.0)
        for _ in range(int(exponent)):
            out = out * u
        return out
    e, values, factor = float(exponent), [], 1.0
    for n in range(NX + NT + 1):
        values.append(factor * u.head ** (e - n))
        factor *= (e - n) / (n + 1)
    return u.through(values)


def _x() -> Series:
    c = _constant(GRID[None, :])
    c[1, 0] = 1.0
    return Series(c)


def _in_time(*coefficients: float) -> Series:
    c = _constant(np.zeros((1, len(GRID))))
    for j, value in enumerate(coefficients[: NT + 1]):
        c[0, j] = value
    return Series(c)


class Doob:
    """The values of terms on the grid; every term once."""

    def __init__(self) -> None:
        x, tau = _x(), _in_time(TAU, G2, G2_RATE / 2)
        self.g2 = _in_time(G2, G2_RATE)
        h = _number(0.0)
        for tilt, weight in zip(TILTS, TILT_WEIGHTS, strict=True):
            h = h + _number(weight) * _exp(_number(tilt) * x + _number(-(tilt**2) / 2) * tau)
        atoms = Series(_constant(np.repeat(np.array(ATOMS)[:, None], len(GRID), 1)))
        start = sum(w * np.exp(t * np.array(ATOMS)) for t, w in zip(TILTS, TILT_WEIGHTS, strict=True))
        gap = x + Series(-atoms.c)
        kernel = _exp(_number(-0.5) * gap * gap * _power(tau, Fraction(-1))) * _power(tau, Fraction(-1, 2)) * h
        scale = np.asarray(start)[:, None] * np.sqrt(2 * np.pi)
        self.kernel = Series(kernel.c / scale)
        self.first, self.second = np.array(WEIGHTS)[:, None], np.array(OTHER)[:, None]
        same = np.equal.outer(LABELS, LABELS)  # which atoms share a label
        self.share = (same * np.array(WEIGHTS)).sum(1)[:, None]
        self.within = same * np.array(WEIGHTS) / self.share
        self.p, self.q = (Series((self.kernel.c * w).sum(2, keepdims=True)) for w in (self.first, self.second))
        self.x, self.atoms, self.f = x, atoms, self.g2 * _slope(_log(h))
        self.known: dict[Term, Series] = {}

    def value(self, term: Term) -> Series:
        """A core term on the grid. Raises KeyError for an operator that is not read here."""
        if term not in self.known:
            self.known[term] = self._read(term)
        return self.known[term]

    def _read(self, term: Term) -> Series:
        leaves: dict[str, Callable[[], Series]] = {
            "x": lambda: self.x, "X0": lambda: self.atoms, "f": lambda: self.f, "p": lambda: self.p,
            "q": lambda: self.q, "kern": lambda: self.kernel, "dim": lambda: _number(1.0), "eye": lambda: _number(1.0),
            "pz": self._labelled,
            "wz": lambda: Series(_constant(np.repeat(self.share, len(GRID), 1))),
            "origin": lambda: _number(0.0), "p0": lambda: Series(_constant(np.repeat(self.first, len(GRID), 1))),
        }  # fmt: skip
        if term.op in leaves:
            return leaves[term.op]()
        if term.op == "num":
            return _number(float(Fraction(str(term.data))))
        if term.op == "sym":
            return _number(1.4)
        if term.op == "tfun" and term.data == "g":
            return _power(self.g2, Fraction(1, 2))
        if term.op == "field":
            return self._test_field(str(term.data))
        if not term.args:
            raise KeyError(term.op)
        args = [self.value(t) for t in term.args]
        if term.op in ("add", "mul", "dot", "outer"):
            out = args[0]
            for other in args[1:]:
                out = out + other if term.op == "add" else out * other
            return out
        return self._apply(term, args[0])

    def _apply(self, term: Term, u: Series) -> Series:
        rules: dict[str, Callable[[], Series]] = {
            "tr": lambda: u, "transpose": lambda: u, "coord": lambda: u, "log": lambda: _log(u), "exp": lambda: _exp(u),
            "pow": lambda: _power(u, Fraction(str(term.data))), "grad": lambda: _slope(u), "dt": lambda: _rate(u),
            "post": lambda: self._joint(u) * _power(self.p, Fraction(-1)), "E": lambda: self._average(u),
        }  # fmt: skip
        return rules[term.op]()

    def _joint(self, u: Series) -> Series:
        return Series(((self.kernel * u).c * self.first).sum(2, keepdims=True))

    def _labelled(self) -> Series:
        """The density given the label of each atom."""
        return Series(np.einsum("kl,ijln->ijkn", self.within, self.kernel.c))

    def _average(self, u: Series) -> Series:
        per_time = self._joint(u).c[0, :, 0].sum(-1) * (GRID[1] - GRID[0])
        return _in_time(*per_time)

    def _test_field(self, name: str) -> Series:
        seed = sum(ord(letter) for letter in name)
        out = _number(0.4)
        for n in (1, 2, 3):
            out = out + _number((1 + (seed + n) % 5) / (3 + n)) * _power(self.x, Fraction(n))
        return out


def _slope(u: Series) -> Series:
    c = np.zeros_like(u.c)
    c[:-1] = u.c[1:] * np.arange(1, NX + 1)[:, None, None, None]
    return Series(c)


def _rate(u: Series) -> Series:
    c = np.zeros_like(u.c)
    c[:, :-1] = u.c[:, 1:] * np.arange(1, NT + 1)[:, None, None]
    return Series(c)


def doob_gap(rel: Rel, process: Doob) -> float:
    """The largest distance of the sides, relative to their size or 1, over the middle of the grid and the atoms."""
    left, right = (process.value(unfold(side)).head for side in (rel.lhs, rel.rhs))
    left, right = np.broadcast_arrays(left, right)
    left, right = left[:, SHOWN], right[:, SHOWN]
    size = np.maximum(np.maximum(np.abs(left), np.abs(right)), 1.0)
    worst = float(np.max(np.abs(left - right) / size))
    return worst if np.isfinite(worst) else float("inf")
