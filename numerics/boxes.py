"""Rigorous integrals over the plane: Taylor polynomials on boxes, remainders in balls, tails in closed form.

On a box of half-width r about c, f(c + u) = sum_{|b| < n} f_b(c) u^b + sum_{|b| = n} f_b(box) u^b, where the last
coefficients are those of the jet over the whole box (Taylor's theorem with the remainder in balls). The polynomial is
integrated exactly; the remainder's integral is bounded by sum_b |f_b(box)| times the integral of |u^b|. The box with
the largest remainder is split until the sum meets the goal or the budget of boxes is spent: the ball tells.

This serves *any* term, since the interpreter's jets do; the price is digits (5 to 8, not 30).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from numerics.averages import Integrand, summands
from numerics.balls import Ball, arb, ball, hull
from numerics.evaluate import Interpreter, plan
from numerics.evaluate.reading import Reading
from numerics.kept_integrals import kept, key_of, stripped
from numerics.rings import Unsupported
from numerics.tails import Line, LineRing, gaussian_tail, widened
from theory import jets
from theory.jets import Jet, space
from theory.language.terms import LATENT, Term

ORDER = 8
JetsAt = Callable[[Sequence[Ball], int], list[Jet]]
"""(point or box, order in x) -> the jets of the integrand's entries."""


@dataclass(frozen=True)
class Box:
    """A square about ``centre`` with its integrals and remainder bounds, entry by entry."""

    centre: tuple[Fraction, Fraction]
    half: Fraction
    integrals: tuple[Ball, ...]
    remainders: tuple[Ball, ...]
    worst: float


class Plane:
    """The integral of jets over squares, refined where the remainder is largest."""

    def __init__(self, jets_at: JetsAt, time_order: int) -> None:
        self.jets_at, self.time_order = jets_at, time_order
        self.evaluations = 0

    def box(self, centre: tuple[Fraction, Fraction], half: Fraction) -> Box:
        """One square: two evaluations, at its centre and over the whole of it."""
        self.evaluations += 2
        inner = self.jets_at([ball(c) for c in centre], ORDER - 1)
        outer = self.jets_at([hull(c - half, c + half) for c in centre], ORDER)
        integrals = tuple(self._polynomial(jet, half) for jet in inner)
        remainders = tuple(self._remainder(jet, half) for jet in outer)
        sizes = [float(r.upper()) if r.is_finite() else float("inf") for r in remainders]
        return Box(centre, half, integrals, remainders, max(sizes))

    def _polynomial(self, jet: Jet, half: Fraction) -> Ball:
        result = arb(0)
        for (j, b), value in zip(jet.space.monomials, jet.c, strict=True):
            if j == self.time_order and value is not None and not any(e % 2 for e in b):
                result += value * ball(_moment(b, half))
        return result

    def _remainder(self, jet: Jet, half: Fraction) -> Ball:
        result = arb(0)
        for (j, b), value in zip(jet.space.monomials, jet.c, strict=True):
            if j == self.time_order and value is not None and sum(b) == ORDER:
                result += abs(value).upper() * ball(_moment(b, half))
        return result

    def integrate(self, reach: Fraction, goal: float, budget: int) -> list[Ball]:
        """The integrals over [-reach, reach]^2; refinement stops at ``goal`` (absolute) or after ``budget`` boxes."""
        half = reach / 12
        steps = [-reach + half * (2 * i + 1) for i in range(12)]
        boxes = [self.box((u, v), half) for u in steps for v in steps]
        heap = [(-b.worst, number, b) for number, b in enumerate(boxes)]
        heapq.heapify(heap)
        number = len(heap)
        while number < budget and not self._done(heap, goal):
            for _ in range(max(1, len(heap) // 16)):
                _, _, worst = heapq.heappop(heap)
                for child in self._split(worst):
                    number += 1
                    heapq.heappush(heap, (-child.worst, number, child))
        found = []
        for entry in range(len(boxes[0].integrals)):
            value, error = arb(0), arb(0)
            for _, _, b in sorted(heap, key=lambda item: -item[0]):
                value, error = value + b.integrals[entry], error + b.remainders[entry]
            found.append(widened(value, error) if error.is_finite() else arb(0) / arb(0))
        return found

    @staticmethod
    def _done(heap: list[tuple[float, int, Box]], goal: float) -> bool:
        return -sum(item[0] for item in heap) <= goal

    def _split(self, parent: Box) -> list[Box]:
        half = parent.half / 2
        (u, v) = parent.centre
        return [self.box((u + i * half, v + j * half), half) for i in (-1, 1) for j in (-1, 1)]


def _moment(exponents: Sequence[int], half: Fraction) -> Fraction:
    """The integral of |u^b| over [-half, half]^D."""
    result = Fraction(1)
    for e in exponents:
        result *= 2 * half ** (e + 1) / (e + 1)
    return result


def over_plane(interpreter: Interpreter, inner: Term, order: int, goal: float, budget: int) -> tuple[list[Ball], int]:
    """The coefficient of t^order of E[inner] for a law in D = 2, entry by entry, and the evaluations it took.

    An integral costs seconds and claims share their averages (d/dt E[log p], E[div s], ..), so scalar summands are
    integrated one by one and kept (:mod:`numerics.kept_integrals`). Raises Unsupported: another dimension, or a term
    without a polynomial bound.
    """
    if interpreter.law.D != 2:
        raise Unsupported(f"a rigorous integral in D = {interpreter.law.D}")
    if interpreter.taps:
        return _over_plane(interpreter, inner, order, goal, budget)
    parts = list(summands(inner)) if inner.rank == 0 else [inner]
    values, evaluations = None, 0
    for part in parts:
        factor, core = stripped(part)
        share = goal / (len(parts) * max(1.0, abs(float(factor))))
        found, count = kept(
            key_of(interpreter, "plane", core, order, share, budget),
            partial(_over_plane, interpreter, core, order, share, budget),
        )
        scaled = [v * ball(factor) for v in found]
        values = scaled if values is None else [u + v for u, v in zip(values, scaled, strict=True)]
        evaluations += count
    assert values is not None
    return values, evaluations


def _over_plane(interpreter: Interpreter, inner: Term, order: int, goal: float, budget: int) -> tuple[list[Ball], int]:
    model = interpreter.model

    def jets_at(x: Sequence[Ball], nx: int) -> list[Jet]:
        orders, top_x, top_t = plan(inner, nx, order)
        shape = space(2, nx, order)
        reading = Reading(interpreter, interpreter.ring, orders, (max(top_x, nx), max(top_t, order)), x, None, None)
        weights = [jets.exp(reading.mixture.log(k).into(shape), interpreter.ring) for k in range(model.K)]
        if not inner.free & LATENT:
            density = _sum(weights)
            return [density * v for v in _flat(reading.get(inner, shape))]
        values = [_flat(v) for v in reading.by_component(inner, shape)]
        return [_sum([w * v for w, v in zip(weights, column, strict=True)]) for column in zip(*values, strict=True)]

    # Every |x_i| <= rho := max |x_i|, so a coordinate lies in [-1, 1] rho and the term below a polynomial in rho; and
    # rho > cut means |x_i| = rho > cut for some i, where rho^n = |x_i|^n: the tail is a sum of tails on the line.
    line = Integrand(interpreter, LineRing(), inner, order)
    rho = Line([arb(0), hull(arb(-1), arb(1))])
    bounds, reading = line.components((rho, rho))
    del reading
    cut, tails = _cut(interpreter, [_flat(b) for b in bounds], order, goal / 4)
    plane = Plane(jets_at, order)
    values = plane.integrate(cut, goal / 2, budget)
    return [widened(v, t) for v, t in zip(values, tails, strict=True)], plane.evaluations


def _cut(interpreter: Interpreter, bounds: list[list[Any]], order: int, goal: float) -> tuple[Fraction, list[Ball]]:
    model = interpreter.model
    alpha = model.schedule("alpha", 0).head
    cut, tails = Fraction(2), [arb(0)]
    for _ in range(60):
        cut += 1
        try:
            tails = [_tail(interpreter, column, alpha, order, ball(cut)) for column in zip(*bounds, strict=True)]
        except Unsupported:
            continue  # the cut lies inside a component: go further out
        if all(t < goal for t in tails):
            return cut, tails
    raise Unsupported("no square holds all but a little of the integral")


def _tail(interpreter: Interpreter, column: Sequence[Any], alpha: Ball, order: int, cut: Ball) -> Ball:
    model, result = interpreter.model, arb(0)
    for k, jet in enumerate(column):
        value = jet.at(order)
        if value is not None:
            coefficients = value.c if isinstance(value, Line) else [value]
            for i in range(2):
                variance = model.covariance(k, 0)[i][i].head
                result += model.weights[k] * gaussian_tail(coefficients, alpha * model.means[k][i], variance, cut)
    return result


def _flat(value: Any) -> list[Any]:
    return [v for entry in value for v in _flat(entry)] if isinstance(value, tuple) else [value]


def _sum(terms: list[Jet]) -> Jet:
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result
