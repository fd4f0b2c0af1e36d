"""Non-negative pieces: the term each rule writes down, inequalities proved from them, and what the search reads off."""

import json
import time
from fractions import Fraction as F

import pytest

from theory.kernel.errors import KernelError
from theory.kernel.index.certificate import certificate, check, lowering_for
from theory.kernel.index.links import Link
from theory.kernel.index.nonneg import is_nonnegative, is_semidefinite
from theory.kernel.index.pieces import RULES, Piece, nonnegative, piece_data, piece_from_data
from theory.kernel.witness.exact import find_witness
from theory.language.instances import ANY, DISCRETE, LINEAR, T1, T3, Setting
from theory.language.notation import (
    FORWARD,
    X0,
    A,
    Cov,
    D,
    E,
    G,
    H,
    I,
    Information,
    P,
    Phi,
    Sz,
    Var,
    Xt,
    Z,
    alpha,
    at,
    covar,
    d,
    div,
    dot,
    field,
    frobsq,
    g,
    h,
    inv,
    jac,
    k,
    log,
    m,
    mmse,
    normsq,
    outer,
    p,
    post,
    pz,
    q,
    qv,
    s,
    s_c,
    sigma,
    snr,
    sqrt,
    symbol,
    tr,
    transpose,
    wz,
    x,
)
from theory.language.statements import Ge, Rel
from theory.language.terms import as_term
from theory.search.pieces import candidates, pieces, squares

SETTING = Setting(ANY, LINEAR)
u, v, w = field("u", 1), field("v", 1), field("w")
C = Cov(X0 | x)
ONE = as_term(1)


def written(piece, setting=SETTING):
    return nonnegative(piece, frozenset(), frozenset(), setting)


def proved(statement, *used, setting=SETTING, parts=False):
    data = certificate(statement, setting, (Link(pieces=used, parts=parts),))
    return check(json.loads(json.dumps(data)))


TRUE = {
    "of fields": (Ge(E(normsq(u)) * E(normsq(v)), E(dot(u, v)) ** 2), ("cauchy-schwarz", 1, (u, v), "E")),
    "of scalars": (Ge(E(w**2) * E(h**2), E(w * h) ** 2), ("cauchy-schwarz", 1, (w, h), "E")),
    "of the posterior": (
        Ge(post(normsq(X0)) * normsq(x), post(dot(X0, x)) ** 2), ("cauchy-schwarz", 1, (X0, x), "post"),
    ),
    "at a point": (Ge(normsq(u) * normsq(v), dot(u, v) ** 2), ("cauchy-schwarz", 1, (u, v), "point")),
    "trace against norm": (Ge(frobsq(jac(s)), div(s) ** 2 / D), ("cauchy-schwarz", 1 / D, (jac(s), I), "point")),
    "trace against norm, averaged": (Ge(D * E(frobsq(C)), mmse**2), ("cauchy-schwarz", 1, (C, I), "E")),
    "divided": (
        Ge(E(normsq(u)), E(dot(u, v)) ** 2 / E(normsq(v))), ("cauchy-schwarz", 1 / E(normsq(v)), (u, v), "E"),
    ),
    "covariances": (
        Ge(Var(w) * Var(h), covar(w, h) ** 2), ("cauchy-schwarz", 1, (w - E(w), h - E(h)), "E"),
    ),
    "Jensen": (Ge(E(normsq(X0)), normsq(E(X0))), ("jensen", 1, (X0,), "E")),
    "Jensen at x": (Ge(post(normsq(X0)), normsq(m)), ("jensen", 1, (X0,), "post")),
    "Jensen, scaled": (Ge(sigma**2 * E(w**2), sigma**2 * E(w) ** 2), ("jensen", sigma**2, (w,), "E")),
    "mean square error": (Ge(tr(Cov(X0)), mmse), ("square", 1, (normsq(m - E(X0)),), "E")),
    "variances": (Ge(Var(Phi), Var(h)), ("square", 1, ((Phi - h) ** 2,), "E")),
    "eigenvalues": (Ge(tr(C) ** 2, frobsq(C)), ("covariance", 1, (X0 - m,), "post")),
    "information": (Ge(Information, 0), ("relative entropy", 1, (k, p), "E")),
    "entropies": (Ge(H(Xt), H(Xt | X0)), ("relative entropy", 1, (k, p), "E")),
    "entropy given the label": (Ge(H(Xt), H(Xt | Z)), ("relative entropy", 1, (pz, p), "E")),
    "information of the label": (Ge(Information, H(Z) - H(Z | Xt)), ("relative entropy", 1, (k, pz), "E")),
    "two laws": (Ge(E(log(p / q)), 0), ("relative entropy", 1, (p, q), "E")),
    "information at x": (Ge(post(log(k / p)), 0), ("relative entropy", 1, (k, p), "post")),
    "labels": (Ge(H(Z | Xt), 0), ("surprisal", 1, (P(Z | x),), "E")),
    "labels at x": (Ge(H(Z | x), 0), ("surprisal", 1, (P(Z | x),), "post")),
    "weights": (Ge(-log(wz), 0), ("surprisal", 1, (wz,), "point")),
}  # fmt: skip


@pytest.mark.parametrize("name", TRUE)
def test_inequalities_are_proved_from_one_piece(name):
    statement, (rule, coefficient, terms, over) = TRUE[name]
    piece = Piece(rule, as_term(coefficient), terms, over)
    assert rule.split()[0] in proved(statement, piece).steps[0] or rule == "square"
    assert written(piece).rank == 0
    assert piece_from_data(json.loads(json.dumps(piece_data(piece)))) == piece


# the vectors of "covariances" are centred: nothing in the statement is written like that
@pytest.mark.parametrize("name", [name for name in TRUE if name != "covariances"])
def test_the_search_reads_the_piece_off_the_statement(name):
    statement, _ = TRUE[name]
    for guess in candidates(statement.lhs, statement.rhs):
        try:
            proved(statement, *guess)
        except KernelError:
            continue
        return
    pytest.fail("no candidate proves the statement")


def test_discrete_laws_have_surprisals_of_X0():
    discrete = Setting(DISCRETE, LINEAR)
    piece = Piece("surprisal", ONE, (P(X0 | x),), "E")
    assert proved(Ge(H(X0 | Xt), 0), piece, setting=discrete).setting == discrete
    assert written(piece, Setting(T1, LINEAR)) == written(piece, discrete)
    for setting in (SETTING, Setting(T3, LINEAR)):
        with pytest.raises(KernelError, match="discrete"):
            written(piece, setting)


def test_pieces_add_up():
    statement = Ge(E(normsq(u)) + E(normsq(v)), normsq(E(u)) + normsq(E(v)))
    both = Piece("jensen", ONE, (u,), "E"), Piece("jensen", ONE, (v,), "E")
    assert proved(statement, *both)
    with pytest.raises(KernelError):
        proved(statement, both[0])


@pytest.mark.parametrize(
    "piece",
    [Piece(rule, as_term(1), terms, over) for _, (rule, _, terms, over) in TRUE.values() if rule != "surprisal"],
    ids=lambda piece: f"{piece.rule} {piece.over}",
)
def test_no_exact_witness_speaks_against_a_piece(piece):
    claim = Ge(written(piece), 0)
    found, tried = find_witness(claim, SETTING, lowering_for(SETTING), time.monotonic() + 0.3)
    assert found is None
    assert tried >= 0


def test_exchanged_signs_have_exact_witnesses():
    for term in (
        E(dot(u, v)) ** 2 - E(normsq(u)) * E(normsq(v)),
        frobsq(C) - tr(C) ** 2,
        normsq(E(X0)) - E(normsq(X0)),
        frobsq(jac(s)) - div(s) ** 2,
    ):
        found, _ = find_witness(Rel(">=", term, as_term(0)), SETTING, lowering_for(SETTING), time.monotonic() + 5)
        assert found is not None, term


def test_forms():
    c, n = symbol("c"), symbol("n")
    names = frozenset({"c"}), frozenset({"n"})
    for term in (
        normsq(u) + frobsq(jac(s)), c * n, w * w, w**2 * E(w**4), normsq(u) / (1 + sigma**2), 1 / E(normsq(u)), tr(C),
        tr(Cov(X0)), tr(Sz), tr(G), tr(dot(C, C)), tr(dot(A, transpose(A))), dot(u, dot(C, u)), dot(dot(C, u), u),
        dot(u, dot(inv(alpha**2 * Sz + sigma**2 * I), u)), Information, H(Z | x), H(Z | Xt), H(Z), -log(wz),
        -log(P(Z | x)), qv(h, FORWARD), at(normsq(s), x=0), post(normsq(X0)), sqrt(normsq(u)), q * p, snr * mmse,
        tr(outer(u, u)), dot(u, dot(n * C + c * outer(s, s), u)), n / c, c / n, tr(E(C) / c),
    ):  # fmt: skip
        assert is_nonnegative(term, *names), term
    for term in (
        dot(u, v), tr(A), tr(jac(s)), dot(u, dot(A, u)), dot(u, dot(C, v)), H(X0 | Xt), H(X0 | x), H(Xt), log(wz),
        -log(P(X0 | x)), -log(p), -normsq(u), w, w**3, c - n, normsq(u) - normsq(v), n * w, tr(outer(u, v)),
        tr(dot(A, A)), tr(dot(C, jac(s))), log(k / p), covar(w, h), at(div(s), x=0), tr(C - Cov(X0)), w * h,
        tr(w * C), normsq(u) / w, -H(Z | x), dot(C, u), C, u, as_term(-1), as_term(F(-1, 3)), sqrt(w), w**-1,
        symbol("r"), w**-2, normsq(u) / w, tr(C / w), -1 / n,
    ):  # fmt: skip
        assert not is_nonnegative(term, *names), term
    assert all(map(is_semidefinite, (inv(C + I), w**2 * C, transpose(G))))
    assert not any(map(is_semidefinite, (jac(s), -C, w * C, tr(C))))


def test_squares_worth_trying():
    gap = E(normsq(s_c - s))
    found = squares(gap * g**2 / 2, as_term(0))
    assert gap in found
    assert all(is_nonnegative(t) and t.rank == 0 for t in found)
    assert E(frobsq(C)) in squares(as_term(0), d(mmse, "snr"))
    assert any(piece.rule == "relative entropy" for piece in pieces(Information, as_term(0))[:3])


def test_every_rule_is_shown():
    assert {rule for _, (rule, _, _, _) in TRUE.values()} == set(RULES)
