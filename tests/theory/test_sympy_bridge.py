"""The bridge to SymPy: round trips, and what it refuses."""

from fractions import Fraction as F

import pytest
import sympy

from theory.kernel.component.model import Model
from theory.kernel.component.zero import is_zero
from theory.language.instances import gaussian
from theory.language.notation import (
    D,
    E,
    a,
    alpha,
    coord,
    dot,
    exp,
    g,
    log,
    nu,
    outer,
    p,
    pi,
    s,
    sigma,
    snr,
    sqrt,
    symbol,
    tanh,
    tr,
    transpose,
    x,
)
from theory.language.notation import I as eye
from theory.sympy_bridge import BridgeError, from_sympy, symbol_for, to_sympy

mu, S = symbol("mu"), symbol("S")
SCALARS = [
    alpha**2 * S + sigma**2,
    (alpha * mu * tanh(alpha * mu * coord(x, 1) / sigma**2) - coord(x, 1)) / sigma**2,
    exp(-((coord(x, 1) - alpha * mu) ** 2) / (2 * sigma**2)) / sqrt(2 * pi * sigma**2),
    log(1 + exp(mu)) - F(3, 7) * a + g**2 / 2,
    snr - nu,
    -(mu**3) / 5,
    sqrt(sigma**2 + alpha**2) ** 3,
]


@pytest.mark.parametrize("term", SCALARS, ids=range(len(SCALARS)))
def test_round_trip_keeps_the_function(term):
    back = from_sympy(to_sympy(term, signs={"mu": "positive"}))
    model = Model(gaussian(0, 1), "linear", ("mu",), ("S",))
    assert is_zero(model.scalar(back) - model.scalar(term))
    assert to_sympy(back, signs={"mu": "positive"}) == to_sympy(term, signs={"mu": "positive"})


def test_symbols_carry_their_signs():
    assert to_sympy(alpha).is_positive
    assert to_sympy(mu).is_real
    assert to_sympy(mu).is_positive is None
    assert to_sympy(S, signs={"S": "nonnegative"}).is_nonnegative
    assert to_sympy(D).is_integer
    with pytest.raises(BridgeError, match="known"):
        symbol_for("mu", {"mu": "big"})


def test_vectors_and_matrices():
    one, two = sympy.symbols("x_1 x_2", real=True)
    assert to_sympy(dot(x, x), dimension=2) == one**2 + two**2
    assert to_sympy(outer(x, x), dimension=2) == sympy.Matrix([[one**2, one * two], [one * two, two**2]])
    assert to_sympy(tr(transpose(outer(x, x)) - eye), dimension=2) == one**2 + two**2 - 2
    assert to_sympy(dot(outer(x, x), x), dimension=2)[0] == one**3 + one * two**2
    assert to_sympy(D, dimension=2) == 2
    assert to_sympy(coord(x, 1), dimension=1) == sympy.Symbol("x", real=True)
    with pytest.raises(BridgeError, match="dimension"):
        to_sympy(x)


def test_names_map_to_terms():
    u = sympy.Symbol("u")
    assert from_sympy(u + 1, names={"u": sigma**2}) == sigma**2 + 1
    assert from_sympy(sympy.Symbol("x_2")) == coord(x, 2)
    assert from_sympy(sympy.Symbol("x")) == coord(x, 1)
    assert from_sympy(sympy.Symbol("D")) == D
    assert from_sympy(3) == from_sympy(sympy.Integer(3))


@pytest.mark.parametrize(
    "term", [p, s, E(normal := coord(x, 1)), symbol("alpha"), symbol("x_1"), 1 / (mu * 0), (mu * 0) ** -1]
)
def test_terms_without_a_form_are_refused(term):
    with pytest.raises(BridgeError):
        to_sympy(term)


t = sympy.Symbol("t")


@pytest.mark.parametrize(
    "expression",
    [
        0.5,
        sympy.Float("0.5") * t,
        sympy.sin(t),
        sympy.Integral(t, t),
        sympy.Derivative(sympy.Function("f")(t), t),
        sympy.Function("f")(t),
        t**t,
        t ** sympy.Rational(1, 3),
        t**100,
        sympy.I,
        sympy.oo,
        sympy.zoo,
        sympy.nan,
        sympy.Matrix([t]),
        sympy.Eq(t, 1),
        sympy.Symbol("__import__('os')"),
        sympy.Symbol("a b"),
        "t",
        True,
        None,
    ],
    ids=str,
)
def test_foreign_expressions_are_refused(expression):
    with pytest.raises(BridgeError):
        from_sympy(expression)


def test_size_is_bounded():
    deep = t
    for _ in range(3000):
        deep = sympy.exp(deep, evaluate=False)
    with pytest.raises(BridgeError):
        from_sympy(deep)
