"""What the rules of the component kernel share: terms by name, the sign an inequality asks for, variables. Trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from theory.kernel.component.calculus import symbol_variable
from theory.kernel.component.elements import NONNEGATIVE, POSITIVE, Element
from theory.kernel.component.model import Model
from theory.kernel.component.tensors import flat
from theory.kernel.component.zero import certified
from theory.kernel.errors import KernelError, UnsupportedError
from theory.language.definitions import minus, plus
from theory.language.statements import Rel
from theory.language.terms import Term, make

Terms = Mapping[str, Term]
WEAK = (POSITIVE, NONNEGATIVE)


def gap(relation: Rel) -> tuple[Term, bool]:
    """An inequality as ``term > 0`` (True) or ``term >= 0`` (False)."""
    if relation.relation == "=":
        raise UnsupportedError("an inequality is needed here")
    left, right = relation.lhs, relation.rhs
    if relation.relation in ("<", "<="):
        left, right = right, left
    return plus(left, minus(right)), relation.relation in ("<", ">")


def need(terms: Terms, name: str) -> Term:
    """The certificate's term of this name. Raises KernelError if it gives none."""
    if name not in terms:
        raise KernelError(f"the certificate gives no {name}")
    return terms[name]


@dataclass(frozen=True)
class Variable:
    """A variable of a function: the index of its generator, its name in ``derive``, the sign it is declared to have."""

    index: int
    name: str
    sign: str


def variable_of(model: Model, term: Term) -> Variable:
    """The variable that ``term`` names: a symbol, or x in one dimension. Raises UnsupportedError for anything else."""
    if term.op == "sym":
        (index,) = model.ring.symbol(str(term.data)).generators()
        return Variable(index, symbol_variable(str(term.data)), model.ring.gens[index].sign)
    if term in (make("x"), make("coord", (make("x"),), 1)) and model.D == 1:
        (index,) = model.x[0].generators()
        return Variable(index, "x1", model.ring.gens[index].sign)
    raise UnsupportedError("the variable is a symbol, or x in one dimension")


def single(model: Model, term: Term) -> Element:
    """A scalar, or the one entry of a tensor in one dimension. Raises UnsupportedError for more entries."""
    entries = flat(model.lower(term))
    if len(entries) != 1:
        raise UnsupportedError("a single number or function is needed here")
    return entries[0]


def rational(value: Element) -> Fraction:
    """The rational that an element is. Raises KernelError if it is none."""
    if value.terms.keys() - {()}:
        raise KernelError("a rational number is needed here")
    return value.terms.get((), Fraction(0))


def multiplier(model: Model, terms: Terms, name: str) -> Element | None:
    """The certificate's factor of this name, certified positive; None if it gives none."""
    if name not in terms:
        return None
    factor = model.scalar(terms[name])
    if certified(factor) != POSITIVE:
        raise KernelError(f"{name} is not certified positive")
    return factor
