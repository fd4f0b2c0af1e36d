"""The elements of the component kernel: what cancels, what is certified, what is refused."""

from fractions import Fraction as F

import pytest

from theory.kernel.component.calculus import derive, substitute
from theory.kernel.component.elements import NONNEGATIVE, POSITIVE, REAL
from theory.kernel.component.ring import Ring
from theory.kernel.component.zero import certified, is_zero, sign
from theory.kernel.errors import BudgetError, KernelError
from theory.kernel.witness.component_values import evaluate, free_names


@pytest.fixture
def ring():
    return Ring("linear", positive=("mu",), nonnegative=("S",))


def test_exponentials_merge(ring):
    x, mu = ring.coordinate("x", 1), ring.symbol("mu")
    assert (ring.exp(x) * ring.exp(-x)).terms == ring.number(1).terms
    assert ring.exp(ring.number(0)).terms == ring.number(1).terms
    assert is_zero(ring.exp(x * mu) * ring.exp(x * mu) - ring.exp((x * mu).scaled(F(2))))
    assert not is_zero(ring.exp(x * mu) - ring.exp((x * mu).scaled(F(2))))


def test_exponents_that_are_equal_as_functions_cancel(ring):
    alpha, sigma, S, x = ring.alpha(), ring.sigma(), ring.symbol("S"), ring.coordinate("x", 1)
    v = alpha * alpha * S + sigma * sigma
    inverse = ring.power(v, -1)
    same = (alpha * alpha * S + sigma * sigma) * inverse * x  # equals x, but is not written so
    assert is_zero(ring.exp(same) - ring.exp(x))
    assert not is_zero(ring.exp(same) - ring.exp(x.scaled(F(2))))


def test_roots_and_inverses_cancel(ring):
    alpha, sigma = ring.alpha(), ring.sigma()
    v = alpha * alpha + sigma * sigma
    root = ring.power(v, F(1, 2))
    assert is_zero(root * root - v)
    assert is_zero(ring.power(v, -1) * v - ring.number(1))
    assert is_zero(ring.power(v.scaled(F(4)), F(-1, 2)) - ring.power(v, F(-1, 2)).scaled(F(1, 2)))
    assert is_zero(ring.power(sigma * sigma, F(1, 2)) - sigma)
    assert is_zero(ring.power(ring.number(8), F(1, 2)) - ring.power(ring.number(2), F(1, 2)).scaled(F(2)))
    assert is_zero(ring.log(ring.number(12)) - ring.log(ring.number(3)) - ring.log(ring.number(2)).scaled(F(2)))


def test_log_of_a_product_splits(ring):
    x, sigma = ring.coordinate("x", 1), ring.sigma()
    bell = ring.exp(x * x) + ring.number(1)
    total = ring.log(bell * sigma * ring.exp(x)) - ring.log(bell) - ring.log(sigma) - x
    assert is_zero(total)
    assert is_zero(ring.exp(ring.log(sigma)) - sigma)


@pytest.mark.parametrize(
    "build",
    [
        lambda r: r.power(r.exp(r.symbol("a1")) * r.exp(r.symbol("b1")) - r.number(1), -1),  # E1 E2 - 1 may vanish
        lambda r: r.power(r.coordinate("x", 1), -1),
        lambda r: r.power(r.symbol("w"), -1),
        lambda r: r.power(r.symbol("S"), -1),
        lambda r: r.power(r.symbol("mu") - r.symbol("mu"), -1),
        lambda r: r.power(r.symbol("w") * r.symbol("w"), F(1, 2)),  # |w|, not w
        lambda r: r.power(-r.sigma(), F(1, 2)),
        lambda r: r.log(r.coordinate("x", 1)),
        lambda r: r.log(-r.sigma()),
        lambda r: r.power(r.drift_jet(), -1),
        lambda r: r.power(r.exp(r.coordinate("x", 1)) - r.number(1), -1),
    ],
)
def test_uncertified_denominators_are_refused(ring, build):
    with pytest.raises(KernelError):
        build(ring)


def test_negative_sums_are_inverted_with_their_sign(ring):
    sigma = ring.sigma()
    value = -(ring.number(1) + sigma)
    assert is_zero(ring.power(value, -1) * value - ring.number(1))
    assert certified(ring.power(value, -1)) == "negative"


def test_signs(ring):
    mu, S, w, x = ring.symbol("mu"), ring.symbol("S"), ring.symbol("w"), ring.coordinate("x", 1)
    assert sign(mu + S) == POSITIVE
    assert sign(S) == NONNEGATIVE
    assert sign(x * x) == NONNEGATIVE
    assert sign(w) == REAL
    assert sign(mu - S) == REAL
    inverse = ring.power(mu + S, -1)
    assert certified(ring.number(1) - S * inverse) == POSITIVE  # mu/(mu + S)
    assert certified(ring.number(1) - mu.scaled(F(2)) * inverse) == REAL


def test_derivations_commute_and_follow_the_schedule(ring):
    x, sigma = ring.coordinate("x", 1), ring.sigma()
    value = ring.exp(x * x * ring.power(sigma, -1)) * ring.power(ring.alpha() * x * x + sigma, F(-1, 2))
    mixed = derive(ring, derive(ring, value, "x1"), "t") - derive(ring, derive(ring, value, "t"), "x1")
    assert is_zero(mixed)
    noise = sigma * sigma
    rate = (ring.drift_jet() * noise).scaled(F(2)) + ring.noise_jet()
    assert is_zero(derive(ring, noise, "t") - rate)
    assert is_zero(derive(ring, ring.alpha(), "t") - ring.drift_jet() * ring.alpha())


def test_vp_keeps_alpha_and_sigma_on_the_circle():
    ring = Ring("vp")
    one = ring.alpha() * ring.alpha() + ring.sigma() * ring.sigma() - ring.number(1)
    assert is_zero(one)
    assert is_zero(derive(ring, one, "t"))
    assert is_zero(derive(ring, ring.alpha(), "t") - ring.drift_jet() * ring.alpha())


def test_substitution_reaches_into_exponentials(ring):
    x, mu = ring.coordinate("x", 1), ring.symbol("mu")
    place = next(iter(x.generators()))
    value = ring.exp(x * mu) * ring.power(ring.number(1) + ring.exp(x), -1) + ring.log(ring.number(1) + ring.exp(x)) * x
    assert is_zero(substitute(ring, value, {place: ring.number(0)}) - ring.number(F(1, 2)))
    with pytest.raises(KernelError):
        substitute(ring, value, {next(iter(mu.generators())): ring.number(1)})


def test_values_are_exact_or_narrow(ring):
    x, mu = ring.coordinate("x", 1), ring.symbol("mu")
    point = {"x1": F(1, 3), "mu": F(2)}
    assert evaluate(x * mu + ring.exp(x) * ring.exp(-x), point).lo == F(5, 3)
    value = evaluate(ring.exp(x) + ring.pi() + ring.log(mu) + ring.power(mu, F(1, 2)), point)
    truth = 1.3956124250860895 + 3.141592653589793 + 0.6931471805599453 + 1.4142135623730951
    assert abs(float(value.lo) - truth) < 1e-14
    assert 0 < value.hi - value.lo < F(1, 10**40)
    assert free_names(ring.exp(x * mu)) == {"x1", "mu"}
    with pytest.raises(KernelError, match="mu"):
        evaluate(mu, {"x1": F(1)})


def test_budget_is_a_refusal(ring):
    total = ring.number(1)
    for name in "bcdefghi":
        total = total + ring.symbol(name)
    with pytest.raises(BudgetError):
        ring.power(total, 20)
