"""Each rule of the component kernel accepts its figure and refuses its twins; certificates are inert data."""

import copy
import json
from dataclasses import replace
from fractions import Fraction as F

import pytest

from theory.kernel.component.certificate import Step, certificate, check, check_steps
from theory.kernel.component.model import Model
from theory.kernel.errors import KernelError, UnsupportedError
from theory.language.instances import LINEAR, T1, T3, VE, Setting, gaussian, two_modes
from theory.language.notation import (
    X0,
    Cov,
    alpha,
    at,
    coord,
    div,
    dt,
    exp,
    f,
    g,
    lap,
    normsq,
    origin,
    p,
    s,
    sigma,
    symbol,
    tanh,
    tr,
    x,
)
from theory.language.statements import Chain, Eq, Ge, Gt, Iff, Le, Located, Lt, chain, maxima, zeros
from theory.language.terms import as_term

mu, S = symbol("mu"), symbol("S")
v, level = alpha**2 * S + sigma**2, alpha**2 * mu**2
SETTING = Setting(two_modes(mu, S), LINEAR, 1, positive=(mu,), nonnegative=(S,))
x1 = coord(x, 1)
STABILITY = Iff(Gt(at(div(s), x=0), 0), Lt(v, level))
ABOVE = Located(zeros(s, x), 1, when=Ge(v, level))
BELOW = Located(zeros(s, x), 3, when=Lt(v, level))
T = tanh(alpha * mu * x1 / v)
UNIQUE = {"place": origin, "factor": v**-2, "share": as_term(1), "tilt": alpha * mu * T}
E_ = exp(2 * alpha * mu * x1 / v)
THREE = {
    "quotient": v**-2,
    "curvature": 8 * alpha**3 * mu**3 / v**3 * E_ / (1 + E_) ** 3,
    "rate": 2 * alpha * mu / v,
    "level": alpha * mu / v,
    "fall": 1 / v,
    "slack": 2 * alpha * mu / v / (1 + E_),
}


@pytest.fixture(scope="module")
def model():
    return Model.of(SETTING)


def accepts(model, statement, rule, terms, setting=SETTING):
    return check_steps(model, statement, setting, (Step(rule, terms),))


def refuses(model, statement, rule, terms, match, setting=SETTING):
    with pytest.raises(KernelError, match=match):
        check_steps(model, statement, setting, (Step(rule, terms),))


def test_zero():
    setting = Setting(T3, LINEAR)
    model = Model.of(setting)
    true = Eq(dt(p), -div(p * f) + g**2 / 2 * lap(p))
    assert "1 exact zero test" in accepts(model, true, "zero", {}, setting).steps[0]
    refuses(model, Eq(dt(p), -div(p * f) + g**2 * lap(p)), "zero", {}, "cancel", setting)
    refuses(model, Ge(p, 0), "zero", {}, "equations", setting)
    refuses(model, true, "same sign", {"quotient": v}, "is for Iff", setting)
    refuses(model, true, "magic", {}, "no rule", setting)


def test_sign(model):
    accepts(model, Gt(p, 0), "sign", {})
    accepts(model, Ge(tr(Cov(X0 | x)), 0), "sign", {})
    accepts(model, Le(-normsq(x), 0), "sign", {})
    refuses(model, Gt(normsq(x), 0), "sign", {}, "positive")
    refuses(model, Gt(div(s), 0), "sign", {}, "positive")
    accepts(model, Ge(x1**2 - 2 * x1 * mu + mu**2, 0), "sign", {"square": (x1 - mu) ** 2})
    refuses(model, Ge(x1**2 - 2 * x1 * mu + mu**2, 0), "sign", {"square": (x1 + mu) ** 2}, "cancel")
    refuses(model, Ge(x1**2 - 2 * x1 * mu, 0), "sign", {"square": x1**2 - 2 * x1 * mu}, "non-negative")
    refuses(model, Gt(x1**2, 0), "sign", {"square": x1**2}, "strict")


def test_same_sign(model):
    accepts(model, STABILITY, "same sign", {"quotient": v**-2})
    accepts(model, Iff(Ge(at(div(s), x=0), 0), Le(v, level)), "same sign", {"quotient": v**-2})
    accepts(model, Iff(Eq(at(div(s), x=0), 0), Eq(level, v)), "same sign", {"quotient": v**-2})
    refuses(model, STABILITY, "same sign", {"quotient": v**-1}, "differ")
    refuses(model, STABILITY, "same sign", {"quotient": -(v**-2)}, "positive")
    refuses(model, STABILITY, "same sign", {}, "quotient")
    refuses(model, replace(STABILITY, right=Le(v, level)), "same sign", {"quotient": v**-2}, "strict")
    refuses(model, replace(STABILITY, right=Gt(v, level)), "same sign", {"quotient": v**-2}, "differ")
    refuses(model, replace(STABILITY, right=Eq(v, level)), "same sign", {"quotient": v**-2}, "inequality")


def test_unique_zero(model):
    accepts(model, ABOVE, "unique zero", UNIQUE)
    accepts(model, replace(ABOVE, at=as_term(0)), "unique zero", UNIQUE)
    for statement, terms, match in (
        (ABOVE, UNIQUE | {"factor": v**-1}, "-F'"),
        (ABOVE, UNIQUE | {"tilt": mu * T}, "-F'"),
        (ABOVE, UNIQUE | {"place": x}, "constant"),
        (ABOVE, {k: t for k, t in UNIQUE.items() if k != "tilt"}, "tilt"),
        (replace(ABOVE, when=None), UNIQUE, "base"),
        (replace(ABOVE, when=None), UNIQUE | {"base": v - level}, "non-negative"),
        (replace(ABOVE, when=Ge(v, level / 2)), UNIQUE, "-F'"),
        (replace(ABOVE, when=Ge(level, v)), UNIQUE, "-F'"),
        (replace(ABOVE, count=3), UNIQUE, "1 zeros"),
        (replace(ABOVE, at=as_term(1)), UNIQUE, "another"),
        (replace(ABOVE, within=(F(-1), F(1))), UNIQUE, "whole line"),
        (replace(ABOVE, what=maxima(p, x)), UNIQUE, "zeros"),
    ):
        refuses(model, statement, "unique zero", terms, match)


def test_unique_zero_needs_isolated_zeros_of_the_tilt():
    """F = 0 has F' = 0 and vanishes at 0, but not only there."""
    setting = Setting(T1, VE)
    model = Model.of(setting)
    flat = Located(zeros(0 * s, x), 1, when=Ge(sigma, sigma))
    terms = {"place": origin, "factor": as_term(1), "share": as_term(1), "tilt": as_term(0)}
    refuses(model, flat, "unique zero", terms, "isolated", setting)
    terms["share"] = as_term(0)
    refuses(model, flat, "unique zero", terms, "isolated", setting)


def test_unique_zero_without_a_condition():
    setting = Setting(gaussian(0, 1), LINEAR)
    model = Model.of(setting)
    spread = alpha**2 + sigma**2
    one = Located(zeros(s, x), 1)
    terms = {"place": origin, "factor": as_term(1), "share": as_term(0), "tilt": as_term(0), "base": 1 / spread}
    accepts(model, one, "unique zero", terms, setting)
    refuses(model, one, "unique zero", terms | {"base": 2 / spread}, "-F'", setting)


def test_three_zeros(model):
    accepts(model, BELOW, "three zeros", THREE)
    for statement, terms, match in (
        (replace(BELOW, when=Le(v, level)), THREE, "strict"),
        (replace(BELOW, when=None), THREE, "condition"),
        (replace(BELOW, when=Lt(v, 2 * level)), THREE, "stated multiple"),
        (replace(BELOW, when=Gt(v, level)), THREE, "stated multiple"),
        (replace(BELOW, count=1), THREE, "3 zeros"),
        (BELOW, THREE | {"curvature": 4 * alpha**3 * mu**3 / v**3 * E_ / (1 + E_) ** 3}, "Exp"),
        (BELOW, THREE | {"rate": -(2 * alpha * mu / v)}, "Exp"),
        (BELOW, THREE | {"rate": 2 * alpha * mu / v * x1}, "constants"),
        (BELOW, THREE | {"slack": as_term(1)}, "line"),
        (BELOW, THREE | {"fall": as_term(0)}, "line"),
        (BELOW, THREE | {"quotient": v**-1}, "stated multiple"),
    ):
        refuses(model, statement, "three zeros", terms, match)


def test_three_zeros_needs_an_odd_field():
    lopsided = Setting(two_modes(mu, S), LINEAR, 1, positive=(mu,), nonnegative=(S,))
    shifted = replace(BELOW, what=zeros(coord(s, 1) + 1, x))
    refuses(Model.of(lopsided), shifted, "three zeros", THREE, "odd")


@pytest.mark.parametrize(
    ("statement", "rule", "terms"),
    [(STABILITY, "same sign", {"quotient": v**-2}), (ABOVE, "unique zero", UNIQUE), (BELOW, "three zeros", THREE)],
    ids=["stability", "above", "below"],
)
def test_certificates_survive_json_and_tampering_is_caught(statement, rule, terms):
    data = certificate(statement, SETTING, (Step(rule, terms),))
    read = json.loads(json.dumps(data))
    theorem = check(read)
    assert theorem.statement == statement
    assert "mu > 0" in theorem.scope

    def refused(change):
        broken = copy.deepcopy(read)
        change(broken)
        with pytest.raises(KernelError):
            check(broken)

    refused(lambda c: c.update(version=2))
    refused(lambda c: c.update(kind="bracket"))
    refused(lambda c: c.pop("setting"))
    refused(lambda c: c.update(steps=[]))
    refused(lambda c: c["steps"].append(c["steps"][0]))
    refused(lambda c: c["steps"][0].update(rule="zero"))
    refused(lambda c: c["steps"][0]["terms"].clear())
    if rule != "same sign":  # that one holds for every sign of mu
        refused(lambda c: c["setting"].update(positive=[]))
    refused(lambda c: c["setting"].update(process="brownian"))
    refused(lambda c: c["statement"].update(extra=1))
    refused(lambda c: c["setting"].update(law={"class": "any"}))


def test_a_chain_needs_one_step_a_link():
    setting = Setting(gaussian(0, 1), VE)
    links = chain(at(div(s), x=0), ("=", -((1 + sigma**2) ** -1)), ("<", 0))
    assert isinstance(links, Chain)
    model = Model.of(setting)
    steps = (Step("zero", {}), Step("sign", {}))
    assert len(check_steps(model, links, setting, steps).steps) == 2
    with pytest.raises(KernelError, match="1 steps for 2"):
        check_steps(model, links, setting, steps[:1])


def test_digits_and_brackets_are_for_enclosures():
    from theory.language.statements import Digits

    data = certificate(replace(ABOVE, at=Digits("0.0")), SETTING, (Step("unique zero", UNIQUE),))
    with pytest.raises(UnsupportedError):
        check(json.loads(json.dumps(data)))
