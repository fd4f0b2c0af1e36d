"""The terminal: a progress bar on stderr, pages on stdout. One door; what is behind it is imported when it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infodyn.report.progress import Progress as LiveProgress
    from proofs_checks.assess import Assessment
    from proofs_checks.claim import Claim
    from proofs_checks.verify import Report


def Progress(total: int) -> LiveProgress:
    """A live bar on stderr for ``total`` claims, as a context manager; see :mod:`infodyn.report.progress`."""
    from infodyn.report.progress import Progress as Bar

    return Bar(total)


def write_report(report: Report) -> None:
    """The closing page of a run."""
    from infodyn.report import closing

    closing.write(report)


def write_mutants(report: Report) -> None:
    """Every mutant with what refuted it."""
    from infodyn.report import catalogue_page

    catalogue_page.write_mutants(report)


def write_catalogue(claims: Sequence[Claim], known: Mapping[str, Any] | None = None) -> None:
    """The list of claims, with their verdicts in the ledger ``known``."""
    from infodyn.report import catalogue_page

    catalogue_page.write_catalogue(claims, known)


def write_claim(claim: Claim, assessment: Assessment, catalogue: Mapping[str, Claim]) -> None:
    """One claim with everything known about it."""
    from infodyn.report import claim_page

    claim_page.write(claim, assessment, catalogue)
