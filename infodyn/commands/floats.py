"""``infodyn value --over``: a quantity over a range of noise levels, in float64."""

from __future__ import annotations

import json
from typing import Any

import click

from infodyn import numbers


def write_sweep(
    quantity: str, law: str, process: str, over: str, points: int, spacing: str | None, at: str | None,
    clock: str | None, digits: int | None, bits: bool, as_json: bool,
) -> int:  # fmt: skip
    """Write one row a level: level, value, error estimate. The exit code."""
    if digits != 0:
        raise click.UsageError("--over is for float64 numbers; add --digits 0 (guaranteed digits: one --at a level)")
    from numerics.sweeps import level_range

    by, levels = level_range(over, points, spacing)
    found = numbers.sweep(quantity, law, process, levels, by=by, at=at, clock=clock)
    found = found.in_bits() if bits else found
    data = found.to_json()
    if as_json:
        click.echo(json.dumps(data, indent=1, ensure_ascii=False))
        return 0
    rows = [(row["level"], _text(row["value"]), _text(row["radius"])) for row in data["rows"]]
    first, second = (max(len(row[i]) for row in rows) for i in (0, 1))
    for level, value, radius in rows:
        click.echo(f"{level:>{first}}  {value:>{second}} +/- {radius}")
    per = f" per unit of {found.clock}" if found.clock else ""
    uses = f"; uses {', '.join(found.uses)}" if found.uses else ""
    click.echo(f"[by {by}: {found.unit}{per}; {found.guarantee}, error estimates; {found.method}{uses}]", err=True)
    return 0


def _text(value: Any) -> str:
    return "[" + ", ".join(map(_text, value)) + "]" if isinstance(value, list) else str(value)
