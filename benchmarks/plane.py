"""Certified entropies in the plane against a plain float64 trapezoidal rule on the same problem, in one run.

``make bench``, or ``OPENBLAS_NUM_THREADS=1 python benchmarks/plane.py [--quick]``. The peer is numpy with separable
exponentials and a step at which its own error is about 1e-15; it certifies nothing. Times are processor times, the best
of many, in turn.
"""

from __future__ import annotations

import argparse
import math
import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

from fractions import Fraction

import numpy as np
from rich.console import Console
from rich.table import Table

from numerics.balls import midpoint
from numerics.mixtures import mixture_of
from numerics.space import in_space
from theory.language.instances import T5, deltas
from theory.processes import parse_process

FOUR = deltas(
    ((1, 1), Fraction(1, 10)), ((1, -1), Fraction(1, 5)), ((-1, 1), Fraction(3, 10)), ((-1, -1), Fraction(2, 5))
)
THREE = deltas(((0, 0), Fraction(1, 2)), ((2, 0), Fraction(1, 3)), ((Fraction(1, 2), 1), Fraction(1, 6)))
DIGITS = 15


def germ(sigma):
    return parse_process("ve").germ({"sigma": Fraction(sigma)}, order=0)


def separable(law, sigma, step, reach=8.6):
    """H(Xt) of atoms in the plane: exponentials along each axis, one product of matrices."""
    s = float(sigma)
    places = np.array([[float(v) for v in c.mean] for c in law.components])
    weights = np.array([float(c.weight) for c in law.components]) / (2 * math.pi * s * s)
    axes = [np.arange(places[:, i].min() - reach * s, places[:, i].max() + reach * s, step) for i in range(2)]
    first, second = (np.exp(-((axes[i][:, None] - places[:, i]) ** 2) / (2 * s * s)) for i in range(2))
    p = (first * weights) @ second.T
    return -float((p * np.log(p)).sum()) * step * step


def plain(law, level, step, reach=11.0):
    """H(Xt) of any mixture in the plane."""
    noised = mixture_of(law).noised(float(level.alpha), float(level.sigma))
    n = np.arange(-reach, reach, step)
    x = np.stack(np.meshgrid(n, n, indexing="ij"), axis=-1).reshape(-1, 2)
    logs = noised.log_density(x)
    return -float((np.exp(logs) * logs).sum()) * step * step


def best(functions, repeats):
    times = [math.inf] * len(functions)
    for _ in range(repeats):
        for i, function in enumerate(functions):
            start = time.process_time()
            function()
            times[i] = min(times[i], time.process_time() - start)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    repeats = 3 if parser.parse_args().quick else 9
    cases = (
        ("four atoms, sigma = 1/2", FOUR, "1/2", lambda: separable(FOUR, 0.5, 0.05)),
        ("three atoms, sigma = 1/2", THREE, "1/2", lambda: separable(THREE, 0.5, 0.05)),
        ("T5, unequal covariances, sigma = 1", T5, "1", lambda: plain(T5, germ(1), 0.16)),
    )
    table = Table("case", "ratio", "target", "figures", title=f"Certified {DIGITS}-digit entropy / numpy float64")
    for name, law, sigma, peer in cases:
        level = germ(sigma)
        found = in_space("entropy", law, level, DIGITS)
        mine, theirs = best([lambda law=law, level=level: in_space("entropy", law, level, DIGITS), peer], repeats)
        off = abs(float(midpoint(found.value)) - peer())
        figures = f"{mine * 1e3:.0f} ms (radius {float(found.value.rad()):.0e}), {theirs * 1e3:.2f} ms"
        table.add_row(name, f"{mine / theirs:.0f}", "<= 200", f"{figures}; numpy off by {off:.0e}")
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
