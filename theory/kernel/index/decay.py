"""Which fields may stand in a flux at all: a necessary condition, read off the powers of densities. Trusted.

A flux V is integrated against k p0. What V divides by must not spoil the decay of that product, so a negative power is
refused, with one exception: powers of p that are outweighed by powers of k, pz or q in the same product. There

    k p0 / p = P(X0|x) is a probability density,    w_Z pz / p = P(Z|x) <= 1,    q / p is a likelihood ratio.

That the rest decays is still a hypothesis (see :mod:`theory.kernel.index.hypotheses`).
"""

from __future__ import annotations

from fractions import Fraction

from theory.kernel.index.monomials import NESTED, Monomial

_OUTWEIGH = frozenset({"k", "pz", "q"})


def may_decay(m: Monomial) -> bool:
    """Whether the powers of densities in a monomial, and in every average inside it, leave room for decay."""
    powers = {tag[0]: Fraction(exponent) for tag, exponent in m[0] if tag[0] in ("p", "p0", *_OUTWEIGH)}
    own = powers.pop("p", Fraction(0))
    above = sum((e for name, e in powers.items() if name in _OUTWEIGH), Fraction(0))
    if any(e < 0 for e in powers.values()) or min(own, Fraction(0)) + above < 0:
        return False
    return all(may_decay(data) for kind, data, _ in m[1] if kind in NESTED)
