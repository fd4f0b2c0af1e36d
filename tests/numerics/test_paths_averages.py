import numpy as np
import pytest

from numerics.mixtures import mixture_of
from numerics.paths.averages import NotReadableError, derivative, difference, evaluate, generators, polynomial
from numerics.paths.controls import Controls
from numerics.paths.rates import clenshaw_curtis
from numerics.paths.weak import release
from theory.language.definitions import unfold
from theory.language.instances import T3
from theory.language.notation import (
    X0,
    Cov,
    D,
    E,
    H,
    P,
    Var,
    Xt,
    alpha,
    d,
    div,
    dot,
    g,
    log,
    m,
    normsq,
    outer,
    post,
    s,
    sigma,
    tr,
    x,
)  # fmt: skip
from theory.language.terms import make


def test_a_variance_is_a_polynomial_in_two_averages():
    u = normsq(x)
    poly = polynomial(unfold(Var(u)))
    inside = [g_.args[0] for g_ in generators(poly)]
    assert all(g_.op == "E" for g_ in generators(poly))
    assert max(len(monomial) for monomial in poly) == 2
    assert unfold(u) in inside


def test_linearity_and_products():
    e1, e2 = unfold(E(normsq(x))), unfold(E(normsq(s)))
    poly = polynomial(unfold(2 * E(normsq(x)) * E(normsq(s)) + E(normsq(x)) ** 2 + 3))
    values = {e1: 5.0, e2: 7.0}
    closed = {c: evaluate_closed(c) for c in poly.values()}
    assert evaluate(poly, values, closed) == 2 * 35 + 25 + 3
    slope = derivative(poly, e1)
    closed = {c: evaluate_closed(c) for c in slope.values()}
    assert evaluate(slope, values, closed) == 2 * 7 + 2 * 5


def evaluate_closed(term):
    if term.op == "num":
        return float(term.data)
    parts = [evaluate_closed(t) for t in term.args]
    if term.op == "add":
        return sum(parts)
    product = 1.0
    for part in parts:
        product *= part
    assert term.op == "mul"
    return product


def test_averages_of_closed_numbers_are_closed():
    assert list(polynomial(unfold(E(sigma**2)))) == [()]
    assert [u.op for u in generators(difference(d(H(X0 | Xt)), g**2 * E(div(s))))] == ["dt", "E"]


def test_what_is_no_polynomial_is_refused():
    for term in (log(E(normsq(x))), 1 / E(normsq(x)), E(normsq(x)) ** 5):
        with pytest.raises(NotReadableError):
            polynomial(unfold(term))


def test_traces_pass_through_averages():
    assert polynomial(unfold(tr(E(outer(x, x))))) == polynomial(unfold(E(tr(outer(x, x)))))


def test_the_outermost_linear_posterior_average_is_released():
    centred = X0 - m
    assert release(unfold(tr(Cov(X0 | x)))) == unfold(tr(outer(centred, centred)))
    assert release(unfold(alpha * m - x)).free == {"x", "X0"}
    # one of two factors only: the other is a function of x
    freed = release(unfold(dot(m, m)))
    assert freed == make("dot", (X0, unfold(m)))
    # inside a nonlinear function, or a derivative, nothing may be released
    assert release(unfold(log(post(normsq(X0))))) is None
    assert release(unfold(div(m))) is None
    assert release(unfold(log(P(X0 | x)) + D)) is None


@pytest.mark.parametrize("intervals", [4, 8, 16])
def test_clenshaw_curtis_integrates_polynomials(intervals):
    nodes, weights = clenshaw_curtis(intervals)
    for power in range(intervals + 1):
        exact = 2 / (power + 1) if power % 2 == 0 else 0.0
        assert (weights * nodes**power).sum() == pytest.approx(exact, abs=1e-13)
    assert nodes[::2] == pytest.approx(clenshaw_curtis(intervals // 2)[0])


def test_controls_have_mean_zero():
    rng = np.random.default_rng(0)
    n = 100_000
    drawn = mixture_of(T3).draw(n, rng)
    x0 = drawn.x0
    eps, xi = rng.standard_normal((2, n, 1))
    tally = Controls(n, 1, 1)
    tally.kernel(eps)
    noisy = mixture_of(T3).noised(0.6, 0.8)
    tally.start(eps, drawn, noisy)
    tally.step(0.3 * xi, 0.3, [[np.sin(x0[:, 0] + eps[:, 0])]], [np.cos(eps[:, 0])])
    for row in tally.rows(drawn, T3):
        assert abs(row.mean()) < 5 * row.std() / np.sqrt(n)
