"""Fixed points of the denoiser: all zeros of the score, x = alpha m(x), counted with certainty, with their stability.

A mode of p_t is a zero where the Jacobian of the score is negative definite. The law is first reduced exactly
(:mod:`numerics.landscape.reduction`); independent blocks are solved apart: zeros of a product are products of zeros.
A count is certified or None, with the reason and the boxes that stayed open.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product as every_choice
from typing import Any

from numerics.balls import Ball, arb, ball, bits_of, relative_digits, working
from numerics.landscape.line import LineField, outward
from numerics.landscape.line_zeros import LineZeros, line_zeros
from numerics.landscape.reduction import USES, Reduced, along_line, collinear, nu_of, precisions, reduced
from numerics.landscape.scalars import ball_of
from numerics.landscape.space import applied, dot
from numerics.landscape.space_zeros import inertia, space_zeros
from numerics.quantities.asked import bound_at
from numerics.quantities.printing import printed
from numerics.quantities.record import QuantityError
from theory.language.instances import Germ, Law, Scalar, Vector
from theory.laws import factors
from theory.places import Place
from theory.processes import Process

MAX_LOG_DIMENSION = 30
Boxes = tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True)
class FixedPoint:
    """A zero of the score: ``place`` (D balls), the number of growing directions of the score flow, log p there.

    ``growing`` is the number of positive eigenvalues of the Jacobian of the score; None if a sign is not certain.
    On a line the Jacobian is the second derivative of log p along it, and ``parameter`` is u in x0 + u d.
    """

    place: tuple[Ball, ...]
    growing: int | None
    dimensions: int
    log_density: Ball | None = None
    parameter: Ball | None = None
    marginal: bool = False

    @property
    def kind(self) -> str:
        """mode, saddle, minimum, marginal mode (a mode whose Jacobian is singular, by algebra), or degenerate."""
        if self.marginal:
            return "marginal mode"
        if self.growing is None:
            return "degenerate"
        return "mode" if self.growing == 0 else "minimum" if self.growing == self.dimensions else "saddle"


@dataclass(frozen=True)
class FixedPoints:
    """The zeros found. ``count`` is certified, or None: ``detail`` says why and ``open`` where (boxes in x)."""

    count: int | None
    points: tuple[FixedPoint, ...]
    open: tuple[tuple[tuple[float, float], ...], ...]
    detail: str
    method: str
    uses: tuple[str, ...]
    boxes: int
    digits: int
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Inert data; numbers as decimal strings."""
        points = []
        for point in self.points:
            value, half = printed(point.place, self.digits)
            entry: dict[str, Any] = {"x": value, "radius": half, "kind": point.kind, "growing": point.growing}
            if point.parameter is not None:
                entry["parameter"], entry["parameter_radius"] = printed(point.parameter, self.digits)
            if point.log_density is not None:
                entry["log_density"], entry["log_density_radius"] = printed(point.log_density, self.digits)
            points.append(entry)
        return {
            "version": 1, "count": self.count, "points": points,
            "unresolved": [[[repr(low), repr(high)] for low, high in box] for box in self.open],
            "detail": self.detail, "method": self.method, "uses": list(self.uses), "boxes": self.boxes,
            "guarantee": "rigorous", "seconds": round(self.seconds, 3),
        }  # fmt: skip


def fixed_points(
    law: Law,
    process: Process | Germ,
    place: Place,
    *,
    line: tuple[Vector, Vector] | None = None,
    digits: int = 20,
    max_boxes: int = 50_000,
) -> FixedPoints:
    """All zeros of the score of X_t, or of d . s along ``line`` = (x0, d), each to ``digits`` relative digits.

    Raises LawError (QuantityError): an unbound symbol, a line that does not fit; Unsupported: more than three
    coordinates remain after the exact reduction.
    """
    start = time.perf_counter()
    if place.points:
        raise QuantityError(f"fixed points are looked for everywhere; leave {place.points[0][0]}=.. out")
    law, germ = bound_at(law, process, place)
    if line is not None:
        found = _on_line(law, germ, line, digits, max_boxes)
    else:
        found = _everywhere(law, germ, digits, max_boxes)
    return replace(found, seconds=time.perf_counter() - start)


def _everywhere(law: Law, germ: Germ, digits: int, max_boxes: int) -> FixedPoints:
    nu = nu_of(germ)
    blocks = ((tuple(range(law.D)), law),) if collinear(law) else factors(law)  # a line needs no factors
    once = {block: _block(block, nu, digits, max_boxes) for block in dict.fromkeys(b for _, b in blocks)}
    parts = [once[block] for _, block in blocks]
    count: int | None = 1
    for part in parts:
        count = None if count is None or part.count is None else count * part.count
    with working(bits_of(digits) + 64):
        alpha = ball_of(germ.alpha)
        points = tuple(
            _joined(law, nu, alpha, [axes for axes, _ in blocks], choice, germ)
            for choice in every_choice(*(part.points for part in parts))
        )
    details = "; ".join(dict.fromkeys(p.detail for p in parts if p.detail))
    method = parts[0].method if len(parts) == 1 else f"{len(parts)} independent blocks: " + ", ".join(
        dict.fromkeys(p.method for p in parts)
    )  # fmt: skip
    uses = tuple(dict.fromkeys(name for p in parts for name in p.uses))
    left = tuple(tuple(outward(arb(u) * alpha, arb(v) * alpha) for u, v in box) for p in parts for box in p.open)
    return FixedPoints(count, points, left, details, method, uses, sum(p.boxes for p in parts), digits)


def _joined(
    law: Law, nu: Scalar, alpha: Ball, axes: Sequence[Sequence[int]], choice: Sequence[FixedPoint], germ: Germ
) -> FixedPoint:
    """The point of the product law with these points in its blocks, in x = alpha y."""
    y = [arb(0)] * law.D
    for block, point in zip(axes, choice, strict=True):
        for axis, v in zip(block, point.place, strict=True):
            y[axis] = v
    known = [p.growing for p in choice]
    growing = None if None in known else sum(v for v in known if v is not None)
    value = log_density(law, nu, y) - law.D * alpha.log() if law.D <= MAX_LOG_DIMENSION else None
    marginal = any(p.marginal for p in choice) and growing == 0
    return FixedPoint(tuple(v * alpha for v in y), growing, law.D, value, marginal=marginal)


def log_density(law: Law, nu: Scalar, y: Sequence[Ball]) -> Ball:
    """log of sum_k w_k N(y; m_k, S_k + nu I) at thin balls."""
    P, _, logs = precisions(law, nu)
    terms = []
    for part, matrix, log_det in zip(law.components, P, logs, strict=True):
        gap = [u - ball_of(v) for u, v in zip(y, part.mean, strict=True)]
        terms.append(ball_of(part.weight).log() + (log_det - dot(gap, applied(matrix, gap))) / 2)
    top = max(terms, key=lambda v: v.mid())
    whole = sum(((v - top).exp() for v in terms), arb(0))
    return top + whole.log() - law.D * (2 * arb.pi()).log() / 2


# -- one block, in y ---------------------------------------------------------------------------------------------------
def _block(law: Law, nu: Scalar, digits: int, max_boxes: int) -> FixedPoints:
    problem = reduced(law, nu)
    uses = USES if problem.across and problem.n else ()
    if problem.n == 0:
        with working(bits_of(digits) + 64):
            point = FixedPoint(tuple(problem.lifted(())), 0, law.D)
        return FixedPoints(1, (point,), (), "", "one mean", uses, 0, digits)
    if problem.pair is not None and problem.pair.theta is not None and problem.pair.theta <= 1:
        return _paired(law, problem, uses, digits)
    ask = digits + 2
    for _ in range(3):
        result = _numeric(law, problem, uses, ask, max_boxes)
        worst = min((relative_digits(v) for p in result.points for v in p.place if not v.contains(0)), default=digits)
        if worst >= digits:
            break
        ask += digits - worst + 4
    return replace(result, digits=digits)


def _paired(law: Law, problem: Reduced, uses: tuple[str, ...], digits: int) -> FixedPoints:
    """Two equal components no farther apart than decides: the centre is the only zero, by algebra."""
    assert problem.pair is not None
    assert problem.centre is not None
    marginal = problem.pair.theta == 1
    with working(bits_of(digits) + 64):
        place = tuple(problem.lifted([ball(v) for v in problem.centre]))
    detail = "critical: the second derivative vanishes at the centre (still a mode, quartic)" if marginal else ""
    point = FixedPoint(place, 0, law.D, marginal=marginal)
    return FixedPoints(1, (point,), (), detail, "algebra: z - theta tanh z", (*uses, "bif.critical_sigma"), 0, digits)


def _numeric(law: Law, problem: Reduced, uses: tuple[str, ...], digits: int, max_boxes: int) -> FixedPoints:
    across = f" in {problem.n} of {law.D} coordinates" if problem.across else ""
    with working(bits_of(digits) + 64):
        centre = None if problem.centre is None else [ball(v) for v in problem.centre]
    if problem.n == 1 and problem.line is not None:
        lines = line_zeros(problem.line, digits=digits, centre=centre[0] if centre else None, max_boxes=max_boxes)
        found = [((z.place,), _growing(z.slope)) for z in lines.zeros]
        left: Boxes = tuple((piece,) for piece in lines.open)
        boxes, method = lines.boxes, "interval Newton"
    else:
        assert problem.space is not None
        spaces = space_zeros(problem.space, digits=digits, centre=centre, max_boxes=max_boxes)
        found = [(z.place, inertia(z.jacobian)) for z in spaces.zeros]
        left, boxes, method = spaces.open, spaces.boxes, "Krawczyk"
    with working(bits_of(digits) + 64):
        points = tuple(FixedPoint(tuple(problem.lifted(z)), growing, law.D) for z, growing in found)
        places = tuple(_lifted_box(problem, box) for box in left)
    count = None if left else len(points)
    return FixedPoints(count, points, places, _reason(len(points), places), method + across, uses, boxes, digits)


def _growing(slope: Ball) -> int | None:
    return 1 if slope > 0 else 0 if slope < 0 else None


def _lifted_box(problem: Reduced, box: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    lifted = problem.lifted([arb(low).union(arb(high)) for low, high in box])
    return tuple(outward(v, v) for v in lifted)


def _reason(known: int, left: Sequence[object]) -> str:
    if not left:
        return ""
    return f"count not certified: {known} zero(s) are certain, {len(left)} box(es) hold a degenerate or unresolved zero"


# -- along a line ------------------------------------------------------------------------------------------------------
def _on_line(law: Law, germ: Germ, line: tuple[Vector, Vector], digits: int, max_boxes: int) -> FixedPoints:
    x0, d = line
    if len(x0) != law.D or len(d) != law.D:
        raise QuantityError(f"the line needs a point and a direction with {law.D} entries each")
    if not any(d):
        raise QuantityError("the direction of the line is zero; give another one")
    nu, alpha = nu_of(germ), germ.alpha

    def build() -> LineField:
        # u -> y0 + u d/alpha with y0 = x0/alpha
        scale = ball_of(alpha)
        return along_line(law, nu, [ball_of(v) / scale for v in x0], [ball_of(v) / scale for v in d])()

    found: LineZeros = line_zeros(build, digits=digits, max_boxes=max_boxes)
    with working(bits_of(digits) + 64):
        scale = ball_of(alpha)
        points = []
        for z in found.zeros:
            place = tuple(ball_of(u) + z.place * ball_of(v) for u, v in zip(x0, d, strict=True))
            value = None
            if law.D <= MAX_LOG_DIMENSION:
                value = log_density(law, nu, [v / scale for v in place]) - law.D * scale.log()
            points.append(FixedPoint(place, _growing(z.slope), 1, value, z.place))
    left = tuple((piece,) for piece in found.open)
    count = None if left else len(points)
    return FixedPoints(
        count,
        tuple(points),
        left,
        _reason(len(points), left),
        "interval Newton along the line",
        (),
        found.boxes,
        digits,
    )


__all__ = ["FixedPoint", "FixedPoints", "fixed_points", "log_density"]
