"""The same from Python: ``verify``, ``value``, ``fixed_points``, ``critical``, ``derive``, ``claims``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from infodyn.numbers import as_law, as_process
from theory.calculus import fold_constants
from theory.grammar import parse_scalar
from theory.language.instances import Law, LawError
from theory.laws import PointsFile, SphereLaw, parse_data_law
from theory.processes import Process

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numerics.empirical import EmpiricalLaw
    from numerics.paths.confrontation import PathOutcome
    from proofs_checks.claim import Claim
    from proofs_checks.verify import Report
    from theory.closed_forms.result import ClosedForm


def claims() -> dict[str, Claim]:
    """The catalogue: claims by id, in reading order."""
    from proofs_checks.registry import load

    return load()


def verify(
    *ids: str,
    group: Iterable[str] = (),
    evidence: Iterable[str] = (),
    digits: int = 12,
    seed: int = 0,
    jobs: int = 1,
    executor: Executor | None = None,
    fresh: bool = False,
    ledger: Path | None = None,
) -> Report:
    """Settle claims (all of them by default) and return the report.

    Evidence of earlier runs is reused unless ``fresh``. ``executor``: any ``concurrent.futures.Executor`` in place of
    ``jobs`` processes on this machine. Raises UnknownClaimError for an unknown id and ValueError for an unknown group
    or kind of evidence.
    """
    from proofs_checks import verify as run
    from proofs_checks.assess import Options
    from proofs_checks.evidence import Kind
    from proofs_checks.store import open_store

    kinds = frozenset(Kind(kind) for kind in evidence) or frozenset(Kind)
    options = Options(kinds=kinds, digits=digits, seed=seed)
    store = open_store(fresh=fresh)
    return run.run(run.select(ids, group), options, jobs=jobs, executor=executor, store=store, ledger_path=ledger)


def confront(
    claim_id: str,
    law: str | PointsFile | EmpiricalLaw,
    process: str | Process = "standing",
    *,
    between: tuple[str, str] = ("1", "11/10"),
    mutants: bool = True,
    seed: int = 0,
    samples: int = 1 << 17,
) -> dict[str, PathOutcome]:
    """The claim's statements about rates, and its authored mutants as "mutant: ..", confronted with a data set.

    Both sides are read from the definitions on ``samples`` samples of the law between two noise levels sigma. Outcomes
    are consistent, refuted, undecided (a rare event, say) or not-applicable. Raises UnknownClaimError, and ValueError
    for a law that is no file of points, or levels that the process never has.
    """
    from numerics.empirical import confront as work
    from numerics.empirical import load_points
    from proofs_checks.registry import find

    claim = find(claim_id)
    statements = dict(claim.statements)
    if mutants:
        statements |= {f"mutant: {m.name}": m.statement for m in claim.mutants}
    data = parse_data_law(law) if isinstance(law, str) else law
    if isinstance(data, (Law, SphereLaw)):
        raise LawError("only data are confronted here; give points(file.npy)")
    if isinstance(data, PointsFile):
        data = load_points(data)
    lower, upper = map(_level, between)
    return work(
        statements, data, as_process(process), lower=lower, upper=upper, name=claim.id, seed=seed, samples=samples
    )


def derive(
    quantity: str,
    law: str | Law,
    process: str | Process = "ve",
    *,
    assume: Mapping[str, str] | None = None,
) -> ClosedForm:
    """A closed form (or exact integrand) that the kernel checked against its definition.

    ``assume`` maps symbols to "positive" or "nonnegative".
    """
    from theory.closed_forms import derive as work

    return work(quantity, as_law(law), as_process(process), assume=assume)


def _level(text: str) -> Fraction:
    level = fold_constants(parse_scalar(text))
    if not isinstance(level, Fraction):
        raise LawError(f"{text} is no rational noise level; give sigma as in 9/10")
    return level
