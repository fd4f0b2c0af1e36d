"""Exact witnesses against false statements about Gaussian laws. Trusted; standard library only.

The evaluator reads the *term*, in core operators, at a member of the setting: rational matrices in two or three
dimensions. It shares no rule with the words, so a witness does not rest on them. Densities occur as powers of
generators; logarithms are enclosures. A relation is refuted only if the difference of its sides excludes 0 (or has the
wrong sign).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from theory.kernel.errors import BudgetError, KernelError, UnsupportedError
from theory.kernel.witness.intervals import Interval, shown
from theory.kernel.words.evaluator import Evaluator
from theory.kernel.words.fields import value_of
from theory.kernel.words.members import Member
from theory.language.instances import Law, Setting
from theory.language.statements import Rel
from theory.language.terms import X0_VAR, X, walk

SIZES, SEEDS = (2, 3, 1), 3


@dataclass(frozen=True)
class Witness:
    """``values`` says the member, the points, both sides and their difference, as exact rationals or enclosures."""

    values: dict[str, str]
    evaluations: int


def find_witness(relation: Rel, setting: Setting, deadline: float = float("inf")) -> tuple[Witness | None, int]:
    """A witness against ``relation`` within the setting, or None, and the number of evaluations.

    No new member is tried after ``deadline`` (of time.monotonic). None says nothing about truth. Raises
    UnsupportedError if the terms cannot be evaluated.
    """
    if isinstance(setting.law, Law) or setting.law.name != "gaussian":
        raise UnsupportedError("exact matrix witnesses are members of the class of Gaussian laws")
    positive = frozenset(str(t.data) for t in (*setting.positive, *setting.nonnegative))
    tried = 0
    for seed in range(SEEDS):
        for size in SIZES if setting.D is None else (setting.D,):
            if size > max(SIZES) or time.monotonic() > deadline:
                return None, tried
            evaluator = Evaluator(Member(setting.process.name, size, seed, positive))
            try:
                sides = [evaluator.value(side) for side in (relation.lhs, relation.rhs)]
            except (UnsupportedError, BudgetError):
                raise
            except KernelError:
                continue  # no value here: another member may have one
            for place in product(range(size), repeat=relation.lhs.rank):
                tried += 1
                left, right = (_entry(side, place) for side in sides)
                difference = left - right
                if violates(relation.relation, difference):
                    return Witness(_words(evaluator, relation, place, (left, right, difference)), tried), tried
    return None, tried


def violates(relation: str, difference: Interval) -> bool:
    """Whether every number in ``difference`` violates ``difference relation 0``."""
    low, high = difference.lo, difference.hi
    return {
        "=": low > 0 or high < 0, ">=": high < 0, "<=": low > 0, ">": high <= 0, "<": low >= 0,
    }[relation]  # fmt: skip


def _entry(value: Any, place: Sequence[int]) -> Interval:
    for i in place:
        value = value[i]
    return value_of(value)


def _words(evaluator: Evaluator, relation: Rel, place: Sequence[int], found: tuple[Interval, ...]) -> dict[str, str]:
    nodes = [n for side in (relation.lhs, relation.rhs) for n in walk(evaluator.core(side))]
    words = evaluator.member.text(X in relation.free, X0_VAR in relation.free, any(n.op == "q" for n in nodes))
    if place:
        words["component"] = ", ".join(str(i + 1) for i in place)
    return words | dict(zip(("left side", "right side", "difference"), map(shown, found), strict=True))
