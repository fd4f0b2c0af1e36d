"""``infodyn power``: what simulation takes to tell false variants of claims from the true ones."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from proofs_checks.power import Row


@click.command("power")
@click.argument("ids", nargs=-1, metavar="[ID ...]")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed of the paths.")
@click.option("--json", "as_json", is_flag=True, help="Write the rows as JSON on stdout.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the table as Markdown to a file."
)
def power_command(ids: tuple[str, ...], seed: int, as_json: bool, output: Path | None) -> int:
    """Show the paths and seconds that refute each false variant of a claim and accept the true one.

    Every statement and every false variant is simulated by itself, in one process, at the error rate that a whole run
    of 'infodyn verify' grants its claim. Without IDs: the whole catalogue, the reverse SDE with wrong drifts, and the
    experiments of 'infodyn simulate'.
    """
    from infodyn.report import power_page
    from infodyn.report.steps import Steps
    from proofs_checks import power, registry, verify

    claims = power.simulable([registry.find(id) for id in ids] if ids else registry.load().values())
    if not claims:
        click.echo("infodyn: none of these claims is simulated; 'infodyn show ID' says why.", err=True)
        return 5
    share = verify.share_of(len(registry.load()))
    jobs: list[tuple[str, Callable[..., Iterable[Row]]]] = [(c.id, partial(power.measure, c)) for c in claims]
    if not ids:
        jobs += [("the reverse SDE", power.dynamics), ("experiments", power.experiments)]
    if output is not None and not os.access(output.parent, os.W_OK):
        click.echo(f"infodyn: {output} cannot be written; -o names another place.", err=True)
        return 2
    rows: list[Row] = []
    stopped = ""
    try:
        with Steps("simulating") as steps:
            for number, (name, work) in enumerate(jobs):
                stopped = f"stopped after {number} of {len(jobs)} claims and experiments"
                steps.at(name, number, len(jobs))
                rows += work(seed=seed, share=share)
            stopped = ""
    except KeyboardInterrupt:
        click.echo(f"infodyn: {stopped}; the table holds those.", err=True)
    if as_json:
        click.echo(json.dumps(power.to_json(rows, seed, share), indent=1, ensure_ascii=False))
    elif output is None:
        power_page.write(rows)
    if output is not None:
        try:
            output.write_text(power_page.markdown(rows, seed, share), encoding="utf-8")
        except OSError as error:
            click.echo(f"infodyn: {output} cannot be written ({error.strerror}); -o names another place.", err=True)
            return 2
        click.echo(f"infodyn: wrote {output}", err=True)
    return 130 if stopped else power.exit_code(rows)
