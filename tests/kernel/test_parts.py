"""Integration by parts in the Gaussian noise: what it proves, and what it must not."""

import pytest

from theory.kernel.errors import KernelError
from theory.kernel.index.averages import expectation
from theory.kernel.index.bracket import Channel
from theory.kernel.index.certificate import Link, certificate, check
from theory.kernel.index.lower import lowering_for
from theory.kernel.index.monomials import monomial
from theory.kernel.index.parts import Parts
from theory.language.instances import ANY, DIFFUSION, LINEAR, VE, VP, Setting
from theory.language.notation import *
from theory.language.statements import Eq, Ge

EVERY = Setting(ANY, LINEAR)
BY_PARTS = Link(parts=True)
phi, v = field("phi"), field("v", 1)

TRUE = [
    Eq(E(dot(x, s)), -D),
    Eq(E(dot(x, s) * normsq(x)), -(D + 2) * E(normsq(x))),
    Eq(E(normsq(x)), alpha**2 * E(normsq(X0)) + D * sigma**2),
    Eq(E(normsq(x) ** 2), E(normsq(x) * (alpha * dot(x, X0))) + (D + 2) * sigma**2 * E(normsq(x))),
    Eq(E(dot(x, X0)), alpha * E(normsq(X0))),
    Eq(E(dot(x - alpha * X0, grad(phi))), sigma**2 * E(lap(phi))),
    Eq(E(div(v) + dot(v, s)), 0),
    Eq(E(outer(x, s)), -I),
    Eq(E(x * dot(x, s)), -(D + 1) * E(x)),
    Eq(E(log(p) * dot(x, s)), -D * E(log(p)) - E(dot(x, s))),
    Eq(E(p * dot(x, s)), -D * E(p) / 2),
    Eq(E(p**2 * dot(x, s)), -D * E(p**2) / 3),
    Eq(E(k * dot(x, s_c)), -D * E(k) / 2),
    Eq(d(d(Information, "snr"), "snr"), -Q(1, 2) * E(frobsq(Cov(X0 | x)))),
    Eq(dt(E(normsq(X0))), 0),
    Eq(dt(E(normsq(x) ** 2)), 4 * a * E(normsq(x) ** 2) + 2 * (D + 2) * g**2 * E(normsq(x))),
]


@pytest.mark.parametrize("statement", TRUE, ids=range(len(TRUE)))
def test_equal_normal_forms_prove(statement):
    theorem = check(certificate(statement, EVERY, (BY_PARTS,)))
    assert theorem.statement == statement
    assert theorem.scope.startswith("every dimension")


@pytest.mark.parametrize("statement", TRUE, ids=range(len(TRUE)))
def test_a_wrong_factor_is_refused(statement):
    wrong = Eq(statement.lhs + statement.lhs, statement.rhs)
    if statement.rhs.op == "num":
        wrong = Eq(statement.lhs, 1)
    with pytest.raises(KernelError, match="residual"):
        check(certificate(wrong, EVERY, (BY_PARTS,)))


def test_fields_cannot_be_integrated():
    for statement in (Eq(dot(x, s), -D), Eq(div(s), -normsq(s)), Eq(x, alpha * X0)):
        with pytest.raises(KernelError):
            check(certificate(statement, EVERY, (BY_PARTS,)))


def test_a_drift_that_is_not_linear_has_no_gaussian_noise():
    with pytest.raises(KernelError):
        check(certificate(Eq(E(dot(x, s)), -D), Setting(ANY, DIFFUSION), (BY_PARTS,)))


def test_densities_that_would_not_decay_are_left_alone():
    # E[x . s / p] would be the integral of x . s over all space
    for statement in (Eq(E(dot(x, s) / p), 0), Eq(E(dot(x, s_c) / k), 0)):
        with pytest.raises(KernelError):
            check(certificate(statement, EVERY, (BY_PARTS,)))


def test_every_field_that_was_used_is_a_hypothesis():
    theorem = check(certificate(TRUE[0], EVERY, (BY_PARTS,)))
    decay = [h for h in theorem.hypotheses if h.name == "decay"]
    assert len(decay) == 1
    assert decay[0].status == "assumed"
    with_field = check(certificate(TRUE[5], EVERY, (BY_PARTS,)))
    assert any(h.name == "decay" for h in with_field.hypotheses)


def test_tame_fields_decay_against_mixtures():
    from theory.language.instances import MIXTURE

    theorem = check(certificate(TRUE[0], Setting(MIXTURE, LINEAR), (BY_PARTS,)))
    assert all(h.status == "discharged" for h in theorem.hypotheses)
    wild = check(certificate(TRUE[6], Setting(MIXTURE, LINEAR), (BY_PARTS,)))
    assert any(h.name == "decay" and h.status == "assumed" for h in wild.hypotheses)


def test_no_x_is_left_under_an_average():
    for process in ("linear", "ve", "vp"):
        channel = Channel(process)
        lowering = lowering_for(Setting(ANY, {"linear": LINEAR, "ve": VE, "vp": VP}[process]))
        element = lowering.element(E(normsq(x) ** 3 * dot(x, m) * log(p)))
        parts = Parts(channel)
        left = parts.normal(element)
        assert parts.fields
        assert not any(f[0] == "x" for m_ in left.terms for e in m_[1] if e[0] == "E" for f in e[1][1])


def test_the_order_of_integration_does_not_matter():
    channel = Channel()
    one = expectation(monomial((), (("x", "", (1,)), ("x", "", (2,)), ("X", "", (1,)), ("X", "", (2,)))))
    two = expectation(monomial((), (("x", "", (2,)), ("x", "", (1,)), ("X", "", (2,)), ("X", "", (1,)))))
    assert Parts(channel).normal(one).terms == Parts(channel).normal(two).terms


def test_an_inequality_may_need_parts():
    gap = Link(square=g**2 / 2 * E(normsq(s_c - s)), parts=True)
    (step,) = check(certificate(Ge(d(H(X0 | Xt)), 0), EVERY, (gap,))).steps
    assert step.startswith("the difference is a sum of squares")
    with pytest.raises(KernelError):
        check(certificate(Ge(d(H(X0 | Xt)), 0), EVERY, (Link(square=g**2 * E(normsq(s_c - s)), parts=True),)))
