"""Rigorous numbers of laws on the line against mpmath.quad and scipy.integrate.quad, which guarantee nothing.

``make bench``, or ``OPENBLAS_NUM_THREADS=1 python benchmarks/line.py [--quick] [--long]``. Peers run in the same
process, in turn; times are processor times, medians of interleaved repetitions; what the engine keeps is thrown away
before each. The peer integrates what one writes down first, split at the means; its ends are put where the tails fall
below the digits asked for, which is more help than mpmath gets from most. Gauss-Legendre has its nodes ready. mpmath
is faster with gmpy2, which is not needed here: the title says whether it was there. ``--long``: 1,000 digits.
"""

from __future__ import annotations

import argparse
import importlib
import math
import os
import pkgutil
import resource
import statistics
import subprocess
import sys
import time
from fractions import Fraction

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import mpmath
import numpy as np
from mpmath import mp
from rich.console import Console
from rich.table import Table
from scipy.integrate import quad

import numerics.line
from numerics.balls import midpoint, radius
from numerics.quantities.values import value
from theory.laws import parse_law

HALF = Fraction(1, 2)
LAWS = {
    "K=2": "deltas(-1: 1/2, 1: 1/2)",
    "K=5": "deltas(-3: 1/10, -8/5: 3/10, 1/5: 1/4, 17/10: 1/5, 7/2: 3/20)",
    "K=10": "deltas(" + ", ".join(f"{i * i - 30}/9: {1 + i % 3}/19" for i in range(10)) + ")",
    "T3": "mixture(3/10: N(-1, 1/25), 7/10: N(3/2, 9/25))",
    "K5var": "mixture(1/10: N(-3, 1/25), 3/10: N(-8/5, 1/4), 1/4: N(1/5, 1/100), 1/5: N(17/10, 1), 3/20: N(7/2, 4/25))",
}
SHARED = ("K=2", "K=5", "K=10")
OTHERS = ("mutual-information", "class-entropy", "expected-divergence", "mmse", "varentropy", "variance-phi-class",
          "variance-h-class")  # fmt: skip
LONG = (("entropy", "K=2", HALF), ("bandwidth", "K=2", Fraction(1, 20)), ("fisher-information", "K=10", HALF))


def _kept():
    """What the engine keeps from call to call: caches of functions, and dictionaries."""
    found = []
    for info in pkgutil.iter_modules(numerics.line.__path__, "numerics.line."):
        for name, thing in vars(importlib.import_module(info.name)).items():
            if hasattr(thing, "cache_clear"):
                found.append(thing.cache_clear)
            elif isinstance(thing, dict) and (name == "known_strips" or (name[:1] == "_" != name[1:2])):
                found.append(thing.clear)
    return found


KEPT = _kept()


def forget():
    """Throw it away; microseconds, so it may stand inside what is timed."""
    for clear in KEPT:
        clear()


def certified(quantity, law, sigma, digits):
    forget()
    found = value(quantity, law, "ve", at=f"sigma={sigma}", digits=digits)
    if not (found.complete and found.guarantee == "rigorous"):
        raise SystemExit(f"{quantity}: {found}")
    return found.balls


# -- the peer: mpmath --------------------------------------------------------------------------------------------------
class Peer:
    """The law's density, and the quantities as integrals of what one writes down first."""

    def __init__(self, law, sigma, digits, ctx=mp):
        self.ctx, self.digits = ctx, digits
        rows = [(c.weight, c.mean[0], c.cov[0][0]) for c in law.components]
        self.w, self.m, self.S = (
            [ctx.mpf(v.numerator) / v.denominator for v in row] for row in zip(*rows, strict=True)
        )
        self.s2 = ctx.mpf(sigma.numerator) ** 2 / sigma.denominator**2
        self.v = [S + self.s2 for S in self.S]
        self.c = [w / ctx.sqrt(2 * ctx.pi * v) for w, v in zip(self.w, self.v, strict=True)]
        reach = math.sqrt(2 * math.log(10) * (digits + 3))
        ends = [(float(m) - reach * float(v) ** 0.5, float(m) + reach * float(v) ** 0.5)
                for m, v in zip(self.m, self.v, strict=True)]  # fmt: skip
        self.cuts = [min(e[0] for e in ends), *sorted(self.m), max(e[1] for e in ends)]

    def density(self, x):
        exp = self.ctx.exp
        return [c * exp(-((x - m) ** 2) / (2 * v)) for c, m, v in zip(self.c, self.m, self.v, strict=True)]

    def plogp(self, x):
        p = sum(self.density(x))
        return p * self.ctx.log(p)

    def plogp2(self, x):
        p = sum(self.density(x))
        return p * self.ctx.log(p) ** 2

    def score2(self, x):
        u = self.density(x)
        return sum(a * (x - m) / v for a, m, v in zip(u, self.m, self.v, strict=True)) ** 2 / sum(u)

    def surprise(self, x, power=1, square=1):
        u = self.density(x)
        p, log = sum(u), self.ctx.log
        return p * (sum(a / p * (-log(a / p)) ** power for a in u if a)) ** square

    def spread(self, x):
        u = self.density(x)
        p = sum(u)
        mu = [m + S / v * (x - m) for m, S, v in zip(self.m, self.S, self.v, strict=True)]
        mean = sum(a * b for a, b in zip(u, mu, strict=True)) / p
        return sum(a * (S * self.s2 / v + (b - mean) ** 2) for a, b, S, v in zip(u, mu, self.S, self.v, strict=True))

    def by(self, method, quantity):
        """One quantity at the peer's digits."""
        ctx = self.ctx

        def integral(f):
            return ctx.quad(f, self.cuts, method=method)

        with ctx.workdps(self.digits):
            if quantity == "entropy":
                return -integral(self.plogp)
            if quantity == "mutual-information":
                return -integral(self.plogp) - ctx.log(2 * ctx.pi * ctx.e * self.s2) / 2
            if quantity == "varentropy":
                return integral(self.plogp2) - integral(self.plogp) ** 2
            if quantity == "fisher-information":
                return integral(self.score2)
            if quantity == "expected-divergence":
                return -integral(self.score2)
            if quantity == "class-entropy":
                return integral(self.surprise)
            if quantity == "mmse":
                return integral(self.spread)
            first = integral(self.surprise)
            if quantity == "variance-phi-class":
                return integral(lambda x: self.surprise(x, 2)) - first**2
            return integral(lambda x: self.surprise(x, 1, 2)) - first**2


def in_scipy(law, sigma):
    """The entropy by scipy.integrate.quad, split at the means, asked for all digits that it has."""
    w, m, S = (np.array([float(v) for v in row]) for row in
               zip(*((c.weight, c.mean[0], c.cov[0][0]) for c in law.components), strict=True))  # fmt: skip
    v = S + float(sigma) ** 2
    c = w / np.sqrt(2 * np.pi * v)

    def f(x):
        p = float(c @ np.exp(-((x - m) ** 2) / (2 * v)))
        return -p * math.log(p) if p > 0 else 0.0

    ends = (float((m - 10 * np.sqrt(v)).min()), float((m + 10 * np.sqrt(v)).max()))
    return quad(f, *ends, points=sorted(m), epsabs=1e-15, epsrel=1e-14, limit=200)[0]


# -- times -------------------------------------------------------------------------------------------------------------
def medians(functions, repeats, limit):
    """Medians of the processor times, interleaved; fewer repetitions if a round takes long."""
    times, spent = [[] for _ in functions], 0.0
    while len(times[0]) < repeats and (spent < limit or not times[0]):
        for row, function in zip(times, functions, strict=True):
            start = time.process_time()
            function()
            row.append(time.process_time() - start)
            spent += row[-1]
    return [statistics.median(row) for row in times]


def error(ball, value):
    """Relative error of a peer's value, as text."""
    if not isinstance(value, float):
        sign, mantissa, exponent, _ = value._mpf_
        value = (-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    off = abs(Fraction(value) - midpoint(ball))
    scale = abs(midpoint(ball))
    return f"{float(off / scale):.0e}" if off > radius(ball) else "none"


def headline(table, repeats):
    """30-digit entropy and Fisher information, shared variance."""
    cases = [(name, HALF) for name in SHARED]
    cases += [("K=2", Fraction(s)) for s in ("2", "1", "1/4", "1/10")]
    for quantity in ("entropy", "fisher-information"):
        for name, sigma in cases:
            law = parse_law(LAWS[name])
            with mp.workdps(30):
                peer = Peer(law, sigma, 30)
            answers = [certified(quantity, law, sigma, 36), *(peer.by(m, quantity) for m in METHODS)]
            ours, sinh, legendre = medians(
                [
                    lambda q=quantity, w=law, s=sigma: certified(q, w, s, 30),
                    *(lambda q=quantity, p=peer, m=m: p.by(m, q) for m in METHODS),
                ],
                repeats,
                3.0,
            )
            errors = [error(answers[0], a) for a in answers[1:]]
            table.add_row(
                f"{quantity}, {name}, sigma = {sigma}", f"{ours * 1e3:.2f}", f"{sinh * 1e3:.0f}",
                f"{legendre * 1e3:.0f}", f"{ours / sinh:.3f}", f"{ours / legendre:.3f}", ", ".join(errors),
            )  # fmt: skip


METHODS = ("tanh-sinh", "gauss-legendre")


def others(table, repeats, digits_asked):
    """Every other quantity: ratios by quantity, and the worst case."""
    cases = [*((n, HALF) for n in LAWS), ("K=2", Fraction(1, 10)), ("K=2", Fraction(1, 20)), ("T3", Fraction(1, 20))]
    for quantity in OTHERS:
        found = []
        for name, sigma in cases:
            for digits in digits_asked:
                law = parse_law(LAWS[name])
                with mp.workdps(digits):
                    peer = Peer(law, sigma, digits)
                exact = certified(quantity, law, sigma, digits + 6)
                off = error(exact, peer.by(METHODS[0], quantity))
                ours, theirs = medians(
                    [
                        lambda q=quantity, w=law, s=sigma, d=digits: certified(q, w, s, d),
                        lambda q=quantity, p=peer: p.by(METHODS[0], q),
                    ],
                    repeats,
                    1.0,
                )
                lost = off != "none" and float(off) > 10.0 ** -(digits - 2)
                found.append((ours / theirs, f"{name}, sigma = {sigma}, {digits} digits", lost))
        worst = max(found)
        wrong = sum(lost for _, _, lost in found)
        table.add_row(
            quantity, str(len(found)), f"{statistics.median(r for r, _, _ in found):.3f}", f"{worst[0]:.3f}", worst[1],
            f"{wrong} of {len(found)}",
        )  # fmt: skip


def doubles(table, repeats):
    """The certified 15-digit entropy against scipy."""
    for name in SHARED:
        law = parse_law(LAWS[name])
        exact = certified("entropy", law, HALF, 20)
        ours, theirs = medians(
            [lambda w=law: certified("entropy", w, HALF, 15), lambda w=law: in_scipy(w, HALF)], 3 * repeats, 2.0
        )
        table.add_row(
            name, f"{ours * 1e3:.2f}", f"{theirs * 1e3:.2f}", f"{ours / theirs:.1f}", error(exact, in_scipy(law, HALF))
        )


def one_long(number):
    """In a process of its own: one number to 1,000 digits, its time and the memory that it needs."""
    quantity, name, sigma = LONG[number]
    law = parse_law(LAWS[name])
    certified(quantity, law, sigma, 15)  # everything is imported
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    found = value(quantity, law, "ve", at=f"sigma={sigma}", digits=1000)
    spent = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{spent:.2f} {found.digits} {before / 1024:.1f} {after / 1024:.1f}")


def thousand(table):
    for number, (quantity, name, sigma) in enumerate(LONG):
        run = subprocess.run(
            [sys.executable, __file__, "--one", str(number)], capture_output=True, text=True, check=True
        )
        spent, digits, before, after = run.stdout.split()
        table.add_row(f"{quantity}, {name}, sigma = {sigma}", spent, digits, f"{after} MiB ({before} before it)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, 30 digits alone")
    parser.add_argument("--long", action="store_true", help="1,000 digits alone")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        one_long(options.one)
        return
    console, backend = Console(width=120), f"mpmath {mpmath.__version__}, back-end {mpmath.libmp.BACKEND}"
    repeats = 3 if options.quick else 7
    if not options.long:
        table = Table("certified", "ms", "tanh-sinh, ms", "Gauss-L., ms", "<= 0.06", "<= 0.15", "errors of the peers",
                      title=f"30 digits, shared variance, against mpmath.quad ({backend})")  # fmt: skip
        headline(table, repeats)
        console.print(table)
        table = Table("quantity", "cases", "median, <= 0.5", "worst", "worst case", "peer loses digits",
                      title=f"time over mpmath.quad (tanh-sinh), {backend}")  # fmt: skip
        others(table, repeats, (30,) if options.quick else (15, 30, 50))
        console.print(table)
        table = Table("entropy, 15 digits", "ms", "scipy, ms", "<= 4", "error of scipy")
        doubles(table, repeats)
        console.print(table)
    table = Table("1,000 digits", "s", "digits", "peak memory")
    thousand(table)
    console.print(table)


if __name__ == "__main__":
    main()
