"""``infodyn simulate``: a quantity from the reverse SDE, held against the theory."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import click

from infodyn.commands.completion import EXPERIMENTS, SIMULATED

EXIT = {"equivalent": 0, "refuted": 1, "undecided": 3}
INTERRUPTED = 130
EXAMPLES = (
    "infodyn simulate fisher-information --law 'deltas(-1: 1/2, 1: 1/2)' --at sigma=1/2",
    "infodyn simulate kernel-regression --law T3 --from 5 --to 1/2",
)


def _rows(names: dict[str, str]) -> str:
    return "\n  ".join(f"{name:25}{words}" for name, words in names.items())


DESCRIBED = (
    f"\b\nWHAT is a number, with --at:\n  {_rows(SIMULATED)}\n\n"
    f"\b\nor an experiment, with --from and --to:\n  {_rows(EXPERIMENTS)}"
)


def share(text: str) -> float:
    """``1e-3``, ``1/1000`` or ``0.1%`` as a float. Raises ValueError."""
    body, percent, rest = text.strip().partition("%")
    try:
        found = float(Fraction(body.strip())) / (100 if percent else 1)
    except (ValueError, ZeroDivisionError, OverflowError):
        found = -1.0
    if rest.strip() or found < 0:
        raise ValueError(f"{text!r} is no part of a number; write 1e-3, 1/1000 or 0.1%")
    return found


def _share(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return share(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command("simulate", epilog=DESCRIBED + "\n\n\b\nExamples:\n  " + "\n  ".join(EXAMPLES))
@click.argument("what")
@click.option("--law", required=True, help="For example 'deltas(-1: 1/2, 1: 1/2)', T3, or law.toml.")
@click.option("--process", default="ve", show_default=True, help="As for the value command.")
@click.option("--at", default=None, metavar="'sigma=1/2'", help="One of t, sigma, alpha, snr, nu, log-sigma; symbols.")
@click.option("--from", "first", default=None, metavar="SIGMA", help="First noise level of an experiment.")
@click.option("--to", "last", default=None, metavar="SIGMA", help="Last noise level of an experiment, the lower one.")
@click.option("--variant", default=None, help="A false variant of an experiment, to be refuted.")
@click.option("--against", default=None, metavar="LAW", help="The other law of path-divergence.")
@click.option(
    "--margin", default=None, callback=_share, metavar="PART",
    help="Relative, as 1e-3 or 0.1%. Default: 1 % (variances 3 %), or less: a quarter of what a drift that is 1 % too "
    "strong would change, where that is known.",
)  # fmt: skip
@click.option("--rate", default="1e-6", show_default=True, callback=_share, help="Chance of a wrong outcome.")
@click.option(
    "--route", default="auto", show_default=True, type=click.Choice(["auto", "transfer", "paths"]),
    help="transfer: the scheme's own law, without sampling, in one or two reduced dimensions.",
)  # fmt: skip
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of the paths.")
@click.option("--paths", default=1 << 22, show_default=True, type=click.IntRange(1), help="Paths at most.")
@click.option("--strength", default="1", show_default=True, callback=_share, help="Factor of the drift; 1 is right.")
@click.option("--jobs", default=None, type=click.IntRange(1), help="Worker processes (default: the number of cores).")
@click.option(
    "--executor", default="processes", show_default=True, metavar="NAME",
    help="Where paths run: here, processes, dask (a cluster of its own), or dask:tcp://HOST:PORT.",
)  # fmt: skip
@click.option("--resume", default=None, metavar="FILE", help="Keep the run in FILE, and go on where it was stopped.")
@click.option("--json", "as_json", is_flag=True, help="Write the outcome as JSON on stdout.")
def simulate_command(
    what: str, law: str, process: str, at: str | None, first: str | None, last: str | None, variant: str | None,
    against: str | None, margin: float | None, rate: float,
    route: str, seed: int, paths: int, strength: float, jobs: int | None, executor: str, resume: str | None,
    as_json: bool,
) -> int:  # fmt: skip
    """Simulate WHAT by the reverse SDE and hold it against the theory.

    The exact reverse SDE runs from signal-to-noise ratio 0 to the place, and the number it gives is compared with the
    one that rigorous integrals give. Exit code 0 if both agree within the margin, 1 if they do not, 3 if undecided.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    named = _is_experiment(what, at, first, last, variant)
    if named:
        _refuse(
            "an experiment has margins of its own and takes its range from --from and --to",
            at=at,
            against=against,
            margin=margin,
            route=None if route == "auto" else route,
            strength=None if strength == 1 else strength,
        )
    from infodyn import simulating
    from infodyn.report import simulation_page
    from infodyn.report.steps import Steps
    from numerics.simulate import StoppedError
    from numerics.worker_pool import ExecutorError

    common: dict[str, Any] = {"rate": rate, "seed": seed, "paths": paths, "resume": resume}
    found: Any
    try:
        with Steps(f"simulating {what}") as steps, _opened(executor, jobs or os.cpu_count() or 1) as pool:
            common |= {"executor": pool, "progress": steps.told}
            if named:
                found = simulating.experiment(
                    what, law, process, first=str(first), last=str(last), variant=variant, **common
                )
            else:
                found = simulating.simulate(what, law, process, at=str(at), against=against, route=route, margin=margin,
                                         strength=strength, **common)  # fmt: skip
    except ExecutorError as error:
        click.echo(f"infodyn: {error}.", err=True)
        return 2
    except StoppedError as stop:
        click.echo(f"infodyn: {stop}; {_go_on(resume)}.", err=True)
        return INTERRUPTED
    if as_json:
        click.echo(json.dumps(found.as_json() if named else found.to_json(), indent=1, ensure_ascii=False))
    elif named:
        simulation_page.write_record(found, f"{law} under {process} from sigma = {first} to {last}")
    else:
        simulation_page.write_simulated(found)
    if found.stopped:
        click.echo(f"infodyn: {found.stopped}; {_go_on(resume)}.", err=True)
        return INTERRUPTED
    return EXIT[found.outcome.value]


def _go_on(resume: str | None) -> str:
    return f"go on with --resume {resume}" if resume else "nothing is kept without --resume FILE"


def _is_experiment(what: str, at: str | None, first: str | None, last: str | None, variant: str | None) -> bool:
    """A range makes an experiment, a place a number. Raises UsageError for half of either."""
    if first is None and last is None and variant is None and not (at is None and what not in SIMULATED):
        if at is None:
            raise click.UsageError(f"give a place for {what}, as --at sigma=1/2")
        if what in EXPERIMENTS and what not in SIMULATED:
            raise click.UsageError(f"{what} is an experiment over a range; give --from 5 --to 1/2 in place of --at")
        return False
    if what not in SIMULATED and what not in EXPERIMENTS:
        near = difflib.get_close_matches(what, [*SIMULATED, *EXPERIMENTS], n=1)
        guess = f"did you mean {near[0]}?" if near else "see 'infodyn simulate --help'"
        raise click.UsageError(f"nothing to simulate is called {what!r}; {guess}")
    if what not in EXPERIMENTS:
        raise click.UsageError(f"{what} is a number at one place; give --at sigma=1/2 and no range")
    if first is None or last is None:
        raise click.UsageError("give the range of an experiment, as --from 5 --to 1/2 (noise levels sigma)")
    return True


def _refuse(why: str, **given: object) -> None:
    for name, value in given.items():
        if value is not None:
            raise click.UsageError(f"{why}; leave --{name} out")


@contextmanager
def _opened(name: str, jobs: int) -> Iterator[Executor | None]:
    """The executor; one process is this one."""
    from numerics.executors import open_executor

    with open_executor("here" if name == "processes" and jobs == 1 else name, jobs) as executor:
        yield executor
