"""The lines of a derivation and how they are chained. Inert data, and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from theory.language.statements import Rel
from theory.language.terms import Term, make
from theory.typeset.latex import RELATIONS, relation_latex, term_latex
from theory.typeset.stages import Line, Why
from theory.typeset.text import relation_text, term_text
from theory.typeset.tidy import ZERO

LONGEST = 230
"""Characters of a line's text beyond which an intermediate line is left out and its reasons pass to the next."""


@dataclass(frozen=True)
class Step:
    """One line: a formula as text and LaTeX (without dollars), and why it holds, as text and as LaTeX.

    A line that begins with a relation continues the chain; an ``aside`` stands between its lines. ``claim`` is the
    relation that a line asserts, None for a line that only names something.
    """

    math_text: str
    math_latex: str
    why: str
    why_latex: str = ""
    claim: Rel | None = None
    aside: bool = False


def say(math: Term, why: Sequence[Why], relation: str = "", before: Term | None = None) -> Step:
    """One line; with a ``relation`` it continues the line ``before``."""
    return Step(
        f"{relation} {term_text(math)}".strip(), f"{RELATIONS.get(relation, '')} {term_latex(math)}".strip(),
        "; ".join(w.text for w in why), "; ".join(w.tex for w in why),
        None if before is None or not relation else Rel(relation, before, math),
    )  # fmt: skip


def remark(rel: Rel, why: Why, aside: bool = False) -> Step:
    """A relation on a line of its own."""
    return Step(relation_text(rel), relation_latex(rel), why.text, why.tex, rel, aside)


# -- chains ----------------------------------------------------------------------------------------------------------
def readable(start: Term, lines: Sequence[Line]) -> list[Line]:
    """The lines without those that are too long or repeat the one before; the last one always stays."""
    kept: list[Line] = []
    waiting: tuple[Why, ...] = ()
    before = start
    for number, line in enumerate(lines):
        why = (*waiting, *(w for w in line.why if w not in waiting))
        too_long = len(term_text(line.term)) > LONGEST and number < len(lines) - 1
        if too_long or line.term == before:
            waiting = why if line.term != before else waiting
            continue
        kept.append(Line(line.term, why))
        waiting, before = (), line.term
    return kept


def _meeting(left: list[Line], right: list[Line]) -> tuple[int, int] | None:
    """The earliest lines that two sides have in common."""
    found = [(i + j, i, j) for i, u in enumerate(left) for j, v in enumerate(right) if u.term == v.term]
    return min(found)[1:] if found else None


def chain_of(left: Term, right: Term, ahead: list[Line], behind: list[Line], link: Why) -> list[Step]:
    """left = .. = .. = right, the lines of the right side read backwards; ``link`` joins the two last lines."""
    forward = [Line(left, ()), *readable(left, ahead)]
    backward = [Line(right, ()), *readable(right, behind)]
    met = _meeting(forward, backward)
    if met is not None:
        forward, backward = forward[: met[0] + 1], backward[: met[1] + 1]
    steps = [say(left, ())]
    steps += [say(v.term, v.why, "=", u.term) for u, v in pairwise(forward)]
    place = forward[-1].term
    if met is None:
        steps.append(say(backward[-1].term, (link,), "=", place))
    for v, u in zip(backward[::-1], backward[-2::-1], strict=False):
        steps.append(say(u.term, v.why, "=", v.term))
    return steps


def gap_of(left: Term, right: Term) -> Term:
    """left - right, without a zero."""
    if right == ZERO or right.op == "origin":
        return left
    return make("neg", (right,)) if left == ZERO or left.op == "origin" else make("sub", (left, right))
