"""``infodyn recheck``: certificates proved again by the trusted kernel alone."""

from __future__ import annotations

from pathlib import Path

import click

from theory.kernel.errors import KernelError
from theory.kernel.replay import check_all, load
from theory.typeset import text


@click.command("recheck", epilog="\b\nExample:\n  infodyn recheck cert.json")
@click.argument("certificate", type=click.Path(path_type=Path))
def recheck_command(certificate: Path) -> int:
    """Prove the theorems of CERTIFICATE again: the kernel and the standard library, no search.

    Exit code 1 if it is refused; the step is named.
    """
    try:
        theorems = check_all(load(certificate.read_text(encoding="utf-8")))
    except UnicodeDecodeError as error:
        raise ValueError(f"{certificate} is no text in UTF-8: {error.reason}") from error
    except KernelError as error:
        click.echo(f"refused: {error}", err=True)
        return 1
    for name, theorem in theorems:
        click.echo(f"proved    {name}".rstrip())
        click.echo(f"  {text.statement_text(theorem.statement)}")
        click.echo(f"  for {theorem.scope}")
        for h in theorem.hypotheses:
            by = f" by {h.by}" if h.by else ""
            click.echo(f"  {h.status}: {h.name}, {h.text}{by}")
        for number, step in enumerate(theorem.steps, 1):
            click.echo(f"  step {number}: {step}")
    return 0
