"""``infodyn fixed-points``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from infodyn import numbers

if TYPE_CHECKING:
    from numerics.landscape import FixedPoints

LAW_HELP = "For example 'deltas(-1: 1/2, 1: 1/2)', 'T4', or law.toml."
PROCESS_HELP = "ve, edm, vp, vp(beta=2), vp(1/10, 20), subvp, cosine, flow, ou(theta, g), linear(alpha=.., sigma=..)."


@click.command("fixed-points")
@click.option("--law", required=True, help=LAW_HELP)
@click.option("--process", default="ve", show_default=True, help=PROCESS_HELP)
@click.option("--at", required=True, metavar="'sigma=1/2'", help="One of t, sigma, alpha, snr, nu, log-sigma.")
@click.option(
    "--line", default=None, metavar="'(0, 0), (1, 1)'", help="A point and a direction: zeros along this line."
)
@click.option("--digits", default=20, show_default=True, type=click.IntRange(1, 1000), help="Relative digits.")
@click.option("--json", "as_json", is_flag=True, help="Write the fixed points as JSON on stdout.")
def fixed_points_command(law: str, process: str, at: str, line: str | None, digits: int, as_json: bool) -> int:
    """Count all fixed points of the score with certainty, and say which are modes.

    Exit code 3 if the count is not certified; the boxes that stayed open are named.
    """
    found = numbers.fixed_points(law, process, at=at, line=line, digits=digits)
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=1, ensure_ascii=False))
    else:
        _print(found)
    return 0 if found.count is not None else 3


def _print(found: FixedPoints) -> None:
    for point in found.to_json()["points"]:
        pairs = [f"{v} +/- {r}" for v, r in zip(point["x"], point["radius"], strict=True)]
        place = pairs[0] if len(pairs) == 1 else f"({', '.join(pairs)})"
        click.echo(f"{point['kind']:<8} {place}")
    count = "count not certified" if found.count is None else f"{found.count} fixed point(s)"
    uses = f"; uses {', '.join(found.uses)}" if found.uses else ""
    click.echo(f"[{count}; rigorous; {found.method}, {found.boxes} boxes{uses}]", err=True)
    if found.detail:
        click.echo(found.detail, err=True)
    for box in found.open[:8]:
        click.echo("  open: " + " x ".join(f"[{low:.9g}, {high:.9g}]" for low, high in box), err=True)
