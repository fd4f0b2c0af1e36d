"""Simulated paths against diffrax, torchsde and naive NumPy: path-steps a second, and error at equal time.

``make bench``, or ``python benchmarks/simulation.py [--quick]``; the peers come with ``pip install -e '.[bench]'`` (on
a machine without a GPU take torch from its CPU wheels), and one that is not there is said. Everything runs in one
process on one thread, in turn; processor times, the best of several repeats. *Steps* are path-steps of the reverse SDE
to sigma = 0.1 (two atoms: 0.5); a ratio to the normals is to the rate at which the generator alone delivers them.
*Errors* are root mean squares over independent runs, relative, of E|s|^2 at the end, against quadrature; plain Euler is
naive NumPy in log sigma with the best of several step counts. Two processes are timed by the wall clock.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from simulation_peers import diffrax_run, missing, naive_euler, naive_score, squared_score, torchsde_run  # isort: skip

import numpy as np
from rich.console import Console
from rich.table import Table

from numerics.estimates import control_weights, controlled
from numerics.functionals import SquaredScore
from numerics.mixtures import Mixture
from numerics.observables import controls
from numerics.observables.along import Along
from numerics.observables.observable import Reader
from numerics.observables.walks import localised
from numerics.schedules import VE_PROCESS
from numerics.sde.clocks import LogSigma
from numerics.sde.fused import FusedPosterior
from numerics.sde.fused_walks import WeakNoise, euler_walk, one_evaluation_walk
from numerics.sde.grids import information_grid, log_sigma, uniform
from numerics.sde.noise import coarsened, draws
from numerics.sde.problems import Clocked, Localised, ReverseSDE
from numerics.sde.quasi import sobol_noises
from numerics.sde.schemes import EULER_MARUYAMA, SRA_1
from numerics.streams import stream
from numerics.transfer import average


def line(weights, means, sds):
    return Mixture(tuple(weights), tuple((float(m),) for m in means), tuple(((float(s) ** 2,),) for s in sds))


def eight():
    means = np.random.default_rng(1).standard_normal((8, 8))
    cov = tuple(tuple(0.04 * (i == j) for j in range(8)) for i in range(8))
    return Mixture((0.125,) * 8, tuple(map(tuple, means.tolist())), (cov,) * 8)


TWO, MIX3, EIGHT = line((0.5, 0.5), (-1, 1), (0, 0)), line((0.3, 0.45, 0.25), (-2, 0.5, 2), (0.15, 0.3, 0.2)), eight()
LAWS = {"mix3": (MIX3, 100.0, 16384), "two atoms": (TWO, 4.0, 16384), "8-D": (EIGHT, 100.0, 4096)}
"""Law, signal-to-noise ratio at the end, paths in a chunk."""
FIRST = {MIX3: 20.0, TWO: 10.0, EIGHT: 20.0}
"""Noise level at which steps of log sigma begin."""
VE = LogSigma(VE_PROCESS)


def rng_of(name, run=0):
    return stream(0, "benchmark", name, run)


def finish(walk):
    *_, (_, state) = walk
    return state


def entries(law, options, absent):
    """name: (order, function, path-steps of a call) of everything that is timed on one law."""
    data, last, n = LAWS[law]
    N, D = 64 if options.quick else 200, data.D
    zero, sigma, rng = np.zeros((n, D)), 1 / math.sqrt(last), rng_of("throughput")
    anderson, localised = Clocked(ReverseSDE(VE_PROCESS, data), VE), Localised(data)
    logs, plain = log_sigma(FIRST[data], sigma, N), uniform(0.0, last, N)
    buffer, few, bits = np.empty((D, n)), max(N // 8, 8), WeakNoise(rng)

    def normals():
        for _ in range(N):
            rng.standard_normal(out=buffer)

    def schemes():
        for _ in EULER_MARUYAMA.walk(localised, plain, zero, draws("W", plain, n, D, rng)):
            pass

    def second(noise):
        return finish(one_evaluation_walk(localised, plain, zero, noise, (N,)))

    out = {
        "normals alone": (0, normals, n * N),
        "Euler, log sigma": (1, lambda: finish(euler_walk(anderson, logs, zero, rng, (N,))), n * N),
        "Euler, localised": (1, lambda: finish(euler_walk(localised, plain, zero, rng, (N,))), n * N),
        "one evaluation": (2, lambda: second(rng), n * N),
        "one evaluation, weak noise": (2, lambda: second(bits), n * N),
        "Euler, unfused": (1, schemes, n * N),
        "naive NumPy Euler": (1, lambda: naive_euler(data, FIRST[data], sigma, few, n, 0), n * few),
    }
    if "diffrax" not in absent:
        for solver, order in (("Euler", 1), ("SRA1", 2)):
            for lean in (False, True):
                run = diffrax_run(data, solver, lean, last, N, n)
                out[f"diffrax {solver}, {'lean' if lean else 'softmax'}"] = (order, run, n * N)
    if "torchsde" not in absent:
        for method, order in (("euler", 1), ("srk", 2)):
            run = torchsde_run(data, method, last, few, n)
            out[f"torchsde {method}"] = (order, run, n * few)
    return out


def throughput(console, options, absent):
    """Table one."""
    table = Table(
        "law", "what", "order", "M steps/s", "of the normals", "one evaluation is", "with weak noise",
        title="Path-steps per second of one core; ratios to the normals in pairs (median)",
    )  # fmt: skip
    for law in LAWS:
        todo = entries(law, options, absent)
        best, shares = dict.fromkeys(todo, math.inf), {name: [] for name in todo}
        normals = todo["normals alone"]
        for repeat in range(options.repeats):
            for name, (_, run, steps) in todo.items():
                if repeat >= 3 and best[name] > 1e-7:
                    continue  # slow peers: three repeats
                spent = []
                for f, count in (normals[1:], (run, steps), normals[1:]):
                    start = time.process_time()
                    f()
                    spent.append((time.process_time() - start) / count)
                best[name] = min(best[name], spent[1])
                shares[name].append((spent[0] + spent[2]) / 2 / spent[1])
        for name, (order, _, _) in todo.items():
            ratios = [f"x {best[name] / best[ours]:.1f}" for ours in ("one evaluation", "one evaluation, weak noise")]
            if order == 0 or name.startswith("one"):
                ratios = ["", ""]
            share = f"{statistics.median(shares[name]):.0%}" if order else ""
            table.add_row(law, name, str(order or ""), f"{1e-6 / best[name]:.2f}", share, *ratios)
        table.add_section()
    console.print(table)


class Budget:
    """Processor time to be spent in chunks: another one as long as it is expected to fit."""

    def __init__(self, seconds):
        self.start, self.seconds, self.done = time.process_time(), seconds, 0

    def more(self):
        spent = time.process_time() - self.start
        go = self.done == 0 or spent * (1 + 1 / self.done) <= self.seconds
        self.done += go
        return go


def mean_square(data, y, last):
    pull = FusedPosterior(data).mean(y, last)
    pull *= last
    pull -= y
    return float((pull * pull).mean())


def plain_euler(data, last, steps, seconds, run):
    """E|s|^2 by naive Euler within a budget."""
    sigma, score, values, budget = 1 / math.sqrt(last), naive_score(data), [], Budget(seconds)
    while budget.more():
        x = naive_euler(data, FIRST[data], sigma, steps, 4096, 1000 * run + budget.done)
        values.append(float((score(x, sigma) ** 2).mean()))
    return statistics.fmean(values)


def weak(data, last, steps, seconds, run):
    """The same with bits in place of normals."""
    return sampled(data, last, steps, seconds, run, WeakNoise(rng_of("weak", run)))


def sampled(data, last, steps, seconds, run, noise=None):
    """E|s|^2 by the one-evaluation rule."""
    grid, values, budget = information_grid(data, last, steps), [], Budget(seconds)
    noise = noise or rng_of("sampled", run)
    start = np.zeros((16384, 1))
    while budget.more():
        state = finish(one_evaluation_walk(Localised(data), grid, start, noise, (steps,)))
        values.append(mean_square(data, state, last))
    return statistics.fmean(values)


def quasi(data, last, steps, seconds, run):
    """From scrambled Sobol points, with a Richardson step against half as many steps on the same paths."""
    grid, values, budget, rng = information_grid(data, last, steps), [], Budget(seconds), rng_of("quasi", run)
    start, coarse = np.zeros((1 << (17 if seconds >= 1 else 15), 1)), grid.coarser(2)
    while budget.more():
        noises = sobol_noises("W,sign", grid, len(start), 1, rng)
        fine = mean_square(data, finish(one_evaluation_walk(Localised(data), grid, start, noises, (steps,))), last)
        noises = coarsened("W,sign", noises, grid, 2)
        half = mean_square(
            data, finish(one_evaluation_walk(Localised(data), coarse, start, noises, (steps // 2,))), last
        )
        values.append(fine + (fine - half) / 3)
    return statistics.fmean(values)


def guided(data, last, steps, seconds, run):
    """By SRA1 on nested grids with guided controls; their tables and the pilot count as time."""
    controls._tables.cache_clear()
    budget, rng, values = Budget(seconds), rng_of("guided", run), []
    grid, score = information_grid(data, last, steps), SquaredScore()
    reader = Reader(
        localised(data, grid, SRA_1, levels=2), (Along(score),), (0.0,),
        (controls.Displacement(), controls.Guided(score, data, grid.nodes)),
    )  # fmt: skip
    pilot = reader.observe((0,), 16384, rng)
    weights = control_weights(pilot.values, pilot.controls)
    while budget.more():
        seen = reader.observe((0,), 16384, rng)
        values.append(float(controlled(seen.values, seen.controls, weights).mean()))
    return statistics.fmean(values)


METHODS = (
    ("one evaluation, 32 steps", sampled, 32),
    ("one evaluation, 64 steps", sampled, 64),
    ("one evaluation, weak noise, 64 steps", weak, 64),
    ("one evaluation, Sobol points, Richardson from 16 and 32 steps", quasi, 32),
    ("SRA1, guided controls, Richardson from 32 and 64 steps", guided, 64),
)


def errors(console, options):
    """Table two."""
    T, runs = (0.25, 6) if options.quick else (1.0, 16)
    table = Table(
        "law",
        "method",
        "error",
        "plain Euler is",
        title=f"Relative error of E|s|^2 after {T:g} s of one core; {runs} runs",
    )
    for law in ("two atoms", "mix3"):
        data, last, _ = LAWS[law]
        truth = squared_score(data, last)

        def rms(method, steps, data=data, last=last, truth=truth):
            return math.sqrt(
                statistics.fmean((method(data, last, steps, T, run) / truth - 1) ** 2 for run in range(runs))
            )

        sampled(data, last, 64, 0.0, 0)  # grids are made once
        scanned = {steps: rms(plain_euler, steps) for steps in (128, 256, 512, 1024)}
        best = min(scanned, key=scanned.get)
        table.add_row(
            law, f"plain Euler, {best} steps (the best of {', '.join(map(str, scanned))})", f"{scanned[best]:.1e}", ""
        )
        for name, method, steps in METHODS:
            error = rms(method, steps)
            table.add_row(law, name, f"{error:.1e}", f"x {scanned[best] / error:.1f}")
        start = time.process_time()
        found = average(SquaredScore(), data, last, tolerance=1e-6)
        spent = time.process_time() - start
        error = max(abs(found.value / truth - 1), 1e-12)
        table.add_row(
            law,
            f"transfer operator ({spent:.2f} s; states {found.error / truth:.0e})",
            f"{error:.1e}",
            f"x {scanned[best] / error:.0f}",
        )
        table.add_section()
    console.print(table)


def work(chunk):
    """What a process does."""
    data, last, n = LAWS["mix3"]
    grid = information_grid(data, last, 64)
    state = finish(one_evaluation_walk(Localised(data), grid, np.zeros((n, 1)), rng_of("processes", chunk), (64,)))
    return mean_square(data, state, last)


def processes(console, options):
    """Wall clock of one process and two."""
    chunks, found, times = 32 if options.quick else 160, [], {1: [], 2: []}
    pools = {jobs: ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) for jobs in times}
    for jobs, pool in pools.items():
        list(pool.map(work, range(4 * jobs)))  # started, with their grids
    for _ in range(3):
        for jobs, pool in pools.items():
            start = time.perf_counter()
            found.append(list(pool.map(work, range(chunks))))
            times[jobs].append(time.perf_counter() - start)
    for pool in pools.values():
        pool.shutdown()
    same = all(values == found[0] for values in found)
    ratio = min(times[1]) / min(times[2])
    console.print(f"two processes are {ratio:.2f} x one ({os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}); "
                  f"results {'are the same bits' if same else 'DIFFER'}")  # fmt: skip


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer steps, smaller budgets")
    parser.add_argument("--repeats", type=int, help="of every timing (9; with --quick 4)")
    options = parser.parse_args()
    options.repeats = options.repeats or (4 if options.quick else 9)
    console = Console(width=150)
    absent = missing("diffrax", "torchsde")
    if absent:
        console.print(f"not installed, hence left out: {', '.join(absent)} (pip install -e '.[bench]')")
    throughput(console, options, absent)
    errors(console, options)
    processes(console, options)


if __name__ == "__main__":
    main()
