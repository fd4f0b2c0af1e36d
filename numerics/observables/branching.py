"""Branching: when and how reverse paths commit to a component, and what holds a symmetric point.

Responsibilities are bounded martingales that end in 0 or 1, so optional stopping gives exact numbers. With a threshold
c > 1/2 and r = max_k r_k:

* stopped when r first reaches c, the leading component is the one in the end with probability r there, on any grid;
* P(committed for good by eta) = E (r - c)_+/(1 - c), committed meaning that r stays at c or above;
* the fractions that end in the components are the weights.

On a grid a path may leave and come back unseen between two nodes: the second number has an error of order 1/2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from numerics.mixtures import Array, Mixture
from numerics.observables.experiment import MARGIN, Check, Experiment
from numerics.observables.fields import X2
from numerics.observables.observable import Level, Observable
from numerics.observables.path import Path, component_means
from numerics.observables.targets import expectation
from numerics.observables.walks import Simulated, Walk, marks_at
from numerics.sde.posterior import Posterior

THRESHOLD = 0.9


@dataclass(frozen=True)
class Ends:
    """Indicators of the components at the end, all but the last."""

    components: int
    extrapolated: bool = False
    order: float | None = None

    @property
    def rows(self) -> int:
        """One less than there are components, but one at least."""
        return max(self.components - 1, 1)

    def read(self, path: Path) -> Sequence[Array]:
        """The rows."""
        ends = path.ends()
        return [(ends == k).astype(np.float64) for k in range(self.rows)]


@dataclass(frozen=True)
class FirstCommitment:
    """1{the component that first reached the threshold is the one at the end} - its responsibility then.

    Zero for paths that never reach it. A martingale stopped on the grid: no error of its own in the step.
    """

    threshold: float = THRESHOLD
    rows: int = 1
    extrapolated: bool = False
    order: float | None = None

    def read(self, path: Path) -> Sequence[Array]:
        """The row."""
        count = len(path.ys[0])
        leader, r = np.full(count, -1), np.zeros(count)
        for i in range(path.nodes):
            logs = path.logs(i)
            top = np.exp(logs.max(axis=0))
            new = (leader < 0) & (top >= self.threshold)
            leader[new], r[new] = logs[:, new].argmax(axis=0), top[new]
        row: Array = np.where(leader < 0, 0.0, (leader == path.ends()) - r)
        return [row]


@dataclass(frozen=True)
class CommittedBy:
    """(r at the end - c)/(1 - c) for paths on which r >= c at every node from the mark on, else 0: within [0, 1]."""

    mark: int
    threshold: float = THRESHOLD
    rows: int = 1
    extrapolated: bool = False
    order: float | None = 0.5

    def read(self, path: Path) -> Sequence[Array]:
        """The row."""
        first, c = path.node(self.mark), self.threshold
        top = np.exp(path.logs(first).max(axis=0))
        stays = top >= c
        for i in range(first + 1, path.nodes):
            top = np.exp(path.logs(i).max(axis=0))
            stays &= top >= c
        row: Array = np.where(stays, np.minimum((top - c) / (1 - c), 1.0), 0.0)
        return [row]


@dataclass(frozen=True)
class Excess:
    """The field (max_k r_k - c)_+/(1 - c)."""

    threshold: float = THRESHOLD

    def __call__(self, posterior: Posterior, y: Array, eta: float) -> Array:
        """The field."""
        top = posterior.responsibilities(y, eta).max(axis=0)
        out: Array = np.clip((top - self.threshold) / (1 - self.threshold), 0.0, 1.0)
        return out


def commitment(
    walk: Walk, *, at: Sequence[float] = (0.5, 0.75), threshold: float = THRESHOLD, margin: float = MARGIN,
    name: str = "commitment",
) -> Experiment:  # fmt: skip
    """Branch frequencies, the component first committed to, and the distribution of the time of commitment.

    Margins are probabilities; for the times 3 per cent, the size of what paths may do between nodes.
    """
    data, observables, checks = walk.data, list[Observable](), list[Check]()
    observables.append(Ends(data.K))
    for k in range(max(data.K - 1, 1)):
        checks.append(Check("branch frequencies are the weights", f"component {k}", data.weights[k], margin,
                            bounds=(0.0, 1.0)))  # fmt: skip
    observables.append(FirstCommitment(threshold))
    checks.append(Check(f"first commitment at {threshold:g} is kept with that probability", "", 0.0, margin,
                        bounds=(-1.0, 1.0)))  # fmt: skip
    for mark in marks_at(walk, at):
        target = expectation(data, walk.eta(mark), Excess(threshold))
        observables.append(CommittedBy(mark, threshold))
        checks.append(Check("the time of commitment", f"by sigma = {walk.eta(mark) ** -0.5:.4g}", target, 3 * margin,
                            bounds=(0.0, 1.0)))  # fmt: skip
    return Experiment(name, walk, tuple(observables), tuple(checks))


@dataclass(frozen=True)
class Flips:
    """A statistic of the refinement itself, without a claim: the fraction of paths that end elsewhere a level below."""

    walk: Simulated

    def fractions(self, count: int, rng: np.random.Generator) -> tuple[float, ...]:
        """Between levels 0 and 1, 1 and 2, ..; they fall like the strong error of the scheme."""
        levels = self.walk.draw(count, rng).levels
        ends = [path.ends() for path in levels]
        return tuple(float((a != b).mean()) for a, b in zip(ends, ends[1:]))


def symmetric_point(
    walk: Simulated, *, margin: float = MARGIN, stays: bool, name: str = "symmetric point"
) -> Experiment:
    """Paths started at x = 0, the symmetric point of the law: the flow stays there to rounding, the SDE leaves.

    With ``stays`` false: E|x|^2 at the end is that of the exact reverse kernel from 0, and each of the components is
    reached with its posterior probability there. Above and below the critical noise alike.
    """
    data, zero = walk.data, (0.0,) * walk.data.D
    walk = replace(walk, point=zero)
    eta, last = walk.eta(0), walk.eta(-1)
    level = f"from sigma = {eta**-0.5:.4g} to {last**-0.5:.4g}"
    if stays:
        check = Check("the symmetric point is held", level, 0.0, 1e-20 / last)
        return Experiment(name, walk, (Level(X2),), (check,))
    target = reached(data, eta, last)
    checks = [Check("the symmetric point is left, E|x|^2", level, target, margin * target)]
    at = np.zeros((1, data.D))
    r = Posterior(data).responsibilities(at, eta)[:, 0]
    for k in range(max(data.K - 1, 1)):
        checks.append(Check("branches are reached with their posterior at 0", f"component {k}", float(r[k]), margin,
                            bounds=(0.0, 1.0)))  # fmt: skip
    return Experiment(name, walk, (Level(X2), Ends(data.K)), tuple(checks))


def reached(data: Mixture, eta: float, last: float) -> float:
    """E|x|^2 at ``last`` of the exact reverse kernel from x = 0 at ``eta``: y = (last - eta) X_0 + noise."""
    zero, width = np.zeros((1, data.D)), last - eta
    r = Posterior(data).responsibilities(zero, eta)[:, 0]
    total = data.D * width
    for k, (part, cov) in enumerate(zip(component_means(data, zero, eta), data.covs, strict=True)):
        C = np.array(cov)
        inner = C @ np.linalg.inv(np.eye(len(C)) + eta * C)
        total += width**2 * float(r[k]) * (float((part**2).sum()) + float(np.trace(inner)))
    return total / last**2
