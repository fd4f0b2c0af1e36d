"""``infodyn list`` and ``infodyn show``."""

from __future__ import annotations

import json

import click

from infodyn.report import terminal


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write the list as JSON on stdout.")
def list_command(as_json: bool) -> int:
    """List the claims in reading order, with their verdicts in the ledger if there is one."""
    from proofs_checks import ledger, registry

    claims = registry.load()
    if not as_json:
        try:
            known = ledger.read(ledger.default_path())
        except ledger.LedgerError as error:  # the catalogue can be read without it
            click.echo(f"infodyn: {error}", err=True)
            known = None
        terminal.write_catalogue(list(claims.values()), known)
        return 0
    from theory.language.statements import digest
    from theory.typeset import latex, text

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
    return 0


@click.command("show")
@click.argument("id")
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed of simulation and property campaign."
)
@click.option("--fresh", is_flag=True, help="Judge anew; evidence kept from earlier runs is not used.")
@click.option("--json", "as_json", is_flag=True, help="Write everything as JSON on stdout.")
def show_command(id: str, seed: int, fresh: bool, as_json: bool) -> int:
    """Show one claim: statements, derivations, every figure, hypotheses, mutants and neighbours."""
    from proofs_checks import registry, verify
    from proofs_checks.assess import Options
    from proofs_checks.store import open_store

    claim = registry.find(id)
    claims = verify.select([id])
    with terminal.Progress(len(claims)) as progress:
        report = verify.run(claims, Options(seed=seed), store=open_store(), on_done=progress.done)
    found = next((a for a in report.assessments if a.id == claim.id), None)
    if found is None:
        click.echo("infodyn: interrupted", err=True)
        return report.exit_code()
    if as_json:
        from infodyn.report.claim_page import to_json

        click.echo(json.dumps(to_json(claim, found, registry.load()), indent=1, ensure_ascii=False))
    else:
        terminal.write_claim(claim, found, registry.load())
    return report.exit_code()
