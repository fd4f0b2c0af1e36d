"""The command line: words at the rim, exit codes as documented. Commands are imported when they are called."""

from __future__ import annotations

import difflib
import importlib
import io
import signal
import sys
import traceback
from typing import Any

import click

from infodyn import __version__, quiet

COMMANDS = {
    "verify": "infodyn.commands.verify", "mutants": "infodyn.commands.verify", "list": "infodyn.commands.catalogue",
    "show": "infodyn.commands.catalogue", "value": "infodyn.commands.value", "derive": "infodyn.commands.derive",
    "prove": "infodyn.commands.prove", "recheck": "infodyn.commands.recheck",
    "confront": "infodyn.commands.confront", "latex": "infodyn.commands.latex",
    "fixed-points": "infodyn.commands.fixed_points", "critical": "infodyn.commands.critical",
    "completion": "infodyn.commands.completion", "peaks": "infodyn.commands.peaks",
    "simulate": "infodyn.commands.simulate",
    "power": "infodyn.commands.power",
}  # fmt: skip
HELP = {
    "verify": "Settle claims of the catalogue.", "mutants": "Show the near misses of claims and what refutes them.",
    "peaks": "Find all local extrema over a range of noise levels.",
    "simulate": "Simulate a quantity and hold it against the theory.",
    "list": "List the claims.", "show": "Show one claim with all its evidence.",
    "value": "Compute a quantity with guaranteed digits.", "derive": "Derive a closed form.",
    "prove": "Write the certificates of a claim.", "recheck": "Prove a certificate again, with the kernel alone.",
    "fixed-points": "Count the fixed points of the score with certainty.",
    "critical": "Find bifurcation points with guaranteed digits.",
    "confront": "Hold a claim against data.", "latex": "Write the theory as a LaTeX document.",
    "power": "Show what simulation takes to refute false variants.",
    "completion": "Print the completion script of a shell.",
}  # fmt: skip
EXIT_CODES = """Exit codes: 0 all as expected; 1 an unexpected verdict, a surviving mutant or a regression; 2 usage;
3 something is undecided; 4 conflict or internal error; 5 nothing selected; 130 interrupted."""


def _no_colour(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.color = False


class LazyGroup(click.Group):
    """Loads a command's module only when it is called, so that ``--help`` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None; each takes ``--no-color``, and completes what its parameters name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(
            importlib.import_module(COMMANDS[cmd_name]), f"{cmd_name.replace('-', '_')}_command"
        )
        quiet.end()
        if not any(param.name == "no_color" for param in command.params):
            command.params.append(_colour_option())
        if ctx.resilient_parsing:
            _offer(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a suggestion for a misspelled command."""
        name = click.utils.make_str(args[0])
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            near = difflib.get_close_matches(name, COMMANDS, n=1)
            ctx.fail(f"there is no command {name!r}; " + (f"did you mean {near[0]}?" if near else "see 'infodyn -h'"))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(HELP.items()))


def _colour_option() -> click.Option:
    """``--no-color``, which NO_COLOR in the environment also means."""
    return click.Option(
        ["--no-color"], is_flag=True, expose_value=False, callback=_no_colour, is_eager=True, help="No colours."
    )


def _offer(command: click.Command) -> None:
    """Let the shell complete claims, quantities, laws, .. wherever a parameter of that name occurs."""
    from infodyn.commands.completion import COMPLETERS

    for param in command.params:
        offered = COMPLETERS.get(param.name or "")
        if offered is not None:
            setattr(param, "shell_complete", lambda ctx, text, p=param, f=offered: f(ctx, p, text))  # noqa: B010


@click.group(
    cls=LazyGroup, epilog=EXIT_CODES, invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]}, params=[_colour_option()],
)  # fmt: skip
@click.version_option(__version__, prog_name="infodyn")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """A verifier for the theory of generative diffusion: proof, rigorous numbers, simulation and refutation."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _sentence(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        what = str(error.filename) if error.filename else "the output, or the working folder"
        text = f"{what} cannot be used ({error.strerror}); name another place"
    return text if text.endswith((".", "!", "?")) else text + "."


def _user_errors() -> tuple[type[BaseException], ...]:
    """What a user can cause; imported only when something was raised."""
    from proofs_checks.registry import UnknownClaimError

    return ValueError, OSError, UnknownClaimError


def main(args: list[str] | None = None) -> Any:
    """Run the command line; user errors become one sentence on stderr and exit code 2.

    Every error a user can cause derives from ValueError (a law, a process, a term, a place on the command line) or is
    an OSError (a file) or an UnknownClaimError; anything else is a defect and keeps its traceback, with exit code 4.
    """
    _survive_narrow_encodings()
    try:
        code = cli.main(args=args, prog_name="infodyn", standalone_mode=False)
    except SystemExit:  # of the shell's completion
        raise
    except click.exceptions.Abort:
        click.echo("infodyn: interrupted", err=True)
        sys.exit(130)
    except KeyboardInterrupt:
        click.echo("infodyn: interrupted", err=True)
        sys.exit(128 + signal.SIGINT)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except _user_errors() as error:
        click.echo(f"infodyn: {_sentence(error)}", err=True)
        sys.exit(2)
    except Exception:  # noqa: BLE001 - a defect, whatever it is: 1 would say that a claim failed
        traceback.print_exc()
        sys.exit(4)
    sys.exit(code if isinstance(code, int) else 0)


def _survive_narrow_encodings() -> None:
    """A stream that cannot spell a sign (UTF-8: half of a pair) shows a question mark in its place."""
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if "utf" not in stream.encoding.lower() or stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    main()
