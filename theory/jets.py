"""Truncated power series in (x, t) over any ring: balls, float arrays, exact rationals, polynomials, bounds.

A jet holds the Taylor coefficients (not the derivatives) of a function about a point, in the D coordinates of x up to
total order ``nx`` and in t up to order ``nt``. Ring elements need ``+``, ``-``, ``*`` among themselves and ``*``, ``/``
by an ``int``; everything else (exp of a constant term, ..) is asked of a :class:`Ring`. ``None`` stands for a
coefficient that is zero by structure: sums and products skip it, and no rounding can touch it.

The recurrences use the Euler operator (multiplication of each coefficient by its degree), which is a derivation: for
E = exp(u), deg(m) E_m = sum_j deg(j) u_j E_(m-j), and likewise for log, powers and tanh.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import product
from typing import Any, Protocol

Coefficients = list[Any]


class Ring(Protocol):
    """What a jet must know of its coefficients beyond ``+ - *``: numbers and functions of constant terms."""

    def exact(self, value: Fraction | int) -> Any:
        """The ring element of a rational number."""

    def exp(self, value: Any) -> Any:
        """exp of an element."""

    def log(self, value: Any) -> Any:
        """Natural logarithm of an element."""

    def inv(self, value: Any) -> Any:
        """Reciprocal of an element."""

    def sqrt(self, value: Any) -> Any:
        """Positive square root of an element."""

    def tanh(self, value: Any) -> Any:
        """Hyperbolic tangent of an element."""


class Space:
    """The monomials t^j x^b with j <= nt and |b| <= nx, sorted by total degree, and their multiplication table."""

    def __init__(self, D: int, nx: int, nt: int) -> None:
        self.D, self.nx, self.nt = D, nx, nt
        exponents = [b for b in product(range(nx + 1), repeat=D) if sum(b) <= nx]
        self.monomials = sorted(((j, b) for j in range(nt + 1) for b in exponents), key=lambda m: (m[0] + sum(m[1]), m))
        self.index = {m: i for i, m in enumerate(self.monomials)}
        self.degree = [j + sum(b) for j, b in self.monomials]
        self.size = len(self.monomials)
        self._maps: dict[tuple[str, int, int, int], list[tuple[int, int, int]]] = {}

    def __repr__(self) -> str:
        return f"Space(D={self.D}, nx={self.nx}, nt={self.nt})"

    @cached_property
    def products(self) -> list[list[tuple[int, int]]]:
        """products[i] lists (j, m) with monomial i times monomial j equal to monomial m."""
        table: list[list[tuple[int, int]]] = []
        for t1, b1 in self.monomials:
            row = []
            for j, (t2, b2) in enumerate(self.monomials):
                m = self.index.get((t1 + t2, tuple(u + v for u, v in zip(b1, b2))))
                if m is not None:
                    row.append((j, m))
            table.append(row)
        return table

    @cached_property
    def splits(self) -> list[list[tuple[int, int]]]:
        """splits[m] lists (j, i), j not the constant, with monomial j times monomial i equal to monomial m."""
        table: list[list[tuple[int, int]]] = [[] for _ in range(self.size)]
        for j, row in enumerate(self.products):
            if j:
                for i, m in row:
                    table[m].append((j, i))
        return table

    def unit(self, coordinate: int) -> int:
        """The index of the monomial x_coordinate (needs nx >= 1)."""
        return self.index[0, tuple(int(i == coordinate) for i in range(self.D))]

    def conversion(self, other: Space) -> list[tuple[int, int, int]]:
        """Pairs (index in ``self``, index in ``other``, 1) of the monomials that both hold."""
        key = ("into", 0, other.nx, other.nt)
        if key not in self._maps:
            self._maps[key] = [(i, other.index[m], 1) for i, m in enumerate(self.monomials) if m in other.index]
        return self._maps[key]

    def derivation(self, coordinate: int | None) -> list[tuple[int, int, int]]:
        """Triples (index here, index in the space of the derivative, factor); ``None`` is d/dt."""
        key = ("d", -1 if coordinate is None else coordinate, 0, 0)
        if key not in self._maps:
            target = self.lower(coordinate)
            triples = []
            for i, (j, b) in enumerate(self.monomials):
                if coordinate is None:
                    factor, image = j, (j - 1, b)
                else:
                    factor = b[coordinate]
                    image = (j, tuple(v - int(k == coordinate) for k, v in enumerate(b)))
                if factor and image in target.index:
                    triples.append((i, target.index[image], factor))
            self._maps[key] = triples
        return self._maps[key]

    def lower(self, coordinate: int | None) -> Space:
        """The space in which the derivative by x_coordinate (or t, ``None``) is known."""
        return space(self.D, self.nx, self.nt - 1) if coordinate is None else space(self.D, self.nx - 1, self.nt)


@lru_cache(maxsize=512)
def space(D: int, nx: int, nt: int) -> Space:
    """The one :class:`Space` of this shape. Raises ValueError on a negative order."""
    if nx < 0 or nt < 0 or D < 1:
        raise ValueError(f"no jets of order ({nx}, {nt}) in D = {D}")
    return Space(D, nx, nt)


class Jet:
    """A truncated power series: ``c[i]`` is the coefficient of ``space.monomials[i]``, ``None`` a structural zero."""

    __slots__ = ("c", "space")

    def __init__(self, shape: Space, coefficients: Coefficients) -> None:
        self.space, self.c = shape, coefficients

    @classmethod
    def constant(cls, shape: Space, value: Any) -> Jet:
        """The jet of a number."""
        return cls(shape, [value] + [None] * (shape.size - 1))

    @classmethod
    def variable(cls, shape: Space, value: Any, coordinate: int | None, one: Any) -> Jet:
        """The jet of x_coordinate (of t, for ``None``) about ``value``; ``one`` is the ring's 1."""
        jet = cls.constant(shape, value)
        if coordinate is None:
            if shape.nt:
                jet.c[shape.index[1, (0,) * shape.D]] = one
        elif shape.nx:
            jet.c[shape.unit(coordinate)] = one
        return jet

    @property
    def head(self) -> Any:
        """The constant coefficient (``None`` for a structural zero)."""
        return self.c[0]

    def at(self, j: int, b: Sequence[int] = ()) -> Any:
        """The coefficient of t^j x^b; ``None`` for a structural zero."""
        return self.c[self.space.index[j, tuple(b) or (0,) * self.space.D]]

    def into(self, shape: Space) -> Jet:
        """Truncated, or (for a function that is constant in the missing variables) extended by zeros."""
        if shape is self.space:
            return self
        out: Coefficients = [None] * shape.size
        for i, k, _ in self.space.conversion(shape):
            out[k] = self.c[i]
        return Jet(shape, out)

    def derivative(self, coordinate: int | None) -> Jet:
        """The derivative by x_coordinate, or by t for ``None``, one order shorter."""
        out: Coefficients = [None] * self.space.lower(coordinate).size
        for i, k, factor in self.space.derivation(coordinate):
            value = self.c[i]
            if value is not None:
                out[k] = value if factor == 1 else value * factor
        return Jet(self.space.lower(coordinate), out)

    def is_zero(self) -> bool:
        """Whether every coefficient is zero by structure."""
        return all(v is None for v in self.c)

    def __add__(self, other: Jet) -> Jet:
        pairs = zip(self.c, other.c, strict=True)
        return Jet(self.space, [v if u is None else u if v is None else u + v for u, v in pairs])

    def __sub__(self, other: Jet) -> Jet:
        return self + (-other)

    def __neg__(self) -> Jet:
        return Jet(self.space, [None if v is None else -v for v in self.c])

    def scaled(self, factor: Any) -> Jet:
        """Every coefficient times a ring element (or an int)."""
        return Jet(self.space, [None if v is None else v * factor for v in self.c])

    def __mul__(self, other: Jet) -> Jet:
        left, right = self.c, other.c
        if all(v is None for v in left[1:]):
            return Jet(self.space, [None] * len(left)) if left[0] is None else other.scaled(left[0])
        if all(v is None for v in right[1:]):
            return Jet(self.space, [None] * len(left)) if right[0] is None else self.scaled(right[0])
        out: Coefficients = [None] * len(left)
        for u, row in zip(left, self.space.products):
            if u is None:
                continue
            for j, m in row:
                v = right[j]
                if v is not None:
                    w = out[m]
                    out[m] = u * v if w is None else w + u * v
        return Jet(self.space, out)


def exp_unit(u: Jet, one: Any) -> Jet:
    """exp(u - u_0): the series with constant term 1."""
    out: Coefficients = [one] + [None] * (u.space.size - 1)
    degree = u.space.degree
    for m, row in enumerate(u.space.splits):
        total = None
        for j, i in row:
            v = u.c[j]
            w = out[i]
            if v is not None and w is not None:
                term = v if i == 0 else v * w
                if degree[j] != 1:
                    term = term * degree[j]
                total = term if total is None else total + term
        if total is not None:
            out[m] = total if degree[m] == 1 else total / degree[m]
    return Jet(u.space, out)


def log_unit(u: Jet) -> Jet:
    """log(u) for a series whose constant term is 1 (it is not read); the result has constant term 0."""
    out: Coefficients = [None] * u.space.size
    degree = u.space.degree
    for m, row in enumerate(u.space.splits):
        total = None
        for j, i in row:
            v, w = out[j], u.c[i]
            if i and v is not None and w is not None:
                term = v * w if degree[j] == 1 else v * w * degree[j]
                total = term if total is None else total + term
        if total is not None:
            total = -total if degree[m] == 1 else -total / degree[m]
        value = u.c[m] if m else None
        out[m] = total if value is None else value if total is None else value + total
    return Jet(u.space, out)


def power_unit(u: Jet, exponent: Fraction, one: Any) -> Jet:
    """u^exponent (an integer or half-integer) for a series whose constant term is 1 (it is not read)."""
    twice = int(2 * exponent)
    out: Coefficients = [one] + [None] * (u.space.size - 1)
    degree = u.space.degree
    for m, row in enumerate(u.space.splits):
        total = None
        for j, i in row:
            v, w = u.c[j], out[i]
            factor = twice * degree[j] - 2 * degree[i]
            if factor and v is not None and w is not None:
                term = (v if i == 0 else v * w) * factor
                total = term if total is None else total + term
        if total is not None:
            out[m] = total / (2 * degree[m])
    return Jet(u.space, out)


def exp(u: Jet, ring: Ring) -> Jet:
    """exp(u)."""
    unit = exp_unit(u, ring.exact(1))
    return unit if u.head is None else unit.scaled(ring.exp(u.head))


def log(u: Jet, ring: Ring) -> Jet:
    """log(u). Raises ZeroDivisionError for a series without constant term."""
    if u.head is None:
        raise ZeroDivisionError("log of a series without constant term")
    result = log_unit(u.scaled(ring.inv(u.head)))
    result.c[0] = ring.log(u.head)
    return result


def power(u: Jet, exponent: Fraction | int, ring: Ring) -> Jet:
    """u^exponent for an integer or half-integer. Raises ZeroDivisionError for a pole or branch point at the centre."""
    exponent = Fraction(exponent)
    if exponent.denominator == 1 and exponent >= 0:
        return _natural_power(u, int(exponent), ring)
    if u.head is None:
        raise ZeroDivisionError("negative or fractional power of a series without constant term")
    inverse = ring.inv(u.head)
    unit = power_unit(u.scaled(inverse), exponent, ring.exact(1))
    base, count = (ring.inv(u.head), int(-exponent)) if exponent.denominator == 1 else (ring.sqrt(u.head), 0)
    if exponent.denominator == 2:
        count = int(2 * exponent)
        base, count = (base, count) if count > 0 else (ring.inv(base), -count)
    head = base
    for _ in range(count - 1):
        head = head * base
    return unit.scaled(head)


def _natural_power(u: Jet, exponent: int, ring: Ring) -> Jet:
    if exponent == 0:
        return Jet.constant(u.space, ring.exact(1))
    result, base = None, u
    while exponent:
        if exponent & 1:
            result = base if result is None else result * base
        exponent >>= 1
        if exponent:
            base = base * base
    assert result is not None
    return result


def inverse(u: Jet, ring: Ring) -> Jet:
    """1/u."""
    return power(u, -1, ring)


def sqrt(u: Jet, ring: Ring, head: Any = None) -> Jet:
    """The square root; ``head`` is the root of the constant term where it is known exactly."""
    if head is None:
        return power(u, Fraction(1, 2), ring)
    return power_unit(u.scaled(ring.inv(u.head)), Fraction(1, 2), ring.exact(1)).scaled(head)


def tanh(u: Jet, ring: Ring) -> Jet:
    """tanh(u), from y' = (1 - y^2) u'."""
    one = ring.exact(1)
    y: Coefficients = [None if u.head is None else ring.tanh(u.head)] + [None] * (u.space.size - 1)
    slope: Coefficients = [one if y[0] is None else one - y[0] * y[0]] + [None] * (u.space.size - 1)
    degree = u.space.degree
    for m in range(1, u.space.size):
        total = None
        for j, i in u.space.splits[m]:
            v, w = u.c[j], slope[i]
            if v is not None and w is not None:
                term = v * w * degree[j]
                total = term if total is None else total + term
        if total is not None:
            y[m] = total / degree[m]
        square = None
        for j, i in ((0, m), *u.space.splits[m]):
            v, w = y[j], y[i]
            if v is not None and w is not None:
                square = v * w if square is None else square + v * w
        slope[m] = None if square is None else -square
    return Jet(u.space, y)
