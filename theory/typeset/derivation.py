"""Derivations line by line: what a certificate proves, written as a chain of equalities with a justification each.

``derivation(statement, setting, certificate)`` reads a certificate (or the outcome of ``theory.search.settle``) and
gives inert steps. The lines are untrusted: the kernel accepted the certificate, not the prose. But no line may say
something false: every line that relates two terms carries the relation as ``claim``, and the tests ask the kernel, or
the evaluators, about each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from theory.kernel.errors import KernelError
from theory.kernel.index import equivalence
from theory.kernel.index.certificate import KIND, Flux, lowering_for
from theory.kernel.index.hypotheses import ASSUMED, Hypothesis
from theory.kernel.index.lower import Lowering
from theory.kernel.index.pieces import nonnegative, piece_from_data
from theory.language.by_definition import holds_by_definition
from theory.language.instances import Setting
from theory.language.serial import setting_from_data
from theory.language.statements import Chain, Iff, Rel, Statement
from theory.language.terms import Term, from_data, make
from theory.search.outcome import Outcome
from theory.typeset.closed_derivation import closed_derivation
from theory.typeset.contractions import NoVectorFormError
from theory.typeset.latex import relation_latex, term_latex
from theory.typeset.stages import LINEAR, Why, definitions, stages
from theory.typeset.steps import Step, chain_of, gap_of, remark, say
from theory.typeset.sums import element_term
from theory.typeset.text import relation_text, term_text
from theory.typeset.tidy import ONE, ZERO, product, signed_sum, summands, tidy


def derivation(
    statement: Statement, setting: Setting, proof: Outcome | Mapping[str, Any] | None, square: Term | None = None
) -> tuple[Step, ...]:
    """The steps that lead to ``statement``; ``proof`` is its certificate, or the outcome that holds it.

    Empty where there is neither a certificate nor agreement by definition.
    """
    certificate = proof.certificate if isinstance(proof, Outcome) else proof
    if certificate is None:
        return _by_definition(statement) if holds_by_definition(statement) else ()
    if certificate["kind"] == "component":
        return closed_derivation(statement, setting, certificate)
    if certificate["kind"] == equivalence.KIND:
        return _equivalence(statement, setting_from_data(certificate["setting"]), from_data(certificate["factor"]))
    if certificate["kind"] != KIND:
        return ()
    hypotheses = proof.hypotheses if isinstance(proof, Outcome) else ()
    return _bracket(statement, setting_from_data(certificate["setting"]), certificate["links"], hypotheses)


# -- the bracket kernel ----------------------------------------------------------------------------------------------
def _bracket(
    statement: Statement, setting: Setting, links: Sequence[Mapping[str, Any]], hypotheses: Sequence[Hypothesis]
) -> tuple[Step, ...]:
    relations = statement.links if isinstance(statement, Chain) else (statement,)
    steps: list[Step] = []
    number = 0
    for relation, link in zip(relations, links, strict=True):
        assert isinstance(relation, Rel)
        fluxes = [Flux(from_data(f["coefficient"]), from_data(f["flux"]), f["along"]) for f in link["fluxes"]]
        square = _nonnegative(link, setting)
        rules = list(dict.fromkeys(piece["rule"] for piece in link["pieces"]))
        decay = [h for h in hypotheses if h.name.startswith("flux decay")][number : number + len(fluxes)]
        number += len(fluxes)
        steps += _link(relation, fluxes, square, decay, setting, link["parts"], rules)
    return tuple(steps)


def _link(
    relation: Rel, fluxes: list[Flux], square: Term | None, decay: Sequence[Hypothesis], setting: Setting, parts: bool,
    rules: list[str],
) -> list[Step]:  # fmt: skip
    lowering = lowering_for(setting)
    if relation.relation == "=":
        return _equal(relation.lhs, relation.rhs, fluxes, decay, lowering, parts)
    large, small = (relation.lhs, relation.rhs) if relation.relation == ">=" else (relation.rhs, relation.lhs)
    gap = gap_of(large, small)
    target = gap if square is None else square
    steps = _equal(gap, target, fluxes, decay, lowering, parts) if target != gap else [say(gap, ())]
    other = [rule for rule in rules if rule != "square"]
    why = f"non-negative: {' and '.join(other)}" if other else "a sum of squares and of averages of squares"
    return [*steps, say(ZERO, (Why(why),), ">=", target)]


def _nonnegative(link: Mapping[str, Any], setting: Setting) -> Term | None:
    """The sum of the link's square and pieces; None stands for the difference itself."""
    positive, weak = (frozenset(str(t.data) for t in names) for names in (setting.positive, setting.nonnegative))
    parts = [nonnegative(piece_from_data(data), positive, weak, setting) for data in link["pieces"]]
    parts = [product([t for t in part.args if t != ONE]) if part.op == "mul" else part for part in parts]
    if link["square"] is not None:
        parts.append(from_data(link["square"]))
    return signed_sum([(1, t) for t in parts]) if parts else None


BY_PARTS = Why(
    "both expand to the same averages by E[x_i w] = alpha E[X0_i w] + sigma^2 E[d_i w]: integration by parts",
    r"both expand to the same averages by"
    r" $\mathbb{E}[x_i w] = \alpha \mathbb{E}[X_{0,i} w] + \sigma^2 \mathbb{E}[\partial_i w]$: integration by parts",
)


def _equal(
    left: Term, right: Term, fluxes: list[Flux], decay: Sequence[Hypothesis], lowering: Lowering, parts: bool = False
) -> list[Step]:
    indices = tuple(range(1, left.rank + 1))
    ahead, behind = stages(left, lowering, indices)[0], stages(right, lowering, indices)[0]
    if not fluxes:
        link = BY_PARTS if parts else Why("both sides expand to the same polynomial in averages")
        return _with_parts(chain_of(left, right, ahead, behind, link), lowering, indices)
    named, link = _by_parts(fluxes, decay, left.rank)
    steps = chain_of(left, right, ahead, behind, link)
    place = next((n for n, s in enumerate(steps) if s.why == link.text), len(steps))
    return [*steps[:place], *named, *steps[place:]]


def _equivalence(statement: Statement, setting: Setting, factor: Term) -> tuple[Step, ...]:
    """A - B = c (C - D), with c of one sign: both conditions hold at the same points."""
    assert isinstance(statement, Iff)
    (relation, *left), (_, *right) = equivalence.turned(statement.left), equivalence.turned(statement.right)
    scale = tidy(factor)
    negative_scale = scale.op == "neg"
    body = product([scale.args[0] if negative_scale else scale, gap_of(*right)])
    steps = _equal(gap_of(*left), make("neg", (body,)) if negative_scale else body, [], [], lowering_for(setting))
    word = "not zero" if relation == "=" else "positive"
    why = Why(f"the factor is {word}: one side has this sign where the other has")
    if relation == "=":
        why = Why("the factor is not zero: one side vanishes where the other does")
    return (*steps, Step(
        f"{relation_text(statement.left)} iff {relation_text(statement.right)}",
        rf"{relation_latex(statement.left)} \iff {relation_latex(statement.right)}", why.text,
    ))  # fmt: skip


def _by_parts(fluxes: list[Flux], decay: Sequence[Hypothesis], rank: int) -> tuple[list[Step], Why]:
    """The lines that name the fluxes and state their identities, and the reason that uses them."""
    steps: list[Step] = []
    for number, (flux, hypothesis) in enumerate(zip(fluxes, [*decay, *[None] * len(fluxes)], strict=False), 1):
        name = "V" if len(fluxes) == 1 else f"V_{number}"
        field = tidy(product([flux.coefficient, flux.field]))
        steps.append(Step(
            f"{name} = {term_text(field)}", f"{name} = {term_latex(field)}", "a flux", "a flux", aside=True,
        ))  # fmt: skip
        text, latex = _identity(name, field, flux.along, rank)
        steps.append(Step(text, latex, *_decays(hypothesis), aside=True))
    names = "V" if len(fluxes) == 1 else "V_1, .."
    return steps, Why(
        f"less the vanishing average of {names}, which expands in the same way",
        f"less the vanishing average of ${names.replace('..', chr(92) + 'ldots')}$, which expands in the same way",
    )


def _identity(name: str, field: Term, along: int, rank: int) -> tuple[str, str]:
    """E[div V + V . grad log k] = 0, or for a flux along one index E[grad V + V (x) grad log k] = 0."""
    if not along:
        dot_text = " . " if field.rank == 1 else " "
        return (
            f"E[div {name} + {name}{dot_text}grad log k(x|X0)] = 0",
            rf"\mathbb{{E}}[\nabla\cdot {name} + {name} \cdot \nabla\log k(x \mid X_0)] = 0",
        )
    if field.rank == 0:
        return (
            f"E[grad {name} + {name} grad log k(x|X0)] = 0",
            rf"\mathbb{{E}}[\nabla {name} + {name}\, \nabla\log k(x \mid X_0)] = 0",
        )
    if along == rank:
        return (
            f"E[jac {name} + outer({name}, grad log k(x|X0))] = 0",
            rf"\mathbb{{E}}[\nabla {name} + {name} \otimes \nabla\log k(x \mid X_0)] = 0",
        )
    return (
        f"E[(jac {name})^T + outer(grad log k(x|X0), {name})] = 0",
        rf"\mathbb{{E}}[(\nabla {name})^\top + \nabla\log k(x \mid X_0) \otimes {name}] = 0",
    )


def _decays(hypothesis: Hypothesis | None) -> tuple[str, str]:
    base = "integration by parts against k p0"
    base_latex = "integration by parts against $k\\,p_0$"
    if hypothesis is None:
        return base, base_latex
    state = "decay of the flux assumed" if hypothesis.status == ASSUMED else f"decay: {hypothesis.by}"
    return f"{base}; {state}", f"{base_latex}; {state}"


def _with_parts(steps: list[Step], lowering: Lowering, indices: tuple[int, ...]) -> list[Step]:
    """Before a sum of derivatives is said to be expanded, what each of its summands is."""
    out: list[Step] = []
    for step in steps:
        if step.claim is not None and step.claim.lhs.op in ("add", "sub") and not step.why.startswith(LINEAR.text):
            parts = summands(step.claim.lhs)
            heavy = [(s, t) for s, t in parts if _differentiates(t)]
            if len(heavy) > 1 and step.claim.rhs == ZERO:
                out += [p for s, t in parts if (p := _part(s, t, lowering, indices)) is not None]
        out.append(step)
    return out


def _part(sign: int, term: Term, lowering: Lowering, indices: tuple[int, ...]) -> Step | None:
    whole = signed_sum([(sign, term)])
    try:
        made = element_term(lowering.element(whole, indices), indices)
    except (NoVectorFormError, KernelError):
        return None
    return remark(Rel("=", whole, made), Why("one summand after the other"), aside=True)


def _differentiates(term: Term) -> bool:
    return any(part.op in ("dt", "grad", "lap", "div", "jac") for part in _nodes(term))


def _nodes(term: Term) -> list[Term]:
    return [term, *(n for t in term.args for n in _nodes(t))]


# -- by definition ---------------------------------------------------------------------------------------------------
def _by_definition(statement: Statement) -> tuple[Step, ...]:
    relations = statement.links if isinstance(statement, Chain) else (statement,)
    steps: list[Step] = []
    for relation in relations:
        assert isinstance(relation, Rel)
        ahead, behind = definitions(relation.lhs), definitions(relation.rhs)
        steps += chain_of(relation.lhs, relation.rhs, ahead, behind, Why("commutative arithmetic and linearity"))
    return tuple(steps)


__all__ = ["Step", "derivation", "remark"]
