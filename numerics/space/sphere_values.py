"""``value`` for the uniform law on a sphere: numbers, rates and fields with guaranteed relative digits.

Entropies of X0 and of the posterior are relative to the surface measure of the sphere |x| = radius; information,
variances of Phi and h, and everything about X_t do not depend on that choice. The label of a component has no meaning
here, so the ``-class`` quantities are refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from numerics.balls import Ball, arb, ball, bits_of, relative_digits, working
from numerics.enclosures import RIGOROUS, ball_interpreter
from numerics.quantities.printing import MAX_DIGITS, printed, reached
from numerics.quantities.table import QUANTITIES, SPEED, Quantity
from numerics.quantities.values import QuantityError, Value, clock_of, germ_at
from numerics.rings import Unsupported
from numerics.space.sphere import Radial, gain, scaled_mean
from theory.language.instances import Germ, Scalar, gaussian
from theory.laws.spheres import SphereLaw
from theory.processes import Place, Process, parse_at, parse_process

METHOD = "radial integrals of Bessel functions in balls, closed-form tails"
SURFACE = METHOD + "; X0 relative to the surface measure"
MOST_BITS = 4000
_COVARIANCE = ("score.hessian_cov",)
_USES: dict[str, tuple[str, ...]] = {
    "fisher-information": ("score.norm_divergence", *_COVARIANCE), "expected-divergence": _COVARIANCE,
    "entropy-rate": ("entropy.marginal_rate", "score.norm_divergence", *_COVARIANCE),
}  # fmt: skip


def value(
    quantity: str, law: SphereLaw, process: Process | Germ | str = "ve", at: Place | str = "", *,
    clock: str | None = None, digits: int = 15, bits: bool = False,
) -> Value:  # fmt: skip
    """The quantity to ``digits`` relative digits, as :func:`numerics.quantities.value` does for mixtures.

    Raises QuantityError: malformed input, a quantity that has no meaning on a sphere; Unsupported: too many points.
    """
    start = time.perf_counter()
    wanted = QUANTITIES.get(quantity)
    if wanted is None:
        raise QuantityError(f"unknown quantity {quantity!r}; known: {', '.join(QUANTITIES)}")
    if not 1 <= digits <= MAX_DIGITS:
        raise QuantityError(f"digits = {digits}; give a number from 1 to {MAX_DIGITS}")
    if wanted.name.startswith("class-") or wanted.name.endswith("-class"):
        raise QuantityError(f"{quantity} is about components, and a sphere has none; leave the class out")
    process = parse_process(process) if isinstance(process, str) else process
    place = parse_at(at) if isinstance(at, str) else at
    chosen = clock_of(wanted, process, clock)
    germ = germ_at(process, place)
    if wanted.kind == "point":
        point = place.point
        if point is None:
            raise QuantityError(f"{quantity} is a function of x; add a point to the place, as in x=(1, 0, ..)")
        if len(point) != law.D:
            raise QuantityError(f"x has {len(point)} entries, the law is in D = {law.D}")
        balls = _raised(digits, lambda goal: _field(wanted.name, law, germ, point, goal))
    else:
        if place.points:
            raise QuantityError(f"{quantity} is a number and takes no point; leave {place.points[0][0]}=.. out")
        balls = _raised(digits, lambda goal: _rate(wanted, law, germ, chosen, goal))
    texts = printed(balls, digits)
    uses = _USES.get(quantity, wanted.uses if wanted.kind == "rate" else ())
    result = Value(
        quantity, wanted.unit, chosen, texts[0], texts[1], reached(texts, digits), RIGOROUS,
        SURFACE if quantity == "conditional-entropy" else METHOD if wanted.kind != "point" else "Bessel functions",
        uses, time.perf_counter() - start, digits, None, balls,
    )  # fmt: skip
    return result.in_bits() if bits else result


def _raised(digits: int, compute: Callable[[int], Any]) -> Any:
    """``compute(bits)`` with the bits raised until every entry has the digits, is exact or is a sure zero."""
    goal, best = bits_of(digits) + 12, None
    while True:
        try:
            balls = compute(goal)
        except Unsupported:
            if best is None:
                raise
            return best
        entries = _entries(balls)
        if not all(v.is_finite() for v in entries):
            raise QuantityError("the rate is not finite at this level: its clock stands still; choose another clock")
        lacking = max((digits + 2 - relative_digits(v) for v in entries if not v.is_exact()), default=0)
        if lacking <= 0 or goal > min(MOST_BITS, 12 * bits_of(digits) + 600):
            return balls
        best, goal = balls, goal + bits_of(min(max(lacking, 4), digits + 20)) + 8


def _entries(value: Any) -> list[Any]:
    return [v for entry in value for v in _entries(entry)] if isinstance(value, tuple) else [value]


@dataclass(frozen=True)
class _Sphere:
    """One law at one germ to ``goal`` bits, at the working precision."""

    law: SphereLaw
    germ: Germ
    goal: int

    def scalar(self, value: Scalar) -> Ball:
        """An exact scalar as a ball."""
        return ball_interpreter(gaussian(0, 1), self.germ, bits=64).scalar(value)

    def levels(self) -> tuple[Ball, Ball, Ball]:
        """(A, v, alpha)."""
        alpha, sigma = self.scalar(self.germ.alpha), self.scalar(self.germ.sigma)
        return alpha * ball(self.law.radius), sigma * sigma, alpha

    def radial(self) -> Radial:
        """Averages over the radius."""
        A, v, _ = self.levels()
        return Radial(self.law.D, A, v, self.goal)

    def information(self) -> Ball:
        """I(X0; Xt)."""
        A, v, _ = self.levels()
        return A * A / v - self.radial().log_mean()

    def entropy(self) -> Ball:
        """H(Xt)."""
        _, v, _ = self.levels()
        return self.information() + ((2 * arb.pi() * v).log() + 1) * self.law.D / 2

    def surface_entropy(self) -> Ball:
        """H(X0) = log of the area of the sphere."""
        half = ball(Fraction(self.law.D, 2))
        return arb(2).log() + half * arb.pi().log() - half.lgamma() + (self.law.D - 1) * ball(self.law.radius).log()

    def fisher(self) -> Ball:
        """E|s|^2."""
        A, v, _ = self.levels()
        return self.law.D / v - A * A / (v * v) * self.radial().spread()

    def mmse(self) -> Ball:
        """E tr Cov(X0 | x)."""
        return self.radial().spread() * ball(self.law.radius) ** 2

    def variance(self, kind: str) -> Ball:
        """Var of log p(x), Phi or h about a centre near the mean, exactly corrected."""
        radial, mean = self.radial(), self.information()
        A, v, _ = self.levels()
        if kind == "density":
            # E(-r^2/2v + log Lambda) = -(A^2 + D v)/2v + A^2/v - I
            first = A * A / (2 * v) - ball(Fraction(self.law.D, 2)) - mean
            centre = first.mid()
            return radial.log_density_square(centre) - (first - centre) * (first - centre)
        centre = mean.mid()
        second = radial.surprise_square(centre) if kind == "phi" else radial.entropy_square(centre)
        return second - (mean - centre) * (mean - centre)


_NUMBERS: dict[str, Callable[[_Sphere], Ball]] = {
    "entropy": lambda s: s.entropy(),
    "conditional-entropy": lambda s: s.surface_entropy() - s.information(),
    "mutual-information": lambda s: s.information(),
    "fisher-information": lambda s: s.fisher(),
    "expected-divergence": lambda s: -s.fisher(),
    "mmse": lambda s: s.mmse(),
    "varentropy": lambda s: s.variance("density"),
    "variance-phi": lambda s: s.variance("phi"),
    "variance-h": lambda s: s.variance("h"),
}


def _precision(law: SphereLaw, germ: Germ, goal: int) -> int:
    """Room for the growth of A^2/v and of Bessel functions of order D/2."""
    with working(64):
        A, v, _ = _Sphere(law, germ, goal).levels()
        ratio = float(A * A / v) + law.D
    return goal + 60 + 4 * int(ratio).bit_length() + int(law.D).bit_length() * 2


def _rate(wanted: Quantity, law: SphereLaw, germ: Germ, clock: str | None, goal: int) -> Ball:
    with working(_precision(law, germ, goal)):
        sphere = _Sphere(law, germ, goal)
        base = _NUMBERS[wanted.base_name](sphere)
        if wanted.kind != "rate":
            return base
        plain = ball_interpreter(gaussian(0, 1), germ, bits=64)
        offset = law.D * sphere.scalar(germ.a[0]) if wanted.name == "entropy-rate" else arb(0)
        return (offset + plain.number(wanted.coefficient) * base) / plain.number(SPEED[str(clock)])


def _field(name: str, law: SphereLaw, germ: Germ, point: tuple[Scalar, ...], goal: int) -> Any:
    with working(_precision(law, germ, goal) + 40):
        sphere = _Sphere(law, germ, goal)
        A, v, alpha = sphere.levels()
        x, D = [sphere.scalar(u) for u in point], law.D
        square = sum((u * u for u in x), arb(0))
        at_origin = all(u.is_zero() for u in x)
        k = arb(0) if at_origin else square.sqrt() * A / v
        if name == "log-density":
            log = scaled_mean(k, D).log() + k
            return log - (square + A * A) / (2 * v) - (2 * arb.pi() * v).log() * D / 2
        G = gain(k, D)
        rho2, pull = ball(law.radius) ** 2, A / v
        if name in ("score", "posterior-mean"):
            factor = ball(law.radius) * pull * G if name == "posterior-mean" else (A * pull * G - 1) / v
            return tuple(factor * u for u in x)
        if name == "divergence":
            return (A * A / v * (1 - k * k * (G * G)) - D) / v
        bend = arb(0) if at_origin else ((1 - D * G) / (k * k) - G * G) * pull * pull
        rows = []
        for i in range(D):
            cov = [rho2 * (bend * x[i] * x[j] + (G if i == j else 0)) for j in range(D)]
            if name == "jacobian":
                cov = [(alpha * alpha * c / v - (1 if i == j else 0)) / v for j, c in enumerate(cov)]
            rows.append(tuple(cov))
        return tuple(rows)


__all__ = ["value"]
