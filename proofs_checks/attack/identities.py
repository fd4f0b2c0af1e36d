"""A seed list of true identities beside the catalogue: what falsehoods are made from.

Arbitrary density and drift (the Fokker-Planck equation and what follows), the Gaussian channel for every D, K and
prior (Tweedie and beyond, posterior averages along the reverse process), and averages. The attack does not trust the
list: the oracle has to find every one of them open before its mutations count.
"""

from __future__ import annotations

from theory.language.instances import (
    ANY,
    DIFFUSION,
    DISCRETE,
    FINITE_INFORMATION,
    LINEAR,
    VE,
    VP,
    ProcessClass,
    Setting,
)
from theory.language.notation import (
    FLOW,
    FORWARD,
    REVERSE,
    X0,
    Cov,
    D,
    E,
    H,
    I,
    P,
    VarPost,
    Xt,
    Z,
    a,
    alpha,
    d,
    div,
    dot,
    drift,
    dt,
    f,
    field,
    frobsq,
    g,
    grad,
    h,
    jac,
    k,
    lap,
    log,
    m,
    mmse,
    normsq,
    nu,
    outer,
    p,
    post,
    pz,
    q,
    qv,
    s,
    s_c,
    s_z,
    sigma,
    snr,
    tr,
    transpose,
    wz,
    x,
)  # fmt: skip
from theory.language.statements import Eq, Rel
from theory.language.terms import Term

C = Cov(X0 | x)
phi, u = field("phi"), field("u", 1)
r = P(Z | x)
centred = X0 - m
half = g**2 / 2


def _third(v: Term) -> Term:
    """The posterior average of X0 - m times (v . (X0 - m))^2."""
    return post(dot(v, centred) ** 2 * centred)


_LINEAR: dict[str, Rel] = {
    "tweedie": Eq(s, (alpha * m - x) / sigma**2),
    "second tweedie": Eq(jac(s), alpha**2 * C / sigma**4 - I / sigma**2),
    "third tweedie": Eq(dot(jac(dot(jac(s), u)) - dot(jac(s), jac(u)), u),
                        alpha**3 * _third(u) / sigma**6),
    "score of the label": Eq(s, post(s_z)),
    "log of the weight": Eq(log(r), log(wz) + log(pz) - log(p)),
    "gradient of the mean": Eq(jac(m), alpha * C / sigma**2),
    "trace of the square": Eq(frobsq(C), tr(dot(C, C))),
    "symmetric": Eq(jac(s), transpose(jac(s))),
    "posterior gradient": Eq(grad(P(X0 | x)), P(X0 | x) * (s_c - s)),
    "label gradient": Eq(grad(r), r * (s_z - s)),
    "kernel equation": Eq(dt(k), half * lap(k) - div(k * a * x)),
    "channel log": Eq(dt(log(p)), -a * D - a * dot(x, s) + half * (div(s) + normsq(s))),
    "score equation": Eq(dt(s), -a * s - a * dot(jac(s), x) + half * (grad(div(s)) + 2 * dot(jac(s), s))),
    "mean is a martingale": Eq(drift(dot(m, m), REVERSE), g**2 * alpha**2 / sigma**4 * frobsq(C)),
    "trace of the covariance": Eq(drift(tr(C), REVERSE), -(g**2) * alpha**2 / sigma**4 * frobsq(C)),
    "second moment": Eq(drift(post(normsq(X0)), REVERSE), 0),
    "label is a martingale": Eq(drift(r, REVERSE), 0),
    "entropy of the label": Eq(drift(H(Z | x), REVERSE), -half * post(normsq(s_z - s))),
    "gradient of the entropy": Eq(grad(H(Z | x)), -post(log(r) * (s_z - s))),
    "variation of the entropy": Eq(qv(H(Z | x), REVERSE), g**2 * normsq(post(log(r) * (s_z - s)))),
    "posterior entropy": Eq(drift(h, REVERSE), -half * (D / sigma**2 + div(s))),
    "signal to noise": Eq(dt(snr), -(g**2) * alpha**2 / sigma**4),
    "noise to signal": Eq(dt(nu), g**2 / alpha**2),
    "sigma": Eq(dt(sigma), a * sigma + g**2 / (2 * sigma)),
    "logarithms": Eq(dt(log(alpha) - log(sigma)), -(g**2) / (2 * sigma**2)),
    "variance": Eq(VarPost(normsq(X0)), post(normsq(X0) ** 2) - post(normsq(X0)) ** 2),
}  # fmt: skip
_NUMBERS: dict[str, Rel] = {
    "stein": Eq(E(dot(x, s)), -D),
    "stein matrix": Eq(E(outer(x, s)), -1 * I),
    "fisher": Eq(E(normsq(s)), -E(div(s))),
    "fisher matrix": Eq(E(outer(s, s)), -E(jac(s))),
    "cubic": Eq(E(normsq(x) * dot(x, s)), -((D + 2) * E(normsq(x)))),
    "test field": Eq(E(dot(u, s)), -E(div(u))),
    "dissipation": Eq(d(H(Xt)), a * D + half * E(normsq(s))),
    "conditional": Eq(d(H(X0 | Xt)), half * (D / sigma**2 - E(normsq(s)))),
    "minimal error": Eq(d(H(X0 | Xt)), half * alpha**2 / sigma**4 * mmse),
    "error rate": Eq(d(mmse), g**2 * alpha**2 / sigma**4 * E(frobsq(C))),
    "second moments": Eq(d(E(normsq(x))), 2 * a * E(normsq(x)) + g**2 * D),
    "mean": Eq(dt(E(x)), a * E(x)),
    "weak": Eq(dt(E(phi)), E(dot(a * x, grad(phi)) + half * lap(phi))),
    "total variance": Eq(E(normsq(X0 - m)), E(normsq(X0)) - E(normsq(m))),
    "orthogonal": Eq(E(dot(X0, m)), E(normsq(m))),
    "scores": Eq(E(dot(s_c, s)), E(normsq(s))),
    "label scores": Eq(E(dot(s_z, s)), E(normsq(s))),
    "class": Eq(d(H(Z | Xt)), half * E(normsq(s_z - s))),
    "kernel": Eq(E(normsq(s_c)), D / sigma**2),
    "gap": Eq(E(normsq(s_c - s)), D / sigma**2 - E(normsq(s))),
}
_DIFFUSION: dict[str, Rel] = {
    "fokker-planck": Eq(dt(p), half * lap(p) - div(p * f)),
    "log density forward": Eq(drift(log(p), FORWARD), g**2 * div(s) + half * normsq(s) - div(f)),
    "log density reverse": Eq(drift(log(p), REVERSE), div(f) + half * normsq(s)),
    "log density along the flow": Eq(drift(log(p), FLOW), half * div(s) - div(f)),
    "score drift": Eq(dt(s), half * grad(div(s) + normsq(s)) - grad(div(f) + dot(f, s))),
    "ratio": Eq(drift(q / p, REVERSE), 0),
    "log ratio": Eq(drift(log(q) - log(p), REVERSE), -half * normsq(grad(log(q)) - s)),
    "second law": Eq(dt(log(q)), half * (div(grad(log(q))) + normsq(grad(log(q)))) - div(f) - dot(f, grad(log(q)))),
}
_DIFFUSION_NUMBERS: dict[str, Rel] = {
    "mean score": Eq(E(s), 0),
    "general stein": Eq(E(dot(x, s)), -D),
    "general fisher": Eq(E(normsq(s)), -E(div(s))),
    "general dissipation": Eq(d(H(Xt)), E(div(f)) + half * E(normsq(s))),
    "general weak": Eq(dt(E(phi)), E(dot(f, grad(phi)) + half * lap(phi))),
    "relative entropy": Eq(dt(E(log(p) - log(q))), -half * E(normsq(s - grad(log(q))))),
    "drift moment": Eq(dt(E(normsq(x))), 2 * E(dot(x, f)) + g**2 * D),
}
_SPECIAL: tuple[tuple[str, Rel, ProcessClass], ...] = (
    ("ve clock", Eq(dt(sigma**2), g**2), VE), ("ve noise", Eq(dt(nu), g**2), VE),
    ("ve mean", Eq(E(x), E(X0)), VE), ("ve energy", Eq(d(E(normsq(x))), D * g**2), VE),
    ("ve rate", Eq(d(H(Xt)), half * E(normsq(s))), VE), ("ve heat", Eq(dt(p), half * lap(p)), VE),
    ("ve score", Eq(s, (m - x) / sigma**2), VE), ("ve jacobian", Eq(jac(s), C / sigma**4 - I / sigma**2), VE),
    ("vp circle", Eq(alpha**2 + sigma**2, 1), VP), ("vp balance", Eq(2 * a, -(g**2)), VP),
    ("vp clock", Eq(dt(sigma**2), g**2 * alpha**2), VP), ("vp snr", Eq(dt(snr), -(g**2) * alpha**2 / sigma**4), VP),
    ("vp moments", Eq(d(E(normsq(x))), g**2 * (D - E(normsq(x)))), VP),
    ("vp density", Eq(dt(p), half * div(p * (x + s))), VP), ("vp rate", Eq(d(H(Xt)), half * (E(normsq(s)) - D)), VP),
)  # fmt: skip


def seeds() -> dict[str, tuple[Rel, Setting]]:
    """The list: name to (statement, setting)."""
    found: dict[str, tuple[Rel, Setting]] = {}
    for name, statement in _LINEAR.items():
        law = DISCRETE if name in ("posterior entropy",) else ANY
        found[name] = statement, Setting(law, LINEAR)
    for name, statement in _NUMBERS.items():
        found[name] = statement, Setting(FINITE_INFORMATION, LINEAR)
    for table in (_DIFFUSION, _DIFFUSION_NUMBERS):
        for name, statement in table.items():
            found[name] = statement, Setting(ANY, DIFFUSION)
    for name, statement, process in _SPECIAL:
        found[name] = statement, Setting(ANY, process)
    return found
