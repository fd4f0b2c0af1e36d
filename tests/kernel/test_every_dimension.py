"""The linear channel for every dimension, number of components and prior: what is proved, what is refused."""

import pytest

from theory.kernel.errors import KernelError
from theory.kernel.index.certificate import Link, certificate, check
from theory.kernel.index.lower import lowering_for
from theory.kernel.witness.finite_law import FiniteLaw
from theory.language.instances import ANY, LINEAR, VE, VP, Setting
from theory.language.notation import *
from theory.language.statements import Eq
from theory.search.settle import settle

S = Setting(ANY, LINEAR)
half = Q(1, 2)
C = Cov(X0 | x)
dev = X0 - m
u, w = field("u", 1), field("w", 1)
phi = field("phi")
G2 = 2 * sigma * dt(sigma) - 2 * sigma**2 * dt(alpha) / alpha
THIRD = grad(dot(u, dot(jac(s), w))) - dot(transpose(jac(u)), dot(jac(s), w)) - dot(transpose(jac(w)), dot(jac(s), u))

POINTWISE = {
    "schedule": Eq(g**2, G2),
    "Tweedie 1": Eq(s, (alpha * m - x) / sigma**2),
    "Tweedie 2": Eq(jac(s), (alpha**2 * C / sigma**2 - I) / sigma**2),
    "Tweedie 3, every entry": Eq(THIRD, alpha**3 / sigma**6 * post(dot(u, dev) * dot(w, dev) * dev)),
    "Tweedie 3, contracted": Eq(grad(div(s)), alpha**3 / sigma**6 * post(normsq(dev) * dev)),
    "log Fokker-Planck": Eq(dt(log(p)), -div(a * x) - dot(a * x, s) + half * g**2 * (div(s) + normsq(s))),
    "channel": Eq(dt(log(k)), -div(f) - dot(f, s_c) + half * g**2 * (div(s_c) + normsq(s_c))),
    "information": Eq(D / sigma**2 + div(s), alpha**2 * tr(C) / sigma**4),
    "posterior mean": Eq(drift(normsq(m), REVERSE), g**2 * frobsq(jac(m))),
    "end point": Eq(drift(post(normsq(X0) ** 2), REVERSE), 0),
    "covariance": Eq(drift(tr(C), REVERSE), -(g**2) * alpha**2 / sigma**4 * frobsq(C)),
    "responsibility": martingale(P(Z | x), REVERSE),
    "label entropy": Eq(drift(H(Z | x), REVERSE), -half * g**2 * post(normsq(s_z - s))),
    "label slope": Eq(grad(H(Z | x)), -post(log(P(Z | x)) * (s_z - s))),
    "label noise": Eq(qv(H(Z | x), REVERSE), g**2 * normsq(post(log(P(Z | x)) * (s_z - s)))),
}
AVERAGES = {
    "bookkeeping": Eq(d(H(X0 | Xt)), half * g**2 * (D / sigma**2 - E(normsq(s)))),
    "I-MMSE": Eq(d(Information, "snr"), half * mmse),
    "I-MMSE in time": Eq(-half * g**2 * (D / sigma**2 + E(div(s))), half * dt(snr) * E(tr(C))),
    "de Bruijn": Eq(d(H(Xt)), D * a + half * g**2 * E(normsq(s))),
    "third derivative": Eq(d(mmse, "snr"), -E(frobsq(C))),
}
ALL = {**POINTWISE, **AVERAGES}


@pytest.mark.parametrize("name", ALL)
def test_proved_for_every_dimension_and_law(name):
    found = settle(ALL[name], S)
    assert found.status == "proved"
    assert check(found.certificate).scope.startswith("every dimension D, any law")


@pytest.mark.parametrize("name", POINTWISE)
@pytest.mark.parametrize("process", [VE, VP], ids=lambda c: c.name)
def test_proved_for_the_special_processes_too(name, process):
    assert settle(POINTWISE[name], Setting(ANY, process)).status in ("proved", "by-definition")


MUTANTS = {
    "Tweedie 1": Eq(s, (m - x) / sigma**2),
    "Tweedie 2": Eq(jac(s), (alpha * C / sigma**2 - I) / sigma**2),
    "Tweedie 3": Eq(grad(div(s)), alpha**2 / sigma**6 * post(normsq(dev) * dev)),
    "Tweedie 3, not centred": Eq(THIRD, alpha**3 / sigma**6 * post(dot(u, X0) * dot(w, X0) * X0)),
    "D - 1": Eq((D - 1) / sigma**2 + div(s), alpha**2 * tr(C) / sigma**4),
    "power of sigma": Eq(D / sigma**2 + div(s), alpha**2 * tr(C) / sigma**2),
    "schedule": Eq(g**2, 2 * sigma * dt(sigma)),
    "covariance": Eq(drift(tr(C), REVERSE), -2 * g**2 * alpha**2 / sigma**4 * frobsq(C)),
    "covariance forward": Eq(drift(tr(C), FORWARD), -(g**2) * alpha**2 / sigma**4 * frobsq(C)),
    "trace": Eq(drift(tr(C), REVERSE), -(g**2) * alpha**2 / sigma**4 * tr(C) ** 2),
    "I-MMSE": Eq(d(Information, "snr"), mmse),
    "third derivative": Eq(d(mmse, "snr"), -2 * E(frobsq(C))),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_near_misses_are_refuted(name):
    found = settle(MUTANTS[name], S)
    assert found.status == "refuted"
    with pytest.raises(KernelError):
        check(certificate(MUTANTS[name], S, (Link(parts=not MUTANTS[name].free),)))


def test_the_drift_of_the_trace_is_right_at_small_sizes_and_false_in_general():
    """(tr C)^2 for tr C^2: equal at D = 1 for every K, and at K <= 2 for every D. Instances would have passed it."""
    statement = MUTANTS["trace"]
    lowering = lowering_for(S)
    gap = lowering.element(statement.lhs) - lowering.element(statement.rhs)
    first = None
    for D_ in (1, 2, 3):
        for K in (1, 2, 3):
            value = FiniteLaw(D_, K, 0, "linear", frozenset()).value(gap, {}, None)
            if D_ == 1 or K <= 2:
                assert value == 0
            elif first is None:
                first = (D_, K, value)
    assert first is not None
    assert first[:2] == (2, 3)
    assert first[2] != 0
    found = settle(statement, S)
    assert found.status == "refuted"
    assert found.witness["D"] == "2"
    assert found.witness["law"].startswith("3 atoms")
    assert found.witness["difference"] == str(first[2])


def test_the_true_drift_vanishes_there():
    statement = POINTWISE["covariance"]
    lowering = lowering_for(S)
    gap = lowering.element(statement.lhs) - lowering.element(statement.rhs)
    assert not gap.terms
