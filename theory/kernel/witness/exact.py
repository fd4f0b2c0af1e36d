"""Exact witnesses against false statements. Trusted; standard library only.

A witness is a member of the setting (law, germ, points) at which the two sides, lowered separately, take values whose
difference excludes 0 (or has the wrong sign, for an inequality). It can be re-checked by hand; without one nothing is
refuted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from theory.kernel.errors import KernelError
from theory.kernel.index.averages import depends_on_end, depends_on_label, depends_on_space, mentions_label
from theory.kernel.index.lower import Lowering
from theory.kernel.index.monomials import Element
from theory.kernel.witness.finite_law import FiniteLaw
from theory.kernel.witness.gaussian_law import GaussianLaw
from theory.kernel.witness.germs import Number
from theory.kernel.witness.intervals import as_interval, shown
from theory.language.instances import Law, Setting
from theory.language.statements import Rel

_SIZES = ((2, 3), (2, 4), (3, 3), (1, 3))
_FINITE_LAWS = frozenset({"any", "finite-information", "discrete", "mixture"})
_GAUSSIAN_LAWS = frozenset({"any", "finite-information", "gaussian", "mixture"})
_SEEDS = 3


@dataclass(frozen=True)
class Witness:
    """``values`` says law, germ, points, both sides and their difference, as exact rationals or enclosures."""

    values: dict[str, str]
    evaluations: int


@dataclass(frozen=True)
class _Case:
    """One place of evaluation: its components, how to evaluate there and how to say it."""

    dimension: int
    value: Callable[[Element, dict[int, int]], Number]
    text: Callable[[], dict[str, str]]


def find_witness(
    relation: Rel, setting: Setting, lowering: Lowering, deadline: float = float("inf")
) -> tuple[Witness | None, int]:
    """A witness against ``relation`` within the setting, or None, and the number of evaluations.

    Where the drift is any, X_t has at this time the law that a linear process gives it, and f is free from then on.

    No new place is tried after ``deadline`` (of time.monotonic).
    None says nothing about truth.
    """
    indices = tuple(range(1, relation.lhs.rank + 1))
    left, right = lowering.element(relation.lhs, indices), lowering.element(relation.rhs, indices)
    tried = 0
    for case in _cases(left, right, setting, lowering.positive):
        if time.monotonic() > deadline:
            break
        for places in product(range(case.dimension), repeat=len(indices)):
            at = dict(zip(indices, places, strict=True))
            tried += 1
            try:
                sides = case.value(left, at), case.value(right, at)
            except KernelError:
                break  # no value here: another place may have one
            difference = as_interval(sides[0]) - as_interval(sides[1])
            if _violates(relation.relation, difference.lo, difference.hi):
                words = {**case.text()}
                if places:
                    words["component"] = ", ".join(str(i + 1) for i in places)
                names = ("left side", "right side", "difference")
                words |= dict(zip(names, map(shown, (*sides, difference)), strict=True))
                return Witness({"D": str(case.dimension), **words}, tried), tried
    return None, tried


def _violates(relation: str, low: Fraction, high: Fraction) -> bool:
    """Whether every number in [low, high] violates ``difference relation 0``."""
    return {
        "=": low > 0 or high < 0, ">=": high < 0, "<=": low > 0,
        ">": high <= 0, "<": low >= 0,
    }[relation]  # fmt: skip


def labels_for(setting: Setting, sides: Iterable[Element]) -> str:
    """What Z is at a finite law of ``setting``: "component" for mixtures, whose atoms are their own components."""
    if isinstance(setting.law, Law) or not any(map(mentions_label, sides)):
        return ""
    return "component" if setting.law.name == "mixture" else "any"


def _cases(left: Element, right: Element, setting: Setting, positive: frozenset[str]) -> Iterator[_Case]:
    if isinstance(setting.law, Law):
        return
    law, process = setting.law.name, setting.process.name
    sides = (left, right)
    averaged = any(f[0] == "E" for side in sides for m in side.terms for f in m[1])
    space, latent = any(map(depends_on_space, sides)), any(map(depends_on_end, sides))
    label, kind = any(map(depends_on_label, sides)), labels_for(setting, sides)
    declared = positive | {str(t.data) for t in setting.nonnegative}
    if not averaged and law in _FINITE_LAWS:
        shapes = _SIZES if setting.D is None else tuple((setting.D, K) for K in (3, 4, 2))
        for seed in range(_SEEDS):
            for size, atoms in shapes:
                finite = FiniteLaw(size, atoms, seed, process, declared, kind)
                for end, sort in finite.pairs(latent, label):
                    yield _finite_case(finite, end, sort)
    gaussian = law in _GAUSSIAN_LAWS
    if gaussian or (averaged and law == "discrete"):
        for seed in range(_SEEDS):
            sizes = ((2, 1) if seed == 0 else (2,)) if setting.D is None else (setting.D,)
            for size in sizes:
                normal = GaussianLaw(size, seed, process, declared, atom=not gaussian)
                yield _gaussian_case(normal, space, latent)


def _finite_case(law: FiniteLaw, end: int | None, label: int | None) -> _Case:
    return _Case(law.D, lambda element, at: law.value(element, at, end, label), lambda: law.text(end, label))


def _gaussian_case(law: GaussianLaw, space: bool, latent: bool) -> _Case:
    return _Case(law.D, law.value, lambda: law.text(space, latent))
