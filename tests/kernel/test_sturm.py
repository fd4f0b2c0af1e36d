"""Sturm: zeros counted and signs decided exactly, against products of known factors; degenerate input is refused."""

import random
from fractions import Fraction as F

import pytest

from theory.kernel.errors import BudgetError, KernelError
from theory.kernel.sturm import (
    common_divisor,
    constant_sign,
    count_zeros,
    crossings,
    derivative,
    divided,
    has_zero,
    poly,
    sign_beside,
    square_free,
    value,
)


def times(left, right):
    total = [F(0)] * (len(left) + len(right) - 1)
    for n, c in enumerate(left):
        for m, d in enumerate(right):
            total[n + m] += c * d
    return poly(*total)


def with_zeros(zeros, lead=F(1)):
    product = poly(lead)
    for zero in zeros:
        product = times(product, poly(-zero, 1))
    return product


def test_arithmetic():
    cubic = with_zeros([F(1), F(1), F(-2)])
    assert cubic == poly(2, -3, 0, 1)
    assert value(cubic, F(3)) == 20
    assert derivative(cubic) == poly(-3, 0, 3)
    assert divided(cubic, poly(-1, 1)) == (poly(-2, 1, 1), ())
    assert common_divisor(cubic, derivative(cubic)) in (poly(-1, 1), poly(1, -1))
    assert square_free(cubic) in (poly(-2, 1, 1), poly(2, -1, -1))
    assert poly(0, 0) == derivative(poly(5)) == ()
    assert has_zero(cubic, F(-2))


def test_zeros_that_are_not_rational():
    quadratic = poly(-1, 2, 1)  # x^2 + 2 x - 1 = (x + 1)^2 - 2
    assert count_zeros(quadratic) == 2
    assert count_zeros(quadratic, F(0), F(1)) == 1
    assert count_zeros(quadratic, F(0), None) == 1
    assert count_zeros(quadratic, F(41, 100), F(42, 100)) == 1
    assert count_zeros(quadratic, F(42, 100), F(1)) == 0
    assert count_zeros(poly(1, 0, 0, 0, 1)) == 0
    assert count_zeros(poly(-1, -1, 0, 0, 0, 1)) == 1


def test_intervals_are_open_and_multiplicity_does_not_count():
    product = with_zeros([F(0), F(0), F(0), F(1), F(1), F(2)])
    assert count_zeros(product) == 3
    assert count_zeros(product, F(0), F(2)) == 1
    assert count_zeros(product, None, F(0)) == 0
    assert count_zeros(product, F(2), None) == 0
    assert count_zeros(product, F(-1), F(1, 2)) == 1


def test_signs():
    assert constant_sign(poly(1, -2, 1)) == (1, False)
    assert constant_sign(poly(-1, 2, -1)) == (-1, False)
    assert constant_sign(poly(1, -1, 1)) == (1, True)
    assert constant_sign(poly(-1, 0, 1)) == (0, False)
    assert constant_sign(poly(-1, 0, 1), F(1), None) == (1, True)
    assert constant_sign(poly(-1, 0, 1), F(-1), F(1)) == (-1, True)
    assert constant_sign(poly(0, 1), F(0), None) == (1, True)
    assert constant_sign(poly(-7)) == (-1, True)
    assert constant_sign(()) == (1, False)
    assert crossings(with_zeros([F(3), F(3), F(5), F(5), F(5)])) in (poly(-5, 1), poly(5, -1))
    assert sign_beside(with_zeros([F(-1), F(0), F(1)], F(-2)), None, F(-1)) == 1


@pytest.mark.parametrize("seed", range(4))
def test_against_products_of_known_factors(seed):
    generator = random.Random(seed)
    for _ in range(60):
        zeros = [F(generator.randint(-4, 4), generator.choice([1, 2])) for _ in range(generator.randint(0, 5))]
        product = with_zeros(zeros, generator.choice([F(-2), F(1), F(1, 3)]))
        if generator.random() < 0.5:
            product = times(product, poly(generator.choice([1, 2]), 0, 1))
        lo, hi = sorted(generator.sample([F(k, 2) for k in range(-9, 10)], 2))
        lo, hi = (lo if generator.random() < 0.7 else None), (hi if generator.random() < 0.7 else None)
        inside = [z for z in zeros if (lo is None or z > lo) and (hi is None or z < hi)]
        assert count_zeros(product, lo, hi) == len(set(inside))
        sign, strict = constant_sign(product, lo, hi)
        changes = any(zeros.count(z) % 2 for z in inside)
        assert (sign == 0) == changes
        if not changes:
            assert strict == (not inside)
            start, end = (F(-9) if lo is None else lo), (F(9) if hi is None else hi)
            assert all(sign * value(product, start + (end - start) * F(k, 40)) >= 0 for k in range(1, 40))


def test_what_has_no_answer_is_refused():
    for ask in (
        lambda: count_zeros(()),
        lambda: count_zeros(poly(1, 1), F(1), F(1)),
        lambda: count_zeros(poly(1, 1), F(2), F(1)),
        lambda: divided(poly(1), ()),
        lambda: sign_beside(()),
    ):
        with pytest.raises(KernelError):
            ask()
    with pytest.raises(BudgetError):
        poly(*[1] * 100)
    with pytest.raises(BudgetError):
        poly(F(10) ** 20_000)
