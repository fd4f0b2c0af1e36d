"""The two pathwise conditional entropies: Phi = -log P(Z | x_t), Z the component at the path's end, and h = H(Z | x_t).

For atoms the component is X_0 itself. In the signal-to-noise ratio eta, with D_k the posterior mean within component k:

* E Phi = E h = H(Z | X_t); Phi drifts by -|D_Z - D|^2/2 d eta, h by -sum r_k |D_k - D|^2/2 d eta, which is local;
* the quadratic variation of Phi grows by |D_Z - D|^2 d eta, so its mean is twice the fall of H(Z | X_t);
* Var Phi and Var h have a peak; where it is, quadrature says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from numerics.mixtures import Array, Mixture
from numerics.observables.controls import Displacement
from numerics.observables.experiment import MARGIN, Check, Experiment
from numerics.observables.observable import Observable
from numerics.observables.path import Path, squares
from numerics.observables.targets import expectation
from numerics.observables.walks import Walk
from numerics.sde.posterior import Posterior

PHI, H = "Phi", "h"


def _values(path: Path, kind: str, i: int) -> list[Array]:
    """Phi at node i for each end, or h, which does not depend on it."""
    logs = path.logs(i)
    if kind == PHI:
        return [-row for row in logs]
    total = np.zeros(logs.shape[1])
    for row in logs:
        total -= np.exp(row) * row
    return [total]


def _spreads(path: Path, kind: str, i: int) -> list[Array]:
    """|D_Z - D|^2 at node i for each end, or its average over the posterior."""
    mean = path.mean(i)
    parts = [squares(part - mean) for part in path.components(i)]
    if kind == PHI:
        return parts
    total = np.zeros(len(mean))
    for row, part in zip(path.logs(i), parts, strict=True):
        total += np.exp(row) * part
    return [total]


def _over_ends(path: Path, kind: str, rows: Sequence[Array]) -> Array:
    """The average over the end of what was computed for each end."""
    if kind == H:
        return rows[0]
    total = np.zeros_like(rows[0])
    for weight, row in zip(path.end_weights(), rows, strict=True):
        total += np.where(weight > 0, weight * row, 0.0)
    return total


@dataclass(frozen=True)
class Value:
    """Phi or h at a mark."""

    kind: str
    mark: int
    rows: int = 1
    extrapolated: bool = True
    order: float | None = None

    def read(self, path: Path) -> Sequence[Array]:
        """The row."""
        return [_over_ends(path, self.kind, _values(path, self.kind, path.node(self.mark)))]


@dataclass(frozen=True)
class Variances:
    """(value - centre)^2 at low, peak and high marks, and how much the peak exceeds the others."""

    kind: str
    marks: tuple[int, int, int]
    centres: tuple[float, float, float]
    rows: int = 5
    extrapolated: bool = True
    order: float | None = None

    def read(self, path: Path) -> Sequence[Array]:
        """Three variances and two excesses."""
        low, peak, high = (
            _over_ends(path, self.kind, [(v - centre) ** 2 for v in _values(path, self.kind, path.node(mark))])
            for mark, centre in zip(self.marks, self.centres, strict=True)
        )
        return [low, peak, high, peak - low, peak - high]


@dataclass(frozen=True)
class Drift:
    """Change from mark to mark plus ``factor`` times the integral of the spread: alone, and times the first value."""

    kind: str
    first: int
    last: int
    factor: float = 0.5
    rows: int = 2
    extrapolated: bool = True
    order: float | None = 2

    def read(self, path: Path) -> Sequence[Array]:
        """Two rows."""
        a, b = path.node(self.first), path.node(self.last)
        start = _values(path, self.kind, a)
        totals = [after - before for after, before in zip(_values(path, self.kind, b), start, strict=True)]
        for i in range(a, b + 1):
            early, late = path.etas[max(i - 1, a)], path.etas[min(i + 1, b)]
            for total, rate in zip(totals, _spreads(path, self.kind, i), strict=True):
                total += self.factor * (late - early) / 2 * rate
        weighted = [total * value for total, value in zip(totals, start, strict=True)]
        return [_over_ends(path, self.kind, totals), _over_ends(path, self.kind, weighted)]


@dataclass(frozen=True)
class QuadraticVariation:
    """The sum of squared changes of Phi from mark to mark; of order 1 in the step even on exact paths."""

    first: int
    last: int
    rows: int = 1
    extrapolated: bool = True
    order: float | None = 1

    def read(self, path: Path) -> Sequence[Array]:
        """The row."""
        a, b = path.node(self.first), path.node(self.last)
        totals = [np.zeros(len(path.ys[0])) for _ in range(path.data.K)]
        for i in range(a, b):
            for total, before, after in zip(totals, path.logs(i), path.logs(i + 1), strict=True):
                total += (after - before) ** 2
        return [_over_ends(path, PHI, totals)]


@dataclass(frozen=True)
class _Moment:
    """The field whose mean is E Phi^power or E h^power under the forward law."""

    kind: str
    power: int

    def __call__(self, posterior: Posterior, y: Array, eta: float) -> Array:
        logs = posterior.log_responsibilities(y, eta)
        if self.kind == PHI:
            total: Array = (np.exp(logs) * (-logs) ** self.power).sum(axis=0)
            return total
        local: Array = (-np.exp(logs) * logs).sum(axis=0) ** self.power
        return local


def mean_entropy(data: Mixture, eta: float) -> float:
    """H(Z | X_t) by quadrature; nats."""
    if eta == 0:
        return -math.fsum(w * math.log(w) for w in data.weights)
    return expectation(data, eta, _Moment(H, 1))


def variance(data: Mixture, kind: str, eta: float) -> float:
    """Var Phi or Var h by quadrature."""
    return expectation(data, eta, _Moment(kind, 2)) - mean_entropy(data, eta) ** 2


def around_peak(walk: Walk, kind: str) -> tuple[int, int, int]:
    """The inner mark where quadrature puts the largest variance, between those where it is about half of it."""
    marks = range(1, walk.marks)
    found = {mark: variance(walk.data, kind, walk.eta(mark)) for mark in marks}
    peak = max(marks, key=lambda mark: found[mark])
    low = [mark for mark in marks if mark < peak and found[mark] <= found[peak] / 2]
    high = [mark for mark in marks if mark > peak and found[mark] <= found[peak] / 2]
    return max(low, default=1), peak, min(high, default=walk.marks)


def pathwise_entropies(
    walk: Walk, *, margin: float = MARGIN, name: str = "pathwise entropies", drift: float = 0.5, variation: float = 2.0,
    misplaced: bool = False,
) -> Experiment:  # fmt: skip
    """Means, variances and their peak, drift and quadratic variation of Phi and h.

    ``drift`` and ``variation`` are the claimed factors (1/2 and 2); with ``misplaced`` the peak is claimed for the end
    of the grid. Margins are parts of the prior entropy H(Z), and for variances three times that part of the largest
    one. Raises NoTargetError above two dimensions.
    """
    data, observables, checks = walk.data, list[Observable](), list[Check]()
    if data.K < 2:
        raise ValueError("the pathwise entropies are of the component; give a law with at least two components")
    prior = mean_entropy(data, 0.0)
    for kind in (PHI, H):
        marks = around_peak(walk, kind)
        centres = tuple(mean_entropy(data, walk.eta(mark)) for mark in marks)
        claimed = (marks[0], marks[2], marks[1]) if misplaced else marks
        middles = (centres[0], centres[2], centres[1]) if misplaced else centres
        for mark, centre in zip(marks, centres, strict=True):
            observables.append(Value(kind, mark))
            checks.append(Check(f"E {kind} = H(Z | X_t)", _level(walk, mark), centre, margin * prior))
        observables.append(Variances(kind, claimed, middles))  # type: ignore[arg-type]
        spreads = [variance(data, kind, walk.eta(mark)) for mark in claimed]
        for mark, value in zip(claimed, spreads, strict=True):
            checks.append(Check(f"Var {kind}", _level(walk, mark), value, 3 * margin * max(spreads)))
        for mark in (claimed[0], claimed[2]):
            part = f"{_level(walk, claimed[1])} over {_level(walk, mark)}"
            checks.append(Check(f"Var {kind} peaks in between", part, 0.0, 3 * margin * max(spreads), relation=">="))
        fall = centres[0] - centres[2]
        observables.append(Drift(kind, marks[0], marks[2], drift))
        checks.append(Check(f"{kind} drifts by -{drift:g} of its spread", "mean", 0.0, margin * fall))
        checks.append(Check(f"{kind} drifts by -{drift:g} of its spread", "weighted", 0.0, margin * fall * centres[0]))
        if kind == PHI:
            observables.append(QuadraticVariation(marks[0], marks[2]))
            claim = f"the quadratic variation of Phi is {variation:g} times the fall of H"
            checks.append(Check(claim, "", variation * fall, 3 * margin * variation * fall))
    return Experiment(name, walk, tuple(observables), tuple(checks), (Displacement(),))


def _level(walk: Walk, mark: int) -> str:
    return f"sigma = {walk.eta(mark) ** -0.5:.4g}"
