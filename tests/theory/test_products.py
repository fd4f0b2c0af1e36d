"""Products of laws: components, the search for independent blocks, and how large a law may be."""

import math
from fractions import Fraction as F

import pytest

from theory.language.instances import T1, T2, T3, T5, LawError, deltas, gaussian, mixture, two_modes
from theory.language.terms import make
from theory.laws import factors, free_symbols, law_text, parse_law, product


def test_weights_multiply_means_join_covariances_stand_in_blocks():
    law = product([T3, T5])
    assert (law.D, law.K) == (3, T3.K * T5.K)
    first = law.components[0]
    assert first.weight == F(3, 10) * F(1, 2)
    assert first.mean == (-1, F(-3, 2), 0)
    assert first.cov == ((F(1, 25), 0, 0), (0, F(3, 10), F(1, 10)), (0, F(1, 10), F(1, 5)))
    assert sum(c.weight for c in law.components) == 1
    assert product([T1]) is T1


def test_the_grammar_of_products_nests_and_is_read_back():
    law = parse_law("product(T1, product(deltas(0: 1/3, 2: 2/3), T1))")
    assert (law.D, law.K) == (3, 8)
    assert law.components == product([T1, deltas((0, F(1, 3)), (2, F(2, 3))), T1]).components
    assert parse_law(law_text(law)).components == law.components


def test_symbols_pass_through():
    law = parse_law("product(mixture(w: N(-mu, S), 1-w: N(mu, S)), gaussian(0, 1))")
    assert free_symbols(law) == {"w", "mu", "S"}
    assert (law.D, law.K) == (2, 2)


def test_atoms_beside_densities_and_too_many_components_are_refused():
    with pytest.raises(LawError, match="neither a mass function nor a density"):
        product([T1, T2])
    with pytest.raises(LawError, match="too many to carry exactly"):
        product([T1] * 40)
    with pytest.raises(LawError, match="at least one law"):
        product([])


@pytest.mark.parametrize(
    "laws", [[T1, T1], [T2, T3, T2], [T5, T3], [T3, T5], [T1, deltas(((0, 0), F(1, 2)), ((1, 2), F(1, 2)))]]
)
def test_blocks_of_a_product_are_found(laws):
    found = factors(product(laws))
    assert [law.components for _, law in found] == [law.components for law in laws]
    assert [len(axes) for axes, _ in found] == [law.D for law in laws]


def test_what_is_no_product_stays_whole():
    diagonal = deltas(((0, 0), F(1, 2)), ((1, 1), F(1, 2)))
    correlated = gaussian((0, 0), ((2, 1), (1, 2)))
    weights = deltas(((0, 0), F(1, 2)), ((1, 0), F(1, 6)), ((0, 1), F(1, 6)), ((1, 1), F(1, 6)))
    scales = mixture((F(1, 2), (0, 0), 1), (F(1, 2), (0, 0), 2))
    mu = make("sym", (), "mu")
    twins = mixture((F(1, 2), (0, 0), 1), (F(1, 2), (0, 0), 1))  # two labels, one Gaussian
    for law in (diagonal, correlated, weights, scales, product([two_modes(mu), T1]), twins, T5):
        assert factors(law) == ((tuple(range(law.D)), law),)


def test_a_gaussian_with_a_diagonal_covariance_splits():
    found = factors(gaussian((0, 1, 2), ((1, 0, 0), (0, 2, 1), (0, 1, 3))))
    assert [axes for axes, _ in found] == [(0,), (1, 2)]
    assert math.prod(law.K for _, law in found) == 1
