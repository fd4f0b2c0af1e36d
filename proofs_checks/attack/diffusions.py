"""General diffusions dX = f dt + g dW with two laws, near a point or of Gaussians. Standard library only."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

from proofs_checks.attack.constants import standard_constant
from proofs_checks.attack.enclose import Interval
from proofs_checks.attack.laws import bump
from proofs_checks.attack.schedule import (
    HALF,
    Moments,
    Schedule,
    Vector,
    apply,
    covariance,
    integrate,
    log_normal,
    positive,
    signed,
    total,
)
from proofs_checks.attack.series import Element, Ring, UnreadableError

_F = Fraction


class Diffusion:
    """dX = f(X, t) dt + g dW with p and q from two laws; log p and log q follow from Fokker-Planck, order by order.

    Local: log p, log q and f are drawn as polynomials about x0. Global: log p and log q are quadratic at t0 (the first
    with a neighbour of order e) and f is affine, so that averages at t0 are exact moments; those near t0 are moments
    of w p(t)/p(t0), a polynomial at each order in t.
    """

    kind = "a diffusion"
    cases = range(1)

    def __init__(self, ring: Ring, random: Random) -> None:
        self.ring, self.D, self.random = ring, ring.D, random
        self.schedule = Schedule(ring, "linear", random)
        t, places = ring.time(), self.x()
        if ring.local:
            self.drift = [polynomial(ring, places, random, 3) + t * polynomial(ring, places, random, 2) for _ in places]
            self.value = positive(random), positive(random)
            starts = [polynomial(ring, places, random, ring.nx) for _ in range(2)]
            logs = [s - s.select(lambda k: not k & 0xFFFFFF) for s in starts]
            self.L, self.M = (self._solved(s + ring.log_of(v)) for s, v in zip(logs, self.value, strict=True))
        else:
            matrix = [[ring.const(signed(random)) + t.scaled(signed(random)) for _ in places] for _ in places]
            self.drift = [u + ring.const(signed(random)) for u in apply(matrix, places)]
            self.m, self.S = [signed(random) for _ in places], covariance(random, self.D)
            mean, cov = [ring.const(v) for v in self.m], [[ring.const(v) for v in row] for row in self.S]
            self.moments = Moments(mean, cov)
            start = log_normal([u - v for u, v in zip(places, mean, strict=True)], cov)
            self.tilt = ring.one
            if ring.ne:
                raw = bump(ring, places, random)
                self.tilt = ring.one + ring.small() * (raw - self._moment(raw))
                start = start + self.tilt.log()
            other = [[ring.const(v) for v in row] for row in covariance(random, self.D)]
            second = log_normal([u - ring.const(signed(random)) for u in places], other)
            self.L, self.M = self._solved(start), self._solved(second)
            self.growth = self.tilt * (self.L - self.L.select(lambda k: not k & 255)).exp()

    def _solved(self, start: Element) -> Element:
        """log p(t) from log p(t0): dL/dt = -div f - f . grad L + (g^2/2) (lap L + |grad L|^2)."""

        def rate(L: Element) -> Element:
            slopes = [L.dx(i) for i in range(self.D)]
            pull = total(f.dx(i) + f * u for i, (f, u) in enumerate(zip(self.drift, slopes, strict=True)))
            spread = total(u.dx(i) + u * u for i, u in enumerate(slopes))
            return self.schedule.g2 * spread.scaled(HALF) - pull

        return integrate(start, rate)

    def x(self) -> Vector:
        """The point x."""
        shift = [_F(2, 3), _F(-1, 2), _F(3, 4)] if self.ring.local else [_F(0)] * 3
        return [self.ring.const(shift[i]) + self.ring.x(i) for i in range(self.D)]

    def f(self) -> Vector:
        """The drift."""
        return self.drift

    def lp(self) -> Element:
        """log p."""
        return self.L

    def lq(self) -> Element:
        """log q."""
        return self.M

    def _density(self, logarithm: Element, which: int) -> Element:
        if not self.ring.local:
            raise UnreadableError("a density outside a logarithm")
        return (logarithm - self.ring.log_of(self.value[which])).exp().scaled(self.value[which])

    def p(self) -> Element:
        """The density of X_t."""
        return self._density(self.L, 0)

    def q(self) -> Element:
        """The density of the second law."""
        return self._density(self.M, 1)

    def X0(self, case: int) -> Vector:
        """The end point in a case."""
        raise UnreadableError("an end point of a general diffusion")

    def _unread(self, case: int) -> Any:
        raise UnreadableError("an end point or a label of a general diffusion")

    kern = lkern = p0 = lp0 = pz = lpz = wz = lwz = mz = Sz = _unread

    def post(self, of: Callable[[int], list[Element]]) -> list[Element]:
        """Posterior averages, entry by entry, of what ``of`` gives in each case."""
        raise UnreadableError("a posterior of a general diffusion")

    def _moment(self, entry: Element) -> Element:
        return total([self.ring.zero, *(rest * self.moments.of(b) for b, rest in entry.split(0, self.D))])

    def expect(self, of: Callable[[int], list[Element]]) -> list[Element]:
        """Averages over the joint law, entry by entry."""
        if self.ring.local:
            raise UnreadableError("an average over X_t at one point")
        return [self._moment(e * self.growth) for e in of(0)]

    def at_zero(self, entry: Element) -> Element:
        """The value at the origin."""
        raise UnreadableError("a value at another point")

    def constant(self, name: tuple[Any, ...]) -> Interval:
        """The value of a named constant."""
        return standard_constant(name)

    def described(self) -> dict[str, Any]:
        """The instance as plain data."""
        return {"model": self.kind + (" at a point" if self.ring.local else " of Gaussians"), "D": self.D}


def polynomial(ring: Ring, places: Vector, random: Random, degree: int) -> Element:
    """A random polynomial in ``places`` with small integer coefficients."""
    out = ring.const(random.randint(-2, 2))
    terms = [ring.one]
    for _ in range(degree):
        terms = [u * v for u in terms[:6] for v in places]
        out = total([out, *(u.scaled(random.choice((-2, -1, 1, 2))) for u in terms)])
    return out
