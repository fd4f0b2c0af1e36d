"""Cases in which scipy and mpmath return a wrong digit, claim it, and give no warning: found by search.

    python scripts/silent_failures.py search --count 400    look for cases, write docs/silent_failures.json
    python scripts/silent_failures.py write                 run the kept cases anew, write docs/silent_failures.md

A tool claims what its own error estimate says: ``quad(..)[1]`` of scipy, ``quad(.., error=True)`` of mpmath, carried
through by the triangle inequality where the quantity is made of two integrals. A case counts if no warning was issued
and the error is more than twice the claim (and than 16 units in the last place of the tool's arithmetic). The truth is
infodyn's ball, and the ball must in turn hold the sum of an explicit trapezoidal rule in mpmath at more digits.
Integrands are written with care (sums of exponentials about the largest one): the quadrature is what is tested.
"""

from __future__ import annotations

import argparse
import decimal
import json
import math
import multiprocessing
import random
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import mpmath
import numpy as np
import scipy
from scipy.integrate import quad

from numerics.quantities import value
from numerics.sweeps import sweep
from theory.language.instances import Law, component

DOCS = Path(__file__).resolve().parent.parent / "docs"
DIGITS = {"scipy": 25, 15: 30, 30: 45, 50: 65}
"""Digits of the ball, by the tool's precision."""
SCIPY_CALLS = {
    "quad(f, -inf, inf)": ("line", {}),
    "quad(f, -L, L)": ("range", {}),
    "quad(f, -L, L, points=means)": ("split", {}),
    "quad(f, -L, L, points=means, epsabs=0, epsrel=1e-12, limit=1000)":
        ("split", {"epsabs": 0, "epsrel": 1e-12, "limit": 1000}),
    "quad(f, -inf, inf, epsabs=0, epsrel=1e-12, limit=1000)": ("line", {"epsabs": 0, "epsrel": 1e-12, "limit": 1000}),
}  # fmt: skip
LIMIT = 12.0
"""Seconds that a case of the search may take."""
SPANS = {"line": "[-inf, inf]", "range": "[-L, L]", "split": "[-L, *means, L]"}
QUANTITIES = ("entropy", "fisher-information", "mmse", "bandwidth", "class-entropy", "varentropy", "variance-phi-class")


@dataclass(frozen=True)
class Case:
    """A law (weight, mean, variance as exact texts), a noise level, a quantity, and how a tool is called."""

    law: tuple[tuple[str, str, str], ...]
    sigma: str
    quantity: str
    tool: str
    call: str
    dps: int = 0

    @property
    def parts(self):
        """(weights, means, variances of X_t) as fractions."""
        noise = Fraction(self.sigma) ** 2
        columns = [[Fraction(v) for v in column] for column in zip(*self.law, strict=True)]
        return columns[0], columns[1], [v + noise for v in columns[2]]

    @property
    def exact(self) -> Law:
        """The law of X_0."""
        return Law(tuple(component(Fraction(w), Fraction(m), Fraction(S)) for w, m, S in self.law))

    @property
    def text(self) -> str:
        """The law in infodyn's grammar."""
        if all(S == "0" for _, _, S in self.law):
            return "deltas(" + ", ".join(f"{m}: {w}" for w, m, _ in self.law) + ")"
        return "mixture(" + ", ".join(f"{w}: N({m}, {S})" for w, m, S in self.law) + ")"


@dataclass(frozen=True)
class Outcome:
    """What a tool returned and claimed, and whether it warned."""

    value: mpmath.mpf
    claim: mpmath.mpf
    warned: bool
    seconds: float


# -- integrands, as (number of integrals, function of x giving one of them) --------------------------------------------
def integrands(case: Case, m):
    """The integrands of the case over ``m``: numpy for float64, mpmath for more. Each is p(x) times a term."""
    weights, means, variances = case.parts
    sigma2 = Fraction(case.sigma) ** 2
    number = (lambda q: mpmath.mpf(q.numerator) / q.denominator) if m is mpmath else float
    data = [tuple(map(number, (w, u, v, sigma2 * (v - sigma2) / v, sigma2 / v)))
            for w, u, v in zip(weights, means, variances, strict=True)]  # fmt: skip
    heights = [m.log(w) - m.log(2 * m.pi * v) / 2 for w, _, v, _, _ in data]
    noise2 = number(sigma2)

    def at(x):
        logs = [c - (x - u) ** 2 / (2 * v) for c, (_, u, v, _, _) in zip(heights, data, strict=True)]
        top = max(logs)
        rest = m.log(sum(m.exp(v - top) for v in logs))
        return top + rest, [v - top - rest for v in logs]

    def score(x):
        _, logs = at(x)
        return -sum(m.exp(q) * (x - u) / v for q, (_, u, v, _, _) in zip(logs, data, strict=True))

    def minus_p_log_p(x):
        log_p, _ = at(x)
        return -m.exp(log_p) * log_p

    def p_log_squared(x):
        log_p, _ = at(x)
        return m.exp(log_p) * log_p**2

    def fisher(x):
        return m.exp(at(x)[0]) * score(x) ** 2

    def spread(x):
        log_p, logs = at(x)
        r = [m.exp(q) for q in logs]
        centres = [u + (1 - share) * (x - u) for _, u, _, _, share in data]
        mean = sum(q * c for q, c in zip(r, centres, strict=True))
        inner = sum(q * (part[3] + (c - mean) ** 2) for q, c, part in zip(r, centres, data, strict=True))
        return m.exp(log_p) * inner

    def label(x):
        log_p, logs = at(x)
        return -m.exp(log_p) * sum(m.exp(q) * q for q in logs)

    def label_squared(x):
        log_p, logs = at(x)
        return m.exp(log_p) * sum(m.exp(q) * q**2 for q in logs)

    functions = {
        "entropy": (minus_p_log_p,), "fisher-information": (fisher,), "mmse": (spread,), "bandwidth": (fisher,),
        "class-entropy": (label,), "varentropy": (p_log_squared, minus_p_log_p),
        "variance-phi-class": (label_squared, label),
    }  # fmt: skip

    def combine(numbers, errors):
        if case.quantity == "bandwidth":
            return (1 / noise2 - numbers[0]) / 2, errors[0] / 2
        if len(numbers) == 2:
            return numbers[0] - numbers[1] ** 2, errors[0] + 2 * abs(numbers[1]) * errors[1] + errors[1] ** 2
        return numbers[0], errors[0]

    return functions[case.quantity], combine


def reach(case: Case) -> float:
    """L: every mean and twelve standard deviations beyond it."""
    _, means, variances = case.parts
    return max(abs(float(u)) + 12 * math.sqrt(v) for u, v in zip(means, variances, strict=True))


def called(case: Case) -> Outcome:
    """The tool's answer."""
    start = time.perf_counter()
    _, means, _ = case.parts
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if case.tool == "scipy":
            functions, combine = integrands(case, np)
            kind, options = SCIPY_CALLS[case.call]
            L = reach(case)
            span = (-np.inf, np.inf) if kind == "line" else (-L, L)
            extra = {"points": sorted({float(u) for u in means})} if kind == "split" else {}
            found = [quad(f, *span, **extra, **options) for f in functions]
            number, claim = combine(*zip(*found, strict=True))
            outcome = mpmath.mpf(float(number)), mpmath.mpf(float(claim))
        else:
            with mpmath.workdps(case.dps):
                functions, combine = integrands(case, mpmath)
                method, _, kind = case.call.partition(" ")
                L = mpmath.mpf(math.ceil(reach(case)))
                inner = sorted({mpmath.mpf(u.numerator) / u.denominator for u in means}) if kind == "split" else []
                ends = [-mpmath.inf, mpmath.inf] if kind == "line" else [-L, *inner, L]
                found = [mpmath.quad(f, ends, method=method, error=True) for f in functions]
                outcome = combine(*zip(*found, strict=True))
    return Outcome(*outcome, bool(caught), time.perf_counter() - start)


def tool_unit(case: Case, number) -> mpmath.mpf:
    """16 units in the last place of the result in the tool's arithmetic."""
    return 16 * abs(number) * (mpmath.mpf(2) ** -52 if case.tool == "scipy" else mpmath.mpf(10) ** -case.dps)


def ball_of(case: Case):
    """(centre, radius, texts) of infodyn's ball, relative digits by the tool's precision."""
    digits = DIGITS["scipy" if case.tool == "scipy" else case.dps]
    found = value(case.quantity, case.exact, "ve", f"sigma={case.sigma}", digits=digits)
    if found.guarantee not in ("rigorous", "exact") or not found.complete:
        raise ValueError(f"no rigorous ball of {case}")
    with mpmath.workdps(digits + 20):
        return mpmath.mpf(found.value), mpmath.mpf(found.radius), (found.value, found.radius)


def by_trapezoid(case: Case, digits: int):
    """The quantity by explicit trapezoidal sums at more than ``digits``, the step halved till two agree; or None."""
    _, means, variances = case.parts
    with mpmath.workdps(digits + 40):
        functions, combine = integrands(case, mpmath)
        if case.quantity == "bandwidth":
            functions, _ = integrands(Case(case.law, case.sigma, "mmse", case.tool, case.call, case.dps), mpmath)
        sd = [mpmath.sqrt(mpmath.mpf(v.numerator) / v.denominator) for v in variances]
        centres = [mpmath.mpf(u.numerator) / u.denominator for u in means]
        wide = mpmath.sqrt(2 * mpmath.log(10) * (digits + 45))
        low = min(c - wide * s for c, s in zip(centres, sd, strict=True))
        high = max(c + wide * s for c, s in zip(centres, sd, strict=True))
        h = min(sd) / mpmath.mpf(max(2, digits / 12))
        before = None
        for _ in range(6):
            first, last = int(mpmath.ceil(low / h)), int(mpmath.floor(high / h))
            if last - first > 60_000:
                return None
            live = [
                i * h
                for i in range(first, last + 1)
                if any(abs(i * h - c) < wide * s for c, s in zip(centres, sd, strict=True))
            ]
            sums = [h * mpmath.fsum(f(x) for x in live) for f in functions]
            if case.quantity == "bandwidth":
                total = sums[0] / (2 * mpmath.mpf(Fraction(case.sigma).numerator) ** 4
                                   / Fraction(case.sigma).denominator ** 4)  # fmt: skip
            else:
                total, _ = combine(sums, [mpmath.mpf(0)] * len(sums))
            if before is not None and abs(total - before) <= abs(total) * mpmath.mpf(10) ** -(digits + 3):
                return total
            before, h = total, h / 2
    return None


# -- search ------------------------------------------------------------------------------------------------------------
def random_law(rng: random.Random) -> tuple[tuple[str, str, str], ...]:
    """K <= 12 components: weights down to 1e-6, merged to far apart, atoms, or equal or unequal variances."""
    K = rng.choice([2, 2, 2, 3, 3, 4, 5, 8, 12])
    span = 10 ** rng.uniform(-1, 2)
    means = sorted(Fraction(round(rng.uniform(-span, span) * 100), 100) for _ in range(K))
    means = [u + Fraction(i, 1000) for i, u in enumerate(means)]
    raw = [max(1, int(10 ** rng.uniform(0, rng.choice([0.5, 1, 6])))) for _ in range(K)]
    kind, shared = (
        rng.choice(["atoms", "atoms", "shared", "unequal"]),
        Fraction(max(1, int(10 ** rng.uniform(0, 4))), 10**4),
    )
    spread = {
        "atoms": lambda: Fraction(0), "shared": lambda: shared,
        "unequal": lambda: Fraction(max(1, int(10 ** rng.uniform(0, 5))), 10**4),
    }[kind]  # fmt: skip
    return tuple((str(Fraction(n, sum(raw))), str(u), str(spread())) for n, u in zip(raw, means, strict=True))


def random_case(rng: random.Random) -> Case:
    """A law, level, quantity and call drawn at random."""
    law = random_law(rng)
    sigma = str(Fraction(max(1, round(10 ** rng.uniform(math.log10(1 / 50), math.log10(50)) * 50)), 50))
    quantity = rng.choice(QUANTITIES)
    if quantity in ("bandwidth", "mmse") and rng.random() < 0.5:
        quantity = "entropy"
    if quantity == "bandwidth":
        law = tuple((w, u, "0") for w, u, _ in law)
    if rng.random() < 0.5:
        return Case(law, sigma, quantity, "scipy", rng.choice(list(SCIPY_CALLS)))
    call = f"{rng.choice(['tanh-sinh', 'gauss-legendre'])} {rng.choice(list(SPANS))}"
    return Case(law, sigma, quantity, "mpmath", call, rng.choice([15, 15, 30, 30, 50]))


PAIR = (("1/2", "-1", "0"), ("1/2", "1", "0"))
FAR = (("1/2", "-40", "0"), ("1/2", "40", "0"))
FIVE = (
    ("1/10", "-3", "1/100"),
    ("3/10", "-1", "1/4"),
    ("1/5", "0", "1/25"),
    ("1/4", "3/2", "1/16"),
    ("3/20", "7/2", "4"),
)
KNOWN = (
    *(Case(FAR, "1/100", "entropy", "scipy", call) for call in list(SCIPY_CALLS)[:3]),
    Case(FAR, "1/100", "entropy", "mpmath", "tanh-sinh line", 15),
    Case(FAR, "1/100", "entropy", "mpmath", "tanh-sinh range", 30),
    *(Case(PAIR, "1/10", "entropy", "mpmath", f"{method} split", dps)
      for method in ("tanh-sinh", "gauss-legendre") for dps in (30, 50)),
    *(Case(FIVE, "1/5", "fisher-information", "mpmath", f"{method} line", 30)
      for method in ("tanh-sinh", "gauss-legendre")),
    *(Case(PAIR, sigma, "bandwidth", "scipy", "quad(f, -L, L, points=means)") for sigma in ("1/5", "1/10")),
    *(Case(PAIR, "1/10", "bandwidth", "mpmath", "tanh-sinh split", dps) for dps in (15, 30)),
)  # fmt: skip
"""Cases that were met before the search."""


@dataclass(frozen=True)
class Finding:
    """A failure: the case and what is printed about it, as decimal texts."""

    case: Case
    value: str
    claim: str
    error: str
    centre: str
    radius: str
    right: int
    claimed: int
    category: str
    seconds: float


def judged(case: Case) -> Finding | None:
    """The finding if the tool is silently wrong; None if it is right, warned, or honest."""
    outcome = called(case)
    if case.tool == "scipy" and screened(case, outcome):
        return None
    if outcome.warned or not mpmath.isfinite(outcome.value) or not mpmath.isfinite(outcome.claim):
        return None
    centre, radius, texts = ball_of(case)
    with mpmath.workdps(100):
        error = abs(outcome.value - centre)
        if error <= 2 * outcome.claim + radius or error <= tool_unit(case, centre):
            return None
        scale = max(abs(outcome.value), abs(centre))
        right, claimed = digits_of(error, centre), digits_of(outcome.claim, scale)
        if claimed < 2 or right + (case not in KNOWN) >= claimed:
            return None
        category = "missed" if right < 1 else "cancelled" if is_cancelled(case, centre) else "estimate"
        if category == "estimate" and case.tool == "mpmath" and 2 * right >= case.dps:
            category = "late"
        limit = 17 if case.tool == "scipy" else case.dps
        shown = mpmath.nstr(outcome.value, min(limit, right + 8))
        return Finding(case, shown, mpmath.nstr(outcome.claim, 2), mpmath.nstr(error, 2), *texts, right,
                       min(claimed, limit), category, outcome.seconds)  # fmt: skip


def screened(case: Case, outcome: Outcome) -> bool:
    """The float64 sweep, well within its own error, sees nothing wrong: no ball is needed."""
    quick = sweep(case.quantity, case.exact, "ve", [case.sigma])
    gap = abs(float(outcome.value) - quick.values[0])
    return bool(gap <= 2 * float(outcome.claim) - 4 * quick.errors[0])


def is_cancelled(case: Case, centre) -> bool:
    """The result is a difference of numbers more than a hundred times as large."""
    return case.quantity == "bandwidth" and abs(centre) * 100 < 1 / float(Fraction(case.sigma)) ** 2


def digits_of(error, number) -> int:
    """The n with error about 10^-n |number|."""
    if not number:
        return 0
    return 99 if not error else max(0, math.floor(float(-mpmath.log10(abs(error / number)))))


def confirmed(finding: Finding) -> bool:
    """The ball holds an explicit trapezoidal sum at more digits than the ball has."""
    digits = DIGITS["scipy" if finding.case.tool == "scipy" else finding.case.dps]
    total = by_trapezoid(finding.case, digits)
    if total is None:
        return False
    with mpmath.workdps(digits + 40):
        radius = mpmath.mpf(finding.radius) + abs(total) * mpmath.mpf(10) ** -(digits + 2)
        if abs(total - mpmath.mpf(finding.centre)) > radius:
            print(f"THE BALL AND THE SUM DISAGREE: {finding}: {mpmath.nstr(total, digits)}", file=sys.stderr)
            return False
    return True


def in_child(function: Callable, argument, limit: float):
    """What ``function(argument)`` returns in a fork of its own; None after ``limit`` seconds or if it is refused."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)

    def run() -> None:
        try:
            theirs.send(function(argument))
        except ValueError as error:
            theirs.send(None)
            print(f"skipped: {str(error)[:150]}", file=sys.stderr)

    child = context.Process(target=run, daemon=True)
    child.start()
    theirs.close()
    try:
        return ours.recv() if ours.poll(limit) else None
    except EOFError:
        return None
    finally:
        child.kill()
        child.join()


def search(count: int, seed: int, most: int, tool: str, more: bool) -> None:
    """Different failures among the known cases and ``count`` random ones: one of each call, quantity and category."""
    rng = random.Random(seed)
    kept: list[Finding] = []
    tried = failures = 0
    if more:
        about, kept = load()
        tried, failures = about["calls"], about["failures"]
    drawn = [case for case in (random_case(rng) for _ in range(count)) if tool in ("both", case.tool)]
    queue = [*(() if more else KNOWN), *drawn]
    for case in queue:
        tried += 1
        finding = in_child(judged, case, LIMIT)
        if finding is None:
            continue
        failures += 1
        like = [k for k in kept if (k.case.tool, k.case.call, k.case.dps, k.case.quantity, k.category)
                == (case.tool, case.call, case.dps, case.quantity, finding.category)]  # fmt: skip
        crowded = sum(k.category == finding.category and k.case.tool == case.tool for k in kept) >= most
        if like or (crowded and case not in KNOWN):
            continue
        if not in_child(confirmed, finding, 4 * LIMIT):
            continue
        kept.append(finding)
        print(f"{tried} of {len(queue)}: {failures} failures, kept {len(kept)}: {finding.category} {case.quantity} "
              f"{case.tool} {case.call} {case.dps or ''} error {finding.error} claim {finding.claim}",
              file=sys.stderr, flush=True)  # fmt: skip
        save(kept, tried, failures)
    print(f"{failures} silent failures among {tried} calls", file=sys.stderr)
    save(kept, tried, failures)


# -- the page ----------------------------------------------------------------------------------------------------------
CATEGORIES = {
    "missed": "The value is missed altogether",
    "estimate": "The error estimate is too small",
    "cancelled": "Digits cancel in D/sigma^2 - J, and the estimate does not know",
    "late": "Late digits are wrong at high precision",
}


def load() -> tuple[dict, list[Finding]]:
    """(what is known about the search, its findings)."""
    data = json.loads((DOCS / "silent_failures.json").read_text())
    findings = []
    for entry in data.pop("findings"):
        case = entry.pop("case")
        findings.append(Finding(Case(tuple(map(tuple, case.pop("law"))), **case), **entry))
    return data, findings


def spelled(case: Case) -> str:
    """The call as it is written in Python."""
    if case.tool == "scipy":
        return f"`{case.call}`"
    method, _, kind = case.call.partition(" ")
    other = ", method='gauss-legendre'" if method == "gauss-legendre" else ""
    return f"`mp.quad(f, {SPANS[kind]}{other})`, {case.dps} digits"


def page() -> str:
    """docs/silent_failures.md."""
    about, findings = load()
    laws = list(dict.fromkeys((f.case.text, f.case.sigma) for f in findings))
    lines = [HEAD.format(count=len(findings), **about)]
    for name, title in CATEGORIES.items():
        rows = [f for f in findings if f.category == name]
        if not rows:
            continue
        header = "| law | quantity | call | returned | claimed error | true error | certified |"
        lines += ["", f"## {title}", "", header, "|---|---|---|---|---|---|---|"]
        for f in rows:
            law = laws.index((f.case.text, f.case.sigma)) + 1
            lines.append(f"| {law} | {f.case.quantity} | {spelled(f.case)} | {f.value} | {f.claim} | **{f.error}** "
                         f"| {shortened(f)} |")  # fmt: skip
    lines += ["", "## The laws", "", "Under `ve` (alpha = 1) at the noise level given.", ""]
    lines += [f"{i}. `{text}`, sigma = {sigma}" for i, (text, sigma) in enumerate(laws, 1)]
    return "\n".join(lines) + "\n"


def shortened(finding: Finding) -> str:
    """The certified value, as many digits as tell it from the one returned."""
    context = decimal.Context(prec=finding.right + 6, rounding=decimal.ROUND_DOWN, capitals=0)
    return context.to_sci_string(context.create_decimal(finding.centre)) + "…"


HEAD = """# Wrong digits without a warning

{count} cases in which a general-purpose quadrature returns a wrong digit, states an error estimate that denies it, and
issues no warning, while infodyn's ball holds. They were found by search, among {calls} calls on random mixtures (2 to
12 components, weights down to 1e-6, noise levels 1/50 to 50) and on a few laws known before, of which {failures} failed
in this way. This page is written by `python scripts/silent_failures.py write` from the calls themselves, with
scipy {scipy} and mpmath {mpmath}; `python scripts/silent_failures.py search` looks for others.

How to read it fairly. The *claimed error* is the tool's own: the second number that `scipy.integrate.quad` returns, and
`mpmath.quad(.., error=True)`; for quantities made of two integrals both are carried through. Neither library calls it a
bound, and both are good programs: they sample a function that they know nothing about. A case counts if the true error
is more than twice the claim and more than 16 units in the last place of the arithmetic, and only if no warning was
issued. Integrands are sums of exponentials taken about the largest, so nothing overflows or underflows that matters.
L lies twelve standard deviations beyond the outermost mean. *Certified* is the beginning of infodyn's ball, with 25 to
65 digits; each ball also holds an explicit trapezoidal sum at more digits than it has (mpmath, step halved until two
sums agree). Nats; `bandwidth` is per unit of sigma^2, computed as a researcher would, (1/sigma^2 - J)/2 from the Fisher
information J; `varentropy` and `variance-phi-class` as a second moment less a square."""


def rewritten() -> None:
    """Run the kept cases anew, refuse those that no longer fail, and write the page."""
    about, findings = load()
    fresh = []
    for finding in findings:
        again = judged(finding.case)
        if again is None:
            print(f"no longer a failure: {finding.case}", file=sys.stderr)
        else:
            fresh.append(again)
    save(fresh, about["calls"], about["failures"])
    (DOCS / "silent_failures.md").write_text(page())


def save(findings: list[Finding], calls: int, failures: int) -> None:
    """docs/silent_failures.json."""
    (DOCS / "silent_failures.json").write_text(json.dumps({
        "version": 1, "scipy": scipy.__version__, "mpmath": mpmath.__version__, "calls": calls, "failures": failures,
        "findings": [{**asdict(k), "seconds": round(k.seconds, 3)} for k in findings],
    }, indent=1) + "\n")  # fmt: skip


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    look = commands.add_parser("search")
    look.add_argument("--count", type=int, default=400)
    look.add_argument("--seed", type=int, default=0)
    look.add_argument("--most", type=int, default=6, help="findings of one tool and category that are kept")
    look.add_argument("--tool", choices=["both", "scipy", "mpmath"], default="both")
    look.add_argument("--more", action="store_true", help="add to the cases that are kept already")
    commands.add_parser("write")
    options = parser.parse_args()
    if options.command == "search":
        search(options.count, options.seed, options.most, options.tool, options.more)
    else:
        rewritten()


if __name__ == "__main__":
    main()
