"""Samples at all nodes at once, from common random numbers, with controls whose means are zero by construction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numerics.empirical.channel import Channel
from numerics.empirical.functionals import Functional, Nodes
from numerics.empirical.points import EmpiricalLaw
from numerics.empirical.terms import Reading
from numerics.mixtures import Array
from numerics.streams import stream

MOST_AXES = 1024


@dataclass(frozen=True)
class Observed:
    """Of every form on n samples: lhs - rhs, the coarse rule less the fine one, and A's change, each (F, n).

    ``size`` (F): the mean of the sizes that are added; ``controls`` (C, n).
    """

    total: Array
    bias: Array
    change: Array
    size: Array
    controls: Array


@dataclass(frozen=True)
class Sampler:
    """Draws chunks and reads functionals on them."""

    law: EmpiricalLaw
    nodes: Nodes
    channels: Sequence[Channel]
    name: str
    seed: int
    size: int
    axes: Axes

    def observe(self, forms: Mapping[str, Functional], experiment: str, chunk: int) -> Observed:
        """One chunk, read at every node."""
        rng = stream(self.seed, self.name, f"{self.law.digest} {experiment}", chunk)
        first = self.channels[0].draw(self.size, rng)
        total = np.array([np.full(self.size, f.constants[0] + f.constants[1]) for f in forms.values()])
        bias = np.array([np.full(self.size, f.constants[2] - f.constants[1]) for f in forms.values()])
        change = np.array([np.full(self.size, f.constants[0]) for f in forms.values()])
        size = np.array([abs(f.constants[0]) + abs(f.constants[1]) for f in forms.values()])
        for node, channel in enumerate(self.channels):
            found = first if node == 0 else channel.at(first.index, first.eps)
            reading = Reading(self.law, self.nodes.levels[node], found)
            for row, form in enumerate(forms.values()):
                for term, at, fine, coarse, part in form.rows:
                    if at == node:
                        values = reading.values(term)
                        total[row] += fine * values
                        bias[row] += (coarse - fine) * values
                        size[row] += abs(fine) * float(np.abs(values).mean())
                        if part == 0 and at == node:
                            change[row] += fine * values
        return Observed(total, bias, change, size, self._controls(first.index, first.eps))

    def _controls(self, index: NDArray[np.int64], eps: Array) -> Array:
        """Functions of X0 and eps with means that are zero by construction, (C, n).

        |eps|^2 - D, eps.Y and |Y|^2 - E|Y|^2 with Y = X0 - E X0, and the same with the matrix
        M = alpha C / (alpha^2 C + sigma^2 I) of the best linear denoiser at either end, C = Cov X0: what varies in
        |s|^2 is mostly linear.
        """
        law, axes = self.law, self.axes
        turned, own = (eps @ axes.turn, axes.places[index]) if axes.turn is not None else (eps, axes.places[index])
        rows = []
        for level in (None, self.nodes.levels[0], self.nodes.levels[-1]):
            if level is not None and axes.turn is None:
                continue
            c = axes.variances
            m = np.ones(law.D) if level is None else level.alpha * c / (level.alpha**2 * c + level.sigma**2)
            rows += [(turned * turned - 1) @ m, (turned * own) @ m, (own * own - c) @ m]
        return np.array(rows)


@dataclass(frozen=True)
class Axes:
    """X0 - E X0 in the principal axes of Cov X0: ``places`` (N, D), ``variances`` (D), ``turn`` (D, D) or None."""

    places: Array
    variances: Array
    turn: Array | None


def principal_axes(law: EmpiricalLaw) -> Axes:
    """The principal axes; the given ones beyond ``MOST_AXES`` dimensions."""
    weights = law.counts / law.rows
    away = law.places - weights @ law.places
    if law.D > MOST_AXES:
        return Axes(away, weights @ (away * away), None)
    _, turn = np.linalg.eigh((away * weights[:, None]).T @ away)
    places = away @ turn
    return Axes(places, weights @ (places * places), turn)
