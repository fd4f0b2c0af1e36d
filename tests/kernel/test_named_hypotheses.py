"""What algebra cannot see is named: neither discharged where it is false, nor lost on the way through a lemma."""

from theory.kernel.index.certificate import Flux, Lemma, Link, certificate, check
from theory.language.instances import ANY, DIFFUSION, DISCRETE, FINITE_INFORMATION, GAUSSIAN, LINEAR, MIXTURE, Setting
from theory.language.notation import *
from theory.language.statements import Eq, chain
from theory.language.terms import as_term

EVERY, ANY_DRIFT, ONE = Setting(ANY, LINEAR), Setting(ANY, DIFFUSION), as_term(1)
v, w = field("v", 1), field("w", 1)


def status(theorem):
    return {h.name: h.status for h in theorem.hypotheses}


def hypotheses(statement, setting, *links):
    return status(check(certificate(statement, setting, links or (Link(),))))


def test_a_posterior_average_that_diverges_is_not_finite_by_form():
    # post(1/P(X0|x)) is the integral of 1 over X0
    for law in (GAUSSIAN, MIXTURE):
        found = hypotheses(Eq(grad(post(P(X0 | x) ** -1)), origin), Setting(law, LINEAR))
        assert found["differentiation under the integral"] == "assumed"
        assert found["finite posterior averages"] == "assumed"
    finite = hypotheses(Eq(jac(m), alpha / sigma**2 * Cov(X0 | x)), Setting(MIXTURE, LINEAR))
    assert set(finite.values()) == {"discharged"}
    sums = hypotheses(Eq(VarPost(1 / k), post(k**-2) - post(1 / k) ** 2), Setting(DISCRETE, LINEAR))
    assert sums["finite posterior averages"] == "discharged"


def test_posterior_moments_are_finite_under_every_law_but_not_for_every_drift():
    assert hypotheses(Eq(jac(m), alpha / sigma**2 * Cov(X0 | x)), EVERY)["finite posterior averages"] == "discharged"
    found = hypotheses(martingale(post(normsq(X0)), REVERSE), ANY_DRIFT)
    assert found["finite posterior averages"] == "assumed"


def test_a_prior_density_is_supposed_where_it_is_named():
    statement = Eq(post(log(P(X0 | x))) - post(log(p0)), post(log(k)) - log(p))
    assert hypotheses(statement, EVERY)["prior density"] == "assumed"
    assert "prior density" not in hypotheses(statement, Setting(MIXTURE, LINEAR))


def test_the_rate_of_a_lemma_differentiates_under_the_expectation():
    lemma = certificate(Eq(E(dot(x, s)), -D), EVERY, (Link(parts=True),))
    statement = Eq(E(dot(x, dt(s))) + E(dot(x, s) * dt(log(k))), 0)
    found = hypotheses(statement, EVERY, Link(lemmas=(Lemma(ONE, lemma, 1),)))
    assert found["differentiation under the expectation"] == "assumed"


def test_every_flux_of_every_lemma_has_to_decay():
    def lemma(field_):
        return certificate(Eq(E(dot(field_, s)), -E(div(field_))), ANY_DRIFT, (Link((Flux(ONE, field_),)),))

    both = (Lemma(E(dot(w, s)), lemma(v)), Lemma(-E(div(v)), lemma(w)))
    product = Eq(E(dot(v, s)) * E(dot(w, s)), E(div(v)) * E(div(w)))
    names = [h.name for h in check(certificate(product, ANY_DRIFT, (Link(lemmas=both),))).hypotheses]
    assert [n for n in names if "decay" in n] == ["flux decay 1 in lemma 1", "flux decay 1 in lemma 2"]
    left, right = E(dot(v, s)) + E(dot(w, s)), -E(div(v)) + E(dot(w, s))
    steps = chain(left, ("=", right), ("=", -E(div(v)) - E(div(w))))
    links = (Link(lemmas=(Lemma(ONE, lemma(v)),)), Link(lemmas=(Lemma(ONE, lemma(w)),)))
    names = [h.name for h in check(certificate(steps, ANY_DRIFT, links)).hypotheses]
    decays = [n for n in names if "decay" in n]
    assert decays == ["flux decay 1 in lemma 1 of link 1", "flux decay 1 in lemma 1 of link 2"]


def test_a_finite_second_moment_is_not_implied_by_finite_information():
    assert not Setting(ANY, LINEAR).covers(Setting(FINITE_INFORMATION, LINEAR))
    assert Setting(ANY, LINEAR).covers(Setting(MIXTURE, LINEAR, D=2))
