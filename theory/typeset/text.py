"""Terms, laws, settings and statements as one line of plain text: ``d/dt H(X0|Xt) = g^2/2 (D/sigma^2 + E[div s])``."""

from __future__ import annotations

from fractions import Fraction

from theory.language.definitions import FAMILY
from theory.language.instances import Component, Instance, Law, Scalar, Setting, Vector
from theory.language.statements import Chain, Digits, Exists, Extremum, Iff, Limit, Located, Rel, Series, Statement
from theory.language.terms import Term, make
from theory.typeset.writer import ATOM, POWER, PREFIX, PRODUCT, Piece, Writer, unknown

NAMES = {
    "pi": "pi", "dim": "D", "x": "x", "X0": "X0", "eye": "I", "origin": "0", "p": "p", "q": "q", "kern": "k(x|X0)",
    "p0": "p0(X0)", "pz": "p(x|Z)", "wz": "w(Z)", "mz": "mu_Z", "Sz": "S_Z", "score": "s", "score_c": "s_c",
    "score_z": "s_z", "post_mean": "m", "posterior": "P(X0|x)", "posterior_z": "P(Z|x)", "f": "f",
    "snr": "snr", "nu": "nu", "mmse": "mmse", "information": "I(X0; Xt)",
}  # fmt: skip
PREFIXES = {"grad": "grad", "div": "div", "jac": "jac", "lap": "lap", "dt": "d_t", "log": "log"}
CALLS = {
    "logdet": "log det", "cov": "Cov",
    "exp": "exp", "tanh": "tanh", "cos": "cos", "sin": "sin", "tr": "tr", "outer": "outer", "var": "Var", "covar": "Cov"
}  # fmt: skip
BRACKETS = {
    "E": ("E[", "]"), "post": ("E[", "|x]"), "var_post": ("Var(", "|x)"), "cov_post": ("Cov(", "|x)"),
    "normsq": ("|", "|^2"), "frobsq": ("||", "||_F^2"),
}  # fmt: skip
CLOCKS = {"log-sigma": "(log sigma)"}


class TextWriter(Writer):
    """Plain text. ``plain``: the spelling of the law grammar, with ``*`` and function brackets everywhere."""

    def __init__(self, plain: bool = False) -> None:
        self.plain = plain

    def number(self, value: Fraction) -> Piece:
        """An integer, or a ratio ``n/d``."""
        return Piece(str(value), PRODUCT if value < 0 or value.denominator > 1 else ATOM, minus=value < 0)

    def fence(self, text: str) -> str:
        """``text`` in brackets."""
        return f"({text})"

    def join(self, factors: list[str]) -> str:
        """Factors side by side, or with ``*`` in plain spelling."""
        text = factors[0]
        for factor in factors[1:]:
            text += ("*" if self.plain or factor[0].isdigit() else " ") + factor
        return text

    def fraction(self, term: Term) -> Piece:
        """``top/bottom``."""
        top, bottom = (self.piece(t) for t in term.args)
        ratio = term.args[0].op == "num" and top.level == PRODUCT and "/" in top.text
        upper = self.fence(top.text) if top.open or ratio else self.above(top, PRODUCT, first=True)
        return Piece(f"{upper}/{self.above(bottom, POWER)}", PRODUCT, minus=upper.startswith("-"))

    def root(self, inner: Piece) -> Piece:
        """``sqrt(..)``."""
        return Piece(f"sqrt({inner.text})")

    def raised(self, base: str, exponent: Fraction) -> Piece:
        """``base^exponent``."""
        plain = exponent.denominator == 1 and exponent >= 0
        return Piece(f"{base}^{exponent}" if plain else f"{base}^({exponent})", POWER)

    def _prefix(self, name: str, inner: Piece) -> Piece:
        if self.plain or not (inner.level == ATOM or (inner.level == PREFIX and inner.open)):
            return Piece(f"{name}({inner.text})")
        return Piece(f"{name} {inner.text}", PREFIX, open=True)

    def special(self, term: Term) -> Piece:
        """Names, prefixes, calls and brackets."""
        op, inside = term.op, [self.piece(t) for t in term.args]
        if op in NAMES:
            return Piece(NAMES[op])
        if op in ("sym", "tfun", "mat"):
            return Piece(str(term.data))
        if op == "field":
            return Piece(str(term.data[0]) if isinstance(term.data, tuple) else "")
        if op in PREFIXES:
            return self._prefix(PREFIXES[op], inside[0])
        if op in CALLS:
            return Piece(f"{CALLS[op]}({', '.join(i.text for i in inside)})")
        if op in BRACKETS:
            left, right = BRACKETS[op]
            return Piece(left + inside[0].text + right, POWER if op in ("normsq", "frobsq") else ATOM)
        if op == "entropy":
            return Piece(f"H({term.data})")
        if op == "dot":
            return Piece(" . ".join(self.above(i, POWER) for i in inside), PRODUCT)
        if op == "transpose":
            return Piece(f"{self.above(inside[0], ATOM)}^T", POWER)
        if op == "inv":
            return Piece(f"{self.above(inside[0], ATOM)}^(-1)", POWER)
        if op == "coord":
            return Piece(f"{self.above(inside[0], ATOM)}[{term.data}]")
        if op == "at":
            return Piece(f"{self.fence(inside[0].text)}(x={inside[1].text})")
        if op == "rate":
            clock = CLOCKS.get(str(term.data), str(term.data))
            return Piece(f"d/d{clock} {self._argument(inside[0])}", PREFIX, open=True)
        if op == "drift":
            along = f"family {inside[1].text}" if term.data == FAMILY else str(term.data)
            return Piece(f"drift[{inside[0].text}; {along}]")
        if op in ("noise", "qv"):
            return Piece(f"{op}[{inside[0].text}; {term.data}]")
        raise unknown(term)

    def _argument(self, inner: Piece) -> str:
        bare = inner.level == ATOM or (inner.level == PREFIX and inner.open)
        return inner.text if bare else self.fence(inner.text)


_PROSE, _PLAIN = TextWriter(), TextWriter(plain=True)


def term_text(term: Term, *, plain: bool = False) -> str:
    """``term`` on one line; ``plain`` in the spelling that :func:`theory.grammar.parse_scalar` reads back."""
    return (_PLAIN if plain else _PROSE).write(term)


# -- laws --------------------------------------------------------------------------------------------------------------
def scalar_text(value: Scalar) -> str:
    """A law's number or term, in the grammar."""
    return term_text(value, plain=True) if isinstance(value, Term) else str(value)


def vector_text(vector: Vector) -> str:
    """A point: ``1/2``, or ``(1, 0)`` from two dimensions on."""
    inside = ", ".join(scalar_text(v) for v in vector)
    return inside if len(vector) == 1 else f"({inside})"


def _cov_text(part: Component) -> str:
    size = range(len(part.mean))
    diagonal = part.cov[0][0]
    if all(part.cov[i][j] == (diagonal if i == j else 0) for i in size for j in size):
        return scalar_text(diagonal)
    return "[" + ", ".join("[" + ", ".join(scalar_text(v) for v in row) + "]" for row in part.cov) + "]"


def law_text(law: Law) -> str:
    """``law`` in the grammar of :func:`theory.laws.parse_law`, which reads it back to equal components."""
    if law.is_discrete:
        atoms = ", ".join(f"{vector_text(c.mean)}: {scalar_text(c.weight)}" for c in law.components)
        return f"deltas({atoms})"
    normals = [f"{vector_text(c.mean)}, {_cov_text(c)}" for c in law.components]
    if law.K == 1 and law.components[0].weight == 1:
        return f"gaussian({normals[0]})"
    parts = (f"{scalar_text(c.weight)}: N({n})" for c, n in zip(law.components, normals, strict=True))
    return f"mixture({', '.join(parts)})"


def instance_text(instance: Instance) -> str:
    """An instance: its law and germ."""
    germ = instance.germ
    parts = [instance.name or instance.law.name or law_text(instance.law)]
    parts += [f"alpha = {scalar_text(germ.alpha)}", f"sigma = {scalar_text(germ.sigma)}"]
    parts += [f"a = {scalar_text(germ.a[0])}", f"g^2 = {scalar_text(germ.g2[0])}"]
    parts += [f"{name} = {scalar_text(value)}" for name, value in instance.symbols]
    return ", ".join(parts)


def setting_text(setting: Setting) -> str:
    """A setting: ``any law of X0 with ..; dX = a(t) X dt + ..; D = 1; mu > 0``."""
    law = law_text(setting.law) if isinstance(setting.law, Law) else setting.law.text
    parts = [law, setting.process.text] + ([] if setting.D is None else [f"D = {setting.D}"])
    parts += [f"{term_text(t)} > 0" for t in setting.positive] + [f"{term_text(t)} >= 0" for t in setting.nonnegative]
    return "; ".join(parts)


# -- statements --------------------------------------------------------------------------------------------------------
def relation_text(rel: Rel) -> str:
    """``lhs = rhs``, without its quantifiers."""
    return f"{term_text(rel.lhs)} {rel.relation} {term_text(rel.rhs)}"


def conditions_text(free: frozenset[str]) -> str:
    """``for all x, X0``, or nothing."""
    names = [n for n in ("x", "X0", "Z") if n in free]
    return f"for all {', '.join(names)}" if names else ""


def _with_conditions(text: str, free: frozenset[str]) -> str:
    conditions = conditions_text(free)
    return f"{text}   ({conditions})" if conditions else text


def _value_text(value: Digits | Term) -> str:
    return f"{value.text}.." if isinstance(value, Digits) else term_text(value)


def _located_text(located: Located) -> str:
    what: Extremum = located.what
    count = "" if located.count is None else f"exactly {located.count}"
    text = f"{what.kind} of {term_text(what.term)} in {term_text(what.variable)}: {count or 'one'}"
    if located.at is not None:
        text += f"{', ' if count else ''} at {_value_text(located.at)}".replace("  ", " ")
    if located.value is not None:
        text += f", with value {_value_text(located.value)}"
    if located.within is not None:
        text += f", within ({located.within[0]}, {located.within[1]})"
    return text + (f", if {relation_text(located.when)}" if located.when else "")


def statement_text(statement: Statement) -> str:
    """A statement of any kind on one line, with its quantifiers. Raises TypeError on anything else."""
    if isinstance(statement, Rel):
        return _with_conditions(relation_text(statement), statement.free)
    if isinstance(statement, Iff):
        both = f"{relation_text(statement.left)}   iff   {relation_text(statement.right)}"
        return _with_conditions(both, statement.left.free | statement.right.free)
    if isinstance(statement, Limit):
        way = f"{term_text(statement.variable)} -> {term_text(statement.to)}{statement.side}"
        return f"{term_text(statement.term)} -> {term_text(statement.value)} as {way}"
    if isinstance(statement, Series):
        return f"{term_text(statement.term)} = {_series_text(statement)}"
    if isinstance(statement, Located):
        return _located_text(statement)
    if isinstance(statement, Chain):
        tail = "".join(f" {link.relation} {term_text(link.rhs)}" for link in statement.links)
        free = frozenset().union(*(link.free for link in statement.links))
        return _with_conditions(term_text(statement.links[0].lhs) + tail, free)
    if isinstance(statement, Exists):
        return f"at some instance: {relation_text(statement.statement)}   (here {instance_text(statement.instance)})"
    raise TypeError(f"{type(statement).__name__} is no statement")


def _series_text(series: Series) -> str:
    variable = term_text(series.variable)
    parts: list[str] = []
    for order, coefficient in enumerate(series.coefficients):
        if coefficient == make("num", (), Fraction(0)):
            continue
        piece = _PROSE.piece(coefficient)
        written = _PROSE.above(piece, PRODUCT) if order == 0 else _PROSE.above(piece, PREFIX, first=not parts)
        parts.append(written if order == 0 else f"{written} {_power(variable, order)}")
    return " + ".join([*parts, f"O({_power(variable, len(series.coefficients))})"])


def _power(variable: str, order: int) -> str:
    return variable if order == 1 else f"{variable}^{order}"
