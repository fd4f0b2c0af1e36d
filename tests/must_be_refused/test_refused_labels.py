"""False statements about labels: none may be proved, and no forged certificate about them accepted."""

import copy
import random

import pytest

from numerics.gap import float_gap
from theory.kernel.errors import KernelError
from theory.kernel.index.certificate import Flux, Link, certificate, check
from theory.language.instances import ANY, DISCRETE, FINITE_INFORMATION, GAUSSIAN, LINEAR, MIXTURE, STANDING, Setting
from theory.language.notation import *
from theory.language.statements import Eq, Ge, Le
from theory.language.terms import as_term
from theory.search.settle import settle

ALL, MIX = Setting(ANY, LINEAR), Setting(MIXTURE, LINEAR)
V = alpha**2 * Sz + sigma**2 * I
PRECISION = inv(V)
RATE = d(H(Z | Xt))
FALSE = {
    "one component": (ALL, Eq(s, s_z)),
    "components are end points": (ALL, Eq(s_z, s_c)),
    "doubly weighted": (ALL, Eq(s, post(P(Z | x) * s_z))),
    "prior weights": (ALL, Eq(s, post(p / pz * s_z))),
    "prior weights in the rate": (ALL, Eq(RATE, g**2 / 2 * E(wz * normsq(s_z - s)))),
    "no half": (ALL, Eq(RATE, g**2 * E(normsq(s_z - s)))),
    "the kernel's rate": (ALL, Eq(RATE, g**2 / 2 * (D / sigma**2 - E(normsq(s))))),
    "sum of norms": (ALL, Eq(RATE, g**2 / 2 * E(normsq(s_z + s)))),
    "the rate of H(X0|Xt)": (ALL, Eq(RATE, d(H(X0 | Xt)))),
    "the squared norm of a mean": (ALL, Eq(E(normsq(s_z)), E(normsq(s)))),
    "posterior mean of a product": (ALL, Eq(post(dot(s_z, X0)), dot(s, m))),
    "the label is its posterior mean": (ALL, Eq(E(dot(s_z, m)), E(dot(s_z, X0)))),
    "probability is the weight": (ALL, Eq(P(Z | x), wz)),
    "forward committor": (ALL, Eq(drift(P(Z | x), FORWARD), 0)),
    "flow committor": (ALL, Eq(drift(P(Z | x), FLOW), 0)),
    "drift of the log": (ALL, Eq(drift(log(P(Z | x)), REVERSE), 0)),
    "score of the label": (ALL, Eq(grad(log(P(Z | x))), s_z)),
    "Fokker-Planck without half": (ALL, Eq(dt(pz), -div(f * pz) + g**2 * lap(pz))),
    "p0 given the label": (ALL, Eq(pz, p)),
    "joint": (ALL, Eq(wz * pz, p)),
    "any label has Gaussian components": (ALL, Eq(s_z, -dot(PRECISION, x - alpha * mz))),
    "an atom's label has one": (Setting(DISCRETE, LINEAR), Eq(s_z, -dot(PRECISION, x - alpha * mz))),
    "no alpha": (MIX, Eq(s_z, -dot(PRECISION, x - mz))),
    "mixture": (MIX, Eq(s, -dot(PRECISION, x - alpha * mz))),
    "mean precision": (MIX, Eq(s, -dot(post(PRECISION), x - alpha * post(mz)))),
    "inverse": (MIX, Eq(dot(PRECISION, Sz), I)),
    "no square of the mean": (MIX, Eq(jac(s), post(outer(s_z, s_z) - PRECISION))),
    "plus": (MIX, Eq(jac(s), post(outer(s_z, s_z) + PRECISION) - outer(s, s))),
    "mean covariance": (MIX, Eq(Cov(X0 | x), post(Sz))),
    "covariance commutes with the mean": (MIX, Eq(dot(Sz, mz), tr(Sz) * mz)),
    "trace of a product": (MIX, Eq(tr(dot(Sz, Sz)), tr(Sz) ** 2)),
    "moving precision": (MIX, Eq(dt(PRECISION), -2 * a * PRECISION)),
    "the mean of a Gaussian": (Setting(GAUSSIAN, LINEAR), Eq(m, mz)),
}


@pytest.mark.parametrize("name", FALSE)
def test_false_statements_are_not_proved(name):
    setting, statement = FALSE[name]
    assert settle(statement, setting, budget_seconds=2).status in ("refuted", "undecided", "unsupported")
    with pytest.raises(KernelError):
        check(certificate(statement, setting, (Link(),)))


TRUE = {
    "rate": settle(Eq(RATE, g**2 / 2 * E(normsq(s_z - s))), ALL).certificate,
    "sign": settle(Ge(RATE, 0), ALL, square=g**2 / 2 * E(normsq(s_z - s))).certificate,
    "closed": settle(Eq(s_z, -dot(PRECISION, x - alpha * mz)), MIX).certificate,
    "committor": settle(Eq(drift(P(Z | x), REVERSE), 0), ALL).certificate,
}


@pytest.mark.parametrize("name", TRUE)
def test_no_wider_setting_inherits_a_proof(name):
    theorem = check(copy.deepcopy(TRUE[name]))
    assert ("Z its component" if name == "closed" else "any label Z") in theorem.scope
    assert all(h.status == "discharged" for h in theorem.hypotheses if "Gaussian" in h.name or "invert" in h.name)
    if name == "closed":
        forged = copy.deepcopy(TRUE[name])
        forged["setting"]["law"] = {"class": "any"}
        with pytest.raises(KernelError):
            check(forged)


def test_fluxes_of_labels():
    """A flux may not divide by a density of the label; a coefficient may not depend on it."""
    target = Eq(E(dot(s_z, s_z)), 0)
    for flux in (Flux(as_term(1), s_z / pz), Flux(wz, x), Flux(as_term(1), post(s_z / pz)), Flux(pz, s_z)):
        with pytest.raises(KernelError):
            check(certificate(target, ALL, (Link((flux,)),)))
    turned = copy.deepcopy(TRUE["sign"])
    turned["statement"]["relation"] = "<="
    with pytest.raises(KernelError):
        check(turned)
    assert settle(Le(RATE, 0), ALL, square=-(g**2) / 2 * E(normsq(s_z - s))).status != "proved"


POOL = [
    E(normsq(s_z)), E(normsq(s)), E(dot(s_z, s)), E(dot(s_z, s_c)), E(div(s_z)), E(div(s)), E(dot(s_z, X0)),
    E(dot(s, X0)), E(dot(s_z, x)), E(dot(s_z, m)), E(post(normsq(s_z))), E(normsq(s_c)),
    d(H(Z | Xt)), d(H(Xt | Z)), d(H(Z)), d(H(Xt)),
]  # fmt: skip
WEIGHTS = [D, g**2 / 2, sigma**2, alpha, D / sigma**2, D * a]


@pytest.mark.parametrize("seed", range(24))
def test_whatever_is_proved_holds_in_floats(seed):
    """Small random combinations of averages over labels; few are true, and those that are proved must be."""
    rng = random.Random(seed)
    left, right, third = rng.sample(POOL, 3)
    weight = rng.choice(WEIGHTS)
    candidates = [
        Eq(left, right), Eq(left, -right), Eq(left, right + third), Eq(left, weight * right),
        Eq(left, weight * (right - third)), Eq(left, weight), Eq(left + right, weight * third),
    ]  # fmt: skip
    for statement in candidates:
        if settle(statement, Setting(FINITE_INFORMATION, LINEAR), budget_seconds=0.3).status == "proved":
            assert all(float_gap(statement, i) < 1e-9 for i in STANDING if i.law.D == 1), statement


def test_the_pool_holds_true_ones():
    true = [
        Eq(E(normsq(s_z)), E(dot(s_z, s_c))), Eq(E(normsq(s)), E(dot(s_z, s))), Eq(E(dot(s_z, x)), -D),
        Eq(d(H(Xt | Z)), D * a + g**2 / 2 * E(normsq(s_z))), Eq(d(H(Z)), 0), Eq(E(normsq(s_z)), -E(div(s_z))),
    ]  # fmt: skip
    for statement in true:
        assert settle(statement, Setting(FINITE_INFORMATION, LINEAR)).status == "proved", statement
        assert all(float_gap(statement, i) < 1e-9 for i in STANDING if i.law.D == 1)


def test_no_average_hides_from_the_hypotheses():
    """In a denominator, or where two cancel: an average of a test field or of 1/p need not be finite."""
    u, plain = field("u"), E(normsq(s))
    hidden = {
        "denominator": Eq(2 * x / E(u**2 + 1), (x + x) / E(u**2 + 1)),
        "difference": Eq(E(1 / p) - E(1 / p), 0),
        "times zero": Eq(0 * E(p / pz**2), 0),
        "rate": Eq(d(E(u) - E(u)), 0),
    }
    for name, statement in hidden.items():
        theorem = check(certificate(statement, MIX, (Link(),)))
        assert [h.status for h in theorem.hypotheses if h.name == "finite averages"] == ["assumed"], name
    theorem = check(certificate(Eq(plain - plain, 0), MIX, (Link(),)))
    assert [h.status for h in theorem.hypotheses if h.name == "finite averages"] == ["discharged"]
