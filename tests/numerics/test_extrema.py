"""Located maxima along a process: places to fifteen digits, counts by covering, refutation of wrong ones."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from numerics.balls import working
from numerics.enclosures import enclose
from numerics.evaluate import prepare
from numerics.extrema import cover, locate, ve_germ
from numerics.ranges import range_interpreter
from theory.language.instances import T1, Instance
from theory.language.notation import *
from theory.language.statements import Digits, Located, maxima, minima
from theory.language.terms import as_term

PHI = maxima(Var(Phi), sigma)
RATE = maxima(d(H(X0 | Xt), "sigma"), sigma)


def test_the_peak_of_the_rate():
    found = locate(Located(RATE, at=Digits("0.643802913017549"), value=Digits("0.667770528668034")), T1, ve_germ)
    assert found.outcome == "enclosed"
    assert locate(Located(RATE, at=Digits("0.643802913017546")), T1, ve_germ).outcome == "refuted"
    assert locate(Located(RATE, at=as_term(1)), T1, ve_germ).outcome == "refuted"
    wrong = Located(minima(RATE.term, sigma), at=Digits("0.643802913017549"))
    assert locate(wrong, T1, ve_germ).outcome == "refuted"


def test_the_peak_of_the_path_variance():
    found = locate(Located(PHI, at=Digits("0.986794585355647"), value=Digits("0.3170348315908626")), T1, ve_germ)
    assert found.outcome == "enclosed"
    wrong = Located(PHI, at=Digits("0.986794585355647"), value=Digits("0.3170348315908621"))
    assert locate(wrong, T1, ve_germ).outcome == "refuted"


def test_counts_by_covering():
    within = (F(19, 20), F(41, 40))
    assert locate(Located(PHI, 1, within=within), T1, ve_germ).outcome == "enclosed"
    assert locate(Located(PHI, 2, within=within), T1, ve_germ).outcome == "refuted"
    assert locate(Located(minima(PHI.term, sigma), 0, within=within), T1, ve_germ).outcome == "enclosed"
    assert locate(Located(PHI, 1), T1, ve_germ).outcome == "undecided"
    assert cover(PHI.term, T1, ve_germ, F(21, 20), F(11, 10)).maxima == 0


def test_a_range_contains_its_levels():
    """The ball over a range of noise levels contains the value at levels inside it, derivatives included."""
    low, high, term = F(9, 10), F(19, 20), prepare(Var(Phi))
    with working(64):
        jet = range_interpreter(T1, ve_germ, low, high, order=5, bits=40).series(term, 1)
    for level in (low, F(23, 25), high):
        value = enclose(term, Instance(T1, ve_germ(level)), digits=12).value
        slope = enclose(dt(Var(Phi)), Instance(T1, ve_germ(level)), digits=12).value
        assert jet.at(0).contains(value)
        assert jet.at(1).contains(slope)
        assert jet.at(0).rad() < 0.02


@pytest.mark.parametrize("what", [maxima(s, x), maxima(Var(Phi), alpha), maxima(log(p), sigma)])
def test_what_is_not_a_number_along_sigma_is_unsupported(what):
    assert locate(Located(what, 1), T1, ve_germ).outcome == "unsupported"


def test_an_extremum_on_a_cut_counts_once():
    """The slope of (sigma - 1)^2 is exactly zero at an edge between two pieces."""
    well = minima((sigma - 1) ** 2, sigma)
    assert locate(Located(well, 1, within=(F(1, 2), F(3, 2))), T1, ve_germ).outcome == "enclosed"
    assert locate(Located(well, 2, within=(F(1, 2), F(3, 2))), T1, ve_germ).outcome == "refuted"
    assert locate(Located(well, 1, within=(F(1), F(3, 2))), T1, ve_germ).outcome == "undecided"


def test_an_extremum_at_the_end_of_its_bracket_is_not_refuted():
    assert locate(Located(minima((sigma - 1) ** 2, sigma), at=Digits("1.1")), T1, ve_germ).outcome == "undecided"
