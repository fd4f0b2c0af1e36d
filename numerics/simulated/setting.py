"""Where a quantity is simulated: law, schedule and place in floats, and the reduction to the span of the means."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from numerics.balls import working
from numerics.enclosures import ball_interpreter
from numerics.evaluate import Interpreter
from numerics.functionals import Functional, PathDivergence, Reducible
from numerics.mixtures import Mixture
from numerics.quantities.asked import bound_at
from numerics.simulated.plans import Plan, SimulationError
from numerics.transfer.reduction import reduction, shared_variance
from theory.language.instances import STANDING_GERM, Germ, Law, Scalar
from theory.places import Place
from theory.processes import Process


@dataclass(frozen=True)
class Setting:
    """A law with every symbol bound, its mixture in floats, and the level: alpha, and eta = alpha^2/sigma^2."""

    law: Law
    mixture: Mixture
    alpha: float
    eta: float


def setting_of(law: Law, process: Process | Germ, place: Place) -> Setting:
    """Raises LawError (SimulationError): a point, an unbound symbol, a level that the process never has."""
    if place.points:
        raise SimulationError(
            f"a simulated quantity is an average and takes no point; leave {place.points[0][0]}=.. out"
        )
    law, germ = bound_at(law, process, place)
    with working(200):
        plain = ball_interpreter(law, germ, bits=64)
        alpha, sigma = _float(germ.alpha, plain), _float(germ.sigma, plain)
    eta = (alpha / sigma) ** 2
    if not 1e-24 <= eta <= 1e24:
        raise SimulationError(f"the signal-to-noise ratio {eta:.3g} is out of reach of float64; give a place between")
    return Setting(law, floats(law), alpha, eta)


def floats(law: Law) -> Mixture:
    """The mixture in float64, irrational entries rounded."""
    with working(200):
        plain = ball_interpreter(law, STANDING_GERM, bits=64)
        parts = law.components
        return Mixture(
            tuple(_float(p.weight, plain) for p in parts),
            tuple(tuple(_float(v, plain) for v in p.mean) for p in parts),
            tuple(tuple(tuple(_float(v, plain) for v in row) for row in p.cov) for p in parts),
        )


def _float(value: Scalar, plain: Interpreter) -> float:
    return float(plain.scalar(value))


@dataclass(frozen=True)
class Problem:
    """What is simulated: ``plan`` for the reverse SDE of ``data`` up to ``eta``; the other coordinates add ``added``.

    ``reason`` says why it has that many dimensions.
    """

    plan: Plan
    data: Mixture
    eta: float
    strength: float
    added: float
    reason: str

    @property
    def other(self) -> Mixture | None:
        """The law that it is compared with."""
        functional = self.plan.mean
        return functional.other if isinstance(functional, PathDivergence) else None


def problem_of(plan: Plan, data: Mixture, eta: float, strength: float) -> Problem:
    """Reduced to the span of the means where the rest is Gaussian in closed form."""
    if data.D == 1:
        return Problem(plan, data, eta, strength, 0.0, "the law lives on the line")
    laws = (data, *(plan.mean.laws if isinstance(plan.mean, Reducible) else ()))
    variances = [shared_variance(law) for law in laws]
    why = "the means span the whole space"
    if any(c is None for c in variances):
        why = "the covariances are not one multiple of the identity"
    elif strength != 1 and any(variances):
        why = "a wrong drift has no closed form across the span of the means"
    else:
        # under a wrong drift a shift of the law is felt: the origin is then kept
        origin = Mixture((1.0,), ((0.0,) * data.D,), (((0.0,) * data.D,) * data.D,))
        found = reduction((*laws, origin) if strength != 1 else laws)
        assert found is not None
        first, *others = found.laws[: len(laws)]
        if strength != 1:
            first, *others = (_moved(law, found.laws[-1].means[0]) for law in (first, *others))
        widths = found.variances[: len(laws)]
        added = plan.across(widths[0], widths[1:], found.across, eta) if found.across else 0.0
        if added is not None and found.across:
            inner = plan if plan.mean is None else replace(plan, mean=_reduced(plan.mean, others))
            reason = f"{first.D} of {data.D} dimensions: the others are Gaussian in closed form"
            return Problem(inner, first, eta, strength, added, reason)
    return Problem(plan, data, eta, strength, 0.0, f"{data.D} dimensions: {why}")


def _reduced(functional: Functional, others: list[Mixture]) -> Functional:
    return functional.reduced(others) if isinstance(functional, Reducible) else functional


def _moved(law: Mixture, origin: tuple[float, ...]) -> Mixture:
    means = np.array(law.means) - np.array(origin)
    return replace(law, means=tuple(tuple(row) for row in means.tolist()))
