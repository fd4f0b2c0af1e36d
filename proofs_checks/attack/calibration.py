"""The error rates of the simulation's decisions, counted over many repetitions on observables whose means are known.

Two tables. *Rare event*: the posterior entropy of two deltas at +-1, noise 1/5, eight chunks, at the error rate 1e-6 of
a whole run. Its mean is carried by the one path in a million near 0. A plain sequence of normal theory refutes the true
value nearly always; the guard must leave it undecided, and the exact bounded sequence must hold.

*Rates*: a raised error rate, small budgets and looks at 1, 2, 4, 8 .. chunks. True claims with a margin that nothing
can meet: every refutation is false, and stopping at the first look that refutes is optional stopping at its worst.
Claims that are wrong by twice the margin: every acceptance is false. Both counts must lie within what a binomial count
with the stated rate allows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from numerics.mixtures import Array
from numerics.paths.decide import Observed, Test, run_tests
from numerics.sequential import FAMILY_RATE, Outcome, normal_mixture_radius
from numerics.simulate import CHUNK, looks, simulate
from numerics.streams import stream

RATE = 0.05
"""The raised error rate."""
SMALL = 1024, 16
"""Paths in a chunk and chunks, for the raised rate."""
DEVIATIONS = 3.0
"""Binomial standard deviations that a count may lie above its rate."""
NOISE, CHUNKS = 0.2, 8


def _entropy(x: Array) -> Array:
    """H(X0 | x) of the two deltas."""
    odds = np.abs(2 * x / NOISE**2)
    small = np.exp(-odds)
    out: Array = np.log1p(small) + odds * small / (1 + small)
    return out


@lru_cache(maxsize=1)
def exact_entropy() -> float:
    """E[H(X0 | x)] in nats of the two deltas, by the trapezoidal rule (the integrand is analytic)."""
    x = np.linspace(-1 - 12 * NOISE, 1 + 12 * NOISE, 4097)
    density = (np.exp(-0.5 * ((x - 1) / NOISE) ** 2) + np.exp(-0.5 * ((x + 1) / NOISE) ** 2)) / 2
    return float((density * _entropy(x)).sum() * (x[1] - x[0]) / (NOISE * math.sqrt(2 * math.pi)))


def _exponential(rng: np.random.Generator, count: int) -> Array:
    return rng.standard_exponential(count) - 1


def _tailed(rng: np.random.Generator, count: int) -> Array:
    return np.asarray(rng.standard_t(4, count), dtype=np.float64)


def _normal(rng: np.random.Generator, count: int) -> Array:
    return rng.standard_normal(count)


def _coin(rng: np.random.Generator, count: int) -> Array:
    values: Array = np.where(rng.random(count) < 0.02, 0.98, -0.02)
    return values


def _beta(rng: np.random.Generator, count: int) -> Array:
    return rng.beta(0.3, 0.9, count) - 0.25


def _rare(rng: np.random.Generator, count: int) -> Array:
    return _entropy(1 + NOISE * rng.standard_normal(count)) - exact_entropy()


@dataclass(frozen=True)
class Source:
    """An observable of mean zero with its standard deviation, and its bounds if they are stated."""

    name: str
    draw: Callable[[np.random.Generator, int], Array]
    sd: float
    bounds: tuple[float, float] | None = None


SOURCES = (
    Source("normal", _normal, 1.0),
    Source("skewed (exponential)", _exponential, 1.0),
    Source("heavy tails (Student, 4)", _tailed, math.sqrt(2.0)),
    Source("bounded, coin 1/50", _coin, 0.14, (-0.02, 0.98)),
    Source("bounded, beta(0.3, 0.9)", _beta, math.sqrt(0.3 * 0.9 / 1.2**2 / 2.2), (-0.25, 0.75)),
)
RARE = Source("entropy, rare", _rare, 1e-4)
BOUNDED = Source("entropy, bounds stated", _rare, 1e-4, (-exact_entropy(), math.log(2) - exact_entropy()))


@dataclass(frozen=True)
class Shifted:
    """The ensemble of a source with ``shift`` added; two rows of noise that assume nothing serve as controls."""

    source: Source
    shift: float

    def observe(self, wanted: Sequence[int], count: int, rng: np.random.Generator) -> Observed:
        """Draw the one observable."""
        values = self.source.draw(rng, count)[None, :] + self.shift
        return Observed(values, np.zeros_like(values), rng.standard_normal((2, count)))


@dataclass(frozen=True)
class Count:
    """How often ``what`` happened in ``repetitions``; ``decided`` of them ended with a decision."""

    source: str
    what: str
    happened: int
    decided: int
    repetitions: int
    rate: float

    @property
    def allowed(self) -> float:
        """What a binomial count with this rate stays below."""
        mean = self.rate * self.repetitions
        return mean + DEVIATIONS * math.sqrt(mean * (1 - self.rate))

    @property
    def kept(self) -> bool:
        """Whether the rate was kept."""
        return self.happened <= self.allowed


@dataclass(frozen=True)
class Trial:
    """One experiment, as a task: repetition number i is chunk i."""

    source: Source
    margin: float
    shift: float
    share: float
    size: int
    chunks: int

    def run(self, chunk: int) -> Outcome:
        """The outcome of one repetition, each with a seed of its own."""
        bounds = self.source.bounds
        if bounds is not None:
            bounds = bounds[0] + self.shift, bounds[1] + self.shift
        test = Test("true", "", "=", self.margin, bounds=bounds)
        return run_tests(
            Shifted(self.source, self.shift), [test], seed=chunk, claim_id="calibration", experiment=self.source.name,
            share=self.share, max_paths=self.size * self.chunks, chunk=self.size,
        )[0].decision.outcome  # fmt: skip


@dataclass(frozen=True)
class Plain:
    """The rare event by a plain normal sequence, without the guard: whether any of the looks excludes the truth."""

    size: int = CHUNK

    def run(self, chunk: int) -> bool:
        """One repetition."""
        values = _rare(stream(chunk, "calibration", "plain", 0), self.size * CHUNKS)
        for look in looks(CHUNKS):
            seen = values[: look * self.size]
            radius = normal_mixture_radius(len(seen), float(seen.std(ddof=1)), FAMILY_RATE, len(values))
            if abs(float(seen.mean())) > radius:
                return True
        return False


def rare(repetitions: int = 300, executor: Executor | None = None, size: int = CHUNK) -> list[Count]:
    """False refutations of the true entropy: plain, guarded, and by its exact bounds. The first only serves to show."""
    plain = sum(simulate(Plain(size), repetitions, executor))
    out = [Count("entropy, no guard", "refuted a true claim", plain, plain, repetitions, 1.0)]
    for source in (RARE, BOUNDED):
        trial = Trial(source, 1e-9, 0.0, FAMILY_RATE, size, CHUNKS)
        out.append(_counted(trial, Outcome.REFUTED, "refuted a true claim", repetitions, executor))
    return out


def rates(repetitions: int = 1000, executor: Executor | None = None) -> list[Count]:
    """False refutations of true claims, and false acceptances of claims wrong by twice the margin, at ``RATE``."""
    size, chunks = SMALL
    out = []
    for source in SOURCES:
        radius = source.sd * normal_mixture_radius(size * chunks, 1.0, RATE, size * chunks)
        true = Trial(source, 1e-9, 0.0, RATE, size, chunks)
        out.append(_counted(true, Outcome.REFUTED, "refuted a true claim", repetitions, executor))
        for margin in (radius / 2, 2 * radius):  # too narrow for the budget, and wide
            for sign in (-1, 1):
                wrong = Trial(source, margin, sign * 2 * margin, RATE, size, chunks)
                what = f"accepted a claim wrong by {sign * 2:+d} margins of {margin / source.sd:.2g} sd"
                out.append(_counted(wrong, Outcome.EQUIVALENT, what, repetitions, executor))
    return out


def _counted(trial: Trial, outcome: Outcome, what: str, repetitions: int, executor: Executor | None) -> Count:
    found = list(simulate(trial, repetitions, executor))
    decided = sum(o is not Outcome.UNDECIDED for o in found)
    return Count(trial.source.name, what, sum(o is outcome for o in found), decided, repetitions, trial.share)


def kept(tables: Mapping[str, Sequence[Count]]) -> bool:
    """Whether every rate was kept, and the rare event deceives whoever has no guard (else it shows nothing)."""
    counts = [c for table in tables.values() for c in table]
    return all(c.kept for c in counts) and all(c.happened > c.repetitions / 2 for c in counts if c.rate == 1)


def shown(tables: Mapping[str, Sequence[Count]]) -> str:
    """The tables as text."""
    lines = []
    for title, counts in tables.items():
        lines.append(title)
        for c in counts:
            allowed = f"allowed {c.allowed:.4g}" if c.rate < 1 else "why there is a guard"
            mark = "" if c.kept else "   <- TOO MANY"
            figures = f"{c.happened:4d} of {c.repetitions} ({allowed}, {c.decided} decided)"
            lines.append(f"  {c.source:26s} {c.what:52s} {figures}{mark}")
    return "\n".join(lines)
