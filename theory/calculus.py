"""Exact calculus of scalar terms in one symbol: substitution, folding of numbers, derivatives. Standard library only.

For the constants and time functions of laws and processes: numbers, symbols, + - * / powers, exp, log, tanh, pi.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import isqrt

from theory.language import definitions as _definitions  # noqa: F401  (registers neg, sub and quot)
from theory.language.instances import LawError, Scalar
from theory.language.terms import Term, make, rebuild, walk

MAX_BITS = 100_000
ZERO, ONE = make("num", (), Fraction(0)), make("num", (), Fraction(1))


def number(value: Fraction | int) -> Term:
    """A literal."""
    return make("num", (), Fraction(value))


def as_scalar_term(value: Scalar | int) -> Term:
    """A law's or germ's number as a term."""
    return value if isinstance(value, Term) else number(value)


def value_of(term: Term) -> Fraction | None:
    """The value of a literal, None for any other term."""
    return term.data if term.op == "num" and isinstance(term.data, Fraction) else None


def symbols_of(term: Term) -> frozenset[str]:
    """The names of the symbols in ``term``."""
    return frozenset(str(node.data) for node in walk(term) if node.op == "sym")


def at_symbols(term: Term, values: Mapping[str, Scalar]) -> Term:
    """``term`` with the named symbols replaced."""
    if term.op == "sym":
        return as_scalar_term(values[str(term.data)]) if term.data in values else term
    return rebuild(term, tuple(at_symbols(t, values) for t in term.args))


def exact_sqrt(value: Fraction) -> Fraction | None:
    """The rational square root, if there is one."""
    if value < 0:
        return None
    top, bottom = isqrt(value.numerator), isqrt(value.denominator)
    return Fraction(top, bottom) if top * top == value.numerator and bottom * bottom == value.denominator else None


# -- smart constructors: they fold numbers and drop neutral elements, nothing else -------------------------------------
def add(*terms: Term) -> Term:
    """The sum; numbers are gathered in front, zeros dropped."""
    total, rest = Fraction(0), []
    for term in terms:
        value = value_of(term)
        if value is None:
            rest.append(term)
        else:
            total += value
    parts = ([number(total)] if total or not rest else []) + rest
    return parts[0] if len(parts) == 1 else make("add", tuple(parts))


def sub(left: Term, right: Term) -> Term:
    """The difference."""
    u, v = value_of(left), value_of(right)
    if u is not None and v is not None:
        return number(u - v)
    if left == right:
        return ZERO
    if v == 0:
        return left
    return neg(right) if u == 0 else make("sub", (left, right))


def neg(term: Term) -> Term:
    """The negative."""
    value = value_of(term)
    if value is not None:
        return number(-value)
    return term.args[0] if term.op == "neg" else make("neg", (term,))


def mul(*terms: Term) -> Term:
    """The product; numbers are gathered in front, ones dropped, zero absorbs."""
    total, rest = Fraction(1), []
    for term in terms:
        value = value_of(term)
        if value is None:
            rest.append(term)
        else:
            total *= value
    if total == 0:
        return ZERO
    parts = ([number(total)] if total != 1 or not rest else []) + rest
    return parts[0] if len(parts) == 1 else make("mul", tuple(parts))


def quot(left: Term, right: Term) -> Term:
    """The quotient. Raises LawError on division by the number 0."""
    u, v = value_of(left), value_of(right)
    if v == 0:
        raise LawError("division by zero")
    if v is not None:
        return number(u / v) if u is not None else (left if v == 1 else make("quot", (left, right)))
    if left == right:
        return ONE
    return ZERO if u == 0 else make("quot", (left, right))


def power(base: Term, exponent: Fraction | int) -> Term:
    """The power; exact where a rational stays rational. Raises LawError on 0 to a negative power and roots below 0."""
    exponent, value = Fraction(exponent), value_of(base)
    if exponent == 0:
        return ONE
    if exponent == 1:
        return base
    if value is not None:
        if value == 0 and exponent < 0:
            raise LawError("division by zero")
        root: Fraction | None = value
        if exponent.denominator == 2:
            if value < 0:
                raise LawError(f"the square root of {value} is not real")
            root = exact_sqrt(value)
        if root is not None:
            bits = max(root.numerator.bit_length(), root.denominator.bit_length())
            if bits * abs(exponent.numerator) > MAX_BITS:
                raise LawError("a number too large to carry")
            return number(root**exponent.numerator)
    if base.op == "pow" and isinstance(base.data, Fraction) and base.data == Fraction(1, 2) and exponent == 2:
        return base.args[0]
    return make("pow", (base,), exponent)


def exp(term: Term) -> Term:
    """The exponential; exp(0) = 1, exp(log u) = u."""
    if value_of(term) == 0:
        return ONE
    return term.args[0] if term.op == "log" else make("exp", (term,))


def log(term: Term) -> Term:
    """The logarithm; log(1) = 0, log(exp u) = u. Raises LawError for numbers <= 0."""
    value = value_of(term)
    if value is not None and value <= 0:
        raise LawError(f"the logarithm of {value} is not real")
    if value == 1:
        return ZERO
    return term.args[0] if term.op == "exp" else make("log", (term,))


def folded(term: Term) -> Term:
    """``term`` rebuilt with the constructors above: arithmetic between numbers is carried out exactly."""
    args = tuple(folded(t) for t in term.args)
    if term.op == "add":
        return add(*args)
    if term.op == "mul":
        return mul(*args)
    if term.op == "sub":
        return sub(*args)
    if term.op == "quot":
        return quot(*args)
    if term.op == "neg":
        return neg(*args)
    if term.op == "pow" and isinstance(term.data, Fraction):
        return power(args[0], term.data)
    if term.op == "exp":
        return exp(*args)
    if term.op == "log":
        return log(*args)
    if term.op == "tanh" and value_of(args[0]) == 0:
        return ZERO
    return rebuild(term, args)


def fold_constants(term: Term) -> Scalar:
    """``term`` folded: a Fraction where it is a number, the folded term otherwise. Raises LawError."""
    result = folded(term)
    value = value_of(result)
    return result if value is None else value


# -- derivatives ---------------------------------------------------------------------------------------------------------
def diff(term: Term, symbol: str) -> Term:
    """d term / d symbol. Raises LawError on an operator that is not of scalar calculus."""
    if term.op in ("num", "pi"):
        return ZERO
    if term.op == "sym":
        return ONE if term.data == symbol else ZERO
    inner = [diff(t, symbol) for t in term.args]
    if all(t == ZERO for t in inner):
        return ZERO
    if term.op == "add":
        return add(*inner)
    if term.op == "sub":
        return sub(*inner)
    if term.op == "neg":
        return neg(*inner)
    if term.op == "mul":
        each = (mul(*(inner[j] if i == j else t for j, t in enumerate(term.args))) for i in range(len(inner)))
        return add(*each)
    u = term.args[0]
    if term.op == "quot":
        v = term.args[1]
        if inner[1] == ZERO:
            return quot(inner[0], v)
        return quot(sub(mul(inner[0], v), mul(u, inner[1])), power(v, 2))
    if term.op == "pow" and isinstance(term.data, Fraction):
        return mul(number(term.data), power(u, term.data - 1), inner[0])
    if term.op == "exp":
        return mul(inner[0], term)
    if term.op == "log":
        return quot(inner[0], u)
    if term.op == "tanh":
        return mul(inner[0], sub(ONE, power(term, 2)))
    raise LawError(f"{term.op} cannot stand in a function of t")


def log_diff(term: Term, symbol: str) -> Term:
    """d log(term) / d symbol, which is exact and short for products of exponentials."""
    if symbol not in symbols_of(term):
        return ZERO
    if term.op == "exp":
        return diff(term.args[0], symbol)
    if term.op == "mul":
        return add(*(log_diff(t, symbol) for t in term.args))
    if term.op == "quot":
        return sub(log_diff(term.args[0], symbol), log_diff(term.args[1], symbol))
    if term.op == "pow" and isinstance(term.data, Fraction):
        return mul(number(term.data), log_diff(term.args[0], symbol))
    return quot(diff(term, symbol), term)
