"""Quantities of a single Gaussian (or a single atom) in any dimension: closed forms in balls.

With C = alpha^2 S + sigma^2 I the covariance of X_t: the posterior covariance is sigma^2 S C^-1, the Fisher information
tr C^-1, H(X_t) = (log det C + D log 2 pi e)/2, I(X0; Xt) = log det(C/sigma^2)/2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from numerics.balls import ArbRing, Ball, ball
from numerics.evaluate import Interpreter
from numerics.rings import Unsupported

USES = ("entropy.gaussian_closed",)
NULL_USES = ("path.gaussian_null",)


@dataclass(frozen=True)
class GaussianNumbers:
    """What the closed forms are made of: D, log det C, tr C^-1, tr(S C^-1), log det S (None for an atom), sigma^2."""

    D: int
    log_det: Ball
    trace_inverse: Ball
    trace_gain: Ball
    log_det_data: Ball | None
    sigma2: Ball

    @property
    def is_atom(self) -> bool:
        """The law is a single point."""
        return self.log_det_data is None


def _solve(matrix: list[list[Ball]], right: list[list[Ball]]) -> tuple[list[Ball], list[list[Ball]]]:
    """(pivots, X) with matrix X = right, by elimination without exchange (the matrix is positive definite)."""
    size = len(matrix)
    rows = [list(a) + list(b) for a, b in zip(matrix, right, strict=True)]
    pivots = []
    for k in range(size):
        pivot = rows[k][k]
        if not pivot > 0:
            raise Unsupported("the covariance of X_t cannot be told from a singular one at this precision")
        pivots.append(pivot)
        for i in range(size):
            if i != k:
                factor = rows[i][k] / pivot
                rows[i] = [u - factor * v for u, v in zip(rows[i], rows[k], strict=True)]
    return pivots, [[v / pivots[k] for v in rows[k][size:]] for k in range(size)]


def is_positive_definite(matrix: list[list[Ball]]) -> bool:
    """Whether every pivot is certainly positive."""
    try:
        _solve(matrix, [[] for _ in matrix])
    except Unsupported:
        return False
    return True


def gaussian_numbers(interpreter: Interpreter) -> GaussianNumbers:
    """The numbers of a law with one component, at the interpreter's precision."""
    part = interpreter.law.components[0]
    size = interpreter.law.D
    alpha, sigma = interpreter.scalar(interpreter.germ.alpha), interpreter.scalar(interpreter.germ.sigma)
    data = [[interpreter.scalar(v) for v in row] for row in part.cov]
    zero, one = ball(0), ball(1)
    unit = [[one if i == j else zero for j in range(size)] for i in range(size)]
    noisy = [[alpha**2 * data[i][j] + sigma**2 * unit[i][j] for j in range(size)] for i in range(size)]
    pivots, solved = _solve(noisy, [data[i] + unit[i] for i in range(size)])
    gain = sum((solved[i][i] for i in range(size)), zero)
    inverse = sum((solved[i][size + i] for i in range(size)), zero)
    data_pivots = None if part.is_atom else _solve(data, unit)[0]
    log_data = None if data_pivots is None else sum((v.log() for v in data_pivots), zero)
    return GaussianNumbers(size, sum((v.log() for v in pivots), zero), inverse, gain, log_data, sigma**2)


def _differential(log_det: Ball, D: int) -> Ball:
    return (log_det + D * (2 * ArbRing().pi()).log() + D) / 2


def _conditional(n: GaussianNumbers) -> Ball:
    if n.log_det_data is None:
        return ball(0)
    return _differential(n.log_det_data + n.D * n.sigma2.log() - n.log_det, n.D)


def _zero(n: GaussianNumbers) -> Ball:
    return ball(0)


def _half_dimension(n: GaussianNumbers) -> Ball:
    return ball(Fraction(n.D, 2))


NUMBERS: dict[str, Callable[[GaussianNumbers], Ball]] = {
    "entropy": lambda n: _differential(n.log_det, n.D),
    "conditional-entropy": _conditional,
    "class-entropy": _zero,
    "mutual-information": lambda n: ball(0) if n.is_atom else (n.log_det - n.D * n.sigma2.log()) / 2,
    "fisher-information": lambda n: n.trace_inverse,
    "expected-divergence": lambda n: -n.trace_inverse,
    "mmse": lambda n: n.sigma2 * n.trace_gain,
    "varentropy": _half_dimension,
    "variance-phi": lambda n: ball(0) if n.is_atom else _half_dimension(n),
    "variance-h": _zero,
    "variance-phi-class": _zero,
    "variance-h-class": _zero,
    "class-gap": _zero,
}
"""The numbers from which every quantity is made; ``class-gap`` is E sum_z P(z|X) |s_z - s|^2."""


def gaussian_value(name: str, interpreter: Interpreter) -> Any:
    """The ball of the number ``name`` (a key of :data:`NUMBERS`) for a law with one component."""
    return NUMBERS[name](gaussian_numbers(interpreter))
