"""Values of elements at rational points, as rational intervals: exact where no exp, log, root or pi occurs.

Trusted; standard library only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction
from functools import reduce

from theory.kernel.component.elements import POSITIVE, Element, Exponent, Generator, Generators, Mono
from theory.kernel.errors import KernelError
from theory.kernel.witness import intervals
from theory.kernel.witness.intervals import Interval, as_interval

Point = Mapping[str, Fraction]
"""Values by name: symbols, ``alpha``, ``sigma``, ``a``, ``a'``, ``g2``, ``g2'``, .., ``x1``, .., ``X01``, .."""


def name_of(gen: Generator) -> str:
    """The key of a free generator in a :data:`Point`."""
    if gen.kind == "coordinate":
        return f"{gen.name}{gen.order}"
    return gen.name + "'" * gen.order if gen.kind == "jet" else gen.name


def free_names(value: Element) -> frozenset[str]:
    """The names a point must give for ``value``, those inside exponentials and declared elements included."""
    return frozenset(name_of(value.ring.gens[i]) for i in _free(value.ring, value.generators()))


def _free(ring: Generators, indices: set[int]) -> set[int]:
    found: set[int] = set()
    for index in indices:
        gen = ring.gens[index]
        if gen.kind == "exp":
            found |= _free(ring, {i for i, _ in gen.mono})
        elif gen.kind == "declared":
            found |= _free(ring, ring.body(index).generators())
        elif gen.kind == "log":
            found |= _free(ring, {gen.order})
        elif gen.kind not in ("pi", "prime"):
            found.add(index)
    return found


def occurs(ring: Generators, index: int, wanted: Collection[int]) -> bool:
    """Whether one of the free generators ``wanted`` occurs in generator ``index``."""
    return any(i in wanted for i in _free(ring, {index}))


def evaluate(value: Element, point: Point) -> Interval:
    """An enclosure of ``value`` at ``point``; a single rational where that is possible.

    Raises KernelError where a name is missing, or where an enclosure of a denominator contains 0.
    """
    return _Evaluation(value.ring, point).element(value)


class _Evaluation:
    def __init__(self, ring: Generators, point: Point) -> None:
        self.ring, self.point = ring, point
        self.cache: dict[int, Interval] = {}
        self.powers: dict[tuple[int, Exponent], Interval] = {}
        self.exponentials: dict[Mono, Interval] = {}

    def element(self, value: Element) -> Interval:
        return sum((factor * self.mono(mono) for mono, factor in value.terms.items()), as_interval(0))

    def mono(self, mono: Mono) -> Interval:
        exps, factors = [], []
        for item in mono:
            if self.ring.gens[item[0]].kind == "exp":
                exps.append(item)
                continue
            if item not in self.powers:
                self.powers[item] = _power(self.generator(item[0]), Fraction(item[1]))
            factors.append(self.powers[item])
        return reduce(Interval.__mul__, factors, self.exponential(tuple(exps)))

    def exponential(self, exps: Mono) -> Interval:
        """Of all exponentials together, so that exp(u) exp(-u) is 1."""
        if exps not in self.exponentials:
            parts = (Fraction(power) * self.mono(self.ring.gens[index].mono) for index, power in exps)
            self.exponentials[exps] = intervals.exp(sum(parts, as_interval(0)))
        return self.exponentials[exps]

    def generator(self, index: int) -> Interval:
        if index not in self.cache:
            self.cache[index] = self._generator(index)
        return self.cache[index]

    def _generator(self, index: int) -> Interval:
        gen = self.ring.gens[index]
        if gen.kind == "pi":
            return intervals.pi()
        if gen.kind == "prime":
            return as_interval(gen.order)
        if gen.kind == "log":
            return intervals.log(self.generator(gen.order))
        if gen.kind == "declared":
            value = self.element(self.ring.body(index))
            if gen.sign == POSITIVE and value.hi <= 0:
                raise KernelError(f"the point lies outside the setting: {gen.reason or 'a denominator'} fails")
            return value
        name = name_of(gen)
        if name not in self.point:
            raise KernelError(f"the point gives no value for {name}")
        return as_interval(self.point[name])


def _power(value: Interval, exponent: Exponent) -> Interval:
    exponent = Fraction(exponent)
    if exponent.denominator == 1:
        return value ** int(exponent)
    if exponent.denominator == 2:
        return intervals.sqrt(value) ** int(2 * exponent)
    return intervals.exp(exponent * intervals.log(value))
