"""Certificates of the bracket kernel and the one gate through which they become theorems. Trusted.

A certificate is inert JSON data::

    {"version": 1, "kind": "bracket", "statement": .., "setting": ..,
     "links": [{"fluxes": [{"coefficient": term, "flux": term, "along": n}, ..], "square": term or null}, ..]}

with one link for a relation, and one for each relation of a chain. A link A = B is accepted if

    A - B - sum_i c_i E[div V_i + V_i . grad log k(x|X0)]  is zero,

with coefficients c_i that are numbers or functions of t and fluxes V_i that are vector fields of x and X0 (matrix
fields if A is a vector). ``along`` n > 0 gives a flux W without the n-th index of A: V = W e_n for each unit vector
e_n, so that the identity reads E[d_n W + W d_n log k] = 0. A link
A >= B needs a ``square`` S with A - B = S proved in the same way and S >= 0 by its authored form (null stands for
A - B itself). The kernel lowers the statement itself and never searches.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, NamedTuple

from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.index.averages import depends_on_space
from theory.kernel.index.bracket import Channel
from theory.kernel.index.hypotheses import GAUSSIAN_COMPONENTS, LABELLED, Hypothesis, collect, keeps_one_sign
from theory.kernel.index.lower import Lowering
from theory.kernel.index.monomials import NESTED, Element, Monomial
from theory.kernel.index.nonneg import is_nonnegative
from theory.kernel.index.zero import vanishes
from theory.kernel.witness.exact import find_witness
from theory.language.definitions import minus, num, plus, unfold
from theory.language.instances import Law, LawError, Setting
from theory.language.serial import setting_data, setting_from_data, statement_from_data
from theory.language.statements import Chain, Rel, statement_data
from theory.language.terms import Term, TermError, from_data, to_data, walk

VERSION, KIND = 1, "bracket"
_FLUX_LIMIT = 200
ANY_LABEL = "any label Z of finitely many values that X_t sees only through X0"
_DENOMINATOR_SECONDS = 10


class Flux(NamedTuple):
    """A flux with its coefficient; ``along`` = 0 for a divergence over its last index (see the module)."""

    coefficient: Term
    field: Term
    along: int = 0


@dataclass(frozen=True)
class Link:
    """What proves one relation: fluxes, and the square of an inequality."""

    fluxes: tuple[Flux, ...] = ()
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
                "fluxes": [
                    {"coefficient": to_data(f.coefficient), "flux": to_data(f.field), "along": f.along}
                    for f in link.fluxes
                ],
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
    try:
        authored = _authored_denominators(relations, lowering, setting)
    except RecursionError:
        raise KernelError("the term is nested too deeply") from None
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
    divided = [tag for tag in lowering.inverses if tag not in authored and not keeps_one_sign(tag)]
    if divided:
        raise KernelError(f"the proof divides by {lowering.inverses[divided[0]]!r}, the statement does not")
    terms = [t for r in relations for t in (r.lhs, r.rhs)]
    extra = [t for link in links for f in link.fluxes for t in (f.coefficient, f.field)]
    extra += [link.square for link in links if link.square is not None]
    hypotheses = collect(terms, extra, fluxes, lowering, setting)
    labelled = any(n.op in LABELLED for t in (*terms, *extra) for n in walk(unfold(t)))
    return Theorem(statement, setting, scope_of(setting, labelled), hypotheses, tuple(steps))


def _authored_denominators(relations: tuple[Rel, ...], lowering: Lowering, setting: Setting) -> set[Any]:
    """The inverse atoms of the statement itself. Raises KernelError if one may be 0 throughout the setting.

    Dividing by 0 proves everything, so a denominator that is not of one sign by its form must differ from 0 at an
    exact member of the setting.
    """
    for relation in relations:
        for side in (relation.lhs, relation.rhs):
            lowering.element(side, tuple(range(1, side.rank + 1)))
    for tag, term in list(lowering.inverses.items()):
        if keeps_one_sign(tag):
            continue
        if vanishes(Element(dict(tag[1])), lowering.channel, setting.D):
            raise KernelError(f"the denominator {term!r} is 0 throughout the setting")
        deadline = time.monotonic() + _DENOMINATOR_SECONDS
        if find_witness(Rel("=", term, num(0)), setting, lowering, deadline)[0] is None:
            raise KernelError(f"no member of the setting is known at which the denominator {term!r} is not 0")
    return set(lowering.inverses)


def lowering_for(setting: Setting) -> Lowering:
    """The reading of statements in a setting. Raises UnsupportedError for a concrete law."""
    if isinstance(setting.law, Law):
        raise UnsupportedError("a concrete law is the component kernel's")
    channel = Channel(setting.process.name, gaussian=setting.law.name in GAUSSIAN_COMPONENTS)
    return Lowering(channel, frozenset(str(t.data) for t in setting.positive))


def scope_of(setting: Setting, labelled: bool = False) -> str:
    """For what a proof in the bracket kernel holds; ``labelled`` if it speaks of the label Z."""
    size = "every dimension D" if setting.D is None else f"D = {setting.D}"
    law = setting.law
    label = ""
    if labelled:
        component = not isinstance(law, Law) and law.name in GAUSSIAN_COMPONENTS
        label = ", Z its component" if component else f", {ANY_LABEL}"
    return f"{size}, {law.text if not isinstance(law, Law) else law.name}{label}, {setting.process.text}"


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
        if not isinstance(item, dict) or set(item) != {"coefficient", "flux", "along"}:
            raise KernelError("not a flux: expected the fields coefficient, flux, along")
        if type(item["along"]) is not int:
            raise KernelError("not a flux: along is an index number")
        fluxes.append(Flux(from_data(item["coefficient"]), from_data(item["flux"]), item["along"]))
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
    left: Term, right: Term, fluxes: tuple[Flux, ...], lowering: Lowering, dimension: int | None
) -> list[Element]:
    """The lowered fluxes, if left - right - sum c E[div V + V . grad l] is zero; raises KernelError otherwise."""
    indices = tuple(range(1, left.rank + 1))
    residual = lowering.element(left, indices) - lowering.element(right, indices)
    used = []
    for flux in fluxes:
        field, identity = lowered_flux(flux, lowering, left.rank)
        used.append(field)
        residual = residual - identity
    if not vanishes(residual, lowering.channel, dimension):
        raise KernelError(f"the residual does not vanish ({len(residual.terms)} monomials are left)")
    return used


def lowered_flux(flux: Flux, lowering: Lowering, rank: int) -> tuple[Element, Element]:
    """The field of a flux and its coefficient times the flux identity. Raises KernelError if it does not fit."""
    coefficient, field, along = flux
    if not 0 <= along <= rank or field.rank != (rank - 1 if along else rank + 1):
        raise KernelError(f"a flux of rank {field.rank} along {along} does not fit a relation of rank {rank}")
    if coefficient.rank:
        raise KernelError("the coefficient of a flux is not a scalar")
    weight = lowering.element(coefficient)
    if depends_on_space(weight):
        raise KernelError("the coefficient of a flux depends on x or X0")
    indices = tuple(i for i in range(1, rank + 1) if i != along) if along else tuple(range(1, rank + 2))
    lowered = lowering.element(field, indices)
    if any(map(_divides_by_density, lowered.terms)):
        raise KernelError("a flux that divides by a density does not decay")
    return lowered, weight * lowering.channel.flux_identity(lowered, rank, along)


def _divides_by_density(m: Monomial) -> bool:
    """Whether p, k, p0 or pz occurs with a negative power: times k p0 that need not vanish at infinity."""
    return any(tag[0] in ("p", "k", "p0", "pz") and exponent < 0 for tag, exponent in m[0]) or any(
        _divides_by_density(data) for kind, data, _ in m[1] if kind in NESTED
    )


__all__ = ["Flux", "Link", "Theorem", "certificate", "check", "lowering_for", "prove_equal", "scope_of"]
