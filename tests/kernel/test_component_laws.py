"""Lowering of terms about concrete laws: definitions against known identities, and false twins."""

import math
from fractions import Fraction as F

import pytest

from theory.kernel.component.model import Case, Model
from theory.kernel.component.tensors import flat
from theory.kernel.component.zero import is_zero
from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.witness.component_values import evaluate
from theory.language.instances import ANY, LINEAR, T1, T1W, T3, T5, VE, Setting, deltas, gaussian, mixture, two_modes
from theory.language.notation import (
    REVERSE,
    X0,
    Cov,
    D,
    E,
    H,
    I,
    Information,
    P,
    Phi,
    Xt,
    Z,
    a,
    alpha,
    coord,
    d,
    div,
    drift,
    dt,
    f,
    field,
    g,
    grad,
    jac,
    k,
    lap,
    log,
    m,
    mmse,
    normsq,
    p,
    p0,
    pi,
    post,
    pz,
    s,
    s_c,
    sigma,
    sqrt,
    symbol,
    tanh,
    tr,
    wz,
    x,
)

mu, S, w = symbol("mu"), symbol("S"), symbol("w")
v = alpha**2 * S + sigma**2


def vanishes(model, term):
    return all(is_zero(e) for case in model.cases(term.free) for e in flat(model.lower(term, case)))


FOKKER_PLANCK = dt(p) + div(p * f) - g**2 / 2 * lap(p)
TWEEDIE = m - (x + sigma**2 * s) / alpha
HESSIAN = jac(s) - (alpha**2 * Cov(X0 | x) / sigma**2 - I) / sigma**2
LAWS_3D = gaussian((1, 0, 0), ((1, F(1, 2), 0), (F(1, 2), 2, 0), (0, 0, 1)))


@pytest.mark.parametrize("process", ["linear", "ve", "vp"])
@pytest.mark.parametrize("law", [T1, T1W, T3, two_modes(mu, S), LAWS_3D], ids=lambda law: law.name or "3d")
def test_identities_of_the_channel(law, process):
    model = Model(law, process, ("mu",), ("S",))
    assert vanishes(model, FOKKER_PLANCK)
    assert vanishes(model, TWEEDIE)
    assert vanishes(model, HESSIAN)
    assert not vanishes(model, dt(p) + div(p * f) - g**2 * lap(p))
    assert not vanishes(model, m - (x + sigma * s) / alpha)


def test_two_dimensions():
    model = Model(T5)
    assert vanishes(model, TWEEDIE)
    assert vanishes(model, FOKKER_PLANCK)
    assert not vanishes(model, coord(grad(log(pz)), 2) - coord(s, 2))


def test_the_hessian_identity_needs_each_power():
    model = Model(T3)
    assert not vanishes(model, jac(s) - (alpha * Cov(X0 | x) / sigma**2 - I) / sigma**2)
    assert not vanishes(model, jac(s) - (alpha**2 * Cov(X0 | x) / sigma**2 - I) / sigma)


def test_free_ends_of_a_discrete_law_run_over_its_atoms():
    model = Model(T1W)
    assert vanishes(model, P(X0 | x) * p - p0 * k)
    assert vanishes(model, drift(log(P(X0 | x)), REVERSE) + g**2 / 2 * normsq(grad(log(P(X0 | x)))))
    assert not vanishes(model, drift(Phi, REVERSE))
    assert evaluate(model.scalar(p0, Case(1)), {}).lo == F(4, 5)
    repeated = Model(deltas((0, F(1, 2)), (0, F(1, 4)), (1, F(1, 4))))
    assert evaluate(repeated.scalar(p0, Case(0)), {}).lo == F(3, 4)


def test_labels():
    model = Model(T3)
    assert list(model.cases((wz * pz).free)) == [Case(None, 0), Case(None, 1)]
    assert vanishes(model, post(log(wz * pz / p)) + H(Z | x))
    with pytest.raises(UnsupportedError, match="label"):
        model.scalar(pz)


def test_scores_of_the_kernel_average_to_the_score():
    assert vanishes(Model(T3), post(s_c) - s)
    assert vanishes(Model(T1), post(normsq(s_c)) - (normsq(s) + div(s) + D / sigma**2))


def test_two_delta_tanh_with_unequal_weights():
    model = Model(deltas((mu, w), (-mu, 1 - w)), "linear", ("mu", "w"))
    tilt = log(w / symbol("u")) / 2
    tilted = Model(deltas((mu, w), (-mu, symbol("u"))), "linear", ("mu", "w", "u"))
    x1 = coord(x, 1)
    assert vanishes(tilted, coord(s, 1) - (alpha * mu * tanh(alpha * mu * x1 / sigma**2 + tilt) - x1) / sigma**2)
    assert not vanishes(
        tilted, coord(s, 1) - (alpha * mu * tanh(alpha * mu * x1 / sigma**2 + 2 * tilt) - x1) / sigma**2
    )
    assert vanishes(model, TWEEDIE)


def test_exact_moments_of_one_gaussian():
    model = Model(gaussian(symbol("c"), S), "linear", ("S",))
    x1, y1 = coord(x, 1), coord(X0, 1)
    centre = alpha * symbol("c")
    assert vanishes(model, E((x1 - centre) ** 4) - 3 * v**2)
    assert vanishes(model, E((x1 - centre) * (y1 - symbol("c"))) - alpha * S)
    assert vanishes(model, H(Xt) - (log(2 * pi * v) + 1) / 2)
    assert vanishes(model, H(X0 | Xt) - (log(2 * pi * sigma**2 * S / v) + 1) / 2)
    assert vanishes(model, Information - log(v / sigma**2) / 2)
    assert vanishes(model, mmse - sigma**2 * S / v)
    assert vanishes(model, d(H(X0 | Xt)) - g**2 / 2 * (D / sigma**2 + E(div(s))))
    assert not vanishes(model, d(H(X0 | Xt)) - g**2 / 2 * (D / sigma**2 - E(div(s))))
    assert vanishes(model, d(H(Xt)) - a - g**2 / (2 * v))


def test_moments_in_two_dimensions_see_the_off_diagonal():
    model = Model(gaussian((0, 0), ((2, 1), (1, 3))), "ve")
    x1, x2 = coord(x, 1), coord(x, 2)
    first, second, mixed = 2 + sigma**2, 3 + sigma**2, 1
    assert vanishes(model, E(x1**2 * x2**2) - (first * second + 2 * mixed**2))
    assert vanishes(model, H(Xt) - (1 + log(2 * pi) + log(first * second - mixed**2) / 2))
    assert vanishes(model, E(normsq(s)) + E(div(s)))


def test_polynomial_averages_of_mixtures():
    model = Model(T3)
    x1 = coord(x, 1)
    mean = F(3, 10) * -1 + F(7, 10) * F(3, 2)
    assert vanishes(model, E(x1) - alpha * mean)
    assert vanishes(model, E(tr(jac(x))) - 1)
    with pytest.raises(UnsupportedError, match="polynomial"):
        model.scalar(H(Xt))


def test_a_density_of_open_sign_is_a_named_hypothesis():
    model = Model(gaussian(0, symbol("q")))
    assert vanishes(model, H(X0 | Xt) - E(-log(p0 * k / p)))
    assert model.hypotheses == {"the covariances of the law are non-singular"}


def test_clocks_that_may_stop_are_named():
    model = Model(gaussian(0, 1))
    assert vanishes(model, d(H(Xt), "sigma") * dt(sigma) - d(H(Xt)))
    assert model.hypotheses == {"the rate of the clock sigma is not 0"}
    safe = Model(gaussian(0, 1))
    assert vanishes(safe, d(H(Xt), "nu") * dt(sigma**2 / alpha**2) - d(H(Xt)))
    assert not safe.hypotheses


def test_values_agree_with_floats():
    model = Model(T3)
    value = evaluate(model.scalar(coord(s, 1)), {"alpha": F(3, 5), "sigma": F(4, 5), "x1": F(1, 3)})

    def bell(weight, mean, var, at):
        spread = 0.36 * var + 0.64
        return weight * math.exp(-((at - 0.6 * mean) ** 2) / (2 * spread)) / math.sqrt(spread), spread

    parts = [bell(0.3, -1, 0.04, 1 / 3), bell(0.7, 1.5, 0.36, 1 / 3)]
    score = sum(b * (0.6 * c - 1 / 3) / q for (b, q), c in zip(parts, (-1, 1.5))) / sum(b for b, _ in parts)
    assert abs(float(value.lo) - score) < 1e-14
    assert value.hi - value.lo < F(1, 10**40)


@pytest.mark.parametrize(
    ("model", "term"),
    [
        (Model(two_modes(mu, S), "linear", ("mu",), ("S",)), p0),  # S may be 0: no density then
        (Model(T3), 1 / coord(x, 1)),
        (Model(T3), 1 / coord(s, 1)),
        (Model(T3), log(coord(x, 1))),
        (Model(T3), 1 / (p - p)),
        (Model(T3), sqrt(coord(s, 1) ** 2)),
        (Model(two_modes(mu, S)), 1 / mu),
    ],
)
def test_refused(model, term):
    with pytest.raises(KernelError):
        model.scalar(term)


def test_unsupported_is_said():
    with pytest.raises(UnsupportedError, match="field"):
        Model(T3).scalar(field("phi"))
    with pytest.raises(UnsupportedError, match="D <= 3"):
        Model(gaussian((0, 0, 0, 0), 1))
    with pytest.raises(UnsupportedError, match="concrete"):
        Model.of(Setting(ANY, LINEAR))
    with pytest.raises(UnsupportedError, match="atoms"):
        Model(T1).scalar(p0)
    with pytest.raises(UnsupportedError, match="component 2"):
        Model(T3).scalar(coord(x, 2))


def test_symbolic_atoms_that_may_coincide_are_refused():
    model = Model(deltas((symbol("b"), F(1, 2)), (symbol("c"), F(1, 2))))
    with pytest.raises(KernelError, match="coincide"):
        model.scalar(p0, Case(0))


def test_a_symbolic_weight_is_positive_because_the_law_is_one():
    model = Model(mixture((w, -1, F(1, 4)), (1 - w, 1, 1)), "linear")
    assert vanishes(model, TWEEDIE)
    assert vanishes(model, HESSIAN)
    with pytest.raises(KernelError):
        Model(T1).scalar(1 / (1 - w))


def test_setting_carries_signs():
    model = Model.of(Setting(two_modes(mu, S), VE, 1, positive=(mu,), nonnegative=(S,)))
    assert model.ring.signs == {"mu": "positive", "S": "nonnegative"}
    assert vanishes(model, alpha - 1)
    assert vanishes(model, a)
