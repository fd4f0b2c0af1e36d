"""The calculus of a diffusion started from X_0, for every dimension D, number of components K and prior. Trusted.

The law has a label Z with finitely many values, and Z - X0 - X_t is Markov: the joint density is
w_Z p0(X0|Z) k(x|X0). Write l = log k, p for the integral of p0 k over X0, pz for that of p0(X0|Z) k, <w> for the
average of w over X0 and Z given x, <w>_Z for that over X0 given x and Z. There are two kinds of channel:

    linear     f = a x, k(x|X0) = N(x; alpha X0, sigma^2 I), so that d_i l = -(x_i - alpha X0_i) / sigma^2, and
               dt l follows from alpha' = a alpha, (sigma^2)' = 2 a sigma^2 + g^2
    diffusion  any smooth drift f(x, t), and k is any positive smooth solution of the forward equation,
               dt l = -div f - f . grad l + (g^2/2) (lap l + |grad l|^2): a named hypothesis

The rules, with d = d_i or dt:

    d p = p <dl>            d log p = <dl>            d <w> = <dw> + <w dl> - <w><dl>
    d pz = pz <dl>_Z        d log pz = <dl>_Z         d <w>_Z = <dw>_Z + <w dl>_Z - <w>_Z <dl>_Z
    dt E[w] = E[dt w + w dt l]                        E[w] = E[<w>],  <w> = <<w>_Z>         (tower)
    E[div V + V . grad l] = 0                         (V k p0 decays: a named hypothesis)

q is the density of the same process started from another law: log q obeys the equation that l obeys, and nothing else
is known of it. p0 is the density of X0 whatever its label. Averages are flat (:mod:`theory.kernel.index.averages`).
Scalar generators (first entry of the tag):

    alpha sigma g, (a, n), (g2, n >= 1)   functions of t and the derivatives of a and g^2
    D pi (sym, s) (log, name) (logint, n) constants and logarithms of t-functions
    lp lk lp0 lq p k p0 q                 log p, log k(x|X0), log p0(X0), log q and the densities themselves
    lpz lwz pz wz                         log pz, log w_Z, the density of X_t given Z and the weight of Z
    (inv, element)                        the inverse of a number or function of t
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.index.averages import AVERAGE, SPACE_TAGS, expectation, label_posterior, posterior
from theory.kernel.index.monomials import (
    DIM,
    NESTED,
    ONE,
    ZERO,
    Element,
    Factor,
    Monomial,
    canonical,
    generator,
    monomial,
    open_up,
    total,
)

HALF = Fraction(1, 2)
LOG_2PI = total((generator("logint", 2), generator("log", "pi")))


def expand_kernel_logs(element: Element, log_kernel: Element) -> Element:
    """Every log k(x|X0) written out, inside averages too."""
    return total(_expand(m, log_kernel).scaled(c) for m, c in element.terms.items())


def _expand(m: Monomial, log_kernel: Element) -> Element:
    if not _mentions_lk(m):
        return Element({m: Fraction(1)})
    scalars, factors = open_up(m)
    out = monomial(tuple(s for s in scalars if s[0] != ("lk",)))
    for tag, exponent in scalars:
        if tag == ("lk",):
            if not isinstance(exponent, int) or exponent < 0:
                raise UnsupportedError("a negative power of log k")
            out = out * log_kernel**exponent
    for factor in factors:
        kind, data, _ = factor
        if kind in NESTED:
            out = out * AVERAGE[kind](_expand(canonical(*data), log_kernel))
        else:
            out = out * monomial((), (factor,))
    return out


def _mentions_lk(m: Monomial) -> bool:
    return any(s[0] == ("lk",) for s in m[0]) or any(f[0] in NESTED and _mentions_lk(f[1]) for f in m[1])


@dataclass(frozen=True)
class Channel:
    """The derivation rules for one class of processes: "linear", "ve" (alpha = 1), "vp" (g^2 = -2 a), "diffusion".

    ``gaussian``: X0 given Z is Gaussian with mean m_Z and covariance S_Z.
    """

    process: str = "linear"
    gaussian: bool = False

    def __post_init__(self) -> None:
        if self.process not in ("linear", "ve", "vp", "diffusion"):
            raise UnsupportedError(f"the index kernel has no rules for the process class {self.process!r}")

    @property
    def is_linear(self) -> bool:
        """f = a x, with a Gaussian k."""
        return self.process != "diffusion"

    def _linear_only(self, what: str) -> None:
        if not self.is_linear:
            raise UnsupportedError(f"{what} belongs to linear processes; write a diffusion with f and g")

    def alpha(self, exponent: int = 1) -> Element:
        """A power of alpha."""
        self._linear_only("alpha")
        return ONE if self.process == "ve" else generator("alpha", exponent=exponent)

    def sigma(self, exponent: int = 1) -> Element:
        """A power of sigma."""
        self._linear_only("sigma")
        return generator("sigma", exponent=exponent)

    def g2(self, order: int = 0) -> Element:
        """The derivative of g^2 of an order."""
        return generator("g2", order) if order else generator("g", exponent=2)

    def a(self, order: int = 0) -> Element:
        """The derivative of a = alpha'/alpha of an order; 0 under VE, -g^2/2 under VP."""
        self._linear_only("a")
        if self.process == "ve":
            return ZERO
        return self.g2(order).scaled(-HALF) if self.process == "vp" else generator("a", order)

    def drift(self, index: int) -> Element:
        """f_i."""
        if self.is_linear:
            return self.a() * monomial((), (("x", "", (index,)),))
        return monomial((), (("jet", ("f", 1, 0), (index,)),))

    @property
    def drift_divergence(self) -> Element:
        """div f."""
        return self.a() * generator(*DIM) if self.is_linear else monomial((), (("jet", ("f", 1, 0), (1, 1)),))

    def forward_rate(self, name: str) -> Element:
        """dt l = -div f - f . grad l + (g^2/2) (lap l + |grad l|^2), of the logarithm l called ``name``."""
        slope = _jet(name, 1)
        spread = (self.g2() * (_jet(name, 1, 1) + slope * slope)).scaled(HALF)
        return spread - self.drift_divergence - self.drift(1) * slope

    @property
    def log_sigma_rate(self) -> Element:
        """(log sigma)' = a + g^2 / (2 sigma^2)."""
        return self.a() + (self.g2() * self.sigma(-2)).scaled(HALF)

    def offset(self, index: int) -> Element:
        """x_i - alpha X0_i."""
        return monomial((), (("x", "", (index,)),)) - self.alpha() * monomial((), (("X", "", (index,)),))

    @property
    def log_kernel(self) -> Element:
        """log k(x|X0) = -|x - alpha X0|^2/(2 sigma^2) - D log sigma - (D/2) log(2 pi)."""
        distance = (self.offset(1) * self.offset(1) * self.sigma(-2)).scaled(-HALF)
        scale = generator(*DIM) * (generator("log", "sigma") + LOG_2PI.scaled(HALF))
        return distance - scale

    def component_covariance(self, i: int, j: int) -> Element:
        """V_ij, V = alpha^2 S_Z + sigma^2 I: the covariance of X_t given Z, for a Gaussian component."""
        spread = self.alpha(2) * monomial((), (("Sz", "", (i, j)),))
        return spread + self.sigma(2) * monomial((), (("delta", "", (i, j)),))

    def slope(self, index: int) -> Element:
        """d_i log k(x|X0)."""
        if not self.is_linear:
            return _jet("lk", index)
        return (self.offset(index) * self.sigma(-2)).scaled(-1)

    @property
    def kernel_rate(self) -> Element:
        """dt log k(x|X0): by the forward equation, or from the explicit logarithm by the rules of alpha and sigma."""
        if not self.is_linear:
            return self.forward_rate("lk")
        pull = self.offset(1) * monomial((), (("X", "", (1,)),)) * self.alpha() * self.a() * self.sigma(-2)
        spread = self.offset(1) * self.offset(1) * self.sigma(-2) * self.log_sigma_rate
        return total((pull, spread, (generator(*DIM) * self.log_sigma_rate).scaled(-1)))

    def gradient(self, element: Element, index: int) -> Element:
        """d_index of an element; ``index`` must be a positive integer that does not occur free in it."""
        return _derive(self, element, index)

    def rate(self, element: Element) -> Element:
        """dt of an element at fixed x and X0."""
        return _derive(self, element, 0)

    def flux_identity(self, flux: Element, rank: int, along: int) -> Element:
        """A tensor of averages with free indices 1 .. rank that vanishes if the flux decays against k p0.

        ``along`` = 0: E[d_n V_n + V_n d_n l] over the last index of a flux with indices 1 .. rank + 1.
        ``along`` = n in 1 .. rank: E[d_n W + W d_n l] for a flux W with the other indices, that is, for each unit
        vector the first form with V = W e_n.
        """
        if along:
            return expectation(self.gradient(flux, along) + flux * self.slope(along))
        last, other = rank + 1, rank + 2
        divergence = self.gradient(flux, other) * monomial((), (("delta", "", (last, other)),))
        return expectation(divergence + flux * self.slope(last))


def _jet(name: str, *slots: int) -> Element:
    """A derivative in x of log k ("lk") or log q ("lq")."""
    return monomial((), (("jet", (name, 0, 0), slots),))


def _derive(channel: Channel, element: Element, index: int) -> Element:
    return total(_monomial_derivative(channel, m, index).scaled(c) for m, c in element.terms.items())


@lru_cache(maxsize=1 << 15)
def _monomial_derivative(channel: Channel, m: Monomial, index: int) -> Element:
    """Leibniz over the scalars and factors of one monomial; ``index`` 0 is the time derivative."""
    scalars, factors = open_up(m, index)
    pieces: list[Element] = []
    for place, (tag, exponent) in enumerate(scalars):
        change = _scalar_derivative(channel, tag, index)
        if change:
            rest = (*scalars[:place], (tag, exponent - 1), *scalars[place + 1 :])
            pieces.append((monomial(rest, factors) * change).scaled(Fraction(exponent)))
    for place, factor in enumerate(factors):
        change = _factor_derivative(channel, factor, index)
        if change:
            pieces.append(monomial(scalars, factors[:place] + factors[place + 1 :]) * change)
    return total(pieces)


def _likelihood_slope(channel: Channel, index: int) -> Element:
    return channel.slope(index) if index else channel.kernel_rate


@lru_cache(maxsize=4096)
def _scalar_derivative(channel: Channel, tag: tuple[Any, ...], index: int) -> Element:
    name = tag[0]
    if name in ("lq", "q"):
        change = _jet("lq", index) if index else channel.forward_rate("lq")
        return change if name == "lq" else change * generator(*tag)
    if name in SPACE_TAGS:
        slope = _likelihood_slope(channel, index)
        average = {"lp": posterior, "p": posterior, "lpz": label_posterior, "pz": label_posterior}.get(name)
        change = slope if average is None else average(slope)
        return change if name in ("lp", "lk", "lpz") else change * generator(*tag)
    if index or name in ("D", "pi", "sym", "logint", "lp0", "p0", "lwz", "wz"):
        return ZERO
    if name == "log":
        return _log_rate(channel, tag[1])
    if name == "inv":
        inner = Element(dict(tag[1]))
        return (generator(*tag, exponent=2) * channel.rate(inner)).scaled(-1)
    rules: dict[str, Callable[[], Element]] = {
        "alpha": lambda: channel.a() * channel.alpha(),
        "sigma": lambda: channel.log_sigma_rate * channel.sigma(),
        "g": lambda: (channel.g2(1) * generator("g", exponent=-1)).scaled(HALF),
        "a": lambda: channel.a(tag[1] + 1),
        "g2": lambda: channel.g2(tag[1] + 1),
    }
    if name not in rules:
        raise KernelError(f"no time derivative for {name!r}")
    return rules[name]()


def _log_rate(channel: Channel, name: str) -> Element:
    if name == "alpha":
        return channel.a()
    if name == "sigma":
        return channel.log_sigma_rate
    if name == "g":
        return (channel.g2(1) * generator("g", exponent=-2)).scaled(HALF)
    return ZERO


def _factor_derivative(channel: Channel, factor: Factor, index: int) -> Element:
    kind, data, slots = factor
    if kind == "x":
        return monomial((), (("delta", "", (slots[0], index)),)) if index else ZERO
    if kind == "field":
        return monomial((), ((kind, data, (*slots, index)),)) if index else ZERO
    if kind == "jet":
        return monomial((), ((kind, data, (*slots, index)),)) if index else _jet_rate(channel, data, slots)
    if kind in ("X", "delta", "mz", "Sz") or (kind in ("E", "vinv") and index):
        return ZERO
    if kind == "vinv":  # dt V = 2 a V + g^2 I, and dt V^-1 = -V^-1 (dt V) V^-1
        i, j, between = *slots, max(slots) + 1
        square = monomial((), (("vinv", "", (i, between)), ("vinv", "", (between, j))))
        return (channel.a() * monomial((), (factor,))).scaled(-2) - channel.g2() * square
    inner = Element({canonical(*data): Fraction(1)})
    slope = _likelihood_slope(channel, index)
    change = _derive(channel, inner, index)
    if kind == "E":
        return expectation(change + inner * slope)
    if kind in ("post", "zpost"):
        average = AVERAGE[kind]
        return average(change) + average(inner * slope) - average(inner) * average(slope)
    raise KernelError(f"no derivative for {kind!r}")


def _jet_rate(channel: Channel, data: tuple[str, int, int], slots: tuple[int, ...]) -> Element:
    """dt of a jet: f gets a derivative in t; dt d_i .. d_j l = d_i .. d_j of the forward equation."""
    name, rank, order = data
    if name == "f":
        return monomial((), (("jet", (name, rank, order + 1), slots),))
    change, base = channel.forward_rate(name), max(slots)
    fresh = range(base + 1, base + 1 + len(slots))  # slots may repeat: derive in fresh directions, contract later
    for index in fresh:
        change = channel.gradient(change, index)
    for index, slot in zip(fresh, slots, strict=True):
        change = change * monomial((), (("delta", "", (index, slot)),))
    return change
