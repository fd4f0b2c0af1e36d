"""Statements of the theory settled with no hints, and their near misses."""

import time

import pytest

from theory.kernel.index.certificate import check, lowering_for
from theory.kernel.witness.exact import find_witness
from theory.language.instances import ANY, DISCRETE, FINITE_INFORMATION, GAUSSIAN, LINEAR, MIXTURE, VE, VP, Setting
from theory.language.notation import *
from theory.language.statements import Chain, Eq, Ge, Gt, Le, Lt, chain, maxima
from theory.language.statements import Located as At
from theory.search.settle import settle

INFO, EVERY = Setting(FINITE_INFORMATION, LINEAR), Setting(ANY, LINEAR)
B = d(H(X0 | Xt))
RATE = g**2 * normsq(grad(log(P(X0 | x))))
C = Cov(X0 | x)
phi, u = field("phi"), field("u", 1)
NORM = g**2 / 2 * E(normsq(s_c - s))
lam = symbol("lam")

TRUE = {
    "conditional rate, divergence": Eq(B, g**2 / 2 * (D / sigma**2 + E(div(s)))),
    "conditional rate, norm": Eq(B, g**2 / 2 * (D / sigma**2 - E(normsq(s)))),
    "conditional rate, gap": Eq(B, NORM),
    "marginal rate, norm": Eq(d(H(Xt)), D * a + g**2 / 2 * E(normsq(s))),
    "marginal rate, divergence": Eq(d(H(Xt)), E(div(f)) - g**2 / 2 * E(div(s))),
    "kernel rate": Eq(d(H(Xt | X0)), D * a + D * g**2 / (2 * sigma**2)),
    "kernel entropy": Eq(H(Xt | X0), D * log(2 * pi) / 2 + D * log(sigma) + D / 2),
    "rate covariance": Eq(B, g**2 * alpha**2 / (2 * sigma**4) * E(tr(C))),
    "immse": Eq(d(Information, "snr"), mmse / 2),
    "edm form": Eq(d(H(X0 | Xt), "nu"), mmse / (2 * nu**2)),
    "rate of Var Phi": Eq(d(Var(Phi)), -E(RATE) + covar(Phi, RATE)),
    "rate of Var h": Eq(d(Var(h)), -(g**2) * (E(normsq(grad(h))) - covar(h, D / sigma**2 + div(s)))),
    "Stein": Eq(E(dot(x, s)), -D),
    "Fisher": Eq(E(normsq(s)), -E(div(s))),
    "Fisher and mmse": Eq(E(normsq(s)), D / sigma**2 - alpha**2 / sigma**4 * mmse),
    "mean score": Eq(E(s), 0),
    "Stein with a field": Eq(E(phi * s), -E(grad(phi))),
    "Fisher matrix": Eq(E(outer(s, s)), -E(jac(s))),
    "Stein matrix": Eq(E(outer(s, x)), -I),
    "mean": Eq(dt(E(x)), a * E(x)),
    "energy": Eq(dt(E(normsq(x))), 2 * a * E(normsq(x)) + D * g**2),
    "orthogonality": Eq(E(dot(s_c - s, u)), 0),
    "Fokker-Planck": Eq(dt(p), -div(p * f) + g**2 / 2 * lap(p)),
    "schedule, nu": Eq(g**2, alpha**2 * dt(sigma**2 / alpha**2)),
    "schedule, sigma": Eq(g**2, 2 * sigma * dt(sigma) - 2 * a * sigma**2),
    "schedule, snr": Eq(dt(snr), -snr * g**2 / sigma**2),
    "Hessian matrix": Eq(jac(s), (alpha**2 * C / sigma**2 - I) / sigma**2),
    "Hessian trace": Eq(div(s), (alpha**2 * tr(C) / sigma**2 - D) / sigma**2),
    "Fisher's identity": Eq(s, post(s_c)),
    "Tweedie": Eq(m, (x + sigma**2 * s) / alpha),
    "score equation": Eq(dt(s), grad(-div(f) - dot(f, s) + g**2 / 2 * (div(s) + normsq(s)))),
    "drift of Phi given its end": Eq(drift(Phi, REVERSE_GIVEN_END), -RATE / 2),
    "rate of Phi": Eq(RATE, g**2 * alpha**2 * normsq(X0 - m) / sigma**4),
    "drift of Phi with a fixed label": Eq(drift(Phi, REVERSE), RATE / 2),
    "posterior entropy": Eq(drift(h, REVERSE), -(g**2) / 2 * (D / sigma**2 + div(s))),
    "posterior mean is a martingale": Eq(drift(dot(m, m), REVERSE), g**2 * frobsq(jac(m))),
    "posterior weight is a martingale": Eq(drift(P(X0 | x), REVERSE), 0),
    "reverse drift of tr Cov": Eq(drift(tr(C), REVERSE), -(g**2) * alpha**2 / sigma**4 * tr(dot(C, transpose(C)))),
    "log p along the flow": Eq(drift(log(p), FLOW), -div(f) + g**2 / 2 * div(s)),
    "log p forward": Eq(drift(log(p), FORWARD), -div(f) + g**2 * (div(s) + normsq(s) / 2)),
}  # fmt: skip

FALSE = {
    "bare divergence": Eq(B, g**2 / 2 * E(div(s))),
    "its complement": Eq(B, -(g**2) / 2 * E(div(s))),
    "no half": Eq(B, g**2 * (D / sigma**2 + E(div(s)))),
    "sigma for sigma^2": Eq(B, g**2 / 2 * (D / sigma + E(div(s)))),
    "D - 1": Eq(B, g**2 / 2 * ((D - 1) / sigma**2 + E(div(s)))),
    "plus the norm": Eq(B, g**2 / 2 * (D / sigma**2 + E(normsq(s)))),
    "marginal rate without D": Eq(d(H(Xt)), a + g**2 / 2 * E(normsq(s))),
    "kernel rate, half for D": Eq(d(H(Xt | X0)), a / 2 + g**2 / (2 * sigma**2)),
    "immse without half": Eq(d(Information, "snr"), mmse),
    "immse in the wrong clock": Eq(d(Information, "sigma^2"), mmse / 2),
    "rate covariance, alpha": Eq(B, g**2 * alpha / (2 * sigma**4) * E(tr(C))),
    "rate covariance, squared": Eq(B, g**2 * alpha**2 / (2 * sigma**4) * E(tr(dot(C, C)))),
    "rate of Var Phi, sign": Eq(d(Var(Phi)), -E(RATE) - covar(Phi, RATE)),
    "Stein at D = 1": Eq(E(dot(x, s)), -1),
    "Fisher, pointwise": Eq(normsq(s), -div(s)),
    "Fisher matrix, sign": Eq(E(outer(s, s)), E(jac(s))),
    "Stein with a field, sign": Eq(E(phi * s), E(grad(phi))),
    "Fokker-Planck, no half": Eq(dt(p), -div(p * f) + g**2 * lap(p)),
    "Fokker-Planck, sign": Eq(dt(p), div(p * f) + g**2 / 2 * lap(p)),
    "schedule, alpha": Eq(g**2, alpha * dt(sigma**2 / alpha**2)),
    "Hessian, alpha": Eq(jac(s), (alpha * C / sigma**2 - I) / sigma**2),
    "Hessian, sign": Eq(jac(s), (alpha**2 * C / sigma**2 + I) / sigma**2),
    "Hessian trace, D - 1": Eq(div(s), (alpha**2 * tr(C) / sigma**2 - (D - 1)) / sigma**2),
    "Tweedie, sigma": Eq(m, (x + sigma * s) / alpha),
    "fixed label, sign": Eq(drift(Phi, REVERSE), -RATE / 2),
    "given its end, no half": Eq(drift(Phi, REVERSE_GIVEN_END), -RATE),
    "posterior entropy, sign": Eq(drift(h, REVERSE), g**2 / 2 * (D / sigma**2 + div(s))),
    "posterior weight forward": Eq(drift(P(X0 | x), FORWARD), 0),
    "noise, sign": Eq(noise(Phi, REVERSE), g * grad(log(P(X0 | x)))),
    "wrong sign": Le(B, 0),
    "a bound that is none": Ge(tr(C), 3),
    "a strict bound that is none": Gt(tr(C), 3),
    "the other way": Lt(E(normsq(x)), E(normsq(x)) - 1),
}


@pytest.mark.parametrize("name", TRUE)
def test_true_statements_are_proved_for_every_dimension_and_prior(name):
    outcome = settle(TRUE[name], INFO, budget_seconds=10)
    assert outcome.status == "proved", outcome
    assert "every dimension" in outcome.scope
    assert check(outcome.certificate).statement == TRUE[name]
    assert outcome.witness is None


@pytest.mark.parametrize("name", FALSE)
def test_near_misses_are_refuted_by_an_exact_witness(name):
    outcome = settle(FALSE[name], EVERY, budget_seconds=5)
    assert outcome.status == "refuted", outcome
    assert {"law", "germ", "left side", "right side", "difference", "D"} <= set(outcome.witness)
    assert outcome.certificate is None


def test_the_family_is_a_combination_of_flow_and_noise_by_definition():
    change = Eq(drift(phi, FAMILY, lam) + drift(phi, FLOW), lam**2 / 2 * g**2 * (dot(s, grad(phi)) + lap(phi)))
    assert settle(change, EVERY).status == "by-definition"


def test_what_gaussians_cannot_tell_apart_stays_undecided():
    # Var Phi = D/2 for every Gaussian, so both signs of its (vanishing) rate agree there.
    wrong = Eq(d(Var(Phi)), E(RATE) - covar(Phi, RATE))
    assert settle(wrong, EVERY, budget_seconds=1.5).status == "undecided"


@pytest.mark.parametrize("name", TRUE)
def test_no_witness_exists_against_what_is_proved(name):
    assert find_witness(TRUE[name], EVERY, lowering_for(EVERY), time.monotonic() + 1)[0] is None


def test_the_quadratic_trace_fails_first_at_two_dimensions_and_three_atoms():
    wrong = Eq(drift(tr(C), REVERSE), -(g**2) * alpha**2 / sigma**4 * tr(C) ** 2)
    outcome = settle(wrong, EVERY)
    assert outcome.status == "refuted"
    assert outcome.witness["D"] == "2"
    assert outcome.witness["law"].startswith("3 atoms")
    assert Q(outcome.witness["left side"]) - Q(outcome.witness["right side"]) == Q(outcome.witness["difference"]) != 0
    # In one dimension the two forms agree, and the proof says so.
    line = settle(wrong, Setting(ANY, LINEAR, D=1))
    assert line.status == "undecided"


def test_an_inequality_is_proved_from_its_square_or_from_pieces_that_are_found():
    assert settle(Ge(B, 0), INFO, square=NORM).status == "proved"
    assert settle(Ge(E(normsq(s)), 0), INFO).status == "proved"
    assert settle(Le(-E(normsq(s)), 0), INFO).status == "proved"
    assert settle(Le(-E(normsq(s)), 0), INFO, square=E(normsq(s))).status == "proved"
    without = settle(Ge(B, 0), INFO)
    assert without.status == "proved"
    assert without.strategy == "non-negative pieces"
    not_a_square = settle(Ge(B, 0), INFO, square=g**2 / 2 * (D / sigma**2 + E(div(s))), budget_seconds=0.5)
    assert not_a_square.status == "undecided"
    another = settle(Ge(B, 0), INFO, square=E(normsq(s)), budget_seconds=0.5)
    assert another.status == "undecided"


def test_a_chain_is_proved_link_by_link_and_its_false_link_is_named():
    good = chain(B, ("=", g**2 / 2 * (D / sigma**2 - E(normsq(s)))), ("=", NORM), (">=", 0))
    assert isinstance(good, Chain)
    assert settle(good, INFO).status == "proved"
    bad = settle(chain(B, ("=", NORM), ("=", 2 * NORM)), INFO)
    assert bad.status == "refuted"
    assert "link 2" in bad.detail


def test_process_classes_are_respected():
    assert settle(Eq(alpha**2, 1 - sigma**2), Setting(ANY, VP)).status == "proved"
    assert settle(Eq(alpha**2, 1 - sigma**2), EVERY).status == "refuted"
    assert settle(Eq(alpha, 1), Setting(ANY, VE)).status == "proved"
    assert settle(Eq(dt(s), g**2 / 2 * grad(div(s) + normsq(s))), Setting(ANY, VE)).status == "proved"
    assert settle(Eq(dt(s), g**2 / 2 * grad(div(s) + normsq(s))), EVERY).status == "refuted"
    ve_rate = Eq(d(H(X0 | Xt), "sigma"), mmse / sigma**3)
    assert settle(ve_rate, Setting(ANY, VE)).status == "proved"
    assert settle(ve_rate, EVERY, budget_seconds=0.5).status == "refuted"
    vp = settle(Eq(B, g**2 * E(tr(C))), Setting(ANY, VP), budget_seconds=3)
    assert vp.status == "refuted"
    assert "a = -" in vp.witness["germ"]


def test_witnesses_belong_to_the_law_class():
    wrong = Eq(B, g**2 / 2 * E(div(s)))
    assert "atom" in settle(wrong, Setting(DISCRETE, LINEAR)).witness["law"]
    field_wrong = Eq(div(s), tr(C))
    assert settle(field_wrong, Setting(GAUSSIAN, LINEAR)).witness["law"].startswith("N(")
    assert "atoms" in settle(field_wrong, Setting(DISCRETE, LINEAR)).witness["law"]
    # True for a Gaussian (its posterior covariance does not depend on x), false in general.
    flat = Eq(grad(tr(C)), 0)
    assert settle(flat, EVERY).status == "refuted"
    assert settle(flat, Setting(GAUSSIAN, LINEAR)).status == "proved"


def test_a_fixed_dimension_is_put_in():
    assert settle(Eq(E(dot(x, s)), -1), Setting(ANY, LINEAR, D=1)).status == "proved"
    assert settle(Eq(E(dot(x, s)), -1), Setting(ANY, LINEAR, D=2)).status == "refuted"
    assert settle(Eq(D, 2), EVERY).status == "refuted"


def test_symbols_are_universal_within_their_signs():
    c = symbol("c")
    assert settle(Ge(c * E(normsq(s)), 0), Setting(ANY, LINEAR, nonnegative=(c,))).status == "proved"
    assert settle(Ge(c * E(normsq(s)), 0), EVERY, budget_seconds=0.5).status == "refuted"
    logs = Eq(log(c**2), 2 * log(c))
    assert settle(logs, Setting(ANY, LINEAR, positive=(c,))).status == "proved"
    assert settle(logs, EVERY).status == "unsupported"


def test_hypotheses_are_named_and_discharged_for_mixtures():
    general = settle(TRUE["conditional rate, norm"], INFO)
    names = {hyp.name: hyp.status for hyp in general.hypotheses}
    assert names["positivity"] == "discharged"
    assert names["flux decay 1"] == names["differentiation under the expectation"] == "assumed"
    tame = settle(TRUE["conditional rate, norm"], Setting(MIXTURE, LINEAR))
    assert {hyp.status for hyp in tame.hypotheses} == {"discharged"}
    fields = settle(TRUE["Stein with a field"], Setting(MIXTURE, LINEAR))
    assert {hyp.name: hyp.status for hyp in fields.hypotheses}["flux decay 1"] == "assumed"
    moving = settle(Eq(d(H(X0 | Xt), "sigma^2") * dt(sigma**2), NORM), INFO)
    assert any("the clock sigma^2 moves" in hyp.text for hyp in moving.hypotheses)


def test_what_cannot_be_read_is_unsupported_not_false():
    assert settle(Eq(exp(normsq(x)), exp(dot(x, x))), EVERY).status in ("by-definition", "unsupported")
    assert settle(Eq(exp(normsq(x)), 1), EVERY).status == "unsupported"
    assert settle(At(maxima(Var(Phi), sigma), 1), EVERY).status == "unsupported"


def test_a_spent_budget_is_undecided():
    assert settle(Eq(d(Var(h)), E(normsq(grad(h)))), INFO, budget_seconds=0.05).status == "undecided"
