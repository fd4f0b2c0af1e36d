"""``infodyn critical``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infodyn import numbers
from infodyn.commands.fixed_points import LAW_HELP, PROCESS_HELP

if TYPE_CHECKING:
    from numerics.landscape import Criticals


@click.command("critical")
@click.option("--law", required=True, help=LAW_HELP + " May hold symbols.")
@click.option("--process", default="ve", show_default=True, help=PROCESS_HELP)
@click.option("--parameter", default=None, help="A noise level (sigma by default) or a symbol of the law.")
@click.option("--within", default=None, metavar="LO..HI", help="The range; by default all noise levels (drifts: most).")
@click.option("--at", default=None, metavar="'sigma=1/2, mu=1'", help="Values of the other symbols, and of the level.")
@click.option(
    "--drift", default="density", show_default=True, type=click.Choice(("density", "reverse", "flow")),
    help="Whose zeros: of the score, of the reverse SDE's drift, of the probability flow.",
)  # fmt: skip
@click.option("--digits", default=20, show_default=True, type=click.IntRange(1, 1000), help="Relative digits.")
@click.option("--diagram", default=None, type=click.Path(dir_okay=False), help="Write the branches to this JSON file.")
@click.option("--json", "as_json", is_flag=True, help="Write the bifurcation points as JSON on stdout.")
def critical_command(
    law: str, process: str, parameter: str | None, within: str | None, at: str | None, drift: str, digits: int,
    diagram: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Find all noise levels (or values of a symbol) at which fixed points of the score meet.

    Exit code 3 if the list is not certified to be complete over the range.
    """
    complete = True
    if diagram is None:
        found = numbers.critical(
            law, process, parameter=parameter, within=within, at=at, drift=drift, digits=digits
        )  # fmt: skip
    else:
        drawn = numbers.bifurcation_diagram(
            law, process, parameter=parameter, within=within, at=at, drift=drift, digits=digits
        )  # fmt: skip
        Path(diagram).write_text(json.dumps(drawn.to_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        found, complete = drawn.criticals, drawn.complete
        click.echo(f"{len(drawn.segments)} branches written to {diagram}", err=True)
        if drawn.detail:
            click.echo(drawn.detail, err=True)
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=1, ensure_ascii=False))
    else:
        _print(found)
    if within is None and not found.whole:
        click.echo("the range is a default; --within LO..HI searches another one", err=True)
    return 0 if found.complete and complete else 3


def _print(found: Criticals) -> None:
    data = found.to_json()
    for point in data["criticals"]:
        sort = {True: "supercritical ", False: "subcritical ", None: ""}[point["supercritical"]]
        exact = f" = {point['exact']}" if point["exact"] else ""
        place = ", ".join("*" if v is None else v for v in point["x"])
        value = f"{found.parameter}{exact} = {point['parameter']} +/- {point['radius']}"
        click.echo(f"{value}  {sort}{point['kind']} at x = {place}")
    span = "all noise levels" if found.whole else f"{found.parameter} in {data['within'][0]}..{data['within'][1]}"
    state = "complete" if found.complete else "not certified to be complete"
    click.echo(
        f"[{len(found.points)} bifurcation point(s), {state} over {span}; {found.method}, {found.boxes} boxes]",
        err=True,
    )
    if found.detail:
        click.echo(found.detail, err=True)
    for box in found.open[:8]:
        click.echo("  open: " + " x ".join(f"[{low:.9g}, {high:.9g}]" for low, high in box), err=True)
