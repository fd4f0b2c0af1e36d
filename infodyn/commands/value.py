"""``infodyn value``."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from infodyn import api

if TYPE_CHECKING:
    from numerics.empirical import Estimate


def _lines(value: Any, indent: str = "") -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_lines(v) for v in value) + "]"
    return str(value)


@click.command("value")
@click.argument("quantity")
@click.option(
    "--law",
    required=True,
    help="For example 'deltas(-1: 1/2, 1: 1/2)', 'product(T1, T1)', 'points(digits.npy)', or law.toml.",
)
@click.option(
    "--process",
    default="ve",
    show_default=True,
    help="ve, edm, vp, vp(beta=2), vp(1/10, 20), subvp, cosine, flow, ou(theta, g), linear(alpha=.., sigma=..).",
)
@click.option(
    "--at", required=True, metavar="'sigma=1/2'", help="One of t, sigma, alpha, snr, nu, log-sigma; points as x=.."
)
@click.option(
    "--clock", default=None, help="sigma^2 (default under ve), sigma, log-sigma, snr, nu or t (default otherwise)."
)
@click.option(
    "--digits", default=None, type=click.IntRange(1, 1000),
    help="Relative digits (15 by default; from points, as many as a few seconds of sampling give).",
)  # fmt: skip
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of the samples, for points.")
@click.option("--bits", is_flag=True, help="Entropies in bits instead of nats.")
@click.option("--json", "as_json", is_flag=True, help="Write the value as JSON on stdout.")
def value_command(
    quantity: str, law: str, process: str, at: str, clock: str | None, digits: int | None, seed: int, bits: bool,
    as_json: bool,
) -> int:  # fmt: skip
    """Compute QUANTITY with guaranteed relative digits.

    From a file of points it is estimated on samples, with a 99 % interval; a rare event is said instead (exit code 3).
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # products of blocks are slower on two threads than on one
    from numerics.quantities import Value

    result = api.value(quantity, law, process, at=at, clock=clock, digits=digits, seed=seed)
    if bits:
        result = result.in_bits()
    if as_json:
        click.echo(json.dumps(result.to_json(), indent=1, ensure_ascii=False))
    uses = f"; uses {', '.join(result.uses)}" if result.uses else ""
    if not isinstance(result, Value):
        return _estimated(result, uses, as_json)
    if not as_json:
        click.echo(f"{_lines(result.value)} +/- {_lines(result.radius)}")
        click.echo(f"[{result.unit}; {result.guarantee}; {result.method}{uses}]", err=True)
    return 0 if result.complete else 3


def _estimated(result: Estimate, uses: str, as_json: bool) -> int:
    """Write an estimate and what it rests on; the exit code."""
    if not as_json and result.value is not None:
        click.echo(f"{result.value} +/- {result.radius}")
    clock = f" per unit of {result.clock}" if result.clock else ""
    found = "" if result.value is None else f"99 % interval; standard error {result.standard_error}; "
    click.echo(
        f"[{result.unit}{clock}; {result.guarantee}: {found}{result.samples} samples in {result.seconds:.1f} s; "
        f"{result.method}{uses}]", err=True,
    )  # fmt: skip
    if result.reason:
        click.echo(f"no interval: {result.reason}", err=True)
    elif not result.complete:
        click.echo(f"{result.digits} of {result.wanted} digits reached within the budget of samples", err=True)
    return 0 if result.complete else 3
