"""The splitting scheme and its own law, computed backwards without sampling.

One step from eta to eta + h: noise of variance h/2, the flow of the drift over h, noise of variance h/2 (Strang 1968;
for SDEs Ninomiya and Victoir 2008). It is of weak order 2, and symmetric, so that the errors of averages have even
powers of the step only. The noises of neighbouring steps merge, and averages over them are sums on lattices
(:mod:`numerics.transfer.lattice`). With w_n(y) the expected rest of a functional before flow n,

    w_n(y) = int over flow n of r + E w_(n+1)(flow_n(y) + s_n xi),      w_(last) = f.

Nothing is known here about the law that the paths ought to have, but for where the lattices lie.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from numerics.mixtures import Array
from numerics.transfer.lattice import Axis, Resolution, axes, gaussian_sums, lattice_points, resolved
from numerics.transfer.problem import Problem

SUBSTEPS = 2
"""Runge-Kutta steps of order 4 a flow: its error is far below that of the splitting."""
FINER = 2
"""In the plane averages are found on a lattice finer by this factor, and read off it by a quintic spline."""


@dataclass(frozen=True)
class Splitting:
    """The operator of the splitting scheme, in one and two dimensions."""

    name: str = "splitting (noise, flow, noise)"
    powers: tuple[int, ...] = (2, 4, 6)

    def resolves(self, problem: Problem, nodes: Array, resolution: Resolution) -> bool:
        """Whether all lattices are dense enough for their error to show."""
        noises = _noises(nodes)
        return all(
            resolved(problem.data, eta, noise, resolution, axes(
                problem.data, eta, noise, resolution, ahead=ahead, strength=problem.strength))
            for eta, noise, ahead in zip(nodes, noises, [*np.diff(nodes) / 2, 0.0], strict=True) if eta > 0
        )  # fmt: skip

    def values(self, problem: Problem, nodes: Array, resolution: Resolution) -> Array:
        """The expected functionals (M,) of the scheme on the grid ``nodes``."""
        widths, noises = np.diff(nodes), _noises(nodes)
        runs = problem.runs
        axis = axes(problem.data, problem.last, noises[-1], resolution, strength=problem.strength)
        values = problem.terminal(lattice_points(axis))
        for n in range(len(widths) - 1, -1, -1):
            before = axes(problem.data, nodes[n], noises[n], resolution, ahead=widths[n] / 2, strength=problem.strength)
            moved, along = flow(problem, lattice_points(before), nodes[n], nodes[n + 1], runs)
            values = _averaged(values, axis, noises[n + 1], moved)
            if along is not None:
                values += along
            axis = before
        out: Array = _averaged(values, axis, noises[0], np.zeros((1, problem.data.D)))[0]
        return out


def _noises(nodes: Array) -> Array:
    """Standard deviations of the noise about each node, neighbouring steps merged."""
    widths = np.diff(nodes)
    merged: Array = np.sqrt(np.concatenate([[widths[0]], widths[1:] + widths[:-1], [widths[-1]]]) / 2)
    return merged


def flow(problem: Problem, y: Array, eta: float, later: float, runs: bool) -> tuple[Array, Array | None]:
    """Points moved by the drift from ``eta`` to ``later``, and the integrals (n, M) of the running parts."""
    sde, h = problem.sde, (later - eta) / SUBSTEPS
    along = np.zeros((len(y), len(problem.functionals))) if runs else None
    for i in range(SUBSTEPS):
        early = eta + i * h
        middle, late = early + h / 2, early + h
        k1 = sde.drift(y, early)
        y2 = y + (h / 2) * k1
        k2 = sde.drift(y2, middle)
        y3 = y + (h / 2) * k2
        k3 = sde.drift(y3, middle)
        y4 = y + h * k3
        k4 = sde.drift(y4, late)
        if along is not None:
            for weight, place, time in ((1, y, early), (2, y2, middle), (2, y3, middle), (1, y4, late)):
                along += (weight * h / 6) * problem.running(place, time)
        y = y + (h / 6) * (k1 + 2 * (k2 + k3) + k4)
    return y, along


def _averaged(values: Array, axis: tuple[Axis, ...], noise: float, targets: Array) -> Array:
    """E f(z + noise xi) at the targets z (n, r), from the values (points, M) of f on the lattice."""
    if len(axis) == 1:
        out: Array = gaussian_sums(targets[:, 0], noise, axis[0]) @ values
        return out
    from scipy.ndimage import map_coordinates, spline_filter

    first, second = axis
    if len(targets) == 1:
        rows, columns = (gaussian_sums(z, noise, a) for z, a in zip(targets.T, axis, strict=True))
        pieces = values.reshape(first.count, second.count, -1)
        return np.stack([rows @ (pieces[..., m] @ columns.T.toarray())[:, 0] for m in range(pieces.shape[2])], axis=1)
    fine = tuple(a.finer(FINER) for a in axis)
    left, right = (gaussian_sums(f.points, noise, a) for f, a in zip(fine, axis, strict=True))
    places = np.stack([(z - f.first) / f.spacing for z, f in zip(targets.T, fine, strict=True)])
    for place, f in zip(places, fine, strict=True):
        np.clip(place, 0, f.count - 1, out=place)
    out = np.empty((len(targets), values.shape[1]))
    for m in range(values.shape[1]):
        smooth = (right @ (left @ values[:, m].reshape(first.count, second.count)).T).T
        out[:, m] = map_coordinates(spline_filter(smooth, order=5), places, order=5, mode="mirror", prefilter=False)
    return out
