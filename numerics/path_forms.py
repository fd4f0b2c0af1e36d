"""Path forms: how a statement is confronted with simulated paths. Data only; the reading is in ``numerics.paths``.

A margin is a part of the larger side and never more than ``WIDEST``: a form with a wider one cannot be made. For a
single test it becomes narrower still where an authored mutant is near (:mod:`numerics.paths.margins`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Union

from theory.language.terms import Term

WIDEST = Fraction(1, 100)
"""The widest margin of any form. (Variances could claim three times as much and do not need it.)"""


class MarginError(ValueError):
    """A margin wider than any form may have."""


class _Form:
    """A form with a margin. Raises MarginError for one that is not above 0 and at most ``WIDEST``."""

    margin: Fraction

    def __post_init__(self) -> None:
        if not 0 < self.margin <= WIDEST:
            raise MarginError(
                f"a {type(self).__name__} form with the margin {self.margin}: a margin lies above 0 and is at most "
                f"{WIDEST} of the side; narrow it and let more paths decide"
            )


@dataclass(frozen=True)
class Weak(_Form):
    """A pointwise posterior claim, tested against functions ``phi`` of x.

    X0 is drawn first and X_t by integrating the forward SDE; the one linearly occurring posterior average <w> is
    replaced by its w(X0). Then E[phi(X_t) (lhs - rhs)] = 0 is tested for each phi.
    """

    phi: tuple[Term, ...]
    margin: Fraction = WIDEST


@dataclass(frozen=True)
class Integrated(_Form):
    """d/dt A = B, with A a number and B affine in averages: A(t2) - A(t1) against the time integral of B.

    ``lower`` and ``upper`` are noise levels sigma on the standing process.
    """

    lower: Fraction
    upper: Fraction
    margin: Fraction = WIDEST


@dataclass(frozen=True)
class Path(_Form):
    """A drift or noise equation along the reverse SDE from sigma = ``upper`` down to ``lower``.

    The path's X0 is drawn from P(. | x) at its last point. Drift by mean increments, noise by the residual quadratic
    variation sum |dF - R dW|^2, both extrapolated in the step.
    """

    upper: Fraction
    lower: Fraction
    margin: Fraction = WIDEST


@dataclass(frozen=True)
class Bracketed(_Form):
    """A located maximum: the quantity at three noise levels, the middle one largest (smallest for a minimum)."""

    low: Fraction
    middle: Fraction
    high: Fraction
    margin: Fraction = WIDEST


@dataclass(frozen=True)
class Family(_Form):
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
    margin: Fraction = WIDEST


@dataclass(frozen=True)
class Static(_Form):
    """A relation between averages at one noise level sigma = ``level``: both sides on exact forward pairs (X0, X_t)."""

    level: Fraction = Fraction(4, 5)
    margin: Fraction = WIDEST


@dataclass(frozen=True)
class NotApplicable:
    """Declared: this kind of evidence does not exist for the claim, with the reason."""

    reason: str


PathForm = Union[Weak, Integrated, Path, Bracketed, Family, Static, NotApplicable]


def limit_of(form: Weak | Integrated | Path | Bracketed | Family | Static) -> str:
    """What bounds the margins of a form, for the record."""
    return f"{form.margin} of the side"
