"""Certified extrema against ``scipy.optimize.minimize_scalar`` on a ``scipy.integrate.quad`` objective, in one run.

``OPENBLAS_NUM_THREADS=1 python benchmarks/peaks.py [--quick]``. The quantity is Var Phi, followed over a range of
sigma. The peer returns one point; how many digits of it are right, and how many extrema of the range it does not
mention, is read off the certified answer. Times are processor times of one run.
"""

from __future__ import annotations

import argparse
import math
import time

from rich.console import Console
from rich.table import Table
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from numerics.peaks import peaks

CASES = {
    "two equal atoms": ([(-1.0, 0.5), (1.0, 0.5)], (0.2, 12.0)),
    "two atoms, 1 : 4": ([(-1.0, 0.2), (1.0, 0.8)], (0.2, 12.0)),
    "two pairs of atoms": ([(-3.5, 0.25), (-2.5, 0.25), (2.5, 0.25), (3.5, 0.25)], (0.2, 12.0)),
}


def variance_phi(atoms: list[tuple[float, float]], sigma: float) -> float:
    """Var(-log P(X0|Xt)) as a researcher would compute it."""

    def moments(x: float, power: int) -> float:
        logs = [math.log(w) - (x - m) ** 2 / (2 * sigma**2) for m, w in atoms]
        top = max(logs)
        rest = top + math.log(sum(math.exp(v - top) for v in logs))
        return sum(math.exp(v) * (rest - v) ** power for v in logs) / (sigma * math.sqrt(2 * math.pi))

    low, high = min(m for m, _ in atoms) - 12 * sigma, max(m for m, _ in atoms) + 12 * sigma
    options = {"epsabs": 1e-13, "epsrel": 1e-13, "limit": 400, "points": [m for m, _ in atoms]}
    first, second = (quad(moments, low, high, args=(n,), **options)[0] for n in (1, 2))
    return second - first**2


def law(atoms: list[tuple[float, float]]) -> str:
    """The law in the grammar of laws."""
    return "deltas(" + ", ".join(f"{m}: {w}" for m, w in atoms) + ")"


def main() -> None:
    """Print one row a case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the first two cases")
    cases = list(CASES.items())[: 2 if parser.parse_args().quick else None]
    table = Table("Var Phi of", "certified: extrema", "digits", "s", "scipy: extrema", "right digits", "s", "ratio")
    for name, (atoms, (low, high)) in cases:
        start = time.process_time()
        found = peaks("variance-phi", law(atoms), within=f"sigma={low}..{high}", digits=20)
        ours = time.process_time() - start
        start = time.process_time()
        bounds = (math.log(low), math.log(high))
        peer = minimize_scalar(
            lambda y, a=atoms: -variance_phi(a, math.exp(y)), bounds=bounds, method="bounded", options={"xatol": 1e-12}
        )
        theirs = time.process_time() - start
        places = [float(e.levels["sigma"].mid()) for e in found.extrema]
        error = min(abs(math.exp(peer.x) / place - 1) for place in places)
        right = "all" if error == 0 else f"{-math.log10(error):.1f}"
        row = (
            str(len(places)),
            "20",
            f"{ours:.1f}",
            f"1 of {len(places)}",
            right,
            f"{theirs:.1f}",
            f"{ours / theirs:.1f}",
        )
        table.add_row(name, *row)
    Console().print(table)


if __name__ == "__main__":
    main()
