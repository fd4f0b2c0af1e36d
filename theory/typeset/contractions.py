"""From the bracket kernel's elements back to terms: Einstein monomials as dot products, norms, traces and brackets.

Untrusted: what it writes lowers back to the element it came from, which the tests check line by line.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.kernel.index.monomials import Element, Factor, Factors, Monomial, Scalars, indices_of
from theory.language.terms import Term, make
from theory.typeset.tidy import ONE, number, product, quotient, signed_sum, summands

T_FUNCTIONS = frozenset({"D", "pi", "sym", "a", "g", "g2", "alpha", "sigma", "log", "logint", "inv"})
_ORDER = (
    "pi", "D", "sym", "a", "g", "g2", "alpha", "sigma", "log", "logint", "inv", "wz", "pz", "p0", "k", "q", "p",
    "lwz", "lpz", "lp0", "lk", "lq", "lp",
)  # fmt: skip
_SHORT = 3
"""Summands that may stand over a fraction line."""
LOGARITHMS = {"lq": "q", "lp": "p", "lk": "kern", "lp0": "p0", "lpz": "pz", "lwz": "wz"}
DENSITIES = {"q": "q", "p": "p", "k": "kern", "p0": "p0", "pz": "pz", "wz": "wz"}
POSTERIORS = {"posterior": ("p0", "k", "p"), "posterior_z": ("wz", "pz", "p")}


_COMPONENT_COVARIANCE = make("add", (
    make("mul", (make("pow", (make("tfun", (), "alpha"),), Fraction(2)), make("Sz"))),
    make("mul", (make("pow", (make("tfun", (), "sigma"),), Fraction(2)), make("eye"))),
))  # fmt: skip


class NoVectorFormError(ValueError):
    """An element that has no form in vectors and matrices (a tensor of rank three is contracted in it)."""


# -- scalars -------------------------------------------------------------------------------------------------------
def generator_term(tag: tuple[Any, ...]) -> Term:
    """A scalar generator of the kernel as a term."""
    name = tag[0]
    if name in ("alpha", "sigma", "g"):
        return make("tfun", (), name)
    if name == "a" or name == "g2":
        term = make("tfun", (), "a") if name == "a" else make("pow", (make("tfun", (), "g"),), Fraction(2))
        for _ in range(tag[1]):
            term = make("dt", (term,))
        return term
    if name in LOGARITHMS:
        return make("log", (make(LOGARITHMS[name]),))
    if name == "log":
        return make("log", (_named(str(tag[1])),))
    if name == "logint":
        return make("log", (number(tag[1]),))
    if name == "sym":
        return make("sym", (), tag[1])
    if name == "inv":
        return quotient(ONE, plain_sum(Element(dict(tag[1]))))
    if name not in ("D", "pi", *DENSITIES):
        raise NoVectorFormError(f"a scalar that has no name here: {name}")
    return make(DENSITIES.get(name) or {"D": "dim", "pi": "pi"}[name])


def _named(name: str) -> Term:
    if name.startswith("sym "):
        return make("sym", (), name[4:])
    return {"D": make("dim"), "pi": make("pi")}.get(name) or make("tfun", (), name)


def scalars_term(scalars: Scalars, coefficient: Fraction = Fraction(1)) -> Term:
    """A product of powers with a positive rational coefficient, as one fraction."""
    above: list[Term] = [] if coefficient.numerator == 1 else [number(coefficient.numerator)]
    below: list[Term] = [] if coefficient.denominator == 1 else [number(coefficient.denominator)]
    powers = dict(scalars)
    for op, (prior, likelihood, evidence) in POSTERIORS.items():
        if [powers.get((name,), 0) for name in (prior, likelihood, evidence)] == [1, 1, -1]:
            above.append(make(op))
            powers = {tag: e for tag, e in powers.items() if tag not in ((prior,), (likelihood,), (evidence,))}
    for tag, exponent in sorted(powers.items(), key=_place):
        if tag[0] == "inv":
            inner = plain_sum(Element(dict(tag[1])))
            below.append(inner if exponent == 1 else make("pow", (inner,), Fraction(exponent)))
            continue
        base, size = generator_term(tag), abs(Fraction(exponent))
        factor = base if size == 1 else make("pow", (base,), size)
        (above if exponent > 0 else below).append(factor)
    return quotient(product(above), product(below)) if below else product(above)


def _place(item: tuple[tuple[Any, ...], Any]) -> tuple[int, str]:
    name = item[0][0]
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER)), repr(item[0])


# -- contractions ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Node:
    """A tensor with at most two open slots; ``swap`` says that a matrix stands transposed."""

    term: Term
    slots: tuple[int, ...]

    def reversed(self) -> _Node:
        symmetric = self.term.op in ("eye", "Sz", "inv") or _is_square_average(self.term)
        term = self.term if symmetric or len(self.slots) < 2 else make("transpose", (self.term,))
        return _Node(term, self.slots[::-1])


def _is_square_average(term: Term) -> bool:
    inner = term.args[0] if term.op == "post" else term
    return inner.op == "outer" and inner.args[0] == inner.args[1]


def _open(factors: Factors) -> list[int]:
    counts: dict[int, int] = {}
    for index in indices_of(factors):
        counts[index] = counts.get(index, 0) + 1
    return [i for i, n in counts.items() if n == 1]


def _node(factor: Factor) -> _Node:
    kind, data, slots = factor
    if kind in ("x", "X"):
        return _Node(make("x" if kind == "x" else "X0"), slots)
    if kind == "delta":
        return _Node(make("eye"), slots)
    if kind in ("field", "jet"):
        return _field(kind, data, slots)
    if kind in ("mz", "Sz"):
        return _Node(make(kind), slots)
    if kind == "vinv":
        return _Node(make("inv", (_COMPONENT_COVARIANCE,)), slots)
    if kind == "post":
        data = opened(data, "zpost")
    elif kind != "E":
        raise NoVectorFormError("an average over X0 given x and the label")
    free = tuple(sorted(_open(data[1])))
    if len(free) > 2:
        raise NoVectorFormError("an average with three open indices")
    inner = monomial_term(data, Fraction(1), free)
    if kind == "E":
        return _Node(make("E", (inner,)), free)
    return _Node(make("post_mean") if inner.op == "X0" else make("post", (inner,)), free)


def merged(left: Scalars, right: Scalars) -> Scalars:
    """The product of two products of powers."""
    powers = dict(left)
    for tag, exponent in right:
        powers[tag] = powers.get(tag, 0) + exponent
    return tuple((t, e) for t, e in powers.items() if e)


def opened(body: Monomial, kind: str) -> Monomial:
    """A lone average of ``kind`` in an average opened: E[u <w>] = E[u w], <u <w>_Z> = <u w>."""
    inside = [f for f in body[1] if f[0] == kind]
    if len(inside) != 1:
        return body
    inner = inside[0][1]
    return merged(body[0], inner[0]), (*(f for f in body[1] if f[0] != kind), *inner[1])


_JETS = {"f": make("f"), "lk": make("log", (make("kern"),)), "lq": make("log", (make("q"),))}


def _field(kind: str, data: tuple[Any, ...], slots: tuple[int, ...]) -> _Node:
    """A derivative of a test field, of the drift, of log k or of log q: contracted pairs as div and lap."""
    term = make("field", (), data) if kind == "field" else _JETS[data[0]]
    for _ in range(data[2] if kind == "jet" else 0):
        term = make("dt", (term,))
    rank, left = data[1], list(slots)
    if rank == 1 and left[0] in left[1:]:
        index, rank = left.pop(0), 0
        left.remove(index)
        term = make("div", (term,))
    while rank == 0 and (pair := next((i for i in left if left.count(i) == 2), None)) is not None:
        left = [i for i in left if i != pair]
        term = make("div", (make("score_c"),)) if term == _JETS["lk"] else make("lap", (term,))
    if len(left) > 2 or len(set(left)) < len(left):
        raise NoVectorFormError("a third derivative")
    for _ in left[rank:]:
        term = make("score_c") if term == _JETS["lk"] else make("grad", (term,))
    return _Node(term, tuple(left))


def _joined(left: _Node, right: _Node) -> _Node:
    """Two nodes joined along the last slot of the first and the first slot of the second."""
    if left.term == right.term and left.term.rank == 1:
        return _Node(make("normsq", (left.term,)), ())
    return _Node(make("dot", (left.term, right.term)), left.slots[:-1] + right.slots[1:])


def _closed(node: _Node) -> _Node:
    return _Node(make("tr", (node.term,)), ()) if len(node.slots) == 2 and node.slots[0] == node.slots[1] else node


def tensor_term(factors: Factors, free: tuple[int, ...]) -> Term | None:
    """A product of factors with the open indices ``free`` (at most two, in this order); None stands for 1.

    Raises NoVectorFormError.
    """
    nodes = [_closed(_node(f)) for f in factors]
    scalars = [n.term for n in nodes if not n.slots]
    nodes = [n for n in nodes if n.slots]
    while True:
        pair = _shared(nodes)
        if pair is None:
            break
        i, j, index = pair
        left, right = nodes[i], nodes[j]
        left = left if left.slots[-1] == index else left.reversed()
        right = right if right.slots[0] == index else right.reversed()
        if len(left.slots) == 1 and len(right.slots) == 2:
            left, right = right.reversed(), left  # M v rather than v M
        nodes = [n for k, n in enumerate(nodes) if k not in (i, j)]
        made = _closed(_joined(left, right))
        (nodes.append(made) if made.slots else scalars.append(made.term))
    tensor = _outer(nodes, free)
    parts = [*scalars, *([tensor] if tensor is not None else [])]
    return product(parts) if parts else None


def _shared(nodes: list[_Node]) -> tuple[int, int, int] | None:
    """Two nodes with a common index, vectors first so that chains close early."""
    found = [
        (i, j, index)
        for i, left in enumerate(nodes) for j, right in enumerate(nodes) if i < j
        for index in left.slots if index in right.slots
    ]  # fmt: skip
    return min(found, key=lambda f: (len(nodes[f[0]].slots) + len(nodes[f[1]].slots), f), default=None)


def _outer(nodes: list[_Node], free: tuple[int, ...]) -> Term | None:
    if not nodes:
        if free:
            raise NoVectorFormError("an open index without a factor")
        return None
    if len(nodes) == 1:
        (node,) = nodes
        if node.slots == free:
            return node.term
        if node.slots[::-1] == free:
            return node.reversed().term
    if len(nodes) == 2 and len(free) == 2 and all(len(n.slots) == 1 for n in nodes):
        by_slot = {n.slots[0]: n.term for n in nodes}
        if set(by_slot) == set(free):
            return make("outer", (by_slot[free[0]], by_slot[free[1]]))
    raise NoVectorFormError("open indices that no matrix has")


def monomial_term(monomial: Monomial, coefficient: Fraction, free: tuple[int, ...]) -> Term:
    """One monomial with a positive coefficient. Raises NoVectorFormError."""
    tensor = tensor_term(monomial[1], free)
    scalar = scalars_term(monomial[0], coefficient)
    if tensor is None:
        return scalar
    return tensor if scalar == ONE else scaled(scalar, tensor)


def scaled(scalar: Term, tensor: Term) -> Term:
    """scalar times tensor; short things stand over the scalar's fraction line."""
    joins = tensor.op not in ("E", "add", "sub") and not tensor.rank
    short = scalar.args and scalar.args[0] == ONE and len(summands(tensor)) <= _SHORT
    if scalar.op == "quot" and tensor.op != "E" and (short or joins):
        above = [t for t in scalar.args[:1] if t != ONE]
        return quotient(product([*above, tensor]), scalar.args[1])
    parts = [*(scalar.args if scalar.op == "mul" else (scalar,))]
    return product([*parts, *(tensor.args if tensor.op == "mul" else (tensor,))])


def plain_sum(element: Element) -> Term:
    """A scalar element as a sum of its monomials, nothing collected. Raises NoVectorFormError."""
    return signed_sum([(1 if c > 0 else -1, monomial_term(m, abs(c), ())) for m, c in element.terms.items()])
