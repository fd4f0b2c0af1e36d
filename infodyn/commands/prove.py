"""``infodyn prove``: the certificates of a claim, as inert data."""

from __future__ import annotations

import json
from pathlib import Path

import click

from infodyn.commands.latex import check_writable, write
from proofs_checks import certificates, registry
from proofs_checks.certificates import Proofs
from proofs_checks.claim import Claim
from theory.kernel.document import scope_of
from theory.typeset import text

EXAMPLE = "infodyn prove entropy.conditional_rate -o cert.json"


@click.command("prove", epilog=f"\b\nExample:\n  {EXAMPLE}\n  infodyn recheck cert.json")
@click.argument("id")
@click.option(
    "-o", "--output", required=True, metavar="FILE", type=click.Path(path_type=Path),
    help="Write the certificates to FILE ('-': stdout).",
)  # fmt: skip
@click.option(
    "--seconds", default=certificates.SECONDS, show_default=True, type=click.FloatRange(0.1),
    help="Time to search for one proof.",
)  # fmt: skip
def prove_command(id: str, output: Path, seconds: float) -> int:
    """Search proofs of every statement of the claim ID and write them as certificates.

    The file holds terms and numbers alone; 'infodyn recheck' and 'python -m theory.kernel' prove it again without any
    search. Exit code 1 if a statement is refuted (the witness is printed), 3 if one is neither proved nor refuted.
    """
    to_stdout = str(output) == "-"
    claim = registry.find(id)
    if not to_stdout:
        check_writable(output, "cert.json")
    found = certificates.prove(claim, seconds)
    for line in _said(claim, found):
        click.echo(line, err=to_stdout)
    if not found.theorems:
        kept = "" if to_stdout or not output.exists() else "; the old file is kept"
        click.echo(f"infodyn: nothing is proved, so no certificate is written{kept}", err=True)
    else:
        data = json.dumps(found.document(), ensure_ascii=False) + "\n"
        if to_stdout:
            click.echo(data, nl=False)
        else:
            write(output, data)
            click.echo(f"infodyn: wrote {output} ({len(found.theorems)} of {_count(found)} statements)", err=True)
    return 1 if found.witnesses else 3 if found.missing else 0


def _count(found: Proofs) -> int:
    return len(found.theorems) + len(found.witnesses) + len(found.missing)


def _said(claim: Claim, found: Proofs) -> list[str]:
    """What became of every statement, a few lines each."""
    lines = []
    for name, (_, theorem) in found.theorems.items():
        lines += [f"proved     {name}: {text.statement_text(theorem.statement)}", f"  for {scope_of(theorem)}"]
        lines.append(f"  by {found.searches[name]}")
    for name, witness in found.witnesses.items():
        lines.append(f"refuted    {name}: {_statement(claim, name)}")
        lines.append("  " + ", ".join(f"{key} = {value}" for key, value in witness.items()))
    for name, reason in found.missing.items():
        lines += [f"undecided  {name}: {_statement(claim, name)}", f"  {reason}"]
    return lines


def _statement(claim: Claim, name: str) -> str:
    """The statement of this name; the coefficients of a series go by the series."""
    return text.statement_text(claim.statements[name if name in claim.statements else name.rpartition(", ")[0]])
