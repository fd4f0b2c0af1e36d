"""The command line: words at the rim, exit codes as documented. Commands are imported when they are called."""

from __future__ import annotations

import importlib
import signal
import sys
from typing import Any

import click

from infodyn import __version__

COMMANDS = {
    "verify": "infodyn.commands.verify", "mutants": "infodyn.commands.verify", "list": "infodyn.commands.catalogue",
    "show": "infodyn.commands.catalogue", "value": "infodyn.commands.value", "derive": "infodyn.commands.derive",
}  # fmt: skip
HELP = {
    "verify": "Settle claims of the catalogue.", "mutants": "Show the near misses of claims and what refutes them.",
    "list": "List the claims.", "show": "Show one claim with all its evidence.",
    "value": "Compute a quantity with guaranteed digits.", "derive": "Derive a closed form.",
}  # fmt: skip
EXIT_CODES = """Exit codes: 0 all as expected; 1 an unexpected verdict, a surviving mutant or a regression; 2 usage;
3 something is undecided; 4 conflict or internal error; 5 nothing selected; 130 interrupted."""


class LazyGroup(click.Group):
    """Loads a command's module only when it is called, so that ``--help`` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(COMMANDS[cmd_name]), f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(HELP.items()))


@click.group(cls=LazyGroup, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="infodyn")
def cli() -> None:
    """A verifier for the theory of generative diffusion: proof, rigorous numbers, simulation and refutation."""


def _sentence(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text if text.endswith((".", "!", "?")) else text + "."


def main(args: list[str] | None = None) -> Any:
    """Run the command line; user errors become one sentence on stderr and exit code 2.

    Every error a user can cause derives from ValueError (a law, a process, a term, a place on the command line) or is
    an OSError (a file) or an UnknownClaimError; anything else is a defect and keeps its traceback, with exit code 4.
    """
    from proofs_checks.registry import UnknownClaimError

    try:
        code = cli.main(args=args, prog_name="infodyn", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        click.echo("infodyn: interrupted", err=True)
        sys.exit(130)
    except KeyboardInterrupt:
        click.echo("infodyn: interrupted", err=True)
        sys.exit(128 + signal.SIGINT)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (ValueError, OSError, UnknownClaimError) as error:
        click.echo(f"infodyn: {_sentence(error)}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
