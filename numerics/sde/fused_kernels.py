"""Blocks of states to posterior means: one kernel a kind of mixture, with all its buffers made beforehand.

Log odds relative to one component, so one exponential per further component; the state, ones and the square are rows of
one matrix, so a single small product gives all log odds and numerators at once; buffers of a fixed width stay in the
cache. Two components that share a covariance need one tanh and nothing else.

Float safety. ``exp`` of log odds may overflow. Either a bound on the log odds for every state excludes it (narrower
components against the widest), or a sum of weights beyond :data:`SAFE` shows it (infinity and NaN fail that comparison
too) and the block is done again relative to its largest weight. A clamp would not do: two clamped odds forget their
ratio. Below the limit each product stays finite; tanh saturates by itself.

Matrix products have at most 2^18 multiply-adds, which OpenBLAS does in one thread: the bits depend on the number of
paths and on nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from numerics.mixtures import Array

PRODUCT = 1 << 18
"""Multiply-adds of one matrix product."""
SAFE = 1e250
"""A sum of weights above it is done again; leaves a factor 1e58 for the numerators."""
BOUNDED = 500.0
"""Log odds below it need no such look."""


class Coefficients(NamedTuple):
    """The posterior at one eta in coordinates relative to the centre, as matrices for a block of states."""

    first: Array
    """From states, ones (and squares) to log odds; with unequal spreads then to numerators and the reference mean."""
    second: Array
    """From weights to numerators and their sum, where the covariance is shared."""
    slope: float
    """The linear part c/(1 + eta c) of the mean, where the covariance is shared."""
    bounded: bool
    """No state has log odds above :data:`BOUNDED`."""


class Kernel:
    """For blocks of ``width`` paths. Owns the scratch that blocks share, so not for two threads at once.

    States are buffers (D + ``extra``, width) made by :meth:`buffer`; the caller fills the first D rows, the places.
    """

    extra = 1
    """Rows beyond the places: ones, and then squares."""

    def __init__(self, D: int, K: int, width: int) -> None:
        self.D, self.K, self.width = D, K, width
        self._prepare()

    def _prepare(self) -> None:
        """Make the scratch."""

    def buffer(self) -> Array:
        """States with the row of ones in place."""
        return np.ones((self.D + self.extra, self.width))

    def run(self, row: Coefficients, states: Array, out: Array) -> None:
        """The posterior mean at the places, into ``out`` (D, width)."""
        raise NotImplementedError

    def log_odds(self, row: Coefficients, states: Array) -> Array:
        """Log odds of the other components against the reference, (K - 1, width)."""
        odds: Array = row.first[: self.K - 1] @ states
        return odds


class Alone(Kernel):
    """A Gaussian."""

    def run(self, row: Coefficients, states: Array, out: Array) -> None:
        """The posterior mean at the places, into ``out`` (D, width)."""
        np.multiply(states[: self.D], row.slope, out=out)


class TwoAtoms(Kernel):
    """Two atoms on the line: tanh(place + const)."""

    def _prepare(self) -> None:
        self._moved: Array = np.empty((1, self.width))

    def run(self, row: Coefficients, states: Array, out: Array) -> None:
        """The posterior mean at the places, into ``out`` (D, width)."""
        constant = row.first[0, 1]
        if constant:
            np.tanh(np.add(states[:1], constant, out=self._moved), out=out)
        else:
            np.tanh(states[:1], out=out)

    def log_odds(self, row: Coefficients, states: Array) -> Array:
        """Log odds of the other atom, (1, width)."""
        odds: Array = 2 * (states[:1] + row.first[0, 1])
        return odds


class Pair(Kernel):
    """Two components that share a covariance: one tanh of half the log odds."""

    def _prepare(self) -> None:
        self._half: Array = np.empty((1, self.width))
        self._linear: Array = np.empty((self.D, self.width))

    def run(self, row: Coefficients, states: Array, out: Array) -> None:
        """The posterior mean at the places, into ``out`` (D, width)."""
        np.matmul(row.first, states, out=self._half)
        np.tanh(self._half, out=self._half)
        np.multiply(row.second, self._half, out=out)
        if row.slope:
            out += np.multiply(states[: self.D], row.slope, out=self._linear)

    def log_odds(self, row: Coefficients, states: Array) -> Array:
        """Log odds of the other component, (1, width)."""
        odds: Array = 2 * (row.first @ states)
        return odds


class Shared(Kernel):
    """Components that share a covariance: log odds are linear, numerators and their sum one more product."""

    def _prepare(self) -> None:
        self._weights: Array = np.empty((self.K - 1, self.width))
        self._sums: Array = np.empty((self.D + 1, self.width))
        self._numerators: Array = self._sums[: self.D]
        self._total: Array = self._sums[self.D]

    def run(self, row: Coefficients, states: Array, out: Array) -> None:
        """The posterior mean at the places, into ``out`` (D, width)."""
        total = self._total
        with np.errstate(over="ignore", invalid="ignore"):
            np.matmul(row.first, states, out=self._weights)
            np.exp(self._weights, out=self._weights)
            np.matmul(row.second, self._weights, out=self._sums)
        if np.maximum.reduce(total) < SAFE:
            total += 1.0
        else:
            alone = _safely(self.log_odds(row, states), self._weights)
            np.matmul(row.second, self._weights, out=self._sums)
            total += alone
        np.reciprocal(total, out=total)
        np.multiply(self._numerators, total, out=out)
        if row.slope:
            out += np.multiply(states[: self.D], row.slope, out=self._numerators)


class Line(Kernel):
    """Unequal spreads on the line: log odds are quadratic, the means of the components affine.

    States may have further rows and ``row.first`` further columns for them: what they add is added to ``out``.
    """

    extra = 2

    def _prepare(self) -> None:
        K = self.K
        self._table: Array = np.empty((2 * K - 1, self.width))
        self._odds: Array = self._table[: K - 1]
        self._own: Array = self._table[K - 1 : -1]
        self._base: Array = self._table[-1:]
        self._weights: Array = np.empty((K - 1, self.width))
        self._parts = [self._weights[k : k + 1] for k in range(K - 1)]
        self._total: Array = np.empty((1, self.width))
        self._sum: Array = np.empty((1, self.width))

    def log_odds(self, row: Coefficients, states: Array) -> Array:
        """Log odds of the other components against the reference, (K - 1, width)."""
        np.square(states[0], out=states[2])
        odds: Array = row.first[: self.K - 1] @ states
        return odds

    def run(self, row: Coefficients, states: Array, out: Array) -> None:
        """The posterior mean at the places, into ``out`` (1, width), which may be the places themselves."""
        weights, total = self._weights, self._total
        np.square(states[0], out=states[2])
        np.matmul(row.first, states, out=self._table)
        if row.bounded:
            np.exp(self._odds, out=weights)
            total = self._added(total)
            np.add(total, 1.0, out=self._total)
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                np.exp(self._odds, out=weights)
                total = self._added(total)
            if np.maximum.reduce(total[0]) < SAFE:
                np.add(total, 1.0, out=self._total)
            else:
                alone = _safely(self._odds, weights)
                np.add(self._added(self._total), alone, out=self._total)
        np.multiply(weights, self._own, out=weights)
        part = self._added(self._sum)
        np.divide(part, self._total, out=self._sum)
        np.add(self._sum, self._base, out=out)

    def _added(self, out: Array) -> Array:
        """The sum of the weights; of one row that row itself."""
        parts = self._parts
        if len(parts) == 1:
            return parts[0]
        np.add(parts[0], parts[1], out=out)
        for further in parts[2:]:
            np.add(out, further, out=out)
        return out


def _safely(odds: Array, weights: Array) -> Array:
    """Weights relative to the largest one, and that of the reference."""
    top = np.maximum(odds.max(axis=0), 0.0)
    np.exp(odds - top, out=weights)
    alone: Array = np.exp(-top)
    return alone
