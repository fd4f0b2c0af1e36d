"""``infodyn recheck``: certificates proved again by the trusted kernel alone."""

from __future__ import annotations

from pathlib import Path

import click

from theory.kernel.document import AnyTheorem, scope_of
from theory.kernel.errors import KernelError
from theory.kernel.index.hypotheses import ASSUMED
from theory.kernel.replay import because, check_all, law_of, load, read
from theory.typeset import text


@click.command("recheck", epilog="\b\nExample:\n  infodyn recheck cert.json")
@click.argument("certificate", type=click.Path(path_type=Path))
def recheck_command(certificate: Path) -> int:
    """Prove the theorems of CERTIFICATE again: the kernel and the standard library, no search.

    Prints what is proved, for what it holds, what the proof assumes and what it shows on the way. Exit code 1 if the
    certificate is refused; the step is named.
    """
    try:
        theorems = check_all(load(read(certificate)))
    except KernelError as error:
        click.echo(f"refused: {error}", err=True)
        return 1
    for name, theorem in theorems:
        click.echo(f"proved  {name}".rstrip())
        for label, line in _lines(theorem):
            click.echo(f"  {label:<10}{line}")
    return 0


def _lines(theorem: AnyTheorem) -> list[tuple[str, str]]:
    """The labelled lines of a theorem."""
    lines = [("statement", text.statement_text(theorem.statement)), ("holds for", scope_of(theorem))]
    law = law_of(theorem)
    if law is not None:
        lines.append(("where", f"{law.name or 'this law'} is {text.law_text(law)}"))
    lines += [("assumes", f"{h.name}: {h.text}") for h in theorem.hypotheses if h.status == ASSUMED]
    lines += [("shown", f"{h.name}: {h.text}{because(h.by)}") for h in theorem.hypotheses if h.status != ASSUMED]
    return lines + [(f"step {number}", step) for number, step in enumerate(theorem.steps, 1)]
