"""``infodyn list`` and ``infodyn show``."""

from __future__ import annotations

import json

import click

from infodyn.report import terminal
from proofs_checks import registry, verify
from proofs_checks.assess import Options
from theory.language.statements import digest
from theory.typeset import latex, text


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write the list as JSON on stdout.")
def list_command(as_json: bool) -> int:
    """List the claims in reading order."""
    claims = registry.load()
    if as_json:
        rows = [
            {
                "id": c.id, "title": c.title, "group": c.group, "chapter": c.chapter, "expected": c.expected,
                "source": str(c.source), "needs": list(c.needs),
                "statements": [
                    {"name": n, "text": text.statement_text(s), "latex": latex.statement_latex(s), "digest": digest(s)}
                    for n, s in c.statements.items()
                ],
            }
            for c in claims.values()
        ]  # fmt: skip
        click.echo(json.dumps({"version": 1, "claims": rows}, indent=1, ensure_ascii=False))
    else:
        terminal.write_catalogue(list(claims.values()))
    return 0


@click.command("show")
@click.argument("id")
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed of simulation and property campaign."
)
def show_command(id: str, seed: int) -> int:
    """Show one claim: statements, hypotheses, proof, every figure, every mutant."""
    claim = registry.find(id)
    with terminal.Progress(1) as progress:
        report = verify.run([claim], Options(seed=seed), on_done=progress.done)
    if report.assessments:
        terminal.write_claim(claim, report.assessments[0])
    return report.exit_code()
