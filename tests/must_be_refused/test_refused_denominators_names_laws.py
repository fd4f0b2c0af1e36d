"""What would make false statements provable: division by zero, symbols named like the schedule, laws that move."""

import json

import pytest

from theory.kernel.errors import KernelError
from theory.kernel.index.certificate import Flux, Link, certificate, check
from theory.kernel.replay import load
from theory.language.by_definition import holds_by_definition
from theory.language.instances import ANY, LINEAR, MIXTURE, T3, VE, VP, Component, Law, LawError, Setting, gaussian
from theory.language.notation import *
from theory.language.serial import law_from_data, setting_from_data
from theory.language.statements import Eq, statement_data
from theory.language.terms import TermError, from_data, make
from theory.search.settle import settle

NOTHING = E(normsq(s)) + E(div(s))  # 0 for every law, which only a flux shows
ON_CIRCLE = alpha**2 + sigma**2 - 1


@pytest.mark.parametrize("setting", [Setting(ANY, LINEAR), Setting(MIXTURE, VE)], ids=["any", "mixture"])
def test_a_proof_that_divides_by_zero_is_refused(setting):
    one = make("quot", (sigma, sigma))
    forged = certificate(Eq(one, 2), setting, (Link((Flux(-1 / NOTHING, s),)),))
    with pytest.raises(KernelError, match="divides by"):
        check(json.loads(json.dumps(forged)))


@pytest.mark.parametrize(
    ("left", "setting"),
    [
        (NOTHING / NOTHING, Setting(ANY, LINEAR)), (NOTHING / NOTHING, Setting(MIXTURE, VE)),
        (ON_CIRCLE / ON_CIRCLE, Setting(ANY, VP)), ((D - 1) / (D - 1), Setting(ANY, LINEAR, 1)),
    ],
)  # fmt: skip
def test_a_denominator_that_is_zero_throughout_proves_nothing(left, setting):
    assert settle(Eq(left, 7), setting, budget_seconds=4).status != "proved"


def test_a_denominator_that_is_not_zero_somewhere_stays_a_named_hypothesis():
    found = settle(Eq((D - 1) / (D - 1), 1 + 0 / (D - 1)), Setting(ANY, LINEAR, 2))
    assert found.status in ("proved", "by-definition")
    moving = settle(Eq(d(H(Xt), "sigma") * (a * sigma + g**2 / sigma / 2), d(H(Xt))), Setting(ANY, LINEAR))
    assert moving.status == "proved"
    assert any(h.name == "non-zero denominator" and h.status == "assumed" for h in moving.hypotheses)


def test_zero_over_zero_says_nothing():
    nothing = sigma - sigma
    assert not holds_by_definition(Eq(nothing / nothing, 0))


@pytest.mark.parametrize("name", ["alpha", "sigma", "a", "g2", "x1", "X01"])
def test_symbols_are_not_confused_with_the_schedule_or_coordinates(name):
    symbol_, setting = symbol(name), Setting(T3, LINEAR)
    assert settle(Eq(dt(symbol_), 0), setting).status != "refuted"
    assert settle(Eq(dt(symbol_), a * alpha), setting).status != "proved"
    assert settle(Eq(symbol_ * p, 2 * p), setting).status != "proved"


@pytest.mark.parametrize("moving", [alpha, sigma, D * g, E(normsq(x)), x, p, mmse], ids=repr)
def test_law_parameters_are_constants(moving):
    with pytest.raises(LawError):
        gaussian((moving,), 1)
    with pytest.raises(LawError):
        Law((Component(Q(1), (moving,), ((Q(1),),)),))
    data = statement_data(T3)
    data["components"][0]["weight"] = statement_data(moving)
    with pytest.raises(LawError):
        law_from_data(data)


@pytest.mark.parametrize("data", [["score", [], 2], ["E", [["p", [], None]], "log"], ["x", [], "mu"]])
def test_operators_without_data_take_none(data):
    with pytest.raises(TermError, match="no data"):
        from_data(data)


@pytest.mark.parametrize("text", ["1e999999999", "1_0", " 1", "1" * 5000, "0.5", "1/0", "", "1/-2"])
def test_rationals_are_plain(text):
    with pytest.raises(TermError):
        from_data(["num", [], {"q": text}])


def test_hostile_settings_and_numbers_are_refused():
    good = {"law": {"class": "any"}, "process": "linear", "D": None, "positive": [], "nonnegative": []}
    for change in ({"process": ["linear"]}, {"law": {"class": []}}, {"process": {}}, {"D": True}):
        with pytest.raises(TermError):
            setting_from_data(good | change)
    with pytest.raises(TermError):
        from_data(["field", [], {"t": ["v", {"q": "1"}]}])
    with pytest.raises(KernelError):
        load('{"version": ' + "1" * 5000 + "}")
