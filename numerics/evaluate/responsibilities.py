"""The components of a mixture at a point: log-weights, log p and posterior weights as jets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from numerics.evaluate.law import Quadratic
from numerics.rings import NumberRing, total
from theory import jets
from theory.jets import Jet, Space

if TYPE_CHECKING:
    from numerics.evaluate.interpreter import Interpreter

Value = Any
Motion = Sequence[Jet] | None


def map_value(function: Callable[..., Any], *values: Value) -> Value:
    """``function`` on the entries of nested tuples of one rank."""
    if isinstance(values[0], tuple):
        return tuple(map_value(function, *entries) for entries in zip(*values, strict=True))
    return function(*values)


def times_exact(jet: Jet, factor: Fraction, ring: NumberRing) -> Jet:
    """A jet times a rational number."""
    if factor == 1:
        return jet
    return -jet if factor == -1 else jet.scaled(ring.exact(factor))


def mix_jets(ring: NumberRing, weights: Sequence[Any], values: Sequence[Jet]) -> Jet:
    """sum_k weights_k values_k, coefficient by coefficient; equal constant terms 1 stay 1 for weights that sum to 1."""
    if len(values) == 1:
        return values[0]
    columns = zip(*(v.c for v in values), strict=True)
    return Jet(values[0].space, [None if all(v is None for v in c) else ring.mix(weights, c) for c in columns])


class Responsibilities:
    """The components at a point: log-weights l_k, log p and the posterior weights of the components, as jets.

    Everything is taken relative to the dominant component ``top`` where the ring names one: log p = l_top + rest, and
    l_k - l_top is a difference of quadratics in which equal curvatures cancel exactly.
    """

    def __init__(
        self, interpreter: Interpreter, ring: NumberRing, x: Sequence[Any], shape: Space, motion: Motion = None
    ) -> None:
        model = interpreter.model
        self.ring, self.model, self.x, self.shape, self.motion = ring, model, x, shape, motion
        self.one = ring.exact(1)
        self._logs: dict[int, Jet] = {}
        self._offsets: dict[int, Jet] = {}
        self._ratios: list[Jet] | None = None
        if model.K == 1:
            self.top: int | None = 0
            self.heads, self.rest = [self.one], Jet(shape, [None] * shape.size)
            self.log_p = self.log(0)
            return
        heads = [model.log_component(k, 0).at(x) for k in range(model.K)]
        total_log, self.top, rest, self.heads = ring.softmax(heads, lambda k, m: model.log_difference(k, m, 0).at(x))
        self.mass = mix_jets(ring, self.heads, self.units)
        self.rest = jets.log_unit(self.mass)
        if self.top is None:
            self.log_p = Jet(shape, [total_log, *self.rest.c[1:]])
        else:
            self.rest.c[0] = rest
            self.log_p = self.log(self.top) + self.rest
            self.log_p.c[0] = total_log

    def _jet(self, quadratic: Quadratic) -> Jet:
        return quadratic.jet(self.x, self.shape, self.motion, self.one)

    def log(self, k: int) -> Jet:
        """l_k = log(w_k N_k)."""
        if k not in self._logs:
            self._logs[k] = self._jet(self.model.log_component(k, self.shape.nt))
        return self._logs[k]

    def offset(self, k: int) -> Jet:
        """l_k - l_top (l_k where no component is named)."""
        if self.top is None:
            return self.log(k)
        if k not in self._offsets:
            self._offsets[k] = self._jet(self.model.log_difference(k, self.top, self.shape.nt))
        return self._offsets[k]

    @cached_property
    def units(self) -> list[Jet]:
        """exp of the offsets, each divided by its value at the point."""
        constant = Jet.constant(self.shape, self.one)
        return [constant if k == self.top else jets.exp_unit(self.offset(k), self.one) for k in range(self.model.K)]

    @property
    def ratios(self) -> list[Jet]:
        """The posterior weight of each component divided by its value at the point."""
        if self._ratios is None:
            if self.model.K == 1:
                self._ratios = [Jet.constant(self.shape, self.one)]
            else:
                inverse = jets.power_unit(self.mass, Fraction(-1), self.one)
                self._ratios = [u * inverse for u in self.units]
        return self._ratios

    def average(self, values: Sequence[Value]) -> Value:
        """sum_k r_k values_k with the posterior weights r_k."""
        weighted = [map_value(lambda v, k=k: self.ratios[k].into(v.space) * v, value) for k, value in enumerate(values)]
        return map_value(lambda *entries: mix_jets(self.ring, self.heads, entries), *weighted)

    def combination(self, exponents: dict[int, Fraction], of_p: Fraction) -> Jet:
        """sum_k exponents_k l_k + of_p log p, the dominant component cancelled before anything is evaluated."""
        assert self.top is not None
        terms = [times_exact(self.offset(k), c, self.ring) for k, c in exponents.items() if c and k != self.top]
        if of_p:
            terms.append(times_exact(self.rest, of_p, self.ring))
        left = sum(exponents.values(), of_p)
        if left:
            terms.append(times_exact(self.log(self.top), left, self.ring))
        result = total(terms)
        return Jet(self.shape, [None] * self.shape.size) if result is None else result
