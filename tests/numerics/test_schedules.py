"""Exact processes in float64: values, the time of a noise level, germs, pickling."""

import math
import pickle
from fractions import Fraction as F

import pytest

from numerics.schedules import (
    STANDING_PROCESS,
    VE_PROCESS,
    VP_PROCESS,
    OutOfRangeError,
    float_function,
    process_of,
    transition,
)
from theory.calculus import estimate, fold_constants
from theory.grammar import parse_scalar
from theory.language.instances import STANDING_GERM, LawError
from theory.language.terms import Term
from theory.processes import STANDING_PROCESS as EXACT
from theory.processes import parse_process

TEXTS = [
    "ve", "edm", "standing", "vp", "vp(1/10, 20)", "subvp", "subvp(1/10, 20)", "cosine", "cosine(s=0)", "flow",
    "ou(1, 2)", "ou(-1/3, 1/2)", "ou(0, 3)", "linear(alpha=cos(pi*t/2), sigma=sin(pi*t/2))",
    "linear(alpha=1/(1+t), sigma=t/(1+t))", "linear(alpha=1, sigma=tanh(t))",
]  # fmt: skip


def number(value):
    return estimate(value) if isinstance(value, Term) else float(value)


@pytest.mark.parametrize("text", TEXTS)
def test_floats_agree_with_the_exact_germ(text):
    exact, t = parse_process(text), 0.375
    process, germ = process_of(exact), exact.germ({"t": F(t)})
    assert process.alpha(t) == pytest.approx(number(germ.alpha), rel=1e-14)
    assert process.sigma(t) == pytest.approx(number(germ.sigma), rel=1e-13)
    mine = process.germ(t)
    assert (float(mine.alpha), float(mine.sigma)) == (process.alpha(t), process.sigma(t))
    for name in ("a", "g2"):
        for order in range(4):
            truth = number(germ.derivative(name, order))
            assert float(mine.derivative(name, order)) == pytest.approx(truth, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("level", [1e-3, 0.3, 0.7, 0.97])
def test_the_time_of_a_noise_level(text, level):
    process = process_of(parse_process(text))
    t = process.time_of_sigma(level)
    assert process.sigma(t) == pytest.approx(level, rel=1e-9)
    if text != "standing":
        assert t > 0


@pytest.mark.parametrize(
    ("text", "level", "range_"),
    [
        ("standing", 2.0, r"below 1\.1339, the square root of 9/7"),
        ("vp", 1.5, "below 1$"),
        ("vp", 1.0, "below 1$"),
        ("cosine", 1.5, "between 0 and 1$"),
        ("flow", 1.5, "between 0 and 1$"),
        ("vp(1/10, 20)", 0.9999999, "between 0 and 0.99997"),
        ("subvp", 1.5, "at 0 or above"),
        ("ve", -1.0, "at 0 or above"),
        ("ve", math.nan, "at 0 or above"),
        ("ve", math.inf, "at 0 or above"),
        ("linear(alpha=1, sigma=tanh(t))", 1.5, "at 0 or above"),
    ],
)
def test_levels_that_are_never_reached(text, level, range_):
    with pytest.raises(OutOfRangeError, match=f"never has sigma = .*: its noise levels lie {range_}"):
        process_of(parse_process(text)).time_of_sigma(level)


def test_early_times_keep_their_digits():
    for text in ("vp", "cosine", "flow", "subvp"):
        process = process_of(parse_process(text))
        level = 1e-7
        assert process.sigma(process.time_of_sigma(level)) == pytest.approx(level, rel=1e-8), text
    assert VP_PROCESS.sigma(1e-20) == pytest.approx(1e-10, rel=1e-14)


def test_one_source_of_truth():
    assert process_of(EXACT) is STANDING_PROCESS
    again = pickle.loads(pickle.dumps(STANDING_PROCESS))
    assert again is STANDING_PROCESS
    assert hash(process_of(parse_process("cosine"))) == hash(process_of(parse_process("cosine")))


def test_transitions_of_a_process_that_is_not_constant():
    process = process_of(parse_process("cosine"))
    (f1, s1), (f2, s2) = transition(process, 0.1, 0.4), transition(process, 0.4, 0.8)
    f, s = transition(process, 0.1, 0.8)
    assert f == pytest.approx(f1 * f2)
    assert s**2 == pytest.approx((f2 * s1) ** 2 + s2**2)


def test_symbols_need_values():
    process = process_of(parse_process("ou(theta, g)"))
    with pytest.raises(LawError, match="the symbol theta has no value"):
        process.alpha(1.0)


@pytest.mark.parametrize(
    "text", ["t^3*exp(-t)/(1+t)", "sqrt(1+t^2)*log(1+t)", "tanh(t/2)^2 - 1/t", "cos(pi*t)*sin(t)-t^(-3/2)", "1-exp(-t)"]
)
def test_float_functions(text):
    term, t = parse_scalar(text), F(3, 4)
    found = fold_constants(parse_scalar(text.replace("exp", "EXP").replace("t", "(3/4)").replace("(3/4)anh", "tanh")
                                        .replace("sqr(3/4)", "sqrt").replace("EXP", "exp")))  # fmt: skip
    assert float_function(term)(float(t)) == pytest.approx(number(found), rel=1e-14)


@pytest.mark.parametrize("process", [STANDING_PROCESS, VE_PROCESS, VP_PROCESS], ids=["standing", "ve", "vp"])
def test_processes_keep_their_own_equations(process):
    t = process.time_of_sigma(0.7)
    h = 1e-5
    assert process.sigma(t) == pytest.approx(0.7, rel=1e-14)
    slope_of_alpha = (process.alpha(t + h) - process.alpha(t - h)) / (2 * h)
    assert slope_of_alpha == pytest.approx(process.a(t) * process.alpha(t), abs=1e-9)
    slope_of_variance = (process.sigma(t + h) ** 2 - process.sigma(t - h) ** 2) / (2 * h)
    assert slope_of_variance == pytest.approx(2 * process.a(t) * 0.49 + process.g2(t), abs=1e-8)
    germ = process.germ(t)
    assert float(germ.sigma) == process.sigma(t)
    assert float(germ.alpha) == process.alpha(t)


def test_the_standing_process_passes_through_the_standing_germ():
    germ = STANDING_PROCESS.germ(0.0)
    assert float(germ.alpha) == pytest.approx(float(STANDING_GERM.alpha), abs=1e-15)
    assert float(germ.sigma) == pytest.approx(float(STANDING_GERM.sigma), abs=1e-15)
    assert (germ.a[0], germ.g2[0]) == (STANDING_GERM.a[0], STANDING_GERM.g2[0])
    t = STANDING_PROCESS.time_of_sigma(0.3)
    assert t < 0
    assert 0 < STANDING_PROCESS.alpha(t) < 1


def test_levels_that_are_never_reached_are_refused():
    with pytest.raises(OutOfRangeError, match=r"below 1\.1339, the square root of 9/7"):
        STANDING_PROCESS.time_of_sigma(2.0)
    with pytest.raises(OutOfRangeError):
        VE_PROCESS.time_of_sigma(-1.0)


def test_transitions_compose():
    p = STANDING_PROCESS
    (f1, s1), (f2, s2) = transition(p, -0.4, 0.1), transition(p, 0.1, 0.6)
    f, s = transition(p, -0.4, 0.6)
    assert f == pytest.approx(f1 * f2)
    assert s**2 == pytest.approx((f2 * s1) ** 2 + s2**2)


@pytest.mark.parametrize("text", ["ou(1, 2)", "ou(1/3, 5)"])
def test_the_noise_of_ornstein_uhlenbeck_keeps_its_digits_at_early_times(text):
    process = process_of(parse_process(text))
    for t in (1e-18, 1e-9):
        assert process.sigma(t) ** 2 == pytest.approx(process.g2(t) * t, rel=1e-8)
    assert process.sigma(process.time_of_sigma(1e-9)) == pytest.approx(1e-9, rel=1e-12)
