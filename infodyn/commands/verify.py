"""``infodyn verify`` and ``infodyn mutants``."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path

import click

from infodyn.report import terminal
from numerics.worker_pool import ExecutorError
from proofs_checks import interrupts, ledger, registry, verify
from proofs_checks.assess import Options
from proofs_checks.evidence import Kind
from proofs_checks.store import open_store
from proofs_checks.verdict import Verdict

KINDS = [kind.value for kind in Kind]


def _kinds(ctx: click.Context, param: click.Parameter, value: str | None) -> frozenset[Kind]:
    if value is None:
        return frozenset(Kind)
    names = [name.strip() for name in value.split(",") if name.strip()]
    unknown = [name for name in names if name not in KINDS]
    if unknown or not names:
        raise click.BadParameter(f"{', '.join(unknown) or 'nothing'} is no kind of evidence; known: {', '.join(KINDS)}")
    return frozenset(Kind(name) for name in names)


def _groups(ctx: click.Context, param: click.Parameter, value: str | None) -> list[str]:
    if value is None:
        return []
    first, dots, last = value.upper().partition("..")
    letters = "ABCDEFGH"
    if dots and first in letters and last in letters and len(first) == len(last) == 1 and first <= last:
        return [c for c in letters if first <= c <= last]
    groups = [g.strip() for g in value.upper().split(",")]
    if not all(len(g) == 1 and g in letters for g in groups):
        raise click.BadParameter(f"{value!r} is no group; write A, or A,C, or A..D (groups are A to H)")
    return groups


def _no_nan(ctx: click.Context, param: click.Parameter, value: float) -> float:
    if math.isnan(value):
        raise click.BadParameter("nan is no number of seconds; write inf for no limit")
    return value


def _executor(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if value == "processes":
        return value
    from numerics.executors import address_of

    try:
        address_of(value)
    except ExecutorError:
        value = "here"
    if value == "here":
        raise click.BadParameter("write processes, dask, or dask:tcp://HOST:PORT")
    return value


@contextmanager
def _opened(name: str, jobs: int) -> Iterator[Executor | None]:
    """The executor of that name, or None for processes under limits of their own."""
    if name == "processes":
        yield None
        return
    from numerics.executors import open_executor

    with open_executor(name, jobs) as executor:
        yield executor


@click.command("verify", epilog=None)
@click.argument("ids", nargs=-1, metavar="[ID ...]")
@click.option("--group", callback=_groups, metavar="A..H", help="Only these groups: A, or A,C, or A..D.")
@click.option("--evidence", callback=_kinds, metavar="KIND,..", help=f"Only these kinds: {', '.join(KINDS)}.")
@click.option("--digits", default=12, show_default=True, type=click.IntRange(3, 200), help="Digits of the enclosures.")
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed of simulation and property campaign."
)
@click.option("--jobs", default=None, type=click.IntRange(1), help="Worker processes (default: the number of cores).")
@click.option(
    "--executor",
    default="processes",
    show_default=True,
    callback=_executor,
    metavar="NAME",
    help="Where the work runs: processes, dask (a cluster of its own), or dask:tcp://HOST:PORT. "
    "--limit and --memory are those of processes.",
)
@click.option("--fresh", is_flag=True, help="Judge everything anew; evidence kept from earlier runs is not used.")
@click.option(
    "--limit",
    default=Options.seconds,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    callback=_no_nan,
    metavar="SECONDS",
    help="A claim that takes longer is undecided.",
)
@click.option(
    "--memory",
    default=Options.megabytes,
    show_default=True,
    type=click.IntRange(16),
    metavar="MB",
    help="A claim that needs more is undecided.",
)
@click.option("--lenient", is_flag=True, help="Undecided claims do not change the exit code.")
@click.option("--json", "as_json", is_flag=True, help="Write the report as JSON on stdout.")
@click.option(
    "--ledger", "ledger_path", type=click.Path(path_type=Path, dir_okay=False), help="The ledger to compare with."
)
@click.option("--update-ledger", is_flag=True, help="Write the outcome into the ledger.")
def verify_command(
    ids: tuple[str, ...],
    group: list[str],
    evidence: frozenset[Kind],
    digits: int,
    seed: int,
    jobs: int | None,
    executor: str,
    fresh: bool,
    limit: float,
    memory: int,
    lenient: bool,
    as_json: bool,
    ledger_path: Path | None,
    update_ledger: bool,
) -> int:
    """Settle claims: all of the catalogue, or those named by ID or group.

    Every claim is proved, enclosed, simulated, attacked with random instances, and its near-miss versions must be
    refuted. Data go to stdout, progress to stderr.
    """
    _one_thread_a_process()
    path = ledger_path or ledger.default_path()
    options = Options(kinds=evidence, digits=digits, seed=seed, seconds=limit, megabytes=memory)
    with interrupts.deferred():
        try:
            claims = verify.select(ids, group)
        except verify.NothingSelectedError as error:
            click.echo(f"infodyn: {error}.", err=True)
            return 5
        store, jobs = open_store(fresh=fresh), jobs or os.cpu_count() or 1
        try:
            with _opened(executor, jobs) as pool, terminal.Progress(len(claims)) as progress:
                report = verify.run(
                    claims,
                    options,
                    jobs=jobs,
                    executor=pool,
                    store=store,
                    ledger_path=path,
                    on_done=progress.done,
                    on_start=progress.started,
                )
        except ExecutorError as error:
            click.echo(f"infodyn: {error}.", err=True)
            return 2
    _tell_troubles(report, store is not None)
    if as_json:
        click.echo(json.dumps(report.to_json(), indent=1, ensure_ascii=False))
    else:
        terminal.write_report(report)
    hindrance = _hindrance(report, options) if update_ledger else ""
    if hindrance:
        click.echo(f"infodyn: the ledger was not written: {hindrance}.", err=True)
    elif update_ledger:
        try:
            with interrupts.deferred():
                ledger.write(path, ledger.read(path), report.assessments, list(registry.load()))
        except OSError as error:
            told = error.strerror or type(error).__name__
            click.echo(f"infodyn: {path} cannot be written ({told}); --ledger names another place.", err=True)
            return 2
        click.echo(f"infodyn: wrote {path}", err=True)
    return report.exit_code(lenient=lenient)


def _hindrance(report: verify.Report, options: Options) -> str:
    """Why this run is nothing to hold later ones against, or ""."""
    if options.partial:
        return "it needs all kinds of evidence (no --evidence)"
    if report.interrupted:
        return "the run was interrupted"
    broken = [a.id for a in report.assessments if a.error or a.ruling.verdict is Verdict.CONFLICT]
    return f"no conflict and no internal error is kept ({', '.join(broken)})" if broken else ""


def _one_thread_a_process() -> None:
    """The work is spread over processes; NumPy reads this when it is first imported, which is later."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _tell_troubles(report: verify.Report, stored: bool) -> None:
    if not stored:
        click.echo("infodyn: no evidence is kept: there is no home folder; INFODYN_CACHE names another.", err=True)
    for trouble in report.troubles:
        click.echo(f"infodyn: {trouble}.", err=True)


@click.command("mutants")
@click.argument("ids", nargs=-1, metavar="[ID ...]")
@click.option("--jobs", default=None, type=click.IntRange(1), help="Worker processes (default: the number of cores).")
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed of simulation and property campaign."
)
def mutants_command(ids: tuple[str, ...], jobs: int | None, seed: int) -> int:
    """Show the near-miss versions of claims and what refutes each of them."""
    _one_thread_a_process()
    with interrupts.deferred():
        claims, store = verify.select(ids), open_store()
        with terminal.Progress(len(claims)) as progress:
            report = verify.run(
                claims,
                Options(seed=seed),
                jobs=jobs or os.cpu_count() or 1,
                store=store,
                on_done=progress.done,
                on_start=progress.started,
            )
    _tell_troubles(report, store is not None)
    terminal.write_mutants(report)
    return report.exit_code()
