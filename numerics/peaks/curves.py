"""The numbers and rates whose extrema are sought, as curves in one parameter theta with bounds on complex discs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

from numerics.balls import Ball, arb, ball, coefficients_of, hull, series, truncated, working
from numerics.line import line_number
from numerics.line.bounds import Bounds
from numerics.line.certified import verified_strip
from numerics.line.components import components_of
from numerics.line.rules import known_strips
from numerics.line.strip import Strip
from numerics.peaks.disc import Levels, zero_free_disc
from numerics.peaks.outside import outside
from numerics.peaks.sizes import Sized
from numerics.rings import Unsupported
from theory.calculus import as_scalar_term, fold_constants, power
from theory.language.instances import Germ, Law

ROUGH = 64


class Curve(Protocol):
    """A real function of theta, analytic near the real range."""

    def prepare(self, low: Fraction, high: Fraction) -> None:
        """Values at places of [low, high] are asked for next."""

    def taylor(self, theta: Fraction, order: int, digits: int) -> list[Ball]:
        """The Taylor coefficients at an exact place, integrals with about ``digits`` digits."""

    def bound(self, theta: Fraction, radius: Fraction, reach: Fraction) -> tuple[Ball, list[Ball]] | None:
        """(M, out): f = g + rest with |g - k| <= M on the disc for a constant k, and |rest^(s)|/s! <= out_s, s <= 3.

        The latter on the real interval of half-width ``reach``. None if g is not seen to be analytic on the disc.
        """


def noise_germ(nu: Fraction) -> Germ:
    """X_0 + sqrt(nu) eps with the clock t = nu."""
    root = fold_constants(power(as_scalar_term(nu), Fraction(1, 2)))
    return Germ(Fraction(1), root, (Fraction(0),), (Fraction(1),), constant=True)


@dataclass
class Block:
    """``count`` independent copies of a law on the line."""

    law: Law
    count: int
    levels: Levels = field(init=False)
    _discs: dict[Any, Sized | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        with working(ROUGH):
            parts = components_of(self.law, noise_germ(Fraction(1)))
        weights, places, spreads = ([row[0] for row in rows] for rows in (parts.weights, parts.means, parts.spreads))
        self.levels = Levels(weights, places, spreads, parts.shared)

    def strip(self, low: Fraction, high: Fraction) -> Strip | None:
        """One strip for all noise variances of [low, high], where the components do not share a variance."""
        if self.levels.same or self.law.K == 1:
            return None
        with working(96):
            nu: Any = hull(low, high)
            parts = components_of(self.law, noise_germ(high))
            scale = Bounds(parts, None).scale
            parts = components_of(self.law, noise_germ(high))
            parts.sigma2[0] = nu
            bounds = Bounds(parts, None)
            bounds.scale = bounds.scale.max(scale)  # the constants hold about every smaller scale too
            try:
                return verified_strip(bounds)
            except Unsupported:
                return None

    def sized(self, nu: Ball, radius: Ball, key: Any) -> Sized | None:
        """The bounds on a disc of noise variances, None where no disc could be certified."""
        if key not in self._discs:
            if len(self._discs) > 2048:
                self._discs.clear()
            disc = zero_free_disc(self.levels, nu, radius)
            self._discs[key] = None if disc is None else Sized(disc)
        return self._discs[key]


@dataclass
class NoiseCurve:
    """factor * product of (nu + k)^e * sum over the blocks of a number of X_0 + sqrt(nu) eps; theta = nu.

    ``powers``: pairs (k, e) with rational k >= 0 and multiples e of 1/2.
    """

    name: str
    blocks: Sequence[Block]
    factor: Fraction = Fraction(1)
    powers: tuple[tuple[Fraction, Fraction], ...] = ()
    _strips: list[Strip | None] = field(init=False, default_factory=list)
    _span: tuple[Fraction, Fraction] = field(init=False, default=(Fraction(0), Fraction(0)))

    def prepare(self, low: Fraction, high: Fraction) -> None:
        """See :class:`Curve`."""
        self._strips, self._span = [block.strip(low, high) for block in self.blocks], (low, high)

    @property
    def is_plain(self) -> bool:
        """The number itself."""
        return self.factor == 1 and not self.powers

    def taylor(self, theta: Fraction, order: int, digits: int) -> list[Ball]:
        """See :class:`Curve`."""
        germ, total, bits = noise_germ(theta), [arb(0)] * (order + 1), 0
        for block, strip in zip(self.blocks, self._strips or [None] * len(self.blocks), strict=True):
            if strip is not None and not order and self._span[0] <= theta <= self._span[1]:
                if len(known_strips) > 2048:
                    known_strips.clear()
                known_strips.setdefault((block.law, germ, ()), strip)
            found = line_number(self.name, block.law, germ, digits=digits, order=order, most=1)
            bits = max(bits, found.bits)
            with working(found.bits):
                total = [t + block.count * c for t, c in zip(total, found.coefficients, strict=True)]
        if self.is_plain:
            return total
        with working(bits), truncated(order + 1):
            return coefficients_of(series(total) * self._power(theta, order), order + 1)

    def _power(self, theta: Any, order: int) -> Any:
        """factor prod (theta + k + tau)^e as a series."""
        result = series([ball(self.factor)])
        for shift, exponent in self.powers:
            row, place = [], ball(theta) + ball(shift)
            coefficient = place.sqrt() ** int(2 * exponent)
            for i in range(order + 1):
                row.append(coefficient)
                coefficient = coefficient * ball((exponent - i) / (i + 1)) / place
            result = result * series(row)
        return result

    def bound(self, theta: Fraction, radius: Fraction, reach: Fraction) -> tuple[Ball, list[Ball]] | None:
        """See :class:`Curve`."""
        if radius >= theta:
            return None
        with working(ROUGH):
            total, out = arb(0), [arb(0)] * 4
            for block in self.blocks:
                sized = block.sized(ball(theta), ball(radius), (theta, radius))
                if sized is None:
                    return None
                total = total + block.count * sized.number(self.name, discrete=block.law.is_discrete)
                if sized.disc.window is not None:
                    rest = outside(self.name, block.law, theta - reach, theta + reach, sized.disc.window)
                    out = [u + block.count * v for u, v in zip(out, rest, strict=True)]
            if not self.is_plain:
                total = total * ball(abs(self.factor))
                for shift, exponent in self.powers:  # |nu + k| lies between its values at the ends of the disc
                    edge = theta + shift + (radius if exponent > 0 else -radius)
                    total = total * ball(edge).sqrt() ** int(2 * exponent)
                with truncated(4):
                    rising = coefficients_of(self._power(hull(theta - reach, theta + reach), 3), 4)
                    sizes = series([abs(v).upper() for v in rising])
                    out = coefficients_of(series(out) * sizes, 4)
            return total.upper(), [v.upper() for v in out]
