"""A quantity over 200 noise levels in float64: ``infodyn.sweep`` against a loop over ``scipy.integrate.quad``.

``make bench``, or ``OPENBLAS_NUM_THREADS=1 python benchmarks/sweep.py [--quick] [--pairs 300]``. The peer is what one
writes down first: the density as a sum of Gaussians, quad over twelve standard deviations beyond the means, split at
the means; the bandwidth from the Fisher information as (1/sigma^2 - J)/2. Processor times of one thread, best of three,
in turn. Errors are against rigorous values of 18 digits at a selection of the levels. A second table holds the errors
that ``sweep`` states against the true ones, on random mixtures, quantities and levels.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import statistics
import time
import warnings
from fractions import Fraction

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.integrate import quad

import infodyn as idn
from theory.laws import parse_law

TEN = "deltas(" + ", ".join(f"{i * i - 30}/8: {1 + i % 3}/19" for i in range(10)) + ")"
LAWS = {"T1": "T1", "T3": "T3", "K = 10": TEN}
NUMBERS = ("entropy", "bandwidth", "class-entropy", "variance-phi-class")


def naive(quantity, law, sigma):
    """One number by scipy, as a researcher would write it."""
    parts = parse_law(law).components
    w, m, S = (np.array([float(v) for v in column]) for column in
               zip(*((c.weight, c.mean[0], c.cov[0][0]) for c in parts), strict=True))  # fmt: skip
    v = S + sigma**2

    def density(x):
        return w * np.exp(-((x - m) ** 2) / (2 * v)) / np.sqrt(2 * np.pi * v)

    def entropy(x):
        p = density(x).sum()
        return -p * math.log(p) if p > 0 else 0.0

    def fisher(x):
        u = density(x)
        p = u.sum()
        return float((u * (x - m) / v).sum() ** 2 / p) if p > 0 else 0.0

    def labels(power):
        def f(x):
            u = density(x)
            p = u.sum()
            r = u[u > 0] / p if p > 0 else np.ones(1)
            return float(p * (r * (-np.log(r)) ** power).sum())

        return f

    reach = 12 * math.sqrt(v.max())
    span = m.min() - reach, m.max() + reach

    def integral(f):
        return quad(f, *span, points=np.unique(m), limit=500)[0]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if quantity == "entropy":
            return integral(entropy)
        if quantity == "bandwidth":
            return (1 / sigma**2 - integral(fisher)) / 2
        first = integral(labels(1))
        return first if quantity == "class-entropy" else integral(labels(2)) - first**2


def worst(quantity, law, levels, values):
    """The largest relative error at a selection of the levels."""
    errors = []
    for i in range(0, len(levels), max(1, len(levels) // 12)):
        truth = idn.value(quantity, law, "ve", at=f"sigma={Fraction(float(levels[i]))}", digits=18)
        errors.append(float(abs(Fraction(float(values[i])) / Fraction(truth.value) - 1)))
    return max(errors)


def sweeps(console, count):
    """Times and errors of sweeps."""
    table = Table("law", "quantity", "scipy", "sweep", "ratio", "error: scipy", "error: sweep", "stated",
                  title=f"{count} noise levels, sigma = 1/10 .. 5 (geometric); worst relative errors")  # fmt: skip
    levels, ratios = np.geomspace(0.1, 5, count), []
    for name, law in LAWS.items():
        for quantity in NUMBERS:
            times = [math.inf, math.inf]
            for repeat in range(3):
                start = time.process_time()
                mine = idn.sweep(quantity, law, "ve", levels)
                times[1] = min(times[1], time.process_time() - start)
                if repeat == 0 or times[0] < 2:
                    start = time.process_time()
                    theirs = [naive(quantity, law, s) for s in levels]
                    times[0] = min(times[0], time.process_time() - start)
            ratios.append(times[0] / times[1])
            stated = float(np.max(mine.errors / np.abs(mine.values)))
            table.add_row(
                name,
                quantity,
                f"{times[0] * 1e3:.0f} ms",
                f"{times[1] * 1e3:.0f} ms",
                f"{ratios[-1]:.1f}",
                *(f"{worst(quantity, law, levels, v):.0e}" for v in (theirs, mine.values)),
                f"{stated:.0e}",
            )
    console.print(table)
    console.print(f"scipy / sweep: median {statistics.median(ratios):.1f}, from {min(ratios):.1f} to {max(ratios):.1f}")


def random_pair(rng):
    """A quantity, a mixture on the line and a level, at random."""
    K = rng.choice([2, 2, 2, 3, 3, 4, 5, 8, 12])
    span = 10 ** rng.uniform(-1.5, 1)
    places = [Fraction(round(rng.uniform(-span, span) * 1000), 1000) + Fraction(i, 997) for i in range(K)]
    raw = [max(1, int(10 ** rng.uniform(0, rng.choice([1, 6])))) for _ in range(K)]
    weights, kind = [Fraction(n, sum(raw)) for n in raw], rng.choice(["atoms", "shared", "unequal"])
    spreads = [Fraction(round(10 ** rng.uniform(-2, 0.7) * 1000) + 1, 1000) for _ in range(K)]
    parts = zip(weights, places, spreads, strict=True)
    text = "deltas(" + ", ".join(f"{m}: {w}" for w, m, _ in parts) + ")" if kind == "atoms" else "mixture(" + ", ".join(
        f"{w}: N({m}, {spreads[0] if kind == 'shared' else S})" for w, m, S in parts) + ")"  # fmt: skip
    quantity = rng.choice(QUANTITIES)
    if quantity in ("variance-phi", "variance-h") and kind != "atoms":
        quantity += "-class"
    sigma = Fraction(round(10 ** rng.uniform(math.log10(1 / 50), math.log10(50)) * 1000) + 1, 1000)
    return quantity, text, sigma


QUANTITIES = (
    "entropy", "conditional-entropy", "class-entropy", "mutual-information", "fisher-information", "mmse", "varentropy",
    "variance-phi", "variance-h", "variance-phi-class", "variance-h-class", "entropy-rate", "bandwidth",
    "class-entropy-rate",
)  # fmt: skip


def statement(console, count, seed):
    """How the errors stated compare with the true ones."""
    rng, true, stated, shares, small = random.Random(seed), [], [], [], 0
    while len(true) < count:
        quantity, law, sigma = random_pair(rng)
        process, level = rng.choice([("ve", sigma), ("ve", sigma), ("vp(1/10, 20)", sigma / 51)])
        mine = idn.sweep(quantity, law, process, [level])
        if abs(mine.values[0]) < 1e-290:
            continue  # underflow, and stated as such
        truth = Fraction(idn.value(quantity, law, process, at=f"sigma={level}", digits=18).value)
        error = abs(Fraction(float(mine.values[0])) - truth)
        true.append(float(error / abs(truth)))
        stated.append(float(mine.errors[0]) / abs(float(truth)))
        shares.append(float(error / Fraction(float(mine.errors[0]))))
        small += shares[-1] > 1
    rows = (("true error, relative", true), ("stated error, relative", stated), ("true / stated", shares))
    table = Table("", "median", "99 %", "worst", title=f"{count} random laws, quantities and levels")
    for name, numbers in rows:
        ordered = sorted(numbers)
        table.add_row(
            name, *(f"{v:.1e}" for v in (statistics.median(ordered), ordered[int(0.99 * count)], ordered[-1]))
        )
    console.print(table)
    console.print(f"stated errors that were too small: {small} of {count}")


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="40 levels, 100 pairs")
    parser.add_argument("--pairs", type=int, default=500, help="random pairs of the second table (500)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    console = Console(width=150)
    sweeps(console, 40 if options.quick else 200)
    statement(console, 100 if options.quick else options.pairs, options.seed)


if __name__ == "__main__":
    main()
