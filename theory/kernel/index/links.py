"""What proves one relation, as inert data: fluxes, lemmas, squares and pieces. Trusted; it decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from theory.kernel.errors import KernelError
from theory.kernel.index.pieces import Piece, piece_data, piece_from_data
from theory.language.terms import Term, from_data, to_data

_LIST_LIMIT, _LEMMA_LIMIT, RATE_LIMIT = 200, 20, 3


class Flux(NamedTuple):
    """A flux with its coefficient; ``along`` = 0 for a divergence over its last index (see the module)."""

    coefficient: Term
    field: Term
    along: int = 0


class Lemma(NamedTuple):
    """``coefficient`` times the ``rates``-th time derivative of a proved equation; ``certificate`` proves it."""

    coefficient: Term
    certificate: dict[str, Any]
    rates: int = 0


@dataclass(frozen=True)
class Link:
    """What proves one relation: fluxes, lemmas, integration by parts; for an inequality a square and pieces."""

    fluxes: tuple[Flux, ...] = ()
    square: Term | None = None
    parts: bool = False
    pieces: tuple[Piece, ...] = ()
    lemmas: tuple[Lemma, ...] = ()


def link_data(link: Link) -> dict[str, Any]:
    """A link as inert JSON data."""
    fluxes = [{"coefficient": to_data(f.coefficient), "flux": to_data(f.field), "along": f.along} for f in link.fluxes]
    lemmas = [
        {"coefficient": to_data(n.coefficient), "rates": n.rates, "certificate": n.certificate} for n in link.lemmas
    ]
    return {
        "fluxes": fluxes, "parts": link.parts, "lemmas": lemmas,
        "square": None if link.square is None else to_data(link.square),
        "pieces": [piece_data(piece) for piece in link.pieces],
    }  # fmt: skip


def link_from_data(data: Any) -> Link:
    """The link that :func:`link_data` wrote. Raises KernelError or TermError on anything else."""
    names = {"fluxes", "parts", "lemmas", "square", "pieces"}
    if not isinstance(data, dict) or set(data) != names:
        raise KernelError(f"not a link: expected the fields {', '.join(sorted(names))}")
    if any(not isinstance(data[name], list) or len(data[name]) > _LIST_LIMIT for name in ("fluxes", "pieces")):
        raise KernelError(f"fluxes and pieces are lists of at most {_LIST_LIMIT}")
    if not isinstance(data["lemmas"], list) or len(data["lemmas"]) > _LEMMA_LIMIT:
        raise KernelError(f"lemmas are a list of at most {_LEMMA_LIMIT}")
    if type(data["parts"]) is not bool:
        raise KernelError("parts is true or false")
    fluxes = []
    for item in data["fluxes"]:
        if not isinstance(item, dict) or set(item) != {"coefficient", "flux", "along"}:
            raise KernelError("not a flux: expected the fields coefficient, flux, along")
        if type(item["along"]) is not int:
            raise KernelError("not a flux: along is an index number")
        fluxes.append(Flux(from_data(item["coefficient"]), from_data(item["flux"]), item["along"]))
    lemmas = []
    for item in data["lemmas"]:
        if not isinstance(item, dict) or set(item) != {"coefficient", "rates", "certificate"}:
            raise KernelError("not a lemma: expected the fields coefficient, rates, certificate")
        if type(item["rates"]) is not int or not 0 <= item["rates"] <= RATE_LIMIT:
            raise KernelError(f"not a lemma: rates counts time derivatives, from 0 to {RATE_LIMIT}")
        lemmas.append(Lemma(from_data(item["coefficient"]), item["certificate"], item["rates"]))
    square = None if data["square"] is None else from_data(data["square"])
    pieces = tuple(piece_from_data(item) for item in data["pieces"])
    return Link(tuple(fluxes), square, data["parts"], pieces, tuple(lemmas))
