"""Einstein monomials with a canonical form, and sums of them. Trusted; standard library only.

A monomial is ``(scalars, factors)``. Scalars are pairs (generator, exponent), sorted; a generator is a tuple whose
first entry is its tag. Factors are triples (kind, data, indices):

* ``("x", "", (i,))`` the point, ``("X", "", (i,))`` the end point X0, ``("delta", "", (i, j))``,
* ``("field", (name, rank), (components.., derivatives..))`` a test field, its derivative slots symmetric,
* ``("jet", (name, rank, order), (components.., derivatives..))`` the derivatives in x, and of an order in t, of the
  drift f (rank 1), of log k(x|X0) ("lk") and of log q ("lq"); the derivative slots are symmetric,
* ``("mz", "", (i,))``, ``("Sz", "", (i, j))``, ``("vinv", "", (i, j))``: mean m_Z and covariance S_Z of the component
  Z, and the inverse of alpha^2 S_Z + sigma^2 I; the matrices are symmetric,
* ``("post", monomial, ())``, ``("zpost", monomial, ())``, ``("E", monomial, ())``: averages over X0 and Z given x, over
  X0 given x and Z, and over everything; their indices live inside.

An index that occurs twice is summed over; one that occurs once is free; more often is an error. In a canonical
monomial the summed indices are -1, -2, .. and the free ones positive. Renaming summed indices is always sound, so the
canonical form needs to be good (to recognise equal monomials), not perfect: the search for the least name order is
bounded. Contraction of delta_ii gives D, which is what makes a proof hold for every dimension.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import permutations
from typing import Any, Union

from theory.kernel import clock
from theory.kernel.errors import BudgetError, KernelError

Exponent = Union[int, Fraction]
Scalars = tuple[tuple[Any, Exponent], ...]
Factor = tuple[str, Any, tuple[int, ...]]
Factors = tuple[Factor, ...]
Monomial = tuple[Scalars, Factors]

UNIT: Monomial = ((), ())
NESTED = frozenset({"post", "zpost", "E"})
DIM = ("D",)
SLOTTED = frozenset({"field", "jet"})
_ARITY = {"x": 1, "X": 1, "delta": 2, "mz": 1, "Sz": 2, "vinv": 2, "post": 0, "zpost": 0, "E": 0}
TERM_LIMIT = 60_000
_ORDER_LIMIT = 120


def indices_of(factors: Factors) -> Iterator[int]:
    """Every index slot, those inside averages included."""
    for kind, data, slots in factors:
        yield from slots
        if kind in NESTED:
            yield from indices_of(data[1])


def _named(factors: Factors, names: Mapping[int, int]) -> Factors:
    """The factors with indices renamed, symmetric slots and factors sorted."""
    out: list[Factor] = []
    for kind, data, slots in factors:
        if kind in NESTED:
            out.append((kind, (data[0], _named(data[1], names)), ()))
            continue
        renamed = tuple(names.get(i, i) for i in slots)
        fixed = data[1] if kind in SLOTTED else 0
        if len(renamed) - fixed > 1:
            renamed = renamed[:fixed] + tuple(sorted(renamed[fixed:]))
        out.append((kind, data, renamed))
    out.sort()
    return tuple(out)


def renamed(monomial: Monomial, names: Mapping[int, int]) -> Monomial:
    """The monomial with indices renamed (the caller answers for their being distinct)."""
    return monomial[0], _named(monomial[1], names)


def _merged(scalars: Iterable[tuple[Any, Exponent]]) -> Scalars:
    total: dict[Any, Exponent] = {}
    for generator, exponent in scalars:
        total[generator] = total.get(generator, 0) + exponent
    kept = []
    for generator, exponent in total.items():
        if exponent:
            whole = isinstance(exponent, Fraction) and exponent.denominator == 1
            kept.append((generator, int(exponent) if whole else exponent))
    kept.sort()
    return tuple(kept)


def _counts(factors: Factors) -> dict[int, int]:
    counts: dict[int, int] = {}
    for index in indices_of(factors):
        counts[index] = counts.get(index, 0) + 1
    return counts


def _check(factors: Factors) -> None:
    for kind, data, slots in factors:
        arity = _ARITY.get(kind)
        if kind in SLOTTED:
            if len(slots) < data[1]:
                raise KernelError("a field lacks its component index")
        elif arity is None or len(slots) != arity:
            raise KernelError(f"{kind} with {len(slots)} indices")
        if any(type(i) is not int for i in slots):
            raise KernelError(f"{kind} has an index that is no integer")


@lru_cache(maxsize=1 << 17)
def canonical(scalars: Scalars, factors: Factors) -> Monomial:
    """The canonical form: like powers merged, deltas contracted, summed indices named in a least order."""
    _check(factors)
    work = list(factors)
    extra = 0
    counts = _counts(factors)
    place = 0
    while place < len(work):
        kind, _, slots = work[place]
        if kind != "delta":
            place += 1
            continue
        i, j = slots
        if i == j:
            if counts[i] > 2:
                raise KernelError(f"index {i} occurs more than twice")
            extra += 1
            del work[place]
            continue
        if counts[i] != 2:
            i, j = j, i
        if counts[i] != 2:
            place += 1
            continue
        del work[place]
        work = list(_named(tuple(work), {i: j}))
        place = 0
    counts = _counts(tuple(work))
    if any(n > 2 for n in counts.values()):
        raise KernelError("an index occurs more than twice")
    dummies = sorted(i for i, n in counts.items() if n == 2)
    if any(i <= 0 for i, n in counts.items() if n == 1):
        raise KernelError("a summed index lost its partner")
    merged = _merged((*scalars, (DIM, extra)) if extra else scalars)
    return merged, _least(tuple(work), dummies)


def _least(factors: Factors, dummies: list[int]) -> Factors:
    """The least naming of the summed indices, after splitting them into classes that any renaming respects."""
    size = len(dummies)
    if size <= 1:
        return _named(factors, dict(zip(dummies, (-1,), strict=False)))
    if size == 2:
        a, b = dummies
        return min(_named(factors, {a: -1, b: -2}), _named(factors, {a: -2, b: -1}))
    colours = dict.fromkeys(dummies, 0)
    classes = 1
    while True:
        marked = {d: -(10**9) - c for d, c in colours.items()}
        signature = {d: (colours[d], _named(factors, {**marked, d: -(10**8)})) for d in dummies}
        ranks = {s: n for n, s in enumerate(sorted(set(signature.values())))}
        colours = {d: ranks[signature[d]] for d in dummies}
        if len(ranks) == classes or len(ranks) == size:
            break
        classes = len(ranks)
    groups = [[d for d in dummies if colours[d] == c] for c in range(len(set(colours.values())))]
    best: Factors | None = None
    for tries, order in enumerate(_orders(groups)):
        named = _named(factors, {d: -n for n, d in enumerate(order, 1)})
        best = named if best is None else min(best, named)
        if tries >= _ORDER_LIMIT:
            break
    assert best is not None
    return best


def _orders(groups: list[list[int]]) -> Iterator[tuple[int, ...]]:
    if not groups:
        yield ()
        return
    for head in permutations(groups[0]):
        for tail in _orders(groups[1:]):
            yield (*head, *tail)


def open_up(monomial: Monomial, *others: int) -> Monomial:
    """The monomial with its summed indices named by fresh positive numbers, distinct from ``others``.

    Needed before a monomial is taken apart: each piece then carries them as free indices.
    """
    found = set(indices_of(monomial[1]))
    base = max((*found, *others, 0))
    return renamed(monomial, {i: base - i for i in found if i < 0})


class Element:
    """A finite sum of canonical monomials with rational coefficients; empty means zero. Immutable by convention."""

    __slots__ = ("terms",)
    terms: dict[Monomial, Fraction]

    def __init__(self, terms: dict[Monomial, Fraction] | None = None) -> None:
        self.terms = terms if terms is not None else {}
        if len(self.terms) > TERM_LIMIT:
            raise BudgetError(f"an element has more than {TERM_LIMIT} monomials")

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __add__(self, other: Element) -> Element:
        return total((self, other))

    def __neg__(self) -> Element:
        return self.scaled(-1)

    def __sub__(self, other: Element) -> Element:
        return total((self, other.scaled(-1)))

    def scaled(self, factor: int | Fraction) -> Element:
        """A rational multiple."""
        return Element({m: c * factor for m, c in self.terms.items()} if factor else {})

    def __mul__(self, other: Element) -> Element:
        out: dict[Monomial, Fraction] = {}
        for left, c in self.terms.items():
            clock.check()
            for right, e in other.terms.items():
                key = product(left, right)
                out[key] = out.get(key, Fraction(0)) + c * e
                if len(out) > TERM_LIMIT:
                    raise BudgetError(f"a product has more than {TERM_LIMIT} monomials")
        return Element({m: c for m, c in out.items() if c})

    def __pow__(self, exponent: int) -> Element:
        result = ONE
        for _ in range(exponent):
            result = result * self
        return result

    def frozen(self) -> tuple[tuple[Monomial, Fraction], ...]:
        """A hashable form."""
        return tuple(sorted(self.terms.items()))


def total(elements: Iterable[Element]) -> Element:
    """The sum of many elements."""
    out: dict[Monomial, Fraction] = {}
    for element in elements:
        for m, c in element.terms.items():
            out[m] = out[m] + c if m in out else c
    return Element({m: c for m, c in out.items() if c})


def product(left: Monomial, right: Monomial) -> Monomial:
    """The product of canonical monomials: their summed indices are kept apart, shared free ones become summed."""
    if not right[1] or not left[1]:
        return canonical(left[0] + right[0], left[1] + right[1])
    deepest = min((i for i in indices_of(left[1])), default=0)
    if deepest < 0:
        right = renamed(right, {i: i + deepest for i in indices_of(right[1]) if i < 0})
    return canonical(left[0] + right[0], left[1] + right[1])


def monomial(scalars: Scalars = (), factors: Factors = ()) -> Element:
    """One monomial with coefficient 1."""
    return Element({canonical(scalars, factors): Fraction(1)})


def generator(*tag: Any, exponent: Exponent = 1) -> Element:
    """A power of one scalar generator."""
    return monomial(((tag, exponent),))


def constant(value: int | Fraction) -> Element:
    """A rational number."""
    return Element({UNIT: Fraction(value)} if value else {})


ZERO, ONE = Element(), constant(1)
