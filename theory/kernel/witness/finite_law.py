"""Exact values of field statements at a finite discrete law. Trusted; standard library only.

The posterior weights r_k = P(y_k | x) are chosen as free rationals: the prior weights that give them, w_k proportional
to r_k / k(x|y_k), always exist. So posterior averages are exact rationals; only densities and logarithms need
intervals. With a label Z the joint weights r_kz = P(y_k, Z = z | x) are free rationals in the same way. The second law,
from which q comes, has the same atoms and posterior weights of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import factorial
from typing import Any

from theory.kernel import clock
from theory.kernel.errors import UnsupportedError
from theory.kernel.index.averages import LABEL_FACTORS, LABEL_TAGS
from theory.kernel.index.monomials import Element, Factor, Monomial, Scalars, indices_of
from theory.kernel.witness import intervals
from theory.kernel.witness.germs import Germ, Number, Rationals, power
from theory.kernel.witness.intervals import Interval, as_interval

ZERO = Fraction(0)


class FiniteLaw:
    """A discrete law with K atoms seen from a point x, at a germ; all data rational.

    ``labels``: "any" for a label with two values that goes with every atom, "component" for the atom's own number, ""
    where no label is read.
    """

    def __init__(
        self, dimension: int, atoms: int, seed: int, process: str, positive: frozenset[str], labels: str = ""
    ) -> None:
        self.source = Rationals(seed)
        self.D = dimension
        self.germ = Germ(process, dimension, self.source, positive, level=seed)
        self.x = tuple(self.source.signed() for _ in range(dimension))
        self.places = tuple(tuple(self.source.signed() for _ in range(dimension)) for _ in range(atoms))
        shares = [self.source.positive() for _ in range(atoms)]
        self.weights = tuple(share / sum(shares) for share in shares)
        self.labels = labels
        self.joint = {(k, k if labels == "component" else 0): weight for k, weight in enumerate(self.weights)}
        if labels == "any":
            for k, weight in enumerate(self.weights):
                split = self.source.positive()
                self.joint[k, 0], self.joint[k, 1] = weight / (1 + split), weight * split / (1 + split)
        self._others: tuple[Fraction, ...] = ()
        self._jets: dict[tuple[Any, tuple[int, ...]], Fraction] = {}
        self._averages: dict[tuple[str, int | None, Monomial, tuple[tuple[int, int], ...]], Number] = {}

    def put_at_fixed_point(self) -> None:
        """Move x to alpha <X0>, where the score vanishes; before any value is asked for."""
        self.x = tuple(
            self.germ.alpha * sum((w * y[i] for w, y in zip(self.weights, self.places, strict=True)), ZERO)
            for i in range(self.D)
        )

    @cached_property
    def log_kernels(self) -> tuple[Interval, ...]:
        """log k(x|y_k)."""
        alpha, sigma = self.germ.alpha, self.germ.sigma
        scale = self.D * (intervals.log(sigma) + intervals.log(2 * intervals.pi()) * Fraction(1, 2))
        out = []
        for place in self.places:
            distance = sum(((u - alpha * y) ** 2 for u, y in zip(self.x, place, strict=True)), ZERO)
            out.append(as_interval(-distance / (2 * sigma**2)) - scale)
        return tuple(out)

    @cached_property
    def log_density(self) -> Interval:
        """log p(x)."""
        return self._log_density(self.weights)

    def _log_density(self, weights: tuple[Fraction, ...]) -> Interval:
        """log p(x) = -log sum_k r_k / k(x|y_k), which makes the prior weights sum to 1."""
        total = as_interval(0)
        for weight, value in zip(weights, self.log_kernels, strict=True):
            total = total + intervals.exp(-value) * weight
        return -intervals.log(total)

    @property
    def others(self) -> tuple[Fraction, ...]:
        """The posterior weights under the second law, drawn when first asked for."""
        if not self._others:
            shares = [self.source.positive() for _ in self.places]
            self._others = tuple(share / sum(shares) for share in shares)
        return self._others

    def _second_jet(self, directions: tuple[int, ...]) -> Fraction:
        """A derivative of log q: q(x + h) is q(x) times the average of exp(b.h - |h|^2/(2 sigma^2)) over the slopes b,
        so it is their joint cumulant, less 1/sigma^2 in a second derivative in one direction."""
        alpha, sigma = self.germ.alpha, self.germ.sigma
        found = ZERO
        for blocks in _partitions(directions):
            piece = Fraction((-1) ** (len(blocks) - 1) * factorial(len(blocks) - 1))
            for block in blocks:
                moment = ZERO
                for weight, place in zip(self.others, self.places, strict=True):
                    term = weight
                    for d in block:
                        term *= (alpha * place[d] - self.x[d]) / sigma**2
                    moment += term
                piece *= moment
            found += piece
        return found - 1 / sigma**2 if len(directions) == 2 and directions[0] == directions[1] else found

    def log_prior(self, k: int) -> Interval:
        """log w_k = log r_k + log p - log k(x|y_k)."""
        return intervals.log(self.weights[k]) + self.log_density - self.log_kernels[k]

    def log_weight(self, label: int) -> Interval:
        """log w_z: w_z = sum_k w_z P(y_k | z) with w_z P(y_k | z) = r_kz p / k(x|y_k)."""
        total = as_interval(0)
        for (k, z), weight in self.joint.items():
            if z == label:
                total = total + intervals.exp(-self.log_kernels[k]) * weight
        return self.log_density + intervals.log(total)

    def share(self, label: int) -> Fraction:
        """P(Z = label | x)."""
        return sum((weight for (_, z), weight in self.joint.items() if z == label), ZERO)

    def log_component(self, label: int) -> Interval:
        """log p(x | Z) = log P(Z | x) + log p - log w_Z."""
        return intervals.log(self.share(label)) + self.log_density - self.log_weight(label)

    def value(self, element: Element, at: dict[int, int], end: int | None, label: int | None = None) -> Number:
        """The value with free indices put to the coordinates ``at``, X0 to the atom ``end`` and Z to ``label``.

        Raises UnsupportedError for what depends on an average over x, KernelError where a denominator vanishes.
        """
        total: Number = ZERO
        for (scalars, factors), coefficient in element.terms.items():
            clock.check()
            scale = self._scalars(scalars, end, label)
            summed = sorted({i for i in indices_of(factors) if i < 0})
            inner: Number = ZERO
            for choice in product(range(self.D), repeat=len(summed)):
                inner = inner + self._factors(factors, {**at, **dict(zip(summed, choice, strict=True))}, end, label)
            total = total + inner * scale * coefficient
        return total

    def _scalars(self, scalars: Scalars, end: int | None, label: int | None) -> Number:
        out: Number = Fraction(1)
        for tag, exponent in scalars:
            out = out * power(self._scalar(tag, end, label), exponent)
        return out

    def _scalar(self, tag: tuple[Any, ...], end: int | None, label: int | None) -> Number:
        name = tag[0]
        if name == "lp":
            return self.log_density
        if name == "p":
            return intervals.exp(self.log_density)
        if name in ("lq", "q"):
            log = self._log_density(self.others)
            return log if name == "lq" else intervals.exp(log)
        if name in ("lk", "k", "lp0", "p0"):
            if end is None:
                raise UnsupportedError("an end point without a value")
            log = self.log_kernels[end] if name in ("lk", "k") else self.log_prior(end)
            return log if name in ("lk", "lp0") else intervals.exp(log)
        if name in LABEL_TAGS:
            if label is None:
                raise UnsupportedError("a label without a value")
            log = self.log_component(label) if name in ("lpz", "pz") else self.log_weight(label)
            return log if name in ("lpz", "lwz") else intervals.exp(log)
        return self.germ.number(tag, lambda element: self.value(element, {}, end, label))

    def _factors(self, factors: tuple[Factor, ...], at: dict[int, int], end: int | None, label: int | None) -> Number:
        out: Number = Fraction(1)
        for kind, data, slots in factors:
            if kind == "x":
                out = out * self.x[at[slots[0]]]
            elif kind == "X":
                if end is None:
                    raise UnsupportedError("an end point without a value")
                out = out * self.places[end][at[slots[0]]]
            elif kind == "delta":
                if at[slots[0]] != at[slots[1]]:
                    return ZERO
            elif kind == "field":
                out = out * self._jet(data, tuple(at[i] for i in slots))
            elif kind == "jet":
                out = out * self._jet_of(data, tuple(at[i] for i in slots), end)
            elif kind == "post":
                out = out * self._average(data, at, None)
            elif kind in LABEL_FACTORS:
                if label is None:
                    raise UnsupportedError("a label without a value")
                average = kind == "zpost"
                out = out * (self._average(data, at, label) if average else self._of_component(kind, at, slots, label))
            else:
                raise UnsupportedError("an average over x has no value at a point")
            if out == ZERO:
                return ZERO
        return out

    def _jet_of(self, data: tuple[str, int, int], places: tuple[int, ...], end: int | None) -> Fraction:
        """A derivative of log q, of log k (a quadratic in x), or of the drift: free data, for f may change at once."""
        if data[0] == "lq":
            return self._second_jet(places)
        if data[0] == "f":
            return self._jet((f"f{data[2]}", 1), places)
        if end is None:
            raise UnsupportedError("an end point without a value")
        if len(places) == 1:
            return (self.germ.alpha * self.places[end][places[0]] - self.x[places[0]]) / self.germ.sigma**2
        return -1 / self.germ.sigma**2 if len(places) == 2 and places[0] == places[1] else ZERO

    def _jet(self, data: tuple[str, int], places: tuple[int, ...]) -> Fraction:
        """A derivative of a test field at x: free data, symmetric in the derivative slots."""
        key = (data, places[: data[1]] + tuple(sorted(places[data[1] :])))
        if key not in self._jets:
            self._jets[key] = self.source.signed(9)
        return self._jets[key]

    def _of_component(self, kind: str, at: dict[int, int], slots: tuple[int, ...], label: int) -> Fraction:
        """m_Z, S_Z = 0 or V_Z^-1 = I/sigma^2 of an atom that is its own component."""
        if self.labels != "component":
            raise UnsupportedError("the moments of a component need a label that is the component")
        if kind == "mz":
            return self.places[label][at[slots[0]]]
        return 1 / self.germ.sigma**2 if kind == "vinv" and at[slots[0]] == at[slots[1]] else ZERO

    def _average(self, monomial: Monomial, at: dict[int, int], label: int | None) -> Number:
        """The average over X0 and Z given x, or over X0 given x and ``label``."""
        used = tuple(sorted((i, at[i]) for i in set(indices_of(monomial[1]))))
        key = ("post" if label is None else "zpost", label, monomial, used)
        if key not in self._averages:
            total: Number = ZERO
            for (k, z), weight in self.joint.items():
                if label in (None, z):
                    inner = self._factors(monomial[1], at, k, z)
                    total = total + inner * self._scalars(monomial[0], k, z) * weight
            self._averages[key] = total if label is None else total * (1 / self.share(label))
        return self._averages[key]

    def pairs(self, end: bool, label: bool) -> Iterator[tuple[int | None, int | None]]:
        """The values of a free X0 and a free Z that go together; None for what is not free."""
        found = dict.fromkeys((k if end else None, z if label else None) for k, z in self.joint)
        return iter(found)

    def text(self, end: int | None, label: int | None = None) -> dict[str, str]:
        """The instance in words."""
        out = {
            "law": f"{len(self.places)} atoms at {', '.join(map(vector, self.places))}, prior weights proportional to "
            f"r_k / k(x|y_k) with r = {vector(self.weights)}",
            "germ": self.germ.text(),
            "x": vector(self.x),
        }
        if self._others:
            out["second law"] = f"the same atoms, posterior weights {vector(self._others)}"
        drift = {key: value for key, value in self._jets.items() if self.germ.process == "diffusion" and key[0][1] == 1}
        if drift:
            out["f"] = ", ".join(f"{_named(*key)} = {value}" for key, value in sorted(drift.items()))
        if end is not None:
            out["X0"] = vector(self.places[end])
        if self.labels == "any":
            table = "; ".join(f"k = {k + 1}, z = {z + 1}: {weight}" for (k, z), weight in sorted(self.joint.items()))
            out["label"] = f"P(y_k, Z = z | x): {table}"
        if label is not None:
            out["Z"] = str(label + 1)
        return out


def _named(data: tuple[str, int], places: tuple[int, ...]) -> str:
    """d2 f1, for the derivative in direction 2 of the first component."""
    inside = "".join(f"d{i + 1} " for i in places[1:])
    return f"{inside}{data[0].removesuffix('0')}[{places[0] + 1}]"


def _partitions(items: tuple[int, ...]) -> Iterator[list[list[int]]]:
    """The ways to split a tuple into blocks."""
    if not items:
        yield []
        return
    for blocks in _partitions(items[1:]):
        yield [[items[0]], *blocks]
        for n, block in enumerate(blocks):
            yield [*blocks[:n], [items[0], *block], *blocks[n + 1 :]]


def vector(values: tuple[Fraction, ...]) -> str:
    """(1/2, -3)."""
    return "(" + ", ".join(map(str, values)) + ")"
