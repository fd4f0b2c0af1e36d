"""Where no certificate can exist: the two sides differ at a Gaussian law with a Gaussian label. Untrusted.

The rules of the kernel hold for any label, so a statement that they prove holds for X0 = Z + noise with Z Gaussian too,
where every average is an exact moment. The kernel speaks of labels with finitely many values only, so this refutes
nothing; it says that a search is in vain.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.index.averages import mentions_label
from theory.kernel.index.monomials import Element, Factor, Scalars
from theory.kernel.witness.gaussian_law import GaussianLaw, log_gaussian, moment
from theory.kernel.witness.intervals import as_interval
from theory.kernel.witness.polynomials import ONE, Polynomial

_D = 2


def in_vain(residual: Element, process: str, positive: frozenset[str]) -> bool:
    """Whether the number ``residual`` is not 0 at the law with a Gaussian label; False if that cannot be said."""
    if not mentions_label(residual):
        return False
    law = GaussianLabel(_D, 0, process, positive)
    try:
        value = as_interval(law.value(residual, {}))
    except KernelError:
        return False
    return value.lo > 0 or value.hi < 0


class GaussianLabel(GaussianLaw):
    """X0 = Z + noise in each coordinate, Z Gaussian with variance ``share`` times that of X0."""

    def __init__(self, dimension: int, seed: int, process: str, positive: frozenset[str]) -> None:
        super().__init__(dimension, seed, process, positive)
        share = self.source.positive()
        self.between = tuple(c * share / (1 + share) for c in self.cov)
        self.within = tuple(c - b for c, b in zip(self.cov, self.between, strict=True))
        alpha, sigma = self.germ.alpha, self.germ.sigma
        self.given = tuple(alpha**2 * w + sigma**2 for w in self.within)

    @lru_cache(maxsize=16)  # noqa: B019
    def _logarithm(self, name: str) -> Polynomial:
        if name == "lwz":
            return log_gaussian([_z(d) - m for d, m in enumerate(self.mean)], self.between)
        if name == "lpz":
            deviations = [Polynomial.generator(("x", d)) - _z(d) * self.germ.alpha for d in range(self.D)]
            return log_gaussian(deviations, self.given)
        return super()._logarithm(name)

    def _scalars(self, scalars: Scalars) -> Polynomial:
        if any(tag[0] == "wz" for tag, _ in scalars):
            raise UnsupportedError("a density outside a logarithm")
        return super()._scalars(scalars)

    def _factors(self, factors: tuple[Factor, ...], at: dict[int, int]) -> Polynomial:
        if any(kind in ("mz", "Sz", "vinv") for kind, _, _ in factors):
            raise UnsupportedError("the moments of a component of a mixture")
        return super()._factors(factors, at)

    def _averaged(self, kind: str, inner: Polynomial) -> Polynomial:
        inner = self._over_ends(inner)
        if kind == "zpost":
            return inner
        inner = self._over_labels(inner)
        return inner if kind == "post" else self._mean(inner)

    def _over_ends(self, inner: Polynomial) -> Polynomial:
        """Each X0_d given x and Z is N(Z + K (x - alpha Z), w - K alpha w), K = w alpha / (alpha^2 w + sigma^2)."""
        alpha = self.germ.alpha

        def law(d: int) -> tuple[Polynomial, Fraction]:
            gain = self.within[d] * alpha / self.given[d]
            centre = Polynomial.generator(("x", d)) * gain + _z(d) * (1 - gain * alpha)
            return centre, self.within[d] * (1 - gain * alpha)

        return _replaced(inner, "X", [law(d) for d in range(self.D)])

    def _over_labels(self, inner: Polynomial) -> Polynomial:
        """Each Z_d given x is N(m + K (x - alpha m), b - K alpha b), K = b alpha / (alpha^2 c + sigma^2)."""
        alpha = self.germ.alpha

        def law(d: int) -> tuple[Polynomial, Fraction]:
            gain = self.between[d] * alpha / self.spread[d]
            centre = Polynomial.generator(("x", d)) * gain + self.mean[d] * (1 - gain * alpha)
            return centre, self.between[d] * (1 - gain * alpha)

        return _replaced(inner, "z", [law(d) for d in range(self.D)])


def _z(d: int) -> Polynomial:
    return Polynomial.generator(("z", d))


def _replaced(inner: Polynomial, name: str, laws: list[tuple[Polynomial, Fraction]]) -> Polynomial:
    """Every power of a generator (name, d) replaced by its moment."""
    pieces = []
    for monomial, coefficient in inner.terms.items():
        piece = ONE * coefficient
        for tag, exponent in monomial:
            if tag[0] == name:
                piece = piece * moment(*laws[int(tag[1])], exponent)
            else:
                piece = piece * Polynomial.generator(tag, exponent)
        pieces.append(piece)
    return Polynomial.sum_of(pieces)
