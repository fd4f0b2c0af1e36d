"""``infodyn derive``."""

from __future__ import annotations

import json

import click


class AssumptionError(ValueError):
    """An assumption that cannot be read; the message shows how to write one."""


def parse_assumptions(items: tuple[str, ...]) -> dict[str, str]:
    """``mu>0`` and ``S>=0``, separated by commas, as a mapping from symbol to "positive" or "nonnegative"."""
    found = {}
    for item in (part.strip() for text in items for part in text.split(",")):
        name, sign, zero = item.partition(">=") if ">=" in item else item.partition(">")
        if not sign or zero.strip() != "0" or not name.strip().isidentifier():
            raise AssumptionError(f"--assume {item!r}: write 'mu>0' or 'S>=0', several separated by commas")
        found[name.strip()] = "positive" if sign == ">" else "nonnegative"
    return found


@click.command("derive")
@click.argument("quantity")
@click.option("--law", required=True, help="For example 'mixture(1/2: N(-mu, S), 1/2: N(mu, S))'.")
@click.option(
    "--process",
    default="ve",
    show_default=True,
    help="ve, edm, vp, vp(beta=2), vp(1/10, 20), subvp, cosine, flow, ou(theta, g), linear(alpha=.., sigma=..).",
)
@click.option("--assume", multiple=True, metavar="'mu>0'", help="Signs of symbols.")
@click.option(
    "--format", "form", default="text", type=click.Choice(["text", "latex", "sympy", "json"]), show_default=True
)
def derive_command(quantity: str, law: str, process: str, assume: tuple[str, ...], form: str) -> int:
    """Derive the closed form of QUANTITY; the kernel checks it against its definition before it is printed."""
    from infodyn import api
    from theory.laws import free_symbols, parse_law
    from theory.processes import parse_process

    signs, read = parse_assumptions(assume), parse_law(law)
    known = free_symbols(read) | parse_process(process).free_symbols()
    for name in signs:
        if name not in known:
            told = f"its symbols are {', '.join(sorted(known))}" if known else "it has no symbols"
            raise AssumptionError(f"--assume: {name} does not occur in the law or the process ({told})")
    result = api.derive(quantity, read, process, assume=signs)
    if form == "json":
        record = {
            "version": 1, "quantity": quantity, "law": law, "process": process, "kind": result.kind,
            "text": result.text, "latex": result.latex(), "sympy": str(result.sympy), "checked": result.checked,
        }  # fmt: skip
        click.echo(json.dumps(record, indent=1, ensure_ascii=False))
    elif form == "latex":
        click.echo(result.latex())
    elif form == "sympy":
        click.echo(str(result.sympy))
    else:
        click.echo(result.text)
        click.echo(f"[{result.kind}; {result.checked}]", err=True)
    return 0
