"""Paths as a judge: a statement and a path form, confronted with simulated paths.

Every statement is read as a term by the one interpreter at the states of an ensemble; no claim brings code. Several
statements on the same lhs (a claim and its mutants) share one simulation and its random numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np

from numerics.estimates import digits
from numerics.path_forms import Bracketed, Family, Integrated, NotApplicable, Path, PathForm, Static, Weak
from numerics.paths import bracketed, family, integrated, reverse, static, weak
from numerics.paths.decide import Ensemble, Result, Test, run_tests
from numerics.paths.margins import Group, capped
from numerics.paths.pilot import pilot_of
from numerics.rings import Unsupported
from numerics.schedules import LinearProcess, OutOfRangeError
from numerics.sequential import FAMILY_RATE, Outcome
from numerics.simulate import workers
from numerics.streams import stream
from theory.language.instances import Law, LawError
from theory.language.statements import Located, Rel, Statement

CONSISTENT, REFUTED, UNDECIDED, NOT_APPLICABLE = "consistent", "refuted", "undecided", "not-applicable"
MAX_PATHS = 1 << 22


@dataclass(frozen=True)
class PathOutcome:
    """What paths say about one statement.

    ``outcome``: consistent, refuted, undecided or not-applicable; ``detail``: one sentence; ``figures``: decimal
    strings and counts, no times, the same for every number of workers.
    """

    outcome: str
    detail: str
    figures: dict[str, str] = field(default_factory=dict)
    route: str = "paths"


@dataclass(frozen=True)
class Prepared:
    """An ensemble with its tests, the reasons of statements that it cannot read, and figures known in advance."""

    ensemble: Ensemble | None
    tests: list[Test]
    reasons: dict[str, str]
    figures: dict[str, dict[str, str]]


def confront(
    statement: Statement, form: PathForm, law: Law, process: LinearProcess, *, claim_id: str, seed: int, jobs: int = 1,
    executor: Executor | None = None, share: float = FAMILY_RATE, max_paths: int = MAX_PATHS, name: str = "",
) -> PathOutcome:  # fmt: skip
    """One statement alone; see :func:`confront_many`."""
    return confront_many(
        {name: statement}, form, law, process, claim_id=claim_id, seed=seed, jobs=jobs, executor=executor, share=share,
        max_paths=max_paths,
    )[name]  # fmt: skip


def confront_many(
    statements: Mapping[str, Statement], form: PathForm, law: Law, process: LinearProcess, *, claim_id: str, seed: int,
    jobs: int = 1, executor: Executor | None = None, share: float = FAMILY_RATE, max_paths: int = MAX_PATHS,
    mutants: Mapping[str, str] | None = None,
) -> dict[str, PathOutcome]:  # fmt: skip
    """Every statement under one form, on shared paths of ``law`` moved by ``process``.

    ``share`` bounds the chance of any wrong decision in this call (it is split over its tests). The first statement is
    the one whose terms choose the control variates. Work goes to ``executor``, else to ``jobs`` processes. ``mutants``
    names those that are near misses, each with the statement it is of: no margin of a statement is wider than a quarter
    of the distance to them (:mod:`numerics.paths.margins`).
    """
    if isinstance(form, NotApplicable):
        return {name: PathOutcome(NOT_APPLICABLE, form.reason) for name in statements}
    settings = _Settings(form, law, process, claim_id, seed, max_paths, 2 * max(jobs, 2), dict(mutants or {}))
    with workers(jobs, executor) as pool, np.errstate(all="ignore"):
        try:
            return _together(statements, settings, share, pool)
        except OutOfRangeError as why:
            return {name: PathOutcome(UNDECIDED, str(why)) for name in statements}
        except (Unsupported, LawError, FloatingPointError):
            # One statement that cannot be evaluated must not take the others with it: each for itself.
            each = share / len(statements)
            return {name: _alone(name, statement, settings, each, pool) for name, statement in statements.items()}


@dataclass(frozen=True)
class _Settings:
    form: PathForm
    law: Law
    process: LinearProcess
    claim_id: str
    seed: int
    max_paths: int
    ahead: int
    mutants: Mapping[str, str]


def _alone(name: str, statement: Statement, s: _Settings, share: float, pool: Executor | None) -> PathOutcome:
    try:
        return _together({name: statement}, s, share, pool)[name]
    except (Unsupported, LawError) as why:
        return PathOutcome(UNDECIDED, f"unsupported: {why}")
    except FloatingPointError as why:
        return PathOutcome(UNDECIDED, str(why))


def _together(
    statements: Mapping[str, Statement], s: _Settings, share: float, pool: Executor | None
) -> dict[str, PathOutcome]:
    """All statements on shared paths. Raises what any of them raises when it is evaluated."""
    outcomes: dict[str, PathOutcome] = {}
    groups = _prepare(dict(statements), s.form, s.law, s.process, s.claim_id, s.seed)
    total = sum(len(g.tests) for g in groups)
    by_name: dict[str, list[Result]] = {}
    figures: dict[str, dict[str, str]] = {}
    ready: list[Group] = []
    for number, group in enumerate(groups):
        for name, reason in group.reasons.items():
            outcomes[name] = PathOutcome(NOT_APPLICABLE, reason)
        if group.ensemble is None or not group.tests:
            continue
        experiment = f"{_experiment(s.form)}/{number}"
        pilot = pilot_of(group.ensemble, group.tests, seed=s.seed, claim_id=s.claim_id, experiment=experiment)
        ready.append(Group(group.ensemble, tuple(group.tests), pilot, experiment))
        figures |= group.figures
    margins = capped(ready, s.mutants, seed=s.seed, claim_id=s.claim_id, executor=pool, ahead=s.ahead)
    for read, tests in zip(ready, margins.tests, strict=True):
        results = run_tests(
            read.ensemble, tests, seed=s.seed, claim_id=s.claim_id, experiment=read.experiment,
            share=share * len(tests) / total, max_paths=s.max_paths, executor=pool, ahead=s.ahead, pilot=read.pilot,
        )  # fmt: skip
        for result in results:
            by_name.setdefault(result.test.statement, []).append(result)
    for name, unseen in margins.blind.items():
        figures[name] = figures.get(name, {}) | {"not told apart": "; ".join(unseen)}
    outcomes |= {name: _outcome(of_name, figures.get(name, {})) for name, of_name in by_name.items()}
    return {name: outcomes[name] for name in statements}


def _experiment(form: PathForm) -> str:
    return f"{type(form).__name__} {form}"


def _prepare(
    statements: dict[str, Statement], form: PathForm, law: Law, process: LinearProcess, claim_id: str, seed: int
) -> list[Prepared]:
    rng = stream(seed, claim_id, f"{_experiment(form)}/plan", 0)
    if isinstance(form, Bracketed):
        located = {n: s for n, s in statements.items() if isinstance(s, Located)}
        others = {n: "a bracket needs a located maximum or minimum" for n in statements if n not in located}
        prepared = Prepared(*bracketed.plan(located, form, law, process, rng))
    else:
        relations = {n: s for n, s in statements.items() if isinstance(s, Rel)}
        others = {n: f"a {type(form).__name__} form needs a relation" for n in statements if n not in relations}
        if isinstance(form, (Path, Family)):
            if isinstance(form, Path):
                groups = [Prepared(*g) for g in reverse.plan(relations, form, law, process, rng)]
            else:
                groups = [Prepared(*g) for g in family.plan(relations, form, law, process, rng)]
            return [*groups, Prepared(None, [], others, {})]
        if isinstance(form, Integrated):
            prepared = Prepared(*integrated.plan(relations, form, law, process, rng))
        elif isinstance(form, Static):
            prepared = Prepared(*static.plan(relations, form, law, process, rng))
        else:
            assert isinstance(form, Weak)
            prepared = Prepared(*weak.plan(relations, form, law, process, rng))
    return [prepared, Prepared(None, [], others, {})]


def _outcome(results: list[Result], figures: dict[str, str]) -> PathOutcome:
    """All parts of a statement together: refuted if one part is, consistent if every part is."""
    kinds = [r.decision.outcome for r in results]
    if Outcome.REFUTED in kinds:
        worst = next(r for r in results if r.decision.outcome is Outcome.REFUTED)
        outcome, said = REFUTED, _said(worst, "the sides differ by more than the margin", "the order is violated")
    elif all(kind is Outcome.EQUIVALENT for kind in kinds):
        worst = max(results, key=_used)
        outcome, said = CONSISTENT, _said(worst, "the sides agree within the margin", "the order holds")
    else:
        worst = next(r for r in results if r.decision.outcome is Outcome.UNDECIDED)
        outcome, said = UNDECIDED, worst.decision.reason
    d = worst.decision
    shown = {
        **figures, "paths": str(worst.paths), "tests": str(len(results)), "difference": digits(d.difference),
        "radius": digits(d.radius), "step bias": digits(d.bias), "margin": digits(d.margin),
        "margin is": worst.test.limit or "none", "effective paths": digits(worst.effective, 4),
    }  # fmt: skip
    where = f" ({worst.test.part})" if worst.test.part else ""
    return PathOutcome(
        outcome,
        f"{said}{where}: difference {digits(d.difference, 3)} +- {digits(d.radius, 2)}, step bias {digits(d.bias, 2)}, "
        f"margin {digits(d.margin, 3)}, {worst.paths} paths",
        shown,
    )


def _said(result: Result, equality: str, order: str) -> str:
    return equality if result.test.relation == "=" else order


def _used(result: Result) -> float:
    """How much of its margin (of its difference, for an order without margin) a consistent part uses."""
    d = result.decision
    slack = d.radius + d.bias
    if result.test.relation == "=":
        return (abs(d.difference) + slack) / d.margin if d.margin else 0.0
    return slack / (abs(d.difference) + d.margin)
