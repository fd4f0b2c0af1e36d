"""High precision from paths: functionals on the line to a margin of 1e-3 and below.

SRA1 on the information grid at N, N/2 and N/4 steps of the same Brownian path (the value is extrapolated, the bias row
is the change of the extrapolated value), with guided controls that take off all but a thousandth of the variance.
"""

from __future__ import annotations

from numerics.functionals import Functional, PathDivergence, SquaredScore
from numerics.mixtures import Mixture
from numerics.observables.along import Along
from numerics.observables.controls import Displacement, Guided
from numerics.observables.divergence import endpoint_divergence
from numerics.observables.experiment import Check, Experiment
from numerics.observables.targets import expectation
from numerics.observables.walks import localised
from numerics.sde.grids import information_grid
from numerics.sde.schemes import SRA_1, Scheme

MARGIN = 1e-3


def precision(
    data: Mixture, other: Mixture, *, eta: float = 4.0, steps: int = 64, margin: float = MARGIN,
    scheme: Scheme = SRA_1, strength: float = 1.0, levels: int = 3,
) -> Experiment:  # fmt: skip
    """E|s|^2 at ``eta`` and the path divergence from ``other`` up to there, both to a relative ``margin``.

    ``strength`` multiplies the drift of the simulated paths: a value other than 1 is to be refuted. Raises ValueError
    above one dimension.
    """
    if data.D > 1:
        raise ValueError(f"precision experiments are for laws on the line, not in {data.D} dimensions")
    grid = information_grid(data, eta, steps)
    walk = localised(data, grid, scheme, strength=strength, levels=levels)
    score, divergence = SquaredScore(), PathDivergence(other)

    targets = {
        "expected squared score": expectation(data, eta, score.terminal),
        "path divergence": endpoint_divergence(data, other, eta),
    }
    functionals: tuple[Functional, ...] = (score, divergence)
    guides = tuple(Guided(f, data, grid.nodes) for f in functionals)
    checks = tuple(Check(name, f"eta = {eta:g}", target, margin * abs(target)) for name, target in targets.items())
    return Experiment("precision", walk, tuple(map(Along, functionals)), checks, (Displacement(), *guides))
