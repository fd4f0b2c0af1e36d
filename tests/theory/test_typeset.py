"""Writers: order kept, brackets where they are needed and only there, distinct formulas distinct, braces balanced."""

import re
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.grammar import parse_scalar
from theory.language.definitions import NOTATION, unfold
from theory.language.instances import (
    ANY,
    DISCRETE,
    FINITE_INFORMATION,
    GAUSSIAN,
    LINEAR,
    MIXTURE,
    STANDING,
    VE,
    VP,
    Setting,
    two_modes,
)
from theory.language.notation import (
    FAMILY,
    FLOW,
    FORWARD,
    REVERSE,
    REVERSE_GIVEN_END,
    X0,
    A,
    Cov,
    D,
    E,
    G,
    H,
    I,
    Information,
    P,
    Phi,
    Q,
    Sz,
    Var,
    VarPost,
    Xt,
    Z,
    a,
    alpha,
    at,
    coord,
    covar,
    d,
    div,
    dot,
    drift,
    dt,
    exp,
    f,
    field,
    frobsq,
    g,
    grad,
    h,
    inv,
    jac,
    k,
    lap,
    log,
    logdet,
    m,
    mmse,
    mz,
    noise,
    normsq,
    nu,
    origin,
    outer,
    p,
    p0,
    pi,
    post,
    pz,
    q,
    qv,
    s,
    s_c,
    s_z,
    sigma,
    snr,
    sqrt,
    symbol,
    tanh,
    tr,
    transpose,
    wz,
    x,
)
from theory.language.statements import (
    Chain,
    Digits,
    Eq,
    Exists,
    Ge,
    Gt,
    Iff,
    Limit,
    Located,
    Lt,
    Rel,
    Series,
    chain,
    maxima,
    zeros,
)
from theory.language.terms import CORE, TermError, as_term, make
from theory.laws import STANDING_LAWS
from theory.typeset.latex import law_latex, setting_latex, statement_latex, symbol_latex, term_latex
from theory.typeset.text import setting_text, statement_text, term_text

B = d(H(X0 | Xt))
mu, S, w = symbol("mu"), symbol("S"), symbol("w1")


@pytest.mark.parametrize(
    ("term", "text", "latex"),
    [
        (
            g**2 / 2 * (D / sigma**2 + E(div(s))),
            "g^2/2 (D/sigma^2 + E[div s])",
            r"\frac{g^{2}}{2} \left(\frac{D}{\sigma^{2}} + \mathbb{E}[\nabla\cdot s]\right)",
        ),
        (B, "d/dt H(X0|Xt)", r"\frac{d}{dt} H(X_0 \mid X_t)"),
        (d(H(Xt), "log-sigma"), "d/d(log sigma) H(Xt)", r"\frac{d}{d\log\sigma} H(X_t)"),
        (-(g**2) / 2 * E(div(s)), "-g^2/2 E[div s]", r"-\frac{g^{2}}{2} \mathbb{E}[\nabla\cdot s]"),
        (grad(log(P(X0 | x))), "grad log P(X0|x)", r"\nabla \log P(X_0 \mid x)"),
        (div(s * alpha), "div(s alpha)", r"\nabla\cdot(s \alpha)"),
        (div(s) * alpha, "(div s) alpha", r"(\nabla\cdot s) \alpha"),
        ((Cov(X0 | x) - I) / sigma, "(Cov(X0|x) - I)/sigma", r"\frac{\operatorname{Cov}(X_0 \mid x) - I}{\sigma}"),
        (at(div(s), x=0), "(div s)(x=0)", r"\left.\nabla\cdot s\right|_{x=0}"),
        (log(p / k), "log(p/k(x|X0))", r"\log\left(\frac{p_t}{k(x \mid X_0)}\right)"),
        (sqrt(2 * pi) * sigma, "sqrt(2 pi) sigma", r"\sqrt{2 \pi} \sigma"),
        (2 * as_term(3), "2*3", r"2 \cdot 3"),
    ],
)
def test_known_forms(term, text, latex):
    assert term_text(term) == text
    assert term_latex(term) == latex


SAMPLE = [
    alpha + sigma - a,
    alpha + (sigma - a),
    alpha - sigma + a,
    alpha - (sigma + a),
    alpha - (sigma - a),
    sigma + alpha - a,
    make("add", (alpha + sigma, a)),
    alpha + (sigma + a),
    alpha * (sigma + a),
    alpha * sigma + a,
    (alpha * sigma) ** 2,
    alpha * sigma**2,
    (alpha + sigma) ** 2,
    (-alpha) ** 2,
    -(alpha**2),
    alpha / sigma / a,
    alpha / (sigma / a),
    alpha / (sigma * a),
    alpha / sigma * a,
    alpha * (sigma / a),
    alpha - (-sigma),
    dot(inv(alpha**2 * Sz + sigma**2 * I), x - alpha * mz),
    inv(Sz),
    logdet(Sz),
    logdet(A) + tr(G),
    dot(A, Cov(Xt)),
    log(q),
    qv(log(q), REVERSE),
    qv(log(q), FORWARD),
    transpose(inv(Sz)),
    inv(transpose(Sz)),
    inv(2 * Sz),
    2 * inv(Sz),
    alpha + (-sigma),
    alpha * (-sigma),
    alpha ** Fraction(-1),
    1 / alpha,
    (alpha / sigma) ** 2,
    alpha / sigma**2,
    (alpha**2) ** 3,
    sqrt(alpha) ** 3,
    sqrt(alpha**3),
    log(alpha) * sigma,
    log(alpha * sigma),
    log(alpha) ** 2,
    log(alpha**2),
    log(log(alpha)),
    log(alpha) / sigma,
    log(alpha / sigma),
    log(alpha) + sigma,
    log(alpha + sigma),
    exp(-alpha),
    -exp(alpha),
    tanh(alpha) ** 2,
    make("cos", (alpha,)) ** 2 - make("sin", (alpha,)),
    E(div(s)),
    E(div(s)) * alpha,
    E(div(s) * alpha),
    div(s),
    div(s) * alpha,
    div(alpha * s),
    grad(p * p0),
    grad(p) * p0,
    dt(p),
    dt(p * p),
    dt(p) * p,
    dt(p**2),
    dt(p) + p,
    dt(p + p0),
    lap(p),
    lap(p) * p,
    lap(p * p),
    d(alpha * H(Xt)),
    d(H(Xt)) * alpha,
    d(H(Xt)),
    d(H(Xt), "sigma"),
    d(H(Xt), "sigma^2"),
    d(H(Xt), "snr"),
    d(H(Xt), "nu"),
    d(H(Xt), "log-sigma"),
    d(H(Xt) - H(X0)),
    d(H(Xt)) - H(X0),
    normsq(s) ** 2,
    normsq(s),
    normsq(s - s_c),
    normsq(alpha * s),
    alpha * normsq(s),
    frobsq(jac(s)),
    tr(jac(s)),
    tr(dot(jac(s), jac(s))),
    dot(s, x),
    dot(s, x) * alpha,
    dot(s, alpha * x),
    outer(s, x),
    transpose(outer(s, x)),
    Cov(X0 | x),
    I,
    tr(Cov(X0 | x)),
    mmse,
    Information,
    m,
    x - m,
    X0 - m,
    -(x - m),
    post(log(p0)),
    E(log(p0)),
    VarPost(Phi),
    Var(Phi),
    Var(h),
    covar(Phi, h),
    P(Z | x),
    P(X0 | x),
    pz,
    wz,
    s_z,
    f,
    snr,
    nu,
    pi,
    H(X0 | x),
    H(Z | x),
    H(Z | Xt),
    H(Xt | X0),
    H(X0),
    coord(s, 1),
    coord(s, 2),
    coord(s_c, 1),
    field("phi"),
    grad(field("phi")),
    field("psi", 1),
    drift(Phi, FORWARD),
    drift(Phi, REVERSE),
    drift(Phi, REVERSE_GIVEN_END),
    drift(Phi, FLOW),
    drift(Phi, FAMILY, mu),
    noise(Phi, REVERSE),
    noise(Phi, FORWARD),
    at(div(s), x=0),
    at(normsq(s), x=0),
    mu,
    S,
    w,
    symbol("width"),
    symbol("a_b"),
    as_term(Q(-1, 2)),
    as_term(Q(1, 2)),
    as_term(2) + Q(1, 3),
    Q(1, 2) * alpha,
    alpha * Q(1, 2),
    alpha / 2,
    Q(1, 2) / alpha,
    alpha ** Fraction(-1, 2),
    alpha ** Fraction(3, 2),
    g * grad(log(p)),
    -(g * grad(log(p))),
]


def test_distinct_terms_have_distinct_texts():
    texts = {}
    for term in SAMPLE:
        texts.setdefault(term_text(term), []).append(term)
    assert [terms for terms in texts.values() if len(set(terms)) > 1] == []


def test_equal_latex_only_for_equal_meaning():
    """LaTeX drops brackets that change nothing: -(a b) and (-a) b look the same; nothing else may."""
    for left, right in combinations(SAMPLE, 2):
        if left != right and term_latex(left) == term_latex(right):
            assert {left.op, right.op} <= {"neg", "mul", "quot", "num"}, (left, right)


@pytest.mark.parametrize("term", SAMPLE, ids=range(len(SAMPLE)))
def test_every_form_is_one_line_with_balanced_brackets(term):
    text, latex = term_text(term), term_latex(term)
    assert "\n" not in text + latex
    for left, right in ("()", "[]"):
        assert text.count(left) == text.count(right)
    assert_balanced(latex)


def assert_balanced(latex):
    depth = 0
    for sign in re.sub(r"\\[{}]", "", latex):
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    assert depth == 0
    assert len(re.findall(r"\\left(?![a-z])", latex)) == len(re.findall(r"\\right(?![a-z])", latex))
    assert latex.count("$") % 2 == 0


def test_every_operator_has_a_form():
    written = {node.op for term in SAMPLE for node in _nodes(term)}
    assert (set(CORE) | set(NOTATION)) - written <= {"at", "p0", "kern", "origin", "eye", "dim"}
    for term in (p, p0, k, origin, I, X0, D):
        assert term_text(term)
        assert term_latex(term)
    for term in SAMPLE:  # and so has everything a term stands for
        assert term_text(unfold(term))
        assert_balanced(term_latex(unfold(term)))


def _nodes(term):
    yield term
    for child in term.args:
        yield from _nodes(child)


# -- an independent reading of LaTeX: what a reader would compute ----------------------------------------------------
arithmetic = st.recursive(
    st.one_of(st.sampled_from([symbol("u"), symbol("v")]), st.integers(-3, 3).map(as_term), st.just(as_term(Q(2, 3)))),
    lambda t: st.one_of(
        st.tuples(t, t).map(lambda pair: pair[0] + pair[1]),
        st.tuples(t, t).map(lambda pair: pair[0] - pair[1]),
        st.tuples(t, t).map(lambda pair: pair[0] * pair[1]),
        st.tuples(t, t).map(lambda pair: pair[0] / pair[1]),
        t.map(lambda u: -u),
        st.tuples(t, st.sampled_from([-1, 2, 3])).map(lambda pair: pair[0] ** pair[1]),
    ),
    max_leaves=10,
)
VALUES = {"u": Fraction(3, 7), "v": Fraction(-5, 2)}


def number(term):
    if term.op == "num":
        return term.data
    if term.op == "sym":
        return VALUES[term.data]
    args = [number(t) for t in term.args]
    if term.op == "pow":
        return args[0] ** int(term.data)
    if term.op == "mul":
        result = Fraction(1)
        for value in args:
            result *= value
        return result
    return {"add": sum, "sub": lambda v: v[0] - v[1], "quot": lambda v: v[0] / v[1], "neg": lambda v: -v[0]}[term.op](
        args
    )


def read_latex(text):
    """The value of a formula by the reader's rules: braces group, side by side multiplies."""
    pieces = re.findall(r"\\[a-z]+|[0-9]+|[a-z]|[-+^{}()]", text.replace(r"\left", "").replace(r"\right", ""))
    place = 0

    def peek():
        return pieces[place] if place < len(pieces) else ""

    def take():
        nonlocal place
        place += 1
        return pieces[place - 1]

    def group():
        assert take() == "{"
        value = total()
        assert take() == "}"
        return value

    def atom():
        token = take()
        if token == "(":
            value = total()
            assert take() == ")"
        elif token == r"\frac":
            top = group()
            value = top / group()
        else:
            value = VALUES[token] if token in VALUES else Fraction(int(token))
        if peek() == "^":
            take()
            value **= int(group())
        return value

    def product():
        sign = 1
        while peek() == "-":
            take()
            sign = -sign
        value = atom()
        while peek() not in ("", "+", "-", ")", "}"):
            if peek() == r"\cdot":
                take()
            value *= atom()
        return sign * value

    def total():
        value = product()
        while peek() in ("+", "-"):
            value += product() if take() == "+" else -product()
        return value

    result = total()
    assert place == len(pieces)
    return result


@settings(max_examples=300)
@given(arithmetic)
def test_what_is_written_means_what_was_meant(term):
    try:
        value = number(term)
    except ZeroDivisionError:
        return
    assert read_latex(term_latex(term)) == value
    assert number(parse_scalar(term_text(term, plain=True))) == value


# -- statements, settings, laws --------------------------------------------------------------------------------------
STATEMENTS = [
    (Eq(B, g**2 / 2 * (D / sigma**2 + E(div(s)))), "d/dt H(X0|Xt) = g^2/2 (D/sigma^2 + E[div s])"),
    (Eq(m, x), "m = x   (for all x)"),
    (Ge(normsq(X0 - m), 0), "|X0 - m|^2 >= 0   (for all x, X0)"),
    (Iff(Gt(at(div(s), x=0), 0), Lt(sigma, mu)), "(div s)(x=0) > 0   iff   sigma < mu"),
    (Limit(H(X0 | Xt), sigma, as_term(0), as_term(0), "+"), "H(X0|Xt) -> 0 as sigma -> 0+"),
    (Series(alpha, sigma, (as_term(1), as_term(0), mu - 1)), "alpha = 1 + (mu - 1) sigma^2 + O(sigma^3)"),
    (Located(zeros(s, x), 3, when=Lt(sigma, mu)), "zeros of s in x: exactly 3, if sigma < mu"),
    (
        Located(maxima(Var(h), sigma), 1, at=Digits("0.86"), within=(Q(4, 5), Q(19, 20))),
        "maxima of Var(H(X0|x)) in sigma: exactly 1, at 0.86.., within (4/5, 19/20)",
    ),
    (chain(E(div(s)), ("=", -E(normsq(s))), ("<=", 0)), "E[div s] = -E[|s|^2] <= 0"),
    (
        Exists(STANDING[0], Lt(d(H(Xt)), 0)),
        "at some instance: d/dt H(Xt) < 0   (here T3, alpha = 3/5, sigma = 4/5, a = -7/20, g^2 = 9/10)",
    ),
]


@pytest.mark.parametrize(("statement", "text"), STATEMENTS, ids=range(len(STATEMENTS)))
def test_statements(statement, text):
    assert statement_text(statement) == text
    assert_balanced(statement_latex(statement))


def test_latex_of_statements():
    assert statement_latex(Eq(m, x)) == r"m = x \qquad \text{for all } x"
    assert statement_latex(Rel("<=", sigma, alpha)) == r"\sigma \le \alpha"
    assert statement_latex(STATEMENTS[4][0]) == r"H(X_0 \mid X_t) \to 0 \quad \text{as } \sigma \to 0^{+}"
    assert isinstance(STATEMENTS[8][0], Chain)
    with pytest.raises(TypeError):
        statement_latex("x = x")
    with pytest.raises(TypeError):
        statement_text(B)


@pytest.mark.parametrize(
    "law", [ANY, FINITE_INFORMATION, DISCRETE, GAUSSIAN, MIXTURE, two_modes(mu, S), STANDING_LAWS["T5"]]
)
@pytest.mark.parametrize("process", [LINEAR, VE, VP])
def test_settings(law, process):
    setting = Setting(law, process, positive=(mu,), nonnegative=(S,))
    assert setting_text(setting).endswith("mu > 0; S >= 0")
    assert setting_latex(setting).endswith(r"$\mu > 0$; $S \ge 0$")
    assert_balanced(setting_latex(setting))


def test_laws_and_symbols():
    assert law_latex(STANDING_LAWS["T1w"]) == r"\frac{1}{5} \delta_{-1} + \frac{4}{5} \delta_{1}"
    assert [symbol_latex(n) for n in ("mu", "mu1", "S", "width", "mu_k", "w_12")] == [
        r"\mu",
        r"\mu_{1}",
        "S",
        r"\mathrm{width}",
        r"\mu_{k}",
        "w_{12}",
    ]


def test_unknown_operators_are_an_error():
    class Strange:
        op, args, data = "strange", (), None

    with pytest.raises(TermError, match="strange"):
        term_text(Strange())
    with pytest.raises(TermError, match="strange"):
        term_latex(Strange())
