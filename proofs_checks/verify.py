"""A run: choose claims, assess them on worker processes, compare with the ledger, and give the exit code."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from numerics.path_forms import Integrated, NotApplicable
from proofs_checks import ledger, registry
from proofs_checks.assess import FAMILY_RATE, Assessment, Options, assess, failed
from proofs_checks.claim import Claim
from proofs_checks.verdict import Ruling, Verdict, rule_claim
from theory.language.statements import Located


class NothingSelectedError(ValueError):
    """No claim fits the selection."""


@dataclass(frozen=True)
class Report:
    """The outcome of a run; ``interrupted`` if it was cut short and holds only what was finished."""

    assessments: tuple[Assessment, ...]
    ledger: ledger.Comparison
    seed: int
    seconds: float
    interrupted: bool = False

    def count(self, verdict: Verdict) -> int:
        """How many claims have this verdict."""
        return sum(a.ruling.verdict is verdict for a in self.assessments)

    def exit_code(self, *, lenient: bool = False) -> int:
        """130 interrupted; 4 conflict or internal error; 1 unexpected, survivor or regression; 3 undecided; else 0."""
        if self.interrupted:
            return 130
        if any(a.error or a.ruling.verdict is Verdict.CONFLICT for a in self.assessments):
            return 4
        wrong = {"verified": Verdict.REFUTED, "refuted": Verdict.VERIFIED}
        if any(a.ruling.verdict is wrong[a.expected] for a in self.assessments) or self.ledger.regressions:
            return 1
        if any(m.status == "survived" for a in self.assessments for m in a.mutants):
            return 1
        if self.count(Verdict.UNDECIDED) and not lenient:
            return 3
        return 0

    def to_json(self) -> dict[str, Any]:
        """The whole report, as in the contract of ``verify --json``."""
        statuses = [m.status for a in self.assessments for m in a.mutants]
        return {
            "version": 1,
            "summary": {
                "claims": len(self.assessments), "as_expected": sum(a.as_expected for a in self.assessments),
                "verified": self.count(Verdict.VERIFIED), "refuted": self.count(Verdict.REFUTED),
                "undecided": self.count(Verdict.UNDECIDED), "conflict": self.count(Verdict.CONFLICT),
                "not_assessed": self.count(Verdict.NOT_ASSESSED),
                "mutants": {
                    "total": len(statuses), "refuted": statuses.count("refuted"),
                    "equivalent": statuses.count("equivalent"), "survived": statuses.count("survived"),
                },
                "ledger": {"status": self.ledger.status, "regressions": list(self.ledger.regressions)},
                "seed": self.seed, "seconds": round(self.seconds, 3),
            },
            "claims": [a.to_json() for a in self.assessments],
        }  # fmt: skip


def select(ids: Sequence[str] = (), groups: Iterable[str] = ()) -> list[Claim]:
    """The chosen claims in reading order, with the claims they rest on.

    Raises UnknownClaimError for an unknown id and NothingSelectedError if nothing fits.
    """
    claims = registry.load()
    wanted = {registry.find(id).id for id in ids} or set(claims)
    letters = {letter.upper() for letter in groups}
    if letters:
        wanted = {id for id in wanted if claims[id].group in letters}
    if not wanted:
        raise NothingSelectedError(f"no claim is in group {', '.join(sorted(letters))}")
    pending = list(wanted)
    while pending:
        for need in claims[pending.pop()].needs:
            if need not in wanted:
                wanted.add(need)
                pending.append(need)
    return [claim for id, claim in claims.items() if id in wanted]


def _quiet_worker() -> None:
    """Workers leave Ctrl-C to the parent, and one core is one thread."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def assess_by_id(id: str, options: Options) -> Assessment:
    """The task of one worker; top-level, so that any executor can send it."""
    return assess(registry.find(id), options)


def run(
    claims: Sequence[Claim],
    options: Options,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    ledger_path: Path | None = None,
    on_done: Callable[[Assessment], None] | None = None,
) -> Report:
    """Assess ``claims`` on ``jobs`` processes (or on ``executor``); results do not depend on either.

    A worker that dies costs nothing but time: what it held is assessed again, each claim alone; one that kills its
    worker twice is UNDECIDED with that reason (exit code 4). Ctrl-C returns what was finished, marked as interrupted.
    Raises LedgerError for a ledger that cannot be read, before any work is done.
    """
    start = time.perf_counter()
    options = replace(options, share=FAMILY_RATE / max(1, len(registry.load())))
    known = ledger.read(ledger_path) if ledger_path is not None else None
    done: dict[str, Assessment] = {}

    def keep(assessment: Assessment) -> None:
        done[assessment.id] = assessment
        if on_done is not None:
            on_done(assessment)

    interrupted = False
    try:
        if executor is not None:
            orphans = _assess_on(executor, claims, options, keep)
        else:
            with _Workers(jobs) as pool:
                orphans = _assess_on(pool, claims, options, keep)
        for claim in orphans:
            with _Workers(1) as pool:
                if _assess_on(pool, [claim], options, keep):
                    keep(failed(claim, "its worker process died twice; is there enough memory?"))
    except KeyboardInterrupt:
        interrupted = True
    ordered = _with_needs([done[c.id] for c in claims if c.id in done])
    compared = ledger.compare(known, ordered, list(registry.load()))
    return Report(tuple(ordered), compared, options.seed, time.perf_counter() - start, interrupted)


class _Workers(ProcessPoolExecutor):
    """Worker processes that are ended at once, not waited for, when the run is interrupted."""

    def __init__(self, jobs: int) -> None:
        super().__init__(max_workers=jobs, initializer=_quiet_worker)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            for process in list((self._processes or {}).values()):
                process.terminate()
        self.shutdown(wait=True, cancel_futures=True)


def _assess_on(
    pool: Executor, claims: Sequence[Claim], options: Options, keep: Callable[[Assessment], None]
) -> list[Claim]:
    """Assess ``claims`` on ``pool``; those lost with a dead worker are returned."""
    orphans: list[Claim] = []
    futures: dict[Future[Assessment], Claim] = {}
    for claim in _longest_first(claims):
        try:
            futures[pool.submit(assess_by_id, claim.id, options)] = claim
        except BrokenProcessPool:
            orphans.append(claim)
    for future in as_completed(futures):
        error = future.exception()
        if error is None:
            keep(future.result())
        elif isinstance(error, BrokenProcessPool):
            orphans.append(futures[future])
        else:
            keep(failed(futures[future], f"internal error: {error!r}"))
    return orphans


def _longest_first(claims: Sequence[Claim]) -> list[Claim]:
    """Located and simulated claims take longest; starting them first keeps all workers busy to the end."""

    def cost(claim: Claim) -> int:
        located = sum(isinstance(s, Located) for s in claim.statements.values()) if not claim.is_folklore else 0
        simulated = 6 if isinstance(claim.paths, Integrated) else 0 if isinstance(claim.paths, NotApplicable) else 4
        return len(claim.statements) + 8 * located + simulated

    return sorted(claims, key=cost, reverse=True)


def _with_needs(assessments: list[Assessment]) -> list[Assessment]:
    verdicts = {a.id: a.ruling.verdict for a in assessments}
    result = []
    for a in assessments:
        if a.needs and a.ruling.verdict is Verdict.VERIFIED:
            needs = {id: verdicts.get(id, Verdict.NOT_ASSESSED) for id in a.needs}
            rulings: list[Ruling | None] = [s.ruling for s in a.statements]
            a = replace(a, ruling=rule_claim(rulings, a.mutants, partial=False, needs=needs))
        result.append(a)
    return result
