"""Inequalities in one variable and counts of zeros: the kernel's figures, and what the search finds without a hint."""

import json
from dataclasses import replace
from fractions import Fraction as F

import pytest

from theory.kernel.component.calculus import derive, substitute_by_form, symbol_variable
from theory.kernel.component.certificate import Step, certificate, check, check_steps
from theory.kernel.component.model import Model
from theory.kernel.component.ring import Ring
from theory.kernel.component.zero import is_zero
from theory.kernel.errors import KernelError
from theory.kernel.witness.component_values import evaluate
from theory.language.instances import LINEAR, T1, Setting
from theory.language.notation import alpha, coord, exp, log, sigma, sqrt, symbol, tanh, x
from theory.language.statements import Digits, Ge, Gt, Iff, Le, Located, Lt, chain, zeros
from theory.language.terms import as_term
from theory.search.closed import settle_closed

r, s, t, z, q = (symbol(name) for name in "rstzq")
x1 = coord(x, 1)
SETTING = Setting(T1, LINEAR, 1, positive=(s, t), nonnegative=(z,))
QUADRATIC = q**2 + 2 * q - 1
UNIT = (F(0), F(1))

TRUE = {
    "s - tanh s": Ge(s - tanh(s), 0),
    "tanh below the diagonal": Lt(tanh(s), s),
    "tanh below the diagonal, 0 included": Le(tanh(z), z),
    "tanh above its cubic": Ge(tanh(s), s - s**3 / 3),
    "tanh below its quintic": Lt(tanh(s), s - s**3 / 3 + 2 * s**5 / 15),
    "two positive symbols": Lt(tanh(s * t), s * t),
    "logarithm, at 0": Lt(log(1 + s), s),
    "logarithm, from below": Le(s / (1 + s), log(1 + s)),
    "logarithm, about 1": Le(log(s), s - 1),
    "logarithm, by the square root": Lt(log(1 + s), s / sqrt(1 + s)),
    "s log s": Ge(s * log(s), s - 1),
    "exponential, second order": Gt(exp(s), 1 + s + s**2 / 2),
    "exponential falling": Lt(exp(-s), 1 - s + s**2 / 2),
    "exponential, 0 included": Gt(exp(z), z),
    "exponential on the line": Ge(exp(r), 1 + r),
    "exponential of a coordinate": Ge(exp(x1), 1 + x1),
    "cosh": Ge((exp(r) + exp(-r)) / 2, 1 + r**2 / 2),
    "s coth s": Gt(s * (exp(s) + exp(-s)), exp(s) - exp(-s)),
    "s exp(-s)": Le(s * exp(-s), exp(as_term(-1))),
    "softplus": Ge(log(1 + exp(r)), log(as_term(2)) + r / 2),
    "square root": Lt(sqrt(1 + s), 1 + s / 2),
    "quadratic": Gt(r**2 - r + 1, 0),
    "double zero": Ge((r - 1) ** 2 * (r**2 + 1), 0),
    "on the half-line only": Gt(s**3 + s**2 - s + 1, 0),
    "closed half-line": Ge(z**3 - z**2 + z, 0),
    "of a coordinate": Gt(x1**4 - x1 + 1, 0),
    "rational": Le(2 * r / (1 + r**2), 1),
    "two symbols": Ge(s**2 + t**2, 2 * s * t),
    "logistic slope": Le(1 / (1 + exp(r)) / (1 + exp(-r)), F(1, 4)),
    "positive factor": Gt(alpha**2 * (r**2 - r + 1) / sigma, 0),
    "chain": chain(tanh(s), ("<", s), ("<", exp(s) - 1)),
    "zeros in the interval": Located(zeros(QUADRATIC, q), 1, within=UNIT),
    "zeros on the line": Located(zeros(QUADRATIC, q), 2),
    "no zeros": Located(zeros(q**2 + 1, q), 0),
    "zeros of a positive symbol": Located(zeros(s**2 + 2 * s - 1, s), 1),
    "zeros of a non-negative symbol": Located(zeros(z * (z - 1) * (z + 1), z), 2),
    "double zeros count once": Located(zeros((q - 1) ** 2 * (q + 1), q), 2),
    "zeros in x": Located(zeros(alpha * (x1**2 - 2) / sigma, x), 2),
    "a place": Located(zeros(q**2 - 3 * q + 2, q), 2, at=as_term(2)),
    "digits": Located(zeros(QUADRATIC, q), 1, within=UNIT, at=Digits("0.4142")),
    "whatever the condition": Located(zeros(QUADRATIC, q), 2, when=Gt(sigma, 1)),
}
FALSE = {
    "tanh above the diagonal": Le(s, tanh(s)),
    "tanh on the line": Le(tanh(r), r),
    "strict, with equality at 0": Lt(tanh(z), z),
    "strict, with equality at 1": Lt(log(s), s - 1),
    "logarithm reversed": Ge(log(1 + s), s),
    "exponential, too much": Ge(exp(s), 1 + s + s**2),
    "double zero, strict": Gt((7 * s - 3) ** 2, 0),
    "negative between close zeros": Ge((1000 * r - 1001) ** 2, F(1, 4)),
    "negative near the root of 2": Ge((r**2 - 2) ** 2, F(1, 10**6)),
    "more zeros": Located(zeros(QUADRATIC, q), 2, within=UNIT),
    "fewer zeros": Located(zeros(QUADRATIC, q), 1),
    "double zeros counted twice": Located(zeros((q - 1) ** 2 * (q + 1), q), 3),
    "another place": Located(zeros(q**2 - 3 * q + 2, q), 2, at=as_term(3)),
}


@pytest.mark.parametrize("name", TRUE)
def test_true_statements_are_proved_with_no_hint_and_replayed(name):
    outcome = settle_closed(TRUE[name], SETTING)
    assert outcome.status == "proved", outcome.detail
    assert check(json.loads(json.dumps(outcome.certificate))).statement == TRUE[name]


@pytest.mark.parametrize("name", FALSE)
def test_false_statements_are_refuted_at_a_rational_point(name):
    outcome = settle_closed(FALSE[name], SETTING)
    assert outcome.status == "refuted", outcome.detail
    assert outcome.witness
    assert outcome.certificate is None


def test_what_a_zero_at_the_end_leaves_open_is_undecided():
    assert settle_closed(Located(zeros(q**2 - 1, q), 1, within=(F(-1), F(1, 2))), SETTING).status == "undecided"


# -- the rules -------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def model():
    return Model.of(SETTING)


def accepts(model, statement, rule, terms):
    return check_steps(model, statement, SETTING, (Step(rule, terms),))


def refuses(model, statement, rule, terms, match):
    with pytest.raises(KernelError, match=match):
        check_steps(model, statement, SETTING, (Step(rule, terms),))


def depth(above, below=None):
    found = {"variable": s, "above depth": as_term(above)}
    return found if below is None else found | {"below depth": as_term(below)}


def test_monotone_reads_its_chain(model):
    raw = {"above 0": as_term(1), "below 0": as_term(1)}
    accepts(model, Ge(s - tanh(s), 0), "monotone", depth(3))
    accepts(model, Gt(log(1 + s), s / (1 + s)), "monotone", depth(1) | {"above 0": as_term(1)})
    accepts(model, Le(log(s), s - 1), "monotone", depth(1, 1) | {"place": as_term(1)} | raw)
    accepts(model, Ge(exp(s), 1 + s), "monotone", depth(2) | {"above 0": exp(-s), "above 1": exp(s)})
    for statement, terms, match in (
        (Ge(s - tanh(s), 0), depth(1), "form"),
        (Ge(s - tanh(s), 0), depth(13), "depth"),
        (Ge(s - tanh(s), 0), depth(F(1, 2)), "depth"),
        (Ge(s - tanh(s), 0), depth(-1), "depth"),
        (Ge(s - tanh(s), 0), depth(s), "rational"),
        (Ge(s - tanh(s), 0), {"variable": s}, "depth"),
        (Ge(s - tanh(s), 0), {"variable": r, "above depth": as_term(1)}, "any sign"),
        (Ge(s - tanh(s), 0), {"variable": sigma, "above depth": as_term(1)}, "symbol"),
        (Ge(s - tanh(s), 0), {"above depth": as_term(1)}, "variable"),
        (Ge(s - tanh(s), 0), depth(3) | {"above 1": as_term(-1)}, "positive"),
        (Ge(s - tanh(s), 0), depth(3) | {"above 1": 1 - s}, "positive"),
        (Le(s - tanh(s), 0), depth(3), "at the end"),
        (Le(log(s), s - 1), depth(1, 1) | {"place": as_term(-1)}, "positive place"),
        (Le(log(s), s - 1), depth(1, 1) | raw | {"place": as_term(2)}, "end"),
        (Le(log(s), s - 1), depth(1) | raw | {"place": as_term(1)}, "below depth"),
        (Lt(log(s), s - 1), depth(1, 1) | raw | {"place": as_term(1)}, "strict"),
    ):
        refuses(model, statement, "monotone", terms, match)
    refuses(model, Iff(Gt(s, 0), Gt(s, 0)), "monotone", depth(1), "is for Rel")


def test_sturm_reads_its_polynomial(model):
    good = {"variable": r, "factor": alpha, "polynomial": r**2 - r + 1}
    accepts(model, Gt(alpha * (r**2 - r + 1), 0), "sturm", good)
    accepts(model, Ge(s * (r**2 - 2 * r + 1), 0), "sturm", good | {"factor": s, "polynomial": (r - 1) ** 2})
    accepts(model, Ge(z * (r**2 + 1), 0), "sturm", good | {"factor": z, "polynomial": r**2 + 1})
    accepts(model, Gt(exp(2 * r) - exp(r) + 1, 0), "sturm", good | {"factor": as_term(1), "argument": exp(r)})
    for statement, terms, match in (
        (Gt(alpha * (r**2 - r + 1), 0), good | {"factor": -alpha, "polynomial": -(r**2) + r - 1}, "negative"),
        (Gt(alpha * (r**2 - r + 1), 0), good | {"factor": q}, "factor"),
        (Gt(alpha * (r**2 - r + 1), 0), good | {"polynomial": r**2 + 1}, "times"),
        (Gt(alpha * (r**2 - r + 1), 0), good | {"polynomial": r**2 - s * r + 1}, "rational coefficients"),
        (Gt(alpha * (r**2 - r + 1), 0), good | {"variable": q}, "rational coefficients"),
        (Gt(z * (r**2 + 1), 0), good | {"factor": z, "polynomial": r**2 + 1}, "factor"),
        (Gt((r - 1) ** 2, 0), good | {"factor": as_term(1), "polynomial": (r - 1) ** 2}, "zero in the range"),
        (Gt(z * (z + 1), 0), {"variable": z, "factor": as_term(1), "polynomial": z**2 + z}, "zero in the range"),
        (Gt(q**2 + q, 0), {"variable": q, "factor": as_term(1), "polynomial": q**2 + q}, "negative"),
        (Gt(r**2 + r, 0), {"variable": s, "argument": r, "factor": as_term(1), "polynomial": s**2 + s}, "negative"),
    ):
        refuses(model, statement, "sturm", terms, match)
    accepts(model, Gt(s**2 + s, 0), "sturm", {"variable": s, "factor": as_term(1), "polynomial": s**2 + s})


def test_sturm_counts(model):
    good = {"factor": as_term(1), "polynomial": QUADRATIC}
    one = Located(zeros(QUADRATIC, q), 1, within=UNIT)
    accepts(model, one, "sturm count", good)
    accepts(model, Located(zeros(-sigma * QUADRATIC, q), 2), "sturm count", good | {"factor": -sigma})
    for statement, terms, match in (
        (replace(one, count=2), good, "1 zeros"),
        (replace(one, within=None), good, "2 zeros"),
        (replace(one, what=zeros(r * QUADRATIC, q)), good | {"factor": r}, "sign"),
        (replace(one, what=zeros(z * QUADRATIC, q)), good | {"factor": z}, "sign"),
        (replace(one, at=Digits("0.50")), good, "digits"),
        (replace(one, at=as_term(F(1, 2))), good, "no zero"),
        (replace(one, at=sqrt(as_term(2)) - 1), good, "rational"),
        (replace(one, count=None), good, "neither"),
        (replace(one, when=Gt(q, 0)), good, "condition"),
        (replace(one, what=zeros(QUADRATIC + x1, q)), good, "variable alone"),
        (replace(one, what=zeros(QUADRATIC, sigma)), good, "variable"),
        (replace(one, within=(F(1), F(0))), good, "order"),
        (Located(zeros(0 * q, q), 1), {"factor": as_term(1), "polynomial": 0 * q}, "everywhere"),
        (Located(zeros(s * (s - 1), s), 1, within=(F(-1), F(2))), {"factor": as_term(1), "polynomial": s**2 - s},
         "leaves the range"),
    ):  # fmt: skip
        refuses(model, statement, "sturm count", terms, match)
    accepts(model, Located(zeros(s * (s - 1), s), 1), "sturm count", {"factor": as_term(1), "polynomial": s**2 - s})


def test_a_parameter_of_the_law_has_a_range_of_its_own():
    """The weight w of a law lies between 0 and 1, so zeros of a function of w are not counted on its sign alone."""
    from theory.language.instances import mixture

    w = symbol("w")
    setting = Setting(mixture((w, -1, 1), (1 - w, 1, 1)), LINEAR)
    step = Step("sturm count", {"factor": as_term(1), "polynomial": w**2 - 4})
    with pytest.raises(KernelError, match="parameter of the law"):
        check_steps(Model.of(setting), Located(zeros(w**2 - 4, w), 2), setting, (step,))


# -- derivatives and values in a symbol ------------------------------------------------------------------------------
def test_derivatives_in_a_symbol():
    ring = Ring("linear", ("s",))
    model = Model(T1, "linear", ("s",))
    ring = model.ring
    for term, slope in (
        (s**3, 3 * s**2),
        (exp(s**2), 2 * s * exp(s**2)),
        (log(1 + s), 1 / (1 + s)),
        (tanh(s * r), r * (1 - tanh(s * r) ** 2)),
        (sqrt(1 + s), 1 / (2 * sqrt(1 + s))),
        (alpha * sigma * x1, as_term(0)),
    ):
        found = derive(ring, model.scalar(term), symbol_variable("s"))
        assert is_zero(found - model.scalar(slope))
    assert is_zero(derive(ring, model.scalar(symbol("t")), "t"))  # a symbol called t is not the time


def test_the_end_of_a_range_is_no_inner_point():
    model = Model(T1, "linear", ("s", "t"))
    ring = model.ring
    (index,) = model.scalar(s).generators()
    nothing = {index: ring.number(0)}
    assert evaluate(substitute_by_form(ring, model.scalar(exp(s) / (1 + s)), nothing), {}).lo == 1
    for singular in (1 / s, log(s), exp(-1 / s), 1 / (s + s * t), sqrt(s), 1 / (s + s**2)):
        with pytest.raises(KernelError):
            substitute_by_form(ring, model.scalar(singular), nothing)
    with pytest.raises(KernelError, match="range"):
        substitute_by_form(ring, model.scalar(s), {index: ring.number(-1)})
    (noise,) = ring.sigma().generators()
    with pytest.raises(KernelError, match="symbols"):
        substitute_by_form(ring, ring.sigma(), {noise: ring.number(1)})


@pytest.mark.parametrize("change", ["interval", "digits", "value", "rule", "terms"])
def test_inert_data_is_checked_field_by_field(change):
    statement = Located(zeros(QUADRATIC, q), 1, within=UNIT, at=Digits("0.414"))
    terms = {"factor": as_term(1), "polynomial": QUADRATIC}
    data = json.loads(json.dumps(certificate(statement, SETTING, (Step("sturm count", terms),))))
    assert check(data).statement == statement
    broken = {
        "interval": [[], [1], {}, "01", [0, "1"], [{"q": "1/0"}, 1], [1, 0], [0, 1, 2], [0.0, 1], [True, 2]],
        "digits": [{"kind": "Digits"}, {"kind": "Digits", "text": 1}, {"kind": "Digits", "text": "1e9"},
                   {"kind": "Digits", "text": "inf"}, {"text": "0.4"}, 3, "0.4", [0]],
        "value": [{"q": "1"}, 0, ["num", [], {"q": "1"}]],
        "rule": ["sturm", "monotone", None, 3],
        "terms": [{}, {"factor": data["steps"][0]["terms"]["factor"]}, [],
                  {str(n): ["num", [], {"q": "1"}] for n in range(100)}],
    }[change]  # fmt: skip
    for value in broken:
        copy = json.loads(json.dumps(data))
        place = {"interval": "within", "digits": "at", "value": "value"}.get(change)
        if place:
            copy["statement"][place] = value
        else:
            copy["steps"][0][change] = value
        with pytest.raises(KernelError):
            check(copy)
