"""Certified counts of fixed points against uncertified searches on the same problem, in one run.

``make bench``, or ``OPENBLAS_NUM_THREADS=1 python benchmarks/fixed_points.py [--quick]``. In one dimension the peer is
a sign scan of the score on a grid with ``scipy.optimize.brentq`` at every change; in the plane ``scipy.optimize.root``
from many starting points, duplicates removed. Times are processor times of one thread, the best of a few, all in turn.
"""

from __future__ import annotations

import argparse
import math
import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import brentq, root

from numerics.landscape import critical, fixed_points
from theory.laws import parse_law
from theory.processes import parse_at, parse_process

VE = parse_process("ve")
TEN = "deltas(0: 3/40, 1: 1/8, 21/10: 1/20, 3: 1/10, 41/10: 3/20, 5: 1/20, 61/10: 1/8, 7: 1/10, 41/5: 1/8, 93/10: 1/10)"
TEN_SPREAD = (
    "mixture(1/10: N(0, 1/50), 1/10: N(1, 1/20), 1/10: N(21/10, 1/40), 1/10: N(3, 1/30), 1/10: N(41/10, 1/10),"
    " 1/10: N(5, 1/25), 1/10: N(61/10, 1/60), 1/10: N(7, 1/15), 1/10: N(41/5, 1/20), 1/10: N(93/10, 1/50))"
)
KITE = "deltas((0, 0): 1/10, (2, 1/3): 2/5, (1/2, 2): 3/10, (-1, -3/2): 1/5)"
SPREAD = (
    "mixture(1/10: N((0, 0), 1/20), 2/5: N((2, 1/3), [[1/10, 1/30], [1/30, 1/20]]),"
    " 3/10: N((1/2, 2), 1/15), 1/5: N((-1, -3/2), [[1/25, 0], [0, 1/10]]))"
)
SQUARE = "deltas((1, 1): 1/4, (1, -1): 1/4, (-1, 1): 1/4, (-1, -1): 1/4)"


class Score:
    """The score and its Jacobian in float64, (n, D) and (n, D, D)."""

    def __init__(self, law, sigma):
        self.w = np.array([float(c.weight) for c in law.components])
        self.m = np.array([[float(v) for v in c.mean] for c in law.components])
        cov = np.array([[[float(v) for v in row] for row in c.cov] for c in law.components])
        cov = cov + sigma**2 * np.eye(law.D)
        self.P = np.linalg.inv(cov)
        self.logs = np.log(self.w) - np.linalg.slogdet(cov)[1] / 2

    def __call__(self, x):
        d = self.m - x[..., None, :]
        s = np.einsum("kij,...kj->...ki", self.P, d)
        logs = self.logs - (d * s).sum(axis=-1) / 2
        u = np.exp(logs - logs.max(axis=-1, keepdims=True))
        r = u / u.sum(axis=-1, keepdims=True)
        return (r[..., None] * s).sum(axis=-2), r, s

    def jacobian(self, x):
        value, r, s = self(x)
        return np.einsum("k,ki,kj->ij", r, s, s) - np.einsum("k,kij->ij", r, self.P) - np.outer(value, value)


def scan(score, points=2000):
    """Zeros on the line by sign changes on a grid and brentq."""
    x = np.linspace(score.m.min() - 1e-9, score.m.max() + 1e-9, points)
    values = score(x[:, None])[0][:, 0]
    places = np.flatnonzero(np.sign(values[1:]) != np.sign(values[:-1]))
    return [brentq(lambda v: score(np.array([v]))[0][0], x[i], x[i + 1], xtol=1e-15) for i in places]


def multistart(score, starts=200):
    """Zeros in the plane by scipy.optimize.root from random points of the hull, duplicates removed."""
    rng, found = np.random.default_rng(0), []
    for share in rng.dirichlet(np.ones(len(score.w)) / 2, size=starts):
        start = share @ score.m + 0.05 * rng.standard_normal(2)
        answer = root(lambda v: score(v)[0], start, jac=score.jacobian, tol=1e-13)
        if answer.success and not any(np.abs(answer.x - y).max() < 1e-7 for y in found):
            found.append(answer.x)
    return found


def best(functions, repeats):
    """The best processor time and the last result of every function, all in turn."""
    times, results = [math.inf] * len(functions), [None] * len(functions)
    for _ in range(repeats):
        for i, function in enumerate(functions):
            start = time.process_time()
            results[i] = function()
            times[i] = min(times[i], time.process_time() - start)
    return times, results


def against(table, name, text, sigma, peer, repeats):
    law, at = parse_law(text), parse_at(f"sigma={sigma}")
    top, bottom = [*sigma.split("/"), "1"][:2]
    score = Score(law, int(top) / int(bottom))
    times, (ours, theirs) = best([lambda: fixed_points(law, VE, at, digits=20), lambda: peer(score)], repeats)
    count = "not certified" if ours.count is None else ours.count
    figures = f"{times[0] * 1e3:.1f} against {times[1] * 1e3:.1f} ms; {count} certified, {len(theirs)} seen"
    table.add_row(f"{name}, sigma = {sigma}", f"{times[0] / times[1]:.2f}", figures)


def folds(table, repeats):
    for name, text in (("two atoms, w = 4/5", "deltas(-1: 1/5, 1: 4/5)"), ("T3", "T3"), ("T4", "T4")):
        law = parse_law(text)
        (spent,), (found,) = best([lambda law=law: critical(law, VE, digits=20)], repeats)
        state = "complete over all levels" if found.complete and found.whole else "open"
        table.add_row(f"criticals of {name}", "", f"{spent * 1e3:.0f} ms, {len(found.points)} to 20 digits, {state}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    repeats = 2 if parser.parse_args().quick else 5
    table = Table("problem", "certified / scipy", "figures", title="Fixed points, certified to 20 digits")
    for sigma in ("1/2", "1/3", "1/10"):
        against(table, "10 atoms on the line", TEN, sigma, scan, repeats)
    against(table, "10 variances on the line", TEN_SPREAD, "1/5", scan, repeats)
    for sigma in ("1/2", "1/4"):
        against(table, "4 atoms in the plane", KITE, sigma, multistart, repeats)
    against(table, "4 covariances in the plane", SPREAD, "1/4", multistart, repeats)
    against(table, "4 atoms of a square", SQUARE, "1/2", multistart, repeats)
    folds(table, repeats)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
