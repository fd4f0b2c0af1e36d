"""The numbers behind ``value`` for laws with one shared covariance c I and two or three effective dimensions.

X_t = alpha X0 + sigma eps has components N(alpha m_k, V I), V = alpha^2 c + sigma^2. In units of sqrt(V), on the span
of the mean differences (:mod:`numerics.space.span`), it is a mixture of unit Gaussians in d <= 3 dimensions; across the
span it is N(0, V) in D - d dimensions, where entropies, informations and variances add. With B = E tr Cov(c_Z | x):

    E|s|^2 = (D - B)/V = -E div s     (second-order Tweedie: div s = (tr Cov(c_Z | x) - D)/V),
    E tr Cov(X0 | x) = D c sigma^2/V + sigma^4/(alpha^2 V) B,       E|s_Z - s|^2 = B/V,
    H(X0 | Xt) = H(Z | Xt) for atoms (equal atoms joined), = H(X0) + H(Xt | X0) - H(Xt) for densities.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from numerics.balls import Ball, arb, ball, bits_of, working
from numerics.enclosures import ball_interpreter
from numerics.rings import Unsupported
from numerics.space.shared import Cloud, bits_for, number
from numerics.space.span import Span, span_of
from theory.language.instances import Germ, Law, Scalar, gaussian

METHOD = "trapezoidal rule in balls on the span of the means ({} dimensions), closed-form strips and tails"
SPAN_USES = ("entropy.product_additivity", "filter.subspace")
ONLY_ATOMS = frozenset(("variance-phi", "variance-h"))


@dataclass(frozen=True)
class Number:
    """A ball, the precision it was computed at, how, and the claims it rests on."""

    value: Ball
    bits: int
    method: str
    uses: tuple[str, ...]


def in_span(name: str, law: Law, germ: Germ, digits: int) -> Number | None:
    """The number ``name`` (a key of ``quantities.gaussian.NUMBERS``) to about ``digits`` digits, relative where it can.

    None if the law has no shared c I, or its means do not span two or three dimensions. Where a lattice would have too
    many points the best ball that one can have is returned; Unsupported if there is none, or no such number.
    """
    span = span_of_law(law)
    if span is None or span.rank < 2:
        return None
    if name in ONLY_ATOMS and not law.is_discrete:
        return None
    return best_of(_number, name, law, germ, digits)


# Laws of many dimensions take long to hash: what is kept is found by identity.
_SPANS: list[tuple[Law, Span | None]] = []
_LIMITED: list[tuple[str, Law, Germ, Number]] = []
KEPT = 16


def span_of_law(law: Law) -> Span | None:
    """:func:`span_of`, kept for the last few laws."""
    for known, span in _SPANS:
        if known is law:
            return span
    span = span_of(law)
    _SPANS.append((law, span))
    del _SPANS[:-KEPT]
    return span


def best_of(compute: Callable[[str, Law, Germ, int], Number], name: str, law: Law, germ: Germ, digits: int) -> Number:
    """``compute`` at so many digits, or at the most for which there are not too many points (then kept).

    Raises Unsupported if not even 4 digits can be had.
    """
    for what, place, level, known in _LIMITED:
        if what == name and place is law and level == germ:
            return known
    wish = digits
    while True:
        try:
            found = compute(name, law, germ, wish)
            break
        except Unsupported:
            wish = wish * 3 // 4
            if wish < 4:
                raise
    if wish < digits:
        _LIMITED.append((name, law, germ, found))
        del _LIMITED[:-KEPT]
    return found


def _number(name: str, law: Law, germ: Germ, digits: int) -> Number:
    bits = bits_of(digits) + 6
    span = span_of_law(law)
    assert span is not None
    uses: tuple[str, ...] = SPAN_USES if span.rank < law.D else ()
    task = _Numbers(law, germ, span, bits)
    if name in ("fisher-information", "expected-divergence"):
        uses = (*uses, "score.norm_divergence", "score.hessian_cov")
    value = _FORMS[name](task)
    return Number(value, task.bits, METHOD.format(span.rank), uses)


class _Numbers:
    """The integrals of one law at one germ, to ``goal`` bits; ``bits`` is the largest precision used."""

    def __init__(self, law: Law, germ: Germ, span: Span, goal: int) -> None:
        self.law, self.germ, self.span, self.goal, self.bits = law, germ, span, goal, goal + 40

    def scalar(self, value: Scalar) -> Ball:
        """An exact scalar at the working precision."""
        return ball_interpreter(_UNIT, self.germ, bits=64).scalar(value)

    def levels(self) -> tuple[Ball, Ball, Ball]:
        """(alpha, sigma^2, c) at the working precision."""
        sigma = self.scalar(self.germ.sigma)
        return self.scalar(self.germ.alpha), sigma * sigma, self.scalar(self.span.variance)

    def cloud(self, merged: bool = False, clean: bool = False) -> Cloud:
        """X_t along the span in units of sqrt(V); equal places joined if ``merged``; X0 itself if ``clean``."""
        alpha, sigma2, c = self.levels()
        if clean:
            alpha, sigma2 = arb(1), arb(0)
        scale = alpha / (alpha * alpha * c + sigma2).sqrt()
        lengths = [ball(s).sqrt() * scale for s in self.span.squares]
        weights: dict[object, Ball] = {}
        places: dict[object, tuple[Ball, ...]] = {}
        for k, (part, rho) in enumerate(zip(self.law.components, self.span.rho, strict=True)):
            key: object = rho if merged else k
            mass = self.scalar(part.weight)
            weights[key] = weights[key] + mass if key in weights else mass
            places[key] = tuple(ball(r) * n for r, n in zip(rho, lengths, strict=True))
        return Cloud(tuple(weights.values()), tuple(places.values()))

    def integral(self, name: str, merged: bool = False, clean: bool = False) -> Ball:
        """An integral of :mod:`numerics.space.shared`."""
        with working(64):
            bits = bits_for(name, self.cloud(merged, clean), self.goal)
        self.bits = max(self.bits, bits)
        with working(bits):
            return number(name, self.cloud(merged, clean), self.goal)

    def entropy(self, clean: bool = False) -> Ball:
        """H(X_t), or H(X0) of a density."""
        inner = self.integral("log", clean=clean)
        with working(self.bits):
            alpha, sigma2, c = self.levels()
            v = c if clean else alpha * alpha * c + sigma2
            across = self.law.D - self.span.rank
            return (self.law.D * v.log() + across * _kernel()) / 2 - inner

    def noise(self) -> Ball:
        """H(X_t | X0)."""
        with working(self.bits):
            return self.law.D * (self.levels()[1].log() + _kernel()) / 2

    def combined(self, form: Callable[[Ball, Ball, Ball, Ball, Ball], Ball]) -> Ball:
        """form(B, alpha, sigma^2, c, V)."""
        spread = self.integral("spread")
        with working(self.bits):
            alpha, sigma2, c = self.levels()
            return form(spread, alpha, sigma2, c, alpha * alpha * c + sigma2)

    def varentropy(self) -> Ball:
        """Var log p(X_t)."""
        second, first = self.integral("log2"), self.integral("log")
        with working(self.bits):
            return second - first * first + ball(Fraction(self.law.D - self.span.rank, 2))

    def variance(self, name: str, merged: bool) -> Ball:
        """Var of a function with mean H(Z | X) and second moment ``name``."""
        second, first = self.integral(name, merged), self.integral("label", merged)
        with working(self.bits):
            return second - first * first

    def mutual_information(self) -> Ball:
        """I(X0; Xt)."""
        total, noise = self.entropy(), self.noise()
        with working(self.bits):
            return total - noise

    def conditional_entropy(self) -> Ball:
        """H(X0 | Xt)."""
        if self.law.is_discrete:
            return self.integral("label", merged=True)
        clean, total, noise = self.entropy(clean=True), self.entropy(), self.noise()
        with working(self.bits):
            return clean + noise - total


def _kernel() -> Ball:
    return (2 * arb.pi()).log() + 1


_UNIT = gaussian(0, 1)
_FORMS: dict[str, Callable[[_Numbers], Ball]] = {
    "entropy": lambda n: n.entropy(),
    "conditional-entropy": lambda n: n.conditional_entropy(),
    "class-entropy": lambda n: n.integral("label"),
    "mutual-information": lambda n: n.mutual_information(),
    "fisher-information": lambda n: n.combined(lambda b, al, s2, c, v: (n.law.D - b) / v),
    "expected-divergence": lambda n: n.combined(lambda b, al, s2, c, v: (b - n.law.D) / v),
    "mmse": lambda n: n.combined(lambda b, al, s2, c, v: s2 / v * (n.law.D * c + s2 / (al * al) * b)),
    "varentropy": lambda n: n.varentropy(),
    "variance-phi": lambda n: n.variance("label2", True),
    "variance-h": lambda n: n.variance("mean2", True),
    "variance-phi-class": lambda n: n.variance("label2", False),
    "variance-h-class": lambda n: n.variance("mean2", False),
    "class-gap": lambda n: n.combined(lambda b, al, s2, c, v: b / v),
}
__all__ = ["ONLY_ATOMS", "Number", "best_of", "in_span", "span_of_law"]
