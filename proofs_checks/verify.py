"""A run: choose claims, assess them on worker processes, compare with the ledger, and give the exit code."""

from __future__ import annotations

import functools
import importlib
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numerics.path_forms import Integrated
from numerics.worker_pool import ExecutorError
from proofs_checks import interrupts, ledger, registry, workers
from proofs_checks.assess import FAMILY_RATE, Assessment, Options, find
from proofs_checks.bench import Bench, Task
from proofs_checks.claim import Claim
from proofs_checks.evidence import Kind
from proofs_checks.readings import READINGS, Finding
from proofs_checks.sources import Sources, SourcesError
from proofs_checks.store import Store, claim_digest
from proofs_checks.verdict import Ruling, Verdict, rule_claim
from theory.language.statements import Located


class NothingSelectedError(ValueError):
    """No claim fits the selection."""


class OtherClaimError(ValueError):
    """A claim that is not the one which the catalogue holds under its id; workers would judge the other."""


@dataclass(frozen=True)
class Report:
    """The outcome of a run; ``interrupted`` if it was cut short and holds only what was finished.

    ``readings`` counts the findings that the verdicts rest on, ``damaged`` the kept ones that could not be believed;
    ``troubles`` are sentences about the evidence cache.
    """

    assessments: tuple[Assessment, ...]
    ledger: ledger.Comparison
    seed: int
    seconds: float
    interrupted: bool = False
    readings: int = 0
    damaged: int = 0
    troubles: tuple[str, ...] = ()

    @property
    def reused(self) -> int:
        """How many of the findings were kept from an earlier run."""
        return sum(len(a.reused) for a in self.assessments)

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
                "ledger": {
                    "status": self.ledger.status, "regressions": list(self.ledger.regressions),
                    "new": list(self.ledger.new),
                },
                "seed": self.seed, "seconds": round(self.seconds, 3),
                "reused": {"findings": self.reused, "of": self.readings, "damaged": self.damaged},
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


def find_by_id(task: Task, keep: Callable[[Finding], None] = lambda finding: None) -> dict[Kind, Finding]:
    """The task of one worker to all findings. Top-level: any executor can send it. Raises OtherClaimError."""
    id, options, known, digest = task
    claim = registry.find(id)
    if digest and claim_digest(claim) != digest:
        raise OtherClaimError(f"the catalogue of the worker says something else under {id}")
    return find(claim, options, known, keep)


def find_elsewhere(task: Task) -> tuple[str, dict[Kind, Finding]]:
    """The same on an executor, which may be another machine: (digest of the sources there, findings)."""
    return _sources_here(), find_by_id(task)


@functools.cache
def _sources_here() -> str:
    """The digest of all that any reading runs, or "" if it cannot be told."""
    sources = Sources()
    try:
        digest = sources.digest(*(module for reading in READINGS.values() for module in reading.modules))
    except SourcesError:
        return ""
    return "" if sources.changed() or sources.outdated() else digest


def _work(task: Task, send: Callable[[Finding], None]) -> None:
    find_by_id(task, send)


def run(
    claims: Sequence[Claim],
    options: Options,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    store: Store | None = None,
    ledger_path: Path | None = None,
    on_done: Callable[[Assessment], None] | None = None,
    on_start: Callable[[str], None] | None = None,
) -> Report:
    """Assess ``claims`` on ``jobs`` processes (or on ``executor``); results do not depend on either.

    What ``store`` holds is not judged again, and what is found is kept there. A worker that dies costs nothing but
    time: its claim is assessed again, alone; one that kills its worker twice is UNDECIDED with that reason (exit code
    4). A claim that passes a limit of ``options`` is UNDECIDED with that reason (an executor enforces no limits).
    Ctrl-C returns what was finished, marked as interrupted. Before any work is done it raises LedgerError for a
    ledger that cannot be read, and OtherClaimError for a claim that is not the registered one.
    """
    start = time.perf_counter()
    for claim in claims:
        if registry.find(claim.id) != claim:
            raise OtherClaimError(f"{claim.id} is not the claim registered under that id; register it under its own")
    known = ledger.read(ledger_path) if ledger_path is not None else None
    options = replace(options, share=share_of(len(registry.load())))
    with interrupts.deferred() as interruption:
        bench = Bench(options, store, on_done)
        left = [claim for claim in claims if not bench.recalled(claim)]
        if left and executor is not None:
            _assess_on(executor, left, bench, interruption)
        elif left:
            _assess_here(left, bench, jobs, interruption, on_start)
        if store is not None and left:
            store.prune()
        interruption.answered = True
        ordered = _with_needs([bench.done[c.id] for c in claims if c.id in bench.done])
        compared = ledger.compare(known, ordered, list(registry.load()))
        troubles = store.troubles if store is not None else []
        damaged = store.damaged if store is not None else 0
        return Report(
            tuple(ordered), compared, options.seed, time.perf_counter() - start, interruption.pressed,
            bench.readings(), damaged, (*troubles, *_damage(damaged)),
        )  # fmt: skip


def _damage(records: int) -> list[str]:
    if not records:
        return []
    many = "s were" if records > 1 else " was"
    return [f"{records} damaged record{many} found in the evidence cache, ignored and made anew"]


def share_of(claims: int) -> float:
    """A claim's part of the family-wise error rate; the same while the catalogue grows up to the next power of two."""
    return FAMILY_RATE / max(64, 1 << (claims - 1).bit_length())


def _assess_here(
    claims: Sequence[Claim],
    bench: Bench,
    jobs: int,
    interruption: interrupts.Interruption,
    on_start: Callable[[str], None] | None,
) -> None:
    from numerics.kept_integrals import shared_integrals  # not while a shell asks for completions

    ordered = _longest_first(claims)
    _import_judges(bench.options)  # once here, not once in every worker
    limits = workers.Limits(bench.options.seconds, min(bench.options.megabytes, workers.physical_megabytes()))
    tasks = [bench.task(c) for c in ordered]
    with shared_integrals():
        for event in workers.supervise(tasks, _work, jobs=jobs, limits=limits, stop=lambda: interruption.pressed):
            claim = ordered[event.task]
            if isinstance(event, workers.Begun):
                if on_start is not None:
                    on_start(claim.id)
            elif isinstance(event, workers.Sent):
                bench.keep(claim, event.piece)
            else:
                error = f"{event.error} twice; is there enough memory?" if event.died else event.error
                bench.finish(claim, event.seconds, limit=event.limit, error=error)


def _assess_on(
    executor: Executor, claims: Sequence[Claim], bench: Bench, interruption: interrupts.Interruption
) -> None:
    """The same on an executor of the user. Its tasks are cancelled at Ctrl-C; those that run are not waited for."""
    start = time.perf_counter()
    pending: dict[Future[tuple[str, dict[Kind, Finding]]], Claim] = {}
    _sources_here()  # before threads of an executor may ask for it all at once
    for claim in _longest_first(claims):
        if interruption.pressed:
            break
        try:
            pending[executor.submit(find_elsewhere, bench.task(claim))] = claim
        except BrokenExecutor as error:
            bench.finish(claim, 0.0, error=f"the executor broke down: {error!r}")
    while pending and not interruption.pressed:
        finished, _ = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
        for future in finished:
            claim, broken = pending.pop(future), future.exception()
            if broken is None:
                there, findings = future.result()
                for finding in findings.values():
                    bench.keep(claim, finding, own=bool(there) and there == _sources_here())
            told = str(broken) if isinstance(broken, ExecutorError) else f"internal error: {broken!r}"
            bench.finish(claim, time.perf_counter() - start, error=told if broken is not None else "")
    for future in pending:
        future.cancel()


def _import_judges(options: Options) -> None:
    for kind in options.kinds:
        for module in READINGS[kind].modules:
            importlib.import_module(module)


def _longest_first(claims: Sequence[Claim]) -> list[Claim]:
    """Located and simulated claims take longest; starting them first keeps all workers busy to the end."""

    def cost(claim: Claim) -> int:
        located = sum(isinstance(s, Located) for s in claim.statements.values()) if not claim.is_folklore else 0
        simulated = 6 if any(isinstance(f, Integrated) for f in claim.paths) else 4 if claim.simulated else 0
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
