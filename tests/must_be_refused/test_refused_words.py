"""What the matrix-word kernel must refuse: false statements, forged certificates, singular inverses, foreign words."""

import copy
import json

import pytest

from proofs_checks.edits import edits
from theory.kernel.errors import BudgetError, KernelError, UnsupportedError
from theory.kernel.words.certificate import certificate, check
from theory.kernel.words.evaluator import Evaluator
from theory.kernel.words.members import Member
from theory.language.instances import ANY, DISCRETE, GAUSSIAN, LINEAR, MATRIX, VE, VP, Setting, gaussian
from theory.language.notation import *
from theory.language.statements import Eq, Ge, Gt, Le
from theory.search.matrices import settle_matrices
from theory.search.outcome import PROVED, REFUTED, UNDECIDED, UNSUPPORTED

LINEAR_GAUSSIAN, ANY_MATRIX = Setting(GAUSSIAN, LINEAR), Setting(GAUSSIAN, MATRIX)
C, S = Cov(Xt), Cov(X0)
V = alpha**2 * S + sigma**2 * I
c = symbol("c")
SOUND = {
    "Lyapunov": (Eq(dt(C), dot(A, C) + dot(C, transpose(A)) + G), ANY_MATRIX, None),
    "entropy rate": (Eq(d(H(Xt)), tr(A) + tr(dot(G, inv(C))) / 2), ANY_MATRIX, None),
    "posterior covariance": (Eq(Cov(X0 | x), S - alpha**2 * dot(dot(S, inv(V)), S)), LINEAR_GAUSSIAN, None),
    "information": (Eq(Information, logdet(I + snr * S) / 2), LINEAR_GAUSSIAN, None),
    "mmse": (Le(mmse, tr(S)), LINEAR_GAUSSIAN, alpha**2 * tr(dot(dot(S, inv(V)), S))),
}


def data_of(name):
    statement, setting, square = SOUND[name]
    return json.loads(json.dumps(certificate(statement, setting, (square,))))


@pytest.mark.parametrize("name", SOUND)
def test_the_sound_ones_are_accepted(name):
    assert check(data_of(name)).steps


def rational_places(data, path=()):
    if isinstance(data, dict):
        if set(data) == {"q"}:
            yield path
        for key, value in data.items():
            yield from rational_places(value, (*path, key))
    elif isinstance(data, list):
        for key, value in enumerate(data):
            yield from rational_places(value, (*path, key))


@pytest.mark.parametrize("name", SOUND)
def test_any_changed_number_is_refused(name):
    places = list(rational_places(data_of(name)))
    assert places or name == "Lyapunov"
    for path in places:
        forged = data_of(name)
        place = forged
        for key in path:
            place = place[key]
        place["q"] = "5" if place["q"] != "5" else "7"
        with pytest.raises(KernelError):
            check(forged)


@pytest.mark.parametrize("name", ["Lyapunov", "entropy rate", "posterior covariance", "information"])
def test_one_node_edits_are_refused_unless_the_values_agree(name):
    statement, setting, _ = SOUND[name]
    refuted = 0
    for edit in edits(statement):
        outcome = settle_matrices(edit.statement, setting)
        if outcome.status == PROVED:
            evaluator = Evaluator(Member(setting.process.name, 3, 5, frozenset()))
            left, right = evaluator.value(edit.statement.lhs), evaluator.value(edit.statement.rhs)
            assert str(left) == str(right), edit.name
        refuted += outcome.status == REFUTED
        assert outcome.status in (PROVED, REFUTED, UNSUPPORTED), edit.name
    assert refuted >= 4


FALSE = {
    "words do not commute": (Eq(dot(A, C), dot(C, A)), ANY_MATRIX),
    "a trace is not a determinant": (Eq(logdet(C), tr(C)), ANY_MATRIX),
    "A is not symmetric": (Eq(A, transpose(A)), ANY_MATRIX),
    "tr AB tr A tr B": (Eq(tr(dot(A, G)), tr(A) * tr(G)), ANY_MATRIX),
    "tr of three, turned the wrong way": (Eq(tr(dot(dot(A, C), G)), tr(dot(dot(A, G), C))), ANY_MATRIX),
    "A' is not 0": (Eq(dt(A), 0), ANY_MATRIX),
    "q is not p": (Eq(grad(log(q)), s), ANY_MATRIX),
    "the mean moves": (Eq(dt(E(x)), 0), ANY_MATRIX),
    "X0 and X_t are correlated": (Eq(E(outer(x, X0)), outer(E(x), E(X0))), LINEAR_GAUSSIAN),
    "alpha is not 1": (Eq(Cov(Xt), S + sigma**2 * I), LINEAR_GAUSSIAN),
    "alpha^2 + sigma^2 = 1 under VP only": (Eq(alpha**2 + sigma**2, 1), LINEAR_GAUSSIAN),
    "D is not 1": (Eq(tr(I), 1), LINEAR_GAUSSIAN),
    "D - 1 for D": (Eq(E(dot(x - E(x), s)), 1 - D), LINEAR_GAUSSIAN),
    "Ginibre without dagger": (Eq(E(normsq(x)), tr(C)), ANY_MATRIX),
    "turned": (Ge(mmse, tr(S)), LINEAR_GAUSSIAN),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_false_statements_are_refused_and_refuted(name):
    statement, setting = FALSE[name]
    with pytest.raises(KernelError):
        check(certificate(statement, setting, (None,)))
    assert settle_matrices(statement, setting).status == REFUTED


def test_the_circle_of_vp_is_used_under_vp():
    assert settle_matrices(Eq(alpha**2 + sigma**2, 1), Setting(GAUSSIAN, VP)).status == PROVED
    assert settle_matrices(Eq(inv((1 - sigma**2) * S + sigma**2 * I), inv(V)), Setting(GAUSSIAN, VP)).status == PROVED
    assert settle_matrices(Eq(alpha, 1), Setting(GAUSSIAN, VE)).status == PROVED


UNREADABLE = {
    "G may be singular": (Eq(dot(G, inv(G)), I), ANY_MATRIX),
    "A may be singular": (Eq(dot(A, inv(A)), I), ANY_MATRIX),
    "an indefinite sum": (Eq(dot(C - I, inv(C - I)), I), ANY_MATRIX),
    "a factor that may vanish": (Eq(dot(c * C, inv(c * C)), I), ANY_MATRIX),
    "a field in a determinant": (Eq(logdet(p * C), D * log(p) + logdet(C)), ANY_MATRIX),
    "0/0": (Eq((alpha - alpha) / (alpha - alpha), 1), LINEAR_GAUSSIAN),
    "a difference": (Eq((alpha - sigma) / (alpha - sigma), 1), LINEAR_GAUSSIAN),
    "a clock that stands still": (Eq(a * sigma / (a * sigma), 1), Setting(GAUSSIAN, VE)),
    "an unsigned symbol": (Eq(c / c, 1), LINEAR_GAUSSIAN),
    "an average of a density": (Eq(E(p), E(p)), ANY_MATRIX),
    "X0 of the matrix process": (Eq(E(X0), E(X0)), ANY_MATRIX),
    "g of the matrix process": (Eq(drift(log(p), FORWARD), 0), ANY_MATRIX),
    "A of a linear process": (Eq(dot(A, x), f), LINEAR_GAUSSIAN),
    "the root of an inverted sum": (Eq(sqrt(1 / (alpha**2 + sigma**2)), 1), LINEAR_GAUSSIAN),
    "a tower of powers": (Eq((((3 * sigma) ** 64) ** 64) ** 64, 1), LINEAR_GAUSSIAN),
    "a label": (Eq(E(log(pz)), 0), LINEAR_GAUSSIAN),
    "a test field": (Eq(E(field("phi")), 0), LINEAR_GAUSSIAN),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_it_cannot_read_is_refused_by_name(name):
    statement, setting = UNREADABLE[name]
    with pytest.raises((UnsupportedError, BudgetError), match="link 1: "):
        check(certificate(statement, setting, (None,)))
    assert settle_matrices(statement, setting).status != PROVED


def test_other_laws_are_refused():
    statement = Eq(E(normsq(s)), tr(inv(C)))
    for law in (ANY, DISCRETE, gaussian(0, 1)):
        with pytest.raises(UnsupportedError, match="any Gaussian law"):
            check(certificate(statement, Setting(law, LINEAR), (None,)))
        assert settle_matrices(statement, Setting(law, LINEAR)).status == UNSUPPORTED


SQUARES = {
    "not a square": -tr(S),
    "of no sign": tr(dot(A, C)),
    "another square": normsq(X0),
    "a vector": x,
    "an indefinite form": dot(x, dot(C - I, x)),
    "a negative multiple under the inverse": tr(inv(-C)),
    "one transposed": tr(dot(dot(A, C), A)),
    "a form of two vectors": dot(x, dot(C, s)),
}


@pytest.mark.parametrize("name", SQUARES)
def test_a_square_must_be_one(name):
    square = SQUARES[name]
    setting = LINEAR_GAUSSIAN if name in ("not a square", "another square") else ANY_MATRIX
    side = square if not square.rank else tr(C)
    with pytest.raises(KernelError, match=r"link 1: .*square"):
        check(certificate(Ge(side, 0) if name != "another square" else Ge(tr(S), 0), setting, (square,)))


def test_strict_inequalities_and_squares_of_equations_are_refused():
    with pytest.raises(UnsupportedError, match="strict"):
        check(certificate(Gt(tr(C), 0), ANY_MATRIX, (None,)))
    with pytest.raises(KernelError, match="an equation takes no square"):
        check(certificate(Eq(tr(C), tr(C)), ANY_MATRIX, (tr(C),)))


def malformed():
    sound = data_of("mmse")
    for key in sound:
        broken = copy.deepcopy(sound)
        del broken[key]
        yield f"no {key}", broken
    links = (
        None, [], {}, sound["links"] * 2, [None], [{}], [{"square": 3}], [{"square": ["num", [], 0.5]}],
        [{"square": ["eval", [], "x"]}], [{"square": None}] * 1000, [{"square": None, "fluxes": []}],
    )  # fmt: skip
    for key, value in (
        ("version", 2), ("version", True), ("version", "1"), ("kind", "bracket"), ("setting", {}), ("statement", None),
        *(("links", value) for value in links),
    ):  # fmt: skip
        yield f"{key}: {str(value)[:30]}", {**sound, key: value}
    yield "extra", {**sound, "checksum": "0"}
    yield "a list", [sound]
    term = ["dim", [], None]
    for _ in range(2000):
        term = ["neg", [term], None]
    yield "deep", {**sound, "links": [{"square": term}]}


@pytest.mark.parametrize(("name", "data"), list(malformed()), ids=lambda v: v if isinstance(v, str) else "")
def test_malformed_certificates_are_refused(name, data):
    with pytest.raises(KernelError):
        check(data)


def test_too_large_averages_end_as_an_open_question():
    outcome = settle_matrices(Eq(E(log(p) ** 8), 0), ANY_MATRIX)
    assert (outcome.status, outcome.detail[:7]) == (UNDECIDED, "link 1:")
