"""The uniform law on a sphere in R^D under a linear process: its fields and integrals by Bessel functions, in balls.

X0 is uniform on |x| = rho, X_t = alpha X0 + sigma eps, v = sigma^2, A = alpha rho, k = A |x|/v. With the mean of e^(k
u), u the first coordinate of a uniform unit vector, Lambda(k) = 0F1(; D/2; k^2/4) = Gamma(D/2) (2/k)^(D/2-1)
I_(D/2-1)(k):

    p(x) = (2 pi v)^(-D/2) e^(-(|x|^2 + A^2)/2v) Lambda(k),
    E[X0 | x] = rho A_D(k) x/|x|,    A_D = Lambda'/Lambda = I_(D/2)/I_(D/2-1) =: k G(k),
    Cov(X0 | x) = rho^2 [G I + ((1 - D G)/k^2 - G^2) k^2 e e^T],  e = x/|x|,    tr Cov = rho^2 (1 - A_D^2).

So every number is an integral against the law of R = |X_t|, density S_D r^(D-1) p(r):

    I(X0; Xt) = A^2/v - E log Lambda,          E|s|^2 = D/v - A^2/v^2 E(1 - A_D^2),
    -log P(X0 | x) = -k u + log Lambda(k) against the uniform law, E[u | x] = A_D, E[u^2 | x] = 1 - (D - 1) G.

**Where R lies.** |X_t|^2 has E e^(c R^2) = (1 - 2cv)^(-D/2) e^(c A^2/(1 - 2cv)) for c < 1/2v, so Chernoff's bound cuts
both tails in closed form; there 0 <= A_D, u^2 <= 1 and 0 <= log Lambda(k) <= k.

**The rule.** If the window [low, high] leaves 0 out: the trapezoidal rule with both ends midway between its points, as
in :mod:`numerics.space.plane`. Lambda is an average of e^(k u) with |u| <= 1, so with psi = A a/v < pi/2 and |Im r| <=
a, c e^-k Lambda <= |e^-z Lambda(z)| <= e^-k Lambda with k = Re z and c = max(cos psi, 1 - psi^2 E(1 - u)^2/2), the mean
taken under the law of u tilted by e^(k u), at the smallest k; and Re is positive. So there is no zero, |A_D|, |E u^2|
<= 1/c, |log Lambda(z)| <= |z| + k - log c + pi/2, and the density grows by at most e^(a^2/2v + (D - 1) a^2/(2 low^2)).
Otherwise ``acb.integral``: there the arguments are small.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from numerics.balls import Ball, Counter, acb, arb, ball, integrate, working
from numerics.rings import Unsupported
from numerics.tails import widened

LARGE = 40
"""Where k is larger, Bessel functions scaled by e^-k are used."""
EVALUATIONS, MOST_POINTS = 400_000, 400_000


def scaled_mean(k: Any, D: int) -> Any:
    """e^-k Lambda(k) for dimension D; k a real or complex ball."""
    half = ball(Fraction(D, 2))
    if isinstance(k, arb) and k > LARGE:
        order = half - 1
        return k.bessel_i(order, scaled=True) * ((2 / k).log() * order + half.lgamma()).exp()
    z = acb(k)
    wide = max(z.real.rad(), z.imag.rad())
    least = z.real.lower()
    if wide * 64 > 1 and least > 0:
        # |f(z) - f(c)| <= |z - c| sup |f'|, and f(z) = E e^(-z w), w = 1 - u >= 0: |f'(z)| <= E w e^(-least w)
        centre = acb(z.real.mid(), z.imag.mid())
        at = scaled_mean(least, D)
        slope = at - least / D * scaled_mean(least, D + 2)
        reach = (2 * wide * slope.abs_upper()).upper()
        return scaled_mean(centre, D) + acb(arb(0, reach), arb(0, reach))
    value = (z * z / 4).hypgeom_0f1(acb(half)) * (-z).exp()
    return value.real if isinstance(k, arb) else value


def gain(k: Any, D: int) -> Any:
    """G(k) = A_D(k)/k = 0F1(; D/2 + 1; k^2/4)/(D 0F1(; D/2; k^2/4))."""
    return scaled_mean(k, D + 2) / (scaled_mean(k, D) * D)


def mean_length(k: Ball, D: int) -> Ball:
    """A_D(k) = I_(D/2)(k)/I_(D/2-1)(k), the length of the posterior mean on the unit sphere."""
    return gain(k, D) * k


Form = Callable[[Any, Any, Any], Any]
Bound = Callable[[Ball, Ball, Ball], Ball]
"""(|k|, a bound of |log Lambda|, a bound of |A_D| and of |E u^2|) -> a bound of |form|, growing in each."""


class Radial:
    """Averages over R = |X_t| at one level; build and call at one precision, ``bits`` and some more."""

    def __init__(self, D: int, A: Ball, v: Ball, bits: int) -> None:
        self.D, self.A, self.v, self.bits = D, A, v, bits
        self.sigma = v.sqrt()
        self.counter = Counter()
        half = ball(Fraction(D, 2))
        self.front = (2 * arb.pi() ** half / half.gamma()).log() - half * (2 * arb.pi() * v).log()
        self.low, self.high = self._window()

    def average(self, form: Form, bound: Bound, degree: int) -> Ball:
        """E form(k, log Lambda, G); ``bound`` grows at most as k^degree. Raises Unsupported: too many points."""
        inside = self._trapezoid(form, bound) if self.low > 0 else self._adaptive(form)
        if not inside.is_finite():
            raise Unsupported("the radial integral was not reached")
        return widened(inside, self._tails(bound, degree))

    def _density(self, r: Any, mean: Any) -> Any:
        """S_D r^(D-1) p(r), with ``mean`` = e^-k Lambda(k)."""
        away = r - self.A
        return (self.front - away * away / (2 * self.v)).exp() * mean * _power(r, self.D - 1)

    # -- inside the window ---
    def _adaptive(self, form: Form) -> Ball:
        def function(r: Any, analytic: bool) -> Any:
            k = r * self.A / self.v
            mean = scaled_mean(k, self.D)
            log = mean.log(analytic=analytic) + k
            return form(k, log, scaled_mean(k, self.D + 2) / (mean * self.D)) * self._density(r, mean)

        return integrate(function, arb(0), self.high, self.bits, self.counter, EVALUATIONS)

    def _trapezoid(self, form: Form, bound: Bound) -> Ball:
        A, v, D = self.A, self.v, self.D
        goal = (self.bits + 8) * math.log(2)
        size = float(1 / v + (D - 1) / (self.low * self.low))
        a, best = 0.0, 0.0
        second = self._second(self.low * A / v)
        top = min(max(math.pi / 2, math.sqrt(2 / float(second))) * float(v / A), math.sqrt(2 * goal / size))
        for i in range(1, 64):
            trial = top * i / 64
            psi = trial * float(A / v)
            cos = max(math.cos(psi) if psi < math.pi / 2 else 0.0, 1 - psi * psi * float(second) / 2)
            step = 2 * math.pi * trial / (goal - math.log(max(cos, 1e-9)) + trial * trial * size / 2)
            if step > best:
                a, best = trial, step
        count = math.ceil(float(self.high - self.low) / best)
        if count > MOST_POINTS:
            raise Unsupported(f"more than {MOST_POINTS} points along the radius")
        h = (self.high - self.low) / count
        total = arb(0)
        for n in range(count):
            r = self.low + h * n + h / 2
            k = r * A / v
            mean = scaled_mean(k, D)
            log = mean.log() + k
            total = total + form(k, log, scaled_mean(k, D + 2) / (mean * D)) * self._density(r, mean)
        self.counter.count += count
        height = ball(Fraction(a))
        psi = height * A / v
        least = (1 - psi * psi * second / 2).lower()
        if psi < arb.pi() / 2:
            least = least.max(psi.cos().lower())
        if not least > 0:
            raise Unsupported("the strip along the radius is too wide")
        inverse = 1 / least
        k = self.high * A / v
        growth = height * (1 / v + (D - 1) / (self.low * self.low)) / 2  # of the logarithm, at most, per unit of y
        most = bound(k + psi, 2 * k + psi + inverse.log() + arb.pi() / 2, inverse)
        error = 2 * most * (height * growth).exp() / (2 * arb.pi() * height / h).expm1()
        rate = 2 * arb.pi() / h - growth  # at the rim: the integral of e^(growth y) e^(-2 pi y/h)
        if not rate > 0:
            raise Unsupported("the step along the radius is too long")
        for r in (self.low, self.high):
            rim = self._density(r, scaled_mean(r * A / v, D))
            error = error + 2 * most * rim / rate
        return widened(total * h, error)

    def _second(self, k: Ball) -> Ball:
        """E (1 - u)^2 under the law of u tilted by e^(k u): it falls with k."""
        G = gain(k, self.D)
        return (2 - 2 * k * G - (self.D - 1) * G).upper()

    # -- outside ---
    def _window(self) -> tuple[Ball, Ball]:
        """Exact ends beyond which R has probability about 2^-bits (chosen in floats)."""
        A, sigma, goal = float(self.A), float(self.sigma), (self.bits + 12) * math.log(2)
        centre = math.sqrt(A * A + self.D * sigma * sigma)
        reach = sigma * (math.sqrt(2 * goal) + 1)
        low = max(centre - reach, A - sigma * (math.sqrt(2 * goal) + math.sqrt(self.D)), 0.0)
        while low > 0 and self._chance(low, -1) > -goal:
            low = low - 0.2 * sigma
        high = centre + reach
        while self._chance(high, 1) > -goal:
            high = high + 0.2 * sigma
        return ball(Fraction(max(low, 0.0))), ball(Fraction(high))

    def _chance(self, r: float, side: int) -> float:
        """log of Chernoff's bound of P(side (R - r) > 0), in floats."""
        c = self._tilt(r)
        A2, v = float(self.A) ** 2, float(self.v)
        if c * side <= 0:
            return 0.0
        return -c * r * r - self.D / 2 * math.log1p(-2 * c * v) + c * A2 / (1 - 2 * c * v)

    def _tilt(self, r: float) -> float:
        """The best c: with w = 1 - 2cv, r^2 = Dv/w + A^2/w^2."""
        A2, v = float(self.A) ** 2, float(self.v)
        w = (self.D * v + math.sqrt(self.D**2 * v * v + 4 * A2 * r * r)) / (2 * r * r)
        return (1 - w) / (2 * v)

    def _tails(self, bound: Bound, degree: int) -> Ball:
        """A bound of E |form| outside the window. Below it k is largest at its end; above it bound(k) <=
        bound(k_high) (k/k_high)^degree, and r^n <= high^n e^(n (r^2 - high^2)/(2 high^2))."""
        result = arb(0)
        for side, r in ((-1, self.low), (1, self.high)):
            if side < 0 and not r > 0:
                continue
            k = r * self.A / self.v
            c = ball(Fraction(self._tilt(float(r))))
            extra = degree / (2 * r * r) if side > 0 else arb(0)
            if side > 0:
                c = (c - extra) if c > 2 * extra else c / 2  # room for the power
            total = c + extra
            room = 1 - 2 * total * self.v
            if not room > 0 or not (c < 0 if side < 0 else c > 0):
                raise Unsupported("the tail along the radius has no bound at this precision")
            moment = total * self.A * self.A / room - room.log() * ball(Fraction(self.D, 2))
            result = result + bound(k, k, arb(1)) * (moment - total * r * r).exp()
        return result.upper()

    # -- the averages that the numbers are made of ---
    def spread(self) -> Ball:
        """E(1 - A_D(k)^2) = E tr Cov(X0 | x)/rho^2."""
        return self.average(lambda k, log, G: 1 - k * k * (G * G), lambda k, log, u: 1 + u * u, 0)

    def log_mean(self) -> Ball:
        """E log Lambda(k)."""
        return self.average(lambda k, log, G: log, lambda k, log, u: log, 1)

    def log_density_square(self, centre: Ball) -> Ball:
        """E (log p(x) - log p0 - centre)^2, log p0 = -(D/2) log 2 pi v - A^2/2v: of -r^2/2v + log Lambda - centre."""
        factor = self.v / (2 * self.A * self.A)

        def form(k: Any, log: Any, G: Any) -> Any:
            value = log - k * k * factor - centre
            return value * value

        def bound(k: Ball, log: Ball, u: Ball) -> Ball:
            value = log + k * k * factor + abs(centre)
            return value * value

        return self.average(form, bound, 4)

    def surprise_square(self, centre: Ball) -> Ball:
        """E (k u - log Lambda - centre)^2."""

        def form(k: Any, log: Any, G: Any) -> Any:
            rest = log + centre
            return k * k * (1 - (self.D - 1) * G) - 2 * k * k * G * rest + rest * rest

        def bound(k: Ball, log: Ball, u: Ball) -> Ball:
            rest = log + abs(centre)
            return u * k * k + 2 * u * k * rest + rest * rest

        return self.average(form, bound, 2)

    def entropy_square(self, centre: Ball) -> Ball:
        """E (k A_D - log Lambda - centre)^2."""

        def form(k: Any, log: Any, G: Any) -> Any:
            value = k * k * G - log - centre
            return value * value

        def bound(k: Ball, log: Ball, u: Ball) -> Ball:
            value = u * k + log + abs(centre)
            return value * value

        return self.average(form, bound, 2)


def _power(base: Any, exponent: int) -> Any:
    """base^exponent by squaring: no branch cut."""
    result, square = arb(1), base
    while exponent:
        if exponent & 1:
            result = result * square
        square = square * square
        exponent >>= 1
    return result


def fixed_radius(D: int, nu: Ball, bits: int = 80) -> Ball | None:
    """The radius r > 0 with r = A_D(r/nu): where the score of the unit sphere vanishes under ve at sigma^2 = nu.

    None if nu >= 1/D: then 0 is the only zero of the score. A_D is concave on k > 0 with A_D'(0) = 1/D, so for
    nu < 1/D there is exactly one, and r < A_D(r/nu) below it. Raises Unsupported: nu cannot be told from 1/D.
    """
    with working(bits + 30):
        if nu * D >= 1:
            return None
        if not nu * D < 1:
            raise Unsupported("nu cannot be told from the critical value 1/D")
        low, high = arb(0), arb(1)
        for _ in range(bits + 8):
            middle = ((low + high) / 2).mid()
            gap = mean_length(middle / nu, D) - middle
            if gap > 0:
                low = middle
            elif gap < 0:
                high = middle
            else:
                break
        return low.union(high)


def radial_eigenvalue(D: int, nu: Ball, radius: Ball) -> Ball:
    """(A_D'(k)/nu - 1)/nu at k = radius/nu: the eigenvalue of the score's Jacobian along the radius (ve, unit sphere).

    A_D' = 1 - A_D^2 - (D - 1) A_D/k; at a fixed point the other D - 1 eigenvalues are 0.
    """
    k = radius / nu
    G = gain(k, D)
    length = k * G
    return ((1 - length * length - (D - 1) * G) / nu - 1) / nu


__all__ = ["Radial", "fixed_radius", "gain", "mean_length", "radial_eigenvalue", "scaled_mean"]
