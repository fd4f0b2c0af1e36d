"""What a function of one variable computes, written down once and then run at many points.

The interpreter takes its decisions (orders of jets, which coefficients vanish) from the term, not from the point: only
the dominant component of a mixture depends on where one is. So its arithmetic at a symbolic point, one tape a dominant
component, is the same list of ring operations as at any point, without the cost of finding them. Equal operations on
equal operands are written once, numbers are folded, and what no result needs is dropped.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from numerics.balls import ArbRing
from numerics.polynomials import Poly
from numerics.rings import Difference, Normalised, Unsupported, total

Operation = tuple[Any, int, int]
_BINARY = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv}
_UNARY = ("exp", "log", "inv", "sqrt", "tanh", "cos", "sin")


class Node:
    """A value on a tape under construction."""

    __slots__ = ("index", "ring")

    def __init__(self, ring: TapeRing, index: int) -> None:
        self.ring, self.index = ring, index

    def __add__(self, other: Any) -> Any:
        return self.ring.binary("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return self.ring.binary("add", self, other)

    def __sub__(self, other: Any) -> Any:
        return self.ring.binary("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return self.ring.binary("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return self.ring.binary("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self.ring.binary("mul", self, other)

    def __truediv__(self, other: Any) -> Any:
        return self.ring.binary("div", self, other)

    def __neg__(self) -> Any:
        return self.ring.unary("neg", self)


class TapeRing(ArbRing):
    """Writes what is done to nodes; numbers are computed at once. ``top`` is the dominant component it supposes."""

    def __init__(self, top: int) -> None:
        self.top = top
        self.values: list[Any] = []
        """The numbers by index; ``None`` where an operation's result will be."""
        self.operations: dict[tuple[str, int, int], int] = {}
        self._numbers: dict[Any, int] = {}
        self.heads: list[int] | None = None

    def variable(self) -> Node:
        """The point."""
        self.values.append(None)
        return Node(self, len(self.values) - 1)

    def index(self, value: Any) -> int:
        """Where a node or number is."""
        if isinstance(value, Node):
            return value.index
        if not isinstance(value, int) and not value.is_finite():
            self.values.append(value)
            return len(self.values) - 1
        key = value if isinstance(value, int) else (*value.mid().man_exp(), *value.rad().man_exp())
        if key not in self._numbers:
            self.values.append(value)
            self._numbers[key] = len(self.values) - 1
        return self._numbers[key]

    def _written(self, name: str, i: int, j: int) -> Node:
        key = (name, i, j)
        if key not in self.operations:
            self.values.append(None)
            self.operations[key] = len(self.values) - 1
        return Node(self, self.operations[key])

    def binary(self, name: str, left: Any, right: Any) -> Any:
        """The node of an operation; exact zeros and ones are left out."""
        if isinstance(left, Poly) or isinstance(right, Poly):
            return NotImplemented
        for one, other in ((left, right), (right, left)):
            if not isinstance(other, Node):
                if name == "mul" and other == 1 and (isinstance(other, int) or other.is_exact()):
                    return one
                if name == "add" and (other == 0 if isinstance(other, int) else other.is_zero()):
                    return one
        i, j = self.index(left), self.index(right)
        if name in ("add", "mul") and i > j:
            i, j = j, i
        return self._written(name, i, j)

    def unary(self, name: str, value: Any) -> Node:
        """The node of a function of a node."""
        return self._written(name, self.index(value), -1)

    def _function(self, name: str, value: Any) -> Any:
        return self.unary(name, value) if isinstance(value, Node) else getattr(super(), name)(value)

    def exp(self, value: Any) -> Any:
        """exp."""
        return self._function("exp", value)

    def log(self, value: Any) -> Any:
        """Natural logarithm."""
        return self._function("log", value)

    def inv(self, value: Any) -> Any:
        """Reciprocal."""
        return self._function("inv", value)

    def sqrt(self, value: Any) -> Any:
        """Square root."""
        return self._function("sqrt", value)

    def tanh(self, value: Any) -> Any:
        """Hyperbolic tangent."""
        return self._function("tanh", value)

    def cos(self, value: Any) -> Any:
        """Cosine."""
        return self._function("cos", value)

    def sin(self, value: Any) -> Any:
        """Sine."""
        return self._function("sin", value)

    def softmax(self, logs: Sequence[Any], difference: Difference) -> Normalised:
        """About the supposed component. Raises Unsupported if a second mixture is met."""
        if not any(isinstance(value, Node) for value in logs):
            return super().softmax(logs, difference)
        heads = [self.index(value) for value in logs]
        if self.heads not in (None, heads):
            raise Unsupported("two mixtures on one tape")
        self.heads = heads
        raw = [self.exact(1) if k == self.top else self.exp(difference(k, self.top)) for k in range(len(logs))]
        mass = total(raw)
        rest, scale = self.log(mass), self.inv(mass)
        return logs[self.top] + rest, self.top, rest, [scale * value for value in raw]


class Tape:
    """x -> the numbers that ``function`` computes over a ring (a :class:`TapeRing` while it is written).

    ``function(ring, point)`` gives the results in order. The dominant component is chosen at each point as the rings'
    ``softmax`` does, by ``largest``.
    """

    def __init__(
        self, function: Callable[[TapeRing, Node], Sequence[Any]], largest: Callable[[Sequence[Any]], int]
    ) -> None:
        self._function, self._largest = function, largest
        self._programs: dict[int, _Program] = {}
        self._heads: _Program | None = None
        self._first = self._write(0)

    def _write(self, top: int) -> _Program:
        ring = TapeRing(top)
        point = ring.variable()
        results = self._function(ring, point)
        program = _Program(ring, point.index, [ring.index(v) for v in results])
        if ring.heads is not None and self._heads is None:
            self._heads = _Program(ring, point.index, ring.heads)
        self._programs[top] = program
        return program

    def run(self, ring: Any, x: Any) -> list[Any]:
        """The results at the point ``x`` over ``ring``."""
        program = self._first
        if self._heads is not None:
            top = self._largest(self._heads.run(ring, x))
            program = self._programs[top] if top in self._programs else self._write(top)
        return program.run(ring, x)


class _Program:
    """The operations that lead to some results, in order."""

    def __init__(self, ring: TapeRing, point: int, results: Sequence[int]) -> None:
        made = {index: key for key, index in ring.operations.items()}
        needed, pending = set(), list(results)
        while pending:
            index = pending.pop()
            if index not in needed:
                needed.add(index)
                if index in made:
                    pending += [i for i in made[index][1:] if i >= 0]
        place = {point: 0}
        self._numbers: list[Any] = []
        for index in sorted(needed - set(made) - {point}):
            self._numbers.append(ring.values[index])
            place[index] = len(self._numbers)
        self._operations: list[tuple[str, int, int]] = []
        for index in sorted(needed & set(made)):
            place[index] = len(place)
            name, i, j = made[index]
            self._operations.append((name, place[i], place[j] if j >= 0 else -1))
        self._results = [place[i] for i in results]
        self._bound: tuple[Any, list[Operation]] | None = None

    def run(self, ring: Any, x: Any) -> list[Any]:
        """The results at ``x``."""
        if self._bound is None or self._bound[0] is not ring:
            table: dict[str, Any] = {**_BINARY, "neg": operator.neg, **{n: getattr(ring, n) for n in _UNARY}}
            self._bound = ring, [(table[name], i, j) for name, i, j in self._operations]
        values = [x, *self._numbers]
        keep = values.append
        for function, i, j in self._bound[1]:
            keep(function(values[i]) if j < 0 else function(values[i], values[j]))
        return [values[i] for i in self._results]

    def __len__(self) -> int:
        return len(self._operations)
