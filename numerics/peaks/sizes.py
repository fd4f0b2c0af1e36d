"""How large a number of the line engine is on a complex disc of noise levels.

On a disc of :mod:`numerics.peaks.disc` every integrand of :mod:`numerics.line.posterior` is analytic in nu for each
real x, and bounded there by constant * sum over pairs k != j of sqrt(|u_k||u_j|) (1+|xi|)^N. As Re(1/v) >= 1/(c_k +
h) and |v_k| >= c_k - h on the disc,

    |u_k(x; nu)| <= sqrt((c_k+h)/(c_k-h)) u_k(x; c + h),

so the bound is one Gaussian mass at the disc's right end for the whole disc: the integrals are analytic there
(dominated convergence, Morera) and at most that mass. The constants, from |p| >= floor q, |r_k| <= r~_k/floor, B1 and
B2:

    class B1;  class-square B2;  field-square B2/floor;  log-class B1 sup|log u_k|;  gap sup|b_k - b_j|^2/(4 floor).

(p Var_r(b) = sum over k < j of u_k u_j (b_k - b_j)^2/p and |u_k u_j|/q <= sqrt(|u_k u_j|)/2. The scores b_k =
-(x-m_k)/v_k serve for all: the posterior means have b_k - b_j = nu (s_k - s_j).)
"""

from __future__ import annotations

from numerics.balls import Ball, acb, arb
from numerics.line.bounds import Bounds, Majorant
from numerics.line.components import Components
from numerics.peaks.disc import Disc


class Sized:
    """The bounds on one certified disc."""

    def __init__(self, disc: Disc) -> None:
        self.disc, levels = disc, disc.levels
        top = [disc.centre + disc.radius]
        still = Components(
            tuple([w] for w in levels.weights), tuple([m] for m in levels.places), tuple([s] for s in levels.spreads),
            [arb(1)], top, levels.same,
        )  # fmt: skip
        self.bounds = Bounds(still, None)
        ratio = ((c + disc.radius) / b for c, b in zip(disc.middle, disc.least, strict=True))
        self.raised = max((r.sqrt().upper() for r in ratio), key=float)
        turn = disc.turn(self.bounds.centre, self.bounds.scale)
        self.power = 0 if turn.is_zero() else 2
        size = disc.phase + turn
        steep = 1 + disc.tau
        self.first = steep + size * 1.5
        self.second = 2.2 * steep * steep + 2 * steep * size + 1.5 * size * size

    def _mass(self, constant: Ball, power: int) -> Ball:
        bound = Majorant((constant * self.raised).upper(), power)
        return sum((g[0] for g in self.bounds.gaussians(bound, None)), arb(0)).upper()

    def integral(self, kind: str) -> Ball:
        """sup of |integral of ``kind``| over the disc ("gap": of the component scores)."""
        if self.disc.levels.K == 1:
            return arb(0)
        if kind == "class":
            return self._mass(self.first, self.power)
        if kind == "class-square":
            return self._mass(self.second, 2 * self.power)
        if kind == "field-square":
            return self._mass(self.second / self.disc.floor, 2 * self.power)
        if kind == "log-class":
            return self._mass(self.first * self._log_size(), self.power + 2)
        steps, linear = self._steps()
        return self._mass(steps * steps / (4 * self.disc.floor), 2 * linear)

    def _log_size(self) -> Ball:
        """|log u_k| <= this (1+|xi|)^2."""
        centre, scale, worst = self.bounds.centre, self.bounds.scale, arb(0)
        for w, m, level, least in zip(
            self.disc.levels.weights, self.disc.levels.places, self.log_levels, self.disc.least, strict=True
        ):
            reach = abs(m - centre).max(scale)
            worst = worst.max((abs(w.log()) + level + reach * reach / (2 * least)).upper())
        return worst

    @property
    def log_levels(self) -> list[Ball]:
        """sup |log(2 pi v_k)|/2."""
        out = []
        for c in self.disc.middle:
            wide = acb(c + arb(0, self.disc.radius.upper()), arb(0, self.disc.radius.upper()))
            out.append((wide * 2 * arb.pi()).log().abs_upper() / 2)
        return out

    def _steps(self) -> tuple[Ball, int]:
        """(d, 1 or 0): |s_k - s_j| <= d (1+|xi|)^(1 or 0)."""
        levels, least, worst = self.disc.levels, self.disc.least, arb(0)
        centre, scale = self.bounds.centre, self.bounds.scale
        for k in range(levels.K):
            for j in range(levels.K):
                apart = abs(levels.places[k] - levels.places[j]) / least[k]
                if not levels.same:
                    bent = abs(levels.spreads[k] - levels.spreads[j]) / (least[k] * least[j])
                    apart = (apart + abs(levels.places[j] - centre) * bent).max(scale * bent)
                worst = worst.max(apart.upper())
        return worst, 0 if levels.same else 1

    def number(self, name: str, *, discrete: bool) -> Ball:
        """sup |N(nu) - k| over the disc for a constant k (0 for "fisher-information", "class-gap" and "mmse")."""
        disc, weights = self.disc, self.disc.levels.weights
        if name == "class-entropy" or (discrete and name in ("conditional-entropy", "mutual-information")):
            return self.integral("class")
        if name in ("variance-phi", "variance-phi-class"):
            return self._variance("class-square")
        if name in ("variance-h", "variance-h-class"):
            return self._variance("field-square")
        if name == "class-gap":
            return self.integral("gap")
        outer = disc.centre + disc.radius
        if name in ("fisher-information", "expected-divergence"):
            plain = sum((w / b for w, b in zip(weights, disc.least, strict=True)), arb(0))
            return (plain + self.integral("gap")).upper()
        if name == "mmse":
            rows = zip(weights, disc.levels.spreads, disc.least, strict=True)
            plain = sum((w * s * outer / b for w, s, b in rows), arb(0))
            return (plain + outer * outer * self.integral("gap")).upper()
        # log(v/c) = log(1+z) with |z| <= h/c is at most -log(1 - h/c)
        grown = [-(1 - disc.radius / c).log() / 2 for c in disc.middle]
        entropy = sum((w * g for w, g in zip(weights, grown, strict=True)), arb(0)) + self.integral("class")
        if name == "entropy":
            return entropy.upper()
        if name in ("conditional-entropy", "mutual-information"):
            return (entropy - (1 - disc.radius / disc.centre).log() / 2).upper()
        return self._varentropy()

    def _variance(self, kind: str) -> Ball:
        mean = self.integral("class")
        return (self.integral(kind) + mean * mean).upper()

    def _varentropy(self) -> Ball:
        square, mean = arb(0), self.integral("class")
        for w, level in zip(self.disc.levels.weights, self.log_levels, strict=True):
            size = abs(w.log()) + level
            square = square + w * (size * size + size + arb(3) / 4)
            mean = mean + w * (size + arb(1) / 2)
        return (square + 2 * self.integral("log-class") + self.integral("class-square") + mean * mean).upper()
