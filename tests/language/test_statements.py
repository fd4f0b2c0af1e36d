"""Statement kinds, settings and laws: what is well formed and what is refused."""

from fractions import Fraction

import pytest

from theory.language.instances import (
    ANY,
    LINEAR,
    STANDING,
    STANDING_GERM,
    T1,
    T5,
    Germ,
    LawError,
    Setting,
    deltas,
    gaussian,
    is_psd,
    mixture,
    two_modes,
)
from theory.language.notation import D, E, Phi, Q, Var, alpha, coord, div, g, s, sigma, symbol, x
from theory.language.statements import Digits, Eq, Extremum, Ge, Located, Rel, Series, chain, digest, maxima
from theory.language.terms import TermError


def test_sides_must_have_one_rank_and_inequalities_are_scalar():
    with pytest.raises(TermError, match="ranks 1 and 0"):
        Eq(s, sigma)
    with pytest.raises(TermError, match="scalar"):
        Ge(s, x)
    with pytest.raises(TermError, match="no relation"):
        Rel("==", sigma, alpha)
    assert Eq(s, 0).rhs.rank == 1


def test_a_chain_joins():
    links = chain(D, ("=", D + 0), ("<=", D + 1)).links
    assert [link.relation for link in links] == ["=", "<="]
    assert links[0].rhs == links[1].lhs


def test_located_statements_take_printed_digits_as_intervals():
    low, high = Digits("0.31").interval
    assert (low, high) == (Q("0.30"), Q("0.32"))
    with pytest.raises(TermError, match="not a decimal"):
        Digits("about 1")
    with pytest.raises(TermError, match="cannot be located"):
        Extremum("saddles", div(s), x)
    assert Located(maxima(Var(Phi), sigma), at=Digits("0.9867")).count is None


def test_a_series_is_its_coefficients():
    field = coord(s, 1)
    series = Series(field, x, (alpha * 0, alpha, alpha**2))
    relations = series.relations()
    assert [r.rhs for r in relations] == list(series.coefficients)
    assert all(not r.free for r in relations)
    assert relations[2].lhs.args[0].data == Q(1, 2)
    for term, variable, coefficient in ((s, x, alpha), (field, sigma, alpha), (field, x, field)):
        with pytest.raises(TermError):
            Series(term, variable, (coefficient,)).relations()


def test_the_digest_changes_with_every_literal():
    first = digest(Eq(g**2, 2 * E(div(s))))
    assert first == digest(Eq(g**2, 2 * E(div(s))))
    assert first != digest(Eq(g**2, 3 * E(div(s))))
    assert first != digest(Ge(g**2, 2 * E(div(s))))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: deltas((-1, Q(1, 2)), (1, Q(1, 3))), "sum to 5/6"),
        (lambda: deltas((-1, Q(3, 2)), (1, Q(-1, 2))), "not positive"),
        (lambda: gaussian(0, -1), "not positive semi-definite"),
        (lambda: gaussian((0, 0), ((1, 2), (2, 1))), "not positive semi-definite"),
        (lambda: gaussian((0, 0), ((1, 2), (1, 1))), "not symmetric"),
        (lambda: gaussian((0, 0), ((1,),)), "2 x 2"),
        (lambda: mixture((Q(1, 2), 0, 1), (Q(1, 2), 0, 0)), "no common base measure"),
        (lambda: deltas((0, Q(1, 2)), ((0, 0), Q(1, 2))), "one dimension"),
        (lambda: gaussian(x, 1), "constant"),
        (lambda: Setting(T5, LINEAR, D=1), "D = 2"),
    ],
)
def test_laws_that_do_not_exist_are_refused_with_the_remedy(build, message):
    with pytest.raises((LawError, TermError), match=message):
        build()


def test_positive_semi_definite_is_exact():
    assert is_psd(((Fraction(1), Fraction(1)), (Fraction(1), Fraction(1))))
    assert not is_psd(((Fraction(0), Fraction(1)), (Fraction(1), Fraction(5))))
    tiny = Fraction(1, 10**40)
    assert not is_psd(((Fraction(1), 1 + tiny), (1 + tiny, Fraction(1))))


def test_missing_derivatives_of_a_germ_are_an_error_never_zero():
    assert STANDING_GERM.derivative("g2", 1) == Q(-1, 3)
    with pytest.raises(LawError, match="are needed"):
        STANDING_GERM.derivative("a", 2)
    constant = Germ(Q(1), Q(1), (Q(0),), (Q(1),), constant=True)
    assert constant.derivative("g2", 3) == 0


def test_the_standing_instances_cover_one_and_two_dimensions():
    assert [i.law.D for i in STANDING] == [1, 1, 2]
    assert STANDING[2].law.K == 3
    assert T1.is_discrete
    assert not T5.is_discrete
    assert T5.has_density
    pair = two_modes(symbol("mu"), symbol("S"))
    assert not pair.is_numeric
    assert pair.has_density
    assert ANY.text
