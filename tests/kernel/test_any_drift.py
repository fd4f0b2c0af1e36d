"""Diffusions with any smooth drift, any law and any number of components: what the index kernel proves, and refuses."""

import json

import pytest

from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.index.certificate import Flux, Link, certificate, check
from theory.kernel.index.lower import lowering_for
from theory.kernel.replay import check as replay
from theory.language.instances import ANY, DIFFUSION, LINEAR, VP, Setting
from theory.language.notation import *
from theory.language.statements import Eq, Ge, Le
from theory.language.terms import as_term
from theory.search.settle import settle

S = Setting(ANY, DIFFUSION)
half = Q(1, 2)
phi, psi = field("phi"), field("psi")
L = log(p) - log(q)


def backward(h):
    return dot(f, grad(h)) + half * g**2 * lap(h)


def forward(density):
    return -div(f * density) + half * g**2 * lap(density)


LOG_RATE = -div(f) - dot(f, s) + half * g**2 * (div(s) + normsq(s))
POINTWISE = {
    "Fokker-Planck": Eq(dt(p), forward(p)),
    "component": Eq(dt(pz), forward(pz)),
    "log Fokker-Planck": Eq(dt(log(p)), LOG_RATE),
    "score equation": Eq(dt(s), grad(LOG_RATE)),
    "Anderson": Eq(-dt(p), -div(p * (g**2 * s - f)) + half * g**2 * lap(p)),
    "probability flow": Eq(dt(p), -div(p * (f - half * g**2 * s))),
    "Ito forward": Eq(drift(log(p), FORWARD), -div(f) + g**2 * div(s) + half * g**2 * normsq(s)),
    "Ito reverse": Eq(drift(log(p), REVERSE), div(f) + half * g**2 * normsq(s)),
    "Ito flow": Eq(drift(log(p), FLOW), -div(f) + half * g**2 * div(s)),
    "two solutions": martingale(q / p, REVERSE),
    "responsibility": martingale(P(Z | x), REVERSE),
    "posterior": martingale(P(X0 | x), REVERSE),
    "posterior mean": martingale(post(normsq(X0)), REVERSE),
    "class entropy": Eq(drift(H(Z | x), REVERSE), -half * g**2 * post(normsq(s_z - s))),
    "class entropy, slope": Eq(grad(H(Z | x)), -post(log(P(Z | x)) * (s_z - s))),
    "class entropy, variation": Eq(qv(H(Z | x), REVERSE), g**2 * normsq(post(log(P(Z | x)) * (s_z - s)))),
    "posterior entropy": Eq(drift(H(X0 | x), REVERSE), -half * g**2 * post(normsq(s_c - s))),
    "tilted generator": Eq(backward(phi) - 2 * dot(f, grad(phi)) - div(f) * phi, forward(phi)),
    "supermartingale": supermartingale(H(Z | x), REVERSE),
}
AVERAGES = {
    "mean score": Eq(E(s), origin),
    "divergence": Eq(E(div(s)), -E(normsq(s))),
    "virial": Eq(E(dot(x, s)), -D),
    "entropy": Eq(d(H(Xt)), E(div(f)) + half * g**2 * E(normsq(s))),
    "relative entropy": Eq(d(E(L)), -half * g**2 * E(normsq(grad(L)))),
    "bandwidth": Eq(d(H(X0 | Xt)), half * g**2 * E(normsq(s_c - s))),
    "class bandwidth": Eq(d(H(Z | Xt)), half * g**2 * E(normsq(s_z - s))),
    "adjoint": Eq(E(phi * forward(p * psi) / p), E(psi * backward(phi))),
    "generator": Eq(dt(E(phi)), E(backward(phi))),
}
SIGNS = {
    "bandwidth": Ge(d(H(X0 | Xt)), 0),
    "relative entropy": Le(d(E(L)), 0),
    "processing": Le(d(H(Z | Xt)), d(H(X0 | Xt))),
}


@pytest.mark.parametrize("name", POINTWISE)
def test_pointwise_identities_hold_for_every_drift(name):
    theorem = check(certificate(POINTWISE[name], S, (Link(),)) if POINTWISE[name].relation == "=" else
                    settle(POINTWISE[name], S).certificate)  # fmt: skip
    assert "any smooth drift" in theorem.scope
    assert theorem.scope.startswith("every dimension")


@pytest.mark.parametrize("name", AVERAGES)
def test_averages_are_settled_by_fluxes_that_are_found(name):
    found = settle(AVERAGES[name], S)
    assert found.status == "proved"
    theorem = replay(json.loads(json.dumps(found.certificate)))
    assert any(h.name == "forward equation" and h.status == "assumed" for h in theorem.hypotheses)


@pytest.mark.parametrize("name", SIGNS)
def test_signs_are_found_without_a_hint(name):
    assert settle(SIGNS[name], S).status == "proved"


MUTANTS = [
    Eq(dt(p), -div(f * p) + g**2 * lap(p)),
    Eq(dt(p), -dot(f, grad(p)) + half * g**2 * lap(p)),
    Eq(dt(log(p)), LOG_RATE + div(f)),
    Eq(drift(log(p), FORWARD), -div(f) + g**2 * div(s) + g**2 * normsq(s)),
    Eq(drift(log(p), REVERSE), -div(f) + half * g**2 * normsq(s)),
    martingale(q / p, FORWARD),
    martingale(p / q, REVERSE),
    martingale(P(Z | x), FORWARD),
    martingale(H(Z | x), REVERSE),
    Eq(drift(H(Z | x), REVERSE), -(g**2) * post(normsq(s_z - s))),
    Eq(jac(f), transpose(jac(f))),
    Eq(div(f), as_term(0)),
    Eq(grad(div(f)), origin),
    Eq(E(dot(x, s)), -(D - 1)),
    Eq(E(div(s)), E(normsq(s))),
    Eq(d(H(Xt)), half * g**2 * E(normsq(s))),
    Eq(d(H(Xt)), E(div(f)) + g**2 * E(normsq(s))),
    Eq(d(E(L)), -(g**2) * E(normsq(grad(L)))),
    Eq(d(H(X0 | Xt)), -half * g**2 * E(normsq(s_c - s))),
    Eq(d(H(Z | Xt)), half * g**2 * E(normsq(s_c - s))),
    Eq(E(phi * forward(p * psi) / p), E(psi * forward(phi))),
    Eq(dt(E(phi)), E(forward(phi))),
    Ge(d(E(L)), 0),
    Le(d(H(X0 | Xt)), d(H(Z | Xt))),
]


@pytest.mark.parametrize("statement", MUTANTS, ids=range(len(MUTANTS)))
def test_near_misses_are_refuted_by_an_exact_witness(statement):
    found = settle(statement, S)
    assert found.status == "refuted"
    assert found.witness["left side"] != found.witness["right side"]


def test_the_witness_names_the_drift_that_breaks_a_symmetry():
    found = settle(Eq(jac(f), transpose(jac(f))), S)
    assert "d2 f[1]" in found.witness["f"]
    # for a linear process the same statement is true
    assert settle(Eq(jac(f), transpose(jac(f))), Setting(ANY, LINEAR)).status == "proved"


def test_what_belongs_to_linear_processes_is_not_read():
    for statement in (Eq(s, -x / sigma), Eq(snr, 1), Eq(a, 0)):
        with pytest.raises(UnsupportedError, match="linear processes"):
            check(certificate(statement, S, (Link(),)))


def test_a_theorem_for_every_drift_covers_the_linear_ones():
    assert S.covers(Setting(ANY, LINEAR))
    assert S.covers(Setting(ANY, VP, D=3))
    assert not Setting(ANY, LINEAR).covers(S)


def test_jets_of_the_second_law_are_those_of_a_solution():
    """d/dt of grad log q is the gradient of the forward equation, in either kind of channel."""
    for setting in (S, Setting(ANY, LINEAR)):
        lowering = lowering_for(setting)
        v = grad(log(q))
        right = grad(-div(f) - dot(f, v) + half * g**2 * (div(v) + normsq(v)))
        assert not (lowering.element(dt(v), (1,)) - lowering.element(right, (1,))).terms
        assert (lowering.element(dt(v), (1,)) - lowering.element(right + v, (1,))).terms


def test_q_is_not_p():
    assert settle(Eq(E(grad(log(q))), origin), S).status == "refuted"
    assert settle(Eq(div(grad(log(q))), div(s)), S).status == "refuted"
    assert settle(Ge(div(grad(log(q))), -D / sigma**2), Setting(ANY, LINEAR)).status != "refuted"


def test_a_flux_that_does_not_decay_is_refused():
    # E[div V + V . grad log k] with V = x / p would be the integral of a divergence of x
    with pytest.raises(KernelError, match="decay"):
        check(certificate(Eq(E(D / p), 0), S, (Link((Flux(as_term(1), x / p),)),)))
