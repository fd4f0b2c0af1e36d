"""Global models: Gaussian laws and their neighbours p (1 + e h), with fields that are polynomials in x and X0.

X0 ~ N(m, S) (1 + e H), H a polynomial of mean 0 that is bounded below, e small: every average is an exact Gaussian
moment, order by order in e. A non-zero coefficient of e^0 refutes a statement for the Gaussian law itself, one of e^1
for p (1 + e h) with every small e != 0 of one sign at least. With a label, X0 is Gaussian and P(Z = +-|X0) is
(1 +- e H)/2, H cut off far out: the coefficients are continuous in H, so one that is not 0 for the polynomial is not 0
for a bounded H near it. Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

from proofs_checks.attack import enclose
from proofs_checks.attack.constants import standard_constant
from proofs_checks.attack.enclose import Interval
from proofs_checks.attack.schedule import (
    Matrix,
    Moments,
    Schedule,
    Vector,
    apply,
    covariance,
    determinant,
    inverse,
    log_normal,
    matmul,
    signed,
    total,
)
from proofs_checks.attack.series import Element, Ring, UnreadableError

_F = Fraction
_P = ("p",)


def bump(ring: Ring, place: Vector, random: Random) -> Element:
    """A polynomial of degree 4 that is bounded below and has odd terms."""
    square = total(u * u for u in place)
    line = total(u.scaled(signed(random)) for u in place)
    return (
        (square * square).scaled(_F(1, 2)) + (line * line * line).scaled(signed(random)) + line.scaled(signed(random))
    )


class GaussianLaw:
    """X0 ~ N(m, S) or its neighbour (``ring.ne`` > 0), along a linear process."""

    kind = "a Gaussian law"

    def __init__(
        self, ring: Ring, process: str, random: Random, components: bool, given: Any = None, labelled: bool = False
    ) -> None:
        self.ring, self.D, self.random, self.components = ring, ring.D, random, components
        self.cases = range(2 if labelled else 1)
        self.schedule = Schedule(ring, process, random)
        if given is None:
            self.m, self.S = [signed(random) for _ in range(self.D)], covariance(random, self.D)
        else:
            self.m, self.S = list(given[0]), given[1]
        s, D = self.schedule, self.D
        S = self.S_matrix = [[ring.const(v) for v in row] for row in self.S]
        a2 = s.alpha * s.alpha
        self.C = [[a2 * v + (s.sigma2 if i == j else ring.zero) for j, v in enumerate(row)] for i, row in enumerate(S)]
        offset = [ring.x(i) - s.alpha.scaled(v) for i, v in enumerate(self.m)]
        gain = [[s.alpha * e for e in row] for row in matmul(S, inverse(self.C))]
        shift, shrunk = apply(gain, offset), matmul(gain, S)
        mean = [ring.const(v) + e for v, e in zip(self.m, shift, strict=True)]
        cov = [[u - s.alpha * v for u, v in zip(r, q, strict=True)] for r, q in zip(S, shrunk, strict=True)]
        self.conditional = Moments(mean, cov)
        self.marginal = Moments([s.alpha.scaled(v) for v in self.m], self.C)
        self.log_gauss = log_normal(offset, self.C)
        self.tilts = [ring.one]
        if ring.ne:
            raw = bump(ring, [ring.X(i) for i in range(D)], random)
            prior = Moments([ring.const(v) for v in self.m], S)
            mean_of = total(rest * prior.of(b) for b, rest in raw.split(D, D))
            wave = ring.small() * (raw - mean_of)
            self.tilts = [ring.one + wave, ring.one - wave] if labelled else [ring.one + wave]
        self.h = [self._given(t) for t in self.tilts]
        self.over = ring.one if labelled else self.h[0].power(_F(-1))
        ring.exponentials[_P] = ring.logs[_P] = self.lp()
        self._tempered: dict[Fraction, tuple[Element, Moments]] = {}

    def x(self) -> Vector:
        """The point x."""
        return [self.ring.x(i) for i in range(self.D)]

    def X0(self, case: int) -> Vector:
        """The end point in a case."""
        return [self.ring.X(i) for i in range(self.D)]

    def p(self) -> Element:
        """The density of X_t."""
        return self.ring.gen(_P)

    def q(self) -> Element:
        """The density of the second law."""
        raise UnreadableError("a second law")

    lq = q

    def kern(self, case: int) -> Element:
        """k(x|X0)."""
        raise UnreadableError("a density outside a logarithm")

    p0 = kern

    def pz(self, case: int) -> Element:
        """The density of X_t given Z."""
        if len(self.cases) > 1:
            raise UnreadableError("a density outside a logarithm")
        return self.p()

    def lp(self) -> Element:
        """log p."""
        return self.log_gauss - self.over.log()

    def lkern(self, case: int) -> Element:
        """log k(x|X0)."""
        s, zero, D = self.schedule, self.ring.zero, range(self.D)
        offset = [self.ring.x(i) - s.alpha * self.ring.X(i) for i in D]
        return log_normal(offset, [[s.sigma2 if i == j else zero for j in D] for i in D])

    def lp0(self, case: int) -> Element:
        """log p0."""
        offset = [self.ring.X(i) - self.ring.const(v) for i, v in enumerate(self.m)]
        whole = self.ring.one if len(self.cases) > 1 else self.tilts[0]
        return log_normal(offset, self.S_matrix) + whole.log()

    def lpz(self, case: int) -> Element:
        """log of the density of X_t given Z."""
        return self.log_gauss + self.h[case].log()

    def wz(self, case: int) -> Element:
        """The weight of Z."""
        return self.ring.const(_F(1, len(self.cases)))

    def lwz(self, case: int) -> Element:
        """log of the weight of Z."""
        return self.wz(case).log()

    def mz(self, case: int) -> Vector:
        """The mean of X0 given Z."""
        if not self.components or self.ring.ne:
            raise UnreadableError("the mean of a label that is not Gaussian")
        return [self.ring.const(v) for v in self.m]

    def Sz(self, case: int) -> Matrix:
        """The covariance of X0 given Z."""
        if not self.components or self.ring.ne:
            raise UnreadableError("the covariance of a label that is not Gaussian")
        return self.S_matrix

    def f(self) -> Vector:
        """The drift."""
        return [self.schedule.a * u for u in self.x()]

    def _given(self, entry: Element) -> Element:
        D = self.D
        return total([self.ring.zero, *(rest * self.conditional.of(b) for b, rest in entry.split(D, D))])

    def _averaged(self, of: Callable[[int], list[Element]]) -> list[Element]:
        """The averages over X0 and Z at x, times p(x) over the Gaussian density."""
        share = _F(1, len(self.cases))
        columns = [[self._given(e * self.tilts[case]).scaled(share) for e in of(case)] for case in self.cases]
        return [total(entries) for entries in zip(*columns, strict=True)]

    def post(self, of: Callable[[int], list[Element]]) -> list[Element]:
        """Posterior averages, entry by entry, of what ``of`` gives in each case."""
        return [e * self.over for e in self._averaged(of)]

    def expect(self, of: Callable[[int], list[Element]]) -> list[Element]:
        """Averages over the joint law, entry by entry."""
        return [
            total([self.ring.zero, *(self._moment(e, n) for n, e in inner.by_power(_P))])
            for inner in self._averaged(of)
        ]

    def _moment(self, entry: Element, n: Fraction) -> Element:
        """The average of ``entry`` p^n: p^n times the Gaussian density is a constant times another Gaussian density."""
        if not n:
            return total([self.ring.zero, *(rest * self.marginal.of(b) for b, rest in entry.split(0, self.D))])
        if n not in self._tempered:
            if n <= -1:
                raise UnreadableError("an average that diverges")
            size = determinant(self.C)
            start, _, _ = size.leading()
            scale = self.ring.gen(("K", n)) * size.scaled(1 / start).power(-n / 2)
            cov = [[e.scaled(1 / (1 + n)) for e in row] for row in self.C]
            self._tempered[n] = scale, Moments(self.marginal.mean, cov)
        scale, moments = self._tempered[n]
        whole = entry if len(self.cases) > 1 else entry * self.over.power(-n)
        return scale * total([self.ring.zero, *(rest * moments.of(b) for b, rest in whole.split(0, self.D))])

    def at_zero(self, entry: Element) -> Element:
        """The value at the origin."""
        if any(n for n, _ in entry.by_power(_P)):
            raise UnreadableError("a density at a point")
        return total([self.ring.zero, *(rest for b, rest in entry.split(0, self.D) if not any(b))])

    def constant(self, name: tuple[Any, ...]) -> Interval:
        """The value of a named constant."""
        if name[0] != "K":
            return standard_constant(name)
        n, D = name[1], self.D
        start, _, _ = determinant(self.C).leading()
        logs = standard_constant(("log", 2)) + standard_constant(("log pi",))
        whole = enclose.log(enclose.point(start)).scaled(-n / 2) + logs.scaled(-n * D / 2)
        return enclose.exp(whole + enclose.log(enclose.point(1 + n)).scaled(_F(-D, 2)))

    def described(self) -> dict[str, Any]:
        """The instance as plain data."""
        return {
            "model": self.kind + (" and its neighbours" if self.ring.ne else ""), "D": self.D, "K": len(self.cases),
            "schedule": {k: str(v) for k, v in self.schedule.start.items()}, "mean": [str(v) for v in self.m],
            "cov": [[str(v) for v in row] for row in self.S],
        }  # fmt: skip
