"""The rule of equivalences: what it accepts, what it must refuse, and exact counterexamples."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from theory.kernel.errors import KernelError
from theory.kernel.index.equivalence import certificate, check, find_counterexample
from theory.kernel.replay import check as replay
from theory.language.instances import ANY, DISCRETE, LINEAR, MIXTURE, VE, VP, Setting
from theory.language.notation import (
    X0,
    Cov,
    D,
    alpha,
    div,
    dot,
    field,
    g,
    grad,
    jac,
    lap,
    log,
    m,
    normsq,
    p,
    post,
    pz,
    s,
    s_z,
    sigma,
    symbol,
    tr,
    x,
)
from theory.language.statements import Eq, Gt, Iff, Le, Lt
from theory.language.terms import as_term
from theory.search.settle import settle

ANYTHING = Setting(law=ANY, process=LINEAR)
u = field("u", 1)
FIXED = Iff(Eq(s, 0), Eq(x, alpha * m))
MODES = Iff(Lt(dot(u, dot(jac(s), u)), 0), Lt(alpha**2 * dot(u, dot(Cov(X0 | x), u)) / sigma**2, normsq(u)))


def accepted(statement: Iff, factor: object, setting: Setting = ANYTHING) -> bool:
    try:
        check(json.loads(json.dumps(certificate(statement, setting, as_term(factor)))))
    except KernelError:
        return False
    return True


def test_the_factor_of_an_inequality_is_positive_and_right() -> None:
    assert accepted(MODES, sigma**-2)
    assert not accepted(MODES, -(sigma**-2))
    assert not accepted(MODES, sigma**-3)
    assert not accepted(MODES, 0)
    assert not accepted(MODES, alpha - sigma)
    assert not accepted(MODES, normsq(u))


def test_an_equation_takes_any_factor_but_zero() -> None:
    assert accepted(FIXED, -(sigma**-2))
    assert not accepted(FIXED, sigma**-2)
    assert not accepted(FIXED, 0)


def test_turning_both_sides_keeps_an_equivalence_and_turning_one_does_not() -> None:
    tilted = Iff(Gt(normsq(u), alpha**2 * dot(u, dot(Cov(X0 | x), u)) / sigma**2), MODES.left)
    assert accepted(tilted, sigma**2)
    assert not accepted(Iff(MODES.left, Gt(MODES.right.lhs, MODES.right.rhs)), sigma**-2)
    assert not accepted(Iff(MODES.left, Gt(MODES.right.lhs, MODES.right.rhs)), -(sigma**-2))
    assert not accepted(Iff(MODES.left, Le(MODES.right.lhs, MODES.right.rhs)), sigma**-2)


def test_a_density_is_a_positive_factor_and_a_declared_symbol_too() -> None:
    c = symbol("c")
    scaled = Iff(Lt(p * c * div(s), 0), Lt(alpha**2 * tr(Cov(X0 | x)), sigma**2 * D))
    positive = Setting(law=ANY, process=LINEAR, positive=(c,))
    assert accepted(scaled, p * c / sigma**4, positive)
    assert not accepted(scaled, p * c / sigma**4)


def test_altered_certificates_are_refused() -> None:
    data = certificate(MODES, ANYTHING, as_term(sigma**-2))
    for field_name, value in (("kind", "bracket"), ("version", 2), ("factor", None), ("statement", {}), ("setting", 1)):
        with pytest.raises(KernelError):
            check({**data, field_name: value})
    with pytest.raises(KernelError):
        check({**data, "more": 1})
    other = certificate(Iff(MODES.left, Lt(MODES.right.lhs * alpha, MODES.right.rhs)), ANYTHING, as_term(sigma**-2))
    with pytest.raises(KernelError, match="residual"):
        replay(other)
    assert replay(data).statement == MODES


@pytest.mark.parametrize("setting", [ANYTHING, Setting(law=DISCRETE, process=VE), Setting(law=MIXTURE, process=LINEAR)])
def test_the_search_finds_the_factor(setting: Setting) -> None:
    for statement in (FIXED, MODES):
        assert settle(statement, setting).status == "proved"


@pytest.mark.parametrize(
    "false",
    [
        Iff(Eq(s, 0), Eq(x, m)),
        Iff(Eq(s, 0), Eq(x, alpha**2 * m)),
        Iff(MODES.left, Lt(MODES.right.lhs / alpha**2, normsq(u))),
        Iff(MODES.left, Lt(normsq(u), MODES.right.lhs)),
        Iff(Lt(div(s), 0), Lt(alpha**2 * tr(Cov(X0 | x)), sigma**2)),
        Iff(Lt(div(s), 0), Lt(g * tr(Cov(X0 | x)), sigma**2 * D)),
    ],
)
def test_false_equivalences_have_exact_counterexamples(false: Iff) -> None:
    found = settle(false, ANYTHING)
    assert found.status == "refuted"
    assert found.witness is not None
    assert {found.witness["left holds"], found.witness["right holds"]} == {"True", "False"}


def test_true_equivalences_have_none() -> None:
    for statement in (FIXED, MODES, Iff(Lt(div(s), 0), Lt(alpha**2 * tr(Cov(X0 | x)), sigma**2 * D))):
        assert find_counterexample(statement, ANYTHING) is None


def test_one_dimension_does_not_show_what_the_second_does() -> None:
    """tr Cov < sigma^2 / alpha^2 decides the sign of the divergence only where D = 1."""
    line = Setting(law=ANY, process=LINEAR, D=1)
    statement = Iff(Lt(div(s), 0), Lt(alpha**2 * tr(Cov(X0 | x)), sigma**2))
    assert settle(statement, line).status == "proved"
    assert Fraction(settle(statement, ANYTHING).witness["D"]) >= 2  # type: ignore[index]


@pytest.mark.parametrize("process", [LINEAR, VE, VP])
def test_a_mixture_is_seen_with_its_own_components(process) -> None:
    """log pz of a Gaussian component is quadratic, so the left side holds everywhere; of any other label it is not."""
    skewness = normsq(grad(lap(log(pz))))
    always = Iff(Eq(post(skewness), 0), Eq(normsq(x), normsq(x)))
    assert find_counterexample(always, Setting(law=MIXTURE, process=process)) is None
    assert settle(always, Setting(law=MIXTURE, process=process)).status != "refuted"
    found = settle(always, Setting(law=DISCRETE, process=process))
    assert found.status == "refuted"
    assert found.witness is not None
    assert "P(y_k, Z = z | x)" in found.witness["label"]
    never = Iff(Eq(post(normsq(s_z - s)), 0), Eq(normsq(x), normsq(x)))
    assert settle(never, Setting(law=MIXTURE, process=process)).status == "refuted"


def test_what_is_nested_too_deeply_is_not_read() -> None:
    deep = normsq(x)
    for _ in range(900):
        deep = -deep
    assert settle(Iff(Lt(deep, 0), Lt(normsq(x), 0)), ANYTHING).status == "unsupported"
