"""The property campaign: random instances, floats first; a suspect is handed to the balls. Floats never refute."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.strategies import SearchStrategy
from platformdirs import user_cache_dir

from numerics.compare import compare
from numerics.gap import float_gap, float_zeros
from numerics.rings import Unsupported
from numerics.roots import count_zeros
from proofs_checks.claim import Claim
from proofs_checks.evidence import Evidence, Kind, Outcome, Route
from proofs_checks.instances_random import instances
from theory.language.instances import Instance, Law, Setting
from theory.language.statements import Iff, Located, Rel, Statement
from theory.language.terms import walk
from theory.laws import bind_law
from theory.typeset.text import instance_text, law_text

os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", os.path.join(user_cache_dir("infodyn"), "hypothesis"))
# else it would leave a folder of its own wherever the user happens to stand

EXAMPLES = {"field": 40, "number": 8}
TOLERANCE = 1e-8
"""Relative to the size of the terms that are compared: beyond it an instance is a suspect."""


class WitnessError(AssertionError):
    """An instance at which the balls refute the statement."""


@dataclass
class _Tally:
    """What happened to the instances of one campaign."""

    agreed: int = 0
    skipped: int = 0
    cleared: int = 0
    suspects: list[str] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)


def _pasteable(instance: Instance) -> str:
    """The instance with its law as ``--law`` reads it, symbols bound to what was drawn."""
    law = law_text(bind_law(instance.law, dict(instance.symbols)))
    _, _, germ = instance_text(replace(instance, name="law")).partition(", ")
    return f"--law '{law}', {germ}"


def _judge_rel(rel: Rel, instance: Instance, tally: _Tally) -> None:
    gap = float_gap(rel, instance)
    if gap <= TOLERANCE:
        tally.agreed += 1
        return
    found = compare(rel, instance, digits=10)
    if found.outcome == "refuted":
        raise WitnessError(f"{found.detail}: {_pasteable(instance)}")
    if found.outcome == "enclosed":
        tally.cleared += 1
    else:
        tally.suspects.append(f"{_pasteable(instance)}: floats differ by {gap:.1e}, balls: {found.detail}")


def _judge_iff(iff: Iff, instance: Instance, tally: _Tally) -> None:
    left, right = (compare(rel, instance, digits=10) for rel in (iff.left, iff.right))
    decided = {"enclosed": True, "refuted": False}
    if left.outcome not in decided or right.outcome not in decided:
        tally.skipped += 1
    elif decided[left.outcome] != decided[right.outcome]:
        raise WitnessError(f"one side holds, the other does not, at {_pasteable(instance)}")
    else:
        tally.agreed += 1


def _judge_zeros(located: Located, instance: Instance, tally: _Tally) -> None:
    if located.when is not None and compare(located.when, instance, digits=10).outcome != "enclosed":
        tally.skipped += 1
        return
    if float_zeros(located.what.term, instance) == located.count:
        tally.agreed += 1
        return
    exact = count_zeros(located.what.term, instance)
    if exact.count is None:
        tally.suspects.append(f"{_pasteable(instance)}: {exact.detail}")
    elif exact.count != located.count:
        raise WitnessError(f"{exact.count} zeros, not {located.count}, at {_pasteable(instance)}")
    else:
        tally.cleared += 1


def _plan(statement: Statement, setting: Setting) -> tuple[Callable[[Instance, _Tally], None], list[int], str] | None:
    """(judge, dimensions, kind of cost) for a statement that random instances can test, else None."""
    family = isinstance(setting.law, Law)
    if family and isinstance(setting.law, Law) and setting.law.is_numeric:
        return None
    D = setting.D or (setting.law.D if isinstance(setting.law, Law) else None)
    if isinstance(statement, Rel):
        number = any(t.op in ("E", "entropy", "mmse", "information", "var", "covar") and not t.free
                     for side in (statement.lhs, statement.rhs) for t in walk(side))  # fmt: skip
        dimensions = [D] if D else [1, 2]
        return (lambda i, t: _judge_rel(statement, i, t)), dimensions, "number" if number else "field"
    if isinstance(statement, Iff):
        return (lambda i, t: _judge_iff(statement, i, t)), [D] if D else [1, 2], "field"
    if isinstance(statement, Located) and statement.what.kind == "zeros" and statement.count is not None and D == 1:
        return (lambda i, t: _judge_zeros(statement, i, t)), [1], "number"
    return None


def _attack(
    strategy: SearchStrategy[Instance], check: Callable[[Instance], None], examples: int, start: int, shrink: bool
) -> None:
    quiet = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    seed(start)(quiet(given(strategy)(check)))()


def judge_statement(claim: Claim, name: str, statement: Statement, *, seed: int, scale: float = 1.0) -> Evidence:
    """Attack one statement with random instances of the setting of its claim; the same seed draws the same ones."""
    start = time.perf_counter()
    plan = _plan(statement, claim.setting)
    if plan is None:
        why = "nothing in it can be drawn at random"
        return Evidence(Kind.PROPERTY, Route.FLOATS, name, Outcome.NOT_APPLICABLE, detail=why)
    judge, dimensions, cost = plan
    tally = _Tally()

    def check(instance: Instance) -> None:
        try:
            judge(instance, tally)
        except Unsupported as error:
            tally.skipped += 1
            tally.reasons.add(str(error))

    outcome, detail = Outcome.CONSISTENT, ""
    try:
        for D in dimensions:
            _attack(_strategy(claim.setting, D), check, max(4, int(EXAMPLES[cost] * scale)), seed, cost == "field")
    except WitnessError as witness:
        outcome, detail = Outcome.REFUTED, str(witness)
    tested = tally.agreed + tally.cleared
    if outcome is not Outcome.REFUTED:
        if tally.suspects:
            outcome, detail = Outcome.UNDECIDED, tally.suspects[0]
        elif tested == 0:
            outcome = Outcome.UNDECIDED
            detail = f"no instance could be tested: {'; '.join(sorted(tally.reasons)) or 'none met the condition'}"
        else:
            detail = f"{tested} random instances in D = {', '.join(map(str, dimensions))}"
    figures = {"agreed": str(tally.agreed), "cleared by balls": str(tally.cleared), "skipped": str(tally.skipped)}
    route = Route.BALLS if outcome is Outcome.REFUTED else Route.FLOATS  # it is the balls that refute a suspect
    return Evidence(Kind.PROPERTY, route, name, outcome, "random instances", detail, figures,
                    seconds=time.perf_counter() - start)  # fmt: skip


@lru_cache(maxsize=64)
def _strategy(setting: Setting, D: int) -> SearchStrategy[Instance]:
    return instances(setting, D)


def run(claim: Claim, *, seed: int) -> list[Evidence]:
    """One piece of evidence for each statement of the claim."""
    return [judge_statement(claim, name, s, seed=seed) for name, s in claim.statements.items()]
