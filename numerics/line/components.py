"""The components of X_t on the line as power series in one parameter.

X_t = alpha X_0 + sigma eps; component k has weight w_k, place M_k = alpha m_k and variance v_k = alpha^2 S_k + sigma^2.
The parameter is the time t of the process (the germ holds its derivatives) or a symbol of the law; its increment tau is
the variable of the series. All numbers are balls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from numerics.balls import ArbRing, Ball, arb, coefficients_of, series, truncated
from numerics.evaluate import Interpreter
from numerics.rings import Unsupported
from theory.calculus import as_scalar_term, at_symbols, diff, fold_constants
from theory.language.instances import Germ, Law, Scalar

Series = list[Ball]
TIME = ""
"""The parameter that is the time of the process."""


@dataclass(frozen=True)
class Components:
    """w_k, m_k, S_k, alpha and sigma^2 as series of one length; ``shared``: all S_k are known to be equal."""

    weights: tuple[Series, ...]
    means: tuple[Series, ...]
    spreads: tuple[Series, ...]
    alpha: Series
    sigma2: Series
    shared: bool

    @property
    def K(self) -> int:
        """The number of components."""
        return len(self.weights)

    @property
    def length(self) -> int:
        """How many coefficients the series have."""
        return len(self.alpha)

    @cached_property
    def places(self) -> list[Series]:
        """M_k = alpha m_k."""
        return [_product(self.alpha, m) for m in self.means]

    @cached_property
    def variances(self) -> list[Series]:
        """v_k = alpha^2 S_k + sigma^2."""
        square = _product(self.alpha, self.alpha)
        if self.shared:
            return [_sum(_product(square, self.spreads[0]), self.sigma2)] * self.K
        return [_sum(_product(square, s), self.sigma2) for s in self.spreads]

    @cached_property
    def logs(self) -> list[tuple[Series, Series, Series]]:
        """(A, B, C) with log u_k(x) = A + B x + C x^2."""
        out = []
        with truncated(self.length):
            tau = 2 * arb.pi()
            inverse = None
            for w, m, v in zip(self.weights, self.places, self.variances, strict=True):
                inverse = 1 / series(v) if inverse is None or not self.shared else inverse
                M = series(m)
                B = M * inverse
                A = series(w).log() - (series(v) * tau).log() / 2 - B * M / 2
                out.append(tuple(coefficients_of(part, self.length) for part in (A, B, inverse / -2)))
        return out  # type: ignore[return-value]

    def constant(self) -> Components:
        """The same at the parameter's own value: series of length one."""
        if self.length == 1:
            return self
        return Components(
            tuple(w[:1] for w in self.weights), tuple(m[:1] for m in self.means),
            tuple(s[:1] for s in self.spreads), self.alpha[:1], self.sigma2[:1], self.shared,
        )  # fmt: skip


def _product(left: Series, right: Series) -> Series:
    if len(left) == 1:
        return [left[0] * right[0]]
    return [sum((left[j] * right[i - j] for j in range(i + 1)), arb(0)) for i in range(len(left))]


def _sum(left: Series, right: Series) -> Series:
    return [u + v for u, v in zip(left, right, strict=True)]


@lru_cache(maxsize=4096)
def _derivatives(value: Scalar, symbol: str, order: int) -> tuple[Scalar, ...]:
    """value and its derivatives by ``symbol``, divided by factorials."""
    term, out, factorial = as_scalar_term(value), [], Fraction(1)
    for i in range(order + 1):
        factorial *= max(i, 1)
        out.append(fold_constants(term * (1 / factorial)) if i else value)
        term = diff(term, symbol)
    return tuple(out)


def components_of(
    law: Law, germ: Germ, *, order: int = 0, by: str = TIME, symbols: Sequence[tuple[str, Scalar]] = ()
) -> Components:
    """The components of X_t at the working precision, as series of order ``order``.

    ``by`` names a symbol of the law (its value is among ``symbols``), or is :data:`TIME`. Raises Unsupported for a law
    that is not on the line, LawError where the germ holds too few derivatives.
    """
    if law.D != 1:
        raise Unsupported(f"components on the line of a law in D = {law.D}")
    reader = Interpreter(ArbRing(), law, germ, symbols=symbols)
    values = dict(symbols)

    def scalar(value: Scalar) -> Series:
        if by == TIME or isinstance(value, Fraction):
            bound = value if isinstance(value, Fraction) else fold_constants(at_symbols(value, values))
            return [reader.scalar(bound)] + [arb(0)] * order
        parts = _derivatives(value, by, order)
        return [reader.scalar(fold_constants(at_symbols(as_scalar_term(p), values))) for p in parts]

    def schedule(name: str) -> Series:
        if by != TIME:
            return [reader.model.schedule(name, 0).head] + [arb(0)] * order
        jet = reader.model.schedule(name, order)
        return [arb(0) if jet.at(i) is None else jet.at(i) for i in range(order + 1)]

    parts = law.components
    spreads = [p.cov[0][0] for p in parts]
    shared = all(s == spreads[0] for s in spreads)
    sigma = schedule("sigma")
    return Components(
        tuple(scalar(p.weight) for p in parts), tuple(scalar(p.mean[0]) for p in parts),
        tuple(scalar(s) for s in spreads), schedule("alpha"), _product(sigma, sigma), shared,
    )  # fmt: skip
