"""The closed forms of a Gaussian mixture under the linear channel, as display terms with named pieces.

With c_k = alpha m_k and V_k = alpha^2 S_k + sigma^2 I: N_k is the density of component k, r_k = w_k N_k / p its
responsibility, s_k = V_k^-1 (c_k - x) its score. Two symmetric components give the tanh form.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property

from theory.closed_forms.formula import Formula, X, const, is_num, negated, product, raised, ratio, shown, total
from theory.closed_forms.parts import EYE, ONE_, PI, TWO, Parts, log
from theory.language.terms import Term, make


class Builder(Parts):
    """The fields of one law under one kind of process."""

    def exponent(self, k: int) -> Term:
        """-(x - c_k)^T V_k^-1 (x - c_k)/2."""
        gap = self.gap(k)
        if self.isotropic(k):
            return negated(ratio(self.square(gap), product(TWO, self.variance(k))))
        quadratic = product(shown("transpose", gap), self.noisy(k) ** -1, gap)
        return negated(ratio(quadratic, TWO))

    def normal(self, k: int) -> Term:
        """The density of component k, named where there are several."""

        def build() -> Term:
            if self.isotropic(k):
                scale = raised(product(TWO, PI, self.variance(k)), Fraction(self.D, 2))
            else:
                turns = raised(product(TWO, PI), Fraction(self.D, 2))
                scale = product(turns, *self.determinant_root(k))
            return ratio(make("exp", (self.exponent(k),)), scale)

        return build() if self.K == 1 else self.named(f"N_{k + 1}", build)

    def density(self) -> Term:
        """sum_k w_k N_k."""
        return total(*(product(self.weight(k), self.normal(k)) for k in range(self.K)))

    def start_density(self) -> Term | None:
        """p0 as a function of the point, None where a component is not isotropic."""
        if not self.scalar_cov:
            return None
        parts = []
        for k in range(self.K):
            S, gap = self.cov(k), total(X, negated(self.mean(k)))
            scale = raised(product(TWO, PI, S), Fraction(self.D, 2))
            bell = make("exp", (negated(ratio(self.square(gap), product(TWO, S))),))
            parts.append(product(self.weight(k), ratio(bell, scale)))
        return total(*parts)

    def p(self) -> Term:
        """p, named."""
        return self.named("p", self.density)

    def r(self, k: int) -> Term:
        """The responsibility r_k = w_k N_k / p."""
        if self.K == 1:
            return ONE_
        return self.named(f"r_{k + 1}", lambda: ratio(product(self.weight(k), self.normal(k)), self.p()))

    def log_density(self) -> Term:
        """log p."""
        if self.K > 1:
            return log(self.p())
        if self.isotropic(0):
            scale = log(product(TWO, PI, self.variance(0)))
            return self.exponent(0) - product(const(Fraction(self.D, 2)), scale)
        return self.exponent(0) - self.log_volume(0)

    def log_volume(self, k: int) -> Term:
        """log((2 pi)^D det V_k)/2."""
        if self.isotropic(k):
            return product(const(Fraction(self.D, 2)), log(product(TWO, PI, self.variance(k))))
        return total(product(const(Fraction(self.D, 2)), log(product(TWO, PI))), *self.log_roots(k))

    def log_roots(self, k: int) -> list[Term]:
        """Terms whose sum is log det V_k^(1/2)."""
        parts = []
        for root in self.determinant_root(k):
            assert isinstance(root.data, Fraction)
            parts.append(product(const(root.data), log(root.args[0])))
        return parts

    def component_score(self, k: int) -> Term:
        """s_k = V_k^-1 (c_k - x)."""

        def build() -> Term:
            centre = self.centre(k)
            if is_num(centre, 0) or centre.op == "neg" or (isinstance(centre.data, Fraction) and centre.data < 0):
                return negated(self.whitened(k, self.gap(k)))
            return self.whitened(k, centre - X)

        return build() if self.K == 1 else self.named(f"s_{k + 1}", build)

    @cached_property
    def mirror(self) -> Term | None:
        """mu > 0 (by its form) where the law is 1/2 N(-mu, S) + 1/2 N(mu, S) on the line."""
        if self.K != 2 or self.D != 1:
            return None
        left, right = self.law.components
        if left.weight != right.weight or left.cov != right.cov:
            return None
        one, two = (const(c.mean[0]) for c in (left, right))
        if one == negated(two) or two == negated(one):
            plain = one if two.op == "neg" or (isinstance(two.data, Fraction) and two.data < 0) else two
            return None if is_num(plain, 0) else plain
        return None

    def tanh(self) -> Term:
        """T = tanh(alpha mu x/v) of a symmetric pair."""
        assert self.mirror is not None
        mu = self.mirror
        inside = ratio(product(self.alpha, mu, X), self.variance(0))
        return self.named("T", lambda: make("tanh", (inside,)))

    def score(self) -> Term:
        """sum_k r_k s_k."""
        if self.mirror is not None:
            return ratio(product(self.alpha, self.mirror, self.tanh()) - X, self.variance(0))
        return total(*(product(self.r(k), self.component_score(k)) for k in range(self.K)))

    def s(self) -> Term:
        """The score, named."""
        return self.named("s", self.score)

    def outer(self, vector: Term) -> Term:
        """vector vector^T."""
        return vector**2 if self.D == 1 else product(vector, shown("transpose", vector))

    def inverse(self, k: int) -> Term:
        """V_k^-1 as a matrix."""
        if not self.isotropic(k):
            return self.noisy(k) ** -1
        return ratio(ONE_ if self.D == 1 else EYE, self.variance(k))

    def jacobian(self) -> Term:
        """sum_k r_k (s_k s_k^T - V_k^-1) - s s^T."""
        if self.K == 1:
            return negated(self.inverse(0))
        if self.mirror is not None:
            slope = ratio(product(self._squared(self.alpha), self._squared(self.mirror), ONE_ - self.tanh() ** 2),
                          self.variance(0))  # fmt: skip
            return ratio(slope - ONE_, self.variance(0))
        parts = (
            product(self.r(k), total(self.outer(self.component_score(k)), negated(self.inverse(k))))
            for k in range(self.K)
        )
        return total(*parts, negated(self.outer(self.s())))

    def _squared(self, term: Term) -> Term:
        if term.op == "num" and isinstance(term.data, Fraction):
            return const(term.data**2)
        return term**2

    def divergence(self) -> Term:
        """sum_k r_k (|s_k|^2 - tr V_k^-1) - |s|^2."""
        if self.D == 1:
            return self.jacobian()
        if self.K == 1:
            return negated(self.trace_inverse(0))
        parts = (
            product(self.r(k), total(self.square(self.component_score(k)), negated(self.trace_inverse(k))))
            for k in range(self.K)
        )
        return total(*parts, negated(self.square(self.s())))

    def component_mean(self, k: int) -> Term:
        """mu_k = m_k + alpha S_k V_k^-1 (x - c_k)."""
        if self.law.is_discrete:
            return self.mean(k)

        def build() -> Term:
            if self.isotropic(k):
                return total(self.mean(k), ratio(product(self.alpha, self.cov(k), self.gap(k)), self.variance(k)))
            return total(self.mean(k), product(self.alpha, self.cov(k), self.noisy(k) ** -1, self.gap(k)))

        return build() if self.K == 1 else self.named(f"mu_{k + 1}", build)

    def posterior_mean(self) -> Term:
        """sum_k r_k mu_k."""
        if self.mirror is not None:
            pull, S = product(self.mirror, self.tanh()), self.cov(0)
            if self.law.is_discrete:
                return pull
            v = self.variance(0)
            return total(ratio(product(self.alpha, S, X), v), ratio(product(self.sigma**2, pull), v))
        return total(*(product(self.r(k), self.component_mean(k)) for k in range(self.K)))

    def component_cov(self, k: int) -> Term:
        """C_k = sigma^2 S_k V_k^-1, the posterior covariance inside component k."""
        if self.law.is_discrete:
            return const(0)

        def build() -> Term:
            if self.isotropic(k):
                scalar = ratio(product(self.sigma**2, self.cov(k)), self.variance(k))
                return scalar if self.D == 1 else product(scalar, EYE)
            return product(self.sigma**2, self.cov(k), self.noisy(k) ** -1)

        return build() if self.K == 1 else self.named(f"C_{k + 1}", build)

    def posterior_cov(self) -> Term:
        """sum_k r_k (C_k + mu_k mu_k^T) - m m^T."""
        if self.K == 1:
            return self.component_cov(0)
        if self.mirror is not None:
            spread = product(self._squared(self.mirror), ONE_ - self.tanh() ** 2)
            if self.law.is_discrete:
                return spread
            v = self.variance(0)
            return total(ratio(product(self.sigma**2, self.cov(0)), v), ratio(product(self.sigma**4, spread), v**2))
        m = self.named("m", self.posterior_mean)
        parts = (
            product(self.r(k), total(self.component_cov(k), self._outer_or_zero(self.component_mean(k))))
            for k in range(self.K)
        )
        return total(*parts, negated(self.outer(m)))

    def _outer_or_zero(self, vector: Term) -> Term:
        return vector if is_num(vector, 0) else self.outer(vector)

    def formula(self, text_name: str, latex_name: str, main: Term, integrand: Term | None = None) -> Formula:
        """The formula with the pieces built so far."""
        return Formula(text_name, latex_name, main, self.D, integrand, self.pieces)
