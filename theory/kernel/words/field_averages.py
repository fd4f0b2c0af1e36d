"""Fields at one member of a setting, and their Gaussian averages. Trusted; standard library only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from theory.kernel.errors import BudgetError, UnsupportedError
from theory.kernel.witness.germs import Number
from theory.kernel.words.fields import (
    ZERO,
    Field,
    Series,
    SeriesMatrix,
    add,
    convolve,
    field_product,
    field_sum,
    matrix_inverse,
    matrix_product,
    scale,
)
from theory.kernel.words.members import Member

DEGREE_LIMIT = 12
DENSITIES = ("p", "q", "kern", "p0")


@dataclass
class FieldAverages:
    """The coordinates of x and X0 as fields, and averages over X0 and X_t by the moment recursion."""

    member: Member

    def __post_init__(self) -> None:
        self.size = self.member.size
        self.range = range(self.size)

    def key(self, place: int | None = None, exponent: int = 1) -> tuple[int, ...]:
        """The exponents of a power of one variable or density (of none: a constant)."""
        return tuple(exponent if n == place else 0 for n in range(2 * self.size + len(DENSITIES)))

    def constant(self, value: Number | Series, order: int) -> Field:
        """A number or a series as a field."""
        series = value if isinstance(value, tuple) else (value, *([ZERO] * order))
        return {self.key(): series}

    def place(self, first: int, order: int) -> tuple[Field, ...]:
        """x (``first`` = 0) or X0 (``first`` = D)."""
        return tuple({self.key(first + i): (Fraction(1), *([ZERO] * order))} for i in self.range)

    def joint(self, order: int) -> tuple[list[Field], SeriesMatrix]:
        """Mean and covariance of (x, X0): blocks V, alpha S, alpha S, S."""
        member = self.member
        mean, cov = member.law("mu", order)
        if member.process == "matrix":
            return [self.constant(m, order) for m in mean], cov
        prior = [[(v, *([ZERO] * order)) for v in row] for row in member.covs["mu"]]
        alpha = member.schedule("alpha", order)
        cross = [[convolve(alpha, v) for v in row] for row in prior]
        ends = [self.constant(v, order) for v in member.means["mu"]]
        rows = [[*u, *v] for u, v in zip(cov, cross, strict=True)] + [
            [*u, *v] for u, v in zip(cross, prior, strict=True)
        ]
        return [*(self.constant(m, order) for m in mean), *ends], rows

    def given_x(self, order: int) -> tuple[list[Field], SeriesMatrix]:
        """Mean and covariance of X0 given x, by Bayes' rule."""
        member = self.member
        mean, cov = member.law("mu", order)
        prior = [[(v, *([ZERO] * order)) for v in row] for row in member.covs["mu"]]
        alpha = member.schedule("alpha", order)
        cross = [[convolve(alpha, v) for v in row] for row in prior]
        gain = matrix_product(cross, matrix_inverse(cov))
        offset = tuple(
            field_sum((u, self.constant(scale(m, Fraction(-1)), order)))
            for u, m in zip(self.place(0, order), mean, strict=True)
        )
        pulled = applied(tuple(tuple(self.constant(v, order) for v in row) for row in gain), offset)
        centres = [field_sum((self.constant(v, order), u)) for v, u in zip(member.means["mu"], pulled, strict=True)]
        lost = matrix_product(gain, cross)
        spread = [
            [add(u, scale(v, Fraction(-1))) for u, v in zip(r, s, strict=True)]
            for r, s in zip(prior, lost, strict=True)
        ]
        return centres, spread

    def average(
        self, one: Field, order: int, first: int, law: Callable[[int], tuple[list[Field], SeriesMatrix]]
    ) -> Field:
        """E over the variables from ``first`` on: E[v m] = E[v] E[m] + sum_j Cov(v, v_j) E[d_j m]."""
        means, cov = law(order)
        count = len(means)
        moments: dict[tuple[int, ...], Field] = {(0,) * count: self.constant(Fraction(1), order)}

        def moment(powers: tuple[int, ...]) -> Field:
            if powers not in moments:
                i = next(n for n, e in enumerate(powers) if e)
                rest = lowered_powers(powers, i)
                pieces = [field_product(means[i], moment(rest))]
                for j, e in enumerate(rest):
                    if e:
                        link = self.constant(scale(cov[i][j], Fraction(e)), order)
                        pieces.append(field_product(link, moment(lowered_powers(rest, j))))
                moments[powers] = field_sum(pieces)
            return moments[powers]

        allowed = () if first == 0 else (2 * self.size, 2 * self.size + 1)  # p and q at x pass a posterior average
        pieces = []
        for key, series in one.items():
            if any(key[n] for n in range(2 * self.size, len(key)) if n not in allowed):
                raise UnsupportedError("an average of a density outside a logarithm")
            powers = key[first : first + count]
            if sum(powers) > DEGREE_LIMIT:
                raise BudgetError(f"an average of a polynomial of degree above {DEGREE_LIMIT}")
            kept = tuple(0 if first <= n < first + count else e for n, e in enumerate(key))
            pieces.append(field_product({kept: series}, moment(powers)))
        return field_sum(pieces)


def scaled(one: Field, factor: Number) -> Field:
    """A multiple."""
    return {key: scale(series, factor) for key, series in one.items()}


def dotted(left: Sequence[Field], right: Sequence[Field]) -> Field:
    """The inner product of two vectors of fields."""
    return field_sum([field_product(u, v) for u, v in zip(left, right, strict=True)])


def applied(matrix: Sequence[Sequence[Field]], vector: Sequence[Field]) -> tuple[Field, ...]:
    """A matrix of fields times a vector of fields."""
    return tuple(dotted(row, vector) for row in matrix)


def lowered_powers(powers: tuple[int, ...], place: int) -> tuple[int, ...]:
    """The exponents with one of them lowered by 1."""
    return tuple(e - (n == place) for n, e in enumerate(powers))


def lowered(one: Field, i: int) -> Field:
    """The derivative in x_i of the polynomial part."""
    return {lowered_powers(key, i): scale(series, Fraction(key[i])) for key, series in one.items() if key[i]}
