"""``infodyn peaks``."""

from __future__ import annotations

import json

import click

from infodyn import numbers


@click.command("peaks")
@click.argument("quantity")
@click.option("--law", required=True, help="For example 'deltas(-1: 1/2, 1: 1/2)', or law.toml.")
@click.option("--process", default="ve", show_default=True, help="ve, edm, vp, .. as for 'value'.")
@click.option("--clock", default=None, help="Of a rate: sigma^2 (default under ve), sigma, log-sigma, snr, nu or t.")
@click.option(
    "--within", default=None, metavar="'sigma=1/10..5'",
    help="The range; by default from a tenth of the law's finest scale to ten times its spread.",
)  # fmt: skip
@click.option("--digits", default=15, show_default=True, type=click.IntRange(1, 200), help="Relative digits.")
@click.option("--json", "as_json", is_flag=True, help="Write the extrema as JSON on stdout.")
def peaks_command(
    quantity: str, law: str, process: str, clock: str | None, within: str | None, digits: int, as_json: bool
) -> int:
    """Find every local maximum and minimum of QUANTITY over a range of noise levels, with proof.

    Between them it is proved monotone; a part of the range that could not be decided is named (exit code 3).
    """
    from numerics.balls import decimal

    found = numbers.peaks(quantity, law, process, within=within, clock=clock, digits=digits)
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=1, ensure_ascii=False))
        return 0 if found.complete else 3
    rows = []
    marked = [(e.kind, e.levels, e.value) for e in found.extrema]
    marked = [("low end", *found.ends[0]), *marked, ("high end", *found.ends[1])]
    for kind, levels, value in marked:
        name = "sigma" if "sigma" in levels else "sigma/alpha"
        rows.append((kind, *decimal(levels[name], digits + 2), *decimal(value, digits + 2)))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    for row in rows:
        kind, place, about, value, radius = (text.ljust(n) for text, n in zip(row, widths, strict=True))
        click.echo(f"{kind}  {name} = {place} +/- {about}  value {value} +/- {radius}".rstrip())
    for sentence in found.sentences():
        click.echo(sentence)
    per = f" per unit of {found.clock}" if found.clock else ""
    uses = f"; uses {', '.join(found.uses)}" if found.uses else ""
    click.echo(f"[{found.unit}{per}; rigorous; {found.pieces} pieces in {found.seconds:.1f} s{uses}]", err=True)
    return 0 if found.complete else 3
