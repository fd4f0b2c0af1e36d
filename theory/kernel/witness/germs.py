"""Exact members of a setting at which statements are evaluated: germs and the numbers of scalar generators. Trusted.

Nothing here is random: parameters come from a fixed arithmetic sequence, so every refutation can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Union

from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.index.monomials import Element
from theory.kernel.witness import intervals
from theory.kernel.witness.intervals import Interval

Number = Union[Fraction, Interval]
_TRIPLES = ((3, 4, 5), (5, 12, 13), (8, 15, 17), (7, 24, 25), (20, 21, 29))
_LEVELS = ((Fraction(3, 5), Fraction(4, 5)), (Fraction(7, 4), Fraction(2, 3)), (Fraction(1, 3), Fraction(5, 4)))


class Rationals:
    """A fixed sequence of rationals of moderate size without small coincidences."""

    def __init__(self, seed: int) -> None:
        self._state = (2 * seed + 1) * 7919

    def _step(self, bound: int) -> int:
        self._state = (self._state * 48271 + 11) % 2147483647
        return (self._state >> 7) % bound

    def signed(self, spread: int = 24) -> Fraction:
        """Between about -spread/3 and spread/3, not zero."""
        numerator = self._step(2 * spread) - spread
        return Fraction(numerator + (numerator >= 0), self._step(8) + 3)

    def positive(self) -> Fraction:
        """Between 1/10 and about 4."""
        return Fraction(self._step(25) + 2, self._step(11) + 6)


@dataclass
class Germ:
    """Numbers of the scalar generators: a linear process at one time, symbols of the statement, dimension."""

    process: str
    dimension: int
    source: Rationals
    positive: frozenset[str]
    level: int = 0
    values: dict[tuple[Any, ...], Fraction] = field(default_factory=dict)

    def __post_init__(self) -> None:
        alpha, sigma = _LEVELS[self.level % len(_LEVELS)]
        if self.process == "ve":
            alpha = Fraction(1)
        if self.process == "vp":
            u, v, w = _TRIPLES[self.level % len(_TRIPLES)]
            alpha, sigma = Fraction(u, w), Fraction(v, w)
        self.values[("alpha",)], self.values[("sigma",)] = alpha, sigma
        self.values[("D",)] = Fraction(self.dimension)
        self.values[("g",)] = self.source.positive()

    @property
    def alpha(self) -> Fraction:
        """alpha."""
        return self.values[("alpha",)]

    @property
    def sigma(self) -> Fraction:
        """sigma."""
        return self.values[("sigma",)]

    def number(self, tag: tuple[Any, ...], evaluate: Callable[[Element], Number]) -> Number:
        """The value of a scalar generator that does not depend on x or X0; new ones are drawn once and kept."""
        name = tag[0]
        if name == "pi":
            return intervals.pi()
        if name == "logint":
            return intervals.log(tag[1])
        if name == "log":
            base = ("sym", tag[1][4:]) if tag[1].startswith("sym ") else (tag[1],)
            return intervals.log(self.number(base, evaluate))
        if name == "inv":
            inner = evaluate(Element(dict(tag[1])))
            if isinstance(inner, Fraction):
                if not inner:
                    raise KernelError("a denominator vanishes at this instance")
                return 1 / inner
            return inner.inverse()
        if tag not in self.values:
            if name == "sym":
                self.values[tag] = self.source.positive() if tag[1] in self.positive else self.source.signed()
            elif name in ("a", "g2"):
                self.values[tag] = self.source.signed(5)
            else:
                raise UnsupportedError(f"no value for {name!r}")
        return self.values[tag]

    def text(self) -> str:
        """The germ in words, every number exact."""
        drift = {"ve": "0", "vp": str(-(self.values[("g",)] ** 2) / 2)}.get(self.process)
        names = {("alpha",): "alpha", ("sigma",): "sigma", ("g",): "g", ("a", 0): "a"}
        parts = [f"{names[t]} = {v}" for t, v in sorted(self.values.items()) if t in names]
        if self.process == "diffusion":
            parts = [f"X_t = {self.alpha} X_0 + {self.sigma} eps at this time, f free, g = {self.values[('g',)]}"]
        if drift is not None:
            parts.append(f"a = {drift}")
        rest = [(t, v) for t, v in sorted(self.values.items()) if t not in names and t != ("D",)]
        for tag, value in rest:
            if tag[0] == "sym":
                parts.append(f"{tag[1]} = {value}")
            else:
                parts.append(f"derivative {tag[1]} of {'a' if tag[0] == 'a' else 'g^2'} = {value}")
        return ", ".join(parts)


def power(value: Number, exponent: int | Fraction) -> Number:
    """An integer or half-integer power of an exact number or an enclosure."""
    if Fraction(exponent).denominator == 1:
        if isinstance(value, Fraction) and not value and exponent < 0:
            raise KernelError("a division by zero at this instance")
        return value ** int(exponent)
    if Fraction(exponent).denominator != 2:
        raise UnsupportedError("an exponent that is no half-integer")
    return intervals.sqrt(value) ** Fraction(exponent).numerator
