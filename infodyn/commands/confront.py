"""``infodyn confront``: a claim of the catalogue held against data."""

from __future__ import annotations

import json
from typing import Any

import click

from infodyn import api
from proofs_checks import registry

MUTANT = "mutant: "
EXAMPLE = "infodyn confront entropy.conditional_rate --law 'points(digits.npy)'"


@click.command("confront", epilog=f"\b\nExample:\n  {EXAMPLE}")
@click.argument("id")
@click.option("--law", required=True, help="The data: points(file.npy), or points(file.npy, scale=1/16).")
@click.option("--process", default="standing", show_default=True, help="The forward process.")
@click.option(
    "--between", nargs=2, default=("1", "11/10"), show_default=True, metavar="LOW HIGH", help="Two noise levels sigma."
)
@click.option("--samples", default=1 << 17, show_default=True, type=click.IntRange(1 << 10), help="Samples at most.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed of the samples.")
@click.option("--json", "as_json", is_flag=True, help="Write the outcome as JSON on stdout.")
def confront_command(
    id: str, law: str, process: str, between: tuple[str, str], samples: int, seed: int, as_json: bool
) -> int:
    """Hold the claim ID, and its near misses, against a data set.

    Both sides of each statement about a rate are estimated from the definitions, on the exact posterior of the data
    between two noise levels. Exit code 1 if a statement is refuted, 3 if one is undecided.
    """
    claim = registry.find(id)
    found = api.confront(id, law, process, between=between, seed=seed, samples=samples)
    own = {name: found[name] for name in claim.statements if name in found}
    if as_json:
        click.echo(json.dumps(_record(id, law, process, between, seed, found), indent=1, ensure_ascii=False))
    else:
        from infodyn.report.data_page import write_confrontation

        write_confrontation(claim, law, between, found)
    outcomes = {o.outcome for o in own.values()}
    if "refuted" in outcomes:
        return 1
    return 3 if "undecided" in outcomes or outcomes <= {"not-applicable"} else 0


def _record(
    id: str, law: str, process: str, between: tuple[str, str], seed: int, found: dict[str, Any]
) -> dict[str, Any]:
    entries = [
        {
            "name": name.removeprefix(MUTANT), "mutant": name.startswith(MUTANT), "outcome": o.outcome,
            "detail": o.detail, "figures": dict(sorted(o.figures.items())),
        }
        for name, o in found.items()
    ]  # fmt: skip
    about = {"claim": id, "law": law, "process": process, "between": list(between), "seed": seed}
    return {"version": 1, **about, "outcomes": entries}
