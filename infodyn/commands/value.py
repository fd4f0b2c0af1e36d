"""``infodyn value``."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from infodyn import numbers

if TYPE_CHECKING:
    from numerics.empirical import Estimate
    from numerics.quantities import Value


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
    "--at", default=None, metavar="'sigma=1/2'", help="One of t, sigma, alpha, snr, nu, log-sigma; points as x=.."
)
@click.option(
    "--over", default=None, metavar="'sigma=1/10..5'",
    help="A range of levels in place of one, for --digits 0 (points and symbols stay in --at).",
)  # fmt: skip
@click.option("--points", default=50, show_default=True, type=click.IntRange(2, 100_000), help="Levels of --over.")
@click.option(
    "--spacing",
    default=None,
    type=click.Choice(["geometric", "linear"]),
    help="Of --over; by default geometric, linear for log-sigma.",
)
@click.option(
    "--clock", default=None, help="sigma^2 (default under ve), sigma, log-sigma, snr, nu or t (default otherwise)."
)
@click.option(
    "--digits", default=None, type=click.IntRange(0, 1000),
    help="Relative digits (15 by default; from points, as many as a few seconds of sampling give); "
    "0: a float64 number with an error estimate and no guarantee.",
)  # fmt: skip
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of the samples, for points.")
@click.option("--by", default=None, help="A derivative: by a clock along the process, or by a symbol of the law.")
@click.option("--order", default=1, show_default=True, type=click.IntRange(1, 2), help="Of the derivative.")
@click.option("--bits", is_flag=True, help="Entropies in bits instead of nats.")
@click.option("--json", "as_json", is_flag=True, help="Write the value as JSON on stdout.")
def value_command(
    quantity: str, law: str, process: str, at: str | None, over: str | None, points: int, spacing: str | None,
    clock: str | None, digits: int | None, seed: int, by: str | None, order: int, bits: bool, as_json: bool,
) -> int:  # fmt: skip
    """Compute QUANTITY with guaranteed relative digits.

    From a file of points it is estimated on samples, with a 99 % interval; a rare event is said instead (exit code 3).
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # products of blocks are slower on two threads than on one
    from numerics.quantities import Value

    if over is not None:
        from infodyn.commands.floats import write_sweep

        return write_sweep(quantity, law, process, over, points, spacing, at, clock, digits, bits, as_json)
    if at is None:
        raise click.UsageError("give a place (--at sigma=1/2), or a range (--over sigma=1/10..5 --digits 0)")
    result = numbers.value(quantity, law, process, at=at, clock=clock, digits=digits, seed=seed, by=by, order=order)
    if bits:
        result = result.in_bits()
    if as_json:
        click.echo(json.dumps(result.to_json(), indent=1, ensure_ascii=False))
    uses = f"; uses {', '.join(result.uses)}" if result.uses else ""
    if not isinstance(result, Value):
        return _estimated(result, uses, as_json)
    if not as_json:
        click.echo(f"{_lines(result.value)} +/- {_lines(result.radius)}")
        click.echo(f"[{_unit(result)}; {result.guarantee}; {result.method}{uses}]", err=True)
    return 0 if result.complete else 3


def _unit(result: Value) -> str:
    """The unit in words: of what by what."""
    text = result.unit if result.clock is None else f"{result.unit} per unit of {result.clock}"
    if result.by is None:
        return text
    return f"{'second derivative' if result.order == 2 else 'derivative'} by {result.by}; {text}"


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
