"""A Gaussian with element parameters: its density and exact moments. Trusted; standard library only."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cached_property

from theory.kernel.component.elements import NEGATIVE, NONNEGATIVE, NONPOSITIVE, POSITIVE, Element, Exponent, Terms
from theory.kernel.component.ring import Ring
from theory.kernel.component.tensors import Matrix, Vector, total
from theory.kernel.component.zero import sign
from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.witness.component_values import occurs

Powers = tuple[int, ...]


def positive_power(ring: Ring, value: Element, power: Exponent, reason: str) -> Element:
    """``value^power`` where value > 0 by form, or else for the stated ``reason``.

    The reason settles an open sign only: what its form shows to be zero somewhere or negative is refused.
    """
    found = sign(value)
    if found == POSITIVE:
        return ring.power(value, Fraction(power))
    if found in (NONNEGATIVE, NEGATIVE, NONPOSITIVE) or not value.terms:
        raise KernelError(f"not certified positive, although {reason}")
    return ring.declared(value, power, reason=reason)


class Gaussian:
    """N(mean, cov) with elements as parameters, in at most three dimensions.

    ``reason`` says why the determinant is positive, where its form alone does not show it.
    """

    def __init__(self, ring: Ring, mean: Vector, cov: Matrix, reason: str) -> None:
        self.ring, self.mean, self.cov, self.reason = ring, mean, cov, reason
        self._moments: dict[Powers, Element] = {}

    def moment(self, powers: Powers) -> Element:
        """E[prod_i X_i^n_i] by E[X_i f(X)] = m_i E[f] + sum_j C_ij E[d_j f]."""
        if powers not in self._moments:
            first = next((i for i, n in enumerate(powers) if n), None)
            if first is None:
                return self.ring.number(1)
            rest = _lowered(powers, first)
            parts = [self.mean[first] * self.moment(rest)]
            for j, count in enumerate(rest):
                if count:
                    parts.append((self.cov[first][j] * self.moment(_lowered(rest, j))).scaled(Fraction(count)))
            self._moments[powers] = total(parts)
        return self._moments[powers]

    @cached_property
    def _diagonal(self) -> bool:
        return all(not v.terms for i, row in enumerate(self.cov) for j, v in enumerate(row) if i != j)

    @cached_property
    def inverse(self) -> Matrix:
        """cov^-1: the adjugate over the determinant (entry by entry for a diagonal covariance)."""
        size, ring = len(self.mean), self.ring
        if self._diagonal:
            zero = ring.number(0)
            inverse = [positive_power(ring, self.cov[i][i], -1, self.reason) for i in range(size)]
            return tuple(tuple(inverse[i] if i == j else zero for j in range(size)) for i in range(size))
        scale = positive_power(ring, determinant(self.cov), -1, self.reason)
        return tuple(tuple(scale * _cofactor(self.cov, j, i) for j in range(size)) for i in range(size))

    def density(self, at: Vector) -> Element:
        """(2 pi)^(-D/2) det cov^(-1/2) Exp(-(at - mean)^T cov^-1 (at - mean)/2)."""
        size, ring = len(self.mean), self.ring
        gap = [u - v for u, v in zip(at, self.mean, strict=True)]
        square = ring.number(0)
        for i in range(size):
            for j in range(size):
                square = square + gap[i] * self.inverse[i][j] * gap[j]
        scale = ring.power(ring.pi().scaled(Fraction(2)), Fraction(-size, 2))
        half = Fraction(-1, 2)
        if self._diagonal:
            for i in range(size):
                scale = scale * positive_power(ring, self.cov[i][i], half, self.reason)
        else:
            scale = scale * positive_power(ring, determinant(self.cov), half, self.reason)
        return scale * ring.exp(square.scaled(half))


def determinant(matrix: Matrix) -> Element:
    """Laplace expansion along the first row."""
    if len(matrix) == 1:
        return matrix[0][0]
    return total(entry * _cofactor(matrix, 0, j) for j, entry in enumerate(matrix[0]))


def _cofactor(matrix: Matrix, i: int, j: int) -> Element:
    rest = tuple(tuple(v for m, v in enumerate(row) if m != j) for n, row in enumerate(matrix) if n != i)
    minor = determinant(rest) if rest else matrix[0][0].ring.number(1)
    return minor if (i + j) % 2 == 0 else -minor


def average(value: Element, variables: Vector, moment: Callable[[Powers], Element]) -> Element:
    """E[value] over ``variables`` with the given moments, for a polynomial in the variables.

    Raises UnsupportedError if a variable occurs inside an exponential, a logarithm or a denominator.
    """
    ring = value.ring
    places = {next(iter(v.generators())): i for i, v in enumerate(variables)}
    coefficients: dict[Powers, Terms] = {}
    if any(occurs(ring, index, places.keys()) for index in value.generators() - places.keys()):
        raise UnsupportedError("an average of something that is no polynomial in the averaged variable")
    for mono, factor in value.terms.items():
        powers, kept = [0] * len(variables), list[tuple[int, Exponent]]()
        for index, power in mono:
            if index in places:
                if Fraction(power).denominator != 1 or power < 0:
                    raise UnsupportedError("an average of something that is no polynomial")
                powers[places[index]] = int(power)
            else:
                kept.append((index, power))
        coefficients.setdefault(tuple(powers), {})[tuple(kept)] = factor
    parts = (moment(powers) * Element(ring, terms) for powers, terms in coefficients.items())
    return Element(ring, ring.plus(part.terms for part in parts))


def _lowered(powers: Powers, place: int) -> Powers:
    return tuple(n - (i == place) for i, n in enumerate(powers))
