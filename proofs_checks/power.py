"""The power of simulation: how many paths and seconds tell each false variant of a claim from the true one.

Every statement and every authored mutant is confronted alone, at the share of the family-wise rate that a run gives to
its claim; so the paths counted are those at which a run may decide. Times are of this machine, one process.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from numerics.estimates import digits
from numerics.mixtures import mixture_of
from numerics.schedules import process_of
from numerics.sequential import Outcome
from numerics.simulate import CHUNK
from proofs_checks import judge_paths
from proofs_checks.claim import Claim
from theory.language.statements import Statement
from theory.laws import parse_law
from theory.processes import parse_process

if TYPE_CHECKING:
    from numerics.observables.registry import Range

TRUE, FALSE = "true", "false"


@dataclass(frozen=True)
class Row:
    """What paths said of one statement (``kind`` true) or one false variant of it, and what that took.

    ``outcome``: consistent, refuted, undecided or not-applicable; ``paths`` is 0 where nothing was simulated. ``by``
    tells what decided: the law of the paths, or the statistics.
    """

    claim: str
    name: str
    of: str
    kind: str
    by: str
    outcome: str
    paths: int
    seconds: float
    detail: str

    @property
    def right(self) -> bool | None:
        """Whether the paths decided rightly: accepted what is true, refuted what is false; None if undecided."""
        if self.outcome not in ("consistent", "refuted"):
            return None
        return (self.outcome == "refuted") == (self.kind == FALSE)


@dataclass(frozen=True)
class Sums:
    """What a table comes to; ``quick``: false variants refuted in under a second."""

    true: int
    accepted: int
    wrong: int
    false: int
    refuted: int
    quick: int
    median_seconds: float
    median_paths: int
    most_seconds: float
    most_paths: int


def simulable(claims: Iterable[Claim]) -> list[Claim]:
    """The claims that state a path form."""
    return [claim for claim in claims if claim.simulated]


def measure(claim: Claim, *, seed: int, share: float) -> Iterator[Row]:
    """The rows of one claim: each statement by itself, then each authored mutant by itself."""
    for name, statement in claim.statements.items():
        yield _row(claim, name, name, TRUE, statement, seed, share)
    for mutant in claim.mutants:
        yield _row(claim, mutant.name, mutant.of, FALSE, mutant.statement, seed, share)


def _row(claim: Claim, name: str, of: str, kind: str, statement: Statement, seed: int, share: float) -> Row:
    start = time.perf_counter()
    false = (name,) if kind == FALSE else ()
    found = judge_paths.read(claim, {name: statement}, seed=seed, share=share, false=false)[name]
    seconds = time.perf_counter() - start
    outcome, law = found.outcome, found.law.name or f"{found.law.K} components in {found.law.D} dimensions"
    paths = int(outcome.figures.get("paths", "0"))
    return Row(claim.id, name, of, kind, law if paths else "", outcome.outcome, paths, seconds, outcome.detail)


TWO_DELTAS = "deltas(-1: 1/2, 1: 1/2)"
THREE = "mixture(3/10: N(-2, 9/400), 9/20: N(1/2, 9/100), 1/4: N(2, 1/25))"
RANGES = {TWO_DELTAS: (2.0, 0.5), THREE: (20.0, 0.1)}
"""The laws of the experiments, and the noise levels (edm, so that g differs from g^2) between which paths run."""
TESTED = 1 << 22
"""Most paths of an experiment."""
BUDGETS = tuple(CHUNK * 4**k for k in range(5))
"""A false variant gets more paths only if fewer do not refute it; the error rate is split over these."""


def experiments(*, seed: int, share: float) -> Iterator[Row]:
    """Every experiment that has false variants: as stated, then each variant, on two deltas."""
    from numerics.observables.registry import AS_STATED, EXPERIMENTS, decide_experiment, experiment

    at = _range(TWO_DELTAS)
    for entry in EXPERIMENTS.values():
        for variant in (AS_STATED, *entry.false) if entry.false else ():
            start = time.perf_counter()
            kind = TRUE if variant == AS_STATED else FALSE
            thing = experiment(entry.name, at, variant)
            for most in (TESTED,) if kind == TRUE else BUDGETS:
                record = decide_experiment(thing, seed=seed, share=share / len(BUDGETS), max_paths=most)
                if record.refuted:
                    break
            seconds = time.perf_counter() - start
            refuting = [line for line in record.lines if line.outcome is Outcome.REFUTED]
            undecided = next((line for line in record.lines if line.reason), None)
            detail = f"{undecided.statement}: {undecided.reason}" if undecided else ""
            paths = max(line.paths for line in record.lines) if not refuting else min(line.paths for line in refuting)
            yield Row(f"experiment: {entry.name}", variant, entry.name, kind, record.refuted[0] if refuting else "",
                      _OUTCOME[record.outcome], paths, seconds, detail)  # fmt: skip


_OUTCOME = {Outcome.EQUIVALENT: "consistent", Outcome.REFUTED: "refuted", Outcome.UNDECIDED: "undecided"}


def dynamics(*, seed: int, share: float) -> Iterator[Row]:
    """The reverse SDE of three components with a wrong drift: a row for each wrong drift, with what refutes it."""
    from numerics.observables.battery import GROSS, SLIGHT, battery, refuting

    at = _range(THREE)
    for claimed in (*GROSS, SLIGHT):
        trial = battery(at.data, at.process, at.first, at.last, claimed)
        start = time.perf_counter()
        records = trial.run(seed=seed, share=share)
        seconds = time.perf_counter() - start
        by = refuting(records)
        paths = max(line.paths for r in records for line in r.lines)
        said = f"{len(by)} statistic{'s' * (len(by) != 1)}: {', '.join(by)}" if by else ""
        yield Row("reverse SDE", claimed.name, "drift", FALSE, said, "refuted" if by else "undecided", paths, seconds,
                  "" if by else "no statistic refutes it")  # fmt: skip


def _range(law: str) -> Range:
    """The law with its process and noise levels, as experiments take them."""
    from numerics.observables.registry import Range

    return Range(mixture_of(parse_law(law)), process_of(parse_process("edm")), *RANGES[law])


def sums(rows: Sequence[Row]) -> Sums:
    """The counts over the rows that were simulated."""
    simulated = [r for r in rows if r.paths]
    true, false = ([r for r in simulated if r.kind == kind] for kind in (TRUE, FALSE))
    refuted = [r for r in false if r.right]
    seconds, paths = [r.seconds for r in refuted] or [0.0], [r.paths for r in refuted] or [0]
    return Sums(
        len(true), sum(r.right is True for r in true), sum(r.right is False for r in true), len(false), len(refuted),
        sum(r.seconds < 1 for r in refuted), median(seconds), int(median(paths)), max(seconds), max(paths),
    )  # fmt: skip


def exit_code(rows: Sequence[Row]) -> int:
    """1 if a true statement was refuted, 3 if anything that was simulated is not decided rightly, else 0."""
    if any(r.kind == TRUE and r.right is False for r in rows):
        return 1
    return 3 if any(r.paths and not r.right for r in rows) else 0


def to_json(rows: Sequence[Row], seed: int, share: float) -> dict[str, Any]:
    """The table as data; numbers as decimal strings."""
    told = [{**asdict(r), "seconds": digits(r.seconds, 3), "right": r.right} for r in rows]
    summary = {k: v if isinstance(v, int) else digits(v, 3) for k, v in asdict(sums(rows)).items()}
    return {"version": 1, "seed": seed, "share": digits(share), "summary": summary, "rows": told}
