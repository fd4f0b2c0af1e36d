"""Core operators on jets: arithmetic, tensors, derivatives. The mixin of :class:`numerics.evaluate.reading.Reading`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from numerics.evaluate.responsibilities import Responsibilities, map_value, times_exact
from numerics.rings import NumberRing, Unsupported, total
from theory import jets
from theory.jets import Jet, Space, space
from theory.language.terms import X0_VAR, Term

if TYPE_CHECKING:
    from numerics.evaluate.interpreter import Interpreter

DENSITIES = ("p", "q", "kern", "p0", "pz", "wz")
INVERSE_SIZE = 3
Value = Any


class Operators:
    """What a node does with the values of its arguments; a reading supplies the values."""

    interpreter: Interpreter
    ring: NumberRing
    D: int
    x: Sequence[Any] | None
    X0: Sequence[Any] | None
    Z: Any

    def get(self, term: Term, shape: Space) -> Value:
        """The value of a node in ``shape``."""
        raise NotImplementedError

    @property
    def mixture(self) -> Responsibilities:
        """The components at this point."""
        raise NotImplementedError

    def density_log(self, name: str, shape: Space) -> Jet:
        """The logarithm of a density or weight, untapped."""
        raise NotImplementedError

    def _tapped(self, name: str, value: Value) -> Value:
        raise NotImplementedError

    def _average(self, term: Term, shape: Space, derivative: int) -> Value:
        raise NotImplementedError

    # -- arithmetic ---
    def _add(self, term: Term, shape: Space) -> Value:
        fused, rest = self._log_ratio(term, shape) if term.rank == 0 else (None, term.args)
        values = [self.get(t, shape) for t in rest]
        if fused is not None:
            values.append(fused)
        result = values[0]
        for value in values[1:]:
            result = map_value(lambda u, v: u + v, result, value)
        return result

    def _log_ratio(self, term: Term, shape: Space) -> tuple[Jet | None, tuple[Term, ...]]:
        """(the sum of the log-densities in a sum, the other summands); nothing is fused where an operator is tapped.

        log(p0 k / p) of an atom and log(wz pz / p) are differences of log-components: common parts cancel exactly.
        """
        law, label = self.interpreter.law, self.Z
        if self.x is None or len(self.x) == 0 or self.interpreter.taps or not isinstance(label, int):
            return None, term.args
        if not any(_log_density(part)[1] for part in term.args) or self.mixture.top is None:
            return None, term.args
        exponents: dict[int, Fraction] = {}
        of_p, numbers, others = Fraction(0), [], []
        ring = self.ring
        for part in term.args:
            factor, name = _log_density(part)
            if name == "p":
                of_p += factor
            elif name in ("p0", "wz") and (law.is_discrete or name == "wz"):
                numbers.append(times_exact(self.density_log(name, shape), factor, ring))
            elif (name == "kern" and law.is_discrete) or name == "pz":
                exponents[label] = exponents.get(label, Fraction(0)) + factor
                numbers.append(times_exact(self.density_log("wz", shape), -factor, ring))
            else:
                others.append(part)
        if not exponents or not of_p:
            return None, term.args
        fused = self.mixture.combination(exponents, of_p).into(shape)
        return total([fused, *numbers]), tuple(others)

    def _mul(self, term: Term, shape: Space) -> Value:
        factors, exponents = [], []
        for t in term.args:
            power = _density_power(t)
            (factors.append(t) if power is None else exponents.append((t, power)))
        values = [self.get(t, shape) for t in factors]
        if len(exponents) == 1:
            values.append(self.get(exponents[0][0], shape))
        elif exponents:
            values.append(self._density_product(exponents, shape))
        tensor = [v for v in values if isinstance(v, tuple)]
        scalars = [v for v in values if not isinstance(v, tuple)]
        product = None
        for value in scalars:
            product = value if product is None else product * value
        if not tensor:
            return product
        return tensor[0] if product is None else map_value(lambda v: product * v, tensor[0])

    def _density_product(self, factors: list[tuple[Term, tuple[str, int]]], shape: Space) -> Jet:
        """A product of powers of densities, multiplied as logarithms: far out each factor under- or overflows."""
        log_sum, tapped = None, None
        for _, (name, exponent) in factors:
            term = self.density_log(name, shape)
            term = term if exponent == 1 else term.scaled(exponent)
            log_sum = term if log_sum is None else log_sum + term
            one = Jet.constant(shape, self.ring.exact(1))
            factor = self._tapped(name, one)
            if factor is not one:
                factor = jets.power(factor, exponent, self.ring)
                tapped = factor if tapped is None else tapped * factor
        assert log_sum is not None
        product = jets.exp(log_sum, self.ring)
        return product if tapped is None else product * tapped

    def _pow(self, term: Term, shape: Space) -> Jet:
        base, exponent = term.args[0], rational(term)
        if base.op == "tfun" and base.data in ("sigma", "g") and exponent.denominator == 1 and exponent % 2 == 0:
            value = self.interpreter.model.schedule(f"{base.data}^2", shape.nt).into(shape)
            return jets.power(value, exponent / 2, self.ring) if base.data not in self.interpreter.taps else \
                jets.power(self.get(base, shape), exponent, self.ring)  # fmt: skip
        return jets.power(self.get(base, shape), exponent, self.ring)

    def _log(self, term: Term, shape: Space) -> Jet:
        inner = term.args[0]
        if inner.op in DENSITIES:
            return self._tapped("log " + inner.op, self.density_log(inner.op, shape))  # type: ignore[no-any-return]
        return jets.log(self.get(inner, shape), self.ring)

    def _exp(self, term: Term, shape: Space) -> Jet:
        return jets.exp(self.get(term.args[0], shape), self.ring)

    def _tanh(self, term: Term, shape: Space) -> Jet:
        return jets.tanh(self.get(term.args[0], shape), self.ring)

    def _cos(self, term: Term, shape: Space) -> Jet:
        return Jet.constant(shape, self.ring.cos(self._constant_of(term, shape)))

    def _sin(self, term: Term, shape: Space) -> Jet:
        return Jet.constant(shape, self.ring.sin(self._constant_of(term, shape)))

    def _constant_of(self, term: Term, shape: Space) -> Any:
        """The argument of a function that is only read of constants."""
        inner = self.get(term.args[0], shape)
        if term.free or any(v is not None for v in inner.c[1:]):
            raise Unsupported(f"{term.op} is only read of constants, not of functions of x or t")
        return self.ring.exact(0) if inner.head is None else inner.head

    # -- tensors ---
    def _dot(self, term: Term, shape: Space) -> Value:
        left, right = [self.get(t, shape) for t in term.args]
        ranks = term.args[0].rank, term.args[1].rank
        if ranks == (1, 1):
            return _inner(left, right)
        if ranks == (2, 1):
            return tuple(_inner(row, right) for row in left)
        columns = tuple(zip(*right, strict=True))
        if ranks == (1, 2):
            return tuple(_inner(left, column) for column in columns)
        return tuple(tuple(_inner(row, column) for column in columns) for row in left)

    def _outer(self, term: Term, shape: Space) -> Value:
        left, right = [self.get(t, shape) for t in term.args]
        return tuple(tuple(u * v for v in right) for u in left)

    def _tr(self, term: Term, shape: Space) -> Value:
        matrix = self.get(term.args[0], shape)
        return total(matrix[i][i] for i in range(self.D))

    def _transpose(self, term: Term, shape: Space) -> Value:
        return tuple(zip(*self.get(term.args[0], shape), strict=True))

    def _inv(self, term: Term, shape: Space) -> Value:
        """The inverse of a matrix of size at most 3, by cofactors: no pivot is chosen, so it serves every ring."""
        matrix, size = self.get(term.args[0], shape), self.D
        cofactors, determinant = self._determinant(matrix, "the inverse")
        if determinant.head is None:
            raise Unsupported("the inverse of a matrix whose determinant is 0")
        scale = jets.inverse(determinant, self.ring)
        return tuple(tuple(scale * cofactors[j][i] for j in range(size)) for i in range(size))

    def _logdet(self, term: Term, shape: Space) -> Jet:
        """The logarithm of the determinant of a matrix of size at most 3, by cofactors."""
        _, determinant = self._determinant(self.get(term.args[0], shape), "log det")
        if determinant.head is None:
            raise Unsupported("log det of a matrix whose determinant is 0")
        return jets.log(determinant, self.ring)

    def _determinant(self, matrix: Sequence[Sequence[Jet]], what: str) -> tuple[list[list[Jet]], Jet]:
        """(cofactors, determinant). Raises Unsupported beyond three dimensions."""
        size = self.D
        if size > INVERSE_SIZE:
            raise Unsupported(f"{what} of a matrix in D = {size}: only D <= {INVERSE_SIZE} is evaluated")
        cofactors = [[_cofactor(matrix, i, j, self.ring) for j in range(size)] for i in range(size)]
        return cofactors, _inner(matrix[0], cofactors[0])

    def _coord(self, term: Term, shape: Space) -> Value:
        number = int(str(term.data))
        if number > self.D:
            raise Unsupported(f"component {number} of a vector in D = {self.D}")
        return self.get(term.args[0], shape)[number - 1]

    # -- derivatives ---
    def _grad(self, term: Term, shape: Space) -> Value:
        value = self.get(term.args[0], space(self.D, shape.nx + 1, shape.nt))
        if term.args[0].rank == 0:
            return tuple(value.derivative(i) for i in range(self.D))
        return tuple(tuple(v.derivative(i) for i in range(self.D)) for v in value)

    def _dt(self, term: Term, shape: Space) -> Value:
        inner = term.args[0]
        if inner.op == "E":
            return self._average(inner, shape, 1)
        return map_value(lambda v: v.derivative(None), self.get(inner, space(self.D, shape.nx, shape.nt + 1)))

    def _at(self, term: Term, shape: Space) -> Value:
        field, point = term.args
        place = self.interpreter.series(point, shape.nt)
        if any(v is not None for jet in place for v in jet.c[1:]):
            raise Unsupported("a value at a point that moves in time")
        zero = self.ring.exact(0)
        x = [zero if jet.head is None else jet.head for jet in place]
        ends = self.X0 if X0_VAR in field.free else None
        values = self.interpreter.over_same(self.ring).jets(field, x, ends, self.Z, 0, shape.nt)
        return map_value(lambda jet: jet.into(shape), values)


def _cofactor(matrix: Sequence[Sequence[Jet]], i: int, j: int, ring: NumberRing) -> Jet:
    """The cofactor of an entry of a matrix of size 1, 2 or 3."""
    size = len(matrix)
    if size == 1:
        return Jet.constant(matrix[0][0].space, ring.exact(1))
    if size == 2:
        entry = matrix[1 - i][1 - j]
        return entry if i == j else -entry
    # cyclic rows and columns carry the sign of the cofactor with them
    (a, b), (c, d) = ([matrix[(i + r) % 3][(j + s) % 3] for s in (1, 2)] for r in (1, 2))
    return a * d - b * c


def _inner(left: Sequence[Jet], right: Sequence[Jet]) -> Jet:
    result = total(u * v for u, v in zip(left, right, strict=True))
    assert isinstance(result, Jet)
    return result


def rational(term: Term) -> Fraction:
    """The rational that a num or pow node holds."""
    assert isinstance(term.data, Fraction)
    return term.data


def _log_density(term: Term) -> tuple[Fraction, str]:
    """(c, name) for c log(density) with a literal c; the name is empty for anything else."""
    if term.op == "log":
        return Fraction(1), term.args[0].op if term.args[0].op in DENSITIES else ""
    if term.op == "mul" and len(term.args) == 2 and term.args[0].op == "num":
        factor, name = _log_density(term.args[1])
        return factor * rational(term.args[0]), name
    return Fraction(0), ""


def _density_power(term: Term) -> tuple[str, int] | None:
    """(name, exponent) of an integer power of a density."""
    if term.op in DENSITIES:
        return term.op, 1
    if term.op == "pow" and term.args[0].op in DENSITIES and rational(term).denominator == 1:
        return term.args[0].op, int(rational(term))
    return None
