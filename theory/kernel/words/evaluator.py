"""Values of terms at one exact Gaussian member, from the definitions. Trusted; standard library only.

The evaluator reads the *term*, in core operators. It shares no rule with the words, so a witness does not rest on them.
Densities occur as powers of generators; logarithms are enclosures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from theory.kernel.errors import BudgetError, KernelError, UnsupportedError
from theory.kernel.witness import intervals
from theory.kernel.witness.germs import Number
from theory.kernel.witness.intervals import Interval
from theory.kernel.words.field_averages import DENSITIES, FieldAverages, applied, dotted, lowered, scaled
from theory.kernel.words.fields import (
    ZERO,
    Field,
    Series,
    SeriesMatrix,
    add,
    derivative,
    determinant,
    field_product,
    field_sum,
    is_constant,
    matrix_inverse,
    scale,
    series_log,
    series_power,
)
from theory.kernel.words.members import log_two_pi
from theory.language.definitions import unfold, unfold_linear
from theory.language.terms import Term

HALF, BIT_LIMIT = Fraction(1, 2), 50_000
_NAMES = {"p": "mu", "q": "muq"}


@dataclass
class Evaluator(FieldAverages):
    """Values of terms at one member: fields with Taylor coefficients up to the order that is asked for."""

    _memo: dict[tuple[Term, int], Any] = field(default_factory=dict)
    _logs: dict[tuple[str, int], Field] = field(default_factory=dict)

    def core(self, term: Term) -> Term:
        """The term in core operators, about this process."""
        return unfold(term) if self.member.process == "matrix" else unfold_linear(term)

    def value(self, term: Term) -> Any:
        """The value at the member's x and X0: a number, or nested tuples of them."""
        return _mapped(self._number, self.get(self.core(term), 0))

    def _number(self, one: Field) -> Number:
        total: Number = ZERO
        for key, series in one.items():
            value = series[0]
            for v, exponent in zip((*self.member.x, *self.member.end), key, strict=False):
                value = value * v**exponent
            log_density: Number = ZERO
            for name, exponent in zip(DENSITIES, key[2 * self.size :], strict=True):
                if exponent:
                    log_density = log_density + self._number(self.log_density(name, 0)) * exponent
            if isinstance(log_density, Interval) or log_density:
                value = value * intervals.exp(log_density)
            total = total + value
        return total

    def get(self, term: Term, order: int) -> Any:
        """The field of a core term, or nested tuples of them. Raises UnsupportedError naming the operator."""
        key = (term, order)
        if key not in self._memo:
            if term.op not in _RULES:
                raise UnsupportedError(f"no exact matrix witness reads {term.op!r}")
            self._memo[key] = getattr(self, f"_{term.op}")(term, order)
        return self._memo[key]

    # -- leaves ----------------------------------------------------------------------------------------------------
    def _num(self, term: Term, order: int) -> Field:
        return self.constant(Fraction(str(term.data)), order)

    def _pi(self, term: Term, order: int) -> Field:
        return self.constant(intervals.pi(), order)

    def _sym(self, term: Term, order: int) -> Field:
        return self.constant(self.member.symbol(str(term.data)), order)

    def _dim(self, term: Term, order: int) -> Field:
        return self.constant(Fraction(self.size), order)

    def _tfun(self, term: Term, order: int) -> Field:
        if self.member.process == "matrix":
            raise UnsupportedError(f"{term.data} has no meaning for dX = A X dt + B dW")
        return self.constant(self.member.schedule(str(term.data), order), order)

    def _x(self, term: Term, order: int) -> Any:
        return self.place(0, order)

    def _X0(self, term: Term, order: int) -> Any:
        if self.member.process == "matrix":
            raise UnsupportedError("X0 is not read for dX = A X dt + B dW")
        return self.place(self.size, order)

    def _f(self, term: Term, order: int) -> Any:
        return applied(self._mat_named("A", order), self.place(0, order))

    def _mat_named(self, name: str, order: int) -> Any:
        rows = self.member.rows(name, order)
        return tuple(tuple(self.constant(v, order) for v in row) for row in rows)

    def _mat(self, term: Term, order: int) -> Any:
        if self.member.process != "matrix":
            raise UnsupportedError(f"{term.data} is a matrix of the matrix process")
        return self._mat_named(str(term.data), order)

    def _eye(self, term: Term, order: int) -> Any:
        one, nothing = self.constant(Fraction(1), order), dict[tuple[int, ...], Series]()
        return tuple(tuple(one if i == j else nothing for j in self.range) for i in self.range)

    def _origin(self, term: Term, order: int) -> Any:
        return tuple(dict[tuple[int, ...], Series]() for _ in self.range)

    def _density(self, term: Term, order: int) -> Field:
        self.log_density(term.op, order)  # refuses what the process does not have
        return {self.key(2 * self.size + DENSITIES.index(term.op)): (Fraction(1), *([ZERO] * order))}

    _p = _q = _kern = _p0 = _density

    def log_density(self, name: str, order: int) -> Field:
        """The logarithm of a density, written out."""
        if (name, order) not in self._logs:
            self._logs[name, order] = self._log_density(name, order)
        return self._logs[name, order]

    def _log_density(self, name: str, order: int) -> Field:
        member = self.member
        if name in ("kern", "p0") and member.process == "matrix":
            raise UnsupportedError("X0 is not read for dX = A X dt + B dW")
        place = self.place(0, order)
        if name in _NAMES:
            means, cov = member.law(_NAMES[name], order)
            centre = tuple(self.constant(m, order) for m in means)
        elif name == "p0":
            place = self.place(self.size, order)
            centre = tuple(self.constant(v, order) for v in member.means["mu"])
            cov = [[(v, *([ZERO] * order)) for v in row] for row in member.covs["mu"]]
        else:
            alpha = self.constant(member.schedule("alpha", order), order)
            centre = tuple(field_product(alpha, v) for v in self.place(self.size, order))
            noise, nothing = member.schedule("sigma^2", order), (ZERO,) * (order + 1)
            cov = [[noise if i == j else nothing for j in self.range] for i in self.range]
        offset = tuple(field_sum((u, scaled(v, Fraction(-1)))) for u, v in zip(place, centre, strict=True))
        precision = matrix_inverse(cov)
        rows = tuple(tuple(self.constant(v, order) for v in row) for row in precision)
        square = dotted(offset, applied(rows, offset))
        height = add(series_log(determinant(cov)), (log_two_pi() * Fraction(self.size), *([ZERO] * order)))
        return scaled(field_sum((square, self.constant(height, order))), -HALF)

    # -- arithmetic ------------------------------------------------------------------------------------------------
    def _add(self, term: Term, order: int) -> Any:
        values = [self.get(t, order) for t in term.args]
        return _mapped(lambda *fields: field_sum(fields), *values)

    def _mul(self, term: Term, order: int) -> Any:
        factor, tensor = self.constant(Fraction(1), order), None
        for t in term.args:
            value = self.get(t, order)
            if t.rank:
                tensor = value
            else:
                factor = field_product(factor, value)
        return factor if tensor is None else _mapped(lambda v: field_product(factor, v), tensor)

    def _pow(self, term: Term, order: int) -> Field:
        exponent = Fraction(str(term.data))
        base: Field = self.get(term.args[0], order)
        if exponent.denominator == 1 and exponent >= 0:
            out = self.constant(Fraction(1), order)
            for _ in range(int(exponent)):
                out = field_product(out, base)
                if any(_bits(v) > BIT_LIMIT for series in out.values() for v in series):
                    raise BudgetError(f"a number of a witness has more than {BIT_LIMIT} bits")
            return out
        if not base:
            raise KernelError("a division by zero at this member")
        key, series = self._single(base, "a division by, or a root of, a field")
        if any(n * exponent % 1 for n in key):
            raise UnsupportedError("a root of a density")
        return {tuple(int(n * exponent) for n in key): series_power(series, exponent)}

    def _single(self, base: Field, what: str) -> tuple[tuple[int, ...], Series]:
        if len(base) != 1 or any(next(iter(base))[: 2 * self.size]):
            raise UnsupportedError(what)
        return next(iter(base.items()))

    def _log(self, term: Term, order: int) -> Field:
        key, series = self._single(self.get(term.args[0], order), "the logarithm of a field")
        pieces = [self.constant(series_log(series), order)]
        for name, exponent in zip(DENSITIES, key[2 * self.size :], strict=True):
            if exponent:
                pieces.append(scaled(self.log_density(name, order), Fraction(exponent)))
        return field_sum(pieces)

    # -- tensors ---------------------------------------------------------------------------------------------------
    def _dot(self, term: Term, order: int) -> Any:
        left, right = (self.get(t, order) for t in term.args)
        ranks = term.args[0].rank, term.args[1].rank
        if ranks == (1, 1):
            return dotted(left, right)
        if ranks == (2, 1):
            return applied(left, right)
        columns = tuple(zip(*right, strict=True))
        if ranks == (1, 2):
            return tuple(dotted(left, column) for column in columns)
        return tuple(tuple(dotted(row, column) for column in columns) for row in left)

    def _outer(self, term: Term, order: int) -> Any:
        left, right = (self.get(t, order) for t in term.args)
        return tuple(tuple(field_product(u, v) for v in right) for u in left)

    def _tr(self, term: Term, order: int) -> Field:
        matrix = self.get(term.args[0], order)
        return field_sum([matrix[i][i] for i in self.range])

    def _transpose(self, term: Term, order: int) -> Any:
        return tuple(zip(*self.get(term.args[0], order), strict=True))

    def _inv(self, term: Term, order: int) -> Any:
        inverse = matrix_inverse(self._series_matrix(term, order))
        return tuple(tuple(self.constant(v, order) for v in row) for row in inverse)

    def _logdet(self, term: Term, order: int) -> Field:
        return self.constant(series_log(determinant(self._series_matrix(term, order))), order)

    def _series_matrix(self, term: Term, order: int) -> SeriesMatrix:
        matrix = self.get(term.args[0], order)
        if not all(is_constant(v) for row in matrix for v in row):
            raise UnsupportedError(f"{term.op} of a matrix that depends on x or X0")
        nothing = (ZERO,) * (order + 1)
        return [[v.get(self.key(), nothing) for v in row] for row in matrix]

    # -- calculus --------------------------------------------------------------------------------------------------
    def _grad(self, term: Term, order: int) -> Any:
        value = self.get(term.args[0], order)
        if term.args[0].rank:
            return tuple(tuple(self._slope(v, i, order) for i in self.range) for v in value)
        return tuple(self._slope(value, i, order) for i in self.range)

    def _slope(self, one: Field, i: int, order: int) -> Field:
        pieces = [lowered(one, i)]
        for key, series in one.items():
            for name, exponent in zip(DENSITIES, key[2 * self.size :], strict=True):
                if exponent:
                    slope = lowered(self.log_density(name, order), i)
                    pieces.append(field_product({key: scale(series, Fraction(exponent))}, slope))
        return field_sum(pieces)

    def _dt(self, term: Term, order: int) -> Any:
        return _mapped(lambda one: self._rate(one, order), self.get(term.args[0], order + 1))

    def _rate(self, one: Field, order: int) -> Field:
        pieces = [{key: derivative(series) for key, series in one.items()}]
        for key, series in one.items():
            for name, exponent in zip(DENSITIES, key[2 * self.size :], strict=True):
                if exponent:
                    log = self.log_density(name, order + 1)
                    rate = {k: derivative(s) for k, s in log.items()}
                    pieces.append(field_product({key: scale(series[:-1], Fraction(exponent))}, rate))
        return field_sum(pieces)

    # -- averages --------------------------------------------------------------------------------------------------
    def _E(self, term: Term, order: int) -> Any:
        return _mapped(lambda one: self.average(one, order, 0, self.joint), self.get(term.args[0], order))

    def _post(self, term: Term, order: int) -> Any:
        if self.member.process == "matrix":
            raise UnsupportedError("X0 is not read for dX = A X dt + B dW")
        value = self.get(term.args[0], order)
        return _mapped(lambda one: self.average(one, order, self.size, self.given_x), value)

    def _at(self, term: Term, order: int) -> Any:
        point = self.get(term.args[1], order)

        def put(one: Field) -> Field:
            pieces = []
            for key, series in one.items():
                if any(key[2 * self.size :]):
                    raise UnsupportedError("a value at a point of a density outside a logarithm")
                out = {(*([0] * self.size), *key[self.size :]): series}
                for i in self.range:
                    for _ in range(key[i]):
                        out = field_product(out, point[i])
                pieces.append(out)
            return field_sum(pieces)

        return _mapped(put, self.get(term.args[0], order))


_RULES = frozenset({
    "num", "pi", "sym", "dim", "tfun", "x", "X0", "f", "mat", "eye", "origin", "p", "q", "kern", "p0", "add", "mul",
    "pow", "log", "dot", "outer", "tr", "transpose", "inv", "logdet", "grad", "dt", "post", "E", "at",
})  # fmt: skip


def _bits(value: Number) -> int:
    value = value.hi if isinstance(value, Interval) else value
    return value.numerator.bit_length() + value.denominator.bit_length()


def _mapped(rule: Callable[..., Any], *values: Any) -> Any:
    """``rule`` on every entry of equally nested tuples."""
    if isinstance(values[0], tuple):
        return tuple(_mapped(rule, *entries) for entries in zip(*values, strict=True))
    return rule(*values)
