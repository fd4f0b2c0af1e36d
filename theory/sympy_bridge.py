"""Terms to SymPy expressions and back: a whitelisted walk in both directions, floats refused.

Users may author with SymPy expressions and get them back. Names: ``alpha``, ``sigma``, ``a``, ``g`` are the functions
of a symbol of the law. Nothing is evaluated as Python, and no SymPy result is trusted: what comes back is a term.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import sympy

from theory.language.definitions import unfold
from theory.language.terms import TIME_FUNCTIONS, Term, TermError, make

_COORDINATE = re.compile(r"(x|X0)_([1-9][0-9]?)\Z")
_MAX_NODES = 20_000
_SIGNS = ("positive", "nonnegative", "real")
_FUNCTIONS: dict[str, Any] = {"exp": sympy.exp, "log": sympy.log, "tanh": sympy.tanh}


class BridgeError(ValueError):
    """An expression or a term that has no counterpart on the other side. The message names the part."""


def symbol_for(name: str, signs: Mapping[str, str] | None = None) -> sympy.Symbol:
    """The SymPy symbol of a name, with the assumptions it has here; ``signs`` maps symbols of the law to their sign.

    Raises BridgeError for a sign other than "positive", "nonnegative" or "real".
    """
    if name == "D":
        return sympy.Symbol(name, positive=True, integer=True)
    if name in ("alpha", "sigma", "g"):
        return sympy.Symbol(name, positive=True)
    sign = (signs or {}).get(name, "real")
    if sign not in _SIGNS:
        raise BridgeError(f"the sign of {name} is {sign!r}; known: {', '.join(_SIGNS)}")
    return sympy.Symbol(name, **{sign: True})


def to_sympy(term: Term, *, dimension: int | None = None, signs: Mapping[str, str] | None = None) -> Any:
    """``term`` in SymPy: an expression, or an immutable matrix for a vector (D, 1) or matrix (D, D).

    Vectors and matrices need ``dimension``. Raises BridgeError on operators without an explicit form (p, post, E, ..):
    unfold or derive them first.
    """
    if dimension is not None and not 1 <= dimension <= 8:
        raise BridgeError(f"no coordinates for dimension {dimension}")
    return _ToSympy(dimension, signs or {}).value(term)


class _ToSympy:
    def __init__(self, dimension: int | None, signs: Mapping[str, str]) -> None:
        self.dimension, self.signs = dimension, signs

    def value(self, term: Term) -> Any:
        rule: Callable[[Term], Any] | None = getattr(self, f"_op_{term.op}", None)
        if rule is not None:
            return rule(term)
        core = unfold(term)
        if core is not term and core.op != term.op:
            return self.value(core)
        raise BridgeError(f"{term.op} has no explicit form in SymPy")

    def _args(self, term: Term) -> list[Any]:
        return [self.value(t) for t in term.args]

    def _size(self, what: str) -> int:
        if self.dimension is None:
            raise BridgeError(f"{what} needs a dimension")
        return self.dimension

    def _coordinates(self, name: str) -> Any:
        size = self._size(name)
        names = [name] if size == 1 else [f"{name}_{i + 1}" for i in range(size)]
        return sympy.ImmutableMatrix([symbol_for(n) for n in names])

    def _op_num(self, term: Term) -> Any:
        assert isinstance(term.data, Fraction)
        return sympy.Rational(term.data.numerator, term.data.denominator)

    def _op_pi(self, term: Term) -> Any:
        return sympy.pi

    def _op_sym(self, term: Term) -> Any:
        name = str(term.data)
        if name in (*TIME_FUNCTIONS, "D", "x", "X0") or _COORDINATE.match(name):
            raise BridgeError(f"a symbol of the law named {name} would be read as something else")
        return symbol_for(name, self.signs)

    def _op_tfun(self, term: Term) -> Any:
        return symbol_for(str(term.data))

    def _op_dim(self, term: Term) -> Any:
        return symbol_for("D") if self.dimension is None else sympy.Integer(self.dimension)

    def _op_x(self, term: Term) -> Any:
        return self._coordinates("x")

    def _op_X0(self, term: Term) -> Any:
        return self._coordinates("X0")

    def _op_coord(self, term: Term) -> Any:
        assert isinstance(term.data, int)
        if term.args[0].op in ("x", "X0"):
            name = term.args[0].op
            return symbol_for(name if self.dimension == 1 else f"{name}_{term.data}")
        return self.value(term.args[0])[term.data - 1]

    def _op_origin(self, term: Term) -> Any:
        return sympy.ImmutableMatrix([0] * self._size("origin"))

    def _op_eye(self, term: Term) -> Any:
        return sympy.ImmutableMatrix(sympy.eye(self._size("the identity")))

    def _op_add(self, term: Term) -> Any:
        first, *rest = self._args(term)
        for part in rest:
            first = first + part
        return first

    def _op_sub(self, term: Term) -> Any:
        left, right = self._args(term)
        return left - right

    def _op_neg(self, term: Term) -> Any:
        return -self.value(term.args[0])

    def _op_mul(self, term: Term) -> Any:
        first, *rest = self._args(term)
        for part in rest:
            first = first * part
        return first

    def _op_quot(self, term: Term) -> Any:
        left, right = self._args(term)
        if right == 0:
            raise BridgeError("division by zero")
        return left / right

    def _op_pow(self, term: Term) -> Any:
        assert isinstance(term.data, Fraction)
        base = self.value(term.args[0])
        if base == 0 and term.data < 0:
            raise BridgeError("division by zero")
        return base ** sympy.Rational(term.data.numerator, term.data.denominator)

    def _op_exp(self, term: Term) -> Any:
        return sympy.exp(self.value(term.args[0]))

    def _op_log(self, term: Term) -> Any:
        return sympy.log(self.value(term.args[0]))

    def _op_tanh(self, term: Term) -> Any:
        return sympy.tanh(self.value(term.args[0]))

    def _op_cos(self, term: Term) -> Any:
        return sympy.cos(self.value(term.args[0]))

    def _op_sin(self, term: Term) -> Any:
        return sympy.sin(self.value(term.args[0]))

    def _op_dot(self, term: Term) -> Any:
        left, right = self._args(term)
        ranks = (term.args[0].rank, term.args[1].rank)
        if ranks == (1, 1):
            return (left.T * right)[0, 0]
        return (left.T * right).T if ranks == (1, 2) else left * right

    def _op_outer(self, term: Term) -> Any:
        left, right = self._args(term)
        return left * right.T

    def _op_tr(self, term: Term) -> Any:
        return self.value(term.args[0]).trace()

    def _op_transpose(self, term: Term) -> Any:
        return self.value(term.args[0]).T


def from_sympy(expression: Any, *, names: Mapping[str, Term] | None = None) -> Term:
    """The scalar term of a SymPy expression in rationals, pi, symbols, sums, products, powers, exp, log and tanh.

    ``names`` overrides what a symbol's name means. Raises BridgeError on floats, other functions, exponents that are
    no half-integers of size at most 64, and expressions of more than 20,000 nodes.
    """
    if isinstance(expression, float):
        raise BridgeError(f"{expression!r} is a float; write a rational")
    if isinstance(expression, (int, Fraction)) and not isinstance(expression, bool):
        return make("num", (), Fraction(expression))
    if not isinstance(expression, sympy.Expr):
        raise BridgeError(f"{type(expression).__name__} is no scalar expression of SymPy")
    stack, count = [expression], 0
    while stack:
        count += 1
        if count > _MAX_NODES:
            raise BridgeError(f"the expression has more than {_MAX_NODES} nodes")
        stack.extend(stack.pop().args)
    try:
        return _FromSympy(names or {}).value(expression)
    except TermError as error:
        raise BridgeError(str(error)) from error
    except RecursionError:
        raise BridgeError("the expression is nested too deeply") from None


class _FromSympy:
    def __init__(self, names: Mapping[str, Term]) -> None:
        self.names = names

    def value(self, expression: Any) -> Term:
        if isinstance(expression, sympy.Rational):
            return _num(expression)
        if expression is sympy.pi:
            return make("pi")
        if expression is sympy.E:
            return make("exp", (make("num", (), Fraction(1)),))
        if isinstance(expression, sympy.Symbol):
            return self._symbol(expression)
        if isinstance(expression, sympy.Add):
            return self._sum(expression.as_ordered_terms())
        if isinstance(expression, sympy.Mul):
            return self._product(expression)
        if isinstance(expression, sympy.Pow):
            return self._power(expression.base, expression.exp)
        for op, function in _FUNCTIONS.items():
            if isinstance(expression, function):
                if len(expression.args) != 1:
                    raise BridgeError(f"{op} takes one argument")
                return make(op, (self.value(expression.args[0]),))
        if isinstance(expression, sympy.Float):
            raise BridgeError(f"{expression} is a float; write a rational")
        raise BridgeError(f"{type(expression).__name__} has no term: use sums, products, powers, exp, log and tanh")

    def _symbol(self, symbol: Any) -> Term:
        name = str(symbol.name)
        if name in self.names:
            return self.names[name]
        if name in TIME_FUNCTIONS:
            return make("tfun", (), name)
        if name == "D":
            return make("dim")
        if name in ("x", "X0"):
            return make("coord", (make(name),), 1)
        place = _COORDINATE.match(name)
        if place:
            return make("coord", (make(place[1]),), int(place[2]))
        return make("sym", (), name)

    def _sum(self, parts: list[Any]) -> Term:
        total: Term | None = None
        for part in parts:
            negative = part.could_extract_minus_sign()
            term = self.value(-part if negative else part)
            if total is None:
                total = -term if negative else term
            else:
                total = total - term if negative else total + term
        assert total is not None
        return total

    def _product(self, expression: Any) -> Term:
        coefficient, factors = expression.as_coeff_mul()
        if not isinstance(coefficient, sympy.Rational):
            raise BridgeError(f"{coefficient} is not an exact rational")
        top, bottom = [], []
        for factor in factors:
            if isinstance(factor, sympy.Pow) and factor.exp.is_Rational and factor.exp < 0:
                bottom.append(self._power(factor.base, -factor.exp))
            else:
                top.append(self.value(factor))
        size = abs(coefficient)
        if size.p != 1 or not top:
            top.insert(0, _num(sympy.Integer(size.p)))
        if size.q != 1:
            bottom.insert(0, _num(sympy.Integer(size.q)))
        term = _flat("mul", top)
        if bottom:
            term = term / _flat("mul", bottom)
        return -term if coefficient < 0 else term

    def _power(self, base: Any, exponent: Any) -> Term:
        if not isinstance(exponent, sympy.Rational):
            raise BridgeError(f"the exponent {exponent} is not a rational number: write exp and log")
        if exponent == 1:
            return self.value(base)
        return make("pow", (self.value(base),), Fraction(exponent.p, exponent.q))


def _num(value: Any) -> Term:
    return make("num", (), Fraction(int(value.p), int(value.q)))


def _flat(op: str, parts: list[Term]) -> Term:
    return parts[0] if len(parts) == 1 else make(op, tuple(parts))
