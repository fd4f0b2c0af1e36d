"""The battery against false dynamics: many statistics of the same paths, and the regression on the exact kernel."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

from numerics.mixtures import Mixture
from numerics.observables.distribution import Distances, run_distances
from numerics.observables.experiment import Experiment, run
from numerics.observables.fields import FIELDS
from numerics.observables.marginals import marginals
from numerics.observables.record import Record
from numerics.observables.regression import kernel_regression
from numerics.observables.walks import literal
from numerics.schedules import LinearProcess
from numerics.sde.problems import Misstated
from numerics.sequential import FAMILY_RATE
from numerics.simulate import CHUNK

STEPS = 48
MARGIN = 0.01


@dataclass(frozen=True)
class Dynamics:
    """A claimed reverse drift -a x + factor g^power s. Right is factor 1 and power 2."""

    name: str
    factor: float = 1.0
    power: int = 2

    @property
    def true(self) -> bool:
        """Whether it is Anderson's."""
        return (self.factor, self.power) == (1.0, 2)


TRUE = Dynamics("true")
GROSS = (
    Dynamics("g^2/2", 0.5), Dynamics("sign flipped", -1.0), Dynamics("g for g^2", 1.0, 1), Dynamics("2 g^2", 2.0)
)  # fmt: skip
SLIGHT = Dynamics("1 % of the drift", 1.01)


@dataclass(frozen=True)
class Battery:
    """Moments, score, entropies and the distribution at two levels along simulated paths; regression on exact ones."""

    moments: Experiment
    distances: Distances
    regression: Experiment

    def run(self, *, seed: int, share: float = FAMILY_RATE, max_paths: int = CHUNK,
            executor: Executor | None = None) -> tuple[Record, ...]:  # fmt: skip
        """The three records; each has a third of the error rate."""
        third = share / 3
        return (
            run(self.regression, seed=seed, share=third, max_paths=64 * max_paths, executor=executor),
            run(self.moments, seed=seed, share=third, max_paths=max_paths, executor=executor),
            run_distances(self.distances, seed=seed, share=third, max_paths=max_paths, executor=executor),
        )


def battery(
    data: Mixture, process: LinearProcess, first: float, last: float, dynamics: Dynamics = TRUE, *, steps: int = STEPS,
    margin: float = MARGIN,
) -> Battery:  # fmt: skip
    """Everything asked of the reverse SDE from sigma = ``first`` to ``last`` when its drift is that of ``dynamics``.

    The paths are integrated literally in (x, t) by stochastic Heun. Raises OutOfRangeError for noise levels that the
    process never has, NoTargetError above one dimension.
    """
    sde = None if dynamics.true else Misstated(process, data, dynamics.factor, dynamics.power)
    honest = literal(data, process, first, last, steps)
    moved = literal(data, process, first, last, steps, dynamics=sde)
    name = f"battery, {dynamics.name}"
    moments = marginals(honest, at=(0.5, 1.0), fields=FIELDS, margin=margin, sharp=False)
    return Battery(
        moments.on(moved, name),
        Distances(f"{name}, distribution", moved, margin=margin),
        kernel_regression(data, process, first, last, factor=dynamics.factor, power=dynamics.power,
                          name=f"{name}, regression"),
    )  # fmt: skip


def refuting(records: tuple[Record, ...]) -> tuple[str, ...]:
    """The names of the statistics that refuted, levels and parts put together."""
    names = (statement.split(", sigma")[0] for record in records for statement in record.refuted)
    return tuple(dict.fromkeys(names))
