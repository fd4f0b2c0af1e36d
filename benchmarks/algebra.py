"""Pointwise identities of the field: infodyn's kernels against SymPy, on the same identities in the same run.

``make bench``, or ``python benchmarks/algebra.py [--limit SECONDS] [--quick]``. Every call runs in a child of its own,
forked after the imports: start-up is excluded on both sides, and no cache is warm. SymPy is given the finished
expression (building and differentiating it is not timed, and its cache is cleared afterwards); infodyn is given the
bare statement, and its time includes the search, the exact witness of a false statement, and the replay of the
certificate from JSON text. "warm" is infodyn's best of three further calls, "kernel" the trusted kernel's share of it:
the certificate read from text and proved again. Medians of simplify against each of the three are printed.
Calls below a second are the best of three children. A call is ended at the limit, in seconds of processor time, or at
the memory limit.

p is the normalised density of a mixture with symbolic weights and means: of atoms, or of Gaussians with variances that
are symbols as well. The schedule is symbolic on both sides. Where SymPy works in one or three dimensions with p, q and
f as functions, infodyn's statement is the same identity for every dimension.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import multiprocessing
import resource
import signal
import statistics
import sys
import time
from dataclasses import dataclass
from functools import partial

import sympy
from rich.console import Console
from rich.table import Table
from sympy.core.cache import clear_cache
from sympy.polys.fields import sfield

from theory.kernel.replay import check, load
from theory.language.instances import ANY, DIFFUSION, LINEAR, VE, Setting, deltas, two_modes
from theory.language.instances import mixture as gaussians
from theory.language.notation import (
    FORWARD,
    REVERSE,
    X0,
    Cov,
    D,
    I,
    coord,
    div,
    drift,
    dt,
    grad,
    jac,
    lap,
    normsq,
    symbol,
    tanh,
    tr,
)
from theory.language.notation import a as rate
from theory.language.notation import alpha as alpha_t
from theory.language.notation import f as drift_field
from theory.language.notation import g as noise_level
from theory.language.notation import log as log_of
from theory.language.notation import m as mean
from theory.language.notation import p as density
from theory.language.notation import q as other_density
from theory.language.notation import s as score
from theory.language.notation import sigma as sigma_t
from theory.language.notation import x as point
from theory.language.statements import Eq, Rel
from theory.search.settle import settle

MEMORY, SPREAD = 4 << 30, ", variances"
HALF = sympy.Rational(1, 2)
X = sympy.symbols("x1:4", real=True)
T, MU = sympy.Symbol("t", real=True), sympy.Symbol("mu", positive=True)
ALPHA, SIGMA, G = sympy.symbols("alpha sigma g", positive=True)
A = sympy.Symbol("a", real=True)


@dataclass(frozen=True)
class Identity:
    """One identity: a function that builds SymPy's difference of the sides, and infodyn's statement."""

    name: str
    true: bool
    expression: object
    statement: Rel
    setting: Setting


# -- SymPy's side ------------------------------------------------------------------------------------------------------
def mixture(K, dimension, alpha=ALPHA, sigma=SIGMA, spread=False):
    """The weighted densities N(x; alpha m_k, V_k), V_k, m_k, S_k and the coordinates."""
    weights = sympy.symbols(f"w1:{K + 1}", positive=True)
    places = [sympy.symbols(" ".join(f"m{k}_{i}" for i in range(dimension)), real=True, seq=True) for k in range(K)]
    variances = sympy.symbols(f"S1:{K + 1}", positive=True) if spread else [0] * K
    x, levels, parts = X[:dimension], [], []
    for w, place, S in zip(weights, places, variances, strict=True):
        V = alpha**2 * S + sigma**2
        gap = sum((u - alpha * v) ** 2 for u, v in zip(x, place, strict=True))
        parts.append(w * sympy.exp(-gap / (2 * V)) / (2 * sympy.pi * V) ** sympy.Rational(dimension, 2))
        levels.append(V)
    return parts, levels, places, variances, x


def posterior(K, dimension, spread=False):
    """p, the coordinates, and the posterior means and variances of each coordinate of X0."""
    parts, levels, places, variances, x = mixture(K, dimension, spread=spread)
    p, means, spreads = sum(parts), [], []
    for i, u in enumerate(x):
        first = second = 0
        for part, V, place, S in zip(parts, levels, places, variances, strict=True):
            inner = place[i] + ALPHA * S / V * (u - ALPHA * place[i])
            first += part * inner / p
            second += part * (inner**2 + S * SIGMA**2 / V) / p
        means.append(first)
        spreads.append(second - first**2)
    return p, x, means, spreads


def tweedie_one(K, factor=ALPHA):
    p, (x,), (average,), _ = posterior(K, 1)
    return sympy.diff(sympy.log(p), x) - (factor * average - x) / SIGMA**2


def tweedie_two(K, factor=ALPHA**2, spread=False):
    p, (x,), _, (variance,) = posterior(K, 1, spread)
    return sympy.diff(sympy.log(p), x, 2) - (factor * variance / SIGMA**2 - 1) / SIGMA**2


def tweedie_trace(K, dimension, size):
    p, x, _, spreads = posterior(K, dimension)
    divergence = sum(sympy.diff(sympy.log(p), u, 2) for u in x)
    return divergence - (ALPHA**2 * sum(spreads) / SIGMA**2 - size) / SIGMA**2


def fokker_planck(K, half=HALF, spread=False):
    alpha, sigma = (sympy.Function(name, positive=True)(T) for name in ("alpha", "sigma"))
    parts, *_, (x,) = mixture(K, 1, alpha, sigma, spread)
    p = sum(parts)
    gap = sympy.diff(p, T) + sympy.diff(A * x * p, x) - half * G**2 * sympy.diff(p, x, 2)
    rates = {sympy.diff(alpha, T): A * alpha, sympy.diff(sigma, T): A * sigma + G**2 / (2 * sigma)}
    return gap.subs(rates).subs({alpha: ALPHA, sigma: SIGMA})


def tanh_score(power=2):
    x = X[0]
    p = sum(sympy.exp(-((x - side * MU) ** 2) / (2 * SIGMA**2)) for side in (1, -1))
    return sympy.diff(sympy.log(p), x) - (MU * sympy.tanh(MU * x / SIGMA**power) - x) / SIGMA**2


def functions(dimension):
    x = X[:dimension]
    p, q = (sympy.Function(name, positive=True)(*x, T) for name in "pq")
    f = [sympy.Function(f"f{i}", real=True)(*x, T) for i in range(dimension)]
    return x, p, q, f


def forward_rate(p, f, x):
    """The right side of the Fokker-Planck equation."""
    spread = sum(sympy.diff(p, u, 2) for u in x)
    return G**2 / 2 * spread - sum(sympy.diff(v * p, u) for v, u in zip(f, x, strict=True))


def flux(half=HALF):
    x, p, _, f = functions(1)
    L, (u,), (v,) = sympy.log(p), x, f
    current = v * p * L - G**2 / 2 * sympy.diff(p, u) * (L + 1)
    change = -(L + 1) * forward_rate(p, f, x)
    return change - p * sympy.diff(v, u) - half * G**2 * sympy.diff(p, u) ** 2 / p - sympy.diff(current, u)


def posterior_martingale(swapped=False):
    x, p, q, f = functions(1)
    (u,), (v,) = x, f
    r = p / q if swapped else q / p
    change = sympy.diff(r, T).subs({sympy.diff(h, T): forward_rate(h, f, x) for h in (p, q)})
    pull = v - G**2 * sympy.diff(sympy.log(p), u)
    return -change - pull * sympy.diff(r, u) + G**2 / 2 * sympy.diff(r, u, 2)


def ito(half=HALF):
    x, p, _, f = functions(3)
    L = sympy.log(p)
    change = forward_rate(p, f, x) / p
    slopes = [sympy.diff(L, u) for u in x]
    moved = change + sum(v * w for v, w in zip(f, slopes, strict=True))
    moved += G**2 / 2 * sum(sympy.diff(w, u) for w, u in zip(slopes, x, strict=True))
    divergence = sum(sympy.diff(v, u) for v, u in zip(f, x, strict=True))
    spread = sum(sympy.diff(w, u) for w, u in zip(slopes, x, strict=True))
    return moved + divergence - G**2 * spread - half * G**2 * sum(w**2 for w in slopes)


# -- infodyn's side, and the list --------------------------------------------------------------------------------------
def law(K, dimension, spread=False):
    """Atoms, or Gaussians with isotropic covariances; all parameters are symbols."""
    weights, variances = (tuple(symbol(f"{name}{k}") for k in range(K)) for name in "wS")
    places = [tuple(symbol(f"m{k}_{i}") for i in range(dimension)) for k in range(K)]
    if spread:
        blobs = gaussians(*zip(weights, places, variances, strict=True))
        return Setting(blobs, LINEAR, positive=(*weights, *variances))
    return Setting(deltas(*zip(places, weights, strict=True)), LINEAR, positive=weights)


def identities():
    """Every identity with a false twin."""
    found = []

    def add(name, setting, true, false):
        found.append(Identity(name, True, *true, setting))
        found.append(Identity(f"{name}, false", False, *false, setting))

    cov, s2, g2 = Cov(X0 | point), sigma_t**2, noise_level**2
    mu, u = symbol("mu"), coord(point, 1)
    for K in (2, 3, 4):
        add(f"Tweedie 1, K = {K}", law(K, 1),
            (partial(tweedie_one, K), Eq(score, (alpha_t * mean - point) / s2)),
            (partial(tweedie_one, K, 1), Eq(score, (mean - point) / s2)))  # fmt: skip
    for K, spread in ((2, False), (3, False), (4, False), (2, True), (3, True)):
        add(f"Tweedie 2, K = {K}{SPREAD if spread else ''}", law(K, 1, spread),
            (partial(tweedie_two, K, ALPHA**2, spread), Eq(jac(score), (alpha_t**2 * cov / s2 - I) / s2)),
            (partial(tweedie_two, K, ALPHA, spread), Eq(jac(score), (alpha_t * cov / s2 - I) / s2)))  # fmt: skip
    add("Tweedie 2, trace, D = 2, K = 3", law(3, 2),
        (partial(tweedie_trace, 3, 2, 2), Eq(div(score), (alpha_t**2 * tr(cov) / s2 - D) / s2)),
        (partial(tweedie_trace, 3, 2, 1), Eq(div(score), (alpha_t**2 * tr(cov) / s2 - 1) / s2)))  # fmt: skip
    transport = div(rate * point * density)
    for K, spread in ((2, False), (3, False), (2, True), (3, True)):
        add(f"Fokker-Planck, K = {K}{SPREAD if spread else ''}", law(K, 1, spread),
            (partial(fokker_planck, K, HALF, spread), Eq(dt(density), -transport + g2 / 2 * lap(density))),
            (partial(fokker_planck, K, 1, spread), Eq(dt(density), -transport + g2 * lap(density))))  # fmt: skip
    add("two atoms, tanh", Setting(two_modes(mu), VE, positive=(mu,)),
        (tanh_score, Eq(coord(score, 1), (mu * tanh(mu * u / s2) - u) / s2)),
        (partial(tanh_score, 1), Eq(coord(score, 1), (mu * tanh(mu * u / sigma_t) - u) / s2)))  # fmt: skip
    general, slope = Setting(ANY, DIFFUSION), grad(density)
    L = log_of(density)
    current = density * L * drift_field - g2 / 2 * (L + 1) * slope
    change = dt(-density * L) - density * div(drift_field)
    add("flux of dh/dt", general,
        (flux, Eq(change - g2 / 2 * normsq(slope) / density, div(current))),
        (partial(flux, 1), Eq(change - g2 * normsq(slope) / density, div(current))))  # fmt: skip
    add("posterior martingale", general,
        (posterior_martingale, Eq(drift(other_density / density, REVERSE), 0)),
        (partial(posterior_martingale, True), Eq(drift(density / other_density, REVERSE), 0)))  # fmt: skip
    moved = -div(drift_field) + g2 * div(score)
    add("Ito drift of log p", general,
        (ito, Eq(drift(L, FORWARD), moved + g2 / 2 * normsq(score))),
        (partial(ito, 1), Eq(drift(L, FORWARD), moved + g2 * normsq(score))))  # fmt: skip
    return found


# -- one call, one child -----------------------------------------------------------------------------------------------
def in_child(function, limit):
    """What ``function`` returns in a fresh fork; "time", "memory" or "error" if it does not.

    ``limit``: seconds of processor time; the wall clock may show four times as much.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)

    def run():
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(limit), math.ceil(limit) + 1))
        try:
            theirs.send(function())
        except MemoryError:
            theirs.send("memory")

    child = context.Process(target=run, daemon=True)
    child.start()
    theirs.close()
    try:
        return ours.recv() if ours.poll(4 * limit) else "time"
    except EOFError:
        child.join()
        return "time" if child.exitcode in (-signal.SIGXCPU, -signal.SIGKILL) else "error"
    finally:
        child.kill()
        child.join()


def best(function, limit):
    """:func:`in_child`, thrice where it takes less than a second: (decision, seconds, ..) with the least times."""
    results = [in_child(function, limit)]
    while len(results) < 3 and not isinstance(results[0], str) and results[0][1] < 1:
        results.append(in_child(function, limit))
    found = [result for result in results if not isinstance(result, str)]
    return (found[0][0], *map(min, zip(*(times for _, *times in found), strict=True))) if found else results[0]


def by_simplify(expression):
    return True if sympy.simplify(expression) == 0 else None


def by_cancel(expression):
    return True if sympy.cancel(expression) == 0 else None


def by_equals(expression):
    return expression.equals(0)


def by_fields(expression):
    return True if sfield(expression)[1] == 0 else None


PEERS = {"simplify": by_simplify, "cancel": by_cancel, ".equals(0)": by_equals, "polys.fields": by_fields}


def peer(method, identity):
    """(decision, seconds): True and False are decisions, None is none."""
    expression = identity.expression()
    clear_cache()
    start = time.perf_counter()
    said = method(expression)
    return said, time.perf_counter() - start


def verdict(identity):
    """infodyn's decision: a proof is replayed from JSON text, a refutation has an exact witness."""
    outcome = settle(identity.statement, identity.setting)
    if outcome.status == "proved":
        check(load(json.dumps(outcome.certificate)))
        return True
    return False if outcome.status == "refuted" else None


def ours(identity):
    """(decision, cold seconds, warm seconds, seconds of the kernel alone: infinite where nothing is proved)."""
    spent, kernel = [], [math.inf]
    for _ in range(4):
        start = time.perf_counter()
        said = verdict(identity)
        spent.append(time.perf_counter() - start)
    certificate = settle(identity.statement, identity.setting).certificate
    text = json.dumps(certificate)
    for _ in range(3 if certificate is not None else 0):
        start = time.perf_counter()
        check(load(text))
        kernel.append(time.perf_counter() - start)
    return said, spent[0], min(spent[1:]), min(kernel)


def judged(true, said):
    """right, wrong or undecided."""
    return "undecided" if said is None else "right" if said == true else "WRONG"


def shown(true, result):
    if isinstance(result, str):
        return {"time": "out of time", "memory": "out of memory"}.get(result, result)
    return f"{result[1]:.2f} s {judged(true, result[0])}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=float, default=60.0, help="seconds of processor time a call may take (60)")
    parser.add_argument("--quick", action="store_true", help="a limit of 10 seconds")
    options = parser.parse_args()
    limit = 10.0 if options.quick else options.limit
    title = f"Identities: SymPy {sympy.__version__} against infodyn, cold, limit {limit:g} s"
    table = Table("identity", *PEERS, "infodyn", "warm", "kernel", "simplify / infodyn", title=title)
    against = {"cold": [], "warm": [], "kernel alone": []}
    others, behind, decided, wrong = {name: [] for name in PEERS}, dict.fromkeys(PEERS, 0), 0, 0
    count = identities()
    gc.collect()
    gc.freeze()  # the children share what the imports made; no collection looks at it
    for identity in count:
        results = {name: best(partial(peer, method, identity), limit) for name, method in PEERS.items()}
        mine = best(partial(ours, identity), limit)
        settled = not isinstance(mine, str) and judged(identity.true, mine[0]) == "right"
        decided += settled
        wrong += not isinstance(mine, str) and judged(identity.true, mine[0]) == "WRONG"
        ratio = ""
        for name, result in results.items():
            right = not isinstance(result, str) and judged(identity.true, result[0]) == "right"
            behind[name] += settled and not right
            if settled and right:
                others[name].append(result[1] / mine[1])
            if settled and right and name == "simplify":
                each = [result[1] / seconds for seconds in mine[1:]]
                for column, value in zip(against.values(), each, strict=True):
                    column.append(value)
                ratio = " ".join(f"{value:.0f}" for value in each)
        times = [""] * 3 if isinstance(mine, str) else [f"{t * 1e3:.1f} ms" if t < math.inf else "" for t in mine[1:]]
        said = shown(identity.true, mine) if isinstance(mine, str) else judged(identity.true, mine[0])
        cells = [shown(identity.true, result) for result in results.values()]
        row = (identity.name, *cells, f"{times[0]} {said}", *times[1:], ratio)
        table.add_row(*row)
        print(" | ".join(row), file=sys.stderr, flush=True)
    console = Console(width=170)
    console.print(table)
    for name, ratios in against.items():
        if ratios:
            figures = f"median {statistics.median(ratios):.0f}, from {min(ratios):.0f} to {max(ratios):.0f}"
            console.print(f"simplify / infodyn, {name}, where simplify succeeds ({len(ratios)} identities): {figures}")
    console.print(f"infodyn decides {decided} of {len(count)}, wrongly {wrong}")
    for name, number in behind.items():
        more = f"; median ratio where it succeeds {statistics.median(others[name]):.0f}" if others[name] else ""
        console.print(f"{name}: undecided, wrong or out of bounds where infodyn decides: {number}{more}")


if __name__ == "__main__":
    main()
