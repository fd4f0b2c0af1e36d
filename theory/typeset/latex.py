r"""Terms, laws, settings and statements as LaTeX, in the authored order.

Amsmath's macros are used and no others; a formula is one line and stands in any mathematics environment.
"""

from __future__ import annotations

import re
from fractions import Fraction

from theory.language.definitions import FAMILY, FLOW, FORWARD, REVERSE, REVERSE_GIVEN_END
from theory.language.instances import Component, Instance, Law, Scalar, Setting
from theory.language.statements import Chain, Digits, Exists, Iff, Limit, Located, Rel, Series, Statement
from theory.language.terms import Term, make
from theory.typeset.writer import ATOM, POWER, PREFIX, PRODUCT, Piece, Writer, unknown

NAMES = {
    "pi": r"\pi", "dim": "D", "x": "x", "X0": "X_0", "eye": "I", "origin": "0", "p": "p_t", "q": "q_t",
    "kern": r"k(x \mid X_0)",
    "p0": "p_0(X_0)", "pz": r"p_t(x \mid Z)", "wz": "w_Z", "mz": r"\mu_Z", "Sz": "S_Z",
    "score": "s", "score_c": "s_c", "score_z": "s_Z",
    "post_mean": "m", "posterior": r"P(X_0 \mid x)", "posterior_z": r"P(Z \mid x)", "f": "f",
    "snr": r"\operatorname{snr}", "nu": r"\nu", "mmse": r"\operatorname{mmse}", "information": "I(X_0; X_t)",
}  # fmt: skip
PREFIXES = {
    "grad": r"\nabla", "div": r"\nabla\cdot", "jac": r"\nabla", "lap": r"\Delta", "dt": r"\partial_t", "log": r"\log"
}  # fmt: skip
CALLS = {
    "exp": r"\exp", "tanh": r"\tanh", "cos": r"\cos", "sin": r"\sin", "tr": r"\operatorname{tr}",
    "logdet": r"\log\det", "cov": r"\operatorname{Cov}",
    "var": r"\operatorname{Var}", "covar": r"\operatorname{Cov}",
}  # fmt: skip
GIVEN = {"var_post": r"\operatorname{Var}", "cov_post": r"\operatorname{Cov}"}
CLOCKS = {
    "t": "t", "sigma": r"\sigma", "sigma^2": r"\sigma^2", "log-sigma": r"\log\sigma", "snr": r"\operatorname{snr}",
    "nu": r"\nu",
}  # fmt: skip
ALONG = {
    FORWARD: r"\mathrm{forward}", REVERSE: r"\mathrm{reverse}", REVERSE_GIVEN_END: r"\mathrm{reverse} \mid X_0",
    FLOW: r"\mathrm{flow}",
}  # fmt: skip
RELATIONS = {"=": "=", "<=": r"\le", "<": "<", ">=": r"\ge", ">": ">"}
GREEK = frozenset({
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma",
    "Phi", "Psi", "Omega",
})  # fmt: skip
EVENTS = {"Xt": "X_t", "X0": "X_0", "Z": "Z", "x": "x"}


def symbol_latex(name: str) -> str:
    r"""A symbol: ``mu1`` becomes ``\mu_{1}``, ``S`` stays, ``width`` becomes ``\mathrm{width}``."""
    match = re.fullmatch(r"([A-Za-z]+?)_?([0-9]*)((?:_[A-Za-z0-9_]*)?)", name)
    if match is None:
        return r"\mathrm{" + name.replace("_", r"\_") + "}"
    stem, digits, tail = match.groups()
    body = "\\" + stem if stem in GREEK else stem if len(stem) == 1 else r"\mathrm{" + stem + "}"
    below = ",".join(part for part in (digits, *tail.strip("_").split("_")) if part)
    return body + (f"_{{{below}}}" if below else "")


class LatexWriter(Writer):
    """LaTeX; quotients are fractions, so that fewer brackets are needed than in text."""

    strict_minus = False

    def number(self, value: Fraction) -> Piece:
        """An integer or a fraction."""
        sign = "-" if value < 0 else ""
        if value.denominator == 1:
            return Piece(str(value), PRODUCT if sign else ATOM, minus=bool(sign))
        text = rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
        return Piece(text, PRODUCT if sign else POWER, minus=bool(sign))

    def fence(self, text: str) -> str:
        r"""Round brackets, as tall as a fraction inside needs them."""
        return self.wrap("(", text, ")")

    def wrap(self, left: str, text: str, right: str) -> str:
        r"""``text`` between fences, with \left and \right around tall content."""
        tall = r"\frac" in text or r"\left" in text or r"\sqrt" in text
        return rf"\left{left}{text}\right{right}" if tall else f"{left}{text}{right}"

    def join(self, factors: list[str]) -> str:
        r"""Factors side by side, with \cdot before a digit or a fraction that follows a digit."""
        text = factors[0]
        for factor in factors[1:]:
            clash = factor[0].isdigit() or (text[-1].isdigit() and factor.startswith(r"\frac"))
            text += (r" \cdot " if clash else r" \, " if factor.startswith(r"\frac{d}") else " ") + factor
        return text

    def fraction(self, term: Term) -> Piece:
        r"""``\frac{top}{bottom}``; its parts need no brackets."""
        above, below = term.args
        negative = above.op == "neg"
        top = self.piece(above.args[0] if negative else above).text
        text = rf"\frac{{{top}}}{{{self.piece(below).text}}}"
        return Piece("-" + text, PRODUCT, minus=True) if negative else Piece(text, POWER)

    def root(self, inner: Piece) -> Piece:
        r"""``\sqrt{..}``."""
        return Piece(rf"\sqrt{{{inner.text}}}")

    def raised(self, base: str, exponent: Fraction) -> Piece:
        """``base^{exponent}``."""
        return Piece(f"{base}^{{{exponent}}}", POWER)

    def _bare(self, inner: Piece) -> bool:
        return inner.level == ATOM or (inner.level == PREFIX and inner.open)

    def _prefix(self, name: str, inner: Piece) -> Piece:
        if self._bare(inner):
            return Piece(f"{name} {inner.text}", PREFIX, open=True)
        return Piece(f"{name}{self.fence(inner.text)}", PREFIX)

    def special(self, term: Term) -> Piece:
        """Names, prefixes, calls and brackets."""
        op, inside = term.op, [self.piece(t) for t in term.args]
        first = inside[0].text if inside else ""
        if op in NAMES:
            return Piece(NAMES[op])
        if op == "tfun":
            return Piece("\\" + str(term.data) if term.data in GREEK else str(term.data))
        if op == "mat":
            return Piece(str(term.data))
        if op == "sym":
            return Piece(symbol_latex(str(term.data)))
        if op == "field":
            return Piece(symbol_latex(str(term.data[0]) if isinstance(term.data, tuple) else ""))
        if op in PREFIXES:
            return self._prefix(PREFIXES[op], inside[0])
        if op in CALLS:
            return Piece(CALLS[op] + self.fence(", ".join(i.text for i in inside)), PREFIX)
        if op in GIVEN:
            return Piece(GIVEN[op] + self.fence(rf"{first} \mid x"))
        if op == "E":
            return Piece(r"\mathbb{E}" + self.wrap("[", first, "]"))
        if op == "post":
            return Piece(r"\mathbb{E}" + self.wrap("[", rf"{first} \mid x", "]"))
        if op == "normsq":
            return Piece(rf"\left\|{first}\right\|^2", POWER)
        if op == "frobsq":
            return Piece(rf"\left\|{first}\right\|_F^2", POWER)
        if op == "entropy":
            left, bar, right = str(term.data).partition("|")
            return Piece(f"H({EVENTS[left]}" + (rf" \mid {EVENTS[right]})" if bar else ")"))
        if op in ("dot", "outer"):
            sign = r" \cdot " if op == "dot" else r" \otimes "
            return Piece(sign.join(self.above(i, POWER) for i in inside), PRODUCT)
        if op == "transpose":
            return Piece(rf"{self.above(inside[0], ATOM)}^\top", POWER)
        if op == "inv":
            return Piece(f"{self.above(inside[0], ATOM)}^{{-1}}", POWER)
        if op == "coord":
            # brackets keep s_c's own index apart from the component's
            return Piece(f"{first if re.fullmatch('[A-Za-z]', first) else self.fence(first)}_{{{term.data}}}")
        if op == "at":
            return Piece(rf"\left.{self.above(inside[0], PRODUCT)}\right|_{{x={inside[1].text}}}")
        if op == "rate":
            argument = first if self._bare(inside[0]) else self.fence(first)
            return Piece(rf"\frac{{d}}{{d{_spaced(CLOCKS[str(term.data)])}}} {argument}", PREFIX, open=True)
        if op in ("drift", "noise", "qv"):
            along = ALONG.get(str(term.data), "") or rf"\mathrm{{family}},\, {inside[-1].text}"
            assert along or term.data == FAMILY
            return Piece(rf"\operatorname{{{op}}}_{{{along}}}" + self.wrap("[", first, "]"))
        raise unknown(term)


def _spaced(clock: str) -> str:
    return clock if clock.startswith("\\") or len(clock) == 1 else " " + clock


_WRITER = LatexWriter()


def term_latex(term: Term) -> str:
    """``term`` as LaTeX, without surrounding dollar signs. Raises TermError on an operator without a form."""
    return _WRITER.write(term)


# -- laws and settings -------------------------------------------------------------------------------------------------
def scalar_latex(value: Scalar) -> str:
    """A law's number or term."""
    return term_latex(value if isinstance(value, Term) else make("num", (), value))


def _vector(values: tuple[Scalar, ...]) -> str:
    inside = ", ".join(scalar_latex(v) for v in values)
    return inside if len(values) == 1 else _WRITER.fence(inside)


def _normal(part: Component) -> str:
    size = len(part.mean)
    if size == 1:
        cov = scalar_latex(part.cov[0][0])
    else:
        rows = r" \\ ".join(" & ".join(scalar_latex(v) for v in row) for row in part.cov)
        cov = rf"\begin{{pmatrix}}{rows}\end{{pmatrix}}"
    return rf"\mathcal{{N}}\left({_vector(part.mean)}, {cov}\right)"


def law_latex(law: Law) -> str:
    r"""``\frac{1}{2} \delta_{-1} + \frac{1}{2} \delta_{1}``; components in their order."""
    parts = []
    for part in law.components:
        measure = rf"\delta_{{{_vector(part.mean)}}}" if part.is_atom else _normal(part)
        weight = part.weight if isinstance(part.weight, Term) else make("num", (), part.weight)
        piece = _WRITER.piece(weight)
        parts.append(measure if part.weight == 1 else f"{_WRITER.above(piece, PRODUCT, first=True)} {measure}")
    return " + ".join(parts)


def setting_latex(setting: Setting) -> str:
    """A setting as text with formulas in dollars."""
    law = f"$X_0 \\sim {law_latex(setting.law)}$" if isinstance(setting.law, Law) else _words(setting.law.text)
    parts = [law, _words(setting.process.text)] + ([] if setting.D is None else [f"$D = {setting.D}$"])
    parts += [f"${term_latex(t)} > 0$" for t in setting.positive]
    parts += [rf"${term_latex(t)} \ge 0$" for t in setting.nonnegative]
    return "; ".join(parts)


_FORMULA = {
    "dX = a(t) X dt + g(t) dW": r"$dX = a(t) X \, dt + g(t) \, dW$",
    "X_t = alpha X_0 + sigma eps": r"$X_t = \alpha X_0 + \sigma \varepsilon$",
    "dX = f(X, t) dt + g(t) dW": r"$dX = f(X, t) \, dt + g(t) \, dW$",
    "drift f": "drift $f$",
    "dX = A(t) X dt + B(t) dW": r"$dX = A(t) X \, dt + B(t) \, dW$",
    "G = B B^T": r"$G = B B^\top$",
    "X_t is": "$X_t$ is",
    "dX = g(t) dW": r"$dX = g(t) \, dW$",
    "alpha = 1": r"$\alpha = 1$",
    "dX = -(beta/2) X dt + sqrt(beta) dW": r"$dX = -\frac{\beta}{2} X \, dt + \sqrt{\beta} \, dW$",
    "alpha^2 + sigma^2 = 1": r"$\alpha^2 + \sigma^2 = 1$",
    "I(X0; Xt)": "$I(X_0; X_t)$",
}


def _words(text: str) -> str:
    """A sentence with its known formulas typeset and every other character safe for LaTeX."""
    pattern = "|".join(re.escape(key) for key in sorted(_FORMULA, key=len, reverse=True))
    pieces = re.split(f"({pattern})", text)
    return "".join(_FORMULA.get(piece) or _escaped(piece) for piece in pieces)


def _escaped(text: str) -> str:
    text = re.sub(r"([#$%&_{}])", r"\\\1", text.replace("\\", r"\textbackslash "))
    return text.replace("^", r"\^{}").replace("~", r"\~{}").replace("X0", "$X_0$")


# -- statements --------------------------------------------------------------------------------------------------------
def relation_latex(rel: Rel) -> str:
    """``lhs = rhs``, without its quantifiers."""
    return f"{term_latex(rel.lhs)} {RELATIONS[rel.relation]} {term_latex(rel.rhs)}"


def conditions_latex(free: frozenset[str]) -> str:
    r"""``\text{for all } x, X_0``, or nothing."""
    names = [EVENTS[n] for n in ("x", "X0", "Z") if n in free]
    return rf"\text{{for all }} {', '.join(names)}" if names else ""


def _quantified(text: str, free: frozenset[str]) -> str:
    conditions = conditions_latex(free)
    return rf"{text} \qquad {conditions}" if conditions else text


def _value(value: Digits | Term) -> str:
    return rf"{value.text}\ldots" if isinstance(value, Digits) else term_latex(value)


def _located(located: Located) -> str:
    what = located.what
    count = rf"\text{{exactly }} {located.count}" if located.count is not None else r"\text{one}"
    text = rf"\text{{{what.kind} of }} {term_latex(what.term)} \text{{ in }} {term_latex(what.variable)}"
    text += rf"\text{{: }} {count}"
    if located.at is not None:
        text += rf" \text{{ at }} {_value(located.at)}"
    if located.value is not None:
        text += rf" \text{{ with value }} {_value(located.value)}"
    if located.within is not None:
        low, high = (scalar_latex(v) for v in located.within)
        text += rf" \text{{ within }} {_WRITER.fence(f'{low}, {high}')}"
    return text + (rf" \text{{ if }} {relation_latex(located.when)}" if located.when else "")


def _instance(instance: Instance) -> str:
    germ = instance.germ
    values = ((r"\alpha", germ.alpha), (r"\sigma", germ.sigma), ("a", germ.a[0]), ("g^2", germ.g2[0]))
    parts = [f"X_0 \\sim {law_latex(instance.law)}"] + [f"{name} = {scalar_latex(value)}" for name, value in values]
    parts += [f"{symbol_latex(name)} = {scalar_latex(value)}" for name, value in instance.symbols]
    return r",\ ".join(parts)


def _series(series: Series) -> str:
    variable = _WRITER.above(_WRITER.piece(series.variable), ATOM)
    powers = [
        "" if n == 0 else variable if n == 1 else f"{variable}^{{{n}}}" for n in range(len(series.coefficients) + 1)
    ]
    parts: list[str] = []
    for coefficient, power in zip(series.coefficients, powers, strict=False):
        if coefficient == make("num", (), Fraction(0)):
            continue
        piece = _WRITER.piece(coefficient)
        parts.append(f"{_WRITER.above(piece, PREFIX if power else PRODUCT, first=not parts)} {power}".strip())
    return " + ".join([*parts, f"O({powers[-1]})"])


def statement_latex(statement: Statement) -> str:
    """A statement of any kind, with its quantifiers. Raises TypeError on anything else."""
    if isinstance(statement, Rel):
        return _quantified(relation_latex(statement), statement.free)
    if isinstance(statement, Iff):
        both = rf"{relation_latex(statement.left)} \iff {relation_latex(statement.right)}"
        return _quantified(both, statement.left.free | statement.right.free)
    if isinstance(statement, Limit):
        side = f"^{{{statement.side}}}" if statement.side else ""
        way = rf"{term_latex(statement.variable)} \to {term_latex(statement.to)}{side}"
        return rf"{term_latex(statement.term)} \to {term_latex(statement.value)} \quad \text{{as }} {way}"
    if isinstance(statement, Series):
        return f"{term_latex(statement.term)} = {_series(statement)}"
    if isinstance(statement, Located):
        return _located(statement)
    if isinstance(statement, Chain):
        tail = "".join(f" {RELATIONS[link.relation]} {term_latex(link.rhs)}" for link in statement.links)
        free = frozenset().union(*(link.free for link in statement.links))
        return _quantified(term_latex(statement.links[0].lhs) + tail, free)
    if isinstance(statement, Exists):
        where = rf"\text{{at some instance, here }} {_instance(statement.instance)}"
        return rf"{relation_latex(statement.statement)} \quad {where}"
    raise TypeError(f"{type(statement).__name__} is no statement")
