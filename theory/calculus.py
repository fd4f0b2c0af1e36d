"""Exact calculus of scalar terms in one symbol: substitution, folding of numbers, derivatives. Standard library only.

For the constants and time functions of laws and processes: numbers, symbols, + - * / powers, exp, log, tanh,
cos, sin, pi.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from math import isqrt

from theory.language import definitions as _definitions  # noqa: F401  (registers neg, sub and quot)
from theory.language.instances import LawError, Scalar
from theory.language.terms import Term, make, rebuild, walk

MAX_BITS = 100_000
MAX_EXPONENT = 64
ZERO, ONE, PI = make("num", (), Fraction(0)), make("num", (), Fraction(1)), make("pi")
_HALF = Fraction(1, 2)
_COSINES: dict[Fraction, Fraction | int] = {
    Fraction(0): 1, Fraction(1, 3): _HALF, _HALF: 0, Fraction(2, 3): -_HALF, Fraction(1): -1
}  # fmt: skip
"""cos(q pi) for the q in [0, 1] with denominator at most 3."""


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


# -- smart constructors: numbers are folded, like terms gathered, neutral elements dropped ---------------------------
def split(term: Term) -> tuple[Fraction, Term]:
    """``term`` as a number times the rest (1 for a plain number)."""
    value = value_of(term)
    if value is not None:
        return value, ONE
    if term.op == "neg":
        factor, rest = split(term.args[0])
        return -factor, rest
    if term.op == "mul":
        head = value_of(term.args[0])
        if head is not None:
            return head, _product(term.args[1:])
    if term.op == "quot":
        bottom = value_of(term.args[1])
        factor, rest = split(term.args[0])
        if bottom is not None:
            return factor / bottom, rest
        return factor, term if factor == 1 else make("quot", (rest, term.args[1]))
    return Fraction(1), term


def _product(factors: tuple[Term, ...]) -> Term:
    return factors[0] if len(factors) == 1 else make("mul", factors)


def scaled(factor: Fraction, rest: Term) -> Term:
    """factor * rest, distributed over a sum."""
    if factor == 0 or rest == ONE:
        return number(factor)
    if factor == 1:
        return rest
    if rest.op in ("add", "sub"):
        signs = (1, -1 if rest.op == "sub" else 1)
        parts = (split(t) for t in rest.args)
        return add(*(scaled(factor * signs[min(i, 1)] * u, v) for i, (u, v) in enumerate(parts)))
    if rest.op == "quot" and rest.args[0] == ONE:
        return make("quot", (number(factor), rest.args[1]))
    if factor == -1:
        return make("neg", (rest,))
    return make("mul", (number(factor), *(rest.args if rest.op == "mul" else (rest,))))


def add(*terms: Term) -> Term:
    """The sum, like terms gathered in order of appearance."""
    gathered: dict[Term, Fraction] = {}
    stack = list(reversed(terms))
    while stack:
        term = stack.pop()
        if term.op == "add":
            stack.extend(reversed(term.args))
        elif term.op == "sub":
            stack.extend((neg(term.args[1]), term.args[0]))
        else:
            factor, rest = split(term)
            if rest.op in ("add", "sub"):
                stack.append(scaled(factor, rest))
            else:
                gathered[rest] = gathered.get(rest, Fraction(0)) + factor
    pairs = [(rest, factor) for rest, factor in gathered.items() if factor]
    if not pairs:
        return ZERO
    result = scaled(pairs[0][1], pairs[0][0])
    for rest, factor in pairs[1:]:
        part = scaled(abs(factor), rest)
        if factor < 0:
            result = make("sub", (result, part))
        else:
            result = make("add", (*(result.args if result.op == "add" else (result,)), part))
    return result


def sub(left: Term, right: Term) -> Term:
    """The difference."""
    return add(left, neg(right))


def neg(term: Term) -> Term:
    """The negative."""
    factor, rest = split(term)
    return scaled(-factor, rest)


def mul(*terms: Term) -> Term:
    """The product; numbers are gathered in front and distributed over a single sum, equal exponentials joined."""
    total, rest, exponents = Fraction(1), [], []
    stack = list(reversed(terms))
    while stack:
        factor, inner = split(stack.pop())
        total *= factor
        if inner.op == "mul":
            stack.extend(reversed(inner.args))
        elif inner.op == "exp":
            exponents.append(inner.args[0])
        elif inner != ONE:
            rest.append(inner)
    if total == 0:
        return ZERO
    joined = exp(add(*exponents)) if exponents else ONE
    if joined != ONE:
        rest.append(joined)
    return scaled(total, _product(tuple(rest))) if rest else number(total)


def quot(left: Term, right: Term) -> Term:
    """The quotient. Raises LawError on division by the number 0."""
    u, v = value_of(left), value_of(right)
    if v == 0:
        raise LawError("division by zero")
    if v is not None:
        return mul(number(1 / v), left)
    if left == right:
        return ONE
    if right.op == "exp":
        return mul(left, exp(neg(right.args[0])))
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
    if base.op == "pow" and base.data == Fraction(1, 2) and exponent.denominator == 1:
        return power(base.args[0], exponent / 2)
    if base.op == "exp":
        return exp(mul(number(exponent), base.args[0]))
    if exponent.denominator == 1 and base.op in ("mul", "neg", "quot"):
        factor, rest = split(base)
        if factor != 1:
            return mul(power(number(factor), exponent), power(rest, exponent))
        if base.op == "mul":
            return mul(*(power(t, exponent) for t in base.args))
    return make("pow", (base,), exponent)


def exp(term: Term) -> Term:
    """The exponential; exp(0) = 1, exp(q log u) = u^q for the powers q that terms have."""
    if value_of(term) == 0:
        return ONE
    factor, rest = split(term)
    if rest.op == "log" and factor.denominator <= 2 and abs(factor) <= MAX_EXPONENT:
        return power(rest.args[0], factor)
    return make("exp", (term,))


def log(term: Term) -> Term:
    """The logarithm; log(1) = 0, log(exp u) = u. Raises LawError for numbers <= 0."""
    value = value_of(term)
    if value is not None and value <= 0:
        raise LawError(f"the logarithm of {value} is not real")
    if value == 1:
        return ZERO
    return term.args[0] if term.op == "exp" else make("log", (term,))


def cos(term: Term) -> Term:
    """The cosine, exact at 0 and at the multiples of pi with a rational one (Niven: 0, 1/2, 1 and their negatives)."""
    turns = half_turns(term)
    if turns is not None and turns.denominator <= 3:
        turns %= 2
        return number(_COSINES[min(turns, 2 - turns)])
    return make("cos", (term,))


def sin(term: Term) -> Term:
    """The sine, exact where :func:`cos` of pi/2 minus the argument is."""
    turns = half_turns(term)
    if turns is not None and (Fraction(1, 2) - turns).denominator <= 3:
        return cos(mul(number(Fraction(1, 2) - turns), PI))
    return make("sin", (term,))


def half_turns(term: Term) -> Fraction | None:
    """q where the term is q pi, None for any other."""
    factor, rest = split(term)
    return factor if rest == PI or factor == 0 else None


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
    if term.op in ("cos", "sin"):
        return cos(*args) if term.op == "cos" else sin(*args)
    if term.op == "tanh" and value_of(args[0]) == 0:
        return ZERO
    return rebuild(term, args)


def fold_constants(term: Term) -> Scalar:
    """``term`` folded: a Fraction where it is a number, the folded term otherwise. Raises LawError."""
    result = folded(term)
    value = value_of(result)
    return result if value is None else value


_FLOATS = {"exp": math.exp, "log": math.log, "tanh": math.tanh, "cos": math.cos, "sin": math.sin}


def estimate(term: Term) -> float | None:
    """A rough value, only ever used to refuse impossible input early; None where there is none.

    Not evidence: nothing is proved, enclosed or accepted from it.
    """
    inner = [estimate(t) for t in term.args]
    values = [v for v in inner if v is not None]
    if len(values) < len(inner):
        return None
    try:
        if term.op == "num" and isinstance(term.data, Fraction):
            return float(term.data)
        if term.op == "pow" and isinstance(term.data, Fraction):
            return values[0] ** float(term.data) if values[0] > 0 or term.data.denominator == 1 else None
        one = _FLOATS.get(term.op)
        if one is not None:
            return one(values[0])
        if term.op == "pi":
            return math.pi
        if term.op == "add":
            return sum(values)
        if term.op == "mul":
            return math.prod(values)
        if term.op in ("sub", "neg", "quot"):
            first, last = values[0], values[-1]
            return -first if term.op == "neg" else first - last if term.op == "sub" else first / last
    except (OverflowError, ZeroDivisionError, ValueError):
        return None
    return None


# -- derivatives -------------------------------------------------------------------------------------------------------
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
        each = (mul(*(inner[i] if i == j else t for j, t in enumerate(term.args))) for i in range(len(inner)))
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
    if term.op == "cos":
        return neg(mul(inner[0], sin(u)))
    if term.op == "sin":
        return mul(inner[0], cos(u))
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
