"""A one-dimensional mixture that depends on one parameter, in balls: the field F(y, lam) and its derivatives.

F = E[s_k] + kappa y with s_k = q_k (m_k - y), q_k = 1/V_k; weights w_k, means m_k, variances V_k and kappa are terms in
the parameter; their derivatives are taken by exact calculus. With D_ij(f) = f_i - f_j, over pairs i < j:

    F_y  = kappa - E[q] + sum r_i r_j D(s)^2
    F_l  = kappa' y + E[s_l] + sum r_i r_j D(l_l) D(s)
    F_yy = -E[t q] + sum r_i r_j ((t_i + t_j) D(s)^2 - 2 D(s) D(q))
    F_yl = kappa' - E[q'] - E[e q] + sum r_i r_j ((e_i + e_j) D(s)^2 + 2 D(s) D(s_l))

where l_k = log w_k + (log q_k)/2 - q_k (y - m_k)^2/2, t_i = (log r_i)_y = E_j[D_ij(s)], e_i = (log r_i)_l =
E_j[D_ij(l_l)]. Over a box of (y, lam) the differences of the l_k are direct where the variance is shared (y occurs
once), and a mean value form about the box's midpoint otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numerics.balls import Ball, arb
from numerics.landscape.scalars import ball_of, shares, square
from theory.calculus import ZERO, diff
from theory.language.terms import Term

_ZERO = arb(0)
SYMBOL = "lambda_"
"""The parameter's name in the terms of a family; no symbol of a law is called so."""


@dataclass(frozen=True)
class Part:
    """One component: weight, mean and variance as terms in the parameter."""

    weight: Term
    mean: Term
    variance: Term


class _Numbers:
    """The parameters, and their derivatives, over a ball of the parameter."""

    def __init__(self, family: Family, parameter: Ball) -> None:
        symbols = {SYMBOL: parameter}

        def of(terms: Sequence[Term]) -> list[Ball]:
            return [ball_of(t, symbols) for t in terms]

        w, V = of(family.weights), of(family.variances)
        dw, dV = of(family.weights_), of(family.variances_)
        self.m, self.dm = of(family.means), of(family.means_)
        self.q = [1 / v for v in V]
        self.dq = [-dv * q * q for dv, q in zip(dV, self.q, strict=True)]
        self.logs = [u.log() - v.log() / 2 for u, v in zip(w, V, strict=True)]
        self.lead = [du / u - dv * q / 2 for du, u, dv, q in zip(dw, w, dV, self.q, strict=True)]
        self.kappa, self.dkappa = ball_of(family.kappa, symbols), ball_of(family.kappa_, symbols)


@dataclass(frozen=True)
class Jet:
    """F and its derivatives by y and the parameter."""

    F: Ball
    y: Ball
    l: Ball
    yy: Ball
    yl: Ball


class Family:
    """The field of a mixture in one parameter; ``shared``: one variance term, ``odd``: F(-y) = -F(y)."""

    def __init__(self, parts: Sequence[Part], kappa: Term = ZERO, odd: bool = False) -> None:
        self.weights, self.means = [p.weight for p in parts], [p.mean for p in parts]
        self.variances, self.kappa, self.odd = [p.variance for p in parts], kappa, odd
        self.weights_, self.means_ = ([diff(t, SYMBOL) for t in ts] for ts in (self.weights, self.means))
        self.variances_, self.kappa_ = [diff(t, SYMBOL) for t in self.variances], diff(kappa, SYMBOL)
        self.K, self.shared = len(parts), all(v == self.variances[0] for v in self.variances)
        self._kept: dict[object, _Numbers] = {}

    def numbers(self, parameter: Ball) -> _Numbers:
        """The parameters over a ball, kept for boxes side by side."""
        key = (*parameter.mid().man_exp(), *parameter.rad().man_exp())
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) > 500:
                self._kept.clear()
            found = self._kept[key] = _Numbers(self, parameter)
        return found

    def hull(self, parameter: Ball) -> Ball | None:
        """A ball that holds all zeros y for parameters in the ball, or None (module docstring of ``line``)."""
        n = self.numbers(parameter)
        gaps = [1 - n.kappa / q for q in n.q]
        if not (all(g > 0 for g in gaps) or all(g < 0 for g in gaps)):
            return None
        places = [m / g for m, g in zip(n.m, gaps, strict=True)]
        out = places[0]
        for z in places[1:]:
            out = out.union(z)
        return out if out.is_finite() else None

    def jet(self, y: Ball, parameter: Ball) -> Jet:
        """F and its derivatives over a box (or at thin balls)."""
        n, size = self.numbers(parameter), range(self.K)
        away = [m - y for m in n.m]
        scores = [q * d for q, d in zip(n.q, away, strict=True)]
        speeds = [
            lead - dq * square(d) / 2 - s * dm
            for lead, dq, d, s, dm in zip(n.lead, n.dq, away, scores, n.dm, strict=True)
        ]
        rates = [dq * d + q * dm for dq, d, q, dm in zip(n.dq, away, n.q, n.dm, strict=True)]
        pairs = []
        for i in size:
            for j in range(i):
                if self.shared:
                    gap, centre = n.m[i] - n.m[j], (n.m[i] + n.m[j]) / 2
                    turn = n.dm[i] - n.dm[j]
                    ds = n.q[0] * gap
                    dl = (
                        n.lead[i] - n.lead[j] + n.dq[0] * gap * (y - centre) - scores[i] * n.dm[i] + scores[j] * n.dm[j]
                    )
                    dr = n.dq[0] * gap + n.q[0] * turn
                    log = n.logs[i] - n.logs[j] + ds * (y - centre)
                else:
                    ds, dl, dr = scores[i] - scores[j], speeds[i] - speeds[j], rates[i] - rates[j]
                    log = None
                pairs.append((i, j, ds, dl, dr, log))
        r = self._weights(y, parameter, pairs)
        t, e = [_ZERO] * self.K, [_ZERO] * self.K
        for i, j, ds, dl, _, _ in pairs:
            t[i], t[j] = t[i] + r[j] * ds, t[j] - r[i] * ds
            e[i], e[j] = e[i] + r[j] * dl, e[j] - r[i] * dl
        F, Fy, Fl, Fyy, Fyl = n.kappa * y, n.kappa, n.dkappa * y, _ZERO, n.dkappa
        for k in size:
            F = F + r[k] * scores[k]
            Fl = Fl + r[k] * rates[k]
            if not self.shared:
                Fy, Fyl = Fy - r[k] * n.q[k], Fyl - r[k] * (n.dq[k] + e[k] * n.q[k])
                Fyy = Fyy - r[k] * t[k] * n.q[k]
        if self.shared:
            Fy, Fyl = Fy - n.q[0], Fyl - n.dq[0]
        for i, j, ds, dl, dr, _ in pairs:
            both, ds2 = r[i] * r[j], square(ds)
            Fy = Fy + both * ds2
            Fl = Fl + both * dl * ds
            bend = (t[i] + t[j]) * ds2
            if not self.shared:
                bend = bend - 2 * ds * (n.q[i] - n.q[j])
            Fyy = Fyy + both * bend
            Fyl = Fyl + both * ((e[i] + e[j]) * ds2 + 2 * ds * dr)
        return Jet(F, Fy, Fl, Fyy, Fyl)

    def _weights(
        self, y: Ball, parameter: Ball, pairs: Sequence[tuple[int, int, Ball, Ball, Ball, Ball | None]]
    ) -> list[Ball]:
        """The r_k over a box, from the differences of the l_k."""
        centre: list[Ball] = []
        dy = dp = _ZERO
        if not self.shared:
            middle, at = y.mid(), self.numbers(parameter.mid())
            dy, dp = y - middle, parameter - parameter.mid()
            centre = [a - q * square(middle - m) / 2 for a, q, m in zip(at.logs, at.q, at.m, strict=True)]
        return shares(
            self.K,
            (
                (i, j, log if log is not None else centre[i] - centre[j] + ds * dy + dl * dp)
                for i, j, ds, dl, _, log in pairs
            ),
        )

    def cubic(self, y: Ball, parameter: Ball) -> Ball:
        """F_yyy over a box: the fourth cumulant of the s_k, with Hermite terms (see ``LineField.jet``)."""
        n = self.numbers(parameter)
        pairs = []
        scores = [q * (m - y) for q, m in zip(n.q, n.m, strict=True)]
        speeds = [
            lead - dq * square(m - y) / 2 - s * dm
            for lead, dq, m, s, dm in zip(n.lead, n.dq, n.m, scores, n.dm, strict=True)
        ]
        for i in range(self.K):
            for j in range(i):
                ds, log = scores[i] - scores[j], None
                if self.shared:
                    gap = n.m[i] - n.m[j]
                    ds = n.q[0] * gap
                    log = n.logs[i] - n.logs[j] + ds * (y - (n.m[i] + n.m[j]) / 2)
                pairs.append((i, j, ds, speeds[i] - speeds[j], _ZERO, log))
        r = self._weights(y, parameter, pairs)
        d = [q * m for q, m in zip(n.q, n.m, strict=True)] if self.shared else scores
        b = sum((u * v for u, v in zip(r, d, strict=True)), _ZERO).mid()
        a = [_ZERO] * 5
        for u, s, q in zip(r, d, n.q, strict=True):
            h, c = s - b, _ZERO if self.shared else q
            h2 = square(h)
            a[1], a[2] = a[1] + u * h, a[2] + u * (h2 - c)
            a[3] = a[3] + u * h * (h2 - 3 * c)
            a[4] = a[4] + u * (square(h2) - 6 * c * h2 + 3 * c * c)
        one = square(a[1])
        return a[4] - 4 * a[1] * a[3] - 3 * square(a[2]) + 12 * one * a[2] - 6 * square(one)
