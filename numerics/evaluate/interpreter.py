"""The one interpreter: a term at an instance over a ring, from the definitions alone.

``Interpreter(ring, law, germ).field(term, x)`` unfolds ``term`` to core operators and evaluates it with jets in (x, t),
whose orders follow from the derivatives in the term. The ring decides what comes out: balls, float arrays at an
ensemble of points, mpmath numbers, polynomial enclosures. Used beside definitions: Bayes' rule for mixtures
(responsibilities), exact Gaussian moments, the logarithm of a product.

Averages E[.] are handed to an ``averager`` (see :mod:`numerics.averages`); they are numbers, evaluated once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Protocol

from numerics.evaluate.law import Model
from numerics.evaluate.reading import Reading
from numerics.rings import NumberRing, Unsupported
from theory.jets import Jet, Space, space
from theory.language.definitions import num, plus, split_log, times, unfold_linear
from theory.language.instances import Germ, Law, Scalar, gaussian
from theory.language.terms import LATENT, Term, X, as_term, make, rebuild

Value = Any
"""A ring element (rank 0), a tuple of D of them (rank 1), or D such tuples (rank 2)."""

Orders = dict[Term, tuple[int, int]]
Tap = Callable[[Sequence[Jet], Jet, NumberRing], Jet]
"""(jets of x, jet of t, ring) -> the factor by which a tapped operator's value is multiplied."""


class Averager(Protocol):
    """Computes the averages E[.] of a statement at the interpreter's law and germ."""

    def average(self, interpreter: Interpreter, inner: Term, order: int) -> Value:
        """The coefficient of t^order of E[inner], nested by the rank of ``inner``."""


@lru_cache(maxsize=8192)
def prepare(term: Term) -> Term:
    """``term`` in core operators, logarithms of products split, d/dt moved inside closed sums onto averages."""
    return _push_dt(split_log(unfold_linear(term)))


def _push_dt(term: Term) -> Term:
    args = tuple(_push_dt(t) for t in term.args)
    term = rebuild(term, args)
    if term.op != "dt" or term.free:
        return term
    inner = args[0]
    if inner.op == "add":
        return plus(*(_push_dt(make("dt", (t,))) for t in inner.args))
    if inner.op == "mul" and sum(t.op != "num" for t in inner.args) == 1:
        factors = [t for t in inner.args if t.op == "num"]
        rest = next(t for t in inner.args if t.op != "num")
        return times(*factors, _push_dt(make("dt", (rest,))))
    return term


@lru_cache(maxsize=8192)
def push_grad(term: Term) -> Term:
    """A prepared ``term`` with gradients of sums as sums of gradients; what does not depend on x drops out.

    So grad log P(X0|x) needs no log p0(X0), and stays a polynomial in X0. Not for tapped terms: a tap depends on x.
    """
    args = tuple(push_grad(t) for t in term.args)
    term = rebuild(term, args)
    if term.op != "grad" or args[0].op != "add":
        return term
    parts = [push_grad(make("grad", (t,))) for t in args[0].args if X in t.free]
    if not parts:
        return make("origin") if term.rank == 1 else times(num(0), make("eye"))
    return parts[0] if len(parts) == 1 else plus(*parts)


@lru_cache(maxsize=4096)
def plan(term: Term, nx: int, nt: int) -> tuple[Orders, int, int]:
    """The jet orders at which each node of a prepared ``term`` is needed, and the largest of them."""
    orders: Orders = {}

    def visit(node: Term, nx: int, nt: int) -> None:
        if term.free and not node.free:
            return  # a number: evaluated by itself
        known = orders.get(node)
        if known is not None and known[0] >= nx and known[1] >= nt:
            return
        if known is not None:
            nx, nt = max(nx, known[0]), max(nt, known[1])
        orders[node] = (nx, nt)
        if node.op in ("E", "at") or (node.op == "dt" and node.args[0].op == "E"):
            return
        for child in node.args:
            visit(child, nx + (node.op == "grad"), nt + (node.op == "dt"))

    visit(term, nx, nt)
    return orders, max(v[0] for v in orders.values()), max(v[1] for v in orders.values())


class Interpreter:
    """Reads terms at one law and germ over one ring.

    ``taps`` multiplies the value of named operators ("p", "log p", "kern", "post", ..) for the wire-tap test.
    ``symbols`` gives values to the symbols of the law. ``fields`` gives test fields (scalar or vector terms in x) by
    name; unnamed ones get a fixed polynomial. ``scalars`` is the interpreter that evaluates numbers (default: itself):
    an interpreter over complex balls shares the numbers of the one over real balls.
    """

    def __init__(
        self,
        ring: NumberRing,
        law: Law,
        germ: Germ,
        *,
        taps: Mapping[str, Tap] | None = None,
        symbols: Sequence[tuple[str, Scalar]] = (),
        fields: Mapping[str, Term] | None = None,
        averager: Averager | None = None,
        scalars: Interpreter | None = None,
    ) -> None:
        self.ring, self.law, self.germ = ring, law, germ
        self.taps = dict(taps or {})
        self.symbols = dict(symbols)
        self.fields = dict(fields or {})
        self.averager = averager
        self.scalars = scalars or self
        self._numbers: dict[tuple[Term, int], Any] = {}
        self._lifted: dict[tuple[Term, Space], Value] = {}
        self._averages: dict[tuple[Term, int], Value] = {}
        self.model: Model = scalars.model if scalars else Model(ring, law, germ, self.scalar)

    @cached_property
    def second(self) -> Model:
        """The same process started from another law, whose density is q: a fixed Gaussian."""
        if self.scalars is not self:
            return self.scalars.second
        return Model(self.ring, _second_law(self.law.D), self.germ, self.scalar)

    def over_same(self, ring: NumberRing) -> Interpreter:
        """This interpreter if it already reads over ``ring``, else the one that does."""
        return self if ring is self.ring else self.over(ring)

    def over(self, ring: NumberRing) -> Interpreter:
        """The same reading over another ring, sharing numbers and the law's series."""
        return Interpreter(ring, self.law, self.germ, taps=self.taps, symbols=tuple(self.symbols.items()),
                           fields=self.fields, averager=self.averager, scalars=self.scalars)  # fmt: skip

    # -- what the outside asks ---
    def field(self, term: Term, x: Sequence[Any], X0: Sequence[Any] | None = None, Z: Any = None) -> Value:
        """The value of ``term`` at the point ``x`` (and end point ``X0``, label ``Z``), nested by its rank.

        ``x`` is a sequence of D ring elements (arrays of one shape over the float ring) or exact numbers. Raises
        Unsupported: a free variable without value, or a form this ring cannot evaluate; LawError: the germ holds too
        few derivatives.
        """
        term = prepare(term)
        heads = self.jets(term, x, X0, Z)
        return _map(lambda jet: self.ring.finish(self.ring.exact(0) if jet.head is None else jet.head, x), heads)

    def jets(
        self, term: Term, x: Sequence[Any], X0: Sequence[Any] | None = None, Z: Any = None, nx: int = 0, nt: int = 0
    ) -> Value:
        """The jets of a prepared ``term`` about the point, in x up to order ``nx`` and t up to ``nt``."""
        missing = term.free - {"x"} - ({"X0"} if X0 is not None else set()) - ({"Z"} if Z is not None else set())
        if missing:
            raise Unsupported(f"no value for the free variable {', '.join(sorted(missing))}")
        if len(x) != self.law.D:
            raise Unsupported(f"the point has {len(x)} coordinates, the law is in D = {self.law.D}")
        reading = self.reading(term, x, X0, Z, nx, nt)
        return reading.get(term, space(self.law.D, nx, nt))

    def reading(
        self, term: Term, x: Sequence[Any], X0: Sequence[Any] | None, Z: Any, nx: int = 0, nt: int = 0
    ) -> Reading:
        """A reading of a prepared ``term`` at a point."""
        orders, top_x, top_t = plan(term, nx, nt)
        point = [self.element(v) for v in x]
        ends = None if X0 is None else [self.element(v) for v in X0]
        if X0 is not None and self.law.is_discrete:
            atom = self.atom(X0)
            if isinstance(Z, int) and atom != Z:
                raise Unsupported("X0 and Z name different atoms")
            Z = atom if Z is None else Z
        return Reading(self, self.ring, orders, (top_x, top_t), point, ends, Z)

    def number(self, term: Term, order: int = 0) -> Value:
        """The coefficient of t^order of a closed term, nested by its rank."""
        term = prepare(term)
        if term.free:
            raise Unsupported(f"the free variable {', '.join(sorted(term.free))} has no value")
        zero = self.ring.exact(0)
        series = self.series(term, order) if order or term.op != "E" else None
        if series is None:
            return self.average(term.args[0], 0)
        return _map(lambda jet: zero if jet.at(order) is None else jet.at(order), series)

    # -- numbers and elements ---
    def series(self, term: Term, nt: int) -> Value:
        """A closed prepared term as series in t, evaluated once for all readings."""
        home = self.scalars
        key = (term, nt)
        if key not in home._numbers:
            orders, _, top_t = plan(term, 0, nt)
            reading = Reading(home, home.ring, orders, (0, top_t), None, None, None)
            home._numbers[key] = reading.get(term, space(self.law.D, 0, nt))
        return home._numbers[key]

    def lifted(self, term: Term, shape: Space) -> Value:
        """A closed prepared term as jets in ``shape`` (constant in x)."""
        home = self.scalars
        key = (term, shape)
        value = home._lifted.get(key)
        if value is None:
            value = home._lifted[key] = _map(lambda jet: jet.into(shape), self.series(term, shape.nt))
        return value

    def average(self, inner: Term, order: int) -> Value:
        """The coefficient of t^order of E[inner], computed once."""
        home = self.scalars
        key = (inner, order)
        if key not in home._averages:
            if home.averager is None:
                raise Unsupported("an average E[.] occurs, and this reading has no way to integrate")
            home._averages[key] = home.averager.average(home, inner, order)
        return home._averages[key]

    def scalar(self, value: Scalar) -> Any:
        """An exact scalar of a law or germ as a number: a Fraction, or a constant term. Ring elements pass."""
        if isinstance(value, Fraction):
            return self.scalars.ring.exact(value)
        return self.scalars.number(value) if isinstance(value, Term) else value

    def symbol(self, name: str) -> Any:
        """The value of a symbol. Raises Unsupported for an unbound one."""
        if name not in self.symbols:
            raise Unsupported(f"the symbol {name} has no value")
        return self.scalar(self.symbols[name])

    def element(self, value: Any) -> Any:
        """A coordinate as a ring element: exact numbers and constant terms are converted, elements pass."""
        if isinstance(value, (int, Fraction)):
            return self.ring.exact(Fraction(value))
        return self.scalar(value) if isinstance(value, Term) else value

    def atom(self, end: Sequence[Any]) -> Any:
        """The index of the atom at ``end``; an array of indices for arrays. Raises Unsupported if there is none."""
        exact = all(isinstance(v, (int, Fraction, Term)) for v in end)
        if exact:
            wanted = tuple(v if isinstance(v, Term) else Fraction(v) for v in end)
            for k, component in enumerate(self.law.components):
                if component.mean == wanted:
                    return k
            raise Unsupported(f"X0 = {wanted} is no atom of the law")
        finder = getattr(self.ring, "nearest", None)
        if finder is None:
            raise Unsupported("an atom must be given exactly")
        return finder(end, [[self.element(v) for v in c.mean] for c in self.law.components])

    def test_field(self, name: str, rank: int) -> Term:
        """The term of a test field: as given, or a fixed polynomial that depends on the name only."""
        given = self.fields.get(name)
        if given is not None:
            if given.rank != rank or given.free - {"x"}:
                raise Unsupported(f"the test field {name} must be a term of rank {rank} in x")
            return prepare(given)
        return prepare(_standard_field(name, rank, self.law.D))


@lru_cache(maxsize=16)
def _second_law(D: int) -> Law:
    """Independent coordinates with unequal means and variances, none of them 0 or 1."""
    size = range(D)
    cov = tuple(tuple(Fraction(3 + i, 2) if i == j else Fraction(0) for j in size) for i in size)
    return gaussian(tuple(Fraction((-1) ** i, 4 + i) for i in size), cov)


@lru_cache(maxsize=256)
def _standard_field(name: str, rank: int, D: int) -> Term:
    """A cubic with coefficients from the letters of ``name``: nothing is symmetric, no coefficient is 1."""
    x = make("x")
    coordinates = [make("coord", (x,), i + 1) for i in range(D)]
    seed = sum((i + 2) * ord(letter) for i, letter in enumerate(name))

    def scalar(shift: int) -> Term:
        terms = [num(Fraction(2 + (seed + shift) % 3, 5))]
        for i, c in enumerate(coordinates):
            weights = [Fraction(1 + (seed + shift + 3 * i + power) % 7, 4 + power) for power in (1, 2, 3)]
            terms += [times(num(w), make("pow", (c,), Fraction(p))) for p, w in zip((1, 2, 3), weights)]
            terms += [times(num(Fraction(1 + (seed + i + j) % 5, 6)), c, d) for j, d in enumerate(coordinates[:i])]
        return plus(*terms)

    if rank == 0:
        return scalar(0)
    units = [make("grad", (c,)) for c in coordinates]
    vectors = [times(scalar(i + 1), unit) for i, unit in enumerate(units)]
    return vectors[0] if D == 1 else plus(*vectors)


def wire_tap(scale: Fraction = Fraction(1, 10**6)) -> Tap:
    """The factor 1 + scale h(x, t) with h = 1 + 2/3 t + 3/5 x_1 - 1/2 x_1 t + 1/4 |x|^2 + 1/7 sum_i i x_i."""

    def factor(x: Sequence[Jet], t: Jet, ring: NumberRing) -> Jet:
        def times_exact(jet: Jet, value: Fraction) -> Jet:
            return jet.scaled(ring.exact(value))

        one = Jet.constant(t.space, ring.exact(1))
        h = one + times_exact(t, Fraction(2, 3))
        for i, coordinate in enumerate(x):
            h = h + times_exact(coordinate * coordinate, Fraction(1, 4))
            h = h + times_exact(coordinate, Fraction(i + 1, 7) + (Fraction(3, 5) if i == 0 else 0))
        if x:
            h = h - times_exact(x[0] * t, Fraction(1, 2))
        return one + times_exact(h, scale)

    return factor


def _map(function: Callable[[Jet], Any], value: Value) -> Value:
    return tuple(_map(function, v) for v in value) if isinstance(value, tuple) else function(value)


def term_of(value: object) -> Term:
    """An exact number or a term, as a prepared term."""
    return prepare(as_term(value))


__all__ = ["LATENT", "Averager", "Interpreter", "Orders", "Tap", "Unsupported", "Value", "plan", "prepare", "term_of",
           "wire_tap"]  # fmt: skip
