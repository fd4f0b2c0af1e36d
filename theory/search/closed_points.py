"""Rational points at which statements about concrete laws are tried. Deterministic. Untrusted."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import product

from theory.kernel.component.model import FREE, Case, Model
from theory.kernel.component.tensors import flat
from theory.kernel.witness.component_values import free_names
from theory.language.statements import Rel
from theory.language.terms import Term

_F = Fraction
STANDING: dict[str, Fraction] = {
    "alpha": _F(3, 5), "sigma": _F(4, 5), "a": _F(-7, 20), "a'": _F(1, 5), "g2": _F(9, 10), "g2'": _F(-1, 3),
}  # fmt: skip
_POSITIVE = [_F(1), _F(1, 2), _F(2), _F(3, 4), _F(5, 4), _F(3), _F(1, 4), _F(4, 5), _F(3, 2), _F(7, 10)]
_BELOW_ONE = [_F(4, 5), _F(3, 5), _F(1, 2), _F(5, 13), _F(1, 4), _F(9, 10)]
_REAL = [_F(1, 3), _F(-5, 4), _F(2), _F(-1, 2), _F(3, 4), _F(-3), _F(1), _F(0)]
PLACES = tuple(
    sorted(side * _F(n, d) for side in (1, -1) for n, d in (
        (0, 1), (1, 100), (1, 20), (1, 8), (1, 4), (1, 2), (3, 4), (1, 1), (5, 4), (3, 2), (2, 1), (3, 1), (5, 1),
        (10, 1),
    ) if n or side > 0)
)  # fmt: skip
"""Where signs of a located function are looked at."""


SCALES = tuple(
    _F(n, d) for n, d in ((1, 1000), (1, 100), (1, 20), (1, 6), (1, 2), (5, 2), (4, 1), (10, 1), (40, 1), (300, 1))
)
"""Sizes at which an inequality in one variable is looked at: near an end of its range, and far away."""


def scaled(model: Model, name: str) -> Iterator[Fraction]:
    """Values of a variable of all sizes, within its sign."""
    yield from SCALES
    if model.ring.signs.get(name) is None:
        yield from (-value for value in SCALES)


def law_names(model: Model) -> frozenset[str]:
    """The symbols of the law."""
    scalars = [*model.weights, *flat(model.means), *flat(model.covs)]
    return frozenset().union(*(free_names(v) for v in scalars))


def statement_names(
    model: Model, relations: Iterable[Rel], case: Case = FREE, term: Term | None = None
) -> frozenset[str]:
    """The names that the sides of ``relations`` (and ``term``) need at a point."""
    terms = [t for r in relations for t in (r.lhs, r.rhs)] + ([] if term is None else [term])
    return frozenset().union(*(free_names(e) for t in terms for e in flat(model.lower(t, case))))


def points(model: Model, names: frozenset[str], limit: int) -> Iterator[dict[str, Fraction]]:
    """At most ``limit`` points: the standing germ, all ones (where boundaries meet), random ones and a small grid."""
    wanted = sorted(names | law_names(model))
    options = {name: _options(model, name) for name in wanted}
    first = {name: STANDING.get(name, values[0] or values[3]) for name, values in options.items()}
    yield _of_a_law(model, first)
    if limit == 1:
        return
    if model.ring.process != "vp":
        yield _of_a_law(model, {name: _F(0) if values[0] == 0 else _F(1) for name, values in options.items()})
    generator = random.Random(20250819)
    given = 2
    for _ in range(40 if wanted else 0):
        given += 1
        yield _of_a_law(model, {name: generator.choice(values) for name, values in options.items()})
    for values in product(*(options[name][:4] for name in wanted)) if len(wanted) <= 5 else ():
        if given >= limit:
            return
        given += 1
        yield _of_a_law(model, dict(zip(wanted, values, strict=True)))


def _of_a_law(model: Model, point: dict[str, Fraction]) -> dict[str, Fraction]:
    """``point`` with the weights that are plain symbols rescaled, so that all weights sum to 1."""
    weights = [c.weight for c in model.law.components]
    names = [str(w.data) for w in weights if isinstance(w, Term) and w.op == "sym"]
    left = 1 - sum((w for w in weights if isinstance(w, Fraction)), _F(0))
    if not names or left <= 0 or any(isinstance(w, Term) and w.op != "sym" for w in weights):
        return point
    scale = left / sum(point[name] for name in names)
    return point | {name: point[name] * scale for name in names}


def _options(model: Model, name: str) -> list[Fraction]:
    sign = model.ring.signs.get(name)
    if name == "sigma" and model.ring.process == "vp":
        return _BELOW_ONE
    if sign == "positive" or name in ("alpha", "sigma", "g2"):
        return _POSITIVE
    if sign == "nonnegative":
        return [_F(0), *_POSITIVE]
    return _REAL if name not in law_names(model) else [_F(1, 2), _F(1, 4), *_REAL]
