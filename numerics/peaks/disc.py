"""Complex discs of noise levels on which the density has no zero, with constants.

Let X = X_0 + sqrt(nu) eps on the line, u_k(x; nu) = w_k N(x; m_k, v_k), v_k = S_k + nu, p = sum u_k, q = sum |u_k|.
For real x and nu in the disc |nu - c| <= h < c, write c_k = S_k + c and log(u_j/u_t) = D_j + delta with its value D_j
at the centre. As 1/v - 1/c has modulus at most h/(c (c-h)),

    |delta| <= d_j(x) = E0 + E2 (x-m_j)^2/2 + E1 |2x - m_j - m_t|/2,      E1 = |m_t - m_j| h/(c_t (c_t - h)),
    E0 = h |S_t - S_j|/(2 (c_j-h)(c_t-h)),     E2 = |S_t - S_j| h (h + c_j + c_t)/(c_j c_t (c_j-h)(c_t-h)).

On a box of x a component t is fixed; the others are *good* if d_j <= psi < pi/2 there, else *bad*, with
sum over bad j of exp(D_j + d_j) <= B < 1. Then Re(p/u_t) >= 1 + cos(psi) (good moduli) - B > 0 and

    |p| >= floor q on the box,      floor = min(cos psi, (1-B)/(1+B)).

With one variance u_j/u_t = (w_j/w_t) exp(-W/v) for W = ((x-m_j)^2 - (x-m_t)^2)/2; there d_j = |W| h/(c^2-h^2) bounds
the phase, and -W/(c+h) or -W/(c-h) the logarithm of the modulus without weights, in place of D_j + d_j: Re(1/v) lies
between 1/(c+h) and 1/(c-h) and |Im(1/v)| <= h/(c^2-h^2) on the disc.

Beyond the last boxes D_j + d_j is a quadratic function that falls; there every other component is bad. (With unequal
variances the narrow and the wide components cross far out, where the crossing moves quickly with nu. A *window*
leaves that out; what lies outside is bounded on the real axis alone, :mod:`numerics.peaks.outside`.) So p has no
zero, log(p/u_k) is analytic in nu on the disc for every real x, and real on the real axis. Let r~_k = |u_k|/q.

*Its size.* log|p/u_k| lies between log(floor/r~_k) and log(1/r~_k). arg(p/u_t) is within pi/2. With Q_k the modulus
of the real part of the exponent and T_k = tan arg v_k, arg(u_t/u_k) is at most phi + |T_k| |Q_k - Q_t| + Q_t |T_k -
T_t|, and |Q_k - Q_t| <= |L_k| + Lambda for L_k = log|u_t/u_k|, Lambda = max log(w_t/w_k) + max log(|v_k|/|v_t|)/2. If
L_k < 0 then k is good, and the argument at most psi; else L_k <= -log r~_k. So with tau = max |T_k|, |log(p/u_k)| is
at most

    N_k = (1+tau) (-log r~_k) + lambda,   lambda = log(1/floor) + pi/2 + max(pi/2, phi + tau Lambda) + turn (1+|xi|)^2,

where turn (1+|xi|)^2 bounds Q_t |T_k - T_t| (zero for one shared variance) and xi = (x - centre)/scale. Where r~_k >=
2/3, k is good or t itself, the logarithm is the principal one and at most 1.39 R, R = (1-r~_k)/r~_k <= 1/2. Elsewhere
1 <= 3 (1-r~_k). With S_k = sum over j != k of sqrt(|u_k||u_j|), log(1+R) <= sqrt R, log^2(1+R) <= 2.2 sqrt R and
|u_k| (1-r~_k) <= S_k/2:

    |u_k| |log r_k| <= B1 S_k,  B1 = 1 + tau + 1.5 lambda;
    |u_k| |log r_k|^2 <= B2 S_k,  B2 = 2.2 (1+tau)^2 + 2 (1+tau) lambda + 1.5 lambda^2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from numerics.balls import Ball, arb, natural_power

MOST_BOXES = 400
WINDOWS = (24.0, 15.0, 11.0, 9.0, 8.0, 7.0)
"""Half-widths of windows about the places, in standard deviations."""
PSI = 1.4
"""The largest phase of a good component, below pi/2."""


@dataclass(frozen=True)
class Levels:
    """The components of X_0 on the line as balls: weights, places, variances; ``same``: all variances are equal."""

    weights: Sequence[Ball]
    places: Sequence[Ball]
    spreads: Sequence[Ball]
    same: bool

    @property
    def K(self) -> int:
        """The number of components."""
        return len(self.weights)


@dataclass(frozen=True)
class Disc:
    """A disc |nu - centre| <= radius on which |p| >= ``floor`` q for all x, or all x of the ``window``."""

    levels: Levels
    centre: Ball
    radius: Ball
    floor: Ball
    window: tuple[float, float] | None = None

    @cached_property
    def middle(self) -> list[Ball]:
        """c_k = S_k + c."""
        return [s + self.centre for s in self.levels.spreads]

    @cached_property
    def least(self) -> list[Ball]:
        """c_k - h, a lower bound of |v_k|."""
        return [(c - self.radius).lower() for c in self.middle]

    @cached_property
    def tau(self) -> Ball:
        """max |tan arg v_k|: the tangent of arcsin(h/c_k)."""
        worst = arb(0)
        for c in self.middle:
            worst = worst.max((self.radius / (c * c - self.radius * self.radius).sqrt()).upper())
        return worst

    @cached_property
    def phase(self) -> Ball:
        """lambda without its turn."""
        ratio = max((w / v).log().upper() for w in self.levels.weights for v in self.levels.weights)
        if not self.levels.same:
            ratio = ratio + max(((c + self.radius) / b).log().upper() for c in self.middle for b in self.least) / 2
        half = arb.pi() / 2
        return (-self.floor.log() + half + half.max(self.tau.atan() + self.tau * ratio)).upper()

    def turn(self, centre: Ball, scale: Ball) -> Ball:
        """Q_t |T_k - T_t| <= turn (1 + |x - centre|/scale)^2."""
        worst = arb(0)
        if self.levels.same:
            return worst
        S, m = self.levels.spreads, self.levels.places
        for t, place in enumerate(m):
            reach = (abs(place - centre).max(scale)).upper()
            for k in range(len(m)):
                bent = self.radius * abs(S[k] - S[t]) / (self.least[k] * self.least[t])
                worst = worst.max((bent * reach * reach / (2 * self.least[t])).upper())
        return worst


def zero_free_disc(levels: Levels, centre: Ball, radius: Ball) -> Disc | None:
    """The disc with its floor, None if it could not be certified."""
    if not centre - radius > 0:
        return None
    check = _Check(levels, centre, radius)
    floor = check.floor()
    if floor is not None:
        return Disc(levels, centre, radius, floor)
    for count in () if levels.same else WINDOWS:
        window = check.window(count)
        floor = check.within(*window, arb(1))
        if floor is not None:
            return Disc(levels, centre, radius, floor, window)
    return None


class _Check:
    """The covering of the line by boxes."""

    def __init__(self, levels: Levels, centre: Ball, radius: Ball) -> None:
        self.w, self.m, self.S, self.K = levels.weights, levels.places, levels.spreads, levels.K
        self.same = levels.same
        self.h = radius
        self.c = [s + centre for s in self.S]
        self.heads = [w.log() - c.log() / 2 for w, c in zip(self.w, self.c, strict=True)]
        self.floats = [
            (float(a.mid()), float(m.mid()), float(c.mid())) for a, m, c in zip(self.heads, self.m, self.c, strict=True)
        ]
        self._pairs: dict[tuple[int, int], tuple[Ball, Ball, Ball]] = {}

    def constants(self, j: int, t: int) -> tuple[Ball, Ball, Ball]:
        """E0, E1, E2."""
        found = self._pairs.get((j, t))
        if found is None:
            h, cj, ct = self.h, self.c[j], self.c[t]
            gap = arb(0) if self.same else abs(self.S[t] - self.S[j])
            inner = gap * h / ((cj - h) * (ct - h))
            E1 = abs(self.m[t] - self.m[j]) * h / (ct * (ct - h))
            found = self._pairs[j, t] = ((inner / 2).upper(), E1.upper(), (inner * (h + cj + ct) / (cj * ct)).upper())
        return found

    def floor(self) -> Ball | None:
        """The least floor of all boxes and both tails."""
        if self.K == 1:
            return arb(1)
        low, high = self._edge(-1), self._edge(1)
        if low is None or high is None:
            return None
        return self.within(low[0], high[0], low[1].min(high[1]))

    def window(self, count: float) -> tuple[float, float]:
        """The places and ``count`` standard deviations on either side."""
        far = count * math.sqrt(max(f[2] for f in self.floats))
        return min(f[1] for f in self.floats) - far, max(f[1] for f in self.floats) + far

    def within(self, low: float, high: float, worst: Ball) -> Ball | None:
        """The least floor of the boxes of [low, high], and ``worst``."""
        stack, boxes = [(low, high)], 0
        least = math.sqrt(min(f[2] for f in self.floats)) / 64
        while stack:
            a, b = stack.pop()
            boxes += 1
            if boxes > MOST_BOXES:
                return None
            found = self._box(a, b)
            if found is None:
                middle = (a + b) / 2
                if not a < middle < b or b - a < least:
                    return None
                stack += [(a, middle), (middle, b)]
            else:
                worst = worst.min(found)
        return worst.lower()

    def _edge(self, side: int) -> tuple[float, Ball] | None:
        """(X, floor) with the floor certain for all x beyond X (side 1: above, -1: below)."""
        widest = max(float(s.mid()) for s in self.S)
        wide = [k for k in range(self.K) if self.same or float(self.S[k].mid()) == widest]
        t = max(wide, key=lambda k: side * self.floats[k][1])
        outer = max(side * f[1] for f in self.floats)
        reach = max(math.sqrt(max(f[2] for f in self.floats)), 1e-300)
        for i in range(24):
            edge = side * (outer + reach * 1.5**i)
            found = self._beyond(edge, t, side)
            if found is not None:
                return edge, found
        return None

    def _beyond(self, edge: float, t: int, side: int) -> Ball | None:
        """The floor for all x with side x >= side edge: D_j + d_j falls from its value at the edge."""
        x, bad = arb(edge), arb(0)
        for j in range(self.K):
            if j == t:
                continue
            E0, E1, E2 = self.constants(j, t)
            if E0.is_zero() and E1.is_zero() and E2.is_zero():
                continue  # the same Gaussian: its ratio to u_t does not depend on nu
            y, z = side * (x - self.m[j]), side * (x - self.m[t])
            if not (y > 0 and z > 0):
                return None
            if self.same:
                # log|u_j/u_t| <= log(w_j/w_t) - W/(c+h), and W >= 0 grows outwards
                if not y - z >= 0:
                    return None
                bad = bad + (self.heads[j] - self.heads[t] - (y * y - z * z) / 2 / (self.c[t] + self.h)).exp()
                continue
            rise = self.heads[j] - self.heads[t] - (y * y / self.c[j] - z * z / self.c[t]) / 2
            rise = rise + E0 + E2 * y * y / 2 + E1 * (y + z) / 2
            slope = -(y / self.c[j] - z / self.c[t]) + E2 * y + E1
            bend = 1 / self.c[t] - 1 / self.c[j] + E2
            if E2.is_zero():
                bend = arb(0)
                # one variance: the difference of the parabolas is linear
                slope = -side * (self.m[t] - self.m[j]) / self.c[t] + E1
            if not (slope <= 0 and bend <= 0):
                return None
            bad = bad + rise.exp()
        bad = bad.upper()
        return ((1 - bad) / (1 + bad)).lower() if bad < 0.8 else None

    def _expanded(self, j: int, t: int, y: Ball, z: Ball, u: Ball) -> Ball:
        """d_j by the derivatives of log(u_j/u_t) in nu: the first at the centre, the second on the disc."""
        h, cj, ct = self.h, self.c[j], self.c[t]
        first = y * y / cj**2 - z * z / ct**2 + 2 * (y / cj**2 - z / ct**2) * u
        first = first + (1 / cj**2 - 1 / ct**2) * natural_power(u, 2).nonnegative_part() - (1 / cj - 1 / ct)
        square, other = natural_power(abs(y + u), 2), natural_power(abs(z + u), 2)
        low, high = (cj - h).min(ct - h), abs(self.S[j] - self.S[t])
        plain = square / (cj - h) ** 3 + other / (ct - h) ** 3
        bent = abs((y - z) * (y + z + 2 * u)) / (cj - h) ** 3 + 3 * other * high / low**4
        return h * abs(first) / 2 + h * h * (plain.upper().min(bent.upper()) + high / low**3) / 2

    def _one_variance(self, j: int, t: int, W: Ball) -> tuple[float, Ball, Ball]:
        """Phase and logarithm of the modulus of u_j/u_t = (w_j/w_t) exp(-W/v)."""
        c, h = self.c[t], self.h
        turned = (abs(W) * h / (c * c - h * h)).upper()
        size = (-W / (c + h)).upper().max((-W / (c - h)).upper())
        return float(turned), turned, (self.heads[j] - self.heads[t] + size).upper()

    def _box(self, a: float, b: float) -> Ball | None:
        """The floor on a box, None if it is too low."""
        x = (a + b) / 2
        t = max(range(self.K), key=lambda k: self.floats[k][0] - (x - self.floats[k][1]) ** 2 / (2 * self.floats[k][2]))
        middle = arb(x)
        u = arb(a).union(arb(b)) - middle
        found: list[tuple[float, Ball, Ball]] = []
        z = middle - self.m[t]
        for j in range(self.K):
            if j == t:
                continue
            E0, E1, E2 = self.constants(j, t)
            y = middle - self.m[j]
            cj, ct = self.c[j], self.c[t]
            if self.same:
                found.append(self._one_variance(j, t, (y * y - z * z) / 2 + (y - z) * u))
                continue
            rise = self.heads[j] - self.heads[t] - (y * y / cj - z * z / ct) / 2 + (z / ct - y / cj) * u
            rise = rise + (1 / ct - 1 / cj) * natural_power(u, 2).nonnegative_part() / 2
            turned = E0 + E1 * abs(y + z + 2 * u) / 2 + E2 * natural_power(abs(y + u), 2) / 2
            turned = turned.upper().min(self._expanded(j, t, y, z, u).upper())
            found.append((float(turned.upper()), turned.upper(), (rise + turned).upper()))
        found.sort(key=lambda entry: entry[0])
        best = None
        for good in range(len(found), -1, -1):
            if good and found[good - 1][0] > PSI:
                continue
            lost = sum((entry[2].exp() for entry in found[good:]), arb(0)).upper()
            if not lost < 0.9:
                break
            floor = (1 - lost) / (1 + lost)
            for _, turned, _ in found[:good]:  # all of them: floats only sorted them
                floor = floor.min(turned.cos())
            if best is None or floor.lower() > best:
                best = floor.lower()
        return best if best is not None and best > 0.12 else None
