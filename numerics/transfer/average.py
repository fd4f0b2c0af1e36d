"""Averages over the paths of the reverse SDE without sampling: the scheme's own law, extrapolated in the step."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from numerics.functionals import Functional, Reducible, Squared
from numerics.mixtures import Array, Mixture, mixture_of
from numerics.sde.schemes import Scheme
from numerics.transfer.clock import nodes
from numerics.transfer.lattice import Resolution
from numerics.transfer.problem import Problem, centred, largest
from numerics.transfer.romberg import Extrapolated, extrapolate
from numerics.transfer.routing import Route, route
from numerics.transfer.schemes import OneStep
from numerics.transfer.splitting import Splitting
from theory.language.instances import Law

FIRST = {1: 16, 2: 8}
"""Steps of the coarsest level, by dimension."""
MOST = {1: 256, 2: 128}
"""Steps of the finest level, unless the caller says otherwise."""
LEAST_LEVELS = 3
RESOLUTIONS = {1: Resolution(1.4, 5.0, 7.5, 20_000), 2: Resolution(1.2, 3.0, 7.0, 700)}
FINE = Resolution(3.0, 10.0, 7.5, 20_000)
"""For schemes whose values are interpolated."""
EPSILON = 2.0**-52


class Operator(Protocol):
    """A scheme whose law is computed backwards."""

    @property
    def name(self) -> str:
        """Of the scheme."""

    @property
    def powers(self) -> tuple[int, ...]:
        """Powers of the step in the error of averages."""

    def resolves(self, problem: Problem, nodes: Array, resolution: Resolution) -> bool:
        """Whether all lattices are dense enough for their error to show."""

    def values(self, problem: Problem, nodes: Array, resolution: Resolution) -> Array:
        """The expected functionals (M,) on a grid."""


@dataclass(frozen=True)
class Variance:
    """The variance of a terminal functional over paths, as a thing to be asked for."""

    of: Functional

    @property
    def name(self) -> str:
        """The variance of ``of``."""
        return f"variance of {self.of.name}"


@dataclass(frozen=True)
class Averaged:
    """An average and how far it may be off: the two errors are added. ``steps``: of the finest level.

    ``reached``: the error is within the tolerance that was asked for.
    """

    name: str
    value: float
    step_error: float
    quadrature_error: float
    route: Route
    steps: int
    seconds: float
    reached: bool
    figures: dict[str, str] = field(default_factory=dict)

    @property
    def error(self) -> float:
        """What the value may be off by."""
        return self.step_error + self.quadrature_error


def average(
    functional: Functional | Variance,
    data: Law | Mixture,
    last_eta: float,
    *,
    tolerance: float = 1e-6,
    strength: float = 1.0,
    scheme: Scheme | None = None,
    most_steps: int | None = None,
) -> Averaged:
    """E of ``functional`` over reverse paths from y = 0 at eta = 0 to ``last_eta``; see :func:`averages`."""
    return averages((functional,), data, last_eta, tolerance=tolerance, strength=strength, scheme=scheme,
                    most_steps=most_steps)[0]  # fmt: skip


def averages(
    functionals: Sequence[Functional | Variance],
    data: Law | Mixture,
    last_eta: float,
    *,
    tolerance: float = 1e-6,
    strength: float = 1.0,
    scheme: Scheme | None = None,
    most_steps: int | None = None,
) -> tuple[Averaged, ...]:
    """Expected functionals of dy = strength D(y, eta) d eta + dW, all from the same sweeps.

    Steps are doubled until every error is below ``tolerance`` relative to its value, or ``most_steps`` are reached.
    ``strength`` other than 1 is a wrong drift. ``scheme``: one of :data:`numerics.sde.schemes.SCHEMES` without memory,
    on the line; by default the splitting scheme. Functionals are read with sigma^2 = 1/eta, in nats.
    The error is infinite where components are too narrow for the finest lattices that are used.
    Raises ValueError for arguments out of range, and where only paths can give the average.
    """
    began = time.perf_counter()
    _check(functionals, last_eta, tolerance, strength)
    plain = _distinct([p for f in functionals for p in _parts(f)])
    way = route(data, plain, strength=strength)
    if way.kind != "transfer":
        raise ValueError(f"{way.reason}; that is too many for the transfer operator, simulate paths instead")
    mixture = data if isinstance(data, Mixture) else mixture_of(data)
    problem, added = _reduced(mixture, float(last_eta), plain, strength, way)
    operator: Operator = Splitting() if scheme is None else OneStep(scheme)
    resolution = RESOLUTIONS[problem.data.D] if scheme is None else FINE
    most = MOST[problem.data.D] if most_steps is None else most_steps
    combine = _Combination(functionals, plain, added)
    scale = combine.largest(largest(problem, resolution))
    levels: list[Array] = []
    moved: list[Array] = []
    steps, seen = FIRST[problem.data.D], True
    if most < steps * 2 ** (LEAST_LEVELS - 1):
        raise ValueError(f"extrapolation needs {steps * 2 ** (LEAST_LEVELS - 1)} steps or more, got {most}")
    while True:
        grid = nodes(problem.data, problem.last, steps)
        seen = seen and operator.resolves(problem, grid, resolution)
        levels.append(combine(operator.values(problem, grid, resolution)))
        if len(levels) >= LEAST_LEVELS:
            rounding = EPSILON * (4 * steps * np.abs(levels[-1]) + scale)
            found = extrapolate(levels, moved, operator.powers, rounding)
            if not seen:
                found = replace(found, quadrature=np.full_like(found.quadrature, math.inf))
            within = found.step + found.quadrature <= tolerance * np.abs(found.values)
            if bool(within.all()) or 2 * steps > most:
                break
        moved.append(combine(operator.values(problem, grid, resolution.moved())))
        steps *= 2
    seconds = time.perf_counter() - began
    return tuple(
        _averaged(f.name, i, found, bool(within[i]), way, steps, seconds, operator.name)
        for i, f in enumerate(functionals)
    )


def _averaged(
    name: str, i: int, found: Extrapolated, reached: bool, way: Route, steps: int, seconds: float, scheme: str
) -> Averaged:
    figures = {"scheme": scheme, "route": str(way), "reason": way.reason, "steps": str(steps)}
    return Averaged(name, float(found.values[i]), float(found.step[i]), float(found.quadrature[i]), way, steps, seconds,
                    reached, figures)  # fmt: skip


def _check(functionals: Sequence[Functional | Variance], last: float, tolerance: float, strength: float) -> None:
    if not functionals:
        raise ValueError("give at least one functional")
    if not 0 < last < math.inf:
        raise ValueError(f"paths run from eta = 0 to a finite signal-to-noise ratio above 0, got {last:g}")
    if not 0 < tolerance < 1:
        raise ValueError(f"the tolerance is relative and between 0 and 1, got {tolerance:g}")
    if not math.isfinite(strength):
        raise ValueError(f"the factor of the drift is a finite number, got {strength:g}")


def _parts(functional: Functional | Variance) -> tuple[Functional, ...]:
    if isinstance(functional, Variance):
        return functional.of, Squared(functional.of)
    return (functional,)


def _distinct(functionals: Sequence[Functional]) -> tuple[Functional, ...]:
    out: list[Functional] = []
    for functional in functionals:
        if functional not in out:
            out.append(functional)
    return tuple(out)


def _reduced(
    data: Mixture, last: float, functionals: tuple[Functional, ...], strength: float, way: Route
) -> tuple[Problem, Array]:
    """The problem on the reduced space, and what the complement adds to each functional (M,)."""
    if way.reduction is None:
        problem = Problem(data, last, functionals, strength)
        return problem if strength != 1 else centred(problem), np.zeros(len(functionals))
    first, *others = zip(way.reduction.laws, way.reduction.variances, strict=True)
    rest = iter(others)
    inside: list[Functional] = []
    added = np.zeros(len(functionals))
    for m, functional in enumerate(functionals):
        assert isinstance(functional, Reducible)
        mine = [next(rest) for _ in functional.laws]
        inside.append(functional.reduced([law for law, _ in mine]))
        share = functional.across(first[1], [c for _, c in mine], way.reduction.across, last)
        assert share is not None
        added[m] = share
    return Problem(first[0], last, tuple(inside), strength), added


class _Combination:
    """From the columns of a sweep to what was asked for: the complement added, variances formed."""

    def __init__(self, asked: Sequence[Functional | Variance], plain: tuple[Functional, ...], added: Array) -> None:
        self.added = added
        self.places = [[plain.index(p) for p in _parts(f)] for f in asked]

    def __call__(self, columns: Array) -> Array:
        whole = columns + self.added
        out = []
        for places in self.places:
            first, *square = (whole[i] for i in places)
            out.append(square[0] - first**2 if square else first)
        return np.array(out)

    def largest(self, columns: Array) -> Array:
        """The scale of what was asked for, from that of the columns."""
        return np.array([columns[places[-1]] for places in self.places])
