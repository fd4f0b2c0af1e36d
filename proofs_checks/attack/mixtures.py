"""Local models: a mixture of K atoms or Gaussians near a point x0, with free rational posterior weights there.

At (x0, t0) the posterior weights r_c of the components are drawn as rationals; the prior weights
w_c = r_c p(x0) / k_c(x0) follow, k_c the density of X_t given the component. Around (x0, t0) everything is an exact
series, and p(x0), k_c(x0) and the weights of the labels are named constants, whose values are known as intervals.
Standard library only; no theorem is used but Bayes' rule for finitely many components.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
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
    inverse,
    log_normal,
    matmul,
    signed,
    total,
)
from proofs_checks.attack.series import Element, Ring, UnreadableError

_F = Fraction


class Component:
    """A component: its mean and covariance, its label, its place (equal for equal atoms), its conditional moments."""

    def __init__(self, mean: tuple[Fraction, ...], cov: list[list[Fraction]], label: int) -> None:
        self.mean, self.cov, self.label = mean, cov, label
        self.atom = not any(map(any, cov))


class LocalMixture:
    """``atoms`` or Gaussian components in D dimensions with drawn, or given, parameters."""

    kind = "atoms at a point"

    def __init__(
        self, ring: Ring, process: str, random: Random, K: int, gaussian: bool = False,
        given: list[tuple[Fraction, tuple[Fraction, ...], list[list[Fraction]]]] | None = None,
        at_origin: bool = False, labels: bool = True,
    ) -> None:  # fmt: skip
        self.ring, self.D, self.random = ring, ring.D, random
        self.schedule, self.gaussian = Schedule(ring, process, random), gaussian or given is not None
        zero = [[_F(0)] * self.D for _ in range(self.D)]
        self.at_origin = at_origin or given is not None
        self.x0 = [_F(0) if self.at_origin else signed(random) for _ in range(self.D)]
        if given is not None:
            self.parts = [Component(mean, cov, label) for label, (_, mean, cov) in enumerate(given)]
        elif gaussian:
            self.parts = [Component(self._place(), covariance(random, self.D), label) for label in range(K)]
        else:
            places = [self._place() for _ in range(K)]
            self.parts = [Component(y, zero, n % 2 if labels and K > 1 else n) for n, y in enumerate(places)]
            if labels and K > 1:
                self.parts.append(Component(places[0], zero, 1))
        self.place_of = [
            next(j for j, q in enumerate(self.parts) if (q.mean, q.cov) == (p.mean, p.cov)) for p in self.parts
        ]
        self._weigh(given)

    def _place(self) -> tuple[Fraction, ...]:
        return tuple(signed(self.random) for _ in range(self.D))

    def _weigh(self, given: Any) -> None:
        """Responsibilities, prior weights and densities as constants times series."""
        ring, leads, self.rest = self.ring, [], []
        for c in self.parts:
            whole = self.log_density(c)
            lead = whole.select(lambda k: not k & 0xFFFFFF)
            leads.append(lead)
            self.rest.append((whole - lead).exp())
        self.leads = leads
        if given is not None:
            if any(lead - leads[0] for lead in leads):
                raise UnreadableError("the posterior weights of this law are not rational at the origin")
            self.r = [weight for weight, _, _ in given]
        else:
            counts = [self.random.randint(1, 6) for _ in self.parts]
            self.r = [_F(n, sum(counts)) for n in counts]
        self.share = total(f.scaled(r) for f, r in zip(self.rest, self.r, strict=True))
        self.posterior_weights = [
            f.scaled(r) * self.share.power(_F(-1)) for f, r in zip(self.rest, self.r, strict=True)
        ]
        ring.logs[("P",)] = ring.gen(("LP",))
        ring.logs.update({("k", n): leads[n] for n in set(self.place_of)})
        ring.logs.update({("W", j): ring.gen(("LW", j)) for j in self.labels})

    def log_density(self, c: Component) -> Element:
        """log of the density of X_t given the component."""
        s = self.schedule
        offset = [u - s.alpha.scaled(m) for u, m in zip(self.x(), c.mean, strict=True)]
        return log_normal(offset, self.spread(c))

    def spread(self, c: Component) -> Matrix:
        """The covariance of X_t given the component."""
        s, zero = self.schedule, self.ring.zero
        a2 = s.alpha * s.alpha
        return [
            [a2.scaled(v) + (s.sigma2 if i == j else zero) for j, v in enumerate(row)] for i, row in enumerate(c.cov)
        ]

    @cached_property
    def labels(self) -> list[int]:
        """The labels in order."""
        return sorted({c.label for c in self.parts})

    # -- what the reader asks for -------------------------------------------------------------------------------------
    @property
    def cases(self) -> range:
        """The values of (X0, Z): one for each component."""
        return range(len(self.parts))

    def x(self) -> Vector:
        """The point x."""
        return [self.ring.const(v) + self.ring.x(i) for i, v in enumerate(self.x0)]

    def X0(self, case: int) -> Vector:
        """The end point in a case."""
        c = self.parts[case]
        return [self.ring.const(v) for v in c.mean] if c.atom else [self.ring.X(i) for i in range(self.D)]

    def p(self) -> Element:
        """The density of X_t."""
        return self.ring.gen(("P",)) * self.share

    def lp(self) -> Element:
        """log p."""
        return self.p().log()

    def kern(self, case: int) -> Element:
        """k(x|X0)."""
        if not self.parts[case].atom:
            raise UnreadableError("the kernel itself for a Gaussian component")
        return self.ring.gen(("k", self.place_of[case])) * self.rest[case]

    def lkern(self, case: int) -> Element:
        """log k(x|X0)."""
        if self.parts[case].atom:
            return self.log_density(self.parts[case])
        s = self.schedule
        offset = [u - s.alpha * v for u, v in zip(self.x(), self.X0(case), strict=True)]
        zero = self.ring.zero
        return log_normal(offset, [[s.sigma2 if i == j else zero for j in range(self.D)] for i in range(self.D)])

    def p0(self, case: int) -> Element:
        """The mass of the atom: a named constant with a value, P r / k if one component stands there."""
        here = [n for n in self.cases if self.place_of[n] == self.place_of[case]]
        if not self.parts[case].atom:
            raise UnreadableError("the density of X0 of a Gaussian mixture")
        place = self.ring.gen(("P",)) * self.ring.gen(("k", self.place_of[case]), -1)
        return place.scaled(sum((self.r[n] for n in here), _F(0)))

    def lp0(self, case: int) -> Element:
        """log p0."""
        return self.p0(case).log()

    def _inside(self, case: int) -> list[int]:
        return [n for n in self.cases if self.parts[n].label == self.parts[case].label]

    def pz(self, case: int) -> Element:
        """The density of X_t given Z."""
        inside = total(self.rest[n].scaled(self.r[n]) for n in self._inside(case))
        return self.ring.gen(("P",)) * inside * self.wz(case).power(_F(-1))

    def lpz(self, case: int) -> Element:
        """log of the density of X_t given Z."""
        return self.pz(case).log()

    def wz(self, case: int) -> Element:
        """The weight of the label: P r / k of its one component, or a named constant."""
        inside = self._inside(case)
        if len(inside) == 1:
            n = inside[0]
            return (self.ring.gen(("P",)) * self.ring.gen(("k", self.place_of[n]), -1)).scaled(self.r[n])
        return self.ring.gen(("W", self.parts[case].label))

    def lwz(self, case: int) -> Element:
        """log of the weight of Z."""
        return self.wz(case).log()

    def mz(self, case: int) -> Vector:
        """The mean of X0 given Z."""
        if not self.gaussian:
            raise UnreadableError("the mean of a label of atoms")
        return [self.ring.const(v) for v in self.parts[case].mean]

    def Sz(self, case: int) -> Matrix:
        """The covariance of X0 given Z."""
        if not self.gaussian:
            raise UnreadableError("the covariance of a label of atoms")
        return [[self.ring.const(v) for v in row] for row in self.parts[case].cov]

    def f(self) -> Vector:
        """The drift."""
        return [self.schedule.a * u for u in self.x()]

    def q(self) -> Element:
        """The density of the second law."""
        raise UnreadableError("a second law")

    lq = q

    def post(self, of: Callable[[int], list[Element]]) -> list[Element]:
        """Entry by entry, the posterior average of what ``of`` gives in each case."""
        out: list[Element] | None = None
        for case, weight in zip(self.cases, self.posterior_weights, strict=True):
            entries = [weight * self._given(case, e) for e in of(case)]
            out = entries if out is None else [u + v for u, v in zip(out, entries, strict=True)]
        assert out is not None
        return out

    def _given(self, case: int, entry: Element) -> Element:
        if self.parts[case].atom:
            return entry
        moments = self._conditional(case)
        return total([self.ring.zero, *(rest * moments.of(b) for b, rest in entry.split(self.D, self.D))])

    def _conditional(self, case: int) -> Moments:
        memo = self.__dict__.setdefault("_moments", {})
        if case not in memo:
            c, s = self.parts[case], self.schedule
            S = [[self.ring.const(v) for v in row] for row in c.cov]
            gain = [[s.alpha * e for e in row] for row in matmul(S, inverse(self.spread(c)))]
            offset = [u - s.alpha.scaled(m) for u, m in zip(self.x(), c.mean, strict=True)]
            mean = [self.ring.const(m) + e for m, e in zip(c.mean, apply(gain, offset), strict=True)]
            shrunk = matmul(gain, S)
            cov = [[u - s.alpha * v for u, v in zip(r, q, strict=True)] for r, q in zip(S, shrunk, strict=True)]
            memo[case] = Moments(mean, cov)
        found: Moments = memo[case]
        return found

    def expect(self, of: Callable[[int], list[Element]]) -> list[Element]:
        """Averages over the joint law, entry by entry."""
        raise UnreadableError("an average over X_t at one point")

    def at_zero(self, entry: Element) -> Element:
        """The value at the origin."""
        if not self.at_origin:
            raise UnreadableError("a value at another point")
        return entry.select(lambda k: not (k >> 16) & 255)

    # -- named constants ----------------------------------------------------------------------------------------------
    def constant(self, name: tuple[Any, ...]) -> Interval:
        """The value of a named constant."""
        if name[0] == "k":
            return self._density(name[1])
        if name[0] in ("P", "LP"):
            places = [self._density(self.place_of[n]).power(_F(-1)).scaled(self.r[n]) for n in self.cases]
            found = sum(places[1:], places[0]).power(_F(-1))
        elif name[0] in ("W", "LW"):
            members = [n for n in self.cases if self.parts[n].label == name[1]]
            weights = [self._density(self.place_of[n]).power(_F(-1)).scaled(self.r[n]) for n in members]
            found = self.constant(("P",)) * sum(weights[1:], weights[0])
        else:
            return standard_constant(name)
        return enclose.log(found) if name[0][0] == "L" else found

    def _density(self, place: int) -> Interval:
        out = Interval(0, 0)
        for gens, value in self.leads[place].coefficients().get(0, {}).items():
            piece = Interval(value, value)
            for inner, exponent in gens:
                piece = piece * standard_constant(inner).power(exponent)
            out = out + piece
        return enclose.exp(out)

    def described(self) -> dict[str, Any]:
        """The instance as plain data."""
        return {
            "model": self.kind, "D": self.D, "K": len({c.mean for c in self.parts}),
            "schedule": {k: str(v) for k, v in self.schedule.start.items()}, "x": [str(v) for v in self.x0],
            "components": [
                {"mean": [str(v) for v in c.mean], "cov": [[str(v) for v in row] for row in c.cov], "label": c.label,
                 "posterior weight": str(r)}
                for c, r in zip(self.parts, self.r, strict=True)
            ],
        }  # fmt: skip
