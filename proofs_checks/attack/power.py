"""The power of the search: how many true identities that nobody prepared does it prove?

``python -m proofs_checks.attack.power --count 600 --seed 1 [--jobs 2] [--budget 10] [--json FILE] [--check]`` draws
identities from :mod:`proofs_checks.attack.truths`, settles each without a hint in a worker process, and counts. A true
identity that is refuted is a defect of the generator or of the kernel; the run then ends with 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from proofs_checks.attack.truths import Truth, generate
from proofs_checks.workers import Ended, Limits, Sent, supervise
from theory.search.outcome import BY_DEFINITION, PROVED, REFUTED
from theory.search.settle import settle

BUDGET = 10.0
PATIENCE, MEGABYTES = 6.0, 2048
BROKEN, FALSE = "broken", "not true"
"""The worker ended without an answer; a float check says that the identity itself is wrong."""


@dataclass(frozen=True)
class Finding:
    """What became of one identity. ``seconds`` are by the clock on the wall, ``cpu_seconds`` the worker's own."""

    family: str
    kind: str
    process: str
    law: str
    digest: str
    text: str
    status: str
    detail: str
    seconds: float
    cpu_seconds: float = 0.0

    @property
    def proved(self) -> bool:
        """A certificate was accepted (or the sides say the same thing)."""
        return self.status in (PROVED, BY_DEFINITION)


def found(truth: Truth, status: str, detail: str, seconds: float, cpu_seconds: float = 0.0) -> Finding:
    """A finding about ``truth``."""
    from theory.typeset.text import statement_text

    text, where = statement_text(truth.statement), truth.setting
    return Finding(truth.family, truth.kind, where.process.name, _law(truth), truth.digest, text,
                   status, detail, round(seconds, 4), round(cpu_seconds, 4))  # fmt: skip


def _law(truth: Truth) -> str:
    return truth.setting.law.name or "concrete"


def attempt(truth: Truth, *, budget_seconds: float = BUDGET) -> Finding:
    """Settle one identity, without a hint."""
    start, worked = time.perf_counter(), time.process_time()
    outcome = settle(truth.statement, truth.setting, budget_seconds=budget_seconds)
    spent, work = time.perf_counter() - start, time.process_time() - worked
    detail = outcome.detail if outcome.status not in (PROVED, BY_DEFINITION) else ""
    if outcome.status == REFUTED:
        detail += f": {outcome.witness}"
    return found(truth, outcome.status, detail, spent, work)


def _work(task: Any, send: Callable[[Any], None]) -> None:
    truth, check, budget = task
    if check:
        from proofs_checks.attack.truths_check import check as compare

        seen = compare(truth, plane=False)
        if not seen.holds:
            what = f"the sides differ by {seen.excess:.1e} times what is tolerated, at {seen.places} places"
            send(found(truth, FALSE, what, 0.0))
            return
    send(attempt(truth, budget_seconds=budget))


def measure(
    truths: Sequence[Truth], *, jobs: int = 1, check: bool = False, budget_seconds: float = BUDGET
) -> list[Finding]:
    """A finding for every identity, in order; worker processes with limits of time and memory.

    A search looks at its clock between steps only; six times its budget ends its worker.
    """
    limits = Limits(seconds=PATIENCE * budget_seconds, megabytes=MEGABYTES)
    out: dict[int, Finding] = {}
    for event in supervise([(t, check, budget_seconds) for t in truths], _work, jobs=jobs, limits=limits):
        if isinstance(event, Sent):
            out[event.task] = event.piece
        elif isinstance(event, Ended) and (event.limit or event.error):
            reason = event.limit or event.error
            out[event.task] = found(truths[event.task], BROKEN, reason, event.seconds)
    return [out[number] for number in sorted(out)]


# -- the report ------------------------------------------------------------------------------------------------------
def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value with at least ``share`` of the values at or below it."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, int(-(-share * len(ordered) // 1)) - 1))] if ordered else 0.0


def times(findings: Iterable[Finding], *, cpu: bool = False) -> dict[str, float]:
    """The distribution of the search's times, in seconds (of the processor with ``cpu``)."""
    seconds = [f.cpu_seconds if cpu else f.seconds for f in findings]
    return {"median": quantile(seconds, 0.5), "90%": quantile(seconds, 0.9), "99%": quantile(seconds, 0.99),
            "max": max(seconds, default=0.0)}  # fmt: skip


def summary(findings: Sequence[Finding]) -> dict[str, Any]:
    """Counts by family and status, the share proved, reasons for the rest, and times."""
    by_family: dict[str, Counter[str]] = {}
    for f in findings:
        by_family.setdefault(f.family, Counter())[f.status] += 1
    reasons = Counter(f"{f.status}: {f.detail}" for f in findings if not f.proved)
    return {
        "count": len(findings),
        "proved": sum(f.proved for f in findings),
        "refuted": sum(f.status == REFUTED for f in findings),
        "share": sum(f.proved for f in findings) / max(1, len(findings)),
        "families": {name: dict(counts) for name, counts in by_family.items()},
        "reasons": dict(reasons.most_common()),
        "seconds": times(findings),
        "cpu_seconds": times(findings, cpu=True),
    }


def table(findings: Sequence[Finding]) -> str:
    """The summary as lines of text."""
    told = summary(findings)
    rows = [f"{'family':<12}{'count':>7}{'proved':>8}{'%':>8}{'refuted':>9}{'open':>6}   {'median':>8}{'max':>8}"]
    for name in (*told["families"], "all"):
        some = [f for f in findings if name in (f.family, "all")]
        proved, refuted = sum(f.proved for f in some), sum(f.status == REFUTED for f in some)
        spent = times(some)
        rows.append(f"{name:<12}{len(some):>7}{proved:>8}{100 * proved / len(some):>8.1f}{refuted:>9}"
                    f"{len(some) - proved - refuted:>6}   {spent['median']:>6.3f} s{spent['max']:>6.2f} s")  # fmt: skip
    for label, key in (("times", "seconds"), ("processor", "cpu_seconds")):
        rows.append(f"{label}: " + ", ".join(f"{name} {value:.3f} s" for name, value in told[key].items()))
    rows += [f"{count:>5}  {reason[:150]}" for reason, count in told["reasons"].items()]
    return "\n".join(rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and report; 1 if a true identity was refuted or is not true, else 0."""
    parser = argparse.ArgumentParser(prog="power", description="How many true identities does the search prove?")
    parser.add_argument("--count", type=int, default=600, help="how many identities (default 600)")
    parser.add_argument("--seed", type=int, default=1, help="of the generator (default 1)")
    parser.add_argument("--jobs", type=int, default=1, help="worker processes (default 1)")
    parser.add_argument("--budget", type=float, default=BUDGET, help="seconds for one search (default 10)")
    parser.add_argument("--json", type=Path, help="write every finding to this file")
    parser.add_argument("--check", action="store_true", help="check first in floats that each identity is true")
    chosen = parser.parse_args(argv)
    if chosen.count < 1 or chosen.jobs < 1 or not 0 < chosen.budget < 3600:
        parser.error("--count and --jobs must be at least 1, --budget between 0 and 3600 seconds")
    truths = list(generate(chosen.count, chosen.seed))
    findings = measure(truths, jobs=chosen.jobs, check=chosen.check, budget_seconds=chosen.budget)
    print(table(findings))
    if chosen.json:
        record = {
            "seed": chosen.seed,
            "budget": chosen.budget,
            **summary(findings),
            "findings": [asdict(f) for f in findings],
        }
        try:
            chosen.json.write_text(json.dumps(record, indent=1), encoding="utf-8")
        except OSError as error:
            print(f"{chosen.json} cannot be written: {error.strerror}", file=sys.stderr)
            return 2
    return 1 if any(f.status in (REFUTED, FALSE) for f in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
