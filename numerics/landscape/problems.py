"""Bifurcation problems: the family of a law in a noise level or in one of its symbols, and how to read its solutions.

A law of one dimension, or one with a shared scalar covariance and collinear means (then the line of the means holds all
fixed points, see :mod:`numerics.landscape.reduction`), becomes a :class:`Family`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from numerics.balls import Ball, arb, working
from numerics.landscape.critical import Found
from numerics.landscape.family import SYMBOL, Family, Part
from numerics.landscape.levels import highest_noise, lowest_noise
from numerics.landscape.parameter import VARIABLE, Noise
from numerics.landscape.reduction import Collinear, collinear, far_origin, nu_of
from numerics.landscape.scalars import ball_of
from numerics.quantities.asked import bound_at
from numerics.quantities.record import QuantityError
from numerics.rings import Unsupported
from theory.calculus import ZERO, add, as_scalar_term, at_symbols, fold_constants, folded, number, quot, sub, symbols_of
from theory.language.instances import Law, LawError, Scalar
from theory.language.terms import Term
from theory.laws import bind_law, free_symbols
from theory.places import LEVELS, Place
from theory.processes import Process
from theory.typeset.text import scalar_text

Range = tuple[Scalar, Scalar]


@dataclass(frozen=True)
class Problem:
    """A family to be searched, over a range of its internal parameter, and how to read its solutions.

    ``places`` turns (y, inner parameter) into x; ``outer`` the inner parameter into the one asked for, ``inner`` back.
    ``whole``: nothing happens outside the range. ``asked``: the range that was asked for, in its own parameter.
    ``across``: dimensions across the line of the means.
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
    asked: tuple[Ball, Ball] | None = None


def inner_range(noise: Noise, within: Range | None) -> Range | None:
    """The range of the inner parameter; None: all noise levels."""
    if within is None:
        return None
    try:
        ends = [noise.inner(v) for v in within]
    except LawError as error:  # nu is infinite there
        raise QuantityError(f"{noise.name} does not reach the ends of the range; give another one") from error
    with working(256):
        if not ball_of(within[0]) < ball_of(within[1]):
            raise QuantityError(f"the range of {noise.name} is empty; give LO..HI with LO < HI")
        if noise.name not in ("t", "log-sigma") and ball_of(within[0]) < 0:
            raise QuantityError(f"{noise.name} is never negative; give LO..HI with LO >= 0")
        balls = [ball_of(v) for v in ends]
        if not all(v.is_finite() for v in balls):
            raise QuantityError(f"{noise.name} does not reach the ends of the range; give another one")
        order = [0, 1] if balls[0] < balls[1] else [1, 0]
        if not balls[order[0]] < balls[order[1]] or balls[order[0]] < 0:
            raise QuantityError(f"the process does not have {noise.name} over the whole range; give another one")
        if noise.last is not None and balls[order[1]] > ball_of(noise.last):
            raise QuantityError(f"the process ends inside the range of {noise.name}; give another one")
    return ends[order[0]], ends[order[1]]


def noise_problem(law: Law, noise: Noise, inner: Range | None, drift: str) -> Problem | None:
    """The problem in a noise level; None: the means are not collinear.

    ``inner``: its range in nu, None: all levels, or the default range of a drift.

    Raises Unsupported: another drift in more than one dimension.
    """
    line = collinear(law)
    if line is None:
        return None
    if noise.kappa != ZERO and law.D > 1:
        raise Unsupported("drifts other than the density are followed in one dimension only")
    unit, parts, lift = line.unit, line.parts, line.lifted
    shift = None
    if noise.kappa == ZERO:
        shift = line.centre if line.centre is not None else far_origin([m for _, m, _ in parts]) or None
    with working(256):
        ends = inner or (_all_levels if noise.kappa == ZERO else _most_levels)(line, noise)
        low, high = (ball_of(v) if isinstance(v, (Fraction, Term)) else v for v in ends)
    odd, plain = _is_odd(parts, shift), noise
    with working(256):
        asked = noise.outer(low), noise.outer(high)
    if inner is not None and noise.nu == VARIABLE and noise.kappa == ZERO:  # nothing happens outside these levels
        first, last = _all_levels(line, noise)
        low, high = low.max(first), high.min(last).max(low.max(first))
    least = _least_variance(parts) if noise.kappa == ZERO else Fraction(0)
    if noise.nu == VARIABLE and low + ball_of(least) > 0:
        noise = noise.logarithmic(least)
        with working(256):
            low, high = ((v + ball_of(least)).log() for v in (low, high))

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
        if not (found.kind == "pitchfork" and len(parts) == 2 and plain.kappa == ZERO and plain.nu == VARIABLE):
            return None
        (_, first, S), (_, second, other) = parts
        if other != S or not all(isinstance(v, Fraction) for v in (first, second, S)):
            return None
        gap = Fraction(str(second)) - Fraction(str(first))
        nu = gap * gap * unit / 4 - Fraction(str(S))  # Var = (gap/2)^2 at the centre, in units of the line
        return scalar_text(fold_constants(at_symbols(plain.level, {SYMBOL: nu})))

    return Problem(
        noise.name, drift, build, low, high, places, noise.outer, noise.inner, exact, law.D - 1,
        inner is None and plain.kappa == ZERO, asked,
    )  # fmt: skip


def _all_levels(line: Collinear, noise: Noise) -> tuple[Ball, Ball]:
    """Levels outside which nothing happens."""
    with working(256):
        if all(part[1] == line.parts[0][1] for part in line.parts):  # one mean: nothing happens at any level
            high = arb(1) if noise.last is None else arb(1).min(ball_of(noise.last))
            return high / 2, high
        low = lowest_noise(line)
        high = (highest_noise(line) * arb("1.03125")).max(low * 2)  # a critical level may be the bound itself
        if noise.last is not None:
            high = high.min(ball_of(noise.last))
    return low.min(high), high


def _most_levels(line: Collinear, noise: Noise) -> tuple[Ball, Ball]:
    """The range searched by default for drifts without a bound: three decades below and more than one above min(1, R^2)
    and max(1, R^2), R half the spread of the means."""
    with working(256):
        means = [ball_of(m) for _, m, _ in line.parts]
        low = high = means[0]
        for m in means[1:]:
            low, high = low.min(m), high.max(m)
        square = (high - low) * (high - low) / 4
        first, last = arb(1).min(square if square > 0 else arb(1)) / 1000, arb(1).max(square) * 40
        if noise.last is not None:
            last = last.min(ball_of(noise.last))
        return first.min(last / 2), last


def _least_variance(parts: Sequence[tuple[Scalar, Scalar, Scalar]]) -> Fraction:
    """The least of the variances; 0 where they are irrational."""
    known = [S for _, _, S in parts if not isinstance(S, Term)]
    return Fraction(min(known)) if len(known) == len(parts) else Fraction(0)


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
def symbol_problem(law: Law, process: Process, place: Place, name: str, within: Range | None, drift: str) -> Problem:
    """The problem in a symbol of the law. Raises LawError (QuantityError): a bad range; Unsupported: D > 1, a drift."""
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
        _, germ = bound_at(law, process, replace(place, symbols=(*place.symbols, (name, value))))
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
