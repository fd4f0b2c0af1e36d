"""``infodyn latex``."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from infodyn.report import latex, terminal
from proofs_checks import verify
from proofs_checks.assess import Options
from proofs_checks.store import open_store


class OutputError(OSError):
    """A file that cannot be written; the message names it and the remedy."""


@click.command("latex")
@click.argument("ids", nargs=-1, metavar="[ID ...]")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE (else stdout).")
@click.option("--no-verdicts", is_flag=True, help="Statements and derivations only: takes seconds.")
@click.option("--jobs", default=None, type=click.IntRange(1), help="Worker processes (default: the number of cores).")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed of the run it reports.")
def latex_command(ids: tuple[str, ...], output: Path | None, no_verdicts: bool, jobs: int | None, seed: int) -> int:
    """Write the theory as a LaTeX document: definitions, statements, derivations line by line, evidence, sources.

    All claims, or those named by ID with the claims they rest on. Compile it with pdflatex, twice.
    """
    if output is not None:
        check_writable(output)
    claims = verify.select(ids)
    assessments = {}
    if not no_verdicts:
        with terminal.Progress(len(claims)) as progress:
            report = verify.run(
                claims, Options(seed=seed), jobs=jobs or os.cpu_count() or 1, on_done=progress.done, store=open_store()
            )
        if report.interrupted:
            click.echo("infodyn: interrupted; nothing was written.", err=True)
            return 130
        assessments = {a.id: a for a in report.assessments}
    text = latex.document(claims, assessments)
    if output is None:
        click.echo(text, nl=False)
    else:
        write(output, text)
        click.echo(f"infodyn: wrote {output}", err=True)
    return 0


def check_writable(path: Path, example: str = "theory.tex") -> None:
    """Refuse a place where no file can be written, before the work is done. Raises OutputError."""
    if path.is_dir():
        raise OutputError(f"{path} is a folder; name a file in it, such as {path / example}")
    if not path.parent.is_dir():
        raise OutputError(f"there is no folder {path.parent}; make it first, or choose another place for {path.name}")
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"the folder {path.parent} cannot be written; choose another place for {path.name}")


def write(path: Path, text: str) -> None:
    """Write ``text`` atomically: the file is the old one or the whole new one. Raises OutputError."""
    check_writable(path)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
