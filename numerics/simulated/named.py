"""Experiments by name, for a law, a process and two noise levels."""

from __future__ import annotations

from concurrent.futures import Executor
from contextlib import nullcontext
from pathlib import Path

from numerics.observables.record import Record
from numerics.observables.registry import AS_STATED, EXPERIMENTS, Range, decide_experiment, experiment
from numerics.saved import Saved
from numerics.schedules import process_of
from numerics.sequential import FAMILY_RATE
from numerics.simulate import Progress
from numerics.simulated.plans import SimulationError
from numerics.simulated.setting import floats
from theory.language.instances import Law
from theory.laws import free_symbols
from theory.processes import Process
from theory.typeset.text import law_text


def slug(name: str) -> str:
    """``kernel regression`` as one word, without signs: ``kernel-regression``."""
    return name.replace(",", "").replace(" ", "-")


SLUGS = {slug(name): name for name in EXPERIMENTS}


def experimented(
    name: str, law: Law, process: Process, first: float, last: float, *, variant: str | None = None,
    rate: float = FAMILY_RATE, seed: int = 0, max_paths: int = 1 << 22, executor: Executor | None = None,
    resume: Path | str | None = None, progress: Progress | None = None,
) -> Record:  # fmt: skip
    """The experiment between the noise levels sigma ``first`` > ``last``; ``variant`` names a false one.

    Raises ValueError (SimulationError, OutOfRangeError, SavedError) with the remedy; StoppedError at Ctrl-C before
    anything is known (later, the record says that it was stopped).
    """
    key = SLUGS.get(slug(name))
    if key is None:
        raise SimulationError(f"no experiment is called {name!r}; there are {', '.join(SLUGS)}")
    for what, free in (("law", free_symbols(law)), ("process", process.free_symbols())):
        if free:
            raise SimulationError(f"the symbol {min(free)} of the {what} has no value; write a number in its place")
    thing = experiment(key, Range(floats(law), process_of(process), first, last), variant or AS_STATED)
    asked = {
        "experiment": thing.name, "law": law_text(law), "process": process.text, "from": repr(first), "to": repr(last),
        "seed": str(seed), "rate": repr(rate),
    }  # fmt: skip
    with nullcontext() if resume is None else Saved(resume, asked) as saved:
        return decide_experiment(
            thing, seed=seed, share=rate, max_paths=max_paths, executor=executor, progress=progress, saved=saved
        )
