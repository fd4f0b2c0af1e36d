"""Mean and covariance of the component Z, the inverse of a matrix: ranks, data, writing, edits, values."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from numerics.balls import ArbRing
from numerics.evaluate import Interpreter, wire_tap
from numerics.rings import FloatRing, MpRing, Unsupported
from proofs_checks.edits import edits
from theory.language.by_definition import holds_by_definition
from theory.language.instances import STANDING, STANDING_GERM, T5, gaussian
from theory.language.notation import *
from theory.language.statements import Eq
from theory.language.terms import TermError, from_data, to_data
from theory.typeset.latex import term_latex
from theory.typeset.text import term_text

V = alpha**2 * Sz + sigma**2 * I


def test_ranks_free_variables_and_data():
    assert (mz.rank, Sz.rank, inv(V).rank) == (1, 2, 2)
    assert mz.free == Sz.free == inv(V).free == {"Z"}
    assert post(inv(V)).free == {"x"}
    assert from_data(to_data(inv(V))) == inv(V)
    for wrong in (mz, alpha, x):
        with pytest.raises(TermError, match="inv"):
            inv(wrong)


def test_what_holds_by_definition():
    assert holds_by_definition(Eq(inv(V), inv(sigma**2 * I + alpha**2 * Sz)))
    assert not holds_by_definition(Eq(inv(V), V))
    assert not holds_by_definition(Eq(post(2 * tr(inv(V))), 2 * tr(inv(V))))
    assert not holds_by_definition(Eq(dt(inv(V)), inv(dt(V))))


def test_writing():
    assert term_text(dot(inv(V), x - alpha * mz)) == "(alpha^2 S_Z + sigma^2 I)^(-1) . (x - alpha mu_Z)"
    assert term_latex(inv(Sz)) == "S_Z^{-1}"
    assert term_latex(inv(V)) == r"(\alpha^{2} S_Z + \sigma^{2} I)^{-1}"
    assert term_latex(mz) == r"\mu_Z"


def test_edits_reach_them():
    found = {e.name for e in edits(Eq(s_z, -dot(inv(V), x - alpha * mz)))}
    assert any("drop the inverse" in name for name in found)
    assert any("mz -> 2 mz" in name for name in found)
    assert any("Sz -> 2 Sz" in name for name in found)


def test_values_in_every_ring():
    """The component score of T5 from m_Z and S_Z beside the gradient of log p(x | Z), in every ring and for arrays."""
    at = (Fraction(1, 3), Fraction(-3, 4))
    closed = -dot(inv(V), x - alpha * mz)
    for label in range(T5.K):
        for ring in (FloatRing(), MpRing(), ArbRing()):
            reader = Interpreter(ring, T5, STANDING_GERM)
            left, right = (reader.field(t, at, Z=label) for t in (s_z, closed))
            for u, v in zip(left, right, strict=True):
                gap = u - v
                assert gap.contains(0) if isinstance(ring, ArbRing) else abs(gap) < 1e-12
    points = (np.linspace(-1, 1, 3), np.zeros(3))
    reader = Interpreter(FloatRing(), T5, STANDING_GERM)
    values = reader.field(closed, points, Z=np.array([0, 1, 2]))
    for k in range(3):
        alone = reader.field(s_z, tuple(float(c[k]) for c in points), Z=k)
        assert [float(v[k]) for v in values] == pytest.approx([float(v) for v in alone], rel=1e-12)


def test_moments_are_those_of_the_law():
    reader = Interpreter(MpRing(), T5, STANDING_GERM)
    with mpmath.workdps(30):
        for k, component in enumerate(T5.components):
            mean, cov = (reader.field(t, (0, 0), Z=k) for t in (mz, Sz))
            assert [Fraction(str(float(v))) for v in mean] == list(component.mean)
            assert [[Fraction(str(float(v))) for v in row] for row in cov] == [list(row) for row in component.cov]


def test_inverses_that_are_not_evaluated():
    reader = Interpreter(FloatRing(), gaussian((0,) * 4, 1), STANDING_GERM)
    with pytest.raises(Unsupported, match="D = 4"):
        reader.field(inv(V), (0,) * 4, Z=0)
    with pytest.raises(Unsupported, match="determinant"):
        Interpreter(FloatRing(), STANDING[0].law, STANDING_GERM).field(inv(outer(origin, origin)), (0,), Z=0)


def test_a_tap_on_each_is_heard():
    term = post(dot(inv(V), x - alpha * mz))
    plain = Interpreter(FloatRing(), T5, STANDING_GERM).field(term, (0.3, 0.4))
    for op in ("mz", "Sz", "inv"):
        tapped = Interpreter(FloatRing(), T5, STANDING_GERM, taps={op: wire_tap()}).field(term, (0.3, 0.4))
        assert abs(tapped[0] - plain[0]) > 1e-9
