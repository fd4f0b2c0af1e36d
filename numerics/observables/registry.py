"""The experiments by name: each true, and with its false variants, for any law, process and range of noise levels."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Union

from numerics.mixtures import Array, Mixture
from numerics.observables.battery import GROSS, SLIGHT, TRUE, Dynamics
from numerics.observables.branching import commitment, symmetric_point
from numerics.observables.calibration import calibration
from numerics.observables.distribution import Distances, run_distances
from numerics.observables.divergence import path_divergence
from numerics.observables.entropies import pathwise_entropies
from numerics.observables.experiment import Experiment, run
from numerics.observables.ito import STRATONOVICH, ito_identity, ito_rate
from numerics.observables.marginals import marginals
from numerics.observables.precision import precision
from numerics.observables.record import Record
from numerics.observables.regression import kernel_regression
from numerics.observables.thermodynamics import entropy_production, information_fluctuation, total_fluctuation
from numerics.observables.walks import Channel, Flowed, Simulated, Walk, literal, localised
from numerics.saved import Saved
from numerics.schedules import LinearProcess
from numerics.sde.grids import information_grid, log_snr
from numerics.sde.posterior import Posterior
from numerics.sde.problems import Misstated
from numerics.sde.schemes import EULER_MARUYAMA, SRA_1, STOCHASTIC_HEUN
from numerics.sequential import FAMILY_RATE
from numerics.simulate import Progress

AS_STATED = "as stated"
STEPS = 64


@dataclass(frozen=True)
class Range:
    """A law, a process and two of its noise levels, first > last."""

    data: Mixture
    process: LinearProcess
    first: float
    last: float

    def __post_init__(self) -> None:
        if not self.first > self.last > 0:
            raise ValueError(f"noise levels fall from first to last, got {self.first:g} and {self.last:g}")

    def eta(self, sigma: float) -> float:
        """The signal-to-noise ratio at a noise level."""
        return (self.process.alpha(self.process.time_of_sigma(sigma)) / sigma) ** 2

    @property
    def ends(self) -> tuple[float, float]:
        """The signal-to-noise ratios at both levels, growing."""
        return self.eta(self.first), self.eta(self.last)

    def reduced(self, strength: float = 1.0, steps: int = STEPS // 2, levels: int = 2) -> Simulated:
        """The reverse SDE in localisation coordinates by SRA1 from eta = 0."""
        grid = information_grid(self.data, self.ends[1], steps)
        return localised(self.data, grid, SRA_1, strength=strength, levels=levels)

    def member(self, lam: float, weight: float | None = None) -> Simulated:
        """Another member of the family, by stochastic Heun from the first level; ``weight``: a claimed weight of s."""
        grid = log_snr(*self.ends, STEPS, origin=False)
        if weight is None:
            return localised(self.data, grid, STOCHASTIC_HEUN, lam=lam)
        return Simulated(self.data, Weighted(self.data, lam, weight), grid, STOCHASTIC_HEUN)

    def literal(self, dynamics: Dynamics = TRUE, lam: float = 1.0, levels: int = 2) -> Simulated:
        """The reverse SDE in (x, t) by stochastic Heun in log sigma, with the drift of ``dynamics``."""
        sde = None if dynamics.true else Misstated(self.process, self.data, dynamics.factor, dynamics.power)
        return literal(self.data, self.process, self.first, self.last, STEPS, lam=lam, dynamics=sde, levels=levels)

    def channel(self, steps: int, levels: int) -> Channel:
        """The exact channel at equal steps of log eta."""
        return Channel(self.data, log_snr(*self.ends, steps, origin=False).nodes, levels)


@dataclass(frozen=True)
class Weighted:
    """dy = (weight D + (1 - weight) y/eta) d eta + lam dW: the member lam if weight = (1 + lam^2)/2, else a false one.

    ``weight`` is that of g^2 s in the drift in (x, t).
    """

    data: Mixture
    lam: float
    weight: float

    def drift(self, x: Array, s: float) -> Array:
        """The drift at points (n, D)."""
        pull = Posterior(self.data).mean(x, s)
        pull *= self.weight
        pull += x * ((1 - self.weight) / s)
        return pull

    def diffusion(self, s: float) -> float:
        """The factor of dW."""
        return self.lam


Thing = Union[Experiment, Distances]
Builder = Callable[[Range, str], Thing]


@dataclass(frozen=True)
class Entry:
    """An experiment by name. ``build(range, variant)`` takes AS_STATED or one of ``false``."""

    name: str
    title: str
    build: Builder
    false: tuple[str, ...] = ()


_GROSS = {d.name: d for d in (*GROSS, SLIGHT)}
_STRONGER = "drift times 1.1"
_WHOLE = "g^2 s in place of g^2 s/2"
_WEIGHTS = {"weight (1 + lambda)/2": 0.75, "weight lambda^2": 0.25, "weight 1": 1.0}
_HALF = "the member lambda = 1/2"


def _strength(variant: str) -> float:
    return 1.1 if variant == _STRONGER else 1.0


def _dynamics(variant: str) -> Dynamics:
    return _GROSS.get(variant, TRUE)


def _marginals(at: Range, variant: str) -> Experiment:
    return marginals(at.literal(_dynamics(variant)))


def _marginals_euler(at: Range, variant: str) -> Experiment:
    sde = None if variant == AS_STATED else Misstated(at.process, at.data, _dynamics(variant).factor, 2)
    walk = literal(at.data, at.process, at.first, at.last, 4 * STEPS, dynamics=sde, scheme=EULER_MARUYAMA, levels=3,
                   clocked=False)  # fmt: skip
    return marginals(walk)


def _marginals_localised(at: Range, variant: str) -> Experiment:
    return marginals(at.reduced(_strength(variant)))


def _marginals_family(at: Range, variant: str) -> Experiment:
    return marginals(at.member(0.5, _WEIGHTS.get(variant)))


def _marginals_flow(at: Range, variant: str) -> Experiment:
    eta = [math.exp(math.log(at.ends[0]) + part * math.log(at.ends[1] / at.ends[0])) for part in (0, 0.5, 1)]
    walk: Walk = at.member(0.0, 1.0) if variant == _WHOLE else Flowed(at.data, tuple(e**-0.5 for e in eta))
    return marginals(walk)


def _distribution(at: Range, variant: str) -> Distances:
    return Distances("distribution", at.literal(_dynamics(variant)))


def _regression(at: Range, variant: str) -> Experiment:
    dynamics = _dynamics(variant)
    return kernel_regression(at.data, at.process, at.first, at.last, factor=dynamics.factor, power=dynamics.power)


def _calibration(at: Range, variant: str) -> Experiment:
    return calibration(at.literal(lam=0.5) if variant == _HALF else at.literal())


def _entropies(at: Range, variant: str) -> Experiment:
    walk = at.reduced(_strength(variant), STEPS, 3)
    return pathwise_entropies(
        walk, drift=1.0 if variant == "drift of twice the size" else 0.5,
        variation=1.0 if variant == "quadratic variation once the fall" else 2.0,
        misplaced=variant == "peak at the end",
    )  # fmt: skip


def _ito(at: Range, variant: str) -> Experiment:
    return ito_identity(at.channel(4 * STEPS, 3), drift={"no |s|^2/2": 0.0, "|s|^2": 2.0}.get(variant, 1.0))


def _ito_rate(at: Range, variant: str) -> Experiment:
    return ito_rate(at.channel(4 * STEPS, 1), STRATONOVICH, 1.0 if variant == AS_STATED else 0.5)


def wider(data: Mixture) -> Mixture:
    """The law with its means a tenth farther out and 0.01 more variance: what divergences compare with by default."""
    means = tuple(tuple(1.1 * v for v in mean) for mean in data.means)
    covs = tuple(
        tuple(tuple(v + 0.01 * (i == j) for j, v in enumerate(row)) for i, row in enumerate(cov)) for cov in data.covs
    )
    return replace(data, means=means, covs=covs)


def _divergence(at: Range, variant: str) -> Experiment:
    walk = at.reduced(_strength(variant), levels=3)
    return path_divergence(walk, wider(at.data), factor=2.0 if variant == "without the half" else 1.0)


def _production(at: Range, variant: str) -> Experiment:
    sigmas = tuple(at.first * (at.last / at.first) ** (i / STEPS) for i in range(STEPS + 1))
    return entropy_production(at.literal(levels=3), at.process, sigmas, factor=1.0 if variant == "1/g^2" else 2.0)


def _total(at: Range, variant: str) -> Experiment:
    early = at.ends[1] ** -0.5
    return total_fluctuation(at.data, early, 1.02 * early, sign=-1.0 if variant == "the inverse ratio" else 1.0)


def _information(at: Range, variant: str) -> Experiment:
    return information_fluctuation(at.data, at.ends[0] ** -0.5)


def _commitment(at: Range, variant: str) -> Experiment:
    return commitment(at.literal(lam=0.5) if variant == _HALF else at.reduced(levels=2))


def _held(at: Range, variant: str) -> Experiment:
    return symmetric_point(at.literal(lam=1.0 if variant == "by the SDE" else 0.0), stays=True)


def _left(at: Range, variant: str) -> Experiment:
    return symmetric_point(at.literal(lam=0.0 if variant == "by the flow" else 1.0), stays=False)


def _precision(at: Range, variant: str) -> Experiment:
    return precision(at.data, wider(at.data), eta=at.ends[1], strength=1.003 if variant == "drift times 1.003" else 1.0)


_GROSS_NAMES = tuple(d.name for d in GROSS)
EXPERIMENTS: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry("marginals", "moments, score and entropy along the reverse SDE in (x, t)", _marginals, _GROSS_NAMES),
        Entry("marginals, Euler", "the same by Euler's scheme in t", _marginals_euler, ("g^2/2", "2 g^2")),
        Entry("marginals, localised", "the same in localisation coordinates", _marginals_localised, (_STRONGER,)),
        Entry("marginals, family", "the same along the member lambda = 1/2", _marginals_family, tuple(_WEIGHTS)),
        Entry("marginals, flow", "the same along the probability flow", _marginals_flow, (_WHOLE,)),
        Entry("distribution", "Kolmogorov-Smirnov distance along the reverse SDE", _distribution, _GROSS_NAMES),
        Entry("kernel regression", "reverse increments on their claimed mean", _regression, tuple(_GROSS)),
        Entry("calibration", "posterior martingale and committor", _calibration, (_HALF,)),
        Entry("pathwise entropies", "Phi and h: mean, variance, drift, variation", _entropies,
              ("drift of twice the size", "quadratic variation once the fall", "peak at the end")),
        Entry("Ito identity", "log p along paths, mean of the residual", _ito, ("no |s|^2/2", "|s|^2")),
        Entry("Ito rate", "log p along paths, rate of the residual", _ito_rate, ("rate 1/2",)),
        Entry("path divergence", "Girsanov: path and endpoint divergence", _divergence, ("without the half",)),
        Entry("entropy production", "along paths against the entropies of the ends", _production, ("1/g^2",)),
        Entry("total fluctuation", "E exp(-entropy produced) = 1", _total, ("the inverse ratio",)),
        Entry("information fluctuation", "E w/P(Z | X_t) = 1", _information),
        Entry("commitment", "which branch, when, and kept", _commitment, (_HALF,)),
        Entry("symmetric point held", "the flow stays at x = 0", _held, ("by the SDE",)),
        Entry("symmetric point left", "the reverse SDE leaves x = 0", _left, ("by the flow",)),
        Entry("precision", "E|s|^2 and path divergence to 1e-3", _precision, ("drift times 1.003",)),
    )
}  # fmt: skip


def experiment(name: str, at: Range, variant: str = AS_STATED) -> Thing:
    """The experiment of that name. Raises ValueError with the names there are."""
    entry = EXPERIMENTS.get(name)
    if entry is None:
        raise ValueError(f"no experiment is called {name!r}; there are {', '.join(EXPERIMENTS)}")
    if variant != AS_STATED and variant not in entry.false:
        raise ValueError(f"{name} has no variant {variant!r}; there are {', '.join((AS_STATED, *entry.false))}")
    built = entry.build(at, variant)
    return replace(built, name=name if variant == AS_STATED else f"{name}, {variant}")


def decide_experiment(
    thing: Thing, *, seed: int, share: float = FAMILY_RATE, max_paths: int = 1 << 22, executor: Executor | None = None,
    progress: Progress | None = None, saved: Saved | None = None,
) -> Record:  # fmt: skip
    """Run it, of whatever kind it is."""
    if isinstance(thing, Distances):
        return run_distances(thing, seed=seed, share=share, max_paths=max_paths, executor=executor, progress=progress,
                             saved=saved)  # fmt: skip
    return run(thing, seed=seed, share=share, max_paths=max_paths, executor=executor, progress=progress, saved=saved)
