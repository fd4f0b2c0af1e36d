"""``infodyn verify`` and ``infodyn mutants``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from infodyn.report import terminal
from proofs_checks import ledger, verify
from proofs_checks.assess import Options
from proofs_checks.evidence import Kind

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
    if dots and first in letters and last in letters and len(first) == len(last) == 1:
        return [c for c in letters if first <= c <= last]
    groups = [g.strip() for g in value.upper().split(",")]
    if not all(len(g) == 1 and g in letters for g in groups):
        raise click.BadParameter(f"{value!r} is no group; write A, or A,C, or A..D (groups are A to H)")
    return groups


@click.command("verify", epilog=None)
@click.argument("ids", nargs=-1, metavar="[ID ...]")
@click.option("--group", callback=_groups, metavar="A..H", help="Only these groups: A, or A,C, or A..D.")
@click.option("--evidence", callback=_kinds, metavar="KIND,..", help=f"Only these kinds: {', '.join(KINDS)}.")
@click.option("--digits", default=12, show_default=True, type=click.IntRange(3, 200), help="Digits of the enclosures.")
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed of simulation and property campaign."
)
@click.option("--jobs", default=None, type=click.IntRange(1), help="Worker processes (default: the number of cores).")
@click.option("--executor", default="processes", type=click.Choice(["processes"]), help="Where the work runs.")
@click.option(
    "--fresh", is_flag=True, help="Ignore kept evidence (none is kept between runs yet, so every run is fresh)."
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
    lenient: bool,
    as_json: bool,
    ledger_path: Path | None,
    update_ledger: bool,
) -> int:
    """Settle claims: all of the catalogue, or those named by ID or group.

    Every claim is proved, enclosed, simulated, attacked with random instances, and its near-miss versions must be
    refuted. Data go to stdout, progress to stderr.
    """
    try:
        claims = verify.select(ids, group)
    except verify.NothingSelectedError as error:
        click.echo(f"infodyn: {error}.", err=True)
        return 5
    path = ledger_path or ledger.default_path()
    options = Options(kinds=evidence, digits=digits, seed=seed)
    with terminal.Progress(len(claims)) as progress:
        report = verify.run(claims, options, jobs=jobs or os.cpu_count() or 1, ledger_path=path, on_done=progress.done)
    if update_ledger and not report.interrupted and not options.partial:
        ledger.write(path, ledger.read(path), report.assessments)
        click.echo(f"infodyn: wrote {path}", err=True)
    if as_json:
        click.echo(json.dumps(report.to_json(), indent=1, ensure_ascii=False))
    else:
        terminal.write_report(report)
    return report.exit_code(lenient=lenient)


@click.command("mutants")
@click.argument("ids", nargs=-1, metavar="[ID ...]")
@click.option("--jobs", default=None, type=click.IntRange(1), help="Worker processes (default: the number of cores).")
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed of simulation and property campaign."
)
def mutants_command(ids: tuple[str, ...], jobs: int | None, seed: int) -> int:
    """Show the near-miss versions of claims and what refutes each of them."""
    claims = verify.select(ids)
    with terminal.Progress(len(claims)) as progress:
        report = verify.run(claims, Options(seed=seed), jobs=jobs or os.cpu_count() or 1, on_done=progress.done)
    terminal.write_mutants(report)
    return report.exit_code()
