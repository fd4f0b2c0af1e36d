"""Entropies, their rates and second moments: closed for one Gaussian, exact integrands for mixtures. Display terms.

Every entry says what it is compared with: a term for a closed form; for an integrand the terms of the definition after
linearity of E and log of a product, as E[w] = integral of p w dx.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from theory.closed_forms.formula import X, const, negated, product, ratio, shown, total
from theory.closed_forms.mixture import Builder
from theory.closed_forms.parts import HALF, ONE_, PI, TWO, laplace, log
from theory.closed_forms.result import NoClosedFormError
from theory.language import notation as n
from theory.language.terms import Term


@dataclass(frozen=True)
class Number:
    """A number: ``main`` + integral of ``integrand``, and what each part is compared with.

    ``against``: the defining term of ``main``. ``inside``: pairs (display term, defining term) that must agree as
    functions of x; ``at_end``: pairs that must agree as functions of X0 (a density of X0, read at X0 = x).
    """

    main: Term
    against: Term | None
    integrand: Term | None = None
    inside: tuple[tuple[Term, Term], ...] = ()
    at_end: tuple[tuple[Term, Term], ...] = ()


def component_drift(b: Builder, k: int) -> Term:
    """d/dt log N_k = (g^2/2)(|s_k|^2 - tr V_k^-1) - a (D + x . s_k)."""
    s = b.component_score(k)
    spread = product(ratio(b.g2, TWO), total(b.square(s), negated(b.trace_inverse(k))))
    along = product(X, s) if b.D == 1 else product(shown("transpose", X), s)
    return total(spread, negated(product(b.a, total(const(b.D), along))))


def flow(b: Builder, k: int) -> Term:
    """w_k dN_k/dt, with d/dt log N_k named."""
    rate = b.named(f"l_{k + 1}", lambda: component_drift(b, k))
    return product(b.weight(k), b.normal(k), rate)


def entropy(b: Builder) -> Number:
    """H(X_t)."""
    if b.K == 1:
        return Number(total(const(Fraction(b.D, 2)), b.log_volume(0)), n.H(n.Xt))
    p = b.p()
    return Number(const(0), None, negated(product(p, log(p))), ((negated(product(p, log(p))), -(n.p * n.log(n.p))),))


def entropy_rate(b: Builder) -> Number:
    """dH(X_t)/dt."""
    if b.K == 1:
        spread = product(ratio(b.g2, TWO), b.trace_inverse(0))
        if b.isotropic(0):
            spread = ratio(product(const(Fraction(b.D, 2)), b.g2), b.variance(0))
        rate = total(product(const(b.D), b.a), spread)
        return Number(rate, n.dt(n.H(n.Xt)))
    moving = total(*(flow(b, k) for k in range(b.K)))
    integrand = negated(product(moving, total(ONE_, log(b.p()))))
    return Number(const(0), None, integrand, ((integrand, n.dt(-(n.p * n.log(n.p)))),))


def conditional_entropy(b: Builder) -> Number:
    """H(X0 | X_t)."""
    half_d = const(Fraction(b.D, 2))
    if b.law.is_discrete:
        if b.K == 1:
            return Number(const(0), n.H(n.X0 | n.Xt))
        integrand = negated(total(*(product(b.weight(k), b.normal(k), log(b.r(k))) for k in range(b.K))))
        return Number(const(0), None, integrand, ((integrand, n.p * n.H(n.X0 | n.x)),))
    if b.K == 1:
        if b.isotropic(0):
            inner = ratio(product(TWO, PI, b.sigma**2, b.cov(0)), b.variance(0))
            return Number(total(half_d, product(half_d, log(inner))), n.H(n.X0 | n.Xt))
        volume = product(half_d, log(product(TWO, PI, b.sigma**2)))
        ratio_ = product(HALF, log(_det(b)))
        return Number(total(half_d, volume, ratio_, negated(_log_root(b))), n.H(n.X0 | n.Xt))
    p, q = b.p(), b.named("q", lambda: _start(b))
    integrand = total(product(p, log(p)), negated(product(q, log(q))))
    noise = total(half_d, product(half_d, log(product(TWO, PI, b.sigma**2))))
    return Number(noise, n.E(-n.log(n.k)), integrand, ((p, n.p),), ((q, n.p0),))


def bandwidth(b: Builder) -> Number:
    """dH(X0 | X_t)/dt."""
    if b.K == 1:
        if b.law.is_discrete:
            return Number(const(0), n.dt(n.H(n.X0 | n.Xt)))
        alpha2 = ONE_ if b.alpha == ONE_ else b.alpha**2
        if b.isotropic(0):
            rate = ratio(product(const(b.D), b.g2, alpha2, b.cov(0)), product(TWO, b.sigma**2, b.variance(0)))
        else:
            share = shown("tr", product(b.cov(0), b.noisy(0) ** -1))
            rate = ratio(product(b.g2, alpha2, share), product(TWO, b.sigma**2))
        return Number(rate, n.dt(n.H(n.X0 | n.Xt)))
    if b.law.is_discrete:
        integrand = negated(total(*(product(flow(b, k), log(b.r(k))) for k in range(b.K))))
        return Number(const(0), None, integrand, ((integrand, n.dt(n.p * n.H(n.X0 | n.x))),))
    moving = total(*(flow(b, k) for k in range(b.K)))
    integrand = product(moving, total(ONE_, log(b.p())))
    noise = product(const(b.D), total(b.a, ratio(b.g2, product(TWO, b.sigma**2))))
    return Number(noise, n.dt(n.E(-n.log(n.k))), integrand, ((integrand, n.dt(n.p * n.log(n.p))),))


def mmse(b: Builder) -> Number:
    """E|X0 - E[X0|x]|^2."""
    if b.K == 1:
        cov = b.component_cov(0)
        if b.isotropic(0) and not b.law.is_discrete:
            return Number(ratio(product(const(b.D), b.sigma**2, b.cov(0)), b.variance(0)), n.mmse)
        return Number(cov if b.law.is_discrete else shown("tr", cov), n.mmse)
    cov = b.named("C", b.posterior_cov)
    integrand = product(b.p(), cov if b.D == 1 else shown("tr", cov))
    return Number(const(0), None, integrand, ((integrand, n.p * n.tr(n.Cov(n.X0 | n.x))),))


def fisher_information(b: Builder) -> Number:
    """E|s|^2."""
    if b.K == 1:
        return Number(b.trace_inverse(0), n.E(n.normsq(n.s)))
    integrand = product(b.p(), b.square(b.s()))
    return Number(const(0), None, integrand, ((integrand, n.p * n.normsq(n.s)),))


def expected_divergence(b: Builder) -> Number:
    """E div s."""
    if b.K == 1:
        return Number(negated(b.trace_inverse(0)), n.E(n.div(n.s)))
    integrand = product(b.p(), b.named("J", b.divergence))
    return Number(const(0), None, integrand, ((integrand, n.p * n.div(n.s)),))


def _det(b: Builder) -> Term:
    """det S of a single Gaussian."""
    return laplace([[const(v) for v in row] for row in b.law.components[0].cov])


def _log_root(b: Builder) -> Term:
    """log det V^(1/2)."""
    return total(*b.log_roots(0))


def _start(b: Builder) -> Term:
    start = b.start_density()
    if start is None:
        raise NoClosedFormError("the entropy of X0 is written out for isotropic components only")
    return start


NUMBERS: dict[str, tuple[str, str, Callable[[Builder], Number]]] = {
    "entropy": ("H(Xt)", "H(X_t)", entropy),
    "entropy-rate": ("dH(Xt)/dt", r"\frac{d}{dt} H(X_t)", entropy_rate),
    "conditional-entropy": ("H(X0|Xt)", r"H(X_0 \mid X_t)", conditional_entropy),
    "bandwidth": ("dH(X0|Xt)/dt", r"\frac{d}{dt} H(X_0 \mid X_t)", bandwidth),
    "mmse": ("mmse", r"\mathrm{mmse}", mmse),
    "fisher-information": ("E|s|^2", r"\mathbb{E}\left\|s\right\|^2", fisher_information),
    "expected-divergence": ("E div s", r"\mathbb{E} \nabla\cdot s", expected_divergence),
}
