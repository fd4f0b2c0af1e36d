"""Statements that hold by definition: their sides agree after unfolding, logarithms of products, linearity and
commutative arithmetic alone. Such a statement neither supports nor blocks a claim. Trusted; standard library only.

Normal form: a sum of products of atoms with rational coefficients. Constants leave E, posterior averages, derivatives,
traces and products of vectors; nothing is differentiated, integrated or contracted.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from theory.language.definitions import split_log, unfold
from theory.language.statements import Chain, Rel, Statement
from theory.language.terms import Term, TermError, X

Atom = tuple[Any, ...]
"""(operator, data, frozen forms of the arguments, free variables, changes in t)."""
Key = tuple[tuple[tuple[Atom, Fraction], ...], Any]
"""Scalar atoms with exponents, and at most one vector or matrix atom."""
Form = Mapping[Key, Fraction]
_UNIT: Key = ((), None)
_LIMIT = 600
_MOVING = frozenset({"tfun", "mat", "f", "p", "q", "kern", "pz", "E", "post", "dt"})
_LEAVES_ALL = frozenset({"tr", "transpose"})
_LINEAR = frozenset({"E", "post", "grad", "dt", "tr", "transpose", "coord"})


class _TooLargeError(Exception):
    """The form outgrew the limit: the test gives up, which says nothing."""


def holds_by_definition(statement: Statement) -> bool:
    """Whether an equation (or every link of a chain of equations) says the same thing twice."""
    if isinstance(statement, Chain):
        return all(holds_by_definition(link) for link in statement.links)
    if not isinstance(statement, Rel) or statement.relation != "=":
        return False
    try:
        return same_by_definition(statement.lhs, statement.rhs)
    except (_TooLargeError, RecursionError, TermError):
        return False


def same_by_definition(left: Term, right: Term) -> bool:
    """Whether two terms have one normal form."""
    return left == right or dict(_form(split_log(unfold(left)))) == dict(_form(split_log(unfold(right))))


@lru_cache(maxsize=1 << 14)
def _form(term: Term) -> Form:
    if term.op == "num":
        assert isinstance(term.data, Fraction)
        return {_UNIT: term.data} if term.data else {}
    if term.op == "origin":
        return {}
    if term.op == "add":
        return _sum([_form(t) for t in term.args])
    if term.op == "mul":
        out: Form = {_UNIT: Fraction(1)}
        for t in term.args:
            out = _product(out, _form(t))
        return out
    if term.op == "pow":
        return _power(term)
    if term.op in ("dot", "outer"):
        return _bilinear(term)
    if term.op in _LINEAR:
        return _linear(term)
    return {_key(term, _atom(term, tuple(_frozen(_form(t)) for t in term.args))): Fraction(1)}


def _atom(term: Term, arguments: tuple[Any, ...]) -> Atom:
    moving = term.op in _MOVING or any(_moves(form) for form in arguments)
    return (term.op, repr(term.data), arguments, tuple(sorted(term.free)), moving)


def _moves(form: Any) -> bool:
    return any(atom[4] for (scalars, tensor), _ in form for atom in (*(a for a, _ in scalars), tensor) if atom)


def _key(term: Term, atom: Atom) -> Key:
    return ((), atom) if term.rank else (((atom, Fraction(1)),), None)


def _frozen(form: Form) -> tuple[tuple[Key, Fraction], ...]:
    return tuple(sorted(form.items(), key=repr))


def _sum(forms: list[Form]) -> Form:
    out: dict[Key, Fraction] = {}
    for form in forms:
        for key, value in form.items():
            out[key] = out.get(key, Fraction(0)) + value
    return {k: v for k, v in out.items() if v}


def _scalars_product(left: Any, right: Any) -> tuple[tuple[Atom, Fraction], ...]:
    powers = dict(left)
    for atom, exponent in right:
        powers[atom] = powers.get(atom, Fraction(0)) + exponent
    return tuple(sorted(((a, e) for a, e in powers.items() if e), key=repr))


def _product(left: Form, right: Form) -> Form:
    if len(left) * len(right) > _LIMIT:
        raise _TooLargeError
    out: dict[Key, Fraction] = {}
    for (scalars, tensor), value in left.items():
        for (others, other), factor in right.items():
            key = (_scalars_product(scalars, others), tensor if other is None else other)
            out[key] = out.get(key, Fraction(0)) + value * factor
    return {k: v for k, v in out.items() if v}


def _power(term: Term) -> Form:
    base, exponent = _form(term.args[0]), Fraction(str(term.data))
    if not base and exponent < 0:
        raise TermError("a division by zero says nothing")
    if exponent.denominator == 1 and 0 <= exponent <= 4:
        out: Form = {_UNIT: Fraction(1)}
        for _ in range(int(exponent)):
            out = _product(out, base)
        return out
    if len(base) == 1 and exponent.denominator == 1:
        (((scalars, _), value),) = base.items()
        return {(tuple((a, e * exponent) for a, e in scalars), None): value ** int(exponent)}
    return {_key(term, _atom(term, (_frozen(base),))): Fraction(1)}


def _leaves(op: str, atom: Atom) -> bool:
    """Whether a scalar factor may be taken out of the operator."""
    _, _, _, free, moving = atom
    if op in _LEAVES_ALL or op == "coord":
        return True
    if op == "E":
        return not free
    if op == "post":
        return all(name == X for name in free)
    if op == "grad":
        return X not in free
    return not free and not moving


def _linear(term: Term) -> Form:
    pieces: list[Form] = []
    for (scalars, tensor), value in _form(term.args[0]).items():
        out = tuple(s for s in scalars if _leaves(term.op, s[0]))
        rest = tuple(s for s in scalars if not _leaves(term.op, s[0]))
        inner: Form = {(rest, tensor): Fraction(1)}
        atom = _atom(term, (_frozen(inner),))
        own = _key(term, (*atom[:3], _free_after(term, rest, tensor), atom[4]))
        pieces.append({(_scalars_product(out, own[0]), own[1]): value})
    return _sum(pieces)


def _free_after(term: Term, scalars: Any, tensor: Any) -> tuple[str, ...]:
    inside = {name for atom in (*(a for a, _ in scalars), tensor) if atom for name in atom[3]}
    if term.op == "E":
        return ()
    return (X,) if term.op == "post" else tuple(sorted(inside))


def _bilinear(term: Term) -> Form:
    left, right = (_form(t) for t in term.args)
    if len(left) * len(right) > _LIMIT:
        raise _TooLargeError
    pieces: list[Form] = []
    for (scalars, tensor), value in left.items():
        for (others, other), factor in right.items():
            pair = [tensor, other]
            if term.op == "dot" and all(t.rank == 1 for t in term.args):
                pair.sort(key=repr)
            arguments = tuple(((((), t), Fraction(1)),) for t in pair)
            free = tuple(sorted({*tensor[3], *other[3]}))
            moving = tensor[4] or other[4]
            own = _key(term, (term.op, "None", arguments, free, moving))
            pieces.append({(_scalars_product(_scalars_product(scalars, others), own[0]), own[1]): value * factor})
    return _sum(pieces)
