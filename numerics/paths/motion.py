"""Paths of one SDE with every state kept, and drift and noise equations read along them.

Stochastic Heun in log sigma, twice on one Brownian path: with 2n steps and with n. Controls are sums of predictable
fields times dW: their means are zero for the discrete paths themselves, whatever the truth of any claim.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from numerics.estimates import certain
from numerics.mixtures import Array, Noised, mixture_of
from numerics.paths.decide import Observed
from numerics.paths.ensembles import rarest_of
from numerics.paths.reading import fields
from numerics.paths.timed import TimedGrid, coarsened, increments, walk
from numerics.schedules import LinearProcess
from numerics.sde.problems import SDE, ForwardSDE, ReverseSDE
from numerics.sde.schemes import STOCHASTIC_HEUN
from theory.language.instances import Law
from theory.language.terms import Term

STRIDE = 2
"""Drift integrals and controls use every ``STRIDE``-th node (Simpson's rule, extrapolated with the step)."""
ATOMS = 4
"""Up to so many atoms, the draw of the own end point is averaged exactly; beyond, X0 is drawn."""
OWN = -1
"""The label that means: the path's own end point."""


@dataclass(frozen=True)
class Equation:
    """One observable of ``field`` with right side ``right`` for one choice of X0; ``kind`` drift, noise, covariation.

    ``sign`` is -1 if the named direction of time runs against the simulated path. ``label``: OWN, or an index of the
    ensemble's fixed end points (where Z occurs, of the law's components); ``given_end``: the noise is that of the path
    conditioned on its end. ``weight``: 0, or of a drift equation weighted with the first state: i by its standardised
    i-th coordinate, D + 1 by their squares. ``end``: 0, or of a drift equation given the own end, taken apart by it: on
    paths that end in atom i where ends are averaged, else weighted by the i-th coordinate of the end, standardised.
    """

    kind: str
    field: Term
    right: Term
    label: int
    sign: float
    given_end: bool
    weight: int = 0
    end: int = 0

    @property
    def needs_end(self) -> bool:
        """Whether X0 occurs."""
        return "X0" in self.field.free | self.right.free

    @property
    def needs_label(self) -> bool:
        """Whether Z occurs."""
        return "Z" in self.field.free | self.right.free


@dataclass(frozen=True)
class PathEnsemble:
    """Paths of one SDE between two noise levels with every state kept.

    ``drives`` are vector fields (with a label) that are summed against dW as controls; ``memory`` is an equation whose
    own end is averaged: for every end, the change of its posterior weight times what was met so far, and the change of
    the field times that weight (``slope`` is the field's gradient), make two more controls.
    """

    law: Law
    process: LinearProcess
    grid: TimedGrid
    lam: float
    forward: bool
    labels: tuple[tuple[float, ...], ...]
    equations: tuple[Equation, ...]
    drives: tuple[tuple[Term, int], ...]
    memory: Equation | None
    slope: Term | None = None

    @property
    def rarest(self) -> float:
        """The probability of the rarest components."""
        return rarest_of(mixture_of(self.law).weights)

    def averages_ends(self, e: Equation) -> bool:
        """Whether the own end of ``e`` is averaged over the atoms instead of drawn."""
        return e.kind == "drift" and e.given_end and (e.needs_end or e.end > 0) and few_atoms(self.law)

    def observe(self, wanted: Sequence[int], count: int, rng: np.random.Generator) -> Observed:
        """Simulate ``count`` paths twice (2n and n steps, one Brownian path) and read the wanted observables."""
        run = _Run(self, count, rng)
        rows = [self.equations[i] for i in wanted]
        pairs = [run.drift(e) if e.kind == "drift" else run.noise(e) for e in rows]
        return Observed(np.array([v for v, _ in pairs]), np.array([b for _, b in pairs]), run.controls())

    def sizes(self, count: int, rng: np.random.Generator) -> list[tuple[float, float]]:
        """(mean size of the right side along the path, mean |F(last) - F(first)| or quadratic variation)."""
        run = _Run(self, count, rng)
        return [run.size(e) for e in self.equations]


def few_atoms(law: Law) -> bool:
    """Whether averages over the own end are exact sums."""
    return law.is_discrete and law.K <= ATOMS


class _Run:
    """The states of one chunk on the fine and the coarse grid, and cached readings of terms on them."""

    def __init__(self, ensemble: PathEnsemble, count: int, rng: np.random.Generator) -> None:
        self.e, process, grid = ensemble, ensemble.process, ensemble.grid
        data = mixture_of(ensemble.law)
        first = data.noised(process.alpha(grid.times[0]), process.sigma(grid.times[0]))
        x0, start = first.sample(count, rng)
        sde: SDE = ForwardSDE(process) if ensemble.forward else ReverseSDE(process, data, ensemble.lam)
        self.dW = increments(grid, start.shape, rng)
        self.fine = list(walk(STOCHASTIC_HEUN, sde, grid, start, self.dW))
        self.coarse_grid = grid.coarser(2)
        self.coarse = list(walk(STOCHASTIC_HEUN, sde, self.coarse_grid, start, coarsened(self.dW, 2)))
        uniforms, normals = rng.random(count), rng.standard_normal(start.shape)
        last = data.noised(process.alpha(grid.times[-1]), process.sigma(grid.times[-1]))
        if ensemble.forward:
            self.own = [x0, x0]
        else:
            self.own = [last.posterior_sample(p[-1], uniforms, normals) for p in (self.fine, self.coarse)]
        self.data, self.start, self.times = data, start, grid.times
        spread = (start - first.mean) / first.sd
        bend = ((spread * spread).sum(axis=1) - spread.shape[1]) / math.sqrt(2 * spread.shape[1])
        self.weights = [np.ones(count), *spread.T, bend]
        alpha = process.alpha(grid.times[0])
        self.end_weights = [[np.ones(count), *((alpha * own - first.mean) / first.sd).T] for own in self.own]
        self._read: dict[tuple[Term, int, int, int], dict[tuple[int, ...], Array]] = {}

    def ends(self, label: int, level: int) -> Array:
        """X0 for a label on the fine (0) or coarse (1) paths."""
        if label == OWN:
            return self.own[level]
        return np.broadcast_to(np.array(self.e.labels[label]), self.start.shape)

    def read(self, term: Term, label: int, level: int, node: int) -> dict[tuple[int, ...], Array]:
        """The components of ``term`` at a node of the fine (level 0) or coarse (level 1) paths."""
        key = (term, label if term.free & {"X0", "Z"} else OWN, level, node)
        if key not in self._read:
            states = self.coarse if level else self.fine
            t = self.times[2 * node if level else node]
            X0 = self.ends(label, level) if "X0" in term.free else None
            self._read[key] = fields(self.e.law, self.e.process, t, [term], states[node], X0, label)[0]
        return self._read[key]

    def value(self, term: Term, label: int, level: int, node: int) -> Array:
        return self.read(term, label, level, node)[()]

    # -- drift ---------------------------------------------------------------------------------------------------------
    def _grid(self, level: int) -> TimedGrid:
        return self.coarse_grid if level else self.e.grid

    def _integral(self, term: Term, label: int, level: int, absolute: bool = False) -> Array:
        """Simpson's rule for int R dtau in log sigma: means are smooth, though paths are not."""
        grid = self._grid(level)
        total = np.zeros(len(self.start))
        for node in range(0, grid.steps + 1, STRIDE):
            simpson = 1 if node in (0, grid.steps) else 4 if node // STRIDE % 2 else 2
            weight = simpson / 3 * STRIDE * grid.step * grid.speeds[node]
            value = self.value(term, label, level, node)
            total += weight * (np.abs(value) if absolute else value)
        return total

    def _excess(self, e: Equation, level: int, label: int) -> Array:
        last = self._grid(level).steps
        change = self.value(e.field, label, level, last) - self.value(e.field, label, level, 0)
        return e.sign * change - self._integral(e.right, label, level)

    def _averaged(self, e: Equation, level: int) -> Array:
        """The excess; its average over the draw of the own end where that is a sum over few atoms."""
        if not self.e.averages_ends(e):
            weighted: Array = self.end_weights[level][e.end] * self._excess(e, level, e.label)
            return weighted
        chances = self._noised(self.times[-1]).responsibilities((self.coarse if level else self.fine)[-1])
        if e.end:
            one: Array = chances[e.end - 1] * self._excess(e, level, e.end - 1)
            return one
        total: Array = chances[0] * self._excess(e, level, 0)
        for label in range(1, self.e.law.K):
            total = total + chances[label] * self._excess(e, level, label)
        return total

    def drift(self, e: Equation) -> tuple[Array, Array]:
        """(extrapolated observable, step bias) of a drift equation; the scheme and the rule have weak order 2."""
        fine, coarse = self._averaged(e, 0), self._averaged(e, 1)
        change = (fine - coarse) / (2**STOCHASTIC_HEUN.weak_order - 1)
        weight = self.weights[e.weight]
        return weight * (fine + change), weight * change

    def _noised(self, t: float) -> Noised:
        return self.data.noised(self.e.process.alpha(t), self.e.process.sigma(t))

    def _doob(self, t: float, x: Array, end: Array) -> Array:
        """grad_x log P(X0 | x): the kernel's score less the score."""
        alpha, sigma = self.e.process.alpha(t), self.e.process.sigma(t)
        pull: Array = (alpha * end - x) / sigma**2 - self._noised(t).score(x)
        return pull

    # -- noise ---------------------------------------------------------------------------------------------------------
    def _kicks(self, e: Equation, stride: int) -> list[Array]:
        """The Brownian increments over ``stride`` steps that drive the process; given its end, less the Doob drift.

        The Doob drift is that at the left end of the stride, so that its error shows when strides are compared.
        """
        kicks = coarsened(self.dW, stride)
        if not e.given_end:
            return kicks
        out, end = [], self.ends(e.label, 0)
        for t, later, x, kick in zip(self.times[::stride], self.times[stride::stride], self.fine[::stride], kicks):
            out.append(kick - math.sqrt(self.e.process.g2(t)) * abs(later - t) * self._doob(t, x, end))
        return out

    def _residual(self, e: Equation, stride: int) -> Array:
        """sum |dF - R dW|^2 (of a covariation: sum (dF - R dW) R dW) over steps of ``stride`` nodes."""
        total = np.zeros(len(self.start))
        for i, kick in enumerate(self._kicks(e, stride)):
            node = i * stride
            change = self.value(e.field, e.label, 0, node + stride) - self.value(e.field, e.label, 0, node)
            row = self.read(e.right, e.label, 0, node)
            pushed = np.zeros(len(change))
            for j in range(self.e.law.D):
                pushed += row[(j,)] * kick[:, j]
            rest = change - pushed
            total += rest * (rest if e.kind == "noise" else pushed)
        return total

    def noise(self, e: Equation) -> tuple[Array, Array]:
        """(extrapolated residual, step bias) of a noise equation: powers 1 and 2 of the step are taken out."""
        one, two, four = (self._residual(e, stride) for stride in (1, 2, 4))
        best = (8 * one - 6 * two + four) / 3
        return best, best - (2 * one - two)

    # -- scales and controls -------------------------------------------------------------------------------------------
    def size(self, e: Equation) -> tuple[float, float]:
        """What a margin is relative to: (E w int |R|, E w |dF|) with w the size of the weight, or the variation of F.

        Each less what chance may have added.
        """
        steps, none = self.e.grid.steps, np.zeros((0, len(self.start)))
        if e.kind != "drift":
            values = [self.value(e.field, e.label, 0, node) for node in range(steps + 1)]
            variation = np.sum([(v - u) ** 2 for u, v in pairwise(values)], axis=0)
            return float(certain(variation, none)), 0.0
        change = self.value(e.field, e.label, 0, steps) - self.value(e.field, e.label, 0, 0)
        weight, passed = np.abs(self.weights[e.weight]), self._integral(e.right, e.label, 0, absolute=True)
        return float(certain(weight * passed, none)), float(certain(weight * np.abs(change), none))

    def controls(self) -> Array:
        """Sums of predictable fields against dW: the score, x, the drives, and the memory."""
        fixed = 2 + len(self.e.drives)
        ends = 0 if self.e.memory is None else 2 * self.e.law.K
        rows = np.zeros((fixed + ends, len(self.start)))
        memory = _Memory(self, self.e.memory) if self.e.memory is not None else None
        for i, dW in enumerate(coarsened(self.dW, STRIDE)):
            node = i * STRIDE
            t, x = self.times[node], self.fine[node]
            kick = math.sqrt(self.e.process.g2(t)) * dW
            rows[0] += (self._noised(t).score(x) * kick).sum(axis=1)
            rows[1] += (x * kick).sum(axis=1)
            if memory is not None:
                memory.step(node, kick, rows[fixed:])
            for d, (term, label) in enumerate(self.e.drives, 2):
                for j, part in self.read(term, label, 0, node).items():
                    rows[d] += part * kick[:, j[0]]
        return np.concatenate([weight * rows for weight in self.weights])


class _Memory:
    """For each end k, sums against dW of grad P(k | x) times what label k has met so far: F(first) and the integral of
    R up to now; and of grad (P(k | x) F_k).
    """

    def __init__(self, run: _Run, e: Equation) -> None:
        self.run, self.equation = run, e
        self.met = [e.sign * run.value(e.field, k, 0, 0) for k in range(run.e.law.K)]

    def step(self, node: int, kick: Array, rows: Array) -> None:
        """Add the step from ``node`` to the 2 K ``rows``."""
        run, grid, e = self.run, self.run.e.grid, self.equation
        t, x = run.times[node], run.fine[node]
        for k, chance in enumerate(run._noised(t).responsibilities(x)):
            turned = (run._doob(t, x, run.ends(k, 0)) * kick).sum(axis=1)
            rows[2 * k] += chance * self.met[k] * turned
            moved = run.value(e.field, k, 0, node) * turned
            if run.e.slope is not None:
                for (i,), part in run.read(run.e.slope, k, 0, node).items():
                    moved += part * kick[:, i]
            rows[2 * k + 1] += chance * moved
            passed = STRIDE * grid.step * grid.speeds[node]
            self.met[k] = self.met[k] + passed * run.value(e.right, k, 0, node)
