"""Search for flux certificates: E[A] - E[B] = sum c E[div V + V . grad l], c rational times a scalar weight. Untrusted.

The family is read off the statement: scalar fields w (bodies of the averages, log P(X0|x), log p, log k and their
squares) times the vector fields x, s_c, s, X0, and gradients. Weights (products of powers of alpha, sigma, a, g, ..)
need no guess: they are the quotients of monomials of the residual by monomials of the flux identity.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice
from typing import Any

from theory.kernel.errors import KernelError
from theory.kernel.index.averages import depends_on_space
from theory.kernel.index.certificate import lowered_flux
from theory.kernel.index.links import Flux
from theory.kernel.index.lower import Lowering
from theory.kernel.index.monomials import Element, Scalars, canonical
from theory.kernel.index.zero import cleared, reduced
from theory.language.definitions import (
    MEAN,
    POSTERIOR,
    SCORE,
    SCORE_C,
    X0,
    dt,
    g,
    grad,
    kern,
    log,
    mean,
    num,
    p,
    plus,
    power,
    split_log,
    tfun,
    times,
    unfold,
    x,
)
from theory.language.terms import Term, make, walk
from theory.search.effort import Effort
from theory.search.linear import OutOfTimeError, combination

_WEIGHTS = 6
_ONE = num(1)
LOG_POSTERIOR = log(POSTERIOR)
Fluxes = tuple[Flux, ...]


def find_fluxes(
    left: Term, right: Term, lowering: Lowering, dimension: int | None, deadline: float, effort: Effort,
    quick: bool = False,
) -> Fluxes | None:  # fmt: skip
    """Fluxes that prove left = right, or None. Raises OutOfTimeError, KernelError.

    A ``quick`` search takes the first family only and keeps log k as an atom.
    """
    indices = tuple(range(1, left.rank + 1))
    residual = lowering.element(left, indices) - lowering.element(right, indices)
    if depends_on_space(residual):
        return None
    powers = _inverse_powers(residual)
    scale = [power(lowering.inverses[tag], -n) for tag, n in powers.items()]
    ways = (False,) if quick else (False, True)
    searches = [_Family(residual, left.rank, written_out, lowering, dimension) for written_out in ways]
    grow = tensor_families if left.rank else families
    for family in islice(grow(left, right), 1 if quick else None):
        effort.families += 1
        for search in searches:
            found = search.widened(family, deadline, effort)
            if found is not None:
                return tuple(f._replace(coefficient=product_of([f.coefficient, *scale])) for f in found)
    return None


def _inverse_powers(residual: Element) -> dict[tuple[Any, ...], int]:
    powers: dict[tuple[Any, ...], int] = {}
    for scalars, _ in residual.terms:
        for tag, exponent in scalars:
            if tag[0] == "inv":
                powers[tag] = max(powers.get(tag, 0), int(exponent))
    return powers


class _Family:
    """The candidates so far against one residual, with log k kept as an atom or written out."""

    def __init__(
        self, residual: Element, rank: int, written_out: bool, lowering: Lowering, dimension: int | None
    ) -> None:
        self.rank, self.lowering, self.dimension, self.written_out = rank, lowering, dimension, written_out
        self.target = self._numerator(residual)
        self.bases: list[tuple[Flux, Element]] = []
        self._seen: set[Any] = set()

    def _numerator(self, element: Element) -> Element:
        return reduced(element, self.lowering.channel, self.dimension) if self.written_out else cleared(element)

    def widened(self, family: list[Flux], deadline: float, effort: Effort) -> Fluxes | None:
        """Add a family and solve again."""
        if not self.target:
            return ()
        for flux in family:
            if time.monotonic() > deadline:
                raise OutOfTimeError
            try:
                identity = self._numerator(lowered_flux(flux, self.lowering, self.rank)[1])
            except KernelError:
                continue
            if not identity or _inverse_powers(identity):
                continue
            lead = min(identity.terms.items())[1]
            mark = frozenset((m, c / lead) for m, c in identity.terms.items())
            if mark not in self._seen:
                self._seen.add(mark)
                self.bases.append((flux, identity))
        support = [self.target]
        for _ in range(2):
            columns, origin = _columns(self.bases, support_of(support))
            effort.unknowns = max(effort.unknowns, len(columns))
            effort.equations = max(effort.equations, len({m for c in columns for m in c.terms}))
            found = combination([c.terms for c in columns], self.target.terms, deadline)
            if found is not None:
                return _assembled(found, origin, self.bases)
            support = [self.target, *columns]
        return None


def support_of(elements: Iterable[Element]) -> dict[Any, list[Scalars]]:
    """For each product of averages, the scalar parts it occurs with."""
    out: dict[Any, set[Scalars]] = {}
    for element in elements:
        for scalars, factors in element.terms:
            out.setdefault(factors, set()).add(scalars)
    return {k: sorted(v) for k, v in out.items()}


def _columns(
    bases: list[tuple[Flux, Element]], support: dict[Any, list[Scalars]]
) -> tuple[list[Element], list[tuple[int, Scalars]]]:
    columns, origin = [], []
    for number, (_, identity) in enumerate(bases):
        votes: Counter[Scalars] = Counter()
        for scalars, factors in identity.terms:
            inverse = tuple((tag, -e) for tag, e in scalars)
            for wanted in support.get(factors, ()):
                votes[canonical((*wanted, *inverse), ())[0]] += 1
        usable = [w for w in votes if weight_term(w) is not None]
        for weight in sorted(usable, key=lambda w: (-votes[w], len(w), w))[:_WEIGHTS]:
            columns.append(identity * Element({(weight, ()): Fraction(1)}))
            origin.append((number, weight))
    return columns, origin


def _assembled(
    found: dict[int, Fraction], origin: list[tuple[int, Scalars]], bases: list[tuple[Flux, Element]]
) -> Fluxes:
    """One flux for each coefficient and direction."""
    pieces: dict[tuple[Term, int], list[Term]] = {}
    for j, value in sorted(found.items()):
        number, weight = origin[j]
        flux = bases[number][0]
        scale = weight_term(weight)
        assert scale is not None
        pieces.setdefault((flux.coefficient, flux.along), []).append(product_of([num(value), scale, flux.field]))
    return tuple(Flux(c, ts[0] if len(ts) == 1 else plus(*ts), along) for (c, along), ts in pieces.items())


def product_of(factors: list[Term]) -> Term:
    """A product without its ones."""
    kept = [f for f in factors if f != _ONE]
    if not kept:
        return _ONE
    return kept[0] if len(kept) == 1 else times(*kept)


def weight_term(scalars: Scalars) -> Term | None:
    """A weight as a term; None if it divides by something that may vanish."""
    factors: list[Term] = []
    for tag, exponent in scalars:
        base = _generator_term(tag)
        safe = tag[0] in ("alpha", "sigma", "g", "pi", "D")
        if base is None or Fraction(exponent).denominator != 1 or (exponent < 0 and not safe):
            return None
        factors.append(base if exponent == 1 else power(base, Fraction(exponent)))
    return product_of(factors)


def _generator_term(tag: tuple[Any, ...]) -> Term | None:
    name = tag[0]
    if name in ("alpha", "sigma", "g"):
        return tfun(name)
    if name in ("a", "g2"):
        term = tfun("a") if name == "a" else power(g, 2)
        for _ in range(tag[1]):
            term = dt(term)
        return term
    if name == "D":
        return make("dim")
    if name == "pi":
        return make("pi")
    if name == "sym":
        return make("sym", (), tag[1])
    if name == "logint":
        return log(num(tag[1]))
    if name == "log" and tag[1] in ("alpha", "sigma", "g"):
        return log(tfun(tag[1]))
    return None


def families(left: Term, right: Term) -> Iterator[list[Flux]]:
    """Growing lists of candidates for a relation of numbers, read off the statement."""
    nodes = [n for t in (left, right) for n in walk(unfold(t))]
    rated = _distinct(e.args[0] for n in nodes if n.op == "dt" for e in walk(n) if e.op == "E" and not e.rank)
    bodies = _distinct(n.args[0] for n in nodes if n.op == "E" and not n.rank)
    numbers = _distinct(n for n in nodes if n.op == "E" and not n.rank)
    vectors = [x, SCORE_C, SCORE]
    logs = [split_log(LOG_POSTERIOR), log(p), log(kern)]
    roots = _distinct(n.args[0] for w in rated for n in _arithmetic(w) if n.op == "pow" and n.args[0].free)
    # A centred square (w - E w)^2 keeps no E[1], so its rate needs fluxes with the coefficients E w and (E w)^2.
    centres = _distinct(n for w in roots for n in walk(w) if n.op == "E")
    yield (
        [_flux(w, v) for w in (_ONE, *rated) for v in vectors]
        + [flux for c in roots for flux in (Flux(_ONE, grad(c)), _flux(c, grad(c)))]
        + [Flux(c, v) for e in centres for c in (e, power(e, 2)) for v in (x, SCORE_C)]
    )
    yield [Flux(_ONE, grad(w)) for w in (*rated, *logs)] + [_flux(w, v) for w in logs for v in vectors]
    parts = _distinct(part for w in bodies for part in _parts(w, 0))
    wider = [*vectors, X0, MEAN]
    yield [_flux(w, v) for w in (_ONE, *bodies, *parts) for v in wider]
    fields = [v for v in _distinct(part for w in bodies for part in _parts(w, 1)) if v not in wider]
    yield (
        [Flux(_ONE, v) for v in fields]
        + [Flux(_ONE, grad(w)) for w in (*bodies, *parts)]
        + [_flux(u, grad(w)) for u in (*parts, *logs) for w in (*parts, *logs)]
    )
    average = [*numbers, mean(logs[0])]
    yield (
        [Flux(c, product_of([w, v])) for c in average for w in (_ONE, *logs, *parts) for v in vectors]
        + [Flux(c, grad(w)) for c in average for w in (*logs, *parts)]
    )
    squares = [power(w, 2) for w in logs]
    yield [_flux(w, v) for w in squares for v in wider] + [_flux(w, v) for w in (*logs, *parts, _ONE) for v in fields]


def tensor_families(left: Term, right: Term) -> Iterator[list[Flux]]:
    """Candidates for a relation of vectors or matrices of averages."""
    nodes = [n for t in (left, right) for n in walk(unfold(t))]
    bodies = _distinct(n.args[0] for n in nodes if n.op == "E")
    vectors = _distinct([x, SCORE_C, SCORE, X0, MEAN, *(part for w in bodies for part in _parts(w, 1))])
    scalars = _distinct([_ONE, *(part for w in bodies for part in _parts(w, 0))])
    if left.rank == 2:
        yield [Flux(_ONE, v, along) for v in vectors for along in (1, 2)]
        yield [Flux(_ONE, times(w, v), along) for w in scalars for v in vectors for along in (1, 2)]
        return
    yield [Flux(_ONE, w, 1) for w in scalars] + [Flux(_ONE, outer(u, v)) for u in vectors for v in (x, SCORE_C, SCORE)]
    yield [Flux(_ONE, times(w, outer(u, v))) for w in scalars for u in vectors for v in vectors]


def _flux(scalar: Term, vector: Term) -> Flux:
    return Flux(_ONE, product_of([scalar, vector]))


def outer(left: Term, right: Term) -> Term:
    """left right^T."""
    return make("outer", (left, right))


def _distinct(terms: Iterable[Term]) -> list[Term]:
    return list(dict.fromkeys(terms))


def _parts(body: Term, rank: int) -> Iterator[Term]:
    """Fields of a rank inside an average that are no sums or products; averages and derivatives are not entered."""
    for node in _arithmetic(body):
        if node.rank == rank and node.free and node.op not in ("num", "mul", "add"):
            yield node


def _arithmetic(term: Term) -> Iterator[Term]:
    stack = [term]
    while stack:
        node = stack.pop()
        yield node
        if node.op in ("add", "mul", "pow", "dot", "outer", "tr"):
            stack.extend(node.args)
