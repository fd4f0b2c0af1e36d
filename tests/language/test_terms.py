"""The one gate: what cannot be written, and that what is written stays as it was."""

import pickle
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory.language.notation import (
    X0,
    Cov,
    D,
    E,
    H,
    I,
    P,
    Xt,
    Z,
    alpha,
    at,
    d,
    div,
    dot,
    drift,
    g,
    grad,
    jac,
    log,
    m,
    noise,
    normsq,
    outer,
    p,
    post,
    s,
    sigma,
    symbol,
    tr,
    x,
)
from theory.language.terms import TermError, as_term, from_data, make, to_data, walk

REFUSED = [
    (lambda: as_term(0.5), "floats are refused"),
    (lambda: sigma * 0.1, "floats are refused"),
    (lambda: sigma**0.5, "floats are refused"),
    (lambda: as_term(True), "not an exact number"),
    (lambda: x + 1, "terms of one rank"),
    (lambda: x * s, "at most one vector"),
    (lambda: x - sigma, "terms of one rank"),
    (lambda: sigma / x, "divides by one scalar"),
    (lambda: div(sigma), "rank"),
    (lambda: tr(s), "rank"),
    (lambda: grad(jac(s)), "differentiates one scalar or vector"),
    (lambda: dot(sigma, x), "contracts"),
    (lambda: log(x), "rank"),
    (lambda: outer(jac(s), x), "rank"),
    (lambda: d(H(X0 | Xt), "sigma^3"), "is no clock"),
    (lambda: drift(p, "sideways"), "is no process direction"),
    (lambda: H(Xt | x), "is no entropy"),
    (lambda: P(X0 | Xt), "only P(X0 | x)"),
    (lambda: Cov(Z | x), "only Cov(X0 | x)"),
    (lambda: symbol("a b"), "plain name"),
    (lambda: symbol("__class__"), "plain name"),
    (lambda: at(p, x=1), "only x=0"),
    (lambda: make("lambda"), "unknown operator"),
    (lambda: make("tfun", (), "beta"), "holds one of"),
    (lambda: make("num", (), 0.5), "floats are refused"),
    (lambda: make("pow", (sigma,), Fraction(1, 3)), "half-integer"),
    (lambda: bool(sigma), "no truth value"),
]


@pytest.mark.parametrize(("build", "message"), REFUSED)
def test_what_cannot_be_written_is_refused_with_its_reason(build, message):
    with pytest.raises(TermError, match=None) as caught:
        build()
    assert message in str(caught.value)


def test_ranks_and_free_variables_follow_the_operators():
    assert (s.rank, s.free) == (1, {"x"})
    assert (jac(s).rank, div(s).rank, normsq(s).rank) == (2, 0, 0)
    assert H(X0 | x).free == {"x"}
    assert H(X0 | Xt).free == frozenset()
    assert P(X0 | x).free == {"x", "X0"}
    assert post(X0).free == {"x"}
    assert E(div(s)).free == frozenset()
    assert at(div(s), x=0).free == frozenset()
    assert Cov(X0 | x).rank == 2
    assert noise(p, "forward").rank == 1
    assert (alpha**2 * Cov(X0 | x) - I).rank == 2


def test_terms_are_immutable_and_survive_pickling_and_json():
    term = g**2 / 2 * (D / sigma**2 + E(div(s))) - tr(Cov(X0 | x)) * normsq(X0 - m)
    with pytest.raises(AttributeError):
        term.op = "add"
    assert pickle.loads(pickle.dumps(term)) == term
    assert from_data(to_data(term)) == term


@pytest.mark.parametrize(
    "data", [None, [], ["num"], ["num", [], 1.5], ["num", [], {"q": "1/0"}], ["sub", [["x"]], None]]
)
def test_data_that_is_no_term_is_refused(data):
    with pytest.raises(TermError):
        from_data(data)


@given(st.fractions(), st.fractions())
def test_literals_are_kept_exactly(u, v):
    term = as_term(u) + as_term(v)
    assert [node.data for node in walk(term) if node.op == "num"] == [u, v]


def test_authored_order_is_kept():
    assert (sigma + alpha) != (alpha + sigma)
    assert [t.data for t in (sigma * alpha * g).args] == ["sigma", "alpha", "g"]
