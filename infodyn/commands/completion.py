"""``infodyn completion``, and what the shell is offered when it asks. Only light modules are imported here."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, get_completion_class

POINTS = ("log-density", "score", "divergence", "jacobian", "posterior-mean", "posterior-covariance")
NUMBERS = (
    "entropy", "entropy-rate", "conditional-entropy", "bandwidth", "mmse", "fisher-information", "expected-divergence",
)  # fmt: skip
CLOSED_FORMS = ("density", *POINTS, *NUMBERS)
VALUES = (
    *POINTS, *NUMBERS, "mutual-information", "information-rate", "class-entropy", "class-entropy-rate", "varentropy",
    "variance-phi", "variance-h", "variance-phi-class", "variance-h-class",
)  # fmt: skip
SIMULATED = {
    "fisher-information": "E|s|^2", "expected-divergence": "E div s", "entropy": "h(X_t)",
    "conditional-entropy": "H(X_0|X_t) of atoms", "class-entropy": "H(Z|X_t), Z the component",
    "mutual-information": "I(X_0;X_t), half the time integral of the mmse", "mmse": "E tr Cov(X_0|X_t)",
    "varentropy": "Var log p(X_t)", "variance-h": "Var H(X_0|x) of atoms",
    "variance-phi": "Var log P(X_0|X_t) of atoms", "variance-h-class": "Var H(Z|x)",
    "variance-phi-class": "Var log P(Z|X_t)", "path-divergence": "KL of the path laws of --law and --against",
}  # fmt: skip
EXPERIMENTS = {
    "marginals": "moments, score and entropy along the reverse SDE",
    "marginals-Euler": "the same by Euler's scheme in t",
    "marginals-localised": "the same in localisation coordinates",
    "marginals-family": "the same along the member lambda = 1/2", "marginals-flow": "the same along the flow",
    "distribution": "Kolmogorov-Smirnov distance", "kernel-regression": "reverse increments on their claimed mean",
    "calibration": "posterior martingale and committor", "pathwise-entropies": "Phi and h: mean, variance, drift",
    "Ito-identity": "log p along paths, the mean", "Ito-rate": "log p along paths, the rate of the residual",
    "path-divergence": "Girsanov: path and endpoint divergence",
    "entropy-production": "along paths and between the ends",
    "total-fluctuation": "E exp(-entropy produced) = 1", "information-fluctuation": "E w/P(Z|X_t) = 1",
    "commitment": "which branch, when, and kept", "symmetric-point-held": "the flow stays at x = 0",
    "symmetric-point-left": "the reverse SDE leaves x = 0", "precision": "E|s|^2 and path divergence to 1e-3",
}  # fmt: skip
"""Named here because their homes import the numerics; a test compares."""
PROCESSES = {
    "ve": "variance exploding, sigma^2 = t", "edm": "alpha = 1, sigma = t", "vp": "variance preserving, beta = 1",
    "subvp": "alpha as vp, sigma = 1 - alpha^2", "cosine": "the cosine schedule", "flow": "alpha = 1 - t, sigma = t",
}  # fmt: skip

SHELLS = ("bash", "zsh", "fish")
_INSTALL = {
    "bash": "echo 'eval \"$(infodyn completion bash)\"' >> ~/.bashrc",
    "zsh": "echo 'eval \"$(infodyn completion zsh)\"' >> ~/.zshrc",
    "fish": "infodyn completion fish > ~/.config/fish/completions/infodyn.fish",
}


@click.command("completion", epilog="\b\nFor good:\n  " + "\n  ".join(_INSTALL.values()))
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> int:
    """Print the script that completes commands, options, claims, quantities and laws in SHELL."""
    kind = get_completion_class(shell)
    assert kind is not None, "click knows the three shells"
    click.echo(kind(ctx.find_root().command, {}, "infodyn", "_INFODYN_COMPLETE").source())
    return 0


def claims(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of claims, with their titles."""
    from proofs_checks.registry import load

    return [CompletionItem(id, help=c.title) for id, c in load().items() if id.startswith(incomplete)]


def quantities(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of quantities: of ``derive`` those with closed forms, of ``value`` all."""
    names = CLOSED_FORMS if ctx.info_name == "derive" else VALUES
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def simulated(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What can be simulated: quantities and experiments."""
    offered = {**EXPERIMENTS, **SIMULATED}
    return [CompletionItem(name, help=what) for name, what in offered.items() if name.startswith(incomplete)]


def laws(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The standing laws, spelled out beside their names."""
    from theory.laws import STANDING_LAWS
    from theory.typeset.text import law_text

    return [CompletionItem(n, help=law_text(law)) for n, law in STANDING_LAWS.items() if n.startswith(incomplete)]


def processes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Processes that are complete without arguments."""
    return [CompletionItem(n, help=why) for n, why in PROCESSES.items() if n.startswith(incomplete)]


def groups(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The letters of the chapters."""
    from proofs_checks.registry import load

    chapters = {c.group: c.chapter for c in load().values()}
    return [CompletionItem(g, help=title) for g, title in chapters.items() if g.startswith(incomplete.upper())]


def clocks(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The clocks of rates."""
    from theory.language.definitions import CLOCKS

    return [CompletionItem(name) for name in CLOCKS if name.startswith(incomplete)]


def kinds(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Kinds of evidence, after the last comma."""
    from proofs_checks.evidence import Kind

    begun, comma, last = incomplete.rpartition(",")
    return [CompletionItem(begun + comma + kind.value) for kind in Kind if kind.value.startswith(last)]


COMPLETERS = {
    "id": claims, "ids": claims, "quantity": quantities, "law": laws, "process": processes, "group": groups,
    "clock": clocks, "evidence": kinds, "what": simulated, "against": laws,
}  # fmt: skip
"""By the name of a parameter, whichever command it belongs to."""
