"""Settling statements about concrete laws: proofs found without help, false ones refuted at rational points."""

import json
from fractions import Fraction as F

import pytest

from theory.kernel.component.certificate import check
from theory.kernel.component.model import FREE, Model
from theory.kernel.witness.component_cases import against, in_setting, too_many_zeros
from theory.language.instances import LINEAR, T1, T1W, T3, T5, VE, VP, Setting, mixture, two_modes
from theory.language.notation import (
    REVERSE,
    X0,
    Cov,
    E,
    H,
    Xt,
    alpha,
    at,
    coord,
    d,
    div,
    drift,
    dt,
    f,
    g,
    lap,
    m,
    mmse,
    normsq,
    p,
    s,
    sigma,
    symbol,
    tanh,
    tr,
    x,
)
from theory.language.statements import Eq, Ge, Gt, Iff, Le, Limit, Located, Lt, chain, maxima, zeros
from theory.language.terms import as_term
from theory.search.closed import settle_closed
from theory.search.closed_points import PLACES
from theory.search.settle import settle

mu, S = symbol("mu"), symbol("S")
v, level = alpha**2 * S + sigma**2, alpha**2 * mu**2
SETTING = Setting(two_modes(mu, S), LINEAR, 1, positive=(mu,), nonnegative=(S,))
slope = at(div(s), x=0)
x1 = coord(x, 1)

TRUE = {
    "stability": Iff(Gt(slope, 0), Lt(v, level)),
    "stability, weak": Iff(Ge(slope, 0), Le(v, level)),
    "above": Located(zeros(s, x), 1, when=Ge(v, level)),
    "strictly above": Located(zeros(s, x), 1, when=Gt(v, level)),
    "below": Located(zeros(s, x), 3, when=Lt(v, level)),
    "tanh": Eq(coord(s, 1), (alpha * mu * tanh(alpha * mu * x1 / v) - x1) / v),
    "slope": Eq(slope, (level - v) / v**2),
    "chain": chain(slope, ("=", (level - v) / v**2), ("<=", level / v**2)),
}
FALSE = {
    "sigma for sigma^2": Iff(Gt(slope, 0), Lt(alpha**2 * S + sigma, level)),
    "alpha dropped": Iff(Gt(slope, 0), Lt(S + sigma**2, level)),
    "mu for mu^2": Iff(Gt(slope, 0), Lt(v, alpha**2 * mu)),
    "mu^2 + S": Iff(Gt(slope, 0), Lt(sigma**2, alpha**2 * (mu**2 + S))),
    "reversed": Iff(Lt(slope, 0), Lt(v, level)),
    "boundary": Iff(Gt(slope, 0), Le(v, level)),
    "other boundary": Iff(Ge(slope, 0), Lt(v, level)),
    "above, half": Located(zeros(s, x), 1, when=Ge(v, level / 2)),
    "above, mu": Located(zeros(s, x), 1, when=Ge(v, alpha**2 * mu)),
    "above, three": Located(zeros(s, x), 3, when=Ge(v, level)),
    "above, always": Located(zeros(s, x), 1),
    "below, double": Located(zeros(s, x), 3, when=Lt(v, 2 * level)),
    "below, boundary": Located(zeros(s, x), 3, when=Le(v, level)),
    "below, one": Located(zeros(s, x), 1, when=Lt(v, level)),
    "below, two": Located(zeros(s, x), 2, when=Lt(v, level)),
    "tanh, doubled": Eq(coord(s, 1), (alpha * mu * tanh(2 * alpha * mu * x1 / v) - x1) / v),
    "chain": chain(slope, ("=", (level - v) / v**2), ("<=", 0)),
}


@pytest.mark.parametrize("name", TRUE)
def test_true_statements_are_proved_and_replayed(name):
    outcome = settle_closed(TRUE[name], SETTING)
    assert outcome.status == "proved"
    assert outcome.witness is None
    assert check(json.loads(json.dumps(outcome.certificate))).statement == TRUE[name]


@pytest.mark.parametrize("name", FALSE)
def test_false_statements_are_refuted_at_a_point(name):
    outcome = settle_closed(FALSE[name], SETTING)
    assert outcome.status == "refuted"
    assert outcome.certificate is None
    assert {"mu", "S", "alpha", "sigma"} <= set(outcome.witness)


def test_the_judges_door_leads_here():
    assert settle(TRUE["stability"], SETTING).status == "proved"
    assert settle(FALSE["boundary"], SETTING).status == "refuted"


def test_explicit_mixtures():
    setting = Setting(T3, LINEAR)
    true = Eq(dt(p), -div(p * f) + g**2 / 2 * lap(p))
    assert settle_closed(true, setting).status == "proved"
    assert settle_closed(true, Setting(T3, VP)).status == "proved"
    assert settle_closed(Eq(dt(p), -div(p * f) + g**2 * lap(p)), setting).status == "refuted"
    assert settle_closed(Eq(m, (x + sigma**2 * s) / alpha), Setting(T1W, VE)).status == "proved"
    assert settle_closed(Ge(tr(Cov(X0 | x)), 0), Setting(T1, LINEAR)).status == "proved"


def test_two_dimensions_are_refuted_by_one_point():
    setting = Setting(T5, LINEAR)
    assert settle_closed(Eq(m, (x + sigma * s) / alpha), setting).status == "refuted"
    assert settle_closed(Eq(m, (x + sigma**2 * s) / alpha), setting).status == "proved"


def test_the_law_that_passes_all_small_instances_falls_at_three_planar_atoms():
    """The reverse drift of tr Cov is not -g^2 alpha^2/sigma^4 (tr Cov)^2 from D = 2, K = 3 on."""
    law = mixture((F(1, 2), (0, 0), 0), (F(1, 4), (1, 0), 0), (F(1, 4), (0, 1), 0))
    false = Eq(drift(tr(Cov(X0 | x)), REVERSE), -(g**2) * alpha**2 / sigma**4 * tr(Cov(X0 | x)) ** 2)
    assert settle_closed(false, Setting(law, LINEAR)).status == "refuted"
    assert settle_closed(false, Setting(T1W, LINEAR)).status == "proved"


def test_numbers_of_one_gaussian():
    law = mixture((1, symbol("c"), S))
    setting = Setting(law, LINEAR, positive=(S,))
    rate = d(H(X0 | Xt))
    assert settle_closed(Eq(rate, g**2 * alpha**2 / (2 * sigma**4) * mmse), setting).status == "proved"
    assert settle_closed(Eq(rate, g**2 * alpha**2 / (2 * sigma**2) * mmse), setting).status == "refuted"
    assert settle_closed(Gt(rate, 0), setting).status == "proved"
    clocked = settle_closed(Eq(d(H(X0 | Xt), "sigma"), rate / dt(sigma)), setting)
    assert clocked.status in ("proved", "undecided")


def test_undecided_and_unsupported_say_why():
    average = settle_closed(Eq(E(normsq(s)), -E(div(s))), Setting(T3, LINEAR))
    assert average.status == "undecided"
    assert "polynomial" in average.detail
    assert settle_closed(Located(maxima(p, x), 2), Setting(T3, LINEAR)).status == "undecided"
    limit = settle_closed(Limit(slope, sigma, as_term(0), as_term(0)), SETTING)
    assert limit.status == "unsupported"
    assert "Limit" in limit.detail


def test_a_witness_must_lie_in_the_setting():
    model = Model.of(SETTING)
    false = FALSE["reversed"]
    inside = {"mu": F(1), "S": F(0), "alpha": F(1), "sigma": F(1, 2)}
    assert against(model, false, FREE, inside) is not None
    for outside in ({"mu": F(-1)}, {"S": F(-1, 100)}, {"sigma": F(0)}, {"alpha": F(-1)}):
        assert not in_setting(model, inside | outside)
        assert against(model, false, FREE, inside | outside) is None
    assert against(model, TRUE["stability"], FREE, inside) is None


def test_a_point_must_make_the_law_a_law():
    w = symbol("w")
    model = Model(mixture((w, -1, S), (1 - w, 1, S)), "vp")
    assert in_setting(model, {"w": F(1, 3), "S": F(1), "sigma": F(3, 5)})
    for bad in ({"w": F(4, 3)}, {"w": F(0)}, {"S": F(-1)}, {"sigma": F(1)}):
        assert not in_setting(model, {"w": F(1, 3), "S": F(1), "sigma": F(3, 5)} | bad)


def test_sign_changes_count_zeros_from_below_only():
    model = Model.of(SETTING)
    point = {"mu": F(1), "S": F(0), "alpha": F(1), "sigma": F(1, 2)}
    assert too_many_zeros(model, Located(zeros(s, x), 1), point, PLACES) is not None
    assert too_many_zeros(model, Located(zeros(s, x), 3), point, PLACES) is None
    assert too_many_zeros(model, Located(zeros(s, x), 1, when=Ge(v, level)), point, PLACES) is None


def test_a_spent_budget_is_undecided():
    outcome = settle_closed(Eq(m, (x + sigma**2 * s) / alpha), Setting(T5, LINEAR), budget_seconds=0.0)
    assert outcome.status == "undecided"
    assert "budget" in outcome.detail
