"""Why small cases prove nothing: a false law of the posterior covariance that holds for D = 1, and for two atoms.

Along the reverse process tr Cov(X0|x) has the drift -g^2 alpha^2/sigma^4 |Cov|^2 (Frobenius norm). With (tr Cov)^2 for
|Cov|^2 the claim is true for D = 1 with every K, and for every D with K <= 2 (a covariance of rank one); it fails from
D = 2, K = 3 on. ``scan`` looks at all pairs in order, with exact residuals.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from proofs_checks.attack.mixtures import LocalMixture
from proofs_checks.attack.oracle import refutes, residual
from proofs_checks.attack.reading import Reader, orders
from proofs_checks.attack.series import Ring
from theory.language.definitions import unfold
from theory.language.notation import REVERSE, X0, Cov, alpha, drift, frobsq, g, sigma, tr, x
from theory.language.statements import Eq, Rel

_C, _RATE = Cov(X0 | x), g**2 * alpha**2 / sigma**4
TRUE_DRIFT = Eq(drift(tr(_C), REVERSE), -_RATE * frobsq(_C))
FALSE_DRIFT = Eq(drift(tr(_C), REVERSE), -_RATE * tr(_C) ** 2)


@dataclass(frozen=True)
class Case:
    """The exact residual lhs - rhs of a scalar field at one instance; ``instance`` says at which."""

    D: int
    K: int
    residual: str
    instance: dict[str, Any]


def scan(statement: Rel = FALSE_DRIFT, seed: int = 0, largest: int = 3) -> list[Case]:
    """The cases D = 1 .. 3, K = 1 .. 3 in order, up to the first at which ``statement`` fails."""
    found: list[Case] = []
    sides = unfold(statement.lhs), unfold(statement.rhs)
    nx, nt = (max(pair) for pair in zip(*map(orders, sides), strict=True))
    for D in range(1, largest + 1):
        for K in range(1, largest + 1):
            model = LocalMixture(Ring(D, nt, nx), "linear", Random(f"{seed}:{D}:{K}"), K, labels=False)
            reader = Reader(model)
            (entry,) = residual(statement, reader, None)
            value = entry.coefficients().get(0, {}).get((), 0)
            found.append(Case(D, K, str(value), model.described()))
            if refutes(statement, reader) is not None:
                return found
    return found


def shown(cases: list[Case]) -> str:
    """The scan as text: one line a case, and the instance of the last one if it is a counterexample."""
    lines = [f"D = {c.D}, K = {c.K}: residual {c.residual}" for c in cases]
    last = cases[-1]
    if last.residual != "0":
        lines.append("first counterexample: X0 has the atoms and posterior weights at x below; all numbers are exact")
        lines.append(f"  x = {last.instance['x']}, {last.instance['schedule']}")
        lines += [
            f"  atom {c['mean']} with posterior weight {c['posterior weight']}" for c in last.instance["components"]
        ]
    return "\n".join(lines)
