"""The safe reading of foreign text: exact scalars such as ``1/2``, ``0.3``, ``3*mu^2 - exp(-t/2)``.

Standard library only.

Nothing is ever evaluated as Python. The text is split into tokens and read by recursive descent; length, bracket depth,
literals, exponents and the size of every folded number are bounded before any work is done with them, so hostile input
is refused in milliseconds. Every error is one sentence with the column (from 1) and the remedy.

    scalar  = product { ("+" | "-") product }
    product = factor { ("*" | "/") factor }
    factor  = { "+" | "-" } power
    power   = atom [ ("^" | "**") exponent ]          exponent: an integer or half-integer, at most 64 in size
    atom    = number | name | function "(" scalar ")" | "(" scalar ")"

Numbers are exact (an integer, a decimal, a ratio); arithmetic between numbers is carried out, everything else is kept
as authored. Functions: exp, log, sqrt, tanh, cos, sin, tan. ``pi`` is the number; any other name is a symbol.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from typing import NoReturn

from theory.grammar_tokens import (
    CLOSING,
    MAX_BITS,
    OPENING,
    GrammarError,
    Token,
    bounded,
    fold,
    number,
    tokens,
)
from theory.language import definitions as _definitions  # noqa: F401  (registers neg, sub and quot)
from theory.language.terms import Term, TermError, make

__all__ = ["GrammarError", "Reader", "Token", "as_number", "constant", "negated", "parse_scalar"]

MAX_SIGNS = 32
MAX_EXPONENT = 64
MAX_TREE = 120
MAX_NESTED = 32
"""Chains of - and / longer than this are kept flat (a + (-b), a*b^-1), so that terms stay shallow."""

FUNCTIONS = ("exp", "log", "sqrt", "tanh", "cos", "sin", "tan")


def constant(value: Fraction | int) -> Term:
    """The literal ``value`` as a term."""
    return make("num", (), Fraction(value))


def as_number(term: Term) -> Fraction | None:
    """The value of a literal term, None for any other."""
    return term.data if term.op == "num" and isinstance(term.data, Fraction) else None


class Reader:
    """A cursor over the tokens of ``text``; the grammars of laws and processes are written with it.

    ``names``: the only symbols allowed (None: any name is a symbol).
    """

    def __init__(self, text: str, names: Collection[str] | None = None) -> None:
        self.text = text
        self.names = names
        self._tokens = tokens(text)
        self._place = 0

    @property
    def next(self) -> Token:
        """The token under the cursor."""
        return self._tokens[self._place]

    def ahead(self, count: int) -> Token:
        """The token ``count`` places after the cursor (the end token beyond the end)."""
        return self._tokens[min(self._place + count, len(self._tokens) - 1)]

    def fail(self, message: str, token: Token | None = None) -> NoReturn:
        """Raise GrammarError at ``token`` (default: the cursor)."""
        raise GrammarError((token or self.next).column, message)

    def take(self) -> Token:
        """The token under the cursor, which moves on."""
        token = self.next
        if token.kind != "end":
            self._place += 1
        return token

    def at(self, sign: str) -> bool:
        """Whether the cursor stands on the sign ``sign``."""
        return self.next.kind == "sign" and self.next.text == sign

    def accept(self, sign: str) -> bool:
        """Move over ``sign`` if it is there."""
        if self.at(sign):
            self._place += 1
            return True
        return False

    def expect(self, sign: str, where: str) -> Token:
        """Move over ``sign``, or fail saying where it is needed."""
        if not self.at(sign):
            self.fail(f"expected {sign!r} {where}, found {self.found()}")
        return self.take()

    def name(self, what: str) -> Token:
        """Move over a name, or fail saying what it should be."""
        if self.next.kind != "name":
            self.fail(f"expected {what}, found {self.found()}")
        return self.take()

    def found(self) -> str:
        """The token under the cursor, in words."""
        return "the end of the text" if self.next.kind == "end" else repr(self.next.text)

    def end(self) -> None:
        """Fail unless everything has been read."""
        if self.next.kind != "end":
            self.fail(f"{self.found()} after the end of a complete expression; remove it or join it with + - * /")

    def is_tuple(self) -> bool:
        """Whether the bracket under the cursor holds a comma of its own, as in ``(1, 0)``."""
        depth, place = 0, self._place
        while True:
            token = self._tokens[place]
            if token.kind == "end":
                return False
            if token.kind == "sign":
                depth += (token.text in OPENING) - (token.text in CLOSING)
                if depth == 0:
                    return False
                if token.text == "," and depth == 1:
                    return True
            place += 1

    def listed(self, close: str) -> bool:
        """Inside a list: move over a comma and say True, or over ``close`` and say False."""
        if self.accept(","):
            return True
        self.expect(close, "or ',' here")
        return False

    # -- scalars -----------------------------------------------------------------------------------------------------
    def scalar(self) -> Term:
        """One scalar expression, at most MAX_TREE levels deep."""
        start = self.next
        term = self._sum()
        level, nodes = 0, [term]
        while nodes:
            level, nodes = level + 1, [t for node in nodes for t in node.args]
        if level > MAX_TREE:
            self.fail(f"an expression of {level} levels, at most {MAX_TREE} are read; simplify it", start)
        return term

    def _sum(self) -> Term:
        signs, operands, columns = [""], [self._product()], [self.next.column]
        while self.at("+") or self.at("-"):
            columns.append(self.next.column)
            signs.append(self.take().text)
            operands.append(self._product())
        return self._chain(signs, operands, columns, "add", "sub")

    def _product(self) -> Term:
        signs, operands, columns = [""], [self._factor()], [self.next.column]
        while self.at("*") or self.at("/"):
            columns.append(self.next.column)
            signs.append(self.take().text)
            operands.append(self._factor())
        return self._chain(signs, operands, columns, "mul", "quot")

    def _chain(self, signs: list[str], operands: list[Term], columns: list[int], many: str, inverse: str) -> Term:
        """Operands joined from the left; numbers are folded, runs of one sign stay flat."""
        group = [operands[0]]  # joined by `many`
        flat = len(operands) > MAX_NESTED
        for sign, operand, column in zip(signs[1:], operands[1:], columns[1:], strict=True):
            left, right = as_number(group[0]), as_number(operand)
            if sign == "/" and right == 0:
                raise GrammarError(column, "division by zero; give a denominator that is not 0")
            if len(group) == 1 and left is not None and right is not None:
                group = [constant(fold(sign, left, right, column))]
            elif sign in "+*":
                group.append(operand)
            elif flat:
                group.append(negated(operand) if sign == "-" else make("pow", (operand,), Fraction(-1)))
            else:
                group = [make(inverse, (_joined(many, group), operand))]
        return _joined(many, group)

    def _factor(self) -> Term:
        negative, count = False, 0
        while self.at("+") or self.at("-"):
            count += 1
            if count > MAX_SIGNS:
                self.fail(f"more than {MAX_SIGNS} signs in a row; write one")
            negative ^= self.take().text == "-"
        term = self._power()
        return negated(term) if negative else term

    def _power(self) -> Term:
        base = self._atom()
        if not (self.at("^") or self.at("**")):
            return base
        column = self.take().column
        exponent = as_number(self._exponent())
        if self.at("^") or self.at("**"):
            self.fail("a tower of powers; put it in brackets")
        if exponent is None or exponent.denominator > 2 or abs(exponent) > MAX_EXPONENT:
            allowed = f"an integer or half-integer of size at most {MAX_EXPONENT}"
            raise GrammarError(column, f"an exponent must be {allowed}; use exp(..) for others")
        value = as_number(base)
        if value == 0 and exponent < 0:
            raise GrammarError(column, "division by zero; give a denominator that is not 0")
        if value is not None and value < 0 and exponent.denominator == 2:
            raise GrammarError(column, f"the sqrt of {value} is not real; take the root of a number >= 0")
        if value is not None and exponent.denominator == 1:
            bits = max(value.numerator.bit_length(), value.denominator.bit_length())
            if bits * abs(exponent.numerator) > MAX_BITS:
                raise GrammarError(column, f"a number of more than {MAX_BITS} bits; write a smaller one")
            return constant(value**exponent.numerator)
        return make("pow", (base,), exponent)

    def _exponent(self) -> Term:
        """A signed literal or a bracket."""
        negative = False
        if self.at("-") or self.at("+"):
            negative = self.take().text == "-"
        token = self.next
        if token.kind != "number" and not self.at("("):
            self.fail("an exponent must be a number, such as 2 or (1/2); use exp(..) for a general power")
        term = self._atom()
        return negated(term) if negative else term

    def _atom(self) -> Term:
        token = self.next
        if token.kind == "number":
            return constant(bounded(number(self.take()), token.column))
        if self.accept("("):
            inner = self._sum()
            if self.at(","):
                self.fail("a vector stands where a number is needed; write one number")
            self.expect(")", f"to close the bracket of column {token.column}")
            return inner
        if token.kind != "name":
            self.fail(f"expected a number, a name or a bracket, found {self.found()}")
        self.take()
        if token.text in FUNCTIONS:
            return self._function(token)
        if self.at("("):
            known = f"known: {', '.join(FUNCTIONS)}; for a product write {token.text}*(..)"
            self.fail(f"{token.text!r} is no function; {known}", token)
        if token.text == "pi":
            return make("pi")
        if self.names is not None and token.text not in self.names:
            known = f"known here: {', '.join(sorted(self.names))}" if self.names else "only numbers are allowed here"
            self.fail(f"unknown name {token.text!r}; {known}", token)
        try:
            return make("sym", (), token.text)
        except TermError as error:
            self.fail(f"{token.text!r} cannot be a name ({error}); choose another", token)

    def _function(self, token: Token) -> Term:
        self.expect("(", f"after {token.text}")
        inner = self._sum()
        self.expect(")", f"to close {token.text}(..)")
        value = as_number(inner)
        if value is not None and token.text == "log" and value <= 0:
            self.fail(f"log of {value}; its argument must be positive", token)
        if value is not None and token.text == "sqrt" and value < 0:
            self.fail(f"sqrt of {value}; its argument must be >= 0", token)
        if token.text == "sqrt":
            return make("pow", (inner,), Fraction(1, 2))
        if token.text == "tan":
            return make("quot", (make("sin", (inner,)), make("cos", (inner,))))
        return make(token.text, (inner,))


def _joined(op: str, group: list[Term]) -> Term:
    return group[0] if len(group) == 1 else make(op, tuple(group))


def negated(term: Term) -> Term:
    """-term; a literal changes its sign."""
    value = as_number(term)
    return make("neg", (term,)) if value is None else constant(-value)


def parse_scalar(text: str, names: Collection[str] | None = None) -> Term:
    """The term that ``text`` spells.

    ``names``: the only symbols allowed (None: any). Raises GrammarError (a LawError), never anything else.
    """
    reader = Reader(text, names)
    term = reader.scalar()
    reader.end()
    return term
