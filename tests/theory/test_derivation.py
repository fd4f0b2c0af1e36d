"""From certificates to lines: elements become terms that lower back to them; each line follows from the one before."""

from fractions import Fraction

import pytest

from theory.kernel.index.certificate import lowering_for
from theory.kernel.index.zero import vanishes
from theory.language.by_definition import same_by_definition
from theory.language.instances import ANY, LINEAR, VE, VP, Setting
from theory.language.notation import (
    FORWARD,
    REVERSE,
    X0,
    Cov,
    D,
    E,
    H,
    P,
    Xt,
    Z,
    alpha,
    d,
    div,
    dot,
    drift,
    dt,
    field,
    frobsq,
    g,
    grad,
    jac,
    lap,
    log,
    m,
    mmse,
    normsq,
    outer,
    p,
    post,
    s,
    s_c,
    sigma,
    tr,
    x,
)
from theory.language.statements import Eq, Ge, chain
from theory.language.terms import as_term, make
from theory.search.settle import settle
from theory.typeset.contractions import NoVectorFormError
from theory.typeset.derivation import derivation
from theory.typeset.stages import definitions, stages
from theory.typeset.sums import element_term
from theory.typeset.tidy import negative, signed_sum, summands, tidy

ALL = Setting(law=ANY, process=LINEAR)
B = d(H(X0 | Xt))
phi, u = field("phi"), field("u", 1)
TERMS = [
    s, div(s), jac(s), normsq(s), dt(p), lap(p), post(outer(X0, X0)), tr(Cov(X0 | x)), frobsq(Cov(X0 | x)), mmse, B,
    d(H(Xt)), d(mmse, "snr"), drift(P(X0 | x), FORWARD), grad(normsq(m)), dot(x, dot(jac(s), x)), E(outer(s, x)),
    drift(P(Z | x), REVERSE), dt(post(normsq(X0))), dot(grad(phi), s), lap(phi), div(phi * u), dot(u, grad(phi)),
    E(normsq(s_c - s)), outer(x, m), dot(jac(s), m), E(log(p)) * E(normsq(s)), dt(log(P(X0 | x))),
]  # fmt: skip


@pytest.mark.parametrize("process", [LINEAR, VE, VP], ids=["linear", "ve", "vp"])
@pytest.mark.parametrize("term", TERMS, ids=[f"{n}-{t.op}" for n, t in enumerate(TERMS)])
def test_each_stage_says_the_same_as_the_one_before(term, process):
    lowering = lowering_for(Setting(law=ANY, process=process))
    indices = tuple(range(1, term.rank + 1))
    before = lowering.element(term, indices)
    for line in stages(term, lowering, indices)[0]:
        element = lowering.element(line.term, indices)
        assert vanishes(element - before, lowering.channel), line
        assert line.why
        before = element


def test_a_contracted_tensor_of_rank_three_has_no_vector_form():
    lowering = lowering_for(ALL)
    third = post(make("mul", (dot(X0, x), outer(X0, X0))))
    element = lowering.element(grad(tr(dot(third, third))), (1,))
    with pytest.raises(NoVectorFormError):
        element_term(element, (1,))


@pytest.mark.parametrize(
    "term",
    [
        as_term(-1) * sigma**-2 * x + (alpha * sigma**-2) * X0, -(-s), as_term(Fraction(-1, 2)) * (g**2 * s),
        (s - x) - m, make("tr", (grad(grad(p)),)), -(alpha / (sigma / g)), post(-log(p)), E(-(log(p) - log(P(X0 | x)))),
    ],
    ids=range(8),
)  # fmt: skip
def test_tidy_terms_say_the_same_by_definition(term):
    assert same_by_definition(term, tidy(term))
    assert tidy(tidy(term)) == tidy(term)


def test_sums_come_apart_and_together():
    term = s - (x - m)
    assert summands(term) == [(1, s), (-1, x), (1, m)]
    assert signed_sum([(-1, x), (1, s)]) == s - x
    assert negative(negative(x)) == x


def test_definitions_come_one_at_a_time():
    lines = definitions(d(mmse, "snr"))
    assert [line.term.op for line in lines] == ["quot", "quot"]
    assert [w.text for line in lines for w in line.why] == ["the rate in this clock", "definition of the mmse"]


def test_an_inequality_ends_in_its_square():
    square = g**2 / 2 * E(normsq(s_c - s))
    outcome = settle(Ge(B, 0), ALL, square=square)
    steps = derivation(Ge(B, 0), ALL, outcome)
    assert steps[0].claim is None
    assert steps[-1].claim == Ge(square, 0)


def test_a_chain_is_told_link_by_link():
    statement = chain(B, ("=", g**2 / 2 * (D / sigma**2 + E(div(s)))), (">=", 0))
    outcome = settle(statement, ALL, square=g**2 / 2 * E(normsq(s_c - s)))
    if outcome.certificate is None:
        pytest.fail(outcome.detail)
    steps = derivation(statement, ALL, outcome)
    assert [s.claim.rhs for s in steps if s.claim is not None][-1] == as_term(0)


def test_a_certificate_will_do_and_nothing_gives_nothing():
    statement = Eq(s, (alpha * m - x) / sigma**2)
    outcome = settle(statement, ALL)
    assert derivation(statement, ALL, outcome.certificate) == derivation(statement, ALL, outcome)
    assert derivation(statement, ALL, None) == ()
    assert derivation(statement, ALL, {**outcome.certificate, "kind": "another"}) == ()
