"""Estimates from chunks: sums that add up, in a fixed order, and the controls that make them sharper.

A chunk reports :class:`Sums` of its observables about fixed centres; sums of chunks are added in chunk order. Centres
and control weights come from a pilot ensemble of its own, so they are constants for the paths that are counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from numerics.mixtures import Array


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
    """Weights (T, C) such that observables - weights controls has least variance on this (pilot) ensemble.

    ``controls`` (C, n) must have mean zero *exactly*, by construction of the noise alone: then any constant weights
    leave every mean untouched, and no claim is assumed.
    """
    if not len(controls):
        return np.zeros((len(observables), 0))
    scale = np.sqrt((controls**2).mean(axis=1))
    scale = np.where(scale > 0, scale, 1.0)
    centred = (controls / scale[:, None]).T
    centred = centred - centred.mean(axis=0)
    targets = (observables - observables.mean(axis=1, keepdims=True)).T
    weights, *_ = np.linalg.lstsq(centred, targets, rcond=1e-10)
    out: Array = weights.T / scale
    return out


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


def highest(values: Array, controls: Array) -> Array:
    """A bound of the size of the mean of ``values`` (.., n)."""
    mean, error = _mean(values, controls)
    out: Array = np.abs(mean) + SURE * error
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
