"""What the families of true identities draw, and what they draw it with: settings, multipliers, two sides of a sum."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction

from proofs_checks.attack.truths_fields import Poly, pieces, summed
from theory.language.instances import (
    ANY,
    DIFFUSION,
    DISCRETE,
    FINITE_INFORMATION,
    LINEAR,
    MIXTURE,
    VE,
    VP,
    LawClass,
    ProcessClass,
    Setting,
)
from theory.language.notation import D, E, alpha, g, sigma, symbol
from theory.language.terms import Term

LAM = symbol("lam")
LINEAR_KINDS: tuple[ProcessClass, ...] = (LINEAR, LINEAR, LINEAR, LINEAR, VE, VP)
__all__ = ["ANY", "DIFFUSION", "DISCRETE", "FINITE_INFORMATION", "LAM", "LINEAR", "LINEAR_KINDS", "MIXTURE", "VE",
           "VP", "Draft", "balanced", "coefficient", "setting"]  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """An identity as a family draws it; ``kind`` names the rule it is true by."""

    kind: str
    lhs: Term
    rhs: Term
    setting: Setting


def setting(process: ProcessClass, law: LawClass = ANY, *, family: bool = False) -> Setting:
    """A setting without D; ``family`` declares the parameter lambda."""
    return Setting(law=law, process=process, nonnegative=(LAM,) if family else ())


def coefficient(rng: random.Random, *, linear: bool = True) -> Poly:
    """A random non-zero multiplier: a rational, perhaps times powers of alpha, sigma, g or D."""
    out = Poly.of(Fraction(rng.choice((1, 1, 2, 3, 5, -1, -2)), rng.choice((1, 1, 1, 2, 3))))
    for base in rng.sample((alpha, sigma, g**2, D) if linear else (g**2, D), rng.choice((0, 0, 1, 2))):
        out = out * Poly.of(base, rng.choice((1, 2)) if base in (D, g**2) else rng.choice((1, 2, -1, -2)))
    return out


def balanced(poly: Poly, rng: random.Random, *, average: bool) -> tuple[Term, Term]:
    """Two sides of ``poly`` = 0 (or of its average), the summands spread over them at random."""
    parts = pieces(poly, rng, averaged=average and rng.random() < 0.6)
    left: list[tuple[int, Term]] = []
    right: list[tuple[int, Term]] = []
    for sign, term in parts:
        (left if rng.random() < 0.5 else right).append((sign, term))
    if not left:
        left, right = right, left
    sides = (summed(left), summed([(-sign, term) for sign, term in right]))
    return _averaged(sides[0], average), _averaged(sides[1], average)


def _averaged(side: Term, average: bool) -> Term:
    return E(side) if average and side.free else side
