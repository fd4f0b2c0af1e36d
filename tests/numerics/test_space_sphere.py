"""Spheres: Bessel functions against mpmath, a circle of many atoms, fixed points, grammar and refusals."""

from fractions import Fraction as F

import mpmath
import numpy as np
import pytest

import infodyn
from numerics.balls import arb, ball, working
from numerics.quantities import QuantityError
from numerics.quantities import value as mixture_value
from numerics.space.sphere import Radial, fixed_radius, gain, mean_length, radial_eigenvalue, scaled_mean
from numerics.space.sphere_values import value
from theory.language.instances import LawError
from theory.laws import SphereLaw, parse_data_law, parse_law

# D, nu D, the radius of the fixed points, the radial eigenvalue there
FIXED = """
2 .9 .432191074886231 -.428588272648
2 .5 .831462024754257 -3.061265577735
3 .9 .396599622929934 -.636569565646
3 .5 .788886566629197 -4.404312540288
8 .9 .347848281715638 -1.659134980150
8 .5 .737045034259785 -11.068257926914
"""


@pytest.mark.parametrize("row", FIXED.strip().splitlines())
def test_fixed_points(row):
    D, f, radius, eigenvalue = row.split()
    with working(130):
        nu = ball(F(f) / int(D))
        found = fixed_radius(int(D), nu)
        assert abs(found - ball(F(radius))) < arb("6e-16")
        assert found.rad() < arb("1e-20")
        assert abs(radial_eigenvalue(int(D), nu, found) - ball(F(eigenvalue))) < arb("6e-13")
        assert fixed_radius(int(D), ball(F(1, int(D)) + F(1, 1000))) is None  # the critical noise level is 1/D
        assert fixed_radius(int(D), ball(F(1, int(D)) - F(1, 1000))) is not None


@pytest.mark.parametrize("D", [2, 3, 8, 41])
@pytest.mark.parametrize("k", ["1/7", "3", "39", "41", "900"])
def test_bessel_functions(D, k):
    with working(120), mpmath.workdps(35):
        x, order = mpmath.mpf(F(k).numerator) / F(k).denominator, mpmath.mpf(D) / 2 - 1
        mean = mpmath.gamma(order + 1) * (2 / x) ** order * mpmath.besseli(order, x) * mpmath.exp(-x)
        ratio = mpmath.besseli(order + 1, x) / mpmath.besseli(order, x)
        for found, wanted in ((scaled_mean(ball(F(k)), D), mean), (mean_length(ball(F(k)), D), ratio)):
            assert abs(mpmath.mpf(found.mid().str(34, radius=False)) / wanted - 1) < mpmath.mpf(10) ** -28
            assert found.rel_accuracy_bits() > 90


def quadrature(name, D, A, v):
    """Radial integrals by mpmath, written out anew with Bessel functions."""
    order, S = mpmath.mpf(D) / 2 - 1, 2 * mpmath.pi ** (mpmath.mpf(D) / 2) / mpmath.gamma(mpmath.mpf(D) / 2)

    def log_density(r):
        k = A * r / v
        mean = mpmath.log(mpmath.gamma(order + 1) * (2 / k) ** order * mpmath.besseli(order, k))
        return -D * mpmath.log(2 * mpmath.pi * v) / 2 - (r * r + A * A) / (2 * v) + mean

    def score(r):
        k = A * r / v
        return (A * mpmath.besseli(order + 1, k) / mpmath.besseli(order, k) - r) / v

    def integrand(r):
        p = log_density(r)
        y = {"entropy": -p, "fisher-information": score(r) ** 2, "square": p * p}[name]
        return S * r ** (D - 1) * mpmath.exp(p) * y

    centre, width = mpmath.sqrt(A * A + D * v), mpmath.sqrt(v)
    points = sorted(
        {mpmath.mpf("1e-12"), *(max(centre + n * width, mpmath.mpf("1e-12")) for n in (-9, -4, -1, 1, 4, 11))}
    )
    return mpmath.quad(integrand, points)


@pytest.mark.parametrize(("D", "sigma"), [(2, "1"), (2, "1/4"), (3, "1/2"), (5, "3"), (8, "1/9")])
def test_against_mpmath(D, sigma):
    law, at = SphereLaw(D), f"sigma={sigma}"
    with mpmath.workdps(25):
        A, v = mpmath.mpf(1), (mpmath.mpf(F(sigma).numerator) / F(sigma).denominator) ** 2
        entropy, fisher = (quadrature(n, D, A, v) for n in ("entropy", "fisher-information"))
        varentropy = quadrature("square", D, A, v) - entropy**2
        wanted = {"entropy": entropy, "fisher-information": fisher, "varentropy": varentropy,
                  "mmse": v * (D - v * fisher),
                  "mutual-information": entropy - mpmath.log(2 * mpmath.pi * mpmath.e * v) * D / 2}  # fmt: skip
        for name, number in wanted.items():
            found = value(name, law, "ve", at, digits=13)
            assert found.complete, name
            assert abs(mpmath.mpf(found.value) / number - 1) < mpmath.mpf(10) ** -12, name


def test_two_windows_of_the_rule_agree():
    """Just below and above the noise where the window leaves 0 out, the same integral by two rules."""
    with working(120):
        for D in (2, 3):
            v = ball(F(1, 12)) ** 2
            near, far = Radial(D, arb(1), v, 40), Radial(D, arb(1), v, 90)
            assert (near.low > 0) != (far.low > 0)
            for name in ("spread", "log_mean"):
                assert getattr(near, name)().overlaps(getattr(far, name)())


@pytest.mark.parametrize("name", ["entropy", "mmse", "variance-phi", "variance-h", "varentropy", "bandwidth"])
def test_a_circle_is_the_limit_of_its_atoms(name):
    """24 atoms on the circle at sigma = 1: the difference is about e^-24."""
    t = np.arange(24) * np.pi / 12
    places = [tuple(F(int(round(v * 10**14)), 10**14) for v in p) for p in np.stack([np.cos(t), np.sin(t)], axis=1)]
    atoms = mixture_value(name, infodyn.deltas(*((p, F(1, 24)) for p in places)), "ve", "sigma=1", digits=10)
    circle = value(name, SphereLaw(2), "ve", "sigma=1", digits=14)
    assert abs(F(atoms.value) - F(circle.value)) < F(1, 10**9)


def test_posterior_entropy_is_relative_to_the_surface():
    radius = F(3, 2)
    parts = [value(n, SphereLaw(3, radius), "ve", "sigma=1") for n in ("conditional-entropy", "mutual-information")]
    area = np.log(4 * np.pi * 2.25)
    assert float(parts[0].value) + float(parts[1].value) == pytest.approx(area, rel=1e-14)
    assert "surface measure" in parts[0].method


def test_scales_and_clocks():
    half = value("bandwidth", SphereLaw(4, F(1, 2)), "ve", "sigma=1/4", clock="log-sigma")
    one = value("bandwidth", SphereLaw(4), "ve", "sigma=1/2", clock="log-sigma")
    assert half.balls.overlaps(one.balls)
    vp = value("information-rate", SphereLaw(4), "vp", "sigma=3/5", clock="nu")
    ve = value("information-rate", SphereLaw(4), "ve", "sigma=3/4", clock="nu")
    assert vp.balls.overlaps(ve.balls)


def test_fields_at_a_point():
    at = "sigma=1/2, x=(1, -1/2, 1/3)"
    law = SphereLaw(3)
    score, mean = (value(n, law, "ve", at).balls for n in ("score", "posterior-mean"))
    cov, jac = (value(n, law, "ve", at).balls for n in ("posterior-covariance", "jacobian"))
    x = (F(1), F(-1, 2), F(1, 3))
    with working(100):
        for i in range(3):
            assert ((mean[i] - ball(x[i])) * 4).overlaps(score[i])
            for j in range(3):
                assert jac[i][j].overlaps(16 * cov[i][j] - (4 if i == j else 0))
        assert sum((jac[i][i] for i in range(3)), arb(0)).overlaps(value("divergence", law, "ve", at).balls)
        step = F(1, 10**6)  # the score is the derivative of the log-density
        ends = [
            value("log-density", law, "ve", f"sigma=1/2, x=({1 + s * step}, -1/2, 1/3)", digits=20).balls
            for s in (-1, 1)
        ]
        assert abs((ends[1] - ends[0]) / (2 * ball(step)) - score[0]) < arb("1e-9")
    centre = value("jacobian", law, "ve", "sigma=1/2, x=(0, 0, 0)")
    assert centre.value[0][0] == centre.value[2][2] != "0"
    assert centre.value[0][1] == "0"
    with working(60):
        assert gain(arb(0), 7).overlaps(ball(F(1, 7)))


def test_the_grammar_and_its_refusals():
    assert parse_data_law(" sphere( 3 , 1/2 ) ") == SphereLaw(3, F(1, 2))
    assert SphereLaw(3, F(1, 2)).text == "sphere(3, 1/2)"
    for text in ("sphere(1)", "sphere(3/2)", "sphere(mu)", "sphere(3, -1)", "sphere(3, 0)", "sphere(3", "sphere(3) x",
                 "product(sphere(3), T1)"):  # fmt: skip
        with pytest.raises(LawError):
            parse_data_law(text)
    with pytest.raises(LawError, match="sphere"):
        parse_law("sphere(3)")
    for name, at, word in (("class-entropy", "sigma=1", "components"), ("entropy", "sigma=1, x=(1, 0)", "no point"),
                           ("score", "sigma=1", "point"), ("score", "sigma=1, x=(1, 0)", "2 entries"),
                           ("entropy", "sigma=1, mu=2", "mu"), ("nothing", "sigma=1", "unknown")):  # fmt: skip
        with pytest.raises(QuantityError, match=word):
            value(name, SphereLaw(3), "ve", at)


def test_by_the_api():
    assert infodyn.value("entropy", "sphere(3)", at="sigma=1/2").value.startswith("3.41938621177012")
    assert infodyn.value("mmse", "sphere(784)", at="sigma=1", digits=6).complete
