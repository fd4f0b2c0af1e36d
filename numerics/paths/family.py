"""The family form: averages of the drift along dX = (-f + (1 + lambda^2)/2 g^2 s) dtau + lambda g dW.

E(drift(F, FAMILY, lambda)) integrated over time is, by Ito's formula, the change of the mean of F along the process
whose drift it is. So the member is simulated from its definition: stochastic Heun in log(sigma/alpha) with the exact
mixture score (deterministic Heun for lambda = 0), started at the exact law, extrapolated in the step.
All other averages are read on exact forward samples at the nodes of a quadrature rule, rates as changes between its
ends. If a statement holds for every test field, the law of X_t solves the member's Fokker-Planck equation, so both
readings must agree; no statement about the marginals is used. A drift that is spelled out in the test field stands
under E like any other average and is read on exact samples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from numerics.estimates import certain
from numerics.mixtures import Array, mixture_of
from numerics.path_forms import Family, limit_of
from numerics.paths import integrated
from numerics.paths.averages import NotReadableError, has_average
from numerics.paths.controls import noise_powers
from numerics.paths.decide import Ensemble, Observed, Test
from numerics.paths.integrated import steering
from numerics.paths.rates import Pilot, RateForm, Rule, rate_form, rule_between
from numerics.paths.reading import closed, fields, scalars
from numerics.paths.timed import TimedGrid, coarsened, increments, walk
from numerics.schedules import LinearProcess
from numerics.sde.problems import ReverseSDE
from numerics.sde.schemes import STOCHASTIC_HEUN
from numerics.simulate import CHUNK
from theory.language.definitions import FAMILY, dt, grad, mean, minus, num, unfold_linear
from theory.language.instances import Law
from theory.language.statements import Rel
from theory.language.terms import Term, make, rebuild
from theory.language.terms import walk as nodes_of

STIFFNESS = 0.4
"""Largest step of the finer path times the rate at which its drift contracts; the coarser path has double steps."""
STEPS = 16, 256
"""Fewest and most steps of the finer path."""
MOST = 4
"""At most so many gradients are made into controls."""
FADING = (0, 1, 4)
"""Powers of the time passed that weigh the noise in a control."""
Plan = tuple[Ensemble | None, list[Test], dict[str, str], dict[str, dict[str, str]]]


@dataclass(frozen=True)
class Simulated:
    """The averages E(drift(F, FAMILY, lam)) of a statement: (F, factor) pairs, factors as in :class:`RateForm`."""

    lam: float
    parts: tuple[tuple[Term, float], ...]


@dataclass(frozen=True)
class Bound:
    """A statement with its symbol and test field bound, solved for its rates; ``simulated`` if a drift occurs."""

    statement: str
    part: str
    rate: RateForm
    simulated: Simulated | None


@dataclass(frozen=True)
class MemberEnsemble:
    """Forward paths up to the highest noise level, and one member of the family simulated from there down again.

    Observable i adds factor (F(start) - F(end)) of the simulated path, for every part in ``parts[i]``, to the forward
    functional. ``drives`` are fields whose gradients are summed against dW as controls.
    """

    forward: integrated.Plan
    grid: TimedGrid
    lam: float
    parts: tuple[tuple[tuple[Term, float], ...], ...]
    drives: tuple[Term, ...]

    @property
    def rarest(self) -> float:
        """The probability of the rarest components."""
        return self.forward.rarest

    def observe(self, wanted: Sequence[int], count: int, rng: np.random.Generator) -> Observed:
        """Simulate ``count`` paths with all steps and with half of them, on one Brownian path."""
        plan, grid = self.forward, self.grid
        law, process = plan.law, plan.process
        seen, x0, start = plan.walk(wanted, count, rng)
        data = mixture_of(law)
        sde = ReverseSDE(process, data, self.lam)
        dW = increments(grid, start.shape, rng)
        fine = list(walk(STOCHASTIC_HEUN, sde, grid, start, dW))
        *_, coarse = walk(STOCHASTIC_HEUN, sde, grid.coarser(2), start, coarsened(dW, 2))
        values, biases = seen.values, seen.biases
        terms = list(dict.fromkeys(F for i in wanted for F, _ in self.parts[i]))
        first, last, rough = (
            dict(zip(terms, scalars(law, process, t, terms, x, None), strict=True))
            for t, x in ((grid.times[0], start), (grid.times[-1], fine[-1]), (grid.times[-1], coarse))
        )
        for row, i in enumerate(wanted):
            for F, factor in self.parts[i]:
                change = (last[F] - rough[F]) / (2**STOCHASTIC_HEUN.weak_order - 1)
                values[row] += factor * (first[F] - last[F] - change)
                biases[row] -= factor * change
        alpha, sigma = process.alpha(grid.times[0]), process.sigma(grid.times[0])
        controls = [seen.controls, noise_powers((start - alpha * x0) / sigma, x0, data.noised(alpha, sigma))]
        if self.lam:
            controls.append(self._martingales(fine, dW))
        return Observed(values, biases, np.concatenate(controls))

    def _martingales(self, states: Sequence[Array], dW: Sequence[Array]) -> Array:
        """Sums of predictable fields against dW: 1, x, the score and the gradients of the drives.

        What noise does to the end fades with the time that is left, faster for a larger lambda: every sum is taken with
        several powers of the time that has passed.
        """
        law, process = self.forward.law, self.forward.process
        D, slopes = law.D, [grad(u) for u in self.drives]
        sums = np.zeros((len(FADING), D + 2 + len(slopes), len(dW[0])))
        for i, (t, x, kick) in enumerate(zip(self.grid.times, states, dW)):
            kick = math.sqrt(process.g2(t)) * kick
            score = mixture_of(law).noised(process.alpha(t), process.sigma(t)).score(x)
            rows = [*kick.T, (x * kick).sum(axis=1), (score * kick).sum(axis=1)]
            for slope in fields(law, process, t, slopes, x, None):
                rows.append(np.sum([part * kick[:, j] for (j,), part in slope.items()], axis=0))
            for total, power in zip(sums, FADING, strict=True):
                weight = ((i + 1) / self.grid.steps) ** power
                for row, value in zip(total, rows, strict=True):
                    row += weight * value
        return sums.reshape(-1, len(dW[0]))


def plan(
    statements: dict[str, Rel], form: Family, law: Law, process: LinearProcess, rng: np.random.Generator
) -> list[Plan]:
    """One ensemble for each simulated member and one for the statements without a drift, with their tests.

    Raises OutOfRangeError if the process never has the noise levels of the form.
    """
    rule = rule_between(form.lower, form.upper, process)
    groups: dict[float | None, list[Bound]] = {}
    grids: dict[float, TimedGrid] = {}
    reasons: dict[str, str] = {}
    for name, statement in statements.items():
        try:
            found = _bound(name, statement, form, law, process, rule)
            for lam in {b.simulated.lam for b in found if b.simulated is not None} - grids.keys():
                grids[lam] = grid_of(process, rule.times[-1], rule.times[0], lam)
        except NotReadableError as why:
            reasons[name] = str(why)
            continue
        for bound in found:
            groups.setdefault(None if bound.simulated is None else bound.simulated.lam, []).append(bound)
    out: list[Plan] = [(None, [], reasons, {})]
    for key, members in groups.items():
        pilot = Pilot(law, process, rule, [b.rate for b in members], rng)
        weights, constants, tests, parts = [], [], [], []
        for b in members:
            read = pilot.functional(b.rate)
            simulated = () if b.simulated is None else b.simulated.parts
            own = _size_of_simulated(simulated, law, process, rule, rng)
            scale = max(read.integrated, read.moved, own)
            if scale == 0 and read.vanishes and not simulated:
                reasons[b.statement] = "both sides vanish on the whole range: there is no scale to compare with"
                continue
            weights.append(read.row)
            constants.append(read.constant)
            parts.append(simulated)
            margin = float(form.margin) * scale
            tests.append(
                Test(b.statement, b.part, b.rate.relation, margin, read.bias, limit=limit_of(form), smooth=True)
            )
        drives, guides = steering(b.rate for b in members)
        forward = integrated.Plan(law, process, rule.times, tuple(weights), tuple(constants), drives, guides)
        if key is None:
            out.append((forward, tests, {}, {}))
            continue
        fields_ = tuple(dict.fromkeys(F for part in parts for F, _ in part))[:MOST]
        out.append((MemberEnsemble(forward, grids[key], key, tuple(parts), fields_), tests, {}, {}))
    return out


def grid_of(process: LinearProcess, first: float, last: float, lam: float) -> TimedGrid:
    """Equal steps of log(sigma/alpha) from the time ``first`` back to ``last``, short enough for the member ``lam``.

    In this clock, d log(sigma/alpha) = g^2/(2 sigma^2) dt, the drift contracts at most at the rate
    1 + lam^2 + 2 |a| sigma^2/g^2. Raises NotReadableError if that takes too many steps.
    """

    def level(t: float) -> float:
        return math.log(process.sigma(t) / process.alpha(t))

    def speed(t: float) -> float:
        return 2 * process.sigma(t) ** 2 / process.g2(t)

    if not min(process.g2(first), process.g2(last)) > 0:
        raise NotReadableError("the process is without noise at an end of the range")
    high, low = level(first), level(last)
    rate = 1 + lam**2 + max(abs(process.a(t)) * speed(t) for t in (first, last))
    steps = max(STEPS[0], 2 * math.ceil((high - low) * rate / STIFFNESS / 2))
    if steps > STEPS[1]:
        raise NotReadableError(f"lambda = {lam:g} pulls too hard for the range: {steps} steps are needed")
    inner = [float(brentq(lambda t, k=k: level(t) - high + (high - low) * k / steps, last, first, xtol=1e-14))
             for k in range(1, steps)]  # fmt: skip
    times = (first, *inner, last)
    return TimedGrid(times, tuple(speed(t) for t in times), (high - low) / steps)


def _bound(
    name: str, statement: Rel, form: Family, law: Law, process: LinearProcess, rule: Rule
) -> list[Bound]:  # fmt: skip
    """The statement at every member and test function, each different one once."""
    out: dict[Rel, Bound] = {}
    for member in form.members:
        for number, phi in enumerate(form.phi, 1):
            sides = [_filled(u, form.symbol, num(member), phi) for u in (statement.lhs, statement.rhs)]
            filled = replace(statement, lhs=sides[0], rhs=sides[1])
            if filled in out:
                continue
            parts: dict[Term, tuple[Term, Term]] = {}
            marked = replace(statement, lhs=_marked(sides[0], parts), rhs=_marked(sides[1], parts))
            rate = rate_form(marked, law, process, rule.times)
            part = f"lambda = {member}, test function {number}"
            out[filled] = Bound(name, part, *_split(rate, parts, law, process, rule))
    return list(out.values())


def _filled(term: Term, symbol: Term, value: Term, phi: Term) -> Term:
    """``term`` with the symbol and every scalar test field replaced."""
    if term == symbol:
        return value
    if term.op == "field":
        if term.rank:
            raise NotReadableError("a vector test field has no test functions here")
        return phi
    return rebuild(term, tuple(_filled(u, symbol, value, phi) for u in term.args))


def _marked(term: Term, parts: dict[Term, tuple[Term, Term]]) -> Term:
    """``term`` with every E(drift(F, FAMILY, lambda)) as minus the rate of a mean of its own, noted in ``parts``.

    Generative time runs against t.
    """
    inside = term.args[0] if term.op == "E" else None
    if inside is not None and inside.op == "drift" and inside.data == FAMILY:
        F, lam = (unfold_linear(u) for u in inside.args)
        if F.free <= {"x"} and not has_average(F):
            marker = dt(mean(make("field", (), (f"mean{len(parts) + 1}", 0))))
            parts[marker] = F, lam
            return minus(marker)
    return rebuild(term, tuple(_marked(u, parts) for u in term.args))


def _split(
    rate: RateForm, parts: dict[Term, tuple[Term, Term]], law: Law, process: LinearProcess, rule: Rule
) -> tuple[RateForm, Simulated | None]:
    """The rates that are read on forward samples, and those that are simulated."""
    pairs = list(zip(rate.numbers, rate.ratios, strict=True))
    own = [(parts[marker], ratio) for (marker, _), ratio in pairs if marker in parts]
    if not own:
        return rate, None
    if any(n.op == "tfun" for (_, lam), _ in own for n in nodes_of(lam)):
        raise NotReadableError("the parameter of the family depends on time")
    values = {abs(closed(law, process, rule.times[0], lam)) for (_, lam), _ in own}
    if len(values) > 1:
        raise NotReadableError("the statement speaks of several members of the family at once")
    rest = [(number, ratio) for number, ratio in pairs if number[0] not in parts]
    kept = replace(rate, numbers=tuple(n for n, _ in rest), ratios=tuple(r for _, r in rest))
    return kept, Simulated(values.pop(), tuple((F, ratio) for (F, _), ratio in own))


def _size_of_simulated(
    parts: Sequence[tuple[Term, float]], law: Law, process: LinearProcess, rule: Rule, rng: np.random.Generator
) -> float:
    """Mean size of the change of sum factor F over the (F, factor) of ``parts``, on paths with common X0 and noise."""
    if not parts:
        return 0.0
    x0 = mixture_of(law).sample(CHUNK, rng)
    eps = rng.standard_normal(x0.shape)
    total = np.zeros(CHUNK)
    for t, sign in ((rule.times[0], -1.0), (rule.times[-1], 1.0)):
        x = process.alpha(t) * x0 + process.sigma(t) * eps
        for value, (_, factor) in zip(scalars(law, process, t, [F for F, _ in parts], x, x0), parts, strict=True):
            total += sign * factor * value
    return float(certain(np.abs(total), np.zeros((0, CHUNK))))
