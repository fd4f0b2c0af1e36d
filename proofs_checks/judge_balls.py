"""The balls judge: both sides of a statement as rigorous enclosures at the instances of its claim."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from numerics.balls import decimal
from numerics.compare import CONFLICT, compare
from numerics.extrema import locate, ve_germ
from numerics.rings import Unsupported
from numerics.roots import count_zeros
from proofs_checks.claim import Claim
from proofs_checks.evidence import Evidence, Kind, Outcome, Route
from theory.language.definitions import unfold_linear
from theory.language.instances import Instance, Law
from theory.language.statements import Chain, Exists, Iff, Located, Rel, Series, Statement
from theory.language.terms import X0_VAR, TermError, walk
from theory.typeset.text import statement_text

MUTANT_DIGITS = 8
PLANE_DIGITS = 3
"""Absolute digits of averages over the plane, where each costs seconds; mutants are shown to floats and algebra."""


@dataclass
class _Word:
    """What was found at one instance: an outcome of ``compare`` ("enclosed", "refuted", ..), a sentence, figures."""

    where: str
    outcome: str
    detail: str = ""
    digits: int | None = None
    figures: dict[str, str] = field(default_factory=dict)


def _ball_text(value: Any) -> str:
    """A (midpoint, radius) pair as ``midpoint +/- radius``; vectors and matrices in brackets."""
    if isinstance(value[0], str):
        return f"{value[0]} +/- {value[1]}"
    return "[" + ", ".join(_ball_text(v) for v in value) + "]"


def _costly_over_the_plane(rel: Rel) -> bool:
    """Whether floats do the averages over the plane: balls would take a minute, not seconds.

    So it is for matrices, for a posterior average inside an average, and for the kernel's own score.
    """
    averages = [t for side in (rel.lhs, rel.rhs) for t in walk(unfold_linear(side)) if t.op == "E"]
    inside = [inner for t in averages for inner in walk(t)]
    return any(t.rank for t in averages) or any(t.op == "post" or (t.op == "grad" and X0_VAR in t.free) for t in inside)


def _at(rel: Rel, instance: Instance, digits: int, careful: bool) -> _Word:
    plane_digits = PLANE_DIGITS if careful and not _costly_over_the_plane(rel) else 0
    found = compare(rel, instance, digits=digits, plane_digits=plane_digits, opinion=careful)
    sides = {"left": found.lhs, "right": found.rhs}
    figures = {f"{instance.name}: {side}": _ball_text(value) for side, value in sides.items() if value is not None}
    return _Word(instance.name, found.outcome, found.detail, found.digits, figures)


def _holds(rel: Rel, instance: Instance, digits: int) -> bool | None:
    """Whether a condition certainly holds; None if balls cannot tell (equality belongs to algebra)."""
    return {"enclosed": True, "refuted": False}.get(compare(rel, instance, digits=digits).outcome)


def _iff(statement: Iff, instance: Instance, digits: int) -> _Word:
    left, right = (_holds(rel, instance, digits) for rel in (statement.left, statement.right))
    if left is None or right is None:
        return _Word(instance.name, "undecided", "one of the conditions is too close to equality")
    both = f"{statement_text(statement.left)} is {left}, {statement_text(statement.right)} is {right}"
    return _Word(instance.name, "enclosed" if left == right else "refuted", f"at {instance.name}: {both}")


def _zeros(statement: Located, instance: Instance, digits: int) -> _Word | None:
    """Counts zeros where the condition holds; None where it certainly does not."""
    if statement.when is not None:
        holds = _holds(statement.when, instance, digits)
        if not holds:
            return (
                None if holds is False else _Word(instance.name, "undecided", "the condition is too close to equality")
            )
    found = count_zeros(statement.what.term, instance, within=statement.within)
    if found.count is None:
        return _Word(instance.name, "undecided", found.detail)
    places = {
        f"{instance.name}: zero {i}": _ball_text(decimal(zero.place, 15)) for i, zero in enumerate(found.zeros, 1)
    }
    if statement.count is not None and found.count != statement.count:
        return _Word(
            instance.name, "refuted", f"{found.count} zeros at {instance.name}, not {statement.count}", None, places
        )
    if statement.at is not None or statement.value is not None:
        return _Word(instance.name, "undecided", "the number agrees, places are not compared", None, places)
    return _Word(instance.name, "enclosed", f"{found.count} zeros", None, places)


def _words(claim: Claim, statement: Statement, digits: int, careful: bool) -> Iterator[_Word]:
    if isinstance(statement, Rel):
        yield from (_at(statement, i, digits, careful) for i in claim.judged_at())
    elif isinstance(statement, Chain):
        for number, link in enumerate(statement.links, 1):
            for word in _words(claim, link, digits, careful):
                yield replace(word, where=f"link {number} at {word.where}")
    elif isinstance(statement, Series):
        for number, link in enumerate(statement.relations()):
            for word in _words(claim, link, digits, careful):
                yield replace(word, where=f"coefficient {number} at {word.where}")
    elif isinstance(statement, Exists):
        yield _at(statement.statement, statement.instance, digits, careful)
    elif isinstance(statement, Iff):
        yield from (_iff(statement, i, digits) for i in claim.judged_at())
    elif isinstance(statement, Located) and statement.what.kind == "zeros" and statement.what.variable.op == "x":
        yield from (w for i in claim.judged_at() if (w := _zeros(statement, i, digits)) is not None)
    elif isinstance(statement, Located) and isinstance(claim.setting.law, Law):
        found = locate(statement, claim.setting.law, ve_germ)
        yield _Word(claim.setting.law.name, found.outcome, found.detail, None, dict(found.figures))
    else:
        yield _Word("", "unsupported", f"no ball reading of a {type(statement).__name__} statement")


def _gather(words: Iterable[_Word]) -> tuple[list[_Word], str]:
    found = []
    try:
        for word in words:
            found.append(word)
            if word.outcome == "refuted":
                break
    except (Unsupported, TermError) as error:  # a form that balls cannot read, a series in another variable than x
        return found, str(error)
    return found, ""


def judge_statement(
    claim: Claim, name: str, statement: Statement, *, digits: int, careful: bool = False
) -> list[Evidence]:
    """Evidence by balls, and separately by floats where only floats can integrate (two dimensions).

    Refuted by the first instance that refutes; enclosed if every instance that balls can judge agrees; anything left
    open, or no instance at all, is undecided. ``careful`` (for statements of the catalogue, not for mutants) makes
    averages over the plane rigorous and asks mpmath for a second opinion, whose contradiction is a conflict.
    """
    start = time.perf_counter()
    found, reason = _gather(_words(claim, statement, digits, careful))
    figures = {key: text for w in found for key, text in w.figures.items()}
    rigorous = [w for w in found if w.outcome in ("enclosed", "refuted")]
    floats = [w for w in found if w.outcome == "agrees-float"]
    open_ends = [w for w in found if w not in rigorous and w not in floats]
    bad = next((w for w in found if w.outcome == "refuted"), None)
    if bad is not None:
        outcome, detail = Outcome.REFUTED, bad.detail
    elif reason or open_ends:
        outcome = Outcome.UNDECIDED
        detail = reason or "; ".join(f"{w.where}: {w.detail or w.outcome}" for w in open_ends)
    elif not rigorous:
        outcome, detail = Outcome.UNDECIDED, "no instance meets the condition"
    else:
        reached = [f"{w.digits} at {w.where}" for w in rigorous if w.digits is not None]
        outcome, detail = Outcome.ENCLOSED, f"digits: {', '.join(reached)}" if reached else rigorous[-1].detail
    scope = ", ".join(w.where for w in rigorous)
    seconds = time.perf_counter() - start
    torn = next((w for w in found if w.outcome == CONFLICT), None)
    if torn is not None:
        outcome, detail = Outcome.UNDECIDED, torn.detail
    evidence = [
        Evidence(
            Kind.ENCLOSURE,
            Route.BALLS,
            name,
            outcome,
            scope,
            detail,
            figures,
            conflict=torn is not None,
            seconds=seconds,
        )
    ]
    if floats and outcome is not Outcome.REFUTED:
        where = ", ".join(w.where for w in floats)
        evidence.append(
            Evidence(
                Kind.ENCLOSURE, Route.FLOATS, name, Outcome.CONSISTENT, where, "two-dimensional integrals in floats"
            )
        )
    return evidence


def judge(claim: Claim, *, digits: int) -> list[Evidence]:
    """Evidence for each statement of the claim, every enclosure with a second opinion from mpmath."""
    return [
        e for name, s in claim.statements.items() for e in judge_statement(claim, name, s, digits=digits, careful=True)
    ]
