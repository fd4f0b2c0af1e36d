"""Integration by parts in the Gaussian noise, carried through: a normal form of averages. Trusted.

In a linear channel d_i log k = -(x_i - alpha X0_i) / sigma^2, so the average of div V + V . grad log k, with
V = w e_i, gives Stein's identity:

    E[x_i w]  =  alpha E[X0_i w]  +  sigma^2 E[d_i w]        (w k p0 vanishes at infinity: a named hypothesis)

for every w. Read from left to right it removes one x. The derivatives bring no x back that counts: those of posterior
averages have none (d_i <u> = <d_i u> + (alpha / sigma^2) (<X0_i u> - <X0_i> <u>)), those of a logarithm lower its
power, and a density to the n-th power brings -n x_i w, which goes to the left side. So every average becomes a sum of
averages without x, in an order that does not matter. Two averages that become the same sum are equal.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

from theory.kernel.errors import BudgetError
from theory.kernel.index.averages import expectation
from theory.kernel.index.bracket import Channel
from theory.kernel.index.decay import may_decay
from theory.kernel.index.monomials import NESTED, Element, Factors, Monomial, canonical, monomial, open_up, total

_STEPS = 4000
_LOGARITHMS = frozenset({"lp", "lpz", "lk"})
_DENSITIES = frozenset({"p", "pz", "k"})


class Parts:
    """One use of the rule in a linear channel; ``fields`` collects every w it was used with."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.fields: set[Monomial] = set()
        self._steps = 0

    def normal(self, element: Element) -> Element:
        """``element`` with no x left under any E (what the rule cannot remove stays). Raises BudgetError."""
        return total(self._monomial(m).scaled(c) for m, c in element.terms.items())

    def _monomial(self, m: Monomial) -> Element:
        if all(f[0] != "E" for f in m[1]):
            return Element({m: Fraction(1)})
        scalars, factors = open_up(m)
        out = monomial(scalars)
        for factor in factors:
            if factor[0] == "E":
                out = out * self._average(canonical(*factor[1]))
            else:
                out = out * monomial((), (factor,))
        return out

    def _average(self, body: Monomial) -> Element:
        """E[body], whose free indices are positive."""
        step = _step(self.channel, body)
        if step is None:
            return expectation(monomial(*body))
        self._steps += 1
        if self._steps > _STEPS:
            raise BudgetError(f"integration by parts takes more than {_STEPS} steps")
        field, rest = step
        self.fields.add(field)
        return self.normal(rest)


@lru_cache(maxsize=1 << 14)
def _step(channel: Channel, body: Monomial) -> tuple[Monomial, Element] | None:
    """w and the right side, for a body x_i w; None if it has no x, or if the rule would not end."""
    places = [n for n, f in enumerate(body[1]) if f[0] == "x"]
    if not places or not _ends(body):
        return None
    scalars, factors = open_up(body)
    place = next(n for n, f in enumerate(factors) if f[0] == "x")
    index = factors[place][2][0]
    fresh = max(i for i in _all_indices(factors)) + 1
    point, field = monomial((), (factors[place],)), monomial(scalars, factors[:place] + factors[place + 1 :])
    count = Fraction(1) + _densities(body)
    if not count or not may_decay(body):
        return None
    end = channel.alpha() * monomial((), (("X", "", (index,)),)) * field
    change = channel.gradient(field, fresh) * monomial((), (("delta", "", (index, fresh)),)) * channel.sigma(2)
    kept = (point * field).scaled(count - 1)  # cancels the -n x_i w of the densities in ``change``
    (w,) = field.terms
    return w, expectation(end + change + kept).scaled(1 / count)


def _all_indices(factors: Factors) -> list[int]:
    return [i for kind, data, slots in factors for i in (*slots, *(_all_indices(data[1]) if kind in NESTED else ()))]


def _scalars(body: Monomial) -> list[tuple[Any, Any]]:
    """The powers in a body, those inside its posterior averages included."""
    return [*body[0], *(s for kind, data, _ in body[1] if kind in NESTED for s in _scalars(data))]


def _ends(body: Monomial) -> bool:
    return all(tag[0] not in _LOGARITHMS or (isinstance(e, int) and e > 0) for tag, e in _scalars(body))


def _densities(body: Monomial) -> Any:
    return sum(e for tag, e in _scalars(body) if tag[0] in _DENSITIES)
