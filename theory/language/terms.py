"""Terms: the one written form of every statement. Trusted; standard library only.

A term is an immutable tree ``Term(op, args, data)`` with two derived facts that are checked at construction and never
again: its *rank* (0 number, 1 vector, 2 matrix) and its *free variables*, a subset of ``{"x", "X0", "Z"}``:

* ``x``   a point of space, the value of X_t,
* ``X0``  an end point of the path (an atom, or a value of a law with a density),
* ``Z``   the component label of a mixture.

``make`` is the only gate through which terms are built; Python's operators and the functions of
:mod:`theory.language.notation` go through it. Numbers are exact: ``int`` and ``Fraction`` are accepted, floats refused.

Two kinds of operators exist. *Core* operators (table ``CORE`` below) are read by the judges. *Notation* (registered
by :mod:`theory.language.definitions`) keeps what the author wrote and unfolds to core operators before any judgement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Union

X, X0_VAR, Z_VAR = "x", "X0", "Z"
LATENT = frozenset({X0_VAR, Z_VAR})
TIME_FUNCTIONS = ("alpha", "sigma", "a", "g")
MATRICES = ("A", "G")

_RATIONAL = re.compile(r"-?[0-9]{1,4000}(/[0-9]{1,4000})?")

Data = Union[None, int, str, Fraction, tuple[Any, ...]]


class TermError(ValueError):
    """A term that cannot exist: wrong rank, a float, an unknown operator. The message names the operator."""


class Term:
    """One node of a statement. Build it with :func:`make` or with the notation, never directly."""

    __slots__ = ("op", "args", "data", "rank", "free", "_hash")
    op: str
    args: tuple[Term, ...]
    data: Data
    rank: int
    free: frozenset[str]
    _hash: int

    def __init__(self, op: str, args: tuple[Term, ...], data: Data, rank: int, free: frozenset[str]) -> None:
        for name, value in (("op", op), ("args", args), ("data", data), ("rank", rank), ("free", free)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_hash", hash((op, args, data)))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("terms are immutable")

    def __reduce__(self) -> tuple[Any, ...]:
        return make, (self.op, self.args, self.data)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Term) or self._hash != other._hash:
            return False
        return self.op == other.op and self.data == other.data and self.args == other.args

    def __bool__(self) -> bool:
        raise TermError("a term has no truth value; write Eq(A, B), Le(A, B), .. for a statement")

    def __repr__(self) -> str:
        inside = [repr(a) for a in self.args] + ([] if self.data is None else [f"{self.data}"])
        return self.op + (f"({', '.join(inside)})" if inside else "")

    # Operators keep the authored order; each is a notation node that unfolds later.
    def __add__(self, other: TermLike) -> Term:
        left = self.args if self.op == "add" else (self,)
        return make("add", (*left, as_term(other)))

    def __radd__(self, other: TermLike) -> Term:
        return make("add", (as_term(other), self))

    def __sub__(self, other: TermLike) -> Term:
        return make("sub", (self, as_term(other)))

    def __rsub__(self, other: TermLike) -> Term:
        return make("sub", (as_term(other), self))

    def __neg__(self) -> Term:
        return make("neg", (self,))

    def __mul__(self, other: TermLike) -> Term:
        left = self.args if self.op == "mul" else (self,)
        return make("mul", (*left, as_term(other)))

    def __rmul__(self, other: TermLike) -> Term:
        return make("mul", (as_term(other), self))

    def __truediv__(self, other: TermLike) -> Term:
        return make("quot", (self, as_term(other)))

    def __rtruediv__(self, other: TermLike) -> Term:
        return make("quot", (as_term(other), self))

    def __pow__(self, exponent: int | Fraction) -> Term:
        return make("pow", (self,), _exact(exponent))

    def __or__(self, given: Term | Variable) -> Given:
        return Given(self, given)


@dataclass(frozen=True)
class Variable:
    """A random variable that is no term by itself: ``Xt`` (the noisy state) and ``Z`` (the component label)."""

    name: str

    def __or__(self, given: Term | Variable) -> Given:
        return Given(self, given)


@dataclass(frozen=True)
class Given:
    """``left | right``, as written in H(X0 | Xt), P(X0 | x), Cov(X0 | x)."""

    left: Term | Variable
    right: Term | Variable


TermLike = Union[Term, int, Fraction]
Rule = Callable[[tuple[Term, ...], Data], tuple[int, frozenset[str]]]


def _exact(value: object) -> Fraction:
    if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
        return Fraction(value)
    raise TermError(f"{value!r} is not an exact number: write an integer or Fraction('3/10'); floats are refused")


def as_term(value: object) -> Term:
    """``value`` as a term: terms pass, exact numbers become literals, anything else is refused."""
    if isinstance(value, Term):
        return value
    if isinstance(value, (Given, Variable)):
        raise TermError(f"{value} is a random variable, not a term: take H(..), P(..) or E(..) of it")
    return make("num", (), _exact(value))


def _free(args: tuple[Term, ...]) -> frozenset[str]:
    return frozenset().union(*(a.free for a in args))


def _need(ok: bool, message: str) -> None:
    if not ok:
        raise TermError(message)


def _leaf(rank: int, *free: str) -> Rule:
    def rule(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
        _need(not args, "a leaf has no arguments")
        return rank, frozenset(free)

    return rule


def fixed(*ranks: int, result: int | None = None) -> Rule:
    """The rule of an operator whose arguments have the given ranks; the result has rank ``result`` (or the first)."""

    def rule(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
        got = tuple(a.rank for a in args)
        _need(got == ranks, f"needs arguments of rank {ranks}, got {got}")
        return (ranks[0] if result is None else result), _free(args)

    return rule


def _num(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    _need(not args and isinstance(data, Fraction), "holds one exact rational")
    return 0, frozenset()


def _name(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    ok = isinstance(data, str) and data.isascii() and data.isidentifier() and "__" not in data
    _need(not args and ok, "holds a plain name")
    return 0, frozenset()


def _tfun(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    _need(not args and data in TIME_FUNCTIONS, f"holds one of {TIME_FUNCTIONS}")
    return 0, frozenset()


def _test_field(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    ok = isinstance(data, tuple) and len(data) == 2 and isinstance(data[0], str) and data[1] in (0, 1)
    ok = ok and isinstance(data, tuple) and type(data[1]) is int
    _need(not args and ok, "holds (name, rank) with rank 0 or 1")
    assert isinstance(data, tuple)
    return data[1], frozenset({X})


def _matrix_name(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    _need(not args and data in MATRICES, f"holds one of {MATRICES}")
    return 2, frozenset()


def _add(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    ranks = {a.rank for a in args}
    _need(len(args) >= 2 and len(ranks) == 1, f"adds terms of one rank, got ranks {[a.rank for a in args]}")
    return args[0].rank, _free(args)


def _mul(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    tensors = [a.rank for a in args if a.rank]
    _need(len(args) >= 2, "needs two factors")
    _need(len(tensors) <= 1, f"multiplies by at most one vector or matrix, got ranks {tensors}: use dot or outer")
    return (tensors[0] if tensors else 0), _free(args)


def _pow(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    _need(len(args) == 1 and args[0].rank == 0, "raises one scalar")
    _need(isinstance(data, Fraction) and data.denominator <= 2, "needs an integer or half-integer exponent")
    assert isinstance(data, Fraction)
    _need(abs(data) <= 64, "needs an exponent of at most 64")
    return 0, args[0].free


def _dot(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    _need(len(args) == 2 and all(a.rank >= 1 for a in args), "contracts two vectors or matrices")
    return args[0].rank + args[1].rank - 2, _free(args)


def _coord(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    _need(len(args) == 1 and args[0].rank == 1, "takes a component of one vector")
    _need(isinstance(data, int) and 1 <= data <= 64, "needs a component number from 1")
    return 0, args[0].free


def _grad(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    _need(len(args) == 1 and args[0].rank <= 1, "differentiates one scalar or vector in x")
    return args[0].rank + 1, args[0].free


def _dt(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    _need(len(args) == 1, "differentiates one term in t")
    return args[0].rank, args[0].free


def _post(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    _need(len(args) == 1, "averages one term over the posterior at x")
    return args[0].rank, (args[0].free - LATENT) | {X}


def _expect(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    _need(len(args) == 1, "averages one term over the joint law")
    return args[0].rank, frozenset()


def _at(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    _need(len(args) == 2 and args[1].rank == 1 and not args[1].free, "needs a term and a point (a constant vector)")
    return args[0].rank, args[0].free - {X}


CORE: dict[str, Rule] = {
    "num": _num, "pi": _leaf(0), "sym": _name, "dim": _leaf(0), "tfun": _tfun,
    "x": _leaf(1, X), "X0": _leaf(1, X0_VAR), "eye": _leaf(2), "origin": _leaf(1),
    "f": _leaf(1, X), "mat": _matrix_name,
    "p": _leaf(0, X), "q": _leaf(0, X), "kern": _leaf(0, X, X0_VAR), "p0": _leaf(0, X0_VAR),
    "pz": _leaf(0, X, Z_VAR), "wz": _leaf(0, Z_VAR), "mz": _leaf(1, Z_VAR), "Sz": _leaf(2, Z_VAR), "field": _test_field,
    "add": _add, "mul": _mul, "pow": _pow, "log": fixed(0), "exp": fixed(0), "tanh": fixed(0),
    "cos": fixed(0), "sin": fixed(0),
    "dot": _dot, "outer": fixed(1, 1, result=2), "tr": fixed(2, result=0), "transpose": fixed(2), "inv": fixed(2),
    "logdet": fixed(2, result=0),
    "coord": _coord,
    "grad": _grad, "dt": _dt, "post": _post, "E": _expect, "at": _at,
}  # fmt: skip
"""Core operators and their rank rules.

=========  =================================================================================
num pi     an exact rational; pi
sym        a symbol of the law (mu, S, w): constant in t and x
dim        D, the dimension
tfun       alpha, sigma, a = alpha'/alpha, g: functions of t
x X0       a point of space; an end point
eye origin the identity matrix; the zero vector
f          drift of the process at x (a x for a linear process)
mat        A(t) and G(t) of dX = A X dt + B dW, G = B B^T (symmetric)
p          density of X_t at x; kern: k(x|X0); p0: density of X0 against the law's base measure
q          density at x of the same process started from another law
pz wz      density of X_t at x given the label Z; the weight of Z
mz Sz      mean and covariance of X0 given the label Z, for a mixture of Gaussians
field      an arbitrary smooth test field of x, data = (name, rank)
add mul    sums of one rank; products with at most one vector or matrix
pow        integer or half-integer power of a scalar
cos sin    of constants: schedules hold them, statements do not need them
dot        contraction of the last index of the first with the first index of the second
inv logdet inverse of a matrix; logarithm of its determinant
grad       derivative in x, the new index last; dt: derivative in t at fixed x and X0
post       posterior average at x over X0 and Z;   E: average over the joint law of X0, Z and X_t
at         value of a field at a constant point
=========  =================================================================================
"""

WITH_DATA = frozenset({"num", "sym", "tfun", "mat", "field", "pow", "coord", "entropy", "rate", "drift", "noise", "qv"})
"""The operators, core or notation, that hold data beside their arguments."""

NOTATION: dict[str, Rule] = {}
"""Notation operators; filled by :mod:`theory.language.definitions`, which also holds what they stand for."""


def make(op: str, args: tuple[Term, ...] = (), data: Data = None) -> Term:
    """The one gate: a checked term. Raises :class:`TermError` naming the operator."""
    rule = CORE.get(op) or NOTATION.get(op)
    if rule is None:
        raise TermError(f"unknown operator {op!r}")
    if not all(isinstance(a, Term) for a in args):
        raise TermError(f"{op}: arguments must be terms, got {args!r}")
    if data is not None and op not in WITH_DATA:
        raise TermError(f"{op}: takes no data, got {data!r}")
    if isinstance(data, float):
        raise TermError(f"{op}: floats are refused, got {data!r}")
    try:
        rank, free = rule(args, data)
    except TermError as error:
        raise TermError(f"{op}: {error}") from None
    if rank > 2:
        raise TermError(f"{op}: rank {rank} is beyond matrices")
    return Term(op, args, data, rank, free)


def walk(term: Term) -> Iterator[Term]:
    """Every node of ``term``, parents first, in authored order."""
    stack = [term]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.args))


def rebuild(term: Term, args: tuple[Term, ...]) -> Term:
    """``term`` with other arguments, checked again."""
    return term if args == term.args else make(term.op, args, term.data)


def to_data(term: Term) -> list[Any]:
    """``term`` as inert JSON data: [op, [args..], data]; rationals as "n/d" strings tagged "q"."""

    def datum(d: Data) -> Any:
        if isinstance(d, Fraction):
            return {"q": str(d)}
        if isinstance(d, tuple):
            return {"t": [datum(i) for i in d]}
        return d

    return [term.op, [to_data(a) for a in term.args], datum(term.data)]


def from_data(data: object) -> Term:
    """The term that :func:`to_data` wrote. Raises :class:`TermError` on anything else."""

    def datum(d: object) -> Data:
        if isinstance(d, dict) and set(d) == {"q"}:
            try:
                ok = isinstance(d["q"], str) and _RATIONAL.fullmatch(d["q"])
                _need(bool(ok), f"not a rational: {d['q']!r}")  # an exponent such as 1e99999999 would never end
                return Fraction(d["q"])
            except (ValueError, ZeroDivisionError) as error:
                raise TermError(f"not a rational: {d['q']!r}") from error
        if isinstance(d, dict) and set(d) == {"t"} and isinstance(d["t"], list):
            return tuple(datum(i) for i in d["t"])
        if d is None or (isinstance(d, (int, str)) and not isinstance(d, bool)):
            return d
        raise TermError(f"not term data: {d!r}")

    if not (isinstance(data, list) and len(data) == 3 and isinstance(data[0], str) and isinstance(data[1], list)):
        raise TermError("not a term: expected [operator, [arguments], data]")
    return make(data[0], tuple(from_data(a) for a in data[1]), datum(data[2]))
