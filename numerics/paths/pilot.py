"""The pilot: paths of their own that fix control weights, centres and spreads before anything is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from numerics.estimates import control_weights, controlled
from numerics.mixtures import Array
from numerics.paths.ensembles import Ensemble, Test
from numerics.simulate import CHUNK
from numerics.streams import stream

PILOT = "pilot"


@dataclass(frozen=True, eq=False)
class Pilot:
    """Constants for the paths that are counted, of T tests and C controls.

    ``weights`` (2T, C) of observables and of step biases, ``centres`` (3T) of both less their controls and of the bare
    observables, ``sds`` (T) of the observables less their controls. A bounded observable has weights zero.
    """

    weights: Array
    centres: Array
    sds: Array


def pilot_of(
    ensemble: Ensemble, tests: Sequence[Test], *, seed: int, claim_id: str, experiment: str, count: int = CHUNK
) -> Pilot:  # fmt: skip
    """The pilot of an ensemble: one chunk of ``count`` paths.

    Raises FloatingPointError if an observable is not finite on it.
    """
    size = len(tests)
    with np.errstate(all="ignore"):
        seen = ensemble.observe(tuple(range(size)), count, stream(seed, claim_id, f"{experiment}/{PILOT}", 0))
    if not all(np.isfinite(rows).all() for rows in (seen.values, seen.biases, seen.controls)):
        raise FloatingPointError("an observable is not finite on a simulated path")
    both = np.concatenate([seen.values, seen.biases])
    weights = control_weights(both, seen.controls)
    exact = [i for i, test in enumerate(tests) if test.bounds is not None]
    weights[exact] = 0.0
    sharpened = controlled(both, seen.controls, weights)
    centres = np.concatenate([sharpened, seen.values]).mean(axis=1)
    return Pilot(weights, centres, sharpened[:size].std(axis=1))
