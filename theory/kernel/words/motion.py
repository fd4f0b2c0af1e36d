"""How Gaussian laws move: means, covariances, derivatives in x and t, and Gaussian averages. Trusted.

    matrix:     x ~ N(mu, C),                 mu' = A mu,  C' = A C + C A^T + G    (q: muq, Cq by the same rules)
    linear, ve, vp:   X0 ~ N(mu, S),  x | X0 ~ N(alpha X0, sigma^2 I),  so x ~ N(alpha mu, V) and Cov(x, X0) = alpha S,
                V = alpha^2 S + sigma^2 I,  alpha' = a alpha,  (sigma^2)' = 2 a sigma^2 + g^2  (q: muq, Sq)
                X0 | x ~ N(mu + K (x - alpha mu), S - alpha K S),  K = alpha S V^-1          (Bayes' rule)

    d_i x_j = delta_ij      d(M^-1) = -M^-1 (dM) M^-1      d log det M = tr(M^-1 dM)      d p = p d log p
    log N(u; m, C) = -(u - m)^T C^-1 (u - m)/2 - (log det C)/2 - (D/2) log(2 pi)
    E[v F] = E[v] E[F] + sum over the other occurrences w of variables in F of Cov(v, w) E[F without w]   (Isserlis)

Scalar generators (first entry of the tag): alpha sigma g (a, n) (g2, n >= 1) D pi (sym, s) (log, name) (logint, n)
(logdet, M) p q k p0 (inv, scalar).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.words.algebra import Algebra
from theory.kernel.words.elements import (
    DENSITIES,
    DIM,
    ONE,
    ZERO,
    Element,
    End,
    I,
    J,
    Letter,
    Path,
    Tag,
    generator,
    holds_density,
    total,
)
from theory.kernel.words.inverses import IDENTITY, contracted, inverse, letter, log_det, word
from theory.kernel.words.moments import Moments, renamed

HALF = Fraction(1, 2)
LEFT, RIGHT = ("i", -1), ("i", -2)
X, END, MU, MUQ = ("x", 0), ("X", 0), ("mu", 0), ("muq", 0)
LINEAR_PROCESSES = ("linear", "ve", "vp")


def vector(end: End, *letters: Letter) -> Element:
    """The vector word . end, with open index 1."""
    return Element({((), ((I, letters, end),)): Fraction(1)})


@dataclass(frozen=True)
class Normal:
    """A Gaussian vector: ``mean`` with open index 1, ``cov`` with open indices 1 and 2."""

    mean: Element
    cov: Element


@dataclass
class Motion:
    """The laws of one setting and how they move in time."""

    algebra: Algebra
    _rates: dict[Any, Element] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._moments = Moments(self.algebra)
        if self.algebra.process not in ("matrix", *LINEAR_PROCESSES):
            raise UnsupportedError(f"no matrix rules for the process class {self.algebra.process!r}")

    @property
    def is_linear(self) -> bool:
        """X_t = alpha X_0 + sigma eps; otherwise dX = A X dt + B dW."""
        return self.algebra.process != "matrix"

    # -- schedules -------------------------------------------------------------------------------------------------
    def alpha(self) -> Element:
        """alpha; 1 under VE."""
        return ONE if self.algebra.process == "ve" else generator("alpha")

    def a(self, order: int = 0) -> Element:
        """The derivative of a = alpha'/alpha of an order; 0 under VE, -g^2/2 under VP."""
        if self.algebra.process == "ve":
            return ZERO
        if self.algebra.process == "vp":
            return (generator("g2", order) if order else generator("g", exponent=2)).scaled(-HALF)
        return generator("a", order)

    def log_sigma_rate(self) -> Element:
        """(log sigma)' = a + g^2 / (2 sigma^2)."""
        quotient = self.algebra.times(generator("g", exponent=2), generator("sigma", exponent=-2))
        return self.a() + quotient.scaled(HALF)

    # -- laws ------------------------------------------------------------------------------------------------------
    @cached_property
    def prior(self) -> Normal:
        """X0."""
        return Normal(vector(MU), word(letter("S")))

    @cached_property
    def state(self) -> Normal:
        """X_t."""
        return self._state(MU, "S", "C")

    @cached_property
    def other(self) -> Normal:
        """X_t of the same process started from another Gaussian law; its density is q."""
        return self._state(MUQ, "Sq", "Cq")

    def _state(self, mean: End, start: str, now: str) -> Normal:
        if not self.is_linear:
            return Normal(vector(mean), word(letter(now)))
        times, alpha = self.algebra.times, self.alpha()
        spread = times(alpha, alpha, word(letter(start))) + times(generator("sigma", exponent=2), IDENTITY)
        return Normal(times(alpha, vector(mean)), spread)

    @cached_property
    def posterior(self) -> Normal:
        """X0 given x: N(mu + K (x - alpha mu), S - alpha K S)."""
        times, alpha = self.algebra.times, self.alpha()
        gain = times(alpha, contracted(self.prior.cov, inverse(self.state.cov, self.algebra), self.algebra))
        offset = vector(X) - self.state.mean
        pull = renamed(times(gain, renamed(offset, {I: J}, self.algebra)), {}, self.algebra)
        spread = self.prior.cov - times(alpha, contracted(gain, self.prior.cov, self.algebra))
        return Normal(self.prior.mean + pull, spread)

    def log_density(self, name: str) -> Element:
        """log p, log q, log k or log p0, written out."""
        if name not in self._rates:
            self._rates[name] = self._log_density(name)
        return self._rates[name]

    def _log_density(self, name: str) -> Element:
        times = self.algebra.times
        if name in ("k", "p0") and not self.is_linear:
            raise UnsupportedError("the matrix process is read through the law of X_t alone, without X0")
        place, law = {
            "p": (vector(X), self.state), "q": (vector(X), self.other), "p0": (vector(END), self.prior),
            "k": (vector(X), None),
        }[name]  # fmt: skip
        if law is None:
            law = Normal(times(self.alpha(), vector(END)), times(generator("sigma", exponent=2), IDENTITY))
        offset = place - law.mean
        square = times(offset, inverse(law.cov, self.algebra), renamed(offset, {I: J}, self.algebra))
        log_2pi = total((generator("logint", 2), generator("log", "pi")))
        return total((square, log_det(law.cov, self.algebra), times(generator(*DIM), log_2pi))).scaled(-HALF)

    # -- derivatives -----------------------------------------------------------------------------------------------
    def gradient(self, element: Element, index: End) -> Element:
        """d_index; ``index`` does not occur open in the element."""
        unit: dict[End, Element] = {X: Element({((), ((LEFT, (), index),)): Fraction(1)})}
        return self._leibniz(element, lambda tag: self._scalar_slope(tag, index), lambda end: unit.get(end, ZERO), None)

    def rate(self, element: Element) -> Element:
        """dt at fixed x and X0."""
        return self._leibniz(element, self._scalar_rate, self._end_rate, self._letter_rate)

    def _leibniz(
        self,
        element: Element,
        scalar: Callable[[Tag], Element],
        end: Callable[[End], Element],
        one: Callable[[Letter], Element] | None,
    ) -> Element:
        """The sum over all places of a derivation, given on scalars, ends (open index LEFT) and letters (1 and 2)."""
        left, right, canonical, times = LEFT, RIGHT, self.algebra.canonical, self.algebra.times
        pieces: list[Element] = []
        for (scalars, paths), c in element.terms.items():
            for place, (tag, exponent) in enumerate(scalars):
                change = scalar(tag)
                if change:
                    rest = (*scalars[:place], (tag, exponent - 1), *scalars[place + 1 :])
                    pieces.append(times(canonical(rest, paths), change).scaled(c * Fraction(exponent)))
            for place, (a, w, b) in enumerate(paths):
                others = paths[:place] + paths[place + 1 :]
                for old, path in ((a, (left, w, b)), (b, (a, w, left))):
                    change = end(old) if old[0] not in ("i", "tr") else ZERO
                    if change:
                        pieces.append(times(canonical(scalars, (*others, path)), change).scaled(c))
                for n, old_letter in enumerate(w if one is not None else ()):
                    assert one is not None
                    change = one(old_letter)
                    if not change:
                        continue
                    moved = renamed(change, {I: left, J: right}, self.algebra)
                    if a[0] == "tr":
                        cut: tuple[Path, ...] = ((right, w[n + 1 :] + w[:n], left),)
                    else:
                        cut = ((a, w[:n], left), (right, w[n + 1 :], b))
                    pieces.append(times(canonical(scalars, (*others, *cut)), moved).scaled(c))
        return total(pieces)

    def _scalar_slope(self, tag: Tag, index: End) -> Element:
        if tag[0] in DENSITIES:
            return self.algebra.times(generator(*tag), self.gradient(self.log_density(tag[0]), index))
        if holds_density(tag):  # the inverse of a sum
            inner = self.gradient(Element(dict(tag[1])), index)
            return self.algebra.times(generator(*tag, exponent=2), inner).scaled(-1)
        return ZERO

    def _scalar_rate(self, tag: Tag) -> Element:
        if tag not in self._rates:
            self._rates[tag] = self._rate_of(tag)
        return self._rates[tag]

    def _rate_of(self, tag: Tag) -> Element:
        name, times = tag[0], self.algebra.times
        if name in DENSITIES:
            return times(generator(*tag), self.rate(self.log_density(name)))
        if name == "log":
            rates: dict[str, Callable[[], Element]] = {
                "alpha": self.a, "sigma": self.log_sigma_rate,
                "g": lambda: times(generator("g2", 1), generator("g", exponent=-2)).scaled(HALF),
            }  # fmt: skip
            return rates[tag[1]]() if tag[1] in rates else ZERO
        if name == "logdet":
            matrix = Element(dict(tag[1]))
            inverted = Element({((), ((I, (("inv", tag[1], False),), J),)): Fraction(1)})
            return times(inverted, self.rate(matrix))  # both indices contracted: tr(M^-1 M'), M symmetric
        if name == "inv":
            return times(generator(*tag, exponent=2), self.rate(Element(dict(tag[1])))).scaled(-1)
        simple: dict[str, Callable[[], Element]] = {
            "alpha": lambda: times(self.a(), generator("alpha")),
            "sigma": lambda: times(self.log_sigma_rate(), generator("sigma")),
            "g": lambda: times(generator("g2", 1), generator("g", exponent=-1)).scaled(HALF),
            "a": lambda: generator("a", tag[1] + 1),
            "g2": lambda: generator("g2", tag[1] + 1),
        }
        if name in simple:
            return simple[name]()
        if name in ("D", "pi", "sym", "logint"):
            return ZERO
        raise KernelError(f"no time derivative for {name!r}")

    def _end_rate(self, end: End) -> Element:
        if self.is_linear or end not in (MU, MUQ):
            return ZERO
        return renamed(vector(end, letter("A")), {I: LEFT}, self.algebra)

    def _letter_rate(self, one: Letter) -> Element:
        if one not in self._rates:
            self._rates[one] = self._rate_of_letter(one)
        return self._rates[one]

    def _rate_of_letter(self, one: Letter) -> Element:
        name, data, flipped = one
        if name in ("S", "Sq"):
            return ZERO
        if name in ("A", "G"):
            return word((name, data + 1, flipped))
        if name in ("C", "Cq"):  # the Lyapunov equation
            pushed = [word(letter("A"), one), word(one, ("A", 0, True)), word(letter("G"))]
            return total(pushed)
        if name == "inv":
            between = self.rate(Element(dict(data)))
            if not between:
                return ZERO
            return contracted(contracted(word(one), between, self.algebra), word(one), self.algebra).scaled(-1)
        raise KernelError(f"no time derivative for the letter {name!r}")

    # -- averages --------------------------------------------------------------------------------------------------
    def expectation(self, element: Element) -> Element:
        """E over the joint law of X0 and X_t."""
        means, covs = {X: self.state.mean}, {(X, X): self.state.cov}
        if self.is_linear:
            cross = self.algebra.times(self.alpha(), self.prior.cov)
            means[END] = self.prior.mean
            covs |= {(END, END): self.prior.cov, (X, END): cross, (END, X): cross}
        return self._moments.average("E", element, means, covs, DENSITIES)

    def average_given_x(self, element: Element) -> Element:
        """The posterior average over X0 given x."""
        if not self.is_linear:
            raise UnsupportedError("the matrix process is read through the law of X_t alone, without X0")
        law = self.posterior
        return self._moments.average("post", element, {END: law.mean}, {(END, END): law.cov}, frozenset({"k", "p0"}))

    def at_point(self, element: Element, point: Element) -> Element:
        """The value at x = ``point`` (open index 1)."""
        key = ("at", point.frozen())
        return self._moments.average(key, element, {X: point}, {}, DENSITIES)
