"""One-node edits of statements: every literal, exponent, sign, name and operator, one at a time. Untrusted.

Edits of equations feed the mutants campaign. Inequalities, conditions and located values respect polarity: an
inequality is only turned towards a claim that is not weaker, a printed value is moved off itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from theory.language.definitions import FORWARD, REVERSE, REVERSE_GIVEN_END
from theory.language.statements import Chain, Digits, Exists, Iff, Located, Rel, Series, Statement
from theory.language.terms import Term, TermError, make, rebuild

Path = tuple[int, ...]


@dataclass(frozen=True)
class Edit:
    """An edited statement: ``name`` says what and where, ``kind`` is literal, exponent, sign, name or operator."""

    name: str
    kind: str
    statement: Statement


def _node_edits(term: Term) -> Iterator[tuple[str, str, Callable[[], Term]]]:
    """The edits of the node at the top of ``term``: (kind, description, builder)."""
    op, args, data = term.op, term.args, term.data
    if op == "num" and isinstance(data, Fraction):
        yield "literal", f"{data} -> {data + 1}", lambda: make("num", (), data + 1)
    elif op == "pow" and isinstance(data, Fraction):
        yield "exponent", f"^{data} -> ^{data + 1}", lambda: make("pow", args, data + 1)
        if data != 1:
            yield "exponent", f"^{data} -> ^{data - 1}", lambda: make("pow", args, data - 1) if data != 2 else args[0]
    elif op == "neg":
        yield "sign", "drop the minus", lambda: args[0]
    elif op == "sub":
        yield "sign", "- -> +", lambda: make("add", args)
    elif op == "add":
        for i in range(len(args)):
            flipped = (*args[:i], make("neg", (args[i],)), *args[i + 1 :])
            yield "sign", f"sign of summand {i + 1}", lambda f=flipped: make("add", f)  # type: ignore[misc]
            if len(args) == 2:
                yield "operator", f"drop summand {i + 1}", lambda i=i: args[1 - i]  # type: ignore[misc]
    elif op == "quot":
        yield "operator", "/ -> *", lambda: make("mul", (args[0], args[1]))
    elif op == "tfun":
        yield "name", f"{data} -> {data}^2", lambda: make("pow", (term,), Fraction(2))
    elif op == "dim":
        yield "name", "D -> 1", lambda: make("num", (), Fraction(1))
    elif op == "eye":
        yield "name", "I -> 2 I", lambda: make("mul", (make("num", (), Fraction(2)), term))
    elif op in ("mz", "Sz"):
        yield "name", f"{op} -> 2 {op}", lambda: make("mul", (make("num", (), Fraction(2)), term))
    elif op == "inv":
        yield "operator", "drop the inverse", lambda: args[0]
    elif op in ("drift", "noise") and data in (FORWARD, REVERSE, REVERSE_GIVEN_END):
        turned = REVERSE if data != REVERSE else FORWARD
        yield "operator", f"along {data} -> {turned}", lambda: make(op, args, turned)
    elif op == "lap":
        yield "operator", "lap -> 2 lap", lambda: make("mul", (make("num", (), Fraction(2)), term))
    elif op in ("normsq", "entropy", "div", "cov_post", "rate") and term.rank == 0:
        yield "sign", f"sign of {op}", lambda: make("neg", (term,))


def term_edits(term: Term) -> Iterator[tuple[str, str, Term]]:
    """All one-node edits of ``term``: (kind, description with the path, edited term). Ill-ranked ones are left out."""

    def at(node: Term, path: Path) -> Iterator[tuple[str, str, Term]]:
        for kind, text, build in _node_edits(node):
            try:
                yield kind, f"{text} at {'.'.join(map(str, path)) or 'top'}", build()
            except TermError:
                continue  # an edit that no term can have, such as an exponent on a vector
        for i, child in enumerate(node.args):
            for kind, text, new in at(child, (*path, i)):
                try:
                    yield kind, text, rebuild(node, (*node.args[:i], new, *node.args[i + 1 :]))
                except TermError:
                    continue  # the same, seen one node higher

    yield from at(term, ())


def _rel_edits(rel: Rel) -> Iterator[tuple[str, str, Rel]]:
    if rel.relation != "=":
        turned = {"<=": ">=", "<": ">", ">=": "<=", ">": "<"}[rel.relation]
        yield "operator", f"{rel.relation} -> {turned}", Rel(turned, rel.lhs, rel.rhs)
        one = make("num", (), Fraction(1))
        grow = rel.relation in (">=", ">")
        stronger = make("add", (rel.rhs, one)) if grow else make("sub", (rel.rhs, one))
        yield "literal", "a bound stronger by 1", Rel(rel.relation, rel.lhs, stronger)
        return
    for side, term in (("left", rel.lhs), ("right", rel.rhs)):
        for kind, text, new in term_edits(term):
            if new.rank == term.rank:
                left, right = (new, rel.rhs) if side == "left" else (rel.lhs, new)
                yield kind, f"{side}: {text}", Rel(rel.relation, left, right)
    if not (_is_zero(rel.lhs) or _is_zero(rel.rhs)):
        yield "sign", "right: negated", Rel("=", rel.lhs, make("neg", (rel.rhs,)))
        for factor in (make("num", (), Fraction(2)), *(make("tfun", (), name) for name in ("alpha", "sigma", "g"))):
            name = factor.data if factor.op == "tfun" else "2"
            yield "factor", f"right: times {name}", Rel("=", rel.lhs, make("mul", (factor, rel.rhs)))


def _is_zero(term: Term) -> bool:
    """A side that is literally zero: a factor on the other would change nothing."""
    return term.op == "origin" or term.data == 0 or (term.op == "mul" and any(_is_zero(t) for t in term.args))


def _condition_edits(rel: Rel) -> Iterator[tuple[str, str, Rel]]:
    """Edits of a condition: every node of it may be edited, since a moved condition is a different claim."""
    for side, term in (("left", rel.lhs), ("right", rel.rhs)):
        for kind, text, new in term_edits(term):
            left, right = (new, rel.rhs) if side == "left" else (rel.lhs, new)
            yield kind, f"{side}: {text}", Rel(rel.relation, left, right)


def _moved(value: Digits | Term) -> Digits | Term:
    """A printed value moved by ten units in its last place; a term moved by 1/1000."""
    if isinstance(value, Digits):
        decimals = len(value.text.partition(".")[2])
        digits = str(round(Fraction(value.text) * 10**decimals) + 10).rjust(decimals + 1, "0")
        return Digits(f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)
    return make("add", (value, make("num", (), Fraction(1, 1000))))


def _located_edits(located: Located) -> Iterator[tuple[str, str, Located]]:
    if located.count is not None:
        yield "literal", "count + 1", replace(located, count=located.count + 1)
        if located.count > 0:
            yield "literal", "count - 1", replace(located, count=located.count - 1)
    if located.at is not None:
        yield "literal", "place moved", replace(located, at=_moved(located.at))
    if located.value is not None:
        yield "literal", "value moved", replace(located, value=_moved(located.value))
    kind = {"maxima": "minima", "minima": "maxima"}.get(located.what.kind)
    if kind is not None and (located.count or located.at is not None):
        yield "operator", f"{located.what.kind} -> {kind}", replace(located, what=replace(located.what, kind=kind))


def edits(statement: Statement) -> Iterator[Edit]:
    """All edits of a statement. A weaker (hence true) version is never among those of an inequality."""
    if isinstance(statement, Rel):
        for kind, text, rel in _rel_edits(statement):
            yield Edit(text, kind, rel)
    elif isinstance(statement, Iff):
        for kind, text, rel in _condition_edits(statement.right):
            yield Edit(f"condition, {text}", kind, Iff(statement.left, rel))
        for kind, text, rel in _rel_edits(statement.left):
            yield Edit(f"statement, {text}", kind, Iff(rel, statement.right))
    elif isinstance(statement, Located):
        for kind, text, located in _located_edits(statement):
            yield Edit(text, kind, located)
    elif isinstance(statement, Chain):
        for i, link in enumerate(statement.links):
            for kind, text, rel in _rel_edits(link):
                yield Edit(f"link {i + 1}, {text}", kind, Chain((rel,)))
    elif isinstance(statement, Series):
        for i, coefficient in enumerate(statement.coefficients):
            for kind, text, new in term_edits(coefficient):
                changed = (*statement.coefficients[:i], new, *statement.coefficients[i + 1 :])
                yield Edit(f"coefficient {i}, {text}", kind, replace(statement, coefficients=changed))
    elif isinstance(statement, Exists):
        return  # existence is not mutated: a false instance does not refute it
