"""The derivation rules: they commute, obey Leibniz, and agree with a direct high-precision evaluation of a mixture."""

from fractions import Fraction

import mpmath
import pytest

from theory.kernel.errors import KernelError
from theory.kernel.index.bracket import Channel, expand_kernel_logs, expectation, posterior
from theory.kernel.index.lower import Lowering
from theory.kernel.index.monomials import ONE, generator, monomial
from theory.kernel.witness.finite_law import FiniteLaw
from theory.kernel.witness.gaussian_law import GaussianLaw
from theory.language.notation import *

CHANNEL = Channel()
ATOMS = [
    generator("lp"), generator("lk"), generator("p"), generator("alpha", exponent=-3), generator("sigma"),
    generator("g"), generator("a", 0), generator("log", "sigma"), monomial((), (("field", ("u", 1), (1,)),)),
    posterior(monomial((), (("X", "", (1,)), ("X", "", (1,))))), posterior(generator("lk") * generator("lp0")),
]  # fmt: skip


@pytest.mark.parametrize("element", ATOMS)
def test_derivations_commute(element):
    def reduced(e):
        return expand_kernel_logs(e, CHANNEL.log_kernel)

    i, j = 7, 8
    twice = CHANNEL.gradient(CHANNEL.gradient(element, i), j) - CHANNEL.gradient(CHANNEL.gradient(element, j), i)
    mixed = CHANNEL.rate(CHANNEL.gradient(element, i)) - CHANNEL.gradient(CHANNEL.rate(element), i)
    assert not reduced(twice)
    assert not reduced(mixed)


def test_log_k_written_out_has_the_same_derivatives():
    explicit = CHANNEL.log_kernel
    assert not CHANNEL.gradient(explicit, 3) - CHANNEL.slope(3)
    assert not CHANNEL.rate(explicit) - CHANNEL.kernel_rate


def test_averages_are_flat_and_normalised():
    end = monomial((), (("X", "", (1,)),))
    point = monomial((), (("x", "", (2,)),))
    assert posterior(ONE).terms == ONE.terms == expectation(ONE).terms
    assert not posterior(point * end) - point * posterior(end)
    assert not posterior(posterior(end) * point) - posterior(end) * point
    assert not expectation(end) - expectation(posterior(end))
    assert expectation(end * point) != expectation(end) * expectation(point)


def test_the_process_classes_differ_only_by_their_relation():
    assert not Channel("ve").a()
    assert Channel("ve").alpha().terms == ONE.terms
    assert not Channel("vp").a(1) + Channel("vp").g2(1).scaled(Fraction(1, 2))
    with pytest.raises(KernelError):
        Channel("nonlinear")


class Mixture:
    """The same law by brute force: sums of Gaussians, derivatives by mpmath's finite differences at 60 digits."""

    def __init__(self, law):
        self.law, self.germ = law, law.germ
        self.a = Fraction(law.germ.number(("a", 0), None))
        self.g2 = law.germ.values[("g",)] ** 2
        self.weights = [self.mp_exp(law.log_prior(j)) for j in range(len(law.places))]

    @staticmethod
    def mp(q):
        return mpmath.mpf(q.numerator) / q.denominator

    def mp_exp(self, interval):
        return mpmath.exp(self.mp(interval.lo))

    def schedule(self, t):
        a, g2 = self.mp(self.a), self.mp(self.g2)
        s2 = self.mp(self.germ.sigma**2)
        return self.mp(self.germ.alpha) * mpmath.exp(a * t), s2 + (2 * a * s2 + g2) * t

    def kernel(self, at, j, t=0):
        al, s2 = self.schedule(t)
        r2 = sum((u - al * self.mp(y)) ** 2 for u, y in zip(at, self.law.places[j], strict=True))
        return mpmath.exp(-r2 / (2 * s2)) / (2 * mpmath.pi * s2) ** (mpmath.mpf(self.law.D) / 2)

    def density(self, at, t=0):
        return sum(w * self.kernel(at, j, t) for j, w in enumerate(self.weights))

    def average(self, field, at, t=0):
        parts = [w * self.kernel(at, j, t) for j, w in enumerate(self.weights)]
        return sum(part * field(j) for j, part in enumerate(parts)) / sum(parts)


def partial(f, at, i):
    def line(u):
        moved = list(at)
        moved[i] = u
        return f(moved)

    return mpmath.diff(line, at[i])


@pytest.mark.parametrize("seed", [0, 1])
def test_lowered_fields_agree_with_direct_evaluation(seed):
    with mpmath.workdps(60):
        law = FiniteLaw(2, 3, seed, "linear", frozenset())
        mix = Mixture(law)
        at = [mix.mp(u) for u in law.x]

        def log_p(u, t=0):
            return mpmath.log(mix.density(u, t))

        def trace_cov(u, t=0):
            first = [mix.average(lambda j, i=i: mix.mp(law.places[j][i]), u, t) for i in range(2)]
            second = mix.average(lambda j: sum(mix.mp(y) ** 2 for y in law.places[j]), u, t)
            return second - sum(v**2 for v in first)

        def entropy(u, t=0):
            def minus_log(j):
                return -mpmath.log(mix.weights[j] * mix.kernel(u, j, t) / mix.density(u, t))

            return mix.average(minus_log, u, t)

        direct = {
            dt(log(p)): mpmath.diff(lambda t: log_p(at, t), 0),
            div(s): sum(partial(lambda u, i=i: partial(log_p, u, i), at, i) for i in range(2)),
            tr(Cov(X0 | x)): trace_cov(at),
            dt(tr(Cov(X0 | x))): mpmath.diff(lambda t: trace_cov(at, t), 0),
            dt(H(X0 | x)): mpmath.diff(lambda t: entropy(at, t), 0),
            normsq(grad(H(X0 | x))): sum(partial(entropy, at, i) ** 2 for i in range(2)),
        }
        for term, expected in direct.items():
            value = law.value(Lowering(CHANNEL).element(term), {}, None)
            middle = mix.mp(value if isinstance(value, Fraction) else (value.lo + value.hi) / 2)
            assert abs(middle - expected) < mpmath.mpf(10) ** -14 * (1 + abs(expected)), term


def gaussian_value(law, term):
    return law.value(Lowering(CHANNEL).element(term), {})


def test_gaussian_averages_are_the_closed_forms():
    law = GaussianLaw(2, 0, "linear", frozenset())
    al, sg, g2 = law.germ.alpha, law.germ.sigma, law.germ.values[("g",)] ** 2
    posterior_variance = sum(c * sg**2 / v for c, v in zip(law.cov, law.spread, strict=True))
    assert gaussian_value(law, mmse) == posterior_variance
    assert gaussian_value(law, E(normsq(s))) == sum(1 / v for v in law.spread)
    assert gaussian_value(law, tr(Cov(X0 | x))) == posterior_variance
    assert gaussian_value(law, E(dot(X0, x))) == al * sum(c + u**2 for c, u in zip(law.cov, law.mean, strict=True))
    # H(X0|Xt) = sum 1/2 log(2 pi e v_d) with v_d = c sigma^2/V, whose rate is (g^2/2)(1/sigma^2 - 1/V) for each d.
    rate = gaussian_value(law, d(H(X0 | Xt)))
    assert rate == g2 / 2 * sum(1 / sg**2 - 1 / v for v in law.spread)
    fourth = gaussian_value(law, E(normsq(x) ** 2))
    centres = [al * u for u in law.mean]
    second = [c**2 + v for c, v in zip(centres, law.spread, strict=True)]
    fourths = [c**4 + 6 * c**2 * v + 3 * v**2 for c, v in zip(centres, law.spread, strict=True)]
    assert fourth == sum(fourths) + 2 * second[0] * second[1]


def test_a_single_atom_leaves_no_doubt():
    atom = GaussianLaw(2, 1, "linear", frozenset(), atom=True)
    for term in (normsq(m - X0), drift(tr(Cov(X0 | x)), REVERSE), normsq(s - s_c)):
        assert gaussian_value(atom, term) == 0
    assert gaussian_value(atom, div(s)) == -2 / atom.germ.sigma**2
    assert gaussian_value(atom, log(P(X0 | x))) == 0


def test_lowering_names_what_it_cannot_read():
    low = Lowering(CHANNEL)
    for term in (exp(normsq(x)), tanh(D), at(normsq(x), x=0), tr(Sz), log(normsq(x) + 1), (normsq(x) + 1) ** -1):
        with pytest.raises(KernelError):
            low.element(term)
    with pytest.raises(KernelError):
        low.element(x, ())
    with pytest.raises(KernelError):
        low.element(jac(s), (1, 1))


def test_known_pointwise_identities_vanish():
    low = Lowering(CHANNEL)
    pairs = [
        (s, post(s_c), (1,)),
        (s, (alpha * m - x) / sigma**2, (1,)),
        (grad(p), p * s, (1,)),
        (frobsq(Cov(X0 | x)), tr(dot(Cov(X0 | x), Cov(X0 | x))), ()),
        (dt(k), k * dt(log(k)), ()),
        (dt(sigma**2), 2 * dt(sigma) * sigma, ()),
        (dt(g**2), 2 * g * dt(g), ()),
    ]
    for left, right, indices in pairs:
        assert not low.element(left, indices) - low.element(right, indices)
