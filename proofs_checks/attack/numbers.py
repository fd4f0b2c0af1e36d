"""The attack on the rigorous numbers of the line: thousands of random (mixture, quantity) pairs, and no ball may lie.

For every pair: the balls of the digits asked for and of twice as many overlap, those of the two methods overlap where
both apply, the width is what the number says of itself, and mpmath (:mod:`proofs_checks.attack.numbers_oracle`) lies
inside. A run is a function of its seed.
"""

from __future__ import annotations

import math
import multiprocessing
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from numerics.balls import Ball, midpoint, radius
from numerics.line import line_number
from numerics.quantities.values import value
from numerics.rings import Unsupported
from proofs_checks.attack.numbers_draw import Pair, draw
from proofs_checks.attack.numbers_oracle import MARGIN, NoAnswerError, ask

BATCH = 10
BUDGET = 20_000.0
"""Exponentials that the oracle may spend on a pair."""
SHARE = 0.35
"""The share of pairs that the oracle is asked about: it costs more than all the rest."""
SECONDS = 120.0
"""Processor seconds after which a pair counts as a violation."""
_WORK = 6e4
"""Points times components that a forced method may take: it is a second opinion, not a benchmark."""


@dataclass
class Tally:
    """What a batch, or a run, counted."""

    pairs: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    quantities: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    oracle: Counter[str] = field(default_factory=Counter)
    silent: Counter[str] = field(default_factory=Counter)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Found:
    """Balls of a pair, the digits that the number says it has, and how it was found."""

    balls: tuple[Ball, ...]
    digits: int
    method: str


def computed(pair: Pair, digits: int, rule: str | None = None) -> Found:
    """The pair by the engine: the number with its Taylor coefficients by time, or the value of a rate or a clock."""
    if pair.clock is None and pair.by is None:
        number = line_number(pair.quantity, pair.law, pair.germ, digits=digits, order=pair.order, rule=rule)
        return Found(number.coefficients, number.digits, number.method)
    order = {"by": pair.by or "t", "order": pair.order} if pair.order else {}
    answer = value(pair.quantity, pair.law, pair.germ, clock=pair.clock, digits=digits, **order)  # type: ignore[arg-type]
    return Found((answer.balls,), answer.digits, answer.method)


# -- the checks --------------------------------------------------------------------------------------------------------
def check(pair: Pair, tally: Tally, budget: float = BUDGET, share: float = SHARE) -> None:
    """All checks of one pair; what is wrong goes to the violations."""
    start = time.process_time()
    try:
        with _time_limit():
            plain, double = computed(pair, pair.digits), computed(pair, 2 * pair.digits)
            second = _other_method(pair, plain)
    except (ArithmeticError, AssertionError, LookupError, SystemError, TimeoutError, TypeError, ValueError) as error:
        # FLINT turns an exception inside an integrand into a SystemError
        tally.violations.append(f"{type(error).__name__}: {error}\n{pair.described()}")
        return
    tally.slowest = sorted([(time.process_time() - start, pair.described()), *tally.slowest], reverse=True)[:5]
    tally.pairs[f"{pair.kind}, {pair.layout}"] += 1
    tally.asked[pair.asked] += 1
    tally.quantities[pair.quantity] += 1
    tally.methods[plain.method] += 1
    for what, found, digits in (("digits", plain, pair.digits), ("twice the digits", double, 2 * pair.digits)):
        _width(pair, what, found, digits, tally)
    _overlap(pair, "two precisions", plain, double, tally)
    if second is not None:
        _overlap(pair, "two methods", plain, second, tally)
    if Random(f"{pair.name}:oracle").random() < share:
        _oracle(pair, plain, double, budget, tally)


@contextmanager
def _time_limit() -> Iterator[None]:
    """A TimeoutError after SECONDS of processor time; no limit outside of a main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise TimeoutError(f"no answer within {SECONDS:.0f} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _other_method(pair: Pair, plain: Found) -> Found | None:
    """The pair by the method that was not chosen, where it applies and is not absurdly slow."""
    if pair.clock or pair.by or pair.law.K == 1:
        return None
    digits = pair.digits
    if plain.method.startswith("trapezoid"):
        cost = pair.law.K**2 * (1 + pair.order) ** 2
        return computed(pair, min(digits, 12), "adaptive") if cost <= 300 else None
    if _points(pair, digits) * pair.law.K * (1 + pair.order) ** 2 > _WORK:
        return None
    try:
        return computed(pair, digits, "trapezoid")
    except Unsupported:
        return None


def _points(pair: Pair, digits: int) -> float:
    """About how many points a trapezoidal rule needs if its strip is as wide as two components allow."""
    alpha, sigma = float(pair.germ.alpha), float(pair.germ.sigma)  # type: ignore[arg-type]
    parts = [(float(c.mean[0]), float(c.cov[0][0])) for c in pair.law.components]  # type: ignore[arg-type]
    least = math.sqrt(min(S for _, S in parts) * alpha**2 + sigma**2)
    most = math.sqrt(max(S for _, S in parts) * alpha**2 + sigma**2)
    span = alpha * (max(m for m, _ in parts) - min(m for m, _ in parts))
    width = min(3 * least, math.pi * least**2 / max(span, 1e-9 * least))
    return (span + 2 * most * math.sqrt(5 * digits)) * 2.4 * digits / (2 * math.pi * width) * 2


def _width(pair: Pair, what: str, found: Found, digits: int, tally: Tally) -> None:
    tally.checks["width"] += 1
    for n, ball in enumerate(found.balls):
        if not ball.is_finite():
            tally.violations.append(f"{what}: coefficient {n} is not finite\n{pair.described()}")
        elif radius(ball) * 10**digits > abs(midpoint(ball)) + radius(ball):
            if found.digits >= digits:
                tally.violations.append(
                    f"{what}: coefficient {n} = {ball} says it has {found.digits} digits\n{pair.described()}"
                )
            tally.checks["short, and says so"] += 1


def _overlap(pair: Pair, what: str, left: Found, right: Found, tally: Tally) -> None:
    tally.checks[what] += 1
    for n, (u, v) in enumerate(zip(left.balls, right.balls, strict=True)):
        if abs(midpoint(u) - midpoint(v)) > radius(u) + radius(v):
            tally.violations.append(
                f"{what} ({left.method} / {right.method}): coefficient {n}: {u} and {v}\n{pair.described()}"
            )


def _oracle(pair: Pair, plain: Found, double: Found, budget: float, tally: Tally) -> None:
    balls = [(midpoint(b), radius(b)) for b in plain.balls]
    exact = [b for b in balls if not b[1]]
    if len(exact) == len(balls):
        if any(middle for middle, _ in exact):
            tally.silent["exact and not zero"] += 1
        else:
            tally.oracle["exactly zero"] += 1
        return
    try:
        answers = ask(pair, balls, budget)
    except NoAnswerError as reason:
        tally.silent[str(reason)] += 1
        return
    tally.oracle[plain.method] += 1
    for n, answer in answers.items():
        tally.checks["mpmath inside"] += 1
        for ball in (plain.balls[n], double.balls[n]):
            known = answer.spread * MARGIN < radius(ball)  # the narrower ball may be narrower than what is known
            if known and abs(answer.value - midpoint(ball)) > radius(ball) + answer.spread:
                tally.violations.append(
                    f"mpmath: coefficient {n} = {ball}, mpmath {float(answer.value)!r} off by "
                    f"{float(abs(answer.value - midpoint(ball)))} (spread {float(answer.spread)}), {plain.method}\n"
                    f"{pair.described()}"
                )


# -- a run -------------------------------------------------------------------------------------------------------------
def batch(number: int, seed: int) -> Tally:
    """The pairs of one batch; the same for the same number and seed."""
    tally = Tally()
    for i in range(number * BATCH, (number + 1) * BATCH):
        check(draw(f"{seed}:{i}"), tally)
    return tally


def _batch(task: tuple[int, int]) -> Tally:
    return batch(*task)


def merged(into: Tally, new: Tally) -> None:
    """Add the counts of ``new``."""
    for name in ("pairs", "asked", "methods", "quantities", "checks", "oracle", "silent"):
        getattr(into, name).update(getattr(new, name))
    into.slowest = sorted([*into.slowest, *new.slowest], reverse=True)[:5]
    into.violations += new.violations


def run(count: int, seed: int, jobs: int = 1, progress: Callable[[int], None] | None = None) -> Tally:
    """Check ``count`` pairs (rounded up to whole batches). An interrupt reports what was done so far."""
    total = Tally()
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=40) as pool:
        try:
            for tally in pool.imap(_batch, ((n, seed) for n in range(-(-count // BATCH)))):
                merged(total, tally)
                if progress is not None:
                    progress(sum(total.pairs.values()))
        except KeyboardInterrupt:
            pass  # what was done so far is reported
        pool.terminate()
    return total


def shown(tally: Tally, seed: int, seconds: float) -> str:
    """The run as text."""
    count = sum(tally.pairs.values())
    asked = sum(tally.oracle.values())
    lines = [f"{count} random (mixture, quantity) pairs, seed {seed}, {seconds:.0f} s"]
    groups = {
        "components, layout": tally.pairs, "asked": tally.asked, "quantity": tally.quantities, "method": tally.methods,
        "check": tally.checks, "mpmath answers, by method": tally.oracle, "mpmath is silent": tally.silent,
    }  # fmt: skip
    for title, counter in groups.items():
        lines.append(f"{title}:")
        lines += [f"  {number:6d}  {name}" for name, number in _ordered(counter)]
    lines.append(f"mpmath at higher precision answered for {asked} ({100 * asked / max(1, count):.0f} %)")
    if tally.slowest:
        lines.append(f"slowest pair, all its balls: {tally.slowest[0][0]:.1f} s: {tally.slowest[0][1]}")
    lines.append(f"{len(tally.violations)} violations")
    return "\n".join([*lines, *tally.violations])


def _ordered(counter: Counter[str]) -> Sequence[tuple[str, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))


__all__ = ["Found", "Tally", "batch", "check", "computed", "merged", "run", "shown"]
