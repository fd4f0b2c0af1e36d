"""Text as tokens, within bounds that are checked before any work is done: the first half of the safe grammar.

Standard library only. Every refusal is a :class:`GrammarError` with the column (from 1) and the remedy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from theory.language.instances import LawError

MAX_LENGTH = 20_000
MAX_DEPTH = 60
MAX_DIGITS = 80
MAX_TEN_POWER = 400
MAX_BITS = 4096
MAX_NAME = 64

OPENING, CLOSING = {"(": ")", "[": "]"}, {")": "(", "]": "["}
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*|[-+*/^()\[\],:=;])"
    r"|(?P<space>[ \t\r\n]+)"
)


class GrammarError(LawError):
    """Text outside the grammar. ``column`` counts from 1; the message names it and the remedy."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(f"column {column}: {message}")
        self.column = column


@dataclass(frozen=True)
class Token:
    """A number, a name, a sign, or the end of the text."""

    kind: str
    text: str
    column: int


def tokens(text: str) -> tuple[Token, ...]:
    """``text`` as tokens, the last of kind "end". Raises GrammarError outside the alphabet or the bounds."""
    if not isinstance(text, str):
        raise GrammarError(1, f"expected text, got {type(text).__name__}")
    if len(text) > MAX_LENGTH:
        raise GrammarError(MAX_LENGTH + 1, f"{len(text)} characters of text, at most {MAX_LENGTH} are read; shorten it")
    if not text.isascii():
        place = next(i for i, c in enumerate(text) if not c.isascii())
        raise GrammarError(place + 1, f"{text[place]!r} is not ASCII; write Greek letters as names, such as sigma")
    if "__" in text:
        raise GrammarError(text.index("__") + 1, "two underscores in a row are not allowed; use one")
    found: list[Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise GrammarError(place + 1, f"{text[place]!r} has no meaning here; remove it")
        kind, piece = str(match.lastgroup), match.group()
        last = found[-1] if found else None
        if kind == "name" and last and last.kind == "number" and last.column + len(last.text) == place + 1:
            raise GrammarError(place + 1, f"{piece[:MAX_NAME]!r} touches a number; put * between them for a product")
        if kind == "name" and len(piece) > MAX_NAME:
            raise GrammarError(place + 1, f"a name of {len(piece)} characters; at most {MAX_NAME} are allowed")
        if kind != "space":
            found.append(Token(kind, piece, place + 1))
        place = match.end()
    found.append(Token("end", "", len(text) + 1))
    _brackets(found)
    return tuple(found)


def _brackets(found: list[Token]) -> None:
    """Brackets match and nest at most MAX_DEPTH deep (looked at before any recursion)."""
    stack: list[Token] = []
    for token in found:
        if token.kind != "sign":
            continue
        if token.text in OPENING:
            stack.append(token)
            if len(stack) > MAX_DEPTH:
                raise GrammarError(token.column, f"brackets nest more than {MAX_DEPTH} deep; simplify the expression")
        elif token.text in CLOSING:
            if not stack:
                raise GrammarError(token.column, f"{token.text!r} closes no bracket; remove it or open one before")
            opened = stack.pop()
            if OPENING[opened.text] != token.text:
                needed = f"{opened.text!r} of column {opened.column}; write {OPENING[opened.text]!r}"
                raise GrammarError(token.column, f"{token.text!r} does not close the {needed}")
    if stack:
        opened = stack[-1]
        raise GrammarError(opened.column, f"the bracket {opened.text!r} is never closed; add {OPENING[opened.text]!r}")


def number(token: Token) -> Fraction:
    """The exact value of a literal: 3, 0.25, 1e-4."""
    mantissa, _, ten_power = token.text.lower().partition("e")
    if len(mantissa) > MAX_DIGITS:
        raise GrammarError(token.column, f"a number of {len(mantissa)} digits; at most {MAX_DIGITS} are read")
    if len(ten_power) > 6 or abs(int(ten_power or "0")) > MAX_TEN_POWER:
        raise GrammarError(token.column, f"a power of ten beyond {MAX_TEN_POWER}; write a smaller one")
    return Fraction(token.text)


def fold(op: str, left: Fraction, right: Fraction, column: int) -> Fraction:
    """Exact arithmetic between two numbers, bounded in size."""
    if op == "/" and right == 0:
        raise GrammarError(column, "division by zero; give a denominator that is not 0")
    value = left + right if op == "+" else left - right if op == "-" else left * right if op == "*" else left / right
    return bounded(value, column)


def bounded(value: Fraction, column: int) -> Fraction:
    """``value`` unless it is too large to carry."""
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise GrammarError(column, f"a number of more than {MAX_BITS} bits; write a smaller one")
    return value
