"""The soundness attack: thousands of false statements, each with a witness of its own, and none may be accepted.

A run draws candidates, lets the oracle decide which are false, hands every false one with its certificates to the
kernels (``theory.kernel.replay.check``), and a sample to the whole judge (``theory.search.settle.settle``). What is
true, or open to the oracle, is set aside and counted. A run is a function of its seed: batches have streams of their
own and are gathered in order, whatever the number of processes.
"""

from __future__ import annotations

import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import prod
from pathlib import Path
from random import Random
from typing import Any

from proofs_checks.attack.falsehoods import Candidate, Parent, draw
from proofs_checks.attack.inequalities import candidate as inequality
from proofs_checks.attack.oracle import FALSE, OPEN, UNREAD, Witness, judge
from proofs_checks.attack.parents import parents
from proofs_checks.attack.tampering import Certificate, by_definition, forged, honest
from theory.kernel.errors import KernelError
from theory.kernel.replay import check
from theory.language.definitions import unfold
from theory.language.statements import Eq, Rel, digest
from theory.language.terms import Term, TermError

BATCH = 64
ZERO_TESTS = ("the residual does not vanish", "the difference does not cancel")
"""How the kernels say that everything was read and the final zero test failed."""
_FAMILIES = ("mutation",) * 8 + ("rule",) * 5 + ("dimension",) * 4 + ("recombination",) * 3 + ("concrete",) * 2 + (
    "certificate",) * 4 + ("inequality",) * 2 + ("denominator",)  # fmt: skip
_SETTLED = 50
"""One false statement in so many goes to the whole judge."""
_SETTLE_SECONDS = 0.5
_HEAVY = 3000
"""The largest weight of a side (a tenth for inequalities, whose pieces are written out as well): beyond it the kernel
takes seconds, and says nothing new."""


@dataclass(frozen=True)
class Finding:
    """A false statement that was accepted, or a certificate that broke a kernel: everything needed to see it again."""

    what: str
    family: str
    recipe: str
    statement: str
    setting: str
    witness: dict[str, Any]
    certificate: Certificate | None = None


@dataclass
class Tally:
    """What a batch, or a run, counted. ``seen`` holds the digests of the distinct false statements."""

    false: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    discarded: Counter[str] = field(default_factory=Counter)
    witnesses: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    certificates: int = 0
    settled: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


# -- one candidate -----------------------------------------------------------------------------------------------------
def attempts(candidate: Candidate, random: Random, true: Rel | None = None) -> Iterator[tuple[str, Certificate]]:
    """Certificates of a false statement, with what was done to them."""
    for number, certificate in enumerate(honest(candidate.statement, candidate.setting, candidate.links)):
        yield ("parts", "links", "links and parts")[number], certificate
    yield "definition", by_definition(candidate.statement)
    if true is not None:
        for _ in range(2):
            yield forged(candidate.statement, candidate.setting, candidate.links, true, random)


def attack(candidate: Candidate, offers: list[tuple[str, Certificate]], tally: Tally, witness: Witness) -> None:
    """Hand a false statement with its certificates to the kernels; note what they say."""
    family, reached = candidate.family, False
    for what, certificate in offers:
        tally.certificates += 1
        try:
            read = json.loads(json.dumps(certificate))
            check(read)
        except KernelError as error:
            said = str(error)
            reached = reached or any(test in said for test in ZERO_TESTS)
            if what != "definition":
                tally.refusals[_short(said)] += 1
            continue
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, AssertionError) as error:
            tally.findings.append(_finding(f"{what}: {type(error).__name__}: {error}", candidate, witness, certificate))
            tally.accepted["broke"] += 1
            continue
        tally.findings.append(_finding(f"accepted: {what}", candidate, witness, certificate))
        tally.accepted[family] += 1
    tally.reached[family] += reached
    tally.witnesses[witness.kind] += 1


def _short(said: str) -> str:
    words = said.replace("link 1: ", "").replace("step 1, zero: ", "").split("(")[0].split("'")[0].split(":")[0]
    return words.strip()[:60]


def _finding(what: str, candidate: Candidate, witness: Witness, certificate: Certificate | None) -> Finding:
    shown = {"kind": witness.kind, "residual": list(witness.residual), "instance": witness.instance}
    setting = (
        f"{getattr(candidate.setting.law, 'name', '')}, {candidate.setting.process.name}, D = {candidate.setting.D}"
    )
    return Finding(what, candidate.family, candidate.recipe, repr(candidate.statement), setting, shown, certificate)


def falsehood(random: Random, known: tuple[Parent, ...], tally: Tally, seed: str) -> None:
    """Draw one candidate, judge it, and attack with it if it is false."""
    family, true = random.choice(_FAMILIES), None
    offers: list[tuple[str, Certificate]] = []
    try:
        if family == "certificate":
            parent = random.choice(known)
            candidate = replace(draw("mutation", random, (parent,)), family=family)
            true = parent.statement
        elif family == "inequality":
            candidate, offer = inequality(random, known)
            offers = [offer]
        else:
            candidate = draw(family, random, known)
    except (TermError, KernelError):
        tally.discarded[f"{family}: ill-formed"] += 1
        return
    limit = _HEAVY // 10 if family == "inequality" else _HEAVY
    if max(map(weight, (candidate.statement.lhs, candidate.statement.rhs))) > limit:
        tally.discarded[f"{family}: too large"] += 1
        return
    key = digest((candidate.statement, candidate.setting))
    if key in tally.seen:
        tally.discarded[f"{family}: a repetition"] += 1
        return
    judgement = judge(candidate.statement, candidate.setting, seed)
    witness = judgement.witness
    if judgement.verdict == UNREAD and candidate.denominator is not None:
        witness = vanishing(candidate.denominator, candidate, seed)
    if witness is None:
        tally.discarded[f"{family}: {judgement.verdict}"] += 1
        return
    tally.seen.add(key)
    tally.false[family] += 1
    attack(candidate, offers or list(attempts(candidate, random, true)), tally, witness)
    if random.randrange(_SETTLED) == 0:
        _settle(candidate, tally, witness)


def weight(term: Term) -> int:
    """About how many monomials a kernel writes for a term: sums add, products multiply, derivatives and logs cost."""
    return _weight(unfold(term))


def _weight(term: Term) -> int:
    inner = [_weight(t) for t in term.args]
    if term.op == "add":
        return sum(inner)
    if term.op == "pow":
        return int(inner[0] ** max(1, abs(int(Fraction(str(term.data))))))
    if term.op == "log":
        return 5 if term.args[0].op == "kern" else sum(map(_weight, term.args[0].args)) or 1
    factor = {"grad": 2, "dt": 4, "post": 1, "E": 1}.get(term.op, 1)
    return min(10**9, factor * prod(inner))


def vanishing(denominator: Term, candidate: Candidate, seed: str) -> Witness | None:
    """The witness that a division has no value at any instance: its denominator is 0 at all of them."""
    judgement = judge(Eq(denominator, 0), candidate.setting, seed)
    if judgement.verdict != OPEN:
        return None
    return Witness(f"a denominator that is 0 at {judgement.read} instances", ("0",), {"denominator": repr(denominator)})


def _settle(candidate: Candidate, tally: Tally, witness: Witness) -> None:
    from theory.search.outcome import BY_DEFINITION, PROVED
    from theory.search.settle import settle

    outcome = settle(candidate.statement, candidate.setting, budget_seconds=_SETTLE_SECONDS)
    tally.settled[outcome.status] += 1
    if outcome.status in (PROVED, BY_DEFINITION):
        tally.accepted[candidate.family] += 1
        tally.findings.append(_finding(f"settled: {outcome.status}", candidate, witness, None))


# -- a run -------------------------------------------------------------------------------------------------------------
_TASKS = 40  # batches a process works on: its caches grow with every statement
_KNOWN: tuple[Parent, ...] = ()


def batch(number: int, seed: int, known: tuple[Parent, ...] | None = None) -> Tally:
    """The draws of one batch; the same for the same number and seed."""
    tally = Tally()
    for i in range(BATCH):
        name = f"{seed}:{number}:{i}"
        falsehood(Random(name), _KNOWN if known is None else known, tally, name)
    return tally


def _batch(pair: tuple[int, int]) -> Tally:
    return batch(*pair)


def merged(into: Tally, new: Tally) -> None:
    """Add the counts of ``new``."""
    for name in ("false", "reached", "accepted", "discarded", "witnesses", "refusals", "settled"):
        getattr(into, name).update(getattr(new, name))
    into.certificates += new.certificates
    into.findings += new.findings
    into.seen |= new.seen


def run(count: int, seed: int, jobs: int = 1, progress: Callable[[int], None] | None = None) -> dict[str, Any]:
    """Attack with at least ``count`` distinct false statements; the report as plain data.

    A finding ends the run early, and so does an interrupt: what was done so far is reported.
    """
    global _KNOWN
    start = time.monotonic()
    _KNOWN = parents()
    prepared = time.monotonic() - start
    total, batches = Tally(), 0
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=_TASKS) as pool:
        try:
            for tally in pool.imap(_batch, ((n, seed) for n in range(4 * count // BATCH + 40))):
                merged(total, tally)
                batches += 1
                if progress is not None:
                    progress(len(total.seen))
                if len(total.seen) >= count or total.findings:
                    break
        except KeyboardInterrupt:
            pass  # what was done so far is reported
        pool.terminate()
    return report(total, seed, jobs, batches, len(_KNOWN), prepared, time.monotonic() - start)


def report(
    tally: Tally, seed: int, jobs: int, batches: int, known: int, prepared: float, seconds: float
) -> dict[str, Any]:
    """The counts of a run as plain data."""
    drawn = sum(tally.false.values())
    return {
        "seed": seed, "batches": batches, "jobs": jobs, "parents": known, "false": len(tally.seen), "drawn": drawn,
        "certificates": tally.certificates, "reached": sum(tally.reached.values()),
        "reached_percent": round(100 * sum(tally.reached.values()) / max(1, drawn), 2),
        "accepted": sum(tally.accepted.values()), "settled": dict(tally.settled),
        "families": {
            name: {"false": tally.false[name], "reached": tally.reached[name], "accepted": tally.accepted[name]}
            for name in sorted(tally.false)
        },
        "witnesses": dict(tally.witnesses.most_common()), "discarded": dict(sorted(tally.discarded.items())),
        "refusals": dict(tally.refusals.most_common(25)), "findings": [vars(f) for f in tally.findings],
        "seconds_of_preparation": round(prepared, 1), "seconds": round(seconds, 1),
    }  # fmt: skip


def write(data: dict[str, Any], path: Path) -> None:
    """The report as JSON. Raises OSError."""
    path.write_text(json.dumps(data, indent=2, sort_keys=True) + "\n", encoding="utf-8")


__all__ = ["FALSE", "Finding", "Tally", "attack", "batch", "parents", "report", "run", "write"]
