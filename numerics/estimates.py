"""Estimates from chunks: sums that add up, in a fixed order, and the controls that make them sharper.

A chunk reports :class:`Sums` of its observables about fixed centres; sums of chunks are added in chunk order. Centres
and control weights come from a pilot ensemble of its own, so they are constants for the paths that are counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from numerics.mixtures import Array

ROUNDING = 1e-13
"""Part of a sum of squares below which a difference of such sums is rounding."""


@dataclass(frozen=True)
class Sums:
    """Sums over ``count`` paths of T observables about ``centres`` (T): first, second, absolute, and absolute raw."""

    count: int
    centres: Array
    total: Array
    square: Array
    absolute: Array
    absolute_raw: Array

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.count + other.count, self.centres, self.total + other.total, self.square + other.square,
            self.absolute + other.absolute, self.absolute_raw + other.absolute_raw,
        )  # fmt: skip

    @property
    def mean(self) -> Array:
        """The sample means (T,)."""
        return self.centres + self.total / self.count

    @property
    def variance(self) -> Array:
        """Unbiased; zero for a single path."""
        spread = self.square - self.total**2 / self.count
        return np.maximum(spread, 0.0) / max(self.count - 1, 1)

    @property
    def spread(self) -> Array:
        """The sum of squares about the sample's own mean, zero where what is left is rounding."""
        spread = self.square - self.total**2 / self.count
        return np.where(spread > ROUNDING * self.square, spread, 0.0)

    @property
    def standard_error(self) -> Array:
        """Of the means."""
        error: Array = np.sqrt(self.variance / self.count)
        return error

    @property
    def effective(self) -> Array:
        """(sum |y|)^2 / sum y^2, the smaller of the raw and the centred one: few of many paths carry a rare event.

        An observable without any spread counts fully.
        """
        raw_square = self.square + 2 * self.centres * self.total + self.count * self.centres**2
        centred = _ratio(self.absolute, self.square, self.count)
        return np.minimum(centred, _ratio(self.absolute_raw, raw_square, self.count))

    @property
    def carrying(self) -> Array:
        """How many paths carry each mean at least, wherever the centres are and whatever constant was taken off.

        The smaller of (sum |y|)^2 / sum y^2 and a quarter of the same about the sample's own mean: about it, n paths of
        which k have a value of their own count 4 k. Centres from a pilot may be off (one path of a rare event moves
        them), so sum |y - mean| is bounded from below by sum |y - centre| - |sum (y - centre)|.
        """
        raw_square = self.square + 2 * self.centres * self.total + self.count * self.centres**2
        away = np.maximum(self.absolute - np.abs(self.total), 0.0)
        centred = _ratio(away, self.spread, 4 * self.count) / 4
        return np.minimum(centred, _ratio(self.absolute_raw, raw_square, self.count))


def _ratio(absolute: Array, square: Array, count: int) -> Array:
    tiny = square <= 0
    return np.where(tiny, float(count), absolute**2 / np.where(tiny, 1.0, square))


def sums_of(observables: Array, centres: Array) -> Sums:
    """The sums of ``observables`` (T, n) about ``centres`` (T). Raises FloatingPointError for a non-finite value."""
    if not np.isfinite(observables).all():
        raise FloatingPointError("an observable is not finite on a simulated path")
    away = observables - centres[:, None]
    return Sums(
        observables.shape[1], centres, away.sum(axis=1), (away * away).sum(axis=1), np.abs(away).sum(axis=1),
        np.abs(observables).sum(axis=1),
    )  # fmt: skip


def control_weights(observables: Array, controls: Array) -> Array:
    """Weights (T, C) such that observables - weights controls has little variance on other paths too.

    Least squares on this (pilot) ensemble; how many directions of the controls are used is chosen, for each observable,
    by what weights found on one half of the paths leave on the other.

    ``controls`` (C, n) must have mean zero *exactly*, by construction of the noise alone: then any constant weights
    leave every mean untouched, and no claim is assumed.
    """
    if not len(controls):
        return np.zeros((len(observables), 0))
    scale = np.sqrt((controls**2).mean(axis=1))
    scale = np.where(scale > 0, scale, 1.0)
    unit = (controls / scale[:, None]).T
    targets = observables.T
    best = np.array([_cutoffs(unit, targets, first) for first in (0, 1)]).sum(axis=0).argmin(axis=0)
    fits = _fits(unit, targets)
    out: Array = np.array([fits[choice][:, row] for row, choice in enumerate(best)]) / scale
    return out


CUTOFFS = (1e-10, 1e-6, 1e-4, 1e-3, 1e-2, 1e-1)
"""Relative singular values below which directions of the controls are left out: a few rare paths rule them."""


def _fits(controls: Array, targets: Array) -> list[Array]:
    """Least-squares weights (C, T) of ``targets`` (n, T) on ``controls`` (n, C), one for each cutoff, and none."""
    centred = controls - controls.mean(axis=0)
    left, values, right = np.linalg.svd(centred, full_matrices=False)
    seen = left.T @ (targets - targets.mean(axis=0))
    kept = [values > cutoff * values[0] for cutoff in CUTOFFS]
    fits = [right[keep].T @ (seen[keep] / values[keep][:, None]) for keep in kept]
    return [*fits, np.zeros_like(fits[0])]


def _cutoffs(controls: Array, targets: Array, first: int) -> Array:
    """The variances (cutoffs + 1, T) that weights found on every other path leave on the rest."""
    fits = _fits(controls[first::2], targets[first::2])
    rest, seen = controls[1 - first :: 2], targets[1 - first :: 2]
    return np.array([(seen - rest @ weights).var(axis=0) for weights in fits])


def controlled(observables: Array, controls: Array, weights: Array) -> Array:
    """observables - weights controls, by elementwise operations in a fixed order."""
    out = observables.copy()
    for c in range(len(controls)):
        out -= weights[:, c : c + 1] * controls[c]
    return out


SURE = 6.5
"""Standard errors, of a pilot, that bound what is added to a bias: 1e-10 for a normal mean."""
CERTAIN = 3.0
"""Standard errors by which a pilot's estimate of a side or of a distance is lowered before a margin rests on it."""


def certain(values: Array, controls: Array) -> Array:
    """The size of the mean of ``values`` (.., n) less what chance may have added to it, never below zero."""
    mean, error = _mean(values, controls)
    out: Array = np.maximum(np.abs(mean) - CERTAIN * error, 0.0)
    return out


def _mean(values: Array, controls: Array) -> tuple[Array, Array]:
    """The mean and its standard error with ``controls`` (C, n) taken off."""
    rows = values.reshape(-1, values.shape[-1])
    rest = controlled(rows, controls, control_weights(rows, controls))
    shape = values.shape[:-1]
    return rest.mean(axis=1).reshape(shape), rest.std(axis=1).reshape(shape) / np.sqrt(values.shape[-1])


def digits(value: float, places: int = 6) -> str:
    """A figure for the record: ``places`` significant digits as a plain decimal string."""
    text = np.format_float_positional(value, precision=places, unique=False, fractional=False, trim="-")
    return "0" if text in ("-0", "0") else text
