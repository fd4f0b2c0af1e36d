"""The same from Python: ``verify``, ``value``, ``derive``, ``claims``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from theory.language.instances import Law
from theory.laws import parse_law
from theory.places import parse_at
from theory.processes import Process, parse_process

if TYPE_CHECKING:
    from numerics.quantities import Value
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
    ledger: Path | None = None,
) -> Report:
    """Settle claims (all of them by default) and return the report.

    Raises UnknownClaimError for an unknown id and ValueError for an unknown group or kind of evidence.
    """
    from proofs_checks import verify as run
    from proofs_checks.assess import Options
    from proofs_checks.evidence import Kind

    kinds = frozenset(Kind(kind) for kind in evidence) or frozenset(Kind)
    options = Options(kinds=kinds, digits=digits, seed=seed)
    return run.run(run.select(ids, group), options, jobs=jobs, ledger_path=ledger)


def value(
    quantity: str,
    law: str | Law,
    process: str | Process = "ve",
    *,
    at: str,
    clock: str | None = None,
    digits: int = 15,
) -> Value:
    """A quantity with guaranteed relative digits, in nats; rates are per unit of ``clock``.

    ``quantity``, ``law``, ``process`` and ``at`` are written as on the command line. Raises ValueError (LawError,
    GrammarError) with the place and the remedy.
    """
    from numerics.quantities import value as compute

    return compute(quantity, _law(law), _process(process), parse_at(at), clock=clock, digits=digits)


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

    return work(quantity, _law(law), _process(process), assume=assume)


def _law(law: str | Law) -> Law:
    return parse_law(law) if isinstance(law, str) else law


def _process(process: str | Process) -> Process:
    return parse_process(process) if isinstance(process, str) else process
