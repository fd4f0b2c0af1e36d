"""The named hypotheses of a proof: what the algebra cannot see, each assumed or discharged. Trusted."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.kernel.index.bracket import Channel
from theory.kernel.index.lower import GAUSSIAN_COMPONENTS, Lowering
from theory.kernel.index.monomials import NESTED, SLOTTED, Element, Factors, Monomial
from theory.language.definitions import CLOCK_TERM, num, unfold
from theory.language.instances import Law, Setting
from theory.language.terms import Term, make, walk

ASSUMED, DISCHARGED = "assumed", "discharged"
LABELLED = frozenset({"pz", "wz", "mz", "Sz", "inv"})
"""The operators by which a statement speaks of the label Z."""
_TAME_LAWS = frozenset({"discrete", "gaussian", "mixture"})
LOGARITHMS = frozenset({"lp", "lk", "lp0", "lpz", "lwz"})
_POSITIVE = frozenset({"alpha", "sigma", "g", "D", "pi"})


_IS_GAUSSIAN = "a Gaussian kernel with sigma > 0 is positive"


@dataclass(frozen=True)
class Hypothesis:
    """A named hypothesis; ``status`` is "assumed" or "discharged", ``by`` says by what."""

    name: str
    text: str
    status: str
    by: str = ""


@dataclass(frozen=True)
class Used:
    """The fluxes of a proof, the fields it integrated by parts with, and whether it took rates of lemmas."""

    fluxes: list[Element]
    fields: set[Monomial]
    rates: bool = False


def collect(
    terms: list[Term], extra: list[Term], used: Used, lowering: Lowering, setting: Setting
) -> tuple[Hypothesis, ...]:
    """Every hypothesis that a proof about ``terms`` rests on; ``extra`` are the coefficients and fluxes it uses.

    Only for a linear process is the kernel known to be Gaussian, and anything discharged by its form.
    """
    linear, fluxes = lowering.channel.is_linear, used.fluxes
    law = setting.law.name if linear and not isinstance(setting.law, Law) else ""
    cores = [unfold(t) for t in terms]
    nodes = [n for t in (*cores, *map(unfold, extra)) for n in walk(t)]
    ops = {n.op for n in nodes}
    averages_tame = law in _TAME_LAWS and all(_tame_averages(lowering, t) for t in terms)
    found: list[Hypothesis] = []
    if ops & {"p", "pz", "post"}:
        which = "p and the density of X_t given Z are" if ops & LABELLED else "p is"
        found.append(_by_gaussian_kernel("positivity", f"{which} positive", linear, _IS_GAUSSIAN))
    if "q" in ops or not linear:
        which = "q solves" if linear else "k(x|X0) and q solve" if "q" in ops else "k(x|X0) solves"
        text = f"{which} the forward equation dt k = -div(f k) + (g^2/2) lap k, smooth and positive"
        found.append(_by_gaussian_kernel("forward equation", text, linear, "an average of Gaussian kernels solves it"))
    if ops & LABELLED and law in GAUSSIAN_COMPONENTS:
        text = "X0 given x and Z is Gaussian with the mean and covariance of Bayes' rule"
        found.append(Hypothesis("Gaussian components", text, DISCHARGED, "X0 given Z and X_t given X0 are Gaussian"))
    if "inv" in ops:
        text = "alpha^2 S_Z + sigma^2 I is invertible"
        by = "a covariance is positive semi-definite, and sigma > 0"
        found.append(Hypothesis("invertible matrix", text, DISCHARGED, by))
    if fluxes or used.fields or (ops & {"grad", "dt"} and ops & {"p", "pz", "post"}):
        found.append(_under_posterior(nodes, law, linear))
    if num(0) in terms and any(n.op == "drift" for t in terms for n in walk(t)):
        text = "a drift that is 0 makes a local martingale, one of constant sign a local super- or submartingale"
        found.append(Hypothesis("local martingale", text, ASSUMED))
    if (used.rates and "E" in ops) or any(n.op == "dt" and any(m.op == "E" for m in walk(n)) for n in nodes):
        found.append(_about_averages(
            "differentiation under the expectation", "dt E[w] = E[dt w + w dt log k(x|X0)]", averages_tame
        ))  # fmt: skip
    if "post" in ops:
        found.append(_finite_posteriors(nodes, law, linear))
    if "p0" in ops and law not in _TAME_LAWS:
        text = "X0 has a probability mass function, or a density"
        found.append(Hypothesis("prior density", text, ASSUMED))
    if "E" in ops:
        found.append(
            _about_averages("finite averages", "every average that occurs converges absolutely", averages_tame)
        )
    found.extend(_decay(number, flux, law) for number, flux in enumerate(fluxes, 1))
    if used.fields:
        found.append(_decay_of_all(used.fields, law))
    found.extend(_non_zero(tag, term, lowering.channel) for tag, term in lowering.inverses.items())
    return tuple(found)


def _by_gaussian_kernel(name: str, text: str, linear: bool, by: str) -> Hypothesis:
    return Hypothesis(name, text, DISCHARGED, by) if linear else Hypothesis(name, text, ASSUMED)


def _under_posterior(nodes: list[Term], law: str, linear: bool) -> Hypothesis:
    name = "differentiation under the integral"
    text = "the derivative of the integral of w p0 k over X0 is the integral of d(w p0 k)"
    divided = _divides_by_density(nodes)
    if law == "discrete" or (law in _TAME_LAWS and not divided):
        return Hypothesis(name, text, DISCHARGED, "finite sums of Gaussian integrals with sigma > 0")
    if linear and not divided and all(n.op not in ("p0", "field", "q") for n in nodes):
        by = "polynomials in X0 against the Gaussian kernel, sigma > 0: dominated locally uniformly in x and t"
        return Hypothesis(name, text, DISCHARGED, by)
    return Hypothesis(name, text, ASSUMED)


def _divides_by_density(nodes: list[Term]) -> bool:
    """Whether a density of X0 is divided by: its posterior average may then diverge."""
    return any(
        n.op == "pow" and Fraction(str(n.data)) < 0 and any(m.op in ("kern", "p0") for m in walk(n.args[0]))
        for n in nodes
    )


def _finite_posteriors(nodes: list[Term], law: str, linear: bool) -> Hypothesis:
    name, text = "finite posterior averages", "every average over X0 given x converges absolutely"
    if law == "discrete":
        return Hypothesis(name, text, DISCHARGED, "finite sums")
    divided = _divides_by_density(nodes)
    if law in _TAME_LAWS and not divided:
        return Hypothesis(name, text, DISCHARGED, "polynomials and logarithms against Gaussian posteriors")
    if linear and not divided and all(n.op != "p0" for n in nodes):
        return Hypothesis(name, text, DISCHARGED, "polynomials in X0 against the Gaussian kernel, sigma > 0")
    return Hypothesis(name, text, ASSUMED)


def _about_averages(name: str, text: str, tame: bool) -> Hypothesis:
    if tame:
        return Hypothesis(name, text, DISCHARGED, "polynomial growth against Gaussian mixtures")
    return Hypothesis(name, text, ASSUMED)


def _tame_averages(lowering: Lowering, term: Term) -> bool:
    """Whether every average in ``term`` is tame: each as written, for it may cancel or stand in a denominator."""
    written = [n for n in walk(unfold(term)) if n.op == "E"]
    elements = [lowering.element(n, tuple(range(1, n.rank + 1))) for n in (term, *written)]
    return all(_tame(f[1]) for element in elements for m in element.terms for f in m[1] if f[0] == "E")


def _decay(number: int, flux: Element, law: str) -> Hypothesis:
    name, text = f"flux decay {number}", f"flux {number} times k(x|X0) p0(X0) vanishes at infinity"
    if law in _TAME_LAWS and all(_tame(m) for m in flux.terms):
        by = "polynomial in x, X0, logarithms and posterior averages of them, against a Gaussian kernel"
        return Hypothesis(name, text, DISCHARGED, by)
    return Hypothesis(name, text, ASSUMED)


def _decay_of_all(fields: set[Monomial], law: str) -> Hypothesis:
    """For the fields w of integration by parts, each used as the flux w e_i."""
    name, text = "decay", f"w k(x|X0) p0(X0) vanishes at infinity for the {len(fields)} field(s) w used"
    if law in _TAME_LAWS and all(map(_tame, fields)):
        by = "polynomial in x, X0, logarithms and posterior averages of them, against a Gaussian kernel"
        return Hypothesis(name, text, DISCHARGED, by)
    return Hypothesis(name, text, ASSUMED)


def _tame(m: Monomial) -> bool:
    """Polynomial growth: no density outside a logarithm, no test field, whole powers of logarithms."""
    for tag, exponent in m[0]:
        if tag[0] in ("p", "k", "p0", "pz", "q", "lq") or (tag[0] in LOGARITHMS and not _whole(exponent)):
            return False
    return _tame_factors(m[1])


def _tame_factors(factors: Factors) -> bool:
    return all(f[0] not in SLOTTED and (f[0] not in NESTED or _tame(f[1])) for f in factors)


def _whole(exponent: Any) -> bool:
    return isinstance(exponent, int) and exponent > 0


def keeps_one_sign(tag: tuple[Any, ...]) -> bool:
    """Whether the element under the inverse atom ``tag`` is never 0, because its terms all have one sign."""
    terms: dict[Monomial, Fraction] = dict(tag[1])
    positive = any(not m[1] and all(t[0] in _POSITIVE for t, _ in m[0]) for m in terms)
    even = all(not m[1] and all(t[0] in _POSITIVE or _even_power(t, e) for t, e in m[0]) for m in terms)
    return positive and even and len({c > 0 for c in terms.values()}) == 1


def _non_zero(tag: tuple[Any, ...], term: Term, channel: Channel) -> Hypothesis:
    for clock, moving in CLOCK_TERM.items():
        if not channel.is_linear:
            continue  # only t is a clock
        reading = Lowering(channel).element(make("dt", (moving,)))
        if dict(tag[1]) == reading.terms:
            text = f"the clock {clock} moves: its time derivative is not 0"
            break
    else:
        text = f"the denominator {term!r} is not 0"
    if keeps_one_sign(tag):
        return Hypothesis("non-zero denominator", text, DISCHARGED, "every term has one sign")
    return Hypothesis("non-zero denominator", text, ASSUMED)


def _even_power(tag: tuple[Any, ...], exponent: Any) -> bool:
    return tag[0] in ("sym", "a", "g2") and isinstance(exponent, int) and exponent % 2 == 0
