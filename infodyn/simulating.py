"""Simulation from Python: ``simulate`` for numbers, ``experiment`` for whole paths."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

from infodyn.numbers import as_process
from theory.calculus import fold_constants
from theory.grammar import parse_scalar
from theory.language.instances import Law, LawError
from theory.language.terms import Term
from theory.laws import PointsFile, parse_data_law
from theory.processes import Process

if TYPE_CHECKING:
    from numerics.observables.record import Record
    from numerics.simulate import Progress
    from numerics.simulated import Simulated


def simulate(
    what: str,
    law: str | Law,
    process: str | Process = "ve",
    *,
    at: str,
    against: str | Law | None = None,
    margin: float | None = None,
    rate: float = 1e-6,
    route: str = "auto",
    seed: int = 0,
    paths: int = 1 << 22,
    strength: float = 1.0,
    executor: Executor | None = None,
    resume: Path | str | None = None,
    progress: Progress | None = None,
) -> Simulated:
    """The quantity ``what`` by the reverse SDE, held against the number that theory gives for it.

    The exact reverse SDE (Anderson 1982) runs in localisation coordinates from signal-to-noise ratio 0 to the place
    ``at``; ``what`` is one of :data:`numerics.simulated.NAMES` ("path-divergence" compares with the law ``against``).
    The result has ``value`` with ``step_error`` and ``statistical_error``, the theory's ``target`` with its guarantee,
    and ``outcome``: EQUIVALENT within the relative ``margin``, REFUTED, or UNDECIDED with a ``reason``, at the error
    rate ``rate``. ``route``: "transfer" (the scheme's own law without sampling), "paths", or "auto" by the reduced
    dimension. ``strength`` multiplies the drift: other than 1 it is wrong, and to be refuted. Up to ``paths`` paths run
    on ``executor`` (any ``concurrent.futures.Executor``; None: here), with the same bits on each; ``resume`` names a
    file that keeps them. Entropies in nats. Raises ValueError (LawError, GrammarError, SavedError) with the remedy, and
    StoppedError (a KeyboardInterrupt) at Ctrl-C before anything is known; later, ``stopped`` says so.
    """
    from numerics.simulated import simulated

    other = None if against is None else _closed_form(against)
    return simulated(
        what, _closed_form(law), as_process(process), at, against=other, route=route, margin=margin, rate=rate,
        seed=seed, max_paths=paths, strength=strength, executor=executor, resume=resume, progress=progress,
    )  # fmt: skip


def experiment(
    name: str,
    law: str | Law,
    process: str | Process = "ve",
    *,
    first: str | float,
    last: str | float,
    variant: str | None = None,
    rate: float = 1e-6,
    seed: int = 0,
    paths: int = 1 << 22,
    executor: Executor | None = None,
    resume: Path | str | None = None,
    progress: Progress | None = None,
) -> Record:
    """The experiment ``name`` (of :data:`numerics.observables.registry.EXPERIMENTS`) on simulated paths.

    Between the noise levels sigma ``first`` > ``last``; ``variant`` names a false variant, to be refuted. The record
    has a line a check and an ``outcome``; the other arguments are those of :func:`simulate`. Raises ValueError
    (LawError, OutOfRangeError, SavedError) with the remedy, StoppedError (a KeyboardInterrupt) at Ctrl-C
    before anything is known; later, ``stopped`` of the record says so.
    """
    from numerics.simulated.named import experimented

    levels = [_sigma(level) for level in (first, last)]
    return experimented(
        name, _closed_form(law), as_process(process), *levels, variant=variant, rate=rate, seed=seed, max_paths=paths,
        executor=executor, resume=resume, progress=progress,
    )  # fmt: skip


def _closed_form(law: str | Law) -> Law:
    """A law in closed form, read if it is a text. Raises LawError for points and spheres, with the remedy."""
    found = parse_data_law(law) if isinstance(law, str) else law
    if not isinstance(found, Law):
        kind = "a file of points" if isinstance(found, PointsFile) else "a sphere"
        raise LawError(f"simulation takes deltas, Gaussians and mixtures, not {kind}; write such a law")
    return found


def _sigma(level: str | float) -> float:
    """A noise level, exact if it is a text."""
    if not isinstance(level, str):
        return float(level)
    found = fold_constants(parse_scalar(level))
    if isinstance(found, Term):
        from numerics.schedules import float_function

        return float_function(found)(0.0)
    return float(found)
