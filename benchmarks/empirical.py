"""The pass over an empirical law against the peak of matrix products, against broadcasting, and how it scales.

``make bench``, or ``OPENBLAS_NUM_THREADS=1 python benchmarks/empirical.py [--quick]``. Every peer runs in the same
process, interleaved with what it is compared to. Times are processor times of one thread, and the best of many counts:
on a shared machine wall clocks measure the neighbours.
"""

from __future__ import annotations

import argparse
import math
import os
import time
import tracemalloc
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import numpy as np
from rich.console import Console
from rich.table import Table

from numerics.empirical import law_of, value
from numerics.empirical.channel import Channel

RNG = np.random.default_rng(0)
SIDE = 1536


def best(functions: list[Callable[[], object]], repeats: int) -> list[float]:
    """The best processor time of every function, all in turn."""
    times = [math.inf] * len(functions)
    for _ in range(repeats):
        for i, function in enumerate(functions):
            start = time.process_time()
            function()
            times[i] = min(times[i], time.process_time() - start)
    return times


def channel(N, D, sigma=1.0):
    """Clouds with the size of pixels in [0, 1]."""
    return Channel(law_of(RNG.random((N, D))), 1.0, sigma)


def samples(law, count):
    return RNG.integers(law.N, size=count), RNG.standard_normal((count, law.D))


def flops(law, count):
    """Of the two products."""
    return 4.0 * count * law.N * law.D


def broadcasting(law, index, eps):
    """The posterior variance as one writes it down first: an array (n, N, D)."""
    x = law.places[index] + eps
    logs = -((x[:, None, :] - law.places[None]) ** 2).sum(axis=2) / 2
    r = np.exp(logs - logs.max(axis=1, keepdims=True))
    r /= r.sum(axis=1, keepdims=True)
    mean = r @ law.places
    return (r * ((law.places[None] - mean[:, None]) ** 2).sum(axis=2)).sum(axis=1)


def against_the_peak(table, repeats):
    square, out = RNG.standard_normal((SIDE, SIDE)), np.empty((SIDE, SIDE))
    for N, D, count in ((1797, 64, 4096), (2000, 256, 2048), (5000, 784, 512), (200_000, 64, 128)):
        chosen = channel(N, D)
        drawn = samples(chosen.law, count)
        peak, spent = best(
            [lambda: np.matmul(square, square, out=out), lambda drawn=drawn, c=chosen: c.at(*drawn)], repeats
        )
        rate, top = flops(chosen.law, count) / spent / 1e9, 2 * SIDE**3 / peak / 1e9
        figures = f"{rate:.1f} of {top:.1f} Gflop/s"
        table.add_row(f"pass / GEMM peak, N = {N}, D = {D}", f"{rate / top:.2f}", ">= 0.5", figures)


def against_broadcasting(table, repeats):
    chosen = channel(1797, 64)
    small, many = samples(chosen.law, 64), samples(chosen.law, 4096)
    naive, spent = best([lambda: broadcasting(chosen.law, *small), lambda: chosen.at(*many)], repeats)
    per = (naive / 64, spent / 4096)
    figures = f"{per[1] * 1e6:.1f} against {per[0] * 1e6:.0f} us a sample"
    table.add_row("broadcasting / pass, N = 1797, D = 64", f"{per[0] / per[1]:.0f}", "", figures)
    agree = np.abs(broadcasting(chosen.law, *small) - chosen.at(*small).covariance).max()
    table.add_row("largest difference of the two", f"{agree:.1e}", "< 1e-9", "tr Cov(X0|x)")


def memory(table):
    law = law_of(RNG.random((1797, 64)))
    peaks = []
    for count in (1 << 13, 1 << 15, 1 << 17):
        tracemalloc.start()
        value("bandwidth", law, "ve", "sigma=1", samples=count)
        peaks.append(tracemalloc.get_traced_memory()[1] / 2**20)
        tracemalloc.stop()
    figures = ", ".join(f"{p:.1f}" for p in peaks) + " MiB at 2^13, 2^15, 2^17 samples"
    table.add_row("memory at 16 times the samples", f"{peaks[-1] / peaks[0]:.2f}", "1", figures)


def scaling(table, repeats):
    base = channel(2000, 64)
    cases = {
        "samples, x 8": (samples(base.law, 1024), base, samples(base.law, 8192), base, 8),
        "points, x 8": (samples(base.law, 1024), base, samples((more := channel(16000, 64)).law, 1024), more, 8),
        "D, x 8": (samples(base.law, 1024), base, samples((wide := channel(2000, 512)).law, 1024), wide, 8),
    }
    for name, (few, one, many, other, factor) in cases.items():
        first, second = best([lambda f=few, c=one: c.at(*f), lambda m=many, c=other: c.at(*m)], repeats)
        power = math.log(second / first) / math.log(factor)
        figures = f"{first * 1e3:.1f} to {second * 1e3:.1f} ms"
        table.add_row(f"time in {name}", f"{second / first:.1f}", f"<= {factor}", f"{figures}, power {power:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    repeats = 3 if parser.parse_args().quick else 12
    table = Table("ratio", "measured", "target", "figures", title="The pass over an empirical law, float64, one thread")
    against_the_peak(table, repeats)
    against_broadcasting(table, repeats)
    memory(table)
    scaling(table, repeats)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
