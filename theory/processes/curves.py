"""Curves that (alpha^2, sigma^2) runs along, and where a noise level lies on them. Standard library only.

With A = alpha^2, V = sigma^2 and nu = V/A, a curve gives V from A, A from V and A from nu in closed form. Which part of
the curve the process runs through is the process's own affair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from theory.calculus import ONE, add, exp, mul, number, power, quot, sub
from theory.language.instances import LawError
from theory.language.terms import Term

_HALF = Fraction(1, 2)
Put = Callable[[Term], Term]


class Curve(Protocol):
    """A relation between alpha^2 and sigma^2."""

    def sigma2(self, alpha2: Term) -> Term:
        """sigma^2 where alpha^2 is given."""

    def alpha2(self, sigma2: Term) -> Term:
        """alpha^2 where sigma^2 is given."""

    def alpha2_of_nu(self, nu: Term) -> Term:
        """alpha^2 where nu = sigma^2/alpha^2 is given."""

    def bind(self, put: Put) -> Curve:
        """The curve with ``put`` applied to its constants."""


@dataclass(frozen=True)
class Still:
    """alpha = 1 at all times."""

    def sigma2(self, alpha2: Term) -> Term:
        """Raises LawError: alpha says nothing about sigma."""
        raise LawError("alpha is 1 at all times")

    def alpha2(self, sigma2: Term) -> Term:
        """1."""
        return ONE

    def alpha2_of_nu(self, nu: Term) -> Term:
        """1."""
        return ONE

    def bind(self, put: Put) -> Still:
        """Itself."""
        return self


@dataclass(frozen=True)
class Line:
    """sigma^2 = c - k alpha^2; c = k = 1 is variance preserving."""

    c: Term
    k: Term

    def sigma2(self, alpha2: Term) -> Term:
        """c - k A."""
        return sub(self.c, mul(self.k, alpha2))

    def alpha2(self, sigma2: Term) -> Term:
        """(c - V)/k."""
        return quot(sub(self.c, sigma2), self.k)

    def alpha2_of_nu(self, nu: Term) -> Term:
        """c/(nu + k)."""
        return quot(self.c, add(nu, self.k))

    def bind(self, put: Put) -> Line:
        """Both constants bound."""
        return Line(put(self.c), put(self.k))


@dataclass(frozen=True)
class SubVariancePreserving:
    """sigma = 1 - alpha^2."""

    def sigma2(self, alpha2: Term) -> Term:
        """(1 - A)^2."""
        return power(sub(ONE, alpha2), 2)

    def alpha2(self, sigma2: Term) -> Term:
        """1 - sigma."""
        return sub(ONE, power(sigma2, _HALF))

    def alpha2_of_nu(self, nu: Term) -> Term:
        """The root of (1 - A)^2 = nu A below 1: 2/(2 + nu + sqrt(nu^2 + 4 nu))."""
        root = power(add(power(nu, 2), mul(number(4), nu)), _HALF)
        return quot(number(2), add(number(2), nu, root))

    def bind(self, put: Put) -> SubVariancePreserving:
        """Itself."""
        return self


@dataclass(frozen=True)
class Chord:
    """sigma = 1 - alpha."""

    def sigma2(self, alpha2: Term) -> Term:
        """(1 - alpha)^2."""
        return power(sub(ONE, power(alpha2, _HALF)), 2)

    def alpha2(self, sigma2: Term) -> Term:
        """(1 - sigma)^2."""
        return power(sub(ONE, power(sigma2, _HALF)), 2)

    def alpha2_of_nu(self, nu: Term) -> Term:
        """1/(1 + sqrt nu)^2."""
        return power(add(ONE, power(nu, _HALF)), -2)

    def bind(self, put: Put) -> Chord:
        """Itself."""
        return self


def place_on(curve: Curve, kind: str, level: Term) -> tuple[Term, Term]:
    """(alpha^2, sigma^2) where the level ``kind`` (not t) has the value ``level``. Raises LawError."""
    if kind in ("sigma", "log-sigma"):
        sigma2 = power(level, 2) if kind == "sigma" else exp(mul(number(2), level))
        return curve.alpha2(sigma2), sigma2
    if kind == "alpha":
        return power(level, 2), curve.sigma2(power(level, 2))
    nu = level if kind == "nu" else quot(ONE, level)
    if curve == Still():
        return ONE, nu
    alpha2 = curve.alpha2_of_nu(nu)
    return alpha2, curve.sigma2(alpha2)
