"""Certificates of the index kernel and the one gate through which they become theorems. Trusted.

A certificate is inert JSON data::

    {"version": 2, "kind": "bracket", "statement": .., "setting": .., "links": [link, ..]}
    link = {"fluxes": [{"coefficient": term, "flux": term, "along": n}, ..], "parts": true or false,
            "lemmas": [{"coefficient": term, "rates": n, "certificate": {..}}, ..],
            "square": term or null, "pieces": [piece, ..]}

with one link for a relation, and one for each relation of a chain. A link A = B is accepted if

    A - B - sum_i c_i E[div V_i + V_i . grad log k(x|X0)] - sum_j b_j (dt)^n_j (L_j - R_j)  is zero,

with coefficients c_i that are numbers or functions of t, fluxes V_i that are vector fields of x and X0 (matrix fields
if A is a vector), and lemmas L_j = R_j with certificates of their own. ``along`` n > 0 gives a flux W without the n-th
index of A: V = W e_n for each unit vector e_n, so that the identity reads E[d_n W + W d_n log k] = 0. With ``parts``
the averages that are left are integrated by parts as far as that goes (see :mod:`theory.kernel.index.parts`).

A link A >= B needs a sum N >= 0 with A - B = N proved in the same way: a ``square``, non-negative by its authored form,
and ``pieces``, non-negative by the rules of :mod:`theory.kernel.index.pieces` (neither stands for A - B itself, which
must then be non-negative by its form). The kernel lowers the statement itself and never searches.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.index.averages import depends_on_space
from theory.kernel.index.decay import may_decay
from theory.kernel.index.hypotheses import LABELLED, Hypothesis, Used, collect, keeps_one_sign
from theory.kernel.index.links import Flux, Lemma, Link, link_data, link_from_data
from theory.kernel.index.lower import GAUSSIAN_COMPONENTS, Lowering, lowering_for
from theory.kernel.index.monomials import Element
from theory.kernel.index.nonneg import is_nonnegative
from theory.kernel.index.parts import Parts
from theory.kernel.index.pieces import Piece, nonnegative
from theory.kernel.index.zero import vanishes
from theory.kernel.witness.exact import find_witness
from theory.language.definitions import minus, num, plus, unfold
from theory.language.instances import Law, LawError, Setting
from theory.language.serial import setting_data, setting_from_data, statement_from_data
from theory.language.statements import Chain, Rel, statement_data
from theory.language.terms import Term, TermError, walk

VERSION, KIND = 2, "bracket"
_DEPTH = 3
ANY_LABEL = "any label Z of finitely many values that X_t sees only through X0"
_DENOMINATOR_SECONDS = 10


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
        "links": [link_data(link) for link in links],
    }  # fmt: skip


def check(data: Any, *, depth: int = 0) -> Theorem:
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
    proofs = []
    for number, (relation, link) in enumerate(zip(relations, links, strict=True), 1):
        try:
            proofs.append(_Proof(lowering, setting, depth).of(relation, link))
        except KernelError as error:
            raise type(error)(f"link {number}: {error}") from error
        except RecursionError:
            raise KernelError(f"link {number}: the term is nested too deeply") from None
    divided = [tag for tag in lowering.inverses if tag not in authored and not keeps_one_sign(tag)]
    if divided:
        raise KernelError(f"the proof divides by {lowering.inverses[divided[0]]!r}, the statement does not")
    terms = [t for r in relations for t in (r.lhs, r.rhs)]
    extra = [t for proof in proofs for t in proof.terms]
    used = Used(
        [f for proof in proofs for f in proof.fluxes],
        {w for proof in proofs for w in proof.parts.fields},
        any(lemma.rates for link in links for lemma in link.lemmas),
    )
    hypotheses = collect(terms, extra, used, lowering, setting)
    lemmas = [
        replace(h, name=f"{h.name} of link {number}") if h.name in own and len(links) > 1 else h
        for number, proof in enumerate(proofs, 1) for own in [proof.named] for h in proof.hypotheses
        if h not in hypotheses
    ]  # fmt: skip
    labelled = any(n.op in LABELLED for t in (*terms, *extra) for n in walk(unfold(t)))
    steps = tuple(proof.step for proof in proofs)
    return Theorem(statement, setting, scope_of(setting, labelled), (*hypotheses, *dict.fromkeys(lemmas)), steps)


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


def scope_of(setting: Setting, labelled: bool = False) -> str:
    """For what a proof in the bracket kernel holds; ``labelled`` if it speaks of the label Z."""
    size = "every dimension D" if setting.D is None else f"D = {setting.D}"
    law = setting.law
    label = ""
    if labelled:
        component = not isinstance(law, Law) and law.name in GAUSSIAN_COMPONENTS
        label = ", Z its component" if component else f", {ANY_LABEL}"
    named = law.name if isinstance(law, Law) else law.text
    return ", ".join([size, named + label, *setting.signs, setting.process.text])


def _read(data: Any) -> tuple[Rel | Chain, Setting, list[Link]]:
    names = {"version", "kind", "statement", "setting", "links"}
    if not isinstance(data, dict) or set(data) != names:
        raise KernelError(f"not a certificate: expected the fields {', '.join(sorted(names))}")
    if type(data["version"]) is not int or data["version"] != VERSION or data["kind"] != KIND:
        raise KernelError(f"not a certificate of kind {KIND!r}, version {VERSION}")
    if not isinstance(data["links"], list):
        raise KernelError("not a certificate: links is a list")
    try:
        statement, setting = statement_from_data(data["statement"]), setting_from_data(data["setting"])
        return statement, setting, [link_from_data(item) for item in data["links"]]
    except (TermError, LawError) as error:
        raise KernelError(f"the certificate does not parse: {error}") from error
    except RecursionError:
        raise KernelError("the certificate is nested too deeply") from None


class _Proof:
    """One link before the kernel: what it used, and how it went."""

    def __init__(self, lowering: Lowering, setting: Setting, depth: int) -> None:
        self.lowering, self.setting, self.depth = lowering, setting, depth
        self.parts = Parts(lowering.channel)
        self.fluxes: list[Element] = []
        self.terms: list[Term] = []
        self.hypotheses: list[Hypothesis] = []
        self.named: set[str] = set()
        self.step = ""

    def of(self, relation: Rel, link: Link) -> _Proof:
        """Accept the link, or raise KernelError."""
        left, right = relation.lhs, relation.rhs
        if relation.relation in ("<", ">"):
            raise UnsupportedError("strict inequalities need an enclosure, not a square")
        if relation.relation == "<=":
            left, right = right, left
        if relation.relation == "=":
            if link.square is not None or link.pieces:
                raise KernelError("an equation takes no square and no pieces")
            self._equal(left, right, link)
            self.step = f"equal{self._how(link)}"
            return self
        nonnegative = self._nonnegative(left, right, link)
        self._equal(plus(left, minus(right)), nonnegative, link)
        self.step = f"the difference is {self._what(link)}{self._how(link)}"
        return self

    def _what(self, link: Link) -> str:
        squares = ["square"] if link.square is not None or not link.pieces else []
        rules = list(dict.fromkeys([*squares, *(piece.rule for piece in link.pieces)]))
        return "a sum of squares" if rules == ["square"] else f"non-negative, by {' and '.join(rules)}"

    def _how(self, link: Link) -> str:
        said = [f"{len(self.fluxes)} flux(es)"] if self.fluxes else []
        said += [f"{len(link.lemmas)} lemma(s)"] if link.lemmas else []
        said += [f"integration by parts with {len(self.parts.fields)} field(s)"] if self.parts.fields else []
        return f" by {' and '.join(said)}" if said else ""

    def _nonnegative(self, left: Term, right: Term, link: Link) -> Term:
        """The sum that the difference is equal to. Raises KernelError if a summand is not known to be >= 0."""
        positive, setting = self.lowering.positive, self.setting
        weak = frozenset(str(t.data) for t in setting.nonnegative)
        summands = [nonnegative(piece, positive, weak, setting) for piece in link.pieces]
        square = link.square
        if square is None and not summands:
            square = left if right == num(0) else plus(left, minus(right))
        if square is not None:
            if not is_nonnegative(square, positive, weak):
                raise KernelError("the square is not non-negative by its form")
            summands.append(square)
        self.terms += summands
        return summands[0] if len(summands) == 1 else plus(*summands)

    def _equal(self, left: Term, right: Term, link: Link) -> None:
        """Accept left = right. Raises KernelError unless the residual vanishes."""
        lowering, indices = self.lowering, tuple(range(1, left.rank + 1))
        residual = lowering.element(left, indices) - lowering.element(right, indices)
        for flux in link.fluxes:
            field, identity = lowered_flux(flux, lowering, left.rank)
            self.fluxes.append(field)
            self.terms += [flux.coefficient, flux.field]
            residual = residual - identity
        for number, lemma in enumerate(link.lemmas, 1):
            try:
                residual = residual - self._lemma(number, lemma, left.rank, indices)
            except KernelError as error:
                raise type(error)(f"lemma {number}: {error}") from error
        parts = self.parts if link.parts else None
        if not vanishes(residual, lowering.channel, self.setting.D, parts):
            left_over = len(residual.terms)
            raise KernelError(f"the residual does not vanish ({left_over} monomials are left)")

    def _lemma(self, number: int, lemma: Lemma, rank: int, indices: tuple[int, ...]) -> Element:
        """b (dt)^n (L - R), for an equation L = R that its own certificate proves in a setting that covers this one."""
        if self.depth >= _DEPTH:
            raise KernelError("lemmas are nested too deeply")
        theorem = check(lemma.certificate, depth=self.depth + 1)
        proved = theorem.statement
        if not isinstance(proved, Rel) or proved.relation != "=" or proved.lhs.rank != rank or lemma.coefficient.rank:
            raise KernelError("a lemma is an equation of the rank of the relation, with a scalar coefficient")
        if not theorem.setting.covers(self.setting):
            raise KernelError("the lemma is proved for other laws or processes")
        element = self.lowering.element(proved.lhs, indices) - self.lowering.element(proved.rhs, indices)
        for _ in range(lemma.rates):
            element = self.lowering.channel.rate(element)
        self.terms += [proved.lhs, proved.rhs, lemma.coefficient]
        for h in theorem.hypotheses:  # what decays is the lemma's own flux
            own = replace(h, name=f"{h.name} in lemma {number}") if "decay" in h.name else h
            self.hypotheses.append(own)
            self.named |= {own.name} if own is not h else set()
        return self.lowering.element(lemma.coefficient) * element


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
    if not all(map(may_decay, lowered.terms)):
        raise KernelError("a flux that divides by a density does not decay")
    return lowered, weight * lowering.channel.flux_identity(lowered, rank, along)


__all__ = ["Flux", "Lemma", "Link", "Piece", "Theorem", "certificate", "check", "lowering_for", "scope_of"]
