"""``critical``: the bifurcation points of a law, in a noise level or in one of its symbols.

A law of one dimension, or one with a shared scalar covariance and collinear means (then the line of the means holds all
fixed points, see :mod:`numerics.landscape.reduction`), becomes a :class:`Family`; independent blocks are treated apart,
as a fixed point of the product is degenerate exactly if one of its factors is. A centrally symmetric law in the plane
that does not reduce so is followed at its centre alone (:mod:`numerics.landscape.centre`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from numerics.balls import arb, bits_of, working
from numerics.landscape.centre import at_centre
from numerics.landscape.critical import Critical, Criticals, Found, Search, search
from numerics.landscape.line import outward
from numerics.landscape.parameter import DRIFTS, Noise, noise_parameter
from numerics.landscape.problems import Problem, Range, inner_range, noise_problem, symbol_problem
from numerics.landscape.reduction import USES, collinear
from numerics.landscape.scalars import ball_of
from numerics.quantities.asked import check_law
from numerics.quantities.record import QuantityError
from theory.language.instances import Law
from theory.language.terms import Term
from theory.laws import bind_law, factors, free_symbols
from theory.places import LEVELS, Place
from theory.processes import Process


def critical(
    law: Law,
    process: Process,
    *,
    at: Place | None = None,
    parameter: str | None = None,
    within: Range | None = None,
    drift: str = "density",
    digits: int = 20,
    max_boxes: int = 100_000,
) -> Criticals:
    """All bifurcation points for ``parameter`` (a noise level, sigma by default, or a symbol of the law) in a range.

    ``at`` binds the other symbols, and the noise level where the parameter is a symbol. Without ``within`` the range is
    every noise level (for the density; it is proved that nothing happens outside the part that is searched), or for
    other drifts a default range over several decades, named in ``Criticals.within``. Raises LawError (QuantityError):
    an unbound symbol, a range that is empty or missing; Unsupported: a law that does not reduce to one dimension.
    """
    start = time.perf_counter()
    posed = pose(law, process, at=at, parameter=parameter, within=within, drift=drift)
    once: dict[Law, Criticals] = {}
    results = []
    for axes, block in posed.blocks:
        if block not in once:
            once[block] = _solved(posed.problem(block), posed, block, digits, max_boxes)
        results.append((axes, once[block]))
    return replace(_joined(results, law.D), seconds=time.perf_counter() - start)


@dataclass(frozen=True)
class Posed:
    """A question about bifurcations, checked: the independent blocks of the law, and each one's problem."""

    blocks: tuple[tuple[tuple[int, ...], Law], ...]
    noise: Noise | None
    inner: Range | None
    drift: str
    make: Callable[[Law], Problem | None]

    def problem(self, block: Law) -> Problem | None:
        """The problem of a block; None if its fixed points do not lie on a line."""
        return self.make(block)


def pose(
    law: Law,
    process: Process,
    *,
    at: Place | None = None,
    parameter: str | None = None,
    within: Range | None = None,
    drift: str = "density",
) -> Posed:
    """The question of :func:`critical`, checked. Raises LawError (QuantityError), Unsupported."""
    if drift not in DRIFTS:
        raise QuantityError(f"unknown drift {drift!r}; known: {', '.join(DRIFTS)}")
    name = parameter or ("sigma" if process.curve is not None else "t")
    place = at or Place(())
    if place.points:
        raise QuantityError(f"bifurcations are looked for everywhere; leave {place.points[0][0]}=.. out")
    if name not in LEVELS:
        problem = symbol_problem(law, process, place, name, within, drift)
        return Posed(((tuple(range(law.D)), law),), None, within, drift, lambda block: problem)
    if place.level:
        raise QuantityError(f"the parameter is the level {name}; leave {place.level[0][0]}=.. out")
    symbols = dict(place.symbols)
    known = free_symbols(law) | process.free_symbols()
    missing, stray = sorted(known - set(symbols)), sorted(set(symbols) - known)
    if missing:
        raise QuantityError(f"the symbol {missing[0]} has no value; add {missing[0]}=.. to the place")
    if stray:
        raise QuantityError(f"{stray[0]} occurs neither in the law nor in the process; leave {stray[0]}=.. out")
    law, process = bind_law(law, symbols), process.bind(symbols)
    check_law(law)
    noise = noise_parameter(process, name, drift)
    inner = inner_range(noise, within)
    if inner is None and process.curve is None:
        raise QuantityError(f"give the range of {name}, as in --within 1/10..9/10")
    blocks = ((tuple(range(law.D)), law),) if collinear(law) else factors(law)
    return Posed(blocks, noise, inner, drift, lambda block: noise_problem(block, noise, inner, drift))


# -- solving and reading -----------------------------------------------------------------------------------------------
def _solved(problem: Problem | None, posed: Posed, block: Law, digits: int, max_boxes: int) -> Criticals:
    if problem is None:
        assert posed.noise is not None
        return at_centre(block, posed.noise, posed.inner, posed.drift, digits)
    with working(256):
        low, high = (ball_of(v) if isinstance(v, (Fraction, Term)) else v for v in (problem.low, problem.high))
    found: Search = search(problem.build, low, high, digits + 3, max_boxes)
    with working(bits_of(digits) + 128):
        ends = problem.asked or (problem.outer(low), problem.outer(high))
        forward = not ends[1] < ends[0]
        points = tuple(_read(problem, one, forward) for one in found.found)
        left = tuple(_seen(problem, box) for box in found.open)
    across, uses = (" along the line of the means", USES) if problem.across else ("", ())
    return Criticals(
        problem.name, problem.drift, ends if forward else (ends[1], ends[0]), points, not found.open, found.detail,
        left, f"Krawczyk in (x, parameter){across}", found.boxes, digits, problem.whole, uses,
    )  # fmt: skip


def _seen(problem: Problem, box: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """A box in (y, inner parameter) as one in (x, parameter): doubles around it."""
    y, inner = (arb(low).union(arb(high)) for low, high in box)
    corners = [(*problem.places(y, v), problem.outer(v)) for v in (arb(box[1][0]), inner, arb(box[1][1]))]
    wide = [v if v.is_finite() else left.union(right) for left, v, right in zip(*corners, strict=True)]
    return tuple(outward(v, v) if v.is_finite() else (-math.inf, math.inf) for v in wide)


def _read(problem: Problem, one: Found, forward: bool) -> Critical:
    opens = "above" if one.rising == forward else "below"
    place = problem.places(one.y, one.parameter)
    return Critical(
        one.kind, problem.outer(one.parameter), place, opens, one.supercritical, problem.exact(one), one.parameter
    )


def _joined(results: Sequence[tuple[Sequence[int], Criticals]], D: int) -> Criticals:
    """The bifurcations of a product: those of its blocks; the other coordinates are any fixed point of theirs."""
    if len(results) == 1:
        return results[0][1]
    points = []
    for axes, found in results:
        for p in found.points:
            place = [arb("nan")] * D
            for axis, v in zip(axes, p.place, strict=True):
                place[axis] = v
            points.append(replace(p, place=tuple(place)))
    first = results[0][1]
    low = min((r.within[0] for _, r in results), key=lambda v: float(v.mid()))
    high = max((r.within[1] for _, r in results), key=lambda v: float(v.mid()))
    results_only = [r for _, r in results]
    return replace(
        first, within=(low, high), points=tuple(sorted(points, key=lambda p: float(p.parameter.mid()))),
        complete=all(r.complete for r in results_only), open=tuple(box for r in results_only for box in r.open),
        detail="; ".join(dict.fromkeys(r.detail for r in results_only if r.detail)),
        boxes=sum(r.boxes for r in results_only), method=f"{first.method}, in {len(results)} independent blocks",
    )  # fmt: skip


__all__ = ["Posed", "Problem", "critical", "pose"]
