"""The uniform law on a sphere in R^D under a linear process: its fields and integrals by Bessel functions, in balls.

X0 is uniform on |x| = rho, X_t = alpha X0 + sigma eps, v = sigma^2, A = alpha rho, k = A |x|/v. With the mean of e^(k u),
u the first coordinate of a uniform unit vector, Lambda(k) = 0F1(; D/2; k^2/4) = Gamma(D/2) (2/k)^(D/2-1) I_(D/2-1)(k):

    p(x) = (2 pi v)^(-D/2) e^(-(|x|^2 + A^2)/2v) Lambda(k),
    E[X0 | x] = rho A_D(k) x/|x|,    A_D = Lambda'/Lambda = I_(D/2)/I_(D/2-1) =: k G(k),
    Cov(X0 | x) = rho^2 [G I + ((1 - D G)/k^2 - G^2) k^2 e e^T],  e = x/|x|,    tr Cov = rho^2 (1 - A_D^2).

So every number is an integral against the law of R = |X_t|, density S_D r^(D-1) p(r):

    I(X0; Xt) = A^2/v - E log Lambda,          E|s|^2 = D/v - A^2/v^2 E(1 - A_D^2),
    -log P(X0 | x) = -k u + log Lambda(k) against the uniform law, E[u | x] = A_D, E[u^2 | x] = 1 - (D - 1) G.

**Bounds.** R lies within A +- sigma |eps|, so outside [A - sigma t, A + sigma t] is |eps| > t, where
E[|eps|^n; |eps| > t] = 2^(n/2) Gamma((D + n)/2, t^2/2)/Gamma(D/2); integrands there are bounded by 0 <= A_D, u^2 <= 1 and
0 <= log Lambda(k) <= k. Inside, ``acb.integral``; Lambda has no zero with real part > 0.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from numerics.balls import Ball, Counter, acb, arb, ball, integrate, natural_power, working
from numerics.rings import Unsupported
from numerics.tails import widened

LARGE = 12
"""Where k is larger, Bessel functions scaled by e^-k are used: they do not grow."""
EVALUATIONS = 400_000


def scaled_mean(k: Any, D: int) -> Any:
    """e^-k Lambda(k) for dimension D; k a real or complex ball."""
    half = ball(Fraction(D, 2))
    z = acb(k)
    if z.real > LARGE:
        order = half - 1
        return z.bessel_i(acb(order), scaled=True) * (2 / z) ** acb(order) * half.gamma()
    return (z * z / 4).hypgeom_0f1(acb(half)) * (-z).exp()


def gain(k: Any, D: int) -> Any:
    """G(k) = A_D(k)/k = 0F1(; D/2 + 1; k^2/4)/(D 0F1(; D/2; k^2/4))."""
    return scaled_mean(k, D + 2) / (scaled_mean(k, D) * D)


def mean_length(k: Ball, D: int) -> Ball:
    """A_D(k) = I_(D/2)(k)/I_(D/2-1)(k), the length of the posterior mean on the unit sphere."""
    return (gain(k, D) * k).real


class Radial:
    """Averages over R = |X_t| at one level; build and call at one precision."""

    def __init__(self, D: int, A: Ball, v: Ball, bits: int) -> None:
        self.D, self.A, self.v, self.bits = D, A, v, bits
        self.sigma = v.sqrt()
        self.counter = Counter()

    def average(self, form: Callable[[Any, Any, Any], Any], powers: dict[int, Ball]) -> Ball:
        """E form(k, log Lambda, G), for |form| <= sum_n powers[n] k^n. Raises Unsupported: too many evaluations."""
        D, A, v = self.D, self.A, self.v
        t = arb(D).sqrt() + (2 * arb(2).log() * (self.bits + 8)).sqrt()
        low, high = (A - self.sigma * t).lower(), (A + self.sigma * t).upper()
        if not low > 0:
            low = arb(0)
        half = ball(Fraction(D, 2))
        front = (2 * arb.pi() ** half / half.gamma()).log() - half * (2 * arb.pi() * v).log()

        def function(r: Any, analytic: bool) -> Any:
            k = r * A / v
            mean = scaled_mean(k, D)
            away = r - A
            density = (front - away * away / (2 * v)).exp() * mean
            for _ in range(0):
                pass
            log = mean.log(analytic=analytic) + k
            return form(k, log, scaled_mean(k, D + 2) / (mean * D)) * density * _power(r, D - 1)

        edge = (v * LARGE / A).upper()
        ends = [low, *([edge] if low < edge < high else []), high]
        total = arb(0)
        for start, end in zip(ends, ends[1:]):
            total = total + integrate(function, start, end, self.bits, self.counter, EVALUATIONS)
        if not total.is_finite():
            raise Unsupported("the radial integral was not reached")
        return widened(total, self._tail(powers, t))

    def _tail(self, powers: dict[int, Ball], t: Ball) -> Ball:
        """sum_n powers[n] E[k^n; |eps| > t], k <= A (A + sigma |eps|)/v; (A + y)^n <= 2^n (A^n + y^n)."""
        half, result = ball(Fraction(self.D, 2)), arb(0)
        edge = (t * t / 2).lower()
        for n, factor in powers.items():
            scale = natural_power(2 * self.A / self.v, n)
            first = edge.gamma_upper(half)
            moment = edge.gamma_upper(half + ball(Fraction(n, 2))) * ball(2).sqrt() ** n
            bound = natural_power(self.A, n) * first + natural_power(self.sigma, n) * moment
            result = result + abs(factor) * scale * bound / half.gamma()
        return result.upper()

    # -- the averages that the numbers are made of ---
    def spread(self) -> Ball:
        """E(1 - A_D(k)^2) = E tr Cov(X0 | x)/rho^2."""
        return self.average(lambda k, log, G: 1 - k * k * (G * G), {0: arb(1)})

    def log_mean(self) -> Ball:
        """E log Lambda(k)."""
        return self.average(lambda k, log, G: log, {1: arb(1)})

    def log_density_square(self, centre: Ball) -> Ball:
        """E (log p(x) - log p0 - centre)^2, log p0 = -(D/2) log 2 pi v - A^2/2v: of -r^2/2v + log Lambda - centre."""
        factor = self.v / (2 * self.A * self.A)

        def form(k: Any, log: Any, G: Any) -> Any:
            value = log - k * k * factor - centre
            return value * value

        return self.average(form, {4: 3 * factor * factor, 2: arb(3), 0: 3 * centre * centre})

    def surprise_square(self, centre: Ball) -> Ball:
        """E (k u - log Lambda - centre)^2."""

        def form(k: Any, log: Any, G: Any) -> Any:
            rest = log + centre
            return k * k * (1 - (self.D - 1) * G) - 2 * k * k * G * rest + rest * rest

        return self.average(form, {2: arb(9), 0: 3 * centre * centre})

    def entropy_square(self, centre: Ball) -> Ball:
        """E (k A_D - log Lambda - centre)^2."""

        def form(k: Any, log: Any, G: Any) -> Any:
            value = k * k * G - log - centre
            return value * value

        return self.average(form, {2: arb(6), 0: 3 * centre * centre})


def _power(base: Any, exponent: int) -> Any:
    """base^exponent by squaring: no branch cut."""
    result, square = acb(1), base
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
    G = gain(k, D).real
    length = k * G
    return ((1 - length * length - (D - 1) * G) / nu - 1) / nu


__all__ = ["Radial", "fixed_radius", "gain", "mean_length", "radial_eigenvalue", "scaled_mean"]
