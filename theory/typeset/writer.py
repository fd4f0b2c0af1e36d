"""What every writer shares: the precedence of arithmetic. Authored order is kept; nothing is ever simplified.

A written term is a :class:`Piece`: its text, how tightly it binds, whether it starts with a minus sign, and whether it
ends in the bare argument of a prefix operator (``div s``), which a following factor would seem to join.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction

from theory.language import definitions as _definitions  # noqa: F401  (registers the notation)
from theory.language.terms import Term, TermError

SUM, PRODUCT, PREFIX, POWER, ATOM = range(5)


@dataclass(frozen=True)
class Piece:
    """A written term. ``level``: one of SUM, PRODUCT, PREFIX, POWER, ATOM."""

    text: str
    level: int = ATOM
    minus: bool = False
    open: bool = False


class Writer(ABC):
    """Arithmetic by precedence; what a name, a fence or a fraction looks like is left to the subclass."""

    strict_minus = True
    """Whether -(a b) keeps its brackets, so that it differs from (-a) b."""

    def write(self, term: Term) -> str:
        """``term`` on one line. Raises TermError on an operator no writer knows."""
        return self.piece(term).text

    def piece(self, term: Term) -> Piece:
        """``term`` with its binding strength."""
        if term.op == "num":
            assert isinstance(term.data, Fraction)
            return self.number(term.data)
        arithmetic = {
            "add": self._add, "sub": self._sub, "neg": self._neg, "mul": self._mul, "quot": self._quot, "pow": self._pow
        }.get(term.op)  # fmt: skip
        return self.special(term) if arithmetic is None else arithmetic(term)

    # -- what a subclass says ------------------------------------------------------------------------------------------
    @abstractmethod
    def number(self, value: Fraction) -> Piece:
        """An exact rational."""

    @abstractmethod
    def special(self, term: Term) -> Piece:
        """Every operator that is not arithmetic."""

    @abstractmethod
    def fence(self, text: str) -> str:
        """``text`` in round brackets."""

    @abstractmethod
    def join(self, factors: list[str]) -> str:
        """A product."""

    @abstractmethod
    def fraction(self, term: Term) -> Piece:
        """A quotient."""

    @abstractmethod
    def root(self, inner: Piece) -> Piece:
        """A square root."""

    @abstractmethod
    def raised(self, base: str, exponent: Fraction) -> Piece:
        """A power of a base that is already fenced where it must be."""

    # -- arithmetic --------------------------------------------------------------------------------------------------
    def above(self, piece: Piece, level: int, *, first: bool = False) -> str:
        """``piece`` as an operand that binds at least as tightly as ``level``; only the first may start with minus."""
        loose = piece.level < level or (piece.minus and not first)
        return self.fence(piece.text) if loose else piece.text

    def _add(self, term: Term) -> Piece:
        head = self.piece(term.args[0])
        texts = [self.fence(head.text) if term.args[0].op == "add" else head.text]
        texts += [self.above(self.piece(t), PRODUCT) for t in term.args[1:]]
        return Piece(" + ".join(texts), SUM, head.minus and term.args[0].op != "add")

    def _sub(self, term: Term) -> Piece:
        head = self.piece(term.args[0])
        return Piece(f"{head.text} - {self.above(self.piece(term.args[1]), PRODUCT)}", SUM, head.minus)

    def _neg(self, term: Term) -> Piece:
        inner = self.piece(term.args[0])
        text = self.above(inner, PREFIX if self.strict_minus else PRODUCT)
        return Piece("-" + text, PRODUCT, minus=True, open=inner.open and text == inner.text)

    def _mul(self, term: Term) -> Piece:
        pieces = [self.piece(t) for t in term.args]
        texts, last = [], len(pieces) - 1
        for place, (factor, piece) in enumerate(zip(term.args, pieces, strict=True)):
            if factor.op in ("mul", "dot") or (piece.open and place < last):
                texts.append(self.fence(piece.text))
            else:
                texts.append(self.above(piece, PRODUCT if place == 0 else PREFIX, first=place == 0))
        return Piece(
            self.join(texts), PRODUCT, texts[0].startswith("-"), pieces[last].open and texts[last] == pieces[last].text
        )

    def _quot(self, term: Term) -> Piece:
        return self.fraction(term)

    def _pow(self, term: Term) -> Piece:
        base = self.piece(term.args[0])
        assert isinstance(term.data, Fraction)
        if term.data == Fraction(1, 2):
            return self.root(base)
        return self.raised(self.above(base, ATOM), term.data)


def unknown(term: Term) -> TermError:
    """The error for an operator a writer has no form for."""
    return TermError(f"{term.op}: no writer knows this operator")
