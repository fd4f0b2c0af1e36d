"""The numbers behind ``value`` for mixtures with any covariances in the plane.

V_k = alpha^2 S_k + sigma^2 I, s_k = -V_k^-1 (x - alpha m_k) the score of component k. By the law of total variance
E|s|^2 = sum_k w_k tr V_k^-1 - E Var(s_Z | X_t). Coordinates are first made round: x = T y with T T^T about the average
covariance (T rational, so nothing is lost); entropies move by log det T.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from numerics.balls import Ball, arb, ball, bits_of, midpoint, working
from numerics.enclosures import ball_interpreter
from numerics.rings import Unsupported
from numerics.space import plane
from numerics.space.numbers import Number, best_of
from numerics.space.planar import Pair, Part, Square, times
from theory.language.instances import Germ, Law, gaussian

METHOD = "trapezoidal rule in balls over the plane, strips verified on cells, closed-form tails"
FISHER_USES = ("score.norm_divergence",)


def in_plane(name: str, law: Law, germ: Germ, digits: int) -> Number:
    """The number ``name`` of a mixture in D = 2 to about ``digits`` digits. Raises Unsupported."""
    if name not in _FORMS or law.D != 2 or (law.is_discrete and name == "conditional-entropy"):
        raise Unsupported(f"no rigorous integral for {name} of this law in {law.D} dimensions")
    return best_of(_number, name, law, germ, digits)


def _number(name: str, law: Law, germ: Germ, digits: int) -> Number:
    task = _Plane(law, germ, bits_of(digits) + 6)
    value = _FORMS[name](task)
    uses = {"mmse": ("score.norm_divergence", "score.hessian_cov"), "expected-divergence": FISHER_USES}.get(name, ())
    return Number(value, task.bits, METHOD, uses)


class _Plane:
    """The integrals of one law at one germ, to ``goal`` bits."""

    def __init__(self, law: Law, germ: Germ, goal: int) -> None:
        self.law, self.germ, self.goal, self.bits = law, germ, goal, goal + 40

    def levels(self, clean: bool) -> tuple[Ball, Ball]:
        """(alpha, sigma^2), or (1, 0) for X0 itself."""
        if clean:
            return arb(1), arb(0)
        plain = ball_interpreter(gaussian(0, 1), self.germ, bits=64)
        sigma = plain.scalar(self.germ.sigma)
        return plain.scalar(self.germ.alpha), sigma * sigma

    def covariances(self, clean: bool = False) -> list[tuple[Ball, Ball, Ball]]:
        """V_k as (v11, v12, v22)."""
        alpha, sigma2 = self.levels(clean)
        plain, square = ball_interpreter(gaussian(0, 1), self.germ, bits=64), alpha * alpha
        out = []
        for part in self.law.components:
            (a, b), (_, d) = part.cov
            v = [square * plain.scalar(s) for s in (a, b, d)]
            out.append((v[0] + sigma2, v[1], v[2] + sigma2))
        return out

    def frame(self, clean: bool) -> tuple[Fraction, Fraction, Fraction]:
        """T = ((t11, 0), (t21, t22)), rational, with T T^T about the average covariance."""
        with working(64):
            weights = [float(midpoint(self.weight(k))) for k in range(self.law.K)]
            rows = [tuple(float(midpoint(v)) for v in c) for c in self.covariances(clean)]
        a, b, d = (sum(w * row[i] for w, row in zip(weights, rows, strict=True)) for i in range(3))
        t11 = math.sqrt(a)
        t21, t22 = b / t11, math.sqrt(max(d - b * b / a, 1e-12 * d))
        unit = 2.0 ** (math.floor(math.log2(min(t11, t22))) - 12)  # a few bits, relative to the smaller
        return tuple(Fraction(round(v / unit)) * Fraction(unit) for v in (t11, t21, t22))  # type: ignore[return-value]

    def weight(self, k: int) -> Ball:
        """w_k."""
        return ball_interpreter(gaussian(0, 1), self.germ, bits=64).scalar(self.law.components[k].weight)

    def parts(self, clean: bool = False) -> Callable[[], list[Part]]:
        """The components in the coordinates y, x = T y; b_k is the component's score."""
        frame = self.frame(clean)

        def build() -> list[Part]:
            t11, t21, t22 = map(ball, frame)
            inverse: Square = ((1 / t11, arb(0)), (-t21 / (t11 * t22), 1 / t22))
            alpha, _ = self.levels(clean)
            plain = ball_interpreter(gaussian(0, 1), self.germ, bits=64)
            out = []
            for k, (v11, v12, v22) in enumerate(self.covariances(clean)):
                det = v11 * v22 - v12 * v12
                P: Square = ((v22 / det, -v12 / det), (-v12 / det, v11 / det))
                mean = tuple(alpha * plain.scalar(v) for v in self.law.components[k].mean)
                centre = times(inverse, (mean[0], mean[1]))
                slope: Square = (
                    (P[0][0] * t11 + P[0][1] * t21, P[0][1] * t22),
                    (P[1][0] * t11 + P[1][1] * t21, P[1][1] * t22),
                )
                bent: Square = (
                    (t11 * slope[0][0] + t21 * slope[1][0], t11 * slope[0][1] + t21 * slope[1][1]),
                    (t22 * slope[1][0], t22 * slope[1][1]),
                )
                weight = self.weight(k)
                top = weight.log() - (2 * arb.pi()).log() - det.log() / 2 + (t11 * t22).log()
                shift: Pair = times(P, (mean[0], mean[1]))
                out.append(Part(weight, top, centre, bent, shift, slope))
            return out

        return build

    def integral(self, name: str, clean: bool = False) -> Ball:
        """An integral of :mod:`numerics.space.plane`."""
        value, bits = plane.number(name, self.parts(clean), self.goal)
        self.bits = max(self.bits, bits)
        return value

    def entropy(self, clean: bool = False) -> Ball:
        """H(X_t), or H(X0)."""
        value = self.integral("log", clean)
        with working(self.bits):
            t11, _, t22 = map(ball, self.frame(clean))
            return (t11 * t22).log() - value

    def fisher(self) -> Ball:
        """E|s|^2."""
        gap = self.integral("gap")
        with working(self.bits):
            total = arb(0)
            for k, (a, b, d) in enumerate(self.covariances()):
                total = total + self.weight(k) * (a + d) / (a * d - b * b)
            return total - gap

    def divergence(self) -> Ball:
        """E div s = -E|s|^2."""
        fisher = self.fisher()
        with working(self.bits):
            return -fisher

    def mmse(self) -> Ball:
        """E tr Cov(X0 | x) = sigma^2/alpha^2 (2 - sigma^2 E|s|^2)."""
        fisher = self.fisher()
        with working(self.bits):
            alpha, sigma2 = self.levels(False)
            return sigma2 / (alpha * alpha) * (2 - sigma2 * fisher)

    def noise(self) -> Ball:
        """H(X_t | X0)."""
        with working(self.bits):
            return (2 * arb.pi() * self.levels(False)[1]).log() + 1

    def variance(self, name: str, mean: str) -> Ball:
        """Second moment less the square of the first."""
        second, first = self.integral(name), self.integral(mean)
        with working(self.bits):
            return second - first * first

    def mutual_information(self) -> Ball:
        """I(X0; Xt)."""
        total, noise = self.entropy(), self.noise()
        with working(self.bits):
            return total - noise

    def conditional_entropy(self) -> Ball:
        """H(X0 | Xt) = H(X0) + H(Xt | X0) - H(Xt) of a density."""
        clean, total, noise = self.entropy(clean=True), self.entropy(), self.noise()
        with working(self.bits):
            return clean + noise - total


_FORMS: dict[str, Callable[[_Plane], Ball]] = {
    "entropy": lambda t: t.entropy(),
    "conditional-entropy": lambda t: t.conditional_entropy(),
    "mutual-information": lambda t: t.mutual_information(),
    "fisher-information": lambda t: t.fisher(),
    "expected-divergence": lambda t: t.divergence(),
    "mmse": lambda t: t.mmse(),
    "class-entropy": lambda t: t.integral("label"),
    "class-gap": lambda t: t.integral("gap"),
    "varentropy": lambda t: t.variance("log2", "log"),
    "variance-phi-class": lambda t: t.variance("label2", "label"),
    "variance-h-class": lambda t: t.variance("mean2", "label"),
}
__all__ = ["in_plane"]
