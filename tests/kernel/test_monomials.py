import random

import pytest

from theory.kernel.errors import KernelError
from theory.kernel.index.monomials import ONE, canonical, generator, monomial


def x(i):
    return ("x", "", (i,))


def X(i):
    return ("X", "", (i,))


def delta(i, j):
    return ("delta", "", (i, j))


def post(*factors):
    return ("post", ((), tuple(factors)), ())


def test_contraction_of_the_identity_gives_the_dimension():
    assert canonical((), (delta(5, 5),)) == (((("D",), 1),), ())
    assert canonical((), (delta(1, 5), delta(5, 2), delta(1, 2))) == (((("D",), 1),), ())
    assert canonical((), (delta(1, 5), x(5), delta(3, 3))) == (((("D",), 1),), (x(1),))


def test_a_contracted_index_moves_into_averages():
    assert canonical((), (delta(1, 7), post(X(7), X(2)))) == canonical((), (post(X(2), X(1)),))


def test_relabelling_summed_indices_changes_nothing():
    rng = random.Random(5)
    shapes = [
        (post(X(11), X(12)), post(X(12), X(13)), post(X(13), X(11))),
        (post(X(11)), post(X(11), X(12)), post(X(12), X(13)), post(X(13))),
        (x(11), x(11), x(12), post(X(12), X(13), X(13), X(14)), x(14)),
        (("field", ("u", 1), (11, 12)), ("field", ("u", 1), (12, 11)), post(X(13), X(14)), post(X(14), X(13))),
    ]
    for factors in shapes:
        names = [11, 12, 13, 14]
        forms = set()
        for _ in range(12):
            shuffled = rng.sample(range(21, 41), 4)
            table = dict(zip(names, shuffled, strict=True))

            def put(f, table=table):
                if f[0] == "post":
                    return ("post", (f[1][0], tuple(put(g) for g in f[1][1])), ())
                return (f[0], f[1], tuple(table.get(i, i) for i in f[2]))

            moved = [put(f) for f in factors]
            rng.shuffle(moved)
            forms.add(canonical((), tuple(moved)))
        assert len(forms) == 1


def test_different_contractions_stay_different():
    trace_of_square = canonical((), (post(X(1), X(2)), post(X(1), X(2))))
    square_of_trace = canonical((), (post(X(1), X(1)), post(X(2), X(2))))
    assert trace_of_square != square_of_trace
    transposed = canonical((), (("field", ("u", 1), (1, 2)), ("field", ("u", 1), (2, 1))))
    straight = canonical((), (("field", ("u", 1), (1, 2)), ("field", ("u", 1), (1, 2))))
    assert transposed != straight


def test_products_keep_their_sums_apart():
    square = monomial((), (x(1), x(1)))
    (m,) = (square * square).terms
    assert len(m[1]) == 4


def test_bad_indices_are_refused():
    with pytest.raises(KernelError):
        canonical((), (x(1), x(1), x(1)))
    with pytest.raises(KernelError):
        canonical((), (("x", "", (1, 2)),))
    with pytest.raises(KernelError):
        canonical((), (("x", "", ("12",)),))
    with pytest.raises(KernelError):
        canonical((), (("field", ("u", 1), ()),))
    with pytest.raises(KernelError):
        canonical((), (x(-1),))


def test_like_powers_merge():
    assert (generator("sigma", exponent=-2) * generator("sigma", exponent=2)).terms == ONE.terms
