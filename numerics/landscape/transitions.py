"""``critical``: the bifurcation points of a law, in a noise level or in one of its symbols.

A law of one dimension, or one with a shared scalar covariance and collinear means (then the line of the means holds all
fixed points, see :mod:`numerics.landscape.reduction`), becomes a :class:`Family`; independent blocks are treated apart,
as a fixed point of the product is degenerate exactly if one of its factors is. A centrally symmetric law in the plane
that does not reduce so is followed at its centre alone (:mod:`numerics.landscape.centre`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from numerics.balls import Ball, arb, bits_of, working
from numerics.landscape.centre import at_centre
from numerics.landscape.critical import Critical, Criticals, Found, Search, search
from numerics.landscape.family import SYMBOL, Family, Part
from numerics.landscape.levels import highest_noise, lowest_noise
from numerics.landscape.parameter import DRIFTS, VARIABLE, Noise, noise_parameter
from numerics.landscape.reduction import USES, Collinear, collinear, nu_of
from numerics.landscape.scalars import ball_of
from numerics.quantities.values import QuantityError, _bound, _check_law
from numerics.rings import Unsupported
from theory.calculus import ZERO, add, as_scalar_term, at_symbols, fold_constants, folded, number, quot, sub, symbols_of
from theory.language.instances import Law, Scalar
from theory.language.terms import Term
from theory.laws import bind_law, factors, free_symbols
from theory.places import LEVELS, Place
from theory.processes import Process
from theory.typeset.text import scalar_text

Range = tuple[Scalar, Scalar]


@dataclass(frozen=True)
class Problem:
    """A family to be searched, over a range of its internal parameter, and how to read its solutions.

    ``places`` turns (y, inner parameter) into x; ``outer`` the inner parameter into the one asked for, ``inner`` back.
    ``whole``: nothing happens outside the range. ``across``: dimensions across the line of the means.
    """

    name: str
    drift: str
    build: Callable[[], Family]
    low: Scalar | Ball
    high: Scalar | Ball
    places: Callable[[Ball, Ball], tuple[Ball, ...]]
    outer: Callable[[Ball], Ball]
    inner: Callable[[Scalar], Scalar]
    exact: Callable[[Found], str | None]
    across: int = 0
    whole: bool = False


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
    every noise level (for the density; it is proved that nothing happens outside the part that is searched). Raises
    LawError (QuantityError): an unbound symbol, a range that is empty or missing; Unsupported: a law that does not
    reduce to one dimension.
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
        problem = _symbol_problem(law, process, place, name, within, drift)
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
    _check_law(law)
    noise = noise_parameter(process, name, drift)
    inner = _inner_range(noise, within)
    if inner is None and (drift != "density" or process.curve is None):
        raise QuantityError(f"give the range of {name}, as in --within 1/10..9/10")
    return Posed(factors(law), noise, inner, drift, lambda block: _noise_problem(block, noise, inner, drift))


# -- a noise level -----------------------------------------------------------------------------------------------------
def _inner_range(noise: Noise, within: Range | None) -> Range | None:
    """The range of the inner parameter; None: all noise levels."""
    if within is None:
        return None
    ends = [noise.inner(v) for v in within]
    with working(256):
        balls = [ball_of(v) for v in ends]
        if not all(v.is_finite() for v in balls):
            raise QuantityError(f"{noise.name} does not reach the ends of the range; give another one")
        order = [0, 1] if balls[0] < balls[1] else [1, 0]
        if not balls[order[0]] < balls[order[1]] or balls[order[0]] < 0:
            raise QuantityError(f"the range of {noise.name} is empty; give LO..HI with LO < HI")
    return ends[order[0]], ends[order[1]]


def _noise_problem(law: Law, noise: Noise, inner: Range | None, drift: str) -> Problem | None:
    line = collinear(law)
    if line is None:
        return None
    if noise.kappa != ZERO and law.D > 1:
        raise Unsupported("drifts other than the density are followed in one dimension only")
    unit, parts, lift = line.unit, line.parts, line.lifted
    shift = line.centre if noise.kappa == ZERO else None
    low, high = inner or _all_levels(line, noise)
    odd = _is_odd(parts, shift)

    def build() -> Family:
        nu = noise.nu
        made = [
            Part(as_scalar_term(w), _shifted(m, shift), folded(quot(add(as_scalar_term(S), nu), number(unit))))
            for w, m, S in parts
        ]
        return Family(made, noise.kappa, odd)

    def places(y: Ball, at: Ball) -> tuple[Ball, ...]:
        scale = ball_of(noise.alpha, {SYMBOL: at})
        centre = ball_of(shift) if shift is not None else arb(0)
        return tuple(scale * v for v in lift(y + centre))

    def exact(found: Found) -> str | None:
        if not (found.kind == "pitchfork" and len(parts) == 2 and noise.kappa == ZERO and noise.nu == VARIABLE):
            return None
        (_, first, S), (_, second, other) = parts
        if S != other or not all(isinstance(v, Fraction) for v in (first, second, S)):
            return None
        gap = Fraction(str(second)) - Fraction(str(first))
        nu = gap * gap * unit / 4 - Fraction(str(S))  # Var = (gap/2)^2 at the centre, in units of the line
        return scalar_text(fold_constants(at_symbols(noise.level, {SYMBOL: nu})))

    return Problem(
        noise.name, drift, build, low, high, places, noise.outer, noise.inner, exact, law.D - 1, inner is None
    )  # fmt: skip


def _all_levels(line: Collinear, noise: Noise) -> tuple[Ball, Ball]:
    """Levels outside which nothing happens."""
    with working(256):
        low = lowest_noise(line)
        high = (highest_noise(line) * arb("1.03125")).max(low * 2)  # a critical level may be the bound itself
        if noise.last is not None:
            high = high.min(ball_of(noise.last))
    return low, high


def _is_odd(parts: Sequence[tuple[Scalar, Scalar, Scalar]], centre: Fraction | None) -> bool:
    """Whether m -> 2 centre - m leaves the law unchanged, by exact calculus."""
    kept = [(as_scalar_term(w), _shifted(m, centre), as_scalar_term(S)) for w, m, S in parts]
    left = list(kept)
    for w, m, S in kept:
        image = next((p for p in left if p[0] == w and p[2] == S and folded(add(p[1], m)) == ZERO), None)
        if image is None:
            return False
        left.remove(image)
    return True


def _shifted(mean: Scalar, centre: Fraction | None) -> Term:
    return as_scalar_term(mean) if not centre else folded(sub(as_scalar_term(mean), number(centre)))


# -- a symbol of the law -----------------------------------------------------------------------------------------------
def _symbol_problem(
    law: Law, process: Process, place: Place, name: str, within: Range | None, drift: str
) -> Problem:
    if name not in free_symbols(law):
        raise QuantityError(f"{name} is neither a noise level ({', '.join(LEVELS)}) nor a symbol of the law")
    if within is None:
        raise QuantityError(f"give the range of {name}, as in --within 1/10..9/10")
    if name in dict(place.symbols):
        raise QuantityError(f"{name} is the parameter; leave {name}=.. out")
    if drift != "density":
        raise Unsupported("drifts other than the density are followed in the noise level only")
    if law.D != 1:
        raise Unsupported("a symbol of the law is followed in one dimension only")
    low, high = within
    with working(128):
        if not ball_of(low) < ball_of(high):
            raise QuantityError(f"the range of {name} is empty; give LO..HI with LO < HI")
    middle = fold_constants(quot(add(as_scalar_term(low), as_scalar_term(high)), number(2)))
    for value in (low, middle, high):  # positive weights and variances, one level, nothing unbound
        _, germ = _bound(law, process, replace(place, symbols=(*place.symbols, (name, value))))
    nu = nu_of(germ)
    bound = bind_law(law, dict(place.symbols))
    if any(isinstance(v, Term) and symbols_of(v) - {name} for v in (nu,)):
        raise QuantityError(f"the level may not depend on {name}")
    here = {name: VARIABLE}

    def put(value: Scalar) -> Term:
        return folded(at_symbols(as_scalar_term(value), here))

    parts = [(put(c.weight), put(c.mean[0]), put(c.cov[0][0])) for c in bound.components]
    odd = _is_odd(parts, None)

    def build() -> Family:
        return Family([Part(w, m, folded(add(S, as_scalar_term(nu)))) for w, m, S in parts], ZERO, odd)

    def places(y: Ball, at: Ball) -> tuple[Ball, ...]:
        return (ball_of(germ.alpha) * y,)

    return Problem(name, drift, build, low, high, places, lambda v: v, lambda v: v, lambda found: None)


# -- solving and reading -----------------------------------------------------------------------------------------------
def _solved(problem: Problem | None, posed: Posed, block: Law, digits: int, max_boxes: int) -> Criticals:
    if problem is None:
        assert posed.noise is not None
        return at_centre(block, posed.noise, posed.inner, posed.drift, digits)
    with working(256):
        low, high = (ball_of(v) if isinstance(v, (Fraction, Term)) else v for v in (problem.low, problem.high))
    found: Search = search(problem.build, low, high, digits + 3, max_boxes)
    with working(bits_of(digits) + 128):
        ends = problem.outer(low), problem.outer(high)
        forward = not ends[1] < ends[0]
        points = []
        for one in found.found:
            opens = "above" if one.rising == forward else "below"
            points.append(
                Critical(
                    one.kind, problem.outer(one.parameter), problem.places(one.y, one.parameter), opens,
                    one.supercritical, problem.exact(one), one.parameter,
                )  # fmt: skip
            )
    across = " along the line of the means" if problem.across else ""
    return Criticals(
        problem.name, problem.drift, ends if forward else (ends[1], ends[0]), tuple(points), not found.open, found.detail,
        found.open, "Krawczyk in (x, parameter)" + across, found.boxes, digits, problem.whole, USES if problem.across else (),
    )  # fmt: skip


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
    return replace(
        first, within=(low, high), points=tuple(sorted(points, key=lambda p: float(p.parameter.mid()))),
        complete=all(r.complete for _, r in results), detail="; ".join(dict.fromkeys(r.detail for _, r in results if r.detail)),
        open=tuple(box for _, r in results for box in r.open), boxes=sum(r.boxes for _, r in results),
        method=f"{first.method}, in {len(results)} independent blocks",
    )  # fmt: skip


__all__ = ["Posed", "Problem", "critical", "pose"]
