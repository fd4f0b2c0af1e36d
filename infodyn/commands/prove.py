"""``infodyn prove``: the certificates of a claim, as inert data."""

from __future__ import annotations

import json
from pathlib import Path

import click

from proofs_checks import certificates, registry
from theory.typeset import text


EXAMPLE = "infodyn prove entropy.conditional_rate -o cert.json"


@click.command("prove", epilog=f"\b\nExample:\n  {EXAMPLE}\n  infodyn recheck cert.json")
@click.argument("id")
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write."
)
@click.option(
    "--seconds", default=certificates.SECONDS, show_default=True, type=click.FloatRange(0.1), help="Budget a statement."
)
def prove_command(id: str, output: Path, seconds: float) -> int:
    """Search proofs of every statement of the claim ID and write them as certificates.

    The file holds terms and numbers alone; 'infodyn recheck' and 'python -m theory.kernel' prove it again without any
    search. Exit code 1 if a statement is refuted, 3 if one is neither proved nor refuted.
    """
    claim = registry.find(id)
    found = certificates.prove(claim, seconds)
    for name, (_, theorem) in found.theorems.items():
        click.echo(f"proved    {name}: for {theorem.scope}")
    for name, witness in found.witnesses.items():
        click.echo(f"refuted   {name}: " + ", ".join(f"{key} = {value}" for key, value in witness.items()))
    for name, reason in found.missing.items():
        click.echo(f"undecided {name}: {text.statement_text(claim.statements[name])}; {reason}")
    if found.theorems:
        output.write_text(json.dumps(found.document(), ensure_ascii=False) + "\n", encoding="utf-8")
        click.echo(f"{len(found.theorems)} certificate(s) written to {output}", err=True)
    else:
        click.echo(f"nothing is proved, so {output} is not written", err=True)
    return 1 if found.witnesses else 3 if found.missing else 0
