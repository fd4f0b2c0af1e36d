"""The quantities by name, as terms: what is enclosed, in what unit, by which theorems.

A small quantity is integrated itself (the bandwidth is g^2 alpha^2/(2 sigma^4) E tr Cov, never D/sigma^2 - E|s|^2), so
that its digits are relative.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from theory.language.notation import (
    X0,
    Cov,
    D,
    E,
    H,
    Information,
    P,
    Phi,
    Var,
    Xt,
    Z,
    a,
    alpha,
    div,
    g,
    h,
    jac,
    log,
    m,
    normsq,
    p,
    s,
    s_z,
    sigma,
    tr,
    x,
)
from theory.language.terms import Term, as_term


@dataclass(frozen=True)
class Quantity:
    """A quantity: ``base`` is the term that is enclosed.

    ``kind`` "point" (needs x), "number" or "rate". A rate per time is coefficient * base + offset; ``bits`` is the
    power of log 2 by which bits divide nats; ``base_name`` its closed form for one component.
    """

    name: str
    kind: str
    base: Term
    base_name: str = ""
    unit: str = "1"
    bits: int = 0
    coefficient: Term = field(default_factory=lambda: as_term(1))
    offset: Term = field(default_factory=lambda: as_term(0))
    uses: tuple[str, ...] = ()


GAIN = g**2 * alpha**2 / (2 * sigma**4)
COV = E(tr(Cov(X0 | x)))
_RATE = ("entropy.rate_covariance",)
_TABLE = (
    Quantity("log-density", "point", log(p), unit="nats", bits=1),
    Quantity("score", "point", s),
    Quantity("divergence", "point", div(s)),
    Quantity("jacobian", "point", jac(s)),
    Quantity("posterior-mean", "point", m),
    Quantity("posterior-covariance", "point", Cov(X0 | x)),
    Quantity("entropy", "number", H(Xt), "entropy", "nats", 1),
    Quantity("conditional-entropy", "number", H(X0 | Xt), "conditional-entropy", "nats", 1),
    Quantity("class-entropy", "number", H(Z | Xt), "class-entropy", "nats", 1),
    Quantity("mutual-information", "number", Information, "mutual-information", "nats", 1),
    Quantity("fisher-information", "number", E(normsq(s)), "fisher-information"),
    Quantity("expected-divergence", "number", E(div(s)), "expected-divergence"),
    Quantity("mmse", "number", COV, "mmse", uses=_RATE),
    Quantity("varentropy", "number", Var(log(p)), "varentropy", "nats^2", 2),
    Quantity("variance-phi", "number", Var(Phi), "variance-phi", "nats^2", 2),
    Quantity("variance-h", "number", Var(h), "variance-h", "nats^2", 2),
    Quantity("variance-phi-class", "number", Var(-log(P(Z | x))), "variance-phi-class", "nats^2", 2),
    Quantity("variance-h-class", "number", Var(H(Z | x)), "variance-h-class", "nats^2", 2),
    Quantity("entropy-rate", "rate", E(normsq(s)), "fisher-information", "nats", 1, g**2 / 2, D * a,
             ("entropy.marginal_rate",)),
    Quantity("bandwidth", "rate", COV, "mmse", "nats", 1, GAIN, uses=_RATE),
    Quantity("information-rate", "rate", COV, "mmse", "nats", 1, -GAIN, uses=_RATE),
    Quantity("class-entropy-rate", "rate", E(normsq(s_z - s)), "class-gap", "nats", 1, g**2 / 2,
             uses=("entropy.class_rate",)),
)  # fmt: skip
QUANTITIES: dict[str, Quantity] = {q.name: q for q in _TABLE}
"""Every quantity by name. Without ``-class`` they are of X0, with it of the component label."""

_GROWTH = 2 * a * sigma**2 + g**2
SPEED: dict[str, Term] = {
    "t": as_term(1), "sigma^2": _GROWTH, "sigma": _GROWTH / (2 * sigma), "log-sigma": _GROWTH / (2 * sigma**2),
    "nu": g**2 / alpha**2, "snr": -(g**2) * alpha**2 / sigma**4,
}  # fmt: skip
"""d(clock)/dt, by (sigma^2)' = 2 a sigma^2 + g^2, nu' = g^2/alpha^2, snr' = -g^2 alpha^2/sigma^4."""

COVARIANCE_USES: dict[str, tuple[str, ...]] = {
    "mmse": (), "fisher-information": ("score.norm_divergence", "score.hessian_cov"),
    "expected-divergence": ("score.hessian_cov",), "class-entropy-rate": ("entropy.rate_covariance",),
    "entropy-rate": ("entropy.marginal_rate", "score.norm_divergence", "score.hessian_cov"),
}  # fmt: skip
"""The claims behind a quantity that is computed from the posterior covariance, where they are not ``Quantity.uses``."""
