"""Fluxes by a linear ansatz that grows from the statement: for any drift, averages have no normal form. Untrusted.

Every monomial of the residual suggests fluxes: strip one derivative in direction i from one of its factors (log p for
its gradient, x_i for a constant), and what is left, with i free, is a field whose identity contains the monomial. The
monomials of those identities suggest more. After each of at most ``ROUNDS`` rounds the rational combination is sought
by linear algebra; never more than ``COLUMNS`` fluxes are tried.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from theory.kernel.errors import KernelError
from theory.kernel.index.averages import depends_on_space
from theory.kernel.index.links import Flux
from theory.kernel.index.lower import Lowering
from theory.kernel.index.monomials import (
    SLOTTED,
    UNIT,
    Element,
    Factor,
    Factors,
    Monomial,
    Scalars,
    canonical,
    indices_of,
    open_up,
    renamed,
)
from theory.kernel.index.zero import cleared
from theory.language.terms import Term, TermError
from theory.search.effort import Effort
from theory.search.linear import OutOfTimeError, combination
from theory.typeset.contractions import NoVectorFormError
from theory.typeset.sums import element_term

ROUNDS, COLUMNS = 4, 400
_LEVELS: dict[str, tuple[tuple[str, ...], int]] = {"post": (("lp",), 1), "zpost": (("lpz",), 1)}
_LOG_Q = (("lq",), 1)
_FAR = 1000


@dataclass(frozen=True)
class _Candidate:
    """A flux times a coefficient, as monomials; the flux has the free indices 1 .. rank + 1, or rank if ``along``."""

    coefficient: Monomial
    flux: Monomial
    along: int


class Ansatz:
    """The search for fluxes against one residual of averages."""

    def __init__(self, residual: Element, rank: int, lowering: Lowering) -> None:
        self.target, self.rank, self.lowering = cleared(residual), rank, lowering
        self.columns: list[tuple[_Candidate, Element]] = []
        self._support, self._done = list(self.target.terms), set(self.target.terms)
        self._seen: set[_Candidate] = set()

    def find(self, deadline: float, effort: Effort) -> tuple[Flux, ...] | None:
        """Fluxes that prove the residual to be 0, or None. Raises OutOfTimeError."""
        for _ in range(ROUNDS):
            if not self.grow(deadline, effort):
                return None
            found = combination([c.terms for _, c in self.columns], self.target.terms, deadline)
            if found is not None:
                return self._assembled(found)
        return None

    def grow(self, deadline: float, effort: Effort) -> bool:
        """One more round of columns; False if there is nothing to grow from."""
        if not self._support or len(self.columns) >= COLUMNS:
            return False
        effort.families += 1
        fresh = self._widen(self._support, deadline)
        self._support = [m for m in dict.fromkeys(fresh) if m not in self._done]
        self._done |= set(self._support)
        effort.unknowns = max(effort.unknowns, len(self.columns))
        effort.equations = max(effort.equations, len({m for _, c in self.columns for m in c.terms}))
        return True

    def beside(self, extra: Element, deadline: float) -> tuple[Fraction, tuple[Flux, ...]] | None:
        """c and fluxes that prove the residual to be c times ``extra``, with the columns so far."""
        columns = [cleared(extra).terms, *(c.terms for _, c in self.columns)]
        found = combination(columns, self.target.terms, deadline)
        if found is None:
            return None
        fluxes = self._assembled({j - 1: value for j, value in found.items() if j})
        return None if fluxes is None else (found.get(0, Fraction(0)), fluxes)

    def _widen(self, support: list[Monomial], deadline: float) -> list[Monomial]:
        fresh: list[Monomial] = []
        for m in support:
            for candidate in _suggested(m, self.rank):
                if time.monotonic() > deadline:
                    raise OutOfTimeError
                if candidate in self._seen or len(self.columns) >= COLUMNS:
                    continue
                self._seen.add(candidate)
                identity = self._identity(candidate)
                if identity:
                    self.columns.append((candidate, identity))
                    fresh.extend(identity.terms)
        return fresh

    def _identity(self, candidate: _Candidate) -> Element | None:
        """The coefficient times the flux identity; None where there is no term to state the flux with."""
        try:
            element_term(Element({candidate.flux: Fraction(1)}), self._indices(candidate))
            flux = Element({candidate.flux: Fraction(1)})
            identity = self.lowering.channel.flux_identity(flux, self.rank, candidate.along)
        except (NoVectorFormError, TermError, KernelError):
            return None
        return Element({candidate.coefficient: Fraction(1)}) * identity

    def _indices(self, candidate: _Candidate) -> tuple[int, ...]:
        if candidate.along:
            return tuple(i for i in range(1, self.rank + 1) if i != candidate.along)
        return tuple(range(1, self.rank + 2))

    def _assembled(self, found: dict[int, Fraction]) -> tuple[Flux, ...] | None:
        """One flux for each coefficient and direction."""
        groups: dict[tuple[Monomial, int], dict[Monomial, Fraction]] = {}
        for j, value in found.items():
            c = self.columns[j][0]
            groups.setdefault((c.coefficient, c.along), {})[c.flux] = value
        fluxes = []
        for (coefficient, along), terms in groups.items():
            indices = self._indices(_Candidate(coefficient, next(iter(terms)), along))
            try:
                scale: Term = element_term(Element({coefficient: Fraction(1)}))
                fluxes.append(Flux(scale, element_term(Element(terms), indices), along))
            except (NoVectorFormError, TermError):
                return None
        return tuple(fluxes)


def _suggested(m: Monomial, rank: int) -> Iterator[_Candidate]:
    """Fluxes whose identity contains ``m``: one for each derivative that can be stripped from one of its averages."""
    scalars, factors = open_up(m)
    for place, (kind, body, _) in enumerate(factors):
        if kind != "E":
            continue
        rest = canonical(scalars, factors[:place] + factors[place + 1 :])
        outer, inner = set(indices_of(rest[1])), set(indices_of(body[1]))
        if outer & inner or depends_on_space(Element({rest: Fraction(1)})):
            continue
        for index, flux in stripped(body):
            if index > rank:
                names = {i: i + _FAR for i in indices_of(flux[1]) if i > rank} | {index: rank + 1}
                yield _Candidate(rest, canonical(*renamed(flux, names)), 0)
            elif not outer:
                yield _Candidate(rest, canonical(*flux), index)
        if rank == 0:
            point: Factor = ("x", "", (1,))
            away = renamed(body, {i: i + _FAR for i in inner})
            yield _Candidate(rest, canonical(away[0], (*away[1], point)), 0)


def stripped(body: Monomial) -> Iterator[tuple[int, Monomial]]:
    """(i, V_i) for each derivative d_i in a body (whose indices are positive) that can be taken off."""
    scalars, factors = body
    for place, factor in enumerate(factors):
        others = factors[:place] + factors[place + 1 :]
        if factor[0] in SLOTTED:
            for index, kept in _without_slot(factor):
                yield index, (scalars, (*others, *kept)) if kept else (_merged(scalars, (_LOG_Q,)), others)
        elif factor[0] in _LEVELS:
            for index, (powers, kept) in _averaged(factor):
                yield index, (_merged(scalars, powers), (*others, *kept))


def _averaged(factor: Factor) -> Iterator[tuple[int, Monomial]]:
    """A derivative of log k stripped inside <..>: with the bracket opened (E[<u>] = E[u]), kept, or gone: log p."""
    kind, (scalars, factors), _ = factor
    for place, inner in enumerate(factors):
        others = factors[:place] + factors[place + 1 :]
        found: Iterator[tuple[int, Monomial]]
        if inner[0] == "jet" and inner[1][0] == "lk":
            found = ((index, ((), kept)) for index, kept in _without_slot(inner))
        elif inner[0] == "zpost":
            found = _averaged(inner)
        else:
            continue
        for index, (powers, kept) in found:
            left = _merged(scalars, powers), (*others, *kept)
            yield index, left
            yield index, ((_LEVELS[kind],), ()) if left == UNIT else ((), ((kind, left, ()),))


def _without_slot(factor: Factor) -> Iterator[tuple[int, Factors]]:
    """A jet with one derivative taken off; nothing is left of the gradient of a logarithm."""
    kind, data, slots = factor
    for place in range(data[1], len(slots)):
        rest = slots[:place] + slots[place + 1 :]
        yield slots[place], ((kind, data, rest),) if rest or kind == "field" else ()


def _merged(left: Scalars, right: Scalars) -> Scalars:
    powers = dict(left)
    for tag, exponent in right:
        powers[tag] = powers.get(tag, 0) + exponent
    return tuple(sorted((t, e) for t, e in powers.items() if e))
