"""Inequalities that must not be proved: wrong signs, half-lines, ends, ranks, exchanged densities, free variables."""

import json
from fractions import Fraction as F

import pytest

from theory.kernel.component.certificate import Step
from theory.kernel.component.certificate import certificate as closed_certificate
from theory.kernel.component.certificate import check as check_closed
from theory.kernel.errors import KernelError
from theory.kernel.index.certificate import certificate, check
from theory.kernel.index.links import Link
from theory.kernel.index.pieces import Piece, nonnegative, piece_data, piece_from_data
from theory.language.instances import ANY, LINEAR, T1, T5, Setting
from theory.language.notation import *
from theory.language.statements import Ge, Gt, Le, Located, Lt, zeros
from theory.language.terms import as_term, make, to_data
from theory.search.closed import settle_closed

r, y, t, z, c = (symbol(name) for name in "rytzc")
x1 = coord(x, 1)
CLOSED = Setting(T1, LINEAR, 1, positive=(y, t), nonnegative=(z,))
INDEX = Setting(ANY, LINEAR)
u, v, w = field("u", 1), field("v", 1), field("w")
ONE = as_term(1)


def refused(statement, rule, terms, match, setting=CLOSED):
    data = closed_certificate(statement, setting, (Step(rule, terms),))
    with pytest.raises(KernelError, match=match):
        check_closed(json.loads(json.dumps(data)))


def chain_of(variable, depth, **more):
    found = {"variable": variable, "above depth": as_term(depth)}
    return found | {name.replace("_", " "): as_term(value) for name, value in more.items()}


# -- monotone functions ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("depth", range(5))
@pytest.mark.parametrize(
    ("statement", "variable"),
    [
        (Le(y, tanh(y)), y),  # wrong sign
        (Ge(log(1 + y), y), y),
        (Ge(y * (1 - y), 0), y),  # the derivative is positive up to 1/2 only
        (Ge(y**3 - y, 0), y),
        (Ge(y * exp(-y) - y**2 / 10, 0), y),
        (Ge(exp(y), 1 + y + y**2), y),
        (Ge(exp(y), y**4), y),
        (Ge(log(y), 0), y),  # not regular at 0
        (Ge(1 / y, 2), y),
        (Ge(exp(-1 / y), F(1, 10)), y),
        (Ge(sqrt(y), y), y),
        (Ge(r * y, 0), y),  # a slope of unknown sign
        (Ge((r - 1) * tanh(y), 0), y),
        (Gt(exp(z), 1 + z), z),  # equality at the end, which belongs to the range
        (Lt(tanh(z), z), z),
        (Ge(z - F(1, 100), 0), z),
        (Ge(y - t, 0), y),  # the value at the end is negative
        (Ge(y * t - t**2, 0), y),
    ],
    ids=repr,
)
def test_false_inequalities_have_no_chain(statement, variable, depth):
    for more in ({}, {"above_0": 1}, {"above_1": 1}, {"above_0": y**-1}, {"above_0": exp(y)}, {"above_1": exp(-y)}):
        refused(statement, "monotone", chain_of(variable, depth, **more), "monotone")


def test_both_sides_of_a_place_count():
    """x^3 and exp(x) - 1 grow from 0 to the right, and are negative to the left."""
    for statement in (Ge(r**3, 0), Ge(exp(r), 1), Ge(x1**3, 0), Ge(r * exp(r), 0)):
        variable = r if statement.free == frozenset() else x1
        for depth in range(4):
            both = chain_of(variable, depth, below_depth=depth, place=0)
            refused(statement, "monotone", both, "below" if depth > 2 else "not certified")
            refused(statement, "monotone", chain_of(variable, depth, place=0), "below depth|not certified")
            refused(statement, "monotone", chain_of(variable, depth), "any sign")


def test_a_multiplier_must_be_positive_beyond_the_end():
    false = Le(y, tanh(y))
    for factor in (-1, 0, r, 1 - y, y - 1, log(y), -exp(y), tanh(y - 1), x1):
        refused(false, "monotone", chain_of(y, 2, above_1=factor), "positive")
        refused(false, "monotone", chain_of(y, 0, above_0=factor), "positive")


def test_a_place_outside_the_range_is_none():
    below = {"below_depth": 1, "above_0": 1, "below_0": 1}
    for place in (-1, 0, r, y, exp(as_term(1)), F(1, 2), 3):
        refused(Le(log(y), y - 1), "monotone", chain_of(y, 1, place=place, **below), "monotone")


def test_places_and_functions_are_scalars():
    two = Setting(T5, LINEAR, 2, positive=(y,))
    terms = chain_of(y, 1, below_depth=1)
    refused(Le(log(y), y - 1), "monotone", terms | {"place": origin}, "single", two)
    refused(Ge(coord(x, 1) ** 2, 0), "monotone", terms | {"variable": coord(x, 1)}, "one dimension", two)
    polynomial = {"factor": ONE, "polynomial": y**2 - 1}
    refused(Located(zeros(y * (origin + origin), y), 1), "sturm count", polynomial, "single", two)
    refused(Located(zeros(y**2 - 1, y), 1, at=origin), "sturm count", polynomial, "single", two)


# -- polynomials -----------------------------------------------------------------------------------------------------
def test_polynomials_that_change_sign_are_refused():
    for polynomial in (r**2 - 1, r**3, r, (r - 1) ** 2 * (r + 5), r**2 - F(1, 10**12), -(r**2), 0 * r - 1):
        terms = {"variable": r, "factor": ONE, "polynomial": polynomial}
        refused(Ge(polynomial, 0), "sturm", terms, "negative")
        refused(Gt(polynomial, 0), "sturm", terms, "negative")


def test_a_double_zero_is_not_strict():
    for polynomial, variable in (((r - 3) ** 2, r), ((y - F(3, 7)) ** 2, y), (z, z), (z**2 * (z + 1), z), (0 * r, r)):
        terms = {"variable": variable, "factor": ONE, "polynomial": polynomial}
        refused(Gt(polynomial, 0), "sturm", terms, "zero in the range")


def test_the_factor_of_a_polynomial_is_positive():
    good = {"variable": r, "polynomial": r**2 + 1}
    for factor in (r, c, -ONE, as_term(0), 1 - y, y - t, x1):
        refused(Gt(factor * (r**2 + 1), 0), "sturm", good | {"factor": factor}, "factor")
    refused(Ge(c * (r**2 + 1), 0), "sturm", good | {"factor": c}, "factor")


def test_an_argument_of_unknown_sign_runs_over_the_line():
    polynomial = {"variable": y, "factor": ONE, "polynomial": y**2 + 3 * y + 1}
    for argument in (r, x1, y - 1, log(y), tanh(y - t)):
        inside = argument**2 + 3 * argument + 1
        refused(Gt(inside, 0), "sturm", polynomial | {"argument": argument}, "negative")


def test_hidden_coefficients_are_no_rationals():
    for polynomial in (c * r**2 + 1, r**2 + exp(c), r**2 + pi, sqrt(as_term(2)) * r**2, exp(r), 1 / r, r**2 + x1**2, w):
        terms = {"variable": r, "factor": ONE, "polynomial": polynomial}
        refused(Gt(r**2 + 1, 0), "sturm", terms, "sturm")
    refused(Gt(r**60 + 1, 0), "sturm", {"variable": r, "factor": ONE, "polynomial": r**60 + 1}, "degree")


@pytest.mark.parametrize(
    ("polynomial", "within", "count"),
    [
        ((r - 1) ** 2, None, 2), ((r - 1) ** 2, (F(0), F(2)), 2), ((r - 1) ** 2, None, 0), (r**2 + 1, None, 2),
        (r**2 - 2, (F(0), F(1)), 1), (r**2 - 2, (F(7, 5), F(3, 2)), 0), (r * (r - 1), (F(0), F(2)), 2),
        (r * (r - 1), (F(0), F(2)), 1), (r * (r - 1), (F(-1), F(1)), 1), (r * (r - 1), (F(-1), F(1)), 2),
        (r**2 + 2 * r - 1, (F(0), F(1)), 2), (r**2 + 2 * r - 1, None, 1), (r**2 + 2 * r - 1, (F(0), F(1)), 0),
        (r - 1, (F(1), F(1)), 1),
    ],
)  # fmt: skip
def test_wrong_counts_and_zeros_at_an_end(polynomial, within, count):
    terms = {"factor": ONE, "polynomial": polynomial}
    refused(Located(zeros(polynomial, r), count, within=within), "sturm count", terms, "sturm count|order")
    outcome = settle_closed(Located(zeros(polynomial, r), count, within=within), CLOSED)
    assert outcome.status != "proved"


def test_places_of_zeros():
    terms = {"factor": ONE, "polynomial": r**2 - 2 * r}
    statement = Located(zeros(r**2 - 2 * r, r), 2, at=as_term(2))
    check_closed(closed_certificate(statement, CLOSED, (Step("sturm count", terms),)))
    for at_, within in ((1, None), (2, (F(-1), F(1))), (F(2) + F(1, 10**20), None), (y, None), (x1, None)):
        claim = Located(zeros(r**2 - 2 * r, r), None if within else 2, at=as_term(at_), within=within)
        refused(claim, "sturm count", terms, "sturm count")
    positive = {"factor": ONE, "polynomial": y**2 + y}
    refused(Located(zeros(y**2 + y, y), 0, at=as_term(0)), "sturm count", positive, "no zero")
    refused(Located(zeros(y**2 + y, y), None, at=as_term(-1)), "sturm count", positive, "no zero")


# -- pieces ----------------------------------------------------------------------------------------------------------
def nothing_of(piece, match):
    with pytest.raises(KernelError, match=match):
        nonnegative(piece, frozenset({"y"}), frozenset({"z"}), INDEX)
    with pytest.raises(KernelError):
        check(json.loads(json.dumps(certificate(Ge(sigma - sigma, sigma), INDEX, (Link(pieces=(piece,)),)))))


def test_coefficients_are_non_negative_numbers():
    for factor in (-ONE, c, sigma - alpha, -sigma, a, E(w), log(sigma), as_term(F(-1, 10**9)), dt(sigma)):
        nothing_of(Piece("jensen", factor, (u,), "E"), "coefficient is not non-negative")
    for factor in (p, normsq(x), normsq(X0), wz, w**2, dot(x, X0) ** 2, u, Cov(X0)):
        nothing_of(Piece("jensen", factor, (u,), "E"), "coefficient is not a number")
    for factor in (symbol("y"), symbol("z"), sigma, E(w**2), D, 0 * ONE, alpha / sigma):
        assert nonnegative(Piece("jensen", factor, (u,), "E"), frozenset({"y"}), frozenset({"z"}), INDEX).rank == 0


def test_terms_that_do_not_fit():
    for piece, match in (
        (Piece("cauchy-schwarz", ONE, (u, w), "E"), "ranks"),
        (Piece("cauchy-schwarz", ONE, (jac(s), s), "post"), "ranks"),
        (Piece("cauchy-schwarz", ONE, (u,), "E"), "takes 2"),
        (Piece("cauchy-schwarz", ONE, (u, u, u), "E"), "takes 2"),
        (Piece("cauchy-schwarz", ONE, (u, v), "x"), "average"),
        (Piece("cauchy-schwarz", ONE, (u, v), ""), "average"),
        (Piece("cauchy-schwarz", ONE, (u, v), "dt"), "average"),
        (Piece("jensen", ONE, (u,), "point"), "needs an average"),
        (Piece("jensen", ONE, (u,), "grad"), "needs an average"),
        (Piece("jensen", ONE, (u, v), "E"), "takes 1"),
        (Piece("jensen log", ONE, (w,), "E"), "no rule"),
        (Piece("magic", ONE, (w,), "E"), "no rule"),
        (Piece("covariance", ONE, (w,), "E"), "vector"),
        (Piece("covariance", ONE, (Cov(X0),), "E"), "vector"),
        (Piece("square", ONE, (w,), "E"), "form"),
        (Piece("square", ONE, (E(w),), "E"), "form"),
        (Piece("square", ONE, (normsq(u) - normsq(v),), "E"), "form"),
        (Piece("square", ONE, (dot(u, dot(jac(s), u)),), "E"), "form"),
        (Piece("square", ONE, (u,), "E"), "form"),
        (Piece("square", ONE, (log(k / p),), "E"), "form"),
    ):
        nothing_of(piece, match)


def test_relative_entropies_have_an_order_and_an_average():
    for above, below, over in (
        (p, k, "E"), (p, pz, "E"), (pz, k, "E"), (q, p, "E"), (p, k, "post"), (p, q, "post"), (q, p, "post"),
        (k, q, "post"), (pz, q, "post"), (k, p, "point"), (p, q, "point"), (pz, p, "point"), (q, k, "E"), (p, p0, "E"),
        (p0, p, "E"), (k, p0, "E"), (k, wz, "E"), (wz, p, "E"), (p, wz, "E"), (pz, k, "post"),
    ):  # fmt: skip
        nothing_of(Piece("relative entropy", ONE, (above, below), over), "relative entropy")
    for pair in ((2 * k, p), (k, p * p), (s, s), (k, 2 * p), (w, p), (k, normsq(x))):
        nothing_of(Piece("relative entropy", ONE, pair, "E"), "relative entropy")


def test_a_density_has_no_surprisal():
    for density in (p, k, q, pz, p0, P(X0 | x), w, 2 * wz, sigma):
        for over in ("E", "post", "point"):
            nothing_of(Piece("surprisal", ONE, (density,), over), "discrete")


@pytest.mark.parametrize(
    ("statement", "piece"),
    [
        (Ge(E(dot(u, v)) ** 2, E(normsq(u)) * E(normsq(v))), Piece("cauchy-schwarz", ONE, (u, v), "E")),
        (Ge(E(normsq(u)) * E(normsq(v)), 2 * E(dot(u, v)) ** 2), Piece("cauchy-schwarz", ONE, (u, v), "E")),
        (Ge(E(normsq(u)) * normsq(v), dot(u, v) ** 2), Piece("cauchy-schwarz", ONE, (u, v), "point")),
        (Ge(normsq(E(X0)), E(normsq(X0))), Piece("jensen", ONE, (X0,), "E")),
        (Ge(E(normsq(X0)), normsq(m)), Piece("jensen", ONE, (X0,), "E")),
        (Ge(E(frobsq(jac(s))), E(div(s)) ** 2), Piece("cauchy-schwarz", 1 / D, (jac(s), I), "E")),
        (Le(Information, 0), Piece("relative entropy", ONE, (k, p), "E")),
        (Ge(H(Xt | X0), H(Xt)), Piece("relative entropy", ONE, (k, p), "E")),
        (Gt(Information, 0), Piece("relative entropy", ONE, (k, p), "E")),
        (Ge(H(X0 | Xt), 0), Piece("surprisal", ONE, (P(Z | x),), "E")),
        (Ge(frobsq(Cov(X0 | x)), tr(Cov(X0 | x)) ** 2), Piece("covariance", ONE, (X0 - m,), "post")),
    ],
    ids=lambda part: repr(part)[:60],
)
def test_a_piece_proves_no_other_inequality(statement, piece):
    with pytest.raises(KernelError):
        check(json.loads(json.dumps(certificate(statement, INDEX, (Link(pieces=(piece,)),)))))


def test_pieces_are_inert_data():
    good = piece_data(Piece("cauchy-schwarz", ONE, (u, v), "E"))
    assert piece_from_data(json.loads(json.dumps(good))).terms == (u, v)
    term = to_data(u)
    for change in (
        {"rule": "magic"}, {"rule": 1}, {"rule": None}, {"rule": ["square"]}, {"over": "x"}, {"over": None},
        {"over": ["E"]}, {"over": 3}, {"terms": []}, {"terms": [term] * 3}, {"terms": {}}, {"terms": "uv"},
        {"terms": [term, None]}, {"terms": [term, ["eval", [], None]]}, {"coefficient": None}, {"coefficient": 1},
        {"coefficient": 1.5}, {"coefficient": ["num", [], 0.5]}, {"coefficient": ["num", [], {"q": "1/0"}]},
        {"extra": 1},
    ):  # fmt: skip
        with pytest.raises(KernelError, match="not a piece"):
            piece_from_data(good | change)
    for data in (None, [], "piece", 3, {}, {name: good[name] for name in ("rule", "terms", "over")}):
        with pytest.raises(KernelError, match="not a piece"):
            piece_from_data(data)
    deep = to_data(ONE)
    for _ in range(50_000):
        deep = ["neg", [deep], None]
    with pytest.raises(KernelError, match="deeply"):
        piece_from_data(good | {"coefficient": deep})


def test_a_piece_of_endless_terms_is_refused():
    long = make("add", tuple(normsq(u) for _ in range(3_000)))
    nothing_of(Piece("square", ONE, (long,), "E"), "nodes")
