"""Averages over X0 given x, over X0 given x and Z, and over everything, kept flat. Trusted.

<.> is the average over X0 and Z given x, <.>_Z the one over X0 given x and Z, E the one over the joint law, in which
Z - X0 - X_t is Markov. All are linear and <1> = 1; what does not depend on X0 leaves <.>_Z, what depends on neither
X0 nor Z leaves <.>, what depends on t alone leaves E. The towers E[w] = E[<w>] and <w> = <<w>_Z> are used in one
direction: inside <.>, what depends on X0 stands in one <.>_Z, unless nothing else there depends on Z.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from theory.kernel.index.monomials import UNIT, Element, Factor, Monomial, monomial, total

END_TAGS = frozenset({"lk", "lp0", "k", "p0"})
LABEL_TAGS = frozenset({"lpz", "pz", "lwz", "wz"})
SPACE_TAGS = frozenset({"lp", "lk", "p", "k", "lpz", "pz", "lq", "q"})
SIDE = SPACE_TAGS | END_TAGS | LABEL_TAGS
LABEL_FACTORS = frozenset({"zpost", "mz", "Sz", "vinv"})


def posterior(element: Element) -> Element:
    """<element>: the average over X0 and Z given x, flat."""
    return total(_posterior(m).scaled(c) for m, c in element.terms.items())


@lru_cache(maxsize=1 << 16)
def _posterior(m: Monomial) -> Element:
    end, label, rest = _parted(m)
    if end == UNIT and label == UNIT:
        return Element({m: Fraction(1)})
    if label == UNIT:
        inner = end
    elif end == UNIT:
        (scalars, factors) = label
        lone = not scalars and len(factors) == 1 and factors[0][0] == "zpost"
        inner = factors[0][1] if lone else label
    else:
        inner = (label[0], (*label[1], ("zpost", end, ())))
    average: Factor = ("post", inner, ())
    return monomial(rest[0], (*rest[1], average))


def _parted(m: Monomial) -> tuple[Monomial, Monomial, Monomial]:
    """The parts of a monomial that depend on X0, on Z but not on X0, and on neither. Their indices may be shared."""
    scalars, factors = m
    kind = [1 if s[0][0] in END_TAGS else 2 if s[0][0] in LABEL_TAGS else 3 for s in scalars]
    sort = [1 if _on_end(f) else 2 if f[0] in LABEL_FACTORS else 3 for f in factors]
    end, label, rest = (
        (
            tuple(s for s, k in zip(scalars, kind, strict=True) if k == part),
            tuple(f for f, k in zip(factors, sort, strict=True) if k == part),
        )
        for part in (1, 2, 3)
    )
    return end, label, rest


def _on_end(factor: Factor) -> bool:
    return factor[0] == "X" or (factor[0] == "jet" and factor[1][0] == "lk")


def label_posterior(element: Element) -> Element:
    """<element>_Z: the average over X0 given x and Z, flat."""
    return total(_label_posterior(m).scaled(c) for m, c in element.terms.items())


@lru_cache(maxsize=1 << 16)
def _label_posterior(m: Monomial) -> Element:
    end, label, rest = _parted(m)
    if end == UNIT:
        return Element({m: Fraction(1)})
    return monomial(label[0] + rest[0], (*label[1], *rest[1], ("zpost", end, ())))


def expectation(element: Element) -> Element:
    """E[element] over the joint law of X0, Z and X_t, after the tower, flat."""
    return total(_expectation(m).scaled(c) for m, c in posterior(element).terms.items())


@lru_cache(maxsize=1 << 16)
def _expectation(m: Monomial) -> Element:
    scalars, factors = m
    inner_scalars = tuple(s for s in scalars if s[0][0] in SPACE_TAGS)
    inner_factors = tuple(f for f in factors if f[0] not in ("E", "delta"))
    if not inner_scalars and not inner_factors:
        return Element({m: Fraction(1)})
    outer_scalars = tuple(s for s in scalars if s[0][0] not in SPACE_TAGS)
    outer_factors = tuple(f for f in factors if f[0] in ("E", "delta"))
    average: Factor = ("E", (inner_scalars, inner_factors), ())
    return monomial(outer_scalars, (*outer_factors, average))


def depends_on_end(element: Element) -> bool:
    """Whether X0 occurs outside every average."""
    return any(_parted(m)[0] != UNIT for m in element.terms)


def depends_on_label(element: Element) -> bool:
    """Whether Z occurs outside every average over it."""
    return any(_parted(m)[1] != UNIT for m in element.terms)


def mentions_label(element: Element) -> bool:
    """Whether Z occurs at all, inside averages too."""
    return any(map(_mentions_label, element.terms))


def _mentions_label(m: Monomial) -> bool:
    return _parted(m)[1] != UNIT or any(f[0] in ("post", "E") and _mentions_label(f[1]) for f in m[1])


def depends_on_space(element: Element) -> bool:
    """Whether x, X0 or Z occurs outside every E."""
    return any(s[0][0] in SIDE for m in element.terms for s in m[0]) or any(
        f[0] not in ("E", "delta") for m in element.terms for f in m[1]
    )


AVERAGE: dict[str, Callable[[Element], Element]] = {
    "post": posterior, "zpost": label_posterior, "E": expectation,
}  # fmt: skip
