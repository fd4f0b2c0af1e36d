"""Path forms: how a statement is confronted with simulated paths. Data only; the reading is in ``numerics.paths``."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Union

from theory.language.terms import Term

_PERCENT = Fraction(1, 100)


@dataclass(frozen=True)
class Weak:
    """A pointwise posterior claim, tested against functions ``phi`` of x.

    X0 is drawn first and X_t by integrating the forward SDE; the one linearly occurring posterior average <w> is
    replaced by its w(X0). Then E[phi(X_t) (lhs - rhs)] = 0 is tested for each phi.
    """

    phi: tuple[Term, ...]
    margin: Fraction = _PERCENT


@dataclass(frozen=True)
class Integrated:
    """d/dt A = B, with A a number and B affine in averages: A(t2) - A(t1) against the time integral of B.

    ``lower`` and ``upper`` are noise levels sigma on the standing process.
    """

    lower: Fraction
    upper: Fraction
    margin: Fraction = _PERCENT


@dataclass(frozen=True)
class Path:
    """A drift or noise equation along the reverse SDE from sigma = ``upper`` down to ``lower``.

    The path's X0 is drawn from P(. | x) at its last point. Drift by mean increments, noise by the residual quadratic
    variation sum |dF - R dW|^2, both extrapolated in the step.
    """

    upper: Fraction
    lower: Fraction
    margin: Fraction = _PERCENT


@dataclass(frozen=True)
class Bracketed:
    """A located maximum: the quantity at three noise levels, the middle one largest (smallest for a minimum)."""

    low: Fraction
    middle: Fraction
    high: Fraction
    margin: Fraction = Fraction(3, 100)


@dataclass(frozen=True)
class Family:
    """Averages of drifts along the processes with noise factor lambda, from sigma = ``upper`` down to ``lower``.

    A statement between numbers in a test field is read for every test function in ``phi`` (scalar terms in x) and with
    ``symbol`` at every value in ``members``. E(drift(F, FAMILY, lambda)) is the change of the mean of F on simulated
    paths of that member; every other average is read on exact forward samples.
    """

    symbol: Term
    members: tuple[Fraction, ...]
    upper: Fraction
    lower: Fraction
    phi: tuple[Term, ...]
    margin: Fraction = Fraction(1, 50)


@dataclass(frozen=True)
class Static:
    """A relation between averages at one noise level sigma = ``level``: both sides on exact forward pairs (X0, X_t)."""

    level: Fraction = Fraction(4, 5)
    margin: Fraction = _PERCENT


@dataclass(frozen=True)
class NotApplicable:
    """Declared: this kind of evidence does not exist for the claim, with the reason."""

    reason: str


PathForm = Union[Weak, Integrated, Path, Bracketed, Family, Static, NotApplicable]
