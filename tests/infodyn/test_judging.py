"""A statement of one's own: the same judges and the same verdicts as a claim of the catalogue."""

import pytest

import infodyn as idn
from infodyn import language as n
from infodyn.judging import BY_DEFINITION
from proofs_checks.registry import load
from theory.language.instances import ANY, DIFFUSION, T1, VE, Setting
from theory.language.notation import D, E, alpha, div, dot, m, normsq, s, sigma, x
from theory.language.statements import Eq, Ge

TWEEDIE = Eq(m, (x + sigma**2 * s) / alpha)


def test_a_true_statement_is_verified_by_several_routes():
    found = idn.judge(TWEEDIE, digits=10)
    assert found.verdict == "VERIFIED"
    assert {e.route.value for e in found.evidence if e.outcome.supports} == {"algebra", "balls", "floats"}
    assert found.latex.startswith(r"\mathbb{E}") or "=" in found.latex


def test_a_wrong_one_is_refuted_with_a_witness():
    found = idn.judge(Eq(m, (x + sigma * s) / alpha))
    assert found.verdict == "REFUTED"
    assert "left side" in found.reason
    assert str(found).startswith("REFUTED: m = (x + sigma s)/alpha")
    assert "--law '" in str(found)


def test_what_holds_by_unfolding_is_no_finding():
    assert idn.judge(Eq(normsq(s), dot(s, s))).verdict == BY_DEFINITION


def test_an_inequality_takes_the_square_that_its_sides_differ_by():
    assert idn.judge(Ge(normsq(s), 0), square=normsq(s), digits=8).verdict == "VERIFIED"


def test_a_dimension_is_seen():
    assert idn.judge(Eq(E(div(x)), 1)).verdict == "REFUTED"
    assert idn.judge(Eq(E(div(x)), D)).verdict in ("VERIFIED", BY_DEFINITION)


def test_a_law_of_its_own_needs_instances_of_its_own():
    with pytest.raises(ValueError, match="instances of its own"):
        idn.judge(TWEEDIE, Setting(law=T1, process=VE))


def test_nothing_is_registered():
    before = list(load())
    idn.judge(Eq(normsq(s), dot(s, s)))
    assert list(load()) == before


def test_numbers_along_linear_processes_verify_nothing_about_every_drift():
    any_drift = Setting(law=ANY, process=DIFFUSION)
    second = n.jac(n.s), (n.alpha**2 * n.Cov(n.X0 | n.x) / n.sigma**2 - n.I) / n.sigma**2
    found = idn.judge(Eq(*second), any_drift)  # true for linear drifts alone, and they alone have an alpha
    assert found.verdict == "UNDECIDED"
    assert "belongs to linear processes" in found.reason
    commute = Eq(n.dot(n.Cov(n.X0), n.Cov(n.Xt)), n.dot(n.Cov(n.Xt), n.Cov(n.X0)))
    assert idn.judge(commute, any_drift).verdict == "UNDECIDED"
    along = Eq(n.drift(n.log(n.p), n.FLOW), -n.div(n.f) + n.g**2 / 2 * n.div(n.s))
    assert idn.judge(along, any_drift).verdict == "VERIFIED"


@pytest.mark.parametrize("wrong", [True, n.E(n.div(n.s)), "a = b", None])
def test_what_is_no_statement_gets_a_sentence(wrong):
    with pytest.raises(ValueError, match="write Eq"):
        idn.judge(wrong)
