"""Which way an average is computed: the transfer operator where the reduced dimension is at most two, else paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numerics.functionals import Functional, Reducible
from numerics.mixtures import Mixture, mixture_of
from numerics.transfer.reduction import Reduction, reduction, shared_variance
from theory.language.instances import Law

MOST = 2
"""Dimensions that the transfer operator treats."""


@dataclass(frozen=True)
class Route:
    """The way taken: ``kind`` is "transfer" or "paths", ``dimension`` the reduced one, ``reason`` says why."""

    kind: str
    dimension: int
    reason: str
    reduction: Reduction | None = None

    def __str__(self) -> str:
        place = f"{self.dimension}-D" if self.kind == "transfer" else f"r = {self.dimension}"
        return f"{self.kind}, {place}"


def route(data: Law | Mixture, functionals: Sequence[Functional] = (), *, strength: float = 1.0) -> Route:
    """The route of the averages of ``functionals`` over reverse paths of ``data``.

    Raises LawError for a law with symbols, ValueError for a functional that compares with a law in another dimension.
    """
    mixture = data if isinstance(data, Mixture) else mixture_of(data)
    D = mixture.D
    if D == 1:
        return Route("transfer", 1, "the law lives on the line")
    reduced, obstacle = _reduced(data, mixture, functionals, strength)
    if reduced is not None and reduced.rank < D:
        kind = "transfer" if reduced.rank <= MOST else "paths"
        reason = f"one shared covariance c I: {reduced.rank} of {D} dimensions, the others are Gaussian in closed form"
        return Route(kind, reduced.rank, reason, reduced)
    obstacle = obstacle or "the mean differences span the whole space"
    return Route("transfer" if D <= MOST else "paths", D, f"{D} dimensions are not reduced: {obstacle}")


def _reduced(
    data: Law | Mixture, mixture: Mixture, functionals: Sequence[Functional], strength: float
) -> tuple[Reduction | None, str]:
    if strength != 1:
        return None, "the drift is a wrong one, for which the complement has no closed form"
    if shared_variance(mixture) is None:
        return None, "the covariances are not one c I"
    others: list[Mixture] = []
    for functional in functionals:
        if not isinstance(functional, Reducible):
            return None, f"{functional.name} does not say what the complement adds"
        laws = functional.laws
        if functional.across(0.5, [0.5] * len(laws), 1, 1.0) is None:
            return None, f"{functional.name} does not add up over independent coordinates"
        others.extend(laws)
    rank = _exact_rank(data) if not others else None
    found = reduction((mixture, *others), rank)
    return found, "" if found is not None else "a law it is compared with has not one covariance c I"


def _exact_rank(data: Law | Mixture) -> int | None:
    """The rank by exact elimination, for a law in closed form."""
    if isinstance(data, Mixture):
        return None
    from numerics.space.span import span_of

    span = span_of(data, most=data.D)
    return None if span is None else span.rank
