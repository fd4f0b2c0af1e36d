"""Mixtures with symbolic weights, means, variances and schedule: identities of the density, proved and replayed."""

import json
from fractions import Fraction as F

import pytest

from theory.kernel.component.certificate import check
from theory.kernel.component.model import Model
from theory.kernel.component.zero import is_zero
from theory.kernel.errors import KernelError
from theory.language.instances import LINEAR, VE, Setting, deltas, gaussian, mixture, two_modes
from theory.language.notation import (
    REVERSE,
    X0,
    Cov,
    D,
    E,
    H,
    I,
    P,
    Xt,
    Z,
    a,
    alpha,
    coord,
    div,
    drift,
    dt,
    exp,
    g,
    jac,
    lap,
    log,
    m,
    normsq,
    p,
    pi,
    post,
    s,
    sigma,
    sqrt,
    symbol,
    tanh,
    tr,
    x,
)
from theory.language.statements import Eq, Series
from theory.language.terms import as_term
from theory.search.closed import settle_closed
from theory.search.settle import settle


def symbols(prefix, count):
    return tuple(symbol(f"{prefix}{n}") for n in range(1, count + 1))


def blobs(D, K):
    """K Gaussians with isotropic covariances; everything is a symbol."""
    weights, variances = symbols("w", K), symbols("S", K)
    means = [symbols(f"m{k}_", D) for k in range(K)]
    law = mixture(*zip(weights, means, variances, strict=True))
    return Setting(law, LINEAR, positive=(*weights, *variances))


def atoms(D, K):
    weights = symbols("w", K)
    law = deltas(*((symbols(f"m{k}_", D), w) for k, w in enumerate(weights)))
    return Setting(law, LINEAR, positive=weights)


TRUE = {
    "Fokker-Planck": Eq(dt(p), -div(a * x * p) + g**2 / 2 * lap(p)),
    "Tweedie 1": Eq(s, (alpha * m - x) / sigma**2),
    "Tweedie 2": Eq(jac(s), (alpha**2 * Cov(X0 | x) / sigma**2 - I) / sigma**2),
}
FALSE = {
    "Fokker-Planck": Eq(dt(p), -div(a * x * p) + g**2 * lap(p)),
    "Tweedie 1": Eq(s, (m - alpha * x) / sigma**2),
    "Tweedie 2": Eq(jac(s), (alpha * Cov(X0 | x) / sigma**2 - I) / sigma**2),
}
SMALL = [(1, 2), (1, 3), (1, 4), (2, 3), (1, 8)]


def proved(statement, setting, rounds=1):
    outcome = settle_closed(statement, setting)
    if outcome.status == "proved":
        assert check(json.loads(json.dumps(outcome.certificate))).statement == statement
    return outcome.status == "proved"


@pytest.mark.parametrize("size", SMALL, ids=str)
@pytest.mark.parametrize("name", TRUE)
def test_a_mixture_with_symbols_is_proved(name, size):
    assert proved(TRUE[name], blobs(*size))


@pytest.mark.parametrize("size", [(2, 8), (3, 4)], ids=str)
@pytest.mark.parametrize("name", ["Fokker-Planck", "Tweedie 1"])
def test_many_components_and_three_dimensions(name, size):
    assert proved(TRUE[name], blobs(*size))


def test_the_hessian_of_four_blobs_in_space():
    model = Model.of(blobs(3, 4))
    gap = jac(s) - (alpha**2 * Cov(X0 | x) / sigma**2 - I) / sigma**2
    entries = model.lower(gap)
    assert is_zero(entries[0][0])
    assert is_zero(entries[0][2])
    assert not is_zero(model.scalar(coord(s, 1) * coord(s, 2)))


@pytest.mark.parametrize("kind", [atoms, blobs])
@pytest.mark.parametrize("name", FALSE)
def test_a_false_twin_is_refuted_at_a_rational_point(name, kind):
    """The point has weights that sum to 1, or it would be no law."""
    outcome = settle(FALSE[name], kind(1, 2))
    assert outcome.status == "refuted"
    assert sum(F(outcome.witness[w]) for w in ("w1", "w2")) == 1


@pytest.mark.parametrize("K", [2, 3, 5])
def test_atoms_with_symbols(K):
    assert all(proved(statement, atoms(1, K)) for statement in TRUE.values())


def test_the_responsibilities_and_the_posterior_average_of_a_constant():
    setting = blobs(1, 3)
    assert proved(Eq(post(as_term(1)), 1), setting)
    assert proved(Eq(post(normsq(x) * coord(X0, 1)), normsq(x) * coord(m, 1)), setting)
    assert proved(Eq(drift(P(Z | x), REVERSE), 0), setting)
    assert not proved(Eq(post(coord(X0, 1) ** 2), coord(m, 1) ** 2), setting)


def test_an_average_is_read_by_moments_and_by_labels_alike():
    """A quotient in X0 is no polynomial: it is averaged atom by atom, with the same result."""
    setting = atoms(1, 2)
    whole, apart = coord(X0, 1) ** 2, (1 + coord(X0, 1) ** 2) * coord(X0, 1) ** 2 / (1 + coord(X0, 1) ** 2)
    assert proved(Eq(post(whole), post(apart)), setting)
    assert not proved(Eq(post(whole), post(apart / 2)), setting)


mu, S, nu, T = symbol("mu"), symbol("S"), symbol("nu"), symbol("T")
y = coord(x, 1)
v = alpha**2 * S + sigma**2
NORMAL = Setting(gaussian(mu, S), LINEAR, positive=(S, T))
OTHER = -((y - nu) ** 2) / (2 * T) - log(2 * pi * T) / 2  # log N(x; nu, T)
CLOSED = {
    "mean": (E(y), alpha * mu, mu),
    "variance": (E((y - alpha * mu) ** 2), v, alpha * S + sigma**2),
    "fourth moment": (E((y - alpha * mu) ** 4), 3 * v**2, 3 * v),
    "entropy": (H(Xt), (log(2 * pi * v) + 1) / 2, log(2 * pi * v) / 2),
    "divergence of Kullback and Leibler": (
        E(log(p) - OTHER),
        (log(T / v) + (v + (alpha * mu - nu) ** 2) / T - 1) / 2,
        (log(v / T) + (v + (alpha * mu - nu) ** 2) / T - 1) / 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CLOSED)
def test_gaussian_integrals_by_exact_moments(name):
    number, value, wrong = CLOSED[name]
    assert proved(Eq(number, value), NORMAL)
    assert not proved(Eq(number, wrong), NORMAL)
    assert settle(Eq(number, wrong), NORMAL).status == "refuted"


def test_the_score_of_two_atoms_is_a_hyperbolic_tangent():
    setting = Setting(two_modes(mu), VE, positive=(mu,))
    form = (mu * tanh(mu * y / sigma**2) - y) / sigma**2
    assert proved(Eq(coord(s, 1), form), setting)
    assert not proved(Eq(coord(s, 1), (mu * tanh(mu * y / sigma) - y) / sigma**2), setting)


PITCHFORK = (0, mu**2 / sigma**4 - 1 / sigma**2, 0, -(mu**4) / (3 * sigma**8), 0, 2 * mu**6 / (15 * sigma**12))


@pytest.mark.parametrize("order", range(6))
def test_the_coefficients_of_the_pitchfork(order):
    setting = Setting(two_modes(mu), VE, positive=(mu,))
    relation = Series(coord(s, 1), x, tuple(as_term(c) for c in PITCHFORK)).relations()[order]
    assert proved(relation, setting)
    assert not proved(Eq(relation.lhs, relation.rhs + mu), setting)


def test_a_density_written_out_is_the_density():
    """exp, roots and pi, for a mixture with unlike variances."""
    setting = blobs(1, 3)
    law = setting.law
    parts = []
    for c in law.components:
        V = alpha**2 * c.cov[0][0] + sigma**2
        parts.append(c.weight * exp(-((y - alpha * c.mean[0]) ** 2) / (2 * V)) / sqrt(2 * pi * V))
    assert proved(Eq(p, parts[0] + parts[1] + parts[2]), setting)
    assert not proved(Eq(p, parts[0] + parts[1] + 2 * parts[2]), setting)
    assert proved(Eq(log(p), log(parts[0] + parts[1] + parts[2])), setting)
    assert proved(Eq(sqrt(p) * sqrt(p), p), setting)


def test_a_trace_in_the_plane():
    setting = atoms(2, 3)
    assert proved(Eq(div(s), (alpha**2 * tr(Cov(X0 | x)) / sigma**2 - D) / sigma**2), setting)
    assert settle(Eq(div(s), (alpha**2 * tr(Cov(X0 | x)) / sigma**2 - 1) / sigma**2), setting).status == "refuted"


def test_a_sum_of_exponentials_that_may_vanish_is_no_denominator():
    setting = Setting(two_modes(mu), VE, positive=(mu,))
    model = Model.of(setting)
    with pytest.raises(KernelError):
        model.scalar(1 / (exp(y) + exp(2 * y) - exp(3 * y)))
