"""Certificates of the bracket kernel and the one gate through which they become theorems. Trusted.

A certificate is inert JSON data::

    {"version": 1, "kind": "bracket", "statement": .., "setting": ..,
     "links": [{"fluxes": [{"coefficient": term, "flux": term}, ..], "square": term or null}, ..]}

with one link for a relation, and one for each relation of a chain. A link A = B is accepted if

    A - B - sum_i c_i E[div V_i + V_i . grad log k(x|X0)]  is zero,

with coefficients c_i that are numbers or functions of t and fluxes V_i that are vector fields of x and X0. A link
A >= B needs a ``square`` S with A - B = S proved in the same way and S >= 0 by its authored form (null stands for
A - B itself). The kernel lowers the statement itself and never searches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from theory.kernel.bracket import Channel, depends_on_space
from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.hypotheses import Hypothesis, collect
from theory.kernel.lower import Lowering
from theory.kernel.monomials import Element
from theory.kernel.nonneg import is_nonnegative
from theory.kernel.zero import vanishes
from theory.language.definitions import minus, num, plus
from theory.language.instances import Law, LawError, Setting
from theory.language.serial import setting_data, setting_from_data, statement_from_data
from theory.language.statements import Chain, Rel, statement_data
from theory.language.terms import Term, TermError, from_data, to_data

VERSION, KIND = 1, "bracket"
_FLUX_LIMIT = 200


@dataclass(frozen=True)
class Link:
    """What proves one relation: (coefficient, flux) pairs and the square of an inequality."""

    fluxes: tuple[tuple[Term, Term], ...] = ()
    square: Term | None = None


@dataclass(frozen=True)
class Theorem:
    """An accepted statement, where it holds and under which named hypotheses; ``steps`` says how each link went."""

    statement: Rel | Chain
    setting: Setting
    scope: str
    hypotheses: tuple[Hypothesis, ...]
    steps: tuple[str, ...]


def certificate(statement: Rel | Chain, setting: Setting, links: tuple[Link, ...]) -> dict[str, Any]:
    """The certificate as inert data."""
    return {
        "version": VERSION, "kind": KIND, "statement": statement_data(statement), "setting": setting_data(setting),
        "links": [
            {
                "fluxes": [{"coefficient": to_data(c), "flux": to_data(v)} for c, v in link.fluxes],
                "square": None if link.square is None else to_data(link.square),
            }
            for link in links
        ],
    }  # fmt: skip


def check(data: Any) -> Theorem:
    """The theorem that a certificate proves. Raises KernelError naming the step that is refused."""
    statement, setting, links = _read(data)
    lowering = lowering_for(setting)
    relations = statement.links if isinstance(statement, Chain) else (statement,)
    if len(relations) != len(links):
        raise KernelError(f"{len(links)} links for {len(relations)} relations")
    steps, fluxes = [], []
    for number, (relation, link) in enumerate(zip(relations, links, strict=True), 1):
        try:
            used, step = _check_link(relation, link, lowering, setting)
        except KernelError as error:
            raise type(error)(f"link {number}: {error}") from error
        except RecursionError:
            raise KernelError(f"link {number}: the term is nested too deeply") from None
        fluxes.extend(used)
        steps.append(step)
    terms = [t for r in relations for t in (r.lhs, r.rhs)]
    extra = [t for link in links for pair in link.fluxes for t in pair]
    hypotheses = collect(terms, extra, fluxes, lowering, setting)
    return Theorem(statement, setting, scope_of(setting), hypotheses, tuple(steps))


def lowering_for(setting: Setting) -> Lowering:
    """The reading of statements in a setting. Raises UnsupportedError for a concrete law."""
    if isinstance(setting.law, Law):
        raise UnsupportedError("a concrete law is the component kernel's")
    return Lowering(Channel(setting.process.name), frozenset(str(t.data) for t in setting.positive))


def scope_of(setting: Setting) -> str:
    """For what a proof in the bracket kernel holds."""
    size = "every dimension D" if setting.D is None else f"D = {setting.D}"
    law = setting.law
    return f"{size}, {law.text if not isinstance(law, Law) else law.name}, {setting.process.text}"


def _read(data: Any) -> tuple[Rel | Chain, Setting, list[Link]]:
    names = {"version", "kind", "statement", "setting", "links"}
    if not isinstance(data, dict) or set(data) != names:
        raise KernelError(f"not a certificate: expected the fields {', '.join(sorted(names))}")
    if data["version"] != VERSION or data["kind"] != KIND or not isinstance(data["links"], list):
        raise KernelError(f"not a certificate of kind {KIND!r}, version {VERSION}")
    try:
        statement, setting = statement_from_data(data["statement"]), setting_from_data(data["setting"])
        return statement, setting, [_read_link(item) for item in data["links"]]
    except (TermError, LawError) as error:
        raise KernelError(f"the certificate does not parse: {error}") from error
    except RecursionError:
        raise KernelError("the certificate is nested too deeply") from None


def _read_link(data: Any) -> Link:
    if not isinstance(data, dict) or set(data) != {"fluxes", "square"} or not isinstance(data["fluxes"], list):
        raise KernelError("not a link: expected the fields fluxes, square")
    if len(data["fluxes"]) > _FLUX_LIMIT:
        raise KernelError(f"more than {_FLUX_LIMIT} fluxes")
    fluxes = []
    for item in data["fluxes"]:
        if not isinstance(item, dict) or set(item) != {"coefficient", "flux"}:
            raise KernelError("not a flux: expected the fields coefficient, flux")
        fluxes.append((from_data(item["coefficient"]), from_data(item["flux"])))
    return Link(tuple(fluxes), None if data["square"] is None else from_data(data["square"]))


def _check_link(relation: Rel, link: Link, lowering: Lowering, setting: Setting) -> tuple[list[Element], str]:
    left, right = relation.lhs, relation.rhs
    if relation.relation in ("<", ">"):
        raise UnsupportedError("strict inequalities need an enclosure, not a square")
    if relation.relation == "<=":
        left, right = right, left
    if relation.relation == "=":
        if link.square is not None:
            raise KernelError("an equation takes no square")
        used = prove_equal(left, right, link.fluxes, lowering, setting.D)
        return used, f"equal by {len(used)} flux(es)" if used else "equal"
    square = link.square
    if square is None:
        square = left if right == num(0) else plus(left, minus(right))
    positive, nonnegative = lowering.positive, frozenset(str(t.data) for t in setting.nonnegative)
    if not is_nonnegative(square, positive, nonnegative):
        raise KernelError("the square is not non-negative by its form")
    used = prove_equal(plus(left, minus(right)), square, link.fluxes, lowering, setting.D)
    return used, f"the difference is a sum of squares, by {len(used)} flux(es)"


def prove_equal(
    left: Term, right: Term, fluxes: tuple[tuple[Term, Term], ...], lowering: Lowering, dimension: int | None
) -> list[Element]:
    """The lowered fluxes, if left - right - sum c E[div V + V . grad l] is zero; raises KernelError otherwise."""
    indices = tuple(range(1, left.rank + 1))
    residual = lowering.element(left, indices) - lowering.element(right, indices)
    used = []
    for coefficient, flux in fluxes:
        weight, field = lowered_flux(coefficient, flux, lowering, left.rank)
        used.append(field)
        residual = residual - weight * lowering.channel.flux_identity(field, 1)
    if not vanishes(residual, lowering.channel, dimension):
        raise KernelError(f"the residual does not vanish ({len(residual.terms)} monomials are left)")
    return used


def lowered_flux(coefficient: Term, flux: Term, lowering: Lowering, rank: int) -> tuple[Element, Element]:
    """A certificate's coefficient and flux as elements, checked: a number or function of t, and a vector field."""
    if rank or coefficient.rank or flux.rank != 1:
        raise UnsupportedError("fluxes are vector fields with scalar coefficients, for scalar relations")
    weight = lowering.element(coefficient)
    if depends_on_space(weight):
        raise KernelError("the coefficient of a flux depends on x or X0")
    return weight, lowering.element(flux, (1,))


__all__ = ["Link", "Theorem", "certificate", "check", "lowering_for", "prove_equal", "scope_of"]
