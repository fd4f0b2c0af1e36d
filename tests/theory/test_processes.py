"""Processes: the schedule identities, germs at every level against high-precision values, the grammar."""

from fractions import Fraction as F

import mpmath
import pytest

from theory.calculus import at_symbols, diff, estimate, fold_constants, folded
from theory.grammar import parse_scalar
from theory.language.instances import STANDING_GERM, LawError
from theory.language.terms import Term
from theory.processes import STANDING_PROCESS, default_clock, parse_at, parse_process

TEXTS = [
    "ve",
    "edm",
    "standing",
    "vp",
    "vp(beta=2)",
    "vp(1/10, 20)",
    "subvp",
    "subvp(3)",
    "subvp(1/10, 20)",
    "cosine",
    "cosine(s=0)",
    "flow",
    "ou(1, 2)",
    "ou(-1/3, 1/2)",
    "ou(0, 3)",
    "linear(alpha=exp(-t), sigma=sqrt(1-exp(-2*t)))",
    "linear(alpha=1/(1+t), sigma=t/(1+t))",
    "linear(alpha=1-t/2, sigma=t)",
    "linear(alpha=1, sigma=tanh(t))",
    "linear(alpha=exp(-t^2), sigma=log(1+t))",
    "linear(alpha=cos(pi*t/2), sigma=sin(pi*t/2))",
    "linear(alpha=1, sigma=tan(t))",
    "linear(alpha=sqrt(1-t^2), sigma=t)",
]
CURVED = ["ve", "edm", "standing", "vp", "vp(beta=2)", "vp(1/10, 20)", "ou(1, 2)", "ou(-1/3, 1/2)", "ou(0, 3)", "subvp",
          "subvp(1/10, 20)", "cosine", "cosine(s=0)", "flow"]  # fmt: skip
MATH = {"exp": mpmath.exp, "log": mpmath.log, "tanh": mpmath.tanh, "cos": mpmath.cos, "sin": mpmath.sin}


def real(term):
    """The value of a constant term in mpmath, by the definition of each operator."""
    if isinstance(term, (F, int)):
        return mpmath.mpf(term.numerator) / term.denominator
    args = [real(t) for t in term.args]
    if term.op == "num":
        return real(term.data)
    if term.op == "pi":
        return +mpmath.pi
    if term.op == "pow":
        return mpmath.power(args[0], real(term.data))
    if term.op == "add":
        return sum(args)
    if term.op == "mul":
        return mpmath.fprod(args)
    if term.op in MATH:
        return MATH[term.op](args[0])
    return {"sub": lambda: args[0] - args[1], "neg": lambda: -args[0], "quot": lambda: args[0] / args[1]}[term.op]()


def value(term, t):
    return real(at_symbols(term, {"t": t}))


@pytest.mark.parametrize("text", TEXTS)
def test_schedule_identities_and_round_trip(text):
    process = parse_process(text)
    assert parse_process(process.text) == process
    with mpmath.workdps(40):
        for t in (F(1, 5), F(1, 2), F(4, 5)):
            alpha, sigma2, a, g2 = (value(u, t) for u in (process.alpha, process.sigma2, process.a, process.g2))
            time = real(t)
            slope = mpmath.diff(lambda u: value(process.alpha, F(str(u))), time)
            assert abs(slope - a * alpha) < 1e-15
            slope2 = mpmath.diff(lambda u: value(process.sigma2, F(str(u))), time)
            assert abs(slope2 - 2 * a * sigma2 - g2) < 1e-15


@pytest.mark.parametrize("text", TEXTS)
def test_germ_at_t_holds_the_derivatives(text):
    process = parse_process(text)
    t = F(2, 5)
    germ = process.germ({"t": t}, order=3)
    with mpmath.workdps(60):
        assert abs(real(germ.alpha) - value(process.alpha, t)) < 1e-50
        assert abs(real(germ.sigma) ** 2 - value(process.sigma2, t)) < 1e-50
        for name, term in (("a", process.a), ("g2", process.g2)):
            for order in range(4):
                truth = mpmath.diff(lambda u: value(term, F(str(u))), real(t), order) if order else value(term, t)
                assert abs(real(germ.derivative(name, order)) - truth) < 1e-9


def level(kind, alpha, sigma):
    return {
        "sigma": sigma,
        "alpha": alpha,
        "snr": alpha**2 / sigma**2,
        "nu": sigma**2 / alpha**2,
        "log-sigma": mpmath.log(sigma),
    }[kind]


@pytest.mark.parametrize("text", CURVED)
@pytest.mark.parametrize(
    ("kind", "given"),
    [("sigma", F(1, 2)), ("alpha", F(1, 3)), ("snr", F(2)), ("nu", F(1, 7)), ("log-sigma", F(-1))],
)
def test_every_level_lies_on_the_curve(text, kind, given):
    process = parse_process(text)
    if text.startswith("ou(-") and kind in ("alpha", "snr"):
        given = 1 / given  # alpha grows there, and snr stays above 8/3
        given = F(7, 2) if kind == "snr" else given
    if kind == "alpha" and text in ("ve", "edm", "ou(0, 3)"):
        with pytest.raises(LawError, match="alpha is 1 at all times"):
            process.germ({kind: given})
        return
    germ = process.germ({kind: given})
    with mpmath.workdps(40):
        alpha, sigma = real(germ.alpha), real(germ.sigma)
        assert abs(level(kind, alpha, sigma) - real(given)) < 1e-35

        # the same point of the curve (alpha, sigma, a, g^2), found by its time
        def gap(u):
            here = level(kind, value(process.alpha, u), mpmath.sqrt(value(process.sigma2, u)))
            falls = kind == "snr" or (kind == "alpha" and not text.startswith("ou(-"))
            return (here - real(given)) * (-1 if falls else 1)

        low, high = F(-19, 20) if text == "standing" else F(1, 10**9), F(40)
        if parse_process(text).horizon:
            high = 1 - F(1, 10**9)
        assert gap(low) < 0 < gap(high)
        for _ in range(110):
            t = (low + high) / 2
            low, high = (t, high) if gap(t) < 0 else (low, t)
        for term, got in ((process.alpha, alpha), (process.a, real(germ.a[0])), (process.g2, real(germ.g2[0]))):
            assert abs(value(term, t) - got) < 1e-25


# the definitions of the papers, written out by hand
LITERATURE = {
    "vp(1/10, 20)": lambda t: (mpmath.exp(-(t / 10 + mpmath.mpf("19.9") * t**2 / 2) / 2), None),
    "subvp": lambda t: (mpmath.exp(-t / 2), 1 - mpmath.exp(-t)),
    "subvp(1/10, 20)": lambda t: (
        mpmath.exp(-(t / 10 + mpmath.mpf("19.9") * t**2 / 2) / 2),
        1 - mpmath.exp(-(t / 10 + mpmath.mpf("19.9") * t**2 / 2)),
    ),
    "cosine": lambda t: (
        mpmath.cos((t + mpmath.mpf("0.008")) / mpmath.mpf("1.008") * mpmath.pi / 2)
        / mpmath.cos(mpmath.mpf("0.008") / mpmath.mpf("1.008") * mpmath.pi / 2),
        None,
    ),
    "flow": lambda t: (1 - t, t),
    "edm": lambda t: (mpmath.mpf(1), t),
    "ou(1, 2)": lambda t: (mpmath.exp(-t), mpmath.sqrt(2 * (1 - mpmath.exp(-2 * t)))),
}


@pytest.mark.parametrize("text", LITERATURE)
@pytest.mark.parametrize("kind", ["t", "level"])
def test_germs_against_the_papers_by_numerical_differentiation(text, kind):
    """a = alpha'/alpha and g^2 = (sigma^2)' - 2 a sigma^2 with derivatives up to order 3, from (alpha, sigma) alone."""
    process, t = parse_process(text), F(2, 7)
    with mpmath.workdps(80):

        def alpha(u):
            return LITERATURE[text](u)[0]

        def sigma2(u):
            found = LITERATURE[text](u)[1]
            return 1 - alpha(u) ** 2 if found is None else found**2

        def a(u):
            return mpmath.diff(alpha, u) / alpha(u)

        def g2(u):
            return mpmath.diff(sigma2, u) - 2 * a(u) * sigma2(u)

        here = real(t)
        if kind == "level":  # a rational sigma near that of t, so that the route by levels is taken
            level = F(round(mpmath.sqrt(sigma2(here)) * 1000), 1000)
            here = mpmath.findroot(lambda u: sigma2(u) - real(level) ** 2, here)
            germ = process.germ({"sigma": level})
        else:
            germ = process.germ({"t": t})
        assert abs(real(germ.alpha) - alpha(here)) < 1e-40
        assert abs(real(germ.sigma) ** 2 - sigma2(here)) < 1e-40
        for name, function in (("a", a), ("g2", g2)):
            for order in range(4):
                truth = mpmath.diff(function, here, order) if order else function(here)
                assert abs(real(germ.derivative(name, order)) - truth) < 1e-12 * (1 + abs(truth)), (name, order)


def test_exact_values_of_cosines():
    for text, exact in [("cos(pi/2)", 0), ("cos(2*pi/3)", F(-1, 2)), ("sin(7*pi/6)", F(-1, 2)), ("sin(pi)", 0),
                        ("cos(5*pi/3)", F(1, 2)), ("cos(-3*pi)", -1), ("sin(0)", 0), ("sin(pi/2)", 1)]:  # fmt: skip
        assert fold_constants(parse_scalar(text)) == exact
    assert isinstance(fold_constants(parse_scalar("cos(pi/4)")), Term)


def test_rational_where_it_can_be():
    vp = parse_process("vp").germ({"alpha": F(3, 5)})
    assert (vp.alpha, vp.sigma, vp.a[0], vp.g2[0], vp.constant) == (F(3, 5), F(4, 5), F(-1, 2), F(1), True)
    half = parse_process("vp").germ({"sigma": F(1, 2)})
    assert half.alpha == parse_scalar("(3/4)^(1/2)")
    edm = parse_process("edm").germ({"sigma": F(1, 3)})
    assert (edm.g2, edm.a) == ((F(2, 3), F(2), F(0), F(0)), (F(0),) * 4)
    assert parse_process("linear(alpha=exp(-t), sigma=sqrt(1-exp(-2*t)))").g2 == parse_scalar("2")
    flow = parse_process("flow-matching").germ({"snr": F(4)})
    assert (flow.alpha, flow.sigma, flow.a[0], flow.g2[0]) == (F(2, 3), F(1, 3), F(-3, 2), F(1))
    sub = parse_process("subvp").germ({"sigma": F(3, 4)})
    assert (sub.alpha, sub.a[0], sub.g2[:2]) == (F(1, 2), F(-1, 2), (F(15, 16), F(1, 8)))


def test_the_standing_process_runs_through_the_standing_germ():
    germ = STANDING_PROCESS.germ({"t": F(0)})
    assert (germ.alpha, germ.sigma, germ.a[0], germ.g2[0]) == (
        STANDING_GERM.alpha,
        STANDING_GERM.sigma,
        STANDING_GERM.a[0],
        STANDING_GERM.g2[0],
    )
    assert STANDING_PROCESS.germ({"sigma": F(4, 5)}).alpha == F(3, 5)


def test_default_clocks():
    assert [default_clock(parse_process(t)) for t in ("ve", "edm", "vp", "ou(1, 1)")] == ["sigma^2", "sigma", "t", "t"]


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("vp", {"sigma": F(2)}, "give 0 < sigma < 1"),
        ("vp", {"log-sigma": F(1)}, "no alpha > 0"),
        ("vp", {"sigma": F(0)}, "not positive"),
        ("vp", {}, "exactly one"),
        ("ve", {"sigma": F(1), "t": F(1)}, "exactly one"),
        ("vp(1/10, 20)", {"t": F(2)}, "outside"),
        ("vp", {"t": F(-1)}, "no sigma > 0"),
        ("ve", {"t": F(0)}, "no sigma > 0"),
        ("linear(alpha=1-t, sigma=t)", {"t": F(2)}, "no alpha > 0"),
        ("linear(alpha=exp(-t), sigma=t)", {"sigma": F(1)}, "give t"),
        ("linear(alpha=1, sigma=2-t)", {"t": F(1)}, "no g\\^2 > 0"),
        ("cosine", {"t": F(1)}, "outside \\(0, 1\\)"),
        ("cosine", {"t": F(4)}, "outside"),
        ("cosine", {"t": F(0)}, "outside"),
        ("cosine", {"sigma": F(1)}, "give 0 < sigma < 1"),
        ("cosine", {"alpha": F(3, 2)}, "give 0 < alpha < 1"),
        ("flow", {"t": F(1)}, "outside \\(0, 1\\)"),
        ("flow", {"sigma": F(3, 2)}, "not reached"),
        ("flow", {"alpha": F(3, 2)}, "not reached"),
        ("flow", {"log-sigma": F(1, 3)}, "not reached"),
        ("subvp", {"alpha": F(3, 2)}, "not reached"),
        ("subvp", {"sigma": F(3, 2)}, "no alpha > 0"),
        ("subvp(1/10, 20)", {"t": F(2)}, "outside \\(0, 1\\]"),
        ("vp(1/10, 20)", {"sigma": F(999999, 1000000)}, "not reached"),
        ("edm", {"t": F(-1)}, "outside"),
        ("linear(alpha=cos(pi*t/2), sigma=sin(pi*t/2))", {"t": F(1)}, "no alpha > 0"),
    ],
)
def test_levels_that_do_not_exist(text, at, message):
    with pytest.raises(LawError, match=message):
        parse_process(text).germ(at)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vx", "unknown process 'vx'"),
        ("vp(", "never closed"),
        ("vp(0)", "beta > 0"),
        ("ou(1, 0)", "g > 0"),
        ("vp(beta=t)", "column 9: beta is a constant"),
        ("linear(alpha=t)", "column 15"),
        ("ve(2)", "column 3"),
        ("linear(alpha=1, sigma=1)", "g\\^2 = 0"),
        ("linear(alpha=f(t), sigma=t)", "no function"),
        ("", "column 1"),
        ("vp(1, 2, 3)", "column 8"),
        ("linear(sigma=t, alpha=1)", "expected alpha="),
        ("cosine(s=-1)", "offset s >= 0"),
        ("cosine(t)", "s is a constant"),
        ("cosine(1, 2)", "to close cosine"),
        ("subvp(0)", "not both 0"),
        ("subvp(-1, 2)", "b0 and b1 >= 0"),
        ("ou(A, 1)", "'A'|A has a meaning of its own"),
        ("flow-", "column 5"),
        ("__import__('os')", "underscores"),
        ("linear(alpha=" + "*".join(["exp(t)"] * 900) + ", sigma=t)", "shorter formula"),
    ],
)
def test_malformed_processes(text, message):
    with pytest.raises(LawError, match=message) as caught:
        parse_process(text)
    assert str(caught.value).startswith("column ")


def test_symbols_of_a_process():
    process = parse_process("ou(theta, g)")
    assert process.free_symbols() == {"theta", "g"}
    bound = process.bind({"theta": F(1), "g": F(2)})
    assert bound.germ({"sigma": F(1, 2)}) == parse_process("ou(1, 2)").germ({"sigma": F(1, 2)})


def test_places():
    place = parse_at("sigma=1/2, x=(1, 0), mu=2")
    assert dict(place.level) == {"sigma": F(1, 2)}
    assert place.point == (F(1), F(0))
    assert dict(place.symbols) == {"mu": F(2)}
    assert dict(parse_at("log-sigma = -1").level) == {"log-sigma": F(-1)}
    for text, message in [
        ("sigma=1, nu=2", "column 10: sigma and nu"), ("sigma=mu", "depends on mu"), ("sigma^2=1", "not a power"),
        ("sigma", "expected '='"), ("sigma=(1, 2)", "one number"), ("mu=1, mu=2", "given twice"), ("", "column 1"),
        ("sigma=1,", "column 9"), ("sigma==1", "column 7"),
    ]:  # fmt: skip
        with pytest.raises(LawError, match=message):
            parse_at(text)


def test_the_differentiator_against_quotients_of_differences():
    for text in ["t^3*exp(-t)/(1+t)", "sqrt(1+t^2)*log(2+t)", "tanh(t/2)^2 - 1/t", "exp(-t)*exp(2*t)/exp(t^2)"]:
        term = parse_scalar(text)
        with mpmath.workdps(40):
            for order in range(1, 4):
                truth = mpmath.diff(lambda u: value(term, F(str(u))), mpmath.mpf(3) / 4, order)
                derived = term
                for _ in range(order):
                    derived = diff(derived, "t")
                assert abs(value(derived, F(3, 4)) - truth) < 1e-9
            assert abs(value(folded(term), F(3, 4)) - value(term, F(3, 4))) < 1e-35


def test_folding():
    assert fold_constants(parse_scalar("sqrt(9/4) - exp(0) + log(1)")) == F(1, 2)
    kept = fold_constants(parse_scalar("sqrt(1/2)"))
    assert isinstance(kept, Term)
    assert estimate(kept) == pytest.approx(0.5**0.5)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("subvp(1/10, 20)", {"alpha": F(3)}),
        ("vp(20, 1/10)", {"alpha": F(1, 10**6)}),
        ("subvp(20, 1/10)", {"nu": F(10**9)}),
    ],
)
def test_a_level_whose_time_would_be_imaginary_is_refused(text, level):
    with pytest.raises(LawError, match="is not reached for t in"):
        parse_process(text).germ(level)


def test_levels_beyond_the_range_of_floats_are_not_refused():
    assert parse_process("edm").germ({"log-sigma": F(-1000)}).alpha == 1
