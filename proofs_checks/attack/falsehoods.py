"""Falsehoods by the thousand: candidates of six families, each to be judged by the oracle before it counts.

    mutation        a true statement with one to three nodes changed, or one name exchanged throughout
    recombination   random terms of one rank set equal
    dimension       wrong in D or K: true for D = 1, or for two atoms, claimed for all
    rule            true if a rule of calculus, of averages or of the schedule were another one; settings exchanged
    denominator     divisions by what is 0, or 0 for some D
    concrete        mutations claimed of a concrete law, for the component kernel

:mod:`proofs_checks.attack.tampering` adds the certificates. A true statement with a term that vanishes for D = 1 or
K <= 2 added is a true one at every instance that a checker of small cases would look at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import Any

from proofs_checks.attack.mutations import SWAPS, mutant, substituted
from proofs_checks.attack.rules import FALSE_RULES, Draw
from theory.language.instances import ANY, LINEAR, VE, VP, Law, Setting, gaussian, two_modes
from theory.language.notation import (
    X0,
    Cov,
    D,
    E,
    I,
    a,
    alpha,
    div,
    dot,
    dt,
    frobsq,
    g,
    grad,
    log,
    m,
    normsq,
    outer,
    p,
    post,
    s,
    sigma,
    symbol,
    tr,
    x,
)  # fmt: skip
from theory.language.statements import Eq, Rel
from theory.language.terms import Term, TermError, as_term

C = Cov(X0 | x)


@dataclass(frozen=True)
class Parent:
    """A true statement, its setting, and the links of a proof if one is known (inert data)."""

    name: str
    statement: Rel
    setting: Setting
    links: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A statement that may be false; ``links`` are those of a true parent, changed as the statement was."""

    family: str
    recipe: str
    statement: Rel
    setting: Setting
    links: tuple[dict[str, Any], ...] = ()
    denominator: Term | None = None


def draw(family: str, random: Random, parents: tuple[Parent, ...]) -> Candidate:
    """A candidate of a family. Raises TermError if the draw does not fit."""
    return FAMILIES[family](random, parents)


# -- mutations ---------------------------------------------------------------------------------------------------------
def _mutation(random: Random, parents: tuple[Parent, ...]) -> Candidate:
    parent = random.choice(parents)
    diffusion = parent.setting.process.name == "diffusion"
    if random.random() < 0.2:
        old, new = random.choice(SWAPS)
        sides = (substituted(t, old, new) for t in (parent.statement.lhs, parent.statement.rhs))
        links = tuple(changed_links(link, old, new) for link in parent.links)
        statement = Rel(parent.statement.relation, *sides)
        return Candidate("mutation", f"{parent.name}: {old!r} -> {new!r}", statement, parent.setting, links)
    count = random.choice((1, 1, 1, 2, 3))
    statement = mutant(parent.statement, random, count, diffusion)
    return Candidate("mutation", f"{parent.name}: {count} edits", statement, parent.setting, parent.links)


def changed_links(link: dict[str, Any], old: Term, new: Term) -> dict[str, Any]:
    """A link with ``old`` exchanged for ``new`` in its coefficients and fluxes."""
    from theory.language.terms import from_data, to_data

    def changed(data: Any) -> Any:
        return to_data(substituted(from_data(data), old, new))

    fluxes = [{**f, "coefficient": changed(f["coefficient"]), "flux": changed(f["flux"])} for f in link["fluxes"]]
    return {**link, "fluxes": fluxes}


# -- recombinations ---------------------------------------------------------------------------------------------------
def _recombination(random: Random, parents: tuple[Parent, ...]) -> Candidate:
    drawing, setting = Draw(random), Setting(ANY, random.choice((LINEAR, LINEAR, VE, VP)))
    kind = random.random()
    if kind < 0.25:
        one, two = (random.choice(parents) for _ in range(2))
        if one.statement.lhs.rank != two.statement.lhs.rank or one.setting.process != two.setting.process:
            raise TermError("sides of two ranks")
        statement = Rel("=", one.statement.lhs, two.statement.rhs)
        return Candidate("recombination", f"{one.name} = {two.name}", statement, one.setting)
    if kind < 0.6:
        rank = random.randrange(3)
        sides = drawing.term(rank, 3), drawing.term(rank, 2)
    else:
        sides = E(drawing.term(0, 3)), E(drawing.term(0, 2)) * drawing.number()
        if random.random() < 0.4:
            sides = dt(sides[0]), sides[1]
    return Candidate("recombination", "random terms", Eq(*sides), setting)


# -- dimension and number of components --------------------------------------------------------------------------------
def _vanishing(random: Random, drawing: Draw, rank: int) -> tuple[str, Term]:
    """A term that is 0 for D = 1, or for D <= 2, or for two atoms in any dimension."""
    e = X0 - m
    third = post(normsq(e) * e)
    options: tuple[tuple[str, Term], ...]
    if rank == 0:
        options = (
            ("(tr C)^2 - |C|^2", tr(C) ** 2 - frobsq(C)),
            ("D - 1", D - 1),
            ("D - D^2", D - D**2),
            ("s.C s - tr C |s|^2", dot(s, dot(C, s)) - tr(C) * normsq(s)),
            ("tr C |J|^2 - ..", tr(C) * frobsq(dot(C, C)) - tr(dot(C, C)) * tr(dot(C, dot(C, C)))),
            ("(D - 1)(D - 2)", (D - 1) * (D - 2)),
            ("third moments", normsq(third) * tr(C) - dot(third, dot(C, third))),
            ("|X0|^2 |x|^2 - (X0.x)^2", normsq(m) * normsq(x) - dot(m, x) ** 2),
            ("minors of J", div(s) ** 2 - tr(dot(grad(s), grad(s)))),
        )
    elif rank == 1:
        options = (
            ("C C s - tr C C s", dot(dot(C, C), s) - tr(C) * dot(C, s)), ("(D - 1) s", (D - 1) * s),
            ("C k3 - tr C k3", dot(C, third) - tr(C) * third), ("(x.s) s - |s|^2 x", dot(x, s) * s - normsq(s) * x),
        )  # fmt: skip
    else:
        options = (
            ("C C - tr C C", dot(C, C) - tr(C) * C), ("D I - I", D * I - I), ("tr C I - D C", tr(C) * I - D * C),
            ("outer swapped", outer(s, x) - outer(x, s)), ("tr J I - J", div(s) * I - grad(s)),
        )  # fmt: skip
    name, term = random.choice(options)
    factor = random.choice((as_term(1), alpha**2, g**2 / sigma**4, as_term(drawing.number()), D, alpha * g**2))
    return name, factor * term


def _dimension(random: Random, parents: tuple[Parent, ...]) -> Candidate:
    drawing = Draw(random)
    parent = random.choice([q for q in parents if q.setting.process.name != "diffusion"])
    left, right = parent.statement.lhs, parent.statement.rhs
    if random.random() < 0.25:
        new = random.choice((as_term(1), D - 1, D + 1, 2 * D - 1, D**2, as_term(2), (D + 1) / 2, 2 - D, 1 / D))
        sides = left, substituted(right, D, new)
        if sides[1] == right:
            raise TermError("no D")
        links = parent.links
        return Candidate("dimension", f"{parent.name}: D -> {new!r}", Rel("=", *sides), parent.setting, links)
    name, extra = _vanishing(random, drawing, left.rank)
    if not parent.statement.free:
        extra = E(extra)
    return Candidate("dimension", f"{parent.name} + {name}", Eq(left, right + extra), parent.setting, parent.links)


# -- wrong rules -------------------------------------------------------------------------------------------------------
def _rule(random: Random, parents: tuple[Parent, ...]) -> Candidate:
    if random.random() < 0.35:
        return _other_setting(random, parents)
    name, setting, build = random.choice(FALSE_RULES)
    return Candidate("rule", name, build(Draw(random, diffusion=setting.process.name == "diffusion")), setting)


def _other_setting(random: Random, parents: tuple[Parent, ...]) -> Candidate:
    """True for one class of processes, claimed for another."""
    parent = random.choice([q for q in parents if q.setting.process.name != "diffusion"])
    left, right, setting = parent.statement.lhs, parent.statement.rhs, parent.setting
    kind = random.choice(("ve", "vp", "balance", "wider", "wider"))
    if kind == "wider":
        others = [z for z in (LINEAR, VE, VP) if z != setting.process]
        wider = replace(setting, process=random.choice(others))
        return Candidate("rule", f"{parent.name} for {wider.process.name}", parent.statement, wider, parent.links)
    if right.op == "num" or right.op == "origin":
        raise TermError("nothing to scale")
    factor = {"ve": alpha ** random.choice((-2, -1, 1, 2)), "vp": alpha**2 + sigma**2, "balance": -2 * a / g**2}[kind]
    wide = replace(setting, process=random.choice((LINEAR, VP) if kind == "ve" else (LINEAR, VE)))
    if random.random() < 0.5:
        factor = 1 + (factor - 1) * random.choice((normsq(s), alpha, as_term(3))) if parent.statement.free else factor
    return Candidate(
        "rule", f"{parent.name} times what is 1 under {kind}", Eq(left, factor * right), wide, parent.links
    )


# -- denominators -----------------------------------------------------------------------------------------------------
def _denominator(random: Random, parents: tuple[Parent, ...]) -> Candidate:
    drawing = Draw(random)
    zeros: tuple[tuple[Term, Any], ...] = (
        (D - tr(I), LINEAR), (a, VE), (p - p, LINEAR), (alpha - 1, VE), (alpha**2 + sigma**2 - 1, VP), (D - 1, LINEAR),
        (dt(alpha), VE), (E(div(s)) + E(normsq(s)), LINEAR), (2 * a + g**2, VP), (E(dot(x, s)) + D, LINEAR),
        (D - 2, LINEAR), (sigma - alpha, LINEAR), (a - g, LINEAR), (E(normsq(x)) - D, LINEAR), (alpha - 2, LINEAR),
    )  # fmt: skip
    zero, process = random.choice(zeros)
    u, v = drawing.term(0, 2), drawing.term(0, 2)
    if random.random() < 0.5 and not zero.free:
        u, v = E(u), E(v)
    if random.random() < 0.3:
        parent = random.choice(parents)
        u, v = parent.statement.lhs, 2 * parent.statement.rhs
    return Candidate("denominator", f"division by {zero!r}", Eq(u / zero, v / zero), Setting(ANY, process), (), zero)


# -- concrete laws ----------------------------------------------------------------------------------------------------
def _laws(random: Random) -> tuple[Law, tuple[Term, ...], tuple[Term, ...]]:
    mu, S = symbol("mu"), symbol("S")
    kind = random.randrange(4)
    if kind == 0:
        return two_modes(mu, S), (mu,), (S,)
    if kind == 1:
        return two_modes(mu), (mu,), ()
    if kind == 2:
        return gaussian(mu, S), (S,), ()
    return gaussian((mu, Fraction(1, 2)), ((S, Fraction(0)), (Fraction(0), Fraction(2)))), (S,), ()


def _concrete(random: Random, parents: tuple[Parent, ...]) -> Candidate:
    law, positive, nonnegative = _laws(random)
    parent = random.choice([q for q in parents if q.setting.process.name != "diffusion"])
    if law.K > 1 and not parent.statement.free:
        raise TermError("averages over a mixture have no closed form")
    statement = mutant(parent.statement, random, random.choice((1, 1, 2)))
    if "Z" in statement.free or "mz" in repr(statement):
        raise TermError("a label")
    setting = Setting(law, parent.setting.process, None, positive, nonnegative)
    return Candidate("concrete", f"{parent.name} of {law.name or 'a Gaussian'}", statement, setting)


FAMILIES: dict[str, Callable[[Random, tuple[Parent, ...]], Candidate]] = {
    "mutation": _mutation, "recombination": _recombination, "dimension": _dimension, "rule": _rule,
    "denominator": _denominator, "concrete": _concrete,
}  # fmt: skip

__all__ = ["FAMILIES", "Candidate", "Parent", "changed_links", "draw", "log", "div"]
