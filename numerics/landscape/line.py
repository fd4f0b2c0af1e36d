"""The score of a mixture on the line, in balls: at points, and over intervals without losing correlations.

The density is p = sum_k e^{l_k}, l_k(x) = A_k - q_k (x - c_k)^2/2, with precisions q_k; the A_k carry the weights. The
field is F = p'/p + kappa x (kappa = 0: the score). With the responsibilities r_k = e^{l_k}/p, s_k = l_k' =
q_k (c_k - x) and averages over r:

    F = E[s_k] + kappa x,   F' = E[-q_k] + Var(s_k) + kappa.

*Over [a, b].* l_j - l_k is a quadratic in x: it lies between its values at a and b where its derivative s_j - s_k has
one sign at both ends, and within C (b - a)^2/4 of the chord else (C = (q_k - q_j)/2: it is chord + C (x - a)(x - b)).
So e^{l_j - l_k}, and r_k = 1/sum_j e^{l_j - l_k}, are enclosed from exponentials at a and b alone.

*Shared precision q.* l_j - l_k is linear and increasing exactly if c_j > c_k. So over [a, b] the sum over j is least
with u_j(b)/u_k(b) for c_j <= c_k and u_j(a)/u_k(a) for c_j > c_k, and greatest the other way round: with running sums
the enclosures of all r_k cost O(K). Moreover E[c] is increasing in x, (E[c])' = q Var(c) >= 0, so its range over [a, b]
is [E[c](a), E[c](b)] exactly.

*Where zeros lie.* F = sum_k r_k (q_k c_k - (q_k - kappa) x). If q_k > kappa for all k, term k is positive left of
z_k = q_k c_k/(q_k - kappa) and negative right of it, so all zeros lie in [min z_k, max z_k]; for the score this is the
convex hull of the c_k, whatever the precisions. If q_k < kappa for all k the signs are exchanged and the same holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from numerics.balls import Ball, arb
from numerics.landscape.scalars import between, shares, square
from numerics.rings import Unsupported

_ZERO = arb(0)


class LineField:
    """F = (log p)' + kappa x for p = sum_k exp(A_k - q_k (x - c_k)^2/2); all parameters are balls of length K."""

    def __init__(self, A: Sequence[Ball], c: Sequence[Ball], q: Sequence[Ball], kappa: Ball = _ZERO) -> None:
        order = sorted(range(len(c)), key=lambda k: float(c[k].mid()))
        self.A, self.c, self.q = ([values[k] for k in order] for values in (A, c, q))
        self.kappa, self.K = kappa, len(order)
        first = self.q[0]
        same = all(v is first or (v.is_exact() and v == first) for v in self.q)
        ordered = all(u <= v for u, v in zip(self.c, self.c[1:], strict=False))
        self.shared = same and ordered
        self._ends: dict[float, tuple[list[Ball], list[Ball]]] = {}

    # -- where zeros lie -----------------------------------------------------------------------------------------------
    def hull(self) -> tuple[Ball, Ball]:
        """Balls whose lower and upper end bound all zeros. Raises Unsupported where no such interval is known."""
        gaps = [v - self.kappa for v in self.q]
        if not (all(g > 0 for g in gaps) or all(g < 0 for g in gaps)):
            raise Unsupported("the drift does not point one way far out, so no interval is known to hold its zeros")
        places = [q * c / g for q, c, g in zip(self.q, self.c, gaps, strict=True)]
        low, high = places[0], places[0]
        for z in places[1:]:
            low, high = low.min(z), high.max(z)
        return low, high

    # -- at a point ----------------------------------------------------------------------------------------------------
    def logs(self, x: Ball) -> list[Ball]:
        """l_k(x)."""
        out = []
        for a, c, q in zip(self.A, self.c, self.q, strict=True):
            d = x - c
            out.append(a - q * d * d / 2)
        return out

    def _masses(self, x: Ball) -> list[Ball]:
        """e^{l_k - l_top} at a thin ball."""
        logs = self.logs(x)
        top = max(logs, key=lambda v: v.mid())
        return [(v - top).exp() for v in logs]

    def responsibilities(self, x: Ball) -> list[Ball]:
        """r_k at a thin ball."""
        masses = self._masses(x)
        whole = sum(masses[1:], masses[0])
        return [u / whole for u in masses]

    def value(self, x: Ball) -> Ball:
        """F at a thin ball."""
        masses = self._masses(x)
        top = whole = _ZERO
        for u, c, q in zip(masses, self.c, self.q, strict=True):
            whole = whole + u
            top = top + u * q * (c - x)
        return top / whole + self.kappa * x

    def jet(self, x: Ball, order: int = 3) -> list[Ball]:
        """F, F', .., of the given order at a thin ball: cumulants of the s_k about the score b, with Hermite terms.

        With d = s_k - b and a_n = E[He_n], He_2 = d^2 - q, He_3 = d^3 - 3 q d, He_4 = d^4 - 6 q d^2 + 3 q^2 the a_n are
        (e^{-bx} p)^(n)/(e^{-bx} p), so F^(n-1) are their cumulants.
        """
        r = self.responsibilities(x)
        scores = [q * (c - x) for c, q in zip(self.c, self.q, strict=True)]
        b = sum((u * s for u, s in zip(r, scores, strict=True)), _ZERO)
        a = [_ZERO] * 5
        for u, s, q in zip(r, scores, self.q, strict=True):
            d = s - b
            d2 = d * d
            a[1] = a[1] + u * d
            a[2] = a[2] + u * (d2 - q)
            if order > 1:
                a[3] = a[3] + u * d * (d2 - 3 * q)
            if order > 2:
                a[4] = a[4] + u * (d2 * d2 - 6 * q * d2 + 3 * q * q)
        out = [b + self.kappa * x, a[2] - a[1] * a[1] + self.kappa]
        if order > 1:
            out.append(a[3] - 3 * a[1] * a[2] + 2 * a[1] * a[1] * a[1])
        if order > 2:
            square1 = a[1] * a[1]
            out.append(a[4] - 4 * a[1] * a[3] - 3 * a[2] * a[2] + 12 * square1 * a[2] - 6 * square1 * square1)
        return out

    # -- over an interval ----------------------------------------------------------------------------------------------
    def _end(self, x: float) -> tuple[list[Ball], list[Ball]]:
        """(l_k, masses) at an end, kept for the neighbouring interval."""
        found = self._ends.get(x)
        if found is None:
            logs = self.logs(arb(x))
            top = max(logs, key=lambda v: v.mid())
            found = logs, [(v - top).exp() for v in logs]
            if len(self._ends) > 64:
                self._ends.clear()
            self._ends[x] = found
        return found

    def over(self, low: float, high: float) -> tuple[Ball, Ball, list[Ball]]:
        """(F, F', the r_k) over [low, high]."""
        box = arb(low).union(arb(high))
        if self.K == 1:
            return self.q[0] * (self.c[0] - box) + self.kappa * box, self.kappa - self.q[0], [arb(1)]
        if self.shared:
            return self._shared(low, high, box)
        r = self._weights(low, high)
        scores = [q * (c - box) for c, q in zip(self.c, self.q, strict=True)]
        value, slope = self.kappa * box, self.kappa
        for i, (u, s, q) in enumerate(zip(r, scores, self.q, strict=True)):
            value = value + u * s
            slope = slope - u * q
            for j in range(i):
                slope = slope + u * r[j] * square(s - scores[j])
        return value, slope, r

    def bend(self, low: float, high: float, r: Sequence[Ball]) -> Ball:
        """F'' over [low, high] from the r_k there: the third cumulant of the s_k, with Hermite terms."""
        if self.shared:  # of the q c_k, from which the s_k differ by q x
            scores, terms = [self.q[0] * c for c in self.c], [_ZERO] * self.K
        else:
            box = arb(low).union(arb(high))
            scores, terms = [q * (c - box) for c, q in zip(self.c, self.q, strict=True)], self.q
        b = sum((u * s for u, s in zip(r, scores, strict=True)), _ZERO).mid()
        a1 = a2 = a3 = _ZERO
        for u, s, q in zip(r, scores, terms, strict=True):
            d = s - b
            d2 = square(d)
            a1, a2, a3 = a1 + u * d, a2 + u * (d2 - q), a3 + u * d * (d2 - 3 * q)
        return a3 - 3 * a1 * a2 + 2 * a1 * a1 * a1

    def _weights(self, low: float, high: float) -> list[Ball]:
        """The r_k over an interval."""
        first, last = self._end(low)[0], self._end(high)[0]
        a, b, width = arb(low), arb(high), arb(high) - arb(low)
        below = [q * (c - a) for c, q in zip(self.c, self.q, strict=True)]
        above = [q * (c - b) for c, q in zip(self.c, self.q, strict=True)]
        gaps = []
        for k in range(self.K):
            for j in range(k):
                gap = (first[j] - first[k]).union(last[j] - last[k])
                start, end = below[j] - below[k], above[j] - above[k]
                if not ((start >= 0 and end >= 0) or (start <= 0 and end <= 0)):
                    gap = gap + (self.q[k] - self.q[j]) / 2 * (-(width * width) / 4).union(_ZERO)
                gaps.append((j, k, gap))
        return shares(self.K, gaps)

    def _shared(self, low: float, high: float, box: Ball) -> tuple[Ball, Ball, list[Ball]]:
        """(F, F', the r_k) over an interval for a shared precision, in O(K)."""
        (_, left), (_, right) = self._end(low), self._end(high)
        q, c = self.q[0], self.c
        head_low, head_high = _running(left), _running(right)
        all_low, all_high = head_low[-1], head_high[-1]
        mean_low = sum((u * v for u, v in zip(left, c, strict=True)), _ZERO) / all_low
        mean_high = sum((u * v for u, v in zip(right, c, strict=True)), _ZERO) / all_high
        mean = mean_low.union(mean_high)
        b = mean.mid()
        spread, shares_ = _ZERO, []
        for k in range(self.K):
            least = head_high[k] / right[k] + (all_low - head_low[k]) / left[k]
            most = head_low[k] / left[k] + (all_high - head_high[k]) / right[k]
            shares_.append(between(least, most))
            spread = spread + shares_[-1] * square(c[k] - b)
        variance = spread - square(mean - b)
        return q * (mean - box) + self.kappa * box, q * (q * variance - 1) + self.kappa, shares_


def _running(values: Sequence[Ball]) -> list[Ball]:
    out = [values[0]]
    for value in values[1:]:
        out.append(out[-1] + value)
    return out


def outward(low: Ball, high: Ball) -> tuple[float, float]:
    """Doubles below the lower end of ``low`` and above the upper end of ``high``."""
    left, right = float(low.lower()), float(high.upper())
    while not arb(left) <= low.lower():
        left = math.nextafter(left, -math.inf)
    while not arb(right) >= high.upper():
        right = math.nextafter(right, math.inf)
    return left, right
