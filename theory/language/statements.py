"""Statement kinds, and no others: Rel, Iff, Limit, Series, Located, Chain, Exists. Trusted; standard library only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, Union

from theory.language.instances import Instance
from theory.language.terms import Term, TermError, TermLike, as_term, make, to_data

RELATIONS = ("=", "<=", "<", ">=", ">")


def _scalars(*terms: Term) -> None:
    for term in terms:
        if term.rank:
            raise TermError(f"needs a scalar, got rank {term.rank}: {term!r}")


@dataclass(frozen=True)
class Rel:
    """``lhs relation rhs`` for all values of the free variables; terms of one rank, inequalities of scalars."""

    relation: str
    lhs: Term
    rhs: Term

    def __post_init__(self) -> None:
        if self.relation not in RELATIONS:
            raise TermError(f"{self.relation!r} is no relation; known: {', '.join(RELATIONS)}")
        if self.lhs.rank != self.rhs.rank:
            raise TermError(f"the sides have ranks {self.lhs.rank} and {self.rhs.rank}")
        if self.relation != "=":
            _scalars(self.lhs, self.rhs)

    @property
    def free(self) -> frozenset[str]:
        """The universally quantified variables."""
        return self.lhs.free | self.rhs.free


@dataclass(frozen=True)
class Iff:
    """``left`` holds exactly where ``right`` holds."""

    left: Rel
    right: Rel


@dataclass(frozen=True)
class Limit:
    """``term`` tends to ``value`` as ``variable`` (sigma, x, ..) tends to ``to`` from ``side`` ("+", "-" or "")."""

    term: Term
    variable: Term
    to: Term
    value: Term
    side: str = ""


@dataclass(frozen=True)
class Series:
    """``term`` = sum of ``coefficients[n] variable^n`` + O(variable^len) about 0; scalars all.

    Only a series in x (in one dimension) is judged so far; see :meth:`relations`.
    """

    term: Term
    variable: Term
    coefficients: tuple[Term, ...]

    def __post_init__(self) -> None:
        _scalars(self.term, *self.coefficients)

    def relations(self) -> tuple[Rel, ...]:
        """A series in x as equations: the n-th derivative at 0, over n!, is the n-th coefficient.

        Raises TermError unless the variable is x, the term a field of x alone and every coefficient a number.
        """
        if self.variable.op != "x" or self.term.free - {"x"} or any(c.free for c in self.coefficients):
            raise TermError("only a series of a field in x, with coefficients that are numbers, can be judged")
        found, derivative, factor = [], self.term, Fraction(1)
        for order, coefficient in enumerate(self.coefficients, 1):
            value = make("at", (derivative, make("origin")))
            found.append(Rel("=", make("mul", (make("num", (), factor), value)), coefficient))
            derivative = make("coord", (make("grad", (derivative,)),), 1)
            factor /= order
        return tuple(found)


@dataclass(frozen=True)
class Extremum:
    """What is located: zeros, maxima or minima of ``term`` in ``variable`` (x in one dimension, or sigma)."""

    kind: str
    term: Term
    variable: Term

    def __post_init__(self) -> None:
        if self.kind not in ("zeros", "maxima", "minima"):
            raise TermError(f"{self.kind!r} cannot be located; known: zeros, maxima, minima")


@dataclass(frozen=True)
class Located:
    """``count`` zeros or extrema (inside ``within``), one of them at ``at``, with value ``value``.

    ``at`` and ``value`` are exact rationals, or ``Digits``: the printed digits of a number, meaning an interval of one
    unit in the last digit on either side. ``when`` restricts the parameters.
    """

    what: Extremum
    count: int | None = None
    at: Digits | Term | None = None
    value: Digits | Term | None = None
    within: tuple[Fraction, Fraction] | None = None
    when: Rel | None = None


@dataclass(frozen=True)
class Digits:
    """A number known by its printed digits: the interval of one unit in the last place on either side."""

    text: str

    def __post_init__(self) -> None:
        try:
            Fraction(self.text)
        except ValueError:
            raise TermError(f"{self.text!r} is not a decimal number") from None

    @property
    def interval(self) -> tuple[Fraction, Fraction]:
        """The lower and upper end."""
        decimals = len(self.text.partition(".")[2])
        value, unit = Fraction(self.text), Fraction(1, 10**decimals)
        return value - unit, value + unit


@dataclass(frozen=True)
class Chain:
    """A derivation A rel B rel C ..; each link is judged alone."""

    links: tuple[Rel, ...]

    def __post_init__(self) -> None:
        if not self.links or any(u.rhs != v.lhs for u, v in zip(self.links, self.links[1:], strict=False)):
            raise TermError("a chain needs links that join: the right side of one is the left side of the next")


@dataclass(frozen=True)
class Exists:
    """``statement`` holds at ``instance`` (one of the setting)."""

    instance: Instance
    statement: Rel


Statement = Union[Rel, Iff, Limit, Series, Located, Chain, Exists]


def _relation(symbol: str) -> Callable[[TermLike, TermLike], Rel]:
    def build(lhs: TermLike, rhs: TermLike) -> Rel:
        left, right = as_term(lhs), as_term(rhs)
        if left.rank and right == as_term(0):
            right = make("origin") if left.rank == 1 else make("mul", (as_term(0), make("eye")))
        return Rel(symbol, left, right)

    return build


Eq, Le, Lt, Ge, Gt = (_relation(symbol) for symbol in RELATIONS)


def zeros(term: Term, variable: Term) -> Extremum:
    """The zeros of ``term`` in ``variable``."""
    return Extremum("zeros", term, variable)


def maxima(term: Term, variable: Term) -> Extremum:
    """The local maxima of ``term`` in ``variable``."""
    return Extremum("maxima", term, variable)


def minima(term: Term, variable: Term) -> Extremum:
    """The local minima of ``term`` in ``variable``."""
    return Extremum("minima", term, variable)


def chain(first: TermLike, *links: tuple[str, TermLike]) -> Chain:
    """``chain(A, ("=", B), ("<=", C))``."""
    built, left = [], as_term(first)
    for symbol, right in links:
        built.append(Rel(symbol, left, as_term(right)))
        left = built[-1].rhs
    return Chain(tuple(built))


def statement_data(value: Any) -> Any:
    """A statement as inert JSON data (for certificates and digests)."""
    if isinstance(value, Term):
        return to_data(value)
    if isinstance(value, Fraction):
        return {"q": str(value)}
    if isinstance(value, tuple):
        return [statement_data(v) for v in value]
    if hasattr(value, "__dataclass_fields__"):
        return {"kind": type(value).__name__, **{f.name: statement_data(getattr(value, f.name)) for f in fields(value)}}
    return value


def digest(value: Any) -> str:
    """A stable SHA-256 of a statement (or of any tuple of statements and settings), 16 hexadecimal digits."""
    text = json.dumps(statement_data(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
