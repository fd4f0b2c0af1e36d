from fractions import Fraction as Q

import pytest

from theory.kernel.errors import BudgetError, KernelError
from theory.kernel.witness.polynomials import ONE, ZERO, Polynomial

x, y = Polynomial.generator("x"), Polynomial.generator("y")


def test_ring_identities_reduce_to_the_empty_polynomial():
    assert not (x + y) ** 3 - (x**3 + 3 * x**2 * y + 3 * x * y**2 + y**3)
    assert not (x - y) * (x + y) - (x**2 - y**2)
    assert (x + y) ** 2 - (x**2 + y**2)
    assert not x - x
    assert x * 0 == ZERO


def test_laurent_monomials_cancel_but_sums_are_not_inverted():
    assert x**-2 * x**2 == ONE
    assert (2 * x * y) ** -1 == Q(1, 2) * x**-1 * y**-1
    with pytest.raises(KernelError):
        (x + y) ** -1


def test_a_derivation_obeys_leibniz_also_for_negative_powers():
    def rule(g):
        return ONE if g == "x" else x * y  # y' = x y

    u, v = x**2 + y, y**-1 + 3
    assert (u * v).derive(rule) == u.derive(rule) * v + u * v.derive(rule)
    assert (y**-1).derive(rule) == -x * y**-1


def test_substitution_and_evaluation_agree():
    u = x**2 * y - 3 * x + 1
    at = {"x": Q(2, 3), "y": Q(-5)}
    assert u.substitute(lambda g: x + 1 if g == "x" else None).evaluate(at.__getitem__) == u.evaluate(
        {"x": Q(5, 3), "y": Q(-5)}.__getitem__
    )


def test_size_is_bounded():
    big = Polynomial({((f"g{n}", 1),): 1 for n in range(4000)})
    with pytest.raises(BudgetError):
        _ = big * big
