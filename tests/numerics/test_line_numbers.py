"""The line engine: two rules agree, derivatives agree with slopes, digits are relative, nothing is assumed."""

from fractions import Fraction

import mpmath
import pytest

from numerics.balls import arb, relative_digits, working
from numerics.extrema import ve_germ
from numerics.line import NUMBERS, line_number, rules
from numerics.line import numbers as engine
from numerics.line.pathwise import still
from numerics.quadrature import Grid, float_interpreter
from numerics.rings import Unsupported
from theory.language.instances import STANDING_GERM, T1, T2, T3, LawError, deltas, gaussian, mixture
from theory.language.notation import Phi, Var, h
from theory.laws import parse_law

F = Fraction
K5 = parse_law("mixture(1/10: N(-3,1/25), 3/10: N(-1,1/4), 1/5: N(0,1/9), 1/4: N(3/2,1/2), 3/20: N(7/2,1/16))")
LAWS = {"T1": T1, "T2": T2, "T3": T3, "K5": K5}
ON_THE_LINE = [n for n in NUMBERS if n not in ("variance-phi", "variance-h")]


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", ON_THE_LINE)
def test_the_two_rules_agree(name, law):
    found = [
        line_number(name, LAWS[law], STANDING_GERM, digits=digits, order=order, rule=rule)
        for digits, order, rule in ((15, 0, "trapezoid"), (30, 0, "adaptive"), (40, 0, "trapezoid"))
    ]
    for left in found:
        for right in found:
            assert left.coefficients[0].overlaps(right.coefficients[0])
    assert [relative_digits(n.coefficients[0]) >= d for n, d in zip(found, (15, 30, 40), strict=True)] == [True] * 3


@pytest.mark.parametrize("law", ["T1", "T3"])
@pytest.mark.parametrize("name", ["entropy", "mmse", "varentropy", "variance-h-class"])
def test_derivatives_agree_with_the_other_rule_and_with_slopes(name, law):
    at = F(3, 5)
    found = line_number(name, LAWS[law], ve_germ(at), digits=15, order=2, rule="trapezoid").coefficients
    other = line_number(name, LAWS[law], ve_germ(at), digits=12, order=2, rule="adaptive").coefficients
    assert all(left.overlaps(right) for left, right in zip(found, other, strict=True))
    step = F(1, 1000)
    low, high = (line_number(name, LAWS[law], ve_germ(at + s * step), digits=25).coefficients[0] for s in (-1, 1))
    with working(120):
        slope, bend = (high - low) / (arb(2) / 1000), high + low - 2 * found[0]
        assert abs(slope - found[1]) < abs(found[1]) * 1e-3 + 1e-4
        assert abs(bend * 500_000 - found[2]) < abs(found[2]) * 1e-2 + 1e-3


def test_digits_are_relative_however_small_the_number():
    for sigma, digits in ((F(1, 20), 30), (F(1, 50), 15), (F(1, 1000), 20)):
        found = line_number("mmse", T1, ve_germ(sigma), digits=digits)
        assert relative_digits(found.coefficients[0]) >= digits
        with mpmath.workdps(40):  # sech form of the mean posterior variance, facts independent of the engine
            v = mpmath.mpf(sigma.numerator) ** 2 / sigma.denominator**2
            reach = 30 * v  # 1/cosh(x/v) falls like exp(-|x|/v)
            body = mpmath.quad(
                lambda x: mpmath.exp(-x * x / (2 * v)) / mpmath.cosh(x / v), mpmath.linspace(-4 * reach, 4 * reach, 17)
            )
            log_mean = mpmath.log(body / mpmath.sqrt(2 * mpmath.pi * v)) - 1 / (2 * v)
        with working(200):
            assert abs(found.coefficients[0].log() - arb(str(log_mean))) < 1e-10 * abs(arb(str(log_mean)))


def test_a_wrong_discretisation_bound_would_be_seen():
    """The rule's stated error is not idle: with a step four times as long it grows beyond what was asked."""
    with working(96):
        parts = engine.components_of(T1, ve_germ(F(1, 2)))
        bounds = engine.Bounds(parts, None)
        strip = rules._strip(bounds, 80, 1, "T1")
        fine, coarse = (engine.trapezoid.plan(bounds, ("class",), bits, strip) for bits in (80, 20))
        exact = engine.trapezoid.summed(parts, ("class",), None, fine)[0][0]
        rough = engine.trapezoid.summed(parts, ("class",), None, coarse)[0][0]
    assert float(coarse.step) > 3 * float(fine.step)
    assert rough.overlaps(exact)
    assert 1e-9 < float(rough.rad()) < 1e-4
    assert abs(float(rough.mid()) - float(exact.mid())) < float(rough.rad())


def test_atoms_at_one_place_are_one_for_x0_and_two_for_the_label():
    split = deltas((-1, F(1, 4)), (-1, F(1, 4)), (1, F(1, 2)))
    germ = ve_germ(F(4, 5))
    once, parts = (
        line_number("conditional-entropy", T1, germ, digits=20),
        line_number("conditional-entropy", split, germ, digits=20),
    )
    assert once.coefficients[0].overlaps(parts.coefficients[0])
    label = line_number("class-entropy", split, germ, digits=20).coefficients[0]
    with working(120):
        assert label.overlaps(once.coefficients[0] + arb(2).log() / 2)


def test_merged_components_and_one_component():
    germ = ve_germ(F(1, 2))
    twins = mixture((F(1, 3), 1, F(1, 4)), (F(2, 3), 1, F(1, 4)))
    for name in ("entropy", "fisher-information", "mmse", "varentropy"):
        one = line_number(name, gaussian(1, F(1, 4)), germ, digits=25)
        assert one.method == "closed form"
        assert one.coefficients[0].overlaps(line_number(name, twins, germ, digits=25).coefficients[0])
    near = mixture((F(1, 3), 1, F(1, 4)), (F(2, 3), 1 + F(1, 10**9), F(1, 4)))
    found = line_number("class-gap", near, germ, digits=20).coefficients[0]
    assert relative_digits(found) >= 20
    assert abs(float(found) / (2 / 9 * 1e-18 * 4) - 1) < 1e-6


def test_a_symbol_of_the_law():
    law = parse_law("mixture(w: N(-mu, S), 1-w: N(mu, 1/4))")
    values = {"w": F(1, 3), "mu": F(1), "S": F(1, 2)}
    step = F(1, 2000)
    for name in values:
        symbols = tuple(values.items())
        found = line_number("varentropy", law, STANDING_GERM, digits=15, order=2, by=name, symbols=symbols)
        ends = [
            line_number(
                "varentropy", law, STANDING_GERM, digits=25, symbols=tuple((values | {name: values[name] + s}).items())
            )
            for s in (-step, step)
        ]
        low, high = (n.coefficients[0] for n in ends)
        slope = float(high - low) * 1000
        assert abs(slope - float(found.coefficients[1])) < 1e-4 * (1 + abs(slope))


def test_a_thousand_digits():
    found = line_number("class-entropy", T1, ve_germ(F(1, 2)), digits=1000)
    assert relative_digits(found.coefficients[0]) >= 1000
    with working(400):
        assert found.coefficients[0].overlaps(
            line_number("class-entropy", T1, ve_germ(F(1, 2)), digits=60).coefficients[0]
        )


def test_refusals():
    with pytest.raises(Unsupported, match="ask for variance-h-class"):
        line_number("variance-h", T3, STANDING_GERM, digits=10, order=1)
    with pytest.raises(Unsupported, match="D = 2"):
        line_number("entropy", gaussian((0, 0), 1), STANDING_GERM, digits=10)


@pytest.mark.parametrize("law", ["T2", "T3"])
def test_pathwise_variances_with_a_density(law):
    """Two precisions overlap, a float64 double sum is near, and Var h <= Var Phi."""
    law, germ = LAWS[law], STANDING_GERM
    for name, term in (("variance-phi", Var(Phi)), ("variance-h", Var(h))):
        rough, fine = (line_number(name, law, germ, digits=digits).coefficients[0] for digits in (8, 20))
        assert rough.overlaps(fine)
        assert relative_digits(rough) >= 8
        assert relative_digits(fine) >= 20
        if name == "variance-phi":
            near = float(float_interpreter(law, germ, grid=Grid(9.0, 0.2)).number(term))
            assert abs(near - float(fine)) < 1e-9
            spread = fine
    assert fine < spread


def test_pathwise_variances_at_the_ends():
    """Little noise: D/2 (the posterior is locally Gaussian); much noise: Var log p0; Gaussian data: 1/2 and 0."""
    small = line_number("variance-phi", T3, ve_germ(F(1, 50)), digits=12).coefficients[0]
    assert abs(float(small) - 0.500006) < 1e-6
    much = line_number("variance-phi", T3, ve_germ(F(20)), digits=12).coefficients[0]
    assert abs(float(much) - 0.4943) < 5e-5
    prior = line_number("varentropy", T3, still(0), digits=12).coefficients[0]
    assert abs(float(prior) - 0.4907673) < 1e-7
    twins = mixture((F(1, 3), 1, F(1, 4)), (F(2, 3), 1, F(1, 4)))
    assert line_number("variance-h", twins, STANDING_GERM, digits=12).coefficients[0].is_zero()
    assert float(line_number("variance-phi", twins, STANDING_GERM, digits=12).coefficients[0]) == 0.5


def test_equal_places_written_differently_are_joined_or_refused():
    """sqrt(4) is 2; sqrt(2) sqrt(3) and sqrt(6) cannot be seen to be equal, and a wrong mass function is never used."""
    plain = line_number("conditional-entropy", parse_law("deltas(2: 1/2, 1: 1/2)"), ve_germ(F(4, 5)), digits=15)
    other = parse_law("deltas(sqrt(4): 1/4, 2: 1/4, 1: 1/2)")
    for name in ("conditional-entropy", "variance-phi", "variance-h"):
        one = line_number(name, parse_law("deltas(2: 1/2, 1: 1/2)"), ve_germ(F(4, 5)), digits=15).coefficients[0]
        assert line_number(name, other, ve_germ(F(4, 5)), digits=15).coefficients[0].overlaps(one)
        with pytest.raises(LawError, match="cannot be told apart"):
            line_number(name, parse_law("deltas(sqrt(2)*sqrt(3): 1/4, sqrt(6): 1/4, 1: 1/2)"), ve_germ(F(1)), digits=15)
    symbols = (("m", F(-1)),)
    law = parse_law("deltas(-1: 1/4, m: 1/4, 1: 1/2)")
    with pytest.raises(LawError, match="cannot be told apart"):
        line_number("conditional-entropy", law, ve_germ(F(4, 5)), digits=15, symbols=symbols)
    assert float(plain.coefficients[0]) < 0.53


def test_a_variance_that_vanishes_at_its_value_is_still_a_density():
    law, germ = parse_law("mixture(1/3: N(-1,S), 2/3: N(1,S))"), ve_germ(F(4, 5))
    slope = line_number("mutual-information", law, germ, digits=10, order=1, by="S", symbols=(("S", F(0)),))
    entropy = line_number("entropy", law, germ, digits=10, order=1, by="S", symbols=(("S", F(0)),))
    assert slope.coefficients[1].overlaps(entropy.coefficients[1])
    with pytest.raises(LawError, match="variance is not positive"):
        line_number("conditional-entropy", law, germ, digits=10, order=1, by="S", symbols=(("S", F(0)),))


def test_no_number_depends_on_the_origin():
    near = mixture((F(1, 2), -1, F(1, 4)), (F(1, 2), 1, F(1)))
    for place in (10**8, 10**30):
        far = mixture((F(1, 2), place - 1, F(1, 4)), (F(1, 2), place + 1, F(1)))
        for name in ("entropy", "conditional-entropy", "mmse"):
            found, wanted = (line_number(name, law, ve_germ(F(1, 2)), digits=15) for law in (far, near))
            assert found.coefficients[0].overlaps(wanted.coefficients[0])
    with pytest.raises(LawError, match="another unit of length"):
        line_number("entropy", deltas((-(F(10) ** 160), F(1, 2)), (F(10) ** 160, F(1, 2))), ve_germ(F(1)), digits=15)


def test_derivatives_in_time_of_narrow_data_end():
    law = mixture((F(1, 2), 0, F(1, 10**6)), (F(1, 2), 1, F(1, 10**6)))
    found = line_number("conditional-entropy", law, ve_germ(F(1)), digits=10, order=1)
    assert found.digits >= 10


@pytest.mark.parametrize("name", ["entropy", "fisher-information"])
@pytest.mark.parametrize("sigma", [F(1, 10), F(1, 2), F(3)])
def test_the_short_sums_agree_with_the_posterior_integrals(name, sigma):
    six = deltas(*((F(n * n - 9, 3), F(1, 6)) for n in range(6)))
    for law in (T1, T2, six):
        short = line_number(name, law, ve_germ(sigma), digits=20)
        assert short.digits >= 20
        assert short.coefficients[0].overlaps(
            line_number(name, law, ve_germ(sigma), digits=28, rule="trapezoid").coefficients[0]
        )
