"""Exact values of any statement at a Gaussian law (or a single atom). Trusted; standard library only.

X0 has independent coordinates N(m_d, c_d). Then log p, log k, log p0 and every posterior average of a polynomial are
polynomials in x and X0, and averages are exact Gaussian moments; only the logarithms of constants need intervals.
With every c_d = 0 the law is one atom, p0 = 1 against counting measure, and p = k.
A label has one value here: w_Z = 1, and what is averaged given x and Z is averaged given x.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import product
from math import comb
from typing import Any

from theory.kernel.errors import UnsupportedError
from theory.kernel.index.monomials import Element, Factor, Monomial, Scalars, indices_of
from theory.kernel.witness import intervals
from theory.kernel.witness.germs import Germ, Number, Rationals
from theory.kernel.witness.intervals import Interval, as_interval
from theory.kernel.witness.polynomials import ONE, ZERO, Polynomial

HALF = Fraction(1, 2)


class GaussianLaw:
    """A Gaussian law with diagonal covariance at a germ, and a point x and end point X0; all data rational."""

    def __init__(
        self, dimension: int, seed: int, process: str, positive: frozenset[str], *, atom: bool = False
    ) -> None:
        self.source = Rationals(seed + 100)
        self.D, self.atom = dimension, atom
        self.germ = Germ(process, dimension, self.source, positive, level=seed)
        self.mean = tuple(self.source.signed(6) for _ in range(dimension))
        self.cov = tuple(Fraction(0) if atom else self.source.positive() for _ in range(dimension))
        self.x = tuple(self.source.signed(12) for _ in range(dimension))
        self.end = self.mean if atom else tuple(self.source.signed(12) for _ in range(dimension))
        alpha, sigma = self.germ.alpha, self.germ.sigma
        self.spread = tuple(alpha**2 * c + sigma**2 for c in self.cov)
        self._memo: dict[tuple[str, Monomial, tuple[tuple[int, int], ...]], Polynomial] = {}
        self._fields: dict[tuple[Any, tuple[int, ...]], Polynomial] = {}

    @cached_property
    def second(self) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
        """Means and variances of the Gaussian law from which q comes."""
        mean = tuple(self.source.signed(6) for _ in range(self.D))
        return mean, tuple(Fraction(0) if self.atom else self.source.positive() for _ in range(self.D))

    # -- log densities as polynomials ---------------------------------------------------------------------------
    @lru_cache(maxsize=16)  # noqa: B019
    def _logarithm(self, name: str) -> Polynomial:
        alpha = self.germ.alpha
        if name == "lwz":
            return ZERO
        if name in ("lp", "lpz"):
            deviations = [_x(d) - alpha * m for d, m in enumerate(self.mean)]
            return log_gaussian(deviations, self.spread)
        if name == "lq":
            deviations = [_x(d) - self.germ.alpha * m for d, m in enumerate(self.second[0])]
            spread = tuple(self.germ.alpha**2 * c + self.germ.sigma**2 for c in self.second[1])
            return log_gaussian(deviations, spread)
        if name == "lk":
            deviations = [_x(d) - _end(d) * alpha for d in range(self.D)]
            return log_gaussian(deviations, (self.germ.sigma**2,) * self.D)
        if self.atom:
            return ZERO
        return log_gaussian([_end(d) - m for d, m in enumerate(self.mean)], self.cov)

    # -- elements -----------------------------------------------------------------------------------------------
    def polynomial(self, element: Element, at: dict[int, int]) -> Polynomial:
        """The element as a polynomial in x, X0 and logarithms of constants. Raises UnsupportedError, KernelError."""
        pieces = []
        for (scalars, factors), coefficient in element.terms.items():
            scale = self._scalars(scalars) * coefficient
            summed = sorted({i for i in indices_of(factors) if i < 0})
            for choice in product(range(self.D), repeat=len(summed)):
                inner = self._factors(factors, {**at, **dict(zip(summed, choice, strict=True))})
                if inner:
                    pieces.append(inner * scale)
        return Polynomial.sum_of(pieces)

    def _scalars(self, scalars: Scalars) -> Polynomial:
        out = ONE
        for tag, exponent in scalars:
            if tag[0] == "wz":
                continue
            if tag[0] in ("lp", "lk", "lp0", "lpz", "lwz", "lq"):
                if not isinstance(exponent, int) or exponent < 0:
                    raise UnsupportedError("a negative power of a logarithm")
                out = out * self._logarithm(tag[0]) ** exponent
            elif tag[0] in ("p", "k", "p0", "pz", "q"):
                raise UnsupportedError("a density outside a logarithm")
            else:
                out = out * self._constant(tag, exponent)
        return out

    def _constant(self, tag: tuple[Any, ...], exponent: Any) -> Polynomial:
        if not isinstance(exponent, int):
            raise UnsupportedError("a half-integer power")
        if tag[0] == "log" and tag[1] in ("alpha", "sigma", "g"):
            return (Polynomial.generator(("log", self.germ.values[(tag[1],)] ** 2)) * HALF) ** exponent
        if tag[0] == "logint":
            return Polynomial.generator(("log", Fraction(tag[1]))) ** exponent
        if tag[0] in ("pi", "log"):
            return Polynomial.generator(("pi", 0) if tag[0] == "pi" else ("logarithm", tag[1])) ** exponent
        value = self.germ.number(tag, self._rational)
        if not isinstance(value, Fraction):
            raise UnsupportedError("a denominator that is not rational at this instance")
        return Polynomial.constant(value**exponent)

    def _rational(self, element: Element) -> Number:
        found = self.polynomial(element, {})
        if any(m for m in found.terms):
            raise UnsupportedError("a denominator that is not rational at this instance")
        return found.terms.get((), Fraction(0))

    def _factors(self, factors: tuple[Factor, ...], at: dict[int, int]) -> Polynomial:
        out = ONE
        for kind, data, slots in factors:
            if kind == "x":
                piece = _x(at[slots[0]])
            elif kind == "X":
                piece = _end(at[slots[0]])
            elif kind == "delta":
                piece = ONE if at[slots[0]] == at[slots[1]] else ZERO
            elif kind == "field":
                piece = self._field(data, tuple(at[i] for i in slots))
            elif kind == "jet":
                piece = self._jet(data, tuple(at[i] for i in slots))
            elif kind in ("mz", "Sz", "vinv"):
                piece = Polynomial.constant(self._of_component(kind, tuple(at[i] for i in slots)))
            else:
                piece = self._average(kind, data, at)
            out = out * piece
            if not out:
                break
        return out

    def _jet(self, data: tuple[str, int, int], places: tuple[int, ...]) -> Polynomial:
        """A derivative of log k or log q; of the drift: at this time the law is given, and f may change."""
        if data[0] == "f":
            return self._drift(data[2], places)
        piece = self._logarithm(data[0])
        for place in places:
            piece = _derived(piece, place)
        return piece

    def _drift(self, order: int, places: tuple[int, ...]) -> Polynomial:
        """A derivative of the drift, whose components are quadratic; of its derivatives in t, others like it."""
        key = ((f"f{order}", places[:1]), tuple(sorted(places[1:])))
        if key not in self._fields and len(places) > 1:
            self._fields[key] = _derived(self._drift(order, places[:-1]), places[-1])
        elif key not in self._fields:
            line = Polynomial.sum_of(_x(i) * self.source.signed(5) for i in range(self.D))
            bend = _x(places[0]) * _x((places[0] + 1) % self.D) * self.source.signed(5)
            self._fields[key] = bend + line + self.source.signed(5)
        return self._fields[key]

    def _of_component(self, kind: str, places: tuple[int, ...]) -> Fraction:
        """m, S or (alpha^2 S + sigma^2 I)^-1."""
        d = places[0]
        if kind == "mz":
            return self.mean[d]
        if d != places[1]:
            return Fraction(0)
        return self.cov[d] if kind == "Sz" else 1 / self.spread[d]

    def _average(self, kind: str, monomial: Monomial, at: dict[int, int]) -> Polynomial:
        inside = set(indices_of(monomial[1]))
        key = (kind, monomial, tuple(sorted((i, at[i]) for i in inside)))
        if key not in self._memo:
            # Summed indices of the whole monomial are already put to coordinates, so none is summed again here.
            inner = self._factors(monomial[1], at) * self._scalars(monomial[0])
            self._memo[key] = self._averaged(kind, inner)
        return self._memo[key]

    def _averaged(self, kind: str, inner: Polynomial) -> Polynomial:
        return self._mean(self._posterior(inner)) if kind == "E" else self._posterior(inner)

    def _posterior(self, inner: Polynomial) -> Polynomial:
        """Each X0_d given x is N(m + K (x - alpha m), c - K alpha c) with K = c alpha / (alpha^2 c + sigma^2)."""
        pieces = []
        for monomial, coefficient in inner.terms.items():
            piece = Polynomial.constant(coefficient)
            for tag, exponent in monomial:
                if tag[0] == "X":
                    d = tag[1]
                    gain = self.cov[d] * self.germ.alpha / self.spread[d]
                    centre = _x(d) * gain + self.mean[d] * (1 - gain * self.germ.alpha)
                    piece = piece * moment(centre, self.cov[d] * (1 - gain * self.germ.alpha), exponent)
                else:
                    piece = piece * Polynomial.generator(tag, exponent)
            pieces.append(piece)
        return Polynomial.sum_of(pieces)

    def _mean(self, inner: Polynomial) -> Polynomial:
        pieces = []
        for monomial, coefficient in inner.terms.items():
            piece = Polynomial.constant(coefficient)
            for tag, exponent in monomial:
                if tag[0] == "x":
                    centre = Polynomial.constant(self.germ.alpha * self.mean[tag[1]])
                    piece = piece * moment(centre, self.spread[tag[1]], exponent)
                else:
                    piece = piece * Polynomial.generator(tag, exponent)
            pieces.append(piece)
        return Polynomial.sum_of(pieces)

    def _field(self, data: tuple[str, int], places: tuple[int, ...]) -> Polynomial:
        """A derivative of the test field: a cubic with fixed coefficients for each component."""
        name, rank = data
        component, derivatives = places[:rank], tuple(sorted(places[rank:]))
        key = ((name, component), derivatives)
        if key not in self._fields:
            if derivatives:
                outer = self._field(data, component + derivatives[:-1])
                self._fields[key] = _derived(outer, derivatives[-1])
            else:
                line = Polynomial.sum_of(_x(d) * self.source.signed(5) for d in range(self.D))
                other = Polynomial.sum_of(_x(d) * self.source.signed(5) for d in range(self.D))
                self._fields[key] = line**3 + other * other * self.source.signed(5) + line + self.source.signed(5)
        return self._fields[key]

    def value(self, element: Element, at: dict[int, int]) -> Number:
        """The value at x and X0: exact if no logarithm is left, else an enclosure."""
        found = self.polynomial(element, at)
        if not any(tag[0] in ("log", "logarithm", "pi") for m in found.terms for tag, _ in m):
            return found.evaluate(self._point)  # type: ignore[no-any-return]
        return found.evaluate(self._interval, as_interval(1))  # type: ignore[no-any-return]

    def _point(self, tag: tuple[Any, ...]) -> Fraction:
        place = self.x if tag[0] == "x" else self.end
        return place[int(tag[1])]

    def _interval(self, tag: tuple[Any, ...]) -> Interval:
        if tag[0] == "pi":
            return intervals.pi()
        if tag[0] == "log":
            return intervals.log(tag[1])
        if tag == ("logarithm", "2pi"):
            return intervals.log(2 * intervals.pi())
        if tag[0] == "logarithm":
            return as_interval(self.germ.number(("log", tag[1]), self._rational))
        return as_interval(self._point(tag))

    def text(self, space: bool, latent: bool) -> dict[str, str]:
        """The instance in words."""
        centre, spread = ", ".join(map(str, self.mean)), ", ".join(map(str, self.cov))
        law = f"one atom at ({centre})" if self.atom else f"N(({centre}), diag({spread}))"
        out = {"law": law, "germ": self.germ.text()}
        drift = {key[1][0]: f for (key, places), f in self._fields.items() if key[0] == "f0" and not places}
        if drift:
            out["f"] = "; ".join(f"f[{d + 1}] = {_written(f)}" for d, f in sorted(drift.items()))
        if "second" in self.__dict__:
            mean, cov = (", ".join(map(str, row)) for row in self.second)
            out["second law"] = f"N(({mean}), diag({cov}))"
        if space:
            out["x"] = "(" + ", ".join(map(str, self.x)) + ")"
        if latent:
            out["X0"] = "(" + ", ".join(map(str, self.end)) + ")"
        return out


def _written(polynomial: Polynomial) -> str:
    """A polynomial in x[1], x[2], .."""
    terms = []
    for m, c in sorted(polynomial.terms.items(), key=repr):
        powers = [f"x[{tag[1] + 1}]" + (f"^{e}" if e > 1 else "") for tag, e in m]
        terms.append(" ".join([str(c), *powers]))
    return " + ".join(terms).replace("+ -", "- ")


def _derived(polynomial: Polynomial, direction: int) -> Polynomial:
    return polynomial.derive(lambda tag: ONE if tag == ("x", direction) else ZERO)


def _x(d: int) -> Polynomial:
    return Polynomial.generator(("x", d))


def _end(d: int) -> Polynomial:
    return Polynomial.generator(("X", d))


def log_gaussian(deviations: list[Polynomial], variances: tuple[Fraction, ...]) -> Polynomial:
    """log N(u; 0, diag(variances)) at the vector u = ``deviations``."""
    pieces = [Polynomial.generator(("logarithm", "2pi")) * (-HALF * len(variances))]
    for u, v in zip(deviations, variances, strict=True):
        pieces.append(u * u * (-HALF / v))
        pieces.append(Polynomial.generator(("log", v)) * -HALF)
    return Polynomial.sum_of(pieces)


def moment(centre: Polynomial, variance: Fraction, order: int) -> Polynomial:
    """E (centre + sqrt(variance) z)^order for a standard normal z: sum of binomials times (2j - 1)!! variance^j."""
    pieces, double_factorial = [], 1
    for j in range(order // 2 + 1):
        pieces.append(centre ** (order - 2 * j) * (comb(order, 2 * j) * double_factorial * variance**j))
        double_factorial *= 2 * j + 1
    return Polynomial.sum_of(pieces)
