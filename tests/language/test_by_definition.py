import pytest

from theory.language.by_definition import holds_by_definition
from theory.language.notation import *
from theory.language.statements import Chain, Eq, Ge, chain

phi = field("phi")
SAME = [
    Eq(noise(Phi, REVERSE), -(g * grad(log(P(X0 | x))))),
    Eq(Phi, log(p) - log(k) - log(p0)),
    Eq(H(X0 | Xt), E(Phi)),
    Eq(h, post(Phi)),
    Eq(H(X0 | Xt), H(X0) + H(Xt | X0) - H(Xt)),
    Eq(E(g**2 * normsq(s) + alpha), g**2 * E(dot(s, s)) + E(alpha)),
    Eq(div(2 * f + sigma * s), 2 * div(f) + sigma * div(s)),
    Eq(lap(phi), tr(jac(grad(phi)))),
    Eq(dot(3 * s, x + f), 3 * dot(s, x) + 3 * dot(f, s)),
    Eq(dt(2 * p + 3 * k), 2 * dt(p) + 3 * dt(k)),
    Eq((s + x) / 2, x / 2 + s / 2),
    Eq(mmse, E(normsq(X0 - m))),
    Eq(transpose(2 * jac(s)), 2 * transpose(jac(s))),
    Eq(post(p * X0), p * m),
]
DIFFERENT = [
    Eq(s, post(s_c)),
    Eq(E(normsq(s)), -E(div(s))),
    Eq(post(normsq(X0)), normsq(post(X0))),
    Eq(E(p * normsq(x)), E(p) * E(normsq(x))),
    Eq(dt(g**2 * p), g**2 * dt(p)),
    Eq(dt(alpha * x), alpha * dt(x)),
    Eq(grad(p * normsq(x)), p * grad(normsq(x))),
    Eq(post(k * p0), k * post(p0)),
    Eq(tr(I), D),
    Eq(outer(s, x), outer(x, s)),
    Eq(drift(log(p), FLOW), -div(f)),
    Eq(Var(Phi), covar(Phi, h)),
    Eq(log(p + k), log(p) + log(k)),
    Eq(d(H(Xt)), d(H(Xt), "sigma")),
    Eq(a * x, f + 0 * x + Q(1, 9) * x),
]


@pytest.mark.parametrize("statement", SAME, ids=str)
def test_what_says_the_same_thing_twice_is_recognised(statement):
    assert holds_by_definition(statement)


@pytest.mark.parametrize("statement", DIFFERENT, ids=str)
def test_theorems_and_falsehoods_are_not(statement):
    assert not holds_by_definition(statement)


def test_only_equations_hold_by_definition():
    assert not holds_by_definition(Ge(normsq(s), normsq(s)))
    assert holds_by_definition(chain(H(X0 | Xt), ("=", E(Phi)), ("=", -E(log(P(X0 | x))))))
    assert not holds_by_definition(chain(E(normsq(s)), ("=", E(dot(s, s))), ("=", -E(div(s)))))
    assert isinstance(chain(p, ("=", p)), Chain)
