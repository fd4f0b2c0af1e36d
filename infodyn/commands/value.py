"""``infodyn value``."""

from __future__ import annotations

import json
from typing import Any

import click

from infodyn import api


def _lines(value: Any, indent: str = "") -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_lines(v) for v in value) + "]"
    return str(value)


@click.command("value")
@click.argument("quantity")
@click.option("--law", required=True, help="For example 'deltas(-1: 1/2, 1: 1/2)'.")
@click.option(
    "--process", default="ve", show_default=True, help="ve, vp, vp(beta=2), ou(theta, g), linear(alpha=.., sigma=..)."
)
@click.option(
    "--at", required=True, metavar="'sigma=1/2'", help="One of t, sigma, alpha, snr, nu, log-sigma; points as x=.."
)
@click.option(
    "--clock", default=None, help="sigma^2 (default under ve), sigma, log-sigma, snr, nu or t (default otherwise)."
)
@click.option("--digits", default=15, show_default=True, type=click.IntRange(1, 1000), help="Relative digits.")
@click.option("--bits", is_flag=True, help="Entropies in bits instead of nats.")
@click.option("--json", "as_json", is_flag=True, help="Write the value as JSON on stdout.")
def value_command(
    quantity: str, law: str, process: str, at: str, clock: str | None, digits: int, bits: bool, as_json: bool
) -> int:
    """Compute QUANTITY with guaranteed relative digits."""
    result = api.value(quantity, law, process, at=at, clock=clock, digits=digits)
    if bits:
        result = result.in_bits()
    if as_json:
        click.echo(json.dumps(result.to_json(), indent=1, ensure_ascii=False))
    else:
        click.echo(f"{_lines(result.value)} +/- {_lines(result.radius)}")
        uses = f"; uses {', '.join(result.uses)}" if result.uses else ""
        click.echo(f"[{result.unit}; {result.guarantee}; {result.method}{uses}]", err=True)
    return 0 if result.digits is None or result.digits >= digits else 3
