"""log det of matrices of size 1, 2 and 3 against numpy, and its time derivative against Jacobi's formula."""

from fractions import Fraction as F

import numpy as np
import pytest

from numerics.quadrature import float_interpreter
from numerics.rings import Unsupported
from theory.language.instances import STANDING_GERM, gaussian
from theory.language.notation import *

COVARIANCES = {
    1: F(2, 5),
    2: ((F(1, 2), F(1, 5)), (F(1, 5), F(3, 4))),
    3: ((1, F(1, 5), 0), (F(1, 5), 1, F(1, 3)), (0, F(1, 3), 2)),
}


def reader(size):
    return float_interpreter(gaussian((F(1, 3),) * size, COVARIANCES[size]), STANDING_GERM)


@pytest.mark.parametrize("size", COVARIANCES)
def test_log_det_of_the_precision(size):
    read, at_point = reader(size), tuple(np.full((size, 1), 0.3))
    law = gaussian((F(1, 3),) * size, COVARIANCES[size])
    prior = np.array([[float(v) for v in row] for row in law.components[0].cov])
    total = float(STANDING_GERM.alpha) ** 2 * prior + float(STANDING_GERM.sigma) ** 2 * np.eye(size)
    assert read.field(logdet(-jac(s)), at_point)[0] == pytest.approx(-np.linalg.slogdet(total)[1], rel=1e-11)
    rate, trace = read.field(dt(logdet(-jac(s))), at_point), read.field(tr(dot(inv(jac(s)), dt(jac(s)))), at_point)
    assert rate[0] == pytest.approx(trace[0], rel=1e-9)


def test_a_singular_matrix_and_four_dimensions_have_none():
    with pytest.raises(Unsupported, match="log det"):
        reader(2).field(logdet(outer(origin, origin)), tuple(np.zeros((2, 1))))
    four = float_interpreter(gaussian((0,) * 4, 1), STANDING_GERM)
    with pytest.raises(Unsupported, match="log det of a matrix in D = 4"):
        four.field(logdet(I), tuple(np.zeros((4, 1))))
