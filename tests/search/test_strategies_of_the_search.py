"""Strategies of the search beside the quick ones: lemmas, the Euler operator, pieces, growing fluxes."""

import json

import pytest

from theory.kernel.errors import KernelError
from theory.kernel.index.certificate import check
from theory.kernel.index.lower import lowering_for
from theory.language.instances import ANY, DIFFUSION, FINITE_INFORMATION, LINEAR, VE, Setting
from theory.language.notation import *
from theory.language.statements import Eq, Ge, Le
from theory.search.euler import has_no_flux
from theory.search.settle import settle

EVERY, ANY_DRIFT = Setting(ANY, LINEAR), Setting(ANY, DIFFUSION)
half = Q(1, 2)
RATE = Eq(d(H(Xt)), E(div(f)) + half * g**2 * E(normsq(s)))
SECOND = Eq(d(d(H(Xt))), dt(E(div(f))) + g * dt(g) * E(normsq(s)) + half * g**2 * dt(E(normsq(s))))


def residual(statement, setting=ANY_DRIFT):
    lowering = lowering_for(setting)
    return lowering.element(statement.lhs) - lowering.element(statement.rhs), lowering


@pytest.fixture(scope="module")
def rate():
    return settle(RATE, ANY_DRIFT).certificate


def test_the_rate_of_a_lemma_proves(rate):
    found = settle(SECOND, ANY_DRIFT, lemmas=(rate,))
    assert found.status == "proved"
    assert found.strategy == "substitution of lemmas"
    assert found.certificate["links"][0]["lemmas"][0]["rates"] == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rates", 0),
        ("rates", 2),
        ("rates", -1),
        ("rates", 4),
        ("rates", True),
        ("certificate", None),
        ("certificate", {}),
    ],
)
def test_an_altered_lemma_is_refused(rate, field, value):
    data = json.loads(json.dumps(settle(SECOND, ANY_DRIFT, lemmas=(rate,)).certificate))
    assert check(data).statement == SECOND
    data["links"][0]["lemmas"][0][field] = value
    with pytest.raises(KernelError):
        check(data)


def test_a_lemma_brings_its_own_proof_and_its_hypotheses(rate):
    data = json.loads(json.dumps(settle(SECOND, ANY_DRIFT, lemmas=(rate,)).certificate))
    own = {f"{h.name} in lemma 1" if "decay" in h.name else h.name for h in check(rate).hypotheses}
    assert own <= {h.name for h in check(data).hypotheses}
    data["links"][0]["lemmas"][0]["certificate"]["links"][0]["fluxes"] = []
    with pytest.raises(KernelError, match="lemma 1"):
        check(data)


def test_a_lemma_for_fewer_processes_is_refused(rate):
    narrow = settle(RATE, Setting(ANY, VE)).certificate
    data = json.loads(json.dumps(settle(SECOND, ANY_DRIFT, lemmas=(rate,)).certificate))
    data["links"][0]["lemmas"][0]["certificate"] = narrow
    with pytest.raises(KernelError, match="other laws or processes"):
        check(data)


TRUE = [
    RATE, Eq(E(div(s)), -E(normsq(s))), Eq(E(dot(x, s)), -D), Eq(d(H(X0 | Xt)), half * g**2 * E(normsq(s_c - s))),
    Eq(d(E(log(p) - log(q))), -half * g**2 * E(normsq(grad(log(p) - log(q))))),
    Eq(E(dot(f, s)), -E(div(f))),
]  # fmt: skip
FALSE = [
    Eq(d(H(Xt)), E(div(f)) + g**2 * E(normsq(s))), Eq(d(H(Xt)), half * g**2 * E(normsq(s))),
    Eq(E(div(s)), E(normsq(s))), Eq(E(dot(f, s)), E(div(f))), Eq(E(dot(x, f)), 0),
    Eq(E(normsq(s)), E(normsq(s)) * E(p)),
    Eq(d(E(log(p) - log(q))), -(g**2) * E(normsq(grad(log(p) - log(q))))),
]  # fmt: skip


@pytest.mark.parametrize("statement", TRUE, ids=range(len(TRUE)))
def test_the_euler_operator_vanishes_where_a_flux_exists(statement):
    assert not has_no_flux(*residual(statement))


@pytest.mark.parametrize("statement", FALSE[:5] + FALSE[6:], ids=range(len(FALSE) - 1))
def test_the_euler_operator_shows_that_no_flux_exists(statement):
    assert has_no_flux(*residual(statement))


def test_the_euler_operator_is_silent_about_products_of_averages():
    assert not has_no_flux(*residual(FALSE[5]))


INEQUALITIES = {
    "Cramer-Rao": (Ge(E(normsq(s)) * E(normsq(x)), D**2), EVERY, "cauchy-schwarz"),
    "Fisher information of the channel": (Le(E(normsq(s)), D / sigma**2), EVERY, "square"),
    "information is concave in the snr": (Le(d(d(Information, "snr"), "snr"), 0), EVERY, "square"),
    "mmse falls": (Le(d(mmse, "snr"), 0), EVERY, "square"),
    "linear estimation": (Le(mmse, tr(Cov(X0))), EVERY, "square"),
    "Jensen": (Ge(E(normsq(m)), normsq(E(m))), EVERY, "jensen"),
    "covariance": (Le(frobsq(Cov(X0 | x)), tr(Cov(X0 | x)) ** 2), EVERY, "covariance"),
    "variance of the posterior entropy": (Le(Var(h), Var(Phi)), EVERY, "square"),
    "bandwidth": (Ge(d(H(X0 | Xt)), 0), Setting(FINITE_INFORMATION, LINEAR), "square"),
    "a sum of two kinds": (Ge(E(normsq(x)) * E(normsq(s)) + d(H(X0 | Xt)), D**2), EVERY, "cauchy-schwarz"),
}


@pytest.mark.parametrize("name", INEQUALITIES)
def test_pieces_of_inequalities_are_found(name):
    statement, setting, rule = INEQUALITIES[name]
    found = settle(statement, setting)
    assert found.status == "proved"
    assert rule in {piece["rule"].split()[0] for piece in found.certificate["links"][0]["pieces"]}


@pytest.mark.parametrize("name", INEQUALITIES)
def test_the_reverse_inequality_is_refuted(name):
    statement, setting, _ = INEQUALITIES[name]
    turned = Le if statement.relation == ">=" else Ge
    assert settle(turned(statement.lhs, statement.rhs), setting).status == "refuted"


def test_a_piece_with_a_wrong_coefficient_is_refused():
    data = json.loads(json.dumps(settle(*INEQUALITIES["mmse falls"][:2]).certificate))
    assert check(data)
    data["links"][0]["pieces"][0]["coefficient"] = ["num", [], {"q": "7"}]
    with pytest.raises(KernelError):
        check(data)
    data["links"][0]["pieces"] = []
    with pytest.raises(KernelError):
        check(data)


def test_a_search_says_how_it_went():
    found = settle(Eq(d(H(Xt)), E(div(f)) + half * g**2 * E(normsq(s)) + E(p)), ANY_DRIFT, budget_seconds=3)
    assert found.status in ("undecided", "refuted")
    assert found.effort["families"] >= 1
    assert settle(RATE, ANY_DRIFT).strategy == "fluxes from a growing ansatz"
    assert settle(Eq(E(dot(x, s) * normsq(x)), -(D + 2) * E(normsq(x))), EVERY).strategy == "integration by parts"


def test_a_spent_budget_is_undecided_with_its_reason():
    found = settle(RATE, ANY_DRIFT, budget_seconds=0.0)
    assert found.status == "undecided"
    assert "budget" in found.detail
