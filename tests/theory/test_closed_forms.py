"""Derived formulas: natural form, an independent numerical look, and a kernel that refuses wrong ones."""

from fractions import Fraction as F

import mpmath
import pytest
import sympy

from theory.closed_forms import QUANTITIES, derive, process_kind
from theory.closed_forms.derivation import FIELDS
from theory.closed_forms.dimension import IsotropicGaussian
from theory.closed_forms.formula import X as DISPLAY_X
from theory.closed_forms.mixture import Builder
from theory.closed_forms.numbers import NUMBERS
from theory.closed_forms.result import FormulaError, NoClosedFormError
from theory.kernel.component.model import Model
from theory.kernel.component.zero import is_zero
from theory.language import notation as n
from theory.language.instances import T1, T3, T5, VE, VP, deltas, gaussian, mixture, two_modes
from theory.processes import parse_process
from theory.sympy_bridge import symbol_for

mu, S = n.symbol("mu"), n.symbol("S")
SIGNS = {"mu": "positive", "S": "positive"}
X = sympy.Symbol("x", real=True)
PLANE = gaussian((1, 0), ((1, F(1, 2)), (F(1, 2), 2)))
LAWS = {
    "gaussian": gaussian(mu, S),
    "one atom": deltas((2, 1)),
    "modes": two_modes(mu, S),
    "deltas": deltas((-1, F(1, 5)), (1, F(4, 5))),
    "T3": T3,
    "weights": mixture((n.symbol("w"), -1, F(1, 4)), (1 - n.symbol("w"), n.symbol("m"), S)),
    "plane": PLANE,
    "diagonal": gaussian((0, 0), ((1, 0), (0, 2))),
    "symbolic plane": gaussian((mu, 0), ((S, n.symbol("c")), (n.symbol("c"), S))),
    "three atoms": deltas(((0, 0, 1), F(1, 3)), ((0, 1, 0), F(1, 3)), ((1, 0, 0), F(1, 3))),
}


CASES = [(law, process) for law in LAWS for process in ("linear", "ve")] + [("modes", "vp"), ("plane", "vp")]


@pytest.mark.parametrize(("law", "process"), CASES)
def test_every_quantity_is_confirmed_by_the_kernel(law, process):
    for quantity in QUANTITIES:
        form = derive(quantity, LAWS[law], process, assume=SIGNS)
        assert "exact zero test" in form.checked
        assert form.text
        assert form.latex()
        single = LAWS[law].K == 1
        assert form.kind == ("closed form" if single or quantity in FIELDS else "exact integrand")
        assert form.sympy.has(sympy.Integral) == (form.kind == "exact integrand")


def numbers(expression, **values):
    named = {"sigma": symbol_for("sigma"), "alpha": symbol_for("alpha"), "a": symbol_for("a"), "g": symbol_for("g")}
    named |= {"mu": symbol_for("mu", SIGNS), "S": symbol_for("S", SIGNS), "x": X}
    return float(expression.subs({named[k]: sympy.Rational(str(v)) for k, v in values.items()}).evalf(30))


POINT = {"alpha": F(3, 5), "sigma": F(4, 5), "mu": F(7, 5), "S": F(1, 4), "x": F(1, 3)}


@pytest.mark.parametrize("law", ["gaussian", "modes", "T3", "deltas"])
def test_sympy_differentiates_to_the_same_numbers(law):
    density, score, jacobian = (derive(q, LAWS[law], assume=SIGNS).sympy for q in ("density", "score", "jacobian"))
    values = {k: v for k, v in POINT.items() if law in ("gaussian", "modes") or k not in ("mu", "S")}
    assert numbers(sympy.diff(sympy.log(density), X), **values) == pytest.approx(numbers(score, **values), rel=1e-14)
    assert numbers(sympy.diff(score, X), **values) == pytest.approx(numbers(jacobian, **values), rel=1e-14)
    assert numbers(sympy.log(density), **values) == pytest.approx(
        numbers(derive("log-density", LAWS[law], assume=SIGNS).sympy, **values), rel=1e-14
    )


def test_integrals_have_the_known_values():
    entropy = derive("conditional-entropy", T1, "ve").sympy.subs(symbol_for("sigma"), 1)
    integrand = sympy.lambdify(X, entropy.args[0], "mpmath")
    assert float(mpmath.quad(integrand, [-12, 0, 12])) == pytest.approx(0.356316360213113697, rel=1e-12)


def test_bandwidth_integral_equals_the_rate_formula():
    """The definition's integrand and g^2/2 (1/sigma^2 - E|s|^2) give one number."""
    values = {symbol_for("alpha"): sympy.Rational(3, 5), symbol_for("sigma"): sympy.Rational(4, 5),
              symbol_for("a"): sympy.Rational(-7, 20), symbol_for("g"): sympy.sqrt(sympy.Rational(9, 10))}  # fmt: skip

    def value(quantity):
        expression = derive(quantity, T3).sympy.subs(values)
        (integral,) = expression.atoms(sympy.Integral)
        rest = float((expression - integral).evalf(20))
        return rest + float(mpmath.quad(sympy.lambdify(X, integral.args[0], "mpmath"), [-12, -1, 0, 1, 2, 12]))

    fisher = value("fisher-information")
    assert value("bandwidth") == pytest.approx(0.45 * (1 / 0.64 - fisher), rel=1e-10)
    assert value("expected-divergence") == pytest.approx(-fisher, rel=1e-10)
    assert value("entropy-rate") == pytest.approx(-0.35 + 0.45 * fisher, rel=1e-10)
    assert value("mmse") == pytest.approx(0.64 / 0.36 * (1 - 0.64 * fisher), rel=1e-10)


def test_two_symmetric_modes_are_written_with_tanh():
    form = derive("score", two_modes(mu, S), assume=SIGNS)
    assert form.text == ("s(x) = (alpha mu T - x)/v\nwhere T = tanh(alpha mu x/v)\n      v = alpha^2 S + sigma^2")
    assert form.sympy.has(sympy.tanh)
    assert derive("score", T1, "ve").text == "s(x) = (T - x)/sigma^2\nwhere T = tanh(x/sigma^2)"
    assert derive("posterior-mean", deltas((-mu, F(1, 2)), (mu, F(1, 2))), "ve").text.startswith("E[X0|x] = mu T")


def test_mixtures_are_written_with_responsibilities():
    form = derive("score", T3)
    assert form.text.splitlines()[0] == "s(x) = r_1 s_1 + r_2 s_2"
    assert "r_1 = 3/10 N_1/p" in form.text
    assert r"\begin{aligned}" in form.latex()
    assert r"r_{1} &= " in form.latex()


def test_gaussian_formulas():
    law = gaussian(mu, S)

    def text(quantity, process="linear"):
        return derive(quantity, law, process, assume=SIGNS).text.splitlines()[0]

    assert text("score") == "s(x) = (alpha mu - x)/v"
    assert text("posterior-covariance") == "Cov(X0|x) = sigma^2 S/v"
    assert text("entropy") == "H(Xt) = 1/2 + 1/2 log(2 pi v)"
    assert text("entropy-rate") == "dH(Xt)/dt = a + 1/2 g^2/v"
    assert text("entropy-rate", "ve") == "dH(Xt)/dt = 1/2 g^2/v"
    assert text("mmse", "ve") == "mmse = sigma^2 S/v"
    assert "alpha = sqrt(1 - sigma^2)" in derive("score", law, "vp", assume=SIGNS).text


def test_variances_are_positive_unless_said_otherwise():
    form = derive("entropy", gaussian(n.symbol("m"), S))
    assert "S > 0" in form.checked
    assert "S > 0" not in derive("entropy", gaussian(0, S), assume={"S": "nonnegative"}).checked
    assert "S > 0" not in derive("entropy", gaussian(0, S), assume={"S": "positive"}).checked


def test_terms_are_the_formula_in_the_language():
    form = derive("score", two_modes(mu, S), assume=SIGNS)
    model = Model(two_modes(mu, S), "linear", ("mu", "S"))
    assert is_zero(model.scalar(form.term) - model.scalar(n.coord(n.s, 1)))
    assert derive("score", T5).term is None
    assert derive("entropy", T3).term is None


def test_planar_mixture():
    for quantity in ("score", "divergence", "posterior-mean"):
        assert "exact zero test" in derive(quantity, T5).checked
    assert derive("score", T5).sympy.shape == (2, 1)
    assert derive("jacobian", PLANE).sympy.shape == (2, 2)


@pytest.mark.parametrize("process", ["linear", "ve", "vp"])
def test_open_dimension(process):
    law = IsotropicGaussian(S)
    for quantity in QUANTITIES:
        if quantity in ("divergence", *NUMBERS):
            form = derive(quantity, law, process, assume=SIGNS)
            assert "1, 2 and 3" in form.checked
            assert form.sympy.has(symbol_for("D"))
        else:
            with pytest.raises(NoClosedFormError, match="dimension"):
                derive(quantity, law, process, assume=SIGNS)
    assert derive("mmse", law, "ve", assume=SIGNS).text.splitlines()[0] == "mmse = D (sigma^2 S/v)"
    with pytest.raises(NoClosedFormError, match="sign"):
        derive("conditional-entropy", law, "ve", assume={"S": "nonnegative"})


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("score", lambda b: b.whitened(0, n.sigma**2 * DISPLAY_X - b.centre(0))),
        ("posterior_cov", lambda b: b.variance(0)),
        ("log_density", lambda b: b.exponent(0)),
    ],
)
def test_a_wrong_formula_is_never_returned(monkeypatch, name, wrong):
    quantity = {"score": "score", "posterior_cov": "posterior-covariance", "log_density": "log-density"}[name]
    entry = FIELDS[quantity]
    monkeypatch.setitem(FIELDS, quantity, (entry[0], entry[1], wrong, entry[3]))
    with pytest.raises(FormulaError):
        derive(quantity, gaussian(mu, S), assume=SIGNS)


def test_a_wrong_integrand_is_never_returned(monkeypatch):
    monkeypatch.setattr(Builder, "score", lambda self: self.component_score(0))
    with pytest.raises(FormulaError):
        derive("fisher-information", T3)


@pytest.mark.parametrize(
    ("quantity", "law", "process", "assume", "match"),
    [
        ("colour", T1, "ve", None, "unknown quantity"),
        ("score", "T1", "ve", None, "no law"),
        ("score", T1, "brownian", None, "no linear process"),
        ("score", T1, "ve", {"mu": "big"}, "positive or nonnegative"),
        ("score", gaussian(n.symbol("x"), 1), "ve", None, "rename"),
        ("score", gaussian((0,) * 4, 1), "ve", None, "1 to 3"),
        ("conditional-entropy", gaussian(0, S), "ve", {"S": "nonnegative"}, "certified"),
    ],
)
def test_refusals_name_the_remedy(quantity, law, process, assume, match):
    with pytest.raises(ValueError, match=match):
        derive(quantity, law, process, assume=assume)


def test_a_matrix_that_vanishes_has_its_shape():
    assert derive("posterior-covariance", deltas(((1, 2), 1))).sympy == sympy.zeros(2, 2)


def test_process_kinds():
    assert [process_kind(parse_process(text)) for text in ("ve", "vp", "vp(beta=2)", "ou(1, 2)")] == [
        "ve", "vp", "vp", "linear"
    ]  # fmt: skip
    assert process_kind(VE) == "ve"
    assert process_kind(VP) == "vp"
