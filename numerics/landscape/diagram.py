"""Bifurcation diagrams as data: the branches of fixed points between certified bifurcation points.

If all points with F = F_y = 0 in a range of the parameter are known, then between two neighbouring ones every zero of F
is simple. Zeros stay in a compact interval (the hull of the means), so by the implicit function theorem their number is
constant there, each moves along a smooth curve, and no two curves meet: the k-th zero from the left at one parameter is
the k-th at every other, with the same stability. So a segment is certified by the completeness of the bifurcation
points and by one count; it is sampled at parameters in between, each sample a ball.

``label`` joins segments across a bifurcation point by nearness, for plots; it is a convenience and not certified.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from numerics.balls import Ball, arb, bits_of, lower, upper, working
from numerics.landscape.critical import Criticals
from numerics.landscape.line import LineField
from numerics.landscape.line_zeros import LineZeros, line_zeros
from numerics.landscape.problems import Problem, Range
from numerics.landscape.scalars import ball_of
from numerics.landscape.transitions import critical, pose
from numerics.quantities.printing import printed
from numerics.rings import Unsupported
from theory.language.instances import Law
from theory.places import Place
from theory.processes import Process


@dataclass(frozen=True)
class Sample:
    """A point of a branch: an exact parameter and the fixed point's balls (in x)."""

    parameter: Fraction
    place: tuple[Ball, ...]


@dataclass(frozen=True)
class Segment:
    """A branch between two neighbouring bifurcation points: the ``number``-th zero from the left of ``interval``.

    ``between``: the parameters it runs between. ``stable``: the derivative of the field is negative on it.
    """

    interval: int
    number: int
    label: int
    stable: bool
    between: tuple[Ball, Ball]
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Diagram:
    """Bifurcation points and segments; certified if ``complete``, else ``detail`` says what is missing."""

    criticals: Criticals
    segments: tuple[Segment, ...]
    counts: tuple[int | None, ...]
    complete: bool
    detail: str
    digits: int
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Inert data; numbers as decimal strings."""
        branches = []
        for s in self.segments:
            samples = []
            for sample in s.samples:
                value, half = printed(sample.place, self.digits)
                samples.append({"parameter": str(sample.parameter), "x": value, "radius": half})
            ends = [printed(v, self.digits)[0] for v in s.between]
            branches.append({
                "label": s.label, "interval": s.interval, "number": s.number, "stable": s.stable, "between": ends,
                "samples": samples,
            })  # fmt: skip
        return {
            **self.criticals.to_json(), "counts": list(self.counts), "branches": branches,
            "diagram_complete": self.complete, "diagram_detail": self.detail, "seconds": round(self.seconds, 3),
        }  # fmt: skip


def bifurcation_diagram(
    law: Law,
    process: Process,
    *,
    at: Place | None = None,
    parameter: str | None = None,
    within: Range | None = None,
    drift: str = "density",
    digits: int = 15,
    samples: int = 9,
) -> Diagram:
    """The branches of fixed points over a range, sampled at ``samples`` parameters between bifurcation points.

    Arguments and errors as for :func:`critical`; Unsupported also for laws whose fixed points do not lie on a line.
    """
    start = time.perf_counter()
    posed = pose(law, process, at=at, parameter=parameter, within=within, drift=drift)
    problem = posed.problem(posed.blocks[0][1]) if len(posed.blocks) == 1 else None
    if problem is None:
        raise Unsupported("diagrams are drawn for laws whose fixed points lie on a line")
    found = critical(law, process, at=at, parameter=parameter, within=within, drift=drift, digits=max(digits, 20))
    segments, counts, missing = _segments(problem, found, digits, samples)
    detail = found.detail if not found.complete else "; ".join(missing)
    complete = found.complete and not missing
    return Diagram(found, segments, counts, complete, detail, digits, time.perf_counter() - start)


def _segments(
    problem: Problem, found: Criticals, digits: int, samples: int
) -> tuple[tuple[Segment, ...], tuple[int | None, ...], list[str]]:
    cuts: list[Ball] = [found.within[0]]
    for p in found.points:
        if not cuts[-1].overlaps(p.parameter):
            cuts.append(p.parameter)
    if not cuts[-1].overlaps(found.within[1]):
        cuts.append(found.within[1])
    out: list[Segment] = []
    counts: list[int | None] = []
    missing: list[str] = []
    before: list[tuple[int, float]] = []
    fresh = 0
    for interval, (low, high) in enumerate(itertools.pairwise(cuts)):
        rows = [(v, _zeros_at(problem, v, digits)) for v in _between(low, high, samples)]
        sizes = {None if r.open else len(r.zeros) for _, r in rows}
        if len(sizes) > 1 or None in sizes:
            missing.append(f"the count between {float(low.mid()):.6g} and {float(high.mid()):.6g} is not certified")
            counts.append(None)
            continue
        counts.append(sizes.pop())
        branches = [[r.zeros[k] for _, r in rows] for k in range(counts[-1] or 0)]
        first = [float(b[0].place.mid()) for b in branches]
        labels = _linked(before, first)
        for k, branch in enumerate(branches):
            if labels[k] is None:
                labels[k], fresh = fresh, fresh + 1
            with working(bits_of(digits) + 64):
                points = tuple(
                    Sample(v, problem.places(zero.place, ball_of(problem.inner(v))))
                    for (v, _), zero in zip(rows, branch, strict=True)
                )
            label = labels[k]
            assert label is not None
            out.append(Segment(interval, k, label, bool(branch[0].slope < 0), (low, high), points))
        before = [(labels[k] or 0, float(b[-1].place.mid())) for k, b in enumerate(branches)]
    return tuple(out), tuple(counts), missing


def _between(low: Ball, high: Ball, samples: int) -> list[Fraction]:
    """Rationals strictly between two balls, denser towards the ends."""
    a, b = upper(low), lower(high)
    out = []
    for i in range(1, samples + 1):
        share = Fraction(i, samples + 1)
        bent = share * share * (3 - 2 * share)
        value = (a + (b - a) * bent).limit_denominator(10**6)
        out.append(value if a < value < b else a + (b - a) * bent)
    return out


def _zeros_at(problem: Problem, value: Fraction, digits: int) -> LineZeros:
    inner = problem.inner(value)

    def build() -> LineField:
        family = problem.build()
        n = family.numbers(ball_of(inner))
        shared = [n.q[0]] * family.K if family.shared else n.q
        return LineField(n.logs, n.m, shared, n.kappa)

    centre = arb(0) if problem.build().odd else None
    return line_zeros(build, digits=digits + 3, centre=centre)


def _linked(before: Sequence[tuple[int, float]], places: Sequence[float]) -> list[int | None]:
    """Labels of the nearest earlier branches, order kept; None for new branches."""
    labels: list[int | None] = [None] * len(places)
    pairs = sorted((abs(p - q), k, label) for k, p in enumerate(places) for label, q in before)
    used: set[int] = set()
    for _, k, label in pairs:
        if labels[k] is None and label not in used:
            labels[k] = label
            used.add(label)
    return labels


__all__ = ["Diagram", "Sample", "Segment", "bifurcation_diagram"]
