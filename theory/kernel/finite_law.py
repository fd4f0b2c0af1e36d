"""Exact values of field statements at a finite discrete law. Trusted; standard library only.

The posterior weights r_k = P(y_k | x) are chosen as free rationals: the prior weights that give them, w_k proportional
to r_k / k(x|y_k), always exist. So posterior averages are exact rationals; only densities and logarithms need
intervals.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any

from theory.kernel import intervals
from theory.kernel.errors import UnsupportedError
from theory.kernel.intervals import Interval, as_interval
from theory.kernel.monomials import Element, Factor, Monomial, Scalars, indices_of
from theory.kernel.witness_data import Germ, Number, Rationals, power

ZERO = Fraction(0)


class FiniteLaw:
    """A discrete law with K atoms seen from a point x, at a germ; all data rational."""

    def __init__(self, dimension: int, atoms: int, seed: int, process: str, positive: frozenset[str]) -> None:
        self.source = Rationals(seed)
        self.D = dimension
        self.germ = Germ(process, dimension, self.source, positive, level=seed)
        self.x = tuple(self.source.signed() for _ in range(dimension))
        self.places = tuple(tuple(self.source.signed() for _ in range(dimension)) for _ in range(atoms))
        shares = [self.source.positive() for _ in range(atoms)]
        self.weights = tuple(share / sum(shares) for share in shares)
        self._jets: dict[tuple[Any, tuple[int, ...]], Fraction] = {}
        self._averages: dict[tuple[Monomial, tuple[tuple[int, int], ...]], Number] = {}

    @cached_property
    def log_kernels(self) -> tuple[Interval, ...]:
        """log k(x|y_k)."""
        alpha, sigma = self.germ.alpha, self.germ.sigma
        scale = self.D * (intervals.log(sigma) + intervals.log(2 * intervals.pi()) * Fraction(1, 2))
        out = []
        for place in self.places:
            distance = sum(((u - alpha * y) ** 2 for u, y in zip(self.x, place, strict=True)), ZERO)
            out.append(as_interval(-distance / (2 * sigma**2)) - scale)
        return tuple(out)

    @cached_property
    def log_density(self) -> Interval:
        """log p(x) = -log sum_k r_k / k(x|y_k), which makes the prior weights sum to 1."""
        total = as_interval(0)
        for weight, value in zip(self.weights, self.log_kernels, strict=True):
            total = total + intervals.exp(-value) * weight
        return -intervals.log(total)

    def log_prior(self, k: int) -> Interval:
        """log w_k = log r_k + log p - log k(x|y_k)."""
        return intervals.log(self.weights[k]) + self.log_density - self.log_kernels[k]

    def value(self, element: Element, at: dict[int, int], end: int | None) -> Number:
        """The value with free indices put to the coordinates ``at`` and X0 put to the atom ``end``.

        Raises UnsupportedError for what depends on an average over x, KernelError where a denominator vanishes.
        """
        total: Number = ZERO
        for (scalars, factors), coefficient in element.terms.items():
            scale = self._scalars(scalars, end)
            summed = sorted({i for i in indices_of(factors) if i < 0})
            inner: Number = ZERO
            for choice in product(range(self.D), repeat=len(summed)):
                inner = inner + self._factors(factors, {**at, **dict(zip(summed, choice, strict=True))}, end)
            total = total + inner * scale * coefficient
        return total

    def _scalars(self, scalars: Scalars, end: int | None) -> Number:
        out: Number = Fraction(1)
        for tag, exponent in scalars:
            out = out * power(self._scalar(tag, end), exponent)
        return out

    def _scalar(self, tag: tuple[Any, ...], end: int | None) -> Number:
        name = tag[0]
        if name == "lp":
            return self.log_density
        if name == "p":
            return intervals.exp(self.log_density)
        if name in ("lk", "k", "lp0", "p0"):
            if end is None:
                raise UnsupportedError("an end point without a value")
            log = self.log_kernels[end] if name in ("lk", "k") else self.log_prior(end)
            return log if name in ("lk", "lp0") else intervals.exp(log)
        return self.germ.number(tag, lambda element: self.value(element, {}, end))

    def _factors(self, factors: tuple[Factor, ...], at: dict[int, int], end: int | None) -> Number:
        out: Number = Fraction(1)
        for kind, data, slots in factors:
            if kind == "x":
                out = out * self.x[at[slots[0]]]
            elif kind == "X":
                if end is None:
                    raise UnsupportedError("an end point without a value")
                out = out * self.places[end][at[slots[0]]]
            elif kind == "delta":
                if at[slots[0]] != at[slots[1]]:
                    return ZERO
            elif kind == "field":
                out = out * self._jet(data, tuple(at[i] for i in slots))
            elif kind == "post":
                out = out * self._average(data, at)
            else:
                raise UnsupportedError("an average over x has no value at a point")
            if out == ZERO:
                return ZERO
        return out

    def _jet(self, data: tuple[str, int], places: tuple[int, ...]) -> Fraction:
        """A derivative of a test field at x: free data, symmetric in the derivative slots."""
        key = (data, places[: data[1]] + tuple(sorted(places[data[1] :])))
        if key not in self._jets:
            self._jets[key] = self.source.signed(9)
        return self._jets[key]

    def _average(self, monomial: Monomial, at: dict[int, int]) -> Number:
        used = tuple(sorted((i, at[i]) for i in set(indices_of(monomial[1]))))
        key = (monomial, used)
        if key not in self._averages:
            total: Number = ZERO
            for k, weight in enumerate(self.weights):
                inner = self._factors(monomial[1], at, k)
                total = total + inner * self._scalars(monomial[0], k) * weight
            self._averages[key] = total
        return self._averages[key]

    def ends(self) -> Iterator[int]:
        """The atoms, as values of a free X0."""
        return iter(range(len(self.places)))

    def text(self, end: int | None) -> dict[str, str]:
        """The instance in words."""
        out = {
            "law": f"{len(self.places)} atoms at {', '.join(map(vector, self.places))}, prior weights proportional to "
            f"r_k / k(x|y_k) with r = {vector(self.weights)}",
            "germ": self.germ.text(),
            "x": vector(self.x),
        }
        if end is not None:
            out["X0"] = vector(self.places[end])
        return out


def vector(values: tuple[Fraction, ...]) -> str:
    """(1/2, -3)."""
    return "(" + ", ".join(map(str, values)) + ")"
