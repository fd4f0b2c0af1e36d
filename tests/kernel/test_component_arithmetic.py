"""Products by packed exponents against products term by term, and the zero test that splits before it multiplies."""

import random
from fractions import Fraction as F

import pytest

from theory.kernel.component import elements
from theory.kernel.component.elements import Element, exponent_ranges
from theory.kernel.component.ring import Ring
from theory.kernel.component.zero import is_zero
from theory.kernel.errors import BudgetError


def ring_of(count=6):
    ring = Ring("linear", positive=("s", "t"))
    gens = [ring.coordinate("x", 1), ring.sigma(), ring.symbol("s"), ring.symbol("t"), ring.exp(ring.sigma())]
    indices = [next(iter(g.generators())) for g in gens] + [ring.prime(2), ring.prime(3)]
    return ring, indices[:count]


def draw(draws, ring, indices, size):
    total = Element(ring, {})
    for _ in range(size):
        powers = {}
        for index in draws.sample(indices, draws.randint(0, 3)):
            powers[index] = draws.choice([F(n, d) for n in (-3, -1, 1, 2, 5, 40) for d in (1, 1, 2, 3)])
        mono, factor = ring.normal({i: elements.whole_or_fraction(e) for i, e in powers.items()})
        total = total + Element(ring, {mono: factor * F(draws.randint(1, 9), draws.randint(-4, -1))})
    return total


def by_terms(left, right):
    """The definition: every term with every term."""
    total = {}
    for one, u in left.terms.items():
        for other, v in right.terms.items():
            powers = dict(one)
            for index, e in other:
                powers[index] = powers.get(index, 0) + e
            mono, factor = left.ring.normal({i: elements.whole_or_fraction(F(e)) for i, e in powers.items()})
            total[mono] = total.get(mono, 0) + u * v * factor
    return {mono: value for mono, value in total.items() if value}


@pytest.mark.parametrize("seed", range(80))
def test_products(seed):
    draws = random.Random(seed)
    ring, indices = ring_of(7)
    left, right = draw(draws, ring, indices, draws.randint(0, 6)), draw(draws, ring, indices, draws.randint(1, 6))
    found = (left * right).terms
    assert found == by_terms(left, right)
    assert found == (right * left).terms
    assert all(type(e) is int or e.denominator > 1 for mono in found for _, e in mono)
    assert all(list(mono) == sorted(mono) for mono in found)
    assert (left * (right + left)).terms == (left * right + left * left).terms


def test_nothing_carries_into_the_next_generator():
    """Exponents at both ends of their range, in neighbours."""
    ring, indices = ring_of(3)

    def mono(*powers):
        return Element(ring, {tuple((i, e) for i, e in zip(indices, powers, strict=True) if e): F(1)})

    left = mono(7, -7, 7) + mono(-7, 7, -7) + mono(0, 0, 0)
    square = left * left
    assert square.terms == by_terms(left, left)
    assert len(square.terms) == 5


def test_the_ranges_hold_zero_and_the_scale_makes_exponents_whole():
    lows, highs, scales = exponent_ranges({((1, F(1, 2)), (3, 4)): F(1)}, {((1, F(-2, 3)),): F(1), (): F(2)})
    assert scales == {1: 6, 3: 1}
    assert lows == {1: -4, 3: 0}
    assert highs == {1: 3, 3: 4}


def test_a_power_of_a_prime_that_was_not_reduced_is_not_lost():
    """Monomials that mean the same number are added, wherever they came from."""
    ring, indices = ring_of(7)
    two = indices[5]
    raw = Element(ring, {((two, 1),): F(1), (): F(1)})  # 2 + 1, not in normal form
    assert (raw * ring.symbol("s")).terms == ring.symbol("s").scaled(F(3)).terms
    assert (raw * raw).terms == ring.number(9).terms


def test_too_large_products_are_refused(monkeypatch):
    ring, _ = ring_of()
    x = ring.coordinate("x", 1)
    value = x + ring.number(1)
    monkeypatch.setattr(elements, "MAX_TERMS", 2)
    with pytest.raises(BudgetError):
        value * value
    monkeypatch.setattr(elements, "MAX_PRODUCT", 3)
    with pytest.raises(BudgetError):
        value * value


# -- the zero test -----------------------------------------------------------------------------------------------------
def pieces():
    ring = Ring("linear", positive=("s", "t"))
    x, sigma, s, t = ring.coordinate("x", 1), ring.sigma(), ring.symbol("s"), ring.symbol("t")
    v, w = s + sigma * sigma, t + sigma * sigma
    one, E, F_ = ring.number(1), ring.exp(x), ring.exp(x * ring.power(v, -1))
    return ring, x, v, w, one, E, F_


def test_zero_through_nested_denominators_and_exponentials():
    ring, x, v, w, one, E, F_ = pieces()
    p = v * E + w * F_  # a sum of exponentials in a denominator
    inverse = ring.power(p, -1)
    assert is_zero(inverse * v * E + inverse * w * F_ - one)
    assert not is_zero(inverse * v * E + inverse * w * F_ - one - inverse)
    assert not is_zero(inverse * v * E + inverse * w * E - one)
    total = ring.power(v, -1) + ring.power(w, -1)
    assert is_zero(ring.power(total, -1) * (v + w) - v * w)
    assert not is_zero(ring.power(total, -1) * (v + w) - v * v)
    assert is_zero(x * E * (ring.power(total, -1) * (v + w) - v * w) * inverse)


def test_roots_of_a_denominator_stay_apart():
    ring, _, v, w, one, E, F_ = pieces()
    root = ring.power(v, F(1, 2))
    assert is_zero(ring.power(v, F(-1, 2)) * v - root)
    assert not is_zero(ring.power(v, F(-1, 2)) * v - root * root)
    assert not is_zero(E * root - E * v)
    p = E * root + F_ * ring.power(w, F(-1, 2)) + one
    assert is_zero(ring.power(p, F(-3, 2)) * p * p - ring.power(p, F(1, 2)))
    assert not is_zero(ring.power(p, F(-3, 2)) * p * p - ring.power(p, F(1, 3)))


def test_coefficients_of_exponentials_that_are_equal_as_functions_are_added():
    ring, x, v, w, _, E, F_ = pieces()
    same = ring.exp(x * (v + w) * ring.power(v * w, -1) - x * ring.power(w, -1))  # exp(x/v), written otherwise
    assert is_zero(same - F_)
    assert is_zero(v * same - v * F_ + w * E - E * w)
    assert is_zero(v * same + w * F_ - (v + w) * F_)
    assert not is_zero(v * same + w * F_ - (v + v) * F_)
    assert not is_zero(same + F_)
    assert not is_zero(same - E)


def test_a_common_factor_with_a_cancelling_rest():
    ring, _, v, w, _, E, _ = pieces()
    level = ring.power(v, 3) * ring.power(w, F(5, 2)) * ring.power(v, F(-1, 2))
    assert is_zero(level * (E * v - v * E))
    assert is_zero(level * E * (v - w) - level * E * (ring.symbol("s") - ring.symbol("t")))
    assert not is_zero(level * E * (v - w) - level * E * (ring.symbol("t") - ring.symbol("s")))
