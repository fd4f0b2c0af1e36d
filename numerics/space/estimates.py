"""Mixtures with more effective dimensions than integrals reach: Monte Carlo on exact posteriors, with 99 % intervals.

X_t is sampled and y(X_t) averaged, y a function of the responsibilities r_k and the components' scores s_k. With H_k
the entropies and V_k the covariances of the components of X_t, H(Xt) = H(Z) + sum w_k H_k - E y for y = H(Z | x), and
E|s|^2 = sum w_k tr V_k^-1 - E y for y = sum_k r_k |s_k - s|^2: everything with a closed form is taken from it. Bounded
y (entropies, squared surprises, the spread of scores under one covariance) have the empirical Bernstein interval of
Maurer and Pontil (2009, theorem 4), valid at every sample size; the others a normal interval, and none at all where
fewer than 200 samples carry the sum (a rare event).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from numerics.empirical.levels import Level, closed, level_at
from numerics.empirical.quantities import Estimate, _digits, _figure, _texts
from numerics.mixtures import Array, Mixture, Noised, mixture_of
from numerics.quantities.asked import check_law, clock_of
from numerics.quantities.record import QuantityError
from numerics.quantities.table import QUANTITIES, SPEED
from numerics.rings import Unsupported
from numerics.streams import stream
from theory.language.definitions import unfold_linear
from theory.language.instances import Component, Law
from theory.laws import bind_law, free_symbols
from theory.processes import Place, Process, parse_at, parse_process

ERROR, EFFECTIVE, NORMAL = 0.01, 200, 2.5758293035489004
SAMPLES, MOST_SAMPLES, ENTRIES = 1 << 17, 1 << 22, 1 << 18
_GAP, _LABEL = "spread of the components' scores", "H(Z|x) by responsibilities"
_BASE = {
    "entropy": _LABEL, "class-entropy": _LABEL, "mutual-information": _LABEL, "conditional-entropy": _LABEL,
    "fisher-information": _GAP, "expected-divergence": _GAP, "mmse": _GAP, "bandwidth": _GAP, "information-rate": _GAP,
    "entropy-rate": _GAP, "class-entropy-rate": _GAP, "variance-phi": "log^2 r by responsibilities",
    "variance-phi-class": "log^2 r by responsibilities", "variance-h": "H(Z|x)^2 by responsibilities",
    "variance-h-class": "H(Z|x)^2 by responsibilities",
}  # fmt: skip
_OF_X0 = ("variance-phi", "variance-h", "conditional-entropy")
"""Of atoms alone, equal ones joined."""
_USES: dict[str, tuple[str, ...]] = {
    "mmse": ("score.norm_divergence", "score.hessian_cov"), "expected-divergence": ("score.norm_divergence",),
}  # fmt: skip


@dataclass(frozen=True)
class _Mean:
    """A sample mean, its half width at confidence 1 - error, its standard error."""

    centre: float
    radius: float
    standard_error: float
    reason: str = ""


def value(
    quantity: str, law: Law, process: Process | str = "ve", at: Place | str = "", *, clock: str | None = None,
    digits: int | None = None, seed: int = 0, samples: int | None = None,
) -> Estimate:  # fmt: skip
    """The quantity of a mixture at a level, with a 99 % interval. Nats; rates per unit of ``clock``.

    ``samples``: how many (by default 2^17; with ``digits`` up to 2^22, until they are reached). Raises QuantityError:
    malformed input; Unsupported: a quantity that is not estimated for this law.
    """
    start = time.perf_counter()
    wanted = QUANTITIES.get(quantity)
    if wanted is None:
        raise QuantityError(f"unknown quantity {quantity!r}; known: {', '.join(QUANTITIES)}")
    if quantity not in _BASE or (quantity in _OF_X0 and not law.is_discrete):
        raise Unsupported(f"{quantity} is not estimated for this law of {law.K} components in D = {law.D}")
    process = parse_process(process) if isinstance(process, str) else process
    place = parse_at(at) if isinstance(at, str) else at
    own = free_symbols(law)
    law = bind_law(law, dict(place.symbols))
    check_law(law)
    place = Place(place.level, place.points, tuple(s for s in place.symbols if s[0] not in own))
    chosen = clock_of(wanted, process, clock)
    level = level_at(process, place)
    speed = closed(unfold_linear(SPEED[chosen or "t"]), level, law.D)
    if speed == 0:
        raise QuantityError(f"the clock {chosen} stands still at this level; choose another clock")
    task = _Task(quantity, _joined(law) if quantity in _OF_X0 else law, level, speed, seed)
    count = samples or SAMPLES
    while True:
        low, high, error, reason = task.interval(count)
        texts = _texts(low, high, bool(reason))
        reached = 0 if reason else _digits(*texts)
        if (
            samples
            or digits is None
            or reached >= digits
            or count >= MOST_SAMPLES
            or task.hopeless(count, low, high, digits)
        ):
            break
        count *= 4
    kind = "empirical Bernstein interval" if task.bounded else "normal interval"
    return Estimate(
        quantity, wanted.unit, chosen, texts[0], texts[1], reached,
        f"Monte Carlo on the exact posterior of {law.K} components: {_BASE[quantity]}, {kind}",
        _USES.get(quantity, wanted.uses), time.perf_counter() - start, count, _figure(error), digits, reason,
        interval=(low, high),
    )  # fmt: skip


def _joined(law: Law) -> Law:
    """Equal atoms as one."""
    masses: dict[Any, Any] = {}
    for part in law.components:
        masses[part.mean] = masses.get(part.mean, 0) + part.weight
    if len(masses) == law.K:
        return law
    cov = law.components[0].cov
    return Law(tuple(Component(w, mean, cov) for mean, w in masses.items()))


class _Task:
    """One quantity of one law at one level."""

    def __init__(self, name: str, law: Law, level: Level, speed: float, seed: int) -> None:
        self.name, self.level, self.speed, self.seed = name, level, speed, seed
        self.data: Mixture = mixture_of(law)
        self.noised: Noised = self.data.noised(level.alpha, level.sigma)
        self.D, self.K, self.discrete = law.D, law.K, law.is_discrete
        shared = all(part.cov == law.components[0].cov for part in law.components)
        self.bounded = shared or _BASE[name] != _GAP

    @staticmethod
    def hopeless(count: int, low: float, high: float, digits: int) -> bool:
        """Whether even the most samples could not reach the digits."""
        wish = 10.0**-digits * abs(low + high) / 2
        return (high - low) / 2 * math.sqrt(count / MOST_SAMPLES) > 2 * wish

    def interval(self, count: int) -> tuple[float, float, float, str]:
        """(low, high, standard error, why there is none)."""
        base = _BASE[self.name]
        if self.name.startswith("variance"):
            top = math.log(self.K + math.e - 1) ** 2 if "phi" in self.name else math.log(self.K) ** 2
            first, second = self._means([self._label, self._square], [math.log(self.K), top], count, ERROR / 2)
            low = second.centre - second.radius - (first.centre + first.radius) ** 2
            high = second.centre + second.radius - max(first.centre - first.radius, 0.0) ** 2
            error = second.standard_error + 2 * first.centre * first.standard_error
            return max(low, 0.0), high, error, "" if low > 0 else "the variance cannot be told from 0"
        if base == _LABEL:
            mean = self._means([self._label], [math.log(self.K)], count, ERROR)[0]
        else:
            mean = self._means([self._gap], [self._widest() if self.bounded else math.inf], count, ERROR)[0]
        offset, slope = self._affine()
        ends = [offset + slope * (mean.centre + side * mean.radius) for side in (-1, 1)]
        slack = 1e-12 * (abs(offset) + abs(slope) * abs(mean.centre))
        return min(ends) - slack, max(ends) + slack, abs(slope) * mean.standard_error, mean.reason

    # -- observables of (responsibilities (K, n), log r (K, n), scores K x (n, D)) ---
    @staticmethod
    def _label(r: Array, surprise: Array, scores: list[Array]) -> Array:
        return np.asarray((r * surprise).sum(axis=0))

    def _square(self, r: Array, surprise: Array, scores: list[Array]) -> Array:
        if "phi" in self.name:
            return np.asarray((r * surprise**2).sum(axis=0))
        return np.asarray((r * surprise).sum(axis=0) ** 2)

    def _gap(self, r: Array, surprise: Array, scores: list[Array]) -> Array:
        mean = sum((w[:, None] * s for w, s in zip(r, scores, strict=True)), np.zeros_like(scores[0]))
        spread = np.zeros(len(mean))
        for w, s in zip(r, scores, strict=True):
            spread = spread + w * ((s - mean) ** 2).sum(axis=1)
        return spread

    def _widest(self) -> float:
        """Half the largest |s_j - s_k|^2 under one covariance: a bound of the spread."""
        centres = np.array(self.noised.centres)
        pulls = (centres - centres[0]) @ self.noised.precisions[0]
        square = (pulls**2).sum(axis=1)
        distances = square[:, None] + square[None] - 2 * pulls @ pulls.T
        return float(distances.max()) / 2 * (1 + 1e-9)

    def _means(
        self, observables: list[Callable[[Array, Array, list[Array]], Array]], tops: list[float], count: int,
        error: float,
    ) -> list[_Mean]:  # fmt: skip
        size = max(64, ENTRIES // (self.D * max(1, self.K // 4)))
        sums = [np.zeros(2) for _ in observables]
        for chunk, begin in enumerate(range(0, count, size)):
            rng = stream(self.seed, f"space.{self.name}", "sample", chunk)
            _, x = self.noised.sample(min(size, count - begin), rng)
            logs, pulls = self.noised._logs(x)
            table = np.stack(logs)
            top = table.max(axis=0)
            total = top + np.log(np.exp(table - top).sum(axis=0))
            surprise = total - table
            r = np.exp(-surprise)
            scores = [-p for p in pulls]
            for i, observable in enumerate(observables):
                y = observable(r, surprise, scores)
                sums[i] += y.sum(), (y**2).sum()
        return [self._mean(s, top, count, error) for s, top in zip(sums, tops, strict=True)]

    @staticmethod
    def _mean(sums: Array, top: float, count: int, error: float) -> _Mean:
        centre = float(sums[0]) / count
        variance = max(float(sums[1]) / count - centre**2, 0.0) * count / (count - 1)
        standard = math.sqrt(variance / count)
        if math.isfinite(top):
            reach = math.log(4 / error)
            radius = math.sqrt(2 * variance * reach / count) + 7 * top * reach / (3 * (count - 1)) + 1e-13 * top
            return _Mean(centre, radius, standard)
        effective = float(sums[0]) ** 2 / float(sums[1]) if sums[1] > 0 else 0.0
        reason = "" if effective >= EFFECTIVE else f"only {effective:.0f} of {count} samples carry the mean"
        return _Mean(centre, 1.1 * NORMAL * standard, standard, reason)

    def _affine(self) -> tuple[float, float]:
        """(offset, slope): the quantity is offset + slope E y."""
        level, D = self.level, self.D
        weights = np.array(self.data.weights)
        s2, al2 = level.sigma**2, level.alpha**2
        labels = -float((weights * np.log(weights)).sum())
        dets = [float(np.linalg.slogdet(P)[1]) for P in self.noised.precisions]
        kernel = D / 2 * math.log(2 * math.pi * math.e)
        entropy = labels + kernel - 0.5 * float(weights @ np.array(dets))
        noise = kernel + D / 2 * math.log(s2)
        traces = float(weights @ np.array([np.trace(P) for P in self.noised.precisions]))
        clean = 0.0 if self.discrete else s2 / al2 * (D - s2 * traces)
        gain, speed = level.g2 * al2 / (2 * s2**2), self.speed
        forms: dict[str, tuple[float, float]] = {
            "class-entropy": (0.0, 1.0), "entropy": (entropy, -1.0), "conditional-entropy": (0.0, 1.0),
            "mutual-information": (labels if self.discrete else entropy - noise, -1.0),
            "fisher-information": (traces, -1.0), "expected-divergence": (-traces, 1.0),
            "mmse": (clean, s2**2 / al2), "class-entropy-rate": (0.0, level.g2 / 2 / speed),
            "bandwidth": (gain * clean / speed, gain * s2**2 / al2 / speed),
            "information-rate": (-gain * clean / speed, -gain * s2**2 / al2 / speed),
            "entropy-rate": ((D * level.a + level.g2 / 2 * traces) / speed, -level.g2 / 2 / speed),
        }  # fmt: skip
        return forms[self.name]


__all__ = ["value"]
