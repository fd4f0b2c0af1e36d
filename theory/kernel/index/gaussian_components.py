"""Gaussian components: averages over X0 given x and Z of polynomials, written out. Trusted.

If X0 given Z is N(m_Z, S_Z), then with V = alpha^2 S_Z + sigma^2 I Bayes' rule (completing the square) says that X0
given x and Z is Gaussian,

    mean  m_Z + alpha S_Z V^-1 (x - alpha m_Z) = (x - sigma^2 V^-1 (x - alpha m_Z)) / alpha
    covariance  S_Z - alpha^2 S_Z V^-1 S_Z     = sigma^2 (I - sigma^2 V^-1) / alpha^2

by alpha^2 S_Z V^-1 = I - sigma^2 V^-1, which also removes every S_Z that stands beside a V^-1. Higher moments follow by
Stein's identity E[X_i w] = mean_i E[w] + sum_j cov_ij E[d_j w]. What is no polynomial in X0 stays as it is.
"""

from __future__ import annotations

from functools import lru_cache

from theory.kernel.index.averages import AVERAGE, label_posterior, mentions_label
from theory.kernel.index.bracket import Channel
from theory.kernel.index.monomials import NESTED, ONE, Element, Factor, Factors, Monomial, monomial, open_up, total


def written_out(element: Element, channel: Channel) -> Element:
    """``element`` with the moments of its components; unchanged if it does not speak of Z."""
    if not mentions_label(element):
        return element
    return total(_written(m, channel).scaled(c) for m, c in element.terms.items())


@lru_cache(maxsize=1 << 14)
def _written(m: Monomial, channel: Channel) -> Element:
    scalars, factors = open_up(m)
    out = monomial(scalars)
    for factor in factors:
        kind, data, _ = factor
        if kind == "zpost":
            out = out * _moments(data, channel)
        elif kind in NESTED:
            # <w> = <<w>_Z>: what depends on X0 alone is averaged within the components first
            inner = label_posterior(monomial(*data)) if kind == "post" else monomial(*data)
            out = out * AVERAGE[kind](total(_written(n, channel).scaled(c) for n, c in inner.terms.items()))
        else:
            out = out * monomial((), (factor,))
    return _contracted(out, channel)


def _moments(inner: Monomial, channel: Channel) -> Element:
    """<inner>_Z for a product of scalars and components of X0, whose indices are all positive."""
    scalars, factors = inner
    if scalars:
        return monomial((), (("zpost", inner, ()),))
    return _moment(tuple(slots[0] for _, _, slots in factors), channel)


def _moment(indices: tuple[int, ...], channel: Channel) -> Element:
    """<X_i X_j ..>_Z; an index that occurs twice is summed over."""
    if not indices:
        return ONE
    first, rest = indices[0], indices[1:]
    pieces = [_mean(first, channel) * _moment(rest, channel)]
    for place, other in enumerate(rest):
        pieces.append(_covariance(first, other, channel) * _moment(rest[:place] + rest[place + 1 :], channel))
    return total(pieces)


def _mean(i: int, channel: Channel) -> Element:
    other = i + 1
    offset = monomial((), (("x", "", (other,)),)) - channel.alpha() * monomial((), (("mz", "", (other,)),))
    pull = channel.sigma(2) * monomial((), (("vinv", "", (i, other)),)) * offset
    return channel.alpha(-1) * (monomial((), (("x", "", (i,)),)) - pull)


def _covariance(i: int, j: int, channel: Channel) -> Element:
    return channel.sigma(2) * channel.alpha(-2) * _shrunk(i, j, channel)


def _shrunk(i: int, j: int, channel: Channel) -> Element:
    """(I - sigma^2 V^-1)_ij = alpha^2 (S_Z V^-1)_ij."""
    return monomial((), (("delta", "", (i, j)),)) - channel.sigma(2) * monomial((), (("vinv", "", (i, j)),))


def _contracted(element: Element, channel: Channel) -> Element:
    """Every S_Z contracted with a V^-1 of the same product replaced. Each step removes an S_Z."""
    pieces = []
    for m, coefficient in element.terms.items():
        step = _contraction(m, channel)
        pieces.append(Element({m: coefficient}) if step is None else _contracted(step, channel).scaled(coefficient))
    return total(pieces)


def _contraction(m: Monomial, channel: Channel) -> Element | None:
    scalars, factors = open_up(m)
    spreads: list[Factor] = [f for f in factors if f[0] == "Sz"]
    inverses: list[Factor] = [f for f in factors if f[0] == "vinv"]
    for spread in spreads:
        for inverse in inverses:
            shared = [i for i in spread[2] if i in inverse[2]]
            if not shared or spread[2][0] == spread[2][1] or inverse[2][0] == inverse[2][1]:
                continue
            left, right = (next(i for i in reversed(f[2]) if i != shared[0]) for f in (spread, inverse))
            rest: Factors = _without(_without(factors, spread), inverse)
            return monomial(scalars, rest) * channel.alpha(-2) * _shrunk(left, right, channel)
    return None


def _without(factors: Factors, factor: Factor) -> Factors:
    place = factors.index(factor)
    return factors[:place] + factors[place + 1 :]
