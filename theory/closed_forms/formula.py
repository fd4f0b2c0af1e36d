"""Formulas in the field's natural form: a main expression with named pieces, one tree for print, check and SymPy.

A *display term* is a tree of :class:`theory.language.terms.Term` nodes in which vectors and matrices are stood for by
plain names, so that products read as they are written on paper: ``V_1^{-1} (alpha m_1 - x)``. It is never judged as a
statement; :mod:`theory.closed_forms.evaluation` computes it over kernel elements, SymPy expressions or terms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Union

from theory.language.instances import Scalar
from theory.language.terms import Term, make
from theory.typeset.latex import symbol_latex, term_latex
from theory.typeset.text import term_text

Rows = tuple[tuple[Scalar, ...], ...]
Piece = Union[Term, Rows]
X = make("sym", (), "x")


def sym(name: str) -> Term:
    """A name in a display term."""
    return make("sym", (), name)


def shown(op: str, *args: Term) -> Term:
    """A display node for an operator on vectors or matrices, which a name stands for here."""
    return Term(op, args, None, 0, frozenset())


def const(value: Scalar | int) -> Term:
    """A law's number or term."""
    return value if isinstance(value, Term) else make("num", (), Fraction(value))


def is_num(term: Term, value: int) -> bool:
    """Whether ``term`` is this number."""
    return term.op == "num" and term.data == value


def total(*terms: Term) -> Term:
    """A sum without zeros; a leading minus becomes a subtraction."""
    kept = [t for t in terms if not is_num(t, 0)]
    numbers = [t.data for t in kept if t.op == "num" and isinstance(t.data, Fraction)]
    if not kept or len(numbers) == len(kept):
        return const(sum(numbers, Fraction(0)))
    result = kept[0]
    for term in kept[1:]:
        negative = term.op == "neg" or (term.op == "num" and isinstance(term.data, Fraction) and term.data < 0)
        result = result - negated(term) if negative else result + term
    return result


def negated(term: Term) -> Term:
    """-term, without a double minus."""
    if term.op == "neg":
        return term.args[0]
    if term.op == "num" and isinstance(term.data, Fraction):
        return const(-term.data)
    return -term


def product(*terms: Term) -> Term:
    """A product in one row: its number in front, no ones, one minus sign before everything; zero if a factor is."""
    number, kept, queue = Fraction(1), list[Term](), list(terms)
    while queue:
        term = queue.pop(0)
        if term.op == "num" and isinstance(term.data, Fraction):
            number *= term.data
        elif term.op == "neg":
            number, queue = -number, [term.args[0], *queue]
        elif term.op == "mul":
            queue = [*term.args, *queue]
        else:
            base, exponent = _split(term)
            if kept and _split(kept[-1])[0] == base:  # neighbours only: the order of matrices matters
                kept[-1] = raised(base, exponent + _split(kept[-1])[1])
            else:
                kept.append(term)
    if not number or not kept:
        return const(number)
    factors = kept if abs(number) == 1 else [const(abs(number)), *kept]
    result = factors[0] if len(factors) == 1 else make("mul", tuple(factors))
    return -result if number < 0 else result


def _split(term: Term) -> tuple[Term, Fraction]:
    if term.op == "pow" and isinstance(term.data, Fraction):
        return term.args[0], term.data
    return term, Fraction(1)


def raised(base: Term, exponent: Fraction | int) -> Term:
    """base^exponent, without an exponent 1."""
    return base if exponent == 1 else make("pow", (base,), Fraction(exponent))


def ratio(top: Term, bottom: Term) -> Term:
    """top / bottom."""
    if is_num(bottom, 1) or is_num(top, 0):
        return top
    return -(top.args[0] / bottom) if top.op == "neg" else top / bottom


@dataclass
class Formula:
    """``name`` = ``main`` [+ the integral of ``integrand`` over x], with ``pieces`` in the order of their use."""

    text_name: str
    latex_name: str
    main: Term
    dimension: int | None
    integrand: Term | None = None
    pieces: dict[str, Piece] = field(default_factory=dict)

    def used(self) -> list[str]:
        """The pieces that occur, each after the one that uses it first."""
        found: list[str] = []
        queue = [self.main] + ([] if self.integrand is None else [self.integrand])
        while queue:
            for name in _names(queue.pop(0)):
                if name in self.pieces and name not in found:
                    found.append(name)
                    piece = self.pieces[name]
                    if isinstance(piece, Term):
                        queue.append(piece)
        return found

    def text(self) -> str:
        """Plain text: the formula, then one line for each piece."""
        right = term_text(self.main)
        if self.integrand is not None:
            integral = f"integral over x of [{term_text(self.integrand)}]"
            right = integral if is_num(self.main, 0) else f"{right} + {integral}"
        lines = [f"{self.text_name} = {right}"]
        for number, name in enumerate(self.used()):
            piece = self.pieces[name]
            value = term_text(piece) if isinstance(piece, Term) else _rows_text(piece)
            lines.append(f"{'where' if number == 0 else '     '} {name} = {value}")
        return "\n".join(lines)

    def latex(self) -> str:
        """LaTeX for a mathematics environment: one line, or an ``aligned`` block with the pieces below."""
        right = term_latex(self.main)
        if self.integrand is not None:
            space = r"\mathbb{R}" if self.dimension == 1 else rf"\mathbb{{R}}^{{{self.dimension}}}"
            inside = term_latex(self.integrand)
            inside = rf"\left({inside}\right)" if self.integrand.op in ("add", "sub") else inside
            integral = rf"\int_{{{space}}} {inside} \, dx"
            right = integral if is_num(self.main, 0) else f"{right} + {integral}"
        if not self.used():
            return f"{self.latex_name} = {right}"
        lines = [f"{self.latex_name} &= {right}"]
        for name in self.used():
            piece = self.pieces[name]
            value = term_latex(piece) if isinstance(piece, Term) else _rows_latex(piece)
            lines.append(f"{symbol_latex(name)} &= {value}")
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _names(term: Term) -> list[str]:
    """The names in a display term, in the order of reading."""
    if term.op in ("sym", "tfun"):
        return [str(term.data)]
    return [name for part in term.args for name in _names(part)]


def _rows_text(rows: Rows) -> str:
    if all(len(row) == 1 for row in rows):
        return "(" + ", ".join(term_text(const(row[0])) for row in rows) + ")"
    return "[" + ", ".join("[" + ", ".join(term_text(const(v)) for v in row) + "]" for row in rows) + "]"


def _rows_latex(rows: Rows) -> str:
    inside = r" \\ ".join(" & ".join(term_latex(const(v)) for v in row) for row in rows)
    return rf"\begin{{pmatrix}} {inside} \end{{pmatrix}}"
