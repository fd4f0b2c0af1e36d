"""Exact reductions of laws: to a line where the law is a line times a Gaussian, and zeros by reflection.

If all components share one covariance c I and their means lie on a line, X0 is (a one-dimensional mixture along the
line) x (independent Gaussians N(0, c) across it), and so is X_t: entropies, rates, informations and variances add.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from numerics.space.span import shared_variance
from theory.calculus import exact_sqrt
from theory.language.instances import Component, Germ, Law, Scalar, component, mixture
from theory.language.terms import Term, make

USES = ("entropy.product_additivity", "filter.subspace")


def _rational(values: tuple[Scalar, ...]) -> list[Fraction] | None:
    out = [v for v in values if isinstance(v, Fraction)]
    return out if len(out) == len(values) else None


def on_a_line(law: Law) -> tuple[Law, Law] | None:
    """(the law along the line, N(0, c) or the atom 0 across it), or None if the law is not of that form or D = 1.

    Along the line the origin is the first mean; its coordinate is in units of length, so it may hold a square root.
    """
    c = shared_variance(law)
    means = [_rational(p.mean) for p in law.components]
    if law.D == 1 or law.K == 1 or c is None:
        return None
    rational = [m for m in means if m is not None]
    if len(rational) < law.K:
        return None
    origin = rational[0]
    shifts = [[u - v for u, v in zip(m, origin, strict=True)] for m in rational]
    direction = next((s for s in shifts if any(s)), None)
    if direction is None:
        return None
    square = sum((v * v for v in direction), Fraction(0))
    places: list[Scalar] = []
    for shift in shifts:
        share = sum((u * v for u, v in zip(shift, direction, strict=True)), Fraction(0)) / square
        if any(u != share * v for u, v in zip(shift, direction, strict=True)):
            return None
        places.append(_length(share, square))
    along = mixture(*((p.weight, place, c) for p, place in zip(law.components, places, strict=True)))
    return along, Law((component(1, 0, c),))


def _length(share: Fraction, square: Fraction) -> Scalar:
    """share * sqrt(square), rational where it is."""
    root = exact_sqrt(square)
    if root is not None:
        return share * root
    irrational = make("pow", (make("num", (), square),), Fraction(1, 2))
    return make("mul", (make("num", (), share), irrational)) if share else Fraction(0)


def mirrored_axes(law: Law, germ: Germ, x: tuple[Scalar, ...]) -> tuple[frozenset[int], bool]:
    """Reflections under which law and point are the same.

    First the axes i such that x_i -> 2 alpha c_i - x_i alone leaves both unchanged (c_i: the mean's i-th entry), then
    whether the reflection of all axes at once does. Exact: False where an irrational number decides.
    """
    size = law.D
    centres = [_centre(law, i) for i in range(size)]

    def fixed(axis: int) -> bool:
        c = centres[axis]
        if c is None or isinstance(x[axis], Term):
            return False
        return x[axis] == 0 if c == 0 else germ.alpha * c == x[axis] if isinstance(germ.alpha, Fraction) else False

    single = frozenset(i for i in range(size) if fixed(i) and _invariant(law, {i}, centres))
    every = all(fixed(i) for i in range(size)) and _invariant(law, set(range(size)), centres)
    return single, every


def _centre(law: Law, axis: int) -> Fraction | None:
    pairs = [(p.weight, p.mean[axis]) for p in law.components]
    total = Fraction(0)
    for weight, place in pairs:
        if not (isinstance(weight, Fraction) and isinstance(place, Fraction)):
            return None
        total += weight * place
    return total


def _invariant(law: Law, axes: set[int], centres: list[Fraction | None]) -> bool:
    def place(value: Scalar, axis: int) -> Any:
        centre = centres[axis]
        if axis not in axes:
            return value
        return None if centre is None or isinstance(value, Term) else 2 * centre - value

    def image(part: Component) -> Any:
        size = range(law.D)
        mean = tuple(place(v, i) for i, v in enumerate(part.mean))
        flips = [[(i in axes) != (j in axes) for j in size] for i in size]
        cov = tuple(tuple(_signed(part.cov[i][j], flips[i][j]) for j in size) for i in size)
        return part.weight, mean, cov

    plain = [(p.weight, p.mean, p.cov) for p in law.components]
    images = [image(p) for p in law.components]
    return all(plain.count(one) == images.count(one) for one in (*plain, *images))


def _signed(value: Scalar, flip: bool) -> Scalar:
    if not flip:
        return value
    return make("neg", (value,)) if isinstance(value, Term) else -value
