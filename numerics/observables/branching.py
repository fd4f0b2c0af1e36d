"""Branching: when and how reverse paths commit to a component, and what holds a symmetric point.

Responsibilities are bounded martingales that end in 0 or 1, so optional stopping gives exact numbers. With a threshold
c > 1/2 and r = max_k r_k:

* stopped when r first reaches c, the leading component is the one in the end with probability r there, on any grid;
* P(committed for good by eta) = E (r - c)_+/(1 - c), committed meaning that r stays at c or above;
* the fractions that end in the components are the weights.

On a grid a path may leave and come back unseen between two nodes; a Brownian bridge of the log odds stands in there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from numerics.mixtures import Array, Mixture
from numerics.observables.experiment import MARGIN, Check, Experiment
from numerics.observables.fields import X2
from numerics.observables.observable import Level, Observable
from numerics.observables.path import Path, component_means, squares
from numerics.observables.targets import expectation, moments
from numerics.observables.walks import Simulated, Walk, marks_at
from numerics.sde.posterior import Posterior

THRESHOLD = 0.9


@dataclass(frozen=True)
class Ends:
    """P(the path ends in k) for all components but the last; the draw of the end is averaged out."""

    components: int
    extrapolated: bool = False
    order: float | None = None

    @property
    def rows(self) -> int:
        """One less than there are components, but one at least."""
        return max(self.components - 1, 1)

    def read(self, path: Path) -> Sequence[Array]:
        """The rows."""
        return path.end_weights()[: self.rows]


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
    """P(no visit below c from the mark on) (r at the end - c)/(1 - c), given the nodes: within [0, 1].

    Between two nodes the log odds of the leading component are taken for a Brownian bridge with the speed they have at
    the nodes; it dips below the threshold with probability exp(-2 a b/v), a and b the excesses at both nodes.
    """

    mark: int
    threshold: float = THRESHOLD
    rows: int = 1
    extrapolated: bool = False
    order: float | None = 1

    def read(self, path: Path) -> Sequence[Array]:
        """The row."""
        first, c = path.node(self.mark), self.threshold
        leader, top, excess, speed = self._at(path, first)
        stays = np.where(top >= c, 1.0, 0.0)
        for i in range(first + 1, path.nodes):
            now, top, later, next_speed = self._at(path, i)
            variance = (path.etas[i] - path.etas[i - 1]) * (speed + next_speed) / 2
            with np.errstate(divide="ignore", invalid="ignore"):
                dip = np.exp(-2 * np.maximum(excess, 0.0) * np.maximum(later, 0.0) / variance)
            stays *= np.where((top >= c) & (now == leader), 1 - np.where(variance > 0, dip, 0.0), 0.0)
            leader, excess, speed = now, later, next_speed
        row: Array = stays * np.clip((top - c) / (1 - c), 0.0, 1.0)
        return [row]

    def _at(self, path: Path, i: int) -> tuple[NDArray[np.intp], Array, Array, Array]:
        """(leader, its r, excess of its log odds, squared speed of its log odds) at node i.

        d log odds = (D_k - D).dW/(1 - r_k), and D_k - D over 1 - r_k is the distance of D_k from the mean of the rest.
        """
        logs, mean = path.logs(i), path.mean(i)
        leader = logs.argmax(axis=0)
        top = np.exp(logs.max(axis=0))
        rest = np.zeros_like(top)
        away = np.zeros_like(mean)
        for k, (row, part) in enumerate(zip(logs, path.components(i), strict=True)):
            r = np.exp(row)
            rest += np.where(leader == k, 0.0, r)
            for j, other in enumerate(path.components(i)):
                if j != k:
                    weight = np.where(leader == k, np.exp(logs[j]), 0.0)
                    away += (part - other) * weight[:, None]
        rest = np.maximum(rest, 1e-300)
        excess = np.log(top) - np.log(rest) - np.log(self.threshold / (1 - self.threshold))
        return leader, top, excess, squares(away) / rest**2


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

    Margins are probabilities.
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
        target = expectation(data, walk.eta(mark), Excess(threshold), tolerance=1e-5)
        observables.append(CommittedBy(mark, threshold))
        checks.append(Check("the time of commitment", f"by sigma = {walk.eta(mark) ** -0.5:.4g}", target, margin,
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
        return tuple(float((a != b).mean()) for a, b in pairwise(ends))


def symmetric_point(
    walk: Simulated, *, margin: float = MARGIN, stays: bool, name: str = "symmetric point"
) -> Experiment:
    """Paths started at x = 0, the symmetric point of the law: the flow stays there to rounding, the SDE leaves.

    With ``stays`` false: E|x|^2 at the end is that of the exact reverse kernel from 0, and each of the components is
    reached with its posterior probability there. Above and below the critical noise alike. Raises ValueError if x = 0
    is no symmetric point of the law.
    """
    data, zero = walk.data, (0.0,) * walk.data.D
    pulls = [np.abs(Posterior(data).mean(np.zeros((1, data.D)), walk.eta(mark))).max() for mark in (0, -1)]
    if max(pulls) > 1e-12 * math.sqrt(moments(data)[1]):
        raise ValueError("x = 0 is no symmetric point of this law: the posterior mean there is not 0; take one with "
                         "P(X_0) = P(-X_0)")  # fmt: skip
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
