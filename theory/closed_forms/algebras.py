"""The three algebras in which a formula is computed: kernel elements, SymPy expressions, terms in coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy

from theory.closed_forms.evaluation import Algebra
from theory.closed_forms.formula import product, ratio, total
from theory.kernel.component.elements import REAL, Element
from theory.kernel.component.gaussian import determinant, positive_power
from theory.kernel.component.model import Model
from theory.kernel.component.zero import is_zero, sign
from theory.language.terms import Term, make
from theory.sympy_bridge import symbol_for, to_sympy

COVARIANCE, DENSITY = "V = alpha^2 S + sigma^2 I with S a covariance", "the law has a density"


class KernelAlgebra(Algebra[Element]):
    """Elements of a model's ring; ``point`` is "x" or "X0"; ``weights`` names symbolic weights by component."""

    def __init__(self, model: Model, point: str = "x", weights: Mapping[str, int] | None = None) -> None:
        self.model, self.point = model, model.x if point == "x" else model.X0
        self.weights = dict(weights or {})
        self.positive = [(determinant(gauss.cov), COVARIANCE) for gauss in model.noisy]
        self.positive += [(gauss.cov[i][i], COVARIANCE) for gauss in model.noisy for i in range(model.D)]
        if model.law.has_density:
            self.positive += [(determinant(cov), DENSITY) for cov in model.covs]

    def known(self, name: str) -> Element | None:
        """A symbolic weight, which is positive because the law is one."""
        place = self.weights.get(name)
        return None if place is None else self.model.weights[place]

    def _certified(self, value: Element) -> Element:
        """``value``, declared positive if it is a minor of a covariance whose form does not show it."""
        if sign(value) == REAL:
            for body, reason in self.positive:
                if is_zero(value - body):
                    return positive_power(self.model.ring, body, 1, reason)
        return value

    def leaf(self, term: Term) -> Element:
        """As the kernel lowers it."""
        return self.model.scalar(term)

    def coordinate(self, number: int) -> Element:
        """A coordinate of x (or X0)."""
        return self.point[number - 1]

    def add(self, left: Element, right: Element) -> Element:
        """A sum."""
        return left + right

    def mul(self, left: Element, right: Element) -> Element:
        """A product."""
        return left * right

    def power(self, base: Element, exponent: Fraction) -> Element:
        """A power; what is inverted or rooted is positive by form, or a minor of a covariance V."""
        plain = exponent.denominator == 1 and exponent >= 0
        return self.model.ring.power(base if plain else self._certified(base), exponent)

    def is_zero(self, value: Element) -> bool:
        """No monomial is left."""
        return not value.terms

    def function(self, name: str, value: Element) -> Element:
        """exp, log or tanh."""
        ring = self.model.ring
        if name == "exp":
            return ring.exp(value)
        if name == "log":
            return ring.log(self._certified(value))
        twice, one = ring.exp(value.scaled(Fraction(2))), ring.number(1)
        return (twice - one) * ring.power(twice + one, -1)


class SympyAlgebra(Algebra[Any]):
    """SymPy expressions; nothing is simplified."""

    def __init__(self, dimension: int, signs: Mapping[str, str]) -> None:
        self.dimension, self.signs = dimension, signs

    def leaf(self, term: Term) -> Any:
        """By the bridge."""
        return to_sympy(term, signs=self.signs)

    def coordinate(self, number: int) -> Any:
        """The symbol x, or x_1, x_2, .."""
        return symbol_for("x" if self.dimension == 1 else f"x_{number}")

    def add(self, left: Any, right: Any) -> Any:
        """A sum."""
        return left + right

    def mul(self, left: Any, right: Any) -> Any:
        """A product."""
        return left * right

    def power(self, base: Any, exponent: Fraction) -> Any:
        """A power."""
        return base ** sympy.Rational(exponent.numerator, exponent.denominator)

    def is_zero(self, value: Any) -> bool:
        """The number 0."""
        return bool(value == 0)

    def function(self, name: str, value: Any) -> Any:
        """exp, log or tanh."""
        return {"exp": sympy.exp, "log": sympy.log, "tanh": sympy.tanh}[name](value)


_ZERO, _ONE = make("num", (), Fraction(0)), make("num", (), Fraction(1))


class TermAlgebra(Algebra[Term]):
    """Terms of the statement language in the coordinates of x; sums and products without zeros and ones."""

    def leaf(self, term: Term) -> Term:
        """Itself."""
        return term

    def coordinate(self, number: int) -> Term:
        """A coordinate of x."""
        return make("coord", (make("x"),), number)

    def add(self, left: Term, right: Term) -> Term:
        """A sum."""
        return total(left, right)

    def mul(self, left: Term, right: Term) -> Term:
        """A product."""
        return product(left, right)

    def divide(self, left: Term, right: Term) -> Term:
        """A quotient."""
        return ratio(left, right)

    def power(self, base: Term, exponent: Fraction) -> Term:
        """A power; an inverse is written as a quotient."""
        return ratio(_ONE, base) if exponent == -1 else base**exponent

    def is_zero(self, value: Term) -> bool:
        """The number 0."""
        return value == _ZERO

    def function(self, name: str, value: Term) -> Term:
        """exp, log or tanh."""
        return make(name, (value,))
